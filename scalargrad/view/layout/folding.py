"""A chain in rows that turn, as an ox ploughs: for what is far longer than it is high."""

from __future__ import annotations

from scalargrad.view.layout.labels import Spot
from scalargrad.view.layout.places import ARROW, Places, Point, Route, around
from scalargrad.view.layout.skeleton import Sizes, Skeleton

_TURN = 1.5  # of the height that an arrow to the next row needs
_BESIDE_LABEL = 1.2  # of an arrow that is seen beside the label on it
_WIDEST = 7.0  # gap in a row


def is_chain(skeleton: Skeleton) -> bool:
    """Whether one card follows another, and what stands beside a card is at the last one only."""
    last = len(skeleton.order) - 1
    column = skeleton.columns.column
    return (
        last > 1
        and all(len(items) == 1 for items in skeleton.order)
        and all(len(chain) in (0, 2) for chain in skeleton.chains)
        and all(column[leaf] == last for leaf in skeleton.columns.hosts)
        and len({chain for chain in skeleton.chains if chain})
        == sum(bool(chain) for chain in skeleton.chains)
    )


def room(skeleton: Skeleton, sizes: Sizes, across: int) -> tuple[float, float]:
    """The least width and height with so many cards in a row."""
    wide, _, gap, turn = _pitch(skeleton, sizes)
    heights = _rows(skeleton, sizes, across)
    return (
        across * wide + (across - 1) * gap,
        sum(above + below for above, below in heights) + (len(heights) - 1) * turn,
    )


def _pitch(skeleton: Skeleton, sizes: Sizes) -> tuple[float, float, float, float]:
    """The widest card, the highest label, and the gaps beside each other and under each other."""
    labels = [
        link.label.sizes[0]
        for link, chain in zip(skeleton.diagram.links, skeleton.chains, strict=True)
        if link.label and chain
    ]
    wide = max((size[0] for size in labels), default=0.0)
    high = max((size[1] for size in labels), default=0.0)
    gap = wide + _BESIDE_LABEL if labels else ARROW
    turn = high + _BESIDE_LABEL if labels else _TURN
    return max(sizes.widths), high, gap, turn


def _rows(skeleton: Skeleton, sizes: Sizes, across: int) -> list[tuple[float, float]]:
    """How far each row reaches above its middle and below."""
    items = [column[0] for column in skeleton.order]
    rows = [items[k : k + across] for k in range(0, len(items), across)]
    label = _pitch(skeleton, sizes)[1] / 2
    return [
        (max(label, *(sizes.above[i] for i in row)), max(label, *(sizes.below[i] for i in row)))
        for row in rows
    ]


def folded(
    skeleton: Skeleton, sizes: Sizes, across: int, body: tuple[float, float]
) -> tuple[Places, dict[int, Spot]] | None:
    """The places of a chain with so many cards in a row, and those of its labels."""
    wide, high = room(skeleton, sizes, across)
    if wide > body[0] or high > body[1]:
        return None
    card, _, gap, turn = _pitch(skeleton, sizes)
    if across > 1:
        gap = min(gap + (body[0] - wide) / (across - 1), max(gap, _WIDEST))
    rows = _rows(skeleton, sizes, across)
    if len(rows) > 1:
        turn += min((body[1] - high) / (len(rows) - 1), 2.0)
    left = (body[0] - across * card - (across - 1) * gap) / 2
    top = (body[1] - sum(a + b for a, b in rows) - turn * (len(rows) - 1)) / 2
    centers: dict[int, Point] = {}
    for place, column in enumerate(skeleton.order):
        row, k = divmod(place, across)
        if k == 0:
            top += (rows[row - 1][1] + turn if row else 0.0) + rows[row][0]
        k = across - 1 - k if row % 2 else k
        centers[column[0]] = (left + k * (card + gap) + card / 2, top)
    for leaf, host in skeleton.columns.hosts.items():
        x, y = centers[skeleton.diagram.links[host].target]
        centers[leaf] = (x, y + sizes.aside[leaf])
    routes: list[Route] = []
    spots: dict[int, Spot] = {}
    for index, link in enumerate(skeleton.diagram.links):
        (x0, y0), (x1, y1) = centers[link.source], centers[link.target]
        from_size, to_size = sizes.card[link.source], sizes.card[link.target]
        if x0 == x1:
            down = 1 if y1 > y0 else -1
            points = ((x0, y0 + down * from_size[1] / 2), (x1, y1 - down * to_size[1] / 2))
        else:
            right = 1 if x1 > x0 else -1
            points = ((x0 + right * from_size[0] / 2, y0), (x1 - right * to_size[0] / 2, y1))
        routes.append(Route(points, False, points))
        if link.label:
            middle = ((points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2)
            size = link.label.sizes[0]
            spots[index] = Spot(0, middle, around(middle, *size), 0.0)
    cards = range(len(sizes.card))
    areas = tuple(around(centers[k], *sizes.card[k]) for k in cards)
    return Places(tuple(centers[k] for k in cards), areas, tuple(routes), ()), spots
