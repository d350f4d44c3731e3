"""Remind officers of a report from outside the districts that somebody has taken and nobody has
passed on.
"""

from datetime import datetime

from chalicelib.domain import outside
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.outbox import OutboxTask
from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.domain.reports import Report
from chalicelib.services.actor import OfficerActor
from chalicelib.store.outbox import PendingTask
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem


def reminders(
    before: Report, after: Report, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that reminds officers of a report which a step has taken or reopened.

    Its row is one for each report, so however often it is taken, there is one reminder.
    """
    if after.status is before.status or not outside.is_waiting(after):
        return []
    kind, task = NoticeKind.OUTSIDE, outside.reminder(actor.now)
    at = after.received_at
    return [reports.event(after.id, kind, now=at, entry_id=kind.value, task=task)]


def next_reminder(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the reminder after the one that was published; None after any other notice."""
    return outside.reminder(now) if _is_reminder(pending) else None


def needs_no_reminder(pending: PendingTask, report: ReportOutline) -> bool:
    """Return whether this is a reminder of a report that was passed on, or is no longer open."""
    return _is_reminder(pending) and not outside.is_waiting(report)


def _is_reminder(pending: PendingTask) -> bool:
    return pending.notice_kind is NoticeKind.OUTSIDE
