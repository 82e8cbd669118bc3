"""Second derivatives on a sheet: d²L/dw², against SymPy."""

from fractions import Fraction

import pytest
from peers import peer

from scalargrad import Value, check, program
from scalargrad.checking.quantities import Quantity, quantity, shown, truth
from scalargrad.engine.rebuild import second_derivative

TEXT = "x = 2; w = 3; L = (w x − 1)^3"


@pytest.mark.parametrize(
    "written",
    ["d²L/dw²", "∂²L/∂w²", "d^2L/dw^2", "d2L/dw2", "∂²L / ∂w²", "L''(w)", "L″(w)", "d²L/(dw)²",
     r"\frac{\partial^2 L}{\partial w^2}", r"$\frac{d^2L}{dw^2}$"],
)  # fmt: skip
def test_it_is_read_as_people_write_it(written):
    p = program(TEXT)
    found = quantity(written, p)
    assert found == Quantity("second", "L", "w")
    assert shown(found) == "∂²L/∂w²"
    assert quantity(shown(found), p) == found
    assert truth(found, p) == 6 * (3 * 2 - 1) * 4


def test_a_weight_with_an_index_is_not_a_square():
    p = program("w = 1; w2 = 2; L = w w2^2")
    assert quantity("dL/dw2", p) == Quantity("derivative", "L", "w2")
    assert quantity("d²L/dw2²", p) == Quantity("second", "L", "w2")


def test_it_is_marked_right_and_wrong():
    report = check(TEXT, {"dL/dw": "150", "d²L/dw²": "120", "d²L/dx²": "270"})
    assert report.ok
    wrong = check(TEXT, {"dL/dw": "150", "d²L/dw²": "60"})
    assert wrong.first_wrong == "∂²L/∂w²"
    assert "120" in str(wrong)


@pytest.mark.parametrize("at", [Fraction(1, 2), 0.3, -1.2, 2])
def test_it_is_that_of_sympy(at):
    sympy = peer("sympy")
    t = sympy.Symbol("t")
    x = Value(at, "x")
    y = (x * x * x).tanh() + x.exp() / (1 + x * x)
    expected = sympy.diff(sympy.tanh(t**3) + sympy.exp(t) / (1 + t**2), t, 2)
    assert float(second_derivative(y, x)) == pytest.approx(float(expected.subs(t, at)), rel=1e-9)
    assert second_derivative(Value(3), x) == 0
