"""What admins have changed of the catalogue: one row, and this function's own copy of it, never
older than a minute.

CATALOGUE  OVERRIDES    {version, overrides}
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.catalogue import Catalogue, catalogue
from chalicelib.domain.catalogue.overrides import Overrides, restore
from chalicelib.store.table import Table
from chalicelib.store.writes import Put, TransactItem, Update

log = logging.getLogger(__name__)

PK, SK = "CATALOGUE", "OVERRIDES"
FRESH_FOR = timedelta(seconds=60)
# By then every function has read the row again, whatever its clock says.
SETTLES_AFTER = 3 * FRESH_FOR
# When the row could not be read: what is known serves on, and it is tried again after this.
_TRY_AGAIN_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """Version 0: nothing was ever changed. `settled`: over how many shards a category is written to
    until `settles_at`.
    """

    overrides: Overrides
    version: int
    settled: Mapping[str, int] = field(default_factory=dict)
    settles_at: datetime | None = None

    def shards_to_write(self, category: str, now: datetime) -> int | None:
        """Return over how many shards a category is written to; None for all of its shards."""
        return self.settled.get(category) if self.settles_at and now < self.settles_at else None


class CatalogueChanges:
    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> Kept:
        row = self.table.get(PK, SK, consistent=True)
        if row is None:
            return Kept(Overrides(), 0)
        settles_at = times.parse(row["settles_at"]) if "settles_at" in row else None
        return Kept(
            Overrides.model_validate_json(row["overrides"]),
            row["version"],
            row.get("settled", {}),
            settles_at,
        )

    def replace(self, before: Kept, after: Kept, *also: TransactItem) -> Kept:
        """Write with `also` or not at all.

        Raises ConditionFailed when somebody else was quicker.
        """
        fields = {
            "overrides": after.overrides.model_dump_json(exclude_none=True),
            "version": after.version,
            "settled": after.settled,
            "settles_at": after.settles_at,
        }
        if before.version:
            action = self.table.item(Update(PK, SK, put=fields, equal={"version": before.version}))
        else:
            action = self.table.item(Put({"pk": PK, "sk": SK, **fields}, if_absent=True))
        self.table.transact([action, *also])
        return after


class LiveCatalogue:
    """The seed with what admins have changed. Reading it never fails: intake must not stop because
    this row cannot be read.
    """

    def __init__(self, read: Callable[[], Kept]) -> None:
        self._read = read
        self._known = catalogue()
        self._kept = Kept(Overrides(), 0)
        self._read_next: datetime | None = None

    def at(self, now: datetime) -> Catalogue:
        """Return the catalogue as it was at most a minute before `now`; where it cannot be read, as
        it was last known.
        """
        if self._read_next is None or now >= self._read_next:
            try:
                self.learn(self._read(), now)
            except errors.Unavailable:
                log.warning("catalogue_stale", extra={"version": self._kept.version})
                self._read_next = now + _TRY_AGAIN_AFTER
        return self._known

    def learn(self, kept: Kept, now: datetime) -> Catalogue:
        """Use what has just been read or written, in this function and at once, and return the
        catalogue.
        """
        if kept.version >= self._kept.version:
            self._known, self._kept = restore(catalogue(), kept.overrides), kept
        self._read_next = now + FRESH_FOR
        return self._known

    def shards_to_write(self, category: str, now: datetime) -> int:
        """Return over how many shards new entries of a category are spread: those that every
        function reads.
        """
        all_of_them = self.at(now).category(category).shards
        return self._kept.shards_to_write(category, now) or all_of_them
