"""Notices to officers, published from the outbox of the reports table.

A task is completed only after its notice is published. So a notice is never lost, but it can be
published twice, with the same `event_id`. In a burst, further notices are gathered in a digest.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import bursts as rules
from chalicelib.domain import times
from chalicelib.domain.addressees import groups_of
from chalicelib.domain.ids import OwnerKind, event_id
from chalicelib.domain.ledger import Leaf
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind
from chalicelib.domain.reports import ReportOutline, Urgency
from chalicelib.notify.topic import Topic
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.ledger_entries import leaves_of_notice
from chalicelib.store.bursts import Bursts
from chalicelib.store.keys import Key
from chalicelib.store.outbox import Assignment, Outbox, PendingTask
from chalicelib.store.table import ConditionFailed

log = logging.getLogger(__name__)

# When the first escalations of a critical report are due, counted from the time it was received.
# They stop when an officer acknowledges the report.
ESCALATE_AFTER = (ACKNOWLEDGE_WITHIN, timedelta(minutes=15))
# The time between all later escalations.
ESCALATE_EVERY = timedelta(minutes=15)

_DIGEST: Assignment = (TaskKind.NOTIFY, OwnerKind.DIGEST)
_ANNOUNCEMENT: Assignment = (TaskKind.NOTIFY, OwnerKind.NOTICE)
# The tasks that become a notice.
ASSIGNMENTS = frozenset(
    {
        (TaskKind.NOTIFY, OwnerKind.REPORT),
        (TaskKind.ESCALATE, OwnerKind.REPORT),
        _DIGEST,
        _ANNOUNCEMENT,
    }
)
# The attributes of a report that decide its next task.
_DECIDING = ("urgency", "status")


@dataclass(frozen=True, slots=True)
class _PendingNotice:
    pending: PendingTask
    notice: Notice


class Publisher:
    """Publishes the notices that are pending in an outbox. Their links begin with `public_url`."""

    def __init__(self, outbox: Outbox, bursts: Bursts, topic: Topic, public_url: str) -> None:
        self._outbox = outbox
        self._bursts = bursts
        self._topic = topic
        self._public_url = public_url

    def publish(self, items: Sequence[Key], *, now: datetime, swept: bool = False) -> set[Key]:
        """Publish the notices of the items with these keys. Return the keys to try again.

        An item is skipped when it has no task or its task is for later, because the stream delivers
        every change of the table. Only the sweep sends digests; it passes `swept=True`.
        """
        singles: list[_PendingNotice] = []
        retry: set[Key] = set()
        for key in dict.fromkeys(items):
            try:
                found = self._read(key, now, swept)
                if found is None:
                    continue
                if found.notice.urgency is Urgency.CRITICAL:
                    # A critical notice must not wait for the rest of the batch.
                    retry |= self._send([found], now)
                elif self._must_wait(found.notice, now):
                    self._gather(found, now)
                else:
                    singles.append(found)
            except Exception as error:
                # One bad row must not block the others.
                log.warning("notice_unreadable", extra={"error": type(error).__name__})
                retry.add(key)
        return retry | self._send(singles, now)

    def _read(self, key: Key, now: datetime, swept: bool) -> _PendingNotice | None:
        """Return the notice that is due for an item now; None when there is none.

        A task that needs no notice is completed: its report was deleted or is a drill, or it is an
        escalation of a report that no longer waits for an officer.
        """
        pending = self._outbox.read(key)
        if pending is None or pending.assignment not in ASSIGNMENTS:
            return None
        if pending.assignment == _DIGEST:
            return _PendingNotice(pending, self._digest(pending, now)) if swept else None
        if pending.assignment == _ANNOUNCEMENT:
            return _PendingNotice(pending, self._announcement(pending, now))
        escalates = pending.task.kind is TaskKind.ESCALATE
        not_before = pending.task.not_before or (pending.task.due_at if escalates else None)
        if not_before and not_before > now:
            return None
        report = pending.report if pending.is_head else self._outbox.report(pending.owner.id)
        if report is None or report.is_drill or (escalates and not report.is_waiting):
            self._outbox.complete(pending)
            return None
        return _PendingNotice(pending, self._notice(pending, report, now))

    def _must_wait(self, notice: Notice, now: datetime) -> bool:
        """Count a notice, and return whether it must wait for a digest.

        True when enough notices of its report or category were sent singly in this minute.
        """
        if not rules.is_counted(notice.kind, notice.urgency):
            return False
        if (
            notice.kind is NoticeKind.MESSAGE
            and self._bursts.count(str(notice.report_id), now) > rules.MESSAGES_ALONE_PER_REPORT
        ):
            return True
        return self._bursts.count(str(notice.category), now) > rules.ALONE_PER_CATEGORY

    def _gather(self, found: _PendingNotice, now: datetime) -> None:
        """Add a notice to its digest and complete its task, in one transaction.

        A digest names a limited number of reports. After that it only counts them.
        """
        for named in (True, False):
            gather = self._bursts.gather(found.notice, now, named=named)
            try:
                self._outbox.complete(
                    found.pending,
                    then=_next_task(found.pending, now),
                    leaves=_leaves(found.pending, now),
                    also=[gather],
                    unchanged=_DECIDING,
                )
            except ConditionFailed:
                continue
            return

    def _send(self, notices: Sequence[_PendingNotice], now: datetime) -> set[Key]:
        """Publish notices, then complete their tasks. Return the keys to try again."""
        retry: set[Key] = set()
        accepted = self._topic.publish([found.notice for found in notices])
        for found in notices:
            notice, pending = found.notice, found.pending
            if notice.event_id not in accepted:
                retry.add(pending.key)
                continue
            log.info(
                "notice_sent",
                extra={
                    "kind": notice.kind.value,
                    "category": notice.category,
                    "urgency": notice.urgency and notice.urgency.value,
                },
            )
            try:
                if pending.assignment == _DIGEST:
                    self._bursts.clear(pending)
                elif pending.assignment == _ANNOUNCEMENT:
                    self._outbox.remove(pending)
                else:
                    self._complete(pending, now)
            except Exception as error:
                # Continue, so that the other notices are completed and not published twice.
                log.warning("notice_not_completed", extra={"error": type(error).__name__})
                retry.add(pending.key)
        return retry

    def _complete(self, pending: PendingTask, now: datetime) -> None:
        """Complete the task of a published notice, and set the next one.

        The next task depends on the report. If an officer has changed the report since it was read,
        it is read again.
        """
        current = pending

        def step() -> None:
            nonlocal current
            put = _counted_escalation(current)
            then = _next_task(current, now)
            leaves = _leaves(current, now)
            if self._outbox.complete(
                current, then=then, put=put, leaves=leaves, unchanged=_DECIDING
            ):
                return
            fresh = self._outbox.read(current.key)
            if fresh is None or fresh.task != current.task:
                return  # Another function has completed it.
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
            to=groups_of(report.category, report.district),
            matter=pending.matter,
        )

    def _announcement(self, pending: PendingTask, now: datetime) -> Notice:
        announcement = pending.announcement
        return Notice(
            event_id=event_id(*pending.key, times.render(pending.task.due_at)),
            kind=announcement.kind,
            at=now,
            url=f"{self._public_url}{announcement.path}",
            to=announcement.to,
            matter=announcement,
        )

    def _digest(self, pending: PendingTask, now: datetime) -> Notice:
        digest = pending.digest
        filters = f"category={digest.category}&district={digest.district}"
        return Notice(
            event_id=event_id(*pending.key, f"{times.render(pending.task.due_at)}/{digest.count}"),
            kind=NoticeKind.DIGEST,
            category=digest.category,
            district=digest.district,
            urgency=digest.urgency,
            at=now,
            url=f"{self._public_url}/v1/officer/reports?{filters}",
            to=groups_of(digest.category, digest.district),
            count=digest.count,
            report_ids=tuple(dict.fromkeys(digest.report_ids))[: rules.DIGEST_MAX_IDS],
        )


def _next_task(pending: PendingTask, now: datetime) -> OutboxTask | None:
    """Return the next task of an item after its notice: an escalation, or None."""
    if not pending.is_head or not pending.report.is_waiting:
        return None
    report = pending.report
    sent = report.escalations + (1 if pending.task.kind is TaskKind.ESCALATE else 0)
    after = ESCALATE_AFTER[sent] if sent < len(ESCALATE_AFTER) else None
    return OutboxTask(
        TaskKind.ESCALATE, report.received_at + after if after else now + ESCALATE_EVERY
    )


def _leaves(pending: PendingTask, now: datetime) -> list[Leaf]:
    """Return the leaves of the ledger that the first notice of a report brings."""
    return leaves_of_notice(pending.recorded, pending.task, now) if pending.is_head else []


def _counted_escalation(pending: PendingTask) -> dict[str, int] | None:
    """Return the attributes that count an escalation; None for any other task."""
    if pending.task.kind is not TaskKind.ESCALATE:
        return None
    return {"escalations": pending.report.escalations + 1}
