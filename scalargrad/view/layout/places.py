"""Where cards stand and links run, in a body of a given size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import hypot

from scalargrad.view.layout.diagram import EDGE, RULE, Form, height
from scalargrad.view.layout.layered import isotonic
from scalargrad.view.layout.skeleton import Sizes, Skeleton

Point = tuple[float, float]
Area = tuple[float, float, float, float]  # left, top, right, bottom

ARROW = 1.7  # of a gap that an arrow needs to be seen
_LABEL = 0.9  # of the widest label that a gap is at least as wide as
_WIDEST = 7.0  # gap, beyond the label in it
_BARE = 0.35  # share of a link without a label in the free width
_USED = 0.8  # of the height that is free
_PORTS = 0.72  # of the side of a card
_STEPS = 10  # pieces of a curve
_CURVE = tuple(  # shares of the width and of the height that it has run through after each piece
    (1.5 * t * (1 - t) + t**3, 3 * t * t - 2 * t**3) for t in (k / _STEPS for k in range(1, _STEPS))
)
_LOOSE = 0.7  # the share of its own even distances that a column keeps
_FREE = 0.02  # the weight of what no level link holds, against 1
_LEVEL = 0.22  # of the height of a card: a link that rises less is drawn level


@dataclass(frozen=True)
class Route:
    """The way of a link.

    Attributes:
        points: where it starts, what it passes, and where it ends.
        is_curved: whether it leaves and reaches each point level.
        line: the points of the line that is drawn.
    """

    points: tuple[Point, ...]
    is_curved: bool
    line: tuple[Point, ...]


@dataclass(frozen=True)
class Places:
    """Where everything stands.

    Attributes:
        centers: of the cards.
        areas: of the cards.
        routes: of the links.
        gaps: left and right of what is free behind each column.
    """

    centers: tuple[Point, ...]
    areas: tuple[Area, ...]
    routes: tuple[Route, ...]
    gaps: tuple[tuple[float, float], ...]


def needs(skeleton: Skeleton, extra: Sequence[float] = ()) -> list[float]:
    """The least width of the gap behind each column but the last."""
    widest = skeleton.widest_labels
    more = extra or [0.0] * len(widest)
    return [ARROW + _LABEL * w + e for w, e in zip(widest, more, strict=True)][:-1]


def placed(
    skeleton: Skeleton,
    sizes: Sizes,
    forms: Sequence[Form],
    room: tuple[float, float],
    extra: Sequence[float] = (),
) -> Places | None:
    """The places in a room of a width and a height, or None where it is too small.

    Args:
        skeleton: what stands in the columns.
        sizes: of it.
        forms: of the cards.
        room: width and height, in sizes of the text.
        extra: width for gaps whose labels found no place.
    """
    wide, high = room
    least = needs(skeleton, extra)
    free = wide - sum(sizes.widths) - sum(least)
    if free < 0 or max(sizes.heights) > high:
        return None
    lefts, gaps = _across(skeleton, sizes, least, free, wide)
    middle = _heights(skeleton, sizes, high)
    centers: dict[int, Point] = {}
    for c, column in enumerate(skeleton.order):
        x = lefts[c] + sizes.widths[c] / 2
        for item in column:
            centers[item] = (x, middle[item])
    for leaf, host in skeleton.columns.hosts.items():
        x, y = centers[skeleton.diagram.links[host].target]
        centers[leaf] = (x, y + sizes.aside[leaf])
    cards = range(len(sizes.card))
    areas = [around(centers[card], *sizes.card[card]) for card in cards]
    routes = _routes(skeleton, sizes, forms, centers, lefts)
    return Places(tuple(centers[card] for card in cards), tuple(areas), tuple(routes), tuple(gaps))


def around(center: Point, width: float, height: float) -> Area:
    """The area around a point."""
    x, y = center
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


# Columns and rows --------------------------------------------------------------------------------


def _across(
    skeleton: Skeleton, sizes: Sizes, least: list[float], free: float, wide: float
) -> tuple[list[float], list[tuple[float, float]]]:
    """Where columns start, and the gaps behind them: free width goes where there are links."""
    count = skeleton.gap_edges[:-1]
    labelled = [need > ARROW for need in least]
    weights = [n * (1.0 if has else _BARE) + 0.5 for n, has in zip(count, labelled, strict=True)]
    whole = sum(weights) or 1.0
    gaps = [
        min(need + free * weight / whole, need - ARROW + _WIDEST)
        for need, weight in zip(least, weights, strict=True)
    ]
    starts = [0.0, *accumulate(w + g for w, g in zip(sizes.widths, gaps, strict=False))]
    used = starts[-1] + sizes.widths[-1]
    lefts = [start + (wide - used) / 2 for start in starts]
    ends = [left + width for left, width in zip(lefts, sizes.widths, strict=True)]
    return lefts, list(zip(ends, [*lefts[1:], wide], strict=True))


def _heights(skeleton: Skeleton, sizes: Sizes, high: float) -> dict[int, float]:
    """The middle of each item, from the top."""
    order = skeleton.order
    before, after = skeleton.neighbours
    taken = sizes.heights
    first = max(range(len(order)), key=lambda c: (taken[c], len(order[c])))
    bounds = [_bounds(skeleton, sizes, c, high) for c in range(len(order))]
    middle: dict[int, float] = {}
    sweep = [first, *range(first + 1, len(order)), *reversed(range(first))]
    for again in (False, True):
        for c in sweep[again:]:
            column = order[c]
            slack = high - taken[c]
            even = _USED * slack / max(1, len(column) - 1)
            start = (high - taken[c] - even * (len(column) - 1)) / 2
            least = sizes.leasts[c]
            evenly = list(
                accumulate((d + even for d in least), initial=start + sizes.above[column[0]])
            )
            if c == first:
                middle |= zip(column, evenly, strict=True)
                continue
            wanted = []
            for item, own in zip(column, evenly, strict=True):
                near = (*before[item], *after[item])
                known = [middle[other] for other in near if other in middle]
                wanted.append(sum(known) / len(known) if known else own)
            tight = [d + _LOOSE * even for d in least]
            middle |= zip(column, _settled(wanted, tight, bounds[c]), strict=True)
    # Links are level where they alone join two items, as far as there is room.
    columns = list(range(len(order)))
    for side, back, sweep in (
        (before, after, columns), (after, before, columns[::-1]), (before, after, columns),
    ):  # fmt: skip
        for c in sweep:
            column = order[c]
            partner = [
                side[i][0] if len(side[i]) == 1 == len(back[side[i][0]]) else i for i in column
            ]
            wanted = [middle[other] for other in partner]
            weights = [_FREE if i == j else 1.0 for i, j in zip(column, partner, strict=True)]
            settled = _settled(wanted, sizes.leasts[c], bounds[c], weights)
            middle |= zip(column, settled, strict=True)
    return middle


def _bounds(skeleton: Skeleton, sizes: Sizes, c: int, high: float) -> tuple[float, float]:
    """Where the first and the last middle of a column may be, with room for a label beside them."""
    column = skeleton.order[c]
    above, below = sizes.above[column[0]], sizes.below[column[-1]]
    free = (high - sizes.heights[c]) / 2
    label = skeleton.highest_label / 2
    return min(max(above, label), above + free), high - min(max(below, label), below + free)


def _settled(
    wanted: list[float],
    least: list[float],
    bounds: tuple[float, float],
    weights: list[float] | None = None,
) -> list[float]:
    """The places nearest to those wanted that keep their distances and stay within bounds."""
    offsets = list(accumulate(least, initial=0.0))
    free = [place - offset for place, offset in zip(wanted, offsets, strict=True)]
    means = isotonic(free, weights or [1.0] * len(free))
    low, high = bounds
    highest = max(low, high - offsets[-1])
    return [min(max(m, low), highest) + o for m, o in zip(means, offsets, strict=True)]


# Links -------------------------------------------------------------------------------------------


def _routes(
    skeleton: Skeleton,
    sizes: Sizes,
    forms: Sequence[Form],
    centers: dict[int, Point],
    lefts: list[float],
) -> list[Route]:
    """The way of each link."""
    diagram, column = skeleton.diagram, skeleton.columns.column
    ports = _ports(skeleton, sizes, forms, centers)
    across = [link for link, chain in zip(diagram.links, skeleton.chains, strict=True) if chain]
    leaving = Counter(link.source for link in across)
    entering = Counter(link.target for link in across)
    routes = []
    for index, (link, chain) in enumerate(zip(diagram.links, skeleton.chains, strict=True)):
        a, b = centers[link.source], centers[link.target]
        if not chain:
            side = 1 if a[1] > b[1] else -1
            start = (a[0], a[1] - side * sizes.card[link.source][1] / 2)
            end = (b[0], b[1] + side * sizes.card[link.target][1] / 2)
            routes.append(Route((start, end), False, (start, end)))
            continue
        end = (b[0] - sizes.card[link.target][0] / 2, ports[index])
        start = (a[0] + sizes.card[link.source][0] / 2, a[1])
        passed = []
        for k, item in enumerate(chain[1:-1], column[link.source] + 1):
            y = centers[item][1]
            passed += [(lefts[k], y), (lefts[k] + sizes.widths[k], y)]
        towards = passed[0] if passed else (b if forms[link.target] == "circle" else end)
        if forms[link.source] == "circle":
            start = _on_circle(a, towards, sizes.card[link.source][0] / 2)
        if forms[link.target] == "circle":
            end = _on_circle(b, passed[-1] if passed else a, sizes.card[link.target][0] / 2)
        first, last = (passed[0], passed[-1]) if passed else (end, start)
        if leaving[link.source] == 1 and forms[link.source] != "circle":
            start = _levelled_end(start, first, sizes.card[link.source][1])
        elif entering[link.target] == 1 and forms[link.target] != "circle" and link.row is None:
            end = _levelled_end(end, last, sizes.card[link.target][1])
        points = (start, *passed, end)
        routes.append(Route(points, bool(passed), _sampled(points) if passed else points))
    return routes


def _levelled_end(end: Point, other: Point, high: float) -> Point:
    """The end of a link on the side of a card, level with what it leads to where that is near."""
    return (end[0], other[1]) if abs(end[1] - other[1]) <= _LEVEL * high else end


def _ports(
    skeleton: Skeleton, sizes: Sizes, forms: Sequence[Form], centers: dict[int, Point]
) -> dict[int, float]:
    """How high each link ends at its card: at its row, else in the order of where it comes from."""
    ports = {}
    spread: dict[int, list[tuple[float, int]]] = {}
    above_rows: set[int] = set()
    for index, chain in enumerate(skeleton.chains):
        link = skeleton.diagram.links[index]
        if chain and link.row is not None and not skeleton.diagram.turned:
            card, high = link.target, sizes.card[link.target][1]
            ports[index] = centers[card][1] + _row(skeleton, card, forms[card], link.row, high)
            above_rows.add(card)
        elif chain:
            spread.setdefault(chain[-1], []).append((centers[chain[-2]][1], index))
    for card, links in spread.items():
        y, high = centers[card][1], sizes.card[card][1]
        if card in above_rows:  # and not where another link ends at its row
            own = height(skeleton.diagram.cards[card].own(forms[card]))
            y, high = y - high / 2 + EDGE + own / 2, own
        step = _PORTS * high / len(links)
        for k, (_, index) in enumerate(sorted(links)):
            ports[index] = y + (k - (len(links) - 1) / 2) * step
    return ports


def _row(skeleton: Skeleton, card: int, form: Form, row: int, high: float) -> float:
    """How far the middle of a row is below the middle of its card."""
    what = skeleton.diagram.cards[card]
    own, lines = len(what.own(form)), what.lines(form, False)
    top = height(lines[: own + row])
    return -high / 2 + EDGE + RULE + top + height(lines[own + row : own + row + 1]) / 2


def _on_circle(center: Point, towards: Point, radius: float) -> Point:
    """Where a line from the middle of a circle to a point leaves it."""
    right, down = towards[0] - center[0], towards[1] - center[1]
    length = hypot(right, down) or 1.0
    return center[0] + right / length * radius, center[1] + down / length * radius


def _sampled(points: Sequence[Point]) -> tuple[Point, ...]:
    """Points along cubics that leave and reach each point level."""
    line = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 != y1:
            wide, high = x1 - x0, y1 - y0
            line += [(x0 + right * wide, y0 + down * high) for right, down in _CURVE]
        line.append((x1, y1))
    return tuple(line)
