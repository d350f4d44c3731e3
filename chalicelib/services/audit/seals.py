"""Seal the audit: write its seals to the locked bucket, and close hours of the ledger."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from chalicelib.aws.kms import SigningKey
from chalicelib.domain.audit.ledger import Head, padded, root_of
from chalicelib.domain.audit.seals import (
    HOUR,
    Batch,
    Digest,
    SealedRow,
    hour_after,
    hour_of,
    sha256,
    start_of,
)
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.seals import ClosedHour, LedgerHeads, Seals

# An hour has all of its batches after this: no function that writes one runs longer.
SETTLED_AFTER = timedelta(minutes=5)
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


# A leaf that was written later joins a later hour: the rows of so many earlier hours are read
# again. No function runs for longer than a quarter of an hour.
LATE_HOURS = 3
_HOURS_BEFORE_THE_FIRST_RUN = 48
# After an outage, one run closes at most this many hours.
_HOURS_AT_ONCE = 200


def close_hours(
    *, rows: LeafRows, heads: LedgerHeads, seals: Seals, key: SigningKey, now: datetime
) -> int:
    """Close every hour of the ledger that is over. Return how many were closed.

    The first hour is the first with a leaf, or the one before the first run. The digest of the
    audit for an hour must be written before: its hash is in the head. Two runs at once close each
    hour once. Raises Unavailable; a later run then continues.
    """
    last = last_hour(heads, now)
    hour = hour_after(last) if last else _first_hour(rows, now)
    earlier = heads.closed(_hours_before(hour))
    audit_since = seals.first_hour()
    # What comes in while this run goes on is found by a later run.
    leaves_of = cache(rows.of)
    closed = 0
    while is_settled(hour, now) and closed < _HOURS_AT_ONCE:
        digest = seals.digest(hour)
        if digest is None and audit_since and audit_since <= hour:
            break  # It will be written by a later run.
        done = _close(hour, earlier, leaves_of, key, sha256(digest) if digest is not None else None)
        if not heads.put_hour(done):
            break  # Another run is closing them.
        earlier = [*earlier[1 - LATE_HOURS :], done]
        hour, closed = hour_after(hour), closed + 1
    return closed


def last_hour(heads: LedgerHeads, now: datetime) -> str | None:
    """Return the last closed hour; None when there is none."""
    return last_settled(heads.hours, now)


def _first_hour(rows: LeafRows, now: datetime) -> str:
    """Return the hour to begin with. The first run may come long after the first report."""
    latest = now - HOUR - SETTLED_AFTER
    earlier = (hour_of(latest - HOUR * back) for back in range(_HOURS_BEFORE_THE_FIRST_RUN, 0, -1))
    return next((hour for hour in earlier if rows.of(hour)), hour_of(latest))


def _hours_before(hour: str) -> list[str]:
    start = start_of(hour)
    return [hour_of(start - HOUR * back) for back in range(LATE_HOURS, 0, -1)]


def _close(
    hour: str,
    earlier: list[ClosedHour],
    leaves_of: Callable[[str], set[bytes]],
    key: SigningKey,
    audit: str | None,
) -> ClosedHour:
    found = set().union(*(leaves_of(each) for each in (*_hours_before(hour), hour)))
    leaves = padded(found.difference(*(each.leaves for each in earlier)))
    previous = earlier[-1].head.hash if earlier else None
    head = Head(hour, len(leaves), root_of(leaves).hex(), previous, audit)
    return ClosedHour(head, key.sign(head.signed), key.public_key(), tuple(leaves))
