"""Look again at each report that somebody has, or attends to, as 0.2.0rc1 knew it.

In that release a link, an assignment or any other step attended to a report for good, also to one
that nobody had opened. A row does not say by what it is attended to, nor what became of its
original and its assignee. So this writes the task that finds out, in a row of its own: whatever
changes the report meanwhile, it looks at it as it is then, and a second look changes nothing.
"""

from datetime import UTC, datetime

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row
from chalicelib.aws.writes import Update
from chalicelib.domain.reports.report import OPEN_STATUSES
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.duplicates import RETURN_SK
from chalicelib.store.reports.search_entries import FOUND_BY
from infra.migrations import Migration


def change(row: Row) -> Update | None:
    """Return the task to look at a report, if it names an original, or is open and somebody has it
    or attends to it unopened.
    """
    if not keys.is_report(row["pk"]) or "deleted_at" in row:
        return None
    is_open = row["status"] in OPEN_STATUSES
    is_had = "assignee" in row or (row.get("attended") and FOUND_BY not in row)
    if "duplicate_of" not in row and not (is_open and is_had):
        return None
    task = task_fields(row["pk"], RETURN_SK, OutboxTask(TaskKind.RETURN, datetime.now(UTC)))
    return Update(row["pk"], RETURN_SK, put={**task, "below": None}, upsert=True)


MIGRATION = Migration(
    "0004", "look again at who attends to each report", "ReportsTableName", change, keys.HEAD
)
