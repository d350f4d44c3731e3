"""The catalogue as apps read it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.catalogue.model import Catalogue, catalogue
from chalicelib.domain.catalogue.overrides import Overrides, apply
from chalicelib.domain.catalogue.view import public_view
from chalicelib.kernel.languages import LANGUAGES

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SEED = catalogue()


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


def test_the_public_view_changes_at_the_moment_of_activation_and_not_before() -> None:
    planned = planned_traffic("2026-11-24T09:30:00Z")
    assert public_view(planned, "en", NOW) == public_view(
        planned, "en", NOW + timedelta(minutes=59)
    )
    opened = public_view(planned, "en", LATER)["channels"][-1]
    assert (opened["state"], opened["activates_at"]) == ("active", None)


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
def test_the_public_view_is_json_without_internal_rules(
    language: str,
) -> None:
    view = json.dumps(public_view(SEED, language, NOW), allow_nan=False)
    assert not {"shards", "raises", "never_limited", "always_open"} & set(view.split('"'))
