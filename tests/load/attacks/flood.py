"""Junk as fast as the stack takes it, and a child abduction every ten seconds."""

import threading
import time

from chalicelib.domain.catalogue.model import catalogue
from tests.load import reports
from tests.load.inbox import Inbox, Received, all_notified_at, first_times, named_more_than_once
from tests.load.measures import Result, percentile, spread
from tests.load.reports import Sent
from tests.load.stack import Stack

CRITICAL = "child_abduction"
EVERY_S = 10
# Bounds the attack in time. A machine that needs longer sends fewer, and the row fails.
FLOOD_S = 240
CRITICAL_WITHIN_S = 5
JUNK_WITHIN_S = 120
# How much later than it must a notice is still waited for: to say how late it is.
PATIENCE_S = 30
WARM_UP = 10


def play(count: int) -> Result:
    """Flood with `count` junk reports, and notify officers of each critical one between them."""
    result = Result(
        f"{count:,} junk reports as fast as the stack takes them, one critical each {EVERY_S} s"
    )
    with Stack() as stack:
        inbox = Inbox(stack)
        # The first of its kind is slow: clients are made, and code is read.
        sent = reports.flood(stack, junk_categories(), WARM_UP, limit_s=EVERY_S)
        began = time.time()
        with Criticals(stack) as criticals:
            sent += reports.flood(stack, junk_categories(), count, limit_s=FLOOD_S)
            ended = time.time()
            stored = [each for each in sent if each.is_stored]
            until = ended + JUNK_WITHIN_S + PATIENCE_S
            last = _wait_until_notified(inbox, len(stored), until)
        _check_flood(result, sent[WARM_UP:], count, ended - began)
        _check_criticals(result, inbox, criticals.sent)
        missing = len(stored) - sum(notice.count for notice in _of_junk(inbox))
        late = f"{missing:,} not at all" if last is None else f"the last {last - ended:.0f} s after"
        result.check(
            f"each junk report in a notice or digest ≤ {JUNK_WITHIN_S} s after the flood",
            late,
            last is not None and last - ended <= JUNK_WITHIN_S,
        )
        reports.check_stored(result, stack, [*stored, *criticals.sent])
    return result


def junk_categories() -> list[str]:
    """Return the categories of which the application may refuse reports."""
    return [each.code for each in catalogue().categories if not each.never_limited]


class Criticals:
    """Sends one every ten seconds, over a connection of its own, while the context lasts."""

    def __init__(self, stack: Stack) -> None:
        self.sent: list[Sent] = []
        self._stack, self._ended = stack, threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Criticals":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        with self._stack.connect() as connection:
            while not self._ended.wait(EVERY_S / 2 if not self.sent else EVERY_S):
                text = f"A man took a girl of six into a grey van ({len(self.sent)})."
                self.sent.append(reports.send_report(connection, CRITICAL, text))


def _wait_until_notified(inbox: Inbox, count: int, until: float) -> float | None:
    """Return when notices and digests stood for so many junk reports."""
    while (notified_at := all_notified_at(_of_junk(inbox), count)) is None and time.time() < until:
        time.sleep(1)
    return notified_at


def _of_junk(inbox: Inbox) -> list[Received]:
    return [
        notice for notice in inbox.of("report", "digest") if notice.body.get("category") != CRITICAL
    ]


def _check_flood(result: Result, sent: list[Sent], count: int, took_s: float) -> None:
    stored = [each for each in sent if each.is_stored]
    answered = spread(each.took_s for each in sent)
    result.check(
        f"all sent in {FLOOD_S} s, and accepted",
        f"{len(stored):,} of {count:,}, {len(sent) / took_s:.0f} a second; {answered}",
        len(stored) == count,
    )


def _check_criticals(result: Result, inbox: Inbox, sent: list[Sent]) -> None:
    until = time.time() + PATIENCE_S
    wanted = [each.id for each in sent if each.is_stored]
    while len(first_times(inbox.of("report", "digest"), wanted)) < len(wanted):
        if time.time() > until:
            break
        time.sleep(0.5)
    notices = inbox.of("report", "digest")
    notified = first_times(notices, wanted)
    # From when it was sent: the wait for the response is part of it.
    waits = [notified[each.id] - each.sent_at for each in sent if each.id in notified]
    result.check(
        f"each critical notified ≤ {CRITICAL_WITHIN_S} s (p99)",
        f"{spread(waits)}; {len(sent) - len(waits)} of {len(sent)} not at all",
        len(waits) == len(sent) and percentile(waits, 99) <= CRITICAL_WITHIN_S,
    )
    result.twice = len(named_more_than_once(notices, wanted))
    result.check("twice 0", f"{result.twice} of {len(sent)} criticals", result.twice == 0)
