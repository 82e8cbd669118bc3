"""Layered layout in columns: measured boxes in, positions and edge routes out.

Four steps, those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
System Structures" (IEEE Trans. SMC 11, 1981), each a fixed number of passes, nothing random:

1. columns: the longest path from the leaves, then whatever shortens edges moves right;
2. dummies: an edge gets a place of its own in every column that it passes;
3. order: sweeps by barycentre and sifting (Matuszewski, Schönfeld and Molitor 1999), of which the
   order with the fewest crossings is kept (counted as by Barth, Jünger and Mutzel 2002);
4. coordinates: column after column moves towards the mean of its neighbours. With order and gaps
   to be kept, this is isotonic regression, solved by pooling adjacent violators (Barlow et al.,
   "Statistical Inference under Order Restrictions", 1972). Its solution is unique and prefers no
   side, so that what is symmetric stays symmetric.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf, isfinite
from typing import Literal

Point = tuple[float, float]
Chain = list[int]  # the items along an edge: its source, its dummies, its target
Column = list[int]  # items from top to bottom: a box is its index, dummies follow the last box
Neighbours = list[list[int]]  # for each item those next to it in the column before, or after
Pulls = list[list[tuple[int, float]]]  # for each item: (another, how far below that one to stand)

MAX_DUMMIES = 25_000
PORT_GAP = 10.0  # points between edges on one side of a box, where it is high enough
SLOPE = 0.5  # the width of the gap between columns against the rise of its steepest edge
STARTS = (0, -1, 1, 2, 4, 8, 16, 32)  # orders to begin with, see _depth_first_columns
START_WORK, SIFT_WORK = 2_000, 10_000  # a graph with more edges gets fewer starts, shorter moves
FEW_SWEEPS = 20_000  # a graph with more edges and dummies is swept half as often
SETTLING_ROUNDS = 3
FREE = 1e-6  # the weight of a box that nothing pulls, against 1


@dataclass(frozen=True)
class Box:
    """The measured size of a node, in points."""

    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where boxes and edges go, in points; y grows downwards, all is in (0, 0) to (width, height).

    `centers` follows the boxes, `routes` the edges. A route starts and ends on the borders of its
    own boxes. Its points may be joined by straight segments or by cubics with level tangents:
    neither touches another box, for a route passes through columns level and bends in the gaps.

    Attributes:
        width: of the frame.
        height: of the frame.
        centers: of the boxes.
        routes: of the edges.
        sampled: whether routes are curves already, in points so near that they are to be joined by
            straight segments.
    """

    width: float
    height: float
    centers: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    sampled: bool = False


def layered(
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    *,
    direction: Literal["LR", "TB"] = "LR",
    column_gap: float = 44.0,
    row_gap: float = 16.0,
    margin: float = 8.0,
) -> Layout:
    """Return places for boxes in topological order and routes for the edges between them.

    The edges into a box come in the order of its operands; parallel edges get a route each. "TB"
    is the transpose of "LR". No edge passes under a box until that takes more than `MAX_DUMMIES`
    dummies; then the longest edges become single segments. Edges reach a box without crossing where
    they can.

    Raises:
        ValueError: a size or gap is not usable, or an edge does not lead from a lower to a higher
            index of `boxes`.

    >>> layout = layered([Box(40, 20), Box(40, 20)], [(0, 1)], column_gap=30, margin=5)
    >>> layout.width, layout.height, layout.centers
    (120.0, 30.0, ((25.0, 15.0), (95.0, 15.0)))
    >>> layout.routes
    (((45.0, 15.0), (75.0, 15.0)),)
    """
    check(boxes, edges, direction, (column_gap, row_gap, margin))
    if not boxes:
        return Layout(0.0, 0.0, (), ())
    if direction == "TB":
        boxes = [Box(box.height, box.width) for box in boxes]
    chains, place = _edge_chains(edges, column_numbers(len(boxes), edges))
    columns = _ordered_columns(chains, place)
    chains = _in_operand_order(chains, columns)
    heights = [box.height for box in boxes] + [0.0] * (len(place) - len(boxes))
    ports = _port_offsets(boxes, chains, columns)
    plan = _Plan(boxes, heights, chains, columns, ports)
    layout = _framed(plan, _vertical_positions(plan, row_gap), column_gap, margin)
    return _transposed(layout) if direction == "TB" else layout


