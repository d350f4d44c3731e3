"""Counters of what officers do in an hour, for the watch.

They are in the reports table, as the announcements are, so that both can be written at once.
DynamoDB deletes old ones.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.addressees import officer_address
from chalicelib.domain.notices import Watched
from chalicelib.store import keys
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.writes import TransactItem, Update

# As long as somebody may ask whom a notice was about.
_LIFE = timedelta(days=30)
# So many records are known by their ids. Further ones are only counted: a row has a limit.
KNOWN_MAX = 1_000
_SK = "COUNT"


class Counter(NamedTuple):
    """What one officer did in one hour (`2026-11-24T10`)."""

    by: str
    what: Watched
    hour: str

    @property
    def id(self) -> str:
        """The counter as keys and logs name it, without the officer's name."""
        return f"{officer_address(self.by)}#{self.hour}#{self.what}"


class Count(NamedTuple):
    """The state of a counter. `notified` is the level of the last notice."""

    total: int
    notified: int


class WatchCounters:
    def __init__(self, table: Table) -> None:
        """Count in `table`, which is the table of reports."""
        self._table = table

    def add(self, counter: Counter, records: Collection[str], now: datetime) -> Count:
        """Count records by their ids, each once, however often it is added.

        Above `KNOWN_MAX`, a record that is added again is counted again. Raises Unavailable.
        """
        try:
            row = self._table.update(
                self._update(counter, now, gather={"known": records}, room={"known": KNOWN_MAX})
            )
        except ConditionFailed:
            row = self._table.update(self._update(counter, now, add={"more": len(records)}))
        return _count(row)

    def notified(self, counter: Counter, before: int, level: int) -> TransactItem:
        """Return the write of the level of a notice. It fails unless the last one was `before`."""
        pk = keys.watch(counter.id)
        return self._table.item(
            Update(pk, _SK, put={"notified": level}, equal={"notified": before or None})
        )

    def _update(
        self,
        counter: Counter,
        now: datetime,
        *,
        gather: dict[str, Collection[str]] | None = None,
        room: dict[str, int] | None = None,
        add: dict[str, int] | None = None,
    ) -> Update:
        put = {"by": counter.by, "expires_ttl": int((now + _LIFE).timestamp())}
        return Update(
            keys.watch(counter.id),
            _SK,
            put=put,
            gather=gather or {},
            room=room or {},
            add=add or {},
            upsert=True,
        )


def _count(row: Row) -> Count:
    total = len(row.get("known", ())) + int(row.get("more", 0))
    return Count(total, int(row.get("notified", 0)))
