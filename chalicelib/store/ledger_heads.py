"""The closed hours of the ledger: `ledger/<hour>.json` in the audit bucket, under its lock."""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from chalicelib.domain.ledger import HASH_BYTES, Head
from chalicelib.domain.seals import is_hour
from chalicelib.store.locked_objects import LockedObjects, StoredObject

_PREFIX = "ledger/"
_ADDRESS_LIFE_S = 300


class ClosedHour(NamedTuple):
    """A signed head with all leaves of its tree, in their order.

    `signature` is ECDSA over `Head.signed` (SHA-256, DER). `key` is the public half of the key that
    signed (SubjectPublicKeyInfo, DER).
    """

    head: Head
    signature: bytes
    key: bytes
    leaves: tuple[bytes, ...]

    def content(self) -> bytes:
        """Return the JSON that is kept and published."""
        fields = {
            "head": self.head._asdict(),
            "signature": _text(self.signature),
            "key": _text(self.key),
            "leaves": _text(b"".join(self.leaves)),
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def of(cls, content: bytes) -> Self:
        fields = json.loads(content)
        leaves = base64.b64decode(fields["leaves"])
        return cls(
            Head(**fields["head"]),
            base64.b64decode(fields["signature"]),
            base64.b64decode(fields["key"]),
            tuple(
                leaves[start : start + HASH_BYTES] for start in range(0, len(leaves), HASH_BYTES)
            ),
        )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


class LedgerHeads(LockedObjects):
    """The closed hours. Every method raises Unavailable when S3 fails or cannot be reached."""

    def put_hour(self, closed: ClosedHour) -> bool:
        """Write a closed hour. Return False, and change nothing, when it exists."""
        return self.put(_key(closed.head.hour), closed.content())

    def hour(self, hour: str) -> StoredObject | None:
        """Return the object of a closed hour; None when it is not closed."""
        found = self.find(_key(hour))
        return found if found and found.version else None

    def address(self, stored: StoredObject) -> str:
        """Return a signed address of a closed hour. It works for five minutes."""
        where = {"Bucket": self._bucket, "Key": stored.key, "VersionId": stored.version}
        return self._s3.generate_presigned_url(
            "get_object", Params=where, ExpiresIn=_ADDRESS_LIFE_S
        )

    def hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the closed hours, in order. With `after`, only later ones."""
        for each in self.stored(after):
            if each.version and (hour := hour_of_head(each.key)):
                yield hour

    def stored(self, after: str | None = None) -> Iterator[StoredObject]:
        """Yield every object of the ledger, also what is none of ours, by key. With `after`, only
        those that come after this hour's.
        """
        return self.objects(_PREFIX, _key(after) if after else "")

    def closed(self, hours: Iterable[str]) -> list[ClosedHour]:
        """Return those of these hours that are closed, in this order."""
        contents = (self.content(_key(hour)) for hour in hours)
        return [ClosedHour.of(content) for content in contents if content is not None]

    def read_all(self, stored: Iterable[StoredObject]) -> list[ClosedHour]:
        """Return the closed hours in these objects, in their order, without looking for each."""
        contents = map(self.read, stored)
        return [ClosedHour.of(content) for content in contents if content is not None]


def hour_of_head(key: str) -> str | None:
    """Return the hour of the head with this key; None for a key that no head has."""
    hour = key.removeprefix(_PREFIX).removesuffix(".json")
    return hour if is_hour(hour) and key == _key(hour) else None


def _key(hour: str) -> str:
    return f"{_PREFIX}{hour}.json"
