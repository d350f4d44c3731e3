"""A key in KMS signs content of any length, and anybody can check it with the public half."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.kms import SigningKey
from chalicelib.domain.audit.seals import is_signed_by
from chalicelib.kernel import errors
from tests import cloud
from tests.client import new_key
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "fresh")


@pytest.mark.parametrize("length", [0, 1, 4_097, 1_000_000])
def test_content_of_any_length_is_signed(length: int) -> None:
    key, content = wiring.signing_key(), bytes(length)
    assert is_signed_by(key.public_key(), content, key.sign(content))


def test_the_public_half_is_that_of_the_signatures_while_another_key_takes_its_place() -> None:
    kms, alias = cloud.client("kms"), f"alias/{new_key()}"
    first, second = (
        kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        for _ in range(2)
    )
    kms.create_alias(AliasName=alias, TargetKeyId=first)
    key = SigningKey(kms, alias)
    before = key.public_key()
    kms.update_alias(AliasName=alias, TargetKeyId=second)
    assert is_signed_by(before, b"content", key.sign(b"content"))
    after = SigningKey(kms, alias)
    assert is_signed_by(after.public_key(), b"content", after.sign(b"content"))
    assert after.public_key() != before


@pytest.mark.parametrize("call", ["GetPublicKey", "Sign"])
@pytest.mark.parametrize(
    "answer",
    [
        inject.error_response(400, "DisabledException"),
        inject.error_response(400, "AccessDeniedException"),
    ],
)
def test_a_key_that_cannot_be_used_is_unavailable(call: str, answer: Any) -> None:
    key = wiring.signing_key()
    with inject.fault(key._kms, f"kms.{call}", answer), pytest.raises(errors.Unavailable):
        key.sign(b"content")


def test_a_lost_response_is_asked_for_again() -> None:
    key = wiring.signing_key()
    lost = inject.times(1, inject.error_response(500, "KMSInternalException"))
    with inject.fault(key._kms, "kms.Sign", lost):
        signature = key.sign(b"content")
    assert is_signed_by(key.public_key(), b"content", signature)
