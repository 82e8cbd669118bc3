"""Every node a box with its name, its value and its gradient, as micrograd draws it."""

from __future__ import annotations

from dataclasses import dataclass

from scalargrad.view.graph import Graph
from scalargrad.view.layout import Box, layered
from scalargrad.view.notation import typeset
from scalargrad.view.scene import (
    Arrow,
    Look,
    Rectangle,
    Scene,
    Shape,
    Text,
    description,
    drawable,
    extent,
    printable,
)

_LEADING, _PADDING_X, _PADDING_Y = 17.0, 10.0, 6.0


@dataclass(frozen=True)
class _Line:
    """A line of a box."""

    text: str
    colour: str
    size: float
    bold: bool = False


def record(graph: Graph, look: Look) -> Scene:
    """The graph as boxes."""
    theme = look.theme
    lines = [_lines(graph, index, look) for index in range(len(graph.nodes))]
    boxes = [_box(texts) for texts in lines]
    ordered = {index for index, node in enumerate(graph.nodes) if not node.commutes}
    layout = layered(
        boxes,
        [(edge.source, edge.target) for edge in graph.edges],
        ordered=ordered,
        direction=look.direction,
    )
    shapes: list[Shape] = [
        Arrow(route, theme.wire, curved="x" if look.direction == "LR" else "y")
        for route in layout.routes
    ]
    for index, (x, y) in enumerate(layout.centers):
        box = boxes[index]
        left, top = x - box.width / 2, y - box.height / 2
        fill = theme.tint if graph.nodes[index].is_leaf else theme.paper
        shapes.append(Rectangle(left, top, box.width, box.height, fill, theme.frame))
        for row, line in enumerate(lines[index]):
            baseline = top + _PADDING_Y + (row + 0.76) * _LEADING
            shapes.append(Text(x, baseline, line.text, line.size, line.colour, line.bold))
    return Scene(
        layout.width, layout.height, tuple(shapes), theme.paper, description(graph, look.numbers)
    )


def _lines(graph: Graph, index: int, look: Look) -> tuple[_Line, ...]:
    node = graph.nodes[index]
    name = printable(typeset(node.label))
    heading = " = ".join(part for part in (name, node.symbol) if part)
    lines = [_Line(heading, look.theme.ink, 13.0, bool(name))] if heading else []
    lines.append(_Line(look.value(graph, index), look.theme.value, 12.0))
    if not node.is_constant:
        lines.append(_Line(f"∂ {look.gradient(graph, index)}", look.theme.gradient, 12.0))
    return tuple(_Line(drawable(line.text), line.colour, line.size, line.bold) for line in lines)


def _box(lines: tuple[_Line, ...]) -> Box:
    widest = max(extent(line.text, line.size, line.bold).width for line in lines)
    return Box(max(widest + 2 * _PADDING_X, 36.0), len(lines) * _LEADING + 2 * _PADDING_Y)
