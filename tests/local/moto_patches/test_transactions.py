"""A failed transaction changes neither items nor stream, and cuts off no reader of the stream."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra.local.moto_patches import transactions


def _row(sk: str, **attributes: str) -> dict[str, Any]:
    return {
        "pk": {"S": "REPORT#1"},
        "sk": {"S": sk},
        **{name: {"S": value} for name, value in attributes.items()},
    }


@pytest.fixture
def iterator(aws: Mapping[str, str]) -> str:
    streams = boto3.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=aws["REPORTS_STREAM_ARN"])["StreamDescription"][
        "Shards"
    ][0]["ShardId"]
    response = streams.get_shard_iterator(
        StreamArn=aws["REPORTS_STREAM_ARN"], ShardId=shard, ShardIteratorType="LATEST"
    )
    return str(response["ShardIterator"])


def _written(iterator: str) -> list[str]:
    records = boto3.client("dynamodbstreams").get_records(ShardIterator=iterator)["Records"]
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in records]


def _fail(aws: Mapping[str, str]) -> None:
    """Put, change and delete, then a condition that does not hold."""
    table = aws["REPORTS_TABLE"]
    with pytest.raises(ClientError, match="TransactionCanceled"):
        boto3.client("dynamodb").transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": _row("NEW")}},
                {
                    "Update": {
                        "TableName": table,
                        "Key": _row("CHANGED"),
                        "UpdateExpression": "SET word = :word",
                        "ExpressionAttributeValues": {":word": {"S": "after"}},
                    }
                },
                {"Delete": {"TableName": table, "Key": _row("DELETED")}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": _row("HEAD"),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )


def test_a_failed_transaction_changes_nothing(aws: Mapping[str, str], clean: None) -> None:
    dynamodb = boto3.client("dynamodb")
    before = [_row("CHANGED", word="before"), _row("DELETED", word="before")]
    for row in before:
        dynamodb.put_item(TableName=aws["REPORTS_TABLE"], Item=row)
    _fail(aws)
    assert dynamodb.scan(TableName=aws["REPORTS_TABLE"])["Items"] == before


def test_the_stream_shows_what_succeeds_and_only_that_even_after_a_failure(
    aws: Mapping[str, str], clean: None, iterator: str
) -> None:
    _fail(aws)
    boto3.client("dynamodb").transact_write_items(
        TransactItems=[
            {"Put": {"TableName": aws["REPORTS_TABLE"], "Item": _row(sk)}}
            for sk in ("HEAD", "CONTACT")
        ]
    )
    assert _written(iterator) == ["HEAD", "CONTACT"]


def test_a_backup_is_still_a_copy(aws: Mapping[str, str], clean: None) -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.put_item(TableName=aws["REPORTS_TABLE"], Item=_row("HEAD"))
    backup = dynamodb.create_backup(TableName=aws["REPORTS_TABLE"], BackupName="copy")[
        "BackupDetails"
    ]["BackupArn"]
    dynamodb.delete_item(TableName=aws["REPORTS_TABLE"], Key=_row("HEAD"))
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    assert dynamodb.scan(TableName="restored")["Count"] == 1


def test_moto_alone_replaces_the_table_of_a_failed_transaction(
    aws: Mapping[str, str], clean: None, iterator: str
) -> None:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    before = tables[aws["REPORTS_TABLE"]]
    try:
        with transactions.PATCH.removed():
            _fail(aws)
        assert tables[aws["REPORTS_TABLE"]] is not before
    finally:
        tables[aws["REPORTS_TABLE"]] = before
