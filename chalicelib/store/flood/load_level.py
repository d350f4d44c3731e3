"""The load level, and the counters of reports that it follows from.

CATALOGUE    LOAD_LEVEL   {automatic, override_level, override_until}
LOAD#<hour>  <minute>     {of_<category>: count}

All functions read the level with the catalogue (`store/catalogue.py`). The automatic level and the
one that an officer sets are apart, so that neither write undoes the other.

The consumer of the stream counts stored reports, once for each batch. In a flood, a report without
a proof is counted by the function that refuses or accepts it: otherwise its refusals would end the
level, and one source could hold it.
"""

from datetime import datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.flood.load_level import WINDOW, Counts, LoadLevel, LoadState, Override
from chalicelib.kernel import times

PK, SK = "CATALOGUE", "LOAD_LEVEL"


class LoadLevels:
    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> LoadState:
        return read_state(self._table.get(PK, SK, consistent=True))

    def set_automatic(self, before: LoadLevel, after: LoadLevel) -> bool:
        """Write the level by the counters. Return False when another call has changed it since
        `before` was read.
        """
        was = before.value if before else None
        try:
            self._table.update(
                Update(
                    PK,
                    SK,
                    put={"automatic": after.value or None},
                    equal={"automatic": was},
                    upsert=True,
                )
            )
        except ConditionFailed:
            return False
        return True

    def set_override(self, override: Override | None, *also: TransactItem) -> None:
        """Write what an officer sets, or end it, with `also` in one transaction."""
        put = {
            "override_level": override.level.value if override else None,
            "override_until": override.until if override else None,
        }
        self._table.transact([self._table.item(Update(PK, SK, put=put, upsert=True)), *also])


def read_state(row: Row | None) -> LoadState:
    """Return the state in a row. A row of another release that cannot be read is level 0: intake
    must not stop.
    """
    try:
        automatic = LoadLevel(row.get("automatic", 0)) if row else LoadLevel.NORMAL
        if not row or "override_until" not in row:
            return LoadState(automatic)
        until = times.parse(row["override_until"])
        return LoadState(automatic, Override(LoadLevel(row["override_level"]), until))
    except (KeyError, TypeError, ValueError):
        return LoadState()


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
