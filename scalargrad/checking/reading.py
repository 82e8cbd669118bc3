"""Numbers as a person writes them, read from their text.

A decimal means half a unit of its last place either way; a fraction and a whole number are exact.
A float parser has lost the trailing zeros already, so the text is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction


@dataclass(frozen=True)
class Reading:
    """What a written number stands for: every number from `low` to `high`.

    Attributes:
        text: as it was written.
        low: the least.
        high: the greatest.
    """

    text: str
    low: Fraction
    high: Fraction

    @property
    def is_exact(self) -> bool:
        """Whether it stands for one number only."""
        return self.low == self.high


def reading(text: str) -> Reading:
    """A number read from its text.

    Raises:
        ValueError: when it does not read as a number.

    >>> reading("-0.24").low, reading("-0.24").high
    (Fraction(-49, 200), Fraction(-47, 200))
    >>> reading("−6/25").is_exact
    True
    """
    written = text.strip().replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    try:
        if not written.isascii() or "_" in written or len(written) > 100:
            raise ValueError
        if "/" in written:
            exact = Fraction(written)
            return Reading(text, exact, exact)
        number = Decimal(written)
        if not number.is_finite() or abs(number.adjusted()) > 400:
            raise ValueError
    except (ArithmeticError, InvalidOperation, ValueError):
        raise ValueError(
            f"a number is written like -0.24, -6/25 or 2.4e-1; got {text[:40]!r}"
        ) from None
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    is_whole = "." not in written and exponent == 0
    half = Fraction(0) if is_whole else Fraction(10) ** exponent / 2
    return Reading(text, Fraction(number) - half, Fraction(number) + half)
