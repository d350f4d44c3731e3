"""Officers send pictures to a reporter, who sees the cleaned ones and no file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.media import MAX_SENT_FILES
from tests import cloud, media_samples
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file, mine, opened

pytestmark = pytest.mark.officers("wang", "li")

PICTURE: dict[str, Any] = {"content_type": "image/jpeg", "size": 1_000_000}


def send(
    created: Mapping[str, Any], *media: Any, key: str | None = None, by: str = "wang"
) -> Reply:
    body = {"media": list(media or [PICTURE])}
    return by_officer("POST", created, "/media", body, officer=by, key=key)


def arrive(created: Mapping[str, Any], media_id: str, data: bytes) -> None:
    cloud.add_medium(created["id"], media_id, data)


def sent(created: Mapping[str, Any]) -> str:
    """Send a picture, and return its id when it is ready."""
    media_id = str(send(created).json["uploads"][0]["media_id"])
    arrive(created, media_id, cloud.photo())
    return media_id


def test_the_reporter_sees_the_cleaned_picture_and_that_an_officer_sent_it() -> None:
    created = file(media=[PICTURE])
    media_id = sent(created)
    own, theirs = mine(created)["media"]
    assert (own["from"], own["preview_url"]) == ("reporter", None)
    assert (theirs["media_id"], theirs["from"], theirs["state"]) == (media_id, "officer", "ready")
    for name in ("thumbnail_url", "preview_url"):
        assert f"/derived/{created['id']}/{media_id}/" in theirs[name]
    assert "originals" not in str(mine(created))
    assert "wang" not in str(mine(created))


def test_what_is_not_ready_is_not_shown_and_not_waited_for() -> None:
    created = file()
    before = mine(created)
    media_id = send(created).json["uploads"][0]["media_id"]
    assert mine(created)["media"] == []
    assert mine(created)["poll_after_s"] == before["poll_after_s"]
    assert [each["state"] for each in opened(created, "li")["media"]] == ["awaiting"]
    arrive(created, media_id, b"not a picture")
    assert mine(created)["media"] == []
    [shown] = opened(created, "li")["media"]
    assert (shown["from"], shown["state"]) == ("officer", "rejected")


def test_what_the_picture_says_of_itself_is_kept_nowhere() -> None:
    created = file()
    media_id = send(created).json["uploads"][0]["media_id"]
    arrive(created, media_id, media_samples.jpeg(800, 600))
    row = wiring.reports().media.get(created["id"], media_id)
    assert row
    assert row.state.value == "ready"
    assert (row.sealed_hint, row.sealed_sketch) == (None, None)
    assert opened(created, "li")["media"][0]["hint"] == {"taken_at": None, "lat": None, "lon": None}


def test_it_counts_nowhere_as_the_reporters_and_notifies_nobody() -> None:
    created = file()
    cloud.catch_up()
    before = opened(created, "li")
    sent(created)
    wiring.clock.advance(timedelta(minutes=3))
    cloud.go_on()
    assert cloud.sent() == []
    after = opened(created, "li")
    for name in ("unread", "version", "flags"):
        assert after[name] == before[name]
    [row] = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert row["media"] == {"total": 0, "ready": 0}
    assert row["thumbnail_url"] is None


def test_a_full_report_still_takes_files_and_files_take_no_room_of_the_reporter() -> None:
    created = file()
    for _ in range(2):
        assert send(created, *[PICTURE | {"size": 25 << 20}] * 5).status == 201
    assert send(created).refusal == (409, "too_many_media")
    path = f"/v1/reports/{created['id']}/media"
    film = {"content_type": "video/mp4", "size": 400 << 20}
    for media in ([PICTURE] * 5, [PICTURE] * 4 + [film]):
        call("POST", path, {"media": media}, receipt=created["receipt"]).expect(201)
    assert len(opened(created, "li")["media"]) == 10 + MAX_SENT_FILES


def test_a_repeated_call_declares_nothing_again_and_returns_grants() -> None:
    created, key = file(), new_key()
    first = send(created, key=key)
    again = send(created, key=key)
    assert [each["media_id"] for each in again.json["uploads"]] == [
        each["media_id"] for each in first.json["uploads"]
    ]
    assert send(created, PICTURE | {"size": 5}, key=key).json["code"] == "key_reused"
    # Another officer's key is another call, and so is a reporter's.
    assert send(created, key=key, by="li").json["uploads"] != first.json["uploads"]
    own = by_reporter("POST", created, "/media", {"media": [PICTURE]}, key=key)
    assert own.json["uploads"][0]["media_id"] not in str(first.json)
    assert len(opened(created, "li")["media"]) == 3


def test_the_reporter_can_upload_nothing_in_an_officers_name() -> None:
    created = file()
    media_id = send(created).json["uploads"][0]["media_id"]
    path = f"/v1/reports/{created['id']}/media/{media_id}"
    mine: dict[str, Any] = {"receipt": created["receipt"]}
    assert call("POST", f"{path}/grant", **mine).status == 404
    assert call("POST", f"{path}/parts", {"numbers": []}, **mine).status == 404
    assert call("POST", f"{path}/complete", **mine).status == 404


def test_a_repeated_creation_grants_nothing_that_officers_declared() -> None:
    key, body = new_key(), report(media=[PICTURE])
    created = call("POST", "/v1/reports", body, key=key).json
    send(created)
    again = call("POST", "/v1/reports", body, key=key).json
    assert len(again["uploads"]) == 1
    assert "O-" not in str(again["uploads"])


@pytest.mark.parametrize("wrong", ["video/mp4", "application/pdf"])
def test_only_pictures_can_be_sent(wrong: str) -> None:
    reply = send(file(), PICTURE, PICTURE | {"content_type": wrong})
    assert reply.wrong_fields == ["media.1.content_type"]


def test_it_is_on_record() -> None:
    created = file()
    media_id = send(created).json["uploads"][0]["media_id"]
    steps = by_officer("GET", created, "/history", officer="li").json["items"]
    [record] = [each for each in steps if each["action"] == "message"]
    assert (record["by"], record["detail"]) == ("wang", {"files": [media_id]})


def test_an_officer_opens_the_original_of_a_sent_file_on_record() -> None:
    created = file()
    media_id = sent(created)
    path = f"/v1/officer/reports/{created['id']}"
    reply = call("POST", f"{path}/media/{media_id}/original", {"reason": "Check."}, officer="li")
    assert reply.status == 200
    steps = call("GET", f"{path}/history", officer="li").json["items"]
    [record] = [each for each in steps if each["action"] == "original"]
    assert record["detail"]["media_id"] == media_id


def test_a_withdrawn_report_takes_none_and_its_pictures_go(aws: Mapping[str, str]) -> None:
    created = file()
    sent(created)
    waiting = send(created).json["uploads"][0]["media_id"]
    by_reporter("DELETE", created)
    assert send(created).json["code"] == "withdrawn"
    cloud.sweep(timedelta(minutes=1))
    left = cloud.client("s3").list_objects_v2(
        Bucket=aws["MEDIA_BUCKET"], Prefix=f"derived/{created['id']}/"
    )
    assert left["KeyCount"] == 0
    assert [each["thumbnail_url"] for each in mine(created)["media"]] == [None]
    row = wiring.reports().media.get(created["id"], waiting)
    assert row
    assert row.state.value == "rejected"


def test_an_upload_that_never_comes_is_rejected_and_looked_for() -> None:
    created = file()
    lost = send(created).json["uploads"][0]["media_id"]
    never = send(created).json["uploads"][0]["media_id"]
    # Its event was lost, but its manifest is there.
    version = cloud.upload(created["id"], lost, cloud.photo())
    cloud.process(f"originals/{created['id']}/{lost}", version)
    cloud.sweep(timedelta(minutes=11))
    cloud.sweep(timedelta(hours=25))
    states = {each["media_id"]: each["state"] for each in opened(created, "li")["media"]}
    assert states == {lost: "ready", never: "rejected"}


def test_two_officers_at_once_do_not_pass_the_limit_together() -> None:
    created = file()
    send(created, *[PICTURE] * 5)

    with inject.meanwhile(lambda: send(created, *[PICTURE] * 4, by="li")):
        assert send(created, PICTURE, PICTURE).json["code"] == "too_many_media"
