"""A fault of ours keeps a picture waiting, for as long as it lasts, and never rejects it.

Every picture that came is ready once its decoder works again: of a report, of a bulletin, and of a
redaction. Until then an officer can open what came, and go on without it.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.handlers.media import functions
from chalicelib.kernel.files import original_key
from infra.stage.redrive import hasten_uploads
from infra.stage.target import Target
from tests import cloud, events
from tests.client import Reply, call, new_key, read_and_approve, report
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import (
    LI,
    PICTURE,
    approve,
    draft,
    drafted,
    opened,
    read,
)

pytestmark = pytest.mark.officers(LI, "zhao", "wang")

PHOTO = {"content_type": "image/jpeg", "size": 100_000}
AGENCY = {"agency": "city_services", "reason": "Theirs."}
# What somebody who looks sees: at every step of the pauses, and long after.
HOURS = (0.2, 0.2, 0.4, 0.7, 1.4, 3, 6, 12, 13, 13, 24 * 30)


class Tip:
    """A report with photos that were uploaded, of which no event came."""

    def __init__(self, count: int = 1, **more: Any) -> None:
        body = report(media=[PHOTO] * count, **more) if count else report(**more)
        created = call("POST", "/v1/reports", body, key=new_key()).json
        self.id, self.receipt = created["id"], created["receipt"]
        self.media_ids = [upload["media_id"] for upload in created.get("uploads", [])]
        self.versions = [
            cloud.upload(self.id, media_id, cloud.photo()) for media_id in self.media_ids
        ]
        lose_messages()
        notices()

    def seen(self) -> list[tuple[str, str | None]]:
        media = call("GET", "/v1/reports/mine", receipt=self.receipt).json["media"]
        return [(medium["state"], medium["reason"]) for medium in media]

    def officers(self) -> Any:
        return call("GET", f"/v1/officer/reports/{self.id}", officer="wang").json

    def delayed(self) -> list[bool]:
        return [medium["delayed"] for medium in self.officers()["media"]]

    def original(self, number: int = 0) -> Reply:
        path = f"/v1/officer/reports/{self.id}/media/{self.media_ids[number]}/original"
        return call("POST", path, {"reason": "To see it now."}, officer="wang")

    def refer(self, *, by: str = "wang", **more: Any) -> Reply:
        path = f"/v1/officer/reports/{self.id}/referral"
        return call("POST", path, AGENCY | {"include": ["text", "media"]} | more, officer=by)

    def approve_referral(self) -> Any:
        path = f"/v1/officer/reports/{self.id}/referral/approve"
        return read_and_approve(path, LI).expect(200)


def work(*, refused: bool = False) -> list[Any]:
    """Let `make_thumbnails` take what is in its queue, and record what it made.

    `refused`: S3 refuses to give any original. Return the messages that it could not process.
    """
    sqs, queue = cloud.client("sqs"), {"QueueUrl": os.environ["UPLOADS_QUEUE_URL"]}
    found = sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages", [])
    handle = inject.s3_error(403, "AccessDenied") if refused else lambda request: None
    failed = []
    for message in found:
        with inject.fault(wiring.s3(), "s3.GetObject", handle):
            response = functions.make_thumbnails(events.queue_batch(message["Body"]), None)
        failed += response["batchItemFailures"]
        sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    for key, _ in list(wiring.bucket().ages("derived/")):
        if key.endswith("/manifest.json"):
            event = cloud.s3_event(os.environ["MEDIA_BUCKET"], key, None)
            assert functions.record_media({"Records": [event]}, None)["batchItemFailures"] == []
    return failed


def lose_messages() -> None:
    cloud.client("sqs").purge_queue(QueueUrl=os.environ["UPLOADS_QUEUE_URL"])


def pass_time(hours: float) -> None:
    assert cloud.sweep(timedelta(hours=hours))["failed"] == 0


def notices() -> list[str]:
    """Return the kinds of what was published since the last call, without the reminders of reports
    that nobody has acknowledged.
    """
    cloud.stream(cloud.all_keys())
    kinds = [notice["kind"] for notice in cloud.sent()]
    kinds = [kind for kind in kinds if kind not in ("overdue", "escalation", "digest")]
    cloud.forget_sent()
    return kinds


# A report


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "finished without a verdict"])
def test_a_photo_waits_while_nothing_is_decoded_and_is_ready_when_it_is(refused: bool) -> None:
    tip = Tip()
    for hours in HOURS:
        pass_time(hours)
        if refused:
            assert len(work(refused=True)) == 1
        else:
            lose_messages()
        assert tip.seen() == [("processing", None)]

    pass_time(13)
    assert work() == []
    assert tip.seen() == [("ready", None)]
    assert tip.delayed() == [False]


def test_the_pauses_double_from_ten_minutes_to_twelve_hours() -> None:
    tip = Tip()
    key = keys.report(tip.id), keys.media(tip.media_ids[0])
    pauses = []
    for _ in range(10):
        task = wiring.outboxes()["reports"].read(key)
        assert task
        before = task.task.due_at
        cloud.sweep(before - wiring.clock.now() + timedelta(seconds=1))
        task = wiring.outboxes()["reports"].read(key)
        assert task
        pauses.append(round((task.task.due_at - before).total_seconds() / 60))
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 720, 720, 720]


def test_an_officer_opens_the_original_of_a_photo_that_is_delayed() -> None:
    tip = Tip()
    pass_time(0.2)
    assert tip.delayed() == [False]
    pass_time(0.2)
    assert tip.delayed() == [True]
    assert f"versionId={tip.versions[0]}" in tip.original().expect(200)["url"]


def test_officers_are_notified_once_of_photos_that_are_delayed_and_when_they_are_ready() -> None:
    tip = Tip(3)
    pass_time(0.2)
    assert notices() == []
    pass_time(0.2)
    pass_time(0.1)
    assert notices() == ["media"]
    for hours in HOURS:
        pass_time(hours)
        lose_messages()
    assert notices() == []

    pass_time(13)
    work()
    pass_time(0.1)
    assert tip.seen() == [("ready", None)] * 3
    assert "media" in notices()


def test_nobody_is_notified_of_a_photo_that_is_delayed_where_a_report_is_muted() -> None:
    tip = Tip()
    path = f"/v1/officer/reports/{tip.id}/mute"
    assert call("POST", path, {"reason": "Spam."}, officer="wang").status in (200, 201)
    for _ in range(3):
        pass_time(0.5)
    assert notices() == []


def test_officers_are_not_notified_of_a_file_of_their_own_that_is_delayed() -> None:
    tip = Tip(0)
    path = f"/v1/officer/reports/{tip.id}/media"
    sent = call("POST", path, {"media": [PHOTO]}, officer="wang", key=new_key()).expect(201)
    cloud.upload(tip.id, sent["uploads"][0]["media_id"], cloud.photo())
    notices()
    for _ in range(3):
        pass_time(0.5)
    assert tip.delayed() == [True]
    assert notices() == []


def test_a_delayed_photo_ends_with_its_report() -> None:
    tip = Tip()
    for _ in range(3):
        pass_time(1)
    assert call("DELETE", f"/v1/reports/{tip.id}", receipt=tip.receipt).status == 204
    pass_time(0.1)
    assert tip.seen() == [("rejected", "withdrawn")]
    lose_messages()
    pass_time(24 * 20)
    assert work() == []


def test_what_an_earlier_version_has_rejected_stays_so() -> None:
    tip = Tip()
    row = keys.report(tip.id), keys.media(tip.media_ids[0])
    put = {"state": "rejected", "reason": "unprocessable", "version_id": tip.versions[0]}
    gone = ("task", "lane", "due_at", "task_shard", "task_at")
    wiring.reports().table.update(Update(*row, put=put, remove=gone))
    for hours in HOURS:
        pass_time(hours)
        assert work() == []
    assert tip.seen() == [("rejected", "unprocessable")]
    assert tip.original().status == 200


def test_a_check_that_an_earlier_version_has_left_goes_on() -> None:
    tip = Tip()
    row = keys.report(tip.id), keys.media(tip.media_ids[0])
    # It would have been the last one.
    wiring.reports().table.update(Update(*row, put={"attempts": 3}))
    pass_time(0.2)
    lose_messages()
    assert tip.seen() == [("processing", None)]
    pass_time(2)
    work()
    assert tip.seen() == [("ready", None)]


# A referral


def test_a_referral_goes_on_without_a_picture_that_waits_and_gets_a_supplement() -> None:
    tip = Tip(2)
    first, late = tip.media_ids
    cloud.process(original_key(tip.id, first), tip.versions[0])
    cloud.record(tip.id, first)
    assert tip.refer().json["media_ids"] == [first]
    assert len(tip.approve_referral()["document"]["pictures"]) == 1
    assert tip.officers()["supplements"] == []

    pass_time(1)
    work()
    wanted = [{"agency": "city_services", "media_ids": [late]}]
    assert tip.officers()["supplements"] == wanted
    proposed = tip.refer(include=["media"], media_ids=[late])
    assert (proposed.status, proposed.json["media_ids"]) == (201, [late])
    assert tip.officers()["supplements"] == []
    own = read_and_approve(f"/v1/officer/reports/{tip.id}/referral/approve", "wang")
    assert own.refusal == (403, "self_approval")
    [picture] = tip.approve_referral()["document"]["pictures"]
    assert late in picture["url"]
    assert tip.officers()["supplements"] == []


def test_a_picture_that_was_not_chosen_is_no_supplement() -> None:
    tip = Tip(2)
    pass_time(0.2)
    work()
    tip.refer(media_ids=[tip.media_ids[0]])
    tip.approve_referral()
    assert tip.officers()["supplements"] == []


def test_an_agency_that_got_no_pictures_gets_no_supplement() -> None:
    tip = Tip()
    tip.refer(include=["text"])
    tip.approve_referral()
    pass_time(0.2)
    work()
    assert tip.seen() == [("ready", None)]
    assert tip.officers()["supplements"] == []


# A bulletin


def with_picture(bulletin: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], str]:
    """Return a bulletin, or a new draft, with a picture that was uploaded, and the picture's id."""
    bulletin = bulletin or drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    added = call("POST", path, {"media": [PICTURE]}, officer=LI).json
    media_id = added["uploads"][0]["media_id"]
    cloud.upload(bulletin["id"], media_id, cloud.photo())
    lose_messages()
    notices()
    return opened(bulletin), media_id


