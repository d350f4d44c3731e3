"""Notices to officers: read the item as it is now, publish, complete the task. In that order, so
that nothing is lost.

A function that dies before it completes the task notifies again, with the same `event_id`. There is
no notice about a report that is not there. What comes in a burst is gathered into a digest instead,
in the transaction that completes its task.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import bursts as rules
from chalicelib.domain import times
from chalicelib.domain.ids import OwnerKind, event_id
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind
from chalicelib.domain.reports import ReportOutline, Urgency
from chalicelib.notify.topic import Topic
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.bursts import Bursts
from chalicelib.store.keys import Key
from chalicelib.store.outbox import Assignment, Outbox, PendingTask
from chalicelib.store.table import ConditionFailed

log = logging.getLogger(__name__)

# A critical report that nobody acknowledges goes to the supervisors this long after it came, and
# then again every quarter of an hour.
ESCALATE_AFTER = (ACKNOWLEDGE_WITHIN, timedelta(minutes=15))
ESCALATE_EVERY = timedelta(minutes=15)

_DIGEST: Assignment = (TaskKind.NOTIFY, OwnerKind.DIGEST)
# The tasks that make a notice.
ASSIGNMENTS = frozenset(
    {
        (TaskKind.NOTIFY, OwnerKind.REPORT),
        (TaskKind.ESCALATE, OwnerKind.REPORT),
        _DIGEST,
    }
)
# What of a report decides its next task.
_DECIDING = ("urgency", "status")


@dataclass(frozen=True, slots=True)
class _PendingNotice:
    pending: PendingTask
    notice: Notice


class Publisher:
    """Publishes the notices that the reports' outbox holds. Their links begin with `public_url`."""

    def __init__(self, outbox: Outbox, bursts: Bursts, topic: Topic, public_url: str) -> None:
        self._outbox = outbox
        self._bursts = bursts
        self._topic = topic
        self._public_url = public_url

    def publish(self, items: Sequence[Key], *, now: datetime, swept: bool = False) -> set[Key]:
        """Publish what is pending for the items with these keys, and return those to try again.

        An item without a task, or with one for later, is passed over: the stream shows every
        change, not only the ones that matter. `swept`: by the sweep, which alone sends digests.
        """
        alone: list[_PendingNotice] = []
        again: set[Key] = set()
        for key in dict.fromkeys(items):
            try:
                found = self._read(key, now, swept)
                if found is None:
                    continue
                if found.notice.urgency is Urgency.CRITICAL:
                    # at once: it does not wait for the rest of the batch
                    again |= self._send([found], now)
                elif self._must_wait(found.notice, now):
                    self._gather(found, now)
                else:
                    alone.append(found)
            except Exception as error:  # one bad row must not hold up its neighbours
                log.warning("notice_unreadable", extra={"error": type(error).__name__})
                again.add(key)
        return again | self._send(alone, now)

    def _read(self, key: Key, now: datetime, swept: bool) -> _PendingNotice | None:
        """Return the notice that is pending for an item now, if there is one."""
        pending = self._outbox.read(key)
        if pending is None or pending.assignment not in ASSIGNMENTS:
            return None
        if pending.assignment == _DIGEST:
            return _PendingNotice(pending, self._digest(pending, now)) if swept else None
        escalates = pending.task.kind is TaskKind.ESCALATE
        not_before = pending.task.not_before or (pending.task.due_at if escalates else None)
        if not_before and not_before > now:
            return None
        report = pending.report if pending.is_head else self._outbox.report(pending.owner.id)
        if report is None or (escalates and not report.is_waiting):
            self._outbox.complete(pending)
            return None
        return _PendingNotice(pending, self._notice(pending, report, now))

    def _must_wait(self, notice: Notice, now: datetime) -> bool:
        """Count a notice, and return whether enough have gone alone this minute."""
        if not rules.is_counted(notice.kind, notice.urgency):
            return False
        if (
            notice.kind is NoticeKind.MESSAGE
            and self._bursts.count(str(notice.report_id), now) > rules.MESSAGES_ALONE_PER_REPORT
        ):
            return True
        return self._bursts.count(notice.category, now) > rules.ALONE_PER_CATEGORY

    def _gather(self, found: _PendingNotice, now: datetime) -> None:
        """Add a notice to its digest, in the transaction that completes its task.

        Where the digest names enough reports already, it only counts this one.
        """
        for named in (True, False):
            gather = self._bursts.gather(found.notice, now, named=named)
            try:
                self._outbox.complete(
                    found.pending,
                    then=_next_task(found.pending, now),
                    also=[gather],
                    unchanged=_DECIDING,
                )
            except ConditionFailed:
                continue
            return

    def _send(self, alone: Sequence[_PendingNotice], now: datetime) -> set[Key]:
        """Publish notices, then complete their tasks. Return the keys to try again."""
        again: set[Key] = set()
        taken = self._topic.publish([found.notice for found in alone])
        for found in alone:
            notice, pending = found.notice, found.pending
            if notice.event_id not in taken:
                again.add(pending.key)
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
                if pending.assignment == _DIGEST:
                    self._bursts.clear(pending)
                else:
                    self._complete(pending, now)
            except Exception as error:
                # one that is sent again must not make its neighbours be sent again
                log.warning("notice_not_completed", extra={"error": type(error).__name__})
                again.add(pending.key)
        return again

    def _complete(self, pending: PendingTask, now: datetime) -> None:
        """Complete the task of a notice that was sent.

        The next task depends on the report: one that an officer has changed since is read again.
        """
        current = pending

        def step() -> None:
            nonlocal current
            put = _counted_escalation(current)
            then = _next_task(current, now)
            if self._outbox.complete(current, then=then, put=put, unchanged=_DECIDING):
                return
            fresh = self._outbox.read(current.key)
            if fresh is None or fresh.task != current.task:
                return  # completed elsewhere
            current = fresh
            raise ConditionFailed(None)

        retry_on_conflict(step)

    def _notice(self, pending: PendingTask, report: ReportOutline, now: datetime) -> Notice:
        task = f"{pending.task.kind}/{times.render(pending.task.due_at)}"
        return Notice(
            event_id=event_id(*pending.key, task),
            kind=pending.notice_kind,
            report_id=report.id,
            reference=report.reference,
            category=report.category,
            district=report.district,
            urgency=report.urgency,
            at=now,
            url=f"{self._public_url}/v1/officer/reports/{report.id}",
        )

    def _digest(self, pending: PendingTask, now: datetime) -> Notice:
        digest = pending.digest
        filters = f"category={digest.category}&district={digest.district}"
        return Notice(
            event_id=event_id(*pending.key, f"{times.render(pending.task.due_at)}/{digest.count}"),
            kind=NoticeKind.DIGEST,
            report_id=None,
            reference=None,
            category=digest.category,
            district=digest.district,
            urgency=digest.urgency,
            at=now,
            url=f"{self._public_url}/v1/officer/reports?{filters}",
            count=digest.count,
            report_ids=tuple(dict.fromkeys(digest.report_ids))[: rules.DIGEST_MAX_IDS],
        )


def _next_task(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return what is pending for an item after its notice."""
    if not pending.is_head or not pending.report.is_waiting:
        return None
    report = pending.report
    done = report.escalations + (1 if pending.task.kind is TaskKind.ESCALATE else 0)
    after = ESCALATE_AFTER[done] if done < len(ESCALATE_AFTER) else None
    return OutboxTask(
        TaskKind.ESCALATE, report.received_at + after if after else now + ESCALATE_EVERY
    )


def _counted_escalation(pending: PendingTask) -> dict[str, int] | None:
    if pending.task.kind is not TaskKind.ESCALATE:
        return None
    return {"escalations": pending.report.escalations + 1}
