"""A zygote is replaced when it ends, and after some files. Where it cannot confine, nothing is
decoded.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from threading import Thread

import pytest

from chalicelib.config import NEEDED
from chalicelib.domain.media import Pictures, Rejected
from chalicelib.media.sandbox import Limits, Sandbox
from tests import media_samples as samples
from tests.processes import await_that, decoders, parent_of, processes_of, zygotes

DATA = samples.jpeg()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


def read(at: int, length: int) -> bytes:
    return DATA[at : at + length]


def derive(box: Sandbox) -> Pictures:
    return box.derive("image/jpeg", len(DATA), read)


def zygote_of(box: Sandbox) -> int:
    """Return the zygote of the next file."""
    [found] = zygotes_while_reading(box)
    return found


def zygotes_while_reading(box: Sandbox) -> list[int]:
    found: list[int] = []

    def look(at: int, length: int) -> bytes:
        found.extend(parent_of(pid) for pid in decoders())
        return read(at, length)

    box.derive("image/jpeg", len(DATA), look)
    return found


def end_zygote_of(child: int) -> None:
    """Kill the zygote of a child, and wait until the child has ended with it."""
    os.kill(parent_of(child), signal.SIGKILL)
    await_that(lambda: not processes_of(group=child))


def await_end_of(pid: int) -> None:
    await_that(lambda: pid not in zygotes())


def test_a_zygote_serves_many_files(box: Sandbox) -> None:
    assert zygote_of(box) == zygote_of(box)


def test_a_zygote_is_replaced_after_some_files() -> None:
    box = Sandbox(files=2)
    first, second, third = (zygote_of(box) for _ in range(3))
    assert first == second != third
    await_end_of(first)
    box.close()
    await_end_of(third)


def test_a_zygote_that_is_replaced_ends_its_last_file() -> None:
    box = Sandbox(files=1)

    def read_after_another(at: int, length: int) -> bytes:
        derive(box)
        return read(at, length)

    assert box.derive("image/jpeg", len(DATA), read_after_another).looked.width == 120
    box.close()


def test_a_zygote_that_ended_between_files_is_replaced(box: Sandbox) -> None:
    first = zygote_of(box)
    os.kill(first, signal.SIGKILL)
    await_end_of(first)
    assert zygote_of(box) != first


def test_a_file_that_ends_the_zygote_costs_that_file_one_try(box: Sandbox) -> None:
    """It is no verdict: the file is tried again later."""

    def kill(at: int, length: int) -> bytes:
        [child] = decoders()
        end_zygote_of(child)
        return read(at, length)

    with pytest.raises(RuntimeError, match="has ended"):
        box.derive("image/jpeg", len(DATA), kill)
    assert derive(box).looked.width == 120


def test_a_file_that_ends_the_zygote_costs_nobody_else_anything(box: Sandbox) -> None:
    """Two files share the zygote. One ends it, the shared one and its own; the other is decoded."""
    killed: list[int] = []

    def kill(at: int, length: int) -> bytes:
        child = decoders()[-1]  # the newest
        killed.append(parent_of(child))
        end_zygote_of(child)
        return read(at, length)

    def read_with_company(at: int, length: int) -> bytes:
        if not killed:
            with pytest.raises(RuntimeError, match="has ended"):
                box.derive("image/jpeg", len(DATA), kill)
        return read(at, length)

    assert box.derive("image/jpeg", len(DATA), read_with_company).looked.width == 120
    assert len(set(killed)) == 2


def test_children_end_with_their_zygote(box: Sandbox) -> None:
    seen: list[int] = []

    def kill(at: int, length: int) -> bytes:
        [child] = decoders()
        seen.append(child)
        end_zygote_of(child)
        return read(at, length)

    with pytest.raises(RuntimeError, match="has ended"):
        box.derive("image/jpeg", len(DATA), kill, Limits(idle=300, wall=300))
    assert processes_of(group=seen[0]) == []


@pytest.mark.parametrize("signal_before", ["SIGCONT", "SIGSTOP"])
def test_a_zygote_ends_with_its_function(signal_before: str) -> None:
    """Also one that hangs, and does not see that its channel is closed."""
    code = (
        "import os, signal, tests.unit.test_zygote as t; box = t.Sandbox(); "
        "zygote = t.zygote_of(box); print(zygote, flush=True); "
        f"os.kill(zygote, signal.{signal_before}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    zygote = int(done.stdout)
    await_that(lambda: not processes_of(group=zygote))


def test_several_threads_share_a_zygote(box: Sandbox) -> None:
    derived: list[Pictures] = []
    threads = [Thread(target=lambda: derived.append(derive(box))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert derived == [derive(box)] * 6
    assert len(zygotes_while_reading(box)) == 1


def test_a_zygote_outlives_the_thread_that_needed_it_first(box: Sandbox) -> None:
    found: list[int] = []
    thread = Thread(target=lambda: found.append(zygote_of(box)))
    thread.start()
    thread.join()
    assert zygote_of(box) == found[0]


@pytest.mark.parametrize("content_type", ["image/jpeg", "exit"])
def test_a_child_is_killed_with_all_that_it_started(content_type: str) -> None:
    """Also when it has ended itself, and what it left behind holds its pipe."""
    box = Sandbox("tests.hostile_forks")
    groups: list[list[int]] = []

    def look(at: int, length: int) -> bytes:
        groups.append(processes_of(group=decoders()[0]))
        return read(at, length)

    if content_type == "exit":
        with pytest.raises(Rejected):
            box.derive("exit", 1, read, Limits(idle=0.5))
    else:
        assert box.derive(content_type, len(DATA), look).looked.width == 120
        assert len(groups[0]) == 2
    zygote = zygote_of(box)
    assert processes_of(session=zygote) == [zygote]
    box.close()


@pytest.mark.parametrize(("name", "started"), [("make_thumbnails", True), ("record_media", False)])
def test_a_zygote_is_started_in_init_where_files_are_decoded(name: str, *, started: bool) -> None:
    code = (
        "import threading, chalicelib.handlers.media_events; "
        "print(any(each.name == 'zygote' for each in threading.enumerate()))"
    )
    environment = {"_HANDLER": f"chalicelib.handlers.media_events.{name}"}
    environment |= {each.upper(): "x" for each in NEEDED[name]}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{started}\n"


# Where there is no seccomp


def without_seccomp(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "tests.without_seccomp", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("how", ["refused", "prctl", "pretended"])
def test_nothing_is_decoded_where_a_decoder_cannot_be_confined(how: str) -> None:
    refusal, outcome = without_seccomp(how).splitlines()
    assert refusal.startswith("decoding refused decoders cannot be confined on this system: ")
    assert outcome == "DecodingRefused"


def test_the_local_stack_may_decode_there_all_the_same() -> None:
    assert without_seccomp("refused", "unconfined") == "120\n"
