"""Check the audit against its seals.

The owner of the account may have altered both. So only what the lock keeps, a signature covers, or
somebody outside has a copy of, counts.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import batched, chain, groupby
from secrets import token_bytes
from typing import Any, Protocol

from chalicelib.aws import keys
from chalicelib.aws.clients import AT_ONCE, at_once
from chalicelib.aws.locked_objects import StoredObject
from chalicelib.domain.audit.ledger import TOMBSTONE_LIFE
from chalicelib.domain.audit.seals import (
    HOUR,
    Digest,
    SealedRow,
    batch_key,
    hour_after,
    hour_of,
    hour_of_digest,
    place_of_batch,
    sha256,
    start_of,
)
from chalicelib.kernel import times
from chalicelib.services.audit.seals import SEALED_WITHIN
from chalicelib.store.audit.rows import KEPT, Action
from chalicelib.store.audit.seals import Seals

_ROWS_AT_ONCE = 100
# A check takes less. What is dated later is of no row that was written since it began.
_CHECKED_WITHIN = timedelta(hours=6)
# No two clocks differ by more.
_CLOCKS_DIFFER = timedelta(minutes=1)
# The digest of an hour is written in the hour after it. One run may fail.
_OVERDUE_AFTER = 3 * HOUR

Key = tuple[str, str]
Row = Mapping[str, Any]
# The rows that a batch has sealed, or why there are none.
_Sealed = list[SealedRow] | str
# An hour, its digest, and its batches by their names.
_Found = tuple[str, StoredObject | None, dict[str, StoredObject]]


class AuditRows(Protocol):
    """The rows of the audit table."""

    def read(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Return the rows with these keys (pk, sk), as many as exist."""

    def all_keys(self) -> Iterable[Key]:
        """Return the keys of all rows."""

    def is_verified(self, row: Row) -> bool:
        """Return whether the row is unchanged since it was written."""

    def unknown_reports(self, ids: Collection[str]) -> Collection[str]:
        """Return those of these reports that have neither a HEAD nor a tombstone."""


@dataclass(frozen=True)
class Witnesses:
    """The evidence that the account's owner cannot write: the public halves of the keys that signed
    digests (DER), and by hour the hash of its digest, as a published head of the ledger has it.
    """

    keys: Sequence[bytes]
    heads: Mapping[str, str] = field(default_factory=dict)


def verify(
    *,
    seals: Seals,
    rows: AuditRows,
    witnesses: Witnesses,
    now: datetime,
    counts: Counter[str] | None = None,
) -> Iterator[str]:
    """Yield a sentence for each fault of the audit: hour by hour, then what is in no hour, then the
    rows that nothing seals, then the reports that it names and that are not there.

    A row that is older than two years may be missing, because DynamoDB has deleted it. `counts`
    gets the numbers of `digests`, of `rows`, of `newer` rows, which are in no digest yet, and of
    `heads` that were compared.
    """
    check = _Check(seals, rows, witnesses, now, Counter() if counts is None else counts)
    yield from check.hours()
    yield from check.strange
    yield from check.unsealed_rows()
    yield from check.vanished_reports()


