"""Who may complete a step that takes two persons."""

import pytest

from chalicelib.domain.reports.events import Matter
from chalicelib.domain.second_person import RULES, Awaiting, TwoPersonStep


def test_every_step_has_a_rule() -> None:
    assert RULES.keys() == set(TwoPersonStep)


def test_what_waited_as_malicious_before_is_read_as_a_closing() -> None:
    assert Awaiting.read("malicious#wang#") == Awaiting(TwoPersonStep.CLOSING, "wang")
    assert Matter.model_validate({"step": "malicious"}).step is TwoPersonStep.CLOSING
    with pytest.raises(ValueError, match="unknown"):
        TwoPersonStep("unknown")
