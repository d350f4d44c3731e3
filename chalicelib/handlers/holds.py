"""Legal hold: one officer asks, another approves."""

from chalice.app import Blueprint

from chalicelib import errors, wiring
from chalicelib.domain.holds import NewHold
from chalicelib.domain.officers import Officer
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Call, Response, endpoint
from chalicelib.services import casework, retention
from chalicelib.store.reports import Case

bp = Blueprint(__name__)

_PATH = "/v1/officer/reports/{report_id}/hold"


@endpoint(
    bp,
    "POST",
    _PATH,
    summary="Ask that a report be kept from deletion",
    tag="Casework",
    access=Access.OFFICER,
    body=NewHold,
    returns={201: responses.HoldView},
    raises=(errors.NotFound, errors.Conflict("already_held"), errors.Conflict("expiring")),
    example={"reason": "Evidence in a court case.", "until": "2027-11-24T00:00:00Z"},
    authorizer=authorize_officer,
)
def place_hold(call: Call) -> Response:
    """It holds once a second officer has approved it."""
    officer, case = _case(call)
    hold = retention.place_hold(
        officer, case, call.body, reports=wiring.reports(), audit=wiring.audit(), now=call.now
    )
    return Response(responses.hold_view(hold), status=201)


@endpoint(
    bp,
    "POST",
    _PATH + "/approve",
    summary="Approve a hold that another officer asked for",
    tag="Casework",
    access=Access.OFFICER,
    returns={200: responses.HoldView},
    raises=(errors.NotFound, errors.Conflict("no_hold"), errors.Forbidden("self_approval")),
    authorizer=authorize_officer,
)
def approve_hold(call: Call) -> Response:
    """From here on nothing of the report is deleted before the hold ends."""
    officer, case = _case(call)
    return Response(
        responses.hold_view(
            retention.approve_hold(
                officer, case, reports=wiring.reports(), audit=wiring.audit(), now=call.now
            )
        )
    )


@endpoint(
    bp,
    "DELETE",
    _PATH,
    summary="End a hold",
    tag="Casework",
    access=Access.OFFICER,
    returns={204: None},
    raises=(errors.NotFound,),
    authorizer=authorize_officer,
)
def lift_hold(call: Call) -> Response:
    """The report goes when it would have gone without it. Repeated, it answers the same."""
    officer, case = _case(call)
    retention.lift_hold(officer, case, reports=wiring.reports(), audit=wiring.audit(), now=call.now)
    return Response(status=204)


def _case(call: Call) -> tuple[Officer, Case]:
    officer = admitted(call)
    return officer, casework.case_in_scope(
        officer,
        call.path["report_id"],
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
