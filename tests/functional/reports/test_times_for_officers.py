"""Officers see to the minute when a reporter did something; the reporter sees the exact time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from tests import cloud
from tests.client import call, new_key, report
from tests.steps import by_officer, file, opened

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def created(clean: None) -> Iterator[dict[str, Any]]:
    cloud.officer("wang")
    # Between two minutes, so that nothing is at a full one by chance.
    into = wiring.clock.now() - times.to_minute(wiring.clock.now())
    wiring.clock.advance(timedelta(minutes=1, seconds=20, milliseconds=123) - into)
    yield file()
    wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())


def minute_of(moment: str) -> str:
    return f"{moment[:16]}:00.000Z"


def test_when_a_report_was_received(created: dict[str, Any]) -> None:
    exact = created["received_at"]
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    assert mine["received_at"] == exact != minute_of(exact)

    assert opened(created)["received_at"] == minute_of(exact)
    [listed] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert listed["received_at"] == minute_of(exact)
    oldest = call("GET", "/v1/officer/stats", officer="wang").json["oldest_unacknowledged"]
    assert oldest["received_at"] == minute_of(exact)


def test_when_a_reporter_wrote_and_withdrew(created: dict[str, Any]) -> None:
    mine = {"receipt": created["receipt"]}
    path = f"/v1/reports/{created['id']}"
    exact = call("POST", f"{path}/messages", {"text": "He is here."}, **mine).json["sent_at"]
    reply = call("POST", f"/v1/officer{path[3:]}/messages", {"text": "Stay."}, officer="wang").json
    assert [each["sent_at"] for each in opened(created)["messages"]] == [
        minute_of(exact),
        reply["sent_at"],
    ]
    assert call("GET", path, **mine).json["messages"][0]["sent_at"] == exact != minute_of(exact)

    call("DELETE", path, **mine)
    assert opened(created)["closed_at"].endswith(":00.000Z")


def test_when_an_officer_entered_a_report() -> None:
    key, body = new_key(), report(source="phone")
    entered = call("POST", "/v1/officer/reports", body, key=key, officer="wang").json
    exact = call("GET", "/v1/reports/mine", receipt=entered["receipt"]).json["received_at"]
    again = call("POST", "/v1/officer/reports", body, key=key, officer="wang").json
    assert entered["received_at"] == again["received_at"] == minute_of(exact) != exact

    history = by_officer("GET", entered, "/history").json
    assert history["items"][0]["at"] == minute_of(exact)


def test_when_a_notice_was_made(created: dict[str, Any]) -> None:
    cloud.stream(cloud.all_keys())
    [notice] = [each for each in cloud.sent() if each["report_id"] == created["id"]]
    assert minute_of(created["received_at"]) <= notice["at"]
    assert notice["at"].endswith(":00.000Z")
