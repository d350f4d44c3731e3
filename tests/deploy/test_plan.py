"""The plan says in plain words what changes, and refuses to lose what holds data."""

from typing import Any

import pytest

from infra import template as our
from infra.deploy.plan import Change, Kind, describe, read_change, refuse_data_loss
from infra.stage.console import Refused

TABLE = "AWS::DynamoDB::Table"


def change(action: str, name: str, kind: str = TABLE, **more: Any) -> Change:
    return read_change({"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more})


def property_of(name: str) -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never"}}


def test_each_kind_has_a_count_and_names() -> None:
    text = describe(
        [
            change("Add", "NewQueue", "AWS::SQS::Queue"),
            change("Add", "Another", "AWS::SQS::Queue"),
            change("Modify", "ReportsTable", Replacement="False", Details=[property_of("Tags")]),
            change("Modify", "OldTable", Replacement="True", Details=[property_of("KeySchema")]),
            change("Modify", "Permission", "AWS::Lambda::Permission", Replacement="Conditional"),
            change("Remove", "OldAlarm", "AWS::CloudWatch::Alarm"),
        ]
    )
    assert text.splitlines() == [
        "  + 2 added",
        "      SQS Queue (2): Another, NewQueue",
        "  ~ 1 changed",
        "      DynamoDB Table (1): ReportsTable [Tags]",
        "  ! 1 replaced: a new one is made, and the present one is removed",
        "      DynamoDB Table (1): OldTable [KeySchema]",
        "  ? 1 perhaps replaced: CloudFormation knows only when it gets there",
        "      Lambda Permission (1): Permission",
        "  - 1 removed",
        "      CloudWatch Alarm (1): OldAlarm",
    ]


def test_long_lists_of_names_are_wrapped() -> None:
    text = describe([change("Add", f"AnAlarmWithALongName{number}") for number in range(30)])
    assert max(len(line) for line in text.splitlines()) <= 96


@pytest.mark.parametrize(
    "kind",
    [TABLE, "AWS::S3::Bucket", "AWS::Cognito::UserPool", "AWS::SecretsManager::Secret",
     "AWS::KMS::Key", "AWS::Backup::BackupVault"],
)  # fmt: skip
@pytest.mark.parametrize(
    "how",
    [
        {"action": "Modify", "Replacement": "True"},
        {"action": "Modify", "Replacement": "Conditional"},
        {"action": "Modify", "Replacement": "False", "PolicyAction": "ReplaceAndRetain"},
        {"action": "Remove"},
        {"action": "Remove", "PolicyAction": "Retain"},
        {"action": "Dynamic"},
    ],
    ids=["replaced", "perhaps replaced", "replaced and retained", "removed", "retained", "unknown"],
)
def test_what_holds_data_is_not_replaced_or_removed(kind: str, how: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="REPLACE=Precious"):
        refuse_data_loss([change(name="Precious", kind=kind, **how)], [])


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        ("AWS::SecretsManager::Secret", "GenerateSecretString", "given a new value"),
        ("AWS::SecretsManager::Secret", "SecretString", "given a new value"),
        ("AWS::KMS::Key", "Enabled", "turned on or off"),
        (TABLE, "TimeToLiveSpecification", "given another expiry"),
        ("AWS::S3::Bucket", "LifecycleConfiguration", "other rules for the deletion"),
        ("AWS::S3::Bucket", "ObjectLockConfiguration", "other rules for the deletion"),
        ("AWS::S3::Bucket", "ObjectLockEnabled", "other rules for the deletion"),
    ],
)
def test_a_change_in_place_that_loses_data_is_refused(kind: str, changed: str, said: str) -> None:
    details = [property_of("Tags"), property_of(changed)]
    found = change("Modify", "Precious", kind, Replacement="False", Details=details)
    with pytest.raises(Refused, match=rf"(?s){said}.* \[.*{changed}.*REPLACE=Precious"):
        refuse_data_loss([found], [])
    refuse_data_loss([found], ["Precious"])


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("AWS::SecretsManager::Secret", "Description"),
        ("AWS::KMS::Key", "KeyPolicy"),
        (TABLE, "DeletionProtectionEnabled"),
        ("AWS::S3::Bucket", "CorsConfiguration"),
    ],
)
def test_another_change_in_place_is_carried_out(kind: str, changed: str) -> None:
    details = [property_of(changed)]
    refuse_data_loss([change("Modify", "X", kind, Replacement="False", Details=details)], [])


@pytest.mark.parametrize(
    "how",
    [
        {"action": "Remove"},
        {"action": "Modify", "Replacement": "True"},
        {"action": "Modify", "Replacement": "Conditional"},
    ],
    ids=["removed", "replaced", "perhaps replaced"],
)
def test_the_topic_that_officers_subscribed_to_stays(how: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"(?s)the subscriptions of all officers.*=NoticesTopic"):
        refuse_data_loss([change(name="NoticesTopic", kind="AWS::SNS::Topic", **how)], [])
    refuse_data_loss([change(name="AlarmTopic", kind="AWS::SNS::Topic", **how)], [])


def test_the_topic_that_officers_subscribe_to_is_in_the_template() -> None:
    resources = our.load("resources.yaml")["Resources"]
    assert resources["NoticesTopic"]["Type"] == "AWS::SNS::Topic"


def test_what_holds_data_may_go_when_it_is_named() -> None:
    lost = [change("Remove", "ReportsTable"), change("Remove", "AuditTable")]
    refuse_data_loss(lost, ["ReportsTable", "AuditTable"])
    with pytest.raises(Refused, match="AuditTable") as refused:
        refuse_data_loss(lost, ["ReportsTable"])
    assert "ReportsTable (" not in str(refused.value)


@pytest.mark.parametrize(
    "harmless",
    [
        change("Modify", "ReportsTable", Replacement="False"),
        change("Add", "ReportsTable"),
        change("Remove", "UploadsQueue", "AWS::SQS::Queue"),
        change("Modify", "Function", "AWS::Lambda::Function", Replacement="True"),
    ],
)
def test_other_changes_are_allowed(harmless: Change) -> None:
    refuse_data_loss([harmless], [])


def test_an_imported_resource_is_an_added_one() -> None:
    assert change("Import", "ReportsTable").kind is Kind.ADD
