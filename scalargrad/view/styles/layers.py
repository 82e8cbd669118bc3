"""Each layer of a network as one shape: how many units, and the range of values and gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scalargrad.engine.scalars import is_number
from scalargrad.graph.model import Graph
from scalargrad.notation.numbers import Numbers
from scalargrad.view.layout.layered import Box, layered
from scalargrad.view.scene import (
    Arrow,
    Look,
    Rectangle,
    Scene,
    Shape,
    Text,
    drawable,
    extent,
    name_of,
    title,
)
from scalargrad.view.styles.beneath import with_lines_beneath

_LEADING, _PADDING = 17.0, 11.0


def layers(
    graph: Graph,
    look: Look,
    columns: Sequence[Sequence[int]],
    headings: Sequence[str],
    edges: Iterable[tuple[int, int]],
) -> Scene:
    """A contracted graph, its columns as boxes.

    Args:
        graph: what is drawn.
        look: how.
        columns: the nodes of each layer.
        headings: what each layer is called.
        edges: between the nodes; weights stand for the edges that they are on.
    """
    rows = [_lines(graph, look, *layer) for layer in zip(columns, headings, strict=True)]
    boxes = [_box(lines) for lines in rows]
    place = {index: c for c, column in enumerate(columns) for index in column}
    between = sorted({(place[a], place[b]) for a, b in edges})
    layout = layered(boxes, between, direction=look.direction, margin=14.0, column_gap=40.0)
    theme = look.theme
    shapes: list[Shape] = [
        Arrow(route, theme.wire, curved="x" if look.direction == "LR" else "y")
        for route in layout.routes
    ]
    for (x, y), box, lines, column in zip(layout.centers, boxes, rows, columns, strict=True):
        left, top = x - box.width / 2, y - box.height / 2
        new = any(look.is_new(index) for index in column)
        fill = theme.accent_tint if new else theme.tint
        outline = theme.path if new else theme.frame
        shapes.append(Rectangle(left, top, box.width, box.height, fill, outline, 9.0))
        for row, line in enumerate(lines):
            baseline = top + _PADDING + (row + 0.74) * _LEADING
            shapes.append(Text(x, baseline, line.text, line.size, line.colour, math=line.math))
    words = "\n".join(": ".join(line.text for line in lines) for lines in rows)
    scene = Scene(layout.width, layout.height, tuple(shapes), theme.paper, words)
    return with_lines_beneath(scene, look)


def _lines(graph: Graph, look: Look, column: Sequence[int], heading: str) -> list[Text]:
    """What stands in the box of a layer."""
    theme = look.theme
    lines = [Text(0, 0, heading, 12.0, theme.muted), _names(graph, look, column)]
    values = [graph.nodes[i].value for i in column if look.value(graph, i)]
    gradients = [graph.nodes[i].gradient for i in column if look.gradient(graph, i)]
    lines.append(Text(0, 0, _range(values, look.numbers), 12.0, theme.value))
    lines.append(Text(0, 0, f"∂ {_range(gradients, look.numbers)}", 12.0, theme.gradient))
    return lines


def _names(graph: Graph, look: Look, column: Sequence[int]) -> Text:
    """The name of the one unit, or of what the names have in common and how many they are."""
    node = graph.nodes[column[0]]
    if len(column) == 1:
        name = name_of(node)
        text = name.text or drawable(title(node, look.numbers))
        return Text(0, 0, text, 14.0, look.theme.ink, math=name.math)
    common = {graph.nodes[i].label.rstrip("_0123456789") for i in column}
    units = f"{common.pop()} × {len(column)}" if len(common) == 1 else f"{len(column)} units"
    return Text(0, 0, drawable(units), 14.0, look.theme.ink)


def _range(scalars: Sequence[Any], numbers: Numbers) -> str:
    known = [scalar for scalar in scalars if scalar is not None and is_number(scalar)]
    if len(known) < len(scalars) or not known:
        return numbers.text(scalars[0] if len(scalars) == 1 else None)
    low, high = numbers.text(min(known)), numbers.text(max(known))
    return low if low == high else f"{low} … {high}"


def _box(lines: Sequence[Text]) -> Box:
    widest = max(extent(line.text, line.size, line.bold, line.math).width for line in lines)
    return Box(widest + 2 * _PADDING, len(lines) * _LEADING + 2 * _PADDING)
