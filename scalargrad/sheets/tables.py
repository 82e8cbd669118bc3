"""Tables and programs in the text of a sheet: in Markdown, in CSV, in columns of plain text."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from scalargrad.cells import undefused
from scalargrad.sheets.documents import SheetError

MOST_LINES = 2_000  # of a table
ID_TITLE = "sheet id"  # of the line of a CSV sheet that is none of the table


class Row(NamedTuple):
    """A line of the table: the texts of a quantity, its answer and its points, and the place."""

    quantity: str
    answer: str
    place: int
    points: str = ""


class Parts(NamedTuple):
    """What a sheet consists of; None for a program or a table that is missing."""

    prose: str
    program: str | None
    rows: list[Row] | None


def parts_of_sheet(text: str) -> Parts:
    """Prose, program and table of a sheet: with the header quantity | answer."""
    text = plain(text)
    separator = separator_of(text)
    return _from_csv(text, separator) if separator else _from_markdown(text)


def plain(text: str) -> str:
    """A text with the line ends of Unix, that of its last line too."""
    return "\n".join(f"{text}\n".removeprefix("\ufeff").splitlines())


def rows_by_position(
    text: str, is_quantity: Callable[[str], bool], asked: Sequence[str] = ()
) -> list[Row]:
    """The rows of a table whose header says nothing to us, in whatever language it is.

    A cell that names a quantity is followed by its answer. Where no cell does, as in an encoding
    that has no ∂, the lines of a table as long as what was asked stand for it one by one.
    """
    text = plain(text)
    blocks = list(fenced(text.split("\n")))
    inside = {place for block in blocks for place in range(block.first, block.last + 1)}
    tables: list[list[Row]] = [[]]
    rows: list[Row] = []
    outside = ["" if n in inside else line for n, line in enumerate(text.split("\n"))]
    for place, line in _statements(outside):
        cells, is_chain = _columns_of_text(line)
        if not any(cells):
            continue
        named = next((index for index, cell in enumerate(cells) if is_quantity(cell)), None)
        if named is not None:
            written = cells[named + 1 :] if is_chain else cells[named + 1 : named + 2]
            rows.append(Row(cells[named], " = ".join(written), place + 1))
        if len(cells) > 1 and not _is_rule(cells):
            tables[-1].append(Row(cells[0], cells[-1], place + 1))
        elif len(cells) < 2:
            tables.append([])
    if rows or not asked:
        return rows[:MOST_LINES]
    for table in tables:
        for lines in (table, table[1:]):  # without a header, or with one
            answers = [line.answer for line in lines]
            if len(lines) == len(asked) and all(map(_HAS_DIGIT.search, filter(None, answers))):
                return [line._replace(quantity=name)
                        for name, line in zip(asked, lines, strict=True)]  # fmt: skip
    return []


def _statements(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The statements of lines, TeX too, with their places; one that begins with = goes on."""
    begun: tuple[int, str] | None = None
    for place, line in enumerate(lines):
        parts = _STATEMENTS.split(_TEX_LINES.sub("", line)) if "|" not in line else [line]
        for part in parts if all(map(_is_statement, parts)) else [line]:
            if begun and _GOES_ON.match(part):
                begun = (begun[0], f"{begun[1].rstrip()} {part.strip()}")
                continue
            if begun:
                yield begun
            begun = (place, part)
    if begun:
        yield begun


def _is_statement(text: str) -> bool:
    return _EQUALS.search(text) is not None and text.count("(") == text.count(")")


_GOES_ON = re.compile(r"\s*[=≈](?!=)\s*\S")  # and no rule, =====
_EQUALS = re.compile(r"\s*(?:[=＝:]|->|→|\b(?:is|ist|est)\b|(?=[≈≃≅]))\s*")
_TEX_LINES = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}|&(?=\s*=)|\\\\\s*$")
_STATEMENTS = re.compile(r"(?:\\\\|[;,]\s|\s\s)\s*(?=[^\s;,=][^;,=]*=\s*[^\s=])")


def _columns_of_text(line: str) -> tuple[list[str], bool]:
    """The cells of a line: between pipes, tabs, semicolons or wide gaps, or at both sides of =.

    The second result says that it is that: a name and a chain of equal things.
    """
    bare = line.strip().strip("+")
    if "|" in bare:
        return _cells(bare), False
    for separator in (r"\t+", r";", r"\s{2,}", _EQUALS, r",", r"\s+"):
        cells = re.split(separator, bare, maxsplit=_MOST_CELLS)
        if len(cells) > 1:
            texts = [_bare(undefused(cell.strip("\"'"))) for cell in cells]
            return _joined(texts), separator is _EQUALS
    return [_bare(bare)], False


