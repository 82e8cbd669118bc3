"""Expressions as other languages write them, from SymPy's printers: read, they have its value."""

from __future__ import annotations

import math
import random

import pytest
from peers import peer

from scalargrad import program

VALUES = {"x": "3/2", "y": "-2/3", "w_1": "4/5", "w_2": "2", "theta": "1/4"}
PRINTERS = {
    "TeX": ("latex", {}),
    "TeX with ·": ("latex", {"mul_symbol": "dot"}),
    "TeX with folded powers": ("latex", {"fold_frac_powers": True, "root_notation": False}),
    "TeX with ln": ("latex", {"ln_notation": True}),
    "Wolfram": ("mathematica_code", {}),
    "Octave": ("octave_code", {}),
    "R": ("rcode", {}),
    "Python": ("pycode", {}),
    "Maple": ("maple_code", {}),
    "JavaScript": ("jscode", {}),
    "SymPy": ("sstr", {}),
}


def expression(sympy, draw, depth):
    """A random expression of the names, without what has no value."""
    if depth == 0:
        leaves = [*map(sympy.Symbol, VALUES), sympy.Integer(draw.randint(1, 5))]
        return draw.choice([*leaves, sympy.Rational(draw.randint(1, 7), draw.choice([2, 3, 5]))])
    a = expression(sympy, draw, depth - 1)
    b = expression(sympy, draw, draw.randrange(depth))
    return draw.choice(
        [a + b, a - b, a * b, -a, a / (b**2 + 1), a**2, a**3, sympy.exp(-a), sympy.log(a**2 + 1),
         sympy.sqrt(a**2 + b**2 + 1), sympy.tanh(a), sympy.sin(a) * b, sympy.Max(0, a)]
    )  # fmt: skip


@pytest.mark.parametrize("printer", PRINTERS)
def test_what_other_languages_write_has_the_value_that_it_has_there(printer):
    sympy = peer("sympy")
    called, options = PRINTERS[printer]
    draw = random.Random(printer)
    given = "; ".join(f"{name} = {value}" for name, value in VALUES.items())
    for _ in range(15):
        asked = expression(sympy, draw, draw.randint(1, 3))
        wanted = asked.subs({name: sympy.Rational(value) for name, value in VALUES.items()})
        written = getattr(sympy, called)(asked, **options)
        found = float(program(f"{given}\nout = {written}").output)
        assert math.isclose(found, float(wanted), rel_tol=1e-9, abs_tol=1e-12), written
