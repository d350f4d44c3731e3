"""The outbox: tasks that the system must do, each by its due time.

A task is written with the item that causes it, in the same write, and completed by a conditional
update. So no task is lost, and the age of the oldest one shows the health of the system.
"""

import zlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

SHARDS = 4

# The stream notifies at once; the sweep waits this long, so that the two do not race.
NOTICE_PATIENCE = timedelta(minutes=1)
# An upload's S3 event may be late or lost: look for the object itself after this long,
UPLOAD_CHECK = timedelta(minutes=10)
# and give up after this, if nothing came.
UPLOAD_PATIENCE = timedelta(hours=24)
# What came is tried again until it has a result, with pauses up to this. The alarm
# DelayedMediaAlarm looks back a day, so it lasts while anything waits.
LONGEST_PAUSE = timedelta(hours=12)
# After a verdict no grant is signed. The last one lives for 60 minutes (media.GRANT_LIFE), and an
# upload that began in time may take longer.
GRANTS_EXPIRED = timedelta(minutes=90)
# The first look removes what there is. This is longer than make_thumbnails may still run.
PURGE_AGAIN = timedelta(minutes=2)
# After a mask, when no address of an export works any more that was made before it.
FORGET_AFTER = timedelta(minutes=6)
# An index may lag, and a colleague may just have assigned a report: longer than both together.
RETURN_AGAIN = timedelta(minutes=5)
# The work on a redaction may be lost: look for its picture, and send it again, after this long.
REDACTION_CHECK = timedelta(minutes=3)
# After the verdict on one medium, how long to wait for the others before officers are notified.
MEDIA_PATIENCE = timedelta(seconds=60)
# Of the messages on one report, officers get at most one notice in this time.
MESSAGE_NOTICE_EVERY = timedelta(minutes=1)
# The clocks of two functions may differ by this much.
_CLOCKS = timedelta(seconds=0.25)
# A critical report that nobody has acknowledged by then is escalated.
ACKNOWLEDGE_WITHIN = timedelta(minutes=5)


class TaskKind(StrEnum):
    NOTIFY = "notify"
    ESCALATE = "escalate"
    OVERDUE = "overdue"
    RECONCILE = "reconcile"
    EXPIRE = "expire"
    PRUNE = "prune"
    PURGE = "purge"
    RECORD = "record"
    REDACT = "redact"
    RETURN = "return"
    PUSH = "push"
    FORGET = "forget"
    REVIEW = "review"
    DELIVER = "deliver"


# What an officer ends, or pauses, who attends to a report.
WAITING = frozenset({TaskKind.ESCALATE, TaskKind.OVERDUE})


class Lane(StrEnum):
    """The lanes of tasks: each has its own partitions, sweep and time, and waits for no other.

    `critical`: notices of critical reports, escalations, and what officers cause themselves, such
    as an approval; no flood of other reports delays them. `normal`: all other notices. `upkeep`:
    everything that is no notice. `push`: pushes to reporters' phones, which no sweep reads
    (`services/notices/pushes`). `critical_events` and `events`: what leaves to other systems, which
    may not answer.
    """

    CRITICAL = "critical"
    NORMAL = "normal"
    UPKEEP = "upkeep"
    PUSH = "push"
    CRITICAL_EVENTS = "critical_events"
    EVENTS = "events"


class OutboxTask(NamedTuple):
    """The one pending task of an item.

    `not_before`: from then on, and by the sweep only; the stream leaves it alone. What is overdue
    has it when its notice is to be in a digest, with many others.
    """

    kind: TaskKind
    due_at: datetime
    not_before: datetime | None = None
    lane: Lane = Lane.UPKEEP

    @property
    def is_gathered(self) -> bool:
        return self.kind is TaskKind.OVERDUE and self.not_before is not None

    def gathered(self) -> Self:
        """Return it with its notice in a digest, if it is of what is overdue."""
        is_overdue = self.kind is TaskKind.OVERDUE
        return self._replace(not_before=self.due_at) if is_overdue else self


def notify(now: datetime, lane: Lane = Lane.NORMAL) -> OutboxTask:
    return OutboxTask(TaskKind.NOTIFY, now + NOTICE_PATIENCE, lane=lane)


def notify_later(now: datetime, patience: timedelta, lane: Lane = Lane.NORMAL) -> OutboxTask:
    return OutboxTask(TaskKind.NOTIFY, now + patience, not_before=now + patience, lane=lane)


def escalate(due_at: datetime, lane: Lane = Lane.CRITICAL) -> OutboxTask:
    """Return the task to notify supervisors of a critical report that nobody has acknowledged."""
    return OutboxTask(TaskKind.ESCALATE, due_at, lane=lane)


def overdue(due_at: datetime, lane: Lane) -> OutboxTask:
    """Return the task to notify officers of a report that nobody has acknowledged in time."""
    return OutboxTask(TaskKind.OVERDUE, due_at, lane=lane)


def notify_of_message(
    last: datetime | None, now: datetime, lane: Lane = Lane.NORMAL
) -> OutboxTask | None:
    """Return the task to notify officers of a message; None when a pending notice includes it.

    `last` is the time of the latest notice of a message on this report, sent or pending.
    """
    if last is None or now >= last + MESSAGE_NOTICE_EVERY:
        return notify(now, lane)
    if last > now + _CLOCKS:
        return None
    return notify_later(now, last + MESSAGE_NOTICE_EVERY - now, lane)


def next_try(kind: TaskKind, now: datetime, *, first: timedelta, attempts: int) -> OutboxTask:
    """Return the task to try something again: after `first`, and twice as long each time, up to
    LONGEST_PAUSE. `attempts` were made before the one at `now`.
    """
    pause = min(first * 2 ** min(attempts, 16), LONGEST_PAUSE)
    return OutboxTask(kind, now + pause)


def shard_of(key: str, shards: int) -> int:
    """Return the shard of `key`, the same in every process and release."""
    return zlib.crc32(key.encode()) % shards
