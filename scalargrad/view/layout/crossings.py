"""The order of what stands in each column: few crossings, then edges that rise and fall little.

Source: barycentres and the matrix of crossings of pairs, as in Sugiyama, Tagawa and Toda, "Methods
for visual understanding of hierarchical system structures" (1981); columns of up to five are
solved exactly, given their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

Items = list[list[int]]  # of each column the items, from top to bottom
Edges = Sequence[tuple[int, int]]  # between items of neighbouring columns

_EXACT = 5  # items in a column whose orders are all tried
_ROUNDS = 6
_KEPT = 3  # orders that are given back


def orders(made: Items, edges: Edges, cards: int | None = None) -> list[Items]:
    """Orders with the fewest crossings found, or one more: the best first.

    Each is turned over where more of its items then stand as they were made.

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
    rank = {item: k for column in made for k, item in enumerate(column)}
    found: dict[tuple[tuple[int, ...], ...], tuple[int, float]] = {}
    starts = [made, [column[::-1] for column in made], *_walked(made, after)]
    for start in starts:
        for forward in (True, False):
            order = _improved([list(column) for column in start], before, after, rank, forward)
            if _as_made(order, rank, cards) < 0:
                order = [column[::-1] for column in order]
            key = tuple(map(tuple, order))
            found.setdefault(key, (count(order, edges), _rise(order, edges)))
    found.setdefault(tuple(map(tuple, made)), (count(made, edges), _rise(made, edges)))
    least = min(crossed for crossed, _ in found.values())
    good = sorted((cost, key) for key, cost in found.items() if cost[0] <= least + 1)
    return [list(map(list, key)) for _, key in good[:_KEPT]]


def _as_made(order: Items, rank: dict[int, int], cards: int | None) -> int:
    """How many more pairs of cards stand as they were made than the other way round."""
    pairs = (
        (a, b)
        for column in order
        for a, b in combinations([i for i in column if cards is None or i < cards], 2)
    )
    return sum(1 if rank[a] < rank[b] else -1 for a, b in pairs)


def _rise(order: Items, edges: Edges) -> float:
    """How far edges rise and fall in all, in heights of a column."""
    place = {item: (k + 0.5) / len(column) for column in order for k, item in enumerate(column)}
    return round(sum(abs(place[a] - place[b]) for a, b in edges), 6)


def count(order: Items, edges: Edges) -> int:
    """How many pairs of edges cross."""
    place = {item: k for column in order for k, item in enumerate(column)}
    column_of = {item: c for c, column in enumerate(order) for item in column}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for a, b in edges:
        gaps.setdefault(column_of[a], []).append((place[a], place[b]))
    return sum(
        (a - c) * (b - d) < 0
        for pairs in gaps.values()
        for k, (a, b) in enumerate(pairs)
        for c, d in pairs[:k]
    )


def _walked(made: Items, after: dict[int, list[int]]) -> list[Items]:
    """The order in which a walk in depth meets the items."""
    seen: dict[int, int] = {}
    for column in made:
        for item in column:
            stack = [item]
            while stack:
                top = stack.pop()
                if top not in seen:
                    seen[top] = len(seen)
                    stack.extend(reversed(after[top]))
    return [[sorted(column, key=seen.__getitem__) for column in made]]


def _improved(
    order: Items,
    before: dict[int, list[int]],
    after: dict[int, list[int]],
    rank: dict[int, int],
    forward: bool,
) -> Items:
    """The order after sweeps over the columns, until none changes."""
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
