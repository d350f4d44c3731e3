"""Who else has a report open now."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def people(clean: None) -> None:
    cloud.officer("li", name="Li Na")
    cloud.officer("wang", name="Wang Wei")
    cloud.officer("narrow", categories=("traffic_violation",))


@pytest.fixture
def filed(people: None) -> str:
    created = call("POST", "/v1/reports", report("missing_elderly"), key=new_key())
    return str(created.json["id"])


def look(officer: str, report_id: str | None = None) -> list[dict[str, Any]]:
    query = f"?looking_at={report_id}" if report_id else ""
    reply = call("GET", f"/v1/officer/pulse{query}", officer=officer)
    assert reply.status == 200, reply.text
    return list(reply.json["also_looking"])


def test_two_who_have_a_report_open_see_each_other(filed: str) -> None:
    assert look("li", filed) == []
    assert look("wang", filed) == [{"username": "li", "name": "Li Na"}]
    assert look("li", filed) == [{"username": "wang", "name": "Wang Wei"}]


def test_who_has_another_report_open_or_none_is_not_seen(filed: str) -> None:
    other = call("POST", "/v1/reports", report("other"), key=new_key()).json["id"]
    look("li", other)
    look("li")
    assert look("wang", filed) == []
    assert look("wang") == []


def test_who_does_not_ask_any_more_is_gone_after_half_a_minute(filed: str) -> None:
    look("li", filed)
    wiring.clock.advance(timedelta(seconds=20))
    assert [each["username"] for each in look("wang", filed)] == ["li"]
    wiring.clock.advance(timedelta(seconds=11))
    assert look("wang", filed) == []


def test_who_may_not_see_the_report_sees_nobody_and_is_not_seen(filed: str) -> None:
    look("li", filed)
    assert look("narrow", filed) == []
    assert look("wang", filed) == [{"username": "li", "name": "Li Na"}]


@pytest.mark.parametrize("unknown", ["0" * 26, "x", "ROW", "%00"])
def test_nobody_looks_at_a_report_that_is_not_there(unknown: str) -> None:
    assert look("li", unknown) == []
    assert look("wang", unknown) == []
    assert rows() == []


def test_a_longer_id_than_any_is_refused() -> None:
    reply = call("GET", f"/v1/officer/pulse?looking_at={'0' * 65}", officer="li")
    assert reply.status == 422


def test_it_is_kept_for_an_hour_at_most_and_names_no_more_than_officers(filed: str) -> None:
    look("li", filed)
    (row,) = rows()
    assert set(row) == {"pk", "sk", "expires_ttl", "o_li"}
    ends = int(row["expires_ttl"]["N"])
    assert ends <= (wiring.clock.now() + timedelta(hours=1)).timestamp()


def test_when_it_cannot_be_known_the_pulse_says_so_and_counts(filed: str) -> None:
    refused = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", refused):
        reply = call("GET", f"/v1/officer/pulse?looking_at={filed}", officer="li")
    assert (reply.status, reply.json["also_looking"]) == (200, None)
    assert reply.json["counts"]["new"] == 1


@pytest.mark.parametrize("username", ["li.na@police.example", "4f7c-9a|x", "li+na", "李娜"])
def test_a_username_may_be_any_that_an_issuer_gives(filed: str, username: str) -> None:
    cloud.officer(username, name="Somebody")
    look(username, filed)
    assert look("wang", filed) == [{"username": username, "name": "Somebody"}]


def test_a_look_is_no_reading_of_the_report(filed: str) -> None:
    look("li", filed)
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().audit_table)["Items"]
    assert filed not in json.dumps(found, default=str)


def rows() -> list[Any]:
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().incidents_table)["Items"]
    return [row for row in found if row["pk"]["S"].startswith("LOOKING#")]
