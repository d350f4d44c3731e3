"""A stage is deleted without its data, and with them only when its name is typed."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.stage.console import Refused
from infra.stage.destroy import delete_data, destroy, find_retained, resource_of

KEY: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "MediaBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "ReportsTable": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "Properties": KEY | {"DeletionProtectionEnabled": True},
        },
        "SourcesTable": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Delete",
            "Properties": KEY,
        },
    }
}


def answering(session: Any, operation: str, content: dict[str, Any], status: int = 200) -> None:
    """Let AWS answer an operation with some content, without doing it."""

    def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        return AWSResponse("", status, HTTPHeaders(), None), content

    session.events.register(f"before-call.{operation}", answer)


def refusing(session: Any, operation: str, code: str, message: str = "no") -> None:
    answering(session, operation, {"Error": {"Code": code, "Message": message}}, 400)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session in which termination protection, which moto does not know, can be set."""

    monkeypatch.delenv("YES", raising=False)
    monkeypatch.delenv("CONFIRM", raising=False)
    with mock_aws():
        session: Any = boto3.Session()
        answering(session, "cloudformation.UpdateTerminationProtection", {})
        yield session


@pytest.fixture
def stage(session: Any) -> Any:
    session.client("cloudformation").create_stack(
        StackName="tipline-dev",
        TemplateBody=json.dumps(TEMPLATE),
        Tags=[{"Key": "app", "Value": "tipline"}, {"Key": "stage", "Value": "dev"}],
    )
    return session


def buckets(session: Any) -> int:
    return len(session.client("s3").list_buckets()["Buckets"])


def tables(session: Any) -> int:
    return len(session.client("dynamodb").list_tables()["TableNames"])


def topics(session: Any) -> int:
    return len(session.client("sns").list_topics()["Topics"])


def test_data_stay_unless_they_are_asked_for(
    stage: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YES", "1")
    assert destroy("dev", stage, data=False) == 0
    assert (topics(stage), buckets(stage), tables(stage)) == (0, 1, 1)
    printed = capsys.readouterr().out
    assert "deleted: 2 resources" in printed
    assert "kept: 2 that hold data" in printed
    assert "SourcesTable" not in printed
    assert "make destroy STAGE=dev DATA=1" in printed


def test_data_go_when_the_stages_name_is_typed(
    stage: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONFIRM", "dev")
    assert destroy("dev", stage, data=True) == 0
    assert (topics(stage), buckets(stage), tables(stage)) == (0, 0, 0)
    assert "DELETED, with all data in them: 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answers", "data", "said"),
    [
        ({"CONFIRM": "prod", "YES": "1"}, True, "not the stage's name"),
        ({"CONFIRM": "yes", "YES": "1"}, True, "not the stage's name"),
        ({"CONFIRM": "Dev", "YES": "1"}, True, "not the stage's name"),
        ({"YES": "1"}, True, "CONFIRM=dev"),
        ({}, False, "YES=1"),
    ],
    ids=["another stage", "a yes", "another case", "a yes alone", "no answer"],
)
def test_without_the_right_answer_nothing_is_deleted(
    stage: Any, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str], data: bool, said: str
) -> None:
    for name, answer in answers.items():
        monkeypatch.setenv(name, answer)
    with pytest.raises(Refused, match=said):
        destroy("dev", stage, data=data)
    assert (topics(stage), buckets(stage), tables(stage)) == (1, 1, 2)


