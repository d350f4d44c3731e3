"""The sweep: do every overdue task, once a minute."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from chalicelib import errors
from chalicelib.services.notifications import ASSIGNMENTS, Publisher
from chalicelib.store.keys import Key
from chalicelib.store.outbox import Assignment, Outbox, PendingTask

log = logging.getLogger(__name__)

type Work = Callable[[PendingTask, Outbox, datetime], None]


def sweep(
    outboxes: Sequence[Outbox],
    *,
    publisher: Publisher,
    work: Mapping[Assignment, Work],
    now: datetime,
    time_is_left: Callable[[], bool],
) -> dict[str, int]:
    """Do the tasks that are due at `now`: notices by `publisher`, all others by `work`.

    Continue until no task is due, or until `time_is_left` returns False. A task that fails stays
    due for the next sweep.

    Return the number of `due` tasks, the number of `failed` ones, and `oldest_task_s`: how many
    seconds the oldest was overdue, which an alarm watches. Raises Unavailable when an outbox cannot
    be read.
    """
    due, failed, oldest = 0, 0, now
    for outbox, page in _pages(outboxes, now):
        notices: list[Key] = []
        for key in page:
            try:
                pending = outbox.read(key)
                if pending is None or pending.task.due_at > now:
                    continue  # It was completed; the index is updated a moment later.
                due += 1
                oldest = min(oldest, pending.task.due_at)
                if pending.assignment in ASSIGNMENTS:
                    notices.append(key)
                else:
                    work[pending.assignment](pending, outbox, now)
            except Exception as error:
                # One bad row must not block the others.
                failed += 1
                log.warning("task_failed", extra={"error": type(error).__name__})
        if notices:
            failed += len(publisher.publish(notices, now=now, swept=True))
        if not time_is_left():
            log.warning("sweep_unfinished")
            break
    return {"due": due, "oldest_task_s": int((now - oldest).total_seconds()), "failed": failed}


def _pages(outboxes: Sequence[Outbox], now: datetime) -> Iterator[tuple[Outbox, list[Key]]]:
    """Yield a page of each outbox in turn, so that none waits for the backlog of another.

    Raises Unavailable for an outbox that cannot be read, after the others are read to the end.
    """
    reading = {outbox: outbox.overdue(now) for outbox in outboxes}
    fault: errors.Unavailable | None = None
    while reading:
        for outbox, pages in list(reading.items()):
            try:
                page = next(pages, None)
            except errors.Unavailable as error:
                page, fault = None, error
            if page is None:
                del reading[outbox]
            else:
                yield outbox, page
    if fault:
        raise fault
