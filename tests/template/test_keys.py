"""The keys of what residents write open for one function, the key of the audit signs for one, and
they go for nobody at once.
"""

import json
from typing import Any

import pytest

from tests.template.conftest import of_type

READERS_KEYS = ("ContentKey", "ContactKey")
# The one function that may open what residents wrote.
OFFICERS_ROLE = {"Fn::GetAtt": ["OfficersRole", "Arn"]}
# The one function that may sign.
SIGNER_ROLE = {"Fn::GetAtt": ["DigestAuditRole", "Arn"]}


@pytest.mark.parametrize("name", READERS_KEYS)
def test_what_residents_write_is_encrypted_to_a_key_pair_that_waits_a_month_before_it_goes(
    resources: dict[str, Any], name: str
) -> None:
    key = resources[name]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_3072", "ENCRYPT_DECRYPT")
    assert (key["MultiRegion"], key["PendingWindowInDays"]) == (True, 30)


@pytest.mark.parametrize("name", READERS_KEYS)
def test_only_the_officers_function_is_given_the_right_to_open(
    resources: dict[str, Any], name: str
) -> None:
    granted = [
        (action, statement["Principal"])
        for statement in resources[name]["Properties"]["KeyPolicy"]["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]
    assert not [action for action, _ in granted if "*" in action]
    opens = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:DeriveSharedSecret")
    assert [one for one in granted if one[0] in opens] == [("kms:Decrypt", {"AWS": OFFICERS_ROLE})]


@pytest.mark.parametrize("name", READERS_KEYS)
def test_opening_is_denied_to_everybody_else_whatever_is_granted(
    resources: dict[str, Any], name: str
) -> None:
    (denial,) = (
        statement
        for statement in resources[name]["Properties"]["KeyPolicy"]["Statement"]
        if statement["Effect"] == "Deny"
    )
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == ["kms:Decrypt", "kms:ReEncrypt*"]
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": OFFICERS_ROLE}}


def test_the_audit_is_signed_with_a_key_that_has_no_copy_in_another_region(
    resources: dict[str, Any],
) -> None:
    key = resources["LedgerKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    assert key["PendingWindowInDays"] == 30
    assert "MultiRegion" not in key


def granted_by(statements: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Return each action that a key's policy allows, with whom it is allowed to."""
    return [
        (action, statement["Principal"])
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]


def test_only_the_function_that_writes_digests_may_sign_whatever_is_granted(
    resources: dict[str, Any],
) -> None:
    statements = resources["LedgerKey"]["Properties"]["KeyPolicy"]["Statement"]
    granted = granted_by(statements)
    assert not [action for action, _ in granted if "*" in action]
    signs = ("kms:Sign", "kms:CreateGrant", "kms:ReplicateKey")
    assert [one for one in granted if one[0] in signs] == [("kms:Sign", {"AWS": SIGNER_ROLE})]
    (denial,) = (statement for statement in statements if statement["Effect"] == "Deny")
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == "kms:Sign"
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": SIGNER_ROLE}}


def test_only_the_function_that_compares_sketches_may_open_the_keys_of_the_days(
    resources: dict[str, Any],
) -> None:
    statements = resources["IncidentsKey"]["Properties"]["KeyPolicy"]["Statement"]
    granted = granted_by(statements)
    assert not [action for action, _ in granted if "*" in action]
    opens = ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:Encrypt")
    suggester = {"AWS": {"Fn::GetAtt": ["SuggestIncidentsRole", "Arn"]}}
    assert [one for one in granted if one[0] in opens] == [
        ("kms:Decrypt", suggester),
        ("kms:GenerateDataKey", suggester),
    ]
    (denial,) = (statement for statement in statements if statement["Effect"] == "Deny")
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": suggester["AWS"]}}


def test_only_the_function_that_pushes_may_open_the_tokens_of_phones(
    resources: dict[str, Any],
) -> None:
    key = resources["PushKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_3072", "ENCRYPT_DECRYPT")
    assert key["PendingWindowInDays"] == 30
    statements = key["KeyPolicy"]["Statement"]
    granted = granted_by(statements)
    assert not [action for action, _ in granted if "*" in action]
    pusher = {"AWS": {"Fn::GetAtt": ["PushToPhonesRole", "Arn"]}}
    residents = {"AWS": {"Fn::GetAtt": ["ApiHandlerRole", "Arn"]}}
    opens = ("kms:Decrypt", "kms:CreateGrant", "kms:ReplicateKey")
    assert [one for one in granted if one[0] in opens] == [("kms:Decrypt", pusher)]
    assert ("kms:GetPublicKey", residents) in granted
    (denial,) = (statement for statement in statements if statement["Effect"] == "Deny")
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == ["kms:Decrypt", "kms:ReEncrypt*"]
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": pusher["AWS"]}}


def test_only_the_officers_function_may_name_what_reports_are_found_by(
    resources: dict[str, Any],
) -> None:
    key = resources["SearchKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    assert key["PendingWindowInDays"] == 30
    statements = key["KeyPolicy"]["Statement"]
    granted = granted_by(statements)
    assert not [action for action, _ in granted if "*" in action]
    names = ("kms:GenerateMac", "kms:VerifyMac", "kms:CreateGrant")
    assert [one for one in granted if one[0] in names] == [
        ("kms:GenerateMac", {"AWS": OFFICERS_ROLE})
    ]
    (denial,) = (statement for statement in statements if statement["Effect"] == "Deny")
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == ["kms:GenerateMac", "kms:VerifyMac"]
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": OFFICERS_ROLE}}


def test_only_the_officers_function_may_use_the_key_of_exports_and_through_s3_alone(
    resources: dict[str, Any],
) -> None:
    statements = resources["ExportKey"]["Properties"]["KeyPolicy"]["Statement"]
    granted = granted_by(statements)
    assert not [action for action, _ in granted if "*" in action]
    uses = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant")
    assert [one for one in granted if one[0] in uses] == [
        ("kms:Decrypt", {"AWS": OFFICERS_ROLE}),
        ("kms:GenerateDataKey", {"AWS": OFFICERS_ROLE}),
    ]
    (use,) = (each for each in statements if each["Sid"] == "OfficersExport")
    assert list(use["Condition"]["StringEquals"]) == ["kms:ViaService"]
    (denial,) = (statement for statement in statements if statement["Effect"] == "Deny")
    assert denial["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": OFFICERS_ROLE}}


@pytest.mark.parametrize(
    "name", [*READERS_KEYS, "LedgerKey", "IncidentsKey", "SearchKey", "ExportKey", "PushKey"]
)
def test_no_policy_of_a_role_names_a_key_that_names_a_role(
    resources: dict[str, Any], name: str
) -> None:
    """A key names the role, so the role could not name the key: neither could be created first."""
    roles = of_type(resources, "AWS::IAM::Role")
    assert not [role for role, properties in roles.items() if name in json.dumps(properties)]


def test_a_new_key_takes_the_place_of_an_old_one_behind_an_alias_of_the_stage(
    resources: dict[str, Any],
) -> None:
    aliases = of_type(resources, "AWS::KMS::Alias")
    assert {alias["TargetKeyId"]["Ref"]: alias["AliasName"] for alias in aliases.values()} == {
        "ContentKey": {"Fn::Sub": "alias/${AWS::StackName}-content"},
        "ContactKey": {"Fn::Sub": "alias/${AWS::StackName}-contact"},
        "LedgerKey": {"Fn::Sub": "alias/${AWS::StackName}-ledger"},
        "IncidentsKey": {"Fn::Sub": "alias/${AWS::StackName}-incidents"},
        "PushKey": {"Fn::Sub": "alias/${AWS::StackName}-push"},
        "SearchKey": {"Fn::Sub": "alias/${AWS::StackName}-search"},
        "ExportKey": {"Fn::Sub": "alias/${AWS::StackName}-export"},
    }


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
