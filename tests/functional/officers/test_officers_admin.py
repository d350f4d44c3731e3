"""Two admins appoint an officer, who can then sign in, and has the rights of the row."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from tests import client, cloud
from tests.client import Reply, call
from tests.functional.officers.test_appointments import ROW
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def admin(clean: None) -> None:
    for username in ("chief", "deputy"):
        cloud.officer(username, roles=("officer", "admin"))


def appoint(username: str, row: Mapping[str, Any]) -> Reply:
    return client.appoint(username, row, proposer="chief", approver="deputy")


def put(username: str, row: Mapping[str, Any], by: str = "chief") -> Reply:
    return call("PUT", f"/v1/admin/officers/{username}", dict(row), officer=by)


def user(username: str) -> dict[str, Any]:
    found = boto3.client("cognito-idp").admin_get_user(
        UserPoolId=os.environ["USER_POOL_ID"], Username=username
    )
    return {"enabled": found["Enabled"]} | {
        each["Name"]: each["Value"] for each in found["UserAttributes"]
    }


def test_a_new_officer_can_sign_in_and_sees_their_scope() -> None:
    appointed = appoint("wang", ROW)

    shown = {name: appointed.json[name] for name in (*ROW, "phone", "username", "proposal")}
    assert shown == {"username": "wang", "phone": None, "proposal": None} | ROW
    assert call("GET", "/v1/admin/officers/wang", officer="chief").json == appointed.json
    assert call("GET", "/v1/officer/me", officer="wang").json["scope"]["categories"] == [
        "traffic_violation"
    ]
    assert user("wang") | {
        "enabled": True,
        "email": "wang@police.example",
        "email_verified": "true",
    } == user("wang")
    assert [
        each["username"]
        for each in call("GET", "/v1/admin/officers", officer="chief").json["items"]
    ] == ["chief", "deputy", "wang"]


def test_the_same_call_changes_nothing_and_readmits_who_was_shut_out() -> None:
    for active in (True, True, False, False, True):
        appoint("wang", ROW | {"active": active})
        assert user("wang")["enabled"] is active
        assert call("GET", "/v1/officer/me", officer="wang").status == (200 if active else 403)


def test_one_who_never_worked_here_can_be_kept_out() -> None:
    appoint("stranger", ROW | {"active": False})
    assert call("GET", "/v1/officer/me", officer="stranger").status == 403


def test_a_new_scope_holds_at_the_next_request() -> None:
    created = file()
    appoint("wang", ROW)
    assert by_officer("GET", created).status == 404
    appoint("wang", ROW | {"categories": ["*"]})
    assert by_officer("GET", created).status == 200


def test_every_wrong_field_is_named() -> None:
    reply = put(
        "wang",
        {
            "roles": ["boss"],
            "categories": ["ufo"],
            "districts": ["mars"],
            "email": "x",
            "phone": "138",
            "is_root": True,
        },
    )

    assert set(reply.wrong_fields) == {
        "roles.0",
        "categories.0",
        "districts.0",
        "email",
        "phone",
        "is_root",
    }
    for name in ("Wang", "a b", "#", "x" * 65):
        assert (
            put(name.replace("#", "%23").replace(" ", "%20"), ROW).json["errors"][0]["code"]
            == "bad_username"
        )
    assert call("GET", "/v1/admin/officers/nobody", officer="chief").status == 404


def test_an_address_that_is_taken_away_is_gone_from_the_pool() -> None:
    appoint("wang", ROW)
    appoint("wang", {name: value for name, value in ROW.items() if name != "email"})

    assert not user("wang").get("email")
    assert wiring.officers().get("wang").email is None  # type: ignore[union-attr]


def test_the_record_says_what_changed_but_no_address() -> None:
    appoint("wang", ROW)
    for username, step in (("chief", "proposed"), ("deputy", "approved")):
        rows, _ = wiring.audit().table.query(
            f"OFFICER#{username}#{wiring.clock.now():%Y-%m-%d}", consistent=True
        )
        [row] = [row for row in rows if row["action"] == "change"]

        assert f'"{step}": 1' in row["detail"]
        assert '"categories": {"new": ["traffic_violation"], "old": null}' in row["detail"]
        assert "wang@police.example" not in str(row)
