"""The rows of media, and those that carry a sealed sketch until it is recorded.

A medium of a report or bulletin is `MEDIA#<media id>`, beside the owner's HEAD. A HEAD or a medium
with a sketch is in the sparse index `by_sketch`, so each sketch is found until it is taken off.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.clients import at_once
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table, Unprocessed
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.reports.media import Manifest, MediaState
from chalicelib.domain.reports.report import Medium
from chalicelib.kernel import errors, outbox, times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.kernel.sealing import row_info
from chalicelib.store.reports.heads import update_row
from chalicelib.store.reports.rows import SKETCH_FIELDS

log = logging.getLogger(__name__)

_READ_FIELDS = (
    "pk", "sk", "category", "urgency", "listed_at", "sealed_sketch", "status", "expiring",
    "deleted_at",
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
    """A row with its sketch, which is of this report.

    `category` and `urgency` are None for a medium.
    `is_gone` is True when the report was withdrawn or is being deleted.
    """

    key: keys.Key
    report_id: str
    at: datetime
    category: str | None
    urgency: str | None
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
        """Yield the rows that have a sketch, a page of all partitions at a time, oldest first."""
        reached: dict[int, str | None] = dict.fromkeys(range(keys.SKETCH_SHARDS))
        while reached:
            found = dict(zip(reached, at_once(self._query, reached.items()), strict=True))
            if some := [(row["pk"], row["sk"]) for rows, _ in found.values() for row in rows]:
                yield self._read(some)
            reached = {
                shard: rows[-1]["listed_at"] for shard, (rows, more) in found.items() if more
            }

    def oldest(self) -> datetime | None:
        """Return since when the oldest row waits for its sketch to be recorded."""
        firsts = at_once(
            partial(self._query, limit=1), [(s, None) for s in range(keys.SKETCH_SHARDS)]
        )
        return min((_listed_at(row) for rows, _ in firsts for row in rows), default=None)

    def _query(self, reached: tuple[int, str | None], limit: int = _PAGE) -> tuple[list[Row], bool]:
        shard, at_least = reached
        return self._table.query(f"SKETCH#{shard}", index=_INDEX, at_least=at_least, limit=limit)

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

    def finish(
        self, rows: Iterable[tuple[SketchRow, str | None]], time_is_left: Callable[[], bool]
    ) -> list[bool]:
        """Take the sketch off each row, and note which report had the same text first.

        Return of each whether it is done. One that cannot be written must not keep others from
        being compared; and nothing is begun any more when no time is left.
        """
        return at_once(lambda each: time_is_left() and self._finish(*each), rows)

    def _finish(self, row: SketchRow, same_as: str | None) -> bool:
        put = {**dict.fromkeys(SKETCH_FIELDS), **({"same_as": same_as} if same_as else {})}
        if row.key[1] != keys.HEAD:
            put["listed_at"] = None
        # What becomes critical meanwhile is compared again: other texts are the same then.
        equal = {"sealed_sketch": row.sealed, "urgency": row.urgency}
        try:
            self._table.update(update_row(row.key, put=put, equal=equal))
        except ConditionFailed:
            pass  # Changed, withdrawn or deleted meanwhile. The next run looks again.
        except errors.Unavailable:
            log.warning("sketch_left")
            return False
        return True


def _sketch_row(row: Row) -> SketchRow:
    if not isinstance(row["sealed_sketch"], bytes):
        raise TypeError("a sketch is bytes")
    is_gone = row.get("status") == "withdrawn" or "expiring" in row or "deleted_at" in row
    return SketchRow(
        (row["pk"], row["sk"]),
        keys.owner(row["pk"]).id,
        _listed_at(row),
        row.get("category"),
        row.get("urgency"),
        row["sealed_sketch"],
        is_gone,
    )


def _listed_at(row: Row) -> datetime:
    return times.parse(row["listed_at"].partition("#")[0])


class MediaRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, owner_id: str, media_id: str) -> Medium | None:
        row = self._table.get(*_key(owner_id, media_id), consistent=True)
        return Medium.model_validate(row) if row else None

    def put_item(
        self, owner_id: str, medium: Medium, task: OutboxTask, *, if_absent: bool = True
    ) -> TransactItem:
        """Return the write of a declared medium, with the task to look for its upload."""
        pk, sk = _key(owner_id, medium.media_id)
        known = medium.model_dump(exclude_none=True)
        row: Row = {"pk": pk, "sk": sk, **known, **task_fields(pk, sk, task)}
        return self._table.item(Put(row, if_absent=if_absent))

    def settle_item(
        self, owner_id: str, medium: Medium, settled: Medium, now: datetime
    ) -> TransactItem:
        """Return the write of a verdict. The medium's next task is to remove later uploads.

        `medium` is as it was read, `settled` has the verdict. Fails when the state has changed.
        """
        pk, sk = _key(owner_id, medium.media_id)
        before: dict[str, Any] = medium.model_dump()
        after = settled.model_dump(exclude_none=True)
        changed = {name: value for name, value in after.items() if value != before[name]}
        task = OutboxTask(TaskKind.PRUNE, now + outbox.GRANTS_EXPIRED)
        update = Update(
            pk,
            sk,
            put={
                **changed,
                "completing": None,
                **task_fields(pk, sk, task),
                **_sketch(owner_id, settled, now),
            },
            equal={"state": medium.state.value, "reduced_version": medium.reduced_version},
        )
        return self._table.item(update)

    def early_item(self, owner_id: str, medium: Medium, early: Manifest) -> TransactItem:
        """Return the write of the pictures of a reduced picture. Fails when the medium has one, or
        another state.
        """
        shown = {
            "reduced_version": early.version_id,
            "thumb_version": early.thumb_version,
            "preview_version": early.preview_version,
        }
        equal = {"state": medium.state.value, "reduced_version": None}
        return self._table.item(Update(*_key(owner_id, medium.media_id), put=shown, equal=equal))

    def without_sketches(self, owner_id: str, media: Iterable[Medium]) -> list[TransactItem]:
        """Return the writes that take the sketches off media, before they are compared."""
        gone = {**dict.fromkeys(SKETCH_FIELDS), "listed_at": None}
        return [
            self._table.item(Update(*_key(owner_id, each.media_id), put=gone))
            for each in media
            if each.sealed_sketch
        ]

    def set_upload_id(self, owner_id: str, media_id: str, upload_id: str) -> str:
        """Store the id of a medium's multipart upload, and return the id that was stored first."""
        update = Update(
            *_key(owner_id, media_id), put={"upload_id": upload_id}, equal={"upload_id": None}
        )
        try:
            self._table.update(update)
        except ConditionFailed as failed:
            return str(failed.item["upload_id"]) if failed.item else upload_id
        return upload_id

    def begin_completion(self, owner_id: str, media_id: str, etags: Sequence[str]) -> None:
        """Store the ETags of the parts of an upload, before S3 is asked to join them.

        A medium that has a verdict already is not changed.
        """
        update = Update(
            *_key(owner_id, media_id),
            put={"completing": tuple(etags)},
            equal={"state": MediaState.AWAITING.value},
        )
        try:
            self._table.update(update)
        except ConditionFailed:
            return  # It has arrived: the next reader of the row sees that.

    def mark_processing(self, owner_id: str, medium: Medium) -> Medium:
        """Mark a medium as uploaded, and return it as it is stored.

        A medium that has a verdict already is not changed.
        """
        update = Update(
            *_key(owner_id, medium.media_id),
            put={"state": MediaState.PROCESSING.value, "completing": None},
            equal={"state": MediaState.AWAITING.value},
        )
        try:
            return Medium.model_validate(self._table.update(update))
        except ConditionFailed as failed:
            return Medium.model_validate(failed.item) if failed.item else medium


def _key(owner_id: str, media_id: str) -> keys.Key:
    return keys.media_owner(owner_id), keys.media(media_id)


def _sketch(owner_id: str, settled: Medium, now: datetime) -> Row:
    """Return the keys that put a medium with a sketch into the index of sketches."""
    if settled.sealed_sketch is None:
        return {}
    pk, sk = _key(owner_id, settled.media_id)
    listed_at = keys.listed_at(now, owner_id)
    return {**sketch_fields(pk, sk, settled.sealed_sketch), "listed_at": listed_at}
