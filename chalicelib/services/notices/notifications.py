"""Notices to officers, published from the outbox of the reports table.

A task is completed only after its notice is published. So a notice is never lost, but it can be
published twice, with the same `event_id`. In a burst, further notices are gathered in a digest.
docs/adr/0029 follows a notice, and lists its calls.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.table import ConditionFailed, Row, Unprocessed, retry_on_conflict
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.domain.catalogue.learnt import is_never_limited
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.domain.notices import bursts as rules
from chalicelib.domain.notices.bursts import Digest
from chalicelib.domain.notices.destinations import Destination
from chalicelib.domain.notices.notice import (
    ADDED,
    OF_A_TRIAL,
    OVERSIGHT_OUTSIDE,
    Notice,
    NoticeLinks,
    officer_address,
)
from chalicelib.domain.notices.roster import Roster
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.events import CAUSED_BY_OFFICERS, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import is_behind
from chalicelib.kernel import errors, times
from chalicelib.kernel.city import city
from chalicelib.kernel.ids import OwnerKind, event_id
from chalicelib.kernel.outbox import WAITING, Lane, TaskKind
from chalicelib.services.notices.colleagues import needs_no_reminder, next_reminder
from chalicelib.services.notices.escalations import fields_after_notice, is_needed, next_task
from chalicelib.services.reports.ledger import late_first_leaves
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.notices import destinations, roster
from chalicelib.store.notices.destinations import deliveries_of
from chalicelib.store.notices.digests import Bursts, Digests
from chalicelib.store.notices.topic import Topic
from chalicelib.store.reports.heads import IN_DIGEST
from chalicelib.store.reports.outbox import Assignment, Outbox, PendingTask

log = logging.getLogger(__name__)


def of_report(
    pending: PendingTask,
    report: ReportOutline,
    to: tuple[str, ...],
    links: NoticeLinks,
    now: datetime,
) -> Notice:
    """Return the notice of a report's task, for `to`."""
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
        url=links.to(f"/v1/officer/reports/{report.id}"),
        to=to,
        drill=report.is_drill,
        shadow=report.shadow,
        of_burst=report.in_burst and report.is_behind,
        category_labels=report.category_labels,
        matter=pending.matter,
        following=tuple(map(officer_address, report.followers))
        if pending.notice_kind in ADDED
        else (),
    )


def of_announcement(
    pending: PendingTask, to: tuple[str, ...], links: NoticeLinks, now: datetime
) -> Notice:
    """Return the notice of an announcement, for `to`."""
    announcement = pending.announcement
    return Notice(
        event_id=event_id(*pending.key, times.render(pending.task.due_at)),
        kind=announcement.kind,
        at=now,
        url=links.to(announcement.path),
        to=to,
        matter=announcement,
    )


def of_digest(
    pending: PendingTask, digest: Digest, to: tuple[str, ...], links: NoticeLinks, now: datetime
) -> Notice:
    """Return the notice of a digest that is closed, for `to`."""
    filters = f"category={digest.category}&district={digest.district}"
    return Notice(
        event_id=event_id(*pending.key, f"{times.render(pending.task.due_at)}/{digest.count}"),
        kind=digest.kind,
        category=digest.category,
        district=digest.district,
        urgency=digest.urgency,
        at=now,
        url=links.to(f"/v1/officer/reports?{filters}"),
        to=to,
        count=digest.count,
        report_ids=digest.named,
        category_labels=digest.category_labels,
    )


