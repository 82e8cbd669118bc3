"""The largest text at which a diagram fits its place: a search of few discrete choices.

A choice is an order of the columns, whether leaves stand beside their users, and a form for each
card. Its bound, from widths and heights alone, tells which choices are worth a trial; of each, the
size is found by bisection. Equal diagrams have equal plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from scalargrad.view.layout.diagram import Diagram, Form
from scalargrad.view.layout.equations import Block, block, shapes
from scalargrad.view.layout.folding import folded, is_chain, room
from scalargrad.view.layout.groups import box
from scalargrad.view.layout.labels import Spot, distance, labelled, segments
from scalargrad.view.layout.large import is_large, large
from scalargrad.view.layout.panel import AIR, Panel, panel
from scalargrad.view.layout.places import Area, Places, Point, Route, needs, placed
from scalargrad.view.layout.plan import Plan
from scalargrad.view.layout.pockets import AIR_AROUND, Grid
from scalargrad.view.layout.skeleton import Sizes, Skeleton, sizes, skeletons
from scalargrad.view.scene import extent

SLIDE = (886.0, 403.0)  # the body of a 16:9 slide under a title, in points
CAP = 28.0  # the largest text
ROUND = 20.0  # from here on neurons are circles
_LEAST = 3.0
_SMALLEST = 0.3  # of its bound, before labels are left out
_TRIED = 3  # choices, those of the best bounds
_EXACT = 0.03  # relative, of the size that is found
# How much wider a gap gets whose label found no place, until all have one.
_WIDER = (0.0, 2.5, 2.5)
_FOOT = 0.7  # between a picture and what stands beneath, at least
_ABOVE = 0.6  # more than that, where there is room
_HEADING = 1.5  # height of the headings
_PAST = 0.15  # from a line to a circle that it passes
_AIRY = 1.0  # of a gap whose labels are to stand on their lines
_CALM = ((0, 1.3), (2, 1.18))  # forms that all labels have, and times the size that it is worth
_TOLD = 1.12  # times the size that headings are worth
_SHARES = (1.0, 0.97, 0.94, 0.91, 0.88, 0.84, 0.8)  # of the size, tried for them
_COMFORT, _LITTLE = 18.0, 0.91  # below this size nothing is given for labels, little for headings
_FOLDED = 0.85  # how calm a folded chain is
_WIDTHS = (1.0, 0.8, 0.62, 0.5, 0.4, 0.33, 0.27)  # of a derivation, in widths of the room


@dataclass(frozen=True)
class _Choice:
    """One way to lay a diagram out."""

    skeleton: Skeleton
    forms: tuple[Form, ...]
    stacked: bool
    sizes: Sizes
    calm: float
    across: int = 0  # cards in a row, of a chain that is folded
    abreast: int = 1  # matrices beside each other

    @property
    def need(self) -> tuple[float, float]:
        """The least width and height, in sizes of the text."""
        if self.across:
            return room(self.skeleton, self.sizes, self.across)
        return (
            sum(self.sizes.widths) + sum(needs(self.skeleton)),
            max(self.sizes.heights),
        )

    def bound(self, place: tuple[float, float]) -> float:
        """The size that no plan of this choice exceeds."""
        diagram = self.skeleton.diagram
        need = self.need[::-1] if diagram.turned else self.need
        wide, high = need[0] + self.aside, max(need[1], self.panel.height)
        return min(CAP, place[0] / wide, place[1] / (high + diagram.caption_height))

    @property
    def panel(self) -> Panel:
        """The matrices beside the picture."""
        return panel(self.skeleton.diagram.matrices, self.abreast)

    @property
    def aside(self) -> float:
        """The width that they take."""
        return self.panel.width + AIR if self.panel.blocks else 0.0


@lru_cache(maxsize=64)
def arranged(diagram: Diagram, place: tuple[float, float] = SLIDE) -> Plan:
    """The plan of the largest and calmest text for a place of a width and a height in points."""
    if is_large(diagram):
        return large(diagram)
    choices = sorted(_choices(diagram), key=lambda c: -c.bound(place) * c.calm)
    best: Plan | None = None
    score = 0.0
    for choice in [c for c in choices if c.forms and c.forms[0] == "circle"][:2]:
        best = _largest(choice, place, ROUND) or best
        if best:
            return _headed(choice, best, place)
    tried = [c for c in choices if not (c.forms and c.forms[0] == "circle")]
    winner = None
    for choice in tried[:_TRIED]:
        least = max(score / choice.calm * (1 + _EXACT), _LEAST, diagram.least)
        plan = _largest(choice, place, least)
        if plan and plan.size * choice.calm > score:
            best, winner, score = plan, choice, plan.size * choice.calm
    if best is None or winner is None:
        winner = tried[0]
        best = _in_need(winner, place)
    return _headed(winner, best, place)


def _headed(choice: _Choice, plan: Plan, place: tuple[float, float]) -> Plan:
    """The plan with calm labels and with the headings of its columns, where that costs little."""
    if choice.across:
        return plan
    diagram = choice.skeleton.diagram
    best, score = plan, plan.size
    may_head = any(diagram.headings) and not diagram.turned
    is_large = plan.size >= _COMFORT and any(choice.skeleton.widest_labels)
    ways = _CALM if is_large else ()
    for calm, worth in (*ways, (None, 1.0)):
        for headed, more in ((False, 1.0), (True, _TOLD)) if may_head else ((False, 1.0),):
            sizes = [
                plan.size * share for share in _SHARES
                if plan.size * share * worth * more > score
                and (share >= _LITTLE or plan.size * share >= _COMFORT)
            ]  # fmt: skip
            found = _first(choice, place, sizes, headed, calm)
            if found:
                best, score = found, found.size * worth * more
            elif sizes and not headed:  # with headings there is less room
                break
    return best


def _first(
    choice: _Choice, place: tuple[float, float], sizes: list[float], headed: bool, calm: int | None
) -> Plan | None:
    """The plan at the first of some falling sizes at which there is one."""
    if not sizes:
        return None
    plan = _trial(choice, place, sizes[0], headed, calm=calm)
    last = None if plan or len(sizes) == 1 else _trial(choice, place, sizes[-1], headed, calm=calm)
    if not last:
        return plan
    found, low, high = last, 0, len(sizes) - 1  # at low there is none, at high there is
    while high - low > 1:
        middle = (low + high) // 2
        better = _trial(choice, place, sizes[middle], headed, calm=calm)
        if better:
            found, high = better, middle
        else:
            low = middle
    return found


# Choices -----------------------------------------------------------------------------------------


def _choices(diagram: Diagram) -> Iterator[_Choice]:
    """Yield the ways to lay a diagram out."""
    has_hosts = True
    for beside in (True, False):
        found = skeletons(diagram, beside) if has_hosts else []
        has_hosts = any(skeleton.columns.hosts for skeleton in found)
        for rank, skeleton in enumerate(found):
            for forms, calm in _forms(diagram, skeleton):
                for stacked in (False, True) if any(c.rows for c in diagram.cards) else (False,):
                    made = sizes(skeleton, forms, stacked)
                    calmer = calm * (1 - 0.02 * rank) * (1 - 0.02 * (not beside))
                    choice = _Choice(skeleton, forms, stacked, made, calmer)
                    yield choice
                    if len(diagram.matrices) > 1:
                        yield replace(choice, abreast=2)
                    if not diagram.turned and is_chain(skeleton) and forms[0] != "circle":
                        alike = replace(choice, calm=_FOLDED * calmer, sizes=made.alike(skeleton))
                        for across in range(2, len(skeleton.order)):
                            yield replace(alike, across=across)


def _forms(diagram: Diagram, skeleton: Skeleton) -> Iterator[tuple[tuple[Form, ...], float]]:
    """Yield a form for each card, at most two forms a picture, and how calm that is."""
    cards = range(len(diagram.cards))
    rows = [0] * skeleton.columns.count
    for card in cards:
        rows[skeleton.columns.column[card]] += 1
    crowd = [rows[skeleton.columns.column[card]] for card in cards]
    if all(card.is_round and not card.rows for card in diagram.cards):
        circle: Form = "circle"
        yield (circle,) * len(crowd), 1.0
    has_rows = [bool(card.rows) for card in diagram.cards]
    mixed: list[tuple[Form, Form, list[bool], float]] = [
        ("three", "three", has_rows, 1.0),
        ("two", "two", has_rows, 0.97),
        ("three", "two", [n >= 3 for n in crowd], 0.96),
        ("three", "one", [n >= 3 for n in crowd], 0.94),
        ("three", "one", [n >= 4 for n in crowd], 0.94),
        ("three", "one", has_rows, 0.95),
        ("two", "one", [n >= 3 for n in crowd], 0.94),
        ("two", "one", has_rows, 0.94),
    ]
    seen = set()
    for usual, other, which, calm in mixed:
        forms: tuple[Form, ...] = tuple(other if is_other else usual for is_other in which)
        if forms not in seen:
            seen.add(forms)
            yield forms, calm


# Trials ------------------------------------------------------------------------------------------


def _largest(choice: _Choice, place: tuple[float, float], least: float) -> Plan | None:
    """The plan of the largest text of at least a size, or None."""
    high = choice.bound(place)
    if high < least:
        return None
    found = _trial(choice, place, high)
    if found:
        return found
    found, low = _trial(choice, place, least), least
    if not found:
        return None
    while high > low * (1 + _EXACT):
        middle = (low + high) / 2
        better = _trial(choice, place, middle)
        if better:
            found, low = better, middle
        else:
            high = middle
    return found


def _in_need(choice: _Choice, place: tuple[float, float]) -> Plan:
    """A plan at any size, without the labels that find no place."""
    size = bound = choice.bound(place)
    in_need = choice.skeleton.diagram.least > 0
    while True:
        plan = _trial(choice, place, size, in_need=in_need)
        if plan:
            return plan
        size *= 0.9
        if not in_need and size < _SMALLEST * bound:
            size, in_need = bound, True


@dataclass(frozen=True)
class _Stage:
    """The room of a trial, in sizes of the text.

    Attributes:
        size: of the text, in points.
        wide: width of the whole.
        tall: height of the whole.
        head: height of the headings.
        foot: height of what stands beneath, captions included.
        aside: width of what stands beside.
        band: height of the room for notes beneath; 0 where they stand in a pocket.
    """

    size: float
    wide: float
    tall: float
    head: float
    foot: float
    aside: float
    band: float

    @property
    def inner(self) -> tuple[float, float]:
        """Width and height of what is left for cards and links."""
        return self.wide - self.aside, self.tall - self.head - self.foot


def _trial(
    choice: _Choice,
    place: tuple[float, float],
    size: float,
    with_headings: bool = False,
    in_need: bool = False,
    calm: int | None = None,
) -> Plan | None:
    """A plan at a size of the text, or None where there is no room.

    The derivation stands beneath, else in a pocket of the picture; notes in a pocket, else beneath.
    """
    diagram = choice.skeleton.diagram
    wide, tall = place[0] / size, place[1] / size
    lowest = block(diagram.equation, wide) if diagram.equation else None
    if diagram.equation and not lowest:
        return None
    head = _HEADING if with_headings else 0.0
    band = diagram.notes_size[1] + _FOOT if diagram.notes else 0.0
    ways = [(lowest, 0.0), *([(None, 0.0)] if lowest else []), *([(lowest, band)] if band else [])]
    crowded = float("-inf")  # the greatest height that was too little
    for beneath, band in ways:
        foot = diagram.caption_height + (beneath.height + _FOOT if beneath else 0.0)
        stage = _Stage(size, wide, tall, head, foot + band, choice.aside, band)
        width, high = stage.inner
        if choice.panel.height > high or high <= crowded:
            continue
        found = _drawn(choice, (high, width) if diagram.turned else (width, high), calm, in_need)
        if found is None or (found[2] and not in_need):
            crowded = high
        elif plan := _staged(choice, stage, beneath, calm, *found):
            return plan
    return None


def _staged(
    choice: _Choice,
    stage: _Stage,
    beneath: Block | None,
    calm: int | None,
    places: Places,
    spots: dict[int, Spot],
    lost: set[int],
) -> Plan | None:
    """A plan with the derivation beneath it, or with one of its shapes in a pocket."""
    diagram, inner = choice.skeleton.diagram, stage.inner
    areas = _upright([*places.areas, *(spot.area for spot in spots.values())], diagram)
    cards = areas[: len(places.areas)]
    areas += [box(group, cards, diagram.turned).area for group in diagram.groups]
    lines = _upright_lines([route.line for route in places.routes], diagram)
    equation: tuple[Block, Point] | None = None
    if diagram.equation and not beneath:
        blocks = shapes(diagram.equation, (stage.wide * share for share in _WIDTHS))
        equation = _pocketed(blocks, Grid(inner, areas, lines), inner)
        if equation is None:
            return None
        found_block, (x, y) = equation
        areas.append((x, y, x + found_block.width, y + found_block.height))
    top, bottom = _span(areas, lines, choice.panel.height, inner[1])
    notes = None
    if stage.band:
        wide, high = diagram.notes_size
        notes = (inner[0] - wide, min(inner[1], bottom + _ABOVE) + _FOOT)
        if notes[0] < 0:
            return None
        bottom = notes[1] + high
    elif diagram.notes:
        high = diagram.notes_size[1] + 2 * AIR_AROUND
        room = (inner[0], min(inner[1], bottom + high))
        notes = Grid(room, areas, lines).pocket(*diagram.notes_size, room, lowest=True)
        if notes is None:
            return None
        bottom = max(bottom, notes[1] + diagram.notes_size[1])
    headings = _headings(choice, places, inner[0], top) if stage.head else []
    if headings is None:
        return None
    if beneath:
        under = min(inner[1] + stage.band, bottom + _ABOVE) + _FOOT
        equation = (beneath, ((stage.wide - beneath.width) / 2, under))
        bottom = under + beneath.height
    # What is left of the height stands above and below in equal parts.
    down = stage.head + (stage.tall - diagram.caption_height - stage.head - bottom - top) / 2
    plan = _in_points(choice, stage, places, spots, down)

    def at(point: Point) -> Point:
        return point[0] * stage.size, (point[1] + down) * stage.size

    under = stage.tall - diagram.caption_height + _FOOT
    return replace(
        plan,
        lost=frozenset(lost),
        is_calm=calm is not None,
        spots={k: spot for k, spot in plan.spots.items() if k not in lost},
        equation=equation and (equation[0], at(equation[1])),
        notes=notes and at(notes),
        caption=_scaled((stage.wide / 2, under), stage.size) if diagram.captions else None,
        headings=tuple((name, at(point)) for name, point in headings),
    )


def _span(
    areas: Sequence[Area], lines: Sequence[Sequence[Point]], aside: float, high: float
) -> tuple[float, float]:
    """The top and the bottom of everything, with what stands in the middle beside it."""
    heights = [y for line in lines for _, y in line]
    heights += [y for area in areas for y in area[1::2]]
    return (
        min([(high - aside) / 2, *heights]) if aside else min(heights, default=0.0),
        max([(high + aside) / 2, *heights]) if aside else max(heights, default=0.0),
    )


def _pocketed(
    blocks: Iterable[Block], grid: Grid, inner: tuple[float, float]
) -> tuple[Block, Point] | None:
    """The first shape of a derivation that has room in a picture, and where."""
    for shape in blocks:
        corner = grid.pocket(shape.width, shape.height, (inner[0] * 0.6, inner[1] * 0.75))
        if corner:
            return shape, corner
    return None


def _drawn(
    choice: _Choice, body: tuple[float, float], calm: int | None, in_need: bool
) -> tuple[Places, dict[int, Spot], set[int]] | None:
    """Places and labels in a body: the first of the tries at which every label finds a place."""
    skeleton = choice.skeleton
    if choice.across:
        in_rows = folded(skeleton, choice.sizes, choice.across, body)
        return in_rows and (*in_rows, set())
    extra = [_AIRY * (calm == 0 and n > 0) for n in skeleton.widest_labels]
    last = None
    lost: set[int] = set()
    for wider in _WIDER:
        for link in lost:
            extra[skeleton.columns.column[skeleton.diagram.links[link].source]] += wider
        places = placed(skeleton, choice.sizes, choice.forms, body, extra)
        if places is None or ("circle" in choice.forms and _is_run_through(skeleton, places)):
            return last
        spots, lost = labelled(skeleton, places, body, calm, in_need)
        last = (places, spots, lost)
        if not lost:
            break
    return last


def _is_run_through(skeleton: Skeleton, places: Places) -> bool:
    """Whether a line runs through a circle that it does not join."""
    circles = [
        (x, y, (a[2] - a[0]) / 2 + _PAST)
        for (x, y), a in zip(places.centers, places.areas, strict=True)
    ]
    for link, route in zip(skeleton.diagram.links, places.routes, strict=True):
        heights = [y for _, y in route.line]
        top, bottom = min(heights), max(heights)
        near = (
            (x, y, clear) for card, (x, y, clear) in enumerate(circles)
            if top - clear < y < bottom + clear and card not in (link.source, link.target)
        )  # fmt: skip
        line = segments(route.line)
        if any(distance((x, y, x, y), line) < clear for x, y, clear in near):
            return True
    return False


def _headings(
    choice: _Choice, places: Places, wide: float, top: float
) -> list[tuple[str, Point]] | None:
    """The headings of the columns above what is drawn, or None where they meet."""
    diagram, skeleton = choice.skeleton.diagram, choice.skeleton
    found: list[tuple[str, Point]] = []
    right = float("-inf")
    for c in range(skeleton.columns.count):
        cards = [i for i, column in enumerate(skeleton.columns.column) if column == c]
        main = [i for i in cards if i not in skeleton.columns.hosts] or cards
        names = {diagram.headings[i] for i in main}
        if len(names) != 1 or "" in names:
            continue
        one, _, several = names.pop().partition("|")
        name = several if several and len(main) > 1 else one
        x = places.centers[main[0]][0]
        half = _heading_width(name) / 2
        x = min(max(x, half), wide - half)
        if x - half < right + 0.8:
            return None
        right = x + half
        found.append((name, (x, top - _HEADING + 0.9)))
    return found if len(found) > 1 else None


def _heading_width(name: str) -> float:
    return extent(name, 1.0).width


# From sizes of the text to points ----------------------------------------------------------------


def _upright(areas: Sequence[Area], diagram: Diagram) -> list[Area]:
    return [(t, l, b, r) for l, t, r, b in areas] if diagram.turned else list(areas)  # noqa: E741


def _upright_lines(lines: Sequence[Sequence[Point]], diagram: Diagram) -> list[list[Point]]:
    return [[(y, x) for x, y in line] if diagram.turned else list(line) for line in lines]


def _scaled(point: Point, size: float) -> Point:
    return point[0] * size, point[1] * size


def _in_points(
    choice: _Choice, stage: _Stage, places: Places, spots: dict[int, Spot], down: float
) -> Plan:
    """Cards, links, labels and matrices at their places, so far down."""
    size, turned = stage.size, choice.skeleton.diagram.turned

    def point(p: Point) -> Point:
        x, y = p[::-1] if turned else p
        return x * size, (y + down) * size

    def area(a: Area) -> Area:
        return (*point((a[0], a[1])), *point((a[2], a[3])))

    corner = (
        stage.wide - choice.panel.width,
        down + (stage.inner[1] - choice.panel.height) / 2,
    )
    return Plan(
        size,
        (stage.wide * size, stage.tall * size),
        choice.forms,
        choice.stacked,
        tuple(map(point, places.centers)),
        tuple(map(area, places.areas)),
        tuple(
            Route(tuple(map(point, r.points)), r.is_curved, tuple(map(point, r.line)))
            for r in places.routes
        ),
        {
            k: replace(spot, center=point(spot.center), area=area(spot.area))
            for k, spot in spots.items()
        },
        panel=(choice.panel, _scaled(corner, size)) if choice.panel.blocks else None,
    )
