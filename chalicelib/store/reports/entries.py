"""The messages, notes and positions of a report. Each read of them is bounded.

A row of its own (`ENTRY#`) recognises a repeated call, whatever else was written since.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_REPORT
from chalicelib.domain.reports import outlines
from chalicelib.domain.reports.entries import SealedMessage, SealedNote, SealedPosition, Sender
from chalicelib.domain.reports.media import MAX_SENT_FILES
from chalicelib.kernel import times
from chalicelib.kernel.ids import EntryIds
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.attention import attend
from chalicelib.store.reports.heads import change_head
from chalicelib.store.reports.rows import Case, Head, ReadCase, read_case, same_end

PAGE = 50
"""Messages, notes or positions that are read at once."""

# The bytes of sealed texts in one page. With these an opened report stays below 1 MB: fifty of the
# longest Chinese messages fit. A page has at least one entry.
_MOST_BYTES = {keys.MESSAGES: 640_000, keys.NOTES: 128_000, keys.POSITIONS: 64_000}
# The HEAD, all media, and a page of each kind. A report with no more is read by one query.
_AT_ONCE = 1 + MAX_MEDIA_PER_REPORT + MAX_SENT_FILES + PAGE


class Recorded(NamedTuple):
    """An earlier call with the same key: its time, and the hash of its text."""

    at: datetime
    fingerprint: str


class EntryPage[Entry: (SealedMessage, SealedNote, SealedPosition)](NamedTuple):
    """Entries, oldest first. `earlier` is the position below which there are more, or None."""

    items: tuple[Entry, ...]
    earlier: str | None


class EntryRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def with_latest(self, report_id: str, *, notes: bool, consistent: bool) -> ReadCase | None:
        """Return a case with its latest messages, and with its latest notes and positions if
        `notes`.

        One query reads a report with few entries; for one with many, each kind is queried from its
        end, and so are positions. None when there is no such report. Raises Gone when retention has
        deleted it.
        """
        pk = keys.report(report_id)
        end = keys.NOTES + "~" if notes else keys.MESSAGE_END
        limit = _AT_ONCE + (PAGE if notes else 0)
        rows, more = self._table.query(
            pk, between=(keys.HEAD, end), limit=limit, consistent=consistent
        )
        case = read_case(rows)
        if case is None:
            return None
        if more:
            messages = self.messages(report_id, consistent=consistent)
            notes_page = self._notes_of(case, notes=notes)
        else:
            messages = _messages(_page(_of_kind(rows, keys.MESSAGES), keys.MESSAGES))
            notes_page = _notes(_page(_of_kind(rows, keys.NOTES), keys.NOTES))
        positions = self._positions_of(case, notes=notes)
        return ReadCase(
            case.head,
            case.media,
            case.sent,
            messages=messages.items,
            notes=notes_page.items,
            positions=positions.items,
            earlier_messages=messages.earlier,
            earlier_notes=notes_page.earlier,
            earlier_positions=positions.earlier,
        )

    def messages(
        self, report_id: str, *, below: str | None = None, consistent: bool = False
    ) -> EntryPage[SealedMessage]:
        """Return a page of messages: the latest, or those below a position of an earlier page."""
        return _messages(self._read(report_id, keys.MESSAGES, below, consistent))

    def notes(
        self, report_id: str, *, below: str | None = None, consistent: bool = False
    ) -> EntryPage[SealedNote]:
        """Return a page of notes, as `messages` does."""
        return _notes(self._read(report_id, keys.NOTES, below, consistent))

    def positions(
        self, report_id: str, *, below: str | None = None, consistent: bool = False
    ) -> EntryPage[SealedPosition]:
        """Return a page of positions, as `messages` does."""
        page = self._read(report_id, keys.POSITIONS, below, consistent)
        return EntryPage(tuple(map(SealedPosition.model_validate, page.rows)), page.earlier)

    def recorded(self, report_id: str, kind: str, ids: EntryIds) -> Recorded | None:
        """Return the record of an earlier call with these ids; None when there was none.

        `kind` is `keys.MESSAGES`, `keys.NOTES` or `keys.POSITIONS`: one key may be used for one of
        each.
        """
        if ids.fingerprint is None:
            return None
        row = self._table.get(keys.report(report_id), keys.entry(kind, ids.id), consistent=True)
        return Recorded(times.parse(row["at"]), row["fingerprint"]) if row else None

    def add_message(
        self,
        head: Head,
        message: SealedMessage,
        ids: EntryIds,
        *,
        task: OutboxTask | None = None,
        paced_until: datetime | None = None,
        asks_for_media: bool = False,
        also: Sequence[TransactItem] = (),
        attends: bool = True,
    ) -> None:
        """Add a message, with `task` to notify officers. A reporter's message counts as unread, and
        puts off the deletion of a closed report; an officer's resets what was unread. A
        machine's does not, and does not attend to the report (not `attends`).

        Raises ConditionFailed when another message came since `head` was read, when the report was
        muted or no longer is, when the status or end has changed since then (for a reporter's
        message), when the status or what is unread has (for an officer's), or when the report is
        expiring.
        """
        report, sent_at = head.report, message.sent_at
        add = {"messages": 1} | ({"media_asked": 1} if asks_for_media else {})
        if message.sender is Sender.REPORTER:
            add["unread"] = 1
            put: Row = outlines.with_addition(report, sent_at) | outlines.with_arrival(report)
            put["heard"] = report.messages + 1
            equal = same_end(head) | {"muted": head.row.get("muted")}
        else:
            put, equal = attend(head) if attends else ({}, {})
            put |= {"unread": None, "unread_media": None} if attends else {}
            seen = ("status", "unread", "unread_media", "positions")
            equal |= {name: head.row.get(name) for name in seen}
        equal["messages"] = head.row.get("messages")
        if paced_until:
            put["paced_until"] = paced_until
        if task:
            put["message_due"] = task.not_before or sent_at
        count = change_head(head, put=put, add=add, equal=equal)
        items = self.message_items(report.id, message, ids, task)
        self._table.transact([self._table.item(count), *items, *also])

    def message_items(
        self, report_id: str, message: SealedMessage, ids: EntryIds, task: OutboxTask | None
    ) -> list[TransactItem]:
        """Return the writes of a message with its task, apart from that of the HEAD."""
        pk, sk = keys.report(report_id), keys.message(message.sent_at, message.id)
        row: Row = {"pk": pk, "sk": sk, **message.model_dump(exclude_none=True)}
        if task:
            row |= task_fields(pk, sk, task)
        puts = [Put(row), *_known(pk, keys.MESSAGES, ids, message.sent_at)]
        return [self._table.item(each) for each in puts]

    def to_record(self, report_id: str, at: datetime, *, ends_mute: bool) -> TransactItem:
        """Return the write of an event whose task records the reporter's step in the audit, and
        whether it ended a mute.
        """
        pk, sk = keys.report(report_id), keys.event(at, TaskKind.RECORD.value)
        task = task_fields(pk, sk, OutboxTask(TaskKind.RECORD, at))
        ended = {"muted": False} if ends_mute else {}
        return self._table.item(Put({"pk": pk, "sk": sk, **task, **ended}))

    def add_note(
        self,
        head: Head,
        note: SealedNote,
        ids: EntryIds,
        *,
        also: Sequence[TransactItem],
        attends: bool = True,
    ) -> None:
        """Add an officer's note, or a machine's, which does not attend to the report.

        Raises ConditionFailed when another note came since `head` was read, or when the report is
        expiring.
        """
        pk = keys.report(head.row["id"])
        put, equal = attend(head) if attends else ({}, {})
        equal["notes"] = head.row.get("notes")
        row = {"pk": pk, "sk": keys.note(note.at, note.id), **note.model_dump(exclude_none=True)}
        count = change_head(head, put=put, add={"notes": 1}, equal=equal)
        self._write(count, row, _known(pk, keys.NOTES, ids, note.at), also)

    def add_position(
        self,
        head: Head,
        position: SealedPosition,
        ids: EntryIds,
        *,
        task: OutboxTask | None = None,
        paced_until: datetime | None = None,
    ) -> None:
        """Add a position, with `task` to notify officers. It counts as unread, and puts off the
        deletion of a closed report, as a reporter's message does.

        Raises ConditionFailed when another position or message came since `head` was read, when the
        report was muted or no longer is, when the status or end has changed since then, or when the
        report is expiring.
        """
        report, at = head.report, position.received_at
        pk, sk = keys.report(report.id), keys.position(at, position.id)
        row: Row = {"pk": pk, "sk": sk, **position.model_dump()}
        same = ("positions", "messages", "muted")
        equal = {name: head.row.get(name) for name in same} | same_end(head)
        put: Row = outlines.with_addition(report, at) | outlines.with_arrival(report)
        if paced_until:
            put["positions_paced_until"] = paced_until
        if task:
            row |= task_fields(pk, sk, task)
            put["message_due"] = task.not_before or at
        count = change_head(head, put=put, add={"positions": 1, "unread": 1}, equal=equal)
        self._write(count, row, _known(pk, keys.POSITIONS, ids, at), ())

    def _write(
        self, count: Update, row: Row, known: Sequence[Put], also: Sequence[TransactItem]
    ) -> None:
        items: list[Update | Put] = [count, Put(row), *known]
        self._table.transact([*(self._table.item(each) for each in items), *also])

    def _notes_of(self, case: Case, *, notes: bool) -> EntryPage[SealedNote]:
        if not notes or not case.head.row.get("notes"):
            return EntryPage((), None)
        return self.notes(case.head.row["id"], consistent=True)

    def _positions_of(self, case: Case, *, notes: bool) -> EntryPage[SealedPosition]:
        if not notes or not case.head.positions:
            return EntryPage((), None)
        return self.positions(case.head.row["id"], consistent=True)

    def _read(self, report_id: str, kind: str, below: str | None, consistent: bool) -> "_RowPage":
        # The range includes its end, which is the first row of the page before: skip that row.
        rows, more = self._table.query(
            keys.report(report_id),
            between=(kind, below or kind + "~"),
            forward=False,
            limit=PAGE + 2,
            consistent=consistent,
        )
        found = [row for row in reversed(rows) if row["sk"] != below]
        return _page(found, kind, more=more)


class _RowPage(NamedTuple):
    rows: Sequence[Row]
    earlier: str | None


def _page(rows: Sequence[Row], kind: str, *, more: bool = False) -> _RowPage:
    """Return the latest of these rows that one page takes. `more`: there are earlier ones."""
    first, size = len(rows), 0
    while first > max(0, len(rows) - PAGE):
        size += len(rows[first - 1]["sealed"])
        if size > _MOST_BYTES[kind] and first < len(rows):
            break
        first -= 1
    return _RowPage(rows[first:], rows[first]["sk"] if rows and (first or more) else None)


def _of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["sk"].startswith(kind)]


def _messages(page: _RowPage) -> EntryPage[SealedMessage]:
    return EntryPage(tuple(map(SealedMessage.model_validate, page.rows)), page.earlier)


def _notes(page: _RowPage) -> EntryPage[SealedNote]:
    return EntryPage(tuple(map(SealedNote.model_validate, page.rows)), page.earlier)


def _known(pk: str, kind: str, ids: EntryIds, at: datetime) -> list[Put]:
    """Return the row that recognises a repeated call; none when no call can repeat this one."""
    if ids.fingerprint is None:
        return []
    row = {"pk": pk, "sk": keys.entry(kind, ids.id), "at": at, "fingerprint": ids.fingerprint}
    return [Put(row, if_absent=True)]
