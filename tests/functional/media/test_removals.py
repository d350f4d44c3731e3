"""Removed: uploads after the first, and the pictures of a withdrawn report."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.catalogue.attachments import PART_SIZE
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.media import MediaState
from chalicelib.kernel.files import original_key
from chalicelib.services.media import processing
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")

PHOTO = {"content_type": "image/jpeg", "size": 100_000}
FILM = {"content_type": "video/mp4", "size": 2 * PART_SIZE + 5}
EXPIRED = timedelta(minutes=91)


class Tip:
    """A report with media, and what is stored of it."""

    def __init__(self, *media: Any) -> None:
        created = file(media=list(media))
        self.id, self.receipt = created["id"], created["receipt"]
        self.media_ids = [each["media_id"] for each in created["uploads"]]

    def upload(self, number: int = 0, colour: str = "steelblue") -> str:
        return cloud.upload(self.id, self.media_ids[number], cloud.photo(colour=colour))

    def process(self, number: int = 0) -> None:
        key = original_key(self.id, self.media_ids[number])
        assert cloud.process(key, None) == {"batchItemFailures": []}

    def record(self, number: int = 0) -> None:
        done = cloud.record(self.id, self.media_ids[number])
        assert done == {"batchItemFailures": []}

    def withdraw(self) -> None:
        assert call("DELETE", f"/v1/reports/{self.id}", receipt=self.receipt).status == 204

    def medium(self, number: int = 0) -> Any:
        return wiring.reports().media.get(self.id, self.media_ids[number])

    def versions(self, folder: str = "originals") -> list[str]:
        """Return the ids of all versions and delete markers in a folder of this report."""
        found = cloud.client("s3").list_object_versions(
            Bucket=os.environ["MEDIA_BUCKET"], Prefix=f"{folder}/{self.id}/"
        )
        return [
            each["VersionId"]
            for each in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))
        ]

    def own_view(self) -> Any:
        return call("GET", "/v1/reports/mine", receipt=self.receipt).json["media"]

    def opened(self, query: str = "?reason=Seen") -> Any:
        return call("GET", f"/v1/officer/reports/{self.id}{query}", officer="chief").json

    def listed(self) -> Any:
        [row] = call("GET", "/v1/officer/reports", officer="chief").json["items"]
        return row


@pytest.fixture
def tip() -> Tip:
    cloud.forget_sent()
    cloud.officer("chief", roles=(Role.OFFICER, Role.SUPERVISOR))
    return Tip(PHOTO)


def pass_time(by: timedelta) -> dict[str, int]:
    done = cloud.sweep(by)
    assert done["failed"] == 0
    return done


# Later uploads


def test_later_uploads_are_removed_when_no_grant_is_left_and_counted(tip: Tip) -> None:
    first = tip.upload()
    tip.process()
    tip.record()
    tip.upload(colour="red")
    tip.upload(colour="green")
    cloud.client("s3").delete_object(
        Bucket=os.environ["MEDIA_BUCKET"], Key=original_key(tip.id, tip.media_ids[0])
    )
    pass_time(timedelta(minutes=89))
    assert len(tip.versions()) == 4
    pass_time(timedelta(minutes=2))
    assert tip.versions() == [first]
    assert tip.medium().later_uploads == 3
    assert tip.opened("")["media"][0]["evidence"]["later_uploads"] == 3


def test_uploads_that_were_begun_and_never_completed_are_removed_too(tip: Tip) -> None:
    tip.upload()
    tip.process()
    tip.record()
    s3, key = cloud.client("s3"), original_key(tip.id, tip.media_ids[0])
    beside = original_key(tip.id, tip.media_ids[0] + "2")
    for each in (key, key, beside):
        s3.create_multipart_upload(Bucket=os.environ["MEDIA_BUCKET"], Key=each)
    pass_time(EXPIRED)
    left = s3.list_multipart_uploads(Bucket=os.environ["MEDIA_BUCKET"]).get("Uploads", [])
    assert [each["Key"] for each in left] == [beside]
    assert tip.medium().later_uploads == 2


def test_what_came_after_a_medium_was_given_up_is_removed_whole(tip: Tip) -> None:
    pass_time(timedelta(minutes=11))
    pass_time(timedelta(hours=24))
    assert tip.medium().reason == "not_received"
    tip.upload()
    pass_time(EXPIRED)
    assert tip.versions() == []
    assert tip.medium().later_uploads == 1
    assert tip.opened("")["media"][0]["evidence"] is None


def test_the_recorded_version_stays_even_if_it_is_not_the_first(tip: Tip) -> None:
    tip.upload()
    recorded = tip.upload(colour="red")
    tip.process()
    tip.record()
    update = {":v": {"S": recorded}}
    cloud.client("dynamodb").update_item(
        TableName=os.environ["REPORTS_TABLE"],
        Key={"pk": {"S": f"REPORT#{tip.id}"}, "sk": {"S": f"MEDIA#{tip.media_ids[0]}"}},
        UpdateExpression="SET version_id = :v",
        ExpressionAttributeValues=update,
    )
    pass_time(EXPIRED)
    assert tip.versions() == [recorded]


def test_without_the_recorded_version_nothing_is_removed(
    tip: Tip, caplog: pytest.LogCaptureFixture
) -> None:
    first = tip.upload()
    tip.process()
    tip.record()
    later = tip.upload(colour="red")
    cloud.client("s3").delete_object(
        Bucket=os.environ["MEDIA_BUCKET"],
        Key=original_key(tip.id, tip.media_ids[0]),
        VersionId=first,
    )
    pass_time(EXPIRED)
    assert tip.versions() == [later]
    assert "recorded_version_missing" in caplog.messages


def test_a_removal_that_fails_is_done_by_the_next_sweep(tip: Tip) -> None:
    first = tip.upload()
    tip.process()
    tip.record()
    tip.upload(colour="red")
    wiring.clock.advance(EXPIRED)
    refuse = inject.times(99, inject.s3_error(503, "SlowDown"))
    with inject.fault(wiring.s3(), "s3.DeleteObjects", refuse):
        assert cloud.sweep()["failed"] == 1
    assert len(tip.versions()) == 2
    cloud.sweep()
    assert tip.versions() == [first]


# What is put over a picture


def test_what_is_put_over_a_picture_after_the_verdict_is_seen_by_nobody(tip: Tip) -> None:
    tip.upload()
    tip.process()
    tip.record()
    before = tip.medium()
    bucket = wiring.bucket()
    for name in ("thumb.jpg", "preview.jpg"):
        bucket.put(f"derived/{tip.id}/{tip.media_ids[0]}/{name}", b"forged", "image/jpeg")
    manifest = bucket.read(f"derived/{tip.id}/{tip.media_ids[0]}/manifest.json")
    forged = manifest.replace(before.thumb_version.encode(), b"another")
    assert forged != manifest
    bucket.put(f"derived/{tip.id}/{tip.media_ids[0]}/manifest.json", forged, "application/json")
    tip.record()

    assert tip.medium() == before
    [opened], [own] = tip.opened("")["media"], tip.own_view()
    thumb, preview = f"versionId={before.thumb_version}", f"versionId={before.preview_version}"
    assert thumb in opened["thumbnail_url"]
    assert preview in opened["preview_url"]
    assert thumb in own["thumbnail_url"]
    assert thumb in tip.listed()["thumbnail_url"]


# Withdrawn


def test_the_pictures_of_a_withdrawn_report_are_in_no_response_at_once(tip: Tip) -> None:
    tip.upload()
    tip.process()
    tip.record()
    assert tip.listed()["thumbnail_url"]
    tip.withdraw()

    assert tip.listed()["thumbnail_url"] is None
    assert [medium["thumbnail_url"] for medium in tip.own_view()] == [None]
    [medium] = tip.opened()["media"]
    assert (medium["thumbnail_url"], medium["preview_url"]) == (None, None)
    assert medium["evidence"]["version"] == tip.medium().version_id
    assert tip.opened("")["media"] == []


def test_the_pictures_of_a_withdrawn_report_are_gone_with_the_next_sweep(tip: Tip) -> None:
    first = tip.upload()
    for _ in range(2):
        tip.process()
    tip.record()
    assert len(tip.versions("derived")) == 6
    tip.withdraw()
    cloud.sweep()
    assert tip.versions("derived") == []
    assert tip.versions() == [first]  # kept for a supervisor until retention
    tasks = [each for each in cloud.all_keys() if "purge" in each[1]]
    assert len(tasks) == 1


def test_nothing_is_derived_for_a_report_that_was_withdrawn(tip: Tip) -> None:
    tip.upload()
    tip.withdraw()
    tip.process()
    assert tip.versions("derived") == []


@pytest.mark.parametrize("position", range(3))
def test_a_withdrawal_in_the_middle_of_a_processing_leaves_nothing_behind(
    tip: Tip, position: int
) -> None:
    """It is withdrawn and swept before the first, second or third object is written."""
    tip.upload()

    def meanwhile(request: Any) -> None:
        tip.withdraw()
        cloud.sweep()

    with inject.fault(wiring.s3(), "s3.PutObject", inject.at(position, meanwhile)):
        tip.process()
    tip.record()
    assert tip.own_view()[0]["thumbnail_url"] is None
    assert tip.listed()["thumbnail_url"] is None
    assert tip.versions("derived") != []
    pass_time(timedelta(minutes=2))
    assert tip.versions("derived") == []
    assert pass_time(timedelta(minutes=5))["due"] == 0


def test_a_withdrawal_in_the_middle_of_a_recording_puts_no_picture_into_a_list(tip: Tip) -> None:
    tip.upload()
    tip.process()

    with inject.meanwhile(tip.withdraw):
        tip.record()
    assert tip.medium().state is MediaState.READY
    assert tip.listed()["thumbnail_url"] is None
    assert wiring.reports().head(tip.id).row.get("thumb") is None  # type: ignore[union-attr]
    cloud.stream(cloud.all_keys())
    assert "media" not in [notice["kind"] for notice in cloud.sent()]
    cloud.sweep()
    assert tip.versions("derived") == []


def test_what_was_examined_before_the_withdrawal_keeps_its_verdict(tip: Tip) -> None:
    first = tip.upload()
    tip.process()
    tip.withdraw()
    cloud.sweep()
    assert (tip.medium().state, tip.medium().version_id) == (MediaState.READY, first)
    assert tip.versions("derived") == []


def test_uploads_of_a_withdrawn_report_end_and_what_they_add_is_removed(
    aws: Mapping[str, str],
) -> None:
    tip = Tip(PHOTO, FILM)
    path = f"/v1/reports/{tip.id}/media"

    def refusals() -> list[str]:
        return [
            call("POST", f"{path}/{media_id}/{step}", body, receipt=tip.receipt).json["code"]
            for media_id, step, body in (
                (tip.media_ids[0], "grant", None),
                (tip.media_ids[1], "parts", {"numbers": [1]}),
                (tip.media_ids[1], "complete", None),
            )
        ]

    call("POST", f"{path}/{tip.media_ids[1]}/parts", {"numbers": [1]}, receipt=tip.receipt)
    tip.withdraw()
    assert refusals() == ["withdrawn"] * 3
    cloud.sweep()
    assert refusals() == ["withdrawn"] * 3
    assert [(each["state"], each["reason"]) for each in tip.own_view()] == [
        ("rejected", "withdrawn")
    ] * 2
    tip.upload()
    pass_time(EXPIRED)
    assert tip.versions() == []
    uploads = cloud.client("s3").list_multipart_uploads(
        Bucket=aws["MEDIA_BUCKET"], Prefix=f"originals/{tip.id}/"
    )
    assert uploads.get("Uploads", []) == []


def test_nothing_is_derived_for_a_report_that_is_deleted_or_unknown(tip: Tip) -> None:
    tip.upload()
    original = original_key(tip.id, tip.media_ids[0])
    unknown = original_key("0" * 26, "0" * 16)
    cloud.upload("0" * 26, "0" * 16, cloud.photo())
    table, key = wiring.reports().table, f"REPORT#{tip.id}"
    row = table.get(key, "HEAD", consistent=True)
    assert row is not None

    def processed(original: str) -> object:
        return processing.make_thumbnails(
            processing.Arrived(original),
            bucket=wiring.bucket(),
            decoding=wiring.decoding(),
            report_keys=wiring.report_keys(),
            now=wiring.clock.now(),
        )

    table.put({**row, "expiring": True})
    assert processed(original) is None
    table.put({"pk": key, "sk": "HEAD", "id": tip.id, "deleted_at": wiring.clock.now()})
    assert processed(original) is None
    assert processed(unknown) is None
    table.put(row)
    assert processed(original) is not None
