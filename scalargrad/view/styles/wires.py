"""What circuits and records share: places for nodes, and for the texts on the wires between them.

A text on a wire is a box of its own in the layout, through whose middle the wire runs: nothing can
touch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scalargrad.graph.model import Graph
from scalargrad.view.layout.layered import Layout, Point
from scalargrad.view.scene import Look, extent

TAG_SIZE = 11.0  # of the font, in points


@dataclass(frozen=True)
class Tag:
    """The texts on a wire, or "" for none.

    Attributes:
        factor: the local derivative, on a wire of the path.
        contribution: what the wire brings to the gradient of a node that is used more than once.
        shows_factor: whether the factor is known.
        shows_contribution: whether the contribution is known.
    """

    factor: str
    contribution: str
    shows_factor: bool
    shows_contribution: bool

    @property
    def widths(self) -> tuple[float, float]:
        """The widths of the two texts."""
        both = (self.factor, self.contribution)
        return extent(both[0], TAG_SIZE).width, extent(both[1], TAG_SIZE).width


def tags(graph: Graph, look: Look) -> dict[int, Tag]:
    """The texts on wires, by the index of the edge."""
    found = {}
    for index, edge in enumerate(graph.edges):
        factor = _factor(look.numbers.text(edge.local)) if index in look.path else ""
        splits = len(graph.outgoing[edge.source]) > 1
        contribution = ""
        if splits and not graph.nodes[edge.source].is_constant:
            contribution = look.numbers.text(edge.contribution)
        if factor or contribution:
            step = look.step
            is_past = (
                step is None
                or edge.source in step.gradients
                or (edge.target in step.gradients and edge.target not in step.new)
            )
            has_value = step is None or edge.target in step.values
            found[index] = Tag(factor, contribution, has_value, is_past)
    return found


def _factor(number: str) -> str:
    return f"× {number}" if number.replace(".", "").isdigit() else f"× ({number})"


@dataclass(frozen=True)
class Items:
    """What is laid out: the nodes, and before each the tags of the wires that end on it.

    Attributes:
        nodes: the item of each node.
        tags: the item of the tag of an edge.
        edges: between items, as the layout takes them.
        parts: for each edge of the graph its one or two edges between items.
    """

    nodes: tuple[int, ...]
    tags: dict[int, int]
    edges: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(self.nodes) + len(self.tags)

    def route(self, layout: Layout, edge: int) -> tuple[Point, ...]:
        """The way of an edge of the graph, through its tag where it has one."""
        routes = [layout.routes[part] for part in self.parts[edge]]
        points = list(routes[0])
        for route in routes[1:]:
            points += route
        return _without_repeats(points)

    def ordered(self, graph: Graph) -> frozenset[int]:
        """The items whose wires come in the order of the operands."""
        return frozenset(
            item for item, node in zip(self.nodes, graph.nodes, strict=True) if not node.commutes
        )


def items(graph: Graph, tagged: dict[int, Tag]) -> Items:
    """The items of a graph."""
    nodes: list[int] = []
    tag_items: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    parts: list[tuple[int, ...]] = [()] * len(graph.edges)
    for incoming in graph.incoming:
        for edge in incoming:
            if edge in tagged:
                tag_items[edge] = len(nodes) + len(tag_items)
        node = len(nodes) + len(tag_items)
        for edge in incoming:
            way = [nodes[graph.edges[edge].source], *_at(tag_items, edge), node]
            parts[edge] = tuple(range(len(edges), len(edges) + len(way) - 1))
            edges += pairwise(way)
        nodes.append(node)
    return Items(tuple(nodes), tag_items, tuple(edges), tuple(parts))


def _at(places: dict[int, int], edge: int) -> list[int]:
    return [places[edge]] if edge in places else []


def with_level_end(route: tuple[Point, ...], direction: str, length: float) -> tuple[Point, ...]:
    """The route with a straight stretch of some length at its end, for the head of an arrow."""
    along, across = (0, 1) if direction == "LR" else (1, 0)
    if len(route) < 3 or route[-2][across] != route[-1][across]:
        return route
    end = route[-1]
    if end[along] - route[-2][along] >= length:
        return route
    before = (end[0] - length, end[1]) if along == 0 else (end[0], end[1] - length)
    return (*route[:-2], before, end)


def _without_repeats(points: Sequence[Point]) -> tuple[Point, ...]:
    kept = list(points[:1])
    for point in points[1:]:
        if point != kept[-1]:
            kept.append(point)
    return tuple(kept)


def on_path(graph: Graph, look: Look) -> frozenset[int]:
    """The nodes that the path passes, ends included."""
    edges = [graph.edges[index] for index in look.path]
    return frozenset(node for edge in edges for node in (edge.source, edge.target))
