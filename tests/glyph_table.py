"""Write the table of glyphs from the fonts that matplotlib carries: `make glyphs` runs it."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl

from scalargrad.view.glyphs import symbols
from scalargrad.view.glyphs.faces import FACES, TABLE
from scalargrad.view.glyphs.truetype import line, opened, units

FONTS = Path(mpl.get_data_path(), "fonts", "ttf")
LETTERS = [(0x20, 0x7E), (0x391, 0x3C9), (0x3D1, 0x3D6), (0x3F0, 0x3F5)]
SIGNS = [
    (0x300, 0x30C), (0x20D0, 0x20DC), (0x2010, 0x2057), (0x2070, 0x209C), (0x2100, 0x214F),
    (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2308, 0x230B), (0x27E8, 0x27E9),
]  # fmt: skip
WRITTEN = [
    (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x20A0, 0x20BF), (0x2150, 0x215E),
    (0x25A0, 0x25FF), (0x27F5, 0x27FF), (0xFB00, 0xFB04),
]  # fmt: skip
LIMITS = [(0x20, 0x7E), (0x302, 0x303), (0x2016, 0x2016), (0x220F, 0x221A), (0x2225, 0x2225),
          (0x222B, 0x222E), (0x22C0, 0x22C3), (0x2308, 0x230B), (0x27E8, 0x27E9)]  # fmt: skip
RANGES = {
    "sans": LETTERS + WRITTEN + SIGNS, "sans-bold": LETTERS + WRITTEN + SIGNS,
    "rm": LETTERS + SIGNS, "it": LETTERS + SIGNS, "bf": LETTERS + SIGNS,
}  # fmt: skip


def accented() -> set[str]:
    """Latin letters with one of the accents of names, where Unicode has them as one character."""
    return {
        character
        for character in map(chr, range(0x1E00, 0x1F00))
        if (parts := unicodedata.normalize("NFD", character))[0].isascii()
        and len(parts) == 2
        and parts[1] in "\u0302\u0303\u0304\u0307\u0308"
    }


def characters(face: str) -> list[str]:
    """What of a font goes into the table."""
    ranges = RANGES.get(face, LIMITS)
    wanted = {chr(code) for first, last in ranges for code in range(first, last + 1)}
    if face.startswith("sans"):
        wanted |= accented()
    elif face in RANGES:
        wanted |= set(symbols.CHARACTERS)
    return sorted(wanted)


def table(face: str) -> str:
    """The lines of a font: its units, then its glyphs with those that they are kerned with."""
    path = FONTS / f"{FACES[face]}.ttf"
    wanted = characters(face)
    pairs = kerned(path, wanted)
    lines = (line(path, character) for character in wanted)
    return "\n".join(
        [
            str(units(path)),
            *(f"{found}{pairs.get(found[0], '')}" for found in lines if found is not None),
        ]
    )


def kerned(path: Path, wanted: Iterable[str]) -> dict[str, str]:
    """For a character, those that it is kerned with and by how much."""
    _, names, font = opened(path)
    if "kern" not in font:
        return {}
    inside = set(wanted)
    named: dict[str, list[str]] = {}
    for code, name in names.items():
        if chr(code) in inside:
            named.setdefault(name, []).append(chr(code))
    found: dict[str, list[str]] = {}
    for (left, right), units_apart in sorted(font["kern"].kernTables[0].kernTable.items()):
        for first in named.get(left, ()):
            found.setdefault(first, []).extend(
                f"{second}{units_apart:+d}" for second in named.get(right, ()) if units_apart
            )
    return {first: "\t" + " ".join(pairs) for first, pairs in found.items() if pairs}


def main() -> None:
    """Write all faces."""
    for face in FACES:
        packed = zlib.compress(table(face).encode(), 9)
        (TABLE / f"{face}.z").write_bytes(packed)
        print(f"{face:9} {len(packed):7,} bytes")


if __name__ == "__main__":
    main()
