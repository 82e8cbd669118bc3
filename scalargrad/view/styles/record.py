"""Every node a box with its name, its value and its gradient, as micrograd draws it."""

from __future__ import annotations

from dataclasses import replace

from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written
from scalargrad.view.layout.engines import laid_out
from scalargrad.view.layout.layered import Box, Point
from scalargrad.view.scene import (
    Arrow,
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
from scalargrad.view.styles.wires import TAG_SIZE, Tag, items, on_path, tags, with_level_end

_MATH_NAME, _NAME, _NUMBER = 17.0, 13.0, 12.0  # sizes of texts, in points
_LEADING = 17.0  # of a row, where it is not higher
_PADDING_X, _PADDING_Y = 10.0, 6.0
_LIFT, _ASIDE = 4.0, 6.0  # from a wire to the texts above and below it, and beside it


def record(graph: Graph, look: Look) -> Scene:
    """The graph as boxes."""
    on_wires = tags(graph, look)
    plan = items(graph, on_wires)
    rows = [_rows(graph, index, look) for index in range(len(graph.nodes))]
    boxes = [Box(1.0, 1.0)] * plan.count
    for index, item in enumerate(plan.nodes):
        boxes[item] = _box(rows[index])
    for edge, item in plan.tags.items():
        boxes[item] = _tag_box(on_wires[edge], look)
    layout = laid_out(
        boxes,
        plan.edges,
        engine=look.engine,
        ordered=plan.ordered(graph),
        direction=look.direction,
        column_gap=30.0 if on_wires else 44.0,
        row_gap=12.0,
    )
    shapes: list[Shape] = []
    for edge in sorted(range(len(graph.edges)), key=lambda edge: edge in look.path):
        ends = {graph.edges[edge].source, graph.edges[edge].target}
        route = plan.route(layout, edge)
        if not layout.sampled:
            route = with_level_end(route, look.direction, 9.0)
        arrow = _arrow(route, edge in look.path, ends, look)
        shapes.append(replace(arrow, curved="") if layout.sampled else arrow)
    path = on_path(graph, look)
    for index, item in enumerate(plan.nodes):
        center, box = layout.centers[item], boxes[item]
        shapes.append(_outline(graph, index, center, box, look, index in path))
        shapes += _contents(rows[index], center, box)
    for edge, item in plan.tags.items():
        ends = {graph.edges[edge].source, graph.edges[edge].target}
        shapes += _tag(on_wires[edge], layout.centers[item], bool(ends & look.dropped), look)
    words = description(graph, look.numbers)
    scene = Scene(layout.width, layout.height, tuple(shapes), look.theme.paper, words)
    note = "; ".join(remark for remark in (look.note, layout.note) if remark)
    return with_lines_beneath(scene, replace(look, note=note))


# Boxes -------------------------------------------------------------------------------------------


def _rows(graph: Graph, index: int, look: Look) -> tuple[Row, ...]:
    """The heading, the value and the gradient of a node."""
    node, theme = graph.nodes[index], look.theme
    muted = theme.muted if index in look.dropped else ""
    name, symbol, ink = name_of(node), drawable(node.symbol), muted or theme.ink
    heading: list[Piece] = []
    if name.text:
        size = _MATH_NAME if name.math else _NAME
        heading.append(Piece(name, size, ink, bold=not name.math))
    if symbol:
        written = f"= {symbol}" if heading else symbol
        heading.append(Piece(Written(written), _NAME, ink))
    value = Written(drawable(look.numbers.text(node.value)))
    is_known = node.is_constant or bool(look.value(graph, index))
    rows = [tuple(heading), (Piece(value, _NUMBER, muted or theme.value, is_known),)]
    if not node.is_constant:
        rows.append(_gradient_row(graph, index, look, muted or theme.gradient))
    return tuple(row for row in rows if row)


def _gradient_row(graph: Graph, index: int, look: Look, colour: str) -> Row:
    """The gradient, behind a Σ where it is the sum of what several wires bring."""
    node = graph.nodes[index]
    shown = bool(look.gradient(graph, index))
    text = drawable(f"∂ {look.numbers.text(node.gradient)}")
    gradient = Piece(Written(text), _NUMBER, colour, shown)
    if len(graph.outgoing[index]) < 2 or node.gradient is None:
        return (gradient,)
    return Piece(Written("Σ"), _NUMBER, look.theme.muted, shown), gradient


def _box(rows: tuple[Row, ...]) -> Box:
    widest = max(map(row_width, rows))
    return Box(max(widest + 2 * _PADDING_X, 36.0), sum(map(_leading, rows)) + 2 * _PADDING_Y)


def _leading(row: Row) -> float:
    return max(_LEADING, row_height(row) + 3.0)


def _contents(rows: tuple[Row, ...], center: Point, box: Box) -> list[Shape]:
    shapes: list[Shape] = []
    top = center[1] - box.height / 2 + _PADDING_Y
    for row in rows:
        free = _leading(row) - _LEADING
        baseline = top + max(0.76 * _LEADING + free / 2, row_above(row) + 1.0)
        baseline = min(baseline, top + _leading(row) - row_below(row))
        shapes += row_texts(row, center[0] - row_width(row) / 2, baseline)
        top += _leading(row)
    return shapes


def _outline(
    graph: Graph, index: int, center: Point, box: Box, look: Look, on_the_path: bool
) -> Rectangle:
    theme = look.theme
    is_new, is_dropped = look.is_new(index), index in look.dropped
    stands_out = is_new or (on_the_path and not is_dropped)
    plain = theme.tint if graph.nodes[index].is_leaf and not is_dropped else theme.paper
    stroke = theme.path if stands_out else theme.muted if is_dropped else theme.frame
    return Rectangle(
        center[0] - box.width / 2,
        center[1] - box.height / 2,
        box.width,
        box.height,
        theme.accent_tint if stands_out else plain,
        stroke,
        line=2.6 if is_new else 1.8 if stands_out else 1.0,
        dashed=is_dropped,
    )


# Wires -------------------------------------------------------------------------------------------


def _arrow(route: tuple[Point, ...], accented: bool, ends: set[int], look: Look) -> Arrow:
    theme = look.theme
    is_dropped = bool(ends & look.dropped)
    return Arrow(
        route,
        theme.muted if is_dropped else theme.path if accented else theme.wire,
        2.4 if accented else 1.3,
        curved="x" if look.direction == "LR" else "y",
        dashed=is_dropped,
        head=9.0 if accented else 7.0,
    )


def _tag_box(tag: Tag, look: Look) -> Box:
    reach = extent("0(", TAG_SIZE)
    if look.direction == "LR":
        return Box(max(tag.widths) + 6.0, 2 * (reach.height + _LIFT))
    return Box(2 * (max(tag.widths) + _ASIDE), reach.height + 6.0)


def _tag(tag: Tag, center: Point, is_dropped: bool, look: Look) -> list[Shape]:
    """The factor above a wire and the contribution below it, or left and right of it."""
    theme = look.theme
    factor = Piece(
        Written(tag.factor), TAG_SIZE, theme.muted if is_dropped else theme.accent, tag.shows_factor
    )
    colour = theme.muted if is_dropped else theme.gradient
    added = Piece(Written(tag.contribution), TAG_SIZE, colour, tag.shows_contribution)
    x, y = center
    wide = tag.widths
    if look.direction == "LR":
        places = [
            (x - wide[0] / 2, y - _LIFT - row_below((factor,))),
            (x - wide[1] / 2, y + _LIFT + row_above((added,))),
        ]
    else:
        level = extent("0", TAG_SIZE).above / 2
        places = [(x - _ASIDE - wide[0], y + level), (x + _ASIDE, y + level)]
    return [
        text
        for piece, place in zip((factor, added), places, strict=True)
        for text in row_texts((piece,), *place)
    ]
