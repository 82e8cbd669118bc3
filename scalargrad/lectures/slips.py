"""Slips of the decks and traps of the example: a check flags each, and passes what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from scalargrad.checking.marking import check
from scalargrad.checking.report import Report
from scalargrad.engine.backward import partial
from scalargrad.errors import ProgramError
from scalargrad.language.reading import program
from scalargrad.lectures.backpropagation import SLIDE
from scalargrad.lectures.statements import (
    FLAGGED,
    HOLDS,
    WRONG,
    Claim,
    Row,
    Shown,
    fact,
    identity,
    number,
    same,
)
from scalargrad.nn.initialisation import input_first, output_first
from scalargrad.nn.layers import MLP
from scalargrad.notation.numbers import fraction

MEAN = """
w = 0.5
l1 = (2*w - 3)^2; l2 = (w - 2)^2; l3 = (-w - 1)^2; l4 = (3*w - 1)^2
L = mean(l1, l2, l3, l4)
"""
SHUT = SLIDE.replace("w2 = 0.8", "w2 = -0.8")
INDICES = """
x1 = 1; x2 = 2; w11 = 0.5; w12 = 0.3; w21 = -0.2; w22 = 0.1
h1 = w11*x1 + w21*x2
h2 = w12*x1 + w22*x2
loss = (h1 + 3*h2)^2
"""
DROPOUT = "h = 6; p = 0.2; kept = h/(1 - p); if_p_drops = (1 - p)*kept; if_p_keeps = p*kept"
JACOBIANS = """
x1 = 1; x2 = 2
a11 = 1; a12 = 2; a21 = 3; a22 = 4; b11 = 5; b12 = 6; b21 = 7; b22 = 8
h1 = a11*x1 + a12*x2; h2 = a21*x1 + a22*x2
y1 = b11*h1 + b12*h2; y2 = b21*h1 + b22*h2
sum = y1 + y2
"""


def passes(text: str, answers: Mapping[str, str]) -> Claim:
    """The claim that the checker lets pass what is right."""
    report = check(text, answers)
    return Claim(*_written(answers), "passes" if report.ok else _first(report),
                 HOLDS if report.ok else WRONG)  # fmt: skip


def flagged(text: str, answers: Mapping[str, str], *mistakes: str) -> Claim:
    """The claim that the checker flags what is wrong, and names the mistakes that are given."""
    report = check(text, answers)
    raised = not report.ok and mistakes in ((), report.mistakes)
    return Claim(*_written(answers), _first(report), FLAGGED if raised else WRONG)


def _written(answers: Mapping[str, str]) -> tuple[str, str]:
    return ", ".join(f"{name} = {text}" for name, text in answers.items()), ""


def _first(report: Report) -> str:
    wrong = [line for line in report.lines if line.is_mistake] or list(report.lines)
    return wrong[0].message


def mean_or_sum() -> Iterator[Shown]:
    """The gradient of a mean is written as a sum: it is n times too large, here 4 times."""
    yield passes(MEAN, {"∂L/∂l₁": "0.25", "∂L/∂w": "−1.25"})
    yield flagged(MEAN, {"∂L/∂l₁": "1", "∂L/∂w": "−5.00"}, "the sum is taken for the mean")
    made = program(MEAN)
    total = sum(Fraction(partial(made[f"l{i}"], made["w"])) for i in range(1, 5))
    yield number("the sum over the mean", "4", total / partial(made["L"], made["w"]))


def gate() -> Iterator[Shown]:
    """The gate of ReLU is never written: at w₂ = −0.8 it is shut, and 2(ŷ − y)w₄x is wrong."""
    yield passes(SLIDE, {"∂ℓ/∂w₂": "−0.24"})
    yield passes(SHUT, {"∂ℓ/∂w₂": "0"})
    yield flagged(SHUT, {"∂ℓ/∂w₂": "−0.304"}, "the ReLU gate is ignored")


def indices() -> Iterator[Shown]:
    """The same weight is w₂₁⁽²⁾ in the one deck and w₁₂⁽²⁾ in the other: say which index is first.

    Here the input is first: w₁₂ leads from input 1 to unit 2.
    """
    yield passes(INDICES, {"∂ℓ/∂w₁₂": "9.6"})
    yield flagged(INDICES, {"∂ℓ/∂w₁₂": "6.4"})
    ours, theirs = (list(MLP(2, [2, 1], weight_name=which).named_parameters())
                    for which in (input_first, output_first))  # fmt: skip
    yield same("w21_2, where the unit is first", "w12_2", theirs[ours.index("w21_2")])


def keep_or_drop() -> Iterator[Shown]:
    """p is the probability of dropping in h/(1 − p), and of keeping in "weights times p"."""
    yield passes(DROPOUT, {"if_p_drops": "6"})
    yield flagged(DROPOUT, {"if_p_keeps": "6"})


def jacobians() -> Iterator[Shown]:
    """The Jacobians of layers in the reversed order: ∂y/∂x is B·A for h = Ax, y = Bh, not A·B."""
    yield passes(JACOBIANS, {"∂y₁/∂x₁": "23"})
    yield flagged(JACOBIANS, {"∂y₁/∂x₁": "19"})


def acyclic() -> Iterator[Shown]:
    """The graph is called directed; it has to be acyclic as well, or there is no order."""
    made = program("a = 2; b = 3*a; c = a + b")
    yield fact("directed and acyclic: a → b, a → c, b → c", made.output.data == 8, "runs")
    try:
        program("a = 3*b; b = a + 1")
        said = ""
    except ProgramError as error:
        said = error.message
    yield Claim("directed, with a cycle: a → b, b → a", "", said, FLAGGED if said else WRONG)


def kink() -> Iterator[Shown]:
    """Activations are called differentiable; ReLU is not at 0: any slope in [0, 1] will do."""
    relu, sigmoid = "z = 0; h = relu(z)", "z = 0; h = sigmoid(z)"
    yield passes(sigmoid, {"∂h/∂z": "0.25"})
    yield passes(relu, {"∂h/∂z": "0"})
    both = [answer for answer in ("0", "0.5", "1") if check(relu, {"∂h/∂z": answer}).ok]
    only = [answer for answer in ("0.20", "0.25", "0.30") if check(sigmoid, {"∂h/∂z": answer}).ok]
    yield fact("σ has one slope at 0", only == ["0.25"], ", ".join(only))
    is_kink = len(both) == 3 and program(relu).output.is_at_kink
    yield Claim("ReLU is differentiable at 0", "", f"its slopes there: {', '.join(both)}",
                FLAGGED if is_kink else WRONG)  # fmt: skip


def two_and_two() -> Iterator[Shown]:
    """A trap: x = 2 equals the 2 of the power rule, so that −0.12 may have lost either."""
    power, chain = "the factor 2 of the square is lost", "a factor of the chain is lost"
    yield flagged(SLIDE, {"∂ℓ/∂w₂": "−0.12"}, power, chain)
    yield flagged(SLIDE, {"∂ℓ/∂ŷ": "−0.6", "∂ℓ/∂w₂": "−0.12"}, power)
    yield flagged(SLIDE, {"∂h₂/∂w₂": "1", "∂ℓ/∂w₂": "−0.12"}, "the inner derivative is lost")
    other = SLIDE.replace("x = 2", "x = 3")
    yield flagged(other, {"∂ℓ/∂w₂": "−0.12"}, power)
    yield flagged(other, {"∂ℓ/∂w₂": "−0.08"}, chain)


def two_gradients() -> Iterator[Shown]:
    """A trap: without biases ∂ℓ/∂x is −0.24 as well, whatever the weights that give ŷ = 0.4."""
    made = program(SLIDE)
    by_x, by_w2 = (partial(made.output, made[name]) for name in ("x", "w2"))
    yield number("∂ℓ/∂x", "−0.24", by_x)
    _, _, formulas = SLIDE.partition("w4 = 0.1")
    yield identity(formulas, "∂ℓ/∂x", "2*(yhat - y)*yhat/x")
    yield Claim("∂ℓ/∂x, written for ∂ℓ/∂w₂, goes unnoticed", "", f"both are {fraction(by_x)}",
                FLAGGED if by_x == by_w2 else WRONG)  # fmt: skip
    other = SLIDE.replace("x = 2", "x = 3")
    yield flagged(other, {"∂ℓ/∂w₂": "−0.16"})


ROWS = (
    Row("mean-or-sum", mean_or_sum),
    Row("gate", gate),
    Row("indices", indices),
    Row("keep-or-drop", keep_or_drop),
    Row("jacobians", jacobians),
    Row("acyclic", acyclic),
    Row("kink", kink),
    Row("two-and-two", two_and_two),
    Row("two-gradients", two_gradients),
)
