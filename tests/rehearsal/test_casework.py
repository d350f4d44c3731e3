"""An officer works on a report, and the reporter follows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage


@pytest.fixture(scope="module")
def report(stage: Stage) -> Any:
    return stage.report(contact={"phone": "+8613800000000"}, location=PLACE)


PLACE = {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20}


def test_nobody_reads_reports_without_a_token(stage: Stage) -> None:
    assert stage.call("GET", "/v1/officer/reports").status == 401
    assert stage.call("GET", "/v1/officer/reports", token="no.token.here").status == 401


def test_an_officer_signs_in_with_password_and_app(officer: Person) -> None:
    me = officer.get("/v1/officer/me")
    assert (me["username"], me["roles"]) == ("li", ["officer"])


def test_a_report_is_found_by_its_reference(report: Any, officer: Person) -> None:
    found = officer.get(f"/v1/officer/reports?reference={report['reference']}")
    assert [row["id"] for row in found["items"]] == [report["id"]]
    assert found["items"][0]["district"] == "chaoyang"


def test_a_report_is_worked_on_until_it_is_closed(
    report: Any, officer: Person, stage: Stage, notices: Notices
) -> None:
    path = f"/v1/officer/reports/{report['id']}"
    opened = officer.call("GET", path)
    taken = officer.call(
        "PATCH",
        path,
        {"status": "acknowledged", "assignee": "li"},
        headers={"If-Match": opened.headers["etag"]},
    )
    assert taken.status == 200, taken.text
    asked = officer.call("POST", f"{path}/messages", {"text": "Is he still there?"})
    assert asked.status == 201, asked.text
    replied = stage.call(
        "POST",
        f"/v1/reports/{report['id']}/messages",
        {"text": "Yes, at the bus stop."},
        receipt=report["receipt"],
    )
    assert replied.status == 201, replied.text
    notices.of(report["id"], "message")
    shown = officer.call("POST", f"{path}/contact", {"reason": "The ambulance asks for the door."})
    assert shown.json["phone"] == "+8613800000000"
    closing = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}
    etag = taken.headers["etag"]
    unread = officer.call("PATCH", path, closing, headers={"If-Match": etag})
    assert (unread.status, unread.json["code"]) == (409, "new_message"), unread.text
    read = officer.call("GET", path)
    closing["messages_seen"] = read.json["message_count"]
    closed = officer.call("PATCH", path, closing, headers={"If-Match": read.headers["etag"]})
    assert closed.status == 200, closed.text
    own = stage.call("GET", f"/v1/reports/{report['id']}", receipt=report["receipt"]).json
    assert own["status"] == "closed"
    assert [message["text"] for message in own["messages"]] == [
        "Is he still there?",
        "Yes, at the bus stop.",
    ]


def test_a_hold_takes_effect_when_a_second_officer_approves_it(
    report: Any, officer: Person, colleague: Person
) -> None:
    path = f"/v1/officer/reports/{report['id']}/hold"
    until = (datetime.now(UTC) + timedelta(days=90)).isoformat(timespec="seconds")
    placed = officer.call("POST", path, {"reason": "The court asks for it.", "until": until})
    assert placed.status == 201, placed.text
    own = officer.approve(f"{path}/approve")
    assert (own.status, own.json["code"]) == (403, "self_approval")
    approved = colleague.approve(f"{path}/approve")
    assert approved.status == 200, approved.text
    assert (approved.json["approved_by"], approved.json["reason"]) == (
        "wang",
        "The court asks for it.",
    )
    asked = officer.call("DELETE", path, {"reason": "The trial is over."})
    assert asked.status == 202, asked.text
    alone = officer.approve(f"{path}/lift/approve")
    assert (alone.status, alone.json["code"]) == (403, "self_approval")
    assert colleague.approve(f"{path}/lift/approve").status == 204


def test_the_history_shows_each_step_and_that_nobody_altered_it(
    report: Any, officer: Person
) -> None:
    history = officer.get(f"/v1/officer/reports/{report['id']}/history")["items"]
    assert {"open", "change", "contact", "hold"} <= {entry["action"] for entry in history}
    assert all(entry["verified"] for entry in history)
