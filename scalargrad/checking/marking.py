"""Marking by follow-through: each line is recomputed from the person's own earlier lines.

A line is accepted where it rounds to the truth, or to what follows from the other lines of the
sheet, give or take what their own rounding can carry: so whoever rounds at every step passes, and
whoever keeps all digits and rounds only what he writes down passes too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

from scalargrad.checking.answer_key import AnswerKey, AtKinks, key_of
from scalargrad.checking.diagnosis import Mistake, mistakes
from scalargrad.checking.formulas import judged
from scalargrad.checking.kinks import ANY, Interval
from scalargrad.checking.quantities import UnknownQuantity, quantity
from scalargrad.checking.reading import (
    Comma,
    Reading,
    UnreadableNumber,
    comma_of,
    is_blank,
    of_number,
    read,
)
from scalargrad.checking.recipes import Case
from scalargrad.checking.recomputing import (
    FAILURES,
    Expected,
    Key,
    Recomputation,
    Strays,
    Way,
    computed,
    expected,
    is_rounded,
    straight,
)
from scalargrad.checking.report import (
    AT_KINK,
    BLANK,
    CONSISTENT,
    FOLLOWS,
    FORMULA,
    LAST_DIGIT,
    NOT_ASKED,
    NOT_CONFIRMED,
    RIGHT,
    TOO_FEW,
    UNKNOWN,
    UNREADABLE,
    WRONG,
    Line,
    Report,
)
from scalargrad.checking.sentences import SENTENCES
from scalargrad.checking.together import Range, first_impossible, of_line
from scalargrad.checking.working import in_names, in_numbers, picture, rule
from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value
from scalargrad.graph.lanes import Lanes, over_numbers
from scalargrad.graph.model import outputs_of
from scalargrad.language.reading import Program, program
from scalargrad.notation.numbers import MINUS, decimal
from scalargrad.notation.words import one_line, printable

Answers = Mapping[str, Any] | Iterable[tuple[str, Any]]  # as dict takes them

_FEW = Fraction(1, 20)  # half a unit that is a larger share of the truth: too few figures
_SLIP = Fraction(1, 10)  # a unit that is a larger share is no slip in the last digit
_ROUNDING = Fraction(1, 10**11)  # of what is computed in floats, relative
_NOISE = Fraction(1, 10**15)  # of the same, absolute: 0.1 + 0.2 − 0.3 is nought
_MOST_UNITS = 3  # that rounding may put off a lone answer
_MOST_MISTAKES = 5  # whose reason is looked for
_MISTAKES = (WRONG, LAST_DIGIT)
_DOUBTFUL = (TOO_FEW, NOT_CONFIRMED, LAST_DIGIT)
_CREDIT = {RIGHT: Fraction(1), AT_KINK: Fraction(1), FOLLOWS: Fraction(1),
           TOO_FEW: Fraction(1, 2), NOT_CONFIRMED: Fraction(1, 2),
           LAST_DIGIT: Fraction(1, 2)}  # fmt: skip


def check(
    work: Program | Value | str,
    answers: Answers,
    *,
    at_kinks: AtKinks | Mapping[str, Any] = "any",
    solutions: bool = True,
    asked: Iterable[str] | None = None,
    lanes: Lanes = None,
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
        lanes: of a graph of lanes "mean", "sum" or the number of one, which a note then says; of a
            mean and a sum the output is marked, and its gradients by what has no lanes.

    Raises:
        ProgramError: for a program that cannot be read.
        ValueError: for lanes that there are not.
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
    ∂ℓ/∂h = 2(h − 1) = 2 × (1.6 − 1) = 1.2; you wrote 0.6
    1 of 3 lines right, 1 follows from earlier lines; score 67 %, 33 % without follow-through
    """
    if lanes is not None:
        (output, *_) = outputs_of(program(work) if isinstance(work, str) else work, "check takes")
        work, words = over_numbers(output, lanes)
        report = check(work, answers, at_kinks=at_kinks, solutions=solutions, asked=asked)
        return replace(report, notes=(words, *report.notes))
    if isinstance(at_kinks, str):
        return mark(key_of(work), answers, at_kinks=at_kinks, solutions=solutions, asked=asked)
    slopes = {name: scalars.scalar(slope) for name, slope in at_kinks.items()}
    return mark(key_of(work, slopes), answers, solutions=solutions, asked=asked)


