"""A step on all reports of an incident is as safe as on one, and it says what it leaves."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.casework.steps import MemberSteps
from chalicelib.domain.officers.model import Role
from chalicelib.services.casework import incidents
from chalicelib.services.casework.steps import Done
from chalicelib.store.audit.rows import of_report
from tests.client import Reply, call, new_key
from tests.faults import inject
from tests.functional.casework.test_incident_rows import (
    INCIDENTS,
    _people,
    alike,
    filed,
    ids,
    made,
    queue,
    read,
)
from tests.functional.casework.test_incidents import HERE, OTHER_TEXT, TEXT
from tests.steps import by_officer, by_reporter, head, mine, opened, write

__all__ = ["_people"]
pytestmark = pytest.mark.usefixtures("aws", "clean")

CLOSE: dict[str, Any] = {
    "status": "closed",
    "disposition": "resolved",
    "reason": "The man is at home.",
}
ACKNOWLEDGE: dict[str, Any] = {"status": "acknowledged"}


def step(incident: Mapping[str, Any], key: str | None = None, **body: Any) -> Reply:
    path = f"{INCIDENTS}/{incident['id']}/steps"
    return call("POST", path, body, officer="wang", key=key)


def left(reply: Reply) -> dict[str, str]:
    assert reply.status == 200, reply.text
    return {each["id"]: each["code"] for each in reply.json["left"]}


def take_steps(incident: Mapping[str, Any], time_is_left: Callable[[], bool], **body: Any) -> Done:
    actor = wiring.admission().admit("wang", INCIDENTS, (Role.OFFICER,), now=wiring.clock.now())
    return incidents.take_steps(
        incident["id"],
        MemberSteps.model_validate(body, strict=False),
        idempotency_key=None,
        desk=wiring.desk(actor),
        stores=wiring.incident_stores(),
        time_is_left=time_is_left,
    )


def read_all(*reports: Mapping[str, Any]) -> None:
    for each in reports:
        opened(each)


def changes(created: Mapping[str, Any]) -> list[str]:
    return [row["action"] for row in wiring.audit().rows(of_report(created["id"]))]


def test_a_step_is_taken_on_all_that_the_officer_has_opened() -> None:
    reports = alike(4)
    incident = made(reports[0])
    read_all(*reports[:3])
    reply = step(incident, **ACKNOWLEDGE)
    assert (reply.json["done"], left(reply)) == (3, {reports[3]["id"]: "not_read"})
    assert [head(each)["status"] for each in reports] == ["acknowledged"] * 3 + ["new"]
    assert [changes(each)[-1] for each in reports[:3]] == ["change"] * 3
    assert step(incident, **ACKNOWLEDGE, skip_unread=False).json == {
        "done": 4,
        "left": [],
        "waiting": 0,
    }


def test_what_is_unread_is_left_and_why_is_said() -> None:
    first, second, third = alike(3)
    incident = made(first)
    read_all(first, second, third)
    write(second)
    by_officer("PATCH", third, "", {"status": "in_progress"}, version=1)
    reply = step(incident, status="new")
    assert (reply.json["done"], left(reply)) == (
        1,
        {second["id"]: "new_message", third["id"]: "illegal_transition"},
    )


@pytest.mark.parametrize(
    "body", [ACKNOWLEDGE, {"assignee": "wang"}, {"message": "Thank you."}, CLOSE]
)
def test_a_step_on_many_never_counts_as_reading_what_a_reporter_has_added(
    body: dict[str, Any],
) -> None:
    unopened, written = alike(2)
    incident = made(unopened)
    write(written)
    reply = step(incident, **body, skip_unread=False)
    assert (reply.json["done"], left(reply)) == (1, {written["id"]: "new_message"})
    assert head(written)["unread"] == 1


def test_what_comes_while_a_step_is_taken_stays_unread() -> None:
    [written] = alike(1)
    incident = made(written)
    place = {"lat": 39.9, "lon": 116.4}

    def come() -> bool:
        return by_reporter("POST", written, "/positions", place).status == 201

    done = take_steps(incident, come, **ACKNOWLEDGE, skip_unread=False)
    assert [each.why for each in done.left] == ["new_message"]
    assert (head(written)["status"], head(written)["unread"]) == ("new", 1)


def test_a_link_reads_nothing_and_so_is_set_on_what_is_unread() -> None:
    original, written = alike(2)
    incident = made(original)
    write(written)
    link = {"duplicate_of": original["id"], "report_ids": [written["id"]]}
    assert left(step(incident, **link)) == {written["id"]: "new_message"}
    assert step(incident, **link, skip_unread=False).json["done"] == 1
    assert head(written)["unread"] == 1


def test_what_was_never_opened_ends_only_by_two() -> None:
    first, second = alike(2, category="other")
    incident = made(first)
    read_all(first)
    assert left(step(incident, **CLOSE)) == {second["id"]: "not_read"}
    for _ in range(2):
        assert step(incident, **CLOSE, skip_unread=False).json == {
            "done": 2,
            "left": [],
            "waiting": 1,
        }
    assert opened(first)["disposition"] == "resolved"
    assert opened(second)["proposal"]["disposition"] == "resolved"


@pytest.mark.parametrize("category", ["child_abduction", "missing_elderly"])
def test_an_urgent_report_that_was_never_opened_is_left_always(category: str) -> None:
    first, second = filed(*[{"text": TEXT, "location": HERE}] * 2, category=category)
    incident = made(first)
    read_all(first)
    for body in (ACKNOWLEDGE, CLOSE):
        codes = left(step(incident, **body, skip_unread=False))
        assert codes[second["id"]] == "not_read"
    if category == "child_abduction":
        assert left(step(incident, **CLOSE))[first["id"]] == "takes_two"
    assert head(second)["status"] == "new"
    # What ends nothing is no closing that was refused: supervisors hear of many of those.
    assert changes(second).count("close_unread") == 1


def test_a_repeated_call_takes_no_step_and_sends_no_message_twice() -> None:
    first, second = alike(2)
    incident = made(first)
    read_all(first, second)
    key, body = new_key(), {**ACKNOWLEDGE, "message": "We are on our way."}
    dies = inject.fault(
        wiring.dynamodb(), "dynamodb.TransactWriteItems", inject.at(1, inject.crash)
    )
    with dies, pytest.raises(inject.Crash):
        step(incident, key, **body)
    for _ in range(2):
        assert step(incident, key, **body).json == {"done": 2, "left": [], "waiting": 0}
    for each in (first, second):
        assert [one["text"] for one in mine(each)["messages"]] == ["We are on our way."]
        assert head(each)["version"] == 2


def test_a_message_alone_reaches_each_reporter() -> None:
    first, second = alike(2)
    incident = made(first)
    assert step(incident, message="Thank you.", skip_unread=False).json["done"] == 2
    assert [len(mine(each)["messages"]) for each in (first, second)] == [1, 1]
    assert step(incident).status == 422


def test_without_time_the_rest_is_left_and_the_next_call_goes_on() -> None:
    reports = alike(30)
    incident = made(reports[0])
    times = iter([True, False, False])
    done = take_steps(incident, lambda: next(times), **ACKNOWLEDGE, skip_unread=False)
    assert (done.done, {each.why for each in done.left}) == (25, {"unavailable"})
    assert step(incident, **ACKNOWLEDGE, skip_unread=False).json == {
        "done": 30,
        "left": [],
        "waiting": 0,
    }


def test_new_similar_reports_are_counted_and_join_by_one_call() -> None:
    incident = made(alike(2)[0])
    [third] = alike(1)
    [other] = filed({"text": OTHER_TEXT, "category": "other"})
    path = f"{INCIDENTS}/{incident['id']}"
    found = call("GET", f"{path}/similar", officer="wang").json
    assert (found["count"], ids(found["items"])) == (1, {third["id"]})
    assert call("POST", f"{path}/reports", {}, officer="wang").json == {"done": 1, "left": []}
    body = {"report_ids": [other["id"], "0" * 26]}
    reply = call("POST", f"{path}/reports", body, officer="wang")
    assert (reply.json["done"], left(reply)) == (1, {"0" * 26: "not_found"})
    assert read(incident).json["count"] == 4
    assert call("GET", f"{path}/similar", officer="wang").json["count"] == 0


def test_a_step_is_taken_on_those_that_are_named_alone() -> None:
    first, second, third = alike(3)
    incident = made(first)
    read_all(first, second)
    [other] = filed({"text": OTHER_TEXT, "category": "other"})
    named = [second["id"], other["id"]]
    reply = step(incident, **ACKNOWLEDGE, report_ids=named)
    assert (reply.json["done"], left(reply)) == (1, {other["id"]: "not_found"})
    assert [head(each)["status"] for each in (first, second, third)] == [
        "new",
        "acknowledged",
        "new",
    ]


def test_a_step_on_all_reopens_none_and_hands_none_back() -> None:
    reports = alike(3)
    incident = made(reports[0])
    read_all(*reports)
    by_officer("PATCH", reports[1], "", {"status": "in_progress"}, version=1)
    by_officer("PATCH", reports[2], "", CLOSE, version=opened(reports[2])["version"])
    reply = step(incident, **ACKNOWLEDGE)
    assert (reply.json["done"], set(left(reply).values())) == (1, {"illegal_transition"})
    assert [head(each)["status"] for each in reports] == ["acknowledged", "in_progress", "closed"]
    assert step(incident, message="Thank you.").json["done"] == 3


def test_a_drill_joins_no_incident_of_real_reports_and_no_real_report_one_of_drills() -> None:
    real, drill = made(alike(2)[0]), made(alike(2, source="drill")[0])
    [one], [two] = alike(1), alike(1, source="drill")
    for incident, stranger in ((real, two), (drill, one)):
        path = f"{INCIDENTS}/{incident['id']}"
        body = {"report_ids": [stranger["id"]]}
        reply = call("POST", f"{path}/reports", body, officer="wang")
        assert left(reply) == {stranger["id"]: "drill_and_real"}
        members = {"report_ids": [each["id"] for each in read(incident).json["items"]]}
        into = drill if incident is real else real
        moved = call("POST", f"{path}/split", {**members, "into": into["id"]}, officer="wang")
        assert moved.json["errors"][0]["code"] == "drill_and_real"
        assert not head(stranger).get("incident")


def test_a_split_makes_an_incident_of_what_is_named() -> None:
    reports = alike(3)
    incident = made(reports[0])
    path = f"{INCIDENTS}/{incident['id']}/split"
    body = {"report_ids": [reports[1]["id"], reports[2]["id"]]}
    new = call("POST", path, body, officer="wang").json
    assert (new["count"], new["left"]) == (2, [])
    assert read(incident).json["count"] == 1
    assert {each["incident"]["id"] for each in queue()} == {incident["id"], new["id"]}
    assert call("POST", path, body, officer="wang").json == new
    again = {**body, "into": new["id"], "report_ids": [*body["report_ids"], "0" * 26]}
    assert call("POST", path, again, officer="wang").json == {
        **new,
        "left": [{"id": "0" * 26, "code": "not_found"}],
    }
    assert call("POST", path, {**body, "into": "0" * 16}, officer="wang").status == 404
    named = {"report_ids": [reports[1]["id"]]}
    reply = call("POST", f"{INCIDENTS}/{incident['id']}/reports", named, officer="wang")
    assert left(reply) == {reports[1]["id"]: "in_incident"}


def test_a_split_of_all_answers_again_as_the_first_time() -> None:
    first, second = alike(2)
    incident = made(first)
    path, body = f"{INCIDENTS}/{incident['id']}/split", {"report_ids": [first["id"], second["id"]]}
    replies = [call("POST", path, body, officer="wang") for _ in range(2)]
    assert [each.status for each in replies] == [201, 201]
    new = {"id": head(first)["incident"], "count": 2, "left": []}
    assert replies[0].json == replies[1].json == new
    assert call("POST", path, {"report_ids": [first["id"]]}, officer="wang").status == 404


def test_a_split_whose_response_is_lost_goes_on_into_the_same_incident() -> None:
    reports = alike(4)
    incident = made(reports[0])
    path, body = f"{INCIDENTS}/{incident['id']}/split", {"report_ids": [reports[0]["id"]]}
    table = wiring.settings().reports_table
    with inject.without(table, "dynamodb.TransactWriteItems"):
        assert call("POST", path, body, officer="wang").status == 503
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", inject.lose_response):
        call("POST", path, body, officer="wang")
    reply = call("POST", path, body, officer="wang")
    assert (reply.status, reply.json["id"]) == (201, head(reports[0])["incident"])
    assert (reply.json["id"] != incident["id"], reply.json["count"]) == (True, 1)
