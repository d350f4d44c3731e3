"""Close the hours of the ledger: each with a signed head over all leaves, once.

docs/adr/0063 describes how a long hour is closed in little memory, and in several runs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from heapq import merge
from itertools import dropwhile, islice
from typing import NamedTuple

from chalicelib.aws.kms import SigningKey
from chalicelib.aws.locked_objects import UploadLost
from chalicelib.aws.table import ConditionFailed
from chalicelib.domain.audit.ledger import Head, Tree, padded, padded_share, padded_shares
from chalicelib.domain.audit.seals import HOUR, hour_after, hour_of, sha256, start_of
from chalicelib.kernel import errors
from chalicelib.services.audit.seals import SETTLED_AFTER, is_settled, last_settled
from chalicelib.store.audit.ledger import LeafRows, Progress
from chalicelib.store.audit.seals import ClosedHour, LedgerHeads, Seals

# A leaf that was written later joins a later hour: the rows of so many earlier hours are read
# again. No function runs for longer than a quarter of an hour.
LATE_HOURS = 3
_HOURS_BEFORE_THE_FIRST_RUN = 48
# After an outage, one run closes at most this many hours.
_HOURS_AT_ONCE = 200
# How often it is saved how far the leaves of a long hour are counted: after so many first bytes.
_COUNTED_AT_ONCE = 16


class Sizes(NamedTuple):
    """What is in memory at once: rows, of an hour that is not long, and bytes of leaves that are
    written in one part of a long one.
    """

    rows: int = 1 << 17
    part: int = 6 << 20


_SIZES = Sizes()


def close_hours(
    *,
    rows: LeafRows,
    heads: LedgerHeads,
    seals: Seals,
    key: SigningKey,
    now: datetime,
    sizes: Sizes = _SIZES,
) -> int:
    """Close every hour of the ledger that is over. Return how many were closed.

    The first hour is the first with a leaf, or the one before the first run. The digest of the
    audit for an hour must be written before: its hash is in the head. Two runs at once close each
    hour once. Raises Unavailable; a later run then continues, also within a long hour.
    """
    last = last_hour(heads, now)
    hour = hour_after(last) if last else _first_hour(rows, now)
    earlier = heads.closed(_hours_before(hour))
    audit_since = seals.first_hour()

    @lru_cache(LATE_HOURS + 1)
    def few(hour: str) -> list[bytes]:
        # What comes in while this run goes on is found by a later run.
        return list(islice(rows.leaves(hour), sizes.rows + 1))

    closed = 0
    while is_settled(hour, now) and closed < _HOURS_AT_ONCE:
        digest = seals.digest(hour)
        if digest is None and audit_since and audit_since <= hour:
            break  # It will be written by a later run.
        audit = sha256(digest) if digest is not None else None
        done = _Closing(hour, audit, earlier, rows, heads, key).close(few, sizes)
        if done is None:
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
    return next((hour for hour in earlier if any(rows.leaves(hour))), hour_of(latest))


def _hours_before(hour: str) -> list[str]:
    start = start_of(hour)
    return [hour_of(start - HOUR * back) for back in range(LATE_HOURS, 0, -1)]


class _Closing(NamedTuple):
    """An hour to close, after the closed ones before it."""

    hour: str
    audit: str | None
    earlier: Sequence[ClosedHour]
    rows: LeafRows
    heads: LedgerHeads
    key: SigningKey

    def close(self, few: Callable[[str], list[bytes]], sizes: Sizes) -> ClosedHour | None:
        """Close the hour, and return it; None when another run closes it. `few` returns the leaves
        of an hour, unless there are more than may be in memory.
        """
        found = [few(each) for each in self._hours()]
        if sum(map(len, found)) > sizes.rows:
            return self._close_long(sizes.part)
        known = merge(*(each.leaves for each in self.earlier))
        real = list(_difference(merge(*found), known))
        self.heads.put_events(self.hour, len(real))
        leaves = padded(real)
        closed = self._signed(Tree().extend(leaves))._replace(leaves=leaves)
        return closed if self.heads.put_hour(closed) else None

    def _close_long(self, part: int) -> ClosedHour | None:
        """Close the hour in two passes over its leaves: one counts them, the other writes them."""
        try:
            counted = self._counted(self.rows.progress(self.hour) or Progress(self.hour))
            return self._written(counted, part)
        except ConditionFailed:
            return None
        except UploadLost as error:
            if self.heads.hour(self.hour):
                return None
            # It waited for too long, or two runs wrote the same part.
            lost = self.rows.progress(self.hour)
            self.rows.save(Progress(self.hour, lost.version if lost else 0))
            raise errors.Unavailable from error

    def _counted(self, progress: Progress) -> Progress:
        """Count the leaves, and draw the number of random ones."""
        if progress.upload.id:
            return progress
        for first, leaves in self._shares(len(progress.counts)):
            progress = progress._replace(counts=(*progress.counts, len(leaves)))
            if first % _COUNTED_AT_ONCE == 0:
                progress = self.rows.save(progress)
        self.heads.put_events(self.hour, sum(progress.counts))
        upload = self.heads.begin_hour(self.hour)
        return self.rows.save(
            progress._replace(counts=tuple(padded_shares(progress.counts)), upload=upload)
        )

    def _written(self, progress: Progress, part: int) -> ClosedHour | None:
        """Write the leaves and the head. Return the hour; None when another run closed it."""
        tree = Tree(progress.nodes, sum(progress.counts[: progress.begin]))
        waiting = progress.rest
        for first, found in self._shares(progress.begin):
            leaves = padded_share(found, first, progress.counts[first])
            tree.extend(leaves)
            waiting = b"".join((waiting, *leaves))
            if len(waiting) >= part and first < len(progress.counts) - 1:
                # Parts join in base64 when three bytes are four letters in each.
                end = len(waiting) - len(waiting) % 3
                upload = self.heads.put_leaves(self.hour, progress.upload, waiting[:end])
                waiting = waiting[end:]
                progress = self.rows.save(
                    progress._replace(
                        upload=upload, begin=first + 1, nodes=tuple(tree.nodes), rest=waiting
                    )
                )
        if not self.heads.complete_hour(self._signed(tree), progress.upload, waiting):
            return None
        return next(iter(self.heads.closed([self.hour])), None)

    def _signed(self, tree: Tree) -> ClosedHour:
        previous = self.earlier[-1].head.hash if self.earlier else None
        head = Head(self.hour, tree.size, tree.root.hex(), previous, self.audit)
        return ClosedHour(head, self.key.sign(head.signed), self.key.public_key())

    def _hours(self) -> list[str]:
        """Return the hours whose leaves may belong to this one."""
        return [*_hours_before(self.hour), self.hour]

    def _shares(self, begin: int) -> Iterator[tuple[int, list[bytes]]]:
        """Yield each first byte from `begin` on, with the leaves of the hour that have it."""
        found = merge(*(self.rows.leaves(each, begin) for each in self._hours()))
        known = merge(*(each.leaves for each in self.earlier))
        leaves = _difference(found, dropwhile(lambda leaf: leaf[0] < begin, known))
        leaf = next(leaves, None)
        for first in range(begin, 256):
            share = []
            while leaf and leaf[0] == first:
                share.append(leaf)
                leaf = next(leaves, None)
            yield first, share


def _difference(found: Iterable[bytes], known: Iterator[bytes]) -> Iterator[bytes]:
    """Yield each leaf once that is found and not known. Both are sorted, and so is the result."""
    last, other = b"", next(known, b"")
    for leaf in found:
        while other and other < leaf:
            other = next(known, b"")
        if leaf not in (last, other):
            yield leaf
        last = leaf
