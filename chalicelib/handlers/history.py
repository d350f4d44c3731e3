"""The route of a report's history."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.history_views import HistoryQuery, ReportEvent, ReportHistory
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import report_history
from chalicelib.services.entries import EntryCursors

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get(
    "/v1/officer/reports/{report_id}/history",
    query=HistoryQuery,
    returns=ReportHistory,
    raises=(errors.NotFound, errors.Malformed("bad_cursor")),
)
def read_history(call: Call) -> Response:
    """Read the history of a report.

    Returns who read or changed what, and when, oldest first, at most 200 entries. To read the next
    page, send `next_cursor` as `cursor`; the last page includes this request. An entry of a change
    has the report's new version, and the old and new value of each changed field.

    `verified` is false when an entry was altered after it was written. Its `detail` is then null.
    """
    page = report_history.read_history(
        call.path["report_id"],
        call.query.cursor,
        actor=call.actor,
        reports=wiring.reports(),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    events = [ReportEvent.model_validate(entry) for entry in page.items]
    return Response(ReportHistory(items=events, next_cursor=page.next_cursor))
