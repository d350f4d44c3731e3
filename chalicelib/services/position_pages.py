"""Later or moving places of a report, as officers read them: a page at a time."""

from chalicelib.domain.positions import Position
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import head_in_scope, open_head
from chalicelib.services.entries import EntryCursors
from chalicelib.services.messages import EntriesPage
from chalicelib.services.sealed_rows import open_positions
from chalicelib.store import keys
from chalicelib.store.reports import Reports


def read_positions(
    report_id: str,
    cursor: str | None,
    *,
    reason: str | None,
    actor: OfficerActor,
    reports: Reports,
    cursors: EntryCursors,
) -> EntriesPage[Position]:
    """Return a page of positions, the latest or that before a cursor, with an audit record.

    Raises as `casework.open_report`, and Malformed `bad_cursor`.
    """
    head = head_in_scope(report_id, actor=actor, reports=reports)
    below = cursors.read(cursor, report_id, keys.POSITIONS)
    opening = open_head(head, reason=reason, part="positions", actor=actor, reports=reports)
    if opening.restricted:
        return EntriesPage((), None, restricted=True)
    page = reports.entries.positions(report_id, below=below, consistent=True)
    opened = open_positions(report_id, page.items, opening.key)
    return EntriesPage(opened, cursors.issue(page.earlier, report_id, keys.POSITIONS))
