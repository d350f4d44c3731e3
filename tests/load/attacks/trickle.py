"""Child abductions that never happened from two thousand sources, each far below its limit, and in
each minute one fewer than the next load level needs.

The minutes are those of the stack's clock, as with the hoaxes.
"""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.flood.load_level import CROWD, LoadLevel, next_level
from tests.load import reports
from tests.load.attacks.critical_flood import A_MINUTE_S, A_SECOND, QUIET_EVERY_S, QUIET_S
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk
from tests.load.inbox import Inbox
from tests.load.measures import Result
from tests.load.phones import Phones, check_honest, observe
from tests.load.reports import Sent, paced, send_report, source_of, varied_text
from tests.load.stack import Stack

# Each sends one in ten minutes, at 199 a minute.
SOURCES = 2_000
EVERY_S = 1


def play(seconds: int) -> Result:
    """Send for `seconds` of the stack's clock below each level, a report of a source at a time."""
    minutes = max(1, seconds // A_MINUTE_S)
    result = Result(f"{minutes} minutes just below each level, from {SOURCES:,} sources")
    with Stack(LIMITS="on") as stack:
        inbox, desk = Inbox(stack), Desk(stack)
        began = time.monotonic()
        quiet = observe(
            Phones(stack, QUIET_EVERY_S), inbox, desk, lambda: time.monotonic() - began > QUIET_S
        )
        everything = [each.sent for each in quiet]
        for level in (LoadLevel.BUSY, LoadLevel.FLOOD, LoadLevel.HEAVY_FLOOD):
            a_minute = _fewest(level) - 1
            with ThreadPoolExecutor(1) as pool:
                trickle = pool.submit(_send, stack, a_minute, minutes, len(everything))
                attacked = observe(Phones(stack, EVERY_S), inbox, desk, trickle.done)
                sent = trickle.result()
            part = Result("")
            reports.check_accepted(part, sent, a_minute * minutes)
            # All of these minutes of the stack's clock pass within seconds.
            firsts = minutes * min(a_minute, 2 * CROWD)
            check_honest(part, quiet, attacked, SOURCES, firsts)
            for check in part.checks:
                result.check(f"{a_minute} a minute: {check.must}", check.measured, check.holds)
            everything += [*sent, *(each.sent for each in attacked)]
        reports.check_stored(result, stack, everything)
    return result


def _fewest(level: LoadLevel) -> int:
    """Return the fewest reports of the category in a minute that make the level."""
    return next(
        count
        for count in itertools.count()
        if next_level(LoadLevel.NORMAL, [{CRITICAL: count}], {}) >= level
    )


def _send(stack: Stack, a_minute: int, minutes: int, first: int) -> list[Sent]:
    """Send so many a minute, each from the next source; the first of them is `first`."""
    done: list[Sent] = []

    def send(number: int) -> Sent:
        next_one = first + len(done) + number
        with stack.connect(source_of(next_one % SOURCES)) as connection:
            return send_report(connection, CRITICAL, varied_text(next_one))

    for _ in range(minutes):
        done += paced(send, A_SECOND, a_minute / A_SECOND)
        stack.advance(A_MINUTE_S)
    return done
