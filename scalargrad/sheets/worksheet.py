"""Worksheets: Markdown with prose, the program in a fenced block, and a table of quantities.

The table has the header `| quantity | answer |`; the block begins with a line ```sg. The prose may
state a convention for a kink, as relu′(0) = 0; else every value of the subdifferential is right.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from scalargrad.cells import csv_of
from scalargrad.checking.answer_key import AnswerKey, key_of
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
from scalargrad.engine.rebuild import depended_on
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, ProgramError
from scalargrad.files import write_all
from scalargrad.graph.model import Graph, contracted, edges_between
from scalargrad.language.reading import Program, program
from scalargrad.notation.numbers import MINUS, decimal
from scalargrad.notation.words import printable
from scalargrad.sheets.documents import MOST_CHARACTERS, SheetError
from scalargrad.sheets.tables import (
    ID_TITLE,
    MOST_LINES,
    Row,
    escaped,
    parts_of_sheet,
    plain,
    rows_by_position,
    separator_of,
)
from scalargrad.sheets.variants import variants

if TYPE_CHECKING:
    from scalargrad.checking.marking import Answers
    from scalargrad.checking.report import Report
    from scalargrad.view.drawing import Drawing
    from scalargrad.view.scene import Scene

MOST_IN_PROGRAM = 100_000  # characters
_TITLE = "Worksheet"
_PROSE = f"""# {_TITLE}

