"""The two catalogues, what residents report (categories) and where police publish (channels), and
what apps need to know.

`catalogue.json` is the seed: codes, lifecycle, urgencies, shards and each category's typed fields;
every label stands in `texts/`. An admin's changes are laid over it by `Catalogue.with_overrides`,
the clock's by `state_at`; neither needs a deployment.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from chalicelib.domain import geo, media, times
from chalicelib.domain.languages import text
from chalicelib.domain.text import TEXT_MAX
from chalicelib.domain.times import Moment
from chalicelib.errors import FieldError

type UrgencyCode = Literal["low", "normal", "high", "critical"]


class WrongFields(ValueError):
    """Readable, but wrong: every wrong field is named in `errors`."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(f"{error.field}: {error.code}" for error in errors))
        self.errors = errors


class State(StrEnum):
    """Where in its life an entry is. Only an active one takes reports, or drafts."""

    PLANNED = "planned"
    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What categories and channels have in common. `activates_at` matters to planned and paused
    ones.
    """

    code: str
    state: State
    activates_at: datetime | None = None

    def state_at(self, now: datetime) -> State:
        """The state when the clock says `now`: what was to be activated by then is active."""
        return State.ACTIVE if self.awaits and self.awaits <= now else self.state

    @property
    def awaits(self) -> datetime | None:
        """When the clock activates it; None when it does not."""
        return self.activates_at if self.state in (State.PLANNED, State.PAUSED) else None


class Raise(NamedTuple):
    """The answers that make a report as urgent as this, at least."""

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


@dataclass(frozen=True, kw_only=True)
class Category(Entry):
    """What residents report.

    `shards`: over how many partitions its lists are spread; may only grow. `emergency`: the
    emergency number belongs in every answer. `always_open`: can never be switched off.
    `never_limited`: no abuse control may refuse or delay it. `details_version` grows when `details`
    change; a report keeps the version that it was checked by.
    """

    urgency: UrgencyCode
    shards: int
    emergency: bool
    always_open: bool
    never_limited: bool
    details_version: int
    details: tuple[DetailField, ...]


@dataclass(frozen=True, kw_only=True)
class Channel(Entry):
    """Where police publish.

    `guardian_consent`: a bulletin needs the consent of the missing person's guardian. `fed_by`: the
    categories whose reports lead to its bulletins; who may see one of these works in the channel.
    """

    guardian_consent: bool
    fed_by: tuple[str, ...]


class Emergency(NamedTuple):
    number: str


class App(NamedTuple):
    """What apps are told. `minimum_version` informs: no route ever refuses for a version."""

    minimum_version: str
    flags: Mapping[str, bool]


class _Sent(BaseModel):
    # Built at first use: nothing but the admin's route, and what it has kept, needs these.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Change(_Sent):
    """An admin's change of one entry: its whole lifecycle at once, so no date of an earlier plan
    lives on; `shards` of categories only.
    """

    code: str
    state: Annotated[State, Field(strict=False)]
    activates_at: Moment | None = None
    shards: Annotated[int, Field(ge=1, le=64)] | None = None


class AppChange(_Sent):
    """An admin's change of what apps are told: the minimum version, and any of the flags that there
    are.
    """

    minimum_version: Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){0,3}$")] | None = None
    flags: Mapping[str, bool] = {}

    def then(self, later: Self) -> Self:
        return self.model_copy(
            update={
                "minimum_version": later.minimum_version or self.minimum_version,
                "flags": {**self.flags, **later.flags},
            }
        )


class Overrides(_Sent):
    """Changes laid over the seed; accumulated, what is kept."""

    categories: tuple[Change, ...] = Field(default=(), strict=False)
    channels: tuple[Change, ...] = Field(default=(), strict=False)
    app: AppChange = Field(default_factory=AppChange)

    def then(self, later: Self) -> Self:
        """These and, over them, the later ones."""
        return self.model_copy(
            update={
                "categories": _merged(self.categories, later.categories),
                "channels": _merged(self.channels, later.channels),
                "app": self.app.then(later.app),
            }
        )


def _one_that_can_wait(activates_at: datetime | None, info: ValidationInfo) -> datetime | None:
    if activates_at and info.data.get("state") in (State.ACTIVE, State.RETIRED):
        raise PydanticCustomError(
            "not_awaiting_activation", "Only what is planned or paused has a time to come."
        )
    return activates_at


def _known_category(code: str) -> str:
    if code not in _by_code(catalogue().categories):
        raise PydanticCustomError("unknown_value", "Not a category.")
    return code


def _known_channel(code: str) -> str:
    if code not in _by_code(catalogue().channels):
        raise PydanticCustomError("unknown_value", "Not a channel.")
    return code


def _known_flag(name: str) -> str:
    if name not in catalogue().app.flags:
        raise PydanticCustomError("unknown_field", "Not a flag.")
    return name


_ActivatesAt = Annotated[Moment | None, AfterValidator(_one_that_can_wait)]


class CategoryChange(Change):
    code: Annotated[str, AfterValidator(_known_category)]
    activates_at: _ActivatesAt = None


class ChannelChange(Change):
    code: Annotated[str, AfterValidator(_known_channel)]
    activates_at: _ActivatesAt = None


class KnownAppChange(AppChange):
    flags: Mapping[Annotated[str, AfterValidator(_known_flag)], bool] = {}


class CataloguePatch(Overrides):
    """The body of `PATCH /v1/admin/catalogue`: overrides of what there is. What was kept by another
    release need not be.
    """

    categories: tuple[CategoryChange, ...] = Field(default=(), strict=False)
    channels: tuple[ChannelChange, ...] = Field(default=(), strict=False)
    app: KnownAppChange = Field(default_factory=KnownAppChange)


def _merged(earlier: Sequence[Change], later: Sequence[Change]) -> tuple[Change, ...]:
    merged = {change.code: change for change in earlier}
    for change in later:
        before = merged.get(change.code)
        merged[change.code] = (
            change
            if change.shards or not before
            else change.model_copy(update={"shards": before.shards})
        )
    return tuple(merged.values())


class Catalogue(NamedTuple):
    """Both catalogues, in the order in which apps show them."""

    categories: tuple[Category, ...]
    channels: tuple[Channel, ...]
    emergency: Emergency
    app: App

    def category(self, code: str) -> Category:
        """KeyError when there is none."""
        return _by_code(self.categories)[code]

    def channel(self, code: str) -> Channel:
        """KeyError when there is none."""
        return _by_code(self.channels)[code]

    def takes_reports(self, category: str, now: datetime) -> bool:
        return self.category(category).state_at(now) is State.ACTIVE

    def takes_bulletins(self, channel: str, now: datetime) -> bool:
        return self.channel(channel).state_at(now) is State.ACTIVE

    def with_overrides(self, overrides: Overrides) -> Self:
        """This catalogue as changed. The present one is `catalogue().restored(kept)`; what is kept
        next is `kept.then(overrides)`.

        WrongFields: an unknown code (`unknown_value`), a code twice (`duplicate`), an always open
        category switched off (`always_open`), fewer shards than before (`shards_only_grow`), shards
        for a channel or a flag that there is not (`unknown_field`).
        """
        errors = [
            *_errors(self.categories, overrides.categories, "categories"),
            *_errors(self.channels, overrides.channels, "channels"),
        ]
        if overrides.app.flags.keys() - self.app.flags.keys():
            errors.append(FieldError("app.flags", "unknown_field"))
        if errors:
            raise WrongFields(*errors)
        return self._changed(overrides)

    def restored(self, overrides: Overrides) -> Self:
        """This catalogue with kept overrides, less those that do not fit it: a release that went
        back must not stop intake.
        """
        return self._changed(
            Overrides(
                categories=_fitting(self.categories, overrides.categories),
                channels=_fitting(self.channels, overrides.channels),
                app=overrides.app,
            )
        )

    def _changed(self, overrides: Overrides) -> Self:
        return self._replace(
            categories=_replaced(self.categories, overrides.categories),
            channels=_replaced(self.channels, overrides.channels),
            app=App(
                overrides.app.minimum_version or self.app.minimum_version,
                {
                    name: overrides.app.flags.get(name, value)
                    for name, value in self.app.flags.items()
                },
            ),
        )

    def public_view(self, language: str, now: datetime) -> dict[str, Any]:
        """The body of `GET /v1/catalogue`: the same for the same catalogue, language and states,
        whatever the time.
        """
        return {
            "categories": [
                _public_category(category, language, now) for category in self.categories
            ],
            "channels": [_public_channel(channel, language, now) for channel in self.channels],
            "districts": [
                {"code": code, "label": text(f"district.{code}", language)}
                for code in (*geo.districts(), geo.OUTSIDE, geo.UNKNOWN)
            ],
            "limits": _public_limits(),
            "emergency": {
                "number": self.emergency.number,
                "text": text("emergency.text", language, number=self.emergency.number),
            },
            "app": {**self.app._asdict(), "emergency_number": self.emergency.number},
        }


@cache
def catalogue() -> Catalogue:
    """The seed."""
    seed = json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))
    return Catalogue(
        categories=tuple(
            Category(**_lifecycle(entry) | {"details": tuple(map(_field, entry["details"]))})
            for entry in seed["categories"]
        ),
        channels=tuple(
            Channel(**_lifecycle(entry) | {"fed_by": tuple(entry["fed_by"])})
            for entry in seed["channels"]
        ),
        emergency=Emergency(**seed["emergency"]),
        app=App(**seed["app"]),
    )


def _lifecycle(entry: dict[str, Any]) -> dict[str, Any]:
    activates_at = entry.get("activates_at")
    return entry | {
        "state": State(entry["state"]),
        "activates_at": times.parse(activates_at) if activates_at else None,
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


def _by_code[E: Entry](entries: Iterable[E]) -> dict[str, E]:
    return {entry.code: entry for entry in entries}


def _errors(entries: Sequence[Entry], changes: Sequence[Change], path: str) -> list[FieldError]:
    found, seen = [], set[str]()
    for index, change in enumerate(changes):
        error = (
            FieldError(f"{path}.{index}.code", "duplicate")
            if change.code in seen
            else _error(entries, change, f"{path}.{index}")
        )
        seen.add(change.code)
        if error:
            found.append(error)
    return found


def _error(entries: Sequence[Entry], change: Change, path: str) -> FieldError | None:
    entry = _by_code(entries).get(change.code)
    if entry is None:
        return FieldError(f"{path}.code", "unknown_value")
    if isinstance(entry, Category):
        if entry.always_open and change.state is not State.ACTIVE:
            return FieldError(f"{path}.state", "always_open")
        if change.shards is not None and change.shards < entry.shards:
            return FieldError(
                f"{path}.shards", "shards_only_grow", (("shards", str(entry.shards)),)
            )
    elif change.shards is not None:
        return FieldError(f"{path}.shards", "unknown_field")
    return None


def _fitting(entries: Sequence[Entry], changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(
        change
        for change in changes
        if not _error(entries, change.model_copy(update={"shards": None}), "")
    )


def _replaced[E: Entry](entries: Sequence[E], changes: Sequence[Change]) -> tuple[E, ...]:
    by_code = {change.code: change for change in changes}
    return tuple(
        _apply(entry, by_code[entry.code]) if entry.code in by_code else entry for entry in entries
    )


def _apply[E: Entry](entry: E, change: Change) -> E:
    update: dict[str, Any] = {"state": change.state, "activates_at": change.activates_at}
    if isinstance(entry, Category):
        update["shards"] = max(entry.shards, change.shards or 0)
    return replace(entry, **update)


def _public_entry(entry: Entry, kind: str, language: str, now: datetime) -> dict[str, Any]:
    state = entry.state_at(now)
    return {
        "code": entry.code,
        "label": text(f"{kind}.{entry.code}", language),
        "state": state.value,
        "state_label": text(f"lifecycle.{state}", language),
        "activates_at": times.render(entry.awaits)
        if entry.awaits and state is entry.state
        else None,
    }


def _public_category(category: Category, language: str, now: datetime) -> dict[str, Any]:
    return {
        **_public_entry(category, "category", language, now),
        "urgency": category.urgency,
        "emergency": category.emergency,
        "details_version": category.details_version,
        "details": [_public_field(category.code, field, language) for field in category.details],
    }


def _public_channel(channel: Channel, language: str, now: datetime) -> dict[str, Any]:
    return {
        **_public_entry(channel, "channel", language, now),
        "guardian_consent": channel.guardian_consent,
    }


def _public_field(category: str, field: DetailField, language: str) -> dict[str, Any]:
    """A form's line. `required` is never true: a category and a text, or a picture, are a whole
    report.
    """
    key = f"detail.{category}.{field.name}"
    view: dict[str, Any] = {
        "name": field.name,
        "label": text(key, language),
        "required": False,
        "type": field.type,
    }
    match field:
        case TextField():
            view["max_length"] = field.max_length
        case IntegerField():
            view |= {"minimum": field.minimum, "maximum": field.maximum}
        case ChoiceField():
            view["options"] = [
                {"code": option, "label": text(f"{key}.{option}", language)}
                for option in field.options
            ]
    return view


def _public_limits() -> dict[str, Any]:
    return {
        "text_max": TEXT_MAX,
        "media_per_call": media.MAX_MEDIA_PER_CALL,
        "media_per_report": media.MAX_MEDIA_PER_REPORT,
        "post_max_bytes": media.POST_MAX_BYTES,
        "part_size": media.PART_SIZE,
        "parts_per_call": media.MAX_PARTS_PER_CALL,
        "media": [
            {
                "content_type": content_type,
                "kind": accepted.kind.value,
                "max_bytes": accepted.max_bytes,
            }
            for content_type, accepted in media.ACCEPTED.items()
        ],
    }
