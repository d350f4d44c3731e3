"""The leaves that a step on a report adds to the ledger, in its transaction.

The first two, `filed` and `content`, are also written by themselves, right after the report was
created: they wait for no notice.
"""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.domain.audit.ledger import Event, Leaf, Recorded, count_data, evidence_data
from chalicelib.domain.audit.seals import HOUR, hour_of, is_hour
from chalicelib.domain.reports.report import Medium, Report, Status
from chalicelib.services.audit.ledger import LATE_HOURS
from chalicelib.store.audit.ledger import LeafRows


def first_leaves(recorded: Recorded) -> list[Leaf]:
    """Return the leaves `filed` and `content`; nothing when the row has them, and for a drill.

    They are of the hour in which the report was received, so that writing them again changes
    nothing. An altered row whose hour is none has none: `ledger-verify` names it.
    """
    return recorded.first(recorded.received) if is_hour(recorded.received) else []


def late_first_leaves(recorded: Recorded, rows: LeafRows, now: datetime) -> list[Leaf]:
    """Return the first leaves as `first_leaves`. If nobody has written them in time, they are of
    the earliest hour whose rows are still read (`close_hours`): in two hours they would show that
    they are no random ones.
    """
    leaves, earliest = first_leaves(recorded), hour_of(now - HOUR * (LATE_HOURS - 1))
    is_late = bool(leaves) and recorded.received < earliest
    if is_late and not rows.have(recorded.hashed(leaves)):
        return recorded.first(earliest)
    return leaves


def known_leaves(recorded: Recorded) -> list[Leaf]:
    """Return all leaves of a report: the first ones are on their way until its row has them."""
    return [*first_leaves(recorded), *recorded.leaves]


def file_new(reports: Iterable[Recorded], rows: LeafRows) -> None:
    """Write the first leaves of reports whose rows do not have them yet. Raises Unavailable."""
    rows.put(each for recorded in reports for each in recorded.hashed(first_leaves(recorded)))


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
    withdrawn = recorded.next(Event.WITHDRAWN, secret, hour_of(now))
    return [*first_leaves(recorded), *withdrawn]


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
