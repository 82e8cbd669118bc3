"""Places that are kept: cards stand where another picture has them, or where they were moved to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import hypot

from scalargrad.view.layout.diagram import Diagram, Form, Label
from scalargrad.view.layout.equations import Block, block
from scalargrad.view.layout.labels import Spot, labelled
from scalargrad.view.layout.places import Area, Places, Point, Route, around
from scalargrad.view.layout.plan import Plan
from scalargrad.view.layout.pockets import Grid
from scalargrad.view.layout.skeleton import skeletons
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Text, bounds, measured, moved

_FOOT = 0.7  # between a picture and what stands beneath
_FORMS: tuple[Form, ...] = ("three", "two", "one")
Ends = tuple[str, str]


@dataclass(frozen=True)
class Kept:
    """What of another picture is kept, by the keys of its units.

    Attributes:
        areas: of units.
        round_: the units that are circles.
        arrows: the ways of links.
        headings: and where they stand.
        beneath: the area of its derivation.
        height: of the picture.
    """

    areas: dict[str, Area] = field(default_factory=dict)
    round_: frozenset[str] = frozenset()
    arrows: dict[Ends, Arrow] = field(default_factory=dict)
    headings: tuple[Text, ...] = ()
    beneath: Area | None = None
    height: float = 0.0


def places_of(scene: Scene, shift: float) -> Kept:
    """The places of a scene, moved by so many points."""
    areas: dict[str, Area] = {}
    arrows: dict[Ends, Arrow] = {}
    shapes = [moved(shape, shift, shift) for shape in scene.shapes]
    for shape in shapes:
        if isinstance(shape, Circle | Rectangle) and shape.key:
            areas[shape.key] = bounds(shape)
        elif isinstance(shape, Arrow) and shape.ends[0]:
            arrows[shape.ends] = shape
    round_ = frozenset(s.key for s in shapes if isinstance(s, Circle))
    headings = tuple(s for s in shapes if isinstance(s, Text) and s.key == "heading")
    lines = [s for s in shapes if isinstance(s, Text) and s.key == "derivation"]
    beneath = None
    if lines:
        right = max(line.x + measured(line).width for line in lines)
        above, below = (
            line.y + share * line.size for line, share in ((lines[0], -1.5), (lines[-1], 0.6))
        )
        beneath = (lines[0].x, above, right, below)
    return Kept(areas, round_, arrows, headings, beneath, scene.height + 2 * shift)


def rearranged(
    diagram: Diagram,
    plan: Plan,
    size: float,
    areas: Sequence[Area],
    ends: Sequence[Ends],
    kept: Kept,
) -> Plan:
    """A plan with its cards in other areas; links and their labels follow.

    Args:
        diagram: what is laid out.
        plan: where it was laid out to.
        size: of the text.
        areas: of the cards.
        ends: of the links.
        kept: what else is kept of another picture.
    """
    old, keys = plan.areas, [key for pair in ends for key in pair]
    card_of = {
        key: card
        for (a, b), link in zip(ends, diagram.links, strict=True)
        for key, card in ((a, link.source), (b, link.target))
    }
    forms = list(plan.forms)
    if kept.areas:
        for key in dict.fromkeys(keys):
            card = card_of[key]
            forms[card] = _form(diagram, plan, card, size, areas[card], key in kept.round_)
    routes, spots = [], dict(plan.spots)
    for index, (link, pair) in enumerate(zip(diagram.links, ends, strict=True)):
        stays = not kept.areas and all(areas[c] == old[c] for c in (link.source, link.target))
        arrow = kept.arrows.get(pair)
        if arrow and _reaches(arrow, areas[link.source], areas[link.target]):
            route = Route(arrow.points, bool(arrow.curved), arrow.points)
        elif stays:
            routes.append(plan.routes[index])
            continue
        else:
            is_round = [forms[card] == "circle" for card in (link.source, link.target)]
            route = _straight(areas[link.source], areas[link.target], is_round)
        routes.append(route)
        if link.label:
            spots[index] = _midway(route, link.label, plan.spots.get(index), size)
    room = (max(plan.room[0], *(a[2] for a in areas)), max(a[3] for a in areas))
    found = replace(
        plan,
        size=size,
        forms=tuple(forms),
        areas=tuple(areas),
        centers=tuple(((a[0] + a[2]) / 2, (a[1] + a[3]) / 2) for a in areas),
        routes=tuple(routes),
        spots=spots,
    )
    if not kept.areas:
        return replace(found, room=(room[0], max(room[1], plan.room[1])))
    found = replace(found, spots={**spots, **_labelled(diagram, found, kept)})
    headings = tuple((text.text, (text.x, text.y)) for text in kept.headings)
    top = max(kept.height, room[1])
    equation = _derivation(diagram, room[0], top, size, kept) if diagram.equation else None
    taken = [*areas, *(spot.area for spot in found.spots.values())]
    if equation:
        (left, above), shaped = equation[1], equation[0]
        taken.append((left, above, left + shaped.width * size, above + shaped.height * size))
        top = max(top, taken[-1][3])
    notes = None
    if diagram.notes:
        grid = Grid(
            (room[0] / size, top / size),
            [(a / size, b / size, c / size, d / size) for a, b, c, d in taken],
            [[(x / size, y / size) for x, y in route.line] for route in routes],
        )
        wide, high = diagram.notes_size
        pocket = grid.pocket(wide, high, (room[0] / size, top / size))
        if pocket is None:
            pocket = max(room[0] / size - wide, 0.0), top / size + _FOOT
            top += (_FOOT + high) * size
        notes = pocket[0] * size, pocket[1] * size
    return replace(
        found,
        room=(room[0], top),
        headings=headings,
        equation=equation,
        notes=notes,
        caption=None,
    )


def _derivation(
    diagram: Diagram, wide: float, top: float, size: float, kept: Kept
) -> tuple[Block, Point] | None:
    """The derivation where the other picture has its own, if it fits there, else beneath."""
    if kept.beneath:
        left, above, right, below = kept.beneath
        is_last = all(area[3] <= above for area in kept.areas.values())
        shaped = block(diagram.equation, ((wide if is_last else right) - left) / size + 0.1)
        if shaped and (is_last or above + shaped.height * size <= below):
            return shaped, (left, above)
    shaped = block(diagram.equation, wide / size)
    return (shaped, ((wide - shaped.width * size) / 2, top + _FOOT * size)) if shaped else None


def _midway(route: Route, label: Label, spot: Spot | None, size: float) -> Spot:
    """A label half the way along."""
    form = spot.form if spot else 0
    wide, high = (length * size for length in label.sizes[form])
    (x0, y0), (x1, y1) = route.points[0], route.points[-1]
    center = ((x0 + x1) / 2, (y0 + y1) / 2)
    return Spot(form, center, around(center, wide, high), 0.0)


def _labelled(diagram: Diagram, plan: Plan, kept: Kept) -> dict[int, Spot]:
    """The places of labels among cards that stay; nothing where there are none for all."""
    if diagram.turned:
        return {}
    size = plan.size

    def small(points: Sequence[Point]) -> tuple[Point, ...]:
        return tuple((x / size, y / size) for x, y in points)

    taken = list(plan.areas)
    for text in kept.headings:
        half = measured(text).width / 2
        taken.append((text.x - half, text.y - size, text.x + half, text.y + 0.3 * size))
    for skeleton in skeletons(diagram, True):
        columns = [
            [a for a, c in zip(plan.areas, skeleton.columns.column, strict=True) if c == column]
            for column in range(skeleton.columns.count)
        ]
        ends = [max(area[2] for area in column) / size for column in columns]
        starts = [min(area[0] for area in column) / size for column in columns[1:]]
        places = Places(
            small(plan.centers),
            tuple((a / size, b / size, c / size, d / size) for a, b, c, d in taken),
            tuple(Route(small(r.points), r.is_curved, small(r.line)) for r in plan.routes),
            tuple(zip(ends, [*starts, plan.room[0] / size], strict=True)),
        )
        room = (plan.room[0] / size, plan.room[1] / size)
        spots, lost = labelled(skeleton, places, room)
        if not lost:
            return {k: _large(spot, size) for k, spot in spots.items()}
    return {}


def _large(spot: Spot, size: float) -> Spot:
    """A place of a label in points."""
    (x, y), (a, b, c, d) = spot.center, spot.area
    area = (a * size, b * size, c * size, d * size)
    return replace(spot, center=(x * size, y * size), area=area)


def _form(diagram: Diagram, plan: Plan, card: int, size: float, area: Area, is_round: bool) -> Form:
    """The form of a card that fits an area."""
    if is_round:
        return "circle"
    wide, high = (area[2] - area[0]) / size + 0.1, (area[3] - area[1]) / size + 0.1
    for form in _FORMS:
        need = diagram.cards[card].size(form, plan.stacked)
        if need[0] <= wide and need[1] <= high:
            return form
    return plan.forms[card] if plan.forms[card] != "circle" else "three"


def _reaches(arrow: Arrow, source: Area, target: Area) -> bool:
    """Whether an arrow leads from an area to another."""
    return all(
        area[0] - 1 <= x <= area[2] + 1 and area[1] - 1 <= y <= area[3] + 1
        for area, (x, y) in ((source, arrow.points[0]), (target, arrow.points[-1]))
    )


def _straight(source: Area, target: Area, is_round: Sequence[bool]) -> Route:
    """The way from the border of an area to that of another."""
    a, b = (((s[0] + s[2]) / 2, (s[1] + s[3]) / 2) for s in (source, target))
    start = _border(source, a, b, is_round[0])
    end = _border(target, b, a, is_round[1])
    return Route((start, end), False, (start, end))


def _border(area: Area, center: Point, towards: Point, is_round: bool) -> Point:
    """Where the line from the middle of an area to a point leaves it."""
    right, down = towards[0] - center[0], towards[1] - center[1]
    wide, high = (area[2] - area[0]) / 2, (area[3] - area[1]) / 2
    if is_round:
        share = wide / (hypot(right, down) or 1.0)
    else:
        share = min(wide / abs(right) if right else 1e9, high / abs(down) if down else 1e9)
    return center[0] + min(share, 1.0) * right, center[1] + min(share, 1.0) * down
