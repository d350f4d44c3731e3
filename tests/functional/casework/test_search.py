"""Officers find the reports that they may see by a number in them, and nothing else is found."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import wiring
from chalicelib.domain.casework.search_tokens import TOKENS_MAX
from chalicelib.domain.officers.model import Role
from chalicelib.services.casework.search import FOUND_MAX
from chalicelib.store.reports.search_entries import SearchEntries
from tests import cloud
from tests.client import call, change_report, new_key
from tests.faults import inject
from tests.steps import by_reporter, file, head, opened

pytestmark = pytest.mark.officers(
    "wang", chief={"roles": (Role.SUPERVISOR,)}, narrow={"categories": ("other",)}
)

PLATE, PHONE = "京A·12345", "+86 138 0013 8000"
TEXT = f"白色面包车，{PLATE}，司机电话 {PHONE}。"
PATH = "/v1/officer/reports"


def file_text(text: str = TEXT, category: str = "traffic_violation", **more: Any) -> dict[str, Any]:
    return file(category, text=text, **more)


def filed_and_opened(text: str = TEXT, **more: Any) -> dict[str, Any]:
    created = file_text(text, **more)
    opened(created)
    return created


def answer(text: str, officer: str = "wang") -> Any:
    return call("GET", f"/v1/officer/search?text={quote(text)}", officer=officer).expect(200)


def found(text: str, officer: str = "wang") -> list[str]:
    return [each["id"] for each in answer(text, officer)["items"]]


def entries() -> list[tuple[str, str]]:
    return [key for key in cloud.all_keys() if key[0].startswith("SEARCH#")]


@pytest.mark.parametrize(
    "typed",
    ["京A12345", "京a 12345", "京Ａ·１２３４５", "A12345", "13800138000", "0086-138-0013-8000"],
)
def test_a_report_that_was_opened_is_found_however_the_number_is_typed(typed: str) -> None:
    created = filed_and_opened()
    reply = answer(typed)
    assert [each["reference"] for each in reply["items"]] == [created["reference"]]
    assert (reply["more"], reply["searched"]) == (False, "opened_reports")


def test_when_a_notice_comes_in_between_an_opening_is_noted_and_entered_one_by_one() -> None:
    created = file_text("无", "other")
    cloud.stream(cloud.all_keys())
    refuse = inject.error_response(400, "ConditionalCheckFailedException")

    def refuse_both(request: Any) -> Any:
        both = b"found_by" in request.body and b"attended" in request.body
        return refuse(request) if both else None

    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", refuse_both) as calls:
        opened(created)
    assert len(calls) == 3
    assert {"found_by", "attended"} <= head(created).keys()


def test_a_result_says_what_was_not_searched_and_which_to_open_next() -> None:
    normal, critical = file_text("无", "other"), file_text("无", "child_abduction")
    file_text("无", "lost_and_found", source="drill")
    gone = file_text("无", "other")
    by_reporter("DELETE", gone)
    left = answer(PLATE)["unopened"]
    assert left == {"count": 2, "complete": True, "next": critical["id"]}
    assert answer(PLATE, "narrow")["unopened"]["next"] == normal["id"]
    opened(critical)
    assert answer(PLATE)["unopened"] == {"count": 1, "complete": True, "next": normal["id"]}
    # Acknowledged from the list: nobody has read it.
    change_report(normal["id"], 1, status="acknowledged")
    assert answer(PLATE)["unopened"]["count"] == 1
    filed_and_opened()
    with_one = answer(PLATE)
    assert (len(with_one["items"]), with_one["unopened"]["next"]) == (1, normal["id"])
    change_report(normal["id"], 2, category="lost_and_found")
    assert answer(PLATE, "narrow")["unopened"]["count"] == 0
    opened(normal)
    assert answer(PLATE)["unopened"] == {"count": 0, "complete": True, "next": None}


@pytest.mark.parametrize("typed", ["王小明", "Wang", "123", "", "京A12345 或 京A54321"])
def test_a_name_is_not_searched(typed: str) -> None:
    reply = call("GET", f"/v1/officer/search?text={quote(typed)}", officer="wang")
    assert reply.wrong_fields[0] == "text"


def test_answers_the_address_messages_and_notes_are_searched_too() -> None:
    place = {"lat": 39.92, "lon": 116.46, "address": "建国路 4711 号"}
    details = {"plate": "沪B 54321", "time": "2026-11-24T08:31:00+08:00"}
    created = file_text("无", location=place, details=details)
    by_reporter("POST", created, "/messages", {"text": "他的号码是 13912345678"}, key=new_key())
    call(
        "POST",
        f"{PATH}/{created['id']}/notes",
        {"text": "案号 2026-778899"},
        officer="wang",
        key=new_key(),
    )
    opened(created)
    for typed in ("4711", "沪B54321", "139 1234 5678", "2026778899"):
        assert found(typed) == [created["id"]], typed
    assert found("20261124") == []


def test_what_is_written_later_is_found_after_the_next_opening() -> None:
    created = filed_and_opened()
    by_reporter("POST", created, "/messages", {"text": "还有 京B67890"}, key=new_key())
    assert found("京B67890") == []
    opened(created)
    assert found("京B67890") == found(PLATE) == [created["id"]]


def test_the_contact_is_not_searched() -> None:
    created = file_text("无", contact={"name": "Li", "phone": "+86 137 1111 2222"})
    opened(created)
    call("POST", f"{PATH}/{created['id']}/contact", {"reason": "To ask."}, officer="wang")
    assert found("13711112222") == []
    assert entries() == []


def test_out_of_scope_looks_like_absent() -> None:
    created = filed_and_opened()
    hidden, absent = answer(PLATE, "narrow"), answer("京Z99999", "narrow")
    assert hidden == absent
    nothing = {"count": 0, "complete": True, "next": None}
    assert absent == {"items": [], "more": False, "searched": "opened_reports", "unopened": nothing}
    change_report(created["id"], 1, category="other")
    assert found(PLATE, "narrow") == [created["id"]]


def test_more_than_a_page_is_said_of_what_is_in_scope_and_of_nothing_else() -> None:
    mine = filed_and_opened(category="other")
    for _ in range(FOUND_MAX):
        filed_and_opened()
    page, narrow = answer(PLATE), answer(PLATE, "narrow")
    assert (len(page["items"]), page["more"]) == (FOUND_MAX, True)
    assert mine["id"] not in {each["id"] for each in page["items"]}
    assert ([each["id"] for each in narrow["items"]], narrow["more"]) == ([mine["id"]], False)


def test_a_search_is_on_record_by_a_name_that_says_nothing(aws: Mapping[str, str]) -> None:
    filed_and_opened()
    found(PLATE)
    found("京Z99999")
    details = [
        json.loads(row["detail"]["S"])
        for row in cloud.scan(aws["AUDIT_TABLE"])
        if row["action"]["S"] == "search" and row["by"]["S"] == "wang"
    ]
    assert sorted(each["count"] for each in details) == [0, 1]
    names = {each["search"] for each in details}
    assert len(names) == 2
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)


def test_no_number_stands_in_clear_in_any_row(aws: Mapping[str, str]) -> None:
    filed_and_opened()
    found(PLATE)
    assert len(entries()) == 4
    stored = str([cloud.scan(aws[name]) for name in aws if name.endswith("_TABLE")])
    for word in (PLATE, "京A12345", "A12345", "13800138000"):
        assert word not in stored


def test_a_second_opening_makes_no_call_of_the_key() -> None:
    created = file_text()
    with inject.fault(wiring.search_key()._kms, "kms.GenerateMac", lambda request: None) as called:
        opened(created)
        first = len(called)
        opened(created)
    assert (first, len(called)) == (4, 4)


def no_kms(request: Any) -> None:
    raise EndpointConnectionError(endpoint_url="https://kms.example")


def test_an_opening_never_fails_for_the_search() -> None:
    created = file_text()
    refused = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.search_key()._kms, "kms.GenerateMac", no_kms):
        opened(created)
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", refused):
        opened(created)
    assert found(PLATE) == []
    opened(created)
    assert found(PLATE) == [created["id"]]


def test_a_search_without_the_key_is_unavailable() -> None:
    with inject.fault(wiring.search_key()._kms, "kms.GenerateMac", no_kms):
        reply = call("GET", f"/v1/officer/search?text={quote(PLATE)}", officer="wang")
    assert reply.status == 503


def test_of_a_report_with_many_numbers_sixteen_are_kept() -> None:
    created = filed_and_opened(", ".join(f"{number}" for number in range(70_000, 70_100)))
    assert len(entries()) == TOKENS_MAX
    by_reporter("POST", created, "/messages", {"text": PLATE}, key=new_key())
    opened(created)
    assert len(entries()) == TOKENS_MAX
    assert found(PLATE) == []


def test_texts_without_a_number_are_read_once() -> None:
    short, long = file_text("无"), file_text("无")
    for _ in range(11):
        path, body = f"/v1/reports/{long['id']}/messages", {"text": "无" * 1_000}
        assert call("POST", path, body, receipt=long["receipt"], key=new_key()).status == 201
    sent: list[bytes] = []
    for created, writes in ((short, 1), (short, 0), (long, 1), (long, 0)):
        sent.clear()
        with inject.fault(
            wiring.dynamodb(), "dynamodb.UpdateItem", lambda request: sent.append(request.body)
        ):
            opened(created)
        assert sum(b"found_by" in each for each in sent) == writes
    path = f"/v1/reports/{long['id']}/messages"
    call("POST", path, {"text": PLATE}, receipt=long["receipt"], key=new_key())
    opened(long)
    assert found(PLATE) == [long["id"]]


def test_an_opening_reads_a_bounded_part_and_the_next_one_continues() -> None:
    created = file_text("1 2 " * 500)
    path = f"/v1/reports/{created['id']}/messages"
    for text in ["3-4 " * 1_000] * 10 + [PLATE]:
        assert call("POST", path, {"text": text}, receipt=created["receipt"]).status == 201
    sent = [each["id"] for each in opened(created)["messages"]]
    reached = [_reached(created, sent)]
    while reached[-1] < len(sent):
        assert found(PLATE) == []
        opened(created)
        reached.append(_reached(created, sent))
    # 20,000 characters each time: at first with the 2,000 of the report itself.
    assert reached == [4, 9, 11]
    assert found(PLATE) == [created["id"]]


def _reached(created: Mapping[str, Any], sent: list[str]) -> int:
    """Return how many messages were read for the search."""
    return sent.index(head(created)["found_by"]["messages"].rpartition("#")[2]) + 1


def test_two_officers_who_open_at_the_same_time_enter_each_number_once() -> None:
    created = file_text()

    with inject.meanwhile(
        lambda: opened(created, "chief"), "kms.GenerateMac", wiring.search_key()._kms
    ):
        opened(created)
    assert len(entries()) == 4
    assert found(PLATE) == [created["id"]]


def pass_time(**by: float) -> None:
    wiring.clock.advance(timedelta(**by))
    for _ in range(3):
        cloud.sweep()


def withdraw(created: Mapping[str, Any]) -> None:
    assert by_reporter("DELETE", created).status == 204


def test_a_withdrawal_ends_it_at_once_and_removes_the_entries() -> None:
    created = filed_and_opened()
    withdraw(created)
    assert found(PLATE) == []
    pass_time(minutes=1)
    assert entries() == []
    head = cloud.head(created["id"])
    assert "found_by" not in head.row


def test_a_supervisor_who_opens_a_withdrawn_report_enters_nothing() -> None:
    created = file_text()
    withdraw(created)
    opened(created)
    reply = call("GET", f"{PATH}/{created['id']}?reason=Court", officer="chief")
    assert reply.json["text"] == TEXT
    assert entries() == []


def test_a_withdrawal_during_an_opening_wins() -> None:
    created = file_text()
    with inject.fault(
        wiring.search_key()._kms,
        "kms.GenerateMac",
        inject.times(1, lambda request: withdraw(created)),
    ):
        opened(created)
    assert entries() == []


def test_a_deleted_report_leaves_no_entry() -> None:
    created, other = filed_and_opened(), filed_and_opened()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    pass_time(days=91)
    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 410
    assert {sk.rpartition("#")[2] for _, sk in entries()} == {other["id"]}
    assert found(PLATE) == [other["id"]]


def test_a_deletion_that_fails_half_way_removes_the_entries_when_it_is_tried_again() -> None:
    created = filed_and_opened()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    refused = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.dynamodb(), "dynamodb.DeleteItem", inject.at(2, refused)):
        pass_time(days=91)
    pass_time(minutes=1)
    assert entries() == []


def test_a_number_of_many_reports_is_read_a_bounded_part_at_a_time() -> None:
    made = [filed_and_opened()["id"] for _ in range(5)]
    name = wiring.search_key().name_of("京A12345")
    entries = SearchEntries(wiring.reports().table, page=2, most_pages=2)
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda request: None) as called:
        assert [each.id for each in entries.reports(name, wiring.clock.now())] == made[:0:-1]
    assert called == ["Query", "BatchGetItem"] * 2
