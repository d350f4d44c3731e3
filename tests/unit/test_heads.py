"""One module writes HEADs of reports, and the copy of what officers list is true."""

import ast
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests import listed

STORE = Path(__file__).parents[2] / "chalicelib" / "store"
# HEADs of bulletins are in a table of their own.
WRITERS = {"heads.py", "bulletins.py"}
KEY = {"pk": {"S": "REPORT#A"}, "sk": {"S": "HEAD"}}


def test_no_other_module_writes_a_head() -> None:
    assert {path.name for path in STORE.rglob("*.py") if writes_a_head(path)} == WRITERS


@pytest.mark.parametrize(
    "columns",
    [
        {"status": {"S": "new"}},
        {"status": {"S": "new"}, "listed": {"M": {}}},
        {"status": {"S": "new"}, "listed": {"M": {"st": {"S": "closed"}}}},
        {"listed": {"M": {"st": {"S": "new"}}}},
        # What no field of a report declares would outlive a withdrawal.
        {name: {"S": "withdrawn"} for name in ("status", "witness")}
        | {"listed": {"M": {"st": {"S": "withdrawn"}}}},
    ],
)
def test_the_mocked_table_refuses_a_head_that_is_not_as_declared(columns: dict[str, Any]) -> None:
    with mock_aws(), listed.guarded() as refused:
        table = boto3.client("dynamodb")
        table.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
        )
        with pytest.raises(AssertionError, match="REPORT#A"):
            table.put_item(TableName="t", Item=KEY | columns)
        refused.clear()


def writes_a_head(path: Path) -> bool:
    """Return whether a module names a HEAD as the key of an update, or in a row."""
    return any(
        "keys.HEAD" in ast.unparse(part)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for part in written(node)
    )


def written(node: ast.AST) -> list[ast.expr]:
    """Return what a node writes as a key: the arguments of an update, the sort key of a row."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Update", "Put"):
        return node.args
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [value for key, value in pairs if key and ast.unparse(key) == "'sk'"]
    return []
