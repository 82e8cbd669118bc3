"""What a derivation prints in LaTeX, read back by a reader that knows nothing of the project."""

import math
import random
import re
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_tex import read_tex

from scalargrad import Value, derive, program
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import partial
from scalargrad.lectures import LECTURES

LETTERS = "abcdfghjkmnpqrstuvwxz"


def random_output(chance):
    """A graph of a dozen operations, some of its nodes with names of one letter."""
    letters = iter(LETTERS)
    made = [Value(Fraction(chance.randint(-9, 9), chance.choice((2, 4, 5))), next(letters))
            for _ in range(4)]  # fmt: skip
    for _ in range(10):
        a, b = chance.choice(made), chance.choice(made)
        made.append(chance.choice([
            a + b, a - b, a * b, a * b, a.relu() * b, -a, 2 * a, a.square(), a / 3, abs(a),
            a.maximum(b), (a - b).tanh(), a.sigmoid(), (a * b).sin(), (1 + a * a).log(),
        ]))  # fmt: skip
        if chance.random() < 0.35:
            made[-1].named(next(letters))
    return made[-1].named("y")


def right_sides(derivation):
    """The right sides of the equation in LaTeX, without those in derivatives, and their signs."""
    for line in derivation.latex.splitlines()[1:-1]:
        match = re.fullmatch(r".*?&(=|\\approx) (.*?)(?: \\\\)?", line)
        if match and r"\partial" not in match[2] and r"\sum" not in match[2]:
            yield match[1], match[2]


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))  # which are made smaller where one fails
def test_the_latex_of_a_derivation_is_the_gradient(chance):
    y = random_output(chance)
    nodes = [node for node in topological_order(y) if node.label]
    names = {node.label: node.data for node in nodes}
    for node in nodes[:-1]:
        found = derive(y, node)
        true = partial(y, node)
        assert float(found.gradient) == pytest.approx(float(true), rel=1e-9, abs=1e-12)
        if not found.paths or not set(names) <= set(LETTERS + "y") or len(names) < len(nodes):
            continue
        for sign, right in right_sides(found):
            value = read_tex(right, names)
            if sign == "=":
                tolerance = {"rel": 1e-9, "abs": 1e-9}
            else:  # rounded to three digits, and sums of such
                tolerance = {"rel": 6e-3, "abs": 6e-3 * max(1, *map(abs, flat(right)))}
            assert float(value) == pytest.approx(float(true), **tolerance), right


def flat(tex):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", tex)]


# The digits: what is printed of the factors multiplies to what is printed of the product.

NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")


def number_of(text):
    mantissa, times, power = text.replace("−", "-").partition("×10")
    level = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return Fraction(mantissa) * Fraction(10) ** int(level or 0) if times else Fraction(mantissa)


def terms_of(row):
    """The terms of a row of numbers, each as its factors; None where it holds anything else."""
    terms = [term.split(" × ") for term in row.replace(" − ", " + −").split(" + ")]
    shown = [[f.removeprefix("(").removesuffix(")") for f in term] for term in terms]
    if not all(NUMBER.fullmatch(factor) for term in shown for factor in term):
        return None
    return [[number_of(factor) for factor in term] for term in shown]


def rounded_like(exact, shown):
    """Whether a number, in as many digits as another is shown in, is that."""
    if exact == shown:
        return True
    digits = len(str(shown.numerator * 10**30 // shown.denominator).strip("-").rstrip("0")) or 1
    return abs(exact - shown) <= Fraction(10) ** (places(shown) - digits + 1) / 2


def places(number):
    return math.floor(math.log10(abs(number))) if number else -3


def rows_that_differ(found):
    """How many rows of numbers follow from the one before, and how many do not."""
    rows = [(terms_of(line.right.text), bool(line.left.text)) for line in found.lines]
    right = wrong = 0
    for (before, _), (after, is_new) in pairwise(rows):
        if before is None or after is None or is_new:
            continue
        made = [math.prod(term, start=Fraction(1)) for term in before]
        if len(after) < len(made):
            made = [sum(made)]
        good = all(rounded_like(m, math.prod(a)) for m, a in zip(made, after, strict=True))
        right, wrong = right + good, wrong + (not good)
    return right, wrong


def test_printed_factors_multiply_to_the_printed_product():
    right = wrong = 0
    for seed in range(300):
        y = random_output(random.Random(seed))
        for node in topological_order(y):
            if node.label and node is not y:
                good, bad = rows_that_differ(derive(y, node))
                right, wrong = right + good, wrong + bad
    for lecture in LECTURES:
        p = program(lecture.text)
        for name in p.inputs:
            good, bad = rows_that_differ(derive(p.output, name))
            right, wrong = right + good, wrong + bad
    assert right > 400
    assert wrong <= right / 100, (right, wrong)


def test_a_product_in_too_few_digits_is_caught():
    x, w = Value(1 / 3, "x"), Value(2 / 3, "w")
    found = derive(((x * w).named("h") * Value(1 / 7, "v")).named("y"), "x", digits=2)
    assert rows_that_differ(found) == (0, 1)
