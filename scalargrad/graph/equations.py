"""Equations: a derivative as sums of products, step by step, in digits that multiply as printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.graph.paths import product
from scalargrad.notation.names import Written, joined
from scalargrad.notation.numbers import MINUS, Numbers, decimal, fraction, read
from scalargrad.notation.numbers import numbers as numbers_alike
from scalargrad.notation.printing import enclosed
from scalargrad.notation.tex import quoted
from scalargrad.notation.words import printable

_LANES = 6  # that are written


@dataclass(frozen=True)
class Line:
    r"""A line of an equation.

    Attributes:
        left: what stands on the left, or nothing where the line goes on with the one before.
        sign: "=", or "≈" where what follows is rounded.
        right: what follows; its `math` is LaTeX that amsmath sets, also for names in `\text`.
    """

    left: Written
    sign: str
    right: Written


SIGNS = {"=": "=", "≈": r"\approx", "": ""}


def on_one_line(lines: Iterable[Line]) -> Written:
    """The lines one behind the other."""
    parts = [
        part
        for line in lines
        for part in (line.left, Written(line.sign, SIGNS[line.sign]), line.right)
    ]
    return Written(
        " ".join(part.text for part in parts if part.text),
        " ".join(part.math for part in parts if part.math),
    )


@dataclass(frozen=True)
class Factor:
    """A factor: its symbol, its formula, its number; whether it is 1 whatever the numbers are."""

    symbol: Written
    formula: Written
    number: Scalar
    is_one: bool = False
    is_sum: bool = False
    is_rounded: bool = False


Term = tuple[Factor, ...]


@dataclass(frozen=True)
class Sum:
    """A derivative as a sum over paths, or over users, of products; some terms may be left out.

    Attributes:
        left: the derivative.
        terms: products of factors.
        gradient: the value of the sum.
        missing: how many terms stand behind the dots.
        short: how the sum is written where its terms are alike, as Σᵢ.
    """

    left: Written
    terms: Sequence[Term]
    gradient: Scalar
    missing: int = 0
    short: Written | None = None

    def factors(self) -> list[list[Scalar]]:
        """The numbers of each term."""
        return [[f.number for f in term if not f.is_one] for term in self.terms]

    def products(self) -> list[list[Scalar]]:
        """The value of each term."""
        return [[product(row)] for row in self.factors()]

    def rows(self, digits: Digits) -> tuple[_Row | None, _Row | None, _Row]:
        """The numbers, the products and the result; None for what its neighbour says already."""
        factors = self.factors()
        has_products, has_sum = max(map(len, factors), default=0) > 1, len(factors) > 1
        writers = [_Writer(numbers) for numbers in digits]
        return (
            _Row(factors, writers[0]) if has_products or has_sum else None,
            _Row(self.products(), writers[1]) if has_products and has_sum else None,
            _Row([[self.gradient]], writers[2]),
        )

    def numbers(self) -> list[Scalar]:
        """All that are written."""
        rows = self.factors() + (self.products() if len(self.terms) > 1 else [])
        return [number for row in rows for number in row] + [self.gradient]


# Steps -------------------------------------------------------------------------------------------

NOTHING = Written("", "")
Right = tuple[str, Written]  # a sign, and what follows it


@dataclass(frozen=True)
class Equation:
    """What stands right of a derivative; None for what would only repeat its neighbour."""

    symbols: Right | None
    short: Right | None
    formulas: Right | None
    numbers: Right | None
    products: Right | None
    result: Right

    def __iter__(self) -> Iterator[Right]:
        steps = (self.symbols, self.short, self.formulas, self.numbers, self.products, self.result)
        return (right for right in steps if right)

    def on_the_slide(self) -> list[Right]:
        """Symbols, numbers, result; a formula where there would be no symbols."""
        steps = (self.symbols or self.short or self.formulas, self.numbers, self.result)
        return [right for right in steps if right]


def equation(sum_: Sum, digits: Digits) -> Equation:
    """The steps of an equation, and how each follows from the one before."""
    terms, missing = sum_.terms, sum_.missing
    symbols = _joined([_times([f.symbol for f in t if f.symbol.text]) for t in terms], missing)
    formulas = _joined([_times(_bracketed(t, len(terms))) for t in terms], missing)
    before: _Row | None = None
    rights: list[Right | None] = []
    for row in sum_.rows(digits):
        if row is None:
            rights.append(None)
            continue
        is_last = len(rights) == 2
        sign = "=" if _is_equal(row, before, missing) else "≈"
        written = [row.writer.product(term) for term in row.terms]
        rights.append((sign, _joined(written, 0 if is_last else missing)))
        before = row
    is_rounded = any(f.is_rounded for term in terms for f in term)
    numbers, products, last = rights
    assert last is not None
    has_symbols = any(f.symbol.text not in ("", sum_.left.text) for term in terms for f in term)
    has_formulas = any(terms) and formulas.text not in (symbols.text, last[1].text)
    if numbers and numbers[1].text == formulas.text:
        numbers = None
    return Equation(
        ("=", symbols) if has_symbols else None,
        ("=", sum_.short) if sum_.short else None,
        ("≈" if is_rounded else "=", formulas) if has_formulas else None,
        numbers,
        products,
        last,
    )


def lines_of(left: Written, rights: Iterable[Right]) -> tuple[Line, ...]:
    """The steps as lines, the first behind the derivative."""
    first, *others = (Line(NOTHING, *right) for right in rights)
    return (replace(first, left=left), *others)


def flat(left: Written, equation: Equation) -> Line:
    """An equation on one line."""
    (sign, first), *others = equation
    rest = on_one_line(Line(NOTHING, *right) for right in others)
    return Line(left, sign, Written(f"{first.text} {rest.text}".strip(),
                                    f"{first.math} {rest.math}".strip()))  # fmt: skip


def _bracketed(term: Term, count: int) -> list[Written]:
    """The formulas of a term, those of 1 left out, sums in parentheses where they need them."""
    shown = [factor for factor in term if not factor.is_one]
    alone = len(shown) == 1 and count == 1
    parts: list[Written] = []
    if len(shown) > 1 and shown[0].formula.text == f"{MINUS}1":
        shown = [replace(shown[1], formula=_negative(shown[1]), is_sum=False), *shown[2:]]
    has_signs = sum(factor.formula.text.startswith(MINUS) for factor in shown) > 1
    for place, factor in enumerate(shown):
        is_signed = (bool(place) or has_signs) and factor.formula.text.startswith(MINUS)
        is_apart = is_signed or (factor.is_sum and not alone)
        written = factor.formula
        if written.math.startswith(r"\begin{cases}") and not alone:
            written = replace(written, math=enclosed(written.math))  # which has one brace
        parts.append(in_parentheses(written) if is_apart else written)
    return parts


def _negative(factor: Factor) -> Written:
    is_signed = factor.is_sum or factor.formula.text.startswith(MINUS)
    inner = in_parentheses(factor.formula) if is_signed else factor.formula
    return Written(f"{MINUS}{inner.text}", f"-{inner.math}")


def in_parentheses(written: Written) -> Written:
    """The same between parentheses."""
    return Written(f"({written.text})", enclosed(written.math))


def pmatrix(rows: Sequence[Sequence[str]]) -> str:
    r"""A matrix of TeX.

    >>> pmatrix([["1", "2"]])
    '\\begin{pmatrix} 1 & 2 \\end{pmatrix}'
    """
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}"


def _times(factors: Sequence[Written]) -> Written:
    """A product; of nothing, 1."""
    if not factors:
        return Written("1", "1")
    return joined(factors, " × ", r" \times ")


def _joined(terms: Sequence[Written], missing: int) -> Written:
    """A sum, dots standing for the terms that are left out; of nothing, 0."""
    shown = list(terms) or [Written("0", "0")]
    if missing:
        shown.insert(len(shown) - 1, Written("⋯", r"\cdots"))
    whole, *others = shown
    for term in others:
        if term.text.startswith(MINUS):
            whole = Written(f"{whole.text} − {term.text[1:]}", f"{whole.math} - {term.math[1:]}")
        else:
            whole = Written(f"{whole.text} + {term.text}", f"{whole.math} + {term.math}")
    return whole


# Numbers -----------------------------------------------------------------------------------------


class Digits(NamedTuple):
    """How numbers are written: the factors, the products of them, and their sum."""

    factors: Numbers
    products: Numbers
    result: Numbers


def chosen_digits(
    sums: Sequence[Sum], digits: int | None, *, fractions: bool, is_exact: bool
) -> Digits:
    """The fewest digits in which what is printed multiplies and adds up to what is printed.

    Args:
        sums: what is written.
        digits: how many there shall be; by default 3, and more where it takes more.
        fractions: whether exact numbers are written as fractions.
        is_exact: whether all leaves are exact, so that a float is a rounded number.
    """

    def alike(*count: int) -> Digits:
        return Digits(*(Numbers(n, fractions, approximate=is_exact) for n in count))

    known = [number for sum_ in sums for number in map(_plain, sum_.numbers())]
    known = [number for number in known if scalars.is_number(number)]
    if digits is not None:
        return alike(digits, digits, digits)
    for enough in (3, 4, 5, 6):
        if all(map(_Writer(alike(enough, 0, 0).factors).is_in_full, known)):
            return alike(enough, enough, enough)
    finite = [number for number in known if math.isfinite(scalars.to_float(number))]
    least = numbers_alike(finite).digits
    for more in range(8):
        for shown in (alike(least + more, least + (more + 1) // 2, least),
                      alike(least + more, least + more, least)):  # fmt: skip
            if all(_adds_up(sum_, shown) for sum_ in sums):
                return shown
    return alike(least, least, least)


def _adds_up(sum_: Sum, digits: Digits) -> bool:
    """Whether each row rounds what is computed from the one before, as that is printed."""
    before: _Row | None = None
    for row in filter(None, sum_.rows(digits)):
        numbers = [_plain(a) for r in (row, before) if r for term in r.terms for a in term]
        if not all(scalars.is_number(a) and _is_finite(a) for a in numbers):
            return True
        if before is not None:
            made = before.products()
            made = [sum(made, Fraction(0))] if len(row.terms) < len(made) else made
            shown = row.products()
            is_cut = sum_.missing and len(row.terms) == 1
            if not is_cut and any(map(row.differ, made, shown)):
                return False
        before = row
    return True


@dataclass(frozen=True)
class _Row:
    """A sum of products of numbers, as it is written."""

    terms: list[list[Scalar]]
    writer: _Writer

    def products(self) -> list[Fraction]:
        """The products of the numbers as they are printed."""
        printed = ([self.writer.printed(_plain(a)) for a in term] for term in self.terms)
        return [math.prod(term, start=Fraction(1)) for term in printed]

    def differ(self, exact: Fraction, shown: Fraction) -> bool:
        """Whether a number, in the digits of the row, is another than what is shown."""
        return exact != shown and self.writer.printed(exact) != shown


def _is_equal(row: _Row, before: _Row | None, missing: int) -> bool:
    """Whether = is honest in front of a row that follows another, as printed."""
    rows = [row, before] if before else [row]
    if not all(row.writer.is_in_full(a) for term in row.terms for a in term):
        return False
    known = [_plain(number) for one in rows for term in one.terms for number in term]
    if before is None or not all(scalars.is_number(a) and _is_finite(a) for a in known):
        return True
    if missing:
        return all(map(scalars.is_exact, known))
    return sum(row.products()) == sum(before.products())


def _plain(scalar: Scalar) -> Scalar:
    """A scalar as it is written: a Value by its data, a number of many digits as a float."""
    while isinstance(scalar, Value):
        scalar = scalar.data
    many = scalars.kind_of(scalar).name == "mpmath number"
    return scalars.to_float(scalar) if many else scalar


def _is_finite(number: Scalar) -> bool:
    return scalars.is_exact(number) or math.isfinite(number)


class _Writer:
    """Writes numbers, and knows which of them it has rounded."""

    def __init__(self, numbers: Numbers) -> None:
        self.approximate = numbers.approximate
        self.numbers = replace(numbers, approximate=False)  # ≈ stands between the lines

    def number(self, scalar: Scalar) -> Written:
        """A number, the first lanes, or an expression of another library's."""
        scalar = _plain(scalar)
        if lanes := _lanes(scalar):
            shown = [self.number(lane) for lane in lanes[:_LANES]]
            shown += [Written("…", r"\ldots")] * (len(lanes) > _LANES)
            return Written(f"[{', '.join(a.text for a in shown)}]",
                           enclosed(", ".join(a.math for a in shown), "[]"))  # fmt: skip
        if scalars.is_number(scalar):
            return Written(self.numbers.text(scalar), self.numbers.math(scalar))
        text = printable(str(scalar), 200).replace("-", MINUS)
        own = scalar._repr_latex_() if hasattr(scalar, "_repr_latex_") else ""
        return Written(text, own.strip("$").removeprefix(r"\displaystyle ") or quoted(text))

    def product(self, factors: Sequence[Scalar]) -> Written:
        """Numbers in parentheses with × between them; one alone as it is."""
        written = [self.number(factor) for factor in factors]
        return written[0] if len(written) == 1 else _times([*map(in_parentheses, written)])

    def is_in_full(self, scalar: Scalar) -> bool:
        """Whether what is written is the number itself; a float is taken for its 15 digits."""
        scalar = _plain(scalar)
        if lanes := _lanes(scalar):
            return len(lanes) <= _LANES and all(map(self.is_in_full, lanes))
        if not scalars.is_number(scalar) or not _is_finite(scalar):
            return True
        if scalars.is_exact(scalar):
            return bool(self.printed(scalar) == scalar)
        digits = self.numbers.digits
        if decimal(scalar, digits) != decimal(scalar, 15):
            return False
        return not self.approximate or self.printed(scalar) == Fraction(scalar)

    def printed(self, scalar: Scalar) -> Fraction:
        """The number that is read off what is written."""
        exact = self.numbers.fractions and scalars.is_exact(scalar)
        text = fraction(scalar) if exact else decimal(scalar, self.numbers.digits)
        return read(text)


def written_number(number: Scalar, numbers: Numbers) -> Written:
    """A number as an equation has it."""
    return _Writer(numbers).number(number)


def _lanes(scalar: Scalar) -> list[Scalar]:
    return list(scalar.ravel().tolist()) if getattr(scalar, "shape", ()) else []
