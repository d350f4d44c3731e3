"""A report that turns out to be about the police is moved to oversight, and two return it."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.table import ConditionFailed
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.media import MediaState
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.approvals import NO_TAG
from tests.client import call, read_and_approve, tag_for
from tests.functional.casework.test_oversight import PLACE, PLATE, addressed, policies
from tests.steps import by_officer, file, head, mine, opened, write

pytestmark = pytest.mark.usefixtures("aws", "clean")

WHY = {"reason": "It names an officer of this station."}
BACK = "/oversight/return"


@pytest.fixture(autouse=True)
def people(clean: None) -> None:
    cloud.oversight("ombud", "ombud2")
    for username in ("wang", "li"):
        cloud.officer(username, roles=(Role.OFFICER, Role.SUPERVISOR))


def moved(category: str = "traffic_violation") -> dict[str, Any]:
    """File a report that others link, take and open; then let one of them move it."""
    original = file(category)
    created = file(category, text=f"Car {PLATE}.", location=PLACE)
    steps = ({"duplicate_of": original["id"]}, {"assignee": "wang"})
    for version, step in enumerate(steps, start=1):
        assert by_officer("PATCH", created, "", step, officer="li", version=version).status == 200
    opened(created)
    cloud.stream(cloud.all_keys())
    assert by_officer("POST", created, "/oversight", WHY).status == 204
    return created | {"original": original["id"]}


def test_a_moved_report_leaves_everything_that_others_see() -> None:
    created = moved()
    assert by_officer("GET", created).status == 404
    for query in ("", "?assignee=wang", "?sort=attention", f"?reference={created['reference']}"):
        listed = call("GET", f"/v1/officer/reports{query}", officer="wang").json["items"]
        assert created["id"] not in {each["id"] for each in listed}, query
    original = by_officer("GET", {"id": created["original"]}).json
    assert (original["duplicates"], original["duplicate_count"]) == ([], 0)
    found = call("GET", f"/v1/officer/search?text={PLATE}", officer="wang").json
    assert (found["items"], "found_by" in head(created)) == ([], False)
    entries = [
        row for row in cloud.scan(os.environ["REPORTS_TABLE"]) if "SEARCH#" in row["pk"]["S"]
    ]
    assert entries
    assert all("expires_ttl" in row for row in entries)
    cloud.stream(cloud.all_keys())
    counted = call("GET", "/v1/officer/stats", officer="wang").json["by_category"]
    assert counted["traffic_violation"] == {"new": 1}
    assert mine(created)["read_by"]


def test_oversight_learns_who_moved_it_and_why() -> None:
    created = moved()
    found = opened(created, "ombud")
    assert found["reported_as"]["category"] == "traffic_violation"
    assert found["reported_as"]["district"] == "chaoyang"
    assert (found["assignee"], found["duplicate_of"], found["status"]) == (None, None, "new")
    entries = opened(created, "ombud", "/history")["items"]
    [entry] = [each for each in entries if (each["detail"] or {}).get("oversight")]
    assert (entry["by"], entry["detail"]["reason"]) == ("wang", WHY["reason"])
    # The watch counts this action.
    assert entry["action"] == "move"


def test_oversight_is_notified_and_its_clocks_run_on() -> None:
    moved("child_abduction")
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    to = addressed()
    assert to & policies("ombud")
    assert not to & policies("wang")
    cloud.sweep(timedelta(minutes=6))
    kinds = [each["kind"] for each in cloud.sent() if each["category"] == "oversight"]
    assert kinds == ["escalation"]


def test_who_has_not_opened_it_does_not_move_it() -> None:
    created = file()
    assert by_officer("POST", created, "/oversight", WHY).refusal == (409, "not_read")
    assert head(created)["category"] == "missing_elderly"


def test_two_of_oversight_return_it() -> None:
    created = moved()
    approval = f"/v1/officer/reports/{created['id']}{BACK}/approve"
    assert by_officer("POST", created, BACK, WHY, officer="ombud").status == 200
    assert read_and_approve(approval, "ombud").refusal == (403, "self_approval")
    for stranger in ("wang", "li"):
        assert read_and_approve(approval, stranger).status == 404
    cloud.catch_up()
    assert read_and_approve(approval, "ombud2").status < 300
    found = opened(created)
    assert (found["category"], found["district"]) == ("traffic_violation", "chaoyang")
    assert found["reported_as"] is None
    assert by_officer("GET", created, officer="ombud").status == 404
    cloud.stream(cloud.all_keys())
    assert addressed() & policies("wang")


def test_a_return_that_was_swapped_is_not_approved() -> None:
    created = moved()
    approval = f"/v1/officer/reports/{created['id']}{BACK}/approve"
    by_officer("POST", created, BACK, WHY, officer="ombud")
    tag = tag_for(approval, "ombud2")
    assert tag != NO_TAG
    assert by_officer("DELETE", created, BACK, WHY, officer="ombud").status == 204
    by_officer("POST", created, BACK, WHY, officer="ombud")
    assert read_and_approve(approval, "ombud2", tag).status == 412
    assert head(created)["category"] == "oversight"


def test_a_return_passes_on_nothing_that_its_approver_has_not_read() -> None:
    created = moved()
    approval = f"/v1/officer/reports/{created['id']}{BACK}/approve"
    by_officer("POST", created, BACK, WHY, officer="ombud").expect(200)
    tag = tag_for(approval, "ombud2")
    for words in ("It is the sergeant of that station. Do not tell him.", "And his brother."):
        wiring.clock.advance(timedelta(seconds=31))
        write(created, words)
        assert read_and_approve(approval, "ombud2", tag).refusal == (412, "stale_version")
        tag = tag_for(approval, "ombud2")
    assert read_and_approve(approval, "ombud2", tag).status < 300


def test_a_sketch_that_waits_to_be_compared_leads_nobody_to_it(aws: Mapping[str, str]) -> None:
    scheduled.suggest_incidents(cloud.SCHEDULE, None)  # makes the key of the day
    wiring.live_day_key.cache_clear()  # type: ignore[attr-defined]
    text = "The officer of this car took money at the gate, and said so."
    picture = [{"content_type": "image/jpeg", "size": 1000}]
    first, second = (file(text=text, location=PLACE, media=picture) for _ in range(2))
    for each in (first, second):
        cloud.add_medium(each["id"], each["uploads"][0]["media_id"], cloud.scene(1))
    opened(first)
    assert by_officer("POST", first, "/oversight", WHY).status == 204
    assert {"sealed_sketch", "sketch_shard"}.isdisjoint(head(first))
    scheduled.suggest_incidents(cloud.SCHEDULE, None)
    assert "same_as" not in head(second)
    rows = [row for row in cloud.scan(aws["INCIDENTS_TABLE"]) if first["id"] in str(row)]
    assert [row["sk"] for row in rows if row["sk"]["S"] != "ROW"] == []


def test_a_reminder_of_it_is_nobodys() -> None:
    created = file()
    etag = by_officer("GET", created).headers["etag"]
    day = f"{wiring.clock.now() + timedelta(days=1):%Y-%m-%d}"
    by_officer("PUT", created, "/reminder", {"on": day}, headers={"If-Match": etag}).expect(200)
    assert by_officer("POST", created, "/oversight", WHY).status == 204
    assert "reminder" not in head(created)
    wiring.clock.advance(timedelta(days=2))
    assert call("GET", "/v1/officer/reports?sort=attention", officer="wang").json["items"] == []


def test_what_a_station_did_with_it_stays_behind() -> None:
    created = file()
    for step in ({"assignee": "wang"}, {"assignee": "li"}):
        by_officer("PATCH", created, "", step, version=opened(created)["version"]).expect(200)
    by_officer("POST", created, "/follow").expect(204)
    call("POST", "/v1/officer/incidents", {"like": created["id"]}, officer="wang").expect(201)
    match = {"If-Match": by_officer("GET", created).headers["etag"]}
    by_officer("PUT", created, "/gist", {"text": "Theirs."}, headers=match).expect(200)
    names, before = ("assignee", "followers", "incident", "gist"), head(created)
    assert all(before[name] for name in names)

    assert by_officer("POST", created, "/oversight", WHY).status == 204
    after = head(created)
    assert [name for name in names if after.get(name)] == []
    assert [each for each in ("wang", before["incident"]) if each in str(after)] == []


def test_nothing_is_moved_while_nobody_would_read_it() -> None:
    created = file()
    opened(created)
    cloud.oversight("ombud")
    assert by_officer("POST", created, "/oversight", WHY).refusal == (409, "oversight_not_offered")
    assert head(created)["category"] == "missing_elderly"


def test_a_verdict_that_was_read_before_the_move_brings_no_sketch_back() -> None:
    created = file(media=[{"content_type": "image/jpeg", "size": 1000}])
    case = wiring.reports().with_media(created["id"])
    assert case is not None
    opened(created)
    assert by_officer("POST", created, "/oversight", WHY).status == 204
    [medium] = case.media
    settled = medium.model_copy(update={"state": MediaState.READY, "sealed_sketch": b"sealed"})
    with pytest.raises(ConditionFailed):
        wiring.reports().settle_medium(
            case, medium, settled, media_event=None, now=wiring.clock.now(), also=()
        )
