"""The load level rises at once, falls slowly, and is what an officer has set until that ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.flood.load_level import (
    ALL,
    LoadLevel,
    LoadState,
    Override,
    next_level,
    usual_of,
)
from chalicelib.store.flood.load_level import read_state

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
COUNTS = st.dictionaries(st.sampled_from(["other", "noise", "fire"]), st.integers(0, 10_000))


@pytest.mark.parametrize(
    ("count", "level"), [(0, 0), (19, 0), (20, 1), (59, 1), (60, 2), (199, 2), (200, 3), (9_999, 3)]
)
def test_the_number_in_a_minute_makes_the_level(count: int, level: int) -> None:
    assert next_level(LoadLevel.NORMAL, [{"other": count}], {}) == level


def test_a_flood_over_many_categories_is_one() -> None:
    spread = {f"category {n}": 15 for n in range(4)}
    assert next_level(LoadLevel.NORMAL, [spread], {}) is LoadLevel.BUSY


def test_what_is_usual_here_is_no_flood() -> None:
    assert next_level(LoadLevel.NORMAL, [{"other": 60}], {"other": 30, ALL: 30}) == 0
    assert next_level(LoadLevel.NORMAL, [{"other": 120}], {"other": 30, ALL: 30}) == 1


def test_it_falls_one_step_when_all_minutes_were_low() -> None:
    present = LoadLevel.HEAVY_FLOOD
    assert next_level(present, [{"other": 100}, {"other": 1}], {}) is present
    assert next_level(present, [{"other": 99}, {"other": 1}], {}) is LoadLevel.FLOOD
    assert next_level(LoadLevel.FLOOD, [], {}) is LoadLevel.BUSY
    assert next_level(LoadLevel.BUSY, [], {}) is LoadLevel.NORMAL


@given(st.sampled_from(LoadLevel), st.lists(COUNTS, max_size=11))
def test_the_same_minutes_never_let_it_rise_and_fall(
    present: LoadLevel, minutes: list[dict[str, int]]
) -> None:
    first = next_level(present, minutes, {})
    second = next_level(first, minutes, {})
    assert (first >= present) or (second <= first)
    if first > present:
        assert second == first


def test_three_days_of_flood_do_not_become_usual() -> None:
    quiet, flood = {"other": 1_440}, {"other": 1_440_000}
    assert usual_of([quiet] * 4 + [flood] * 3) == {"other": 1.0, ALL: 1.0}
    assert usual_of([{}] * 7) == {ALL: 0.0}


def test_what_an_officer_sets_counts_until_it_ends() -> None:
    state = LoadState(LoadLevel.BUSY, Override(LoadLevel.NORMAL, NOW))
    assert state.level_at(NOW - timedelta(seconds=1)) is LoadLevel.NORMAL
    assert state.level_at(NOW) is LoadLevel.BUSY


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"automatic": 9},
        {"automatic": "high"},
        {"override_until": "soon", "override_level": 1},
        {"override_until": "2026-11-24T08:30:00.000Z"},
    ],
)
def test_a_row_that_cannot_be_read_is_level_0(row: dict[str, object] | None) -> None:
    assert read_state(row) == LoadState()
