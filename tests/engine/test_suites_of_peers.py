"""What the public test suites of the peers ask of an engine, asked of ours.

Each behaviour is one that a suite checks (micrograd's `test_engine` and the loop of its demo, HIPS
autograd's tests of scalar operations and of graphs that need no arrays, minitorch's modules 0 and
1, the scalar steps of DeZero), written anew and held against mpmath at 50 digits, or numbers worked
out by hand. What they ask for and an operation of ours refuses stands at the end, with its reason.
"""

import math
import operator
import random
from types import SimpleNamespace

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import Value, draw, gradcheck, ops, partial
from scalargrad.engine.scalars import to_float
from scalargrad.nn import MLP, Module, l2_penalty

PEER = SimpleNamespace(**{name: getattr(mpmath, name) for name in (
    "sin", "sign", "exp", "log", "log1p", "expm1", "cos", "tan", "cosh", "sinh", "tanh", "acos",
    "asin", "atan", "acosh", "asinh", "atanh", "sqrt",
)}, abs=abs, log2=lambda x: mpmath.log(x, 2), log10=mpmath.log10, relu=lambda x: max(x, 0),
    sigmoid=lambda x: 1 / (1 + mpmath.exp(-x)))  # fmt: skip


def derivative(f, order=1):
    """The derivative as a function: our `partial`, on Values of Values for higher orders."""

    def differentiated(x):
        leaf = Value(x)
        return partial(f(leaf), leaf)

    return f if order == 0 else derivative(differentiated, order - 1)


def number(found):
    """A float of what a derivative gave: a number, or a Value that holds one."""
    return to_float(found.data if isinstance(found, Value) else found)


def close(found, expected):
    return found == pytest.approx(float(expected), rel=1e-11, abs=1e-11)


# Functions of one number ------------------------------------------------------------------------

