"""Where labels stand: on their own link, else beside it and clearly nearer to it than others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from scalargrad.view.layout.groups import box
from scalargrad.view.layout.places import Area, Places, Point, Route, around
from scalargrad.view.layout.skeleton import Skeleton

_CLEAR = 0.3  # from a label to what is not its own
_APART = 0.22  # between two labels
_BESIDE = 0.2  # from a label to its own line
_SEEN, _SEEN_WELL = 0.95, 1.3  # of a line on both sides of the label on it
_HEAD = 0.6  # of a line beside a label on it, at least: its arrow head
_NEARER = 1.5  # times that a line of another is farther from a label than its own
Segment = tuple[float, float, float, float]  # x and y of both ends, the left one first

_MOST = 7  # places that are kept for a label
_ROUNDS = 10
_ALONG = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85)  # shares of the way


@dataclass(frozen=True)
class Spot:
    """A place of a label.

    Attributes:
        form: of the label.
        center: its middle.
        area: what it covers.
        cost: how far it is from the calmest place.
    """

    form: int
    center: Point
    area: Area
    cost: float


def labelled(
    skeleton: Skeleton,
    places: Places,
    room: tuple[float, float],
    calm: int | None = None,
    to_the_end: bool = False,
) -> tuple[dict[int, Spot], set[int]]:
    """A place for the label of each link that has one, and links whose labels found none.

    The search ends with the first label that finds no place, unless it is to go on to the end.
    Where it is to be calm, all labels are of that form and stand on their lines, of which more is
    seen.
    """
    spots: dict[int, Spot] = {}
    diagram = skeleton.diagram
    waiting = []
    for index, link in enumerate(diagram.links):
        if link.label and skeleton.chains[index]:
            waiting.append(index)
        elif link.label:  # of a leaf beside its card: there is room for it, but among kept places
            (x0, y0), (x1, y1) = places.routes[index].points
            sizes = [_size(skeleton, index, form) for form in range(len(link.label.sizes))]
            fitting = (k for k, size in enumerate(sizes) if size[1] <= abs(y1 - y0) - _HEAD)
            form = next(fitting, 0)
            center = ((x0 + x1) / 2, (y0 + y1) / 2)
            spots[index] = Spot(form, center, around(center, *sizes[form]), 0.0)
    fixed = [spot.area for spot in spots.values()]
    if not diagram.turned:
        fixed += [box(group, places.areas, False).title for group in diagram.groups]
    comb = _comb(skeleton)
    lines = [segments(route.line) for route in places.routes]
    choices: dict[int, list[Spot]] = {}
    lost: set[int] = set()
    by_gap: dict[int, list[int]] = {}
    for index in waiting:
        by_gap.setdefault(skeleton.columns.column[diagram.links[index].source], []).append(index)
    for column in sorted(by_gap, key=lambda column: -len(by_gap[column])):
        left, right = places.gaps[column]
        near = [
            (other, segment, min(segment[1], segment[3]), max(segment[1], segment[3]))
            for other, pieces in enumerate(lines)
            for segment in pieces
            if segment[2] > left - 4 and segment[0] < right + 4
        ]
        boxes = [area for area in places.areas if area[2] > left - 6 and area[0] < right + 6]
        for index in by_gap[column]:
            far = max(map(sum, diagram.links[index].label.sizes)) + 1  # type: ignore[union-attr]
            heights = [y for _, y in places.routes[index].line]
            above, below = min(heights) - far, max(heights) + far
            foreign = [
                segment
                for other, segment, top, bottom in near
                if other != index and top < below and bottom > above
            ]
            near_boxes = [
                (a - _CLEAR, b - _CLEAR, c + _CLEAR, d + _CLEAR)
                for a, b, c, d in (*boxes, *fixed)
                if b < below and d > above
            ]
            gap = _Gap(room, left, right, near_boxes, foreign, calm)
            possible = _choices(skeleton, places.routes[index], index, comb[index], gap)
            if possible:
                choices[index] = possible
                continue
            lost.add(index)
            if not to_the_end:
                return spots, lost
    chosen = _chosen(choices)
    clash = {i for i, j in _pairs(chosen) if _overlap(chosen[i].area, chosen[j].area)}
    return spots | chosen, lost | clash


@dataclass(frozen=True)
class _Gap:
    """What a label between two columns must keep clear of.

    Attributes:
        room: width and height of the picture.
        left: where the gap begins.
        right: where it ends.
        boxes: cards, and labels that do not move, with the air around them.
        foreign: pieces of the lines of other links.
        calm: the form that all labels are to have on their lines.
    """

    room: tuple[float, float]
    left: float
    right: float
    boxes: Sequence[Area]
    foreign: Sequence[Segment]
    calm: int | None


def _size(skeleton: Skeleton, index: int, form: int) -> tuple[float, float]:
    label = skeleton.diagram.links[index].label
    assert label is not None
    wide, high = label.sizes[form]
    return (high, wide) if skeleton.diagram.turned else (wide, high)


def _comb(skeleton: Skeleton) -> dict[int, float]:
    """The share of the way at which the labels of all links between two columns lie apart."""
    ends: dict[int, tuple[set[int], set[int]]] = {}
    for link, chain in zip(skeleton.diagram.links, skeleton.chains, strict=True):
        if chain and link.label:
            sources, targets = ends.setdefault(skeleton.columns.column[link.source], (set(), set()))
            sources.add(link.source)
            targets.add(link.target)
    found = {}
    for index, (link, chain) in enumerate(
        zip(skeleton.diagram.links, skeleton.chains, strict=True)
    ):
        found[index] = 0.5
        if chain and link.label:
            sources, targets = ends[skeleton.columns.column[link.source]]
            m, n = len(sources), len(targets)
            if m > 1 or n > 1:
                found[index] = 1 / (1 + m) if n <= m else n / (1 + n)
    return found


def _choices(skeleton: Skeleton, route: Route, index: int, comb: float, gap: _Gap) -> list[Spot]:
    """Places of a label, the calmest first."""
    label = skeleton.diagram.links[index].label
    assert label is not None
    own = segments(route.line)
    points = _along(route.line, tuple(dict.fromkeys((comb, *_ALONG))), gap.left, gap.right)
    found: list[Spot] = []
    last = len(label.sizes) - 1
    for form in range(last + 1) if gap.calm is None else (min(gap.calm, last),):
        size = _size(skeleton, index, form)
        if size[0] > gap.right - gap.left + 2:
            continue
        for side in (0, -1, 1) if gap.calm is None else (0,):
            for rank, (x, y, dx, dy) in enumerate(points):
                center = (x, y)
                if side:
                    far = abs(dy) * size[0] / 2 + abs(dx) * size[1] / 2 + _BESIDE
                    across, down = (-dy, dx) if dx >= 0 else (dy, -dx)
                    center = (x + side * across * far, y + side * down * far)
                area = around(center, *size)
                if _is_free(area, gap, own, side, route):
                    found.append(Spot(form, center, area, form * 0.5 + abs(side) + rank * 0.1))
                    if len(found) == _MOST:
                        return found
    return found


def _along(
    line: Sequence[Point], shares: Sequence[float], left: float, right: float
) -> list[tuple[float, float, float, float]]:
    """Points at shares of the way through a gap, each with the direction there."""
    pieces = [(a, b) for a, b in pairwise(line) if a[0] < right - 1e-9 and b[0] > left + 1e-9]
    pieces = pieces or list(pairwise(line))
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pieces]
    whole = sum(lengths)
    found = []
    for share in shares:
        rest = share * whole
        for (a, b), length in zip(pieces, lengths, strict=True):
            if rest <= length and length:
                dx, dy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
                found.append((a[0] + rest * dx, a[1] + rest * dy, dx, dy))
                break
            rest -= length
    return found


def _is_free(area: Area, gap: _Gap, own: Sequence[Segment], side: int, route: Route) -> bool:
    """Whether a label may stand there."""
    left, top, right, bottom = area
    if left < 0 or top < 0 or right > gap.room[0] or bottom > gap.room[1]:
        return False
    for a, b, c, d in gap.boxes:  # not left to `_overlap`, whose call takes longer than this
        if left < c and a < right and top < d and b < bottom:
            return False
    if side == 0:
        far = _SEEN_WELL if gap.calm == 0 else _SEEN
        seen = (left - far, top - far, right + far, bottom + far)
        if _inside(seen, route.points[0]) or _inside(seen, route.points[-1]):
            return False
    if _is_met(area, _CLEAR, gap.foreign):
        return False
    if side == 0:
        return True
    far = distance(area, own)  # at an end of its line it is farther than in the middle
    return far > 0.0 and not _is_met(area, _NEARER * far + 0.05, gap.foreign)


def _is_met(area: Area, clear: float, lines: Sequence[Segment]) -> bool:
    """Whether a piece of a line comes so near to an area."""
    left, top, right, bottom = area
    left, top, right, bottom = left - clear, top - clear, right + clear, bottom + clear
    for segment in lines:
        x0, y0, x1, y1 = segment
        if x1 < left or x0 > right or (y0 < top and y1 < top) or (y0 > bottom and y1 > bottom):
            continue  # most often; not left to `crosses`, whose call takes longer than this
        if crosses((left, top, right, bottom), segment):
            return True
    return False


def _inside(area: Area, point: Point) -> bool:
    return area[0] < point[0] < area[2] and area[1] < point[1] < area[3]


# Choosing ----------------------------------------------------------------------------------------


def _pairs(chosen: dict[int, Spot]) -> Iterator[tuple[int, int]]:
    keys = list(chosen)
    return ((i, j) for k, i in enumerate(keys) for j in keys[:k])


def _chosen(choices: dict[int, list[Spot]]) -> dict[int, Spot]:
    """One place for each label: those with few places first, then each moves to its least clash."""
    chosen: dict[int, Spot] = {}

    def clashes(index: int, spot: Spot) -> float:
        return sum(
            10.0 for other, taken in chosen.items()
            if other != index and _overlap(spot.area, taken.area)
        ) + spot.cost  # fmt: skip

    for index in sorted(choices, key=lambda index: (len(choices[index]), index)):
        chosen[index] = min(choices[index], key=lambda spot: clashes(index, spot))
    for _ in range(_ROUNDS):
        moved = False
        for index, spots in choices.items():
            best = min(spots, key=lambda spot: clashes(index, spot))
            if clashes(index, best) < clashes(index, chosen[index]) - 1e-9:
                chosen[index], moved = best, True
        if not moved:
            break
    return chosen


# Geometry ----------------------------------------------------------------------------------------


def segments(line: Iterable[Point]) -> list[Segment]:
    """The pieces of a line as x, y of both ends, the left one first."""
    return [(*min(a, b), *max(a, b)) for a, b in pairwise(line)]


def _overlap(a: Area, b: Area, apart: float = _APART) -> bool:
    return (
        a[0] < b[2] + apart and b[0] < a[2] + apart and a[1] < b[3] + apart and b[1] < a[3] + apart
    )


def crosses(area: Area, segment: Segment) -> bool:
    """Whether a piece of a line meets an area (Liang and Barsky's clipping, 1984)."""
    x0, y0, x1, y1 = segment
    left, top, right, bottom = area
    dx, dy = x1 - x0, y1 - y0
    first, last = 0.0, 1.0
    for step, at in ((-dx, x0 - left), (dx, right - x0), (-dy, y0 - top), (dy, bottom - y0)):
        if step == 0:
            if at < 0:
                return False
        elif step < 0:
            first = max(first, at / step)
        else:
            last = min(last, at / step)
    return first <= last


def distance(area: Area, line: Sequence[Segment]) -> float:
    """From an area to the nearest of some pieces of lines; 0 where they meet."""
    least = float("inf")
    for segment in line:
        x0, y0, x1, y1 = segment
        beside = max(area[0] - x1, x0 - area[2], 0.0)
        over = max(area[1] - max(y0, y1), min(y0, y1) - area[3], 0.0)
        if hypot(beside, over) >= least:
            continue
        if crosses(area, segment):
            return 0.0
        for x, y in ((x0, y0), (x1, y1)):
            right, down = max(area[0] - x, x - area[2], 0.0), max(area[1] - y, y - area[3], 0.0)
            least = min(least, hypot(right, down))
        length = hypot(x1 - x0, y1 - y0)
        if length:
            for x, y in (
                (area[0], area[1]), (area[2], area[1]), (area[0], area[3]), (area[2], area[3])
            ):  # fmt: skip
                t = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2
                if 0 <= t <= 1:
                    least = min(least, abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length)
    return least
