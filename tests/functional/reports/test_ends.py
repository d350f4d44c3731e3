"""What a reporter adds to a closed report is kept, and read, before the report is deleted."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.kernel import times
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, change_report, new_key, read_and_approve, report
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, opened

pytestmark = pytest.mark.officers("wang", "li")

DAY = timedelta(days=1)
MEDIA: dict[str, Any] = {"media": [{"content_type": "image/jpeg", "size": 10_000}]}
# Times are stored to the millisecond.
MS = timedelta(milliseconds=1)
CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}


def closed(disposition: str = "resolved", **more: Any) -> dict[str, Any]:
    created = file(**more)
    change_report(created["id"], 1, **CLOSE | {"disposition": disposition})
    if disposition == "unfounded":
        by_second_officer(created, "/closing/confirm")
    settled()
    return dict(created)


def settled() -> None:
    """Publish what is pending, and forget it."""
    cloud.catch_up()


def write(created: Mapping[str, Any], text: str = "He is back.", key: str | None = None) -> Reply:
    return by_reporter("POST", created, "/messages", {"text": text}, key=key)


def read(created: Mapping[str, Any], how: str) -> None:
    """Do what counts as reading: say so, or write to the reporter."""
    if how == "read":
        match = {"If-Match": by_officer("GET", created).headers["etag"]}
        assert by_officer("POST", created, "/read", {}, headers=match).status == 200
        return
    assert by_officer("POST", created, "/messages", {"text": "Thank you."}).status == 201


def mine(created: Mapping[str, Any]) -> Reply:
    return by_reporter("GET", created)


def listed(created: Mapping[str, Any]) -> Any:
    [row] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert row["id"] == created["id"]
    return row


def is_gone(created: Mapping[str, Any]) -> bool:
    return mine(created).status == 410


def sweep_at(moment: datetime) -> None:
    cloud.sweep(moment - wiring.clock.now())


def assert_goes_at(created: Mapping[str, Any], end: datetime) -> None:
    # Half a minute before and after, since the clock goes on.
    sweep_at(end - timedelta(seconds=30))
    assert not is_gone(created)
    sweep_at(end + timedelta(seconds=30))
    assert is_gone(created)


def put_offs(created: Mapping[str, Any]) -> list[Any]:
    items = by_officer("GET", created, "/history").json["items"]
    return [
        (item["by"], item["action"], item["detail"]["fields"]["kept_until"])
        for item in items
        if item["detail"] and item["detail"].get("step") == "put_off"
    ]


def kept_until(created: Mapping[str, Any]) -> datetime:
    return times.parse(mine(created).json["kept_until"])


def test_a_message_on_the_last_day_keeps_the_report_thirty_days_after_it() -> None:
    created = closed()
    sweep_at(times.parse(head(created)["closed_at"]) + 89 * DAY)
    sent_at = times.parse(write(created).json["sent_at"])
    assert kept_until(created) == sent_at + 30 * DAY
    read(created, "message")
    assert_goes_at(created, sent_at + 30 * DAY)


def test_new_media_keep_a_closed_report_thirty_days_after_them() -> None:
    created = closed("unfounded")
    sweep_at(times.parse(head(created)["closed_at"]) + 29 * DAY)
    before = wiring.clock.now()
    assert by_reporter("POST", created, "/media", MEDIA).status == 201
    after = wiring.clock.now()
    assert before + 30 * DAY - MS <= kept_until(created) <= after + 30 * DAY
    # Nothing was uploaded, so there is nothing to read.
    assert_goes_at(created, kept_until(created))


def test_a_message_flags_the_report_until_it_is_reopened() -> None:
    created = file()
    write(created, "Before.")
    assert listed(created)["flags"] == []
    change_report(created["id"], 1, messages_seen=1, **CLOSE)
    assert opened(created)["flags"] == []
    write(created)
    write(created, "And well.")
    assert listed(created)["flags"] == opened(created)["flags"] == ["after_closing"]

    change_report(created["id"], 2, status="in_progress")
    assert listed(created)["flags"] == opened(created)["flags"] == []
    assert mine(created).json["kept_until"] is None
    assert opened(created)["kept_until"] is None


def test_an_app_that_repeats_its_first_call_gets_no_flag_that_it_does_not_know() -> None:
    body, key = report(occurred_at=times.render(wiring.clock.now() + timedelta(hours=1))), new_key()
    created = call("POST", "/v1/reports", body, key=key).json
    change_report(created["id"], 1, **CLOSE)
    write(created)
    assert listed(created)["flags"] == ["clock_skew", "after_closing"]
    assert call("POST", "/v1/reports", body, key=key).json["flags"] == ["clock_skew"]


@pytest.mark.parametrize("how", ["message", "read"])
def test_a_picture_that_arrives_after_the_closing_flags_the_report_and_is_unread(how: str) -> None:
    created = file(**MEDIA)
    change_report(created["id"], 1, **CLOSE)
    settled()
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    settled()
    assert listed(created)["flags"] == ["after_closing"]

    sweep_at(kept_until(created))
    assert not is_gone(created)
    assert head(created)["unread_media"] == 1
    read(created, how)
    assert_goes_at(created, kept_until(created))


def test_a_medium_that_never_came_is_nothing_to_read() -> None:
    created = file(**MEDIA)
    change_report(created["id"], 1, **CLOSE)
    for _ in range(3):
        sweep_at(wiring.clock.now() + DAY)
    assert mine(created).json["media"][0]["reason"] == "not_received"
    assert listed(created)["flags"] == []
    assert_goes_at(created, kept_until(created))


def test_nothing_unread_is_deleted_for_a_year() -> None:
    created = closed()
    closed_at = times.parse(head(created)["closed_at"])
    write(created)
    settled()
    ends: list[int] = []
    while not is_gone(created) and len(ends) < 12:
        ends.append((kept_until(created) - closed_at) // DAY)
        sweep_at(kept_until(created))
    assert ends == [90, 120, 150, 180, 210, 240, 270, 300, 330, 360, 365]
    assert wiring.clock.now() - closed_at < 366 * DAY


def test_officers_hear_once_of_what_nobody_read_when_it_becomes_due() -> None:
    created = closed()
    write(created)
    settled()
    sweep_at(kept_until(created))
    for _ in range(3):
        settled_before = len(cloud.sent())
        cloud.go_on()
    assert settled_before == 1
    [notice] = cloud.sent()
    assert (notice["kind"], notice["report_id"]) == ("message", created["id"])
    assert notice["attributes"]["category"] == "missing_elderly"


@pytest.mark.parametrize("how", ["message", "read"])
def test_a_reply_or_a_step_counts_as_reading_and_opening_does_not(how: str) -> None:
    created = closed()
    write(created)
    opened(created)
    sweep_at(kept_until(created))
    assert not is_gone(created)

    read(created, how)
    assert_goes_at(created, kept_until(created))


def test_each_later_end_is_on_record_with_the_one_before() -> None:
    created = closed()
    first = kept_until(created)
    sweep_at(first - DAY)
    write(created)
    write(created, "And well.")
    second = kept_until(created)
    assert put_offs(created) == []
    sweep_at(first)
    sweep_at(first + DAY)
    read(created, "read")
    assert put_offs(created) == [("(clock)", "change", fields(first, second))]

    write(created, "Once more.")
    sweep_at(second)
    third = kept_until(created)
    sweep_at(third)
    fourth = kept_until(created)
    assert [entry[2] for entry in put_offs(created)] == [
        fields(first, second),
        fields(second, third),
        fields(third, fourth),
    ]


def fields(old: datetime, new: datetime) -> dict[str, str]:
    return {
        name: times.render(times.to_minute(value)) for name, value in (("old", old), ("new", new))
    }


def test_a_step_does_not_take_a_later_end_off_the_record() -> None:
    created = closed()
    first = kept_until(created)
    sweep_at(first - DAY)
    write(created)
    change_report(created["id"], 2, urgency="low")
    second = kept_until(created)
    sweep_at(first)
    assert [entry[2] for entry in put_offs(created)] == [fields(first, second)]


def test_officers_see_the_end_to_the_minute_and_the_reporter_exactly() -> None:
    created = closed()
    sweep_at(kept_until(created) - DAY)
    write(created)
    end = kept_until(created)
    assert times.parse(opened(created)["kept_until"]) == times.to_minute(end)
    sweep_at(end - 28 * DAY)
    [(_, _, recorded)] = put_offs(created)
    assert times.parse(recorded["new"]) == times.to_minute(end)


def test_a_withdrawn_report_is_deleted_though_a_message_was_unread() -> None:
    created = closed()
    write(created)
    by_reporter("DELETE", created)
    assert write(created, "And well.").status == 409
    withdrawn_at = times.parse(head(created)["closed_at"])
    assert kept_until(created) == withdrawn_at + 30 * DAY
    assert_goes_at(created, withdrawn_at + 30 * DAY)


def test_a_confirmed_disposition_is_kept_from_its_confirmation() -> None:
    created = closed()
    change_report(created["id"], 2, disposition="malicious")
    sweep_at(times.parse(head(created)["closed_at"]) + 80 * DAY)
    path = f"/v1/officer/reports/{created['id']}/closing/confirm"
    before = wiring.clock.now()
    assert read_and_approve(path, "li").status == 201
    end = kept_until(created)
    assert before + 30 * DAY - MS <= end <= wiring.clock.now() + 30 * DAY
    assert_goes_at(created, end)


def test_a_task_that_comes_too_early_waits() -> None:
    created = closed()
    end = kept_until(created)
    now = wiring.clock.now()
    early = {"due_at": now, "task_at": keys.task_at(now, keys.report(created["id"]), keys.HEAD)}
    wiring.reports().table.update(update_head(created["id"], put=early))
    cloud.sweep()
    assert not is_gone(created)
    assert times.parse(head(created)["due_at"]) == end
    assert_goes_at(created, end)


def test_an_open_report_is_never_deleted_whatever_its_task_says() -> None:
    created = closed()
    changes = {"status": "in_progress", "closed_at": None}
    wiring.reports().table.update(update_head(created["id"], put=changes))
    sweep_at(wiring.clock.now() + 400 * DAY)
    assert not is_gone(created)
    assert "task" not in head(created)


def test_a_hold_is_apart_from_the_year() -> None:
    created = closed()
    write(created)
    settled()
    path = f"/v1/officer/reports/{created['id']}/hold"
    until = wiring.clock.now() + 400 * DAY
    body = {"reason": "Evidence.", "until": times.render(until)}
    assert call("POST", path, body, officer="wang").status == 201
    assert read_and_approve(path + "/approve", "li").status == 200
    for _ in range(3):
        sweep_at(wiring.clock.now() + 100 * DAY)
    assert "message" not in {notice["kind"] for notice in cloud.sent()}
    assert put_offs(created) == []
    assert_goes_at(created, until)


def test_a_lifted_hold_leaves_what_was_put_off() -> None:
    created = closed()
    first = kept_until(created)
    path = f"/v1/officer/reports/{created['id']}/hold"
    body = {"reason": "Evidence.", "until": times.render(first + 50 * DAY)}
    call("POST", path, body, officer="wang")
    read_and_approve(path + "/approve", "li")
    sweep_at(first + DAY)
    write(created)
    read(created, "read")
    assert call("DELETE", path, {"reason": "The trial is over."}, officer="wang").status == 202
    assert read_and_approve(path + "/lift/approve", "li").status == 204
    assert_goes_at(created, kept_until(created))
