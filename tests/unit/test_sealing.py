"""What is sealed to a report's key opens with that key, in its own row, and nowhere else."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.kernel.ids import Identity
from chalicelib.kernel.sealing import PrivateKey, Unreadable, WrappingKey, row_info, seal
from tests.conftest import examples

KEY = PrivateKey(bytes(range(32)))
OTHER = PrivateKey(bytes(range(1, 33)))
INFO = row_info("REPORT#1", "HEAD", "content")
TEXT = "An old man in a blue coat, 王先生".encode()
IDENTITY = Identity(b"a master key")
RECEIPT = IDENTITY.receipt("5f0c9a52-8b2e-4c59-9a0e-3d1c7c1b2a44")


@settings(max_examples=examples(60))
@given(st.binary(max_size=5000), st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_whatever_is_sealed_comes_back(plaintext: bytes, info: bytes, raw: bytes) -> None:
    key = PrivateKey(raw)
    assert key.open(seal(key.public, plaintext, info), info) == plaintext


def test_the_same_text_sealed_twice_looks_different() -> None:
    assert seal(KEY.public, TEXT, INFO) != seal(KEY.public, TEXT, INFO)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unreadable):
        OTHER.open(seal(KEY.public, TEXT, INFO), INFO)


@pytest.mark.parametrize(
    "place",
    [("REPORT#2", "HEAD", "content"), ("REPORT#1", "NOTE", "content"), ("REPORT#1", "HEAD", "x")],
)
def test_a_value_that_was_moved_does_not_open(place: tuple[str, str, str]) -> None:
    with pytest.raises(Unreadable):
        KEY.open(seal(KEY.public, TEXT, INFO), row_info(*place))


@given(*[st.tuples(st.text(), st.text(), st.text())] * 2)
def test_two_places_never_look_the_same(
    one: tuple[str, str, str], another: tuple[str, str, str]
) -> None:
    assert (row_info(*one) == row_info(*another)) == (one == another)


@settings(max_examples=examples(200))
@given(st.data())
def test_one_changed_bit_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY.public, TEXT, INFO))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    # X25519 ignores the highest bit of a public value (RFC 7748, 5), but HPKE hashes all of it.
    with pytest.raises(Unreadable):
        KEY.open(bytes(sealed), INFO)


@pytest.mark.parametrize("length", [0, 1, 32, 33, 48])
def test_what_is_cut_off_does_not_open(length: int) -> None:
    with pytest.raises(Unreadable):
        KEY.open(seal(KEY.public, TEXT, INFO)[:length], INFO)


def test_a_format_of_the_future_does_not_open() -> None:
    sealed = seal(KEY.public, TEXT, INFO)
    with pytest.raises(Unreadable):
        KEY.open(b"\x02" + sealed[1:], INFO)


def test_a_key_does_not_show_itself() -> None:
    shown = f"{KEY!r} {KEY}"
    assert KEY.raw.hex() not in shown
    assert repr(KEY.raw) not in shown


def test_the_keys_of_a_report_follow_from_its_receipt_alone() -> None:
    again = Identity(b"a master key")
    assert again.content_key(RECEIPT).raw == IDENTITY.content_key(RECEIPT).raw
    assert IDENTITY.content_key(RECEIPT).raw != IDENTITY.contact_key(RECEIPT).raw
    assert IDENTITY.content_key(RECEIPT).raw != Identity(b"another").content_key(RECEIPT).raw


def test_the_report_id_does_not_open_the_report() -> None:
    report_id = IDENTITY.report_id(RECEIPT)
    assert IDENTITY.content_key(report_id).raw != IDENTITY.content_key(RECEIPT).raw


def test_a_fingerprint_cannot_be_compared_without_the_senders_secret() -> None:
    body = b'{"phone":"+8613800138000"}'
    assert IDENTITY.fingerprint(RECEIPT, body) == IDENTITY.fingerprint(RECEIPT, body)
    assert IDENTITY.fingerprint(RECEIPT, body) != IDENTITY.fingerprint("X" + RECEIPT[1:], body)


@pytest.fixture(scope="module")
def in_kms() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def der(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_wrapped_key_opens_as_kms_opens_it(in_kms: rsa.RSAPrivateKey) -> None:
    wrapped = WrappingKey("arn:aws:kms:…", der(in_kms)).wrap(KEY)
    assert wrapped.arn == "arn:aws:kms:…"
    assert len(wrapped.wrapped) == 384
    padding = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)
    assert in_kms.decrypt(wrapped.wrapped, padding) == KEY.raw


def test_a_shorter_key_wraps_nothing() -> None:
    short = rsa.generate_private_key(65537, 2048)
    with pytest.raises(ValueError, match="3072"):
        WrappingKey("arn", der(short)).wrap(KEY)
