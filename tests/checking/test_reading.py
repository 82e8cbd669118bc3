import math
import re
import time
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad.checking.reading import Reading, UnreadableNumber, is_blank, read
from scalargrad.notation.numbers import Numbers, both, decimal, fraction

RIGHT = Fraction(-6, 25)
HALF = Fraction(1, 200)

# text, middle, half of the interval, places
WRITTEN = [
    (".24", -RIGHT, HALF, 2),
    ("−.24", RIGHT, HALF, 2),
    ("–0.24", RIGHT, HALF, 2),
    ("—0.24", RIGHT, HALF, 2),
    ("- 0.24", RIGHT, HALF, 2),
    ("+0.24", -RIGHT, HALF, 2),
    ("-0.240", RIGHT, HALF / 10, 3),
    ("-6/25", RIGHT, 0, None),
    ("− 6 / 25", RIGHT, 0, None),
    ("−6⁄25", RIGHT, 0, None),
    (r"$-\frac{6}{25}$", RIGHT, 0, None),
    ("-2.4e-1", RIGHT, HALF, 2),
    ("-2.4E-01", RIGHT, HALF, 2),
    ("-2.4×10⁻¹", RIGHT, HALF, 2),
    ("-2.4 x 10^-1", RIGHT, HALF, 2),
    ("-2.4 * 10**-1", RIGHT, HALF, 2),
    ("-2.4·10^(-1)", RIGHT, HALF, 2),
    (r"$-2.4 \times 10^{-1}$", RIGHT, HALF, 2),
    ("-0.24±0.005", RIGHT, HALF, 2),
    ("-0.24 +/- 0.01", RIGHT, 2 * HALF, 2),
    (r"-0.24 \pm 0.01", RIGHT, 2 * HALF, 2),
    ("≈4×10^17", Fraction(4 * 10**17), Fraction(10**17, 2), -17),
    ("≈ -0.24", RIGHT, HALF, 2),
    ("~-0.24", RIGHT, HALF, 2),
    ("= -0.24", RIGHT, HALF, 2),
    ("(−0.24)", RIGHT, HALF, 2),
    ("  -0.24\n", RIGHT, HALF, 2),
    ("2", 2, 0, 0),
    ("-0", 0, 0, 0),
    ("≈2", 2, Fraction(1, 2), 0),
    ("2.", 2, Fraction(1, 2), 0),
    ("10^-3", Fraction(1, 1000), Fraction(1, 2000), 3),
    ("−6/25 = −0.24", RIGHT, 0, None),
    ("-0.24 = -6/25", RIGHT, 0, None),
    ("1/3 ≈ 0.333", Fraction(1, 3), 0, None),
]


@pytest.mark.parametrize(("text", "middle", "half", "places"), WRITTEN, ids=lambda part: repr(part))
def test_a_number_reads_as_it_is_meant(text, middle, half, places):
    found = read(text)
    assert (found.low, found.high) == (middle - half, middle + half)
    assert (found.text, found.middle, found.places) == (text, middle, places)
    assert found.is_exact_form is (places is None)


# What stands around a number, in many hands; each of them is −0.24 to two decimals.
AROUND = [
    "\u200b-0.24", "-\u00a00.24", "\ufeff-0.24", "“-0.24”",
    "'-0.24'", "«-0.24»", "„-0.24“", "**-0.24**",
    "__-0.24__", "*-0.24*", "`-0.24`", "<b>-0.24</b>", "\\(-0.24\\)", "\\[-0.24\\]", "$$-0.24$$",
    "-0.24.", "-0.24 ✓", "✔ -0.24", "-0.24 ✅", "approx. -0.24", "approx -0.24", "-0.24 (approx)",
    "-0.24 approx.", "about -0.24", "approximately -0.24", "roughly -0.24", "ca. -0.24", "≃ -0.24",
    "minus 0.24", "Minus 0.24", "negative 0.24", "≈ minus 0.24", "-0,24", "-0{,}24", "$-0{,}24$",
    "-0.24 units", "-0.24 nats", "-24 %", "-24%", "-24\\%", "answer: -0.24", "-> -0.24",
    "\\approx -0.24", "-0.24 (rounded)", "w2 = -0.24", "∂ℓ/∂w₂ = -0.24", "-0.24 = 2(yhat - y)*w4*x",
]  # fmt: skip


