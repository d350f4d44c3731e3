"""An admin's changes of the catalogue: sent, stored, checked and applied to the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.additions import (
    MOST_ADDED,
    Addition,
    AnyAddition,
    NewCategory,
    merged,
    mistakes,
)
from chalicelib.domain.catalogue.codes import CategoryCode, ChannelCode
from chalicelib.domain.catalogue.model import (
    App,
    Catalogue,
    Category,
    Entry,
    LifecycleState,
    by_code,
    catalogue,
)
from chalicelib.kernel.errors import FieldError, Invalid
from chalicelib.kernel.models import Input
from chalicelib.kernel.times import Moment

# Up to thirty days.
Minutes = Annotated[int, Field(ge=0, le=43_200)]
type DeadlineUrgency = Literal["low", "normal", "high"]


class EntryChange(Input):
    """An admin's change of one entry. It gives the whole lifecycle, so that no date of an earlier
    plan remains. `deadlines` are for categories only: the minutes in which reports of an urgency
    are to be acknowledged, 0 for no deadline. So is `blur`: no picture is shown before it is asked
    for. `shards` are only in what was stored up to release
    0.2: they count, because there are reports in all of them.
    """

    code: str
    state: Annotated[LifecycleState, Field(strict=False)]
    activates_at: Moment | None = None
    shards: int | None = None
    deadlines: Mapping[DeadlineUrgency, Minutes] | None = None
    blur: bool | None = None


class AppChange(Input):
    """An admin's change of the settings for apps. What was stored up to release 0.2 may have flags
    too, which are ignored.
    """

    model_config = ConfigDict(extra="ignore")

    minimum_version: Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){0,3}$")] | None = None


class Overrides(Input):
    """All changes since the seed, as stored; or new ones that will be added."""

    categories: tuple[EntryChange, ...] = Field(default=(), strict=False)
    channels: tuple[EntryChange, ...] = Field(default=(), strict=False)
    # Not validated: a start need not build the model.
    app: AppChange = Field(default_factory=AppChange.model_construct)
    added: tuple[AnyAddition, ...] = Field(default=(), strict=False)

    def then(self, later: Self) -> Self:
        """Return these changes with the later ones on top."""
        return self.model_copy(
            update={
                "categories": _merge(self.categories, later.categories),
                "channels": _merge(self.channels, later.channels),
                "app": later.app if later.app.minimum_version else self.app,
                "added": merged(self.added, later.added),
            }
        )


def _merge(earlier: Sequence[EntryChange], later: Sequence[EntryChange]) -> tuple[EntryChange, ...]:
    merged = {change.code: change for change in earlier}
    for change in later:
        before = merged.get(change.code)
        # A change without shards keeps those that were set before, and so each deadline.
        merged[change.code] = (
            change.model_copy(
                update={
                    "shards": change.shards or before.shards,
                    "deadlines": _both(before.deadlines, change.deadlines),
                    "blur": before.blur if change.blur is None else change.blur,
                }
            )
            if before
            else change
        )
    return tuple(merged.values())


def _both(
    before: Mapping[DeadlineUrgency, int] | None, change: Mapping[DeadlineUrgency, int] | None
) -> Mapping[DeadlineUrgency, int] | None:
    return {**(before or {}), **(change or {})} or None


def _only_while_waiting(activates_at: datetime | None, info: ValidationInfo) -> datetime | None:
    if activates_at and info.data.get("state") in (LifecycleState.ACTIVE, LifecycleState.RETIRED):
        raise PydanticCustomError(
            "not_awaiting_activation", "What is active or retired cannot be activated later."
        )
    return activates_at


_ActivatesAt = Annotated[Moment | None, AfterValidator(_only_while_waiting)]


def _without(schema: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        del schema["properties"][name]


def _not_one(shards: int | None) -> int | None:
    return None if shards == 1 else shards


class CategoryChange(EntryChange):
    """A console of release 0.2.0rc1 sends 1 as `shards`, which it is not shown: that says none."""

    model_config = ConfigDict(json_schema_extra=lambda schema: _without(schema, ("shards",)))

    code: CategoryCode
    activates_at: _ActivatesAt = None
    shards: Annotated[int | None, AfterValidator(_not_one)] = None


class ChannelChange(EntryChange):
    model_config = ConfigDict(
        json_schema_extra=lambda schema: _without(schema, ("shards", "deadlines", "blur"))
    )

    code: ChannelCode
    activates_at: _ActivatesAt = None


def _no_flag(flags: Mapping[str, bool]) -> Mapping[str, bool]:
    if flags:
        raise PydanticCustomError("unknown_field", "There are no flags.")
    return flags


class KnownAppChange(AppChange):
    """`flags` is empty: a console of release 0.2.0rc1 sends back what it was shown."""

    model_config = ConfigDict(extra="forbid")

    flags: Annotated[
        Mapping[str, bool],
        AfterValidator(_no_flag),
        Field(exclude=True, json_schema_extra={"deprecated": True}),
    ] = {}


class CataloguePatch(Overrides):
    """The body of `PATCH /v1/admin/catalogue`: only the entries and settings to change.

    They must exist already, but for categories in `added`.
    """

    # Stricter than what is kept, which may name an entry of another release.
    categories: tuple[CategoryChange, ...] = Field(default=(), strict=False)
    channels: tuple[ChannelChange, ...] = Field(default=(), strict=False)
    app: KnownAppChange = Field(default_factory=KnownAppChange)
    added: tuple[NewCategory, ...] = Field(default=(), max_length=MOST_ADDED, strict=False)


def apply(present: Catalogue, overrides: Overrides) -> Catalogue:
    """Return the catalogue with new changes applied.

    Raises Invalid, which names every wrong field: an unknown code (`unknown_value`), a code given
    twice, or added although the city has it (`duplicate`), an always open category switched off
    (`always_open`), shards, or what a channel does not have (`unknown_field`).
    """
    errors = [
        *_errors(present.categories, overrides.categories, "categories"),
        *_errors(present.channels, overrides.channels, "channels"),
    ]
    errors += _wrong_additions(overrides.added)
    if errors:
        raise Invalid(*errors)
    return _changed(present, overrides)


def _wrong_additions(added: Sequence[AnyAddition]) -> list[FieldError]:
    known = by_code(catalogue().categories)
    found, seen = [], set[str]()
    for index, addition in enumerate(added):
        if addition.code in known or addition.code in seen:
            found.append(FieldError(f"added.{index}.code", "duplicate"))
        seen.add(addition.code)
        found += [FieldError(f"added.{index}.{path}", code) for path, code in mistakes(addition)]
    return found


def restore(seed: Catalogue, kept: Overrides) -> Catalogue:
    """Return the seed with kept changes applied, except those that no longer fit.

    After a rollback, an override of a newer release must not stop intake. A category that a release
    has brought since is the release's.
    """
    brought = by_code(seed.categories)
    added = tuple(
        each.category()
        for each in kept.added
        if isinstance(each, Addition) and each.code not in brought
    )
    seed = seed._replace(categories=(*seed.categories, *added))
    fitting = Overrides(
        categories=_fitting(seed.categories, kept.categories),
        channels=_fitting(seed.channels, kept.channels),
        app=kept.app,
    )
    return _changed(seed, fitting)


def _changed(present: Catalogue, overrides: Overrides) -> Catalogue:
    return present._replace(
        categories=_replaced(present.categories, overrides.categories),
        channels=_replaced(present.channels, overrides.channels),
        app=App(overrides.app.minimum_version or present.app.minimum_version),
    )


def _errors(
    entries: Sequence[Entry], changes: Sequence[EntryChange], path: str
) -> list[FieldError]:
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


def _error(entries: Sequence[Entry], change: EntryChange, path: str) -> FieldError | None:
    entry = by_code(entries).get(change.code)
    if entry is None:
        return FieldError.unknown_value(f"{path}.code", by_code(entries))
    if change.shards is not None:
        return FieldError(f"{path}.shards", "unknown_field")
    if isinstance(entry, Category):
        if entry.always_open and change.state is not LifecycleState.ACTIVE:
            return FieldError(f"{path}.state", "always_open")
        return None
    for name in ("deadlines", "blur"):
        if getattr(change, name) is not None:
            return FieldError(f"{path}.{name}", "unknown_field")
    if change.state is LifecycleState.SHADOW:
        others = [state for state in LifecycleState if state is not LifecycleState.SHADOW]
        return FieldError.unknown_value(f"{path}.state", others)
    return None


def _fitting(entries: Sequence[Entry], changes: Sequence[EntryChange]) -> tuple[EntryChange, ...]:
    # Shards are left out of the check: `_apply` takes the larger number.
    return tuple(
        change
        for change in changes
        if not _error(entries, change.model_copy(update={"shards": None}), "")
    )


def _replaced[E: Entry](entries: Sequence[E], changes: Sequence[EntryChange]) -> tuple[E, ...]:
    changed = {change.code: change for change in changes}
    return tuple(
        _apply(entry, changed[entry.code]) if entry.code in changed else entry for entry in entries
    )


def _apply[E: Entry](entry: E, change: EntryChange) -> E:
    update: dict[str, Any] = {"state": change.state, "activates_at": change.activates_at}
    if isinstance(entry, Category):
        update["shards"] = max(entry.shards, change.shards or 0)
        update["deadlines"] = {**entry.deadlines, **(change.deadlines or {})}
        update["blur"] = entry.blur if change.blur is None else change.blur
    return replace(entry, **update)
