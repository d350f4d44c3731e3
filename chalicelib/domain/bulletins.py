"""A police notice in a channel: drafted by one officer, approved by another, corrected, resolved,
withdrawn, expiring.

    draft ──approve──► published ──resolve──► resolved ──resolve──► resolved, its outcome corrected
      │                  │    ▲ └──(time)──► expired ──resolve──► resolved
      └──withdraw──► withdrawn  └──approve──────┘        every state but the last: withdraw

What officers write (`Content`) and what readers see (`Bulletin.published`) are kept apart: a change
of a published bulletin waits until an officer who wrote none of it approves exactly that version.
`version` grows with everything written, pictures' verdicts included. What has ended shows officers
what readers saw last: words that were never published stay in the record of versions alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib import errors
from chalicelib.domain import geo, ids, times
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.languages import DEFAULT, LANGUAGES, text
from chalicelib.domain.text import bounded
from chalicelib.domain.times import Moment

TITLE_MAX, BODY_MAX, AREA_MAX, OUTCOME_MAX, REASON_MAX = 200, 4000, 200, 1000, 500
"""Characters."""
MAX_PICTURES = 10


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    """What can be done to a bulletin."""

    WRITE = "write"
    APPROVE = "approve"
    RESOLVE = "resolve"
    WITHDRAW = "withdraw"


_NEXT: Mapping[State, Mapping[Step, State]] = {
    State.DRAFT: {
        Step.WRITE: State.DRAFT,
        Step.APPROVE: State.PUBLISHED,
        Step.WITHDRAW: State.WITHDRAWN,
    },
    State.PUBLISHED: {
        Step.WRITE: State.PUBLISHED,
        Step.APPROVE: State.PUBLISHED,
        Step.RESOLVE: State.RESOLVED,
        Step.WITHDRAW: State.WITHDRAWN,
    },
    # Written to with a later date and approved, it is renewed.
    State.EXPIRED: {
        Step.WRITE: State.EXPIRED,
        Step.APPROVE: State.PUBLISHED,
        Step.RESOLVE: State.RESOLVED,
        Step.WITHDRAW: State.WITHDRAWN,
    },
    # Resolved again with another outcome, the outcome is corrected.
    State.RESOLVED: {Step.RESOLVE: State.RESOLVED, Step.WITHDRAW: State.WITHDRAWN},
    State.WITHDRAWN: {},
}


class About(StrEnum):
    """Whom a bulletin is about, as far as its urgency and its life depend on it."""

    CHILD = "child"
    ELDERLY = "elderly"
    OTHER = "other"


LIFE: Mapping[About, timedelta] = {
    About.CHILD: timedelta(hours=72),
    About.ELDERLY: timedelta(days=7),
    About.OTHER: timedelta(days=30),
}
"""How long a bulletin lives when no date is given, and at most; a further approval renews it."""


class _Strict(BaseModel):
    # Built at first use: most calls have nothing to do with bulletins.
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True
    )


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("unknown_value", "Not a language of ours.")
    return code


LanguageTag = Annotated[str, AfterValidator(_language)]


def _text(max_length: int) -> AfterValidator:
    return AfterValidator(lambda value: bounded(value, max_length))


def _by_language(max_length: int) -> WithJsonSchema:
    one = {"type": "string", "minLength": 1, "maxLength": max_length}
    return WithJsonSchema(
        {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, one),
            "additionalProperties": False,
            "minProperties": 1,
        }
    )


type LocalizedText = dict[str, str]
"""The same in one or several languages, by language tag."""
Title = Annotated[
    dict[LanguageTag, Annotated[str, _text(TITLE_MAX)]],
    Field(min_length=1),
    _by_language(TITLE_MAX),
]
Body = Annotated[
    dict[LanguageTag, Annotated[str, _text(BODY_MAX)]], Field(min_length=1), _by_language(BODY_MAX)
]
Outcome = Annotated[
    dict[LanguageTag, Annotated[str, _text(OUTCOME_MAX)]],
    Field(min_length=1),
    _by_language(OUTCOME_MAX),
]
Reason = Annotated[
    str,
    _text(REASON_MAX),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": REASON_MAX}),
]
AreaText = Annotated[
    str, _text(AREA_MAX), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": AREA_MAX})
]


def _known_channel(code: str) -> str:
    if code not in {channel.code for channel in catalogue().channels}:
        raise PydanticCustomError("unknown_value", "Not a channel of the catalogue.")
    return code


def _known_district(code: str) -> str:
    if code not in geo.districts():
        raise PydanticCustomError("unknown_value", "Not a district of the areas file.")
    return code


ChannelCode = Annotated[
    str,
    AfterValidator(_known_channel),
    WithJsonSchema({"type": "string", "enum": [channel.code for channel in catalogue().channels]}),
]


class Area(_Strict):
    """Where a bulletin matters. Of a place only its geohash-5 cell (some 5 km wide) is kept: that
    is all the public is told.
    """

    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    datum: Annotated[geo.Datum, Field(strict=False)] = geo.Datum.WGS84
    text: AreaText | None = None
    # Last: whether the point lies in it can be asked once the point is read.
    district: Annotated[str, AfterValidator(_known_district)] | None = None

    @field_validator("district")
    @classmethod
    def _holds_the_point(cls, district: str | None, info: ValidationInfo) -> str | None:
        given = info.data
        if district and "datum" in given and None not in (given.get("lat"), given.get("lon")):
            holder = geo.district_of(*geo.to_wgs84(given["lat"], given["lon"], given["datum"]))
            if district != holder:
                raise PydanticCustomError("not_at_the_point", "The point lies elsewhere.")
        return district

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.lat is None) != (self.lon is None) or not (
            self.district or self.text or self.lat is not None
        ):
            raise PydanticCustomError(
                "needs_a_place", "Give a district, a text, or both lat and lon."
            )
        return self

    def coarse(self) -> dict[str, str]:
        """What is kept and shown: `district`, `text`, `geohash`, each if there is one. The district
        of a point is worked out.
        """
        kept = {"district": self.district, "text": self.text}
        if self.lat is not None and self.lon is not None:
            place = geo.to_wgs84(self.lat, self.lon, self.datum)
            kept |= {"district": geo.district_of(*place), "geohash": geo.geohash5(*place)}
        return {name: value for name, value in kept.items() if value}


_TEXT, _OBJECT = "(text)", "(object)"
AnyArea = Annotated[
    Annotated[AreaText, Tag(_TEXT)] | Annotated[Area, Tag(_OBJECT)],
    # Chosen by its form, so that what is wrong with it is told of that form alone.
    Discriminator(lambda value: _TEXT if isinstance(value, str) else _OBJECT),
]


class Draft(_Strict):
    """The body of `POST /v1/officer/bulletins`."""

    channel: ChannelCode
    title: Title
    body: Body
    area: AnyArea | None = None
    about: Annotated[About, Field(strict=False)] = About.OTHER
    guardian_consent: bool = False
    expires_at: Moment | None = None

    @classmethod
    def also_wrong(cls, sent: Mapping[str, Any], now: datetime) -> list[errors.FieldError]:
        """What only the clock can tell, of a draft that cannot be read as a whole: it is told
        beside what else is wrong.
        """
        try:
            due, about = times.parse(sent["expires_at"]), About(sent.get("about", About.OTHER))
        except (KeyError, TypeError, ValueError):
            return []
        return _wrong_end(due, about, now)


class Changes(_Strict):
    """The body of `PATCH /v1/officer/bulletins/{id}`: a field that is given replaces the whole of
    that field, null clears it.

    `media` names which of the bulletin's own pictures it shows, in their order.
    """

    channel: ChannelCode | None = None
    title: Title | None = None
    body: Body | None = None
    area: AnyArea | None = None
    about: Annotated[About, Field(strict=False)] | None = None
    guardian_consent: bool | None = None
    expires_at: Moment | None = None
    media: Annotated[tuple[str, ...], Field(max_length=MAX_PICTURES, strict=False)] | None = None


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Content(_Kept):
    """What is written, and what an approval covers: all of it. `expires_at` None: as long as its
    kind lives.
    """

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
        """Do readers see the same, the date apart?"""
        return self.model_copy(update={"expires_at": None}) == other.model_copy(
            update={"expires_at": None}
        )


class MessageKind(StrEnum):
    """CAP's own words."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class AlertMessage(_Kept):
    """One CAP message that went out; they are numbered from 1 by their place."""

    kind: MessageKind
    sent: datetime


