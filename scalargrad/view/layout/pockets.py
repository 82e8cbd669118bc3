"""Free places in a finished picture, for a derivation or a note."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from operator import add

from scalargrad.view.layout.places import Area, Point

_CELL = 0.6  # of the grid
AIR_AROUND = 0.45  # around what is put in a pocket


class Grid:
    """Which cells of a room are taken, as prefix sums."""

    def __init__(
        self, room: tuple[float, float], areas: Iterable[Area], lines: Iterable[Iterable[Point]]
    ) -> None:
        self.columns, self.rows = (max(1, int(length / _CELL)) for length in room)
        taken = [bytearray(self.columns) for _ in range(self.rows)]
        for left, top, right, bottom in areas:
            first = min(max(int(left / _CELL), 0), self.columns)
            last = min(max(int(right / _CELL) + 1, first), self.columns)
            for cells in taken[max(int(top / _CELL), 0) : max(int(bottom / _CELL) + 1, 0)]:
                cells[first:last] = b"\1" * (last - first)
        for x, y in _points(lines):
            row, column = int(y / _CELL), int(x / _CELL)
            if 0 <= row < self.rows and 0 <= column < self.columns:
                taken[row][column] = 1
        self.sums = [[0] * (self.columns + 1)]
        for cells in taken:
            so_far = accumulate(cells, initial=0)
            self.sums.append(list(map(add, self.sums[-1], so_far)))

    def pocket(
        self, width: float, height: float, near: Point, lowest: bool = False
    ) -> Point | None:
        """The top left corner of a free rectangle, the nearest to a wanted middle.

        Args:
            width: of the rectangle.
            height: of the rectangle.
            near: the wanted middle.
            lowest: whether it stands at the bottom.
        """
        wide, high = (int((length + 2 * AIR_AROUND) / _CELL) + 1 for length in (width, height))
        best, least = None, float("inf")
        sums = self.sums
        last_row = self.rows - high
        for row in range(max(0, last_row - 1) if lowest else 0, last_row + 1):
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


def _points(lines: Iterable[Iterable[Point]]) -> Iterator[Point]:
    """Yield points along lines, at least one in each cell."""
    for line in lines:
        for (x0, y0), (x1, y1) in pairwise(line):
            steps = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / _CELL * 1.5))
            for k in range(steps + 1):
                yield x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps
