"""An officer who has lost a password or a phone starts again, and stays who they are."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT, Officer
from chalicelib.domain.officers.proposals import differences
from chalicelib.services.administration import appointments
from chalicelib.services.officers import Actor
from infra.stage import officers
from infra.stage.console import Refused
from infra.stage.target import Target
from tests import cloud
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wang(aws: Mapping[str, str], clean: None) -> Iterator[Officer]:
    officer = cloud.officer("wang", email="wang@police.example")
    wiring.pool().follow(officer)
    cognito().admin_set_user_password(
        UserPoolId=aws["USER_POOL_ID"],
        Username="wang",
        Password="a password of their own",
        Permanent=True,
    )
    yield officer
    for user in cognito().list_users(UserPoolId=aws["USER_POOL_ID"])["Users"]:
        cognito().admin_delete_user(UserPoolId=aws["USER_POOL_ID"], Username=user["Username"])


@pytest.fixture
def target(aws: Mapping[str, str]) -> Target:
    outputs = {
        "OfficersTableName": aws["OFFICERS_TABLE"],
        "AuditTableName": aws["AUDIT_TABLE"],
        "ReportsTableName": aws["REPORTS_TABLE"],
        "AuditSecretArn": aws["AUDIT_SECRET"],
        "OfficersPoolId": aws["USER_POOL_ID"],
        "Issuer": aws["ISSUER"],
    }
    return Target("dev", boto3.Session(), None, outputs, api="")


def cognito() -> Any:
    return boto3.client("cognito-idp")


def user(aws: Mapping[str, str]) -> dict[str, Any]:
    return dict(cognito().admin_get_user(UserPoolId=aws["USER_POOL_ID"], Username="wang"))


def sign_in(aws: Mapping[str, str], password: str) -> Any:
    return cognito().admin_initiate_auth(
        UserPoolId=aws["USER_POOL_ID"],
        ClientId=aws["CLIENT_ID"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "wang", "PASSWORD": password},
    )


def password_of(lines: list[str]) -> str:
    return lines[0].rpartition(" ")[2]


def test_the_officer_gets_a_first_password_and_must_choose_another(
    aws: Mapping[str, str], target: Target
) -> None:
    before = user(aws)
    lines = officers.reset("wang", target, NOW)

    assert lines[0].startswith("wang (Wang): first password ")
    assert "approves nothing for 24 hours" in lines[-1]
    assert sign_in(aws, password_of(lines))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with pytest.raises(cognito().exceptions.NotAuthorizedException):
        sign_in(aws, "a password of their own")
    subs = [
        next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")
        for found in (before, user(aws))
    ]
    assert subs[0] != subs[1], "the same user would keep the authenticator app"


def test_rights_and_address_stay(aws: Mapping[str, str], target: Target, wang: Officer) -> None:
    officers.reset("wang", target, NOW)
    kept = wiring.officers().get("wang")
    assert kept
    assert kept.approves_from == NOW + WAIT
    assert differences(wang, kept) == frozenset()
    attributes = {each["Name"]: each["Value"] for each in user(aws)["UserAttributes"]}
    assert attributes["email"] == "wang@police.example"


def test_a_try_that_failed_half_way_can_be_repeated(aws: Mapping[str, str], target: Target) -> None:
    pool = wiring.pool()
    event = "cognito-identity-provider.AdminCreateUser"
    with inject.fault(pool._client, event, inject.crash), pytest.raises(inject.Crash):
        appointments.reset_sign_in(
            "wang",
            actor=Actor.clock(wiring.audit(), NOW),
            officers=wiring.officers(),
            pool=pool,
        )
    lines = officers.reset("wang", target, NOW)
    assert sign_in(aws, password_of(lines))["Session"]


def test_the_record_names_the_operator_and_not_the_password(target: Target) -> None:
    lines = officers.reset("wang", target, NOW)
    rows, _ = wiring.audit().table.query("OFFICER#(operator)#2026-11-25", consistent=True)
    (row,) = rows
    assert wiring.audit().is_verified(row)
    assert '"officer": "wang"' in row["detail"]
    assert boto3.client("sts").get_caller_identity()["Arn"] in row["detail"]
    assert password_of(lines) not in str(row)


@pytest.mark.parametrize("username", ["nobody", "Wang", "gone", "(clock)"])
def test_only_an_active_officer_is_reset(
    aws: Mapping[str, str], target: Target, username: str
) -> None:
    cloud.officer("gone", active=False)
    before = user(aws)
    with pytest.raises(Refused, match="no active officer"):
        officers.reset(username, target, NOW)
    assert user(aws)["UserCreateDate"] == before["UserCreateDate"]


def test_a_missing_name_is_asked_for(target: Target) -> None:
    with pytest.raises(Refused, match="OFFICER=wang"):
        officers.reset("", target, NOW)


def test_another_issuer_resets_its_own_users(target: Target) -> None:
    outputs = {name: value for name, value in target.outputs.items() if name != "OfficersPoolId"}
    elsewhere = Target("dev", target.session, None, outputs, api="")
    with pytest.raises(Refused, match="Reset it there"):
        officers.reset("wang", elsewhere, NOW)
