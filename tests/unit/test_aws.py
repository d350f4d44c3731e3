"""The table: keys, attributes, batches, and faults of AWS."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import keys
from chalicelib.aws.attributes import pack, unpack
from chalicelib.aws.errors import code_of, unavailable
from chalicelib.aws.table import Table
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Owner, OwnerKind
from tests.conftest import examples


@pytest.mark.parametrize(
    ("pk", "owner"),
    [
        (keys.report("7Q2M"), Owner(OwnerKind.REPORT, "7Q2M")),
        (keys.bulletin("B-7Q2M"), Owner(OwnerKind.BULLETIN, "B-7Q2M")),
        (keys.officer("li#1"), Owner(OwnerKind.OFFICER, "li#1")),
        (keys.digest("other", "unknown", "low"), Owner(OwnerKind.DIGEST, "other#unknown#low")),
    ],
)
def test_a_partition_names_its_owner(pk: str, owner: Owner) -> None:
    assert keys.owner(pk) == owner


@pytest.mark.parametrize("pk", ["BURST#other#2026-11-25T10:00", "", "DUE", "REPORTS#7Q2M"])
def test_a_partition_of_nobody_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="OwnerKind"):
        keys.owner(pk)


def test_the_id_of_a_medium_s_owner_names_its_partition() -> None:
    assert keys.media_owner("7Q2M") == keys.report("7Q2M")
    assert keys.media_owner("B-7Q2M") == keys.bulletin("B-7Q2M")


def test_only_a_reports_head_is_a_report() -> None:
    assert keys.report_id((keys.report("7Q2M"), keys.HEAD)) == "7Q2M"
    assert keys.report_id((keys.report("7Q2M"), keys.media("M1"))) is None
    assert keys.report_id((keys.bulletin("B-7Q2M"), keys.HEAD)) is None


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


@settings(max_examples=examples(60))
@given(_ROWS)
def test_every_row_comes_back_as_it_went_in(row: dict[str, Any]) -> None:
    assert unpack(pack(row)) == row


@settings(max_examples=examples(60))
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
    "value", [bytearray(b"bytes"), Decimal(1), object()], ids=lambda value: type(value).__name__
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


class Busy:
    """A DynamoDB that does no more than `at_once` of each call."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self.sizes: list[int] = []
        self.rows: list[Any] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        asked = RequestItems["t"]
        done, left = self._divided(asked["Keys"])
        response: dict[str, Any] = {"Responses": {"t": done}}
        return response | ({"UnprocessedKeys": {"t": {**asked, "Keys": left}}} if left else {})

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        done, left = self._divided(RequestItems["t"])
        self.rows += done
        return {"UnprocessedItems": {"t": left}} if left else {}

    def _divided(self, items: list[Any]) -> tuple[list[Any], list[Any]]:
        self.sizes.append(len(items))
        return items[: self._at_once], items[self._at_once :]


def table(client: Any, pause: Callable[[float], None]) -> Table:
    return Table(client, "t", pause=pause)


def test_every_row_is_read_once_though_some_are_left_over() -> None:
    client, pauses = Busy(60), list[float]()
    wanted = [(f"R#{number}", "HEAD") for number in range(150)]
    found = table(client, pauses.append).get_all([*wanted, *wanted])
    assert found.keys() == set(wanted)
    assert client.sizes == [100, 90, 30]
    assert len(pauses) == 2


def test_every_row_is_written_though_some_are_left_over() -> None:
    client, pauses = Busy(20), list[float]()
    rows = [{"pk": f"R#{number}", "sk": "HEAD"} for number in range(30)]
    table(client, pauses.append).put_all(rows)
    written = [each["PutRequest"]["Item"] for each in client.rows]
    assert sorted(map(str, written)) == sorted(str(pack(row)) for row in rows)
    assert max(client.sizes) == 25
    assert pauses


def test_a_batch_that_is_left_over_at_every_try_is_unavailable() -> None:
    client, pauses = Busy(0), list[float]()
    with pytest.raises(errors.Unavailable):
        table(client, pauses.append).get_all([("R#1", "HEAD")])
    with pytest.raises(errors.Unavailable):
        table(client, pauses.append).put_all([{"pk": "R#1", "sk": "HEAD"}])
    assert pauses == sorted(pauses[:4]) * 2


def refused(code: str, message: str = "") -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}}
    return ClientError(response, "PutObject")


@pytest.mark.parametrize(
    "fault",
    [
        refused("InternalError"),
        refused("AccessDenied"),
        refused("NoSuchKey"),
        EndpointConnectionError(endpoint_url="https://s3.test"),
        ReadTimeoutError(endpoint_url="https://s3.test"),
    ],
    ids=["AWS", "denied", "another code", "no way there", "no response"],
)
def test_every_fault_is_unavailable(fault: Exception) -> None:
    with pytest.raises(errors.Unavailable) as raised, unavailable("NoSuchUpload"):
        raise fault
    assert raised.value.__cause__ is fault


@pytest.mark.parametrize("code", ["NotFound", "NotFoundException"])
def test_an_expected_code_passes_as_it_came(code: str) -> None:
    fault = refused(code)
    with pytest.raises(ClientError) as raised, unavailable("NotFound"):
        raise fault
    assert raised.value is fault
    assert code_of(fault) == "NotFound"


def test_a_fault_of_our_own_is_not_blamed_on_aws() -> None:
    with pytest.raises(KeyError), unavailable():
        raise KeyError("a name")


def test_what_is_done_without_a_fault_is_done() -> None:
    with unavailable():
        done = True
    assert done


def test_the_log_holds_the_code_and_never_the_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(errors.Unavailable), unavailable():
        raise refused("SlowDown", "originals/7Q2M is busy")
    [record] = caplog.records
    assert (record.__dict__["call"], record.__dict__["code"]) == ("PutObject", "SlowDown")
    assert "7Q2M" not in str(record.__dict__)
