"""What the system owes, and when: a transactional outbox whose entries have a due time.

A task is written with the item that causes it, in the same write, and struck off by a conditional
update when it is done. So it is never lost; the oldest one still there is the health of the system.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHARDS = 4

# The stream tells at once; the sweep waits this long, so that the two do not race.
NOTICE_PATIENCE = timedelta(minutes=1)
# An upload's S3 event may be late or lost: look for the object itself after this long …
UPLOAD_CHECK = timedelta(minutes=10)
# … and give it up after this.
UPLOAD_PATIENCE = timedelta(hours=24)
# When one medium has its verdict, how long to wait for the others before officers are told.
MEDIA_PATIENCE = timedelta(seconds=60)
# A critical report that nobody has acknowledged by then is told again, more widely.
ACKNOWLEDGE_WITHIN = timedelta(minutes=5)


class TaskKind(StrEnum):
    NOTIFY = "notify"
    ESCALATE = "escalate"
    RECONCILE = "reconcile"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class OutboxTask:
    """One thing pending at a time. `not_before`: told by the sweep only, from then on; the stream
    leaves it alone until it has come.
    """

    kind: TaskKind
    due_at: datetime
    not_before: datetime | None = None


def notify(now: datetime) -> OutboxTask:
    return OutboxTask(TaskKind.NOTIFY, now + NOTICE_PATIENCE)


def notify_later(now: datetime, patience: timedelta) -> OutboxTask:
    return OutboxTask(TaskKind.NOTIFY, now + patience, not_before=now + patience)


def shard_of(key: str, shards: int) -> int:
    """Spread `key` evenly over `shards`; the same in every process and release."""
    return zlib.crc32(key.encode()) % shards
