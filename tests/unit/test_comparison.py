"""Reports that are compared together are like each other as if each had been compared by itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from threading import Barrier, Event
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.clients import AT_ONCE, at_once
from chalicelib.aws.table import Table
from chalicelib.domain.reports.incidents import DayKey, PublicDayKey, Sketch, day_of
from chalicelib.services.casework.sketches import Sketches, record_sketches
from chalicelib.store.casework.incidents import Incidents
from chalicelib.store.reports.media_rows import SketchRow

MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=12)
# A pair is noted as often as the texts, the places and the times of a group repeat themselves.
TEXTS = (
    "走失的老人穿蓝色外套，在建国路公交站附近",
    "走失的老人穿红色外套，在建国路公交站附近",
    None,
)
PLACES = ((39.921, 116.443), (39.926, 116.443), (39.99, 116.2), None)
# No bucket is ever full: which of its reports are the latest depends on what came before.
GROUPS = st.lists(
    st.tuples(
        st.sampled_from(TEXTS),
        st.sampled_from(PLACES),
        st.integers(-120, 240),
        st.sampled_from(("other", "missing_elderly")),
        st.booleans(),
    ),
    max_size=14,
)


class Rows:
    """Sketches of reports, `size` of them in a page. `same_as`: what was noted of each."""

    def __init__(self, rows: Sequence[SketchRow], size: int) -> None:
        self._rows, self._size = rows, size
        self.same_as: dict[str, str | None] = {}

    def pages(self) -> Iterator[list[SketchRow]]:
        return map(list, batched(self._rows, self._size))

    def finish(
        self, rows: Iterable[tuple[SketchRow, str | None]], time_is_left: Callable[[], bool]
    ) -> list[bool]:
        found = [(row.report_id, first) for row, first in rows]
        self.same_as.update(found)
        return [True] * len(found)


class Days:
    def keep(self, now: datetime) -> None:
        pass

    def get(self, day: date, now: datetime) -> DayKey:
        return DayKey(day, day.isoformat().encode())


class Stored:
    """A table in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}

    def get_all(self, keys: Iterable[tuple[str, str]]) -> dict[Any, Mapping[str, Any]]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.rows.update({(row["pk"], row["sk"]): row for row in rows})


def compared(rows: Sequence[SketchRow], size: int) -> tuple[Any, Any]:
    """Return all rows of the table of incidents, and what was noted of each report."""
    table, pages = Stored(), Rows(rows, size)
    sketches = Sketches(cast("Any", pages), cast("Any", Days()), Incidents(cast("Table", table)))
    done = record_sketches(sketches, now=NOW, time_is_left=lambda: True)
    assert done == {"recorded": len(rows), "lost": 0}
    return table.rows, pages.same_as


def _row(number: int, report: tuple[Any, ...]) -> SketchRow:
    text, place, minutes, category, is_critical = report
    key, at = (f"REPORT#{number:02}", "HEAD"), MIDNIGHT + timedelta(minutes=minutes)
    day = day_of(at)
    row = SketchRow(
        key, f"{number:02}", at, category, "critical" if is_critical else None, b"", is_gone=False
    )
    sealed = PublicDayKey(day, Days().get(day, NOW).public).seal(
        Sketch.of_report(text, place), row.info
    )
    return row._replace(sealed=sealed)


@given(GROUPS, st.integers(2, 14))
def test_what_is_compared_together_is_found_as_if_one_by_one(
    group: list[tuple[Any, ...]], size: int
) -> None:
    reports = sorted(group, key=lambda report: report[2])
    rows = [_row(number, report) for number, report in enumerate(reports)]
    assert compared(rows, size) == compared(rows, 1)


def test_a_group_has_what_is_compared() -> None:
    """Else the test above would hold of nothing."""
    found, same_as = compared([_row(number, (TEXTS[0], PLACES[0], number, "other", False))
                               for number in range(3)], 2)  # fmt: skip
    similar = [row["similar"] for (_, kind), row in found.items() if kind == "SIMILAR"]
    assert [len(each) for each in similar] == [2, 2, 2]
    assert same_as == {"00": None, "01": "00", "02": "00"}


def test_calls_are_made_at_once_and_their_results_stay_in_order() -> None:
    together = Barrier(AT_ONCE, timeout=30)

    def call(number: int) -> int:
        together.wait()
        return -number

    assert at_once(call, range(2 * AT_ONCE)) == [-number for number in range(2 * AT_ONCE)]
    assert at_once(call, ()) == []


def test_when_one_fails_none_is_under_way_any_more() -> None:
    failed, ended = Event(), list[int]()

    def call(number: int) -> None:
        if number == 0:
            failed.set()
            raise LookupError
        failed.wait(30)
        ended.append(number)

    with pytest.raises(LookupError):
        at_once(call, range(10 * AT_ONCE))
    before = list(ended)
    assert at_once(lambda each: each, range(AT_ONCE)) == list(range(AT_ONCE))
    assert ended == before
