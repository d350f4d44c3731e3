import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.domain import catalogue as module
from chalicelib.domain.catalogue import Catalogue, Overrides, State, WrongFields, catalogue
from chalicelib.domain.languages import LANGUAGES

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SEED = catalogue()


def overrides(**lists: list[dict[str, Any]]) -> Overrides:
    return Overrides.model_validate_json(json.dumps(lists))


def wrong(change: Overrides, present: Catalogue = SEED) -> list[tuple[str, str]]:
    with pytest.raises(WrongFields) as refusal:
        present.with_overrides(change)
    return [(error.field, error.code) for error in refusal.value.errors]


def test_six_categories_are_open_with_their_urgencies() -> None:
    assert [(entry.code, entry.state_at(NOW), entry.urgency) for entry in SEED.categories] == [
        ("child_abduction", State.ACTIVE, "critical"),
        ("suspected_offender", State.ACTIVE, "normal"),
        ("missing_elderly", State.ACTIVE, "high"),
        ("traffic_violation", State.ACTIVE, "normal"),
        ("lost_and_found", State.ACTIVE, "normal"),
        ("other", State.ACTIVE, "normal"),
    ]


def test_two_channels_are_open_and_three_are_to_come() -> None:
    assert {entry.code: entry.state_at(NOW) for entry in SEED.channels} == {
        "key_cases": State.ACTIVE,
        "missing_persons": State.ACTIVE,
        "lost_and_found": State.PLANNED,
        "criminal_suspects": State.PLANNED,
        "traffic": State.PLANNED,
    }


def test_abuse_controls_spare_missing_children_and_elderly() -> None:
    assert {entry.code for entry in SEED.categories if entry.never_limited} == {
        "child_abduction",
        "missing_elderly",
    }


def test_a_missing_persons_bulletin_needs_a_guardians_consent() -> None:
    assert [entry.code for entry in SEED.channels if entry.guardian_consent] == ["missing_persons"]


@pytest.mark.parametrize(
    ("state", "activates_at", "before", "at"),
    [
        ("planned", LATER, State.PLANNED, State.ACTIVE),
        ("paused", LATER, State.PAUSED, State.ACTIVE),
        ("planned", None, State.PLANNED, State.PLANNED),
        ("retired", LATER, State.RETIRED, State.RETIRED),
        ("active", LATER, State.ACTIVE, State.ACTIVE),
    ],
)
def test_the_clock_activates_what_is_planned_or_paused(
    state: str, activates_at: datetime | None, before: State, at: State
) -> None:
    change = {
        "code": "traffic",
        "state": state,
        "activates_at": activates_at.isoformat() if activates_at else None,
    }
    channel = SEED.with_overrides(overrides(channels=[change])).channel("traffic")
    assert channel.state_at(LATER - timedelta(microseconds=1)) is before
    assert channel.state_at(LATER) is at


def test_a_category_is_paused_and_opened_again_and_the_others_stay() -> None:
    paused = SEED.with_overrides(
        overrides(categories=[{"code": "traffic_violation", "state": "paused"}])
    )
    assert not paused.takes_reports("traffic_violation", NOW)
    assert all(
        paused.takes_reports(entry.code, NOW)
        for entry in SEED.categories
        if entry.code != "traffic_violation"
    )
    assert (
        paused.with_overrides(
            overrides(categories=[{"code": "traffic_violation", "state": "active"}])
        )
        == SEED
    )


def test_a_channel_is_activated() -> None:
    assert not SEED.takes_bulletins("lost_and_found", NOW)
    assert SEED.with_overrides(
        overrides(channels=[{"code": "lost_and_found", "state": "active"}])
    ).takes_bulletins("lost_and_found", NOW)


def test_pausing_forgets_the_date_of_an_earlier_plan() -> None:
    planned = SEED.with_overrides(
        overrides(
            channels=[
                {"code": "traffic", "state": "planned", "activates_at": "2026-11-24T09:30:00Z"}
            ]
        )
    )
    paused = planned.with_overrides(overrides(channels=[{"code": "traffic", "state": "paused"}]))
    assert planned.takes_bulletins("traffic", LATER)
    assert not paused.takes_bulletins("traffic", LATER)


@pytest.mark.parametrize("state", ["planned", "paused", "retired"])
def test_something_else_can_never_be_switched_off(state: str) -> None:
    assert wrong(overrides(categories=[{"code": "other", "state": state}])) == [
        ("categories.0.state", "always_open")
    ]


def test_shards_only_grow() -> None:
    grown = SEED.with_overrides(
        overrides(categories=[{"code": "other", "state": "active", "shards": 8}])
    )
    assert grown.category("other").shards == 8
    assert wrong(
        overrides(categories=[{"code": "other", "state": "active", "shards": 7}]), grown
    ) == [("categories.0.shards", "shards_only_grow")]
    untouched = grown.with_overrides(overrides(categories=[{"code": "other", "state": "active"}]))
    assert untouched.category("other").shards == 8


