"""Where everything of a diagram stands: what a layout answers, and a painter paints."""

from __future__ import annotations

from dataclasses import dataclass

from scalargrad.view.layout.diagram import Diagram, Form, Line
from scalargrad.view.layout.equations import Block
from scalargrad.view.layout.labels import Spot
from scalargrad.view.layout.panel import Panel
from scalargrad.view.layout.places import Area, Point, Route


@dataclass(frozen=True)
class Plan:
    """Where everything stands, in points.

    Attributes:
        size: of the text.
        room: width and height of the picture.
        forms: of the cards.
        stacked: whether rows of cards take two lines.
        centers: of the cards.
        areas: of the cards.
        routes: of the links.
        spots: of the labels, by link.
        equation: the derivation and where its top left corner is.
        notes: where the top left corner of the notes is.
        caption: where the middle of the top of a caption is.
        headings: text and place of the headings of columns.
        lost: links whose labels found no place.
        panel: matrices beside the picture, and where their top left corner is.
        is_calm: whether all labels are alike and stand on their lines.
    """

    size: float
    room: tuple[float, float]
    forms: tuple[Form, ...]
    stacked: bool
    centers: tuple[Point, ...]
    areas: tuple[Area, ...]
    routes: tuple[Route, ...]
    spots: dict[int, Spot]
    equation: tuple[Block, Point] | None = None
    notes: Point | None = None
    caption: Point | None = None
    headings: tuple[tuple[str, Point], ...] = ()
    lost: frozenset[int] = frozenset()
    panel: tuple[Panel, Point] | None = None
    is_calm: bool = False

    def lines(self, diagram: Diagram, card: int) -> tuple[Line, ...]:
        """The lines of a card in the form that was chosen."""
        return diagram.cards[card].lines(self.forms[card], self.stacked)
