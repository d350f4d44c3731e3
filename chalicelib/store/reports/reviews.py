"""Rows of the reviews of open reports, and of reminders.

    REPORT#<id>   REVIEW            the task to review a report
                  REMINDER#<name>   an entry of the index by attention, in a partition of an officer
                                    whom a reminder concerns, by its day. Nothing but the key when
                                    that is over
    REVIEWS       ROUND             `next_at`, when the next round begins; `reached`, up to which
                                    `listed_at` each partition of `by_category` was looked through

A new report has no row of these, so that they cost nothing while it is young. A round finds those
that are still open when they have become old enough.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.domain.reports.attention import reminded
from chalicelib.domain.reports.report import Report
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.heads import listed_row

_ROUND = (keys.REVIEWS, "ROUND")
_INDEX = keys.index(keys.BY_CATEGORY)


class Older(NamedTuple):
    """Listed reports, oldest first, and up to where they were read."""

    rows: tuple[Row, ...]
    reached: str
    more: bool


class ReviewRows:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin_round(self, now: datetime) -> Mapping[str, str] | None:
        """Return up to where each partition was looked through; None when no round is due.

        Two rounds at once do the same: no write of them is lost by it.
        """
        row = self._table.get(*_ROUND, consistent=True)
        if row and now < times.parse(row["next_at"]):
            return None
        reached: Mapping[str, str] = row["reached"] if row else {}
        return reached

    def end_round(self, reached: Mapping[str, str], next_at: datetime) -> None:
        pk, sk = _ROUND
        self._table.put({"pk": pk, "sk": sk, "reached": dict(reached), "next_at": next_at})

    def older(self, partition: str, *, above: str, until: datetime, limit: int) -> Older:
        """Return reports of a partition of `by_category` that were received after `above` (a
        `listed_at`) and up to a time.
        """
        end = times.render(until)
        if above >= end:
            return Older((), above, False)
        rows, more = self._table.query(
            partition, index=_INDEX, between=(above, end + "~"), limit=limit
        )
        reached = rows[-1]["listed_at"] if more else end
        found = tuple(listed_row(row) for row in rows if row["listed_at"] != above)
        return Older(found, reached, more)

    def ask(self, report_id: str, now: datetime) -> bool:
        """Write the task to review a report now. Return False when it has one."""
        try:
            self._table.put(_task_row(report_id, now), if_absent=True)
        except ConditionFailed:
            return False
        return True


def review_item(table: Table, report_id: str, at: datetime) -> TransactItem:
    """Return the write of the task to review a report at a time, in place of an earlier one."""
    return table.item(Put(_task_row(report_id, at)))


def review_task(at: datetime) -> OutboxTask:
    return OutboxTask(TaskKind.REVIEW, at)


def _task_row(report_id: str, at: datetime) -> Row:
    pk = keys.report(report_id)
    task = task_fields(pk, keys.REVIEW, review_task(at))
    return {"pk": pk, "sk": keys.REVIEW, **task}


def reminder_items(table: Table, before: Report, after: Report) -> list[TransactItem]:
    """Return the writes of the entries of a reminder, where a step has changed whom it concerns,
    or its date. Officers delete no row of a report: what is over stays as its keys, in no index.
    """
    old, new = (_entries(report) for report in (before, after))
    pk = keys.report(after.id)
    rows = {**{sk: {"pk": pk, "sk": sk} for sk in old}, **new}
    return [table.item(Put(row)) for sk, row in sorted(rows.items()) if old.get(sk) != row]


def _entries(report: Report) -> dict[str, Row]:
    pk, at = keys.report(report.id), keys.listed_at(report.received_at, report.id)
    return {
        keys.reminder(name): {
            "pk": pk,
            "sk": keys.reminder(name),
            "attention_shard": keys.reminders_of(name),
            "attention_at": keys.reminder_at(report.reminder.on, at),
            "listed": {},
        }
        for name in reminded(report.reminder, report.assignee)
        if report.reminder
    }
