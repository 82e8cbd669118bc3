"""What is larger than a slide: text of one size, and as much paper as that takes."""

from __future__ import annotations

from itertools import pairwise

from scalargrad.view.layout.diagram import Diagram, Form
from scalargrad.view.layout.engines import laid_out
from scalargrad.view.layout.equations import block
from scalargrad.view.layout.labels import Spot
from scalargrad.view.layout.layered import Box
from scalargrad.view.layout.places import Point, Route, around
from scalargrad.view.layout.plan import Plan

MOST_CARDS = 60  # that the search lays out
SIZE = 12.0  # of the text, in points
_COLUMN_GAP, _ROW_GAP, _MARGIN = 30.0, 9.0, 8.0
_FOOT = 10.0


def is_large(diagram: Diagram) -> bool:
    """Whether a diagram is not searched, or is Graphviz's to lay out."""
    return len(diagram.cards) > MOST_CARDS or diagram.engine == "dot"


def large(diagram: Diagram) -> Plan:
    """The plan of a diagram, by our own columns or by Graphviz.

    A label is a box of its own in the layout, through whose middle its line runs.
    """
    form: Form = "two"
    boxes: list[Box] = []
    edges: list[tuple[int, int]] = []
    parts: list[tuple[int, ...]] = [()] * len(diagram.links)
    number: dict[int, int] = {}  # of a card its box
    labels: dict[int, int] = {}  # of a link the box of its label
    into: list[list[int]] = [[] for _ in diagram.cards]
    for index, link in enumerate(diagram.links):
        into[link.target].append(index)
    for card, what in enumerate(diagram.cards):
        ways = []
        for index in into[card]:
            link = diagram.links[index]
            way = [number[link.source]]
            if link.label:
                labels[index] = len(boxes)
                way.append(len(boxes))
                wide, high = link.label.sizes[0]
                boxes.append(Box(wide * SIZE + 6, high * SIZE))
            ways.append((index, way))
        number[card] = len(boxes)
        wide, high = what.size(form, False)
        boxes.append(Box(wide * SIZE, high * SIZE))
        for index, way in ways:
            parts[index] = tuple(range(len(edges), len(edges) + len(way)))
            edges += pairwise([*way, number[card]])
    layout = laid_out(
        boxes, edges, engine=diagram.engine, direction="TB" if diagram.turned else "LR",
        column_gap=_COLUMN_GAP, row_gap=_ROW_GAP, margin=_MARGIN,
    )  # fmt: skip
    routes = []
    for of_link in parts:
        points: list[Point] = []
        for part in of_link:
            points += [p for p in layout.routes[part] if not points or p != points[-1]]
        routes.append(Route(tuple(points), not layout.sampled, tuple(points)))
    centers = [layout.centers[number[card]] for card in range(len(diagram.cards))]
    sizes = [boxes[number[card]] for card in range(len(diagram.cards))]
    spots = {}
    for index, box in labels.items():
        area = around(layout.centers[box], boxes[box].width, boxes[box].height)
        spots[index] = Spot(0, layout.centers[box], area, 0.0)
    wide, high = layout.width, layout.height
    equation = notes = caption = None
    found = block(diagram.equation, max(wide, 600.0) / SIZE) if diagram.equation else None
    if found:
        equation = (found, (_MARGIN, high + _FOOT))
        wide = max(wide, found.width * SIZE + 2 * _MARGIN)
        high += found.height * SIZE + 2 * _FOOT
    if diagram.notes:
        width, height = diagram.notes_size
        notes = (_MARGIN, high)
        wide, high = max(wide, width * SIZE + 2 * _MARGIN), high + height * SIZE + _FOOT
    if diagram.captions:
        caption = (wide / 2, high)
        high += diagram.caption_height * SIZE + _FOOT
    return Plan(
        SIZE, (wide, high), (form,) * len(centers), False, tuple(centers),
        tuple(around(c, b.width, b.height) for c, b in zip(centers, sizes, strict=True)),
        tuple(routes), spots, equation, notes, caption,
    )  # fmt: skip
