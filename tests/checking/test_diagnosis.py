import math

import pytest

from scalargrad.checking import diagnosis, recomputing
from scalargrad.checking.marking import check
from scalargrad.checking.slips import SLIPS, Slip
from scalargrad.lectures import LECTURES

LECTURE = LECTURES[0].text
SIGMOID = "x = 1.5; w = 0.7; b = -0.3; y = 1; z = w*x + b; h = sigmoid(z); loss = (h - y)^2"
SOFTMAX = (
    "a = 2; b = 1; c = 0.1; ea = exp(a); eb = exp(b); ec = exp(c); Z = ea + eb + ec; "
    "pb = eb/Z; L = -log(pb)"
)
S = 1 / (1 + math.exp(-0.75))
BY_S = {"z": "0.75000", "h": f"{S:.5f}"}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name or slip.example.lines)
def test_each_slip_is_named_alone_in_its_example(slip):
    report = check(slip.example.program, slip.example.answers)
    assert [line.verdict for line in report.lines[:-1]] == ["right"] * (len(report.lines) - 1)
    assert report.lines[-1].verdict in ("wrong", "last digit")
    (name,) = report.mistakes
    assert name == slip.name or (not slip.name and " stands where " in name)


# Wrong numbers that were worked out outside, with Python's own arithmetic: program, lines before,
# quantity, number, and a part of the name.
BY_HAND = [
    (SIGMOID, BY_S, "dl/dh", 2 * S, "target is forgotten"),
    (SIGMOID, BY_S, "dh/dz", S * S, "σ² is taken for σ(1 − σ)"),
    (SIGMOID, BY_S, "dh/dz", S * S * S, ""),
    (SIGMOID, BY_S, "dh/dz", math.exp(-S) / (1 + math.exp(-S)) ** 2, "at the output"),
    (SIGMOID, BY_S | {"dl/dh": f"{2 * (S - 1):.5f}"}, "dl/dz", 2 * (S - 1) * 0.75 * 0.25,
     "what went into the activation"),
    (SOFTMAX, {}, "dL/da", math.e**2 / (math.e + math.exp(0.1)), "own term is missing"),
    (SOFTMAX, {}, "dL/dc", math.exp(0.1) / (math.e**2 + math.e + math.exp(0.1)) - 1, "wrong class"),
    (LECTURE, {"dl/dh2": "-0.12"}, "dl/dw2", -0.12 * 0.6, "h₁ stands where x belongs"),
    (LECTURE, {"dl/dyhat": "-1.2", "dyhat/dw4": "1.6"}, "dl/dw4", -1.2 * 0.6,
     "h₁ stands where h₂ belongs"),
    (LECTURE, {"dl/dw2": "-0.24"}, "w2_new = w2 - 0.5*dl/dw2", 0.8 - 0.24 * 0.5, "up the slope"),
    ("n = 4; a = 1.3; b = 2.9; S = a*b; L = 1/8*S", {}, "dL/dS", 1.0, "constant factor is lost"),
    ("x = 1.7; u = 2.3*x; v = x^2; f = u/v",
     {"u": "3.91", "v": "2.89", "du/dx": "2.3", "dv/dx": "3.4"},
     "df/dx", 2.3 * 2.89 - 3.91 * 3.4, "not squared"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "before", "asked", "wrong", "part"), BY_HAND)
def test_a_wrong_number_worked_out_outside_is_named(text, before, asked, wrong, part):
    report = check(text, before | {asked: f"{wrong:.5f}"})
    if part:
        (name,) = report.mistakes
        assert part in name
    else:
        assert report.mistakes == ()


def test_no_slip_leaks_into_the_forward_pass():
    # with x for h₂ in ∂ŷ/∂w₄ alone; were h₂ itself taken for 2, ŷ and ∂ℓ/∂ŷ would be others
    report = check(LECTURE, {"dl/dyhat": "-1.2", "dl/dw4": "-2.4"})
    assert report.mistakes == ("x stands where h₂ belongs",)


def test_a_number_beyond_all_floats_is_not_explained():
    assert check(LECTURE, {"dl/dw2": "1e400"}).mistakes == ()


def test_names_of_slips_are_sentences_that_differ():
    names = [slip.name for slip in SLIPS if slip.name]
    assert len(set(names)) == len(names)
    assert len(SLIPS) >= 70


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
    right = recomputing.straight
    planted = Slip("nothing", lambda case: [(right(case.key, recomputing.Way(case.own)), "")],
                   SLIPS[0].example)  # fmt: skip
    monkeypatch.setattr(diagnosis, "SLIPS", (*SLIPS, planted))
    assert check(LECTURE, {"dl/dw2": "-0.24"}).mistakes == ()
    assert "nothing" not in check(LECTURE, {"dl/dw2": "-0.12"}).mistakes


def test_without_its_recipe_a_mistake_has_no_name(monkeypatch):
    rest = tuple(slip for slip in SLIPS if "σ" not in slip.name)
    monkeypatch.setattr(diagnosis, "SLIPS", rest)
    assert check(SIGMOID, BY_S | {"dh/dz": f"{S:.5f}"}).mistakes != ("σ is taken for σ(1 − σ)",)


def test_a_number_of_one_figure_is_not_called_doubled():
    assert check(LECTURE, {"dl/dh2": "-0.1205", "dl/dw2": "-0.5"}).mistakes == ()
