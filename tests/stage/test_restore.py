"""A lost or damaged table is back in service under its own name, with everything set again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra import template as our
from infra.stage.console import Refused
from infra.stage.restore import AFTER, Wanted, read_time, restore
from infra.stage.tables import FINISHED, TABLES
from infra.stage.target import Target, find_stage
from tests.deploy.cloudformation import no_pause

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires_ttl"},
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    },
}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"ReportsStream": {"Type": "String", "Default": ""}},
    "Resources": {
        "EncryptionKey": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
        "ReportsTable": TABLE,
        # It stands for the function's mapping: it takes the stream that the parameter names.
        "Reader": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"DisplayName": {"Ref": "ReportsStream"}},
        },
    },
    "Outputs": {"ReportsTableName": {"Value": {"Ref": "ReportsTable"}}},
}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setenv("YES", "1")
    with mock_aws():
        boto3.client("cloudformation").create_stack(
            StackName="tipline-dev", TemplateBody=json.dumps(TEMPLATE)
        )
        found = find_stage("dev", boto3.Session())
        dynamodb = boto3.client("dynamodb")
        name = found.output("ReportsTableName")
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        set_earliest(name, datetime(2020, 1, 1, tzinfo=UTC))
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "a report"}})
        yield found


def set_earliest(name: str, at: datetime) -> None:
    """Let the table be restored to times from `at` on. moto takes the time of the call for it."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].get_table(name)
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    recovery["EarliestRestorableDateTime"] = at.timestamp()


def table_of(stage: Target) -> dict[str, Any]:
    name = stage.output("ReportsTableName")
    return dict(boto3.client("dynamodb").describe_table(TableName=name)["Table"])


def lose(stage: Target, *, backup: bool) -> None:
    dynamodb, name = boto3.client("dynamodb"), stage.output("ReportsTableName")
    if backup:
        dynamodb.create_backup(TableName=name, BackupName="before")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def assert_in_service(stage: Target) -> None:
    dynamodb, name = boto3.client("dynamodb"), stage.output("ReportsTableName")
    assert dynamodb.scan(TableName=name)["Items"] == [{"pk": {"S": "a report"}}]
    table = table_of(stage)
    assert table["DeletionProtectionEnabled"] is True
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    life = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert life == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_ttl"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "stage", "Value": "dev"} in tags
    [stack] = boto3.client("cloudformation").describe_stacks(StackName="tipline-dev")["Stacks"]
    stream = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert stream == {"ReportsStream": table["LatestStreamArn"]}


def test_a_damaged_table_goes_back_to_an_earlier_time(stage: Target) -> None:
    before = table_of(stage)["LatestStreamArn"]
    restore(stage, Wanted("reports", datetime.now(UTC) - timedelta(minutes=10)), no_pause)
    assert_in_service(stage)
    assert table_of(stage)["LatestStreamArn"] != before
    names = boto3.client("dynamodb").list_tables()["TableNames"]
    assert names == [stage.output("ReportsTableName")]
    assert boto3.client("dynamodb").list_backups()["BackupSummaries"] == []


def test_a_lost_table_is_made_from_its_backup(stage: Target) -> None:
    lose(stage, backup=True)
    restore(stage, Wanted("reports", None), no_pause)
    assert_in_service(stage)


def test_a_lost_table_without_a_backup_is_said_to_have_none(stage: Target) -> None:
    lose(stage, backup=False)
    with pytest.raises(Refused, match="has no backup of it"):
        restore(stage, Wanted("reports", None), no_pause)


def test_an_interrupted_restore_goes_on_where_it_was(stage: Target) -> None:
    """The damaged table was deleted, and the new one not yet made."""
    dynamodb, name = boto3.client("dynamodb"), stage.output("ReportsTableName")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName=f"{name}-restored", UseLatestRestorableTime=True
    )
    dynamodb.create_backup(TableName=f"{name}-restored", BackupName="of the copy")
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "damage"}})
    lose(stage, backup=True)
    restore(stage, Wanted("reports", NOW), no_pause)
    assert_in_service(stage)


def test_a_restored_table_that_was_not_set_up_is_set_up(stage: Target) -> None:
    lose(stage, backup=True)
    dynamodb = boto3.client("dynamodb")
    [backup] = dynamodb.list_backups()["BackupSummaries"]
    dynamodb.restore_table_from_backup(
        TargetTableName=stage.output("ReportsTableName"), BackupArn=backup["BackupArn"]
    )
    restore(stage, Wanted("reports", None), no_pause)
    assert_in_service(stage)


class Interrupted(Exception):
    """The command was stopped."""


