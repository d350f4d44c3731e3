"""Uploads that fail: a late, wrong, repeated or too large one. The response says what to do."""

import base64
import json
import os
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.domain.catalogue.attachments import PART_SIZE
from chalicelib.domain.media import Verdict
from chalicelib.domain.reports.media import Manifest, MediaState
from chalicelib.domain.reports.report import Medium
from chalicelib.handlers.casework.report_views import HintView
from chalicelib.kernel import times
from chalicelib.kernel.files import original_key
from chalicelib.services.media.results import record_verdict
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

TEN = timedelta(minutes=10)
SIZE = 2 * PART_SIZE + 5
PHOTO = {"content_type": "image/jpeg", "size": 10_000}
VIDEO = {"content_type": "video/mp4", "size": SIZE}


class Upload:
    """A report with one medium, and the calls for its upload."""

    def __init__(self, **declared: object) -> None:
        created = file(media=[declared])
        self.report_id, self.receipt, self.media_id = (
            created["id"],
            created["receipt"],
            created["uploads"][0]["media_id"],
        )

    def post(self, what: str, body: Any = None) -> Any:
        return call(
            "POST",
            f"/v1/reports/{self.report_id}/media/{self.media_id}/{what}",
            body,
            receipt=self.receipt,
        )

    def put_part(self, number: int, length: int) -> None:
        upload_id = wiring.reports().media.get(self.report_id, self.media_id).upload_id  # type: ignore[union-attr]
        cloud.client("s3").upload_part(
            Bucket=os.environ["MEDIA_BUCKET"],
            Key=original_key(self.report_id, self.media_id),
            UploadId=upload_id,
            PartNumber=number,
            Body=bytes(length),
        )


def given_up() -> None:
    cloud.sweep(timedelta(minutes=11))
    cloud.sweep(timedelta(hours=24))


def test_a_photo_that_came_too_late_is_called_so_and_not_arrived() -> None:
    upload = Upload(**PHOTO)
    given_up()
    response = upload.post("grant")
    assert response.refusal == (409, "media_rejected")
    assert response.json["reason"] == "not_received"
    assert "24" in response.json["reason_text"]


def test_no_grant_outlives_the_time_in_which_a_file_is_received() -> None:
    body, key = report(media=[PHOTO | {"reduced": 9}, VIDEO]), new_key()
    created = call("POST", "/v1/reports", body, key=key).json
    photo, video = (f"/media/{each['media_id']}" for each in created["uploads"])

    wiring.clock.advance(timedelta(hours=23, minutes=20))
    grant = by_reporter("POST", created, f"{photo}/grant").json
    asked = by_reporter("POST", created, f"{video}/parts", {"numbers": [1]}).json
    [seconds] = parse_qs(urlsplit(asked["parts"][0]["url"]).query)["X-Amz-Expires"]
    forms = (grant["fields"], grant["reduced"]["fields"])
    ends = [json.loads(base64.b64decode(form["policy"]))["expiration"] for form in forms]
    left = [times.parse(end) - wiring.clock.wall_clock() for end in (*ends, grant["expires_at"])]
    assert all(timedelta() < each <= TEN for each in (*left, timedelta(seconds=int(seconds))))

    wiring.clock.advance(TEN)
    for step, sent in ((f"{photo}/grant", None), (f"{video}/parts", {"numbers": [1]})):
        assert by_reporter("POST", created, step, sent).json.get("reason") == "not_received", step
    assert call("POST", "/v1/reports", body, key=key).json["uploads"] == []


@pytest.mark.parametrize("lengths", [None, (), (PART_SIZE,), (PART_SIZE, PART_SIZE, 4)])
def test_a_video_past_its_time_is_refused_by_the_clock_as_a_photo_is(lengths: Any) -> None:
    upload = Upload(**VIDEO)
    if lengths is not None:
        upload.post("parts", {"numbers": []})
        for number, length in enumerate(lengths, 1):
            upload.put_part(number, length)
    wiring.clock.advance(timedelta(hours=23, minutes=30))
    for step, body in (("grant", None), ("parts", {"numbers": []}), ("complete", None)):
        response = upload.post(step, body)
        assert (response.status, response.json.get("reason")) == (409, "not_received"), step
    stored = wiring.reports().media.get(upload.report_id, upload.media_id)
    assert stored
    assert bool(stored.upload_id) is (lengths is not None), "no upload begins too late"


def test_parts_that_are_all_there_are_listed_and_joined_also_after_their_time() -> None:
    upload = whole()
    wiring.clock.advance(timedelta(hours=24, minutes=14))
    assert len(upload.post("parts", {"numbers": [1]}).json["held"]) == 3
    assert upload.post("complete").json["state"] == "processing"


