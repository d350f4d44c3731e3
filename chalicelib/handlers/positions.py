"""Officers' route of positions: the later places of a report."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.messages import OfficerEntryQuery
from chalicelib.handlers.position_views import PositionPage
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import position_pages
from chalicelib.services.entries import EntryCursors

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get(
    "/v1/officer/reports/{report_id}/positions",
    query=OfficerEntryQuery,
    returns=PositionPage,
    raises=(errors.NotFound, errors.Malformed("bad_cursor")),
)
def read_positions(call: Call) -> Response:
    """Read earlier positions.

    Returns a page of later or moving places, oldest first. The opened report has the latest; send
    its `positions_cursor` as `cursor` for those before, and then `next_cursor`. A cursor is good
    for a day. Of a withdrawn report, only a supervisor who gives a `reason` sees them.
    """
    page = position_pages.read_positions(
        call.path["report_id"],
        call.query.cursor,
        reason=call.query.reason,
        actor=call.actor,
        reports=wiring.reports(),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    return Response(PositionPage.model_validate(page))
