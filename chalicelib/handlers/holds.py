"""Officers' routes of legal holds: one officer requests a hold or its end, another approves or
declines it.
"""

from chalicelib import errors, wiring
from chalicelib.domain.holds import LiftRefusal, NewHold, NewLift
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.hold_views import HoldView, LiftView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import casework, holds
from chalicelib.store.report_rows import Head

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/hold"


@routes.post(
    _PATH,
    body=NewHold,
    returns=HoldView,
    raises=(errors.NotFound, errors.Conflict("already_held"), errors.Conflict("expiring")),
)
def place_hold(call: Call) -> Response:
    """Request a legal hold.

    The hold takes effect when a second officer has approved it.
    """
    hold = holds.place_hold(_head(call), call.body, actor=call.actor, reports=wiring.reports())
    return Response(HoldView.opened(hold))


@routes.post(
    _PATH + "/approve",
    returns={200: HoldView},
    raises=(
        errors.NotFound,
        errors.Conflict("no_hold"),
        errors.Conflict("expiring"),
        errors.Forbidden("self_approval"),
        errors.Forbidden("approves_later"),
    ),
)
def approve_hold(call: Call) -> Response:
    """Approve a legal hold.

    Another officer must have requested it (otherwise 403 `self_approval`). From now on the report
    is not deleted before the hold ends.
    """
    hold = holds.approve_hold(_head(call), actor=call.actor, reports=wiring.reports())
    return Response(HoldView.opened(hold))


@routes.delete(
    _PATH,
    body=NewLift,
    returns={202: LiftView, 204: None},
    raises=(errors.NotFound, errors.Conflict("hold_approved"), errors.Conflict("expiring")),
)
def lift_hold(call: Call) -> Response:
    """Request to lift a legal hold.

    202: the hold stays in effect until another officer approves its end. 204: there is no hold, or
    the hold was not approved yet and has ended at once. Whoever requested it is notified, if that
    is another officer. The reason goes on record. Repeating the call changes nothing.

    With `only_request: true` it ends a request alone: 409 `hold_approved` means that another
    officer has approved the hold meanwhile, and that nothing was changed.
    """
    found = holds.lift_hold(_head(call), call.body, actor=call.actor, reports=wiring.reports())
    return Response(LiftView.opened(found)) if found else Response(status=204)


@routes.post(
    _PATH + "/lift/approve",
    returns={204: None},
    raises=(
        errors.NotFound,
        errors.Conflict("no_lift"),
        errors.Conflict("expiring"),
        errors.Forbidden("self_approval"),
        errors.Forbidden("approves_later"),
    ),
)
def approve_lift(call: Call) -> Response:
    """Approve the end of a legal hold.

    Another officer must have requested it (otherwise 403 `self_approval`). A closed report is then
    deleted on the date that it would have without a hold; if that date has passed, it is deleted
    soon. Without a hold, the call changes nothing.
    """
    holds.approve_lift(_head(call), actor=call.actor, reports=wiring.reports())
    return Response()


@routes.post(
    _PATH + "/lift/decline",
    body=LiftRefusal,
    returns={204: None},
    raises=(
        errors.NotFound,
        errors.Conflict("no_hold"),
        errors.Conflict("no_lift"),
        errors.Conflict("expiring"),
    ),
)
def decline_lift(call: Call) -> Response:
    """Decline the end of a legal hold.

    Ends a request to lift it, with a reason: the hold stays in effect until its own end. Whoever
    requested it takes it back so; any other officer declines it so, and whoever requested it is
    notified. The reason goes on record, in the history. It takes no second officer. 409 `no_hold`
    means that the hold has ended, `no_lift` that nobody asks to lift it (any more). Repeating the
    call changes nothing.
    """
    holds.decline_lift(_head(call), call.body, actor=call.actor, reports=wiring.reports())
    return Response()


def _head(call: Call) -> Head:
    return casework.head_in_scope(
        call.path["report_id"], actor=call.actor, reports=wiring.reports()
    )
