"""The reporter's use cases, opened by the receipt: read, write, withdraw, reopen."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.domain.audit.ledger import ReceiptKeys
from chalicelib.domain.reports import closing, workflow
from chalicelib.domain.reports.closing import DID_NOT_HELP, HELPED, may_answer
from chalicelib.domain.reports.entries import (
    MAX_POSITIONS_PER_REPORT,
    POSITION_EVERY,
    POSITIONS_AT_ONCE,
    Message,
    NewPosition,
    PlaceAt,
    Sender,
    paced,
)
from chalicelib.domain.reports.outlines import WITHDRAWN_RETENTION
from chalicelib.domain.reports.report import CLOCK_SKEW, Report, Status
from chalicelib.kernel import errors, geo
from chalicelib.kernel.ids import EntryIds, Identity, report_id_of
from chalicelib.kernel.outbox import OutboxTask, TaskKind, notify_of_message
from chalicelib.services.reports.entries import EntryCursors, Written, earlier_call
from chalicelib.services.reports.ledger import leaves_of_change, leaves_of_withdrawal
from chalicelib.services.reports.open_cases import OwnReport, open_own
from chalicelib.services.reports.sealed_rows import open_messages, seal_message, seal_position
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.answers import count_answer
from chalicelib.store.reports.contacts import Contacts
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case, Head, ReadCase
from chalicelib.store.reports.search_entries import is_opened

if TYPE_CHECKING:
    from chalicelib.services.officers import Actor
    from chalicelib.store.reports.outbox import Outbox, PendingTask


def own_head(receipt: str, report_id: str | None, *, identity: Identity, reports: Reports) -> Head:
    """Return the HEAD of this receipt's report, read consistently. Raises as `read_own_report`."""
    own_id = identity.report_id(receipt)
    head = _only(reports.head(own_id), own_id, report_id)
    if head.is_deleted:
        raise errors.Gone
    return head


def own_media(receipt: str, report_id: str | None, *, identity: Identity, reports: Reports) -> Case:
    """Return the report of this receipt with its media, read consistently.

    Raises as `read_own_report`.
    """
    own_id = identity.report_id(receipt)
    return _only(reports.with_media(own_id, consistent=True), own_id, report_id)


class ReadReport(NamedTuple):
    """A report, and its texts for its reporter."""

    case: ReadCase
    opened: OwnReport


def read_own_report(
    receipt: str, report_id: str | None, *, identity: Identity, reports: Reports
) -> ReadReport:
    """Return the report of this receipt, opened with the key that the receipt gives. If `report_id`
    is given, it must be that report.

    Raises NotFound for an unknown receipt, and for a receipt of another report after the same work,
    so that timing reveals nothing; Gone when retention has deleted the report.
    """
    key = identity.content_key(receipt)
    own_id = report_id_of(key.public)
    case = _only(reports.view(own_id), own_id, report_id)
    return ReadReport(case, open_own(case, key))


