import math

import numpy
import pytest

from scalargrad.checking import diagnosis
from scalargrad.checking.diagnosis import RECIPES
from scalargrad.checking.marking import check
from scalargrad.lectures import LECTURES

LECTURE = LECTURES[0].text
SIGMOID = "x = 1.5; w = 0.7; b = -0.3; y = 1; z = w*x + b; h = sigmoid(z); loss = (h - y)^2"
TANH = SIGMOID.replace("sigmoid", "tanh")
SHUT = "x = 1.5; w = -0.7; y = 1; z = w*x; h = relu(z); v = 3; loss = (v*h - y)^2"
PATHS = "x = 1.3; a = 0.7*x; b = 5.1*x; loss = a*b"
TWO = "x1 = 1.3; x2 = -0.4; w1 = 0.9; w2 = 1.7; b = 0.35; z = w1*x1 + w2*x2 + b; loss = z^3"
MEAN = "a = 1.7; b = 2.9; c = 0.6; m = mean(a, b, c); loss = 3*m"
ANGLE = "t = 1.1; s = sin(t); loss = 2*s"
RATIO = "p = 0.7; q = 1.9; r = p/q; k = log(q); loss = r*k"

Z = 0.7 * 1.5 - 0.3
S = 1 / (1 + math.exp(-Z))
T = math.tanh(Z)
FORWARD = {"z": f"{Z:.5f}"}
BY_S = FORWARD | {"h": f"{S:.5f}"}
BY_T = FORWARD | {"h": f"{T:.5f}"}
S_BACK = BY_S | {"dl/dh": f"{2 * (S - 1):.5f}"}
Z2 = 0.9 * 1.3 - 0.4 * 1.7 + 0.35

# For each mistake: program, the lines before, the quantity, and the wrong number, by hand.
MISTAKES = [
    ("the sign is wrong", LECTURE, {}, "dl/dw2", 0.24),
    ("the decimal point is misplaced", LECTURE, {}, "dl/dw4", -19.2),
    ("it is inverted", RATIO, {}, "dr/dp", 1.9),
    ("it was rounded to float32", SIGMOID, {}, "h", f"{numpy.float32(S):.10f}"),
    ("the factor 2 of the square is lost", SIGMOID, BY_S, "dl/dh", S - 1),
    ("the exponent in front of the power is lost", TWO, {}, "dl/dz", Z2**2),
    ("the ReLU gate is ignored", SHUT, {}, "dh/dz", "1"),
    ("the ReLU gate is forced shut", SHUT.replace("-0.7", "0.7"), {}, "dh/dz", "0"),
    ("σ is taken for σ(1 − σ)", SIGMOID, BY_S, "dh/dz", S),
    ("1 − σ is taken for σ(1 − σ)", SIGMOID, BY_S, "dh/dz", 1 - S),
    ("tanh is taken for 1 − tanh²", TANH, FORWARD, "dh/dz", T),
    ("the square in 1 − tanh² is lost", TANH, BY_T, "dh/dz", 1 - T),
    ("tanh² is taken for 1 − tanh²", TANH, BY_T, "dh/dz", T * T),
    ("the slope of another activation is taken", TANH, BY_T, "dh/dz", T * (1 - T)),
    ("the slope of the activation is lost", TANH, BY_T, "dh/dz", "1.00000"),
    ("the inner derivative is lost", LECTURE, {}, "dh2/dw2", "1"),
    ("a product is differentiated like a sum", "x = 3; w = 5; z = w*x", {}, "dz/dw", "1"),
    ("a factor is taken for its partner", "x = 3; w = 5; z = w*x", {}, "dz/dw", "5"),
    ("the sum is taken for the mean", MEAN, {}, "dm/da", "1.00000"),
    ("degrees are taken for radians", ANGLE, {}, "ds/dt", math.cos(math.radians(1.1))),
    ("a factor of the chain is lost", SIGMOID, S_BACK, "dl/dz", S * (1 - S)),
    ("a factor of the chain is inverted", SIGMOID, S_BACK, "dl/dz", 2 * (S - 1) / (S * (1 - S))),
    ("factors of the chain are added, not multiplied", SIGMOID, S_BACK, "dl/dz",
     2 * (S - 1) + S * (1 - S)),
    ("one path is missed", PATHS, {"a": "0.91", "b": "6.63"}, "dl/dx", 6.63 * 0.7),
    ("one path is counted twice", PATHS, {"a": "0.91", "b": "6.63"}, "dl/dx",
     2 * 6.63 * 0.7 + 0.91 * 5.1),
    ("the gradient of another node is passed on", LECTURE,
     {"dl/dh1": "-0.48", "dl/dh2": "-0.12"}, "dl/dw2", -0.96),
    ("the value is taken for the derivative", TWO, {}, "dl/dz", Z2**3),
    ("a weight is used that was updated already", LECTURE,
     {"dl/dw4": "-1.92", "dl/dyhat": "-1.2"}, "dl/dh2", -1.2 * (0.1 + 0.1 * 1.92)),
    ("a finite difference is taken for the derivative", SIGMOID, {}, "dl/dh",
     (S + 0.001 - 1) ** 2 / 0.001 - (S - 1) ** 2 / 0.001),
    ("a wrong input is taken", TWO, {}, "dz/dw1", -0.4),
    ("factors are added, not multiplied", TWO, {}, "z", 0.9 + 1.3 - 0.4 * 1.7 + 0.35),
    ("a term of the sum is lost", TWO, {}, "z", Z2 - 0.35),
    ("a term of the sum is counted twice", TWO, {}, "z", Z2 + 0.35),
    ("the sign of a term is wrong", TWO, {}, "z", Z2 - 2 * 0.35),
    ("the square is lost", SIGMOID, BY_S, "loss", S - 1),
    ("it is doubled, not squared", SIGMOID, BY_S, "loss", 2 * (S - 1)),
    ("the activation is left out", TANH, FORWARD, "h", Z),
    ("the ReLU gate is forced shut in the value", SHUT.replace("-0.7", "0.7"), {}, "h", "0.000"),
    ("another activation is taken", TANH, FORWARD, "h", S),
    ("the derivative is taken for the value", TANH, FORWARD, "h", 1 - T * T),
    ("the sum is taken for the mean, or the mean for the sum", MEAN, {}, "m", 1.7 + 2.9 + 0.6),
    ("degrees are taken for radians in the value", ANGLE, {}, "s", math.sin(math.radians(1.1))),
    ("the logarithm to base 10 is taken", RATIO, {}, "k", math.log10(1.9)),
    ("two digits are swapped", TWO, {}, "z", "0.480"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "before", "asked", "wrong"), MISTAKES, ids=[row[0] for row in MISTAKES]
)
def test_each_mistake_is_named(name, text, before, asked, wrong):
    written = wrong if isinstance(wrong, str) else f"{wrong:.5f}"
    report = check(text, before | {asked: written})
    line = report.lines[-1]
    assert [other.verdict for other in report.lines[:-1]] == ["right"] * len(before)
    assert line.verdict in ("wrong", "last digit")
    assert name in report.mistakes
    assert len(report.mistakes) <= 3


