"""The outbox of one table: find its due tasks, read one, and complete it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain import times
from chalicelib.domain.bursts import Digest
from chalicelib.domain.ids import Owner, OwnerKind
from chalicelib.domain.ledger import Leaf, Recorded
from chalicelib.domain.notices import Announcement, Matter, NoticeKind
from chalicelib.domain.outbox import SHARDS, OutboxTask, TaskKind
from chalicelib.domain.reports import Medium, ReportOutline
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.ledger import LeafWrites
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.tasks import TASK_FIELDS, read_task, same_task, task_fields
from chalicelib.store.writes import Delete, TransactItem, Update

type Assignment = tuple[TaskKind, OwnerKind]
"""The kind of a task and the kind of its owner. Together they choose the use case."""

_PAGE = 100
_INDEX = (keys.BY_TASK, keys.PARTITION[keys.BY_TASK], "task_at")

# The attributes that are read of a row with a task. They must never include a text.
_READ_FIELDS = (
    "pk", "sk", *TASK_FIELDS, "id", "reference", "category", "district", "urgency", "status",
    "kind", "received_at", "acknowledged_at", "escalations", "bulletin_id", "media_id", "state",
    "created_at", "version_id", "attempts", "deleted_at", "expiring", "disposition", "count",
    "report_ids", "declared_type", "declared_size", "upload_id", "held_until", "source",
    "closed_at", "decided_at", "put_off_until", "unread", "unread_media", "duplicate_of",
    "to", "path", "step", "watched", "ledger_id", "commitments", "leaves",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PendingTask:
    """A task as it was read, with the attributes of its row that are needed to do it.

    Only the store uses `row`, for the conditions of writes.
    """

    task: OutboxTask
    row: Row = field(repr=False)

    @property
    def key(self) -> Key:
        return self.row["pk"], self.row["sk"]

    @property
    def owner(self) -> Owner:
        return keys.owner(self.row["pk"])

    @property
    def assignment(self) -> Assignment:
        return self.task.kind, self.owner.kind

    @property
    def is_head(self) -> bool:
        """Return whether the task is on the owner's HEAD."""
        return bool(self.row["sk"] == keys.HEAD)

    @property
    def report(self) -> ReportOutline:
        """Return the report. Only for a task on a report's HEAD."""
        return ReportOutline.model_validate(self.row)

    @property
    def recorded(self) -> Recorded:
        """Return what the ledger has of the report. Only for a task on a report's HEAD."""
        return Recorded.of_row(self.row)

    @property
    def medium(self) -> Medium:
        """Return the medium. Only for a task on a medium's row."""
        return Medium.model_validate(self.row)

    @property
    def attempts(self) -> int:
        """Return how often this task was tried before."""
        return int(self.row.get("attempts", 0))

    @property
    def digest(self) -> Digest:
        """Return the digest. Only for a task on a digest's row."""
        return Digest.model_validate(self.row)

    @property
    def announcement(self) -> Announcement:
        """Return the announcement. Only for a task on an announcement's row."""
        return Announcement.model_validate(self.row)

    @property
    def matter(self) -> Matter:
        """Return what a report's notice is about beside the report."""
        return Matter() if self.is_head else Matter.model_validate(self.row)

    @property
    def notice_kind(self) -> NoticeKind:
        """Return the kind of notice for a report's task."""
        if self.row["sk"].startswith(keys.MESSAGES):
            return NoticeKind.MESSAGE
        if not self.is_head:
            return NoticeKind(self.row["kind"])
        if self.task.kind is TaskKind.ESCALATE:
            return NoticeKind.ESCALATION
        return NoticeKind.BULLETIN_LEAD if self.row.get("bulletin_id") else NoticeKind.REPORT


class Outbox:
    """The pending tasks of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def overdue(self, now: datetime) -> Iterator[list[Key]]:
        """Yield pages of keys of the rows whose task is due, in each shard the oldest first.

        Each key is yielded once, even if its task is not completed in between.
        """
        for rows in self._until(now):
            yield [_key(row) for row in rows]

    def keys_until(self, moment: datetime, kind: TaskKind) -> Iterator[Key]:
        """Yield the keys of the rows with a task of this kind that is due at `moment` or before."""
        for rows in self._until(moment):
            yield from (_key(row) for row in rows if row.get("task") == kind.value)

    def read(self, key: Key) -> PendingTask | None:
        """Return the current task of a row, read consistently; None when it has none."""
        row = self._read(*key)
        task = read_task(row) if row else None
        return PendingTask(task, row) if row and task else None

    def report(self, report_id: str) -> ReportOutline | None:
        """Return a report, read consistently; None when it does not exist or was deleted."""
        row = self._read(keys.report(report_id), keys.HEAD)
        return ReportOutline.model_validate(row) if row and "deleted_at" not in row else None

    def complete(
        self,
        pending: PendingTask,
        *,
        then: OutboxTask | None = None,
        put: Mapping[str, Any] | None = None,
        leaves: Sequence[Leaf] = (),
        also: Sequence[TransactItem] = (),
        unchanged: Sequence[str] = (),
    ) -> bool:
        """Complete a task, and set `then` as the row's next task (None: no next task).

        `put` are further attributes to set. `leaves` of a report's HEAD are recorded in the ledger.
        `also` are writes in the same transaction; raises
        ConditionFailed when the condition of one of them fails.

        Return False, and write nothing, when the row no longer has this task or when one of its
        attributes in `unchanged` has changed.
        """
        row, (pk, sk) = pending.row, pending.key
        recorded = LeafWrites.of(leaves, pending.recorded, self.table)
        update = Update(
            pk,
            sk,
            put=task_fields(pk, sk, then) | dict(put or {}) | dict(recorded.put),
            append=recorded.append,
            equal=same_task(row) | {name: row.get(name) for name in unchanged},
        )
        try:
            if also or recorded.items:
                self.table.transact([self.table.item(update), *also, *recorded.items])
            else:
                self.table.update(update)
        except ConditionFailed as failed:
            if failed.position:
                raise
            return False
        return True

    def remove(self, pending: PendingTask) -> bool:
        """Delete a row that is nothing but its task.

        Return False, and delete nothing, when the row no longer has this task.
        """
        try:
            self.table.delete(Delete(*pending.key, equal=same_task(pending.row)))
        except ConditionFailed:
            return False
        return True

    def _until(self, moment: datetime) -> Iterator[list[Row]]:
        """Yield pages of rows of the index, up to tasks that are due at `moment`."""
        bound = times.render(moment) + "~"
        reached = {f"TASK#{shard}": "0" for shard in range(SHARDS)}
        while reached:
            for shard, position in list(reached.items()):
                # The range includes its start, the last row of the page before: skip that row.
                rows, more = self.table.query(
                    shard, index=_INDEX, between=(position, bound), limit=_PAGE
                )
                yield [row for row in rows if row["task_at"] != position]
                if more:
                    reached[shard] = rows[-1]["task_at"]
                else:
                    del reached[shard]

    def _read(self, pk: str, sk: str) -> Row | None:
        return self.table.get(pk, sk, consistent=True, attributes=_READ_FIELDS)


def _key(row: Row) -> Key:
    return row["pk"], row["sk"]
