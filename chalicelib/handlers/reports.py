"""The one call with which a resident reports."""

from pydantic import Field

from chalicelib import errors, wiring
from chalicelib.domain.languages import text
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.reports import REPORTER_STATUS, Flag, ReporterStatus, Submission, Urgency
from chalicelib.handlers.media_views import Upload
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Routes
from chalicelib.handlers.shapes import Category, District, Emergency, Shape, Timestamp
from chalicelib.services import intake, uploads
from chalicelib.services.actor import Reporter

routes = Routes("Reports")


class CreatedReport(Shape):
    """`notes`: what to show the reporter, such as that the place lies outside the districts."""

    id: str
    reference: str
    receipt: str = Field(
        description="The reporter's secret, and the only key to the report. Keep it: it cannot be "
        "had again without the Idempotency-Key."
    )
    category: Category
    status: ReporterStatus
    urgency: Urgency
    district: District
    received_at: Timestamp
    flags: list[Flag]
    notes: list[str]
    emergency: Emergency
    uploads: list[Upload]


@routes.post(
    "/v1/reports",
    body=Submission,
    headers=(Header.KEY,),
    returns={201: CreatedReport, 200: CreatedReport},
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
        signed_at=wiring.clock.wall_clock(),
    )
    view = CreatedReport.of(
        report,
        receipt=created.receipt,
        status=REPORTER_STATUS[report.status],
        notes=[text("report.outside", call.language)] if Flag.OUTSIDE in report.flags else [],
        emergency=Emergency.in_language(wiring.catalogue().emergency.number, call.language),
        uploads=[Upload.granted(grant) for grant in granted],
    )
    return Response(view, status=200 if created.replayed else 201)