_DIGEST: Assignment = (TaskKind.NOTIFY, OwnerKind.DIGEST)
_ANNOUNCEMENT: Assignment = (TaskKind.NOTIFY, OwnerKind.NOTICE)
# The tasks that become a notice.
ASSIGNMENTS = frozenset(
    {
        (TaskKind.NOTIFY, OwnerKind.REPORT),
        (TaskKind.ESCALATE, OwnerKind.REPORT),
        (TaskKind.OVERDUE, OwnerKind.REPORT),
        _DIGEST,
        _ANNOUNCEMENT,
    }
)
# The attributes of a report that decide its next task.
_DECIDING = ("urgency", "status", "attended", "deadline")
# Those of its place in the list by attention. They are set only where they are as they were read.
_PLACES = ("flags", "attention_at")
# How many notices are added to a digest in one transaction. Each is an update of its report, up to
# two leaves, and an event for each destination; DynamoDB takes 100 items.
_GATHERED_AT_ONCE = 30
_ITEMS_AT_MOST, _ITEMS_OF_A_NOTICE = 99, 3
# The rows of this many tasks are read in one call: with the HEADs of their reports, the counters
# and the rows that all share they are at most 100.
_READ_AT_ONCE = 48
_FAULTS_AT_MOST = 3
# How often notices are added together, when some of them have changed each time.
_TRIES = 3


class Published(NamedTuple):
    """The result of a batch. `retry`: the keys to try again. `due`: how many tasks there were,
    `oldest`: the time that the first of them was due.
    """

    retry: frozenset[Key]
    due: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class _PendingNotice:
    """A notice, and the counters that it adds one to: of the minute, and of the hour. Of its report
    `unproven` and `turn`.
    """

    pending: PendingTask
    notice: Notice
    unproven: bool = False
    turn: int | None = None
    alone: tuple[str, ...] = ()
    sms: tuple[str, ...] = ()


