"""Matrices beside a picture: what does not fit on the edges of a dense network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from scalargrad.view.layout.diagram import Matrix

_ROW = 1.2  # height of a row of numbers
_BETWEEN = 0.55  # two columns of numbers
_BRACKET = 0.3  # width of a bracket with the air inside of it
_HEAD = 0.35  # between a name and its bracket
_APART = 0.7  # two matrices
AIR = 1.4  # between a picture and what stands beside it


@dataclass(frozen=True)
class Block:
    """Where a matrix stands, from the top left of all.

    Attributes:
        head: the middle of its name, at the left.
        left: of the opening bracket.
        right: of the closing one.
        top: of both.
        bottom: of both.
        columns: the right end of each column.
        rows: the middle of each row.
    """

    head: tuple[float, float]
    left: float
    right: float
    top: float
    bottom: float
    columns: tuple[float, ...]
    rows: tuple[float, ...]


@dataclass(frozen=True)
class Panel:
    """All matrices.

    Attributes:
        blocks: one for each matrix.
        width: of all.
        height: of all.
    """

    blocks: tuple[Block, ...]
    width: float
    height: float


@lru_cache(maxsize=64)
def panel(matrices: tuple[Matrix, ...], across: int) -> Panel:
    """The matrices, so many beside each other.

    >>> panel((), 1).width
    0.0
    """
    heads = [0.0] * across
    wide = [0.0] * across
    for k, matrix in enumerate(matrices):
        heads[k % across] = max(heads[k % across], matrix.head.extent.width)
        wide[k % across] = max(wide[k % across], _width(matrix))
    blocks: list[Block] = []
    y = 0.0
    for start in range(0, len(matrices), across):
        row = matrices[start : start + across]
        high = max(max(len(m.cells) * _ROW, m.head.extent.height) for m in row)
        x = 0.0
        for k, matrix in enumerate(row):
            blocks.append(_block(matrix, x, heads[k], y + high / 2))
            x += heads[k] + _HEAD + wide[k] + AIR
        y += high + _APART
    width = sum(heads) + sum(wide) + across * _HEAD + (across - 1) * AIR if matrices else 0.0
    return Panel(tuple(blocks), width, max(0.0, y - _APART))


def _widths(matrix: Matrix) -> list[float]:
    return [max(cell.extent.width for cell in column) for column in zip(*matrix.cells, strict=True)]


def _width(matrix: Matrix) -> float:
    widths = _widths(matrix)
    return sum(widths) + _BETWEEN * (len(widths) - 1) + 2 * _BRACKET


def _block(matrix: Matrix, x: float, head: float, middle: float) -> Block:
    left = x + head + _HEAD
    high = len(matrix.cells) * _ROW
    ends, at = [], left + _BRACKET
    for width in _widths(matrix):
        ends.append(at + width)
        at += width + _BETWEEN
    top = middle - high / 2
    rows = tuple(top + (k + 0.5) * _ROW for k in range(len(matrix.cells)))
    return Block(
        (x + head, middle), left, left + _width(matrix), top, top + high, tuple(ends), rows
    )
