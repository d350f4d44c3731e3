"""Watch: notify supervisors of what officers do unusually often, or of what is rare by itself."""

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import random_id
from chalicelib.domain.notices import Matter, NoticeKind, Watched
from chalicelib.services.actor import OfficerActor
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem


def notify_of_restricted(
    head: Head, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies supervisors that a withdrawn report is opened in full.

    It belongs in the transaction of the audit record, so that none is opened unseen. Raises
    Conflict `expiring` when the deletion of the report has begun, which would miss this row.
    """
    if head.is_expiring:
        raise errors.Conflict("expiring")
    event = reports.event(
        head.report.id,
        NoticeKind.WATCH,
        now=actor.now,
        entry_id=random_id(10),
        task=outbox.notify(actor.now),
        matter=Matter(watched=Watched.RESTRICTED),
    )
    return [event]
