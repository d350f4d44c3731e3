"""Updates do what they do in moto, without walks through the tree of their expression."""

import copy
import cProfile
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing.validators import Validator

from chalicelib.aws.writes import Update
from infra.local.moto_patches import updates

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
NAMES = {f"#{name}": name for name in ("word", "other", "many", "tags", "absent", "pk")}
VALUES: dict[str, Any] = {
    ":one": {"N": "1"},
    ":l": {"L": [{"S": "x"}]},
    ":none": {"L": []},
    ":s": {"SS": ["x", "b"]},
}
SETS = (
    "#word = :one",
    "#word = #word + :one",
    "#other = #word",
    "#other = :l",
    "word = :one",
    "#many = list_append(if_not_exists(#many, :none), :l)",
    "#absent = list_append(if_not_exists(#absent, :none), :l)",
    "#word = list_append(if_not_exists(#word, :none), :l)",
    "#many = list_append(if_not_exists(#other, :none), :l)",
    "#many[0] = :one",
    "#word = if_not_exists(#word, :one)",
    "#absent = if_not_exists(#absent, :one)",
    "#word = if_not_exists(#absent, :one)",
    "#pk = :one",
    "#word.#other = :one",
    "#missing = :one",
    "#word = :missing",
    "#many = list_append(:l, :l)",
)
ADDS = ("#word :one", "#tags :s", "#many :one", "#absent :one", "#absent :s", "#word :s")
REMOVES = ("#word", "#many[0]", "#absent", "#pk")
DELETES = ("#tags :s", "#absent :s")
_some = {"SET": SETS, "ADD": ADDS, "REMOVE": REMOVES, "DELETE": DELETES}
_clauses = st.sampled_from([*_some]).flatmap(
    lambda verb: st.lists(st.sampled_from(_some[verb]), min_size=1, max_size=3).map(
        lambda parts: f"{verb} {', '.join(parts)}"
    )
)


def _begin(table: str) -> None:
    begun: Any = {"word": {"N": "5"}, "many": {"L": [{"S": "a"}]}, "tags": {"SS": ["b"]}}
    boto3.client("dynamodb").put_item(TableName=table, Item=KEY | begun)


def _read(table: str) -> Any:
    item: Any = boto3.client("dynamodb").get_item(TableName=table, Key=KEY)["Item"]
    item.get("tags", {}).get("SS", []).sort()
    return item


def _used(expression: str) -> dict[str, Any]:
    words = set(expression.replace("(", " ").replace(")", " ").replace(",", " ").split())
    words = {part for word in words for part in word.replace("[0]", "").split(".")}
    names = {name: value for name, value in NAMES.items() if name in words}
    values = {name: value for name, value in VALUES.items() if name in words}
    return {
        "UpdateExpression": expression,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _update(table: str, expression: str) -> Any:
    """Return the item after the update, and the error."""
    _begin(table)
    try:
        boto3.client("dynamodb").update_item(TableName=table, Key=KEY, **_used(expression))
    except ClientError as error:
        return _read(table), str(error)
    return _read(table), None


@settings(max_examples=80)
@given(clauses=st.lists(_clauses, min_size=1, max_size=3))
def test_an_update_does_what_it_does_without_the_patch(
    aws: Mapping[str, str], clauses: list[str]
) -> None:
    table, expression = aws["REPORTS_TABLE"], " ".join(clauses)
    ours = _update(table, expression)
    with updates.PATCH.removed():
        assert ours == _update(table, expression)


def test_what_the_application_writes_needs_no_walk(aws: Mapping[str, str], clean: None) -> None:
    def write() -> None:
        change = Update(
            "REPORT#1",
            "HEAD",
            put={"word": "x", "many": None},
            put_once={"other": 1},
            add={"times": 1},
            gather={"tags": {"c"}},
            append={"lines": ["y"]},
            equal={"word": 5, "absent": None},
            room={"lines": 3},
        )
        arguments: Any = change.item(aws["REPORTS_TABLE"]).arguments
        boto3.client("dynamodb").update_item(**arguments)

    _begin(aws["REPORTS_TABLE"])
    assert _calls(Validator.validate, write) == 0
    assert _read(aws["REPORTS_TABLE"]) == KEY | {
        "word": {"S": "x"},
        "other": {"N": "1"},
        "times": {"N": "1"},
        "tags": {"SS": ["b", "c"]},
        "lines": {"L": [{"S": "y"}]},
    }
    _begin(aws["REPORTS_TABLE"])
    with updates.PATCH.removed():
        assert _calls(Validator.validate, write) == 1


@pytest.mark.parametrize("change", ["SET #many[0] = :one", "ADD #tags :s", "DELETE #tags :s"])
def test_a_transaction_that_fails_leaves_what_was_there(
    aws: Mapping[str, str], clean: None, change: str
) -> None:
    table = aws["REPORTS_TABLE"]
    _begin(table)
    begun = _read(table)
    refused: Any = {
        "TableName": table,
        "Key": KEY | {"sk": {"S": "absent"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
    changed: Any = {"TableName": table, "Key": KEY, **_used(change)}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        boto3.client("dynamodb").transact_write_items(
            TransactItems=[{"Update": changed}, {"ConditionCheck": refused}]
        )
    assert _read(table) == begun


def test_moto_alone_copies_each_value_of_an_item() -> None:
    key = DynamoType({"S": "a"})
    item = Item(key, None, {"pk": {"S": "a"}, "many": {"L": [{"S": "b"}]}})
    copies = DynamoType.__deepcopy__
    assert _calls(copies, lambda: copy.deepcopy(item)) == 0
    assert copy.deepcopy(item) == item
    with updates.PATCH.removed():
        assert _calls(copies, lambda: copy.deepcopy(item)) == 4


def _calls(function: Any, call: Callable[[], Any]) -> int:
    profile = cProfile.Profile()
    profile.runcall(call)
    return sum(e.callcount for e in profile.getstats() if e.code is function.__code__)
