"""A scene as SVG: text is outlined, nothing is referred to, and screen readers can read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape
from itertools import chain
from types import MappingProxyType

from scalargrad.view.export.outlines import DASHES, Mark, legal, marks
from scalargrad.view.glyphs import Outline
from scalargrad.view.scene import Scene

NO_NAMES: Mapping[Outline, str] = MappingProxyType({})
_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def svg(scene: Scene, *, compact: bool = False) -> bytes:
    """The scene as an SVG document, in UTF-8.

    Args:
        scene: what is drawn.
        compact: whether glyphs that recur are written once and referred to, which makes a small
            document, for browsers.
    """
    width, height = f"{max(scene.width, 1):g}", f"{max(scene.height, 1):g}"
    about = legal("\n".join(filter(None, (scene.title, scene.description))))
    title = about.partition("\n")[0]
    defs, drawn = shared([scene]) if compact else ("", [elements(scene)])
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
        f' viewBox="0 0 {width} {height}" role="img" aria-label="{_attribute(about)}">',
        f"<title>{escape(title, quote=False)}</title>",
        f"<desc>{escape(about, quote=False)}</desc>",
        *([f"<style>{_DARK % dark_rules(scene)}</style>"] if dark_rules(scene) else []),
        *([f"<defs>{defs}</defs>"] if defs else []),
        *drawn[0],
        "</svg>\n",
    ]
    return "\n".join(lines).encode()


_DARK = ":root{color-scheme:light dark}%s"


def dark_rules(scene: Scene) -> str:
    """Rules that show a scene as its theme is where the colour scheme is dark, without a paper.

    They are "" for a theme that stays as it is. What is referred to is matched without what it
    stands in: only the colour scheme, which is inherited, can tell a dark page there.
    """
    theme = scene.theme
    if theme is None or theme.dark is None:
        return ""
    rules = [
        f'[{paint}="{light}"]{{{paint}:light-dark({light},{dark})}}'
        for light, dark in theme.on_dark().items()
        for paint in ("fill", "stroke")
    ]
    return "".join(
        [*rules, f'rect[fill="{theme.paper}"]{{fill:light-dark({theme.paper},transparent)}}']
    )


def elements(scene: Scene, names: Mapping[Outline, str] = NO_NAMES) -> list[str]:
    """What is drawn, from back to front; an outline that has a name is referred to."""
    size = f'width="{max(scene.width, 1):g}" height="{max(scene.height, 1):g}"'
    paper = [f'<rect {size} fill="{_attribute(scene.paper)}"/>'] if scene.paper else []
    return paper + [_text(mark) if mark.text else _path(mark, names) for mark in marks(scene)]


def shared(scenes: Sequence[Scene]) -> tuple[str, list[list[str]]]:
    """What recurs in pictures, as definitions, and the elements of each, which refer to them."""
    parts = [part for scene in scenes for mark in marks(scene) for part in mark.parts]
    often = [glyph for glyph, count in Counter(glyph for glyph, _, _ in parts).items() if count > 1]
    names = {glyph: f"{_PREFIX}{place}" for place, glyph in enumerate(often)}
    drawn = [elements(scene, names) for scene in scenes]
    glyphs = [
        f'<path id="{name}" d="{_start(glyph, 0, 0)}{_relative(glyph)}"/>'
        for glyph, name in names.items()
    ]
    counts = Counter(element for picture in drawn for element in picture)
    whole = [element for element, count in counts.items() if count > 1 and len(element) > _SHORT]
    ids = {element: f"{_PREFIX}{place}" for place, element in enumerate(whole, len(names))}
    groups = [f'<g id="{name}">{element}</g>' for element, name in ids.items()]
    kept = [
        [f'<use href="#{ids[element]}"/>' if element in ids else element for element in picture]
        for picture in drawn
    ]
    prefix = "p" + sha256("".join(chain(glyphs, *drawn)).encode()).hexdigest()[:6] + "-"
    defs = "".join(glyphs + groups).replace(_PREFIX, prefix)  # no other page has these names
    return defs, [[element.replace(_PREFIX, prefix) for element in picture] for picture in kept]


_PREFIX = "\0"  # of a name, until it is known; it stands in no document
_SHORT = 50  # characters of an element that is not longer than a reference to it


def _attribute(text: str) -> str:
    return escape(text, quote=False).translate(_IN_QUOTES)


def _text(mark: Mark) -> str:
    """What no font of this machine has is left to the reader's."""
    ((_, x, y),) = mark.parts
    return (
        f'<text {_place(x, y)} font-size="{mark.size:g}" font-family="DejaVu Sans, sans-serif"'
        f' fill="{_attribute(mark.fill)}">{escape(legal(mark.text), quote=False)}</text>'
    )


def _place(x: float, y: float) -> str:
    return f'x="{_number(round(100 * x))}" y="{_number(round(100 * y))}"'


def _path(mark: Mark, names: Mapping[Outline, str]) -> str:
    attributes = [f'fill="{_attribute(mark.fill or "none")}"']
    if mark.stroke:
        attributes.append(f'stroke="{_attribute(mark.stroke)}" stroke-width="{mark.line:g}"')
    if mark.dashed:
        attributes.append(f'stroke-dasharray="{DASHES[0]:g} {DASHES[1]:g}"')
    here = [part for part in mark.parts if part[0] not in names]
    data = "".join(_start(outline, x, y) + _relative(outline) for outline, x, y in here)
    if len(here) == len(mark.parts):
        return f'<path {" ".join(attributes)} d="{data}"/>'
    uses = [
        f'<use href="#{names[outline]}" {_place(x, y)}/>'
        for outline, x, y in mark.parts
        if outline in names
    ]
    path = f'<path d="{data}"/>' if data else ""
    return f"<g {' '.join(attributes)}>{path}{''.join(uses)}</g>"


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
            numbers_ = " ".join(map(_number, shifts)).replace(" -", "-")  # a minus parts them too
            pieces.append(letter.lower() + numbers_)
        if letter == "Z":
            x, y = start_x, start_y
        else:
            x, y = places[-2:]
        if letter == "M":
            start_x, start_y = x, y
    return "".join(pieces)


def _number(hundredths: int) -> str:
    """A whole number of hundredths as a decimal: 150 is 1.5."""
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{sign}{whole if whole or not decimals else ''}{decimals}"
