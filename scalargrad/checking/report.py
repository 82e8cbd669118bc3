"""Report: what became of a sheet, line by line, as text, Markdown, HTML and JSON."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scalargrad.engine.scalars import Scalar
from scalargrad.notation.numbers import both, decimal
from scalargrad.notation.words import in_markdown, one_line

if TYPE_CHECKING:
    from scalargrad.view.drawing import Drawing

RIGHT = "right"
TOO_FEW = "right, too few figures"
FOLLOWS = "follows from your line"
AT_KINK = "follows, at a kink"
CONSISTENT = "consistent, no credit"
NOT_CONFIRMED = "not confirmed"
LAST_DIGIT = "last digit"
WRONG = "wrong"
FORMULA = "right formula"
UNREADABLE = "unreadable"
BLANK = "blank"
NOT_ASKED = "not asked"
UNKNOWN = "unknown quantity"

SIGNS = {RIGHT: "✓", TOO_FEW: "✓", AT_KINK: "→", FOLLOWS: "→", CONSISTENT: "→", WRONG: "✗",
         LAST_DIGIT: "✗", NOT_CONFIRMED: "?", FORMULA: "?", UNREADABLE: "?", UNKNOWN: "?",
         BLANK: "–", NOT_ASKED: "–"}  # fmt: skip


# Colours of a terminal and of HTML, which show on light and dark; the marks say the same.
_GREEN, _YELLOW, _RED, _GREY = ("32", "#2e8540"), ("33", "#a86500"), ("31", "#d13438"), ("2", "")
_COLOURS = {
    RIGHT: _GREEN, TOO_FEW: _GREEN, AT_KINK: _GREEN, FOLLOWS: _YELLOW, CONSISTENT: _YELLOW,
    NOT_CONFIRMED: _YELLOW, FORMULA: _YELLOW, LAST_DIGIT: _RED, WRONG: _RED, UNREADABLE: _RED,
    UNKNOWN: _RED, BLANK: _GREY, NOT_ASKED: _GREY,
}  # fmt: skip
_SHADES = {verdict: shade for verdict, (shade, _) in _COLOURS.items()}
INKS = {verdict: ink for verdict, (_, ink) in _COLOURS.items()}


# What is told of a line in JSON, in this order.
_TOLD = ("number", "quantity", "written", "verdict", "credit", "message", "exact", "expected",
         "rule", "working")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of a sheet, marked.

    Attributes:
        number: its place on the sheet, from 1.
        quantity: what was asked for, as mathematics writes it.
        written: the text of the answer.
        verdict: "right", "right, too few figures", "follows, at a kink", "follows from your line
            N", "consistent, no credit", "not confirmed", "last digit", "wrong", "right formula",
            "unreadable", "blank", "not asked" or "unknown quantity".
        message: one sentence or two for the person.
        hint: the same without the solution.
        exact: the true value; None where it is withheld or not known.
        expected: the value recomputed from the person's own earlier lines; None likewise.
        follows: the number of the line with the mistake that this line follows from.
        rule: of a mistake the formula of the step, or the chain rule: "∂ℓ/∂h × ∂h/∂w"; "" where it
            is withheld, or would not help.
        working: the same in the numbers of the person's own lines: "0.6 × 2".
        credit: 1 for a right line, or one that follows from others; 1/2 for a slip in the figures
            or fewer of them than the sheet asks for, and for what is not confirmed, until a person
            decides.
    """

    number: int
    quantity: str
    written: str
    verdict: str
    message: str
    hint: str
    exact: Scalar | None = None
    expected: Scalar | None = None
    follows: int | None = None
    credit: Fraction = Fraction(0)
    rule: str = ""
    working: str = ""

    def as_data(self) -> dict[str, Any]:
        """What is told of it in JSON."""
        plain: dict[str, Any] = {"credit": float(self.credit)}
        for name in ("exact", "expected"):
            plain[name] = None if getattr(self, name) is None else both(getattr(self, name))
        return {name: plain.get(name, getattr(self, name)) for name in _TOLD}

    @property
    def kind(self) -> str:
        """The verdict without the number of another line."""
        return FOLLOWS if self.verdict.startswith(FOLLOWS) else self.verdict

    @property
    def is_mistake(self) -> bool:
        """Whether a computation goes wrong here, and not before."""
        return self.verdict in (WRONG, LAST_DIGIT)

    @property
    def strict_credit(self) -> Fraction:
        """The same without follow-through."""
        return Fraction(0) if self.kind == FOLLOWS else self.credit


