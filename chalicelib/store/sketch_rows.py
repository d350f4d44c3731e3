"""Rows that carry a sealed sketch until it is recorded: the HEAD of a report, or a medium of it.

They are in the sparse index `by_sketch`, so each sketch is found until it is taken off its row.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain import times
from chalicelib.domain.sealing import row_info
from chalicelib.store import keys
from chalicelib.store.heads import update_row
from chalicelib.store.table import ConditionFailed, Row, Table, Unprocessed

log = logging.getLogger(__name__)

SKETCH_FIELDS = ("sealed_sketch", "sketch_shard")
_READ_FIELDS = (
    "pk", "sk", "category", "listed_at", "sealed_sketch", "status", "expiring", "deleted_at",
)  # fmt: skip
_INDEX = (keys.BY_SKETCH, keys.PARTITION[keys.BY_SKETCH], "listed_at")
_PAGE = 50


def sketch_info(pk: str, sk: str) -> bytes:
    """Return the row that a sketch is sealed for."""
    return row_info(pk, sk, "sketch")


def sketch_fields(pk: str, sk: str, sealed: bytes | None) -> Row:
    """Return the attributes of a row's sketch; none without one."""
    if sealed is None:
        return {}
    return {"sealed_sketch": sealed, "sketch_shard": keys.sketch_shard(pk, sk)}


class SketchRow(NamedTuple):
    """A row with its sketch, which is of this report. `category` is None for a medium.

    `is_gone` is True when the report was withdrawn or is being deleted.
    """

    key: keys.Key
    report_id: str
    at: datetime
    category: str | None
    sealed: bytes
    is_gone: bool

    @property
    def info(self) -> bytes:
        return sketch_info(*self.key)


class SketchRows:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def pages(self) -> Iterator[list[SketchRow]]:
        """Yield the rows that have a sketch, a page of each partition in turn, oldest first."""
        reached: dict[int, str | None] = dict.fromkeys(range(keys.SKETCH_SHARDS))
        while reached:
            for shard, at_least in list(reached.items()):
                found, more = self._table.query(
                    f"SKETCH#{shard}", index=_INDEX, at_least=at_least, limit=_PAGE
                )
                if more:
                    reached[shard] = found[-1]["listed_at"]
                else:
                    del reached[shard]
                if found:
                    yield self._read([(row["pk"], row["sk"]) for row in found])

    def _read(self, found: list[keys.Key]) -> list[SketchRow]:
        """Return the rows that still have a sketch, oldest first: the index is a moment behind.

        A row that cannot be read is left out.
        """
        try:
            rows: Mapping[keys.Key, Row] = self._table.get_all(found, attributes=_READ_FIELDS)
        except Unprocessed as some_left:
            rows = some_left.found
        read: list[SketchRow] = []
        for row in rows.values():
            if "sealed_sketch" not in row:
                continue
            try:
                read.append(_sketch_row(row))
            except (TypeError, ValueError):
                # One altered row must not stop the others.
                log.error("sketch_row_altered")
        return sorted(read, key=lambda row: (row.at, row.key))

    def finish(self, row: SketchRow, same_as: str | None) -> None:
        """Take the sketch off its row, and note which report had the same text first."""
        put = {**dict.fromkeys(SKETCH_FIELDS), **({"same_as": same_as} if same_as else {})}
        if row.key[1] != keys.HEAD:
            put["listed_at"] = None
        try:
            self._table.update(update_row(row.key, put=put, equal={"sealed_sketch": row.sealed}))
        except ConditionFailed:
            return  # The report was withdrawn or deleted in the meantime.


def _sketch_row(row: Row) -> SketchRow:
    if not isinstance(row["sealed_sketch"], bytes):
        raise TypeError("a sketch is bytes")
    listed_at = times.parse(row["listed_at"].partition("#")[0])
    is_gone = row.get("status") == "withdrawn" or "expiring" in row or "deleted_at" in row
    return SketchRow(
        (row["pk"], row["sk"]),
        keys.owner(row["pk"]).id,
        listed_at,
        row.get("category"),
        row["sealed_sketch"],
        is_gone,
    )
