"""The circuit: operations as circles, the value above each wire and the gradient below it.

Lengths along the wires and across them are kept apart, so that one code draws from left to right
and from top to bottom, where "above" is to the left of a wire and "below" to its right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written
from scalargrad.view.layout.engines import laid_out
from scalargrad.view.layout.layered import Box, Layout, Point, column_numbers, layered
from scalargrad.view.scene import (
    Arrow,
    Circle,
    Look,
    Rectangle,
    Scene,
    Shape,
    description,
    drawable,
    extent,
    name_of,
)
from scalargrad.view.styles.beneath import with_lines_beneath
from scalargrad.view.styles.rows import (
    Piece,
    Row,
    row_above,
    row_below,
    row_height,
    row_texts,
    row_width,
)
from scalargrad.view.styles.wires import TAG_SIZE, Items, Tag, items, on_path, tags

_RADIUS = 19.0
_NUMBER, _MATH_NAME, _NAME, _WORD = 12.0, 18.0, 13.0, 11.5  # sizes of texts, in points
_LIFT, _ASIDE = 4.0, 6.0  # from a wire to the texts above and below it, and beside it
_PADDING = 8.0  # before and after the texts on a wire
_SHORTEST = 18.0  # of the wire behind a node
_PORT_GAP = 19.0  # between the wires into a circle
_LINE, _THICK = 1.4, 2.6
_HEAD = 8.0  # length of an arrow's head
_COLUMN_GAP, _ROW_GAP, _MARGIN = 26.0, 10.0, 10.0

_SYMBOLS = {"σ": Written("σ", r"\sigma"), "^": Written("^", r"a^{\,b}")}
_LARGE = frozenset("×+−÷^Σ√")


def circuit(graph: Graph, look: Look) -> Scene:
    """The graph as a circuit."""
    plan = _Plan(graph, look)
    shapes: list[Shape] = []
    for index in sorted(range(len(graph.edges)), key=lambda edge: edge in look.path):
        shapes += plan.wire(index)
    for index in range(len(graph.nodes)):
        shapes += plan.node(index)
    for edge, tag in plan.tags.items():
        shapes += plan.tag(edge, tag)
    scene = Scene(
        plan.layout.width,
        plan.layout.height,
        tuple(shapes),
        look.theme.paper,
        description(graph, look.numbers),
    )
    return with_lines_beneath(scene, look)


_Rows = tuple[Row, Row, Row]  # above a wire, below it, and under that


def _under(rows: _Rows) -> float:
    """The height of the row under the gradient."""
    return row_height(rows[2]) + _LIFT if rows[2] else 0.0


# Nodes -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    """What a wire starts at: an operation in its outline, or the name of a leaf.

    Attributes:
        form: a circle, a rounded box, a bare name, or the ring of a leaf without a name.
        label: what is written in it.
        along: its length along the wires.
        across: its breadth.
    """

    form: Literal["circle", "box", "name", "ring"]
    label: Piece
    along: float
    across: float

    @property
    def is_operation(self) -> bool:
        return self.form in ("circle", "box")


@dataclass(frozen=True)
class _Zones:
    """The lengths that stand behind one another in a column."""

    operation: float = 0.0
    head: float = 0.0
    stretch: float = 0.0
    tail: float = 0.0
    tag: float = 0.0

    @property
    def length(self) -> float:
        return max(self.head + self.stretch + self.tail, self.tag)


class _Plan:
    """Where everything stands."""

    def __init__(self, graph: Graph, look: Look) -> None:
        self.graph = graph
        self.look = look
        self.is_level = look.direction == "LR"
        self.path = on_path(graph, look)
        found = tags(graph, look)
        splits = [len(uses) > 1 for uses in graph.outgoing]
        self.tags = {e: tag for e, tag in found.items() if splits[graph.edges[e].source]}
        self.factors = {
            graph.edges[e].source: tag for e, tag in found.items() if e not in self.tags
        }
        self.items: Items = items(graph, self.tags)
        count = range(len(graph.nodes))
        self.heads = [self._head(index) for index in count]
        self.rows = [self._rows(index) for index in count]
        self.tail = self._tail()
        self.column = column_numbers(self.items.count, self.items.edges)
        self.zones = self._zones()
        self.layout: Layout = self._layout()

    # What is written

    def _head(self, index: int) -> _Head:
        node, theme = self.graph.nodes[index], self.look.theme
        colour = theme.muted if index in self.look.dropped else theme.ink
        if node.is_constant:
            number = Written(drawable(self.look.numbers.text(node.value)))
            return self._name_head(Piece(number, _NAME, colour))
        if node.is_leaf:
            if index in self.path and index not in self.look.dropped:
                colour = theme.accent
            name = name_of(node)
            if not name.text:
                return _Head("ring", Piece(name, _NAME, colour), 7.0, 7.0)
            return self._name_head(Piece(name, _MATH_NAME if name.math else _NAME, colour))
        symbol = _SYMBOLS.get(node.symbol, Written(drawable(node.symbol)))
        size = _MATH_NAME if symbol.math or symbol.text in _LARGE else _WORD
        piece = Piece(symbol, size, colour)
        count = len(self.graph.incoming[index])
        breadth, width = (count - 1) * 9.0 + 16.0, piece.extent.width
        if width <= 1.65 * _RADIUS and breadth <= 2 * _RADIUS + 6:
            return _Head("circle", piece, 2 * _RADIUS, 2 * _RADIUS)
        sizes = max(34.0, breadth), width + 16.0
        if self.is_level:
            return _Head("box", piece, max(34.0, sizes[1]), sizes[0])
        return _Head("box", piece, 34.0, max(sizes))

    def _name_head(self, piece: Piece) -> _Head:
        width, height = piece.extent.width + 8.0, piece.extent.height + 6.0
        return _Head("name", piece, *((width, height) if self.is_level else (height, width)))

    def _rows(self, index: int) -> _Rows:
        """What stands above the wire behind a node, and beneath it: the gradient, the factor."""
        factor: Row = ()
        if tag := self.factors.get(index):
            theme = self.look.theme
            colour = theme.muted if index in self.look.dropped else theme.accent
            factor = (Piece(Written(tag.factor), TAG_SIZE, colour, tag.shows_factor),)
        return self._value_row(index), self._gradient_row(index), factor

    def _value_row(self, index: int) -> Row:
        node, theme = self.graph.nodes[index], self.look.theme
        if node.is_constant:
            return ()
        is_dropped = index in self.look.dropped
        text = Written(drawable(self.look.numbers.text(node.value)))
        shown = bool(self.look.value(self.graph, index))
        ink = theme.muted if is_dropped else theme.ink
        value = Piece(text, _NUMBER, theme.muted if is_dropped else theme.value, shown)
        name = name_of(node)
        if node.is_leaf or index == self.graph.output or not name.text:
            return (value,)
        size = 15.0 if name.math else _NUMBER
        sign = () if text.text.startswith("≈") else (Piece(Written("="), _NUMBER, ink, shown),)
        return Piece(name, size, ink), *sign, value

    def _gradient_row(self, index: int) -> Row:
        node, theme = self.graph.nodes[index], self.look.theme
        if node.is_constant:
            return ()
        muted = theme.muted
        shown = bool(self.look.gradient(self.graph, index))
        colour = muted if index in self.look.dropped else theme.gradient
        text = Written(drawable(self.look.numbers.text(node.gradient)))
        gradient = Piece(text, _NUMBER, colour, shown)
        if len(self.graph.outgoing[index]) > 1 and node.gradient is not None:
            sign = "Σ" if text.text.startswith("≈") else "Σ ="
            return Piece(Written(sign), _NUMBER, muted, shown), gradient
        return (gradient,)

    def _tail(self) -> _Head | None:
        """The name behind the output's arrow."""
        index = self.graph.output
        node = self.graph.nodes[index]
        name = name_of(node)
        if node.is_leaf or node.is_constant or not name.text:
            return None
        theme = self.look.theme
        colour = theme.muted if index in self.look.dropped else theme.ink
        return self._name_head(Piece(name, _MATH_NAME if name.math else _NAME, colour))

    # How large it is

    def _stretch(self, index: int) -> float:
        """The length of the wire behind a node."""
        rows = self.rows[index]
        if self.is_level:
            length = max(map(row_width, rows)) + 2 * _PADDING
        else:
            length = max(row_height(rows[0]), row_height(rows[1]) + _under(rows)) + _PADDING
        return max(_SHORTEST, length) + (9.0 if index == self.graph.output else 0.0)

    def _breadth(self, index: int) -> float:
        """What a node and the texts on its wire take across."""
        if self.is_level:
            rows = self.rows[index]
            half = max(row_height(rows[0]), row_height(rows[1]) + _under(rows)) + _LIFT
        else:
            half = max(row_width(row) + _ASIDE for row in self.rows[index])
        tail = self.tail.across if self.tail and index == self.graph.output else 0.0
        return max(self.heads[index].across, 2 * half, tail)

    def _tag_box(self, tag: Tag) -> tuple[float, float]:
        reach = extent("0(", TAG_SIZE)
        if self.is_level:
            return max(tag.widths) + 6.0, 2 * (reach.height + _LIFT)
        return reach.height + _PADDING, 2 * (max(tag.widths) + _ASIDE)

    def _zones(self) -> dict[int, _Zones]:
        longest: dict[int, list[float]] = {}
        for index, item in enumerate(self.items.nodes):
            head = self.heads[index]
            sizes = longest.setdefault(self.column[item], [0.0] * 5)
            found = (head.along * head.is_operation, head.along, self._stretch(index))
            sizes[:3] = map(max, sizes[:3], found)
            if self.tail and index == self.graph.output:
                sizes[3] = self.tail.along
        for edge, item in self.items.tags.items():
            sizes = longest.setdefault(self.column[item], [0.0] * 5)
            sizes[4] = max(sizes[4], self._tag_box(self.tags[edge])[0])
        return {column: _Zones(*sizes) for column, sizes in longest.items()}

    def _layout(self) -> Layout:
        across = [0.0] * self.items.count
        gaps = [(0.0, 0.0)] * self.items.count
        for index, item in enumerate(self.items.nodes):
            across[item] = self._breadth(index)
            gaps[item] = (0.0, self._port_gap(index))
        for edge, item in self.items.tags.items():
            across[item] = self._tag_box(self.tags[edge])[1]
        sizes = [(self.zones[c].length, b) for c, b in zip(self.column, across, strict=True)]
        boxes = [Box(*self._turned(*size)) for size in sizes]
        ordered = self.items.ordered(self.graph)
        if self.look.engine == "dot":
            return laid_out(
                boxes, self.items.edges, engine="dot", ordered=ordered, margin=_MARGIN,
                direction=self.look.direction, column_gap=_COLUMN_GAP, row_gap=_ROW_GAP,
            )  # fmt: skip
        return layered(
            boxes, self.items.edges, port_gaps=gaps, ordered=ordered, margin=_MARGIN,
            direction=self.look.direction, column_gap=_COLUMN_GAP, row_gap=_ROW_GAP,
        )  # fmt: skip

    def _port_gap(self, index: int) -> float:
        """Between the wires that enter a node."""
        between = max(1, len(self.graph.incoming[index]) - 1)
        head = self.heads[index]
        room = 1.6 * _RADIUS if head.form == "circle" else head.across - 16.0
        return min(_PORT_GAP, room / between)

    # Where it stands: places along and across become points

    def _turned(self, x: float, y: float) -> Point:
        """A point of the page as (along, across), and the other way round."""
        return (x, y) if self.is_level else (y, x)

    def _start(self, item: int) -> tuple[float, float, _Zones]:
        """Where an item's column starts, along; where the item is, across; the zones."""
        along, across = self._turned(*self.layout.centers[item])
        zones = self.zones[self.column[item]]
        return along - zones.length / 2, across, zones

    def _head_center(self, index: int) -> Point:
        """The middle of a head, along and across: names end, and operations are centred."""
        start, across, zones = self._start(self.items.nodes[index])
        head = self.heads[index]
        room = zones.operation if head.is_operation else head.along
        return start + zones.head - room / 2, across

    def _behind(self, index: int) -> Point:
        """Where the wire behind a node starts."""
        along, across = self._head_center(index)
        return along + self.heads[index].along / 2, across

    def wire(self, edge: int) -> list[Shape]:
        """A wire, from the node that it leaves to the outline of the one that it enters."""
        source, target = self.graph.edges[edge].source, self.graph.edges[edge].target
        route = [self._turned(*point) for point in self.items.route(self.layout, edge)]
        along, across = self._head_center(target)
        head = self.heads[target]
        limit = 0.85 * _RADIUS if head.form == "circle" else head.across / 2 - 4.0
        aside = max(-limit, min(route[-1][1] - across, limit))
        reach = head.along / 2 if head.form != "circle" else sqrt(_RADIUS**2 - aside**2)
        end = (along - reach, across + aside)
        is_split = len(self.graph.outgoing[source]) > 1
        start = route[0] if is_split else self._behind(source)
        if not self.layout.sampled and len(route) > 1 and route[-2][1] != end[1]:
            route[-1] = (end[0] - _HEAD, end[1])  # the head of the arrow is level
        points = _joined([start, *route, end])
        if not is_split:
            return [self._arrow(points, edge in self.look.path, {source, target})]
        is_accented = any(e in self.look.path for e in self.graph.outgoing[source])
        trunk = self._arrow([self._behind(source), route[0]], is_accented, {source}, 0.0)
        branch = self._arrow(points, edge in self.look.path, {source, target})
        dot = Circle(*self._turned(*route[0]), 2.6, trunk.colour, trunk.colour)
        return [branch, trunk, dot] if edge == self._last_use(source) else [branch]

    def _last_use(self, source: int) -> int:
        """The edge with which the trunk is drawn: the last that is painted."""
        return max(self.graph.outgoing[source], key=lambda edge: (edge in self.look.path, edge))

    def _arrow(
        self, points: Sequence[Point], accented: bool, ends: set[int], head: float = _HEAD
    ) -> Arrow:
        theme = self.look.theme
        is_dropped = bool(ends & self.look.dropped)
        colour = theme.muted if is_dropped else theme.path if accented else theme.ink
        return Arrow(
            tuple(self._turned(*point) for point in points),
            colour,
            _THICK if accented else _LINE,
            curved="" if self.layout.sampled else "x" if self.is_level else "y",
            dashed=is_dropped,
            head=head * 1.25 if accented else head,
        )

    def node(self, index: int) -> list[Shape]:
        """An operation or a name, and the texts on the wire behind it."""
        start, across, zones = self._start(self.items.nodes[index])
        begin, end = start + zones.head, start + zones.length - zones.tail
        if index == self.graph.output:
            end -= 9.0
        rows = self.rows[index]
        shapes = self._outline(self._head_center(index), self.heads[index], index)
        shapes += self._above_and_below(rows, (begin + end) / 2, across)
        if index == self.graph.output:
            tip = (start + zones.length - zones.tail, across)
            shapes.append(self._arrow([self._behind(index), tip], False, {index}))
            if self.tail:
                middle = (tip[0] + self.tail.along / 2, across)
                shapes += self._label(middle, self.tail)
        return shapes

    def _outline(self, center: Point, head: _Head, index: int) -> list[Shape]:
        theme, look = self.look.theme, self.look
        x, y = self._turned(*center)
        is_new, is_dropped = look.is_new(index), index in look.dropped
        stands_out = is_new or (index in self.path and not is_dropped)
        fill = theme.accent_tint if stands_out else theme.paper
        stroke = theme.path if stands_out else theme.muted if is_dropped else theme.ink
        line = _THICK if is_new else 2.0 if stands_out else 1.5
        width, height = self._turned(head.along, head.across)
        shapes: list[Shape] = []
        if head.form == "circle":
            shapes.append(Circle(x, y, _RADIUS, fill, stroke, line, is_dropped))
        elif head.form == "ring":
            shapes.append(Circle(x, y, 3.0, fill, stroke, line, is_dropped))
        elif head.form == "box" or is_new:
            left, top = x - width / 2, y - height / 2
            radius = 8.0 if head.form == "box" else 4.0
            shapes.append(
                Rectangle(left, top, width, height, fill, stroke, radius, line, is_dropped)
            )
        return shapes + self._label(center, head)

    def _label(self, center: Point, head: _Head) -> list[Shape]:
        x, y = self._turned(*center)
        label = head.label.extent
        baseline = y + (label.above - label.below) / 2
        if head.form in ("name", "box") and not head.label.written.math:
            baseline = y + 0.36 * head.label.size  # level with its neighbours, whatever its letters
        return list(row_texts((head.label,), x - label.width / 2, baseline))

    def tag(self, edge: int, tag: Tag) -> list[Shape]:
        """The texts on a wire between two nodes."""
        theme = self.look.theme
        ends = {self.graph.edges[edge].source, self.graph.edges[edge].target}
        colours = [theme.muted] * 2 if ends & self.look.dropped else [theme.accent, theme.gradient]
        texts = zip(
            (tag.factor, tag.contribution),
            colours,
            (tag.shows_factor, tag.shows_contribution),
            strict=True,
        )
        above, below = (
            ((Piece(Written(text), TAG_SIZE, colour, shown),) if text else ())
            for text, colour, shown in texts
        )
        center = self._turned(*self.layout.centers[self.items.tags[edge]])
        return self._above_and_below((above, below, ()), *center)

    def _above_and_below(self, rows: _Rows, along: float, across: float) -> list[Shape]:
        """The texts on a wire, around a place of it."""
        above, below, under = rows
        gap = _LIFT + row_height(below) if below else 0.0
        if self.is_level:
            places = [
                (along - row_width(above) / 2, across - _LIFT - row_below(above)),
                (along - row_width(below) / 2, across + _LIFT + row_above(below)),
                (along - row_width(under) / 2, across + gap + _LIFT + row_above(under)),
            ]
        else:
            up = _under(rows) / 2
            places = [
                (across - _ASIDE - row_width(above), along + _level(above)),
                (across + _ASIDE, along + _level(below) - up),
                (across + _ASIDE, along + _level(under) + gap / 2),
            ]
        return [text for row, at in zip(rows, places, strict=True) for text in row_texts(row, *at)]


def _level(row: Row) -> float:
    """How far below the middle of a row its baseline is."""
    return (row_above(row) - row_below(row)) / 2


def _joined(points: Sequence[Point]) -> list[Point]:
    """A route in which level stretches that follow one another are one."""
    kept: list[Point] = []
    for point in points:
        if len(kept) > 1 and kept[-2][1] == kept[-1][1] == point[1]:
            kept.pop()
        if not kept or point != kept[-1]:
            kept.append(point)
    return kept
