"""The load level: one row, which all functions read with the catalogue (`store/catalogue.py`).

CATALOGUE  LOAD_LEVEL   {automatic, override_level, override_until}

What the counters say and what an officer sets are apart, so that neither write undoes the other.
"""

from chalicelib.domain import times
from chalicelib.domain.load_level import LoadLevel, LoadState, Override
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.writes import TransactItem, Update

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
