"""What of a graph a picture can hold: all of it, or its named nodes, with leaves drawn per use."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from scalargrad.engine.backward import topological_order
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Edge, Graph, Node, contracted, graph
from scalargrad.notation.formula import Formula
from scalargrad.view.layout.engines import BOXES_ON_A_SLIDE

MOST_USES = 4  # of a leaf that is still drawn once in a graph that is larger than a slide


def together(
    outputs: Sequence[Value],
) -> tuple[Value, Callable[[Callable[[Value], Graph]], Callable[[Value], Graph]]]:
    """A node above several outputs, and what makes a maker of graphs leave that node out.

    >>> a, b = Value(1, "a"), Value(2, "b")
    >>> root, of_root = together([(a + b).named("p"), (a * b).named("q")])
    >>> [node.label for node in of_root(contracted)(root).nodes]
    ['a', 'b', 'p', 'q']
    """
    if len(outputs) == 1:
        return outputs[0], lambda make: make
    root = outputs[0].total(*outputs[1:])

    def of_root(make: Callable[[Value], Graph]) -> Callable[[Value], Graph]:
        return lambda value: _below(make(value), outputs)

    return root, of_root


def _below(graph: Graph, outputs: Sequence[Value]) -> Graph:
    """The part of a graph below some of its nodes; what is above them comes after them."""
    places = [graph.place(output) for output in outputs]
    last = max(place for place in places if place is not None)
    return replace(
        graph,
        nodes=graph.nodes[: last + 1],
        edges=tuple(edge for edge in graph.edges if edge.target <= last),
        output=last,
        products=tuple(product for product in graph.products if max(product) <= last),
        terms=tuple(term for term in graph.terms if max(term) <= last),
    )


def fitting(
    output: Value, most: int, shown: Callable[[Value], Graph] = graph
) -> tuple[Graph, Callable[[Value], Graph], str]:
    """The graph below a node in at most so many nodes.

    That is every node, else the named nodes only. Where either is larger than a slide, leaves with
    many uses are drawn once per use, if that fits too.

    Args:
        output: usually the loss.
        most: nodes.
        shown: makes the graph of every node.

    Returns:
        The graph, what makes it of a Value, and in words what was left out, or "".

    Raises:
        DrawingError: when the named nodes are too many as well, or there are none.

    >>> x = Value(1, "x")
    >>> y = sum((x * k for k in range(9)), start=Value(0)).named("y")
    >>> full, _, note = fitting(y, most=40)
    >>> len(full.nodes), note
    (29, '')
    >>> small, _, note = fitting(y, most=20)
    >>> len(small.nodes), note
    (2, '2 named nodes of 29')
    """
    values = topological_order(output)
    whole = shown(output) if len(values) <= most else None
    if whole and len(whole.nodes) <= most:
        return _spread(whole, shown, most, "")
    named = sum(1 for value in values if value.label or value is output)
    if 1 < named <= most:
        note = f"{named:,} named nodes of {len(values):,}"
        return _spread(contracted(output), contracted, most, note)
    raise DrawingError(
        f"a picture holds up to {most:,} boxes; this graph has {len(values):,} nodes, "
        f"{named:,} of them named: name only those to be shown, draw a smaller example, "
        'or save the graph with detail="all" as .dot'
    )


def _spread(
    made: Graph, shown: Callable[[Value], Graph], most: int, note: str
) -> tuple[Graph, Callable[[Value], Graph], str]:
    """A graph, its maker and a note, with leaves drawn once per use beyond the size of a slide."""
    if len(made.nodes) <= BOXES_ON_A_SLIDE:
        return made, shown, note
    spread = with_leaves_per_use(made)
    if spread is made or len(spread.nodes) > most:
        return made, shown, note
    remark = f"leaves with more than {MOST_USES} uses are drawn at each, with the whole gradient"
    note = f"{note}; {remark}" if note else remark
    return spread, lambda value: with_leaves_per_use(shown(value)), note


def with_leaves_per_use(graph: Graph, uses: int = MOST_USES) -> Graph:
    """The graph with every leaf that more than so many nodes use drawn beside each of them.

    A copy has the leaf's name, value and gradient; the edges are the same ones, in the same order,
    and each keeps its contribution. The very graph comes back where no leaf has so many uses.

    >>> from scalargrad.graph.model import graph
    >>> x = Value(1, "x")
    >>> copied = with_leaves_per_use(graph(x * 2 + x * 3), uses=1)
    >>> [node.label or node.symbol or str(node.value) for node in copied.nodes]
    ['2', 'x', '×', '3', 'x', '×', '+']
    """
    users: list[set[int]] = [set() for _ in graph.nodes]
    for edge in graph.edges:
        users[edge.source].add(edge.target)
    spread = {i for i, node in enumerate(graph.nodes)
              if (node.is_leaf or node.is_constant) and len(users[i]) > uses}  # fmt: skip
    if not spread:
        return graph
    nodes: list[Node] = []
    origin: list[int] = []  # of each new node, its index in the graph
    place: dict[int, int] = {}  # of what is drawn once
    beside: dict[int, dict[int, int]] = {}  # of what is not: by the node that uses it, by leaf
    for index, node in enumerate(graph.nodes):
        if index in spread:
            continue
        beside[index] = {}
        for leaf in dict.fromkeys(graph.edges[e].source for e in graph.incoming[index]):
            if leaf in spread:
                beside[index][leaf] = len(nodes)
                nodes.append(graph.nodes[leaf])
                origin.append(leaf)
        place[index] = len(nodes)
        nodes.append(node)
        origin.append(index)

    def at(index: int, user: int) -> int:
        return beside[user][index] if index in spread else place[index]

    def expression(index: int) -> Formula:
        was = origin[index]
        return _renumbered(graph.expression(was), ChainMap(beside.get(was, {}), place))

    def found(value: Value) -> int | None:
        was = graph.place(value)
        return None if was is None else place[was] if was in place else origin.index(was)

    edges = tuple(
        Edge(at(edge.source, edge.target), place[edge.target], edge.local, edge.contribution)
        for edge in graph.edges
    )
    return replace(
        graph,
        nodes=tuple(nodes),
        edges=edges,
        output=place[graph.output],
        products=tuple((at(a, t), at(b, t), place[t]) for a, b, t in graph.products),
        terms=tuple((at(a, t), place[t]) for a, t in graph.terms),
        expression=expression,
        place=found,
    )


def _renumbered(written: Formula, place: Mapping[int, int]) -> Formula:
    """The formula with the nodes that its names stand for at their new places."""
    if written.head == "name" and len(written.parts) == 2:
        label, node = written.parts
        return Formula("name", (label, place.get(node, node)))
    return written.mapped(lambda part: _renumbered(part, place))
