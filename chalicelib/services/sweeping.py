"""The sweep: every minute, whatever is overdue, oldest first, each item by itself."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import times
from chalicelib.domain.duties import DutyKind
from chalicelib.notify.topic import Topic
from chalicelib.services.noticing import publish_owed
from chalicelib.services.reconciling import reconcile_upload
from chalicelib.store.duties import Duties
from chalicelib.store.reports import Reports
from chalicelib.store.table import Row

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)

_PER_SHARD = 100
_NOTICES_AT_ONCE = 100


def sweep(
    *, duties: Duties, reports: Reports, objects: "Objects", uploads: "UploadsQueue", topic: Topic, public_url: str, now: datetime
) -> dict[str, int]:
    """Do what is overdue at `now`; answers how much was due, how long the oldest of it has been (`oldest_duty_s`, which an alarm watches),
    and how much failed (it stays due, and is tried again).
    """
    due = duties.overdue(now, limit=_PER_SHARD)
    notices: list[tuple[str, str]] = []
    failed, oldest = 0, now
    work: dict[str, Callable[[Row], None]] = {
        DutyKind.RECONCILE: lambda row: reconcile_upload(row, duties=duties, reports=reports, objects=objects, uploads=uploads, now=now),
    }
    for pk, sk in due:
        try:
            row = duties.read(pk, sk)
            if row is None or "duty" not in row:
                continue  # done meanwhile; the index is a moment behind
            oldest = min(oldest, times.parse(row["due_at"]))
            if row["duty"] == DutyKind.NOTIFY:
                notices.append((pk, sk))
            elif row["duty"] in work:
                work[row["duty"]](row)
        except Exception as error:  # one bad item must not hold up the others
            failed += 1
            log.warning("duty_failed", extra={"error": type(error).__name__})
    for start in range(0, len(notices), _NOTICES_AT_ONCE):
        failed += len(publish_owed(notices[start : start + _NOTICES_AT_ONCE], duties=duties, topic=topic, public_url=public_url, now=now))
    return {"due": len(due), "oldest_duty_s": int((now - oldest).total_seconds()), "failed": failed}
