import dataclasses
import math
import random
import re
import shutil
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st
from reading_tex import set_by_pdflatex

from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import partial
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.derivation import (
    derivation,
    derive,
    named_node,
    path_counts,
    path_through,
    paths,
)
from scalargrad.graph.model import contracted
from scalargrad.language.reading import program
from scalargrad.lectures import LECTURES

SLIDE = "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂ = (−1.2) × (0.1) × (2) = −0.24"
SLIDE_MATH = (
    r"\frac{\partial \ell}{\partial w_{2}} = \frac{\partial \ell}{\partial \hat{y}} \times "
    r"\frac{\partial \hat{y}}{\partial h_{2}} \times \frac{\partial h_{2}}{\partial w_{2}} = "
    r"(-1.2) \times (0.1) \times (2) = -0.24"
)


# The lecture -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_the_slide_comes_out_to_the_letter(lecture):
    p = program(lecture.text)
    for wrt in ("w2", "w₂", p["w2"]):
        found = derive(p.output, wrt)
        assert found.line.text == SLIDE
        assert found.line.math == SLIDE_MATH
        assert found.gradient == Fraction(-6, 25)
        assert found.count == len(found.paths) == 1
    assert all(value.grad is None for value in p.values())


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_the_steps_are_symbols_formulas_numbers_and_result(lecture):
    found = derive(program(lecture.text).output, "w2")
    inner = "w₂ x + b₂" if "biases" in lecture.name else "w₂ x"
    assert [step.text for step in found.steps] == [
        "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂",
        f"= 2(ŷ − y) × w₄ × 1[{inner} > 0]x",
        "= (−1.2) × (0.1) × (2)",
        "= −0.24",
    ]
    assert [gate.text for gate in found.gates] == [f"1[{inner} > 0] = 1"]
    assert str(found) == found.text
    assert found.text.endswith(f"where 1[{inner} > 0] = 1")


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_every_gradient_of_the_lecture_is_derived(lecture):
    p = program(lecture.text)
    for name, written in lecture.gradients.items():
        assert derive(p.output, name).gradient == Fraction(written)


def test_fractions_are_written_as_fractions():
    p = program(LECTURES[0].text)
    found = derive(p.output, "w2", fractions=True)
    assert found.line.text.endswith("= (−6/5) × (1/10) × (2) = −6/25")
    assert found.line.math.endswith(
        r"= \left(-\frac{6}{5}\right) \times \left(\frac{1}{10}\right) \times (2) = -\frac{6}{25}"
    )


def test_deriving_touches_no_gradient_and_needs_none():
    p = program(LECTURES[0].text)
    before = derive(p.output, "w2")
    p.output.backward()
    kept = {name: value.grad for name, value in p.items()}
    after = derive(p.output, "w2")
    assert before == after
    assert {name: value.grad for name, value in p.items()} == kept


def test_a_named_pre_activation_stands_in_the_gate():
    p = program("x=2; w=-3; z=w*x; h=relu(z); loss=(h-1)^2")
    found = derive(p.output, "w")
    assert found.lines[1].right.text == "2(h − 1) × 1[z > 0] × x"
    assert found.lines[2].right.text == "(−2) × (0) × (2)"
    assert found.lines[-1].right.text == "0"
    assert [gate.text for gate in found.gates] == ["1[z > 0] = 0"]


def test_factors_that_are_always_1_are_hidden_and_gates_are_not():
    p = program(LECTURES[1].text)
    assert derive(p.output, "b3").line.text == "∂ℓ/∂b₃ = ∂ℓ/∂ŷ × ∂ŷ/∂b₃ = −1.2"
    assert "(−1.2) × (0.1) × (1)" in derive(p.output, "b2").line.text
    a = Value(3, "a")
    c = ((a + 1).named("b") + 1).named("c")
    assert derive(c, a).line.text == "∂c/∂a = ∂c/∂b × ∂b/∂a = 1"
    assert derive(c, c).line.text == "∂c/∂c = 1"


# The deeper net: B34–B36 -------------------------------------------------------------------------

DEEPER = """
x1 = 1; x2 = 2; y = 1
w11_1 = 0.5; w12_1 = 0.25; w21_1 = -0.5; w22_1 = 1; w11_2 = 1.5; w12_2 = -1
a11 = sigmoid(w11_1*x1 + w21_1*x2)
a12 = sigmoid(w12_1*x1 + w22_1*x2)
yhat = sigmoid(w11_2*a11 + w12_2*a12)
loss = -(y*log(yhat) + (1 - y)*log(1 - yhat))
"""


