"""Residents' routes: report, send media, read and write with the receipt, withdraw."""

import json
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.languages import text, wording
from chalicelib.domain.media import (
    MAX_MEDIA_PER_CALL,
    MAX_PARTS_PER_CALL,
    Declared,
    MediaState,
    derived_key,
)
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.models import Input as Strict
from chalicelib.domain.reports import (
    REPORTER_STATUS,
    Flag,
    Medium,
    Report,
    Status,
    Submission,
)
from chalicelib.handlers import responses
from chalicelib.handlers.http import Access, Call, Key, Response, conditional, endpoint
from chalicelib.media import grants
from chalicelib.services import intake, own_report, uploads
from chalicelib.store.reports import Case

bp = Blueprint(__name__)

THUMBNAIL_LIFE_S = 300
# While media are looked at a reporter's app may ask often; afterwards there is little to see.
_POLL_SOON_S, _POLL_LATER_S, _POLL_RARELY_S = 2, 30, 300

_EXAMPLE: Mapping[str, Any] = {
    "category": "missing_elderly",
    "text": "An old man in a blue coat, alone at the bus stop, cannot say where he lives.",
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20},
    "media": [{"content_type": "image/jpeg", "size": 2483921}],
}


class MoreMedia(Strict):
    media: tuple[Declared, ...] = Field(min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False)


class PartNumbers(Strict):
    numbers: tuple[int, ...] = Field(max_length=MAX_PARTS_PER_CALL, strict=False)

    @field_validator("numbers")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise PydanticCustomError("repeated", "Each number once.")
        return value


@endpoint(
    bp,
    "POST",
    "/v1/reports",
    summary="Report something",
    tag="Reports",
    body=Submission,
    returns={201: responses.Created, 200: responses.Created},
    raises=(errors.Conflict("key_reused"), errors.Conflict("category_not_active"), errors.Gone),
    key=Key.REQUIRED,
    example=_EXAMPLE,
)
def create_report(call: Call) -> Response:
    """A category and a text or media are enough. Send the same call again, with the same key, until
    it is answered: it stays one report.

    200 is the answer to a repeated call; it brings fresh grants for the media that are not up yet.
    """
    filed = intake.submit_report(
        call.body,
        idempotency_key=str(call.idempotency_key),
        identity=wiring.identity(),
        reports=wiring.reports(),
        bulletins=wiring.bulletins(),
        catalogue=wiring.catalogue(),
        now=call.now,
    )
    return Response(created(filed, call), status=200 if filed.replayed else 201)


def created(filed: intake.CreatedReport, call: Call) -> responses.Created:
    report = filed.report
    granted = uploads.grant_uploads(
        report.id, filed.pending_uploads, bucket=wiring.bucket(), signed_at=wiring.wall_clock()
    )
    return responses.Created(
        id=report.id,
        reference=report.reference,
        receipt=filed.receipt,
        category=report.category,
        status=REPORTER_STATUS[report.status],
        urgency=report.urgency.value,
        district=report.district,
        received_at=times.render(report.received_at),
        flags=[flag.value for flag in report.flags],
        notes=[text("report.outside", call.language)] if Flag.OUTSIDE in report.flags else [],
        emergency=responses.emergency(wiring.catalogue().emergency.number, call.language),
        uploads=[responses.upload(grant) for grant in granted],
    )


@endpoint(
    bp,
    "GET",
    "/v1/reports/mine",
    summary="Read one's report by the receipt alone",
    tag="Reports",
    access=Access.RECEIPT,
    returns={200: responses.ReporterView, 304: None},
)
def read_report_by_receipt(call: Call) -> Response:
    """The same as with the id, for whoever has only the receipt: typed from paper, say. Wrong ones
    are 404, like unknown ids.
    """
    return _reporter_view(_own(call), call)


@endpoint(
    bp,
    "GET",
    "/v1/reports/{report_id}",
    summary="Read one's report",
    tag="Reports",
    access=Access.RECEIPT,
    returns={200: responses.ReporterView, 304: None},
)
def read_report(call: Call) -> Response:
    """A coarse status, what was said, and how far the media are. Ask again after `poll_after_s`
    seconds, with `If-None-Match`.
    """
    return _reporter_view(_own(call), call)


