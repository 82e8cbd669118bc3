"""Numbers as a person writes them, read from their text.

A decimal means half a unit of its last place either way, a fraction is exact, and so is a number
without a point: it is right where the truth is that whole number, and else has too few figures.
A float parser has lost the trailing zeros already, so the text is what counts.
"""

from __future__ import annotations

import contextlib
import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.notation.words import printable

MOST_CHARACTERS = 200  # of a written number
MOST_DIGITS = 50  # above or below a fraction's line, or in a decimal
LARGEST_EXPONENT = 400
_ROUNDING = Fraction(1, 10**12)  # of a truth that was computed in floats, relative


class UnreadableNumber(ValueError):
    """A text that is no number; the message says what to write instead."""


@dataclass(frozen=True)
class Reading:
    """What a written number stands for: every number from `low` to `high`.

    Attributes:
        text: as it was written.
        low: the least.
        high: the greatest.
        places: the decimals that were written, -17 for 4×10^17; None where none were.
        is_exact_form: whether it is a fraction such as -6/25.
        is_integer: whether it was written without a point: exact, where the truth is an integer.
    """

    text: str
    low: Fraction
    high: Fraction
    places: int | None = None
    is_exact_form: bool = False
    is_integer: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether it stands for one number only."""
        return self.low == self.high

    @property
    def middle(self) -> Fraction:
        """The number itself, without what it was rounded by."""
        return (self.low + self.high) / 2

    @property
    def unit(self) -> Fraction:
        """One in the last place that was written, of an integer 1, of a fraction 0."""
        return Fraction(0) if self.places is None else Fraction(10) ** -self.places

    @property
    def half_unit(self) -> Fraction:
        """How far a number may be from the middle to be rounded to it: half a unit, or the ±."""
        return self.unit / 2 if self.is_integer else (self.high - self.low) / 2

    def accepts(self, exact: Scalar) -> bool:
        """Whether a number is one of those that it stands for.

        >>> read("-0.24").accepts(Fraction(-6, 25)), read("-0.25").accepts(Fraction(-6, 25))
        (True, False)
        >>> read("-2").accepts(Fraction(-12, 5)), read("-2").is_rounding_of(Fraction(-12, 5))
        (False, True)
        """
        return self._is_near(exact, (self.high - self.low) / 2)

    def is_rounding_of(self, exact: Scalar) -> bool:
        """Whether a number rounds to it; an integer, unlike in `accepts`, is a rounding too."""
        return self._is_near(exact, self.half_unit)

    def _is_near(self, exact: Scalar, distance: Fraction) -> bool:
        if not scalars.is_exact(exact):
            exact = scalars.to_float(exact)
            if not math.isfinite(exact):
                return False
            distance += _ROUNDING * abs(Fraction(exact))
        return abs(Fraction(exact) - self.middle) <= distance


_MINUSES = "−–—‐‑﹣－"
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_PLAIN = str.maketrans(
    {**dict.fromkeys(_MINUSES, "-"), "＋": "+", "⁄": "/", "∕": "/", "×": "*", "·": "*", "⋅": "*"}
)
_TEX = (
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), "*"),
    (re.compile(r"\\pm(?![A-Za-z])"), "±"),
    (re.compile(r"\\approx(?![A-Za-z])"), "≈"),
    (re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\[,;: ]"), " "),
)
_DIGITS = r"[0-9]+\.?[0-9]*|\.[0-9]+"
_DECIMAL = re.compile(
    rf"(?P<sign>[-+]?) *(?:(?P<digits>{_DIGITS})"
    r"(?:[eE](?P<e>[-+]?[0-9]+)| *[*xX] *10 *(?:\^|\*\*) *(?P<power>[-+]?[0-9]+))?"
    r"|10 *(?:\^|\*\*) *(?P<alone>[-+]?[0-9]+))"
)
_RATIO = re.compile(r"(?P<sign>[-+]?) *(?P<top>[0-9]+) */ *(?P<bottom>[0-9]+)")
_USUAL = "-0.5, -1/2 or 5e-1"  # the numbers of no worked example: they are no hints


def read(text: str) -> Reading:
    """A number read from its text.

    Raises:
        UnreadableNumber: a ValueError, when it does not read as a number.

    >>> read("-.24").low, read("- 0.24").high, read("−6/25").is_exact
    (Fraction(-49, 200), Fraction(-47, 200), True)
    >>> read("≈4×10^17").middle == 4 * 10**17, read("-2.4×10⁻¹").places
    (True, 2)
    >>> read("2 × 0.1 × (-1.2) = -0.24").low  # the working is not looked at
    Fraction(-49, 200)
    >>> read("0,24")
    Traceback (most recent call last):
    scalargrad.checking.reading.UnreadableNumber: a number is written like 0.24, with a point; ...
    """
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"-0.5000, with at most {MOST_DIGITS} digits", text)
    written = _plain(text)
    if "=" not in written.strip("= ") and "≈" not in written[1:]:
        return _one(written.lstrip("= "), text)
    parts = [part.strip() for part in written.replace("≈", "=≈").split("=")]
    return _several([part for part in parts if part.strip("≈ ")], text)


def of_number(number: Scalar) -> Reading:
    """What a number that was computed stands for: a float up to a millionth, or exactly one.

    A millionth, relative, is what pytest.approx allows a float.

    >>> of_number(-0.24000000000000005).accepts(Fraction(-6, 25)), of_number(2).is_exact
    (True, True)
    """
    exact = Fraction(number)
    slack = Fraction(0) if scalars.is_exact(number) else abs(exact) / 10**6
    return Reading(str(number), exact - slack, exact + slack)


def _plain(text: str) -> str:
    """The text with one spelling for each sign, and without dollars and outer parentheses."""
    written = " ".join(text.split()).strip("$ ")
    for pattern, instead in _TEX:
        written = pattern.sub(instead, written)
    written = written.translate(_PLAIN).replace("+/-", "±")
    written = re.sub(
        "[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+",
        lambda raised: "^" + "".join(_SUPERSCRIPTS[character] for character in raised[0]),
        written,
    )
    written = re.sub(r"\^ *[({] *([-+]?[0-9]+) *[)}]", r"^\1", written).strip()
    if written[:1] == "(" and written.find(")") == len(written) - 1:
        written = written[1:-1].strip()
    return written


def _several(parts: list[str], text: str) -> Reading:
    """One number in several forms, as in -6/25 = -0.24: the narrowest of them.

    The working before the result, as in -1.2*0.1*2 = -0.24, is passed over.
    """
    if not parts:
        raise _refused(_USUAL, text)
    readings = [_one(parts[-1], text)]
    for part in parts[:-1]:
        with contextlib.suppress(UnreadableNumber):
            readings.append(_one(part, text))
    narrowest = min(readings, key=lambda found: (found.half_unit, not found.is_exact_form))
    if not all(found.is_rounding_of(narrowest.middle) for found in readings):
        raise _refused(f"{_USUAL}, one number to a line", text)
    return narrowest


def _one(written: str, text: str) -> Reading:
    """A number in one form; `text` is what was written, for messages."""
    about = written.lstrip("≈~ ")
    if "±" in about:
        middle, _, width = about.partition("±")
        centre, half = _decimal(middle.strip(), text), _decimal(width.strip(), text)
        if half.middle < 0:
            raise _refused("-0.50±0.005, without a sign after the ±", text)
        return Reading(
            text, centre.middle - half.middle, centre.middle + half.middle, centre.places
        )
    ratio = _RATIO.fullmatch(about)
    if ratio is None:
        found = _decimal(about, text)
        if found.is_integer and about == written:
            return Reading(text, found.middle, found.middle, 0, is_integer=True)
        half_unit = found.unit / 2
        return Reading(text, found.middle - half_unit, found.middle + half_unit, found.places)
    sign, top, bottom = ratio.group("sign", "top", "bottom")
    if len(top) > MOST_DIGITS or len(bottom) > MOST_DIGITS:
        raise _refused(f"-1/2, with at most {MOST_DIGITS} digits", text)
    if not int(bottom):
        raise _refused(f"{sign}{top}/1, without a zero below the line", text)
    exact = Fraction(int(sign + top), int(bottom))
    return Reading(text, exact, exact, is_exact_form=True)


def _decimal(written: str, text: str) -> Reading:
    """A decimal as its middle and its places; an integer is marked as one."""
    match = _DECIMAL.fullmatch(written)
    if match is None:
        raise _refused(_instead(written), text)
    sign, digits, alone = match.group("sign", "digits", "alone")
    exponent = match["e"] or match["power"] or alone or "0"
    whole, point, decimals = (digits or "1").partition(".")
    if len(whole) + len(decimals) > MOST_DIGITS:
        raise _refused(f"-0.5000, with at most {MOST_DIGITS} digits", text)
    if len(exponent) > 9 or abs(int(exponent)) > LARGEST_EXPONENT:
        raise _refused(f"4e17, with an exponent of at most {LARGEST_EXPONENT}", text)
    places = len(decimals) - int(exponent)
    middle = int(f"{sign}{whole}{decimals}") * Fraction(10) ** -places
    is_integer = not (point or alone or match["e"] or match["power"])
    return Reading(text, middle, middle, places, is_integer=is_integer)


def _instead(written: str) -> str:
    """What to write instead of what is no number, and why."""
    foreign = next((c for c in written if not c.isascii() and unicodedata.decimal(c, -1) >= 0), "")
    bare = written.lower().lstrip("-+ ")
    if foreign:
        digits = "".join(str(unicodedata.decimal(c, c)) for c in written)
        return f"{digits[:40]}, in the digits 0 to 9"
    if bare in ("nan", "inf", "infinity", "∞"):
        return "-0.5; nan and inf are no answers"
    if re.fullmatch(r"0[xob][0-9a-f]+", bare):
        return "16, in tens"
    if re.fullmatch(r"[0-9_.]*_[0-9_.]*", bare):
        return f"{written.replace('_', '')[:40]}, without _"
    if re.fullmatch(r"[-+] *[-+].*", written):
        return "-0.5, with one sign"
    if re.fullmatch(r"[0-9]*,[0-9]+", bare):
        return f"{written.replace(',', '.')[:40]}, with a point"
    if re.fullmatch(r"[0-9.,' ]+", bare) and any(mark in bare for mark in ",' "):
        return "1234.5, without marks between thousands"
    if re.fullmatch(r"[0-9.]+ *%", bare):
        return "0.5, not in percent"
    if re.fullmatch(r"[0-9. +/-]*/[0-9. +/-]*", bare):
        return "-1/2, one whole number above another"
    if set(bare) <= set("0123456789.()+-*/ ") and re.search(r"[0-9)] *[-+*(]", bare):
        return "-0.5, worked out"
    return _USUAL


def _refused(like: str, text: str) -> UnreadableNumber:
    return UnreadableNumber(f"a number is written like {like}; got {printable(text)!r}")
