"""Long lists are read a bounded part at a time, and a large body costs little to refuse."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain.catalogue.attachments import MIB
from chalicelib.http import index
from chalicelib.http.requests import MAX_BODY, MAX_LONG_BODY, MOST_MEMBERS
from chalicelib.http.routes import Access
from chalicelib.kernel.errors import MAX_FIELD_ERRORS
from chalicelib.services.bulletins.queries import count_leads
from chalicelib.store.audit import rows
from chalicelib.store.audit.rows import Action, Entry, of_report
from tests import cloud
from tests.client import Reply, call, change_report, new_key, read_and_approve, report
from tests.conftest import examples
from tests.steps import by_reporter, file

pytestmark = pytest.mark.officers("wang")


def fill(created: Mapping[str, Any], count: int) -> None:
    """Add so many entries to the history of a report."""
    subject, now = of_report(created["id"]), wiring.clock.now()
    for number in range(count):
        wiring.audit().write(Entry(subject, "li", Action.OPEN, now, {"step": f"{number}"}))


def pages(created: Mapping[str, Any], officer: str = "wang") -> Iterator[list[dict[str, Any]]]:
    path = cursor = f"/v1/officer/reports/{created['id']}/history"
    while cursor:
        reply = call("GET", path, officer=officer).expect(200)
        yield reply["items"]
        cursor = reply["next_cursor"]
        path = f"/v1/officer/reports/{created['id']}/history?cursor={cursor}"


def test_a_long_history_comes_in_pages_with_each_entry_once() -> None:
    created = file()
    fill(created, 2 * rows.PAGE)

    found = list(pages(created))
    assert [len(page) for page in found[:2]] == [rows.PAGE] * 2
    assert {each["detail"].get("step") for page in found[:2] for each in page} == {
        f"{number}" for number in range(2 * rows.PAGE)
    }
    # The reads themselves: each is on record when its page is read.
    assert [each["by"] for each in found[2]] == ["wang"] * 3


def test_the_old_reason_is_known_across_pages() -> None:
    created = file()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="First.")
    fill(created, rows.PAGE)
    change_report(created["id"], 2, reason="Second.", disposition="no_action")

    steps = [each["detail"] or {} for page in pages(created) for each in page]
    reasons = [
        detail["fields"]["reason"] for detail in steps if "reason" in detail.get("fields", {})
    ]
    assert reasons == [{"old": None, "new": "First."}, {"old": "First.", "new": "Second."}]


def test_a_cursor_of_a_history_is_for_its_report_and_officer() -> None:
    created, other = file(), file()
    cloud.officer("li")
    fill(created, rows.PAGE)
    path = f"/v1/officer/reports/{created['id']}/history"
    cursor = call("GET", path, officer="wang").json["next_cursor"]

    assert call("GET", f"{path}?cursor={cursor}", officer="wang").status == 200
    assert call("GET", f"{path}?cursor={cursor}", officer="li").status == 400
    elsewhere = f"/v1/officer/reports/{other['id']}/history"
    assert call("GET", f"{elsewhere}?cursor={cursor}", officer="wang").status == 400


def test_the_leads_of_a_bulletin_are_counted_to_a_limit() -> None:
    cloud.officer("wang")
    cloud.officer("li")
    draft = {"channel": "key_cases", "title": {"zh": "寻人"}, "body": {"zh": "寻人"}}
    made = call("POST", "/v1/officer/bulletins", draft, officer="wang").json
    path = f"/v1/officer/bulletins/{made['id']}"
    assert read_and_approve(f"{path}/approve", "li").status == 200
    for _ in range(4):
        file(bulletin_id=made["id"])

    def counted(most: int) -> int:
        return count_leads(
            made["id"], reports=wiring.reports(), catalogue=wiring.catalogue(), most=most
        )

    assert [counted(most) for most in (1, 3, 4, 9)] == [1, 3, 4, 4]
    assert call("GET", path, officer="wang").json["leads"] == 4


LONGEST_REFUSAL = 16_000
LARGE = 240_000
SMALL_PICTURE = MIB  # of a phone's camera, as it is sent
FIELDS = ("category", "text", "media", "location", "details", "contact", "source", "other")
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                               max_size=3),
    max_leaves=6,
)  # fmt: skip


def post(raw: bytes) -> Reply:
    return call("POST", "/v1/reports", raw=raw, key=new_key())


def grown(value: Any, how: str) -> Any:
    """Return the value repeated, as large as a body may be."""
    size = max(4, len(json.dumps(value)) + 12)
    many = range(LARGE // size)
    if how == "list":
        return [value for _ in many]
    return {f"k{number}": value for number in many} if how == "object" else value


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(FIELDS), VALUES, st.sampled_from(["list", "object", "once"]), st.booleans())
def test_whatever_a_body_holds_its_refusal_is_short(
    field: str, value: Any, how: str, whole: bool
) -> None:
    body = grown(value, how) if whole else {**report(), field: grown(value, how)}
    raw = json.dumps(body).encode()
    reply = post(raw)
    assert reply.status in (201, 400, 413, 422)
    assert reply.status == 201 or len(reply.text.encode()) < LONGEST_REFUSAL


@pytest.mark.parametrize(
    ("body", "field", "most"),
    [
        ({"media": [{}] * 50_000}, "media", 5),
        ({"media": [{}] * 6}, "media", 5),
        ({f"k{n}": 1 for n in range(10_000)}, "body", MOST_MEMBERS),
        ({"details": {f"k{n}": 1 for n in range(10_000)}}, "body", MOST_MEMBERS),
        ({"media": [{f"k{n}": 1 for n in range(10_000)}]}, "body", MOST_MEMBERS),
    ],
)
def test_what_is_too_many_is_refused_before_its_members_are_looked_at(
    body: dict[str, Any], field: str, most: int
) -> None:
    reply = post(json.dumps({**report(), **body}).encode())
    assert reply.status == 422
    [wrong] = reply.json["errors"]
    assert (wrong["field"], wrong["code"]) == (field, "too_many")
    assert str(most) in wrong["detail"]
    assert "more" not in reply.json


def test_a_refusal_names_twenty_fields_and_says_that_there_are_more() -> None:
    few, many = ({f"k{n}": 1 for n in range(count)} for count in (20, 21))
    replies = [post(json.dumps({**report(), **body}).encode()) for body in (few, many)]
    assert [len(reply.json["errors"]) for reply in replies] == [MAX_FIELD_ERRORS] * 2
    assert [reply.json.get("more") for reply in replies] == [None, True]


def test_a_value_that_is_unknown_comes_with_those_that_are_known() -> None:
    reply = post(json.dumps(report("no_such_category")).encode())
    [wrong] = reply.json["errors"]
    assert (wrong["code"], "missing_elderly" in wrong["allowed"]) == ("unknown_value", True)


def test_each_route_refuses_a_body_beyond_its_own_limit_before_it_is_parsed() -> None:
    created = file()
    path = f"/v1/reports/{created['id']}/messages"

    def status(where: str, size: int) -> int:
        raw = b"{" + b" " * (size - 1)
        caller = {"receipt": created["receipt"]} if where == path else {"key": new_key()}
        reply = call("POST", where, raw=raw, **caller)
        assert reply.json["code"] in ("body_too_large", "malformed_json")
        return reply.status

    assert (status(path, MAX_BODY), status(path, MAX_BODY + 1)) == (400, 413)
    where = "/v1/reports"
    assert (status(where, MAX_LONG_BODY), status(where, MAX_LONG_BODY + 1)) == (400, 413)


def test_no_route_takes_a_body_as_large_as_a_picture() -> None:
    assert max(each.max_body for each in index.operations()) <= SMALL_PICTURE // 4


def test_only_what_has_long_texts_has_the_larger_limit() -> None:
    large = {each.name for each in index.operations() if each.body and each.max_body > MAX_BODY}
    assert large == {
        "create_report",
        "enter_report",
        "draft_bulletin",
        "change_bulletin",
        "resolve_bulletin",
        "withdraw_bulletin",
        "patch_catalogue",
    }
    residents = [each for each in index.operations() if each.access is Access.RECEIPT]
    assert all(each.max_body == MAX_BODY for each in residents)


def test_the_longest_message_fits_however_it_is_written() -> None:
    created = file()
    raw = json.dumps({"text": "😀" * 4000}).encode()
    assert len(raw) > 48_000
    assert by_reporter("POST", created, "/messages", raw=raw).status == 201
