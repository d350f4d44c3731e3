"""Officers' messages to the reporter, and their notes, which only officers can read."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.domain.ids import Identity, random_id
from chalicelib.domain.messages import Message, Note, Sender
from chalicelib.domain.reports import Status
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import case_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
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
    entry_id = _entry_id(report_id, idempotency_key, actor, identity)

    def write(case: Case) -> Message:
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        message = Message(
            id=entry_id, sender=Sender.OFFICER, text=text, sent_at=actor.now, by=actor.by
        )
        record = actor.log_item(of_report(report_id), Action.MESSAGE, {"id": entry_id})
        reports.add_message(case, message, also=[record])
        return message

    def step() -> Message:
        case = case_in_scope(report_id, actor=actor, reports=reports)
        return _written_once(case, case.messages, entry_id, text, write, actor)

    return retry_on_conflict(step)


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

    def write(case: Case) -> Note:
        note = Note(id=entry_id, by=actor.by, text=text, at=actor.now)
        record = actor.log_item(of_report(report_id), Action.NOTE, {"id": entry_id})
        reports.add_note(case, note, also=[record])
        return note

    def step() -> Note:
        case = case_in_scope(report_id, actor=actor, reports=reports)
        return _written_once(case, case.notes, entry_id, text, write, actor)

    return retry_on_conflict(step)


def _entry_id(
    report_id: str, idempotency_key: str | None, actor: OfficerActor, identity: Identity
) -> str:
    if idempotency_key is None:
        return random_id()
    # With the officer's name, so that nobody can read a text by repeating another officer's key.
    return identity.entry_id(report_id, f"{actor.by}/{idempotency_key}")


def _written_once[Entry: (Message, Note)](
    case: Case,
    entries: tuple[Entry, ...],
    entry_id: str,
    text: str,
    write: Callable[[Case], Entry],
    actor: OfficerActor,
) -> Entry:
    """Return the existing entry with this id, with an audit record of the read, or write it.

    Raises Conflict (`key_reused`, `expiring`), ConditionFailed.
    """
    earlier = next((entry for entry in entries if entry.id == entry_id), None)
    if earlier is None:
        require_not_expiring(case.head)
        return write(case)
    if earlier.text != text:
        raise errors.Conflict("key_reused")
    actor.log(of_report(case.report.id), Action.OPEN, {"replayed": True})
    return earlier