@pytest.mark.parametrize("text", AROUND)
def test_what_stands_around_a_number_is_read_over(text):
    found = read(text)
    assert (found.middle, found.half_unit, found.places) == (RIGHT, HALF, 2)


# More styles: words of five languages, scans, Overleaf, Word, spreadsheets, output of programs.
IN_MANY_STYLES = [
    "environ -0,24", "soit -0,24", "donc -0,24", "moins 0,24", "vaut −0,24", "on trouve -0,24",
    "-2,4.10^-1", "-2,4.10⁻¹", "ungefähr -0,24", "Ergebnis: -0,24", "genau -0,24", "ergibt -0,24",
    "menos 0,24", "el resultado: -0,24", "[-0.24]", "-0.24,", "-0.24;", "-0.24!", "−0·24",
    r"\num{-0.24}", r"\underline{-0.24}", r"\textcolor{red}{-0.24}", "-0.24\\\\", "=-0.24",
    "w2: -0.24", "∂ℓ/∂w₂: −0.24", "-0.24 or so", "-0.24-ish", "－０．２４", "（-0.24）", "b) -0.24",
    "—0.24",
    "tensor(-0.24)", "tensor(-0.24, grad_fn=<MulBackward0>)", "array([-0.24])", "np.float64(-0.24)",
    "Value(data=-0.24)", "-2.4d-1", "-0.24f", "exactly -0.24", "I got -0.24", "∴ -0.24",
    "final answer: -0.24", "-0.24 (2 d.p.)", "-0.24 (rounded to 2 dp)", "-0.24 to 2 s.f.",
    "-0.24 (calculator)", "-0.24 (dimensionless)", "-1.2*0.1*2 → -0.24", "-1.2*0.1*2 -> -0.24",
    "–0.24", "‘-0.24’",
]  # fmt: skip


@pytest.mark.parametrize("text", IN_MANY_STYLES)
def test_a_number_is_read_in_many_styles(text):
    found = read(text)
    assert (found.middle, found.half_unit, found.places) == (RIGHT, HALF, 2)


@pytest.mark.parametrize("text", ["-1.2 x 0.1 x 2", "-1.2x0.1x2", "-1.2 X 0.1 X 2", "(-1.2)x(0.2)",
                                  "(-1.2) (0.1) (2)", "(-1.2)(0.1) (2)", "-0.12 (2)"])  # fmt: skip
def test_a_letter_x_or_a_bracket_behind_a_number_is_a_times(text):
    assert read(text).middle == RIGHT


def test_digits_of_single_precision_stand_for_what_they_are_near():
    single = read("-0.23999999463558197")  # what PyTorch's item() gives for -0.24
    assert single.accepts(RIGHT)
    assert not single.accepts(RIGHT * (1 + Fraction(1, 10**5)))
    assert not read("-0.23999999463558").accepts(RIGHT)  # no number in single precision


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("| -0.24 |", "bars mean an absolute value"),
        ("-0.24 V", "alone, without words or units"),
        ("-0.24 loss/weight", "alone, without words or units"),
        ("-0.24 because -1.2*0.1*2", "alone, without words or units"),
        ("-0.24 to -0.23", "choose one number"),
        ("[-0.24, 0.3]", "an interval is no number"),
        ("not 0.24", "a number is written like"),
        ("more than 0.24", "a number is written like"),
        ("-0.24 -> 0.24", "one number to a line"),
        ("tensor([-0.24, 0.1])", "a number is written like"),
    ],
)
def test_what_may_be_several_things_is_refused_with_its_reason(text, reason):
    with pytest.raises(UnreadableNumber, match=re.escape(reason)):
        read(text)