def interrupt(operation: str) -> Any:
    """Return a session in which DynamoDB's operation does not happen any more."""

    def stop(**_: Any) -> None:
        raise Interrupted

    session: Any = boto3.Session()
    session.events.register(f"before-call.dynamodb.{operation}", stop)
    return session


def half_restored(stage: Target, operation: str) -> Target:
    """Restore the table, but stop before an operation. Return the stage as it is found later."""
    target = find_stage("dev", interrupt(operation))
    with pytest.raises(Interrupted):
        restore(target, Wanted("reports", datetime.now(UTC) - timedelta(minutes=10)), no_pause)
    return find_stage("dev", boto3.Session())


def written(stage: Target, item: str) -> None:
    """Write an item, some time after what was done before."""
    name = stage.output("ReportsTableName")
    boto3.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": item}})


def items(stage: Target) -> list[str]:
    found = boto3.client("dynamodb").scan(TableName=stage.output("ReportsTableName"))["Items"]
    return sorted(item["pk"]["S"] for item in found)


def leave_a_backup_of_an_earlier_copy(stage: Target) -> None:
    """Leave the backup of a copy that is gone, as a restore did that was stopped at its end."""
    dynamodb, name = boto3.client("dynamodb"), stage.output("ReportsTableName")
    copy = f"{name}-restored"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName=copy, UseLatestRestorableTime=True
    )
    for backup in ("first", "second"):
        dynamodb.create_backup(TableName=copy, BackupName=backup)
    dynamodb.delete_table(TableName=copy)


@pytest.mark.parametrize("is_lost", [False, True], ids=["damaged", "lost"])
def test_no_table_is_made_from_the_backup_of_an_earlier_copy(stage: Target, is_lost: bool) -> None:
    leave_a_backup_of_an_earlier_copy(stage)
    written(stage, "a report of later")
    if is_lost:
        lose(stage, backup=True)
    at = None if is_lost else datetime.now(UTC) - timedelta(minutes=1)
    restore(stage, Wanted("reports", at), no_pause)
    assert items(stage) == ["a report", "a report of later"]


def test_a_restore_leaves_no_backup_of_a_copy(stage: Target) -> None:
    leave_a_backup_of_an_earlier_copy(stage)
    restore(stage, Wanted("reports", datetime.now(UTC) - timedelta(minutes=1)), no_pause)
    assert boto3.client("dynamodb").list_backups()["BackupSummaries"] == []


def test_the_backup_of_a_copy_alone_is_better_than_nothing(stage: Target) -> None:
    leave_a_backup_of_an_earlier_copy(stage)
    lose(stage, backup=False)
    restore(stage, Wanted("reports", None), no_pause)
    assert items(stage) == ["a report"]


@pytest.mark.parametrize("operation", ["DeleteBackup", "TagResource"])
def test_a_restore_that_was_stopped_late_is_finished_and_keeps_what_came_since(
    stage: Target, operation: str
) -> None:
    later = half_restored(stage, operation)
    written(later, "a report of later")
    restore(later, Wanted("reports", NOW), no_pause)
    assert items(later) == ["a report", "a report of later"]
    assert boto3.client("dynamodb").list_backups()["BackupSummaries"] == []
    assert boto3.client("dynamodb").list_tables()["TableNames"] == [
        later.output("ReportsTableName")
    ]


