"""Compiled programs, held against the eager engine: on Python bit for bit, elsewhere to 4 ulp."""

from __future__ import annotations

import math
import os
import pickle
import random
import struct
import subprocess
import sys
import warnings
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import needs_compiler, peer, present

from scalargrad import CompilerError, DomainError, Value, compile, nn, program
from scalargrad.compiler import library, runtime
from scalargrad.compiler.backends import BACKENDS
from scalargrad.engine import ops
from scalargrad.engine.ops import OPERATIONS
from scalargrad.lectures import LECTURES
from scalargrad.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge,
    softmax_cross_entropy,
    squared_error,
)

INF, NAN = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 5e-324, 1e-320, -1e-320, 1e-200, 1e200, -1e200,
           1.7e308, -1.7e308, INF, -INF, NAN, 700.0, -700.0, -745.0, 40.0, 1e-17, 2.0**53, 100.0,
           -100.0]  # fmt: skip
LEAST_NORMAL = sys.float_info.min


every_backend = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Libraries of the tests are built anew, in a folder of theirs."""
    before = os.environ.get("SCALARGRAD_CACHE")
    os.environ["SCALARGRAD_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["SCALARGRAD_CACHE"]
    else:
        os.environ["SCALARGRAD_CACHE"] = before


def bits(number):
    return "nan" if number != number else struct.pack("<d", number)


def ulps(a, b):
    if (a != a and b != b) or a == b:
        return 0
    if not (math.isfinite(a) and math.isfinite(b)):
        return INF
    return abs(a - b) / math.ulp(max(abs(a), abs(b)))


# JAX computes sinh and cosh from exp(a ± log 2), which costs some digits.
ACCURACY = {"python": 0, "jax": 16}


def is_near(backend, computed, true):
    if backend == "python":
        return bits(computed) == bits(true)
    return ulps(computed, true) <= ACCURACY.get(backend, 4)


def eager(function, numbers):
    """Value and gradients of the eager engine on floats; None outside of the domain."""
    leaves = [Value(number) for number in numbers]
    try:
        output = function(*leaves)
        output.backward()
    except DomainError:
        return None
    return [float(output), *(0.0 if leaf.grad is None else float(leaf.grad) for leaf in leaves)]


# Every row ---------------------------------------------------------------------------------------


def operands_of(row, count):
    """The check points of a row, and hostile numbers."""
    own = [tuple(map(float, p)) for p in row.points if len(p) == count]
    if count == 1:
        return own + [(a,) for a in SPECIAL]
    if count == 2:
        return own + list(product(SPECIAL, repeat=2))
    generator = random.Random(row.name)
    return own + [tuple(generator.choices(SPECIAL, k=count)) for _ in range(200)]


def xla_changes(row, numbers):
    """Whether XLA's own rules apply: subnormals are 0 on its CPUs, x + 0 is x for -0.0 too.

    And (x + c) - c is x, so that huge exponents are not halved as written.
    """
    extreme = [n for n in numbers if math.isfinite(n) and n and not 1e-150 < abs(n) < 1e150]
    tail = [n for n in numbers if -1e150 < n < -600]  # whose exponential is subnormal
    folded = row.name == "sqrt" and bits(numbers[0]) == bits(-0.0)
    parity = row.name == "pow" and not all(abs(n) <= 100 for n in numbers[:2])
    return bool(extreme or tail or folded or parity)


def row_faults(row, backend, most=5):
    """Operands at which a compiled row differs from the eager one."""
    count = len(row.points[0])
    names = [f"a{i}" for i in range(count)]
    points = operands_of(row, count)
    compiled = compile(row(*map(Value, points[0], names)), backend=backend)
    value, gradients = compiled(*np.array(points).T)
    columns = [np.asarray(value), *(np.asarray(gradients[name]) for name in names)]
    faults = []
    for place, numbers in enumerate(points):
        true = eager(row, numbers)
        if true is None:
            continue
        for column, number in zip(columns, true, strict=True):
            computed = float(column[place])
            if backend == "jax" and (xla_changes(row, (*numbers, number))):
                continue
            if not is_near(backend, computed, number):
                faults.append((row.name, numbers, computed, number))
    return faults[:most]


@every_backend
@pytest.mark.parametrize("row", OPERATIONS.values(), ids=lambda row: row.name)
def test_a_compiled_row_is_the_eager_one(row, backend):
    assert row_faults(row, present(backend)) == []


def test_a_wrong_row_is_found(monkeypatch):
    monkeypatch.setattr(runtime, "tanh", lambda a: math.tanh(a) * (1 + 1e-15))
    assert row_faults(OPERATIONS["tanh"], "python")


# Random graphs -----------------------------------------------------------------------------------

UNARY = [ops.neg, ops.square, ops.abs, ops.exp, ops.expm1, ops.sin, ops.cos, ops.tanh, ops.atan,
         ops.erf, ops.sigmoid, ops.softplus, ops.relu, ops.leaky_relu, ops.elu, ops.silu,
         ops.gelu, ops.log_sigmoid]  # fmt: skip
BINARY = [ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.minimum]


@st.composite
def graphs(draw, inputs=3):
    """A function that builds a random graph with shared nodes, constants and several paths."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([*UNARY, *BINARY, ops.total, ops.dot, ops.where_]),
                st.lists(st.integers(0, 40), min_size=3, max_size=3),
                st.sampled_from([None, 0, 1, -1, 0.5, -0.0, 3, 1e-320, Fraction(1, 3), 2e10]),
            ),
            min_size=1,
            max_size=14,
        )
    )

    def function(*leaves):
        nodes = list(leaves)
        for op, places, constant in steps:
            chosen = [nodes[place % len(nodes)] for place in places]
            if constant is not None:
                chosen[1] = Value(constant) + 0 * nodes[0] if op is ops.dot else constant
            if op is ops.where_:
                nodes.append(op(chosen[0] > chosen[2], *map(as_value, chosen[1:])))
            else:
                least, most = op.arity
                count = least if most is not None else 3
                nodes.append(op(*map(as_value, chosen[:count])))
        return ops.total(*nodes[-4:])

    return function


