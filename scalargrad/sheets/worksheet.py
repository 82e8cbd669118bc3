"""Worksheets: Markdown with prose, the program in a fenced block, and a table of quantities.

The table has the header `| quantity | answer |`; the block begins with a line ```sg. The prose may
state a convention for a kink, as relu′(0) = 0; else every value of the subdifferential is right.
"""

from __future__ import annotations

import csv
import html
import io
import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from scalargrad.cells import defused, undefused
from scalargrad.checking.answer_key import key_of
from scalargrad.checking.kinks import stated_slopes
from scalargrad.checking.precision import Precision, stated_precision
from scalargrad.checking.quantities import (
    Quantity,
    UnknownQuantity,
    quantity,
    resolved,
    shown,
    truth,
)
from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, ProgramError
from scalargrad.files import write_all
from scalargrad.graph.model import Graph, contracted, edges_between
from scalargrad.language.reading import Program, program
from scalargrad.notation.numbers import MINUS, decimal
from scalargrad.notation.words import printable
from scalargrad.sheets.variants import variants

MOST_CHARACTERS = 1_000_000  # of a sheet
MOST_LINES = 2_000  # of its table
MOST_IN_PROGRAM = 100_000  # characters
_PROSE = """# Worksheet

Write each number as a decimal (-0.5) or as a fraction (-1/2)."""


