"""Rows of text in several colours; a part that is not shown keeps its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scalargrad.notation.names import Written
from scalargrad.view.scene import Extent, Text, extent

_SPACE = 4.0  # between the parts of a row


@dataclass(frozen=True)
class Piece:
    """A part of a row of text."""

    written: Written
    size: float
    colour: str
    shown: bool = True
    bold: bool = False

    @property
    def extent(self) -> Extent:
        """Its size, shown or not."""
        return extent(self.written.text, self.size, self.bold, self.written.math)


Row = tuple[Piece, ...]


def row_width(row: Row) -> float:
    """The length of a row."""
    return sum(piece.extent.width for piece in row) + _SPACE * max(0, len(row) - 1)


def row_above(row: Row) -> float:
    """Its reach over the baseline."""
    return max((piece.extent.above for piece in row), default=0.0)


def row_below(row: Row) -> float:
    """Its reach under the baseline."""
    return max((piece.extent.below for piece in row), default=0.0)


def row_height(row: Row) -> float:
    """From the top to the bottom."""
    return row_above(row) + row_below(row)


def row_texts(row: Row, left: float, baseline: float) -> Iterable[Text]:
    """Yield the texts of a row that starts at `left`."""
    for piece in row:
        if piece.shown and piece.written.text:
            text, math = piece.written.text, piece.written.math
            yield Text(left, baseline, text, piece.size, piece.colour, piece.bold, "start", math)
        left += piece.extent.width + _SPACE
