"""The outbox of one table: find its due tasks, read one, and complete it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS, Key, read_task, same_task, task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Delete, TransactItem, Update
from chalicelib.domain.audit.ledger import Leaf, Recorded
from chalicelib.domain.reports.events import Announcement, Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import Medium
from chalicelib.kernel import times
from chalicelib.kernel.ids import Owner, OwnerKind
from chalicelib.kernel.outbox import LONGEST_PAUSE, SHARDS, Lane, OutboxTask, TaskKind
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.heads import update_row

type Assignment = tuple[TaskKind, OwnerKind]
"""The kind of a task and the kind of its owner. Together they choose the use case."""

_PAGE = 100
_INDEX = (keys.BY_TASK, keys.PARTITION[keys.BY_TASK], "task_at")

# The attributes that are read of a row with a task. They must never include a text.
_READ_FIELDS = (
    "pk", "sk", *TASK_FIELDS, "id", "reference", "category", "district", "urgency", "status",
    "kind", "received_at", "acknowledged_at", "escalations", "bulletin_id", "media_id", "state",
    "created_at", "version_id", "attempts", "deleted_at", "expiring", "disposition", "count",
    "report_ids", "declared_type", "declared_size", "declared_reduced",
    "reduced_version", "upload_id", "held_until", "source",
    "closed_at", "decided_at", "put_off_until", "unread", "unread_media", "duplicate_of",
    "incident", "to", "path", "step", "watched", "ledger_id", "commitments", "leaves", "unproven",
    "in_burst", "turn", "muted", "uncounted", "station", "flags", "assignee", "by", "reopened_at",
    "deadline", "attended", "attention_at", "shadow", "duplicates", "below",
    "category_labels", "followers", "acts", "pushed", "review_at", "review_due_at", "awaits",
)  # fmt: skip


class DueTask(NamedTuple):
    """A task as the index shows it. `due_at` is None when it is no time."""

    key: Key
    due_at: datetime | None


class Completion(NamedTuple):
    """The update of a task's row, and the writes that belong to it."""

    update: Update
    items: Sequence[TransactItem]


@dataclass(frozen=True, slots=True)
class PendingTask:
    """A task as it was read, with the attributes of its row that are needed to do it.

    Only the store uses `row`, for the conditions of writes.
    """

    task: OutboxTask
    row: Row = field(repr=False)

    @classmethod
    def of(cls, row: Row | None) -> Self | None:
        """Return the task of a row; None when it has none, or there is no row."""
        task = read_task(row) if row else None
        return cls(task, row) if row and task else None

    @property
    def key(self) -> Key:
        return self.row["pk"], self.row["sk"]

    def put_off(self, task: OutboxTask) -> Self:
        """Return it with the next task, as `complete` has written that."""
        return replace(self, task=task, row=self.row | task_fields(*self.key, task))

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
    def attention_at(self) -> str | None:
        """Return the place of the report in the index by attention."""
        return self.row.get("attention_at")

    @property
    def recorded(self) -> Recorded:
        """Return the leaves of the report in the ledger. Only for a task on a report's HEAD."""
        return Recorded.of_row(self.row)

    @property
    def ends_mute(self) -> bool:
        """Return whether what is to be recorded ended a mute. Only for a task on an event."""
        return self.row.get("muted") is False

    @property
    def medium(self) -> Medium:
        """Return the medium. Only for a task on a medium's row."""
        return Medium.model_validate(self.row)

    @property
    def media_id(self) -> str:
        """Return the id of the medium. Only for a task on a row of one."""
        return str(self.row["media_id"])

    @property
    def attempts(self) -> int:
        """Return how often this task was tried before."""
        return int(self.row.get("attempts", 0))

    @property
    def announcement(self) -> Announcement:
        """Return the announcement. Only for a task on an announcement's row."""
        return Announcement.model_validate(self.row)

    @property
    def began(self) -> tuple[datetime, int] | None:
        """Return when an end was proposed that awaits a second officer, and its deadline; None for
        what is notified once. Only for a task on an event.
        """
        if "deadline" not in self.row or "created_at" not in self.row:
            return None
        return times.parse(self.row["created_at"]), int(self.row["deadline"])

    @property
    def matter(self) -> Matter:
        """Return the matter of a report's notice, beside the report."""
        return Matter() if self.is_head else Matter.model_validate(self.row)

    @property
    def notice_kind(self) -> NoticeKind:
        """Return the kind of notice for a report's task."""
        if self.row["sk"].startswith((keys.MESSAGES, keys.POSITIONS)):
            return NoticeKind.MESSAGE
        if not self.is_head:
            return NoticeKind(self.row["kind"])
        if self.task.kind is TaskKind.ESCALATE:
            return NoticeKind.ESCALATION
        if self.task.kind is TaskKind.OVERDUE:
            return NoticeKind.OVERDUE
        return NoticeKind.BULLETIN_LEAD if self.row.get("bulletin_id") else NoticeKind.REPORT


