"""The network: units as cards in columns, weights on the edges, one path with its factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from re import sub

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Graph
from scalargrad.notation.names import Written
from scalargrad.view.layout.diagram import (
    Card,
    Diagram,
    Label,
    Line,
    Link,
    Matrix,
    Piece,
    Row,
    aligned,
)
from scalargrad.view.roles import Roles
from scalargrad.view.scene import Look, Scene, name_of
from scalargrad.view.styles.board import BAR, EQUALS, SUM, Board
from scalargrad.view.styles.cards import (
    called,
    contribution,
    equation,
    factor,
    facts,
    gradient,
    has_gradients,
    is_closed,
    planned,
    remarks,
    scene,
    value,
)
from scalargrad.view.styles.layers import layers, matrix_name

MOST_ROWS = 8  # cards in a column; of more, some are left out
SHOWN_ROWS = 4  # of a longer column
MOST_LABELS = 8  # in one gap: of more, the weights stand in rows
_READABLE, _LARGE = 14.0, 18.0  # points: below, weights are shown in another way
_CLEARLY = 1.15  # times that rows are larger than labels on edges to be worth it
_CROWD, _CROWDED = 4, 0.87  # the same where so many labels stand beside their edges
_NOTHING = Piece(Written(""), "name")


def is_network(graph: Graph) -> bool:
    """Whether a contracted graph has weights, and a named node between them and the output."""
    return Roles(graph).is_network


def network(graph: Graph, look: Look) -> Scene:
    """The contracted graph as a network."""
    roles = Roles(graph)
    if not look.biases:
        biases = frozenset(leaf for leaves in roles.biases.values() for leaf in leaves)
        look = replace(look, hidden=look.hidden | biases)
    everything = look.basis
    widest = look.widest or graph
    if look.layers:
        full = layers(widest, roles, everything)
        return scene(full, layers(graph, roles, look), look, graph)
    weights, least = (look.weights, 0.0) if look.weights else _best(widest, roles, everything)
    full = _Net(widest, roles, everything, weights, least).board
    if look.weights == "edges" and (lost := planned(full.diagram, look).lost):
        raise DrawingError(
            f"{len(lost)} of {sum(bool(link.label) for link in full.diagram.links)} labels find no "
            f'place on their edges here: .weights("rows") or .weights("matrices") shows all weights'
        )
    shows_all = look.widest is None and everything == look
    now = full if shows_all else _Net(graph, roles, look, weights).board
    return scene(full, now, look, graph)


def _best(graph: Graph, roles: Roles, look: Look) -> tuple[str, float]:
    """How weights are shown, and the least size of the text for it.

    They stand on their edges, and where the text is too small there otherwise.
    """
    edges = _Net(graph, roles, look, "edges")
    if not edges.has_weights:
        return "edges", 0.0

    def size(how: str, least: float = 0.0) -> tuple[float, bool]:
        """The size of the text, 0 where a label is lost, and whether the labels are alike."""
        plan = planned(_Net(graph, roles, look, how, least).board.diagram, look)
        return 0.0 if plan.lost else plan.size, plan.is_calm

    is_crowd = edges.most_labels >= _CROWD
    if not is_crowd and size("edges", _LARGE)[0] >= _LARGE:
        return "edges", _LARGE
    in_rows, _ = size("rows")  # which is found sooner than places for many labels
    if edges.most_labels > MOST_LABELS:
        is_small = in_rows < _READABLE and size("matrices")[0] > in_rows
        return ("matrices" if is_small else "rows"), 0.0
    least = min(_LARGE, in_rows / _CLEARLY)
    on_edges, is_calm = size("edges", least)
    is_clear = is_calm or not is_crowd
    is_large = is_clear and on_edges >= _LARGE
    if is_large or in_rows <= on_edges * (_CLEARLY if is_clear else _CROWDED):
        return "edges", least
    return "rows", 0.0


@dataclass(frozen=True)
class _Net:
    """A network as cards and links."""

    graph: Graph
    roles: Roles
    look: Look
    weights: str
    least: float = 0.0

    @cached_property
    def shown(self) -> list[list[int]]:
        """Of each column the units that are drawn; -1 stands for those that are left out."""
        on_path = {n for e in self.look.path for n in self._ends(e)}
        columns = []
        for column in self.roles.columns:
            if len(column) <= MOST_ROWS:
                columns.append(column)
                continue
            kept = {*column[: SHOWN_ROWS - 1], column[-1]}
            kept |= set([i for i in column if i in on_path and i not in kept][:2])
            rows = [index if index in kept else -1 for index in column]
            columns.append([index for index, _ in groupby(rows)])
        return columns

    @cached_property
    def is_cut(self) -> bool:
        """Whether some units are left out."""
        return any(index < 0 for column in self.shown for index in column)

    @cached_property
    def has_weights(self) -> bool:
        """Whether weights are written out."""
        return bool(self.roles.weighed) and not self.is_cut

    def _ends(self, edge: int) -> tuple[int, int]:
        return self.graph.edges[edge].source, self.graph.edges[edge].target

    @cached_property
    def units(self) -> list[int]:
        """The units that are drawn, parents first."""
        return sorted(index for column in self.shown for index in column if index >= 0)

    @cached_property
    def edges(self) -> list[tuple[int, int]]:
        """The edges that are drawn."""
        there = set(self.units)
        return [(a, b) for a, b in self.roles.edges if a in there and b in there]

    @cached_property
    def most_labels(self) -> int:
        """How many weights stand between two columns, at most."""
        place = {index: c for c, column in enumerate(self.roles.columns) for index in column}
        count = [0] * (len(self.roles.columns) + 1)
        for edge in self.edges:
            count[place[edge[0]]] += edge in self.roles.weighed
        return max(count)

    @cached_property
    def factor_edges(self) -> dict[tuple[int, int], list[int]]:
        """For each drawn edge with factors, the edges of the graph that it stands for."""
        found: dict[tuple[int, int], list[int]] = {}
        carriers: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for edge, weights in self.roles.weighed.items():
            for weight in weights:
                carriers.setdefault((weight, edge[1]), []).append(edge)
        for index in range(len(self.graph.edges)) if self.look.local else sorted(self.look.path):
            ends = self._ends(index)
            for carrier in carriers.get(ends, [ends]):
                found.setdefault(carrier, []).append(index)
        return found

    @cached_property
    def board(self) -> Board:
        """The network, ready for layout and painting."""
        look = self.look
        place = {index: k for k, index in enumerate(self.units)}
        cards = self._in_tables([self._card(index) for index in self.units])
        links = [self._link(edge, place) for edge in self.edges]
        pinned: tuple[int, ...] = ()
        if self.is_cut:
            column_of = {i: c for c, column in enumerate(self.roles.columns) for i in column}
            pinned = tuple(column_of[index] for index in self.units)
            order: list[int] = []
            for c, column in enumerate(self.shown):
                for index in column:
                    if index < 0:
                        cards.append(_dots(len(self.roles.columns[c]) - len(column) + 1))
                        pinned += (c,)
                    order.append(place.get(index, len(cards) - 1))
            cards, links, pinned, place = _reordered(cards, links, pinned, place, order)
        at = {card: index for index, card in place.items()}
        diagram = Diagram(
            tuple(cards),
            tuple(links),
            equation(look),
            self._notes(),
            self._headings(pinned, place),
            look.room,
            pinned,
            look.direction == "TB",
            look.engine,
            self._matrices() if self.weights == "matrices" else (),
            least=self.least,
        )
        way = look.way(self.graph)
        on_path = {n for e in way for n in self._ends(e)}
        dropped = {index for index in place if index in look.dropped}
        return Board(
            diagram,
            tuple(at.get(k, -1) for k in range(len(cards))),
            frozenset(place[i] for i in on_path & place.keys()),
            frozenset(place[i] for i in place if look.is_new(i)),
            frozenset(place[i] for i in place if i in look.hidden),
            frozenset(place[i] for i in dropped),
            frozenset(
                k
                for k, edge in enumerate(self.edges)
                if not way.isdisjoint(self.factor_edges.get(edge, []))
            ),
            frozenset(k for k, edge in enumerate(self.edges) if set(edge) & dropped),
            frozenset(k for k, edge in enumerate(self.edges) if self._is_closed(edge)),
            self._strengths(),
            self._fills(place),
        )

    def _is_closed(self, edge: tuple[int, int]) -> bool:
        """Whether no gradient passes an edge: a closed gate, a loser of max, a weight of 0."""
        graph = self.graph
        uses = [k for k in graph.outgoing[edge[0]] if graph.edges[k].target == edge[1]]
        return is_closed(graph, self.look, uses)

    def _strengths(self) -> dict[int, float]:
        """How strong each edge is, from -1 to 1, by its weights."""
        found = {}
        for k, edge in enumerate(self.edges if self.look.edges_by else []):
            nodes = [self.graph.nodes[weight] for weight in self.roles.weighed.get(edge, [])]
            by_value = self.look.edges_by == "weight"
            found[k] = sum(_number(n.value if by_value else n.gradient) for n in nodes)
        return _shares(found)

    def _fills(self, place: dict[int, int]) -> dict[int, float]:
        """How full each unit is, from -1 to 1."""
        nodes, by = self.graph.nodes, self.look.fill_by
        return _shares(
            {
                card: _number(nodes[index].value if by == "value" else nodes[index].gradient)
                for index, card in (place.items() if by else ())
            }
        )

    def _headings(self, pinned: tuple[int, ...], place: dict[int, int]) -> tuple[str, ...]:
        """What the column of each card is called; dots are called as what they stand for."""
        found = [""] * max(len(pinned), len(place))
        for index, card in place.items():
            found[card] = self._heading(index)
        for card in set(range(len(found))) - set(place.values()):
            found[card] = self._heading(self.roles.columns[pinned[card]][0])
        return tuple(found)

    def _heading(self, index: int) -> str:
        """What a column of such a unit is called: as the lecturer says of one of them."""
        own = self.roles.heading(index)
        column = next(column for column in self.roles.columns if index in column)
        others = [i for i in column if i in self.look.heads and self.roles.heading(i) == own]
        return self.look.heads[others[-1]] if others else own

    # Cards

    def _slope(self, index: int) -> Piece | None:
        return gradient(self.graph, self.look, index) if has_gradients(self.graph) else None

    def _card(self, index: int) -> Card:
        """A unit with what belongs to it."""
        graph, look = self.graph, self.look
        forms = facts(called(graph, look, index), value(graph, look, index), self._slope(index))
        rows = []
        if not self.is_cut:
            rows += [self._row(bias, index) for bias in self.roles.biases.get(index, [])]
        if self.has_weights and self.weights == "rows":
            rows += [self._row(weight, index) for weight in self._weights_into(index)]
        leaf = not graph.incoming[index]
        stem = sub(r"[\d_₀-₉].*$", "", graph.nodes[index].label) if leaf else ""
        return Card(*forms, tuple(rows), leaf, True, True, stem)

    def _in_tables(self, cards: list[Card]) -> list[Card]:
        """The cards with the rows of a column under one another, as in a table."""
        place = {index: c for c, column in enumerate(self.roles.columns) for index in column}
        columns: dict[int, list[int]] = {}
        for card, index in enumerate(self.units):
            if len(cards[card].rows) > 1:
                columns.setdefault(place[index], []).append(card)
        for column in columns.values():
            lines = [
                line for k in column for line in (*cards[k].one, *(r.line for r in cards[k].rows))
            ]
            line = iter(aligned(lines))
            for k in column:
                one = (next(line),)
                rows = tuple(replace(row, line=next(line)) for row in cards[k].rows)
                cards[k] = replace(cards[k], one=one, rows=rows)
        return cards

    def _weights_into(self, index: int) -> list[int]:
        edges = self._edges_into.get(index, [])
        return sorted(weight for edge in edges for weight in self.roles.weighed[edge])

    @cached_property
    def _edges_into(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for edge in self.edges:
            if edge in self.roles.weighed:
                found.setdefault(edge[1], []).append(edge)
        return found

    def _row(self, leaf: int, target: int) -> Row:
        """A bias or a weight in its unit, with its factor on the path."""
        name, number, slope = self._named(leaf, target)
        more: Line = ()
        for edge in self.graph.outgoing[leaf]:
            is_bias = leaf in self.roles.biases.get(target, [])
            if is_bias and edge in self.look.path and self._ends(edge)[1] == target:
                more = (factor(self.graph, self.look, edge),)
        if slope is None:
            return Row((name, number, *more), ((name, number, *more),))
        return Row((name, number, BAR, slope, *more), ((name, number, *more), (slope,)))

    def _named(self, leaf: int, target: int) -> tuple[Piece, Piece, Piece | None]:
        """Name, value and gradient of a weight or a bias; of a shared one what it gets there."""
        graph, look = self.graph, self.look
        uses = [edge for edge in graph.outgoing[leaf] if graph.edges[edge].target == target]
        slope = self._slope(leaf)
        if slope is not None and self._is_shared(leaf) and uses:
            slope = contribution(graph, look, uses)
        return called(graph, look, leaf), value(graph, look, leaf), slope

    def _is_shared(self, leaf: int) -> bool:
        return len(self.graph.outgoing[leaf]) > 1

    # Links

    def _link(self, edge: tuple[int, int], place: dict[int, int]) -> Link:
        """An edge with its weights and, on the path, its factors."""
        factors = [factor(self.graph, self.look, k) for k in self.factor_edges.get(edge, [])]
        weights = self.roles.weighed.get(edge, []) if self.has_weights else []
        row = None
        if weights and self.weights == "rows":
            biases = len(self.roles.biases.get(edge[1], []))
            row = biases + self._weights_into(edge[1]).index(weights[0])
        label = None
        if self.weights == "edges" and weights:
            label = _label([self._named(w, edge[1]) for w in weights], factors)
        elif factors:
            label = Label((tuple((piece,) for piece in factors),))
        return Link(place[edge[0]], place[edge[1]], label, row)

    # Matrices

    def _matrices(self) -> tuple[Matrix, ...]:
        """For the weights between two columns a matrix, and one of their gradients."""
        place = {index: c for c, column in enumerate(self.roles.columns) for index in column}
        gaps: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for edge in self.edges:
            if edge in self.roles.weighed:
                gaps.setdefault((place[edge[0]], place[edge[1]]), []).append(edge)
        found: list[Matrix] = []
        for number, edges in enumerate(gaps.values(), 1):
            sources = sorted({a for a, _ in edges})
            targets = sorted({b for _, b in edges})
            weight = matrix_name("W", number if len(gaps) > 1 else 0)
            slope = Written(f"∂/∂{weight.text}", _slope_of(self.graph, weight))
            values = [[self._entry(a, b, value) for a in sources] for b in targets]
            found.append(Matrix(Piece(weight, "name"), tuple(map(tuple, values))))
            if has_gradients(self.graph):
                slopes = [[self._entry(a, b, gradient) for a in sources] for b in targets]
                found.append(Matrix(Piece(slope, "name"), tuple(map(tuple, slopes))))
        return tuple(found)

    def _entry(self, source: int, target: int, what: Callable[[Graph, Look, int], Piece]) -> Piece:
        weights = self.roles.weighed.get((source, target))
        return what(self.graph, self.look, weights[0]) if weights else Piece(Written("0"), "muted")

    # Notes

    def _notes(self) -> tuple[Line, ...]:
        """The sums of shared weights and biases, and what is to be said of the numbers.

        A derivation ends in the sum of its own leaf.
        """
        lines: list[Line] = []
        if has_gradients(self.graph) and not self.is_cut:
            leaves = [*self.roles.weights, *(b for bs in self.roles.biases.values() for b in bs)]
            for leaf in dict.fromkeys(sorted(leaves)):
                if self._is_shared(leaf) and self.look.path.isdisjoint(self.graph.outgoing[leaf]):
                    slope = self._slope(leaf)
                    assert slope is not None
                    name = called(self.graph, self.look, leaf)
                    lines.append((name if slope.written.text else _NOTHING, SUM, slope))
        return (*lines, *remarks(self.graph, self.look))


def _label(weights: list[tuple[Piece, Piece, Piece | None]], factors: list[Piece]) -> Label:
    """The forms of the label of an edge: each weight in two lines, in one, in three."""
    two: list[Line] = []
    one: list[Line] = []
    three: list[Line] = []
    for name, number, slope in weights:
        two.append((name, EQUALS, number))
        three += [(name,), (number,)]
        if slope is None:
            one.append((name, EQUALS, number))
            continue
        two.append((slope,))
        three.append((slope,))
        one.append((name, number, BAR, slope))
    tail = [(piece,) for piece in factors]
    forms = dict.fromkeys((*lines, *tail) for lines in (two, one, three))
    return Label(tuple(forms))


def _slope_of(graph: Graph, weight: Written) -> str:
    """The derivative of the output by a matrix, in TeX."""
    output = name_of(graph.nodes[graph.output]).math
    return rf"\partial {output} / \partial {weight.math}" if output else ""


def _number(scalar: Scalar | None) -> float:
    """A scalar as a number; 0 for what is none."""
    return scalars.to_float(scalar) if scalars.is_number(scalar) else 0.0


def _shares(numbers: dict[int, float]) -> dict[int, float]:
    """The numbers as shares of the largest."""
    most = max(map(abs, numbers.values()), default=0.0)
    return {key: number / most for key, number in numbers.items()} if most else {}


def _dots(count: int) -> Card:
    """What stands for units that are left out."""
    dots: tuple[Line, ...] = (
        (Piece(Written("⋮"), "muted"),),
        (Piece(Written(f"{count} more"), "muted"),),
    )
    return Card(dots, dots, dots, is_round=True, has_outline=False)


def _reordered(
    cards: list[Card],
    links: list[Link],
    pinned: tuple[int, ...],
    place: dict[int, int],
    order: list[int],
) -> tuple[list[Card], list[Link], tuple[int, ...], dict[int, int]]:
    """Everything with the cards in the order of their columns."""
    new = {old: k for k, old in enumerate(order)}
    return (
        [cards[old] for old in order],
        [replace(link, source=new[link.source], target=new[link.target]) for link in links],
        tuple(pinned[old] for old in order),
        {index: new[old] for index, old in place.items()},
    )
