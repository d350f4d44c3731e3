"""Whatever fails during an appointment, the same call completes it, and nobody gets more by it."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT, Role
from chalicelib.services.administration.appointments import reset_sign_in
from chalicelib.services.officers import Actor
from tests import cloud
from tests.client import Reply, appoint, call, read_and_approve, tag_for
from tests.faults import inject
from tests.functional.officers.test_appointments import WANG, WIDER

pytestmark = pytest.mark.usefixtures("aws", "clean")


TRANSACTION = "dynamodb.TransactWriteItems"
each_end = pytest.mark.parametrize("fault", [inject.crash, inject.crash_after])


@pytest.fixture(autouse=True)
def admins(clean: None) -> Iterator[None]:
    for username in ("admin", "admin2"):
        cloud.officer(username, roles=(Role.ADMIN,))
    yield
    cloud.empty_pool()


def propose(**more: Any) -> Reply:
    return call("PUT", WANG, WIDER | more, officer="admin")


def read_tag() -> str:
    return tag_for(f"{WANG}/approve", "admin2")


def approve(tag: str) -> Reply:
    return read_and_approve(f"{WANG}/approve", "admin2", tag)


def withdraw() -> Reply:
    return call("DELETE", f"{WANG}/proposal", officer="admin2")


def enabled() -> bool | None:
    """Return whether the pool has the user enabled; None when it has no user."""
    cognito = boto3.client("cognito-idp")
    try:
        found = cognito.admin_get_user(UserPoolId=os.environ["USER_POOL_ID"], Username="wang")
    except cognito.exceptions.UserNotFoundException:
        return None
    return bool(found["Enabled"])


def changes(username: str) -> int:
    rows, _ = wiring.audit().table.query(
        f"OFFICER#{username}#{wiring.clock.now():%Y-%m-%d}", consistent=True
    )
    return len([row for row in rows if row["action"] == "change"])


@each_end
def test_a_proposal_is_written_once(fault: Any) -> None:
    with inject.fault(wiring.dynamodb(), TRANSACTION, fault), pytest.raises(inject.Crash):
        propose()

    reply = propose()
    assert (reply.status, reply.json["proposal"]["version"], changes("admin")) == (202, 1, 1)
    assert len(wiring.officers().proposals()) == 1


@each_end
@pytest.mark.parametrize(
    "operation",
    [
        TRANSACTION,
        "dynamodb.PutItem",
        "cognito-identity-provider.AdminCreateUser",
        "cognito-identity-provider.AdminEnableUser",
    ],
)
def test_an_approval_that_fails_half_way_is_completed_by_the_same_call(
    operation: str, fault: Any
) -> None:
    propose()
    tag = read_tag()
    of_dynamodb = operation.startswith("dynamodb")
    client = wiring.dynamodb() if of_dynamodb else wiring.pool()._client
    with inject.fault(client, operation, inject.times(1, fault)), pytest.raises(inject.Crash):
        approve(tag)

    assert approve(tag).status == 200
    assert enabled() is True
    assert call("GET", "/v1/officer/me", officer="wang").status == 200
    assert changes("admin2") == 1
    assert wiring.officers().proposals() == []


def test_an_approval_that_is_repeated_after_a_deactivation_gives_nothing_back() -> None:
    propose()
    tag = read_tag()
    approve(tag)
    assert propose(active=False).status == 200

    assert approve(tag).status == 412
    assert enabled() is False


@each_end
@pytest.mark.parametrize(
    "operation",
    [
        TRANSACTION,
        "cognito-identity-provider.AdminDisableUser",
        "cognito-identity-provider.AdminUserGlobalSignOut",
    ],
)
def test_a_deactivation_that_fails_half_way_is_completed_by_the_same_call(
    operation: str, fault: Any
) -> None:
    appoint("wang", WIDER)
    of_dynamodb = operation.startswith("dynamodb")
    client = wiring.dynamodb() if of_dynamodb else wiring.pool()._client
    with inject.fault(client, operation, fault), pytest.raises(inject.Crash):
        propose(active=False)

    assert propose(active=False).status == 200
    assert enabled() is False
    assert call("GET", "/v1/officer/me", officer="wang").status == 403


@each_end
def test_a_withdrawal_is_recorded_once(fault: Any) -> None:
    propose()
    with inject.fault(wiring.dynamodb(), TRANSACTION, fault), pytest.raises(inject.Crash):
        withdraw()

    assert withdraw().status == 204
    assert changes("admin2") == 1
    assert wiring.officers().proposals() == []


@each_end
@pytest.mark.parametrize("operation", [TRANSACTION, "AdminDeleteUser", "AdminCreateUser"])
def test_no_new_password_comes_before_the_wait(operation: str, fault: Any) -> None:
    appoint("wang", WIDER)
    wiring.clock.advance(WAIT)
    pool, now = wiring.pool(), wiring.clock.now()
    client = wiring.dynamodb() if operation == TRANSACTION else pool._client
    event = operation if operation == TRANSACTION else f"cognito-identity-provider.{operation}"

    def reset() -> None:
        operator = Actor.clock(wiring.audit(), now)
        reset_sign_in("wang", actor=operator, officers=wiring.officers(), pool=pool)

    before = user_created()
    with inject.fault(client, event, fault), pytest.raises(inject.Crash):
        reset()
    officer = wiring.officers().get("wang")
    assert officer
    assert officer.waits_at(now) or user_created() == before

    reset()
    assert enabled()
    officer = wiring.officers().get("wang")
    assert officer
    assert officer.approves_from == now + WAIT


def user_created() -> Any:
    """Return what changes when a user is made again; None when there is no user."""
    cognito = boto3.client("cognito-idp")
    try:
        found = cognito.admin_get_user(UserPoolId=os.environ["USER_POOL_ID"], Username="wang")
    except cognito.exceptions.UserNotFoundException:
        return None
    return next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")
