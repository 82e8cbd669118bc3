"""The decks' claims as experiments: seeded runs that return data, to be printed or plotted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from random import Random
from typing import Any

from scalargrad import losses, nn, ops, optim, train
from scalargrad.data import DataSet, Point, gaussian_mixture, noisy_sine, two_moons
from scalargrad.nn import MLP, Dropout, Module, Sequential
from scalargrad.optim import SGD
from scalargrad.scalars import Scalar
from scalargrad.train import fit
from scalargrad.value import Value

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
            layer = Sequential(layer, nn.BatchNorm(width, layer=number), _Applied(activation))
        made.append(nn.Residual(layer) if residual and not (first or last) else layer)
    return Sequential(*made)


class _Applied(Module):
    """An activation as a module of its own, to stand behind a batch normalisation."""

    def __init__(self, activation: Callable[[Any], Any]) -> None:
        self.activation = activation

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        return list(map(self.activation, inputs))


def _scaled(
    initial: nn.Initialisation, factor: float, random: Random, inputs: int, units: int
) -> nn.Rows:
    return [[factor * w for w in row] for row in initial(random, inputs, units)]


NETWORKS: dict[str, Network] = {
    "sigmoid": partial(_stack, activation=ops.sigmoid, initial=nn.xavier),
    "tanh, small weights": partial(
        _stack, activation=ops.tanh, initial=partial(_scaled, nn.xavier, 0.3)
    ),
    "ReLU": partial(_stack, activation=ops.relu, initial=nn.he),
    "sigmoid, residual": partial(_stack, activation=ops.sigmoid, initial=nn.xavier, residual=True),
    "sigmoid, batch norm": partial(
        _stack, activation=ops.sigmoid, initial=nn.xavier, normalise=True
    ),
    "ReLU, large weights": partial(
        _stack, activation=ops.relu, initial=partial(_scaled, nn.he, 4.0)
    ),
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


# Capacity ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Capacity:
    """Training and test error of networks with more and more hidden units."""

    units: list[int]
    parameters: list[int]
    train: list[float]
    test: list[float]


def capacity(
    units: Sequence[int] = (1, 2, 4, 8, 32),
    count: int = 14,
    noise: float = 0.3,
    steps: int = 800,
    seed: int = 0,
) -> Capacity:
    """Networks of one hidden layer fitted to a few noisy points of a sine.

    Of single runs on 14 points the curve is rough: with seed 0 the test error is a U, with seeds
    1 to 3 its right arm comes and goes, while the training error falls on all of them.
    """
    examples = noisy_sine(count, noise, seed)
    held_out = noisy_sine(200, noise, seed + 1)
    runs, counts = [], []
    for m in units:
        model = MLP(1, [m, 1], ops.tanh, initial=[partial(_scaled, nn.uniform, 8.0), nn.xavier],
                    seed=seed)  # fmt: skip
        for j, bias in enumerate(p for p in model.parameters() if p.label.startswith("b")):
            bias.data = 8 * ((2 * j + 1) / m - 1) if j < m else 0.0  # bends all over [-1, 1]
        counts.append(len(model.parameters()))
        sgd = SGD(model.parameters(), 0.1 / max(1.0, m / 8), momentum=0.9)
        runs.append(_trained(model, losses.squared_error, examples, sgd, steps, held_out))
    return Capacity(list(units), counts, [train for train, _ in runs], [test for _, test in runs])


def _trained(
    model: Module,
    loss: train.Loss,
    examples: DataSet,
    sgd: SGD,
    steps: int,
    held_out: DataSet,
) -> tuple[float, float]:
    """The errors in training and testing after so many full-batch steps."""
    fit(model, loss, examples, sgd, epochs=steps, monitor=False)
    return _error(model, loss, examples), _error(model, loss, held_out)


def _error(model: Module, loss: train.Loss, examples: DataSet) -> float:
    model.eval()
    (found,), _, _ = train.losses_of(model, loss, examples)
    return float(found.data.mean())


# Double descent ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class DoubleDescent:
    """Training and test error over the number of random features.

    Attributes:
        features: how many there were.
        train: mean squared error on the training examples, the median over the draws.
        test: the same on examples held out.
        threshold: how many training examples there were: as many features interpolate them.
    """

    features: list[int]
    train: list[float]
    test: list[float]
    threshold: int


def double_descent(
    features: Sequence[int] = (
        2,
        5,
        10,
        15,
        20,
        25,
        30,
        35,
        38,
        40,
        42,
        45,
        50,
        60,
        80,
        120,
        200,
        400,
        1000,
    ),
    count: int = 40,
    inputs: int = 5,
    noise: float = 0.3,
    draws: int = 20,
    seed: int = 0,
) -> DoubleDescent:
    """Least squares of least norm on random ReLU features (Belkin et al. 2019).

    Args:
        features: how many, for each fit.
        count: of training examples.
        inputs: numbers in each example, which lie on a sphere.
        noise: standard deviation of the training targets about a linear function.
        draws: how often it is repeated with other examples and features.
        seed: of the draws.
    """  # fmt: skip
    import numpy as np

    rng = np.random.default_rng(seed)
    test_count = 500
    found = np.empty((draws, len(features), 2))
    for draw in range(draws):
        x = rng.standard_normal((count + test_count, inputs))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        truth = x @ rng.standard_normal(inputs)
        y = truth[:count] + noise * rng.standard_normal(count)
        directions = rng.standard_normal((inputs, max(features)))
        hidden = np.maximum(x @ directions, 0)
        for i, p in enumerate(features):
            h = hidden[:, :p] / np.sqrt(p)
            w = np.linalg.lstsq(h[:count], y, rcond=1e-12)[0]
            found[draw, i] = (
                np.mean((h[:count] @ w - y) ** 2), np.mean((h[count:] @ w - truth[count:]) ** 2)
            )  # fmt: skip
    errors = np.median(found, axis=0)
    return DoubleDescent(list(features), errors[:, 0].tolist(), errors[:, 1].tolist(), count)


# Weight decay ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Scores at the points of a rectangle: `scores[row][column]` at (`xs[column]`, `ys[row]`)."""

    xs: list[float]
    ys: list[float]
    scores: list[list[float]]


