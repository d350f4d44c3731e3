"""The catalogue: complete in the code, changed by admins, and as apps read it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from chalicelib.domain.catalogue.additions import Addition, NewCategory
from chalicelib.domain.catalogue.model import App, Catalogue, LifecycleState, catalogue
from chalicelib.domain.catalogue.overrides import Overrides, apply, restore
from chalicelib.domain.catalogue.view import public_view
from chalicelib.kernel.city import city, read
from chalicelib.kernel.errors import Invalid
from chalicelib.kernel.languages import LANGUAGES

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
SEED = catalogue()


def test_the_seed_has_the_declared_types() -> None:
    number = {"emergency": {"number": city().emergency_number}}
    seed = json.dumps(read("catalogue.json") | number)
    assert TypeAdapter(Catalogue).validate_json(seed, strict=True, extra="forbid") == SEED


@pytest.mark.parametrize(
    "entries", [SEED.categories, SEED.channels, *(category.details for category in SEED.categories)]
)
def test_nothing_is_there_twice(entries: tuple[Any, ...]) -> None:
    codes = [getattr(entry, "code", None) or entry.name for entry in entries]
    assert len(set(codes)) == len(codes)


def test_every_channel_is_fed_by_categories_that_there_are() -> None:
    codes = {category.code for category in catalogue().categories}
    assert all(
        channel.fed_by and codes.issuperset(channel.fed_by) for channel in catalogue().channels
    )


LATER = NOW + timedelta(hours=1)


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


def test_an_added_category_that_was_kept_without_its_partitions_has_reports_in_four() -> None:
    labels = {"zh": "黑车", "en": "Unlicensed taxi"}
    new = NewCategory.model_validate({"code": "taxi", "labels": labels})
    kept = Addition.of(new).model_dump(mode="json")
    assert restore(SEED, overrides(added=[kept])).category("taxi").shards == 1
    del kept["begins_with"]
    assert restore(SEED, overrides(added=[kept])).category("taxi").shards == 4


def planned_traffic(activates_at: str) -> Catalogue:
    change = {"code": "traffic", "state": "planned", "activates_at": activates_at}
    return apply(SEED, Overrides.model_validate_json(json.dumps({"channels": [change]})))


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
    planned = planned_traffic("2026-11-24T17:30:00+08:00")
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_view_is_json_without_internal_rules(language: str) -> None:
    view = json.dumps(public_view(SEED, language, NOW), allow_nan=False)
    assert not {"shards", "raises", "never_limited", "always_open"} & set(view.split('"'))