def _joined(cells: list[str]) -> list[str]:
    """Two cells that a decimal comma parted are one: −0 and 624."""
    is_parted = len(cells) == 3 and _WHOLE.fullmatch(cells[1]) and _DECIMALS.fullmatch(cells[2])
    return [cells[0], f"{cells[1]},{cells[2]}"] if is_parted else cells


_HAS_DIGIT = re.compile(r"\d")
_WHOLE = re.compile(r"[-+−–~≈]?\s*[0-9]+")
_DECIMALS = re.compile(r"[0-9]+")


class Answers(NamedTuple):
    """One line of a form's export: who filled it in, and the answers."""

    who: str
    rows: list[Row]
    rest: str


def wide_rows(text: str, is_quantity: Callable[[str], bool]) -> list[Answers]:
    """The lines of a table with a column for each quantity, as forms export it; [] for no such."""
    text = plain(text)
    first = text.split("\n", 1)[0]
    for separator in (",", ";", "\t"):
        if first.count(separator) < 2 or separator_of(text):
            continue
        table = list(filter(any, csv.reader(io.StringIO(text), delimiter=separator)))
        header = [_bare(undefused(cell)) for cell in table[0]]
        asked = [column for column, title in enumerate(header) if is_quantity(title)]
        others = [column for column in range(len(header)) if column not in asked]
        if len(asked) < 2:
            continue
        whose = [column for column in others if _WHO.search(header[column])] or others
        return [
            Answers(
                next((cells[column].strip() for column in whose if column < len(cells)), ""),
                [Row(header[column], _bare(undefused(cells[column])) if column < len(cells) else "",
                     place) for column in asked],
                " ".join(cells[column] for column in others if column < len(cells)),
            )
            for place, cells in enumerate(table[1:], 2)
        ]  # fmt: skip
    return []


_WHO = re.compile(r"name|student|mail|login|user|matri|anmelde", re.IGNORECASE)

# Markdown ----------------------------------------------------------------------------------------


def _from_markdown(text: str) -> Parts:
    lines = text.split("\n")
    blocks = list(fenced(lines))
    inside = {place for block in blocks for place in range(block.first, block.last + 1)}
    rows = _rows((place, line) for place, line in enumerate(lines) if place not in inside)
    ours = [block for block in blocks if block.language in ("sg", "scalargrad")]
    if len(ours) > 1:
        first, second = ours[0].first + 1, ours[1].first + 1
        raise SheetError(f"the sheet has two programs, on lines {first} and {second}; keep one")
    plain = [block for block in blocks if not block.language]
    chosen = next(iter(ours or plain), None)
    if chosen is None:
        return Parts("", None, rows)
    return Parts("\n".join(lines[: chosen.first]).strip(), chosen.text, rows)


class Fenced(NamedTuple):
    """A fenced block: its language, its text, its first and last line, and what opens it."""

    language: str
    text: str
    first: int
    last: int
    info: str


def fenced(lines: Sequence[str]) -> Iterator[Fenced]:
    """The fenced blocks."""
    place = 0
    while place < len(lines):
        opening = lines[place].lstrip(" ")
        mark = opening[:1]
        length = len(opening) - len(opening.lstrip(mark)) if mark in ("`", "~") and mark else 0
        info = opening[length:].strip()
        if length < 3 or "`" in info:
            place += 1
            continue
        indent = len(lines[place]) - len(opening)
        end = place + 1
        while end < len(lines) and not _closes(lines[end], mark, length):
            end += 1
        if end == len(lines):
            raise SheetError(f"the block that begins on line {place + 1} is not closed")
        inner = [_outdented(line, indent) for line in lines[place + 1 : end]]
        text = "\n".join(inner).strip("\n")
        yield Fenced(info.strip("{}. ").lower(), text, place, end, info)
        place = end + 1


def _closes(line: str, mark: str, length: int) -> bool:
    bare = line.strip()
    return len(bare) >= length and not bare.strip(mark)


def _outdented(line: str, indent: int) -> str:
    return line[min(indent, len(line) - len(line.lstrip(" "))) :]


