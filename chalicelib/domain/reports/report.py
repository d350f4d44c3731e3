"""A report: what is sent (`Submission`), what is stored (`Report`), and its progress (`Status`)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_CALL, DeclaredFile
from chalicelib.domain.catalogue.codes import AcceptedDatum, CategoryCode
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.media import MediaState, Redaction
from chalicelib.kernel import geo
from chalicelib.kernel.derived import NoClip, RejectReason
from chalicelib.kernel.files import CRITICAL_PREFIX
from chalicelib.kernel.geo import Datum
from chalicelib.kernel.models import TINY_AS_ZERO, Input, NotNull, Record
from chalicelib.kernel.outbox import Lane
from chalicelib.kernel.text import (
    Bounded,
    Code,
    ContactEmail,
    ContactPhone,
    Day,
    Id,
    Label,
    Line,
    ReporterText,
    Username,
    is_blank,
)
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
    HAND_OVER = "hand_over"
    OVERDUE = "overdue"


DRILL = "drill"

type Source = Literal["phone", "desk", "other", "drill"]
"""Where an officer's entry comes from. The source `drill` marks any report as a drill."""


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
                "empty_contact", "A contact needs a name, a phone or an e-mail address."
            )
        return self


class Listed(NamedTuple):
    """Marks a field that officers' lists show. `short` is its name in what the HEAD copies for
    lists: each write pays for names, in the table and in each index.
    """

    short: str


class Mark(Enum):
    """What a field of a report says beside itself. What is not KEPT goes at a withdrawal. What is
    neither MOVED nor LEFT is in `ReportedAs`.
    """

    KEPT = "stays when the report is withdrawn"
    CLEARED = "goes when the report is withdrawn"
    MOVED = "goes along when the report moves to oversight, or back"
    LEFT = "stays behind then: nobody but oversight may have it, or find the report by it"
    SEALED = "opens only with a private key, and is never listed, a filter or a column"
    FILTER = "officers can filter lists by it"
    EXPORTED = "has a column in the table of an export"
    APART = "is sent, and intake stores it beside the report, or what follows from it"
    MADE = "is in the content, and intake makes it of what is sent"


KEPT, CLEARED, MOVED, LEFT, SEALED, FILTER, EXPORTED, APART, MADE = Mark


class ReportContent(Input):
    """What a report says: a category, and a text or media. The rest is optional.

    Intake copies each field to the one of this name, in `Content` or `Report`.
    """

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
    bulletin_id: Id | None = Field(default=None, min_length=1, max_length=40)
    contact: Annotated[Contact | None, APART] = None
    media: Annotated[tuple[DeclaredFile, ...], APART] = Field(
        default=(), max_length=MAX_MEDIA_PER_CALL, strict=False
    )
    concerns_police: Annotated[bool, APART] = Field(
        default=False,
        description="It is about a police officer. Then only the body named in the catalogue under "
        "`oversight` sees it, and no station.",
    )

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

    With `source: drill` the report is a drill: it is kept and shown as one, only officers who asked
    for drills are notified of it, and it counts in no statistics.
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
    """An end that waits for a second officer, whole: its disposition, its reason (sealed), and the
    original of a duplicate. Until it is confirmed the report is as it was. `others` have changed
    one of these since: they are its authors as well as `by`. `by_machine`: no person has ended the
    report. Rows of 0.2.0rc1 have no reason here: such a report was closed at once.
    """

    disposition: Code
    by: Username
    at: datetime
    others: tuple[Username, ...] = ()
    by_machine: bool = False
    sealed_reason: Annotated[bytes | None, SEALED] = None
    duplicate_of: Id | None = None

    @property
    def authors(self) -> frozenset[str]:
        return frozenset((self.by, *self.others))


class ReminderOf(StrEnum):
    """What a reminder is for."""

    LOOK_AGAIN = "look_again"
    LEGAL_DEADLINE = "legal_deadline"


class Reminder(Record):
    """A day (`YYYY-MM-DD`) from which a report is in the first rows of those whom it concerns."""

    on: Day
    of: ReminderOf
    by: Username


class SealedGist(Record):
    """One line that an officer wrote, for lists. It opens with the key of this name: a district, or
    oversight, and a month (docs/adr/0075).
    """

    key: Code
    sealed: bytes


class ReportedAs(Record):
    """What a report about the police is of: the values that its HEAD has of any other report."""

    category: str
    first_category: str | None = None
    district: str
    station: str | None = None
    bulletin_id: str | None = None


class Returning(Record):
    """What one of oversight asks for: to return a report to its station. The reason is in the
    audit.
    """

    by: Username
    at: datetime


