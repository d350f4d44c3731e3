"""The calls of KMS that name a key are found again, as CloudTrail shows them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.moto_patches import event_history
from tests import cloud
from tests.client import new_key


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


def test_a_call_is_found_by_its_key_the_newest_first(key: str, aws: Mapping[str, str]) -> None:
    cloud.client("kms").describe_key(KeyId=key)
    cloud.client("kms").get_public_key(KeyId=key.rpartition("/")[2])
    cloud.client("kms").describe_key(KeyId=aws["CONTENT_KEY"])
    assert calls(key) == ["GetPublicKey", "DescribeKey"]


def test_a_call_that_names_an_alias_is_of_the_key_behind_it(key: str) -> None:
    alias, kms = f"alias/{new_key()}", cloud.client("kms")
    kms.create_alias(AliasName=alias, TargetKeyId=key.rpartition("/")[2])
    kms.get_public_key(KeyId=alias)
    kms.delete_alias(AliasName=alias)
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
    assert event["requestParameters"] == {
        "keyId": key,
        "encryptionAlgorithm": "RSAES_OAEP_SHA_256",
    }


def test_only_what_happened_in_the_time_is_found(key: str) -> None:
    cloud.client("kms").describe_key(KeyId=key)
    now = datetime.now(UTC)
    assert calls(key, StartTime=now - timedelta(minutes=1), EndTime=now) == ["DescribeKey"]
    assert calls(key, EndTime=now - timedelta(minutes=1)) == []
    assert calls(key, StartTime=now + timedelta(minutes=1)) == []


def test_more_than_a_page_is_found_page_by_page(key: str) -> None:
    for _ in range(event_history.IN_PAGE + 1):
        cloud.client("kms").describe_key(KeyId=key)
    first = look_up(key)
    assert len(first["Events"]) == event_history.IN_PAGE
    second = look_up(key, NextToken=first["NextToken"])
    assert (len(second["Events"]), "NextToken" in second) == (1, False)


def test_a_call_is_found_by_its_name(key: str) -> None:
    cloud.client("kms").disable_key(KeyId=key.rpartition("/")[2])
    found = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DisableKey"}]
    )["Events"]
    assert key in [each["Resources"][0]["ResourceName"] for each in found]


def test_moto_alone_records_nothing_and_finds_nothing(key: str) -> None:
    with event_history.PATCH.removed():
        cloud.client("kms").describe_key(KeyId=key)
        with pytest.raises(NotImplementedError):
            look_up(key)
    assert calls(key) == []
