"""Words for messages and pictures: one printable line, what was meant, a list that is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

_LOOKED_AT = 1000  # names, and letters of a name, among which the nearest is searched


def printable(text: str, most: int = 40, keep: str = "") -> str:
    r"""Text that every format can hold, cut where it is too long.

    Args:
        text: any text.
        most: how many characters; 0 for all of them.
        keep: characters that stay, though they cannot be printed, such as a line's end.

    >>> printable("a\x1b[1m"), printable("abcdef", 4)
    ('a·[1m', 'abc…')
    """
    if most:
        text = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() or c in keep else "·" for c in text)


def one_line(text: str, most: int = 40) -> str:
    r"""The same of a text of several lines: every run of white space is one space.

    >>> one_line("a\n   b")
    'a b'
    """
    return printable(" ".join(text.split()), most)


def in_markdown(text: str, most: int = 400) -> str:
    r"""One line as Markdown shows it: no mark in it means anything, and it stays in its cell.

    >>> print(in_markdown("a*b\n<c>"))
    a\*b \<c\>
    """
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&$-])", r"\\\1", one_line(text, most))


def in_columns(rows: Iterable[Sequence[str]], most: int = 1000) -> list[str]:
    """Rows of cells as lines, the cells below one another; of a wider column this much counts.

    >>> in_columns([("a", "1"), ("bc", "2")])
    ['a   1', 'bc  2']
    """
    lines = list(rows)
    widths = [min(most, max(map(len, column))) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def nearest(name: str, known: Iterable[str], most: int = 3, likeness: float = 0.6) -> list[str]:
    """The names that are most like another, the nearest first.

    >>> nearest("tnah", ["sin", "tan", "tanh"], most=1)
    ['tanh']
    """
    from difflib import get_close_matches  # only for messages: it loads slowly

    among = list(islice(known, _LOOKED_AT))
    return get_close_matches(name[:_LOOKED_AT], among, most, likeness)


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The end of a message about a name that is not known; nothing where none is near it.

    >>> did_you_mean("tnah", ["tanh"]), did_you_mean("softmax", ["tanh"])
    ("; did you mean 'tanh'?", '')
    """
    return "".join(f"; did you mean {near!r}?" for near in nearest(name, known, 1, likeness))


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names with commas between them; of many the first, and how many they are.

    >>> listed("abc"), listed("abcdefgh", most=3)
    ('a, b, c', 'a, b, c, … (8)')
    """
    known = list(names)
    return ", ".join(known[:most]) + ("" if len(known) <= most else f", … ({len(known)})")
