"""One DynamoDB table: plain dicts in and out, AWS's failures in the domain's words."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib import errors
from chalicelib.store.attributes import pack, unpack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

log = logging.getLogger(__name__)

Row = dict[str, Any]
_Result = TypeVar("_Result")

# All retries of DynamoDB are here (its client makes none), since botocore knows no
# TransactionConflict and pauses for seconds where DynamoDB is back within milliseconds. With the
# client's time-outs they end well within API Gateway's 29 seconds.
_PAUSES_S = (0.03, 0.08, 0.2, 0.5)
_PASSING = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class ConditionFailed(Exception):
    """A condition did not hold. `item` is what stands there instead, when there is anything;
    `position` counts a transaction's actions.
    """

    def __init__(self, item: Row | None, position: int = 0) -> None:
        super().__init__("condition failed")
        self.item = item
        self.position = position


class Table:
    """Raises ConditionFailed where a condition was given, Unavailable for every fault of AWS or of
    the way there.
    """

    def __init__(
        self, client: "DynamoDBClient", name: str, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.client = client
        self.name = name
        self._pause = pause

    def get(
        self, pk: str, sk: str, *, consistent: bool = False, attributes: Sequence[str] | None = None
    ) -> Row | None:
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "Key": pack({"pk": pk, "sk": sk}),
            "ConsistentRead": consistent,
        }
        if attributes:
            arguments["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
        response = self._call(lambda: self.client.get_item(**arguments))
        return unpack(response["Item"]) if "Item" in response else None

    def put(self, row: Mapping[str, Any], *, condition: str | None = None) -> None:
        arguments: dict[str, Any] = {"TableName": self.name, "Item": pack(row)}
        if condition:
            arguments |= {
                "ConditionExpression": condition,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        self._call(lambda: self.client.put_item(**arguments))

    def update(self, action: Mapping[str, Any]) -> Row:
        """Carry out one `update_action`; answers the row as it is now."""
        arguments = dict(action["Update"]) | {"ReturnValues": "ALL_NEW"}
        response = self._call(lambda: self.client.update_item(**arguments))
        return unpack(response["Attributes"])

    def delete(self, pk: str, sk: str) -> None:
        self._call(
            lambda: self.client.delete_item(TableName=self.name, Key=pack({"pk": pk, "sk": sk}))
        )

    def delete_if(self, pk: str, sk: str, *, equal: Mapping[str, Any]) -> None:
        """Delete a row in which each attribute in `equal` has that value; raises ConditionFailed
        otherwise.
        """
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        condition = " AND ".join(_equal(equal, names, values))
        self._call(
            lambda: self.client.delete_item(
                TableName=self.name,
                Key=pack({"pk": pk, "sk": sk}),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=pack(values),
            )
        )

    def transact(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """All of `actions` (from `put_action`, `update_action`, …) or none."""
        # One token for all tries: a try whose answer was lost is not carried out again.
        token = str(uuid.uuid4())
        items: Any = list(actions)
        self._call(
            lambda: self.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
        )

    def query(
        self,
        pk: str,
        *,
        index: tuple[str, str, str] | None = None,
        between: tuple[str, str] | None = None,
        at_least: str | None = None,
        below: str | None = None,
        begins: str | None = None,
        forward: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        attributes: Sequence[str] | None = None,
    ) -> tuple[list[Row], bool]:
        """Rows of one partition in the order of the sort key, and whether there are more.

        `index` is (name, partition attribute, sort attribute). With `limit` one call; without, all
        calls that the partition takes.
        """
        name, partition, sort = index or (None, "pk", "sk")
        names = {"#p": partition}
        values: dict[str, Any] = {":p": pk}
        condition = "#p = :p"
        ranges = {
            "#s BETWEEN :a AND :b": between,
            "#s >= :a": at_least,
            "#s < :a": below,
            "begins_with(#s, :a)": begins,
        }
        for expression, bound in ranges.items():
            if bound is not None:
                names["#s"] = sort
                condition += f" AND {expression}"
                values |= (
                    {":a": bound[0], ":b": bound[1]} if isinstance(bound, tuple) else {":a": bound}
                )
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": pack(values),
            "ScanIndexForward": forward,
            "ConsistentRead": consistent,
        }
        if name:
            arguments["IndexName"] = name
        if limit:
            arguments["Limit"] = limit
        if attributes:
            arguments["ProjectionExpression"] = ", ".join(
                f"#{attribute}" for attribute in attributes
            )
            names |= {f"#{attribute}": attribute for attribute in attributes}
        arguments["ExpressionAttributeNames"] = names
        rows: list[Row] = []
        while True:
            response = self._call(lambda: self.client.query(**arguments))
            rows += [unpack(item) for item in response["Items"]]
            more = "LastEvaluatedKey" in response
            if limit or not more:
                return rows, more
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def scan(self, *, attributes: Sequence[str]) -> Iterator[Row]:
        """Every row, in no order. Never for a request: its cost is the whole table."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
        }
        while True:
            response = self._call(lambda: self.client.scan(**arguments))
            yield from (unpack(item) for item in response["Items"])
            if "LastEvaluatedKey" not in response:
                return
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def count(self, pk: str, *, index: tuple[str, str, str]) -> int:
        """How many rows there are in one partition of an index."""
        name, partition, _ = index
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": name,
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": {"#p": partition},
            "ExpressionAttributeValues": pack({":p": pk}),
            "Select": "COUNT",
        }
        total = 0
        while True:
            response = self._call(lambda: self.client.query(**arguments))
            total += response["Count"]
            if "LastEvaluatedKey" not in response:
                return total
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def put_action(self, row: Mapping[str, Any], *, condition: str | None = None) -> dict[str, Any]:
        action: dict[str, Any] = {"TableName": self.name, "Item": pack(row)}
        if condition:
            action |= {
                "ConditionExpression": condition,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        return {"Put": action}

    def delete_action(self, pk: str, sk: str) -> dict[str, Any]:
        return {"Delete": {"TableName": self.name, "Key": pack({"pk": pk, "sk": sk})}}

    def update_action(
        self,
        pk: str,
        sk: str,
        *,
        put: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
        remove: Sequence[str] = (),
        put_once: Mapping[str, Any] | None = None,
        append: Mapping[str, list[Any]] | None = None,
        room: Mapping[str, int] | None = None,
        equal: Mapping[str, Any] | None = None,
        upsert: bool = False,
    ) -> dict[str, Any]:
        """Set (None: remove), add to and remove attributes of one row, if it is there and each in
        `equal` has that value (None: is absent).

        `put_once` sets only what is absent, `append` adds to lists, which have `room` while they
        hold fewer than so many; with `upsert` the row is made when it is not there.
        """
        names: dict[str, str] = {"#pk": "pk"}
        values: dict[str, Any] = {}
        clauses: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
        for name, value in (put or {}).items():
            names[f"#{name}"] = name
            if value is None:
                clauses["REMOVE"].append(f"#{name}")
                continue
            values[f":{name}"] = value
            clauses["SET"].append(f"#{name} = :{name}")
        for name, value in (put_once or {}).items():
            if value is None:
                continue
            names[f"#{name}"] = name
            values[f":{name}"] = value
            clauses["SET"].append(f"#{name} = if_not_exists(#{name}, :{name})")
        for name, more in (append or {}).items():
            names[f"#{name}"] = name
            values |= {f":{name}": more, ":none": []}
            clauses["SET"].append(f"#{name} = list_append(if_not_exists(#{name}, :none), :{name})")
        for name, amount in (add or {}).items():
            names[f"#{name}"] = name
            values[f":{name}_more"] = amount
            clauses["ADD"].append(f"#{name} :{name}_more")
        for name in remove:
            names[f"#{name}"] = name
            clauses["REMOVE"].append(f"#{name}")
        conditions = ([] if upsert else ["attribute_exists(#pk)"]) + _equal(
            equal or {}, names, values
        )
        for name, limit in (room or {}).items():
            values[f":{name}_room"] = limit
            conditions.append(f"(attribute_not_exists(#{name}) OR size(#{name}) < :{name}_room)")
        action: dict[str, Any] = {"TableName": self.name, "Key": pack({"pk": pk, "sk": sk})}
        if conditions:
            action |= {
                "ConditionExpression": " AND ".join(conditions),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        if upsert:
            del names["#pk"]
        action["ExpressionAttributeNames"] = names
        expression = " ".join(
            f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts
        )
        if expression:
            action["UpdateExpression"] = expression
        if values:
            action["ExpressionAttributeValues"] = pack(values)
        return {"Update": action}

    def _call(self, call: Callable[[], _Result]) -> _Result:
        for pause in (*_PAUSES_S, None):
            try:
                return call()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                reasons = error.response.get("CancellationReasons", [])
                if code == "ConditionalCheckFailedException":
                    item = error.response.get("Item")
                    raise ConditionFailed(unpack(item) if item else None) from None  # type: ignore[arg-type]
                for position, reason in enumerate(reasons):
                    if reason.get("Code") == "ConditionalCheckFailed":
                        raise ConditionFailed(
                            unpack(reason["Item"]) if reason.get("Item") else None, position
                        ) from None
                passing = not _PASSING.isdisjoint(
                    {code, *(reason.get("Code") for reason in reasons)}
                )
                cause: Exception = error
            except (ConnectionError, HTTPClientError) as error:
                code, passing, cause = type(error).__name__, True, error
            except BotoCoreError as error:
                code, passing, cause = type(error).__name__, False, error
            if not passing or pause is None:
                # The code alone: a message may quote keys.
                log.warning("dynamodb_failed", extra={"code": code})
                raise errors.Unavailable from cause
            self._pause(pause)
        raise AssertionError("the last round returns or raises")


def _equal(equal: Mapping[str, Any], names: dict[str, str], values: dict[str, Any]) -> list[str]:
    """The conditions that each attribute has its value (None: is absent); adds their placeholders
    to `names` and `values`.
    """
    conditions = []
    for name, value in equal.items():
        names[f"#{name}"] = name
        if value is None:
            conditions.append(f"attribute_not_exists(#{name})")
        else:
            values[f":{name}_was"] = value
            conditions.append(f"#{name} = :{name}_was")
    return conditions
