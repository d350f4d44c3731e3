"""What requests cost in AWS: calls, and DynamoDB's write and read units by the sizes of what was
written and read.

Counted at botocore's own seam, since mocks report a unit for everything. By AWS's rules:

    size    names and values in UTF-8; a number a byte for two digits and one more; 3 bytes a list
            or map, and 1 for each part
    write   1 for each started KB of the larger of the row before and after, 2 in a transaction; and
            for each index that the row is in, 1 for each started KB of what is projected, if that
            has changed; a row whose key in an index moves is deleted there and put
    read    1 for each started 4 KB of the whole row, or of all that a query has passed; half if it
            need not be consistent; of an index what is projected
"""

import json
import re
import threading
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Protocol

from chalicelib.aws.clients import AT_ONCE, THREADS
from infra import template
from infra.local.resources import settings_of

type Item = dict[str, Any]
type Partition = tuple[str, str | None, str]
"""A table, an index of it or None, and the partition key there."""

_IN_A_TRANSACTION = 2


@dataclass(slots=True)
class Call:
    """One call of AWS: `dynamodb.PutItem`. `thread` is the name of the one that made it, `rows` are
    those that it wrote: table, pk, sk.
    """

    operation: str
    thread: str = ""
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    write_units: float = 0
    read_units: float = 0
    # The units by partition: of a table or an index, and its key there.
    writes: Counter[Partition] = field(default_factory=Counter)
    reads: Mapping[Partition, float] = field(default_factory=dict)


def rounds(calls: Collection[Call]) -> int:
    """Return how many calls wait for each other: `clients.at_once` makes so many together."""
    together = sum(made.thread.startswith(THREADS) for made in calls)
    return len(calls) - together + ceil(together / AT_ONCE)


@dataclass(frozen=True, slots=True)
class Cost:
    calls: int
    write_units: float
    read_units: float


