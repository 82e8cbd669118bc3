"""What derive, tables and pictures say of kinks, jumps and slopes that are not there."""

import math
from typing import Any

import pytest

from scalargrad import Value, derive, draw, program, table
from scalargrad.graph.remarks import KINK

KINKED = [
    "y = relu(x) - relu(-x)",
    "y = relu(x)",
    "y = abs(x) - abs(x)",
    "y = max(x, 0) + min(x, 0)",
    "y = relu(x) - 0.3x + log(1 + exp(-abs(x)))",
    "h = relu(x); y = (h - 1)^2",
    "y = relu(relu(x) - relu(-x) + 1)",
    "y = 3 abs(x) + x",
    "y = relu(3x) - 3 relu(x) + x",
    "y = max(x, 2x) + min(x, 2x)",
    "y = where(x > 0, x, 2x)",
    "y = leaky_relu(x)",
    "y = x^2 + tanh(x)",
]


@pytest.mark.parametrize("text", KINKED)
def test_a_gradient_outside_the_slopes_to_both_sides_is_remarked(text: str) -> None:
    at = {step: float(program(text, x=step).output) for step in (-1e-7, 0.0, 1e-7)}
    left, right = (at[0.0] - at[-1e-7]) / 1e-7, (at[1e-7] - at[0.0]) / 1e-7
    y = program(text, x="0").output
    derived = derive(y, "x")
    slack = 1e-6
    is_among = min(left, right) - slack <= derived.gradient <= max(left, right) + slack
    assert bool(derived.note) != is_among
    if derived.note:
        assert f"the slope is {round(left, 6):g}" in derived.note.replace("≈ ", "")
        assert derived.text.endswith(derived.note)
        assert r"&\text{the slope is " in derived.latex


NO_SLOPE = {
    "y = sqrt(x^2)": "∂y/∂x: at y, ∞ × 0: sqrt has an infinite slope where its operand is 0",
    "r = sqrt(x^2 + z^2)": "∂r/∂x: at r, ∞ × 0: sqrt has an infinite slope where its operand is 0",
    "y = sqrt(x)^2": "∞ × 0: sqrt has an infinite slope where x is 0",
    "y = abs(x)^0.5": "pow has an infinite slope where its operand is 0",
    "y = sqrt(x)": "∂y/∂x: sqrt has an infinite slope where x is 0",
    "y = sign(x) + x": "∂y/∂x: sign jumps there",
    "y = where(x > 0, 1, 0)": "greater jumps there",
}


@pytest.mark.parametrize("text", NO_SLOPE)
def test_whatever_shows_a_gradient_without_a_slope_names_node_and_rule(text: str) -> None:
    inputs = {"x": "0", "z": "0"} if "z" in text else {"x": "0"}
    y = program(text, inputs).output
    y.backward()
    assert NO_SLOPE[text].partition("∂x: ")[2] in derive(y, "x").text
    assert NO_SLOPE[text] in str(table(y))
    assert NO_SLOPE[text] in table(y).markdown
    assert NO_SLOPE[text].partition(": ")[2][:20] in described(draw(y))


def described(drawing: Any) -> str:
    """The remarks of a picture."""
    return str(drawing.look.note)


@pytest.mark.parametrize("style", ["network", "circuit", "record"])
def test_a_node_on_its_kink_has_a_sign_and_the_caption_its_convention(style: Any) -> None:
    p = program("h = relu(w x); k = relu(x); y = h + k", w=0, x=2)
    p.output.backward()
    texts = " ".join(shape.text for shape in draw(p.output, style=style).scene.shapes
                     if hasattr(shape, "text"))  # fmt: skip
    assert texts.count(KINK) == 2  # on h, and in the caption
    assert "h at the kink of relu: 0 at 0" in described(draw(p.output, style=style))
    assert KINK not in described(draw(program("y = relu(x)", x=1).output, style=style))


def test_a_branch_without_a_value_is_remarked() -> None:
    y = program("b = log(x); y = where(x > 0, b, 3x)", x=-1).output
    y.backward()
    assert str(table(y)).endswith("b: log has no value there; its branch is not taken")
    assert "b: log has no value" in described(draw(y))


def test_a_table_says_each_reason_once() -> None:
    r = program("r = sqrt(x^2 + y^2)", x=0, y=0).output
    r.backward()
    assert str(table(r)).count("∞ × 0") == 1


def test_remarks_take_no_long_time_on_a_large_graph() -> None:
    x = Value(0.0, "x")
    node = x
    for step in range(3000):
        node = (node.relu() + x).named(f"h{step}")
    node.backward()
    assert table(node).rows
    assert math.isfinite(x.grad)
