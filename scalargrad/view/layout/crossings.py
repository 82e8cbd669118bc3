"""The order of what stands in each column: few crossings, then edges that rise and fall little.

Columns of up to five are solved exactly, given their neighbours; other starts are those of layered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, permutations

from scalargrad.view.layout.layered import falling_pairs, orders_tried

Items = list[list[int]]  # of each column the items, from top to bottom
Edges = Sequence[tuple[int, int]]  # between items of neighbouring columns

_EXACT = 5  # items in a column whose orders are all tried
_ROUNDS = 6
_IMPROVED = 3  # starts that are improved: as made, reversed, and a walk from the outputs
_KEPT = 3  # orders that are given back


@lru_cache(maxsize=64)
def orders(
    made: tuple[tuple[int, ...], ...], edges: tuple[tuple[int, int], ...], cards: int
) -> list[Items]:
    """Orders with the fewest crossings found, or one more: the best first.

    Each is turned over where more of its cards then stand as they were made.

    Args:
        made: the columns as they were made.
        edges: between items of neighbouring columns.
        cards: how many items are cards; those beyond are where links pass a column.
    """
    before: dict[int, list[int]] = {item: [] for column in made for item in column}
    after: dict[int, list[int]] = {item: [] for column in made for item in column}
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    rank = {item: k for k, item in enumerate(before)}
    columns = [list(column) for column in made]
    starts = [columns, [column[::-1] for column in columns]]
    starts += _by_layers(columns, before, after, rank)
    tried = [columns, *starts[2:]]
    for start in starts[:_IMPROVED]:
        tried += [_improved(start, before, after, rank, forward) for forward in (True, False)]
    found: dict[tuple[tuple[int, ...], ...], tuple[int, float, int]] = {}
    for order in tried:
        pairs = (pair for column in order for pair in combinations(column, 2) if max(pair) < cards)
        as_made = sum(1 if rank[a] < rank[b] else -1 for a, b in pairs)
        turned = [column[:: 1 if as_made >= 0 else -1] for column in order]
        key = tuple(map(tuple, turned))
        if key not in found:
            found[key] = _crossings(turned, after), _rise(turned, edges), -abs(as_made)
    least = min(crossed for crossed, *_ in found.values())
    good = sorted((cost, key) for key, cost in found.items() if cost[0] <= least + 1)
    return [list(map(list, key)) for _, key in good[:_KEPT]]


def _by_layers(
    made: Items,
    before: dict[int, list[int]],
    after: dict[int, list[int]],
    rank: dict[int, int],
) -> Iterator[Items]:
    """Yield the orders that a layout in layers would try."""
    items = list(rank)
    near = [[[rank[other] for other in side[item]] for item in items] for side in (before, after)]
    place = [c for c, column in enumerate(made) for _ in column]
    for columns, _ in orders_tried(near[0], near[1], place):
        yield [[items[k] for k in column] for column in columns]


def _crossings(order: Items, after: dict[int, list[int]]) -> int:
    """How many pairs of edges cross."""
    place = {item: k for column in order for k, item in enumerate(column)}
    return sum(
        falling_pairs([p for item in column for p in sorted(place[j] for j in after[item])])
        for column in order
    )


def _rise(order: Items, edges: Edges) -> float:
    """How far edges rise and fall in all, in heights of a column."""
    place = {item: (k + 0.5) / len(column) for column in order for k, item in enumerate(column)}
    return round(sum(abs(place[a] - place[b]) for a, b in edges), 6)


def _improved(
    order: Items,
    before: dict[int, list[int]],
    after: dict[int, list[int]],
    rank: dict[int, int],
    forward: bool,
) -> Items:
    """The order after sweeps over the columns, until none changes."""
    order = [list(column) for column in order]
    for _ in range(_ROUNDS):
        was = [list(column) for column in order]
        sweep = range(len(order)) if forward else reversed(range(len(order)))
        for c in sweep:
            if len(order[c]) > 1:
                sides = [
                    (neighbours, {item: k for k, item in enumerate(order[c + step])})
                    for neighbours, step in ((before, -1), (after, 1))
                    if 0 <= c + step < len(order)
                ]
                order[c] = _best(order[c], sides, rank)
        if order == was:
            break
    return order


def _best(
    column: list[int],
    sides: list[tuple[dict[int, list[int]], dict[int, int]]],
    rank: dict[int, int],
) -> list[int]:
    """A column in the order that crosses least, given its neighbours."""
    places = [
        {item: [place[other] for other in neighbours[item]] for item in column}
        for neighbours, place in sides
    ]
    if len(column) > _EXACT:
        means = {}
        for item in column:
            near = [place for side in places for place in side[item]]
            means[item] = sum(near) / (len(near) or 1)
        return sorted(column, key=lambda item: (means[item], rank[item]))
    cost = {}
    for a in column:
        for b in column:
            crossed = sum(p > q for side in places for p in side[a] for q in side[b])
            cost[a, b] = crossed + 1e-3 * (rank[a] > rank[b])

    def crossings(order: Iterable[int]) -> float:
        return sum(cost[pair] for pair in combinations(order, 2))

    return list(min(permutations(column), key=crossings))
