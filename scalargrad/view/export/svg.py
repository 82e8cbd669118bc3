"""A scene as SVG: text is outlined, nothing is referred to, and screen readers can read it."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from scalargrad.view.export.outlines import DASHES, Mark, legal, marks
from scalargrad.view.glyphs import Outline
from scalargrad.view.scene import Scene

_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def svg(scene: Scene) -> bytes:
    """The scene as an SVG document, in UTF-8."""
    width, height = f"{max(scene.width, 1):g}", f"{max(scene.height, 1):g}"
    size = f'width="{width}" height="{height}"'
    about = legal("\n".join(filter(None, (scene.title, scene.description))))
    title = about.partition("\n")[0]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
        f' viewBox="0 0 {width} {height}" role="img" aria-label="{_attribute(about)}">',
        f"<title>{escape(title, quote=False)}</title>",
        f"<desc>{escape(about, quote=False)}</desc>",
        *([f'<rect {size} fill="{_attribute(scene.paper)}"/>'] if scene.paper else []),
        *(_text(mark) if mark.text else _path(mark) for mark in marks(scene)),
        "</svg>\n",
    ]
    return "\n".join(lines).encode()


def _attribute(text: str) -> str:
    return escape(text, quote=False).translate(_IN_QUOTES)


def _text(mark: Mark) -> str:
    """What no font of this machine has is left to the reader's."""
    ((_, x, y),) = mark.parts
    place = f'x="{_number(round(100 * x))}" y="{_number(round(100 * y))}"'
    return (
        f'<text {place} font-size="{mark.size:g}" font-family="DejaVu Sans, sans-serif"'
        f' fill="{_attribute(mark.fill)}">{escape(legal(mark.text), quote=False)}</text>'
    )


def _path(mark: Mark) -> str:
    data = "".join(_start(outline, x, y) + _relative(outline) for outline, x, y in mark.parts)
    attributes = [f'fill="{_attribute(mark.fill or "none")}"']
    if mark.stroke:
        attributes.append(f'stroke="{_attribute(mark.stroke)}" stroke-width="{mark.line:g}"')
    if mark.dashed:
        attributes.append(f'stroke-dasharray="{DASHES[0]:g} {DASHES[1]:g}"')
    return f'<path {" ".join(attributes)} d="{data}"/>'


def _start(outline: Outline, x: float, y: float) -> str:
    """Move to the first point of an outline whose origin is at (x, y)."""
    first = outline.segments[0][1]
    return f"M{_number(round(100 * (x + first[0])))} {_number(round(100 * (y + first[1])))}"


@lru_cache(maxsize=20_000)
def _relative(outline: Outline) -> str:
    """All of an outline after its first point, each point relative to the one before.

    Points are rounded to hundredths before they are subtracted, so that roundings do not add up.
    """
    pieces = []
    x = y = start_x = start_y = 0
    for index, (letter, numbers) in enumerate(outline.segments):
        places = [round(100 * number) for number in numbers]
        if index:
            shifts = (p - (y if odd % 2 else x) for odd, p in enumerate(places))
            pieces.append(letter.lower() + _joined([_number(shift) for shift in shifts]))
        if letter == "Z":
            x, y = start_x, start_y
        else:
            x, y = places[-2:]
        if letter == "M":
            start_x, start_y = x, y
    return "".join(pieces)


def _joined(numbers: list[str]) -> str:
    """Numbers with a space where a minus sign does not part them."""
    return "".join(
        text if index == 0 or text.startswith("-") else f" {text}"
        for index, text in enumerate(numbers)
    )


def _number(hundredths: int) -> str:
    """A whole number of hundredths as a decimal: 150 is 1.5."""
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{sign}{whole if whole or not decimals else ''}{decimals}"
