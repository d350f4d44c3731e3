"""A function may do what it is for, by name, and nothing else."""

import dataclasses
import json
from typing import Any

from chalicelib.kernel.config import NEEDED, Settings
from chalicelib.store.casework import day_keys
from chalicelib.store.media import rows as report_keys
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


def test_the_roles_say_what_the_policy_files_say(
    resources: dict[str, Any], functions: dict[str, Any], statements: Statements
) -> None:
    for name, statement in statements.items():
        role = functions[logical(name)]["Role"]["Fn::GetAtt"][0]
        (policy,) = resources[role]["Properties"]["Policies"]
        assert policy["PolicyDocument"]["Statement"] == statement
        assert "ManagedPolicyArns" not in resources[role]["Properties"]


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


def test_make_thumbnails_may_touch_its_two_prefixes_and_its_queue(statements: Statements) -> None:
    allowed = {
        (action, json.dumps(resource))
        for statement in statements["make_thumbnails"]
        if statement["Sid"] not in ("WriteItsLog", "UseTheKey", "UseTheMediaKey")
        for action in statement["Action"]
        for resource in listed(statement["Resource"])
    }
    originals, derived = (
        json.dumps({"Fn::Sub": "${MediaBucket.Arn}/originals/*"}),
        json.dumps({"Fn::Sub": "${MediaBucket.Arn}/derived/*"}),
    )
    previews = json.dumps({"Fn::Sub": "${MediaBucket.Arn}/derived/*/preview.jpg"})
    queue, bucket = (
        json.dumps({"Fn::GetAtt": ["UploadsQueue", "Arn"]}),
        json.dumps({"Fn::GetAtt": ["MediaBucket", "Arn"]}),
    )
    tables = [
        json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in ("ReportsTable", "IncidentsTable")
    ]
    assert allowed == {
        *(("dynamodb:GetItem", table) for table in tables),
        ("lambda:InvokeFunction", json.dumps({"Fn::GetAtt": ["Decode", "Arn"]})),
        ("s3:GetObjectVersion", originals),
        ("s3:GetObjectVersion", previews),
        ("s3:ListBucketVersions", bucket),
        ("s3:PutObject", derived),
        *(
            (f"sqs:{action}", queue)
            for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
        ),
    }
    (listing,) = (
        one for one in statements["make_thumbnails"] if "s3:ListBucketVersions" in one["Action"]
    )
    prefixes = ["originals/*", "derived/*/unproved/"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": prefixes}}
    reading, sealing = (
        one for one in statements["make_thumbnails"] if "dynamodb:GetItem" in one["Action"]
    )
    assert sealing["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["DAY#*"]},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": list(day_keys.PUBLIC_FIELDS)},
        "StringEqualsIfExists": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]},
    }
    assert reading["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["REPORT#*"]},
        "ForAllValues:StringEquals": {
            "dynamodb:Attributes": [*report_keys.READ_FIELDS, *report_keys.REDACTION_FIELDS]
        },
        "StringEqualsIfExists": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]},
    }


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


def test_the_authorizer_may_touch_nothing(statements: Statements) -> None:
    assert [statement["Sid"] for statement in statements["authorize_officer"]] == ["WriteItsLog"]


def test_the_api_never_publishes(statements: Statements) -> None:
    publishers = {
        name
        for name, many in statements.items()
        if any("sns:Publish" in one["Action"] for one in many)
    }
    assert publishers == {
        "publish_critical",
        "publish_notices",
        "push_to_phones",
        "sweep_critical",
        "sweep_normal",
    }


def test_whoever_pushes_to_phones_publishes_no_notice(statements: Statements) -> None:
    topics = {
        name: one["Resource"]
        for name, many in statements.items()
        for one in many
        if "sns:Publish" in one["Action"]
    }
    phones = {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/*"}
    assert topics.pop("push_to_phones") == phones
    assert all(resource == {"Ref": "NoticesTopic"} for resource in topics.values())


def test_nobody_changes_or_removes_an_audit_row(statements: Statements) -> None:
    for statement in (one for many in statements.values() for one in many):
        if "AuditTable" in json.dumps(statement["Resource"]):
            reading_the_stream = {
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            }
            assert (
                set(statement["Action"])
                <= {"dynamodb:PutItem", "dynamodb:Query"} | reading_the_stream
            )


def test_the_audit_bucket_is_written_by_who_seals_and_read_by_who_chains_compares_or_publishes(
    statements: Statements,
) -> None:
    touching = {
        name: {
            action
            for one in many
            if "AuditBucket" in json.dumps(one["Resource"])
            for action in one["Action"]
        }
        for name, many in statements.items()
    }
    assert {name: actions for name, actions in touching.items() if actions} == {
        "seal_audit": {"s3:PutObject"},
        "digest_audit": {"s3:GetObjectVersion", "s3:ListBucketVersions", "s3:PutObject"},
        "compare_openings": {"s3:GetObjectVersion", "s3:ListBucketVersions", "s3:PutObject"},
        # Only what is published: `ledger/*`.
        "residents": {"s3:GetObjectVersion", "s3:ListBucketVersions"},
    }


def test_only_upkeep_deletes_objects(statements: Statements) -> None:
    deleters = {
        name
        for name, many in statements.items()
        for one in many
        if {"s3:DeleteObject", "s3:DeleteObjectVersion"} & {*one["Action"]}
    }
    assert deleters == {"do_upkeep"}


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
            # Granted by the keys' own policies (tests/template/test_keys.py).
            "ContentKeyAlias",
            "ContactKeyAlias",
            "LedgerKeyAlias",
            "IncidentsKeyAlias",
            "PushKeyAlias",
            "SearchKeyAlias",
            "ExportKeyAlias",
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
