"""Schemas of media: grants to upload, and states."""

from typing import Any, Literal, Self

from chalicelib.domain.derived import RejectReason
from chalicelib.domain.languages import text
from chalicelib.domain.media import MediaState
from chalicelib.domain.messages import Sender
from chalicelib.domain.reports import Medium
from chalicelib.domain.sent_files import is_sent
from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services.uploads import UploadGrant


class Upload(Shape):
    """A grant to upload one medium, valid until `expires_at`.

    For the method `POST`, post a form (multipart/form-data) to `url`: first all `fields` in their
    order, then the file as the field `file`. For `MULTIPART`, request URLs of parts of `part_size`
    bytes each (`POST /v1/reports/{report_id}/media/{media_id}/parts`).
    """

    media_id: str
    method: Literal["POST", "MULTIPART"]
    url: str | None = None
    fields: dict[str, str] | None = None
    max_bytes: int | None = None
    part_size: int | None = None
    part_count: int | None = None
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
        return cls(media_id=grant.medium.media_id, expires_at=grant.expires_at, **how)


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
