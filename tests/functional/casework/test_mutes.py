"""A muted report keeps what its reporter sends, and notifies nobody of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.outlines import ReportOutline
from tests import cloud
from tests.client import Reply, call, change_report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file, opened

pytestmark = pytest.mark.officers("wang", "li")

WHY = {"reason": "The same joke a hundred times."}
PICTURE = {"content_type": "image/jpeg", "size": 1000}


def mute(created: Mapping[str, Any], by: str = "wang", **body: Any) -> Reply:
    return by_officer("POST", created, "/mute", WHY | body, officer=by)


def unmute(created: Mapping[str, Any], by: str = "li") -> Reply:
    return by_officer("DELETE", created, "/mute", officer=by)


def say(created: Mapping[str, Any]) -> Reply:
    return by_reporter("POST", created, "/messages", {"text": "Ha."})


def kinds() -> list[str]:
    """Return the kinds of all notices, after more than a minute in which everything runs."""
    for _ in range(2):
        cloud.go_on(timedelta(seconds=61))
    return [each["kind"] for each in cloud.sent()]


def test_messages_of_a_muted_report_are_kept_and_counted_but_not_notified() -> None:
    created = file()
    assert mute(created).status == 200
    for _ in range(3):
        assert say(created).status == 201

    assert kinds() == ["report"]
    shown = opened(created, "li")
    assert (shown["unread"], len(shown["messages"])) == (3, 3)
    assert (shown["muted"]["by"], shown["muted"]["reason"]) == ("wang", WHY["reason"])


def test_media_of_a_muted_report_are_kept_but_not_notified() -> None:
    created = file(media=[PICTURE])
    mute(created)
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)

    assert opened(created, "li")["media"][0]["state"] == "ready"
    assert kinds() == ["report"]


def test_whoever_is_in_scope_ends_it_and_then_messages_are_notified_again() -> None:
    created = file()
    mute(created)
    say(created)
    assert unmute(created, by="li").status == 204
    assert opened(created, "li")["muted"] is None
    assert kinds() == ["report"]
    say(created)
    assert kinds() == ["report", "message"]


def test_a_notice_that_was_pending_before_does_not_go_out() -> None:
    created = file()
    say(created)
    say(created)
    mute(created)
    assert kinds() == ["report"]


def test_whoever_reads_a_task_sees_whether_its_report_is_muted() -> None:
    created = file()
    say(created)
    head = ("REPORT#" + created["id"], "HEAD")
    [message] = [key for key in cloud.all_keys() if key[0] == head[0] and "MESSAGE#" in key[1]]
    for step, is_muted in ((mute, True), (unmute, False)):
        assert step(created).status < 300
        row = wiring.outbox().read_all([message])[head]
        assert ReportOutline.model_validate(row).is_muted is is_muted


def test_a_muted_report_shows_it_in_lists_and_to_no_reporter() -> None:
    created = file()
    mute(created)
    [row] = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert row["flags"] == ["muted"]
    mine = by_reporter("GET", created)
    assert "mute" not in mine.text
    unmute(created)
    [row] = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert row["flags"] == []


def test_both_steps_are_on_record_and_a_repetition_changes_nothing() -> None:
    created = file()
    first = mute(created)
    again = mute(created, by="li", reason="Another reason.")
    assert again.json == first.json
    unmute(created)
    assert unmute(created).status == 204

    history = by_officer("GET", created, "/history", officer="li").json["items"]
    steps = [(each["by"], each["detail"]) for each in history if each["action"] == "change"]
    assert steps == [("wang", {"muted": True, **WHY}), ("li", {"muted": False})]
    head = cloud.head(created["id"])
    assert head.report.version == 1


def test_a_mute_keeps_the_other_flags_and_a_step_of_case_work_keeps_the_mute() -> None:
    created = file()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    say(created)
    mute(created)
    assert opened(created, "li")["flags"] == ["after_closing", "muted"]
    change_report(created["id"], 2, status="in_progress")
    assert opened(created, "li")["flags"] == ["muted"]
    assert opened(created, "li")["muted"]["by"] == "wang"


def test_a_message_that_meets_a_mute_is_not_notified() -> None:
    created = file()

    with inject.meanwhile(lambda: mute(created)):
        assert say(created).status == 201
    assert kinds() == ["report"]
    assert opened(created, "li")["unread"] == 1


def test_a_mute_needs_a_reason() -> None:
    created = file()
    assert by_officer("POST", created, "/mute", {}).status == 422
    assert by_officer("POST", created, "/mute", {"reason": " "}).status == 422
