"""Officers' routes of legal holds and mutes."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.measures import LiftRefusal, NewHold, NewLift, NewMute
from chalicelib.handlers.casework.report_views import HoldView, LiftView, MuteView
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.services.casework import holds

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_HOLD = "/v1/officer/reports/{report_id}/hold"


@routes.post(_HOLD, body=NewHold, returns=HoldView, raises=("already_held", "expiring"))
def place_hold(call: Call) -> Response:
    """Request a legal hold.

    The hold takes effect when a second officer has approved it.
    """
    hold = holds.place_hold(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response(HoldView.opened(hold))


@routes.post(
    _HOLD + "/approve",
    headers=(Header.TAG,),
    returns={200: HoldView},
    raises=("no_hold", "expiring"),
)
def approve_hold(call: Call) -> Response:
    """Approve a legal hold.

    Another officer must have requested it (otherwise 403 `self_approval`). Open the report, and
    send the `tag` of its `hold` as `If-Match`: 412 means that another request has taken its place.
    From now on the report is not deleted before the hold ends.
    """
    hold = holds.approve_hold(call.path["report_id"], call.tag, desk=wiring.desk(call.actor))
    return Response(HoldView.opened(hold))


@routes.delete(
    _HOLD, body=NewLift, returns={202: LiftView, 204: None}, raises=("hold_approved", "expiring")
)
def lift_hold(call: Call) -> Response:
    """Request to lift a legal hold.

    202: the hold stays in effect until another officer approves its end. 204: there is no hold, or
    the hold was not approved yet and has ended at once. The officer who requested it is
    notified, if that is another one. The reason goes on record. Repeating the call changes nothing.

    With `only_request: true` it ends a request alone: 409 `hold_approved` means that another
    officer has approved the hold meanwhile, and that nothing was changed.
    """
    found = holds.lift_hold(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response(LiftView.opened(found)) if found else Response(status=204)


@routes.post(
    _HOLD + "/lift/approve",
    headers=(Header.TAG,),
    returns={204: None},
    raises=("no_lift", "expiring"),
)
def approve_lift(call: Call) -> Response:
    """Approve the end of a legal hold.

    Another officer must have requested it (otherwise 403 `self_approval`). Open the report, and
    send the `tag` of the `lift` of its `hold` as `If-Match`. A closed report is then
    deleted on the date that it would have without a hold; if that date has passed, it is deleted
    soon. Without a hold, the call changes nothing.
    """
    holds.approve_lift(call.path["report_id"], call.tag, desk=wiring.desk(call.actor))
    return Response()


@routes.post(
    _HOLD + "/lift/decline",
    body=LiftRefusal,
    returns={204: None},
    raises=("no_hold", "no_lift", "expiring"),
)
def decline_lift(call: Call) -> Response:
    """Decline the end of a legal hold.

    Ends a request to lift it, with a reason: the hold stays in effect until its own end. The
    officer who requested it takes it back so; any other officer declines it so, and the first is
    notified. The reason goes on record, in the history. It takes no second officer. 409 `no_hold`
    means that the hold has ended, `no_lift` that nobody asks to lift it (any more). Repeating the
    call changes nothing.
    """
    holds.decline_lift(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response()


_MUTE = "/v1/officer/reports/{report_id}/mute"


@routes.post(_MUTE, body=NewMute, returns={200: MuteView}, raises=("expiring",))
def mute_report(call: Call) -> Response:
    """Mute a report.

    The reporter's messages and media are kept and count as `unread`, but officers are not notified
    of them. An escalation still goes out. The reporter does not see it. The reason goes
    on record. Repeating the call changes nothing, and returns the first mute. Any officer can end
    it.
    """
    found = holds.mute_report(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response(MuteView.opened(found))


@routes.delete(_MUTE, raises=("expiring",))
def end_mute(call: Call) -> Response:
    """End the mute of a report.

    Officers are notified of messages and media again, from now on. Without a mute, the call changes
    nothing.
    """
    holds.end_mute(call.path["report_id"], desk=wiring.desk(call.actor))
    return Response()
