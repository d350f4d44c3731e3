"""Originals: for a reason, on record, by the recorded version, for as long as it takes."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.report import Medium
from chalicelib.handlers.reports.views import original_url
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")

PHOTO = {"content_type": "image/jpeg", "size": 100_000}


class Photo:
    """A report with one photo that has its verdict, and officers."""

    def __init__(self, *, processed: bool = True) -> None:
        created = file(media=[PHOTO])
        self.report_id, self.receipt = created["id"], created["receipt"]
        self.media_id = created["uploads"][0]["media_id"]
        self.key = f"originals/{self.report_id}/{self.media_id}"
        if processed:
            self.version = cloud.upload(self.report_id, self.media_id, cloud.photo())
            cloud.process(self.key, self.version)
            cloud.record(self.report_id, self.media_id)
        cloud.officer("wang")
        cloud.officer("chief", roles=(Role.SUPERVISOR,))

    def open(
        self, *, officer: str = "wang", media_id: str | None = None, body: Any = None
    ) -> Reply:
        path = f"/v1/officer/reports/{self.report_id}/media/{media_id or self.media_id}/original"
        return call("POST", path, body or {"reason": "The number plate."}, officer=officer)

    def seen(self, officer: str = "wang", query: str = "") -> Any:
        path = f"/v1/officer/reports/{self.report_id}{query}"
        return call("GET", path, officer=officer).json["media"]

    def history(self) -> list[tuple[str, str, Any]]:
        path = f"/v1/officer/reports/{self.report_id}/history"
        items = call("GET", path, officer="chief").json["items"]
        return [(each["by"], each["action"], each["detail"]) for each in items][:-1]

    def withdraw(self) -> None:
        call("DELETE", f"/v1/reports/{self.report_id}", receipt=self.receipt)


def test_an_original_opens_for_a_reason_that_is_recorded_first() -> None:
    photo = Photo()
    before = wiring.clock.wall_clock()
    reply = photo.open().expect(200)
    query = parse_qs(urlsplit(reply["url"]).query)
    assert query["versionId"] == [photo.version]
    assert query["response-content-disposition"] == ["attachment"]
    assert query["response-content-type"] == ["image/jpeg"]
    assert query["X-Amz-Expires"] == ["60"]
    assert reply["expires_at"] >= (before + timedelta(seconds=60)).isoformat()[:19]
    detail = {"media_id": photo.media_id, "reason": "The number plate."}
    assert photo.history() == [("wang", "original", detail)]


@pytest.mark.parametrize("body", [{"reason": " "}, {"reason": 5}, {"why": "x"}, []])
def test_without_a_reason_an_original_stays_closed_and_that_is_on_record(body: Any) -> None:
    photo = Photo()
    path = f"/v1/officer/reports/{photo.report_id}/media/{photo.media_id}/original"
    assert call("POST", path, body, officer="wang").status == 422
    detail = {"media_id": photo.media_id, "original": "without a reason"}
    assert photo.history() == [("wang", "denied", detail)]


def test_an_unknown_medium_is_not_found_and_the_attempt_is_on_record() -> None:
    photo = Photo()
    for media_id in ("0" * 16, "x" * 3000):
        assert photo.open(media_id=media_id).status == 404
    recorded = [(action, detail["media_id"]) for _, action, detail in photo.history()]
    assert recorded == [("denied", "0" * 16), ("denied", "no id")]


def test_what_has_not_arrived_cannot_be_opened() -> None:
    photo = Photo(processed=False)
    assert photo.open().refusal == (409, "no_original")
    assert photo.seen()[0]["evidence"] is None


def test_a_rejected_file_opens_too_but_never_in_the_browser() -> None:
    photo = Photo(processed=False)
    version = cloud.upload(photo.report_id, photo.media_id, b"<html>not a picture")
    cloud.process(photo.key, version)
    cloud.record(photo.report_id, photo.media_id)
    query = parse_qs(urlsplit(photo.open().json["url"]).query)
    assert query["response-content-disposition"] == ["attachment"]
    assert query["response-content-type"] == ["application/octet-stream"]


def test_only_a_supervisor_opens_an_original_of_a_withdrawn_report() -> None:
    photo = Photo()
    photo.withdraw()
    assert photo.open().status == 403
    assert f"versionId={photo.version}" in photo.open(officer="chief").expect(200)["url"]
    assert [(by, action) for by, action, _ in photo.history()] == [
        ("wang", "denied"),
        ("chief", "original"),
    ]


def test_an_opened_report_has_the_evidence_of_its_originals_and_no_address() -> None:
    photo = Photo()
    [medium] = photo.seen()
    stored = wiring.reports().media.get(photo.report_id, photo.media_id)
    assert stored is not None
    assert stored.recorded_at is not None
    assert medium["evidence"] == {
        "sha256": medium["sha256"],
        "version": photo.version,
        "recorded_at": medium["evidence"]["recorded_at"],
        "later_uploads": 0,
    }
    assert medium["evidence"]["recorded_at"] == times.render(times.to_minute(stored.recorded_at))
    assert len(medium["sha256"]) == 64
    assert "originals/" not in str(medium)


@pytest.mark.parametrize(
    ("found", "disposition", "life"),
    [
        ({"content_type": "video/mp4", "codec": "h264"}, "inline", 900),
        ({"content_type": "video/quicktime", "codec": "hevc"}, "attachment", 60),
        ({"content_type": "video/3gpp", "codec": "h263"}, "attachment", 60),
        (
            {"content_type": "video/mp4", "codec": "h264", "state": MediaState.REJECTED},
            "attachment",
            60,
        ),
        ({"content_type": "image/heic"}, "attachment", 60),
        ({"content_type": "audio/mp4", "codec": "aac"}, "inline", 900),
        ({"content_type": "audio/amr", "codec": "amrnb"}, "attachment", 60),
    ],
)
def test_a_video_or_sound_that_browsers_play_opens_in_place_and_for_longer(
    found: dict[str, Any], disposition: str, life: int
) -> None:
    medium = Medium(
        media_id="M1",
        declared_type="text/html",
        declared_size=9,
        created_at=wiring.clock.now(),
        version_id="v1",
        **{"state": MediaState.READY, **found},
    )
    url, life_s = original_url("0" * 26, medium)
    query = parse_qs(urlsplit(url).query)
    assert life_s == life
    assert query["X-Amz-Expires"] == [str(life)]
    assert query["response-content-disposition"] == [disposition]
    assert query["response-content-type"] == [found["content_type"]]
