"""Attribute values: every value can be read back, and the result is the same as boto3's."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws.attributes import pack, unpack

_FLOATS = st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100
).filter(lambda n: n == 0 or abs(n) > 1e-100)
_LEAVES = st.text() | st.booleans() | st.integers(-(10**38) + 1, 10**38 - 1) | _FLOATS
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)
_ROWS = st.dictionaries(st.text(min_size=1), _VALUES)


@settings(max_examples=60)
@given(_ROWS)
def test_every_row_comes_back_as_it_went_in(row: dict[str, Any]) -> None:
    assert unpack(pack(row)) == row


@settings(max_examples=60)
@given(_ROWS)
def test_boto3_reads_what_is_packed_and_packs_what_is_read(row: dict[str, Any]) -> None:
    read = {name: TypeDeserializer().deserialize(value) for name, value in pack(row).items()}
    assert read == _with_decimals(row)
    written = {
        name: TypeSerializer().serialize(value) for name, value in _with_decimals(row).items()
    }
    assert unpack(written) == row


def test_numbers_keep_their_kind() -> None:
    back = unpack(
        pack({"whole": 3, "fraction": 39.9, "yes": True, "huge": 10**37 + 1, "round": 4.0})
    )
    assert [type(value) for value in back.values()] == [int, float, bool, int, int]
    assert back["huge"] == 10**37 + 1


def test_nothing_is_left_out_but_none_among_attributes() -> None:
    assert pack({"gone": None, "inner": {"gone": None, "kept": ""}, "list": [None]}) == {
        "inner": {"M": {"kept": {"S": ""}}},
        "list": {"L": [{"NULL": True}]},
    }
    assert unpack({"nothing": {"NULL": True}}) == {"nothing": None}


def test_words_times_and_tuples_are_written_plainly() -> None:
    class Colour(StrEnum):
        RED = "red"

    packed = pack(
        {"colour": Colour.RED, "at": datetime(2026, 11, 24, 8, 30, tzinfo=UTC), "pair": ("a", "b")}
    )
    assert packed == {
        "colour": {"S": "red"},
        "at": {"S": "2026-11-24T08:30:00.000Z"},
        "pair": {"L": [{"S": "a"}, {"S": "b"}]},
    }
    assert type(packed["colour"]["S"]) is str


def test_bytes_are_written_as_binary() -> None:
    packed = pack({"sealed": b"\x00\xff"})
    assert packed == {"sealed": {"B": b"\x00\xff"}}
    assert unpack(packed) == {"sealed": b"\x00\xff"}


def test_a_set_of_words_comes_back_as_a_set() -> None:
    assert pack({"known": {"b", "a"}}) == {"known": {"SS": ["a", "b"]}}
    assert unpack({"known": {"SS": ["b", "a"]}}) == {"known": {"a", "b"}}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e126, 1e-131, 10**38], ids=str)
def test_a_number_that_dynamodb_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(ValueError):
        pack({"number": number})


@pytest.mark.parametrize(
    "value",
    [bytearray(b"bytes"), Decimal(1), object()],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        pack({"value": value})


def _with_decimals(value: Any) -> Any:
    """Return the value with Decimals, as boto3 uses them."""
    if isinstance(value, dict):
        return {name: _with_decimals(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_decimals(part) for part in value]
    return (
        Decimal(repr(value))
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value
    )
