"""An attacker who has a dump of everything (`tests/security/dump.py`) and the project's code, and
cannot call KMS.

    python -m tests.security.attacker FOLDER [--receipt RECEIPT] [--guesses FILE]

It tries every way to a text that it knows, and prints as JSON what it recovered:

    {"opened": [{"row": [pk, sk], "text": …}], "confirmed": [guess, …], "keys": […],
     "pictures": […], "tried": {"keys": n, "openings": n, "fingerprints": n}}

`--receipt` gives it one receipt, which no dump has: then it must open that report, and no other.
`--guesses` is a JSON list of bodies that a report may have had, in the form that is hashed: the
attacker who knows whose contact it could be, and tries to confirm it.
"""

import argparse
import base64
import binascii
import contextlib
import hashlib
import hmac
import io
import json
import math
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key
from PIL import Image

from chalicelib.aws.keys import CONTACT
from chalicelib.kernel import ids
from chalicelib.kernel.sealing import PrivateKey, Unreadable, row_info
from chalicelib.services.reports import sealed_rows

KEY_BYTES = 32
WEAK_KEYS = 64
"""How many idempotency keys of each weak pattern are tried."""
FERMAT_STEPS = 100_000
# What a value in a row is sealed as: the names that the code has.
NAMES = sorted(
    {
        value
        for name, value in vars(sealed_rows).items()
        if name.startswith("_") and not name.startswith("__") and isinstance(value, str)
    }
)


class Sealed(NamedTuple):
    """A value in a row that may be sealed, with the row's public key or its report's, if any."""

    pk: str
    sk: str
    value: bytes


