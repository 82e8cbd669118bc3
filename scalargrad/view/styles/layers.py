"""Each layer of a network as one card: how many units, and the range of values and gradients.

With matrices, the weights and the biases between two layers are cards too, and a layer tells what
is made of them: tanh(W x + b).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
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

_OF_LAYER = re.compile(r"([A-Za-z]+)\d+_(\d+)")  # as in h2_1, unit 2 of layer 1
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def layers(graph: Graph, roles: Roles, look: Look) -> Board:
    """A contracted graph, its columns as cards; the leaves of later columns are left out."""
    columns = [[i for i in column if graph.incoming[i]] or column for column in roles.columns]
    matrices = _matrices(roles, columns) if look.layers == "matrices" else {}
    several = len(matrices) > 1
    parts: list[tuple[Card, int]] = []  # cards, each with a node that it stands for
    place: dict[int, int] = {}
    between: set[tuple[int, int]] = set()
    for column in columns:
        first, formula = len(parts), None
        if column[0] in matrices:
            weights, biases, source = matrices[column[0]]
            number = list(matrices).index(column[0]) + 1 if several else 0
            shape = (len(column), len(source))
            parts.append((_parameters(graph, look, "W", number, weights, shape), weights[0]))
            if biases:
                card = _parameters(graph, look, "b", number, biases, (len(biases),))
                parts.append((card, biases[0]))
            formula = _formula(graph, column, source, number, bool(biases))
        between |= {(k, len(parts)) for k in range(first, len(parts))}
        place |= dict.fromkeys(column, len(parts))
        parts.append((_card(graph, roles, look, column, formula), column[0]))
    cards = [card for card, _ in parts]
    between |= {(place[a], place[b]) for a, b in roles.edges if a in place and b in place}
    on_path = {n for e in look.way(graph) for n in (graph.edges[e].source, graph.edges[e].target)}
    accented = {place[i] for i in place if i in on_path}
    new = {place[i] for i in place if look.is_new(i)}
    links = tuple(Link(a, b) for a, b in sorted(between))
    diagram = Diagram(
        tuple(cards), links, equation(look), (), ("",) * len(cards), look.room,
        turned=look.direction == "TB",
    )  # fmt: skip
    nodes = tuple(node for _, node in parts)
    return Board(diagram, nodes, frozenset(accented), frozenset(new))


def _matrices(
    roles: Roles, columns: Sequence[Sequence[int]]
) -> dict[int, tuple[list[int], list[int], Sequence[int]]]:
    """For the first unit of a column the weights into it, its biases and where they come from."""
    found: dict[int, tuple[list[int], list[int], Sequence[int]]] = {}
    for source, column in pairwise(columns):
        weights = [w for a in source for b in column for w in roles.weighed.get((a, b), [])]
        biases = [bias for unit in column for bias in roles.biases.get(unit, [])]
        if weights:
            found[column[0]] = (weights, biases, source)
    return found


def matrix_name(letter: str, number: int) -> Written:
    """The name of the parameters of a layer: W, or W⁽¹⁾ for the first of several.

    >>> matrix_name("W", 1).text
    'W⁽¹⁾'
    """
    if not number:
        return Written(letter, letter)
    return Written(f"{letter}⁽{_raised(number)}⁾", f"{letter}^{{({number})}}")


def _raised(number: int) -> str:
    return str(number).translate(_RAISED)


def _parameters(
    graph: Graph, look: Look, letter: str, number: int, leaves: Sequence[int], shape: Sequence[int]
) -> Card:
    """The weights or the biases of a layer: name, shape and ranges."""
    name = Piece(matrix_name(letter, number), "name")
    space = Piece(Written(f"∈ ℝ{'ˣ'.join(map(_raised, shape))}"), "muted")
    made = ((name, space), *_ranges(graph, look, leaves))
    return Card(made, made, made, is_leaf=True, near=letter)


def _formula(
    graph: Graph, column: Sequence[int], source: Sequence[int], number: int, has_bias: bool
) -> Line | None:
    """What a layer is made of, as h = tanh(W x + b) is; None where its units have no one name."""
    stems = {_stem(graph.nodes[i].label) for i in source}
    if len(stems) > 1:
        return None
    parts = [matrix_name("W", number), name_of(replace(graph.nodes[source[0]], label=stems.pop()))]
    if has_bias:
        parts += [Written("+", "+"), matrix_name("b", number)]
    text, math = " ".join(p.text for p in parts), " ".join(p.math for p in parts)
    node = graph.nodes[column[0]]
    if node.is_activation:
        symbol = r"\sigma" if node.symbol == "σ" else rf"\mathrm{{{node.symbol}}}"
        text, math = f"{node.symbol}({text})", f"{symbol}({math})"
    return (Piece(Written(text, math if all(p.math for p in parts) else ""), "muted"),)


def _card(
    graph: Graph, roles: Roles, look: Look, column: Sequence[int], formula: Line | None
) -> Card:
    """A layer: what it is, its units, what it is made of, and the ranges."""
    lines: list[Line] = []
    headings = {roles.heading(index) for index in column}
    one, _, several = (headings.pop() if len(headings) == 1 else "").partition("|")
    if heading := several if several and len(column) > 1 else one:
        lines.append((Piece(Written(heading), "muted"),))
    lines.append(_units(graph, look, column))
    if formula:
        lines.append(formula)
    made = (*lines, *_ranges(graph, look, column))
    return Card(made, made, made, is_leaf=not graph.incoming[column[0]])


def _ranges(graph: Graph, look: Look, nodes: Sequence[int]) -> tuple[Line, ...]:
    """The range of the values of some nodes, and that of their gradients."""
    values = [graph.nodes[i].value for i in nodes if look.value(graph, i)]
    of_values = (Piece(Written(_range(values, look.numbers)), "value"),)
    if not has_gradients(graph):
        return (of_values,)
    slopes = [graph.nodes[i].gradient for i in nodes if look.gradient(graph, i)]
    return of_values, (Piece(Written(_range(slopes, look.numbers)), "gradient"),)


def _units(graph: Graph, look: Look, column: Sequence[int]) -> Line:
    """The name of the one unit, or what the names have in common and how many they are."""
    if len(column) == 1:
        return (called(graph, look, column[0]),)
    common = {_stem(graph.nodes[i].label) for i in column}
    space = Piece(Written(f"∈ ℝ{_raised(len(column))}"), "muted")
    if len(common) > 1:
        return (Piece(Written(f"{len(column)} units"), "name"),)
    index = column[0]
    label = common.pop()
    name = name_of(replace(graph.nodes[index], label=label))
    return (Piece(Written(name.text or drawable(label), name.math), "name"), space)


def _stem(label: str) -> str:
    """What the names of a vector's units have in common: h of h1, h__3 of h1_3, h1 of h1__2."""
    layer = _OF_LAYER.fullmatch(label)
    vector, _, place = label.rpartition("__")
    if layer:
        return f"{layer[1]}__{layer[2]}"
    return vector if vector and place.isdigit() else label.rstrip("_0123456789")


def _range(scalars: Iterable[Any], numbers: Numbers) -> str:
    """From the least to the largest; "" for nothing."""
    given = list(scalars)
    known = [scalar for scalar in given if scalar is not None and is_number(scalar)]
    if len(known) < len(given) or not known:
        return numbers.text(given[0]) if len(given) == 1 else ""
    low, high = numbers.text(min(known)), numbers.text(max(known))
    return low if low == high else f"{low} … {high}"
