"""Pages of rows from sharded indexes, newest first or by rank.

The shards are queried in parallel and merged. A shard whose rows are used up is queried again. The
cost of a page does not depend on the number of rows in the table.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from chalicelib.aws.clients import at_once
from chalicelib.aws.table import Row, Table

# How many times the rows of its first queries a page may ask for later. A page whose filter rejects
# many rows may therefore be short. As each query of a shard asks for twice the rows of the one
# before, this also limits later queries: to two for each shard on average.
_FURTHER = 6
# A query for the first rows of a partition reads so many at the least: fewer cost as much.
_LEAST = 10
# A partition of which more ranges than _RANGES are asked for is read whole if it has no more than
# so many rows: one query in place of many.
_RANGES, _WHOLE = 4, 100
# Sorts after all that follows a prefix.
_END = "~"
# How many rows each query for the oldest reads, in a partition. Nearly always the first finds it.
_LOOKS = (10, 90, *[500] * 8)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `position` is the sort key of the last row that was looked at, where the next page
    begins; None when there is none.
    """

    rows: tuple[Row, ...]
    position: str | None


class Heading(NamedTuple):
    """The first rows of a partition. `more`: it has others."""

    rows: tuple[Row, ...]
    more: bool


class Span(NamedTuple):
    """The rows of a partition whose sort keys begin with `prefix`. What follows it is the order of
    a list. The name of a partition alone stands for all its rows.
    """

    partition: str
    prefix: str = ""


type Index = tuple[str, str, str]
"""An index: its name, its partition attribute, and its sort attribute."""


@dataclass(slots=True)
class _Shard:
    """`rows` are read and not used yet, each with its place in the list."""

    span: Span
    reached: str | None
    size: int
    rows: deque[tuple[str, Row]] = field(default_factory=deque)
    more: bool = True


