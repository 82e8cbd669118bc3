"""How mistakes are made: recipes that change one thing in the computation of a line.

A recipe takes a wrong line and gives the ways in which its mistake may have been made there. Each
is worked out by the steps of `recomputing`, from the person's own lines: with one step made
otherwise (`at_each`), with another number for an operand (`swapped`), or put together from other
quantities than it is made of (`made_from`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any

from scalargrad.checking.quantities import canonical_label
from scalargrad.checking.reading import Reading
from scalargrad.checking.recomputing import (
    FAILURES,
    RULES,
    Begin,
    Key,
    Outline,
    Recomputation,
    Rules,
    Strays,
    Swap,
    Way,
    Work,
    computed,
    recomputed,
)
from scalargrad.engine import ops
from scalargrad.engine.ops import OPERATIONS, Operands, Operation
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value
from scalargrad.notation.names import typeset

MOST_NODES = 60  # whose rules are changed one after the other
Candidate = tuple[Work, str]  # a way with the mistake, and which operand it is about
Recipe = Callable[["Case"], Iterable[Candidate]]
Terms = Sequence[tuple[Value, Scalar, Scalar]]  # user, upstream, local
Edge = tuple[Value, Value]
Rows = Operation | Iterable[Operation]


@dataclass(frozen=True)
class Case:
    """A wrong line.

    Attributes:
        outline: the named nodes of the computation.
        key: the quantity.
        reading: what was written.
        half: how far the person's number may be from it.
        unseen: to which unit a step that was not written was rounded.
        own: the numbers of the person's earlier lines.
        strays: how far those may be off what was gone on with.
        exact: the true value.
        expected: the value from the person's own earlier lines.
        written: the numbers of all lines of the sheet.
    """

    outline: Outline
    key: Key
    reading: Reading
    half: Fraction
    unseen: Fraction
    own: Mapping[Key, Scalar]
    strays: Mapping[Key, Strays]
    exact: Scalar
    expected: Scalar | None
    written: Mapping[Key, Scalar]

    @property
    def of(self) -> Value:
        """The node that is asked about, or differentiated."""
        node: Value = self.key[0]
        return node

    @property
    def is_value(self) -> bool:
        """Whether a value is asked for."""
        return len(self.key) == 1

    @property
    def is_edge(self) -> bool:
        """Whether one factor of the chain rule is asked for."""
        return len(self.key) == 2 and self.outline.is_edge(self.key)

    @property
    def is_chain(self) -> bool:
        """Whether more than one factor is needed."""
        return len(self.key) == 2 and not self.is_edge

    @property
    def is_update(self) -> bool:
        """Whether a weight after a step is asked for."""
        return len(self.key) == 3

    def views(self) -> tuple[Case, Case]:
        """The same as if some lines were not written, which the person did not look at.

        In the first the factors that this line is the product of, in the second all derivatives.
        """
        direct: set[Key] = set()
        for user in self.outline.users[self.key[1]] if self.is_chain else ():
            direct |= {(user, self.key[1]), (self.of, user)}
        direct = {key for key in direct if self.outline.is_edge(key)}
        values = {key: number for key, number in self.own.items() if len(key) == 1}
        near = {key: number for key, number in self.own.items() if key not in direct}
        return replace(self, own=near), replace(self, own=values)

    @cached_property
    def visits(self) -> dict[str, dict[tuple[Value, ...], tuple[Any, ...]]]:
        """What each rule is asked on the way to this line: by its name, by place."""
        visits: dict[str, dict[tuple[Value, ...], tuple[Any, ...]]] = {}

        def watched(rule: str, size: int) -> Callable[..., Any]:
            seen = visits.setdefault(rule, {})

            def step(*given: Any) -> Any:
                seen.setdefault(given[:size], given)
                return getattr(RULES, rule)(*given)

            return step

        rules = Rules(watched("value", 1), watched("locals", 1), watched("total", 2))
        computed(self.outline, Way(self.own), self.by(rules))
        return visits

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges between named nodes whose factor, or whose value, this line needs itself."""
        if self.is_value:
            return [(self.of, source) for source in self.outline.sources[self.of]]
        steps = [(self.of, self.key[1])] if self.is_edge else []
        for _, by in islice(self.visits["total"], MOST_NODES):
            for user in self.outline.ways(self.of, by):
                steps += [(user, by)]
                steps += [(self.of, user)] if self.outline.is_edge((self.of, user)) else []
        needed = [edge for edge in steps if edge not in self.own]
        edges = [(of, source) for of, _ in needed for source in self.outline.sources[of]]
        return list(dict.fromkeys(edges))

    def by(self, rules: Rules) -> Work:
        """Working the line out by other rules."""
        return lambda begin: begin(rules).quantity(self.key)


