"""Marking by follow-through: each line is recomputed from the person's own earlier lines.

A line is accepted where it rounds to the truth, or to what follows from the other lines of the
sheet, give or take what their own rounding can carry: so whoever rounds at every step passes, and
whoever keeps all digits and rounds only what he writes down passes too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scalargrad.checking import diagnosis
from scalargrad.checking.answer_key import AnswerKey, AtKinks, key_of
from scalargrad.checking.quantities import UnknownQuantity, quantity
from scalargrad.checking.reading import Reading, UnreadableNumber, of_number, read
from scalargrad.checking.recomputing import (
    Expected,
    Key,
    Way,
    computed,
    expected,
    is_rounded,
    straight,
)
from scalargrad.checking.report import (
    BLANK,
    FOLLOWS,
    LAST_DIGIT,
    NOT_ASKED,
    RIGHT,
    TOO_FEW,
    UNKNOWN,
    UNREADABLE,
    WRONG,
    Line,
    Report,
)
from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.language.reading import Program
from scalargrad.notation.numbers import MINUS, decimal
from scalargrad.notation.words import one_line

Answers = Mapping[str, Any] | Iterable[tuple[str, Any]]  # as dict takes them

_FEW = Fraction(1, 20)  # half a unit that is a larger share of the truth: too few figures
_SLIP = Fraction(1, 10)  # a unit that is a larger share is no slip in the last digit
_ROUNDING = Fraction(1, 10**11)  # of what is computed in floats, relative
_MOST_MISTAKES = 5  # whose reason is looked for
_MISTAKES = (WRONG, LAST_DIGIT)


def check(
    work: Program | Value | str,
    answers: Answers,
    *,
    at_kinks: AtKinks | Mapping[str, Any] = "any",
    solutions: bool = True,
    asked: Iterable[str] | None = None,
) -> Report:
    """The report on a computation that was done by hand.

    Args:
        work: the program, its text, or the output of a graph with named nodes.
        answers: for each quantity, in any spelling, the text that was written; in any order. A
            number that was computed is compared to its last digits.
        at_kinks: "any" accepts every value of the subdifferential where a node sits on its kink,
            "convention" only the one of the table; {"relu": 0} states relu′(0) = 0, and leaves the
            other operations at any.
        solutions: whether the report may show true values.
        asked: the quantities that count; by default all that were answered. Those that were asked
            and not answered are blank.

    Raises:
        ProgramError: for a program that cannot be read.
        UnknownQuantity: for one among `asked` that is none of the program.
        TypeError: for a graph of other data than numbers.

    >>> text = "x = 2; w = 0.8; h = w*x; loss = (h - 1)^2"
    >>> report = check(text, {"dl/dh": "0.6", "dh/dw": "2", "dl/dw": "1.2"})
    >>> report.first_wrong, report.mistakes
    ('∂ℓ/∂h', ('the factor 2 of the square is lost',))
    >>> print(report)
    ✗ ∂ℓ/∂h  0.6  ∂ℓ/∂h: you wrote 0.6, it is 1.2 (= 2(h − 1)). It looks as if ...
    ✓ ∂h/∂w  2    right
    → ∂ℓ/∂w  1.2  ∂ℓ/∂w = 1.2 follows from your own earlier lines.
    1 of 3 lines right, 1 follows from earlier lines; score 67 %, 33 % without follow-through
    """
    if isinstance(at_kinks, str):
        return mark(key_of(work), answers, at_kinks=at_kinks, solutions=solutions, asked=asked)
    slopes = {name: scalars.scalar(slope) for name, slope in at_kinks.items()}
    return mark(key_of(work, slopes), answers, solutions=solutions, asked=asked)


# One sheet ---------------------------------------------------------------------------------------


@dataclass
class _Answer:
    """A line while it is marked."""

    number: int
    quantity: str
    written: str
    original: object = ""  # the answer before it was made a text
    key: Key | None = None
    reading: Reading | None = None
    problem: str = ""
    verdict: str = ""
    exact: Scalar | None = None
    expected: Scalar | None = None
    half: Fraction = Fraction(0)
    roots: frozenset[int] = frozenset()  # the lines with the mistakes that it follows from
    mistakes: tuple[str, ...] = ()
    is_at_kink: bool = False

    @property
    def is_blank(self) -> bool:
        return not self.written.strip(" \t\r\n–—-_.?…")


def mark(
    key: AnswerKey,
    answers: Answers,
    *,
    at_kinks: AtKinks = "any",
    solutions: bool = True,
    asked: Iterable[str] | None = None,
    strict: bool = False,
) -> Report:
    """The report on one sheet; see `check`.

    Where it is strict, a line is right only where the truth rounds to it: nothing is allowed for
    what rounding on the way carries, and a whole number is exact.
    """
    wanted = None if asked is None else _wanted(key, asked)
    read_answers = list(_read(key, answers, wanted))
    sheet = _Sheet(key, at_kinks, strict, [a.reading for a in read_answers if a.reading])
    in_order = [answer for answer in read_answers if answer.key is not None]
    in_order.sort(key=lambda answer: (key.outline.rank(answer.key or ()), answer.number))
    for answer in in_order:
        sheet.mark(answer)
    wrong = [answer for answer in in_order if answer.verdict in _MISTAKES]
    for answer in wrong[:_MOST_MISTAKES]:
        answer.mistakes = sheet.mistakes(answer)
    first = wrong[0] if wrong else None
    report = Report(
        tuple(sheet.line(answer) for answer in read_answers),
        first.quantity if first else None,
        first.mistakes if first else (),
        sheet.notes(),
    )
    return report if solutions else report.without_solutions()


def _wanted(key: AnswerKey, asked: Iterable[str]) -> dict[Key, str]:
    """The quantities that were asked for, and how they are shown."""
    quantities = [quantity(text, key.names) for text in asked]
    return {key.key(found): key.shown(found) for found in quantities}


def _read(key: AnswerKey, answers: Answers, wanted: Mapping[Key, str] | None) -> Iterator[_Answer]:
    """The answers with what they say, in their order, and those that are missing as blanks."""
    if isinstance(answers, str):
        raise TypeError(f'answers are like {{"dl/dw2": "-0.24"}}; got the text {answers!r}')
    pairs = answers.items() if isinstance(answers, Mapping) else answers
    given = [_answer(key, number, *pair) for number, pair in enumerate(pairs, 1)]
    counting: dict[Key, _Answer] = {}
    for answer in given:
        if answer.key is not None:
            first = counting.setdefault(answer.key, answer)
            if first.is_blank and not answer.is_blank:
                counting[answer.key] = answer
    for answer in given:
        if answer.key is not None and wanted is not None and answer.key not in wanted:
            answer.verdict, answer.problem = NOT_ASKED, "this was not asked for"
        elif answer.key is not None and counting[answer.key] is not answer:
            answer.verdict = NOT_ASKED
            answer.problem = f"line {counting[answer.key].number} answers this; that one counts"
        yield _with_reading(answer)
    missing = [found for found in wanted or {} if found not in counting]
    for number, found in enumerate(missing, len(given) + 1):
        yield _Answer(number, (wanted or {})[found], "", verdict=BLANK, exact=key.truth(found))


def _answer(key: AnswerKey, number: int, name: object, written: object) -> _Answer:
    """A line with the nodes that its quantity names."""
    text = "" if written is None else str(written)
    answer = _Answer(number, str(name), text, original=written)
    try:
        if not str(name).strip():
            raise UnknownQuantity("the answer has no quantity beside it")
        asked = quantity(str(name), key.names)
        answer.key = key.key(asked)
    except (UnknownQuantity, KeyError) as error:
        answer.verdict, answer.problem = UNKNOWN, _sentence(error)
        if key.shared:
            several = ", ".join(sorted(key.shared)[:5])
            answer.problem += f"; several nodes are named {several}: give them different names"
        return answer
    answer.quantity = key.shown(asked)
    answer.exact = key.truth(answer.key)
    return answer


def _with_reading(answer: _Answer) -> _Answer:
    """A line with its number; without nodes where there is nothing to mark."""
    if not answer.verdict and answer.is_blank:
        answer.verdict = BLANK
    if answer.verdict:
        answer.key = None
        return answer
    try:
        answer.reading = _reading(answer.original)
    except UnreadableNumber as error:
        answer.verdict, answer.problem, answer.key = UNREADABLE, _sentence(error), None
    return answer


def _reading(written: object) -> Reading:
    if isinstance(written, str):
        return read(written)
    try:
        number = scalars.scalar(written)
        return of_number(number)
    except (ArithmeticError, TypeError, ValueError):  # nan and inf, and what is no number
        return read(str(written))


_Bounds = tuple[Scalar, Scalar, Fraction]  # least and most, and how far a number may be from them


class _Sheet:
    """The lines of one person, as far as they are marked."""

    def __init__(
        self, key: AnswerKey, at_kinks: AtKinks, strict: bool, readings: Iterable[Reading]
    ) -> None:
        self.key = key
        self.at_kinks: AtKinks = at_kinks
        self.strict = strict
        halves = [found.unit / 2 for found in readings if (found.places or 0) > 0]
        self.finest = min(halves, default=Fraction(0))  # half a unit of the most decimals
        self.coarsest = max(halves, default=Fraction(0))  # and of the fewest
        self.own: dict[Key, Scalar] = {}
        self.halves: dict[Key, Fraction] = {}
        self.answers: dict[Key, _Answer] = {}
        self.carried_alone = False

    def mark(self, answer: _Answer) -> None:
        """Give a line its verdict; the lines that it can follow from have theirs."""
        assert answer.key is not None
        assert answer.reading is not None
        assert answer.exact is not None
        key, reading = answer.key, answer.reading
        self._judge(answer, key, reading, answer.exact)
        number = reading.middle
        is_small = max(abs(number.numerator), number.denominator) < 10**60
        self.own[key] = number if is_small else scalars.to_float(number)
        self.halves[key] = answer.half
        self.answers[key] = answer

    def _judge(self, answer: _Answer, key: Key, reading: Reading, exact: Scalar) -> None:
        allowed = self.key.allowed(key, self.at_kinks)
        answer.is_at_kink = allowed.low != allowed.high
        is_exact = self.strict and reading.is_integer
        answer.half = Fraction(0) if is_exact else self._half(reading, exact)
        answer.expected = exact
        is_right = _reaches(reading.middle, answer.half, allowed.low, allowed.high)
        if is_right:
            answer.verdict = TOO_FEW if self._has_too_few(reading, answer.half, exact) else RIGHT
            if self.strict:
                answer.half *= reading.middle != exact
                return
        way = next(self._ways(key))
        first = computed(self.key.outline, way, straight(key, way), in_floats=False)
        answer.expected = exact if first is None else first
        if is_right:
            if reading.middle == exact == first and not self._is_rounded(key, way, reading):
                answer.half = Fraction(0)  # the person went on with this number and no other
            return
        self._judge_by_own_lines(answer, key, reading, [(allowed.low, allowed.high, answer.half)])

    def _judge_by_own_lines(
        self, answer: _Answer, key: Key, reading: Reading, bounds: list[_Bounds]
    ) -> None:
        """Give a line that is not right its verdict; a unit off some bounds is the last digit."""
        for way in self._ways(key):
            outcome = self._expected(key, way, reading)
            if outcome is None:
                continue
            half = self._half(reading, outcome.number if outcome.low == outcome.high else math.nan)
            roots = frozenset[int]().union(*(self.answers[key].roots for key in outcome.used))
            if self.strict and not roots:
                continue
            if _reaches(reading.middle, half, outcome.low, outcome.high):
                answer.half = half
                self._follow(answer, outcome, roots)
                return
            bounds.append((outcome.low, outcome.high, half))
        for low, high, half in bounds:
            size = abs(Fraction(low)) if _is_finite(low) else Fraction(0)
            if 2 * half <= _SLIP * size and _reaches(reading.middle, 2 * half, low, high):
                answer.verdict = LAST_DIGIT
        answer.verdict = answer.verdict or WRONG
        assert answer.expected is not None
        answer.half = min(answer.half, self._half(reading, answer.expected))
        if reading.is_integer and not reading.middle:  # a nought that is wrong was meant as one
            answer.half = Fraction(0)
        answer.roots = frozenset([answer.number])

    def _follow(self, answer: _Answer, outcome: Expected, roots: frozenset[int]) -> None:
        answer.expected = outcome.number
        if roots:
            answer.roots = roots
            answer.verdict = f"{FOLLOWS} {min(roots)}"
        else:
            assert answer.reading is not None
            assert answer.exact is not None
            too_few = self._has_too_few(answer.reading, answer.half, answer.exact)
            answer.verdict = TOO_FEW if too_few else RIGHT
            self.carried_alone |= not outcome.used

    def _ways(self, key: Key) -> Iterator[Way]:
        """The ways in which a person may have come to a quantity, the most usual first."""
        own = self.own
        yield Way(own)
        if len(key) == 1:
            yield from self._meant()
            return
        yield Way(own, from_result=False)
        yield Way(own, forward=True)
        outline = self.key.outline
        yield from self._meant()
        factors = {k: n for k, n in own.items() if len(k) == 1 or outline.is_edge(k[:2])}
        values = {k: n for k, n in own.items() if len(k) == 1}
        if len(factors) < len(own):
            yield Way(factors)
        if len(values) < len(factors):
            yield Way(values)
            yield Way(values, from_result=False)

    def _meant(self) -> Iterator[Way]:
        """The way of a slip of the pen: the person went on with what was meant."""
        meant = {k: n for k, n in self.own.items() if self.answers[k].verdict not in _MISTAKES}
        if len(meant) < len(self.own):
            yield Way(meant)

    def _expected(self, key: Key, way: Way, reading: Reading) -> Expected | None:
        return expected(
            self.key.outline, way, straight(key, way), self.halves, self._unseen(reading),
            any_at_kinks=self.at_kinks == "any",
        )  # fmt: skip

    def _is_rounded(self, key: Key, way: Way, reading: Reading) -> bool:
        unseen = self._unseen(reading)
        return is_rounded(self.key.outline, way, key, self.halves, unseen)

    def _half(self, reading: Reading, due: Scalar) -> Fraction:
        """How far the number may be from what was written: an integer is exact where one is due.

        An interval that somebody states counts up to a unit of the last place, or 5 %: with 0±100
        and 0e9 everything would be right. A nought shows no figure, so it stands for what the
        decimals of the other lines do not show.
        """
        if reading.is_integer and _is_integer(due):
            return Fraction(0)
        size = abs(reading.middle)
        most = max(Fraction(1), size) / 2
        if not size and (reading.places or 0) <= 0:
            most = self.coarsest or most
        return min(reading.half_unit, max(reading.unit, _FEW * size), most)

    def _unseen(self, reading: Reading) -> Fraction:
        """How far rounding may put off a step that was not written.

        It was rounded as the line is. A whole number does not say how, and half a unit of it would
        carry to nearly anything: the decimals of the other lines say it.
        """
        if reading.places is None:
            return reading.half_unit
        return reading.unit / 2 if reading.places > 0 else self.finest

    def _has_too_few(self, reading: Reading, half: Fraction, exact: Scalar) -> bool:
        """Whether a right answer says too little: fewer decimals than others, or than two."""
        if not half or reading.middle == exact:
            return False
        is_wide = reading.half_unit > reading.unit > 0  # as in 0.30±0.02
        if is_wide and abs(reading.middle - Fraction(exact)) > reading.unit / 2:
            return True
        if half <= _FEW * abs(Fraction(exact)):
            return False
        places = reading.places or 0
        others = [a.reading.places or 0 for a in self.answers.values() if a.reading]
        return places < max([2, *others])

    def mistakes(self, answer: _Answer) -> tuple[str, ...]:
        """The names of the mistakes that give what was written."""
        assert answer.key is not None
        assert answer.reading is not None
        before = {
            key: number
            for key, number in self.own.items()
            if self.key.outline.rank(key) < self.key.outline.rank(answer.key)
        }
        case = diagnosis.Case(
            self.key.outline, answer.key, answer.reading, answer.half, self._unseen(answer.reading),
            before, self.halves, answer.exact, answer.expected, self.own,
        )  # fmt: skip
        found = diagnosis.mistakes(case)
        if not found and answer.verdict == LAST_DIGIT:
            return ("the last digit is not rounded right",)
        return found

    def notes(self) -> tuple[str, ...]:
        """What holds for the whole sheet."""
        if not self.carried_alone:
            return ()
        return (
            "Some lines are accepted for what rounding on the way may carry; "
            "with the steps written down, they could be marked more closely.",
        )

    def line(self, answer: _Answer) -> Line:
        """The line with its verdict and message."""
        message, hint = self._messages(answer)
        follows = min(answer.roots) if answer.verdict.startswith(FOLLOWS) else None
        return Line(
            answer.number, answer.quantity, answer.written, answer.verdict, message, hint,
            answer.exact, answer.expected, follows,
        )  # fmt: skip

    def _messages(self, answer: _Answer) -> tuple[str, str]:
        """The message, and the message without the solution."""
        written = _written(answer.written)
        if answer.problem:
            return (answer.problem,) * 2
        if answer.verdict == BLANK:
            return f"blank; it is {_number(answer.exact)}", "blank"
        if answer.verdict == RIGHT:
            return ("right",) * 2
        if answer.verdict == TOO_FEW:
            hint = "right, but with too few figures to tell"
            return f"{hint}: it is {_number(answer.exact)}", hint
        if answer.verdict.startswith(FOLLOWS):
            return (f"{answer.quantity} = {written} follows from your own earlier lines.",) * 2
        assert answer.key is not None
        formula = self.key.formula(answer.key)
        reason = f" (= {formula})" if formula else ""
        looks = _looks_like(answer.mistakes)
        start = f"{answer.quantity}: you wrote {written}"
        digits = min(15, max(6, sum(map(str.isdigit, answer.written)) + 1))
        truth, own = _number(answer.exact, digits), _number(answer.expected, digits)
        solution = f"it is {truth}{reason}"
        if truth != own:
            solution = f"from your earlier lines it is {own}{reason}; the true value is {truth}"
        if answer.is_at_kink:
            allowed = self.key.allowed(answer.key, self.at_kinks)
            ends = f"{_number(allowed.low, digits)} to {_number(allowed.high, digits)}"
            solution = f"at this kink anything from {ends} is right"
        if answer.verdict == LAST_DIGIT:
            return f"{start}, {solution}: a slip in the last digit.", f"{start}: last digit."
        return f"{start}, {solution}.{looks}", f"{start}: here it goes wrong.{looks}"


def _looks_like(mistakes: tuple[str, ...]) -> str:
    if len(mistakes) > 1:
        return f" Cannot tell why: {', or '.join(mistakes)}."
    return f" It looks as if {mistakes[0]}." if mistakes else ""


# Numbers -----------------------------------------------------------------------------------------


def _is_integer(number: Scalar) -> bool:
    return _is_finite(number) and Fraction(number).denominator == 1


def _is_finite(number: Scalar) -> bool:
    return scalars.is_exact(number) or math.isfinite(scalars.to_float(number))


def _reaches(middle: Fraction, half: Fraction, low: Scalar, high: Scalar) -> bool:
    """Whether a written number lies within half a unit of an interval."""
    if not (_is_finite(low) and _is_finite(high)):
        return False
    if not (scalars.is_exact(low) and scalars.is_exact(high)):
        half += _ROUNDING * max(abs(Fraction(low)), abs(Fraction(high)))
    return bool(Fraction(low) - half <= middle <= Fraction(high) + half)


def _number(number: Scalar | None, digits: int = 6) -> str:
    """A number as a message says it: 2, −0.24, about 0.333333."""
    text = decimal(number, digits)
    if not isinstance(number, int | float | Fraction) or not _is_finite(number):
        return text
    is_full = Fraction(text.replace(MINUS, "-")) == Fraction(number)
    return text if is_full else f"about {text}"


def _written(text: str) -> str:
    text = one_line(text)
    return MINUS + text[1:] if re.match(r"[-–]\.?[0-9]", text) else text


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
