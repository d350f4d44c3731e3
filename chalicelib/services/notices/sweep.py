"""The sweeps: once a minute, each lane does due tasks or hands them on."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys as rows
from chalicelib.aws.keys import Key
from chalicelib.aws.queues import EventsQueue, UpkeepQueue
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import Lane
from chalicelib.services.notices.notifications import Publisher
from chalicelib.store.reports.outbox import Assignment, DueTask, Outbox, PendingTask

log = logging.getLogger(__name__)

type Work = Callable[[PendingTask, Outbox, datetime], None]

# What one sweep hands on at the most. The rest stays due; the next sweep begins with the oldest.
UPKEEP_AT_ONCE = 4000
# Of one destination and lane, and of what is sent to or asked of one agency.
EVENTS_AT_ONCE, ERRANDS_AT_ONCE = 1000, 100


class Swept(NamedTuple):
    """The figures that alarms watch: how many tasks were `due` and how many `failed`, and how many
    seconds the oldest was overdue.
    """

    due: int
    failed: int
    oldest_task_s: int


def sweep_notices(
    lane: Lane,
    outbox: Outbox,
    *,
    publisher: Publisher,
    now: datetime,
    time_is_left: Callable[[], bool],
) -> Swept:
    """Publish the due notices and digests of a lane, also those that the stream did not deliver.

    Continue until none is due, or until `time_is_left` returns False. What fails stays due for the
    next sweep. Raises Unavailable when the outbox cannot be read.
    """
    due, failed, oldest = 0, 0, now
    fault: errors.Unavailable | None = None
    for page in outbox.overdue(lane, now):
        try:
            published = publisher.publish(
                [task.key for task in page], lanes=(lane,), now=now, swept=True
            )
        except errors.Unavailable as error:
            # The other pages may be readable.
            fault = error
            continue
        due += published.due
        failed += len(published.retry)
        oldest = min(oldest, published.oldest or now)
        if not time_is_left():
            log.warning("sweep_unfinished")
            break
    if fault:
        raise fault
    return Swept(due, failed, int((now - oldest).total_seconds()))


def sweep_upkeep(
    outboxes: Mapping[str, Outbox],
    *,
    queue: UpkeepQueue,
    now: datetime,
    time_is_left: Callable[[], bool],
) -> Swept:
    """Send the due tasks of the lane `upkeep` to the queue, each with the name of its outbox.

    Nothing is sent while messages wait in the queue: a task that is still due would be sent again
    each minute. Raises Unavailable when the queue fails, or an outbox cannot be read.
    """
    sent, oldest = 0, now
    idle = queue.is_idle()
    for name, page in _pages(outboxes, now):
        oldest = min([oldest, *(task.due_at for task in page if task.due_at)])
        if not idle:
            log.info("upkeep_busy")
            break
        queue.send(name, [task.key for task in page])
        sent += len(page)
        if sent >= UPKEEP_AT_ONCE or not time_is_left():
            log.warning("sweep_unfinished")
            break
    return Swept(sent, 0, int((now - oldest).total_seconds()))


def sweep_events(
    outbox: Outbox, *, queue: EventsQueue, now: datetime, time_is_left: Callable[[], bool]
) -> int:
    """Send the keys of due deliveries to the queue, critical ones first, and return how many.

    Each is sent in the group of its destination and lane, of which SQS gives out one message at a
    time. What is in the queue already SQS takes once. Raises Unavailable.
    """
    sent = 0
    for lane in (Lane.CRITICAL_EVENTS, Lane.EVENTS):
        due: dict[str, list[DueTask]] = defaultdict(list)
        for page in outbox.overdue(lane, now):
            for task in page:
                due[task.key[0]].append(task)
            if not time_is_left():
                log.warning("sweep_unfinished")
                break
        for destination, tasks in due.items():
            is_agency = destination.startswith(rows.agency(""))
            most = ERRANDS_AT_ONCE if is_agency else EVENTS_AT_ONCE
            first = sorted(tasks, key=lambda task: task.key)[:most]
            queue.send(f"{destination}/{lane}", [(task.key, task.due_at) for task in first])
            sent += len(first)
    return sent


def do_upkeep(
    outbox: Outbox, keys: Sequence[Key], *, work: Mapping[Assignment, Work], now: datetime
) -> int:
    """Do the tasks of these rows that are still due at `now`, by `work`.

    A task that fails stays due, and a later sweep sends it again. Return how many failed.
    """
    failed = 0
    for key in keys:
        try:
            pending = outbox.read(key)
            if pending and pending.task.due_at <= now and pending.task.lane is Lane.UPKEEP:
                work[pending.assignment](pending, outbox, now)
        except Exception as error:
            # One bad row must not block the others.
            failed += 1
            log.warning("task_failed", extra={"error": type(error).__name__})
    return failed


def _pages(outboxes: Mapping[str, Outbox], now: datetime) -> Iterator[tuple[str, list[DueTask]]]:
    """Yield a page of each outbox in turn, so that none waits for the backlog of another.

    Raises Unavailable for an outbox that cannot be read, after the others are read to the end.
    """
    reading = {name: outbox.overdue(Lane.UPKEEP, now) for name, outbox in outboxes.items()}
    fault: errors.Unavailable | None = None
    while reading:
        for name, pages in list(reading.items()):
            try:
                page = next(pages, None)
            except errors.Unavailable as error:
                page, fault = None, error
            if page is None:
                del reading[name]
            elif page:
                yield name, page
    if fault:
        raise fault
