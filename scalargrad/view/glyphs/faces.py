"""The glyphs of the fonts that pictures are set in, from a table; `make glyphs` writes it.

What the table does not have comes from the same font where matplotlib is installed, which carries
it, and fontTools, which reads it; else from a font of this machine that has it.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

from scalargrad.view.glyphs.system import font_with

Segment = tuple[str, tuple[float, ...]]  # M x y, L x y, Q x y x y, C x y x y x y, or Z

# The fonts by what they are called here, as matplotlib names their files.
FACES = {
    "sans": "DejaVuSans", "sans-bold": "DejaVuSans-Bold",
    "rm": "STIXGeneral", "it": "STIXGeneralItalic", "bf": "STIXGeneralBol",
    "size1": "STIXSizOneSymReg", "size2": "STIXSizTwoSymReg", "size3": "STIXSizThreeSymReg",
    "size4": "STIXSizFourSymReg", "size5": "STIXSizFiveSymReg",
}  # fmt: skip
TABLE = Path(__file__).with_name("faces")

_POINT = re.compile(r"([qc]?)([+-]\d+)([+-]\d+)")


@dataclass(frozen=True, eq=False)
class Glyph:
    """A glyph at size 1, its origin at (0, 0), y upwards; it equals itself only.

    Attributes:
        advance: from its origin to that of the next.
        segments: its outline.
        left: of what is painted, as are right, bottom and top.
        stands_for: text that no font has, where the outline is boxes in its place.
    """

    advance: float
    segments: tuple[Segment, ...]
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0
    stands_for: str = ""


class Face:
    """A font: glyphs by their characters, and how pairs of them are kerned."""

    def __init__(self, name: str) -> None:
        self.name = name
        text = zlib.decompress((TABLE / f"{name}.z").read_bytes()).decode()
        head, *lines = text.split("\n")
        self.units = int(head)
        self._lines = {line[0]: line for line in lines}

    def __contains__(self, character: str) -> bool:
        """Whether a character is in the table."""
        return character in self._lines

    def glyph(self, character: str) -> Glyph | None:
        """The glyph of a character, or None."""
        return _glyph(self, character)

    def line(self, character: str) -> tuple[str, int] | None:
        """What is known of a glyph, and how many units make its size."""
        known = self._lines.get(character)
        return (known, self.units) if known else _elsewhere(self.name, character)

    def kerning(self, first: str, second: str) -> float:
        """How much farther apart than their advances two characters stand."""
        pairs = self._kerning.get(first)
        return pairs.get(second, 0.0) if pairs else 0.0

    @cached_property
    def _kerning(self) -> dict[str, dict[str, float]]:
        kerned = (line.split("\t") for line in self._lines.values() if line.count("\t") == 3)
        return {
            first: {pair[0]: int(pair[1:]) / self.units for pair in pairs.split(" ")}
            for first, _, _, pairs in kerned
        }


@cache
def face(name: str) -> Face:
    """A font by its name among the faces."""
    return Face(name)


@cache
def _file(name: str) -> Path | None:
    """The file of a font in matplotlib, which is not loaded for that."""
    try:
        library, reader = find_spec("matplotlib"), find_spec("fontTools")
    except (ImportError, ValueError):
        return None
    if library is None or library.origin is None or reader is None:
        return None
    path = Path(library.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{FACES[name]}.ttf"
    return path if path.exists() else None


def _elsewhere(name: str, character: str) -> tuple[str, int] | None:
    """A glyph of the same font in matplotlib, or of another on this machine."""
    try:
        from scalargrad.view.glyphs.truetype import line, units

        own = _file(name)
        found = line(own, character) if own else None
        if own and found:
            return found, units(own)
        path = font_with(character)
        found = line(path, character) if path else None
        return (found, units(path)) if path and found else None
    except ImportError:  # fontTools is not installed
        return None


@lru_cache(maxsize=20_000)
def _glyph(face: Face, character: str) -> Glyph | None:
    known = face.line(character)
    if known is None:
        return None
    line, units = known
    _, advance, contours, *_ = line.split("\t")
    segments = tuple(_segments(contours, 1 / units))
    width = int(advance) / units
    if not segments:
        return Glyph(width, ())
    xs = [x for _, numbers in segments for x in numbers[::2]]
    ys = [y for _, numbers in segments for y in numbers[1::2]]
    return Glyph(width, segments, min(xs), max(xs), min(ys), max(ys))


def _segments(contours: str, scale: float) -> list[Segment]:
    """The contours of a line of the table as segments."""
    segments: list[Segment] = []
    x = y = 0
    for contour in contours.split(";") if contours else ():
        start: tuple[float, ...] = ()
        bends: tuple[float, ...] = ()
        for kind, dx, dy in _POINT.findall(contour):
            x, y = x + int(dx), y + int(dy)
            point = (x * scale, y * scale)
            if not start:
                start = point
                segments.append(("M", point))
            elif kind == "q" and bends:  # between two bends lies a point that is not written
                middle = ((bends[0] + point[0]) / 2, (bends[1] + point[1]) / 2)
                segments.append(("Q", (*bends, *middle)))
                bends = point
            elif kind:
                bends += point
            else:
                segments.append((("L", "Q", "C")[len(bends) // 2], (*bends, *point)))
                bends = ()
        if bends:
            segments.append((("Q", "C")[len(bends) // 2 - 1], (*bends, *start)))
        elif segments[-1][1][-2:] != start:
            segments.append(("L", start))
        segments.append(("Z", ()))
    return segments