def score_grid(
    scores: Callable[[Any], Any], data: DataSet, steps: int = 100, margin: float = 0.4
) -> Grid:
    """The scores of a network, or a function, over the rectangle in which the data lie.

    Args:
        scores: of a list of two lanes, a Value or lanes: a number for each point.
        data: examples of two numbers.
        steps: how many points there are along each side.
        margin: how far the rectangle reaches beyond the data.
    """
    import numpy as np

    if len(data.names) != 2:
        raise ValueError(f"a plane has two axes; the examples have {len(data.names)} numbers")
    sides = [
        np.linspace(min(column) - margin, max(column) + margin, steps)
        for column in zip(*data.inputs, strict=True)
    ]
    x, y = np.meshgrid(*sides)
    found = scores([x.ravel(), y.ravel()])
    numbers = found.data if isinstance(found, Value) else found
    numbers = np.broadcast_to(np.asarray(numbers, dtype=float), x.size)
    xs, ys = (side.tolist() for side in sides)
    return Grid(xs, ys, numbers.reshape(x.shape).tolist())


@dataclass(frozen=True)
class Comparison:
    """One network trained in several ways on the same examples.

    Attributes:
        settings: what was varied: the weight decays, or the probabilities of dropping.
        train: the share of training examples that are classified wrong, for each setting.
        test: the same on examples held out.
        train_loss: the mean cross-entropy on the training examples.
        test_loss: the same on examples held out.
        weights: the weights after training, without the biases.
        grids: the scores over the plane.
        data: the training examples.
    """

    settings: list[float]
    train: list[float]
    test: list[float]
    train_loss: list[float]
    test_loss: list[float]
    weights: list[list[float]]
    grids: list[Grid]
    data: DataSet


def weight_decay(
    decays: Sequence[float] = (0.0, 0.02),
    units: int = 10,
    count: int = 200,
    steps: int = 1500,
    seed: int = 1,
) -> Comparison:
    """Networks of ten hidden units on the Gaussian mixture, with and without weight decay.

    The penalty is that of the figure, λ‖θ‖² beside the total cross-entropy: for the mean over n
    examples a weight decay of 2λ/n. On seeds 0 to 3 the test error was lower with it, by 0.0005
    to 0.011.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, figure 11.4.
    """
    examples, held_out = gaussian_mixture(count, seed), gaussian_mixture(2000, seed + 1)
    models = []
    for decay in decays:
        model = MLP(2, [units, 1], ops.tanh, initial=nn.uniform, seed=seed)
        rate = partial(optim.cosine, rate=0.5, steps=steps)
        sgd = SGD(model.parameters(), rate, momentum=0.95, weight_decay=2 * decay / count)
        _fitted(model, examples, sgd, steps)
        models.append(model)
    return _compared(decays, models, examples, held_out)


def _fitted(model: Module, examples: DataSet, sgd: SGD, steps: int) -> None:
    loss = losses.binary_cross_entropy_with_logits
    fit(model, loss, examples, sgd, epochs=steps, monitor=False)


