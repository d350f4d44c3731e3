"""The place of a report in the index `by_attention`, as attributes of its HEAD.

They are written in the same write as what decides them, on the condition that they are as they were
read. So no report has a place that does not fit it.

    attention_shard     the partition: `<category>#<shard>` for what is open or awaits somebody,
                        `<category>#<shard>#<status>` for the rest
    attention_at        `<rank>#<listed_at>`
    awaits              the steps that await a second person, and who began each
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from chalicelib.domain import attention
from chalicelib.domain.attention import Rank
from chalicelib.domain.holds import Hold
from chalicelib.domain.outbox import WAITING, OutboxTask, TaskKind, notify
from chalicelib.domain.referrals import NO_REFERRALS, Referrals
from chalicelib.domain.reports import Flag, Report, Status
from chalicelib.domain.two_persons import awaits_second_person
from chalicelib.store import keys
from chalicelib.store.report_rows import NOT_EXPIRING, Head
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.tasks import same_task, task_fields
from chalicelib.store.writes import Update


class Basis(NamedTuple):
    """What decides the place of a report: as it will be after a write."""

    report: Report
    hold: Hold | None = None
    referrals: Referrals = NO_REFERRALS

    @classmethod
    def of(cls, head: Head, report: Report | None = None) -> Self:
        """Return that of `head`, with `report` in place of its own."""
        return cls(report or head.report, head.hold, head.referrals)


class Move(NamedTuple):
    """What a write must set, and the condition that this is still as it was read."""

    put: Row
    equal: Mapping[str, Any]


def place(basis: Basis, category_shard: str) -> Row:
    """Return the attributes of a report's place. `category_shard` is that of its row."""
    report = basis.report
    awaiting = awaits_second_person(basis)
    rank = attention.rank_of(report, awaiting)
    ended = report.status if rank is Rank.DONE else None
    listed_at = keys.listed_at(report.received_at, report.id)
    found: Row = {
        "attention_shard": keys.attention_shard(category_shard, ended),
        "attention_at": keys.attention_at(rank, listed_at),
    }
    return found | ({"awaits": [each.kept() for each in awaiting]} if awaiting else {})


def move(head: Head, after: Basis, category_shard: str | None = None) -> Move:
    """Return what moves a report from its place in `head` to that of `after`."""
    row = head.row
    new = {"awaits": None, **place(after, category_shard or row["category_shard"])}
    put = {name: value for name, value in new.items() if value != row.get(name)}
    # Either may be what the other was decided by.
    read = ("attention_at", "awaits") if put else ()
    return Move(put, {name: row.get(name) for name in read})


def attend(head: Head, report: Report | None = None) -> Move:
    """Return what changes when an officer attends to a report without a step, by a reply or a note:
    nobody is notified again, and it is no longer overdue. `report` is as it is after the write.
    """
    after = report or head.report
    put: Row = {}
    equal: dict[str, Any] = {}
    if after.status is Status.NEW and not after.attended:
        put = {"attended": True}
        if head.task and head.task.kind in WAITING:
            put |= task_fields(head.row["pk"], keys.HEAD, None)
            equal |= same_task(head.row)
    if Flag.OVERDUE in after.flags:
        after = after.model_copy(update={"flags": attention.without_overdue(after.flags)})
        put["flags"], equal["flags"] = after.flags, head.row.get("flags")
    moved = move(head, Basis.of(head, after))
    return Move(put | moved.put, equal | dict(moved.equal))


class AttentionRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def put_off(self, head: Head, task: OutboxTask | None) -> None:
        """Write a later `task` in place of the one that would notify officers again; None: they
        are not notified any more.

        Raises ConditionFailed when the task has changed since `head` was read, or when the report
        is expiring.
        """
        pk = head.row["pk"]
        put = task_fields(pk, keys.HEAD, task) | ({} if task else {"attended": True})
        equal = {**same_task(head.row), **NOT_EXPIRING}
        self._table.update(Update(pk, keys.HEAD, put=put, equal=equal))

    def prove(self, head: Head, now: datetime) -> Report | None:
        """Mark an unproven report as proven, and let officers be notified of it as of one that came
        with a proof.

        Return the report; None when its task has changed since `head` was read.
        """
        report = head.report.model_copy(update={"unproven": False})
        moved = move(head, Basis.of(head, report))
        put: Row = {"unproven": None, **moved.put}
        if task := _task_of_proven(head, report, now):
            put |= task_fields(head.row["pk"], keys.HEAD, task)
        equal = {
            **same_task(head.row),
            "unproven": True,
            "urgency": head.row["urgency"],
            **moved.equal,
            **NOT_EXPIRING,
        }
        try:
            self._table.update(Update(head.row["pk"], keys.HEAD, put=put, equal=equal))
        except ConditionFailed:
            return None
        return report


def _task_of_proven(head: Head, report: Report, now: datetime) -> OutboxTask | None:
    """Return the new task of a report that is proven now; None when its task stays.

    A notice that waits moves to the lane that results. Of what a digest alone has named, officers
    are notified again: there it can be one of hundreds that came without a proof.
    """
    if head.task is None:
        return None
    if head.task.kind is TaskKind.NOTIFY:
        return head.task._replace(lane=report.lane)
    again = head.row.get("escalations") or Flag.OVERDUE in report.flags
    return notify(now, report.lane) if head.task.kind in WAITING and not again else None