def name_of(node: Value) -> str:
    """A node as a sentence names it."""
    return typeset(canonical_label(node)) if node.label else "the constant"


def quotient(of: Value, by: Value) -> str:
    """A derivative as a sentence names it."""
    return f"∂{name_of(of)}/∂{name_of(by)}"


# One step made otherwise -------------------------------------------------------------------------


def _anywhere(case: Case, node: Value | None = None) -> bool:
    return True


Change = Callable[..., Iterable[Any]]  # of what the rule is asked, and what is right: the variants


def at_each(
    rule: str,
    change: Change,
    where: Callable[[Case, Value], bool] = _anywhere,
    said: Callable[..., Sequence[str]] | None = None,
) -> Recipe:
    """A recipe that makes one step after the other otherwise.

    Args:
        rule: which of the Rules: "value", "locals" or "total".
        change: what comes out instead: change(right, *what the rule is asked), in each variant.
        where: at which nodes of which lines.
        said: for each variant which operand it is about.
    """

    def recipe(case: Case) -> Iterator[Candidate]:
        if case.is_update or case.is_value != (rule == "value"):
            return
        for site, given in islice(case.visits[rule].items(), MOST_NODES):
            if not where(case, site[0]):
                continue
            try:
                count = len(list(change(getattr(RULES, rule)(*given), *given)))
            except FAILURES:
                continue
            details = said(*given) if said else ("",) * count
            for place, detail in zip(range(count), details, strict=True):
                step: Any = partial(_changed, rule, change, site, place)
                yield case.by(replace(RULES, **{rule: step})), detail

    return recipe


def _changed(rule: str, change: Change, site: tuple[Value, ...], place: int, /, *given: Any) -> Any:
    """One step by its rule, or at its site by one variant of the change."""
    right = getattr(RULES, rule)(*given)
    return list(change(right, *given))[place] if given[: len(site)] == site else right


def value(rows: Rows, *wrong: Callable[..., Scalar]) -> Recipe:
    """A recipe that takes another value for some operations: wrong(*operands)."""
    rows = _rows(rows)

    def change(right: Scalar, node: Value, a: Operands) -> list[Scalar]:
        return [number(*a) for number in wrong] if node.op in rows else []

    return at_each("value", change)


def slopes(rows: Rows, change: Change, where: Callable[[Case, Value], bool] = _anywhere) -> Recipe:
    """A recipe that takes other slopes for some operations: change(right, node, y, operands)."""
    rows = _rows(rows)
    return at_each(
        "locals",
        lambda right, node, *rest: change(right, node, *rest) if node.op in rows else (),
        where,
    )


def slope(
    rows: Rows,
    *wrong: Callable[[Scalar, Scalar], Scalar],
    where: Callable[[Case, Value], bool] = _anywhere,
) -> Recipe:
    """A recipe that takes another slope for the first operand of some operations: wrong(y, a)."""

    def change(right: Operands, node: Value, y: Scalar, a: Operands) -> list[Operands]:
        return [(number(y, a[0]), *right[1:]) for number in wrong]

    return slopes(rows, change, where)


def either(*recipes: Recipe) -> Recipe:
    """A recipe of several."""
    return lambda case: chain.from_iterable(recipe(case) for recipe in recipes)


def _rows(rows: Rows) -> frozenset[Operation]:
    return frozenset((rows,) if isinstance(rows, Operation) else rows)


def total(change: Callable[[Terms], Iterable[Scalar]]) -> Recipe:
    """A recipe that adds the terms of several paths up in another way."""
    return at_each("total", lambda right, of, by, terms: change(terms) if len(terms) > 1 else ())


