"""Carry out DynamoDB's transactions without moving the table.

moto copies the whole table with its stream before each transaction, keeps every copy, and puts the
copy in the table's place when one fails: time and memory grow with each write, and whoever reads
the stream goes on reading one that nobody writes to. Here only the items a transaction names are
kept aside.
"""

import copy
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from infra.local.moto_patches.patch import Patch

type _Key = tuple[DynamoType, DynamoType | None]

_in_transaction = ContextVar("in_transaction", default=False)
_carry_out = DynamoDBBackend.transact_write_items


def _transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    kept = [
        (table, key, copy.deepcopy(_item(table, key)))
        for table, key in _named(self, transact_items)
    ]
    lengths = {
        table.name: len(table.stream_shard.items) for table, _, _ in kept if table.stream_shard
    }
    entered = _in_transaction.set(True)
    try:
        _carry_out(self, transact_items)
    except BaseException:
        for table, key, item in kept:
            holder, name = _place(table, key)
            holder.pop(name, None)
            if item is not None:
                holder[name] = item
            if table.stream_shard:
                del table.stream_shard.items[lengths[table.name] :]
        raise
    finally:
        _in_transaction.reset(entered)


def _named(
    backend: DynamoDBBackend, transact_items: list[dict[str, Any]]
) -> Iterator[tuple[Table, _Key]]:
    """Return tables and keys of what a transaction names, where both are known; moto refuses the
    rest without touching anything.
    """
    for each in transact_items:
        for op in each.values():
            table = backend.tables.get(op.get("TableName"))
            attributes = op.get("Item") or op.get("Key") or {}
            if not table or table.hash_key_attr not in attributes:
                continue
            partition = DynamoType(attributes[table.hash_key_attr])
            if table.range_key_attr is None:
                yield table, (partition, None)
            elif table.range_key_attr in attributes:
                yield table, (partition, DynamoType(attributes[table.range_key_attr]))


def _item(table: Table, key: _Key) -> Any:
    holder, name = _place(table, key)
    return holder.get(name)


def _place(table: Table, key: _Key) -> tuple[Any, DynamoType]:
    """Return where moto keeps an item, and under what: in its partition, or, without a sort key, in
    the table itself.
    """
    partition, sort = key
    return (table.items, partition) if sort is None else (table.items[partition], sort)


def _copy_table(self: Table, memo: dict[int, Any]) -> Table:
    if _in_transaction.get():
        return self
    clone = object.__new__(type(self))
    memo[id(self)] = clone
    vars(clone).update({name: copy.deepcopy(value, memo) for name, value in vars(self).items()})
    return clone


PATCH = Patch(
    (DynamoDBBackend, "transact_write_items", _transact_write_items),
    (Table, "__deepcopy__", _copy_table),
)
