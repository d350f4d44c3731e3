"""The one call with which a resident reports."""

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.languages import text
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.reports import REPORTER_STATUS, Flag, Submission
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Routes
from chalicelib.services import intake, uploads
from chalicelib.services.actor import Reporter

routes = Routes("Reports")


@routes.post(
    "/v1/reports",
    body=Submission,
    headers=(Header.KEY,),
    returns={201: schemas.Created, 200: schemas.Created},
    raises=(errors.Conflict("key_reused"), errors.Conflict("category_not_active"), errors.Gone),
)
def create_report(call: Call) -> Response:
    """Create a report.

    A category and a text or media are enough. Repeat the call with the same key until a response
    arrives: it stays one report.

    200 is the response to a repeated call; it brings fresh grants for the media that are not up
    yet.
    """
    created = intake.create_report(
        call.body,
        ReportIds(wiring.identity(), call.required_key),
        actor=Reporter(call.now),
        reports=wiring.reports(),
        bulletins=wiring.bulletins(),
        catalogue=wiring.catalogue(),
    )
    return created_response(created, call)


def created_response(created: intake.CreatedReport, call: Call) -> Response:
    report = created.report
    granted = uploads.grant_uploads(
        report.id,
        created.pending_uploads,
        bucket=wiring.bucket(),
        signed_at=wiring.wall_clock(),
    )
    view = schemas.Created(
        id=report.id,
        reference=report.reference,
        receipt=created.receipt,
        category=report.category,
        status=REPORTER_STATUS[report.status],
        urgency=report.urgency.value,
        district=report.district,
        received_at=times.render(report.received_at),
        flags=[flag.value for flag in report.flags],
        notes=[text("report.outside", call.language)] if Flag.OUTSIDE in report.flags else [],
        emergency=schemas.emergency(wiring.catalogue().emergency.number, call.language),
        uploads=[schemas.upload(grant) for grant in granted],
    )
    return Response(view, status=200 if created.replayed else 201)
