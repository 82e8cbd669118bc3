"""What a slide states beside what scalargrad computes: claims, pictures, and the rows of a deck."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from scalargrad import scalars
from scalargrad.checking.quantities import quantity, truth
from scalargrad.checking.reading import read
from scalargrad.expression import Program, inputs_of, program
from scalargrad.scalars import Scalar
from scalargrad.view.drawing import Drawing, Frames
from scalargrad.view.export.files import write_all
from scalargrad.view.notation import decimal, fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXACT = "exact"
ROUNDS = "rounds to"
HOLDS = "holds"
FLAGGED = "flagged"
WRONG = "wrong"

_POINTS = 100  # at which an identity is tried
_CLOSE = 1e-12  # relative, of a formula in floats


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
    """
    reading = read(written)
    if scalars.is_exact(computed) and reading.middle == computed and "≈" not in written:
        return EXACT
    return ROUNDS if reading.is_rounding_of(computed) else WRONG


def number(what: str, written: str, computed: Scalar) -> Claim:
    """The claim that a quantity is a number, written as on the slide.

    >>> print(number("∂ℓ/∂w₂", "-.24", Fraction(-6, 25)))
    ✓ ∂ℓ/∂w₂ = -.24  exact: −6/25
    """
    exact = scalars.is_exact(computed)
    text = fraction(computed) if exact and _is_short(computed) else decimal(computed, 7)
    return Claim(what, written, text, verdict(written, computed))


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


@dataclass(frozen=True)
class Row:
    """Some slides of a deck, which state one thing.

    Attributes:
        label: their numbers, as in "B20-B25".
        run: a generator: claims, pictures, and what is to be printed.
    """

    label: str
    run: Callable[[], Iterator[Shown]]

    @property
    def states(self) -> str:
        """What the slides state, in a sentence or two."""
        return " ".join((inspect.getdoc(self.run) or "").split())

    @property
    def numbers(self) -> list[str]:
        """The slides: "B20", "B21", … of "B20-B25"; none where the label is a word.

        >>> Row("B6-B7", lambda: iter(())).numbers
        ['B6', 'B7']
        """
        first, _, last = self.label.partition("-")
        deck = first[:1]
        if not first[1:].isdigit():
            return []
        return [f"{deck}{n}" for n in range(int(first[1:]), int((last or first)[1:]) + 1)]

    def outcome(self) -> Outcome:
        """What comes out when it is run."""
        return Outcome(self, list(self.run()))


@dataclass(frozen=True)
class Outcome:
    """What a row showed."""

    row: Row
    shown: list[Shown] = field(default_factory=list)

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
        """One line: the row, and how many claims had which verdict."""
        sign = mark(HOLDS if self.is_met else WRONG)
        return f"{sign} {self.row.label:8} {counted(self.claims)}"

    @property
    def text(self) -> str:
        """Everything, in order; of a picture its name."""
        head = f"{self.row.label}: {self.row.states}"
        parts = [
            f"picture {self.row.label}-{thing.name}.svg" if isinstance(thing, Picture)
            else str(thing)
            for thing in self.shown
        ]  # fmt: skip
        return "\n".join([head, *(_indented(part) for part in parts)])

    def save(self, folder: Path) -> list[Path]:
        """Write the pictures into a folder."""
        pictures = [thing for thing in self.shown if isinstance(thing, Picture)]
        files = [(folder / f"{self.row.label}-{p.name}.svg", p.content()) for p in pictures]
        write_all(files)
        return [path for path, _ in files]


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
