"""What a slide states beside what scalargrad computes: claims, pictures, and the rows of a deck."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from scalargrad.checking.quantities import quantity, truth
from scalargrad.checking.reading import read
from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.files import write_all
from scalargrad.language.reading import Program, inputs_of, program
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.notation.words import printable
from scalargrad.view.drawing import Drawing
from scalargrad.view.picture import Frames

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXACT = "exact"
ROUNDS = "rounds to"
HOLDS = "holds"
FLAGGED = "flagged"
WRONG = "wrong"

_POINTS = 100  # at which an identity is tried
_CLOSE = 1e-12  # relative, of a formula in floats
_WIDTH = 60  # of what a row states, on its line


@dataclass(frozen=True)
class Claim:
    """Something a slide states, and what became of it.

    Attributes:
        what: a quantity, as mathematics writes it, or a sentence.
        stated: what the slide says it is, "" for a sentence.
        computed: what it is, as text.
        verdict: "exact" or "rounds to" for a number, "holds" for an identity or a sentence,
            "flagged" for a slip that a check has raised; "wrong".
    """

    what: str
    stated: str
    computed: str
    verdict: str

    @property
    def is_met(self) -> bool:
        """Whether all is as it should be."""
        return self.verdict != WRONG

    def __str__(self) -> str:
        """One line."""
        equals = "" if self.stated.startswith("≈") else "= "
        stated = f" {equals}{self.stated}" if self.stated else ""
        computed = f": {self.computed}" if self.computed not in ("", self.stated) else ""
        return f"{mark(self.verdict)} {self.what}{stated}  {self.verdict}{computed}"


@dataclass(frozen=True)
class Identity(Claim):
    """A formula that a slide states for a derivative.

    Attributes:
        text: of the program, without numbers.
        formula: what is stated, in the language of programs.
    """

    text: str = ""
    formula: str = ""


def mark(verdict: str) -> str:
    """One character for a verdict."""
    return {WRONG: "✗", FLAGGED: "⚑"}.get(verdict, "✓")


def verdict(written: str, computed: Scalar) -> str:
    """What became of a number on a slide: "exact", "rounds to" or "wrong".

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


def number(what: str, written: str, computed: Scalar) -> Claim:
    """The claim that a quantity is a number, written as on the slide.

    >>> print(number("∂ℓ/∂w₂", "-.24", Fraction(-6, 25)))
    ✓ ∂ℓ/∂w₂ = -.24  exact: −6/25
    """
    found = verdict(written, computed)
    is_full = found != ROUNDS and scalars.is_exact(computed) and _is_short(computed)
    text = fraction(computed) if is_full else decimal(computed, 7)
    return Claim(what, written, text, found)


def _is_short(exact: Scalar) -> bool:
    return max(abs(Fraction(exact).numerator), Fraction(exact).denominator) < 10**7


def fact(what: str, is_so: bool, seen: str = "") -> Claim:
    """The claim that a sentence is true, and what was seen."""
    return Claim(what, "", seen, HOLDS if is_so else WRONG)


def same(what: str, stated: Any, computed: Any) -> Claim:
    """The claim that two things are equal: lists of numbers, names, counts."""
    return Claim(what, _listed(stated), _listed(computed), EXACT if stated == computed else WRONG)


def _listed(thing: Any) -> str:
    if not isinstance(thing, list | tuple):
        return str(thing)
    return ", ".join(decimal(x, 6) if isinstance(x, int | float | Fraction) else str(x)
                     for x in thing)  # fmt: skip


def identity(text: str, asked: str, formula: str) -> Identity:
    """The claim that a derivative is a formula, tried at a hundred random points at once.

    Args:
        text: a program without numbers; every name that it does not assign is drawn from 0.2
            to 1.8.
        asked: the derivative, as in "∂ℓ/∂w11".
        formula: what it is, in the names of the program.

    >>> print(identity("z = w*x; loss = (z - y)^2", "∂ℓ/∂w", "2*(z - y)*x"))
    ✓ ∂ℓ/∂w = 2*(z - y)*x  holds: at 100 random points
    """
    made = at_random_points(f"{text}\nstated = {formula}")
    found = truth(quantity(asked, tuple(made)), made)
    stated = made["stated"].data
    far = _greatest(abs(found - stated) / (1 + abs(stated)))
    close = far <= _CLOSE
    seen = f"at {_POINTS} random points" if close else f"off by {far:.2g}"
    return Identity(asked, formula, seen, HOLDS if close else WRONG, text, formula)


def _greatest(distances: Any) -> float:
    """Of a number the number; of lanes the greatest of them."""
    return float(distances.max() if hasattr(distances, "max") else distances)


