"""Officers' routes to follow a report: be notified of what happens to it."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import followers

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/follow"


@routes.post(
    _PATH,
    returns={204: None},
    raises=(errors.NotFound, errors.Conflict("expiring"), errors.Conflict("too_many_followers")),
)
def follow_report(call: Call) -> Response:
    """Follow a report.

    You are notified of the reporter's messages and media, and of what colleagues change or write,
    also when you are not on duty, as long as you may see the report. Colleagues see who follows it.
    At most 50 officers can. Repeating the call changes nothing.
    """
    followers.follow_report(call.path["report_id"], actor=call.actor, reports=wiring.reports())
    return Response()


@routes.delete(_PATH, raises=(errors.NotFound, errors.Conflict("expiring")))
def unfollow_report(call: Call) -> Response:
    """Stop following a report.

    Repeating the call changes nothing.
    """
    followers.unfollow_report(call.path["report_id"], actor=call.actor, reports=wiring.reports())
    return Response()
