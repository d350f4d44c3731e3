"""Thousands of media that are declared and never sent, all due when an escalation is."""

import time
from datetime import timedelta

from chalicelib.kernel.outbox import ACKNOWLEDGE_WITHIN, UPLOAD_CHECK
from tests.load import reports
from tests.load.attacks.flood import CRITICAL, junk_categories
from tests.load.inbox import Inbox, first_times
from tests.load.measures import Result, spread
from tests.load.reports import Sent
from tests.load.stack import Stack

PER_REPORT = 5
MEDIA = [{"content_type": "image/jpeg", "size": 500_000}] * PER_REPORT
DECLARE_S = 120
ON_TIME_S = 5
# Escalations that fall due one after the other, while the media are being looked for.
ESCALATIONS = 3
APART_S = 60
PATIENCE_S = 60
# The stack's clock runs on between what is sent and what is moved.
MARGIN_S = 1


def play(count: int) -> Result:
    """Declare `count` media, and let the clock come to when they and escalations are due."""
    result = Result(f"{count:,} media declared and never sent, due at once")
    with Stack() as stack:
        inbox = Inbox(stack)
        declared = reports.flood(
            stack, junk_categories(), count // PER_REPORT, limit_s=DECLARE_S, media=MEDIA
        )
        stored = [each for each in declared if each.is_stored]
        last = time.time()
        # What is measured is not the flood of reports.
        inbox.settle(quiet_s=3, patience_s=PATIENCE_S)
        # The media are looked for after ten minutes, a critical report escalates after five.
        moved = (UPLOAD_CHECK - ACKNOWLEDGE_WITHIN).total_seconds()
        stack.advance(moved - (ESCALATIONS - 1) * APART_S)
        criticals = []
        for number in range(ESCALATIONS):
            if number:
                stack.advance(APART_S)
            criticals.append(_file_critical(stack, inbox, number))
        lateness = _let_fall_due(stack, inbox, criticals)
        media = len(stored) * PER_REPORT
        result.check(
            f"{count:,} media due at once",
            f"{media:,}, declared in {last - declared[0].sent_at:.0f} s",
            media >= count,
        )
        result.check(
            f"escalations on time ± {ON_TIME_S} s",
            f"{spread(lateness)}; {len(criticals) - len(lateness)} not at all",
            len(lateness) == len(criticals) and max(map(abs, lateness)) <= ON_TIME_S,
        )
        reports.check_stored(result, stack, criticals)
    return result


def _file_critical(stack: Stack, inbox: Inbox, number: int) -> Sent:
    """Send a critical report, and return it when officers were notified: only then it can
    escalate.
    """
    with stack.connect() as connection:
        sent = reports.send_report(connection, CRITICAL, f"She has not come home ({number}).")
    until = time.time() + PATIENCE_S
    while not first_times(inbox.of("report", "digest"), [sent.id]) and time.time() < until:
        time.sleep(0.2)
    return sent


def _let_fall_due(stack: Stack, inbox: Inbox, criticals: list[Sent]) -> list[float]:
    """Move the clock to each escalation, and return how late each came, in seconds."""
    starts = {}
    to_first = timedelta(seconds=ACKNOWLEDGE_WITHIN.total_seconds() - (ESCALATIONS - 1) * APART_S)
    for number, each in enumerate(criticals):
        starts[each.id] = time.time()
        stack.advance(to_first.total_seconds() + MARGIN_S if not number else APART_S)
    until = time.time() + PATIENCE_S
    while True:
        notified = first_times(inbox.of("escalation"), starts)
        if len(notified) == len(starts) or time.time() > until:
            return [notified[report_id] - starts[report_id] for report_id in notified]
        time.sleep(0.5)