class Content(Record):
    """What a report says. It is stored sealed. `place` is in WGS-84; `location` is as sent.
    `reported_as` is of a report about the police alone.
    """

    text: str | None = None
    occurred_at: datetime | None = None
    location: dict[str, Any] | None = None
    place: Annotated[dict[str, float] | None, MADE] = None
    details: dict[str, Any] | None = None
    details_version: Annotated[int | None, MADE] = None
    reported_as: Annotated[ReportedAs | None, MADE] = None


class Report(Record):
    """A report as stored (the HEAD item). tests/unit/test_report_fields.py names what a new field
    needs.

    `version` grows by one with each accepted change by an officer, and with nothing else.
    `public_key` seals what is written about the report. Its private half is stored for officers as
    `wrapped_key`, encrypted to the key in KMS `wrapping_key` (an ARN). `sealed` is the `Content`,
    `sealed_reason` the reason of the outcome, `sealed_sketch` what similar reports are found by
    until it is recorded (`domain/reports/incidents.py`), `same_as` the report that had the same
    text first. `ledger_id` and `commitments` are what the ledger needs (`Recorded`).

    `decided_at` is the time of the present disposition: the closing, its change or confirmation.
    `put_off_until` is the time to which its deletion was put off, `reopened_at` when the reporter
    reopened it. `unread` and `unread_media` count the reporter's messages, and the media that
    arrived after the closing, since an officer read or answered. `duplicates` is the number of
    reports that have this one as their original. `incident` is the id of that which an officer has
    taken it into, `by_hand` when they have named it: while it is new and urgent, it has a row of
    its own. `message_due` is the time of the latest notice of
    a message. `paced_until` limits a flood of messages (`entries.paced`). `media_asked` counts the
    messages in which officers asked for media. `followers` are usernames. `unproven`: it came
    without the proof of work that it should have, in a category that is never limited; `in_burst`:
    as one of many such. `turn` is its source's, as the gate has given it. `uncounted`: it does
    not count towards the load level. `shadow`: its category was only tried when it came in.
    `category_labels` are those of an added category. `deadline` is the time to acknowledge it, in
    minutes after the receipt; `attended`: an officer attends to it (`attention.is_attended`).
    `was_critical`: an officer has made it less urgent. `review_at` is when it is reviewed, if a
    review has set that; `review_due_at` is since when a review waits, and `review_escalated` says
    that nobody has made one in time (`domain/reports/dates.py`). `returning`: oversight is asked to
    return it.
    """

    id: Annotated[Id, EXPORTED, KEPT, MOVED]
    reference: Annotated[Id, Listed("re"), FILTER, EXPORTED, KEPT, MOVED]
    category: Annotated[Code, Listed("ca"), FILTER, EXPORTED, KEPT]
    status: Annotated[Status, Listed("st"), FILTER, EXPORTED, KEPT, MOVED] = Status.NEW
    urgency: Annotated[Urgency, Listed("ur"), FILTER, EXPORTED, KEPT, MOVED]
    district: Annotated[Code, Listed("di"), FILTER, EXPORTED, KEPT]
    received_at: Annotated[datetime, EXPORTED, KEPT, MOVED]
    body_hash: Annotated[Id | None, CLEARED, MOVED] = None
    ledger_id: Annotated[bytes | None, KEPT, MOVED] = None
    commitments: Annotated[bytes | None, KEPT, MOVED] = None
    public_key: Annotated[bytes, KEPT, MOVED]
    wrapped_key: Annotated[bytes, SEALED, KEPT, MOVED]
    wrapping_key: Annotated[Id, KEPT, MOVED]
    sealed: Annotated[bytes, SEALED, KEPT, MOVED]
    sealed_reason: Annotated[bytes | None, SEALED, KEPT, MOVED] = None
    sealed_sketch: Annotated[bytes | None, SEALED, CLEARED, LEFT] = None
    same_as: Annotated[Id | None, Listed("sa"), CLEARED, LEFT] = None
    version: Annotated[int, Listed("ve"), KEPT, MOVED] = 1
    station: Annotated[Code | None, EXPORTED, KEPT] = None
    bulletin_id: Annotated[Id | None, Listed("bu"), FILTER, KEPT] = None
    source: Annotated[Code | None, Listed("so"), KEPT, MOVED] = None
    flags: Annotated[tuple[Flag, ...], Listed("fl"), KEPT, MOVED] = ()
    first_category: Annotated[Code | None, KEPT] = None
    assignee: Annotated[Username | None, Listed("as"), FILTER, EXPORTED, KEPT, LEFT] = None
    followers: Annotated[tuple[Username, ...], KEPT, LEFT] = ()
    disposition: Annotated[Code | None, EXPORTED, KEPT, MOVED] = None
    proposal: Annotated[Proposal | None, CLEARED, LEFT] = None
    duplicate_of: Annotated[Id | None, CLEARED, LEFT] = None
    incident: Annotated[Id | None, Listed("ic"), FILTER, CLEARED, LEFT] = None
    by_hand: Annotated[bool | None, Listed("bh"), CLEARED, LEFT] = None
    media_total: Annotated[int, Listed("mt"), KEPT, MOVED] = 0
    media_ready: Annotated[int, Listed("mr"), KEPT, MOVED] = 0
    media_early: Annotated[int, Listed("me"), KEPT, MOVED] = 0
    media_settled: Annotated[int, KEPT, MOVED] = 0
    thumb: Annotated[Id | None, Listed("th"), CLEARED, MOVED] = None
    unread: Annotated[int, Listed("un"), FILTER, KEPT, MOVED] = 0
    unread_media: Annotated[int, KEPT, MOVED] = 0
    messages: Annotated[int, EXPORTED, KEPT, MOVED] = 0
    message_due: Annotated[datetime | None, KEPT, MOVED] = None
    paced_until: Annotated[datetime | None, KEPT, MOVED] = None
    duplicates: Annotated[int, KEPT, MOVED] = 0
    acknowledged_at: Annotated[datetime | None, KEPT, MOVED] = None
    closed_at: Annotated[datetime | None, KEPT, MOVED] = None
    decided_at: Annotated[datetime | None, KEPT, MOVED] = None
    put_off_until: Annotated[datetime | None, KEPT, MOVED] = None
    reopened_at: Annotated[datetime | None, KEPT, MOVED] = None
    has_contact: Annotated[bool, CLEARED, MOVED] = False
    unproven: Annotated[bool, KEPT, MOVED] = False
    in_burst: Annotated[bool, KEPT, LEFT] = False
    turn: Annotated[int | None, CLEARED, MOVED] = None
    uncounted: Annotated[bool, KEPT, MOVED] = False
    deadline: Annotated[int | None, KEPT, MOVED] = None
    attended: Annotated[bool, KEPT, MOVED] = False
    was_critical: Annotated[bool, KEPT, MOVED] = False
    shadow: Annotated[bool, KEPT, LEFT] = False
    category_labels: Annotated[dict[Code, Label] | None, KEPT, LEFT] = None
    media_asked: Annotated[int, KEPT, MOVED] = 0
    review_at: Annotated[datetime | None, CLEARED, LEFT] = None
    review_due_at: Annotated[datetime | None, Listed("rv"), CLEARED, LEFT] = None
    review_escalated: Annotated[bool, KEPT, MOVED] = False
    reminder: Annotated[Reminder | None, Listed("rm"), CLEARED, LEFT] = None
    gist: Annotated[SealedGist | None, Listed("gi"), CLEARED, LEFT] = None
    returning: Annotated[Returning | None, KEPT, LEFT] = None

    @property
    def is_drill(self) -> bool:
        return self.source == DRILL

    @property
    def concerns_police(self) -> bool:
        """Whether it is about the police: only oversight sees it (docs/adr/0071)."""
        return self.category == OVERSIGHT

    @property
    def is_critical(self) -> bool:
        return self.urgency is Urgency.CRITICAL

    @property
    def is_urgent(self) -> bool:
        """Whether it takes turns with others (docs/adr/0062)."""
        return self.urgency in (Urgency.CRITICAL, Urgency.HIGH)

    @property
    def is_waiting(self) -> bool:
        """Whether officers are notified of it again and again (I16 of docs/reliability.md)."""
        return awaits_officer(self.status, attended=self.attended)

    @property
    def is_behind(self) -> bool:
        """Return whether it waits behind those that are proven."""
        return is_behind(unproven=self.unproven, turn=self.turn)

    def for_reporter(self) -> Self:
        """Return the report as its reporter sees it: open, until its end is confirmed. A row of
        0.2.0rc1 that was not migrated says that it is closed.
        """
        if self.status is not Status.CLOSED or self.proposal is None or self.disposition:
            return self
        return self.model_copy(update={"status": Status.ACKNOWLEDGED, "closed_at": None})

    @property
    def outcome(self) -> str | None:
        """The disposition that the report has, or that awaits a second officer."""
        return self.disposition or (self.proposal.disposition if self.proposal else None)

    @property
    def lane(self) -> Lane:
        return lane_of(self.urgency, is_behind=self.is_behind)

    @property
    def media_prefix(self) -> str:
        """Return how the ids of media begin that are declared now."""
        return CRITICAL_PREFIX if self.lane is Lane.CRITICAL else ""


