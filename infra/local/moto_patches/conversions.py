"""Convert the values of DynamoDB once.

moto turns a whole item into Python's types and back for each attribute that a projection names,
makes both images of an item for a stream that shows none, and asks ten times for each value, by
each of its possible names, what type it has. This was three fifths of what a read of a report cost.
"""

from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord

from infra.local.moto_patches.patch import Patch

_project_any = Item.project
_begin_record: Any = StreamRecord.__init__
_serialize_any = BaseJSONSerializer._serialize_type_structure


def _project(self: Item, expressions: list[list[str]]) -> Item:
    if any(len(names) > 1 or names[0].endswith("]") for names in expressions):
        return _project_any(self, expressions)
    picked = Item(self.hash_key, self.range_key, {})
    for [name] in expressions:
        if name in self.attrs:
            # Without the check of the size: it was right when it was written.
            dict.__setitem__(picked.attrs, name, self.attrs[name])
    return picked


class _Unseen:
    """An item in a stream that shows its keys only."""

    def __init__(self, item: Item) -> None:
        self.hash_key, self.range_key = item.hash_key, item.range_key

    def to_json(self) -> dict[str, Any]:
        return {"Attributes": {}}


def _init_record(
    self: StreamRecord,
    table: Any,
    stream_type: str,
    event_name: str,
    old: Item | None,
    new: Item | None,
    seq: int,
) -> None:
    images: list[Any] = [
        image if image is None or shown in stream_type else _Unseen(image)
        for image, shown in ((old, "OLD"), (new, "NEW"))
    ]
    _begin_record(self, table, stream_type, event_name, *images, seq)


def _serialize_structure(
    self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
) -> None:
    if shape.name == "AttributeValue" and isinstance(value, dict):
        self._default_serialize(serialized, _attribute(self, value), shape, key)
    else:
        _serialize_any(self, serialized, value, shape, key)


def _attribute(serializer: BaseJSONSerializer, value: dict[str, Any]) -> dict[str, Any]:
    [(kind, content)] = value.items()
    match kind:
        case "M":
            content = {name: _attribute(serializer, each) for name, each in content.items()}
        case "L":
            content = [_attribute(serializer, each) for each in content]
        case "B":
            content = serializer._base64(content)
        case "BS":
            content = [serializer._base64(each) for each in content]
    return {kind: content}


PATCH = Patch(
    (Item, "project", _project),
    (StreamRecord, "__init__", _init_record),
    (BaseJSONSerializer, "_serialize_type_structure", _serialize_structure),
)
