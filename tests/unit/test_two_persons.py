"""Who may complete a step that takes two persons."""

from datetime import timedelta

import pytest

from chalicelib.domain.officers.model import WAIT, Officer
from chalicelib.domain.reports.events import Matter
from chalicelib.domain.second_person import RULES, Awaiting, TwoPersonStep, refusal
from chalicelib.kernel.times import parse

NOW = parse("2026-03-01T08:00:00Z")


def test_nobody_who_began_a_step_completes_it() -> None:
    assert refusal(Officer(username="li"), {"wang", "li"}, NOW) == "self_approval"
    assert refusal(Officer(username="li"), {"wang"}, NOW) is None


@pytest.mark.parametrize(
    ("later", "code"), [(timedelta(0), "approves_later"), (WAIT, None)], ids=["new", "a day old"]
)
def test_a_new_account_completes_nothing_for_a_day(later: timedelta, code: str | None) -> None:
    officer = Officer(username="li", approves_from=NOW + WAIT)
    assert refusal(officer, {"wang"}, NOW + later) == code


def test_every_step_has_a_rule() -> None:
    assert RULES.keys() == set(TwoPersonStep)


def test_what_waited_as_malicious_before_is_read_as_a_closing() -> None:
    assert Awaiting.read("malicious#wang#") == Awaiting(TwoPersonStep.CLOSING, "wang")
    assert Matter.model_validate({"step": "malicious"}).step is TwoPersonStep.CLOSING
    with pytest.raises(ValueError, match="unknown"):
        TwoPersonStep("unknown")
