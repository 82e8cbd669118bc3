"""Recomputing one quantity from others that a person wrote, and how far their rounding carries.

A quantity is a tuple: (h,) is the value of h, (h, w) the derivative ∂h/∂w, (h, w, step) the weight
after a step of gradient descent, and (h, w, v, 2) the derivative ∂²h/∂w∂v. It is worked out by the
steps of a person: a value from the values of the named nodes before it, a partial derivative from
such values, any other derivative by the chain rule over named nodes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from operator import attrgetter
from typing import Any, Literal

from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import Operands
from scalargrad.engine.rebuild import rebuilt, second_derivative
from scalargrad.engine.scalars import Scalar, plus, times, to_float
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError

Key = tuple[Any, ...]
Step = tuple[Value, tuple[Value, ...], Operands, Scalar]  # node, parents, other operands, data
FAILURES = (ArithmeticError, IndexError, ValueError, TypeError)


class Outline:
    """The named nodes of some computation, and what lies between them.

    Attributes:
        place: for each named node its place in the order of computation.
        sources: for each named node those it is made from.
        users: for each named node those that are made from it.
        slopes: by name of an operation its slope at the kink, where a convention is stated.
    """

    def __init__(self, named: Iterable[Value], slopes: Mapping[str, Scalar] | None = None) -> None:
        self.slopes = slopes or {}
        self.place = {node: i for i, node in enumerate(topological_order_of(named))}
        self.sources: dict[Value, list[Value]] = {}
        self.users: dict[Value, list[Value]] = {node: [] for node in self.place}
        self._between: dict[Value, list[Value]] = {}
        self._steps: tuple[dict[Value, list[Step]], ...] = {}, {}
        self._leaves: list[dict[Key, Scalar]] = [{}, {}]
        self._edges: dict[Key, bool] = {}
        self._below: dict[Value, int] = {}  # bits: the places of all nodes that it depends on
        for node in self.place:
            order = topological_order(node, until=self.place)
            self.sources[node] = [a for a in order if a in self.place and a is not node]
            self._between[node] = [a for a in order if a not in self.place or a is node]
            self._below[node] = 0
            for source in self.sources[node]:
                self.users[source].append(node)
                self._below[node] |= self._below[source] | 1 << self.place[source]

    def between(self, node: Value) -> list[Value]:
        """The nodes between a named node and the named ones that it is made from, and itself."""
        return self._between[node]

    def steps(self, node: Value, in_floats: bool) -> list[Step]:
        """The same as steps, oldest first; kept, as a class takes them many thousand times."""
        steps = self._steps[in_floats]
        if node not in steps:
            number = to_float if in_floats else _unchanged
            steps[node] = [
                (inner, inner.parents, tuple(map(number, inner.operands[len(inner.parents) :])),
                 number(inner.data))
                for inner in self._between[node]
            ]  # fmt: skip
        return steps[node]

    def leaves(self, in_floats: bool) -> dict[Key, Scalar]:
        """The values of the named nodes that are made from nothing."""
        if not self._leaves[in_floats]:
            number = to_float if in_floats else _unchanged
            nodes = [node for node in self.place if not node.parents]
            self._leaves[in_floats] = {(node,): number(node.data) for node in nodes}
        return self._leaves[in_floats]

    def depends(self, node: Value, source: Value) -> bool:
        """Whether a named node depends on another."""
        return bool(self._below[node] >> self.place[source] & 1)

    def ways(self, of: Value, by: Value) -> list[Value]:
        """The users of a node that another depends on."""
        return [user for user in self.users[by] if user is of or self.depends(of, user)]

    def is_edge(self, key: Key) -> bool:
        """Whether a derivative is one factor of the chain rule: no other named node between."""
        if key not in self._edges:
            of, by = key
            self._edges[key] = by in self.sources[of] and not any(
                self.depends(source, by) for source in self.sources[of] if source is not by
            )
        return self._edges[key]

    def rank(self, key: Key) -> tuple[int, int, int]:
        """Sorts quantities so that each is worked out from earlier ones only."""
        places = [self.place[node] for node in key[:2]]
        if len(key) == 1:
            return 0, places[0], 0
        return len(key) - 1, places[0] - places[1], places[0]


def topological_order_of(named: Iterable[Value]) -> list[Value]:
    """The nodes in the order in which they were made, each once."""
    return sorted(set(named), key=attrgetter("index"))


# The steps ---------------------------------------------------------------------------------------


_FLOAT = {float}


def value_of(node: Value, operands: Operands) -> Scalar:
    """The value of a node at other operands."""
    assert node.op is not None
    if node.op is ops.pow and abs(operands[1]) > 64:  # exact, it might never end
        operands = tuple(map(to_float, operands))
    if {*map(type, operands)} == _FLOAT:
        return node.op.value(*operands)
    try:
        return node.op.evaluated(operands)[0]
    except DomainError:
        if node.data == node.data:
            raise
        return node.data  # in a branch that is not taken


def locals_of(node: Value, y: Scalar, operands: Operands) -> Operands:
    """The local derivatives of a node at other operands, by the formula of the slide."""
    assert node.op is not None
    if node.op.formulas and not node.op.constants:
        try:
            return node.op.formulas(y, *operands)
        except FAILURES:  # b·aᵇ⁻¹ stands beside aᵇ·log a, which need not exist
            pass
    return node.op.derivatives(y, *operands)


def recomputed(output: Value, changes: Mapping[Value, Scalar]) -> Scalar:
    """The value that an output would have if some nodes below it had other values."""
    return rebuilt(output, changes)[output].data


def term_of(of: Value, user: Value, by: Value, upstream: Scalar, factor: Scalar) -> Scalar:
    """What a derivative ∂of/∂by gets over one user of the node: upstream × local."""
    return upstream * factor


def total_of(of: Value, by: Value, terms: Sequence[tuple[Value, Scalar, Scalar]]) -> Scalar:
    """A derivative ∂of/∂by from what it gets over each user: (user, upstream, local)."""
    return sum(term_of(of, user, by, upstream, factor) for user, upstream, factor in terms)


Swap = Callable[["Recomputation"], Scalar]


@dataclass(frozen=True)
class Rules:
    """How a person computes; recipes of mistakes change one of them at a time.

    Attributes:
        value: the value of an operation.
        locals: the local derivatives of an operation.
        total: a derivative from its terms upstream × local.
        swaps: what is taken, at a node, in place of the value of one that it is made from.
    """

    value: Callable[[Value, Operands], Scalar] = value_of
    locals: Callable[[Value, Scalar, Operands], Operands] = locals_of
    total: Callable[[Value, Value, Sequence[tuple[Value, Scalar, Scalar]]], Scalar] = total_of
    swaps: Mapping[tuple[Value, Value], Swap] = field(default_factory=dict)


RULES = Rules()
Carried = Callable[[Key, Scalar], Scalar]  # a quantity as the next step takes it


class Recomputation:
    """One way to work a quantity out.

    Args:
        outline: the named nodes.
        own: the numbers to start from where the person wrote some.
        carried: what the next step takes a quantity for, written or not: by default as it is.
        rules: the steps.
        from_result: whether a slope is computed from the person's own result, as in h(1 − h),
            and not from what went in.
        in_floats: whether exact numbers are made floats, which is faster.
        at_kink: which end of the interval a derivative takes at a kink; None for the convention.

    Attributes:
        used: the quantities that were asked for on the way, written or not, and all leaves.
        met_kink: whether a kink was met.
    """

    def __init__(
        self,
        outline: Outline,
        own: Mapping[Key, Scalar],
        carried: Carried | None = None,
        rules: Rules = RULES,
        *,
        from_result: bool = True,
        in_floats: bool = False,
        at_kink: Literal[0, 1] | None = None,
    ) -> None:
        self.outline = outline
        self.own = own
        self.carried = carried
        self.rules = rules
        self.from_result = from_result
        self.at_kink = at_kink
        leaves = outline.leaves(in_floats)
        self.used = {key: number for key, number in leaves.items() if key not in own}
        self.met_kink = False
        self.in_floats = in_floats
        self._number = to_float if in_floats else _unchanged
        self._made: dict[Value, dict[Value, Scalar]] = {}
        self._slopes: dict[Value, dict[Value, Scalar]] = {}

    def quantity(self, key: Key, *, forward: bool = False) -> Scalar:
        """A quantity from the others; its own written number is not looked at.

        Args:
            key: the quantity.
            forward: whether a derivative is summed over what the node is made from, and not over
                what the other node is used by.
        """
        if len(key) == 1:
            is_leaf = not self.outline.sources[key[0]]
            return key[0].data if is_leaf else self._valued(key[0])
        if len(key) == 4:  # nothing but the inputs is looked at
            leaves = {node: self.value(node) for node in self.outline.place if not node.parents}
            return second_derivative(*key[:3], leaves)
        of, by, *step = key
        if of is by and not step:
            return 1
        if step:
            return self.value(by) - step[0] * self.derivative(of, by)
        if self.outline.is_edge(key):
            return self._factors(of)[by]
        if forward:
            inner = [s for s in self.outline.sources[of] if s is by or self.outline.depends(s, by)]
            return sum(self.derivative(s, by) * self.factor(of, s) for s in inner)
        return self._summed(of, by)

    def _taken(
        self, key: Key, before: Callable[[Key], Iterable[Key]], computed: Callable[[Key], Scalar]
    ) -> Scalar:
        """A quantity as the next step takes it: the own number, or else one computed from others.

        Args:
            key: the quantity.
            before: those that it is computed from.
            computed: the quantity, when these are known.
        """
        used, own = self.used, self.own
        waiting = [key]
        while waiting:  # a person's chain may be longer than Python's stack
            last = waiting[-1]
            missing = [] if last in own else [other for other in before(last) if other not in used]
            if missing and last not in used:
                waiting += missing
                continue
            waiting.pop()
            if last not in used:
                number = self._number(own[last]) if last in own else computed(last)
                used[last] = number if self.carried is None else self.carried(last, number)
        return used[key]

    def value(self, node: Value) -> Scalar:
        """The value of a named node: the own one, or else from what it is made from."""
        if (node,) in self.used:
            return self.used[(node,)]
        return self._taken((node,), self._sources, lambda key: self._evaluated(*key)[key[0]])

    def _sources(self, key: Key) -> list[Key]:
        return [(source,) for source in self.outline.sources[key[0]]]

    def _evaluated(self, node: Value) -> dict[Value, Scalar]:
        """The values of the nodes between a named node and its sources, and of all of these."""
        if node not in self._made:
            self._made[node] = self._between(node, {})
        return self._made[node]

    def _between(self, node: Value, swapped: Mapping[Value, Scalar]) -> dict[Value, Scalar]:
        made = {
            source: swapped[source] if source in swapped else self.value(source)
            for source in self.outline.sources[node]
        }
        value = self.rules.value
        for inner, parents, rest, data in self.outline.steps(node, self.in_floats):
            operands = tuple([made[parent] for parent in parents]) + rest
            made[inner] = value(inner, operands) if parents else data
        return made

    def _valued(self, node: Value) -> Scalar:
        swapped = self._swapped(node)
        return (self._between(node, swapped) if swapped else self._evaluated(node))[node]

    def _swapped(self, node: Value) -> dict[Value, Scalar]:
        """What is taken, for this node only, in place of what it is made from."""
        swaps = self.rules.swaps
        return {by: swap(self) for (of, by), swap in swaps.items() if of is node} if swaps else {}

    def _factors(self, of: Value) -> dict[Value, Scalar]:
        """∂of/∂source along the edges to all its sources."""
        if of not in self._slopes:
            right, swapped = self._evaluated(of), self._swapped(of)
            taken = self._between(of, swapped) if swapped else right
            found: dict[Value, Scalar] = {of: 1}  # as `gradients` goes, over steps that are known
            for node, parents, rest, _ in reversed(self.outline.steps(of, self.in_floats)):
                if not parents:
                    continue
                made = right if node.op and node.op.kink else taken  # a gate opens as it does
                operands = tuple([made[parent] for parent in parents]) + rest
                locals_ = self._locals(of, node, made[node], operands)
                for parent, local in zip(parents, locals_, strict=False):
                    is_float = node is of and local.__class__ is float
                    part = local if is_float else times(found[node], local)
                    found[parent] = plus(found[parent], part) if parent in found else part
            self._slopes[of] = {a: found.get(a, 0) for a in self.outline.sources[of]}
        return self._slopes[of]

    def _locals(self, of: Value, node: Value, made: Scalar, operands: Operands) -> Operands:
        assert node.op is not None
        if node.op.kink and not any(map(math.isnan, map(to_float, operands))):
            ends = node.op.intervals(*operands)
            if ends is not None and node.op.name in self.outline.slopes:
                if self.rules.locals is locals_of:
                    return (self.outline.slopes[node.op.name],)
            elif ends is not None:
                self.met_kink = True
                if self.at_kink is not None:
                    return tuple(end[self.at_kink] for end in ends)
        y = self.value(of) if self._takes_result(of, node) else made
        return self.rules.locals(node, y, operands)

    def _takes_result(self, of: Value, node: Value) -> bool:
        return self.from_result and node is of and (self.carried is not None or (of,) in self.own)

    def factor(self, of: Value, by: Value) -> Scalar:
        """The derivative along one edge: the own one, or else from the formula."""
        key = of, by
        if not self.outline.is_edge(key):
            return self._factors(of)[by]
        if key in self.used:
            return self.used[key]
        return self._taken(key, lambda key: (), lambda key: self._factors(of)[by])

    def derivative(self, of: Value, by: Value) -> Scalar:
        """The derivative of a named node by another: the own one, or else by the chain rule."""
        if of is by:
            return 1
        if (of, by) in self.used:
            return self.used[of, by]
        if self.outline.is_edge((of, by)):
            return self.factor(of, by)
        return self._taken((of, by), self._longer, lambda key: self._summed(*key))

    def _longer(self, key: Key) -> list[Key]:
        """The derivatives of more than one factor that one is the sum of."""
        of, by = key
        ways = [(of, user) for user in self.outline.ways(of, by) if user is not of]
        return [way for way in ways if not self.outline.is_edge(way)]

    def _summed(self, of: Value, by: Value) -> Scalar:
        """The chain rule: the sum over the users of a node."""
        terms = [
            (user, self.derivative(of, user), self.factor(user, by))
            for user in self.outline.ways(of, by)
        ]
        return self.rules.total(of, by, terms)


def _unchanged(number: Scalar) -> Scalar:
    return number


# How far rounding carries ------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """What a quantity is from a person's own lines.

    Attributes:
        number: computed from the numbers as they are written.
        low: the least that it can be where they were rounded.
        high: the most.
        used: the written quantities that it was computed from.
    """

    number: Scalar
    low: float
    high: float
    used: frozenset[Key]


@dataclass(frozen=True)
class Way:
    """A way to a quantity: which own numbers are used, and how."""

    own: Mapping[Key, Scalar]
    from_result: bool = True
    forward: bool = False


Begin = Callable[[Rules], Recomputation]  # a fresh start from the own numbers, by some rules
Work = Callable[[Begin], Scalar]


def straight(key: Key, way: Way) -> Work:
    """Working a quantity out without a mistake."""

    def work(begin: Begin) -> Scalar:
        return begin(RULES).quantity(key, forward=way.forward)

    return work


def computed(outline: Outline, way: Way, work: Work, *, in_floats: bool = True) -> Scalar | None:
    """What comes out one way; None where nothing does, as for log(-1), or nothing finite."""

    def begin(rules: Rules) -> Recomputation:
        return Recomputation(
            outline, way.own, rules=rules, from_result=way.from_result, in_floats=in_floats
        )

    try:
        number = work(begin)
        return number if math.isfinite(to_float(number)) else None
    except FAILURES:
        return None


Strays = tuple[Scalar, Scalar]  # how far a number that was gone on with may be off, down and up


def expected(
    outline: Outline,
    way: Way,
    work: Work,
    strays: Mapping[Key, Strays],
    unit: Fraction,
    *,
    any_at_kinks: bool = True,
    near: tuple[float, float] | None = None,
) -> Expected | None:
    """What comes out one way, and how far the rounding of what went in carries; None for nothing.

    The ways of rounding that people have are tried, not the worst that half a unit could do: a
    number that was written was gone on with as written, or as it was before; one that was not
    written was rounded, cut off, kept, or kept to one digit more.

    Args:
        outline: the named nodes.
        way: the way.
        work: how the quantity is worked out.
        strays: for each written number how far what the person went on with may be off.
        unit: to which the numbers that were not written were rounded; 0 for not at all.
        any_at_kinks: whether every value of the subdifferential is allowed at a kink.
        near: a number and half its unit; where what comes out is farther from it than rounding
            carries, rounding is not tried.
    """
    begun: list[Recomputation] = []

    def begin(rules: Rules) -> Recomputation:
        begun.append(Recomputation(outline, way.own, rules=rules, from_result=way.from_result))
        return begun[-1]

    try:
        number = work(begin)
        centre = to_float(number)
    except FAILURES:
        return None
    if not math.isfinite(centre):
        return None
    used = {key: taken for first in begun for key, taken in first.used.items()}
    own = frozenset(key for key in used if key in way.own)
    if near is not None and abs(centre - near[0]) > farthest(*near):
        return Expected(number, centre, centre, own)

    def moved(carried: Carried | None, at_kink: Literal[0, 1] | None = None) -> float:
        def begin_off(rules: Rules) -> Recomputation:
            return Recomputation(
                outline, floats, carried, rules,
                from_result=way.from_result, in_floats=True, at_kink=at_kink,
            )  # fmt: skip

        try:
            change = to_float(work(begin_off)) - centre
        except FAILURES:
            return 0.0
        return change if math.isfinite(change) else 0.0

    floats = {key: to_float(number) for key, number in way.own.items()}
    roundings = _roundings(used, way.own, strays, unit)
    up, down = _carried(roundings, moved)
    unseen = [key for key in used if key not in way.own and (len(key) > 1 or key[0].parents)]
    is_tried = bool(unit and roundings and unseen)
    if is_tried:
        last = max((key[0] for key in used if len(key) > 1), key=attrgetter("index"), default=None)
        for trial in range(_TRIALS):
            habits = _Habits(trial, last, way.own, strays, to_float(unit))
            off = moved(habits.carried)
            up, down = max(up, off), min(down, off)
    if any_at_kinks and any(first.met_kink for first in begun):
        ends = moved(None, 0), moved(None, 1)
        up, down = up + max(0.0, *ends), down + min(0.0, *ends)
    slack = (_SLACK if is_tried else 0.02) * (up - down)
    return Expected(number, centre + down - slack, centre + up + slack, own)


def farthest(number: float, half: float) -> float:
    """How far rounding on the way is looked for from a number that may be off by half a unit."""
    return 50 * half + 0.5 * abs(number)


def is_rounded(
    outline: Outline, way: Way, key: Key, strays: Mapping[Key, Strays], unit: Fraction
) -> bool:
    """Whether any number that a quantity comes from may have been changed by rounding."""
    recomputation = Recomputation(outline, way.own, from_result=way.from_result)
    try:
        recomputation.quantity(key, forward=way.forward)
    except FAILURES:
        return True
    return bool(_roundings(recomputation.used, way.own, strays, unit))


def _roundings(
    used: Mapping[Key, Scalar],
    own: Collection[Key],
    strays: Mapping[Key, Strays],
    unit: Fraction,
) -> dict[Key, tuple[float, float]]:
    """How far each number that was used may be off, down and up."""
    roundings: dict[Key, tuple[float, float]] = {}
    size = to_float(unit)
    for key, number in used.items():
        if key in own:
            down, up = map(to_float, strays[key])
        elif (len(key) == 1 and not key[0].parents) or _is_multiple(number, unit):
            continue
        else:
            before = to_float(number)
            ends = [_rounded(before + tie, size) - before for tie in (-size / 1e6, size / 1e6)]
            down, up = min(*ends, -size / 20), max(*ends, size / 20)  # or kept to one digit more
        if down or up:
            roundings[key] = down, up
    return roundings


def _rounded(number: float, unit: float) -> float:
    return round(number / unit) * unit if math.isfinite(number / unit) else number


class _Habits:
    """How somebody goes on with the numbers on his way; in every trial otherwise.

    First the same is done at every step: values, derivatives of the last node, and factors are
    rounded, cut off, kept, or kept to one digit more. Then each is treated as it happens.
    """

    def __init__(
        self,
        trial: int,
        last: Value | None,
        own: Collection[Key],
        strays: Mapping[Key, Strays],
        unit: float,
    ) -> None:
        self.own = own
        self.strays = strays
        self.unit = unit
        self.last = last
        self.always = _ALWAYS[trial] if trial < len(_ALWAYS) else ""
        if not self.always:
            self.draw = random.Random(trial)

    def carried(self, key: Key, number: Scalar) -> Scalar:
        """A number as it is gone on with."""
        if key in self.own:
            if self.always or self.draw.random() < 0.5:
                return number
            return number + to_float(self.draw.choice(self.strays[key]))
        if len(key) == 1 and not key[0].parents:
            return number
        kind = 0 if len(key) == 1 else 1 if key[0] is self.last else 2
        way = self.always[kind] if self.always else self.draw.choice(_WAYS)
        number = to_float(number)
        if way == "keep" or not math.isfinite(number / self.unit):
            return number
        if way == "cut":
            return math.trunc(number / self.unit) * self.unit
        return _rounded(number, self.unit if way == "round" else self.unit / 10)


_TRIALS = 32
_SLACK = 0.2  # of what the trials reach; nobody's habits are quite one of them
_WAYS = ("round", "cut", "keep", "more")
_ALWAYS = (  # values, derivatives of the last node, factors
    ("round", "round", "round"),
    ("round", "round", "keep"),
    ("round", "keep", "keep"),
    ("keep", "round", "keep"),
    ("cut", "cut", "cut"),
    ("cut", "cut", "keep"),
    ("more", "more", "more"),
)


def _shifted(shifts: Mapping[Key, float], key: Key, number: Scalar) -> Scalar:
    shift = shifts.get(key)
    return number if shift is None else number + shift


def _is_multiple(number: Scalar, unit: Fraction) -> bool:
    """Whether a number is not changed by rounding to multiples of a unit."""
    if not unit or not math.isfinite(to_float(number)):
        return True
    exact = Fraction(number)
    return abs(round(exact / unit) * unit - exact) <= abs(exact) / 10**12


def _carried(
    roundings: Mapping[Key, tuple[float, float]], moved: Callable[[Carried | None], float]
) -> tuple[float, float]:
    """The most that a result can rise and fall where its operands are off by so much.

    The changes by each operand alone are added. That leaves out products of two errors, so the two
    corners at which all of them pull one way are looked at as well.
    """
    up = down = 0.0
    upwards: dict[Key, float] = {}
    downwards: dict[Key, float] = {}
    for key, ends in roundings.items():
        changes = {moved(partial(_shifted, {key: end})) if end else 0.0: end for end in ends}
        highest, lowest = max(0.0, *changes), min(0.0, *changes)
        up += highest
        down += lowest
        upwards[key], downwards[key] = changes.get(highest, 0.0), changes.get(lowest, 0.0)
    if len(roundings) > 1:
        up = max(up, moved(partial(_shifted, upwards)))
        down = min(down, moved(partial(_shifted, downwards)))
    return up, down
