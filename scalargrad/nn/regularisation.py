"""Modules between layers: Residual, Elementwise, Dropout, BatchNorm."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, constant
from scalargrad.nn.checkpoint import from_json, to_json
from scalargrad.nn.module import (
    Activation,
    Module,
    as_list,
    as_values,
    in_place_of,
    method_of,
    shown_after,
    whole_size,
)


class Residual(Module):
    """x + f(x): the gradient has a way around f (He et al. 2016).

    Args:
        inner: f, with as many outputs as inputs.
    """

    def __init__(self, inner: Module) -> None:
        if not isinstance(inner, Module):
            raise TypeError(f"a residual block needs a module, f in x + f(x); got {inner!r}")
        self.inner = inner

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The sums."""
        xs = as_values(inputs, len(inputs))
        return _sums(xs, self.inner(xs))

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        """The sums for each example."""
        rows = [as_values(inputs, len(inputs)) for inputs in examples]
        return list(map(_sums, rows, self.inner.batch(rows)))


def _sums(xs: list[Value], ys: Any) -> list[Value]:
    ys = as_list(ys)
    if len(ys) != len(xs):
        raise ValueError(f"a residual block needs as many outputs as inputs; got {len(ys)} outputs "
                         f"for {len(xs)} inputs")  # fmt: skip
    return [in_place_of(y, x + y) for x, y in zip(xs, ys, strict=True)]


class Elementwise(Module):
    """An activation by itself, for where it is not a layer's: after batch normalisation.

    Args:
        activation: any function of a Value.

    >>> from scalargrad.nn.layers import Layer, Sequential
    >>> net = Sequential(Layer(2, 3), BatchNorm(3), Elementwise(ops.relu), Layer(3, 1, layer=2))
    """

    def __init__(self, activation: Activation) -> None:
        method_of(activation)  # that it can be called
        self.activation = activation

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The activation of each unit."""
        units = as_values(inputs, len(inputs))
        return [in_place_of(unit, self.activation(unit)) for unit in units]

    def __repr__(self) -> str:
        """Which activation."""
        return f"Elementwise({shown_after(self.activation).removeprefix(', ')})"


class Dropout(Module):
    """Each unit kept or, in training, set to 0 at random (Srivastava et al. 2014).

    Args:
        drop: the probability that a unit is dropped, as PyTorch's p: a number, or text to be
            exact. The deck's p, with which a unit is present, is 1 - drop.
        inverted: True: what is kept is divided by 1 - drop in training, so that E[h′] = h and
            testing changes nothing. False, as on the slide: testing multiplies by 1 - drop.
        seed: of the masks.

    Attributes:
        mask: 0 or 1 for each unit (lanes: an array for each); None draws a new one for each call.

    >>> dropout = Dropout(0.5)
    >>> dropout.mask = [1, 0]
    >>> [h.data for h in dropout([3.0, 4.0])]
    [6.0, 0.0]
    """

    def __init__(self, drop: Any, *, inverted: bool = True, seed: int = 0) -> None:
        try:
            self.drop = scalars.scalar(drop)
        except TypeError:
            raise TypeError(f"dropout needs a probability of dropping; got {drop!r}") from None
        if not (scalars.is_number(self.drop) and 0 <= self.drop < 1):
            raise ValueError(f"dropout needs a probability in [0, 1) of dropping; got {drop}")
        self.inverted = inverted
        self.mask: Sequence[Any] | None = None
        self.random = Random(seed)

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The units that are left; in testing all of them."""
        units = as_values(inputs, len(inputs))
        kept = 1 - self.drop
        if not self.training:
            return units if self.inverted else [in_place_of(h, h * kept) for h in units]
        mask = self.drawn_mask(units) if self.mask is None else self.mask
        if len(mask) != len(units):
            raise ValueError(f"a mask for {len(mask)} units was given to {len(units)}")
        factors = map(scalars.condition, mask)
        return [
            in_place_of(h, h * (scalars.divide(factor, kept) if self.inverted else factor))
            for h, factor in zip(units, factors, strict=True)
        ]

    def drawn_mask(self, units: Sequence[Value]) -> list[Scalar]:
        """A new mask: 0 or 1 for each unit, in every lane its own."""
        return [scalars.drawn(self._kept_or_not, h.data) for h in units]

    def _kept_or_not(self) -> int:
        return int(self.random.random() >= self.drop)

    def extra_state(self) -> Any:
        """Where the random numbers are."""
        version, numbers, following = self.random.getstate()
        return [version, list(numbers), following]

    def load_extra_state(self, state: Any) -> None:
        """Go on with the same random numbers."""
        version, numbers, following = state
        if version != self.random.getstate()[0] or not isinstance(following, float | None):
            raise ValueError("random numbers of another Python, or damaged ones")
        self.random.setstate((version, tuple(numbers), following))

    def __repr__(self) -> str:
        """The probability, and which form."""
        return f"Dropout({self.drop}{'' if self.inverted else ', inverted=False'})"


