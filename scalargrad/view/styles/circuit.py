"""The circuit: every operation as a card with its value and its gradient inside.

Constants stand inside the operation that uses them (×0.9, +1, ÷3), sums of sums are one Σ, and the
0 that Python's `sum` starts with is gone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from scalargrad.engine import scalars
from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written, raised
from scalargrad.view.layout.diagram import Card, Diagram, Label, Line, Link, Piece
from scalargrad.view.scene import Look, Scene, drawable, name_of
from scalargrad.view.styles.board import BAR, EQUALS, Board
from scalargrad.view.styles.cards import (
    called,
    contribution,
    equation,
    factor,
    facts,
    gradient,
    has_gradients,
    is_closed,
    remarks,
    scene,
    value,
)

_SYMBOLS = {"σ": Written("σ", r"\sigma")}
_MOST_PARTS = 24  # cards of a circuit that shows what each use brings to a gradient
_MOST_ALIKE = 2  # links between the same cards that have room for it
_SUM, _MINUS = "+", "−"


def circuit(graph: Graph, look: Look) -> Scene:
    """The graph as a circuit."""
    return drawn(graph, look, Merged.of(graph))


def drawn(graph: Graph, look: Look, merged: Merged) -> Scene:
    """The operations of a graph, some of them drawn as one."""
    full = _board(look.widest or graph, merged, look.basis)
    shows_all = look.widest is None and look.basis == look
    now = full if shows_all else _board(graph, merged, look)
    return scene(full, now, look, graph)


# What is drawn as one ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """A link of the circuit: the node that is used, and the edges of the graph on the way."""

    source: int
    edges: tuple[int, ...]


@dataclass(frozen=True)
class Merged:
    """Which nodes of a graph are cards, and what goes into each.

    Attributes:
        cards: the nodes that are drawn.
        uses: for each of them what goes into it.
        inside: for an operation the edge of the constant that is written in it.
        inner: nodes that are drawn as a part of another, by that other.
        tells_parts: whether each use of a node tells what it brings to the gradient.
    """

    cards: tuple[int, ...]
    uses: dict[int, tuple[Use, ...]]
    inside: dict[int, int]
    inner: dict[int, int]
    tells_parts: bool = True

    def card(self, index: int) -> int:
        """The node that another is drawn with."""
        return self.inner.get(index, index)

    @staticmethod
    def nothing(graph: Graph) -> Merged:
        """Every node by itself."""
        uses = {
            index: tuple(Use(graph.edges[e].source, (e,)) for e in incoming)
            for index, incoming in enumerate(graph.incoming)
            if incoming
        }
        return Merged(tuple(range(len(graph.nodes))), uses, {}, {})

    @staticmethod
    def of(graph: Graph) -> Merged:
        """What is drawn of a graph as one."""
        nodes, edges = graph.nodes, graph.edges
        inside: dict[int, int] = {}
        through: dict[int, int] = {}  # for what is not drawn, the edge whose source is
        summed: dict[int, int] = {}  # a sum that is part of another, by that other
        for index in range(len(nodes)):
            incoming = graph.incoming[index]
            constants = [e for e in incoming if nodes[edges[e].source].is_constant]
            if len(incoming) != 2 or len(constants) != 1:
                continue
            other = incoming[0] if incoming[1] == constants[0] else incoming[1]
            number = nodes[edges[constants[0]].source].value
            is_unnamed = not nodes[index].label and index != graph.output
            is_zero = scalars.is_number(number) and bool(number == 0)
            if nodes[index].symbol == _SUM and is_zero and is_unnamed:
                through[index] = other
            elif nodes[index].symbol in _BADGES:
                inside[index] = constants[0]
        for index in reversed(range(len(nodes))):
            users = [edges[e].target for e in graph.outgoing[index]]
            is_sum = nodes[index].symbol == _SUM and index not in inside
            if is_sum and len(users) == 1 and not nodes[index].label and index not in through:
                end = users[0]
                while end in through and len(graph.outgoing[end]) == 1:
                    end = edges[graph.outgoing[end][0]].target
                if nodes[end].symbol == _SUM and end not in inside and end not in through:
                    summed[index] = summed.get(end, end)
        uses: dict[int, list[Use]] = {}
        skipped = {*through, *summed}
        absorbed = set(inside.values())
        absorbed |= {e for i in through for e in graph.incoming[i] if e != through[i]}
        way: dict[int, Use] = {}
        for index in range(len(nodes)):
            if index in through:
                edge = through[index]
                before = way.get(edges[edge].source, Use(edges[edge].source, ()))
                way[index] = Use(before.source, (*before.edges, edge))
        for index in range(len(nodes)):
            if index in through:
                continue
            for e in graph.incoming[index]:
                source = edges[e].source
                if e in absorbed or source in summed:
                    continue
                start = way.get(source, Use(source, ()))
                if start.source in summed:
                    continue
                uses.setdefault(summed.get(index, index), []).append(
                    Use(start.source, (*start.edges, e))
                )
        used = {use.source for ways in uses.values() for use in ways} | {graph.output}
        cards = [i for i in range(len(nodes)) if i not in skipped and (i in used or i in uses)]
        found = {index: tuple(ways) for index, ways in uses.items()}
        return Merged(tuple(cards), found, inside, summed, len(cards) <= _MOST_PARTS)


# The badge of an operation with a constant, on its right and on its left.
_BADGES = {
    "+": ("+%s", "+%s"),
    "×": ("×%s", "×%s"),
    "−": ("−%s", "%s − ( )"),
    "÷": ("÷%s", "%s/( )"),
    "^": ("( )^%s", "%s^( )"),
}


# Cards and links ---------------------------------------------------------------------------------


def _board(graph: Graph, merged: Merged, look: Look) -> Board:
    place = {index: k for k, index in enumerate(merged.cards)}
    cards = [_card(graph, merged, look, index) for index in merged.cards]
    links: list[Link] = []
    accented, gone, closed, way = set(), set(), set(), look.way(graph)
    times = Counter(use.source for ways in merged.uses.values() for use in ways)
    tells_parts = has_gradients(graph) and merged.tells_parts
    for index, ways in merged.uses.items():
        alike = Counter(use.source for use in ways)
        for use in ways:
            first = use.edges[0]
            pieces: list[Piece] = []
            if any(edge in way for edge in use.edges):
                accented.add(len(links))
            if look.local or any(edge in look.path for edge in use.edges):
                pieces.append(factor(graph, look, use.edges[-1]))
            is_split = times[use.source] > 1 and alike[use.source] <= _MOST_ALIKE
            if tells_parts and is_split and not graph.nodes[use.source].is_constant:
                pieces.append(contribution(graph, look, [first]))
            if {use.source, index} & look.dropped:
                gone.add(len(links))
            if any(is_closed(graph, look, [edge]) for edge in use.edges):
                closed.add(len(links))
            label = Label((tuple((piece,) for piece in pieces),)) if pieces else None
            links.append(Link(place[use.source], place[index], label))
    on_path = {n for e in way for n in (graph.edges[e].source, graph.edges[e].target)}
    new = {index for index in range(len(graph.nodes)) if look.is_new(index)}
    return Board(
        Diagram(
            tuple(cards), tuple(links), equation(look), remarks(graph, look), ("",) * len(cards),
            look.room, (), look.direction == "TB", look.engine,
        ),
        merged.cards,
        frozenset(place[card] for card in map(merged.card, on_path) if card in place),
        frozenset(place[card] for card in map(merged.card, new) if card in place),
        frozenset(place[i] for i in merged.cards if i in look.hidden),
        frozenset(place[i] for i in merged.cards if i in look.dropped),
        frozenset(accented),
        frozenset(gone),
        frozenset(closed),
    )  # fmt: skip


def _card(graph: Graph, merged: Merged, look: Look, index: int) -> Card:
    """An operation, a leaf or a constant."""
    node = graph.nodes[index]
    slope = gradient(graph, look, index) if has_gradients(graph) else None
    number = value(graph, look, index)
    if node.is_constant:
        lines = ((Piece(number.written, "name"),),)
        return Card(lines, lines, lines, is_leaf=True)
    if node.is_leaf:
        forms = facts(called(graph, look, index), number, slope)
        if not name_of(node).text:
            forms = facts(Piece(Written("•"), "muted"), number, slope)
        return Card(*forms, is_leaf=True)
    badge = _badge(graph, merged, look, index)
    name = called(graph, look, index) if node.label else None
    result: Line = (name, EQUALS, number) if name else (number,)
    if slope is None:
        return Card(((badge,), result), ((badge, *result),), ((badge, *result),))
    two = ((badge,), (*result, BAR, slope))
    return Card(((badge,), result, (slope,)), two, two)


def _badge(graph: Graph, merged: Merged, look: Look, index: int) -> Piece:
    """What stands for an operation, with the constant that it uses."""
    node = graph.nodes[index]
    if index in merged.inside:
        edge = merged.inside[index]
        number = drawable(look.numbers.text(graph.nodes[graph.edges[edge].source].value))
        pattern = _BADGES[node.symbol][graph.incoming[index][0] == edge]
        is_negative = number.startswith("−") and not pattern.startswith("%")
        if is_negative and pattern == "+%s":
            pattern, is_negative = "%s", False  # x + (−1) is written as −1
        text = pattern % (f"({number})" if is_negative else number)
        base, power, exponent = text.partition("^")
        if power and exponent.strip("−").isdigit():
            text = base + raised(exponent)
        return Piece(Written(text), "name")
    if node.symbol == _SUM and len(merged.uses.get(index, ())) > 2:
        return Piece(Written("Σ"), "name")
    if node.symbol == _MINUS and len(graph.incoming[index]) == 1:
        return Piece(Written("−( )"), "name")
    symbol = _SYMBOLS.get(node.symbol, Written(drawable(node.symbol)))
    return Piece(symbol, "name")
