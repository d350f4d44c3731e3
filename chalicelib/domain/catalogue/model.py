"""The catalogue: categories of reports, channels of bulletins, and agencies for referrals.

The city's `catalogue.json` is the seed: codes, lifecycle, urgencies, shards and each category's
typed fields. Every label is in the city's `texts/`, as are the names of agencies (`agency.<code>`)
and how officers hand a document over (`agency_how.<code>`). An admin's changes are applied to the
seed (`overrides.py`), and the clock's by `state_at`; neither needs a deployment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from chalicelib.domain.officers.model import OVERSIGHT, Officer
from chalicelib.kernel import times
from chalicelib.kernel.city import city, read


class Receives(StrEnum):
    """How an agency receives a report: as a document with its pictures, a call, or what officers
    write for it, which is sent to its server of Open311.
    """

    DOCUMENT = "document"
    PHONE = "phone"
    OPEN311 = "open311"


class Agency(NamedTuple):
    """Another agency. `outside`: it is suggested for reports from outside the districts.

    The rest is of one that `receives` by Open311 GeoReport v2 (docs/adr/0084). `publishes`: what it
    gets may be read by anybody. `lists`: its list of requests has each at once.
    """

    code: str
    receives: Receives
    outside: bool = False
    endpoint: str | None = None
    jurisdiction_id: str | None = None
    service_code: str | None = None
    publishes: bool = True
    lists: bool = True

    @property
    def is_sent_to(self) -> bool:
        """Return whether an approved referral leaves by itself."""
        return self.receives is Receives.OPEN311


type UrgencyCode = Literal["low", "normal", "high", "critical"]

type CapCategory = Literal[
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
]
"""The categories of CAP 1.2 (section 3.2.2)."""


type OutcomeCode = Literal["found_safe", "found", "arrested", "no_longer_sought"]
"""How a bulletin is resolved. Each has a fixed text: `bulletin.resolved.<code>`."""

OUTCOMES: tuple[OutcomeCode, ...] = ("found_safe", "found", "arrested", "no_longer_sought")

# Those of a category that names none.
DEADLINES: Mapping[str, int] = MappingProxyType({"high": 30, "normal": 24 * 60})


# After how many days an open report is reviewed, in a category that does not say it.
REVIEW_DAYS = 365
LEAST_REVIEW_DAYS, MOST_REVIEW_DAYS = 30, 3650


class LifecycleState(StrEnum):
    """The state of a category or channel. Only an active one accepts reports or drafts.

    `shadow` is for categories, to try one: it accepts reports, and supervisors alone are notified.
    """

    PLANNED = "planned"
    SHADOW = "shadow"
    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


WAITING = frozenset({LifecycleState.PLANNED, LifecycleState.SHADOW, LifecycleState.PAUSED})
"""The states from which an entry becomes active by itself, at its `activates_at`."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The fields of categories and channels. `activates_at` is for those that are `WAITING`."""

    code: str
    state: LifecycleState
    activates_at: datetime | None = None

    def state_at(self, now: datetime) -> LifecycleState:
        """Return the state at `now`: an entry whose activation time has come is active."""
        due = self.activation
        return LifecycleState.ACTIVE if due and due <= now else self.state

    @property
    def activation(self) -> datetime | None:
        """When the clock activates it; None when it does not."""
        return self.activates_at if self.state in WAITING else None


class Raise(NamedTuple):
    """The values of a field that make a report at least this urgent."""

    urgency: UrgencyCode
    answers: tuple[bool | str, ...]


class TextField(NamedTuple):
    type: Literal["text"]
    name: str
    max_length: int


class IntegerField(NamedTuple):
    type: Literal["integer"]
    name: str
    minimum: int
    maximum: int


class BooleanField(NamedTuple):
    type: Literal["boolean"]
    name: str
    raises: Raise | None = None


class ChoiceField(NamedTuple):
    type: Literal["choice"]
    name: str
    options: tuple[str, ...]
    raises: Raise | None = None


