"""Training and test error: capacity, double descent, data, weight decay, dropout.

What trains does it by compiled programs. Which backend runs them ("auto": C where there is a
compiler, else numpy; None for the graph itself) changes the time, and the last bits of the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from random import Random
from typing import Any

from scalargrad import nn, train
from scalargrad.engine import ops
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.lectures.experiments.curves import Curves
from scalargrad.lectures.experiments.gradients import CLASSES, fit_classes
from scalargrad.lectures.experiments.surfaces import Grid, score_grid
from scalargrad.nn.layers import MLP
from scalargrad.nn.module import Module
from scalargrad.nn.regularisation import Dropout
from scalargrad.train import optim
from scalargrad.train.data import DataSet, gaussian_mixture, noisy_sine, two_moons
from scalargrad.train.optim import SGD

TRAINING, TEST = "training error", "test error"
_ERROR = "mean squared error"
_POINTS = 14  # that polynomials are fitted to
_NOISE = 0.3  # standard deviation of training targets
_FEATURES = (2, 5, 10, 15, 20, 25, 30, 35, 38, 40, 42, 45, 50, 60, 80, 120, 200, 400, 1000)

# Capacity ----------------------------------------------------------------------------------------


def capacity(
    degrees: Sequence[int] = (0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13), seeds: Sequence[int] = range(3)
) -> Curves:
    """Polynomials of growing degree fitted to a few noisy points of a sine, by least squares.

    The last of them has as many coefficients as there are points, and goes through all.
    """
    import numpy as np

    runs = []
    for seed in seeds:
        x, y = _columns(noisy_sine(_POINTS, _NOISE, seed))
        fits = [_polynomial(degree, x, y) for degree in degrees]
        a, b = _columns(noisy_sine(400, _NOISE, seed + 1000))
        between = (a >= x.min()) & (a <= x.max())  # beyond the points no fit can know
        held_out = a[between], b[between]
        errors = [[float(np.mean((fitted(a) - b) ** 2)) for fitted in fits]
                  for a, b in ((x, y), held_out)]  # fmt: skip
        runs.append(dict(zip((TRAINING, TEST), errors, strict=True)))
    return Curves("degree of the polynomial", _ERROR, degrees, runs, "y", shown=(1e-3, 1e3))


def fits(degrees: Sequence[int] = (1, 5, 13), seed: int = 0) -> tuple[Curves, DataSet]:
    """Polynomials over the points that they were fitted to: too stiff, right, too supple."""
    import numpy as np

    points = noisy_sine(_POINTS, _NOISE, seed)
    x, y = _columns(points)
    along = np.linspace(x.min(), x.max(), 200)
    run = {f"degree {degree}": _polynomial(degree, x, y)(along).tolist() for degree in degrees}
    return Curves("x", "y", along.tolist(), [run], shown=(-2, 2)), points


def _columns(points: DataSet) -> tuple[Any, Any]:
    import numpy as np

    return np.array([x for (x,) in points.inputs]), np.array(points.targets)


def _polynomial(degree: int, x: Any, y: Any) -> Any:
    from numpy.polynomial import Chebyshev

    return Chebyshev.fit(x, y, degree, domain=[-1, 1])


# Double descent ----------------------------------------------------------------------------------


def double_descent(
    features: Sequence[int] = _FEATURES, count: int = 40, seeds: Sequence[int] = range(5)
) -> Curves:
    """Least squares of least norm on random ReLU features (Belkin et al. 2019).

    The peak is where there are as many features as examples, with 40 and with 80 of them.

    Args:
        features: how many, for each fit.
        count: of training examples, each of five numbers.
        seeds: of examples and features.
    """
    import numpy as np

    runs = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x, truth, y = _noisy_linear(rng, count, inputs=5)
        hidden = np.maximum(x @ rng.standard_normal((5, max(features))), 0)
        errors: dict[str, list[float]] = {TRAINING: [], TEST: []}
        for p in features:
            h = hidden[:, :p] / np.sqrt(p)
            w = np.linalg.lstsq(h[:count], y, rcond=1e-12)[0]
            errors[TRAINING].append(float(np.mean((h[:count] @ w - y) ** 2)))
            errors[TEST].append(float(np.mean((h[count:] @ w - truth[count:]) ** 2)))
        runs.append(errors)
    mark = (count, "features = examples")
    return Curves("random features", _ERROR, features, runs, "xy", mark=mark, shown=(1e-3, 1e2))


def _noisy_linear(rng: Any, count: int, inputs: int) -> tuple[Any, Any, Any]:
    """Points on a sphere, 500 more than asked for; a linear function; its noisy values."""
    import numpy as np

    x = rng.standard_normal((count + 500, inputs))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    truth = x @ rng.standard_normal(inputs)
    return x, truth, truth[:count] + _NOISE * rng.standard_normal(count)


# Data --------------------------------------------------------------------------------------------


def more_data(seeds: Sequence[int] = range(5)) -> Curves:
    """Least squares on a linear function, for examples of few and of many numbers."""
    import numpy as np

    counts = (6, 12, 25, 50, 100, 400)
    runs = []
    for seed in seeds:
        run: dict[str, list[float]] = {}
        for d in (2, 8):
            x, truth, y = _noisy_linear(np.random.default_rng(seed), max(counts), d)
            for n in counts:
                w = np.linalg.lstsq(x[:n], y[:n], rcond=1e-12)[0]
                off = x[max(counts) :] @ w - truth[max(counts) :]
                run.setdefault(f"{d} numbers in each example", []).append(float(np.mean(off**2)))
        runs.append(run)
    return Curves("training examples", f"test error ({_ERROR})", counts, runs, "xy")


# Weight decay ------------------------------------------------------------------------------------


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
    seeds: Sequence[int] = (1,),
    backend: str | None = "auto",
) -> list[Comparison]:
    """Networks of ten hidden units on the Gaussian mixture, with and without weight decay.

    The penalty is that of the figure, λ‖θ‖² beside the *total* cross-entropy. For the mean over n
    examples it is λ/n·‖θ‖², for SGD a weight decay of 2λ/n: 0.0002 where λ = 0.02 and n = 200.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, figure 11.4.
    """
    found = []
    for seed in seeds:
        examples, held_out = gaussian_mixture(count, seed), gaussian_mixture(2000, seed + 1000)
        models = []
        for decay in decays:
            model = MLP(2, [units, 1], ops.tanh, initial=nn.uniform, seed=seed)
            rate = partial(optim.cosine, rate=0.5, steps=steps)
            sgd = SGD(model.parameters(), rate, momentum=0.95, weight_decay=2 * decay / count)
            fit_classes(model, examples, sgd, steps, backend)
            models.append(model)
        found.append(_compared(decays, models, examples, held_out))
    return found


def _compared(
    settings: Sequence[float], models: Sequence[Module], examples: DataSet, held_out: DataSet
) -> Comparison:
    tried = [_errors(model, part) for part in (examples, held_out) for model in models]
    wrong = [share for share, _ in tried]
    loss = [loss for _, loss in tried]
    n = len(models)
    weights = [[float(p.data) for p in m.parameters() if not nn.is_bias(p)] for m in models]
    grids = [score_grid(model, examples) for model in models]
    return Comparison(
        list(settings), wrong[:n], wrong[n:], loss[:n], loss[n:], weights, grids, examples
    )


def _errors(model: Module, part: DataSet) -> tuple[float, float]:
    """The share of examples that are classified wrong, and the mean loss."""
    model.eval()
    (found,), prediction, targets = train.losses_of(model, CLASSES, part)
    return 1 - float(train.accuracy(prediction, targets).mean()), float(found.data.mean())


# Dropout -----------------------------------------------------------------------------------------


def dropout(
    drops: Sequence[float] = (0.0, 0.5),
    units: int = 128,
    count: int = 100,
    wrong: float = 0.2,
    steps: int = 1000,
    every: int = 100,
    seeds: Sequence[int] = range(3),
    backend: str | None = "auto",
) -> tuple[Curves, list[Comparison]]:
    """A network that is large enough to fit many wrong labels, without and with dropout.

    Two moons, of whose training labels a fifth are wrong; those held out are right.

    Args:
        drops: the probabilities of dropping a hidden unit.
        units: hidden ones.
        count: of training examples.
        wrong: the share of them with the label of the other class.
        steps: of each training, full-batch.
        every: how many updates lie between two looks at the test error.
        seeds: of examples, weights and masks.
        backend: what runs the training.

    Returns:
        The test error over the updates, and what each seed ends with.
    """
    runs, ends = [], []
    for seed in seeds:
        examples = _mislabelled(two_moons(count, 0.2, seed), wrong, seed)
        held_out = two_moons(1000, 0.2, seed + 1000)
        run, models = {}, []
        for drop in drops:
            model = MLP(2, [units, 1], ops.relu, initial=nn.he, seed=seed)
            model.layers.insert(1, Dropout(drop, seed=seed))
            sgd = SGD(model.parameters(), 0.1, momentum=0.9)
            curve = []
            for _ in range(0, steps, every):
                fit_classes(model, examples, sgd, every, backend)
                curve.append(_errors(model, held_out)[0])
            run[f"p = {drop:g}" if drop else "without dropout"] = curve
            models.append(model)
        runs.append(run)
        ends.append(_compared(drops, models, examples, held_out))
    places = range(every, steps + 1, every)
    return Curves("updates", "test error (share of examples)", places, runs), ends


def _mislabelled(data: DataSet, share: float, seed: int) -> DataSet:
    """The examples of two classes, some of them with the label of the other one."""
    flipped = set(Random(f"wrong {seed}").sample(range(len(data)), round(share * len(data))))
    both = sum(data.classes)
    targets = [both - y if i in flipped else y for i, y in enumerate(data.targets)]
    return replace(data, targets=tuple(targets))


@dataclass(frozen=True)
class Moments:
    """The mean and the variance of h′ for each unit, over all masks."""

    means: list[Scalar]
    variances: list[Scalar]


def dropout_moments(units: Sequence[Any], drop: Any, *, inverted: bool = True) -> Moments:
    """The moments of units under dropout, by going through every mask; exact for exact numbers.

    >>> from fractions import Fraction
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


def dropout_masks(units: int = 12, steps: int = 8, drop: float = 0.5) -> list[Any]:
    """The masks that a dropout layer draws for so many steps: 0 or 1 for each unit."""
    layer = Dropout(drop, seed=0)
    return [layer.drawn_mask([Value(1.0)] * units) for _ in range(steps)]
