import math
import sys
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import Value
from scalargrad.notation.numbers import (
    MINUS,
    UNKNOWN,
    Numbers,
    both,
    decimal,
    exact_text,
    fraction,
    in_formula,
    numbers,
    read,
)  # fmt: skip

DECIMALS = [
    (None, UNKNOWN), (0, "0"), (-0.0, "0"), (Fraction(0), "0"), (Fraction(-6, 25), "−0.24"),
    (-0.24, "−0.24"), (2 / 3, "0.6667"), (Fraction(2, 3), "0.6667"), (1e300, "1e300"),
    (1e-300, "1e−300"), (-1.23456e-7, "−1.235e−7"), (5e-324, "4.941e−324"), (12345, "1.235e4"),
    (12355, "1.236e4"), (12345.6, "1.235e4"), (1234, "1234"), (0.0001, "0.0001"), (1e-5, "1e−5"),
    (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "nan"), (10**400, "1e400"),
    (-(10**400), "−1e400"), (Fraction(1, 10**400), "1e−400"), (10**5000, "1e5000"),
    (Fraction(99999, 10000), "10"), (99996, "1e5"), (100, "100"), (1000.0, "1000"),
    (Fraction(1, 10**5), "1e−5"), (Fraction(12, 10**5), "0.00012"), (Fraction(1000), "1000"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "expected"), DECIMALS, ids=[text for _, text in DECIMALS])
def test_a_decimal_has_four_significant_digits(number, expected):
    assert decimal(number) == expected


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_a_decimal_of_a_float_reads_back_within_its_last_digit(number, digits):
    read = Fraction(decimal(number, digits).replace(MINUS, "-"))
    assert abs(read - Fraction(number)) <= abs(Fraction(number)) * Fraction(10) ** (1 - digits) / 2


@given(st.fractions(), st.integers(1, 17))
def test_a_decimal_of_a_fraction_is_as_near_as_its_digits_allow(number, digits):
    read = Fraction(decimal(number, digits).replace(MINUS, "-"))
    assert abs(read - number) <= abs(number) * Fraction(10) ** (1 - digits) / 2


@given(st.one_of(st.floats(), st.integers(), st.fractions()))
def test_no_number_is_written_with_a_hyphen_or_as_negative_zero(number):
    for written in (decimal(number), fraction(number), both(number)):
        assert "-" not in written
        assert written not in (MINUS + "0", "≈ " + MINUS + "0")


def test_exact_numbers_are_fractions_in_lowest_terms_beside_their_decimals():
    assert fraction(Fraction(12, -50)) == "−6/25"
    assert both(Fraction(-6, 25)) == "−6/25 = −0.24"
    assert both(Fraction(1, 3)) == "1/3 ≈ 0.333333"
    assert both(7) == "7"
    assert both(Fraction(14, 2)) == "7"
    assert both(1234567) == "1234567"
    assert both(0.1) == "≈ 0.1"
    assert both(None) == fraction(None) == UNKNOWN
    assert both(10**400) == "1e400"
    assert both(10**400 + 1) == "≈ 1e400"


def test_numbers_beyond_pythons_limit_on_digits_are_shortened():
    enormous = 7 ** (2 * sys.get_int_max_str_digits())
    for number in (enormous, -enormous, Fraction(enormous, 3), Fraction(1, enormous)):
        for written in (decimal(number), fraction(number), both(number)):
            assert len(written) < 25
            assert "∞" not in written
    thousand_digits = Fraction(10**1000 + 7, 10**999 + 1)
    assert both(thousand_digits) == "≈ 10"


def test_lanes_are_listed_in_the_same_digits_and_cut():
    assert decimal(np.array([0.5, -1 / 3])) == "[0.5, −0.3333]"
    assert len(decimal(np.linspace(0, 1, 1000))) == 40
    assert decimal(np.linspace(0, 1, 1000)).endswith("…")


def test_text_of_other_scalars_is_one_printable_line():
    class Odd:
        def __str__(self):
            return "a\nb\x00\x1b c"

    assert decimal(Odd()) == "a b·· c"


NUMBERS = [
    (Numbers(3), Fraction(-6, 25), "−0.24", "-0.24"),
    (Numbers(3, fractions=True), Fraction(-6, 25), "−6/25", r"-\frac{6}{25}"),
    (Numbers(3), 1.5**100, "4.07×10¹⁷", r"4.07\times 10^{17}"),
    (Numbers(3), -(0.8**100), "−2.04×10⁻¹⁰", r"-2.04\times 10^{-10}"),
    (Numbers(3, approximate=True), Fraction(1, 3), "≈ 0.333", r"\approx 0.333"),
    (Numbers(3, approximate=True), Fraction(1, 4), "0.25", "0.25"),
    (Numbers(3, approximate=True), 0.25, "0.25", "0.25"),
    (Numbers(3, approximate=True), 0.1 + 0.2, "≈ 0.3", r"\approx 0.3"),
    (Numbers(3, approximate=True), math.inf, "∞", r"\infty"),
    (Numbers(3, approximate=True), 10**400, "1×10⁴⁰⁰", r"1\times 10^{400}"),
    (Numbers(3), None, "–", "-"),
    (Numbers(3), -math.inf, "−∞", r"-\infty"),
    (Numbers(3), math.nan, "nan", r"\mathrm{nan}"),
    (Numbers(3), -0.0, "0", "0"),
]


@pytest.mark.parametrize(
    ("writing", "number", "text", "tex"), NUMBERS, ids=[text for _, _, text, _ in NUMBERS]
)
def test_a_number_is_written_in_unicode_and_in_tex(writing, number, text, tex):
    assert (writing.text(number), writing.math(number)) == (text, tex)


@pytest.mark.parametrize(
    ("written", "digits"),
    [([0.1, 2], 3), ([Fraction(1, 8), 0.1234], 4), ([1 / 3, 0.1], 3), ([0.12345], 3), ([], 3),
     ([math.nan, math.inf, None, 10**400], 3)],
)  # fmt: skip
def test_a_picture_has_four_digits_where_they_show_a_number_in_full(written, digits):
    assert numbers(written).digits == digits
    assert numbers(written, 7).digits == 7


def test_a_node_shows_name_value_and_gradient_in_a_notebook():
    w = Value("0.8", "w2")
    assert w._repr_latex_() == r"$w_{2} = \frac{4}{5} = 0.8,\quad \mathrm{grad} = \text{–}$"
    (w * "-0.3").backward()
    assert w._repr_latex_().endswith(r"\mathrm{grad} = -\frac{3}{10} = -0.3$")
    assert Value(0.5, "${")._repr_latex_().startswith(r"$\mathrm{Value} = 0.5,")
    hostile = Value(np.array([1.0, 2.0]), "x")._repr_latex_()
    assert hostile == r"$x = \text{·1, 2·},\quad \mathrm{grad} = \text{–}$"


@given(st.fractions(), st.integers(1, 12))
def test_what_is_written_of_a_number_is_read_back(number, digits):
    assert read(fraction(number)) == number
    assert Fraction(exact_text(number)) == number
    is_short = max(abs(number.numerator), number.denominator) < 10**7
    assert read(in_formula(number)) == number or not is_short
    assert read(decimal(number, digits)) == rounded(number, digits)


def rounded(number, digits):
    context = Context(prec=digits, rounding=ROUND_HALF_UP)
    return Fraction(context.divide(Decimal(number.numerator), Decimal(number.denominator)))