class BatchNorm(Module):
    """γ(x - mean)/√(variance + ε) + β for each unit (Ioffe and Szegedy 2015), as PyTorch's.

    In training mean and variance are those of the batch: call `model.batch(examples)`, because
    lanes never mix. In testing they are the running ones, and single examples and lanes work too.

    Args:
        units: how many.
        layer: its number, as in γ₁⁽¹⁾.
        epsilon: ε.
        momentum: the share of a new batch in the running statistics.
    """

    def __init__(
        self, units: int, *, layer: int = 1, epsilon: float = 1e-5, momentum: float = 0.1
    ) -> None:
        units = whole_size(units)
        self.gamma = [Value(1.0, f"gamma{j}_{layer}") for j in range(1, units + 1)]
        self.beta = [Value(0.0, f"beta{j}_{layer}") for j in range(1, units + 1)]
        self.epsilon = epsilon
        self.momentum = momentum
        self.means: list[Scalar] = [0.0] * units
        self.variances: list[Scalar] = [1.0] * units

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The normalised units, by the running statistics."""
        if self.training:
            raise ValueError(
                "BatchNorm needs a batch of examples in training: model.batch(examples), or "
                "model.eval() first; got one example"
            )
        units = as_values(inputs, len(self.gamma))
        return [
            in_place_of(x, gamma * ((x - mean) / self._deviation(constant(variance))) + beta)
            for gamma, beta, x, mean, variance in zip(
                self.gamma, self.beta, units, self.means, self.variances, strict=True
            )
        ]

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        """The normalised units of each example."""
        if not self.training:
            return list(map(self, examples))
        if len(examples) < 2:
            raise ValueError(f"BatchNorm needs at least 2 examples; got {len(examples)}")
        rows = [as_values(inputs, len(self.gamma)) for inputs in examples]
        columns = [self._normalised(j, column) for j, column in enumerate(zip(*rows, strict=True))]
        return [list(row) for row in zip(*columns, strict=True)]

    def _normalised(self, j: int, xs: Sequence[Value]) -> list[Value]:
        """One unit over the batch."""
        mean = ops.mean(*xs)
        centered = [x - mean for x in xs]
        variance = ops.mean(*[c.square() for c in centered])
        unbiased = variance.data * len(xs) / (len(xs) - 1)
        self.means[j] += self.momentum * (mean.data - self.means[j])
        self.variances[j] += self.momentum * (unbiased - self.variances[j])
        deviation = self._deviation(variance)
        normalised = [self.gamma[j] * (c / deviation) + self.beta[j] for c in centered]
        return list(map(in_place_of, xs, normalised))

    def _deviation(self, variance: Value) -> Value:
        return (variance + self.epsilon).sqrt()

    def extra_state(self) -> Any:
        """The running statistics."""
        return [list(map(to_json, self.means)), list(map(to_json, self.variances))]

    def load_extra_state(self, state: Any) -> None:
        """Take up running statistics."""
        means, variances = ([from_json(n, "its statistics") for n in numbers] for numbers in state)
        if not len(means) == len(variances) == len(self.gamma):
            raise ValueError(f"running statistics of {len(means)} units for {len(self.gamma)}")
        if min(variances) < 0:
            raise ValueError(f"a variance is 0 or more; got {min(variances)}")
        self.means, self.variances = means, variances

    def __repr__(self) -> str:
        """How many units."""
        return f"BatchNorm({len(self.gamma)})"
