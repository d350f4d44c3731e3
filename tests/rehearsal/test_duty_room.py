"""Officers on duty: what needs them next, whom a notice is for, and what leaves the duty room."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.notices.roster import Weekday
from chalicelib.domain.statistics.exports import REPORTS_MAX
from tests import media_samples
from tests.rehearsal import cases
from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person, if_match
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

# Other chapters have no reports of these, so these are not so many that notices are in a digest.
CATEGORY, MANY = "traffic_violation", "suspected_offender"
PLACE = {"lat": 39.92, "lon": 116.44, "datum": "wgs84"}
PHOTO = media_samples.jpeg(480, 640)
ALWAYS = {"weekdays": [each.value for each in Weekday], "starts": "00:00", "ends": "00:00"}


@pytest.fixture
def on_duty(admin: Person, officer: Person) -> Iterator[None]:
    """While this lasts, li is on duty, and has a subscription."""
    asked = officer.call("POST", "/v1/officer/subscriptions", {"protocol": "email"})
    assert asked.status == 201, asked.text
    set_plan(admin, {"name": "Duty", "officers": ["li"]} | ALWAYS)
    yield
    set_plan(admin)
    path = f"/v1/officer/subscriptions/{asked.json['id']}"
    assert officer.call("DELETE", path).status == 204


def set_plan(admin: Person, *shifts: Any) -> None:
    tag = if_match(admin.call("GET", "/v1/officer/shifts"))
    done = admin.call("PUT", "/v1/admin/shifts", {"shifts": shifts}, headers=tag)
    assert done.status == 200, done.text


def listed(officer: Person, query: str) -> list[str]:
    found = officer.get(f"/v1/officer/reports?category={CATEGORY}&fold=none&{query}")
    return [row["id"] for row in found["items"]]


def test_what_needs_an_officer_is_listed_and_the_pulse_has_changed(
    stage: Stage, officer: Person, colleague: Person
) -> None:
    before = officer.get("/v1/officer/pulse")
    made = stage.report(CATEGORY)
    path = f"/v1/reports/{made['id']}/messages"
    written = stage.call("POST", path, {"text": "It is still there."}, receipt=made["receipt"])
    assert written.status == 201, written.text
    for query in ("sort=attention", "needs_action=true", "status=new", "unread=true"):
        until(lambda query=query: made["id"] in listed(officer, query), query)  # type: ignore[misc]
    until(lambda: officer.get("/v1/officer/pulse")["mark"] != before["mark"], "another mark")
    assert officer.get("/v1/officer/pulse")["counts"]["new"] >= 1
    officer.get(f"/v1/officer/pulse?looking_at={made['id']}")
    (other,) = colleague.get(f"/v1/officer/pulse?looking_at={made['id']}")["also_looking"]
    assert other["username"] == officer.username
    assert made["id"] in officer.get("/v1/officer/handover")["open"]["report_ids"]


def test_a_report_that_nobody_takes_until_its_deadline_is_overdue(
    stage: Stage, officer: Person, notices: Notices
) -> None:
    made = stage.report(CATEGORY)
    cases.let_its_time_come(stage, made, "overdue")
    notices.of(made["id"], "overdue")
    assert listed(officer, "sort=attention")[0] == made["id"]
    assert made["id"] in officer.get("/v1/officer/handover")["overdue"]["report_ids"]


@pytest.mark.usefixtures("on_duty")
def test_a_notice_is_for_who_is_on_duty(stage: Stage, notices: Notices) -> None:
    notice = notices.of(stage.report(CATEGORY)["id"], "report")
    assert json.loads(notice["attributes"]["to"]) == [officer_address("li")]


@pytest.mark.usefixtures("on_duty")
def test_an_officer_hears_of_what_they_are_given_and_of_what_they_follow(
    stage: Stage, officer: Person, colleague: Person, notices: Notices
) -> None:
    made = stage.report(CATEGORY, location=PLACE)
    query = f"category={CATEGORY}&district={made['district']}"
    those = officer.get(f"/v1/officer/colleagues?{query}")["items"]
    assert {"li", "wang"} <= {each["username"] for each in those}
    follow = cases.path_of(made) + "/follow"
    assert officer.call("POST", follow).status == 204
    cases.change(colleague, made, status="acknowledged", assignee="li")
    given = notices.of(made["id"], "assigned")
    assert json.loads(given["attributes"]["to"]) == [officer_address("li")]
    noted = colleague.call("POST", f"{cases.path_of(made)}/notes", {"text": "Patrol sent."})
    assert noted.status == 201, noted.text
    cases.let_its_time_come(stage, made, "notify")
    followed = notices.of(made["id"], "followed")
    assert json.loads(followed["attributes"]["to"]) == [officer_address("li")]
    assert officer.call("DELETE", follow).status == 204


def test_what_two_officers_agree_on_is_passed_on_with_the_picture_redacted(
    stage: Stage, officer: Person, colleague: Person, notices: Notices
) -> None:
    made = cases.with_file(stage, "image/jpeg", PHOTO, category=CATEGORY, location=PLACE)
    (photo,) = cases.ready(officer, made)
    marked = officer.call(
        "POST",
        f"{cases.path_of(made)}/media/{photo['media_id']}/redaction",
        {"regions": [{"x": 0, "y": 0, "width": 1, "height": 1}]},
    )
    assert marked.status == 200, marked.text

    def state() -> bool:
        stage.sweep()
        (medium,) = officer.get(cases.path_of(made))["media"]
        return bool(medium["redaction"]["state"] == "ready")

    until(state, "the redacted picture is ready")
    path = f"{cases.path_of(made)}/referral"
    assert "city_services" in {
        each["code"] for each in officer.get("/v1/officer/agencies")["items"]
    }
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text", "place", "media"]}
    proposed = officer.call("POST", path, body)
    assert proposed.status == 201, proposed.text
    notices.of(made["id"], "approval")
    alone = officer.approve(f"{path}/approve")
    assert (alone.status, alone.json["code"]) == (403, "self_approval")
    approved = colleague.approve(f"{path}/approve")
    assert approved.status == 200, approved.text
    (picture,) = approved.json["document"]["pictures"]
    got = stage.internet.send("GET", picture["url"])
    assert got.status == 200, got.text
    with Image.open(io.BytesIO(got.content)) as shown:
        assert {colour for _, colour in shown.getcolors() or ()} == {(0, 0, 0)}
    own = stage.call("GET", "/v1/reports/mine", receipt=made["receipt"]).json
    assert [each["agency"] for each in own["passed_on"]] == ["city_services"]


def test_an_opened_report_is_found_by_its_plate(stage: Stage, officer: Person) -> None:
    plate = f"京A{datetime.now(UTC):%f}"[:7]
    made = stage.report(CATEGORY, text=f"A white van, {plate}, on the pavement.")
    search = f"/v1/officer/search?text={quote(plate)}"
    assert made["id"] not in {row["id"] for row in officer.get(search)["items"]}
    officer.get(cases.path_of(made))
    until(lambda: made["id"] in {row["id"] for row in officer.get(search)["items"]}, "the plate")


def test_the_map_counts_a_report_where_it_is(stage: Stage, officer: Person) -> None:
    made = stage.report(CATEGORY, location=PLACE)

    def counted() -> Any:
        areas = officer.get(f"/v1/officer/map?category={CATEGORY}")["districts"]
        return next((each for each in areas if each["district"] == made["district"]), None)

    found = until(counted, "a count of the district")
    assert found["open"] >= 1
    assert found["stations"]


def test_a_report_leaves_as_a_zip_with_its_original(stage: Stage, officer: Person) -> None:
    made = cases.with_file(stage, "image/jpeg", PHOTO, category=CATEGORY)
    cases.ready(officer, made)
    asked = officer.call(
        "POST",
        "/v1/officer/exports",
        {"report_id": made["id"], "originals": True, "reason": "For the court."},
    )
    assert asked.status == 201, asked.text
    files = unpacked(stage, asked.json["url"])
    assert PHOTO in files.values()
    assert [row["reference"] for row in table(files)] == [made["reference"]]


def test_more_than_fifty_reports_leave_when_a_second_officer_approves(
    stage: Stage, officer: Person, colleague: Person, notices: Notices
) -> None:
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    count = REPORTS_MAX + 1
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: stage.report(MANY)["id"], range(count)))
    reason = {"reason": "For the monthly review."}
    asked = officer.call(
        "POST", "/v1/officer/exports", reason | {"filters": {"category": MANY, "since": since}}
    )
    # `since` goes by the minute, and other chapters file reports, too.
    assert asked.status == 202, asked.text
    assert asked.json["count"] >= count
    path = f"/v1/officer/exports/{asked.json['id']}"
    notices.one(lambda notice: path in json.dumps(notice), "an export that awaits approval")
    alone = officer.approve(f"{path}/approve")
    assert (alone.status, alone.json["code"]) == (403, "self_approval")
    assert colleague.get(path)["approved_by"] is None
    approved = colleague.approve(f"{path}/approve")
    assert approved.status == 200, approved.text
    parts = [officer.call("POST", f"{path}/parts/{part}", reason) for part in (1, 2)]
    assert [part.status for part in parts] == [201, 201], parts[0].text + parts[1].text
    rows = [row for part in parts for row in table(unpacked(stage, part.json["url"]))]
    assert {row["id"] for row in rows} >= made


def unpacked(stage: Stage, url: str) -> dict[str, bytes]:
    """Download a zip, and return its files by their names."""
    got = stage.internet.send("GET", url)
    assert got.status == 200, got.text
    with zipfile.ZipFile(io.BytesIO(got.content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def table(files: dict[str, bytes]) -> list[dict[str, str]]:
    text = files["reports.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
