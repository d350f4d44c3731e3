"""Seals of the audit trail: which rows were written in an hour, and the HMAC of each.

The audit table's stream brings every new row, within seconds, into a batch: its key and its HMAC,
in an object that nobody can change or delete for two years. Every hour, a digest names that hour's
batches and the digest before it. So a missing or altered row is detected by its batch, a batch by
its digest, and a digest by the next one.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from chalicelib.domain.models import Record

HOUR = timedelta(hours=1)
_NAME_HASH = 32


class SealedRow(NamedTuple):
    """The key of an audit row, and its HMAC when it was written."""

    pk: str
    sk: str
    mac: str


class Batch(NamedTuple):
    """An object of sealed rows. Its name says how many there are, and the hash of the content."""

    name: str
    content: bytes

    @classmethod
    def of(cls, first_sequence: str, rows: Sequence[SealedRow]) -> Self:
        """Return the batch of these rows. The same rows give the same name and content, so that
        sealing them again changes nothing.
        """
        content = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(f"{first_sequence}-{len(rows)}-{sha256(content)[:_NAME_HASH]}", content)

    def rows(self) -> list[SealedRow] | None:
        """Return the rows; None when the content is not what the name says."""
        if not self.name.endswith("-" + sha256(self.content)[:_NAME_HASH]):
            return None
        return [SealedRow(*row) for row in json.loads(self.content)]


class Digest(Record):
    """An hour's batches by name, with the number and the hash of all.

    `previous` is the hash of the digest before (None for the first).
    """

    hour: str
    count: int
    batches: tuple[str, ...]
    hash: str
    previous: str | None

    @classmethod
    def of(cls, hour: str, batches: Sequence[str], previous: bytes | None) -> Self:
        names = tuple(sorted(batches))
        return cls(
            hour=hour,
            count=sum(count_of(name) for name in names),
            batches=names,
            hash=sha256("\n".join(names).encode()),
            previous=sha256(previous) if previous is not None else None,
        )

    def content(self) -> bytes:
        return self.model_dump_json().encode()


def count_of(batch_name: str) -> int:
    return int(batch_name.split("-")[1])


def hour_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H}"


def hour_after(hour: str) -> str:
    return hour_of(start_of(hour) + HOUR)


def start_of(hour: str) -> datetime:
    return datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
