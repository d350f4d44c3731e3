"""Faults around announcements and approvals: published at least once, and always recognisable as
one; and no step waits without its notice.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from tests import cloud
from tests.faults import inject
from tests.steps import by_officer, file

pytestmark = pytest.mark.officers("wang")

KEY = ("NOTICE#1", "EVENT#notice")


def announce(entry_id: str = "1") -> None:
    item = wiring.announcements().item(
        NoticeKind.APPROVAL,
        entry_id=entry_id,
        to=["wu"],
        path="/v1/admin/officers",
        step=TwoPersonStep.APPOINTMENT,
        now=wiring.clock.now(),
    )
    wiring.reports().table.transact([item])


def ask_for_hold(created: Mapping[str, Any]) -> Any:
    until = times.render(wiring.clock.now() + timedelta(days=40))
    return by_officer("POST", created, "/hold", {"reason": "Evidence.", "until": until})


def call_malicious(created: Mapping[str, Any]) -> Any:
    body = {"status": "closed", "disposition": "malicious", "reason": "False."}
    return by_officer("PATCH", created, "", body, version=1)


def kinds() -> list[str]:
    return [notice["kind"] for notice in cloud.sent()]


def test_a_crash_before_publishing_loses_no_announcement() -> None:
    announce()
    with inject.dying("sns.PublishBatch"):
        cloud.stream([KEY])
    assert cloud.sent() == []
    cloud.sweep(timedelta(minutes=2))

    assert kinds() == ["approval"]
    assert cloud.all_keys() == []


@pytest.mark.parametrize("fault", [inject.crash, inject.error_response(400, "ValidationException")])
def test_an_announcement_that_is_not_deleted_is_repeated_with_its_event_id(fault: Any) -> None:
    announce()
    with inject.fault(wiring.dynamodb(), "dynamodb.DeleteItem", inject.times(1, fault)):
        if fault is inject.crash:
            with pytest.raises(inject.Crash):
                cloud.stream([KEY])
        else:
            assert cloud.stream([KEY]) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    cloud.sweep(timedelta(minutes=2))

    assert kinds() == ["approval", "approval"]
    assert len({notice["event_id"] for notice in cloud.sent()}) == 1
    assert cloud.all_keys() == []


def test_a_lost_response_of_the_deletion_repeats_nothing() -> None:
    announce()
    lost = inject.times(1, inject.lose_response)
    with inject.fault(wiring.dynamodb(), "dynamodb.DeleteItem", lost):
        cloud.stream([KEY])
    cloud.sweep(timedelta(minutes=2))

    assert kinds() == ["approval"]
    assert cloud.all_keys() == []


def test_an_announcement_that_is_written_again_meanwhile_is_published_again() -> None:
    announce()

    def meanwhile() -> None:
        wiring.clock.advance(timedelta(seconds=1))
        announce()

    with inject.meanwhile(meanwhile, "sns.PublishBatch"):
        cloud.stream([KEY])
    cloud.stream(cloud.all_keys())

    assert len({notice["event_id"] for notice in cloud.sent()}) == 2
    assert cloud.all_keys() == []


@pytest.mark.parametrize("field", ["step", "kind", "to", "due_at"])
def test_an_unreadable_announcement_holds_up_no_other(field: str) -> None:
    for entry_id in ("1", "2", "3"):
        announce(entry_id)
    row = wiring.reports().table.get("NOTICE#2", "EVENT#notice", consistent=True)
    assert row
    wiring.reports().table.put(row | {field: "poison"})
    items = [(f"NOTICE#{entry_id}", "EVENT#notice") for entry_id in ("1", "2", "3")]

    assert cloud.stream(items) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert kinds() == ["approval"] * 2


@pytest.mark.parametrize("begin", [ask_for_hold, call_malicious])
def test_a_step_that_is_not_written_notifies_nobody(begin: Any) -> None:
    created = file()
    with inject.dying():
        begin(created)
    cloud.stream(cloud.all_keys())

    assert kinds() == ["report"]


@pytest.mark.parametrize("begin", [ask_for_hold, call_malicious])
def test_a_crash_right_after_a_step_leaves_its_notice_to_the_outbox(begin: Any) -> None:
    created = file()

    with inject.dying(how=inject.crash_after):
        begin(created)
    cloud.sweep(timedelta(minutes=2))

    assert sorted(kinds()) == ["approval", "report"]


@pytest.mark.parametrize(("begin", "again"), [(ask_for_hold, 1), (call_malicious, 0)])
def test_a_step_that_is_tried_again_on_a_conflict_notifies_once(begin: Any, again: int) -> None:
    created = file()

    # Complete the report's own notice, so that its HEAD is no longer as it was read.
    with inject.meanwhile(lambda: cloud.stream(cloud.all_keys())) as called:
        assert begin(created).status in (200, 201)
    # The step, the completion of the notice, the count of the new report, and the step again: an
    # end that is only proposed writes nothing that the completion has changed.
    assert len(called) == 3 + again
    cloud.stream(cloud.all_keys())

    assert kinds().count("approval") == 1
