"""to_sympy: formulas of graphs, and the identities of the lectures proved with them."""

import math
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sympy

from scalargrad import Value, lectures, nn, program, to_sympy
from scalargrad.engine import ops
from scalargrad.nn import losses

F = Fraction
S = sympy.Symbol


def same(formula, expected):
    """Whether they are equal as rational functions of the exponentials in them."""
    difference = formula - expected
    known, exponentials = {}, {}
    for e in difference.atoms(sympy.exp):
        is_inverse = e.exp.could_extract_minus_sign()
        base = known.setdefault(-e.exp if is_inverse else e.exp, sympy.Dummy())
        exponentials[e] = 1 / base if is_inverse else base
    return sympy.cancel(sympy.together(difference.xreplace(exponentials))) == 0


# The lectures ------------------------------------------------------------------------------------


def sigmoid_of(z):
    return 1 / (1 + sympy.exp(-z))


def test_b29_n5_the_derivative_of_the_sigmoid_is_sigma_times_one_minus_sigma():
    z = Value(0.3, "z")
    sigma = to_sympy(z.sigmoid())
    assert sigma == sigmoid_of(S("z"))
    assert same(to_sympy(z.sigmoid(), wrt=z), sigma * (1 - sigma))
    assert same(to_sympy(z.sigmoid(), wrt=z), sympy.diff(sigma, S("z")))


def one_neuron():
    neuron = nn.Neuron([Value(0.5, "w1"), Value(-1, "w2")], Value(0.1, "b"), ops.sigmoid, "yhat")
    inputs = [Value(2.0, "x1"), Value(3.0, "x2")]
    return neuron, inputs, neuron(inputs)


@pytest.mark.parametrize("stable", [False, True])
def test_b30_n6_n8_the_gradient_of_a_weight_is_yhat_minus_y_times_its_input(stable):
    neuron, inputs, yhat = one_neuron()
    if stable:
        loss = losses.binary_cross_entropy_with_logits(yhat.parents[0], 1)
    else:
        loss = losses.binary_cross_entropy(yhat, 1)
    error = to_sympy(yhat) - S("y")
    for weight, x in zip(neuron.weights, inputs, strict=True):
        assert same(to_sympy(loss, wrt=weight), error * S(x.label))
        assert same(to_sympy(loss, wrt=x), error * S(weight.label))
    assert same(to_sympy(loss, wrt=neuron.bias), error)


def test_b28_n7_the_gradient_of_the_prediction():
    _, _, yhat = one_neuron()
    loss = losses.binary_cross_entropy(yhat, 1)
    y, p = S("y"), S("yhat")
    assert to_sympy(loss, until={yhat}) == -y * sympy.log(p) - (1 - y) * sympy.log(1 - p)
    assert same(to_sympy(loss, wrt=yhat, until={yhat}), (1 - y) / (1 - p) - y / p)


def test_b34_b36_n9_n10_one_layer_deeper():
    net = nn.MLP(2, [2, 1], ops.sigmoid, ops.sigmoid)
    x = [Value(0.5, "x1"), Value(-1.0, "x2")]
    yhat = net(x)
    loss = losses.binary_cross_entropy(yhat, 0)
    named = net.named_parameters()
    w = {name: S(name) for name in named}
    error = to_sympy(yhat) - S("y")
    z1, z2 = (w[f"w1{j}_1"] * S("x1") + w[f"w2{j}_1"] * S("x2") + w[f"b{j}_1"] for j in (1, 2))
    a1, a2 = sigmoid_of(z1), sigmoid_of(z2)
    # four factors
    expected = error * w["w11_2"] * a1 * (1 - a1) * S("x1")
    assert same(to_sympy(loss, wrt=named["w11_1"]), expected)
    # two paths, summed
    first = error * w["w11_2"] * a1 * (1 - a1) * w["w11_1"]
    second = error * w["w21_2"] * a2 * (1 - a2) * w["w12_1"]
    assert same(to_sympy(loss, wrt=x[0]), first + second)
    assert not same(to_sympy(loss, wrt=x[0]), first)
    # the hidden unit itself
    (h1,) = [n for n in yhat.parents[0].parents if n.label == "h1_1"]
    assert same(to_sympy(loss, wrt=h1), error * w["w11_2"])


def test_n14_n16_softmax_probabilities_sum_to_one_and_cross_entropy_gives_p_minus_onehot():
    f = [Value(x, f"f{k}") for k, x in enumerate((0.5, -1.0, 2.0), 1)]
    symbols = sympy.symbols("f1 f2 f3")
    for target in range(3):
        loss = losses.softmax_cross_entropy(f, target)
        p = [sympy.exp(s) / sum(map(sympy.exp, symbols)) for s in symbols]
        slopes = [to_sympy(loss, wrt=score) for score in f]
        assert all(same(s, p[k] - int(k == target)) for k, s in enumerate(slopes))
        assert same(sum(slopes), 0)


def test_b20_b25_the_path_through_h2_as_a_formula_and_as_the_number_of_the_slide():
    text = (Path(lectures.__file__).parent / "backprop.sg").read_text()
    net = program(text)
    slope = to_sympy(net["loss"], wrt=net["w2"])
    x, y, w1, w2, w3, w4 = sympy.symbols("x y w1 w2 w3 w4")
    yhat = w3 * sympy.Max(0, w1 * x) + w4 * sympy.Max(0, w2 * x)
    expected = 2 * (yhat - y) * w4 * sympy.Heaviside(w2 * x) * x
    letters = ("x", "y", "w1", "w2", "w3", "w4")
    numbers = {S(name): sympy.Rational(str(net[name].data)) for name in letters}
    assert slope.subs(numbers) == expected.subs(numbers) == sympy.Rational(-6, 25)


