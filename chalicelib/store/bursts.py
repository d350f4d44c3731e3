"""Counters of bursts: how many notices went alone in a minute, and as SMS in an hour.

One row has the counters of all categories, so that one read brings them with the tasks of a batch.
They are in the reports table; DynamoDB deletes old ones.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.bursts import Allowance, minute_of
from chalicelib.domain.seals import hour_of
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.table import Row, Table
from chalicelib.store.writes import TransactItem, Update

_LIFE = timedelta(days=1)
_SK = "COUNT"


class Bursts:
    def __init__(self, table: Table) -> None:
        self._table = table

    @staticmethod
    def keys_at(now: datetime) -> tuple[Key, Key]:
        """Return the keys of the two rows that `allowance` reads."""
        return (keys.burst(minute_of(now)), _SK), (keys.burst(hour_of(now)), _SK)

    @classmethod
    def allowance(cls, rows: Mapping[Key, Row], now: datetime) -> Allowance:
        """Return what is left at `now`, by these rows. A missing row has counted nothing."""
        minute, hour = cls.keys_at(now)
        return Allowance(_counts(rows.get(minute, {})), _counts(rows.get(hour, {})))

    def count(
        self, now: datetime, *, alone: Iterable[str] = (), sms: Iterable[str] = ()
    ) -> list[TransactItem]:
        """Return the writes that add one to each of these counters."""
        wanted = zip(self.keys_at(now), (alone, sms), strict=True)
        return [
            self._table.item(
                Update(
                    *key,
                    put={"expires_ttl": int((now + _LIFE).timestamp())},
                    add=added,
                    upsert=True,
                )
            )
            for key, names in wanted
            if (added := dict.fromkeys(names, 1))
        ]


def _counts(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in row.items() if name not in ("pk", "sk")}
