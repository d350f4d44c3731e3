"""A new key takes the place of another, which stays and is found again."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.store.watch import AwsRecord
from infra.local.moto_patches import apply_patches
from infra.stage.console import Refused
from infra.stage.destroy import delete_data, find_retained
from infra.stage.rotate_key import main, rotate_key
from infra.stage.target import Target

ALIAS = "alias/tipline-dev-content"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
TAGS: Any = [{"TagKey": "app", "TagValue": "tipline"}, {"TagKey": "stage", "TagValue": "dev"}]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setenv("YES", "1")
    apply_patches()
    with mock_aws():
        kms = boto3.client("kms")
        made = kms.create_key(
            KeySpec="RSA_3072",
            KeyUsage="ENCRYPT_DECRYPT",
            MultiRegion=True,
            Description="reports",
            Policy=POLICY,
            Tags=TAGS,
        )["KeyMetadata"]
        kms.create_alias(AliasName=ALIAS, TargetKeyId=made["KeyId"])
        yield Target("dev", boto3.Session(), None, {}, "")


def behind(alias: str = ALIAS) -> Any:
    return boto3.client("kms").describe_key(KeyId=alias)["KeyMetadata"]


def aliases() -> dict[str, str]:
    return {
        each["AliasName"]: each["TargetKeyId"]
        for each in boto3.client("kms").list_aliases()["Aliases"]
        if each["AliasName"].startswith(ALIAS)
    }


def test_a_new_key_takes_the_alias_and_is_like_the_one_before(target: Target) -> None:
    kms, before = boto3.client("kms"), behind()
    arn = rotate_key(target, "content")
    after = behind()
    assert after["Arn"] == arn != before["Arn"]
    for name in ("KeySpec", "KeyUsage", "MultiRegion", "Description"):
        assert after[name] == before[name]
    assert kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"] == POLICY
    tags = kms.list_resource_tags(KeyId=after["KeyId"])["Tags"]
    assert tags == [*TAGS, {"TagKey": "replaces", "TagValue": before["KeyId"]}]


def test_earlier_keys_stay_and_have_names(target: Target) -> None:
    first = behind()["KeyId"]
    second = rotate_key(target, "content").rpartition("/")[2]
    third = rotate_key(target, "content").rpartition("/")[2]
    assert aliases() == {ALIAS: third, f"{ALIAS}/1": first, f"{ALIAS}/2": second}
    assert {behind(f"{ALIAS}/{number}")["KeyState"] for number in (1, 2)} == {"Enabled"}


def test_every_key_is_still_compared_with_the_audit(target: Target) -> None:
    before = behind()["Arn"]
    after = rotate_key(target, "content")
    record = AwsRecord(boto3.client("cloudtrail"), boto3.client("kms"))
    assert record.keys((ALIAS,)) == {before, after}


@pytest.mark.parametrize("call", ["CreateAlias", "UpdateAlias"])
def test_an_interrupted_rotation_is_finished_by_the_next_run(target: Target, call: str) -> None:
    before, session = behind()["KeyId"], target.session
    events = session.events

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, call)

    events.register(f"before-call.kms.{call}", refuse)
    with pytest.raises(ClientError):
        rotate_key(target, "content")
    assert behind()["KeyId"] == before
    events.unregister(f"before-call.kms.{call}", refuse)
    made = rotate_key(target, "content").rpartition("/")[2]
    assert aliases() == {ALIAS: made, f"{ALIAS}/1": before}
    assert len(boto3.client("kms").list_keys()["Keys"]) == 2


def test_a_number_is_not_given_twice(target: Target) -> None:
    rotate_key(target, "content")
    rotate_key(target, "content")
    boto3.client("kms").delete_alias(AliasName=f"{ALIAS}/1")
    rotate_key(target, "content")
    assert set(aliases()) == {ALIAS, f"{ALIAS}/2", f"{ALIAS}/3"}


def test_a_no_changes_nothing(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YES")
    before = behind()
    with pytest.raises(Refused, match="YES=1"):
        rotate_key(target, "content")
    assert behind() == before


def test_a_stage_without_the_key_says_what_to_do(target: Target) -> None:
    with pytest.raises(Refused, match="make deploy STAGE=dev"):
        rotate_key(target, "contact")


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(Refused, match=r"KEY=content\|contact"):
        main(["--stage", "dev", "--key", "media"])


def test_every_key_of_the_stage_goes_with_its_data_only(target: Target) -> None:
    rotate_key(target, "content")
    kept = find_retained("dev", target.session)
    assert {each["ResourceType"] for each in kept} == {"AWS::KMS::Key"}
    assert len(kept) == 2
    assert delete_data(kept, target.session) == 0
    assert {behind(name)["KeyState"] for name in aliases()} == {"PendingDeletion"}
    assert find_retained("dev", target.session) == []
