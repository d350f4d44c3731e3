"""Retention: delete a report when its time is over, and leave a tombstone.

A task that comes too early waits: only the dates in the report's row decide. What nobody has read
is not deleted, for a year after the closing at most; what one officer alone has closed, a row of
0.2.0rc1, is not deleted at all, and officers are notified of it again.

Objects are deleted before rows, and the task stays until the last step. So the next sweep can
continue after a failure; every step can be repeated.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws.table import ConditionFailed
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.audit.ledger import TOMBSTONE_LIFE
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import PUT_OFF, expires_at, is_unread, put_off
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.officers import Actor
from chalicelib.services.reports.ledger import leaves_of_deletion
from chalicelib.store.audit.rows import KEPT, Action, of_report
from chalicelib.store.reports.contacts import Contacts
from chalicelib.store.reports.deletion import DECIDING
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.reports import Reports

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket

log = logging.getLogger(__name__)


class Beside(NamedTuple):
    """What goes with a report: its contact, its media, and what names it elsewhere. `leave` returns
    False when it is to be called again.
    """

    contacts: Contacts
    bucket: "MediaBucket"
    leave: Callable[..., bool]


def expire_report(
    pending: PendingTask, *, outbox: Outbox, reports: Reports, beside: Beside, actor: Actor
) -> None:
    """Delete a report with what is beside it, if its end has come; else postpone this.

    Raises Unavailable; the task then stays due.
    """
    report, now = pending.report, actor.now
    if not report.expiring and not _begins(pending, outbox, reports, actor):
        return
    if not beside.leave(report.id, outbox=outbox, actor=actor):
        return
    beside.contacts.delete(report.id)
    beside.bucket.delete_media_of(report.id)
    # What hides openings of one about the police stays as long as the record of these.
    apart = report.category == OVERSIGHT
    until = now + (KEPT if apart else TOMBSTONE_LIFE)
    reports.deletion.finish(report.id, now=now, until=until, apart=apart)
    log.info("report_expired")


def _begins(pending: PendingTask, outbox: Outbox, reports: Reports, actor: Actor) -> bool:
    """Begin the deletion of a report, and return True; else postpone it, and return False.

    When the report changes in the meantime, nothing is done: the task stays, and decides again.
    """
    report, now = pending.report, actor.now
    end = expires_at(report)
    if end is None:
        log.warning("expiry_of_an_open_report")
        outbox.complete(pending, unchanged=DECIDING)
    elif end > now:
        _postpone(pending, end, outbox, [_record(pending, end, actor)])
    elif report.held_until and report.held_until > now:
        _postpone(pending, report.held_until, outbox)
    elif report.awaits_second_person:
        matter = Matter(step=TwoPersonStep.CLOSING)
        notice = reports.event(report.id, NoticeKind.APPROVAL, now=now, matter=matter)
        _put_off(pending, now + PUT_OFF, outbox, actor, notice)
    elif is_unread(report) and (later := put_off(report, now)):
        notice = reports.event(report.id, NoticeKind.MESSAGE, now=now)
        _put_off(pending, later, outbox, actor, notice)
    else:
        try:
            reports.deletion.begin(pending, leaves_of_deletion(pending.recorded, now))
        except ConditionFailed:
            return False
        return True
    return False


def _put_off(
    pending: PendingTask, end: datetime, outbox: Outbox, actor: Actor, notice: TransactItem
) -> None:
    also = [_record(pending, end, actor), notice]
    _postpone(pending, end, outbox, also, put_off_until=end)


def _postpone(
    pending: PendingTask,
    until: datetime,
    outbox: Outbox,
    also: Sequence[TransactItem] = (),
    **put: datetime,
) -> None:
    task = OutboxTask(TaskKind.EXPIRE, until)
    outbox.complete(pending, then=task, put=put, also=also, unchanged=DECIDING)


def _record(pending: PendingTask, end: datetime, actor: Actor) -> TransactItem:
    """Return the audit record of a later end. A reporter's message can be its cause, so it is to
    the minute.
    """
    old, new = (times.render(times.to_minute(each)) for each in (pending.task.due_at, end))
    detail = {"step": "put_off", "fields": {"kept_until": {"old": old, "new": new}}}
    return actor.log_item(of_report(pending.report.id), Action.CHANGE, detail)
