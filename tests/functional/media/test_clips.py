"""A reporter sends a video, and officers play a clean copy of it without giving a reason."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import cloud, media_samples
from tests.client import call
from tests.functional.media.test_recordings import fetched, gone_with_a_withdrawal
from tests.media_samples import CANARY, scene
from tests.steps import by_officer, file, opened

pytestmark = [pytest.mark.officers("wang"), pytest.mark.usefixtures("aws")]

VIDEO: dict[str, Any] = {"content_type": "video/mp4", "size": 1_000_000}
NAMED = {"location": "+39.9200+116.4400/", "comment": CANARY.decode()}


def video(codec: str = "libx264", **more: Any) -> bytes:
    return media_samples.video([scene(160, 96)] * 3, codec, metadata=NAMED, **more)


def sent(data: bytes, **more: Any) -> dict[str, Any]:
    """Return a report with a video, which is processed."""
    created = file(media=[VIDEO], **more)
    cloud.add_medium(created["id"], created["uploads"][0]["media_id"], data)
    return dict(created)


def test_officers_play_a_clean_copy_and_the_original_stays() -> None:
    data = video(sound=True)
    created = sent(data)
    [medium] = opened(created)["media"]
    assert (medium["state"], medium["codec"], medium["no_clip"]) == ("ready", "h264", None)
    clip, query = fetched(medium["clip_url"]), parse_qs(urlsplit(medium["clip_url"]).query)
    assert clip[4:8] == b"ftyp"
    assert media_samples.find_box(data, b"mdat") == media_samples.find_box(clip, b"mdat")
    assert not any(word in clip for word in (b"udta", b"+39.92", CANARY))
    assert query["response-content-type"] == ["video/mp4"]
    assert query["X-Amz-Expires"] == ["900"]
    assert medium["preview_url"] is not None
    url = by_officer(
        "POST", created, f"/media/{medium['media_id']}/original", {"reason": "Where was it?"}
    ).json["url"]
    assert "/originals/" in url


def test_a_video_in_another_form_has_its_still_and_says_that_it_has_no_copy() -> None:
    [medium] = opened(sent(video("mpeg4")))["media"]
    assert (medium["state"], medium["clip_url"]) == ("ready", None)
    assert medium["no_clip"] == "unsupported"
    assert medium["preview_url"] is not None


def test_the_reporter_sees_that_it_arrived_and_no_copy() -> None:
    created = sent(video())
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    assert mine.json["media"][0]["state"] == "ready"
    assert "clip" not in mine.text


def test_the_copy_goes_with_a_withdrawal() -> None:
    medium = gone_with_a_withdrawal(sent(video()))
    assert (medium["clip_url"], medium["preview_url"]) == (None, None)


def test_what_officers_show_is_a_still() -> None:
    created = file()
    picture = {"media": [VIDEO | {"content_type": "image/jpeg"}]}
    [granted] = by_officer("POST", created, "/media", picture).json["uploads"]
    cloud.add_medium(created["id"], granted["media_id"], video())
    [medium] = opened(created)["media"]
    assert (medium["state"], medium["content_type"]) == ("ready", "video/mp4")
    assert (medium["clip_url"], medium["no_clip"]) == (None, None)
