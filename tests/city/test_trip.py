"""What holds for any city: CITY names the one that runs, else it is Chaoyang.

`make city CITY=path` runs this folder for another city, and `tests/cities` does for an invented
one. So nothing here knows a code, a name or a number of any city.
"""

import html
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from shapely.geometry import shape

from app import app
from chalicelib import wiring
from chalicelib.domain.catalogue.model import Category, Channel, catalogue
from chalicelib.domain.notices.notice import SUBJECT_MAX
from chalicelib.kernel import geo
from chalicelib.kernel.city import city, read
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, text
from infra.local.gateway.gateway import Gateway
from tests import cloud
from tests.client import Reply, call, new_key, read_and_approve

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
AREAS = {feature["properties"]["code"]: feature for feature in read("areas.geojson")["features"]}
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def officers(clean: None) -> Iterator[None]:
    wiring.reset()
    for username in ("li", "zhao"):
        cloud.officer(username)
    cloud.forget_sent()
    yield
    wiring.reset()


def place_in(code: str) -> dict[str, float]:
    point = shape(AREAS[code]["geometry"]).representative_point()
    return {"lat": point.y, "lon": point.x}


def an_open_category() -> Category:
    return next(each for each in catalogue().categories if each.always_open)


def an_open_channel() -> Channel:
    now = datetime.now(UTC)
    return next(each for each in catalogue().channels if each.state_at(now) == "active")


def sent(language: str = DEFAULT, **more: Any) -> Reply:
    body = {"category": an_open_category().code, "text": "A."} | more
    return call("POST", "/v1/reports", body, key=new_key(), headers={"Accept-Language": language})


def published() -> str:
    """Publish a bulletin in every language, and return its path."""
    content = {
        "channel": an_open_channel().code,
        "title": {language: f"Title {language}" for language in LANGUAGES},
        "body": {language: f"Body {language}" for language in LANGUAGES},
        "area": place_in(geo.districts()[0]),
        "guardian_consent": True,
    }
    drafted = call("POST", "/v1/officer/bulletins", content, officer="li").expect(201)
    read_and_approve(f"/v1/officer/bulletins/{drafted['id']}/approve", "zhao").expect(200)
    return f"/v1/bulletins/{drafted['id']}"


@each_language
def test_a_report_is_confirmed_in_its_language_with_the_emergency_number(language: str) -> None:
    reply = sent(language).expect(201)
    assert reply["emergency"]["number"] == city().emergency_number
    assert city().emergency_number in reply["emergency"]["text"]
    assert reply["emergency"]["text"] == text("emergency.text", language)


@pytest.mark.parametrize("code", geo.districts())
def test_a_report_belongs_to_the_district_of_its_place(code: str) -> None:
    assert sent(location=place_in(code)).json["district"] == code


@pytest.mark.parametrize("code", geo.stations())
def test_a_report_belongs_to_the_station_of_its_place(code: str) -> None:
    created = sent(location=place_in(code)).json
    opened = call("GET", f"/v1/officer/reports/{created['id']}", officer="li")

    assert opened.json["station"] == code


def test_a_place_elsewhere_is_outside() -> None:
    first = place_in(geo.districts()[0])
    elsewhere = {"lat": -first["lat"], "lon": (first["lon"] + 360) % 360 - 180}

    assert sent(location=elsewhere).json["district"] == geo.OUTSIDE


@pytest.mark.parametrize("datum", geo.Datum)
def test_a_place_is_taken_in_the_datums_of_the_city(datum: geo.Datum) -> None:
    reply = sent(location=place_in(geo.districts()[0]) | {"datum": datum.value})

    if datum in city().datums:
        assert reply.status == 201
    else:
        [error] = reply.json["errors"]
        assert (error["field"], error["code"]) == ("location.datum", "unknown_value")
        assert error["allowed"] == list(city().datums)


@each_language
def test_every_category_takes_a_report_and_every_label_is_there(language: str) -> None:
    view = call("GET", "/v1/catalogue", headers={"Accept-Language": language}).json

    assert [each["code"] for each in view["categories"]] == [
        each.code for each in catalogue().categories
    ]
    for category in catalogue().categories:
        if category.state_at(datetime.now(UTC)) == "active":
            assert sent(language, category=category.code).status == 201


def test_a_notice_is_in_every_language_and_its_sms_in_the_first() -> None:
    district = geo.districts()[-1]
    created = sent(location=place_in(district)).json
    cloud.stream(cloud.all_keys())
    [notice] = cloud.sent()

    assert len(notice["subject"]) <= SUBJECT_MAX
    said, first = notice["forms"]["email"], city().languages[0]
    places = [said.index(text(f"district.{district}", each)) for each in city().languages]
    assert places == sorted(places)
    assert text(f"district.{district}", first) in notice["forms"]["sms"]
    assert all(created["reference"] in each for each in notice["forms"].values())


