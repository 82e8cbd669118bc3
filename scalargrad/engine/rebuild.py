"""Graphs computed again: from other numbers, or on other kinds of scalars.

A branch of `where` that is not taken may have no value, as log(x) of where(x > 0, log(x), 0) at -1.
Wherever a whole graph is made at once, from a program or again, such nodes hold nan, and only those
on which a result depends are an error. An operation in Python is an error where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container, Mapping
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.copying import restored
from scalargrad.engine.ops import CONSTANT, Operation
from scalargrad.engine.scalars import Scalar, is_known
from scalargrad.engine.value import Value, constant, node_of
from scalargrad.errors import DomainError


def rebuilt(output: Value, data: Mapping[Value, Scalar]) -> dict[Value, Value]:
    """The graph below a node, computed again on nodes of its own: for each node its twin.

    A twin has the name of its node and no gradient. Since the operations are run again, the data
    may be of any kind of scalar: symbols give formulas, Sources write a program.

    Args:
        output: usually the loss; neither it nor what is below it is changed.
        data: of nodes that get other data than their own. The twin of one that was computed is a
            leaf; what is below that node alone has no twins.

    Raises:
        DomainError: where an operation has no value at the new numbers, other than in a branch of
            `where` that is not taken.

    >>> x = Value(3, "x")
    >>> y = x * x
    >>> rebuilt(y, {x: 4})[y].data, y.data
    (16, 9)
    """
    twins: dict[Value, Value] = {}
    without_value: dict[Value, Exception] = {}
    for node in topological_order(output, until=data):
        if node.op is CONSTANT:
            twin = constant(data.get(node, node.data))
        elif node.op is None or node in data:
            twin = Value(data.get(node, node.data))
        else:
            parents = tuple([twins[parent] for parent in node.parents])
            try:
                twin = node_of(node.op, parents)
            except DomainError as error:
                twin = undefined(node.op, parents)
                without_value[twin] = error
        twin.label = node.label
        twins[node] = twin
    check_taken([twins[output]], without_value)
    return twins


def partial(y: Any, x: Any, *, order: int = 1) -> Scalar:
    """The total derivative of any node by any node, over all paths; no gradient is touched.

    That of a number, which a first derivative may be, is 0.

    Args:
        y: the node that is differentiated.
        x: by what.
        order: 2 for the second derivative.

    Raises:
        TypeError: when x is no Value, or y no scalar.
        ValueError: for another order.

    >>> x = Value(3)
    >>> partial(x * x + x, x), partial(x * x + x, x, order=2)
    (7, 2)
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2; got {order!r}")
    if not hasattr(x, "pullback"):
        raise TypeError(f"partial takes two Values; got {type(x).__name__} {x!r}")
    if not hasattr(y, "pullback"):
        return scalars.whole(0, scalars.scalar(y))
    if order == 2:
        return second_derivative(y, x, x)
    return gradients(y, scalars.whole(1, y.data)).get(x, scalars.whole(0, y.data))


def second_derivative(
    of: Value, by: Value, also: Value, leaves: Mapping[Value, Scalar] | None = None
) -> Scalar:
    """∂²of/∂by ∂also: backward on numbers that are Values, and then backward on those.

    Args:
        of: the node that is differentiated.
        by: what by first.
        also: what by then; the same node for ∂²of/∂by².
        leaves: numbers to take in place of their own.

    >>> x = Value(3, "x")
    >>> second_derivative(x * x * x, x, x)
    18
    """
    below = [node for node in topological_order(of) if not node.parents]
    twins = rebuilt(of, {node: Value((leaves or {}).get(node, node.data)) for node in below})
    if by not in twins or also not in twins:
        return scalars.whole(0, of.data)
    slope = gradients(twins[of], 1).get(twins[by], 0)
    found = gradients(slope, 1).get(twins[also].data, 0) if isinstance(slope, Value) else 0
    return found if getattr(found, "shape", ()) else scalars.whole(0, of.data) + found


def undefined(op: Operation, parents: tuple[Value, ...]) -> Value:
    """The node of an operation that has no value there: it holds nan."""
    captured = op.captured([parent.data for parent in parents])
    return restored(Value, (), op, parents, math.nan, captured)


def check_taken(results: Collection[Value], without_value: Mapping[Value, Exception]) -> None:
    """Raise the error of the first node without value on which a result depends.

    Lanes, and code that is being written, do not know a branch yet: each takes nan where it must.

    >>> from scalargrad.engine import ops
    >>> x = Value(-1)
    >>> root = undefined(ops.sqrt, (x,))
    >>> check_taken([ops.where_(x > 0, root, x)], {root: DomainError("sqrt needs a ≥ 0")})
    """
    if without_value:
        needed = depended_on(results, parents=_surely_taken)
        for node, error in without_value.items():
            if node in needed:
                raise error


def taken(node: Value) -> tuple[Value, ...]:
    """The parents on which a node depends."""
    if not _chooses(node) or not is_known(node.operands[0]):
        return node.parents
    condition, if_true, if_false = node.parents
    return condition, if_true if node.operands[0] else if_false


def _surely_taken(node: Value) -> tuple[Value, ...]:
    is_open = _chooses(node) and not is_known(node.operands[0])
    return node.parents[:1] if is_open else taken(node)


def _chooses(node: Value) -> bool:
    return node.op is not None and node.op.chooses


def depended_on(
    results: Collection[Value],
    until: Container[Value] = (),
    parents: Callable[[Value], tuple[Value, ...]] = taken,
) -> set[Value]:
    """The nodes below some results, and these, without the branches that are not taken.

    >>> from scalargrad.engine import ops
    >>> x = Value(2)
    >>> root = x.sqrt()
    >>> root in depended_on([ops.where_(x > 1, x, root)])
    False
    """
    needed = set(results)
    for node in reversed(topological_order(*needed, until=until)):
        if node in needed and (node in results or node not in until):
            needed.update(parents(node))
    return needed
