"""A legal hold is ended by two officers as it is placed by two, each time with a reason. One keeps
it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import WAIT
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, read_and_approve
from tests.faults import inject
from tests.steps import by_officer, file

pytestmark = pytest.mark.officers("wang", "li", "zhao")

WHY, WHY_NOT = {"reason": "The trial is over."}, {"reason": "The trial begins."}
NO = {"reason": "An appeal was filed."}


def path(created: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}/hold{below}"


def asked(by: str = "wang", days: float = 200) -> dict[str, Any]:
    """File a report, and ask for a hold of it."""
    created = file()
    body = WHY_NOT | {"until": times.render(wiring.clock.now() + timedelta(days=days))}
    assert call("POST", path(created), body, officer=by).status == 201
    return created


def held(days: float = 200) -> dict[str, Any]:
    created = asked(days=days)
    assert read_and_approve(path(created, "/approve"), "li").status == 200
    return created


def lift(created: Mapping[str, Any], by: str = "wang", body: Any = None) -> Reply:
    return call("DELETE", path(created), body or WHY, officer=by)


def approve_lift(created: Mapping[str, Any], by: str) -> Reply:
    return read_and_approve(path(created, "/lift/approve"), by)


def decline_lift(created: Mapping[str, Any], by: str = "li", body: Any = None) -> Reply:
    return call("POST", path(created, "/lift/decline"), body or NO, officer=by)


def shown(created: Mapping[str, Any]) -> Any:
    return by_officer("GET", created, officer="zhao").json["hold"]


def is_held(created: Mapping[str, Any]) -> bool:
    found = cloud.head(created["id"])
    assert (found.row.get("hold") is None) == (found.row.get("held_until") is None)
    return found.row.get("hold") is not None


def steps(created: Mapping[str, Any]) -> list[dict[str, Any]]:
    history = by_officer("GET", created, "/history", officer="zhao").json
    return [each["detail"] for each in history["items"] if each["action"] == "hold"]


def approvals() -> list[str]:
    return [each["step"] for each in notices() if each["kind"] == "approval"]


def notices() -> list[Any]:
    """Return the notices that were not sent yet."""
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    return list(cloud.sent())


def test_the_end_of_a_request_is_no_request_to_lift_what_was_approved_meanwhile() -> None:
    created = held()
    assert lift(created, body=WHY | {"only_request": True}).refusal == (409, "hold_approved")
    assert shown(created)["lift"] is None
    assert [step for step in steps(created) if "lift_asked" in step] == []

    pending = asked()
    assert lift(pending, body=WHY | {"only_request": True}).status == 204
    assert shown(pending) is None


@pytest.mark.parametrize("by", ["wang", "li"])
def test_to_ask_again_changes_nothing(by: str) -> None:
    created = held()
    first = lift(created).json
    again = lift(created, by, {"reason": "Another reason."})

    assert (again.status, again.json) == (202, first)
    assert [step for step in steps(created) if "lift_asked" in step] == [
        {"lift_asked": True, "reason": WHY["reason"]}
    ]


def test_to_lift_again_changes_nothing() -> None:
    created = held()
    lift(created)
    assert [approve_lift(created, by).status for by in ("li", "li", "wang")] == [204] * 3
    assert [step for step in steps(created) if "lifted" in step] == [
        {"lifted": True, "asked_by": "wang"}
    ]
    assert lift(created).status == 204


@pytest.mark.parametrize("by", ["wang", "li"])
def test_a_hold_that_is_not_approved_ends_at_once_with_a_reason(by: str) -> None:
    created = asked()
    assert [lift(created, by).status for _ in range(2)] == [204, 204]
    assert shown(created) is None
    assert steps(created)[1:] == [{"ended": True, "asked_by": "wang", "reason": WHY["reason"]}]


@pytest.mark.parametrize("step", ["hold", "hold_lift"])
@pytest.mark.parametrize(("by", "heard"), [("wang", []), ("li", ["wang"])])
def test_whoever_asked_is_notified_once_of_a_colleagues_no(
    step: str, by: str, heard: list[str]
) -> None:
    created = asked() if step == "hold" else held()
    if step == "hold_lift":
        lift(created)
    notices()
    for _ in range(2):
        lift(created, by, NO) if step == "hold" else decline_lift(created, by)
    found = notices()
    assert [(each["kind"], each["step"]) for each in found] == [("declined", step)] * len(heard)
    assert [json.loads(each["attributes"]["to"]) for each in found] == [
        [officer_address(name)] for name in heard
    ]
    assert NO["reason"] not in str(found)


@pytest.mark.parametrize("by", ["wang", "li", "zhao"])
def test_what_is_not_lifted_stays_and_the_history_says_why(by: str) -> None:
    created = held()
    before = shown(created)
    lift(created)
    assert [decline_lift(created, by).status for _ in range(2)] == [204, 204]

    assert shown(created) == before
    assert is_held(created)
    assert steps(created)[3:] == [{"lift_declined": True, "asked_by": "wang"} | NO]
    assert approve_lift(created, "zhao").refusal == (409, "no_lift")


def test_whoever_has_a_new_account_may_keep_a_hold() -> None:
    created = held()
    lift(created)
    cloud.officer("new", approves_from=wiring.clock.now() + WAIT)
    assert decline_lift(created, "new").status == 204
    assert shown(created)["lift"] is None


def test_what_was_declined_can_be_asked_for_anew() -> None:
    created = held()
    lift(created)
    decline_lift(created)
    assert lift(created, "zhao", {"reason": "The appeal is over."}).json["by"] == "zhao"
    assert approve_lift(created, "wang").status == 204
    assert not is_held(created)


def test_nobody_says_no_to_what_has_ended() -> None:
    lifted, over = held(), held(days=1)
    lift(over)
    lift(lifted)
    approve_lift(lifted, "zhao")
    wiring.clock.advance(timedelta(days=1, minutes=1))
    for created in (lifted, over):
        assert decline_lift(created).refusal == (409, "no_hold")
        assert not [step for step in steps(created) if "lift_declined" in step]


def test_nobody_says_no_to_what_nobody_asks_for() -> None:
    never, waits, ended = held(), asked(), held()
    lift(ended)
    decline_lift(ended, "wang")
    for created in (never, waits, ended):
        before, count = shown(created), len(steps(created))
        assert decline_lift(created).refusal == (409, "no_lift")
        assert (shown(created), len(steps(created))) == (before, count)


def test_while_a_report_is_being_deleted_its_hold_stays_as_it_is() -> None:
    created = held()
    lift(created)
    expiring = Update(keys.report(created["id"]), keys.HEAD, put={"expiring": True})
    wiring.reports().table.update(expiring)
    for reply in (approve_lift(created, "li"), decline_lift(created)):
        assert reply.refusal == (409, "expiring")
    assert is_held(created)


def test_no_request_to_lift_ends_without_a_reason() -> None:
    created = held()
    lift(created)
    for by in ("wang", "li"):
        for body in ({}, {"reason": ""}, {"reason": " "}):
            assert call("POST", path(created, "/lift/decline"), body, officer=by).status == 422
    assert shown(created)["lift"]


def test_no_hold_ends_without_a_reason() -> None:
    for created in (asked(), held()):
        for body in ({}, {"reason": ""}, {"reason": " "}):
            assert call("DELETE", path(created), body, officer="wang").status == 422
        assert shown(created)["lift"] is None


def test_a_hold_whose_end_has_passed_is_neither_lifted_nor_in_the_way() -> None:
    created = held(days=1)
    wiring.clock.advance(timedelta(days=1, minutes=1))
    assert lift(created).status == 204
    assert approve_lift(created, "li").status == 204
    assert len(steps(created)) == 2

    body = WHY_NOT | {"until": times.render(wiring.clock.now() + timedelta(days=3))}
    assert call("POST", path(created), body, officer="wang").json["approved_by"] is None


@pytest.mark.parametrize("days", [1, 400])
def test_nobody_moves_the_end_of_a_hold_alone(days: int) -> None:
    created = held()
    before = shown(created)
    body = WHY_NOT | {"until": times.render(wiring.clock.now() + timedelta(days=days))}
    assert call("POST", path(created), body, officer="wang").refusal == (409, "already_held")
    assert shown(created) == before


def test_a_step_that_waits_is_notified_once() -> None:
    created = held()
    assert approvals() == ["hold"]
    lift(created)
    lift(created)
    assert approvals() == ["hold_lift"]
    approve_lift(created, "li")
    lift(asked())
    assert approvals() == ["hold"]


def test_the_reason_of_a_lift_is_sealed_to_its_row() -> None:
    created, other = held(), held()
    lift(created)
    lift(other)
    row = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD)
    theirs = wiring.reports().table.get(keys.report(other["id"]), keys.HEAD)
    assert row is not None
    assert theirs is not None
    assert WHY["reason"] not in str(row)

    hold = row["hold"] | {
        "lift": row["hold"]["lift"] | {"sealed_reason": row["hold"]["sealed_reason"]}
    }
    wiring.reports().table.update(Update(keys.report(created["id"]), keys.HEAD, put={"hold": hold}))
    assert by_officer("GET", created, officer="li").status == 503


def test_a_hold_that_was_lifted_in_between_is_not_said_to_stay() -> None:
    created = held()
    lift(created)

    with inject.meanwhile(lambda: approve_lift(created, "zhao")):
        reply = decline_lift(created)
    assert reply.refusal == (409, "no_hold")
    assert not is_held(created)


def test_what_comes_in_between_is_seen() -> None:
    created = asked()
    with inject.meanwhile(lambda: read_and_approve(path(created, "/approve"), "li")):
        # It was not approved when it was read. It must not end at once.
        assert lift(created).status == 202
    assert is_held(created)
