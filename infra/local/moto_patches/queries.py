"""Query a partition without reading the whole table.

moto goes through all items of a table for each Query, and sorts them, though a Query names one
partition: at 2,000 reports a list of 50 took 4 s. Here each table has, for itself and each of its
indexes, the places of the items of each partition in order. moto's Query gets the items of its page
and the next one, and does all else itself.

An item that is deleted, changed or rolled back leaves its place behind. Each place is compared with
its item before it counts, and forgotten when it does not fit: so only what adds a place must be
watched.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.exceptions import ConditionalCheckFailed
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from infra.local.moto_patches.patch import Patch

# Values of attributes: those of the sort key, then those of the table's key.
type _Place = tuple[Any, ...]
type _Key = tuple[DynamoType, DynamoType | None]
# Says of the places in order from which to which ones they count.
type _Range = Callable[[list[_Place]], tuple[int, int]]

# What the Query of this thread may find.
_found: ContextVar[list[Item] | None] = ContextVar("found", default=None)
_put, _update = Table.put_item, DynamoDBBackend.update_item
_query, _all_items = Table.query, Table.all_items


class _Partition:
    """Where the items of one partition may be, in order."""

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self.keys: dict[_Place, _Key] = {}

    def forget(self, gone: set[_Place]) -> None:
        if gone:
            self.places[:] = [place for place in self.places if place not in gone]
            for place in gone:
                del self.keys[place]


class _Index:
    """The partitions of a table, or of one of its indexes."""

    def __init__(self, table: Table, schema: Iterable[Mapping[str, str]]) -> None:
        names: dict[str, list[str]] = {"HASH": [], "RANGE": []}
        for key in schema:
            names[key["KeyType"]].append(key["AttributeName"])
        self._types = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
        self._named_by = names["HASH"]
        # Without a sort key of its own an index sorts by that of the table.
        own: list[str | None] = [*names["RANGE"]] or [table.range_key_attr]
        by = dict.fromkeys([*own, table.hash_key_attr, table.range_key_attr])
        self._sorted_by = [name for name in by if name is not None]
        self._has_one_sort_key = len(names["RANGE"]) == 1
        self._partitions: dict[Any, _Partition] = {}

    def add(self, item: Item) -> None:
        """Add the place of an item, if the index has it."""
        name, place = self.name_of(item.attrs), self.place_of(item.attrs)
        if name is None or place is None:
            return
        partition = self._partitions.get(name) or self._partitions.setdefault(name, _Partition())
        if place not in partition.keys:
            insort(partition.places, place)
        partition.keys[place] = (item.hash_key, item.range_key)

    def name_of(self, attributes: Mapping[str, DynamoType]) -> _Place | None:
        """Return what names the partition of these attributes; None if they are in none."""
        return self._values(self._named_by, attributes)

    def place_of(self, attributes: Mapping[str, DynamoType]) -> _Place | None:
        """Return where these attributes are in their partition; None if they are not in it."""
        return self._values(self._sorted_by, attributes)

    def page(
        self,
        table: Table,
        name: _Place,
        within: _Range,
        start: _Place | None,
        limit: int | None,
        *,
        forward: bool,
    ) -> list[Item]:
        """Return the items of a partition `within` a range, after place `start`: not more than
        `limit` and one. One beyond the range may follow: by it moto knows that there is more.
        """
        partition = self._partitions.get(name) or _Partition()
        places = partition.places
        first, last = within(places)
        if start is not None and forward:
            first = max(first, bisect_right(places, start))
        elif start is not None:
            last = min(last, bisect_left(places, start))
        walked = range(first, len(places)) if forward else range(last - 1, -1, -1)
        found: list[Item] = []
        gone: set[_Place] = set()
        for index in walked:
            item = _item(table, partition.keys[places[index]])
            if item is None or (self.name_of(item.attrs), self.place_of(item.attrs)) != (
                name,
                places[index],
            ):
                gone.add(places[index])
                continue
            found.append(item)
            if not first <= index < last or (limit is not None and len(found) > limit):
                break
        partition.forget(gone)
        return found

    def has_range(self, comparison: str, values: list[DynamoType]) -> bool:
        """Return whether what fulfils a condition is together."""
        return (
            self._has_one_sort_key
            and comparison in _COMPARISONS
            and {value.type for value in values} == {self._types[self._sorted_by[0]]}
        )

    def start_in(self, name: _Place, start: Mapping[str, Any]) -> _Place | None:
        """Return the place of an exclusive start key; None if it is none of this partition."""
        attributes = {key: DynamoType(value) for key, value in start.items()}
        return self.place_of(attributes) if self.name_of(attributes) == name else None

    def _values(self, names: list[str], attributes: Mapping[str, DynamoType]) -> _Place | None:
        values = []
        for name in names:
            value = attributes.get(name)
            if value is None or value.type != self._types.get(name):
                return None
            values.append(value.cast_value)
        return tuple(values)


class _Indexes:
    """The table itself (None) and all its indexes, by name."""

    def __init__(self, table: Table) -> None:
        self._of = table.items
        self._schemas = _schemas(table)
        self.by_name = {name: _Index(table, schema) for name, schema in self._schemas.items()}
        for item in _all_items(table):
            self.add(item)

    def fit(self, table: Table) -> bool:
        """Return whether these are still those of the table: it may have been restored."""
        return self._of is table.items and self._schemas == _schemas(table)

    def add(self, item: Item) -> None:
        for index in self.by_name.values():
            index.add(item)


_tables: WeakKeyDictionary[Table, _Indexes] = WeakKeyDictionary()


def _schemas(table: Table) -> dict[str | None, list[dict[str, str]]]:
    return {None: table.schema} | {index.name: index.schema for index in table.all_indexes()}


def _indexes_of(table: Table) -> _Indexes:
    indexes = _tables.get(table)
    if indexes is None or not indexes.fit(table):
        indexes = _tables[table] = _Indexes(table)
    return indexes


def _item(table: Table, key: _Key) -> Item | None:
    partition, sort = key
    there: Any = table.items.get(partition)
    item: Item | None = there if sort is None or there is None else there.get(sort)
    return item


def _put_item(self: Table, *args: Any, **kwargs: Any) -> Item:
    item = _put(self, *args, **kwargs)
    if self in _tables:
        _tables[self].add(item)
    return item


def _update_item(self: DynamoDBBackend, table_name: str, *args: Any, **kwargs: Any) -> Item:
    table = self.get_table(table_name)
    try:
        item = _update(self, table_name, *args, **kwargs)
    except ConditionalCheckFailed:
        raise
    except Exception:
        # moto has changed the item, perhaps by half.
        _tables.pop(table, None)
        raise
    if table in _tables:
        _tables[table].add(item)
    return item


def _query_partition(
    self: Table,
    hash_key: DynamoType | None,
    comparison: str | None,
    values: list[DynamoType],
    limit: int | None,
    start: dict[str, Any] | None,
    forward: bool,
    projections: Any,
    index_name: str | None = None,
    *args: Any,
    **more: Any,
) -> Any:
    asked = (hash_key, comparison, values, limit, start, forward, projections, index_name, *args)
    named = dict(more.get("hash_key_conditions") or ())
    index = _indexes_of(self).by_name.get(index_name)
    name = index.name_of(named) if index else None
    if index is None or name is None or more.keys() - _CONDITIONS:
        return _query(self, *asked, **more)
    within: _Range = _everything
    if comparison and index.has_range(comparison, values):
        within = _range_of(comparison, [value.cast_value for value in values])
    elif comparison:
        limit = None
    place = index.start_in(name, start) if start else None
    found = index.page(self, name, within, place, limit, forward=forward)
    entered = _found.set(found)
    try:
        return _query(self, *asked, **more)
    finally:
        _found.reset(entered)


def _items_found(self: Table) -> list[Item]:
    found = _found.get()
    return _all_items(self) if found is None else found


def _everything(places: list[_Place]) -> tuple[int, int]:
    return 0, len(places)


def _range_of(comparison: str, values: list[Any]) -> _Range:
    """Return which places fulfil a condition for their first value."""
    first, last = values[0], values[-1]

    def value(place: _Place) -> Any:
        return place[0]

    def beginning(place: _Place) -> Any:
        return place[0][: len(first)]

    def within(places: list[_Place]) -> tuple[int, int]:
        key = beginning if comparison == "BEGINS_WITH" else value
        at, after = bisect_left(places, first, key=key), bisect_right(places, last, key=key)
        match comparison:
            case "<":
                return 0, at
            case "<=":
                return 0, after
            case ">":
                return after, len(places)
            case ">=":
                return at, len(places)
        return at, after

    return within


_COMPARISONS = {"=", "BETWEEN", "BEGINS_WITH", "<", "<=", ">", ">="}
# What may be among the named arguments of a Query. What is asked in the old form may have more.
_CONDITIONS = {"hash_key_conditions", "range_key_conditions"}

PATCH = Patch(
    (Table, "put_item", _put_item),
    (DynamoDBBackend, "update_item", _update_item),
    (Table, "query", _query_partition),
    (Table, "all_items", _items_found),
)
