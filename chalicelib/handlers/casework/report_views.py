"""Schemas of reports for officers: opened, and after a change."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field

from chalicelib.aws import keys
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.dates import next_review
from chalicelib.domain.reports.entries import Sender, to_minute
from chalicelib.domain.reports.incidents import Why
from chalicelib.domain.reports.masks import MaskPart, MaskReason
from chalicelib.domain.reports.media import MediaState, hints
from chalicelib.domain.reports.outlines import expires_at
from chalicelib.domain.reports.report import (
    Disposition,
    Flag,
    Medium,
    ReminderOf,
    Report,
    Source,
    Status,
)
from chalicelib.domain.reports.workflow import Reason
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.handlers.casework.listed import InIncidentView, ListedReportView
from chalicelib.handlers.casework.referral_views import (
    AnswerView,
    DeclinedReferralView,
    ReferralView,
    SupplementView,
    suggested_agency,
)
from chalicelib.handlers.reports.views import (
    Place,
    PositionView,
    RedactionView,
    ReportedLocation,
    clip_url,
    playback_url,
    preview_url,
    seen_type,
    sender_of,
    thumbnail_url,
)
from chalicelib.http.shapes import (
    AgencyName,
    Category,
    Date,
    District,
    MessageView,
    Minute,
    NoteView,
    Shape,
    Station,
    Tag,
    Timestamp,
)
from chalicelib.kernel import times
from chalicelib.kernel.derived import NoClip, RejectReason
from chalicelib.kernel.models import NotNull, Query, left_out
from chalicelib.services.casework.casework import ChangedCase, OpenedCase
from chalicelib.services.casework.duplicates import Related, SimilarReport
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.services.reports.open_cases import OpenHold, OpenLift, OpenMute

_NO_TAGS: Mapping[TwoPersonStep, str] = MappingProxyType({})


class LiftView(Shape):
    """A request to lift a legal hold. It takes effect when another officer has approved it.

    In an opened report, `tag` is what an approval takes.
    """

    by: str
    reason: str
    asked_at: Timestamp
    tag: Tag = left_out()

    @classmethod
    def opened(cls, found: OpenLift, tag: str | None = None) -> Self:
        return cls.of(found.lift, reason=found.reason, tag=tag)


class HoldView(Shape):
    """A legal hold: the report is not deleted before `until`.

    It takes effect when a second officer has approved it. Until then `approved_by` is null; in an
    opened report, `tag` is what the approval takes. `lift` is a request to lift it; null while
    there is none.
    """

    by: str
    reason: str
    until: Timestamp
    approved_by: str | None
    lift: LiftView | None
    tag: Tag = left_out()

    @classmethod
    def opened(cls, found: OpenHold, tags: Mapping[TwoPersonStep, str] = _NO_TAGS) -> Self:
        lift = found.lift and LiftView.opened(found.lift, tags.get(TwoPersonStep.HOLD_LIFT))
        tag = tags.get(TwoPersonStep.HOLD)
        return cls.of(found.hold, reason=found.reason, lift=lift, tag=tag)


class MuteView(Shape):
    """A mute: officers are not notified of the report's messages and media."""

    by: str
    at: Timestamp
    reason: str

    @classmethod
    def opened(cls, found: OpenMute) -> Self:
        return cls.of(found.mute, reason=found.reason)


class MaskView(Shape):
    """A mask of a passage of a report. It waits while `approved_by` is null.

    `name` is that of a `detail`, or the `id` of a `message` or `note`. `start` and `end` say where
    the passage is, in characters (code points of Unicode); once approved, the mark is at `start`,
    as the text was then. `is_held`: a legal hold keeps the passage. `request` is the number of the
    request of a third person that it carries out.
    """

    number: int
    part: MaskPart
    name: str | None
    start: int
    end: int
    reason: MaskReason
    by: str
    at: Timestamp
    approved_by: str | None
    approved_at: Timestamp | None
    is_held: bool
    request: str | None = Field(validation_alias="asked")


class AskedView(Shape):
    """A request of a third person that is about the report. `open`: nobody has decided it."""

    number: str
    due_at: Timestamp
    open: bool


class Checksum(Shape):
    """A checksum of the original.

    For `sha256` the value is hexadecimal. For other algorithms it is base64, and `algorithm` and
    `type` are those of S3.
    """

    algorithm: str
    type: str
    value: str


class DeclaredView(Shape):
    """What the sender declared about a medium. `size` is in bytes."""

    content_type: str
    size: int
    sha256: str | None

    @classmethod
    def by_sender(cls, medium: Medium) -> Self:
        return cls(
            content_type=medium.declared_type,
            size=medium.declared_size,
            sha256=medium.declared_sha256,
        )


