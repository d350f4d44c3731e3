"""Events of objects have the form that AWS gives them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.moto_patches import object_events
from tests import cloud

pytestmark = pytest.mark.usefixtures("clean")


def _put(aws: Mapping[str, str], key: str) -> None:
    cloud.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key=key, Body=b"x")


def _bodies(aws: Mapping[str, str]) -> list[Any]:
    sqs, found = cloud.client("sqs"), list[Any]()
    while messages := sqs.receive_message(
        QueueUrl=aws["UPLOADS_QUEUE_URL"], MaxNumberOfMessages=10
    ).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def _sequencers(events: list[Any]) -> list[str]:
    return [event["detail"]["object"]["sequencer"] for event in events]


def test_sequencers_grow_and_the_address_stays_out(aws: Mapping[str, str]) -> None:
    for number in range(3):
        _put(aws, f"originals/r/{number}")
    events = sorted(_bodies(aws), key=lambda event: event["detail"]["object"]["key"])
    assert _sequencers(events) == sorted(set(_sequencers(events)))
    assert len(events) == 3
    assert "source-ip-address" not in json.dumps(events)


def test_moto_alone_gives_one_sequencer_and_the_address(aws: Mapping[str, str]) -> None:
    with object_events.PATCH.removed():
        for number in range(2):
            _put(aws, f"originals/r/{number}")
    events = _bodies(aws)
    assert len(events) == 2
    assert len(set(_sequencers(events))) == 1
    assert "source-ip-address" in json.dumps(events)


def test_moto_alone_sends_a_put_for_each_upload_in_parts(aws: Mapping[str, str]) -> None:
    with object_events.PATCH.removed():
        _upload_in_parts(aws)
    reasons = [event["detail"]["reason"] for event in _bodies(aws)]
    assert len(reasons) > 1


def test_an_upload_in_parts_is_one_event(aws: Mapping[str, str]) -> None:
    _upload_in_parts(aws)
    assert len(_bodies(aws)) == 1


def _upload_in_parts(aws: Mapping[str, str]) -> None:
    s3, target = cloud.client("s3"), {"Bucket": aws["MEDIA_BUCKET"], "Key": "originals/r/m"}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    part = s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload=parts)
