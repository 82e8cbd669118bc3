from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import Value, gradient, jacobian, nn, program, theta
from scalargrad.lectures import LECTURES

BIASES = next(lecture for lecture in LECTURES if "biases" in lecture.name)


def read(latex):
    """The numbers of the last matrix of a formula."""
    inner = latex.rpartition(r"\begin{pmatrix}")[2].partition(r"\end{pmatrix}")[0]
    return [[Fraction(n) for n in row.split("&")] for row in inner.split(r"\\")]


def test_theta_collects_the_seven_parameters_of_the_deck():
    p = program(BIASES.text)
    collected = theta(p)
    assert [row[0] for row in collected.rows] == [
        p[name].data for name in ("w1", "w2", "w3", "w4", "b1", "b2", "b3")
    ]
    assert collected.shape == (7, 1)
    assert collected.text.splitlines()[0] == "θ = ⎡w₁⎤ = ⎡0.3 ⎤"
    assert r"\theta = \begin{pmatrix} w_{1} \\ w_{2}" in collected.latex
    assert theta(p.output).rows == theta(p, ["w1", "w2", "w3", "w4", "b1", "b2", "b3"]).rows


def test_the_gradient_has_the_entries_of_theta():
    p = program(BIASES.text)
    found = gradient(p.output)
    p.output.backward()
    assert [row[0] for row in found.rows] == [p[f"w{i}"].grad for i in (1, 2, 3, 4)] + [
        p[f"b{i}"].grad for i in (1, 2, 3)
    ]
    assert read(found.latex)[1] == [Fraction(-6, 25)]
    assert found.text.splitlines()[1] == "     ⎢∂ℓ/∂w₂⎥   ⎢−0.24⎥"


def test_no_gradient_is_touched():
    p = program(BIASES.text)
    gradient(p.output), jacobian(p.output, p["x"])
    assert all(node.grad is None for node in p.values())


def test_the_parameters_of_a_module_are_its_theta():
    model = nn.MLP(2, [3, 1])
    assert theta(model).shape == (13, 1)


def test_nodes_without_parameters_ask_for_names():
    with pytest.raises(ValueError, match="name what they are"):
        theta(program("x = 2; y = 3; f = x*y"))
    with pytest.raises(ValueError, match="no node is named"):
        gradient(program("x = 2; y = 3; f = x*y").output, ["q"])
    with pytest.raises(TypeError, match="theta takes"):
        theta(3)
    with pytest.raises(TypeError, match="jacobian takes Values"):
        jacobian("f", "x")


numbers = st.fractions(-5, 5, max_denominator=6)


@given(st.lists(numbers, min_size=7, max_size=7))
def test_a_jacobian_is_that_of_sympy(values):
    letters = sympy.symbols("x1 x2 x3 a b c d")
    nodes = [Value(v, str(s)) for v, s in zip(values, letters, strict=True)]

    def outputs(x1, x2, x3, a, b, c, d):
        return [a * x1 * x2 + b * x3, (x1 - c) ** 2 * x3, d * x2]

    found = jacobian([y.named(f"y{i}") for i, y in enumerate(outputs(*nodes))], nodes[:3])
    symbolic = sympy.Matrix(outputs(*letters)).jacobian(letters[:3])
    at = {
        s: sympy.Rational(v.numerator, v.denominator) for s, v in zip(letters, values, strict=True)
    }
    for place in product(range(3), range(3)):
        expected = symbolic[place].subs(at)
        assert found[place] == Fraction(int(expected.p), int(expected.q))


def layers():
    x = [Value("0.5", "x1"), Value("-1", "x2")]
    h = [(2 * x[0] - x[1] * x[1]).named("h1"), (x[0] * x[1]).named("h2"), (x[1] + 3).named("h3")]
    y = [(h[0] * h[1]).named("y1"), (h[1] - h[2] * h[0]).named("y2")]
    return x, h, y


def test_the_product_of_jacobians_is_in_the_order_of_the_chain():
    x, h, y = layers()
    chain = jacobian(y, x, through=h)
    first, second = chain.factors
    assert (first.shape, second.shape) == ((2, 3), (3, 2))
    by_numpy = np.array(first.rows, dtype=object) @ np.array(second.rows, dtype=object)
    assert by_numpy.tolist() == [list(row) for row in chain.rows]
    assert (first @ second).rows == jacobian(y, x).rows == chain.rows
    named = "∂(y₁, y₂)/∂(x₁, x₂) = ∂(y₁, y₂)/∂(h₁, h₂, h₃) ∂(h₁, h₂, h₃)/∂(x₁, x₂)"
    assert chain.text.startswith(named)
    assert chain.latex.count("pmatrix") == 6
    with pytest.raises(ValueError, match="reverse them"):
        second @ first @ second @ second


def test_a_way_past_a_layer_is_refused():
    x, h, y = layers()
    with pytest.raises(ValueError, match="passes by a layer"):
        jacobian(y, x, through=h[:2])


def test_inputs_are_independent_of_one_another():
    x = Value(3, "x")
    h = (x * x).named("h")
    assert jacobian((h * x).named("y"), [x, h]).rows == ((9, 3),)
