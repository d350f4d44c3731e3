"""A large body costs little to refuse, and its refusal is short."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.http import index
from chalicelib.http.requests import MAX_BODY, MAX_LONG_BODY, MOST_MEMBERS
from chalicelib.http.routes import Access
from chalicelib.kernel.errors import MAX_FIELD_ERRORS
from tests.client import Reply, call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

LONGEST_REFUSAL = 16_000
LARGE = 240_000
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


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.sampled_from(FIELDS),
    VALUES,
    st.sampled_from(["list", "object", "once"]),
    st.booleans(),
)
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
    created = call("POST", "/v1/reports", report(), key=new_key()).json
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
    created = call("POST", "/v1/reports", report(), key=new_key()).json
    raw = json.dumps({"text": "😀" * 4000}).encode()
    assert len(raw) > 48_000
    path = f"/v1/reports/{created['id']}/messages"
    assert call("POST", path, raw=raw, receipt=created["receipt"]).status == 201