def term(*wrong: Callable[[Scalar, Scalar], Scalar], least: int = 1) -> Recipe:
    """A recipe that changes one term of a sum over at least so many paths: wrong(g, d)."""

    def change(right: Scalar, of: Value, by: Value, terms: Terms) -> Iterator[Scalar]:
        for _, g, d in terms if len(terms) >= least else ():
            yield from (right - g * d + number(g, d) for number in wrong)

    return at_each("total", change)


def factor(*wrong: Callable[[Scalar, Scalar], Scalar]) -> Recipe:
    """The same of any sum, which says the factor: wrong(which, the other), each way round."""

    def change(right: Scalar, of: Value, by: Value, terms: Terms) -> Iterator[Scalar]:
        for _, g, d in terms:
            for number in wrong:
                yield from (right - g * d + number(d, g), right - g * d + number(g, d))

    def said(of: Value, by: Value, terms: Terms) -> list[str]:
        sides = [(quotient(user, by), quotient(of, user)) for user, _, _ in terms]
        return [side for pair in sides for _ in wrong for side in pair]

    return at_each("total", change, said=said)


def factor_as_value(case: Case) -> Iterator[Candidate]:
    """The value of a node in the place of its derivative, in one factor of the chain."""

    def nodes(by: Value, terms: Terms) -> Iterator[tuple[Value, Value, Scalar, Scalar]]:
        for user, g, d in terms:
            for node in (user, by) if user.data != by.data else (user,):
                yield node, user, g, d

    def change(right: Scalar, of: Value, by: Value, terms: Terms) -> list[Scalar]:
        if (of, by) != case.key:
            return []
        return [right + g * (node.data - d) for node, _, g, d in nodes(by, terms)]

    def said(of: Value, by: Value, terms: Terms) -> list[str]:
        if (of, by) != case.key:
            return []
        return [f"{name_of(node)} stands where {quotient(user, by)} belongs"
                for node, user, _, _ in nodes(by, terms)]  # fmt: skip

    if case.is_chain:
        yield from at_each("total", change, said=said)(case)


# Put together from other quantities --------------------------------------------------------------

Source = Key | Scalar  # a quantity of the person, the line itself if nothing goes wrong, a number
Sources = Iterator[tuple[Source, ...]]


