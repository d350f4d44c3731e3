"""A function may do what it is for, by name, and nothing else."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel.config import NEEDED, Settings
from infra.packaging import policies
from tests.authorization import takes_a_name
from tests.functional.aws.grants import listed
from tests.template.conftest import of_type

Statements = dict[str, list[dict[str, Any]]]

LOGICAL = {"residents": "APIHandler"}  # Chalice's name for it; others are their own in capitals
KEY_USES = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
}


def test_every_function_has_a_role_of_its_own(
    functions: dict[str, Any], statements: Statements
) -> None:
    assert len({json.dumps(function["Role"]) for function in functions.values()}) == len(functions)
    assert {logical(name) for name in statements} == set(functions)


def test_the_roles_say_what_the_policies_say(
    resources: dict[str, Any], functions: dict[str, Any], statements: Statements
) -> None:
    for name, statement in statements.items():
        role = functions[logical(name)]["Role"]["Fn::GetAtt"][0]
        (policy,) = resources[role]["Properties"]["Policies"]
        assert policy["PolicyDocument"]["Statement"] == statement
        assert "ManagedPolicyArns" not in resources[role]["Properties"]


@pytest.mark.parametrize("condition", ["row: [REPORT#*]", "rows: []"])
def test_a_condition_that_says_nothing_grants_nothing(tmp_path: Path, condition: str) -> None:
    right = f"officers: {{Read: {{dynamodb: [GetItem], of: ReportsTable, {condition}}}}}"
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "policies.yaml").write_text(right)
    with pytest.raises(ValueError, match=condition.partition(":")[0]):
        policies.policy("officers", tmp_path)


def test_resources_are_named_wherever_aws_allows_a_name(statements: Statements) -> None:
    for statement in (one for many in statements.values() for one in many):
        assert statement["Effect"] == "Allow"
        if "*" in listed(statement["Resource"]):
            assert not [action for action in statement["Action"] if takes_a_name(action)]


def test_no_right_is_granted_on_a_name_that_aws_ignores(statements: Statements) -> None:
    for statement in (one for many in statements.values() for one in many):
        if listed(statement["Resource"]) != ["*"]:
            assert all(takes_a_name(action) for action in statement["Action"]), statement


def test_actions_are_named_one_by_one(statements: Statements) -> None:
    actions = {action for many in statements.values() for one in many for action in one["Action"]}
    assert {action for action in actions if "*" in action} <= KEY_USES
    assert not {
        action
        for action in actions
        if action.endswith(":Scan") or action.startswith(("iam:", "sts:"))
    }


def test_the_key_is_used_through_the_services_that_hold_data_only(statements: Statements) -> None:
    for statement in (
        one for many in statements.values() for one in many if one["Sid"] == "UseTheKey"
    ):
        assert set(statement["Action"]) <= KEY_USES
        services = {
            service["Fn::Sub"].split(".")[0]
            for service in statement["Condition"]["StringEquals"]["kms:ViaService"]
        }
        assert services <= {"dynamodb", "s3", "secretsmanager", "sns"}


def test_a_condition_on_select_holds_whether_the_call_has_the_key_or_not(
    statements: Statements,
) -> None:
    """AWS describes `dynamodb:Select` for Query and Scan, and its own example has this form:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    forms = [
        (name, one["Sid"], operator, condition)
        for name, many in statements.items()
        for one in many
        for operator, condition in one.get("Condition", {}).items()
        if "dynamodb:Select" in condition
    ]
    assert forms
    for *where, operator, condition in forms:
        assert operator == "StringEqualsIfExists", where
        assert condition == {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}, where


def test_nobody_changes_or_removes_an_audit_row(statements: Statements) -> None:
    for statement in (one for many in statements.values() for one in many):
        if "AuditTable" in json.dumps(statement["Resource"]):
            reading_the_stream = {
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            }
            adding = {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"}
            assert set(statement["Action"]) <= adding | reading_the_stream


def test_a_function_writes_to_its_own_log_and_makes_none(
    functions: dict[str, Any], statements: Statements
) -> None:
    for name, many in statements.items():
        (log,) = (
            one for one in many if any(action.startswith("logs:") for action in one["Action"])
        )
        assert set(log["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
        assert log["Resource"] == {
            "Fn::GetAtt": [functions[logical(name)]["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]
        }


def test_a_function_gets_the_names_of_what_it_may_use_and_no_others(
    functions: dict[str, Any], statements: Statements
) -> None:
    known = {field.name.upper() for field in dataclasses.fields(Settings)} | {
        "PYDANTIC_DISABLE_PLUGINS"
    }
    for name, many in statements.items():
        variables = functions[logical(name)].get("Environment", {}).get("Variables", {})
        assert set(variables) <= known
        named = {value["Ref"] for value in variables.values() if "Ref" in value} - {
            "Stage",
            "DecoderIsolation",
            "PublicUrl",
            "ConsoleOrigin",
            "OriginSecretHash",
            "OfficersClient",
            "ApnsApplication",
            "FcmApplication",
            "SystemOpenings",
            "SystemSteps",
            # Granted by the keys' own policies (tests/template/test_keys.py).
            "ContentKeyAlias",
            "ContactKeyAlias",
            "LedgerKeyAlias",
            "IncidentsKeyAlias",
            "PushKeyAlias",
            "EventsKeyAlias",
            "SearchKeyAlias",
            "ExportKeyAlias",
            "CustodyKeyAlias",
            # Whose code `compare_openings` watches.
            "Officers",
            "DigestAudit",
        }
        permitted = json.dumps([one["Resource"] for one in many])
        assert {
            one for one in named if f'"{one}' not in permitted and f"{{{one}." not in permitted
        } == set()


def test_a_function_has_every_setting_that_it_needs(functions: dict[str, Any]) -> None:
    for name, needed in NEEDED.items():
        variables = functions[logical(name)]["Environment"]
        assert {each.upper() for each in needed} <= variables["Variables"].keys(), name


def test_only_the_gateways_and_the_backups_roles_have_policies_of_aws(
    resources: dict[str, Any],
) -> None:
    managed = [
        name
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        if "ManagedPolicyArns" in role
    ]
    assert managed == ["GatewayLogsRole", "BackupRole"]


def logical(name: str) -> str:
    return LOGICAL.get(name) or "".join(word.capitalize() for word in name.split("_"))