def approve_without(bulletin: Mapping[str, Any], by: str = "zhao") -> Reply:
    path = f"/v1/officer/bulletins/{bulletin['id']}/approve?without_waiting=true"
    return read_and_approve(path, by)


def pictures(bulletin: Mapping[str, Any]) -> list[tuple[str, bool, bool, bool]]:
    media = opened(bulletin)["media"]
    return [(each["state"], each["shown"], each["late"], each["delayed"]) for each in media]


def test_a_bulletin_is_published_without_a_picture_that_waits_and_then_with_it() -> None:
    bulletin, _ = with_picture()
    for _ in range(3):
        pass_time(0.5)
        lose_messages()
    assert approve(opened(bulletin)).json["code"] == "media_pending"
    published = approve_without(opened(bulletin))
    assert (published.status, published.json["state"]) == (200, "published")
    assert pictures(bulletin) == [("processing", False, True, True)]
    assert read(bulletin).json["media"] == []
    assert (opened(bulletin)["pending"], approve_without(opened(bulletin)).status) == (False, 200)

    notices()
    pass_time(13)
    work()
    late = opened(bulletin)
    assert pictures(bulletin) == [("ready", True, False, False)]
    assert (late["pending"], late["version"]) == (True, bulletin["version"] + 1)
    assert notices() == ["approval"]
    assert read(bulletin).json["media"] == []
    assert approve(late, by=LI).refusal == (403, "self_approval")
    assert approve(late).status == 200
    assert len(read(bulletin).json["media"]) == 1


