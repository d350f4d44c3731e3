"""The most AWS calls and DynamoDB units that each operation may use, with any number of rows."""

from collections.abc import Iterator, Mapping

import pytest

from tests.bench import pages
from tests.bench.operations import OPERATIONS, Operation, metered
from tests.bench.units import Meter


@pytest.fixture(scope="module")
def meter(aws: Mapping[str, str]) -> Iterator[Meter]:
    with metered(aws) as meter:
        yield meter


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_costs_more_than_its_budget(
    meter: Meter, aws: Mapping[str, str], clean: None, operation: Operation
) -> None:
    act = operation.prepare(aws)
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
