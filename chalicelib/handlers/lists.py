"""The route of officers' lists of reports."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.report_query import ReportQuery
from chalicelib.handlers.list_views import ListedReportView, ReportPage
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import lists

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get(
    "/v1/officer/reports",
    query=ReportQuery,
    returns=ReportPage,
    raises=(errors.Malformed("bad_cursor"),),
)
def list_reports(call: Call) -> Response:
    """List reports, newest first, or by what needs an officer next.

    With `sort=attention`, a report can move up while you read on: begin again from time to time.
    Returns the reports that match all filters and are in the officer's scope. To read the next
    page, send `next_cursor` as `cursor`. A page can be short or empty even if more pages follow:
    only `next_cursor: null` ends the list. `since` may not be later than `until`.
    """
    page = lists.list_reports(
        call.query,
        actor=call.actor,
        listing=wiring.listing(),
        cursors=wiring.cursors(),
        catalogue=wiring.whole_catalogue(),
        officers=wiring.officers(),
    )
    items = [ListedReportView.listed(each) for each in page.items]
    return Response(ReportPage(items=items, next_cursor=page.next_cursor))
