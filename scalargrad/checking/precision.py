"""How precise answers shall be, where a sheet says so: significant figures, a tolerance."""

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


@dataclass(frozen=True)
class Precision:
    """What a sheet asks for.

    Attributes:
        figures: how many significant figures are wanted; None where it does not say.
        tolerance: how far off a right answer may be, whatever its figures.
        is_relative: whether the tolerance is a share of the true value.
    """

    figures: int | None = None
    tolerance: Fraction = Fraction(0)
    is_relative: bool = False

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
    >>> stated_precision("Tolerance: 0.05"), stated_precision("Write clearly.") == Precision()
    (Precision(figures=None, tolerance=Fraction(1, 20), is_relative=False), True)
    """
    figures, tolerance = _FIGURES.search(prose), _TOLERANCE.search(prose)
    size = read(tolerance[1].replace(",", ".")) if tolerance else Fraction(0)
    is_relative = bool(tolerance and tolerance[2])
    return Precision(
        int(figures[1]) if figures else None, size / 100 if is_relative else size, is_relative
    )