def test_the_identities_of_the_deeper_net():
    p = program(DEEPER)
    yhat, y, a11 = p["yhat"].data, p["y"].data, p["a11"].data
    error = yhat - float(y)
    w, x = 1.5, 1.0
    for name, expected in {
        "a11": error * w,
        "w11_1": error * w * a11 * (1 - a11) * x,
        "w11_2": error * a11,
    }.items():
        assert math.isclose(derive(p.output, name).gradient, expected, rel_tol=1e-12)
    found = derive(p.output, "w₁₁⁽¹⁾")
    assert found.lines[1].right.text == (
        "((1 − y)/(1 − ŷ) − y/ŷ) × ŷ(1 − ŷ)w₁₁⁽²⁾ × a₁₁(1 − a₁₁)x₁"
    )
    assert [line.sign for line in found.lines] == ["=", "=", "≈", "≈"]


def test_two_paths_of_the_deeper_net_are_summed():
    p = program(DEEPER)
    found = derive(p.output, "x1")
    assert found.count == len(found.paths) == 2
    assert found.lines[0].right.text == ("∂ℓ/∂ŷ × ∂ŷ/∂a₁₁ × ∂a₁₁/∂x₁ + ∂ℓ/∂ŷ × ∂ŷ/∂a₁₂ × ∂a₁₂/∂x₁")
    assert math.isclose(found.gradient, partial(p.output, p["x1"]), rel_tol=1e-12)
    one, other = (derive(p.output, "x1", path=[name]) for name in ("a11", "a12"))
    assert math.isclose(one.gradient + other.gradient, found.gradient, rel_tol=1e-12)
    assert one.line.text.startswith("∂ℓ/∂x₁ along x₁ → a₁₁ → ŷ → ℓ = ∂ℓ/∂ŷ × ")
    with pytest.raises(DrawingError, match="2 paths pass through ŷ; name the nodes of exactly one"):
        derive(p.output, "x1", path="yhat")
    with pytest.raises(DrawingError, match="no path passes through a₁₁, a₁₂"):
        derive(p.output, "x1", path=["a11", "a12"])


# Random graphs -----------------------------------------------------------------------------------


def random_output(seed, named=0.6, steps=9):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), chance.randint(1, 5)), f"x{i}") for i in range(3)]
    for step in range(steps):
        a, b = chance.choice(made[-4:]), chance.choice(made)
        made.append(chance.choice([a + b, a - b, a * b, a.relu(), -a, a * 3, a.square(), a + 1]))
        if chance.random() < named:
            made[-1].named(f"n{step}")
    return made[-1].named("loss")


def below(output, label):
    return next(value for value in topological_order(output) if value.label == label)


def value_of(tex):
    """The number that the TeX of numbers stands for, by a parser that knows only this notation."""
    tokens = re.findall(r"\\frac|\\times|10\^\{-?\d+\}|\d+(?:\.\d+)?|[-+(){}]",
                        tex.replace(r"\left", "").replace(r"\right", ""))  # fmt: skip
    assert "".join(tokens) == re.sub(r"\s|\\left|\\right", "", tex)

    def group(end):
        value = total()
        assert tokens.pop(0) == end
        return value

    def atom():
        token = tokens.pop(0)
        if token == "-":
            return -atom()
        if token in "({":
            return group({"(": ")", "{": "}"}[token])
        if token == r"\frac":
            return atom() / atom()
        if token.startswith("10^"):
            return Fraction(10) ** int(token[4:-1])
        return Fraction(token)

    def product():
        value = atom()
        while tokens[:1] == [r"\times"]:
            tokens.pop(0)
            value *= atom()
        return value

    def total():
        value = product()
        while tokens[:1] in (["+"], ["-"]):
            value += product() if tokens.pop(0) == "+" else -product()
        return value

    value = total()
    assert not tokens
    return value


def test_the_reader_of_tex_reads():
    assert value_of(r"\left(-\frac{6}{5}\right) \times (0.1) + 2\times 10^{-1}") == Fraction(2, 25)


def is_of_numbers(line):
    return not re.search("[A-Za-z]", re.sub(r"\\(frac|times|left|right)", "", line.right.math))


def false_equations(found):
    """Lines of numbers that say = and are not what the gradient, or the line before, is."""
    wrong = []
    rows = [line for line in found.lines if is_of_numbers(line)]
    values = [value_of(line.right.math) for line in rows]
    if rows and rows[-1].sign == "=" and values[-1] != found.gradient:
        wrong.append(rows[-1])
    for line, value, after, next_value in zip(rows, values, rows[1:], values[1:], strict=False):
        if after.sign == "=" and value != next_value:
            wrong.append((line, after))
    return wrong


