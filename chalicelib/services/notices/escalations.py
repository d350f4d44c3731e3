"""Escalations: when officers are notified again of a report that nobody has acknowledged.

Supervisors are notified of a critical report every few minutes. Any other is overdue at its
deadline, and officers are notified each time that its age doubles. Both end when an officer attends
to the report (`domain/reports/attention.is_attended`). Opening it, or its contact, ends those of
one that is not critical, and pauses those of one that is; if that was taken unopened, its opening
ends them. An alarm watches how many critical reports wait.
"""

import logging
from datetime import datetime, timedelta
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Any

from chalicelib.aws.table import ConditionFailed
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.flood.sources import LAST_TURN
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.attention import READING, next_overdue
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import Flag, Status
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import (
    ACKNOWLEDGE_WITHIN,
    WAITING,
    Lane,
    OutboxTask,
    TaskKind,
    escalate,
    overdue,
)
from chalicelib.store.reports.attention import Reading
from chalicelib.store.reports.heads import place_of_open
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.search_entries import is_opened

if TYPE_CHECKING:
    from chalicelib.store.reports.reports import Reports
    from chalicelib.store.reports.rows import Head


log = logging.getLogger(__name__)

# When the first escalations of a critical report are due, counted from the time it was received.
ESCALATE_AFTER = (ACKNOWLEDGE_WITHIN, timedelta(minutes=15))
# The time between all later escalations.
ESCALATE_EVERY = timedelta(minutes=15)
# A turn says that the source had sent another report. After this time all that nobody has attended
# to have the last one: none says so any more, and no flood of one source leads.
TURN_LIFE = timedelta(days=1)


def next_task(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the next task of an item after its notice: to notify again, or None."""
    if not pending.is_head or not pending.report.is_waiting:
        return None
    report, kind = pending.report, pending.task.kind
    if report.urgency is Urgency.CRITICAL:
        sent = report.escalations + (1 if kind is TaskKind.ESCALATE else 0)
        after = ESCALATE_AFTER[sent] if sent < len(ESCALATE_AFTER) else None
        due = report.received_at + after if after else now + ESCALATE_EVERY
        if sent and due <= now:
            # It became critical later, or this escalation came late: not two at once.
            due = now + ESCALATE_EVERY
        return escalate(due, report.lane)
    if report.deadline is None:
        return None
    if kind is TaskKind.OVERDUE:
        later = overdue(next_overdue(report.received_at, report.deadline, now), report.lane)
        return later.gathered() if pending.task.is_gathered else later
    deadline = timedelta(minutes=report.deadline)
    # When the first notice comes late, officers have some minutes all the same.
    at_least = now + min(ACKNOWLEDGE_WITHIN, deadline)
    return overdue(max(report.received_at + deadline, at_least), report.lane)


def is_needed(task: OutboxTask, report: ReportOutline) -> bool:
    """Return whether a notice of a report that waits is still needed. True for any other task."""
    if task.kind not in WAITING:
        return True
    is_critical = report.urgency is Urgency.CRITICAL
    return report.is_waiting and is_critical is (task.kind is TaskKind.ESCALATE)


def fields_after_notice(pending: PendingTask, now: datetime) -> dict[str, Any] | None:
    """Return the fields that change with a notice of a report that waits: an escalation is counted,
    and what is overdue and was never acknowledged gets its flag and rank. None for any other task.
    """
    if pending.task.kind not in WAITING:
        return None
    if pending.task.kind is TaskKind.OVERDUE and pending.report.status is not Status.NEW:
        return None
    report, place, fields = pending.report, pending.attention_at, dict[str, Any]()
    if pending.task.kind is TaskKind.ESCALATE:
        fields["escalations"] = report.escalations + 1
    elif Flag.OVERDUE not in report.flags:
        fields["flags"] = (*report.flags, Flag.OVERDUE)
    is_late = now >= report.received_at + TURN_LIFE
    if report.turn is not None and is_late and not report.unproven:
        fields["turn"] = LAST_TURN
    if place:
        moved = place_of_open(report.model_copy(update=fields), place)
        fields |= {"attention_at": moved} if moved != place else {}
    return fields


def reading_of(head: "Head", now: datetime, *, contact: bool = False) -> Reading | None:
    """Return the writing that ends what waits for a report that an officer has just opened; of a
    critical one, that puts it off, once for each notice. Who has the `contact` is telephoning: that
    puts it off once more. None when there is nothing to write.
    """
    task, report = head.task, head.report
    is_taken = report.status is not Status.NEW or report.assignee is not None
    if is_taken and report.is_waiting and not is_opened(head) and not contact:
        # Somebody has taken it unopened: this completes it. Who telephones has not read it.
        notice = task if task and task.kind is TaskKind.NOTIFY else None
        return Reading.of(head, notice, ends=True)
    if task is None or task.kind not in WAITING:
        return None
    later: OutboxTask | None = None
    if task.kind is TaskKind.ESCALATE:
        until = now + READING
        # `not_before` is when it is due after an opening, and before that after a contact.
        is_used = task.not_before and (not contact or task.not_before < task.due_at)
        if is_used or until <= task.due_at:
            return None
        later = task._replace(due_at=until, not_before=now if contact else until)
    return Reading.of(head, later, ends=later is None)


def note_reading(head: "Head", reading: Reading | None, *, reports: "Reports") -> None:
    """Write a reading, if there is one to write.

    The opening does not fail when this cannot be written: then officers are notified once more.
    """
    if reading is None:
        return
    try:
        reports.attention.put_off(head, reading)
    except ConditionFailed:
        log.info("read_while_changed")
    except errors.Unavailable:
        log.warning("escalation_not_put_off")


# How long an officer may take. The first escalation, after five minutes, was then without effect.
PATIENCE = timedelta(minutes=10)
# Read in one call, and in one count: a flood may have a hundred thousand that wait, and each minute
# would read them all.
_AT_ONCE, MOST_COUNTED = 100, 500


def count_unacknowledged(outbox: Outbox, *, now: datetime, most: int = MOST_COUNTED) -> int:
    """Return how many critical reports no officer has acknowledged for longer than `PATIENCE`, of
    the first `most` that wait, proven ones before all others.

    Those about the police are not among them: what oversight leaves goes outside the police, and an
    operator's alarm would say that there is one. A report that waits always has an escalation as
    its next task. An unproven one whose escalation is late is counted after it: what is late in its
    lane can be a whole flood, which the critical sweep must not read. Raises Unavailable.
    """
    until = now + ESCALATE_EVERY
    waiting = chain(
        outbox.keys_until(until, TaskKind.ESCALATE, Lane.CRITICAL),
        outbox.keys_until(until, TaskKind.ESCALATE, Lane.NORMAL, since=now),
    )
    rows = (
        row
        for keys in batched(islice(waiting, most), _AT_ONCE)
        for row in outbox.read_all(keys).values()
    )
    found = (PendingTask.of(row) for row in rows)
    return sum(1 for pending in found if pending and _waits_too_long(pending, now))


def _waits_too_long(pending: PendingTask, now: datetime) -> bool:
    report = pending.report
    if pending.task.kind is not TaskKind.ESCALATE or report.category == OVERSIGHT:
        return False
    # An old report that has only now become critical is not escalated yet: its time begins anew.
    escalated = report.escalations > 0 or pending.task.due_at <= now
    return report.is_waiting and escalated and report.received_at <= now - PATIENCE
