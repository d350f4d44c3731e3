"""An end that waits for its second officer is no end: 0.2.0rc1 closed such a report at once.

It is open again, and its end waits with the reason and the original that it had. What nobody had
acknowledged before waits as a new report does. Its reporter reads "received" or "in progress"
again. The ledger has a leaf `reopened`; officers are notified of the end when it is due.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS, task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports.events import Matter
from chalicelib.domain.reports.report import Flag, Status
from chalicelib.domain.reports.workflow import task_of_waiting
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.services.reports.ledger import leaves_of_change
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.heads import change_head
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head
from infra.migrations import Migration

_JUDGED_BY = ("status", "disposition", "proposal", "sealed_reason", "duplicate_of")


def change(row: Row) -> Update | None:
    """Return what opens a report again whose end waits; None for any other row. A drill stays
    closed: nobody waits for it.
    """
    if not keys.is_report(row["pk"]) or "deleted_at" in row or "expiring" in row:
        return None
    head, put = Head(row), _changed(row)
    return change_head(head, put=put, equal=_same(row)) if put else None


def opened_again(
    row: Row, table: Table, now: datetime
) -> tuple[Update, Sequence[TransactItem]] | None:
    """Return the same with the leaf, the task and the event of the end that waits."""
    head, put = Head(row), _changed(row)
    before = head.report
    if not put or before.proposal is None:
        return None
    after = before.model_copy(update=put)
    waits = task_of_waiting(after, None, now) if after.is_waiting else None
    put |= task_fields(row["pk"], keys.HEAD, waits)
    leaves = leaves_of_change(before, after, head.recorded, now)
    recorded = LeafWrites.of(leaves, head.recorded, table)
    put |= recorded.put
    update = change_head(head, put=put, append=recorded.append, equal=_same(row))
    matter = Matter(step=TwoPersonStep.CLOSING, by=officer_address(before.proposal.by))
    event = Reports(table, lambda category: 1).end_awaits(after, matter, now, at_once=False)
    return update, [event, *recorded.items]


def _same(row: Row) -> Row:
    return {name: row.get(name) for name in (*_JUDGED_BY, *TASK_FIELDS)}


def _changed(row: Row) -> Row:
    report = Head(row).report
    proposal = report.proposal
    is_ended = report.disposition is not None or report.is_drill
    if report.status is not Status.CLOSED or proposal is None or is_ended:
        return {}
    waits = {"sealed_reason": report.sealed_reason, "duplicate_of": report.duplicate_of}
    was_new = report.acknowledged_at in (None, report.closed_at)
    new = {"acknowledged_at": None, "attended": False} if was_new else {}
    return {
        "status": Status.NEW if was_new else Status.ACKNOWLEDGED,
        **new,
        **dict.fromkeys(("closed_at", "decided_at", "put_off_until", "sealed_reason")),
        "flags": tuple(each for each in report.flags if each is not Flag.AFTER_CLOSING),
        "proposal": proposal.model_copy(update=waits).model_dump(),
    }


MIGRATION = Migration(
    "0002",
    "open again what one officer alone has closed though it takes two",
    "ReportsTableName",
    change,
    keys.HEAD,
    opened_again,
)
