"""A reporter reopens a closed report once, and officers hear of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, change_report, new_key
from tests.faults import inject
from tests.ledger import events_of, filed
from tests.steps import by_officer, by_reporter, file, mine, opened

pytestmark = pytest.mark.officers("wang")

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}
WHY = "He is missing again."


def closed(**more: Any) -> dict[str, Any]:
    created = filed(**more)
    change_report(created["id"], 1, **CLOSE)
    cloud.catch_up()
    return dict(created)


def reopen(created: Mapping[str, Any], text: str = WHY, key: str | None = None) -> Reply:
    return by_reporter("POST", created, "/reopen", {"text": text}, key=key)


def recorded(created: Mapping[str, Any]) -> list[Any]:
    steps = [each for each in opened(created, below="/history")["items"] if each["detail"]]
    return [each for each in steps if each["detail"].get("step") == "reopened"]


def test_it_is_open_again_with_what_the_reporter_wrote() -> None:
    created = closed()
    assert mine(created)["may_reopen"] is True
    reply = reopen(created)
    assert (reply.status, reply.json["status"]) == (201, "in_progress")

    view = mine(created)
    assert (view["status"], view["outcome"], view["kept_until"]) == ("in_progress", None, None)
    assert view["may_reopen"] is False
    assert [(each["from"], each["text"]) for each in view["messages"]] == [("reporter", WHY)]
    shown = opened(created)
    assert (shown["status"], shown["disposition"], shown["reason"]) == ("acknowledged", None, None)
    assert (shown["unread"], shown["version"]) == (1, 2)
    assert shown["reopened_at"] == times.render(times.to_minute(wiring.clock.now()))
    page = call("GET", "/v1/officer/reports?status=acknowledged", officer="wang").json
    assert [each["id"] for each in page["items"]] == [created["id"]]


def test_the_clock_writes_it_to_the_history_and_the_statistics_count_it() -> None:
    created = closed()
    reopen(created)
    assert recorded(created) == []
    cloud.go_on(timedelta(minutes=1))
    cloud.sweep()
    [step] = recorded(created)
    assert (step["by"], step["action"]) == ("(clock)", "change")
    assert step["detail"]["fields"] == {"status": {"old": "closed", "new": "acknowledged"}}
    stats = call("GET", "/v1/officer/stats", officer="wang").json
    assert stats["reopened"] == {created["category"]: 1}
    assert stats["by_status"] == {"acknowledged": 1}


def test_without_the_audit_its_record_waits(aws: Mapping[str, str]) -> None:
    created = closed()
    reopen(created)
    wiring.clock.advance(timedelta(minutes=1))

    def refuse(request: Any) -> Any:
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        if aws["AUDIT_TABLE"].encode() not in body:
            return None
        return inject.error_response(500, "InternalServerError")(request)

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", refuse):
        cloud.sweep()
    assert recorded(created) == []
    cloud.sweep(timedelta(minutes=10))
    assert len(recorded(created)) == 1


def test_it_is_possible_once() -> None:
    created = closed()
    reopen(created)
    for again in (1, 2):
        refused = reopen(created)
        assert refused.refusal == (409, "already_reopened"), again
        assert "once" in refused.json["detail"]
        if again == 1:
            change_report(created["id"], 2, messages_seen=1, **CLOSE)
    assert mine(created)["status"] == "closed"
    assert mine(created)["may_reopen"] is False
    assert len(mine(created)["messages"]) == 1


def test_the_key_of_a_message_reopens_nothing() -> None:
    created, key = closed(), new_key()
    by_reporter("POST", created, "/messages", {"text": WHY}, key=key)
    assert reopen(created, key=key).json["code"] == "key_reused"
    assert mine(created)["status"] == "closed"


def test_only_a_closed_report_can_be_reopened() -> None:
    created = filed()
    assert reopen(created).json["code"] == "not_closed"
    by_reporter("DELETE", created)
    assert reopen(created).json["code"] == "withdrawn"
    assert mine(created)["may_reopen"] is False


def test_what_was_deleted_stays_deleted_and_what_is_reopened_is_kept() -> None:
    gone, kept = closed(), closed()
    wiring.clock.advance(timedelta(days=89))
    assert reopen(kept).status == 201
    cloud.sweep(timedelta(days=300))
    assert reopen(gone).status == 410
    assert mine(kept)["status"] == "in_progress"


def test_a_reopening_that_meets_the_deletion_finds_it_gone() -> None:
    created = closed()
    wiring.clock.advance(timedelta(days=91))

    with inject.meanwhile(cloud.sweep):
        assert reopen(created).status == 410


def test_a_message_that_comes_at_the_same_time_is_counted_too() -> None:
    created = closed()

    with inject.meanwhile(lambda: by_reporter("POST", created, "/messages", {"text": "Hello?"})):
        assert reopen(created).status == 201
    shown = opened(created)
    assert (shown["unread"], len(shown["messages"]), shown["flags"]) == (2, 2, [])


def test_two_at_once_are_one() -> None:
    created = closed()

    with inject.meanwhile(lambda: reopen(created, "First.")):
        assert reopen(created).json["code"] == "already_reopened"
    assert [each["text"] for each in mine(created)["messages"]] == ["First."]


def test_a_duplicate_is_no_longer_one() -> None:
    original, duplicate = filed(), filed()
    link = {"duplicate_of": original["id"], "disposition": "duplicate"}
    change_report(duplicate["id"], 1, **CLOSE | link)
    assert opened(original)["duplicate_count"] == 1
    assert reopen(duplicate).status == 201
    assert opened(original)["duplicate_count"] == 0
    assert opened(duplicate)["duplicate_of"] is None


def test_the_ledger_says_that_it_was_reopened() -> None:
    created = closed()
    reopen(created)
    assert events_of(created)[-2:] == ["closed", "reopened"]


def mute(created: Mapping[str, Any]) -> None:
    assert by_officer("POST", created, "/mute", {"reason": "A joke."}).status == 200


def everything_runs() -> None:
    for _ in range(2):
        cloud.go_on(timedelta(minutes=3))


def test_officers_are_notified_of_a_muted_report_too_and_its_mute_ends() -> None:
    created = closed()
    mute(created)
    reopen(created, "He is back with a knife.")
    everything_runs()
    assert [each["kind"] for each in cloud.sent()] == ["message"]
    shown = opened(created)
    assert (shown["status"], shown["muted"], shown["flags"]) == ("acknowledged", None, [])
    [step] = recorded(created)
    assert step["detail"]["muted"] is False


def test_a_mute_that_comes_at_the_same_time_ends_too() -> None:
    created = closed()

    with inject.meanwhile(lambda: mute(created)):
        assert reopen(created).status == 201
    everything_runs()
    assert [each["kind"] for each in cloud.sent()] == ["message"]
    assert opened(created)["muted"] is None


def test_a_text_with_the_receipt_is_refused() -> None:
    created = closed()
    assert reopen(created, f"My code: {created['receipt']}").wrong[0][1] == "holds_receipt"
    assert mine(created)["status"] == "closed"


def test_a_closed_drill_can_be_reopened_and_is_still_deleted() -> None:
    created = file(source="drill")
    change_report(created["id"], 1, **CLOSE)
    assert reopen(created).status == 201
    assert mine(created)["kept_until"] is not None
    cloud.sweep(timedelta(days=31))
    # Nobody has read what came: it waits a little.
    cloud.sweep(timedelta(days=31))
    assert reopen(created).status == 410
