"""Nothing is before the pictures of a critical report: they have a queue of their own."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.handlers.media import functions
from tests import cloud, events
from tests.client import Reply, call, change_report, new_key, report
from tests.functional.bulletins.test_bulletins import LI, drafted
from tests.functional.notices.test_bursts import mark_unproven
from tests.steps import by_officer, by_reporter

pytestmark = pytest.mark.officers("wang", LI)

PHOTO = {"content_type": "image/jpeg", "size": 100_000}
ORDINARY, CRITICAL = "UPLOADS_QUEUE_URL", "CRITICAL_UPLOADS_QUEUE_URL"


def file(category: str = "child_abduction", *, key: str | None = None) -> Reply:
    return call("POST", "/v1/reports", report(category, media=[PHOTO]), key=key or new_key())


def add(created: Mapping[str, Any], key: str) -> Reply:
    return by_reporter("POST", created, "/media", {"media": [PHOTO]}, key=key)


def upload(created: Mapping[str, Any]) -> str:
    """Upload the first medium of a report, and return its key."""
    media_id = created["uploads"][0]["media_id"]
    cloud.upload(created["id"], media_id, cloud.photo())
    return f"originals/{created['id']}/{media_id}"


def media_ids(reply: Reply) -> list[str]:
    return [each["media_id"] for each in reply.json["uploads"]]


def waiting(queue: str) -> dict[str, str]:
    """Take all messages of a queue, and return the body of each by the key that it names."""
    found: dict[str, str] = {}
    sqs, url = cloud.client("sqs"), os.environ[queue]
    while more := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in more:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found[json.loads(message["Body"])["detail"]["object"]["key"]] = message["Body"]
    return found


def test_the_picture_of_a_critical_report_is_ready_while_all_others_wait() -> None:
    junk = {upload(file("other").json) for _ in range(30)}
    created = file().json
    key = upload(created)

    in_critical = waiting(CRITICAL)
    assert in_critical.keys() == {key}
    done = functions.make_critical_thumbnails(events.queue_batch(in_critical[key]), None)
    assert done == {"batchItemFailures": []}
    cloud.record(created["id"], created["uploads"][0]["media_id"])
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    assert [medium["state"] for medium in mine["media"]] == ["ready"]
    assert waiting(ORDINARY).keys() == junk


def test_a_critical_upload_whose_event_was_lost_is_sent_to_its_own_queue_again() -> None:
    key, other = upload(file().json), upload(file("other").json)
    for queue in (CRITICAL, ORDINARY):
        waiting(queue)
    assert cloud.sweep(timedelta(minutes=11))["failed"] == 0
    assert waiting(CRITICAL).keys() == {key}
    assert waiting(ORDINARY).keys() == {other}


def test_a_redaction_waits_with_the_pictures_of_its_report() -> None:
    created = file().json
    key = upload(created)
    cloud.process(key, None)
    cloud.record(created["id"], created["uploads"][0]["media_id"])
    waiting(CRITICAL)
    _, report_id, media_id = key.split("/")
    path = f"/v1/officer/reports/{report_id}/media/{media_id}/redaction"
    region = {"x": 0.25, "y": 0.25, "width": 0.25, "height": 0.5}
    assert call("POST", path, {"regions": [region]}, officer="wang").status == 200
    assert cloud.sweep()["failed"] == 0
    preview = f"{key.replace('originals', 'derived')}/preview.jpg"
    assert waiting(CRITICAL).keys() == {preview}
    assert not waiting(ORDINARY)


def test_only_media_of_critical_reports_that_are_proven_say_so() -> None:
    created = file().json
    assert created["uploads"][0]["media_id"].startswith("C-")
    mark_unproven(created["id"])
    sent = by_officer("POST", created, "/media", {"media": [PHOTO]})
    path = f"/v1/officer/bulletins/{drafted()['id']}/media"
    published = call("POST", path, {"media": [PHOTO]}, officer=LI)
    for reply in (file("missing_elderly"), add(created, new_key()), sent, published):
        assert not [each for each in media_ids(reply) if each.startswith("C-")]


def test_what_is_declared_after_the_urgency_has_changed_goes_the_new_way() -> None:
    created = file("missing_elderly").json
    before = add(created, key := new_key())
    change_report(created["id"], 1, urgency="critical")
    after = add(created, new_key())
    assert media_ids(add(created, key)) == media_ids(before)
    assert [each[:2] for each in media_ids(after)] == ["C-"]
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    assert [each["media_id"] for each in mine["media"]] == [
        created["uploads"][0]["media_id"],
        *media_ids(before),
        *media_ids(after),
    ]


def test_a_key_that_was_used_for_other_media_is_refused_in_both_lanes() -> None:
    created = file("missing_elderly").json
    add(created, key := new_key())
    change_report(created["id"], 1, urgency="critical")
    path = f"/v1/reports/{created['id']}/media"
    for media in ([PHOTO, PHOTO], [PHOTO | {"size": 1}]):
        other = call("POST", path, {"media": media}, receipt=created["receipt"], key=key)
        assert other.refusal == (422, "key_reused")
