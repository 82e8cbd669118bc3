"""Toy data sets, seeded and in plain Python, with splits, minibatches and lanes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random
from typing import Any

from scalargrad.engine import scalars
from scalargrad.nn.module import whole

Point = tuple[float, ...]


@dataclass(frozen=True)
class DataSet:
    """Examples: for each the numbers that go in and the target that should come out.

    Args:
        inputs: a row of d floats for each example: tuples, lists or arrays.
        targets: a label or a float for each example.
        names: what the d columns are called.
        classes: the labels, in order; empty where the targets are measured numbers.

    Raises:
        TypeError: for examples that are no rows.
        ValueError: for no examples, rows of several lengths, a target too few or too many, a
            target of several numbers, a label outside the classes.

    >>> xor(4).targets
    (0, 1, 1, 0)
    """

    inputs: tuple[Point, ...]
    targets: tuple[float, ...]
    names: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for field in ("inputs", "targets"):  # those of numpy and PyTorch too
            if hasattr(getattr(self, field), "tolist"):
                object.__setattr__(self, field, getattr(self, field).tolist())
        object.__setattr__(self, "inputs", _rows(self.inputs))
        if not hasattr(self.targets, "__len__"):
            raise TypeError(f"a data set needs a target for each example; got {self.targets!r}")
        object.__setattr__(self, "targets", tuple(self.targets))
        if not self.inputs:
            raise ValueError("a data set needs one example or more; got none")
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                "a data set needs a target for each example; got "
                f"{len(self.inputs)} examples and {len(self.targets)} targets"
            )
        for target in self.targets:
            if getattr(target, "__len__", None):
                raise ValueError(f"a target is one number, a label or a measurement; got {target}")
        widths = sorted({len(row) for row in self.inputs})
        if widths[0] == 0:
            raise ValueError("a data set needs examples of one number or more; got empty rows")
        if len(widths) > 1:
            got = " and ".join(map(str, widths))
            raise ValueError(f"all examples need as many numbers as the first; got {got}")
        _check_numbers("inputs", chain.from_iterable(self.inputs))
        _check_numbers("targets", self.targets)
        if not self.names:
            object.__setattr__(self, "names", _numbered(widths[0]))
        if len(self.names) != widths[0]:
            raise ValueError(
                f"the examples have {widths[0]} numbers each; got {len(self.names)} names for them"
            )
        strange = [t for t in self.targets if self.classes and t not in self.classes]
        if strange:
            known = ", ".join(map(str, self.classes))
            raise ValueError(f"a label is one of the classes {known}; got {strange[0]}")

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.inputs)

    def __iter__(self) -> Iterator[tuple[Point, float]]:
        """The examples, each with its target."""
        return iter(zip(self.inputs, self.targets, strict=True))

    def chosen(self, rows: Sequence[int]) -> DataSet:
        """The examples of some rows, in that order.

        >>> xor(4).chosen([3, 1]).targets
        (0, 1)
        """
        inputs = tuple([self.inputs[row] for row in rows])
        return replace(self, inputs=inputs, targets=tuple([self.targets[row] for row in rows]))

    def labelled(self, *labels: float) -> DataSet:
        """The same examples with other labels for the classes, as the hinge loss wants -1 and +1.

        >>> xor(4).labelled(-1, 1).targets
        (-1, 1, 1, -1)
        """
        if len(labels) != len(self.classes):
            raise ValueError(f"there are {len(self.classes)} classes; got {len(labels)} labels")
        new = dict(zip(self.classes, labels, strict=True))
        return replace(self, targets=tuple([new[t] for t in self.targets]), classes=labels)

    def split(self, share: float = 0.25, seed: int = 0) -> tuple[DataSet, DataSet]:
        """The examples for training and those for testing, drawn at random.

        Args:
            share: of the examples that are kept for testing, between 0 and 1.
            seed: of the draw.

        >>> [len(part) for part in two_moons(100).split(share=0.2)]
        [80, 20]
        """
        held_out = round(share * len(self)) if 0 < share < 1 else 0
        if not 0 < held_out < len(self):
            raise ValueError(
                f"a split of {len(self)} examples leaves one or more on either side; "
                f"got the share {share}"
            )
        rows = _shuffled(len(self), f"split {seed}")
        return self.chosen(sorted(rows[held_out:])), self.chosen(sorted(rows[:held_out]))

    def minibatches(
        self, size: int | None = None, seed: int = 0, epoch: int = 0
    ) -> Iterator[DataSet]:
        """The examples of one epoch in batches: each example once, the last batch may be smaller.

        Args:
            size: of a batch; None takes all examples, in their order.
            seed: of the order.
            epoch: each has an order of its own.

        >>> [len(batch) for batch in xor(10).minibatches(4)]
        [4, 4, 2]
        """
        if size is None:
            return iter([self])
        check_batch_size(size, len(self))
        rows = _shuffled(len(self), f"epoch {seed} {epoch}")
        starts = range(0, len(self), size)
        return (self.chosen(rows[start : start + size]) for start in starts)

    def lanes(self) -> tuple[tuple[Any, ...], Any]:
        """The columns of the inputs and the targets as numpy arrays: one graph for all examples.

        >>> (x1, x2), y = xor(4).lanes()
        >>> x1 * x2 > 0, y
        (array([ True, False, False,  True]), array([0., 1., 1., 0.]))
        """
        import numpy as np

        columns = np.array(self.inputs, dtype=float).T.copy()
        return tuple(columns), np.array(self.targets, dtype=float)


def check_batch_size(size: int, count: int) -> None:
    """Raise a ValueError where a batch cannot have so many of the examples."""
    rows = whole(size)
    if rows is None or not 1 <= rows <= count:
        raise ValueError(f"a batch has 1 to {count} examples, as many as there are; got {size}")


def _check_numbers(where: str, numbers: Iterable[Any]) -> None:
    """Raise a TypeError where something stands that is no number; True and False are labels."""
    for number in numbers:
        try:
            is_number = isinstance(number, bool) or scalars.is_number(scalars.scalar(number))
        except TypeError:
            is_number = False
        if isinstance(number, str) or not is_number:
            raise TypeError(f"a data set holds numbers; got {number!r} among its {where}")


def _rows(inputs: Any) -> tuple[Point, ...]:
    """The rows of numbers that a user gave as tuples, lists or arrays."""
    strange = [inputs] if isinstance(inputs, str) or not hasattr(inputs, "__len__") else [
        row for row in inputs if isinstance(row, str) or not hasattr(row, "__len__")
    ]  # fmt: skip
    if strange:
        raise TypeError(
            "a data set needs a row of numbers for each example, as in ((0.5, 1.0), …); got "
            f"{strange[0]!r}"
        )
    return tuple(map(tuple, inputs))


def _numbered(count: int) -> tuple[str, ...]:
    return tuple([f"x{i}" for i in range(1, count + 1)]) if count > 1 else ("x",)


def _shuffled(count: int, seed: str) -> list[int]:
    rows = list(range(count))
    Random(seed).shuffle(rows)  # text as a seed is hashed by SHA-512: the same in every process
    return rows


def _spread(low: float, high: float, count: int, *, closed: bool = True) -> list[float]:
    """Equally spaced numbers, of which the last is `high` where the interval is closed."""
    gaps = max(count - 1 if closed else count, 1)
    return [low + (high - low) * i / gaps for i in range(count)]


def _halves(count: int, least: int = 2) -> tuple[int, int]:
    if count < least:
        raise ValueError(f"this data set needs {least} examples or more; got {count}")
    return count // 2, count - count // 2


def _check_noise(noise: float) -> None:
    if not (noise >= 0 and math.isfinite(noise)):
        raise ValueError(f"noise is a standard deviation, 0 or more; got {noise}")


def _noisy_classes(curves: Sequence[Sequence[Point]], noise: float, seed: str) -> DataSet:
    """Points with Gaussian noise, one class after the other."""
    _check_noise(noise)
    draw = Random(seed)
    inputs, targets = [], []
    for label, points in enumerate(curves):
        for point in points:
            # No noise draws nothing: the curve itself
            inputs.append(tuple([c + draw.gauss(0, noise) if noise else c for c in point]))
            targets.append(label)
    return DataSet(tuple(inputs), tuple(targets), classes=tuple(range(len(curves))))


# Classes in the plane ----------------------------------------------------------------------------


def two_moons(count: int = 100, noise: float = 0.1, seed: int = 0) -> DataSet:
    """Two half circles that reach into each other, classes 0 and 1, as scikit-learn draws them.

    >>> two_moons(4, noise=0).inputs[0]
    (1.0, 0.0)
    """
    above, below = _halves(count)
    outer = [(math.cos(t), math.sin(t)) for t in _spread(0, math.pi, above)]
    inner = [(1 - math.cos(t), 0.5 - math.sin(t)) for t in _spread(0, math.pi, below)]
    return _noisy_classes([outer, inner], noise, f"moons {seed}")


def circles(count: int = 100, noise: float = 0.05, seed: int = 0, factor: float = 0.5) -> DataSet:
    """A circle of radius 1, class 0, around one of radius `factor`, class 1."""
    if not 0 < factor < 1:
        raise ValueError(f"the inner circle has a radius between 0 and 1; got {factor}")
    many, rest = _halves(count)
    rings = []
    for radius, points in ((1.0, many), (factor, rest)):
        angles = _spread(0, 2 * math.pi, points, closed=False)
        rings.append([(radius * math.cos(t), radius * math.sin(t)) for t in angles])
    return _noisy_classes(rings, noise, f"circles {seed}")


def spirals(
    count: int = 200, noise: float = 0.02, seed: int = 0, arms: int = 2, turns: float = 1.0
) -> DataSet:
    """Spirals out of the origin to radius 1, one class for each arm."""
    if not 1 <= arms <= count:
        raise ValueError(f"spirals have 1 to {count} arms, one example each; got {arms}")
    curves = []
    for arm in range(arms):
        points = (count + arm) // arms
        curve = []
        for radius in _spread(0.1, 1, points):
            angle = 2 * math.pi * (turns * radius + arm / arms)
            curve.append((radius * math.cos(angle), radius * math.sin(angle)))
        curves.append(curve)
    return _noisy_classes(curves, noise, f"spirals {seed}")


def xor(count: int = 4, noise: float = 0.0, seed: int = 0) -> DataSet:
    """The corners (±1, ±1): class 1 where the signs differ.

    >>> list(xor())[1]
    ((-1.0, 1.0), 1)
    """
    if count < 4:
        raise ValueError(f"xor has four corners, and needs 4 examples or more; got {count}")
    _check_noise(noise)
    draw = Random(f"xor {seed}")
    corners = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
    chosen = [corners[i % 4] for i in range(count)]
    inputs = [tuple([c + draw.gauss(0, noise) if noise else c for c in xy]) for xy in chosen]
    targets = [int(x != y) for x, y in chosen]
    return DataSet(tuple(inputs), tuple(targets), classes=(0, 1))


def blobs(count: int = 100, noise: float = 0.3, seed: int = 0, classes: int = 3) -> DataSet:
    """Round clouds with their middles on the unit circle, one for each class."""
    if not 1 <= classes <= count:
        raise ValueError(f"blobs have 1 to {count} classes, one example each; got {classes}")
    clouds = []
    for label in range(classes):
        angle = 2 * math.pi * label / classes
        clouds.append([(math.cos(angle), math.sin(angle))] * ((count + label) // classes))
    return _noisy_classes(clouds, noise, f"blobs {seed}")


Centres = tuple[tuple[Point, ...], tuple[Point, ...]]


def mixture_centres(seed: int = 0, count: int = 10) -> Centres:
    """The middles of the clouds of a Gaussian mixture: ten of each class, drawn from N(m, I).

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 2.3.3;
    m is (1, 0) for class 0 and (0, 1) for class 1.
    """
    draw = Random(f"centres {seed}")
    first, second = (
        tuple([(draw.gauss(x, 1), draw.gauss(y, 1)) for _ in range(count)])
        for x, y in ((1, 0), (0, 1))
    )
    return first, second


def gaussian_mixture(count: int = 200, seed: int = 0, centres: Centres | None = None) -> DataSet:
    """The two classes of the weight-decay figure: clouds N(mₖ, I/5) about ten middles each.

    Args:
        count: of examples, half of them in each class.
        seed: of the points; another seed draws other points from the same clouds.
        centres: the middles of either class; those of `mixture_centres()` if left out.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 2.3.3
    (the data) and figure 11.4 (10 hidden units, weight decay 0 and 0.02).
    """
    draw = Random(f"mixture {seed}")
    clouds = mixture_centres() if centres is None else centres
    return _noisy_classes(
        [
            [draw.choice(middles) for _ in range(many)]
            for middles, many in zip(clouds, _halves(count), strict=True)
        ],
        math.sqrt(1 / 5),
        f"mixture noise {seed}",
    )


# Regression --------------------------------------------------------------------------------------


def noisy_sine(
    count: int = 40,
    noise: float = 0.2,
    seed: int = 0,
    curve: Callable[[float], float] = lambda x: math.sin(math.pi * x),
) -> DataSet:
    """y = sin(πx) with Gaussian noise, at points drawn evenly from [-1, 1]."""
    _check_noise(noise)
    draw = Random(f"sine {seed}")
    inputs = sorted(draw.uniform(-1, 1) for _ in range(count))
    targets = [curve(x) + (draw.gauss(0, noise) if noise else 0.0) for x in inputs]
    return DataSet(tuple([(x,) for x in inputs]), tuple(targets), names=("x",))
