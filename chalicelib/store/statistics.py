"""Counters of reports. The consumer of the stream updates them, so requests do not wait for them.

STATS#<month>#<shard>   <day>#<category>#<district>     the counters
REPORT#<id>             COUNTED                          as what the report was counted last
"""

from collections.abc import Iterator
from datetime import date, timedelta

from chalicelib.domain.outbox import shard_of
from chalicelib.domain.statistics import Tally
from chalicelib.store import keys
from chalicelib.store.table import Row, Table
from chalicelib.store.writes import Update

COUNTED = "COUNTED"
SHARDS = 4
_TALLY = ("day", "category", "district", "counters")


class Statistics:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, report_id: str, tally: Tally) -> None:
        """Count a report as `tally`, in place of what it was counted as before.

        Repeated, change nothing. Raises ConditionFailed when another call counted it at the same
        time; the caller can try again.
        """
        pk = keys.report(report_id)
        counted = self._table.get(pk, COUNTED, consistent=True, attributes=_TALLY)
        before = (
            Tally(
                counted["day"], counted["category"], counted["district"], tuple(counted["counters"])
            )
            if counted
            else None
        )
        if before == tally:
            return
        changes: dict[str, dict[str, int]] = {}
        for each, amount in ((before, -1), (tally, 1)):
            for counter in each.counters if each else ():
                place = changes.setdefault(each.place, {})  # type: ignore[union-attr]
                place[counter] = place.get(counter, 0) + amount
        shard = shard_of(report_id, SHARDS)
        mark = self._table.item(
            Update(
                pk,
                COUNTED,
                put={
                    "day": tally.day,
                    "category": tally.category,
                    "district": tally.district,
                    "counters": list(tally.counters),
                },
                equal={
                    "day": before.day if before else None,
                    "category": before.category if before else None,
                    "district": before.district if before else None,
                    "counters": list(before.counters) if before else None,
                },
                upsert=True,
            )
        )
        adds = [
            self._table.item(Update(f"STATS#{place[:7]}#{shard}", place, add=amounts, upsert=True))
            for place, changed in changes.items()
            if (amounts := {counter: amount for counter, amount in changed.items() if amount})
        ]
        self._table.transact([mark, *adds])

    def rows(self, since: date, until: date) -> Iterator[Row]:
        """Yield the rows of counters from `since` to `until`, both included."""
        for month in _months(since, until):
            for shard in range(SHARDS):
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
