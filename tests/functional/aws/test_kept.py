"""What a file's tests begin with is the same for each of them, whatever the one before has done."""

import os
from typing import Any

import pytest

from tests import cloud
from tests.client import call
from tests.kept import Kept
from tests.steps import by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

PHOTO = {"content_type": "image/jpeg", "size": 100_000}


def held() -> Any:
    """Return rows, versions of media, and what waits in a queue."""
    listed = cloud.client("s3").list_object_versions(Bucket=os.environ["MEDIA_BUCKET"])
    waiting = cloud.client("sqs").get_queue_attributes(
        QueueUrl=os.environ["UPKEEP_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    versions = [(each["Key"], each["VersionId"]) for each in listed.get("Versions", ())]
    return sorted(cloud.all_keys()), versions, waiting


def test_each_begins_with_a_copy() -> None:
    nothing = held()
    cloud.officer("wang")
    created = file(media=[PHOTO])
    media_id = created["uploads"][0]["media_id"]
    cloud.upload(created["id"], media_id, cloud.photo())
    queue = {"QueueUrl": os.environ["UPKEEP_QUEUE_URL"]}
    cloud.client("sqs").send_message(**queue, MessageBody="{}")
    everything, path = held(), f"/v1/officer/reports/{created['id']}"
    kept = Kept()
    assert held() == nothing

    for _ in range(2):
        kept.put_back()
        assert held() == everything
        change = {"status": "in_progress"}
        tag = {"If-Match": '"1"'}
        assert call("PATCH", path, change, officer="wang", headers=tag).status == 200
        cloud.upload(created["id"], media_id, b"another version")
        cloud.upload(created["id"], "another", b"one more")
        cloud.client("sqs").purge_queue(**queue)
        assert by_reporter("DELETE", created).status == 204


def test_an_upload_in_parts_is_not_kept() -> None:
    key = {"Bucket": os.environ["MEDIA_BUCKET"], "Key": "originals/1/2"}
    upload = cloud.client("s3").create_multipart_upload(**key)["UploadId"]
    with pytest.raises(AssertionError, match="in parts"):
        Kept()
    cloud.client("s3").abort_multipart_upload(**key, UploadId=upload)