SCALED = [  # HIPS: 3·f(x), its first and its second derivative
    ("sin", (0.3, -1.6)), ("sign", (1.1, -1.1)), ("exp", (-0.6, 1.6)), ("log", (0.5, 1.6)),
    ("log2", (0.5, 1.6)), ("log10", (0.5, 1.6)), ("log1p", (0.3, 1.6)), ("expm1", (0.3, 1.6)),
    ("cos", (0.3, -1.6)), ("tan", (0.3, -0.9)), ("cosh", (0.3, -1.6)), ("sinh", (0.3, -1.6)),
    ("tanh", (0.3, -1.6)), ("acos", (0.1, 0.2)), ("asin", (0.1, 0.2)), ("atan", (0.2, 0.3)),
    ("acosh", (1.3, 2.6)), ("asinh", (0.3, -1.6)), ("atanh", (0.2, 0.3)), ("sqrt", (0.4, 8.0)),
    ("abs", (1.1, -1.1)),
]  # fmt: skip
WRITTEN = {  # what other suites write out, at points of both signs where it is defined
    "HIPS: the exponential of base 2": (lambda m, x: 3 * 2**x, (0.3, 1.6)),
    "HIPS: negation": (lambda m, x: 3 * -x, (0.3, -1.6)),
    "HIPS: the reciprocal": (lambda m, x: 1 / x, (0.4, 0.9)),
    "HIPS: a power of the variable": (lambda m, x: x**2.6, (1.2, 1.9)),
    "HIPS: the variable as exponent": (lambda m, x: 1.7**x, (0.2, 0.8)),
    "HIPS: zero to the variable": (lambda m, x: 0.0 * x if m is PEER else 0.0**x, (0.3, 0.9)),
    "HIPS: degrees": (lambda m, x: 3 * (x * (180 / math.pi)), (0.4, 9.0)),
    "HIPS: radians": (lambda m, x: 3 * (x * (math.pi / 180)), (0.4, 9.0)),
    "HIPS: the sine over its argument": (lambda m, x: 3 * m.sin(x) / x, (0.4, 9.0)),
    "HIPS: fan-out, sin(sin x + sin x)": (lambda m, x: m.sin(m.sin(x) + m.sin(x)), (0.3, -1.6)),
    "HIPS: the identity": (lambda m, x: +x, (2.0,)),
    "micrograd: tanh": (lambda m, x: m.tanh(x), (-1.0, 0.123, 2.0)),
    "micrograd: exp": (lambda m, x: m.exp(x), (-1.0, 0.123, 2.0)),
    "minitorch: a constant added": (lambda m, x: x + 5, (-7.5, 3.0)),
    "minitorch: a constant taken away": (lambda m, x: x - 5, (-7.5, 3.0)),
    "minitorch: a constant times": (lambda m, x: 5 * x, (-7.5, 3.0)),
    "minitorch: over a constant": (lambda m, x: x / 5, (-7.5, 3.0)),
    "minitorch: square": (lambda m, x: x * x, (-7.5, 3.0)),
    "minitorch: cube": (lambda m, x: x * x * x, (-7.5, 3.0)),
    "minitorch: sigmoid": (lambda m, x: m.sigmoid(x), (-30.0, 2.5)),
    "minitorch: a logarithm far out": (lambda m, x: m.log(x + 100_000), (-100.0, 100.0)),
    "minitorch: a ReLU that is shifted": (lambda m, x: m.relu(x + 5.5), (-7.5, 3.0)),
    "minitorch: exp after log": (lambda m, x: m.exp(m.log(x + 200)), (-7.5, 3.0)),
    "minitorch: several operations": (
        lambda m, x: m.log(m.sigmoid(m.relu(m.relu(x * 10 + 7) * 6 + 5) * 10)) / 50, (-0.4, 0.3)
    ),
    "DeZero: exp of squares": (lambda m, x: m.exp(x**2) ** 2, (0.5,)),
    "DeZero: a quartic": (lambda m, x: x**4 - 2 * x**2, (2.0, -0.3)),
}  # fmt: skip
ONE = {f"HIPS: {name}": (lambda m, x, name=name: 3 * getattr(m, name)(x), points)
       for name, points in SCALED} | WRITTEN  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_a_function_has_the_value_and_two_derivatives_that_a_suite_asks_for(name):
    f, points = ONE[name]
    for point in points:
        for order in (0, 1, 2):
            with mpmath.workdps(50):
                exact = mpmath.diff(lambda x: f(PEER, x), mpmath.mpf(point), order)
            ours = derivative(lambda x: f(ops, x), order)(Value(point) if order == 0 else point)
            assert close(number(ours), exact), (point, order)


TWO = {
    "HIPS and minitorch: plus": operator.add,
    "HIPS and minitorch: times": operator.mul,
    "HIPS: divided by": operator.truediv,
    "minitorch: divided by a number that is shifted": lambda a, b: a / (b + 5.5),
    "HIPS: a to the power of b": operator.pow,
}


@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_has_the_gradient_that_a_suite_asks_for(name):
    f, (a, b) = TWO[name], (0.7, 0.4)
    gradcheck(f, a, b)
    x, y = Value(a), Value(b)
    for leaf, place in ((x, (1, 0)), (y, (0, 1))):
        with mpmath.workdps(50):
            assert close(partial(f(x, y), leaf), mpmath.diff(f, (a, b), place))


# micrograd ---------------------------------------------------------------------------------------


def test_micrograd_a_sanity_check():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    # z = 3x + 2 = −10; q = zx (the ReLU is shut), h = z²: y = z² + zx + zx², y′ = 6z + 3x + z + …
    assert (y.data, x.grad) == (-20.0, 2 * z.data * 3 + (3 * -4 + -10) + (3 * 16 + -10 * -8))


