"""Conversion of plain values to DynamoDB's attribute values and back.

boto3 has a serialiser for this, but importing it would slow every cold start.

str, bytes, int, float, bool, lists, dicts and sets of str are read back unchanged, but a float
without a fraction is read back as an int. Enums of str are written as str, tuples and frozensets as
lists, and times as RFC 3339. A dict's members that are None are left out. No set may be empty.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.kernel import times

# DynamoDB's limits: 38 digits, and these smallest and largest magnitudes.
_LARGEST_INT = 10**38
_LEAST_FLOAT, _MOST_FLOAT = 1e-130, 1e126


def pack(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as DynamoDB's attribute values.

    Raises ValueError for a number that DynamoDB cannot store, TypeError for any other type than
    those above.
    """
    return {name: _pack(value) for name, value in row.items() if value is not None}


def unpack(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _unpack(value) for name, value in item.items()}


def _pack(value: Any) -> dict[str, Any]:
    if type(value) is str:  # most are, and this is the quickest test
        return {"S": value}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": _number(value)}
    if isinstance(value, datetime):
        return {"S": times.render(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, list | tuple | frozenset):
        return {"L": [_pack(part) for part in value]}
    if isinstance(value, Mapping):
        return {"M": pack(value)}
    if isinstance(value, set):
        return {"SS": sorted(value)}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"not an attribute's value: {type(value).__name__}")


def _number(value: float) -> str:
    size = abs(value)
    fits = (
        size < _LARGEST_INT
        if isinstance(value, int)
        else size == 0 or _LEAST_FLOAT <= size < _MOST_FLOAT
    )
    if not fits:
        raise ValueError("a number that DynamoDB cannot hold")
    return repr(value)


def _unpack(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL" | "B":
            return content
        case "N":
            return _read_number(content)
        case "M":
            return unpack(content)
        case "L":
            return [_unpack(part) for part in content]
        case "SS":
            return set(content)
        case "NULL":
            return None
    raise TypeError(f"not an attribute that was written here: {kind}")


def _read_number(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:
        number = float(digits)
        return int(number) if number.is_integer() else number
