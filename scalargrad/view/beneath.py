"""What stands beneath a picture: the chain rule, and the step that each part of it comes with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scalargrad.graph.derivation import Derivation, derivation
from scalargrad.graph.model import Graph
from scalargrad.graph.paths import path_through
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.view.layout.equations import parts

LAST = -1  # in place of a node: what comes with the last step


@dataclass(frozen=True)
class Rule:
    """The chain rule for the derivatives of an output by some nodes.

    Attributes:
        graph: contracted, so that its edges are the factors.
        sources: the nodes.
        through: of several paths those through this node; None for all.
    """

    graph: Graph
    sources: tuple[int, ...]
    through: int | None = None

    def lines(self, drawn: Graph, numbers: Numbers) -> tuple[tuple[Written, ...], tuple[int, ...]]:
        """A line for each node, and for each part of them the node whose gradient it comes with.

        Args:
            drawn: the graph that those nodes are of.
            numbers: how numbers are written.
        """
        lines: list[Written] = []
        after: list[int] = []
        place = _places(self.graph, drawn)
        for source in self.sources:
            way = None if self.through is None else path_through(self.graph, source, [self.through])
            derived = derivation(self.graph, source, numbers, way)
            lines.append(derived.line)
            after += [place.get(node, LAST) for node in self._after(derived, source)]
        return tuple(lines), tuple(after)

    def _after(self, derived: Derivation, source: int) -> Iterator[int]:
        """Yield for each part of a line the node that it comes after, in this graph."""
        edges = [edge for path in derived.paths for edge in reversed(path)]
        sides: list[list[Written]] = [[]]
        for part in parts(derived.line):
            if part.text[:1] in "=≈":
                sides.append([])
            sides[-1].append(part)
        yield from (self.graph.output for _ in sides[0])
        for side in sides[1:-1]:
            if len(side) == len(edges):  # a factor for each edge
                yield from (self.graph.edges[edge].source for edge in edges)
            else:
                yield from (LAST for _ in side)
        whole = source if len(derived.paths) in (0, derived.count) else LAST
        yield from (whole for side in sides[1:][-1:] for _ in side)

    def renamed(self, old: str, new: str) -> Rule:
        """The rule with another name for a node."""
        found = [i for i, node in enumerate(self.graph.nodes) if node.label == old]
        graph = renamed(self.graph, found[0], new) if old and len(found) == 1 else self.graph
        return replace(self, graph=graph)


def renamed(graph: Graph, index: int, name: str) -> Graph:
    """The graph with another name for a node."""
    nodes = list(graph.nodes)
    nodes[index] = replace(nodes[index], label=name)
    return replace(graph, nodes=tuple(nodes))


def _places(named: Graph, drawn: Graph) -> dict[int, int]:
    """Where the nodes of a contracted graph are in another one of the same names."""
    at = {node.label: index for index, node in enumerate(drawn.nodes) if node.label}
    found = {i: at[node.label] for i, node in enumerate(named.nodes) if node.label in at}
    return {**found, named.output: drawn.output}
