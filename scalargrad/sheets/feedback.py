"""What is handed back: a report on each submission, as Markdown, HTML or PDF.

A report has the name that its submission came under, so that Moodle and Canvas know whose it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from scalargrad.checking.report import INKS, SIGNS
from scalargrad.files import zipped
from scalargrad.notation.words import in_markdown, one_line
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.submissions import origin_of
from scalargrad.view.export.pdf import pdf as document
from scalargrad.view.glyphs import plain
from scalargrad.view.scene import Scene, Text

_LONGEST = 180  # bytes of a name; file systems take 255
_TITLES = ("quantity", "answer", "verdict", "points", "remark")


def reports(
    results: Iterable[Result], place: Path, forms: Sequence[str] = ("md",)
) -> list[tuple[Path, bytes]]:
    """The files of all reports: in a folder, or in an archive where the place ends in .zip.

    Args:
        results: of the class.
        place: where they shall stand.
        forms: "md", "html" and "pdf", of which each gives a file.
    """
    results = list(results)
    files = {
        f"{name}.report.{form}": FORMS[form](result)
        for form in forms for name, result in zip(_names(results), results, strict=True)
    }  # fmt: skip
    if place.suffix.lower() == ".zip":
        return [(place, zipped(files))]
    return [(place / name, content) for name, content in files.items()]


def _names(results: Iterable[Result]) -> Iterator[str]:
    """A name for each report, no two alike: a system's as it is, of others one without folders."""
    taken: set[str] = set()
    for result in results:
        place = PurePosixPath(origin_of(result.name).place)
        is_short = all(len(part.encode()) < _LONGEST for part in place.parts)
        if place.name and is_short and ".." not in place.parts:
            base = str(place.with_suffix(""))
        else:
            plain_name = re.sub(r"[^\w. -]+", "_", result.name).lstrip(". ")
            base = plain_name.encode()[:_LONGEST].decode(errors="ignore") or "sheet"
        name, count = base, 1
        while name.casefold() in taken:  # some file systems do not tell A from a
            count += 1
            name = f"{base}-{count}"
        taken.add(name.casefold())
        yield name


# Forms -------------------------------------------------------------------------------------------


def _rows(result: Result) -> list[tuple[str, ...]]:
    return [
        (line.quantity, one_line(line.written, 80), _verdict(line),
         f"{line.points:g} of {line.worth:g}", one_line(line.note or line.message, 400))
        for line in result.lines
    ]  # fmt: skip


def _verdict(line: Marked) -> str:
    return "decided by hand" if line.mark >= 0 else f"{SIGNS[line.kind]} {line.kind}"


def _remarks(result: Result) -> list[str]:
    """What stands beneath the table, or in its place."""
    if result.problem:
        return [result.problem]
    late = [f"Handed in {result.late}."] if result.late else []
    return [*result.remarks, *late, f"{result.points:g} of {result.most:g} points"]


def markdown(result: Result) -> str:
    """A report in Markdown."""
    rows = [map(in_markdown, row) for row in _rows(result)]
    lines = [f"| {' | '.join(row)} |" for row in (_TITLES, ["---"] * len(_TITLES), *rows)]
    title = result.name.replace("`", "'")
    table = ["\n".join(lines)] if rows else []
    return "\n\n".join([f"# `{title}`", *table, *map(in_markdown, _remarks(result)), ""])


def page(result: Result) -> str:
    """A report as a page of HTML, which loads nothing."""
    title = html.escape(result.name)
    head = "".join(f"<th>{title}</th>" for title in _TITLES)
    rows = "".join(
        f'<tr style="color: {INKS[line.kind] or "inherit"}">'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        + "</tr>\n"
        for line, row in zip(result.lines, _rows(result), strict=True)
    )
    table = f"<table>\n<tr>{head}</tr>\n{rows}</table>\n" if rows else ""
    notes = "".join(f"<p>{html.escape(remark)}</p>\n" for remark in _remarks(result))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}</h1>\n{table}{notes}</html>\n"
    )


_STYLE = (
    "body { font: 16px sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }"
    " table { border-collapse: collapse } td, th { border-bottom: 1px solid #ccc; padding: 4px 8px;"
    " text-align: left; vertical-align: top }"
)


def pdf(result: Result) -> bytes:
    """A report on pages of A4, set in outlines, with what they say in words."""
    return document([
        Scene(_WIDTH, _HEIGHT, tuple(texts), _PAPER, "\n".join(text.text for text in texts),
              title=result.name)
        for texts in _pages(_set(result))
    ])  # fmt: skip


class _Cell(NamedTuple):
    """A text that is set in a column."""

    text: str
    left: float
    width: float
    colour: str = "#1a1a1a"
    size: float = 9.0
    is_bold: bool = False

    @property
    def lines(self) -> list[str]:
        """The text in lines that fit the column."""
        lines = [""]
        for word in self.text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self._fits(longer):
                lines[-1] = longer
                continue
            lines += [""] if lines[-1] else []
            for part in [word] if self._fits(word) else word:
                lines += [] if self._fits(lines[-1] + part) else [""]
                lines[-1] += part
        return lines

    def _fits(self, text: str) -> bool:
        return plain(text, self.is_bold).width * self.size <= self.width


_WIDTH, _HEIGHT, _MARGIN = 595.0, 842.0, 50.0
_PAPER = "#ffffff"
_LEADING = 1.35
_COLUMNS = (0.0, 0.16, 0.32, 0.53, 0.63, 1.0)  # where they begin, of the width between the margins


def _set(result: Result) -> Iterator[list[_Cell]]:
    """The rows of a report, in their cells."""
    inner = _WIDTH - 2 * _MARGIN
    places = [(_MARGIN + a * inner, (b - a) * inner - 6) for a, b in pairwise(_COLUMNS)]
    yield [_Cell(result.name, _MARGIN, inner, size=13, is_bold=True)]
    if result.lines:
        yield [_Cell(title, *place, is_bold=True)
               for title, place in zip(_TITLES, places, strict=True)]  # fmt: skip
    for line, row in zip(result.lines, _rows(result), strict=True):
        ink = INKS[line.kind] or _Cell._field_defaults["colour"]
        yield [_Cell(text, *place, ink) for text, place in zip(row, places, strict=True)]
    for remark in _remarks(result):
        yield [_Cell(remark, _MARGIN, inner)]


def _pages(rows: Iterable[Sequence[_Cell]]) -> list[list[Text]]:
    """The lines of text of each page."""
    pages: list[list[Text]] = [[]]
    y = _MARGIN
    for cells in rows:
        height = max(_LEADING * cell.size * len(cell.lines) for cell in cells) + 5
        if y + height > _HEIGHT - _MARGIN:
            pages.append([])
            y = _MARGIN
        pages[-1] += [
            Text(cell.left, y + _LEADING * cell.size * number, line, cell.size, cell.colour,
                 cell.is_bold, "start")
            for cell in cells for number, line in enumerate(cell.lines, 1)
        ]  # fmt: skip
        y += height
    return pages


FORMS: Mapping[str, Callable[[Result], bytes]] = {
    "md": lambda result: markdown(result).encode(),
    "html": lambda result: page(result).encode(),
    "pdf": pdf,
}
