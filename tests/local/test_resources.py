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