@given(st.integers(0, 10**6), st.booleans())
def test_the_latex_of_the_numbers_is_the_gradient(seed, fractions):
    output = random_output(seed)
    shown = contracted(output)
    for node in shown.nodes:
        found = derive(output, node.label, fractions=fractions)
        assert found.gradient == partial(output, below(output, node.label))
        if not found.paths and found.count:
            continue
        assert false_equations(found) == []
        if fractions:
            assert {line.sign for line in found.lines} == {"="}
            assert value_of(found.lines[-1].right.math) == found.gradient


@given(st.integers(0, 10**6))
def test_the_sum_over_the_paths_is_the_gradient(seed):
    output = random_output(seed, steps=14)
    shown = contracted(output)
    counts = path_counts(shown)
    for source, node in enumerate(shown.nodes):
        if counts[source] > 2_000:
            continue
        found = paths(shown, source, most=2_000)
        assert len(found) == len(set(found)) == counts[source]
        assert found == sorted(found)
        total = sum(math.prod(shown.edges[e].local for e in path) for path in found)
        assert total == partial(output, below(output, node.label))
        assert total == derivation(shown, source).gradient
        for path in found[:3]:
            assert derivation(shown, source, path=path).gradient == math.prod(
                shown.edges[e].local for e in path
            )


@pytest.mark.parametrize("field", ["local", "source"])
def test_a_wrong_edge_is_caught(field):
    p = program(LECTURES[0].text)
    shown = contracted(p.output)
    source = named_node(shown, "w2")
    (path,) = paths(shown, source)
    edge = shown.edges[path[0]]
    wrong = {
        "local": dataclasses.replace(edge, local=edge.local + Fraction(1, 10**5)),
        "source": dataclasses.replace(edge, source=named_node(shown, "x")),
    }[field]
    edges = [wrong if e is edge else e for e in shown.edges]
    planted = dataclasses.replace(shown, edges=tuple(edges))
    assert derivation(planted, source).gradient != partial(p.output, p["w2"])
    assert derivation(planted, source).line.text != SLIDE


def test_a_wrong_sign_of_equality_is_caught():
    found = derive(program("x=1/3; w=1/7; h=w*x; loss=(h-1)^2").output, "w")
    assert [line.sign for line in found.lines] == ["=", "=", "≈", "≈"]
    assert false_equations(found) == []
    lines = tuple(dataclasses.replace(line, sign="=") for line in found.lines)
    assert false_equations(dataclasses.replace(found, lines=lines))


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.one_of(st.none(), st.integers(1, 6)))
def test_an_equals_sign_between_floats_holds_for_what_is_printed(w, x, digits):
    output = ((Value(w, "w") * Value(x, "x")).named("h") * Value(0.5, "v")).named("loss")
    rows = [line for line in derive(output, "w", digits=digits).lines if is_of_numbers(line)]
    factors, result = (value_of(line.right.math) for line in rows[-2:])
    assert rows[-1].sign == "≈" or factors == result


def test_floats_that_are_written_in_full_are_equal():
    p = program(LECTURES[0].text, x=2.0, y=1.0, w1=0.3, w2=0.8, w3=0.4, w4=0.1)
    assert p["w2"].data == 0.8
    assert derive(p.output, "w2").line.text == SLIDE


def test_a_direct_edge_beside_other_paths_is_not_called_the_whole_derivative():
    p = program("w=3; x=2; h=w*x; loss=(h-1)^2 + 0.5*w^2")  # weight decay
    found = derive(p.output, "w")
    assert found.lines[0].right.text == "∂ℓ/∂h × ∂h/∂w + (∂ℓ/∂w)_direct"
    assert found.lines[0].right.math.endswith(
        r"\left(\frac{\partial \ell}{\partial w}\right)_{\mathrm{direct}}"
    )
    assert found.line.text.endswith("= (10) × (2) + 3 = 23")
    assert "direct" not in derive(p.output, "h").text
    q = program("x=2; a=x*x; b=a+x; loss=b*3")  # a detour in the middle
    assert derive(q.output, "x").lines[0].right.text == (
        "∂ℓ/∂b × ∂b/∂a × ∂a/∂x + ∂ℓ/∂b × (∂b/∂x)_direct"
    )


# Many paths --------------------------------------------------------------------------------------


def diamonds(count):
    x = y = Value(1, "x")
    for step in range(count):
        a, b = (y * Fraction(1, 2)).named(f"a{step}"), (y * Fraction(1, 4)).named(f"b{step}")
        y = (a + b).named(f"y{step}")
    return x, y


