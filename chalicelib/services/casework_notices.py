"""Notices that an officer's work on a report causes for colleagues by name."""

from datetime import timedelta

from chalicelib.domain import times
from chalicelib.domain.addressees import officer_address
from chalicelib.domain.notices import Matter, NoticeKind
from chalicelib.domain.outbox import Lane, notify_later
from chalicelib.domain.reports import Report
from chalicelib.services.actor import OfficerActor
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem

_COALESCED = timedelta(minutes=1)


def notify_assignee(
    before: Report, after: Report, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies whom the report is now assigned to, if that is a colleague.

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
    """Return the write that notifies those who follow a report of what the officer does with it.

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
