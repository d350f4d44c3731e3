"""Officers' input for a bulletin is checked strictly, and its place is made less exact."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.domain.bulletins.area import Area, area_label
from chalicelib.domain.bulletins.requests import Draft, Resolution, Withdrawal
from chalicelib.kernel import geo


def draft(**more: Any) -> Draft:
    fields = {"channel": "key_cases", "title": {"en": "Title"}, "body": {"en": "Body"}} | more
    return Draft.model_validate(fields)


def kept(**place: Any) -> dict[str, str]:
    area = draft(area=place).area
    assert isinstance(area, Area)
    return area.coarse()


@pytest.mark.parametrize(
    "fields",
    [
        {"title": {}},
        {"title": {"en": " "}},
        {"title": {"qq": "Title"}},
        {"title": {"en": "x" * 201}},
        {"body": {"en": "x" * 4001}},
        {"body": {"en": "\u202etext"}},
        {"title": "Title"},
        {"area": {}},
        {"area": {"lat": 39.9}},
        {"area": {"district": "atlantis"}},
        {"channel": "gossip"},
        {"about": "dog"},
        {"state": "published"},
        {"media": ["1" * 16]},
        {"guardian_consent": "yes"},
    ],
)
def test_what_cannot_be_a_draft_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(**fields)


def test_only_the_cell_of_a_place_is_kept() -> None:
    area = kept(lat=39.93291, lon=116.47811, district="chaoyang")
    assert area == {"district": "chaoyang", "geohash": "wx4g4"}


@pytest.mark.parametrize(
    ("point", "district"),
    [({"lat": 39.93291, "lon": 116.47811}, "chaoyang"), ({"lat": 31.23, "lon": 121.47}, "outside")],
)
def test_the_district_of_a_point_is_worked_out(point: dict[str, float], district: str) -> None:
    assert kept(**point) == {
        "district": district,
        "geohash": geo.encode(point["lat"], point["lon"]),
    }


@pytest.mark.parametrize(
    ("area", "zh", "en"),
    [
        (None, None, None),
        ("chaoyang", "朝阳区", "Chaoyang"),
        ("The park", "The park", "The park"),
        ({"district": "haidian", "text": "A gate"}, "海淀区 A gate", "A gate, Haidian"),
        ({"district": "haidian", "text": "11 号院"}, "海淀区 11 号院", "11 号院, Haidian"),
        ({"district": "haidian", "text": "颐和园 E"}, "海淀区颐和园 E", "颐和园 E, Haidian"),
        ({"district": "haidian", "text": "“老地方”"}, "海淀区“老地方”", "“老地方”, Haidian"),
        ({"district": "haidian", "text": "Парк"}, "海淀区 Парк", "Парк, Haidian"),
        ({"district": "haidian", "text": "海淀区北门"}, "海淀区北门", "海淀区北门, Haidian"),
        ({"geohash": "wx4g4"}, "wx4g4", "wx4g4"),
        ({"district": "outside", "geohash": "wx4g4"}, "辖区以外", "Outside the area"),
        ("outside", "辖区以外", "Outside the area"),
    ],
)
def test_an_area_reads_in_both_languages(area: Any, zh: str | None, en: str | None) -> None:
    assert (area_label(area, "zh"), area_label(area, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [(Resolution, "outcome", "found"), (Withdrawal, "reason", "published_in_error")],
)
def test_words_may_be_left_out_and_are_never_null(
    body: type[Resolution | Withdrawal], name: str, code: str
) -> None:
    assert body.model_validate({"code": code}).ending.words is None
    with pytest.raises(ValidationError):
        body.model_validate({"code": code, name: None})