@dataclass(slots=True)
class _Batch:
    """The state of the tasks of one batch while it is worked on. `clock` goes on meanwhile."""

    now: datetime
    clock: Callable[[], datetime]
    swept: bool
    lanes: Collection[Lane]
    rows: Mapping[Key, Row]
    unread: Collection[Key] = ()
    known_roster: Roster | None = None
    destinations: Sequence[Destination] | None = None
    retry: set[Key] = field(default_factory=set)
    due: list[datetime] = field(default_factory=list)

    @property
    def roster(self) -> Roster:
        """The roster; while nobody knows it, an empty one, by which everybody is notified."""
        return self.known_roster or Roster()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that somebody may have asked for."""
        return self.known_roster.languages if self.known_roster else city().languages

    @property
    def gathered_at_once(self) -> int:
        of_each = _ITEMS_OF_A_NOTICE + len(self.destinations or ())
        return min(_GATHERED_AT_ONCE, _ITEMS_AT_MOST // of_each)

    def events_of(self, notice: Notice) -> list[Put]:
        """Return the deliveries of its event to other systems, for a transaction that begins now.
        Raises Unavailable while nobody knows to which: the notice goes out, and its task stays.
        """
        if self.destinations is None:
            raise errors.Unavailable
        return deliveries_of(notice, self.destinations, self.clock())

    def fail(self, key: Key, event: str, error: Exception) -> None:
        """Keep a task for another try: one bad row must not block the others."""
        log.warning(event, extra={"error": type(error).__name__})
        self.retry.add(key)


class Publisher:
    """Publishes the notices that are pending in an outbox. `links` says where they lead. By `clock`
    events are in order.
    """

    def __init__(
        self,
        outbox: Outbox,
        bursts: Bursts,
        digests: Digests,
        topic: Topic,
        links: NoticeLinks,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._outbox = outbox
        self._bursts = bursts
        self._digests = digests
        self._topic = topic
        self._links = links
        self._clock = clock

    def publish(
        self, items: Sequence[Key], *, lanes: Collection[Lane], now: datetime, swept: bool = False
    ) -> Published:
        """Publish the notices in `lanes` of the items with these keys.

        An item is skipped when it has no task or its task is for later, because the stream delivers
        every change of the table. Only the sweep sends digests; it passes `swept=True`. Raises
        Unavailable when nothing could be read.
        """
        retry: set[Key] = set()
        due: list[datetime] = []
        for some in batched(dict.fromkeys(items), _READ_AT_ONCE):
            rows, unread = self._rows_of(some, now)
            known = roster.roster_in(rows, unread), destinations.destinations_in(rows, unread)
            batch = _Batch(now, self._clock, swept, lanes, rows, unread, *known)
            self._work_on(batch, some)
            retry |= batch.retry
            due += batch.due
        return Published(frozenset(retry), len(due), min(due, default=None))

    def _rows_of(
        self, some: Sequence[Key], now: datetime
    ) -> tuple[Mapping[Key, Row], Collection[Key]]:
        """Read the rows of these tasks, with their reports, counters and the roster, at once.

        Return them, and the keys of those that could not be read: one row that is read too often
        must not block the others.
        """
        counters = rules.counters(category.code for category in catalogue().categories)
        also = (*self._bursts.keys_at(now), roster.KEY, destinations.KEY)
        attributes = (*counters, *roster.FIELDS, *destinations.FIELDS)
        try:
            return self._outbox.read_all(some, also=also, attributes=attributes), ()
        except Unprocessed as failure:
            return failure.found, failure.missing

    def _work_on(self, batch: _Batch, some: Sequence[Key]) -> None:
        allowance = self._bursts.allowance(batch.rows, batch.now, self._topic.room())
        alone: list[_PendingNotice] = []
        waiting: dict[tuple[object, ...], list[_PendingNotice]] = {}
        for key in some:
            try:
                found = self._read(key, batch)
                if found is None:
                    continue
                batch.due.append(found.pending.task.due_at)
                if single := _alone(found, allowance):
                    alone.append(single)
                elif found.notice.drill:
                    self._outbox.complete(found.pending)
                else:
                    waiting.setdefault(_alike(found), []).append(found)
            except Exception as error:
                batch.fail(key, "notice_unreadable", error)
        self._send(alone, batch)
        for notices in waiting.values():
            for together in batched(notices, batch.gathered_at_once):
                self._gather(together, batch)

    def _read(self, key: Key, batch: _Batch) -> _PendingNotice | None:
        """Return the notice that is due for an item now; None when there is none. A task that needs
        none is completed.
        """
        if batch.unread and not {key, (key[0], keys.HEAD)}.isdisjoint(batch.unread):
            raise errors.Unavailable
        pending, now = PendingTask.of(batch.rows.get(key)), batch.now
        if pending is None or pending.assignment not in ASSIGNMENTS:
            return None
        if pending.task.lane not in batch.lanes:
            return None
        if pending.assignment == _DIGEST:
            return self._digest(pending, batch) if batch.swept else None
        if pending.assignment == _ANNOUNCEMENT:
            return self._announcement(pending, batch)
        waits = pending.task.kind in WAITING
        not_before = pending.task.not_before or (pending.task.due_at if waits else None)
        if not_before and not_before > now:
            return None
        report = ReportOutline.of_head(batch.rows.get((key[0], keys.HEAD)))
        found = self._notice(pending, report, batch) if report else None
        if report is None or found is None:
            self._outbox.complete(pending)
            return None
        return _PendingNotice(pending, found, report.unproven, report.turn)

    def _gather(self, notices: Sequence[_PendingNotice], batch: _Batch) -> None:
        """Add notices that are alike to their digest and complete their tasks, in one transaction.

        When some have changed in the meantime, those that are still alike are tried again. When one
        cannot be written, they are added one by one, and that one is left to the sweep.
        """
        for _ in range(_TRIES):
            lane, items = notices[0].pending.task.lane, partial(self._completions, notices, batch)
            try:
                self._digests.gather([found.notice for found in notices], lane, items, batch.now)
                return
            except ConditionFailed:
                notices = self._still_due(notices, batch)
                if not notices:
                    return
            except Exception as error:
                if len(notices) == 1:
                    batch.fail(notices[0].pending.key, "notice_not_gathered", error)
                break
        self._gather_each(notices, batch)

    def _still_due(
        self, notices: Sequence[_PendingNotice], batch: _Batch
    ) -> Sequence[_PendingNotice]:
        """Read notices that are alike again. Return those that still are, and are due: of what a
        proof has changed since, a publisher gets the change from the stream.
        """
        wanted = [found.pending.key for found in notices]
        fresh = replace(batch, rows={}, unread=(), due=[])
        try:
            fresh.rows = self._outbox.read_all(wanted)
            found = [found for key in wanted if (found := self._read(key, fresh))]
        except Exception as error:
            for key in wanted:
                batch.fail(key, "notice_unreadable", error)
            return ()
        return [each for each in found if _alike(each) == _alike(notices[0])]

    def _gather_each(self, notices: Sequence[_PendingNotice], batch: _Batch) -> None:
        for found in notices if len(notices) > 1 else ():
            # Of a database that is down, not each is tried: that would take the sweep's time.
            if len(batch.retry) < _FAULTS_AT_MOST:
                self._gather([found], batch)
            else:
                batch.retry.add(found.pending.key)

    def _completions(self, notices: Sequence[_PendingNotice], batch: _Batch) -> list[TransactItem]:
        return [item for found in notices for item in self._completion(found, batch)]

    def _completion(self, found: _PendingNotice, batch: _Batch) -> list[TransactItem]:
        pending, table = found.pending, self._outbox.table
        follows = self._what_follows(pending, batch.now)
        if pending.is_head and pending.task.kind is TaskKind.NOTIFY and found.unproven:
            follows["put"] |= {IN_DIGEST: True}
            # A proof that has come meanwhile gives the report a notice of its own.
            follows["unchanged"] += ("unproven",)
        update, items = self._outbox.completion(pending, **follows)
        return [table.item(update), *items, *map(table.item, batch.events_of(found.notice))]

    def _what_follows(self, pending: PendingTask, now: datetime) -> dict[str, Any]:
        """Return the arguments of `Outbox.completion` for the task of a notice."""
        fields = fields_after_notice(pending, now) or {}
        rows = LeafRows(self._outbox.table)
        return {
            "then": next_reminder(pending, now) or next_task(pending, now),
            "put": fields,
            "leaves": late_first_leaves(pending.recorded, rows, now) if pending.is_head else (),
            "unchanged": (*_DECIDING, *(name for name in fields if name in _PLACES)),
        }

    def _send(self, notices: Sequence[_PendingNotice], batch: _Batch) -> None:
        """Publish notices, then complete their tasks."""
        accepted = self._topic.publish([found.notice for found in notices], batch.languages)
        for found in notices:
            notice, pending = found.notice, found.pending
            if notice.event_id not in accepted:
                batch.retry.add(pending.key)
                continue
            if notice.category != OVERSIGHT:
                log.info(
                    "notice_sent",
                    extra={
                        "kind": notice.kind.value,
                        "category": notice.category,
                        "urgency": notice.urgency and notice.urgency.value,
                    },
                )
            try:
                self._complete(found, batch)
            except Exception as error:
                # Continue, so that the other notices are completed and not published twice.
                batch.fail(pending.key, "notice_not_completed", error)

    def _complete(self, found: _PendingNotice, batch: _Batch) -> None:
        """Complete the task of a published notice, and set the next one.

        That depends on the report: if an officer has changed it since, it is read again.
        """
        current, now = found.pending, batch.now
        counted = self._bursts.count(now, alone=found.alone, sms=found.sms)
        if current.assignment == _DIGEST:
            self._digests.remove(current, counted)
            return
        if current.assignment == _ANNOUNCEMENT:
            self._outbox.remove(current)
            return

        def step() -> None:
            nonlocal current
            events = map(self._outbox.table.item, batch.events_of(found.notice))
            if self._outbox.complete(
                current, also=[*counted, *events], **self._what_follows(current, now)
            ):
                return
            fresh = PendingTask.of(self._outbox.read_all([current.key]).get(current.key))
            if fresh is None or fresh.task._replace(lane=current.task.lane) != current.task:
                return  # Another function has completed it.
            current = fresh
            raise ConditionFailed(None)

        retry_on_conflict(step)

    def _notice(self, pending: PendingTask, report: ReportOutline, batch: _Batch) -> Notice | None:
        """Return the notice of a report's task; None when nobody needs it."""
        kind = pending.notice_kind
        if batch.known_roster is None and (report.is_drill or kind is NoticeKind.FOLLOWED):
            raise errors.Unavailable  # Only the roster says whom it is for.
        to = batch.roster.addressees_of(kind, report, pending.matter, batch.now)
        if not to or _needs_none(pending, report):
            return None
        return of_report(pending, report, to, self._links, batch.now)

    def _announcement(self, pending: PendingTask, batch: _Batch) -> _PendingNotice | None:
        """Return the notice of an announcement; None when nobody is left whom it is for."""
        announced = pending.announcement
        is_for_all = announced.kind is NoticeKind.BREAK_GLASS
        to = announced.to if is_for_all else batch.roster.without_oversight(announced.to)
        if not to:
            self._outbox.remove(pending)
            return None
        return _PendingNotice(pending, of_announcement(pending, to, self._links, batch.now))

    def _digest(self, pending: PendingTask, batch: _Batch) -> _PendingNotice | None:
        """Close a digest, and return its notice; None when another sweep has sent it."""
        try:
            digest = self._digests.close(pending)
        except ConditionFailed:
            return None
        about = digest.category, digest.district, digest.urgency
        to = (
            OF_A_TRIAL if digest.shadow else batch.roster.addressees(digest.kind, *about, batch.now)
        )
        to = batch.roster.with_followers(to, digest.category, digest.district, digest.following)
        if digest.category == OVERSIGHT and digest.kind is not NoticeKind.DIGEST:
            to = (*to, OVERSIGHT_OUTSIDE)  # it does not say which of them were late before
        notice = of_digest(pending, digest, to, self._links, batch.now)
        return _PendingNotice(pending, notice)


