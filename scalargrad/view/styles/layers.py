"""Each layer of a network as one card: how many units, and the range of values and gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scalargrad.engine.scalars import is_number
from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.view.layout.diagram import Card, Diagram, Line, Link, Piece
from scalargrad.view.roles import Roles
from scalargrad.view.scene import Look, drawable, name_of
from scalargrad.view.styles.board import Board
from scalargrad.view.styles.cards import called, equation, has_gradients

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def layers(graph: Graph, roles: Roles, look: Look) -> Board:
    """A contracted graph, its columns as cards; the leaves of later columns are left out."""
    columns = [[i for i in column if graph.incoming[i]] or column for column in roles.columns]
    cards = [_card(graph, roles, look, column) for column in columns]
    place = {index: c for c, column in enumerate(columns) for index in column}
    between = {(place[a], place[b]) for a, b in roles.edges if a in place and b in place}
    on_path = {n for e in look.way(graph) for n in (graph.edges[e].source, graph.edges[e].target)}
    accented = {place[i] for i in place if i in on_path}
    new = {place[i] for i in place if look.is_new(i)}
    links = tuple(Link(a, b) for a, b in sorted(between))
    diagram = Diagram(
        tuple(cards), links, equation(look), (), ("",) * len(cards), look.room,
        turned=look.direction == "TB",
    )  # fmt: skip
    nodes = tuple(column[0] for column in columns)
    return Board(diagram, nodes, frozenset(accented), frozenset(new))


def _card(graph: Graph, roles: Roles, look: Look, column: Sequence[int]) -> Card:
    """A layer: what it is, its units, and the ranges."""
    lines: list[Line] = []
    headings = {roles.heading(index) for index in column}
    one, _, several = (headings.pop() if len(headings) == 1 else "").partition("|")
    if heading := several if several and len(column) > 1 else one:
        lines.append((Piece(Written(heading), "muted"),))
    lines.append(_units(graph, look, column))
    values = [graph.nodes[i].value for i in column if look.value(graph, i)]
    lines.append((Piece(Written(_range(values, look.numbers)), "value"),))
    if has_gradients(graph):
        slopes = [graph.nodes[i].gradient for i in column if look.gradient(graph, i)]
        lines.append((Piece(Written(_range(slopes, look.numbers)), "gradient"),))
    made = tuple(lines)
    return Card(made, made, made, is_leaf=not graph.incoming[column[0]])


def _units(graph: Graph, look: Look, column: Sequence[int]) -> Line:
    """The name of the one unit, or what the names have in common and how many they are."""
    if len(column) == 1:
        return (called(graph, look, column[0]),)
    common = {graph.nodes[i].label.rstrip("_0123456789") for i in column}
    space = Piece(Written(f"∈ ℝ{str(len(column)).translate(_RAISED)}"), "muted")
    if len(common) > 1:
        return (Piece(Written(f"{len(column)} units"), "name"),)
    index = column[0]
    label = common.pop()
    node = type(graph.nodes[index])(label, "", 0, None)
    name = name_of(node)
    return (Piece(Written(name.text or drawable(label), name.math), "name"), space)


def _range(scalars: Iterable[Any], numbers: Numbers) -> str:
    """From the least to the largest; "" for nothing."""
    given = list(scalars)
    known = [scalar for scalar in given if scalar is not None and is_number(scalar)]
    if len(known) < len(given) or not known:
        return numbers.text(given[0]) if len(given) == 1 else ""
    low, high = numbers.text(min(known)), numbers.text(max(known))
    return low if low == high else f"{low} … {high}"
