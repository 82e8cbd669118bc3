"""Gradients of the branches of `where`: the one that was not taken gets none.

A nought for it would not do: further down it may meet an infinite slope, as that of a root at 0,
and 0 × ∞ is nan. So where the condition is a number the branch is left out. Where it is not, as on
lanes and in compiled code, the gradient carries it along, and selects before it multiplies.
"""

from __future__ import annotations

from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Kind, Scalar, where


class Only:
    """A gradient that is there where a condition holds, and nothing elsewhere whatever it meets.

    Args:
        gradient: −0.0 where the condition does not hold: to add that changes no bit of anything.
        condition: None for everywhere.

    >>> import numpy as np
    >>> condition, slopes = np.array([1.0, 0.0]), np.array([0.5, np.inf])
    >>> everywhere(Only(np.array([3.0, -0.0]), condition) * Only(slopes)).tolist()
    [1.5, 0.0]
    """

    __slots__ = ("condition", "gradient")

    def __init__(self, gradient: Scalar, condition: Scalar = None) -> None:
        self.gradient = gradient
        self.condition = condition

    def __mul__(self, other: Any) -> Only:
        """The product with a local derivative, where the condition holds."""
        local = everywhere(other)
        selected = where(self.condition, local, scalars.whole(0, local))
        return Only(scalars.times(self.gradient, selected), self.condition)

    def __add__(self, other: Only) -> Any:
        """The sum, which is there where one of them is."""
        sum_ = scalars.plus(self.gradient, other.gradient)
        if self.condition is None or other.condition is None:
            return sum_
        one = scalars.whole(1, self.condition)
        return Only(sum_, where(self.condition, one, other.condition))


scalars.register(Only, Kind("gradient of a branch", 7, {}, convert=Only))


def shared(g: Scalar, condition: Scalar) -> tuple[Any, Any, Any]:
    """What a gradient of `where` gives the condition and the two branches; None is nothing.

    >>> shared(3.0, 1), shared(3.0, 0)
    ((None, 3.0, None), (None, None, 3.0))
    """
    if scalars.is_known(condition):
        return (None, g, None) if condition else (None, None, g)
    return None, _within(g, condition, True), _within(g, condition, False)


def _within(g: Scalar, condition: Scalar, is_held: bool) -> Scalar:
    if isinstance(g, Only):
        inner = _selected(condition, g.condition, is_held)
        return Only(_selected(condition, g.gradient, is_held), inner)
    selected = _selected(condition, g, is_held)
    if scalars.kind_of(condition).textbook:
        return selected  # a formula is never infinite
    one = scalars.whole(1, condition)
    return Only(selected, condition if is_held else _selected(condition, one, False))


def _selected(condition: Scalar, scalar: Scalar, is_held: bool) -> Scalar:
    nothing = -scalars.whole(0, scalar)
    return where(condition, scalar, nothing) if is_held else where(condition, nothing, scalar)


def everywhere(gradient: Scalar) -> Scalar:
    """A gradient as a plain scalar: 0 where it is nothing."""
    if not isinstance(gradient, Only):
        return gradient
    if gradient.condition is None:
        return gradient.gradient
    zero = scalars.whole(0, gradient.gradient)
    return where(gradient.condition, gradient.gradient, zero)
