"""Seal the audit: write its seals to the locked bucket."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.audit.seals import (
    HOUR,
    Batch,
    Digest,
    SealedRow,
    hour_after,
    hour_of,
    start_of,
)
from chalicelib.store.audit.seals import Seals

# An hour has all of its batches after this: no function that writes one runs longer.
SETTLED_AFTER = timedelta(minutes=5)
# A row is in a batch after this.
SEALED_WITHIN = 3 * SETTLED_AFTER
# An hour is closed by a run each hour, so within this after its start; a run takes minutes.
CLOSED_WITHIN = 2 * HOUR + 3 * SETTLED_AFTER
# After an outage, one run writes at most this many missing digests.
_HOURS_AT_ONCE = 200


def seal_rows(
    first_sequence: str, rows: Sequence[SealedRow], *, seals: Seals, now: datetime
) -> None:
    """Write the batch that seals new audit rows. Repeated with the same rows, change nothing."""
    if rows:
        seals.put_batch(hour_of(now), Batch.of(first_sequence, rows))


def write_digests(*, seals: Seals, sign: Callable[[bytes], bytes], now: datetime) -> int:
    """Write the missing digest of every past hour, also of an hour without batches.

    Each is signed before it is written. So when `sign` raises, there is no digest without a
    signature, and the next run goes on from here. Return the number written.
    """
    last = last_settled(seals.digested_hours, now)
    hour = hour_after(last) if last else seals.first_hour()
    previous = seals.digest(last) if last else None
    written = 0
    while hour and is_settled(hour, now) and written < _HOURS_AT_ONCE:
        content = Digest.of(hour, seals.batches(hour), previous).signed(sign).content()
        if not seals.put_digest(hour, content):
            break  # Another run is writing them.
        previous, hour, written = content, hour_after(hour), written + 1
    return written


def is_settled(hour: str, now: datetime) -> bool:
    """Return whether an hour has all of its batches, and nearly all of its leaves."""
    return start_of(hour) + HOUR + SETTLED_AFTER <= now


def last_settled(hours: Callable[[str | None], Iterable[str]], now: datetime) -> str | None:
    """Return the last hour that is written; None when there is none. `hours` yields those after an
    hour (None: all).

    All are listed only when the last month has none. What is named for an hour that is not over is
    not ours: nothing would ever follow it.
    """

    def last(after: str | None) -> str | None:
        return max((hour for hour in hours(after) if is_settled(hour, now)), default=None)

    return last(hour_of(now - timedelta(days=31))) or last(None)
