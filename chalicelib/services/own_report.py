"""The reporter's use cases, opened by the receipt: read the report, write a message, withdraw."""

import math
from datetime import datetime, timedelta

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import EntryIds, Identity
from chalicelib.domain.ledger import ReceiptKeys
from chalicelib.domain.messages import Message, Sender
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Status
from chalicelib.domain.retention import WITHDRAWN_RETENTION
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.ledger_entries import leaves_of_withdrawal
from chalicelib.services.sealed_rows import OwnReport, earlier_entry, open_own, seal_message
from chalicelib.store.contacts import Contacts
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed

# More messages than this in the window are a flood. Categories where a life may depend on a message
# have no limit (`limited` is False).
FLOOD = 20
FLOOD_WINDOW = timedelta(minutes=10)


def open_own_report(
    receipt: str,
    report_id: str | None,
    *,
    identity: Identity,
    reports: Reports,
    consistent: bool = False,
) -> Case:
    """Return the report of this receipt. If `report_id` is given, it must be that report.

    Raises NotFound for an unknown receipt, and for a receipt of another report after the same work,
    so that timing reveals nothing; Gone when retention has deleted the report.
    """
    own_id = identity.report_id(receipt)
    case = reports.view(own_id, consistent=consistent)
    if case is None or (report_id is not None and report_id != own_id):
        raise errors.NotFound
    return case


def read_own_report(case: Case, receipt: str, *, identity: Identity) -> OwnReport:
    """Return what the report of this receipt says, opened with the key that the receipt gives."""
    return open_own(case, identity.content_key(receipt))


def write_message(
    case: Case, text: str, ids: EntryIds, *, reports: Reports, now: datetime, limited: bool
) -> Message:
    """Add a reporter's message, with a task to notify officers.

    Repeated with the same `ids`, return the first message. On a closed report, it puts off the
    deletion. Raises Conflict (`withdrawn`, or `key_reused` when the text differs), SlowDown when
    `limited` and too many came recently, Gone when the deletion has begun.
    """
    message = Message(id=ids.id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = case

    def step() -> Message:
        nonlocal current
        earlier = earlier_entry(current.messages, ids)
        if earlier:
            return message.model_copy(update={"sent_at": earlier.sent_at})
        if current.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if limited:
            _refuse_flood(current, now)
        try:
            sealed = seal_message(current.report, message, ids.fingerprint)
            reports.add_message(current, sealed, task=outbox.notify(now, current.report.lane))
        except ConditionFailed:
            current = _read_again(current, reports)
            raise
        return message

    return retry_on_conflict(step)


def _refuse_flood(case: Case, now: datetime) -> None:
    """Raise SlowDown, with the time to wait, when the reporter wrote too many messages recently."""
    recent = [
        entry.sent_at
        for entry in case.messages
        if entry.sender is Sender.REPORTER and entry.sent_at > now - FLOOD_WINDOW
    ]
    if len(recent) >= FLOOD:
        raise errors.SlowDown(math.ceil((recent[-FLOOD] + FLOOD_WINDOW - now).total_seconds()))


def withdraw_report(
    case: Case, receipt: str, *, reports: Reports, contacts: Contacts, now: datetime
) -> None:
    """Withdraw a report: delete the contact now, and everything else after 30 days.

    The ledger gets the secret that only the receipt gives. Repeated, change nothing. Raises Gone
    when the report was deleted in the meantime.
    """
    current, secret = case, ReceiptKeys.of(receipt).withdraw

    def step() -> None:
        nonlocal current
        if current.report.status is Status.WITHDRAWN:
            return
        task = OutboxTask(TaskKind.EXPIRE, now + WITHDRAWN_RETENTION)
        try:
            erased = contacts.delete_item(current.report.id)
            leaves = leaves_of_withdrawal(current.head.recorded, secret, now)
            reports.withdraw(current, now=now, task=task, leaves=leaves, also=[erased])
        except ConditionFailed:
            current = _read_again(current, reports)
            raise

    retry_on_conflict(step)


def _read_again(case: Case, reports: Reports) -> Case:
    """Read the report again, after another write has changed it.

    Raises Gone, also when its deletion has begun: from then on, nothing is added to it.
    """
    fresh = reports.view(case.report.id, consistent=True)
    if fresh is None or fresh.head.is_expiring:
        raise errors.Gone
    return fresh
