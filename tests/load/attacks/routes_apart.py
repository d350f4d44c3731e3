"""Residents' routes at ten times their throttle, while officers work.

The throttle is lowered, so that this machine can send ten times as much.
"""

import threading
import time
from collections import Counter

from tests.load.measures import Result, spread
from tests.load.reports import CONNECTIONS
from tests.load.stack import Stack

FLOODED = "/v1/catalogue"
OFFICERS = ("/v1/officer/me", "/v1/officer/reports", "/v1/officer/stats?since={day}&until={day}")
RATE, TIMES = 15, 10
# Each route of officers, far below its own throttle of 50 a second.
EVERY_S = 0.5


def play(seconds: int) -> Result:
    """Flood a route of residents for so long, and call officers' routes meanwhile."""
    result = Result(f"a residents' route at {TIMES} times its throttle")
    settings = {"LIMITS": "on", "THROTTLE_RATE": str(RATE), "THROTTLE_BURST": str(RATE)}
    with Stack(**settings) as stack:
        officers = _Officers(stack)
        officers.start()
        statuses = _flood(stack, seconds)
        officers.ended.set()
        officers.join()
    sent = statuses.total()
    result.check(
        f"≥ {TIMES} times the throttle of {RATE} a second is sent",
        f"{sent / seconds:.0f} a second: {_shown(statuses)}",
        sent >= RATE * TIMES * seconds,
    )
    result.check(
        "the gateway refuses what is beyond it",
        f"{statuses[429]:,} of {sent:,} with 429",
        0 < sent - statuses[429] <= RATE * (seconds + 2),
    )
    result.check(
        "officers' routes: no 429",
        f"{_shown(officers.statuses)}; {spread(officers.took_s)}",
        officers.statuses.total() > 0 and set(officers.statuses) == {200},
    )
    return result


class _Officers(threading.Thread):
    """An officer at work, until `ended` is set."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.statuses, self.took_s = Counter[int](), list[float]()
        self.ended = threading.Event()
        self._stack, self._headers = stack, stack.token("officer")

    def run(self) -> None:
        day = time.strftime("%Y-%m-%d")
        with self._stack.connect() as connection:
            while not self.ended.wait(EVERY_S):
                for path in OFFICERS:
                    began = time.monotonic()
                    answer = connection.send("GET", path.format(day=day), headers=self._headers)
                    self.took_s.append(time.monotonic() - began)
                    self.statuses[answer.status] += 1


def _flood(stack: Stack, seconds: int) -> Counter[int]:
    """Send at ten times the throttle, a little more if the machine can, from all connections."""
    statuses, lock = Counter[int](), threading.Lock()
    pause_s = CONNECTIONS / (RATE * TIMES * 1.2)
    until = time.monotonic() + seconds

    def work() -> None:
        own = Counter[int]()
        with stack.connect() as connection:
            due = time.monotonic()
            while time.monotonic() < until:
                own[connection.send("GET", FLOODED).status] += 1
                due += pause_s
                time.sleep(max(0, due - time.monotonic()))
        with lock:
            statuses.update(own)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def _shown(statuses: Counter[int]) -> str:
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(statuses.items()))
