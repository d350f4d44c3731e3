"""Carry out the updates that an application writes, without walks through their expression.

For each update moto copies the tree of the expression, and goes through the copy ten times to check
it and to put in names and values. This was a third of the time of a transaction. Here an expression
that sets, adds to, appends to or removes whole attributes, all by placeholders, is read once into a
list of changes. Any other one, and whatever is not plainly right, is left to moto: it says what is
wrong.

moto also copies the item with all its values, up to three times. Here a copy has the same values,
because nothing changes a value that is there: a change puts another one in its place.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import ast_nodes, executors, validators

from infra.local.moto_patches.patch import Patch

_NODES: Any = ast_nodes
_FUNCTION: Any = _NODES.UpdateExpressionFunction
_NAME, _VALUE = _NODES.ExpressionAttributeName, _NODES.ExpressionAttributeValue
_PATH, _OPERAND = _NODES.UpdateExpressionPath, _NODES.UpdateExpressionValue
_SET, _ADD = _NODES.UpdateExpressionSetAction, _NODES.UpdateExpressionAddAction
_REMOVE, _DELETE = _NODES.UpdateExpressionRemoveAction, _NODES.UpdateExpressionDeleteAction
_CLAUSES = (
    _NODES.UpdateExpressionSetClause,
    _NODES.UpdateExpressionAddClause,
    _NODES.UpdateExpressionRemoveClause,
)

type _Attributes = Mapping[str, DynamoType]


class _Change(NamedTuple):
    """What an expression does to one attribute, by placeholders. `default` is what a list begins
    with that is not there yet.
    """

    does: str
    name: str
    value: str = ""
    default: str = ""


class _OddUpdate(Exception):
    """Only moto can say what becomes of it."""


class _NewValues:
    """What `validate` returns, in the place of a tree: new values by name, None for a removal."""

    def __init__(self, by_name: Mapping[str, DynamoType | None]) -> None:
        self.by_name = by_name

    def normalize(self) -> None:
        """Do nothing: each attribute is changed once, so their order does not matter."""


class _Validator:
    """In the place of moto's, with the same arguments."""

    def __init__(
        self,
        expression: Any,
        expression_attribute_names: Mapping[str, str] | None,
        expression_attribute_values: Mapping[str, Any] | None,
        item: Item,
        table: Table,
    ) -> None:
        self._tree, self._item, self._table = expression, item, table
        self._names, self._values = expression_attribute_names, expression_attribute_values

    def validate(self) -> Any:
        try:
            return self._new_values()
        except _OddUpdate:
            more: Any = self._names, self._values, self._item, self._table
            return validators.UpdateExpressionValidator(self._tree, *more).validate()

    def _new_values(self) -> _NewValues:
        names, by_name = self._names or {}, dict[str, DynamoType | None]()
        for change in _changes(self._tree):
            name = names.get(change.name)
            if name is None or name in by_name or name in self._table.table_key_attrs:
                raise _OddUpdate
            old = self._item.attrs.get(name)
            by_name[name] = _new_value(change, old, self._values or {})
        return _NewValues(by_name)


class _Executor:
    """In the place of moto's, with the same arguments."""

    def __init__(self, update_ast: Any, item: Item, expression_attribute_names: Any) -> None:
        self._update, self._item, self._names = update_ast, item, expression_attribute_names

    def execute(self) -> None:
        if not isinstance(self._update, _NewValues):
            # It changes the values themselves, which copies have, too.
            for name, value in self._item.attrs.items():
                dict.__setitem__(self._item.attrs, name, copy.deepcopy(value))
            executors.UpdateExpressionExecutor(self._update, self._item, self._names).execute()
            return
        for name, value in self._update.by_name.items():
            if value is None:
                self._item.attrs.pop(name, None)
            else:
                self._item.attrs[name] = value


def _copy(self: Item, memo: dict[int, Any]) -> Item:
    clone = Item(self.hash_key, self.range_key, {})
    dict.update(clone.attrs, self.attrs)
    memo[id(self)] = clone
    return clone


def _changes(tree: Any) -> Sequence[_Change]:
    """Return what an expression does. Raises _OddUpdate for one that does something else."""
    # The tree itself is never changed, and kept by `lookups`.
    known: Sequence[_Change] | None = vars(tree).get("changes")
    if known is None:
        known = tree.changes = tuple(_read(tree))
    if not known:
        raise _OddUpdate
    return known


def _read(tree: Any) -> list[_Change]:
    """Return what an expression does; nothing if that is something else, too."""
    changes = [_change(each) for each in tree.find_clauses([_SET, _ADD, _REMOVE, _DELETE])]
    known = [each for each in changes if each]
    once = all(len(tree.find_clauses([clause])) <= 1 for clause in _CLAUSES)
    return known if once and len(known) == len(changes) else []


def _change(action: Any) -> _Change | None:
    name = _placeholder(action.children[0])
    if name is None:
        return None
    match action:
        case _REMOVE():
            return _Change("remove", name)
        case _ADD(children=[_, _VALUE(children=[value])]):
            return _Change("add", name, value)
        case _SET(children=[_, _OPERAND(children=[_VALUE(children=[value])])]):
            return _Change("set", name, value)
        case _SET(children=[_, _OPERAND(children=[_FUNCTION(children=called)])]):
            return _call(name, called)
    return None


def _call(name: str, called: Any) -> _Change | None:
    """Return what a function does that has the attribute itself as its first argument."""
    match called:
        case ["if_not_exists", path, _VALUE(children=[value])] if _placeholder(path) == name:
            return _Change("set_once", name, value)
        case ["list_append", _FUNCTION(children=known), _VALUE(children=[value])]:
            begun = _call(name, known)
            if begun and begun.does == "set_once":
                return _Change("append", name, value, begun.value)
    return None


def _placeholder(path: Any) -> str | None:
    """Return the placeholder of a whole attribute's name; None for any other path."""
    match path:
        case _PATH(children=[_NAME(children=[str(name)])]):
            return name
    return None


def _new_value(
    change: _Change, old: DynamoType | None, values: Mapping[str, Any]
) -> DynamoType | None:
    if change.does == "remove":
        return None
    if change.value not in values:
        raise _OddUpdate
    given = DynamoType(values[change.value])
    match change.does:
        case "set":
            return given
        case "set_once":
            return old or given
        case "append":
            if change.default not in values:
                raise _OddUpdate
            return _appended(old or DynamoType(values[change.default]), given)
    return _added(old, given)


def _appended(old: DynamoType, more: DynamoType) -> DynamoType:
    if not (old.is_list() and more.is_list()):
        raise _OddUpdate
    longer = DynamoType({"L": []})
    longer.value = old.value + more.value
    return longer


def _added(old: DynamoType | None, more: DynamoType) -> DynamoType:
    if old is not None and old.type != more.type:
        raise _OddUpdate
    if more.is_number():
        return (old or DynamoType({"N": "0"})) + more
    if not more.is_set() or not more.value:
        raise _OddUpdate
    return DynamoType({more.type: list(dict.fromkeys([*(old.value if old else ()), *more.value]))})


PATCH = Patch(
    (Item, "__deepcopy__", _copy),
    (models, "UpdateExpressionValidator", _Validator),
    (models, "UpdateExpressionExecutor", _Executor),
)
