"""A program as a notebook shows it."""

import re
from fractions import Fraction

import numpy as np
import pytest
from reading_tex import read_tex

from scalargrad import Value, program
from scalargrad.graph.board import MOST
from scalargrad.lectures import LECTURES


def equations(made):
    """What stands on the right of the equations of a board, by what stands on their left."""
    shown = made._repr_latex_()
    inside = re.fullmatch(r"\$\$\n\\begin{aligned}\n(.*)\n\\end{aligned}\n\$\$", shown, re.DOTALL)
    parts = [part for line in inside[1].split(" \\\\\n") for part in line.split(r",\quad ")]
    return dict(re.split(r" &?= ", part, maxsplit=1) for part in parts if part != r"&\ldots")


def test_the_lecture_stands_there_as_on_the_board():
    assert equations(program(LECTURES[0].text)) == {
        "x": "2", "y": "1", "w_{1}": "0.3", "w_{2}": "0.8", "w_{3}": "0.4", "w_{4}": "0.1",
        "h_{1}": r"\mathrm{ReLU}(w_{1} x)", "h_{2}": r"\mathrm{ReLU}(w_{2} x)",
        r"\hat{y}": "w_{3} h_{1} + w_{4} h_{2}", r"\ell": r"{(\hat{y} - y)}^{2}",
    }  # fmt: skip


@pytest.mark.parametrize("text", [
    "x = 3/4; w = -2; h = relu(w*x + 1); d = (h - x)^2",
    "x = 0.5; s = sigmoid(3x); q = s/(1 - s); r = exp(-q) + log(2q)",
    "x = -2; a = abs(x); m = max(a, x, 1); d = where(m > 1, m^3, x - a)",
    "x = [2, 3]; w = [1, -1]; z = w · x; u = sqrt(z^2 + 8) * tanh(z)",
])  # fmt: skip
def test_each_equation_gives_the_number_of_its_name(text):
    made = program(text)
    letters = {"x_{1}": "A", "x_{2}": "B", "w_{1}": "C", "w_{2}": "D"}
    values = {name: made[name].data for name in made}
    values |= {letter: values.get(name.replace("_{", "").replace("}", ""))
               for name, letter in letters.items()}  # fmt: skip
    found = equations(made)
    assert len(found) == len(list(made))
    for left, right in found.items():
        for name, letter in letters.items():
            right = right.replace(name, letter)
            left = left.replace(name, letter)
        number = read_tex(right, values)
        assert float(number) == pytest.approx(float(values[left]), rel=1e-12), (left, right)


def test_a_wrong_equation_is_caught(monkeypatch):
    made = program("x = 3; y = x^2")
    made["x"].data = Fraction(2)
    assert read_tex(equations(made)["y"], {"x": made["x"].data}) != made["y"].data


def test_of_a_long_program_the_first_names_are_shown_and_no_name_is_a_command():
    lines = ["h0 = 1", *(f"h{k} = h{k - 1} + 1" for k in range(1, 5_000))]
    shown = program("; ".join(lines))._repr_latex_()
    assert shown.count(" = ") + shown.count("&=") == MOST
    assert shown.endswith("&\\ldots\n\\end{aligned}\n$$")
    hostile = program("y = a^2", a=Value(3, r"$\input{x} & \\ </script>"))._repr_latex_()
    assert r"\input" not in hostile
    assert hostile.count("$$") == 2


def test_several_outputs_and_lanes_stand_there_too():
    assert list(equations(program("x = 2; p = x + 1; q = x p; p, q"))) == ["x", "p", "q"]
    lanes = program("y = a^2", a=Value(np.array([1.0, 2.0]), "a"))
    assert equations(lanes) == {"a": r"\text{[\ldots{}]}", "y": "{a}^{2}"}