def _alone(found: _PendingNotice, left: rules.Allowance) -> _PendingNotice | None:
    """Return a notice that goes alone, with what it counts; None for one that must wait."""
    notice, lane = found.notice, found.pending.task.lane
    if found.pending.task.is_gathered:
        return None
    category = notice.category
    if category is None:
        return replace(found, notice=replace(notice, sms=True))
    if notice.kind in CAUSED_BY_OFFICERS and not notice.drill:
        return replace(found, notice=replace(notice, sms=True))
    burst = rules.burst_of(notice, lane)
    turn = rules.turn_of(found.turn, burst, never_limited=is_never_limited(category))
    # What is behind never goes alone.
    waits = is_behind(unproven=found.unproven, turn=found.turn) or left.is_for_earlier(found.turn)
    if burst and (waits or not left.goes_alone(burst, category, turn)):
        return None
    reserved = rules.is_new_critical(notice, lane) and not found.turn
    as_sms = not notice.drill and left.goes_as_sms(category, reserved=reserved)
    return replace(
        found,
        notice=replace(notice, sms=as_sms),
        alone=(rules.alone_counter(burst, category, turn),) if burst else (),
        sms=(rules.sms_counter(category),) if as_sms else (),
    )


def _alike(found: _PendingNotice) -> tuple[object, ...]:
    """Return the values that notices share which are written to a digest together."""
    notice = found.notice
    kind = rules.kind_of_digest(notice.kind)
    lane = found.pending.task.lane
    alike = notice.category, notice.district, notice.urgency, notice.shadow, notice.of_burst
    return lane, kind, found.unproven, *alike


def _needs_none(pending: PendingTask, report: ReportOutline) -> bool:
    """Return whether nobody needs this notice: an escalation of a report that no longer waits for
    an officer, a reminder of one that was passed on, an assignment that has changed since, or what
    was added to a muted one.
    """
    kind = pending.notice_kind
    if kind is NoticeKind.ASSIGNED:
        return officer_address(report.assignee or "") not in pending.matter.to
    if not is_needed(pending.task, report):
        return True
    if needs_no_reminder(pending, report):
        return True
    return report.is_muted and kind in ADDED
