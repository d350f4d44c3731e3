"""A police notice in a channel, as stored: drafted by one officer, approved by another.

    draft ──approve──► published ──resolve──► resolved ──resolve──► resolved, its outcome corrected
      │                  │    ▲ └──(time)──► expired ──resolve──► resolved
      └──withdraw──► withdrawn  └──approve──────┘        every state: withdraw

What officers write (`Bulletin.content`) and what readers see (`Bulletin.published`) are separate: a
change of a published bulletin waits until an officer who wrote none of it approves exactly that
version. The code of an outcome or a withdrawal has a fixed text, and takes effect at once; words of
an officer's own (`Bulletin.words`) wait for approval in the same way. What waits can also be
declined, with a reason: it stays, and waits again once somebody has written. A picture that is not
ready can be left out of an approval, and waits for one of its own. `version` grows with each new
content, each ending, and each result of picture processing. When a bulletin has ended, officers see
what readers saw last; text that was never published is only in the stored versions.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from chalicelib.domain.catalogue.model import OUTCOMES, by_code, catalogue
from chalicelib.kernel import errors
from chalicelib.kernel.languages import LANGUAGES, LocalizedText, text
from chalicelib.kernel.models import Record


class EndCode(StrEnum):
    FOUND_SAFE = "found_safe"
    FOUND = "found"
    ARRESTED = "arrested"
    NO_LONGER_SOUGHT = "no_longer_sought"
    PUBLISHED_IN_ERROR = "published_in_error"


RESOLUTION_CODES = tuple(map(EndCode, OUTCOMES))
# What was found or led to an arrest is an outcome, which readers may know. A withdrawal says
# nothing about anybody.
WITHDRAWAL_CODES = (EndCode.PUBLISHED_IN_ERROR, EndCode.NO_LONGER_SOUGHT)


class Ending(NamedTuple):
    """The ending of a bulletin by an officer. The clock withdraws an old draft without a code."""

    code: EndCode | None = None
    words: LocalizedText | None = None


def end_text(state: str, code: EndCode | None, words: LocalizedText | None = None) -> LocalizedText:
    """Return the public text of a bulletin that ended so, in every language of the city.

    `words` must be approved. A language without words has the text of the code alone.
    """
    key = f"bulletin.{state}.{code}" if code else f"bulletin.{state}"
    own = words or {}
    return {
        language: "\n".join(filter(None, (text(key, language), own.get(language))))
        for language in LANGUAGES
    }


MAX_PICTURES = 10
# How long readers see that a bulletin has ended, and officers can correct how.
TRACE_LIFE = timedelta(days=30)


class BulletinState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    """A step of an officer on a bulletin."""

    WRITE = "write"
    APPROVE = "approve"
    DECLINE = "decline"
    RESOLVE = "resolve"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[BulletinState, Mapping[Step, BulletinState]] = {
    BulletinState.DRAFT: {
        Step.WRITE: BulletinState.DRAFT,
        Step.APPROVE: BulletinState.PUBLISHED,
        Step.DECLINE: BulletinState.DRAFT,
        Step.WITHDRAW: BulletinState.WITHDRAWN,
    },
    BulletinState.PUBLISHED: {
        Step.WRITE: BulletinState.PUBLISHED,
        Step.APPROVE: BulletinState.PUBLISHED,
        Step.DECLINE: BulletinState.PUBLISHED,
        Step.RESOLVE: BulletinState.RESOLVED,
        Step.WITHDRAW: BulletinState.WITHDRAWN,
    },
    # A later date, once approved, renews it.
    BulletinState.EXPIRED: {
        Step.WRITE: BulletinState.EXPIRED,
        Step.APPROVE: BulletinState.PUBLISHED,
        Step.DECLINE: BulletinState.EXPIRED,
        Step.RESOLVE: BulletinState.RESOLVED,
        Step.WITHDRAW: BulletinState.WITHDRAWN,
    },
    # Resolving or withdrawing it again corrects its code or words; words are approved.
    BulletinState.RESOLVED: {
        Step.APPROVE: BulletinState.RESOLVED,
        Step.DECLINE: BulletinState.RESOLVED,
        Step.RESOLVE: BulletinState.RESOLVED,
        Step.WITHDRAW: BulletinState.WITHDRAWN,
    },
    BulletinState.WITHDRAWN: {
        Step.APPROVE: BulletinState.WITHDRAWN,
        Step.DECLINE: BulletinState.WITHDRAWN,
        Step.WITHDRAW: BulletinState.WITHDRAWN,
    },
}


class About(StrEnum):
    """The kind of person that a bulletin is about. Its urgency and lifetime depend on it."""

    CHILD = "child"
    ELDERLY = "elderly"
    OTHER = "other"


LIFE: Mapping[About, timedelta] = {
    About.CHILD: timedelta(hours=72),
    About.ELDERLY: timedelta(days=7),
    About.OTHER: timedelta(days=30),
}
"""The lifetime when no date is given, and the longest one; another approval renews it."""


def end_errors(due: datetime, about: About, now: datetime) -> list[errors.FieldError]:
    """Return the errors of an end: `in_the_past`, `lives_too_long`, or none."""
    if due <= now:
        return [errors.FieldError("expires_at", "in_the_past")]
    if due > now + LIFE[about]:
        days = (("days", str(LIFE[about].days)),)
        return [errors.FieldError("expires_at", "lives_too_long", days)]
    return []


class Content(Record):
    """The text that officers write. `expires_at` None means the longest lifetime of its kind."""

    channel: str
    title: LocalizedText
    body: LocalizedText
    area: str | dict[str, str] | None = None
    about: About = About.OTHER
    guardian_consent: bool = False
    expires_at: datetime | None = None
    media: tuple[str, ...] = ()

    @property
    def urgency(self) -> str:
        """One of the urgencies of reports, for feeds."""
        return {About.CHILD: "critical", About.ELDERLY: "high", About.OTHER: "normal"}[self.about]

    def says_the_same(self, other: Self) -> bool:
        """Return whether readers see the same, apart from the date."""
        undated = {"expires_at": None}
        return self.model_copy(update=undated) == other.model_copy(update=undated)


class MessageKind(StrEnum):
    """The terms of CAP."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class AlertMessage(Record):
    """One published CAP message. Its number is its place, from 1."""

    kind: MessageKind
    sent: datetime