def test_which_picture_an_approval_has_left_out_is_on_record() -> None:
    bulletin, media_id = with_picture()
    approve_without(bulletin)
    path = f"/v1/officer/bulletins/{bulletin['id']}/history"
    steps = [each["detail"] or {} for each in call("GET", path, officer=LI).json["items"]]
    [approval] = [step for step in steps if step.get("step") == "approve"]
    assert (approval["version"], approval["without"]) == (bulletin["version"], [media_id])


def test_whoever_wrote_a_bulletin_does_not_approve_it_without_its_picture() -> None:
    bulletin, _ = with_picture()
    assert approve_without(bulletin, by=LI).refusal == (403, "self_approval")


def test_a_correction_that_only_adds_a_picture_waits_for_it() -> None:
    bulletin = drafted()
    assert approve(bulletin).status == 200
    bulletin, _ = with_picture(bulletin)
    assert approve_without(bulletin).refusal == (409, "media_pending")
    assert pictures(bulletin) == [("awaiting", True, False, False)]


def test_a_late_picture_that_is_rejected_changes_nothing_for_readers() -> None:
    bulletin = drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    added = call("POST", path, {"media": [PICTURE]}, officer=LI).json
    cloud.upload(bulletin["id"], added["uploads"][0]["media_id"], b"no picture")
    notices()
    approve_without(opened(bulletin))
    pass_time(0.2)
    work()
    assert pictures(bulletin) == [("rejected", False, False, False)]
    assert (opened(bulletin)["pending"], notices()) == (False, [])


