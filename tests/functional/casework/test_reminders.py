"""A date of one's own on a report: on that day it is in the first rows of those it concerns."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, change_report
from tests.functional.casework.test_pulse import pulse
from tests.steps import by_officer, by_reporter, file, opened

pytestmark = pytest.mark.officers("wang", "li", "zhao")

TOMORROW = 1
LISTS = "/v1/officer/reports"


def remind(
    created: Mapping[str, Any], days: int | None, officer: str = "wang", **more: Any
) -> Reply:
    """Set a reminder in so many days, or remove it (None)."""
    day = None if days is None else str(in_days(days))
    match = {"If-Match": by_officer("GET", created, officer=officer).headers["etag"]}
    body = {"on": day} | more
    return by_officer("PUT", created, "/reminder", body, officer=officer, headers=match)


def in_days(days: int) -> object:
    return times.day_in_city(wiring.clock.now()) + timedelta(days=days)


def page(officer: str = "wang", query: str = "") -> list[dict[str, Any]]:
    reply = call("GET", f"{LISTS}?sort=attention&{query}", officer=officer).expect(200)
    return list(reply["items"])


def first(officer: str = "wang", query: str = "") -> tuple[str, list[str]]:
    item = page(officer, query)[0]
    return item["id"], item["due"]


def needs_action(officer: str) -> int:
    """Return what the badge says, which is the length of the list that it leads to."""
    count = int(pulse(officer)["counts"]["needs_action"])
    for sort in ("attention", "newest"):
        reply = call("GET", f"{LISTS}?needs_action=true&sort={sort}", officer=officer)
        assert len(reply.json["items"]) == count
    return count


def at_midnight_of(days: int) -> None:
    """Move the clock to when a day begins in the city."""
    begins = times.begins_in_city(times.day_in_city(wiring.clock.now()) + timedelta(days=days))
    wiring.clock.advance(begins - wiring.clock.now())


@pytest.fixture
def two() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two open reports that somebody works on, the older one first."""
    older, newer = file("other"), file("other", text="A dog barks all night.")
    wiring.clock.advance(timedelta(seconds=1))
    for each in (older, newer):
        change_report(each["id"], 1, status="in_progress")
    return older, newer


