"""The public route to create a report."""

from collections.abc import Callable
from typing import Literal, get_args

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.catalogue.model import Category as CategoryEntry
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.report import (
    REPORTER_STATUS,
    Flag,
    Report,
    ReporterStatus,
    Submission,
)
from chalicelib.handlers.flood.sources import source_of
from chalicelib.handlers.reports.views import Upload
from chalicelib.http.requests import MAX_LONG_BODY, Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Routes
from chalicelib.http.shapes import Category, ChallengeView, District, Emergency, Shape, Timestamp
from chalicelib.kernel import errors, times
from chalicelib.kernel.languages import text
from chalicelib.services.flood.gate import Admitted, Sender
from chalicelib.services.reports import intake, uploads
from chalicelib.services.reports.intake import Reporter

routes = Routes("Reports")


# Apps know these. A flag that a report gets later is for officers.
FlagAtCreation = Literal[Flag.CLOCK_SKEW, Flag.OUTSIDE]
_FLAGS_AT_CREATION = get_args(FlagAtCreation)


class CreatedReport(Shape):
    """A created report. Keep the receipt, show the `notes` to the reporter, and upload the media.

    `notes` are sentences, for example that the place is outside all districts. `drill` is true for
    a report that was sent with `source: drill`. For an officer `received_at` is to the minute.
    `challenge` is null unless the report was accepted without the proof of work that it should
    have. Then make a proof for it and repeat the call: officers are notified sooner.
    """

    id: str
    reference: str
    receipt: str = Field(
        description="The reporter's secret. It is required to read the report. Store it: without "
        "the Idempotency-Key it cannot be recovered."
    )
    category: Category
    status: ReporterStatus
    urgency: Urgency
    district: District
    received_at: Timestamp
    flags: list[FlagAtCreation]
    notes: list[str]
    drill: bool
    emergency: Emergency
    uploads: list[Upload]
    challenge: ChallengeView | None


@routes.post(
    "/v1/reports",
    body=Submission,
    max_body=MAX_LONG_BODY,
    headers=(Header.KEY, Header.PROOF),
    returns=CreatedReport,
    raises=(
        errors.KeyReused,
        "category_not_active",
        "oversight_not_offered",
        errors.Gone,
        errors.ProofRequired,
    ),
)
def create_report(call: Call) -> Response:
    """Create a report.

    Send a category, and a text or media. All other fields are optional. Store the receipt in the
    response: the reporter needs it to read the report. Then upload the media with the grants in
    `uploads`.

    A test of an app or of a deployment sends `source: drill`: only officers who asked for drills
    are notified, the report is marked as a drill everywhere and counts in no statistics. It is
    deleted 30 days after it was created or withdrawn.

    What is about a police officer is sent with `concerns_police: true`, while the catalogue offers
    that: no station sees it, and the response has no district. Otherwise it is 409
    `oversight_not_offered`, which says where to go.

    Repeat the call with the same `Idempotency-Key` until a response arrives. It creates only one
    report. 200 means that the report already exists; the response has new grants for the media of
    this call that have not been uploaded: match them by `index`.

    In a flood a report needs a proof of work, in `Tipline-Proof`. Make it when the catalogue has a
    `challenge`, or after 429 `proof_required`, which has one as well. Then send it again with the
    proof at once, with the same `Idempotency-Key`; `Retry-After` is for a call without one. Where a
    life may depend on it, such as a child abduction, no report is refused for want of a proof,
    unless it is a drill; with one, officers are notified sooner. Accepted without, its response has
    a `challenge`: the same call again, with a proof for it, makes up for that.
    """
    created = intake.create_report(
        call.body,
        wiring.report_ids(call.required_key, call.raw_body),
        actor=Reporter(call.now),
        intake=wiring.intake(),
        admit=_admission(call) if wiring.settings().limits else None,
        is_paid=bool(call.header("tipline-proof")),
    )
    return created_response(created, call)


def _admission(call: Call) -> Callable[[CategoryEntry, Urgency, bool], Admitted]:
    proof, said = call.header("tipline-proof"), call.body.text
    sender = Sender(source_of(call), proof, call.required_key, said)
    return lambda category, urgency, drill: wiring.flood_gate().admit(
        category, urgency, sender, call.now, drill=drill
    )


def created_response(created: intake.CreatedReport, call: Call) -> Response:
    """Return the response to a created report."""
    report = created.report
    view = CreatedReport.of(
        report,
        receipt=created.receipt,
        category=call.body.category if report.concerns_police else report.category,
        status=REPORTER_STATUS[report.status],
        notes=[text(f"report.{note}", call.language) for note in _notes(report)],
        received_at=report.received_at
        if call.admitted is None
        else times.to_minute(report.received_at),
        flags=[flag for flag in report.flags if flag in _FLAGS_AT_CREATION],
        drill=report.is_drill,
        emergency=Emergency.in_language(wiring.catalogue().emergency.number, call.language),
        uploads=_granted(created, call),
        challenge=_challenge(call) if report.unproven else None,
    )
    return Response(view, replayed=created.replayed)


def _challenge(call: Call) -> ChallengeView | None:
    challenge = wiring.flood_gate().challenge(call.now, of_unproven=True)
    return ChallengeView.model_validate(challenge.as_json()) if challenge else None


def _granted(created: intake.CreatedReport, call: Call) -> list[Upload]:
    if not created.pending_uploads:
        return []  # without media, no client of S3 is needed
    granted = uploads.grant_uploads(
        created.report.id,
        created.pending_uploads,
        bucket=wiring.bucket(),
        signed_at=wiring.clock.wall_clock(),
        now=call.now,
    )
    return [Upload.granted(grant) for grant in granted]


def _notes(report: Report) -> list[str]:
    """Return which sentences the reporter must read about the new report."""
    notes = ["drill"] if report.is_drill else []
    return [*notes, "outside"] if Flag.OUTSIDE in report.flags else notes