def test_what_an_earlier_stack_left_is_deleted_later(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YES", "1")
    destroy("dev", stage, data=False)
    monkeypatch.setenv("CONFIRM", "dev")
    assert destroy("dev", stage, data=True) == 0
    assert tables(stage) == 0


def test_what_waits_for_its_deletion_is_not_offered_again(session: Any) -> None:
    tags = {"app": "tipline", "stage": "dev"}
    secret = session.client("secretsmanager").create_secret(
        Name="s", SecretString="x", Tags=[{"Key": key, "Value": tags[key]} for key in tags]
    )["ARN"]
    kms = session.client("kms")
    key = kms.create_key(Tags=[{"TagKey": name, "TagValue": tags[name]} for name in tags])
    held = find_retained("dev", session)
    assert sorted(each["ResourceType"] for each in held) == [
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
    ]
    kms.schedule_key_deletion(KeyId=key["KeyMetadata"]["KeyId"])
    session.client("secretsmanager").delete_secret(SecretId=secret)
    assert find_retained("dev", session) == []


def test_the_list_says_by_what_it_was_made(
    stage: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONFIRM", "dev")
    destroy("dev", stage, data=True)
    printed = capsys.readouterr().out
    assert "only what has the tags app=tipline and stage=dev" in printed
    assert "aws dynamodb list-tables" in printed


def test_a_stage_whose_name_begins_alike_keeps_what_it_left(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YES", "1")
    for name in ("dev", "dev2"):
        session.client("cloudformation").create_stack(
            StackName=f"tipline-{name}", TemplateBody=json.dumps(TEMPLATE)
        )
        destroy(name, session, data=False)
    monkeypatch.setenv("CONFIRM", "dev")
    assert destroy("dev", session, data=True) == 0
    [left] = session.client("dynamodb").list_tables()["TableNames"]
    assert left.startswith("tipline-dev2-")
    assert buckets(session) == 1


def test_the_tables_of_another_stage_or_application_are_not_a_stages_data(session: Any) -> None:
    tagged = {"dev": ("tipline", "dev"), "prod": ("tipline", "prod"), "other": ("other", "dev")}
    for name, (app, stage) in tagged.items():
        session.client("dynamodb").create_table(
            TableName=name,
            **KEY,
            Tags=[{"Key": "app", "Value": app}, {"Key": "stage", "Value": stage}],
        )
    assert [each["PhysicalResourceId"] for each in find_retained("dev", session)] == ["dev"]


def test_what_went_with_its_stack_is_not_left(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_the_rest(parsed: dict[str, Any], **_: Any) -> None:
        for resource in parsed["StackResourceSummaries"]:
            if resource["LogicalResourceId"] != "ReportsTable":
                resource["ResourceStatus"] = "DELETE_COMPLETE"

    monkeypatch.setenv("YES", "1")
    session.client("cloudformation").create_stack(
        StackName="tipline-dev", TemplateBody=json.dumps(TEMPLATE)
    )
    destroy("dev", session, data=False)
    session.events.register("after-call.cloudformation.ListStackResources", delete_the_rest)
    left = [each["LogicalResourceId"] for each in find_retained("dev", session)]
    assert left == ["ReportsTable"]


@pytest.fixture
def protected(stage: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each setting of the stack's protection, as it is asked for."""
    asked = list[str]()
    monkeypatch.setenv("YES", "1")
    stage.events.register_first(
        "before-call.cloudformation.UpdateTerminationProtection",
        lambda params, **_: asked.append(params["body"]["EnableTerminationProtection"]),
    )
    return asked


def test_a_stack_that_could_not_be_deleted_is_protected_again(
    stage: Any, protected: list[str]
) -> None:
    def fail(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Stacks"][0]["StackStatus"] = "DELETE_FAILED"

    answering(stage, "cloudformation.DeleteStack", {})
    stage.events.register("after-call.cloudformation.DescribeStacks", fail)
    with pytest.raises(Refused, match=r"could not be deleted \(DELETE_FAILED\)"):
        destroy("dev", stage, data=False)
    assert protected == ["false", "true"]


def test_a_stack_whose_deletion_is_refused_is_protected_again(
    stage: Any, protected: list[str]
) -> None:
    refusing(stage, "cloudformation.DeleteStack", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        destroy("dev", stage, data=False)
    assert protected == ["false", "true"]


def test_an_unknown_stage_names_those_that_exist(stage: Any) -> None:
    with pytest.raises(Refused, match=r"no stage test, and it left nothing\. Stages here: dev"):
        destroy("test", stage, data=False)


def resource(kind: str, name: str) -> dict[str, str]:
    return {"ResourceType": kind, "PhysicalResourceId": name, "LogicalResourceId": "X"}


def test_all_versions_of_all_objects_are_deleted(session: Any) -> None:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="media")
    s3.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="media", Key="a", Body=b"x")
    s3.delete_object(Bucket="media", Key="a")
    s3.create_multipart_upload(Bucket="media", Key="unfinished")
    assert delete_data([resource("AWS::S3::Bucket", "media")], session) == 0
    assert buckets(session) == 0


def locked_digests(session: Any) -> dict[str, str]:
    """Return a bucket with a digest that nobody can delete for two years."""
    s3 = session.client("s3")
    s3.create_bucket(Bucket="seals", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 2}}
    s3.put_object_lock_configuration(
        Bucket="seals", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    s3.put_object(Bucket="seals", Key="digests/1.json", Body=b"{}")
    return resource("AWS::S3::Bucket", "seals")


def test_locked_digests_stay(session: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert delete_data([locked_digests(session)], session) == 0
    assert buckets(session) == 1
    assert "locked for two years" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "spec", "use", "stays"),
    [
        ("EncryptionKey", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", True),
        ("LedgerKey", "ECC_NIST_P256", "SIGN_VERIFY", True),
        ("", "ECC_NIST_P256", "SIGN_VERIFY", True),  # as one that was replaced
        ("", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", True),
        ("ContentKey", "RSA_3072", "ENCRYPT_DECRYPT", False),
        ("", "RSA_3072", "ENCRYPT_DECRYPT", False),
        ("SearchKey", "HMAC_256", "GENERATE_VERIFY_MAC", False),
        ("MediaKey", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", False),
        ("ExportKey", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", False),
        ("IncidentsKey", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", False),
    ],
)
def test_beside_locked_digests_only_the_keys_stay_that_they_need(
    session: Any, name: str, spec: str, use: str, stays: bool
) -> None:
    kms = session.client("kms")
    key = kms.create_key(KeySpec=spec, KeyUsage=use)["KeyMetadata"]["KeyId"]
    held = resource("AWS::KMS::Key", key) | {"LogicalResourceId": name}
    assert delete_data([held, locked_digests(session)], session) == 0
    state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert state == ("Enabled" if stays else "PendingDeletion")


def test_objects_that_may_not_be_deleted_are_a_failure_and_their_key_stays(
    session: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    s3, kms = session.client("s3"), session.client("kms")
    s3.create_bucket(Bucket="media")
    s3.put_object(Bucket="media", Key="originals/a", Body=b"x")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    denied = {"Errors": [{"Key": "originals/a", "Code": "AccessDenied"}]}
    answering(session, "s3.DeleteObjects", denied)
    held = [resource("AWS::S3::Bucket", "media"), resource("AWS::KMS::Key", key)]
    assert delete_data(held, session) == 1
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    printed = capsys.readouterr().out
    assert "failed: media: 1 of 1 objects could not be deleted" in printed
    assert "originals/a: AccessDenied" in printed


def test_a_table_that_could_not_be_deleted_keeps_its_key(session: Any) -> None:
    key = session.client("kms").create_key()["KeyMetadata"]["KeyId"]
    refusing(session, "dynamodb.DescribeTable", "AccessDeniedException")
    held = [resource("AWS::DynamoDB::Table", "rows"), resource("AWS::KMS::Key", key)]
    assert delete_data(held, session) == 1
    state = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert state == "Enabled"


def test_an_invalid_request_means_gone_for_a_secret_only(session: Any) -> None:
    session.client("s3").create_bucket(Bucket="media")
    refusing(session, "s3.DeleteBucket", "InvalidRequest")
    refusing(session, "secrets-manager.DeleteSecret", "InvalidRequestException")
    assert delete_data([resource("AWS::S3::Bucket", "media")], session) == 1
    assert delete_data([resource("AWS::SecretsManager::Secret", "s")], session) == 0


def test_pool_secret_and_key_are_deleted_with_time_to_think(session: Any) -> None:
    cognito = session.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="p", DeletionProtection="ACTIVE")["UserPool"]["Id"]
    secret = session.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    kms = session.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    held = [
        resource("AWS::KMS::Key", key),
        resource("AWS::Cognito::UserPool", pool),
        resource("AWS::SecretsManager::Secret", secret),
    ]
    assert delete_data(held, session) == 0
    assert cognito.list_user_pools(MaxResults=10)["UserPools"] == []
    described = session.client("secretsmanager").describe_secret(SecretId=secret)
    assert "DeletedDate" in described
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert delete_data(held, session) == 0  # again: nothing is left to do


def test_a_locked_vault_stays_and_says_how_to_lift_the_lock(
    session: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # moto knows neither recovery points nor locks.
    point = {"RecoveryPointArn": "arn:aws:backup:us-east-1:1:recovery-point:p"}
    answering(session, "backup.ListRecoveryPointsByBackupVault", {"RecoveryPoints": [point]})
    refusing(session, "backup.DeleteRecoveryPoint", "InvalidRequestException", "vault is locked")
    session.client("backup").create_backup_vault(BackupVaultName="vault")
    key = session.client("kms").create_key()["KeyMetadata"]["KeyId"]
    held = [resource("AWS::Backup::BackupVault", "vault"), resource("AWS::KMS::Key", key)]
    assert delete_data(held, session) == 0
    assert "delete-backup-vault-lock-configuration" in capsys.readouterr().out
    state = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert state == "Enabled"


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        ("arn:aws:dynamodb:eu-west-1:1:table/t", "AWS::DynamoDB::Table", "t"),
        ("arn:aws-cn:s3:::b", "AWS::S3::Bucket", "b"),
        ("arn:aws:cognito-idp:eu-west-1:1:userpool/p_1", "AWS::Cognito::UserPool", "p_1"),
        ("arn:aws:kms:eu-west-1:1:key/k", "AWS::KMS::Key", "k"),
        ("arn:aws:backup:eu-west-1:1:backup-vault:v", "AWS::Backup::BackupVault", "v"),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:s-1",
            "AWS::SecretsManager::Secret",
            "arn:aws:secretsmanager:eu-west-1:1:secret:s-1",
        ),
    ],
)
def test_what_holds_data_is_known_by_its_arn(arn: str, kind: str, name: str) -> None:
    found = resource_of(arn, {"aws:cloudformation:logical-id": "X"})
    assert found == resource(kind, name)


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:dynamodb:eu-west-1:1:table/t/stream/s"],
)
def test_what_holds_no_data_is_left_to_its_stack(arn: str) -> None:
    assert resource_of(arn, {}) is None
