"""Officers' messages to the reporter, and their notes, which only officers can read."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.domain.ids import Identity, random_id
from chalicelib.domain.messages import Message, Note, Sender
from chalicelib.domain.reports import Status
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import case_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.receipts import refuse_receipt
from chalicelib.store.audit import Action, of_report
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports


def write_message(
    report_id: str,
    text: str,
    *,
    idempotency_key: str | None,
    actor: OfficerActor,
    identity: Identity,
    reports: Reports,
) -> Message:
    """Write a message to the reporter. The reporter's own messages then count as read.

    Repeated with the same Idempotency-Key, return the first message. Raises NotFound, Conflict
    (`withdrawn`, `key_reused`, `expiring`).
    """
    message = Message(
        id=_entry_id(report_id, idempotency_key, actor, identity),
        sender=Sender.OFFICER,
        text=text,
        sent_at=actor.now,
        by=actor.by,
    )

    def write(case: Case) -> None:
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        refuse_receipt(text, report_id, identity)
        record = actor.log_item(of_report(report_id), Action.MESSAGE, {"id": message.id})
        reports.add_message(case, message, also=[record])

    return _write_once(
        report_id, message, lambda case: case.messages, write, actor=actor, reports=reports
    )


def write_note(
    report_id: str,
    text: str,
    *,
    idempotency_key: str | None,
    actor: OfficerActor,
    identity: Identity,
    reports: Reports,
) -> Note:
    """Write a note. Repeated with the same Idempotency-Key, return the first note.

    Raises NotFound, Conflict (`key_reused`, `expiring`).
    """
    entry_id = _entry_id(report_id, idempotency_key, actor, identity)
    note = Note(id=entry_id, by=actor.by, text=text, at=actor.now)

    def write(case: Case) -> None:
        refuse_receipt(text, report_id, identity)
        record = actor.log_item(of_report(report_id), Action.NOTE, {"id": note.id})
        reports.add_note(case, note, also=[record])

    return _write_once(
        report_id, note, lambda case: case.notes, write, actor=actor, reports=reports
    )


def _entry_id(
    report_id: str, idempotency_key: str | None, actor: OfficerActor, identity: Identity
) -> str:
    if idempotency_key is None:
        return random_id()
    # With the officer's name, so that nobody can read a text by repeating another officer's key.
    return identity.entry_id(report_id, f"{actor.by}/{idempotency_key}")


def _write_once[Entry: (Message, Note)](
    report_id: str,
    entry: Entry,
    entries: Callable[[Case], tuple[Entry, ...]],
    write: Callable[[Case], None],
    *,
    actor: OfficerActor,
    reports: Reports,
) -> Entry:
    """Write an entry, or return the existing one with its id, with an audit record of the read.

    Raises NotFound, Conflict (`key_reused`, `expiring`), and what `write` raises.
    """

    def step() -> Entry:
        case = case_in_scope(report_id, actor=actor, reports=reports)
        earlier = next((each for each in entries(case) if each.id == entry.id), None)
        if earlier is None:
            require_not_expiring(case.head)
            write(case)
            return entry
        if earlier.text != entry.text:
            raise errors.Conflict("key_reused")
        actor.log(of_report(report_id), Action.OPEN, {"replayed": True})
        return earlier

    return retry_on_conflict(step)
