"""Free places in a finished picture, for a derivation or a note."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from scalargrad.view.layout.places import Area, Point

_CELL = 0.5  # of the grid
_AIR = 0.45  # around what is put in a pocket


class Grid:
    """Which cells of a room are taken, as prefix sums."""

    def __init__(
        self, room: tuple[float, float], areas: Iterable[Area], lines: Iterable[Iterable[Point]]
    ) -> None:
        self.columns, self.rows = (max(1, int(length / _CELL)) for length in room)
        taken = [[0] * (self.columns + 1) for _ in range(self.rows + 1)]
        for left, top, right, bottom in [*areas, *_pieces(lines)]:
            first, last = int(max(left, 0) / _CELL), int(max(right, 0) / _CELL)
            for row in range(int(max(top, 0) / _CELL), min(int(max(bottom, 0) / _CELL) + 1, self.rows)):
                for column in range(first, min(last + 1, self.columns)):
                    taken[row + 1][column + 1] = 1
        for row in range(1, self.rows + 1):
            line, above, so_far = taken[row], taken[row - 1], 0
            for column in range(1, self.columns + 1):
                so_far += line[column]
                line[column] = above[column] + so_far
        self.sums = taken

    def pocket(self, width: float, height: float, near: Point) -> Point | None:
        """The top left corner of a free rectangle, the nearest to a wanted middle."""
        wide, high = (int((length + 2 * _AIR) / _CELL) + 1 for length in (width, height))
        best, least = None, float("inf")
        sums = self.sums
        for row in range(self.rows - high + 1):
            upper, lower = sums[row], sums[row + high]
            y = (row + high / 2) * _CELL - near[1]
            for column in range(self.columns - wide + 1):
                last = column + wide
                if lower[last] - lower[column] == upper[last] - upper[column]:
                    x = (column + wide / 2) * _CELL - near[0]
                    far = abs(x) + 2 * abs(y)
                    if far < least:
                        best, least = (column, row), far
        if best is None:
            return None
        return (
            best[0] * _CELL + (wide * _CELL - width) / 2,
            best[1] * _CELL + (high * _CELL - height) / 2,
        )


def _pieces(lines: Iterable[Iterable[Point]]) -> Iterable[Area]:
    """Yield small areas along lines."""
    for line in lines:
        for (x0, y0), (x1, y1) in pairwise(line):
            steps = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / _CELL * 1.5))
            for k in range(steps + 1):
                x, y = x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps
                yield x, y, x, y