class Bulletin(_Kept):
    """A bulletin as kept.

    `state` is as stored: `state_at` says what it is, since time passes without a write. `rev` grows
    with every write at all. `authors`: everybody who wrote any part, ever. `expires_at` belongs to
    `published`; `published_version` is the version it was.
    """

    id: str
    state: State = State.DRAFT
    version: int = 1
    rev: int = 1
    content: Content
    authors: tuple[str, ...]
    created_at: datetime
    created_by: str
    consent_by: str | None = None
    consent_at: datetime | None = None
    published: Content | None = None
    published_version: int | None = None
    published_at: datetime | None = None
    corrected_at: datetime | None = None
    approved_by: str | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: LocalizedText | None = None
    reason: str | None = None
    messages: tuple[AlertMessage, ...] = ()

    def state_at(self, now: datetime) -> State:
        over = (
            self.state is State.PUBLISHED and self.expires_at is not None and self.expires_at <= now
        )
        return State.EXPIRED if over else self.state

    def is_pending(self, now: datetime) -> bool:
        """Does something wait for approval?"""
        return Step.APPROVE in _NEXT[self.state_at(now)] and self.content != self.published

    def end_if_approved(self, now: datetime) -> datetime:
        """When it would end if it were approved now. Only a date that is asked for anew prolongs
        it, or brings it back.
        """
        latest, asked = now + LIFE[self.content.about], self.content.expires_at
        if self.published and asked == self.published.expires_at:
            asked = None
        return min(asked or self.expires_at or latest, latest)

    def legal_steps(self, now: datetime) -> tuple[Step, ...]:
        approvable = self.is_pending(now) and self.end_if_approved(now) > now
        return tuple(
            step for step in _NEXT[self.state_at(now)] if step is not Step.APPROVE or approvable
        )

    def after(self, step: Step, now: datetime) -> State:
        """The state that `step` leads to. Raises Conflict `illegal_transition`, naming the legal
        steps.
        """
        legal = self.legal_steps(now)
        if step not in legal:
            raise errors.Conflict("illegal_transition", legal=", ".join(legal))
        return _NEXT[self.state_at(now)][step]


