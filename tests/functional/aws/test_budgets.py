"""The most AWS calls and DynamoDB units that each operation may use, and the meter of units."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from tests.bench import pages
from tests.bench.operations import OPERATIONS, Operation, metered
from tests.bench.units import Cost, Meter, MockedRows, indexes_of, size_of


@pytest.fixture(scope="module")
def meter(aws: Mapping[str, str]) -> Iterator[Meter]:
    with metered(aws) as meter:
        yield meter


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_costs_more_than_its_budget(meter: Meter, operation: Operation) -> None:
    act = operation.prepare()
    with meter.measured() as calls:
        reply = act()
    assert reply.status in (200, 201, 204), reply.text
    assert sorted(each.operation for each in calls) == sorted(
        name if "." in name else f"dynamodb.{name}" for name in operation.calls
    )
    assert meter.cost.write_units <= operation.write_units
    assert meter.cost.read_units <= operation.read_units


def test_a_page_costs_the_same_whatever_there_is() -> None:
    assert all(row["holds"] for row in pages.rows())


pytestmark = pytest.mark.usefixtures("clean")

KEY = {"pk": {"S": "REPORT#A"}, "sk": {"S": "ROW"}}
KB = {"S": "x" * 1024}
LISTED = {"category_shard": {"S": "other#0"}, "listed_at": {"S": "2026"}}


@pytest.fixture
def table(aws: Mapping[str, str]) -> Any:
    """Return the reports table with measured calls: `table.put_item(Item=…)` returns its cost."""
    session = boto3.Session()
    meter = Meter(MockedRows(boto3.client("dynamodb")), indexes_of(aws))
    meter.watch(session.events)
    client = session.client("dynamodb")

    class Measured:
        name = aws["REPORTS_TABLE"]

        def __getattr__(self, operation: str) -> Any:
            def measured(**arguments: Any) -> Cost:
                with meter.measured():
                    getattr(client, operation)(
                        **arguments
                        if "TransactItems" in arguments
                        else {"TableName": self.name, **arguments}
                    )
                return meter.cost

            return measured

    return Measured()


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": {"S": "bc"}}, 3),
        ({"人": {"S": "人人"}}, 9),
        ({"n": {"N": "12345"}}, 5),
        ({"n": {"N": "-100"}}, 3),
        ({"b": {"BOOL": True}, "z": {"NULL": True}}, 4),
        ({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}, 9),
        ({"m": {"M": {"a": {"S": "bc"}}}}, 8),
    ],
    ids=str,
)
def test_sizes_are_counted_as_dynamodb_does(item: Any, size: int) -> None:
    assert size_of(item) == size


def test_a_write_costs_a_unit_for_each_started_kilobyte(table: Any) -> None:
    assert table.put_item(Item=KEY).write_units == 1
    assert table.put_item(Item=KEY | {"text": KB}).write_units == 2


def test_a_write_that_shrinks_a_row_costs_what_the_row_was(table: Any) -> None:
    table.put_item(Item=KEY | {"text": KB, "more": KB})
    assert table.put_item(Item=KEY).write_units == 3
    assert table.delete_item(Key=KEY).write_units == 1


def test_a_transaction_costs_twice(table: Any) -> None:
    actions = [
        {"Put": {"TableName": table.name, "Item": KEY | {"sk": {"S": sk}, "text": KB}}}
        for sk in "ab"
    ]
    assert table.transact_write_items(TransactItems=actions) == Cost(1, 8, 0)


def test_each_index_that_a_row_is_in_costs_its_projection(table: Any) -> None:
    assert table.put_item(Item=KEY | LISTED).write_units == 2
    assert (
        table.put_item(
            Item=KEY | LISTED | {"task_shard": {"S": "TASK#0"}, "task_at": {"S": "2026"}}
        ).write_units
        == 2
    )
    assert table.put_item(Item=KEY | LISTED).write_units == 2  # removed from the task index


def test_what_an_index_does_not_project_costs_nothing_there(table: Any) -> None:
    table.put_item(Item=KEY | LISTED)
    assert _set(table, "text") == 1
    assert _set(table, "listed") == 2


def test_a_row_that_moves_in_an_index_is_deleted_and_put(table: Any) -> None:
    table.put_item(Item=KEY | LISTED)
    assert _set(table, "category_shard") == 3


def _set(table: Any, name: str) -> float:
    return float(
        table.update_item(
            Key=KEY,
            UpdateExpression="SET #n = :v",
            ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":v": {"S": "other#1"}},
        ).write_units
    )


def test_a_read_costs_a_unit_for_four_kilobytes_and_half_if_it_may_be_old(table: Any) -> None:
    table.put_item(Item=KEY | {"text": {"S": "x" * 5000}})
    assert table.get_item(Key=KEY).read_units == 1
    assert table.get_item(Key=KEY, ConsistentRead=True).read_units == 2
    assert table.get_item(Key=KEY, ConsistentRead=True, ProjectionExpression="pk").read_units == 2
    assert table.get_item(Key=KEY | {"sk": {"S": "NONE"}}).read_units == 0.5


def test_a_query_costs_the_sum_of_the_rows_that_it_passes(table: Any) -> None:
    for sk in "abc":
        table.put_item(Item={"pk": KEY["pk"], "sk": {"S": sk}, "text": {"S": "x" * 3000}})
    whole = {
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": KEY["pk"]},
        "ConsistentRead": True,
    }
    assert table.query(**whole).read_units == 3
    named = {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
    }
    assert table.query(**whole | named, ProjectionExpression="#s").read_units == 3


def test_a_query_of_an_index_costs_what_is_projected(table: Any) -> None:
    table.put_item(Item=KEY | LISTED | {"text": {"S": "x" * 9000}})
    arguments = {
        "KeyConditionExpression": "category_shard = :p",
        "ExpressionAttributeValues": {":p": LISTED["category_shard"]},
    }
    assert table.query(IndexName="by_category", **arguments).read_units == 0.5
    assert table.query(IndexName="by_category", Select="COUNT", **arguments).read_units == 0.5


def test_a_scan_has_no_place(table: Any) -> None:
    with pytest.raises(AssertionError):
        table.scan()
