import time
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scalargrad import program
from scalargrad.checking.gradcheck import finite_difference
from scalargrad.checking.quantities import (
    Quantity,
    UnknownQuantity,
    quantity,
    resolved,
    shown,
    truth,
)
from scalargrad.checking.recomputing import recomputed
from scalargrad.engine.rebuild import rebuilt
from scalargrad.lectures import LECTURES

NAMES = ("x", "y", "w1", "w2", "w4", "h1", "h2", "w11_2", "yhat", "loss")
LOSS_BY_W2 = Quantity("derivative", "loss", "w2")
GRAD_W2 = Quantity("derivative", "", "w2")
YHAT_BY_H2 = Quantity("derivative", "yhat", "h2")
UPDATE = Quantity("update", "loss", "w2", Fraction(1, 10))

SPELLINGS = {
    LOSS_BY_W2: [
        "dl/dw2", "∂ℓ/∂w₂", "dL_dw2", "dLdw2", "dl_dw_2", "d loss / d w2", "dloss/dw2", "dJ/dw2",
        "∂L / ∂w_2", "δl/δw2", "(∂ℓ/∂w₂)", "∂ℓ/∂w₂ =", "∂ℓ⁄∂w₂", "d(loss)/d(w2)", "d/dw2 loss",
        "∂/∂w₂ (ℓ)", "dl by dw2", "partial loss / partial w2", "gradient of loss wrt w2",
        "derivative of L with respect to w_2", "the partial derivative of ℓ by w₂",
        r"\frac{\partial \ell}{\partial w_2}", r"$\frac{\partial \ell}{\partial w_{2}}$",
        r"$$\dfrac{\partial L}{\partial w_2}$$", r"\frac{dL}{dw_2}", r"dL\_dw2",
        r"\frac{\mathrm{d}\ell}{\mathrm{d} w_2}", r"$\partial \ell / \partial w_2$",
        "**dl/dw2**", "`dl/dw2`", "*∂ℓ/∂w₂*", "∇_w2 ℓ", r"$\nabla_{w_2} L$", "  dl/dw2  ",
        "∂ℓ/∂w₂ = ∂ℓ/∂ŷ · ∂ŷ/∂h₂ · ∂h₂/∂w₂", "dl/dw2 = (-1.2)(0.1)(2) =",
        "4. dl/dw2", "a) ∂ℓ/∂w₂", "(iii) dl/dw2", "Q2: dl/dw2", "- dl/dw2", "(∂ℓ)/(∂w₂)", "DL/DW2",
        "∂E/∂w₂", "dC/dw2", "dCost/dw2",
    ],
    GRAD_W2: [
        "grad w2", "w2.grad", "∇w2", "∇ w₂", "grad(w2)", "gradient w2", "grad of w2", "w2 gradient",
        "w2_grad", "grad_w2", "w₂.grad", r"$\nabla w_2$", "dw2", "dw_2", "∂w₂",
        "w̄₂", r"\bar{w}_2", "w2_bar", "bar w2", "b. w2.grad",
    ],
    YHAT_BY_H2: [
        "∂ŷ/∂h₂", "dyhat/dh2", "dyhat_dh2", "d y_hat / d h_2",
        r"$\frac{\partial\hat{y}}{\partial h_2}$", r"\frac{\partial \hat y}{\partial h_{2}}",
    ],
    Quantity("derivative", "loss", "w11_2"): [
        "dl/dw11_2", "∂ℓ/∂w₁₁⁽²⁾", r"\frac{\partial\ell}{\partial w_{11}^{(2)}}",
        r"\frac{\partial\ell}{\partial w^{(2)}_{11}}",
    ],
    Quantity("value", "yhat"): ["ŷ", "yhat", "y_hat", "y hat", r"$\hat y$", r"\hat{y}", "`yhat`"],
    Quantity("value", "h2"): ["h2", "h₂", "h_2", "$h_2$", "$h_{2}$", "H2", "value of h2", "h2 ="],
    Quantity("value", "loss"): ["l", "L", "ℓ", "loss", "J", "Loss", r"$\ell$", r"$\mathcal{L}$",
                                 "cost", "5) loss"],
    UPDATE: [
        "w2_new = w2 - 0.1*dl/dw2", "w₂ ← w₂ − 0.1·∂ℓ/∂w₂", "w2' = w2 - .1 dl/dw2",
        "w2 = w2 - 1/10·dL/dw2", "new w2 = w2 - 1e-1*dl/dw2", "w2_new := w2-0.1*(dl/dw2)",
        r"$w_2 \leftarrow w_2 - 0.1 \frac{\partial \ell}{\partial w_2}$",
    ],
    Quantity("update", "", "w2", Fraction(-1, 2)): ["w2_new = w2 + 0.5*w2.grad"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"), [(text, meant) for meant, texts in SPELLINGS.items() for text in texts]
)
def test_every_sensible_spelling_is_understood(text, meant):
    assert quantity(text, NAMES) == meant
    assert quantity(text, list(reversed(NAMES))) == meant


def test_a_letter_that_may_mean_the_loss_is_first_what_the_program_names_so():
    assert quantity("dE/dw", ["w", "E", "loss"]) == Quantity("derivative", "E", "w")
    assert quantity("dl/dE", ["w", "E", "loss"]) == Quantity("derivative", "loss", "E")
    assert quantity("dl/dw", ["w", "E"]) == Quantity("derivative", "E", "w")
    with pytest.raises(UnknownQuantity):
        quantity("c", ["w", "loss"])
    assert quantity("wbar", ["w", "wbar"]) == Quantity("value", "wbar")


UNKNOWN = [
    ("dl/dw9", "no node is named 'w9' in 'dl/dw9'; known are ∂ℓ/∂w"),
    ("dl/dw22", "∂ℓ/∂w₂"),
    ("dyhatt/dw2", "∂ŷ/∂w₂"),
    ("hh2", "no node is named 'hh2'; known are h₂"),
    ("grad w22", "∇w₂"),
    ("w2_new = w1 - 0.1*dl/dw2", "an update is written like"),
    ("w2_new = w2 - 0,1*dl/dw2", "an update is written like"),
    ("", "no node is named ''"),
    ("dl/", "no node is named"),
    ("/", "no node is named"),
    ("d²l/dw9²", "a second derivative is written like"),
    ("∇", "no node is named"),
    ("\x00\n", "no node is named"),
    ("x" * 10**6, "a quantity is written like"),
]


@pytest.mark.parametrize(("text", "message"), UNKNOWN, ids=lambda part: repr(part[:24]))
def test_an_unknown_quantity_gets_one_line_with_the_nearest(text, message):
    with pytest.raises(UnknownQuantity) as caught:
        quantity(text, NAMES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("attack", ["\\frac{" * 50, "{" * 300, "d" * 300, "∂/" * 150, "(" * 300,
                                    "$" * 300, "_{" * 150, "= " * 150, "d of by " * 37,
                                    "*" * 300, "^(1)_" * 60, "w - 1*" * 50])  # fmt: skip
def test_long_nonsense_is_refused_quickly(attack):
    start = time.process_time()
    with pytest.raises(UnknownQuantity):
        quantity(attack, NAMES)
    assert time.process_time() - start < 4


def test_a_name_wins_over_what_it_looks_like():
    names = ["l", "w", "dl_dw", "dw"]
    assert quantity("dl_dw", names) == Quantity("value", "dl_dw")
    assert quantity("dl/dw", names) == Quantity("derivative", "l", "w")
    assert quantity("dw", names) == Quantity("value", "dw")


def test_the_letters_of_the_loss_mean_it_only_where_there_is_one():
    assert quantity("dL/dw", ["w", "J"]).of == "J"
    assert quantity("dl/dw", ["w", "result"]).of == "result"
    assert quantity("dL/dw", ["w", "L", "loss"]).of == "L"
    for names in (["w", "l", "loss"], ["w", "yhat"]):
        with pytest.raises(UnknownQuantity):
            quantity("dJ/dw", names)


def test_loose_spellings_must_be_of_one_name_only():
    assert quantity("w1_2", ["w12", "w1_2"]).of == "w1_2"
    with pytest.raises(UnknownQuantity):
        quantity("w_12", ["w1_2", "w_1_2"])
    assert quantity("W", ["w", "W"]).of == "W"


def test_a_program_stands_for_its_names():
    p = program(LECTURES[0].text)
    assert quantity("ŷ", p) == Quantity("value", "yhat")
    assert quantity("∂ℓ/∂w₂", p) == LOSS_BY_W2


# Laws

letters = st.sampled_from("abcdehlwxyzAJLW")
words = st.sampled_from(
    ["yhat", "loss", "theta", "Delta", "bias", "crossbar", "grad", "d", "dw", "value", "lossbar"]
)
indices = st.sampled_from(["", "1", "2", "12", "_1", "_new", "11_2", "1_2", "_", "_h"])
names_ = st.builds(lambda base, index: base + index, letters | words, indices)
steps = st.fractions(min_value=-10, max_value=10, max_denominator=1000).filter(bool)


@given(st.lists(names_, min_size=1, max_size=8, unique=True), st.data())
@example(["h1", "h_1"], None)
def test_reading_what_is_shown_gives_the_same_quantity(names, data):
    pick = (lambda: data.draw(st.sampled_from(names))) if data else (lambda: names[-1])
    step = data.draw(steps) if data else Fraction(1, 10)
    for meant in (
        Quantity("value", pick()),
        Quantity("derivative", pick(), pick()),
        Quantity("derivative", "", pick()),
        Quantity("update", pick(), pick(), step),
        Quantity("update", "", pick(), step),
    ):
        assert quantity(shown(meant), names) == meant


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text):
    try:
        found = quantity(text, NAMES)
    except UnknownQuantity as error:
        found, message = None, str(error)
    if found:
        assert found.of in (*NAMES, "")
    else:
        assert "\n" not in message


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_other_nodes_are_other_quantities(one, other):
    assume(one != other)
    assert quantity(f"d{one}/d{other}", NAMES) == Quantity("derivative", one, other)
    assert quantity(f"∂{other}/∂{one}", NAMES) == Quantity("derivative", other, one)


# Truth


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_the_truth_is_the_finite_difference(lecture):
    p = program(lecture.text)
    names = list(p)
    for of in names:
        for by in names:
            node = p[by]
            measured = finite_difference(lambda d, of=of, node=node: recomputed(p[of], {node: d}),
                                         node.data)  # fmt: skip
            assert truth(Quantity("derivative", of, by), p) == measured


def test_an_update_steps_against_the_gradient():
    p = program(LECTURES[0].text)
    assert truth(UPDATE, p) == Fraction("0.8") + Fraction("0.1") * Fraction("0.24")
    assert truth(GRAD_W2, p) == Fraction(-6, 25)
    assert truth(Quantity("value", "loss"), p) == Fraction("0.36")
    assert resolved(GRAD_W2, "loss") == LOSS_BY_W2


BLOG = ("i1", "w5", "net_h1", "out_h1", "net_o1", "out_o1", "E", "b1")


@pytest.mark.parametrize(
    ("text", "of", "by"),
    [
        ("delta_o1", "", "net_o1"), ("δ_o1", "", "net_o1"), ("δo1", "", "net_o1"),
        ("\\delta_{o1}", "", "net_o1"), ("δ_{h1}", "", "net_h1"), ("delta_net_o1", "", "net_o1"),
        ("δ_o1 = ∂E/∂net_o1", "", "net_o1"), ("dE/dw5 (final)", "E", "w5"), ("E'(w5)", "E", "w5"),
        ("\\nabla_{w_5} E", "E", "w5"), ("∇w5", "", "w5"), ("w5.grad", "", "w5"),
        ("\\frac{\\delta E}{\\delta w_5}", "E", "w5"), ("grad w5", "", "w5"), ("dw5", "", "w5"),
        ("dE/dw5 (2 marks)", "E", "w5"), ("dE/dw5.", "E", "w5"), ("“∂E/∂w₅”", "E", "w5"),
        ("𝜕𝐸/𝜕𝑤₅", "E", "w5"), ("ｄＥ／ｄｗ５", "E", "w5"), ("𝛿𝐸/𝛿𝑤₅", "E", "w5"),
    ],
)  # fmt: skip
def test_the_spellings_of_a_derivative(text, of, by):
    found = quantity(text, BLOG)
    assert (found.kind, found.of, found.by) == ("derivative", of, by)


@pytest.mark.parametrize("mark", ["w5+", "w5_new", "w5⁺", "w5'", "new w5", "updated w5"])
def test_an_update_without_its_step_is_asked_for_it(mark):
    with pytest.raises(UnknownQuantity, match="which step"):
        quantity(mark, BLOG)
    found = quantity("w5+ = w5 - 0.5*dE/dw5", BLOG)
    assert (found.kind, found.by, found.step) == ("update", "w5", Fraction(1, 2))


@pytest.mark.parametrize("text", [
    "d2E/dw5^2", "∂²E/∂w5²", "d^2E/dw5^2", r"\frac{\partial^2 E}{\partial w_5^2}", "d²E/d(w5)²",
    "∂²E/∂w₅∂w₅",
])  # fmt: skip
def test_second_derivatives_are_read(text):
    found = quantity(text, BLOG)
    assert (found.kind, found.of, found.by, found.also) == ("second", "E", "w5", "w5")
    assert quantity(shown(found), BLOG) == found


@pytest.mark.parametrize(("by", "also"), [("w2", "w2"), ("w2", "w4"), ("w4", "w2"), ("x", "x")])
def test_second_derivatives_are_the_differences_of_a_polynomial(by, also):
    text = LECTURES[0].text  # of degree 2 in each of these alone

    def loss(**steps):
        moved = rebuilt(p["loss"], {p[name]: p[name].data + step for name, step in steps.items()})
        return moved[p["loss"]].data

    p = program(text)
    step = Fraction(1, 1000)
    if by == also:
        difference = (loss(**{by: step}) - 2 * loss() + loss(**{by: -step})) / step**2
    else:
        corners = [(a, b, loss(**{by: a * step, also: b * step})) for a in (1, -1) for b in (1, -1)]
        difference = sum(a * b * corner for a, b, corner in corners) / (4 * step**2)
    assert truth(quantity(f"d2loss/d{by}d{also}", p), p) == difference
