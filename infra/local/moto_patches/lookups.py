"""Find out once what is the same for each request.

For each request moto lists its own folder, to compare the host with the names of its services, and
the methods of the class that answers. It parses each update expression twice, and each condition of
a transaction three times, and asks at each node which kinds of nodes matter. This was a fourth of
the time of a write.
"""

from collections import OrderedDict
from functools import cache, lru_cache
from inspect import isfunction
from typing import Any

from moto import backends
from moto.core import responses
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions

from infra.local.moto_patches.patch import Patch

_list_modules = backends.list_of_moto_modules
_PARSER: Any = vars(expressions)["UpdateExpressionParser"]
_parse = _PARSER.make
_TRAVERSER: Any = vars(ast_nodes)["DepthFirstTraverser"]
_kinds = _TRAVERSER.nodes_to_be_processed
_parse_condition = ConditionExpressionParser.parse
# The conditions of the transactions that are carried out. They hold names and values, so that no
# other object gets the identity of one of these.
_conditions: OrderedDict[tuple[str, int, int], tuple[ConditionExpressionParser, Any]] = (
    OrderedDict()
)
_CONDITIONS_KEPT = 256


class _Methods:
    """The names of the methods of a class, as moto asks for them: whether one is among them."""

    def __init__(self, of: type) -> None:
        self._of = of

    def __contains__(self, name: str) -> bool:
        return isfunction(getattr(self._of, name, None))


@cache
def _modules() -> frozenset[str]:
    return frozenset(_list_modules())


# The validator, which changes what was parsed, works on a copy.
@lru_cache(maxsize=512)
def _parsed(expression: str) -> Any:
    return _parse(expression)


def _parse_condition_once(self: ConditionExpressionParser) -> Any:
    expression = self.condition_expression
    names, values = self.expression_attribute_names, self.expression_attribute_values
    if not expression:
        return _parse_condition(self)
    key = expression, id(names), id(values)
    if key not in _conditions:
        _conditions[key] = self, _parse_condition(self)
        if len(_conditions) > _CONDITIONS_KEPT:
            _conditions.popitem(last=False)
        return _conditions[key][1]
    first, parsed = _conditions[key]
    self.expr_attr_names_found.extend(first.expr_attr_names_found)
    self.expr_attr_values_found.extend(first.expr_attr_values_found)
    return parsed


def _kinds_of(self: Any) -> tuple[type, ...]:
    kinds: tuple[type, ...] | None = vars(self).get("kinds")
    if kinds is None:
        kinds = self.kinds = _kinds(self)
    return kinds


PATCH = Patch(
    (responses, "method_names_from_class", _Methods),
    (backends, "list_of_moto_modules", _modules),
    (_PARSER, "make", staticmethod(_parsed)),
    (ConditionExpressionParser, "parse", _parse_condition_once),
    (_TRAVERSER, "nodes_to_be_processed", _kinds_of),
)
