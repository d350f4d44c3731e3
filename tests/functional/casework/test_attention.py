"""The list by attention: each write keeps a report where it belongs. Its order has its own tests
(test_queue_order.py).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import Reply, call, change_report
from tests.faults import inject
from tests.steps import by_second_officer, file, write

pytestmark = pytest.mark.officers("wang", "li")

OFFICERS = "/v1/officer/reports"


def file_next(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    """File a report, each a second after the one before."""
    wiring.clock.advance(timedelta(seconds=1))
    return file(category, **more)


def page(query: str = "", officer: str = "wang") -> dict[str, Any]:
    reply = call("GET", f"{OFFICERS}?sort=attention&fold=none&{query}", officer=officer).expect(200)
    return dict(reply)


def listed(query: str = "", officer: str = "wang") -> list[str]:
    return [item["id"] for item in page(query, officer)["items"]]


def steps_of(created: Mapping[str, Any]) -> list[str]:
    return next(each["awaits"] for each in page()["items"] if each["id"] == created["id"])


def act(created: Mapping[str, Any], path: str, body: Any, officer: str = "wang") -> Reply:
    return call("POST", f"{OFFICERS}/{created['id']}{path}", body, officer=officer)


def pass_time(**time: float) -> None:
    """Notify officers of what is new, and let time pass."""
    cloud.go_on()
    cloud.sweep(timedelta(**time))


def test_each_step_moves_a_report_to_where_it_belongs() -> None:
    first, second = file_next("other"), file_next("other")
    critical = file_next("child_abduction")
    a, b, c = (each["id"] for each in (first, second, critical))
    assert listed() == [c, a, b]

    write(second)
    assert listed() == [c, b, a]
    act(second, "/messages", {"text": "We are on our way."})
    assert listed() == [c, a, b]
    change_report(c, 1, status="acknowledged")
    assert listed() == [c, a, b]
    change_report(b, 1, urgency="critical")
    assert listed() == [b, c, a]
    change_report(a, 1, status="closed", disposition="resolved", reason="It is done.")
    assert listed() == [b, c]
    call("DELETE", f"/v1/reports/{b}", receipt=second["receipt"])
    assert listed() == [c]
    change_report(a, 2, status="in_progress")
    assert listed() == [c, a]
    change_report(a, 3, category="traffic_violation")
    assert listed("category=traffic_violation") == [a]
    assert listed("category=other") == []


def test_a_closed_report_to_which_the_reporter_writes_comes_back_until_it_is_read() -> None:
    created = file_next()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    assert listed() == []
    write(created)
    assert listed() == listed("needs_action=true") == listed("unread=true") == [created["id"]]
    act(created, "/messages", {"text": "Thank you."})
    assert listed() == []


def test_a_step_that_awaits_its_second_person_needs_those_who_may_be_it() -> None:
    created = file_next()
    words = {"status": "closed", "disposition": "malicious", "reason": "It is not true."}
    change_report(created["id"], 1, status="acknowledged")
    change_report(created["id"], 2, **words)

    assert listed("needs_action=true", "li") == [created["id"]]
    assert listed("needs_action=true", "wang") == []
    assert page("", "wang")["items"][0]["awaits"] == ["closing"]
    assert listed("needs_action=false", "wang") == [created["id"]]
    assert by_second_officer(created, "/closing/confirm").status == 201
    assert listed("", "li") == []


def test_a_hold_awaits_its_second_person_and_so_does_its_end() -> None:
    created = file_next()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    until = (wiring.clock.now() + timedelta(days=9)).isoformat()
    act(created, "/hold", {"reason": "A court asks.", "until": until})
    assert listed("needs_action=true", "li") == [created["id"]]
    by_second_officer(created, "/hold/approve")
    assert listed("needs_action=true", "li") == []
    call("DELETE", f"{OFFICERS}/{created['id']}/hold", {"reason": "It is over."}, officer="li")
    assert listed("needs_action=true", "wang") == [created["id"]]
    assert listed("needs_action=true", "li") == []
    no = {"reason": "An appeal was filed."}
    call("POST", f"{OFFICERS}/{created['id']}/hold/lift/decline", no, officer="wang")
    assert listed("needs_action=true", "wang") == []
    call("DELETE", f"{OFFICERS}/{created['id']}/hold", {"reason": "It is over."}, officer="li")
    by_second_officer(created, "/hold/lift/approve", "wang")
    assert listed() == []


def test_a_new_place_and_a_reopening_are_to_be_read() -> None:
    created, other = file_next("other"), file_next("other")
    for each in (created, other):
        change_report(each["id"], 1, status="acknowledged")
    path, place = f"/v1/reports/{other['id']}", {"lat": 39.93, "lon": 116.45}
    assert call("POST", f"{path}/positions", place, receipt=other["receipt"]).status == 201
    assert listed("unread=true") == [other["id"]]
    assert listed() == [other["id"], created["id"]]
    end = {"status": "closed", "disposition": "resolved", "reason": "It is done."}
    change_report(other["id"], 2, messages_seen=0, **end)
    assert listed() == [created["id"]]
    text = {"text": "It is there again."}
    assert call("POST", f"{path}/reopen", text, receipt=other["receipt"]).status == 201
    assert listed() == [other["id"], created["id"]]


def test_a_hold_whose_end_has_passed_awaits_nobody() -> None:
    created = file_next()
    change_report(created["id"], 1, status="acknowledged")
    until = (wiring.clock.now() + timedelta(days=9)).isoformat()
    act(created, "/hold", {"reason": "A court asks.", "until": until})
    assert listed("needs_action=true", "li") == [created["id"]]
    assert steps_of(created) == ["hold"]
    wiring.clock.advance(timedelta(days=10))
    assert listed("needs_action=true", "li") == []
    assert steps_of(created) == []


def test_a_closed_report_whose_hold_nobody_approved_in_time_is_done() -> None:
    created, other = file_next(), file_next()
    until = (wiring.clock.now() + timedelta(days=9)).isoformat()
    act(created, "/hold", {"reason": "A court asks.", "until": until})
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    assert listed() == [other["id"], created["id"]]
    wiring.clock.advance(timedelta(days=10))
    assert listed() == [other["id"]]


@pytest.mark.parametrize("sort", ["attention", "newest"])
def test_filters_say_what_needs_an_action(sort: str) -> None:
    new, done, written = file_next("other"), file_next("other"), file_next("other")
    for each in (done, written):
        change_report(each["id"], 1, status="acknowledged")
    write(written)

    def found(query: str) -> set[str]:
        reply = call("GET", f"{OFFICERS}?fold=none&sort={sort}&{query}", officer="wang")
        return {item["id"] for item in reply.json["items"]}

    assert found("needs_action=true") == {new["id"], written["id"]}
    assert found("needs_action=false") == {done["id"]}
    assert found("unread=true") == {written["id"]}
    assert found("unread=false") == {new["id"], done["id"]}
    assert found("urgency=normal") == {new["id"], done["id"], written["id"]}
    assert found("urgency=critical") == set()
    assert found("needs_action=true&unread=false&status=new") == {new["id"]}


def test_a_status_is_listed_newest_first_whatever_the_ranks() -> None:
    old, critical, written, last = (
        file_next(),
        file_next("child_abduction"),
        file_next("other"),
        file_next("other"),
    )
    pass_time(minutes=31)
    write(written)
    reply = call("GET", f"{OFFICERS}?status=new&fold=none", officer="wang")
    expected = [last, written, critical, old]
    assert [item["id"] for item in reply.json["items"]] == [each["id"] for each in expected]
    assert reply.json["items"][-1]["flags"] == ["overdue"]


def test_a_list_by_attention_keeps_to_the_times_and_to_the_scope() -> None:
    first = file_next("other")
    wiring.clock.advance(timedelta(minutes=5))
    second = file_next("other")
    at = second["received_at"][:17] + "00.000Z"
    assert listed(f"since={at}") == [second["id"]]
    assert listed(f"until={at}") == [first["id"]]
    cloud.officer("narrow", categories=("traffic_violation",))
    assert listed("", "narrow") == []
    assert listed("category=other", "narrow") == []
    assert listed(f"reference={first['reference']}") == [first["id"]]


def test_a_drill_ranks_behind_all_that_is_real() -> None:
    real = file_next("other")
    file_next("child_abduction", source="drill")
    assert listed()[0] == real["id"]
    assert listed("drill=false") == [real["id"]]


def test_a_cursor_of_one_order_is_none_of_the_other() -> None:
    for _ in range(3):
        file_next()
    cursor = page("limit=1")["next_cursor"]
    reply = call("GET", f"{OFFICERS}?sort=newest&fold=none&limit=1&cursor={cursor}", officer="wang")
    assert reply.refusal == (400, "bad_cursor")


def test_a_file_that_comes_while_an_officer_reads_another_is_to_be_read() -> None:
    photos = [{"content_type": "image/jpeg", "size": 10_000}] * 2
    created = file_next("other", media=photos)
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    first, second = (upload["media_id"] for upload in created["uploads"])
    for media_id in (first, second):
        version = cloud.upload(created["id"], media_id, cloud.photo())
        cloud.process(f"originals/{created['id']}/{media_id}", version)
    cloud.record(created["id"], first)
    assert listed() == [created["id"]]
    steps: list[str] = []

    def meanwhile(request: Any) -> None:
        if not steps and b"unread_media" in request.body:
            steps.append("read")
            change_report(created["id"], 2, assignee="li")

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", meanwhile):
        cloud.record(created["id"], second)
    assert steps == ["read"]
    assert listed() == [created["id"]]
