"""The leaves that a step on a report adds to the ledger, in its transaction."""

from datetime import datetime

from chalicelib.domain.audit.ledger import Event, Leaf, Recorded, count_data, evidence_data
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.reports.report import Medium, Report, Status
from chalicelib.kernel.outbox import OutboxTask, TaskKind


def leaves_of_notice(recorded: Recorded, task: OutboxTask, now: datetime) -> list[Leaf]:
    """Return the leaves of a HEAD whose `task` is completed: a report is filed when officers were
    first notified of it.
    """
    return recorded.first(hour_of(now)) if task.kind is TaskKind.NOTIFY else []


def leaves_of_change(
    before: Report, after: Report, recorded: Recorded, now: datetime
) -> list[Leaf]:
    """Return the leaves of an officer's step: a closing, a new disposition, a reopening."""
    hour = hour_of(now)
    was_closed, is_closed = before.status is Status.CLOSED, after.status is Status.CLOSED
    if is_closed and (not was_closed or after.disposition != before.disposition):
        return recorded.next(Event.CLOSED, (after.disposition or "").encode(), hour)
    if was_closed and not is_closed:
        return recorded.next(Event.REOPENED, count_data(recorded.count(Event.CLOSED)), hour)
    return []


def leaves_of_withdrawal(recorded: Recorded, secret: bytes, now: datetime) -> list[Leaf]:
    """Return the leaves of a withdrawal. Only the receipt gives `secret`."""
    hour = hour_of(now)
    return [*recorded.first(hour), *recorded.next(Event.WITHDRAWN, secret, hour)]


def leaves_of_verdict(medium: Medium, recorded: Recorded, now: datetime) -> list[Leaf]:
    """Return the leaf of a medium with a verdict; nothing when there is no original."""
    if medium.version_id is None:
        return []
    found = medium.checksum or {}
    checksum = found.get("algorithm", ""), found.get("value", "")
    data = evidence_data(medium.media_id, medium.version_id, *checksum)
    return recorded.next(Event.EVIDENCE, data, hour_of(now))


def leaves_of_deletion(recorded: Recorded, now: datetime) -> list[Leaf]:
    """Return the leaves of a deletion; nothing when it was begun before."""
    if recorded.count(Event.EXPIRED):
        return []
    return recorded.next(Event.EXPIRED, b"", hour_of(now))
