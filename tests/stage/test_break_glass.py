"""The command for break-glass says what is missing or wrong, and what it has done."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.officers.model import Role
from chalicelib.services.administration.first_admins import FirstAdmin
from infra.stage import officers
from infra.stage.console import Refused
from infra.stage.target import Target
from tests import cloud

WU = FirstAdmin("wu", "Wu Jie", "wu@police.example")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_password_and_the_wait_are_shown(target: Target) -> None:
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


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "x" * 301, "one\ntwo"])
def test_a_reason_must_be_one_that_can_be_read(reason: str) -> None:
    with pytest.raises(Refused, match="The reason cannot be recorded"):
        officers.read_reason(reason)


def test_a_wrong_value_is_named() -> None:
    with pytest.raises(Refused, match="'Wu' cannot be a username"):
        officers.read_person("Wu", "Wu Jie", "wu@police.example")
    with pytest.raises(Refused, match="The email of wu cannot be stored"):
        officers.read_person("wu", "Wu Jie", "wu")


def test_without_a_terminal_nothing_is_asked() -> None:
    with pytest.raises(Refused, match="There is no terminal"):
        officers._ask("Name: ")
