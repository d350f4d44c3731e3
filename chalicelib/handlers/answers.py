"""The shapes of the answers, for building them and for documenting them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from chalicelib.domain import times
from chalicelib.domain.languages import text
from chalicelib.domain.messages import Message
from chalicelib.domain.reports import Medium
from chalicelib.services.uploads import UploadGrant


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str


class Emergency(BaseModel):
    number: str
    text: str


class Upload(BaseModel):
    """How to send one medium. POST: send `fields` in their order as multipart/form-data, the file last. MULTIPART: ask for part URLs."""

    media_id: str
    method: Literal["POST", "MULTIPART"]
    url: str | None = None
    fields: dict[str, str] | None = None
    max_bytes: int | None = None
    part_size: int | None = None
    part_count: int | None = None
    expires_at: str


class Uploads(BaseModel):
    uploads: list[Upload]


class HeldPart(BaseModel):
    number: int
    etag: str


class PartUrl(BaseModel):
    number: int
    url: str


class PartUrls(BaseModel):
    held: list[HeldPart]
    parts: list[PartUrl]


class Created(BaseModel):
    id: str
    reference: str
    receipt: str = Field(
        description="The reporter's secret, and the only key to the report. Keep it; it cannot be had again without the Idempotency-Key."
    )
    category: str
    status: str
    urgency: str
    district: str
    received_at: str
    flags: list[str] = []
    emergency: Emergency
    uploads: list[Upload]


class MessageView(BaseModel):
    id: str
    from_: Literal["officer", "reporter"] = Field(alias="from", serialization_alias="from")
    text: str
    sent_at: str


class MediumView(BaseModel):
    media_id: str
    content_type: str
    state: str
    reason: str | None = None
    reason_text: str | None = None
    thumbnail_url: str | None = None


class ReporterView(BaseModel):
    id: str
    reference: str
    category: str
    status: Literal["received", "in_progress", "closed", "withdrawn"]
    received_at: str
    text: str | None
    media: list[MediumView]
    messages: list[MessageView]
    outcome: Any = None
    emergency: Emergency
    poll_after_s: int


class MediumState(BaseModel):
    media_id: str
    state: str


class OfficerView(BaseModel):
    username: str
    name: str
    roles: list[str]
    scope: dict[str, list[str]]


class MediaCount(BaseModel):
    total: int
    ready: int


class ListRow(BaseModel):
    id: str
    reference: str
    category: str
    status: str
    urgency: str
    district: str
    received_at: str
    assignee: str | None
    media: MediaCount
    unread: int
    version: int
    thumbnail_url: str | None
    bulletin_id: str | None = None


class ReportPage(BaseModel):
    items: list[ListRow]
    next_cursor: str | None


class OpenedMedium(BaseModel):
    media_id: str
    content_type: str
    state: str
    reason: str | None = None
    size: int | None = None
    sha256: str | None = None
    checksum: dict[str, str] | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    codec: str | None = None
    declared: dict[str, Any]
    thumbnail_url: str | None = None
    preview_url: str | None = None
    original_url: str | None = None
    hint: dict[str, Any] | None = None


class NoteView(BaseModel):
    id: str
    by: str
    text: str
    at: str


class OpenedReport(BaseModel):
    id: str
    reference: str
    category: str
    first_category: str | None = None
    status: str
    urgency: str
    district: str
    station: str | None
    received_at: str
    occurred_at: str | None
    text: str | None
    location: dict[str, Any] | None
    place: dict[str, float] | None
    details: dict[str, Any] | None
    details_version: int | None = None
    bulletin_id: str | None
    source: str | None
    flags: list[str]
    assignee: str | None
    disposition: str | None
    reason: str | None
    duplicate_of: str | None
    has_contact: bool
    unread: int
    version: int
    media: list[OpenedMedium]
    messages: list[MessageView]
    notes: list[NoteView]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, str]] | None = None


def emergency(number: str, language: str) -> Emergency:
    return Emergency(number=number, text=text("emergency.text", language, number=number))


def upload(grant: UploadGrant) -> Upload:
    if grant.post is None:
        return Upload(
            media_id=grant.medium.media_id,
            method="MULTIPART",
            part_size=grant.part_size,
            part_count=grant.part_count,
            expires_at=times.render(grant.expires_at),
        )
    return Upload(
        media_id=grant.medium.media_id,
        method="POST",
        url=grant.post.url,
        fields=grant.post.fields,
        max_bytes=grant.post.max_bytes,
        expires_at=times.render(grant.expires_at),
    )


def message(entry: Message) -> MessageView:
    return MessageView(id=entry.id, **{"from": entry.sender.value}, text=entry.text, sent_at=times.render(entry.sent_at))


def seen_type(medium: Medium) -> str:
    """The real type once it is known."""
    return medium.content_type or medium.declared_type
