"""A person who is written about asks for something: it is a case, with a date, that two decide."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, read_and_approve
from tests.steps import by_officer, by_second_officer, file, head, opened

pytestmark = pytest.mark.officers("wang", "li", "zhao", narrow={"categories": ("other",)})

ALL = "/v1/officer/requests"
WORDS = "canary-wish of Chen Wei"
PHONE = "+86 138 4242 4242"
ASKED = {"right": "erasure", "text": WORDS, "contact": {"phone": PHONE}}
GRANTED = {"outcome": "granted", "reason": "canary-reason"}


def register(officer: str = "wang") -> str:
    """Register a request, and return its path."""
    return f"{ALL}/{call('POST', ALL, ASKED, officer=officer).expect(201)['number']}"


def name(path: str, *created: Mapping[str, Any], officer: str = "wang") -> Reply:
    body = {"report_ids": [each["id"] for each in created]}
    return call("POST", f"{path}/reports", body, officer=officer)


def decide(path: str) -> None:
    assert call("POST", f"{path}/decision", GRANTED, officer="wang").status == 201
    assert read_and_approve(f"{path}/decision/approve", "li").status == 200


def numbers(query: str = "") -> list[str]:
    return [each["number"] for each in call("GET", ALL + query, officer="zhao").json["items"]]


def test_a_request_is_found_by_its_number_with_what_is_asked_for() -> None:
    path = register()
    shown = call("GET", path.lower(), officer="li").json
    assert (shown["text"], shown["contact"]["phone"], shown["decision"]) == (WORDS, PHONE, None)


def test_an_answer_is_due_in_the_days_of_the_city() -> None:
    shown = call("GET", register(), officer="li").json
    due = times.parse(shown["due_at"]) - times.parse(shown["at"])
    assert (due, shown["late"]) == (timedelta(days=30), False)


def test_what_is_late_says_so_and_comes_first() -> None:
    first = register()
    wiring.clock.advance(timedelta(days=31))
    second = register()
    items = call("GET", ALL, officer="zhao").json["items"]
    assert [each["late"] for each in items] == [True, False]
    assert [f"{ALL}/{each['number']}" for each in items] == [first, second]


def test_no_row_holds_what_is_asked_for_or_by_whom_in_clear(aws: Mapping[str, str]) -> None:
    path = register()
    decide(path)
    for name_, table in aws.items():
        if name_.endswith("_TABLE"):
            rows = json.dumps(cloud.client("dynamodb").scan(TableName=table)["Items"], default=str)
            assert not any(word in rows for word in (WORDS, PHONE, "canary-reason"))


def test_each_reading_is_on_record_and_opens_by_that_record() -> None:
    path = register()
    number = path.rpartition("/")[2]
    call("GET", path, officer="li")
    rows, _ = wiring.audit().table.query(keys.opened_request(number), consistent=True)
    assert [(each["by"], each["action"], json.loads(each["detail"])) for each in rows] == [
        ("li", "open", {"request": number})
    ]


def test_reports_that_it_is_about_wait_in_the_list_by_attention_until_it_is_decided() -> None:
    created, path = file(), register()
    shown = name(path, created)
    assert (shown.status, shown.json["report_ids"]) == (200, [created["id"]])
    assert awaits(created) == ["request"]
    assert [each["open"] for each in opened(created)["requests"]] == [True]

    decide(path)
    assert awaits(created) == []
    assert [each["open"] for each in opened(created)["requests"]] == [False]


def awaits(created: Mapping[str, Any]) -> list[str]:
    items = call("GET", "/v1/officer/reports?sort=attention", officer="zhao").json["items"]
    [found] = [each["awaits"] for each in items if each["id"] == created["id"]]
    return list(found)


def test_a_report_out_of_scope_is_not_named_and_not_shown() -> None:
    created, path = file(), register()
    assert name(path, created, officer="narrow").wrong_fields[0] == "report_ids"
    name(path, created)
    shown = call("GET", path, officer="narrow").json
    assert (shown["report_ids"], shown["other_reports"]) == ([], 1)


def test_two_decide_with_a_reason_and_nobody_alone() -> None:
    path = register()
    assert call("POST", f"{path}/decision", GRANTED, officer="wang").status == 201
    again = call("POST", f"{path}/decision", GRANTED, officer="zhao")
    alone = read_and_approve(f"{path}/decision/approve", "wang")
    assert (again.json["code"], alone.json["code"]) == ("decision_pending", "self_approval")

    shown = read_and_approve(f"{path}/decision/approve", "li").json
    assert (shown["outcome"], shown["decision"]["reason"]) == ("granted", "canary-reason")
    assert (numbers(), numbers("?decided=true")) == ([], [path.rpartition("/")[2]])
    for step in ("/reports", "/decision"):
        body = {"report_ids": [file()["id"]]} if step == "/reports" else GRANTED
        assert call("POST", path + step, body, officer="li").json["code"] == "decided"


def test_a_report_that_is_named_after_the_reading_makes_its_tag_stale() -> None:
    path = register()
    call("POST", f"{path}/decision", GRANTED, officer="wang")
    tag = call("GET", path, officer="li").json["decision"]["tag"]
    name(path, file())
    assert read_and_approve(f"{path}/decision/approve", "li", tag).status == 412


def test_a_declined_decision_is_read_with_its_reason() -> None:
    path = register()
    call("POST", f"{path}/decision", GRANTED, officer="wang")
    body = {"reason": "It is needed."}
    own = call("POST", f"{path}/decision/decline", body, officer="wang")
    other = call("POST", f"{path}/decision/decline", body, officer="li")
    assert (own.json["code"], other.status) == ("not_your_step", 204)
    shown = call("GET", path, officer="wang").json
    assert (shown["decision"], shown["declined"]["reason"]) == (None, "It is needed.")


def test_ones_own_decision_is_taken_back() -> None:
    path = register()
    call("POST", f"{path}/decision", GRANTED, officer="wang")
    replies = [call("DELETE", f"{path}/decision", officer=each) for each in ("li", "wang", "wang")]
    assert [each.status for each in replies] == [403, 204, 204]


def test_a_mask_names_the_request_that_it_carries_out() -> None:
    created, path = file(), register()
    number = path.rpartition("/")[2]
    body = {"part": "text", "start": 0, "passage": "An", "reason": "erasure", "request": number}
    assert by_officer("POST", created, "/masks", body).wrong_fields[0] == "request"
    name(path, created)
    decide(path)
    assert by_officer("POST", created, "/masks", body).json["request"] == number
    assert by_second_officer(created, "/masks/1/approve").status == 200
    history = by_officer("GET", created, "/history").json["items"]
    assert [each["detail"]["request"] for each in history if "mask" in (each["detail"] or {})] == [
        number,
        number,
    ]


def test_supervisors_are_reminded_a_week_before_and_then_until_it_is_decided() -> None:
    path = register()
    assert reminded(timedelta(days=22)) == 0
    assert reminded(timedelta(days=2)) == 1
    decide(path)
    cloud.catch_up()
    assert reminded(timedelta(days=8)) == 0


def reminded(after: timedelta) -> int:
    cloud.forget_sent()
    cloud.go_on(after)
    return sum(each.get("step") == "request" for each in cloud.sent())


def test_a_decided_request_goes_after_the_months_of_the_city() -> None:
    path = register()
    decide(path)
    row = wiring.reports().table.get(keys.REQUESTS, path.rpartition("/")[2], consistent=True)
    assert row
    ends = wiring.clock.now() + timedelta(days=365)
    assert abs(row["expires_ttl"] - ends.timestamp()) < 60
    wiring.clock.advance(timedelta(days=366))
    assert call("GET", path, officer="li").status == 404
    assert numbers("?decided=true") == []


def test_an_open_request_is_kept_however_late_it_is() -> None:
    path = register()
    wiring.clock.advance(timedelta(days=800))
    assert call("GET", path, officer="li").status == 200


def test_a_report_that_is_gone_by_then_stops_no_decision() -> None:
    created, path = file(), register()
    name(path, created)
    table = wiring.reports().table
    row = dict(head(created))
    table.put({"pk": row["pk"], "sk": row["sk"], "id": row["id"], "deleted_at": row["received_at"]})
    decide(path)
