"""Reports in each minute, by category, from which the load level follows.

LOAD#<hour>  <minute>   {of_<category>: count}

The consumer of the stream counts those that are stored, once for each batch. What comes in a flood
without a proof is counted by the function that refuses or accepts it: otherwise its refusals would
end the level, and one source could hold it.
"""

from datetime import datetime, timedelta

from chalicelib.domain.load_level import WINDOW, Counts
from chalicelib.store import keys
from chalicelib.store.table import Table
from chalicelib.store.writes import Update

_LIFE = timedelta(hours=2)
_PREFIX = "of_"


class LoadCounters:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, counts: Counts, minute: datetime) -> None:
        """Count reports of a minute, by category."""
        pk, sk = keys.load_minute(minute)
        self._table.update(
            Update(
                pk,
                sk,
                put={"expires_ttl": int((minute + _LIFE).timestamp())},
                add={_PREFIX + category: count for category, count in counts.items()},
                upsert=True,
            )
        )

    def read(self, now: datetime) -> list[Counts]:
        """Return the counts of the minutes of `WINDOW` before `now`, and of the present one."""
        first, last = keys.load_minute(now - WINDOW), keys.load_minute(now)
        found: list[Counts] = []
        for pk in dict.fromkeys((first[0], last[0])):
            since = first[1] if pk == first[0] else "00"
            until = last[1] if pk == last[0] else "59"
            rows, _ = self._table.query(pk, between=(since, until))
            found += [
                {
                    name.removeprefix(_PREFIX): int(count)
                    for name, count in row.items()
                    if name.startswith(_PREFIX)
                }
                for row in rows
            ]
        return found