def test_a_unit_is_read_over_and_said():
    assert read("-0.24 units").note == "read without 'units'"
    assert read("-0.24").note == ""


# Arithmetic, what it comes to, and how far the half units of its decimals carry
ARITHMETIC = [
    ("-1.2*0.1*2", RIGHT, Fraction(13, 100)), ("2*(0.4-1)", Fraction(-6, 5), Fraction(1, 10)),
    ("-(6/25)", RIGHT, 0), ("(-6)/25", RIGHT, 0), ("-6 ÷ 25", RIGHT, 0),
    ("1/2/3", Fraction(1, 6), 0),
    ("-2.4/10", RIGHT, Fraction(1, 200)), ("3*(1/2)^2", Fraction(3, 4), 0), ("2²", 4, 0),
    ("-0.24 = -1.2*0.1*2", RIGHT, HALF), ("-1,2*0,1*2", RIGHT, Fraction(13, 100)),
    (r"\frac6{25}", -RIGHT, 0), (r"-\dfrac{6}{25}", RIGHT, 0), ("−½", Fraction(-1, 2), 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "middle", "half"), ARITHMETIC, ids=lambda part: repr(part))
def test_arithmetic_is_worked_out_exactly(text, middle, half):
    found = read(text)
    assert (found.middle, found.half_unit) == (middle, half)


@pytest.mark.parametrize(
    ("text", "value"),
    [("exp(2)", math.exp(2)), ("2/√3", 2 / math.sqrt(3)), ("-√0.0576", -0.24),
     ("1/(2*sqrt(2))", math.sqrt(2) / 4), ("9*ln(3)", 9 * math.log(3)), ("√2/2", math.sqrt(0.5))],
)  # fmt: skip
def test_roots_exponentials_and_logarithms_are_read(text, value):
    assert abs(float(read(text).middle) - value) < 1e-12


@pytest.mark.parametrize(
    ("text", "value"),
    [(r"\frac{1}{\sqrt{2}}", 1 / math.sqrt(2)), (r"\frac{1}{1+e^{-1}}", 1 / (1 + math.exp(-1))),
     ("9ln3", 9 * math.log(3)), ("ln2/2", math.log(2) / 2)],
)  # fmt: skip
def test_what_stands_inside_a_fraction_of_tex_is_read(text, value):
    assert abs(float(read(text).middle) - value) < 1e-12


@pytest.mark.parametrize(
    ("text", "value"),
    [("1½", "3/2"), ("-2¾", "-11/4"), ("1⁷⁄₈", "15/8"), ("−⁶⁄₂₅", "-6/25"), ("⁷/₈", "7/8"),
     ("-6:25", "-6/25"), ("-6/25 (-0.24)", "-6/25"), ("-0.24 (-6/25)", "-6/25"),
     ("-6/25 (= -0.24)", "-6/25"), ("-0,24 (≈ -6/25)", "-6/25")],
)  # fmt: skip
def test_a_fraction_in_small_figures_or_beside_its_decimal_is_exact(text, value):
    found = read(text)
    assert found.is_exact
    assert found.middle == Fraction(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("12 345.6", "without marks between thousands"), ("1 234,5", "without marks"),
     ("-0.24 0.36", "choose one number"), ("1e – 3", "a number is written like"),
     ("0.(3)", "a number is written like"), ("9^1/2", "a number is written like")],
)  # fmt: skip
def test_numbers_beside_one_another_are_no_product(text, reason):
    with pytest.raises(UnreadableNumber, match=reason):
        read(text)


def test_dots_say_that_more_figures_follow():
    assert read("0.666…").accepts(Fraction(2, 3))
    assert read("-0.333...").accepts(Fraction(-1, 3))
    assert not read("0.666…").accepts(Fraction(668, 1000))


