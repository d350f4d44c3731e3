"""Grants: the holder of one may send, or read, one object of the bucket and no other.

A grant is a signature (SigV4), computed without a call. None names an encryption: the bucket's
default (KMS) applies to every object, and the client has one field less to get wrong.
"""

from dataclasses import dataclass
from datetime import datetime

PART_SIZE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PostGrant:
    """One upload by form: POST `fields`, in this order, then the file, to `url` before
    `expires_at`. At most `max_bytes`.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that S3 has: its number from 1, its ETag in quotes, its size in bytes."""

    number: int
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class PartGrant:
    """PUT exactly the part's own bytes to `url`."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The object a multipart upload became: its version, its size in bytes, its full-object
    CRC64NVME in base64.
    """

    version_id: str
    size: int
    crc64nvme: str | None


def part_count(size: int) -> int:
    """Return how many parts an upload of `size` bytes has."""
    return -(-size // PART_SIZE)


def part_length(size: int, number: int) -> int:
    """Return the exact bytes of part `number`, from 1. All but the last have `PART_SIZE`."""
    return min(PART_SIZE, size - (number - 1) * PART_SIZE)
