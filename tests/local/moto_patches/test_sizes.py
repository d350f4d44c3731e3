"""An item may be as large as before, and is measured less often."""

import cProfile
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from infra.local.moto_patches import sizes

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
_lengths = st.sampled_from([1, 90_000, 99_000, 101_000, 200_000, 399_000, 404_990, 405_010])
_texts = st.tuples(st.sampled_from("aé警"), _lengths).map(lambda of: of[0] * of[1])


@settings(max_examples=40)
@given(values=st.lists(st.tuples(st.sampled_from("xyz"), _texts), max_size=6))
def test_what_is_too_large_is_refused_as_it_is_without_the_patch(
    values: list[tuple[str, str]],
) -> None:
    ours = [_refused(values)]
    with sizes.PATCH.removed():
        assert ours == [_refused(values)]


def _refused(values: list[tuple[str, str]]) -> list[str]:
    """Set one after the other. Return the names of those that were refused, and the end."""
    attributes, refused = LimitedSizeDict(), []
    for name, text in values:
        try:
            attributes[name] = DynamoType({"S": text})
        except ItemSizeTooLarge:
            refused.append(name)
    return [*refused, *(f"{name} {value.size()}" for name, value in attributes.items())]


def test_an_update_that_makes_an_item_too_large_is_refused(
    aws: Mapping[str, str], clean: None
) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=KEY | {"text": {"S": "x" * 399_000}})
    update: Any = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "SET #more = :more",
        "ExpressionAttributeNames": {"#more": "more"},
    }
    with pytest.raises(ClientError, match="size"):
        dynamodb.update_item(**update, ExpressionAttributeValues={":more": {"S": "y" * 9_000}})
    dynamodb.update_item(**update, ExpressionAttributeValues={":more": {"S": "y" * 100}})
    assert len(dynamodb.get_item(TableName=table, Key=KEY)["Item"]["more"]["S"]) == 100


def test_moto_alone_measures_the_whole_item_for_each_attribute() -> None:
    assert _measured() < 20
    with sizes.PATCH.removed():
        assert _measured() > 100


def _measured() -> int:
    profile = cProfile.Profile()
    key = DynamoType({"S": "a"})
    profile.runcall(lambda: Item(key, None, {f"a{each}": {"BOOL": True} for each in range(15)}))
    size: Any = DynamoType.size
    return sum(e.callcount for e in profile.getstats() if e.code is size.__code__)
