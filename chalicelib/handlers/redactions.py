"""Officers' routes of redactions: mark what of a picture others may not see, or take that back."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.redactions import NewRedaction
from chalicelib.handlers.redaction_views import RedactionView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import redactions

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/media/{media_id}/redaction"
_REFUSALS = (
    errors.NotFound,
    errors.Conflict("withdrawn"),
    errors.Conflict("expiring"),
    errors.Conflict("no_preview"),
    errors.Conflict("referral_pending"),
)


@routes.post(_PATH, body=NewRedaction, returns={200: RedactionView}, raises=_REFUSALS)
def redact_picture(call: Call) -> Response:
    """Redact a picture.

    Mark up to 50 regions of the preview, which of a video shows its poster. What is passed on from
    now on is a picture with black boxes in their place, which is made within about a minute: open
    the report again to see it. A box covers every pixel that the region touches, and up to 16
    pixels more at each side. Officers still see the preview, and can open the original.

    The call takes the place of an earlier redaction: send all regions that are to be black.
    Repeating it with the same regions changes nothing, unless the first one has failed: then it is
    tried again.

    409 `no_preview` means that the file has no cleaned picture, or none yet. 409 `referral_pending`
    means that the picture is in a referral that waits for approval, and would show more than its
    proposal: withdraw that first.
    """
    report_id = call.path["report_id"]
    medium = redactions.redact_picture(
        report_id, call.path["media_id"], call.body, actor=call.actor, reports=wiring.reports()
    )
    return Response(RedactionView.of_medium(report_id, medium))


@routes.delete(_PATH, raises=_REFUSALS)
def remove_redaction(call: Call) -> Response:
    """Remove the redaction of a picture.

    From now on the whole preview can be passed on again. What was already agreed to be passed on
    with the redaction is not: `redaction_changed` says so to whoever reads that referral. Without a
    redaction, the call changes nothing.

    409 `referral_pending` means that the picture is in a referral that waits for approval: withdraw
    that first.
    """
    redactions.remove_redaction(
        call.path["report_id"],
        call.path["media_id"],
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response()
