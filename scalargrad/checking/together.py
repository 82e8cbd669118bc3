"""Lines at kinks that are possible together: at each kink a node has one slope for all of them.

Where the maximum of a and b has a tie, ∂max/∂a = 1 is right and so is ∂max/∂b = 1, but not both. A
slope at a kink is an unknown here; a line is a sum of products of such unknowns, one for each path,
and says how much it is.
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
Product = frozenset[Unknown]  # of one kink above another; that of none is 1
_ROUNDS, _NEAR, _APART = 2000, 1e-7, 1e-4
_MOST = 100  # products of unknown slopes in a line

_ONE: Product = frozenset()


@dataclass(frozen=True)
class _Polynomial:
    """A sum of multiples of products of unknown slopes: a derivative of what lies above kinks."""

    terms: Mapping[Product, Scalar]

    def __add__(self, other: Any) -> _Polynomial:
        """The sum."""
        terms = dict(self.terms)
        for product, factor in _polynomial(other).terms.items():
            terms[product] = terms.get(product, 0) + factor
        return _Polynomial(terms)

    def __mul__(self, other: Any) -> _Polynomial:
        """The product; a path passes each kink once."""
        terms: dict[Product, Scalar] = {}
        for mine, factor in self.terms.items():
            for its, other_factor in _polynomial(other).terms.items():
                terms[mine | its] = terms.get(mine | its, 0) + factor * other_factor
        if len(terms) > _MOST:
            raise ArithmeticError("too many kinks above one another")
        return _Polynomial(terms)


def _polynomial(scalar: Any) -> _Polynomial:
    return scalar if isinstance(scalar, _Polynomial) else _Polynomial({_ONE: scalar})


scalars.register(_Polynomial, Kind("slope with unknowns", 6, {}, convert=_polynomial))


@dataclass(frozen=True)
class Range:
    """What is known of a sum of multiples of products of unknown slopes."""

    factors: Mapping[Product, float]
    low: float = -math.inf
    high: float = math.inf


def of_line(of: Value, by: Value, low: Scalar, high: Scalar) -> list[Range]:
    """What a line ∂of/∂by between two numbers says, and the kinks that it passes; else []."""
    kinks: set[Value] = set()

    def pullback(node: Value) -> Pullback:
        if not node.is_at_kink:
            return node.pullback
        kinks.add(node)
        unknown = [frozenset({(node, i)}) for i in range(len(node.parents))]
        return multiplying([_Polynomial({each: 1}) for each in unknown])

    try:
        derivative = _polynomial(gradients(of, _polynomial(1), pullback).get(by, 0))
    except ArithmeticError:
        return []
    terms = {each: scalars.to_float(f) for each, f in derivative.terms.items() if f != 0}
    known = terms.pop(_ONE, 0.0)
    if not terms or not all(map(math.isfinite, (known, *terms.values()))):
        return []
    line = Range(terms, scalars.to_float(low) - known, scalars.to_float(high) - known)
    of_kinks = [each for kink in kinks for each in _of_kink(kink)]
    ends = {each: (k.low, k.high) for k in of_kinks for each in k.factors if len(k.factors) == 1}
    products = [each for term in terms for each in _of_product(term, ends)]
    return [line, *of_kinks, *products]


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
        factors = {frozenset({(node, i)}): float(d) for i, d in enumerate(direction) if d}
        yield Range(factors, min(ends), max(ends))


def _of_product(product: Product, ends: dict[Product, tuple[float, float]]) -> Iterator[Range]:
    """What the bounds of two numbers u and v say of u·v, taken for an unknown of its own.

    Source: G. P. McCormick, "Computability of global solutions to factorable nonconvex programs",
    Mathematical Programming 10 (1976) 147.
    """
    first, *others = sorted(product, key=lambda unknown: (unknown[0].index, unknown[1]))
    if not others:
        return
    u, v = frozenset({first}), frozenset(others)
    yield from _of_product(v, ends)
    (a, b), (c, d) = ends[u], ends[v]
    corners = [a * c, a * d, b * c, b * d]
    ends[product] = min(corners), max(corners)
    for p, q in (a, c), (b, d):
        yield Range({product: 1.0, v: -p, u: -q}, low=-p * q)
    for p, q in (b, c), (a, d):
        yield Range({product: 1.0, v: -p, u: -q}, high=-p * q)


def are_possible(ranges: Iterable[Range]) -> bool:
    """Whether some slopes meet all that is known: each range in turn moves them into it."""
    known = list(ranges)
    slopes = {product: 0.5 for each in known for product in each.factors}
    worst = 0.0
    for _ in range(_ROUNDS):
        worst = max((_move(slopes, each) for each in known), default=0.0)
        if worst <= _NEAR:
            return True
    return worst <= _APART


def _move(slopes: dict[Product, float], known: Range) -> float:
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