def test_micrograd_more_operations_and_augmented_assignments():
    a, b = Value("-4"), Value("2")
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    g = e**2 / 2
    g += 10 / e**2
    g.backward()
    # c = 4(a + b) + 3 − a, d = 12(ab + b³) + b − a (of the ReLUs the second is open); e = c − d
    slope = e.data - 20 / e.data**3
    assert e.data == 4 * -2 + 3 + 4 - 6
    assert a.grad == slope * (3 - (12 * 2 - 1))
    assert b.grad == slope * (4 - (12 * (-4 + 3 * 4) + 1))


def test_micrograd_its_demo_separates_two_moons():
    draws = random.Random(1337)
    angles = [math.pi * draws.random() for _ in range(30)]
    moons = [(math.cos(t), math.sin(t), 1) if i % 2 else (1 - math.cos(t), 0.5 - math.sin(t), -1)
             for i, t in enumerate(angles)]  # fmt: skip
    model = MLP(2, [8, 8, 1], activation=ops.relu, seed=3)
    for step in range(60):
        pairs = [(label, model([x, y])) for x, y, label in moons]
        loss = sum((1 - label * score).relu() for label, score in pairs) * (1 / len(pairs))
        loss += l2_penalty(model.parameters(), 1e-4)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * step / 60) * p.grad
    assert sum((score.data > 0) == (label > 0) for label, score in pairs) >= 28


# HIPS autograd: graphs ---------------------------------------------------------------------------


def test_hips_a_constant_has_the_derivative_zero():
    assert partial(1, Value(2.0)) == 0
    assert partial(Value(1.0), Value(2.0)) == 0


def test_hips_a_power_of_zero_is_flat_at_zero():
    assert [number(derivative(lambda x: x**0.0, order)(0.0)) for order in (1, 2)] == [0, 0]


@pytest.mark.parametrize("swapped", [False, True])
def test_hips_a_derivative_inside_a_derivative_is_not_confused_with_it(swapped):
    def f(x):  # x · ∂(xy)/∂y = x²; the inner function sees x from outside, as a constant of its own
        held = Value(x)
        return x * derivative(lambda y: y * held if swapped else held * y)(2.0 + 0 * x)

    assert number(derivative(f)(3.0)) == 6


def test_hips_a_gradient_that_is_passed_on_is_not_changed_on_the_way():
    a = Value(0.7)
    b = a + 1.0
    c = b + 1.5
    e = (a + b) + c
    e.backward()
    assert (a.grad, b.grad, c.grad) == (3, 2, 1)


@pytest.mark.parametrize("order", [(0, 0, 0), (0, 1, 0), (1, 0, 1)])
def test_hips_a_third_derivative_by_any_of_two_variables(order):
    def by(f, place):
        def differentiated(*at):
            leaves = [Value(x) for x in at]
            return partial(f(*leaves), leaves[place])

        return differentiated

    f = lambda x, y: ops.sin(ops.sin(x) + ops.sin(y))  # noqa: E731
    ours = f
    for place in order:
        ours = by(ours, place)
    with mpmath.workdps(50):
        exact = mpmath.diff(lambda x, y: mpmath.sin(mpmath.sin(x) + mpmath.sin(y)), (0.3, -0.8),
                            (order.count(0), order.count(1)))  # fmt: skip
    assert close(number(ours(0.3, -0.8)), exact)


def test_hips_a_product_of_the_hessian_and_a_vector():
    at, vector, weights = (0.3, -0.8, 1.1), (0.5, 2.0, -1.0), (1.2, -0.4, 0.9)
    inner = [Value(a) for a in at]
    xs = [Value(x) for x in inner]
    y = ops.sin(sum(x * w for x, w in zip(xs, weights, strict=True)))
    slope = sum(partial(y, x) * v for x, v in zip(xs, vector, strict=True))
    exact = -math.sin(sum(a * w for a, w in zip(at, weights, strict=True)))
    exact *= sum(w * v for w, v in zip(weights, vector, strict=True))
    for x, w in zip(inner, weights, strict=True):
        assert close(partial(slope, x), exact * w)