class SheetError(ValueError):
    """A worksheet that cannot be made, read or saved, in one line."""


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        quantity: what is asked for; a gradient names the output. None where the program has none
            of that name.
        written: the answer as it was written, "" for none.
        place: where it stands in the file, counted from 1; 0 for a sheet that was not read.
        text: what stands in the place of a quantity, where it is none.
    """

    quantity: Quantity | None
    written: str = ""
    place: int = field(default=0, compare=False)
    text: str = ""

    @property
    def name(self) -> str:
        """The quantity in Unicode, or what stands in its place."""
        return shown(self.quantity) if self.quantity else self.text


@dataclass(frozen=True)
class Sheet:
    """A worksheet, empty or filled in.

    Attributes:
        text: of its program.
        lines: of its table, in order.
        prose: what stands above the program.
    """

    text: str
    lines: tuple[Line, ...]
    prose: str = _PROSE

    @cached_property
    def program(self) -> Program:
        """The Values of the program."""
        return _program(self.text)

    @cached_property
    def slopes(self) -> dict[str, Scalar]:
        """The conventions that the prose states: {"relu": 0} where it says relu′(0) = 0.

        Raises:
            SheetError: for one that cannot be.
        """
        try:
            return stated_slopes(self.prose)
        except ValueError as error:
            raise SheetError(str(error)) from None

    @property
    def precision(self) -> Precision:
        """How precise the prose wants answers: significant figures, a tolerance."""
        return stated_precision(self.prose)

    @property
    def answers(self) -> dict[str, str]:
        """What was written, by quantity, in order; see `rows` where one stands twice."""
        return {name: written for name, written in self.rows if name}

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Quantity and answer of each line."""
        return [(line.name, line.written) for line in self.lines]

    def _repr_markdown_(self) -> str:
        """The sheet, in a notebook."""
        return self.markdown()

    def markdown(self, answers: bool = False) -> str:
        """The sheet, or with the right answers in place of those that were written the key."""
        fence = "```"
        while fence in self.text:
            fence += "`"
        rows = [("quantity", "answer"), ("---", "---"), *(self._key if answers else self.rows)]
        table = [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
        prose = [self.prose, ""] if self.prose else []
        return "\n".join([*prose, f"{fence}sg", self.text, fence, "", *table, ""])

    def csv(self, answers: bool = False) -> str:
        """The table, without the program; no cell is a spreadsheet's formula."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("quantity", "answer"))
        for row in self._key if answers else self.rows:
            writer.writerow(map(defused, row))
        return file.getvalue()

    @property
    def _key(self) -> list[tuple[str, str]]:
        key = key_of(self.program, self.slopes, self.precision)
        return [
            (line.name, answer(key.truth(key.key(line.quantity))) if line.quantity else "")
            for line in self.lines
        ]


# Making ------------------------------------------------------------------------------------------


def worksheet(program_text: str, *, ask: str = "all", seed: int | None = None) -> Sheet:
    """A worksheet on a program.

    Args:
        program_text: with a number for every input.
        ask: "named" for the values of the computed nodes and the gradient of each named node;
            "all" for the derivatives of each named node by those it is made from too; "path:w2"
            for the factors of the chain from w2 to the output, and their product.
        seed: draws new inputs; by default the program keeps its own.

    Raises:
        SheetError: for a program or an `ask` that does not do.

    >>> sheet = worksheet("x = 2; w = 0.8; h = relu(w*x); loss = (h - 1)^2", ask="path:w")
    >>> print(sheet.csv(answers=True))
    quantity,answer
    ∂ℓ/∂h,1.2
    ∂h/∂w,2
    ∂ℓ/∂w,2.4
    """
    text = program_text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if seed is not None:
        _program(text)
        (text,) = variants(text, 1, seed)
    made = _program(text)
    asked = _asked(made, ask)
    if not asked:
        raise SheetError("the program has no named nodes that a worksheet could ask for")
    if len(asked) > MOST_LINES:
        raise SheetError(
            f"a worksheet has at most {MOST_LINES} lines, not {len(asked)}; ask for path:NAME"
        )
    for found in asked:
        if not math.isfinite(scalars.to_float(truth(found, made))):
            raise SheetError(f"{shown(found)} is not finite; choose other inputs")
    return Sheet(text, tuple(map(Line, asked)))


def _asked(made: Program, ask: str) -> list[Quantity]:
    """The quantities to ask for: values forwards, then derivatives backwards."""
    kind, _, through = ask.partition(":")
    if kind not in ("all", "named", "path") or bool(through) != (kind == "path"):
        raise SheetError(f"a worksheet asks for all, named or path:NAME; got {ask[:40]!r}")
    graph = contracted(made.output)
    names = _first_names(made)
    places = {name: graph.place(node) for node, name in names.items()}
    label = {place: name for name, place in places.items() if place is not None}
    output = label[graph.output]
    if kind == "path":
        return _on_path(graph, label, made, _named(through, made))
    nodes = [place for place in range(len(graph.nodes)) if place in label]
    values = [
        Quantity("value", label[place])
        for place in nodes
        if graph.nodes[place].operation and not graph.nodes[place].is_constant
    ]
    edges = range(len(graph.edges)) if kind == "all" else ()
    gradients = [
        Quantity("derivative", output, label[place]) for place in nodes if place != graph.output
    ]
    return values + _once([*_locals(graph, label, edges, made), *reversed(gradients)])


def _first_names(made: Program) -> dict[Value, str]:
    """The name of each Value; of several, which h = x gives, the first."""
    return {made[name]: name for name in reversed(list(made))}


def _on_path(graph: Graph, label: dict[int, str], made: Program, name: str) -> list[Quantity]:
    start = next((place for place, found in label.items() if found == name), None)
    output = label[graph.output]
    if start is None or not (edges := edges_between(graph, start)):
        raise SheetError(f"no path leads from {name} to the output {output}")
    asked = [*_locals(graph, label, edges, made), Quantity("derivative", output, name)]
    return _once(asked)


def _locals(
    graph: Graph, label: dict[int, str], edges: Collection[int], made: Program
) -> list[Quantity]:
    """The derivatives of named nodes by the named nodes before them, the output's first.

    Where another path leads around an edge, ∂g/∂w may mean either, and is not asked for.
    """
    if len(edges) > MOST_LINES:
        raise SheetError(
            f"a worksheet has at most {MOST_LINES} lines, not {len(edges)}; ask for path:NAME"
        )
    found = []
    for edge in sorted(
        (graph.edges[edge] for edge in edges), key=lambda e: (e.target, e.source), reverse=True
    ):
        if edge.target in label and edge.source in label:
            asked = Quantity("derivative", label[edge.target], label[edge.source])
            total, local = scalars.to_float(truth(asked, made)), scalars.to_float(edge.local)
            if math.isclose(total, local, rel_tol=1e-9):
                found.append(asked)
    return found


def _once(asked: Iterable[Quantity]) -> list[Quantity]:
    """The quantities without repetition, each where it stands last."""
    return list(dict.fromkeys(reversed(list(asked))))[::-1]


def _named(name: str, made: Program) -> str:
    try:
        found = quantity(name, tuple(made))
    except UnknownQuantity as error:
        raise SheetError(str(error)) from None
    return found.by or found.of


def answer(exact: Scalar) -> str:
    """A right answer as it stands in a key: a short decimal, a fraction, or a rounded number.

    >>> [answer(number) for number in (Fraction(-6, 25), Fraction(1, 3), 2, 2 / 3)]
    ['−0.24', '1/3', '2', '≈ 0.666667']
    """
    if not scalars.is_exact(exact):
        return f"≈ {scalars.to_float(exact):#.6g}".replace("-", MINUS)
    number = Fraction(exact)
    rounded = decimal(number, 10)
    if len(rounded) < 13 and Fraction(rounded.replace(MINUS, "-")) == number:
        return rounded
    if max(abs(number.numerator), number.denominator) < 10**6:
        return str(number).replace("-", MINUS)
    return f"≈ {decimal(number, 6)}"


# Reading -----------------------------------------------------------------------------------------


class _Row(NamedTuple):
    quantity: str
    answer: str
    place: int


def sheet_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that should hold a sheet, of which little more than it may be is read.

    Raises:
        SheetError: for a folder, a file that cannot be read, is too large, or holds no text.
    """
    path = Path(path)
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "is not there"
            called = printable(str(path), 300)
            raise SheetError(f"{called} {what}; a sheet is a Markdown or CSV file")
        with path.open("rb") as file:
            content = file.read(4 * MOST_CHARACTERS + 4)
    except (OSError, ValueError) as error:
        if isinstance(error, SheetError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise SheetError(f"cannot read {printable(str(path), 300)}: {reason}") from None
    return _decoded(content)


def read_sheet(text: str, text_of_program: str | None = None) -> Sheet:
    """The sheet that stands in Markdown or CSV.

    Args:
        text: with a header `quantity | answer`; other columns and other tables are passed over.
        text_of_program: that the sheet is about; by default the sheet holds it. CSV holds none.

    Raises:
        SheetError: for what cannot be read.

    >>> sheet = worksheet("x = 2; w = 0.8; loss = (w*x - 1)^2")
    >>> read_sheet(sheet.markdown()) == sheet
    True
    """
    if len(text) > MOST_CHARACTERS:
        raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
    if "\0" in text:
        raise SheetError("a sheet is a text; this is a binary file")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    separator = _separator(text)
    prose, block, rows = _from_csv(text, separator) if separator else _from_markdown(text)
    if text_of_program is not None:
        block = text_of_program.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if rows is None:
        raise SheetError("the sheet has no table with the header | quantity | answer |")
    if block is None:
        where = "give it with --program" if separator else "it stands between lines ```sg and ```"
        raise SheetError(f"the sheet has no program: {where}")
    if not rows:
        raise SheetError("the table of the sheet has no lines")
    made = _program(block)
    return Sheet(block, _lines(rows, made), prose)


def program_in(text: str) -> str | None:
    """The text of the program that a sheet shows; None for none, as in CSV.

    Raises:
        SheetError: for two programs, and for a block that is not closed.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return None if _separator(text) else _from_markdown(text)[1]


def _program(text: str) -> Program:
    """The program of a sheet; what is wrong with it in one line."""
    if len(text) > MOST_IN_PROGRAM:
        raise SheetError(f"the program of a sheet has at most {MOST_IN_PROGRAM:,} characters")
    try:
        return program(text)
    except ProgramError as error:
        place = f"line {error.line}, column {error.column}"
        raise SheetError(f"the program of the sheet, {place}: {error.message}") from None
    except DomainError as error:
        raise SheetError(f"the program of the sheet, {str(error).splitlines()[0]}") from None


def _lines(rows: Sequence[_Row], made: Program) -> tuple[Line, ...]:
    names = tuple(made)
    first = _first_names(made)
    lines = []
    for row in rows:
        try:
            asked = resolved(quantity(row.quantity, names), first[made.output])
        except UnknownQuantity:  # the report says so, beside the marks of the other lines
            lines.append(Line(None, row.answer, row.place, row.quantity))
            continue
        of, by = first[made[asked.of]], asked.by and first[made[asked.by]]
        lines.append(Line(replace(asked, of=of, by=by), row.answer, row.place))
    return tuple(lines)


def _decoded(content: bytes) -> str:
    """The text that bytes hold: UTF-8, or what a spreadsheet calls Unicode text (UTF-16)."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if len(content) > 4 * MOST_CHARACTERS:
        raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetError(
            f"a sheet is a text in UTF-8; byte {error.start} is {content[error.start]:#04x}"
        ) from None
    if "\0" in text:
        raise SheetError("a sheet is a text; this is a binary file")
    return text


# Markdown ----------------------------------------------------------------------------------------


def _from_markdown(text: str) -> tuple[str, str | None, list[_Row] | None]:
    """Prose, program and rows; None for a program or a table that is missing."""
    lines = text.split("\n")
    blocks = list(_blocks(lines))
    inside = {place for block in blocks for place in range(block.first, block.last + 1)}
    rows = _rows((place, line) for place, line in enumerate(lines) if place not in inside)
    ours = [block for block in blocks if block.language in ("sg", "scalargrad")]
    if len(ours) > 1:
        first, second = ours[0].first + 1, ours[1].first + 1
        raise SheetError(f"the sheet has two programs, on lines {first} and {second}; keep one")
    plain = [block for block in blocks if not block.language]
    chosen = next(iter(ours or plain), None)
    if chosen is None:
        return "", None, rows
    return "\n".join(lines[: chosen.first]).strip(), chosen.text, rows


class _Block(NamedTuple):
    """A fenced block: its language, its text, and its first and last line."""

    language: str
    text: str
    first: int
    last: int


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
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
        yield _Block(info.strip("{}. ").lower(), "\n".join(inner).strip("\n"), place, end)
        place = end + 1


def _closes(line: str, mark: str, length: int) -> bool:
    bare = line.strip()
    return len(bare) >= length and not bare.strip(mark)


def _outdented(line: str, indent: int) -> str:
    return line[min(indent, len(line) - len(line.lstrip(" "))) :]


def _rows(lines: Iterable[tuple[int, str]]) -> list[_Row] | None:
    """The rows of all tables with our header; None where there is none."""
    rows: list[_Row] | None = None
    columns: tuple[int, int] | None = None
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


def _add(rows: list[_Row], cells: Sequence[str], columns: tuple[int, int], place: int) -> None:
    asked, written = (cells[column] if column < len(cells) else "" for column in columns)
    if len(rows) == MOST_LINES and (asked or written):
        raise SheetError(f"the table of a sheet has at most {MOST_LINES} lines")
    if asked or written:
        rows.append(_Row(asked, written, place))


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


def _columns(cells: Sequence[str]) -> tuple[int, int] | None:
    """Where a header has the quantity and the answer; None where it is none of ours."""
    titles = [cell.casefold().strip(" :*") for cell in cells]
    if "quantity" not in titles:
        return None
    answers = [column for column, title in enumerate(titles) if title.startswith(_ANSWERS)]
    return (titles.index("quantity"), answers[0]) if answers else None


_ANSWERS = ("answer", "your answer", "my answer")


def _is_rule(cells: Sequence[str]) -> bool:
    """Whether it is the line under a header."""
    return any(cells) and not any(cell.strip(":-–—= ") for cell in cells)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


# CSV ---------------------------------------------------------------------------------------------


def _separator(text: str) -> str:
    """What separates the columns of CSV; "" where the text is Markdown."""
    first = next(iter(text.lstrip().split("\n", 1)))[:1000]
    for separator in (",", ";", "\t"):
        cells = [cell.strip(' "') for cell in first.split(separator)]
        if "|" not in first and _columns(cells):
            return separator
    return ""


def _from_csv(text: str, separator: str) -> tuple[str, str | None, list[_Row] | None]:
    rows: list[_Row] = []
    columns: tuple[int, int] | None = None
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        for cells in reader:
            texts = [_bare(undefused(cell)) for cell in cells]
            if columns is None:
                columns = _columns(texts)
            else:
                _add(rows, texts, columns, reader.line_num)
    except csv.Error as error:
        raise SheetError(f"line {reader.line_num} of the CSV file: {error}") from None
    return _PROSE, None, rows


# Saving ------------------------------------------------------------------------------------------


def save_new(path: str | os.PathLike[str], text: str, force: bool = False) -> Path:
    """Write a file that was not there; what is there may be somebody's work.

    Raises:
        SheetError: when there is one, unless `force` is set.
        FileError: when it cannot be written.
    """
    return save_all_new([(path, text)], force)[0]


def save_all_new(
    files: Iterable[tuple[str | os.PathLike[str], str]], force: bool = False
) -> list[Path]:
    """Write files that were not there, all of them or none."""
    contents = [(Path(path), text.encode()) for path, text in files]
    for path, _ in contents:
        if not force and os.path.lexists(path):
            raise SheetError(
                f"{printable(str(path), 300)} is there and may hold somebody's answers; "
                "choose another name, or replace it with --force"
            )
    write_all(contents)
    return [path for path, _ in contents]
