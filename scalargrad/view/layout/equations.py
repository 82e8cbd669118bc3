"""A derivation in lines: broken where a sign stands, as the place for it wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scalargrad.notation.names import Written
from scalargrad.view.layout.diagram import tall
from scalargrad.view.scene import Extent, extent

_BETWEEN = 0.25  # two lines
_SPACE = 0.4  # before + and ×, and before a part of plain text; = brings its own
_TEXT = re.compile(r" (?=[=≈+×] )")
_MATH = re.compile(r" (?=(?:=|\\approx|\+|\\times) )")


def parts(line: Written) -> list[Written]:
    """A line in parts that each begin with a sign, but for the first.

    >>> [part.text for part in parts(Written("a = b × c"))]
    ['a', '= b', '× c']
    """
    texts, maths = _split(_TEXT, line.text), _split(_MATH, line.math)
    if line.math and len(texts) != len(maths):
        return [line]
    maths = maths if line.math else [""] * len(texts)
    return [Written(text, math) for text, math in zip(texts, maths, strict=True)]


def _split(sign: re.Pattern[str], text: str) -> list[str]:
    """The text in parts, split at signs that stand in no brackets."""
    found, start, depth = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "({") - (character in ")}")
        if depth == 0 and character == " " and sign.match(text, place):
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]


@dataclass(frozen=True)
class Block:
    """Lines under one another, from the top left.

    Attributes:
        lines: each with how far its baseline is below the top.
        width: of the widest.
        height: of all.
    """

    lines: tuple[tuple[Written, float], ...]
    width: float
    height: float


def measure(line: Written) -> Extent:
    """How large a line of mathematics is at size 1."""
    return extent(line.text, 1.0, math=tall(line.math))


def block(atoms: Sequence[Written], wide: float) -> Block | None:
    """The parts in lines of at most a width; None where one of them is wider.

    A line ends before = or ≈ where the whole is not one line, and before + or × where it must.
    """
    sizes, gaps, ahead, whole = _measured(tuple(atoms))
    if any(size.width > wide for size in sizes):
        return None
    first = _where_numbers_start(atoms)
    lines: list[list[int]] = []
    taken = 0.0
    for k, _ in enumerate(atoms):
        more = sizes[k].width + gaps[k] * bool(lines and lines[-1])
        starts = whole > wide and atoms[k].text[:1] in "=≈" and taken + ahead[k] > wide
        starts = starts or atoms[k].text[:1] not in "=≈+×"
        starts = starts or (whole > wide and k == first)
        breaks = atoms[k].text[:1] == "+" and taken + ahead[k] > wide >= ahead[k]
        if not lines or taken + more > wide or starts or breaks:
            lines.append([])
            taken, more = 0.0, sizes[k].width
        lines[-1].append(k)
        taken += more
    made, y, widest = [], 0.0, 0.0
    for line in lines:
        joined = Written(
            " ".join(atoms[k].text for k in line), " ".join(atoms[k].math for k in line)
        )
        above = max(0.8, *(sizes[k].above for k in line))
        below = max(0.25, *(sizes[k].below for k in line))
        made.append((joined, y + above))
        y += above + below + _BETWEEN
        widest = max(widest, _length(line, sizes, gaps))
    return Block(tuple(made), widest, y - _BETWEEN)


def _length(line: Sequence[int], sizes: Sequence[Extent], gaps: Sequence[float]) -> float:
    """How long some parts are beside each other."""
    return sum(sizes[k].width + gaps[k] for k in line) - gaps[line[0]]


def _where_numbers_start(atoms: Sequence[Written]) -> int:
    """The part at which numbers follow on symbols: the second with a sign of equality."""
    equal = [k for k, atom in enumerate(atoms) if atom.text[:1] in "=≈"]
    return equal[1] if len(equal) > 1 else 0


@lru_cache(maxsize=64)
def _measured(
    atoms: tuple[Written, ...],
) -> tuple[list[Extent], list[float], list[float], float]:
    """Of each part its size, the space before it, and its length with its own; the whole length."""
    sizes = [measure(atom) for atom in atoms]
    gaps = [_SPACE * (not atom.math or atom.text[:1] in "+×") for atom in atoms]
    units = (list(_unit(atoms, k)) for k in range(len(atoms)))
    whole = _length(range(len(atoms)), sizes, gaps)
    return sizes, gaps, [_length(unit, sizes, gaps) for unit in units], whole


def _unit(atoms: Sequence[Written], start: int) -> Iterable[int]:
    """The part that starts there and those up to the next = or +."""
    ends = "=≈" if atoms[start].text[:1] in "=≈" else "=≈+"
    yield start
    for k in range(start + 1, len(atoms)):
        if atoms[k].text[:1] in ends:
            return
        yield k


def shapes(atoms: Sequence[Written], widths: Iterable[float]) -> Iterator[Block]:
    """Yield the block for each of some widths, each shape once; nothing of no parts."""
    seen = set()
    for wide in widths if atoms else ():
        found = block(atoms, wide)
        if found and (key := tuple(line.text for line, _ in found.lines)) not in seen:
            seen.add(key)
            yield found
