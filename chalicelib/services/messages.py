"""What officers write on a report: messages, which the reporter reads, and notes, which only
officers do.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib import errors
from chalicelib.domain.ids import Identity, random_id
from chalicelib.domain.messages import Message, Note, Sender
from chalicelib.domain.officers import Officer
from chalicelib.domain.reports import Status
from chalicelib.services.casework import case_in_scope, require_not_expiring
from chalicelib.store.audit import Action, Audit
from chalicelib.store.reports import Case, Reports
from chalicelib.store.table import ConditionFailed

_TRIES = 5


def write_message(
    officer: Officer,
    report_id: str,
    text: str,
    *,
    idempotency_key: str | None,
    identity: Identity,
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> Message:
    """Write to the reporter, who finds it in their view; the reporter's messages so far count as
    read.

    The same Idempotency-Key again answers with the first message. Raises NotFound, Conflict
    (`withdrawn`, `key_reused`, `expiring`).
    """

    def write(case: Case, entry_id: str) -> Message:
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        message = Message(
            id=entry_id, sender=Sender.OFFICER, text=text, sent_at=now, by=officer.username
        )
        record = audit.report_action(
            report_id, by=officer.username, action=Action.MESSAGE, now=now, detail={"id": entry_id}
        )
        reports.add_message(case, message, also=[record])
        return message

    return _write_once(
        officer,
        report_id,
        text,
        write,
        lambda case: case.messages,
        idempotency_key,
        identity=identity,
        reports=reports,
        audit=audit,
        now=now,
    )


def write_note(
    officer: Officer,
    report_id: str,
    text: str,
    *,
    idempotency_key: str | None,
    identity: Identity,
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> Note:
    """Add a remark. The same Idempotency-Key again answers with the first one. Raises NotFound,
    Conflict (`key_reused`, `expiring`).
    """

    def write(case: Case, entry_id: str) -> Note:
        note = Note(id=entry_id, by=officer.username, text=text, at=now)
        record = audit.report_action(
            report_id, by=officer.username, action=Action.NOTE, now=now, detail={"id": entry_id}
        )
        reports.add_note(case, note, also=[record])
        return note

    return _write_once(
        officer,
        report_id,
        text,
        write,
        lambda case: case.notes,
        idempotency_key,
        identity=identity,
        reports=reports,
        audit=audit,
        now=now,
    )


def _write_once[Entry: (Message, Note)](
    officer: Officer,
    report_id: str,
    text: str,
    write: Callable[[Case, str], Entry],
    entries: Callable[[Case], tuple[Entry, ...]],
    idempotency_key: str | None,
    *,
    identity: Identity,
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> Entry:
    # Another officer's key is another key: whoever repeats it learns nothing of the other's text.
    call = f"{officer.username}/{idempotency_key}"
    entry_id = identity.entry_id(report_id, call) if idempotency_key else random_id()
    for _ in range(_TRIES):
        case = case_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
        earlier = next((entry for entry in entries(case) if entry.id == entry_id), None)
        if earlier:
            if earlier.text != text:
                raise errors.Conflict("key_reused")
            return earlier
        require_not_expiring(case.head)
        try:
            return write(case, entry_id)
        except ConditionFailed:
            continue  # somebody else wrote at the same moment
    raise errors.Unavailable
