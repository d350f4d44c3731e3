"""Pages of rows from sharded indexes, newest first.

The shards are queried in parallel and merged. A shard whose rows are used up is queried again. The
cost of a page does not depend on the number of rows in the table.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

from chalicelib.store.table import Row, Table

# How many times the rows of its first queries a page may ask for later. A page whose filter rejects
# many rows may therefore be short. As each query of a shard asks for twice the rows of the one
# before, this also limits later queries: to two for each shard on average.
_FURTHER = 6
_AT_ONCE = 8
# How many rows each query for the oldest reads, in a partition. Nearly always the first finds it.
_LOOKS = (10, 90, *[500] * 8)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `position` is the sort key below which the next page begins, or None."""

    rows: tuple[Row, ...]
    position: str | None


@dataclass(slots=True)
class _Shard:
    partition: str
    below: str | None
    size: int
    rows: deque[Row] = field(default_factory=deque)
    more: bool = True


class Listing:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="listing")

    def page(
        self,
        index: tuple[str, str, str],
        partitions: Sequence[str],
        *,
        limit: int,
        below: str | None = None,
        since: str | None = None,
        keep: Callable[[Row], bool] = lambda row: True,
    ) -> Page:
        """Return at most `limit` rows that `keep` accepts, by the sort key in descending order.

        `keep` is called once for each row of the page, in that order.

        `index` is (name, partition attribute, sort attribute). The sort keys are less than `below`
        and at least `since`. Raises Unavailable when one query fails, because a page must not miss
        rows.
        """
        sort = index[2]
        size = max(2, -(-2 * limit // max(1, len(partitions))))
        shards = [_Shard(partition, below, size) for partition in partitions]
        left = _FURTHER * size * len(shards)

        def fill(shard: _Shard) -> None:
            rows, more = self._table.query(
                shard.partition, index=index, below=shard.below, forward=False, limit=shard.size
            )
            shard.size *= 2
            if rows:
                shard.below = rows[-1][sort]
            inside = [row for row in rows if since is None or row[sort] >= since]
            shard.rows.extend(inside)
            shard.more = more and len(inside) == len(rows)

        self._at_once(fill, shards)
        kept: list[Row] = []
        position = below
        while len(kept) < limit:
            empty = [shard for shard in shards if shard.more and not shard.rows]
            if empty:
                left -= sum(shard.size for shard in empty)
                if left < 0:
                    break
                self._at_once(fill, empty)
                continue
            newest = max(
                (shard for shard in shards if shard.rows),
                key=lambda shard: str(shard.rows[0][sort]),
                default=None,
            )
            if newest is None:
                return Page(tuple(kept), None)
            row = newest.rows.popleft()
            position = row[sort]
            if keep(row):
                kept.append(row)
        if not any(shard.rows or shard.more for shard in shards):
            position = None
        return Page(tuple(kept), position)

    def oldest(
        self, index: tuple[str, str, str], partitions: Sequence[str], *, keep: Callable[[Row], bool]
    ) -> Row | None:
        """Return the oldest row that `keep` accepts, or None.

        Of each partition, at most about the oldest 4,000 rows are read.
        """

        def first(partition: str) -> Row | None:
            reached: str | None = None
            for limit in _LOOKS:
                # The range includes its start, which is the last row of the page before.
                rows, more = self._table.query(
                    partition, index=index, at_least=reached, forward=True, limit=limit
                )
                found = next((row for row in rows if keep(row)), None)
                if found or not more:
                    return found
                reached = rows[-1][index[2]]
            return None

        found = [row for row in self._at_once(first, partitions) if row]
        return min(found, key=lambda row: str(row[index[2]]), default=None)

    def _at_once[Item, Found](
        self, read: Callable[[Item], Found], items: Sequence[Item]
    ) -> list[Found]:
        """Return the result of `read` for each item, in parallel.

        The threads share the caller's context, so that their log lines have the request's id.
        """
        contexts = [copy_context() for _ in items]
        return list(self._pool.map(lambda context, item: context.run(read, item), contexts, items))
