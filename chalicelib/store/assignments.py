"""The open reports of an officer, and the task that takes them back when the officer leaves.

OFFICER#<name>   EVENT#assignments   the task
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import OPEN_STATUSES
from chalicelib.store import keys
from chalicelib.store.heads import listed_row, update_head
from chalicelib.store.table import Row, Table
from chalicelib.store.tasks import same_task, task_fields
from chalicelib.store.writes import Put, TransactItem

RETURN_SK = "EVENT#assignments"
# What decides the task of a report. Nobody may have changed it since.
_DECIDING = ("assignee", "status", "attended", "urgency", "unproven", "deadline")


class Assignments:
    """In `table`, the reports table. Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def request_return(self, username: str, now: datetime) -> TransactItem:
        """Return the write of the task to take an officer's reports back."""
        pk = keys.officer(username)
        task = task_fields(pk, RETURN_SK, OutboxTask(TaskKind.RETURN, now))
        return self._table.item(Put({"pk": pk, "sk": RETURN_SK, **task}))

    def open_of(self, username: str) -> list[str]:
        """Return the ids of the open reports that are assigned to an officer. The index is a moment
        behind.
        """
        rows, _ = self._table.query(username, index=keys.index(keys.BY_ASSIGNEE))
        listed = map(listed_row, rows)
        return [row["id"] for row in listed if row["status"] in OPEN_STATUSES]

    def take_back(
        self, head: Row, task: OutboxTask | None, *, waits: bool, also: Sequence[TransactItem]
    ) -> None:
        """Let a report be assigned to nobody, with `task` as its next task. With `waits`, nobody
        has attended to it any more.

        Raises ConditionFailed when the report has changed since `head` was read.
        """
        put: Row = {"assignee": None, **task_fields(head["pk"], keys.HEAD, task)}
        if waits:
            put["attended"] = False
        equal = {name: head.get(name) for name in _DECIDING} | same_task(head)
        update = update_head(head["id"], put=put, equal=equal)
        self._table.transact([self._table.item(update), *also])
