"""Texts as the outlines of their glyphs: plain ones in DejaVu Sans, mathematics in STIX.

Both fonts are in a table, and the mathematics is set here; what is beyond the one or the other
comes from matplotlib where that is installed. Everything is kept in units of the font's size, so
that a text is set once for all sizes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from scalargrad.view.glyphs.faces import Face, Glyph, Segment, face
from scalargrad.view.glyphs.mathtext import read

__all__ = ["Outline", "Segment", "Setting", "mathematics", "plain"]

_KEPT = 20_000  # texts and outlines
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}  # as the font has it


@dataclass(frozen=True, eq=False)
class Outline:
    """Segments; it equals itself only, so that a format can keep what it wrote for a glyph.

    Where they are boxes for text that no font has, `stands_for` is the text, of a size in points.
    """

    segments: tuple[Segment, ...]
    stands_for: str = ""
    size: float = 0.0


@dataclass(frozen=True, eq=False)
class Setting:
    """A text at size 1, its baseline starting at the origin, y upwards.

    Attributes:
        width: from the origin to the end.
        above: reach from the baseline upwards.
        below: reach from the baseline downwards.
        glyphs: of each its glyph, x, y and size.
        bars: of each its x and y at the lower left, its width and its height.
    """

    width: float
    above: float
    below: float
    glyphs: tuple[tuple[Glyph, float, float, float], ...]
    bars: tuple[tuple[float, float, float, float], ...] = ()

    def parts(self, size: float) -> list[tuple[Outline, float, float]]:
        """The outlines at a size in points, y downwards, and where the origin of each is put."""
        parts = [(_outline(glyph, s * size), x * size, -y * size) for glyph, x, y, s in self.glyphs]
        return parts + [(_bar(w * size, h * size), x * size, -y * size) for x, y, w, h in self.bars]


@lru_cache(maxsize=_KEPT)
def plain(text: str, bold: bool = False) -> Setting:
    """A text in DejaVu Sans; what no font has is boxes that say what they stand for."""
    font = face("sans-bold" if bold else "sans")
    for letters, ligature in _LIGATURES.items():
        text = text.replace(letters, ligature)
    glyphs: list[tuple[Glyph, float, float, float]] = []
    x, before = 0.0, ""
    for is_known, run in groupby(text, lambda character: _is_drawn(character, font)):
        for character in run if is_known else ["".join(run)]:
            glyph = font.glyph(character) if is_known else _boxes(character, font)
            assert glyph is not None
            if glyphs and unicodedata.combining(character[0]):
                glyphs.append(_above(glyph, glyphs[-1], font))
                continue
            x += font.kerning(before, character)
            glyphs.append((glyph, x, 0.0, 1.0))
            x, before = x + glyph.advance, character
    painted = [(glyph, x, y) for glyph, x, y, _ in glyphs if glyph.segments]
    return Setting(
        max([x, *(x + glyph.right for glyph, x, _ in painted)]),
        max((y + glyph.top for glyph, _, y in painted), default=0.0),
        -min((y + glyph.bottom for glyph, _, y in painted), default=0.0),
        tuple(glyphs),
    )


def _is_drawn(character: str, font: Face) -> bool:
    """Whether a font has it; a joiner belongs to the characters that it joins."""
    return unicodedata.category(character) != "Cf" and font.glyph(character) is not None


@lru_cache(maxsize=_KEPT)
def _boxes(run: str, font: Face) -> Glyph:
    """A box for each character of a text that no font has, joiners and selectors aside."""
    box = font.glyph("□")
    assert box is not None
    count = sum(unicodedata.category(c) not in ("Cf", "Mn", "Me") for c in run)
    segments = tuple(
        (letter, tuple(n + (0 if at % 2 else k * box.advance) for at, n in enumerate(numbers)))
        for k in range(count)
        for letter, numbers in box.segments
    )
    width = count * box.advance
    right = width - box.advance + box.right
    return Glyph(width, segments, box.left, right, box.bottom, box.top, run)


def _above(
    mark: Glyph, beneath: tuple[Glyph, float, float, float], font: Face
) -> tuple[Glyph, float, float, float]:
    """A combining accent over the middle of a letter, higher where that is taller than an x."""
    letter, x, y, _ = beneath
    small = font.glyph("x")
    assert small is not None
    shift = (letter.left + letter.right - mark.left - mark.right) / 2
    lift = max(0.0, letter.top - small.top) if mark.bottom > 0 else 0.0
    return mark, x + shift, y + lift, 1.0


@lru_cache(maxsize=_KEPT)
def mathematics(math: str) -> Setting | None:
    """Mathematics in STIX, or None where it cannot be set.

    What is beyond our own grammar is set by matplotlib where that is installed.
    """
    box = read(math)
    if box is not None:
        return Setting(box.width, box.height, box.depth, box.glyphs, box.bars)
    if any(not c.isascii() and c not in face("rm") for c in math):
        return None  # matplotlib would put another sign in its place
    from scalargrad.view.glyphs.by_matplotlib import setting

    found = setting(math)
    return Setting(*found) if found else None


@lru_cache(maxsize=_KEPT)
def _outline(glyph: Glyph, size: float) -> Outline:
    """The outline of a glyph, one object for all its uses, turned so that y grows downwards."""
    return Outline(
        tuple(
            (letter, tuple(n * (-size if place % 2 else size) for place, n in enumerate(numbers)))
            for letter, numbers in glyph.segments
        ),
        glyph.stands_for,
        size,
    )


@lru_cache(maxsize=_KEPT)
def _bar(width: float, height: float) -> Outline:
    """A rectangle on its lower left corner."""
    corners = ((0.0, 0.0), (0.0, -height), (width, -height), (width, 0.0))
    first, *others = corners
    return Outline((("M", first), *(("L", corner) for corner in others), ("L", first), ("Z", ())))
