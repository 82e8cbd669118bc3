"""Gradients that vanish and explode, the cures, and learning rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from scalargrad import nn, train
from scalargrad.engine import ops
from scalargrad.engine.value import Value
from scalargrad.nn import losses
from scalargrad.nn.initialisation import scaled
from scalargrad.nn.layers import MLP, Sequential
from scalargrad.nn.module import Module
from scalargrad.train import fit, optim
from scalargrad.train.data import noisy_sine, two_moons
from scalargrad.train.optim import SGD

# Vanishing and exploding gradients ---------------------------------------------------------------


@dataclass(frozen=True)
class Products:
    """The products of one, two, three, … equal factors, as a deep chain multiplies them."""

    factors: list[float]
    products: list[list[float]]


def products(factors: Sequence[float] = (1.5, 0.8, 0.25), count: int = 100) -> Products:
    """The gradients ∂hₙ/∂h₀ of a chain hₙ = w·hₙ₋₁, found by backward: wⁿ.

    >>> found = products([1.5, 0.8])
    >>> [f"{chain[-1]:.3e}" for chain in found.products]
    ['4.066e+17', '2.037e-10']
    """
    chains = []
    for factor in factors:
        chain = [h := Value(1.0)]
        for _ in range(count):
            chain.append(h := factor * h)
        h.backward()
        chains.append([_grad(node) for node in reversed(chain[:-1])])
    return Products(list(factors), chains)


@dataclass(frozen=True)
class Steepest:
    """Where an activation is steepest, and its slope there."""

    z: float
    slope: float


def steepest(activation: Callable[[Any], Any] = ops.sigmoid, reach: float = 10.0) -> Steepest:
    """The greatest slope of an activation between ±reach.

    >>> steepest(ops.sigmoid)
    Steepest(z=0.0, slope=0.25)
    """
    import numpy as np

    z = Value(np.linspace(-reach, reach, 2001))
    activation(z).backward()
    slopes = np.array(z.grad)
    top = int(slopes.argmax())
    return Steepest(float(z.data[top]), float(slopes[top]))


@dataclass(frozen=True)
class GradientSizes:
    """Mean |gradient| of the weights, for each case over the layers, or over the depths.

    Attributes:
        what: "layer" or "depth".
        places: the numbers of the layers, from the inputs, or the depths.
        cases: the names of the networks.
        sizes: for each case a number for each place.
    """

    what: str
    places: list[int]
    cases: list[str]
    sizes: list[list[float]]


Network = Callable[[int, int, int], Module]  # of a depth, a width and a seed


def _stack(
    depth: int,
    width: int,
    seed: int,
    activation: Callable[[Any], Any],
    initial: nn.Initialisation,
    normalise: bool = False,
    residual: bool = False,
) -> Module:
    """Layers of equal width between one of two inputs and one output."""
    random = Random(seed)
    made: list[Module] = []
    for number in range(1, depth + 1):
        first, last = number == 1, number == depth
        after = None if last or normalise else activation
        layer: Module = nn.Layer(
            2 if first else width, 1 if last else width, after,
            initial=initial, layer=number, random=random,
        )  # fmt: skip
        if normalise and not last:
            layer = Sequential(layer, nn.BatchNorm(width, layer=number), nn.Elementwise(activation))
        made.append(nn.Residual(layer) if residual and not (first or last) else layer)
    return Sequential(*made)


NETWORKS: dict[str, Network] = {
    "sigmoid": partial(_stack, activation=ops.sigmoid, initial=nn.xavier),
    "tanh, small weights": partial(_stack, activation=ops.tanh, initial=scaled(nn.xavier, 0.3)),
    "ReLU": partial(_stack, activation=ops.relu, initial=nn.he),
    "sigmoid, residual": partial(_stack, activation=ops.sigmoid, initial=nn.xavier, residual=True),
    "sigmoid, batch norm": partial(
        _stack, activation=ops.sigmoid, initial=nn.xavier, normalise=True
    ),
    "ReLU, large weights": partial(_stack, activation=ops.relu, initial=scaled(nn.he, 4.0)),
}
CLIPPED = "large weights, clipped"


def gradients_by_layer(
    cases: Iterable[str] = (*NETWORKS, CLIPPED), depth: int = 12, width: int = 8, seed: int = 0
) -> GradientSizes:
    """Mean |∂L/∂w| in each layer of untrained networks, each in the first step of training.

    Args:
        cases: names in NETWORKS, or CLIPPED: large weights with the gradient clipped to norm 1.
        depth: how many layers.
        width: units in each of them.
        seed: of the weights.
    """
    cases = list(cases)
    sizes = [_weight_gradients(case, depth, width, seed) for case in cases]
    return GradientSizes("layer", list(range(1, depth + 1)), cases, sizes)


def gradients_by_depth(
    cases: Iterable[str] = (*NETWORKS, CLIPPED),
    depths: Iterable[int] = (2, 4, 8, 12, 16),
    width: int = 8,
    seed: int = 0,
) -> GradientSizes:
    """Mean |∂L/∂w| in the first layer of networks of several depths."""
    cases, depths = list(cases), list(depths)
    sizes = [[_weight_gradients(case, depth, width, seed)[0] for depth in depths] for case in cases]
    return GradientSizes("depth", depths, cases, sizes)


def _weight_gradients(case: str, depth: int, width: int, seed: int) -> list[float]:
    known = [*NETWORKS, CLIPPED]
    if case not in known:
        raise ValueError(f"a case is one of {', '.join(known)}; got {case}")
    model = NETWORKS["ReLU, large weights" if case == CLIPPED else case](depth, width, seed)
    examples = two_moons(16, seed=seed)
    loss = losses.binary_cross_entropy_with_logits
    ops.mean(*train.losses_of(model, loss, examples, lanes=False)[0]).backward()
    parameters = model.parameters()
    if case == CLIPPED:
        optim.clip_norm(parameters, 1)
    found = []
    for number in range(1, depth + 1):
        of_layer = [p for p in parameters if p.label[:1] == "w" and p.label.endswith(f"_{number}")]
        found.append(sum(abs(_grad(p)) for p in of_layer) / len(of_layer))
    return found


def _grad(node: Value) -> float:
    return 0.0 if node.grad is None else float(node.grad)


# Learning rates ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LearningRates:
    """The loss after every step, for each learning rate, and whether the run diverged."""

    rates: list[float]
    losses: list[list[float]]
    diverged: list[bool]


def learning_rates(
    rates: Sequence[float] = (0.001, 0.03, 0.3, 3.0), steps: int = 100, seed: int = 0
) -> LearningRates:
    """The same network trained by full-batch gradient descent at several learning rates."""
    examples = noisy_sine(40, seed=seed)
    runs = []
    for rate in rates:
        model = MLP(1, [16, 1], ops.tanh, seed=seed)
        sgd = SGD(model.parameters(), rate)
        runs.append(fit(model, losses.squared_error, examples, sgd, epochs=steps, monitor=False))
    curves = [run.train["loss"] for run in runs]
    return LearningRates(list(rates), curves, [bool(run.stopped) for run in runs])
