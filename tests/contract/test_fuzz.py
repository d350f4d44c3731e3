"""The run fails for each reason it has: what is refused, missing, too little or let in."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.contract import fuzz
from tests.contract.exceptions import Accepted, Finding
from tests.contract.outcomes import Outcome, Role, Tally

NAME = "GET /v1/officer/me"
OWNERS = {NAME: Role.OFFICER}
FINDING = Finding("not_a_server_error", NAME, 503)


def outcomes() -> list[Outcome]:
    """A run without a fault."""
    return [
        Outcome(
            Role.OFFICER,
            {NAME: Tally(cases=6000, valid=10, succeeded=3, statuses=Counter({200: 3}))},
        ),
        Outcome(Role.RESIDENT, {NAME: Tally(cases=10, valid=5, statuses=Counter({401: 10}))}),
    ]


def problems(found: list[Outcome], *accepted: Accepted) -> list[str]:
    return fuzz.problems_of(OWNERS, frozenset(), found, accepted, complete=True)


def test_a_good_run_has_no_problem() -> None:
    assert problems(outcomes()) == []


def test_a_finding_is_a_problem_until_it_is_accepted() -> None:
    found = outcomes()
    found[0].findings[FINDING] += 1
    found[0].examples[FINDING] = "Server error\ncurl …"

    assert problems(found) == [f"{FINDING} (1 times): Server error"]
    assert problems(found, Accepted(FINDING.check, NAME, 503, "It is so.")) == []


def test_an_unused_exception_is_a_problem() -> None:
    assert "unused" in problems(outcomes(), Accepted(FINDING.check, NAME, 503, "It is so."))[0]


def let_in(found: list[Outcome]) -> None:
    found[1].tallies[NAME].statuses[200] += 1


def without(missing: int) -> Callable[[list[Outcome]], None]:
    def change(found: list[Outcome]) -> None:
        found[missing].tallies.clear()
        found[1 - missing].tallies[NAME].cases = 6000

    return change


WRONG: dict[str, tuple[Callable[[list[Outcome]], object], str]] = {
    "an operation cannot be generated": (lambda found: found[0].errors.append("no"), "no"),
    "few succeed": (lambda found: setattr(found[0].tallies[NAME], "succeeded", 2), "than 30%"),
    "few cases": (lambda found: setattr(found[0].tallies[NAME], "cases", 4000), "4010 cases are"),
    "no case as an officer": (without(0), f"no case as {Role.OFFICER}"),
    "no case as a resident": (without(1), f"no case as {Role.RESIDENT}"),
    "another role is let in": (let_in, f"{NAME}: lets in a resident"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_run_is_a_problem(what: str) -> None:
    change, said = WRONG[what]
    found = outcomes()
    change(found)
    assert said in problems(found)[0]


def test_what_is_public_lets_in_everybody() -> None:
    found = outcomes()
    let_in(found)
    assert fuzz.problems_of(OWNERS, frozenset({NAME}), found, (), complete=True) == []
