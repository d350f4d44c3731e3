"""The audit bucket: batches, digests, comparisons and closed hours of the ledger, under its lock.

batches/<hour>/<name>      digests/<hour>.json      ledger/<hour>.json
comparisons/<hour>.json    what a comparison with AWS's own record found
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from chalicelib.aws.locked_objects import LockedObjects, StoredObject
from chalicelib.domain.audit.ledger import HASH_BYTES, Head
from chalicelib.domain.audit.seals import (
    Batch,
    batch_key,
    digest_key,
    hour_of_digest,
    is_hour,
    place_of_batch,
)


class Seals(LockedObjects):
    """The objects of the audit bucket.

    Every method raises Unavailable when S3 fails or cannot be reached.
    """

    def put_batch(self, hour: str, batch: Batch) -> None:
        self.put(batch_key(hour, batch.name), batch.content)

    def batches(self, hour: str) -> dict[str, StoredObject]:
        """Return the batches of an hour by their names. What has not the name of a batch is left
        out.
        """
        found = ((place_of_batch(each.key), each) for each in self.objects(f"batches/{hour}/"))
        return {place[1]: each for place, each in found if place and each.version}

    def batch(self, stored: StoredObject) -> Batch | None:
        """Return a batch with its content; None when it is gone since it was listed."""
        content = self.read(stored)
        return Batch(stored.key.rpartition("/")[2], content) if content is not None else None

    def first_hour(self) -> str | None:
        """Return the hour of the first batch; None while there is none."""
        for each in self.objects("batches/"):
            if each.version and (place := place_of_batch(each.key)):
                return place[0]
        return None

    def put_digest(self, hour: str, content: bytes) -> bool:
        """Write the digest of an hour. Return False, and change nothing, when it exists."""
        return self.put(digest_key(hour), content)

    def digest(self, hour: str) -> bytes | None:
        return self.content(digest_key(hour))

    def digested_hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the hours that have a digest, in order. With `after`, only later hours."""
        for each in self.objects("digests/", digest_key(after) if after else ""):
            if each.version and (hour := hour_of_digest(each.key)):
                yield hour

    def put_comparison(self, hour: str, content: bytes) -> bool:
        """Write the comparison of an hour. Return False, and change nothing, when it exists."""
        return self.put(f"comparisons/{hour}.json", content)

    def last_comparison(self, after: str, until: str) -> bytes | None:
        """Return the last comparison of the hours after `after`, up to `until`; None when there is
        none.

        An object of a later hour is not ours: it would end all comparisons.
        """
        last = f"comparisons/{until}.json"
        found = self.objects("comparisons/", f"comparisons/{after}.json")
        keys = [each for each in found if each.version and each.key <= last]
        return self.read(keys[-1]) if keys else None


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
        """Return the JSON that is stored and published."""
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
