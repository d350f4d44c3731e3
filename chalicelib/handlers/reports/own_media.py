"""Reporters' routes to declare media and upload them, in parts if they are large."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from chalicelib import wiring
from chalicelib.domain.catalogue.attachments import (
    MAX_MEDIA_PER_CALL,
    MAX_PARTS_PER_CALL,
    DeclaredFile,
)
from chalicelib.domain.reports.media import MediaState
from chalicelib.handlers.reports.own_report import own_media_case
from chalicelib.handlers.reports.views import Upload, Uploads
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape
from chalicelib.kernel import errors
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.models import Input
from chalicelib.services.reports import uploads
from chalicelib.services.reports.uploads import Declaration

routes = Routes("Media", Access.RECEIPT)


_REJECTED = errors.Conflict("media_rejected", reason=RejectReason.NOT_RECEIVED)
# No maximum here: the number of parts depends on the size of the upload.
_PART = Field(json_schema_extra={"minimum": 1})


class MoreMedia(Input):
    media: tuple[DeclaredFile, ...] = Field(
        min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False
    )


class PartNumbers(Input):
    numbers: tuple[Annotated[int, _PART], ...] = Field(
        max_length=MAX_PARTS_PER_CALL, strict=False, json_schema_extra={"uniqueItems": True}
    )

    @field_validator("numbers")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise PydanticCustomError("repeated", "Each number once.")
        return value


class HeldPart(Shape):
    number: int
    etag: str


class PartUrl(Shape):
    number: int
    url: str


class PartUrls(Shape):
    """URLs to upload parts.

    `held` lists the parts that are already stored. `parts` has a URL for each
    requested part that is not stored yet. There are `part_count` parts of `part_size` bytes, of
    which the last one has the rest: after a restart this is all that an app needs to know.
    """

    part_size: int
    part_count: int
    held: list[HeldPart]
    parts: list[PartUrl] = Field(validation_alias="granted")


class UploadedMedium(Shape):
    media_id: str
    state: MediaState


@routes.post(
    "/v1/reports/{report_id}/media",
    body=MoreMedia,
    headers=(Header.OPTIONAL_KEY,),
    returns=Uploads,
    raises=(errors.KeyReused, "withdrawn", "too_many_media", "too_many_bytes"),
)
def add_media(call: Call) -> Response:
    """Add media to a report.

    Declare up to 5 media in a call and 10 in a report, which have 500 MiB together, or more if an
    officer asked for them. The response has a grant to upload each, whose `index` is the place in
    `media`. Upload the files with these grants. A withdrawn report accepts no more media. On a
    closed report, media put the deletion off, as a message does.

    Send an `Idempotency-Key`: without one, a repeated call adds the media again.
    """
    case = own_media_case(call)
    declaration = Declaration(
        case.report.id,
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        now=call.now,
        prefix=case.report.media_prefix,
    )
    media = uploads.declare_media(case, declaration, reports=wiring.reports(), now=call.now)
    granted = uploads.grant_uploads(
        case.report.id,
        media,
        bucket=wiring.bucket(),
        signed_at=wiring.clock.wall_clock(),
        now=call.now,
    )
    view = Uploads(uploads=[Upload.granted(grant) for grant in granted])
    return Response(view, replayed=declaration.replayed)


@routes.post(
    "/v1/reports/{report_id}/media/{media_id}/grant",
    returns={200: Upload},
    raises=("not_awaiting", _REJECTED, "withdrawn"),
)
def renew_grant(call: Call) -> Response:
    """Get a new grant for a medium.

    A grant is valid for 60 minutes, and ends half an hour before the 24 hours that a file has.
    Request a new one whenever you start or repeat an upload.

    409 `not_awaiting` means that the file has already arrived. 409 `media_rejected` means that it
    did not arrive in time, or was not accepted, as its `reason` says: only after `not_received` and
    `size_mismatch` add the same file again, as a new medium.
    """
    grant = uploads.renew_grant(
        own_media_case(call),
        call.path["media_id"],
        bucket=wiring.bucket(),
        signed_at=wiring.clock.wall_clock(),
        now=call.now,
    )
    return Response(Upload.granted(grant))


@routes.post(
    "/v1/reports/{report_id}/media/{media_id}/parts",
    body=PartNumbers,
    returns={200: PartUrls},
    raises=(_REJECTED, "not_awaiting", "withdrawn", "not_in_parts", "upload_gone"),
)
def grant_parts(call: Call) -> Response:
    """Start or resume an upload in parts.

    Send the numbers of the parts to upload, each once. The response has a URL for each part that is
    not stored yet. Send the bytes of one part to its URL with `PUT`. Parts in `held` are already
    stored: do not send them again.

    To only list the stored parts, send `{"numbers": []}`. When all parts are stored, complete the
    upload.
    """
    parts = uploads.grant_parts(
        own_media_case(call),
        call.path["media_id"],
        call.body.numbers,
        bucket=wiring.bucket(),
        reports=wiring.reports(),
        now=call.now,
    )
    return Response(PartUrls.model_validate(parts))


@routes.post(
    "/v1/reports/{report_id}/media/{media_id}/complete",
    returns={200: UploadedMedium},
    raises=(
        _REJECTED,
        "withdrawn",
        "not_in_parts",
        "upload_not_started",
        "upload_gone",
        "parts_missing",
        "size_mismatch",
    ),
)
def complete_upload(call: Call) -> Response:
    """Complete an upload in parts.

    All parts must be stored, and together have the declared size. Repeat the call until a response
    arrives that is not 503. 503 can mean that it is not known yet whether the file has arrived.

    409 `parts_missing` and `size_mismatch` mean that parts are missing or have the wrong size. List
    the parts again, and send those that are not in `held`. 409 `media_rejected` means that the
    upload came too late.
    """
    medium = uploads.complete_upload(
        own_media_case(call),
        call.path["media_id"],
        bucket=wiring.bucket(),
        reports=wiring.reports(),
        now=call.now,
    )
    return Response(UploadedMedium.model_validate(medium))
