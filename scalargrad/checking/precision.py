"""What a sheet asks of answers, where it says so: figures, a tolerance, numbers or formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from scalargrad.engine.scalars import Scalar
from scalargrad.notation.numbers import read

_FIGURES = re.compile(r"\bto (\d{1,2}) (?:significant )?figures?\b", re.IGNORECASE)
_TOLERANCE = re.compile(
    r"(?:\bwithin|\btolerance(?: of| is|:| =)?|±|\+/-)\s*(?:±\s*)?(\d+(?:[.,]\d+)?|\d+/\d+)\s*(%?)",
    re.IGNORECASE,
)

_FORMULAS = re.compile(r"\bformulas? (?:alone )?counts? (half|in full)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Precision:
    """What a sheet asks for.

    Attributes:
        figures: how many significant figures are wanted; None where it does not say.
        tolerance: how far off a right answer may be, whatever its figures.
        is_relative: whether the tolerance is a share of the true value.
        formulas: what part of a mark a right formula without a number is.
    """

    figures: int | None = None
    tolerance: Fraction = Fraction(0)
    is_relative: bool = False
    formulas: Fraction = Fraction(0)

    @property
    def is_stated(self) -> bool:
        """Whether the sheet says how precise answers shall be."""
        return self.figures is not None or bool(self.tolerance)

    def allowance(self, exact: Scalar) -> Fraction:
        """How far off an answer may be that should be a finite number."""
        return self.tolerance * (abs(Fraction(exact)) if self.is_relative else 1)


UNSTATED = Precision()


def stated_precision(prose: str) -> Precision:
    """What a text asks for.

    >>> stated_precision("Give numbers to 3 significant figures.").figures
    3
    >>> stated_precision("Answers to within 2 % count.").allowance(Fraction(-1, 2))
    Fraction(1, 100)
    >>> stated_precision("Tolerance: 0.05").tolerance, stated_precision("Write clearly.").tolerance
    (Fraction(1, 20), Fraction(0, 1))
    >>> stated_precision("A right formula alone counts half.").formulas
    Fraction(1, 2)
    """
    figures, tolerance = _FIGURES.search(prose), _TOLERANCE.search(prose)
    size = read(tolerance[1].replace(",", ".")) if tolerance else Fraction(0)
    is_relative = bool(tolerance and tolerance[2])
    formulas = _FORMULAS.search(prose)
    part = Fraction(1, 2 if formulas[1].lower() == "half" else 1) if formulas else Fraction(0)
    wanted = int(figures[1]) if figures else None
    return Precision(wanted, size / 100 if is_relative else size, is_relative, part)
