"""Fonts of this machine, for characters that no font of ours has, such as 入; needs fontTools."""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache
from pathlib import Path

MOST_FONTS = 400  # that are looked into: some machines have thousands
_ENDINGS = (".ttf", ".otf", ".ttc")
# The names of fonts that have many characters, the most likely ones first.
_PREFERRED = (
    "notosanscjk", "notosans", "notoemoji", "hiragino", "pingfang", "yugoth", "meiryo", "msgothic",
    "msyh", "malgun", "simsun", "segoeui", "seguisym", "seguiemj", "arial unicode", "unifont",
    "symbola", "droidsansfallback", "wqy", "ipag", "freesans",
)  # fmt: skip


def folders() -> list[Path]:
    """Where systems keep their fonts."""
    home = Path("~").expanduser()
    if sys.platform == "win32":
        root = Path(os.environ.get("WINDIR", "C:/Windows"))
        return [root / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]


@lru_cache(maxsize=2000)
def font_with(character: str) -> Path | None:
    """The file of a font that has the outline of a character, or None."""
    return next((path for path in _files() if ord(character) in _codes(path)), None)


@cache
def _files() -> tuple[Path, ...]:
    paths = [
        Path(folder, name)
        for root in folders()
        for folder, _, names in os.walk(root)
        for name in names
        if name.lower().endswith(_ENDINGS)
    ]
    return tuple(sorted(paths, key=_rank)[:MOST_FONTS])


def _rank(path: Path) -> tuple[int, bool, str]:
    name = path.name.lower()
    likely = (place for place, start in enumerate(_PREFERRED) if name.startswith(start))
    is_plain = not any(cut in name for cut in ("bold", "italic", "oblique", "mono", "light"))
    return next(likely, len(_PREFERRED)), not is_plain, str(path)


@lru_cache(maxsize=MOST_FONTS)
def _codes(path: Path) -> frozenset[int]:
    """The codes of the characters in a font of outlines; none for one of coloured pictures."""
    try:
        from fontTools.ttLib import TTFont, TTLibError
    except ImportError:
        return frozenset()
    try:
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            if "glyf" not in font and "CFF " not in font:
                return frozenset()
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError, AssertionError, ValueError, KeyError):
        return frozenset()
