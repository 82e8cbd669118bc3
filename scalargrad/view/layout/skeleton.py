"""What stands in the columns: cards with the leaves beside them, and the ways of longer links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from scalargrad.view.layout.columns import Columns, columns
from scalargrad.view.layout.crossings import Items, orders
from scalargrad.view.layout.diagram import Diagram, Form
from scalargrad.view.layout.groups import PADDING, spacing, together

AIR = 0.7  # between cards of a column
_LANE = 0.45  # half of what a link that passes a column takes there
_HOST = 1.0  # of a short arrow to the card that a leaf stands beside
_UNDER_LABEL = 1.1  # of the arrow that is seen beside a label on it


@dataclass(frozen=True)
class Skeleton:
    """Items in columns: a card is the item of its index, what passes a column has one beyond.

    Attributes:
        diagram: what is laid out.
        columns: the column of each card.
        order: of each column the items, from top to bottom.
        chains: for each link the items on its way; empty for one that ends in its own column.
    """

    diagram: Diagram
    columns: Columns
    order: Items
    chains: tuple[tuple[int, ...], ...]

    @cached_property
    def neighbours(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """What stands next to each item in the column before, and in the one after."""
        before: dict[int, list[int]] = {item: [] for column in self.order for item in column}
        after: dict[int, list[int]] = {item: [] for item in before}
        for chain in self.chains:
            for a, b in pairwise(chain):
                after[a].append(b)
                before[b].append(a)
        return before, after

    @cached_property
    def widest_labels(self) -> list[float]:
        """The width of the widest label behind each column."""
        widest = [0.0] * len(self.order)
        for link, chain in zip(self.diagram.links, self.chains, strict=True):
            if link.label and chain:
                sizes = link.label.sizes
                size = min(s[1] for s in sizes) if self.diagram.turned else sizes[0][0]
                column = self.columns.column[link.source]
                widest[column] = max(widest[column], size)
        return widest

    @cached_property
    def highest_label(self) -> float:
        """The height of the highest label between two columns."""
        across = zip(self.diagram.links, self.chains, strict=True)
        labels = [link.label for link, chain in across if link.label and chain]
        sizes = [_turned(size, self.diagram.turned)[1] for label in labels for size in label.sizes]
        return max(sizes, default=0.0)

    @cached_property
    def gap_edges(self) -> list[int]:
        """How many links go from each column to the next."""
        found = [0] * len(self.order)
        for link, chain in zip(self.diagram.links, self.chains, strict=True):
            for k in range(len(chain) - 1):
                found[self.columns.column[link.source] + k] += 1
        return found


def skeletons(diagram: Diagram, beside: bool) -> list[Skeleton]:
    """The columns in their best orders."""
    place = columns(diagram, beside)
    made: Items = [[] for _ in range(place.count)]
    for card, column in enumerate(place.column):
        if card not in place.hosts:
            made[column].append(card)
    chains: list[tuple[int, ...]] = []
    edges: list[tuple[int, int]] = []
    item = len(diagram.cards)
    for index, link in enumerate(diagram.links):
        if place.hosts.get(link.source) == index:
            chains.append(())
            continue
        chain = [link.source]
        for column in range(place.column[link.source] + 1, place.column[link.target]):
            made[column].append(item)
            chain.append(item)
            item += 1
        chain.append(link.target)
        edges += pairwise(chain)
        chains.append(tuple(chain))
    best = [made]
    if not diagram.pinned:
        best = orders(tuple(map(tuple, made)), tuple(edges), len(diagram.cards))
    if diagram.groups:
        best = [together(diagram, order) for order in best]
    return [Skeleton(diagram, place, order, tuple(chains)) for order in best]


@dataclass(frozen=True)
class Sizes:
    """How large the items of a skeleton are when each card has a form.

    Attributes:
        card: width and height of each card.
        above: how far each item reaches above its middle, with what stands beside it.
        below: how far it reaches below.
        aside: for a leaf beside a card, how far its middle is below that of the card.
        widths: of the columns.
        order: of each column the items, from top to bottom.
    """

    card: tuple[tuple[float, float], ...]
    above: dict[int, float]
    below: dict[int, float]
    aside: dict[int, float]
    widths: tuple[float, ...]
    order: Items

    @cached_property
    def leasts(self) -> list[list[float]]:
        """In each column, from the middle of each item to that of the next, at least."""
        return [
            [self.below[a] + self.above[b] + AIR for a, b in pairwise(column)]
            for column in self.order
        ]

    def alike(self, skeleton: Skeleton) -> Sizes:
        """The same with cards of one width, but for the leaves beside them."""
        wide, hosts = max(self.widths), skeleton.columns.hosts
        sizes = enumerate(self.card)
        return replace(self, card=tuple((w if k in hosts else wide, h) for k, (w, h) in sizes))

    @cached_property
    def heights(self) -> list[float]:
        """The least height of each column."""
        return [
            self.above[column[0]] + sum(least) + self.below[column[-1]] if column else 0.0
            for column, least in zip(self.order, self.leasts, strict=True)
        ]


def sizes(skeleton: Skeleton, forms: Sequence[Form], stacked: bool) -> Sizes:
    """The sizes of everything in a skeleton."""
    diagram, place = skeleton.diagram, skeleton.columns
    card = [_turned(diagram.size(k, form, stacked), diagram.turned) for k, form in enumerate(forms)]
    for column in skeleton.order:  # alike in a column: no line to one runs through another
        cards = [item for item in column if item < len(card)]
        leaves = [leaf for item in cards for leaf in place.beside(diagram, item)]
        widest = max((card[item][0] for item in (*cards, *leaves)), default=0.0)
        for item in cards:
            card[item] = (widest, widest if forms[item] == "circle" else card[item][1])
    above: dict[int, float] = {}
    below: dict[int, float] = {}
    aside: dict[int, float] = {}
    wide: list[list[float]] = [[] for _ in skeleton.order]
    for c, column in enumerate(skeleton.order):
        for item in column:
            if item >= len(card):
                above[item] = below[item] = _LANE
                continue
            width, height = card[item]
            wide[c].append(width)
            above[item] = below[item] = height / 2
            leaves = place.beside(diagram, item)
            for k, leaf in enumerate(leaves):
                label = diagram.links[place.hosts[leaf]].label
                gap = _HOST
                if label:
                    along, across = _turned(label.sizes[0], diagram.turned)
                    gap = across + _UNDER_LABEL
                    wide[c].append(along)
                wide[c].append(card[leaf][0])
                far = height / 2 + gap + card[leaf][1] / 2
                if len(leaves) > 1 and k == 0:
                    aside[leaf] = -far
                    above[item] = far + card[leaf][1] / 2
                else:
                    aside[leaf] = far
                    below[item] = far + card[leaf][1] / 2
    for c, column in enumerate(skeleton.order if diagram.groups else ()):
        for item, (over, under) in spacing(diagram, column).items():
            above[item] += over
            below[item] += under
        wide[c] = [w + 2 * PADDING for w in wide[c]]
    widths = tuple(max(w, default=0.0) for w in wide)
    return Sizes(tuple(card), above, below, aside, widths, skeleton.order)


def _turned(size: tuple[float, float], turned: bool) -> tuple[float, float]:
    return size[::-1] if turned else size
