"""The reporter's use cases, opened by the receipt: read the report, write a message, withdraw."""

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


def write_message(
    case: Case, text: str, entry_id: str, *, reports: Reports, now: datetime, limited: bool
) -> Message:
    """Add a reporter's message, with a task to notify officers.

    Repeated with the same `entry_id`, return the first message. Raises Conflict (`withdrawn`, or
    `key_reused` when the text differs), SlowDown when `limited` and too many came recently.
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
    """Raise SlowDown, with the time to wait, when the reporter wrote too many messages recently."""
    recent = [
        entry.sent_at
        for entry in case.messages
        if entry.sender is Sender.REPORTER and entry.sent_at > now - FLOOD_WINDOW
    ]
    if len(recent) >= FLOOD:
        raise errors.SlowDown(math.ceil((recent[-FLOOD] + FLOOD_WINDOW - now).total_seconds()))


def withdraw_report(case: Case, *, reports: Reports, now: datetime) -> None:
    """Withdraw a report: delete the contact now, and everything else after 30 days.

    Repeated, change nothing. Raises Gone when the report was deleted in the meantime.
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
    """Read the report again, after another write has changed it. Raises Gone."""
    fresh = reports.view(case.report.id, consistent=True)
    if fresh is None:
        raise errors.Gone
    return fresh