def _rows(lines: Iterable[tuple[int, str]]) -> list[Row] | None:
    """The rows of all tables with our header; None where there is none."""
    rows: list[Row] | None = None
    columns: tuple[int, ...] | None = None
    is_apart = has_pipe = False  # a blank line stands before; the header begins with a pipe
    for place, line in lines:
        begins_with_pipe = line.lstrip("> ").startswith("|")
        if not line.strip():
            is_apart = True  # people leave lines blank
            continue
        if "|" not in line or (is_apart and has_pipe and not begins_with_pipe):
            columns = None
        cells = _cells(line) if "|" in line else []
        header = _columns(cells)
        if header:
            columns, rows, has_pipe = header, rows or [], begins_with_pipe
        elif columns and rows is not None and not _is_rule(cells):
            _add(rows, cells, columns, place + 1)
        is_apart = False
    return rows


def _add(rows: list[Row], cells: Sequence[str], columns: Sequence[int], place: int) -> None:
    asked, written, *points = [cells[column] if column < len(cells) else "" for column in columns]
    if asked.casefold() == ID_TITLE:
        return
    if len(rows) == MOST_LINES and (asked or written):
        raise SheetError(f"the table of a sheet has at most {MOST_LINES} lines")
    if asked or written:
        rows.append(Row(asked, written, place, *points))


def _cells(line: str) -> list[str]:
    """The cells of a row, without what marks them up."""
    bare = line.strip().lstrip("> ")
    cells = _PIPE.split(bare[1:] if bare.startswith("|") else bare, _MOST_CELLS)
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [_bare(cell.replace("\\|", "|")) for cell in cells]


_MOST_CELLS = 100  # of a row; what stands behind them is no answer
_PIPE = re.compile(r"(?<!\\)\|")


def _bare(cell: str) -> str:
    """A cell without entities, line breaks, bold, italics, code and struck-out blanks."""
    cell = html.unescape(cell) if "&" in cell else cell
    for tag in ("<br>", "<br/>", "<br />", "<b>", "</b>", "<sub>", "</sub>"):
        cell = cell.replace(tag, " " if "br" in tag else "")
    cell = cell.strip()
    for _ in range(_MOST_MARKS):
        if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "*`_":
            cell = cell[1:-1].strip()
    for escaped in ("\\_", "\\*", "\\-", "\\~", "\\`"):
        cell = cell.replace(escaped, escaped[1])
    return " ".join(cell.split())


_MOST_MARKS = 6  # around a cell, as in ***`x`***


def _columns(cells: Sequence[str]) -> tuple[int, ...] | None:
    """Where a header has quantity, answer and perhaps points; None where it is none of ours."""
    titles = [cell.casefold().strip(" :*") for cell in cells]
    answers = [column for column, title in enumerate(titles) if title.startswith(_ANSWERS)]
    if "quantity" not in titles or not answers:
        return None
    points = (titles.index("points"),) if "points" in titles else ()
    return (titles.index("quantity"), answers[0], *points)


_ANSWERS = ("answer", "your answer", "my answer")


def _is_rule(cells: Sequence[str]) -> bool:
    """Whether it is the line under a header."""
    return any(cells) and not any(cell.strip(":-–—= ") for cell in cells)


def escaped(cell: str) -> str:
    """A cell in which a pipe ends nothing."""
    return cell.replace("|", "\\|")


# CSV ---------------------------------------------------------------------------------------------


def separator_of(text: str) -> str:
    """What separates the columns of CSV; "" where the text is Markdown."""
    first = next(iter(text.lstrip().split("\n", 1)))[:1000]
    for separator in (",", ";", "\t"):
        cells = [cell.strip(' "') for cell in first.split(separator)]
        if "|" not in first and _columns(cells):
            return separator
    return ""


def _from_csv(text: str, separator: str) -> Parts:
    rows: list[Row] = []
    columns: tuple[int, ...] | None = None
    width = 0
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        for cells in reader:
            texts = [_bare(undefused(cell)) for cell in cells]
            if columns is None:
                columns, width = _columns(texts), len(texts)
            else:
                _add(rows, _joined(texts) if width == 2 else texts, columns, reader.line_num)
    except csv.Error as error:
        raise SheetError(f"line {reader.line_num} of the CSV file: {error}") from None
    return Parts("", None, rows)
