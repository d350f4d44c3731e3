"""A report: what is sent (`Submission`), what is stored (`Report`), and its progress (`Status`)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_CALL, Declared
from chalicelib.domain.catalogue.codes import AcceptedDatum, CategoryCode
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.media import MediaState, Redaction
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.files import CRITICAL_PREFIX
from chalicelib.kernel.geo import Datum
from chalicelib.kernel.models import Input, NotNull, Record
from chalicelib.kernel.outbox import Lane
from chalicelib.kernel.text import Bounded, ContactEmail, ContactPhone, Line, ReporterText, is_blank
from chalicelib.kernel.times import Moment

# Phones' clocks are wrong: a time up to this far ahead is flagged, a later one is refused.
CLOCK_SKEW = timedelta(hours=24)


class Status(StrEnum):
    """The status of a report, as officers see it."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


OPEN_STATUSES = frozenset({Status.NEW, Status.ACKNOWLEDGED, Status.IN_PROGRESS})


class Disposition(StrEnum):
    """The result of a closed report."""

    RESOLVED = "resolved"
    NO_ACTION = "no_action"
    DUPLICATE = "duplicate"
    UNFOUNDED = "unfounded"
    MALICIOUS = "malicious"
    NOT_POLICE = "not_police"


class ReporterStatus(StrEnum):
    """The status of a report, as the reporter sees it: less detailed than for officers."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


REPORTER_STATUS: dict[Status, ReporterStatus] = {
    Status.NEW: ReporterStatus.RECEIVED,
    Status.ACKNOWLEDGED: ReporterStatus.IN_PROGRESS,
    Status.IN_PROGRESS: ReporterStatus.IN_PROGRESS,
    Status.CLOSED: ReporterStatus.CLOSED,
    Status.WITHDRAWN: ReporterStatus.WITHDRAWN,
}


class Flag(StrEnum):
    CLOCK_SKEW = "clock_skew"
    OUTSIDE = "outside_district"
    AFTER_CLOSING = "after_closing"
    MUTED = "muted"
    REFERRED = "referred"
    REFERRAL_DECLINED = "referral_declined"
    PASSED_ON = "passed_on"
    OVERDUE = "overdue"


DRILL = "drill"

type Source = Literal["phone", "desk", "other", "drill"]
"""Where an officer's entry comes from. The source `drill` marks any report as a drill."""


def _tiny_as_zero(value: float) -> float:
    # The table takes no number below 1e-130, and a report must not fail because of one.
    return value if abs(value) > 1e-100 else 0.0


# After the bounds, so that the OpenAPI document states these.
TINY_AS_ZERO = AfterValidator(_tiny_as_zero)


class Location(Input):
    """Where it happened, in degrees of `datum`. Most map SDKs in China use `gcj02`."""

    lat: Annotated[float, Field(ge=-90, le=90), TINY_AS_ZERO]
    lon: Annotated[float, Field(ge=-180, le=180), TINY_AS_ZERO]
    datum: AcceptedDatum = Datum.WGS84
    accuracy_m: Annotated[float, Field(ge=0, le=100_000), TINY_AS_ZERO] | None = None
    address: Line | None = None


