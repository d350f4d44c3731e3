"""Notices that an officer's work on a report causes for colleagues by name."""

from chalicelib.domain.addressees import officer_address
from chalicelib.domain.notices import Matter, NoticeKind
from chalicelib.domain.reports import Report
from chalicelib.services.actor import OfficerActor
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem


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
