"""The rows of leaves: `LEDGER#<hour>#<shard>`, the leaf as sort key, in the reports table.

A leaf is written in the transaction of its event. Writing it again changes nothing. When its hour
is closed, a head has it (`store/audit/seals.py`); the row stays for a while.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Self

from chalicelib.aws import keys
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
        ledger_id = recorded.ledger_id
        is_filed = any(leaf.event is Event.FILED for leaf in leaves)
        return cls(
            append={"leaves": [leaf.as_row() for leaf in leaves]},
            put={"commitments": None} if is_filed else {},
            items=[table.item(Put(_row(leaf, leaf.hash(ledger_id)))) for leaf in leaves],
        )


def _row(leaf: Leaf, hashed: bytes) -> dict[str, object]:
    return {
        "pk": keys.ledger(leaf.hour, shard_of(hashed.hex(), _SHARDS)),
        "sk": hashed.hex(),
        "expires_ttl": int((start_of(leaf.hour) + _KEPT).timestamp()),
    }


class LeafRows:
    """The leaves that were written, by the hour of writing."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, leaves: Iterable[tuple[Leaf, bytes]]) -> None:
        """Write leaves with their hashes. Raises Unavailable; some are then written."""
        self._table.put_all(_row(leaf, hashed) for leaf, hashed in leaves)

    def of(self, hour: str) -> set[bytes]:
        """Return the leaves of an hour, read consistently. Raises Unavailable."""
        found: set[bytes] = set()
        for shard in range(_SHARDS):
            rows, _ = self._table.query(
                keys.ledger(hour, shard), consistent=True, attributes=("sk",)
            )
            leaves = {_leaf(row["sk"]) for row in rows}
            if None in leaves:
                # Somebody else wrote it. In a tree it would spoil the hour, for good.
                log.error("ledger_row_malformed", extra={"hour": hour})
            found |= {leaf for leaf in leaves if leaf}
        return found


def _leaf(sk: str) -> bytes | None:
    """Return the leaf that a sort key names; None for what names none."""
    return bytes.fromhex(sk) if _HASHED.fullmatch(sk) else None
