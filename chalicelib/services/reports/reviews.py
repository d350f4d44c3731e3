"""Reviews of open reports, as the clock makes them due.

A round asks for the review of what has become old enough; its task then shows the report among the
first, and calls for help from outside the desk when nobody reviews it. No step of these ends a
report.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.aws import keys
from chalicelib.aws.writes import Attributes, TransactItem
from chalicelib.domain.catalogue.model import Category
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.dates import REVIEW_WITHIN, next_review, review_period
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES
from chalicelib.services.officers import Actor
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.heads import place_of_open, update_head
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.reviews import ReviewRows, review_task

if TYPE_CHECKING:
    from chalicelib.store.reports.reports import Reports

log = logging.getLogger(__name__)

ROUNDS_APART = timedelta(hours=1)
# What one round reads of a partition at the most; the next one goes on where it ended.
_AT_ONCE = 200
# Before all that was ever received.
_BEGINNING = "0"


def ask_for_reviews(
    rows: ReviewRows,
    categories: Callable[[], Iterable[Category]],
    *,
    now: datetime,
    time_is_left: Callable[[], bool],
) -> int:
    """Ask for the reviews of open reports that have become old enough since the last round. Return
    how many; once an hour at the most, and what a round leaves is done a minute later.

    Each partition of `by_category` is read from where the round before ended, so a report is read
    once. Raises Unavailable; the next minute then begins there again.
    """
    begun = rows.begin_round(now)
    if begun is None:
        return 0
    reached, asked, is_left = dict(begun), 0, False
    for category in categories():
        until = now - review_period(category.code)
        for partition in category.partitions:
            above = reached.get(partition, _BEGINNING)
            if not time_is_left():
                is_left = True
                continue
            older = rows.older(partition, above=above, until=until, limit=_AT_ONCE)
            for row in older.rows:
                if row["status"] in OPEN_STATUSES and row.get("source") != DRILL:
                    asked += rows.ask(row["id"], now)
            reached[partition] = older.reached
            is_left = is_left or older.more
    rows.end_round(reached, now if is_left else now + ROUNDS_APART)
    return asked


def review_report(
    pending: PendingTask, *, outbox: Outbox, reports: "Reports", actor: Actor
) -> None:
    """Show a report whose review has come due among the first; if it has waited for so long that
    others must know, notify these, and again each time after that. One that is not open needs none.

    Raises ConditionFailed, Unavailable; the task then stays due.
    """
    now = actor.now
    head = outbox.row((keys.report(pending.owner.id), keys.HEAD))
    report = ReportOutline.of_head(head)
    at = next_review(report) if report else None
    if head is None or report is None or at is None:
        outbox.remove(pending)
    elif report.review_due_at:
        waits_until = report.review_due_at + REVIEW_WITHIN
        if now < waits_until:
            outbox.complete(pending, then=review_task(waits_until))
            return
        notice = reports.event(report.id, NoticeKind.UNREVIEWED, now=now)
        _record(pending, report, {"review_escalated": True}, "unreviewed", outbox, actor, [notice])
    elif now < at:
        outbox.complete(pending, then=review_task(at))
    else:
        place = head["attention_at"]
        due = report.model_copy(update={"review_due_at": now})
        put = {"review_due_at": now, "attention_at": place_of_open(due, place)}
        same = {"attention_at": place}
        _record(pending, report, put, "review_due", outbox, actor, same=same)


def _record(
    pending: PendingTask,
    report: ReportOutline,
    put: Attributes,
    step: str,
    outbox: Outbox,
    actor: Actor,
    notices: Iterable[TransactItem] = (),
    same: Attributes | None = None,
) -> None:
    """Write a step of the clock with its audit record, and look again after `REVIEW_WITHIN`."""
    deciding = {"status": report.status.value, "review_due_at": report.review_due_at}
    update = update_head(report.id, put=put, equal={**deciding, **(same or {})})
    record = actor.log_item(of_report(report.id), Action.CHANGE, {"step": step})
    also = [outbox.table.item(update), record, *notices]
    outbox.complete(pending, then=review_task(actor.now + REVIEW_WITHIN), also=also)
    if report.category != OVERSIGHT:
        log.info("report_review", extra={"step": step})
