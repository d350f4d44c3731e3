"""Pages over sharded indexes, newest first: one query a shard in parallel, a k-way merge, refills.

The cost of a page does not depend on how much there is.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

from chalicelib.store.table import Row, Table

# With filters that no index serves a page may stay short: so many refills of a shard, on average,
# and it ends where it is.
_REFILLS = 2
_AT_ONCE = 8
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Page:
    """`position`: where the next page begins (below it); None when there is no more."""

    rows: tuple[Row, ...]
    position: str | None


@dataclass(slots=True)
class _Shard:
    partition: str
    below: str | None
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
        """Return at most `limit` rows of all `partitions` that `keep` accepts, in the descending
        order of the index's sort key.

        `index` is (name, partition attribute, sort attribute); rows are strictly below `below` and
        not below `since`. Raises Unavailable when one query fails: a page with a hole would be a
        lie.
        """
        sort = index[2]
        size = max(2, -(-2 * limit // max(1, len(partitions))))
        shards = [_Shard(partition, below) for partition in partitions]
        refills = _REFILLS * len(shards)

        def fill(shard: _Shard) -> None:
            rows, more = self._table.query(
                shard.partition, index=index, below=shard.below, forward=False, limit=size
            )
            if rows:
                shard.below = rows[-1][sort]
            inside = [row for row in rows if since is None or row[sort] >= since]
            shard.rows.extend(inside)
            shard.more = more and len(inside) == len(rows)

        self._at_once(fill, shards)
        kept: list[Row] = []
        position = below
        while len(kept) < limit:
            dry = [shard for shard in shards if shard.more and not shard.rows]
            if dry:
                if refills < len(dry):
                    break
                refills -= len(dry)
                self._at_once(fill, dry)
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
        """Return the oldest row of all `partitions` that `keep` accepts, among the first few of
        each.
        """

        def first(partition: str) -> Row | None:
            rows, _ = self._table.query(partition, index=index, forward=True, limit=_LOOKED_AT)
            return next((row for row in rows if keep(row)), None)

        found = [row for row in self._at_once(first, partitions) if row]
        return min(found, key=lambda row: str(row[index[2]]), default=None)

    def _at_once[Item, Found](
        self, read: Callable[[Item], Found], items: Sequence[Item]
    ) -> list[Found]:
        """Return what `read` returns for each item; what it logs stays the request's own."""
        contexts = [copy_context() for _ in items]
        return list(self._pool.map(lambda context, item: context.run(read, item), contexts, items))
