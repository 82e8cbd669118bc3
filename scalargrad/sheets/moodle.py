"""Worksheets as questions of Moodle: its XML, in which a sheet is a question with embedded answers.

Each variant is one question, all in one category, from which a quiz draws one for each student. A
wrong answer that a common mistake gives has the name of that mistake as feedback. Moodle marks each
line for itself: what follows from an earlier mistake is wrong there.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, repeat
from xml.etree import ElementTree

from scalargrad.checking.answer_key import AnswerKey
from scalargrad.checking.diagnosis import mistakes
from scalargrad.checking.reading import of_number, read
from scalargrad.checking.recipes import Case
from scalargrad.checking.recomputing import Key, Way, computed
from scalargrad.checking.slips import SLIPS
from scalargrad.engine.scalars import to_float
from scalargrad.sheets.worksheet import Sheet

_TOLERANCE = 0.005  # of the value, as three figures have it
_FIGURES = 4  # of a wrong answer
_MOST_WRONG = 12  # answers with feedback, for a line
_MOST_ALIKE = 2  # of them with the same mistake


def moodle_xml(sheets: Iterable[Sheet], category: str) -> str:
    """The questions for Moodle: Question bank → Import → Moodle XML format.

    Args:
        sheets: the variants.
        category: of the question bank, made where there is none.
    """
    quiz = ElementTree.Element("quiz")
    place = _question(quiz, "category")
    _text(ElementTree.SubElement(place, "category"), f"$course$/top/{category.replace('/', '//')}")
    for number, sheet in enumerate(sheets, 1):
        question = _question(quiz, "cloze")
        _text(ElementTree.SubElement(question, "name"), f"{category} {number:02}")
        _text(ElementTree.SubElement(question, "questiontext", format="html"), _cloze(sheet))
    ElementTree.indent(quiz)
    return ElementTree.tostring(quiz, "unicode", xml_declaration=True) + "\n"


def _question(quiz: ElementTree.Element, kind: str) -> ElementTree.Element:
    return ElementTree.SubElement(quiz, "question", type=kind)


def _text(place: ElementTree.Element, text: str) -> None:
    ElementTree.SubElement(place, "text").text = text


def _cloze(sheet: Sheet) -> str:
    """The sheet as HTML, a blank to fill in on each line."""
    key = sheet.answer_key
    asked = [line for line in sheet.lines if line.quantity]
    keys = [key.key(line.quantity) for line in asked if line.quantity]
    rows = "".join(
        f"<tr><td>{_outside(line.name)}</td><td>{_blank(key, place, keys, line.points)}</td></tr>"
        for line, place in zip(asked, keys, strict=True)
    )
    prose = "".join(f"<p>{_outside(part)}</p>" for part in [*sheet.own_prose, HOW])
    return f"{prose}<pre>{_outside(sheet.text)}</pre><table>{rows}</table>"


HOW = "Write each number as a decimal, to three figures or more."


def _outside(text: str) -> str:
    """Text as HTML, in which no answer begins."""
    return html.escape(text).replace("{", "&#123;")


def _blank(key: AnswerKey, place: Key, keys: list[Key], points: float) -> str:
    """An embedded answer: the weight, the kind, and the answers with their feedback."""
    answers = [
        f"{sign}{number:.10g}:{tolerance:.2g}#{_escaped(feedback)}"
        for sign, (number, tolerance, feedback) in zip(
            chain("=", repeat("%0%")), answers_of(key, place, keys), strict=False
        )
    ]
    weight = max(1, round(points))
    return f"{{{weight}:NUMERICAL:{'~'.join(answers)}}}"


def answers_of(key: AnswerKey, place: Key, keys: list[Key]) -> Iterator[tuple[float, float, str]]:
    """The right answer of a line and then wrong ones: number, tolerance and feedback."""
    exact = to_float(key.truth(place))
    yield exact, _tolerance(exact), "Right."
    for number, name in _slips(key, place, keys):
        yield float(f"{number:.{_FIGURES}g}"), _tolerance(number), name


def _tolerance(number: float) -> float:
    return abs(number) * _TOLERANCE or _TOLERANCE


def _escaped(text: str) -> str:
    """Feedback as HTML in which no character ends the answer."""
    return re.sub(r"([\\}#~/\"])", r"\\\1", html.escape(text, quote=False))


def _slips(key: AnswerKey, place: Key, keys: list[Key]) -> Iterator[tuple[float, str]]:
    """Wrong numbers for a line whose earlier lines are right, each with its mistake."""
    truths = {each: key.truth(each) for each in keys}
    rank = key.outline.rank
    before = {each: truth for each, truth in truths.items() if rank(each) < rank(place)}
    nothing = {each: (Fraction(0), Fraction(0)) for each in truths}
    exact = truths[place]
    case = Case(key.outline, place, of_number(exact), Fraction(0), Fraction(0), before, nothing,
                exact, exact, truths)  # fmt: skip
    taken = [to_float(exact)]
    names: Counter[str] = Counter()
    for number in _candidates(case):
        reach = _tolerance(number)
        is_new = all(abs(number - other) > reach + _tolerance(other) for other in taken)
        if not is_new or not number or len(taken) > _MOST_WRONG:
            continue
        reading = read(f"{number:#.{_FIGURES}g}")
        found = mistakes(replace(case, reading=reading, half=Fraction(reach)))
        if len(found) == 1 and names[found[0].name] < _MOST_ALIKE:
            taken.append(number)
            names[found[0].name] += 1
            yield number, f"It looks as if {found[0]}."


def _candidates(case: Case) -> list[float]:
    """The numbers that any of the mistakes gives."""
    numbers: dict[float, None] = {}
    for slip in SLIPS:
        for work, _ in slip.recipe(case):
            number = computed(case.outline, Way(case.own), work)
            if number is not None:
                numbers[to_float(number)] = None
    return list(numbers)
