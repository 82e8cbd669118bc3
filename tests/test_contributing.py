"""The diff in CONTRIBUTING adds an operation, and nothing else is needed."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from scalargrad import draw, gradcheck, program, program_text
from scalargrad.engine import ops, value
from scalargrad.graph.model import graph

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"


def added_lines(file: str) -> str:
    diff = re.search(r"```diff\n(.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)
    part = diff.group(1).partition(f" # scalargrad/engine/{file}\n")[2].partition("\n # ")[0]
    return "\n".join(line[1:] for line in part.splitlines() if line.startswith("+"))


@pytest.fixture
def softsign():
    exec(added_lines("ops.py"), vars(ops))
    name, made = added_lines("value.py").split("=")
    setattr(value.Value, name.strip(), eval(made, vars(value)))
    yield
    del ops.OPERATIONS["softsign"], ops.softsign, value.Value.softsign


@pytest.mark.usefixtures("softsign")
def test_a_row_and_a_method_line_add_an_operation():
    example = program("y = softsign(w*x)", x="2", w="-0.75")
    example.output.backward()
    assert example["w"].grad == Fraction(8, 25)
    assert program_text(example.output).splitlines()[-1] == "y = softsign(w*x)"
    assert "softsign" in repr(draw(example.output))
    drawn = graph(example.output)
    assert "w x" in str(drawn.formula(len(drawn.edges) - 1))
    gradcheck(lambda a: a.softsign(), 0.3)


def test_contributing_fits_one_screen():
    assert len(CONTRIBUTING.read_text(encoding="utf-8").splitlines()) <= 45
