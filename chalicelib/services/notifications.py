"""Telling officers what is pending to them: read the item as it is now, publish, strike the task off.
In that order, so that nothing is lost.

Dying before the strike-off means telling again, with the same `event_id`. Telling about a report
that is not there cannot happen. What comes in a burst is gathered into a digest instead, in the
transaction that strikes its task off.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import bursts as rules
from chalicelib.domain import times
from chalicelib.domain.ids import event_id
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind
from chalicelib.domain.reports import Status, Urgency
from chalicelib.notify.topic import Topic
from chalicelib.store import keys
from chalicelib.store.bursts import Bursts, is_digest
from chalicelib.store.outbox import Outbox
from chalicelib.store.table import ConditionFailed, Row

log = logging.getLogger(__name__)

# A critical report that nobody acknowledges goes to the supervisors this long after it came, and
# then again every quarter of an hour.
ESCALATE_AFTER = (ACKNOWLEDGE_WITHIN, timedelta(minutes=15))
ESCALATE_EVERY = timedelta(minutes=15)

_TRIES = 5
# What of a row decides what it owes next.
_DECIDING = ("urgency", "status")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Pending:
    row: Row
    notice: Notice
    then: OutboxTask | None


@dataclass(frozen=True, slots=True)
class Publisher:
    """What telling takes: where outbox are, where digests gather, where notices go, and the base of
    the links in them.
    """

    outbox: Outbox
    bursts: Bursts
    topic: Topic
    public_url: str


def publish_pending(
    items: Sequence[Key], *, publisher: Publisher, now: datetime, swept: bool = False
) -> frozenset[Key]:
    """Tell what the items with these keys owe now; answers the keys that must be tried again.

    An item that owes nothing, or nothing yet, is passed over: the stream shows every change, not
    only the ones that matter. `swept`: by the sweep, which alone sends digests.
    """
    alone: list[_Pending] = []
    again: set[Key] = set()
    for pk, sk in dict.fromkeys(items):
        try:
            pending = _read(pk, sk, publisher, now, swept)
            if pending is None:
                continue
            if pending.notice.urgency is Urgency.CRITICAL:
                # at once: it does not wait for the rest of the batch
                again |= _notify([pending], publisher, now)
            elif _must_wait(pending.notice, publisher, now):
                _gather(pending, publisher, now)
            else:
                alone.append(pending)
        except Exception as error:  # one bad row must not hold up its neighbours
            log.warning("notice_unreadable", extra={"error": type(error).__name__})
            again.add((pk, sk))
    return frozenset(again | _notify(alone, publisher, now))


def _notify(alone: Sequence[_Pending], publisher: Publisher, now: datetime) -> set[Key]:
    """Publish, then strike off; answers what must be tried again."""
    again: set[Key] = set()
    taken = publisher.topic.publish([pending.notice for pending in alone])
    for pending in alone:
        notice, key = pending.notice, (pending.row["pk"], pending.row["sk"])
        if notice.event_id not in taken:
            again.add(key)
            continue
        log.info(
            "notice_sent",
            extra={
                "kind": notice.kind.value,
                "category": notice.category,
                "urgency": notice.urgency.value,
            },
        )
        try:
            if is_digest(pending.row):
                publisher.bursts.clear(pending.row)
            else:
                _complete(pending, publisher, now)
        except Exception as error:
            # one that is told again must not make its neighbours be told again
            log.warning("notice_not_completed", extra={"error": type(error).__name__})
            again.add(key)
    return again


def _complete(pending: _Pending, publisher: Publisher, now: datetime) -> None:
    """What is pending next depends on the report: one that an officer has changed since it was read is
    looked at again.
    """
    row, outbox = pending.row, publisher.outbox
    for _ in range(_TRIES):
        if outbox.complete(
            row, then=_next_task(row, now), put=_noted(pending), unchanged=_DECIDING
        ):
            return
        fresh = outbox.read(row["pk"], row["sk"])
        if fresh is None or (fresh.get("task"), fresh.get("task_at")) != (
            row["task"],
            row["task_at"],
        ):
            return  # somebody else did it
        row = fresh


def _gather(pending: _Pending, publisher: Publisher, now: datetime) -> None:
    """Into the digest, in the transaction that strikes the task off. Where it names enough reports
    already, it only counts this one.
    """
    for named in (True, False):
        gather = publisher.bursts.gather(pending.notice, now, named=named)
        try:
            publisher.outbox.complete(
                pending.row, then=pending.then, also=[gather], unchanged=_DECIDING
            )
        except ConditionFailed:
            continue
        return


def _read(pk: str, sk: str, publisher: Publisher, now: datetime, swept: bool) -> _Pending | None:
    outbox = publisher.outbox
    row = outbox.read(pk, sk)
    if row is None or row.get("task") not in (TaskKind.NOTIFY, TaskKind.ESCALATE):
        return None
    if is_digest(row):
        return _Pending(row, _digest(row, publisher.public_url, now), None) if swept else None
    not_before = row.get("not_before") or (
        row["due_at"] if row["task"] == TaskKind.ESCALATE else None
    )
    if not_before and times.parse(not_before) > now:
        return None
    head = row if sk == keys.HEAD else outbox.read(pk, keys.HEAD)
    if (
        head is None
        or head.get("deleted_at")
        or (row["task"] == TaskKind.ESCALATE and not _is_waiting(row))
    ):
        outbox.complete(row)
        return None
    return _Pending(row, _notice(row, head, publisher.public_url, now), _next_task(row, now))


def _must_wait(notice: Notice, publisher: Publisher, now: datetime) -> bool:
    """Have there been enough notices this minute that go alone?"""
    if not rules.is_counted(notice.kind, notice.urgency):
        return False
    if (
        notice.kind is NoticeKind.MESSAGE
        and publisher.bursts.count(str(notice.report_id), now) > rules.MESSAGES_ALONE_PER_REPORT
    ):
        return True
    return publisher.bursts.count(notice.category, now) > rules.ALONE_PER_CATEGORY


def _notice(row: Row, head: Row, public_url: str, now: datetime) -> Notice:
    return Notice(
        event_id=event_id(row["pk"], row["sk"], f"{row['task']}/{row['due_at']}"),
        kind=_kind(row),
        report_id=head["id"],
        reference=head["reference"],
        category=head["category"],
        district=head["district"],
        urgency=Urgency(head["urgency"]),
        at=now,
        url=f"{public_url}/v1/officer/reports/{head['id']}",
    )


def _digest(row: Row, public_url: str, now: datetime) -> Notice:
    return Notice(
        event_id=event_id(row["pk"], row["sk"], f"{row['due_at']}/{row['count']}"),
        kind=NoticeKind.DIGEST,
        report_id=None,
        reference=None,
        category=row["category"],
        district=row["district"],
        urgency=Urgency(row["urgency"]),
        at=now,
        url=f"{public_url}/v1/officer/reports?category={row['category']}&district={row['district']}",
        count=row["count"],
        report_ids=tuple(dict.fromkeys(row.get("report_ids", ())))[: rules.DIGEST_MAX_IDS],
    )


def _kind(row: Row) -> NoticeKind:
    if row["sk"].startswith("MESSAGE#"):
        return NoticeKind.MESSAGE
    if row["sk"] != keys.HEAD:
        return NoticeKind(row["kind"])
    if row["task"] == TaskKind.ESCALATE:
        return NoticeKind.ESCALATION
    return NoticeKind.BULLETIN_LEAD if row.get("bulletin_id") else NoticeKind.REPORT


def _is_waiting(head: Row) -> bool:
    """A critical report that nobody has acknowledged."""
    return bool(head["urgency"] == Urgency.CRITICAL and head["status"] == Status.NEW)


def _next_task(row: Row, now: datetime) -> OutboxTask | None:
    if row["sk"] != keys.HEAD or not _is_waiting(row):
        return None
    received = times.parse(row["received_at"])
    done = row.get("escalations", 0) + (1 if row["task"] == TaskKind.ESCALATE else 0)
    due = received + ESCALATE_AFTER[done] if done < len(ESCALATE_AFTER) else now + ESCALATE_EVERY
    return OutboxTask(TaskKind.ESCALATE, due)


def _noted(pending: _Pending) -> dict[str, int] | None:
    return (
        {"escalations": pending.row.get("escalations", 0) + 1}
        if pending.notice.kind is NoticeKind.ESCALATION
        else None
    )
