"""The map counts the reports in the officer's scope by district and station."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import geo, times
from tests import cloud
from tests.client import call, change_report, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

SANLITUN = {"lat": 39.9334, "lon": 116.4533}
HAIDIAN = {"lat": 39.96, "lon": 116.30}
WANGJING = {"lat": 39.996, "lon": 116.47}


def file(category: str = "other", **more: object) -> dict[str, str]:
    return call("POST", "/v1/reports", report(category, **more), key=new_key()).json  # type: ignore[no-any-return]


def shown(query: str = "", officer: str = "wang") -> Any:
    reply = call("GET", f"/v1/officer/map{query}", officer=officer)
    assert reply.status == 200, reply.text
    return reply.json["districts"]


def station_at(place: Mapping[str, float]) -> str:
    station = geo.station_of(place["lat"], place["lon"])
    assert station
    return station


def test_districts_and_stations_are_counted_and_what_is_open(aws: Mapping[str, str]) -> None:
    cloud.officer("wang")
    first = file(location=SANLITUN)
    file(location=SANLITUN)
    file("lost_and_found", location=WANGJING)
    file(location=HAIDIAN)
    file()
    change_report(first["id"], 1, status="closed", disposition="resolved", reason="Done.")
    for _ in range(2):
        cloud.stream(cloud.all_keys(aws))
    assert shown() == [
        {
            "district": "chaoyang",
            "count": 3,
            "open": 2,
            "stations": [
                {"station": station_at(SANLITUN), "count": 2, "open": 1},
                {"station": station_at(WANGJING), "count": 1, "open": 1},
            ],
        },
        {"district": "haidian", "count": 1, "open": 1, "stations": []},
        {"district": "unknown", "count": 1, "open": 1, "stations": []},
    ]


def test_a_category_is_counted_alone_and_a_report_moves_with_it(aws: Mapping[str, str]) -> None:
    cloud.officer("wang")
    moved = file("lost_and_found", location=SANLITUN)
    cloud.stream(cloud.all_keys(aws))
    assert [each["count"] for each in shown("?category=lost_and_found")] == [1]
    change_report(moved["id"], 1, category="other")
    cloud.stream(cloud.all_keys(aws))
    assert shown("?category=lost_and_found") == []
    [district] = shown("?category=other")
    assert (district["count"], [each["count"] for each in district["stations"]]) == (1, [1])


def test_drills_are_not_counted(aws: Mapping[str, str]) -> None:
    cloud.officer("wang")
    body = report("other", source="drill", location=SANLITUN)
    assert call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang").status == 201
    cloud.stream(cloud.all_keys(aws))
    assert shown() == []


def test_what_is_out_of_scope_is_not_counted(aws: Mapping[str, str]) -> None:
    cloud.officer("narrow", categories=("other",), districts=("haidian",))
    file(location=SANLITUN)
    file()
    file("lost_and_found")
    cloud.stream(cloud.all_keys(aws))
    assert [(each["district"], each["count"]) for each in shown(officer="narrow")] == [
        ("unknown", 1)
    ]
    assert shown("?category=lost_and_found", officer="narrow") == []
    written = [
        (row["action"]["S"], json.loads(row["detail"]["S"]).get("category"))
        for row in cloud.client("dynamodb").scan(TableName=aws["AUDIT_TABLE"])["Items"]
    ]
    assert sorted(written, key=str) == [("denied", "lost_and_found"), ("list", None)]


def test_the_days_are_counted_from_since_on_and_a_month_at_the_most(
    aws: Mapping[str, str],
) -> None:
    cloud.officer("wang")
    file()
    cloud.stream(cloud.all_keys(aws))
    wiring.clock.advance(timedelta(days=8))
    today = times.day_in_city(wiring.clock.now())
    assert shown() == []
    assert [each["count"] for each in shown(f"?since={today - timedelta(days=8)}")] == [1]
    for days, code in ((32, "period_too_long"), (-1, "after_until")):
        reply = call("GET", f"/v1/officer/map?since={today - timedelta(days=days)}", officer="wang")
        assert (reply.status, reply.json["errors"][0]["code"]) == (422, code)


def test_the_map_reads_each_month_by_four_queries_whatever_there_is(
    aws: Mapping[str, str],
) -> None:
    cloud.officer("wang")
    today = times.day_in_city(wiring.clock.now())
    since = today.replace(day=1)
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda request: None) as called:
        shown(f"?since={since}")
    assert len(called) == 4


def test_a_place_less_exact_than_a_station_counts_for_its_district_alone(
    aws: Mapping[str, str],
) -> None:
    cloud.officer("wang")
    file(location=SANLITUN | {"accuracy_m": 30_000})
    cloud.stream(cloud.all_keys(aws))
    assert shown() == [{"district": "chaoyang", "count": 1, "open": 1, "stations": []}]
