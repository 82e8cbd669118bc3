"""Initial weights of a layer, seeded, and their names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar

Rows = list[list[Scalar]]  # the weights of a layer: a row for each unit, a column for each input
Initialisation = Callable[[Random, int, int], Rows]
WeightName = Callable[[str, str, int], str]


def uniform(random: Random, inputs: int, units: int) -> Rows:
    """Weights between -1 and 1, as micrograd draws them: from equal seeds the same ones."""
    return _drawn(lambda: random.uniform(-1, 1), inputs, units)


def xavier(random: Random, inputs: int, units: int) -> Rows:
    """Weights between ±√(6/(inputs + units)), for tanh and sigmoid (Glorot and Bengio 2010)."""
    bound = math.sqrt(6 / (inputs + units))
    return _drawn(lambda: random.uniform(-bound, bound), inputs, units)


def he(random: Random, inputs: int, units: int) -> Rows:
    """Normal weights of variance 2/inputs, for ReLU (He et al. 2015)."""
    return _drawn(lambda: random.gauss(0, math.sqrt(2 / inputs)), inputs, units)


def zeros(random: Random, inputs: int, units: int) -> Rows:
    """Zeros: units that start equal stay equal, which is why one draws."""
    return _drawn(lambda: 0.0, inputs, units)


def given(rows: Sequence[Sequence[Any]]) -> Initialisation:
    """An initialisation with these weights, a row for each unit: numbers, or text to be exact.

    >>> from scalargrad.nn.layers import Layer
    >>> Layer(2, 1, initial=given([["0.5", "-1/4"]])).parameters()[1]
    Value(data=-1/4, grad=None, label='w21_1')
    """

    def initial(random: Random, inputs: int, units: int) -> Rows:
        if [len(row) for row in rows] != [inputs] * units:
            raise ValueError(
                f"a layer of {units} units on {inputs} inputs needs {units} rows of {inputs} "
                f"weights; got rows of {[len(row) for row in rows]}"
            )
        return [list(row) for row in rows]

    return initial


def scaled(initial: Initialisation, factor: float) -> Initialisation:
    """An initialisation that draws as another, and multiplies each weight.

    >>> from scalargrad.nn.layers import Layer
    >>> Layer(2, 1, initial=scaled(given([["0.5", "-1/4"]]), 2)).parameters()[1]
    Value(data=-1/2, grad=None, label='w21_1')
    """

    def larger(random: Random, inputs: int, units: int) -> Rows:
        rows = initial(random, inputs, units)
        return [[factor * scalars.scalar(w) for w in row] for row in rows]

    return larger


def _drawn(draw: Callable[[], float], inputs: int, units: int) -> Rows:
    return [[draw() for _ in range(inputs)] for _ in range(units)]


# Names -------------------------------------------------------------------------------------------


def input_first(i: str, j: str, layer: int) -> str:
    """w12_1: the weight from input 1 to unit 2 of layer 1."""
    return f"w{i}{j}_{layer}"


def output_first(i: str, j: str, layer: int) -> str:
    """w21_1: the weight to unit 2 from input 1 of layer 1."""
    return f"w{j}{i}_{layer}"
