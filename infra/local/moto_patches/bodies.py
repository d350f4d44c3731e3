"""Bodies of S3 objects that stay on disk.

moto holds an object over 5 MiB in a temporary file, but takes it only as bytes, and reads it for
its ETag in pieces of 16 MiB and past the lock that guards the file's position. Here a file that was
written once becomes the object without being copied, and is read in small pieces under the lock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from moto.s3.models import FakeKey
from moto.utilities.utils import md5_hash

from infra.local.moto_patches.patch import Patch

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A body in an unnamed temporary file, `size` bytes long."""

    file: IO[bytes]
    size: int


def pieces_of(key: FakeKey, begin: int, end: int) -> Iterator[bytes]:
    """Read bytes `begin` to `end`, exclusive, in pieces."""
    while begin < end:
        with key.lock:  # One file position, many readers.
            key._value_buffer.seek(begin)
            piece = key._value_buffer.read(min(PIECE, end - begin))
        if not piece:
            return
        yield piece
        begin += len(piece)


_value: Any = FakeKey.value


def _set_value(key: FakeKey, value: bytes | OnDisk) -> None:
    if isinstance(value, OnDisk):
        key._value_buffer = value.file  # type: ignore[assignment]
        key.contentsize = value.size
    else:
        _value.fset(key, value)


def _etag(key: FakeKey) -> str:
    if key._etag is None:
        digest = md5_hash()
        for piece in pieces_of(key, 0, key.contentsize):
            digest.update(piece)
        key._etag = digest.hexdigest()
    return f'"{key._etag}"'


PATCH = Patch(
    (FakeKey, "value", property(_value.fget, _set_value)), (FakeKey, "etag", property(_etag))
)
