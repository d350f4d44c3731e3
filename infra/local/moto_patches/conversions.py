"""Convert the values of DynamoDB once.

moto turns a whole item into Python's types and back for each attribute that a projection names. It
asks ten times for each value, by each of its possible names, what type it has: when it reads a
request, and again, after a copy, when it writes the response. This was three fifths of what a read
of a report cost, and a tenth of a write.
"""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from moto.core.parse import BaseJSONParser
from moto.core.responses import ActionContext, ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.responses import DynamoResult

from infra.local.moto_patches.patch import Patch

# Types whose content is itself what JSON has.
_PLAIN = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})

_project_any = Item.project
_parse_any: Any = BaseJSONParser._parse_structure


def written(content: Any) -> str:
    """Return the JSON that a client gets: of values, items, and anything they are in."""
    return json.dumps(content, default=_plain)


def _plain(value: Any) -> Any:
    match value:
        case DynamoType():
            return {value.type: value.value}
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            # As AWS writes it, in seconds with three places.
            return int(value.replace(tzinfo=UTC).timestamp() * 1000) / 1000
    return value.to_json()


def _project(self: Item, expressions: list[list[str]]) -> Item:
    if any(len(names) > 1 or names[0].endswith("]") for names in expressions):
        return _project_any(self, expressions)
    picked = Item(self.hash_key, self.range_key, {})
    for [name] in expressions:
        if name in self.attrs:
            # Without the check of the size: it was right when it was written.
            dict.__setitem__(picked.attrs, name, self.attrs[name])
    return picked


def _keep(self: DynamoResult, result: object) -> None:
    ActionResult.__init__(self, result)


def _execute(self: DynamoResult, context: ActionContext) -> tuple[int, dict[str, Any], str]:
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, written(self.result)


def _parse_structure(self: BaseJSONParser, shape: Any, value: Any) -> Any:
    if shape.name != "AttributeValue" or not isinstance(value, dict) or len(value) != 1:
        return _parse_any(self, shape, value)
    [(kind, content)] = value.items()
    if kind in _PLAIN and content is not None:
        return {kind: content}
    if kind == "M" and isinstance(content, dict):
        return {kind: {name: _parse_structure(self, shape, each) for name, each in content.items()}}
    if kind == "L" and isinstance(content, list):
        return {kind: [_parse_structure(self, shape, each) for each in content]}
    return _parse_any(self, shape, value)


PATCH = Patch(
    (Item, "project", _project),
    (DynamoResult, "__init__", _keep),
    (DynamoResult, "execute_result", _execute),
    (BaseJSONParser, "_parse_structure", _parse_structure),
)
