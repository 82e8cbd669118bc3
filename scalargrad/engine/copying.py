"""Copies and pickles of Values: the whole graph below a node, without recursion.

The functions here are methods of Value: copy, deepcopy and pickle call them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, TypeVar

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.fast import next_index
from scalargrad.engine.ops import Operands, Operation
from scalargrad.engine.scalars import Scalar

T = TypeVar("T")
_new = object.__new__


def restored(
    cls: type[T],
    below: object,
    op: Operation | None,
    parents: tuple[Any, ...],
    data: Scalar,
    operands: Operands,
    label: str = "",
    grad: Scalar | None = None,
) -> T:
    """A node of an operation, or as it was; what is below it need only be there already."""
    node: Any = _new(cls)
    if data.__class__ not in scalars.AS_WRITTEN:
        data = scalars.kept(data)
    node._data, node.grad, node.label, node.op = data, grad, label, op
    node.index = next_index()
    node.p = node.q = None
    if op and parents:
        node.p, node.a = (parents[0], operands[0]) if op.count else (parents, operands)
        if op.count == 2:
            node.q, node.b = parents[1], operands[1]
    return node  # type: ignore[no-any-return]


def copied(node: Any) -> Any:
    """A node of its own, with the same parents."""
    held = node._data, node.operands, node.label, node.grad
    return restored(type(node), (), node.op, node.parents, *held)


def deeply_copied(node: Any, memo: dict[int, Any]) -> Any:
    """The whole graph below, copied; nodes that other objects share stay shared."""
    for each in topological_order(node, until=_Copied(memo)):
        if id(each) not in memo:
            parents = tuple([memo[id(parent)] for parent in each.parents])
            data, operands = deepcopy((each._data, each.operands), memo)
            grad = deepcopy(each.grad, memo)
            held = data, operands, each.label, grad
            memo[id(each)] = restored(type(each), (), each.op, parents, *held)
    return memo[id(node)]


class _Copied:
    """The nodes of which a deepcopy holds a copy."""

    def __init__(self, memo: dict[int, Any]) -> None:
        self.memo = memo

    def __contains__(self, node: object) -> bool:
        return id(node) in self.memo


def reduced(node: Any) -> tuple[Any, ...]:
    """What is pickled: the nodes below, oldest first, then this one: each finds its parents."""
    below = () if node in _pickled.get() else _Below(node)
    held = node._data, node.operands, node.label, node.grad
    return restored, (type(node), below, node.op, node.parents, *held)


# The nodes that the pickler at work finds everything pickled for; each thread has its own pickler.
_pickled: ContextVar[set[Any] | tuple[()]] = ContextVar("_pickled", default=())


class _Below:
    """The nodes below one, pickled as a list: one after the other, so that nothing recurses."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self.nodes()

    def nodes(self) -> Iterator[Any]:
        """All of them, marked while they are pickled; nodes that their data are come first."""
        order = _at_all_levels(self.node)
        outer = _pickled.get()
        token = _pickled.set({*outer, *order})
        try:
            yield from order[:-1]
        finally:
            _pickled.reset(token)


def _at_all_levels(node: Any) -> list[Any]:
    """The nodes below one, and those that they hold as data and gradients, with all below.

    At each level the oldest come first, and the levels that the others hold before these: so each
    node finds what it holds pickled.
    """
    order = topological_order(node)
    if not any(map(_held, order)):
        return order
    levels: dict[Any, int] = {}
    waiting = [(node, False)]
    while waiting:
        each, is_open = waiting.pop()
        if is_open:
            inner = [levels[held] + 1 for held in _held(each)]
            levels[each] = max(inner + [levels[parent] for parent in each.parents], default=0)
        elif each not in levels:
            levels[each] = 0
            waiting.append((each, True))
            waiting += [(below, False) for below in (*each.parents, *_held(each))]
    return sorted(levels, key=lambda each: (levels[each], each.index))


def _held(node: Any) -> list[Any]:
    """The nodes that are a node's data, gradient and operands."""
    is_plain = node.data.__class__ in scalars.AS_WRITTEN
    held = (node.grad,) if is_plain else (node.data, node.grad, *node.operands)
    return [
        scalar
        for scalar in held
        if scalar.__class__ not in scalars.AS_WRITTEN and hasattr(scalar, "pullback")
    ]
