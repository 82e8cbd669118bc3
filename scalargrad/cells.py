"""Cells of a table that a spreadsheet may open: text is text there, never a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_LINE_ENDS = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*")
# What does not show, and then what begins a formula: in ASCII, wide or small.
_FORMULA = re.compile(
    r"[\s\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]*"
    r"[=+\-@＝＋－＠﹢﹣﹦﹫]"
)


def defused(text: str) -> str:
    """A cell of one line that no spreadsheet takes for a formula: an apostrophe makes it text.

    A plain number keeps its sign. What begins with an apostrophe gets one more, so that `undefused`
    finds what was written. A semicolon parts cells where the decimal sign is a comma.

    >>> defused("=1+1"), defused("-0.24"), defused("-1+1"), defused("'a"), defused("a;=1")
    ("'=1+1", '-0.24', "'-1+1", "''a", "a;'=1")
    """
    parts = _LINE_ENDS.sub(" ", text).split(";")
    line = ";".join(f"'{part}" if _is_formula(part) else part for part in parts)
    return f"'{line}" if text.lstrip().startswith("'") else line


def csv_of(rows: Iterable[Iterable[str]]) -> str:
    r"""Rows as CSV, each cell `defused`.

    >>> csv_of([("name", "mark"), ("=Ada", "-0.5")])
    "name,mark\n'=Ada,-0.5\n"
    """
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([map(defused, row) for row in rows])
    return file.getvalue()


def undefused(cell: str) -> str:
    """What was written into a cell.

    >>> undefused(defused("=1+1")), undefused(" -0.24 ")
    ('=1+1', '-0.24')
    """
    return cell.strip().removeprefix("'")


def _is_formula(part: str) -> bool:
    return bool(_FORMULA.match(part)) and not _NUMBER.fullmatch(part)
