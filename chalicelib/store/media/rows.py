"""The rows of redactions, of officers' files, and of a report for the function that redacts.

A redaction is stored with its medium, and has a row for its task. A file for a reporter is
`MEDIA#O-…`, beside the reporter's media; `sent_total` in the HEAD counts them. The function that
decodes files reads the attributes that its policy names (`dynamodb:Attributes`), and no others.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.reports.media import MediaState, Redaction, RedactionState
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.heads import update_head
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case

# What a redaction must not change unseen. `redactions` counts its changes, those of any medium.
_DECIDING = ("status", "category", "referrals", "redactions")


def keep_redaction(
    table: Table,
    case: Case,
    medium: Medium,
    redaction: Redaction | None,
    *,
    now: datetime,
    also: Sequence[TransactItem],
) -> None:
    """Write the redaction of a medium, or end it (None), with `also` in one transaction.

    It comes with the task to make the picture, or to delete it. Raises ConditionFailed when the
    report's status, category, referrals or redactions have changed since `case` was read, or when
    the report is expiring.
    """
    pk, sk = keys.report(case.report.id), keys.redaction(medium.media_id)
    equal = {name: case.head.row.get(name) for name in _DECIDING}
    task = task_fields(pk, sk, OutboxTask(TaskKind.REDACT, now))
    writes: list[Update | Put] = [
        update_head(case.report.id, add={"redactions": 1}, equal=equal),
        _of_medium(case, medium, redaction),
        Put({"pk": pk, "sk": sk, "media_id": medium.media_id, **task}),
    ]
    table.transact([*(table.item(each) for each in writes), *also])


def settle_redaction(table: Table, case: Case, medium: Medium, settled: Redaction) -> None:
    """Write the result of a medium's redaction.

    Raises ConditionFailed when it was settled, replaced or removed since `case` was read.
    """
    table.update(_of_medium(case, medium, settled))


def _of_medium(case: Case, medium: Medium, redaction: Redaction | None) -> Update:
    put: Row = {
        "redaction": redaction.model_dump(exclude_none=True) if redaction else None,
        "redaction_mark": redaction.mark if redaction else None,
    }
    before = medium.redaction
    equal = {"state": MediaState.READY.value, "redaction_mark": before.mark if before else None}
    return Update(keys.report(case.report.id), keys.media(medium.media_id), put=put, equal=equal)


def add_files(
    reports: Reports,
    case: Case,
    files: Sequence[tuple[Medium, OutboxTask]],
    *,
    also: Sequence[TransactItem],
) -> None:
    """Add declared files, and `also`, in one transaction.

    Raises ConditionFailed when other files were added or the status or category has changed since
    `case` was read, when one of these exists, or when the report is expiring.
    """
    row = case.head.row
    same = {name: row.get(name) for name in ("sent_total", "status", "category")}
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
    counted = update_head(report_id, add={"sent_settled": 1})
    reports.table.transact([settle, reports.table.item(counted), *also])


READ_FIELDS = ("pk", "sk", "public_key", "status", "expiring", "deleted_at")


# of a medium, beside its key
REDACTION_FIELDS = ("redaction", "preview_version")


class WantedRedaction(NamedTuple):
    """A redaction without its picture, and the version of the preview that it is made from."""

    redaction: Redaction
    preview_version: str


class ReportKeys:
    def __init__(self, table: Table) -> None:
        self._table = table

    def public_key(self, report_id: str) -> bytes | None:
        """Return the public half of a report's key (32 bytes), read consistently.

        None when the report has none. Raises NotFound when nothing may be derived for the report:
        it is unknown, withdrawn, deleted, or being deleted.
        """
        row = self._table.get(
            keys.report(report_id), keys.HEAD, consistent=True, attributes=READ_FIELDS
        )
        if (
            row is None
            or row.get("status") == Status.WITHDRAWN.value
            or row.get("expiring")
            or "deleted_at" in row
        ):
            raise errors.NotFound
        public: bytes | None = row.get("public_key")
        return public

    def wanted_redaction(self, report_id: str, media_id: str) -> WantedRedaction | None:
        """Return the redaction that a medium waits for, read consistently; None when it waits for
        none.
        """
        row = self._table.get(
            keys.report(report_id),
            keys.media(media_id),
            consistent=True,
            attributes=("pk", "sk", *REDACTION_FIELDS),
        )
        if row is None or "redaction" not in row or "preview_version" not in row:
            return None
        redaction = Redaction.model_validate(row["redaction"])
        if redaction.state is not RedactionState.PROCESSING:
            return None
        return WantedRedaction(redaction, row["preview_version"])
