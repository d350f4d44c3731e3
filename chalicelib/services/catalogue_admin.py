"""Admins' changes of the catalogue. Every function uses a change within a minute."""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.catalogue.additions import MOST_ADDED
from chalicelib.domain.catalogue.overrides import Overrides, apply, restore
from chalicelib.services.actor import OfficerActor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action
from chalicelib.store.catalogue import SETTLES_AFTER, CatalogueChanges, Kept

# A row can have 400 KB.
_MOST_BYTES = 200_000


def change_catalogue(
    changes: Overrides, *, actor: OfficerActor, kept: CatalogueChanges, wall_clock: datetime
) -> Kept:
    """Apply `changes` to the catalogue with an audit record, and return its new state.

    Two changes at the same time are both applied; where they concern the same field, the later one
    wins. A call that changes nothing makes no new version. Raises Invalid, Unavailable.
    """

    def step() -> Kept:
        before = kept.read()
        apply(before.restored(), changes)
        after = _after(before, changes, wall_clock)
        _require_room(after.overrides)
        if after.overrides.model_dump() == before.overrides.model_dump():
            actor.log_own(Action.OPEN, {"catalogue": before.version})
            return before
        detail = {
            "catalogue": changes.model_dump(mode="json", exclude_none=True),
            "version": after.version,
        }
        return kept.replace(before, after, actor.log_own_item(Action.CHANGE, detail))

    return retry_on_conflict(step)


def _require_room(overrides: Overrides) -> None:
    """Raise Invalid when what admins have changed is more than a row should have. Each function
    reads it every minute.
    """
    if len(overrides.added) > MOST_ADDED:
        limit = (("max_length", str(MOST_ADDED)),)
        raise errors.Invalid(errors.FieldError("added", "too_many", limit))
    if len(overrides.model_dump_json(exclude_none=True).encode()) > _MOST_BYTES:
        limit = (("max_bytes", str(_MOST_BYTES)),)
        raise errors.Invalid(errors.FieldError("added", "too_large_together", limit))


def _after(before: Kept, changes: Overrides, wall_clock: datetime) -> Kept:
    """Return the state after `changes`.

    A category whose number of shards grows is written to its old shards until `settles_at`. By
    then every function reads the new ones too.
    """
    overrides, version = before.overrides.then(changes), before.version + 1
    was, now_is = before.restored(), restore(catalogue(), overrides)
    growing = {
        each.code: before.shards_to_write(each.code, wall_clock) or each.shards
        for each in was.categories
        if now_is.category(each.code).shards
        > (before.shards_to_write(each.code, wall_clock) or each.shards)
    }
    grown = any(now_is.category(each.code).shards > each.shards for each in was.categories)
    settles_at = wall_clock + SETTLES_AFTER if grown else before.settles_at
    return Kept(overrides, version, growing, settles_at if growing else None)
