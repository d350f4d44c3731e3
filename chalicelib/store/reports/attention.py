"""Attention to a report: delays of its notices, its proof, and its assignments.

When an officer may have less than before, a task returns their open reports: `OFFICER#<name>`,
`EVENT#assignments`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.keys import same_task, task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Attributes, Put, TransactItem
from chalicelib.domain.reports import attention
from chalicelib.domain.reports.report import OPEN_STATUSES, Flag, Report
from chalicelib.kernel.outbox import WAITING, OutboxTask, TaskKind, notify
from chalicelib.store.reports.duplicates import Duplicates
from chalicelib.store.reports.heads import IN_DIGEST, change_head, listed_row, update_head
from chalicelib.store.reports.rows import Head
from chalicelib.store.reports.search_entries import FOUND_BY, is_opened


class Reading(NamedTuple):
    """The writing that an officer has read a report: what its HEAD says then, and said before."""

    put: Attributes
    equal: Attributes

    @classmethod
    def of(cls, head: Head, task: OutboxTask | None, *, ends: bool) -> Self:
        """Return it with `task` in place of the one that would notify officers again. With `ends`
        they are not notified again any more.
        """
        put = task_fields(head.row["pk"], keys.HEAD, task) | ({"attended": True} if ends else {})
        # What is given back in this moment waits again.
        names = ("category", "assignee", "status", "attended") if ends else ("category",)
        return cls(put, same_task(head.row) | {name: head.row.get(name) for name in names})


class Attended(NamedTuple):
    """The values that a write must set, and its condition."""

    put: Row
    equal: Row


def attend(head: Head) -> Attended:
    """Return the changes when an officer writes a reply or a note. Who writes has chosen it: it
    stands as any other. If that attends to the report, nobody is notified again, and it is no
    longer overdue.
    """
    report = head.report
    put: Row = {}
    equal: Row = {}
    attended = attention.is_attended(report, acts=True, is_opened=is_opened(head))
    is_apart = report.unproven or report.in_burst or report.turn is not None
    if is_apart and report.status in OPEN_STATUSES:
        # Also what an opening has attended to already: else a burst would be ended with it.
        put = {"unproven": None, "in_burst": None, "turn": None}
    if report.is_waiting and not attended:
        equal[FOUND_BY] = None
    elif report.is_waiting:
        put["attended"] = True
        if head.task and head.task.kind in WAITING:
            put |= task_fields(head.row["pk"], keys.HEAD, None)
            equal |= same_task(head.row)
    if attended and Flag.OVERDUE in report.flags:
        put["flags"] = attention.without_overdue(report.flags)
        equal["flags"] = head.row.get("flags")
    return Attended(put, equal)


class AttentionRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def put_off(self, head: Head, reading: Reading) -> None:
        """Note that an officer has read a report.

        Raises ConditionFailed when the task or the category has changed since `head` was read, or
        who has the report if the reading ends what waits, or when the report is expiring.
        """
        self._table.update(update_head(head.row["id"], **reading._asdict()))

    def prove(
        self, head: Head, turn: int | None, now: datetime, also: Sequence[TransactItem] = ()
    ) -> Report:
        """Give an unproven report its place among those that are proven, by `turn`, and notify
        officers as of one that came with a proof. `also` are writes in the same transaction.

        Return the report. Raises ConditionFailed when its task has changed since `head` was read.
        """
        proven = {"unproven": False, "in_burst": False, "turn": turn}
        report = head.report.model_copy(update=proven)
        put: Row = {"unproven": None, "in_burst": None, "turn": turn}
        if task := _task_of_proven(head, report, now):
            put |= task_fields(head.row["pk"], keys.HEAD, task)
        equal: dict[str, Any] = {"unproven": True, "urgency": head.row["urgency"]}
        self._table.write(change_head(head, put=put, equal=equal | same_task(head.row)), also)
        return report


def _task_of_proven(head: Head, report: Report, now: datetime) -> OutboxTask | None:
    """Return the new task of a report that is proven now; None when its task stays.

    A notice that waits moves to the lane that results. Of what a digest alone has named, officers
    are notified again: there it can be one of hundreds that came without a proof.
    """
    if head.task is None:
        return None
    if head.task.kind in WAITING and (head.report.is_behind or IN_DIGEST in head.row):
        return notify(now, report.lane)
    is_notice = head.task.kind in (TaskKind.NOTIFY, *WAITING)
    return head.task._replace(lane=report.lane) if is_notice else None


RETURN_SK = "EVENT#assignments"
# What decides the task of a report, and whether its duplicates are looked at. Nobody may have
# changed it since.
_DECIDING = (
    "assignee", "status", "attended", "urgency", "unproven", "turn", "deadline", "duplicates",
)  # fmt: skip


class Assignments:
    """In `table`, the reports table. Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def request_return(self, username: str, now: datetime) -> TransactItem:
        """Return the write of the task to take an officer's reports back."""
        pk = keys.officer(username)
        task = task_fields(pk, RETURN_SK, OutboxTask(TaskKind.RETURN, now))
        return self._table.item(Put({"pk": pk, "sk": RETURN_SK, **task}))

    def open_of(
        self, username: str, keeps: Callable[[str, str], bool] = lambda category, district: False
    ) -> list[str]:
        """Return the ids of the open reports that are assigned to an officer, but for those of a
        category and district that the officer `keeps`. The index is a moment behind.
        """
        rows, _ = self._table.query(username, index=keys.index(keys.BY_ASSIGNEE))
        listed = [row for row in map(listed_row, rows) if row["status"] in OPEN_STATUSES]
        return [row["id"] for row in listed if not keeps(row["category"], row["district"])]

    def take_back(
        self,
        head: Row,
        task: OutboxTask | None,
        *,
        attended: bool,
        now: datetime,
        also: Sequence[TransactItem],
    ) -> None:
        """Let a report be assigned to nobody, with `task` as its next task, and look at its
        duplicates.

        Raises ConditionFailed when the report has changed since `head` was read.
        """
        task_now = task_fields(head["pk"], keys.HEAD, task)
        put: Row = {"assignee": None, "attended": attended, **task_now}
        equal = {name: head.get(name) for name in _DECIDING} | same_task(head)
        items = [self._table.item(update_head(head["id"], put=put, equal=equal)), *also]
        if head.get("duplicates"):
            items.append(Duplicates(self._table).request_return(head["id"], now))
        self._table.transact(items)
