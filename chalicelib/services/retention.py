"""The end of a report: objects in all their versions first, then rows; a tombstone stays.

Each step can be repeated, and the task to expire stays until the last one is done.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

log = logging.getLogger(__name__)

TOMBSTONE_LIFE = timedelta(days=365)


def expire_report(
    pending: PendingTask, *, outbox: Outbox, reports: Reports, bucket: "MediaBucket", now: datetime
) -> None:
    """Delete a report whose time has come.

    Under a legal hold it is postponed to the hold's end. Raises Unavailable: to be repeated.
    """
    report = pending.report
    if report.held_until and report.held_until > now:
        outbox.complete(pending, then=OutboxTask(TaskKind.EXPIRE, report.held_until))
        return
    try:
        reports.mark_expiring(pending)
    except ConditionFailed:
        return  # reopened, or held, at this moment: the next sweep looks again
    bucket.delete_all(f"originals/{report.id}/")
    bucket.delete_all(f"derived/{report.id}/")
    reports.bury(report.id, now=now, until=now + TOMBSTONE_LIFE)
    log.info("report_expired")