class Listing:
    def __init__(self, table: Table, read: Callable[[Row], Row] = lambda row: row) -> None:
        self._table = table
        self._read = read

    def page(
        self,
        index: Index,
        spans: Sequence[Span | str],
        *,
        limit: int,
        below: str | None = None,
        since: str | None = None,
        keep: Callable[[Row], bool] = lambda row: True,
    ) -> Page:
        """Return at most `limit` rows that `keep` accepts, by the sort key in descending order.

        `keep` is called once for each row of the page, in that order.

        The sort keys, without the prefixes of their spans, are less than `below` and at least
        `since`. Raises Unavailable when one query fails, because a page must not miss rows.
        """

        def read(shard: _Shard) -> None:
            prefix = shard.span.prefix
            # A range includes its end, which is the last row of the query before: it is skipped.
            bounds = (prefix, prefix + (shard.reached or _END)) if prefix else None
            rows, more = self._query(
                shard.span.partition,
                index=index,
                between=bounds,
                below=None if prefix else shard.reached,
                forward=False,
                limit=shard.size,
            )
            found = [(str(row[index[2]])[len(prefix) :], row) for row in rows]
            inside = [each for each in found if since is None or each[0] >= since]
            shard.rows.extend(each for each in inside if each[0] != shard.reached)
            shard.more = more and len(inside) == len(found)
            shard.reached = found[-1][0] if found else shard.reached

        known, ranges = self._short(index, _spans(spans))
        inside = (each for each in known if each[0] < (below or _END) and each[0] >= (since or ""))
        rows = deque(sorted(inside, key=lambda each: each[0], reverse=True))
        short = _Shard(Span(""), below, 0, rows, more=False)
        shards = _shards(ranges, below, limit)
        return self._merged(shards, read, max, limit=limit, reached=below, keep=keep, known=short)

    def _short(
        self, index: Index, spans: Sequence[Span]
    ) -> tuple[list[tuple[str, Row]], list[Span]]:
        """Read the partitions of many ranges that have few rows. Return their rows, and
        the ranges that are left.
        """
        prefixes = defaultdict[str, list[str]](list)
        for span in spans:
            prefixes[span.partition].append(span.prefix)
        several = [each for each, found in prefixes.items() if len(found) > _RANGES]
        heads = dict(zip(several, self.heads(index, several, most=_WHOLE), strict=True))
        short = {each: heading.rows for each, heading in heads.items() if not heading.more}
        known = [
            (at[len(prefix) :], row)
            for partition, rows in short.items()
            for at, row in ((str(row[index[2]]), row) for row in rows)
            for prefix in prefixes[partition]
            if at.startswith(prefix)
        ]
        return known, [span for span in spans if span.partition not in short]

    def page_upwards(
        self,
        index: Index,
        spans: Sequence[Span | str],
        *,
        limit: int,
        above: str | None = None,
        keep: Callable[[Row], bool] = lambda row: True,
        also: Iterable[tuple[str, Row]] = (),
    ) -> Page:
        """Return at most `limit` rows that `keep` accepts, by the sort key in ascending order.

        The sort keys are greater than `above`. `also` are rows that were read elsewhere, each with
        its sort key among these. Otherwise as `page`.
        """

        shards, read = _shards(spans, above, limit), partial(self._read_upwards, index)
        more = sorted((each for each in also if each[0] > (above or "")), key=lambda each: each[0])
        known = _Shard(Span(""), above, 0, deque(more), more=False)
        return self._merged(shards, read, min, limit=limit, reached=above, keep=keep, known=known)

    def _merged(
        self,
        shards: Sequence[_Shard],
        read: Callable[[_Shard], None],
        choose: Callable[..., _Shard | None],
        *,
        limit: int,
        reached: str | None,
        keep: Callable[[Row], bool],
        known: _Shard | None = None,
    ) -> Page:
        """Return the page that these shards have together: `choose` takes the next of their rows,
        and `read` adds more to one. `known` is read already.
        """
        remaining = _FURTHER * sum(shard.size for shard in shards)

        def fill(shard: _Shard) -> None:
            read(shard)
            shard.size *= 2

        at_once(fill, shards)
        shards = [*shards, known] if known else shards
        kept: list[Row] = []
        position = reached
        while len(kept) < limit:
            empty = [shard for shard in shards if shard.more and not shard.rows]
            if empty:
                remaining -= sum(shard.size for shard in empty)
                if remaining < 0:
                    break
                at_once(fill, empty)
                continue
            with_rows = (shard for shard in shards if shard.rows)
            chosen = choose(with_rows, key=lambda shard: shard.rows[0][0], default=None)
            if chosen is None:
                return Page(tuple(kept), None)
            position, row = chosen.rows.popleft()
            if keep(row):
                kept.append(row)
        if not any(shard.rows or shard.more for shard in shards):
            position = None
        return Page(tuple(kept), position)

    def oldest(
        self, index: Index, spans: Sequence[Span | str], *, keep: Callable[[Row], bool]
    ) -> Row | None:
        """Return the oldest row that `keep` accepts, or None.

        Of each span, at most about the oldest 4,000 rows are read.
        """
        known, ranges = self._short(index, _spans(spans))
        by_age = sorted(known, key=lambda each: each[0])

        def first(span: Span) -> tuple[str, Row] | None:
            reached: str | None = None
            for limit in _LOOKS:
                # The range includes its start, which is the last row of the page before.
                prefix = span.prefix
                rows, more = self._query(
                    span.partition,
                    index=index,
                    between=(reached or prefix, prefix + _END) if prefix else None,
                    at_least=None if prefix else reached,
                    forward=True,
                    limit=limit,
                )
                found = next((row for row in rows if keep(row)), None)
                if found:
                    return str(found[index[2]])[len(span.prefix) :], found
                if not more:
                    return None
                reached = rows[-1][index[2]]
            return None

        of_short = next((each for each in by_age if keep(each[1])), None)
        found = [each for each in (of_short, *at_once(first, ranges)) if each]
        return min(found, key=lambda each: each[0])[1] if found else None

    def heads(
        self, index: Index, partitions: Sequence[str], *, most: int, above: str | None = None
    ) -> list[Heading]:
        """Return the first rows of each partition, by the sort key in ascending order: all rows if
        they are `most` at the most, otherwise about so many. The sort keys are greater than
        `above`.
        """

        def read(shard: _Shard) -> None:
            while shard.more and len(shard.rows) <= most:
                shard.size = max(_LEAST, most - len(shard.rows))
                self._read_upwards(index, shard)

        shards = [_Shard(Span(each), above, 0) for each in partitions]
        at_once(read, shards)
        return [Heading(tuple(row for _, row in shard.rows), shard.more) for shard in shards]

    def read(self, keys: Sequence[tuple[str, str]], attributes: Sequence[str]) -> list[Row]:
        """Return these rows of the table itself that exist, as they are now."""
        return list(self._table.get_all(keys, attributes=attributes).values())

    def _read_upwards(self, index: Index, shard: _Shard) -> None:
        # A range includes its start, which is the last row of the query before: it is skipped.
        rows, shard.more = self._query(
            shard.span.partition,
            index=index,
            at_least=shard.reached,
            forward=True,
            limit=shard.size,
        )
        found = [(str(row[index[2]]), row) for row in rows]
        shard.rows.extend(each for each in found if each[0] != shard.reached)
        shard.reached = found[-1][0] if found else shard.reached

    def _query(self, partition: str, **within: Any) -> tuple[list[Row], bool]:
        rows, more = self._table.query(partition, **within)
        return [self._read(row) for row in rows], more


def _shards(spans: Sequence[Span | str], reached: str | None, limit: int) -> list[_Shard]:
    size = max(2, -(-2 * limit // max(1, len(spans))))
    return [_Shard(span, reached, size) for span in _spans(spans)]


def _spans(given: Sequence[Span | str]) -> list[Span]:
    return [each if isinstance(each, Span) else Span(each) for each in given]
