"""Crashes while a legal hold is lifted, or a request to lift it is declined.

Each step happens whole, with its record and its notice, or not at all; and whoever repeats the call
ends up where one call would have led.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, read_and_approve, tag_for
from tests.faults import inject
from tests.steps import file

pytestmark = [pytest.mark.officers("wang", "li"), pytest.mark.usefixtures("fresh")]

WHY = {"reason": "Evidence."}

Step = Callable[[str], Reply]


def end(hold: str) -> Reply:
    return call("DELETE", hold, WHY, officer="li")


# The tags of the requests that a test is about, by the paths of their holds.
_READ: dict[str, str] = {}


def approve(hold: str) -> Reply:
    """Approve what was read before any fault."""
    return read_and_approve(f"{hold}/lift/approve", "li", _READ[hold])


def decline(hold: str) -> Reply:
    return call("POST", f"{hold}/lift/decline", WHY, officer="li")


def ask(hold: str) -> Reply:
    return call("DELETE", hold, WHY, officer="wang")


def before(step: Step) -> str:
    """Return the path of a hold on which `step` is next, of a report that is closed."""
    created = file()
    path = f"/v1/officer/reports/{created['id']}"
    closing = {"status": "closed", "disposition": "resolved", "reason": "Done."}
    call("PATCH", path, closing, officer="wang", version=1)
    hold = f"{path}/hold"
    until = times.render(wiring.clock.now() + timedelta(days=400))
    assert call("POST", hold, WHY | {"until": until}, officer="wang").status == 201
    if step is not end:
        assert read_and_approve(f"{hold}/approve", "li").status == 200
    if step in (approve, decline):
        assert ask(hold).status == 202
        _READ[hold] = tag_for(f"{hold}/lift/approve", "li")
    return hold


def state(hold: str) -> tuple[Any, ...]:
    """Return what a step must change together: the hold, its records, its notices."""
    report_id = hold.split("/")[4]
    head = wiring.reports().head(report_id)
    assert head is not None
    kept = head.hold
    rows = wiring.audit().rows(of_report(report_id))
    events, _ = wiring.reports().table.query(f"REPORT#{report_id}", begins="EVENT#")
    return (
        kept is not None,
        bool(kept and kept.lift),
        head.row.get("held_until"),
        head.task.kind if head.task else None,
        len([row for row in rows if row["action"] == "hold"]),
        [(event["kind"], event["step"]) for event in events if "step" in event],
    )


each_step = pytest.mark.parametrize("step", [ask, approve, decline, end])


@each_step
@pytest.mark.parametrize("dies", [inject.crash, inject.crash_after])
def test_a_step_that_dies_is_repeated_to_the_same_end(step: Step, dies: Any) -> None:
    whole = before(step)
    assert step(whole).status in (202, 204)
    hold = before(step)
    untouched = state(hold)
    write = "dynamodb.TransactWriteItems"
    with (
        inject.fault(wiring.dynamodb(), write, inject.times(1, dies)),
        pytest.raises(inject.Crash),
    ):
        step(hold)
    expected = state(whole)[:2] + state(whole)[3:]
    if dies is inject.crash:
        assert state(hold) == untouched
    else:
        assert state(hold)[:2] + state(hold)[3:] == expected

    assert step(hold).status in (202, 204)
    assert state(hold)[:2] + state(hold)[3:] == expected


@each_step
def test_a_step_whose_response_is_lost_happens_once(step: Step) -> None:
    hold = before(step)
    records = state(hold)[4]
    write = "dynamodb.TransactWriteItems"
    with inject.fault(wiring.dynamodb(), write, inject.times(1, inject.lose_response)):
        assert step(hold).status in (202, 204)

    assert state(hold)[4] == records + 1


def test_a_lifted_report_is_due_at_its_own_time() -> None:
    hold = before(approve)
    wiring.clock.advance(timedelta(days=100))
    cloud.sweep()
    head = wiring.reports().head(hold.split("/")[4])
    assert head is not None
    approve(hold)
    lifted = wiring.reports().head(hold.split("/")[4])
    assert lifted is not None
    assert lifted.task is not None
    assert lifted.report.closed_at is not None
    assert lifted.task.due_at == lifted.report.closed_at + timedelta(days=90)