def made_from(
    sources: Callable[[Case], Sources],
    *wrong: Callable[..., Scalar],
    where: Callable[[Case], bool] = _anywhere,
) -> Recipe:
    """A recipe that puts the line together from other numbers: wrong(*sources)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for keys in sources(case) if where(case) else ():
            for number in wrong:
                yield partial(_put_together, case, keys, number), ""

    return recipe


def _put_together(
    case: Case, sources: Sequence[Source], number: Callable[..., Scalar], begin: Begin
) -> Scalar:
    first = begin(RULES)

    def taken(source: Source) -> Scalar:
        if not isinstance(source, tuple):
            return source
        if source == case.key:
            return first.quantity(source)
        return first.value(*source) if len(source) == 1 else first.derivative(*source)

    return number(*map(taken, sources))


def itself(case: Case) -> Sources:
    """The line."""
    yield (case.key,)


def value_of_node(case: Case) -> Sources:
    """The value where a derivative is asked for; of σ and tanh the slopes have their own names."""
    if case.is_chain or (case.is_edge and case.of.op not in (ops.sigmoid, ops.tanh)):
        yield ((case.of,),)


def weight_rate_gradient(case: Case) -> Sources:
    """Of a step of gradient descent the weight, the rate and the gradient."""
    if case.is_update:
        of, by, rate = case.key
        yield (by,), rate, (of, by)


def part_and_whole(case: Case) -> Sources:
    """Of the value of a share its two operands."""
    pair = _named_pair(case) if case.is_value and case.of.op is ops.div else None
    if pair and case.outline.depends(pair[1], pair[0]):
        yield (pair[0],), (pair[1],)


def of_product(case: Case, operation: Operation = ops.mul) -> Sources:
    """Of the derivative of a product of two named nodes u, v, u′ and v′."""
    pair = _named_pair(case) if case.is_chain and case.of.op is operation else None
    if pair:
        by = case.key[1]
        yield *[(node,) for node in pair], *[(node, by) for node in pair]


def of_quotient(case: Case) -> Sources:
    """The same of a quotient."""
    return of_product(case, ops.div)


def _named_pair(case: Case) -> tuple[Value, ...] | None:
    parents = case.of.parents
    return parents if len(parents) == 2 and case.outline.place.keys() >= set(parents) else None


def power_and_sum(case: Case) -> Sources:
    """Of ∂loss/∂score of a softmax that is written out e and Z."""
    outline = case.outline
    for power in outline.users[case.key[1]] if case.is_chain else ():
        for z in outline.users[power] if power.op is ops.exp else ():
            parts = outline.sources[z]
            is_sum = z.op in (ops.add, ops.total, ops.dot) and len(parts) > 1
            if is_sum and all(part.op is ops.exp for part in parts):
                yield (power,), (z,)


def with_siblings(case: Case) -> Sources:
    """The line, what comes before the last factor of a sum of squares, and its other slopes."""
    by = case.key[-1]
    for of in dict.fromkeys(of for of, _ in case.edges) if len(case.key) == 2 else ():
        beside = case.outline.sources[of]
        others = [node for node in siblings(case.outline, by) if node in beside]
        is_curved = any(node.op in (ops.square, ops.pow) for node in case.outline.between(of))
        if by in beside and others and is_curved:
            yield case.key, (case.of, of), *[(of, other) for other in others]


def small_steps(case: Case) -> Sources:
    """Finite differences of some steps; they show in answers of many figures."""
    if len(case.key) == 2 and case.half < Fraction(1, 1000) * abs(case.reading.middle):
        of, by = case.key
        for size in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, -1e-1, -1e-2, -1e-3, -1e-4, -1e-5):
            with contextlib.suppress(*FAILURES):
                moved = recomputed(of, {by: to_float(by.data) + size})
                yield ((to_float(moved) - to_float(of.data)) / size,)


def gradients_of_others(case: Case) -> Iterator[Candidate]:
    """The gradient of a sibling passed on in the place of the right one."""
    if not case.is_chain:
        return
    of, by = case.key
    for user in case.outline.users[by]:
        for other in siblings(case.outline, user):
            if other is of or case.outline.depends(of, other):
                keys = case.key, (of, other), (of, user), (user, by)
                work = partial(_put_together, case, keys, lambda y, o, g, d: y + (o - g) * d)
                yield work, quotient(of, other)


def has_many_digits(case: Case) -> bool:
    """Whether a line has the digits of a program's output."""
    return case.half < Fraction(1, 10**7) * abs(case.reading.middle)


def has_shut_gate(case: Case) -> bool:
    """Whether a derivative is asked for where a ReLU is shut somewhere."""
    return len(case.key) == 2 and any(
        node.op is ops.relu and not node.data for node in case.outline.place
    )


# Another number in place of an operand -----------------------------------------------------------


def swapped(case: Case, edges: Iterable[Edge], swap: Swap) -> Work:
    """A line in which, at some edges, another number is taken for the operand."""
    return case.by(Rules(swaps=dict.fromkeys(edges, swap)))


