"""Notices to colleagues by name, and reminders of reports from outside the districts.

A reminder is due when somebody has taken such a report and nobody has passed it on.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports import outlines
from chalicelib.domain.reports.attention import next_overdue
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import Report
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.outbox import Lane, OutboxTask, notify_later
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, on_head
from chalicelib.services.second_person import Requests
from chalicelib.store.audit.rows import about
from chalicelib.store.reports.outbox import PendingTask
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head

_COALESCED = timedelta(minutes=1)


def notify_assignee(before: Report, after: Report, *, desk: Desk) -> list[TransactItem]:
    """Return the write that notifies the new assignee, if that is a colleague.

    It belongs in the transaction that assigns it.
    """
    assignee = after.assignee
    if assignee is None or assignee in (before.assignee, desk.actor.by):
        return []
    matter = Matter(to=(officer_address(assignee),))
    return [desk.reports.event(after.id, NoticeKind.ASSIGNED, now=desk.actor.now, matter=matter)]


def notify_followers(report: Report, *, desk: Desk) -> list[TransactItem]:
    """Return the write that notifies the followers of a report of an officer's step.

    It belongs in the transaction that does it. What is done within one minute is one notice, which
    goes out when the minute is over.
    """
    others = [each for each in report.followers if each != desk.actor.by]
    if not others:
        return []
    minute = times.to_minute(desk.actor.now)
    return [
        desk.reports.event(
            report.id,
            NoticeKind.FOLLOWED,
            now=minute,
            entry_id=NoticeKind.FOLLOWED.value,
            task=notify_later(minute, _COALESCED, Lane.CRITICAL),
            matter=Matter(to=tuple(map(officer_address, others))),
        )
    ]


def reminders(before: Report, after: Report, *, desk: Desk) -> list[TransactItem]:
    """Return the write that reminds officers of a report which a step has taken or reopened.

    Its row is one for each report, so however often it is taken, there is one reminder.
    """
    if after.status is before.status or not outlines.is_waiting(after):
        return []
    kind, task = NoticeKind.OUTSIDE, outlines.reminder(desk.actor.now)
    at = after.received_at
    return [desk.reports.event(after.id, kind, now=at, entry_id=kind.value, task=task)]


def notices_of_end(before: Report, after: Report, *, desk: Desk) -> list[TransactItem]:
    """Return the writes that notify officers of an end that a step proposes, or its authors that
    another one has declined it, or has voided it by what they changed.
    """
    was, now = before.proposal, after.proposal
    if now and now != was:
        matter = Matter(step=TwoPersonStep.CLOSING, by=officer_address(desk.actor.by))
        return [desk.reports.end_awaits(after, matter, desk.actor.now)]
    others = was.authors - {desk.actor.by} if was and not now else ()
    if not others:
        return []
    notices = NoticesOn(after.id, desk.actor, desk.reports)
    return notices.declined(TwoPersonStep.CLOSING, sorted(others))


def next_reminder(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the reminder after the one that was published; None after any other notice."""
    if _awaits_end(pending) and pending.began:
        due = next_overdue(*pending.began, now)
        return notify_later(now, due - now, pending.task.lane)
    return outlines.reminder(now) if _is_reminder(pending) else None


def needs_no_reminder(pending: PendingTask, report: ReportOutline) -> bool:
    """Return whether this is a reminder of a report that was passed on, or is no longer open; or of
    an end that awaits nobody any more.
    """
    if _awaits_end(pending):
        return not report.awaits_end
    return _is_reminder(pending) and not outlines.is_waiting(report)


def _is_reminder(pending: PendingTask) -> bool:
    return pending.notice_kind is NoticeKind.OUTSIDE


def _awaits_end(pending: PendingTask) -> bool:
    is_approval = pending.notice_kind is NoticeKind.APPROVAL
    return is_approval and pending.matter.step is TwoPersonStep.CLOSING


class NoticesOn(NamedTuple):
    """The notices of requests about a report. Who begins or declines one is not notified."""

    report_id: str
    actor: OfficerActor
    reports: Reports

    def awaits(self, step: TwoPersonStep) -> list[TransactItem]:
        return self._event(
            NoticeKind.APPROVAL, Matter(step=step, by=officer_address(self.actor.by))
        )

    def declined(self, step: TwoPersonStep, to: Collection[str]) -> list[TransactItem]:
        matter = Matter(step=step, to=tuple(map(officer_address, to)))
        return self._event(NoticeKind.DECLINED, matter)

    def _event(self, kind: NoticeKind, matter: Matter) -> list[TransactItem]:
        return [self.reports.event(self.report_id, kind, now=self.actor.now, matter=matter)]


def on_requests[Done](
    report_id: str, step: Callable[[Head, Requests], Done], *, desk: Desk
) -> Done:
    """Return the result of a step on a request about a report, as `on_head` takes it."""

    def take(head: Head) -> Done:
        notices = NoticesOn(report_id, desk.actor, desk.reports)
        return step(head, Requests(desk.actor, notices, about(head.report)))

    return on_head(report_id, take, desk=desk)