@endpoint(
    bp,
    "POST",
    "/v1/reports/{report_id}/media",
    summary="Add media to a report",
    tag="Media",
    access=Access.RECEIPT,
    body=MoreMedia,
    returns={201: responses.Uploads},
    raises=(
        errors.Conflict("key_reused"),
        errors.Conflict("withdrawn"),
        errors.Conflict("too_many_media"),
    ),
    key=Key.OPTIONAL,
    example={"media": [{"content_type": "video/mp4", "size": 48211002}]},
)
def add_media(call: Call) -> Response:
    """Up to 5 in a call and 10 in a report, at any time before it is withdrawn. The grants come in
    the order of the media.
    """
    case = _own(call, consistent=True)
    media = uploads.declare_media(
        case,
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        reports=wiring.reports(),
        now=call.now,
    )
    waiting = [medium for medium in media if medium.state is MediaState.AWAITING]
    granted = uploads.grant_uploads(
        case.report.id, waiting, bucket=wiring.bucket(), signed_at=wiring.wall_clock()
    )
    return Response(
        responses.Uploads(uploads=[responses.upload(grant) for grant in granted]), status=201
    )


@endpoint(
    bp,
    "POST",
    "/v1/reports/{report_id}/media/{media_id}/grant",
    summary="A fresh grant for a medium that is not up yet",
    tag="Media",
    access=Access.RECEIPT,
    returns={200: responses.Upload},
    raises=tuple(errors.Conflict(code) for code in ("not_awaiting", "media_rejected", "withdrawn")),
)
def renew_grant(call: Call) -> Response:
    """Grants live 60 minutes and cost nothing: ask for one when about to send, as often as needed.

    409 `not_awaiting` means that the file has arrived. `media_rejected` means that it has not, or
    was no good: add it anew to send it.
    """
    grant = uploads.renew_grant(
        _own(call, consistent=True),
        call.path["media_id"],
        bucket=wiring.bucket(),
        signed_at=wiring.wall_clock(),
    )
    return Response(responses.upload(grant))


@endpoint(
    bp,
    "POST",
    "/v1/reports/{report_id}/media/{media_id}/parts",
    summary="Start or resume an upload in parts",
    tag="Media",
    access=Access.RECEIPT,
    body=PartNumbers,
    returns={200: responses.PartUrls},
    raises=tuple(
        errors.Conflict(code)
        for code in ("not_awaiting", "media_rejected", "withdrawn", "not_in_parts", "upload_gone")
    ),
    example={"numbers": [1, 2, 3]},
)
def grant_parts(call: Call) -> Response:
    """PUT exactly one part's bytes to each URL. `held` are the parts that need not be sent again.

    Each number is given once. `{"numbers": []}` only asks what is held; a body there must be.
    """
    parts = uploads.grant_parts(
        _own(call, consistent=True),
        call.path["media_id"],
        call.body.numbers,
        bucket=wiring.bucket(),
        reports=wiring.reports(),
    )
    return Response(
        responses.PartUrls(
            held=[responses.HeldPart(number=part.number, etag=part.etag) for part in parts.held],
            parts=[responses.PartUrl(number=part.number, url=part.url) for part in parts.granted],
        )
    )


@endpoint(
    bp,
    "POST",
    "/v1/reports/{report_id}/media/{media_id}/complete",
    summary="Finish an upload in parts",
    tag="Media",
    access=Access.RECEIPT,
    returns={200: responses.MediumState},
    raises=tuple(
        errors.Conflict(code)
        for code in (
            "media_rejected",
            "not_in_parts",
            "upload_not_started",
            "upload_gone",
            "parts_missing",
            "size_mismatch",
        )
    ),
)
def complete_upload(call: Call) -> Response:
    """All parts must be held and add up to the declared size. Repeat it until it is answered.

    After 409 `size_mismatch` ask for the parts again: those of the wrong size are not among `held`.
    `media_rejected`: it came too late.
    """
    medium = uploads.complete_upload(
        _own(call, consistent=True),
        call.path["media_id"],
        bucket=wiring.bucket(),
        reports=wiring.reports(),
    )
    return Response(responses.MediumState(media_id=medium.media_id, state=medium.state.value))


@endpoint(
    bp,
    "POST",
    "/v1/reports/{report_id}/messages",
    summary="Write to the officers",
    tag="Reports",
    access=Access.RECEIPT,
    body=NewMessage,
    returns={201: responses.MessageView},
    raises=(errors.Conflict("key_reused"), errors.Conflict("withdrawn")),
    key=Key.OPTIONAL,
    example={"text": "He has been found by his daughter, thank you."},
)
def write_message(call: Call) -> Response:
    """Officers are told, and see it beside the report. Send an `Idempotency-Key`, or a repeated
    call is a second message.
    """
    case = _own(call, consistent=True)
    message = own_report.write_message(
        case,
        call.body.text,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        reports=wiring.reports(),
        now=call.now,
        limited=wiring.settings().limits
        and not wiring.catalogue().category(case.report.category).never_limited,
    )
    return Response(responses.message(message).model_dump(by_alias=True), status=201)


