"""Access to one DynamoDB table, with retries.

Rows are plain dicts. Faults of AWS become errors of the domain. `retry_on_conflict` repeats a step
when another request has changed its rows meanwhile.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib.aws.attributes import pack, unpack
from chalicelib.aws.clients import at_once
from chalicelib.aws.writes import Delete, Put, TransactItem, Update
from chalicelib.kernel import errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


log = logging.getLogger(__name__)

Row = dict[str, Any]
_Result = TypeVar("_Result")

# The pauses between tries, in seconds. The DynamoDB client makes no retries of its own: botocore
# would not retry TransactionConflict, and it pauses too long for faults that end in milliseconds.
# All tries, with the client's time-outs, end well before API Gateway's limit of 29 seconds.
_PAUSES_S = (0.03, 0.08, 0.2, 0.5)
# DynamoDB's own limits of a BatchGetItem and of a BatchWriteItem.
GET_AT_MOST, PUT_AT_MOST = 100, 25
_RETRYABLE = frozenset(
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
    """The condition of a write did not hold.

    `item` is the existing row; None when there is none, or when DynamoDB did not return it.
    `position` says which item of a transaction failed, from 0.
    """

    def __init__(self, item: Row | None, position: int = 0) -> None:
        super().__init__("condition failed")
        self.item = item
        self.position = position


class Unprocessed(errors.Unavailable):
    """DynamoDB read `found` of a batch, and not the rows with the keys `missing`."""

    def __init__(
        self, found: Mapping[tuple[str, str], Row], missing: frozenset[tuple[str, str]]
    ) -> None:
        super().__init__()
        self.found = found
        self.missing = missing


class Table:
    """One table, through `client`, which must not retry.

    Every method raises Unavailable when AWS fails or cannot be reached. A write with a condition
    raises ConditionFailed when the condition does not hold. Tests pass their own `pause`. `pauses`
    are those between tries; without any, there is one try.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        pauses: Sequence[float] = _PAUSES_S,
    ) -> None:
        self.client = client
        self.name = name
        self._pause = pause
        self._pauses = pauses

    def get(
        self, pk: str, sk: str, *, consistent: bool = False, attributes: Sequence[str] | None = None
    ) -> Row | None:
        """Return a row, or None. With `attributes`, return only these."""
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

    def get_all(
        self,
        wanted: Iterable[tuple[str, str]],
        *,
        consistent: bool = True,
        attributes: Sequence[str] | None = None,
    ) -> dict[tuple[str, str], Row]:
        """Return those rows that exist, by their keys. With `attributes`, return only these and
        the keys. One call reads up to a hundred. Raises Unprocessed when DynamoDB leaves some out
        in all tries, such as a row that is read too often.
        """
        found: dict[tuple[str, str], Row] = {}
        request: dict[str, Any] = {"ConsistentRead": consistent}
        if attributes:
            names = dict.fromkeys(("pk", "sk", *attributes))
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in names)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}

        def read(keys: list[Any]) -> list[Any]:
            items: Any = {self.name: {"Keys": keys, **request}}
            response: Any = self._call(partial(self.client.batch_get_item, RequestItems=items))
            rows = (unpack(item) for item in response["Responses"].get(self.name, ()))
            found.update({(row["pk"], row["sk"]): row for row in rows})
            # DynamoDB may leave some out, when it has too much to do or they are 16 MB together.
            return list(response.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", []))

        keys = [pack({"pk": pk, "sk": sk}) for pk, sk in dict.fromkeys(wanted)]
        left = self._in_batches(keys, GET_AT_MOST, read)
        if left:
            raise Unprocessed(found, frozenset((key["pk"]["S"], key["sk"]["S"]) for key in left))
        return found

    def put_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write whole rows, without conditions, each by itself. One call writes up to 25."""

        def write(puts: list[Any]) -> list[Any]:
            items = {self.name: puts}
            response: Any = self._call(partial(self.client.batch_write_item, RequestItems=items))
            return list(response.get("UnprocessedItems", {}).get(self.name, []))

        puts = [{"PutRequest": {"Item": pack(row)}} for row in rows]
        if self._in_batches(puts, PUT_AT_MOST, write):
            raise errors.Unavailable

    def put(self, row: Mapping[str, Any], *, if_absent: bool = False) -> None:
        """Write a whole row. With `if_absent`, raise ConditionFailed when it exists."""
        self.write(Put(row, if_absent))

    def update(self, update: Update) -> Row:
        """Carry out an update and return the whole row after it."""
        arguments: Any = {**update.item(self.name).arguments, "ReturnValues": "ALL_NEW"}
        response = self._call(lambda: self.client.update_item(**arguments))
        return unpack(response["Attributes"])

    def delete(self, delete: Delete) -> None:
        """Delete a row. Without a condition, nothing happens when there is none."""
        arguments: Any = delete.item(self.name).arguments
        self._call(lambda: self.client.delete_item(**arguments))

    def item(self, write: Put | Update | Delete) -> TransactItem:
        """Return a write to this table as one item of a transaction.

        A transaction may have items of several tables.
        """
        return write.item(self.name)

    def transact(self, items: Sequence[TransactItem]) -> None:
        """Carry out all of `items`, or none.

        Raises ConditionFailed with the position of the first item whose condition did not hold.
        """
        # All tries share one token, so DynamoDB does not repeat a try whose response was lost.
        token = str(uuid.uuid4())
        requests: Any = [item.request() for item in items]
        self._call(
            lambda: self.client.transact_write_items(
                TransactItems=requests, ClientRequestToken=token
            )
        )

    def write(self, write: Put | Update, also: Sequence[TransactItem] = ()) -> None:
        """Carry out a write; with `also`, if there is any, in one transaction, which costs twice as
        much.

        Raises ConditionFailed as `transact` does: a write alone is at no position.
        """
        if also:
            self.transact([self.item(write), *also])
        elif isinstance(write, Update):
            self.update(write)
        else:
            arguments: Any = write.item(self.name).arguments
            self._call(lambda: self.client.put_item(**arguments))

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
        """Return rows of one partition by sort key, and whether there are more.

        `index` is (name, partition attribute, sort attribute). Of `between`, `at_least`, `below`
        and `begins`, which limit the sort key, at most one may be given. `between` includes both
        ends. With `limit`, make one call; without, read the whole range.
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

    def scan(self, *, attributes: Sequence[str], segments: int = 1) -> Iterator[Row]:
        """Yield every row. The rows of a partition come together, unless a page ends between them.

        This reads the whole table, so no request may use it. With `segments`, so many pages (1 MB)
        are read in parallel.
        """
        asked: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "TotalSegments": segments,
        }

        def read(more: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
            return more, self._call(lambda: self.client.scan(**asked, **more))

        left: list[Mapping[str, Any]] = [{"Segment": each} for each in range(segments)]
        while left:
            pages = at_once(read, left) if len(left) > 1 else [read(left[0])]
            left = []
            for more, page in pages:
                yield from map(unpack, page["Items"])
                if "LastEvaluatedKey" in page:
                    left.append({**more, "ExclusiveStartKey": page["LastEvaluatedKey"]})

    def count(self, pk: str, *, index: tuple[str, str, str], most: int) -> int:
        """Return the number of rows in one partition of an index, but no more than `most`."""
        name, partition, _ = index
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": name,
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": {"#p": partition},
            "ExpressionAttributeValues": pack({":p": pk}),
            "Select": "COUNT",
            "Limit": most,
        }
        total = 0
        while True:
            response = self._call(lambda: self.client.query(**arguments))
            total += response["Count"]
            if total >= most or "LastEvaluatedKey" not in response:
                return min(total, most)
            arguments["Limit"] = most - total
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def _in_batches(
        self, left: list[Any], most: int, call: Callable[[list[Any]], list[Any]]
    ) -> list[Any]:
        """Pass all to `call`, at most `most` at once, and what it leaves over once more. Return
        what is left in the end.
        """
        pauses = iter(self._pauses)
        while left:
            missed = call(left[:most])
            left = [*left[most:], *missed]
            pause = next(pauses, None)
            if not missed:
                pauses = iter(self._pauses)
            elif pause is None:
                log.warning("dynamodb_failed", extra={"code": "Unprocessed"})
                return left
            else:
                self._pause(pause)
        return []

    def _call(self, call: Callable[[], _Result]) -> _Result:
        """Return the result of `call`; try again after a fault that passes by itself."""
        for pause in (*self._pauses, None):
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
                retryable = not _RETRYABLE.isdisjoint(
                    {code, *(reason.get("Code") for reason in reasons)}
                )
                cause: Exception = error
            except (ConnectionError, HTTPClientError) as error:
                code, retryable, cause = type(error).__name__, True, error
            except BotoCoreError as error:
                code, retryable, cause = type(error).__name__, False, error
            if not retryable or pause is None:
                # Log the code only: the message may contain keys.
                log.warning("dynamodb_failed", extra={"code": code})
                raise errors.Unavailable from cause
            self._pause(pause)
        raise AssertionError("the last round returns or raises")


_TRIES = 8


def retry_on_conflict[Done](step: Callable[[], Done]) -> Done:
    """Return the result of `step`. Run it again while it raises ConditionFailed.

    A step reads a row, decides, and writes on the condition that the row is unchanged. Raises
    Unavailable after several tries.
    """
    for _ in range(_TRIES):
        try:
            return step()
        except ConditionFailed:
            continue
    raise errors.Unavailable
