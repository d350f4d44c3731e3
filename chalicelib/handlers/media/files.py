"""Officers' routes of redactions, and of files for the reporter."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.media import PREFIX, NewRedaction, SentFiles
from chalicelib.handlers.reports.views import RedactionView, Upload, Uploads
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.services.media import files
from chalicelib.services.reports import uploads
from chalicelib.services.reports.uploads import Declaration

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/media/{media_id}/redaction"
_REFUSALS = ("withdrawn", "expiring", "no_preview", "referral_pending")


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
    medium = files.redact_picture(
        report_id, call.path["media_id"], call.body, desk=wiring.desk(call.actor)
    )
    return Response(RedactionView.of_medium(report_id, medium))


@routes.delete(_PATH, raises=_REFUSALS)
def remove_redaction(call: Call) -> Response:
    """Remove the redaction of a picture.

    From now on the whole preview can be passed on again. What was already agreed to be passed on
    with the redaction is not: `redaction_changed` of that referral says so. Without a redaction,
    the call changes nothing.

    409 `referral_pending` means that the picture is in a referral that waits for approval: withdraw
    that first.
    """
    files.remove_redaction(
        call.path["report_id"], call.path["media_id"], desk=wiring.desk(call.actor)
    )
    return Response()


@routes.post(
    "/v1/officer/reports/{report_id}/media",
    body=SentFiles,
    headers=(Header.OPTIONAL_KEY,),
    returns=Uploads,
    raises=(errors.KeyReused, "withdrawn", "too_many_media", "expiring"),
)
def send_files(call: Call) -> Response:
    """Send pictures to the reporter.

    Up to 5 in a call and 10 for a report. The response has a grant to upload each: upload them like
    the media of a report. They are cleaned in the same way, and the reporter sees the cleaned
    pictures when they are ready, never the files. They do not show who sent them.

    Send an `Idempotency-Key`: repeated with it, the call returns new grants for what is not
    uploaded; without one, it declares the pictures again.
    """
    report_id, actor = call.path["report_id"], call.actor
    # With the officer's name, so that another officer's key is another call.
    key = f"{actor.by}/{call.idempotency_key}" if call.idempotency_key else None
    declaration = Declaration(
        report_id,
        call.body.media,
        idempotency_key=key,
        identity=wiring.identity(),
        now=call.now,
        prefix=PREFIX,
    )
    media = files.send_files(report_id, declaration, desk=wiring.desk(actor))
    granted = uploads.grant_uploads(
        report_id, media, bucket=wiring.bucket(), signed_at=wiring.clock.wall_clock(), now=call.now
    )
    view = Uploads(uploads=[Upload.granted(grant) for grant in granted])
    return Response(view, replayed=declaration.replayed)
