"""What DynamoDB leaves over of a batch is asked for again."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws.attributes import pack
from chalicelib.aws.table import Table
from chalicelib.kernel import errors


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
