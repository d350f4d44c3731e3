"""Faults while a report is deleted: nothing is added to it, and a partial deletion does no harm."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS
from chalicelib.aws.writes import Delete, Update
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers("wang")

MEDIA = [{"content_type": "image/jpeg", "size": 10_000}]
CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}


def closed(key: str) -> dict[str, Any]:
    created = call("POST", "/v1/reports", report(media=MEDIA), key=key).json
    cloud.upload(created["id"], created["uploads"][0]["media_id"], b"not a picture")
    cloud.stream(cloud.all_keys())
    assert patch(created, CLOSE).status == 200
    return dict(created)


def patch(created: Mapping[str, Any], body: Any, version: int = 1) -> Reply:
    return by_officer("PATCH", created, "", body, version=version)


def rows(created: Mapping[str, Any]) -> list[str]:
    return [sk for pk, sk in cloud.all_keys() if pk == keys.report(created["id"])]


def _hold() -> dict[str, str]:
    until = wiring.clock.now() + timedelta(days=9)
    return {"reason": "A court asks.", "until": times.render(until)}


MEANWHILE: dict[str, Callable[[dict[str, Any]], Reply]] = {
    "reopen": lambda created: patch(created, {"status": "in_progress"}, 2),
    "assign": lambda created: patch(created, {"assignee": "wang"}, 2),
    "message": lambda created: by_reporter("POST", created, "/messages", {"text": "Hello."}),
    "media": lambda created: by_reporter("POST", created, "/media", {"media": MEDIA}),
    "withdraw": lambda created: by_reporter("DELETE", created),
    "answer": lambda created: by_officer("POST", created, "/messages", {"text": "Hello."}),
    "note": lambda created: by_officer("POST", created, "/notes", {"text": "Hello."}),
    "hold": lambda created: by_officer("POST", created, "/hold", _hold()),
}


@pytest.mark.parametrize("what", MEANWHILE)
@pytest.mark.parametrize("moment", ["s3.DeleteObjects", "dynamodb.DeleteItem", "dynamodb.PutItem"])
def test_nothing_is_promised_on_a_report_that_is_being_deleted(what: str, moment: str) -> None:
    created = closed(new_key())
    wiring.clock.advance(timedelta(days=91))
    replies: list[Reply] = []

    def meanwhile(request: Any) -> None:
        if not replies and (moment != "dynamodb.PutItem" or b"deleted_at" in request.body):
            replies.append(Reply(0, {}, ""))
            replies.append(MEANWHILE[what](created))

    client = wiring.s3() if moment.startswith("s3") else wiring.dynamodb()
    with inject.fault(client, moment, meanwhile):
        cloud.sweep()

    assert replies[-1].status in (404, 409, 410, 412, 503), replies[-1].text
    assert rows(created) == ["HEAD"]


def test_a_verdict_during_the_deletion_of_its_report_leaves_no_row(aws: Mapping[str, str]) -> None:
    created = closed(new_key())
    media_id = created["uploads"][0]["media_id"]
    [version] = boto3.client("s3").list_object_versions(Bucket=aws["MEDIA_BUCKET"])["Versions"]
    cloud.process(version["Key"], version["VersionId"])
    # The sweep would find the manifest first, and what arrived is not deleted unread.
    without_task = dict.fromkeys(TASK_FIELDS)
    wiring.reports().table.update(
        Update(keys.report(created["id"]), keys.media(media_id), put=without_task)
    )
    wiring.clock.advance(timedelta(days=91))

    with inject.meanwhile(lambda: cloud.record(created["id"], media_id), "dynamodb.DeleteItem"):
        cloud.sweep()

    assert rows(created) == ["HEAD"]


def test_a_medium_whose_report_is_gone_has_no_pending_task() -> None:
    created = file(media=MEDIA)
    cloud.stream(cloud.all_keys())
    wiring.reports().table.delete(Delete(keys.report(created["id"]), keys.HEAD))
    cloud.sweep(timedelta(hours=25))

    assert cloud.sweep()["due"] == 0


def test_a_late_tombstone_is_still_gone_and_its_key_is_free_once_removed() -> None:
    """DynamoDB deletes an expired row within days, not immediately."""
    key = new_key()
    created = closed(key)
    cloud.sweep(timedelta(days=91))
    cloud.sweep(timedelta(days=366))
    head = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD)
    assert head
    tombstone = {"pk", "sk", "form", "id", "deleted_at", "expires_ttl", "ledger_id"}
    assert set(head) == tombstone | {"leaves", "evidence"}
    assert head["expires_ttl"] < wiring.clock.now().timestamp()
    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 410
    assert call("POST", "/v1/reports", report(media=MEDIA), key=key).status == 410
    assert call("GET", "/v1/officer/reports", officer="wang").json["items"] == []

    wiring.reports().table.delete(Delete(keys.report(created["id"]), keys.HEAD))
    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 404
    assert call("POST", "/v1/reports", report(media=MEDIA), key=key).status == 201


def test_a_burst_counter_past_its_time_only_counts_on() -> None:
    file()
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(days=3))
    file()
    cloud.stream(cloud.all_keys())

    assert [notice["kind"] for notice in cloud.sent()] == ["report", "report"]


def test_a_ready_medium_whose_objects_are_missing_is_shown_without_a_fault() -> None:
    created = file(media=MEDIA)
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    wiring.bucket().delete_all("")

    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 200
    assert by_officer("GET", created).status == 200
    assert cloud.record(created["id"], media_id) == {"batchItemFailures": []}
