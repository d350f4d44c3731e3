"""The rows of files that officers send to a reporter: `MEDIA#O-…`, beside those of the reporter.

REPORT#<id>   HEAD: `sent_total`, how many there are; the counters of media are the reporter's alone
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.outbox import OutboxTask
from chalicelib.domain.reports import Medium
from chalicelib.store.heads import update_head
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem


def add_files(
    reports: Reports,
    case: Case,
    files: Sequence[tuple[Medium, OutboxTask]],
    *,
    also: Sequence[TransactItem],
) -> None:
    """Add declared files, and `also`, in one transaction.

    Raises ConditionFailed when other files were added or the status has changed since `case` was
    read, when one of these exists, or when the report is expiring.
    """
    row = case.head.row
    same = {"sent_total": row.get("sent_total"), "status": row["status"]}
    count = update_head(row["id"], add={"sent_total": len(files)}, equal=same)
    puts = [reports.media.put_item(row["id"], medium, task) for medium, task in files]
    reports.table.transact([reports.table.item(count), *puts, *also])


def settle_file(
    reports: Reports,
    case: Case,
    medium: Medium,
    settled: Medium,
    now: datetime,
    *,
    also: Sequence[TransactItem],
) -> None:
    """Write the verdict on a file, and `also`, in one transaction: it is no evidence, and new to no
    officer.

    Raises ConditionFailed when it has one, or when the report is expiring.
    """
    report_id = case.report.id
    settle = reports.media.settle_item(report_id, medium, settled, now)
    kept = update_head(report_id, add={"sent_settled": 1})
    reports.table.transact([settle, reports.table.item(kept), *also])