@dataclass(frozen=True)
class _Plan:
    """What stands where but for the coordinates."""

    boxes: Sequence[Box]
    heights: list[float]  # by item; dummies have none
    chains: list[Chain]  # by edge
    columns: list[Column]
    ports: list[tuple[float, float]]  # by edge: see _port_offsets


def check(
    boxes: Sequence[Box], edges: Sequence[tuple[int, int]], direction: str, gaps: tuple[float, ...]
) -> None:
    """Raise ValueError for what cannot be laid out."""
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction must be 'LR' or 'TB'; got {direction!r}")
    if not all(isfinite(gap) and gap >= 0 for gap in gaps):
        raise ValueError(f"column_gap, row_gap and margin must be finite and >= 0; got {gaps}")
    for i, box in enumerate(boxes):
        if not all(isfinite(size) and size > 0 for size in (box.width, box.height)):
            raise ValueError(f"box {i} must have a finite width and height > 0; got {box}")
    for e, (source, target) in enumerate(edges):
        if not 0 <= source < target < len(boxes):
            raise ValueError(
                f"edge {e} must lead from a lower to a higher index of {len(boxes)} boxes; "
                f"got {source} -> {target}"
            )


def _transposed(layout: Layout) -> Layout:
    """Return the layout with x and y exchanged."""
    return Layout(
        layout.height,
        layout.width,
        tuple((x, y) for y, x in layout.centers),
        tuple(tuple((x, y) for y, x in route) for route in layout.routes),
    )


# 1. Columns


