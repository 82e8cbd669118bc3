import math
import random
import re
from fractions import Fraction

import numpy as np
import pytest
from reading_tex import BINARY, CALLS, read_tex

from scalargrad import Value, program
from scalargrad.engine import ops
from scalargrad.engine.ops import OPERATIONS
from scalargrad.graph.model import contracted, graph
from scalargrad.lectures import LECTURES
from scalargrad.notation.formula import (
    Formula,
    applied,
    evaluated,
    formula,
    name,
    parts_of,
    renamed,
)
from scalargrad.notation.printing import latex


def own_evaluated(written, names):
    head, parts = written.head, written.parts
    if head == "number":
        return parts[0]
    if head == "name":
        return math.pi if parts[0] == "π" else names[parts[0]]
    if head == "call":
        return CALLS[parts[0]](*(own_evaluated(part, names) for part in parts[1:]))
    values = [own_evaluated(part, names) for part in parts]
    if head == "where":
        return values[1] if values[0] else values[2]
    if head == "indicator":
        return 1 if values[0] else 0
    if head == "neg":
        return -values[0]
    if head == "abs":
        return abs(values[0])
    return BINARY[head](*values)


LETTERS = "pqrstuv"


def wrong_formulas(row):
    """Where a formula of a row and the derivative it stands for differ, at the row's points."""
    wrong = []
    for point in row.points:
        leaves = [Value(a, letter) for a, letter in zip(point, LETTERS, strict=False)]
        node = row(*leaves).named("y")
        shown = graph(node)
        names = {leaf.label: leaf.data for leaf in leaves} | {"y": node.data}
        for index, edge in enumerate(shown.edges):
            found = own_evaluated(shown.formula(index), names)
            both_nan = math.isnan(found) and math.isnan(edge.local)
            if not both_nan and not math.isclose(found, edge.local, rel_tol=1e-9, abs_tol=1e-12):
                wrong.append((point, index, str(shown.formula(index)), edge.local))
    return wrong


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_the_formulas_of_a_row_are_its_local_derivatives(row):
    assert row.points
    assert wrong_formulas(row) == []


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_a_wrong_formula_is_caught(row):
    planted = object.__new__(ops.Operation)
    vars(planted).update(vars(row), constants=())

    def derivatives(y, *a):
        first, *others = row.derivatives(y, *a)
        return (first + 1 if isinstance(y, Formula) else first, *others)

    planted.derivatives = derivatives
    assert wrong_formulas(planted)


def formulas(output):
    """{(output, input): text} of the contracted graph."""
    shown = contracted(output)
    return {
        (shown.nodes[edge.target].label, shown.nodes[edge.source].label): str(shown.formula(index))
        for index, edge in enumerate(shown.edges)
    }


def test_the_lecture_has_the_formulas_of_its_slide():
    found = formulas(program(LECTURES[0].text).output)
    assert found["loss", "yhat"] == "2(ŷ − y)"
    assert found["h2", "w2"] == "1[w₂ x > 0]x"
    assert found["yhat", "h2"] == "w₄"
    assert found["yhat", "w4"] == "h₂"


@pytest.mark.parametrize("seed", range(25))
def test_contracted_formulas_are_the_factors_on_the_edges(seed):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), 4), letter) for letter in "abcd"]
    for step in range(12):
        a, b = chance.choice(made), chance.choice(made)
        made.append(chance.choice([a + b, a - b, a * b, a.relu() * b, -a, 2 * a, a.square()]))
        if chance.random() < 0.4:
            made[-1].named(f"{chance.choice('fghk')}{step}")
    shown = contracted(made[-1].named("z"))
    subscripts = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    names = {node.label.translate(subscripts): node.value for node in shown.nodes}
    for index, edge in enumerate(shown.edges):
        writing = shown.formula(index)
        assert own_evaluated(writing, names) == edge.local


# Reading the text back: products without a sign bind tighter than / and ·, as people read them.