class HintView(Shape):
    """Metadata of the original: time and place. A missing value is null.

    If the camera stored its time zone, `taken_at` is in UTC and ends with `Z`. Otherwise it is the
    local time of the camera, without a zone.
    """

    taken_at: str | None
    lat: float | None
    lon: float | None

    @classmethod
    def found(cls, medium: Medium) -> Self:
        hint = hints().validate_python(medium.hint or {})
        taken_at = hint.taken_at
        shown = taken_at and (times.render(taken_at) if taken_at.tzinfo else taken_at.isoformat())
        return cls(taken_at=shown, lat=hint.lat, lon=hint.lon)


class EvidenceView(Shape):
    """The identity of the original: its version in storage, and its hash if it is known.

    `recorded_at` is when it was recorded, to the minute. `later_uploads` is the number of later
    uploads to its place that were removed.
    """

    sha256: str | None
    version: str
    recorded_at: Timestamp
    later_uploads: int


class MediumView(Shape):
    """A medium. One `from` officers is a file that they sent to the reporter.

    A sound has no pictures, and a `playback_url` for 15 minutes: its first ten minutes, as AAC. A
    video has a `clip_url` for 15 minutes: its frames and sound as they were filmed, without place,
    maker and time. Where it has none, `no_clip` says why: it is larger than 100 MiB, or not as
    phones write videos; null as well of a video that came before clips were made.
    `delayed`: it came, and a fault of ours keeps it from being ready. It is tried again by itself;
    its original can be opened.
    `early`: its pictures are those of a reduced picture that the phone has sent before the photo.
    They stay when the photo never comes. `differs`: the reduced picture looked different from the
    original that came, and that is shown now.
    """

    media_id: str
    from_: Sender = Field(serialization_alias="from")
    content_type: str
    state: MediaState
    delayed: bool
    early: bool
    differs: bool
    reason: RejectReason | None
    size: int | None
    sha256: str | None
    checksum: Checksum | None
    width: int | None
    height: int | None
    duration_s: float | None
    codec: str | None
    declared: DeclaredView
    thumbnail_url: str | None
    preview_url: str | None
    playback_url: str | None
    clip_url: str | None
    no_clip: NoClip | None
    evidence: EvidenceView | None
    hint: HintView
    redaction: RedactionView | None

    @classmethod
    def in_report(cls, report: Report, medium: Medium) -> Self:
        checksum = medium.checksum or {}
        is_sha256 = (checksum.get("algorithm"), checksum.get("type")) == ("sha256", "full_object")
        sha256 = checksum.get("value") if is_sha256 else None
        withdrawn = report.status is Status.WITHDRAWN
        return cls.of(
            medium,
            from_=sender_of(medium),
            content_type=seen_type(medium),
            delayed=medium.is_delayed,
            early=medium.is_early and not withdrawn,
            sha256=sha256,
            declared=DeclaredView.by_sender(medium),
            thumbnail_url=None if withdrawn else thumbnail_url(report.id, medium, early=True),
            preview_url=None if withdrawn else preview_url(report.id, medium, early=True),
            playback_url=None if withdrawn else playback_url(report.id, medium),
            clip_url=None if withdrawn else clip_url(report.id, medium),
            evidence=_evidence(medium, sha256),
            hint=HintView.found(medium),
            redaction=None if withdrawn else RedactionView.of_medium(report.id, medium),
        )


def _evidence(medium: Medium, sha256: str | None) -> EvidenceView | None:
    if medium.version_id is None or medium.recorded_at is None:
        return None
    return EvidenceView(
        sha256=sha256,
        version=medium.version_id,
        recorded_at=times.to_minute(medium.recorded_at),
        later_uploads=medium.later_uploads,
    )


class ProposalView(Shape):
    """An end that waits for a second officer; until then the report is as it was. In an opened
    report, `reason` is what the reporter will read, and `tag` is what the second officer sends to
    confirm it. `duplicate_of` is the original of a duplicate.
    """

    disposition: Disposition
    by: str
    at: Timestamp
    reason: Annotated[str | None, NotNull()] = left_out()
    duplicate_of: str | None = None
    tag: Tag = left_out()


class ReviewView(Shape):
    """The review of an open report: it is `on` that day. `due_since` is since when it waits;
    null before. `escalated`: nobody has made it in time, and closing the report takes two.
    """

    on: Date
    due_since: Timestamp | None
    escalated: bool

    @classmethod
    def of_report(cls, report: Report) -> Self | None:
        at = next_review(report)
        if at is None:
            return None
        return cls(
            on=times.day_in_city(at),
            due_since=report.review_due_at,
            escalated=report.review_escalated,
        )


