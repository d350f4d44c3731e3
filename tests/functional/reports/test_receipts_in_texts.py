"""A receipt in a text is refused: whoever reads the text could open the report."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

OTHER = "7M3XK9QZ4TB8N2VW6YH01DCEFG"


@pytest.fixture
def created(clean: None) -> dict[str, Any]:
    cloud.officer("wang")
    return dict(call("POST", "/v1/reports", report(), key=new_key()).json)


def typed(receipt: str) -> str:
    groups = [receipt[at : at + 4] for at in range(0, 26, 4)]
    return "My receipt is " + "-".join(groups).lower() + ", thank you."


def assert_holds_receipt(reply: Reply, *fields: str) -> None:
    assert reply.status == 422, reply.text
    errors = {error["field"]: error["code"] for error in reply.json["errors"]}
    assert errors == dict.fromkeys(fields, "holds_receipt")
    assert "secret" in reply.json["errors"][0]["detail"]


@pytest.mark.parametrize("part", ["messages", "notes"])
def test_in_what_an_officer_writes(created: dict[str, Any], part: str) -> None:
    path = f"/v1/officer/reports/{created['id']}/{part}"
    body = {"text": typed(created["receipt"])}
    assert_holds_receipt(call("POST", path, body, officer="wang"), "text")
    assert call("POST", path, {"text": typed(OTHER)}, officer="wang").status == 201
    assert len(call("GET", path.removesuffix(f"/{part}"), officer="wang").json[part]) == 1


def test_in_what_the_reporter_writes(created: dict[str, Any]) -> None:
    path, mine = f"/v1/reports/{created['id']}/messages", created["receipt"]
    assert_holds_receipt(call("POST", path, {"text": typed(mine)}, receipt=mine), "text")
    assert call("POST", path, {"text": typed(OTHER)}, receipt=mine).status == 201


def test_in_each_text_of_another_report(created: dict[str, Any]) -> None:
    secret = typed(created["receipt"])
    for field, body in {
        "text": report(text=secret),
        "location.address": report(location={"lat": 39.9, "lon": 116.4, "address": secret}),
        "contact.name": report(contact={"name": secret}),
        "details.clothing": report(details={"clothing": secret}),
    }.items():
        key = new_key()
        assert_holds_receipt(call("POST", "/v1/reports", body, key=key), field)
        identity = wiring.identity()
        assert wiring.reports().head(identity.report_id(identity.receipt(key))) is None


def test_in_a_report_that_an_officer_enters(created: dict[str, Any]) -> None:
    body = report(text=typed(created["receipt"]), source="phone")
    assert_holds_receipt(
        call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang"), "text"
    )


def test_its_own_receipt_in_a_report() -> None:
    key = new_key()
    secret = typed(wiring.identity().receipt(key))
    assert_holds_receipt(call("POST", "/v1/reports", report(text=secret), key=key), "text")


def test_what_only_looks_like_a_receipt_is_accepted_after_one_read() -> None:
    body = report(text=typed(OTHER))
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        assert call("POST", "/v1/reports", body, key=new_key()).status == 201
    looked_up = len(called)
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        assert call("POST", "/v1/reports", report(), key=new_key()).status == 201
    assert looked_up == len(called) + 1


def test_many_that_look_like_receipts_cost_three_reads(aws: Mapping[str, str]) -> None:
    body = report(text="\n".join(f"{number:026}" for number in range(100)))
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        assert call("POST", "/v1/reports", body, key=new_key()).status == 201
    assert 3 <= len(called) <= 4
