"""Toy data sets, seeded and in plain Python, with splits, minibatches and lanes."""

from __future__ import annotations

import csv
import gzip
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from scalargrad.engine import scalars
from scalargrad.nn.module import whole
from scalargrad.notation.words import did_you_mean, listed

Point = tuple[float, ...]
Target = float | Point


@dataclass(frozen=True)
class DataSet:
    """Examples: for each the numbers that go in and the target that should come out.

    Args:
        inputs: a row of d numbers for each example: tuples, lists, an array, or a pandas frame,
            whose columns give the names.
        targets: for each example a label, a number, or a row of k of them (several outputs,
            probabilities, one-hot).
        names: what the d columns are called.
        classes: the labels, in order; empty where the targets are measured numbers.

    Raises:
        TypeError: for examples that are no rows.
        ValueError: for no examples, rows of several lengths, a target too few or too many, a
            label outside the classes, numbers that are not finite.

    >>> xor(4).targets
    (0, 1, 1, 0)
    >>> DataSet([[0.5], [1.0]], [[1, 0], [0, 1]]).width
    2
    """

    inputs: tuple[Point, ...]
    targets: tuple[Any, ...]
    names: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        names = self.names if len(self.names) else getattr(self.inputs, "columns", ())  # of pandas
        targets, classes = _plain(self.targets), tuple(_plain(self.classes))
        inputs = _rows(_plain(self.inputs))
        if not hasattr(targets, "__len__"):
            raise TypeError(f"a data set needs a target for each example; got {targets!r}")
        if not inputs:
            raise ValueError("a data set needs one example or more; got none")
        if len(inputs) != len(targets):
            raise ValueError(
                "a data set needs a target for each example; got "
                f"{len(inputs)} examples and {len(targets)} targets"
            )
        if any(hasattr(_plain(y), "__len__") and not isinstance(y, str) for y in targets):
            targets = _rows(targets, "targets")
            if _one_width("targets", targets) == 1:
                targets = [y for (y,) in targets]
        width = _one_width("examples", inputs)
        _check_numbers("inputs", chain.from_iterable(inputs))
        _check_numbers("targets", chain.from_iterable(map(outputs, targets)))
        names = tuple(map(str, names)) or _numbered(width)
        if len(names) != width:
            raise ValueError(
                f"the examples have {width} numbers each; got {len(names)} names for them"
            )
        strange = [y for y in targets if classes and y not in classes]
        if strange:
            known = ", ".join(map(str, classes))
            raise ValueError(f"a label is one of the classes {known}; got {strange[0]}")
        held = {"inputs": inputs, "targets": tuple(targets), "names": names, "classes": classes}
        for field, numbers in held.items():
            object.__setattr__(self, field, numbers)

    @classmethod
    def from_csv(cls, path: str | Path, *targets: str) -> DataSet:
        """The examples of a CSV file in UTF-8 whose first line names the columns.

        Between cells stand commas, semicolons (numbers may have decimal commas then) or tabs,
        whichever the first line has most of.

        Args:
            path: of the file.
            targets: the names of the columns that should come out; the last one if left out.

        Raises:
            ValueError: for a column that is not there, columns without a name of their own, or
                something that is no number, by its line.
        """
        heads, rows = _csv_numbers(path)
        wanted = targets or heads[-1:]
        for name in wanted:
            if name not in heads:
                known = (listed(heads) or "none") + did_you_mean(name, heads)
                raise ValueError(f"{path} has no column {name!r}; its columns are {known}")
        out = [heads.index(name) for name in wanted]
        rest = [k for k in range(len(heads)) if k not in out]
        inputs, ys = ([[row[k] for k in places] for row in rows] for places in (rest, out))
        return cls(inputs, ys, tuple([heads[k] for k in rest]))  # type: ignore[arg-type]

    @property
    def width(self) -> int:
        """How many numbers a target has."""
        return len(outputs(self.targets[0]))

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.inputs)

    def __iter__(self) -> Iterator[tuple[Point, Target]]:
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
        return (
            self if size is None else self.chosen(rows) for rows in self.orders(size, seed, epoch)
        )

    def orders(self, size: int | None, seed: int, epoch: int) -> list[Sequence[int]]:
        """The rows of each batch of an epoch; see `minibatches`."""
        if size is None:
            return [range(len(self))]
        check_batch_size(size, len(self))
        rows = _shuffled(len(self), f"epoch {seed} {epoch}")
        return [rows[start : start + size] for start in range(0, len(self), size)]

    def lanes(self) -> tuple[tuple[Any, ...], Any]:
        """The columns of the inputs and the targets as numpy arrays: one graph for all examples.

        Targets of several numbers are a list of columns too.

        >>> (x1, x2), y = xor(4).lanes()
        >>> x1 * x2 > 0, y
        (array([ True, False, False,  True]), array([0., 1., 1., 0.]))
        """
        return tuple(_transposed(self.inputs)), self.target_lanes()

    def target_lanes(self) -> Any:
        """The targets alone; see `lanes`."""
        rows = _transposed(list(map(outputs, self.targets)))
        return list(rows) if hasattr(self.targets[0], "__len__") else rows[0]

    def matrix(self) -> Any:
        """An array with a row for each example: the numbers that go in, then its targets."""
        import numpy as np

        return np.array([(*row, *outputs(target)) for row, target in self], dtype=float)