def at_random_points(text: str) -> Program:
    """A program on lanes: every name that it does not assign is drawn a hundred times."""
    import numpy as np

    draw = Random(text)
    inputs = {name: np.array([draw.uniform(0.2, 1.8) for _ in range(_POINTS)])
              for name in inputs_of(text)}  # fmt: skip
    return program(text, inputs)


# Pictures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """A picture, its frames, or a plot, to be written to a file of this name."""

    name: str
    drawn: Drawing | Frames | Axes

    def content(self) -> bytes:
        """The picture as SVG."""
        if isinstance(self.drawn, Drawing | Frames):
            return self.drawn.content(".svg")
        from scalargrad import plots

        return plots.svg(self.drawn)


# Rows --------------------------------------------------------------------------------------------

Shown = Any  # a Claim, a Picture, or what is printed as it is


_SLIDES = re.compile(r"([BN])([0-9]+)(?:-[BN]([0-9]+))?")


@dataclass(frozen=True)
class Row:
    """Some slides of a deck, which state one thing.

    Attributes:
        label: their numbers, as in "B20-B25", or another name.
        run: gives claims, pictures, and what is to be printed.
        title: what is stated; by default the docstring of `run`.
    """

    label: str
    run: Callable[[], Iterable[Shown]]
    title: str = ""

    @property
    def states(self) -> str:
        """What is stated, on one line."""
        return self.title or " ".join((inspect.getdoc(self.run) or "").split())

    @property
    def slides(self) -> list[str]:
        """The slides, one by one.

        >>> Row("B6-B7", list).slides
        ['B6', 'B7']
        """
        match = _SLIDES.fullmatch(self.label)
        if not match:
            return []
        deck, first, last = match.groups()
        return [f"{deck}{n}" for n in range(int(first), int(last or first) + 1)]

    def outcome(self) -> Outcome:
        """What comes out when it is run."""
        return Outcome(self, list(self.run()))


@dataclass(frozen=True)
class Outcome:
    """What a row showed."""

    row: Row
    shown: list[Shown]

    @cached_property
    def claims(self) -> list[Claim]:
        """What was stated."""
        return [thing for thing in self.shown if isinstance(thing, Claim)]

    @property
    def is_met(self) -> bool:
        """Whether something was stated, and nothing is wrong."""
        return bool(self.claims) and all(claim.is_met for claim in self.claims)

    @property
    def line(self) -> str:
        """One line: the row, and how many claims had which verdict; then the wrong ones."""
        sign = mark(HOLDS if self.is_met else WRONG)
        states = printable(self.row.states, _WIDTH)
        head = f"{sign} {self.row.label:8} {counted(self.claims):36} {states}"
        return "\n".join([head, *(_indented(str(c)) for c in self.claims if not c.is_met)])

    @property
    def text(self) -> str:
        """Everything, in order; of a picture its name."""
        parts = [f"picture {self._file(thing)}" if isinstance(thing, Picture) else str(thing)
                 for thing in self.shown]  # fmt: skip
        return "\n".join([f"{self.row.label}: {self.row.states}", *map(_indented, parts)])

    @property
    def table(self) -> str:
        """The claims as a table: quantity, stated, verdict, computed."""
        cells = [(f"{mark(c.verdict)} {c.what}", c.stated, c.verdict, c.computed)
                 for c in self.claims]  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        rows = ["  ".join(map(str.ljust, row, widths)) for row in cells]
        return "\n".join([f"{self.row.label}: {self.row.states}", *map(_indented, rows)])

    def save(self, folder: Path) -> list[Path]:
        """Write the pictures into a folder."""
        pictures = [thing for thing in self.shown if isinstance(thing, Picture)]
        files = [(folder / self._file(picture), picture.content()) for picture in pictures]
        write_all(files)
        return [path for path, _ in files]

    def _file(self, picture: Picture) -> str:
        return f"{self.row.label}-{picture.name}.svg"


def counted(claims: Sequence[Claim]) -> str:
    """How many claims there are, and of which verdict."""
    kinds = [(kind, sum(claim.verdict == kind for claim in claims))
             for kind in (EXACT, ROUNDS, HOLDS, FLAGGED, WRONG)]  # fmt: skip
    parts = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in kinds if count)
    return f"{len(claims)} claim{'s' * (len(claims) != 1)}: {parts}"


def _plural(kind: str, count: int) -> str:
    return {ROUNDS: "rounds" if count == 1 else "round",
            HOLDS: "holds" if count == 1 else "hold"}.get(kind, kind)  # fmt: skip


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