def test_a_thousand_diamonds_end_quickly():
    _, y = diamonds(1000)
    shown = contracted(y)
    start = time.process_time()
    found = derivation(shown, 0)
    _ = found.text, found.latex, found.line, found.steps
    assert time.process_time() - start < 8
    assert found.count == 2**1000
    assert found.gradient == Fraction(3, 4) ** 1000
    assert found.paths == ()
    assert "⋮ (2984 more equations like these)" in found.text
    assert found.line.text.startswith("∂y₉₉₉/∂x = ∂y₉₉₉/∂a₀ × ∂a₀/∂x + ∂y₉₉₉/∂b₀ × ∂b₀/∂x")
    with pytest.raises(DrawingError, match=r"x has 1\.072e301 paths .* up to 100 are listed"):
        paths(shown, 0)


def test_one_equation_for_each_node_where_there_are_many_paths():
    x, y = diamonds(4)
    found = derive(y, x)
    assert found.count == 16
    assert found.gradient == partial(y, x) == Fraction(81, 256)
    assert [line.left.text for line in found.lines] == [
        f"∂y₃/∂{name}" for name in
        ("b₃", "a₃", "y₂", "b₂", "a₂", "y₁", "b₁", "a₁", "y₀", "b₀", "a₀", "x")
    ]  # fmt: skip
    assert found.lines[2].right.text == (
        "∂y₃/∂a₃ × ∂a₃/∂y₂ + ∂y₃/∂b₃ × ∂b₃/∂y₂ = ∂y₃/∂a₃ × 0.5 + ∂y₃/∂b₃ × 0.25"
        " = (1) × (0.5) + (1) × (0.25) = 0.5 + 0.25 = 0.75"
    )
    for line in found.lines:  # each equation ends on the gradient that the next ones use
        name = line.left.text.partition("/∂")[2]
        exact = partial(y, below(y, canonical_of(name)))
        printed = value_of(re.split(r"=|\\approx", line.right.math)[-1])
        assert abs(printed - exact) <= exact / 200  # three digits


def canonical_of(name):
    return name.translate(str.maketrans("₀₁₂₃", "0123"))


def test_a_node_with_ten_thousand_users_ends_quickly():
    x = Value(2, "x")
    users = [(x * k).relu().named(f"h{k}") for k in range(1, 10_000)]
    shown = contracted(users[0].total(*users[1:]).named("loss"))
    start = time.process_time()
    found = derivation(shown, 0)
    assert time.process_time() - start < 16
    assert found.gradient == sum(range(1, 10_000))
    assert len(found.text) < 5_000
    assert "⋯" in found.line.text


def test_a_chain_of_ten_thousand_nodes_is_one_path():
    y = x = Value(2, "x")
    for step in range(10_000):
        y = (y + x if step == 5_000 else y + 1).named(f"h{step}")
    shown = contracted(y)
    assert [len(path) for path in paths(shown, 0)] == [10_000, 10_000 - 5_000]
    assert derivation(shown, 0).gradient == 2


# What is asked wrongly ---------------------------------------------------------------------------


def test_a_wrong_name_lists_near_ones_on_one_line():
    output = program(LECTURES[1].text).output
    with pytest.raises(ValueError, match=r"^no node is named 'w9'; near it are w4, w3, w2$"):
        derive(output, "w9")
    with pytest.raises(ValueError, match=r"^no node is named 'q'; there are x, y, w1, .*, …$"):
        derive(output, "q")
    for hostile in ("\n" * 99, "x" * 10_000, "", "$", "\u202e"):
        with pytest.raises(ValueError, match="no node is named") as raised:
            derive(output, hostile)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 200


def test_nodes_without_a_name_or_below_nothing_or_of_no_kind_are_refused():
    x, w = Value(2, "x"), Value(3)
    with pytest.raises(ValueError, match=r'no name to write; give it one, as in w\.named\("w"\)'):
        derive(x * w, w)
    with pytest.raises(ValueError, match="'z' is not below the output"):
        derive(x * w, Value(1, "z"))
    with pytest.raises(TypeError, match="derive takes a Value, Values or a program; got int"):
        derive(3, "x")
    with pytest.raises(TypeError, match="wrt is a node or its name; got int"):
        derive(x * w, 3)


def test_one_name_of_two_nodes_needs_the_node():
    a, b = Value(2, "a"), Value(3, "a")
    with pytest.raises(ValueError, match="2 nodes are named 'a'; hand over the node itself"):
        derive(a * b, "a")
    assert (derive(a * b, a).gradient, derive(a * b, b).gradient) == (3, 2)


def test_a_path_that_is_none_is_refused():
    shown = contracted(program(LECTURES[0].text).output)
    source = named_node(shown, "w2")
    (path,) = paths(shown, source)
    for wrong in (path[1:], path[:-1], (*path, path[-1]), (99,), (-1,)):
        with pytest.raises(DrawingError, match="path"):
            derivation(shown, source, path=wrong)
    with pytest.raises(DrawingError, match="there is no node 99"):
        derivation(shown, 99)
    assert path_through(shown, source, [named_node(shown, "h2")]) == path