class _Check:
    def __init__(
        self,
        seals: Seals,
        rows: AuditRows,
        witnesses: Witnesses,
        now: datetime,
        counts: Counter[str],
    ) -> None:
        self._seals = seals
        self._rows = rows
        self._witnesses = witnesses
        self._now = now
        self._counts = counts
        self._heads = dict(witnesses.heads)
        # Keyed, so that nobody can choose a row that looks like one that is sealed.
        self._salt = token_bytes(16)
        self._sealed: set[bytes] = set()
        self._reports: set[str] = set()
        self.strange: list[str] = []

    def hours(self) -> Iterator[str]:
        """Yield what is wrong in each hour. Meanwhile note what is strange, and what is sealed."""
        due: str | None = None
        previous: bytes | None = None
        for hour, stored, batches in self._found():
            due = due or hour
            digest = None
            if stored:
                yield from _versions(stored)
                if due < hour:
                    yield _missing(due, hour)
                    previous = None
                content = self._seals.read(stored)
                if content is not None:
                    digest = Digest.read(content)
                    yield from self._digest(hour, digest, content, previous)
                    due, previous = hour_after(hour), content
            yield from self._batches(hour, digest, batches)
        if due and start_of(due) + _OVERDUE_AFTER < self._now:
            yield (
                f"The digest of {due} is overdue: `digest_audit` does not run, or the digests from "
                "there on were removed."
            )
        for hour in sorted(self._heads):
            yield f"The digest of {hour} is missing, and a published head has its hash."

    def unsealed_rows(self) -> Iterator[str]:
        """Yield the rows that no batch names although they are not of the last minutes."""
        for pk, sk in self._rows.all_keys():
            if self._mark(pk, sk) in self._sealed:
                continue
            at = _time_of(sk)
            soon = at and -SEALED_WITHIN <= at - self._now <= _CHECKED_WITHIN
            if not soon:
                yield f"Row {pk} / {sk} is in no batch: nothing shows when it was written."

    def vanished_reports(self) -> Iterator[str]:
        """Yield the reports that an officer has seen in the last year and that are not there. A
        deletion leaves a tombstone for longer.
        """
        self._counts["reports"] += len(self._reports)
        for some in batched(batched(sorted(self._reports), _ROWS_AT_ONCE), AT_ONCE):
            unknown = at_once(self._rows.unknown_reports, some)
            for report_id in sorted(chain.from_iterable(unknown)):
                yield (
                    f"Report {report_id} is in the audit, and neither it nor its tombstone is "
                    "there: it has vanished without a lawful end."
                )

    def _found(self) -> Iterator[_Found]:
        """Yield each hour that has anything. Both lists come by the hour, a page at a time."""
        together = heapq.merge(self._digests(), self._listed_batches(), key=_hour_of)
        for hour, parts in groupby(together, key=_hour_of):
            digest: StoredObject | None = None
            batches: dict[str, StoredObject] = {}
            for _, stored, named in parts:
                digest = digest or stored
                batches |= named
            yield hour, digest, batches

    def _digests(self) -> Iterator[_Found]:
        for each in self._seals.objects("digests/"):
            hour = hour_of_digest(each.key)
            if hour and start_of(hour) + HOUR <= self._now + _CLOCKS_DIFFER:
                yield hour, each, {}
            else:
                self.strange.append(not_ours(each))

    def _listed_batches(self) -> Iterator[_Found]:
        for each in self._seals.objects("batches/"):
            place = place_of_batch(each.key)
            if place and start_of(place[0]) <= self._now + _CLOCKS_DIFFER:
                yield place[0], None, {place[1]: each}
            else:
                self.strange.append(not_ours(each))

    def _digest(
        self, hour: str, digest: Digest | None, content: bytes, previous: bytes | None
    ) -> Iterator[str]:
        self._counts["digests"] += 1
        published = self._heads.pop(hour, None)
        self._counts["heads"] += published is not None
        if published and published != sha256(content):
            yield f"The digest of {hour} is not the one whose hash a published head has."
        if digest is None:
            yield f"The digest of {hour} is altered: no digest has this form."
            return
        if not any(digest.is_signed_by(key) for key in self._witnesses.keys):
            yield f"The digest of {hour} is not signed with the key of the audit."
        before = sha256(previous) if previous is not None else None
        if digest.previous != before or digest.hour != hour:
            yield f"The digest of {hour} does not follow the one before it."
        if not digest.adds_up():
            yield f"The digest of {hour} does not add up."

    def _batches(
        self, hour: str, digest: Digest | None, found: Mapping[str, StoredObject]
    ) -> Iterator[str]:
        for stored in found.values():
            yield from _versions(stored)
        digested = set(digest.batches) if digest else set()
        for some in batched(sorted({*digested, *found}), AT_ONCE):
            objects = {n: found.get(n) or StoredObject(batch_key(hour, n)) for n in some}
            read = at_once(self._read, objects.values())
            for (name, each), (sealed, rows) in zip(objects.items(), read, strict=True):
                if digest and name not in digested:
                    yield f"Batch {name} of {hour} is in no digest."
                yield from self._batch(each, sealed, rows, "rows" if digest else "newer")

    def _read(self, stored: StoredObject) -> tuple[_Sealed, Mapping[Key, Row]]:
        """Return the rows of a batch as they were sealed and, by their keys, as they are now."""
        batch = self._seals.batch(stored)
        sealed = batch.rows() if batch else None
        if sealed is None:
            return "altered" if batch else "missing", {}
        return sealed, self._rows.read({(row.pk, row.sk) for row in sealed})

    def _batch(
        self, stored: StoredObject, sealed: _Sealed, rows: Mapping[Key, Row], counted: str
    ) -> Iterator[str]:
        if isinstance(sealed, str):
            yield f"{_named(stored.key)} is {sealed}."
            return
        self._counts[counted] += len(sealed)
        self._sealed.update(self._mark(row.pk, row.sk) for row in sealed)
        for each in sealed:
            yield from self._row(each, rows.get((each.pk, each.sk)))

    def _row(self, sealed: SealedRow, row: Row | None) -> Iterator[str]:
        if row is None:
            at = _time_of(sealed.sk)
            if at is None or at + KEPT > self._now:
                yield f"Row {sealed.pk} / {sealed.sk} is missing."
        elif row.get("mac") != sealed.mac or not self._rows.is_verified(row):
            yield f"Row {sealed.pk} / {sealed.sk} is altered."
        else:
            self._note_report(sealed, row)

    def _note_report(self, sealed: SealedRow, row: Row) -> None:
        """Note a report that was there when the row was written. A denial can be about a report
        that is deleted.
        """
        report_id = keys.report_id((sealed.pk, keys.HEAD))
        at = _time_of(sealed.sk)
        if report_id and at and at + TOMBSTONE_LIFE > self._now and row["action"] != Action.DENIED:
            self._reports.add(report_id)

    def _mark(self, pk: str, sk: str) -> bytes:
        return blake2b(f"{pk}\0{sk}".encode(), key=self._salt, digest_size=12).digest()


def _hour_of(found: _Found) -> str:
    return found[0]


def _versions(stored: StoredObject) -> Iterator[str]:
    name = _named(stored.key)
    if stored.versions > 1:
        yield f"{name} has {stored.versions} versions: somebody wrote over it. The oldest counts."
    if stored.markers:
        yield f"{name} has a delete marker: somebody tried to hide it."


def _named(key: str) -> str:
    if place := place_of_batch(key):
        return f"Batch {place[1]} of {place[0]}"
    hour = hour_of_digest(key)
    return f"The digest of {hour}" if hour else f"The object {key!r}"


def not_ours(stored: StoredObject) -> str:
    """Return the text for an object of another form, or one that was written too early."""
    return f"The object {stored.key!r} is not ours: somebody else wrote to the audit's bucket."


def _missing(begin: str, end: str) -> str:
    """Return the text for digests that are missing from `begin` until before `end`."""
    last = hour_of(start_of(end) - HOUR)
    if begin == last:
        return f"The digest of {begin} is missing."
    return f"The digests of {begin} to {last} are missing."


def _time_of(sk: str) -> datetime | None:
    """Return when a row says that it was written; None for a sort key that no row has."""
    try:
        return times.parse(sk.partition("#")[0])
    except ValueError:
        return None
