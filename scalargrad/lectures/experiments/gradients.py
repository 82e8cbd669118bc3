"""Gradients that vanish and explode, the cures, and learning rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from scalargrad import nn, train
from scalargrad.engine import ops
from scalargrad.engine.value import Value
from scalargrad.lectures.experiments.curves import Curves
from scalargrad.nn import losses
from scalargrad.nn.initialisation import scaled
from scalargrad.nn.layers import MLP, Sequential
from scalargrad.nn.module import Module
from scalargrad.train import fit, optim
from scalargrad.train.data import DataSet, noisy_sine, two_moons
from scalargrad.train.monitor import HEALTHY
from scalargrad.train.optim import SGD

CLASSES = losses.binary_cross_entropy_with_logits


def fit_classes(
    model: Module, examples: DataSet, sgd: SGD, steps: int, backend: str | None
) -> None:
    """Train a network to tell two classes apart, full-batch."""
    fit(model, CLASSES, examples, sgd, epochs=steps, monitor=False, backend=backend)


# Vanishing and exploding gradients ---------------------------------------------------------------


def products(factors: Sequence[float] = (1.5, 0.8, 0.25), count: int = 100) -> Curves:
    """The gradients ∂hₙ/∂h₀ of a chain hₙ = w·hₙ₋₁, found by backward: wⁿ.

    >>> found = products([1.5, 0.8])
    >>> [f"{chain[-1]:.3e}" for chain in found.runs[0].values()]
    ['4.066e+17', '2.037e-10']
    """
    chains = {}
    for factor in factors:
        chain = [h := Value(1.0)]
        for _ in range(count):
            chain.append(h := factor * h)
        h.backward()
        chains[f"{factor:g}ⁿ"] = [_grad(node) for node in reversed(chain[:-1])]
    return Curves("n", "∂hₙ/∂h₀", range(1, count + 1), [chains], "y")


@dataclass(frozen=True)
class Steepest:
    """Where an activation is steepest, and its slope there."""

    z: float
    slope: float


def steepest(activation: Callable[[Any], Any] = ops.sigmoid) -> Steepest:
    """The greatest slope of an activation between −10 and 10.

    >>> steepest(ops.sigmoid)
    Steepest(z=0.0, slope=0.25)
    """
    import numpy as np

    z = Value(np.linspace(-10, 10, 2001))
    activation(z).backward()
    slopes = np.array(z.grad)
    top = int(slopes.argmax())
    return Steepest(float(z.data[top]), float(slopes[top]))


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


_SIGMOID = partial(_stack, activation=ops.sigmoid, initial=nn.xavier)
NETWORKS: dict[str, Network] = {
    "sigmoid": _SIGMOID,
    "tanh, small weights": partial(_stack, activation=ops.tanh, initial=scaled(nn.xavier, 0.3)),
    "ReLU": partial(_stack, activation=ops.relu, initial=nn.he),
    "sigmoid, residual": partial(_SIGMOID, residual=True),
    "sigmoid, batch norm": partial(_SIGMOID, normalise=True),
    "ReLU, large weights": partial(_stack, activation=ops.relu, initial=scaled(nn.he, 4.0)),
}
CLIPPED = "large weights, clipped"


def gradients_by_layer(
    cases: Iterable[str] = (*NETWORKS, CLIPPED),
    depth: int = 12,
    width: int = 8,
    seeds: Sequence[int] = range(3),
) -> Curves:
    """Mean |∂L/∂w| in each layer of untrained networks, each in the first step of training.

    Args:
        cases: names in NETWORKS, or CLIPPED: large weights with the gradient clipped to norm 1.
        depth: how many layers.
        width: units in each of them.
        seeds: of weights and examples.
    """
    cases = list(cases)
    runs = [{case: _weight_gradients(case, depth, width, seed) for case in cases} for seed in seeds]
    places = range(1, depth + 1)
    return Curves("layer (1 is next to the inputs)", "mean |∂L/∂w|", places, runs, "y", HEALTHY)


def gradients_by_depth(
    cases: Iterable[str] = (*NETWORKS, CLIPPED),
    depths: Iterable[int] = (2, 4, 8, 12, 16),
    seeds: Sequence[int] = range(3),
) -> Curves:
    """Mean |∂L/∂w| in the first layer of networks of several depths."""
    cases, depths = list(cases), list(depths)
    runs = [
        {case: [_weight_gradients(case, d, 8, seed)[0] for d in depths] for case in cases}
        for seed in seeds
    ]
    x, y = "depth (number of layers)", "mean |∂L/∂w| in layer 1"
    return Curves(x, y, depths, runs, "y", HEALTHY)


def _weight_gradients(case: str, depth: int, width: int, seed: int) -> list[float]:
    known = [*NETWORKS, CLIPPED]
    if case not in known:
        raise ValueError(f"a case is one of {', '.join(known)}; got {case}")
    model = NETWORKS["ReLU, large weights" if case == CLIPPED else case](depth, width, seed)
    examples = two_moons(16, seed=seed)
    ops.mean(*train.losses_of(model, CLASSES, examples, lanes=False)[0]).backward()
    parameters = model.parameters()
    if case == CLIPPED:
        optim.clip_norm(parameters, 1)
    return [sum(abs(_grad(w)) for w in weights) / len(weights)
            for weights in _by_layer(model, depth)]  # fmt: skip


def _by_layer(model: Module, depth: int) -> list[list[Value]]:
    """The weights of each layer, without the biases."""
    weights = [p for p in model.parameters() if p.label[:1] == "w"]
    return [[w for w in weights if w.label.endswith(f"_{n}")] for n in range(1, depth + 1)]


def _grad(node: Value) -> float:
    return 0.0 if node.grad is None else float(node.grad)


# Training deep networks --------------------------------------------------------------------------


def deep_training(
    rates: Sequence[float] = (0.01, 0.1, 1.0, 10.0),
    depth: int = 8,
    width: int = 4,
    steps: int = 300,
    watched: float = 1.0,
    seeds: Sequence[int] = range(3),
    backend: str | None = "auto",
) -> tuple[Curves, Curves, Curves]:
    """Sigmoid networks after training at several rates: a shallow, a deep and a residual one.

    Args:
        rates: the learning rates.
        depth: layers of the deep networks.
        width: units in each of them.
        steps: of each training, full-batch.
        watched: one of the rates, at which the layers of the deep network are looked at.
        seeds: of weights and examples.
        backend: what runs the training.

    Returns:
        The loss over the rates; how far the weights of each layer of the deep network have moved
        on average at the rate that is watched, over the layers; the test loss over the rates.
    """
    ends, tests, moved = [], [], []
    for seed in seeds:
        examples = two_moons(40, seed=seed)
        held_out = two_moons(400, seed=seed + 1000)
        trained: dict[str, list[float]] = {}
        tried: dict[str, list[float]] = {}
        for name, case, layers in (
            ("2 layers", "sigmoid", 2),
            (f"{depth} layers", "sigmoid", depth),
            (f"{depth} layers, residual", "sigmoid, residual", depth),
        ):
            for rate in rates:
                model = NETWORKS[case](layers, width, seed)
                before = [float(w) for w in model.parameters()]
                fit_classes(model, examples, SGD(model.parameters(), rate), steps, backend)
                trained.setdefault(name, []).append(_loss(model, examples))
                tried.setdefault(name, []).append(_loss(model, held_out))
                if name == f"{depth} layers" and rate == watched:
                    moved.append({"deep sigmoid network": _moves(model, before, depth)})
        ends.append(trained)
        tests.append(tried)
    by_layer = Curves("layer (1 is next to the inputs)", "mean |change of w|",
                      range(1, depth + 1), moved, "y")  # fmt: skip
    x = "learning rate"
    return (Curves(x, "training loss at the end", rates, ends, "xy"), by_layer,
            Curves(x, "test loss at the end", rates, tests, "xy"))  # fmt: skip


def _loss(model: Module, examples: DataSet) -> float:
    (found,), *_ = train.losses_of(model, CLASSES, examples)
    return float(found.data.mean())


def _moves(model: Module, before: Sequence[float], depth: int) -> list[float]:
    start = dict(zip(model.parameters(), before, strict=True))
    return [sum(abs(float(w) - start[w]) for w in weights) / len(weights)
            for weights in _by_layer(model, depth)]  # fmt: skip


def learning_rates(
    rates: Sequence[float] = (0.001, 0.03, 0.3, 3.0),
    steps: int = 100,
    seeds: Sequence[int] = range(3),
) -> Curves:
    """The same network trained by full-batch gradient descent; ∞ from where a run diverges."""
    runs = []
    for seed in seeds:
        examples = noisy_sine(40, seed=seed)
        curves = {}
        for rate in rates:
            model = MLP(1, [16, 1], ops.tanh, seed=seed)
            sgd = SGD(model.parameters(), rate)
            run = fit(model, losses.squared_error, examples, sgd, epochs=steps, monitor=False)
            curve = run.train["loss"][:steps]
            diverged = [math.inf] * (steps - len(curve))
            curves[f"η = {rate:g}"] = [*curve, *diverged]
        runs.append(curves)
    y = "training loss (mean squared error)"
    return Curves("step", y, range(1, steps + 1), runs, "y", shown=(0.05, 10))


def budget(size: int, seeds: Sequence[int] = range(3)) -> list[float]:
    """The loss that batches of a size reach, over the least there is, on a noisy linear function.

    Of 2000 examples of eight numbers 20 000 are used in all, however many steps that makes, at the
    same rate for all sizes.
    """
    import numpy as np

    count, inputs = 2000, 8
    ratios = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((count, inputs))
        y = x @ rng.standard_normal(inputs) + 0.3 * rng.standard_normal(count)
        w = np.zeros(inputs)
        for _ in range(20_000 // size):
            rows = rng.integers(0, count, size) if size < count else slice(None)
            w -= 0.02 * 2 * (x[rows] @ w - y[rows]) @ x[rows] / size
        best = np.linalg.lstsq(x, y, rcond=None)[0]
        losses_ = [float(np.mean((x @ weights - y) ** 2)) for weights in (w, best)]
        ratios.append(losses_[0] / losses_[1])
    return ratios
