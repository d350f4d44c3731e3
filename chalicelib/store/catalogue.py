"""Admins' changes of the catalogue, the load level, and whether reports about the police are taken:
three rows, cached for a minute.

CATALOGUE  OVERRIDES    {version, overrides} and, up to release 0.2, {settled, settles_at}
           LOAD_LEVEL   (store/flood/load_level.py)
           OVERSIGHT    {active, revision}: how many of oversight are active
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.catalogue import learnt
from chalicelib.domain.catalogue.model import Catalogue, catalogue
from chalicelib.domain.flood.load_level import LoadState
from chalicelib.domain.officers.model import MIN_OVERSIGHT
from chalicelib.kernel import errors
from chalicelib.store.flood import load_level

if TYPE_CHECKING:
    from chalicelib.domain.catalogue.overrides import Overrides

log = logging.getLogger(__name__)

PK, SK = "CATALOGUE", "OVERRIDES"
_OVERSIGHT = "OVERSIGHT"
FRESH_FOR = timedelta(seconds=60)
# The time until the next try after the row could not be read. Until then the old copy is used.
_TRY_AGAIN_AFTER = timedelta(seconds=20)
_READ_AGAIN_AFTER = timedelta(seconds=5)


class Kept(NamedTuple):
    """The stored changes of the catalogue. Version 0 means that there are none.

    `stored` is None where there are none: their models are then not imported, which saves a
    twenty-fifth of a start.
    """

    stored: "Overrides | None"
    version: int

    @property
    def overrides(self) -> "Overrides":
        from chalicelib.domain.catalogue.overrides import Overrides

        return self.stored or Overrides()

    def restored(self) -> Catalogue:
        """Return the seed with these changes."""
        if self.stored is None:
            return catalogue()
        from chalicelib.domain.catalogue.overrides import restore

        return restore(catalogue(), self.stored)


class Live(NamedTuple):
    """What every function knows of the three rows. `oversight`: how many of it are active."""

    kept: Kept
    load: LoadState
    oversight: int = 0


_UNCHANGED = Kept(None, 0)


class CatalogueChanges:
    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> Kept:
        return _kept(self.table.get(PK, SK, consistent=True))

    def read_live(self) -> Live:
        """Return all three rows, by one call."""
        found, _ = self.table.query(PK, consistent=True)
        rows = {row["sk"]: row for row in found}
        state = load_level.read_state(rows.get(load_level.SK))
        return Live(_kept(rows.get(SK)), state, rows.get(_OVERSIGHT, {}).get("active", 0))

    def count_oversight(self, count: Callable[[], int]) -> TransactItem:
        """Return the write of how many of oversight are active. It fails when another was written
        since `count` was called.
        """
        row = self.table.get(PK, _OVERSIGHT, consistent=True) or {}
        revision = row.get("revision")
        put = {"active": count(), "revision": (revision or 0) + 1}
        return self.table.item(
            Update(PK, _OVERSIGHT, put=put, equal={"revision": revision}, upsert=True)
        )

    def replace(self, before: Kept, after: Kept, *also: TransactItem) -> Kept:
        """Write `after`, with `also` in one transaction.

        Raises ConditionFailed when another change was written since `before` was read.
        """
        fields = {
            "overrides": after.overrides.model_dump_json(exclude_none=True),
            "version": after.version,
        }
        if before.version:
            write = self.table.item(Update(PK, SK, put=fields, equal={"version": before.version}))
        else:
            write = self.table.item(Put({"pk": PK, "sk": SK, **fields}, if_absent=True))
        self.table.transact([write, *also])
        return after


def _kept(row: Row | None) -> Kept:
    if row is None:
        return _UNCHANGED
    from chalicelib.domain.catalogue.overrides import Overrides

    return Kept(Overrides.model_validate_json(row["overrides"]), row["version"])


class LiveCatalogue:
    """The catalogue with the changes of admins, and the load level.

    `at` and `load` never fail, because intake must not stop when the rows cannot be read. `whole`
    and `has_changed` raise Unavailable.
    """

    def __init__(self, read: Callable[[], Live]) -> None:
        self._read = read
        self._load = LoadState()
        self._offers_oversight = False
        self._known = catalogue()
        self._kept = _UNCHANGED
        self._read_next: datetime | None = None
        self._was_read = False

    def at(self, now: datetime) -> Catalogue:
        """Return the catalogue, at most a minute old at `now`.

        When it cannot be read, return the last known one.
        """
        if self._read_next is None or now >= self._read_next:
            try:
                self._read_anew(now)
            except errors.Unavailable:
                log.warning("catalogue_stale", extra={"version": self._kept.version})
                self._read_next = now + _TRY_AGAIN_AFTER
        return self._known

    def whole(self, now: datetime) -> Catalogue:
        """Return the catalogue, for callers that read reports of all categories or partitions.

        Raises Unavailable when this function has never read the rows: the seed lacks what admins
        have added, and a list would leave out those reports as if there were none.
        """
        if not self._was_read:
            self._read_anew(now)
        return self.at(now)

    def has_changed(self, now: datetime) -> bool:
        """Read the rows again, and return whether there is a newer version.

        For a caller who names what this function does not know yet. The rows are read only some
        seconds after they were read last. Raises Unavailable when they cannot be read: then nobody
        knows whether there is such a thing.
        """
        before, read_at = self._kept.version, self._read_next and self._read_next - FRESH_FOR
        if read_at and now < read_at + _READ_AGAIN_AFTER:
            return False
        return self._read_anew(now).version > before

    def _read_anew(self, now: datetime) -> Kept:
        kept, self._load, active = self._read()
        self._offers_oversight = active >= MIN_OVERSIGHT
        self.learn(kept, now)
        return kept

    def load(self, now: datetime) -> LoadState:
        """Return the load level, at most a minute old at `now`, or the last known one."""
        self.at(now)
        return self._load

    def learn_load(self, state: LoadState) -> None:
        """Use this load level in this function from now on. It was written just now."""
        self._load = state

    def learn(self, kept: Kept, now: datetime) -> Catalogue:
        """Use these changes in this function from now on, and return the catalogue.

        `kept` was read or written just now.
        """
        if kept.version >= self._kept.version:
            self._known, self._kept = kept.restored(), kept
            learnt.learn(self._known.categories)
        self._known = self._known._replace(offers_oversight=self._offers_oversight)
        self._read_next = now + FRESH_FOR
        self._was_read = True
        return self._known