def read(text):
    tokens = re.findall(r"\d+(?:\.\d+)?|[a-z]|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|[-−+/·()^]", text.replace(" ", ""))
    tokens.append("end")
    take = tokens.pop

    def total():
        value = signed()
        while tokens[0] in "+−":
            value = value + signed() if take(0) == "+" else value - signed()
        return value

    def signed():
        if tokens[0] == "−":
            take(0)
            return -signed()
        value = product()
        while tokens[0] in "/·":
            value = value / product() if take(0) == "/" else value * product()
        return value

    def product():
        value = power()
        while tokens[0] == "(" or (tokens[0][0].isalnum() and tokens[0] != "end"):
            value = value * power()
        return value

    def power():
        if tokens[0] == "(":
            take(0)
            base = total()
            assert take(0) == ")"
        else:
            token = take(0)
            base = Fraction(token) if token[0].isdecimal() else PLACES[token]
        if tokens[0][0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
            exponent = take(0).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
            return base ** int(exponent)
        return base

    value = total()
    assert tokens == ["end"], text
    return value


PLACES = {"a": Fraction(2, 3), "b": Fraction(-5, 7), "c": Fraction(11, 13), "d": Fraction(-17, 19)}


def random_formula(chance, depth):
    if depth == 0 or chance.random() < 0.15:
        return chance.choice(
            [
                *map(name, PLACES),
                formula(chance.randint(-3, 5)),
                formula(Fraction(chance.randint(-3, 5), 3)),
            ]
        )
    a, b = (random_formula(chance, depth - 1) for _ in "ab")
    make = chance.choice([
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: a * b, lambda: a / b, lambda: -a,
        lambda: a ** chance.choice([2, 3]),
    ])  # fmt: skip
    return make()


@pytest.mark.parametrize("seed", range(400))
def test_a_formula_is_read_as_it_is_meant(seed):
    written = random_formula(random.Random(seed), 4)
    try:
        expected = own_evaluated(written, PLACES)
    except ZeroDivisionError:
        return
    assert read(str(written)) == expected


W, X, BIAS = name("w"), name("x"), name("bias")
TEXTS = [
    (W * X, "w x"), (X * X, "x²"), (2 * X * 1, "2x"), (X * 2, "2x"), (0 * X, "0"), (X + 0, "x"),
    (-(-1 * X), "x"), (W - (-X), "w + x"), (W + -X, "w − x"), (W * -X, "−w x"), (X**-1, "x⁻¹"),
    (X ** Fraction(1, 2), "x^0.5"), (X ** Fraction(1, 3), "x^(1/3)"),
    (W * BIAS, "w·bias"), (BIAS * X, "bias·x"),
    (2 * BIAS, "2bias"), (BIAS * (W + X), "bias·(w + x)"), (W * ops.tanh(X), "w tanh(x)"),
    (2 * ops.tanh(X), "2tanh(x)"), ((W / X) * W, "w²/x"), (W / (X * W), "1/x"),
    (Fraction(2, 3) * X, "(2/3)x"), (Fraction(-6, 25) * X, "−0.24x"), (abs(X - W), "|x − w|"),
    (formula(10**5000) * X, "(1×10⁵⁰⁰⁰)x"), (formula(0.1 + 0.2), "0.3"), (formula(-0.5), "−0.5"),
    (ops.relu(X), "ReLU(x)"), (ops.sigmoid(X), "σ(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_a_formula_is_written_as_on_a_slide(written, text):
    assert str(written) == text


def test_a_formula_is_neither_true_nor_false():
    with pytest.raises(TypeError, match="where"):
        bool(X > W)


def test_huge_numbers_and_lanes_have_formulas():
    for data in (10**5000, Fraction(7**6000, 3), np.arange(3.0)):
        h = (Value(data) * Value(2, "w") + 1).named("h")
        (text,) = formulas(h).values()
        assert len(text) < 20
    assert isinstance(formula(np.arange(3.0)), Formula)


# TeX, read back by a reader that knows nothing of the project.


def symbol(written):
    return {"π": r"\pi"}.get(written, written)


def wrong_tex(row, planted=""):
    """Where the TeX of a formula, read back, is not the local derivative, at the row's points."""
    wrong = []
    for point in row.points:
        leaves = [Value(a, letter) for a, letter in zip(point, LETTERS, strict=False)]
        node = row(*leaves).named("y")
        shown = graph(node)
        names = {leaf.label: leaf.data for leaf in leaves} | {"y": node.data}
        for index, edge in enumerate(shown.edges):
            tex = planted + latex(shown.formula(index), symbol)
            found = read_tex(tex, names)
            both_nan = math.isnan(found) and math.isnan(edge.local)
            if not both_nan and not math.isclose(found, edge.local, rel_tol=1e-3, abs_tol=1e-9):
                wrong.append((point, tex))
    return wrong


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_the_tex_of_a_formula_reads_back_as_the_local_derivative(row):
    assert wrong_tex(row) == []
    assert wrong_tex(row, planted="2 + ")


@pytest.mark.parametrize("seed", range(60))
def test_the_tex_of_random_formulas_reads_back(seed):
    chance = random.Random(seed)
    names = {letter: Fraction(chance.randint(1, 9), chance.randint(1, 4)) for letter in "abcde"}
    made = [name(letter) for letter in names] + [formula(2), formula(Fraction(-1, 3)), formula(-5)]
    for _ in range(5):
        p, q = chance.choice(made), chance.choice(made)
        made.append(chance.choice([p + q, p - q, p * q, p / (q * q + 1), -p, p**2, abs(p), p * 3]))
        assert read_tex(latex(made[-1], symbol), names) == evaluated(made[-1], names)
        assert own_evaluated(made[-1], names) == evaluated(made[-1], names)
        assert own_evaluated(renamed(made[-1], str.upper), {
            letter.upper(): number for letter, number in names.items()
        }) == evaluated(made[-1], names)  # fmt: skip


def test_a_number_in_tex_is_a_fraction_or_a_power_of_ten():
    assert latex(formula(Fraction(-2, 3)), symbol) == r"-\frac{2}{3}"
    assert latex(formula(Fraction(1, 8)), symbol) == "0.125"
    assert latex(formula(1.5e-7), symbol) == r"1.5\times 10^{-7}"
    assert latex(formula(math.inf), symbol) == r"\infty"
    assert latex(formula(math.nan), symbol) == r"\mathrm{nan}"
    assert latex(name("w") * formula(1.5e9), symbol) == r"(1.5\times 10^{9}) w"


def test_the_gradient_of_the_cross_entropy_is_that_of_the_slide():
    p = program("y=1; z=2; yhat=sigmoid(z); loss=-(y*log(yhat) + (1-y)*log(1-yhat))")
    assert formulas(p.output)["loss", "yhat"] == "(1 − y)/(1 − ŷ) − y/ŷ"
    assert str(name("x") + name("x")) == "2x"


def test_the_parts_of_a_formula_are_counted_before_they_are_walked():
    z = name("z")
    assert [part.head for part in parts_of(2 * z + 1, 10)] == ["+", "*", "number", "name", "number"]
    shared = z
    for _ in range(200):  # 2²⁰⁰ parts, were it walked to the end
        shared = (shared + 1) * (shared + 2)
    assert parts_of(shared, 1_000) is None


def test_a_formula_is_evaluated_where_its_names_are_known():
    z = name("z")
    gate = Formula("indicator", (z > 0,))
    assert [evaluated(gate, {"z": number}) for number in (-1, 0, 2)] == [0, 0, 1]
    assert evaluated(applied(OPERATIONS["tanh"], (z,)), {"z": 0.5}) == math.tanh(0.5)
    assert evaluated(gate, {"z": np.array([-1.0, 1.0])}).tolist() == [0, 1]
    with pytest.raises(KeyError):
        evaluated(gate, {})
