"""Numbers as text: decimals, fractions, both; in Unicode, in TeX and in programs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from scalargrad.notation.names import mathtext, raised
from scalargrad.notation.words import one_line

Scalar = Any  # as in the engine, which stands below

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"  # a gradient before the first backward pass


def decimal(scalar: Scalar | None, digits: int = 4) -> str:
    """A scalar in significant digits, with a true minus and no negative zero.

    >>> decimal(Fraction(-6, 25)), decimal(2 / 3), decimal(-0.0), decimal(1e300), decimal(None)
    ('−0.24', '0.6667', '0', '1e300', '–')
    """
    if scalar is None:
        return UNKNOWN
    if isinstance(scalar, int | Fraction):
        return _rounded(scalar, digits).replace("-", MINUS)
    if getattr(scalar, "shape", ()):
        lanes = [decimal(lane, digits) for lane in scalar.ravel()[:40].tolist()]
        return one_line(f"[{', '.join(lanes)}]")
    if not isinstance(scalar, float):
        return one_line(str(scalar))
    if math.isfinite(scalar):
        text = f"{scalar:.{digits}g}"
        mantissa, _, exponent = text.partition("e")
        text = mantissa + (f"e{int(exponent)}" if exponent else "")
    else:
        text = {math.inf: "∞", -math.inf: "-∞"}.get(scalar, "nan")
    return ("0" if text == "-0" else text).replace("-", MINUS)


def _rounded(exact: int | Fraction, digits: int) -> str:
    """An exact number in significant digits, halves away from zero, however large or small."""
    context = Context(digits, ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX)
    number = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    power = number.adjusted()
    if not -5 < power < digits:
        return f"{_plain(number.scaleb(-power, context))}e{power}"
    return _plain(number)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fraction(scalar: Scalar | None) -> str:
    """An exact number as a fraction in lowest terms, anything else as a decimal.

    >>> fraction(Fraction(-6, 25)), fraction(3), fraction(0.5)
    ('−6/25', '3', '0.5')
    """
    parts = (scalar.numerator, scalar.denominator) if isinstance(scalar, int | Fraction) else ()
    if not parts or max(part.bit_length() for part in parts) > 200:
        return decimal(scalar, 6)
    return str(scalar).replace("-", MINUS)


def both(scalar: Scalar | None) -> str:
    """An exact number as fraction and decimal; a float behind a ≈ unless the text is all of it.

    >>> both(Fraction(-6, 25)), both(Fraction(1, 3)), both(2), both(0.1 + 0.2), both(0.5)
    ('−6/25 = −0.24', '1/3 ≈ 0.333333', '2', '≈ 0.3', '0.5')
    """
    if scalar is None:
        return UNKNOWN
    if not isinstance(scalar, int | Fraction):
        rounded = decimal(scalar, 6)
        if not isinstance(scalar, float) or not math.isfinite(scalar):
            return rounded
        return rounded if read(rounded) == Fraction(scalar) else f"≈ {rounded}"
    written, rounded = fraction(scalar), decimal(scalar, 6)
    is_rounded = read(rounded) != scalar
    if written == rounded:
        return f"≈ {rounded}" if is_rounded else rounded
    if "/" not in written:
        return written
    return f"{written} {'≈' if is_rounded else '='} {rounded}"


def read(written: str) -> Fraction:
    """The number that a decimal or a fraction shows.

    >>> read("−0.24"), read("−6/25")
    (Fraction(-6, 25), Fraction(-6, 25))
    """
    return Fraction(written.replace(MINUS, "-"))


def exact_text(number: int | Fraction, most: int = 400) -> str:
    """An exact number as a program has it: a short decimal, or else a fraction.

    Args:
        number: the number.
        most: how many digits a program takes.

    Raises:
        ValueError: for a number of more digits.

    >>> exact_text(Fraction(4, 5)), exact_text(Fraction(-1, 3)), exact_text(2)
    ('0.8', '-1/3', '2')
    """
    top, bottom = abs(number.numerator), number.denominator
    if max(top, bottom) >= 10**most:
        raise ValueError(f"a number in a program has at most {most} digits; use a float")
    if bottom == 1 or 10**12 % bottom or top > 10**30:
        return str(number)
    places = next(n for n in count() if 10**n % bottom == 0)
    digits = str(top * 10**places // bottom).rjust(places + 1, "0")
    return f"{'-' * (number < 0)}{digits[:-places]}.{digits[-places:]}"


def in_formula(scalar: Scalar) -> str:
    """A number inside a formula: an exact one as a short decimal or else a fraction.

    >>> in_formula(Fraction(-6, 25)), in_formula(Fraction(2, 3)), in_formula(0.1 + 0.2)
    ('−0.24', '2/3', '0.3')
    """
    if not isinstance(scalar, int | Fraction):
        scalar = float(scalar)
        rounded = decimal(scalar, 4)
        is_near_whole = "." not in rounded and math.isfinite(scalar) and scalar != int(scalar)
        rounded = decimal(scalar, 9) if is_near_whole else rounded
        return {math.e: "e", math.pi: "π"}.get(scalar, rounded)
    rounded = decimal(scalar, 6)
    is_long = max(abs(scalar.numerator), scalar.denominator) >= 10**7
    if read(rounded) == scalar and (is_long or "e" not in rounded):
        return rounded
    return rounded if is_long else fraction(scalar)


def powers_of_ten(written: str) -> str:
    """The text of a number with its exponent raised: 4.07e17 as 4.07×10¹⁷."""
    mantissa, e, exponent = written.partition("e")
    is_power = e and exponent.lstrip(MINUS).isdigit()
    return f"{mantissa}×10{raised(exponent)}" if is_power else written


def tex(written: str) -> str:
    r"""The text of a number in TeX.

    >>> tex("−6/25"), tex("4.07e17"), tex("∞")
    ('-\\frac{6}{25}', '4.07\\times 10^{17}', '\\infty')
    """
    mantissa, e, exponent = written.partition("e")
    if e and exponent.lstrip(MINUS).isdigit():
        written = f"{mantissa}\\times 10^{{{exponent}}}"
    elif "/" in written:
        top, bottom = written.lstrip(MINUS).split("/")
        written = f"{MINUS * written.startswith(MINUS)}\\frac{{{top}}}{{{bottom}}}"
    written = written.replace(MINUS, "-").replace("∞", r"\infty").replace(UNKNOWN, "-")
    written = written.replace("π", r"\pi")
    return r"\mathrm{nan}" if "nan" in written else written


@dataclass(frozen=True)
class Numbers:
    r"""How the numbers of a picture are written: all of them alike.

    Attributes:
        digits: significant digits.
        fractions: whether exact numbers are written as fractions.
        approximate: whether what is not exact gets a ≈; for graphs whose leaves all are exact.

    >>> Numbers(3).text(Fraction(-6, 25)), Numbers(3, fractions=True).text(Fraction(-6, 25))
    ('−0.24', '−6/25')
    >>> Numbers(3).text(1.5**100), Numbers(3, approximate=True).text(Fraction(1, 3))
    ('4.07×10¹⁷', '≈ 0.333')
    >>> Numbers(3, fractions=True).math(Fraction(-6, 25)), Numbers(3).math(1.5**100)
    ('-\\frac{6}{25}', '4.07\\times 10^{17}')
    """

    digits: int = 4
    fractions: bool = False
    approximate: bool = False

    def text(self, scalar: Scalar | None) -> str:
        """A number in Unicode; an en dash for a gradient that is not known."""
        written = powers_of_ten(self.plain(scalar))
        return f"≈ {written}" if self.is_approximate(scalar) else written

    def math(self, scalar: Scalar | None) -> str:
        """A number in TeX, without dollars."""
        written = tex(self.plain(scalar))
        return rf"\approx {written}" if self.is_approximate(scalar) else written

    def is_approximate(self, scalar: Scalar | None) -> bool:
        """Whether a ≈ stands in front: it is wanted, and what is written is not the number."""
        if not (self.approximate and isinstance(scalar, int | Fraction | float)):
            return False
        if isinstance(scalar, float) and not math.isfinite(scalar):
            return False
        return read(self.plain(scalar)) != Fraction(scalar)

    def plain(self, scalar: Scalar | None) -> str:
        """A number without ≈, its exponent behind an e."""
        if self.fractions and isinstance(scalar, int | Fraction):
            return fraction(scalar)
        return decimal(scalar, self.digits)


def latex_line(label: str, value: Scalar, gradient: Scalar | None) -> str:
    r"""Name, value and gradient of a node as a formula between dollars, for a notebook.

    >>> latex_line("w2", Fraction(4, 5), Fraction(-6, 25))
    '$w_{2} = \\frac{4}{5} = 0.8,\\quad \\mathrm{grad} = -\\frac{6}{25} = -0.24$'
    """
    name = mathtext(label) or r"\mathrm{Value}"
    grad = r"\text{–}" if gradient is None else _in_both(gradient)
    return rf"${name} = {_in_both(value)},\quad \mathrm{{grad}} = {grad}$"


def _in_both(scalar: Scalar) -> str:
    """A number as fraction and decimal, in TeX."""
    if not isinstance(scalar, int | float | Fraction):
        plain = re.sub(r"[^\w .,()+*/|=<>−-]|_", "·", decimal(scalar, 6))
        return rf"\text{{{plain}}}"
    rounded = Numbers(6, approximate=not isinstance(scalar, float)).math(scalar)
    exact = Numbers(6, fractions=True).math(scalar)
    if exact == rounded or "frac" not in exact:
        return exact
    return f"{exact} {'' if rounded.startswith(chr(92) + 'approx') else '= '}{rounded}"


def numbers(
    scalars: Iterable[Scalar | None],
    digits: int | None = None,
    *,
    fractions: bool = False,
    approximate: bool = False,
) -> Numbers:
    """How to write the numbers of a picture.

    Args:
        scalars: all that will be written.
        digits: significant digits; by default 4 where that shows a number in full, else 3.
        fractions: whether exact numbers are written as fractions.
        approximate: whether what is not exact gets a ≈.

    >>> numbers([Fraction(-6, 25), 0.1234, 1 / 3]).digits
    4
    """
    if digits is None:
        known = [s for s in scalars if isinstance(s, int | Fraction | float)]
        digits = 4 if any(decimal(s, 3) != decimal(s, 4) == decimal(s, 12) for s in known) else 3
    return Numbers(digits, fractions, approximate)
