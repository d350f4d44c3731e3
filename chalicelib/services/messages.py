"""Officers' messages to the reporter, and their notes, which only officers can read."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.domain.ids import EntryIds, Identity
from chalicelib.domain.messages import Message, Note, Sender
from chalicelib.domain.reports import Status
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import case_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.receipts import refuse_receipt
from chalicelib.services.sealed_rows import earlier_entry, seal_message, seal_note
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
    ids = _ids(report_id, idempotency_key, text, actor, identity)
    message = Message(
        id=ids.id,
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
        sealed = seal_message(case.report, message, ids.fingerprint)
        reports.add_message(case, sealed, also=[record])

    def existing(case: Case) -> Message | None:
        found = earlier_entry(case.messages, ids)
        return message.model_copy(update={"sent_at": found.sent_at}) if found else None

    return _write_once(report_id, message, existing, write, actor=actor, reports=reports)


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
    ids = _ids(report_id, idempotency_key, text, actor, identity)
    note = Note(id=ids.id, by=actor.by, text=text, at=actor.now)

    def write(case: Case) -> None:
        refuse_receipt(text, report_id, identity)
        record = actor.log_item(of_report(report_id), Action.NOTE, {"id": note.id})
        reports.add_note(case, seal_note(case.report, note, ids.fingerprint), also=[record])

    def existing(case: Case) -> Note | None:
        found = earlier_entry(case.notes, ids)
        return note.model_copy(update={"at": found.at}) if found else None

    return _write_once(report_id, note, existing, write, actor=actor, reports=reports)


def _ids(
    report_id: str, idempotency_key: str | None, text: str, actor: OfficerActor, identity: Identity
) -> EntryIds:
    # With the officer's name, so that another officer's key is another entry.
    key = f"{actor.by}/{idempotency_key}" if idempotency_key else None
    return identity.entry(report_id, key, text)


def _write_once[Entry: (Message, Note)](
    report_id: str,
    entry: Entry,
    existing: Callable[[Case], Entry | None],
    write: Callable[[Case], None],
    *,
    actor: OfficerActor,
    reports: Reports,
) -> Entry:
    """Write an entry, or return the existing one, with an audit record of the read.

    Raises NotFound, Conflict (`key_reused`, `expiring`), and what `existing` and `write` raise.
    """

    def step() -> Entry:
        case = case_in_scope(report_id, actor=actor, reports=reports)
        earlier = existing(case)
        if earlier is None:
            require_not_expiring(case.head)
            write(case)
            return entry
        actor.log(of_report(report_id), Action.OPEN, {"replayed": True})
        return earlier

    return retry_on_conflict(step)