def test_a_step_that_two_paths_share_counts_twice():
    def function(a):
        return a.exp() + a.exp()

    assert compile(function, backend="python")(0.5)[1] == {"a": 2 * math.exp(0.5)}


def as_value(number):
    return number if isinstance(number, Value) else Value(number)


def of_three(function):
    return lambda a, b, c: function(a, b, c)


numbers = st.floats(width=64) | st.sampled_from(SPECIAL) | st.floats(-3, 3)


def test_shares_of_a_gradient_that_are_one_step_count_each():
    f = compile(lambda a: a.sin() + a.sin(), backend="python")
    assert f(0.5)[1] == {"a": 2 * math.cos(0.5)}


@settings(max_examples=150)
@given(graphs(), st.tuples(numbers, numbers, numbers))
def test_a_random_graph_gives_the_same_bits_in_python(function, at):
    true = eager(function, at)
    if true is None:
        return
    value, gradients = compile(of_three(function), backend="python")(*at)
    assert list(map(bits, [value, *gradients.values()])) == list(map(bits, true))


@settings(max_examples=40)
@given(graphs(), st.lists(st.tuples(*[st.floats(-3, 3)] * 3), min_size=1, max_size=9))
def test_a_random_graph_gives_the_same_on_numpy_lanes(function, points):
    expected = [eager(function, at) for at in points]
    value, gradients = compile(of_three(function), backend="numpy")(*np.array(points).T)
    check_rows("numpy", expected, [value, *gradients.values()])


@needs_compiler
@settings(max_examples=12)
@given(graphs(), st.lists(st.tuples(*[st.floats(-3, 3)] * 3), min_size=1, max_size=21))
def test_a_random_graph_gives_the_same_bits_in_c(function, points):
    expected = [eager(function, at) for at in points]
    value, gradients = compile(of_three(function), backend="c")(*np.array(points).T)
    check_rows("c", expected, [value, *gradients.values()], at_most=0)


def check_rows(backend, expected, columns, at_most=None):
    """Lane for lane; the sums of a gradient may cancel, so the ulps are of the largest number."""
    for lane, true in enumerate(expected):
        if true is None:
            continue
        scale = max((abs(t) for t in true if math.isfinite(t)), default=1.0)
        for column, number in zip(columns, true, strict=True):
            found = float(column[lane])
            if at_most == 0:
                assert bits(found) == bits(number)
            elif math.isfinite(number):
                assert abs(found - number) <= 64 * math.ulp(scale)


@every_backend
def test_the_lecture_example_compiled(backend):
    present(backend)
    for lecture in LECTURES:
        loss = program(lecture.text).output
        value, gradients = compile(loss, backend=backend)()
        assert abs(float(value) - 0.36) < 1e-15
        for name in set(lecture.gradients) & set(gradients):
            written = lecture.gradients[name]
            assert abs(float(gradients[name]) - float(Fraction(written))) < 1e-14


# What goes in, what comes out --------------------------------------------------------------------


def test_a_function_takes_inputs_by_place_by_name_and_by_default():
    f = compile(lambda w, x=2.0, *, y=3.0: (w * x - y) ** 2, backend="python")
    assert f.inputs == ("w", "x", "y")
    assert f(0.5) == (4.0, {"w": -8.0, "x": -2.0, "y": 4.0})
    assert f(0.5, y=1.0)[0] == f(w=0.5, x=2.0, y=1.0)[0] == 0.0
    assert f.value(0.5) == 4.0
    assert f.grad(0.5) == f(0.5)[1]


def test_inputs_may_be_exact_numbers_and_text():
    f = compile(lambda w, x: w * x, backend="python")
    assert f("0.5", Fraction(1, 4))[0] == f(Value("1/2"), 0.25)[0] == 0.125


@every_backend
@pytest.mark.parametrize(
    "lanes",
    [
        lambda: ["1/2", Fraction(3, 4)],
        lambda: np.array(["0.5", "0.75"]),
        lambda: np.array([Fraction(1, 2), Fraction(3, 4)], dtype=object),
        lambda: np.array([0.75, 0.5])[::-1],
        lambda: np.array([0.5, 9.0, 0.75])[::2],
        lambda: np.array([0.5, 0.75], dtype=np.float32),
        lambda: peer("torch").tensor([0.5, 0.75]),
        lambda: peer("jax.numpy").array([0.5, 0.75]),
    ],
    ids=["exact", "texts", "fractions", "reversed", "every other", "single", "torch", "jax"],
)
def test_lanes_may_come_from_anywhere(lanes, backend):
    f = compile(lambda w, x: w * x, wrt=["w"], backend=present(backend))
    value, gradients = f(lanes(), 3.0)
    assert [float(each) for each in value] == [1.5, 2.25]
    assert [float(each) for each in gradients["w"]] == [3.0, 3.0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("number", "kind"), [(sympy.Symbol("s"), "SymPy expression"), (Value(Value(2.0)), "Value")]
)
def test_what_is_no_number_is_refused_by_every_backend(number, kind, backend):
    f = compile(lambda x: x**3, backend=present(backend))
    with pytest.raises(TypeError, match=f"runs on numbers and lanes; got a {kind}"):
        f(number)