@dataclass
class Loot:
    """What was recovered, and how much was tried."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    tried: dict[str, int] = field(default_factory=dict)


class Attacker:
    def __init__(self, folder: Path, receipts: Iterable[str], guesses: Iterable[str]) -> None:
        self.folder = folder
        self.given = list(receipts)
        self.guesses = [guess.encode() for guess in guesses]
        self.loot = Loot()

    def run(self) -> Loot:
        self.loot.tried = {"keys": len(self.keys), "openings": 0, "fingerprints": 0}
        self.open_rows()
        self.unwrap()
        self.confirm_guesses()
        self.read_pictures()
        return self.loot

    # What the dump has.

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return [
            row
            for path in sorted(self.folder.glob("tables/*.json"))
            for row in json.loads(path.read_text(encoding="utf-8"))
        ]

    @cached_property
    def binaries(self) -> list[Sealed]:
        """All binary values of all rows."""
        return [
            Sealed(row["pk"]["S"], row["sk"]["S"], value)
            for row in self.rows
            for value in _binaries(row)
        ]

    @cached_property
    def words(self) -> list[str]:
        """Every string in the dump that could be an id, a number or a secret, once each."""
        found: dict[str, None] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.suffix != ".jpg" and "secrets" not in path.parts:
                text = path.read_bytes().decode("utf-8", "ignore")
                for word in re.findall(r"[A-Za-z0-9][A-Za-z0-9_:.@#/+-]{3,99}", text):
                    found |= dict.fromkeys((word, *re.split(r"[#/:@]", word)))
        return [word for word in found if len(word) > 3]

    @cached_property
    def known_ids(self) -> list[str]:
        """The words that look like ids, references, fingerprints or names."""
        patterns = (
            rf"[{ids.ALPHABET}]{{16}}|[{ids.ALPHABET}]{{26}}",
            rf"[{ids.ALPHABET}]{{4}}-[{ids.ALPHABET}]{{4}}",
            r"[0-9a-f]{32}|[0-9a-f]{64}",
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        )
        return [word for word in self.words if any(re.fullmatch(one, word) for one in patterns)]

    @cached_property
    def secrets(self) -> list[bytes]:
        """Every secret, in each form that a function might read it in."""
        found: dict[bytes, None] = {}
        for path in sorted(self.folder.glob("secrets/*")):
            for text in _texts(path.read_bytes()):
                found |= dict.fromkeys(_forms(text))
        return list(found)

    # Keys.

    @cached_property
    def identities(self) -> list[ids.Identity]:
        return [ids.Identity(secret) for secret in self.secrets]

    @cached_property
    def labels(self) -> list[str]:
        return sorted(self.identities[0]._keys)

    @cached_property
    def receipts(self) -> list[tuple[ids.Identity, str]]:
        """Receipts, each with the master key that it would be of: those given, words of the dump,
        hashes of these, and those of weak keys.
        """
        shaped = [word for word in self.words if ids.ID_PATTERN.fullmatch(word)]
        sources = [*self.known_ids, *_weak_keys(self.known_ids)]
        return [
            (identity, receipt)
            for identity in self.identities
            for receipt in dict.fromkeys(
                (
                    *self.given,
                    *shaped,
                    *(identity.receipt(source) for source in sources),
                    *(identity.report_id(word) for word in self.known_ids),
                )
            )
        ]

    @cached_property
    def keys(self) -> list[bytes]:
        """Every value of 32 bytes that the dump holds, or that the code derives from it."""
        found: dict[bytes, None] = {}
        for value in [*self.secrets, *(sealed.value for sealed in self.binaries)]:
            # A key at the start, at the end, or at any other place of a wrapped one.
            starts = range(len(value) - KEY_BYTES + 1)
            found |= dict.fromkeys(value[start : start + KEY_BYTES] for start in starts)
            found[hashlib.sha256(value).digest()] = None
        for identity in self.identities:
            for label in self.labels:
                found[identity._keys[label]] = None
                found |= dict.fromkeys(identity._hash(label, word) for word in self.known_ids)
        for identity, receipt in self.receipts:
            found[identity.content_key(receipt).raw] = None
            found[identity.contact_key(receipt).raw] = None
        for word in self.known_ids:
            found[hashlib.sha256(word.encode()).digest()] = None
            for secret in self.secrets:
                found[hmac.digest(secret, word.encode(), "sha256")] = None
        return list(found)

    # What they open.

    def open_rows(self) -> None:
        """Try every key: by its public half where the report's stands on a row, and at every value
        of a row without one.
        """
        publics = {sealed.value for sealed in self.binaries if len(sealed.value) == KEY_BYTES}
        owners = {sealed.pk for sealed in self.binaries if sealed.value in publics}
        private = [PrivateKey(key) for key in self.keys]
        fitting = [key for key in private if key.public in publics]
        self.loot.keys += [key.public.hex() for key in fitting]
        for sealed in self.binaries:
            if len(sealed.value) > KEY_BYTES:
                known = sealed.pk in owners and sealed.sk != CONTACT
                self._open(sealed, fitting if known else private)
        # What is sealed into a queue, a log or an object would be seen by the search.

    def _open(self, sealed: Sealed, keys: Iterable[PrivateKey]) -> None:
        # The key of a contact stands nowhere: each must be tried at the value itself.
        names = NAMES if sealed.sk != CONTACT else [sealed_rows._CONTENT]
        for key in keys:
            for name in names:
                self.loot.tried["openings"] += 1
                with contextlib.suppress(Unreadable, ValueError):
                    text = key.open(sealed.value, row_info(sealed.pk, sealed.sk, name))
                    row = [sealed.pk, sealed.sk]
                    self.loot.opened.append({"row": row, "text": text.decode("utf-8", "replace")})

    def unwrap(self) -> None:
        """Unwrap the keys of reports without the key in KMS."""
        moduli = self._public_numbers()
        factors = {n: p for n in moduli if (p := _factor(n, moduli))}
        self.loot.keys += [f"factor of {n}" for n in factors]
        for sealed in self.binaries:
            for n, e in moduli.items():
                if len(sealed.value) == (n.bit_length() + 7) // 8:
                    raw = pow(int.from_bytes(sealed.value, "big"), e, n).to_bytes(n.bit_length())
                    # Padding would show that the wrong half has been used.
                    if raw.lstrip(b"\0")[:1] in (b"\x01", b"\x02") and b"\0" in raw.lstrip(b"\0"):
                        tail = raw.rpartition(b"\0")[2]
                        self.loot.keys += [tail.hex()] if len(tail) == KEY_BYTES else []
        for secret in self.secrets:
            with contextlib.suppress(ValueError, TypeError):
                load_pem_private_key(secret, None)
                self.loot.keys.append("a private key among the secrets")

    def _public_numbers(self) -> dict[int, int]:
        found = {}
        for path in sorted(self.folder.glob("keys/*.der")):
            key = load_der_public_key(path.read_bytes())
            assert isinstance(key, RSAPublicKey)
            found[key.public_numbers().n] = key.public_numbers().e
        return found

    def confirm_guesses(self) -> None:
        """Look for a guess among the fingerprints, under every secret and every known word."""
        stored = {word for word in self.words if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", word)}
        for guess in self.guesses:
            if any(made in stored for made in self._fingerprints(guess)):
                self.loot.confirmed.append(guess.decode())

    def _fingerprints(self, body: bytes) -> Iterator[str]:
        keys = [b"", *self.secrets, *(word.encode() for word in self.known_ids)]
        for key in keys:
            for whole in (hmac.digest(key, body, "sha256"), hashlib.sha256(key + body).digest()):
                yield from self._counted((whole[:16].hex(), whole.hex()))
        for identity in self.identities:
            for label in self.labels:
                whole = identity._hash(label, body.decode())
                yield from self._counted((whole[:16].hex(), whole.hex()))
            for word in ["", *self.known_ids]:
                yield from self._counted((identity.fingerprint(word, body),))
        for identity, receipt in self.receipts:
            yield from self._counted((identity.fingerprint(receipt, body),))

    def _counted(self, made: tuple[str, ...]) -> Iterator[str]:
        self.loot.tried["fingerprints"] += len(made)
        yield from made

    def read_pictures(self) -> None:
        """Look for metadata in what was derived from pictures."""
        for path in sorted(self.folder.glob("objects/**/*")):
            with contextlib.suppress(OSError):
                picture = Image.open(io.BytesIO(path.read_bytes()))
                found = {k: v for k, v in picture.info.items() if k in ("exif", "comment", "xmp")}
                if found or len(picture.getexif()):
                    self.loot.pictures.append(path.name)


def _binaries(value: Any) -> Iterator[bytes]:
    """Yield the binary values of a row, nested ones too."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "B" and isinstance(member, str):
                yield base64.b64decode(member)
            else:
                yield from _binaries(member)
    elif isinstance(value, list):
        for member in value:
            yield from _binaries(member)


