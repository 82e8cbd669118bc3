"""The branch of `where` that was not taken: neither differentiated nor multiplied, on any kind."""

import math
import warnings
from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from peers import present

from scalargrad import (
    DomainError,
    Value,
    assert_gradients,
    compile,
    derive,
    draw,
    ops,
    partial,
    program,
    program_text,
)
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import rebuilt

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


WITHOUT_VALUE = {  # programs, what they are at x = -2, their slope there, and names that are nan
    "y = where(x > 0, log(x), 3x)": (-6, 3, ""),
    "b = log(x); y = where(x > 0, b, 3x)": (-6, 3, "b"),
    "b = log(x); c = b^2 + 1; y = where(0 < x, c, x²) + x": (2, -3, "bc"),
    "y = where(x < 0, x, sqrt(x)) where(x > 0, 1/log(x), x)": (4, -4, ""),
    "y = where(x > 0, where(x > 1, log(x), sqrt(x)), x)": (-2, 1, ""),
    "y = where(x < 0, where(x > 0, acosh(x), 2x), sqrt(x))": (-4, 2, ""),
    "f(t) = where(t > 0, log(t), t²); y = f(x) + f(-x)": (4 + math.log(2), -4.5, ""),
    "y = max(where(x > 0, sqrt(x), x/2), x)": (-1, 0.5, ""),
    "y = where(x > 0, x^0.5, 1) + where(x, x, log(x))": (-1, 1, ""),
    "v = [log(x), x]; y = where(x > 0, sum(v), v[2])": (-2, 1, ""),
}


@pytest.mark.parametrize("text", WITHOUT_VALUE)
def test_a_branch_that_is_not_taken_needs_no_value_in_a_program(text: str) -> None:
    value, slope, names = WITHOUT_VALUE[text]
    p = program(text, x=-2)
    y, x = p.output, p["x"]
    y.backward()
    assert (y.data, x.grad) == (pytest.approx(value), pytest.approx(slope))
    assert all(math.isnan(p[name].data) and p[name].grad == 0 for name in names)
    assert_gradients(y, {"x": float(slope)})
    derived = derive(y, x)
    assert derived.gradient == pytest.approx(slope)
    assert "nan" not in derived.text
    assert rebuilt(y, {x: -2})[y].data == y.data
    assert program(program_text(y)).output.data == y.data
    assert deepcopy(y).data == y.data
    for style in ("network", "circuit", "record"):
        assert draw(y, style=style).content(".svg")


@pytest.mark.parametrize("text", WITHOUT_VALUE)
def test_with_the_numbers_of_mpmath_it_needs_none_either(text: str) -> None:
    value, slope, _ = WITHOUT_VALUE[text]
    p = program(text, x=mpmath.mpf(-2))
    p.output.backward()
    assert (float(p.output), float(p["x"].grad)) == (pytest.approx(value), pytest.approx(slope))
    assert "nan" not in derive(p.output, p["x"]).text


@pytest.mark.parametrize(("f", "slopes"), BELOW_ONE.values(), ids=BELOW_ONE)
def test_the_other_branch_is_not_looked_at_in_the_numbers_of_mpmath(
    f: Callable[[Value, Value], Value], slopes: list[float]
) -> None:
    for at, slope in zip(POINTS, slopes, strict=True):
        x = Value(mpmath.mpf(at))
        f(x, condition(x)).backward()
        assert same(float(x.grad), slope)


@pytest.mark.parametrize("text", WITHOUT_VALUE)
def test_at_other_numbers_the_other_branch_is_taken(text: str) -> None:
    p = program(text, x=-2)
    assert rebuilt(p.output, {p["x"]: 3})[p.output].data == program(text, x=3).output.data
    assert compile(p.output)(x=3)[0] == pytest.approx(float(program(text, x=3).output))


@pytest.mark.parametrize(
    "text",
    [
        "b = log(x); y = where(x > 0, b, x) + b",
        "b = log(x); y = 2x",
        "y = where(x < 0, log(x), x)",
        "y = where(log(x), x, x)",
        "y = 0 log(x) + where(x > 0, log(x), 1)",
        "b = log(x); c = b; y = where(x > 0, b, 1); z = c + y",
    ],
)
def test_what_a_result_depends_on_needs_one(text: str) -> None:
    with pytest.raises(DomainError, match="log needs x > 0; got x = -2"):
        program(text, x=-2)


def test_nodes_that_only_the_other_branch_leads_to_have_the_gradient_nought() -> None:
    x, w = Value(2.0), Value(0.0)
    root = w.sqrt()
    ops.where_(1, x, root).backward()
    assert (x.grad, root.grad, w.grad) == (1, 0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ops.where_(0, root, x).backward()
    assert (x.grad, w.grad) == (2, 0)


@pytest.mark.parametrize("text", ["y = where(x > 0, x/3, {})", "y = where(x < 0, {}, x/3)"])
@pytest.mark.parametrize("other", ["log(-1) + x", "1/(x - 2)", "0.5*~1", "exp(x)"])
def test_a_choice_is_as_exact_as_what_is_chosen(text: str, other: str) -> None:
    x, y = map(program(f"x = 2; {text.format(other)}; z = y^2").__getitem__, "xy")
    y.backward()
    assert [type(number) for number in (y.data, x.grad)] == [Fraction, Fraction]
    assert (y.data, x.grad) == (Fraction(2, 3), Fraction(1, 3))


def test_the_condition_has_the_derivative_nought() -> None:
    for condition, locals_ in [(1, (0, 1, 0)), (0, (0, 0, 1))]:
        chosen = ops.where_(Value(condition), Value(2), Value(3.0))
        assert chosen.local_derivatives() == locals_


@pytest.mark.parametrize("backend", ["python", "numpy", "c"])
def test_a_constant_without_a_value_is_nan_in_compiled_code_where_it_is_taken(backend: str) -> None:
    compiled = compile(program("x = 2; y = where(x > 0, x, log(-1))"), backend=present(backend))
    assert compiled(2.0) == (2.0, {"x": 1.0})
    assert math.isnan(compiled(-2.0)[0])


def test_a_constant_without_a_value_is_nan_on_the_lanes_that_take_it() -> None:
    y = program("y = where(x > 0, x, log(c))", x=np.array([2.0, -2.0]), c=-1).output
    assert np.isnan(y.data).tolist() == [False, True]
    with pytest.raises(DomainError, match="log needs c > 0"):
        program("y = where(x > 0, x, 0) + log(c)", x=np.array([2.0, -2.0]), c=-1)
