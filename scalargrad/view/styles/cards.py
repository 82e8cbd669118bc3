"""A diagram at its places, as a scene: cards, arrows, labels, derivation and notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any

from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written
from scalargrad.view.layout.diagram import (
    Diagram,
    Line,
    Piece,
    height,
    places,
    reach,
    tall,
    width,
)
from scalargrad.view.layout.equations import measure, parts
from scalargrad.view.layout.plan import Plan
from scalargrad.view.layout.search import SLIDE, arranged
from scalargrad.view.scene import (
    Arrow,
    Circle,
    Look,
    Rectangle,
    Scene,
    Shape,
    Text,
    Theme,
    description,
    drawable,
    moved,
    name_of,
    title,
)

_READ = 500  # nodes that are read to find out whether numbers are rounded
_NOTE = 60  # letters in a line of a remark
_LONGEST = 16  # letters of a name
_THINNEST, _THICKER = 0.03, 0.2  # of a link by its strength
_FULLEST = 0.14  # ink in the fill of a card: texts stay readable on it
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_MARGIN = 3.0  # points around a picture, for outlines
_MARK, _MARK_BELOW = 0.045, 0.13  # the line under a gradient, and how far below the baseline it is


@dataclass(frozen=True)
class Board:
    """A diagram, and how its parts are painted.

    Attributes:
        diagram: what is laid out.
        accented: cards on the path, or new in a step.
        dropped: cards that are greyed.
        path: links on the path.
        gone: links of dropped cards.
        strengths: from -1 to 1, of links that are as wide and coloured as they are strong.
        fills: from -1 to 1, of cards that are filled so much.
    """

    diagram: Diagram
    accented: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    path: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    strengths: Mapping[int, float] = field(default_factory=dict)
    fills: Mapping[int, float] = field(default_factory=dict)


# What is written ---------------------------------------------------------------------------------


def called(graph: Graph, look: Look, index: int) -> Piece:
    """The name of a node."""
    name = name_of(graph.nodes[index])
    text = name.text or drawable(title(graph.nodes[index], look.numbers))
    if not name.math and len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return Piece(Written(text, name.math), "name")


def value(graph: Graph, look: Look, index: int) -> Piece:
    """The value of a node."""
    return Piece(Written(drawable(look.value(graph, index))), "value")


def gradient(graph: Graph, look: Look, index: int) -> Piece:
    """The gradient of a node."""
    return Piece(Written(drawable(look.gradient(graph, index))), "gradient")


def contribution(graph: Graph, look: Look, edges: Sequence[int]) -> Piece:
    """What one use of a node brings to its gradient."""
    edge = graph.edges[edges[0]]
    is_past = (
        look.step is None
        or edge.source in look.step.gradients
        or (edge.target in look.step.gradients and edge.target not in look.step.new)
    )
    text = look.numbers.text(edge.contribution) if is_past else ""
    return Piece(Written(drawable(text)), "gradient")


def factor(graph: Graph, look: Look, edge: int) -> Piece:
    """A local derivative as a factor: ×0.1 or ×(−1.2)."""
    end = graph.edges[edge].target
    if look.step and end not in look.step.gradients:
        return Piece(Written(""), "factor")
    number = look.numbers.text(graph.edges[edge].local)
    plain = number.replace(".", "").replace("/", "").replace("\u2009", "").isdigit()
    return Piece(Written(drawable(f"×{number}" if plain else f"×({number})")), "factor")


BAR = Piece(Written("|"), "bar")
EQUALS = Piece(Written("="), "muted")


def facts(
    name: Piece, number: Piece, slope: Piece | None
) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[Line, ...]]:
    """Name, value and gradient in three lines, in two and in one."""
    if slope is None:
        return ((name,), (number,)), ((name, number),), ((name, number),)
    return (
        ((name,), (number,), (slope,)),
        ((name, number), (slope,)),
        ((name, number, BAR, slope),),
    )


def equation(look: Look) -> tuple[Written, ...]:
    """The derivation of a look in parts."""
    return tuple(part for line in look.beneath for part in parts(line))


def remarks(graph: Graph, look: Look) -> tuple[Line, ...]:
    """What is said of the whole picture: its legend, and what was left out of it."""
    lines: list[Line] = []
    if look.legend:
        dot = Piece(Written("·"), "muted")
        words = (Piece(Written("value"), "value"), dot, Piece(Written("gradient"), "gradient"))
        factors = (dot, Piece(Written("× local derivative"), "factor"))
        lines.append((*words, *(factors if look.path or look.local else ())))
    rest = wrap(look.note, _NOTE)
    if _is_rounded(graph, look) and not any("≈" in line.text for line in look.beneath):
        rest.insert(0, f"≈ to {look.numbers.digits} digits")
    return (*lines, *((Piece(Written(words), "muted"),) for words in rest))


def _is_rounded(graph: Graph, look: Look) -> bool:
    """Whether numbers that are exact by their leaves are not written in full."""
    marking = look.marking
    return look.is_exact and any(
        marking.is_approximate(number)
        for node in graph.nodes[:_READ]
        for number in (node.value, node.gradient)
        if not node.is_constant
    )


def has_gradients(graph: Graph) -> bool:
    """Whether there was a backward pass."""
    return any(node.gradient is not None for node in graph.nodes)


# Painting ----------------------------------------------------------------------------------------


def planned(diagram: Diagram, look: Look) -> Plan:
    """Where everything stands in the place of a look, without its margin."""
    wide, high = look.size or SLIDE
    return arranged(diagram, (wide - 2 * _MARGIN, high - 2 * _MARGIN))


def scene(full: Board, now: Board, look: Look, graph: Graph) -> Scene:
    """The scene of a board, in the places of its fullest version.

    Args:
        full: with everything that may be shown.
        now: with what is shown.
        look: how.
        graph: what it is made of.
    """
    plan = planned(full.diagram, look)
    painter = _Painter(full.diagram, now, plan, look)
    shapes = [*painter.arrows(), *painter.cards(), *painter.labels(), *painter.lines()]
    words = description(graph, look.marking)
    if look.decimal_comma:
        shapes, words = [_with_comma(shape) for shape in shapes], _POINT.sub(",", words)
    placed = tuple(_rounded(moved(shape, _MARGIN, _MARGIN)) for shape in shapes)
    width, height = (round(length + 2 * _MARGIN, 2) for length in plan.room)
    return Scene(width, height, placed, look.theme.paper, words)


@dataclass(frozen=True)
class _Painter:
    diagram: Diagram
    now: Board
    plan: Plan
    look: Look

    @property
    def theme(self) -> Theme:
        """The colours."""
        return self.look.theme

    def arrows(self) -> Iterator[Shape]:
        """Yield the links, those of the path last."""
        size, theme = self.plan.size, self.theme
        for index in sorted(range(len(self.plan.routes)), key=lambda k: k in self.now.path):
            route = self.plan.routes[index]
            is_path = index in self.now.path
            strength = self.now.strengths.get(index)
            colour, line = (theme.path, 0.11) if is_path else (theme.wire, 0.06)
            if strength is not None:
                colour = theme.gradient if strength < 0 else theme.value
                line = _THINNEST + abs(strength) * _THICKER
            curved = ("y" if self.diagram.turned else "x") if route.is_curved else ""
            yield Arrow(
                route.points,
                colour,
                line * size,
                curved,  # type: ignore[arg-type]
                index in self.now.gone or (strength or 0.0) < 0,
                (0.6 if is_path else 0.45) * size,
            )

    def cards(self) -> Iterator[Shape]:
        """Yield the cards with their texts."""
        size, theme = self.plan.size, self.theme
        for index, (center, area) in enumerate(
            zip(self.plan.centers, self.plan.areas, strict=True)
        ):
            card = self.now.diagram.cards[index]
            accented, dropped = index in self.now.accented, index in self.now.dropped
            fill = theme.accent_tint if accented else theme.tint if card.is_leaf else theme.paper
            if index in self.now.fills:
                fill = _filled(theme, self.now.fills[index])
            if dropped:
                fill = ""  # the cross is seen through it
            stroke = theme.path if accented else theme.wire if dropped else theme.frame
            line = (0.1 if accented else 0.06) * size
            left, top, right, bottom = area
            if self.plan.forms[index] == "circle":
                radius = (right - left) / 2
                yield Circle(*center, radius, fill, stroke, line, dropped)
            elif card.has_outline:
                wide, high = right - left, bottom - top
                yield Rectangle(left, top, wide, high, fill, stroke, 0.35 * size, line, dropped)
            if dropped:
                for ends in (((left, top), (right, bottom)), ((left, bottom), (right, top))):
                    yield Arrow(ends, theme.wire, line, "", False, 0.0)
            full = self.plan.lines(self.diagram, index)
            texts = self.plan.lines(self.now.diagram, index)
            yield from self._stack(full, texts, center, muted=dropped)

    def labels(self) -> Iterator[Shape]:
        """Yield the labels of the links; a line that runs under one ends at it."""
        size, paper = self.plan.size, self.theme.paper
        for index, spot in self.plan.spots.items():
            left, top, right, bottom = spot.area
            air = 0.1 * size
            yield Rectangle(
                left - air, top, right - left + 2 * air, bottom - top, paper, "", 0.0, 0.0
            )
            full, now = self.diagram.links[index].label, self.now.diagram.links[index].label
            assert full is not None
            assert now is not None
            gone = index in self.now.gone
            yield from self._stack(
                full.forms[spot.form], now.forms[spot.form], spot.center, muted=gone
            )

    def lines(self) -> Iterator[Shape]:
        """Yield headings, derivation, notes and caption."""
        size, theme, plan = self.plan.size, self.theme, self.plan
        for name, (x, y) in plan.headings:
            yield Text(x, y, name, size, theme.muted)
        if plan.equation:
            block, (x, y) = plan.equation
            for written, baseline in block.lines if self.look.shows_result else ():
                math = tall(written.math)
                yield Text(x, y + baseline * size, drawable(written.text), size, theme.accent,
                           False, "start", math)  # fmt: skip
        if plan.notes:
            x, y = plan.notes
            for full, line in zip(self.diagram.notes, self.now.diagram.notes, strict=True):
                above, below = reach(full)
                middle = x + width(full) * size / 2
                yield from self._row(full, line, (middle, y + above * size), muted=False)
                y += (above + below) * size
        yield from self._matrices()
        step = self.look.step
        if plan.caption and step and step.caption.text.strip():
            extent = measure(step.caption)
            room = plan.room[0]
            fitting = min(size, room / extent.width if extent.width else size)
            x, y = plan.caption
            yield Text(x, y + extent.above * size, drawable(step.caption.text), fitting,
                       theme.accent, math=tall(step.caption.math))  # fmt: skip

    def _matrices(self) -> Iterator[Shape]:
        """Yield the matrices beside the picture, between brackets."""
        if self.plan.panel is None:
            return
        size, theme = self.plan.size, self.theme
        panel, (x, y) = self.plan.panel
        matrices = zip(panel.blocks, self.diagram.matrices, self.now.diagram.matrices, strict=True)
        for block, full, now in matrices:
            extent = full.head.extent
            right, middle = block.head
            below = (extent.above - extent.below) / 2
            at = (x + (right - extent.width / 2) * size, y + (middle + below) * size)
            yield from self._row((full.head,), (now.head,), at, muted=False)
            top, bottom = y + block.top * size, y + block.bottom * size
            for edge, inward in ((block.left, 0.2), (block.right, -0.2)):
                foot = x + edge * size
                tip = foot + inward * size
                corners = ((tip, top), (foot, top), (foot, bottom), (tip, bottom))
                yield Arrow(corners, theme.frame, 0.06 * size, "", head=0.0)
            for line, shown, row in zip(full.cells, now.cells, block.rows, strict=True):
                for cell, piece, end in zip(line, shown, block.columns, strict=True):
                    at = (x + (end - cell.extent.width / 2) * size, y + (row + 0.36) * size)
                    yield from self._row((cell,), (piece,), at, muted=False)

    def _stack(
        self, full: Sequence[Line], now: Sequence[Line], center: tuple[float, float], muted: bool
    ) -> Iterator[Shape]:
        """Yield lines under one another around a middle."""
        size = self.plan.size
        y = center[1] - height(full) * size / 2
        for line, shown in zip(full, now, strict=True):
            above, below = reach(line)
            yield from self._row(line, shown, (center[0], y + above * size), muted)
            y += (above + below) * size

    def _row(self, full: Line, now: Line, at: tuple[float, float], muted: bool) -> Iterator[Shape]:
        """Yield the pieces of a line around a middle; what is not shown keeps its place."""
        size, theme = self.plan.size, self.theme
        colours = {
            "name": theme.ink, "value": theme.value, "gradient": theme.gradient,
            "factor": theme.accent, "muted": theme.muted, "bar": theme.muted,
        }  # fmt: skip
        x, y = at
        for piece, middle in zip(now, places(full), strict=True):
            written = piece.written
            if not written.text:
                continue
            colour = theme.muted if muted else colours[piece.ink]
            yield Text(x + middle * size, y, written.text, piece.size * size, colour,
                       math=written.math)  # fmt: skip
            if piece.ink == "gradient":  # a mark that is seen without its colour
                wide = piece.extent.width * size
                yield Rectangle(
                    x + middle * size - wide / 2, y + _MARK_BELOW * size, wide,
                    _MARK * size, colour, "", 0.0, 0.0,
                )  # fmt: skip


def _filled(theme: Theme, share: float) -> str:
    """Paper with some of the colour of values, or of gradients for what is negative."""
    ink = theme.gradient if share < 0 else theme.value
    pairs = ((int(ink[k : k + 2], 16), int(theme.paper[k : k + 2], 16)) for k in (1, 3, 5))
    part = _FULLEST * abs(share)
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)


def _with_comma(shape: Shape) -> Shape:
    """A text with commas for decimal points, which are as wide."""
    if not isinstance(shape, Text):
        return shape
    return replace(shape, text=_POINT.sub(",", shape.text), math=_POINT.sub("{,}", shape.math))


def _rounded(shape: Shape) -> Shape:
    """A shape with coordinates to a hundredth of a point: the same in every file."""
    if isinstance(shape, Arrow):
        points = tuple((round(x, 2), round(y, 2)) for x, y in shape.points)
        return replace(shape, points=points, line=round(shape.line, 2), head=round(shape.head, 2))
    names = ("x", "y", "width", "height", "radius", "size", "line")
    numbers: dict[str, Any] = {k: round(v, 2) for k, v in vars(shape).items() if k in names}
    return replace(shape, **numbers)