def test_every_wrong_change_is_named() -> None:
    change = overrides(
        categories=[
            {"code": "burglary", "state": "active"},
            {"code": "other", "state": "active"},
            {"code": "other", "state": "active"},
        ],
        channels=[
            {"code": "traffic", "state": "active", "shards": 8},
            {"code": "other", "state": "active"},
        ],
    )
    assert wrong(change) == [
        ("categories.0.code", "unknown_value"),
        ("categories.2.code", "duplicate"),
        ("channels.0.shards", "unknown_field"),
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
        {"code": "traffic", "state": "active", "shards": 0},
        {"code": "traffic", "state": "active", "shards": 65},
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
    again = SEED.restored(Overrides.model_validate_json(kept.model_dump_json()))
    traffic = again.category("traffic_violation")
    assert (traffic.state, traffic.activates_at, traffic.shards) == (State.ACTIVE, None, 8)
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
    restored = SEED.restored(kept)
    assert restored.takes_reports("other", NOW)
    assert not restored.takes_reports("traffic_violation", NOW)
    assert (
        restored.category("traffic_violation").shards == SEED.category("traffic_violation").shards
    )
    assert restored.takes_bulletins("traffic", NOW)


def test_changes_leave_the_seed_as_it_was() -> None:
    before = copy.deepcopy(SEED)
    assert (
        SEED.with_overrides(
            overrides(categories=[{"code": "traffic_violation", "state": "paused", "shards": 64}])
        )
        != before
    )
    assert before == SEED


def test_the_public_view_speaks_the_callers_language() -> None:
    english, chinese = (SEED.public_view(language, NOW) for language in ("en", "zh"))
    assert [entry["label"] for entry in chinese["categories"]] == [
        "儿童拐卖",
        "疑似嫌犯",
        "老人走失",
        "肇事违章",
        "遗失招领",
        "其他举报",
    ]
    assert [entry["label"] for entry in chinese["channels"]] == [
        "要案",
        "寻人",
        "招领",
        "嫌犯",
        "车辆",
    ]
    assert english["categories"][0]["label"] == "Child abduction"
    assert {"code": "chaoyang", "label": "朝阳区"} in chinese["districts"]


def test_the_public_view_lists_planned_channels_as_coming_with_their_date() -> None:
    planned = SEED.with_overrides(
        overrides(
            channels=[
                {"code": "traffic", "state": "planned", "activates_at": "2026-11-24T17:30:00+08:00"}
            ]
        )
    )
    channel = planned.public_view("en", NOW)["channels"][-1]
    assert channel == {
        "code": "traffic",
        "label": "Traffic",
        "state": "planned",
        "state_label": "Coming soon",
        "activates_at": "2026-11-24T09:30:00.000Z",
        "guardian_consent": False,
    }


def test_the_public_view_changes_at_the_moment_of_activation_and_not_before() -> None:
    planned = SEED.with_overrides(
        overrides(
            channels=[
                {"code": "traffic", "state": "planned", "activates_at": "2026-11-24T09:30:00Z"}
            ]
        )
    )
    assert planned.public_view("en", NOW) == planned.public_view("en", NOW + timedelta(minutes=59))
    opened = planned.public_view("en", LATER)["channels"][-1]
    assert (opened["state"], opened["activates_at"]) == ("active", None)


def test_the_public_view_declares_the_fields_that_are_checked() -> None:
    category = SEED.public_view("en", NOW)["categories"][1]
    weapon = next(field for field in category["details"] if field["name"] == "weapon")
    assert (category["code"], category["details_version"]) == ("suspected_offender", 1)
    assert weapon == {
        "name": "weapon",
        "label": "Is there a weapon?",
        "required": False,
        "type": "choice",
        "options": [
            {"code": "none", "label": "No"},
            {"code": "seen", "label": "Yes, seen"},
            {"code": "used", "label": "Yes, used"},
            {"code": "unknown", "label": "Not known"},
        ],
    }


def test_the_public_view_tells_apps_the_limits_the_number_and_the_version() -> None:
    view = SEED.public_view("en", NOW)
    assert view.keys() == {"categories", "channels", "districts", "limits", "emergency", "app"}
    assert view["limits"]["text_max"] == 4000
    assert view["limits"]["media_per_call"] == 5
    assert {"content_type": "image/heic", "kind": "image", "max_bytes": 25 * 1024 * 1024} in view[
        "limits"
    ]["media"]
    assert view["emergency"]["number"] == view["app"]["emergency_number"] == "110"
    assert "110" in view["emergency"]["text"]
    assert view["app"]["minimum_version"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_view_is_json_and_holds_no_rule_that_is_not_for_the_public(
    language: str,
) -> None:
    view = json.dumps(SEED.public_view(language, NOW), allow_nan=False)
    assert not {"shards", "raises", "never_limited", "always_open"} & set(view.split('"'))


def test_the_seed_has_the_declared_types() -> None:
    seed = (Path(module.__file__).parent / "catalogue.json").read_bytes()
    assert TypeAdapter(Catalogue).validate_json(seed, strict=True, extra="forbid") == SEED


@pytest.mark.parametrize(
    "entries", [SEED.categories, SEED.channels, *(category.details for category in SEED.categories)]
)
def test_nothing_stands_twice(entries: tuple[Any, ...]) -> None:
    codes = [getattr(entry, "code", None) or entry.name for entry in entries]
    assert len(set(codes)) == len(codes)
