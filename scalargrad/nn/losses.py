"""The table of losses, of one example or one lane each; over a data set comes mean or total.

Targets may be numbers, text, lanes or Values. A label outside the domain of a loss is a ValueError.
To add a loss, write its function under `@row(…)`: the documentation and the tests follow. Programs
have the same losses in their own words (`language.library`): the same name means the same.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.value import Value, constant
from scalargrad.nn.module import is_bias


@dataclass(frozen=True)
class Loss:
    """One row of the table of losses.

    Attributes:
        function: of a prediction and a target (or lists of them), and options; gives a Value.
        formula: what it computes, in letters.
        points: a prediction and a target each, at which the tests check value and gradients.
        torch: its name in torch.nn.functional.
    """

    function: Callable[..., Value]
    formula: str
    points: tuple[tuple[Any, Any], ...]
    torch: str

    @property
    def name(self) -> str:
        """How programs call it."""
        return self.function.__name__


LOSSES: dict[str, Loss] = {}
Function = Callable[..., Value]


def row(
    formula: str, points: tuple[tuple[Any, Any], ...], torch: str
) -> Callable[[Function], Function]:
    """Add the function that follows to the table."""

    def added(function: Function) -> Function:
        loss = Loss(function, formula, points, torch)
        LOSSES[loss.name] = loss
        return function

    return added


_NUMBERS = ((-0.5, 0.25), (2.0, 0.5), ([0.5, -1.0], [0.25, 2.0]))
_LOGITS = ((-2.5, 0.0), (0.5, 1.0), (1.5, 0.25), (40.0, 1.0))
_CLASSES = (([0.5, -1.25], 1), ([0.25, 2.0, -3.0], 0), ([0.5, -1.25, 0.75], [0.25, 0.5, 0.25]))
_DISTRIBUTIONS = (([0.25, 0.75], [0.5, 0.5]), ([0.5, 0.25, 0.25], [1.0, 0.0, 0.0]))


@row("(ŷ − y)²", _NUMBERS, "mse_loss")
def squared_error(prediction: Any, target: Any, half: bool = False) -> Value:
    """(ŷ - y)², or half of it; of several outputs the sum.

    >>> squared_error(Value("0.4", "yhat"), 1)
    Value(data=9/25, grad=None, label='loss')
    """
    squares = [(yhat - y).square() for yhat, y in _pairs(prediction, target, "squared_error")]
    loss = _sum(squares)
    return _loss(loss * Fraction(1, 2) if half else loss)


@row("½(ŷ − y)²", _NUMBERS, "mse_loss")
def half_squared_error(prediction: Any, target: Any) -> Value:
    """½(ŷ - y)², whose derivative is ŷ - y; of several outputs the sum."""
    return squared_error(prediction, target, half=True)


@row("|ŷ − y|", _NUMBERS, "l1_loss")
def absolute_error(prediction: Any, target: Any) -> Value:
    """|ŷ - y|; of several outputs the sum."""
    pairs = _pairs(prediction, target, "absolute_error")
    return _loss(_sum([abs(yhat - y) for yhat, y in pairs]))


@row("½e² where |e| ≤ δ, else δ(|e| − ½δ), with e = ŷ − y", _NUMBERS, "huber_loss")
def huber(prediction: Any, target: Any, delta: Any = 1) -> Value:
    """½e² of a small error e = ŷ - y, linear beyond ±δ: c(e - ½c) with c = clip(e, -δ, δ).

    >>> huber(Value(3), 1, delta=1)
    Value(data=3/2, grad=None, label='loss')
    """
    bound = scalars.scalar(delta)
    if not bound > 0:
        raise ValueError(f"huber needs delta > 0; got {scalars.shown(bound)}")
    losses = []
    for yhat, y in _pairs(prediction, target, "huber"):
        error = yhat - y
        clipped = error.clip(-bound, bound)
        losses.append(clipped * (error - clipped * Fraction(1, 2)))
    return _loss(_sum(losses))


@row("−y log ŷ − (1 − y) log(1 − ŷ)", ((0.25, 0.0), (0.75, 1.0), (0.5, 0.25)),
     "binary_cross_entropy")  # fmt: skip
def binary_cross_entropy(probability: Any, target: Any) -> Value:
    """-y log ŷ - (1 - y) log(1 - ŷ), as the deck writes it; at ŷ = 0 or 1 use the logit's."""
    yhat = _value(probability)
    (y,) = _named([_label(target, "binary_cross_entropy")])
    return _loss(-y * yhat.log() - (1 - y) * (1 - yhat).log())


