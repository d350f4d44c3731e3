"""What admins have changed of the catalogue: one row, and this function's own copy of it, never older than a minute.

CATALOGUE  OVERRIDES    {version, overrides}
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import errors
from chalicelib.domain.catalogue import Catalogue, Overrides, catalogue
from chalicelib.store.table import Table

log = logging.getLogger(__name__)

PK, SK = "CATALOGUE", "OVERRIDES"
FRESH_FOR = timedelta(seconds=60)
# When the row could not be read: what is known serves on, and it is tried again after this.
_TRY_AGAIN_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """Version 0: nothing was ever changed."""

    overrides: Overrides
    version: int


class CatalogueChanges:
    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> Kept:
        row = self.table.get(PK, SK, consistent=True)
        if row is None:
            return Kept(Overrides(), 0)
        return Kept(Overrides.model_validate_json(row["overrides"]), row["version"])

    def replace(self, before: Kept, overrides: Overrides, *also: dict[str, Any]) -> Kept:
        """Write with `also` or not at all. Raises ConditionFailed when somebody else was quicker."""
        after = Kept(overrides, before.version + 1)
        fields = {"overrides": overrides.model_dump_json(exclude_none=True), "version": after.version}
        if before.version:
            action = self.table.update_action(PK, SK, put=fields, equal={"version": before.version})
        else:
            action = self.table.put_action({"pk": PK, "sk": SK, **fields}, condition="attribute_not_exists(pk)")
        self.table.transact([action, *also])
        return after


class LiveCatalogue:
    """The seed with what admins have changed. Reading it never fails: intake must not stop because this row cannot be read."""

    def __init__(self, read: Callable[[], Kept]) -> None:
        self._read = read
        self._known = catalogue()
        self._version = -1
        self._read_next: datetime | None = None

    def at(self, now: datetime) -> Catalogue:
        """As it was at most a minute before `now`; when it cannot be read, as it was last known."""
        if self._read_next is None or now >= self._read_next:
            try:
                self.learn(self._read(), now)
            except errors.Unavailable:
                log.warning("catalogue_stale", extra={"version": self._version})
                self._read_next = now + _TRY_AGAIN_AFTER
        return self._known

    def learn(self, kept: Kept, now: datetime) -> Catalogue:
        """What has just been read or written holds in this function at once."""
        if kept.version >= self._version:
            self._known, self._version = catalogue().restored(kept.overrides), kept.version
        self._read_next = now + FRESH_FOR
        return self._known