# minitorch ---------------------------------------------------------------------------------------

small = st.floats(-100, 100, allow_nan=False)


@given(small, small)
def test_minitorch_operators_do_what_python_does(x, y):
    a, b = Value(x), Value(y)
    assert [(a * b).data, (a + b).data, (-a).data, (+a).data] == [x * y, x + y, -x, x]
    assert ops.maximum(a, b).data == max(x, y)
    assert abs(x) <= 1e-5 or (1 / a).data == 1 / x


@given(small, small)
def test_minitorch_a_relu_lets_through_what_is_above_zero(x, seed):
    a = Value(x)
    y = a.relu()
    y.backward(seed)
    assert y.data == (x if x > 0 else 0)
    assert x == 0 or a.grad == (seed if x > 0 else 0)


@given(small)
def test_minitorch_the_larger_of_two(x):
    a = Value(x)
    assert ops.maximum(a - 1, a).data == ops.maximum(a, a - 1).data == x
    assert ops.maximum(a + 1, a).data == ops.maximum(a, a + 1).data == x + 1


@given(st.floats(-30, 30), st.floats(1e-3, 5))
def test_minitorch_the_sigmoid_is_between_zero_and_one_symmetric_and_increasing(x, more):
    sigmoid = lambda x: Value(x).sigmoid().data  # noqa: E731
    assert 0 <= sigmoid(x) <= 1
    assert close(1 - sigmoid(x), sigmoid(-x))
    assert sigmoid(0) == 0.5
    assert sigmoid(x) < sigmoid(x + more) or sigmoid(x) > 1 - 1e-12


@given(small, small, small)
def test_minitorch_less_than_is_transitive_and_irreflexive(x, y, z):
    a, b, c = sorted(map(Value, (x, y, z)))
    assert a <= b <= c
    assert not (a < b < c) or a < c
    assert a - 1 < a
    assert not a < a - 1


@given(*[st.fractions(-9, 9, max_denominator=9)] * 3)
def test_minitorch_times_is_symmetric_and_distributes(x, y, z):
    a, b, c = Value(x), Value(y), Value(z)
    assert (a * b).data == (b * a).data
    assert (c * (a + b)).data == (c * a + c * b).data


@given(st.lists(st.tuples(*[st.fractions(-9, 9, max_denominator=9)] * 2), min_size=1, max_size=6))
def test_minitorch_sums_distribute_products_multiply_and_negation_is_one_by_one(pairs):
    left, right = [Value(x) for x, _ in pairs], [Value(y) for _, y in pairs]
    both = sum(a + b for a, b in zip(left, right, strict=True))
    assert both.data == (sum(left) + sum(right)).data == sum(x + y for x, y in pairs)
    product = ops.prod(*left)
    assert product.data == math.prod(x for x, _ in pairs)
    assert [(-a).data for a in left] == [-x for x, _ in pairs]


def test_minitorch_a_measured_difference_is_the_derivative():
    for f, at, expected in [
        (lambda a: +a, (5.0,), (1,)), (operator.add, (5.0, 10.0), (1, 1)),
        (operator.mul, (5.0, 10.0), (10, 5)), (lambda a: a.exp(), (2.0,), (math.exp(2),)),
    ]:  # fmt: skip
        gradcheck(f, *at)
        leaves = [Value(x) for x in at]
        found = [partial(f(*leaves), leaf) for leaf in leaves]
        assert found == pytest.approx(expected)


@pytest.fixture
def own():
    """Two operations of one's own: x + y + 10, and x·y + x."""
    yield (
        ops.row("sum10", "+10", lambda x, y: x + y + 10, lambda _, x, y: (1, 1), ((1.0, 2.0),),
                operands="x y"),
        ops.row("times1", "·+", lambda x, y: x * y + x, lambda _, x, y: (y + 1, x), ((1.0, 2.0),),
                operands="x y"),
    )  # fmt: skip
    del ops.OPERATIONS["sum10"], ops.OPERATIONS["times1"]


