"""The redactions of a report's pictures: each is with its medium, and has a row for its task."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.media import MediaState
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.redactions import Redaction
from chalicelib.domain.reports import Medium
from chalicelib.store import keys
from chalicelib.store.heads import update_head
from chalicelib.store.report_rows import Case
from chalicelib.store.table import Row, Table
from chalicelib.store.tasks import task_fields
from chalicelib.store.writes import Put, TransactItem, Update

# What a redaction must not change unseen. `redactions` counts its changes, those of any medium.
_DECIDING = ("status", "referrals", "redactions")


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
    report's status, referrals or redactions have changed since `case` was read, or when the report
    is expiring.
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
    """Write what became of the redaction of a medium.

    Raises ConditionFailed when it was settled, replaced or removed since `case` was read.
    """
    table.update(_of_medium(case, medium, settled))


def _of_medium(case: Case, medium: Medium, redaction: Redaction | None) -> Update:
    put: Row = {
        "redaction": redaction.model_dump(exclude_none=True) if redaction else None,
        "redaction_mark": redaction.mark if redaction else None,
    }
    before = medium.redaction
    equal = {
        "state": MediaState.READY.value,
        "redaction_mark": before.mark if before else None,
    }
    return Update(keys.report(case.report.id), keys.media(medium.media_id), put=put, equal=equal)