class Outbox:
    """The pending tasks of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def overdue(self, lane: Lane, now: datetime) -> Iterator[list[DueTask]]:
        """Yield pages of the tasks of a lane that are due, in each shard the oldest first.

        Each is yielded once, even if it is not completed in between. The index is a moment behind:
        `read` says whether a row still has the task.
        """
        for rows in self._until(lane, now):
            yield [DueTask(_key(row), _due_at(row)) for row in rows]

    def keys_until(
        self, moment: datetime, kind: TaskKind, lane: Lane, *, since: datetime | None = None
    ) -> Iterator[Key]:
        """Yield the keys of the rows with a task of this kind that is due at `moment` or before,
        and at `since` or later.
        """
        for rows in self._until(lane, moment, since):
            yield from (_key(row) for row in rows if row.get("task") == kind.value)

    def read(self, key: Key) -> PendingTask | None:
        """Return the current task of a row, read consistently; None when it has none."""
        return PendingTask.of(self.row(key))

    def row(self, key: Key, also: Sequence[str] = ()) -> Row | None:
        """Return the attributes of a row that tasks need, and `also` these, read consistently. No
        text.
        """
        return self.table.get(*key, consistent=True, attributes=(*_READ_FIELDS, *also))

    def read_all(
        self, wanted: Collection[Key], also: Collection[Key] = (), attributes: Sequence[str] = ()
    ) -> dict[Key, Row]:
        """Return the rows with these keys that exist, read consistently, and for each row of a
        report its HEAD.

        `also` are keys of rows that are no tasks, of which `attributes` are needed.
        """
        heads = {(pk, keys.HEAD) for pk, _ in wanted if keys.is_report(pk)}
        return self.table.get_all({*wanted, *heads, *also}, attributes=(*_READ_FIELDS, *attributes))

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
        """Complete a task: see `completion`. `also` are writes in the same transaction; raises
        ConditionFailed when the condition of one of them fails.

        Return False, and write nothing, when the row no longer has this task or when one of its
        attributes in `unchanged` has changed.
        """
        update, items = self.completion(
            pending, then=then, put=put, leaves=leaves, unchanged=unchanged
        )
        try:
            self.table.write(update, [*items, *also])
        except ConditionFailed as failed:
            if failed.position:
                raise
            return False
        return True

    def completion(
        self,
        pending: PendingTask,
        *,
        then: OutboxTask | None = None,
        put: Mapping[str, Any] | None = None,
        leaves: Sequence[Leaf] = (),
        unchanged: Sequence[str] = (),
    ) -> Completion:
        """Return the writes that complete a task, and set `then` as the row's next task (None: no
        next task).

        `put` are further attributes to set. `leaves` of a report's HEAD are recorded in the ledger.
        The update fails when the row no longer has this task or when one of its attributes in
        `unchanged` has changed.
        """
        row, (pk, sk) = pending.row, pending.key
        recorded = LeafWrites.of(leaves, pending.recorded, self.table)
        update = update_row(
            pending.key,
            put=task_fields(pk, sk, then) | dict(put or {}) | dict(recorded.put),
            append=recorded.append,
            equal=same_task(row) | {name: row.get(name) for name in unchanged},
        )
        return Completion(update, recorded.items)

    def make_due(self, now: datetime) -> int:
        """Make due at `now` what a fault of ours delays: uploads and redactions that were
        sent again without a result. Return how many.
        """
        hastened = 0
        for kind in (TaskKind.RECONCILE, TaskKind.REDACT):
            for key in self.keys_until(now + LONGEST_PAUSE, kind, Lane.UPKEEP):
                pending = self.read(key)
                if pending and pending.attempts > 1 and pending.task.due_at > now:
                    hastened += self.complete(pending, then=pending.task._replace(due_at=now))
        return hastened

    def remove(self, pending: PendingTask) -> bool:
        """Delete a row that is nothing but its task.

        Return False, and delete nothing, when the row no longer has this task.
        """
        try:
            self.table.delete(Delete(*pending.key, equal=same_task(pending.row)))
        except ConditionFailed:
            return False
        return True

    def _until(
        self, lane: Lane, moment: datetime, since: datetime | None = None
    ) -> Iterator[list[Row]]:
        """Yield pages of rows of the index, from tasks due at `since` up to those at `moment`."""
        first, bound = times.render(since) if since else "0", times.render(moment) + "~"
        reached = {keys.task_partition(lane, shard): first for shard in range(SHARDS)}
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


def _due_at(row: Row) -> datetime | None:
    try:
        return times.parse(row["due_at"])
    except (KeyError, TypeError, ValueError):
        return None  # The reader of the row itself finds out.


def _key(row: Row) -> Key:
    return row["pk"], row["sk"]
