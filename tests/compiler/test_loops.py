"""Loops of C, numpy and JAX: bit for bit the straight line, whatever stands side by side."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from peers import present

from scalargrad import Value, compile
from scalargrad.compiler import arrays
from scalargrad.compiler.arrays import looped_source
from scalargrad.compiler.c_lanes import kernel_source
from scalargrad.engine import ops
from scalargrad.nn.layers import MLP
from scalargrad.nn.losses import softmax_cross_entropy

ON_EACH = pytest.mark.parametrize("backend", ["c", "numpy"])


def straight(backend, monkeypatch, run):
    """What a program gives that C runs, by Python; that numpy runs, by numpy line after line."""
    if backend == "c":
        return run("python")
    with monkeypatch.context() as patched:
        patched.setattr(arrays, "looped_source", lambda *_: "")
        return run(backend)


def compare(output, columns, backend, monkeypatch):
    """Value and gradients, lane by lane, have the bits of the straight line."""
    present(backend)
    rng = np.random.default_rng(0)
    lanes = {name: rng.normal(size=11) for name in columns}

    def run(on):
        program = compile(output, backend=on)
        used = {name: lanes[name] for name in lanes if name in program.inputs}
        value, gradients = program(**used)
        return [np.asarray(found).tolist() for found in (value, *gradients.values())]

    assert run(backend) == straight(backend, monkeypatch, run)


def numbers_of(value, gradients):
    """A result of any backend in numbers of Python's own."""
    return float(value), {name: float(gradient) for name, gradient in gradients.items()}


def network(inputs, layers, activation, seed):
    """A network whose biases are no noughts."""
    model = MLP(inputs, layers, activation, seed=seed)
    for parameter in model.parameters():
        parameter.data += 0.25
    return model


def leaves(count, letter, rng):
    return [Value(rng.uniform(-2, 2), f"{letter}{k}") for k in range(count)]


def dot(ws, xs, start=None):
    terms = [w * x for w, x in zip(ws, xs, strict=True)]
    total = terms.pop(0) if start is None else start
    for term in terms:
        total = total + term
    return total


def side_by_side(ws, xs):
    return dot(ws, xs)


def backwards(ws, xs):
    return dot(ws, xs[::-1])


def shuffled(ws, xs):
    order = random.Random(1).sample(range(len(xs)), len(xs))
    return dot(ws, [xs[k] for k in order])


def with_constants(ws, xs):
    return dot(ws, [x if k % 3 else Value(k / 7) for k, x in enumerate(xs)], ws[0])


def of_computed(ws, xs):
    return dot(ws, [x.tanh() for x in xs], xs[0] * 3)


def of_both(ws, xs):
    return dot(ws, [x.exp() if k % 2 else x for k, x in enumerate(xs)])


def of_squares(ws, xs):
    return dot(xs, xs) * dot(ws, ws)


def with_minus(ws, xs):
    return dot([-w for w in ws], xs, ws[1])


def of_partial_sums(ws, xs):
    first = dot(ws, xs)
    return dot(ws[::-1], xs, first) * first


def two_layers(ws, xs):
    hidden = [dot(ws, xs, w).tanh() for w in ws]
    return dot(ws, hidden) + dot(hidden, hidden, ws[2])


SHAPES = [side_by_side, backwards, shuffled, with_constants, of_computed, of_both, of_squares,
          with_minus, of_partial_sums, two_layers]  # fmt: skip