def _compared(
    settings: Sequence[float], models: Sequence[Module], examples: DataSet, held_out: DataSet
) -> Comparison:
    loss = losses.binary_cross_entropy_with_logits
    tried: list[list[float]] = [[], [], [], []]
    for model in models:
        for i, part in enumerate((examples, held_out)):
            (found,), prediction, targets = train.losses_of(model, loss, part)
            tried[i].append(1 - float(train.accuracy(prediction, targets).mean()))
            tried[i + 2].append(float(found.data.mean()))
    weights = [[float(p.data) for p in m.parameters() if not nn.is_bias(p)] for m in models]
    grids = [score_grid(model, examples) for model in models]
    wrong, test_wrong, loss_, test_loss = tried
    return Comparison(list(settings), wrong, test_wrong, loss_, test_loss, weights, grids, examples)


# Constraints -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constraint:
    """The optima of ‖w − a‖² under ‖w‖² ≤ B, and with λ/2‖w‖² added, found by descent.

    Attributes:
        a: the optimum without a constraint.
        bound: B.
        hard: the optimum of the hard constraint.
        decay: the λ whose soft optimum is the same.
        soft: the optimum of the soft constraint.
        soft_path: soft optima for λ from 0 to very large.
    """

    a: Point
    bound: float
    hard: Point
    decay: float
    soft: Point
    soft_path: list[Point]


def constraint(a: Point = (2.0, 1.0), bound: float = 1.0) -> Constraint:
    """Projected gradient descent beside weight decay, with λ = 2‖a‖/√B − 2 to match.

    >>> found = constraint((3.0,), bound=1.0)
    >>> found.decay, round(found.hard[0], 6), round(found.soft[0], 6)
    (4.0, 1.0, 1.0)
    """
    size = math.hypot(*a)
    if not 0 < bound <= size * size:
        raise ValueError(f"the bound B is between 0 and ‖a‖² = {size * size:g}; got {bound}")
    decay = 2 * size / math.sqrt(bound) - 2
    strengths = [0.0, *(10 ** (k / 4 - 1) for k in range(15))]
    path = [_descended(a, decay=strength) for strength in strengths]
    return Constraint(a, bound, _descended(a, bound=bound), decay, _descended(a, decay=decay), path)


def _descended(a: Point, *, decay: float = 0.0, bound: float | None = None) -> Point:
    """Where gradient descent on ‖w − a‖² ends."""
    ws = [Value(0.0, f"w{i}") for i in range(1, len(a) + 1)]
    sgd = SGD(ws, 1 / (3 + decay), weight_decay=decay)  # below 2/(2 + λ), where it would diverge
    for _ in range(60):
        sgd.zero_grad()
        losses.squared_error(ws, a).backward()
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


# Dropout -----------------------------------------------------------------------------------------


def dropout(
    drops: Sequence[float] = (0.0, 0.5),
    units: int = 30,
    count: int = 40,
    steps: int = 400,
    seed: int = 0,
) -> Comparison:
    """A network that is large for its few examples, without and with dropout.

    The nets of 1024 units and more on the slide are out of reach of a scalar engine. At this
    size the test error fell on seeds 0 to 5 (by 0.002 to 0.048), the test loss on 4 of them;
    with more examples (60) or fewer steps (300) dropout did not help.
    """
    examples, held_out = gaussian_mixture(count, seed), gaussian_mixture(2000, seed + 1)
    models = []
    for drop in drops:
        model = MLP(2, [units, 1], ops.relu, initial=nn.he, seed=seed)
        model.layers.insert(1, Dropout(drop, seed=seed))
        _fitted(model, examples, SGD(model.parameters(), 0.3, momentum=0.9), steps)
        models.append(model)
    return _compared(drops, models, examples, held_out)


@dataclass(frozen=True)
class Moments:
    """The mean and the variance of h′ for each unit, over all masks."""

    means: list[Scalar]
    variances: list[Scalar]


def dropout_moments(units: Sequence[Any], drop: Any, *, inverted: bool = True) -> Moments:
    """The moments of units under dropout, by going through every mask; exact for exact numbers.

    >>> dropout_moments([2, 3], Fraction(1, 4)).means
    [Fraction(2, 1), Fraction(3, 1)]
    """
    layer = Dropout(drop, inverted=inverted)
    firsts: list[Scalar] = [0] * len(units)
    seconds: list[Scalar] = [0] * len(units)
    for mask in product((0, 1), repeat=len(units)):
        layer.mask = mask
        chance: Scalar = 1
        for kept in mask:
            chance *= 1 - drop if kept else drop
        for i, h in enumerate(layer(units)):
            firsts[i] += chance * h.data
            seconds[i] += chance * h.data**2
    return Moments(firsts, [s - m * m for m, s in zip(firsts, seconds, strict=True)])


def dropout_masks(units: int = 12, steps: int = 8, drop: float = 0.5, seed: int = 0) -> list[Any]:
    """The masks that a dropout layer draws for so many steps: 0 or 1 for each unit."""
    layer = Dropout(drop, seed=seed)
    return [layer.drawn_mask([Value(1.0)] * units) for _ in range(steps)]
