"""Reporters' routes to have pushes sent to their phone, and to end that."""

from chalicelib import wiring
from chalicelib.domain.notices.pushes import PhoneToken
from chalicelib.handlers.reports.own_report import own_head
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.services.notices import pushes

routes = Routes("Reports", Access.RECEIPT)


@routes.put(
    "/v1/reports/{report_id}/push",
    body=PhoneToken,
    returns={204: None},
    raises=("push_not_offered", "withdrawn"),
)
def ask_for_pushes(call: Call) -> Response:
    """Ask for a push when there is something to read.

    The phone gets a push that says nothing, half an hour after officers wrote to you, ended or
    passed on your report or sent you a picture, or up to about an hour. What happens until then
    causes no second one. `push` of the catalogue says which platforms are offered; another one is
    409 `push_not_offered`.

    The token replaces an earlier one. It is sealed, and is erased with the report, when you
    withdraw it, and when its platform says that it is not valid any more: then `push` of your
    report is false. Ask only if the person wants it: Apple or Google learn that this phone gets
    pushes of this service.
    """
    head = own_head(call)
    if call.body.platform not in wiring.offered():
        raise errors.Conflict("push_not_offered")
    pushes.ask_for_pushes(
        head, call.body, key=wiring.push_keys(), rows=wiring.push_rows(), reports=wiring.reports()
    )
    return Response()


@routes.delete("/v1/reports/{report_id}/push")
def end_pushes(call: Call) -> Response:
    """End pushes.

    The token is erased at once. Repeating the call changes nothing.
    """
    pushes.end_pushes(own_head(call), rows=wiring.push_rows())
    return Response()
