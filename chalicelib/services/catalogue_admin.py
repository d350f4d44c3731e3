"""Steering the two catalogues while the system runs: an admin's change is kept, on record, and seen
by every function within a minute.
"""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.catalogue.overrides import Overrides, apply, restore
from chalicelib.domain.officers import Officer
from chalicelib.store.audit import Action, Audit
from chalicelib.store.catalogue import SETTLES_AFTER, CatalogueChanges, Kept
from chalicelib.store.table import ConditionFailed

_TRIES = 5


def change_catalogue(
    changes: Overrides,
    *,
    officer: Officer,
    kept: CatalogueChanges,
    audit: Audit,
    now: datetime,
    wall_clock: datetime,
) -> Kept:
    """Lay `changes` over what stands. Of two at once both hold, the later one where they meet. What
    changes nothing is no version.

    Raises Invalid, Unavailable.
    """
    for _ in range(_TRIES):
        before = kept.read()
        apply(restore(catalogue(), before.overrides), changes)
        after = _after(before, changes, wall_clock)
        if after.overrides.model_dump() == before.overrides.model_dump():
            audit.about_officer(
                by=officer.username,
                action=Action.OPEN,
                now=now,
                detail={"catalogue": before.version},
            )
            return before
        detail = {
            "catalogue": changes.model_dump(mode="json", exclude_none=True),
            "version": before.version + 1,
        }
        record = audit.officer_action(
            by=officer.username, action=Action.CHANGE, now=now, detail=detail
        )
        try:
            return kept.replace(before, after, record)
        except ConditionFailed:
            continue
    raise errors.Unavailable


def _after(before: Kept, changes: Overrides, wall_clock: datetime) -> Kept:
    overrides, version = before.overrides.then(changes), before.version + 1
    was, now_is = restore(catalogue(), before.overrides), restore(catalogue(), overrides)
    growing = {
        each.code: before.shards_to_write(each.code, wall_clock) or each.shards
        for each in was.categories
        if now_is.category(each.code).shards
        > (before.shards_to_write(each.code, wall_clock) or each.shards)
    }
    grown = any(now_is.category(each.code).shards > each.shards for each in was.categories)
    settles_at = wall_clock + SETTLES_AFTER if grown else before.settles_at
    return Kept(overrides, version, growing, settles_at if growing else None)
