"""The outbox of one table: its pending tasks, oldest first, and how each is completed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.bursts import Digest
from chalicelib.domain.ids import Owner, OwnerKind
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.outbox import SHARDS, OutboxTask, TaskKind
from chalicelib.domain.reports import Medium, ReportOutline
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.tasks import TASK_FIELDS, read_task, same_task, task_fields
from chalicelib.store.writes import TransactItem, Update

type Assignment = tuple[TaskKind, OwnerKind]
"""What is to be done, and to what: together they choose the use case."""

_PAGE = 100
_INDEX = (keys.BY_TASK, keys.PARTITION[keys.BY_TASK], "task_at")

# What is read of a row with a task. Never a text.
_READ_FIELDS = (
    "pk", "sk", *TASK_FIELDS, "id", "reference", "category", "district", "urgency", "status",
    "kind", "received_at", "acknowledged_at", "escalations", "bulletin_id", "media_id", "state",
    "created_at", "version_id", "attempts", "deleted_at", "expiring", "disposition", "count",
    "report_ids", "declared_type", "declared_size", "upload_id", "held_until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PendingTask:
    """A row's task as it was read, and what of the row says how to do it.

    `row` is for the conditions of the store's own writes.
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
        """Whether this is the task of the owner's HEAD."""
        return bool(self.row["sk"] == keys.HEAD)

    @property
    def report(self) -> ReportOutline:
        """The report, of a task of its HEAD."""
        return ReportOutline.model_validate(self.row)

    @property
    def medium(self) -> Medium:
        """The medium, of a task of its row."""
        return Medium.model_validate(self.row)

    @property
    def attempts(self) -> int:
        """How often this task has been tried before."""
        return int(self.row.get("attempts", 0))

    @property
    def digest(self) -> Digest:
        """The digest, of a task of its row."""
        return Digest.model_validate(self.row)

    @property
    def notice_kind(self) -> NoticeKind:
        """The kind of notice that a report's task makes."""
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
        """Yield the keys of the rows whose task is due, by page, oldest first in each shard.

        Each is yielded once, whether its task is completed meanwhile or not.
        """
        bound = times.render(now) + "~"
        reached = {f"TASK#{shard}": "0" for shard in range(SHARDS)}
        while reached:
            for shard, position in list(reached.items()):
                # Both ends count: what the last page ended with is read again, and passed over.
                rows, more = self.table.query(
                    shard, index=_INDEX, between=(position, bound), limit=_PAGE
                )
                yield [(row["pk"], row["sk"]) for row in rows if row["task_at"] != position]
                if more:
                    reached[shard] = rows[-1]["task_at"]
                else:
                    del reached[shard]

    def read(self, key: Key) -> PendingTask | None:
        """Return the task of a row as it is now, read consistently; None when it has none."""
        row = self._read(*key)
        task = read_task(row) if row else None
        return PendingTask(task, row) if row and task else None

    def report(self, report_id: str) -> ReportOutline | None:
        """Return a report as it is now, read consistently; None when there is none (any more)."""
        row = self._read(keys.report(report_id), keys.HEAD)
        return ReportOutline.model_validate(row) if row and "deleted_at" not in row else None

    def complete(
        self,
        pending: PendingTask,
        *,
        then: OutboxTask | None = None,
        put: Mapping[str, int] | None = None,
        also: Sequence[TransactItem] = (),
        unchanged: Sequence[str] = (),
    ) -> bool:
        """Complete a task, and make `then` the row's next one.

        Returns False when the row no longer has that task, because it was completed elsewhere, or
        when one of its attributes in `unchanged` has changed. `also` are writes that must happen
        with it or not at all; raises ConditionFailed when one of them cannot.
        """
        row, (pk, sk) = pending.row, pending.key
        update = Update(
            pk,
            sk,
            put=task_fields(pk, sk, then) | dict(put or {}),
            equal=same_task(row) | {name: row.get(name) for name in unchanged},
        )
        try:
            if also:
                self.table.transact([self.table.item(update), *also])
            else:
                self.table.update(update)
        except ConditionFailed as failed:
            if failed.position:
                raise
            return False
        return True

    def _read(self, pk: str, sk: str) -> Row | None:
        return self.table.get(pk, sk, consistent=True, attributes=_READ_FIELDS)