class Declined(Record):
    """That an officer has declined what was pending of a version, and why. Readers never see it."""

    version: int
    by: str
    at: datetime
    reason: str


class Bulletin(Record):
    """A bulletin as stored.

    `state` is the stored state; read it with `state_at`, because a bulletin expires without a
    write. `rev` grows with each write of any kind. `authors` has everyone who ever wrote a part, of
    the words of its end too. `expires_at` belongs to `published`; `published_version` is the
    version that was approved. `words` are of the outcome or the withdrawal; readers see them when
    `words_approved_by` is set. `declined` is set while what was declined is not written anew;
    then `declined_before`, until that is approved. `late` are the pictures that an approval has
    left out, and that have no verdict yet. `closed_at` and `pictures_deleted_at` say how far
    retention is.
    """

    id: str
    state: BulletinState = BulletinState.DRAFT
    version: int = 1
    rev: int = 1
    content: Content
    authors: tuple[str, ...]
    created_at: datetime
    created_by: str
    written_at: datetime | None = None
    consent_by: str | None = None
    consent_at: datetime | None = None
    published: Content | None = None
    published_version: int | None = None
    published_at: datetime | None = None
    corrected_at: datetime | None = None
    approved_by: str | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    code: EndCode | None = None
    words: LocalizedText | None = None
    words_version: int | None = None
    words_approved_by: str | None = None
    declined: Declined | None = None
    declined_before: Declined | None = None
    messages: tuple[AlertMessage, ...] = ()
    late: tuple[str, ...] = ()
    closed_at: datetime | None = None
    pictures_deleted_at: datetime | None = None

    def state_at(self, now: datetime) -> BulletinState:
        """Return the state at `now`: a published bulletin past its end has expired."""
        published = self.state is BulletinState.PUBLISHED
        over = published and self.expires_at is not None and self.expires_at <= now
        return BulletinState.EXPIRED if over else self.state

    @property
    def was_ended(self) -> bool:
        """Return whether an officer has ended it. It can have words then."""
        return self.state in (BulletinState.RESOLVED, BulletinState.WITHDRAWN)

    @property
    def over_since(self) -> datetime | None:
        """Return when it ended or expires; None for a draft."""
        return self.ended_at or self.expires_at

    @property
    def approved_words(self) -> LocalizedText | None:
        return self.words if self.words_approved_by else None

    @property
    def pending_words(self) -> LocalizedText | None:
        return None if self.words_approved_by else self.words

    @property
    def outcomes(self) -> tuple[EndCode, ...]:
        """Return the codes with which it can be resolved: those of its channel.

        Where somebody can be arrested, only a child or an elderly person is found safe: any other
        bulletin may be about a suspect or a thing.
        """
        channel = by_code(catalogue().channels).get(self.content.channel)
        codes = tuple(map(EndCode, channel.outcomes)) if channel else RESOLUTION_CODES
        may_be_a_thing = self.content.about is About.OTHER and EndCode.ARRESTED in codes
        return tuple(code for code in codes if code is not EndCode.FOUND_SAFE or not may_be_a_thing)

    @property
    def end_text(self) -> LocalizedText:
        """Return the public text of a bulletin that was ended or has expired."""
        return end_text(self.state, self.code, self.approved_words)

    def ends_as(self, state: BulletinState, ending: Ending) -> bool:
        """Return whether it has ended exactly so, approved or not."""
        return (self.state, self.code, self.words) == (state, *ending)

    def is_closed(self, now: datetime) -> bool:
        """Return whether readers see nothing more of it, and officers can change nothing."""
        if self.closed_at:
            return True
        if not self.published_at or self.over_since is None:
            return False
        return self.over_since + TRACE_LIFE <= now

    def is_pending(self, now: datetime) -> bool:
        """Return whether there is anything to approve."""
        return self.declined is None and self.has_unapproved(now)

    def has_unapproved(self, now: datetime) -> bool:
        """Return whether anything was written that nobody has approved, declined or not."""
        if self.is_closed(now):
            return False
        if self.was_ended:
            # Nobody reads what a draft that was withdrawn says.
            return bool(self.pending_words and self.published_at)
        return Step.APPROVE in TRANSITIONS[self.state_at(now)] and self.content != self.published

    def end_if_approved(self, now: datetime) -> datetime:
        """Return when it would end if it were approved now.

        Only a newly given date extends its life or brings it back.
        """
        latest, asked = now + LIFE[self.content.about], self.content.expires_at
        if self.published and asked == self.published.expires_at:
            asked = None
        return min(asked or self.expires_at or latest, latest)

    def legal_steps(self, now: datetime) -> tuple[Step, ...]:
        """Return the steps that can be taken now, in their order."""
        never_seen = self.state is BulletinState.WITHDRAWN and not self.published_at
        if never_seen or self.is_closed(now):
            return ()
        pending = self.is_pending(now)
        possible = {
            Step.APPROVE: pending and (self.was_ended or self.end_if_approved(now) > now),
            Step.DECLINE: pending,
        }
        return tuple(step for step in TRANSITIONS[self.state_at(now)] if possible.get(step, True))

    def after(self, step: Step, now: datetime) -> BulletinState:
        """Return the state that `step` leads to.

        Raises Conflict `illegal_transition`, naming the legal steps.
        """
        legal = self.legal_steps(now)
        if step not in legal:
            raise errors.Conflict("illegal_transition", legal=", ".join(legal))
        return TRANSITIONS[self.state_at(now)][step]