@dataclass(frozen=True, slots=True)
class Index:
    """`keys`: its own, partition first. `projected`: the attributes beside those and the table's
    keys; None for all.
    """

    keys: tuple[str, ...]
    projected: frozenset[str] | None

    def entry(self, item: Item | None) -> Item | None:
        """What the index holds of a row; None if the row is not in it."""
        if item is None or not all(key in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        return {
            name: value
            for name, value in item.items()
            if name in self.projected or name in self.keys or name in ("pk", "sk")
        }


class Rows(Protocol):
    """What stands in the tables, asked for without being counted."""

    def get(self, table: str, key: Item) -> Item | None: ...

    def query(self, request: Item) -> list[Item]:
        """Whole rows (of an index all that it holds) for a Query's request."""
        ...


class MockedRows:
    """Of the mocked cloud, by a client of its own."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, table: str, key: Item) -> Item | None:
        return self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")  # type: ignore[no-any-return]

    def query(self, request: Item) -> list[Item]:
        return self._client.query(**request)["Items"]  # type: ignore[no-any-return]


class Meter:
    """Counts what goes through the events of a botocore session, or of clients, from `watch` on."""

    def __init__(self, rows: Rows, indexes: Mapping[str, Mapping[str, Index]]) -> None:
        self.calls: list[Call] = []
        self._rows = rows
        self._indexes = indexes
        self._underway = threading.local()

    def watch(self, events: Any) -> None:
        """A session's events are those of the clients that it makes from then on."""
        events.register_first("before-send", self._before_send)
        events.register_last("after-call", self._after_call)

    @property
    def cost(self) -> Cost:
        return Cost(
            len(self.calls),
            sum(call.write_units for call in self.calls),
            sum(call.read_units for call in self.calls),
        )

    @contextmanager
    def measured(self) -> Iterator[list[Call]]:
        """From nought; the list is filled as calls are made."""
        self.calls = []
        yield self.calls

    def _before_send(self, request: Any, event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        call = Call(f"{service}.{operation}", threading.current_thread().name)
        self.calls.append(call)
        if service == "dynamodb":
            body = json.loads(request.body)
            before = [
                (action, self._rows.get(action.table, action.key))
                for action in _writes(operation, body)
            ]
            self._underway.work = (call, operation, body, before)

    def _after_call(self, parsed: Item, event_name: str, **_: Any) -> None:
        work, self._underway.work = getattr(self._underway, "work", None), None
        if work is None:
            return
        call, operation, body, written = work
        for action, before in written:
            if "Error" not in parsed:
                call.rows.append((action.table, _text(action.key["pk"]), _text(action.key["sk"])))
            call.writes.update(self._write_units(action, before))
        call.write_units = call.writes.total()
        if not written and "Error" not in parsed:
            call.reads = self._read_units(operation, body, parsed)
        call.read_units = sum(call.reads.values())

    def _write_units(self, action: "_Write", before: Item | None) -> Counter[Partition]:
        after = self._rows.get(action.table, action.key)
        kilobytes = max(_kilobytes(before), _kilobytes(after), 1)
        units = Counter[Partition]()
        units[action.table, None, _text(action.key["pk"])] = action.factor * kilobytes
        for name, index in self._indexes.get(action.table, {}).items():
            was, now = index.entry(before), index.entry(after)
            if was == now:
                continue
            if was and now and all(was[key] == now[key] for key in index.keys):
                key = _text(now[index.keys[0]])
                units[action.table, name, key] += max(_kilobytes(was), _kilobytes(now))
                continue
            for entry in filter(None, (was, now)):
                units[action.table, name, _text(entry[index.keys[0]])] += _kilobytes(entry)
        return units

    def _read_units(self, operation: str, body: Item, parsed: Item) -> Mapping[Partition, float]:
        if operation == "GetItem":
            rows = (
                [self._rows.get(body["TableName"], body["Key"]) or {}]
                if "ProjectionExpression" in body
                else [parsed.get("Item", {})]
            )
        elif operation == "Query":
            rows = self._passed(body, parsed)
        elif operation == "BatchGetItem":
            return self._batch_units(body)
        else:
            raise AssertionError(f"{operation} has no place on a request's way")
        units = max(1, ceil(sum(map(size_of, rows)) / 4096))
        return {_partition(body): units * (1 if body.get("ConsistentRead") else 0.5)}

    def _batch_units(self, body: Item) -> Mapping[Partition, float]:
        """Each item of a batch is rounded by itself; one that is not there costs a unit."""
        units: defaultdict[Partition, float] = defaultdict(float)
        for table, request in body["RequestItems"].items():
            factor = 1 if request.get("ConsistentRead") else 0.5
            for key in request["Keys"]:
                size = size_of(self._rows.get(table, key) or {})
                units[table, None, _text(key["pk"])] += factor * max(1, ceil(size / 4096))
        return units

    def _passed(self, body: Item, parsed: Item) -> list[Item]:
        """The rows that a query has passed, as its index holds them."""
        less = {"ProjectionExpression", "FilterExpression", "Select"} & body.keys()
        rows = self._rows.query(_whole(body)) if less else parsed["Items"]
        if "IndexName" not in body:
            return rows
        index = self._indexes[body["TableName"]][body["IndexName"]]
        return [index.entry(row) or {} for row in rows]


@dataclass(frozen=True, slots=True)
class _Write:
    """A row that is written. `factor` is 2 in a transaction, which costs twice as much."""

    table: str
    key: Item
    factor: int


def _writes(operation: str, body: Item) -> list[_Write]:
    """The rows that a call writes, or checks in a transaction, which costs the same."""
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return [_Write(body["TableName"], _key(body), 1)]
    if operation == "TransactWriteItems":
        actions = [action for each in body["TransactItems"] for action in each.values()]
        return [_Write(action["TableName"], _key(action), _IN_A_TRANSACTION) for action in actions]
    if operation == "BatchWriteItem":
        return [
            _Write(table, _key(action), 1)
            for table, requests in body["RequestItems"].items()
            for each in requests
            for action in each.values()
        ]
    return []


def _key(action: Item) -> Item:
    return (
        action["Key"] if "Key" in action else {name: action["Item"][name] for name in ("pk", "sk")}
    )


def _whole(body: Item) -> Item:
    """The same query, but for whole rows. Names that only the projection used would be refused."""
    kept = {
        name: value
        for name, value in body.items()
        if name not in ("ProjectionExpression", "FilterExpression", "Select")
    }
    used = set(re.findall(r"#\w+", body["KeyConditionExpression"]))
    if used:
        kept["ExpressionAttributeNames"] = {
            name: value for name, value in body["ExpressionAttributeNames"].items() if name in used
        }
    else:
        kept.pop("ExpressionAttributeNames", None)
    return kept


def _partition(body: Item) -> Partition:
    """Return the partition that a GetItem or a Query reads: a Query's condition begins with it."""
    if "Key" in body:
        return body["TableName"], None, _text(body["Key"]["pk"])
    value = body["KeyConditionExpression"].split()[2]
    key = _text(body["ExpressionAttributeValues"][value])
    return body["TableName"], body.get("IndexName"), key


def _text(value: Item) -> str:
    """Return a key as text: partition keys are strings here."""
    return str(value["S"])


def _kilobytes(item: Item | None) -> int:
    return ceil(size_of(item) / 1024) if item else 0


def size_of(item: Item) -> int:
    """Bytes of a row of attribute values, as DynamoDB counts them."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Item) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return ceil(len(content.strip("-0.").replace(".", "")) / 2) + 1
        case "BOOL" | "NULL":
            return 1
        case "B":  # in base64 as it is sent, in bytes as boto3 reads it
            return len(content if isinstance(content, bytes) else b64decode(content))
        case "SS":
            return sum(len(part.encode()) for part in content)
        case "L":
            return 3 + sum(1 + _size_of_value(part) for part in content)
        case "M":
            return 3 + len(content) + size_of(content)
    raise AssertionError(f"{kind} is not priced here")


def indexes_of(environment: Mapping[str, str]) -> dict[str, dict[str, Index]]:
    """The indexes of each table by name, as `infra/resources.yaml` defines them; `environment`
    names the tables.
    """
    resources = template.load("resources.yaml")["Resources"]
    tables = {
        environment[name]: resources[logical_id]["Properties"]
        for name, logical_id in settings_of().items()
        if name.endswith("_TABLE")
    }
    return {
        name: {
            each["IndexName"]: _index(each) for each in properties.get("GlobalSecondaryIndexes", ())
        }
        for name, properties in tables.items()
    }


def _index(definition: Item) -> Index:
    projection = definition["Projection"]
    whole = projection["ProjectionType"] == "ALL"
    keys = tuple(key["AttributeName"] for key in definition["KeySchema"])
    return Index(keys, None if whole else frozenset(projection.get("NonKeyAttributes", ())))