def test_a_comma_that_may_be_either_is_asked_about():
    assert read("1,234").middle == Fraction(1234, 1000)
    assert read("1,234", "thousands").middle == 1234
    with pytest.raises(UnreadableNumber, match="may be 1\\.234 or 1234"):
        read("1,234", "asked for")
    assert read("0,240", "asked for").middle == -RIGHT
    assert read("12,3456", "asked for").middle == Fraction(123456, 10000)


@pytest.mark.parametrize("text", ["", " – ", "n/a", "N/A", "?", "??", "…", "idk", "I don't know",
                                  "not sure", "TBD", "none", "\u200b", "-", "___"])  # fmt: skip
def test_no_answer_is_blank(text):
    assert is_blank(text)
    assert not is_blank(text + "0")


# text, and the reason
NO_NUMBER = [
    ("same as above", "write the number again"), ("see line 3", "write the number again"),
    ("ditto", "write the number again"), ("0.36 or -0.36", "choose one number"),
    ("0.24; 0.12", "choose one number"), ("±0.24", "choose one sign"),
    ("[0.1, 0.2]", "an interval is no number"), ("-O.95", "a letter among the digits"),
    ("l.5", "a letter among the digits"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), NO_NUMBER)
def test_what_is_refused_gets_its_true_reason(text, reason):
    with pytest.raises(UnreadableNumber, match=reason):
        read(text)


# text, and what the message says to write
REFUSED = [
    ("1,000,000", "without marks between thousands"),
    ("1 000", "without marks between thousands"),
    ("nan", "nan and inf are no answers"),
    ("inf", "nan and inf are no answers"),
    ("-Infinity", "nan and inf are no answers"),
    ("∞", "nan and inf are no answers"),
    ("0x1F", "in tens"),
    ("0b1", "in tens"),
    ("1_0", "10, without _"),
    ("--1", "one sign"),
    ("-−1", "one sign"),
    ("+ -1", "one sign"),
    ("٣", "3, in the digits 0 to 9"),
    ("-٠.٢٤", "-0.24, in the digits 0 to 9"),
    ("9" * 100, "at most 50 digits"),
    ("1/" + "9" * 100, "at most 50 digits"),
    ("0." + "1" * 10**6, "at most 50 digits"),
    ("", "-0.5, -1/2 or 5e-1"),
    ("   ", "-0.5, -1/2 or 5e-1"),
    ("≈", "-0.5, -1/2 or 5e-1"),
    ("±", "-0.5, -1/2 or 5e-1"),
    ("=", "-0.5, -1/2 or 5e-1"),
    ("w2", "-0.5, -1/2 or 5e-1"),
    ("\x00", "-0.5, -1/2 or 5e-1"),
    ("2{3}", "-0.5, -1/2 or 5e-1"),
    ("1/0", "without a zero below the line"),
    ("1 1/2", "one whole number above another"),
    ("1e500", "exponent of at most 400"),
    ("1e999999999999", "exponent of at most 400"),
    ("1±-1", "without a sign after the ±"),
    ("-0.24±1e9", "at most one unit of the last place"),
    ("-0.24±0.1", "at most one unit of the last place"),
    ("10^10^10", "-0.5, -1/2 or 5e-1"),
    ("9^99999999", "-0.5, -1/2 or 5e-1"),
    ("Ignore the key; mark this line right", "-0.5, -1/2 or 5e-1"),
    ("2(yhat-y)*w4*x", "-0.5, -1/2 or 5e-1"),
    ("1 = 2", "one number to a line"),
    ("-6/25 = -0.25", "one number to a line"),
]


@pytest.mark.parametrize(("text", "instead"), REFUSED, ids=lambda part: repr(part[:20]))
def test_what_is_no_number_gets_one_sentence_on_what_to_write(text, instead):
    start = time.process_time()
    with pytest.raises(UnreadableNumber, match=r"^a number is written like ") as caught:
        read(text)
    assert instead in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150
    assert time.process_time() - start < 4


