"""The lecture picture: neurons in columns, weights on the edges, one path with its factors.

A leaf that is multiplied with another node is a weight and is written on the edge it weighs; a leaf
that is added is a bias and is written under its neuron. Every other named node is a circle.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import hypot

from scalargrad.graph.model import Graph, Node
from scalargrad.notation.names import Written
from scalargrad.notation.words import printable
from scalargrad.view.layout.layered import Box, Point, layered
from scalargrad.view.scene import (
    Arrow,
    Circle,
    Extent,
    Look,
    Rectangle,
    Scene,
    Shape,
    Text,
    description,
    drawable,
    extent,
    name_of,
    title,
)
from scalargrad.view.styles.beneath import with_lines_beneath
from scalargrad.view.styles.layers import layers

MOST_ROWS = 6  # circles in a column; of more, some are left out
SHOWN_ROWS = 4  # of a longer column
MOST_LABELS = 20  # edges with weights that are written out; of more, none is

_NAME, _NUMBER, _HEADING = 15.0, 12.0, 12.0  # sizes of text, in points
_LEADING = 15.0
_HIDDEN = ""  # the colour of a text that only keeps its place
_MARGIN = 14.0
_PADDING = 3.0  # between texts, and between a text and a line
_LONGEST = 14  # letters of a name in a circle
_WEIGHT = re.compile(r"(w|W|theta|θ|v|u|k|weight)\W*\w*")
_BIAS = re.compile(r"(b|beta|β|bias|c)(\W|\d|_|[₀-₉]|$).*")
_TARGET = re.compile(r"(y|t|target|label)(\d|_|[₀-₉]|$).*")
_LOSS = re.compile(r"(loss|L|ℓ|J|E|cost)(\W|\d|_|[₀-₉]|$).*")


def is_network(graph: Graph) -> bool:
    """Whether a contracted graph has weights, and a named node between them and the output."""
    roles = _Roles(graph)
    return bool(roles.weighed) and any(
        graph.incoming[index] and index != graph.output for index in roles.circles
    )


def network(graph: Graph, look: Look) -> Scene:
    """The contracted graph as a network."""
    net = _Net(graph, look, _Roles(graph))
    if look.layers:
        computed = [[i for i in column if graph.incoming[i]] for column in net.columns]
        columns = [some or all_ for some, all_ in zip(computed, net.columns, strict=True)]
        headings = [_heading(net, c, column) for c, column in enumerate(columns)]
        kept = {index for column in columns for index in column}
        edges = [(a, b) for a, b in net.edges if a in kept]
        return layers(graph, look, columns, headings, edges)
    plan = _planned(net)
    return with_lines_beneath(_painted(plan), look)


# Roles -------------------------------------------------------------------------------------------


class _Roles:
    """Which node of a contracted graph is drawn as what.

    Attributes:
        weighed: for an edge, as its source and target, the weights on it.
        biases: for a node, the leaves that are added in it.
        circles: the other nodes.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        partners = Counter(n for a, b, _ in set(graph.products) for n in (a, b))
        self.weighed: dict[tuple[int, int], list[int]] = {}
        weights = set()
        for a, b, target in dict.fromkeys(graph.products):
            weight = self._weight(a, b, partners)
            if weight is not None:
                partner = b if weight == a else a
                self.weighed.setdefault((partner, target), []).append(weight)
                weights.add(weight)
        self.biases: dict[int, list[int]] = {}
        added = set()
        for leaf, target in dict.fromkeys(graph.terms):
            if self._is_bias(leaf) and leaf not in weights:
                self.biases.setdefault(target, []).append(leaf)
                added.add(leaf)
        self.circles = [i for i in range(len(graph.nodes)) if i not in weights | added]

    def _weight(self, a: int, b: int, partners: Counter[int]) -> int | None:
        """Which of two factors is the weight, if one is."""
        nodes = self.graph.nodes
        leaves = [i for i in (a, b) if nodes[i].is_leaf and i not in partners_of_themselves(a, b)]
        named = [i for i in leaves if _WEIGHT.fullmatch(nodes[i].label)]
        if len(named) == 1:
            return named[0]
        once = [i for i in leaves if partners[i] == 1 and len(self.graph.outgoing[i]) == 1]
        if len(leaves) == 1 and leaves == once and not _TARGET.fullmatch(nodes[leaves[0]].label):
            return leaves[0]
        return once[0] if len(once) == 1 and len(leaves) == 2 else None

    def _is_bias(self, index: int) -> bool:
        node = self.graph.nodes[index]
        return node.is_leaf and bool(_BIAS.fullmatch(node.label))


