"""Gradients that pass a kink, where more than one value is right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scalargrad.checking.reading import read
from scalargrad.engine import one_sided, scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying, topological_order
from scalargrad.engine.one_sided import Slopes
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.scalars import Kind, Scalar
from scalargrad.engine.value import Value


@dataclass(frozen=True)
class Interval:
    """A scalar that is anything between two bounds: a gradient that passes a kink."""

    low: Scalar
    high: Scalar

    def __add__(self, other: Any) -> Interval:
        """The sums."""
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Interval:
        """The products."""
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__


def _interval(scalar: Any) -> Interval:
    return scalar if isinstance(scalar, Interval) else Interval(scalar, scalar)


scalars.register(Interval, Kind("interval", 6, {}, convert=_interval))


ANY = Interval(-math.inf, math.inf)  # where there is no slope, nothing is wrong


def subdifferential(output: Value, slopes: Mapping[str, Scalar]) -> dict[Value, Interval]:
    """The gradients of an output, at kinks every value that a convention could give them.

    Args:
        output: the node that is differentiated.
        slopes: by name of an operation its slope at the kink, where a convention is stated.
    """
    stated = pullback_at(slopes)

    def pullback(node: Value) -> Pullback:
        at_kink = node.local_intervals()
        if at_kink is None or (node.op and node.op.name in slopes):
            return stated(node)
        return multiplying([Interval(*bounds) for bounds in at_kink])

    return {
        node: _interval(gradient)
        for node, gradient in gradients(output, _interval(1), pullback).items()
    }


def pullback_at(slopes: Mapping[str, Scalar]) -> Callable[[Value], Pullback]:
    """What gives the closure of a node where slopes at kinks are stated by operation."""

    def pullback(node: Value) -> Pullback:
        if node.op and node.op.name in slopes and node.is_at_kink:
            return multiplying((slopes[node.op.name],))
        return node.pullback

    return pullback


_STATED = re.compile(
    r"\\?(?:text|mathrm|operatorname)?\{?(?P<name>[A-Za-z_]+)\}?\s*(?:['′’]|\^?\{?\\prime\}?)"
    r"\s*\(\s*0\s*\)\s*(?:=|:=)\s*(?P<slope>[-−–]?\s*[0-9]*[./]?[0-9]+)"
)


def stated_slopes(prose: str) -> dict[str, Scalar]:
    """The slopes at kinks that a text states, by name of the operation.

    Raises:
        ValueError: for a slope outside the subdifferential, and for two of one operation.

    >>> stated_slopes("Take ReLU'(0) = 1/2, and σ'(0) = 1/4 follows.")
    {'relu': Fraction(1, 2)}
    """
    found: dict[str, Scalar] = {}
    for match in _STATED.finditer(prose):
        name, slope = match["name"].lower(), read(match["slope"]).middle
        ends = slopes_at_zero(name)
        if ends is None:
            continue
        if not ends[0] <= slope <= ends[1]:
            raise ValueError(f"{name}′(0) is {ends[0]} to {ends[1]}; got {match['slope']}")
        if found.setdefault(name, slope) != slope:
            raise ValueError(f"{name}′(0) is stated twice, as {found[name]} and as {slope}")
    return found


def slopes_at_zero(operation: str) -> tuple[Scalar, Scalar] | None:
    """The interval of an operation's slope at 0, as (0, 1) of relu; None where it has no kink.

    >>> slopes_at_zero("relu"), slopes_at_zero("abs"), slopes_at_zero("tanh")
    ((0, 1), (-1, 1), None)
    """
    row = OPERATIONS.get(operation)
    if row is None or row.kink is None or row.count != 1 or row.defaults:
        return None
    ends = row.intervals(0)
    return ends[0] if ends else None


def slopes_at_kinks(of: Value, by: Value, stated: Mapping[str, Scalar]) -> Slopes:
    """The slopes that are right, of a node along another: those of the function.

    Where a slope is stated for the kink of an operation, what follows by the chain rule is right.
    """
    if any(node.op and node.op.name in stated and node.is_at_kink
           for node in topological_order(of)):  # fmt: skip
        between = subdifferential(of, stated).get(by, Interval(0, 0))
        return Slopes(between.low, between.high)
    return one_sided.slopes(of, by)
