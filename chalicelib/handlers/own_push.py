"""Reporters' routes of pushes: where to push to when there is something to read."""

from chalicelib import errors, push_wiring, wiring
from chalicelib.domain.pushes import PhoneToken
from chalicelib.handlers.own_report import own_head
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import pushes

routes = Routes("Reports", Access.RECEIPT)


@routes.put(
    "/v1/reports/{report_id}/push",
    body=PhoneToken,
    returns={204: None},
    raises=(errors.Conflict("push_not_offered"), errors.Conflict("withdrawn")),
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
    if call.body.platform not in push_wiring.offered():
        raise errors.Conflict("push_not_offered")
    pushes.ask_for_pushes(
        head,
        call.body,
        key=push_wiring.push_keys(),
        rows=push_wiring.push_rows(),
        reports=wiring.reports(),
    )
    return Response()


@routes.delete("/v1/reports/{report_id}/push")
def end_pushes(call: Call) -> Response:
    """End pushes.

    The token is erased at once. Repeating the call changes nothing.
    """
    pushes.end_pushes(own_head(call), rows=push_wiring.push_rows())
    return Response()
