"""Commands about officers ask for what is missing, say what is wrong, and show a password once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT, Officer, Role
from chalicelib.domain.officers.proposals import differences
from chalicelib.services.administration import appointments
from chalicelib.services.administration.first_admins import FirstAdmin
from chalicelib.services.officers import Actor
from infra.stage import officers
from infra.stage.console import Refused
from infra.stage.target import Target
from tests import cloud
from tests.faults import inject

ZHAO = FirstAdmin("zhao", "Zhao Min", "zhao@police.example")
LI = FirstAdmin("li", "Li Wei", "li@police.example")
WU = FirstAdmin("wu", "Wu Jie", "wu@police.example")
GIVEN = ("zhao,li", "Zhao Min,Li Wei", "zhao@police.example,li@police.example")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def elsewhere(target: Target) -> Target:
    """A stage whose officers sign in at another issuer."""
    outputs = {name: value for name, value in target.outputs.items() if name != "OfficersPoolId"}
    return Target("dev", target.session, None, outputs, api="")


def first(target: Target) -> str:
    """Appoint the first two admins, and return what the operator reads."""
    appointed = officers.appoint_first([ZHAO, LI], target, NOW)
    return "\n".join(officers.describe_first(appointed, target))


def answering(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Return someone at the terminal, and the list of what they are asked."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answers[len(asked) - 1]

    return ask, asked


def never(question: str) -> str:
    raise AssertionError(f"asked {question}")


def test_what_is_given_is_not_asked_for() -> None:
    assert officers.read_persons(*GIVEN, never) == [ZHAO, LI]


def test_what_is_missing_is_asked_for() -> None:
    ask, asked = answering(
        "zhao, li", "Zhao Min", "Li Wei", "zhao@police.example", "li@police.example"
    )
    assert officers.read_persons("", "", "", ask) == [ZHAO, LI]
    assert asked[1:] == [
        "Name of zhao: ",
        "Name of li: ",
        "E-mail address of zhao: ",
        "E-mail address of li: ",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("zhao", *GIVEN[1:]), "ADMINS=zhao does not name two persons"),
        (("zhao,", *GIVEN[1:]), "ADMINS=zhao, does not name two persons"),
        (("zhao,li,wang", *GIVEN[1:]), "does not name two persons"),
        (("Zhao,li", *GIVEN[1:]), "'Zhao' cannot be a username"),
        (("zhao,(clock)", *GIVEN[1:]), "cannot be a username"),
        ((GIVEN[0], "Zhao Min", GIVEN[2]), "NAMES=Zhao Min does not name two persons"),
        ((*GIVEN[:2], "zhao@police.example"), "EMAILS=.* does not name two persons"),
        (
            (*GIVEN[:2], "zhao@police.example,li"),
            "The email of li cannot be stored. This is not an",
        ),
        (
            (GIVEN[0], f"Zhao Min,{'x' * 101}", GIVEN[2]),
            "The name of li cannot be stored. Too long: at most 100 characters",
        ),
    ],
)
def test_a_wrong_value_is_named(given: tuple[str, str, str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        officers.read_persons(*given, never)


def test_without_a_terminal_nothing_is_asked() -> None:
    with pytest.raises(Refused, match=r"There is no terminal.*ADMINS=zhao,li"):
        officers.read_persons("", "", "", officers._refuse_to_ask)
    with pytest.raises(Refused, match="There is no terminal"):
        officers._ask("Name: ")


def test_the_two_are_appointed_by_whoever_has_the_accounts_rights(target: Target) -> None:
    officers.appoint_first([ZHAO, LI], target, NOW)
    rows, _ = wiring.audit().table.query("OFFICER#(operator)#2026-11-25", consistent=True)
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    assert all(arn in row["detail"] and wiring.audit().is_verified(row) for row in rows)
    assert len(rows) == 4


def test_each_password_is_shown_once_with_what_to_do(target: Target) -> None:
    appointed = officers.appoint_first([ZHAO, LI], target, NOW)
    text = "\n".join(officers.describe_first(appointed, target))
    for admin in appointed:
        assert text.count(str(admin.first_password)) == 1
    assert "zhao (Zhao Min): first password" in text
    assert "make token STAGE=dev" in text


@pytest.mark.parametrize("others", [True, False])
def test_a_wait_is_shown_where_there_is_one(target: Target, *, others: bool) -> None:
    if others:
        cloud.officer("wang")
    text = first(target)
    assert ("they approve nothing before 2026-11-26T12:00:00.000Z" in text) is others


def test_a_stage_that_has_admins_names_them(target: Target) -> None:
    officers.appoint_first([ZHAO, LI], target, NOW)
    wang = FirstAdmin("wang", "Wang", "wang@police.example")
    with pytest.raises(Refused, match="tipline-dev has admins already: li, zhao"):
        officers.appoint_first([wang, LI], target, NOW)


def test_one_person_twice_is_refused(target: Target) -> None:
    with pytest.raises(Refused, match="two different persons"):
        officers.appoint_first([ZHAO, ZHAO], target, NOW)


def test_a_username_of_another_person_is_a_question_to_the_operator(target: Target) -> None:
    cloud.officer("li", email="another.li@police.example")
    with pytest.raises(Refused, match="has an officer li with another e-mail address"):
        officers.appoint_first([ZHAO, LI], target, NOW)


def test_a_user_who_was_disabled_is_said_to_be_enabled(target: Target) -> None:
    first(target)
    user = {"UserPoolId": target.output("OfficersPoolId"), "Username": "li"}
    cognito().admin_set_user_password(**user, Password="a password of their own", Permanent=True)
    cognito().admin_disable_user(**user)
    text = first(target)
    assert "li (Li Wei): was disabled, and signs in again" in text
    assert cognito().admin_get_user(**user)["Enabled"]


def test_where_another_issuer_has_the_users_no_password_is_shown(elsewhere: Target) -> None:
    text = first(elsewhere)
    assert "password" not in text
    assert "zhao (Zhao Min): signs in as before" in text


def test_a_lost_table_is_named_before_anyone_is_appointed(target: Target) -> None:
    outputs = {**target.outputs, "OfficersTableName": "lost"}
    stage = Target("dev", target.session, None, outputs, api="")
    with pytest.raises(
        Refused, match=r"table lost is gone\..*make restore STAGE=dev TABLE=officers"
    ):
        officers.appoint_first([ZHAO, LI], stage, NOW)


def test_whether_a_stage_has_admins_is_known_unless_its_table_cannot_be_read(
    target: Target,
) -> None:
    assert officers.has_admins(target) is False
    officers.appoint_first([ZHAO, LI], target, NOW)
    assert officers.has_admins(target) is True
    lost = {**target.outputs, "OfficersTableName": "lost"}
    assert officers.has_admins(Target("dev", target.session, None, lost, api="")) is None


def test_break_glass_shows_the_password_and_the_wait(target: Target) -> None:
    appointed = officers.appoint_alone(WU, "All have left.", target, NOW)
    text = "\n".join(officers.describe_alone(appointed, target))

    assert text.count(str(appointed.first_password)) == 1
    assert "Approves nothing before 2026-11-26T12:00:00.000Z" in text
    assert "make token STAGE=dev" in text


def test_two_admins_who_are_left_are_named(target: Target) -> None:
    for username in ("zhao", "qian"):
        cloud.officer(username, roles=(Role.ADMIN,))
    with pytest.raises(Refused, match="tipline-dev has these admins: qian, zhao"):
        officers.appoint_alone(WU, "All have left.", target, NOW)


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "x" * 301])
def test_a_reason_must_be_one_that_can_be_read(reason: str) -> None:
    with pytest.raises(Refused, match="The reason cannot be recorded"):
        officers.read_reason(reason)


def test_a_reason_is_one_line() -> None:
    assert officers.read_reason("one\ntwo") == "one two"


def test_a_wrong_value_of_break_glass_is_named() -> None:
    with pytest.raises(Refused, match="'Wu' cannot be a username"):
        officers.read_person("Wu", "Wu Jie", "wu@police.example")
    with pytest.raises(Refused, match="The email of wu cannot be stored"):
        officers.read_person("wu", "Wu Jie", "wu")


@pytest.fixture
def wang(target: Target) -> Officer:
    """An officer with a password of their own."""
    officer = cloud.officer("wang", email="wang@police.example")
    wiring.pool().follow(officer)
    cloud.choose_password("wang")
    return officer


def cognito() -> Any:
    return cloud.client("cognito-idp")


def user() -> dict[str, Any]:
    return dict(cognito().admin_get_user(UserPoolId=os.environ["USER_POOL_ID"], Username="wang"))


def password_of(lines: list[str]) -> str:
    return lines[0].rpartition(" ")[2]


@pytest.mark.usefixtures("wang")
def test_the_officer_gets_a_first_password_and_must_choose_another(target: Target) -> None:
    before = user()
    lines = officers.reset("wang", target, NOW)

    assert lines[0].startswith("wang (Wang): first password ")
    assert "approves nothing for 24 hours" in lines[-1]
    assert cloud.sign_in("wang", password_of(lines))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with pytest.raises(cognito().exceptions.NotAuthorizedException):
        cloud.sign_in("wang", "a password of their own")
    subs = [
        next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")
        for found in (before, user())
    ]
    assert subs[0] != subs[1], "the same user would keep the authenticator app"


def test_rights_and_address_stay(target: Target, wang: Officer) -> None:
    officers.reset("wang", target, NOW)
    kept = wiring.officers().get("wang")
    assert kept
    assert kept.approves_from == NOW + WAIT
    assert differences(wang, kept) == frozenset()
    attributes = {each["Name"]: each["Value"] for each in user()["UserAttributes"]}
    assert attributes["email"] == "wang@police.example"


@pytest.mark.usefixtures("wang")
def test_a_try_that_failed_half_way_can_be_repeated(target: Target) -> None:
    pool = wiring.pool()
    with inject.dying("cognito-identity-provider.AdminCreateUser"):
        appointments.reset_sign_in(
            "wang", actor=Actor.clock(wiring.audit(), NOW), officers=wiring.officers(), pool=pool
        )
    lines = officers.reset("wang", target, NOW)
    assert cloud.sign_in("wang", password_of(lines))["Session"]


@pytest.mark.usefixtures("wang")
def test_the_record_names_the_operator_and_not_the_password(target: Target) -> None:
    lines = officers.reset("wang", target, NOW)
    rows, _ = wiring.audit().table.query("OFFICER#(operator)#2026-11-25", consistent=True)
    (row,) = rows
    assert wiring.audit().is_verified(row)
    assert '"officer": "wang"' in row["detail"]
    assert boto3.client("sts").get_caller_identity()["Arn"] in row["detail"]
    assert password_of(lines) not in str(row)


@pytest.mark.usefixtures("wang")
@pytest.mark.parametrize("username", ["nobody", "Wang", "gone", "(clock)"])
def test_only_an_active_officer_is_reset(target: Target, username: str) -> None:
    cloud.officer("gone", active=False)
    before = user()
    with pytest.raises(Refused, match="no active officer"):
        officers.reset(username, target, NOW)
    assert user()["UserCreateDate"] == before["UserCreateDate"]


def test_a_missing_name_is_asked_for(target: Target) -> None:
    with pytest.raises(Refused, match="OFFICER=wang"):
        officers.reset("", target, NOW)


def test_another_issuer_resets_its_own_users(elsewhere: Target) -> None:
    with pytest.raises(Refused, match="Reset it there"):
        officers.reset("wang", elsewhere, NOW)
