"""Numbers that a person meets: formatted, assigned, grown too large, huge."""

import json
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from scalargrad import Value, no_grad
from scalargrad.engine import ops, scalars


@pytest.mark.parametrize("spec", [".4f", ".2e", "10.3f", "+.1%", ".0f", ".6g", "<12.2f"])
@pytest.mark.parametrize("number", [Fraction(-6, 25), Fraction(1, 3), Fraction(5, 8)])
def test_an_exact_gradient_is_formatted_as_the_float_beside_it(number, spec):
    w = Value(number, "w")
    (w * number).backward()
    assert f"{w.grad:{spec}}" == f"{float(number):{spec}}"


def test_an_exact_number_is_rounded_once():
    assert f"{Fraction(1, 8):.2f}" == "0.12"  # half to even, as floats
    assert scalars.formatted(Fraction(10**80 + 1, 2 * 10**80), ".0f") == "1"  # just above a half
    assert scalars.formatted(Fraction(1, 2), ".0f") == "0"


def test_an_item_goes_into_json():
    assert json.dumps([Value("0.25").item(), Value(3).item()]) == "[0.25, 3]"


@pytest.mark.parametrize(
    ("written", "data"),
    [("0.25", Fraction(1, 4)), (np.float32(0.5), 0.5), (np.int64(3), 3), (2, 2)],
)
def test_what_is_assigned_is_converted(written, data):
    w = Value(1, "w")
    w.data = written
    assert w.data == data
    assert type(w.data) is type(data)
    assert (w * 2).data == 2 * data


@pytest.mark.parametrize("written", [None, True, [1], "x", 1j])
def test_what_is_no_scalar_is_not_assigned(written):
    w = Value(1)
    with pytest.raises(TypeError):
        w.data = written
    assert w.data == 1


def test_an_exact_number_that_grows_without_bound_goes_on_as_a_float():
    def squared(x, times):
        for _ in range(times):
            x = x * x
        return x

    with pytest.warns(UserWarning, match="beyond 20,000 bits and goes on as the nearest float"):
        x = squared(Value("1.5"), 40)
    assert x.data == float("inf")


def test_gradient_descent_on_exact_numbers_never_hangs():
    w1, w2 = Value("0.8", "w1"), Value("0.1", "w2")

    def trained(steps):
        nonlocal w1, w2
        for _ in range(steps):
            loss = ((w1 * 2).relu() * w2 - 1) ** 2
            w1.grad = w2.grad = None
            loss.backward()
            with no_grad():
                w1 -= Value("0.1") * w1.grad
                w2 -= Value("0.1") * w2.grad
        return loss

    start = time.perf_counter()
    with pytest.warns(UserWarning, match="goes on as the nearest float"):
        loss = trained(50)
    assert time.perf_counter() - start < 5
    assert loss.data == pytest.approx(0, abs=1e-6)


def with_gradients(y):
    y.backward()
    return y


def reciprocals(x, times):
    for step in range(times):
        x = 1 / (x + Fraction(1, step * step + 3))
    return x


def steady(x, times):
    for step in range(times):
        factor = 1 + Fraction(1, step * step + 3)
        x = x * factor - (factor - 1) * Fraction(7, 3)  # 7/3, as before
    return x


@pytest.mark.slow
@pytest.mark.parametrize(
    "built",
    [
        lambda x: ops.total(*[x / n for n in range(1, 20_000)]),
        lambda x: ops.mean(*[x / n for n in range(1, 20_000)]),
        lambda x: sum(x / n for n in range(1, 20_000)),
        lambda x: ops.dot(x, *[part for n in range(1, 15_000) for part in (x, Fraction(1, n))]),
        lambda x: ops.prod(*[x / 2 + Fraction(1, n * n + 1) for n in range(1, 1500)]),
        lambda x: reciprocals(x, 1500),
        lambda x: steady(x, 2000),
        lambda x: x ** Fraction(10**4),
    ],
    ids=["total", "mean", "sum", "dot", "prod", "chain", "gradient alone", "pow"],
)
def test_sums_products_and_gradients_of_exact_numbers_are_bounded(built):
    x, rounded = Value("7/3", "x"), Value(7 / 3)
    start = time.perf_counter()
    with pytest.warns(UserWarning, match="goes on as the nearest float"):
        y = with_gradients(built(x))
    assert time.perf_counter() - start < 5
    assert y.data == pytest.approx(with_gradients(built(rounded)).data, rel=1e-9)
    assert float(x.grad) == pytest.approx(rounded.grad, rel=1e-9)


def test_a_decimal_of_a_huge_exponent_is_the_nearest_float():
    with pytest.warns(UserWarning, match="goes on as the nearest float"):
        assert Value(Decimal("1e99999999")).data == float("inf")


def test_huge_exact_numbers_keep_their_size():
    assert (Value(10**400) ** Value("1/400")).data == 10
    assert repr(Value(10**400)) == "Value(data=1e+400, grad=None)"
    assert "3.3333333333333333e+399" in repr(Value(Fraction(10**400, 3)))
    assert Value(10**400).sqrt().data == 10**200
    assert (Value(10**401) ** Value("1/2")).data == pytest.approx(10**200.5, rel=1e-12)