class ReminderView(Shape):
    """A reminder: from that day on, the report is in the first rows of who set it, `by`,
    and of its assignee. `for` says what it is for.
    """

    on: Date
    for_: ReminderOf = Field(serialization_alias="for")
    by: str

    @classmethod
    def of_report(cls, report: Report) -> Self | None:
        found = report.reminder
        return cls(on=date.fromisoformat(found.on), for_=found.of, by=found.by) if found else None


def dates_of(report: Report) -> dict[str, Shape | None]:
    """Return the members of a view with the dates of a report."""
    return {"review": ReviewView.of_report(report), "reminder": ReminderView.of_report(report)}


class DatedReport(Shape):
    """A report after a step with its dates."""

    id: str
    review: ReviewView | None
    reminder: ReminderView | None
    version: int

    @classmethod
    def after(cls, report: Report) -> Self:
        return cls.of(report, **dates_of(report))


class _Progress(Shape):
    """What the steps of officers change of a report."""

    id: str
    reference: str
    category: Category
    first_category: Category | None
    status: Status
    urgency: Urgency
    district: District
    assignee: str | None
    disposition: Disposition | None
    proposal: ProposalView | None
    reason: str | None
    duplicate_of: str | None
    open_duplicates: int | None
    flags: list[Flag]
    acknowledged_at: Timestamp | None
    closed_at: Minute | None
    reopened_at: Minute | None
    review: ReviewView | None
    reminder: ReminderView | None
    kept_until: Minute | None
    unproven: bool
    unread: int
    version: int


class ChangedReport(_Progress):
    """A report after a step: all that the step may have changed.

    `read` is how much was unread, and was read with this step. If that is more than the `unread` of
    the report that you have shown, open it again: something came in between. `open_duplicates` is
    how many of the latest 100 reports that are linked to it are open. It is null after a step that
    has not closed the report.
    """

    read: int

    @classmethod
    def after(cls, changed: ChangedCase, open_duplicates: int | None = None) -> Self:
        proposal = changed.report.proposal
        return cls.of(
            changed.report,
            **dates_of(changed.report),
            proposal=proposal and ProposalView.of(proposal, reason=changed.reason),
            reason=changed.reason,
            read=changed.read,
            kept_until=expires_at(changed.report),
            open_duplicates=open_duplicates,
        )


class RelatedReport(Shape):
    """Another report, in the officer's scope."""

    id: str
    reference: str
    status: Status


class SimilarReportView(ListedReportView):
    """A report that may be about the same event, as lists show it.

    `why` says what is alike: the category, place and time, the text, or a picture. `score` is from
    0 to 1. Both were received `minutes_apart`. Where the place is alike, they are at most
    `distance_m` apart, in metres: without opening the other, no more is known of its place.
    """

    why: list[Why]
    score: float
    distance_m: int | None
    minutes_apart: int

    @classmethod
    def suggested(cls, similar: SimilarReport) -> Self:
        more = similar._asdict()
        return cls.listed(more.pop("report"), **more)


class ReturningView(Shape):
    """Somebody of oversight asks to return the report to its station, for a reason that the history
    has. In an opened report, `tag` is what another one sends to agree.
    """

    by: str
    at: Timestamp
    tag: Tag = left_out()


class ReportedAsView(Shape):
    """What a report about the police is of, which no list shows."""

    category: Category
    district: District
    station: Station | None


