"""What is laid out: cards of text, the links between them, and lines that belong to the whole.

All lengths are in sizes of the text: the layout is what finds out how large that can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Literal

from scalargrad.notation.names import Written
from scalargrad.view.scene import Extent, extent

Ink = Literal["name", "value", "gradient", "factor", "muted", "bar"]
Form = Literal["circle", "three", "two", "one"]  # lines in a card

_SPACE = 0.32  # between the pieces of a line
_LEADING, _BETWEEN = 1.1, 0.1  # of a line, and between lines that are higher
_MATH = 1.12  # mathematics in STIX, as large to the eye as DejaVu Sans
_FOOT = 0.7  # above a caption
RULE = 0.25  # around the line between what a card is and its rows
PADDING, EDGE = 0.5, 0.28  # inside a card, beside its lines and above them


@dataclass(frozen=True)
class Piece:
    """A part of a line, in one ink.

    Attributes:
        written: its text.
        ink: what its colour tells.
        room: the least width that it takes: names stand at the left of it, numbers at the right.
    """

    written: Written
    ink: Ink
    room: float = 0.0

    @property
    def size(self) -> float:
        """Its size, in sizes of the text."""
        return _MATH if self.written.math and self.ink == "name" else 1.0

    @cached_property
    def extent(self) -> Extent:
        """How large it is."""
        return extent(self.written.text, self.size, math=self.written.math)

    @property
    def width(self) -> float:
        """What it takes of a line."""
        return max(self.extent.width, self.room)


Line = tuple[Piece, ...]


def width(line: Line) -> float:
    """The length of a line."""
    return sum(piece.width for piece in line) + _SPACE * max(0, len(line) - 1)


def reach(line: Line) -> tuple[float, float]:
    """How far a line reaches above its baseline and below it, leading included."""
    above = max([0.82, *(piece.extent.above for piece in line)])
    below = max([_LEADING - 0.82, *(piece.extent.below + _BETWEEN for piece in line)])
    return above, below


def height(lines: Sequence[Line]) -> float:
    """The height of lines under one another."""
    return sum(sum(reach(line)) for line in lines)


def places(line: Line) -> list[float]:
    """Where each piece of a line has its middle, from the middle of the line."""
    x = -width(line) / 2
    middles = []
    for piece in line:
        free = piece.width - piece.extent.width
        middles.append(x + piece.extent.width / 2 + (0.0 if piece.ink == "name" else free))
        x += piece.width + _SPACE
    return middles


def aligned(lines: Sequence[Line]) -> list[Line]:
    """The lines with their pieces under one another, as in a table."""
    longest = max(map(len, lines), default=0)
    rooms = [max(line[k].extent.width for line in lines if k < len(line)) for k in range(longest)]
    blank = Piece(Written(""), "muted")
    return [
        tuple(
            replace(piece, room=room)
            for piece, room in zip_longest(line, rooms, fillvalue=blank)
            if isinstance(piece, Piece) and isinstance(room, float)
        )
        for line in lines
    ]


@dataclass(frozen=True)
class Row:
    """What stands in a card under its own lines: a bias, or the weight of an edge that ends there.

    Attributes:
        line: all of it on one line.
        stacked: the same on two.
    """

    line: Line
    stacked: tuple[Line, ...]


@dataclass(frozen=True)
class Card:
    """A box with text.

    Attributes:
        three: its lines in the form of three; of an operation the first is its badge.
        two: the same in two lines.
        one: the same in one.
        rows: what stands under them.
        is_leaf: whether nothing goes into it by its nature.
        is_round: whether it may be a circle.
        has_outline: whether a box is drawn around its text.
        near: a leaf of this stem stands beside its user where others of it do, as x₁, x₂ and x₃ do.
    """

    three: tuple[Line, ...]
    two: tuple[Line, ...]
    one: tuple[Line, ...]
    rows: tuple[Row, ...] = ()
    is_leaf: bool = False
    is_round: bool = False
    has_outline: bool = True
    near: str = ""

    def lines(self, form: Form, stacked: bool) -> tuple[Line, ...]:
        """All lines in a form."""
        rows = (row.stacked if stacked else (row.line,) for row in self.rows)
        return self.own(form) + tuple(line for lines in rows for line in lines)

    def own(self, form: Form) -> tuple[Line, ...]:
        """The lines above its rows."""
        return {"two": self.two, "one": self.one}.get(form, self.three)

    def size(self, form: Form, stacked: bool) -> tuple[float, float]:
        """Width and height; of a circle, twice its diameter."""
        lines = self.lines(form, stacked)
        wide, high = max(map(width, lines)), height(lines) + RULE * bool(self.rows)
        if form == "circle":
            across = diameter(lines)
            return across, across
        return wide + 2 * PADDING, high + 2 * EDGE


def diameter(lines: Sequence[Line]) -> float:
    """Of the circle that holds lines around its middle."""
    y, most = -height(lines) / 2, 0.0
    for line in lines:
        high = sum(reach(line))
        far = max(abs(y + 0.08), abs(y + high - 0.15))
        most = max(most, (far**2 + (width(line) / 2) ** 2) ** 0.5)
        y += high
    return 2 * most + 0.5


@dataclass(frozen=True)
class Label:
    """What is written at a link, in lines: all forms of it, the best first."""

    forms: tuple[tuple[Line, ...], ...]

    @cached_property
    def sizes(self) -> tuple[tuple[float, float], ...]:
        """Width and height of each form."""
        return tuple((max(map(width, lines)), height(lines)) for lines in self.forms)


@dataclass(frozen=True)
class Link:
    """An arrow from a card to another.

    Attributes:
        source: the index of a card.
        target: the index of a card.
        label: what stands at it.
        row: of the rows of the target, the one that it ends at.
    """

    source: int
    target: int
    label: Label | None = None
    row: int | None = None


@dataclass(frozen=True)
class Matrix:
    """Numbers in rows and columns, and what they are called."""

    head: Piece
    cells: tuple[Line, ...]


@dataclass(frozen=True)
class Group:
    """Cards that stand in a box of their own, and what it is called."""

    title: Piece
    cards: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """Everything that is laid out.

    Attributes:
        cards: those that a link starts at before those that it ends at.
        links: between them.
        equation: the parts of a derivation; a line ends where the next part begins with a sign.
        notes: lines that belong to the whole.
        headings: for each card what its column is called if all others of it are called so too.
        captions: lines that need room under the picture, one of them at a time.
        pinned: the column of each card, where they are known; its cards stand as they were made.
        turned: whether data flow from top to bottom.
        engine: "own" or "dot" where the caller chose one.
        matrices: what stands beside the picture.
        groups: cards with a box round them.
        least: the size of text below which another diagram is drawn instead.
    """

    cards: tuple[Card, ...]
    links: tuple[Link, ...]
    equation: tuple[Written, ...] = ()
    notes: tuple[Line, ...] = ()
    headings: tuple[str, ...] = ()
    captions: tuple[Written, ...] = ()
    pinned: tuple[int, ...] = ()
    turned: bool = False
    engine: Literal["own", "dot"] | None = None
    matrices: tuple[Matrix, ...] = ()
    groups: tuple[Group, ...] = ()
    least: float = 0.0

    def size(self, card: int, form: Form, stacked: bool) -> tuple[float, float]:
        """Width and height of a card, measured once."""
        key = card, form, stacked
        if key not in self._sizes:
            self._sizes[key] = self.cards[card].size(form, stacked)
        return self._sizes[key]

    @cached_property
    def _sizes(self) -> dict[tuple[int, Form, bool], tuple[float, float]]:
        return {}

    @cached_property
    def notes_size(self) -> tuple[float, float]:
        """Width and height of the notes."""
        return max(map(width, self.notes), default=0.0), height(self.notes)

    @cached_property
    def caption_height(self) -> float:
        """The height of the room for captions."""
        heights = (extent(c.text, 1.0, math=tall(c.math)).height for c in self.captions)
        return max(heights, default=-_FOOT) + _FOOT


def tall(math: str) -> str:
    """Mathematics with fractions of full size."""
    return math.replace(r"\frac", r"\dfrac")
