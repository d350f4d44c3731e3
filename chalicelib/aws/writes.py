"""Writes to one row as values: `Put`, `Update` and `Delete`.

`Table.item` makes a write one item of a transaction. `Table.put`, `update` and `delete` carry it
out by itself. DynamoDB's expressions:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from chalicelib.aws.attributes import pack

Attributes = Mapping[str, Any]
_NONE: Attributes = MappingProxyType({})
# Return the existing row when a condition fails: it shows why.
_SAY_WHY = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


class TransactItem(NamedTuple):
    """One write of a transaction: the arguments of DynamoDB's `Put`, `Update` or `Delete`."""

    kind: Literal["Put", "Update", "Delete"]
    arguments: Mapping[str, Any]

    def request(self) -> dict[str, Any]:
        """Return the item in the form that `TransactWriteItems` expects."""
        return {self.kind: self.arguments}


class Put(NamedTuple):
    """Write a whole row. With `if_absent`, only if no row has its key.

    With `equal`, only if each attribute of the row that is there has this value (None: is absent).
    """

    row: Attributes
    if_absent: bool = False
    equal: Attributes = _NONE

    def item(self, table: str) -> TransactItem:
        terms = _Terms()
        arguments: dict[str, Any] = {"TableName": table, "Item": pack(self.row)}
        conditions = ["attribute_not_exists(pk)"] if self.if_absent else []
        conditions += terms.equal(self.equal)
        if conditions:
            arguments |= {"ConditionExpression": " AND ".join(conditions), **_SAY_WHY}
        return TransactItem("Put", arguments | terms.arguments())


class Delete(NamedTuple):
    """Delete a row. With `if_present`, only if it exists.

    With `equal`, only if each attribute has this value (None: is absent).
    """

    pk: str
    sk: str
    if_present: bool = False
    equal: Attributes = _NONE

    def item(self, table: str) -> TransactItem:
        arguments: dict[str, Any] = {
            "TableName": table,
            "Key": pack({"pk": self.pk, "sk": self.sk}),
        }
        terms = _Terms()
        conditions = ["attribute_exists(pk)"] if self.if_present else []
        conditions += terms.equal(self.equal)
        if conditions:
            arguments["ConditionExpression"] = " AND ".join(conditions)
        return TransactItem("Delete", arguments | terms.arguments())


class Update(NamedTuple):
    """Change attributes of one row. The row must exist, unless `upsert` allows to create it.

    Changes: `put` sets an attribute (None removes it), `put_once` sets it only if it is absent,
    `add` adds to a number, `gather` adds to a set, `append` adds to the end of a list, `remove`
    removes. What `put` and `add` do to an attribute, they do to its copy, too, if `copied` has its
    name there: in the map `copied_to`, which must exist. So the copy is true whatever others have
    written meanwhile.

    Conditions: `equal` requires each attribute to have this value (None: to be absent), and `room`
    requires each list or set to have fewer items than this number.
    """

    pk: str
    sk: str
    put: Attributes = _NONE
    put_once: Attributes = _NONE
    add: Mapping[str, int] = _NONE
    gather: Mapping[str, Collection[str]] = _NONE
    append: Mapping[str, Sequence[Any]] = _NONE
    remove: Sequence[str] = ()
    copied: Mapping[str, str] = _NONE
    copied_to: str = ""
    equal: Attributes = _NONE
    room: Mapping[str, int] = _NONE
    upsert: bool = False

    def item(self, table: str) -> TransactItem:
        terms = _Terms()
        conditions = self._conditions(terms)
        clauses = {"SET": self._sets(terms), "ADD": self._adds(terms)}
        clauses["SET"] += self._copied_sums(terms)
        clauses["REMOVE"] = self._removes(terms)
        arguments: dict[str, Any] = {
            "TableName": table,
            "Key": pack({"pk": self.pk, "sk": self.sk}),
        }
        if conditions:
            arguments |= {"ConditionExpression": " AND ".join(conditions), **_SAY_WHY}
        expression = " ".join(f"{verb} {', '.join(part)}" for verb, part in clauses.items() if part)
        if expression:
            arguments["UpdateExpression"] = expression
        return TransactItem("Update", arguments | terms.arguments())

    def _sets(self, terms: "_Terms") -> list[str]:
        sets = []
        for name, value in self.put.items():
            if value is not None:
                placeholder = terms.value(value)
                sets += [f"{path} = {placeholder}" for path in self._paths(name, terms)]
        sets += [
            f"{terms.name(name)} = if_not_exists({terms.name(name)}, {terms.value(value)})"
            for name, value in self.put_once.items()
            if value is not None
        ]
        for name, more in self.append.items():
            known = f"if_not_exists({terms.name(name)}, {terms.value([])})"
            sets.append(f"{terms.name(name)} = list_append({known}, {terms.value(more)})")
        return sets

    def _adds(self, terms: "_Terms") -> list[str]:
        return [
            f"{terms.name(name)} {terms.value(amount)}" for name, amount in self.add.items()
        ] + [f"{terms.name(name)} {terms.value(set(more))}" for name, more in self.gather.items()]

    def _copied_sums(self, terms: "_Terms") -> list[str]:
        """Return the expressions that add in the map: DynamoDB's ADD takes no path into one."""
        return [
            f"{path} = if_not_exists({path}, {terms.value(0)}) + {terms.value(amount)}"
            for name, amount in self.add.items()
            for path in self._paths(name, terms)[1:]
        ]

    def _removes(self, terms: "_Terms") -> list[str]:
        removed = [*(name for name, value in self.put.items() if value is None), *self.remove]
        return [path for name in removed for path in self._paths(name, terms)]

    def _paths(self, name: str, terms: "_Terms") -> list[str]:
        """Return where an attribute is written: at its own place, and at that of its copy."""
        own = terms.name(name)
        if name not in self.copied:
            return [own]
        return [own, f"{terms.name(self.copied_to)}.{terms.name(self.copied[name])}"]

    def _conditions(self, terms: "_Terms") -> list[str]:
        conditions = [] if self.upsert else [f"attribute_exists({terms.name('pk')})"]
        conditions += terms.equal(self.equal)
        for name, limit in self.room.items():
            size = f"size({terms.name(name)}) < {terms.value(limit)}"
            conditions.append(f"(attribute_not_exists({terms.name(name)}) OR {size})")
        return conditions


class _Terms:
    """The placeholders of one expression. Names need them too: DynamoDB reserves many words, and a
    username has characters that no placeholder may have. So they are numbers.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        """Return the placeholder of an attribute's name, the same each time."""
        return self._names.setdefault(name, f"#{len(self._names)}")

    def value(self, value: Any) -> str:
        """Return the placeholder of a value."""
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def equal(self, attributes: Attributes) -> list[str]:
        return [
            f"attribute_not_exists({self.name(name)})"
            if value is None
            else f"{self.name(name)} = {self.value(value)}"
            for name, value in attributes.items()
        ]

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._names:
            found["ExpressionAttributeNames"] = {
                placeholder: name for name, placeholder in self._names.items()
            }
        if self._values:
            found["ExpressionAttributeValues"] = pack(self._values)
        return found
