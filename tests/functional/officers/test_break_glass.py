"""An operator appoints one admin where the admins who are left cannot appoint anybody."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import WAIT, Role
from chalicelib.services.administration.appointments import Registry
from chalicelib.services.administration.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    appoint_admin_alone,
)
from chalicelib.services.officers import OPERATOR, OperatorActor
from tests import cloud
from tests.client import call, read_and_approve
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

WU = FirstAdmin("wu", "Wu Jie", "wu@police.example")
REASON = "Zhao and Qian have left."
ARN = "arn:aws:iam::123456789012:user/operator"


def break_glass(admin: FirstAdmin = WU, *, with_pool: bool = True) -> AppointedAdmin:
    actor = OperatorActor.of(ARN, wiring.audit(), wiring.clock.now())
    pool = wiring.pool() if with_pool else None
    registry = Registry(wiring.officers(), wiring.subscriptions(), wiring.announcements(), pool)
    return appoint_admin_alone(admin, REASON, actor=actor, registry=registry)


def records() -> list[dict[str, Any]]:
    return [json.loads(row["detail"]) for row in cloud.records_of(OPERATOR)]


@pytest.mark.parametrize("left", [(), ("zhao",)])
def test_one_is_appointed_where_fewer_than_two_are_left(left: tuple[str, ...]) -> None:
    for username in left:
        cloud.officer(username, roles=(Role.ADMIN,))
    appointed = break_glass()

    assert cloud.sign_in("wu", appointed.first_password)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    listed = call("GET", "/v1/admin/officers", officer="wu").json["items"]
    assert [each["username"] for each in listed] == ["wu", *left]
    assert listed[0]["roles"] == ["admin"]


def test_the_account_waits_a_day_whoever_else_there_is() -> None:
    cloud.officer("zhao", roles=(Role.ADMIN,))
    now = wiring.clock.now()
    officer = break_glass().officer
    assert officer.approves_from is not None
    assert officer.approves_from >= now + WAIT

    row = {"roles": ["officer"], "categories": [], "districts": []}
    path = "/v1/admin/officers/li"
    call("PUT", path, row, officer="zhao")
    call("PUT", "/v1/admin/officers/he", row, officer="wu")
    refused = [
        read_and_approve(f"{path}/approve", "wu"),
        # Nor is it enough to own one of the two accounts.
        read_and_approve("/v1/admin/officers/he/approve", "zhao"),
    ]
    assert [reply.json["code"] for reply in refused] == ["approves_later", "proposer_waits"]


def test_the_record_has_the_operator_and_the_reason() -> None:
    break_glass()
    assert {(each["operator"], each["break_glass"]) for each in records()} == {(ARN, REASON)}
    assert len(records()) == 2


def test_every_officer_is_notified() -> None:
    cloud.officer("zhao", roles=(Role.ADMIN,))
    cloud.officer("li")
    cloud.officer("gone", active=False)
    cloud.forget_sent()
    break_glass()
    cloud.sweep(timedelta(minutes=2))

    [notice] = cloud.sent()
    assert notice["kind"] == "break_glass"
    to = sorted(officer_address(username) for username in ("zhao", "li"))
    assert notice["attributes"]["to"] == json.dumps(to)


@pytest.mark.parametrize("waits", [False, True])
def test_it_is_refused_while_two_admins_are_left(*, waits: bool) -> None:
    until = wiring.clock.now() + WAIT if waits else None
    for username in ("zhao", "qian"):
        cloud.officer(username, roles=(Role.ADMIN,), approves_from=until)
    with pytest.raises(AdminsExist) as refusal:
        break_glass()

    assert refusal.value.usernames == ("qian", "zhao")
    assert (wiring.officers().get("wu"), cloud.pool_users(), records()) == (None, [], [])


@pytest.mark.parametrize("more", [{"active": False}, {"roles": (Role.SUPERVISOR,)}])
def test_who_is_no_admin_now_does_not_count(more: dict[str, Any]) -> None:
    cloud.officer("zhao", roles=(Role.ADMIN,))
    cloud.officer("qian", **({"roles": (Role.ADMIN,)} | more))
    assert break_glass().officer.username == "wu"


def test_it_is_not_done_twice() -> None:
    break_glass()
    cloud.choose_password("wu")
    with pytest.raises(AdminsExist):
        break_glass()


def test_of_two_operators_at_once_one_is_refused() -> None:
    cloud.officer("zhao", roles=(Role.ADMIN,))
    other = FirstAdmin("he", "He", "he@police.example")

    with inject.meanwhile(lambda: break_glass(other)), pytest.raises(AdminsExist):
        break_glass()
    assert wiring.officers().get("wu") is None


def test_a_working_officer_keeps_their_scope_and_waits() -> None:
    cloud.officer("wu", email="wu@police.example", categories=("other",))
    officer = break_glass().officer
    assert (officer.roles, officer.categories) == ((Role.OFFICER, Role.ADMIN), ("other",))
    assert officer.waits_at(wiring.clock.now())


def test_where_another_issuer_has_the_users_only_the_row_is_written() -> None:
    appointed = break_glass(with_pool=False)
    assert appointed.first_password is None
    assert appointed.officer.waits_at(wiring.clock.now())
    with pytest.raises(AdminsExist):
        break_glass(with_pool=False)


@pytest.mark.parametrize("fault", [inject.crash, inject.crash_after])
@pytest.mark.parametrize(
    ("operation", "position"),
    [
        ("dynamodb.TransactWriteItems", 0),
        ("dynamodb.TransactWriteItems", 1),
        ("cognito-identity-provider.AdminCreateUser", 0),
    ],
)
def test_a_half_done_try_is_completed_by_the_next(
    operation: str, position: int, fault: Any
) -> None:
    cloud.officer("zhao", roles=(Role.ADMIN,))
    with inject.dying(operation, position=position, how=fault):
        break_glass()

    appointed = break_glass()

    assert cloud.sign_in("wu", appointed.first_password)["Session"]
    assert appointed.officer.waits_at(wiring.clock.now())
    assert len([each for each in records() if "fields" in each]) == 1
