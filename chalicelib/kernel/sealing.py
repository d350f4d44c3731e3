"""Seal what a resident writes to the key of their report.

Only this module knows the format: one byte, its version, and an HPKE ciphertext (RFC 9180, base
mode): X25519, HKDF-SHA-256, AES-256-GCM. Its `info` is the version and the row that it belongs to,
so that it opens nowhere else. docs/adr/0018 follows a text through it.
"""

import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.kernel import errors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_VERSION = b"\x01"
_LABEL = b"tipline/sealed/"

KEY_BYTES = 32
"""Bytes of each half of a report's key."""
WRAPPING_BITS = 3072
"""Bits of the RSA keys that wrap the keys of reports."""


class Unreadable(errors.Unavailable):
    """A sealed value does not open: it was altered or moved, or its key is another one."""


def row_info(pk: str, sk: str, name: str) -> bytes:
    """Return the `info` of the value `name` in the row with this key."""
    return json.dumps([pk, sk, name]).encode()


def seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal `plaintext` to the public half of a report's key (32 bytes). Needs no secret."""
    return _VERSION + bytes(_suite().encrypt(plaintext, _public_key(public), info=_bound(info)))


class PrivateKey:
    """The private half of a report's key: 32 bytes. It opens the report."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return bytes(self._key.public_key().public_bytes_raw())

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return the plaintext. Raises Unreadable."""
        from cryptography.exceptions import InvalidTag

        if sealed[:1] != _VERSION:
            raise Unreadable
        try:
            return bytes(_suite().decrypt(sealed[1:], self._key, info=_bound(info)))
        except (InvalidTag, ValueError):
            raise Unreadable from None

    @cached_property
    def _key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return X25519PrivateKey.from_private_bytes(self.raw)

    def __repr__(self) -> str:
        return "PrivateKey(…)"  # it must be in no log


class WrappedKey(NamedTuple):
    """A report's private key as it is stored: encrypted to the key in KMS with this ARN."""

    wrapped: bytes
    arn: str


class Wrapper(Protocol):
    """A key in KMS, by its public half."""

    def wrapping_key(self) -> "WrappingKey":
        """Return the public half, to which new keys are wrapped. Raises Unavailable."""


class WrappingKey:
    """The public half of a key in KMS, to which the keys of reports are encrypted.

    `arn` is the ARN of the key, `der` its SubjectPublicKeyInfo.
    """

    def __init__(self, arn: str, der: bytes) -> None:
        self.arn = arn
        self._der = der

    def wrap(self, private: PrivateKey) -> WrappedKey:
        """Return the private key, encrypted with RSAES-OAEP and SHA-256: 384 bytes."""
        return WrappedKey(self._key.encrypt(private.raw, _oaep()), self.arn)

    @cached_property
    def _key(self) -> "RSAPublicKey":
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        key = load_der_public_key(self._der)
        if not isinstance(key, RSAPublicKey) or key.key_size != WRAPPING_BITS:
            raise ValueError(f"not the public half of an RSA key of {WRAPPING_BITS} bits")
        return key


def _bound(info: bytes) -> bytes:
    return _LABEL + _VERSION + info


@cache
def _suite() -> Any:
    from cryptography.hazmat.primitives import hpke

    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@cache
def _oaep() -> Any:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA256

    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


def _public_key(raw: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    return X25519PublicKey.from_public_bytes(raw)
