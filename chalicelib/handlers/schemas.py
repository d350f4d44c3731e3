"""The shapes of the answers, for building them and for documenting them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.domain import times
from chalicelib.domain.holds import Hold
from chalicelib.domain.languages import text
from chalicelib.domain.messages import Message
from chalicelib.domain.reports import Medium
from chalicelib.services.uploads import UploadGrant


class Shape(BaseModel):
    """Built at first use: most calls answer with one of these."""

    model_config = ConfigDict(defer_build=True)


def shown(example: Any) -> ConfigDict:
    """Gives a model the example that the document and its page show."""
    return ConfigDict(json_schema_extra={"examples": [example]})


_EMERGENCY = {
    "number": "110",
    "text": "If somebody is in danger right now, call 110 at once. Do not wait for an answer here.",
}
_POST = {
    "media_id": "Q3B0TZ6E9W5N1YKD",
    "method": "POST",
    "url": "https://media.example/",
    "fields": {
        "Content-Type": "image/jpeg",
        "key": "originals/…",
        "policy": "…",
        "x-amz-signature": "…",
    },
    "max_bytes": 2483921,
    "part_size": None,
    "part_count": None,
    "expires_at": "2026-11-24T01:31:07.412Z",
}
_MULTIPART = {
    "media_id": "8ZV4M2H7RC0XJ5PA",
    "method": "MULTIPART",
    "url": None,
    "fields": None,
    "max_bytes": None,
    "part_size": 8388608,
    "part_count": 6,
    "expires_at": "2026-11-24T01:31:07.412Z",
}
_MESSAGE = {
    "id": "M5T8C1XW4Z9G2QNB",
    "from": "officer",
    "text": "Thank you. Is the man still at the bus stop?",
    "sent_at": "2026-11-24T00:40:12.051Z",
}
_MEDIUM = {
    "media_id": "Q3B0TZ6E9W5N1YKD",
    "content_type": "image/jpeg",
    "state": "ready",
    "reason": None,
    "reason_text": None,
    "thumbnail_url": "https://media.example/derived/…",
}
_REPORT = {
    "id": "7H2K9QXW3M5R8T1V4Y6Z0ABCDE",
    "reference": "K7Q2-M9XT",
    "category": "missing_elderly",
}
_ROW = {
    **_REPORT,
    "status": "new",
    "urgency": "high",
    "district": "chaoyang",
    "received_at": "2026-11-24T00:31:07.412Z",
    "assignee": None,
    "media": {"total": 1, "ready": 1},
    "unread": 0,
    "version": 1,
    "thumbnail_url": "https://media.example/derived/…",
    "bulletin_id": None,
}
_NOTE = {
    "id": "N1D6F3VK8S0R7JXE",
    "by": "officer",
    "text": "Patrol sent.",
    "at": "2026-11-24T00:41:55.300Z",
}
_OPENED = {
    **_REPORT,
    "first_category": None,
    "status": "acknowledged",
    "urgency": "high",
    "district": "chaoyang",
    "station": None,
    "received_at": "2026-11-24T00:31:07.412Z",
    "occurred_at": "2026-11-24T00:30:00.000Z",
    "text": "An old man in a blue coat, alone at the bus stop, cannot say where he lives.",
    "location": {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20},
    "place": {"lat": 39.9186, "lon": 116.4338},
    "details": None,
    "details_version": None,
    "bulletin_id": None,
    "source": None,
    "flags": [],
    "assignee": "officer",
    "disposition": None,
    "reason": None,
    "duplicate_of": None,
    "has_contact": False,
    "unread": 0,
    "version": 2,
    "media": [
        {
            "media_id": "Q3B0TZ6E9W5N1YKD",
            "content_type": "image/jpeg",
            "state": "ready",
            "reason": None,
            "size": 2483921,
            "sha256": None,
            "checksum": {"algorithm": "crc64nvme", "type": "full_object", "value": "7W1b8Qx0PzE="},
            "width": 4032,
            "height": 3024,
            "duration_s": None,
            "codec": None,
            "declared": {"content_type": "image/jpeg", "size": 2483921, "sha256": None},
            "thumbnail_url": "https://media.example/derived/…",
            "preview_url": "https://media.example/derived/…",
            "original_url": "https://media.example/originals/…",
            "hint": {"taken_at": "2026-11-24T00:29:41.000Z", "lat": 39.9187, "lon": 116.4339},
        }
    ],
    "messages": [_MESSAGE],
    "notes": [_NOTE],
}


class Health(Shape):
    model_config = shown({"status": "ok", "version": "0.1.0"})

    status: Literal["ok"] = "ok"
    version: str


class Emergency(Shape):
    number: str
    text: str


class Upload(Shape):
    """How to send one medium. POST: send `fields` in their order as multipart/form-data, the file
    last. MULTIPART: ask for part URLs.
    """

    model_config = shown(_POST)

    media_id: str
    method: Literal["POST", "MULTIPART"]
    url: str | None = None
    fields: dict[str, str] | None = None
    max_bytes: int | None = None
    part_size: int | None = None
    part_count: int | None = None
    expires_at: str


class Uploads(Shape):
    model_config = shown({"uploads": [_MULTIPART]})

    uploads: list[Upload]


class HeldPart(Shape):
    number: int
    etag: str


class PartUrl(Shape):
    number: int
    url: str


class PartUrls(Shape):
    model_config = shown(
        {
            "held": [{"number": 1, "etag": '"5d41402abc4b2a76b9719d911017c592"'}],
            "parts": [
                {"number": 2, "url": "https://media.example/…"},
                {"number": 3, "url": "https://media.example/…"},
            ],
        }
    )

    held: list[HeldPart]
    parts: list[PartUrl]


class Created(Shape):
    model_config = shown(
        {
            **_REPORT,
            "receipt": "4J8ZT0W6QK2N9XVB5M3HCRY7EG",
            "status": "received",
            "urgency": "high",
            "district": "chaoyang",
            "received_at": "2026-11-24T00:31:07.412Z",
            "flags": [],
            "notes": [],
            "emergency": _EMERGENCY,
            "uploads": [_POST, _MULTIPART],
        }
    )

    id: str
    reference: str
    receipt: str = Field(
        description="The reporter's secret, and the only key to the report. Keep it; it cannot be "
        "had again without the Idempotency-Key."
    )
    category: str
    status: str
    urgency: str
    district: str
    received_at: str
    flags: list[str] = []
    notes: list[str] = Field(
        default=[],
        description="What the reporter should be told, such as that the place lies outside the "
        "districts.",
    )
    emergency: Emergency
    uploads: list[Upload]


class MessageView(Shape):
    model_config = shown(_MESSAGE)

    id: str
    from_: Literal["officer", "reporter"] = Field(alias="from", serialization_alias="from")
    text: str
    sent_at: str


class MediumView(Shape):
    media_id: str
    content_type: str
    state: str
    reason: str | None = None
    reason_text: str | None = None
    thumbnail_url: str | None = None


class Outcome(Shape):
    """What came of it, in coarse words, and what the officer wrote for the reporter. `bulletin`:
    how the bulletin ended that it responses.
    """

    text: str
    reason: str | None = None
    bulletin: str | None = None


class ReporterView(Shape):
    model_config = shown(
        {
            **_REPORT,
            "status": "in_progress",
            "received_at": "2026-11-24T00:31:07.412Z",
            "text": "An old man in a blue coat, alone at the bus stop, cannot say where he lives.",
            "media": [_MEDIUM],
            "messages": [_MESSAGE],
            "outcome": None,
            "emergency": _EMERGENCY,
            "poll_after_s": 30,
        }
    )

    id: str
    reference: str
    category: str
    status: Literal["received", "in_progress", "closed", "withdrawn"]
    received_at: str
    text: str | None
    media: list[MediumView]
    messages: list[MessageView]
    outcome: Outcome | None = None
    emergency: Emergency
    poll_after_s: int


class MediumState(Shape):
    model_config = shown({"media_id": "8ZV4M2H7RC0XJ5PA", "state": "processing"})

    media_id: str
    state: str


class OfficerView(Shape):
    model_config = shown(
        {
            "username": "narrow",
            "name": "Officer Wang",
            "roles": ["officer"],
            "scope": {"categories": ["traffic_violation"], "districts": ["*"]},
        }
    )

    username: str
    name: str
    roles: list[str]
    scope: dict[str, list[str]]


_OFFICER_ROW = {
    "username": "narrow",
    "name": "Officer Wang",
    "active": True,
    "roles": ["officer"],
    "categories": ["traffic_violation"],
    "districts": ["*"],
    "email": "wang@police.example",
    "phone": None,
}


class OfficerRow(Shape):
    model_config = shown(_OFFICER_ROW)

    username: str
    name: str
    active: bool
    roles: list[str]
    categories: list[str]
    districts: list[str]
    email: str | None
    phone: str | None


class OfficerList(Shape):
    model_config = shown({"items": [_OFFICER_ROW]})

    items: list[OfficerRow]


class MediaCount(Shape):
    total: int
    ready: int


class ListRow(Shape):
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


class ReportPage(Shape):
    model_config = shown({"items": [_ROW], "next_cursor": None})

    items: list[ListRow]
    next_cursor: str | None


class HintView(Shape):
    """What the original says of itself, null where it says nothing.

    `taken_at` is UTC with a `Z` where the camera wrote its zone; where it did not, the camera's own
    clock, without one.
    """

    taken_at: str | None = None
    lat: float | None = None
    lon: float | None = None


class OpenedMedium(Shape):
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
    hint: HintView


class NoteView(Shape):
    model_config = shown(_NOTE)

    id: str
    by: str
    text: str
    at: str


class ProposalView(Shape):
    """A disposition that waits for a second officer."""

    disposition: str
    by: str
    at: str


class HoldView(Shape):
    """A legal hold. It keeps the report from deletion once `approved_by` is somebody, until
    `until`.
    """

    model_config = shown(
        {
            "by": "wang",
            "reason": "Evidence in a court case.",
            "until": "2027-11-24T00:00:00.000Z",
            "approved_by": "li",
        }
    )

    by: str
    reason: str
    until: str
    approved_by: str | None


class OpenedReport(Shape):
    """`restricted`: withdrawn, so what the reporter said is left out."""

    model_config = shown(_OPENED)

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
    proposal: ProposalView | None = None
    reason: str | None
    duplicate_of: str | None
    acknowledged_at: str | None = None
    closed_at: str | None = None
    has_contact: bool
    hold: HoldView | None = None
    restricted: bool = False
    unread: int
    version: int
    media: list[OpenedMedium]
    messages: list[MessageView]
    notes: list[NoteView]


class ChangedReport(Shape):
    model_config = shown(
        {
            **_REPORT,
            "first_category": None,
            "status": "closed",
            "urgency": "high",
            "district": "chaoyang",
            "assignee": "officer",
            "disposition": "resolved",
            "proposal": None,
            "reason": "He was found at the bus depot and is at home again.",
            "duplicate_of": None,
            "version": 3,
        }
    )

    id: str
    reference: str
    category: str
    first_category: str | None
    status: str
    urgency: str
    district: str
    assignee: str | None
    disposition: str | None
    proposal: ProposalView | None
    reason: str | None
    duplicate_of: str | None
    version: int


class ContactView(Shape):
    model_config = shown({"name": "Li", "phone": "+86 138 0000 0000", "email": None})

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class HistoryEntry(Shape):
    at: str
    by: str
    action: str
    detail: dict[str, Any] | None


class History(Shape):
    model_config = shown(
        {
            "items": [
                {
                    "at": "2026-11-24T00:33:41.020Z",
                    "by": "officer",
                    "action": "open",
                    "detail": None,
                },
                {
                    "at": "2026-11-24T00:34:02.775Z",
                    "by": "officer",
                    "action": "change",
                    "detail": {
                        "version": 2,
                        "fields": {"status": {"old": "new", "new": "acknowledged"}},
                    },
                },
            ]
        }
    )

    items: list[HistoryEntry]


class CaseHistoryEntry(HistoryEntry):
    verified: bool


class CaseHistory(Shape):
    model_config = shown(
        {
            "items": [
                {
                    "at": "2026-11-24T00:33:41.020Z",
                    "by": "officer",
                    "action": "open",
                    "detail": None,
                    "verified": True,
                },
                {
                    "at": "2026-11-24T00:34:02.775Z",
                    "by": "officer",
                    "action": "change",
                    "detail": {
                        "version": 2,
                        "fields": {"status": {"old": "new", "new": "acknowledged"}},
                    },
                    "verified": True,
                },
            ]
        }
    )

    items: list[CaseHistoryEntry]


class Template(Shape):
    code: str
    title: dict[str, str]
    text: dict[str, str]
    placeholders: list[str]


class Templates(Shape):
    model_config = shown(
        {
            "items": [
                {
                    "code": "thank_you",
                    "title": {"zh": "感谢", "en": "Thank you"},
                    "text": {
                        "zh": "感谢您的举报（编号 {reference}）。",
                        "en": "Thank you for your report ({reference}).",
                    },
                    "placeholders": ["reference"],
                }
            ]
        }
    )

    items: list[Template]


class Problem(Shape):
    """RFC 9457."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, str]] | None = None
    legal: list[str] | None = None


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        by=hold.by, reason=hold.reason, until=times.render(hold.until), approved_by=hold.approved_by
    )


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
    return MessageView(
        id=entry.id,
        **{"from": entry.sender.value},
        text=entry.text,
        sent_at=times.render(entry.sent_at),
    )


def seen_type(medium: Medium) -> str:
    """The real type once it is known."""
    return medium.content_type or medium.declared_type
