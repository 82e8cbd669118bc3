"""Texts as the outlines of their glyphs: plain ones in DejaVu Sans, mathematics in STIX.

matplotlib carries both fonts and sets the mathematics. Everything is kept in units of the font's
size, so that a text is set once for all sizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

Segment = tuple[str, tuple[float, ...]]  # M x y, L x y, Q x y x y, C x y x y x y, or Z

_SIZE = 100.0  # points at which text is set before it is scaled
_KEPT = 20_000  # texts and outlines

# The settings of matplotlib that mathematics depends on; a user's must not move the glyphs.
_SETTINGS = ("mathtext.default", "mathtext.fallback", "text.kerning_factor")

# What stands in numbers and is not kerned.
_NUMBER = re.compile(r"[0-9.,()/+=×≈∂e \N{MINUS SIGN}]*")


@dataclass(frozen=True, eq=False)
class Outline:
    """Segments; it equals itself only, so that a format can keep what it wrote for a glyph."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, eq=False)
class Setting:
    """A text at size 1, its baseline starting at the origin, y upwards.

    Attributes:
        width: from the origin to the end.
        above: reach from the baseline upwards.
        below: reach from the baseline downwards.
        glyphs: of each its name, x, y and size.
        bars: paths of matplotlib, such as a fraction's.
    """

    width: float
    above: float
    below: float
    glyphs: tuple[tuple[str, float, float, float], ...]
    bars: tuple[Any, ...] = ()

    def parts(self, size: float) -> list[tuple[Outline, float, float]]:
        """The outlines at a size in points, y downwards, and where the origin of each is put."""
        parts = [(_glyph(name, s * size), x * size, -y * size) for name, x, y, s in self.glyphs]
        return parts + [(_outline(bar, size / _SIZE), 0.0, 0.0) for bar in self.bars]


_paths: dict[str, Any] = {}  # of glyphs at _SIZE, by the names that matplotlib gives them


@lru_cache(maxsize=_KEPT)
def plain(text: str, bold: bool = False) -> Setting:
    """A text in DejaVu Sans; the font must have all its characters."""
    if not _NUMBER.fullmatch(text):
        return _plain(text, bold)
    setting = _digits_put_in(text, lambda pattern: _plain(pattern, bold))
    return setting or _plain(text, bold)


@lru_cache(maxsize=_KEPT)
def mathematics(math: str) -> Setting | None:
    """Mathtext in STIX, or None where matplotlib cannot set it."""
    return _digits_put_in(math, _mathematics) or _mathematics(math)


def _digits_put_in(text: str, setting_of: Callable[[str], Setting | None]) -> Setting | None:
    """A text that is set as others are that differ in their digits only, or None.

    Setting a formula takes 10 ms, so the weights of a network are set once. Digits of a font are
    equally wide, and as high as each other to a hundredth of their size.
    """
    digits = re.findall("[0-9]", text)
    if not 1 <= len(digits) <= 9:
        return None
    counting = iter("123456789")
    pattern = setting_of(re.sub("[0-9]", lambda _: next(counting), text))
    if pattern is None:
        return None
    ten = setting_of("0123456789")
    names = [glyph[0] for glyph in ten.glyphs] if ten else []
    found = sorted(names.index(glyph[0]) for glyph in pattern.glyphs if glyph[0] in names)
    if found != list(range(1, len(digits) + 1)):  # a digit that is no glyph, as in \hspace{2}
        return None
    own = {names[place]: names[int(digit)] for place, digit in enumerate(digits, start=1)}
    glyphs = tuple((own.get(name, name), x, y, size) for name, x, y, size in pattern.glyphs)
    return Setting(pattern.width, pattern.above, pattern.below, glyphs, pattern.bars)


@lru_cache(maxsize=_KEPT)
def _plain(text: str, bold: bool) -> Setting:
    from matplotlib.textpath import text_to_path

    face, no_hinting = _face(bold)
    face.set_text(text, 0.0, flags=no_hinting)
    width, height = (units / 64 / _SIZE for units in face.get_width_height())
    below = face.get_descent() / 64 / _SIZE
    glyphs, _, _ = text_to_path.get_glyphs_with_font(face, text, glyph_map=_paths)
    return Setting(width, height - below, below, _placed(glyphs))


@lru_cache(maxsize=_KEPT)
def _mathematics(math: str) -> Setting | None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=_SIZE, math_fontfamily="stix")
    source = f"${math}$"
    with _settings():
        try:
            glyphs, paths, bars = text_to_path.get_glyphs_mathtext(font, source)
        except (ValueError, RuntimeError):
            return None
        size = text_to_path.get_text_width_height_descent(source, font, ismath=True)
    _paths.update(paths)
    width, height, below = (float(points) / _SIZE for points in size)
    return Setting(width, height - below, below, _placed(glyphs), tuple(bars))


def _settings() -> AbstractContextManager[Any]:
    """A context in which matplotlib sets text as it does by default, whatever the user chose."""
    import matplotlib

    defaults: Any = matplotlib.rcParamsDefault
    own: Any = {key: defaults[key] for key in _SETTINGS}
    return matplotlib.rc_context(own)


@cache
def _face(bold: bool) -> tuple[Any, Any]:
    """DejaVu Sans, and the flag that sets it without hinting; a user's settings do not reach it."""
    from pathlib import Path

    import matplotlib
    from matplotlib import ft2font

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    library: Any = ft2font
    face = library.FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)))
    face.set_size(_SIZE, 72)
    flags = getattr(library, "LoadFlags", None)  # since matplotlib 3.10
    return face, flags.NO_HINTING if flags else library.LOAD_NO_HINTING


@cache
def characters() -> frozenset[int]:
    """The characters that DejaVu Sans has, both in its regular and in its bold cut."""
    return frozenset(_face(False)[0].get_charmap()) & frozenset(_face(True)[0].get_charmap())


def _placed(glyphs: Any) -> tuple[tuple[str, float, float, float], ...]:
    return tuple(
        (name, float(x) / _SIZE, float(y) / _SIZE, float(scale)) for name, x, y, scale in glyphs
    )


@lru_cache(maxsize=_KEPT)
def _glyph(name: str, size: float) -> Outline:
    """The outline of a glyph, one object for all its uses."""
    return _outline(_paths[name], size / _SIZE)


def _outline(path: Any, scale: float) -> Outline:
    """A path of matplotlib as an outline, turned so that y grows downwards."""
    letters = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3), 79: ("Z", 1)}
    vertices, codes = path
    segments: list[Segment] = []
    at = 0
    while at < len(codes):
        letter, count = letters[int(codes[at])]
        points = () if letter == "Z" else vertices[at : at + count]
        numbers = tuple(v for x, y in points for v in (float(x) * scale, -float(y) * scale))
        segments.append((letter, numbers))
        at += count
    return Outline(tuple(segments))
