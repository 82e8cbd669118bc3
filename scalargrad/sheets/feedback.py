"""What is handed back: a report on each submission, as Markdown, HTML or PDF.

A report has the name that its submission came under, so that Moodle and Canvas know whose it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from scalargrad.checking.report import INKS, SIGNS
from scalargrad.files import zipped
from scalargrad.notation.words import in_markdown, one_line
from scalargrad.sheets import paper
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.submissions import origin_of

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
    inks = [INKS[line.kind] for line in result.lines]
    table = paper.table(_TITLES, _rows(result), inks) if result.lines else ""
    notes = "".join(f"<p>{html.escape(remark)}</p>\n" for remark in _remarks(result))
    return paper.page(result.name, f"<h1>{html.escape(result.name)}</h1>\n{table}{notes}")


def pdf(result: Result) -> bytes:
    """A report on pages of A4, set in outlines, with what they say in words."""
    return paper.pdf(_set(result), result.name)


_COLUMNS = (0.0, 0.16, 0.32, 0.53, 0.63, 1.0)  # where they begin, of the width between the margins


def _set(result: Result) -> Iterator[list[paper.Cell]]:
    """The rows of a report, in their cells."""
    yield [paper.Cell(result.name, size=13, is_bold=True)]
    if result.lines:
        yield paper.columns(_TITLES, _COLUMNS, is_bold=True)
    for line, row in zip(result.lines, _rows(result), strict=True):
        yield paper.columns(row, _COLUMNS, INKS[line.kind])
    for remark in _remarks(result):
        yield [paper.Cell(remark)]


FORMS: Mapping[str, Callable[[Result], bytes]] = {
    "md": lambda result: markdown(result).encode(),
    "html": lambda result: page(result).encode(),
    "pdf": pdf,
}
