"""Losses of one example (or of one lane each); over a data set the caller takes mean or total.

Targets may be numbers, text, lanes or Values. A label outside the domain of a loss is a ValueError.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, constant
from scalargrad.nn.layers import is_bias


def squared_error(prediction: Any, target: Any, half: bool = False) -> Value:
    """(ŷ - y)², or half of it; of several outputs the sum.

    >>> squared_error(Value("0.4", "yhat"), 1)
    Value(data=9/25, grad=None, label='loss')
    """
    predictions, targets = _outputs(prediction), _outputs(target)
    if len(predictions) != len(targets):
        raise ValueError(
            f"squared_error needs a target for each output; got {len(targets)} for "
            f"{len(predictions)}"
        )
    pairs = zip(predictions, _named(targets), strict=True)
    squares = [(yhat - y).square() for yhat, y in pairs]
    loss = squares[0] if len(squares) == 1 else ops.total(*squares)
    return _loss(loss * Fraction(1, 2) if half else loss)


def binary_cross_entropy(probability: Any, target: Any) -> Value:
    """-y log ŷ - (1 - y) log(1 - ŷ), as the deck writes it; at ŷ = 0 or 1 use the logit's."""
    yhat = _value(probability)
    (y,) = _named([_label(target, "binary_cross_entropy")])
    return _loss(-y * yhat.log() - (1 - y) * (1 - yhat).log())


def binary_cross_entropy_with_logits(logit: Any, target: Any) -> Value:
    """The same of ŷ = σ(z) for the logit z, exact at saturation too: y·s(-z) + (1 - y)·s(z).

    s is softplus: -log σ(z) = s(-z), and -log(1 - σ(z)) = s(z).
    """
    z = _value(logit)
    (y,) = _named([_label(target, "binary_cross_entropy_with_logits")])
    return _loss(y * (-z).softplus() + (1 - y) * z.softplus())


def softmax_cross_entropy(logits: Sequence[Any], target: Any) -> Value:
    """-log of the softmax probability of the target: logΣexp(f) - f_target.

    Args:
        logits: a list with one for each class.
        target: the index of the class, from 0 (lanes: an array of them), or a list of
            probabilities, such as one-hot.
    """
    if isinstance(logits, Value):
        raise ValueError("softmax_cross_entropy needs a list of logits; got Value, one of them")
    scores = list(map(_value, logits))
    if len(scores) < 2:
        raise ValueError(f"softmax_cross_entropy needs 2 or more logits; got {len(scores)}")
    every = ops.logsumexp(*scores)
    if isinstance(target, list | tuple):
        return _loss(every - _expected(scores, _probabilities(target, len(scores))))
    index = _index(target, len(scores))
    if scalars.is_number(index):
        return _loss(every - scores[int(index)])
    is_target = [scalars.where(scalars.equal(index, k), 1.0, 0.0) for k in range(len(scores))]
    return _loss(every - _expected(scores, is_target))


def hinge(score: Any, target: Any) -> Value:
    """max(0, 1 - y·s) for a label y of -1 or 1."""
    y = _value(target)
    if not _all((y.data == 1) | (y.data == -1)):
        raise ValueError(
            f"hinge needs labels -1 or 1; got {scalars.shown(y.data)} (for 0 and 1 use "
            "binary_cross_entropy_with_logits)"
        )
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


# Targets -----------------------------------------------------------------------------------------


def _value(number: Any) -> Value:
    return number if isinstance(number, Value) else constant(number)


def _outputs(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


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
    if not _all((y.data >= 0) & (y.data <= 1)):
        raise ValueError(
            f"{loss} needs labels between 0 and 1; got {scalars.shown(y.data)} (for -1 and 1 use "
            "hinge)"
        )
    return y


def _index(target: Any, classes: int) -> Scalar:
    index = target.data if isinstance(target, Value) else scalars.scalar(target)
    is_class = [scalars.equal(index, k) for k in range(classes)]
    if not _all(reduce(operator.or_, is_class)):
        raise ValueError(
            f"softmax_cross_entropy needs the index of a class, from 0 to {classes - 1}; got "
            f"{scalars.shown(index)}"
        )
    return index


def _probabilities(target: Sequence[Any], classes: int) -> list[Value]:
    ys = _named(list(target))
    total = sum(y.data for y in ys)
    inside = all(_all((y.data >= 0) & (y.data <= 1)) for y in ys)
    if len(ys) != classes or not inside or not _all(abs(total - 1) <= 1e-9):
        raise ValueError(
            f"softmax_cross_entropy needs {classes} probabilities that sum to 1; got "
            f"[{', '.join(scalars.shown(y.data) for y in ys)}]"
        )
    return ys


def _expected(scores: list[Value], probabilities: Sequence[Any]) -> Value:
    pairs = zip(probabilities, scores, strict=True)
    expected: Value = ops.dot(0, *[operand for pair in pairs for operand in pair])
    return expected


def _all(condition: Any) -> bool:
    """Whether a condition holds, in every lane; of symbols nothing is known, and it is let pass."""
    if isinstance(condition, bool):
        return condition
    return bool(condition.all()) if hasattr(condition, "all") else True
