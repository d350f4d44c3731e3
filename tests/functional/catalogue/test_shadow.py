"""A category that is only tried accepts reports, and supervisors alone are notified of them."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import role_group
from chalicelib.domain.officers.model import Role
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, change_report
from tests.steps import by_reporter, file

pytestmark = [
    pytest.mark.officers("wang", chen={"roles": (Role.ADMIN,)}),
    pytest.mark.usefixtures("fresh"),
]

TRIED = "lost_and_found"
SUPERVISORS = [role_group(Role.SUPERVISOR)]


def set_state(state: str, code: str = TRIED, kind: str = "categories", **more: Any) -> Reply:
    change = {kind: [{"code": code, "state": state} | more]}
    return call("PATCH", "/v1/admin/catalogue", change, officer="chen")


def addressees() -> list[tuple[str, list[str]]]:
    """Publish what is pending, and return the kind and the addressees of each notice."""
    cloud.go_on(timedelta(minutes=2))
    return [(each["kind"], json.loads(each["attributes"]["to"])) for each in cloud.sent()]


def test_supervisors_alone_are_notified_of_a_category_that_is_tried() -> None:
    assert set_state("shadow").status == 200
    file(TRIED)
    assert addressees() == [("report", SUPERVISORS)]


def test_a_category_that_was_tried_notifies_everybody_once_it_is_active() -> None:
    set_state("shadow")
    set_state("active")
    file(TRIED)
    [(kind, to)] = addressees()
    assert kind == "report"
    assert f"{TRIED}/unknown" in to
    assert SUPERVISORS[0] not in to


def test_digests_before_and_after_a_trial_are_not_mixed() -> None:
    for _ in range(12):
        file(TRIED)
    set_state("shadow")
    for _ in range(12):
        file(TRIED)
    digests = [to for kind, to in addressees() if kind == "digest"]
    assert sorted(to == SUPERVISORS for to in digests) == [False, True]


def test_what_is_added_to_a_report_of_a_trial_is_for_supervisors_too() -> None:
    set_state("shadow")
    created = file(TRIED)
    addressees()
    cloud.forget_sent()
    by_reporter("POST", created, "/messages", {"text": "One more thing."})
    assert addressees() == [("message", SUPERVISORS)]


def test_a_report_that_leaves_the_trial_is_notified_to_its_officers() -> None:
    set_state("shadow")
    created = file(TRIED)
    addressees()
    cloud.forget_sent()
    change_report(created["id"], 1, category="other")
    [(kind, to)] = addressees()
    assert kind == "report"
    assert "other/unknown" in to


def test_apps_read_that_it_is_a_trial_and_when_it_opens() -> None:
    opens = times.render(wiring.clock.now() + timedelta(hours=1))
    assert set_state("shadow", activates_at=opens).status == 200
    shown = {each["code"]: each for each in call("GET", "/v1/catalogue").json["categories"]}
    assert (shown[TRIED]["state"], shown[TRIED]["state_label"]) == ("shadow", "Trial")
    assert shown[TRIED]["activates_at"] == opens
    wiring.clock.advance(timedelta(hours=1))
    shown = {each["code"]: each for each in call("GET", "/v1/catalogue").json["categories"]}
    assert shown[TRIED]["state"] == "active"


def test_neither_a_channel_nor_the_category_that_is_always_open_is_tried() -> None:
    for reply in (set_state("shadow", "key_cases", "channels"), set_state("shadow", "other")):
        assert reply.status == 422
