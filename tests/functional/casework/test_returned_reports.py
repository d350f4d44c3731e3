"""The open reports that an officer may not have any more go back to the queue, each on record."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.keys import TASK_FIELDS
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.service import scheduled
from chalicelib.services.casework import assignments
from chalicelib.store.audit.rows import of_report
from chalicelib.store.reports.attention import RETURN_SK
from tests import cloud
from tests.client import Reply, call, change_report, read_and_approve
from tests.faults import inject
from tests.places import head_of, place_of
from tests.steps import by_officer, by_reporter, file

pytestmark = [
    pytest.mark.officers(
        "wang", "li", admin={"roles": (Role.ADMIN,)}, admin2={"roles": (Role.ADMIN,)}
    ),
    pytest.mark.usefixtures("fresh"),
]

ROW = {"roles": ["officer"], "categories": ["*"], "districts": ["*"], "name": "Wang"}


def held(category: str = "missing_elderly", **change: Any) -> dict[str, Any]:
    """File a report that is assigned to li."""
    created = file(category)
    change_report(created["id"], 1, assignee="li", **change)
    return created


def appoint(username: str = "li", **change: Any) -> Reply:
    return call("PUT", f"/v1/admin/officers/{username}", ROW | change, officer="admin")


def deactivate(username: str = "li") -> None:
    assert appoint(username, active=False).status == 200


def assigned(query: str) -> list[str]:
    reply = call("GET", f"/v1/officer/reports?fold=none&{query}", officer="wang").expect(200)
    return [each["id"] for each in reply["items"]]


def returns(created: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows = wiring.audit().history(of_report(created["id"]))
    found = [(row.by, row.detail) for row in rows if row.action == "change"]
    return [each for each in found if (each[1] or {}).get("step") == "returned"]


def has_task() -> bool:
    row = wiring.reports().table.get("OFFICER#li", RETURN_SK, consistent=True)
    return row is not None


def sweep_until_done() -> None:
    for _ in range(3):
        assert cloud.sweep()["failed"] == 0
        wiring.clock.advance(timedelta(minutes=5))
    assert not has_task()


def test_who_joins_oversight_gives_theirs_back() -> None:
    created = held()
    row: dict[str, Any] = {"roles": ["oversight"], "categories": [], "districts": []}
    assert appoint(**row).status == 202
    path = "/v1/admin/officers/li/approve"
    assert read_and_approve(path, "admin2").status == 200
    cloud.sweep()
    assert [head_of(created).get("assignee"), len(returns(created))] == [None, 1]


def test_they_are_nobodys_and_the_history_says_so() -> None:
    new, taken, other = held(), held(status="in_progress"), file()
    change_report(other["id"], 1, assignee="wang")
    deactivate()
    cloud.sweep()

    assert assigned("assignee=none") == [taken["id"], new["id"]]
    assert assigned("assignee=li") == []
    assert head_of(other)["assignee"] == "wang"
    for each in (new, taken):
        fields = {"assignee": {"old": "li", "new": None}}
        assert returns(each) == [("(clock)", {"step": "returned", "fields": fields})]
        assert head_of(each)["version"] == 2
    history = by_officer("GET", new, "/history").json
    [shown] = [each for each in history["items"] if each["by"] == "(clock)"]
    assert (shown["action"], shown["detail"]["step"]) == ("change", "returned")
    sweep_until_done()
    assert len(returns(new)) == 1


def test_what_is_closed_or_withdrawn_keeps_its_assignee() -> None:
    closing = {"status": "closed", "disposition": "resolved", "reason": "Done."}
    closed, withdrawn = held(**closing), held()
    by_reporter("DELETE", withdrawn)
    deactivate()
    sweep_until_done()
    assert [head_of(each)["assignee"] for each in (closed, withdrawn)] == ["li", "li"]


@pytest.mark.parametrize(
    ("category", "kind", "after"),
    [("child_abduction", "escalation", 5), ("missing_elderly", "overdue", 30)],
)
def test_a_new_one_waits_again_as_if_nobody_had_seen_it(
    category: str, kind: str, after: int
) -> None:
    created = file(category)
    cloud.stream(cloud.all_keys())
    change_report(created["id"], 1, assignee="li")
    deactivate()
    cloud.sweep()
    row = head_of(created)
    assert (row["attention_shard"], row["attention_at"]) == place_of(row)
    cloud.forget_sent()
    cloud.sweep(timedelta(minutes=after - 1))
    assert cloud.sent() == []
    cloud.sweep(timedelta(minutes=1, seconds=1))
    assert [each["kind"] for each in cloud.sent()] == [kind]


def test_a_first_notice_that_is_pending_stays_the_next_task() -> None:
    created = held()
    deactivate()
    assert head_of(created)["task"] == "notify"
    cloud.do_upkeep()
    assert head_of(created)["task"] == "notify"


def test_what_the_index_did_not_show_yet_follows_some_minutes_later() -> None:
    deactivate()
    cloud.sweep()
    late = file()
    # As an assignment that was admitted before and written after the deactivation.
    cloud.officer("li")
    change_report(late["id"], 1, assignee="li")
    cloud.officer("li", active=False)
    sweep_until_done()
    assert len(returns(late)) == 1


def test_an_officer_who_is_active_again_keeps_what_is_left() -> None:
    created = held()
    deactivate()
    cloud.officer("li")
    sweep_until_done()
    assert head_of(created)["assignee"] == "li"


def test_who_is_given_a_smaller_scope_keeps_what_is_in_it() -> None:
    inside, outside = held("other"), held()
    assert appoint(categories=["other"]).status == 202
    read_and_approve("/v1/admin/officers/li/approve", "admin2").expect(200)
    sweep_until_done()
    assert [head_of(each).get("assignee") for each in (inside, outside)] == ["li", None]


def test_who_is_given_a_larger_scope_is_not_looked_at() -> None:
    assert appoint(roles=["officer", "supervisor"]).status == 202
    read_and_approve("/v1/admin/officers/li/approve", "admin2").expect(200)
    assert not has_task()


def test_a_colleague_who_takes_it_at_the_same_moment_keeps_it() -> None:
    created = held()
    deactivate()

    with inject.meanwhile(lambda: change_report(created["id"], 2, assignee="wang")):
        cloud.sweep()
    assert head_of(created)["assignee"] == "wang"
    assert returns(created) == []


@pytest.mark.parametrize(
    ("category", "kind"), [("child_abduction", "escalation"), ("missing_elderly", "overdue")]
)
def test_what_is_given_back_while_somebody_opens_it_waits(category: str, kind: str) -> None:
    created = file(category)
    cloud.catch_up()
    change_report(created["id"], 1, assignee="li")

    def give_back() -> None:
        change_report(created["id"], 2, assignee=None)

    with inject.meanwhile(give_back, "dynamodb.UpdateItem"):
        by_officer("GET", created, officer="li").expect(200)
    cloud.forget_sent()
    cloud.sweep(timedelta(minutes=31))
    assert kind in [each["kind"] for each in cloud.sent()]


def test_more_than_one_run_takes_back_are_all_taken_back() -> None:
    first = held()
    row = {name: each for name, each in head_of(first).items() if name not in TASK_FIELDS}
    copies = [
        {**row, "pk": f"REPORT#1{number:025}", "id": f"1{number:025}"}
        for number in range(assignments.AT_ONCE + 5)
    ]
    wiring.reports().table.put_all(copies)
    deactivate()
    cloud.sweep()
    left = wiring.subscriptions().assignments.open_of("li")
    assert len(left) == len(copies) + 1 - assignments.AT_ONCE
    cloud.sweep()
    assert wiring.subscriptions().assignments.open_of("li") == []


@pytest.mark.parametrize("crash", [inject.crash, inject.crash_after])
@pytest.mark.parametrize("position", range(3))
def test_wherever_it_dies_each_goes_back_once(crash: Any, position: int) -> None:
    made = [held(), held()]
    deactivate()
    # Two reports are taken back, and then the task is put off.
    scheduled.sweep_upkeep(cloud.SCHEDULE, None)
    writes = ("dynamodb.TransactWriteItems", "dynamodb.UpdateItem")
    operation = writes[position == 2]
    with inject.dying(operation, position=0 if position == 2 else position, how=crash):
        cloud.do_upkeep()
    wiring.reset()
    sweep_until_done()
    assert [len(returns(each)) for each in made] == [1, 1]
    assert [head_of(each).get("assignee") for each in made] == [None, None]


def test_a_deactivation_that_fails_leaves_no_task() -> None:
    held()
    refused = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", refused):
        assert appoint(active=False).status == 503
    assert not has_task()