def test_only_what_is_asked_for_is_differentiated():
    f = compile(lambda w, x: (w * x).tanh(), wrt=["x"], backend="python")
    assert list(f.grad(0.5, 1.0)) == ["x"]
    assert "d_w" not in f.source
    assert compile(lambda w, x: w * x, wrt="w", backend="python").wrt == ("w",)


def test_a_graph_reads_its_leaves_when_it_is_called():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    f = compile((w * x).square(), backend="python")
    assert f()[0] == 1.0
    w.data = 1.0
    assert f()[0] == 4.0
    assert f(x=3.0)[0] == 9.0


def test_a_graph_may_name_wrt_by_leaf_and_have_leaves_of_one_name():
    a, b, unnamed = Value(2.0, "w"), Value(3.0, "w"), Value(5.0)
    f = compile(a * b * unnamed, wrt=[b, unnamed], backend="python")
    assert f.inputs == ("w", "w#2", "p")
    assert f() == (30.0, {"w#2": 10.0, "p": 6.0})


def test_wrt_may_be_one_name_or_leaf():
    w, x = Value(2.0, "w1"), Value(3.0, "x")
    for wrt in ("w1", w):
        assert compile(w * x, wrt=wrt, backend="python")() == (6.0, {"w1": 3.0})
    assert compile(lambda w1: w1 * 3, wrt="w1", backend="python")(2.0) == (6.0, {"w1": 3.0})


def test_the_user_s_graph_is_left_as_it_was():
    w = Value("0.5", "w")
    y = (w * 3).tanh()
    compile(y, backend="python")()
    assert w.data == Fraction(1, 2)
    assert w.grad is None
    assert y.grad is None


@every_backend
def test_lanes_give_a_result_each_or_their_sum_or_mean(backend):
    present(backend)
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 3.0])

    def loss(w, x, y):
        return (w * x - y) ** 2

    value, gradients = compile(loss, backend=backend)(0.5, x, y)
    assert np.allclose(value, (0.5 * x - y) ** 2, rtol=1e-15)
    assert np.allclose(gradients["w"], 2 * (0.5 * x - y) * x, rtol=1e-15)
    total, summed = compile(loss, backend=backend, reduce="sum")(0.5, x, y)
    mean, averaged = compile(loss, backend=backend, reduce="mean")(0.5, x, y)
    assert math.isclose(total, value.sum())
    assert math.isclose(mean, value.sum() / 3)
    assert math.isclose(summed["w"], gradients["w"].sum())
    assert math.isclose(averaged["w"], gradients["w"].sum() / 3)
    assert np.allclose(summed["x"], gradients["x"])  # of the sum with respect to each lane
    assert np.allclose(averaged["x"], gradients["x"] / 3)


@every_backend
def test_an_output_that_no_lane_changes_counts_once_for_each_lane(backend):
    present(backend)
    f = compile(lambda w, x: w * 3 + 0 * x, backend=backend, reduce="sum")
    value, gradients = f(2.0, np.ones(5))
    assert float(value) == 30.0
    assert float(gradients["w"]) == 15.0
    assert compile(lambda w, x: w, backend=backend)(2.0, np.ones(2))[0].tolist() == [2.0, 2.0]


@every_backend
def test_any_number_of_lanes(backend):
    f = compile(lambda w, x: (w * x).sigmoid(), backend=present(backend), reduce="mean")
    for count in (1, 2, 7, 8, 9, 64, 101):  # C takes 2, 4 or 8 at once
        x = np.linspace(-2, 2, count)
        value, gradients = f(1.5, x)
        s = 1 / (1 + np.exp(-1.5 * x))
        assert math.isclose(value, s.mean(), rel_tol=1e-14)
        assert math.isclose(gradients["w"], (s * (1 - s) * x).mean(), rel_tol=1e-12, abs_tol=1e-15)


