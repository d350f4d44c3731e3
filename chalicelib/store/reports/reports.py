"""The store of reports: their HEAD, media, conversation and notes. All texts in them are sealed.

A change of a report and the task that follows from it are one write. The layout of the rows is in
`aws/keys.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import same_task, task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Attributes, Delete, Put, TransactItem
from chalicelib.domain.audit.ledger import Leaf
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports import outlines
from chalicelib.domain.reports.attention import deadline_from, end_deadline, is_worked_on
from chalicelib.domain.reports.dates import LEAST_REVIEW
from chalicelib.domain.reports.events import CAUSED_BY_OFFICERS, Matter, NoticeKind
from chalicelib.domain.reports.measures import Hold, Mute
from chalicelib.domain.reports.media import Manifest, MediaState, Thumb
from chalicelib.domain.reports.report import OPEN_STATUSES, Flag, Medium, Report, Status
from chalicelib.kernel import errors
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind, notify, notify_later
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.attention import AttentionRows
from chalicelib.store.reports.deletion import Deletion
from chalicelib.store.reports.duplicates import Duplicates
from chalicelib.store.reports.entries import EntryRows
from chalicelib.store.reports.heads import APART, change_head, new_head, update_head
from chalicelib.store.reports.incidents import counting_items, same_counter
from chalicelib.store.reports.media_rows import MediaRows, sketch_fields
from chalicelib.store.reports.reviews import reminder_items, review_item
from chalicelib.store.reports.rows import Case, Head, ReadCase, read_case, same_end, withdrawn
from chalicelib.store.reports.search_entries import FOUND_BY, ended_entries

_ONCE: Attributes = MappingProxyType({})


class CreateResult(NamedTuple):
    """The result of `Reports.create`. `head` is the report as it is stored.

    `created` is False when the report existed. Then an earlier call created it: the same call if
    its `body_hash` is the same, else another call with the same key.
    """

    head: Head
    created: bool


class _Look(NamedTuple):
    """The writes that let what names a report be looked at, or the condition that nothing does."""

    items: Sequence[TransactItem] = ()
    equal: Attributes = MappingProxyType({})


class Reports:
    """The reports of one table. `shards_of` returns a category's current number of partitions,
    `deadline_of` the minutes in which a report of a category and urgency is to be acknowledged.

    Every method raises Unavailable when DynamoDB fails.
    """

    def __init__(
        self,
        table: Table,
        shards_of: Callable[[str], int],
        deadline_of: Callable[[str, str], int | None] = lambda category, urgency: None,
    ) -> None:
        self.table, self.deadline_of = table, deadline_of
        self.attention = AttentionRows(table)
        self.media = MediaRows(table)
        self.entries = EntryRows(table)
        self.duplicates = Duplicates(table)
        self.deletion = Deletion(table, self.duplicates)
        self._shards_of = shards_of

    def create(
        self,
        report: Report,
        *,
        task: OutboxTask,
        media: Sequence[tuple[Medium, OutboxTask]] = (),
        also: Sequence[TransactItem] = (),
    ) -> CreateResult:
        """Write a new report with its task and media, and `also`, in one transaction.

        Return the stored report, also when it existed.
        """
        row = new_head(report, task, self._shards_of(report.category))
        row |= sketch_fields(row["pk"], keys.HEAD, report.sealed_sketch)
        # A try whose response was lost may have written the row. The next try then fails on its
        # own write, and knows it by this.
        row["write_id"] = random_id(10)
        items = [
            self.media.put_item(report.id, medium, task, if_absent=False) for medium, task in media
        ]
        try:
            self.table.write(Put(row, if_absent=True), [*items, *also])
        except ConditionFailed as failed:
            existing = failed.item or self.table.get(row["pk"], keys.HEAD, consistent=True)
            if existing is None:
                raise errors.Unavailable from failed
            created = existing.get("write_id") == row["write_id"]
            return CreateResult(Head(existing), created=created)
        return CreateResult(Head(row), created=True)

    def head(self, report_id: str) -> Head | None:
        """Return the HEAD, read consistently; None when there is none."""
        row = self.table.get(keys.report(report_id), keys.HEAD, consistent=True)
        return Head(row) if row else None

    def heads(self, report_ids: Iterable[str]) -> dict[str, Head]:
        """Return the HEADs of those of these reports that exist, by id, read consistently."""
        wanted = {(keys.report(each), keys.HEAD): each for each in report_ids}
        rows = self.table.get_all(wanted) if wanted else {}
        return {wanted[key]: Head(row) for key, row in rows.items()}

    def about_police(self, partitions: Iterable[str]) -> frozenset[str]:
        """Return those of these partitions of reports whose report is, or was, about the police."""
        wanted = [(pk, keys.HEAD) for pk in partitions]
        rows = self.table.get_all(wanted, attributes=("category", APART)) if wanted else {}
        return frozenset(
            pk for (pk, _), row in rows.items() if row.get("category") == OVERSIGHT or APART in row
        )

    def with_media(self, report_id: str, *, consistent: bool = False) -> Case | None:
        """Return a report's HEAD and media, in one query.

        None when there is no such report. Raises Gone when retention has deleted it.
        """
        rows, _ = self.table.query(
            keys.report(report_id), between=(keys.HEAD, keys.MEDIA_END), consistent=consistent
        )
        return read_case(rows)

    def view(self, report_id: str, *, consistent: bool = False) -> ReadCase | None:
        """Return a report for its reporter: HEAD, media and the latest messages.

        None when there is no such report. Raises Gone when retention has deleted it.
        """
        return self.entries.with_latest(report_id, notes=False, consistent=consistent)

    def case(self, report_id: str) -> ReadCase | None:
        """Return a report for an officer: the same and the latest notes.

        None when there is no such report, or when retention has deleted it.
        """
        try:
            return self.entries.with_latest(report_id, notes=True, consistent=True)
        except errors.Gone:
            return None

    def add_media(
        self, case: Case, media: Sequence[tuple[Medium, OutboxTask]], *, now: datetime
    ) -> None:
        """Add declared media to a report. They put off the deletion of a closed one.

        Raises ConditionFailed when the report's media, status or end have changed since `case` was
        read, when one of these media exists, or when the report is expiring.
        """
        report = case.report
        count = update_head(
            report.id,
            add={"media_total": len(media)},
            put=outlines.with_addition(report, now),
            equal={"media_total": case.head.row.get("media_total"), **same_end(case.head)},
        )
        puts = [self.media.put_item(report.id, medium, task) for medium, task in media]
        self.table.transact([self.table.item(count), *puts])

    def settle_medium(
        self,
        case: Case,
        medium: Medium,
        settled: Medium,
        *,
        media_event: str | None,
        now: datetime,
        leaves: Sequence[Leaf] = (),
        also: Sequence[TransactItem],
    ) -> None:
        """Write a medium's verdict, count it in the HEAD, and record `leaves` in the ledger. What
        arrives at a closed report is unread, and flags it; so is what is added to a drill.

        `medium` is as it was read, `settled` has the verdict. `media_event` is the key of the
        notice that waits for the other media. Raises ConditionFailed when the medium has a verdict,
        when another medium got one or the status or category has changed since `case` was read, or
        when the report is expiring.
        """
        report, head = case.report, case.head
        is_ready = settled.state is MediaState.READY
        if report.concerns_police:
            settled = settled.model_copy(update={"sealed_sketch": None})
        settle = self.media.settle_item(report.id, medium, settled, now)
        put: Row = {
            "media_settled": report.media_settled + 1,
            "media_ready": report.media_ready + (1 if is_ready else 0),
            "media_event": media_event,
        }
        is_new = report.thumb is None and report.status is not Status.WITHDRAWN
        if is_ready and settled.thumb_version and is_new:
            put["thumb"] = str(Thumb(medium.media_id, settled.thumb_version))
        arrived = settled.version_id and not medium.is_early  # then it is counted already
        add, flags = _arrival(report, medium) if arrived else ({}, {})
        put |= flags
        if medium.is_early and is_ready:
            add["media_early"] = -1
        same = ("status", "category", "media_settled", "media_event", "muted")
        equal = {name: head.row.get(name) for name in same}
        recorded = LeafWrites.of(leaves, head.recorded, self.table)
        count = change_head(head, put=put, add=add, append=recorded.append, equal=equal)
        self.table.transact([settle, self.table.item(count), *recorded.items, *also])

    def add_early(self, case: Case, medium: Medium, early: Manifest) -> None:
        """Write the pictures of a medium's reduced picture, and count it in the HEAD.

        Raises ConditionFailed when the medium has one, or another state, or the status or category
        has changed since `case` was read, or when the report is expiring.
        """
        report = case.report
        add, put = _arrival(report, medium)
        equal = {name: case.head.row.get(name) for name in ("status", "category")}
        count = change_head(case.head, put=put, add={**add, "media_early": 1}, equal=equal)
        shown = self.media.early_item(report.id, medium, early)
        self.table.transact([shown, self.table.item(count)])

    def change(
        self,
        head: Head,
        after: Report,
        *,
        task: OutboxTask | None,
        now: datetime,
        leaves: Sequence[Leaf] = (),
        also: Sequence[TransactItem],
    ) -> None:
        """Write `after` in place of the report of `head`, with `task` as its next task.

        `leaves` are recorded in the ledger. The report moves to other partitions of the indexes if
        its category or status changes. A pending notice is not lost: it moves to an event of its
        own. A reopening by the reporter, and a move to oversight, ends a mute; the latter the
        search entries, too. Raises ConditionFailed at position 0 when the report has changed since
        `head` was read.
        """
        before = head.report
        old, new = before.model_dump(), after.model_dump()
        put = {name: value for name, value in new.items() if value != old[name]}
        equal = {
            "version": before.version,
            "status": before.status.value,
            "proposal": head.row.get("proposal"),
            "returning": head.row.get("returning"),
            # What the officer has read is judged by it.
            "messages": head.row.get("messages"),
            "unread": head.row.get("unread"),
        }
        equal |= {name: head.row.get(name) for each in put for name in _JUDGED_BY.get(each, ())}
        if after.is_waiting and FOUND_BY not in head.row:
            equal[FOUND_BY] = None  # or the opening of this moment would end nothing
        if {"incident", "category"} & put.keys():
            equal |= same_counter(head.row)
        if "messages" in put:
            put["heard"] = after.messages  # a reporter has reopened it
        ends = _ended_by(before, after)
        put |= dict.fromkeys(ends)
        equal |= {name: head.row.get(name) for name in ends}
        entries = ended_entries(head.row, now) if FOUND_BY in ends else ()
        moves = "category" in put
        if moves:
            shards = self._shards_of(after.category)
            put["category_shard"] = keys.category_shard(after.category, after.id, shards)
            if "bulletin_id" in put:
                lead = after.bulletin_id
                put["bulletin_shard"] = lead and keys.bulletin_shard(lead, after.id, shards)
        if "sealed_sketch" in put:
            put["sketch_shard"] = None
        notices: list[TransactItem] = []
        if task != head.task:
            put |= task_fields(head.row["pk"], keys.HEAD, task)
            equal |= same_task(head.row)
            keeps_notice = task is not None and task.kind is TaskKind.NOTIFY
            notices = [] if keeps_notice else self._kept_notices(head, now)
        beside = reminder_items(self.table, before, after)
        beside += counting_items(self.table, before, after)
        look = self._look(head, after, now)
        equal |= look.equal
        beside += look.items
        is_old = now >= after.received_at + LEAST_REVIEW
        if (_is_reopened(before, after) or (moves and after.status in OPEN_STATUSES)) and is_old:
            # The round that asks for reviews may have passed it.
            beside.append(review_item(self.table, after.id, now))
        recorded = LeafWrites.of(leaves, head.recorded, self.table)
        put |= recorded.put
        update = change_head(head, put=put, append=recorded.append, equal=equal)
        items = [self.table.item(update), *notices, *beside]
        self.table.transact([*items, *map(self.table.item, entries), *recorded.items, *also])

    def withdraw(
        self,
        head: Head,
        *,
        now: datetime,
        task: OutboxTask,
        leaves: Sequence[Leaf],
        also: Sequence[TransactItem],
    ) -> None:
        """Mark a report as withdrawn, with `task` as its next task, and `also` in one transaction.

        `leaves` are recorded in the ledger. What recognises a repeated body goes, and the link to
        an original, whose duplicates are one less. An event carries the task to delete the pictures
        made from its media. Raises ConditionFailed when the status, task or link has changed since
        `head` was read.
        """
        report, pk = head.report, keys.report(head.row["id"])
        recorded = LeafWrites.of(leaves, head.recorded, self.table)
        put = {**withdrawn(report, now), **task_fields(pk, keys.HEAD, task), **recorded.put}
        deciding = {name: head.row.get(name) for name in ("status", "duplicate_of", "flags")}
        ended = report.model_copy(update={"status": Status.WITHDRAWN})
        look = self._look(head, ended, now)
        equal = {**same_task(head.row), **deciding, **same_counter(head.row), **look.equal}
        left = report.model_copy(update={"reminder": None, "incident": None})
        self.table.transact(
            [
                self.table.item(change_head(head, put=put, append=recorded.append, equal=equal)),
                self._purge(report.id, now),
                *self._kept_notices(head, now),
                *self.duplicates.discount(report.duplicate_of, report.id, report.received_at),
                *reminder_items(self.table, report, left),
                *counting_items(self.table, report, left),
                *look.items,
                *recorded.items,
                *also,
            ]
        )

    def keep_hold(
        self,
        head: Head,
        hold: Hold | None,
        held_until: datetime | None,
        *,
        expire_at: datetime | None,
        also: Sequence[TransactItem],
    ) -> None:
        """Write a legal hold, or end it (`hold` is None), with `also` in one transaction.

        With `expire_at`, the report gets the task to be deleted then. Raises ConditionFailed when
        the hold, the masks or the task have changed since `head` was read, or when the report is
        expiring.
        """
        put: Row = {
            "hold": hold.model_dump(exclude_none=True) if hold else None,
            "held_until": held_until,
        }
        if expire_at:
            task = OutboxTask(TaskKind.EXPIRE, expire_at)
            put |= task_fields(keys.report(head.row["id"]), keys.HEAD, task)
        same = {name: head.row.get(name) for name in ("hold", "masks")}
        equal = same_task(head.row) | same
        self.table.transact([self.table.item(change_head(head, put=put, equal=equal)), *also])

    def keep_mute(self, head: Head, mute: Mute | None, *, also: Sequence[TransactItem]) -> None:
        """Write a mute and its flag, or end it (`mute` is None), with `also` in one transaction.

        Raises ConditionFailed when the mute, a flag or the category has changed since `head` was
        read, or when the report is expiring.
        """
        others = [flag for flag in head.report.flags if flag is not Flag.MUTED]
        put: Row = {
            "muted": mute.model_dump() if mute else None,
            "flags": [*others, Flag.MUTED] if mute else others,
        }
        equal = {name: head.row.get(name) for name in ("muted", "flags", "category")}
        update = update_head(head.row["id"], put=put, equal=equal)
        self.table.transact([self.table.item(update), *also])

    def _look(self, head: Head, after: Report, now: datetime) -> _Look:
        """Return the write of the task to look at the duplicates of a report, if nobody works on it
        any more; if it goes to oversight, or comes from there, to take away what names it, too. The
        task looks at who has the report as well: what is closed keeps its assignee, who may be gone
        when it is reopened.
        """
        before = head.report
        parts = after.concerns_police is not before.concerns_police
        names = ("duplicates", "asked") if parts else ("duplicates",)
        lets_go = parts or (is_worked_on(before) and not is_worked_on(after))
        kept = _is_reopened(before, after) and after.assignee is not None
        if kept or (lets_go and any(head.row.get(each) for each in names)):
            return _Look([self.duplicates.request_return(after.id, now)])
        # What is linked in this moment would be looked at by nobody.
        return _Look(equal={name: head.row.get(name) for name in names} if lets_go else {})

    def _kept_notices(self, head: Head, now: datetime) -> list[TransactItem]:
        """Return the write that keeps a pending notice when another task replaces it.

        The HEAD has room for one task, so the notice moves to an event of its own.
        """
        if head.task is None or head.task.kind is not TaskKind.NOTIFY:
            return []
        kind = NoticeKind.BULLETIN_LEAD if head.row.get("bulletin_id") else NoticeKind.REPORT
        task = OutboxTask(TaskKind.NOTIFY, now, lane=head.task.lane)
        return [self.event(head.row["id"], kind, now=now, entry_id=kind.value, task=task)]

    def _purge(self, report_id: str, now: datetime) -> TransactItem:
        """Return the write of the event whose task deletes the pictures of a withdrawn report."""
        pk, sk = keys.report(report_id), keys.event(now, TaskKind.PURGE.value)
        task = task_fields(pk, sk, OutboxTask(TaskKind.PURGE, now))
        return self.table.item(Put({"pk": pk, "sk": sk, **task}))

    def event(
        self,
        report_id: str,
        kind: NoticeKind,
        *,
        now: datetime,
        entry_id: str | None = None,
        task: OutboxTask | None = None,
        matter: Matter | None = None,
        renewed: Attributes = _ONCE,
    ) -> TransactItem:
        """Return the write of an event: a row that carries the task of one notice of `kind`, or,
        with when it began and its deadline, of those that follow (`renewed`: `PendingTask.began`).

        Without `task` it is sent at once: what officers have caused in the lane `critical`.
        """
        lane = Lane.CRITICAL if kind in CAUSED_BY_OFFICERS else Lane.NORMAL
        pk, sk = keys.report(report_id), keys.event(now, entry_id or random_id(10))
        row = {
            "pk": pk,
            "sk": sk,
            "kind": kind.value,
            **task_fields(pk, sk, task or notify(now, lane)),
        }
        row |= matter.model_dump(mode="json", exclude_defaults=True) if matter else {}
        return self.table.item(Put(row | dict(renewed)))

    def deadline_now(self, report: Report, now: datetime) -> int | None:
        """Return the deadline of a report whose time begins now, in minutes after its receipt."""
        minutes = self.deadline_of(report.category, report.urgency)
        return deadline_from(report.received_at, now, minutes)

    def end_awaits(
        self, report: Report, matter: Matter, now: datetime, *, at_once: bool = True
    ) -> TransactItem:
        """Return the write of the event that notifies officers of an end which awaits a second one,
        `at_once`, at its deadline, and then each time that its age doubles. A report has one such
        row.
        """
        kind = NoticeKind.APPROVAL
        minutes = self.deadline_of(report.category, report.urgency)
        minutes = end_deadline(report.urgency, minutes)
        later = notify_later(now, timedelta(minutes=minutes), Lane.CRITICAL)
        return self.event(
            report.id,
            kind,
            now=report.received_at,
            entry_id=kind.value,
            task=notify(now, Lane.CRITICAL) if at_once else later,
            matter=matter,
            renewed={"created_at": now, "deadline": minutes},
        )

    def remove_event(self, report_id: str, event_key: str) -> TransactItem:
        """Return the write that removes an event. It changes nothing when there is none."""
        return self.table.item(Delete(keys.report(report_id), event_key))


# What a change of a field is judged by, beside what each change is.
_JUDGED_BY: Mapping[str, tuple[str, ...]] = {
    "sealed": ("sealed",),  # or a mask of this moment would be undone
    "gist": ("masks",),  # or it would have the words of one
    "flags": ("flags",),
    "urgency": ("same_as",),
    "duplicate_of": ("duplicates",),
    "disposition": ("media_settled",),
    "proposal": ("media_settled",),
}


def _is_reopened(before: Report, after: Report) -> bool:
    return before.status not in OPEN_STATUSES and after.status in OPEN_STATUSES


def _arrival(report: Report, medium: Medium) -> tuple[dict[str, int], Row]:
    """Return the additions and the new fields of a HEAD when a file has arrived."""
    add = {}
    if report.is_drill and medium.created_at > report.received_at:
        # Lists show it like a message. Of a drill, nothing else would say that it came.
        add["unread"] = 1
    if report.status is Status.CLOSED:
        add["unread_media"] = 1
    return add, outlines.with_arrival(report)


def _ended_by(before: Report, after: Report) -> tuple[str, ...]:
    """Return the attributes that a change ends. What is moved to oversight, or returned, is no more
    found, and nobody there has opened it; oversight hears of what is added to it.
    """
    if after.concerns_police is not before.concerns_police:
        return ("muted", FOUND_BY) if after.concerns_police else (FOUND_BY,)
    return ("muted",) if after.reopened_at != before.reopened_at else ()