class TimeField(NamedTuple):
    type: Literal["time"]
    name: str


type DetailField = TextField | IntegerField | BooleanField | ChoiceField | TimeField


class Form(NamedTuple):
    """The fields of a category in one version."""

    details_version: int
    details: tuple[DetailField, ...]


@dataclass(frozen=True, kw_only=True)
class Category(Entry):
    """A category of reports.

    `shards`: over how many partitions its lists are spread; may only grow. `emergency`: every
    response shows the emergency number. `always_open`: can never be switched off. `never_limited`:
    no abuse control may refuse its reports. `details_version` grows when `details` change;
    a report keeps the version it was checked against. `deadlines`: in how many minutes a report is
    to be acknowledged, by urgency; critical ones have escalations instead. `review_days`: after how
    many days an open report is reviewed. `blur`: officers' screens show no picture of its reports
    before it is asked for. `kin`: other categories in which one event may be reported, too; it
    counts in both directions. `earlier` are the forms of earlier versions, so that old
    answers stay readable.
    """

    urgency: UrgencyCode
    shards: int
    emergency: bool
    always_open: bool
    never_limited: bool
    details_version: int
    details: tuple[DetailField, ...]
    deadlines: Mapping[str, int] = field(default_factory=lambda: DEADLINES)
    review_days: int = REVIEW_DAYS
    blur: bool = False
    kin: tuple[str, ...] = ()
    earlier: tuple[Form, ...] = ()

    @property
    def partitions(self) -> tuple[str, ...]:
        """The names of the partitions over which its lists are spread."""
        return tuple(f"{self.code}#{shard}" for shard in range(self.shards))

    def deadline(self, urgency: str) -> int | None:
        """Return in how many minutes a report of this urgency is to be acknowledged, or None."""
        return self.deadlines.get(urgency) or None

    def forms(self) -> tuple[Form, ...]:
        """Return the forms of all versions, the newest first."""
        present = Form(self.details_version, self.details)
        return (present, *sorted(self.earlier, reverse=True, key=lambda form: form.details_version))

    def form(self, version: int | None) -> Form | None:
        """Return the form of this version, or the present one; None for an unknown version."""
        known = (form for form in self.forms() if version in (None, form.details_version))
        return next(known, None)


@dataclass(frozen=True, kw_only=True)
class NamedCategory(Category):
    """A category that an admin has added. `wordings` are its labels and those of its fields, by
    language and key; those of all others are in the city's `texts/`.
    """

    wordings: Mapping[str, Mapping[str, str]]


OVERSIGHT_CATEGORY = Category(
    code=OVERSIGHT,
    state=LifecycleState.ACTIVE,
    urgency="normal",
    shards=1,
    emergency=False,
    always_open=False,
    never_limited=False,
    details_version=1,
    details=(),
)
"""Where reports about the police are kept, whatever category they were sent in. No list of the
catalogue has it, so nobody chooses, changes or retires it.
"""


@dataclass(frozen=True, kw_only=True)
class Channel(Entry):
    """Where police publish.

    `guardian_consent`: a bulletin needs the consent of the missing person's guardian. `fed_by`: the
    categories whose reports lead to its bulletins; officers who see one of these may work in it.
    `cap_category`: the category of its bulletins in CAP 1.2, such as `Rescue`. `outcomes`: how its
    bulletins can be resolved, in the order in which officers choose.
    """

    guardian_consent: bool
    fed_by: tuple[str, ...]
    cap_category: CapCategory
    outcomes: tuple[OutcomeCode, ...] = OUTCOMES


class Emergency(NamedTuple):
    number: str


class App(NamedTuple):
    """Settings for apps. `minimum_version` is only information: no route refuses older apps."""

    minimum_version: str


