"""Seals of the audit: write them to the locked bucket, and check the audit against them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from chalicelib.domain import times
from chalicelib.domain.seals import (
    HOUR,
    Batch,
    Digest,
    SealedRow,
    hour_after,
    hour_of,
    sha256,
    start_of,
)
from chalicelib.store.audit import KEPT
from chalicelib.store.seals import Seals

log = logging.getLogger(__name__)

# An hour has all of its batches after this: no function that writes one runs longer.
_SETTLED_AFTER = timedelta(minutes=5)
# After an outage, one run writes at most this many missing digests.
_HOURS_AT_ONCE = 200
_ROWS_AT_ONCE = 100

Row = Mapping[str, Any]


def seal_rows(
    first_sequence: str, rows: Sequence[SealedRow], *, seals: Seals, now: datetime
) -> None:
    """Write the batch that seals new audit rows. Repeated with the same rows, change nothing."""
    if rows:
        seals.put_batch(hour_of(now), Batch.of(first_sequence, rows))


def write_digests(*, seals: Seals, now: datetime) -> int:
    """Write the missing digest of every past hour, also of an hour without batches.

    Return the number written.
    """
    last = _last_digest(seals, now)
    hour = hour_after(last) if last else seals.first_hour()
    previous = seals.digest(last) if last else None
    written = 0
    while hour and start_of(hour) + HOUR + _SETTLED_AFTER <= now and written < _HOURS_AT_ONCE:
        content = Digest.of(hour, seals.batches(hour), previous).content()
        if not seals.put_digest(hour, content):
            break  # Another run is writing them.
        previous, hour, written = content, hour_after(hour), written + 1
    return written


def _last_digest(seals: Seals, now: datetime) -> str | None:
    """Return the hour of the last digest, or None.

    All digests are listed only when the last month has none.
    """
    recent = max(seals.digested_hours(hour_of(now - timedelta(days=31))), default=None)
    return recent or max(seals.digested_hours(), default=None)


def verify(
    *,
    seals: Seals,
    read: Callable[[Sequence[tuple[str, str]]], Iterable[Row]],
    is_verified: Callable[[Row], bool],
    now: datetime,
) -> Iterator[str]:
    """Yield a sentence for each fault of the audit, oldest first.

    `read` returns the existing rows with these keys (pk, sk). A row that is older than two years
    may be missing, because DynamoDB has deleted it.
    """
    expected: str | None = None
    previous: bytes | None = None
    for hour in seals.digested_hours():
        if expected and hour != expected:
            yield f"The digest of {expected} is missing."
            previous = None
        content = seals.digest(hour)
        if content is None:
            yield f"The digest of {hour} is missing."
            expected, previous = hour_after(hour), None
            continue
        digest = Digest.model_validate_json(content)
        if (
            digest.previous != (sha256(previous) if previous is not None else None)
            or digest.hour != hour
        ):
            yield f"The digest of {hour} does not follow the one before it."
        if digest != Digest.of(hour, digest.batches, previous).model_copy(
            update={"previous": digest.previous}
        ):
            yield f"The digest of {hour} does not add up."
        for name in sorted({*digest.batches, *seals.batches(hour)}):
            if name not in digest.batches:
                yield f"Batch {name} of {hour} is in no digest."
            yield from _verify_batch(hour, name, seals, read, is_verified, now)
        expected, previous = hour_after(hour), content
    due = seals.first_hour() if expected is None else expected
    if due and start_of(due) + 3 * HOUR < now:
        yield f"The digest of {due} is overdue: is `digest_audit` running?"


def _verify_batch(
    hour: str,
    name: str,
    seals: Seals,
    read: Callable[[Sequence[tuple[str, str]]], Iterable[Row]],
    is_verified: Callable[[Row], bool],
    now: datetime,
) -> Iterator[str]:
    batch = seals.batch(hour, name)
    sealed = batch.rows() if batch else None
    if sealed is None:
        yield f"Batch {name} of {hour} is {'altered' if batch else 'missing'}."
        return
    for some in batched(sealed, _ROWS_AT_ONCE):
        existing = {
            (row["pk"], row["sk"]): row
            for row in read(list(dict.fromkeys((row.pk, row.sk) for row in some)))
        }
        for each in some:
            row = existing.get((each.pk, each.sk))
            if row is None:
                if times.parse(each.sk.partition("#")[0]) + KEPT > now:
                    yield f"Row {each.pk} / {each.sk} is missing."
            elif row.get("mac") != each.mac or not is_verified(row):
                yield f"Row {each.pk} / {each.sk} is altered."