@endpoint(
    bp,
    "DELETE",
    "/v1/reports/{report_id}",
    summary="Withdraw a report",
    tag="Reports",
    access=Access.RECEIPT,
    returns={204: None},
)
def withdraw_report(call: Call) -> Response:
    """Contact details are erased at once; the report is listed as withdrawn, and gone after 30
    days.
    """
    own_report.withdraw_report(_own(call, consistent=True), reports=wiring.reports(), now=call.now)
    return Response(status=204)


def _own(call: Call, *, consistent: bool = False) -> Case:
    return own_report.open_own_report(
        call.receipt,
        report_id=call.path.get("report_id"),
        identity=wiring.identity(),
        reports=wiring.reports(),
        consistent=consistent,
    )


def _reporter_view(case: Case, call: Call) -> Response:
    report = case.report
    view = responses.ReporterView(
        id=report.id,
        reference=report.reference,
        category=report.category,
        status=REPORTER_STATUS[report.status],
        received_at=times.render(report.received_at),
        text=report.text,
        media=[_medium(medium, call.language) for medium in case.media],
        messages=[responses.message(entry) for entry in case.messages],
        outcome=_with_bulletin(_outcome(report, call.language), report, call.language),
        emergency=responses.emergency(wiring.catalogue().emergency.number, call.language),
        poll_after_s=_poll_after(case),
    )
    # The tag is of what is said, before the signed URLs, which differ each time.
    fields = view.model_dump(by_alias=True)
    response = conditional(
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")),
        call,
        {"Vary": "Authorization, Accept-Language"},
    )
    if response.status == 304:
        return response
    for medium, shown in zip(case.media, fields["media"], strict=True):
        shown["thumbnail_url"] = thumbnail_url(report.id, medium)
    return Response(
        fields,
        headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
    )


def _outcome(report: Report, language: str) -> responses.Outcome | None:
    """What came of a report that is closed. Whoever sent a duplicate is told as soon as it is
    known.
    """
    if report.status is Status.CLOSED:
        # As long as a label waits for a second officer, no more is said than that the report is
        # closed.
        disposition = report.disposition or "malicious"
        return responses.Outcome(
            text=text(f"outcome.{disposition}", language), reason=report.reason
        )
    if report.duplicate_of and report.status is not Status.WITHDRAWN:
        return responses.Outcome(text=text("outcome.duplicate", language))
    return None


def _with_bulletin(
    outcome: responses.Outcome | None, report: Report, language: str
) -> responses.Outcome | None:
    """Whoever sent a lead is told how the bulletin ended, whatever came of the lead itself."""
    ended = wiring.bulletins().outcome(report.bulletin_id) if report.bulletin_id else None
    if ended is None:
        return outcome
    _, told = wording(ended, language)
    return responses.Outcome(
        text=outcome.text if outcome else told,
        reason=outcome.reason if outcome else None,
        bulletin=told,
    )


def _medium(medium: Medium, language: str) -> responses.MediumView:
    return responses.MediumView(
        media_id=medium.media_id,
        content_type=responses.seen_type(medium),
        state=medium.state.value,
        reason=medium.reason.value if medium.reason else None,
        reason_text=text(f"reject.{medium.reason}", language) if medium.reason else None,
    )


def thumbnail_url(report_id: str, medium: Medium) -> str | None:
    if medium.state is not MediaState.READY:
        return None
    return picture_url(report_id, medium.media_id, "thumb.jpg", THUMBNAIL_LIFE_S)


def picture_url(
    report_id: str, media_id: str, name: Any, life_s: int, *, cache_control: str | None = None
) -> str:
    """A short-lived URL of a cleaned picture."""
    bucket = wiring.bucket()
    return grants.read_url(
        s3=bucket.s3,
        bucket=bucket.name,
        key=derived_key(report_id, media_id, name),
        version_id=None,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=life_s,
        cache_control=cache_control,
    )


def _poll_after(case: Case) -> int:
    if case.report.status in (Status.CLOSED, Status.WITHDRAWN):
        return _POLL_RARELY_S
    if any(not medium.state.is_verdict for medium in case.media):
        return _POLL_SOON_S
    return _POLL_LATER_S
