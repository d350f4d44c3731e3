"""Residents' routes at ten times their throttle, while officers work.

The throttle is lowered, so that this machine can send ten times as much.
"""

import time
from collections import Counter

from tests.load.desk import Desk, OfficerAtWork
from tests.load.measures import Result, shown, spread
from tests.load.reports import paced
from tests.load.stack import Stack

FLOODED = "/v1/catalogue"
OFFICERS = ("/v1/officer/me", "/v1/officer/reports", "/v1/officer/stats?since={day}&until={day}")
RATE, TIMES = 15, 10
# Each route of officers, far below its own throttle.
EVERY_S = 0.5


def play(seconds: int) -> Result:
    """Flood a route of residents for so long, and call officers' routes meanwhile."""
    result = Result(f"a residents' route at {TIMES} times its throttle")
    settings = {"LIMITS": "on", "THROTTLE_RATE": str(RATE), "THROTTLE_BURST": str(RATE)}
    with Stack(**settings) as stack:
        day = time.strftime("%Y-%m-%d")
        officer = OfficerAtWork(Desk(stack), [each.format(day=day) for each in OFFICERS], EVERY_S)
        officer.start()

        def send(_: int) -> int:
            with stack.connect() as connection:
                return connection.send("GET", FLOODED).status

        # A little more than it must be, if the machine can.
        statuses = Counter(paced(send, RATE * TIMES * 1.2, seconds))
        officer.ended.set()
        officer.join()
    sent = statuses.total()
    result.check(
        f"≥ {TIMES} times the throttle of {RATE} a second is sent",
        f"{sent / seconds:.0f} a second: {shown(statuses)}",
        sent >= RATE * TIMES * seconds,
    )
    result.check(
        "the gateway refuses what is beyond it",
        f"{statuses[429]:,} of {sent:,} with 429",
        0 < sent - statuses[429] <= RATE * (seconds + 2),
    )
    result.check(
        "officers' routes: no 429",
        f"{shown(officer.statuses)}; {spread(officer.took_s)}",
        officer.statuses.total() > 0 and set(officer.statuses) == {200},
    )
    return result