def test_on_its_day_by_the_citys_clocks_it_is_first_for_who_set_it_and_who_has_it(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    older, newer = two
    change_report(newer["id"], 2, assignee="li")
    assert remind(newer, TOMORROW, "zhao").json["reminder"] == {
        "on": str(in_days(1)),
        "for": "look_again",
        "by": "zhao",
    }
    at_midnight_of(TOMORROW)
    wiring.clock.advance(timedelta(hours=-1))
    assert first("zhao") == (older["id"], [])
    assert needs_action("zhao") == 0
    wiring.clock.advance(timedelta(hours=1))
    for concerned in ("zhao", "li"):
        assert first(concerned) == (newer["id"], ["look_again"])
        assert first(concerned, "needs_action=true") == (newer["id"], ["look_again"])
        assert len(page(concerned)) == needs_action(concerned) + 1 == 2
    assert first("wang") == (older["id"], [])
    assert page("wang")[1]["due"] == []
    assert needs_action("wang") == 0


def test_what_is_critical_and_new_stays_before_it(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    older, newer = two
    remind(newer, 0)
    critical = file("child_abduction")
    assert [item["id"] for item in page()] == [critical["id"], newer["id"], older["id"]]
    remind(critical, 0)
    assert [item["due"] for item in page()] == [["look_again"], ["look_again"], []]


def test_the_pages_have_each_report_once(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for number in range(3):
        remind(file("other", text=f"Noise, number {number}."), 0, **{"for": "legal_deadline"})
    seen, cursor = [], ""
    while cursor is not None:
        query = f"sort=attention&limit=1&cursor={cursor}" if cursor else "sort=attention&limit=1"
        reply = call("GET", f"/v1/officer/reports?{query}", officer="wang").json
        seen += [(item["id"], item["due"]) for item in reply["items"]]
        cursor = reply["next_cursor"]
    assert len({each for each, _ in seen}) == len(seen) == 5
    assert [due for _, due in seen] == [*[["legal_deadline"]] * 3, [], []]


def test_a_reminder_is_replaced_removed_and_ends_with_the_closing(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    older, newer = two
    remind(newer, 0)
    assert remind(newer, 2, "li").json["reminder"]["by"] == "li"
    assert first("wang") == first("li") == (older["id"], [])
    remind(newer, 0, "li")
    assert first("li") == (newer["id"], ["look_again"])
    assert remind(newer, None).json["reminder"] is None
    assert first("li") == (older["id"], [])

    remind(newer, 0)
    words = {"status": "closed", "disposition": "resolved", "reason": "It is done."}
    change_report(newer["id"], opened(newer)["version"], **words)
    assert opened(newer)["reminder"] is None
    assert [item["id"] for item in page()] == [older["id"]]
    change_report(newer["id"], opened(newer)["version"], status="in_progress")
    assert first() == (older["id"], [])


def test_it_goes_with_the_report_to_its_next_assignee_inside_their_scope(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    older, newer = two
    change_report(newer["id"], 2, assignee="li")
    remind(newer, 0, "zhao")
    change_report(newer["id"], opened(newer)["version"], assignee="wang")
    assert first("wang") == first("zhao") == (newer["id"], ["look_again"])
    assert first("li") == (older["id"], [])
    cloud.officer("zhao", categories=("traffic_violation",))
    assert page("zhao") == []


def test_it_does_not_concern_who_has_lost_the_report(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    older, newer = two
    change_report(newer["id"], 2, assignee="li")
    remind(newer, 0, "zhao")
    cloud.officer("li", active=False)
    returning = wiring.subscriptions().assignments.request_return("li", wiring.clock.now())
    wiring.reports().table.transact([returning])
    cloud.sweep()
    assert opened(newer)["assignee"] is None
    cloud.officer("li")
    assert first("li") == (older["id"], [])


def test_a_step_with_it_takes_the_version_and_is_in_the_history(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _, newer = two
    path = f"{LISTS}/{newer['id']}/reminder"
    body = {"on": str(in_days(3)), "for": "legal_deadline"}
    assert call("PUT", path, body, officer="li").status == 428
    assert call("PUT", path, body, officer="li", version=1).status == 412
    assert call("PUT", path, body, officer="li", version=2).status == 200
    [found] = [
        each["detail"]
        for each in opened(newer, below="/history")["items"]
        if "reminder" in (each["detail"] or {}).get("fields", {})
    ]
    assert found["fields"] == {"reminder": {"old": None, "new": f"{in_days(3)} legal_deadline"}}


def test_a_day_that_is_not_possible_is_named(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    _, newer = two
    for days, code in ((-1, "in_the_past"), (367, "too_far_ahead")):
        [error] = remind(newer, days).json["errors"]
        assert (error["field"], error["code"]) == ("on", code)
        assert ("Choose today or a later day." in error["detail"]) == (days < 0)
    assert remind(newer, 366, **{"for": "dinner"}).json["errors"][0]["field"] == "for"
    assert remind(newer, 366).status == 200


def test_a_reminder_is_erased_with_the_report(
    aws: Mapping[str, str], two: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    _, newer = two
    remind(newer, 9)
    by_reporter("DELETE", newer)
    index = keys.index(keys.BY_ATTENTION)
    assert wiring.reports().table.query(keys.reminders_of("wang"), index=index) == ([], False)
    cloud.sweep(timedelta(days=31))
    assert [sk for pk, sk in cloud.all_keys() if newer["id"] in pk] == ["HEAD"]
    assert "reminder" not in cloud.stored_row(aws["REPORTS_TABLE"], f"REPORT#{newer['id']}", "HEAD")
