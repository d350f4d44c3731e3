"""The hours of the ledger: close each one that is over with a signed head."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from chalicelib.domain.ledger import Head, padded, root_of
from chalicelib.domain.seals import HOUR, hour_after, hour_of, sha256, start_of
from chalicelib.services.audit_seals import SETTLED_AFTER, is_settled, last_settled
from chalicelib.store.ledger import LeafRows
from chalicelib.store.ledger_heads import ClosedHour, LedgerHeads
from chalicelib.store.seals import Seals
from chalicelib.store.signing_key import SigningKey

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