@every_backend
def test_nan_and_infinity_flow_as_ieee_has_it(backend):
    present(backend)
    f = compile(lambda a, b: (a / b).log(), backend=backend)
    values = f.value(np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert [str(float(v)) for v in values] == ["inf", "-inf", "nan", "nan"]


def test_a_constant_is_compiled_too():
    f = compile(lambda x: Value(3.0), backend="python")
    assert f(1.0) == (3.0, {"x": 0.0})


@pytest.mark.parametrize("backend", ["python", "numpy", "c", "torch"])  # XLA takes minutes
def test_ten_thousand_inputs(backend):
    present(backend)
    leaves = [Value(k / 1000, f"x{k}") for k in range(10_000)]
    f = compile(ops.total(*[leaf.square() for leaf in leaves]), backend=backend)
    value, gradients = f()
    assert math.isclose(value, sum((k / 1000) ** 2 for k in range(10_000)))
    assert float(gradients["x1234"]) == 2.468


def test_a_deep_graph_does_not_recurse():
    y = x = Value(0.5, "x")
    for _ in range(20_000):
        y = y * 0.9999 + 1e-5
    y.backward()
    value, gradients = compile(y, backend="python")()
    assert bits(value) == bits(y.data)
    assert bits(gradients["x"]) == bits(x.grad)


LOSSES = {
    "squared": (squared_error, 1.5),
    "half": (lambda yhat, y: squared_error(yhat, y, half=True), -0.5),
    "cross-entropy": (lambda z, y: binary_cross_entropy(z.sigmoid(), y), 1.0),
    "logits": (binary_cross_entropy_with_logits, 0.25),
    "hinge": (hinge, -1.0),
}


@every_backend
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_loss_of_a_model_is_the_graph_s(loss, backend):
    function, target = loss
    model = nn.MLP(2, [3, 1], ops.tanh, seed=4)
    check_model(model, function, np.array([0.5, -1.0, 2.0]), target, present(backend))


def layers():
    yield "one layer", nn.Layer(2, 1)
    yield "no biases", nn.MLP(2, [3, 1], ops.relu, biases=False)
    yield "any activation", nn.MLP(2, [3, 1], lambda z: z.leaky_relu(slope=0.1) + z.sin())
    residual = nn.Residual(nn.MLP(2, [3, 2], ops.softplus))
    yield "residual", nn.Sequential(residual, nn.Layer(2, 1))
    for inverted in (True, False):
        dropout = nn.Sequential(nn.Layer(2, 3, ops.relu), nn.Dropout(0.25, inverted=inverted),
                                nn.Layer(3, 1))  # fmt: skip
        dropout.eval()
        yield f"dropout, inverted {inverted}", dropout
    normed = nn.Sequential(nn.Layer(2, 3), nn.BatchNorm(3), nn.Layer(3, 1, ops.gelu))
    normed.batch([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])  # sets the running statistics
    normed.eval()
    yield "batch norm", normed


@pytest.mark.parametrize(("name", "model"), list(layers()), ids=lambda thing: str(thing)[:24])
@pytest.mark.parametrize("backend", ["python", "numpy", "c", "torch"])
def test_every_layer_is_the_graph_s(name, model, backend):
    check_model(model, squared_error, np.array([0.5, -1.0, 2.0]), 0.75, present(backend))


def check_model(model, loss, x, target, backend):
    """The mean over lanes, its gradients and the predictions, beside those of the graph."""
    step = model.compile(loss, backend=backend)
    value, gradients = step(x, x[::-1].copy(), np.full(3, target))
    model.zero_grad()
    prediction = model([x, x[::-1].copy()])
    prediction = prediction[0] if isinstance(prediction, list) else prediction
    output = loss(prediction, np.full(3, target))
    output.backward()
    assert math.isclose(value, output.data.mean(), rel_tol=1e-13)
    for name, parameter in model.named_parameters().items():
        expected = np.mean(parameter.grad)
        assert math.isclose(gradients[name], expected, rel_tol=1e-12, abs_tol=1e-15), name
    _, (row,) = step.outputs(x, x[::-1].copy(), np.full(3, target))
    assert np.allclose(row, prediction.data, rtol=1e-13)


@every_backend
def test_softmax_takes_the_class_of_each_lane(backend):
    model = nn.MLP(2, [4, 3], ops.tanh, seed=1)
    x = np.array([0.5, -1.0, 2.0, 0.0])
    classes = np.array([0.0, 2.0, 1.0, 2.0])
    value, gradients = model.compile(softmax_cross_entropy, backend=present(backend))(
        x, x[::-1].copy(), classes
    )
    output = softmax_cross_entropy(model([x, x[::-1].copy()]), classes)
    output.backward()
    assert math.isclose(value, output.data.mean(), rel_tol=1e-13)
    for name, parameter in model.named_parameters().items():
        assert math.isclose(gradients[name], np.mean(parameter.grad), rel_tol=1e-11, abs_tol=1e-15)


def test_a_model_reads_its_parameters_when_it_is_called():
    model = nn.MLP(1, [1], seed=0)
    step = model.compile(squared_error, backend="python")
    before = step.value(1.0, 0.0)
    model.assign([2.0, 1.0])
    assert step.value(1.0, 0.0) == 9.0 != before
    assert step.value(1.0, 0.0, w11_1=0.0) == 1.0


def test_random_masks_are_drawn_at_each_call_from_the_model_s_own_numbers():
    model = nn.Sequential(nn.Layer(1, 4), nn.Dropout(0.5, seed=3), nn.Layer(4, 1))
    step = model.compile(squared_error, backend="numpy", reduce=None)
    x = np.ones(6)
    compiled = [step.value(x, x) for _ in range(2)]
    model.layers[1].random.seed(3)
    eager = [squared_error(model([x]), x).data for _ in range(2)]
    assert np.allclose(compiled, eager)
    assert not np.allclose(compiled[0], compiled[1])


def test_a_model_that_does_not_say_its_inputs_is_asked_for_them():
    class Twice(nn.Module):
        def __call__(self, inputs):
            return inputs[0] * 2

    with pytest.raises(ValueError, match=r"give compile\(…, inputs=2\)"):
        Twice().compile(squared_error)
    assert Twice().compile(squared_error, inputs=1, backend="python").value(3.0, 5.0) == 1.0


def test_batch_norm_in_training_is_refused():
    model = nn.Sequential(nn.Layer(1, 2), nn.BatchNorm(2), nn.Layer(2, 1))
    with pytest.raises(ValueError, match="needs a batch of examples in training"):
        model.compile(squared_error)


# The text ----------------------------------------------------------------------------------------


LECTURE_PROGRAM = """\
def value_and_gradients(x, y, w1, w2, w3, w4):
    v1 = w1 * x
    h1 = 0.0 if v1 <= 0.0 else v1
    v2 = w2 * x
    h2 = 0.0 if v2 <= 0.0 else v2
    yhat = w3 * h1 + w4 * h2
    v3 = yhat - y
    loss = v3 * v3
    # backward
    d_yhat = 2.0 * v3  # ∂loss/∂yhat
    d_h2 = d_yhat * w4  # ∂loss/∂h2
    d_w2 = d_h2 * (1.0 if v2 > 0.0 else 0.0) * x  # ∂loss/∂w2
    return loss, (d_w2,)
"""


def test_the_program_of_the_lecture_example_reads_as_backpropagation():
    loss = program(LECTURES[0].text).output
    source = compile(loss, wrt=["w2"], backend="python").source
    assert source == LECTURE_PROGRAM
    namespace = runtime_namespace()
    exec(source, namespace)
    value, (gradient,) = namespace["value_and_gradients"](2.0, 1.0, 0.3, 0.8, 0.4, 0.1)
    assert abs(value - 0.36) < 1e-15
    assert abs(gradient + 0.24) < 1e-15


def runtime_namespace():
    return {**vars(runtime), "inf": INF, "nan": NAN}


def test_a_step_of_the_forward_pass_is_named_for_no_gradient():
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(4.0, "c")
    source = compile((a * b * c).named("y"), backend="python").source
    forward, backward = source.split("# backward")
    assert "d_c" not in forward
    assert "d_a = " in backward


def test_a_saved_model_keeps_all_units(tmp_path):
    model = nn.Sequential(nn.Layer(1, 2), nn.Dropout(0.5), nn.Layer(2, 1))
    path = model.compile(squared_error, backend="python").save(tmp_path / "net.py")
    assert ", 1.0, 1.0)" in path.read_text()


def test_common_subexpressions_are_computed_once():
    f = compile(lambda x: x.exp() * x.exp() + x.exp(), backend="python")
    assert f.source.count("exp(x)") == 1


def test_ones_and_zeros_are_folded_where_no_bit_changes():
    source = compile(lambda x: (x * 1 - 0) / 1, backend="python").source
    assert "return x, (1.0,)" in source
    kept = compile(lambda x: x * 0 + 0, backend="python").source
    assert "x * 0.0" in kept  # inf times zero is nan, and -0.0 + 0 is 0.0
    assert "+ 0.0" in kept


@pytest.mark.parametrize("constant", [1e-320, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 2**70])
@every_backend
def test_constants_are_written_exactly(constant, backend):
    present(backend)
    found = compile(lambda x: ops.where_(x > 0, Value(float(constant)), x), backend=backend)(1.0)
    if not (backend == "jax" and 0 < abs(constant) < LEAST_NORMAL):
        assert bits(float(found[0])) == bits(float(constant))


HOSTILE = ["class", "double", "main", "exp", "v1", "d1", "x x", "ŷ", "*/ int", "\n# a", '"', "\\",
           "d_w", "NAN", "EOF", "value", "math", "columns_", "", "%s", "a" * 300,
           "∂ℓ/∂w"]  # fmt: skip


@every_backend
def test_hostile_names_are_only_names(backend):
    present(backend)
    leaves = [Value(0.5 + k, name) for k, name in enumerate(HOSTILE)]
    product_of_all = leaves[0]
    for leaf in leaves[1:]:
        product_of_all = (product_of_all * leaf).tanh().named(leaf.label)
    f = compile(product_of_all, backend=backend)
    assert len(f.inputs) == len(HOSTILE) - 1  # the one without a name is a constant
    value, gradients = f()
    product_of_all.backward()
    assert math.isclose(value, product_of_all.data)
    for leaf in leaves:
        if leaf.label:
            assert math.isclose(gradients[leaf.label], leaf.grad, rel_tol=1e-12)
    runnable = compile(product_of_all, backend="python").source
    exec(runnable, runtime_namespace())


# Files -------------------------------------------------------------------------------------------


def hostile_example():
    w, x = Value(0.75, "*/ /* ŵ\n"), Value(-1.5, "x")
    y = ops.logsumexp(w * x, x.gelu(), (w / x).abs().log(), (x**3) ** 1.0, w.sinh() + x.erf())
    return (y + (w - 1e-320).maximum(x) * -0.0).named("loss")


def test_a_saved_python_file_runs_by_itself(tmp_path):
    loss = hostile_example()
    compiled = compile(loss, backend="python")
    path = compiled.save(tmp_path / "net.py")
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True,
                          check=True, cwd=tmp_path, timeout=60)  # fmt: skip
    value, gradients = compiled()
    lines = done.stdout.splitlines()
    assert lines[0] == f"value {value!r}"
    assert [float(line.split()[-1]) for line in lines if line.startswith("x ")] == [gradients["x"]]