@each_language
def test_an_error_is_in_the_language_asked_for(language: str) -> None:
    reply = call("GET", "/v1/bulletins/none", headers={"Accept-Language": language})

    assert reply.json["title"] == text("error.not_found.title", language)


@pytest.mark.parametrize("kind", ["THROTTLED", "INTEGRATION_FAILURE"])
def test_the_gateways_own_response_is_in_every_language_with_the_number(kind: str) -> None:
    problem = json.loads(Gateway(app).refuse(kind).body)

    said = [text(f"error.{problem['code']}.detail", language) for language in city().languages]
    assert problem["detail"] == " / ".join(said)
    assert all(city().emergency_number in each for each in said)


@each_language
def test_a_bulletin_is_in_the_feed_in_its_language_and_by_the_citys_clock(language: str) -> None:
    bulletin = call("GET", published(), headers={"Accept-Language": language}).json
    feed = call("GET", "/v1/bulletins/feed.json", headers={"Accept-Language": language}).json

    assert feed["authors"] == [{"name": text("bulletin.sender", language)}]
    [item] = feed["items"]
    assert item["title"] == f"Title {language}"
    ends = datetime.fromisoformat(bulletin["expires_at"]).astimezone(ZoneInfo(city().time_zone))
    assert f"{ends:%Y-%m-%d %H:%M}" in item["content_text"]
    assert text(f"district.{geo.districts()[0]}", language) in item["content_text"]


def test_an_alert_has_its_part_in_every_language() -> None:
    alert = etree.fromstring(call("GET", f"{published()}/cap").text.encode())

    found = {
        info.findtext(f"{CAP}language"): (
            info.findtext(f"{CAP}senderName"),
            info.findtext(f"{CAP}category"),
            city().emergency_number in (info.findtext(f"{CAP}instruction") or ""),
        )
        for info in alert.iter(f"{CAP}info")
    }
    assert found == {
        language: (text("bulletin.sender", language), an_open_channel().cap_category, True)
        for language in LANGUAGES
    }


@each_language
def test_a_report_is_read_in_its_language_after_an_officer_has_closed_it(language: str) -> None:
    created = sent(language).json
    path = f"/v1/officer/reports/{created['id']}"
    opened = call("GET", path, officer="li")
    closing = {"status": "closed", "disposition": "not_police", "reason": "None."}
    closed = call(
        "PATCH", path, closing, officer="li", headers={"If-Match": opened.headers["etag"]}
    )
    assert closed.status == 200, closed.text
    mine = call(
        "GET", "/v1/reports/mine", receipt=created["receipt"], headers={"Accept-Language": language}
    )

    assert text("outcome.not_police", language) in mine.text


def test_the_start_page_is_in_every_language() -> None:
    page = html.unescape(call("GET", "/").text)

    for language in LANGUAGES:
        assert f'<section lang="{language}"' in page
        assert text("emergency.text", language) in page


@each_language
def test_the_areas_are_there_with_labels_in_the_language_asked_for(language: str) -> None:
    reply = call("GET", "/v1/areas", headers={"Accept-Language": language})

    assert reply.headers["content-type"] == "application/geo+json"
    assert reply.headers["content-language"] == language
    shown = {each["properties"]["code"]: each for each in reply.json["features"]}
    assert list(shown) == list(AREAS)
    for code, feature in AREAS.items():
        kind = feature["properties"]["kind"]
        assert shown[code]["geometry"] == feature["geometry"]
        assert shown[code]["properties"]["label"] == text(f"{kind}.{code}", language)


def test_the_areas_are_not_sent_again_to_who_has_them() -> None:
    first = call("GET", "/v1/areas")
    again = call("GET", "/v1/areas", headers={"If-None-Match": first.headers["etag"]})

    assert (first.headers["cache-control"], first.headers["vary"]) == (
        "public, max-age=3600",
        "Accept-Encoding, Accept-Language",
    )
    assert (again.status, again.text) == (304, "")


def test_a_draft_in_a_language_that_the_city_does_not_have_is_refused() -> None:
    content = {"channel": an_open_channel().code, "title": {"qq": "T"}, "body": {"qq": "B"}}
    reply = call("POST", "/v1/officer/bulletins", content, officer="li")

    assert reply.status == 422
    assert {each["code"] for each in reply.json["errors"]} == {"unknown_value"}
    assert {tuple(each["allowed"]) for each in reply.json["errors"]} == {LANGUAGES}
