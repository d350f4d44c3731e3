"""What is changed of moto's DynamoDB."""

import base64
import copy
import json
import sys
import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionContext, ActionResult
from moto.core.utils import utcnow
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodb.parsing import ast_nodes, expressions
from moto.dynamodb.responses import DynamoHandler, DynamoResult
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from infra.local.moto_patches.patch import Patch

# One request at a time, so that conditions and transactions are atomic as in AWS. Of two threads
# that both ask for "only if it is not there", both may write in moto, and of two transactions one
# may undo what the other has just written. Streams are read under the same lock, so that nobody
# sees a transaction that is half done.

# Held by the thread that moto serves. The request has been read by then: a client that sends slowly
# holds up nobody else.
_serving = threading.RLock()


def _alone(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call_alone(self: Any) -> Any:
        with _serving:
            return call(self)

    return call_alone


ATOMICITY = Patch(
    (DynamoHandler, "call_action", _alone(DynamoHandler.call_action)),
    (DynamoDBStreamsHandler, "call_action", _alone(DynamoDBStreamsHandler.call_action)),
)

# Transactions without moving the table. moto copies the whole table with its stream before each,
# keeps every copy, and puts the copy in the table's place when one fails: time and memory grow with
# each write, and whoever reads the stream goes on reading one that nobody writes to. Here only the
# items a transaction names are kept aside.

_in_transaction = ContextVar("in_transaction", default=False)
_carry_out = DynamoDBBackend.transact_write_items


def _transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    places = list(_places(self, transact_items))
    kept = [(holder, name, copy.deepcopy(holder.get(name))) for _, holder, name in places]
    shards = [table.stream_shard for table, _, _ in places if table.stream_shard]
    lengths = [len(shard.items) for shard in shards]
    entered = _in_transaction.set(True)
    try:
        _carry_out(self, transact_items)
    except BaseException:
        for holder, name, item in kept:
            holder.pop(name, None)
            if item is not None:
                holder[name] = item
        for shard, length in zip(shards, lengths, strict=True):
            del shard.items[length:]
        raise
    finally:
        _in_transaction.reset(entered)


def _places(
    backend: DynamoDBBackend, transact_items: list[dict[str, Any]]
) -> Iterator[tuple[Table, Any, DynamoType]]:
    """Yield where moto keeps what a transaction names, where table and key are known: the table,
    the partition or, without a sort key, the table's items, and the name of the item in it. moto
    refuses the rest without touching anything.
    """
    for operation in [each for item in transact_items for each in item.values()]:
        table = backend.tables.get(operation.get("TableName"))
        attributes = operation.get("Item") or operation.get("Key") or {}
        if table is None or table.hash_key_attr not in attributes:
            continue
        partition = DynamoType(attributes[table.hash_key_attr])
        if table.range_key_attr is None:
            yield table, table.items, partition
        elif table.range_key_attr in attributes:
            sort = DynamoType(attributes[table.range_key_attr])
            table.get_item(partition, sort)  # its partitions learn of a copy that is put back
            yield table, table.items[partition], sort


def _copy_table(self: Table, memo: dict[int, Any]) -> Table:
    if _in_transaction.get():
        return self
    clone = object.__new__(type(self))
    memo[id(self)] = clone
    vars(clone).update({name: copy.deepcopy(value, memo) for name, value in vars(self).items()})
    return clone


TRANSACTIONS = Patch(
    (DynamoDBBackend, "transact_write_items", _transact_write_items),
    (Table, "__deepcopy__", _copy_table),
)

# Queries that read a page of a partition, not the table. moto compares the keys of all items of a
# table for each Query, sorts them and reckons their sizes, though a Query names one partition and a
# range of it: at 2,000 reports a list of 50 took seconds. Here moto's Query gets the items that it
# may answer with, and does all else itself.

# What the Query of this thread may find.
_found: ContextVar[list[Item] | None] = ContextVar("found", default=None)
_query, _all_items, _get_item = Table.query, Table.all_items, Table.get_item

type _Values = tuple[Any, ...]


class _Partitions:
    """The partitions of a table by these attributes, each sorted by others. `changed` are the keys
    of items that may have changed since they were last asked for.
    """

    def __init__(self, table: Table, names: Sequence[str], sorted_by: Sequence[str]) -> None:
        self._table, self._names, self._sorted_by = table, names, sorted_by
        self._rows: dict[_Values, list[tuple[_Values, Any]]] = defaultdict(list)
        self._places: dict[Any, tuple[_Values, _Values]] = {}
        self.changed = {(item.hash_key, item.range_key) for item in _all_items(table)}

    def page(self, asked: "_Asked") -> list[Item]:
        """Return what may be in the answer, and one more, by which moto sees that there is more."""
        for key in self.changed:
            self._put(key)
        self.changed.clear()
        rows = self._rows[tuple(value.cast_value for value in asked.wanted.values())]
        low, high = asked.within(rows, self._sorted_by)
        if asked.forward:
            part = rows[low : min(high, low + asked.most) + 1]
        else:
            part = rows[max(low, high - asked.most, 1) - 1 : high]
        return [item for _, key in part if (item := _get_item(self._table, *key))]

    def _put(self, key: Any) -> None:
        before, now = self._places.get(key), self._place(_get_item(self._table, *key))
        if before == now:
            return
        if before:
            rows = self._rows[before[0]]
            del rows[bisect_left(rows, before[1], key=_sort_values)]
            del self._places[key]
        if now:
            insort(self._rows[now[0]], (now[1], key), key=_sort_values)
            self._places[key] = now

    def _place(self, item: Item | None) -> tuple[_Values, _Values] | None:
        """Return the partition of an item and where it is in it; None for one that is in none."""
        if item is None or any(name not in item.attrs for name in (*self._names, *self._sorted_by)):
            return None
        partition, order = (
            tuple(item.attrs[name].cast_value for name in names)
            for names in (self._names, self._sorted_by)
        )
        return partition, order


_sort_values = itemgetter(0)


class _Asked(NamedTuple):
    """What a Query asks for, in moto's order, and the attributes that name a partition."""

    wanted: dict[str, DynamoType]
    comparison: str | None
    bounds: Sequence[DynamoType]
    limit: int | None
    start: dict[str, Any] | None
    forward: bool

    @property
    def most(self) -> int:
        return self.limit or sys.maxsize

    def within(self, rows: list[tuple[_Values, Any]], names: Sequence[str]) -> tuple[int, int]:
        """Return from where to where in sorted rows the answer lies."""
        bounds = [bound.cast_value for bound in self.bounds]
        prefix = len(bounds[0]) if self.comparison == "BEGINS_WITH" else None

        def first(row: tuple[_Values, Any]) -> Any:
            return row[0][0] if prefix is None else row[0][0][:prefix]

        low, high = 0, len(rows)
        if self.comparison in ("=", ">=", "BETWEEN", "BEGINS_WITH"):
            low = bisect_left(rows, bounds[0], key=first)
        elif self.comparison == ">":
            low = bisect_right(rows, bounds[0], key=first)
        if self.comparison in ("=", "<=", "BETWEEN", "BEGINS_WITH"):
            high = bisect_right(rows, bounds[-1], key=first)
        elif self.comparison == "<":
            high = bisect_left(rows, bounds[0], key=first)
        if self.start:
            start = tuple(DynamoType(self.start[name]).cast_value for name in names)
            if self.forward:
                low = max(low, bisect_right(rows, start, key=_sort_values))
            else:
                high = min(high, bisect_left(rows, start, key=_sort_values))
        return low, max(low, high)


PARTITIONS: WeakKeyDictionary[Table, dict[Any, _Partitions]] = WeakKeyDictionary()


def _query_partition(self: Table, *asked: Any, **more: Any) -> Any:
    # What is asked in the old form has none.
    wanted = dict(more.get("hash_key_conditions") or ())
    _, comparison, bounds, limit, start, forward, _, index_name, *_ = asked
    page = None
    if wanted and len(more.get("range_key_conditions") or ()) < 2:
        names = _sorted_by(self, index_name)
        key = (*wanted, *names)
        known = PARTITIONS.setdefault(self, {})
        if key not in known:
            known[key] = _Partitions(self, tuple(wanted), names)
        page = known[key].page(_Asked(wanted, comparison, bounds, limit, start, forward))
    entered = _found.set(page)
    try:
        return _query(self, *asked, **more)
    finally:
        _found.reset(entered)


def _sorted_by(table: Table, index_name: str | None) -> tuple[str, ...]:
    """Return the attributes that a partition of a table or index is sorted by."""
    own = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    if index_name is None:
        return (own[-1],)
    schema = next((each.schema for each in table.all_indexes() if each.name == index_name), ())
    ranges = [key["AttributeName"] for key in schema if key["KeyType"] == "RANGE"]
    return (*(ranges or own[-1:]), *own)


def _look_up(self: Table, hash_key: DynamoType, range_key: Any = None, *more: Any) -> Item | None:
    # moto looks up each item that it is about to change.
    for partitions in PARTITIONS.get(self, {}).values():
        partitions.changed.add((hash_key, range_key))
    return _get_item(self, hash_key, range_key, *more)


def _items_found(self: Table) -> list[Item]:
    found = _found.get()
    return _all_items(self) if found is None else found


QUERIES = Patch(
    (Table, "query", _query_partition),
    (Table, "all_items", _items_found),
    (Table, "get_item", _look_up),
)

# Updates whose expressions are parsed once. moto parses each twice, and goes through its tree ten
# times: at each node it makes a tuple of the types that it looks for. This was a tenth of the time
# of a write.

_PARSER: Any = vars(expressions)["UpdateExpressionParser"]
_TRAVERSER: Any = vars(ast_nodes)["DepthFirstTraverser"]
_parse = _PARSER.make


# What carries out an update, and changes what was parsed, works on a copy.
@lru_cache(maxsize=512)
def _parsed(expression: str) -> Any:
    return _parse(expression)


def _traverse(self: Any, node: Any) -> Any:
    kinds = self.nodes_to_be_processed()
    self.nodes_to_be_processed = lambda: kinds
    return self.traverse_node_recursively(node)


EXPRESSIONS = Patch((_PARSER, "make", staticmethod(_parsed)), (_TRAVERSER, "traverse", _traverse))

# Values that are converted once. moto turns a whole item into Python's types and back for each
# attribute that a projection names, and asks ten times for each value that it writes, by each of
# its possible names, what type it has: without this the tests take a quarter more.

_project_any = Item.project


def _plain(value: Any) -> Any:
    match value:
        case DynamoType():
            return {value.type: value.value}
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            # As AWS writes it, in seconds with three places.
            return int(value.replace(tzinfo=UTC).timestamp() * 1000) / 1000
    return value.to_json()


def _project(self: Item, expressions: list[list[str]]) -> Item:
    if any(len(names) > 1 or names[0].endswith("]") for names in expressions):
        return _project_any(self, expressions)
    picked = Item(self.hash_key, self.range_key, {})
    for [name] in expressions:
        if name in self.attrs:
            # Without the check of the size: it was right when it was written.
            dict.__setitem__(picked.attrs, name, self.attrs[name])
    return picked


def _keep(self: DynamoResult, result: object) -> None:
    ActionResult.__init__(self, result)


def _execute(self: DynamoResult, context: ActionContext) -> tuple[int, dict[str, Any], str]:
    body = json.dumps(self.result, default=_plain)
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, body


def _write_records(self: DynamoDBStreamsHandler) -> tuple[str, dict[str, str]]:
    limit = self._get_param("Limit") or 1000
    found = self.backend.get_records(self._get_param("ShardIterator"), limit)
    return json.dumps(found, default=_plain), {"Content-Type": "application/x-amz-json-1.0"}


CONVERSIONS = Patch(
    (Item, "project", _project),
    (DynamoResult, "__init__", _keep),
    (DynamoResult, "execute_result", _execute),
    (DynamoDBStreamsHandler, "get_records", _write_records),
)

# Streams that are kept for a day, as in AWS: a stack that runs for days would grow with every write
# and every read.

KEPT = timedelta(hours=24)
# AWS's last for 15 minutes.
MOST_ITERATORS = 1000

_read = StreamShard.get
_records = DynamoDBStreamsBackend.get_records


def _get(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
    until = utcnow() - KEPT
    old = 0
    for item in self.items:
        if item.record["dynamodb"]["ApproximateCreationDateTime"] >= until:
            break
        old += 1
    if old:
        del self.items[:old]
        # The number of the first record that is left: moto counts from it.
        self.starting_sequence_number += old
    if start < self.starting_sequence_number:
        raise JsonRESTError("TrimmedDataAccessException", "The records are no longer there.")
    return _read(self, start, quantity)


def _get_records(self: DynamoDBStreamsBackend, iterator_arn: str, limit: int) -> dict[str, Any]:
    if iterator_arn not in self.shard_iterators:
        raise JsonRESTError("ExpiredIteratorException", "The iterator is no longer there.")
    found = _records(self, iterator_arn, limit)
    while len(self.shard_iterators) > MOST_ITERATORS:
        del self.shard_iterators[next(iter(self.shard_iterators))]
    return found


STREAMS = Patch((StreamShard, "get", _get), (DynamoDBStreamsBackend, "get_records", _get_records))
