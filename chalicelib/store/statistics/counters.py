"""Counters of reports. The consumer of the stream updates them, so requests do not wait for them.

STATS#<month>#<shard>   <day>#<category>#<district>     the counters
REPORT#<id>             COUNTED                          as what the report was counted last
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.statistics.counters import Tally
from chalicelib.kernel.outbox import shard_of

COUNTED = "COUNTED"
TALLY = ("day", "category", "district", "counters")


class Change(NamedTuple):
    """How a report counts: `before` (None: not yet) and now.

    `arrives`: its arrival counts towards the load level.
    """

    report_id: str
    received_at: datetime
    before: Tally | None
    after: Tally
    arrives: bool


def counted_key(report_id: str) -> Key:
    """Return the key of the row that says what a report was counted as."""
    return keys.report(report_id), COUNTED


def read_tally(row: Row | None) -> Tally | None:
    """Return the counters of a report as last counted; None when it was not yet."""
    if row is None:
        return None
    return Tally(row["day"], row["category"], row["district"], tuple(row["counters"]))


def _fields(tally: Tally) -> Row:
    return {
        "day": tally.day,
        "category": tally.category,
        "district": tally.district,
        "counters": list(tally.counters),
    }


class Statistics:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, changes: Sequence[Change]) -> None:
        """Count reports as they are now, in place of their earlier counts, in one transaction of
        up to three items a report.

        Repeated, change nothing. Raises ConditionFailed when another call counted one of them at
        the same time; the caller can try again.
        """
        adds: dict[Key, dict[str, int]] = {}
        for change in changes:
            shard = shard_of(change.report_id, keys.STATISTICS_SHARDS)
            for tally, amount in ((change.before, -1), (change.after, 1)):
                for counter in tally.counters if tally else ():
                    place = adds.setdefault((f"STATS#{tally.day[:7]}#{shard}", tally.place), {})  # type: ignore[union-attr]
                    place[counter] = place.get(counter, 0) + amount
        items = [self._mark(change) for change in changes]
        items += [
            self._table.item(Update(*place, add=amounts, upsert=True))
            for place, added in adds.items()
            if (amounts := {counter: amount for counter, amount in added.items() if amount})
        ]
        self._table.transact(items)

    def _mark(self, change: Change) -> TransactItem:
        """Return the write that keeps what a report was counted as."""
        pk, sk = counted_key(change.report_id)
        row = {"pk": pk, "sk": sk, **_fields(change.after)}
        if change.before is None:
            return self._table.item(Put(row, if_absent=True))
        return self._table.item(Put(row, equal=_fields(change.before)))

    def rows(self, since: date, until: date) -> Iterator[Row]:
        """Yield the rows of counters from `since` to `until`, both included."""
        for month in _months(since, until):
            for shard in range(keys.STATISTICS_SHARDS):
                found, _ = self._table.query(
                    f"STATS#{month}#{shard}", between=(f"{since}#", f"{until}#~")
                )
                yield from found


def _months(since: date, until: date) -> list[str]:
    months: list[str] = []
    day = since.replace(day=1)
    while day <= until:
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months
