"""The sweep counts critical reports that no officer acknowledges. An alarm watches the number."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, change_report, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

CRITICAL = "child_abduction"


def file(aws: Mapping[str, str], category: str = CRITICAL) -> dict[str, Any]:
    """Create a report and publish its notice, which makes the escalation its next task."""
    created = call("POST", "/v1/reports", report(category), key=new_key()).json
    cloud.stream(cloud.all_keys(aws))
    return dict(created)


def counts(minutes: int, caplog: pytest.LogCaptureFixture) -> list[int]:
    """Return the numbers that the sweeps of the next minutes log."""
    caplog.clear()
    caplog.set_level(logging.INFO)
    for _ in range(minutes):
        wiring.clock.advance(timedelta(minutes=1))
        cloud.sweep()
    return [record.unacknowledged for record in caplog.records if hasattr(record, "unacknowledged")]


def test_a_critical_report_is_counted_from_ten_minutes_on(
    aws: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    file(aws)
    file(aws)
    assert counts(40, caplog) == [0] * 9 + [2] * 31


def test_a_row_without_a_kind_of_task_does_not_end_the_count(
    aws: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    file(aws)
    row = {"pk": "REPORT#X", "sk": "HEAD", "task_shard": "TASK#0", "task_at": "2026", "due_at": "x"}
    wiring.reports().table.put(row)
    assert counts(12, caplog) == [0] * 9 + [1] * 3


def test_an_acknowledged_report_is_not_counted(
    aws: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    cloud.officer("wang")
    created = file(aws)
    assert counts(12, caplog)[-1] == 1
    change_report(created["id"], 1, status="acknowledged")
    assert counts(2, caplog) == [0, 0]


def test_a_report_that_is_not_critical_is_not_counted(
    aws: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    file(aws, "other")
    assert set(counts(20, caplog)) == {0}


def test_an_old_report_that_becomes_critical_is_counted_after_its_first_escalation(
    aws: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    cloud.officer("wang")
    created = file(aws, "other")
    wiring.clock.advance(timedelta(hours=3))
    change_report(created["id"], 1, urgency="critical")
    seen = counts(8, caplog)
    assert (seen[0], seen[-1]) == (0, 1)
