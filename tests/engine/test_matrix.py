"""A slice of the matrix of rows, backends and kinds; `make matrix` computes all of it."""

import copy
import math
import pickle
from fractions import Fraction
from functools import partial as partially
from operator import attrgetter

import matrix
import numpy as np
import pytest
from peers import present

from scalargrad import Value, compile, partial
from scalargrad.compiler import backends
from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import OPERATIONS, Operation

ROWS = list(OPERATIONS.values())


@pytest.fixture(autouse=True)
def without_warnings():
    matrix.prepare()
    yield
    np.seterr(all="warn")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("kind", matrix.KINDS)
def test_a_row_is_right_on_every_kind_of_scalar(row, kind):
    assert list(matrix.faults(row, kind)) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_a_row_is_right_where_it_is_compiled(row, backend):
    assert list(matrix.faults(row, backend)) == []


@pytest.mark.parametrize("row", ROWS[2::9], ids=lambda row: row.name)
@pytest.mark.parametrize("backend", ["c", "jax", "torch"])
def test_some_rows_are_right_on_the_backends_that_take_long(row, backend):
    assert list(matrix.faults(row, present(backend))) == []


# Planted faults: each must be found --------------------------------------------------------------


def test_a_wrong_row_is_found():
    wrong = Operation.__new__(Operation)
    sin = OPERATIONS["sin"]
    vars(wrong).update(vars(sin), derivatives=lambda y, a: (scalars.cos(a) * (1 + 1e-9),))
    assert list(matrix.faults(wrong, "float"))
    assert list(matrix.faults(wrong, "numpy"))


def test_a_wrong_backend_is_found(monkeypatch):
    right = backends.python.runtime_names
    monkeypatch.setattr(
        backends.python, "runtime_names", lambda: right() | {"exp": lambda a: math.exp(a) + 1e-9}
    )
    assert list(matrix.faults(OPERATIONS["exp"], "python"))


def test_a_wrong_kind_is_found(monkeypatch):
    kind = scalars.kind_of(np.zeros(1))
    monkeypatch.setitem(kind.functions, "erf", lambda a: np.zeros_like(a))
    assert list(matrix.faults(OPERATIONS["erf"], "lanes"))
    assert not list(matrix.faults(OPERATIONS["erf"], "float"))


# What the matrix found once ----------------------------------------------------------------------


def test_second_derivatives_of_exact_powers_are_exact():
    inner = Value(Fraction(2, 3))
    x = Value(inner)
    for exponent, expected in ((3, Fraction(4)), (-1, Fraction(27, 4)), (5, Fraction(160, 27))):
        assert partial(partial(x**exponent, x), inner) == expected


def second(f, *numbers):
    nested = [Value(Value(a)) for a in numbers]
    slope = partial(f(*nested), nested[0])
    return [matrix.as_float(partial(slope, a.data)) for a in nested]


@pytest.mark.parametrize(
    ("f", "numbers", "expected"),
    [
        (lambda a, b: a + b, (1.0, 2.0), [0, 0]),
        (lambda a, b: 3 * a + b**2, (1.0, 2.0), [0, 0]),
        (abs, (1.0,), [0]),
        (lambda a, b: a.maximum(b), (1.0, 2.0), [0, 0]),
        (lambda a: a.gelu(), (700.0,), [0]),
        (lambda a: a.silu(), (700.0,), [-6.882054227544320e-302]),  # by mpmath
    ],
)
def test_what_is_constant_has_the_second_derivative_0_and_tails_keep_their_size(
    f, numbers, expected
):
    assert second(f, *numbers) == pytest.approx(expected, rel=1e-13)


def test_the_derivative_of_a_number_is_0():
    assert partial(3.5, Value(1)) == 0


@pytest.mark.parametrize("backend", matrix.BACKENDS)
def test_a_second_derivative_is_compiled(backend):
    def slope(x):
        inner = Value(x)
        return partial(inner.tanh() ** 3, inner)

    y, gradients = compile(slope, backend=present(backend))(0.5)
    t = math.tanh(0.5)
    assert float(y) == pytest.approx(3 * t**2 * (1 - t**2))
    assert float(gradients["x"]) == pytest.approx((6 * t - 12 * t**3) * (1 - t**2))


HUGE = 1.7976931348623157e308


@pytest.mark.parametrize("a", [(HUGE, -HUGE), (-HUGE, -1e308), (-HUGE, -HUGE), (HUGE, -math.inf)])
def test_logsumexp_of_the_largest_floats_is_no_nan(a):
    y = ops.logsumexp(*a)
    assert y == max(a)
    assert sum(ops.logsumexp.derivatives(y, *a)) == 1
    on_lanes = ops.logsumexp(*map(np.array, zip(a, strict=True)))
    assert on_lanes.tolist() == [y]


def test_the_sign_of_a_derivative_at_a_huge_power_is_right():
    a, b = -5e-324, -1e16  # b - 1 is odd, and rounded to b
    assert ops.pow.derivatives(ops.pow(a, b), a, b)[0] == math.inf


def test_lanes_outside_a_domain_have_no_derivative():
    for method in (Value.log, Value.log1p, Value.log2, Value.log10, Value.atanh):
        x = Value(np.array([-3.0, 0.5]))
        method(x).backward()
        assert np.isnan(x.grad[0])
        assert np.isfinite(x.grad[1])


def pickled(node):
    return pickle.loads(pickle.dumps(node))


def test_lanes_cannot_be_changed_under_the_operations_that_captured_them():
    mine = np.array([1.0, 2.0])
    x = Value(mine)
    y = x * x
    mine[0] = 99
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 99
    y.backward()
    assert x.grad.tolist() == [2, 4]


@pytest.mark.parametrize(
    "copied", [lambda y: y, copy.copy, copy.deepcopy, pickled], ids=attrgetter("__name__")
)
@pytest.mark.parametrize(
    "computed",
    [Value.exp, Value.relu, Value.leaky_relu, lambda x: x * x, lambda x: x + 0,
     lambda x: x.dot(x, x), lambda x: x.maximum(2), lambda x: ops.where_(x.step(), x, 0)],
    ids=attrgetter("__name__"),
)  # fmt: skip
def test_lanes_that_were_computed_cannot_be_changed_either(computed, copied):
    y = copied(computed(Value(np.array([1.0, 2.0]))))
    for lanes in (y.data, *y.operands):
        if np.shape(lanes):
            with pytest.raises(ValueError, match="read-only"):
                lanes[0] = 99


def test_masked_arrays_are_refused():
    with pytest.raises(TypeError, match="a masked array, whose mask would be lost"):
        Value(np.ma.array([1.0, 2.0], mask=[False, True]))


@pytest.mark.parametrize("operation", ["gelu", "erf"])
def test_numpy_runs_programs_on_plain_numbers(operation):
    row = OPERATIONS[operation]
    f = partially(compile, lambda x: row(x))
    for given in (0.5, np.array([0.5, -1.0])):
        numbers, expected = f(backend="numpy")(given), f(backend="python")(given)
        assert numbers[0] == pytest.approx(expected[0], rel=1e-14)
