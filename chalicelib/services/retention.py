"""The end of a report: objects in all their versions first, then rows; a tombstone stays.

Each step can be repeated, and the task to expire stays until the last one is done.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import times
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.store.outbox import Outbox
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed, Row

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects

log = logging.getLogger(__name__)

TOMBSTONE_LIFE = timedelta(days=365)


def expire_report(
    row: Row, now: datetime, *, outbox: Outbox, reports: Reports, objects: "Objects"
) -> None:
    """Delete a report that is due (`row` is its HEAD, read with the task).

    Under a legal hold it is put off to the hold's end. Raises Unavailable: to be repeated.
    """
    held_until = row.get("held_until")
    if held_until and times.parse(held_until) > now:
        outbox.complete(row, then=OutboxTask(TaskKind.EXPIRE, times.parse(held_until)))
        return
    report_id = row["id"]
    try:
        reports.mark_expiring(Head(row))
    except ConditionFailed:
        return  # reopened, or held, at this moment: the next sweep looks again
    objects.delete_all(f"originals/{report_id}/")
    objects.delete_all(f"derived/{report_id}/")
    reports.bury(report_id, now=now, until=now + TOMBSTONE_LIFE)
    log.info("report_expired")
