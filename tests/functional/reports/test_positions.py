"""A reporter adds later or moving places, and officers see them with the report."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.entries import MAX_POSITIONS_PER_REPORT
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, change_report, new_key
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file, mine, opened

pytestmark = pytest.mark.officers("wang", chief={"roles": (Role.SUPERVISOR,)})

START = {"lat": 39.92, "lon": 116.44}


def file_at_start(**more: Any) -> dict[str, Any]:
    return file(location=START, **more)


def move(created: Mapping[str, Any], key: str | None = None, **more: Any) -> Reply:
    body = {"lat": 39.93, "lon": 116.45, **more}
    return by_reporter("POST", created, "/positions", body, key=key)


def say(created: Mapping[str, Any]) -> Reply:
    return by_reporter("POST", created, "/messages", {"text": "He walks on."})


def moved_before(created: Mapping[str, Any], count: int) -> None:
    """Let the report have so many positions."""
    row = keys.report(created["id"])
    wiring.reports().table.update(Update(row, keys.HEAD, put={"positions": count}))


def test_officers_see_where_it_is_now_as_it_was_sent_and_in_wgs84() -> None:
    created = file_at_start()
    at = times.render(wiring.clock.now() - timedelta(minutes=2))
    sent: dict[str, Any] = {"datum": "gcj02", "accuracy_m": 12.5, "heading": 45, "speed": 1.5}
    reply = move(created, address="Gate of the park", at=at, **sent)
    assert (reply.status, reply.json["left"]) == (201, MAX_POSITIONS_PER_REPORT - 1)

    shown = opened(created)
    [position] = shown["positions"]
    assert position["location"] == {
        "lat": 39.93, "lon": 116.45, "datum": "gcj02", "accuracy_m": 12.5,
        "address": "Gate of the park",
    }  # fmt: skip
    assert 100 < _metres_apart(position["place"], position["location"]) < 1000
    assert (position["heading"], position["speed"]) == (45, 1.5)
    assert position["id"] == reply.json["id"]
    assert shown["location"]["lat"] == START["lat"]
    assert (shown["district"], shown["unread"], shown["version"]) == ("chaoyang", 1, 1)
    assert mine(created)["positions_left"] == MAX_POSITIONS_PER_REPORT - 1


def _metres_apart(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return 111_000 * max(abs(one["lat"] - other["lat"]), abs(one["lon"] - other["lon"]))


def test_each_says_in_which_district_it_is() -> None:
    created = file_at_start()
    for place in (
        {"lat": 39.93, "lon": 116.45},
        {"lat": 40.22, "lon": 116.23},
        {"lat": 0, "lon": 0},
    ):
        move(created, **place)
        wiring.clock.advance(timedelta(seconds=1))
    shown = opened(created)
    assert [each["district"] for each in shown["positions"]] == ["chaoyang", "changping", "outside"]
    assert shown["district"] == "chaoyang"


def test_officers_see_its_times_to_the_minute() -> None:
    created = file_at_start()
    at = wiring.clock.now().replace(second=41)
    move(created, at=times.render(at))
    [position] = opened(created)["positions"]
    assert position["at"] == times.render(times.to_minute(at))
    assert position["received_at"].endswith(":00.000Z")


def test_the_latest_fifty_are_with_the_report_and_the_trail_is_read_by_pages() -> None:
    created = file_at_start(category="child_abduction")
    sent = []
    for number in range(53):
        wiring.clock.advance(timedelta(seconds=11))
        sent.append(move(created, lat=30 + number / 10).json["id"])
    shown = opened(created)
    assert [each["id"] for each in shown["positions"]] == sent[3:]
    page = opened(created, below=f"/positions?cursor={shown['positions_cursor']}")
    assert [each["id"] for each in page["items"]] == sent[:3]
    assert page["next_cursor"] is None
    assert [each["id"] for each in opened(created, below="/positions")["items"]] == sent[3:]
    history = opened(created, below="/history")["items"]
    assert [each["detail"] for each in history if each["detail"]][-3:-1] == [
        {"part": "positions"}
    ] * 2


def test_a_repeated_call_adds_nothing_and_another_place_under_its_key_is_refused() -> None:
    created, key = file_at_start(), new_key()
    first = move(created, key)
    assert move(created, key).json == first.json
    assert move(created, key, lat=39.94).json["code"] == "key_reused"
    assert len(opened(created)["positions"]) == 1
    assert mine(created)["positions_left"] == MAX_POSITIONS_PER_REPORT - 1


def test_a_report_takes_only_so_many_and_says_so() -> None:
    created, key = file_at_start(), new_key()
    first = move(created, key)
    moved_before(created, MAX_POSITIONS_PER_REPORT - 1)
    assert move(created).json["left"] == 0
    refused = move(created)
    assert refused.refusal == (409, "too_many_positions")
    assert str(MAX_POSITIONS_PER_REPORT) in refused.json["detail"]
    assert mine(created)["positions_left"] == 0
    # A repeated call is no new position.
    assert move(created, key).json["id"] == first.json["id"]
    assert say(created).status == 201


def test_two_at_once_do_not_pass_the_limit_together() -> None:
    created = file_at_start()
    moved_before(created, MAX_POSITIONS_PER_REPORT - 1)

    with inject.meanwhile(lambda: move(created)):
        assert move(created).json["code"] == "too_many_positions"
    assert len(opened(created)["positions"]) == 1


def test_too_many_at_once_must_wait_but_not_where_nothing_is_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIMITS", "on")
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    other, child = file_at_start(category="other"), file_at_start(category="child_abduction")
    statuses = [move(other).status for _ in range(21)]
    assert statuses == [201] * 20 + [429]
    waiting = int(move(other).headers["retry-after"])
    assert 0 < waiting <= 10
    wiring.clock.advance(timedelta(seconds=waiting))
    assert move(other).status == 201
    assert {move(child).status for _ in range(30)} == {201}


def test_of_positions_and_messages_officers_get_one_notice_a_minute() -> None:
    created = file_at_start(category="child_abduction")
    _run()
    assert kinds() == ["report"]
    for _ in range(3):
        move(created)
        say(created)
        _run()
    assert kinds() == ["report", "message"]
    wiring.clock.advance(timedelta(seconds=61))
    _run()
    assert kinds() == ["report", "message", "message"]
    [notice] = [each for each in cloud.sent() if each["kind"] == "message"][1:]
    assert (notice["urgency"], notice["report_id"]) == ("critical", created["id"])


def _run() -> None:
    cloud.go_on()


def kinds() -> list[str]:
    return [each["kind"] for each in cloud.sent()]


def test_those_of_a_muted_report_are_kept_but_not_notified() -> None:
    created = file_at_start()
    _run()
    by_officer("POST", created, "/mute", {"reason": "A joke."})
    move(created)
    wiring.clock.advance(timedelta(minutes=3))
    _run()
    assert kinds() == ["report"]
    assert opened(created)["unread"] == 1


def test_on_a_closed_report_it_puts_the_deletion_off_and_flags_it() -> None:
    created = file_at_start()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="No.")
    wiring.clock.advance(timedelta(days=80))
    before = mine(created)["kept_until"]
    assert move(created).status == 201
    assert mine(created)["kept_until"] > before
    assert opened(created)["flags"] == ["after_closing"]


def test_a_withdrawn_report_takes_none_and_hides_what_there_was() -> None:
    created = file_at_start()
    move(created)
    by_reporter("DELETE", created)
    assert move(created).json["code"] == "withdrawn"
    shown = opened(created)
    assert (shown["positions"], shown["positions_cursor"]) == ([], None)
    page = opened(created, below="/positions")
    assert (page["items"], page["restricted"]) == ([], True)
    full = opened(created, below="/positions?reason=Needed", officer="chief")
    assert len(full["items"]) == 1
    assert len(opened(created, below="?reason=Needed", officer="chief")["positions"]) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lat": 91}, "lat"),
        ({"lon": None}, "lon"),
        ({"datum": "mars"}, "datum"),
        ({"heading": 361}, "heading"),
        ({"speed": -1}, "speed"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2199-01-01T00:00:00Z"}, "at"),
        ({"speeed": 1}, "speeed"),
    ],
)
def test_what_is_wrong_is_named(wrong: Mapping[str, Any], field: str) -> None:
    assert move(file_at_start(), **wrong).wrong_fields == [field]


def test_an_address_that_holds_the_receipt_is_refused() -> None:
    created = file_at_start()
    assert move(created, address=f"My code is {created['receipt']}").wrong_fields[0] == "address"


def test_an_altered_position_is_there_without_its_place() -> None:
    created = file_at_start()
    move(created)
    wiring.clock.advance(timedelta(seconds=1))
    move(created)
    table = wiring.reports().table
    rows, _ = table.query(keys.report(created["id"]), between=("POSITION#", "POSITION#~"))
    first, second = rows
    table.update(Update(first["pk"], first["sk"], put={"sealed": second["sealed"]}))
    shown = opened(created)["positions"]
    assert [each["location"] is None for each in shown] == [True, False]
    assert (shown[0]["altered"], "altered" in shown[1]) == (True, False)


def test_a_report_without_positions_is_opened_by_as_many_reads_as_before() -> None:
    created = file_at_start()
    reads: list[object] = []
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda request: reads.append(1)):
        opened(created)
        before = len(reads)
    move(created)
    reads.clear()
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda request: reads.append(1)):
        opened(created)
    assert len(reads) == before + 1


def test_all_are_deleted_with_the_report() -> None:
    created = file_at_start()
    move(created, new_key())
    by_reporter("DELETE", created)
    cloud.sweep(timedelta(days=31))
    assert [sk for pk, sk in cloud.all_keys() if pk == keys.report(created["id"])] == ["HEAD"]
    assert move(created).status == 410
