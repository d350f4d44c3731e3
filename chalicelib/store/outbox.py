"""The task index: what is pending, oldest first, and striking off what is done."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain import times
from chalicelib.domain.outbox import SHARDS, OutboxTask, TaskKind
from chalicelib.store import keys
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.writes import TransactItem, Update

TASK_FIELDS = ("task", "due_at", "not_before", "task_shard", "task_at")

_PAGE = 100
_INDEX = (keys.BY_TASK, keys.PARTITION[keys.BY_TASK], "task_at")

# What the publisher may read of an item that owes something. Never a text.
READ_FIELDS = (
    "pk", "sk", *TASK_FIELDS, "id", "reference", "category", "district", "urgency", "status", "kind", "sender",
    "received_at", "acknowledged_at", "escalations", "bulletin_id", "media_id", "state", "created_at", "version_id", "attempts",
    "deleted_at", "expiring", "disposition", "count", "report_ids", "minute", "declared_type", "declared_size", "upload_id", "held_until",
)  # fmt: skip


class Outbox:
    def __init__(self, table: Table) -> None:
        self.table = table

    def overdue(self, now: datetime) -> Iterator[list[tuple[str, str]]]:
        """Keys of the items whose task is due, a page at a time, oldest first within each shard.
        Each is seen once, done or not.
        """
        bound = times.render(now) + "~"
        reached = {f"TASK#{shard}": "0" for shard in range(SHARDS)}
        while reached:
            for shard, position in list(reached.items()):
                # Both ends count: what the last page ended with is seen again, and passed over.
                rows, more = self.table.query(
                    shard, index=_INDEX, between=(position, bound), limit=_PAGE
                )
                yield [(row["pk"], row["sk"]) for row in rows if row["task_at"] != position]
                if more:
                    reached[shard] = rows[-1]["task_at"]
                else:
                    del reached[shard]

    def read(self, pk: str, sk: str) -> Row | None:
        """The item as it is now, without any text: read consistently before anything is made known
        about it.
        """
        return self.table.get(pk, sk, consistent=True, attributes=READ_FIELDS)

    def complete(
        self,
        row: Row,
        *,
        then: OutboxTask | None = None,
        put: dict[str, Any] | None = None,
        also: Sequence[TransactItem] = (),
        unchanged: Sequence[str] = (),
    ) -> bool:
        """The task that `row` was read with is done; `then` is pending next.

        False when it is no longer that task (somebody else did it), or one of the attributes in
        `unchanged` is no longer what was read. `also` are actions that must happen with it or not
        at all; raises ConditionFailed when one of them cannot.
        """
        pk, sk = row["pk"], row["sk"]
        fields = task_fields(pk, sk, then) if then else dict.fromkeys(TASK_FIELDS)
        update = Update(
            pk,
            sk,
            put=fields | (put or {}),
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


def task_fields(pk: str, sk: str, task: OutboxTask) -> Row:
    """The attributes that put an item into the task index."""
    return {
        "task": task.kind.value,
        "due_at": task.due_at,
        "not_before": task.not_before,
        "task_shard": keys.task_shard(pk, sk),
        "task_at": keys.task_at(task.due_at, pk, sk),
    }


def read_task(row: Mapping[str, Any]) -> OutboxTask | None:
    """What a row owes."""
    if "task" not in row:
        return None
    not_before = row.get("not_before")
    return OutboxTask(
        TaskKind(row["task"]),
        times.parse(row["due_at"]),
        times.parse(not_before) if not_before else None,
    )


def same_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that a row's task is still the one that was read."""
    return {"task": row.get("task"), "task_at": row.get("task_at")}