@pytest.mark.parametrize("later", [False, True], ids=["with the report", "later"])
def test_a_replay_names_the_place_of_each_file_that_has_not_arrived(later: bool) -> None:
    media: dict[str, Any] = {"media": [PHOTO, PHOTO | {"size": 9}]}
    body, own = report(**({} if later else media)), new_key()
    report_key, media_key = (new_key(), own) if later else (own, new_key())
    created = call("POST", "/v1/reports", body, key=report_key).json

    def send(body: Any = body) -> list[dict[str, Any]]:
        reply = (
            by_reporter("POST", created, "/media", media, key=media_key)
            if later
            else call("POST", "/v1/reports", body, key=report_key)
        )
        return list(reply.json["uploads"])

    first, second = send()
    assert [first["index"], second["index"]] == [0, 1]
    by_reporter("POST", created, "/media", {"media": [PHOTO]}, key=new_key())
    cloud.add_medium(created["id"], first["media_id"])
    assert [(each["index"], each["media_id"]) for each in send()] == [(1, second["media_id"])]
    by_reporter("DELETE", created)
    assert send() == []


def test_a_video_that_came_too_late_is_refused_so_at_every_step() -> None:
    upload = Upload(**VIDEO)
    upload.post("parts", {"numbers": [1]})
    given_up()
    for step, body in (("grant", None), ("parts", {"numbers": [1]}), ("complete", None)):
        response = upload.post(step, body)
        assert response.refusal == (409, "media_rejected"), step


def test_completing_again_is_the_same_whatever_the_verdict() -> None:
    upload = whole()
    assert upload.post("complete").json["state"] == "processing"
    assert upload.post("grant").json["code"] == "not_awaiting"
    cloud.process(original_key(upload.report_id, upload.media_id), None)
    cloud.record(upload.report_id, upload.media_id)
    response = upload.post("complete")
    assert (response.status, response.json["state"]) == (200, "rejected")
    assert upload.post("grant").json["reason"] == "unsupported_format"


def whole(last: int = 5) -> Upload:
    """Return a video with all its parts stored, the last one of so many bytes."""
    upload = Upload(**VIDEO)
    upload.post("parts", {"numbers": [1]})
    for number, length in ((1, PART_SIZE), (2, PART_SIZE), (3, last)):
        upload.put_part(number, length)
    return upload


def joined_without_a_record() -> Upload:
    """Return a video whose parts S3 has joined, while the function died before it recorded that."""
    upload = whole()
    with inject.dying("s3.CompleteMultipartUpload", how=inject.crash_after):
        upload.post("complete")
    return upload


COMPLETED = "<CompleteMultipartUploadResult><Key>x</Key></CompleteMultipartUploadResult>"


@pytest.mark.parametrize(
    "repeated",
    [inject.s3_response(200, COMPLETED), inject.s3_error(412, "PreconditionFailed")],
    ids=["the same again", "there is an object"],
)
def test_completing_again_is_the_same_when_the_first_response_was_lost(repeated: Any) -> None:
    upload = joined_without_a_record()
    with inject.fault(wiring.s3(), "s3.CompleteMultipartUpload", repeated):
        response = upload.post("complete")
    assert (response.status, response.json["state"]) == (200, "processing")
    assert wiring.reports().media.get(upload.report_id, upload.media_id).completing is None  # type: ignore[union-attr]


def test_an_upload_that_s3_has_forgotten_is_called_complete_by_its_verdict_only() -> None:
    upload = joined_without_a_record()
    forgotten = inject.s3_error(404, "NoSuchUpload")
    with inject.fault(wiring.s3(), "s3.CompleteMultipartUpload", forgotten):
        response = upload.post("complete")
    assert response.refusal == (503, "unavailable")
    assert "retry-after" in response.headers
    cloud.process(original_key(upload.report_id, upload.media_id), None)
    cloud.record(upload.report_id, upload.media_id)
    response = upload.post("complete")
    assert (response.status, response.json["state"]) == (200, "rejected")


def test_an_upload_that_was_aborted_is_never_called_complete() -> None:
    begun, asked = whole(), whole()
    refuse = inject.times(9, inject.s3_error(503, "SlowDown"))
    with inject.fault(wiring.s3(), "s3.CompleteMultipartUpload", refuse):
        assert asked.post("complete").status == 503
    for upload in (begun, asked):
        key = original_key(upload.report_id, upload.media_id)
        medium = wiring.reports().media.get(upload.report_id, upload.media_id)
        wiring.bucket().abort_multipart(key, str(medium.upload_id))  # type: ignore[union-attr]
    assert begun.post("complete").refusal == (409, "upload_gone")
    assert asked.post("complete").status == 503
    cloud.sweep(timedelta(hours=24))
    assert asked.post("complete").json["code"] == "media_rejected"


