"""The command for the first admins asks for what is missing, and says what is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime

import boto3
import pytest

from chalicelib import wiring
from chalicelib.services.administration.first_admins import FirstAdmin
from infra.stage import officers
from infra.stage.console import Refused
from infra.stage.officers import has_admins
from infra.stage.target import Target
from tests import cloud

ZHAO = FirstAdmin("zhao", "Zhao Min", "zhao@police.example")
LI = FirstAdmin("li", "Li Wei", "li@police.example")
GIVEN = ("zhao,li", "Zhao Min,Li Wei", "zhao@police.example,li@police.example")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


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
    text = "\n".join(
        officers.describe_first(officers.appoint_first([ZHAO, LI], target, NOW), target)
    )
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
    officers.appoint_first([ZHAO, LI], target, NOW)
    cognito, user = boto3.client("cognito-idp"), {"UserPoolId": target.output("OfficersPoolId")}
    user["Username"] = "li"
    cognito.admin_set_user_password(**user, Password="a password of their own", Permanent=True)
    cognito.admin_disable_user(**user)
    text = "\n".join(
        officers.describe_first(officers.appoint_first([ZHAO, LI], target, NOW), target)
    )
    assert "li (Li Wei): was disabled, and signs in again" in text
    assert cognito.admin_get_user(**user)["Enabled"]


def test_where_another_issuer_has_the_users_no_password_is_shown(target: Target) -> None:
    outputs = {name: value for name, value in target.outputs.items() if name != "OfficersPoolId"}
    elsewhere = Target("dev", target.session, None, outputs, api="")
    appointed = officers.appoint_first([ZHAO, LI], elsewhere, NOW)
    text = "\n".join(officers.describe_first(appointed, elsewhere))
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
    assert has_admins(target) is False
    officers.appoint_first([ZHAO, LI], target, NOW)
    assert has_admins(target) is True
    lost = {**target.outputs, "OfficersTableName": "lost"}
    assert has_admins(Target("dev", target.session, None, lost, api="")) is None
