"""The logic of the load test itself: percentiles, which notices count, and what it writes."""

import os
import socket
import threading

import pytest

from tests.load import memory, page
from tests.load.http import NOTHING, Connection
from tests.load.inbox import (
    Received,
    all_notified_at,
    first_times,
    named_more_than_once,
    per_minute,
)
from tests.load.measures import Result, percentile, spread


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
