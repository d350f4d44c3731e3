"""A handover names what came in since the shift began and needs somebody, and says nothing more."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.roster import Roster, Shift, Weekday
from chalicelib.kernel import times
from chalicelib.services.casework.lists import AT_LEAST
from tests import cloud
from tests.client import call, change_report, read_and_approve
from tests.functional.casework.test_gists import write
from tests.steps import by_reporter, file

pytestmark = pytest.mark.officers("wang", "li")

TEXT = "canary-text"


def file_text(category: str = "other", **more: Any) -> dict[str, Any]:
    return file(category, text=TEXT, **more)


def handover(officer: str = "wang") -> Any:
    return call("GET", "/v1/officer/handover", officer=officer).expect(200)


def ids(found: Any, what: str) -> set[str]:
    assert found[what]["count"] == len(found[what]["report_ids"])
    return set(found[what]["report_ids"])


def on_shift(
    *officers: str, began: timedelta, name: str = "Day", lasts: timedelta = timedelta(hours=12)
) -> None:
    """Keep a shift of these officers that began so long ago, and how long it lasts."""
    local = wiring.clock.now() + timedelta(hours=8) - began
    starts, ends = (f"{each:%H:%M}" for each in (local, local + lasts))
    shift = Shift(name=name, weekdays=tuple(Weekday), starts=starts, ends=ends, officers=officers)
    roster = wiring.subscriptions().roster
    before: Roster = roster.read()
    roster.replace(before, before.model_copy(update={"shifts": (*before.shifts, shift)}))


def test_what_came_in_during_a_long_shift_and_no_earlier() -> None:
    file_text()
    wiring.clock.advance(timedelta(hours=3))
    recent = file_text()["id"]
    wiring.clock.advance(timedelta(hours=14))
    on_shift("wang", began=timedelta(hours=15), lasts=timedelta(hours=16))
    found = handover()

    assert ids(found, "open") == {recent}
    assert (found["shifts"], found["complete"]) == (["Day"], True)
    began = times.parse(found["since"])
    assert abs(wiring.clock.now() - began - timedelta(hours=15)) <= timedelta(minutes=1)
    assert times.parse(found["until"]) == began + timedelta(hours=16)


def test_at_a_change_of_shift_both_see_what_came_in_just_before() -> None:
    recent = file_text("missing_elderly")["id"]
    wiring.clock.advance(timedelta(minutes=11))
    on_shift("li", began=timedelta(minutes=1), name="Night")
    assert ids(handover("li"), "open") == {recent}
    assert ids(handover("wang"), "open") == {recent}


def test_what_waits_for_longer_is_handed_over_whatever_its_age() -> None:
    critical, late, written, quiet, seen = (
        file_text("child_abduction", details={}),
        file_text(),
        file_text(),
        file_text(),
        file_text("child_abduction", details={}),
    )
    for each in (written, quiet):
        change_report(each["id"], 1, status="acknowledged")
    change_report(seen["id"], 1, status="acknowledged")
    by_reporter("POST", written, "/messages", {"text": "More."})
    cloud.go_on(timedelta(hours=30))
    recent = file_text()["id"]
    found = handover()

    assert found["open"]["report_ids"][0] == recent
    assert ids(found, "open") == {recent, critical["id"], late["id"], written["id"]}
    assert ids(found, "overdue") == {critical["id"], late["id"]}
    assert (ids(found, "unread"), found["complete"]) == ({written["id"]}, True)


def test_an_officer_sees_their_own_shift_else_any_else_twelve_hours() -> None:
    assert handover()["shifts"] == []
    assert handover()["until"] is None
    since = wiring.clock.now() - times.parse(handover()["since"])
    assert abs(since - AT_LEAST) < timedelta(minutes=1)

    on_shift("li", began=timedelta(hours=5), name="Early")
    on_shift("zhao", began=timedelta(hours=1), name="Late")
    assert handover("li")["shifts"] == ["Early"]
    assert handover("wang")["shifts"] == ["Early", "Late"]


def test_each_reason_to_look_is_named_and_what_is_done_is_not() -> None:
    new = file_text()["id"]
    done = file_text()["id"]
    change_report(done, 1, status="closed", disposition="resolved", reason="Done.")
    written = file_text()
    by_reporter("POST", written, "/messages", {"text": "More."})
    hoax = file_text()["id"]
    change_report(hoax, 1, status="closed", disposition="malicious", reason="A hoax.")
    held = file_text()["id"]
    body = {"reason": "Evidence.", "until": times.render(wiring.clock.now() + timedelta(days=9))}
    call("POST", f"/v1/officer/reports/{held}/hold", body, officer="wang")
    late = file_text("child_abduction", details={})["id"]
    wiring.clock.advance(timedelta(minutes=6))
    early = file_text("child_abduction", details={})["id"]
    file_text(source="drill")
    found = handover()

    assert ids(found, "open") == {new, written["id"], hoax, held, late, early}
    assert ids(found, "unread") == {written["id"]}
    assert ids(found, "awaiting_approval") == {hoax, held}
    assert ids(found, "overdue") == {late}
    assert TEXT not in str(found)

    read_and_approve(f"/v1/officer/reports/{held}/hold/approve", "li")
    assert ids(handover(), "awaiting_approval") == {hoax}
    call("DELETE", f"/v1/officer/reports/{held}/hold", {"reason": "Over."}, officer="wang")
    assert ids(handover(), "awaiting_approval") == {hoax, held}


def test_it_stays_inside_the_scope_and_is_on_record() -> None:
    cloud.officer("narrow", categories=("traffic_violation",), districts=("haidian",))
    file_text()
    file_text("traffic_violation", location={"lat": 39.92, "lon": 116.46})
    mine = file_text("traffic_violation")["id"]

    assert ids(handover("narrow"), "open") == {mine}
    lists = [row for row in cloud.records_of("narrow") if row["action"] == "list"]
    assert ["handover" in row["detail"] for row in lists] == [True]


def test_what_waits_is_never_left_out_for_what_is_newer_and_it_says_that_there_is_more() -> None:
    critical = file_text("child_abduction", details={})["id"]
    written = file_text()
    by_reporter("POST", written, "/messages", {"text": "More."})
    hoax = file_text()["id"]
    change_report(hoax, 1, status="closed", disposition="resolved", reason="Seen to.")
    change_report(hoax, 2, disposition="malicious", reason="A hoax.")
    for _ in range(103):
        file_text()
    wiring.clock.advance(timedelta(minutes=6))
    found = handover()

    assert (found["open"]["count"], found["complete"]) == (102, False)
    assert critical in ids(found, "overdue")
    assert ids(found, "unread") == {written["id"]}
    assert ids(found, "awaiting_approval") == {hoax}


def test_its_reports_have_their_rows_and_the_gists_in_these_are_on_record() -> None:
    new, other = file_text(), file_text()
    assert write(new, "A fire", "li").status == 200
    found = handover()

    rows = {each["id"]: (each["reference"], each["gist"]) for each in found["items"]}
    assert rows == {
        new["id"]: (new["reference"], "A fire"),
        other["id"]: (other["reference"], None),
    }
    [listed] = [row for row in cloud.records_of("wang") if row["action"] == "list"]
    assert json.loads(listed["detail"])["gists"] == [new["id"]]


@pytest.mark.parametrize("category", ["child_abduction", "other"])
def test_an_end_that_waits_is_handed_over_whatever_its_age_and_whoever_works_on_it(
    category: str,
) -> None:
    taken = file(category)["id"]
    change_report(taken, 1, status="acknowledged", assignee="wang")
    change_report(taken, 2, status="closed", disposition="malicious", reason="A hoax.")
    wiring.clock.advance(timedelta(days=2))
    assert ids(handover("li"), "awaiting_approval") == {taken}
