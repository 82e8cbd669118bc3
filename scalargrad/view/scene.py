"""Scene: shapes and texts with coordinates, made from a graph in one of the styles.

Coordinates are in points, the origin at the top left, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from scalargrad.errors import DrawingError
from scalargrad.view.graph import Graph, Node
from scalargrad.view.layout import Box, Layout, Point, layered
from scalargrad.view.notation import decimal, typeset

MOST_BOXES = 2_000

INK, PAPER, FRAME, WIRE = "#1e293b", "#ffffff", "#475569", "#94a3b8"
VALUE, GRADIENT, MUTED, TINT = "#047a3b", "#c1103a", "#64748b", "#f1f5f9"


@dataclass(frozen=True)
class Rectangle:
    """A rectangle with round corners; x and y are its top left corner."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    radius: float = 5.0


@dataclass(frozen=True)
class Text:
    """A line of text, centred on x, its baseline at y."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False


@dataclass(frozen=True)
class Arrow:
    """A smooth line through points, with level tangents and a head at its end."""

    points: tuple[Point, ...]
    colour: str


@dataclass(frozen=True)
class Scene:
    """What is drawn: shapes in the order of painting.

    Attributes:
        width: in points.
        height: in points.
        shapes: arrows, rectangles and texts.
        description: what the picture shows, for those who cannot see it.
    """

    width: float
    height: float
    shapes: tuple[Rectangle | Text | Arrow, ...]
    description: str


def record(graph: Graph, digits: int = 4) -> Scene:
    """Every node a box with its name, its value, and its gradient behind a ∂.

    Raises:
        DrawingError: for a graph of more boxes than a picture can hold.
    """
    if len(graph.nodes) > MOST_BOXES:
        raise DrawingError(
            f"a picture holds up to {MOST_BOXES:,} boxes; this graph has {len(graph.nodes):,}: "
            "draw a smaller example, or save the graph as .dot"
        )
    lines = [_lines(node, digits) for node in graph.nodes]
    boxes = [_box(texts) for texts in lines]
    ordered = {index for index, node in enumerate(graph.nodes) if not node.commutes}
    layout = layered(
        boxes, [(edge.source, edge.target) for edge in graph.edges], ordered=ordered
    )
    shapes: list[Rectangle | Text | Arrow] = [Arrow(route, WIRE) for route in layout.routes]
    for index, texts in enumerate(lines):
        shapes += _record_shapes(layout, index, boxes[index], texts, graph.nodes[index].is_leaf)
    return Scene(layout.width, layout.height, tuple(shapes), description(graph, digits))


def description(graph: Graph, digits: int = 4) -> str:
    """The graph in words: one line a node."""
    lines = []
    for index, node in enumerate(graph.nodes):
        operands = ", ".join(title(graph.nodes[graph.edges[e].source], digits) for e in
                             graph.incoming[index])
        made = f" = {node.operation}({operands})" if operands else ""
        gradient = "" if node.is_constant else f", gradient {decimal(node.gradient, digits)}"
        lines.append(f"{title(node, digits)}{made}: value {decimal(node.value, digits)}{gradient}")
    return "\n".join(lines)


def title(node: Node, digits: int = 4) -> str:
    """What a node is called in a picture: its name, else its symbol, else its number."""
    name = printable(typeset(node.label)) or node.symbol
    return name or decimal(node.value, digits)


def printable(text: str, longest: int = 40) -> str:
    """One line of text that every format can hold, cut where it is too long."""
    shown = "".join(c if c.isprintable() else "·" for c in text.strip())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _lines(node: Node, digits: int) -> tuple[tuple[str, str, float, bool], ...]:
    """The lines of a box: text, colour, size in points, whether bold."""
    name = printable(typeset(node.label))
    heading = " = ".join(part for part in (name, node.symbol) if part)
    lines = [(heading, INK, 13.0, bool(name))] if heading else []
    lines.append((decimal(node.value, digits), VALUE, 12.0, False))
    if not node.is_constant:
        lines.append((f"∂ {decimal(node.gradient, digits)}", GRADIENT, 12.0, False))
    return tuple((_drawable(line[0]), *line[1:]) for line in lines)


def _drawable(text: str) -> str:
    """The text with a box for each character that the font of the pictures has no glyph for."""
    glyphs = _glyphs()
    return "".join(c if ord(c) in glyphs else "□" for c in text)


@cache
def _glyphs() -> frozenset[int]:
    """The characters that DejaVu Sans has, both in its regular and in its bold cut."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    cuts = [
        get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight))).get_charmap()
        for weight in ("normal", "bold")
    ]
    return frozenset(cuts[0]) & frozenset(cuts[1])


_LEADING, _PADDING_X, _PADDING_Y = 17.0, 10.0, 6.0


def _box(lines: tuple[tuple[str, str, float, bool], ...]) -> Box:
    widest = max(text_width(text, size, bold) for text, _, size, bold in lines)
    return Box(max(widest + 2 * _PADDING_X, 36.0), len(lines) * _LEADING + 2 * _PADDING_Y)


def _record_shapes(
    layout: Layout, index: int, box: Box, lines: tuple[tuple[str, str, float, bool], ...],
    is_leaf: bool,
) -> list[Rectangle | Text | Arrow]:
    x, y = layout.centers[index]
    left, top = x - box.width / 2, y - box.height / 2
    fill = TINT if is_leaf else PAPER
    shapes: list[Rectangle | Text | Arrow] = [
        Rectangle(left, top, box.width, box.height, fill, FRAME)
    ]
    for row, (text, colour, size, bold) in enumerate(lines):
        baseline = top + _PADDING_Y + (row + 0.76) * _LEADING
        shapes.append(Text(x, baseline, text, size, colour, bold))
    return shapes


@cache
def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of a line of text in points, in the font of the pictures (DejaVu Sans)."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)
