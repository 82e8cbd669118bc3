"""What a slide states beside what scalargrad computes: claims, options of a quiz, pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from scalargrad.checking.marking import check
from scalargrad.checking.quantities import UnknownQuantity, quantity, truth
from scalargrad.checking.reading import read
from scalargrad.engine import scalars
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.language.reading import Program, program
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.view.drawing import Drawing
from scalargrad.view.picture import Frames

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXACT = "exact"
ROUNDS = "rounds to"
HOLDS = "holds"
FLAGGED = "flagged"
WRONG = "wrong"

SLIDE, FOLLOWS, OURS = "slide", "follows", "ours"
ORIGINS = (SLIDE, FOLLOWS, OURS)

_POINTS = 100  # at which a formula is tried
_CLOSE = 1e-12  # relative, of a formula in floats


@dataclass(frozen=True)
class Claim:
    """Something that is stated, and what became of it.

    Attributes:
        what: a quantity, as mathematics writes it, or a sentence.
        stated: the relation and the other side, "" for a sentence.
        computed: what it is, as text.
        verdict: "exact" or "rounds to" for a number, "holds" for a formula or a sentence,
            "flagged" for a slip that a check has raised; "wrong".
        origin: "slide" where it is printed, "follows" where it is computed from what is printed,
            "ours" where it needs a number or an experiment of our own.
        slide: the slide on which it is printed.
        called: the words beside it there, where they are not `what`.
    """

    what: str
    stated: str
    computed: str
    verdict: str
    origin: str = OURS
    slide: str = ""
    called: str = ""

    @property
    def is_met(self) -> bool:
        """Whether all is as it should be."""
        return self.verdict != WRONG

    @property
    def cells(self) -> tuple[str, str, str]:
        """What is stated, where it is from, and what became of it."""
        origin = f"{self.origin} {self.slide}".rstrip()
        is_new = self.computed and not self.stated.endswith(f" {self.computed}")
        result = f"{self.verdict}: {self.computed}" if is_new else self.verdict
        return f"{mark(self.verdict)} {self.what} {self.stated}".rstrip(), origin, result

    def __str__(self) -> str:
        """One line."""
        return "  ".join(self.cells)


def mark(verdict: str) -> str:
    """One character for a verdict."""
    return {WRONG: "✗", FLAGGED: "⚑"}.get(verdict, "✓")


def fact(what: str, is_so: bool, seen: str = "") -> Claim:
    """The claim that a sentence is true, and what was seen."""
    return Claim(what, "", seen, HOLDS if is_so else WRONG)


def same(what: str, stated: Any, computed: Any) -> Claim:
    """The claim that two things are equal: lists of numbers, names, counts."""
    verdict = EXACT if stated == computed else WRONG
    return Claim(what, f"= {_listed(stated)}", _listed(computed), verdict)


def _listed(thing: Any) -> str:
    if isinstance(thing, Fraction):
        return fraction(thing) if _is_short(thing) else decimal(thing, 7)
    if not isinstance(thing, list | tuple):
        return str(thing)
    return ", ".join(decimal(x, 6) if isinstance(x, int | float | Fraction) else str(x)
                     for x in thing)  # fmt: skip


# Numbers and formulas over a program -------------------------------------------------------------


def verdict(written: str, computed: Scalar) -> str:
    """What became of a number that is stated: "exact", "rounds to" or "wrong".

    >>> verdict("-.24", Fraction(-6, 25)), verdict("-.24", -0.2412), verdict("-.25", -0.24)
    ('exact', 'rounds to', 'wrong')

    A number without a point is no rounding: 0 is wrong for 0.1.

    >>> verdict("0", Fraction(1, 10)), verdict("≈ 4×10^17", 1.5**100)
    ('wrong', 'rounds to')
    """
    reading = read(written)
    if scalars.is_exact(computed) and reading.middle == computed and "≈" not in written:
        return EXACT
    return ROUNDS if reading.accepts(computed) else WRONG


def number(text: str, asked: str, relation: str, written: str) -> Claim:
    """The claim that a quantity of a program is a number, is near it, or lies on one side of it.

    >>> print(number("w = 3; l = w^2", "∂l/∂w", "=", "6"))
    ✓ ∂l/∂w = 6  ours  exact
    >>> number("w = 3; l = w^2", "∂l/∂w", "<", "6").verdict
    'wrong'
    """
    computed = _value(_run(text), text, asked)
    if relation in _COMPARED:
        found = HOLDS if _COMPARED[relation](computed, read(written).middle) else WRONG
    else:
        found = verdict(f"≈ {written}" if relation == "≈" else written, computed)
    if found == WRONG and relation == "=" and _is_right_at_a_kink(text, asked, written):
        return Claim(asked, f"= {written}", "a slope at the kink", HOLDS)
    is_full = found != ROUNDS and scalars.is_exact(computed) and _is_short(computed)
    shown = fraction(computed) if is_full else decimal(computed, 7)
    return Claim(asked, f"{relation} {written}", shown, found)


_COMPARED: Mapping[str, Callable[[Scalar, Scalar], bool]] = {
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "≠": lambda a, b: bool(a != b),
}


def _is_right_at_a_kink(text: str, asked: str, written: str) -> bool:
    """Whether it is a derivative that has no one value, and what is written is between its ends."""
    try:
        is_derivative = quantity(asked, tuple(_run(text))).kind == "derivative"
    except UnknownQuantity:
        return False
    is_kink = any(node.is_at_kink for node in _run(text).values())
    return is_derivative and is_kink and check(text, {asked: written}).ok


def _is_short(exact: Scalar) -> bool:
    return max(abs(Fraction(exact).numerator), Fraction(exact).denominator) < 10**7


@lru_cache(maxsize=64)
def _run(text: str) -> Program:
    return program(text) if text.strip() else Program({}, (), (None,))  # type: ignore[arg-type]


def _sum_of_products(made: Program, text: str, chain: str, data: Mapping[str, Any]) -> Scalar:
    """A chain rule that is written out, as in ∂ℓ/∂a × ∂a/∂x + ∂ℓ/∂b × ∂b/∂x."""
    terms = [[_value(made, text, factor, data) for factor in term.split(" × ")]
             for term in chain.split(" + ")]  # fmt: skip
    return sum(map(math.prod, terms))


def _value(made: Program, text: str, asked: str, data: Mapping[str, Any] | None = None) -> Scalar:
    """A quantity of a program, or an expression over its names, also at other numbers."""
    try:
        wanted = quantity(asked, tuple(made))
        end = made[wanted.of] if wanted.of else made.output
    except UnknownQuantity:
        made = _run(f"{text}\nclaimed = {asked}")
        wanted = quantity("claimed", ("claimed",))
        end = made.output
    if data is None:
        return truth(wanted, made)
    twins = rebuilt(end, {made[name]: data[name] for name in data if name in made})
    named = {name: twins[node] for name, node in made.items() if node in twins}
    if wanted.by and wanted.by not in named:
        return 0  # it does not depend on it
    return truth(wanted, Program(named, (), (twins[end],)))


def identity(text: str, asked: str, formula: str) -> Claim:
    """The claim that a quantity is a formula, tried at a hundred random points at once.

    Args:
        text: a program; each of its inputs is drawn from 0.2 to 1.8.
        asked: a derivative, as in "∂ℓ/∂w₁₁", or another quantity.
        formula: what it is, in the names of the program.

    >>> print(identity("w = 3; x = 2; y = 1; z = w x; loss = (z − y)^2", "∂ℓ/∂w", "2 (z − y) x"))
    ✓ ∂ℓ/∂w ≡ 2 (z − y) x  ours  holds: at 100 random points
    """
    import numpy as np

    made = _run(text)
    draw = Random(text)
    lanes = {name: np.array([draw.uniform(0.2, 1.8) for _ in range(_POINTS)])
             for name in made.inputs}  # fmt: skip
    found = _value(made, text, asked, lanes)
    value = _sum_of_products if "∂" in formula else _value
    stated = value(made, text, formula, lanes)
    far = float(np.max(abs(found - stated) / (1 + abs(stated))))
    is_so = far <= _CLOSE
    seen = f"at {_POINTS} random points" if is_so else f"off by {far:.2g}"
    return Claim(asked, f"≡ {formula}", seen, HOLDS if is_so else WRONG)


def marked(text: str, answers: Mapping[str, str], mistakes: Sequence[str] | None = None) -> Claim:
    """The claim that the checker lets answers pass, or that it flags them for some mistakes."""
    report = check(text, answers)
    what = ", ".join(f"{name} = {written}" for name, written in answers.items())
    if mistakes is None:
        seen = "passes" if report.ok else _first_mistake(report)
        return Claim(what, "", seen, HOLDS if report.ok else WRONG)
    is_raised = not report.ok and tuple(mistakes) in ((), tuple(report.mistakes))
    return Claim(what, "", _first_mistake(report), FLAGGED if is_raised else WRONG)


def _first_mistake(report: Any) -> str:
    wrong = [line for line in report.lines if line.is_mistake] or list(report.lines)
    return str(wrong[0].message)


# Options and pictures ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """An option of a quiz: what it states, and whether that came out.

    Attributes:
        letter: as on the slide.
        states: what it says, in our words.
        claims: what it states, one by one.
        expected: "confirmed" or "refuted".
    """

    letter: str
    states: str
    claims: tuple[Claim, ...]
    expected: str

    @property
    def found(self) -> str:
        """Whether all that it states holds, as "confirmed", or not, as "refuted"."""
        return "confirmed" if all(claim.is_met for claim in self.claims) else "refuted"

    @property
    def claim(self) -> Claim:
        """That it comes out as expected, with the reason."""
        reasons = [c for c in self.claims if c.is_met == (self.found == "confirmed")]
        seen = "; ".join(f"{c.what} {c.stated}".rstrip() + f": {c.computed}" for c in reasons)
        is_so = bool(self.claims) and self.found == self.expected
        what = f"{self.letter} is {self.expected}: {self.states}"
        return Claim(what, "", seen, HOLDS if is_so else WRONG, SLIDE)


@dataclass(frozen=True)
class Picture:
    """A picture, its frames, or a plot, to be written to a file of this name.

    Attributes:
        name: of the file, behind the label of the row.
        drawn: the picture.
        caption: whose its numbers are; "" where they are those of the row's program.
    """

    name: str
    drawn: Drawing | Frames | Axes
    caption: str = ""

    def content(self) -> bytes:
        """The picture as SVG."""
        if isinstance(self.drawn, Drawing | Frames):
            return self.drawn.content(".svg")
        from scalargrad import plots

        return plots.svg(self.drawn)


def counted(claims: Sequence[Claim]) -> str:
    """How many claims there are, and of which verdict."""
    kinds = [(kind, sum(claim.verdict == kind for claim in claims))
             for kind in (EXACT, ROUNDS, HOLDS, FLAGGED, WRONG)]  # fmt: skip
    parts = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in kinds if count)
    return f"{len(claims)} claim{'s' * (len(claims) != 1)}: {parts}"


def _plural(kind: str, count: int) -> str:
    return {ROUNDS: "rounds" if count == 1 else "round",
            HOLDS: "holds" if count == 1 else "hold"}.get(kind, kind)  # fmt: skip
