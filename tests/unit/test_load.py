"""The logic of the load test itself: percentiles, which notices count, and what it writes."""

import argparse
import itertools
import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.load import memory, page
from tests.load.__main__ import ATTACKS, USUAL, named
from tests.load.attacks import critical_flood
from tests.load.http import NOTHING, Answer, Connection
from tests.load.inbox import (
    Received,
    all_notified_at,
    first_times,
    named_more_than_once,
    per_minute,
)
from tests.load.measures import Result, percentile, spread
from tests.load.payer import Payer
from tests.load.phones import Honest, check_honest
from tests.load.reports import Sent, check_accepted, paced, source_of


def notice(when: float, event_id: str = "e", **body: object) -> Received:
    return Received(when, {"event_id": event_id, "kind": "report", **body}, {})


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, each) for each in (1, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([3.0], 50) == percentile([3.0], 99) == 3.0
    assert percentile([9.0, 1.0], 99) == 9.0


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
    assert spread([]) == "none"


def test_the_first_notice_that_names_a_report_counts() -> None:
    notices = [
        notice(3, report_id="A"),
        notice(2, report_ids=["A", "B"], count=2),
        notice(1, report_id="C"),
    ]
    assert first_times(notices, ["A", "B", "D"]) == {"A": 2, "B": 2}


def test_a_report_in_two_notices_is_named_more_than_once() -> None:
    notices = [
        notice(1, report_id="A"),
        notice(2, report_ids=["A", "B"], count=2),
        notice(3, report_id="C"),
        notice(4, report_id="C"),
    ]
    assert named_more_than_once(notices, ["A", "B", "C"]) == ["A", "C"]


def test_all_are_told_when_notices_stand_for_as_many() -> None:
    notices = [
        notice(1, "a", report_id="A"),
        notice(9, "b", report_ids=["B"], count=5),
        notice(4, "c", report_id="C"),
    ]
    assert all_notified_at(notices, 2) == 4
    assert all_notified_at(notices, 7) == 9
    assert all_notified_at(notices, 8) is None


def test_a_notice_that_came_twice_stands_for_its_reports_once() -> None:
    assert all_notified_at([notice(1, "a", report_ids=[], count=5)] * 2, 6) is None


def test_notices_are_counted_by_the_minute_that_they_are_of() -> None:
    notices = [notice(when, at="2026-11-26T10:00:00Z") for when in (1, 99)]
    assert per_minute(notices) == {"2026-11-26T10:00:00Z": 2}


def test_a_result_holds_when_all_of_it_does() -> None:
    result = Result("an attack")
    result.check("this", "1", holds=True)
    assert result.holds
    result.check("that", "2", holds=False)
    assert not result.holds
    assert page.rows(result).splitlines() == [
        "| an attack (0 s) | this | 1 | yes |",
        "|  | that | 2 | **no** |",
    ]
    assert "Attacks that held: 0 of 1" in page.summary([result])


def test_a_table_replaces_the_last_one_and_nothing_else() -> None:
    marks = page.Marks("<begin>", "<end>")
    document = "before\n<begin>\nold\n<end>\nafter\n"
    fresh = page.replaced(document, marks, "new")
    assert fresh == "before\n<begin>\nnew\n<end>\nafter\n"
    assert page.replaced(fresh, marks, "new") == fresh
    with pytest.raises(ValueError, match="has no"):
        page.replaced("nowhere", marks, "new")


def served(*responses: bytes) -> int:
    """Serve the responses, one connection each, and return the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        for response in responses:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(response)

    threading.Thread(target=work, daemon=True).start()
    port: int = listening.getsockname()[1]
    return port


def test_a_response_is_read_to_its_end() -> None:
    port = served(
        b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\nX-Name: a: b\r\n\r\n" + b'{"a": 1}'
    )
    with Connection(port) as connection:
        answer = connection.send("GET", "/")
    assert (answer.status, answer.json, answer.headers["x-name"]) == (201, {"a": 1}, "a: b")


def test_a_connection_that_was_closed_is_opened_again() -> None:
    port = served(b"", b"HTTP/1.1 204 No Content\r\n\r\n")
    with Connection(port) as connection:
        assert connection.send("GET", "/").status == 204


def test_no_response_is_no_exception() -> None:
    with Connection(served(b"", b"")) as connection:
        assert connection.send("GET", "/") is NOTHING


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux shows its memory")
def test_what_is_in_memory_is_found_and_what_is_not_is_not() -> None:
    kept = b"".join((b"a-text-", b"that-is-kept-in-memory"))
    # Never whole in this process but in the pattern itself, which counts.
    counted = memory.count_in_memory(os.getpid(), [kept])
    assert counted[kept] >= 1
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert memory.listening_on(listening.getsockname()[1]) == os.getpid()


def sent(status: int = 201) -> Sent:
    return Sent("key", "text", 100.0, 100.1, Answer(status, {}, b"{}"))


def honest(waited_s: float | None = 0.2, place: int | None = 1) -> Honest:
    alone_at = None if waited_s is None else 100.0 + waited_s
    return Honest(sent(), alone_at=alone_at, place=place)


def test_each_number_is_sent_once_and_no_more_than_the_pace_allows() -> None:
    numbers = sorted(paced(lambda number: number, a_second=1000, seconds=0.05))
    assert numbers == list(range(len(numbers)))
    assert len(numbers) <= 50


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
    pairs = {
        frozenset(pair)
        for variant in critical_flood.ALL
        for pair in itertools.combinations(variant._asdict().items(), 2)
    }
    met = {
        frozenset(pair)
        for variant in critical_flood.SHORT
        for pair in itertools.combinations(variant._asdict().items(), 2)
    }
    assert met == pairs
    of_paid = [each.neighbour for each in critical_flood.SHORT if each.paid]
    assert of_paid == [None, source_of(1), source_of(1)]


def test_attacks_are_named_or_meant_by_a_pattern() -> None:
    assert len(named("critical_*")) == len(critical_flood.ALL) == 24
    assert named("flood") == ["flood"]
    assert set(ATTACKS) - set(USUAL) == set(named("critical_*")) - {
        each.name for each in critical_flood.SHORT
    }
    with pytest.raises(argparse.ArgumentTypeError, match="choose from"):
        named("no_attack")


def test_each_source_has_a_network_of_its_own() -> None:
    networks = {source_of(number).rpartition(".")[0] for number in range(2_000)}
    assert len(networks) == 2_000


def test_a_payer_works_on_the_cheapest_challenge_for_as_many_proofs_as_are_wanted() -> None:
    def given(bits: int) -> Answer:
        challenge = {"challenge": f"of-{bits}-bits", "bits": bits, "rounds": 1}
        return Answer(429, {}, json.dumps({"challenge": challenge}).encode())

    taken = []
    with Payer(3, ThreadPoolExecutor(1), ahead=1) as payer:
        assert not payer.learn(Answer(201, {}, b'{"challenge": null}'))
        assert payer.take() is None
        for bits in (3, 2, 4, 4):
            assert payer.learn(given(bits))
            payer.prepare()
            taken.append(payer.take())
    proofs = [proof[1].partition(":")[0] for proof in taken if proof]
    assert proofs == ["of-3-bits", "of-2-bits", "of-2-bits"]
    assert taken[-1] is None
