"""A phone sends a reduced picture before its photo, and officers see it, marked, until then."""

import base64
import io
import json
import os
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from chalicelib import wiring
from chalicelib.kernel.files import original_key, reduced_key
from chalicelib.services.media.orphans import OrphanKind, find_orphans
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.cloud import scene
from tests.faults.test_orphans import places
from tests.functional.statistics.test_exports import made
from tests.steps import by_officer, by_reporter, file, head, mine, opened

pytestmark = [pytest.mark.officers("wang"), pytest.mark.usefixtures("aws", "clean")]

PHOTO: dict[str, Any] = {"content_type": "image/jpeg", "size": 4_000_000, "reduced": 100_000}
REDUCED, ORIGINAL = scene(1, quality=50, width=300), scene(1)
type Created = dict[str, Any]


def declared(**more: Any) -> tuple[Created, str]:
    """Return a report with one photo that nothing has come of, and the id of the photo."""
    created = file(media=[PHOTO], **more)
    return created, created["uploads"][0]["media_id"]


def early(content: bytes = REDUCED) -> tuple[Created, str]:
    """Return a report of whose photo a reduced picture is there."""
    created, media_id = declared()
    cloud.add_reduced(created["id"], media_id, content)
    return created, media_id


def medium(created: Created) -> Any:
    [found] = opened(created)["media"]
    return found


def version(url: str) -> str:
    """Return which version of an object a signed URL names."""
    return parse_qs(urlsplit(url).query)["versionId"][0]


def in_list(created: Created) -> Any:
    [row] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert row["id"] == created["id"]
    return row["media"], row["thumbnail_url"]


def keys(prefix: str) -> list[str]:
    return [key for key, _ in wiring.bucket().ages(prefix)]


def given_up() -> None:
    for step in (timedelta(minutes=11), timedelta(hours=24)):
        cloud.sweep(step)


def test_a_grant_has_a_second_form_for_the_reduced_picture_and_nothing_larger() -> None:
    created, media_id = declared()
    [grant] = created["uploads"]
    reduced = grant["reduced"]
    assert reduced["max_bytes"] == PHOTO["reduced"]
    assert reduced["fields"]["key"] == reduced_key(created["id"], media_id)
    conditions = json.loads(base64.b64decode(reduced["fields"]["policy"]))["conditions"]
    assert ["content-length-range", 1, PHOTO["reduced"]] in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert grant["fields"]["key"] == original_key(created["id"], media_id)


def test_what_has_arrived_gets_no_second_form_again() -> None:
    created, media_id = early()
    again = by_reporter("POST", created, f"/media/{media_id}/grant").json
    assert (again["reduced"], again["method"]) == (None, "POST")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reduced": 0}, "out_of_range"),
        ({"reduced": 160 * 1024 + 1}, "out_of_range"),
        ({"content_type": "video/mp4"}, "reduced_not_a_photo"),
    ],
)
def test_a_reduced_picture_is_small_and_of_a_photo(wrong: Any, code: str) -> None:
    reply = call("POST", "/v1/reports", report(media=[PHOTO | wrong]), key=new_key())
    assert reply.status == 422
    assert [each["code"] for each in reply.json["errors"]] == [code]


def test_officers_see_it_early_and_then_the_original_in_its_place() -> None:
    created, media_id = early()
    shown = medium(created)
    assert (shown["state"], shown["early"], shown["differs"]) == ("awaiting", True, False)
    assert shown["preview_url"]
    assert shown["thumbnail_url"]
    assert (shown["evidence"], shown["hint"]["lat"]) == (None, None)
    assert in_list(created) == ({"total": 1, "ready": 0, "early": 1}, None)
    # Nobody else sees it.
    assert mine(created)["media"][0]["thumbnail_url"] is None

    cloud.add_medium(created["id"], media_id, ORIGINAL)
    after = medium(created)
    assert (after["state"], after["early"], after["differs"]) == ("ready", False, False)
    assert version(after["preview_url"]) != version(shown["preview_url"])
    counts, thumbnail = in_list(created)
    assert counts == {"total": 1, "ready": 1}
    assert thumbnail