def test_minitorch_the_chain_rule_multiplies_by_what_the_operation_kept(own):
    sum10, times1 = own
    x, y = Value(5.0), Value(10.0)
    assert sum10(x, x).pullback(5.0) == (5, 5)
    assert times1(x, y).pullback(5.0) == (5 * (10 + 1), 5 * 5)
    product = times1(10, x)  # a number is a constant; the variable is the second parent
    assert product.parents[1] is x
    assert product.pullback(5.0)[1] == 50


@pytest.mark.parametrize(("depth", "expected"), [((1,), 5), ((2,), 5), ((1, 1), 10), ((2, 2), 10)])
def test_minitorch_backward_through_chains_and_diamonds(own, depth, expected):
    sum10, _ = own
    leaf = Value(0.0)
    trunk = sum10(0, leaf) if depth == (2, 2) else leaf
    branches = []
    for length in depth:
        node = trunk
        for _ in range(length if depth != (2, 2) else 1):
            node = sum10(0, node)
        branches.append(node)
    out = branches[0] if len(branches) == 1 else sum10(*branches)
    out.backward(5)
    assert leaf.grad == expected


class Tree(Module):
    """A module of modules, each with parameters and with what is none."""

    def __init__(self, depth, extra=0):
        self.p = Value(float(depth))
        self.note = 10
        self.children_ = [Tree(depth - 1, extra) for _ in range(2)] if depth else []
        for number_ in range(extra):
            setattr(self, f"extra_{number_}", Value(0.0))

    def __call__(self, inputs):
        return self.p * inputs[0]


@pytest.mark.parametrize("extra", [0, 1, 4])
def test_minitorch_the_parameters_of_modules_in_modules_are_found_by_name(extra):
    module = Tree(2, extra)
    assert len(module.parameters()) == 7 * (1 + extra)
    named = module.named_parameters()
    assert len(named) == len(module.parameters())
    assert sorted(p.data for p in named.values()) == sorted(
        [0.0] * 4 + [1.0] * 2 + [2.0] + [0.0] * 7 * extra
    )


def test_minitorch_training_is_switched_in_all_modules_below():
    module = Tree(2)
    module.eval()
    assert [each.training for each in module.modules()] == [False] * 7
    module.train()
    assert all(each.training for each in module.modules())


def test_minitorch_a_module_is_called_and_one_without_a_rule_says_so():
    assert Tree(1)([3.0]).data == 3
    with pytest.raises(NotImplementedError, match="does not say what it computes"):
        Module()([1.0])


# DeZero ------------------------------------------------------------------------------------------


def test_dezero_square_exp_square_backwards():
    x = Value(0.5)
    a = x**2
    b = a.exp()
    y = b**2
    y.backward()
    with mpmath.workdps(50):
        assert close(y.data, mpmath.exp(0.25) ** 2)
        assert close(x.grad, 2 * mpmath.exp(0.25) ** 2)  # 3.297442541400256


def test_dezero_two_inputs_of_one_function():
    x, y = Value(2), Value(3)
    z = x**2 + y**2
    z.backward()
    assert (z.data, x.grad, y.grad) == (13, 4, 6)


@pytest.mark.parametrize("times", [2, 3])
def test_dezero_one_variable_more_than_once(times):
    x = Value(3)
    sum([x] * times).backward()
    assert x.grad == times


def test_dezero_gradients_are_cleared_for_a_second_use():
    x = Value(3)
    (x + x).backward()
    x.zero_grad()
    (x + x + x).backward()
    assert x.grad == 3


def test_dezero_a_diamond_is_walked_from_its_end():
    x = Value(2)
    a = x**2
    y = a**2 + a**2
    y.backward()
    assert (y.data, x.grad) == (32, 64)


