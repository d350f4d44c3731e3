"""Officers' routes of mutes: stop the notices of a report's messages and media, and go on."""

from chalicelib import errors, wiring
from chalicelib.domain.mutes import NewMute
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.mute_views import MuteView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import mutes

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/mute"


@routes.post(
    _PATH,
    body=NewMute,
    returns={200: MuteView},
    raises=(errors.NotFound, errors.Conflict("expiring")),
)
def mute_report(call: Call) -> Response:
    """Mute a report.

    The reporter's messages and media are kept and count as `unread`, but officers are not notified
    of them. An escalation still goes out. The reporter does not see it. The reason goes
    on record. Repeating the call changes nothing, and returns the first mute. Any officer can end
    it.
    """
    found = mutes.mute_report(
        call.path["report_id"], call.body, actor=call.actor, reports=wiring.reports()
    )
    return Response(MuteView.opened(found))


@routes.delete(_PATH, raises=(errors.NotFound, errors.Conflict("expiring")))
def end_mute(call: Call) -> Response:
    """End the mute of a report.

    Officers are notified of messages and media again, from now on. Without a mute, the call changes
    nothing.
    """
    mutes.end_mute(call.path["report_id"], actor=call.actor, reports=wiring.reports())
    return Response()
