"""Grants to upload one object, as values, and the sizes of parts.

A grant is a signature (SigV4) and is computed without a call. It names no encryption, because the
bucket's default (KMS) applies to every object.
"""

from datetime import datetime
from typing import NamedTuple

PART_SIZE = 8 * 1024 * 1024


class PostGrant(NamedTuple):
    """A grant to upload one file with a form.

    The client POSTs to `url`, before `expires_at`: first `fields` in this order, then the file with
    at most `max_bytes` bytes.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: datetime


class UploadedPart(NamedTuple):
    """A part that S3 has: its number from 1, its ETag in quotes, its size in bytes."""

    number: int
    etag: str
    size: int


class PartGrant(NamedTuple):
    """A grant to upload one part: the client PUTs the bytes of the part to `url`."""

    number: int
    url: str


def part_count(size: int) -> int:
    """Return the number of parts of an upload of `size` bytes."""
    return -(-size // PART_SIZE)


def part_length(size: int, number: int) -> int:
    """Return the bytes of part `number`, from 1: `PART_SIZE`, or less for the last part."""
    return min(PART_SIZE, size - (number - 1) * PART_SIZE)