@needs_compiler
def test_a_saved_c_file_compiles_without_warnings_and_runs(tmp_path):
    loss = hostile_example()
    compiled = compile(loss, backend="python")
    path = compiled.save(tmp_path / "net.c")
    built = tmp_path / "net"
    command = [*library.compiler(), "-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off",
               str(path), "-o", str(built), "-lm"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    printed = subprocess.run([str(built)], capture_output=True, text=True, check=True).stdout
    value, gradients = compiled()
    lines = printed.splitlines()
    assert is_near("c", float(lines[0].split()[1]), value)
    assert is_near("c", float(lines[-1].split()[-1]), gradients["x"])


@pytest.mark.parametrize("suffix", [".py", ".c"])
def test_a_graph_on_lanes_is_not_saved_and_says_so(tmp_path, suffix):
    f = compile(Value([1.0, 2.0] * np.ones(2), "x") * 2, backend="python")
    with pytest.raises(ValueError, match="of one example; got lanes in x"):
        f.save(tmp_path / f"net{suffix}")
    assert not list(tmp_path.iterdir())


@needs_compiler
def test_a_saved_c_file_of_a_constant_compiles_without_warnings(tmp_path):
    path = compile(Value(3), backend="python").save(tmp_path / "constant.c")
    command = [*library.compiler(), "-Wall", "-Wextra", "-Werror", path, "-o", tmp_path / "a"]
    subprocess.run([*command, "-lm"], check=True)
    assert subprocess.check_output([tmp_path / "a"], text=True).split() == ["value", "3"]


def test_another_suffix_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.py or \.c; got 'net\.rs'"):
        compile(lambda x: x * x, backend="python").save(tmp_path / "net.rs")
    assert list(tmp_path.iterdir()) == []


@every_backend
def test_a_compiled_program_is_pickled(backend):
    present(backend)
    w = Value(0.5, "w")
    compiled = compile((w * 3).tanh(), backend=backend)
    compiled()
    again = pickle.loads(pickle.dumps(compiled))
    assert again.backend == backend
    assert float(again()[0]) == float(compiled()[0])


# Mistakes ----------------------------------------------------------------------------------------


def branching(x):
    if x > 0:
        return x
    return -x


def test_a_branch_names_the_line_and_says_where():
    advice = r"test_compiler\.py, line \d+, branches .* use ops\.where_\("
    with pytest.raises(TypeError, match=advice):
        compile(branching, backend="python")
    line = branching.__code__.co_firstlineno + 1
    with pytest.raises(TypeError, match=f"line {line},"):
        compile(branching, backend="python")


@every_backend
def test_what_a_branch_is_told_to_use_works(backend):
    f = compile(lambda x: ops.where_(x > 0, x * x, -x), backend=present(backend))
    assert [float(each) for each in f([-3.0, 2.0])[0]] == [3.0, 4.0]
    assert [float(each) for each in f([-3.0, 2.0])[1]["x"]] == [-1.0, 4.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: compile(3), r"takes a function of Values, a Value, Values or a program; got int"),
        (lambda: compile(lambda *x: x[0]), r"a parameter for each input; got \*x"),
        (lambda: compile(lambda x: None), r"returns a Value; got NoneType None"),
        (lambda: compile(lambda x: x, backend="fortran"), r"one of auto, python, .*'fortran'"),
        (lambda: compile(lambda x: x, wrt=["z"]), r"wrt names inputs; got 'z', and they are x"),
        (lambda: compile(lambda x: x, backend="python", fast=True), "is for the backends c and"),
        (lambda: compile(lambda x: x, reduce="max"), r"'mean', 'sum' or None; got 'max'"),
        (lambda: compile(lambda x: float(x)), r"asks for a number .* not know yet"),
        (lambda: compile(lambda x: x * np.ones(3)), r"single numbers; got lanes"),
        (lambda: compile(Value(np.ones(3))), r"a single number; got lanes: make them an input"),
        (lambda: nn.MLP(1, [1]).compile(lambda p, y: 3.0), r"returns a Value; got float 3.0"),
    ],
    ids=lambda thing: None if callable(thing) else thing[:24],
)
def test_what_cannot_be_compiled_says_so_in_one_line(make, message):
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f(1.0), "needs a number for x"),
        (lambda f: f(1.0, 2.0, 3.0), "takes 2 inputs; got 3"),
        (lambda f: f(1.0, 2.0, z=3.0), "has no input 'z'; it has w, x"),
        (lambda f: f(1.0, 2.0, w=3.0), "'w' was given twice"),
        (lambda f: f(np.ones(2), np.ones(3)), "of one length; got w 2, x 3"),
        (lambda f: f(np.ones((2, 2)), 1.0), "one dimension; got one of shape"),
        (lambda f: f(np.ones(0), 1.0), "one element or more; got none in w"),
        (lambda f: f(None, 1.0), "a scalar is an int"),
        (lambda f: f([[1.0, 2.0], [3.0, 4.0]], 1.0), r"one dimension; got one of shape \(2, 2\)"),
        (lambda f: f([1.0, None], 1.0), "a scalar is an int.* got NoneType"),
        (lambda f: f(["one"], 1.0), "text stands for a number when"),
        (lambda f: f(np.array(["one"]), 1.0), "text stands for a number when"),
        (lambda f: f(np.array([1j]), 1.0), "real numbers; got an array of complex128"),
        (lambda f: f(np.array(["2020-01-01"], "M8[D]"), 1.0), "real numbers; got an array of date"),
    ],
    ids=range(14),
)
@every_backend
def test_a_wrong_call_says_so_in_one_line(call, message, backend):
    f = compile(lambda w, x: w * x, backend=present(backend))
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        call(f)
    assert "\n" not in str(caught.value)


