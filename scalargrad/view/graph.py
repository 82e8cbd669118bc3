"""Graph: a computation as frozen data; every picture and derivation is made from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from scalargrad import scalars
from scalargrad.formula import Formula, applied, formula, name
from scalargrad.ops import CONSTANT, OPERATIONS, Operands
from scalargrad.scalars import Scalar
from scalargrad.value import Value, gradients, topological_order
from scalargrad.view.notation import typeset


@dataclass(frozen=True)
class Node:
    """A node of the graph.

    Attributes:
        label: the name that the user gave it, or "".
        operation: the name of the operation that made it; "" for a leaf, "constant" for a number
            that was written inside an expression.
        value: the scalar.
        gradient: of the last backward pass; None before the first.
        is_at_kink: whether a convention chose its local derivatives.
    """

    label: str
    operation: str
    value: Scalar
    gradient: Scalar | None
    is_at_kink: bool = False

    @property
    def symbol(self) -> str:
        """What stands on the node for its operation, such as "×"."""
        row = OPERATIONS.get(self.operation)
        return row.symbol if row else ""

    @property
    def commutes(self) -> bool:
        """Whether its operands may change places."""
        row = OPERATIONS.get(self.operation)
        return row is not None and row.commutes

    @property
    def is_leaf(self) -> bool:
        """Whether it is a number of the user's own."""
        return not self.operation

    @property
    def is_constant(self) -> bool:
        """Whether it is a number that was written inside an expression."""
        return self.operation == CONSTANT.name


@dataclass(frozen=True)
class Edge:
    """A use of one node by another.

    Attributes:
        source: index of the operand.
        target: index of the node that uses it.
        local: the local derivative ∂target/∂source along this edge.
        contribution: what the edge adds to the gradient of its source: the gradient of the target
            times `local`; None before backward.
    """

    source: int
    target: int
    local: Scalar
    contribution: Scalar | None


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they were made, and edges in the order of their operands.

    Attributes:
        nodes: parents before children.
        edges: by target, then by operand.
        output: index of the node that was asked for.
        formula: the formula of the local derivative of an edge, given its index.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    output: int
    formula: Callable[[int], Formula]

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the edges that end on it, in the order of the operands."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, edge in enumerate(self.edges):
            found[edge.target].append(index)
        return tuple(map(tuple, found))

    @cached_property
    def outgoing(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the edges that start at it."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, edge in enumerate(self.edges):
            found[edge.source].append(index)
        return tuple(map(tuple, found))


def graph(output: Value) -> Graph:
    """The graph below a node, every operation a node of it.

    >>> x = Value(3, "x")
    >>> [(edge.source, edge.target) for edge in graph(x + x).edges]
    [(0, 1), (0, 1)]
    """
    values = topological_order(output)
    place = {value: index for index, value in enumerate(values)}
    uses = [(value, operand) for value in values for operand in range(len(value.parents))]
    locals_ = [
        local
        for value in values
        for _, local in zip(value.parents, value.local_derivatives(), strict=False)
    ]
    edges = [
        _edge(place, value.parents[operand], value, local)
        for (value, operand), local in zip(uses, locals_, strict=True)
    ]

    def written(index: int) -> Formula:
        value, operand = uses[index]
        return formula(_Writer(place)(value)[operand])

    return Graph(tuple(map(_node, values)), tuple(edges), place[output], written)


def contracted(output: Value) -> Graph:
    """The graph of the named nodes only, and the output.

    A named node is one that the lecturer talks about. An edge carries the total local derivative
    through what lies between, over all ways that pass no third named node.

    >>> x, w = Value("2", "x"), Value("0.8", "w")
    >>> h = (w * x).relu().named("h")
    >>> [str(edge.local) for edge in contracted(h).edges]
    ['4/5', '2']
    """
    kept = [value for value in topological_order(output) if value.label or value is output]
    place = {value: index for index, value in enumerate(kept)}
    uses = []
    edges = []
    for value in kept:
        found = gradients(value, scalars.whole(1, value.data), until=place)
        for parent in sorted(place.keys() & found.keys() - {value}, key=place.__getitem__):
            uses.append((value, parent))
            edges.append(_edge(place, parent, value, found[parent]))

    def written(index: int) -> Formula:
        value, parent = uses[index]
        return formula(gradients(value, formula(1), _Writer(place), until=place)[parent])

    return Graph(tuple(map(_node, kept)), tuple(edges), place[output], written)


def _node(value: Value) -> Node:
    operation = value.op.name if value.op else ""
    return Node(value.label, operation, value.data, value.grad, value.is_at_kink)


def _edge(place: Mapping[Value, int], parent: Value, value: Value, local: Scalar) -> Edge:
    contribution = None if value.grad is None else value.grad * local
    return Edge(place[parent], place[value], local, contribution)


_LONGEST = 12  # names and numbers in an operand that is written out; beyond it, its number is


class _Writer:
    """Writes the local derivatives of nodes as formulas in the names of the nodes that are kept."""

    def __init__(self, kept: Mapping[Value, int]) -> None:
        self.kept = kept
        self.known: dict[Value, Formula] = {}

    def __call__(self, value: Value) -> Operands:
        assert value.op is not None
        operands = self.operands(value)
        return value.op.derivatives(self.operand(value), *operands)

    def operands(self, value: Value) -> tuple[Formula, ...]:
        given = tuple(map(self.operand, value.parents))
        return given + tuple(map(formula, value.operands[len(given) :]))

    def operand(self, value: Value) -> Formula:
        """A node by its name, or as the expression that made it."""
        for node in topological_order(value, until=self.known):
            if node not in self.known:
                self.known[node] = self.written(node)
        return self.known[value]

    def written(self, value: Value) -> Formula:
        if value.label:
            return name(typeset(value.label))
        if not value.op or not value.parents:
            return formula(value.data)
        operands = tuple(self.known[parent] for parent in value.parents)
        expression = applied(value.op, operands)
        return expression if expression.size <= _LONGEST else formula(value.data)
