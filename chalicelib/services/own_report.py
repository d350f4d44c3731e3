"""The reporter's side of a report, with the receipt alone: read, write back, withdraw."""

import math
from datetime import datetime, timedelta

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import Identity, random_id
from chalicelib.domain.messages import Message, Sender
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Status
from chalicelib.domain.workflow import WITHDRAWN_RETENTION
from chalicelib.store.reports import Case, Reports
from chalicelib.store.table import ConditionFailed

_TRIES = 5

# So many messages of a reporter in so long are dialogue; more are a flood. Never a limit where a
# life may depend on it.
FLOOD = 20
FLOOD_WINDOW = timedelta(minutes=10)


def open_own_report(
    receipt: str,
    *,
    report_id: str | None,
    identity: Identity,
    reports: Reports,
    consistent: bool = False,
) -> Case:
    """The report of this receipt. With `report_id`, it must be that one.

    Raises NotFound for an unknown receipt as for a wrong one, after the same work; Gone when
    retention deleted the report.
    """
    own_id = identity.report_id(receipt)
    case = reports.view(own_id, consistent=consistent)
    if case is None or (report_id is not None and report_id != own_id):
        raise errors.NotFound
    return case


def write_message(
    case: Case,
    text: str,
    *,
    idempotency_key: str | None,
    identity: Identity,
    reports: Reports,
    now: datetime,
    limited: bool,
) -> Message:
    """Add a reporter's message, which officers are told of. The same Idempotency-Key again answers
    with the first message.

    Raises Conflict `withdrawn` (nobody would read it), or `key_reused` for another text under the
    same key; SlowDown when `limited` and there were too many of late.
    """
    entry_id = (
        identity.entry_id(case.report.id, idempotency_key) if idempotency_key else random_id()
    )
    for _ in range(_TRIES):
        earlier = next((message for message in case.messages if message.id == entry_id), None)
        if earlier:
            if earlier.text != text:
                raise errors.Conflict("key_reused")
            return earlier
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if limited:
            _refuse_flood(case, now)
        message = Message(id=entry_id, sender=Sender.REPORTER, text=text, sent_at=now)
        try:
            reports.add_message(case, message, task=outbox.notify(now))
        except ConditionFailed:
            case = _again(case, reports)
        else:
            return message
    raise errors.Unavailable


def _refuse_flood(case: Case, now: datetime) -> None:
    recent = [
        entry.sent_at
        for entry in case.messages
        if entry.sender is Sender.REPORTER and entry.sent_at > now - FLOOD_WINDOW
    ]
    if len(recent) >= FLOOD:
        raise errors.SlowDown(math.ceil((recent[-FLOOD] + FLOOD_WINDOW - now).total_seconds()))


def withdraw_report(case: Case, *, reports: Reports, now: datetime) -> None:
    """Withdraw: the contact is erased at once, the rest is gone after 30 days. Repeated, it changes
    nothing.
    """
    for _ in range(_TRIES):
        if case.report.status is Status.WITHDRAWN:
            return
        try:
            reports.withdraw(
                case, now=now, task=OutboxTask(TaskKind.EXPIRE, now + WITHDRAWN_RETENTION)
            )
        except ConditionFailed:
            case = _again(case, reports)
        else:
            return
    raise errors.Unavailable


def _again(case: Case, reports: Reports) -> Case:
    """The report as it is now, after somebody else changed it."""
    fresh = reports.view(case.report.id, consistent=True)
    if fresh is None:
        raise errors.Gone
    return fresh