Write each number as a decimal (-0.5) or as a fraction (-1/2)."""


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        quantity: what is asked for; a gradient names the output. None where the program has none
            of that name.
        written: the answer as it was written, "" for none.
        place: where it stands in the file, counted from 1; 0 for a sheet that was not read.
        text: what stands in the place of a quantity, where it is none.
        points: what the line is worth.
    """

    quantity: Quantity | None
    written: str = ""
    place: int = field(default=0, compare=False)
    text: str = ""
    points: float = 1.0

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
    def own_prose(self) -> list[str]:
        """The paragraphs of the prose that are neither in every sheet nor the line of the id."""
        parts = [part.strip() for part in self.prose.split("\n\n")]
        usual = _PROSE.split("\n\n")
        return [part for part in parts if part and part not in usual and not id_in(part)]

    @property
    def id(self) -> str:
        """What tells it from other sheets, also when its program is edited; "" for none."""
        return id_in(self.prose)

    def with_id(self, variant: int | str) -> Sheet:
        r"""The sheet with a line that names it: the variant, and the version of its content.

        >>> worksheet("x = 2; y = x^2").with_id(3).prose.split("\n")[-1]
        'Sheet sg-3-... (leave this line as it is)'
        """
        content = "\n".join(["".join(self.text.split()), *(line.name for line in self.lines)])
        version = hashlib.sha256(content.encode()).hexdigest()[:_VERSION]
        line = f"Sheet sg-{variant}-{version} (leave this line as it is)"
        return replace(self, prose=f"{self.prose}\n\n{line}".strip())

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
        table = [f"| {' | '.join(map(escaped, row))} |" for row in self._table(answers, ("---",))]
        prose = [self.prose, ""] if self.prose else []
        return "\n".join([*prose, f"{fence}sg", self.text, fence, "", *table, ""])

    def html(self, answers: bool = False) -> str:
        """The sheet as a page of HTML that loads nothing, or the key."""
        from scalargrad.sheets import paper  # which few sheets need

        titles, *rows = self._table(answers)
        parts = [*map(_as_html, self.prose.split("\n\n")), f"<pre>{escape(self.text)}</pre>\n"]
        return paper.page(_TITLE, "".join([*parts, paper.table(titles, rows)]))

    def pdf(self, answers: bool = False) -> bytes:
        """The sheet on pages of A4, with room for the answers, or the key."""
        from scalargrad.sheets import paper

        rows: list[list[paper.Cell] | Scene] = []
        for part in self.prose.split("\n\n"):
            if _IMAGE.fullmatch(part):
                rows.append(_drawn(self.text).scene)
            elif part:
                size = 15.0 if part.startswith("# ") else 11.0
                rows.append([paper.Cell(part.removeprefix("# "), size=size, is_bold=size > 11)])
        rows += [[paper.Cell(line, size=11.0)] for line in self.text.splitlines() if line.strip()]
        titles, *lines = self._table(answers)
        starts = (0.0, 0.3, 1.0) if len(titles) == 2 else (0.0, 0.3, 0.8, 1.0)
        rows.append(paper.columns(titles, starts, size=11.0, is_bold=True))
        for name, written, *points in lines:
            cells = (name, written or "_" * 24, *points)
            rows.append(paper.columns(cells, starts, size=14.0))
        return paper.pdf(rows, _TITLE)

    def csv(self, answers: bool = False) -> str:
        """The table, without the program; no cell is a spreadsheet's formula."""
        last = [(ID_TITLE, self.id)] if self.id else []
        return csv_of([*self._table(answers), *last])

    def _table(self, answers: bool, rule: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        """Header and rows, with points where not all lines are worth the same."""
        has_points = any(line.points != 1 for line in self.lines)
        columns = ("quantity", "answer", "points")[: 2 + has_points]
        yield columns
        if rule:
            yield rule * len(columns)
        for line, row in zip(self.lines, self.key if answers else self.rows, strict=True):
            yield (*row, f"{line.points:g}")[: len(columns)]

    @cached_property
    def answer_key(self) -> AnswerKey:
        """What answers to it are marked against."""
        return key_of(self.program, self.slopes, self.precision)

    def check(self, answers: Answers, *, solutions: bool = True) -> Report:
        """The report on answers to this sheet, whatever is written on it itself.

        >>> worksheet("x = 2; w = 3; h = x w", ask="path:w").check({"dh/dw": "2"}).score
        1.0
        """
        from scalargrad.checking.marking import mark  # which writing sheets does not need

        return mark(self.answer_key, answers, solutions=solutions, asked=self.answers)

    @property
    def key(self) -> list[tuple[str, str]]:
        """The quantities as the sheet names them, each with the right answer."""
        key = self.answer_key
        return [
            (line.name, answer(key.truth(key.key(line.quantity))) if line.quantity else "")
            for line in self.lines
        ]


_ID = re.compile(r"\bsg-(\w+)-([0-9a-f]{6})\b")
_VERSION = 6  # digits


def id_in(text: str) -> str:
    """The id that a text shows, "" for none; of several the first."""
    shown_id = _ID.search(text)
    return shown_id[0] if shown_id else ""


def variant_in(id_: str) -> str:
    """The variant that an id names."""
    parts = _ID.fullmatch(id_)
    return parts[1] if parts else ""


# Making ------------------------------------------------------------------------------------------


def worksheet(
    program_text: str, *, ask: str = "all", seed: int | None = None, picture: bool = False
) -> Sheet:
    """A worksheet on a program.

    Args:
        program_text: with a number for every input.
        ask: "named" for the values of the computed nodes and the gradient of each named node;
            "all" for the derivatives of each named node by those it is made from too; "path:w2"
            for the factors of the chain from w2 to the output, and their product.
        seed: draws new inputs; by default the program keeps its own.
        picture: whether the graph is drawn above the program, to be filled in by hand.

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
    _check_count(asked)
    without_value = [each for each in asked if not scalars.is_finite(truth(each, made))]
    needed = depended_on([made.output])
    for each in without_value:
        if made[each.of] in needed:
            raise SheetError(f"{shown(each)} is not finite; choose other inputs")
        asked.remove(each)  # in a branch that is not taken
    prose = f"{_PROSE}\n\n{_picture(text)}" if picture else _PROSE
    return Sheet(text, tuple(map(Line, asked)), prose)


def _check_count(asked: Collection[object]) -> None:
    count = len(asked)
    if count > MOST_LINES:
        raise SheetError(
            f"a worksheet has at most {MOST_LINES} lines, not {count}; ask for path:NAME"
        )


_IMAGE = re.compile(r"!\[([^]]*)\]\((data:image/svg\+xml;base64,[\w+/=]+)\)")


def _picture(text: str) -> str:
    """The graph of a program with places for its numbers, as an image in Markdown."""
    drawn = b64encode(_drawn(text).content(".svg")).decode()
    return f"![The graph, to be filled in](data:image/svg+xml;base64,{drawn})"


def _drawn(text: str) -> Drawing:
    from scalargrad.view.drawing import draw  # which few sheets need

    output = _program(text).output
    output.backward()
    return draw(output).show("names")


def _as_html(part: str) -> str:
    """A paragraph of the prose."""
    image = _IMAGE.fullmatch(part)
    if image:
        return f'<p><img alt="{escape(image[1])}" src="{image[2]}"></p>\n'
    if part.startswith("# "):
        return f"<h1>{escape(part[2:])}</h1>\n"
    return f"<p>{escape(part)}</p>\n" if part else ""


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
    _check_count(edges)
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


def read_sheet(text: str, text_of_program: str | None = None, asked: Sequence[str] = ()) -> Sheet:
    """The sheet that stands in Markdown or CSV.

    Args:
        text: with a header `quantity | answer`; other columns and other tables are passed over.
        text_of_program: that the sheet is about; by default the sheet holds it. CSV holds none.
        asked: the quantities in their order, for a table in which they cannot be read.

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
    prose, shown_program, rows = parts_of_sheet(text)
    is_csv = bool(separator_of(plain(text)))
    block = shown_program if text_of_program is None else plain(text_of_program).strip("\n")
    if block is None:
        if rows is None:
            raise SheetError(_NO_TABLE)
        where = "give it with --program" if is_csv else "it stands between lines ```sg and ```"
        raise SheetError(f"the sheet has no program: {where}")
    if rows is not None and not rows:
        raise SheetError("the table of the sheet has no lines")
    made = _read_program(block)
    lines = _lines(rows or [], made)
    if not any(line.quantity for line in lines):
        lines = _lines(_unnamed(text, block, made, asked), made) or lines
    if not lines:
        raise SheetError(_NO_TABLE)
    return Sheet(block, lines, _PROSE if is_csv else prose)


_NO_TABLE = "the sheet has no table with the header | quantity | answer |"


def strict_report(sheet: Sheet) -> Report:
    """A sheet, marked as `assert_gradients` does: each answer is right by itself."""
    from scalargrad.checking.marking import mark

    return mark(sheet.answer_key, sheet.rows, strict=True)


def _points(row: Row) -> float:
    try:
        points = float(row.points.replace(",", ".") or 1)
    except ValueError:
        points = math.nan
    if not 0 <= points < math.inf:
        raise SheetError(f"line {row.place}: points are a number from 0; got {row.points[:40]!r}")
    return points


def _unnamed(text: str, block: str, made: Program, asked: Sequence[str]) -> list[Row]:
    """The rows where no header of ours is, or its quantities say nothing."""
    statements = {"".join(each.split()) for line in block.split("\n") for each in line.split(";")}
    lines = [
        "" if any("".join(each.split()) in statements for each in line.split(";") if each.strip())
        else line
        for line in plain(text).split("\n")
    ]  # fmt: skip
    return rows_by_position("\n".join(lines), quantities_of(made), asked)


def quantities_of(made: Program) -> Callable[[str], bool]:
    """Whether a text names a quantity of a program."""
    names = tuple(made)

    def is_quantity(text: str) -> bool:
        try:
            quantity(text, names)
        except UnknownQuantity:
            return False
        return True

    return is_quantity


def program_in(text: str) -> str | None:
    """The text of the program that a sheet shows; None for none, as in CSV.

    Raises:
        SheetError: for two programs, and for a block that is not closed.
    """
    return parts_of_sheet(text).program


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


_read_program = lru_cache(maxsize=64)(_program)  # of a class; nobody else gets these Values


def _lines(rows: Sequence[Row], made: Program) -> tuple[Line, ...]:
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
        exact = replace(asked, of=of, by=by)
        lines.append(Line(exact, row.answer, row.place, points=_points(row)))
    return tuple(lines)


# Saving ------------------------------------------------------------------------------------------


def save_all_new(
    files: Iterable[tuple[str | os.PathLike[str], str | bytes]], force: bool = False
) -> list[Path]:
    """Write files that were not there, all of them or none: what is there may be somebody's work.

    Raises:
        SheetError: when one is there, unless `force` is set.
        FileError: when one cannot be written.
    """
    contents = [
        (Path(path), content.encode() if isinstance(content, str) else content)
        for path, content in files
    ]
    for path, _ in contents:
        if not force and os.path.lexists(path):
            raise SheetError(
                f"{printable(str(path), 300)} is there and may hold somebody's answers; "
                "choose another name, or replace it with --force"
            )
    write_all(contents)
    return [path for path, _ in contents]
