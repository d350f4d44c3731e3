"""The ledger: a public Merkle log of commitments, so that no report can vanish.

It follows RFC 9162, with one tree for each hour. A leaf shows nothing to anyone but the reporter,
who can compute it again from the receipt. docs/adr/0027 describes its steps, and
docs/accountability.md explains it.
"""

import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Any, NamedTuple, Self

# A tree has at least this many leaves, so that a small number of reports is not public.
LEAST_SIZE = 64
# A deleted report leaves what the ledger has of it for so long.
TOMBSTONE_LIFE = timedelta(days=365)
HASH_BYTES = 32
_HOUR_LENGTH = len("2026-11-29T12")
# What a signature of a head covers begins with this: the key also signs digests of the audit.
_SIGNED = b"tipline/ledger/1\n"


class Event(IntEnum):
    """The events of a report that are recorded. The numbers are part of the format."""

    FILED = 1
    CONTENT = 2
    EVIDENCE = 3
    CLOSED = 4
    REOPENED = 5
    WITHDRAWN = 6
    EXPIRED = 7
    MASKED = 8


class ReceiptKeys(NamedTuple):
    """The keys from a receipt: the id of its leaves, and the secret that a withdrawal reveals.

    Each is 32 bytes. Anyone who has the receipt makes them without a server.
    """

    ledger_id: bytes
    withdraw: bytes

    @classmethod
    def of(cls, receipt: str) -> Self:
        return cls(_keyed(receipt, b"ledger/1"), _keyed(receipt, b"withdraw/1"))


def content_commitment(receipt: str, body: bytes) -> bytes:
    """Return the commitment to what was sent: 32 bytes. `body` is the body of the call, whose white
    space at the end does not count: with it, clients hide its length.

    Without the receipt nobody can try out what a body was.
    """
    return _keyed(receipt, b"content/1" + body.rstrip(b" \t\r\n"))


class Leaf(NamedTuple):
    """One recorded event of a report. `n` counts its events of this kind, from 0.

    `data` depends on the event: `filed` has the SHA-256 of the secret that a withdrawal reveals,
    `content` the commitment, `evidence` what `evidence_data` returns, `closed` the disposition,
    `reopened` the number of times it was closed until then (four bytes, big endian), `withdrawn`
    the secret, `expired` nothing, `masked` the kind of text and the reason. `hour` is that of
    writing.
    """

    event: Event
    n: int
    data: bytes
    hour: str

    def hash(self, ledger_id: bytes) -> bytes:
        """Return the hash of the leaf, 32 bytes, as RFC 9162 makes it of an entry."""
        number = bytes((self.event,)) + self.n.to_bytes(4, "big")
        return hashlib.sha256(b"\x00" + ledger_id + number + self.data).digest()

    def as_row(self) -> dict[str, Any]:
        """Return the leaf as the report's row keeps it."""
        return {"event": int(self.event), "n": self.n, "data": self.data, "hour": self.hour}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(Event(int(row["event"])), int(row["n"]), bytes(row["data"]), row["hour"])


class Recorded(NamedTuple):
    """The fields of a report's row for the ledger.

    `commitments` are the data of `filed` and of `content` until these are recorded, 32 bytes each.
    A drill has no `ledger_id`, and nothing of it is recorded. `received` is the hour in which the
    report was received.
    """

    ledger_id: bytes | None
    commitments: bytes | None
    leaves: tuple[Leaf, ...]
    received: str = ""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        leaves = tuple(Leaf.of_row(each) for each in row.get("leaves", ()))
        received = row.get("received_at", "")[:_HOUR_LENGTH]
        return cls(row.get("ledger_id"), row.get("commitments"), leaves, received)

    def next(self, event: Event, data: bytes, hour: str) -> list[Leaf]:
        """Return the leaf of one more event of this kind; nothing for a drill."""
        if self.ledger_id is None:
            return []
        return [Leaf(event, self.count(event), data, hour)]

    def first(self, hour: str) -> list[Leaf]:
        """Return the leaves `filed` and `content`; nothing when they are recorded."""
        if self.ledger_id is None or self.commitments is None:
            return []
        filed, content = self.commitments[:HASH_BYTES], self.commitments[HASH_BYTES:]
        return [Leaf(Event.FILED, 0, filed, hour), Leaf(Event.CONTENT, 0, content, hour)]

    def hashed(self, leaves: Iterable[Leaf]) -> list[tuple[Leaf, bytes]]:
        """Return leaves of this report, each with its hash; nothing for a drill."""
        ledger_id = self.ledger_id
        return [(leaf, leaf.hash(ledger_id)) for leaf in leaves] if ledger_id else []

    def count(self, event: Event) -> int:
        return sum(1 for leaf in self.leaves if leaf.event is event)


