"""Retention: delete a report when its time is over, and leave a tombstone.

Objects are deleted before rows, and the task stays until the last step. So the next sweep can
continue after a failure; every step can be repeated.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.media import derived_prefix, originals_prefix
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.store.contacts import Contacts
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

log = logging.getLogger(__name__)

TOMBSTONE_LIFE = timedelta(days=365)


def expire_report(
    pending: PendingTask,
    *,
    outbox: Outbox,
    reports: Reports,
    contacts: Contacts,
    bucket: "MediaBucket",
    now: datetime,
) -> None:
    """Delete a report with its contact and media, or postpone this to the end of a legal hold.

    Raises Unavailable; the task then stays due.
    """
    report = pending.report
    if report.held_until and report.held_until > now:
        outbox.complete(pending, then=OutboxTask(TaskKind.EXPIRE, report.held_until))
        return
    try:
        reports.mark_expiring(pending)
    except ConditionFailed:
        return  # It was reopened or held in the meantime; its task says what is next.
    contacts.delete(report.id)
    bucket.delete_all(originals_prefix(report.id))
    bucket.delete_all(derived_prefix(report.id))
    reports.bury(report.id, now=now, until=now + TOMBSTONE_LIFE)
    log.info("report_expired")
