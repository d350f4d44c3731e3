"""The number of duplicates of a report: how many reports have it as their original.

An original is counted in the transaction that makes or ends the link, so the number is exact.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.store import keys
from chalicelib.store.report_rows import NOT_EXPIRING
from chalicelib.store.table import Table
from chalicelib.store.writes import TransactItem, Update

_ENDING = ("pk", *NOT_EXPIRING)


class Duplicates:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, original: str) -> TransactItem:
        """Return the write that counts one more duplicate of a report.

        It fails when the report does not exist, or is a duplicate itself.
        """
        return self._add(original, 1, {"duplicate_of": None, **NOT_EXPIRING})

    def discount(self, original: str | None) -> list[TransactItem]:
        """Return the write that counts one duplicate less; none without an original, or when its
        deletion has begun. It fails when that begins in the meantime.
        """
        if original is None:
            return []
        row = self._table.get(keys.report(original), keys.HEAD, consistent=True, attributes=_ENDING)
        if row is None or any(name in row for name in NOT_EXPIRING):
            return []
        return [self._add(original, -1, NOT_EXPIRING)]

    def _add(self, original: str, amount: int, equal: Mapping[str, Any]) -> TransactItem:
        update = Update(keys.report(original), keys.HEAD, add={"duplicates": amount}, equal=equal)
        return self._table.item(update)
