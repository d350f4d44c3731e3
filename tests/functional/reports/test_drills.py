"""A drill is handled like a report and marked as one; who did not ask is not notified of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, change_report, new_key, opening_etag, read_and_approve, report
from tests.steps import by_reporter, file, mine, opened

pytestmark = pytest.mark.officers("wang", "li")


def create(*, drill: bool, **more: Any) -> Any:
    return file(**({"source": "drill"} if drill else {}), **more)


def listed(query: str = "") -> dict[str, Any]:
    """Return the source of each listed report by its id."""
    page = call("GET", f"/v1/officer/reports?{query}", officer="wang").expect(200)
    return {item["id"]: item["source"] for item in page["items"]}


def notified_of() -> set[str]:
    """Run the stream, and the sweep for an hour. Return the ids of the reports in all notices."""
    for _ in range(6):
        cloud.stream(cloud.all_keys())
        assert cloud.sweep(timedelta(minutes=10))["failed"] == 0
    named = [
        report_id
        for notice in cloud.sent()
        for report_id in (notice["report_id"], *notice.get("report_ids", ()))
    ]
    return {report_id for report_id in named if report_id}


def test_a_drill_is_marked_for_its_reporter() -> None:
    created = create(drill=True)
    assert created["drill"] is True
    assert created["notes"] == [
        "This is a drill. Only officers who asked for drills are notified of it."
    ]

    own = mine(created)
    assert own["drill"] is True


@pytest.mark.parametrize("source", ["phone", "desk", "", None, True, "DRILL"])
def test_a_resident_may_send_no_source_but_drill(source: object) -> None:
    reply = call("POST", "/v1/reports", report(source=source), key=new_key())

    assert reply.wrong_fields == ["source"]


def test_officers_see_that_it_is_a_drill_and_can_leave_drills_out() -> None:
    real, drill = create(drill=False)["id"], create(drill=True)["id"]

    assert opened({"id": drill})["source"] == "drill"
    assert listed() == {real: None, drill: "drill"}
    assert listed("drill=false") == {real: None}
    assert listed("drill=true") == {drill: "drill"}


def test_an_officer_enters_a_drill_as_one() -> None:
    reply = call(
        "POST", "/v1/officer/reports", report(source="drill"), key=new_key(), officer="wang"
    )

    assert reply.status == 201, reply.text
    assert reply.json["drill"] is True
    assert listed() == {reply.json["id"]: "drill"}


def test_nothing_that_happens_to_a_drill_is_notified() -> None:
    media = [{"content_type": "image/jpeg", "size": 10_000}]
    drill = create(drill=True, media=media)
    media_id = drill["uploads"][0]["media_id"]
    cloud.add_medium(drill["id"], media_id)
    assert by_reporter("POST", drill, "/messages", {"text": "A drill."}).status == 201
    change_report(drill["id"], 1, category="other", urgency="critical")

    assert notified_of() == set()
    assert opened(drill)["media"][0]["state"] == "ready"


def test_a_critical_drill_neither_alerts_nor_escalates() -> None:
    real, drill = (create(drill=drill, category="child_abduction")["id"] for drill in (False, True))

    assert notified_of() == {real}
    assert "escalation" in {notice["kind"] for notice in cloud.sent()}
    assert real != drill


def test_a_burst_of_drills_makes_no_digest_and_delays_no_report() -> None:
    for _ in range(12):
        create(drill=True)
    real = create(drill=False)["id"]
    cloud.stream(cloud.all_keys())

    assert [notice["report_id"] for notice in cloud.sent()] == [real]
    assert notified_of() == {real}


def test_a_drill_counts_in_no_statistics() -> None:
    drills = [create(drill=True, category="other")["id"] for _ in range(100)]
    change_report(drills[0], 1, status="acknowledged")
    wiring.clock.advance(timedelta(seconds=1))
    real = create(drill=False, category="other")["id"]
    cloud.stream(cloud.all_keys())

    stats = call("GET", "/v1/officer/stats", officer="wang").json
    assert stats["by_status"] == {"new": 1}
    assert stats["first_acknowledgement"]["count"] == 0
    # Although 99 drills wait longer.
    assert stats["oldest_unacknowledged"]["id"] == real


@pytest.mark.parametrize("steps", [[], ["closed"], ["closed", "in_progress"]])
def test_a_drill_that_nobody_withdraws_is_deleted_after_thirty_days(steps: list[str]) -> None:
    drill = create(drill=True)
    for version, status in enumerate(steps, start=1):
        closing = {"disposition": "no_action", "reason": "A drill."} if status == "closed" else {}
        change_report(drill["id"], version, status=status, **closing)
    path = f"/v1/reports/{drill['id']}"
    cloud.sweep(timedelta(days=29, hours=23))
    assert call("GET", path, receipt=drill["receipt"]).status == 200

    cloud.sweep(timedelta(hours=2))
    assert call("GET", path, receipt=drill["receipt"]).status == 410


def test_a_drill_on_hold_is_due_again_at_its_own_time_when_the_hold_ends() -> None:
    drill = create(drill=True)
    hold = f"/v1/officer/reports/{drill['id']}/hold"
    until = (wiring.clock.now() + timedelta(days=60)).isoformat()
    body = {"reason": "Kept for a study.", "until": until}
    assert call("POST", hold, body, officer="wang").status == 201
    assert read_and_approve(f"{hold}/approve", "li").status == 200
    cloud.sweep(timedelta(days=31))
    path = f"/v1/reports/{drill['id']}"
    assert call("GET", path, receipt=drill["receipt"]).status == 200

    assert call("DELETE", hold, {"reason": "It is over."}, officer="wang").status == 202
    assert read_and_approve(f"{hold}/lift/approve", "li").status == 204
    cloud.sweep()
    assert call("GET", path, receipt=drill["receipt"]).status == 410


@pytest.mark.parametrize("drill_first", [True, False])
def test_no_report_becomes_a_duplicate_across_the_line_to_drills(*, drill_first: bool) -> None:
    first, second = create(drill=drill_first)["id"], create(drill=not drill_first)["id"]
    reply = call(
        "PATCH", f"/v1/officer/reports/{second}", {"duplicate_of": first}, officer="wang", version=1
    )

    assert reply.wrong == [("duplicate_of", "drill_and_real")]
    assert opened({"id": second})["duplicate_of"] is None


def test_a_drill_may_be_a_duplicate_of_a_drill() -> None:
    first, second = create(drill=True)["id"], create(drill=True)["id"]
    change_report(second, 1, duplicate_of=first)
    assert opened({"id": second})["duplicate_of"] == first


def pulse() -> dict[str, Any]:
    return dict(call("GET", "/v1/officer/pulse", officer="wang").expect(200))


def handed_over() -> list[str]:
    return list(call("GET", "/v1/officer/handover", officer="wang").json["unread"]["report_ids"])


def by_attention() -> list[str]:
    page = call("GET", "/v1/officer/reports?sort=attention", officer="wang")
    return [item["id"] for item in page.json["items"]]


def send_message(drill: Mapping[str, Any]) -> None:
    assert by_reporter("POST", drill, "/messages", {"text": "It is real."}).status == 201


def send_file(drill: Mapping[str, Any]) -> None:
    wiring.clock.advance(timedelta(seconds=30))
    body = {"media": [{"content_type": "image/jpeg", "size": 10_000}]}
    added = by_reporter("POST", drill, "/media", body).expect(201)
    cloud.add_medium(drill["id"], added["uploads"][0]["media_id"])


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("add", [send_message, send_file])
def test_what_is_added_to_a_drill_is_unread_like_any_other(*, add: Any, closed: bool) -> None:
    media = [{"content_type": "image/jpeg", "size": 10_000}]
    older, drill = create(drill=False, category="other"), create(drill=True, media=media)
    cloud.add_medium(drill["id"], drill["uploads"][0]["media_id"])
    if closed:
        closing = {"disposition": "no_action", "reason": "A drill."}
        change_report(drill["id"], 1, status="closed", **closing)
    assert (pulse()["unread"], pulse()["counts"]["unread"], handed_over()) == ([], 0, [])
    add(drill)
    cloud.stream([(f"REPORT#{drill['id']}", "HEAD")])

    assert by_attention() == [drill["id"], older["id"]]
    assert pulse()["unread"] == [drill["id"]]
    assert pulse()["counts"]["unread"] == 1
    assert handed_over() == [drill["id"]]
    assert notified_of() == {older["id"]}


def test_a_drill_that_was_read_is_quiet_again() -> None:
    drill = create(drill=True)
    send_message(drill)
    path = f"/v1/officer/reports/{drill['id']}"
    match = {"If-Match": opening_etag(path, 1, "wang")}
    assert call("POST", f"{path}/read", {}, officer="wang", headers=match).status == 200
    assert pulse()["counts"]["open"] == 0
    assert pulse()["unread"] == []
