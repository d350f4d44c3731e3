"""The audit bucket: batches, digests, comparisons and closed hours of the ledger, under its lock.

batches/<hour>/<name>      digests/<hour>.json      ledger/<hour>.json
comparisons/<hour>.json    what a comparison with AWS's own record found
events/<hour>-<n>          an empty object: of the leaves of this hour, n are of events
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from chalicelib.aws.locked_objects import LockedObjects, StoredObject, Upload
from chalicelib.domain.audit.ledger import HASH_BYTES, Head
from chalicelib.domain.audit.seals import (
    Batch,
    batch_key,
    digest_key,
    hour_of_digest,
    is_hour,
    place_of_batch,
)
from chalicelib.kernel import errors


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


_PREFIX, _EVENTS = "ledger/", "events/"
_ADDRESS_LIFE_S = 300


# What a head and its signature take, at most. Leaves are read by the megabyte, which ends with a
# whole one: three are 128 letters of base64.
_MEMBERS_BYTES = 2048
_PIECE_BYTES = 1024 * 1024


class ClosedHour(NamedTuple):
    """A signed head with all leaves of its tree, in their order.

    `signature` is ECDSA over `Head.signed` (SHA-256, DER). `key` is the public half of the key that
    signed (SubjectPublicKeyInfo, DER). `leaves` may be read from S3, each time anew.
    """

    head: Head
    signature: bytes
    key: bytes
    leaves: Iterable[bytes] = ()

    def content(self) -> bytes:
        """Return the JSON that is stored and published."""
        return b'{%b,"leaves":"%b"}' % (self.members(), b64encode(b"".join(self.leaves)))

    def members(self) -> bytes:
        """Return all members of the JSON but for the leaves."""
        fields = {
            "head": self.head._asdict(),
            "signature": b64encode(self.signature).decode(),
            "key": b64encode(self.key).decode(),
        }
        return json.dumps(fields, separators=(",", ":"))[1:-1].encode()


# A long hour has its head at the end: it is known when the leaves are written.
_MEMBERS = rb'"head":(\{[^{}]*\}),"signature":"([^"]*)","key":"([^"]*)"'
_HEAD_FIRST = re.compile(rb'\{%b,"leaves":"' % _MEMBERS)
_LEAVES_FIRST, _HEAD_LAST = b'{"leaves":"', re.compile(rb'",%b\}\Z' % _MEMBERS)


class _StoredLeaves:
    """The leaves of a closed hour, of which a piece is in memory. `read` returns bytes of the
    object, in which they are from `begin` until before `end`. `first` are its first bytes.
    """

    def __init__(
        self, read: Callable[[int, int], bytes | None], begin: int, end: int, first: bytes
    ) -> None:
        self._read = read
        self._begin = begin
        self._end = end
        self._first = first

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(self._begin, self._end, _PIECE_BYTES):
            end = min(begin + _PIECE_BYTES, self._end)
            piece = self._first[begin:end] if end <= len(self._first) else self._read(begin, end)
            if piece is None:
                raise errors.Unavailable
            leaves = b64decode(piece)
            for at in range(0, len(leaves), HASH_BYTES):
                yield leaves[at : at + HASH_BYTES]


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
        found = (self.find(_key(hour)) for hour in hours)
        return list(self.read_all(each for each in found if each))

    def read_all(self, stored: Iterable[StoredObject]) -> Iterator[ClosedHour]:
        """Yield the closed hours in these objects, in their order, without looking for each."""
        for each in stored:
            first = self.read(each, 0, _MEMBERS_BYTES + _PIECE_BYTES)
            if first is not None:
                yield self._closed(each, first)

    def _closed(self, stored: StoredObject, first: bytes) -> ClosedHour:
        """Return the closed hour in an object. Raises ValueError for an object of another form."""
        if found := _HEAD_FIRST.match(first):
            begin, end = found.end(), stored.size - len(b'"}')
        else:
            tail = max(0, stored.size - _MEMBERS_BYTES)
            found = _HEAD_LAST.search(self.read(stored, tail, stored.size) or b"")
            if not found or not first.startswith(_LEAVES_FIRST):
                raise ValueError(f"{stored.key} is not a closed hour")
            begin, end = len(_LEAVES_FIRST), tail + found.start()
        head, signature, key = found.groups()
        leaves = _StoredLeaves(partial(self.read, stored), begin, end, first)
        return ClosedHour(Head(**json.loads(head)), b64decode(signature), b64decode(key), leaves)

    def put_events(self, hour: str, count: int) -> None:
        """Write how many leaves of an hour are of events. Nobody but the operator can read it."""
        self.put(f"{_EVENTS}{hour}-{count}", b"")

    def events(self, after: str) -> dict[str, int]:
        """Return how many leaves are of events, by hour, at least: of two runs, the first one may
        have found fewer. Only of hours that come after `after`.
        """
        found: dict[str, int] = {}
        for each in self.objects(_EVENTS, f"{_EVENTS}{after}~"):
            hour, _, count = each.key.removeprefix(_EVENTS).rpartition("-")
            if each.version and is_hour(hour) and count.isdecimal():
                found[hour] = min(int(count), found.get(hour, int(count)))
        return found

    def begin_hour(self, hour: str) -> Upload:
        """Begin a long hour, which is written in parts."""
        return self.begin_upload(_key(hour))

    def put_leaves(self, hour: str, upload: Upload, leaves: bytes) -> Upload:
        """Write the next leaves of a long hour: bytes whose number is divisible by 3, and 4 MiB at
        least. Return the upload with them. Raises UploadLost.
        """
        start = b"" if upload.parts else _LEAVES_FIRST
        return self.put_part(_key(hour), upload, start + b64encode(leaves))

    def complete_hour(self, closed: ClosedHour, upload: Upload, leaves: bytes) -> bool:
        """Write the last leaves and the head, and let the hour be closed. Return False, and change
        nothing, when it exists. Raises UploadLost.
        """
        key, start = _key(closed.head.hour), b"" if upload.parts else _LEAVES_FIRST
        end = b'%b%b",%b}' % (start, b64encode(leaves), closed.members())
        return self.complete_upload(key, self.put_part(key, upload, end))


def hour_of_head(key: str) -> str | None:
    """Return the hour of the head with this key; None for a key that no head has."""
    hour = key.removeprefix(_PREFIX).removesuffix(".json")
    return hour if is_hour(hour) and key == _key(hour) else None


def _key(hour: str) -> str:
    return f"{_PREFIX}{hour}.json"
