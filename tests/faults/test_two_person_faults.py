"""Crashes while a hold is lifted or a report is passed on: each step happens whole, with its record
and its notice, or not at all; and whoever repeats the call ends up where one call would have led.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, read_and_approve, report, tag_for
from tests.faults import inject
from tests.steps import by_reporter, file

pytestmark = [pytest.mark.officers("wang", "li"), pytest.mark.usefixtures("fresh")]

WHY = {"reason": "Evidence."}
NEW = {"agency": "city_services", "reason": "Theirs.", "include": ["text"]}
WRITE = "dynamodb.TransactWriteItems"

Step = Callable[[str], Reply]

# The tags that were read before any fault, by the paths of the approvals.
_READ: dict[str, str] = {}


def read(approval: str) -> None:
    _READ[approval] = tag_for(approval, "li")


def approve(approval: str) -> Reply:
    return read_and_approve(approval, "li", _READ[approval])


# Each step takes the path of its report.


def ask_to_lift(path: str) -> Reply:
    return call("DELETE", f"{path}/hold", WHY, officer="wang")


def approve_lift(path: str) -> Reply:
    return approve(f"{path}/hold/lift/approve")


def decline_lift(path: str) -> Reply:
    return call("POST", f"{path}/hold/lift/decline", WHY, officer="li")


def end_hold(path: str) -> Reply:
    return call("DELETE", f"{path}/hold", WHY, officer="li")


def propose(path: str) -> Reply:
    return call("POST", f"{path}/referral", NEW, officer="wang")


def approve_referral(path: str) -> Reply:
    return approve(f"{path}/referral/approve")


def withdraw(path: str) -> Reply:
    return call("DELETE", f"{path}/referral", officer="wang")


def decline_referral(path: str) -> Reply:
    body, headers = {"reason": "Too much."}, {"If-Match": '"1"'}
    return call("POST", f"{path}/referral/decline", body, officer="li", headers=headers)


OF_HOLDS = (ask_to_lift, approve_lift, decline_lift, end_hold)
OF_REFERRALS = (propose, approve_referral, withdraw, decline_referral)
each_step = pytest.mark.parametrize("step", [*OF_HOLDS, *OF_REFERRALS])


def before(step: Step, created: Mapping[str, Any] | None = None) -> str:
    """Return the path of a report on which `step` is next."""
    path = f"/v1/officer/reports/{(created or file())['id']}"
    if step in OF_HOLDS:
        closing = {"status": "closed", "disposition": "resolved", "reason": "Done."}
        call("PATCH", path, closing, officer="wang", version=1)
        until = times.render(wiring.clock.now() + timedelta(days=400))
        assert call("POST", f"{path}/hold", WHY | {"until": until}, officer="wang").status == 201
        if step is not end_hold:
            assert read_and_approve(f"{path}/hold/approve", "li").status == 200
        if step in (approve_lift, decline_lift):
            assert ask_to_lift(path).status == 202
            read(f"{path}/hold/lift/approve")
    elif step is not propose:
        assert propose(path).status == 201
        read(f"{path}/referral/approve")
    return path


def state(path: str) -> tuple[Any, ...]:
    """Return what a step must change together: the report, its records and its notices."""
    report_id = path.split("/")[4]
    head = cloud.head(report_id)
    events, _ = wiring.reports().table.query(f"REPORT#{report_id}", begins="EVENT#")
    return (
        (head.hold is not None, bool(head.hold and head.hold.lift), "held_until" in head.row),
        head.task.kind if head.task else None,
        (head.referrals.last, head.referrals.pending is not None),
        (head.referrals.declined is not None, len(head.referrals.passed_on)),
        head.report.flags,
        records(path),
        [(event["kind"], event["step"]) for event in events if "step" in event],
    )


def records(path: str) -> int:
    rows = wiring.audit().rows(of_report(path.split("/")[4]))
    return len([row for row in rows if row["action"] in ("hold", "change")])


@each_step
@pytest.mark.parametrize("dies", [inject.crash, inject.crash_after])
def test_a_step_that_dies_is_repeated_to_the_same_end(step: Step, dies: Any) -> None:
    whole = before(step)
    assert step(whole).status < 300
    path = before(step)
    untouched = state(path)
    with inject.fault(wiring.dynamodb(), WRITE, inject.times(1, dies)), pytest.raises(inject.Crash):
        step(path)
    assert state(path) == (untouched if dies is inject.crash else state(whole))

    assert step(path).status < 300
    assert state(path) == state(whole)


@each_step
def test_a_step_whose_response_is_lost_happens_once(step: Step) -> None:
    path = before(step)
    earlier = records(path)
    with inject.fault(wiring.dynamodb(), WRITE, inject.times(1, inject.lose_response)):
        assert step(path).status < 300
    assert records(path) == earlier + 1


def test_a_lifted_report_is_due_at_its_own_time() -> None:
    path = before(approve_lift)
    cloud.sweep(timedelta(days=100))
    approve_lift(path)
    lifted = cloud.head(path.split("/")[4])
    assert lifted.task is not None
    assert lifted.report.closed_at is not None
    assert lifted.task.due_at == lifted.report.closed_at + timedelta(days=90)


@pytest.mark.parametrize("step", [propose, approve_referral, decline_referral])
def test_a_withdrawal_at_the_same_moment_wins(step: Step) -> None:
    created = file()
    path = before(step, created)
    untouched = state(path)

    def withdraw_first(request: Any) -> None:
        by_reporter("DELETE", created)

    with inject.fault(wiring.dynamodb(), WRITE, inject.times(1, withdraw_first)):
        reply = step(path)
    assert reply.refusal == (409, "withdrawn")
    assert state(path)[2:] == untouched[2:]  # the withdrawal has a task


def test_without_the_key_nothing_is_read_and_the_approval_can_be_repeated() -> None:
    path = before(approve_referral)
    refuse = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.content_keys()._client, "kms.Decrypt", refuse):
        assert call("GET", f"{path}/referral", officer="li").status == 503
        assert approve_referral(path).status == 503
    assert approve_referral(path).json["document"]["text"] == report()["text"]
    assert state(path)[3] == (False, 1)
