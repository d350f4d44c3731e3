"""The end of a report follows from its dates: when it is, what puts it off, and how far."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.reports.outlines import PUT_OFF_AT_MOST, expires_at, with_addition
from chalicelib.domain.reports.report import Disposition, Report, Status
from chalicelib.domain.reports.workflow import expiry
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from tests.stored import stored_report

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def report(status: Status = Status.CLOSED, **more: Any) -> Report:
    fields: dict[str, Any] = {"status": status}
    if status is Status.CLOSED:
        fields |= {"closed_at": NOW, "decided_at": NOW, "disposition": "resolved"}
    return stored_report(NOW, **fields | more)


def days(report: Report) -> float | None:
    end = expires_at(report)
    return (end - NOW) / DAY if end else None


@pytest.mark.parametrize(
    ("kept", "fields"),
    [
        (None, {"status": Status.NEW}),
        (90, {}),
        (30, {"disposition": "unfounded"}),
        (90, {"disposition": None}),
        (30, {"status": Status.WITHDRAWN, "closed_at": NOW, "put_off_until": NOW + 300 * DAY}),
        (30, {"source": "drill", "put_off_until": NOW + 300 * DAY}),
        (30, {"source": "drill", "status": Status.NEW}),
        (95, {"disposition": "resolved", "decided_at": NOW + 5 * DAY}),
        (100, {"put_off_until": NOW + 100 * DAY}),
        (90, {"put_off_until": NOW + 80 * DAY}),
        # Closed by a release that recorded no `decided_at`.
        (90, {"decided_at": None}),
    ],
)
def test_the_end_follows_from_the_recorded_dates(
    kept: float | None, fields: dict[str, Any]
) -> None:
    assert days(report(**fields)) == kept


@given(
    added=st.lists(st.timedeltas(timedelta(0), timedelta(days=500)), max_size=10),
    disposition=st.sampled_from([*Disposition, None]),
)
def test_what_is_added_is_kept_thirty_days_but_for_a_year_in_all(
    added: list[timedelta], disposition: str | None
) -> None:
    kept = report(disposition=disposition)
    for after in sorted(added):
        now, before = NOW + after, expires_at(kept)
        assert before
        if now >= before:
            break
        kept = kept.model_copy(update=with_addition(kept, now))
        end = expires_at(kept)
        assert end
        assert end >= before
        assert end >= min(now + 30 * DAY, NOW + PUT_OFF_AT_MOST)
        assert end <= NOW + PUT_OFF_AT_MOST


def test_a_task_that_is_due_before_the_end_stays_to_record_that_it_moved() -> None:
    early, late = (OutboxTask(TaskKind.EXPIRE, NOW + after) for after in (DAY, 2 * DAY))
    assert expiry(early, NOW + 2 * DAY) == early
    assert expiry(late, NOW + DAY) == early
    assert expiry(OutboxTask(TaskKind.NOTIFY, NOW), NOW + DAY) == early
    assert expiry(None, NOW + DAY) == early