def test_most_examples_are_told_from_all_other_mistakes():
    alone = 0
    for name, text, before, asked, wrong in MISTAKES:
        written = wrong if isinstance(wrong, str) else f"{wrong:.5f}"
        alone += check(text, before | {asked: written}).mistakes == (name,)
    assert alone >= 0.8 * len(MISTAKES)


def test_every_recipe_has_an_example():
    assert {row[0] for row in MISTAKES} == {name for name, _ in RECIPES} | {diagnosis._SWAPPED}
    assert len(RECIPES) >= 20


def test_a_number_that_no_recipe_gives_is_not_explained():
    report = check(LECTURE, {"dl/dw2": "7.77"})
    assert report.mistakes == ()
    assert "looks" not in report.lines[0].message


def test_one_figure_is_not_stretched_to_fit_a_mistake():
    text = "x = 1.5; w = 0.4; y = 1; h = tanh(w*x); loss = (h - y)^2"
    assert check(text, {"dl/dw": "-0.2"}).mistakes == ()  # near T(1 − T), but not that


def test_the_name_stands_in_the_message():
    report = check(SIGMOID, BY_S | {"dh/dz": f"{S:.5f}"})
    assert report.lines[-1].message.endswith("It looks as if σ is taken for σ(1 − σ).")


def test_a_mistake_after_another_is_told_from_the_own_lines():
    report = check(LECTURE, {"h2": "3.2", "yhat": "0.56", "dl/dyhat": "-0.44"})
    assert report.first_wrong == "h₂"
    assert "from your earlier lines it is −0.88" in report.lines[2].message
    assert report.lines[2].message.endswith("the factor 2 of the square is lost.")


def test_a_planted_recipe_that_gives_the_truth_makes_no_mistake_of_a_right_line(monkeypatch):
    right = ("nothing", lambda case: [diagnosis.straight(case.key, diagnosis.Way(case.own))])
    monkeypatch.setattr(diagnosis, "RECIPES", (*RECIPES, right))
    assert check(LECTURE, {"dl/dw2": "-0.24"}).mistakes == ()
    assert "nothing" not in check(LECTURE, {"dl/dw2": "-0.12"}).mistakes


def test_without_its_recipe_a_mistake_has_no_name(monkeypatch):
    rest = tuple(row for row in RECIPES if "σ" not in row[0])
    monkeypatch.setattr(diagnosis, "RECIPES", rest)
    assert check(SIGMOID, BY_S | {"dh/dz": f"{S:.5f}"}).mistakes != ("σ is taken for σ(1 − σ)",)
