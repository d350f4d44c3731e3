"""Admins' changes of the catalogue. Every function uses a change within a minute."""

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.catalogue.additions import MOST_ADDED
from chalicelib.domain.catalogue.overrides import Overrides, apply
from chalicelib.kernel import errors
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.catalogue import CatalogueChanges, Kept

# A row can have 400 KB.
_MOST_BYTES = 200_000


def change_catalogue(changes: Overrides, *, actor: OfficerActor, kept: CatalogueChanges) -> Kept:
    """Apply `changes` to the catalogue with an audit record, and return its new state.

    Two changes at the same time are both applied; where they concern the same field, the later one
    wins. A call that changes nothing makes no new version. Raises Invalid, Unavailable.
    """

    def step() -> Kept:
        before = kept.read()
        apply(before.restored(), changes)
        after = Kept(before.overrides.then(changes), before.version + 1)
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
