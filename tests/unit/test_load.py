"""The logic of the load test itself: percentiles, which notices count, and what it writes."""

import itertools

import pytest

from tests.load.attacks import critical_flood, high_flood
from tests.load.http import Answer
from tests.load.inbox import Received
from tests.load.measures import Result
from tests.load.phones import Honest, check_honest
from tests.load.reports import Sent, check_accepted, source_of


def notice(when: float, event_id: str = "e", **body: object) -> Received:
    return Received(when, {"event_id": event_id, "kind": "report", **body}, {})


def sent(status: int = 201) -> Sent:
    return Sent("key", "text", 100.0, 100.1, Answer(status, {}, b"{}"))


def honest(waited_s: float | None = 0.2, place: int | None = 1) -> Honest:
    alone_at = None if waited_s is None else 100.0 + waited_s
    return Honest(sent(), alone_at=alone_at, place=place)


def behind(place: int, *, proven: bool = False) -> Honest:
    report = honest(place=place)
    report.shares, report.worked_s = True, 1.0 if proven else None
    return report


def test_a_phones_own_work_is_no_wait_unless_the_notice_came_before_it() -> None:
    report = honest(3.0)
    report.worked_s, report.proven_at = 2.0, 102.5
    assert report.waited_s == 1.0
    report.proven_at = 103.5
    assert report.waited_s == 3.0


@pytest.mark.parametrize(
    ("attacked", "failing"),
    [
        ([honest(0.9, 23), honest(0.2, 1)], None),
        ([honest(), behind(44, proven=True), behind(900)], None),
        ([honest(), behind(45, proven=True)], "in the first"),
        ([honest(1.1)], "p99"),
        ([honest(place=24)], "in the first"),
        ([honest(place=None)], "in the first"),
        ([honest(None), honest()], "a notice of its own"),
    ],
)
def test_each_bar_of_honest_reports_can_fail(attacked: list[Honest], failing: str | None) -> None:
    result = Result("an attack")
    check_honest(result, [honest(0.5)], attacked, sources=3)
    failed = [check.must for check in result.checks if not check.holds]
    assert len(failed) == (failing is not None)
    assert all(failing is not None and failing in must for must in failed)


def test_a_refusal_or_too_slow_a_flood_is_no_flood_that_held() -> None:
    for answers, holds in (([201] * 5, True), ([201] * 4, False), ([201] * 9 + [503], False)):
        result = Result("an attack")
        check_accepted(result, [sent(status) for status in answers], wanted=10)
        assert result.holds is holds


def test_any_two_choices_meet_in_the_floods_that_are_played() -> None:
    pairs, met = (
        {pair for each in some for pair in itertools.combinations(each._asdict().items(), 2)}
        for some in (critical_flood.ALL, critical_flood.SHORT)
    )
    assert met == pairs
    of_paid = [each.neighbour for each in critical_flood.SHORT if each.paid]
    assert of_paid == [None, source_of(1), source_of(1)]


def test_high_is_attacked_by_a_phone_and_a_48_with_each_kind_of_proof() -> None:
    names = [each.name for each in high_flood.ALL]
    assert names == [
        f"high_{source}_{proofs}"
        for source in ("phone", "48")
        for proofs in ("free", "cheap", "dear")
    ]
    assert [each.due(12) for each in high_flood.ALL[:3]] == [0, 72, 6]


def test_each_source_has_a_network_of_its_own() -> None:
    networks = {source_of(number).rpartition(".")[0] for number in range(2_000)}
    assert len(networks) == 2_000
