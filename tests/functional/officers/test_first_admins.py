"""An operator appoints the first two admins, once, and they are officers like any other."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT, Role
from chalicelib.kernel import errors
from chalicelib.services.administration.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    NotTwoPersons,
    UsernameTaken,
    appoint_first_admins,
)
from chalicelib.services.officers import OPERATOR, OperatorActor
from tests import client, cloud
from tests.client import call
from tests.faults import inject
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

ZHAO = FirstAdmin("zhao", "Zhao Min", "zhao@police.example")
LI = FirstAdmin("li", "Li Wei", "li@police.example")
ARN = "arn:aws:iam::123456789012:user/operator"


def appoint(*admins: FirstAdmin, with_pool: bool = True) -> list[AppointedAdmin]:
    return appoint_first_admins(
        admins or (ZHAO, LI),
        actor=OperatorActor.of(ARN, wiring.audit(), wiring.clock.now()),
        officers=wiring.officers(),
        pool=wiring.pool() if with_pool else None,
        subscriptions=wiring.subscriptions(),
    )


def first_password(appointed: list[AppointedAdmin], username: str) -> str:
    (admin,) = [admin for admin in appointed if admin.officer.username == username]
    assert admin.first_password is not None
    return admin.first_password


def appointments() -> list[dict[str, Any]]:
    return [each for each in cloud.records_of(OPERATOR) if "fields" in json.loads(each["detail"])]


def test_both_are_listed_like_any_other_officer() -> None:
    cloud.officer("wang")
    appoint()

    reply = call("GET", "/v1/admin/officers", officer="zhao")

    assert [each["username"] for each in reply.json["items"]] == ["li", "wang", "zhao"]
    found = call("GET", "/v1/admin/officers/li", officer="zhao").json
    # Somebody is there who could notice them.
    assert found.pop("approves_from")
    assert found == {
        "username": "li",
        "name": "Li Wei",
        "active": True,
        "roles": ["admin"],
        "categories": [],
        "districts": [],
        "email": "li@police.example",
        "phone": None,
        "proposal": None,
    }


def test_they_appoint_officers_and_read_no_report() -> None:
    created = file()
    appoint()
    row = {"name": "Wang", "roles": ["officer"], "categories": ["*"], "districts": ["*"]}

    client.appoint("wang", row, proposer="li", approver="zhao")
    assert by_officer("GET", created, officer="li").status == 403


def test_each_signs_in_with_a_first_password_that_they_must_change() -> None:
    appointed = appoint()
    passwords = {first_password(appointed, name) for name in ("zhao", "li")}

    assert len(passwords) == 2
    assert all(len(password) >= 20 for password in passwords)
    for name in ("zhao", "li"):
        answer = cloud.sign_in(name, first_password(appointed, name))
        assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_the_record_names_the_operator_and_can_be_verified() -> None:
    appointed = appoint()
    records = cloud.records_of(OPERATOR)

    details = [json.loads(record["detail"]) for record in records]
    assert {record["by"] for record in records} == {OPERATOR}
    assert sorted(
        (detail["officer"], detail.get("sign_in", "appointed")) for detail in details
    ) == [
        ("li", "appointed"),
        ("li", "first password"),
        ("zhao", "appointed"),
        ("zhao", "first password"),
    ]
    assert {detail["operator"] for detail in details} == {ARN}
    assert all(wiring.audit().is_verified(record) for record in records)
    shown = str(records)
    assert "police.example" not in shown
    assert not any(str(admin.first_password) in shown for admin in appointed)


def test_where_another_issuer_has_the_users_only_rows_are_written() -> None:
    appointed = appoint(with_pool=False)

    assert [admin.first_password for admin in appointed] == [None, None]
    assert cloud.pool_users() == []
    assert call("GET", "/v1/admin/officers", officer="li").status == 200


@pytest.mark.parametrize(
    "admins",
    [
        (ZHAO,),
        (ZHAO, ZHAO),
        (ZHAO, FirstAdmin("li", "Li Wei", "Zhao@police.example")),
        (ZHAO, FirstAdmin("li", "Li Wei", "zhao+2@police.example")),
        (ZHAO, FirstAdmin("li", "Li Wei", "zhao@Police.example.")),
        (ZHAO, LI, FirstAdmin("wang", "Wang", "wang@police.example")),
    ],
)
def test_two_different_persons_are_needed(admins: tuple[FirstAdmin, ...]) -> None:
    with pytest.raises(NotTwoPersons):
        appoint(*admins)
    assert (wiring.officers().all(), cloud.pool_users()) == ([], [])


def test_a_stage_with_another_admin_is_left_alone() -> None:
    cloud.officer("chief", roles=(Role.ADMIN,))

    with pytest.raises(AdminsExist) as refusal:
        appoint()

    assert refusal.value.usernames == ("chief",)
    assert [officer.username for officer in wiring.officers().all()] == ["chief"]
    assert (cloud.pool_users(), cloud.records_of(OPERATOR)) == ([], [])


def test_an_admin_who_was_deactivated_does_not_count() -> None:
    cloud.officer("chief", roles=(Role.ADMIN,), active=False)
    assert len(appoint()) == 2


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize(
    "operation", ["dynamodb.TransactWriteItems", "cognito-identity-provider.AdminCreateUser"]
)
def test_a_half_done_try_is_completed_by_the_next(operation: str, position: int) -> None:
    with inject.dying(operation, position=position):
        appoint()

    appointed = appoint()

    for name in ("zhao", "li"):
        assert cloud.sign_in(name, first_password(appointed, name))["Session"]
    listed = call("GET", "/v1/admin/officers", officer="zhao").json["items"]
    assert [each["username"] for each in listed] == ["li", "zhao"]
    assert len(appointments()) == 2


def test_a_repetition_replaces_the_passwords_that_nobody_has_used() -> None:
    first = appoint()
    second = appoint()

    assert cloud.sign_in("li", first_password(second, "li"))["Session"]
    with pytest.raises(cloud.client("cognito-idp").exceptions.NotAuthorizedException):
        cloud.sign_in("li", first_password(first, "li"))
    assert len(appointments()) == 2


def test_each_new_first_password_has_its_own_record() -> None:
    appoint()
    appoint()

    details = [json.loads(record["detail"]) for record in cloud.records_of(OPERATOR)]
    given = [detail["officer"] for detail in details if detail.get("sign_in") == "first password"]
    assert sorted(given) == ["li", "li", "zhao", "zhao"]


def test_of_two_operators_at_once_one_is_refused() -> None:
    """The other appoints two persons after this one has read that there are no admins."""
    others = FirstAdmin("wang", "Wang", "w@police.example"), FirstAdmin("wu", "Wu", "u@p.example")

    with inject.meanwhile(lambda: appoint(*others)), pytest.raises(AdminsExist) as refusal:
        appoint()

    assert refusal.value.usernames == ("wang", "wu")
    assert [officer.username for officer in wiring.officers().all()] == ["wang", "wu"]
    assert cloud.pool_users() == ["wang", "wu"]


def test_a_working_officer_keeps_their_scope_and_addresses() -> None:
    cloud.officer("li", email="li@police.example", phone="+8613800000000", categories=("other",))
    appoint()

    li = wiring.officers().get("li")
    assert li is not None
    assert li.roles == (Role.OFFICER, Role.ADMIN)
    assert (li.categories, li.districts, li.phone) == (("other",), ("*",), "+8613800000000")


def test_a_username_of_another_person_is_refused_before_anything_is_written() -> None:
    cloud.officer("li", email="another.li@police.example")
    with pytest.raises(UsernameTaken):
        appoint()

    assert [officer.username for officer in wiring.officers().all()] == ["li"]
    assert (cloud.pool_users(), cloud.records_of(OPERATOR)) == ([], [])


def test_a_user_who_was_disabled_can_sign_in_again(aws: Mapping[str, str]) -> None:
    cloud.client("cognito-idp").admin_create_user(
        UserPoolId=aws["USER_POOL_ID"], Username="zhao", MessageAction="SUPPRESS"
    )
    cloud.choose_password("zhao")
    cloud.client("cognito-idp").admin_disable_user(UserPoolId=aws["USER_POOL_ID"], Username="zhao")

    appointed = {admin.officer.username: admin for admin in appoint()}

    assert appointed["zhao"].was_disabled
    assert appointed["zhao"].first_password is None
    assert cloud.sign_in("zhao", "a password of their own")["AuthenticationResult"]
    assert "enabled" in {
        json.loads(each["detail"]).get("sign_in") for each in cloud.records_of(OPERATOR)
    }


def test_a_disabled_user_who_never_signed_in_can_use_the_first_password(
    aws: Mapping[str, str],
) -> None:
    appoint()
    cloud.client("cognito-idp").admin_disable_user(UserPoolId=aws["USER_POOL_ID"], Username="li")

    assert cloud.sign_in("li", first_password(appoint(), "li"))["Session"]


def test_who_has_signed_in_keeps_their_password() -> None:
    appoint()
    cloud.choose_password("zhao")

    again = {admin.officer.username: admin.first_password for admin in appoint()}

    assert again["zhao"] is None
    assert again["li"]
    assert cloud.sign_in("zhao", "a password of their own")["AuthenticationResult"]


def test_once_both_have_signed_in_nothing_is_left_to_do() -> None:
    appoint()
    for name in ("zhao", "li"):
        cloud.choose_password(name)

    with pytest.raises(AdminsExist) as refusal:
        appoint()
    assert refusal.value.usernames == ("li", "zhao")


def test_without_a_pool_a_repetition_is_refused() -> None:
    appoint(with_pool=False)
    with pytest.raises(AdminsExist):
        appoint(with_pool=False)


def test_a_row_that_was_made_by_hand_becomes_a_listed_one() -> None:
    """Without its copy in the directory, a row gives rights and is in no list."""
    wiring.officers().table.put(
        {"pk": "OFFICER#zhao", "sk": "ROW", "username": "zhao", "roles": ["officer", "admin"]}
    )
    assert wiring.officers().all() == []

    appoint()

    assert [officer.username for officer in wiring.officers().all()] == ["li", "zhao"]


def test_a_bad_username_is_refused_before_its_row_is_written() -> None:
    with pytest.raises(errors.Invalid):
        appoint(FirstAdmin("(clock)", "X", "x@police.example"), LI)
    assert wiring.officers().all() == []


def test_in_an_empty_stage_they_do_not_wait() -> None:
    assert [admin.officer.approves_from for admin in appoint()] == [None, None]


@pytest.mark.parametrize("with_pool", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_where_others_could_notice_them_they_wait_a_day(*, active: bool, with_pool: bool) -> None:
    cloud.officer("wang", active=active)
    now = wiring.clock.now()
    appoint(with_pool=with_pool)

    for username in ("zhao", "li"):
        officer = wiring.officers().get(username)
        assert officer is not None
        assert (officer.approves_from is not None) is active
        assert officer.waits_at(now + WAIT - timedelta(seconds=1)) is active


def test_another_first_password_is_another_wait() -> None:
    """Otherwise an operator would take the account of whoever has not signed in yet."""
    appoint()
    cloud.choose_password("zhao")
    cloud.officer("wang")
    again = {admin.officer.username: admin.officer for admin in appoint()}

    assert again["li"].waits_at(wiring.clock.now())
    assert wiring.officers().get("li") == again["li"]
    assert again["zhao"].approves_from is None


def test_a_wait_that_is_there_is_not_shortened() -> None:
    until = wiring.clock.now() + timedelta(days=3)
    cloud.officer("wang")
    cloud.officer("li", email="li@police.example", approves_from=until)
    appoint()

    li = wiring.officers().get("li")
    assert li is not None
    assert li.approves_from is not None
    assert abs(li.approves_from - until) < timedelta(seconds=1)