def _texts(secret: bytes) -> Iterator[bytes]:
    """Yield a secret, and the members of it if it is JSON."""
    yield secret
    with contextlib.suppress(ValueError):
        pending = [json.loads(secret)]
        while pending:
            value = pending.pop()
            if isinstance(value, str):
                yield value.encode()
            elif isinstance(value, Mapping):
                pending += value.values()
            elif isinstance(value, list):
                pending += value


def _forms(text: bytes) -> Iterator[bytes]:
    yield text
    with contextlib.suppress(ValueError):
        yield bytes.fromhex(text.decode())
    for decode in (base64.b64decode, base64.urlsafe_b64decode):
        with contextlib.suppress(binascii.Error, ValueError):
            if decoded := decode(text + b"=" * (-len(text) % 4)):
                yield decoded


def _weak_keys(words: Iterable[str]) -> Iterator[str]:
    """Yield idempotency keys that a careless phone may make: equal, counting, from a name or an
    id. Version and variant are those of a random one.
    """
    for number in range(WEAK_KEYS):
        yield str(uuid.UUID(int=number, version=4))
        yield str(uuid.UUID(int=number << 96, version=4))
    for byte in range(16):
        yield str(uuid.UUID(bytes=bytes([byte]) * 16, version=4))
    for word in words:
        yield str(
            uuid.UUID(bytes=hashlib.md5(word.encode(), usedforsecurity=False).digest(), version=4)
        )


def _factor(n: int, moduli: Iterable[int]) -> int | None:
    """Return a factor of a modulus that shares one with another, or whose factors are close."""
    for other in moduli:
        if other != n and (shared := math.gcd(n, other)) > 1:
            return shared
    root = math.isqrt(n) + 1
    for a in range(root, root + FERMAT_STEPS):
        b = math.isqrt(rest := a * a - n)
        if b * b == rest:
            return a - b
    return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.security.attacker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--receipt", action="append", default=[])
    parser.add_argument("--guesses", type=Path)
    arguments = parser.parse_args()
    guesses = json.loads(arguments.guesses.read_text()) if arguments.guesses else []
    loot = Attacker(arguments.folder, arguments.receipt, guesses).run()
    print(json.dumps(vars(loot), ensure_ascii=False))


if __name__ == "__main__":
    main()