def _transposed(rows: Sequence[Point]) -> Any:
    import numpy as np

    return np.array(rows, dtype=float).T.copy()


def check_batch_size(size: int, count: int) -> None:
    """Raise a ValueError where a batch cannot have so many of the examples."""
    rows = whole(size)
    if rows is None or not 1 <= rows <= count:
        raise ValueError(f"a batch has 1 to {count} examples, as many as there are; got {size}")


def _check_numbers(where: str, numbers: Iterable[Any]) -> None:
    """Raise an error where something stands that is no finite number; True and False are labels."""
    numbers = list(numbers)
    is_plain = set(map(type, numbers)) <= {int, float}
    for number in () if is_plain else numbers:
        try:
            is_number = isinstance(number, bool) or scalars.is_number(scalars.scalar(number))
        except TypeError:
            is_number = False
        if isinstance(number, str) or not is_number:
            raise TypeError(f"a data set holds numbers; got {number!r} among its {where}")
    try:
        are_finite = all(map(math.isfinite, numbers))
    except OverflowError:  # a whole number beyond all floats
        are_finite = False
    if not are_finite:
        strange = next(x for x in numbers if not abs(x) <= sys.float_info.max)
        got = scalars.shortened(strange)
        raise ValueError(f"a data set holds finite numbers; got {got} among its {where}")


def _plain(numbers: Any) -> Any:
    """The numbers of a frame or an array as lists; others as they are."""
    array = numbers.to_numpy() if hasattr(numbers, "to_numpy") else numbers
    return array.tolist() if hasattr(array, "tolist") else array


def _rows(rows: Any, of: str = "examples") -> tuple[Point, ...]:
    """The rows of numbers that a user gave as tuples, lists or arrays."""
    strange = [rows] if isinstance(rows, str) or not hasattr(rows, "__len__") else [
        row for row in rows if isinstance(row, str) or not hasattr(row, "__len__")
    ]  # fmt: skip
    if strange:
        wanted = "a row of numbers for each example, as in ((0.5, 1.0), …)"
        if of == "targets":
            wanted = "targets of one kind, all numbers or all rows of numbers"
        raise TypeError(f"a data set needs {wanted}; got {strange[0]!r}")
    return tuple([tuple(_plain(row)) for row in rows])


def _one_width(what: str, rows: Sequence[Point]) -> int:
    """How many numbers each row has."""
    widths = sorted(set(map(len, rows)))
    if widths[0] == 0:
        raise ValueError(f"a data set needs {what} of one number or more; got empty rows")
    if len(widths) > 1:
        got = " and ".join(map(str, widths))
        raise ValueError(f"all {what} need as many numbers as the first; got {got}")
    return widths[0]


def outputs(target: Target) -> Point:
    """The numbers of a target, one or several."""
    return target if isinstance(target, tuple) else (target,)


def _csv_numbers(path: str | Path) -> tuple[list[str], list[list[float]]]:
    """The names of the columns of a CSV file, and the numbers of its other lines."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = next((line for line in file if line.strip()), "")
            between = max(",;\t", key=first.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=between)
            lines = [(reader.line_num, row) for row in reader if "".join(row).strip()]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8: {error}") from None
    heads = [head.strip() for head in lines[0][1]] if lines else []
    if heads and None not in map(_number_in_cell, heads):
        raise ValueError(f"{path}: the first line names the columns; got {listed(heads)}")
    if "" in heads or len(set(heads)) < len(heads):
        name = next(head for head in heads if not head or heads.count(head) > 1)
        raise ValueError(f"{path}: each column has a name of its own; got {name!r} for one")
    rows = []
    for line, row in lines[1:]:
        where = f"{path}, line {line}"
        if len(row) != len(heads):
            raise ValueError(f"{where}: {len(heads)} columns, but {len(row)} numbers")
        numbers = [_number_in_cell(cell, "." if between == "," else ",") for cell in row]
        for head, cell, number in zip(heads, row, numbers, strict=True):
            if number is None:
                got = scalars.shortened(cell)
                raise ValueError(f"{where}, column {head}: a number is needed; got {got}")
        rows.append(numbers)
    return heads, rows  # type: ignore[return-value]


def _number_in_cell(cell: str, comma: str = ".") -> float | None:
    """The finite number in a cell, with this decimal mark or a point; None for anything else."""
    try:
        number = float(cell.replace(comma, "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


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


# Images ------------------------------------------------------------------------------------------


def digits() -> DataSet:
    """1 797 handwritten digits, 8×8 pixels of 0 to 1 row by row: x11 … x88, classes 0 to 9.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits (its test set), UCI
    Machine Learning Repository, 1998; licensed CC BY 4.0.

    >>> len(digits()), digits().targets[:5]
    (1797, (0, 1, 2, 3, 4))
    """
    packed = files("scalargrad.train").joinpath("digits.csv.gz").read_bytes()
    rows = [tuple(map(int, line.split(","))) for line in gzip.decompress(packed).decode().split()]
    names = tuple([f"x{row}{column}" for row in range(1, 9) for column in range(1, 9)])
    inputs = tuple([tuple([pixel / 16 for pixel in row[:-1]]) for row in rows])
    return DataSet(inputs, tuple([row[-1] for row in rows]), names, tuple(range(10)))
