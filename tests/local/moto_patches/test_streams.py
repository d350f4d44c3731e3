"""A stream is kept for a day, and iterators are not kept for ever."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends

from infra.local.moto_patches import streams


def _write(aws: Mapping[str, str], *names: str) -> None:
    for name in names:
        item = {"pk": {"S": "REPORT#1"}, "sk": {"S": name}}
        boto3.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=item)


def _iterator(aws: Mapping[str, str], begin: str) -> str:
    client, arn = boto3.client("dynamodbstreams"), aws["REPORTS_STREAM_ARN"]
    [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    response = client.get_shard_iterator(
        StreamArn=arn,
        ShardId=shard["ShardId"],
        ShardIteratorType=begin,
    )
    return str(response["ShardIterator"])


def _read(iterator: str) -> Any:
    return boto3.client("dynamodbstreams").get_records(ShardIterator=iterator)


def _names(response: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in response["Records"]]


def _age(aws: Mapping[str, str], by: timedelta) -> Any:
    """Let all records be older."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[aws["REPORTS_TABLE"]]
    assert table.stream_shard
    for item in table.stream_shard.items:
        item.record["dynamodb"]["ApproximateCreationDateTime"] -= by
    return table.stream_shard


def test_records_of_the_last_day_are_read_in_order_and_older_ones_are_gone(
    aws: Mapping[str, str], clean: None
) -> None:
    _write(aws, "a")
    early, late = _iterator(aws, "TRIM_HORIZON"), _iterator(aws, "LATEST")
    shard = _age(aws, streams.KEPT)
    _write(aws, "b", "c")
    response = _read(late)
    assert _names(response) == ["b", "c"]
    assert len(shard.items) == 2
    _write(aws, "d")
    assert _names(_read(response["NextShardIterator"])) == ["d"]
    assert _names(_read(_iterator(aws, "TRIM_HORIZON"))) == ["b", "c", "d"]
    with pytest.raises(ClientError, match="TrimmedDataAccess"):
        _read(early)


def test_the_latest_iterators_are_kept(aws: Mapping[str, str], clean: None) -> None:
    first = iterator = _iterator(aws, "LATEST")
    for _ in range(streams.MOST_ITERATORS):
        iterator = _backend().get_records(iterator, 1)["NextShardIterator"]
    assert len(_backend().shard_iterators) == streams.MOST_ITERATORS
    _write(aws, "a")
    assert _names(_read(iterator)) == ["a"]
    with pytest.raises(ClientError, match="ExpiredIterator"):
        _read(first)


def test_moto_alone_keeps_all_of_them(aws: Mapping[str, str], clean: None) -> None:
    _write(aws, "a")
    shard = _age(aws, streams.KEPT)
    before, iterators = len(shard.items), len(_backend().shard_iterators)
    with streams.PATCH.removed():
        iterator = _iterator(aws, "TRIM_HORIZON")
        for _ in range(streams.MOST_ITERATORS):
            iterator = _backend().get_records(iterator, 1)["NextShardIterator"]
    assert len(shard.items) == before
    assert len(_backend().shard_iterators) > max(iterators, streams.MOST_ITERATORS)


def _backend() -> Any:
    return dynamodbstreams_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
