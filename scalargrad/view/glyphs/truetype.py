"""A glyph as it stands in a font's file, as a line of the table of glyphs; needs fontTools."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any


def line(path: Path, character: str) -> str | None:
    """A character of a font as a line of the table, or None where the font does not have it.

    Such a line holds the character, its advance and its contours, in units of the font. A contour
    is its points, each from the one before; q stands before a point that the curve only bends to,
    c before the two of a cubic.
    """
    glyphs, names, _ = opened(path)
    name = names.get(ord(character))
    if name is None:
        return None
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return f"{character}\t{round(glyphs[name].width)}\t{_contours(pen.value)}"


def units(path: Path) -> int:
    """How many units of a font make its size."""
    return int(opened(path)[2]["head"].unitsPerEm)


@lru_cache(maxsize=20)
def opened(path: Path) -> tuple[Any, dict[int, str], Any]:
    """The glyphs of a font, their names by the codes of characters, and the font."""
    from fontTools.ttLib import TTFont

    font = TTFont(path, fontNumber=0, lazy=True)
    return font.getGlyphSet(), font.getBestCmap(), font


def _contours(commands: list[tuple[str, Any]]) -> str:
    contours: list[str] = []
    at = (0, 0)
    for command, points in commands:
        if command == "moveTo" or (points and points[-1] is None):
            contours.append("")
        if points and points[-1] is None:  # bends only: begin midway between two of them
            (x0, y0), (x1, y1) = points[0], points[-2]
            start = ((x0 + x1) / 2, (y0 + y1) / 2)
            points = (start, *points[:-1], start)
        bent = {"qCurveTo": "q", "curveTo": "c"}.get(command, "")
        is_start = not contours or not contours[-1]
        for place, point in enumerate(points, start=1):
            x, y = round(point[0]), round(point[1])
            kind = bent if place < len(points) and not (is_start and place == 1) else ""
            contours[-1] += f"{kind}{x - at[0]:+d}{y - at[1]:+d}"
            at = (x, y)
    return ";".join(contours)
