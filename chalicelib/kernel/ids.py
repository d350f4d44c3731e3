"""Ids: derived from the phone's own Idempotency-Key, so that a repeated call finds the same report.

    Idempotency-Key (122 random bits, made by the phone, never stored)
      └─ receipt     the reporter's secret; the only key to the report
           ├─ contact key     opens the contact
           └─ content key     opens what the report says (`kernel/sealing.py`)
                └─ report id     a hash of its public half: the id says which key is the report's
                     ├─ reference     the short public number
                     └─ media ids

Ids are Crockford base32 (no I, L, O, U), upper case; a receipt is read without case, spaces and
dashes, with I, L, O as 1, 1, 0.

Weak keys are refused: somebody who knows all secrets of the service could try them one by one, and
get each one's receipt. The tests are for what a hand or a bad generator writes: few digits, one
digit again and again, a pattern that repeats, digits or bytes that count. Of 10^12 random keys
fewer than one is refused. What looks random and is not cannot be recognised: docs/mobile.md names
the generators to use.
"""

import hashlib
import hmac
import re
import secrets
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from chalicelib.kernel import errors
from chalicelib.kernel.sealing import PrivateKey

_FEW = 4  # So many different digits are too few.
_OTHERS = 12  # So many of the 30 free digits may differ from the most frequent one.
_BREAKS = 6  # So often may digits that count jump, as from 9 to 0.


def is_weak(key: UUID) -> bool:
    """Return whether `key` has one of the forms that could be tried one by one."""
    # The free digits before the version, between it and the variant, and after that.
    head, middle, tail = key.hex[:12], key.hex[13:16], key.hex[17:]
    free = head + middle + tail
    different = set(free)
    return (
        len(different) <= _FEW
        or len(free) - max(map(free.count, different)) <= _OTHERS
        or any(head.startswith(head[n:]) and tail.startswith(tail[n:]) for n in range(2, 9))
        or _digits_count(head, tail)
        or _bytes_count(key.bytes[:6], key.bytes[9:])
    )


def _digits_count(*parts: str) -> bool:
    steps = [
        (int(after, 16) - int(before, 16)) % 16
        for part in parts
        for before, after in pairwise(part)
    ]
    return len(steps) - max(map(steps.count, set(steps))) <= _BREAKS


def _bytes_count(*parts: bytes) -> bool:
    return len({(after - before) % 256 for part in parts for before, after in pairwise(part)}) == 1


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_READING = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
_LONGEST_RECEIPT_INPUT = 64
_UUID4 = re.compile(
    "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)

RECEIPT_LENGTH = 26
_REPORT = b"tipline/report/1/"

TYPED_REFERENCE = "^[ -]*([0-9A-TV-Za-tv-z][ -]*){8}$"
"""A reference as a person may type it, for the OpenAPI document."""

ID_PATTERN = re.compile(f"[{ALPHABET}]{{26}}")
# The ids of media, with their prefixes, and of bulletins: no receipt is as short.
_OPAQUE = re.compile(f"(?:[BCO]-)?[{ALPHABET}]{{16}}")


class EntryIds(NamedTuple):
    """The id of a message or note, and the keyed hash of its text (None: it cannot be a replay)."""

    id: str
    fingerprint: str | None


class Identity:
    """Derives receipts, ids and keyed hashes from one master key.

    The master key alone opens no report: the phone's key is needed as well.
    """

    def __init__(self, master: bytes) -> None:
        self._keys = {
            label: hmac.digest(master, label.encode(), "sha256")
            for label in (
                "receipt",
                "reference",
                "media",
                "body",
                "content/1",
                "contact/1",
                "challenge/1",
            )
        }

    def receipt(self, idempotency_key: str) -> str:
        return crockford(self._hash("receipt", idempotency_key), RECEIPT_LENGTH)

    def report_id(self, receipt: str) -> str:
        return report_id_of(self.content_key(receipt).public)

    def reference(self, report_id: str) -> str:
        """Return the short public number, `XXXX-XXXX`.

        Its 40 bits are enough to quote on the telephone. It opens nothing.
        """
        number = crockford(self._hash("reference", report_id), 8)
        return f"{number[:4]}-{number[4:]}"

    def media_id(self, owner_id: str, call: str, position: int) -> str:
        """Return the id of the `position`-th medium of a call, the same on a replay. No prefix.

        `call` is "create", or the Idempotency-Key of a later call.
        """
        return crockford(self._hash("media", f"{owner_id}/{call}/{position}"), 16)

    def entry(
        self, parent: str, idempotency_key: str | None, text: str, *, receipt: str = ""
    ) -> "EntryIds":
        """Return the id and the fingerprint of a message or note, the same on a replay.

        Without a key, nothing can be a replay, and the id is random. A reporter's fingerprint is
        keyed by the receipt too: the key of a message may be one that can be guessed.
        """
        if idempotency_key is None:
            return EntryIds(random_id(), None)
        fingerprint = self.fingerprint(f"{parent}/{receipt}/{idempotency_key}", text.encode())
        return EntryIds(self.entry_id(parent, idempotency_key), fingerprint)

    def entry_id(self, parent: str, idempotency_key: str) -> str:
        """Return the id of what was sent under an Idempotency-Key, such as a message or a note."""
        return crockford(self._hash("media", f"{parent}/entry/{idempotency_key}"), 16)

    def content_key(self, receipt: str) -> PrivateKey:
        """Return the key that opens what the report says. It is never stored."""
        return PrivateKey(self._hash("content/1", receipt))

    def contact_key(self, receipt: str) -> PrivateKey:
        """Return the key that opens the reporter's contact. It is never stored."""
        return PrivateKey(self._hash("contact/1", receipt))

    def fingerprint(self, secret: str, body: bytes) -> str:
        """Return a hash of a request's body, keyed by a secret of the sender too.

        It shows whether two bodies with the same secret are equal. Without the sender's secret,
        which is not stored, nobody can try out bodies, even with the master key.
        """
        key = self._hash("body", secret)
        return hmac.digest(key, body, "sha256")[:16].hex()

    def challenge_mac(self, challenge: str) -> bytes:
        """Return the MAC of this stage on a challenge (`domain/flood/load_level.py`)."""
        return self._hash("challenge/1", challenge)

    def _hash(self, label: str, value: str) -> bytes:
        return hmac.digest(self._keys[label], value.encode(), "sha256")


# Two digits at once take half of the time.
_PAIRS = tuple(one + other for one in ALPHABET for other in ALPHABET)


def crockford(data: bytes, length: int) -> str:
    """Return the first `length` base32 digits of `data` (5 bits each)."""
    number = int.from_bytes(data, "big") >> (len(data) * 8 - length * 5)
    if length % 2:
        number <<= 5
    shifts = range((length - 1) // 2 * 10, -1, -10)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in shifts])[:length]


def number_of(digits: str) -> int:
    """Return the number with these base32 digits; any number for what are none."""
    number = 0
    for digit in digits:
        number = number << 5 | max(0, ALPHABET.find(digit))
    return number


def report_id_of(public_key: bytes) -> str:
    """Return the id of the report whose key has this public half.

    So nobody can put another key on a report's row, to read what is written from then on: its id
    would be another one.
    """
    return crockford(hashlib.sha256(_REPORT + public_key).digest(), 26)


# No report's id has a dash. So a key of the media bucket shows the kind of its owner, and a
# resident's media can never be a bulletin's.
_BULLETIN = "B-"


class OwnerKind(StrEnum):
    REPORT = "report"
    BULLETIN = "bulletin"
    OFFICER = "officer"
    DIGEST = "digest"
    NOTICE = "notice"
    AGENCY = "agency"


class Owner(NamedTuple):
    """The owner of a medium or a task."""

    kind: OwnerKind
    id: str


def owner_of(owner_id: str) -> Owner:
    """Return the owner of a medium by its id: the only place that reads the kind from an id."""
    kind = OwnerKind.BULLETIN if owner_id.startswith(_BULLETIN) else OwnerKind.REPORT
    return Owner(kind, owner_id)


def bulletin_id(entry_id: str) -> str:
    return _BULLETIN + entry_id


def is_bulletin_id(value: str) -> bool:
    return owner_of(value).kind is OwnerKind.BULLETIN


def random_id(length: int = 16) -> str:
    return crockford(secrets.token_bytes(length), length)


def event_id(pk: str, sk: str, task: str) -> str:
    """Return the id of what a task makes known.

    It depends on the task alone, so that receivers recognise a repeated notice.
    """
    return crockford(hashlib.sha256(f"{pk}|{sk}|{task}".encode()).digest(), 26)


def is_report_id(value: str) -> bool:
    """Return whether this can be the id of a report.

    Other values are not looked up: a key of the table has a limited length.
    """
    return bool(ID_PATTERN.fullmatch(value))


def is_opaque_id(value: str) -> bool:
    """Return whether this can be the id of a medium, a bulletin or an incident."""
    return bool(_OPAQUE.fullmatch(value))


def on_record(text: str) -> str:
    """Return a form for the record of an id that a caller named, and that may be none.

    The record outlives the report, so it must not hold what somebody typed in place of an id: a
    name, or a receipt, which has the form of a report's id. That form leaves a hash, by which
    attempts can be compared with each other and with a report that is known; nobody can guess 130
    bits. What has no id's form leaves nothing, because a hash of a name can be guessed.
    """
    if is_opaque_id(text):
        return text
    return _hashed(text) if is_report_id(text) else "no id"


def name_on_record(username: str) -> str:
    """Return a form for the record of a username that a caller named: itself, unless it reads as
    a receipt, which may be typed in any case.
    """
    read = username.upper().translate(_RECEIPT_READING)
    return _hashed(read) if is_report_id(read) else username


def _hashed(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def read_idempotency_key(value: str | None) -> str:
    """Return the canonical form of an `Idempotency-Key`, a random UUID (version 4).

    Raises Malformed `idempotency_key_required` or `bad_idempotency_key`.
    """
    if not value:
        raise errors.Malformed("idempotency_key_required")
    if not _UUID4.fullmatch(value):
        raise errors.Malformed("bad_idempotency_key")
    return value.lower()


def read_secret_key(value: str | None) -> str:
    """Return the canonical form of an `Idempotency-Key` that opens what is created under it.

    Raises the errors of `read_idempotency_key`, and Malformed `weak_idempotency_key` when the key
    could be guessed.
    """
    key = read_idempotency_key(value)
    if is_weak(UUID(key)):
        raise errors.Malformed("weak_idempotency_key")
    return key


def read_receipt(value: str) -> str:
    """Return the canonical form of a receipt as a person may type it.

    Raises NotFound when it cannot be one: too long (nothing long is ever hashed) or of other
    letters.
    """
    if len(value) > _LONGEST_RECEIPT_INPUT:
        raise errors.NotFound
    receipt = value.upper().translate(_RECEIPT_READING)
    if not ID_PATTERN.fullmatch(receipt):
        raise errors.NotFound
    return receipt


def read_reference(value: str) -> str | None:
    """Return `XXXX-XXXX` from a reference as a person may type it; None when it cannot be one."""
    if len(value) > 20:
        return None
    number = value.upper().translate(_RECEIPT_READING)
    return f"{number[:4]}-{number[4:]}" if re.fullmatch(f"[{ALPHABET}]{{8}}", number) else None