def operand(
    where: Callable[[Case, Value, Value], bool],
    change: Callable[[Scalar], Scalar],
    signs: Sequence[int] = (1,),
) -> Recipe:
    """A recipe that takes change(its number) for one operand: where(case, of, operand)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for of, source in case.edges:
            if where(case, of, source):
                swap = partial(_exchanged, source, change)
                work = swapped(case, [(of, source)], swap)
                for sign in signs:
                    yield partial(_times, sign, work), ""

    return recipe


def _exchanged(node: Value, change: Callable[[Scalar], Scalar], first: Recomputation) -> Scalar:
    return change(first.value(node))


def _times(factor: int, work: Work, begin: Begin) -> Scalar:
    return factor * work(begin)


def _value_of(node: Value, first: Recomputation) -> Scalar:
    return first.value(node)


def is_target(case: Case, of: Value, operand: Value) -> bool:
    """Whether an operand is what the output should have been."""
    return not operand.parents and operand.label[:1] in ("y", "t", "ŷ") and operand.label != "yhat"


def is_label(case: Case, of: Value, operand: Value) -> bool:
    """Whether an operand is the 0 or 1 of a cross-entropy."""
    has_log = any(node.op is ops.log for node in case.outline.between(of))
    return is_target(case, of, operand) and operand.data in (0, 1) and has_log


def in_place_of(near: bool) -> Recipe:
    """Another node in the place of an operand: one that is near in the graph, or any other."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for of, source in case.edges:
            if of.op in _NO_PRODUCTS and len(case.outline.between(of)) == 1:
                continue
            seen = {round(to_float(source.data), 9), 0.0, 1.0, -1.0}
            close = dict.fromkeys(_near(case.outline, of, source))
            for node in close if near else {**close, **dict.fromkeys(case.outline.place)}:
                size = round(to_float(node.data), 9)
                if node is source or (node is of and case.is_value):
                    continue
                is_next = of in case.outline.sources[node] and node is not case.of
                if case.outline.depends(node, of) and not is_next:
                    continue
                if size in seen or len(seen) > MOST_NODES:
                    continue
                seen.add(size)
                if near or node not in close:
                    said = f"{name_of(node)} stands where {name_of(source)} belongs"
                    yield swapped(case, [(of, source)], partial(_value_of, node)), said

    return recipe


# Their slopes hold no operand that could be taken for another: only where on a curve one is.
_NO_PRODUCTS = {row for row in OPERATIONS.values() if row.activation or row.kink}
_NO_PRODUCTS |= {ops.exp, ops.log, ops.sin, ops.cos}


def _near(outline: Outline, of: Value, source: Value) -> Iterator[Value]:
    """The nodes that are easily mistaken for an operand: siblings, the next ones back and on."""
    yield from siblings(outline, source)
    yield from outline.sources[of]
    yield from outline.sources[source]
    for user in outline.users[source]:
        yield from (user, *outline.sources[user])
    for partner in outline.sources[of]:
        yield from outline.sources[partner]


def siblings(outline: Outline, node: Value) -> list[Value]:
    """The other nodes whose names differ in their numbers only."""
    kind = _letters(node)
    return [other for other in outline.place if other is not node and kind == _letters(other)]


def _letters(node: Value) -> str | None:
    return re.sub(r"[0-9₀-₉]+", "#", node.label) if node.label else None


def transposed(case: Case) -> Iterator[Candidate]:
    """Each weight W_ij taken for W_ji, all at once."""
    indexed: dict[tuple[str, str], Value] = {}
    for node in case.outline.place:
        parts = re.fullmatch(r"(.*?)_?\{?([0-9])([0-9])\}?(.*)", canonical_label(node))
        if parts:
            indexed[parts[1] + parts[4], parts[2] + parts[3]] = node
    swaps: dict[Edge, Swap] = {}
    for (letter, index), node in indexed.items():
        other = indexed.get((letter, index[::-1]), node)
        if other is not node:
            swaps |= {(of, node): partial(_value_of, other) for of in case.outline.users[node]}
    if swaps:
        yield case.by(Rules(swaps=swaps)), ""


RATES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001)


def updated_weights(case: Case) -> Iterator[Candidate]:
    """The weights after the step of gradient descent in the place of those before it."""
    if case.is_value or case.is_update or case.half > Fraction(1, 500) * abs(case.reading.middle):
        return
    steps = {to_float(key[2]) for key in case.written if len(key) == 3}
    gradients: dict[Value, Scalar] = {}
    for key, number in case.written.items():
        if len(key) == 2 and not key[1].parents:
            gradients[key[1]] = number  # of any output: the last that stands
    for rate in sorted(steps) or RATES:
        swaps: dict[Edge, Swap] = {}
        for node, gradient in gradients.items():
            moved = partial(_moved, rate * to_float(gradient))
            swap = partial(_exchanged, node, moved)
            swaps |= {(of, node): swap for of in case.outline.users[node]}
        if swaps:
            yield case.by(Rules(swaps=swaps)), ""


def _moved(step: float, number: Scalar) -> Scalar:
    return to_float(number) - step
