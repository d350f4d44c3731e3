"""Officers' messages to the reporter, their notes, and the report's later positions."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.casework.templates import is_template, placeholder_in
from chalicelib.domain.reports.entries import Message, NewOfficerMessage, Note, Position, Sender
from chalicelib.domain.reports.report import Status
from chalicelib.kernel import errors
from chalicelib.kernel.ids import EntryIds, Identity
from chalicelib.services.casework.casework import open_head
from chalicelib.services.notices.colleagues import notify_followers
from chalicelib.services.notices.pushes import push_items
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.entries import EntryCursors, Written, earlier_call, refuse_receipt
from chalicelib.services.reports.scope import Desk, head_in_scope, require_not_expiring
from chalicelib.services.reports.sealed_rows import (
    open_messages,
    open_notes,
    open_positions,
    seal_message,
    seal_note,
)
from chalicelib.services.watch.watch import count_step
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.rows import Head


def write_message(
    report_id: str,
    sent: NewOfficerMessage,
    *,
    idempotency_key: str | None,
    desk: Desk,
    identity: Identity,
) -> Written[Message]:
    """Write a message to the reporter. The reporter's own messages then count as read. One that
    asks for media lets the reporter send more of them.

    Repeated with the same Idempotency-Key, return the first message. Raises NotFound, Conflict
    (`withdrawn`, `new_message`, `expiring`), KeyReused, Invalid (a placeholder of a template is
    left in it), Forbidden (a machine sends a template and nothing else).
    """
    ids = _ids(report_id, idempotency_key, sent.text, desk.actor, identity)
    message = Message(
        id=ids.id, sender=Sender.OFFICER, text=sent.text, sent_at=desk.actor.now, by=desk.actor.by
    )

    places: int | None = None
    is_machine = desk.actor.officer.is_system

    def write(head: Head) -> None:
        nonlocal places
        if head.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        places = head.positions if places is None else places
        if head.positions > places:
            # It came while this was sent, and would count as read.
            raise errors.Conflict("new_message")
        sent.require_seen(head.report.messages)
        refuse_receipt(sent.text, report_id, identity)
        require_filled(sent.text)
        if is_machine and not is_template(sent.text, head.report.reference):
            detail = {"message": "no template"}
            desk.actor.log(of_report(report_id), Action.DENIED, detail, also=count_step(desk))
            raise errors.Forbidden("not_for_machines")
        record = desk.actor.log_item(of_report(report_id), Action.MESSAGE, {"id": message.id})
        sealed = seal_message(head.report, message)
        asks = sent.asks_for_media
        also = [record, *notify_followers(head.report, desk=desk)]
        also += push_items(head, reports=desk.reports, now=desk.actor.now)
        also += count_step(desk)
        desk.reports.entries.add_message(
            head, sealed, ids, asks_for_media=asks, also=also, attends=not is_machine
        )

    at, replayed = _write_once(report_id, keys.MESSAGES, ids, write, desk=desk)
    return Written(message.model_copy(update={"sent_at": at}), replayed)


def write_note(
    report_id: str, text: str, *, idempotency_key: str | None, desk: Desk, identity: Identity
) -> Written[Note]:
    """Write a note. Repeated with the same Idempotency-Key, return the first note.

    Raises NotFound, KeyReused, Conflict `expiring`.
    """
    ids = _ids(report_id, idempotency_key, text, desk.actor, identity)
    note = Note(id=ids.id, by=desk.actor.by, text=text, at=desk.actor.now)

    def write(head: Head) -> None:
        refuse_receipt(text, report_id, identity)
        record = desk.actor.log_item(of_report(report_id), Action.NOTE, {"id": note.id})
        also = [record, *notify_followers(head.report, desk=desk), *count_step(desk)]
        attends = not desk.actor.officer.is_system
        sealed = seal_note(head.report, note)
        desk.reports.entries.add_note(head, sealed, ids, also=also, attends=attends)

    at, replayed = _write_once(report_id, keys.NOTES, ids, write, desk=desk)
    return Written(note.model_copy(update={"at": at}), replayed)


def require_same_message(
    report_id: str, text: str, *, idempotency_key: str | None, desk: Desk, identity: Identity
) -> None:
    """Raise KeyReused when the key was used for another message."""
    ids = _ids(report_id, idempotency_key, text, desk.actor, identity)
    earlier_call(report_id, keys.MESSAGES, ids, reports=desk.reports)


class EntriesPage[Entry: (Message, Note, Position)](NamedTuple):
    """A page of messages, notes or positions, oldest first.

    `restricted`: the report was withdrawn, and what its reporter sent is left out.
    """

    items: tuple[Entry, ...]
    next_cursor: str | None
    restricted: bool = False


def read_messages(
    report_id: str, cursor: str | None, *, reason: str | None, desk: Desk, cursors: EntryCursors
) -> EntriesPage[Message]:
    """Return a page of the conversation, the latest or before a cursor. Write an audit record.

    Raises as `casework.open_report`, and Malformed `bad_cursor`.
    """
    head = head_in_scope(report_id, desk=desk)
    below = cursors.read(cursor, report_id, keys.MESSAGES)
    opening = open_head(head, reason=reason, part="messages", desk=desk)
    if opening.restricted:
        return EntriesPage((), None, restricted=True)
    page = desk.reports.entries.messages(report_id, below=below, consistent=True)
    opened = open_messages(report_id, page.items, opening.key)
    return EntriesPage(opened, cursors.issue(page.earlier, report_id, keys.MESSAGES))


def read_notes(
    report_id: str, cursor: str | None, *, desk: Desk, cursors: EntryCursors
) -> EntriesPage[Note]:
    """Return a page of the notes, the latest or before a cursor. Write an audit record.

    Raises NotFound, Malformed `bad_cursor`.
    """
    head = head_in_scope(report_id, desk=desk)
    below = cursors.read(cursor, report_id, keys.NOTES)
    key = desk.actor.open(head.report, detail={"part": "notes"})
    page = desk.reports.entries.notes(report_id, below=below, consistent=True)
    opened = open_notes(report_id, page.items, key)
    return EntriesPage(opened, cursors.issue(page.earlier, report_id, keys.NOTES))


def require_filled(text: str) -> None:
    """Raise Invalid `placeholder_left` when a placeholder of a template is left in a text."""
    if left := placeholder_in(text):
        params = (("placeholder", left),)
        raise errors.Invalid(errors.FieldError("text", "placeholder_left", params))


def _ids(
    report_id: str, idempotency_key: str | None, text: str, actor: OfficerActor, identity: Identity
) -> EntryIds:
    # With the officer's name, so that another officer's key is another entry.
    key = f"{actor.by}/{idempotency_key}" if idempotency_key else None
    return identity.entry(report_id, key, text)


def _write_once(
    report_id: str, kind: str, ids: EntryIds, write: Callable[[Head], None], *, desk: Desk
) -> tuple[datetime, bool]:
    """Write an entry, and return its time and False; the time of the existing one and True, with
    an audit record of the read, when an earlier call wrote it.

    Raises NotFound, KeyReused, Conflict `expiring`, and what `write` raises.
    """

    def step() -> tuple[datetime, bool]:
        head = head_in_scope(report_id, desk=desk)
        earlier = earlier_call(report_id, kind, ids, reports=desk.reports)
        if earlier is None:
            require_not_expiring(head)
            write(head)
            return desk.actor.now, False
        detail = {"replayed": True}
        desk.actor.log(of_report(report_id), Action.OPEN, detail, also=count_step(desk))
        return earlier, True

    return retry_on_conflict(step)


def read_positions(
    report_id: str, cursor: str | None, *, reason: str | None, desk: Desk, cursors: EntryCursors
) -> EntriesPage[Position]:
    """Return a page of positions, the latest or that before a cursor, with an audit record.

    Raises as `casework.open_report`, and Malformed `bad_cursor`.
    """
    head = head_in_scope(report_id, desk=desk)
    below = cursors.read(cursor, report_id, keys.POSITIONS)
    opening = open_head(head, reason=reason, part="positions", desk=desk)
    if opening.restricted:
        return EntriesPage((), None, restricted=True)
    page = desk.reports.entries.positions(report_id, below=below, consistent=True)
    opened = open_positions(report_id, page.items, opening.key)
    return EntriesPage(opened, cursors.issue(page.earlier, report_id, keys.POSITIONS))
