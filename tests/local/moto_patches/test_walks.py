"""Updates do what they did, with fewer questions about the tree of their expression."""

import copy
import cProfile
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.dynamodb.parsing import expressions

from infra.local.moto_patches import walks

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
VALUES: dict[str, Any] = {":one": {"N": "1"}, ":l": {"L": [{"S": "x"}]}, ":s": {"SS": ["x"]}}
SETS = (
    "word = :one",
    "word = word + :one",
    "other = word",
    "many = list_append(if_not_exists(many, :l), :l)",
    "many[0] = :one",
    "word = if_not_exists(absent, :one)",
    "pk = :one",
    "word.inner = :one",
    "many[1] = list_append(:l, :l)",
)
ADDS = ("word :one", "tags :s", "many :one")
REMOVES = ("word", "many[0]", "absent")
_some = {"SET": SETS, "ADD": ADDS, "REMOVE": REMOVES}
_clauses = st.sampled_from(["SET", "ADD", "REMOVE"]).flatmap(
    lambda verb: st.lists(st.sampled_from(_some[verb]), min_size=1, max_size=3).map(
        lambda parts: f"{verb} {', '.join(parts)}"
    )
)


def _update(table: str, expression: str) -> Any:
    """Return the item after the update, or the error."""
    dynamodb = boto3.client("dynamodb")
    begun: Any = {"word": {"N": "5"}, "many": {"L": [{"S": "a"}]}, "tags": {"SS": ["b"]}}
    dynamodb.put_item(TableName=table, Item=KEY | begun)
    used = {name: value for name, value in VALUES.items() if name in expression}
    more: Any = {"ExpressionAttributeValues": used} if used else {}
    try:
        return dynamodb.update_item(
            TableName=table, Key=KEY, UpdateExpression=expression, ReturnValues="ALL_NEW", **more
        )["Attributes"]
    except ClientError as error:
        return str(error)


@settings(max_examples=80)
@given(clauses=st.lists(_clauses, min_size=1, max_size=3))
def test_an_update_does_what_it_does_without_the_patch(
    aws: Mapping[str, str], clauses: list[str]
) -> None:
    table, expression = aws["REPORTS_TABLE"], " ".join(clauses)
    ours = _update(table, expression)
    with walks.PATCH.removed():
        assert ours == _update(table, expression)


@pytest.mark.parametrize("verb", ["SET", "ADD", "REMOVE"])
def test_two_clauses_of_one_verb_are_refused(
    aws: Mapping[str, str], clean: None, verb: str
) -> None:
    part = f"{verb} {_some[verb][0]}"
    assert "only be used once" in _update(aws["REPORTS_TABLE"], f"{part} {part}")


def test_moto_alone_asks_each_node_for_all_its_classes(aws: Mapping[str, str], clean: None) -> None:
    expression = "SET word = :one, other = word, many = list_append(many, :l)"
    asks = ("DepthFirstTraverser.process", "_kinds_of")
    assert _calls(aws["REPORTS_TABLE"], expression, *asks) == 0
    with walks.PATCH.removed():
        assert _calls(aws["REPORTS_TABLE"], expression, *asks) > 100


def test_a_tree_that_was_copied_is_as_it_was(aws: Mapping[str, str], clean: None) -> None:
    parser: Any = vars(expressions)["UpdateExpressionParser"]
    tree = parser.make("SET word = :one, many[0] = if_not_exists(absent, :one) REMOVE other")
    before, clone = _written(tree), copy.deepcopy(tree)
    assert _written(clone) == before
    clone.children[0].children.clear()
    clone.children[-1].parent = None
    assert _written(tree) == before


def test_moto_alone_copies_a_tree_object_by_object(aws: Mapping[str, str], clean: None) -> None:
    expression = "SET word = :one, other = word"
    assert _calls(aws["REPORTS_TABLE"], expression, "_reconstruct") < 5
    with walks.PATCH.removed():
        assert _calls(aws["REPORTS_TABLE"], expression, "_reconstruct") > 10


def _calls(table: str, expression: str, *names: str) -> int:
    """Return how often functions with these names are called in an update."""
    profile = cProfile.Profile()
    profile.runcall(lambda: _update(table, expression))
    return sum(
        each.callcount
        for each in profile.getstats()
        if getattr(each.code, "co_qualname", "") in names
    )


def _written(node: Any, parent: Any = None) -> Any:
    """Return a tree as one can compare it: classes, whether each knows its parent, and values."""
    if not hasattr(node, "children"):
        return node
    below = [_written(child, node) for child in node.children or ()]
    return type(node).__name__, node.parent is parent, below
