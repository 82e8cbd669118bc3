"""The branch of `where` that was not taken: neither differentiated nor multiplied, on any kind."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from peers import present

from scalargrad import Value, compile, ops, partial
from scalargrad.engine.backward import topological_order

INF = math.inf
BELOW_ONE = {  # functions that are taken apart at x = 1, and their slopes at 0, 1/4 and 4
    "a root at 0": (lambda x, c: ops.where_(c, x, x.sqrt()), [1, 1, 0.25]),
    "the other way round": (lambda x, c: ops.where_(1 - c, x.sqrt(), x), [1, 1, 0.25]),
    "infinity times it": (lambda x, c: ops.where_(c, 0 * x, (x - 4) * INF * x), [0, 0, math.nan]),
    "both in one": (
        lambda x, c: ops.where_(c, 3 * x, x.sqrt() + x) * 2 + ops.where_(c, x.exp(), x.sqrt()),
        [7, 6 + math.exp(0.25), 2.75],
    ),
    "one in another": (
        lambda x, c: ops.where_(1, ops.where_(c, x, (x.sqrt() + 1).log() + x), x.sqrt()),
        [1, 1, 1 + 1 / 12],
    ),
    "a root of it": (lambda x, c: ops.where_(c, 2 * x, x.sqrt() * x.sqrt()), [2, 2, 1]),
}  # fmt: skip
POINTS = [0.0, 0.25, 4.0]


def condition(x: Value) -> Value:
    """Return 1 below one and 0 elsewhere, as a node."""
    return ops.step(1 - x)


def same(a: float, b: float) -> bool:
    """Return whether two numbers are equal but for rounding; nan equals nan."""
    return bool(np.allclose(a, b, rtol=1e-13, atol=0, equal_nan=True))


@pytest.mark.parametrize(("f", "slopes"), BELOW_ONE.values(), ids=BELOW_ONE)
def test_the_other_branch_is_not_looked_at_in_numbers(
    f: Callable[[Value, Value], Value], slopes: list[float]
) -> None:
    for at, slope in zip(POINTS, slopes, strict=True):
        x = Value(at)
        y = f(x, condition(x))
        y.backward()
        assert same(x.grad, slope)
        assert all(node.grad is not None for node in topological_order(y))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "slopes"), BELOW_ONE.values(), ids=BELOW_ONE)
def test_the_other_branch_is_not_looked_at_on_lanes(
    f: Callable[[Value, Value], Value], slopes: list[float]
) -> None:
    x = Value(np.array(POINTS))
    f(x, condition(x)).backward()
    assert same(x.grad, slopes)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("backend", ["python", "numpy", "c"])
@pytest.mark.parametrize(("f", "slopes"), BELOW_ONE.values(), ids=BELOW_ONE)
def test_the_other_branch_is_not_looked_at_in_compiled_code(
    f: Callable[[Value, Value], Value], slopes: list[float], backend: str
) -> None:
    compiled = compile(lambda x: f(x, condition(x)), backend=present(backend))
    for at, slope in zip(POINTS, slopes, strict=True):
        _, gradients = compiled(at)
        assert same(gradients["x"], slope)


def test_the_second_derivative_does_not_look_at_it_either() -> None:
    for at, second in zip(POINTS, [2, 2, -1 / 32], strict=True):
        x = Value(Value(at))
        y = ops.where_(condition(x), x * x, x.sqrt())
        assert same(partial(partial(y, x), x.data), second)


def test_nodes_that_only_the_other_branch_leads_to_have_the_gradient_nought() -> None:
    x, w = Value(2.0), Value(0.0)
    root = w.sqrt()
    ops.where_(1, x, root).backward()
    assert (x.grad, root.grad, w.grad) == (1, 0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ops.where_(0, root, x).backward()
    assert (x.grad, w.grad) == (2, 0)
