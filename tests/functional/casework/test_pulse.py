"""The pulse: what a console asks every few seconds."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.bench.operations import metered
from tests.client import call, change_report, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def people(aws: Mapping[str, str], clean: None) -> None:
    cloud.officer("wang")
    cloud.officer("narrow", categories=("traffic_violation",))
    cloud.forget_sent(aws)


def file(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    return dict(call("POST", "/v1/reports", report(category, **more), key=new_key()).json)


def pulse(officer: str = "wang") -> dict[str, Any]:
    reply = call("GET", "/v1/officer/pulse", officer=officer)
    assert reply.status == 200, reply.text
    return dict(reply.json)


def records(officer: str = "wang") -> list[Any]:
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().audit_table)["Items"]
    return [row for row in found if row["pk"]["S"].startswith(f"OFFICER#{officer}#")]


def write(created: Mapping[str, Any]) -> None:
    path = f"/v1/reports/{created['id']}/messages"
    assert call("POST", path, {"text": "Hello."}, receipt=created["receipt"]).status == 201


def test_it_counts_what_needs_somebody(aws: Mapping[str, str]) -> None:
    late, written, done, taken = file(), file("other"), file("other"), file("other")
    file("child_abduction", source="drill")
    change_report(done["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    change_report(taken["id"], 1, status="acknowledged")
    cloud.stream(cloud.all_keys(aws))
    wiring.clock.advance(timedelta(minutes=31))
    cloud.sweep()
    file("child_abduction")
    write(written)
    found = pulse()
    counts = {"critical": 1, "overdue": 1, "unread": 1, "new": 3, "open": 4, "needs_action": 3}
    assert (found["counts"], found["complete"]) == (counts, True)
    assert found["unread"] == [written["id"]]
    assert late["id"] not in json.dumps(found)


def test_it_says_when_something_in_the_scope_has_changed(aws: Mapping[str, str]) -> None:
    assert (pulse()["newest_change"], pulse("narrow")["newest_change"]) == (None, None)
    created = file()
    cloud.stream(cloud.all_keys(aws))
    before, narrow = pulse(), pulse("narrow")
    assert before["newest_change"].endswith(":00.000Z")
    assert narrow["newest_change"] is None
    assert pulse()["mark"] == before["mark"]
    wiring.clock.advance(timedelta(minutes=5))
    change_report(created["id"], 1, assignee="wang")
    cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    after = pulse()
    assert after["mark"] != before["mark"]
    assert after["newest_change"] > before["newest_change"]
    assert pulse("narrow")["mark"] == narrow["mark"]


def test_a_report_that_leaves_a_scope_is_a_change_there(aws: Mapping[str, str]) -> None:
    created = file("traffic_violation")
    cloud.stream(cloud.all_keys(aws))
    before = pulse("narrow")["mark"]
    change_report(created["id"], 1, category="other")
    cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    assert pulse("narrow")["mark"] != before


def test_it_shows_nothing_outside_of_the_scope() -> None:
    file("child_abduction")
    write(file("other"))
    found = pulse("narrow")
    assert set(found["counts"].values()) == {0}
    assert found["unread"] == []


def test_it_is_on_record_once_an_hour_for_each_officer() -> None:
    now = wiring.clock.now()
    begun = now.replace(minute=0, second=0, microsecond=0)
    wiring.clock.advance(timedelta(hours=1, minutes=1) - (now - begun))
    for _ in range(3):
        pulse()
        pulse("narrow")
    pulse()
    assert (len(records()), len(records("narrow"))) == (1, 1)
    wiring.clock.advance(timedelta(hours=1))
    pulse()
    assert len(records()) == 2


def test_a_record_that_was_altered_is_not_written_over() -> None:
    pulse()
    [row] = records()
    table = wiring.settings().audit_table
    cloud.client("dynamodb").put_item(TableName=table, Item=row | {"by": {"S": "nobody"}})
    pulse()
    assert [each["by"]["S"] for each in records()] == ["nobody"]


def test_it_is_not_shown_without_its_record() -> None:
    with inject.fault(
        wiring.dynamodb(), "dynamodb.PutItem", inject.error_response(400, "AccessDeniedException")
    ):
        assert call("GET", "/v1/officer/pulse", officer="wang").status == 503


def test_a_change_that_could_not_be_noted_loses_nothing_else(aws: Mapping[str, str]) -> None:
    file()
    refused = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.dynamodb(), "dynamodb.BatchWriteItem", refused):
        assert cloud.stream(cloud.all_keys(aws)) == {"batchItemFailures": []}
    assert [each["kind"] for each in cloud.sent(aws)] == ["report"]
    assert pulse()["counts"]["new"] == 1


@pytest.mark.slow
def test_it_costs_the_same_among_many(aws: Mapping[str, str]) -> None:
    def cost() -> Any:
        with metered(aws) as meter:
            pulse()
            with meter.measured():
                found = pulse()
            return meter.cost, found["complete"]

    table = wiring.reports().table
    for _ in range(120):
        file("child_abduction")
    few, complete = cost()
    heads = [table.get(*key) for key in cloud.all_keys(aws) if key[1] == "HEAD"]
    for number in range(20):
        rows = [row | {"id": f"{number:02}{row['id'][2:]}"} for row in heads if row]
        table.put_all(row | {"pk": f"REPORT#{row['id']}"} for row in rows)
    many, incomplete = cost()
    assert many == few
    assert (complete, incomplete) == (False, False)
