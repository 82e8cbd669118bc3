"""Paths of a graph: which there are, how many, and what the chain rule gives along them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import attrgetter

from scalargrad.engine import scalars
from scalargrad.engine.backward import Pullback, gradients
from scalargrad.engine.scalars import Scalar
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Edge, Graph, connecting
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal
from scalargrad.notation.words import printable

Path = tuple[int, ...]  # indices of edges, from a node to the output

MOST_PATHS = 100  # that are listed


def paths(graph: Graph, source: int, most: int = MOST_PATHS) -> list[Path]:
    """All paths from a node to the output, each as the indices of its edges, in a stable order.

    Raises:
        DrawingError: when there are more than so many.

    >>> from scalargrad import Value
    >>> from scalargrad.graph.model import contracted
    >>> x = Value(3, "x")
    >>> h, k = (2 * x).named("h"), (x + 1).named("k")
    >>> paths(contracted(h * k), 0)
    [(0, 2), (1, 3)]
    """
    counts = path_counts(graph)
    if counts[source] > most:
        raise DrawingError(
            f"{called(graph, source)} has {decimal(counts[source])} paths to the output; "
            f"up to {most} are listed: choose a node nearer to it"
        )
    found: list[Path] = []
    walk: list[int] = []
    waiting = [_onward(graph, counts, source)]
    if source == graph.output:
        return [()]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            del walk[-1:]
            continue
        edge = waiting[-1].pop()
        target = graph.edges[edge].target
        if target == graph.output:
            found.append((*walk, edge))
        else:
            walk.append(edge)
            waiting.append(_onward(graph, counts, target))
    return found


def _onward(graph: Graph, counts: Sequence[int], node: int) -> list[int]:
    """The edges from a node that lead to the output, the first one last."""
    return [e for e in reversed(graph.outgoing[node]) if counts[graph.edges[e].target]]


def path_counts(graph: Graph) -> list[int]:
    """For each node how many paths lead from it to the output.

    >>> from scalargrad import Value
    >>> from scalargrad.graph.model import contracted
    >>> x = Value(3, "x")
    >>> path_counts(contracted((2 * x).named("h") * (x + 1).named("k")))
    [2, 1, 1, 1]
    """
    counts = [0] * len(graph.nodes)
    counts[graph.output] = 1
    for node in range(graph.output - 1, -1, -1):  # users are made after what they use
        counts[node] = sum(counts[graph.edges[e].target] for e in graph.outgoing[node])
    return counts


def total_derivatives(graph: Graph) -> list[Scalar]:
    """For each node the sum over its paths of the products of local derivatives."""
    steps: list[_Step] = []
    for index in range(len(graph.nodes)):
        edges = [graph.edges[edge] for edge in graph.incoming[index]]
        parents = tuple([steps[edge.source] for edge in edges])
        steps.append(_Step(index, parents, _handing_on(edges)))
    like = graph.nodes[graph.output].value
    found = gradients(steps[graph.output], scalars.whole(1, like), attrgetter("pullback"))
    return [found.get(step, scalars.whole(0, like)) for step in steps]


def _handing_on(edges: Sequence[Edge]) -> Pullback:
    """The closure for the local derivatives of some edges; where they are not taken, nothing."""

    def parts(g: Scalar) -> list[Scalar]:
        return [scalars.times(g, edge.local) if edge.is_taken else None for edge in edges]

    return parts


class _Step:
    """A node of a graph as the chain rule takes it."""

    def __init__(self, index: int, parents: tuple[_Step, ...], pullback: Pullback) -> None:
        self.index = index
        self.parents = parents
        self.pullback = pullback


def product(factors: Iterable[Scalar]) -> Scalar:
    """Their product; where an exact number is beyond the range of floats, IEEE's."""
    return reduce(scalars.times, factors, 1)


def derivative_along(graph: Graph, path: Path) -> Scalar:
    """The product of the local derivatives along a path; 0 where a branch of it is not taken."""
    edges = [graph.edges[edge] for edge in path]
    if not all(edge.is_taken for edge in edges):
        return scalars.whole(0, graph.nodes[graph.output].value)
    return product([edge.local for edge in edges])


def path_through(graph: Graph, source: int, nodes: Sequence[int]) -> Path:
    """The one path from a node to the output that passes all these nodes.

    Raises:
        DrawingError: when no path does, or several do.
    """
    found = [
        path
        for path in paths(graph, source)
        if {source, *(graph.edges[edge].target for edge in path)}.issuperset(nodes)
    ]
    if len(found) == 1:
        return found[0]
    asked = ", ".join(called(graph, node) for node in nodes)
    count = f"{len(found)} paths pass" if found else "no path passes"
    raise DrawingError(f"{count} through {asked}; name the nodes of exactly one path")


def check_path(graph: Graph, source: int, path: Path) -> None:
    """Refuse a path that does not lead from a node to the output."""
    node = source
    for edge in path:
        if not 0 <= edge < len(graph.edges) or graph.edges[edge].source != node:
            raise DrawingError(f"edge {edge} of the path does not start where the path has come to")
        node = graph.edges[edge].target
    if node != graph.output:
        raise DrawingError("the path ends before the output; paths(graph, source) lists all")


def nodes_between(graph: Graph, source: int) -> list[int]:
    """The nodes on the paths from a node to the output, nearest to the output first, without it."""
    edges = connecting(graph, source, graph.output)
    return sorted({graph.edges[edge].source for edge in edges}, reverse=True)


def has_detour(graph: Graph, edge: int) -> bool:
    """Whether other ways lead from the source of an edge to its target.

    The local derivative is then not the whole of ∂target/∂source, and must not be called that.
    """
    return len(connecting(graph, graph.edges[edge].source, graph.edges[edge].target)) > 1


def called(graph: Graph, node: int) -> str:
    """The name of a node in messages; its number where it has none."""
    return printable(typeset(graph.nodes[node].label)) or f"#{node}"
