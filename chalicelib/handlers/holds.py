"""Legal hold: one officer asks, another approves."""

from chalicelib import errors, wiring
from chalicelib.domain.holds import NewHold
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services import casework, holds
from chalicelib.store.report_rows import Case

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/hold"


class HoldView(Shape):
    """A legal hold. It keeps the report from deletion once `approved_by` is somebody, until
    `until`.
    """

    by: str
    reason: str
    until: Timestamp
    approved_by: str | None


@routes.post(
    _PATH,
    body=NewHold,
    returns=HoldView,
    raises=(errors.NotFound, errors.Conflict("already_held"), errors.Conflict("expiring")),
)
def place_hold(call: Call) -> Response:
    """Ask that a report be kept from deletion.

    The hold takes effect once a second officer has approved it.
    """
    hold = holds.place_hold(_case(call), call.body, actor=call.actor, reports=wiring.reports())
    return Response(HoldView.model_validate(hold))


@routes.post(
    _PATH + "/approve",
    returns={200: HoldView},
    raises=(errors.NotFound, errors.Conflict("no_hold"), errors.Forbidden("self_approval")),
)
def approve_hold(call: Call) -> Response:
    """Approve a hold that another officer asked for.

    From here on nothing of the report is deleted before the hold ends.
    """
    hold = holds.approve_hold(_case(call), actor=call.actor, reports=wiring.reports())
    return Response(HoldView.model_validate(hold))


@routes.delete(_PATH, raises=(errors.NotFound,))
def lift_hold(call: Call) -> Response:
    """End a hold.

    The report is deleted when it would have been without it. Repeated, it changes nothing.
    """
    holds.lift_hold(_case(call), actor=call.actor, reports=wiring.reports())
    return Response()


def _case(call: Call) -> Case:
    return casework.case_in_scope(
        call.path["report_id"], actor=call.actor, reports=wiring.reports()
    )