_ANEW = {"status": Status.NEW, "attended": False}


def for_oversight(report: Report, content: Content) -> tuple[Report, Content]:
    """Return a report as oversight has it, with content that says what it is of. The caller seals
    that.
    """
    of = ReportedAs.model_validate(report, from_attributes=True)
    apart = {
        **dict.fromkeys(ReportedAs.model_fields),
        "category": OVERSIGHT,
        "district": geo.UNKNOWN,
        "flags": tuple(each for each in report.flags if each not in (Flag.OUTSIDE, Flag.MUTED)),
    }
    return _passed(report, apart), content.model_copy(update={"reported_as": of})


def returned(report: Report, content: Content, of: ReportedAs) -> tuple[Report, Content]:
    """Return a report as its station had it, and its content. The caller seals that."""
    outside = (Flag.OUTSIDE,) if of.district == geo.OUTSIDE else ()
    back = {**of.model_dump(), "flags": (*report.flags, *outside)}
    return _passed(report, back), content.model_copy(update={"reported_as": None})


def _passed(report: Report, changed: Mapping[str, Any]) -> Report:
    """Return a report that others have now: one that is open waits for them."""
    going = {*marked(Mark.MOVED), *ReportedAs.model_fields}
    left = {name: each.default for name, each in Report.model_fields.items() if name not in going}
    anew = _ANEW if report.status in OPEN_STATUSES else {}
    return report.model_copy(update={**left, **anew, **changed})


