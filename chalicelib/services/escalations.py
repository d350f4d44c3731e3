"""Escalations: when supervisors are notified of a critical report that nobody has acknowledged.

They stop when an officer acknowledges the report.
"""

from datetime import datetime, timedelta

from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind, escalate
from chalicelib.store.outbox import PendingTask

# When the first escalations of a critical report are due, counted from the time it was received.
ESCALATE_AFTER = (ACKNOWLEDGE_WITHIN, timedelta(minutes=15))
# The time between all later escalations.
ESCALATE_EVERY = timedelta(minutes=15)


def next_task(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the next task of an item after its notice: an escalation, or None."""
    if not pending.is_head or not pending.report.is_waiting:
        return None
    report = pending.report
    sent = report.escalations + (1 if pending.task.kind is TaskKind.ESCALATE else 0)
    after = ESCALATE_AFTER[sent] if sent < len(ESCALATE_AFTER) else None
    return escalate(report.received_at + after if after else now + ESCALATE_EVERY, report.lane)


def counted_escalation(pending: PendingTask) -> dict[str, int] | None:
    """Return what counts an escalation; None for any other task."""
    if pending.task.kind is not TaskKind.ESCALATE:
        return None
    return {"escalations": pending.report.escalations + 1}
