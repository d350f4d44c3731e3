"""An original lists its duplicates, and officers link and close many in one call."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.incidents import Similar, Why, day_of
from chalicelib.store.audit.rows import of_report
from chalicelib.store.casework.incidents import SimilarRow
from tests import cloud
from tests.client import Reply, call, new_key
from tests.places import head_of
from tests.steps import by_officer, by_reporter, file, opened

pytestmark = [
    pytest.mark.officers("wang", "li", zhao={"categories": ("other",)}),
    pytest.mark.usefixtures("fresh"),
]


def link(original: Mapping[str, Any], *others: Mapping[str, Any], officer: str = "wang") -> Reply:
    body = {"report_ids": [each["id"] for each in others]}
    return by_officer("POST", original, "/duplicates", body, officer=officer)


def close(original: Mapping[str, Any], officer: str = "wang", **more: Any) -> Reply:
    body = {"reason": "One fire, put out.", "skip_unopened": False} | more
    return by_officer("POST", original, "/duplicates/close", body, officer=officer)


def patch(created: Mapping[str, Any], version: int, **body: Any) -> Reply:
    return by_officer("PATCH", created, "", body, version=version)


def outcomes(reply: Reply) -> dict[str, str | None]:
    assert reply.status == 200, reply.text
    return {each["id"]: each.get("why") for each in reply.json["results"]}


def test_an_original_lists_its_duplicates_newest_first() -> None:
    original, first, second = file(), file(), file()
    assert opened(original)["duplicates"] == []
    assert outcomes(link(original, second, first)) == {second["id"]: None, first["id"]: None}
    seen = opened(original)
    assert seen["duplicates"] == [
        {"id": each["id"], "reference": each["reference"], "status": "new"}
        for each in (second, first)
    ]
    assert (seen["duplicate_count"], seen["open_duplicates"]) == (2, 2)
    assert opened(first)["duplicate_of"] == original["id"]


def test_a_duplicate_shows_its_original_to_whom_may_see_it() -> None:
    original, mine = file(), file(category="other")
    assert opened(mine)["original"] is None
    link(original, mine)
    shown = {"id": original["id"], "reference": original["reference"], "status": "new"}
    assert opened(mine)["original"] == shown
    assert opened(mine, "zhao")["original"] is None


def test_each_link_is_a_step_on_record() -> None:
    original, first, second = file(), file(), file()
    link(original, first, second)
    for each in (first, second):
        [row] = wiring.audit().rows(of_report(each["id"]))
        assert (row["by"], row["action"]) == ("wang", "change")
        assert json.loads(row["detail"])["fields"]["duplicate_of"]["new"] == original["id"]
        assert opened(each)["version"] == 2


def test_what_cannot_be_linked_is_skipped_with_the_reason() -> None:
    original, good, withdrawn, own_original, other = file(), file(), file(), file(), file()
    by_reporter("DELETE", withdrawn)
    link(own_original, other)
    found = outcomes(link(original, original, withdrawn, own_original, {"id": "0" * 26}, good))
    assert found == {
        original["id"]: "circular",
        withdrawn["id"]: "illegal_transition",
        own_original["id"]: "has_duplicates",
        "0" * 26: "not_found",
        good["id"]: None,
    }
    assert [each["id"] for each in opened(original)["duplicates"]] == [good["id"]]


def test_a_link_that_ends_leaves_the_list() -> None:
    original, changed, withdrawn, relinked = file(), file(), file(), file()
    link(original, changed, withdrawn, relinked)
    assert patch(changed, 2, duplicate_of=None).status == 200
    by_reporter("DELETE", withdrawn)
    assert patch(relinked, 2, duplicate_of=None).status == 200
    assert patch(relinked, 3, duplicate_of=original["id"]).status == 200
    seen = opened(original)
    assert [each["id"] for each in seen["duplicates"]] == [relinked["id"]]
    assert seen["duplicate_count"] == 1


def test_closing_an_original_says_what_is_left_and_one_call_closes_it() -> None:
    original, first, second = file(), file(), file()
    for each in (first, second):
        opened(each)
    link(original, first, second)
    closed = patch(original, 1, status="closed", disposition="resolved", reason="Put out.")
    assert closed.json["open_duplicates"] == 2
    assert outcomes(close(original)) == {first["id"]: None, second["id"]: None}
    for each in (first, second):
        seen = opened(each)
        assert (seen["status"], seen["disposition"]) == ("closed", "duplicate")
        assert seen["reason"] == "One fire, put out."
        mine = by_reporter("GET", each).json
        assert mine["outcome"]["reason"] == "One fire, put out."
        actions = [row["action"] for row in wiring.audit().rows(of_report(each["id"]))]
        assert actions[:3] == ["open", "change", "change"]
    assert outcomes(close(original)) == {}
    assert opened(original)["open_duplicates"] == 0


def test_a_step_that_closes_nothing_counts_nothing() -> None:
    original, first = file(), file()
    link(original, first)
    assert patch(original, 1, status="acknowledged").json["open_duplicates"] is None


def test_no_more_than_25_are_closed_at_once_and_the_next_call_goes_on() -> None:
    original, *others = [file() for _ in range(28)]
    link(original, *others[:25])
    link(original, *others[25:])
    assert len(outcomes(close(original))) == 25
    assert len(outcomes(close(original))) == 2
    assert outcomes(close(original)) == {}


def test_more_than_25_reports_are_not_linked_at_once() -> None:
    original = file()
    assert link(original, *[original] * 26).status == 422


def test_nothing_outside_of_the_scope_is_linked_listed_or_closed() -> None:
    original, inside, outside = file(category="other"), file(category="other"), file()
    assert outcomes(link(original, inside, outside, officer="zhao")) == {
        inside["id"]: None,
        outside["id"]: "not_found",
    }
    link(original, outside)
    seen = opened(original, "zhao")
    assert [each["id"] for each in seen["duplicates"]] == [inside["id"]]
    assert seen["duplicate_count"] == 2
    assert outcomes(close(original, "zhao")) == {inside["id"]: None}
    assert opened(outside)["status"] == "new"
    assert link(outside, inside, officer="zhao").status == 404
    assert close(outside, "zhao").status == 404


def test_a_report_that_is_linked_is_suggested_no_more() -> None:
    original, linked, other = file(), file(), file()
    alike = [Similar(each["id"], (Why.TEXT,), 0.9) for each in (linked, other)]
    row = SimilarRow(day_of(wiring.clock.now()), alike)
    wiring.incidents().put({}, {original["id"]: row})
    link(original, linked)
    assert [each["id"] for each in opened(original)["similar"]] == [other["id"]]


def say(created: Mapping[str, Any]) -> None:
    where = f"/v1/reports/{created['id']}/messages"
    text = {"text": "They are in a van."}
    assert call("POST", where, text, receipt=created["receipt"], key=new_key()).status == 201


def notices() -> list[tuple[str, str]]:
    """Return the kinds and reports of the notices that are sent in the next half an hour."""
    cloud.forget_sent()
    for _ in range(6):
        cloud.sweep(timedelta(minutes=5))
    return [(each["kind"], each["report_id"]) for each in cloud.sent()]


@pytest.mark.parametrize("step", ["", "acknowledged", "closed"])
def test_a_linked_critical_report_that_nobody_opened_is_still_escalated(step: str) -> None:
    original, critical = file(category="missing_elderly"), file(category="child_abduction")
    say(critical)
    cloud.go_on(timedelta(minutes=2))
    if step:
        end = {"disposition": "resolved", "reason": "Done."} if step == "closed" else {}
        patch(original, 1, status=step, **end)
    before = head_of(critical)
    outcomes(link(original, critical, officer="li"))

    after = head_of(critical)
    assert (after["task"], after["due_at"]) == ("escalate", before["due_at"])
    assert (after["unread"], after.get("attended")) == (1, None)
    assert after["attention_at"] == before["attention_at"]
    assert ("escalation", critical["id"]) in notices()


def test_a_linked_report_stays_overdue_and_keeps_its_deadline() -> None:
    original, late = file(category="traffic_violation"), file(category="traffic_violation")
    cloud.go_on(timedelta(hours=25))
    before = head_of(late)
    assert before["flags"] == ["overdue"]
    outcomes(link(original, late))
    after = head_of(late)
    names = ("flags", "deadline", "task", "due_at", "attention_at")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_whoever_works_on_the_original_attends_to_its_duplicates_and_reads_none() -> None:
    original, late = file(category="traffic_violation"), file(category="traffic_violation")
    say(late)
    cloud.go_on(timedelta(hours=25))
    patch(original, 1, status="acknowledged")
    outcomes(link(original, late))
    assert notices() == []
    seen = opened(late)
    assert (seen["status"], seen["unread"], seen["flags"]) == ("new", 1, [])