class Catalogue(NamedTuple):
    """Both catalogues, in the order in which apps show them. `offers_oversight`: whether a report
    about the police is taken now.
    """

    categories: tuple[Category, ...]
    channels: tuple[Channel, ...]
    emergency: Emergency
    app: App
    agencies: tuple[Agency, ...] = ()
    offers_oversight: bool = False

    def category(self, code: str) -> Category:
        """Return one category. Raises KeyError when there is none."""
        return by_code(self.stored())[code]

    def seen_by(self, officer: Officer) -> tuple[Category, ...]:
        """Return the categories in the scope of an officer."""
        return tuple(each for each in self.stored() if officer.sees_category(each.code))

    def partitions_of(self, officer: Officer) -> list[str]:
        """Return the partitions of the categories in the scope of an officer."""
        return [name for each in self.seen_by(officer) for name in each.partitions]

    def stored(self) -> tuple[Category, ...]:
        """Return the categories that rows can have: also that of reports about the police."""
        return (*self.categories, OVERSIGHT_CATEGORY)

    def channel(self, code: str) -> Channel:
        """Return one channel. Raises KeyError when there is none."""
        return by_code(self.channels)[code]

    def takes_reports(self, category: str, now: datetime) -> bool:
        """Return whether this category accepts reports. Raises KeyError for an unknown one."""
        state = self.category(category).state_at(now)
        return state in (LifecycleState.ACTIVE, LifecycleState.SHADOW)

    def is_shadow(self, category: str, now: datetime) -> bool:
        """Return whether this category is only tried. Raises KeyError for an unknown one."""
        return self.category(category).state_at(now) is LifecycleState.SHADOW

    def takes_bulletins(self, channel: str, now: datetime) -> bool:
        """Return whether this channel is active. Raises KeyError for an unknown one."""
        return self.channel(channel).state_at(now) is LifecycleState.ACTIVE


def agency(code: str) -> Agency | None:
    """Return an agency of the city; None for one that is there no more."""
    return next((each for each in catalogue().agencies if each.code == code), None)


def by_code[E: Entry](entries: Iterable[E]) -> dict[str, E]:
    return {entry.code: entry for entry in entries}


@cache
def catalogue() -> Catalogue:
    """Return the seed."""
    seed = read("catalogue.json")
    return Catalogue(
        categories=tuple(Category(**_entry(read) | _forms(read)) for read in seed["categories"]),
        channels=tuple(
            Channel(
                **_entry(read)
                | {name: tuple(read[name]) for name in ("fed_by", "outcomes") if name in read}
            )
            for read in seed["channels"]
        ),
        emergency=Emergency(city().emergency_number),
        app=App(**seed["app"]),
        agencies=tuple(
            Agency(**read | {"receives": Receives(read["receives"])})
            for read in seed.get("agencies", ())
        ),
    )


def _entry(read: dict[str, Any]) -> dict[str, Any]:
    activates_at = read.get("activates_at")
    return read | {
        "state": LifecycleState(read["state"]),
        "activates_at": times.parse(activates_at) if activates_at else None,
    }


def _forms(read: dict[str, Any]) -> dict[str, Any]:
    earlier = (
        Form(form["details_version"], tuple(map(_field, form["details"])))
        for form in read.get("earlier", ())
    )
    return {
        "details": tuple(map(_field, read["details"])),
        "kin": tuple(read.get("kin", ())),
        "earlier": tuple(earlier),
    }


_FIELDS = {
    "text": TextField,
    "integer": IntegerField,
    "boolean": BooleanField,
    "choice": ChoiceField,
    "time": TimeField,
}


def _field(declared: dict[str, Any]) -> DetailField:
    read = dict(declared)
    if "options" in read:
        read["options"] = tuple(read["options"])
    if "raises" in read:
        read["raises"] = Raise(read["raises"]["urgency"], tuple(read["raises"]["answers"]))
    field: DetailField = _FIELDS[read["type"]](**read)
    return field


class Urgency(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (low) to 3 (critical)."""
        return list(Urgency).index(self)