@dataclass(frozen=True)
class Report:
    """A marked sheet.

    Attributes:
        lines: in the order of the sheet.
        first_wrong: the quantity at which the computation first goes wrong, in the order of
            computation; None if nowhere.
        mistakes: the names of the mistakes that fit there: one; several, where one cannot tell;
            none.
        notes: sentences about the whole sheet.
        has_solutions: whether the true values are shown.
        drawn: makes the picture of what goes wrong first.
    """

    lines: tuple[Line, ...]
    first_wrong: str | None = None
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    has_solutions: bool = True
    drawn: Callable[[], Drawing | None] | None = field(default=None, repr=False, compare=False)

    @property
    def working(self) -> str:
        """The line that goes wrong first, worked out: its rule, in numbers, and the result.

        "" where it is a number that was read off, which the line itself says.
        """
        first = next((line for line in self.lines if line.quantity == self.first_wrong), None)
        result = decimal(first.expected, 6) if first and first.expected is not None else ""
        if first is None or not first.working or first.working == result:
            return ""
        steps = " = ".join((first.quantity, first.rule, first.working, result))
        return f"{steps}; you wrote {one_line(first.written, 40)}"

    @cached_property
    def picture(self) -> Drawing | None:
        """The graph with the edges of the first wrong line marked, of a long program a part of it.

        None where nothing is wrong, and where solutions are withheld.
        """
        return self.drawn() if self.drawn and self.has_solutions else None

    @property
    def asked(self) -> tuple[Line, ...]:
        """The lines that count."""
        return tuple(line for line in self.lines if line.verdict not in (NOT_ASKED, UNKNOWN))

    @property
    def score(self) -> float:
        """The share of the lines that are right or follow from own earlier lines, 0 to 1."""
        return _share(line.credit for line in self.asked)

    @property
    def strict_score(self) -> float:
        """The share of the lines that are right, 0 to 1."""
        return _share(line.strict_credit for line in self.asked)

    @property
    def ok(self) -> bool:
        """Whether every line that was asked for is right, and no quantity is unknown."""
        good = (RIGHT, AT_KINK, NOT_ASKED)
        return bool(self.asked) and all(line.verdict in good for line in self.lines)

    def without_solutions(self) -> Report:
        """The report without true and recomputed values, for those who shall try again."""
        lines = tuple(
            replace(line, message=line.hint, exact=None, expected=None, rule="", working="")
            for line in self.lines
        )
        return replace(self, lines=lines, has_solutions=False)

    @property
    def summary(self) -> str:
        """One line: how many are right, and the score with and without follow-through."""
        count = len(self.asked)
        right = sum(line.verdict in (RIGHT, AT_KINK) for line in self.asked)
        follow = sum(line.kind == FOLLOWS for line in self.asked)
        following = f", {follow} follow{'s' * (follow == 1)} from earlier lines" if follow else ""
        others = {TOO_FEW: "with too few figures", NOT_CONFIRMED: "not confirmed",
                  FORMULA: "a right formula without a number"}  # fmt: skip
        for verdict, said in others.items():
            count_of = sum(line.verdict == verdict for line in self.asked)
            following += f", {count_of} {said}" if count_of else ""
        unknown = sum(line.verdict == UNKNOWN for line in self.lines)
        left = f", {unknown} of unknown quantity" if unknown else ""
        lines = f"{right} of {count} line{'s' * (count != 1)} right{following}{left}"
        scores = f"score {_percent(self.score)}"
        if self.strict_score != self.score:
            scores += f", {_percent(self.strict_score)} without follow-through"
        return f"{lines}; {scores}"

    @property
    def text(self) -> str:
        """A line for each line of the sheet, and the summary."""
        return self._text(lambda row, line: row)

    @property
    def coloured(self) -> str:
        """The text in the colours of a terminal."""
        return self._text(lambda row, line: f"\x1b[{_SHADES[line.kind]}m{row}\x1b[0m")

    def _text(self, paint: Callable[[str, Line], str]) -> str:
        left = _column([line.quantity for line in self.lines])
        middle = _column([line.written for line in self.lines])
        rows = [
            paint(f"{mark(line)} {quantity}  {written}  {line.message}".rstrip(), line)
            for line, quantity, written in zip(self.lines, left, middle, strict=True)
        ]
        return "\n".join([*rows, *self.remarks])

    @property
    def remarks(self) -> list[str]:
        """What stands beneath the lines: the first mistake worked out, notes, the summary."""
        return [text for text in (self.working, *self.notes, self.summary) if text]

    @property
    def markdown(self) -> str:
        """A table in Markdown, what goes wrong first, the summary, and the picture."""
        rows = [map(in_markdown, _cells(line)) for line in self.lines]
        table = [f"| {' | '.join(row)} |" for row in (_TITLES, ["---"] * len(_TITLES), *rows)]
        parts = ["\n".join(table), *map(in_markdown, self.remarks)]
        if self.picture:
            parts.append(f"![{in_markdown(self._caption)}]({_as_data(self.picture)})")
        return "\n\n".join(parts)

    @property
    def _caption(self) -> str:
        return f"The graph, marked where {self.first_wrong} belongs."

    @property
    def html(self) -> str:
        """The same in HTML; every text in it is escaped."""
        rows = ""
        for line in self.lines:
            quantity, written, verdict, message = _cells(line)
            cells = [_cell("td", quantity), _cell("td", one_line(written, 30))]
            cells += [_cell("td", verdict, INKS[line.kind]), _cell("td", message)]
            rows += f"<tr>{''.join(cells)}</tr>"
        head = "".join(_cell("th", title) for title in _TITLES)
        notes = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        if self.picture:
            notes += (
                f'<img alt="{html.escape(self._caption)}" style="max-width: min(100%, 45em)" '
                f'src="{_as_data(self.picture)}">'
            )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}"

    def _repr_html_(self) -> str:
        return self.html

    @property
    def json(self) -> str:
        """All of it as JSON; numbers as text, fraction and decimal."""
        return json.dumps(self.as_data(), ensure_ascii=False, indent=1)

    def as_data(self) -> dict[str, Any]:
        """All of it in dicts, lists, texts and floats."""
        return {
            "ok": self.ok,
            "score": self.score,
            "strict_score": self.strict_score,
            "first_wrong": self.first_wrong,
            "mistakes": list(self.mistakes),
            "working": self.working,
            "notes": list(self.notes),
            "lines": [line.as_data() for line in self.lines],
        }

    def __str__(self) -> str:
        """The text."""
        return self.text

    __repr__ = __str__


_TITLES = ("quantity", "answer", "verdict", "remark")


def _cells(line: Line) -> tuple[str, ...]:
    return line.quantity, line.written, f"{mark(line)} {line.verdict}", line.message


def _as_data(picture: Drawing) -> str:
    """A picture as an address that holds it."""
    encoded = base64.b64encode(picture.content(".svg")).decode()
    return f"data:image/svg+xml;base64,{encoded}"


def _cell(tag: str, text: str, ink: str = "") -> str:
    colour = f"; color: {ink}" if ink else ""
    return f'<{tag} style="text-align: left{colour}">{html.escape(text)}</{tag}>'


def mark(line: Line) -> str:
    """One character for a verdict."""
    return SIGNS[line.kind]


def _share(credits: Iterable[Fraction]) -> float:
    given = list(credits)
    return float(sum(given) / len(given)) if given else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _column(texts: list[str]) -> list[str]:
    """Texts, filled up to one width; marks above letters take none."""
    shown = [one_line(text, 30) for text in texts]
    widths = [sum(not unicodedata.combining(c) for c in text) for text in shown]
    most = max(widths, default=0)
    return [text + " " * (most - width) for text, width in zip(shown, widths, strict=True)]
