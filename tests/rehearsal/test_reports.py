"""A report, from the phone to the officers."""

import io
from typing import Any

import pytest
from PIL import Image

from tests import media_samples
from tests.rehearsal import cases, uploads
from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

PHOTO = media_samples.jpeg(480, 640, orientation=6)
# A small video and a box that players skip: enough bytes for an upload in parts.
VIDEO = media_samples.video(
    [media_samples.scene(320, 240)] * 20, index_first=True
) + media_samples.box(b"free", bytes(17 << 20))


@pytest.fixture(scope="module")
def report(stage: Stage) -> Any:
    """A report with a photo and a video, both sent."""
    made = stage.report(
        media=[
            {"content_type": "image/jpeg", "size": len(PHOTO)},
            {"content_type": "video/mp4", "size": len(VIDEO)},
        ]
    )
    photo, video = made["uploads"]
    uploads.post(stage, photo, PHOTO)
    uploads.send_parts(stage, made, video, VIDEO)
    return made


@pytest.fixture(scope="module")
def media(report: Any, officer: Person) -> Any:
    """Its media as an officer sees them, when they are ready."""
    return cases.ready(officer, report)


def test_officers_are_notified_of_the_report_and_of_its_media(
    report: Any, stage: Stage, notices: Notices
) -> None:
    notice = notices.of(report["id"], "report")
    assert notice["url"].startswith(stage.outputs["PublicUrl"])
    assert notice["attributes"]["category"] == "missing_elderly"
    notices.of(report["id"], "media")


def test_an_officer_sees_the_photo_upright_and_without_its_place(media: Any, stage: Stage) -> None:
    photo = media[0]
    for url in (photo["thumbnail_url"], photo["preview_url"]):
        reply = stage.internet.send("GET", url)
        assert reply.status == 200, reply.text
        assert b"Exif" not in reply.content
        with Image.open(io.BytesIO(reply.content)) as picture:
            assert picture.height > picture.width
        assert media_samples.is_upright(reply.content)


def test_the_photo_of_a_critical_report_has_a_queue_and_a_function_of_its_own(
    stage: Stage, officer: Person
) -> None:
    photo = {"content_type": "image/jpeg", "size": len(PHOTO)}
    before = {
        name: made(stage, name) for name in ("MakeThumbnailsLog", "MakeCriticalThumbnailsLog")
    }
    drill = stage.report("child_abduction", source="drill", media=[photo])
    uploads.post(stage, drill["uploads"][0], PHOTO)
    path = f"/v1/officer/reports/{drill['id']}"
    until(lambda: officer.get(path)["media"][0]["state"] == "ready", "the critical photo is ready")
    wanted = before | {"MakeCriticalThumbnailsLog": before["MakeCriticalThumbnailsLog"] + 1}
    until(lambda: {name: made(stage, name) for name in before} == wanted, "a line of one function")


def made(stage: Stage, log: str) -> int:
    return sum('"media_processed"' in line for line in stage.own_lines(log))


def test_an_officer_gets_the_original_unchanged_for_a_reason(
    report: Any, media: Any, stage: Stage, officer: Person
) -> None:
    for medium, content in zip(media, (PHOTO, VIDEO), strict=True):
        path = f"/v1/officer/reports/{report['id']}/media/{medium['media_id']}/original"
        given = officer.call("POST", path, {"reason": "To compare."})
        assert given.status == 200, given.text
        assert medium["evidence"]["version"] in given.json["url"]
        assert stage.internet.send("GET", given.json["url"]).content == content


def test_an_officer_sees_a_picture_of_the_video(media: Any, stage: Stage) -> None:
    video = media[1]
    assert video["codec"] == "h264"
    assert media_samples.is_upright(stage.internet.send("GET", video["preview_url"]).content)


def test_the_reporter_sees_that_all_has_arrived(report: Any, media: Any, stage: Stage) -> None:
    own = stage.call("GET", f"/v1/reports/{report['id']}", receipt=report["receipt"])
    assert own.status == 200
    assert [medium["state"] for medium in own.json["media"]] == ["ready", "ready"]
    same = stage.call(
        "GET",
        f"/v1/reports/{report['id']}",
        receipt=report["receipt"],
        headers={"If-None-Match": own.headers["etag"]},
    )
    assert same.status == 304


def test_a_withdrawal_removes_the_pictures(stage: Stage, officer: Person) -> None:
    made = cases.with_file(stage, "image/jpeg", PHOTO)
    cases.ready(officer, made)
    assert pictures(stage, made["id"])
    withdrawn = stage.call("DELETE", f"/v1/reports/{made['id']}", receipt=made["receipt"])
    assert withdrawn.status < 300, withdrawn.text
    stage.sweep()
    until(lambda: not pictures(stage, made["id"]), "its pictures are gone")


def pictures(stage: Stage, report_id: str) -> list[str]:
    """Return the keys of all versions of a report's pictures."""
    found = stage.client("s3").list_object_versions(
        Bucket=stage.outputs["MediaBucketName"], Prefix=f"derived/{report_id}/"
    )
    keys = [each["Key"] for each in found.get("Versions", ())]
    return [key for key in keys if key.endswith(".jpg")]
