"""Crashes while the watch counts: a batch that Lambda delivers again counts nothing twice, and no
notice is lost or sent for what it was sent for before.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.handlers import watch
from chalicelib.store.audit.rows import Action, Entry, of_report
from tests import cloud, events
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
WRITES = ("dynamodb.UpdateItem", "dynamodb.TransactWriteItems")


def batch(count: int) -> list[dict[str, Any]]:
    audit = wiring.audit()
    entries = [Entry(of_report("01ABC"), "wang", Action.OPEN, AT) for _ in range(count)]
    return events.audit_stream([audit.item(entry).arguments["Item"] for entry in entries])


def seal(records: list[dict[str, Any]]) -> None:
    watch.seal_audit({"Records": records}, None)


def counted() -> list[int]:
    cloud.stream(cloud.all_keys())
    return [each["count"] for each in cloud.sent() if each["kind"] == "watch"]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("dies", [inject.crash, inject.crash_after])
def test_a_function_that_dies_at_any_write_notifies_once(write: str, dies: Any) -> None:
    records = batch(101)
    with inject.dying(write, how=dies):
        seal(records)
    seal(records)
    assert counted() == [101]
    seal(records)
    assert counted() == [101]


@pytest.mark.parametrize("write", WRITES)
def test_a_lost_response_counts_and_notifies_once(write: str) -> None:
    with inject.fault(wiring.dynamodb(), write, inject.times(1, inject.lose_response)):
        seal(batch(101))
    assert counted() == [101]
    seal(batch(99))
    assert counted() == [101]


def test_of_two_functions_at_once_each_doubling_is_notified_once() -> None:
    with inject.meanwhile(lambda: seal(batch(100))):
        seal(batch(101))
    assert counted() == [201]


def test_a_stage_that_is_behind_notifies_when_it_has_caught_up() -> None:
    down = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", down):
        seal(batch(101))
    assert counted() == []
    seal(batch(1))
    assert counted() == [102]
