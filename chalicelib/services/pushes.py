"""The reporter asks for pushes; and what officers do that causes one.

Nothing here can open a token: `services/push_rounds` can.
"""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.pushes import PhoneToken, first_push
from chalicelib.domain.reports import Status
from chalicelib.domain.sealing import Wrapper
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.own_report import read_again
from chalicelib.services.sealed_rows import seal_token
from chalicelib.store.push_rows import PushRows, act_item
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed
from chalicelib.store.writes import TransactItem


def ask_for_pushes(
    head: Head, token: PhoneToken, *, key: Wrapper, rows: PushRows, reports: Reports
) -> None:
    """Keep where to push to when there is something to read, in the place of an earlier token.

    Raises Conflict `withdrawn`, Gone when the deletion has begun.
    """
    report_id = head.report.id
    sealed, current = seal_token(report_id, token, key.wrapping_key()), head

    def step() -> None:
        nonlocal current
        if current.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        try:
            rows.keep(current, sealed)
        except ConditionFailed:
            current = read_again(report_id, reports)
            raise

    retry_on_conflict(step)


def end_pushes(head: Head, *, rows: PushRows) -> None:
    """Erase where to push to. Repeated, change nothing. Raises Gone when the deletion has begun."""
    try:
        rows.erase(head.report.id)
    except ConditionFailed:
        raise errors.Gone from None


def push_items(head: Head, *, reports: Reports, now: datetime) -> list[TransactItem]:
    """Return the write that causes a push, for the transaction of what the reporter can read; none
    when the reporter has not asked for pushes.
    """
    if not head.gets_pushes:
        return []
    return [act_item(reports.table, head.report.id, first_push(now))]