# Labels that nobody should write -----------------------------------------------------------------

HOSTILE = [
    'a"b', "a'b", "{", "}", "}{", "\\", "\\end{align*}", "$", "$$", "a$b$c",
    "$\\input{/etc/passwd}$",
    "$x$", "$W_{h}^{(1)}$", "$a_b_c$", "$}{$", "a & b", "50 %", "#1", "a_b_c", "x^2", "~", "a\nb",
    "\r\n", "\x00\x1b", "x" * 10_000, "שלום", "\u202eabc", "<script>alert(1)</script>", "😀", "é",
    "a|b", "w_h", "$\\frac{a}{b}$", "$\\hat{y}$", "\\text{", "-", "a-b", "1", " ", "ﬁ", "…", "^^M",
]  # fmt: skip


def hostile_derivation(label):
    x, w = Value("2", label), Value("-3", "w")
    h = (x * w).relu().named(label + "h")
    return derive((h * h + x).named("$" + label), x)


def strays(tex):
    """Characters with a meaning in TeX that stand outside of what derivations are made of."""
    box = re.escape(r"\fbox{\rule{0.5em}{0pt}\rule{0pt}{0.5em}}")
    accented = r"""\\[`'^"~=.uvrHc]\{(?:[A-Za-z]|\\[A-Za-z]+\{\})?\}"""
    for _ in "ab":  # a letter may have two accents
        tex = re.sub(rf"\{{[-']\}}|\{{\\ttfamily\\char34\}}|{accented}|{box}", "K", tex)
    quoted = r"\\text\{(?:\\[{}$&%#_]|\\[A-Za-z]+\{\}|[^\\{}$&%#_^~\n])*\}"
    rest = re.sub(quoted, "T", tex)
    rest = re.sub(r"\\(?:begin|end)\{align\*\}|\\\\\n|\\#|&", "", rest)
    found = re.findall(r"\\text(?![a-z])", rest)
    while (inner := re.sub(r"\{[^{}$&%#~\"]*\}", "G", rest)) != rest:
        rest = inner
    rest = re.sub(r"\\(?:[;,|]|[A-Za-z]+)", "", rest)
    return found + re.findall(r"[\\{}$&%#~\"]", rest)


@pytest.mark.parametrize("label", HOSTILE, ids=ascii)
def test_no_label_breaks_the_latex(label):
    found = hostile_derivation(label[:50] if len(label) < 99 else label)
    assert strays(found.latex) == []
    for written in (found.latex, found.markdown, found.text, found.line.text):
        assert len(written) < 4_000
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", written)
    assert len(found.text.splitlines()) == len(found.lines) + bool(found.gates)
    assert "$" not in found.markdown[2:-2].replace(r"\$", "")
    assert not re.search(r"\\input|\\end\{align\*\}.|<", found.latex, re.DOTALL)


def test_a_stray_character_is_caught():
    tex = derive(program(LECTURES[0].text).output, "w2").latex
    assert strays(tex) == []
    for wrong in ("$", "%", "#", "{", r"\text{a_b}", r"\text{$}", '"'):
        assert strays(tex.replace(r"\times", wrong, 1))


@given(st.text(min_size=1, max_size=12))
@example("Ǖ")
@example("‖")
def test_any_label_is_written(label):
    x = Value("2", label)
    found = derive((x * x).named("loss"), x)
    assert strays(found.latex) == []
    assert found.gradient == 4


@pytest.mark.parametrize("label", [*HOSTILE, "w_2", "yhat"], ids=ascii)
def test_matplotlib_sets_what_it_is_given(label):
    from matplotlib.mathtext import MathTextParser

    found = hostile_derivation(label)
    for written in (found.line, *found.steps):
        assert r"\text" not in written.math
        if written.math:
            MathTextParser("path").parse(f"${written.math}$")
    assert derive(program(LECTURES[0].text).output, "w2").line.math


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs a TeX")
def test_a_plain_latex_sets_all_of_it(tmp_path):
    outputs = [program(lecture.text).output for lecture in LECTURES]
    bodies = [derive(output, name).latex for output in outputs for name in ("w2", "x")]
    bodies += [derive(program(DEEPER).output, "x1", path=["a11"]).latex]
    bodies += [derive(diamonds(40)[1], "x").latex]
    bodies += [hostile_derivation(label).latex for label in HOSTILE]
    bodies += [derive(output, name).latex for output, name in other_scalars()]
    set_by_pdflatex(bodies, tmp_path)


# Other scalars -----------------------------------------------------------------------------------


