"""The run fails for each reason it has: what is refused, missing, too little or let in."""

from collections import Counter

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


def test_an_operation_that_cannot_be_generated_is_a_problem() -> None:
    found = outcomes()
    found[0].errors.append(f"{NAME}: unsupported")

    assert problems(found) == [f"{NAME}: unsupported"]


def test_too_few_successes_are_a_problem() -> None:
    found = outcomes()
    found[0].tallies[NAME].succeeded = 2

    assert "less than 30%" in problems(found)[0]


def test_too_few_cases_are_a_problem() -> None:
    found = outcomes()
    found[0].tallies[NAME].cases = 4000

    assert problems(found) == ["4010 cases are fewer than 5000"]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_role_without_a_case_is_a_problem(missing: int) -> None:
    found = outcomes()
    found[missing].tallies.clear()
    found[1 - missing].tallies[NAME].cases = 6000

    assert f"no case as {found[missing].role}" in problems(found)[0]


def test_another_role_that_is_let_in_is_a_problem() -> None:
    found = outcomes()
    found[1].tallies[NAME].statuses[200] += 1

    assert problems(found) == [f"{NAME}: lets in a resident"]


def test_what_is_public_lets_in_everybody() -> None:
    found = outcomes()
    found[1].tallies[NAME].statuses[200] += 1

    assert fuzz.problems_of(OWNERS, frozenset({NAME}), found, (), complete=True) == []
