"""The sweep: every minute, whatever is overdue, oldest first, each item by itself."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.outbox import TaskKind
from chalicelib.services.notifications import Publisher, publish_pending
from chalicelib.store.table import Row

log = logging.getLogger(__name__)

_NOTIFYING = (TaskKind.NOTIFY, TaskKind.ESCALATE)

Work = Callable[[Row, datetime], None]


def sweep(
    *,
    publisher: Publisher,
    work: Mapping[str, Work],
    now: datetime,
    time_is_left: Callable[[], bool],
) -> dict[str, int]:
    """Do what is overdue at `now`. What is to be told is told here; every other task is done by
    `work`, by its kind.

    Answers how much was due, how long the oldest of it has been (`oldest_task_s`, which an alarm
    watches), and how much failed: it stays due, and is tried again. Goes on until there is no more,
    or `time_is_left` says no.
    """
    outbox = publisher.outbox
    due, failed, oldest = 0, 0, now
    for page in outbox.overdue(now):
        notices: list[tuple[str, str]] = []
        for pk, sk in page:
            try:
                row = outbox.read(pk, sk)
                if row is None or "task" not in row or times.parse(row["due_at"]) > now:
                    continue  # done meanwhile; the index is a moment behind
                due += 1
                oldest = min(oldest, times.parse(row["due_at"]))
                if row["task"] in _NOTIFYING:
                    notices.append((pk, sk))
                else:
                    work[row["task"]](row, now)
            except Exception as error:  # one bad item must not hold up the others
                failed += 1
                log.warning("task_failed", extra={"error": type(error).__name__})
        failed += (
            len(publish_pending(notices, publisher=publisher, now=now, swept=True))
            if notices
            else 0
        )
        if not time_is_left():
            log.warning("sweep_unfinished")
            break
    return {"due": due, "oldest_task_s": int((now - oldest).total_seconds()), "failed": failed}