class Contact(Input):
    """How to reach the reporter. It is optional.

    It is stored apart from the report. An officer must give a reason to see it.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Annotated[str, Bounded(100, one_line=True)] | None = None
    phone: ContactPhone | None = None
    email: ContactEmail | None = None

    @model_validator(mode="after")
    def _something_is_there(self) -> Self:
        if not (self.name or self.phone or self.email):
            raise PydanticCustomError(
                "required", "A contact needs a name, a phone or an e-mail address."
            )
        return self


class ReportContent(Input):
    """What a report says: a category, and a text or media. The rest is optional."""

    category: CategoryCode
    text: ReporterText | None = None
    occurred_at: Moment | None = None
    location: Location | None = None
    details: Annotated[
        dict[str, Any],
        WithJsonSchema(
            {
                "type": "object",
                "additionalProperties": {"type": ["boolean", "integer", "string"]},
                "description": "The category's own fields, all optional: the catalogue describes "
                "them.",
            }
        ),
    ] = Field(default_factory=dict)
    bulletin_id: str | None = Field(default=None, min_length=1, max_length=40)
    contact: Contact | None = None
    media: tuple[Declared, ...] = Field(default=(), max_length=MAX_MEDIA_PER_CALL, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _blank_text_beside_media_is_absent(cls, data: Any) -> Any:
        if (
            isinstance(data, dict)
            and isinstance(data.get("text"), str)
            and is_blank(data["text"])
            and data.get("media")
        ):
            return {name: value for name, value in data.items() if name != "text"}
        return data

    @model_validator(mode="after")
    def _text_or_media(self) -> Self:
        if self.text is None and not self.media:
            raise PydanticCustomError("needs_text_or_media", "A report needs a text or media.")
        return self


class Submission(ReportContent):
    """The body of `POST /v1/reports`: a category, and a text or media. The rest is optional.

    With `source: drill` the report is a drill: it is kept and shown as one, nobody is notified of
    it, and it counts in no statistics.
    """

    source: Annotated[Literal["drill"] | None, NotNull()] = None

    @field_validator("source")
    @classmethod
    def _is_not_null(cls, value: str | None) -> str:
        if value is None:
            raise PydanticCustomError("wrong_type", "Leave `source` out, or send `drill`.")
        return value


class OfficerSubmission(ReportContent):
    """A report that an officer enters on a caller's behalf."""

    source: Source


class Proposal(Record):
    """A disposition that takes effect after a second officer has confirmed it."""

    disposition: str
    by: str
    at: datetime


class Content(Record):
    """What a report says. It is stored sealed. `place` is in WGS-84; `location` is as sent."""

    text: str | None = None
    occurred_at: datetime | None = None
    location: dict[str, Any] | None = None
    place: dict[str, float] | None = None
    details: dict[str, Any] | None = None
    details_version: int | None = None


class Listed(NamedTuple):
    """Marks a field that officers' lists show. `short` is its name in what the HEAD copies for
    lists: each write pays for names, in the table and in each index.
    """

    short: str


class Report(Record):
    """A report as stored (the HEAD item): what is not sealed, and what seals the rest.

    `version` grows by one with each accepted change by an officer, and with nothing else.
    `public_key` seals what is written about the report. Its private half is stored for officers as
    `wrapped_key`, encrypted to the key in KMS `wrapping_key` (an ARN). `sealed` is the `Content`,
    `sealed_reason` the reason of the outcome. `body_hash` goes when the report is withdrawn.
    `ledger_id` and `commitments` are what the ledger needs (`Recorded`). `sealed_sketch` is what
    similar reports are found by, until it is recorded (`domain/reports/incidents.py`).

    `decided_at` is the time of the present disposition: the closing, its change or confirmation.
    `put_off_until` is the time to which its deletion was put off, `reopened_at` when the reporter
    reopened it. `unread` and `unread_media` count the reporter's messages, and the media that
    arrived after the closing, since an officer's last message or PATCH. `duplicates` is the number
    of reports that have this one as their original. `message_due` is the time of the latest notice
    of a message. `paced_until` limits a flood of messages (`entries.paced`). `media_asked`
    counts the messages in which officers asked for media. `followers` are the usernames of officers
    who follow it. `unproven`: it came in a flood without a proof of work, in a category that is
    never limited. `uncounted`: it does not count towards the load level. `shadow`: its category was
    only tried when it came in. `category_labels` are those of an added category.
    `deadline` is the time to acknowledge it, in minutes after the receipt; `attended`: an officer
    has attended to it since, so nobody is notified again.
    """

    id: str
    reference: Annotated[str, Listed("re")]
    category: Annotated[str, Listed("ca")]
    status: Annotated[Status, Listed("st")] = Status.NEW
    urgency: Annotated[Urgency, Listed("ur")]
    district: Annotated[str, Listed("di")]
    received_at: datetime
    body_hash: str | None = None
    ledger_id: bytes | None = None
    commitments: bytes | None = None
    public_key: bytes
    wrapped_key: bytes
    wrapping_key: str
    sealed: bytes
    sealed_reason: bytes | None = None
    sealed_sketch: bytes | None = None
    version: Annotated[int, Listed("ve")] = 1
    station: str | None = None
    bulletin_id: Annotated[str | None, Listed("bu")] = None
    source: Annotated[str | None, Listed("so")] = None
    flags: Annotated[tuple[Flag, ...], Listed("fl")] = ()
    first_category: str | None = None
    assignee: Annotated[str | None, Listed("as")] = None
    followers: tuple[str, ...] = ()
    disposition: str | None = None
    proposal: Proposal | None = None
    duplicate_of: str | None = None
    media_total: Annotated[int, Listed("mt")] = 0
    media_ready: Annotated[int, Listed("mr")] = 0
    media_settled: int = 0
    thumb: Annotated[str | None, Listed("th")] = None
    unread: Annotated[int, Listed("un")] = 0
    unread_media: int = 0
    messages: int = 0
    message_due: datetime | None = None
    paced_until: datetime | None = None
    duplicates: int = 0
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    decided_at: datetime | None = None
    put_off_until: datetime | None = None
    reopened_at: datetime | None = None
    has_contact: bool = False
    unproven: bool = False
    uncounted: bool = False
    deadline: int | None = None
    attended: bool = False
    shadow: bool = False
    category_labels: dict[str, str] | None = None
    media_asked: int = 0

    @property
    def is_drill(self) -> bool:
        return self.source == DRILL

    @property
    def lane(self) -> Lane:
        return lane_of(self.urgency, unproven=self.unproven)

    @property
    def media_prefix(self) -> str:
        """Return how the ids of media begin that are declared now."""
        return CRITICAL_PREFIX if self.lane is Lane.CRITICAL else ""


