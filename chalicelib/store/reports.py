"""Reports, their media and their dialogue. Every write that owes something carries its task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.holds import Hold
from chalicelib.domain.media import MediaState
from chalicelib.domain.messages import Message, Note, Sender
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Contact, Medium, Report, Status
from chalicelib.store import keys
from chalicelib.store.table import ConditionFailed, Row, Table

# Whatever is written to a report holds to this: one whose deletion has begun would take what is new
# along, or leave it behind.
NOT_EXPIRING: Mapping[str, Any] = MappingProxyType({"expiring": None, "deleted_at": None})

TASK_FIELDS = ("task", "due_at", "not_before", "task_shard", "task_at")

# What a list shows: projected into the list indexes. No text.
LISTED = (
    "id", "reference", "category", "status", "urgency", "district", "received_at", "assignee", "version",
    "media_total", "media_ready", "unread", "thumb", "bulletin_id", "source", "flags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A report with what hangs on it, as one query reads it. `head` is the raw HEAD item, for
    conditions.
    """

    report: Report
    head: Row
    media: tuple[Medium, ...]
    messages: tuple[Message, ...]
    notes: tuple[Note, ...]

    @property
    def hold(self) -> Hold | None:
        """The legal hold that stands, or waits for a second officer."""
        kept = self.head.get("hold")
        return Hold.model_validate(kept) if kept else None