def test_nobody_ends_a_report_over_a_picture_that_they_have_not_seen() -> None:
    created, media_id = declared()
    end = {"status": "closed", "disposition": "resolved", "reason": "Done."}

    def ends(tag: str) -> Reply:
        return by_officer("PATCH", created, "", end, headers={"If-Match": tag})

    def tag_of_opening() -> str:
        return str(by_officer("GET", created).headers["etag"])

    before = tag_of_opening()
    cloud.add_reduced(created["id"], media_id, REDUCED)
    assert ends(before).refusal == (412, "stale_version")
    seen = tag_of_opening()
    cloud.add_medium(created["id"], media_id, scene(2))
    assert ends(seen).refusal == (412, "stale_version")
    ends(tag_of_opening()).expect(200)


def test_one_that_showed_something_else_is_flagged() -> None:
    created, media_id = early(scene(2, quality=50, width=300))
    cloud.add_medium(created["id"], media_id, ORIGINAL)
    assert medium(created)["differs"] is True


def test_it_stays_marked_when_the_original_never_comes() -> None:
    created, _ = early()
    given_up()
    shown = medium(created)
    assert (shown["state"], shown["reason"], shown["early"]) == ("rejected", "not_received", True)
    assert shown["preview_url"]
    assert in_list(created)[0]["early"] == 1


def test_one_that_comes_after_its_original_changes_nothing() -> None:
    created, media_id = declared()
    cloud.add_medium(created["id"], media_id, ORIGINAL)
    before = version(medium(created)["preview_url"])
    cloud.add_reduced(created["id"], media_id, scene(2))
    shown = medium(created)
    assert (shown["early"], shown["differs"]) == (False, False)
    assert version(shown["preview_url"]) == before
    assert head(created).get("media_early", 0) == 0


def png() -> bytes:
    """Return a picture in order, of another type than a reduced picture has."""
    content = io.BytesIO()
    Image.open(io.BytesIO(REDUCED)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("hostile", [b"no picture", png(), REDUCED[:40], REDUCED + bytes(170_000)])
def test_a_hostile_one_is_shown_to_nobody_and_the_photo_still_is(hostile: bytes) -> None:
    created, media_id = early(hostile)
    assert (medium(created)["early"], medium(created)["preview_url"]) == (False, None)
    cloud.add_medium(created["id"], media_id, ORIGINAL)
    assert medium(created)["state"] == "ready"


def test_one_whose_event_was_lost_is_sent_through_again() -> None:
    created, media_id = declared()
    key = reduced_key(created["id"], media_id)
    bucket = os.environ["MEDIA_BUCKET"]
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=REDUCED)
    cloud.sweep(timedelta(minutes=11))
    queue = {"QueueUrl": os.environ["UPLOADS_QUEUE_URL"]}
    [message] = cloud.client("sqs").receive_message(**queue)["Messages"]
    assert json.loads(message["Body"])["detail"]["object"]["key"] == key


def test_withdrawn_nothing_of_it_is_shown_or_derived() -> None:
    created, media_id = early()
    by_reporter("DELETE", created)
    cloud.sweep(timedelta(minutes=1))
    assert keys(f"derived/{created['id']}/") == []
    cloud.process(reduced_key(created["id"], media_id), None)
    assert keys(f"derived/{created['id']}/") == []


def test_later_uploads_of_it_are_removed_and_the_first_is_kept() -> None:
    created, media_id = declared()
    first = cloud.add_reduced(created["id"], media_id, REDUCED)
    cloud.add_reduced(created["id"], media_id, scene(3))
    cloud.add_medium(created["id"], media_id, ORIGINAL)
    cloud.sweep(timedelta(minutes=91))
    found = cloud.client("s3").list_object_versions(
        Bucket=os.environ["MEDIA_BUCKET"], Prefix=reduced_key(created["id"], media_id)
    )
    assert [each["VersionId"] for each in found["Versions"]] == [first]
    assert medium(created)["evidence"]["later_uploads"] == 1


def test_it_goes_with_its_report_and_is_missed_when_it_is_gone() -> None:
    created, media_id = early()
    later = wiring.clock.now() + timedelta(days=2)
    assert list(find_orphans(places(), now=later)) == []
    wiring.bucket().delete_key(reduced_key(created["id"], media_id))
    assert [each.kind for each in find_orphans(places(), now=later)] == [OrphanKind.MISSING]
    wiring.bucket().delete_media_of(created["id"])
    assert keys(f"originals/{created['id']}/") == []


def test_an_export_has_it_while_the_original_is_missing() -> None:
    created, media_id = early()
    files = made({"report_id": created["id"], "reason": "For the file.", "originals": True})
    assert files[f"reduced/{media_id}.jpg"] == REDUCED
    assert json.loads(files["export.json"])["reduced"][0]["media_id"] == media_id
