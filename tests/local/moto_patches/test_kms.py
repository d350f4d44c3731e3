"""What is changed of moto's KMS and CloudTrail: what a key opens and signs, and who called."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib.domain.audit.seals import is_signed_by
from infra.local.moto_patches import kms
from infra.local.resources import REGION
from tests import cloud
from tests.client import new_key
from tests.local.moto_patches.conftest import fails_without

ALGORITHM = "RSAES_OAEP_SHA_256"


def _encrypted(public_key: bytes, plaintext: bytes) -> bytes:
    key = serialization.load_der_public_key(public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    digest = hashes.SHA256()
    return key.encrypt(plaintext, padding.OAEP(padding.MGF1(digest), digest, label=None))


def _public_key(key_id: str) -> Any:
    return cloud.client("kms").get_public_key(KeyId=key_id)


def _open(ciphertext: bytes, key_id: str, algorithm: str = ALGORITHM) -> Any:
    return cloud.client("kms").decrypt(
        CiphertextBlob=ciphertext, KeyId=key_id, EncryptionAlgorithm=algorithm
    )


@fails_without(kms.KEY_PAIRS)
@pytest.mark.parametrize("name", ["CONTENT_KEY", "CONTACT_KEY"])
def test_what_the_public_half_encrypts_the_key_opens(aws: Mapping[str, str], name: str) -> None:
    public = _public_key(aws[name])
    ciphertext = _encrypted(public["PublicKey"], b"thirty-two bytes of a secret key")
    assert len(ciphertext) == 384
    opened = _open(ciphertext, public["KeyId"])
    assert opened["Plaintext"] == b"thirty-two bytes of a secret key"
    assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (public["KeyId"], ALGORITHM)


def test_a_public_key_names_its_key_by_arn(aws: Mapping[str, str]) -> None:
    public = _public_key(aws["CONTENT_KEY"])
    assert public["KeyId"].startswith("arn:aws:kms:us-east-1:123456789012:key/mrk-")
    assert (public["KeySpec"], public["KeyUsage"]) == ("RSA_3072", "ENCRYPT_DECRYPT")


def test_a_key_that_is_disabled_or_waits_for_its_deletion_opens_nothing(
    aws: Mapping[str, str],
) -> None:
    client = cloud.client("kms")
    made = client.create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    ciphertext = _encrypted(_public_key(made["KeyId"])["PublicKey"], b"secret")
    client.disable_key(KeyId=made["KeyId"])
    with pytest.raises(ClientError, match="DisabledException"):
        _open(ciphertext, made["Arn"])
    client.schedule_key_deletion(KeyId=made["KeyId"])
    with pytest.raises(ClientError, match="KMSInvalidStateException"):
        _open(ciphertext, made["Arn"])


def _sign(key_id: str, message: bytes, message_type: Any = "DIGEST") -> Any:
    return cloud.client("kms").sign(
        KeyId=key_id, Message=message, MessageType=message_type, SigningAlgorithm="ECDSA_SHA_256"
    )


@fails_without(kms.KEY_PAIRS)
def test_a_hash_is_signed_as_it_is(aws: Mapping[str, str]) -> None:
    public = _public_key(aws["LEDGER_KEY"])
    signed = _sign(aws["LEDGER_KEY"], hashlib.sha256(b"content").digest())
    assert is_signed_by(public["PublicKey"], b"content", signed["Signature"])
    assert signed["KeyId"] == public["KeyId"]
    signed = _sign(aws["LEDGER_KEY"], b"content", "RAW")
    assert is_signed_by(public["PublicKey"], b"content", signed["Signature"])


def test_a_key_that_is_disabled_signs_nothing(aws: Mapping[str, str]) -> None:
    client = cloud.client("kms")
    made = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    client.disable_key(KeyId=made["KeyId"])
    with pytest.raises(ClientError, match="DisabledException"):
        _sign(made["Arn"], bytes(32))


def test_symmetric_keys_open_as_before(aws: Mapping[str, str]) -> None:
    client = cloud.client("kms")
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    ciphertext = client.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"secret"
    assert client.decrypt(CiphertextBlob=ciphertext, KeyId=key_id)["Plaintext"] == b"secret"


def test_each_key_has_a_pair_of_its_own(aws: Mapping[str, str]) -> None:
    made = [
        cloud.client("kms").create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")
        for _ in range(3)
    ]
    names = [each["KeyMetadata"]["KeyId"] for each in made]
    names += [aws["CONTENT_KEY"], aws["CONTACT_KEY"]]
    assert len({_public_key(name)["PublicKey"] for name in names}) == 5


def _signing_keys() -> list[Any]:
    """Return what two new user pools sign with."""
    cognito, pools = cloud.client("cognito-idp"), cognitoidp_backends[DEFAULT_ACCOUNT_ID][REGION]
    made = [cognito.create_user_pool(PoolName=name)["UserPool"]["Id"] for name in ("a", "b")]
    return [pools.user_pools[each].json_web_key for each in made]


@fails_without(kms.KEY_PAIRS)
def test_the_pair_of_user_pools_is_read_once(aws: Mapping[str, str]) -> None:
    first, second = _signing_keys()
    assert first is second


# The history of calls ----------------------------------------------------------------------------


@pytest.fixture
def key(aws: Mapping[str, str]) -> str:
    made = cloud.client("kms").create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")
    return str(made["KeyMetadata"]["Arn"])


def look_up(key: str, **more: Any) -> Any:
    return cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": key}], **more
    )


def calls(key: str, **more: Any) -> list[str]:
    return [each["EventName"] for each in look_up(key, **more)["Events"]]


@fails_without(kms.EVENT_HISTORY)
def test_a_call_is_found_by_its_key_the_newest_first(key: str, aws: Mapping[str, str]) -> None:
    cloud.client("kms").describe_key(KeyId=key)
    cloud.client("kms").get_public_key(KeyId=key.rpartition("/")[2])
    cloud.client("kms").describe_key(KeyId=aws["CONTENT_KEY"])
    assert calls(key) == ["GetPublicKey", "DescribeKey"]


def test_a_call_that_names_an_alias_is_of_the_key_behind_it(key: str) -> None:
    alias, client = f"alias/{new_key()}", cloud.client("kms")
    client.create_alias(AliasName=alias, TargetKeyId=key.rpartition("/")[2])
    client.get_public_key(KeyId=alias)
    client.delete_alias(AliasName=alias)
    assert calls(key) == ["DeleteAlias", "GetPublicKey", "CreateAlias"]


def test_an_event_says_who_called_and_with_which_agent_and_nothing_secret(
    key: str, aws: Mapping[str, str]
) -> None:
    with pytest.raises(cloud.client("kms").exceptions.InvalidCiphertextException):
        cloud.client("kms").decrypt(
            CiphertextBlob=b"x", KeyId=key, EncryptionAlgorithm="RSAES_OAEP_SHA_256"
        )
    (found,) = look_up(key)["Events"]
    event = json.loads(found["CloudTrailEvent"])
    assert event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == aws["OFFICERS_ROLE"]
    assert event["userAgent"].startswith("Boto3/")
    assert event["errorCode"] == "InvalidCiphertextException"
    assert event["requestParameters"] == {"keyId": key, "encryptionAlgorithm": "RSAES_OAEP_SHA_256"}


def test_only_what_happened_in_the_time_is_found(key: str) -> None:
    cloud.client("kms").describe_key(KeyId=key)
    now = datetime.now(UTC)
    assert calls(key, StartTime=now - timedelta(minutes=1), EndTime=now) == ["DescribeKey"]
    assert calls(key, EndTime=now - timedelta(minutes=1)) == []
    assert calls(key, StartTime=now + timedelta(minutes=1)) == []


def test_more_than_a_page_is_found_page_by_page(key: str) -> None:
    for _ in range(kms.IN_PAGE + 1):
        cloud.client("kms").describe_key(KeyId=key)
    first = look_up(key)
    assert len(first["Events"]) == kms.IN_PAGE
    second = look_up(key, NextToken=first["NextToken"])
    assert (len(second["Events"]), "NextToken" in second) == (1, False)


def test_a_call_is_found_by_its_name(key: str) -> None:
    cloud.client("kms").disable_key(KeyId=key.rpartition("/")[2])
    found = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DisableKey"}]
    )["Events"]
    assert key in [each["Resources"][0]["ResourceName"] for each in found]
