"""The derivative of a layer in vectors and matrices, against outer products of numpy."""

import time

import numpy as np
import pytest

from scalargrad import derive, partial, program

NET = (
    "x = [1, 2]; W = [[0.5, -0.25], [0.3, 0.1], [1, -1]]; b = [0.1, -0.2, 0.3]; z = W x + b\n"
    "h = σ(z); v = [1, 2, -1]; c = 0.1; ŷ = v·h + c; L = ½(ŷ − 1)²"
)
RELU = "x = [1, 2]; W = [[0.5, -0.25], [0.3, 0.1]]; b = [0.1, -0.2]; h = relu(W x + b); L = ‖h‖²"
ROW = "x = [1, 2]; W = [[3, 4]]; z = W x; L = z₁²"
COLUMN = "h = [2]; V = [[3], [4]]; x̂ = V h; L = x̂₁² + x̂₂"


def numbers(rows):
    return np.array([[float(number) for number in row] for row in rows])


@pytest.mark.parametrize(
    ("text", "name", "form", "where"),
    [
        (NET, "W", "∂L/∂W = δ xᵀ", "δ = ∂L/∂z"),
        (NET, "b", "∂L/∂b = δ", "δ = ∂L/∂z"),
        (NET, "x", "∂L/∂x = Wᵀ δ", "δ = ∂L/∂z"),
        (NET, "v", "∂L/∂v = δ h", "δ = ∂L/∂ŷ"),
        (NET, "h", "∂L/∂h = δ v", "δ = ∂L/∂ŷ"),
        (RELU, "W", "∂L/∂W = δ xᵀ", "δ₁ = ∂L/∂(W₁₁ x₁ + W₁₂ x₂ + b₁), …"),
        (ROW, "x", "∂L/∂x = Wᵀ δ", "δ = ∂L/∂z"),
        (ROW, "W", "∂L/∂W = δ xᵀ", "δ = ∂L/∂z"),
        (COLUMN, "V", "∂L/∂V = δ hᵀ", "δ = ∂L/∂x̂"),
        (COLUMN, "h", "∂L/∂h = Vᵀ δ", "δ = ∂L/∂x̂"),
    ],
)
def test_a_layer_has_the_form_of_the_book_and_the_numbers_of_its_scalars(text, name, form, where):
    p = program(text)
    rule = derive(p, name)
    assert rule.text.splitlines()[0] == form
    assert rule.text.splitlines()[-1] == f"where {where}"
    array = [row if isinstance(row, list) else [row] for row in p.vectors[name]]
    assert rule.gradient == tuple(tuple(partial(p.output, x) for x in row) for row in array)
    for row in array:
        for item in row:
            scalar = [line for line in rule.text.splitlines() if f"/∂{item.label}" in line]
            assert len(scalar) <= 1


def test_the_outer_product_is_the_gradient():
    p = program(NET)
    delta = numbers([[partial(p.output, z) for z in p.vectors["z"]]]).T
    x = numbers([[x.data for x in p.vectors["x"]]])
    weights = numbers([[w.data for w in row] for row in p.vectors["W"]])
    assert numbers(derive(p, "W").gradient) == pytest.approx(delta @ x)
    assert numbers(derive(p, "x").gradient) == pytest.approx(weights.T @ delta)


def test_the_scalars_stand_below_the_matrices():
    text = derive(program(RELU), "W").text
    assert text.splitlines()[1:5] == [
        "      = [0.2, 0.6] [1, 2]ᵀ",
        "      = [[0.2, 0.4], [0.6, 1.2]]",
        "∂L/∂W₁₁ = δ₁ × x₁ = (0.2) × (1) = 0.2",
        "∂L/∂W₁₂ = δ₁ × x₂ = (0.2) × (2) = 0.4",
    ]


def test_the_latex_has_matrices():
    tex = derive(program(RELU), "W").latex
    assert r"\frac{\partial L}{\partial W} &= \delta x^{\top} \\" in tex
    assert r"\begin{pmatrix} 0.2 \\ 0.6 \end{pmatrix} \begin{pmatrix} 1 & 2 \end{pmatrix}" in tex


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (NET, "z"),  # into σ
        ("x = [1, 2]; y = [3, 4]; L = (x·y) (x·x)", "x"),  # twice
        ("w = [1, 2]; L = 3 w1 + sin(w2)", "w"),
        ("w = [1, 2]; L = 3 w1", "w"),
        ("w = [1, 2]; x = [3, 4]; L = w1 w1 + w2 x2", "w"),
        ("w = [1, 2]; z = 2w; L = z1 z2", "w"),
        ("h = [1, 2]; W = [[1, 2], [3, 4]]; a = W h; c = W a; L = c1 + c2", "W"),  # shared
    ],
)
def test_what_has_no_such_form_is_derived_element_by_element(text, name):
    p = program(text)
    rule = derive(p, name)
    items = np.ravel(np.array(p.vectors[name], dtype=object)).tolist()
    assert rule.gradient == tuple(partial(p.output, item) for item in items)
    assert "δ" not in rule.text
    assert derive(p, items[0]).text.splitlines()[0] in rule.text


def test_a_wide_layer_takes_no_time():
    width, height = 100, 30
    rows = ", ".join(f"[{', '.join(['1'] * width)}]" for _ in range(height))
    p = program(f"x = [{', '.join(['1'] * width)}]; W = [{rows}]; z = W x; L = ½‖z‖²")
    start = time.process_time()
    rule = derive(p, "W")
    assert time.process_time() - start < 5
    assert rule.gradient[0][0] == width
    assert len(rule.lines) < 20
    assert "[100, 100, 100, …, 100] [1, 1, 1, …, 1]ᵀ" in rule.text
    assert len(rule.latex) < 3_000
