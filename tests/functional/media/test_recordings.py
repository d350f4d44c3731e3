"""A reporter sends a recording, and officers hear a clean copy of it."""

import os
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.media_decoding.boxes import is_bare_sound
from tests import cloud, media_samples
from tests.client import call, new_key, report
from tests.steps import by_reporter, file, opened

pytestmark = pytest.mark.officers("wang")

RECORDING: dict[str, Any] = {"content_type": "audio/mp4", "size": 1_000_000}


def sent(*files: bytes, **more: Any) -> dict[str, Any]:
    """Return a report with these files, each processed."""
    media = [RECORDING] * len(files)
    created = file(media=media, **more)
    for upload, data in zip(created["uploads"], files, strict=True):
        media_id = upload["media_id"]
        cloud.add_medium(created["id"], media_id, data)
    return dict(created)


def fetched(url: str) -> bytes:
    """Return what a signed URL names: exactly one version of one object."""
    path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    key = path[path.index("derived/") :]
    found = cloud.client("s3").get_object(
        Bucket=os.environ["MEDIA_BUCKET"], Key=key, VersionId=query["versionId"][0]
    )
    return bytes(found["Body"].read())


def test_officers_hear_a_clean_copy_and_the_original_stays() -> None:
    data = media_samples.recording(named=True)
    created = sent(data)
    [medium] = opened(created)["media"]
    assert (medium["state"], medium["content_type"], medium["codec"]) == (
        "ready", "audio/mp4", "aac",
    )  # fmt: skip
    assert (medium["thumbnail_url"], medium["preview_url"], medium["width"]) == (None, None, None)
    assert medium["duration_s"] == pytest.approx(1, abs=0.1)
    copy = fetched(medium["playback_url"])
    assert is_bare_sound(copy)
    assert media_samples.CANARY not in copy
    query = parse_qs(urlsplit(medium["playback_url"]).query)
    assert (query["response-content-type"], query["X-Amz-Expires"]) == (["audio/mp4"], ["900"])
    original = cloud.client("s3").get_object(
        Bucket=os.environ["MEDIA_BUCKET"],
        Key=f"originals/{created['id']}/{medium['media_id']}",
        VersionId=medium["evidence"]["version"],
    )
    assert original["Body"].read() == data


def test_officers_are_notified_and_the_list_shows_it_without_a_picture() -> None:
    created = sent(media_samples.amr())
    wiring.clock.advance(timedelta(minutes=2))
    cloud.go_on()
    assert sorted(each["kind"] for each in cloud.sent()) == ["media", "report"]
    [row] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert (row["id"], row["media"]) == (created["id"], {"total": 1, "ready": 1})
    assert row["thumbnail_url"] is None


def test_the_picture_of_a_report_is_that_of_its_first_picture() -> None:
    sent(media_samples.amr(), cloud.photo())
    [row] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert row["thumbnail_url"] is not None


def test_the_reporter_sees_that_it_arrived() -> None:
    created = sent(media_samples.amr_in_3gp())
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    [medium] = mine["media"]
    assert (medium["state"], medium["content_type"]) == ("ready", "audio/3gpp")
    assert "playback" not in str(mine)


def gone_with_a_withdrawal(created: dict[str, Any]) -> Any:
    """Withdraw a report, see that no copy is left, and return its medium as officers see it."""
    by_reporter("DELETE", created)
    cloud.sweep(timedelta(minutes=1))
    left = cloud.client("s3").list_object_versions(
        Bucket=os.environ["MEDIA_BUCKET"], Prefix=f"derived/{created['id']}/"
    )
    assert "Versions" not in left
    cloud.officer("wang", roles=("supervisor",))
    [medium] = opened(created, below="?reason=Needed")["media"]
    return medium


def test_the_copy_goes_with_a_withdrawal() -> None:
    assert gone_with_a_withdrawal(sent(media_samples.recording()))["playback_url"] is None


SOUNDS = (
    "audio/mp4",
    "audio/3gpp",
    "audio/amr",
    "audio/mpeg",
    "audio/wav",
    "audio/ogg",
    "audio/webm",
)


@pytest.mark.parametrize("content_type", SOUNDS)
def test_a_recording_may_have_25_mib_and_goes_up_in_one_piece(content_type: str) -> None:
    body = report(media=[{"content_type": content_type, "size": 25 << 20, "sha256": "a" * 64}])
    created = call("POST", "/v1/reports", body, key=new_key()).expect(201)
    assert created["uploads"][0]["method"] == "POST"
    body["media"][0]["size"] += 1
    refused = call("POST", "/v1/reports", body, key=new_key())
    assert refused.json["errors"][0]["field"] == "media.0.size"


def test_the_catalogue_names_recordings_with_their_limit() -> None:
    media = call("GET", "/v1/catalogue").json["limits"]["media"]
    limits = {each["content_type"]: each["max_bytes"] for each in media if each["kind"] == "audio"}
    assert limits == dict.fromkeys(SOUNDS, 25 << 20)


@pytest.mark.parametrize("make", [media_samples.recording, media_samples.amr])
@pytest.mark.parametrize("place", ["bulletin", "report"])
def test_a_recording_in_place_of_a_picture_is_rejected(make: Any, place: str) -> None:
    """A bulletin, and what officers send to a reporter, are pictures."""
    if place == "bulletin":
        draft = {
            "channel": "key_cases",
            "title": {"en": "Witnesses wanted"},
            "body": {"en": "Tuesday evening."},
        }
        owner = call("POST", "/v1/officer/bulletins", draft, officer="wang").json["id"]
    else:
        owner = file()["id"]
    path = f"/v1/officer/{place}s/{owner}"
    assert call("POST", f"{path}/media", {"media": [RECORDING]}, officer="wang").status == 422
    picture = {"media": [RECORDING | {"content_type": "image/jpeg"}]}
    granted = call("POST", f"{path}/media", picture, officer="wang").json["uploads"][0]
    version = cloud.upload(owner, granted["media_id"], make())
    cloud.process(f"originals/{owner}/{granted['media_id']}", version)
    cloud.record(owner, granted["media_id"])
    [medium] = call("GET", path, officer="wang").json["media"]
    assert (medium["state"], medium["reason"]) == ("rejected", "no_video")
