"""The reporter's side of a report, with the receipt alone: read, write back, withdraw."""

import math
from datetime import datetime, timedelta

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import Identity
from chalicelib.domain.messages import Message, Sender
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Status
from chalicelib.domain.workflow import WITHDRAWN_RETENTION
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed

# So many messages of a reporter in so long are a conversation; more are a flood. Never a limit
# where a life may depend on it.
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
    """Return the report of this receipt. With `report_id`, it must be that one.

    Raises NotFound for an unknown receipt as for a wrong one, after the same work; Gone when
    retention deleted the report.
    """
    own_id = identity.report_id(receipt)
    case = reports.view(own_id, consistent=consistent)
    if case is None or (report_id is not None and report_id != own_id):
        raise errors.NotFound
    return case


def write_message(
    case: Case, text: str, entry_id: str, *, reports: Reports, now: datetime, limited: bool
) -> Message:
    """Add a reporter's message, and notify officers. The same `entry_id` again returns the first.

    Raises Conflict `withdrawn` (nobody would read it), or `key_reused` for another text under the
    same id; SlowDown when `limited` and there were too many of late.
    """
    message = Message(id=entry_id, sender=Sender.REPORTER, text=text, sent_at=now)
    current = case

    def step() -> Message:
        nonlocal current
        earlier = next((each for each in current.messages if each.id == entry_id), None)
        if earlier:
            if earlier.text != text:
                raise errors.Conflict("key_reused")
            return earlier
        if current.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if limited:
            _refuse_flood(current, now)
        try:
            reports.add_message(current, message, task=outbox.notify(now))
        except ConditionFailed:
            current = _read_again(current, reports)
            raise
        return message

    return retry_on_conflict(step)


def _refuse_flood(case: Case, now: datetime) -> None:
    recent = [
        entry.sent_at
        for entry in case.messages
        if entry.sender is Sender.REPORTER and entry.sent_at > now - FLOOD_WINDOW
    ]
    if len(recent) >= FLOOD:
        raise errors.SlowDown(math.ceil((recent[-FLOOD] + FLOOD_WINDOW - now).total_seconds()))


def withdraw_report(case: Case, *, reports: Reports, now: datetime) -> None:
    """Withdraw: the contact is erased at once, the rest after 30 days.

    Repeated, it changes nothing.
    """
    current = case

    def step() -> None:
        nonlocal current
        if current.report.status is Status.WITHDRAWN:
            return
        task = OutboxTask(TaskKind.EXPIRE, now + WITHDRAWN_RETENTION)
        try:
            reports.withdraw(current, now=now, task=task)
        except ConditionFailed:
            current = _read_again(current, reports)
            raise

    retry_on_conflict(step)


def _read_again(case: Case, reports: Reports) -> Case:
    """Return the report as it is now, after somebody else changed it."""
    fresh = reports.view(case.report.id, consistent=True)
    if fresh is None:
        raise errors.Gone
    return fresh