def test_dezero_operators_with_numbers_on_either_side():
    a, b, c, x = Value(3), Value(2), Value(1), Value(2)
    y = a * b + c
    y.backward()
    assert (y.data, a.grad, b.grad) == (7, 2, 3)
    assert [(x + 3).data, (3 * x + 1).data, (-x).data, (2 - x).data, (x - 1).data] == [
        5, 7, -2, 0, 1,
    ]  # fmt: skip
    assert [(6 / x).data, (x / 4).data, (x**3).data] == [3, Value("1/2").data, 8]


SURFACES = {
    "sphere": (lambda x, y: x**2 + y**2, (2, 2)),
    "Matyas": (lambda x, y: "0.26" * (x**2 + y**2) - "0.48" * x * y, (0, 0)),
    "Goldstein-Price": (
        lambda x, y: (
            1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
        ) * (
            30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
        ),
        (-5376, 8064),
    ),
    "Rosenbrock": (lambda x, y: 100 * (y - x**2) ** 2 + (x - 1) ** 2, (400, -200)),
}  # fmt: skip


@pytest.mark.parametrize("name", SURFACES)
def test_dezero_a_surface_that_optimisers_are_tried_on(name):
    f, expected = SURFACES[name]
    x, y = Value(1), Value(1)
    if name == "Matyas":
        f = lambda x, y: Value("0.26") * (x**2 + y**2) - Value("0.48") * x * y  # noqa: E731
        expected = (Value("0.04").data,) * 2
    if name == "Rosenbrock":
        x, y, expected = Value(0), Value(2), (-2, 400)
    f(x, y).backward()
    assert (x.grad, y.grad) == expected


def test_dezero_the_graph_is_drawn_with_its_names():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    assert "z = mul(x, y): value 2" in repr(draw((x * y).named("z")))


def test_dezero_a_taylor_series_of_the_sine_stops_and_has_its_slope():
    x = Value(math.pi / 4)
    y, term, k = 0, x, 0
    while abs(term.data) > 1e-4:
        y = y + term
        k += 1
        term = term * x * x * (-1 / ((2 * k) * (2 * k + 1)))
    y.backward()
    assert y.data == pytest.approx(math.sin(math.pi / 4), abs=1e-4)
    assert x.grad == pytest.approx(math.cos(math.pi / 4), abs=1e-3)


def test_dezero_newtons_method_uses_the_second_derivative():
    f = lambda x: x**4 - 2 * x**2  # noqa: E731
    x = 2.0
    for _ in range(10):
        x -= number(derivative(f)(x)) / number(derivative(f, 2)(x))
    assert x == 1.0


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["sin", "tanh"])
def test_dezero_higher_derivatives(name, order):
    with mpmath.workdps(50):
        exact = mpmath.diff(getattr(mpmath, name), mpmath.mpf(1), order)
    assert close(number(derivative(getattr(ops, name), order)(1.0)), exact)


def test_dezero_backward_through_a_gradient():
    inner = Value(2.0)
    x = Value(inner)
    slope = partial(x**2, x)
    z = slope**3 + inner**2
    z.backward()
    assert inner.grad == 24 * 4 + 4  # (2x)³ + x²


# What differs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", [operator.lt, operator.eq], ids=["less", "equal"])
def test_minitorch_comparisons_are_answers_here_and_no_nodes_of_a_graph(compare):
    # minitorch makes of a < b a node that is 0 or 1, with the derivative 0. Here a < b decides, as
    # a condition in Python does; what shall be a node is ops.where_(a < b, …).
    a, b = Value(1.0), Value(2.0)
    assert isinstance(compare(a, b), bool)
    chosen = ops.where_(compare(a, b), a, b)
    assert partial(chosen, a) + partial(chosen, b) == 1


def test_hips_the_remainder_has_no_row_and_says_so():
    # HIPS differentiates a % b, which jumps; here it is a - b*n, with the n that is meant.
    with pytest.raises(TypeError, match="%"):
        Value(7.0) % Value(2.0)
