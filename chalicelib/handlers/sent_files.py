"""Officers' route of files for the reporter."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.sent_files import PREFIX, SentFiles
from chalicelib.handlers.media_views import Upload, Uploads
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import sent_files, uploads
from chalicelib.services.declarations import Declaration

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.post(
    "/v1/officer/reports/{report_id}/media",
    body=SentFiles,
    headers=(Header.OPTIONAL_KEY,),
    returns=Uploads,
    raises=(
        errors.NotFound,
        errors.Conflict("key_reused"),
        errors.Conflict("withdrawn"),
        errors.Conflict("too_many_media"),
        errors.Conflict("expiring"),
    ),
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
    media = sent_files.send_files(report_id, declaration, actor=actor, reports=wiring.reports())
    granted = uploads.grant_uploads(
        report_id, media, bucket=wiring.bucket(), signed_at=wiring.clock.wall_clock()
    )
    return Response(Uploads(uploads=[Upload.granted(grant) for grant in granted]))