def other_scalars():
    """Outputs of lanes, of SymPy expressions, and of Values, with a name to derive by."""
    lanes = Value(np.arange(1.0, 9.0), "x")
    symbol = Value(sympy.Symbol("x_1"), "x1")
    nested = Value(Value(3), "x")
    return [
        (((Value("0.5", "w") * lanes).tanh().named("h") - 1).square().named("loss"), "w"),
        (((Value(sympy.Symbol("w"), "w") * symbol).relu().named("h") - 1).square(), "w"),
        ((nested * nested).named("h") * nested, "x"),
    ]


def test_lanes_are_derived_lane_by_lane():
    output, name = other_scalars()[0]
    found = derive(output, name)
    w, x = 0.5, np.arange(1.0, 9.0)
    expected = 2 * (np.tanh(w * x) - 1) * (1 - np.tanh(w * x) ** 2) * x
    assert np.allclose(found.gradient, expected)
    assert found.lines[-1].right.text.startswith("[−0.846, −0.4")
    assert found.lines[-1].right.text.endswith(", …]")
    assert found.lines[-1].sign == "≈"


def test_sympy_expressions_are_derived_as_formulas():
    x, w = sympy.symbols("x w")
    output = ((Value(w, "w") * Value(x, "x")).named("h") - 1).square().named("loss")
    found = derive(output, "w")
    assert sympy.simplify(found.gradient - sympy.diff((w * x - 1) ** 2, w)) == 0
    assert found.lines[-1].right.text == "x*(2*w*x − 2)"
    assert {line.sign for line in found.lines} == {"="}


def test_values_of_values_are_written_by_their_data():
    output, name = other_scalars()[2]
    found = derive(output, name)
    assert found.gradient.data == 27
    assert found.line.text.endswith("= (3) × (6) + 9 = 27")


def test_infinite_and_undefined_numbers_are_written():
    for big in (math.inf, math.nan, 10**400, Fraction(1, 10**400), 1e300):
        output = ((Value(big, "x") * Value(2, "w")).named("h") * Value(0.5, "v")).named("loss")
        found = derive(output, "w")
        assert found.lines[-1].right.text
        assert strays(found.latex) == []


def test_a_long_unnamed_computation_is_written_by_its_symbol():
    w = Value("0.5", "w")
    y = w
    for step in range(3_000):
        y = (y * w + step).relu() if step % 2 else y - w * step
    found = derive((y * 1).named("loss"), w)
    assert len(found.text) < 2_000
    assert found.gradient == partial(y, w)


def test_notebooks_get_latex_and_markdown():
    found = derive(program(LECTURES[0].text).output, "w2")
    assert found._repr_latex_() == found.latex
    assert found._repr_markdown_() == found.markdown
    assert found.latex.startswith("\\begin{align*}\n\\frac{\\partial \\ell}{\\partial w_{2}} &= ")
    assert found.markdown.startswith("$$\n\\begin{aligned}\n")
    assert found.markdown.endswith("\n\\end{aligned}\n$$")