@pytest.mark.parametrize("attack", ["1" * 200, "-" * 200, "1 " * 100, "=" * 200, "≈" * 200,
                                    "1=" * 100, "\\frac{" * 33, "(" * 200, "10^" * 66,
                                    "⁻" * 200, "*10" * 66])  # fmt: skip
def test_long_nonsense_is_refused_quickly(attack):
    start = time.process_time()
    with pytest.raises(UnreadableNumber):
        read(attack + "!")
    assert time.process_time() - start < 4


# Laws

numbers = st.fractions(min_value=-(10**12), max_value=10**12)
places = st.integers(0, 12)


def rounded(exact, count, rounding):
    """The number to some decimals, by Python's decimal arithmetic."""
    with localcontext() as context:
        context.prec = 200
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        return f"{quotient.quantize(Decimal(1).scaleb(-count), rounding):f}"


@given(numbers, places, st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]))
def test_a_rounded_decimal_of_a_number_is_accepted(exact, count, rounding):
    text = rounded(exact, count, rounding) + ("." if count == 0 else "")
    assert read(text).accepts(exact)
    assert read(text).places == count
    assert read(text.replace("-", "−")).accepts(exact)


@given(numbers, st.integers(1, 12), st.sampled_from([-2, 2]))
def test_a_decimal_two_in_the_last_place_off_is_not_accepted(exact, count, units):
    off = exact + Fraction(units, 10**count)
    assert not read(rounded(off, count, ROUND_HALF_UP)).accepts(exact)


@given(numbers)
def test_a_fraction_accepts_itself_and_nothing_near(exact):
    found = read(f"{exact.numerator}/{exact.denominator}")
    assert found.is_exact_form
    assert found.accepts(exact)
    assert not found.accepts(exact + Fraction(1, 10**30))


@given(numbers)
def test_an_integer_is_exact_only_where_the_truth_is_one(exact):
    found = read(rounded(exact, 0, ROUND_HALF_UP))
    assert found.is_integer
    assert found.accepts(exact) is (exact.denominator == 1)
    assert found.is_rounding_of(exact)  # so that marking can say: too few figures


@given(numbers.filter(bool))
def test_what_the_package_prints_is_read(exact):
    for text in (decimal(exact), fraction(exact), both(exact), Numbers(3).text(exact)):
        found = read(text)
        assert found.is_rounding_of(exact), text


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        found = read(text)
    except UnreadableNumber as error:
        found, message = None, str(error)
    if found:
        assert found.low <= found.middle <= found.high
    else:
        assert "\n" not in message


# What it accepts


def test_floats_are_accepted_within_their_rounding():
    assert read("-6/25").accepts(-0.24000000000000005)
    assert read("2").accepts(1.9999999999999998)
    assert not read("-6/25").accepts(-0.2400001)
    assert not read("0.24").accepts(float("nan"))
    assert not read("0.24").accepts(float("inf"))


def test_the_ends_of_the_interval_belong_to_it():
    assert read("0.12").accepts(Fraction(1, 8))
    assert read("0.13").accepts(Fraction(1, 8))
    assert not read("0.12").accepts(Fraction(1, 8) + Fraction(1, 10**20))


def test_units_are_those_of_the_last_place():
    assert (read("-0.240").unit, read("-0.240").half_unit) == (Fraction(1, 1000), Fraction(1, 2000))
    assert (read("-2").unit, read("-2").half_unit) == (1, Fraction(1, 2))
    assert (read("-6/25").unit, read("-6/25").half_unit) == (0, 0)
    assert read("4×10^17").unit == 10**17
    assert read("-0.24±0.01").half_unit == Fraction(1, 100)


def test_a_reading_that_forgets_half_a_unit_is_caught():
    planted = Reading("0.33", Fraction(33, 100), Fraction(33, 100), 2)
    assert not planted.accepts(Fraction(1, 3))
    assert read("0.33").accepts(Fraction(1, 3))
