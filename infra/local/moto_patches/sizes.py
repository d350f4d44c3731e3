"""Measure what is added to an item, not the whole item for each attribute.

An item of DynamoDB has at most 400 KB. moto measures all attributes that are there each time one is
set: a row of forty is measured forty times. This was a fifth of the time of a write. Here an item
remembers a bound of its size, and is measured only when that would exceed the limit.
"""

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize

from infra.local.moto_patches.patch import Patch

# Below moto's own limit, at which it refuses.
_SURELY_ALLOWED = 400_000
_TEXTS = frozenset({"S", "N", "B"})
# Of a character in UTF-8.
_MOST_BYTES = 4
_measure_and_set = LimitedSizeDict.__setitem__


def _set(self: LimitedSizeDict, name: str, value: Any) -> None:
    known: int | None = vars(self).get("bound")
    if known is None:
        # What was copied, not set.
        known = sum(_size(*each) for each in self.items())
    # What the value replaces is not taken off: so it is never too small.
    bound = known + _size(name, value)
    if bound < _SURELY_ALLOWED:
        dict.__setitem__(self, name, value)
        vars(self)["bound"] = bound
    else:
        _measure_and_set(self, name, value)
        vars(self).pop("bound", None)


def _size(name: str, value: Any) -> int:
    """Return a bound of what an attribute takes: of a text without writing it as bytes."""
    if type(value) is DynamoType and value.type in _TEXTS:
        return _MOST_BYTES * (len(name) + len(value.value))
    return bytesize(name) + (value.size() if type(value) is DynamoType else bytesize(str(value)))


PATCH = Patch((LimitedSizeDict, "__setitem__", _set))
