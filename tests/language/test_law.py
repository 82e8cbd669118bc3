"""The law of the language: what is printed is read, to the same graph or exactly the same value."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from importlib.resources import files
from typing import Any

import pytest
from examples import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from spellings import READ

from scalargrad import DomainError, Value, program, program_text, topological_order
from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.graph.labels import Names
from scalargrad.graph.model import contracted
from scalargrad.graph.sums import _is_rounded_constant
from scalargrad.language.parsing import parsed
from scalargrad.language.reading import _needed
from scalargrad.notation.formula import parts_of
from scalargrad.notation.names import canonical, mathtext, typeset

FILES = sorted(
    path.name for path in files("scalargrad.lectures").iterdir() if path.name.endswith(".sg")
)


def twins(ours: tuple[Value, ...], theirs: tuple[Value, ...]) -> bool:
    """Whether two graphs are the same, node by node, with the same names."""
    assert len(ours) == len(theirs)
    labels = Counter(node.label for node in topological_order(*ours))
    twin: dict[Value, Value] = {}
    waiting = list(zip(ours, theirs, strict=True))
    while waiting:
        a, b = waiting.pop()
        if twin.setdefault(a, b) is not b:
            return False
        is_same_number = a.data == b.data and type(a.data) is type(b.data)
        is_named = labels[a.label] == 1 and a.label  # of several, each is a comment
        same = (
            a.op is b.op
            and (a.label == b.label or not is_named)
            and (is_same_number or a.data != a.data)
        )
        if not same or len(a.parents) != len(b.parents):
            return False
        waiting += zip(a.parents, b.parents, strict=True)
    return len(set(twin.values())) == len(twin)


def check_text(outputs: tuple[Value, ...]) -> str:
    text = program_text(*outputs)
    read = program(text)
    kept = tuple(dict.fromkeys(outputs))
    assert twins(kept, read.outputs), text
    assert "  # " in text or program_text(*read.outputs) == text
    return text


@pytest.mark.parametrize("name", FILES)
def test_a_program_of_the_lectures_is_printed_and_read(name: str) -> None:
    text = files("scalargrad.lectures").joinpath(name).read_text(encoding="utf-8")
    written = check_text(program(text).outputs)
    if name in ("deep.sg", "layer.sg"):
        assert " x + b" in written


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_printed_and_read(name: str) -> None:
    check_text((EXAMPLES[name](),))


@pytest.mark.parametrize("typed", [row.typed for row in READ])
def test_a_spelling_is_printed_and_read(typed: str) -> None:
    check_text(program(typed).outputs)


# Formulas and names ------------------------------------------------------------------------------


def check_formulas(output: Value) -> int:
    """Every right side and local derivative that is printed, as text and as LaTeX, has its value.

    Numbers that are printed rounded, and names that TeX has no letters for, are outside the law.
    """
    shown = contracted(output)
    names = Names(shown)
    values = {node.label: node.value for node in shown.nodes if node.label}
    known = {canonical(label): value for label, value in values.items()}
    checked = 0
    for index, node in enumerate(shown.nodes):
        if node.is_leaf or not node.label or len(known) < 2:
            continue
        formulas = [(shown.expression(index), node.value)]
        formulas += [(shown.formula(e), shown.edges[e].local) for e in shown.incoming[index]]
        for formula, value in formulas:
            written = names.formula(formula)
            if any(map(_is_rounded_constant, parts_of(formula, 500) or ())):
                continue
            for text in (written.text, written.math):
                if "…" in text or "ldots" in text or r"\text{" in text:
                    continue
                needed = _needed(parsed(f"found_ = {text}", known), known)
                try:
                    found = program(f"found_ = {text}", {name: known[name] for name in needed})
                except DomainError:
                    continue
                data = found.output.data
                if scalars.is_exact(value):
                    is_derivative = formula is not formulas[0][0]  # 1 + 0·e⁻ˣ is no exact number
                    assert is_derivative or scalars.is_exact(data), text
                    assert data == value, text
                elif math.isfinite(value):
                    assert float(data) == pytest.approx(value, rel=1e-9, abs=1e-12), text
                checked += 1
    return checked


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_the_formulas_of_an_operation_are_read_back(row: Operation) -> None:
    if row in (ops.equal, ops.where_):  # no equality of reals, and a condition that is a number
        return
    checked = 0
    for point in row.points[:4]:
        leaves = [Value(a, letter) for a, letter in zip(point, "pqrstuv", strict=False)]
        checked += check_formulas(row(*leaves).named("y"))
    assert checked


@pytest.mark.parametrize("typed", [row.typed for row in READ])
def test_the_formulas_of_a_spelling_are_read_back(typed: str) -> None:
    for output in program(typed).outputs:
        check_formulas(output)


@pytest.mark.parametrize("typed", [
    "z = 0.5; a = 0.1; h = where(z > 0, z, a*(e^z − 1)); y = h²",
    "z = -0.5; h = where(z > 1, 1, where(z < -1, -1, z)); y = 3h",
    "z = -0.5; h = 1 + where(z > 1, where(z > 2, 4, z), z²) z; y = h z",
])  # fmt: skip
def test_choices_are_cases_in_latex_and_are_read_back(typed: str) -> None:
    p = program(typed)
    shown = contracted(p.output)
    written = Names(shown).formula(shown.expression(shown.place(p["h"]) or 0))
    assert r"\begin{cases}" in written.math
    assert check_formulas(p.output) > 3


EXACT = ["+", "-", "*"]
LEAVES = {"x": "2", "yhat": "-1/3", "w11_2": "0.4", "theta": "3", "h2": "-5/7", "b": "1"}


@st.composite
def exact_programs(draw: st.DrawFn) -> str:
    """Programs over exact numbers, with names of every kind."""
    names = list(LEAVES)
    lines = [f"{name} = {number}" for name, number in LEAVES.items()]
    for k in range(draw(st.integers(1, 5))):
        a, b, c = (draw(st.sampled_from(names)) for _ in range(3))
        line = draw(st.sampled_from([
            f"{a} {b} + {c}", f"({a} − {b})²", f"relu({a}*{b} - {c})", f"max({a}, {b}) - {c}",
            f"-{a} {b}/3", f"{a}*({b} + {c})", f"2{a} - {b}", f"|{a}| {b}", f"1/2 ({a} - {b})^2",
            f"where({a} > {b}, {c}, {b} {c})", f"{a} 1[{b} > {c}]", f"{a}^3 - {b}*{c}^2",
            f"mean({a}, {b}, {c})", f"{a} - ({b} - {c})", f"-({a} + {b}) {c}",
        ]))  # fmt: skip
        lines.append(f"u{k + 1} = {line}")
        names.append(f"u{k + 1}")
    return "\n".join(lines)


def test_a_right_side_that_is_printed_has_the_value_of_its_node() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=150, deadline=None)
    @given(exact_programs())
    def check(text: str) -> None:
        p = program(text)
        check_text(p.outputs)
        seen["formulas"] += check_formulas(p.output)

    check()
    assert seen["formulas"] > 100


@given(st.sampled_from(["w", "W", "yhat", "theta", "loss", "Delta", "bias", "größe"]),
       st.sampled_from(["", "2", "11", "1__12"]), st.sampled_from(["", "_2"]))  # fmt: skip
def test_a_name_that_is_printed_is_read(letters: str, index: str, layer: str) -> None:
    name = canonical(letters + index + (layer if index else ""))
    for written in (typeset(name), mathtext(name)):
        if written:
            assert program(f"{written} = 2; result = 3*{written}")[name].label == name


# Vectors, against arithmetic of their own --------------------------------------------------------

NUMBERS = st.integers(-9, 9).map(lambda n: Fraction(n, 4))


def listed(numbers: Any) -> str:
    return f"[{', '.join(listed(n) if isinstance(n, list) else str(n) for n in numbers)}]"


def matrices(height: int, width: int) -> st.SearchStrategy[list[list[Fraction]]]:
    return st.lists(st.lists(NUMBERS, min_size=width, max_size=width), min_size=height,
                    max_size=height)  # fmt: skip


@settings(deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(1, 4))
def test_a_layer_is_the_sums_of_products_that_it_stands_for(
    data: st.DataObject, height: int, width: int
) -> None:
    W = data.draw(matrices(height, width))  # noqa: N806
    V = data.draw(matrices(width, height))  # noqa: N806
    x, b = data.draw(matrices(1, width))[0], data.draw(matrices(1, height))[0]
    text = (
        f"W = {listed(W)}; V = {listed(V)}; x = {listed(x)}; b = {listed(b)}\n"
        "h = relu(W x + b); g = Vᵀ x - b; A = W V; s = h · g; q = sum(h*h) + mean(g)"
    )
    p = program(text)
    z = [sum(w * a for w, a in zip(row, x, strict=True)) + c for row, c in zip(W, b, strict=True)]
    h = [max(a, Fraction(0)) for a in z]
    g = [sum(V[i][j] * x[i] for i in range(width)) - b[j] for j in range(height)]
    both = [[sum(W[i][k] * V[k][j] for k in range(width)) for j in range(height)]
         for i in range(height)]  # fmt: skip
    assert [v.data for v in p.vectors["h"]] == h
    assert [v.data for v in p.vectors["g"]] == g
    assert [[v.data for v in row] for row in p.vectors["A"]] == both
    assert p["s"].data == sum(map(Fraction.__mul__, h, g))
    assert p.output.data == sum(a * a for a in h) + sum(g) / len(g)
    check_text(p.outputs)


def test_a_vector_program_is_the_program_of_its_scalars() -> None:
    vectors = program(
        "W = [[1, 2], [3, 4]]; x = [0.5, -1]; b = [0, 7]\nz = W x + b; h = relu(z)\n"
        "L = sum((h[i] − x[i])² for i = 1..2)"
    )
    by_hand = program(
        "W11 = 1; W12 = 2; W21 = 3; W22 = 4; x1 = 0.5; x2 = -1; b1 = 0; b2 = 7\n"
        "z1 = W11*x1 + W12*x2 + b1; z2 = W21*x1 + W22*x2 + b2\nh1 = relu(z1); h2 = relu(z2)\n"
        "L = total((h1 - x1)^2, (h2 - x2)^2)"
    )
    assert twins((vectors.output,), (by_hand.output,))
    assert list(vectors) == list(by_hand)


def test_the_softmax_of_rows_is_printed_as_one() -> None:
    p = program("x = [1, 2]; S = [[1, 2, 4], [3, 4, 0]]; A = softmax_rows(S); y = Aᵀ x")
    text = check_text(p.outputs)
    assert "A = softmax_rows(S)" in text
    rows = [[math.exp(float(v.data)) for v in row] for row in p.vectors["S"]]
    wanted = [[e / sum(row) for e in row] for row in rows]
    assert [float(v) for row in p.vectors["A"] for v in row] == pytest.approx(
        [a for row in wanted for a in row]
    )


def test_a_wrong_twin_is_noticed() -> None:
    a, b = program("x=1; y=x*2").output, program("x=1; y=2*x").output
    assert not twins((a,), (b,))
    assert len(topological_order(a)) == 3


def test_vectors_are_given_as_inputs_and_asked_for_by_name() -> None:
    p = program("h = relu(W x + b)", W=[[1, 2], [3, -4]], x="[1, 2]", b=[0, "1/2"])
    assert [v.data for v in p.outputs] == [5, 0]
    assert p.vectors["h"] == list(p.outputs)
    assert p.inputs == ("W11", "W12", "W21", "W22", "x1", "x2", "b1", "b2")
    assert program("x = [1, 2]; y = x[1] + x[2]", x2=7).output.data == 8
    thirds = program("x = [1/3, -2]; W = [[1/2, 1], [0, -1/4]]; y = W x")
    assert [thirds[name].is_leaf for name in ("x1", "x2", "W11", "W22")] == [True] * 4
    assert [y.data for y in thirds.outputs] == [Fraction(-11, 6), Fraction(1, 2)]
    assert program("x = [1, 2]; y = sum(x)", x=[3, 4]).output.data == 7
    with pytest.raises(KeyError, match=r"is a vector: ask for \.vectors"):
        p["h"]
    with pytest.raises(TypeError, match="no vector and no matrix"):
        program("y = sum(x)", x=[[1, 2], [3]])


def test_the_deep_network_is_its_layers_in_plain_arithmetic() -> None:
    p = program(files("scalargrad.lectures").joinpath("deep.sg").read_text(encoding="utf-8"))
    h = [float(p["x1"]), float(p["x2"])]
    for layer in range(1, 5):
        rows = [[float(w) for w in row] for row in p.vectors[f"W__{layer}"]]
        b = [float(v) for v in p.vectors[f"b__{layer}"]]
        z = [sum(w * a for w, a in zip(row, h, strict=True)) + c
             for row, c in zip(rows, b, strict=True)]  # fmt: skip
        h = z if layer == 4 else [1 / (1 + math.exp(-a)) for a in z]
    whole = sum(map(math.exp, h))
    assert [float(v) for v in p.outputs] == pytest.approx([math.exp(f) / whole for f in h])


def test_the_data_set_has_a_gradient_of_seven_entries() -> None:
    p = program(files("scalargrad.lectures").joinpath("dataset.sg").read_text(encoding="utf-8"))
    theta = ["w1", "w2", "w3", "w4", "b1", "b2", "b3"]
    p.output.backward()
    w1, w2, w3, w4, b1, b2, b3 = (Fraction(p[name].data) for name in theta)
    wanted = dict.fromkeys(theta, Fraction(0))
    for i in (1, 2, 3):
        x, y = Fraction(p[f"x{i}"].data), Fraction(p[f"y{i}"].data)
        z1, z2 = w1 * x + b1, w2 * x + b2
        slope = Fraction(2, 3) * (w3 * max(z1, 0) + w4 * max(z2, 0) + b3 - y)
        for name, part in {
            "w1": w3 * x * (z1 > 0), "w2": w4 * x * (z2 > 0), "w3": max(z1, Fraction(0)),
            "w4": max(z2, Fraction(0)), "b1": w3 * (z1 > 0), "b2": w4 * (z2 > 0), "b3": 1,
        }.items():  # fmt: skip
            wanted[name] += slope * part
    assert {name: p[name].grad for name in theta} == wanted
