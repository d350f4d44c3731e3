"""Walk through the tree of an update's expression by the classes of its nodes.

moto goes through the tree ten times, and asks of each node whether it is one of several abstract
classes, one after the other. At each clause it counts the clauses below it again, as it did at the
root. This was two fifths of what a transaction cost. The copy that it changes was another fifth:
Python's `deepcopy` asks each object how it wants to be copied.
"""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.validators import ActionCountValidator

from infra.local.moto_patches.patch import Patch

_TRAVERSER: Any = vars(ast_nodes)["DepthFirstTraverser"]
_NODE: Any = vars(ast_nodes)["Node"]
_EXPRESSION: Any = vars(ast_nodes)["UpdateExpression"]

type _Processor = Callable[[Any], Any]


@cache
def _is_node(kind: Any) -> bool:
    return issubclass(kind, _NODE)


def _traverse(self: Any, node: Any, child_id: int = -1) -> Any:
    if not _is_node(node.__class__):
        return node
    parent = node.parent
    for position, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, position)
        self.traverse_node_recursively(child, position)
    if process := _processor(self, type(node)):
        node = process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def _processor(traverser: Any, kind: type) -> _Processor | None:
    """Return what a traverser does with nodes of this class: the first that its map has for it."""
    known: dict[type, _Processor | None] = vars(traverser).setdefault("_processors", {})
    if kind not in known:
        matching = (
            do for base, do in traverser._processing_map().items() if issubclass(kind, base)
        )
        known[kind] = next(matching, None)
    return known[kind]


def _count_once(self: Any, node: Any) -> Any:
    # The root is an expression itself, and has all clauses.
    return self.verify_action_counts(node) if isinstance(node, _EXPRESSION) else node


def _copy(self: Any, memo: dict[int, Any]) -> Any:
    clone = object.__new__(type(self))
    vars(clone).update(vars(self))
    if self.children is not None:
        clone.children = [_copy_child(clone, self, child, memo) for child in self.children]
    return clone


def _copy_child(clone: Any, parent: Any, child: Any, memo: dict[int, Any]) -> Any:
    if not _is_node(child.__class__):
        return copy.deepcopy(child, memo)
    copied = _copy(child, memo)
    if child.parent is parent:
        copied.parent = clone
    return copied


PATCH = Patch(
    (_NODE, "__deepcopy__", _copy),
    (_TRAVERSER, "traverse_node_recursively", _traverse),
    (ActionCountValidator, "traverse", _count_once),
)