def new_bulletin(draft: Draft, *, entry_id: str, by: str, now: datetime) -> Bulletin:
    """Raises Invalid."""
    given = draft.model_dump(
        include={"channel", "title", "body", "about", "guardian_consent", "expires_at"}
    )
    content = Content(**given, area=_coarse(draft.area))
    _check(content, now)
    consent = {"consent_by": by, "consent_at": now} if content.guardian_consent else {}
    return Bulletin(
        id=ids.bulletin_id(entry_id),
        content=content,
        authors=(by,),
        created_at=now,
        created_by=by,
        **consent,
    )


def changed(
    bulletin: Bulletin, changes: Changes, *, pictures: frozenset[str], by: str, now: datetime
) -> Bulletin:
    """The next version. `pictures` are the ids that may be shown. Raises Conflict, Invalid."""
    state = bulletin.after(Step.WRITE, now)
    update = {
        name: value
        for name in changes.model_fields_set
        if (value := getattr(changes, name)) is not None or name in _CLEARABLE
    }
    wrong = [
        errors.FieldError(name, "required")
        for name in sorted(changes.model_fields_set - _CLEARABLE)
        if getattr(changes, name) is None
    ]
    if changes.channel not in (None, bulletin.content.channel) and bulletin.published_at:
        wrong.append(errors.FieldError("channel", "fixed_once_published"))
    shown = update.get("media", ())
    wrong += [
        errors.FieldError(f"media.{n}", "unknown_value")
        for n, picture in enumerate(shown)
        if picture not in pictures
    ]
    wrong += [
        errors.FieldError(f"media.{n}", "duplicate")
        for n, picture in enumerate(shown)
        if picture in shown[:n]
    ]
    if wrong:
        raise errors.Invalid(*wrong)
    if "area" in update:
        update["area"] = _coarse(update["area"])
    content = bulletin.content.model_copy(update=update)
    _check(content, now, before=bulletin.content)
    newly = content.guardian_consent and not bulletin.content.guardian_consent
    consent = {"consent_by": by, "consent_at": now} if newly else {}
    return written(bulletin, content, by=by).model_copy(update={"state": state, **consent})


def written(bulletin: Bulletin, content: Content, *, by: str | None) -> Bulletin:
    """The next version, with this content. `by` None: not a person, but a verdict on a picture. Who
    changes nothing wrote nothing.
    """
    wrote = by is not None and by not in bulletin.authors and content != bulletin.content
    authors = (*bulletin.authors, by) if by is not None and wrote else bulletin.authors
    return bulletin.model_copy(
        update={"content": content, "version": bulletin.version + 1, "authors": authors}
    )


