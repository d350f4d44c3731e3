"""Critical reports that wait for an officer. An alarm watches their number."""

from datetime import datetime, timedelta
from itertools import batched, chain

from chalicelib.domain.outbox import Lane, TaskKind
from chalicelib.services.escalations import ESCALATE_EVERY
from chalicelib.store.outbox import Outbox, PendingTask

# How long an officer may take. The first escalation, after five minutes, was then without effect.
PATIENCE = timedelta(minutes=10)
# Read in one call.
_AT_ONCE = 100


def count_unacknowledged(outbox: Outbox, *, now: datetime) -> int:
    """Return how many critical reports no officer has acknowledged for longer than `PATIENCE`.

    A report that waits always has an escalation as its next task. Raises Unavailable.
    """
    waiting = chain.from_iterable(
        outbox.keys_until(now + ESCALATE_EVERY, TaskKind.ESCALATE, lane)
        for lane in (Lane.CRITICAL, Lane.NORMAL)
    )
    rows = (row for keys in batched(waiting, _AT_ONCE) for row in outbox.read_all(keys).values())
    found = (PendingTask.of(row) for row in rows)
    return sum(1 for pending in found if pending and _waits_too_long(pending, now))


def _waits_too_long(pending: PendingTask, now: datetime) -> bool:
    if pending.task.kind is not TaskKind.ESCALATE:
        return False
    report = pending.report
    # An old report that has only now become critical is not escalated yet: its time begins anew.
    escalated = report.escalations > 0 or pending.task.due_at <= now
    return report.is_waiting and escalated and report.received_at <= now - PATIENCE