def marked(mark: Mark, of: type[BaseModel] = Report) -> tuple[str, ...]:
    """Return the fields of a report, or of another model, that have this mark."""
    return tuple(name for name, field in of.model_fields.items() if mark in field.metadata)


LISTED: Mapping[str, str] = {
    **{
        name: mark.short
        for name, field in Report.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Listed)
    },
    "awaits": "aw",
}
"""The attributes of a HEAD that it copies for lists, with their names there. `awaits`, the steps
that await a second person, is no field. `id` and `received_at` are in the keys of every index.
"""


class Medium(Record):
    """One attachment as kept (a MEDIA# item).

    The declared type and size stay beside the real ones, which count. `position` is the place in
    the call that declared it: senders match their files by the order of the response.
    `version_id`, `thumb_version`, `preview_version`, `playback_version` and `clip_version` are the
    versions that the verdict names: no other version is ever read. `no_clip` is why a video has no
    clip; None as well of one that came before clips were made. `recorded_at` is the time of the
    verdict, `later_uploads` the number of uploads to the same key after it that were removed.
    `completing` are the ETags of the parts of an upload that is being completed. `attempts` is how
    often an upload without a verdict was sent to `make_thumbnails` again. `hint` is never
    stored: it is what opens `sealed_hint`. `sealed_sketch` is as in a report. `reduced_version` is
    the version of the reduced picture from which the pictures are until the original has its own;
    `differs`: it showed something else than the original.
    """

    media_id: str
    state: MediaState = MediaState.AWAITING
    reason: RejectReason | None = None
    declared_type: str
    declared_size: int
    declared_sha256: str | None = None
    declared_reduced: int | None = None
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
    clip_version: str | None = None
    no_clip: NoClip | None = None
    recorded_at: datetime | None = None
    later_uploads: int = 0
    completing: tuple[str, ...] | None = None
    attempts: int = 0
    redaction: Redaction | None = None
    reduced_version: str | None = None
    differs: bool = False

    @property
    def is_early(self) -> bool:
        """Return whether its pictures are those of the reduced picture."""
        return self.reduced_version is not None and self.state is not MediaState.READY

    @property
    def is_delayed(self) -> bool:
        """Return whether a fault of ours keeps it from its verdict.

        Its event may have been lost once. When it was sent again and there is still none, it is
        more than that.
        """
        return self.attempts > 1 and not self.state.is_verdict


def awaits_officer(status: Status, *, attended: bool) -> bool:
    """Return whether a report waits for an officer: it is open, and nobody attends to it
    (`attention.is_attended`).
    """
    return status in OPEN_STATUSES and not attended


def is_behind(*, unproven: bool, turn: int | None) -> bool:
    """Return whether a report waits behind those that are proven: of what is unproven, all but the
    first one of a burst, which has a turn.
    """
    return unproven and turn is None


def lane_of(urgency: Urgency, *, is_behind: bool) -> Lane:
    """Return the lane of a report's notices. An unproven one never delays a proven one."""
    return Lane.CRITICAL if urgency is Urgency.CRITICAL and not is_behind else Lane.NORMAL