def column_numbers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the column of each box: its depth, further right where that makes edges shorter.

    A leaf thus stands beside its first use. A sum of two shared inputs stays beside these: going
    right would lengthen two edges and shorten one.
    """
    sources: Neighbours = [[] for _ in range(count)]
    targets: Neighbours = [[] for _ in range(count)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    place = [0] * count
    held = [0] * count  # edges that lengthen when a box goes right with all that can follow it
    for i in range(count):
        place[i] = max((place[j] + 1 for j in sources[i]), default=0)
        held[i] = sum(1 if len(targets[j]) > 1 else min(1, held[j]) for j in sources[i])
    for i in reversed(range(count)):
        if len(targets[i]) > held[i]:
            place[i] = min(place[j] for j in targets[i]) - 1
    return place


# 2. Dummies


def _edge_chains(
    edges: Sequence[tuple[int, int]], box_place: list[int]
) -> tuple[list[Chain], list[int]]:
    """Return the chain of each edge and the column of each item."""
    place = list(box_place)
    spans = [place[target] - place[source] for source, target in edges]
    excess = sum(spans) - len(spans) - MAX_DUMMIES
    straight = [False] * len(edges)
    for e in sorted(range(len(edges)), key=lambda e: -spans[e]):
        straight[e] = excess > 0
        excess -= spans[e] - 1
    chains = []
    for (source, target), is_straight in zip(edges, straight, strict=True):
        first = len(place)
        if not is_straight:
            place.extend(range(place[source] + 1, place[target]))
        chains.append([source, *range(first, len(place)), target])
    return chains, place


def _neighbours(chains: list[Chain], place: list[int]) -> tuple[Neighbours, Neighbours]:
    """Return what stands next to each item in the columns before and after it."""
    before: Neighbours = [[] for _ in place]
    after: Neighbours = [[] for _ in place]
    for chain in chains:
        for i, j in pairwise(chain):
            if place[i] + 1 == place[j]:
                before[j].append(i)
                after[i].append(j)
    return before, after


# 3. Order


def _ordered_columns(chains: list[Chain], place: list[int]) -> list[Column]:
    """Return the columns with the fewest crossings, and of these with most operands in order."""
    before, after = _neighbours(chains, place)
    best: list[Column] = []
    least: tuple[float, float] = (inf, inf)
    movable = [not before[i] and len(after[i]) < 2 for i in range(len(place))]  # stand on any side
    pairs = [(i, j) for side in before for i, j in pairwise(side) if not movable[i] | movable[j]]
    for columns, position in orders_tried(before, after, place):
        crossed = _crossings(columns, after, position)
        falling = sum([position[i] > position[j] for i, j in pairs])
        rising = sum([position[i] < position[j] for i, j in pairs])
        if (crossed, min(falling, rising)) < least:
            least = (crossed, min(falling, rising))
            best = [column[:: 1 if falling <= rising else -1] for column in columns]
        if not crossed:
            break
    best[0].sort(key=lambda i: not (before[i] or after[i]))  # lone boxes to the bottom
    return best


def _in_operand_order(chains: list[Chain], columns: list[Column]) -> list[Chain]:
    """Return the chains with the dummies of parallel edges exchanged: the first runs uppermost."""
    position = [0] * sum(map(len, columns))
    _number(columns, position)
    parallel: dict[tuple[int, int, int], list[int]] = {}
    for e, chain in enumerate(chains):
        parallel.setdefault((chain[0], chain[-1], len(chain)), []).append(e)
    ordered = list(chains)
    for edges in parallel.values():
        steps = zip(*(chains[e] for e in edges), strict=True)
        rows = zip(*(sorted(items, key=position.__getitem__) for items in steps), strict=True)
        for e, row in zip(edges, rows, strict=True):
            ordered[e] = list(row)
    return ordered


def orders_tried(
    before: Neighbours, after: Neighbours, place: list[int]
) -> Iterator[tuple[list[Column], list[int]]]:
    """Yield columns in one order after another, and each item's position in its column."""
    segments = 1 + sum(map(len, after))
    starts, reach = (max(1, min(8, work // segments)) for work in (START_WORK, SIFT_WORK))
    position = [0] * len(place)
    for backwards in STARTS[:starts]:
        columns = _depth_first_columns(before, after, place, backwards)
        _number(columns, position)
        yield columns, position
        passes = 2 if segments <= FEW_SWEEPS else 1
        for side, sweep in ((before, columns), (after, columns[::-1])) * passes:
            for column in sweep:
                _sort_by_barycentre(column, side, position)
            for column in sweep * (3 if reach > 1 else 1):
                _sift(column, before, after, position, reach)
            yield columns, position


def _number(columns: Sequence[Column], position: list[int]) -> None:
    """Set the position of every item in these columns."""
    for column in columns:
        for k, i in enumerate(column):
            position[i] = k


def _depth_first_columns(
    before: Neighbours, after: Neighbours, place: list[int], backwards: int
) -> list[Column]:
    """Return columns filled from the outputs back, so that no tree has crossings.

    Operands are visited in order, or in reverse where the item's number has a bit of `backwards`.
    """
    columns: list[Column] = [[] for _ in range(max(place) + 1)]
    seen = [False] * len(place)
    stack = [i for i in reversed(range(len(place))) if not after[i]]
    while stack:
        i = stack.pop()
        if not seen[i]:
            seen[i] = True
            columns[place[i]].append(i)
            stack.extend(before[i] if i & backwards else reversed(before[i]))
    return columns


def _sort_by_barycentre(column: Column, side: Neighbours, position: list[int]) -> None:
    """Sort a column by the mean position of neighbours; items without any stay where they are."""
    mean = {i: sum(position[j] for j in side[i]) / len(side[i]) for i in column if side[i]}
    in_order = iter(sorted(mean, key=mean.__getitem__))
    column[:] = [next(in_order) if side[i] else i for i in column]
    _number([column], position)


def _sift(
    column: Column, before: Neighbours, after: Neighbours, position: list[int], reach: int
) -> None:
    """Move each item of a column, by up to `reach` places, to where it crosses least."""
    left = {i: sorted([position[j] for j in before[i]]) for i in column}
    right = {i: sorted([position[j] for j in after[i]]) for i in column}
    for i in list(column):
        k = position[i]
        best, most = k, 0
        above, below = column[max(0, k - reach) : k], column[k + 1 : k + 1 + reach]
        for sign, others in ((-1, reversed(above)), (1, below)):
            saved = 0
            for j in others:
                saved += sign * (_excess(left[i], left[j]) + _excess(right[i], right[j]))
                if saved > most:
                    best, most = position[j], saved
        if best != k:
            column.insert(best, column.pop(k))
            for changed in range(min(k, best), max(k, best) + 1):
                position[column[changed]] = changed


def _excess(upper: list[int], lower: list[int]) -> int:
    """Return in how many more pairs of two sorted lists the upper number is the greater one.

    >>> _excess([1, 4], [0, 2, 4])
    1
    """
    if len(upper) == len(lower) == 1:  # most often: two dummies
        return (upper[0] > lower[0]) - (upper[0] < lower[0])
    if len(upper) > len(lower):
        return -_excess(lower, upper)
    below = sum([bisect_left(lower, p) + bisect_right(lower, p) for p in upper])
    return below - len(upper) * len(lower)


def _crossings(columns: list[Column], after: Neighbours, position: list[int]) -> int:
    """Return the number of crossings between adjacent columns, in O(E log V)."""
    return sum(
        falling_pairs([p for i in column for p in sorted([position[j] for j in after[i]])])
        for column in columns
    )


def falling_pairs(numbers: list[int]) -> int:
    """Return how many pairs of small numbers stand in falling order, by a Fenwick tree.

    >>> falling_pairs([2, 0, 1, 1])
    3
    """
    if numbers == sorted(numbers):
        return 0
    tree = [0] * (max(numbers) + 2)
    pairs = 0
    for so_far, number in enumerate(numbers):
        pairs += so_far
        i = number + 1
        while i:  # less those that are not greater
            pairs -= tree[i]
            i &= i - 1
        i = number + 1
        while i < len(tree):
            tree[i] += 1
            i += i & -i
    return pairs


# 4. Coordinates


def _port_offsets(
    boxes: Sequence[Box], chains: list[Chain], columns: list[Column]
) -> list[tuple[float, float]]:
    """Return how far below the centres of its boxes each edge leaves and enters.

    Ports follow the order of what they lead to; parallel edges follow that of the operands.
    """
    position = [0] * sum(map(len, columns))
    _number(columns, position)
    leaving: Neighbours = [[] for _ in boxes]
    entering: Neighbours = [[] for _ in boxes]
    for e, chain in enumerate(chains):
        leaving[chain[0]].append(e)
        entering[chain[-1]].append(e)
    offsets: list[list[float]] = [[] for _ in chains]
    for ends_at, toward in ((leaving, 1), (entering, -2)):
        for box, ends in zip(boxes, ends_at, strict=True):
            ends.sort(key=lambda e: position[chains[e][toward]])
            step = min(PORT_GAP, box.height / max(1, len(ends)))
            for k, e in enumerate(ends):
                offsets[e].append((k - (len(ends) - 1) / 2) * step)
    return [(leave, enter) for leave, enter in offsets]


def _vertical_positions(plan: _Plan, row_gap: float) -> list[float]:
    """Return the y of each item's centre: gaps kept, near the mean of its neighbours."""
    slots = [_packed([plan.heights[i] for i in column], row_gap) for column in plan.columns]
    ys = [0.0] * len(plan.heights)
    before, after = _pulls(plan)
    for (above, y), (i, own_y) in pairwise(zip(plan.columns[0], slots[0], strict=True)):
        if not (before[i] or after[i]):  # a lone box stands under the one above it
            before[i].append((above, own_y - y))
    level_before = [to if len(to) == 1 == len(after[to[0][0]]) else [] for to in before]
    level_after = [to if len(to) == 1 == len(before[to[0][0]]) else [] for to in after]
    nothing: Pulls = [[]] * len(ys)
    rounds = SETTLING_ROUNDS if len(ys) <= FEW_SWEEPS else 1
    sweeps = [(after, before), (before, after)] * rounds
    sweeps += [(level_after, nothing), (level_before, nothing)] * 2
    for k, (pull, instead) in enumerate(sweeps):
        for column, slot in list(zip(plan.columns, slots, strict=True))[:: 1 if k % 2 else -1]:
            _settle(column, slot, pull, instead, ys)
    return ys


def _packed(heights: list[float], gap: float) -> list[float]:
    """Return the centres of boxes that stand on top of each other as near as they may."""
    steps = ((upper + lower) / 2 + gap for upper, lower in pairwise(heights))
    return list(accumulate(steps, initial=0.0))


def _pulls(plan: _Plan) -> tuple[Pulls, Pulls]:
    """Return where an item should stand for its edges before, and those after it, to be level."""
    before: Pulls = [[] for _ in plan.heights]
    after: Pulls = [[] for _ in plan.heights]
    for chain, (leaving, entering) in zip(plan.chains, plan.ports, strict=True):
        for i, j in pairwise(chain):
            shift = leaving * (i == chain[0]) - entering * (j == chain[-1])
            before[j].append((i, shift))
            after[i].append((j, -shift))
    return before, after


def _settle(
    column: Column, slot: list[float], pull: Pulls, instead: Pulls, ys: list[float]
) -> None:
    """Move a column's items as near to where they are pulled as their order and gaps allow."""
    wishes, weights = [], []
    for i, packed_y in zip(column, slot, strict=True):
        to = pull[i] or instead[i]
        if len(to) == 1:  # most often: a dummy
            j, shift = to[0]
            wish = ys[j] + shift
        else:
            wish = sum([ys[j] + shift for j, shift in to]) / len(to) if to else ys[i]
        wishes.append(wish - packed_y)
        weights.append(1.0 if pull[i] else FREE)
    for i, packed_y, y in zip(column, slot, isotonic(wishes, weights), strict=True):
        ys[i] = packed_y + y


def isotonic(values: list[float], weights: list[float]) -> list[float]:
    """Return the rising numbers that are nearest to `values`, in weighted squares.

    >>> isotonic([1.0, 5.0, 3.0], [1.0, 1.0, 1.0])
    [1.0, 4.0, 4.0]
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, size
    for mean, weight in zip(values, weights, strict=True):
        size = 1
        while pools and pools[-1][0] > mean:
            upper_mean, upper_weight, upper_size = pools.pop()
            weight, size = weight + upper_weight, size + upper_size
            mean += (upper_mean - mean) * upper_weight / weight
        pools.append((mean, weight, size))
    return [mean for mean, _, size in pools for _ in range(size)]


def _framed(plan: _Plan, ys: list[float], column_gap: float, margin: float) -> Layout:
    """Return the layout in its frame, y rounded: the last digits depend on Python's `sum`."""
    top = min(y - height / 2 for y, height in zip(ys, plan.heights, strict=True)) - margin
    ys = [round(y - top, 3) for y in ys]
    bottom = max(y + height / 2 for y, height in zip(ys, plan.heights, strict=True)) + margin
    borders = _column_borders(plan, ys, column_gap, margin)
    centers = [((left + right) / 2, y) for (left, right), y in zip(borders, ys, strict=True)]
    routes = []
    for (source, *dummies, target), (leaving, entering) in zip(
        plan.chains, plan.ports, strict=True
    ):
        start, end = ys[source] + leaving, ys[target] + entering
        points = [(centers[source][0] + plan.boxes[source].width / 2, start)]
        points.append((borders[source][1], start))
        points += [(x, ys[i]) for i in dummies for x in borders[i]]
        points.append((borders[target][0], end))
        points.append((centers[target][0] - plan.boxes[target].width / 2, end))
        routes.append(tuple(_bends(points)))
    width = borders[plan.columns[-1][0]][1] + margin
    return Layout(width, bottom, tuple(centers[: len(plan.boxes)]), tuple(routes))


def _column_borders(
    plan: _Plan, ys: list[float], column_gap: float, margin: float
) -> list[tuple[float, float]]:
    """Return the left and right x of each item's column; steep edges get up to three gaps' room."""
    rise = [0.0] * len(ys)
    for chain in plan.chains:
        for i, j in pairwise(chain):
            rise[j] = max(rise[j], abs(ys[j] - ys[i]))
    borders = [(0.0, 0.0)] * len(ys)
    x = float(margin) - column_gap
    for column in plan.columns:
        x += max(column_gap, min(3 * column_gap, SLOPE * max(rise[i] for i in column)))
        width = max(plan.boxes[i].width for i in column if i < len(plan.boxes))
        for i in column:
            borders[i] = (x, x + width)
        x += width
    return borders


def _bends(points: list[Point]) -> list[Point]:
    """Return a route without repeated points and without those inside a level stretch.

    >>> _bends([(0, 5), (0, 5), (1, 5), (2, 5.001), (3, 7)])
    [(0, 5), (2, 5), (3, 7)]
    """
    kept = points[:1]
    for x, y in points[1:]:
        if abs(y - kept[-1][1]) < 0.01:
            y = kept[-1][1]
            if x - kept[-1][0] < 1e-6 or (len(kept) > 1 and kept[-2][1] == y):
                kept.pop()
        kept.append((x, y))
    return kept
