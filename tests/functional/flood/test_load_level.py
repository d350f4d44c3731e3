"""The load level follows from the reports that are stored and refused, and is shown and set."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import __version__, wiring
from chalicelib.aws.attributes import unpack
from chalicelib.domain.flood.load_level import LoadLevel
from chalicelib.domain.officers.model import Role
from chalicelib.kernel import errors, times
from chalicelib.services.flood.load_level import LoadWatch
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_the_start(clean: None, limits_on: None) -> None:
    cloud.officer("chief", roles=(Role.SUPERVISOR, Role.OFFICER))
    # To the start of an hour, so that no test meets the end of a minute or a window.
    now = wiring.clock.now()
    wiring.clock.advance(timedelta(hours=1) - timedelta(minutes=now.minute, seconds=now.second))


def file(number: int, category: str = "other", status: int = 201) -> None:
    """Send reports, each from another network."""
    for each in range(number):
        source = f"198.{each // 250}.{each % 250}.7"
        reply = call("POST", "/v1/reports", report(category), key=new_key(), source=source)
        assert reply.status == status, reply.text


def arrive() -> None:
    """Let the stream deliver what is stored."""
    assert cloud.stream(cloud.all_keys()) == {"batchItemFailures": []}


def level() -> int:
    """Return the level that everybody sees, after it was evaluated."""
    wiring.load_watch().evaluate(wiring.clock.now())
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]
    return int(call("GET", "/v1/health").json["load_level"])


def put(**body: Any) -> Reply:
    change = {"level": 2, "minutes": 30, "reason": "attack"} | body
    return call("PUT", "/v1/officer/load-level", change, officer="chief")


def stats() -> dict[str, Any]:
    shown: dict[str, Any] = call("GET", "/v1/officer/stats", officer="chief").json["load_level"]
    return shown


def test_the_health_names_the_version_and_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    for commit, shown in (("c92bbd5c41", "c92bbd5c41"), ("", None)):
        monkeypatch.setenv("COMMIT", commit)
        wiring.reset()
        health = call("GET", "/v1/health").json
        assert (health["version"], health["commit"]) == (__version__, shown)


def test_many_reports_in_a_minute_raise_it() -> None:
    file(19)
    arrive()
    assert level() == LoadLevel.NORMAL
    file(1)
    arrive()
    assert level() == LoadLevel.BUSY


def test_a_report_counts_once_however_often_it_changes() -> None:
    file(12)
    for _ in range(3):
        arrive()
    assert level() == LoadLevel.NORMAL


def test_a_flood_of_drills_is_a_flood_and_in_no_statistics() -> None:
    for number in range(60):
        body = report("other") | {"source": "drill"}
        call("POST", "/v1/reports", body, key=new_key(), source=f"192.0.{number}.1")
    for _ in range(3):
        arrive()
    assert [each["other"] for each in wiring.load_counters().read(wiring.clock.now())] == [60]
    assert level() == LoadLevel.FLOOD
    assert call("GET", "/v1/officer/stats", officer="chief").json["by_status"] == {}


def test_reports_count_in_the_minute_in_which_they_came() -> None:
    for _ in range(4):
        file(10)
        wiring.clock.advance(MINUTE)
    arrive()
    assert level() == LoadLevel.NORMAL


def test_it_falls_step_by_step_when_it_is_quiet() -> None:
    file(60)
    arrive()
    assert level() == LoadLevel.FLOOD
    wiring.clock.advance(10 * MINUTE)
    assert level() == LoadLevel.FLOOD
    wiring.clock.advance(MINUTE)
    assert [level(), level()] == [LoadLevel.BUSY, LoadLevel.NORMAL]


def test_what_a_flood_refuses_keeps_it_up() -> None:
    file(60)
    arrive()
    assert level() == LoadLevel.FLOOD
    for _ in range(12):
        wiring.clock.advance(MINUTE)
        file(40, status=429)
        assert level() == LoadLevel.FLOOD
    wiring.clock.advance(11 * MINUTE)
    assert level() == LoadLevel.BUSY


def test_one_source_cannot_keep_it_up() -> None:
    file(60)
    arrive()
    assert level() == LoadLevel.FLOOD
    for _ in range(11):
        wiring.clock.advance(MINUTE)
        for _ in range(60):
            call("POST", "/v1/reports", report("other"), key=new_key(), source="192.0.2.1")
        level()
    assert level() < LoadLevel.FLOOD


def test_one_network_alone_makes_no_flood() -> None:
    for address in range(4):
        for _ in range(25):
            source = f"192.0.2.{address}"
            call("POST", "/v1/reports", report("child_abduction"), key=new_key(), source=source)
    arrive()
    assert level() == LoadLevel.BUSY


def test_what_is_accepted_without_a_proof_counts_once_a_network() -> None:
    put(minutes=10)
    for _ in range(61):
        call("POST", "/v1/reports", report("child_abduction"), key=new_key(), source="192.0.2.1")
    arrive()
    wiring.clock.advance(MINUTE)
    file(61, "child_abduction")
    wiring.clock.advance(MINUTE)
    file(1, "child_abduction")
    minutes = wiring.load_counters().read(wiring.clock.now())
    # The first network once, and each of 61 others once.
    assert sum(each["child_abduction"] for each in minutes) == 62


def test_what_is_usual_follows_from_a_week() -> None:
    seen: list[str] = []

    def rows_of_days(since: object, until: object) -> list[dict[str, Any]]:
        seen.append(f"{since} {until}")
        days = [times.day_in_city(wiring.clock.now()) - timedelta(days=n) for n in range(1, 8)]
        return [{"sk": f"{day}#other#chaoyang", "total": 14_400} for day in days]

    watch = LoadWatch(wiring.load_levels(), wiring.load_counters(), rows_of_days, wiring.sources())
    file(30)
    arrive()
    now = wiring.clock.now()
    assert [watch.evaluate(now) for _ in range(3)] == [LoadLevel.NORMAL] * 3
    assert len(seen) == 1
    assert level() == LoadLevel.BUSY


def test_when_it_cannot_be_evaluated_it_stays_and_the_sweep_goes_on() -> None:
    file(20)
    arrive()
    assert level() == LoadLevel.BUSY

    with inject.without("LOAD#", "dynamodb.Query"):
        assert wiring.load_watch().evaluate(wiring.clock.now()) is None
        assert cloud.sweep()["failed"] == 0
    assert level() == LoadLevel.BUSY


def test_what_cannot_be_counted_is_still_published() -> None:
    cloud.forget_sent()
    file(1)

    with inject.without("LOAD#", "dynamodb.UpdateItem"):
        arrive()
    assert len(cloud.sent()) == 1


def test_the_sweep_evaluates_it() -> None:
    file(20)
    arrive()
    cloud.sweep()
    assert wiring.load_levels().read().automatic is LoadLevel.BUSY


def test_an_officer_raises_it_for_a_time_on_record(aws: Mapping[str, str]) -> None:
    reply = put()
    assert (reply.status, reply.json["level"], reply.json["automatic"]) == (200, 2, 0)
    assert stats() == reply.json
    assert call("GET", "/v1/health").json["load_level"] == 2
    rows = cloud.client("dynamodb").scan(TableName=aws["AUDIT_TABLE"])["Items"]
    (record,) = [each for each in map(unpack, rows) if "load_level" in each["detail"]]
    assert (record["by"], record["action"]) == ("chief", "change")
    detail = json.loads(record["detail"])
    assert (detail["load_level"], detail["reason"]) == (2, "attack")

    wiring.clock.advance(30 * MINUTE)
    assert stats() == {"level": 0, "automatic": 0, "set_until": None}


def test_an_officer_lowers_it_and_the_counters_do_not_undo_that() -> None:
    file(20)
    arrive()
    assert level() == LoadLevel.BUSY
    put(level=0, reason="event")
    assert level() == LoadLevel.NORMAL
    assert stats()["automatic"] == LoadLevel.BUSY
    file(40)
    arrive()
    assert level() == LoadLevel.NORMAL

    assert call("DELETE", "/v1/officer/load-level", officer="chief").status == 204
    assert level() == LoadLevel.FLOOD


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": 4}, "level"),
        ({"level": -1}, "level"),
        ({"level": True}, "level"),
        ({"level": 1.5}, "level"),
        ({"level": "2"}, "level"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1_441}, "minutes"),
        ({"reason": "because Wang said so"}, "reason"),
    ],
)
def test_nothing_else_can_be_set(body: dict[str, Any], field: str) -> None:
    assert put(**body).wrong_fields == [field]


def test_intake_goes_on_when_the_level_cannot_be_read() -> None:
    put()
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]

    def unreadable(request: Any) -> Any:
        raise errors.Unavailable

    with inject.fault(wiring.dynamodb(), "dynamodb.Query", unreadable):
        file(1)
        assert call("GET", "/v1/health").json["load_level"] == 0