class ReportView(_Progress):
    """An opened report.

    When `restricted` is true the report was withdrawn: text, place, details, media and messages are
    left out. `answers` are the `details` with their labels, in the language of the request; `GET
    /v1/officer/forms` has the whole form of their `details_version`. The URLs in `media` are valid
    for 5 to 6 minutes. What the reporter did, such as writing a message, is timed to the minute.
    `kept_until` is when a report that has ended is due for deletion, without a legal hold.
    `reopened_at` is when the reporter reopened it.

    `messages` and `notes` have the latest ones, at most 50 of each, oldest first. With
    `messages_cursor` and `notes_cursor`, `GET …/messages` and `GET …/notes` return those before;
    null when there are none. So are `positions`, later or moving places of the report.
    `message_count` is the number of all messages of both sides: send it as `messages_seen` with the
    next step or message.

    `referrals` are those that were passed on, oldest first, and then what waits for approval.
    `declined_referral` is the latest that was declined, until one is approved. `supplements` are
    pictures that became ready too late for a referral. `masks` are those that were approved, oldest
    first, and then those that wait. `requests` are those of third persons about it.
    `suggested_agency` is to whom a report from outside the districts should be referred, until it
    was passed on.

    `similar` are reports that may be about the same event, at most 10; null when they could not be
    read, or when it came so long ago that it can no longer be compared. `duplicates` are the latest
    100 of `duplicate_count` reports that are linked to this one.
    `unproven` says that it came in a flood without a proof of work; it is for officers to judge.
    `original` is the report that this one is linked to, if it is in your scope; else null.
    `incident` is what it was taken into; null for none. `gist` is its line in lists, in no export.
    `followers` are the usernames of those who follow it. `reported_as` is of a report about the
    police, whose category is `oversight`; null for any other.
    """

    reported_as: ReportedAsView | None
    returning: ReturningView | None
    station: Station | None
    received_at: Minute
    occurred_at: Timestamp | None
    text: str | None
    location: ReportedLocation | None
    place: Place | None
    details: dict[str, bool | int | str] | None
    details_version: int | None
    answers: list[AnswerView] | None
    bulletin_id: str | None
    source: Source | None
    has_contact: bool
    hold: HoldView | None
    muted: MuteView | None
    referrals: list[ReferralView]
    declined_referral: DeclinedReferralView | None
    supplements: list[SupplementView]
    suggested_agency: AgencyName | None
    masks: list[MaskView]
    requests: list[AskedView]
    followers: list[str]
    restricted: bool
    media: list[MediumView]
    messages: list[MessageView]
    messages_cursor: str | None
    message_count: int
    notes: list[NoteView]
    notes_cursor: str | None
    positions: list[PositionView]
    positions_cursor: str | None
    similar: list[SimilarReportView] | None
    original: RelatedReport | None
    duplicates: list[RelatedReport]
    duplicate_count: int
    incident: InIncidentView | None
    gist: str | None

    @classmethod
    def opened(
        cls,
        found: OpenedCase,
        cursors: EntryCursors,
        related: Related,
        language: str,
        gist: str | None = None,
    ) -> Self:
        opened, report, case = found.opened, found.opened.report, found.opened.case
        held, declined, proposal = opened.hold, opened.declined, report.proposal
        messages = None if found.restricted else case.earlier_messages
        positions = None if found.restricted else case.earlier_positions
        return cls.of(
            report,
            **dict(opened.content),
            **dates_of(report),
            returning=report.returning
            and ReturningView.of(
                report.returning, tag=found.tags.get(TwoPersonStep.OVERSIGHT_RETURN)
            ),
            proposal=proposal
            and ProposalView.of(
                proposal,
                reason=opened.proposed_reason or opened.reason,
                tag=found.tags.get(TwoPersonStep.CLOSING),
            ),
            answers=AnswerView.all_of(
                opened.content.reported_as or report, opened.content.details, language
            ),
            reason=opened.reason or opened.proposed_reason,
            kept_until=expires_at(report),
            hold=HoldView.opened(held, found.tags) if held else None,
            muted=MuteView.opened(opened.mute) if opened.mute else None,
            referrals=[ReferralView.opened(each) for each in opened.referrals],
            declined_referral=DeclinedReferralView.opened(declined) if declined else None,
            supplements=SupplementView.all_of(
                (each.referral for each in opened.referrals), opened.media
            ),
            suggested_agency=suggested_agency(report),
            requests=case.head.asked,
            masks=[*case.head.masks.approved, *case.head.masks.pending],
            restricted=found.restricted,
            media=[
                MediumView.in_report(report, medium) for medium in (*opened.media, *opened.sent)
            ],
            messages=[to_minute(message) for message in opened.messages],
            messages_cursor=cursors.issue(messages, report.id, keys.MESSAGES),
            message_count=report.messages,
            notes=opened.notes,
            notes_cursor=cursors.issue(case.earlier_notes, report.id, keys.NOTES),
            positions=opened.positions,
            positions_cursor=cursors.issue(positions, report.id, keys.POSITIONS),
            similar=None
            if related.similar is None
            else [SimilarReportView.suggested(each) for each in related.similar],
            original=related.original,
            duplicates=related.duplicates,
            duplicate_count=related.total,
            incident=related.incident,
            gist=gist,
            open_duplicates=sum(each.is_open for each in related.duplicates),
        )


class OpenQuery(Query):
    reason: Reason | None = Field(
        default=None, description="Why a supervisor opens a withdrawn report in full."
    )


class RevealedContact(Shape):
    name: str | None = None
    phone: str | None = None
    email: str | None = None