class Reports:
    """`shards_of` says over how many partitions a category is spread now."""

    def __init__(self, table: Table, shards_of: Callable[[str], int]) -> None:
        self.table = table
        self._shards_of = shards_of

    def create(
        self,
        report: Report,
        *,
        task: OutboxTask,
        contact: Contact | None = None,
        media: Sequence[tuple[Medium, OutboxTask]] = (),
        also: Sequence[dict[str, Any]] = (),
    ) -> Row | None:
        """Write a new report with all that belongs to it, at once or not at all; `also` are actions
        that must happen with it.

        Answers None when it was written; else the HEAD that stands there: the same call earlier
        (even this very one, its answer lost on the way and repeated by the SDK), or, with another
        `body_hash`, another call under the same key.
        """
        head = self.head_row(report, task)
        try:
            if not contact and not media and not also:
                self.table.put(head, condition="attribute_not_exists(pk)")
                return None
            actions = [self.table.put_action(head, condition="attribute_not_exists(pk)")]
            if contact:
                row = {
                    "pk": head["pk"],
                    "sk": keys.CONTACT,
                    **contact.model_dump(exclude_none=True),
                }
                actions.append(self.table.put_action(row))
            actions += [
                self.table.put_action(_media_row(report.id, medium, pending))
                for medium, pending in media
            ]
            self.table.transact([*actions, *also])
        except ConditionFailed as failed:
            return failed.item or self.table.get(head["pk"], keys.HEAD, consistent=True)
        return None

    def head(self, report_id: str, *, consistent: bool = True) -> Row | None:
        return self.table.get(keys.report(report_id), keys.HEAD, consistent=consistent)

    def view(self, report_id: str, *, consistent: bool = False) -> Case | None:
        """What a reporter may see: one query over HEAD, media and messages. Raises Gone when
        retention has deleted it.
        """
        rows, _ = self.table.query(
            keys.report(report_id), between=(keys.HEAD, keys.MESSAGE_END), consistent=consistent
        )
        return _case(rows)

    def case(self, report_id: str, *, consistent: bool = True) -> Case | None:
        """What an officer may see: notes as well. Never the contact. To officers a deleted report
        is one that never was.
        """
        rows, _ = self.table.query(
            keys.report(report_id), at_least=keys.HEAD, consistent=consistent
        )
        try:
            return _case(rows)
        except errors.Gone:
            return None

    def medium(self, report_id: str, media_id: str) -> Medium | None:
        row = self.table.get(keys.report(report_id), keys.media(media_id), consistent=True)
        return Medium.model_validate(row) if row else None

    def add_media(
        self, report: Report, media: Sequence[tuple[Medium, OutboxTask]], *, limit: int
    ) -> None:
        """Declare more media. Raises ConditionFailed when there would be more than `limit`, or one
        of them is there already.
        """
        room = self.table.update_action(
            keys.report(report.id),
            keys.HEAD,
            add={"media_total": len(media)},
            equal={"media_total": report.media_total, **NOT_EXPIRING},
        )
        puts = [
            self.table.put_action(
                _media_row(report.id, medium, pending), condition="attribute_not_exists(pk)"
            )
            for medium, pending in media
        ]
        if report.media_total + len(media) > limit:
            raise ConditionFailed(None)
        self.table.transact([room, *puts])

    def set_upload_id(self, report_id: str, media_id: str, upload_id: str) -> str:
        """Remember a medium's multipart upload; answers the one that counts, which is the first
        that was remembered.
        """
        action = self.table.update_action(
            keys.report(report_id),
            keys.media(media_id),
            put={"upload_id": upload_id},
            equal={"upload_id": None},
        )
        try:
            self.table.update(action)
        except ConditionFailed as failed:
            return str(failed.item["upload_id"]) if failed.item else upload_id
        return upload_id

    def mark_processing(self, report_id: str, medium: Medium) -> Medium:
        """The bytes are up; a verdict that came sooner stands."""
        action = self.table.update_action(
            keys.report(report_id),
            keys.media(medium.media_id),
            put={"state": MediaState.PROCESSING.value},
            equal={"state": MediaState.AWAITING.value},
        )
        try:
            return Medium.model_validate(self.table.update(action))
        except ConditionFailed as failed:
            return Medium.model_validate(failed.item) if failed.item else medium

    def add_message(
        self,
        case: Case,
        message: Message,
        *,
        task: OutboxTask | None = None,
        also: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Add to the dialogue of `case`: a reporter's message counts as unread, an officer's resets
        the count.

        Raises ConditionFailed when the dialogue has gone on meanwhile, or the report is gone.
        """
        pk, sk = keys.report(case.report.id), keys.message(message.sent_at, message.id)
        row = {
            "pk": pk,
            "sk": sk,
            **message.model_dump(exclude_none=True),
            **(task_fields(pk, sk, task) if task else {}),
        }
        from_reporter = message.sender is Sender.REPORTER
        count = self.table.update_action(
            pk,
            keys.HEAD,
            add={"messages": 1, "unread": 1} if from_reporter else {"messages": 1},
            put=None if from_reporter else {"unread": 0},
            equal={"messages": case.head.get("messages"), **NOT_EXPIRING},
        )
        self.table.transact([count, self.table.put_action(row), *also])

    def add_note(self, case: Case, note: Note, *, also: Sequence[dict[str, Any]]) -> None:
        """Add an officer's remark to `case`. Raises ConditionFailed when there is another one
        meanwhile, or the report is gone.
        """
        pk = keys.report(case.report.id)
        count = self.table.update_action(
            pk, keys.HEAD, add={"notes": 1}, equal={"notes": case.head.get("notes"), **NOT_EXPIRING}
        )
        row = {"pk": pk, "sk": keys.note(note.at, note.id), **note.model_dump()}
        self.table.transact([count, self.table.put_action(row), *also])

    def change(
        self,
        head: Row,
        after: Report,
        *,
        task: OutboxTask | None,
        now: datetime,
        also: Sequence[dict[str, Any]],
    ) -> None:
        """Turn the report of `head`, as it was read, into `after`, which owes `task` next; its keys
        in the lists move with it.

        A notice that is still pending is not lost. Raises ConditionFailed at position 0 when the
        report has changed meanwhile.
        """
        before, pk = Report.model_validate(head), head["pk"]
        old, new = before.model_dump(), after.model_dump()
        put = {name: value for name, value in new.items() if value != old[name]}
        shards = self._shards_of(after.category)
        if "category" in put:
            put["category_shard"] = keys.category_shard(after.category, after.id, shards)
        if "category" in put or "status" in put:
            put["queue_shard"] = keys.queue_shard(after.category, after.status, after.id, shards)
        equal = {
            "version": before.version,
            "status": before.status.value,
            "proposal": head.get("proposal"),
            **NOT_EXPIRING,
        }
        if "duplicate_of" in put:
            equal["duplicates"] = head.get("duplicates")
        told: list[dict[str, Any]] = []
        if task != read_task(head):
            put |= task_fields(pk, keys.HEAD, task) if task else dict.fromkeys(TASK_FIELDS)
            equal |= same_task(head)
            told = self.moved_notice(head, now)
        self.table.transact(
            [self.table.update_action(pk, keys.HEAD, put=put, equal=equal), *told, *also]
        )

    def contact(self, report_id: str) -> Contact | None:
        """How to reach the reporter: the one read of it that there is."""
        row = self.table.get(keys.report(report_id), keys.CONTACT, consistent=True)
        return (
            Contact.model_validate({name: row.get(name) for name in Contact.model_fields})
            if row
            else None
        )

    def linked(self, original: str) -> dict[str, Any]:
        """The action that counts one more duplicate of this report, as long as it is there and is
        not a duplicate itself.
        """
        equal = {"duplicate_of": None, **NOT_EXPIRING}
        return self.table.update_action(
            keys.report(original), keys.HEAD, add={"duplicates": 1}, equal=equal
        )

    def unlinked(self, original: str) -> dict[str, Any]:
        """The action that counts one duplicate of this report less, as long as it is there."""
        return self.table.update_action(
            keys.report(original), keys.HEAD, add={"duplicates": -1}, equal=NOT_EXPIRING
        )

    def withdraw(self, case: Case, *, now: datetime, task: OutboxTask) -> None:
        """Mark as withdrawn and erase the contact. Raises ConditionFailed when the report has
        changed meanwhile.
        """
        report, pk = case.report, keys.report(case.report.id)
        shards = self._shards_of(report.category)
        update = self.table.update_action(
            pk,
            keys.HEAD,
            put={
                "status": Status.WITHDRAWN.value,
                "queue_shard": keys.queue_shard(
                    report.category, Status.WITHDRAWN, report.id, shards
                ),
                "closed_at": now,
                "has_contact": False,
                **task_fields(pk, keys.HEAD, task),
            },
            equal=same_task(case.head) | {"status": case.head["status"], **NOT_EXPIRING},
        )
        self.table.transact(
            [
                update,
                self.table.delete_action(pk, keys.CONTACT),
                *self.moved_notice(case.head, now),
            ]
        )

    def mark_expiring(self, head: Row) -> None:
        """From here on the report is only deleted, never changed. Raises ConditionFailed when it
        has changed since `head` was read.
        """
        action = self.table.update_action(
            head["pk"],
            keys.HEAD,
            put={"expiring": True},
            equal=same_task(head) | {"held_until": head.get("held_until")},
        )
        self.table.update(action)

    def bury(self, report_id: str, *, now: datetime, until: datetime) -> None:
        """Delete every row of a report; what stays until `until` is that there was one: its id and
        when it went.
        """
        pk = keys.report(report_id)
        rows, _ = self.table.query(pk, consistent=True, attributes=("pk", "sk"))
        for row in rows:
            if row["sk"] != keys.HEAD:
                self.table.delete(pk, row["sk"])
        self.table.put(
            {
                "pk": pk,
                "sk": keys.HEAD,
                "id": report_id,
                "deleted_at": now,
                "expires_ttl": int(until.timestamp()),
            }
        )

    def keep_hold(
        self,
        case: Case,
        hold: Hold | None,
        held_until: datetime | None,
        *,
        expire_at: datetime | None,
        also: Sequence[dict[str, Any]],
    ) -> None:
        """Write a hold (None: end it), with `also`. Raises ConditionFailed when the report has
        changed, or is being deleted.
        """
        pk = keys.report(case.report.id)
        task = (
            task_fields(pk, keys.HEAD, OutboxTask(TaskKind.EXPIRE, expire_at)) if expire_at else {}
        )
        update = self.table.update_action(
            pk,
            keys.HEAD,
            put={
                "hold": hold.model_dump(exclude_none=True) if hold else None,
                "held_until": held_until,
                **task,
            },
            equal=same_task(case.head) | {**NOT_EXPIRING, "hold": case.head.get("hold")},
        )
        self.table.transact([update, *also])

    def moved_notice(self, head: Row, now: datetime) -> list[dict[str, Any]]:
        """The HEAD holds one task. When a notice is still pending as another takes its place, the
        notice moves to an event of its own.
        """
        if head.get("task") != TaskKind.NOTIFY:
            return []
        kind = NoticeKind.BULLETIN_LEAD if head.get("bulletin_id") else NoticeKind.REPORT
        return [
            self.event_action(
                head["id"],
                kind,
                now=now,
                entry_id=kind.value,
                task=OutboxTask(TaskKind.NOTIFY, now),
            )
        ]

    def event_action(
        self, report_id: str, kind: NoticeKind, *, now: datetime, entry_id: str, task: OutboxTask
    ) -> dict[str, Any]:
        """The action that owes a notice of `kind` about a report, apart from its HEAD."""
        pk, sk = keys.report(report_id), keys.event(now, entry_id)
        return self.table.put_action(
            {"pk": pk, "sk": sk, "kind": kind.value, **task_fields(pk, sk, task)}
        )

    def head_row(self, report: Report, task: OutboxTask) -> Row:
        pk = keys.report(report.id)
        shards = self._shards_of(report.category)
        kept = report.model_dump(exclude_defaults=True) | {
            "status": report.status.value,
            "version": report.version,
            "media_total": report.media_total,
            "media_ready": report.media_ready,
            "unread": report.unread,
        }
        lead = (
            {"bulletin_shard": keys.bulletin_shard(report.bulletin_id, report.id, shards)}
            if report.bulletin_id
            else {}
        )
        return {
            "pk": pk,
            "sk": keys.HEAD,
            **kept,
            **lead,
            "category_shard": keys.category_shard(report.category, report.id, shards),
            "queue_shard": keys.queue_shard(report.category, report.status, report.id, shards),
            "listed_at": keys.listed_at(report.received_at, report.id),
            **task_fields(pk, keys.HEAD, task),
        }


def task_fields(pk: str, sk: str, task: OutboxTask) -> Row:
    """The attributes that put an item into the task index."""
    return {
        "task": task.kind.value,
        "due_at": task.due_at,
        "not_before": task.not_before,
        "task_shard": keys.task_shard(pk, sk),
        "task_at": keys.task_at(task.due_at, pk, sk),
    }


def read_task(row: Mapping[str, Any]) -> OutboxTask | None:
    """What a row owes."""
    if "task" not in row:
        return None
    not_before = row.get("not_before")
    return OutboxTask(
        TaskKind(row["task"]),
        times.parse(row["due_at"]),
        times.parse(not_before) if not_before else None,
    )


def same_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that a row's task is still the one that was read."""
    return {"task": row.get("task"), "task_at": row.get("task_at")}


def _media_row(report_id: str, medium: Medium, task: OutboxTask) -> Row:
    pk, sk = keys.report(report_id), keys.media(medium.media_id)
    return {"pk": pk, "sk": sk, **medium.model_dump(exclude_none=True), **task_fields(pk, sk, task)}


def _case(rows: Sequence[Row]) -> Case | None:
    head = next((row for row in rows if row["sk"] == keys.HEAD), None)
    if head is None:
        return None
    if head.get("deleted_at"):
        raise errors.Gone
    media = [Medium.model_validate(row) for row in rows if row["sk"].startswith("MEDIA#")]
    return Case(
        report=Report.model_validate(head),
        head=head,
        media=tuple(sorted(media, key=lambda medium: (medium.created_at, medium.position))),
        messages=tuple(
            Message.model_validate(row) for row in rows if row["sk"].startswith("MESSAGE#")
        ),
        notes=tuple(Note.model_validate(row) for row in rows if row["sk"].startswith("NOTE#")),
    )
