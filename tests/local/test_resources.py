"""The definition that is deployed, made on moto."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import boto3

from chalicelib.kernel.config import Settings
from infra import template
from infra.local.resources import variables


def test_every_setting_that_names_a_resource_is_given(aws: Mapping[str, str]) -> None:
    needed = [field.name for field in fields(Settings) if field.default is MISSING]
    Settings.from_environment().require(*needed)


# Given by `LocalStack`, which knows its ports.
OF_THE_STACK = {"STAGE", "PUBLIC_URL", "WEB_CLIENTS", "CONSOLE_ORIGIN"}
# Both APIs are one process, others open files, no CloudFront and no other issuer is there.
NOT_HERE = {"API", "COMMIT", "PYDANTIC_DISABLE_PLUGINS", "DECODE_FUNCTION", "VIEWER_HEADER"} | {
    *("ORIGIN_SECRET_HASH", "AUDIENCE", "USERNAME_CLAIM")
}


def test_every_variable_of_a_deployed_function_is_given(aws: Mapping[str, str]) -> None:
    assert variables().keys() - aws.keys() - OF_THE_STACK == NOT_HERE
    parameters = template.load("app.yaml")["Parameters"]
    assert aws["SYSTEM_STEPS"] == str(parameters["SystemSteps"]["Default"])


def test_a_queue_tries_as_often_and_hides_as_long_as_the_deployed_one(
    aws: Mapping[str, str],
) -> None:
    for name, resource in template.load("resources.yaml")["Resources"].items():
        if resource["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in resource["Properties"]:
            found = boto3.client("sqs").get_queue_attributes(
                QueueUrl=aws[f"{template.environment_name(name)}_URL"], AttributeNames=["All"]
            )["Attributes"]
            wanted = resource["Properties"]
            assert int(found["VisibilityTimeout"]) == wanted["VisibilityTimeout"]
            tries = json.loads(found["RedrivePolicy"])["maxReceiveCount"]
            assert tries == wanted["RedrivePolicy"]["maxReceiveCount"]


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