@pytest.mark.parametrize("columns", ["none", "inputs", "all", "one", "weights"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("count", [3, 9, 20])
@ON_EACH
def test_a_loop_gives_the_bits_of_the_straight_line(shape, count, columns, backend, monkeypatch):
    rng = random.Random(count)
    ws, xs = leaves(count, "w", rng), leaves(count, "x", rng)
    lanes = {"none": [], "inputs": xs, "all": ws + xs, "one": xs[1:2], "weights": ws[::2]}[columns]
    compare(shape(ws, xs).named("y"), [x.label for x in lanes], backend, monkeypatch)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize(
    ("backend", "every"), [*product(["c", "numpy"], [1, 2, 9, 14]), ("jax", 2)]
)
def test_gradients_that_are_summed_over_lanes_are_near_those_of_python(shape, backend, every):
    present(backend)
    rng = random.Random(5)
    ws, xs = leaves(20, "w", rng), leaves(20, "x", rng)
    output = shape(ws, xs).named("y")
    names = compile(output, backend="python").inputs
    lanes = [x.label for k, x in enumerate(xs) if x.label in names and k % every == 0]
    numbers = [name for name in names if name not in lanes]
    columns = {name: np.linspace(-1, rng.random(), 11) for name in lanes}
    found = [
        numbers_of(*compile(output, numbers, backend=on, reduce="sum")(**columns))
        for on in ("python", backend)
    ]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("layers", [[9, 3], [12, 8, 3], [8, 3]])
@pytest.mark.parametrize("backend", ["c", "numpy", "jax"])
def test_sums_over_lanes_are_near_those_of_python(layers, backend):
    present(backend)
    model = network(10, layers, ops.relu, 4)
    rng = np.random.default_rng(1)
    inputs, labels = rng.normal(size=(10, 13)), rng.integers(0, 3, 13).astype(float)
    found = [
        numbers_of(*model.compile(softmax_cross_entropy, backend=on)(*inputs, labels))
        for on in ("python", backend)
    ]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("count", [1, 5, 8, 63, 300])
@pytest.mark.parametrize("units", [1, 7, 18, 33])
@ON_EACH
def test_products_are_added_up_over_any_number_of_lanes(units, count, backend):
    present(backend)
    model = network(19, [units, 2], ops.tanh, 1)
    rng = np.random.default_rng(2)
    inputs, labels = rng.normal(size=(19, count)), rng.integers(0, 2, count).astype(float)
    found = [
        numbers_of(*model.compile(softmax_cross_entropy, backend=on)(*inputs, labels))
        for on in ("python", backend)
    ]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-9, abs=1e-14)


@ON_EACH
def test_an_infinite_number_in_one_lane_is_no_other_s(backend):
    present(backend)
    model = MLP(9, [9, 2], ops.relu, seed=1)
    inputs = np.ones((9, 11))
    inputs[0, 0] = np.inf
    found = [
        model.compile(softmax_cross_entropy, backend=on, reduce=None)(*inputs, np.zeros(11))
        for on in ("python", backend)
    ]
    for by_python, by_c in zip(found[0][1].values(), found[1][1].values(), strict=True):
        assert np.array_equal(by_python, by_c, equal_nan=True)
    assert np.isfinite(found[1][0][1:]).all()


@pytest.mark.parametrize("make", [lambda k: MLP(k, [6, 3]), lambda k: MLP(20, [k, 3], ops.relu)])
@pytest.mark.parametrize(("source", "few"), [(kernel_source, 400), (looped_source, 60)])
def test_the_text_does_not_grow_with_the_width_of_a_layer(make, source, few):
    def lines(width):
        program = make(width).compile(softmax_cross_entropy, backend="python").program
        lanes = [name for name in program.inputs if name[0] in "xy"]
        first = 1 + len(program.more)
        summed = frozenset({0, *range(first, len(program.outputs))})
        return source(program, lanes, summed).count("\n")

    assert 0 < lines(200) == lines(50) < few


@pytest.mark.parametrize("seed", range(3))
@ON_EACH
def test_a_large_graph_without_a_plan_has_the_bits_of_the_straight_line(seed, backend, monkeypatch):
    rng = random.Random(seed)
    nodes = leaves(12, "x", rng)
    while len(nodes) < 400:
        a, b = rng.choice(nodes[-60:]), rng.choice(nodes[-60:])
        nodes.append(rng.choice([a * b * 0.5, a + b, (a - b).tanh(), a.relu() - b, a * 0.25 + b]))
    output = dot(nodes[-30:], rng.sample(nodes[-40:], 30))
    compare(output.named("y"), ["x0", "x3", "x7"], backend, monkeypatch)


def test_a_short_program_stays_a_straight_line():
    program = MLP(2, [3, 1]).compile(lambda p, y: p - y, backend="python").program
    assert "O2" not in kernel_source(program, [], frozenset())
    assert looped_source(program, ["x1", "x2"], frozenset()) == ""


def test_jax_transforms_a_layer():
    present("jax")
    import jax

    model = network(3, [9, 1], ops.tanh, 1)
    by_python, by_jax = (
        model.compile(lambda yhat, y: (yhat - y) ** 2, backend=on, reduce=None)
        for on in ("python", "jax")
    )
    value, gradients = by_python(0.1, 0.2, 0.3, 0.5)
    assert float(jax.jit(by_jax.value)(0.1, 0.2, 0.3, 0.5)) == pytest.approx(value, rel=1e-14)
    slope = jax.grad(lambda b: by_jax.value(0.1, 0.2, 0.3, 0.5, b1_2=b))(0.25)
    assert float(slope) == pytest.approx(gradients["b1_2"], rel=1e-13)
    x = np.array([0.1, 0.4])
    mapped = jax.vmap(by_jax.value, in_axes=(0, None, None, None))(x, 0.2, 0.3, 0.5)
    assert mapped.tolist() == pytest.approx(by_python.value(x, 0.2, 0.3, 0.5).tolist(), rel=1e-14)


def test_sums_of_products_may_be_products_of_matrices():
    model = network(10, [12, 9, 3], ops.tanh, 4)
    rng = np.random.default_rng(1)
    inputs, labels = rng.normal(size=(10, 13)), rng.integers(0, 3, 13).astype(float)
    exact, near = (
        model.compile(softmax_cross_entropy, backend="numpy", fast=fast)(*inputs, labels)
        for fast in (False, True)
    )
    assert exact != near
    assert exact[0] == pytest.approx(near[0], rel=1e-12)
    assert exact[1] == pytest.approx(near[1], rel=1e-9, abs=1e-15)
