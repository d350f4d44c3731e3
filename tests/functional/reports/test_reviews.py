"""Reviews of open reports: they come due, are kept or closed, and neglect never deletes."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call
from tests.places import head_of, place_of
from tests.steps import by_officer, by_reporter, by_second_officer, file, opened, write

pytestmark = pytest.mark.officers("wang", "li", chief={"roles": ("supervisor",)})

OFFICERS = "/v1/officer/reports"


def shown(query: str = "sort=attention", officer: str = "wang") -> list[dict[str, Any]]:
    return list(call("GET", f"{OFFICERS}?fold=none&{query}", officer=officer).expect(200)["items"])


def ids(query: str = "sort=attention", officer: str = "wang") -> list[str]:
    return [item["id"] for item in shown(query, officer)]


def step(
    method: str, created: Mapping[str, Any], below: str, body: Any, officer: str = "wang"
) -> Reply:
    """Take a step with a report that its officer has just opened."""
    match = {"If-Match": by_officer("GET", created, officer=officer).headers["etag"]}
    return by_officer(method, created, below, body, officer=officer, headers=match)


def keep(created: Mapping[str, Any], on: object, officer: str = "chief", **more: Any) -> Reply:
    body = {"reason": "The search goes on.", "on": str(on)} | more
    return step("POST", created, "/review", body, officer)


def in_days(days: int) -> object:
    return times.day_in_city(wiring.clock.now() + timedelta(days=days))


def close(created: Mapping[str, Any]) -> Any:
    words = {"status": "closed", "disposition": "resolved", "reason": "It is done."}
    return step("PATCH", created, "", words).json


def unreviewed() -> list[dict[str, Any]]:
    """Return the notices of reviews that nobody has made, with those that are due now."""
    cloud.sweep(timedelta(minutes=2))
    return [each for each in cloud.sent() if each["kind"] == "unreviewed"]


def steps(created: Mapping[str, Any]) -> list[Any]:
    found = opened(created, below="/history")["items"]
    return [each["detail"] for each in found if each["action"] == "change"]


def days_pass(days: int) -> None:
    cloud.sweep(timedelta(days=days))
    cloud.sweep()


def test_a_report_comes_before_unread_ones_when_its_review_is_due() -> None:
    old = file("other")
    days_pass(364)
    new = file("other")
    for each in (old, new):
        step("PATCH", each, "", {"status": "in_progress"})
    write(new)
    assert [(item["id"], item["due"]) for item in shown()] == [(new["id"], []), (old["id"], [])]

    days_pass(1)
    due = [(old["id"], ["review"]), (new["id"], [])]
    assert [(item["id"], item["due"]) for item in shown()] == due
    head = head_of(old)
    assert place_of(head) == (head["attention_shard"], head["attention_at"])
    assert steps(old)[-1] == {"step": "review_due"}
    assert opened(old)["review"]["due_since"]


def test_what_somebody_works_on_is_reviewed_too_and_found_by_its_status() -> None:
    created = file("other")
    step("PATCH", created, "", {"status": "in_progress"})
    days_pass(365)
    assert ids("status=in_progress") == ids("needs_action=true") == [created["id"]]


def test_what_is_closed_withdrawn_or_a_drill_is_not_reviewed() -> None:
    reopened, closed, withdrawn, _ = file("other"), file("other"), file(), file(source="drill")
    close(reopened)
    close(closed)
    by_reporter("DELETE", withdrawn)
    days_pass(89)
    by_reporter("POST", reopened, "/reopen", {"text": "It is back."})
    days_pass(276)
    assert ids() == [reopened["id"]]
    assert shown()[0]["due"] == ["review"]


def test_what_is_closed_while_its_review_is_due_comes_back_with_its_reopening() -> None:
    created, before = file("other"), file("other")
    days_pass(300)
    close(before)
    days_pass(65)
    close(created)
    days_pass(5)
    step("PATCH", before, "", {"status": "in_progress"})
    days_pass(0)
    assert [(item["id"], item["due"]) for item in shown()] == [(before["id"], ["review"])]
    days_pass(26)
    assert ids() == [before["id"]]
    assert not unreviewed()
    assert steps(created).count({"step": "review_due"}) == 1


def test_what_moves_to_another_category_has_its_month_all_the_same() -> None:
    created = file("other")
    days_pass(365)
    days_pass(10)
    step("PATCH", created, "", {"category": "traffic_violation"})
    days_pass(19)
    assert not unreviewed()
    days_pass(1)
    assert len(unreviewed()) == 1


def test_a_supervisor_keeps_it_until_the_next_review() -> None:
    created = file("other")
    days_pass(365)
    reply = keep(created, in_days(30)).expect(200)
    assert reply["review"] == {"on": str(in_days(30)), "due_since": None, "escalated": False}
    assert shown()[0]["due"] == []
    assert steps(created)[-1]["reason"] == "The search goes on."
    assert steps(created)[-1]["fields"] == {
        "review_on": {"old": str(in_days(0)), "new": str(in_days(30))}
    }

    days_pass(29)
    assert shown()[0]["due"] == []
    days_pass(1)
    assert shown()[0]["due"] == ["review"]


def test_a_review_takes_a_supervisor_the_version_a_reason_and_a_date_that_is_possible() -> None:
    created = file("other")
    assert keep(created, in_days(9), "wang").status == 403
    assert keep(created, in_days(9), reason=" ").json["errors"][0]["field"] == "reason"
    [early] = keep(created, in_days(0)).json["errors"]
    assert (early["code"], early["detail"]) == ("in_the_past", "Choose tomorrow or a later day.")
    assert keep(created, in_days(366)).json["errors"][0]["code"] == "too_far_ahead"
    assert keep(created, in_days(365)).status == 200
    stale = {"If-Match": '"1"'}
    body = {"reason": "Why?", "on": str(in_days(9))}
    path = f"{OFFICERS}/{created['id']}/review"
    assert call("POST", path, body, officer="chief", headers=stale).status == 412
    close(created)
    assert keep(created, in_days(9)).json["code"] == "illegal_transition"


def test_what_oversight_does_not_review_goes_to_oversight_and_outside_and_to_no_admin() -> None:
    cloud.oversight("bao", "lin")
    created = file("other", concerns_police=True)
    days_pass(365)
    due = [each["due"] for each in shown(officer="bao")]
    days_pass(30)
    [notice] = unreviewed()
    assert due == [["review"]]
    assert json.loads(notice["attributes"]["to"]) == ["role:oversight", "oversight:outside"]
    assert created["id"] not in ids()


def test_what_nobody_reviews_for_a_month_goes_out_of_the_desk_and_two_close_it() -> None:
    created = file("other")
    days_pass(365)
    cloud.forget_sent()
    days_pass(29)
    assert not unreviewed()
    days_pass(1)
    [notice] = unreviewed()
    assert json.loads(notice["attributes"]["to"]) == ["role:admin"]
    days_pass(30)
    assert len(unreviewed()) == 2
    assert steps(created)[-1] == {"step": "unreviewed"}
    assert opened(created)["review"]["escalated"]

    assert close(created)["proposal"]["by"] == "wang"
    assert by_second_officer(created, "/closing/confirm").status == 201


def test_who_reopens_or_keeps_it_does_not_close_it_alone() -> None:
    created = file("other")
    days_pass(365)
    days_pass(30)
    assert close(created)["proposal"]
    step("PATCH", created, "", {"status": "in_progress"})
    assert close(created)["proposal"]
    step("PATCH", created, "", {"status": "in_progress"})
    keep(created, in_days(9))
    assert close(created)["proposal"]


def test_neglect_never_deletes() -> None:
    created = file("other")
    for _ in range(40):
        days_pass(60)
    assert opened(created)["status"] == "new"


def test_what_moves_to_another_category_is_reviewed_when_that_says_so() -> None:
    """Whatever category has looked through its reports before."""
    created = file("other")
    days_pass(365)
    keep(created, in_days(9))
    step("PATCH", created, "", {"category": "traffic_violation"})
    days_pass(8)
    assert shown()[0]["due"] == []
    days_pass(1)
    assert shown()[0]["due"] == ["review"]


def test_a_round_reads_each_report_once_and_a_sweep_asks_once_an_hour() -> None:
    rows = wiring.review_rows()
    for _ in range(3):
        file("other")
    days_pass(365)
    above = rows.begin_round(wiring.clock.now() + timedelta(hours=1))
    assert above
    assert rows.begin_round(wiring.clock.now()) is None
    until = wiring.clock.now() - timedelta(days=365)
    assert not rows.older("other#0", above=above["other#0"], until=until, limit=9).rows
    page = rows.older("other#0", above="0", until=until, limit=2)
    assert (len(page.rows), page.more) == (2, True)
    assert len(rows.older("other#0", above=page.reached, until=until, limit=2).rows) == 1