# One sheet ---------------------------------------------------------------------------------------


_UNREAD = Reading("", Fraction(0), Fraction(0))


@dataclass
class _Answer:
    """A line while it is marked."""

    number: int
    quantity: str
    written: str
    original: object = ""  # the answer before it was made a text
    key: Key = ()  # no nodes where there is nothing to mark
    reading: Reading = _UNREAD
    problem: str = ""
    verdict: str = ""
    exact: Scalar = None
    expected: Scalar = None
    half: Fraction = Fraction(0)
    roots: frozenset[int] = frozenset()  # the lines with the mistakes that it follows from
    mistakes: tuple[Mistake, ...] = ()
    is_at_kink: bool = False
    is_chosen: bool = False  # whether other lines say which of the slopes there
    reason: str = ""  # for a verdict that is neither right nor wrong
    credit: Fraction = Fraction(0)
    is_carried: bool = False  # whether it is right only for what rounding on the way carries

    @property
    def is_blank(self) -> bool:
        return is_blank(self.written)


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
    sheet = _Sheet(key, at_kinks, strict, [a.reading for a in read_answers])
    in_order = [answer for answer in read_answers if answer.key]
    in_order.sort(key=lambda answer: (key.outline.rank(answer.key), answer.number))
    for answer in in_order:
        sheet.mark(answer)
    if at_kinks == "any":
        _refuse_what_is_impossible(key, in_order)
    sheet.settle(sum(answer.verdict not in (NOT_ASKED, UNKNOWN) for answer in read_answers))
    wrong = [answer for answer in in_order if answer.verdict in _MISTAKES]
    for answer in [answer for answer in wrong if not answer.is_at_kink][:_MOST_MISTAKES]:
        answer.mistakes = sheet.mistakes(answer)
    first = wrong[0] if wrong else None
    unconfirmed = [str(a.number) for a in read_answers if a.verdict == NOT_CONFIRMED and a.credit]
    notes: tuple[str, ...] = (_to_confirm(unconfirmed),) if unconfirmed else ()
    if at_kinks == "any":
        notes += tuple(filter(None, [_of_kinks(key, answer) for answer in in_order]))
    report = Report(
        tuple(sheet.line(answer) for answer in read_answers),
        first.quantity if first else None,
        tuple(mistake.name for mistake in first.mistakes) if first else (),
        notes,
        drawn=partial(picture, key, first.key) if first and first.key else None,
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
    commas = {comma_of(answer.written) for answer in given} - {None}
    comma = commas.pop() if len(commas) == 1 else "asked for"
    counting: dict[Key, _Answer] = {}
    for answer in given:
        if answer.key:
            first = counting.setdefault(answer.key, answer)
            if first.is_blank and not answer.is_blank:
                counting[answer.key] = answer
    for answer in given:
        if answer.key and wanted is not None and answer.key not in wanted:
            answer.verdict, answer.problem = NOT_ASKED, "this was not asked for"
        elif answer.key and counting[answer.key] is not answer:
            answer.verdict = NOT_ASKED
            answer.problem = f"line {counting[answer.key].number} answers this; that one counts"
        yield _with_reading(key, answer, comma)
    missing = [asked for asked in (wanted or {}).items() if asked[0] not in counting]
    for number, (place, name) in enumerate(missing, len(given) + 1):
        yield _Answer(number, name, "", verdict=BLANK, exact=key.truth(place))


def _answer(key: AnswerKey, number: int, name: object, written: object) -> _Answer:
    """A line with the nodes that its quantity names."""
    text = "" if written is None else str(written)
    answer = _Answer(number, str(name), text, original=written)
    try:
        if not str(name).strip():
            raise UnknownQuantity(
                "this row names no quantity: write it before the answer, as in | ∂ℓ/∂w₂ | −0.5 |; "
                f"got {printable(text.strip())!r}"
            )
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


def _with_reading(key: AnswerKey, answer: _Answer, comma: Comma | None) -> _Answer:
    """A line with its number; without nodes where there is nothing to mark."""
    if not answer.verdict and answer.is_blank:
        answer.verdict = BLANK
    if answer.verdict:
        answer.key = ()
        return answer
    try:
        answer.reading = _reading(answer.original, comma or "asked for")
    except UnreadableNumber as error:
        answer.verdict, answer.problem = UNREADABLE, _sentence(error)
        judgement = judged(key, answer.key, answer.written)
        if judgement:
            answer.problem = SENTENCES[judgement].format(quantity=answer.quantity)
        if judgement == "right formula":
            answer.verdict, answer.credit = FORMULA, key.precision.formulas
        answer.key = ()
    return answer


def _reading(written: object, comma: Comma) -> Reading:
    if isinstance(written, str):
        return read(written, comma)
    try:
        return of_number(scalars.scalar(written))
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
        places = sorted(found.places for found in readings if found.places and found.places > 0)
        self.finest = Fraction(1, 10 ** places[-1]) if places else Fraction(0)
        self.usual = places[len(places) // 2] if places else 0  # decimals, of the most lines
        self.own: dict[Key, Scalar] = {}
        self.strays: dict[Key, Strays] = {}  # how far each may be off what was gone on with
        self.answers: dict[Key, _Answer] = {}

    def mark(self, answer: _Answer) -> None:
        """Give a line its verdict; the lines that it can follow from have theirs."""
        key, reading = answer.key, answer.reading
        self.answers[key] = answer
        answer.exact = self.key.truth(key, self.at_kinks)
        low, high = self._judge(answer)
        if len(key) == 1 and not key[0].parents:
            return  # an input is given: nothing follows from another number for it
        number = reading.middle
        is_small = max(abs(number.numerator), number.denominator) < 10**60
        self.own[key] = number if is_small else scalars.to_float(number)
        spread = answer.half / 10 if answer.half else Fraction(0)  # or to one digit more
        down, up = (min(max(off, -answer.half), answer.half) for off in (low, high))
        self.strays[key] = min(down, -spread), max(up, spread)

    def _judge(self, answer: _Answer) -> Strays:
        """Give a line its verdict; how far it is from what it should have been."""
        key, reading, exact = answer.key, answer.reading, answer.exact
        allowed = self.key.allowed(key, self.at_kinks)
        answer.is_at_kink = allowed.low != allowed.high
        chosen = self._by_own_slopes(key) if answer.is_at_kink else None
        if chosen is not None:  # a slope at a kink is chosen once, not anew on each line
            allowed, answer.is_chosen = Interval(chosen, chosen), True
        is_exact = self.strict and reading.is_integer
        answer.half = Fraction(0) if is_exact else self._half(reading, exact)
        answer.expected = exact
        reach = max(answer.half, self._tolerance(exact))
        is_right = allowed is ANY or _reaches(reading.middle, reach, allowed.low, allowed.high)
        if is_right:
            answer.verdict = self._by_figures(reading, answer.half, exact, answer.is_at_kink)
            if self.strict:
                return _off(reading, exact, exact)
        way = next(self._ways(key))
        first = computed(self.key.outline, way, straight(key, way), in_floats=False)
        answer.expected = exact if first is None else first
        if is_right:
            if not is_rounded(self.key.outline, way, key, self.strays, self._unseen(reading)):
                if reading.middle == exact == first:
                    answer.half = Fraction(0)  # the person went on with this number and no other
            elif (reading.places or 0) >= self.usual and not reading.is_integer:
                return -answer.half, answer.half
            return _off(reading, exact, answer.expected)
        return self._judge_by_own_lines(answer, [(allowed.low, allowed.high, answer.half)])

    def _by_own_slopes(self, key: Key) -> Scalar | None:
        """What a line at a kink must be, where the slopes there stand on other lines."""
        recomputation = Recomputation(self.key.outline, self.own)
        try:
            number = recomputation.quantity(key)
        except FAILURES:
            return None
        is_chosen = any(self.answers[k].is_at_kink for k in recomputation.used if k in self.own)
        return number if is_chosen and not recomputation.met_kink else None

    def _judge_by_own_lines(self, answer: _Answer, bounds: list[_Bounds]) -> Strays:
        """Give a line that is not right its verdict; a unit off some bounds is the last digit."""
        key, reading = answer.key, answer.reading
        for way in self._ways(key):
            outcome = self._expected(key, way, reading)
            if outcome is None:
                continue
            half = self._half(reading, outcome.number if outcome.low == outcome.high else math.nan)
            roots = frozenset[int]().union(*(self.answers[key].roots for key in outcome.used))
            if not roots and self._is_by_own_convention(key, outcome):
                answer.expected = answer.expected if answer.is_chosen else answer.exact
                continue
            if not roots and self.strict:
                continue
            reach = max(half, self._tolerance(outcome.number))
            if _reaches(reading.middle, reach, outcome.low, outcome.high):
                answer.half = half
                self._follow(answer, outcome, roots)
                return _off(reading, outcome.low, outcome.high)
            bounds.append((outcome.low, outcome.high, half))
        for low, high, half in bounds:
            size = abs(Fraction(low)) if _is_finite(low) else Fraction(0)
            if 2 * half <= _SLIP * size and (
                _reaches(reading.middle, 2 * half, low, high)
                or (half and (_is_unit_off(reading, low) or _is_unit_off(reading, high)))
            ):
                answer.verdict = LAST_DIGIT
        answer.verdict = answer.verdict or WRONG
        answer.half = min(answer.half, self._half(reading, answer.expected))
        if reading.is_integer:  # it was meant as one, or its final zeros were left out
            usual = Fraction(1, 2 * 10**self.usual) if self.usual and reading.middle else 0
            answer.half = min(answer.half, Fraction(usual))
        answer.roots = frozenset([answer.number])
        return -answer.half, answer.half

    def _follow(self, answer: _Answer, outcome: Expected, roots: frozenset[int]) -> None:
        answer.expected = outcome.number
        if roots:
            answer.roots = roots
            answer.verdict = f"{FOLLOWS} {min(roots)}"
            return
        allowed = self.key.allowed(answer.key, self.at_kinks)
        lowest, highest = outcome.low - to_float(answer.half), outcome.high + to_float(answer.half)
        if self.key.slopes(answer.key) is not None and not (
            lowest <= to_float(allowed.high) and to_float(allowed.low) <= highest
        ):
            answer.verdict, answer.reason = AT_KINK, SENTENCES["at a kink"]
            return
        answer.verdict = self._by_figures(
            answer.reading, answer.half, answer.exact, allowed.low != allowed.high
        )
        answer.is_carried = True
        if outcome.used:
            return
        unit, exact = to_float(answer.reading.unit), to_float(answer.exact)
        off = abs(to_float(answer.reading.middle) - exact)
        is_far = max(outcome.high - exact, exact - outcome.low) > _MOST_UNITS * unit
        is_coarse = answer.verdict == TOO_FEW or off > max(unit, to_float(_FEW) * abs(exact))
        if is_far or is_coarse:
            answer.verdict, answer.reason = NOT_CONFIRMED, SENTENCES["show the steps"]

    def _is_by_own_convention(self, key: Key, outcome: Expected) -> bool:
        """Whether a line at a kink follows from no slope of the person: then only the true are."""
        both = self.key.slopes(key) if self.at_kinks == "any" else None
        return both is not None and not any(len(used) > 1 for used in outcome.used)

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
        near = to_float(reading.middle), to_float(reading.half_unit)
        return expected(
            self.key.outline, way, straight(key, way), self.strays, self._unseen(reading),
            any_at_kinks=self.at_kinks == "any",
            near=near,
        )  # fmt: skip

    def _half(self, reading: Reading, due: Scalar) -> Fraction:
        """How far the number may be from what was written: an integer is exact where one is due.

        A nought without decimals shows no figure, so it stands for what the decimals of most lines
        do not show.
        """
        if reading.is_integer and _is_integer(due):
            return Fraction(0)
        if not reading.middle and (reading.places or 0) <= 0:
            return Fraction(1, 2 * 10**self.usual) if self.usual else Fraction(0)
        return reading.half_unit

    def _tolerance(self, due: Scalar) -> Fraction:
        """How far off the author of the sheet lets an answer be."""
        precision = self.key.precision
        return precision.allowance(due) if precision.tolerance and _is_finite(due) else Fraction(0)

    def _unseen(self, reading: Reading) -> Fraction:
        """To which unit a step that was not written was rounded.

        It was rounded as the line is. A whole number does not say how, and half a unit of it would
        carry to nearly anything: the decimals of the other lines say it.
        """
        if reading.places is None:
            return 2 * reading.half_unit
        return reading.unit if reading.places > 0 else self.finest

    def _by_figures(
        self, reading: Reading, half: Fraction, exact: Scalar, is_at_kink: bool = False
    ) -> str:
        """The verdict on a number that the truth rounds to: whether its figures tell it apart.

        It is not confirmed where it might as well be nought, the truth with the other sign, half of
        it or its double. Figures are few where there are fewer than the sheet wants or, where it
        does not say, than on most lines. Within a tolerance that the sheet states all are right.
        """
        middle = reading.middle
        if not half or is_at_kink or _is_nearly(middle, exact):
            return RIGHT
        truth = Fraction(exact)
        if self.key.precision.tolerance:
            return RIGHT if abs(middle - truth) <= self._tolerance(exact) else TOO_FEW
        usual = Fraction(1, 2 * 10**self.usual) if self.usual else half
        if abs(middle - truth) <= usual * (1 + _ROUNDING):  # final zeros were left out
            half = min(half, usual)
        is_other = any(abs(middle - other) <= half for other in (0, -truth, truth / 2, 2 * truth))
        if is_other or middle * truth < 0:  # rounding on the way may turn a sign
            return NOT_CONFIRMED
        if self.key.precision.figures is not None:
            return TOO_FEW if _figures(reading) < self.key.precision.figures else RIGHT
        is_short = (reading.places or 0) < max(2, self.usual)
        return TOO_FEW if is_short and half > _FEW * abs(truth) else RIGHT

    def settle(self, asked: int) -> None:
        """Give the lines their credit, for which the whole sheet counts.

        Follow-through is for slips in honest work: there are few mistakes, and more than one of
        them only where as many lines are right that depend on the numbers of this very sheet. A
        number that a mistake made trivial shows no work. Where most lines are mistakes, or follow
        from some, a line is right that the truth rounds to, and no other.
        """
        slips = [answer for answer in self.answers.values() if answer.verdict in _MISTAKES]
        doubtful = sum(answer.verdict == NOT_CONFIRMED for answer in self.answers.values())
        is_honest = max(len(slips), doubtful) <= max(2, asked // 5) and (
            len(slips) < 2 or len(slips) <= sum(map(self._shows_work, self.answers.values()))
        )
        wrong_numbers = [_size(answer) for answer in slips]
        trivial = {answer.number for answer in slips if _size(answer) in _TRIVIAL}
        off = sum(bool(answer.roots) for answer in self.answers.values())
        is_empty = not is_honest and 2 * off >= len(self.answers)
        for answer in self.answers.values():
            if answer.verdict.startswith(FOLLOWS):
                reason = ""
                if not is_honest:
                    reason = "too many mistakes"
                elif _size(answer) in _TRIVIAL:
                    reason = "a mistaken nought or one"
                elif wrong_numbers.count(_size(answer)) > 1:
                    reason = "the same number again"
                elif len(answer.roots & trivial) > 1:
                    reason = "several noughts and ones"
                if reason:
                    answer.verdict, answer.reason = CONSISTENT, SENTENCES[reason]
            elif (answer.verdict in _DOUBTFUL and not is_honest) or (
                answer.is_carried and is_empty
            ):
                if answer.verdict != LAST_DIGIT:
                    answer.verdict = NOT_CONFIRMED
                    answer.reason = SENTENCES["no benefit of the doubt"]
                continue
            is_following = answer.verdict.startswith(FOLLOWS)
            answer.credit = _CREDIT.get(FOLLOWS if is_following else answer.verdict, Fraction(0))
            if answer.verdict == TOO_FEW and not self.key.precision.is_stated:
                answer.credit, answer.reason = Fraction(1), SENTENCES["too few figures, no rule"]

    def _shows_work(self, answer: _Answer) -> bool:
        """Whether a line is right, and would not be on a sheet with other numbers."""
        return answer.verdict == RIGHT and not self.key.is_constant(answer.key)

    def mistakes(self, answer: _Answer) -> tuple[Mistake, ...]:
        """The names of the mistakes that give what was written."""
        before = self._before(answer.key)
        case = Case(
            self.key.outline, answer.key, answer.reading, answer.half, self._unseen(answer.reading),
            before, self.strays, answer.exact, answer.expected, self.own,
        )  # fmt: skip
        found = mistakes(case)
        if not found and answer.verdict == LAST_DIGIT:
            return (Mistake("the last digit is not rounded right"),)
        return found

    def line(self, answer: _Answer) -> Line:
        """The line with its verdict and message."""
        message, hint = self._messages(answer)
        is_mistake = answer.verdict in _MISTAKES
        follows = min(answer.roots) if answer.roots and not is_mistake else None
        written = working = ""
        formula = rule(self.key, answer.key) if is_mistake and answer.key else None
        if formula is not None and answer.key:
            written = in_names(formula)
            working = in_numbers(self.key, answer.key, self._before(answer.key))
        return Line(
            answer.number, answer.quantity, answer.written, answer.verdict, message, hint,
            answer.exact, answer.expected, follows, answer.credit, written, working,
        )  # fmt: skip

    def _before(self, key: Key) -> dict[Key, Scalar]:
        """The numbers of the lines that a line can follow from."""
        rank = self.key.outline.rank
        return {other: number for other, number in self.own.items() if rank(other) < rank(key)}

    def _messages(self, answer: _Answer) -> tuple[str, str]:
        """The message, and the message without the solution."""
        parts = {"quantity": answer.quantity, "written": _written(answer.written)}
        if answer.problem:
            return (answer.problem,) * 2
        if answer.verdict == RIGHT:
            note = answer.reading.note
            return (SENTENCES["read over" if note else "right"].format(note=note),) * 2
        if answer.verdict in (TOO_FEW, NOT_CONFIRMED, BLANK):
            few = {TOO_FEW: "too few figures", NOT_CONFIRMED: "not told apart", BLANK: "blank"}
            hint = answer.reason or SENTENCES[few[answer.verdict]]
            truth = SENTENCES["the truth"].format(truth=_number(answer.exact), rule="")
            return f"{hint}{';' if answer.verdict == BLANK else ':'} {truth}", hint
        if answer.reason:
            return (answer.reason.format(**parts),) * 2
        if answer.verdict.startswith(FOLLOWS):
            return (SENTENCES["follows"].format(**parts),) * 2
        parts |= {"solution": self._solution(answer), "looks": _looks_like(answer.mistakes)}
        kind = "last digit" if answer.verdict == LAST_DIGIT else "wrong"
        return SENTENCES[kind].format(**parts), SENTENCES[f"{kind}, withheld"].format(**parts)

    def _solution(self, answer: _Answer) -> str:
        """What should have been written."""
        formula = rule(self.key, answer.key)
        digits = min(15, max(6, sum(map(str.isdigit, answer.written)) + 1))
        allowed = self.key.allowed(answer.key, self.at_kinks)
        numbers = {"truth": answer.exact, "own": answer.expected, "low": allowed.low,
                   "high": allowed.high}  # fmt: skip
        parts = {name: _number(number, digits) for name, number in numbers.items()}
        parts["rule"] = f" (= {in_names(formula)})" if formula is not None else ""
        kind = "the truth" if parts["truth"] == parts["own"] else "own and the truth"
        if answer.is_at_kink:
            kind = "own slope" if answer.is_chosen else "any slope"
        return SENTENCES[kind].format(**parts)


def _refuse_what_is_impossible(key: AnswerKey, answers: Sequence[_Answer]) -> None:
    """Call lines wrong whose slopes at a kink are right alone, and not with those before them."""
    at_kinks = [answer for answer in answers if answer.is_at_kink and answer.verdict == RIGHT]
    lines: list[list[Range]] = []
    for answer in at_kinks:
        of, by, *step = answer.key
        both = key.slopes(answer.key)
        if both is None or both.outcome != "slopes":
            lines.append([])
            continue
        slope, half = answer.reading.middle, answer.half
        if step:  # an update says what the slope was
            slope, half = (Fraction(by.data) - slope) / step[0], half / abs(step[0])
        half = min(half, _FEW * Fraction(both.high - both.low))  # 1 is no rounding of ½ here
        lines.append(of_line(of, by, slope - half, slope + half))
    for place in first_impossible(lines):
        at_kinks[place].verdict = WRONG
        at_kinks[place].reason = SENTENCES["one slope"]


def _of_kinks(key: AnswerKey, answer: _Answer) -> str:
    """What is said of a line at a kink where the convention is not right, or nothing is."""
    both = key.slopes(answer.key)
    if both is None:
        return ""
    if both.outcome != "slopes":
        return f"{answer.quantity} has no slope to mark: {both.reason}."
    convention = key.truth(answer.key, "convention")
    right = key.truth(answer.key)
    if convention == right:
        return ""
    return (
        f"{answer.quantity} is {_number(right, 6)}; backward gives {_number(convention, 6)}, by "
        "its conventions at kinks."
    )


def _to_confirm(numbers: list[str]) -> str:
    listed = ", ".join(numbers)
    which = f"Line {listed} counts" if len(numbers) == 1 else f"Lines {listed} count"
    return f"{which} half until a person decides: the figures do not confirm what was written."


def _looks_like(mistakes: tuple[Mistake, ...]) -> str:
    if not mistakes:
        return ""
    kind = "one mistake" if len(mistakes) == 1 else "several mistakes"
    return SENTENCES[kind].format(mistakes=", or ".join(map(str, mistakes)))


# Numbers -----------------------------------------------------------------------------------------


def _figures(reading: Reading) -> int:
    """How many significant figures were written: 2 of -0.24, 1 of 4×10^17."""
    return len(str(abs(reading.middle) // reading.unit)) if reading.unit else 99


def _is_integer(number: Scalar) -> bool:
    return _is_finite(number) and _is_nearly(Fraction(round(Fraction(number))), number)


def _is_nearly(number: Fraction, exact: Scalar) -> bool:
    """Whether a number is the truth, whatever noise that has from being computed in floats."""
    if scalars.is_exact(exact) or not _is_finite(exact):
        return bool(number == exact)
    return abs(number - Fraction(exact)) <= max(_NOISE, _NOISE * 1000 * abs(number))


def _is_finite(number: Scalar) -> bool:
    return scalars.is_exact(number) or math.isfinite(scalars.to_float(number))


_TRIVIAL = (0, 1)


def _size(answer: _Answer) -> Fraction:
    return abs(answer.reading.middle)


def _off(reading: Reading, *others: Scalar) -> Strays:
    """How far the numbers that were meant are from what was written, down and up."""
    finite = [Fraction(other) - reading.middle for other in others if _is_finite(other)]
    return min(finite, default=Fraction(0)), max(finite, default=Fraction(0))


def _is_unit_off(reading: Reading, due: Scalar) -> bool:
    """Whether a written number is one unit from what is due, rounded as it is: 0.79 for 0.78."""
    if not _is_finite(due) or not 0 < reading.unit <= _SLIP * abs(Fraction(due)):
        return False
    rounded = round(Fraction(due) / reading.unit) * reading.unit
    return abs(reading.middle - rounded) <= reading.unit


def _reaches(middle: Fraction, half: Fraction, low: Scalar, high: Scalar) -> bool:
    """Whether a written number lies within half a unit of an interval."""
    if not (_is_finite(low) and _is_finite(high)):
        return False
    if not (scalars.is_exact(low) and scalars.is_exact(high)):
        half += max(_NOISE, _ROUNDING * max(abs(Fraction(low)), abs(Fraction(high))))
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
