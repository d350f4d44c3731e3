"""The sweep: every minute, whatever is overdue, oldest first, each item by itself."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.duties import DutyKind
from chalicelib.services.noticing import Publisher, publish_owed
from chalicelib.store.table import Row

log = logging.getLogger(__name__)

_TELLING = (DutyKind.NOTIFY, DutyKind.ESCALATE)

Work = Callable[[Row, datetime], None]


def sweep(
    *,
    publisher: Publisher,
    work: Mapping[str, Work],
    now: datetime,
    time_is_left: Callable[[], bool],
) -> dict[str, int]:
    """Do what is overdue at `now`. What is to be told is told here; every other duty is done by
    `work`, by its kind.

    Answers how much was due, how long the oldest of it has been (`oldest_duty_s`, which an alarm
    watches), and how much failed: it stays due, and is tried again. Goes on until there is no more,
    or `time_is_left` says no.
    """
    duties = publisher.duties
    due, failed, oldest = 0, 0, now
    for page in duties.overdue(now):
        notices: list[tuple[str, str]] = []
        for pk, sk in page:
            try:
                row = duties.read(pk, sk)
                if row is None or "duty" not in row or times.parse(row["due_at"]) > now:
                    continue  # done meanwhile; the index is a moment behind
                due += 1
                oldest = min(oldest, times.parse(row["due_at"]))
                if row["duty"] in _TELLING:
                    notices.append((pk, sk))
                else:
                    work[row["duty"]](row, now)
            except Exception as error:  # one bad item must not hold up the others
                failed += 1
                log.warning("duty_failed", extra={"error": type(error).__name__})
        failed += (
            len(publish_owed(notices, publisher=publisher, now=now, swept=True)) if notices else 0
        )
        if not time_is_left():
            log.warning("sweep_unfinished")
            break
    return {"due": due, "oldest_duty_s": int((now - oldest).total_seconds()), "failed": failed}
