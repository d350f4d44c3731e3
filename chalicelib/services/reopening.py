"""Reopening by the reporter, once: the step itself, and its record in the audit."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import reopening, workflow
from chalicelib.domain.ids import EntryIds
from chalicelib.domain.messages import Message, Sender
from chalicelib.domain.outbox import notify_of_message
from chalicelib.domain.reports import Report, Status
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.entries import earlier_call
from chalicelib.services.ledger_entries import leaves_of_change
from chalicelib.services.own_report import read_again
from chalicelib.services.sealed_rows import seal_message
from chalicelib.store import keys
from chalicelib.store.audit import Action, of_report
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.services.actor import Actor
    from chalicelib.store.outbox import Outbox, PendingTask


class Reopened(NamedTuple):
    """A report that its reporter has reopened, and what they wrote."""

    report: Report
    message: Message


def reopen_report(
    head: Head, text: str, ids: EntryIds, *, reports: Reports, now: datetime
) -> Reopened:
    """Reopen a closed report with a message, and notify officers as of a message, also when the
    report is muted: that ends.

    The clock records it in the audit, to which no call of a reporter may write. The message, the
    status, the leaf of the ledger and the end of the deletion's task are one transaction. Repeated
    with the same `ids`, return the first message. Raises Conflict (`withdrawn`, `not_closed`,
    `already_reopened`, or `key_reused` when the text differs), Gone when the deletion has begun.
    """
    message = Message(id=ids.id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = head

    def step() -> Reopened:
        nonlocal current
        report = current.report
        earlier = earlier_call(report.id, keys.MESSAGES, ids, reports=reports)
        if earlier:
            return Reopened(report, message.model_copy(update={"sent_at": earlier}))
        after = reopening.reopened(report, now)
        notice = notify_of_message(report.message_due, now, report.lane)
        if notice:
            after = after.model_copy(update={"message_due": notice.not_before or now})
        entries, duplicates = reports.entries, reports.duplicates
        also = [
            *entries.message_items(report.id, seal_message(report, message), ids, notice),
            *duplicates.discount(report.duplicate_of, report.id, report.received_at),
            entries.to_record(report.id, now, ends_mute=current.mute is not None),
        ]
        task = workflow.task_after(after, current.task, now)
        leaves = leaves_of_change(report, after, current.recorded, now)
        try:
            reports.change(current, after, task=task, now=now, leaves=leaves, also=also)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise
        return Reopened(after, message)

    return retry_on_conflict(step)


def record_reopening(pending: "PendingTask", *, outbox: "Outbox", actor: "Actor") -> None:
    """Write that a reporter has reopened a report to its audit, and complete the task."""
    status = {"old": Status.CLOSED.value, "new": Status.ACKNOWLEDGED.value}
    detail: dict[str, Any] = {"step": "reopened", "fields": {"status": status}}
    if pending.ends_mute:
        detail["muted"] = False
    record = actor.log_item(of_report(pending.owner.id), Action.CHANGE, detail)
    outbox.complete(pending, also=[record])
