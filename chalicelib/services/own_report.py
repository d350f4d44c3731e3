"""The reporter's use cases, opened by the receipt: read the report, write a message, withdraw."""

from datetime import datetime
from typing import NamedTuple

from chalicelib import errors
from chalicelib.domain.ids import EntryIds, Identity
from chalicelib.domain.ledger import ReceiptKeys
from chalicelib.domain.messages import Message, Sender, paced
from chalicelib.domain.outbox import OutboxTask, TaskKind, notify_of_message
from chalicelib.domain.reports import Status
from chalicelib.domain.retention import WITHDRAWN_RETENTION
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.entries import EntryCursors, earlier_call
from chalicelib.services.ledger_entries import leaves_of_withdrawal
from chalicelib.services.open_cases import OwnReport, open_own
from chalicelib.services.sealed_rows import open_messages, seal_message
from chalicelib.store import keys
from chalicelib.store.contacts import Contacts
from chalicelib.store.report_rows import Case, Head, ReadCase
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed


def own_head(receipt: str, report_id: str | None, *, identity: Identity, reports: Reports) -> Head:
    """Return the HEAD of this receipt's report, read consistently. Raises as `open_own_report`."""
    own_id = identity.report_id(receipt)
    head = _only(reports.head(own_id), own_id, report_id)
    if head.is_deleted:
        raise errors.Gone
    return head


def own_media(receipt: str, report_id: str | None, *, identity: Identity, reports: Reports) -> Case:
    """Return the report of this receipt with its media, read consistently.

    Raises as `open_own_report`.
    """
    own_id = identity.report_id(receipt)
    return _only(reports.with_media(own_id, consistent=True), own_id, report_id)


def open_own_report(
    receipt: str, report_id: str | None, *, identity: Identity, reports: Reports
) -> ReadCase:
    """Return the report of this receipt. If `report_id` is given, it must be that report.

    Raises NotFound for an unknown receipt, and for a receipt of another report after the same work,
    so that timing reveals nothing; Gone when retention has deleted the report.
    """
    own_id = identity.report_id(receipt)
    return _only(reports.view(own_id), own_id, report_id)


def _only[Found: (Head, Case, ReadCase)](
    found: Found | None, own_id: str, report_id: str | None
) -> Found:
    if found is None or (report_id is not None and report_id != own_id):
        raise errors.NotFound
    return found


def read_own_report(case: ReadCase, receipt: str, *, identity: Identity) -> OwnReport:
    """Return what the report of this receipt says, opened with the key that the receipt gives."""
    return open_own(case, identity.content_key(receipt))


class OwnMessages(NamedTuple):
    items: tuple[Message, ...]
    next_cursor: str | None


def read_messages(
    head: Head,
    receipt: str,
    cursor: str | None,
    *,
    identity: Identity,
    reports: Reports,
    cursors: EntryCursors,
) -> OwnMessages:
    """Return a page of the conversation: the latest messages, or those before a cursor.

    Raises Malformed `bad_cursor`.
    """
    report_id = head.report.id
    below = cursors.read(cursor, report_id, keys.MESSAGES)
    page = reports.entries.messages(report_id, below=below)
    opened = open_messages(report_id, page.items, identity.content_key(receipt))
    return OwnMessages(opened, cursors.issue(page.earlier, report_id, keys.MESSAGES))


def write_message(
    head: Head, text: str, ids: EntryIds, *, reports: Reports, now: datetime, limited: bool
) -> Message:
    """Add a reporter's message, with a task to notify officers, unless the notice of an earlier
    message is pending or the report is muted.

    Repeated with the same `ids`, return the first message. On a closed report, it puts off the
    deletion. Raises Conflict (`withdrawn`, or `key_reused` when the text differs), SlowDown when
    `limited` and too many came recently, Gone when the deletion has begun.
    """
    message = Message(id=ids.id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = head

    def step() -> Message:
        nonlocal current
        report = current.report
        earlier = earlier_call(report.id, keys.MESSAGES, ids, reports=reports)
        if earlier:
            return message.model_copy(update={"sent_at": earlier})
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        until = paced(report.paced_until, now) if limited else None
        task = None if current.mute else notify_of_message(report.message_due, now, report.lane)
        try:
            sealed = seal_message(report, message)
            reports.entries.add_message(current, sealed, ids, task=task, paced_until=until)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise
        return message

    return retry_on_conflict(step)


def withdraw_report(
    head: Head, receipt: str, *, reports: Reports, contacts: Contacts, now: datetime
) -> None:
    """Withdraw a report: delete the contact and the token of a phone now, and everything else after
    30 days.

    The ledger gets the secret that only the receipt gives. Repeated, change nothing. Raises Gone
    when the report was deleted in the meantime.
    """
    current, secret = head, ReceiptKeys.of(receipt).withdraw

    def step() -> None:
        nonlocal current
        if current.report.status is Status.WITHDRAWN:
            return
        task = OutboxTask(TaskKind.EXPIRE, now + WITHDRAWN_RETENTION)
        try:
            erased = contacts.delete_items(current.report.id)
            leaves = leaves_of_withdrawal(current.recorded, secret, now)
            reports.withdraw(current, now=now, task=task, leaves=leaves, also=erased)
        except ConditionFailed:
            current = read_again(current.report.id, reports)
            raise

    retry_on_conflict(step)


def read_again(report_id: str, reports: Reports) -> Head:
    """Read the report again, after another write has changed it.

    Raises Gone, also when its deletion has begun: from then on, nothing is added to it.
    """
    fresh = reports.head(report_id)
    if fresh is None or fresh.is_deleted or fresh.is_expiring:
        raise errors.Gone
    return fresh
