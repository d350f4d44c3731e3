"""The keys of what residents write open for one function, the key of the audit signs for one, and
they go for nobody at once.
"""

import json
from typing import Any, NamedTuple

import pytest

from tests.functional.aws.grants import listed
from tests.template.conftest import of_type

WRAPS = ("kms:Decrypt", "kms:GenerateDataKey")
OPENS = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:DeriveSharedSecret")


class Key(NamedTuple):
    """A key that one role may use: its kind, what the role may, what would be as much, and what is
    denied to everybody else.
    """

    role: str
    kind: tuple[str | None, str | None]
    may: tuple[str, ...]
    as_much: tuple[str, ...]
    denied: str | list[str]
    has_copies: bool = False


PAIR = ("RSA_3072", "ENCRYPT_DECRYPT")
NOBODY_OPENS = ["kms:Decrypt", "kms:ReEncrypt*"]
NOBODY_WRAPS = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
KEYS = {
    "ContentKey": Key("OfficersRole", PAIR, ("kms:Decrypt",), OPENS, NOBODY_OPENS, True),
    "ContactKey": Key("OfficersRole", PAIR, ("kms:Decrypt",), OPENS, NOBODY_OPENS, True),
    "PushKey": Key("PushToPhonesRole", PAIR, ("kms:Decrypt",), OPENS, NOBODY_OPENS),
    "EventsKey": Key("DeliverEventsRole", PAIR, ("kms:Decrypt",), OPENS, NOBODY_OPENS),
    "LedgerKey": Key(
        "DigestAuditRole",
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("kms:Sign",),
        ("kms:CreateGrant",),
        "kms:Sign",
    ),
    "IncidentsKey": Key(
        "SuggestIncidentsRole",
        (None, None),
        WRAPS,
        ("kms:CreateGrant", "kms:Encrypt"),
        NOBODY_WRAPS,
    ),
    "SearchKey": Key(
        "OfficersRole",
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("kms:GenerateMac",),
        ("kms:VerifyMac", "kms:CreateGrant"),
        ["kms:GenerateMac", "kms:VerifyMac"],
    ),
    "CustodyKey": Key(
        "OfficersRole",
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("kms:Sign",),
        ("kms:CreateGrant",),
        "kms:Sign",
    ),
    "ExportKey": Key(
        "OfficersRole", (None, None), WRAPS, ("kms:Encrypt", "kms:CreateGrant"), NOBODY_WRAPS
    ),
}
each_key = pytest.mark.parametrize(("name", "key"), KEYS.items(), ids=KEYS)


def policy_of(resources: dict[str, Any], name: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = resources[name]["Properties"]["KeyPolicy"]["Statement"]
    return statements


@each_key
def test_a_key_is_of_its_kind_and_waits_a_month_before_it_goes(
    resources: dict[str, Any], name: str, key: Key
) -> None:
    properties = resources[name]["Properties"]
    assert (properties.get("KeySpec"), properties.get("KeyUsage")) == key.kind
    assert properties.get("MultiRegion", False) is key.has_copies
    assert properties["PendingWindowInDays"] == 30


@each_key
def test_only_one_function_is_given_the_right_to_use_a_key(
    resources: dict[str, Any], name: str, key: Key
) -> None:
    granted = [
        (action, statement["Principal"])
        for statement in policy_of(resources, name)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]
    role = {"AWS": {"Fn::GetAtt": [key.role, "Arn"]}}
    assert not [action for action, _ in granted if "*" in action]
    assert [
        one for one in granted if one[0] in {*key.may, *key.as_much} - {"kms:ReplicateKey"}
    ] == [(action, role) for action in key.may]
    assert ("kms:ReplicateKey" in dict(granted)) is key.has_copies


@each_key
def test_its_use_is_denied_to_everybody_else_whatever_is_granted(
    resources: dict[str, Any], name: str, key: Key
) -> None:
    (denial,) = (each for each in policy_of(resources, name) if each["Effect"] == "Deny")
    assert (denial["Principal"], denial["Resource"]) == ("*", "*")
    assert denial["Action"] == key.denied
    role = {"Fn::GetAtt": [key.role, "Arn"]}
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}


def test_residents_seal_the_tokens_of_phones(resources: dict[str, Any]) -> None:
    (seal,) = (
        each for each in policy_of(resources, "PushKey") if each["Sid"] == "ResidentsEncrypt"
    )
    assert seal["Action"] == "kms:GetPublicKey"
    assert seal["Principal"] == {"AWS": {"Fn::GetAtt": ["ApiHandlerRole", "Arn"]}}


def test_the_key_of_exports_is_used_through_s3_alone(resources: dict[str, Any]) -> None:
    (use,) = (each for each in policy_of(resources, "ExportKey") if each["Sid"] == "OfficersExport")
    assert list(use["Condition"]["StringEquals"]) == ["kms:ViaService"]


@pytest.mark.parametrize("name", KEYS)
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
        name: {"Fn::Sub": f"alias/${{AWS::StackName}}-{name.removesuffix('Key').lower()}"}
        for name in KEYS
    }
