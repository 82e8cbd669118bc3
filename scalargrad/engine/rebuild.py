"""Graphs computed again: from other numbers, or on other kinds of scalars."""

from __future__ import annotations

from collections.abc import Mapping

from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import CONSTANT
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, constant, node_of


def rebuilt(output: Value, data: Mapping[Value, Scalar]) -> dict[Value, Value]:
    """The graph below a node, computed again on nodes of its own: for each node its twin.

    A twin has the name of its node and no gradient. Since the operations are run again, the data
    may be of any kind of scalar: symbols give formulas, Sources write a program.

    Args:
        output: usually the loss; neither it nor what is below it is changed.
        data: of nodes that get other data than their own. The twin of one that was computed is a
            leaf; what is below that node alone has no twins.

    Raises:
        DomainError: where an operation has no value at the new numbers.

    >>> x = Value(3, "x")
    >>> y = x * x
    >>> rebuilt(y, {x: 4})[y].data, y.data
    (16, 9)
    """
    twins: dict[Value, Value] = {}
    for node in topological_order(output, until=data):
        if node.op is CONSTANT:
            twin = constant(data.get(node, node.data))
        elif node.op is None or node in data:
            twin = Value(data.get(node, node.data))
        else:
            twin = node_of(node.op, tuple([twins[parent] for parent in node.parents]))
        twin.label = node.label
        twins[node] = twin
    return twins
