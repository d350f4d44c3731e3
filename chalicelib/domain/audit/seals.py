"""Seals of the audit trail, and the signatures (ECDSA, P-256, SHA-256) on them.

The audit table's stream brings every new row, within seconds, into a batch: its key and its HMAC,
in an object that nobody can change or delete for two years. Every hour, a signed digest names that
hour's batches and the digest before it. So a missing or altered row is detected by its batch, a
batch by its digest, and a digest by the next one and by its signature.
"""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from pydantic import ValidationError

from chalicelib.kernel.models import Record


def is_signed_by(public: bytes, content: bytes, signature: bytes) -> bool:
    """Return whether `signature` (DER) is that of `content` by the key with this public half.

    `public` is SubjectPublicKeyInfo in DER. A key of another kind has signed nothing.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            return False
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


HOUR = timedelta(hours=1)
_NAME_HASH = 32
# The forms of the keys that are written to the audit bucket. Anything else there is somebody's own.
_HOUR_FORM = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}"
_HOUR = rf"(?P<hour>{_HOUR_FORM})"
_DIGEST_KEY = re.compile(rf"digests/{_HOUR}\.json")
_BATCH_KEY = re.compile(rf"batches/{_HOUR}/(?P<name>[0-9]{{1,40}}-[0-9]{{1,4}}-[0-9a-f]{{32}})")
# What else this key signs begins with other words, so that neither passes for the other.
_SIGNED = b"tipline/digest/1\n"


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
        try:
            rows = [SealedRow(*row) for row in json.loads(self.content)]
        except (TypeError, ValueError):
            return None
        return rows if all(isinstance(value, str) for row in rows for value in row) else None


class Digest(Record):
    """An hour's batches by name, with the number and the hash of all.

    `previous` is the hash of the digest before (None for the first), with its signature.
    `signature` is that of everything else, in base64.
    """

    hour: str
    count: int
    batches: tuple[str, ...]
    hash: str
    previous: str | None
    signature: str = ""

    @classmethod
    def of(cls, hour: str, batches: Iterable[str], previous: bytes | None) -> Self:
        """Return the digest of these batches, unsigned. `previous` is the content of the digest
        before.
        """
        names = tuple(sorted(batches))
        return cls(
            hour=hour,
            count=sum(count_of(name) for name in names),
            batches=names,
            hash=sha256("\n".join(names).encode()),
            previous=sha256(previous) if previous is not None else None,
        )

    @classmethod
    def read(cls, content: bytes) -> Self | None:
        """Return the digest with this content; None for what no digest is written as."""
        try:
            digest = cls.model_validate_json(content)
        except ValidationError:
            return None
        return digest if digest.content() == content else None

    def content(self) -> bytes:
        return self.model_dump_json().encode()

    def signed(self, sign: Callable[[bytes], bytes]) -> Self:
        return self.model_copy(update={"signature": b64encode(sign(self._to_sign())).decode()})

    def is_signed_by(self, public: bytes) -> bool:
        """Return whether the key with this public half has signed the digest."""
        try:
            signature = b64decode(self.signature, validate=True)
        except ValueError:
            return False
        return is_signed_by(public, self._to_sign(), signature)

    def adds_up(self) -> bool:
        """Return whether number and hash are those of the batches, in their order."""
        try:
            again = Digest.of(self.hour, self.batches, None)
        except (IndexError, ValueError):
            return False
        mine = (self.count, self.batches, self.hash)
        return mine == (again.count, again.batches, again.hash)

    def _to_sign(self) -> bytes:
        return _SIGNED + self.model_dump_json(exclude={"signature"}).encode()


def digest_key(hour: str) -> str:
    return f"digests/{hour}.json"


def batch_key(hour: str, name: str) -> str:
    return f"batches/{hour}/{name}"


def hour_of_digest(key: str) -> str | None:
    """Return the hour of the digest with this key; None for a key that no digest has."""
    found = _DIGEST_KEY.fullmatch(key)
    return found["hour"] if found and is_hour(found["hour"]) else None


def place_of_batch(key: str) -> tuple[str, str] | None:
    """Return the hour and the name of the batch with this key; None for one that no batch has."""
    found = _BATCH_KEY.fullmatch(key)
    return (found["hour"], found["name"]) if found and is_hour(found["hour"]) else None


def is_hour(text: str) -> bool:
    """Return whether this names an hour, in the one form that we write."""
    if not re.fullmatch(_HOUR_FORM, text):
        return False
    try:
        start_of(text)
    except ValueError:
        return False
    return True


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