@row("y s(−z) + (1 − y) s(z), with s = softplus", _LOGITS, "binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(logit: Any, target: Any) -> Value:
    """The same of ŷ = σ(z) for the logit z, exact at saturation too: y·s(-z) + (1 - y)·s(z).

    s is softplus: -log σ(z) = s(-z), and -log(1 - σ(z)) = s(z).
    """
    z = _value(logit)
    (y,) = _named([_label(target, "binary_cross_entropy_with_logits")])
    if scalars.is_number(z.data) and math.isinf(z.data) and y.data in (0, 1):  # 0 × ∞ is left out
        return _loss((-z if y.data == 1 else z).softplus())
    return _loss(y * (-z).softplus() + (1 - y) * z.softplus())


@row("logΣexp(f) − f[y]", _CLASSES, "cross_entropy")
def softmax_cross_entropy(logits: Sequence[Any], target: Any) -> Value:
    """-log of the softmax probability of the target: logΣexp(f) - f_target.

    Args:
        logits: a list with one for each class.
        target: the index of the class, from 0 (lanes: an array of them), or a list of
            probabilities, such as one-hot.
    """
    name = "softmax_cross_entropy"
    scores = _list_of_values(logits, name, "logits")
    every = ops.logsumexp(*scores)
    shares = _class_or_probabilities(target, len(scores), name)
    own = scores[shares] if isinstance(shares, int) else _expected_score(scores, shares)
    return _loss(every - own)


@row("−log p[y], or −Σ y log p", (([0.25, 0.75], 1), *_DISTRIBUTIONS), "nll_loss")
def categorical_cross_entropy(probabilities: Sequence[Any], target: Any) -> Value:
    """-log of the probability of the target; of logits use softmax_cross_entropy.

    Args:
        probabilities: a list with one for each class.
        target: the index of the class, from 0, or a list of probabilities, such as one-hot.
    """
    name = "categorical_cross_entropy"
    ps = _list_of_values(probabilities, name, "probabilities")
    ys = _class_or_probabilities(target, len(ps), name)
    if isinstance(ys, int):
        return _loss(-ps[ys].log())
    terms = [_unless_zero(y, y * p.log()) for p, y in zip(ps, ys, strict=True) if not _is_zero(y)]
    return _loss(-_sum(terms))


@row("Σ y (log y − log p)", _DISTRIBUTIONS, "kl_div")
def kl_divergence(probabilities: Sequence[Any], target: Sequence[Any]) -> Value:
    """Σ y(log y - log p), of probabilities p from the target's y; where y is 0 nothing is added."""
    ps = _list_of_values(probabilities, "kl_divergence", "probabilities")
    ys = _probabilities(_outputs(target), len(ps), "kl_divergence")
    pairs = [(p, y) for p, y in zip(ps, ys, strict=True) if not _is_zero(y)]
    return _loss(_sum([_unless_zero(y, y * (y.log() - p.log())) for p, y in pairs]))


@row("max(0, 1 − y s)", ((0.5, 1.0), (0.5, -1.0), (2.5, 1.0)), "margin_ranking_loss")
def hinge(score: Any, target: Any) -> Value:
    """max(0, 1 - y·s) for a label y of -1 or 1."""
    y = _value(target)
    hint = " (for 0 and 1 use binary_cross_entropy_with_logits)"
    _require((y.data == 1) | (y.data == -1), "hinge needs labels -1 or 1", y.data, hint)
    return _loss(ops.dot(1, -y, _value(score)).relu())


def l2_penalty(parameters: Iterable[Value], strength: Any, biases: bool = False) -> Value:
    """λ/2 ‖w‖², whose gradient is λw, as weight decay's.

    Args:
        parameters: those of a module.
        strength: λ.
        biases: whether parameters whose name begins with b count.
    """
    weights = [w for w in parameters if biases or not is_bias(w)]
    if not weights:
        raise ValueError("l2_penalty needs at least one weight; got none")
    squares = ops.dot(0, *[operand for w in weights for operand in (w, w)])
    penalty: Value = squares * scalars.divide(scalars.scalar(strength), 2)
    return penalty


def _loss(loss: Value) -> Value:
    return loss.named("loss")


def _sum(terms: list[Value]) -> Value:
    return terms[0] if len(terms) == 1 else ops.total(*terms)


# Targets -----------------------------------------------------------------------------------------


def _value(number: Any) -> Value:
    return number if isinstance(number, Value) else constant(number)


def _outputs(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _pairs(prediction: Any, target: Any, loss: str) -> list[tuple[Any, Value]]:
    """Each output with its target."""
    predictions, targets = _outputs(prediction), _outputs(target)
    if len(predictions) != len(targets):
        raise ValueError(
            f"{loss} needs a target for each output; got {len(targets)} for {len(predictions)}"
        )
    return list(zip(map(_value, predictions), _named(targets), strict=True))


def _list_of_values(numbers: Sequence[Any], loss: str, what: str) -> list[Value]:
    if isinstance(numbers, Value):
        raise ValueError(f"{loss} needs a list of {what}; got Value, one of them")
    values = list(map(_value, numbers))
    if len(values) < 2:
        raise ValueError(f"{loss} needs 2 or more {what}; got {len(values)}")
    return values


def _is_zero(y: Value) -> bool:
    return scalars.is_number(y.data) and bool(y.data == 0)


def _unless_zero(y: Value, term: Value) -> Value:
    """What a target adds to a loss: nothing in lanes where it is 0, whatever is infinite there."""
    if scalars.is_number(y.data):
        return term
    added: Value = ops.where_(scalars.equal(y.data, 0), 0, term)
    return added


def _named(targets: list[Any]) -> list[Value]:
    """Targets as leaves y, or y1, y2, …, so that pictures show them; Values stay as they are."""
    many = len(targets) > 1
    return [
        y if isinstance(y, Value) else Value(y, f"y{k}" if many else "y")
        for k, y in enumerate(targets, 1)
    ]


def _label(target: Any, loss: str) -> Value:
    """A target between 0 and 1."""
    (y,) = _named([target])
    is_label, hint = (y.data >= 0) & (y.data <= 1), " (for -1 and 1 use hinge)"
    _require(is_label, f"{loss} needs labels between 0 and 1", y.data, hint)
    return y


def _class_or_probabilities(target: Any, classes: int, loss: str) -> int | list[Value]:
    """The index of a class, where it is known; else the probability of each."""
    if isinstance(target, list | tuple):
        return _probabilities(target, classes, loss)
    index = target.data if isinstance(target, Value) else scalars.scalar(target)
    is_class = reduce(operator.or_, [scalars.equal(index, k) for k in range(classes)])
    _require(is_class, f"{loss} needs the index of a class, from 0 to {classes - 1}", index)
    if scalars.is_number(index):
        return int(index)
    return _named([scalars.where(scalars.equal(index, k), 1.0, 0.0) for k in range(classes)])


def _probabilities(target: Sequence[Any], classes: int, loss: str) -> list[Value]:
    ys = _named(list(target))
    shares = [y.data for y in ys]
    conditions = [(share >= 0) & (share <= 1) for share in shares]
    conditions.append(abs(sum(shares) - 1) <= 1e-9)
    are_shares = len(ys) == classes and reduce(operator.and_, conditions)
    _require(are_shares, f"{loss} needs {classes} probabilities that sum to 1", shares)
    return ys


def _expected_score(scores: list[Value], shares: list[Value]) -> Value:
    pairs = zip(shares, scores, strict=True)
    product: Value = ops.dot(0, *[operand for pair in pairs for operand in pair])
    return product


def _require(condition: Any, wanted: str, label: Any, hint: str = "") -> None:
    """Raise a ValueError where a condition on a label, or on several, does not hold, in any lane.

    Of symbols nothing is known, and they are let pass.
    """
    by_lane = condition.tolist() if hasattr(condition, "tolist") else condition
    holds = by_lane if isinstance(by_lane, list) else [by_lane]
    wrong = [lane for lane, is_right in enumerate(holds) if is_right is False]
    if wrong:
        every = label if isinstance(label, list) else [label]
        own = [scalars.shown(y[wrong[0]] if getattr(y, "shape", ()) else y) for y in every]
        got = f"[{', '.join(own)}]" if isinstance(label, list) else own[0]
        raise ValueError(f"{wanted}; got {got}{hint}")
