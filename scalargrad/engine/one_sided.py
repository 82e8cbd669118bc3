"""Slopes from the left and from the right: what is right at a kink is decided by the function.

Beside a point, on the ray x + s·t for t → 0, s being 1 or −1, every node is v + d·t to first order.
`slopes` pushes v and d through the graph from one node to another. Each row says how it goes on at
its kink, as max(0, d) of ReLU. For compositions of functions that have directional derivatives that
is exact, in fractions too.

Source: A. Griewank, "On stable piecewise linearization and generalized algorithmic
differentiation", Optimization Methods and Software 28 (2013) 1139. The values between the two
slopes are F. H. Clarke's subdifferential in one variable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Literal

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import Operation
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value

Outcome = Literal["slopes", "jump", "infinite", "undecided"]
_FAILURES = (ArithmeticError, ValueError)
_ROUNDING = 1e-12  # relative, of floats that were computed in another order
_NEAR = Fraction(1, 10**30)  # a step that is smaller than any that a float can take


@dataclass(frozen=True)
class Slopes:
    """How an output changes with a node, to both sides of where it is.

    Attributes:
        left: the slope from the left.
        right: from the right; both are the same where the output exists on one side only.
        outcome: "slopes", where they are finite; "jump", where the output is not continuous;
            "infinite"; or "undecided", where first order cannot tell. Only the first says what is
            right.
        reason: which node, and which rule; "" where there are slopes.
    """

    left: Scalar
    right: Scalar
    outcome: Outcome = "slopes"
    reason: str = ""

    @property
    def low(self) -> Scalar:
        """The smaller slope."""
        return min(self.left, self.right)

    @property
    def high(self) -> Scalar:
        """The larger slope."""
        return max(self.left, self.right)


def slopes(output: Value, node: Value) -> Slopes:
    """The slopes of an output along a node below it, which holds a number.

    >>> x = Value(0, "x")
    >>> both = slopes(x.relu() - (-x).relu(), x)
    >>> both.left, both.right, both.outcome
    (1, 1, 'slopes')
    >>> slopes(x.abs().sqrt(), x).reason
    'sqrt has an infinite slope where its operand is 0'
    """
    sides = [_pushed(output, node, direction) for direction in (1, -1)]
    ends = [side for side in sides if side.trouble != "outside"]
    reasons = [side.reason for side in sides if side.reason]
    for side in ends:
        if side.trouble:
            return Slopes(math.nan, math.nan, "undecided", side.reason)
    if not ends:
        return Slopes(math.nan, math.nan, "undecided", reasons[0])
    if any(side.is_beside for side in ends):
        reason = next(side.reason for side in ends if side.is_beside)
        return Slopes(math.nan, math.nan, "jump", reason)
    right, left = ends[0].slope, -ends[-1].slope
    if sides[0].trouble:
        right = left
    elif sides[1].trouble:
        left = right
    if not (scalars.is_finite(left) and scalars.is_finite(right)):
        return Slopes(left, right, "infinite", *reasons[:1] or ["it is beyond the range of floats"])
    same = is_among(left, Slopes(right, right))  # but for rounding
    return Slopes(left, left if same else right)


def is_smooth(output: Value) -> bool:
    """Whether every node below an output has one finite slope, so that the chain rule is right."""
    return all(map(_is_smooth_there, topological_order(output)))


def _is_smooth_there(node: Value) -> bool:
    if node.op is None or not node.parents or not scalars.is_number(node.data):
        return True
    operands = node.operands
    if node.is_at_kink or (node.op.jump and node.op.jump(*operands)):
        return False
    if node.op.chooses and operands[0] == 0:
        return False
    return all(map(scalars.is_finite, node.local_derivatives()))


def is_among(number: Scalar, both: Slopes) -> bool:
    """Whether a number is one of the slopes between the left and the right, up to rounding.

    >>> is_among(0.30000000000000004, Slopes(0.3, 0.3)), is_among(0, Slopes(1, 1))
    (True, False)
    """
    low, high = both.low, both.high
    slack = _ROUNDING * max(map(abs, (scalars.to_float(low), scalars.to_float(high))))
    is_rounded = not all(map(scalars.is_exact, (number, low, high)))
    slack = slack if is_rounded else 0
    return bool(low - slack <= number <= high + slack)


@dataclass(frozen=True)
class _Ray:
    """What a node is on the ray: value + slope·t to first order.

    Attributes:
        value: just beside the point.
        slope: along the ray.
        is_constant: whether it does not change at all near the point.
        is_beside: whether the value is another than the one at the point.
        trouble: why there is no slope: "undecided", or "outside" of the domain.
        reason: of the trouble, of an infinite slope or of a jump.
    """

    value: Scalar
    slope: Scalar = 0
    is_constant: bool = False
    is_beside: bool = False
    trouble: Literal["", "undecided", "outside"] = ""
    reason: str = ""


def _pushed(output: Value, node: Value, direction: int) -> _Ray:
    rays = {node: _Ray(node.data, direction)}
    if output is node:
        return rays[node]
    for each in topological_order(output, until={node}):
        if each is not node and any(parent in rays for parent in each.parents):
            rays[each] = _through(each, rays)
    return rays.get(output, _Ray(output.data, is_constant=True))


def _through(node: Value, rays: Mapping[Value, _Ray]) -> _Ray:
    """The ray of a node from those of its parents."""
    op = node.op
    assert op is not None
    still = [_Ray(operand, is_constant=True) for operand in node.operands]
    operands = [
        rays[parent] if parent in rays and _matters(rays[parent]) else ray
        for parent, ray in zip(node.parents, still, strict=False)
    ] + still[len(node.parents) :]
    try:
        if op.chooses:
            return _chosen(node, operands)
        for ray in operands:
            if ray.trouble:
                return ray
        return _moved(node, op, operands)
    except _FAILURES:
        return _trouble(node, "outside", f"{op.name} leaves its domain")


def _matters(ray: _Ray) -> bool:
    """Whether a ray is anything else than the number that was captured."""
    return bool(not ray.is_constant or ray.is_beside or ray.trouble)


def _moved(node: Value, op: Operation, operands: Sequence[_Ray]) -> _Ray:
    values = [ray.value for ray in operands]
    directions = [ray.slope for ray in operands]
    reason = next((ray.reason for ray in operands if ray.reason), "")
    y = op.evaluated(values)[0] if any(ray.is_beside for ray in operands) else node.data
    if all(ray.is_constant for ray in operands):
        return _Ray(y, 0, True, bool(y != node.data), reason=reason)
    if op.jump:
        if op.jump(*values):
            y = op.beside(directions, *values) if op.beside else y
            if not _is_settled(op, operands, y):
                why = f"its operand has the slope 0 where {op.name} jumps, {_FIRST_ORDER}"
                return _trouble(node, "undecided", why)
            reason = reason or f"{op.name} jumps there"
        slope = _slope_beside(op, y, operands)  # mostly 0, and then nothing changes near the point
        return _Ray(y, slope, bool(slope == 0), bool(y != node.data), reason=reason)
    if op.kink and op.slope and op.kink(*values):
        slope = op.slope(directions, *values)
    else:
        locals_ = op.derivatives(y, *values)
        slope = 0
        for ray, local in zip(operands, locals_, strict=False):
            if ray.is_constant or (op.kink and local == 0):
                continue
            trouble = _misfit(node, op, operands, ray, local)
            if trouble:
                return trouble
            slope = scalars.plus(slope, scalars.times(local, ray.slope))
            if not scalars.is_finite(local):
                reason = f"{op.name} has an infinite slope where {_where(node, operands, ray)}"
    if slope != slope:
        return _trouble(node, "undecided", reason or f"{op.name} gives ∞ − ∞, {_FIRST_ORDER}")
    return _Ray(y, slope, False, bool(y != node.data), reason=reason)


_FIRST_ORDER = "and first order cannot tell what follows"


def _misfit(
    node: Value, op: Operation, operands: Sequence[_Ray], ray: _Ray, local: Scalar
) -> _Ray | None:
    """What is in the way of multiplying a local derivative and a slope; None where nothing is."""
    if scalars.is_finite(local):
        if local == 0 and not scalars.is_finite(ray.slope):
            why = f"∞ × 0: {ray.reason}, and {op.name} has the slope 0 there, {_FIRST_ORDER}"
            return _trouble(node, "undecided", why)
        return None
    place = _where(node, operands, ray)
    if ray.slope == 0:
        kind = "an infinite" if local == local else "no"
        why = f"∞ × 0: {op.name} has {kind} slope where {place}, and that has the slope 0 there, "
        return _trouble(node, "undecided", why + _FIRST_ORDER)
    if op.inside and all(
        scalars.is_finite(each.slope) and scalars.is_finite(each.value) for each in operands
    ):
        near = [Fraction(each.value) + Fraction(each.slope) * _NEAR for each in operands]
        if not op.inside(*near):
            return _trouble(node, "outside", f"{op.name} leaves its domain beside where {place}")
    if local != local:
        return _trouble(node, "undecided", f"{op.name} has no slope where {place}")
    return None


def _chosen(node: Value, operands: Sequence[_Ray]) -> _Ray:
    """The ray of the branch that is taken just beside the point."""
    condition, if_true, if_false = operands
    if condition.trouble:
        return condition
    if condition.value != 0 or (condition.slope != 0 and not condition.is_constant):
        taken = if_true
    elif condition.is_constant:
        taken = if_false
    else:
        why = f"the condition of where is 0 with the slope 0, {_FIRST_ORDER}"
        return _trouble(node, "undecided", why)
    reason = taken.reason or condition.reason
    is_beside = bool(taken.value != node.data)
    if is_beside:
        reason = reason or "the branches of where differ there"
    return _Ray(taken.value, taken.slope, taken.is_constant, is_beside, taken.trouble, reason)


def _slope_beside(op: Operation, y: Scalar, operands: Sequence[_Ray]) -> Scalar:
    """The slope by the local derivatives a little further along the ray."""
    near = [scalars.plus(ray.value, scalars.times(ray.slope, _NEAR)) for ray in operands]
    locals_ = op.derivatives(y, *near)
    terms = [
        scalars.times(local, ray.slope)
        for local, ray in zip(locals_, operands, strict=False)
        if not ray.is_constant
    ]
    return reduce(scalars.plus, terms, 0)


def _is_settled(op: Operation, operands: Sequence[_Ray], beside: Scalar) -> bool:
    """Whether a jump goes the same way for all directions near the one that is taken."""
    values = [ray.value for ray in operands]
    directions = [ray.slope for ray in operands]
    step = (max(map(abs, directions)) or 1) * Fraction(1, 10**9)
    for index, ray in enumerate(operands):
        for change in () if ray.is_constant else (step, -step):
            near = list(directions)
            near[index] = scalars.plus(near[index], change)
            if op.beside and op.beside(near, *values) != beside:
                return False
    return True


def _where(node: Value, operands: Sequence[_Ray], ray: _Ray) -> str:
    ray = next((each for each in operands if not scalars.is_finite(each.value)), ray)
    parent = node.parents[operands.index(ray)]
    return f"{parent.label or 'its operand'} is {scalars.shown(ray.value)}"


def _trouble(node: Value, kind: Literal["undecided", "outside"], reason: str) -> _Ray:
    called = f"at {node.label}, " if node.label else ""
    return _Ray(node.data, math.nan, trouble=kind, reason=called + reason)
