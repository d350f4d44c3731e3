"""The order of the list by attention, as it is documented, and where lists look for each report."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.attention import (
    RANKS_OF_ATTENTION,
    RANKS_OF_CRITICAL,
    RANKS_OF_OPEN,
    RANKS_OF_STATUS,
    RANKS_WITH_UNREAD,
    Rank,
    rank_of,
)
from chalicelib.domain.reports.report import OPEN_STATUSES, Flag, Proposal, Report, Status
from chalicelib.domain.second_person import Awaiting, TwoPersonStep
from tests.stored import stored_report

DOCS = Path(__file__).parents[2] / "docs"
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
PENDING = (Awaiting(TwoPersonStep.HOLD, "wang", NOW + timedelta(days=9)),)
DAY = timedelta(days=1)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    fields: dict[str, Any] = {
        "status": draw(st.sampled_from(Status)),
        "urgency": draw(st.sampled_from(Urgency)),
        "flags": draw(st.sampled_from([(), (Flag.OVERDUE,), (Flag.OUTSIDE,)])),
        "unread": draw(st.integers(0, 2)),
        "unread_media": draw(st.integers(0, 1)),
        "review_due_at": draw(st.sampled_from([None, NOW])),
        "source": draw(st.sampled_from([None, None, None, "drill"])),
        "category": draw(st.sampled_from(["other", "other", OVERSIGHT])),
        "turn": draw(st.sampled_from([None, 0, 1, 2])),
    }
    if fields["status"] in (Status.NEW, Status.ACKNOWLEDGED):
        fields["unproven"] = draw(st.booleans())
        fields["in_burst"] = fields["unproven"] and draw(st.booleans())
    return stored_report(NOW, **fields)


def documented(report: Report) -> tuple[int, ...]:
    """Return where a report stands by the numbers of docs/officers.md, and within one of these."""
    unread = report.unread + report.unread_media > 0
    new, late = report.status is Status.NEW, Flag.OVERDUE in report.flags
    critical, high = report.urgency is Urgency.CRITICAL, report.urgency is Urgency.HIGH
    waits, turn = report.unproven and report.turn is None, report.turn or 0
    if report.status not in OPEN_STATUSES:
        return (6,) if unread and report.status is Status.CLOSED else (9,)
    if waits and report.in_burst:
        return (8, 2) if report.category == OVERSIGHT else (3,)
    if report.source == "drill":
        return (6,) if unread else (8, 1)
    if new and critical:
        return (3,) if waits else (1, turn)
    if new and high:
        return (3, 2) if waits else (3, 1, turn) if turn else (2, not late)
    if report.review_due_at:
        return (1, 2) if critical else (3, 1, 2) if high else (5,)
    if critical or high:
        return (4, high, not unread)
    return (5,) if new and late else (6,) if unread else (7,) if _is_normal(report) else (8, 1)


def _is_normal(report: Report) -> bool:
    return report.urgency is Urgency.NORMAL


@given(reports(), reports())
def test_the_order_is_that_which_is_documented(one: Report, other: Report) -> None:
    ranks = [rank_of(each, PENDING) for each in (one, other)]
    places = [documented(each) for each in (one, other)]
    assert (ranks[0] < ranks[1], ranks[0] == ranks[1]) == (
        places[0] < places[1],
        places[0] == places[1],
    )


@given(reports(), st.sampled_from([(), PENDING]))
def test_a_list_looks_where_each_of_its_reports_may_be(
    report: Report, pending: tuple[Awaiting, ...]
) -> None:
    rank = rank_of(report, pending)
    if rank is Rank.DONE:
        assert report.status not in OPEN_STATUSES
        return
    assert rank in RANKS_OF_STATUS[report.status]
    assert rank in RANKS_OF_ATTENTION
    assert rank in RANKS_OF_OPEN or report.status not in OPEN_STATUSES
    # What came in a burst and has something unread is found there.
    unread = report.unread + report.unread_media > 0 and report.status is not Status.WITHDRAWN
    assert rank in RANKS_WITH_UNREAD or not unread
    is_new = report.status is Status.NEW and report.urgency is Urgency.CRITICAL
    assert not is_new or rank in RANKS_OF_CRITICAL | {Rank.LOW, Rank.UNREAD, Rank.BEHIND}


# The ranks of 0.2.0rc1 and of the builds since: a row keeps its own until `make migrate`.
BEFORE = {
    Status.NEW: ("0", "01", "02", "1", "2", "3", "4", "42"),
    Status.ACKNOWLEDGED: ("1", "2", "3", "4", "42"),
    Status.IN_PROGRESS: ("2", "3", "4"),
    Status.CLOSED: ("3", "5"),
    Status.WITHDRAWN: ("5",),
}


@pytest.mark.parametrize("status", Status)
def test_a_list_looks_where_the_release_before_has_placed_its_reports(status: Status) -> None:
    assert RANKS_OF_STATUS[status].issuperset(map(Rank, BEFORE[status]))
    unread = {"0", "01", "02", "1", "2", "3"}.intersection(BEFORE[status])
    assert RANKS_WITH_UNREAD.issuperset(map(Rank, unread))
    is_open = status in OPEN_STATUSES
    assert not is_open or RANKS_OF_OPEN.issuperset(map(Rank, BEFORE[status]))


@given(reports().filter(lambda report: report.status in OPEN_STATUSES))
def test_an_end_that_waits_changes_no_rank(report: Report) -> None:
    ends = Proposal(disposition="unfounded", by="wang", at=NOW)
    proposed = report.model_copy(update={"proposal": ends})
    steps = (Awaiting(TwoPersonStep.CLOSING, "wang"), *PENDING)
    assert rank_of(proposed, steps) == rank_of(report, ())


def test_each_rank_has_its_line_in_the_decision() -> None:
    text = (DOCS / "adr" / "0035-attention.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\d+)` \| .+ \|$", text, re.MULTILINE) == [*map(str, Rank)]


def test_ranks_sort_as_they_are_written() -> None:
    """In the index `#` follows a rank, which must sort before the digits of a longer one."""
    assert sorted(Rank) == list(Rank)
    places = [f"{rank}#2026-11-25T09:30:00.000Z#A" for rank in Rank]
    assert sorted(places) == places
    assert all(one < other for one, other in itertools.pairwise(places))
