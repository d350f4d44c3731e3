"""Crashes while a report is passed on: each step happens whole, with its record and its notice, or
not at all; and whoever repeats the call ends up where one call would have led.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.store.audit.rows import of_report
from tests.client import Reply, call, read_and_approve, report, tag_for
from tests.faults import inject
from tests.steps import by_reporter, file

pytestmark = [pytest.mark.officers("wang", "li"), pytest.mark.usefixtures("fresh")]

NEW = {"agency": "city_services", "reason": "Theirs.", "include": ["text"]}
WRITE = "dynamodb.TransactWriteItems"

Step = Callable[[str], Reply]


def propose(path: str) -> Reply:
    return call("POST", path, NEW, officer="wang")


# The tags of the referrals that a test is about, by their paths.
_READ: dict[str, str] = {}


def approve(path: str) -> Reply:
    """Approve what was read before any fault."""
    return read_and_approve(f"{path}/approve", "li", _READ[path])


def withdraw(path: str) -> Reply:
    return call("DELETE", path, officer="wang")


def decline(path: str) -> Reply:
    body, headers = {"reason": "Too much."}, {"If-Match": '"1"'}
    return call("POST", f"{path}/decline", body, officer="li", headers=headers)


def before(step: Step, created: Mapping[str, Any] | None = None) -> str:
    """Return the path of a referral on which `step` is next."""
    created = created or file()
    path = f"/v1/officer/reports/{created['id']}/referral"
    if step is not propose:
        assert propose(path).status == 201
        _READ[path] = tag_for(f"{path}/approve", "li")
    return path


def state(path: str) -> tuple[Any, ...]:
    """Return what a step must change together: referrals, flags, records and notices."""
    report_id = path.split("/")[4]
    head = wiring.reports().head(report_id)
    assert head is not None
    rows = wiring.audit().rows(of_report(report_id))
    events, _ = wiring.reports().table.query(f"REPORT#{report_id}", begins="EVENT#")
    return (
        head.referrals.last,
        head.referrals.pending is not None,
        head.referrals.declined is not None,
        len(head.referrals.passed_on),
        head.report.flags,
        len([row for row in rows if row["action"] == "change"]),
        [event.get("step") for event in events].count("referral"),
    )


each_step = pytest.mark.parametrize("step", [propose, approve, withdraw, decline])


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
    records = state(path)[5]
    with inject.fault(wiring.dynamodb(), WRITE, inject.times(1, inject.lose_response)):
        assert step(path).status < 300
    assert state(path)[5] == records + 1


@pytest.mark.parametrize("step", [propose, approve, decline])
def test_a_withdrawal_at_the_same_moment_wins(step: Step) -> None:
    created = file()
    path = before(step, created)
    untouched = state(path)

    def withdraw_first(request: Any) -> None:
        by_reporter("DELETE", created)

    with inject.fault(wiring.dynamodb(), WRITE, inject.times(1, withdraw_first)):
        reply = step(path)
    assert (reply.status, reply.json["code"]) == (409, "withdrawn")
    assert state(path) == untouched


def test_without_the_key_nothing_is_read_and_the_approval_can_be_repeated() -> None:
    path = before(approve)
    refuse = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.content_keys()._client, "kms.Decrypt", refuse):
        assert call("GET", path, officer="li").status == 503
        assert approve(path).status == 503
    assert approve(path).json["document"]["text"] == report()["text"]
    assert state(path)[3] == 1