# The C compiler ----------------------------------------------------------------------------------


def test_without_a_compiler_auto_runs_on_numpy_and_says_so(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.warns(RuntimeWarning, match="no C compiler was found") as caught:
        f = compile(lambda x: x * x)
    assert caught[0].filename == __file__
    assert f.backend == "numpy"
    assert f(3.0) == (9.0, {"x": 6.0})
    with pytest.raises(CompilerError, match="'no-such-compiler'"):
        compile(lambda x: x * x, backend="c")(3.0)


@needs_compiler
def test_a_compiler_that_fails_says_what_it_said(monkeypatch, tmp_path):
    failing = tmp_path / "failing-cc"
    failing.write_text("#!/bin/sh\necho 'error: I am on strike' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("CC", str(failing))
    with pytest.raises(CompilerError, match="I am on strike"):
        compile(lambda x: x * x, backend="c")(3.0)


PRINT = "from scalargrad import compile; print(compile(lambda x: x.tanh() * {k}, backend='c')(0.5))"


def environment(cache):
    root = str(Path(__file__).parents[2])
    return {**os.environ, "SCALARGRAD_CACHE": str(cache), "PYTHONPATH": root}


@needs_compiler
def test_a_compiler_that_writes_nothing_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("SCALARGRAD_CACHE", str(tmp_path))
    monkeypatch.setenv("CC", "true")
    with pytest.raises(CompilerError, match=r"true says it compiled .* and wrote no library"):
        compile(lambda x: x * x, backend="c")(1.0)
    assert not list(tmp_path.iterdir())


def test_the_package_ziglang_is_a_compiler_where_there_is_no_other(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(library.shutil, "which", lambda name: None)
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    assert library.compiler() is None
    monkeypatch.setattr(library, "find_spec", lambda name: name == "ziglang")
    assert library.compiler() == [sys.executable, "-m", "ziglang", "cc"]


def test_a_compiler_command_of_an_open_quote_is_none(monkeypatch):
    monkeypatch.setenv("CC", "cc 'x")
    with pytest.raises(CompilerError, match="none was found"):
        compile(lambda x: x * x, backend="c")(1.0)


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_a_backend_that_is_not_installed_says_what_to_install(name, monkeypatch):
    monkeypatch.setattr("scalargrad.compiler.backends.find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=f"not installed: pip install {name}"):
        compile(lambda x: x * x, backend=name)


@needs_compiler
def test_two_processes_may_compile_the_same_at_once(tmp_path):
    command = [sys.executable, "-c", PRINT.format(k=7)]
    running = [subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE)
               for _ in range(3)]  # fmt: skip
    printed = {process.communicate(timeout=120)[0] for process in running}
    assert len(printed) == 1
    assert b"'x'" in printed.pop()
    assert len(list(tmp_path.glob("*.so"))) == 1
    assert not list(tmp_path.glob("build-*"))


@needs_compiler
def test_a_library_that_is_not_whole_is_built_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALARGRAD_CACHE", str(tmp_path))
    code = PRINT.format(k=8)
    first = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=True,
                           capture_output=True, timeout=120).stdout  # fmt: skip
    (built,) = tmp_path.glob("*.so")
    built.write_bytes(built.read_bytes()[:100])
    again = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=True,
                           capture_output=True, timeout=120).stdout  # fmt: skip
    assert again == first
    assert built.stat().st_size > 1000


PLANTED = """
double planted(void) { return 1.0; }
"""


def planted(path, command):
    """A whole library that is none of ours, in the place of one that is."""
    source = path.parent / "planted.c"
    source.write_text(PLANTED)
    subprocess.run([*command, "-shared", "-fPIC", source, "-o", path], check=True)


@needs_compiler
@pytest.mark.parametrize(
    "tamper",
    [
        lambda built: planted(built, library.compiler()),
        lambda built: built.write_bytes(built.read_bytes()[:4096]),
        lambda built: built.with_suffix(".sha256").unlink(),
        lambda built: built.with_suffix(".sha256").write_bytes(b"\xff"),
        lambda built: built.chmod(0o777),
    ],
    ids=["planted", "cut off", "no hash", "another hash", "open to others"],
)
def test_a_library_that_was_touched_is_never_loaded(tamper, tmp_path, monkeypatch):
    monkeypatch.setenv("SCALARGRAD_CACHE", str(tmp_path))
    f = compile(lambda x: x.tanh() * 13, backend="c")
    before = f(0.5)
    (built,) = tmp_path.glob("*.so")
    whole = built.read_bytes()
    built.unlink()  # this process has it loaded: what follows is a file of its own
    built.write_bytes(whole)
    built.chmod(0o700)
    tamper(built)
    loaded = []
    monkeypatch.setattr(library.ctypes, "CDLL", spied(library.ctypes.CDLL, loaded))
    assert compile(lambda x: x.tanh() * 13, backend="c")(0.5) == before
    assert len(loaded) == 1
    assert built.read_bytes() == whole
    assert built.stat().st_mode & 0o077 == 0


def spied(load, loaded):
    def spy(path):
        loaded.append(path)
        return load(path)

    return spy


@needs_compiler
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_folder_that_others_can_write_to_is_refused_with_a_sentence(mode, tmp_path, monkeypatch):
    folder = tmp_path / "of everybody"
    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setenv("SCALARGRAD_CACHE", str(folder))
    with pytest.warns(RuntimeWarning, match="others can write to the cache folder .* chmod go-w "):
        assert compile(lambda x: x.tanh() * 14, backend="c")(0.0)[0] == 0
    assert not list(folder.iterdir())


@needs_compiler
def test_a_killed_build_leaves_nothing_that_is_taken_for_a_library(tmp_path):
    slow = tmp_path / "slow-cc"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    cache = tmp_path / "cache"
    process = subprocess.Popen([sys.executable, "-c", PRINT.format(k=9)],
                               env={**environment(cache), "CC": str(slow)})  # fmt: skip
    try:
        for _ in range(600):
            if list(cache.glob("build-*/program.c")):
                break
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
    finally:
        process.kill()
        process.wait()
        subprocess.run(["pkill", "-f", str(slow)], check=False)
    assert list(cache.glob("build-*"))
    assert not list(cache.glob("*.so"))
    os.utime(next(cache.glob("build-*")), (0, 0))
    done = subprocess.run([sys.executable, "-c", PRINT.format(k=9)], env=environment(cache),
                          check=True, capture_output=True, timeout=120)  # fmt: skip
    assert b"'x'" in done.stdout
    assert not list(cache.glob("build-*"))  # the abandoned one was removed


@needs_compiler
def test_a_cache_that_cannot_be_written_to_is_done_without(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    done = subprocess.run([sys.executable, "-c", PRINT.format(k=10)], env=environment(blocked),
                          check=True, capture_output=True, timeout=120)  # fmt: skip
    assert b"'x'" in done.stdout
    assert blocked.read_text() == "no folder"


@needs_compiler
def test_the_second_time_nothing_is_compiled(monkeypatch):
    compile(lambda x: x.tanh() * 11, backend="c")(0.5)
    monkeypatch.setattr(library, "_build", lambda *_: pytest.fail("compiled again"))
    assert compile(lambda x: x.tanh() * 11, backend="c")(0.5)[0] == math.tanh(0.5) * 11


@needs_compiler
def test_a_long_program_is_split_into_functions(monkeypatch):
    from scalargrad.compiler import c_lanes

    monkeypatch.setattr(c_lanes, "LONGEST", 7)

    def f(a, b):
        nodes = [a, b]
        for k in range(30):
            nodes.append((nodes[-1] * nodes[-2] + 0.1 * k).tanh() + nodes[k // 2] * b.exp())
        return ops.where_(nodes[-1] > nodes[3], nodes[-1], nodes[4])

    compiled = compile(f, backend="c", reduce="mean")
    a = np.linspace(-1, 1, 11)
    value, gradients = compiled(a, 0.3)
    expected = compile(f, backend="numpy", reduce="mean")(a, 0.3)
    assert math.isclose(value, expected[0], rel_tol=1e-13)
    assert math.isclose(gradients["b"], expected[1]["b"], rel_tol=1e-12)
    assert np.allclose(gradients["a"], expected[1]["a"], rtol=1e-12)


def test_the_work_of_writing_a_program_grows_in_step_with_the_graph():
    def steps(count):
        y = Value(0.5, "x")
        for _ in range(count):
            y = (y * 0.999).tanh()
        return compile(y, backend="python").program.size

    small, large = steps(200), steps(2000)
    assert 9 * small < large < 11 * small


# JAX and PyTorch ---------------------------------------------------------------------------------


def test_jax_transforms_what_it_runs():
    present("jax")
    import jax
    from jax import numpy as jnp

    def loss(w, x):
        return (w * x).tanh() ** 2

    f = compile(loss, backend="jax")
    x = jnp.linspace(-1, 1, 5)
    value, gradients = jax.jit(f.value_and_grad)(0.7, 0.5)
    assert math.isclose(value, math.tanh(0.35) ** 2)
    mapped = jax.vmap(f.value, in_axes=(None, 0))(0.7, x)
    assert np.allclose(mapped, np.tanh(0.7 * x) ** 2)
    assert math.isclose(jax.grad(f.value)(0.7, 0.5), gradients["w"], rel_tol=1e-14)
    second = jax.grad(lambda w: f.grad(w, 0.5)["w"])(0.7)
    h = 1e-5
    finite = (f.grad(0.7 + h, 0.5)["w"] - f.grad(0.7 - h, 0.5)["w"]) / (2 * h)
    assert math.isclose(second, finite, rel_tol=1e-8)


def test_a_step_over_eight_devices_is_the_step_on_one():
    present("jax")
    script = Path(__file__).parents[1] / "programs" / "eight_devices.py"
    done = subprocess.run([sys.executable, str(script)], env=environment("/nonexistent"),
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "8 devices, the same update" in done.stdout


def test_pytorch_differentiates_what_it_runs():
    torch = peer("torch")
    f = compile(lambda w, x: (w * x).tanh() ** 2, backend="torch")
    w = torch.tensor(0.7, dtype=torch.double, requires_grad=True)
    value, gradients = f(w, 0.5)
    value.backward()
    assert math.isclose(w.grad.item(), gradients["w"].item(), rel_tol=1e-14)
    assert f(torch.ones(3, dtype=torch.double), 0.5)[0].shape == (3,)


def test_no_warning_is_given_by_numpy_for_what_ieee_allows():
    f = compile(lambda a, b: (a / b).exp().log(), backend="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f(np.array([1.0, 0.0, 1e308]), np.array([0.0, 0.0, 1e-5]))


@needs_compiler
def test_fast_lets_the_compiler_fuse():
    x = np.linspace(-1, 1, 50)
    exact = compile(lambda a, x: a * x + x * x, backend="c")(0.1, x)[0]
    fused = compile(lambda a, x: a * x + x * x, backend="c", fast=True)(0.1, x)[0]
    assert np.allclose(exact, fused, rtol=1e-14)


def test_the_cache_folder_is_the_user_s(monkeypatch):
    monkeypatch.delenv("SCALARGRAD_CACHE")
    from platformdirs import user_cache_path

    assert library.cache_folder() == user_cache_path("scalargrad", appauthor=False)
