"""Schemas of media, places and redactions, and short-lived URLs of files.

Each URL names one version of an object: the one that the verdict recorded, or the redaction. A file
that leaves the police has the address of `shared_url` and no other.
"""

from typing import Annotated, Any, Literal, Self

from chalicelib import wiring
from chalicelib.domain.reports.entries import Sender
from chalicelib.domain.reports.media import UNITS, Area, MediaState, RedactionState, is_sent
from chalicelib.domain.reports.report import Medium
from chalicelib.http.shapes import District, Minute, Shape, Timestamp
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.files import DerivedName, derived_key, original_key
from chalicelib.kernel.geo import Datum
from chalicelib.kernel.languages import text
from chalicelib.kernel.models import NotNull, left_out
from chalicelib.services.reports.uploads import UploadGrant


class ReducedUpload(Shape):
    """The form for the reduced picture of a photo. It is posted as that of the original, before it.
    `max_bytes` is its declared size.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int


class Upload(Shape):
    """A grant to upload one medium, valid until `expires_at`.

    For the method `POST`, post a form (multipart/form-data) to `url`: first all `fields` in their
    order, then the file as the field `file`. For `MULTIPART`, request URLs of parts of `part_size`
    bytes each (`POST /v1/reports/{report_id}/media/{media_id}/parts`). `reduced` is null
    where none was declared, and when it has arrived. `index` is the place of its medium in `media`
    of the call that declared it, from 0.
    """

    media_id: str
    index: int
    method: Literal["POST", "MULTIPART"]
    url: str | None = None
    fields: dict[str, str] | None = None
    max_bytes: int | None = None
    part_size: int | None = None
    part_count: int | None = None
    reduced: ReducedUpload | None = None
    expires_at: Timestamp

    @classmethod
    def granted(cls, grant: UploadGrant) -> Self:
        how: dict[str, Any] = (
            {"method": "MULTIPART", "part_size": grant.part_size, "part_count": grant.part_count}
            if grant.post is None
            else {
                "method": "POST",
                "url": grant.post.url,
                "fields": grant.post.fields,
                "max_bytes": grant.post.max_bytes,
            }
        )
        reduced = ReducedUpload.model_validate(grant.reduced) if grant.reduced else None
        return cls(
            media_id=grant.medium.media_id,
            index=grant.medium.position,
            expires_at=grant.expires_at,
            reduced=reduced,
            **how,
        )


class Uploads(Shape):
    uploads: list[Upload]


class VerdictView(Shape):
    """A medium and its state. If it was rejected, `reason` and `reason_text` say why."""

    media_id: str
    content_type: str
    state: MediaState
    reason: RejectReason | None
    reason_text: str | None

    @classmethod
    def in_language(cls, medium: Medium, language: str, **more: Any) -> Self:
        wording = text(f"reject.{medium.reason}", language) if medium.reason else None
        return cls.of(medium, content_type=seen_type(medium), reason_text=wording, **more)


def seen_type(medium: Medium) -> str:
    """Return the detected content type, or the declared one while it is not known."""
    return medium.content_type or medium.declared_type


def sender_of(medium: Medium) -> Sender:
    """Return who sent a medium of a report."""
    return Sender.OFFICER if is_sent(medium.media_id) else Sender.REPORTER


# In seconds. A picture keeps its URL within each minute of the clock, so that a browser that lists
# reports again has it already. So a URL is valid for five to six minutes.
PICTURE_LIFE_S = 300
_SAME_URL_S = 60
# A download is one request; it may last longer than its URL. A player makes a request each time
# that somebody seeks.
DOWNLOAD_LIFE_S = 60
PLAYBACK_LIFE_S = 900

# The codecs of accepted videos and sounds that all browsers play.
_PLAYED = frozenset({"h264", "aac"})


def picture_url(owner_id: str, media_id: str, name: DerivedName, version_id: str) -> str:
    """Return a URL of a cleaned picture."""
    return wiring.read_urls().read_url(
        derived_key(owner_id, media_id, name),
        version_id=version_id,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=PICTURE_LIFE_S,
        cache_control=f"private, max-age={_SAME_URL_S}",
        same_for_s=_SAME_URL_S,
    )


def published_picture_url(bulletin_id: str, media_id: str, version_id: str, *, life_s: int) -> str:
    """Return a URL of a picture of a bulletin that is valid for `life_s` seconds and no longer."""
    return wiring.read_urls().read_url(
        derived_key(bulletin_id, media_id, "preview.jpg"),
        version_id=version_id,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=life_s,
        cache_control=f"max-age={life_s}",
    )


def thumbnail_url(owner_id: str, medium: Medium, *, early: bool = False) -> str | None:
    """Return a URL of the thumbnail, or None while the medium is not ready. With `early`, that of
    its reduced picture until then.
    """
    if not _is_shown(medium, early) or medium.thumb_version is None:
        return None
    return picture_url(owner_id, medium.media_id, "thumb.jpg", medium.thumb_version)


def _is_shown(medium: Medium, early: bool) -> bool:
    return medium.state is MediaState.READY or (early and medium.is_early)


def preview_url(owner_id: str, medium: Medium, *, early: bool = False) -> str | None:
    """Return a URL of the preview, or None while the medium is not ready. With `early`, that of its
    reduced picture until then.
    """
    if not _is_shown(medium, early) or medium.preview_version is None:
        return None
    return picture_url(owner_id, medium.media_id, "preview.jpg", medium.preview_version)


def playback_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the cleaned sound; None of a picture, and while the medium is not ready.

    A player makes a request each time that somebody seeks.
    """
    return _played_url(owner_id, medium, "playback.m4a", medium.playback_version, "audio/mp4")