# What a lecturer writes: (program, by, the right side in names).
WRITTEN = [
    ("x=2; w=3; y=10; L=(w*x - y)^2", "w", "2(w x − y) × x"),
    ("x1=2; x2=1; f=x1*(x1 + x2)", "x1", "(x₁ + x₂) + x₁"),
    ("y=1; w=0.5; x=1; L=max(0, 1 - y*w*x)", "w", "−y x · 1[y w x < 1]"),
    ("x=1; f=1/(1 + exp(-x))", "x", "e^(−x)/(1 + e^(−x))²"),
    ("x=2; f=3^x", "x", "3^x ln(3)"),
    ("x=2; f=x^3", "x", "3x²"),
    ("x=2; f=x*x*x", "x", "3x²"),
    ("w=2; lambda=0.1; R=lambda/2*w^2", "w", "λ w"),
    ("w=2; lambda=0.1; R=lambda/2*w^2", "lambda", "w²/2"),
    ("a=1; b=3; f=1/2*(a - b)^2", "a", "a − b"),
    ("a=1; b=3; f=1/2*(a - b)^2", "b", "b − a"),
    ("x=2; n=3; f=x^2/(2*n)", "x", "x/n"),
    ("x=-2; f=abs(x - 1)", "x", "sign(x − 1)"),
    ("a=1; b=2; f=min(a, b)", "a", "1[a < b]"),
    ("a=1; b=2; c=3; f=max(a, b, c)", "a", "1[a > max(b, c)]"),
    ("x=2; w=3; f=cos(w*x)", "w", "−sin(w x) × x"),
    ("z1=1; z2=2; f=logsumexp(z1, z2) - z2", "z1", "e^z₁/(e^z₁ + e^z₂)"),
    ("x=3; y=4; f=sqrt(x^2 + y^2)", "x", "x/f"),
    ("x=2; n=3; y=x^n", "x", "n x^(n − 1)"),
    ("x=2; f=clip(x, 0, 1)", "x", "1[x ≥ 0] · 1[x ≤ 1]"),
    ("z=1; h=elu(z)", "z", "where(z > 0, 1, e^z)"),
    ("w=2; x=1; h=exp(w*x)", "w", "x h"),
    ("x=2; y=where(x > 0, x^2, -x)", "x", "2x · 1[x > 0] − 1[x ≤ 0]"),
    ("x=1; y=2; w=0.5; lambda=0.1; L=(w x - y)^2 + lambda w^2", "w", "2(w x − y) × x + 2λ w"),
    ("w=2; L=(-w - 1)^2", "w", "2(w + 1)"),
    ("w=2; x=1; L=(-w x - 1)^2", "w", "2(w x + 1) × x"),
    ("h=6; p=0.2; d=(1 - p) (h (1 - p))", "h", "(1 − p)²"),
    ("c=3; x=2; p=4; f=c x^p", "p", "c x^p log(x)"),
    ("a=3; x=2; f=a (x + 1)^2", "x", "2a(x + 1)"),
    ("a=1; b=2; c=3; y=(a+b)(b+c)(c+a)", "a", "(a + c)(b + c) + (a + b)(b + c)"),
    ("x=3; y=x(x-1)(x-2)", "x", "(x − 2)(x − 1) + (x − 2)x + x(x − 1)"),
    ("x=0.5; y=sin(x)cos(x)", "x", "cos(x)² − sin(x)²"),
    ("p=0.5; q=0.25; y=p ln(p/q)", "p", "log(p/q) + 1"),
    ("x=2; y=e^(x²)", "x", "e^(x²) × 2x"),
    ("b=0.9; m=1; g=2; v=b m + (1 - b) g", "b", "m − g"),
    ("x=3; f=2000000000000 (x - 1)^2", "x", "4×10¹²(x − 1)"),
    (
        "x=[1,2,3]; y=[2,3,5]; w=0.5; L=mean((w x[i] - y[i])^2 for i = 1..3)",
        "w",
        "(2/3) Σᵢ (w xᵢ − yᵢ)xᵢ",
    ),
]


@pytest.mark.parametrize(("text", "by", "right"), WRITTEN, ids=[f"{t}-{b}" for t, b, _ in WRITTEN])
def test_a_derivation_is_what_a_lecturer_writes(text, by, right):
    assert derive(program(text).output, by).lines[0].right.text == right


# What is printed of a whole derivation: signs in parentheses, = where nothing is rounded, once.
WHOLE = [
    ("x=0; y=sigmoid(x)", "x", "∂y/∂x = y(1 − y)\n      = 0.25"),
    ("x=2; f=log x", "x", "∂f/∂x = 1/x\n      = 0.5"),
    ("x=3; f=log x", "x", "∂f/∂x = 1/x\n      ≈ 0.333"),
    ("x=0.3; w=0; o=tanh(x); y=w o", "x",
     "∂y/∂x = ∂y/∂o × ∂o/∂x\n      = w × (1 − o²)\n      ≈ (0) × (0.915)\n      = 0"),
    ("x=2; r=relu(x)", "x", "∂r/∂x = 1[x > 0]\n      = 1"),
    ("c=0; f=max(0.1 c, c)", "c",
     "∂f/∂c = 0.05 + 0.5\n      = 0.55\nwhere max(0.1c, c) is a tie, shared alike"),
    ("x=2; u=-x; v=-u; L=v^2", "x",
     "∂L/∂x = ∂L/∂v × ∂v/∂u × ∂u/∂x\n      = 2v × (−1) × (−1)\n      = (4) × (−1) × (−1)\n"
     "      = 4"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "by", "whole"), WHOLE, ids=[t for t, _, _ in WHOLE])
def test_a_whole_derivation_is_what_stands_on_a_slide(text, by, whole):
    assert derive(program(text).output, by).text == whole


def test_the_scores_of_a_softmax_stand_in_their_order():
    p = program("f = [1, 2, 3]; p = softmax(f)")
    assert derive(p["p2"], "f3").lines[0].right.text == "−p₂ e^f₃/(e^f₁ + e^f₂ + e^f₃)"
    cooler = program("z = [1, 2]; T = 2; p = softmax(z/T)")
    assert "(exp(z₁/T) + exp(z₂/T))" in derive(cooler["p2"], "z1").text


EXAMPLES = 5