def test_a_part_of_the_wrong_size_is_not_held_and_can_be_sent_again() -> None:
    upload = whole(last=4)
    assert upload.post("complete").json["code"] == "size_mismatch"

    state = upload.post("parts", {"numbers": [1, 2, 3]}).json
    assert [part["number"] for part in state["held"]] == [1, 2]
    assert [part["number"] for part in state["parts"]] == [3]
    upload.put_part(3, 5)
    assert upload.post("complete").status == 200


def test_no_numbers_ask_only_what_is_held_and_doubled_ones_are_refused() -> None:
    upload = Upload(**VIDEO)
    upload.post("parts", {"numbers": [1]})
    upload.put_part(1, PART_SIZE)
    state = upload.post("parts", {"numbers": []}).json
    assert ([part["number"] for part in state["held"]], state["parts"]) == ([1], [])
    assert (state["part_size"], state["part_count"]) == (PART_SIZE, 3)

    doubled = upload.post("parts", {"numbers": [1, 1]})
    assert (doubled.status, doubled.wrong) == (422, [("numbers", "repeated")])
    assert upload.post("parts").status == 415


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (None, (None, None, None)),
        ({"taken_at": "2026-11-24T08:30:00+08:00"}, ("2026-11-24T00:30:00.000Z", None, None)),
        (
            {"taken_at": "2026-11-24T08:30:00", "lat": 39.92, "lon": 116.44},
            ("2026-11-24T08:30:00", 39.92, 116.44),
        ),
    ],
)
def test_an_officer_always_sees_all_of_a_hint(
    hint: dict[str, object] | None, shown: tuple[object, ...]
) -> None:
    medium = Medium(
        media_id="M1",
        declared_type="image/jpeg",
        declared_size=9,
        created_at=wiring.clock.now(),
        hint=hint,
    )
    view = HintView.found(medium).model_dump(mode="json")
    assert view == dict(zip(("taken_at", "lat", "lon"), shown, strict=True))


def test_a_verdict_keeps_the_hint_sealed_beside_the_versions_of_the_pictures() -> None:
    upload = Upload(**PHOTO)
    manifest = Manifest(
        state=MediaState.READY,
        content_type="image/jpeg",
        size=9,
        version_id="v",
        thumb_version="t",
        preview_version="p",
        sealed_hint=base64.b64encode(b"\x01sealed").decode(),
    )
    record_verdict(
        upload.report_id,
        upload.media_id,
        Verdict.of(manifest),
        owners=wiring.media_owners(),
        bucket=wiring.bucket(),
        now=wiring.clock.now(),
    )
    medium = wiring.reports().media.get(upload.report_id, upload.media_id)
    assert medium is not None
    assert (medium.sealed_hint, medium.hint) == (b"\x01sealed", None)
    assert (medium.version_id, medium.thumb_version, medium.preview_version) == ("v", "t", "p")


MIB = 1 << 20


def films(*sizes: int) -> list[dict[str, Any]]:
    return [{"content_type": "video/mp4", "size": size * MIB} for size in sizes]


def create(*sizes: int) -> Reply:
    return call("POST", "/v1/reports", report("other", media=films(*sizes)), key=new_key())


def add(created: Reply, *sizes: int) -> Reply:
    return by_reporter("POST", created.json, "/media", {"media": films(*sizes)})


def ask(created: Reply, **more: Any) -> Reply:
    cloud.officer("wang")
    return by_officer("POST", created.json, "/messages", {"text": "Please send the film."} | more)


def test_a_report_with_more_is_refused() -> None:
    assert create(500).status == 201
    assert create(250, 250).status == 201
    assert create(250, 251).expect(422)["errors"][0]["code"] == "too_large_together"


def test_no_more_can_be_added_later() -> None:
    created = create(300)
    assert add(created, 200).status == 201
    assert add(created, 1).refusal == (409, "too_many_bytes")


def test_an_officer_who_asks_makes_room() -> None:
    created = create(500)
    assert ask(created).status == 201
    assert add(created, 1).status == 409
    assert ask(created, asks_for_media=True).status == 201
    assert add(created, 500).status == 201
    assert add(created, 1).status == 409


def test_what_never_arrived_takes_no_room() -> None:
    created = create(500)
    cloud.sweep(timedelta(hours=25))
    assert add(created, 500).status == 201
    wiring.reset()


def test_apps_can_read_the_limit() -> None:
    assert call("GET", "/v1/catalogue").json["limits"]["media_bytes_per_report"] == 500 * MIB