def clip_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of a video's clip; None when it has none, and while it is not ready."""
    return _played_url(owner_id, medium, "clip.mp4", medium.clip_version, "video/mp4")


def _played_url(
    owner_id: str, medium: Medium, name: DerivedName, version_id: str | None, content_type: str
) -> str | None:
    if medium.state is not MediaState.READY or version_id is None:
        return None
    return wiring.read_urls().read_url(
        derived_key(owner_id, medium.media_id, name),
        version_id=version_id,
        content_type=content_type,
        disposition="inline",
        expires_s=PLAYBACK_LIFE_S,
    )


def redacted_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL of the redacted picture, or None while there is none."""
    redaction = medium.redaction
    if redaction is None or redaction.state is not RedactionState.READY or not redaction.version:
        return None
    return picture_url(report_id, medium.media_id, "redacted.jpg", redaction.version)


def shared_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL of what others than officers may see of a medium: the preview, or, from when a
    redaction was asked for, the redacted picture alone. None while there is none.
    """
    return redacted_url(report_id, medium) if medium.redaction else preview_url(report_id, medium)


def original_url(report_id: str, medium: Medium) -> tuple[str, int]:
    """Return a URL of the unchanged first upload, and how many seconds it is valid.

    Browsers play a video or sound that they can, and download everything else. The content type is
    the detected one, never the one that the sender declared. The medium must have an original.
    """
    if medium.version_id is None:
        raise LookupError("no original")
    plays = medium.state is MediaState.READY and medium.codec in _PLAYED
    life_s = PLAYBACK_LIFE_S if plays else DOWNLOAD_LIFE_S
    url = wiring.read_urls().read_url(
        original_key(report_id, medium.media_id),
        version_id=medium.version_id,
        content_type=medium.content_type or "application/octet-stream",
        disposition="inline" if plays else "attachment",
        expires_s=life_s,
    )
    return url, life_s


class ReportedLocation(Shape):
    """The place as the reporter sent it, in degrees of `datum`."""

    lat: float
    lon: float
    datum: Datum
    accuracy_m: Annotated[float | None, NotNull()] = left_out()
    address: Annotated[str | None, NotNull()] = left_out()


class Place(Shape):
    """The place of the report, converted to WGS-84."""

    lat: float
    lon: float


class PositionView(Shape):
    """A later place of the report. `received_at` and `at`, the time by the phone, are to the
    minute; their order is that in which they came.

    `district` is that of the place, and may be another than that of the report. `heading` is in
    degrees, clockwise from north, `speed` in metres per second. `altered` is true when somebody
    changed the stored position. Then it has no place.
    """

    id: str
    received_at: Minute
    at: Minute | None
    location: ReportedLocation | None
    place: Place | None
    district: District | None
    heading: float | None
    speed: float | None
    altered: Annotated[bool | None, NotNull()] = left_out()


class PositionPage(Shape):
    """A page of positions, oldest first. `next_cursor` leads to those before it.

    When `restricted` is true the report was withdrawn, and its positions are left out.
    """

    items: list[PositionView]
    next_cursor: str | None
    restricted: bool


class AddedPosition(Shape):
    """A position that was stored. `left` is how many more the report takes."""

    id: str
    received_at: Timestamp
    left: int


class RegionView(Shape):
    """A region of the preview, in fractions of its width and height, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of_area(cls, area: Area) -> Self:
        return cls(
            x=area.left / UNITS,
            y=area.top / UNITS,
            width=(area.right - area.left) / UNITS,
            height=(area.bottom - area.top) / UNITS,
        )


class RedactionView(Shape):
    """A redaction: what of a picture nobody but officers may see.

    While it is `processing`, and when it has `failed`, the picture cannot be passed on. When it is
    `ready`, `url` shows what others get; it works for 5 to 6 minutes. Else `url` is null.
    """

    state: RedactionState
    by: str
    at: Timestamp
    regions: list[RegionView]
    url: str | None

    @classmethod
    def of_medium(cls, report_id: str, medium: Medium) -> Self | None:
        """Return the redaction of a medium; None when it has none."""
        if medium.redaction is None:
            return None
        regions = [RegionView.of_area(area) for area in medium.redaction.areas]
        return cls.of(medium.redaction, regions=regions, url=redacted_url(report_id, medium))
