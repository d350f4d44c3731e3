"""Steering the two catalogues while the system runs: an admin's change is kept, on record, and seen by every function within a minute."""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.catalogue import Overrides, WrongFields, catalogue
from chalicelib.domain.officers import Officer
from chalicelib.store.audit import Action, Audit
from chalicelib.store.catalogue import CatalogueChanges, Kept
from chalicelib.store.table import ConditionFailed

_TRIES = 5


def change_catalogue(changes: Overrides, *, officer: Officer, kept: CatalogueChanges, audit: Audit, now: datetime) -> Kept:
    """Lay `changes` over what stands. Of two at once both hold, the later one where they meet. Raises Invalid, Unavailable."""
    for _ in range(_TRIES):
        before = kept.read()
        try:
            catalogue().restored(before.overrides).with_overrides(changes)
        except WrongFields as wrong:
            raise errors.Invalid(*wrong.errors) from None
        detail = {"catalogue": changes.model_dump(mode="json", exclude_none=True), "version": before.version + 1}
        record = audit.officer_action(by=officer.username, action=Action.CHANGE, now=now, detail=detail)
        try:
            return kept.replace(before, before.overrides.then(changes), record)
        except ConditionFailed:
            continue
    raise errors.Unavailable
