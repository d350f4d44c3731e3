"""Find out once what is the same for each request.

For each request moto lists its own folder, to compare the host with the names of its services, and
the methods of the class that answers. It parses each update expression twice, each condition up to
three times, and looks through an update for its names. This was a third of the time of a write. In
tests it makes the URLs of a service anew: an eighth of a read.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from inspect import isfunction
from typing import Any, NamedTuple

from moto import backends
from moto.core import responses
from moto.core.base_backend import BaseBackend
from moto.dynamodb import responses as dynamodb_responses
from moto.dynamodb.comparisons import AttributeValue, ConditionExpressionParser
from moto.dynamodb.parsing import expressions

from infra.local.moto_patches.patch import Patch

_list_modules = backends.list_of_moto_modules
_urls_property: Any = vars(BaseBackend)["urls"]
_PARSER: Any = vars(expressions)["UpdateExpressionParser"]
_parse = _PARSER.make
_parse_condition: Any = ConditionExpressionParser.parse
_EXPRESSIONS_KEPT = 512


class _Methods:
    """The names of the methods of a class, as moto asks for them: whether one is among them."""

    def __init__(self, of: type) -> None:
        self._of = of

    def __contains__(self, name: str) -> bool:
        return isfunction(getattr(self._of, name, None))


@cache
def _modules() -> frozenset[str]:
    return frozenset(_list_modules())


_urls_of_class: dict[type[BaseBackend], Any] = {}


def _urls(self: BaseBackend) -> Any:
    """Return the URLs that a service answers. They are those of its class."""
    kind = type(self)
    if kind not in _urls_of_class:
        _urls_of_class[kind] = _urls_property.fget(self)
    return _urls_of_class[kind]


# What carries out an update, and changes what was parsed, works on a copy.
@lru_cache(maxsize=_EXPRESSIONS_KEPT)
def _parsed(expression: str) -> Any:
    return _parse(expression)


class _Looked:
    """An expression whose names and values are asked for, for each update that has it."""

    def __init__(self, tree: Any) -> None:
        self._tree, self._found = tree, dict[tuple[type, ...], Any]()

    def find_clauses(self, kinds: list[type]) -> Any:
        wanted = tuple(kinds)
        if wanted not in self._found:
            self._found[wanted] = self._tree.find_clauses(kinds)
        return self._found[wanted]


class _Looking:
    """In the place of the parser, where an expression is only looked through."""

    @staticmethod
    @lru_cache(maxsize=_EXPRESSIONS_KEPT)
    def make(expression: str) -> _Looked:
        return _Looked(_parsed(expression))


class _Condition(NamedTuple):
    """A condition that was parsed, without its values, and the placeholders in it."""

    tree: Any
    names: list[str]
    values: list[str]


class _Unbound(ConditionExpressionParser):
    """Parses a condition as far as it is the same whatever its values are."""

    def _lookup_expression_attribute_value(self, name: str) -> Any:
        return None

    def _make_op_condition(self, node: Any) -> Any:
        return node


class _Bound(ConditionExpressionParser):
    """Puts values into a condition that was parsed."""

    def _make_operand(self, node: Any) -> Any:
        if node.kind == self.Kind.EXPRESSION_ATTRIBUTE_VALUE:
            return AttributeValue(self._lookup_expression_attribute_value(node.text))
        return super()._make_operand(node)


@lru_cache(maxsize=_EXPRESSIONS_KEPT)
def _read_condition(expression: str, names: tuple[tuple[str, str], ...]) -> _Condition:
    parser = _Unbound(expression, dict(names), None)
    tree = _parse_condition(parser)
    return _Condition(tree, parser.expr_attr_names_found, parser.expr_attr_values_found)


def _parse_condition_once(self: ConditionExpressionParser) -> Any:
    expression, names = self.condition_expression, self.expression_attribute_names or {}
    values: Mapping[str, Any] = self.expression_attribute_values or {}
    if not expression:
        return _parse_condition(self)
    known = _read_condition(expression, tuple(names.items()))
    if not values.keys() >= set(known.values):
        # moto says what is missing.
        return _parse_condition(self)
    self.expr_attr_names_found.extend(known.names)
    self.expr_attr_values_found.extend(known.values)
    return _Bound(expression, dict(names), dict(values))._make_op_condition(known.tree)


PATCH = Patch(
    (responses, "method_names_from_class", _Methods),
    (backends, "list_of_moto_modules", _modules),
    (BaseBackend, "urls", property(_urls)),
    (_PARSER, "make", staticmethod(_parsed)),
    (dynamodb_responses, "UpdateExpressionParser", _Looking),
    (ConditionExpressionParser, "parse", _parse_condition_once),
)
