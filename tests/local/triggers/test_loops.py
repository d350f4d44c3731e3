"""When a loop works."""

import threading

from infra.local.triggers.loops import Loop

PATIENCE_S = 30


def test_a_loop_works_until_nothing_is_left_and_again_when_it_is_woken() -> None:
    left, idle = [3], threading.Event()

    def work() -> bool:
        left[0] -= 1
        if not left[0]:
            idle.set()
        return left[0] > 0

    loop = Loop("of the test", work, PATIENCE_S)
    loop.start()
    assert idle.wait(PATIENCE_S)
    idle.clear()
    left[0] = 1
    loop.wake()
    assert idle.wait(PATIENCE_S)
    loop.end()
    loop.join(PATIENCE_S)
    assert not loop.is_alive()


def test_a_loop_ends_at_once_while_it_gathers() -> None:
    worked = threading.Event()

    def work() -> bool:
        worked.set()
        return False

    loop = Loop("of the test", work, PATIENCE_S, gather_s=1000)
    loop.start()
    assert worked.wait(PATIENCE_S)
    loop.wake()
    loop.end()
    loop.join(PATIENCE_S)
    assert not loop.is_alive()