def partners_of_themselves(a: int, b: int) -> frozenset[int]:
    """A node that is multiplied with itself is no weight."""
    return frozenset({a}) if a == b else frozenset()


# The net that is drawn ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Label:
    """Lines of text that belong together.

    Attributes:
        of: the edge that they stand beside, or the circle.
        texts: relative to the middle of the label.
    """

    of: tuple[int, int] | int
    texts: tuple[Text, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Net:
    """What is drawn of a graph, but for the coordinates."""

    graph: Graph
    look: Look
    roles: _Roles

    @cached_property
    def edges(self) -> list[tuple[int, int]]:
        """Edges between circles; what goes into a weight or a bias goes into its edge or neuron."""
        circles = set(self.roles.circles)
        through = [
            (edge.source, edge.target)
            for edge in self.graph.edges
            if edge.source in circles and edge.target in circles
        ]
        return list(dict.fromkeys(through))

    @cached_property
    def columns(self) -> list[list[int]]:
        """All circles by depth; a leaf stands just before its first use, inputs at the left."""
        depth = dict.fromkeys(self.roles.circles, 0)
        for source, target in self.edges:
            depth[target] = max(depth[target], depth[source] + 1)
        uses: dict[int, list[int]] = {}
        for source, target in self.edges:
            uses.setdefault(source, []).append(depth[target])
        for index in self.roles.circles:
            if not self.graph.incoming[index] and index in uses:
                depth[index] = min(uses[index]) - 1
        columns: list[list[int]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
        for index in self.roles.circles:
            columns[depth[index]].append(index)
        return [sorted(column, key=self._rank) for column in columns]

    def _rank(self, index: int) -> tuple[bool, int]:
        """Targets stand under the outputs that they are compared with."""
        return not self.graph.incoming[index] and self.column_of_leaf_is_late(index), index

    def column_of_leaf_is_late(self, index: int) -> bool:
        """Whether a leaf is used by a node that has operands of its own among the circles."""
        sources = {source for source, target in self.edges if target in self._targets(index)}
        return any(self.graph.incoming[source] for source in sources)

    def _targets(self, index: int) -> set[int]:
        return {target for source, target in self.edges if source == index}

    @cached_property
    def shown(self) -> list[list[int]]:
        """Of each column the circles that are drawn; -1 stands for those that are left out."""
        on_path = {n for e in self.look.path for n in self._ends(e)}
        columns = []
        for column in self.columns:
            if len(column) <= MOST_ROWS:
                columns.append(column)
                continue
            kept = [*column[: SHOWN_ROWS - 1], column[-1]]
            kept += [i for i in column if i in on_path and i not in kept][:2]
            rows: list[int] = []
            for index in column:
                if index in kept:
                    rows.append(index)
                elif -1 not in rows:
                    rows.append(-1)
            columns.append(rows)
        return columns

    def _ends(self, edge: int) -> tuple[int, int]:
        return self.graph.edges[edge].source, self.graph.edges[edge].target

    @cached_property
    def visible(self) -> list[tuple[int, int]]:
        """The edges between circles that are drawn."""
        there = {index for column in self.shown for index in column}
        return [(a, b) for a, b in self.edges if a in there and b in there]

    @cached_property
    def path_edges(self) -> dict[tuple[int, int], list[int]]:
        """For each drawn edge on the path, the edges of the graph that it stands for."""
        found: dict[tuple[int, int], list[int]] = {}
        for index in sorted(self.look.path):
            source, target = self._ends(index)
            carriers = [(a, b) for (a, b), ws in self.roles.weighed.items()
                        if source in ws and b == target]  # fmt: skip
            for carrier in carriers or [(source, target)]:
                found.setdefault(carrier, []).append(index)
        return found

    @cached_property
    def on_path(self) -> frozenset[int]:
        """The circles on the path: the computed ones, and the leaf it begins with."""
        circles = set(self.roles.circles)
        return frozenset(n for e in self.look.path for n in self._ends(e) if n in circles)

    @cached_property
    def radius(self) -> float:
        """The radius of all circles: the least that holds every text."""
        needed = 27.0
        for column in self.shown:
            for index in column:
                lines = _circle_lines(self.graph, replace(self.look, step=None), index)
                for text in lines:
                    reach = _reach(text)
                    far = max(abs(text.y - reach.above), abs(text.y + reach.below))
                    needed = max(needed, hypot(reach.width / 2, far * 0.92) + 3)
        return min(needed, 90.0)

    @cached_property
    def has_labels(self) -> bool:
        """Whether weights and biases are written out."""
        whole = all(index >= 0 for column in self.shown for index in column)
        return whole and sum(edge in self.roles.weighed for edge in self.visible) <= MOST_LABELS

    @property
    def has_biases(self) -> bool:
        """Whether biases are written out."""
        return self.has_labels and self.look.biases

    @cached_property
    def gaps(self) -> list[float]:
        """The room between a column and the next, for the labels of its edges."""
        place = {index: c for c, column in enumerate(self.columns) for index in column}
        widest = [24.0] * len(self.columns)
        for edge in self.visible:
            if label := self.label(edge):
                size = label.width if self.look.direction == "LR" else label.height
                widest[place[edge[0]]] = max(widest[place[edge[0]]], size)
        crowd = [len(column) * len(after) for column, after in pairwise([*self.shown, []])]
        return [size + 32.0 + 3 * min(count, 16) for size, count in zip(widest, crowd, strict=True)]

    def labels(self) -> list[_Label]:
        """All that is written beside edges and circles."""
        beside = [self.label(edge) for edge in self.visible]
        under = [self.note(index) for column in self.shown for index in column if index >= 0]
        return [label for label in (*beside, *under) if label]

    def label(self, edge: tuple[int, int]) -> _Label | None:
        """What is written beside an edge: its weights, and its factors on the path."""
        look, theme = self.look, self.look.theme
        lines: list[Sequence[Text]] = []
        if self.has_labels:
            for weight in self.roles.weighed.get(edge, []):
                lines += _named_number(self.graph, look, weight)
        for index in self.path_edges.get(edge, []):
            factor = _factor(self.graph, look, index)
            lines.append([Text(0, 0, factor.text, 12.5, theme.accent, math=factor.math)])
        return _stacked(edge, lines) if lines else None

    def note(self, index: int) -> _Label | None:
        """What is written under a circle: its biases."""
        lines: list[Sequence[Text]] = []
        for bias in self.roles.biases.get(index, []) if self.has_biases else []:
            lines += _named_number(self.graph, self.look, bias)
            for edge in self.graph.outgoing[bias]:
                if edge in self.look.path and self._ends(edge)[1] == index:
                    factor = _factor(self.graph, self.look, edge)
                    lines.append(
                        [Text(0, 0, factor.text, 12.5, self.look.theme.accent, math=factor.math)]
                    )
        return _stacked(index, lines) if lines else None


def _circle_lines(graph: Graph, look: Look, index: int) -> list[Text]:
    """Name, value and gradient, relative to the middle of the circle."""
    node = graph.nodes[index]
    theme = look.theme
    grey = index in look.dropped
    name = name_of(node)
    called = name.text or drawable(title(node, look.numbers))
    heading = Text(
        0, 0, printable(called, _LONGEST), _NAME,
        theme.muted if grey else theme.ink, math=name.math,
    )  # fmt: skip
    rows = [heading]
    rows.append(Text(0, 0, look.value(graph, index), _NUMBER, theme.muted if grey else theme.value))
    gradient = look.gradient(graph, index)
    rows.append(Text(0, 0, gradient, _NUMBER, theme.muted if grey else theme.gradient))
    name_below = max(_reach(heading).below, 3.0)
    baselines = [0.0, name_below + _LEADING - 3.0, name_below + 2 * _LEADING - 3.0]
    middle = (baselines[-1] + 2.0 - max(_reach(heading).above, 9.0)) / 2
    return [replace(text, y=y - middle) for text, y in zip(rows, baselines, strict=True)]


def _named_number(graph: Graph, look: Look, index: int) -> list[Sequence[Text]]:
    """Two lines: w₂ = 0.8, and beneath it the gradient; what is not known yet has no colour."""
    theme, full = look.theme, replace(look, step=None)
    name = name_of(graph.nodes[index])
    ink = theme.accent if look.is_new(index) else theme.ink
    sign = " " if look.numbers.is_approximate(graph.nodes[index].value) else " = "
    value = theme.value if look.value(graph, index) else _HIDDEN
    gradient = theme.gradient if look.gradient(graph, index) else _HIDDEN
    return [
        [
            Text(0, 0, f"{name.text}{sign}", 13.0, ink, math=name.math and f"{name.math}{sign}"),
            Text(0, 0, full.value(graph, index), _NUMBER, value),
        ],
        [Text(0, 0, full.gradient(graph, index), _NUMBER, gradient)],
    ]


def _factor(graph: Graph, look: Look, index: int) -> Written:
    """∂h₂/∂w₂ = 2, the fraction as the slide sets it."""
    edge = graph.edges[index]
    above, below = (_named(graph.nodes[n], look) for n in (edge.target, edge.source))
    sign = "" if look.numbers.is_approximate(edge.local) else "= "
    math = rf"\dfrac{{\partial {above.math}}}{{\partial {below.math}}} " + (
        f"{sign}{look.numbers.math(edge.local)}".replace(r"\frac", r"\dfrac")
    )
    text = f"∂{above.text}/∂{below.text} {sign}{look.numbers.text(edge.local)}"
    return Written(drawable(text), math if above.math and below.math else "")


def _named(node: Node, look: Look) -> Written:
    name = name_of(node)
    return name if name.text else Written(title(node, look.numbers), "")


def _reach(text: Text) -> Extent:
    return extent(text.text, text.size, text.bold, text.math)


def _stacked(of: tuple[int, int] | int, lines: Iterable[Sequence[Text]]) -> _Label:
    """Lines of texts beneath one another, each line centred; hidden texts keep their place."""
    rows = [[(text, _reach(text)) for text in line] for line in lines]
    widths = [sum(reach.width for _, reach in row) for row in rows]
    heights = [max(max(r.above for _, r in row), 9.0) + max(max(r.below for _, r in row), 3.0)
               for row in rows]  # fmt: skip
    total = sum(heights) + 2.0 * (len(rows) - 1)
    y = -total / 2
    texts = []
    for row, width, height in zip(rows, widths, heights, strict=True):
        x = -width / 2
        below = max(max(reach.below for _, reach in row), 3.0)
        for text, reach in row:
            if text.colour != _HIDDEN:
                texts.append(replace(text, x=x + reach.width / 2, y=y + height - below))
            x += reach.width
        y += height + 2.0
    return _Label(of, tuple(texts), max(widths), total)


# Coordinates -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """The net with coordinates.

    Attributes:
        centers: of the circles, by node.
        dots: places of the marks for circles that are left out, with how many they are.
        routes: of the edges.
        labels: a label and its middle.
        headings: the names of the columns.
    """

    net: _Net
    centers: dict[int, Point]
    dots: list[tuple[Point, int]]
    routes: dict[tuple[int, int], tuple[Point, ...]]
    labels: list[tuple[_Label, Point]]
    headings: list[Text]


def _planned(net: _Net) -> _Plan:
    """Coordinates in which no label overlaps another, a circle or an edge, if that can be had."""
    known = replace(net, look=replace(net.look, step=None))  # frames have one layout
    row = 4 * known.radius if known.has_labels else 2 * known.radius + 16
    best: _Plan | None = None
    least = 0.0
    for stretch in (1.0, 1.15, 1.32, 1.52, 1.75):
        plan, cost = _placed(known, stretch, row * stretch)
        if best is None or cost < least - 1e-6:
            best, least = plan, cost
        if cost <= 1.0:
            break
    assert best is not None
    places = [place for _, place in best.labels]
    return replace(best, net=net, labels=list(zip(net.labels(), places, strict=True)))


def _placed(net: _Net, stretch: float, row: float) -> tuple[_Plan, float]:
    """A plan with gaps of a size, and how much in it overlaps."""
    turned = net.look.direction == "TB"
    centers, dots, routes = _circles(net, stretch, row)
    if turned:
        centers = {i: (y, x) for i, (x, y) in centers.items()}
        dots = [((y, x), count) for (x, y), count in dots]
        routes = {e: tuple((y, x) for x, y in route) for e, route in routes.items()}
    taken = [_around(center, 2 * net.radius, 2 * net.radius) for center in centers.values()]
    labels: list[tuple[_Label, Point]] = []
    cost = 0.0
    middle = sum(y for _, y in centers.values()) / len(centers)
    lines = list(routes.values())
    for label in net.labels():
        if isinstance(label.of, int):
            place, price = _best_note(label, centers[label.of], net.radius, taken, lines)
        else:
            place, price = _best_place(label, routes[label.of], taken, lines, middle)
        labels.append((label, place))
        taken.append(_around(place, label.width + _PADDING, label.height + _PADDING))
        cost += price
    return _Plan(net, centers, dots, routes, labels, _headings(net, centers, taken)), cost


Area = tuple[float, float, float, float]  # left, top, right, bottom


def _circles(
    net: _Net, stretch: float, row: float
) -> tuple[dict[int, Point], list[tuple[Point, int]], dict[tuple[int, int], tuple[Point, ...]]]:
    """The middles of the circles, the marks for those left out, and the edges."""
    place = {index: c for c, column in enumerate(net.columns) for index in column}
    centers: dict[int, Point] = {}
    dots: list[tuple[Point, int]] = []
    gaps = [gap * stretch for gap in net.gaps]
    near = min(row, 2 * net.radius + (44.0 if net.has_biases else 22.0))  # targets under outputs
    if all(place[b] - place[a] == 1 for a, b in net.visible):
        for c, rows in enumerate(net.shown):
            computed = [i for i in rows if i < 0 or net.graph.incoming[i] or c == 0]
            targets = [i for i in rows if i not in computed]
            x = c * 2 * net.radius + sum(gaps[:c])
            lowest = (len(computed) - 1) / 2 * row
            places = [k * row - lowest for k in range(len(computed))]
            places += [lowest + (k + 1) * near for k in range(len(targets))]
            for y, index in zip(places, [*computed, *targets], strict=True):
                at = (x, y)
                if index >= 0:
                    centers[index] = at
                else:
                    dots.append((at, len(net.columns[c]) - len(rows) + 1))
        return (
            centers,
            dots,
            {(a, b): _straight(centers[a], centers[b], net.radius) for a, b in net.visible},
        )
    order = [index for column in net.shown for index in column if index >= 0]
    order.sort()
    position = {index: k for k, index in enumerate(order)}
    box = Box(2 * net.radius, 2 * net.radius)
    layout = layered(
        [box] * len(order),
        [(position[a], position[b]) for a, b in net.visible],
        column_gap=max(gaps),
        row_gap=row - 2 * net.radius,
        margin=0,
    )
    centers = dict(zip(order, layout.centers, strict=True))
    return (
        centers,
        [],
        {
            (a, b): _straight(centers[a], centers[b], net.radius)
            if len(route) <= 2
            else (
                _border(centers[a], route[1], net.radius),
                *route[1:-1],
                _border(centers[b], route[-2], net.radius),
            )
            for (a, b), route in zip(net.visible, layout.routes, strict=True)
        },
    )


def _straight(a: Point, b: Point, radius: float) -> tuple[Point, ...]:
    return _border(a, b, radius), _border(b, a, radius)


def _border(center: Point, towards: Point, radius: float) -> Point:
    """Where a line to a point leaves a circle."""
    right, down = towards[0] - center[0], towards[1] - center[1]
    length = hypot(right, down) or 1.0
    return center[0] + right / length * radius, center[1] + down / length * radius


def _around(center: Point, width: float, height: float) -> Area:
    x, y = center
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8)


def _best_place(
    label: _Label,
    route: tuple[Point, ...],
    taken: list[Area],
    lines: list[tuple[Point, ...]],
    middle: float,
) -> tuple[Point, float]:
    """Where a label beside an edge overlaps least, nearest its middle and on its outer side."""
    (x0, y0), (x1, y1) = route[0], route[-1]
    right, down = x1 - x0, y1 - y0
    length = hypot(right, down) or 1.0
    best, least = (0.0, 0.0), float("inf")
    for rank, along in enumerate(_ALONG):
        x, y = _on(route, along)
        for side in (-1, 1):
            across, upward = side * -down / length, side * right / length
            away = abs(across) * label.width / 2 + abs(upward) * label.height / 2 + 2 * _PADDING
            center = (x + across * away, y + upward * away)
            outer = (center[1] - y) * (y - middle) >= -1e-6
            area = _around(center, label.width, label.height)
            cost = rank * 0.01 + (not outer) * 0.005 + _overlap(area, taken) + _crossed(area, lines)
            cost += _doubt(area, route, lines)
            if abs(y - middle) < 1 and center[1] > y:
                cost += 0.008  # above a level edge, as the lecture writes it
            if cost < least:
                best, least = center, cost
    return best, least


_CLEARLY = 6.0  # points that another line must be farther from a label than its own


def _doubt(area: Area, route: tuple[Point, ...], lines: list[tuple[Point, ...]]) -> float:
    """How much nearer than its own line, and some points, a label stands to another one."""
    own = _distance(area, route) + _CLEARLY
    nearest = min((_distance(area, line) for line in lines if line is not route), default=own)
    return 2 + own - nearest if nearest < own else 0.0


def _distance(area: Area, route: tuple[Point, ...]) -> float:
    """From the border of an area to a line, sampled along it."""
    points = [_on(route, step / 24) for step in range(25)]
    return min(
        hypot(max(area[0] - x, x - area[2], 0.0), max(area[1] - y, y - area[3], 0.0))
        for x, y in points
    )


def _best_note(
    note: _Label, center: Point, radius: float, taken: list[Area], lines: list[tuple[Point, ...]]
) -> tuple[Point, float]:
    """Where the biases of a circle stand: under it, else above it, else beside."""
    down = radius + note.height / 2 + _PADDING
    right = radius + note.width / 2 + _PADDING
    best, least = center, float("inf")
    places = ((0, down), (0, -down), (-right / 2, down), (right / 2, down), (-right / 2, -down),
              (right / 2, -down), (right, 0), (-right, 0))  # fmt: skip
    for rank, (x, y) in enumerate(places):
        place = center[0] + x, center[1] + y
        area = _around(place, note.width, note.height)
        cost = rank * 0.01 + _overlap(area, taken) + _crossed(area, lines)
        if cost < least:
            best, least = place, cost
    return best, least


def _on(route: tuple[Point, ...], along: float) -> Point:
    """The point at a share of the way along a line through points."""
    pieces = list(pairwise(route))
    lengths = [hypot(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pieces]
    left = along * sum(lengths)
    for ((x0, y0), (x1, y1)), length in zip(pieces, lengths, strict=True):
        if left <= length and length:
            share = left / length
            return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        left -= length
    return route[-1]


def _overlap(area: Area, taken: list[Area]) -> float:
    """How many points of width and height an area shares with others, as square root of area."""
    shared = 0.0
    for other in taken:
        width = min(area[2], other[2]) - max(area[0], other[0])
        height = min(area[3], other[3]) - max(area[1], other[1])
        if width > 0 and height > 0:
            shared += 1 + width * height
    return shared


def _crossed(area: Area, lines: list[tuple[Point, ...]]) -> float:
    """How much of the lines runs through an area, in points."""
    length = 0.0
    for route in lines:
        for start, end in pairwise(route):
            inside = _inside(area, start, end)
            length += 1 + inside if inside > 0 else 0
    return length


def _inside(area: Area, start: Point, end: Point) -> float:
    """The length of a segment that lies in an area (Liang and Barsky's clipping, 1984)."""
    right, down = end[0] - start[0], end[1] - start[1]
    first, last = 0.0, 1.0
    for step, room in (
        (-right, start[0] - area[0]), (right, area[2] - start[0]),
        (-down, start[1] - area[1]), (down, area[3] - start[1]),
    ):  # fmt: skip
        if step == 0:
            if room < 0:
                return 0.0
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    return max(0.0, last - first) * hypot(right, down)


# Headings ----------------------------------------------------------------------------------------


def _headings(net: _Net, centers: dict[int, Point], taken: list[Area]) -> list[Text]:
    """What the columns are called, above them (or, from top to bottom, at their left)."""
    theme = net.look.theme
    top = min(area[1] for area in taken) - 16
    left = min(area[0] for area in taken) - 14
    headings = []
    for c, column in enumerate(net.columns):
        shown = [i for i in net.shown[c] if i >= 0]
        x, y = centers[shown[0]]
        text = _heading(net, c, column)
        if net.look.direction == "LR":
            headings.append(Text(x, top, text, _HEADING, theme.muted))
        else:
            headings.append(Text(left, y + 4, text, _HEADING, theme.muted, anchor="end"))
    return headings


def _heading(net: _Net, c: int, column: list[int]) -> str:
    nodes = net.graph.nodes
    last = len(net.columns) - 1
    has_loss = bool(_LOSS.fullmatch(nodes[net.graph.output].label)) and last > 0
    computed = [nodes[i] for i in column if net.graph.incoming[i]]
    if not computed:
        return "inputs" if len(column) > 1 else "input"
    if c == last:
        return "loss" if has_loss else "output"
    is_one = len({node.operation for node in computed}) == 1
    what = "output" if has_loss and c == last - 1 else "hidden"
    return f"{what} ({computed[0].symbol})" if is_one and computed[0].is_activation else what


# Painting ----------------------------------------------------------------------------------------


def _painted(plan: _Plan) -> Scene:
    """The scene of a plan, moved into the frame."""
    net = plan.net
    shapes = [*_arrows(plan), *_discs(plan)]
    paper = net.look.theme.paper
    for label, (x, y) in plan.labels:  # lines that run under a label end at it
        left, top = x - label.width / 2 - 1, y - label.height / 2
        shapes.append(Rectangle(left, top, label.width + 2, label.height, paper, paper, 2.0, 0.0))
        shapes += [replace(text, x=text.x + x, y=text.y + y) for text in label.texts]
    shapes += plan.headings
    areas = [_area(shape) for shape in shapes]
    # Places of texts that are not known yet count too: frames share one canvas.
    areas += [_around(place, label.width, label.height) for label, place in plan.labels]
    left, top = min(a[0] for a in areas) - _MARGIN, min(a[1] for a in areas) - _MARGIN
    width = max(a[2] for a in areas) - left + _MARGIN
    height = max(a[3] for a in areas) - top + _MARGIN
    return Scene(
        width, height, tuple(_moved(shape, -left, -top) for shape in shapes),
        net.look.theme.paper, description(net.graph, net.look.numbers),
    )  # fmt: skip


def _arrows(plan: _Plan) -> list[Shape]:
    net, theme = plan.net, plan.net.look.theme
    arrows: list[Shape] = []
    for edge, route in plan.routes.items():
        is_on_path = edge in net.path_edges
        dropped = any(end in net.look.dropped for end in edge)
        curved = "" if len(route) == 2 else "x" if net.look.direction == "LR" else "y"
        arrows.append(
            Arrow(
                route,
                theme.path if is_on_path else theme.wire,
                2.6 if is_on_path else 1.3,
                curved,  # type: ignore[arg-type]
                dropped,
                11.0 if is_on_path else 7.5,
            )
        )
    return sorted(arrows, key=lambda arrow: isinstance(arrow, Arrow) and arrow.line)


def _discs(plan: _Plan) -> list[Shape]:
    net, look, theme = plan.net, plan.net.look, plan.net.look.theme
    shapes: list[Shape] = []
    for index, (x, y) in plan.centers.items():
        accented = index in net.on_path or look.is_new(index)
        grey = index in look.dropped
        shapes.append(
            Circle(
                x,
                y,
                net.radius,
                theme.accent_tint if accented else theme.paper,
                theme.path if accented else theme.wire if grey else theme.frame,
                2.4 if accented else 1.4,
                grey,
            )
        )
        for text in _circle_lines(net.graph, look, index):
            if text.text:
                shapes.append(replace(text, x=x, y=y + text.y))
    for (x, y), count in plan.dots:
        shapes.append(Text(x, y - 4, "⋮", 18.0, theme.muted))
        shapes.append(Text(x, y + 14, f"{count} more", 11.0, theme.muted))
    return shapes


def _area(shape: Shape) -> Area:
    if isinstance(shape, Text):
        reach = _reach(shape)
        left = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * reach.width
        return (shape.x - left, shape.y - reach.above, shape.x - left + reach.width,
                shape.y + reach.below)  # fmt: skip
    if isinstance(shape, Circle):
        return _around((shape.x, shape.y), 2 * shape.radius, 2 * shape.radius)
    if isinstance(shape, Arrow):
        xs, ys = zip(*shape.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
    return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height


def _moved(shape: Shape, right: float, down: float) -> Shape:
    if isinstance(shape, Arrow):
        return replace(shape, points=tuple((x + right, y + down) for x, y in shape.points))
    return replace(shape, x=shape.x + right, y=shape.y + down)
