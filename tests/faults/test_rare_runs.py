"""Runs of the state machine that drawn steps make now and then only. Its invariants are checked
after every step and at the end.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from tests.faults.test_state_machine import Tipline

pytestmark = pytest.mark.slow

type Step = Callable[[Tipline], None]


def start(category: str, had_by: str) -> Tipline:
    state = Tipline()
    state.open(category=category, media=0, had_by=had_by)
    state.all_holds()
    return state


def go_on(state: Tipline, steps: Iterable[Step]) -> None:
    for step in steps:
        step(state)
        state.all_holds()
    state.teardown()


def sweep(state: Tipline) -> None:
    state.sweep(dies=None)


def publish(state: Tipline) -> None:
    state.stream(dies=None, backwards=False)


def wait(state: Tipline) -> None:
    state.let_time_pass(by={"minutes": 11})


def propose_an_end(officer: str, disposition: str) -> Step:
    return lambda state: state.propose(0, officer, disposition, None)


def confirm(*, is_author: bool) -> Step:
    return lambda state: state.confirm(0, is_author, None)


@pytest.mark.parametrize("how", ["withdrawn", "closed", "moved", "given back"])
def test_an_original_that_ends_lets_its_duplicate_wait(how: str, aws: Mapping[str, str]) -> None:
    state = start("other", "its original")
    # Its own first notice has gone by then.
    go_on(state, [publish, lambda state: state.end_an_original(how, None), sweep])


@pytest.mark.parametrize(
    ("becomes", "category"),
    [("of a smaller scope", "child_abduction"), ("no officer", "other"), ("inactive", "other")],
)
@pytest.mark.parametrize("steps", [[], [{"status": "in_progress"}]], ids=["new", "in progress"])
def test_who_loses_a_report_attends_to_it_no_more(
    becomes: str, category: str, steps: list[dict[str, Any]], aws: Mapping[str, str]
) -> None:
    state = start(category, "its assignee")
    for step in [{"urgency": "high"}, *steps]:
        state.change(state.tips[0], step, dies=None)
        state.all_holds()
    go_on(state, [lambda state: state.change_who_has_reports(becomes), sweep])
    assert state.last_head[state.tips[0].id].get("assignee") is None


def test_an_end_is_asked_for_again_and_again(aws: Mapping[str, str]) -> None:
    go_on(start("child_abduction", "who ends it"), [publish, wait, wait, sweep, wait, wait, sweep])


def test_an_end_takes_somebody_else(aws: Mapping[str, str]) -> None:
    state = start("child_abduction", "who ends it")
    go_on(state, [confirm(is_author=True), confirm(is_author=False)])
    assert state.tips[0].confirmed


def test_who_rewrites_an_end_does_not_confirm_it(aws: Mapping[str, str]) -> None:
    rewritten = propose_an_end("wang", "unfounded")
    state = start("child_abduction", "who ends it")
    go_on(state, [rewritten, confirm(is_author=True), confirm(is_author=False)])


@pytest.mark.parametrize("is_author", [True, False])
def test_an_end_is_declined_or_taken_back(is_author: bool, aws: Mapping[str, str]) -> None:
    state = start("child_abduction", "who ends it")
    go_on(state, [lambda state: state.decline_or_take_back(0, is_author, None), sweep])


@pytest.mark.parametrize("moved", [{"urgency": "high"}, {"category": "other"}])
def test_what_moves_has_no_end_that_waits(moved: dict[str, str], aws: Mapping[str, str]) -> None:
    state = start("child_abduction", "who ends it")
    go_on(state, [lambda state: state.move_what_waits(0, moved), sweep])


def test_the_end_that_a_report_has_voids_another(aws: Mapping[str, str]) -> None:
    steps = (
        propose_an_end("wang", "resolved"),
        propose_an_end("li", "unfounded"),
        propose_an_end("wang", "resolved"),
    )
    go_on(start("other", "nobody"), steps)
