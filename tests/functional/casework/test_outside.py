"""What is from outside the districts is passed on: officers are led to it, and reminded of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.reports.outlines import REMIND_EVERY
from tests import cloud
from tests.client import call, change_report, new_key, read_and_approve, report
from tests.steps import by_officer, file

pytestmark = pytest.mark.officers("wang", "li")

OUTSIDE, INSIDE = {"lat": 38.04, "lon": 114.51}, {"lat": 39.92, "lon": 116.44}


def taken(place: Mapping[str, float] = OUTSIDE) -> dict[str, Any]:
    """File a report that an officer acknowledges, and send all notices."""
    created = file("other", location=place)
    change_report(created["id"], 1, status="acknowledged")
    cloud.stream(cloud.all_keys())
    return created


def reminded(after: timedelta = REMIND_EVERY) -> list[str]:
    """Return the ids of reports that officers are reminded of when this time has passed."""
    cloud.forget_sent()
    cloud.sweep(after + timedelta(minutes=1))
    return [each["report_id"] for each in cloud.sent() if each["kind"] == "outside"]


def refer(created: Mapping[str, Any]) -> None:
    path = f"/v1/officer/reports/{created['id']}/referral"
    body = {"agency": "municipal_police", "reason": "Theirs.", "include": ["text"]}
    assert call("POST", path, body, officer="wang").status == 201
    read_and_approve(f"{path}/approve", "li").expect(200)


@pytest.mark.parametrize(("language", "says"), [("en", "can pass it on"), ("zh", "可转给")])
def test_the_reporter_reads_what_really_happens(language: str, says: str) -> None:
    body = report("other", location=OUTSIDE)
    header = {"Accept-Language": language}
    [note] = call("POST", "/v1/reports", body, key=new_key(), headers=header).json["notes"]
    assert says in note
    assert "110" in note


def test_officers_are_reminded_every_day_until_it_was_passed_on() -> None:
    created = taken()
    assert reminded(REMIND_EVERY - timedelta(hours=1)) == []
    assert reminded() == [created["id"]]
    assert reminded(timedelta(hours=1)) == []
    assert reminded() == [created["id"]]
    refer(created)
    assert [reminded() for _ in range(2)] == [[], []]


def test_a_report_that_was_closed_reminds_nobody_until_it_is_reopened() -> None:
    created = taken()
    change_report(created["id"], 2, status="closed", disposition="no_action", reason="Seen to.")
    assert reminded() == []
    change_report(created["id"], 3, status="in_progress")
    assert reminded() == [created["id"]]


def test_however_often_it_is_taken_there_is_one_reminder() -> None:
    created = taken()
    change_report(created["id"], 2, status="in_progress")
    change_report(created["id"], 3, status="acknowledged")
    assert reminded() == [created["id"]]


def test_a_report_inside_the_districts_reminds_nobody() -> None:
    taken(INSIDE)
    assert reminded() == []


def test_an_opened_report_suggests_the_agency_until_it_was_passed_on() -> None:
    def suggested(created: Mapping[str, Any]) -> Any:
        return by_officer("GET", created, officer="li").json["suggested_agency"]

    created = taken()
    assert suggested(created) == "municipal_police"
    refer(created)
    assert suggested(created) is None
    assert suggested(taken(INSIDE)) is None


def test_the_reminder_says_what_to_do_and_nothing_of_the_report() -> None:
    created = taken()
    reminded()
    [notice] = [each for each in cloud.sent() if each["kind"] == "outside"]
    assert notice["district"] == "outside"
    assert notice["reference"] == created["reference"]
    assert "blue coat" not in str(notice)