def approved(bulletin: Bulletin, *, by: str, now: datetime) -> Bulletin:
    """Published, or its correction is. Raises Conflict (`illegal_transition`, `expiry_passed`),
    Forbidden `self_approval`.
    """
    content, before, expires_at = (
        bulletin.content,
        bulletin.published,
        bulletin.end_if_approved(now),
    )
    if bulletin.is_pending(now) and expires_at <= now:
        raise errors.Conflict("expiry_passed")
    bulletin.after(Step.APPROVE, now)
    if by in bulletin.authors:
        raise errors.Forbidden("self_approval")
    corrects = before is not None and not content.says_the_same(before)
    kind = MessageKind.ALERT if before is None else MessageKind.UPDATE
    return bulletin.model_copy(
        update={
            "state": State.PUBLISHED,
            "published": content,
            "published_version": bulletin.version,
            "published_at": bulletin.published_at or now,
            "corrected_at": now if corrects else bulletin.corrected_at,
            "approved_by": by,
            "expires_at": expires_at,
            "messages": (*bulletin.messages, AlertMessage(kind=kind, sent=now)),
        }
    )


def resolved(bulletin: Bulletin, outcome: LocalizedText, *, now: datetime) -> Bulletin:
    """Over, with its outcome; or, resolved already, with another: that is a correction. Raises
    Conflict.
    """
    corrects = {"corrected_at": now} if bulletin.state is State.RESOLVED else {}
    return _ended(bulletin, Step.RESOLVE, now).model_copy(update={"outcome": outcome, **corrects})


def withdrawn(bulletin: Bulletin, reason: str, *, now: datetime) -> Bulletin:
    """Taken back; an outcome that was told is told no more. Raises Conflict."""
    return _ended(bulletin, Step.WITHDRAW, now).model_copy(update={"reason": reason})


def _ended(bulletin: Bulletin, step: Step, now: datetime) -> Bulletin:
    state = bulletin.after(step, now)
    # A message never changes: where a Cancel's words do, a further one says so.
    messages = (
        (*bulletin.messages, AlertMessage(kind=MessageKind.CANCEL, sent=now))
        if bulletin.messages
        else ()
    )
    content = bulletin.published or bulletin.content
    ended_at = bulletin.ended_at if state is bulletin.state else now
    return bulletin.model_copy(
        update={"state": state, "ended_at": ended_at, "messages": messages, "content": content}
    )


_CLEARABLE = frozenset({"area", "expires_at"})


def _coarse(area: str | Area | None) -> str | dict[str, str] | None:
    return area.coarse() if isinstance(area, Area) else area


def _check(content: Content, now: datetime, *, before: Content | None = None) -> None:
    """What no single field can tell. Raises Invalid."""
    wrong = []
    if not content.title.keys() & content.body.keys():
        wrong.append(errors.FieldError("body", "needs_one_language"))
    if catalogue().channel(content.channel).guardian_consent and not content.guardian_consent:
        wrong.append(errors.FieldError("guardian_consent", "consent_required"))
    due, about = content.expires_at, content.about
    if due and (before is None or (due, about) != (before.expires_at, before.about)):
        wrong += _wrong_end(due, about, now)
    if wrong:
        raise errors.Invalid(*wrong)


def _wrong_end(due: datetime, about: About, now: datetime) -> list[errors.FieldError]:
    if due <= now:
        return [errors.FieldError("expires_at", "in_the_past")]
    if due > now + LIFE[about]:
        return [
            errors.FieldError("expires_at", "lives_too_long", (("days", str(LIFE[about].days)),))
        ]
    return []


def taken_back() -> LocalizedText:
    """What is told of a withdrawn bulletin, in every language: no reason, and no outcome that was
    told before.
    """
    return {language: text("bulletin.withdrawn", language) for language in LANGUAGES}


def wording(words: LocalizedText, language: str) -> tuple[str, str]:
    """The language and the text in it: the one asked for if there is one, else the default's, else
    any.
    """
    for each in (language, DEFAULT, *LANGUAGES):
        if each in words:
            return each, words[each]
    return next(iter(words.items()))


def area_parts(area: str | Mapping[str, str] | None) -> Mapping[str, str]:
    """`district`, `text`, `geohash` of an area, each if there is one."""
    if area is None or isinstance(area, Mapping):
        return area or {}
    return (
        {"district": area}
        if area in (*geo.districts(), geo.OUTSIDE, geo.UNKNOWN)
        else {"text": area}
    )


def area_label(area: str | Mapping[str, str] | None, language: str) -> str | None:
    """How an area reads. A district named by its code reads as its name."""
    parts = area_parts(area)
    district = text(f"district.{parts['district']}", language) if "district" in parts else None
    return ", ".join(part for part in (parts.get("text"), district) if part) or parts.get("geohash")
