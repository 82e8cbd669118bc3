"""Lines at kinks that are possible together: at each kink a node has one slope for all of them.

Where the maximum of a and b has a tie, ∂max/∂a = 1 is right and so is ∂max/∂b = 1, but not both. A
slope at a kink is an unknown here; a line is a sum of such unknowns, and says how much it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying
from scalargrad.engine.scalars import Kind, Scalar
from scalargrad.engine.value import Value

Unknown = tuple[Value, int]  # a node on its kink, and which of its operands
_ROUNDS, _NEAR = 2000, 1e-7


@dataclass(frozen=True)
class _Affine:
    """A number and multiples of unknown slopes: a derivative of what lies above a kink."""

    number: Scalar
    factors: Mapping[Unknown, Scalar]

    def __add__(self, other: Any) -> _Affine:
        """The sum."""
        other = _affine(other)
        factors = dict(self.factors)
        for unknown, factor in other.factors.items():
            factors[unknown] = factors.get(unknown, 0) + factor
        return _Affine(self.number + other.number, factors)

    def __mul__(self, other: Any) -> _Affine:
        """The product; of two with unknowns it is not affine."""
        other = _affine(other)
        if self.factors and other.factors:
            raise ArithmeticError("one kink above another")
        a, b = (self, other) if self.factors else (other, self)
        return _Affine(
            a.number * b.number, {unknown: f * b.number for unknown, f in a.factors.items()}
        )


def _affine(scalar: Any) -> _Affine:
    return scalar if isinstance(scalar, _Affine) else _Affine(scalar, {})


scalars.register(_Affine, Kind("slope with unknowns", 6, {}, convert=_affine))


@dataclass(frozen=True)
class Range:
    """What is known of a sum of multiples of unknown slopes."""

    factors: Mapping[Unknown, float]
    low: float
    high: float


def of_line(of: Value, by: Value, low: Scalar, high: Scalar) -> list[Range]:
    """What a line ∂of/∂by between two numbers says, and the kinks that it passes; else []."""
    kinks: set[Value] = set()

    def pullback(node: Value) -> Pullback:
        if not node.is_at_kink:
            return node.pullback
        kinks.add(node)
        return multiplying([_Affine(0, {(node, i): 1}) for i in range(len(node.parents))])

    try:
        derivative = _affine(gradients(of, _affine(1), pullback).get(by, 0))
    except ArithmeticError:
        return []
    factors = {unknown: scalars.to_float(f) for unknown, f in derivative.factors.items() if f != 0}
    known = scalars.to_float(derivative.number)
    if not factors or not math.isfinite(known) or not all(map(math.isfinite, factors.values())):
        return []
    line = Range(factors, scalars.to_float(low) - known, scalars.to_float(high) - known)
    return [line, *(known for kink in kinks for known in _of_kink(kink))]


def _of_kink(node: Value) -> Iterator[Range]:
    """The bounds of the slopes of a node on its kink: along each operand, and along all at once."""
    assert node.op is not None
    assert node.op.slope is not None
    count = len(node.operands)
    ones = [[int(i == j) for j in range(count)] for i in range(count)]
    for direction in [*ones, [1] * count]:
        ends = [
            scalars.to_float(node.op.slope(direction, *node.operands)),
            -scalars.to_float(node.op.slope([-d for d in direction], *node.operands)),
        ]
        factors = {(node, i): float(d) for i, d in enumerate(direction) if d}
        yield Range(factors, min(ends), max(ends))


def are_possible(ranges: Iterable[Range]) -> bool:
    """Whether some slopes meet all that is known: each range in turn moves them into it."""
    known = list(ranges)
    slopes = {unknown: 0.5 for each in known for unknown in each.factors}
    for _ in range(_ROUNDS):
        worst = max((_move(slopes, each) for each in known), default=0.0)
        if worst <= _NEAR:
            return True
    return False


def _move(slopes: dict[Unknown, float], known: Range) -> float:
    """Move slopes into a range by the shortest way; how far they were outside, relative to it."""
    sum_ = sum(factor * slopes[unknown] for unknown, factor in known.factors.items())
    off = max(known.low - sum_, 0.0) or min(known.high - sum_, 0.0)
    size = sum(factor * factor for factor in known.factors.values())
    if off:
        for unknown, factor in known.factors.items():
            slopes[unknown] += off * factor / size
    return abs(off) / math.sqrt(size)


def first_impossible(lines: Sequence[Sequence[Range]]) -> list[int]:
    """The places of the lines that are not possible together with those before them.

    >>> a, b = Value(1, "a"), Value(1, "b")
    >>> y = a.maximum(b)
    >>> first_impossible([of_line(y, a, 1, 1), of_line(y, b, 1, 1)])
    [1]
    """
    kept: list[Range] = []
    found = []
    for place, ranges in enumerate(lines):
        if ranges and not are_possible([*kept, *ranges]):
            found.append(place)
        else:
            kept += ranges
    return found
