"""The task of a row as attributes. They also put the row into the index `by_task`."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain import times
from chalicelib.domain.outbox import Lane, OutboxTask, TaskKind
from chalicelib.store import keys
from chalicelib.store.table import Row

TASK_FIELDS = ("task", "lane", "due_at", "not_before", "task_shard", "task_at")


def task_fields(pk: str, sk: str, task: OutboxTask | None) -> Row:
    """Return the attributes of a row's task. For None, return those that remove it."""
    if task is None:
        return dict.fromkeys(TASK_FIELDS)
    return {
        "task": task.kind.value,
        "lane": task.lane.value,
        "due_at": task.due_at,
        "not_before": task.not_before,
        "task_shard": keys.task_shard(task.lane, pk, sk),
        "task_at": keys.task_at(task.due_at, pk, sk),
    }


def read_task(row: Mapping[str, Any]) -> OutboxTask | None:
    """Return the task of a row, or None."""
    if "task" not in row:
        return None
    not_before = row.get("not_before")
    return OutboxTask(
        TaskKind(row["task"]),
        times.parse(row["due_at"]),
        times.parse(not_before) if not_before else None,
        Lane(row["lane"]),
    )


def same_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition that the row still has the task in `row`."""
    return {"task": row.get("task"), "task_at": row.get("task_at")}
