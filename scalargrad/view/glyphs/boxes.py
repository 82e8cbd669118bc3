"""Boxes of mathematics and how they are put together, by the rules of TeX; all at size 1.

A box is as wide as its place in a row, and reaches above and below its baseline. What it holds is
flat: glyphs and bars, each with its place. The rules are those of Knuth, "TeX: The Program"
(1986), part 36, with the constants of STIX, as mathtext of matplotlib applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scalargrad.view.glyphs.faces import Glyph, face
from scalargrad.view.glyphs.symbols import INTEGRALS

SCRIPT = 0.7  # the size of scripts, and of a fraction in a line
THICKNESS = 0.0625  # of bars
X_HEIGHT = 0.45
AXIS = 0.25  # the height of a minus, and of the bar of a fraction
_RADICAL_CLEARANCE = 0.06
_SIZES = ("rm", "size1", "size2", "size3", "size4", "size5")

# Shifts of scripts (sup1, sub1, sub2), from the edge of what is tall (supdrop, subdrop), and of
# numerators and denominators (num1 and denom1 displayed, num2 and denom2 in a line).
_SUP1, _SUB1, _SUB2, _SUPDROP, _SUBDROP = 0.413, 0.150, 0.309, 0.386, 0.0500002
_NUM1, _NUM2, _DENOM1, _DENOM2 = 0.747, 0.424, 0.756, 0.375
_BESIDE, _BESIDE_SLANTED, _BESIDE_INTEGRAL = 0.05, 0.3, 0.3
_AFTER_SCRIPT = 0.1 * X_HEIGHT


@dataclass(frozen=True)
class Box:
    """Glyphs and bars in their places.

    Attributes:
        width: of its place in a row.
        height: reach from the baseline upwards.
        depth: reach from the baseline downwards.
        glyphs: of each its glyph, x, y and size.
        bars: of each its x and y at the lower left, its width and its height.
        ink: of a single letter how wide its outline is; else as width.
        name: of a single letter or a function: what it was written as.
        is_slanted: whether it is a single letter that slopes.
        last: the letter at its end, where there is one.
        is_flat: whether nothing in it stands above anything else.
    """

    width: float
    height: float = 0.0
    depth: float = 0.0
    glyphs: tuple[tuple[Glyph, float, float, float], ...] = ()
    bars: tuple[tuple[float, float, float, float], ...] = ()
    ink: float = 0.0
    name: str = ""
    is_slanted: bool = False
    last: Box | None = None
    is_flat: bool = True

    def scaled(self, factor: float) -> Box:
        """The box at another size."""
        glyphs = tuple((g, x * factor, y * factor, size * factor) for g, x, y, size in self.glyphs)
        bars = tuple((x * factor, y * factor, w * factor, h * factor) for x, y, w, h in self.bars)
        width, height, depth = self.width * factor, self.height * factor, self.depth * factor
        return replace(
            self, width=width, height=height, depth=depth, glyphs=glyphs, bars=bars,
            ink=self.ink * factor, last=None,
        )  # fmt: skip

    def raised(self, by: float) -> Box:
        """The box above its baseline."""
        box = assembled(self.width, self.height + by, self.depth - by, [(self, 0.0, by)])
        return replace(box, is_flat=self.is_flat)


Item = Box | float  # a space


def assembled(
    width: float,
    height: float,
    depth: float,
    parts: Sequence[tuple[Box, float, float]],
    bars: Sequence[tuple[float, float, float, float]] = (),
) -> Box:
    """Boxes in places, some of them above others."""
    glyphs = tuple(
        (glyph, x + dx, y + dy, size) for box, dx, dy in parts for glyph, x, y, size in box.glyphs
    )
    lines = tuple((x + dx, y + dy, w, h) for box, dx, dy in parts for x, y, w, h in box.bars)
    return Box(width, height, depth, glyphs, (*lines, *bars), width, is_flat=False)


def letter(name: str, character: str, font: str) -> Box | None:
    """A character in a face; None where the face does not have it."""
    glyph = face(font).glyph(character)
    if glyph is None:
        return None
    ink = glyph.right - glyph.left if glyph.segments else glyph.advance
    return Box(
        glyph.advance, glyph.top, -glyph.bottom, ((glyph, 0.0, 0.0, 1.0),), (), ink, name,
        font == "it" or name in (r"\int", r"\oint"),
    )  # fmt: skip


def row(items: Sequence[Item], name: str = "") -> Box:
    """Boxes and spaces one after the other."""
    x = height = depth = 0.0
    placed = []
    for item in items:
        if isinstance(item, float):
            x += item
        else:
            placed.append((item, x, 0.0))
            x += item.width
            height, depth = max(height, item.height), max(depth, item.depth)
    whole = assembled(x, height, depth, placed)
    final = items[-1] if items else None
    last = final if isinstance(final, Box) and final.name and final.last is None else None
    return replace(whole, name=name, last=last, is_flat=all(box.is_flat for box, _, _ in placed))


# Accents and bars --------------------------------------------------------------------------------


def accented(base: Box, accent: Box) -> Box:
    """A box with an accent above it, somewhat to the right of its middle."""
    return _under(base, accent, base.ink / 8)


def wide(base: Box, character: str) -> Box | None:
    """A box with an accent above it that is as wide."""
    accents = [found for font in _SIZES if (found := _in_table(character, font))]
    if not accents or base.ink <= 0:
        return None
    widest = next((accent for accent in accents if accent.ink >= base.ink), accents[-1])
    return _under(base, widest.scaled(base.ink / widest.ink), 0.0)


def _under(base: Box, accent: Box, to_the_right: float) -> Box:
    ((glyph, _, _, size),) = accent.glyphs
    above = base.height + 2 * THICKNESS
    left = (base.ink - accent.ink) / 2 + to_the_right
    parts = [(accent, left - glyph.left * size, above - glyph.bottom * size), (base, 0.0, 0.0)]
    height = above + (glyph.top - glyph.bottom) * size
    return assembled(max(base.width, base.ink), height, base.depth, parts)


def overlined(body: Box) -> Box:
    """A box under a bar."""
    height = body.height + 3 * THICKNESS + _RADICAL_CLEARANCE
    bar = (0.0, height - THICKNESS, body.width, THICKNESS)
    return assembled(body.width, height, body.depth, [(body, 0.0, 0.0)], [bar])


def underlined(body: Box) -> Box:
    """A box over a bar."""
    below = body.depth + 3 * THICKNESS
    bar = (0.0, -below - THICKNESS, body.width, THICKNESS)
    return assembled(body.width, body.height, below + 2 * THICKNESS, [(body, 0.0, 0.0)], [bar])


# Delimiters and radicals -------------------------------------------------------------------------


def _in_table(character: str, font: str) -> Box | None:
    return letter(character, character, font) if character in face(font) else None


def delimiter(character: str, height: float, depth: float) -> Box | None:
    """A delimiter that is as tall as what stands beside it; None where there is none."""
    fonts = [font for font in _SIZES if _in_table(character, font)]
    if character == "√":
        fonts = fonts[:-1]  # the largest does not meet its bar
    sign = None
    for font in fonts:
        sign = letter(character, character, font)
        assert sign is not None
        if sign.height + sign.depth >= height + depth - 0.2 * X_HEIGHT:
            break
    if sign is None:
        return None
    if font == "rm" and len(fonts) > 1:
        return row([sign])
    sign = sign.scaled((height + depth) / (sign.height + sign.depth))
    lowered = depth - sign.depth
    return row([sign]).raised(-lowered)


def radical(body: Box, index: Box | None) -> Box | None:
    """A root; the index says which, where it is not the square root."""
    sign = delimiter("√", body.height + 5 * THICKNESS, body.depth)
    if sign is None:
        return None
    height, depth = sign.height + _RADICAL_CLEARANCE, sign.depth
    lift = max(0.0, body.depth - depth)
    width = body.width + 4 * THICKNESS
    small = index.scaled(SCRIPT * SCRIPT) if index else Box(0.5 * sign.width)
    left = small.width - 0.5 * sign.width
    parts = [
        (small, 0.0, 0.6 * sign.height), (sign, left, 0.0),
        (body, left + sign.width + 2 * THICKNESS, lift),
    ]  # fmt: skip
    bar = (left + sign.width, height - THICKNESS, width, THICKNESS)
    above = max(height, small.height + 0.6 * sign.height)
    return assembled(left + sign.width + width, above, depth, parts, [bar])


# Fractions ---------------------------------------------------------------------------------------


def fraction(above: Box, below: Box, is_displayed: bool) -> Box:
    """A fraction; in a line of text it is smaller than displayed."""
    up, down, clearance = _NUM1, _DENOM1, 3 * THICKNESS
    if not is_displayed:
        above, below = above.scaled(SCRIPT), below.scaled(SCRIPT)
        up, down, clearance = _NUM2 * SCRIPT, _DENOM2 * SCRIPT, THICKNESS
    top, bottom = AXIS + THICKNESS / 2, AXIS - THICKNESS / 2
    over = max(up - above.depth - top, clearance)
    under = max(bottom - (below.height - down), clearance)
    width = max(above.width, below.width)
    numerator = top + over + above.depth
    denominator = bottom - under - below.height
    parts = [
        (above, THICKNESS + (width - above.width) / 2, numerator),
        (below, THICKNESS + (width - below.width) / 2, denominator),
    ]
    bar = (THICKNESS, bottom, width, THICKNESS)
    whole = width + 2 * THICKNESS
    height, depth = numerator + above.height, below.depth - denominator
    return assembled(whole, height, depth, parts, [bar])


# Scripts -----------------------------------------------------------------------------------------


def limits(nucleus: Box, below: Box | None, above: Box | None) -> Box:
    """An operator with what stands below and above it, as of a sum."""
    lower = below.scaled(SCRIPT) if below else None
    upper = above.scaled(SCRIPT) if above else None
    gap = 3 * THICKNESS
    width = max(box.ink for box in (nucleus, lower, upper) if box)
    parts = [(nucleus, (width - nucleus.ink) / 2, 0.0)]
    height, depth = nucleus.height, nucleus.depth
    if upper:
        parts.insert(0, (upper, (width - upper.ink) / 2, height + gap + upper.depth))
        height += gap + upper.depth + upper.height
    if lower:
        parts.append((lower, (width - lower.ink) / 2, -depth - gap - lower.height))
        depth += gap + lower.height + lower.depth
    return assembled(width, height, depth, parts)


def scripted(nucleus: Box, below: Box | None, above: Box | None) -> Box:
    """A box with a subscript, a superscript or both."""
    end = (nucleus if nucleus.name and nucleus.last is None else nucleus.last) or Box(0.0)
    is_integral = end.name in INTEGRALS
    kern_above = kern_below = _BESIDE * X_HEIGHT
    if end.is_slanted and is_integral:
        kern_below = (3 * _BESIDE - _BESIDE_INTEGRAL) * end.height
        kern_above = (3 * _BESIDE + _BESIDE_INTEGRAL) * end.height
    elif end.is_slanted:
        kern_above += _BESIDE * X_HEIGHT + _BESIDE_SLANTED * (end.height - X_HEIGHT * 2 / 3)
        kern_below = 0.0
    held = row([nucleus])
    up = 0.0 if nucleus.is_flat else held.height - _SUPDROP * SCRIPT
    down = 0.0 if nucleus.is_flat else held.depth + _SUBDROP * SCRIPT
    upper = row([kern_above, above]).scaled(SCRIPT) if above else None
    lower = row([kern_below, below]).scaled(SCRIPT) if below else None
    if upper:
        up = max(up, _SUP1, upper.depth + X_HEIGHT / 4)
    if lower:
        down = max(down, _SUB2 if upper else max(_SUB1, lower.height - X_HEIGHT * 4 / 5))
    if is_integral:
        up, down = end.height - _SUBDROP, end.depth + _SUBDROP
    if upper and lower:
        overlap = 4 * THICKNESS - ((up - upper.depth) - (lower.height - down))
        if overlap > 0:
            down += overlap
            lift = max(0.0, X_HEIGHT * 4 / 5 - up + upper.depth)
            up, down = up + lift, down - lift
    width = max(box.width for box in (upper, lower) if box)
    width += 0.0 if is_integral else _AFTER_SCRIPT
    x = held.width
    parts = [(held, 0.0, 0.0)]
    height, depth = held.height, held.depth
    if upper:
        parts.append((upper, x, up))
        height, depth = max(height, up + upper.height), max(depth, upper.depth - up)
    if lower:
        parts.append((lower, x, -down))
        height, depth = max(height, lower.height - down), max(depth, down + lower.depth)
    whole = assembled(x + width, height, depth, parts)
    return replace(whole, is_flat=nucleus.is_flat and not (upper and lower))


# Matrices ----------------------------------------------------------------------------------------

_LINES_APART, _COLUMNS_APART = 0.25, 0.9


def matrix(cells: Sequence[Sequence[Box]], is_left: bool = False) -> Box:
    """Boxes in rows and columns, halfway between them the axis."""
    columns = max(len(line) for line in cells)
    widths = [max(line[c].width for line in cells if c < len(line)) for c in range(columns)]
    lefts = [sum(widths[:c]) + c * _COLUMNS_APART for c in range(columns)]
    parts: list[tuple[Box, float, float]] = []
    y = 0.0
    depth = -_LINES_APART
    for line in cells:
        y -= depth + _LINES_APART + max(X_HEIGHT, *(box.height for box in line), 0.0)
        depth = max(0.0, *(box.depth for box in line), 0.0)
        parts += [
            (box, lefts[c] + (0.0 if is_left else (widths[c] - box.width) / 2), y)
            for c, box in enumerate(line)
        ]
    total = depth - y
    lift = total / 2 + AXIS
    places = [(box, x, y + lift) for box, x, y in parts]
    return assembled(lefts[-1] + widths[-1], lift, total - lift, places)
