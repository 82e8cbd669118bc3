"""Names and numbers as mathematics writes them: yhat as ŷ, w2 as w₂, loss as ℓ, -0.24 as −0.24."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from scalargrad.engine.scalars import Scalar

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"  # a gradient before the first backward pass

_GREEK = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda').upper()}")
    for name in (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
        "omega",
    )
}
_GREEK |= {
    name.capitalize(): _GREEK[name].upper()
    for name in ("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "phi", "psi", "omega")
}
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAME = re.compile(
    r"(?P<base>[A-Za-z]+?)(?P<accent>hat|bar|tilde|dot)?"
    r"(?:(?P<index>\d+)(?:_(?P<layer>\d+))?|_(?P<plain>\d+))?"
)


def typeset(name: str) -> str:
    """A name in Unicode typography; what is no program name stays as it is.

    >>> [typeset(name) for name in ("yhat", "w2", "w11_2", "theta", "loss", "bias", "h_1")]
    ['ŷ', 'w₂', 'w₁₁⁽²⁾', 'θ', 'ℓ', 'bias', 'h₁']
    """
    match = _NAME.fullmatch(name)
    if match is None:
        dollars = _DOLLARS.fullmatch(name)
        return _spoken(dollars[1]) if dollars else name
    base, accent, index, layer, plain = match.group("base", "accent", "index", "layer", "plain")
    letter = _letter(base)
    if accent and len(letter) > 1:  # the end of a word, as in "crossbar"
        letter, accent = base + accent, None
    accented = unicodedata.normalize("NFC", letter + _ACCENTS.get(accent or "", ""))
    above = f"⁽{layer.translate(_SUPERSCRIPTS)}⁾" if layer else ""
    return accented + (index or plain or "").translate(_SUBSCRIPTS) + above


def _spoken(math: str) -> str:
    """TeX with Greek letters for their commands, and without the braces of subscripts."""
    greek = re.sub(r"\\([A-Za-z]+)", lambda match: _GREEK.get(match[1], match[0]), math)
    return re.sub(r"_\{(\d+)\}|_(\d)", lambda m: (m[1] or m[2]).translate(_SUBSCRIPTS), greek)


def _letter(base: str) -> str:
    return "ℓ" if base == "loss" else _GREEK.get(base, base)


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
        return _cut(f"[{', '.join(lanes)}]")
    if not isinstance(scalar, float):
        return _cut(str(scalar))
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
    if not isinstance(scalar, int | Fraction) or scalar.denominator.bit_length() > 200:
        return decimal(scalar, 6)
    if scalar.numerator.bit_length() > 200:
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
        return rounded if _read(rounded) == Fraction(scalar) else f"≈ {rounded}"
    written, rounded = fraction(scalar), decimal(scalar, 6)
    is_rounded = _read(rounded) != scalar
    if written == rounded:
        return f"≈ {rounded}" if is_rounded else rounded
    if "/" not in written:
        return written
    return f"{written} {'≈' if is_rounded else '='} {rounded}"


def _read(rounded: str) -> Fraction:
    """The number that a decimal shows."""
    return Fraction(rounded.replace(MINUS, "-"))


def _cut(text: str, length: int = 40) -> str:
    text = "".join(c if c.isprintable() else "·" for c in " ".join(text.split()))
    return text if len(text) <= length else text[: length - 1] + "…"


# Mathematics -------------------------------------------------------------------------------------

_MATH_NAME = re.compile(_NAME.pattern + r"|(?P<word>[A-Za-z]+?)_(?P<below>[A-Za-z][A-Za-z0-9]*)")
_DOLLARS = re.compile(r"\$([^$]+)\$")


def mathtext(label: str) -> str:
    r"""A name in TeX, without dollars: for LaTeX and for matplotlib; "" for what is no name.

    A label that stands between dollars is taken as it is.

    >>> [mathtext(name) for name in ("yhat", "w2", "w11_2", "theta", "loss", "bias", "$W_h$", "?")]
    ['\\hat{y}', 'w_{2}', 'w_{11}^{(2)}', '\\theta', '\\ell', '\\mathrm{bias}', 'W_h', '']
    """
    if dollars := _DOLLARS.fullmatch(label):
        return dollars[1]
    name = _spelled(label)
    match = _MATH_NAME.fullmatch(name)
    if match is None:
        is_name = name.isascii() and name.isidentifier()
        return rf"\mathrm{{{name}}}".replace("_", r"\_") if is_name else ""
    base, accent, index, layer, plain = match.group("base", "accent", "index", "layer", "plain")
    if match["word"]:
        return f"{_symbol(match['word'])}_{{\\mathrm{{{match['below']}}}}}"
    if accent and len(_letter(base)) > 1:
        base, accent = base + accent, None
    letter = f"\\{accent}{{{_symbol(base)}}}" if accent else _symbol(base)
    below = f"_{{{index or plain}}}" if index or plain else ""
    return letter + below + (f"^{{({layer})}}" if layer else "")


def _spelled(label: str) -> str:
    """A name in the letters of programs; any other label as it is."""
    from scalargrad.language.reading import canonical

    try:
        return canonical(label)
    except ValueError:
        return label


def _symbol(base: str) -> str:
    if base == "loss":
        return r"\ell"
    if base in _GREEK:
        return f"\\{base}"
    return base if len(base) == 1 else f"\\mathrm{{{base}}}"


@dataclass(frozen=True)
class Written:
    """A line of mathematics.

    Attributes:
        text: in Unicode.
        math: in TeX, without dollars, of the subset that matplotlib can set; "" for none.
    """

    text: str
    math: str = ""


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
        written = self._written(scalar)
        mantissa, e, exponent = written.partition("e")
        if e and exponent.lstrip(MINUS).isdigit():
            power = exponent.replace(MINUS, "⁻").translate(_SUPERSCRIPTS)
            written = f"{mantissa}×10{power}"
        return f"≈ {written}" if self.is_approximate(scalar) else written

    def math(self, scalar: Scalar | None) -> str:
        """A number in TeX, without dollars."""
        written = self._written(scalar)
        mantissa, e, exponent = written.partition("e")
        if e and exponent.lstrip(MINUS).isdigit():
            written = f"{mantissa}\\times 10^{{{exponent}}}"
        elif "/" in written:
            top, bottom = written.lstrip(MINUS).split("/")
            written = f"{MINUS * written.startswith(MINUS)}\\frac{{{top}}}{{{bottom}}}"
        written = written.replace(MINUS, "-").replace("∞", r"\infty").replace(UNKNOWN, "-")
        if "nan" in written:
            written = r"\mathrm{nan}"
        return rf"\approx {written}" if self.is_approximate(scalar) else written

    def is_approximate(self, scalar: Scalar | None) -> bool:
        """Whether a ≈ stands in front: it is wanted, and what is written is not the number."""
        if not (self.approximate and isinstance(scalar, int | Fraction | float)):
            return False
        if isinstance(scalar, float) and not math.isfinite(scalar):
            return False
        return _read(self._written(scalar)) != Fraction(scalar)

    def _written(self, scalar: Scalar | None) -> str:
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
