"""Measures on a report: legal holds, mutes and referrals.

A report on hold is not deleted. One officer requests a hold, with a reason and an end; another
approves it. To lift it takes two as well. Any officer in scope mutes a report, with a reason, and
any ends it: its messages and media are stored, but not notified. For a referral to another agency,
one officer proposes what it gets, and another approves exactly that. A report has at most one
proposal at a time, and keeps what was passed on. Whatever waits can be declined, with a reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.reports.report import Flag, Medium, Report
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.text import ReporterText
from chalicelib.kernel.times import Moment

LONGEST_YEARS = 5
LONGEST_HOLD = timedelta(days=LONGEST_YEARS * 365)


class NewHold(Input):
    reason: ReporterText
    until: Moment

    def require_end(self, now: datetime) -> None:
        """Raise Invalid for an end that is not possible."""
        if self.until <= now:
            raise errors.Invalid(errors.FieldError("until", "in_the_past"))
        if self.until > now + LONGEST_HOLD:
            most = (("years", str(LONGEST_YEARS)),)
            raise errors.Invalid(errors.FieldError("until", "too_far_ahead", most))


class NewLift(Input):
    """Why a hold is to be lifted. `only_request`: end it only while nobody has approved it."""

    reason: ReporterText
    only_request: bool = False


class LiftRefusal(Input):
    """Why a request to lift a hold is declined or taken back. Colleagues read it in the history."""

    reason: ReporterText


class Lift(Record):
    """What one officer asks for: to lift a hold. Its reason is sealed."""

    by: str
    sealed_reason: bytes
    asked_at: datetime

    def request(self, report_id: str) -> Request:
        step = TwoPersonStep.HOLD_LIFT
        return Request(step, report_id, self.sealed_reason.hex(), {self.by})


class Hold(Record):
    """A hold as it is stored. Its reason is sealed.

    `lift_ended_by` has declined the latest request to lift it, or taken it back.
    """

    by: str
    sealed_reason: bytes
    until: datetime
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    lift: Lift | None = None
    lift_ended_by: str | None = None

    def request(self, report_id: str) -> Request:
        # No sealed text is ever equal to another, also of equal words.
        version = f"{self.until.isoformat()}/{self.sealed_reason.hex()}"
        return Request(TwoPersonStep.HOLD, report_id, version, {self.by})

    def without_lift(self, by: str) -> "Hold":
        """Return the hold after this officer has ended the request to lift it."""
        return self.model_copy(update={"lift": None, "lift_ended_by": by})

    def is_over(self, now: datetime) -> bool:
        return self.until <= now


def closing_request(report: Report, places: int) -> Request | None:
    """Return the proposed end of a report with so many later places; None when none is proposed.

    Its version grows with each message, file and place that its reporter sends.
    """
    if report.proposal is None:
        return None
    version = _version_with(report, places)
    return Request(TwoPersonStep.CLOSING, report.id, version, report.proposal.authors)


def _version_with(report: Report, places: int) -> str:
    """Return the version of a report with what has come to it that does not change that."""
    return f"{report.version}/{report.messages}/{media_shown(report)}/{places}"


def media_shown(report: Report) -> int:
    """Return a number that grows when a medium settles, and when its reduced picture comes before
    that (docs/adr/0079), which it counts no more then.
    """
    return 2 * report.media_settled + report.media_early


def return_request(report: Report, places: int) -> Request | None:
    """Return the request that oversight returns a report; None while nobody asks. Its version grows
    as that of a closing does: who approves it passes that on, too.
    """
    if report.returning is None:
        return None
    version = f"{_version_with(report, places)}/{report.returning.at.isoformat()}"
    step = TwoPersonStep.OVERSIGHT_RETURN
    return Request(step, report.id, version, {report.returning.by})


class Moving(Input):
    """Why a report is moved to oversight, or back. It goes on record, in the history."""

    reason: ReporterText


class NewMute(Input):
    """Why officers are no longer to be notified of messages and media."""

    reason: ReporterText


class Mute(Record):
    """A mute as it is stored. Its reason is sealed."""

    by: str
    at: datetime
    sealed_reason: bytes


# Each is a part of the report's row, with its reason.
MOST_PASSED_ON = 10


class Part(StrEnum):
    """A part of a report that an agency can get. The contact is none, and no message."""

    TEXT = "text"
    PLACE = "place"
    OCCURRED_AT = "occurred_at"
    DETAILS = "details"
    MEDIA = "media"


class SentState(StrEnum):
    """How far a referral is that leaves by itself. `by_hand`: the agency did not take it, and
    officers hand it over. `unclear`: it may have arrived, so officers ask the agency first.
    `handed_over`: they have done so.
    """

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DONE = "done"
    BY_HAND = "by_hand"
    UNCLEAR = "unclear"
    HANDED_OVER = "handed_over"

    @property
    def is_for_officers(self) -> bool:
        """Return whether officers have to act."""
        return self in (SentState.BY_HAND, SentState.UNCLEAR)


class Sent(Record):
    """How a referral fares that leaves by itself. `reference` is random, and stands in what is
    sent; `request_id` is the agency's number, and `sealed_notes` what it says: why it does not
    take it, or of the status.
    """

    reference: str
    at: datetime
    state: SentState = SentState.WAITING
    request_id: str | None = None
    sealed_notes: bytes | None = None


class Referral(Record):
    """A referral as it is stored. Its reason is sealed. So is `sealed_words`, what an officer wrote
    for an agency that is sent nothing else; `sent` is there once that is approved.

    `number` counts the proposals of a report; none is given twice. `media_ids` are the media whose
    cleaned pictures the agency gets, `redactions` the redaction of each that has one, by its id:
    with it, or with one that hides more, the picture is passed on, and not without.
    """

    number: int
    agency: str
    by: str
    at: datetime
    sealed_reason: bytes
    include: tuple[Part, ...]
    media_ids: tuple[str, ...] = ()
    redactions: Mapping[str, str] | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    sealed_words: bytes | None = None
    sent: Sent | None = None

    def request(self, report: Report) -> Request:
        """Return it as another officer approves it: what an agency gets names the category, too."""
        version = f"{self.number}/{report.category}/{report.district}"
        return Request(TwoPersonStep.REFERRAL, report.id, version, {self.by})

    def is_same(self, other: "Referral") -> bool:
        """Return whether another one, by the same officer, has the same agency and content."""
        return (self.by, self.agency, self.include, self.media_ids) == (
            other.by, other.agency, other.include, other.media_ids,
        )  # fmt: skip


class DeclinedReferral(Record):
    """A proposal that another officer has declined, by whom, and when. The reason is sealed."""

    referral: Referral
    by: str
    at: datetime
    sealed_reason: bytes


class Referrals(Record):
    """The referrals of a report. `last` is the number of the latest proposal. `declined` is the
    latest that was declined, until one is approved.
    """

    last: int = 0
    pending: Referral | None = None
    declined: DeclinedReferral | None = None
    passed_on: tuple[Referral, ...] = ()

    def all(self) -> tuple[Referral, ...]:
        """Return all referrals: those passed on, oldest first, and then the proposal."""
        return (*self.passed_on, *((self.pending,) if self.pending else ()))

    def numbered(self, number: int | None) -> Referral | None:
        """Return the referral with this number; without one, the latest. None if there is none."""
        found = [each for each in self.all() if number in (None, each.number)]
        return found[-1] if found else None

    @property
    def is_latest_passed_on(self) -> bool:
        """Return whether the latest proposal was approved, and so cannot be taken back."""
        return bool(self.passed_on) and self.passed_on[-1].number == self.last

    def was_declined(self, number: int, by: str) -> bool:
        """Return whether this officer was the last to decline a proposal, and it was this one."""
        last = self.declined
        return last is not None and (last.referral.number, last.by) == (number, by)

    def with_proposal(self, referral: Referral) -> "Referrals":
        return self.model_copy(update={"last": referral.number, "pending": referral})

    def without_proposal(self) -> "Referrals":
        return self.model_copy(update={"pending": None})

    def with_declined(self, declined: DeclinedReferral) -> "Referrals":
        """Return the referrals after the one that waited was declined."""
        return self.model_copy(update={"pending": None, "declined": declined})

    def approved(self, referral: Referral) -> "Referrals":
        """Return the referrals after this one was approved."""
        passed_on = (*self.passed_on, referral)
        return self.model_copy(update={"pending": None, "declined": None, "passed_on": passed_on})

    def with_sent(self, number: int, sent: Sent) -> "Referrals":
        """Return the referrals after one of them, which was passed on, has fared so."""
        passed_on = tuple(
            each.model_copy(update={"sent": sent}) if each.number == number else each
            for each in self.passed_on
        )
        return self.model_copy(update={"passed_on": passed_on})

    def flagged(self, flags: tuple[Flag, ...]) -> tuple[Flag, ...]:
        """Return the flags of the report, with those that say how far its referrals are."""
        shown = {
            Flag.REFERRED: self.pending is not None,
            Flag.REFERRAL_DECLINED: self.declined is not None and self.pending is None,
            Flag.PASSED_ON: bool(self.passed_on),
            Flag.HAND_OVER: any(
                each.sent is not None and each.sent.state.is_for_officers for each in self.passed_on
            ),
        }
        others = (flag for flag in flags if flag not in shown)
        return (*others, *(flag for flag, is_shown in shown.items() if is_shown))


class Supplement(NamedTuple):
    """Pictures that an agency lacks because they were not ready when its referral was proposed."""

    agency: str
    media_ids: tuple[str, ...]


def supplements(referrals: Iterable[Referral], media: Sequence[Medium]) -> list[Supplement]:
    """Return the pictures that can now be proposed to complete a referral.

    The latest referral to an agency counts: its proposer saw what was ready by then.
    """
    of_agency: dict[str, list[Referral]] = {}
    for each in referrals:
        of_agency.setdefault(each.agency, []).append(each)
    found = []
    for agency, known in of_agency.items():
        passed_on = [each for each in known if each.approved_by and Part.MEDIA in each.include]
        included = {media_id for each in known for media_id in each.media_ids}
        late = (
            each.media_id
            for each in media
            if passed_on
            and each.media_id not in included
            and each.preview_version
            and each.recorded_at
            and each.created_at <= passed_on[-1].at < each.recorded_at
        )
        if media_ids := tuple(late):
            found.append(Supplement(agency, media_ids))
    return found