@pytest.mark.parametrize("operation", ["RestoreTableFromBackup", "TagResource"])
def test_going_on_with_a_restore_is_asked_with_its_time(
    stage: Target, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = half_restored(stage, operation)
    monkeypatch.delenv("YES")
    with pytest.raises(Refused, match=r"as of 20\d\d-.* UTC.*whatever AT says"):
        restore(later, Wanted("reports", NOW), no_pause)


def test_a_restored_table_goes_back_again_also_without_its_protection(stage: Target) -> None:
    at = datetime.now(UTC) - timedelta(minutes=10)
    restore(stage, Wanted("reports", at), no_pause)
    later = find_stage("dev", boto3.Session())
    name, dynamodb = later.output("ReportsTableName"), boto3.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    before = table_of(later)["CreationDateTime"]
    recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    latest = recovery["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
    restore(later, Wanted("reports", latest), no_pause)
    assert table_of(later)["CreationDateTime"] > before
    assert_in_service(later)


def test_a_copy_of_another_time_is_not_taken_for_what_is_wanted(stage: Target) -> None:
    later = half_restored(stage, "CreateBackup")
    written(later, "a report of later")
    with pytest.raises(Refused, match=r"copy as of 20\d\d-.*AT is 2025-11-25 12:00:00 UTC"):
        restore(later, Wanted("reports", NOW - timedelta(days=365)), no_pause)
    assert items(later) == ["a report", "a report of later"]


def test_a_copy_is_gone_on_with_when_no_other_time_is_wanted(stage: Target) -> None:
    later = half_restored(stage, "CreateBackup")
    written(later, "damage")
    restore(later, Wanted("reports", None), no_pause)
    assert_in_service(later)


def test_the_tag_of_an_earlier_table_does_not_finish_a_restore(stage: Target) -> None:
    later = half_restored(stage, "TagResource")
    table = table_of(later)
    boto3.client("dynamodb").tag_resource(
        ResourceArn=table["TableArn"], Tags=[{"Key": FINISHED, "Value": "1764000000.000"}]
    )
    restore(later, Wanted("reports", None), no_pause)
    assert table_of(later)["CreationDateTime"] == table["CreationDateTime"]
    assert_in_service(later)


def test_copy_and_table_are_encrypted_with_the_stages_key(stage: Target) -> None:
    asked: dict[str, Any] = {}

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        asked[model.name] = json.loads(params["body"]).get("SSESpecificationOverride")

    session: Any = boto3.Session()
    for operation in ("RestoreTableToPointInTime", "RestoreTableFromBackup"):
        session.events.register(f"before-call.dynamodb.{operation}", note)
    target = find_stage("dev", session)
    restore(target, Wanted("reports", datetime.now(UTC) - timedelta(minutes=10)), no_pause)
    key_id = target.physical_name("EncryptionKey")
    key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_id}
    assert asked == {"RestoreTableToPointInTime": key, "RestoreTableFromBackup": key}


def test_a_table_that_is_there_needs_a_time(stage: Target) -> None:
    with pytest.raises(Refused, match="Say to which time"):
        restore(stage, Wanted("reports", None), no_pause)


def test_without_recovery_nothing_is_deleted(stage: Target) -> None:
    boto3.client("dynamodb").update_continuous_backups(
        TableName=stage.output("ReportsTableName"),
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    with pytest.raises(Refused, match="is off"):
        restore(stage, Wanted("reports", NOW), no_pause)
    assert table_of(stage)["TableStatus"] == "ACTIVE"


def test_a_time_before_the_earliest_is_refused_before_a_question(
    stage: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YES")
    set_earliest(stage.output("ReportsTableName"), NOW - timedelta(days=35))
    with pytest.raises(Refused, match=r"from 2026-10-21 12:00:00 UTC on"):
        restore(stage, Wanted("reports", NOW - timedelta(days=40)), no_pause)


def test_every_table_has_its_own_next_steps() -> None:
    assert AFTER.keys() == TABLES.keys()
    assert [key for key, steps in AFTER.items() if "make orphans" in " ".join(steps)] == [
        "reports",
        "bulletins",
    ]
    assert [key for key, steps in AFTER.items() if "audit-verify" in " ".join(steps)] == ["audit"]


def test_a_no_changes_nothing(stage: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YES")
    with pytest.raises(Refused, match="YES=1"):
        restore(stage, Wanted("reports", NOW), no_pause)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == [table_of(stage)["TableName"]]


def test_a_stack_without_a_place_for_the_stream_is_refused_first(stage: Target) -> None:
    older = Target("dev", stage.session, None, stage.outputs, "", {"Parameters": []})
    with pytest.raises(Refused, match="make deploy STAGE=dev"):
        restore(older, Wanted("reports", NOW), no_pause)


def test_every_table_can_be_restored_and_every_stream_has_its_parameter() -> None:
    resources = our.load("resources.yaml")["Resources"]
    tables = {
        name: "StreamSpecification" in each["Properties"]
        for name, each in resources.items()
        # Counters of sources and similar reports have no backup: they are kept for hours or days.
        if each["Type"] == "AWS::DynamoDB::Table" and name not in ("SourcesTable", "IncidentsTable")
    }
    parameters = our.load("app.yaml")["Parameters"]
    assert {name: parameter is not None for name, parameter in TABLES.values()} == tables
    assert {parameter for _, parameter in TABLES.values() if parameter} <= set(parameters)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", None),
        ("30m", datetime(2026, 11, 25, 11, 30, tzinfo=UTC)),
        ("1d12h", datetime(2026, 11, 24, 0, 0, tzinfo=UTC)),
        ("2026-11-25T10:00Z", datetime(2026, 11, 25, 10, 0, tzinfo=UTC)),
        ("2026-11-25T10:00+08:00", datetime(2026, 11, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_given_by_the_clock_or_by_how_long_ago(text: str, at: datetime | None) -> None:
    assert read_time(text, NOW) == at