def test_a_late_picture_never_comes_into_a_bulletin_that_has_ended() -> None:
    bulletin, _ = with_picture()
    approve_without(bulletin)
    path = f"/v1/officer/bulletins/{bulletin['id']}/withdraw"
    assert call("POST", path, {"code": "published_in_error"}, officer=LI).status == 200
    notices()
    pass_time(0.2)
    work()
    assert pictures(bulletin) == [("ready", False, False, False)]
    assert notices() == []


def test_a_late_picture_that_somebody_has_put_back_is_shown_once() -> None:
    bulletin, media_id = with_picture()
    approve_without(bulletin)
    path, version = f"/v1/officer/bulletins/{bulletin['id']}", opened(bulletin)["version"]
    body = {"media": [media_id], "title": draft()["title"]}
    headers = {"If-Match": f'"{version}"'}
    assert call("PATCH", path, body, officer=LI, headers=headers).status == 200
    pass_time(0.2)
    work()
    assert pictures(bulletin) == [("ready", True, False, False)]
    assert approve(opened(bulletin)).status == 200
    assert len(read(bulletin).json["media"]) == 1


# By an operator


def test_all_that_is_delayed_is_due_at_once_though_its_messages_are_gone() -> None:
    tip, redacted = Tip(), Tip()
    media_id = redacted.media_ids[0]
    cloud.process(original_key(redacted.id, media_id), None)
    cloud.record(redacted.id, media_id)
    path = f"/v1/officer/reports/{redacted.id}/media/{media_id}/redaction"
    body = {"regions": [{"x": 0, "y": 0, "width": 0.5, "height": 0.5}]}
    assert call("POST", path, body, officer="wang").status == 200
    bulletin, _ = with_picture()
    for hours in HOURS:
        pass_time(hours)
        lose_messages()
    fresh = Tip()  # It is not late yet, and keeps its time.

    names = {"ReportsTableName": "REPORTS_TABLE", "BulletinsTableName": "BULLETINS_TABLE"}
    outputs = {output: os.environ[name] for output, name in names.items()}
    stage = Target("dev", boto3.Session(), None, outputs, "")
    assert hasten_uploads(stage, wiring.clock.now()) == 3
    assert hasten_uploads(stage, wiring.clock.now()) == 0
    pass_time(0.01)
    assert work() == []
    assert (tip.seen(), fresh.seen()) == ([("ready", None)], [("awaiting", None)])
    assert pictures(bulletin) == [("ready", True, False, False)]
    assert redacted.officers()["media"][0]["redaction"]["state"] == "ready"
