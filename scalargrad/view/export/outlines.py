"""A scene as outlines, in the order in which they are painted: what SVG, PDF and PNG are made of.

Text comes as the outlines of its glyphs, so that no reader needs a font.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from scalargrad.view.glyphs import Outline, Segment, mathematics, plain
from scalargrad.view.layout.layered import Point
from scalargrad.view.scene import (
    Area,
    Arrow,
    Circle,
    Rectangle,
    Scene,
    Shape,
    Text,
    drawable,
    measured,
)

DASHES = (4.0, 3.0)  # points drawn, points left out
HALF_HEAD = 0.4  # half the width of an arrow's head, as a part of its length
_ARC = 0.5522847498  # a cubic with handles this long, in radii, is a quarter of a circle


@dataclass(frozen=True)
class Mark:
    """Outlines that are filled, stroked or both.

    Attributes:
        parts: each an outline, and where its origin is put.
        fill: "#rrggbb", or "" for none.
        stroke: "#rrggbb", or "" for none.
        line: the width of the stroke, in points.
        dashed: whether the stroke is.
        text: what boxes stand for that no font has, with the size of its font; a format that can
            hold text holds it in their place.
        size: of the text, in points.
    """

    parts: tuple[tuple[Outline, float, float], ...]
    fill: str = ""
    stroke: str = ""
    line: float = 0.0
    dashed: bool = False
    text: str = ""
    size: float = 0.0


def marks(scene: Scene) -> list[Mark]:
    """Everything in the scene, in the order in which it is painted."""
    return [mark for shape in sorted(scene.shapes, key=layer) for mark in _shape_marks(shape)]


def layer(shape: Shape) -> int:
    """The place of a shape in the order of painting: arrows, then boxes, then texts."""
    return 0 if isinstance(shape, Arrow) else 2 if isinstance(shape, Text) else 1


def legal(text: str) -> str:
    """The text with U+FFFD for what XML forbids, such as NUL or half a surrogate pair."""
    return "".join(character if _is_legal(ord(character)) else "\ufffd" for character in text)


def _is_legal(code: int) -> bool:
    if code < 0x20:
        return code in (0x09, 0x0A, 0x0D)
    return not (0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE)


# Shapes ------------------------------------------------------------------------------------------


def _shape_marks(shape: Shape) -> Iterator[Mark]:
    if isinstance(shape, Text):
        if shape.underlined:
            yield Mark(((rounded(underline(shape)), 0.0, 0.0),), fill=shape.colour)
        pieces = list(_text_parts(shape))
        if outlined := tuple(part for part in pieces if not part[0].stands_for):
            yield Mark(outlined, fill=shape.colour)
        for boxes in (part for part in pieces if part[0].stands_for):
            yield Mark((boxes,), shape.colour, text=boxes[0].stands_for, size=boxes[0].size)
    elif isinstance(shape, Rectangle | Circle):
        outline = rounded(shape) if isinstance(shape, Rectangle) else round_(shape)
        parts = ((outline, 0.0, 0.0),)
        yield Mark(parts, _colour(shape.fill), _colour(shape.stroke), shape.line, shape.dashed)
    elif len(shape.points) > 1:
        shaft, head = arrow(shape)
        if shaft.segments:  # what is written on a short line may cover all of it
            part = (shaft, 0.0, 0.0)
            yield Mark((part,), stroke=shape.colour, line=shape.line, dashed=shape.dashed)
        if head.segments:
            yield Mark(((head, 0.0, 0.0),), fill=shape.colour)


def _colour(name: str) -> str:
    return name if name.startswith("#") else ""


def rounded(shape: Rectangle) -> Outline:
    """The outline of a rectangle with round corners."""
    left, top = shape.x, shape.y
    right, bottom = left + shape.width, top + shape.height
    r = max(0.0, min(shape.radius, shape.width / 2, shape.height / 2))
    if r == 0:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return polygon(corners)
    k = r * (1 - _ARC)
    segments: tuple[Segment, ...] = (
        ("M", (left + r, top)),
        ("L", (right - r, top)),
        ("C", (right - k, top, right, top + k, right, top + r)),
        ("L", (right, bottom - r)),
        ("C", (right, bottom - k, right - k, bottom, right - r, bottom)),
        ("L", (left + r, bottom)),
        ("C", (left + k, bottom, left, bottom - k, left, bottom - r)),
        ("L", (left, top + r)),
        ("C", (left, top + k, left + k, top, left + r, top)),
        ("Z", ()),
    )
    return Outline(segments)


def round_(shape: Circle) -> Outline:
    """The outline of a circle: four cubics."""
    r = shape.radius
    return rounded(Rectangle(shape.x - r, shape.y - r, 2 * r, 2 * r, "", "", radius=r))


def polygon(corners: list[Point]) -> Outline:
    """Straight lines around corners."""
    first, *others = corners
    return Outline((("M", first), *(("L", corner) for corner in others), ("Z", ())))


def arrow(shape: Arrow) -> tuple[Outline, Outline]:
    """The shaft of an arrow, which ends where its head begins, and the head."""
    tip = shape.points[-1]
    along, length = _arrival(shape)
    head = min(shape.head, length)
    base = (tip[0] - head * along[0], tip[1] - head * along[1])
    shaft = interrupted(through((*shape.points[:-1], base), shape.curved), shape.gaps)
    if head == 0:
        return shaft, Outline(())
    side = (-along[1] * head * HALF_HEAD, along[0] * head * HALF_HEAD)
    corners = [
        tip, (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1]),
    ]  # fmt: skip
    return shaft, polygon(corners)


def _arrival(shape: Arrow) -> tuple[Point, float]:
    """The direction in which an arrow reaches its end, and how far it goes that way."""
    (x0, y0), (x1, y1) = shape.points[-2:]
    dx, dy = x1 - x0, y1 - y0
    if shape.curved == "x" and dx:
        return (1.0 if dx > 0 else -1.0, 0.0), abs(dx)
    if shape.curved == "y" and dy:
        return (0.0, 1.0 if dy > 0 else -1.0), abs(dy)
    length = hypot(dx, dy)
    return ((dx / length, dy / length), length) if length else ((1.0, 0.0), 0.0)


def through(points: tuple[Point, ...], curved: str) -> Outline:
    """Straight segments, or cubics that leave and reach every point level or upright."""
    outline: list[Segment] = [("M", points[0])]
    for (x0, y0), (x1, y1) in pairwise(points):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if curved == "x":
            outline.append(("C", (x, y0, x, y1, x1, y1)))
        elif curved == "y":
            outline.append(("C", (x0, y, x1, y, x1, y1)))
        else:
            outline.append(("L", (x1, y1)))
    return Outline(tuple(outline))


def interrupted(line: Outline, gaps: Sequence[Area]) -> Outline:
    """A line without the parts of it that are in some areas."""
    points = list(_sampled(line))
    if not any(_inside(a, b, gap) for gap in gaps for a, b in pairwise(points)):
        return line
    segments: list[Segment] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        inside = sorted(filter(None, (_inside((x0, y0), (x1, y1), gap) for gap in gaps)))
        at = 0.0
        for first, last in (*inside, (1.0, 1.0)):
            if first > at:
                start, end = ((x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in (at, first))
                if not segments or segments[-1][1] != start:
                    segments.append(("M", start))
                segments.append(("L", end))
            at = max(at, last)
    return Outline(tuple(segments))


def on_lines(shapes: Iterable[Shape]) -> set[str]:
    """The keys of labels that stand on their arrows, and not beside them."""
    found = set()
    for arrow in (shape for shape in shapes if isinstance(shape, Arrow) and shape.gaps):
        whole = through(arrow.points, arrow.curved)
        if interrupted(whole, arrow.gaps) is not whole:
            found.add(f"label {'-'.join(arrow.ends)}")
    return found


_STEPS = 24  # straight pieces that a cubic is cut in


def _sampled(line: Outline) -> Iterator[Point]:
    """Yield points along a line, so many that straight pieces between them look like it."""
    x0 = y0 = 0.0
    for letter, numbers in line.segments:
        if letter == "C":
            xa, ya, xb, yb, x1, y1 = numbers
            for k in range(1, _STEPS + 1):
                t = k / _STEPS
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x0 + b * xa + c * xb + d * x1, a * y0 + b * ya + c * yb + d * y1
        else:
            yield numbers[0], numbers[1]
        x0, y0 = numbers[-2:]


def _inside(a: Point, b: Point, area: Area) -> tuple[float, float] | None:
    """From which share of the way to which a line is in an area (Liang and Barsky, 1984)."""
    first, last = 0.0, 1.0
    for start, end, low, high in ((a[0], b[0], area[0], area[2]), (a[1], b[1], area[1], area[3])):
        way = end - start
        if way == 0:
            if not low < start < high:
                return None
            continue
        enters, leaves = sorted(((low - start) / way, (high - start) / way))
        first, last = max(first, enters), min(last, leaves)
    return (first, last) if first < last else None


# Text --------------------------------------------------------------------------------------------

_LINE, _BELOW = 0.045, 0.13  # of a text the width of the line under it, and how far that is below


def underline(text: Text) -> Rectangle:
    """The line under a text."""
    wide, size = measured(text).width, text.size
    left = text.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * wide
    return Rectangle(left, text.y + _BELOW * size, wide, _LINE * size, text.colour, "", 0.0, 0.0)


def _text_parts(text: Text) -> Iterator[tuple[Outline, float, float]]:
    """The glyphs of a text, each with the place of its origin."""
    setting = mathematics(text.math) if text.math else None
    if setting is None:
        setting = plain(drawable(text.text), text.bold)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
    left = text.x - share * setting.width * text.size
    for outline, dx, dy in setting.parts(text.size):
        if outline.segments:  # a space has none
            yield outline, left + dx, text.y + dy
