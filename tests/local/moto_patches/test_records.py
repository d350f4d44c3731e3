"""A record of a stream is written once, and each reader gets it as moto would send it."""

import cProfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from moto.core.serialize import ResponseSerializer

from infra.local.moto_patches import records
from tests.local.moto_patches.test_conversions import item_values


@pytest.mark.parametrize(
    ("shown", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_a_stream_shows_what_it_should(
    aws: Mapping[str, str], shown: str, images: set[str]
) -> None:
    dynamodb, name = boto3.client("dynamodb"), f"streamed-{shown}"
    arn = _create(name, shown)
    for word in ("old", "new"):
        item = {"pk": {"S": "a"}, "word": {"S": word}}
        dynamodb.put_item(TableName=name, Item=item)
    [_, changed] = [record["dynamodb"] for record in _records(arn)]
    dynamodb.delete_table(TableName=name)
    assert changed["Keys"] == {"pk": {"S": "a"}}
    assert {image for image in changed if image.endswith("Image")} == images
    for image, word in (("NewImage", "new"), ("OldImage", "old")):
        assert changed.get(image, {"word": {"S": word}})["word"] == {"S": word}


def _create(name: str, shown: str) -> str:
    """Create a table, and return the ARN of its stream."""
    dynamodb: Any = boto3.client("dynamodb")
    created = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": shown},
    )
    return str(created["TableDescription"]["LatestStreamArn"])


def _iterator(arn: str) -> str:
    streams: Any = boto3.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    return str(iterator["ShardIterator"])


def _records(arn: str) -> list[Any]:
    streams = boto3.client("dynamodbstreams")
    return list(streams.get_records(ShardIterator=_iterator(arn))["Records"])


@settings(max_examples=30)
@given(old=item_values, new=item_values)
def test_a_reader_gets_what_it_gets_without_the_patch(
    aws: Mapping[str, str], old: dict[str, Any], new: dict[str, Any]
) -> None:
    ours = _written(old, new)
    with records.PATCH.removed():
        assert ours == _written(old, new)


def _written(old: dict[str, Any], new: dict[str, Any]) -> list[Any]:
    """Return the records of an item that is written, changed and deleted; not what differs each
    time.
    """
    dynamodb, name = boto3.client("dynamodb"), "written"
    arn = _create(name, "NEW_AND_OLD_IMAGES")
    for value in (old, new):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "value": value})
    dynamodb.delete_item(TableName=name, Key={"pk": {"S": "a"}})
    found = _records(arn)
    dynamodb.delete_table(TableName=name)
    for record in found:
        assert len(record.pop("eventID")) == 32
        created = record["dynamodb"].pop("ApproximateCreationDateTime")
        assert abs((datetime.now(UTC) - created).total_seconds()) < 60
        assert record["dynamodb"].pop("SizeBytes") > 10
    return found


def test_moto_alone_converts_images_again_for_each_reader(
    aws: Mapping[str, str], clean: None
) -> None:
    assert _serialized() == 0
    with records.PATCH.removed():
        assert _serialized() > 10


def _serialized() -> int:
    """Return how many parts moto writes when a stream is read."""
    arn, profile = _create("read", "NEW_IMAGE"), cProfile.Profile()
    boto3.client("dynamodb").put_item(TableName="read", Item={"pk": {"S": "a"}})
    streams = boto3.client("dynamodbstreams")
    asked = {"ShardIterator": _iterator(arn)}
    profile.runcall(lambda: streams.get_records(**asked))
    boto3.client("dynamodb").delete_table(TableName="read")
    own: Any = ResponseSerializer._serialize
    return sum(e.callcount for e in profile.getstats() if e.code is own.__code__)
