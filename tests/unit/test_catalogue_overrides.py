"""Admins' changes of the catalogue are checked strictly, merged and applied."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.domain.catalogue.additions import Addition, NewCategory
from chalicelib.domain.catalogue.model import App, Catalogue, LifecycleState, catalogue
from chalicelib.domain.catalogue.overrides import Overrides, apply, restore
from chalicelib.kernel.errors import Invalid

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SEED = catalogue()


def overrides(**lists: list[dict[str, Any]]) -> Overrides:
    return Overrides.model_validate_json(json.dumps(lists))


def wrong(change: Overrides, present: Catalogue = SEED) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        apply(present, change)
    return [(error.field, error.code) for error in refusal.value.errors]


@pytest.mark.parametrize(
    ("state", "activates_at", "before", "at"),
    [
        ("planned", LATER, LifecycleState.PLANNED, LifecycleState.ACTIVE),
        ("paused", LATER, LifecycleState.PAUSED, LifecycleState.ACTIVE),
        ("planned", None, LifecycleState.PLANNED, LifecycleState.PLANNED),
        ("retired", LATER, LifecycleState.RETIRED, LifecycleState.RETIRED),
        ("active", LATER, LifecycleState.ACTIVE, LifecycleState.ACTIVE),
    ],
)
def test_the_clock_activates_what_is_planned_or_paused(
    state: str, activates_at: datetime | None, before: LifecycleState, at: LifecycleState
) -> None:
    change = {
        "code": "traffic",
        "state": state,
        "activates_at": activates_at.isoformat() if activates_at else None,
    }
    channel = apply(SEED, overrides(channels=[change])).channel("traffic")
    assert channel.state_at(LATER - timedelta(microseconds=1)) is before
    assert channel.state_at(LATER) is at


def test_a_category_is_paused_and_opened_again_and_the_others_stay() -> None:
    paused = apply(SEED, overrides(categories=[{"code": "traffic_violation", "state": "paused"}]))
    assert not paused.takes_reports("traffic_violation", NOW)
    assert all(
        paused.takes_reports(entry.code, NOW)
        for entry in SEED.categories
        if entry.code != "traffic_violation"
    )
    assert (
        apply(paused, overrides(categories=[{"code": "traffic_violation", "state": "active"}]))
        == SEED
    )


def test_a_channel_is_activated() -> None:
    assert not SEED.takes_bulletins("lost_and_found", NOW)
    assert apply(
        SEED, overrides(channels=[{"code": "lost_and_found", "state": "active"}])
    ).takes_bulletins("lost_and_found", NOW)


def test_pausing_forgets_the_date_of_an_earlier_plan() -> None:
    planned = apply(
        SEED,
        overrides(
            channels=[
                {"code": "traffic", "state": "planned", "activates_at": "2026-11-24T09:30:00Z"}
            ]
        ),
    )
    paused = apply(planned, overrides(channels=[{"code": "traffic", "state": "paused"}]))
    assert planned.takes_bulletins("traffic", LATER)
    assert not paused.takes_bulletins("traffic", LATER)


@pytest.mark.parametrize("state", ["planned", "paused", "retired"])
def test_something_else_can_never_be_switched_off(state: str) -> None:
    assert wrong(overrides(categories=[{"code": "other", "state": state}])) == [
        ("categories.0.state", "always_open")
    ]


def test_no_change_sets_shards_but_those_that_were_stored_stay() -> None:
    wider = overrides(categories=[{"code": "other", "state": "active", "shards": 8}])
    assert wrong(wider) == [("categories.0.shards", "unknown_field")]
    assert restore(SEED, wider).category("other").shards == 8
    later = wider.then(overrides(categories=[{"code": "other", "state": "active"}]))
    assert restore(SEED, later).category("other").shards == 8


def test_stored_flags_are_ignored() -> None:
    stored = '{"app": {"minimum_version": "2.0", "flags": {"video": false}}}'
    app = restore(SEED, Overrides.model_validate_json(stored)).app
    assert app == App("2.0")


def test_every_wrong_change_is_named() -> None:
    change = overrides(
        categories=[
            {"code": "burglary", "state": "active"},
            {"code": "other", "state": "active"},
            {"code": "other", "state": "active"},
        ],
        channels=[
            {"code": "traffic", "state": "active", "deadlines": {"high": 5}},
            {"code": "other", "state": "active"},
        ],
    )
    assert wrong(change) == [
        ("categories.0.code", "unknown_value"),
        ("categories.2.code", "duplicate"),
        ("channels.0.deadlines", "unknown_field"),
        ("channels.1.code", "unknown_value"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"code": "traffic"},
        {"code": "traffic", "state": "ACTIVE"},
        {"code": "traffic", "state": True},
        {"code": "traffic", "state": "active", "label": "x"},
        {"code": "traffic", "state": "planned", "activates_at": "tomorrow"},
        {"code": "traffic", "state": "planned", "activates_at": 1764000000},
        {"code": "traffic", "state": "active", "shards": "8"},
    ],
)
def test_a_change_is_read_strictly(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        overrides(channels=[change])


def test_what_is_kept_reads_back_and_later_changes_lie_over_it() -> None:
    first = overrides(
        categories=[
            {
                "code": "traffic_violation",
                "state": "paused",
                "activates_at": "2026-11-24T09:30:00Z",
                "shards": 8,
            }
        ],
        channels=[{"code": "traffic", "state": "active"}],
    )
    kept = first.then(
        overrides(
            categories=[
                {"code": "traffic_violation", "state": "active"},
                {"code": "other", "state": "active"},
            ]
        )
    )
    again = restore(SEED, Overrides.model_validate_json(kept.model_dump_json()))
    traffic = again.category("traffic_violation")
    assert (traffic.state, traffic.activates_at, traffic.shards) == (LifecycleState.ACTIVE, None, 8)
    assert again.takes_bulletins("traffic", NOW)


def test_kept_changes_that_fit_no_longer_are_left_out_and_stop_nothing() -> None:
    kept = overrides(
        categories=[
            {"code": "burglary", "state": "active"},
            {"code": "other", "state": "paused"},
            {"code": "traffic_violation", "state": "paused", "shards": 2},
        ],
        channels=[{"code": "traffic", "state": "active"}],
    )
    more = overrides(categories=[{"code": "traffic_violation", "state": "active", "shards": 4}])
    restored = restore(restore(SEED, more), kept)
    assert restored.takes_reports("other", NOW)
    assert not restored.takes_reports("traffic_violation", NOW)
    assert restored.category("traffic_violation").shards == 4
    assert restored.takes_bulletins("traffic", NOW)


def test_changes_leave_the_seed_as_it_was() -> None:
    before = copy.deepcopy(SEED)
    change = overrides(categories=[{"code": "traffic_violation", "state": "paused"}])
    assert apply(SEED, change) != before
    assert before == SEED


def test_an_added_category_that_was_kept_without_its_partitions_has_reports_in_four() -> None:
    labels = {"zh": "黑车", "en": "Unlicensed taxi"}
    new = NewCategory.model_validate({"code": "taxi", "labels": labels})
    kept = Addition.of(new).model_dump(mode="json")
    assert restore(SEED, overrides(added=[kept])).category("taxi").shards == 1
    del kept["begins_with"]
    assert restore(SEED, overrides(added=[kept])).category("taxi").shards == 4