def commitments_of(keys: ReceiptKeys, content: bytes) -> bytes:
    """Return the commitments of a new report, stored until its first leaves are: 64 bytes.

    `content` is the commitment to what was sent.
    """
    return hashlib.sha256(keys.withdraw).digest() + content


def evidence_data(media_id: str, version_id: str, algorithm: str, checksum: str) -> bytes:
    """Return the data of an `evidence` leaf: which object is the original, and its checksum."""
    return json.dumps([media_id, version_id, algorithm, checksum], separators=(",", ":")).encode()


def count_data(number: int) -> bytes:
    """Return the data of a `reopened` leaf."""
    return number.to_bytes(4, "big")


class Head(NamedTuple):
    """The head of an hour. `root`, `previous` and `audit` are SHA-256 in hexadecimal.

    `previous` is the hash of the head before, None for the first one. `audit` is that of the
    audit's digest of this hour, None while the audit has none.
    """

    hour: str
    size: int
    root: str
    previous: str | None
    audit: str | None

    def content(self) -> bytes:
        """Return the one form that is hashed and signed: JSON, its members sorted, no blanks."""
        return json.dumps(self._asdict(), sort_keys=True, separators=(",", ":")).encode()

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content()).hexdigest()

    @property
    def signed(self) -> bytes:
        """Return the bytes that the signature covers."""
        return _SIGNED + self.content()


def padded(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the leaves of an hour's tree: the real ones, filled up with random ones, sorted.

    Neither the number of events nor their order within the hour is public.
    """
    real = set(leaves)
    size = tree_size(len(real))
    while len(real) < size:
        real.add(secrets.token_bytes(HASH_BYTES))
    return sorted(real)


def tree_size(count: int) -> int:
    """Return the size of a tree of so many leaves: a power of two, at least `LEAST_SIZE`."""
    return max(LEAST_SIZE, 1 << max(count - 1, 0).bit_length())


def padded_shares(counts: Sequence[int]) -> list[int]:
    """Return how many leaves of a tree begin with each byte, as `padded` would draw them. `counts`
    are those of the real ones.
    """
    count = sum(counts)
    # The random ones alone would need 32 bytes each; their first bytes say where they are.
    added = Counter(secrets.token_bytes(tree_size(count) - count))
    return [real + added[first] for first, real in enumerate(counts)]


def padded_share(real: Sequence[bytes], first: int, size: int) -> list[bytes]:
    """Return the `size` leaves of a tree that begin with this byte: the real ones, filled up with
    random ones, sorted.

    Those that came since they were counted take the places of random ones. When there are more
    than `size`, chance decides which are left out, so that no gap shows that there are any.
    """
    leaves = set(real if len(real) <= size else secrets.SystemRandom().sample(real, size))
    while len(leaves) < size:
        leaves.add(bytes((first,)) + secrets.token_bytes(HASH_BYTES - 1))
    return sorted(leaves)


class Tree:
    """A tree that is built from its leaves in order. It holds one node for each level.

    `follow` are leaves whose audit paths are wanted: the neighbours on the way to the root. Those
    that are found are in `positions` and in `paths`. `nodes` and `size` are of a tree to continue.
    """

    def __init__(
        self, nodes: Iterable[bytes] = (), size: int = 0, *, follow: Container[bytes] = ()
    ) -> None:
        self.nodes = list(nodes)
        self.size = size
        self.positions: dict[bytes, int] = {}
        self.paths: dict[bytes, list[bytes]] = {}
        self._follow = follow
        # By node, the followed leaves below it.
        self._below: dict[bytes, list[bytes]] = {}

    @property
    def root(self) -> bytes:
        """Return the root. Raises ValueError unless the number of leaves is a power of two."""
        (root,) = self.nodes
        return root

    def add(self, leaf: bytes) -> None:
        """Add a leaf at the end."""
        if leaf in self._follow:
            self.positions[leaf], self.paths[leaf] = self.size, []
            self._below[leaf] = [leaf]
        self.size += 1
        node, pairs = leaf, self.size
        while not pairs & 1:
            node, pairs = self._join(self.nodes.pop(), node), pairs >> 1
        self.nodes.append(node)

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """Add leaves at the end, and return the tree."""
        for leaf in leaves:
            self.add(leaf)
        return self

    def _join(self, left: bytes, right: bytes) -> bytes:
        node = hashlib.sha256(b"\x01" + left + right).digest()
        if self._below:
            below = [(self._below.pop(left, []), right), (self._below.pop(right, []), left)]
            for leaves, neighbour in below:
                for leaf in leaves:
                    self.paths[leaf].append(neighbour)
                    self._below.setdefault(node, []).append(leaf)
        return node


def _keyed(receipt: str, message: bytes) -> bytes:
    return hmac.digest(receipt.encode("ascii"), message, "sha256")
