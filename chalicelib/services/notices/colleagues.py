"""Notices to colleagues by name, and reminders of reports from outside the districts.

A reminder is due when somebody has taken such a report and nobody has passed it on.
"""

from datetime import datetime, timedelta

from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports import outlines
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import Report
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.outbox import Lane, OutboxTask, notify_later
from chalicelib.services.officers import OfficerActor
from chalicelib.store.reports.outbox import PendingTask
from chalicelib.store.reports.reports import Reports

_COALESCED = timedelta(minutes=1)


def notify_assignee(
    before: Report, after: Report, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies the new assignee, if that is a colleague.

    It belongs in the transaction that assigns it.
    """
    assignee = after.assignee
    if assignee is None or assignee in (before.assignee, actor.by):
        return []
    matter = Matter(to=(officer_address(assignee),))
    return [reports.event(after.id, NoticeKind.ASSIGNED, now=actor.now, matter=matter)]


def notify_followers(
    report: Report, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies the followers of a report of an officer's step.

    It belongs in the transaction that does it. What is done within one minute is one notice, which
    goes out when the minute is over.
    """
    others = [each for each in report.followers if each != actor.by]
    if not others:
        return []
    minute = times.to_minute(actor.now)
    return [
        reports.event(
            report.id,
            NoticeKind.FOLLOWED,
            now=minute,
            entry_id=NoticeKind.FOLLOWED.value,
            task=notify_later(minute, _COALESCED, Lane.CRITICAL),
            matter=Matter(to=tuple(map(officer_address, others))),
        )
    ]


def reminders(
    before: Report, after: Report, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that reminds officers of a report which a step has taken or reopened.

    Its row is one for each report, so however often it is taken, there is one reminder.
    """
    if after.status is before.status or not outlines.is_waiting(after):
        return []
    kind, task = NoticeKind.OUTSIDE, outlines.reminder(actor.now)
    at = after.received_at
    return [reports.event(after.id, kind, now=at, entry_id=kind.value, task=task)]


def next_reminder(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the reminder after the one that was published; None after any other notice."""
    return outlines.reminder(now) if _is_reminder(pending) else None


def needs_no_reminder(pending: PendingTask, report: ReportOutline) -> bool:
    """Return whether this is a reminder of a report that was passed on, or is no longer open."""
    return _is_reminder(pending) and not outlines.is_waiting(report)


def _is_reminder(pending: PendingTask) -> bool:
    return pending.notice_kind is NoticeKind.OUTSIDE


def notify_second_person(
    report_id: str, step: TwoPersonStep, *, actor: OfficerActor, reports: Reports
) -> TransactItem:
    """Return the write that notifies officers that a step on a report awaits its second person.

    It belongs in the transaction that begins the step, so that no step waits unknown. The officer
    who begins it is not notified.
    """
    matter = Matter(step=step, by=officer_address(actor.by))
    return reports.event(report_id, NoticeKind.APPROVAL, now=actor.now, matter=matter)


def notify_declined(
    report_id: str, step: TwoPersonStep, by: str, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies the officer who began a step on a report that it was
    declined; none for an officer who ends their own.

    It belongs in the transaction that declines it.
    """
    if by == actor.by:
        return []
    matter = Matter(step=step, to=(officer_address(by),))
    return [reports.event(report_id, NoticeKind.DECLINED, now=actor.now, matter=matter)]
