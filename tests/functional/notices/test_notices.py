"""Officers are notified once without faults and at least once with them.

No notice is about a report that does not exist.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.steps import by_reporter, file, mine

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _now(aws: Mapping[str, str]) -> None:
    wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())


def with_photos(count: int) -> Any:
    """Create a report that waits for `count` photos."""
    media = [{"content_type": "image/jpeg", "size": 10_000}] * count
    return file(media=media)


@pytest.mark.usefixtures("web_clients")
def test_with_a_console_a_notice_leads_there() -> None:
    created = file()
    cloud.stream(cloud.all_keys())
    [notice] = cloud.sent()
    page = f"https://api.test/console/reports/{created['id']}"
    assert notice["url"] == page
    assert page in notice["forms"]["email"]
    assert "http" not in notice["forms"]["sms"]
    assert "http" not in notice["subject"]


def test_the_stream_sends_a_new_reports_notice_with_what_filters_need() -> None:
    created = file(location={"lat": 39.92, "lon": 116.46})

    assert cloud.stream(cloud.all_keys()) == {"batchItemFailures": []}
    [notice] = cloud.sent()
    assert notice["attributes"] == {
        "category": "missing_elderly",
        "district": "chaoyang",
        "urgency": "high",
        "urgency_rank": "2",
        "kind": "report",
        "to": '["missing_elderly/chaoyang", "missing_elderly/*", "*/chaoyang", "*/*"]',
        "sms": "yes",
    }
    assert notice["report_id"] == created["id"]
    assert notice["reference"] == created["reference"]
    assert notice["url"].endswith(f"/v1/officer/reports/{created['id']}")
    assert notice["subject"]
    assert created["reference"] in notice["forms"]["sms"]
    assert "老人走失" in notice["forms"]["email"]
    assert "missing elderly" in notice["forms"]["email"].lower()


def test_a_sent_notice_is_completed_and_not_sent_again() -> None:
    file()
    for _ in range(3):
        cloud.stream(cloud.all_keys())
    cloud.sweep(timedelta(minutes=2))

    assert len(cloud.sent()) == 1


def test_the_sweep_sends_what_the_stream_did_not_but_not_early() -> None:
    file()
    cloud.sweep()
    assert cloud.sent() == []

    cloud.sweep(timedelta(seconds=61))
    assert [notice["kind"] for notice in cloud.sent()] == ["report"]


def test_media_are_notified_when_the_last_one_has_its_verdict() -> None:
    created = with_photos(2)
    cloud.stream(cloud.all_keys())
    for settled, media_id in enumerate([upload["media_id"] for upload in created["uploads"]]):
        version = cloud.upload(created["id"], media_id, cloud.photo())
        assert cloud.process(f"originals/{created['id']}/{media_id}", version) == {
            "batchItemFailures": []
        }
        assert cloud.record(created["id"], media_id) == {"batchItemFailures": []}
        cloud.stream(cloud.all_keys())
        assert [notice["kind"] for notice in cloud.sent()] == ["report", "media"][: settled + 1]


def test_the_first_verdict_is_notified_after_a_minute_without_the_others() -> None:
    created = with_photos(2)
    cloud.stream(cloud.all_keys())
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    cloud.stream(cloud.all_keys())
    assert [notice["kind"] for notice in cloud.sent()] == ["report"]

    cloud.sweep(timedelta(seconds=61))
    assert [notice["kind"] for notice in cloud.sent()] == ["report", "media"]


def test_an_upload_that_never_came_is_rejected_after_a_day() -> None:
    created = with_photos(1)
    cloud.sweep(timedelta(minutes=11))
    assert mine(created)["media"][0]["state"] == "awaiting"

    cloud.sweep(timedelta(hours=24))
    [medium] = mine(created)["media"]
    assert (medium["state"], medium["reason"]) == ("rejected", "not_received")
    assert medium["reason_text"]


def test_withdrawing_before_the_notice_went_out_still_sends_it() -> None:
    created = file()
    by_reporter("DELETE", created)
    cloud.stream(cloud.all_keys())

    assert [notice["kind"] for notice in cloud.sent()] == ["report"]
