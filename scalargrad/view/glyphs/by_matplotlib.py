"""Mathematics beyond our own grammar, as matplotlib sets it where that is installed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from scalargrad.view.glyphs.faces import Glyph, Segment

_SIZE = 100.0  # points at which text is set before it is scaled

# The settings of matplotlib that mathematics depends on; a user's must not move the glyphs.
_SETTINGS = ("mathtext.default", "mathtext.fallback", "text.kerning_factor")

_LETTERS = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3), 79: ("Z", 1)}
_glyphs: dict[str, Glyph] = {}  # by the names that matplotlib gives them


_Put = tuple[tuple[Glyph, float, float, float], ...]
_Bars = tuple[tuple[float, float, float, float], ...]


def setting(math: str) -> tuple[float, float, float, _Put, _Bars] | None:
    """What a Setting holds, or None where matplotlib is not there or cannot set it."""
    try:
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path
    except ImportError:
        return None

    font = FontProperties(family="DejaVu Sans", size=_SIZE, math_fontfamily="stix")
    source = f"${math}$"
    with _settings():
        try:
            glyphs, paths, bars = text_to_path.get_glyphs_mathtext(font, source)
        except (ValueError, RuntimeError):
            return None
        size = text_to_path.get_text_width_height_descent(source, font, ismath=True)
    for name, path in paths.items():
        if name not in _glyphs:
            _glyphs[name] = Glyph(0.0, _segments(path))
    width, height, below = (float(points) / _SIZE for points in size)
    put = ((_glyphs[g], float(x) / _SIZE, float(y) / _SIZE, float(s)) for g, x, y, s in glyphs)
    return width, height - below, below, tuple(put), tuple(map(_rectangle, bars))


def _settings() -> AbstractContextManager[Any]:
    """A context in which matplotlib sets text as it does by default, whatever the user chose."""
    import matplotlib

    defaults: Any = matplotlib.rcParamsDefault
    own: Any = {key: defaults[key] for key in _SETTINGS}
    return matplotlib.rc_context(own)


def _rectangle(path: Any) -> tuple[float, float, float, float]:
    (left, bottom), _, (right, top), *_ = path[0]
    return left / _SIZE, bottom / _SIZE, (right - left) / _SIZE, (top - bottom) / _SIZE


def _segments(path: Any) -> tuple[Segment, ...]:
    vertices, codes = path
    segments: list[Segment] = []
    at = 0
    while at < len(codes):
        letter, count = _LETTERS[int(codes[at])]
        points = () if letter == "Z" else vertices[at : at + count]
        segments.append((letter, tuple(float(n) / _SIZE for point in points for n in point)))
        at += count
    return tuple(segments)
