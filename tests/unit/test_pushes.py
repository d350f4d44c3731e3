"""When a push goes out, and which end of a report causes one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.notices.pushes import ends_otherwise, first_push
from chalicelib.domain.reports.report import Report, Status
from chalicelib.kernel.outbox import Lane

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def report(**more: Any) -> Report:
    return Report.model_construct(**{"status": Status.NEW, **more})


CLOSED: dict[str, Any] = {"status": Status.CLOSED, "disposition": "resolved", "sealed_reason": b"1"}


def test_a_push_waits_between_five_and_thirty_five_minutes_by_chance() -> None:
    soonest = first_push(NOW, lambda below: 0)
    latest = first_push(NOW, lambda below: below - 1)
    assert soonest.due_at == NOW + timedelta(minutes=5)
    assert latest.due_at == NOW + timedelta(minutes=35, seconds=-1)
    assert soonest.lane is Lane.PUSH
    assert len({first_push(NOW).due_at for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        (report(), report(**CLOSED), True),
        (report(), report(status=Status.ACKNOWLEDGED), False),
        (report(), report(duplicate_of="R"), True),
        (report(duplicate_of="R"), report(duplicate_of="S"), False),
        (report(**CLOSED), report(), False),
        (report(**CLOSED), report(**CLOSED), False),
        (report(**CLOSED), report(**CLOSED | {"sealed_reason": b"2"}), True),
        (
            report(**CLOSED | {"disposition": None}),
            report(**CLOSED | {"disposition": "malicious"}),
            False,
        ),
    ],
)
def test_another_outcome_causes_a_push(before: Report, after: Report, causes: bool) -> None:
    assert ends_otherwise(before, after) is causes
