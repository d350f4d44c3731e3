"""A bulletin's picture gets its verdict even if events are lost, as a report's medium does."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.handlers.media import functions
from chalicelib.kernel.files import original_key
from tests import cloud, events
from tests.client import call
from tests.functional.bulletins.test_bulletins import LI, PICTURE, drafted, opened

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture
def picture(aws: Mapping[str, str], clean: None) -> tuple[dict[str, Any], str]:
    """Create a draft with a declared picture. Return the draft and the picture's id."""
    for username in (LI, "zhao"):
        cloud.officer(username)
    cloud.forget_sent()
    cloud.client("sqs").purge_queue(QueueUrl=aws["UPLOADS_QUEUE_URL"])
    bulletin = drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    added = call("POST", path, {"media": [PICTURE]}, officer=LI).json
    cloud.stream(cloud.all_keys())  # publish the notice that the draft awaits an approval
    cloud.forget_sent()
    return bulletin, added["uploads"][0]["media_id"]


def states(bulletin: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["state"], each["reason"]) for each in opened(bulletin)["media"]]


def pass_time(**by: float) -> dict[str, int]:
    return cloud.sweep(timedelta(**by))


def test_a_picture_whose_event_was_lost_is_sent_through_again(
    aws: Mapping[str, str], picture: tuple[dict[str, Any], str]
) -> None:
    bulletin, media_id = picture
    cloud.upload(bulletin["id"], media_id, cloud.photo())
    pass_time(minutes=11)
    [message] = cloud.client("sqs").receive_message(QueueUrl=aws["UPLOADS_QUEUE_URL"])["Messages"]
    functions.make_thumbnails(events.queue_batch(message["Body"]), None)

    done = pass_time(minutes=11)
    assert (done["due"], done["failed"]) == (1, 0)
    assert states(bulletin) == [("ready", None)]
    assert opened(bulletin)["version"] == 3
    assert pass_time(days=2)["due"] == 1  # later uploads are removed
    assert pass_time(days=2)["due"] == 0


def test_a_verdict_on_a_picture_notifies_nobody_and_ends_its_tasks(
    picture: tuple[dict[str, Any], str],
) -> None:
    bulletin, media_id = picture
    key = original_key(bulletin["id"], media_id)
    cloud.process(key, cloud.upload(bulletin["id"], media_id, cloud.photo()))
    for _ in range(2):
        assert cloud.record(bulletin["id"], media_id) == {"batchItemFailures": []}

    assert states(bulletin) == [("ready", None)]
    assert opened(bulletin)["version"] == 3
    assert pass_time(days=2)["due"] == 1  # later uploads are removed
    assert (pass_time(days=2)["due"], cloud.sent()) == (0, [])


def test_a_picture_that_no_row_knows_is_no_fault() -> None:
    owner_id, media_id = "B-0000000000000000", "0" * 16
    version = cloud.upload(owner_id, media_id, cloud.photo())
    cloud.process(original_key(owner_id, media_id), version)

    assert cloud.record(owner_id, media_id) == {"batchItemFailures": []}
