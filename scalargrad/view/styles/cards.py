"""A diagram at its places, as a scene: cards, arrows, labels, derivation and notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from textwrap import wrap
from typing import Any

from scalargrad.engine.scalars import is_number
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Graph
from scalargrad.graph.remarks import KINK
from scalargrad.notation.names import Written
from scalargrad.notation.words import listed
from scalargrad.view.layout.diagram import (
    RULE,
    Diagram,
    Group,
    Line,
    Piece,
    height,
    places,
    reach,
    tall,
    width,
)
from scalargrad.view.layout.equations import measure, parts
from scalargrad.view.layout.groups import box, foreign
from scalargrad.view.layout.kept import Kept, places_of, rearranged
from scalargrad.view.layout.plan import Plan
from scalargrad.view.layout.search import SLIDE, arranged
from scalargrad.view.scene import (
    ASKED,
    Area,
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
from scalargrad.view.styles.board import BAR, Board, visible, without_gaps

_READ = 500  # nodes that are read to find out whether numbers are rounded
_NOTE = 60  # letters in a line of a remark
_LONGEST = 16  # letters of a name
_THINNEST, _THICKER = 0.03, 0.2  # of a link by its strength
_FULLEST = 0.14  # ink in the fill of a card: texts stay readable on it
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_MARGIN = 3.0  # points around a picture, for outlines
_BETWEEN_PARTS = 0.3  # of a derivation


# What is written ---------------------------------------------------------------------------------


def called(graph: Graph, look: Look, index: int) -> Piece:
    """The name of a node."""
    if index in look.hidden:
        return Piece(Written(""), "name")
    name = name_of(graph.nodes[index])
    text = name.text or drawable(title(graph.nodes[index], look.numbers))
    if not name.math and len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return Piece(Written(text, name.math), "name")


def value(graph: Graph, look: Look, index: int) -> Piece:
    """The value of a node."""
    number = look.value(graph, index)
    mark = f" {KINK}" if graph.nodes[index].is_at_kink and number not in ("", ASKED) else ""
    return Piece(Written(drawable(number + mark)), "value")


def gradient(graph: Graph, look: Look, index: int) -> Piece:
    """The gradient of a node."""
    return Piece(Written(drawable(look.gradient(graph, index))), "gradient")


def contribution(graph: Graph, look: Look, edges: Sequence[int]) -> Piece:
    """What one use of a node brings to its gradient."""
    return Piece(Written(drawable(look.contribution(graph, edges))), "gradient")


def factor(graph: Graph, look: Look, edge: int) -> Piece:
    """A local derivative as a factor: ×0.1 or ×(−1.2)."""
    number = look.factor(graph, edge)
    plain = number.replace(".", "").replace("/", "").replace("\u2009", "").isdigit()
    written = f"×{number}" if plain or number == ASKED else f"×({number})"
    return Piece(Written(drawable(written if number else "")), "factor")


def is_closed(graph: Graph, look: Look, edges: Sequence[int]) -> bool:
    """Whether it is known of some edges that no gradient passes any of them."""
    factors = [graph.edges[edge].local for edge in edges]
    known = all(look.factor(graph, edge) not in ("", ASKED) for edge in edges)
    return bool(edges) and known and all(is_number(local) and local == 0 for local in factors)


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
        lines.append((Piece(Written("dashed: no gradient passes"), "muted"),))
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
    if look.groups:
        full = replace(full, diagram=replace(full.diagram, groups=_groups(full, look)))
    if look.refit:
        full, now = without_gaps(full, now, look)
    plan = planned(full.diagram, look)
    painter = _Painter(full.diagram, now, plan, look, graph)
    if look.like or look.moves:
        painter = replace(painter, plan=painter.rearranged())
        plan = painter.plan
    shapes = [
        *painter.groups(),
        *painter.arrows(),
        *painter.cards(),
        *painter.labels(),
        *painter.lines(),
    ]
    words = description(graph, look)
    if look.decimal_comma:
        shapes, words = [_with_comma(shape) for shape in shapes], _POINT.sub(",", words)
    placed = tuple(_rounded(moved(shape, _MARGIN, _MARGIN)) for shape in shapes)
    width, height = (round(length + 2 * _MARGIN, 2) for length in plan.room)
    ground = look.theme.paper if look.ground is None else look.ground
    size = round(plan.size, 2)
    return Scene(width, height, placed, ground, words, size, theme=look.theme)


def _groups(board: Board, look: Look) -> tuple[Group, ...]:
    """The groups of a look as cards of a board.

    Raises:
        DrawingError: for a group of which nothing is a card.
    """
    found = []
    for name, nodes in look.groups:
        cards = tuple(card for card, node in enumerate(board.nodes) if node in nodes)
        if not cards:
            raise DrawingError(f"nothing of the group {name!r} is a box of its own in the picture")
        found.append(Group(Piece(Written(name), "muted"), cards))
    return tuple(found)


@dataclass(frozen=True)
class _Painter:
    diagram: Diagram
    now: Board
    plan: Plan
    look: Look
    graph: Graph

    @property
    def theme(self) -> Theme:
        """The colours."""
        return self.look.theme

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What each card is called, in letters and digits: by its name, else by its number."""
        found: dict[str, int] = {}
        for card, node in enumerate(self.now.nodes):
            label = self.graph.nodes[node].label if node >= 0 else ""
            key = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-") if label.isascii() else ""
            key = key if key and key not in found else f"unit-{card}"
            found[key] = card
        return tuple(found)

    def rearranged(self) -> Plan:
        """The plan with cards where another scene has them, and where they were moved to."""
        plan, size, kept = self.plan, self.plan.size, Kept()
        if self.look.like:
            kept = places_of(self.look.like, -_MARGIN)
            missing = [key for key in self.keys if key not in kept.areas]
            if missing:
                raise DrawingError(
                    f"like= keeps the places of the same names; the other drawing has no "
                    f"{listed(missing)}"
                )
            size = self.look.like.size
        places = dict(zip(self.keys, plan.areas, strict=True))
        places |= {key: kept.areas[key] for key in self.keys if key in kept.areas}
        for card, node in enumerate(self.now.nodes):
            right, down = self.look.moves.get(node, (0.0, 0.0))
            left, top, far, low = places[self.keys[card]]
            places[self.keys[card]] = (left + right, top + down, far + right, low + down)
        areas = [places[key] for key in self.keys]
        ends = list(map(self.ends, range(len(self.diagram.links))))
        return rearranged(self.diagram, plan, size, areas, ends, kept)

    def ends(self, link: int) -> tuple[str, str]:
        """What the cards of a link are called."""
        found = self.diagram.links[link]
        return self.keys[found.source], self.keys[found.target]

    def is_hidden(self, link: int) -> bool:
        """Whether an end of a link is not painted."""
        ends = self.diagram.links[link]
        return not self.now.hidden.isdisjoint((ends.source, ends.target))

    def gaps(self, link: int) -> tuple[Area, ...]:
        """Where a link is not drawn: under what is written on it."""
        spot = self.plan.spots.get(link)
        label = self.now.diagram.links[link].label
        if spot is None or label is None:
            return ()
        size = self.plan.size
        full = self.diagram.links[link].label.forms[spot.form]  # type: ignore[union-attr]
        shown = [any(piece.written.text for piece in line) for line in label.forms[spot.form]]
        if not any(shown):
            return ()
        top = spot.center[1] - height(full) * size / 2
        ends = list(accumulate((sum(reach(line)) * size for line in full), initial=top))
        first, last = shown.index(True), len(shown) - 1 - shown[::-1].index(True)
        left, _, right, _ = spot.area
        return ((left - 0.1 * size, ends[first], right + 0.1 * size, ends[last + 1]),)

    def groups(self) -> Iterator[Shape]:
        """Yield the boxes round what belongs together, under everything else.

        Raises:
            DrawingError: where a box would hold what does not belong to it.
        """
        size, theme, areas = self.plan.size, self.theme, self.plan.areas
        for group in self.diagram.groups:
            others = foreign(group, areas, self.diagram.turned, size)
            title = group.title.written.text
            if others:
                names = [self.graph.nodes[self.now.nodes[card]].label for card in others]
                raise DrawingError(
                    f"the box of the group {title!r} would hold {listed(filter(None, names))} too: "
                    f"name what stands there as well, or group less"
                )
            held = box(group, areas, self.diagram.turned, size)
            left, top, right, bottom = held.area
            wide, high = right - left, bottom - top
            yield Rectangle(left, top, wide, high, "", theme.wire, 0.5 * size, 0.05 * size, True)
            middle = (held.title[0] + held.title[2]) / 2
            yield Text(middle, held.title[3] - 0.35 * size, title, size, theme.muted)

    def arrows(self) -> Iterator[Shape]:
        """Yield the links, those of the path last."""
        size, theme = self.plan.size, self.theme
        for index in sorted(range(len(self.plan.routes)), key=lambda k: k in self.now.path):
            if self.is_hidden(index):
                continue
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
                index in self.now.gone | self.now.closed if strength is None else strength < 0,
                (0.6 if is_path else 0.45) * size,
                self.ends(index),
                self.gaps(index),
            )

    def cards(self) -> Iterator[Shape]:
        """Yield the cards with their texts."""
        size, theme = self.plan.size, self.theme
        for index, (center, area) in enumerate(
            zip(self.plan.centers, self.plan.areas, strict=True)
        ):
            if index in self.now.hidden:
                continue
            card, key = self.now.diagram.cards[index], self.keys[index]
            is_new, dropped = index in self.now.new, index in self.now.dropped
            accented = is_new or index in self.now.accented
            tinted = is_new if self.look.step else accented
            fill = theme.accent_tint if tinted else theme.tint if card.is_leaf else theme.paper
            if index in self.now.fills:
                fill = _filled(theme, self.now.fills[index])
            if dropped:
                fill = ""  # the cross is seen through it
            stroke = theme.path if accented else theme.wire if dropped else theme.frame
            line = (0.1 if accented else 0.06) * size
            colour = self.look.colours.get(self.now.nodes[index])
            if colour:
                stroke, fill, line = colour, _mixed(colour, theme.paper, _FULLEST), 0.1 * size
            left, top, right, bottom = area
            if self.plan.forms[index] == "circle":
                radius = (right - left) / 2
                yield Circle(*center, radius, fill, stroke, line, dropped, key)
            elif card.has_outline:
                wide, high = right - left, bottom - top
                round_ = 0.35 * size
                yield Rectangle(left, top, wide, high, fill, stroke, round_, line, dropped, key)
            if dropped:
                for ends in (((left, top), (right, bottom)), ((left, bottom), (right, top))):
                    yield Arrow(ends, theme.wire, line, "", False, 0.0)
            full = self.plan.lines(self.diagram, index)
            texts = self.plan.lines(self.now.diagram, index)
            own = len(card.own(self.plan.forms[index]))
            above, below = height(full[:own]) * size / 2, height(full[own:]) * size / 2
            x, y = center
            if card.rows:
                rule, line = y + above - below, 0.03 * size
                yield Rectangle(left, rule, right - left, line, stroke, "", 0.0, 0.0)
                at = (x, y + above + RULE * size / 2)
                yield from self._stack(full[own:], texts[own:], at, dropped, key)
                y -= below + RULE * size / 2
            yield from self._stack(full[:own], texts[:own], (x, y), dropped, key)

    def labels(self) -> Iterator[Shape]:
        """Yield the labels of the links."""
        for index, spot in self.plan.spots.items():
            if self.is_hidden(index):
                continue
            full, now = self.diagram.links[index].label, self.now.diagram.links[index].label
            assert full is not None
            assert now is not None
            gone = index in self.now.gone
            yield from self._stack(
                full.forms[spot.form], now.forms[spot.form], spot.center, gone,
                f"label {'-'.join(self.ends(index))}",
            )  # fmt: skip

    def lines(self) -> Iterator[Shape]:
        """Yield headings, derivation, notes and caption."""
        size, theme, plan = self.plan.size, self.theme, self.plan
        without = self.look.without
        for name, (x, y) in () if "headings" in without else plan.headings:
            yield Text(x, y, name, size, theme.muted, key="heading")
        yield from self._equation()
        if plan.notes and "notes" not in without:
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
                       theme.accent, math=tall(step.caption.math), key="caption")  # fmt: skip

    def _equation(self) -> Iterator[Shape]:
        """Yield the derivation: of each line what is known, each part in its place."""
        if self.plan.equation is None or "derivation" in self.look.without:
            return
        size, start = self.plan.size, 0
        block, (x, y) = self.plan.equation
        for written, baseline in block.lines:
            whole = parts(written)
            for first, run in _runs(self.look.parts(self.graph, whole, start)):
                left = measure(_line(whole[:first])).width + _BETWEEN_PARTS if first else 0.0
                shown = _line(run)
                before = "{} " if first and shown.math else ""
                yield Text(x + left * size, y + baseline * size, drawable(shown.text), size,
                           self.theme.accent, False, "start", tall(before + shown.math),
                           key="derivation")  # fmt: skip
            start += len(whole)

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
        self,
        full: Sequence[Line],
        now: Sequence[Line],
        center: tuple[float, float],
        muted: bool,
        key: str,
    ) -> Iterator[Shape]:
        """Yield lines under one another around a middle."""
        size = self.plan.size
        y = center[1] - height(full) * size / 2
        for line, shown in zip(full, now, strict=True):
            above, below = reach(line)
            yield from self._row(line, shown, (center[0], y + above * size), muted, key)
            y += (above + below) * size

    def _row(
        self, full: Line, now: Line, at: tuple[float, float], muted: bool, key: str = ""
    ) -> Iterator[Shape]:
        """Yield the pieces of a line around a middle; what is not shown keeps its place.

        A sign between two pieces waits for the second one.
        """
        size, theme = self.plan.size, self.theme
        colours = {
            "name": theme.ink, "value": theme.value, "gradient": theme.gradient,
            "factor": theme.accent, "muted": theme.muted, "bar": theme.muted,
        }  # fmt: skip
        x, y = at
        for piece, middle, is_shown in zip(now, places(full), visible(now), strict=True):
            written = piece.written
            if not is_shown:
                continue
            colour = theme.muted if muted else colours[piece.ink]
            is_gradient = piece.ink == "gradient"  # gets a mark that is seen without its colour
            yield Text(x + middle * size, y, written.text, piece.size * size, colour,
                       math=written.math, underlined=is_gradient, key=key)  # fmt: skip


