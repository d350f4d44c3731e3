"""The definition that is deployed, made on moto."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import boto3

from chalicelib.kernel.config import Settings


def test_every_setting_that_names_a_resource_is_given(aws: Mapping[str, str]) -> None:
    needed = [field.name for field in fields(Settings) if field.default is MISSING]
    Settings.from_environment().require(*needed)


def test_an_original_is_announced_to_the_uploads_queue_alone(
    aws: Mapping[str, str], clean: None
) -> None:
    boto3.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/m", Body=b"x")
    assert _keys(aws["UPLOADS_QUEUE_URL"]) == ["originals/r/m"]
    assert _keys(aws["MANIFESTS_QUEUE_URL"]) == []


def test_an_original_of_a_critical_report_is_announced_to_its_own_queue_alone(
    aws: Mapping[str, str], clean: None
) -> None:
    boto3.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/C-m", Body=b"x")
    assert _keys(aws["CRITICAL_UPLOADS_QUEUE_URL"]) == ["originals/r/C-m"]
    assert _keys(aws["UPLOADS_QUEUE_URL"]) == []


def test_only_a_manifest_is_announced_to_the_manifests_queue(
    aws: Mapping[str, str], clean: None
) -> None:
    for name in ("thumb.jpg", "preview.jpg", "manifest.json"):
        boto3.client("s3").put_object(
            Bucket=aws["MEDIA_BUCKET"], Key=f"derived/r/m/{name}", Body=b"x"
        )
    assert _keys(aws["MANIFESTS_QUEUE_URL"]) == ["derived/r/m/manifest.json"]
    assert _keys(aws["UPLOADS_QUEUE_URL"]) == []


def test_a_queue_learns_which_object_and_nothing_of_who_sent_it(
    aws: Mapping[str, str], clean: None
) -> None:
    put = boto3.client("s3").put_object(
        Bucket=aws["MEDIA_BUCKET"], Key="originals/r/人", Body=b"xyz"
    )
    (event,) = _events(aws["UPLOADS_QUEUE_URL"])
    sequencer = event["detail"]["object"].pop("sequencer")
    assert event == {
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": aws["MEDIA_BUCKET"]},
            "object": {"key": "originals/r/人", "size": 3, "version-id": put["VersionId"]},
        },
    }
    boto3.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/人", Body=b"again")
    assert _events(aws["UPLOADS_QUEUE_URL"])[0]["detail"]["object"]["sequencer"] > sequencer


def test_objects_keep_their_versions(aws: Mapping[str, str], clean: None) -> None:
    s3 = boto3.client("s3")
    first = s3.put_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/m", Body=b"first")[
        "VersionId"
    ]
    s3.put_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/m", Body=b"second")
    assert (
        s3.get_object(Bucket=aws["MEDIA_BUCKET"], Key="originals/r/m", VersionId=first)[
            "Body"
        ].read()
        == b"first"
    )


def test_cleaning_leaves_nothing(aws: Mapping[str, str], clean: None) -> None:
    assert _keys(aws["UPLOADS_QUEUE_URL"]) == []
    assert "Versions" not in boto3.client("s3").list_object_versions(Bucket=aws["MEDIA_BUCKET"])


def _keys(queue_url: str) -> list[str]:
    return [event["detail"]["object"]["key"] for event in _events(queue_url)]


def _events(queue_url: str) -> list[Any]:
    messages = (
        boto3.client("sqs")
        .receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        .get("Messages", [])
    )
    return [json.loads(message["Body"]) for message in messages]