def _only[Found: (Head, Case, ReadCase)](
    found: Found | None, own_id: str, report_id: str | None
) -> Found:
    if found is None or (report_id is not None and report_id != own_id):
        raise errors.NotFound
    return found


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
) -> Written[Message]:
    """Add a reporter's message, with a task to notify officers, unless the notice of an earlier
    message is pending or the report is muted.

    Repeated with the same `ids`, return the first message. On a closed report, it puts off the
    deletion. Raises KeyReused when the text differs, Conflict `withdrawn`, SlowDown when `limited`
    and too many came recently, Gone when the deletion has begun.
    """
    message = Message(id=ids.id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = head

    def step() -> Written[Message]:
        nonlocal current
        report = current.report
        earlier = earlier_call(report.id, keys.MESSAGES, ids, reports=reports)
        if earlier:
            return Written(message.model_copy(update={"sent_at": earlier}), replayed=True)
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
        return Written(message, replayed=False)

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


class AddedPosition(NamedTuple):
    """A stored position. `left` is how many more the report takes."""

    id: str
    received_at: datetime
    left: int
    replayed: bool = False


def add_position(
    head: Head, sent: NewPosition, ids: EntryIds, *, reports: Reports, now: datetime, limited: bool
) -> AddedPosition:
    """Add a position, with a task to notify officers, unless a notice of an earlier position or
    message is pending or the report is muted.

    Repeated with the same `ids`, return the first one. The report stays in its district. On a
    closed report, it puts off the deletion. Raises Invalid (`at` too far ahead), KeyReused
    when the place differs, Conflict (`withdrawn`, `too_many_positions`), SlowDown when `limited`
    and too many came recently, Gone when the deletion has begun.
    """
    if sent.at and sent.at > now + CLOCK_SKEW:
        raise errors.Invalid(errors.FieldError("at", "too_far_ahead"))
    place, current = _place_of(sent), head

    def step() -> AddedPosition:
        nonlocal current
        report, left = current.report, MAX_POSITIONS_PER_REPORT - current.positions
        earlier = earlier_call(report.id, keys.POSITIONS, ids, reports=reports)
        if earlier:
            return AddedPosition(ids.id, earlier, max(0, left), replayed=True)
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if left <= 0:
            raise errors.Conflict("too_many_positions", limit=str(MAX_POSITIONS_PER_REPORT))
        until = _paced(current, now) if limited else None
        task = None if current.mute else notify_of_message(report.message_due, now, report.lane)
        try:
            sealed = seal_position(report, ids.id, place, now)
            reports.entries.add_position(current, sealed, ids, task=task, paced_until=until)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise
        return AddedPosition(ids.id, now, left - 1)

    return retry_on_conflict(step)


def _place_of(sent: NewPosition) -> PlaceAt:
    lat, lon = geo.to_wgs84(sent.lat, sent.lon, sent.datum)
    moving = {"at", "heading", "speed"}
    return PlaceAt(
        location=sent.model_dump(exclude_none=True, exclude=moving),
        place={"lat": lat, "lon": lon},
        **sent.model_dump(include=moving),
    )


def _paced(head: Head, now: datetime) -> datetime:
    return paced(head.positions_paced_until, now, at_once=POSITIONS_AT_ONCE, every=POSITION_EVERY)


def answer(head: Head, *, helped: bool, reports: Reports, now: datetime) -> None:
    """Count whether a report has helped, once. The answer is not stored with the report.

    Raises Conflict (`withdrawn`, `not_closed`, `already_answered`), Gone when the deletion has
    begun.
    """
    current = head

    def step() -> None:
        nonlocal current
        report = current.report
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if not may_answer(report, answered=current.answered):
            raise errors.Conflict("already_answered" if current.answered else "not_closed")
        try:
            count_answer(reports.table, report, HELPED if helped else DID_NOT_HELP, now=now)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise

    retry_on_conflict(step)


class Reopened(NamedTuple):
    """A report that its reporter has reopened, and what they wrote."""

    report: Report
    message: Message
    replayed: bool = False


def reopen_report(
    head: Head, text: str, ids: EntryIds, *, reports: Reports, now: datetime
) -> Reopened:
    """Reopen a closed report with a message, and notify officers as of a message, also when the
    report is muted: that ends.

    The clock records it in the audit, to which no call of a reporter may write. The message, the
    status, the leaf of the ledger and the end of the deletion's task are one transaction. Repeated
    with the same `ids`, return the first message. Raises KeyReused when the text differs, Conflict
    (`withdrawn`, `not_closed`, `already_reopened`), Gone when the deletion has begun.
    """
    message = Message(id=ids.id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = head

    def step() -> Reopened:
        nonlocal current
        report = current.report
        earlier = earlier_call(report.id, keys.MESSAGES, ids, reports=reports)
        if earlier:
            first = message.model_copy(update={"sent_at": earlier})
            return Reopened(report, first, replayed=True)
        deadline = reports.deadline_now(report, now)
        after = closing.reopened(report, now, is_opened=is_opened(current), deadline=deadline)
        notice = notify_of_message(report.message_due, now, report.lane)
        if notice:
            after = after.model_copy(update={"message_due": notice.not_before or now})
        entries, duplicates = reports.entries, reports.duplicates
        also = [
            *entries.message_items(report.id, seal_message(report, message), ids, notice),
            *duplicates.discount(report.duplicate_of, report.id, report.received_at),
            entries.to_record(report.id, now, ends_mute=current.mute is not None),
        ]
        task = workflow.task_after(after, current.task, now)
        leaves = leaves_of_change(report, after, current.recorded, now)
        try:
            reports.change(current, after, task=task, now=now, leaves=leaves, also=also)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise
        return Reopened(after, message)

    return retry_on_conflict(step)


def record_reopening(pending: "PendingTask", *, outbox: "Outbox", actor: "Actor") -> None:
    """Write that a reporter has reopened a report to its audit, and complete the task."""
    status = {"old": Status.CLOSED.value, "new": Status.ACKNOWLEDGED.value}
    detail: dict[str, Any] = {"step": "reopened", "fields": {"status": status}}
    if pending.ends_mute:
        detail["muted"] = False
    record = actor.log_item(of_report(pending.owner.id), Action.CHANGE, detail)
    outbox.complete(pending, also=[record])