def _runs(shown: Sequence[Written | None]) -> Iterator[tuple[int, list[Written]]]:
    """Yield what stands together: where it begins, and its parts."""
    first, run = 0, list[Written]()
    for place, part in enumerate((*shown, None)):
        if part is None:
            if run:
                yield first, run
            first, run = place + 1, []
        else:
            run.append(part)


def _line(run: Sequence[Written]) -> Written:
    """Parts one behind the other; mathematics where all of them are."""
    math = " ".join(part.math for part in run) if all(part.math for part in run) else ""
    return Written(" ".join(part.text for part in run), math)


def _filled(theme: Theme, share: float) -> str:
    """Paper with some of the colour of values, or of gradients for what is negative."""
    ink = theme.gradient if share < 0 else theme.value
    return _mixed(ink, theme.paper, _FULLEST * abs(share))


def _mixed(ink: str, paper: str, part: float) -> str:
    """Paper with a part of ink."""
    pairs = ((int(ink[k : k + 2], 16), int(paper[k : k + 2], 16)) for k in (1, 3, 5))
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
        gaps: Any = tuple(tuple(round(side, 2) for side in gap) for gap in shape.gaps)
        line, head = round(shape.line, 2), round(shape.head, 2)
        return replace(shape, points=points, line=line, head=head, gaps=gaps)
    names = ("x", "y", "width", "height", "radius", "size", "line")
    numbers: dict[str, Any] = {k: round(v, 2) for k, v in vars(shape).items() if k in names}
    return replace(shape, **numbers)
