"""Backups exist beside point-in-time recovery, and keep nothing for longer than it does."""

import json
from typing import Any

import pytest

from tests.template.conftest import of_type
from tests.template.deployed import deployed

RECOVERY_DAYS = 35  # the default of point-in-time recovery, and its most


@pytest.fixture
def stack(template: dict[str, Any]) -> dict[str, Any]:
    return deployed(template)


def test_a_stage_without_backups_has_none(template: dict[str, Any]) -> None:
    without = deployed(template, Backups="0")
    assert not {name for name in without if "Backup" in name}


def test_every_table_and_the_originals_are_backed_up(stack: dict[str, Any]) -> None:
    selected = stack["BackupSelection"]["Properties"]["BackupSelection"]["Resources"]
    tables = of_type(stack, "AWS::DynamoDB::Table")
    # The counters of sources are kept for an hour, and which reports are similar for no longer than
    # the keys of their days.
    kept = tables.keys() - {"SourcesTable", "IncidentsTable"}
    assert {each["Fn::GetAtt"][0] for each in selected} == {*kept, "MediaBucket"}


def test_no_backup_outlives_point_in_time_recovery(stack: dict[str, Any]) -> None:
    (rule,) = stack["BackupPlan"]["Properties"]["BackupPlan"]["BackupPlanRule"]
    assert rule["Lifecycle"] == {"DeleteAfterDays": RECOVERY_DAYS}
    lock = stack["BackupVault"]["Properties"]["LockConfiguration"]
    assert lock["MaxRetentionDays"] == RECOVERY_DAYS
    assert "ChangeableForDays" not in lock  # then not even an administrator could delete one


def test_backups_are_encrypted_with_our_key_and_outlive_the_stack(stack: dict[str, Any]) -> None:
    vault = stack["BackupVault"]
    assert vault["Properties"]["EncryptionKeyArn"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert vault["UpdateReplacePolicy"] == "Retain"
    assert vault["DeletionPolicy"].startswith("Retain")


def test_a_retained_vault_does_not_stand_in_the_way_of_a_new_stack(stack: dict[str, Any]) -> None:
    name = json.dumps(stack["BackupVault"]["Properties"]["BackupVaultName"])
    assert "AWS::StackId" in name
