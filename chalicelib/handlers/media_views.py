"""Media as responses show them: grants to upload, and how far each has come."""

from typing import Any, Literal, Self

from chalicelib.domain.languages import text
from chalicelib.domain.media import MediaState, RejectReason
from chalicelib.domain.reports import Medium
from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services.uploads import UploadGrant


class Upload(Shape):
    """How to send one medium. POST: send `fields` in their order as multipart/form-data, the file
    last. MULTIPART: ask for part URLs.
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
    """A medium and how far it has come. `reason` and its wording: why it was rejected."""

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
    """Return the real type once it is known, until then the declared one."""
    return medium.content_type or medium.declared_type
