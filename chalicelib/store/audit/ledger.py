"""The rows of leaves: `LEDGER#<hour>#<shard>`, the leaf as sort key, in the reports table.

A leaf is written in the transaction of its event. Writing it again changes nothing. When its hour
is closed, a head has it (`store/audit/seals.py`); the row stays for a while. How far a long hour is
closed is in `CLOSING#<hour>`.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from heapq import merge
from typing import Any, NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.locked_objects import Upload
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.domain.audit.ledger import Event, Leaf, Recorded
from chalicelib.domain.audit.seals import start_of
from chalicelib.kernel.outbox import shard_of

log = logging.getLogger(__name__)

_HASHED = re.compile(r"[0-9a-f]{64}", re.ASCII)
# A partition takes 1,000 writes a second.
_SHARDS = 4
# Long after its hour was closed. If hours cannot be closed, this is the time to mend it.
_KEPT = timedelta(days=90)


class LeafWrites(NamedTuple):
    """The writes of leaves: `append` and `put` are for the update of the report's HEAD, `items` are
    those of the leaves' own rows, for the same transaction.
    """

    append: Mapping[str, Sequence[Any]]
    put: Mapping[str, Any]
    items: Sequence[TransactItem]

    @classmethod
    def of(cls, leaves: Sequence[Leaf], recorded: Recorded, table: Table) -> Self:
        """Return the writes of `leaves` after those that are `recorded`."""
        if recorded.ledger_id is None or not leaves:
            return cls({}, {}, ())
        is_filed = any(leaf.event is Event.FILED for leaf in leaves)
        return cls(
            append={"leaves": [leaf.as_row() for leaf in leaves]},
            put={"commitments": None} if is_filed else {},
            items=[table.item(Put(_row(*each))) for each in recorded.hashed(leaves)],
        )


def _row(leaf: Leaf, hashed: bytes) -> dict[str, object]:
    return {
        "pk": keys.ledger(leaf.hour, shard_of(hashed.hex(), _SHARDS)),
        "sk": hashed.hex(),
        "expires_ttl": _expires_ttl(leaf.hour),
    }


def _expires_ttl(hour: str) -> int:
    return int((start_of(hour) + _KEPT).timestamp())


class Progress(NamedTuple):
    """How far a long hour is closed.

    `counts` has by first byte the number of leaves: of the real ones while they are counted, which
    is how many it has; of all in the tree from when there is an `upload`. Those whose first byte
    is below `begin` are written: `nodes` are their tree's, and `rest` the bytes in no part yet.
    """

    hour: str
    version: int = 0
    counts: tuple[int, ...] = ()
    upload: Upload = Upload("")
    begin: int = 0
    nodes: tuple[bytes, ...] = ()
    rest: bytes = b""

    def as_row(self) -> dict[str, object]:
        return {
            **self._asdict(),
            **dict(zip(("pk", "sk"), keys.closing(self.hour), strict=True)),
            "expires_ttl": _expires_ttl(self.hour),
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        upload = row["upload"]
        return cls(
            row["hour"],
            row["version"],
            tuple(row["counts"]),
            Upload(upload[0], tuple(map(tuple, upload[1]))),
            row["begin"],
            tuple(row["nodes"]),
            row["rest"],
        )


class LeafRows:
    """The leaves that were written, by the hour of writing, and how far hours are closed.

    Every method raises Unavailable when DynamoDB fails or cannot be reached. `page` is how many
    rows of a partition are read at once: about a megabyte, which is what a query returns.
    """

    def __init__(self, table: Table, *, page: int = 8_000) -> None:
        self._table = table
        self._page = page

    def put(self, leaves: Iterable[tuple[Leaf, bytes]]) -> None:
        """Write leaves with their hashes. Raises Unavailable; some are then written."""
        self._table.put_all(_row(leaf, hashed) for leaf, hashed in leaves)

    def have(self, leaves: Iterable[tuple[Leaf, bytes]]) -> bool:
        """Return whether all of these are written. Raises Unavailable."""
        wanted = {(str(row["pk"]), str(row["sk"])) for row in (_row(*each) for each in leaves)}
        return len(self._table.get_all(wanted, attributes=("pk", "sk"))) == len(wanted)

    def leaves(self, hour: str, begin: int = 0) -> Iterator[bytes]:
        """Yield the leaves of an hour by their order, read consistently: those whose first byte is
        not below `begin`. One page of each partition is in memory.
        """
        return merge(*(self._leaves(hour, shard, f"{begin:02x}") for shard in range(_SHARDS)))

    def _leaves(self, hour: str, shard: int, at_least: str) -> Iterator[bytes]:
        more = True
        while more:
            rows, more = self._table.query(
                keys.ledger(hour, shard),
                at_least=at_least,
                limit=self._page,
                consistent=True,
                attributes=("sk",),
            )
            if more:
                # Sorts after this leaf, and before any other.
                at_least = rows[-1]["sk"] + "!"
            leaves = [_leaf(row["sk"]) for row in rows]
            if None in leaves:
                # Somebody else wrote it. In a tree it would spoil the hour, for good.
                log.error("ledger_row_malformed", extra={"hour": hour})
            yield from filter(None, leaves)

    def progress(self, hour: str) -> Progress | None:
        """Return how far a long hour is closed; None when it was not begun."""
        row = self._table.get(*keys.closing(hour), consistent=True)
        return Progress.of_row(row) if row else None

    def save(self, progress: Progress) -> Progress:
        """Write how far an hour is closed, and return it as it now is. Raises ConditionFailed when
        another run did since it was read.
        """
        saved = progress._replace(version=progress.version + 1)
        self._table.write(Put(saved.as_row(), equal={"version": progress.version or None}))
        return saved


def _leaf(sk: str) -> bytes | None:
    """Return the leaf that a sort key names; None for what names none."""
    return bytes.fromhex(sk) if _HASHED.fullmatch(sk) else None
