"""A signature is that of one content by one key of P-256."""

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from chalicelib.domain.audit.seals import is_signed_by

KEY = ec.generate_private_key(ec.SECP256R1())
SHA256 = ec.ECDSA(hashes.SHA256())


def public(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_what_a_key_signed_is_signed_by_it() -> None:
    assert is_signed_by(public(KEY), b"content", KEY.sign(b"content", SHA256))


def test_another_content_or_signature_is_not() -> None:
    signature = KEY.sign(b"content", SHA256)
    assert not is_signed_by(public(KEY), b"other", signature)
    for altered in (b"", b"x", signature[:-1], signature + b"\0", bytes(len(signature))):
        assert not is_signed_by(public(KEY), b"content", altered)


def test_another_key_or_hash_has_not_signed_it() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert not is_signed_by(public(other), b"content", KEY.sign(b"content", SHA256))
    wider = KEY.sign(b"content", ec.ECDSA(hashes.SHA512()))
    assert not is_signed_by(public(KEY), b"content", wider)


@pytest.mark.parametrize("key", [b"", b"x", b"\x30\x00"])
def test_what_is_no_key_has_signed_nothing(key: bytes) -> None:
    assert not is_signed_by(key, b"content", KEY.sign(b"content", SHA256))


def test_a_key_of_another_kind_has_signed_nothing() -> None:
    curve = ec.generate_private_key(ec.SECP384R1())
    assert not is_signed_by(public(curve), b"content", curve.sign(b"content", SHA256))
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert not is_signed_by(public(edwards), b"content", edwards.sign(b"content"))
    prime = rsa.generate_private_key(65537, 2048)
    signature = prime.sign(b"content", padding.PKCS1v15(), hashes.SHA256())
    assert not is_signed_by(public(prime), b"content", signature)
