"""Phones that send one honest report each, at load level 3, with the example's outbox."""

import contextlib
import json
import tempfile
import time
from pathlib import Path

from examples.outbox import NotNow, Outbox, Sender
from tests.load.levels import set_level
from tests.load.measures import Result, spread
from tests.load.stack import Stack

LEVEL = 3
MOST_TRIES = 2
MOST_WORK_S = 5
# Beyond what it may need: to say how many it did.
ATTEMPTS, LONGEST_PAUSE_S = 4, 1
ROUTE = "/v1/reports"


def play(count: int) -> Result:
    """Let `count` phones file a report, one after the other."""
    result = Result(f"{count} honest phones at level {LEVEL}")
    with Stack(LIMITS="on") as stack, tempfile.TemporaryDirectory() as folder:
        set_level(stack, LEVEL)
        filed, work_s, tries = 0, [], []
        for number in range(count):
            box = Outbox(Path(folder) / str(number))
            entry = box.add("traffic_violation", f"A van blocks the crossing ({number}).", [])
            before, began = _posted(stack), time.thread_time()
            phone = Sender(box, f"http://127.0.0.1:{stack.port}", lambda *_: None, _pause, ATTEMPTS)
            with contextlib.suppress(NotNow):
                phone.send(entry)
            work_s.append(time.thread_time() - began)
            tries.append(_posted(stack) - before)
            filed += entry.receipt is not None
        result.stored += filed
        result.check("filed", f"{filed} of {count}", filed == count)
        result.check(
            f"in ≤ {MOST_TRIES} tries", f"{max(tries)} at most", 1 <= max(tries) <= MOST_TRIES
        )
        result.check(f"with ≤ {MOST_WORK_S} s of work", spread(work_s), max(work_s) <= MOST_WORK_S)
    return result


def _pause(seconds: float) -> None:
    time.sleep(min(seconds, LONGEST_PAUSE_S))


def _posted(stack: Stack) -> int:
    """Return how often a report was sent, as the gateway's log says."""
    lines = Path(stack.outputs["log"]).read_text(encoding="utf-8").splitlines()
    found = map(json.loads, lines)
    return sum(each.get("method") == "POST" and each.get("route") == ROUTE for each in found)
