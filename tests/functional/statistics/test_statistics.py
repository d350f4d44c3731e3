"""The dashboard and the map count every report in the officer's scope once."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.statistics.counters import BUCKETS_S, bucket_of, quantile
from chalicelib.kernel import geo, times
from tests import cloud
from tests.client import call, change_report, new_key, report
from tests.faults import inject
from tests.steps import file

pytestmark = pytest.mark.officers("wang")


def stats(officer: str = "wang", query: str = "") -> Any:
    return call("GET", f"/v1/officer/stats{query}", officer=officer).expect(200)


def test_counts_follow_the_reports_however_often_the_stream_repeats() -> None:
    first, second = file("other"), file("lost_and_found")
    cloud.stream(cloud.all_keys())
    change_report(first["id"], 1, status="acknowledged")
    change_report(second["id"], 1, category="other")
    for _ in range(3):
        cloud.stream(cloud.all_keys())

    view = stats()
    assert view["by_category"] == {"other": {"acknowledged": 1, "new": 1}}
    assert view["by_status"] == {"acknowledged": 1, "new": 1}
    assert view["open_by_age"] == {"other": {"today": 2}}
    assert [entry["count"] for entry in view["by_day"]] == [2]
    assert view["oldest_unacknowledged"]["id"] == second["id"]


def test_first_acknowledgement_is_counted_by_median_and_ninetieth_percentile() -> None:
    made = [file("other")["id"] for _ in range(10)]
    for minutes, report_id in enumerate(made):
        change_report(report_id, 1, status="acknowledged")
        wiring.clock.advance(timedelta(minutes=1))
        assert minutes >= 0
    cloud.stream(cloud.all_keys())

    waits = stats()["first_acknowledgement"]
    assert waits["count"] == 10
    assert 4 * 60 <= waits["median_s"] <= 4 * 60 * 1.26
    assert 8 * 60 <= waits["p90_s"] <= 8 * 60 * 1.26


def test_only_what_is_in_scope_counts() -> None:
    cloud.officer("narrow", categories=("traffic_violation",), districts=("chaoyang",))
    file("other")
    file("traffic_violation")
    file("traffic_violation", location={"lat": 40.22, "lon": 116.23})
    cloud.stream(cloud.all_keys())

    assert stats("narrow")["by_status"] == {"new": 1}
    assert stats("wang")["by_status"] == {"new": 3}


def test_days_are_those_of_the_city() -> None:
    now = wiring.clock.now()
    # 23:30 in Beijing (UTC+8).
    late = now.replace(hour=15, minute=30) + timedelta(days=1)
    wiring.clock.advance(late - now)
    file("other")
    wiring.clock.advance(timedelta(hours=1))
    file("other")
    cloud.stream(cloud.all_keys())

    view = stats()
    days = [str(late.date()), str(late.date() + timedelta(days=1))]
    assert view["by_day"] == [{"day": day, "count": 1} for day in days]
    assert view["open_by_age"] == {"other": {"this_week": 1, "today": 1}}
    assert (view["until"], view["today"]) == (days[1], days[1])
    # 30 days, with both ends.
    assert view["since"] == str(late.date() - timedelta(days=28))
    assert stats(query=f"?until={days[0]}")["by_status"] == {"new": 1}


def test_a_period_that_cannot_be_is_refused() -> None:
    for query in (
        "?since=2026-11-24&until=2026-11-01",
        "?since=2020-01-01",
        "?since=yesterday",
        "?until=0",
        "?until=0001-01-05",
        "?since=2026-11-24T00:00:00Z",
        "?since=2026-02-30",
        "?from=2026-01-01",
    ):
        assert call("GET", f"/v1/officer/stats{query}", officer="wang").status == 422
    assert stats(query="?since=2026-01-01&until=2026-01-31")["by_day"] == []


def test_a_quantile_is_right_to_within_a_quarter() -> None:
    assert quantile({}, 0.5) is None
    for seconds in (1, 59, 3_600, 86_400):
        found = quantile({bucket_of(seconds): 3}, 0.5)
        assert found is not None
        assert seconds <= found <= seconds * 1.25 + 0.1
    assert bucket_of(10**9) == len(BUCKETS_S) - 1


def test_a_report_stays_counted_once_while_it_is_deleted_and_afterwards() -> None:
    created = file("other")
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(days=91))
    # The deletion crashes after the COUNTED row is deleted and before the report's HEAD is.
    with inject.dying("dynamodb.PutItem"):
        cloud.sweep()
    cloud.go_on()
    cloud.stream(cloud.all_keys())

    day = (wiring.clock.now() - timedelta(days=91)).date()
    assert stats(query=f"?since={day}&until={wiring.clock.now().date()}")["by_status"] == {
        "closed": 1
    }


SANLITUN = {"lat": 39.9334, "lon": 116.4533}
HAIDIAN = {"lat": 39.96, "lon": 116.30}
WANGJING = {"lat": 39.996, "lon": 116.47}


def shown(query: str = "", officer: str = "wang") -> Any:
    return call("GET", f"/v1/officer/map{query}", officer=officer).expect(200)["districts"]


def station_at(place: Mapping[str, float]) -> str:
    station = geo.station_of(place["lat"], place["lon"])
    assert station
    return station


def test_districts_and_stations_are_counted_and_what_is_open() -> None:
    first = file("other", location=SANLITUN)
    file("other", location=SANLITUN)
    file("lost_and_found", location=WANGJING)
    file("other", location=HAIDIAN)
    file("other")
    change_report(first["id"], 1, status="closed", disposition="resolved", reason="Done.")
    for _ in range(2):
        cloud.stream(cloud.all_keys())
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


def test_a_category_is_counted_alone_and_a_report_moves_with_it() -> None:
    moved = file("lost_and_found", location=SANLITUN)
    cloud.stream(cloud.all_keys())
    assert [each["count"] for each in shown("?category=lost_and_found")] == [1]
    change_report(moved["id"], 1, category="other")
    cloud.stream(cloud.all_keys())
    assert shown("?category=lost_and_found") == []
    [district] = shown("?category=other")
    assert (district["count"], [each["count"] for each in district["stations"]]) == (1, [1])


def test_drills_are_not_counted() -> None:
    body = report("other", source="drill", location=SANLITUN)
    assert call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang").status == 201
    cloud.stream(cloud.all_keys())
    assert shown() == []


def test_what_is_out_of_scope_is_not_counted() -> None:
    cloud.officer("narrow", categories=("other",), districts=("haidian",))
    file("other", location=SANLITUN)
    file("other")
    file("lost_and_found")
    cloud.stream(cloud.all_keys())
    assert [(each["district"], each["count"]) for each in shown(officer="narrow")] == [
        ("unknown", 1)
    ]
    assert shown("?category=lost_and_found", officer="narrow") == []
    written = [
        (row["action"]["S"], json.loads(row["detail"]["S"]).get("category"))
        for row in cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"]
    ]
    assert sorted(written, key=str) == [("denied", "lost_and_found"), ("list", None)]


def test_the_days_are_counted_from_since_on_and_a_month_at_the_most() -> None:
    file("other")
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(days=8))
    today = times.day_in_city(wiring.clock.now())
    assert shown() == []
    assert [each["count"] for each in shown(f"?since={today - timedelta(days=8)}")] == [1]
    for days, code in ((32, "period_too_long"), (-1, "after_until")):
        reply = call("GET", f"/v1/officer/map?since={today - timedelta(days=days)}", officer="wang")
        assert reply.wrong[0][1] == code


def test_the_map_reads_each_month_by_four_queries_whatever_there_is() -> None:
    today = times.day_in_city(wiring.clock.now())
    since = today.replace(day=1)
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda request: None) as called:
        shown(f"?since={since}")
    assert len(called) == 4


def test_a_place_less_exact_than_a_station_counts_for_its_district_alone() -> None:
    file("other", location=SANLITUN | {"accuracy_m": 30_000})
    cloud.stream(cloud.all_keys())
    assert shown() == [{"district": "chaoyang", "count": 1, "open": 1, "stations": []}]