def test_a_sum_over_examples_is_a_sum_sign_and_dots():
    xs = "; ".join(f"x{i}={i}; y{i}={i * i}" for i in range(1, EXAMPLES + 1))
    terms = " + ".join(f"(w*x{i} - y{i})^2" for i in range(1, EXAMPLES + 1))
    found = derive(program(f"{xs}; w=2; L=({terms})/{EXAMPLES}").output, "w")
    assert found.text.splitlines()[:2] == [
        "∂L/∂w = (2/5) Σᵢ (w xᵢ − yᵢ)xᵢ",
        "      = 2(w x₁ − y₁)/5 × x₁ + 2(w x₂ − y₂)/5 × x₂ + ⋯ + 2(w x₅ − y₅)/5 × x₅",
    ]
    assert r"\sum_{i=1}^{5} (w x_{i} - y_{i}) x_{i}" in found.latex
    assert found.gradient == sum(Fraction(2, 5) * (2 * i - i * i) * i for i in range(1, 6))


SECOND = ["x^3", "sin(x)", "sigmoid(x)", "(3*x - 1)^2", "exp(-x)", "log(x)", "tanh(x)", "x*sin(x)",
          "1/(1 + x^2)", "3*x", "sqrt(x)"]  # fmt: skip


@pytest.mark.parametrize("text", SECOND)
def test_a_second_derivative_is_that_of_sympy(text):
    x = sympy.Symbol("x")
    symbolic = sympy.sympify(
        text.replace("^", "**"), {"sigmoid": lambda a: 1 / (1 + sympy.exp(-a))}
    )
    found = derive(program(f"x = 0.75; y = {text}").output, "x", order=2)
    assert float(found.gradient) == pytest.approx(float(symbolic.diff(x, 2).subs(x, 0.75)))
    assert found.text.startswith("d²y/dx² = ")
    assert r"\frac{d^{2} y}{d {x}^{2}}" in found.latex
    p = program(f"x = 0.75; y = {text}")
    assert partial(p.output, p["x"], order=2) == pytest.approx(float(found.gradient))


def test_a_second_partial_derivative_is_of_any_node_by_any_node():
    x, w, other = Value("3", "x"), Value("2", "w"), Value("1")
    h = (x * w).named("h")
    y = h * h * x
    assert [partial(y, node, order=2) for node in (x, w, h, other)] == [72, 54, 6, 0]
    lanes = Value(np.array([1.0, 2.0]))
    assert partial(lanes**3, lanes, order=2).tolist() == [6, 12]
    assert partial(lanes * 2, lanes, order=2).tolist() == [0, 0]
    with pytest.raises(ValueError, match="order is 1 or 2; got 3"):
        partial(y, x, order=3)


def test_lanes_are_shown_as_their_mean_their_sum_or_one():
    x, w = Value(np.array([1.0, 2.0, 4.0]), "x"), Value(0.5, "w")
    loss = ((w * x - 1) ** 2).named("L")
    each = 2 * (0.5 * x.data - 1) * x.data
    for lanes, expected, words in [("mean", each.mean(), "mean over 3 lanes ≈ 2.33"),
                                   ("sum", each.sum(), "sum over 3 lanes = 7"),
                                   (2, each[2], "(lane 2 of 3)")]:  # fmt: skip
        found = derive(loss, "w", lanes=lanes)
        assert found.gradient == pytest.approx(expected)
        assert words in found.text
    with pytest.raises(ValueError, match="lane 3 is asked for, and there are 3"):
        derive(loss, "w", lanes=3)
    with pytest.raises(ValueError, match="'mean', 'sum' or"):
        derive(loss, "w", lanes="median")


def test_a_label_that_is_an_expression_is_set_as_one():
    x, w = Value(2, "x1"), Value(3, "w1")
    z = (x * w).named("x1*w1 - b")
    found = derive(z.tanh().named("a"), "x1")
    assert found.lines[0].right.text == "∂a/∂(x₁ w₁ − b) × ∂(x₁ w₁ − b)/∂x₁"
    assert r"\partial (x_{1} w_{1} - b)" in found.latex


@pytest.mark.parametrize("wrt", ["W[2,1]", "W[2, 1]", "W₂₁", "W_{21}"])
def test_an_element_of_a_matrix_is_called_as_a_program_calls_it(wrt):
    made = program("W = [[1, 2], [3, 4]]; x = [1, 2]; L = sum(W x)")
    assert derive(made, wrt).line.text.startswith("∂L/∂W₂₁ = ")
    assert made[wrt] is made["W21"]


@pytest.mark.parametrize("wrt", ["W[0,1]", "W[3,1]", "W[1,2,3]", "W[1", "W[]", "[1]", "W[-1,2]"])
def test_what_is_no_element_is_refused_by_its_name(wrt):
    made = program("W = [[1, 2], [3, 4]]; x = [1, 2]; L = sum(W x)")
    with pytest.raises(ValueError, match=f"^no node is named {re.escape(repr(wrt))}"):
        derive(made, wrt)
    with pytest.raises(KeyError):
        made[wrt]
