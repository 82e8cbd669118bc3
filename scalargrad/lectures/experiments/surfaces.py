"""Scores over the plane, descents on a loss of two parameters, and constraints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scalargrad.engine import ops
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.nn.module import Module
from scalargrad.train import optim
from scalargrad.train.data import DataSet, Point
from scalargrad.train.optim import SGD


@dataclass(frozen=True)
class Grid:
    """Scores at the points of a rectangle: `scores[row][column]` at (`xs[column]`, `ys[row]`)."""

    xs: list[float]
    ys: list[float]
    scores: list[list[float]]


def score_grid(scores: Callable[[Any], Any], data: DataSet, steps: int = 100) -> Grid:
    """The scores of a network as in testing, or of a function, over the rectangle of the data.

    Args:
        scores: of a list of two lanes, a Value or lanes: a number for each point.
        data: examples of two numbers.
        steps: how many points there are along each side.
    """
    import numpy as np

    if len(data.names) != 2:
        raise ValueError(f"a plane has two axes; the examples have {len(data.names)} numbers")
    sides = [
        np.linspace(min(column) - 0.4, max(column) + 0.4, steps)
        for column in zip(*data.inputs, strict=True)
    ]
    x, y = np.meshgrid(*sides)
    is_training = isinstance(scores, Module) and scores.training
    if isinstance(scores, Module):
        scores.eval()
    found = scores([x.ravel(), y.ravel()])
    if isinstance(scores, Module):
        scores.train(is_training)
    numbers = found.data if isinstance(found, Value) else found
    numbers = np.broadcast_to(np.asarray(numbers, dtype=float), x.size)
    xs, ys = (side.tolist() for side in sides)
    return Grid(xs, ys, numbers.reshape(x.shape).tolist())


# Descents ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Descent:
    """Gradient descent on a loss of two parameters, and the loss about its path.

    Attributes:
        names: of the two parameters.
        path: the points, the start first.
        losses: the loss at each of them.
        rate: the learning rate.
        grid: the loss over a rectangle that holds the path.
    """

    names: tuple[str, str]
    path: list[Point]
    losses: list[float]
    rate: float
    grid: Grid


def valley(w1: Any, w2: Any) -> Any:
    """(w₁ − 1)² + 8(w₂ + 1/2)²: a valley eight times as steep one way as the other."""
    return (w1 - 1) ** 2 + 8 * (w2 + 0.5) ** 2


def descent(
    loss: Callable[[Any, Any], Value] = valley,
    start: Point = (-2.0, 1.5),
    rate: float = 0.1,
    steps: int = 30,
    names: tuple[str, str] = ("w1", "w2"),
) -> Descent:
    """The path of gradient descent on a loss of two parameters."""
    import numpy as np

    w1, w2 = (Value(float(w), name) for w, name in zip(start, names, strict=True))
    sgd = SGD([w1, w2], rate)
    path: list[Point] = []
    values = []
    for step in range(steps + 1):
        if step:
            sgd.step()
        sgd.zero_grad()
        found = loss(w1, w2)
        found.backward()
        path.append((float(w1.data), float(w2.data)))
        values.append(float(found.data))
    sides = []
    for column in zip(*path, strict=True):
        reach = 0.6 * (max(column) - min(column)) + 0.1
        sides.append(np.linspace(min(column) - reach, max(column) + reach, 81))
    x, y = np.meshgrid(*sides)
    on_grid = loss(Value(x.ravel()), Value(y.ravel())).data.reshape(x.shape)
    grid = Grid(sides[0].tolist(), sides[1].tolist(), on_grid.tolist())
    return Descent(names, path, values, rate, grid)


# Constraints -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constraint:
    """The optima of Σc(w − a)² under ‖w‖² ≤ B, and with λ/2‖w‖² added, found by descent.

    Attributes:
        a: the optimum without a constraint, which the slide calls w̃*.
        curvatures: c, one for each weight.
        bound: B.
        hard: the optimum of the hard constraint, w*.
        decay: the λ whose soft optimum is the same.
        soft: the optimum of the soft constraint, w* as well.
        soft_path: soft optima for λ from 0 to very large.
    """

    a: Point
    curvatures: Point
    bound: float
    hard: Point
    decay: float
    soft: Point
    soft_path: list[Point]


def constraint(
    a: Point = (2.0, 1.0), bound: float = 1.0, curvatures: Point | None = None
) -> Constraint:
    """Projected gradient descent beside weight decay, with the λ that matches.

    Where all c are 1, that is 2‖a‖/√B − 2.

    >>> found = constraint((3.0,), bound=1.0)
    >>> round(found.decay, 6), round(found.hard[0], 6), round(found.soft[0], 6)
    (4.0, 1.0, 1.0)
    """
    c = curvatures or tuple([1.0] * len(a))
    size = math.hypot(*a)
    if not 0 < bound <= size * size:
        raise ValueError(f"the bound B is between 0 and ‖a‖² = {size * size:g}; got {bound}")
    low, high = 0.0, 2 * max(c) * size / math.sqrt(bound)
    for _ in range(100):  # ‖w*‖ falls as λ grows
        decay = (low + high) / 2
        at = [2 * ci * ai / (2 * ci + decay) for ai, ci in zip(a, c, strict=True)]
        low, high = (decay, high) if math.hypot(*at) ** 2 > bound else (low, decay)
    strengths = [0.0, *(10 ** (k / 4 - 1) for k in range(15))]
    path = [_descended(a, c, decay=strength) for strength in strengths]
    hard, soft = _descended(a, c, bound=bound), _descended(a, c, decay=decay)
    return Constraint(a, c, bound, hard, decay, soft, path)


def _descended(a: Point, c: Point, *, decay: float = 0.0, bound: float | None = None) -> Point:
    """Where gradient descent on Σc(w − a)² ends."""
    ws = [Value(0.0, f"w{i}") for i in range(1, len(a) + 1)]
    sgd = SGD(ws, 1 / (2 * max(c) + 1 + decay), weight_decay=decay)  # below where it would diverge
    for _ in range(200):
        sgd.zero_grad()
        ops.total(*[ci * (w - ai) ** 2 for w, ai, ci in zip(ws, a, c, strict=True)]).backward()
        sgd.step()
        if bound is not None:
            optim.project(ws, bound)
    return tuple([float(w.data) for w in ws])


def soft_optimum(a: Scalar, decay: Scalar) -> Scalar:
    """w* = 2a/(λ + 2), where the gradient of (w − a)² + λ/2 w² is zero; exact for exact numbers.

    >>> soft_optimum(3, 4)
    Fraction(1, 1)
    """
    return Fraction(2) * a / (decay + 2)
