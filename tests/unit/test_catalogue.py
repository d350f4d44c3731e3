"""The catalogue: complete in the code, changed by admins, and as apps read it."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.domain.catalogue.additions import Addition, NewCategory
from chalicelib.domain.catalogue.model import LifecycleState, catalogue
from chalicelib.domain.catalogue.overrides import Overrides, apply, restore
from chalicelib.domain.catalogue.view import public_view

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
SEED = catalogue()


def test_six_categories_are_open_with_their_urgencies() -> None:
    assert [(entry.code, entry.state_at(NOW), entry.urgency) for entry in SEED.categories] == [
        ("child_abduction", LifecycleState.ACTIVE, "critical"),
        ("suspected_offender", LifecycleState.ACTIVE, "normal"),
        ("missing_elderly", LifecycleState.ACTIVE, "high"),
        ("traffic_violation", LifecycleState.ACTIVE, "normal"),
        ("lost_and_found", LifecycleState.ACTIVE, "normal"),
        ("other", LifecycleState.ACTIVE, "normal"),
    ]


def test_two_channels_are_open_and_three_are_to_come() -> None:
    assert {entry.code: entry.state_at(NOW) for entry in SEED.channels} == {
        "key_cases": LifecycleState.ACTIVE,
        "missing_persons": LifecycleState.ACTIVE,
        "lost_and_found": LifecycleState.PLANNED,
        "criminal_suspects": LifecycleState.PLANNED,
        "traffic": LifecycleState.PLANNED,
    }


def test_abuse_controls_spare_missing_children_and_elderly() -> None:
    assert {entry.code for entry in SEED.categories if entry.never_limited} == {
        "child_abduction",
        "missing_elderly",
    }


def test_a_missing_persons_bulletin_needs_a_guardians_consent() -> None:
    assert [entry.code for entry in SEED.channels if entry.guardian_consent] == ["missing_persons"]


LATER = NOW + timedelta(hours=1)


def overrides(**lists: list[dict[str, Any]]) -> Overrides:
    return Overrides.model_validate_json(json.dumps(lists))


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


def test_the_public_view_speaks_the_callers_language() -> None:
    english, chinese = (public_view(SEED, language, NOW) for language in ("en", "zh"))
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
    at = "2026-11-24T17:30:00+08:00"
    change = {"code": "traffic", "state": "planned", "activates_at": at}
    planned = apply(SEED, overrides(channels=[change]))
    channel = public_view(planned, "en", NOW)["channels"][-1]
    assert channel == {
        "code": "traffic",
        "label": "Traffic",
        "state": "planned",
        "state_label": "Coming soon",
        "activates_at": "2026-11-24T09:30:00.000Z",
        "guardian_consent": False,
        "fed_by": ["traffic_violation"],
    }


def test_the_public_view_declares_the_fields_that_are_checked() -> None:
    category = public_view(SEED, "en", NOW)["categories"][1]
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


def test_the_public_view_has_the_limits_the_number_and_the_version() -> None:
    view = public_view(SEED, "en", NOW)
    parts = {"categories", "channels", "districts", "oversight", "limits", "emergency", "app"}
    assert view.keys() == parts
    assert view["limits"]["text_max"] == 4000
    assert view["limits"]["media_per_call"] == 5
    assert {"content_type": "image/heic", "kind": "image", "max_bytes": 25 * 1024 * 1024} in view[
        "limits"
    ]["media"]
    assert view["emergency"]["number"] == view["app"]["emergency_number"] == "110"
    assert "110" in view["emergency"]["text"]
    assert view["app"]["minimum_version"]