LISTED: Mapping[str, str] = {
    **{
        name: mark.short
        for name, field in Report.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Listed)
    },
    "same_as": "sa",
    "awaits": "aw",
}
"""The attributes of a HEAD that it copies for lists, with their names there. Two are no fields:
`same_as`, the report that had the same text first, and `awaits`, the steps that await a second
person. `id` and `received_at` are in the keys of every index.
"""


class Medium(Record):
    """One attachment as kept (a MEDIA# item).

    The declared type and size stay beside the real ones, which count. `position` is the place in
    the call that declared it: senders match their files by the order of the response.
    `version_id`, `thumb_version`, `preview_version` and `playback_version` are the versions that
    the verdict names: no other version is ever read. `recorded_at` is the time of the verdict,
    `later_uploads` the number of uploads to the same key after it that were removed.
    `completing` are the ETags of the parts of an upload that is being completed. `attempts` is how
    often an upload without a verdict was sent to `make_thumbnails` again. `hint` is never
    stored: it is what opens `sealed_hint`. `sealed_sketch` is as in a report.
    """

    media_id: str
    state: MediaState = MediaState.AWAITING
    reason: RejectReason | None = None
    declared_type: str
    declared_size: int
    declared_sha256: str | None = None
    created_at: datetime
    position: int = 0
    content_type: str | None = None
    size: int | None = None
    checksum: dict[str, str] | None = None
    version_id: str | None = None
    sequencer: str | None = None
    upload_id: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    codec: str | None = None
    hint: dict[str, Any] | None = None
    sealed_hint: bytes | None = None
    sealed_sketch: bytes | None = None
    thumb_version: str | None = None
    preview_version: str | None = None
    playback_version: str | None = None
    recorded_at: datetime | None = None
    later_uploads: int = 0
    completing: tuple[str, ...] | None = None
    attempts: int = 0
    redaction: Redaction | None = None

    @property
    def is_delayed(self) -> bool:
        """Return whether a fault of ours keeps it from its verdict.

        Its event may have been lost once. When it was sent again and there is still none, it is
        more than that.
        """
        return self.attempts > 1 and not self.state.is_verdict


def lane_of(urgency: Urgency, *, unproven: bool) -> Lane:
    """Return the lane of a report's notices. An unproven one never delays a proven one."""
    return Lane.CRITICAL if urgency is Urgency.CRITICAL and not unproven else Lane.NORMAL