# What becomes what -------------------------------------------------------------------------------


def test_numbers_of_an_expression_are_exact_and_named_leaves_are_symbols():
    w = Value("0.1", "w")
    assert to_sympy(w * "0.1" + F(2, 3)) == S("w") / 10 + sympy.Rational(2, 3)
    assert to_sympy(w + Value("1/3")) == S("w") + sympy.Rational(1, 3)
    (term,) = (t for t in to_sympy(w + 0.1).args if t.is_number)
    assert isinstance(term, sympy.Float)
    assert float(term) == 0.1
    assert to_sympy(Value(S("a"))) == S("a")
    assert to_sympy(w + math.inf) == S("w") + sympy.oo


def test_a_symbol_has_no_assumptions_unless_asked():
    w = Value(2, "w")
    assert to_sympy(w.square().sqrt()) == sympy.sqrt(S("w") ** 2)
    real = to_sympy(w.square().sqrt(), symbol=partial(S, real=True))
    assert real == sympy.Abs(S("w", real=True))


@pytest.mark.parametrize("name", ["E", "I", "lambda", "pi", "S", "N", "x y", "w₁", "2", "a+b", "ŷ"])
def test_a_name_that_sympy_would_read_as_something_else_is_a_symbol(name):
    v = Value(2, name)
    formula = to_sympy(v * v.exp(), wrt=v)
    assert formula.free_symbols == {S(name)}
    assert same(formula, (1 + S(name)) * sympy.exp(S(name)))
    assert sympy.lambdify([S(name)], formula, "math")(2.0) == pytest.approx(3 * math.exp(2))


def test_equal_names_of_different_leaves_are_numbered_and_one_leaf_is_one_symbol():
    first, second, third = Value(1, "w"), Value(2, "w"), Value(3, "w#2")
    formula = to_sympy(first * second + first * third)
    assert formula == S("w") * S("w#3") + S("w") * S("w#2")
    assert to_sympy(first * second + first * third, wrt=second) == S("w")


def test_a_graph_can_be_cut_at_named_nodes():
    x, w = Value(2, "x"), Value(3, "w")
    h = (w * x).tanh().named("h")
    loss = (h - 1).square()
    assert to_sympy(loss, until=[h]) == (S("h") - 1) ** 2
    assert to_sympy(loss, wrt=w, until=[h]) == 0
    assert to_sympy(h, until=[h]) == sympy.tanh(S("w") * S("x"))
    with pytest.raises(ValueError, match="a name for each node of `until`"):
        to_sympy(loss, until=[loss.parents[0]])


def test_by_what_it_does_not_depend_on_the_derivative_is_zero():
    assert to_sympy(Value(2, "a") * 3, wrt=Value(1, "b")) == 0


ROWS = [row for row in ops.OPERATIONS.values() if row is not ops.where_]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_formula_of_every_row_has_its_value_and_derivatives(row):
    point = row.points[0]
    leaves = [Value(a, f"a{k}") for k, a in enumerate(point)]
    node = row(*leaves)
    node.backward()
    numbers = {S(leaf.label): sympy.Float(leaf.data, 40) for leaf in leaves}
    assert complex(to_sympy(node).subs(numbers)).real == pytest.approx(node.data, rel=1e-12)
    for leaf in leaves:
        slope = complex(to_sympy(node, wrt=leaf).subs(numbers)).real
        assert slope == pytest.approx(leaf.grad, rel=1e-11, abs=1e-14)


def test_the_same_table_writes_the_formula(monkeypatch):
    v = Value(2, "v")
    monkeypatch.setattr(ops.sin, "value", lambda a: a * 7)
    assert to_sympy(v.sin()) == 7 * S("v")


# Depth -------------------------------------------------------------------------------------------


def test_a_deep_graph_is_no_recursion_of_ours():
    x = y = Value(1, "x")
    for _ in range(5000):
        y = y + x
    assert to_sympy(y) == 5001 * S("x")
    assert to_sympy(y, wrt=x) == 5001


def test_tanh_within_tanh_takes_no_exponential_time():
    y = Value(1, "x")
    for _ in range(60):
        y = (y * 2).tanh()
    formula = to_sympy(y)
    assert formula.count(sympy.tanh) == 60


def test_a_formula_too_deep_for_sympy_is_named_in_one_line():
    y = Value(1, "x")
    for _ in range(3000):
        y = y.sigmoid()
    with pytest.raises(ValueError, match="as deep as this graph; take named nodes"):
        to_sympy(y)


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: to_sympy(3), "takes Values; got int 3"),
        (lambda: to_sympy(Value(1), wrt="w"), "takes Values; got str 'w'"),
        (lambda: to_sympy(Value(np.zeros(2)) * 2), r"name for each leaf .* got \[0. 0.\] without"),
        (lambda: to_sympy(Value(Value(3)) * 2), "a name for each leaf"),
    ],
)
def test_what_has_no_formula_is_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_lanes_with_a_name_are_a_symbol():
    x, w = Value(np.array([1.0, 2.0]), "x"), Value(0.5, "w")
    assert to_sympy((w * x).square(), wrt=w) == 2 * S("w") * S("x") ** 2
