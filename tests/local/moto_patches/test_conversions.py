"""Items are converted once, and come out as moto's would."""

import cProfile
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core.parse import BaseJSONParser
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import Item

from infra.local.moto_patches import conversions

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
_texts = st.text(max_size=3)
_scalars = (
    st.builds(lambda value: {"S": value}, _texts)
    | st.builds(lambda value: {"N": str(value)}, st.integers(-99, 99))
    | st.builds(lambda value: {"B": value}, st.binary(max_size=3))
    | st.builds(lambda value: {"BOOL": value}, st.booleans())
    | st.just({"NULL": True})
    | st.builds(lambda value: {"SS": [value]}, _texts)
    | st.builds(lambda value: {"BS": [value]}, st.binary(min_size=1, max_size=3))
)
item_values = st.recursive(
    _scalars,
    lambda inner: (
        st.builds(lambda values: {"L": values}, st.lists(inner, max_size=2))
        | st.builds(lambda value: {"M": value}, st.dictionaries(st.sampled_from("ab"), inner))
    ),
    max_leaves=4,
)


@settings(max_examples=60)
@given(a=item_values, b=item_values)
def test_what_is_read_is_what_was_written_whole_and_in_part(
    aws: Mapping[str, str], a: dict[str, Any], b: dict[str, Any]
) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    item = KEY | {"a": a, "b": b, "c": {"S": "c"}}
    dynamodb.put_item(TableName=table, Item=item)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == item
    asked: dict[str, Any] = {
        "TableName": table,
        "Key": KEY,
        "ProjectionExpression": "#a, b, absent",
        "ExpressionAttributeNames": {"#a": "a"},
    }
    assert dynamodb.get_item(**asked)["Item"] == {"a": a, "b": b}


def test_a_part_of_a_value_is_read_as_before(aws: Mapping[str, str], clean: None) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    nested = {"M": {"inner": {"S": "x"}, "other": {"S": "y"}}}
    dynamodb.put_item(TableName=table, Item=KEY | {"outer": nested})
    found = dynamodb.get_item(TableName=table, Key=KEY, ProjectionExpression="outer.inner")
    assert found["Item"] == {"outer": {"M": {"inner": {"S": "x"}}}}


def test_what_was_read_does_not_change_with_the_item(aws: Mapping[str, str], clean: None) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=KEY | {"a": {"L": [{"S": "x"}]}})
    dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET a = list_append(a, :more)",
        ExpressionAttributeValues={":more": {"L": [{"S": "y"}]}},
    )
    found = dynamodb.get_item(TableName=table, Key=KEY, ProjectionExpression="a")["Item"]
    assert found == {"a": {"L": [{"S": "x"}, {"S": "y"}]}}


def test_moto_alone_converts_the_whole_item_for_each_attribute(
    aws: Mapping[str, str], clean: None
) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=KEY)

    def read() -> None:
        dynamodb.get_item(TableName=table, Key=KEY, ProjectionExpression="pk, sk")

    whole: Any = Item.to_regular_json
    assert _calls(whole, read) == 0
    with conversions.PATCH.removed():
        assert _calls(whole, read) == 2


def test_moto_alone_asks_each_value_for_all_its_types(aws: Mapping[str, str], clean: None) -> None:
    table, dynamodb = aws["REPORTS_TABLE"], boto3.client("dynamodb")
    item: Any = KEY | {"many": {"L": [{"S": "a"}, {"M": {"b": {"N": "1"}}}]}}
    asks: Any = BaseJSONParser._parse_shape
    picks: Any = ResponseSerializer.get_value

    def write() -> None:
        dynamodb.put_item(TableName=table, Item=item)

    def read() -> None:
        dynamodb.get_item(TableName=table, Key=KEY)

    ours = _calls(asks, write), _calls(picks, read)
    with conversions.PATCH.removed():
        alone = _calls(asks, write), _calls(picks, read)
    assert ours[0] + 5 <= alone[0]
    assert ours[1] == 0
    assert alone[1] > 50


def _calls(function: Any, call: Callable[[], Any]) -> int:
    profile = cProfile.Profile()
    profile.runcall(call)
    return sum(e.callcount for e in profile.getstats() if e.code is function.__code__)
