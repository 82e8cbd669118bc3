"""Graph: a computation as frozen data; every picture and derivation is made from one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from operator import attrgetter
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying, topological_order
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operands, Operation
from scalargrad.engine.rebuild import depended_on, taken
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, constant
from scalargrad.graph.chains import Factor, ways
from scalargrad.notation.formula import (
    Formula,
    applied,
    collected,
    evaluated,
    formula,
    name,
)  # fmt: skip
from scalargrad.notation.names import typeset
from scalargrad.notation.ordering import ordered


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
    def row(self) -> Operation | None:
        """The operation, as the table has it; None for a leaf, and for one of the user's own."""
        return OPERATIONS.get(self.operation)

    @property
    def symbol(self) -> str:
        """What stands on the node for its operation, such as "×"."""
        return self.row.symbol if self.row else ""

    @property
    def commutes(self) -> bool:
        """Whether its operands may change places."""
        return self.row is not None and self.row.commutes

    @property
    def is_activation(self) -> bool:
        """Whether it is the activation of a unit."""
        return self.row is not None and self.row.activation

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
        is_taken: whether the output depends on the source over this edge: not in a branch of
            `where` that is not taken.
    """

    source: int
    target: int
    local: Scalar
    contribution: Scalar | None
    is_taken: bool = True


def _unwritten(index: int) -> Formula:
    """What stands for the expression of a node that nobody wrote."""
    return name("…")


def _nowhere(value: Value) -> None:
    """The place of a Value in a graph that was made from none."""


def _one_way(index: int) -> list[list[Factor]]:
    """The chains of an edge of which no more is known than its formula."""
    return []


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they were made, and edges in the order of their operands.

    Attributes:
        nodes: parents before children.
        edges: by target, then by operand.
        output: index of the node that was asked for.
        formula: the formula of the local derivative of an edge, given its index.
        expression: what made a node, given its index, in names of the nodes that it was made from;
            the parts of such a name are its text and the index of its node.
        place: the index of the node that was made from a Value; None where there is none.
        products: of a contracted graph: two nodes that are multiplied with one another, and the
            node that their product goes into.
        terms: of a contracted graph: a node that is added to others, and the node it goes into.
        chains: of a contracted graph: the factors of an edge, given its index, along each way
            through nodes without a name.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    output: int
    formula: Callable[[int], Formula]
    products: tuple[tuple[int, int, int], ...] = ()
    terms: tuple[tuple[int, int], ...] = ()
    expression: Callable[[int], Formula] = _unwritten
    place: Callable[[Value], int | None] = _nowhere
    chains: Callable[[int], list[list[Factor]]] = _one_way

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the edges that end on it, in the order of the operands."""
        return self._edges_by(edge.target for edge in self.edges)

    @cached_property
    def outgoing(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the edges that start at it."""
        return self._edges_by(edge.source for edge in self.edges)

    def _edges_by(self, nodes: Iterable[int]) -> tuple[tuple[int, ...], ...]:
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(nodes):
            found[node].append(index)
        return tuple(map(tuple, found))


def outputs_of(what: Any, takes: str) -> tuple[Value, ...]:
    """The outputs that a Value, several of them, or a program stand for.

    Raises:
        TypeError: for anything else; its message begins with `takes`.

    >>> x = Value(3, "x")
    >>> outputs_of(x, "derive takes") == outputs_of([x, x], "derive takes") == (x,)
    True
    """
    outputs = (what,) if isinstance(what, Value) else getattr(what, "outputs", what)
    if isinstance(outputs, Iterable) and not isinstance(outputs, str):
        found = tuple(dict.fromkeys(outputs))
        if found and all(isinstance(output, Value) for output in found):
            return found
    raise TypeError(f"{takes} a Value, Values or a program; got {type(what).__name__}")


def edges_between(graph: Graph, source: int, through: int | None = None) -> frozenset[int]:
    """The edges on all paths from a node to the output, or on those that pass another node.

    >>> x = Value(3, "x")
    >>> sorted(edges_between(graph((x + 1) * x), 0))
    [0, 2, 3]
    """
    if through is None:
        return connecting(graph, source, graph.output)
    before, after = connecting(graph, source, through), connecting(graph, through, graph.output)
    is_passed = (before or source == through) and (after or through == graph.output)
    return before | after if is_passed else frozenset()


def connecting(graph: Graph, source: int, target: int) -> frozenset[int]:
    """The edges on all paths from a node to another."""
    forward, backward = {source}, {target}
    for index in range(source, target + 1):
        if any(graph.edges[edge].source in forward for edge in graph.incoming[index]):
            forward.add(index)
    for index in reversed(range(source, target + 1)):
        if any(graph.edges[edge].target in backward for edge in graph.outgoing[index]):
            backward.add(index)
    return frozenset(
        edge
        for index in forward & backward
        for edge in graph.incoming[index]
        if graph.edges[edge].source in forward and index != source
    )


def graph(output: Value, *, expand: bool = False) -> Graph:
    """The graph below a node, every operation a node of it.

    Args:
        output: usually the loss.
        expand: whether dot, total and mean, which take any number of operands, are shown as the
            products and sums of the slide: dot(b, w1, x1, w2, x2) as (w₁×x₁ + w₂×x₂) + b.

    >>> x = Value(3, "x")
    >>> [(edge.source, edge.target) for edge in graph(x + x).edges]
    [(0, 1), (0, 1)]
    """
    order = topological_order(output)
    twins: dict[Value, Value] = {}
    made = {value: _atoms(value, twins) if expand else [value] for value in order}
    used = {twins.get(p, p) for atoms in made.values() for atom in atoms for p in atom.parents}
    values = [
        atom
        for value in order
        if value is output or value in used or not value.op or value.parents
        for atom in made[value]
    ]
    place = {value: index for index, value in enumerate(values)}
    place |= {value: place[atoms[-1]] for value, atoms in made.items() if atoms[-1] in place}
    place |= {twin: place[value] for twin, value in twins.items() if value in place}
    needed = depended_on([output])
    needed |= {atom for value in needed for atom in made[value]}
    uses: list[tuple[Value, int]] = []
    edges: list[Edge] = []
    for value in values:
        is_taken = taken(value) if value in needed else ()
        pairs = zip(value.parents, value.local_derivatives(), strict=False)
        for operand, (parent, local) in enumerate(pairs):
            uses.append((value, operand))
            edges.append(_edge(place, parent, value, local, parent in is_taken))

    def written(index: int) -> Formula:
        value, operand = uses[index]
        writer = _Writer(place)
        for parent in value.parents:
            if parent in twins:
                writer.known[parent] = writer.operand(twins[parent])
        return formula(writer.local_derivatives(value)[operand])

    return Graph(
        tuple(map(_node, values)),
        tuple(edges),
        place[output],
        written,
        expression=expressions(place),
        place=place.get,
    )


def _atoms(value: Value, twins: dict[Value, Value]) -> list[Value]:
    """The products and sums that a node stands for, the last of them in its place.

    They are computed from what the node captured, on twins of its parents, which are added to
    `twins`; the last has the name, the value and the gradient of the node itself.
    """
    if not (value.op in _OF_SUMS and len(value.parents) > 1):
        return [value]
    operands = [_twin(*pair) for pair in zip(value.parents, value.operands, strict=True)]
    if value.op is ops.dot:
        products = [ops.mul(w, x) for w, x in zip(operands[1::2], operands[2::2], strict=True)]
        made, terms = products, list(products)
        if not (products and _is_zero(value.parents[0])):
            terms.append(operands[0])
    else:
        made, terms = [], operands
    last = terms[0]
    for term in terms[1:]:
        last = ops.add(last, term)
        made = [*made, last]
    if value.op is ops.mean:
        last = ops.div(last, len(terms))
        made = [*made, last.parents[1], last]
    twins.update(zip(operands, value.parents, strict=True))
    if value.grad is not None:
        found = gradients(last, value.grad)
        for atom in made:
            atom.grad = found[atom]
    last.data, last.grad, last.label = value.data, value.grad, value.label
    return made


_OF_SUMS = (ops.dot, ops.total, ops.mean)


def _twin(parent: Value, captured: Scalar) -> Value:
    """A node without parents, for an operand as it was when the operation ran.

    Where the operation made a float of an exact number, it is exact again.
    """
    now = parent.data
    if all(map(scalars.is_number, (now, captured))):
        captured = now if scalars.to_float(now) == scalars.to_float(captured) else captured
    return constant(captured) if parent.op is CONSTANT else Value(captured, parent.label)


def _is_zero(value: Value) -> bool:
    """Whether it is a 0 that was written inside an expression, such as the bias of no bias."""
    return value.op is CONSTANT and scalars.is_number(value.data) and bool(value.data == 0)


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
    products: list[tuple[int, int, int]] = []
    terms: list[tuple[int, int]] = []
    needed = depended_on([output])
    for value in kept:
        for node in topological_order(value, until=place):
            if node is value or node not in place:
                pairs, added = _pairs_and_terms(node)
                kept_pairs = [(a, b) for a, b in pairs if a in place and b in place]
                products += [(place[a], place[b], place[value]) for a, b in kept_pairs]
                terms += [(place[a], place[value]) for a in added if a in place]
        found = gradients(value, scalars.whole(1, value.data), until=place)
        below = depended_on([value], until=place) if value in needed else ()
        for parent in sorted(place.keys() & found.keys() - {value}, key=place.__getitem__):
            uses.append((value, parent))
            edges.append(_edge(place, parent, value, found[parent], parent in below))

    @cache
    def derivatives(value: Value) -> dict[Value, Scalar]:
        return gradients(value, formula(1), _Writer(place).pullback, until=place)

    @cache
    def typed(value: Value) -> list[str]:
        return _names_in(value, place)

    def shown(written: Formula, value: Value) -> Formula:
        return ordered(collected(written), typed(value))

    def written(index: int) -> Formula:
        value, parent = uses[index]
        return shown(formula(derivatives(value)[parent]), value)

    def chains(index: int) -> list[list[Factor]]:
        value, parent = uses[index]
        return [
            [factor._replace(formula=shown(factor.formula, value)) for factor in way]
            for way in ways(value, parent, place, _Writer(place).local_derivatives)
        ]

    return Graph(
        tuple(map(_node, kept)),
        tuple(edges),
        place[output],
        written,
        tuple(products),
        tuple(terms),
        expressions(place),
        place.get,
        chains,
    )


def written(value: Value) -> Formula:
    """The expression that made a node, in the names of others.

    >>> w, x = Value(2, "w"), Value(3, "x")
    >>> str(written(w * x + 1))
    'w x + 1'
    """
    return _Writer({}).written_out(value)


def _pairs_and_terms(value: Value) -> tuple[list[tuple[Value, Value]], list[Value]]:
    """Which operands a node multiplies with one another, and which it adds to others."""
    parents = value.parents
    if value.op is ops.mul:
        return [(parents[0], parents[1])], []
    if value.op is ops.dot:
        return list(zip(parents[1::2], parents[2::2], strict=True)), [parents[0]]
    return [], list(parents) if value.op in (ops.add, ops.sub, ops.total) else []


def _node(value: Value) -> Node:
    operation = value.op.name if value.op else ""
    return Node(value.label, operation, value.data, value.grad, value.is_at_kink)


def _edge(
    place: Mapping[Value, int], parent: Value, value: Value, local: Scalar, is_taken: bool
) -> Edge:
    contribution = None if value.grad is None else scalars.times(value.grad, local)
    if contribution is not None and not is_taken:
        contribution = scalars.whole(0, contribution)
    return Edge(place[parent], place[value], local, contribution, is_taken)


_LONGEST = 12  # names and numbers in an operand that is written out; beyond it, its number is


def expressions(kept: Mapping[Value, int]) -> Callable[[int], Formula]:
    """For the index of a node that is kept, the expression that made it from others."""
    values: dict[int, Value] = {}
    for value, index in kept.items():
        values.setdefault(index, value)

    @cache
    def writer() -> _Writer:
        made = _Writer(kept)
        for value, index in kept.items():
            if value.parents or not value.op:  # no constant: its number is written
                made.known[value] = Formula("name", (typeset(value.label), index))
        return made

    def written(index: int) -> Formula:
        value = values[index]
        if len(value.parents) > 2 * _LONGEST:
            return _unwritten(index)
        return writer().written_out(value) if value.parents else formula(value.data)

    return written


def _names_in(value: Value, kept: Collection[Value]) -> list[str]:
    """The names in the expression that made a node, as they were typed.

    They stand from left to right; but what is multiplied from the left by a name stands behind it
    everywhere, so that w₁ x + w₂ x has both weights before x.
    """
    names = [typeset(node.label) for node in _typed(_operands(value), kept) if node.label]
    lefts: dict[str, list[str]] = {}
    for node in topological_order(value, until=kept):
        for a, b in _pairs_and_terms(node)[0] if node is value or node not in kept else ():
            if a.label:
                for right in islice(_typed([b], kept), 2 * _LONGEST):
                    lefts.setdefault(typeset(right.label), []).append(typeset(a.label))
    order: dict[str, None] = {}
    waiting: list[str] = list(reversed(names))
    opened: set[str] = set()
    while waiting:
        label = waiting[-1]
        first = [left for left in lefts.pop(label, ()) if left not in opened]
        opened.add(label)
        if first:
            waiting += reversed(first)
        else:
            order[waiting.pop()] = None
    return list(order)


def _operands(node: Value) -> Sequence[Value]:
    """The operands as they were typed: the scores of a softmax stand in their order."""
    if node.op is ops.share:
        return sorted(node.parents, key=attrgetter("index"))
    return node.parents


def _typed(nodes: Sequence[Value], kept: Collection[Value]) -> Iterator[Value]:
    """Nodes and those that they were made of, down to those that are kept, from left to right."""
    waiting, seen = list(reversed(nodes)), set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            if node not in kept:
                waiting += reversed(_operands(node))


class _Writer:
    """Writes the local derivatives of nodes as formulas in the names of the nodes that are kept."""

    def __init__(self, kept: Mapping[Value, int]) -> None:
        self.kept = kept
        self.known: dict[Value, Formula] = {}

    def local_derivatives(self, value: Value) -> Operands:
        if value.op is None:
            return ()
        operands = self.operands(value)
        y = applied(value.op, operands) if value.op.arithmetic else self.operand(value)
        found = tuple(value.op.derivatives(y, *operands))
        if value.op is ops.share:
            found = tuple(map(self.of_softmax, [value] * len(found), value.parents, found))
        return self.at_kink(value, found) if value.is_at_kink else found

    def of_softmax(self, value: Value, parent: Value, found: Scalar) -> Scalar:
        """The derivative of an output of a softmax by a score; −p₁ p₂ where both have names."""
        other = self.shares.get((parent, frozenset(value.parents)))
        if other is None or other is value:
            return found
        return -self.operand(value) * self.operand(other)

    @cached_property
    def shares(self) -> dict[tuple[Value, frozenset[Value]], Value]:
        """The outputs of softmaxes that have names, by their own score and all scores."""
        named = [node for node in self.kept if node.op is ops.share and node.label]
        return {(node.parents[0], frozenset(node.parents)): node for node in named}

    def at_kink(self, value: Value, found: Operands) -> Operands:
        """Local derivatives at a kink: numbers where the formula does not know the convention."""
        chosen = []
        for local, written in zip(value.local_derivatives(), found, strict=False):
            try:
                is_met = bool(evaluated(formula(written), self.values) == local)
            except (ArithmeticError, KeyError, TypeError, ValueError):
                is_met = True
            chosen.append(written if is_met else formula(local))
        return tuple(chosen)

    @cached_property
    def values(self) -> dict[str, Scalar]:
        return {typeset(node.label): node.data for node in self.kept if node.label}

    def pullback(self, value: Value) -> Pullback:
        return multiplying(self.local_derivatives(value))

    def operands(self, value: Value) -> tuple[Formula, ...]:
        given = tuple(map(self.operand, value.parents))
        return given + tuple(map(formula, value.operands[len(given) :]))

    def operand(self, value: Value) -> Formula:
        """A node by its name, or as the expression that made it."""
        if value.label and value not in self.known:
            self.known[value] = self.written(value)
        if value not in self.known:
            for node in topological_order(value, until=self):
                if node not in self.known:
                    self.known[node] = self.written(node)
        return self.known[value]

    def written_out(self, value: Value) -> Formula:
        """The expression that made a node, whether it has a name or not."""
        return applied(value.op, self.operands(value)) if value.op else self.operand(value)

    def __contains__(self, value: object) -> bool:
        """Whether the name or expression of a node is known without a look at what is below it."""
        return value in self.known or (isinstance(value, Value) and bool(value.label))

    def written(self, value: Value) -> Formula:
        if value.label:
            return name(typeset(value.label))
        if not value.op or not value.parents or len(value.parents) > 2 * _LONGEST:
            return formula(value.data)
        operands = tuple(self.known[parent] for parent in value.parents)
        expression = applied(value.op, operands)
        return expression if expression.size <= _LONGEST else formula(value.data)
