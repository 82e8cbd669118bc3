"""How mistakes are made: recipes that change one thing in the computation of a line.

A recipe takes a wrong line and gives the ways in which its mistake may have been made there. Each
is worked out by the steps of `recomputing`, with one rule changed, from the person's own lines.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial

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
    locals_of,
    recomputed,
    total_of,
    value_of,
)
from scalargrad.engine import ops
from scalargrad.engine.ops import OPERATIONS, Operands, Operation
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value
from scalargrad.notation.names import typeset

MOST_NODES = 60  # whose rules are changed one after the other
Candidate = tuple[Work, str]  # a way with the mistake, and which operand it is about
Recipe = Callable[["Case"], Iterable[Candidate]]
Operations = Collection[Operation | None]
Terms = Sequence[tuple[Value, Scalar, Scalar]]  # user, upstream, local


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
    def visited(self) -> tuple[list[Value], list[Value], list[tuple[Value, Value, int]]]:
        """The nodes whose value, and whose slopes, are worked out, and the sums: of, by, count."""
        values: dict[Value, None] = {}
        slopes: dict[Value, None] = {}
        totals: dict[tuple[Value, Value, int], None] = {}

        def value(node: Value, operands: Operands) -> Scalar:
            values[node] = None
            return value_of(node, operands)

        def locals_(node: Value, y: Scalar, operands: Operands) -> Operands:
            slopes[node] = None
            return locals_of(node, y, operands)

        def total(of: Value, by: Value, terms: Terms) -> Scalar:
            totals[of, by, len(terms)] = None
            return total_of(of, by, terms)

        rules = Rules(value, locals_, total)
        computed(self.outline, Way(self.own), lambda begin: begin(rules).quantity(self.key))
        return list(values)[:MOST_NODES], list(slopes)[:MOST_NODES], list(totals)[:MOST_NODES]

    @cached_property
    def edges(self) -> list[tuple[Value, Value]]:
        """The edges between named nodes whose factor, or whose value, this line needs itself."""
        if self.is_value:
            return [(self.of, source) for source in self.outline.sources[self.of]]
        steps = [(self.of, self.key[1])] if self.is_edge else []
        for _, by, _ in self.visited[2]:
            for user in self.outline.users[by]:
                if user is self.of or self.outline.depends(self.of, user):
                    steps += [(user, by)]
                    steps += [(self.of, user)] if self.outline.is_edge((self.of, user)) else []
        needed = [edge for edge in steps if edge not in self.own]
        return [(of, source) for of, _ in needed for source in self.outline.sources[of]]

    def derivative(self, rules: Rules, key: Key) -> Work:
        """Working a quantity out by other rules."""
        return lambda begin: begin(rules).quantity(key)


def name_of(node: Value) -> str:
    """A node as a sentence names it."""
    return typeset(canonical_label(node)) if node.label else "the constant"


# Values and slopes of one operation --------------------------------------------------------------


def value_recipe(change: Callable[[Value, Operands], Iterable[Scalar]]) -> Recipe:
    """A recipe that changes the value of one node; for lines that ask for a value."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for node in case.visited[0] if case.is_value else ():
            for place in range(_count(partial(change, node, node.operands))):

                def value(
                    other: Value, operands: Operands, node: Value = node, place: int = place
                ) -> Scalar:
                    if other is node:
                        return list(change(node, operands))[place]
                    return value_of(other, operands)

                yield case.derivative(Rules(value=value), case.key), ""

    return recipe


def _count(changed: Callable[[], Iterable[object]]) -> int:
    """How many variants a change has."""
    try:
        return len(list(changed()))
    except FAILURES:
        return 0


Slopes = Callable[[Value, Scalar, Operands, Operands], Iterable[Iterable[Scalar]]]


def slope_recipe(
    change: Slopes, where: Callable[[Case, Value], bool] = lambda case, node: True
) -> Recipe:
    """A recipe that changes the local derivatives of one node: change(node, y, operands, right)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        if case.is_value or case.is_update:
            return
        for node in case.visited[1]:
            if not where(case, node):
                continue

            def variants(y: Scalar, operands: Operands, node: Value = node) -> list[Operands]:
                right = locals_of(node, y, operands)
                return [tuple(slopes) for slopes in change(node, y, operands, right)]

            for place in range(_count(partial(variants, node.data, node.operands))):

                def locals_(
                    other: Value,
                    y: Scalar,
                    operands: Operands,
                    node: Value = node,
                    place: int = place,
                    variants: Callable[..., list[Operands]] = variants,
                ) -> Operands:
                    if other is node:
                        return variants(y, operands)[place]
                    return locals_of(other, y, operands)

                yield case.derivative(Rules(locals=locals_), case.key), ""

    return recipe


# The chain rule ----------------------------------------------------------------------------------


def term_recipe(
    change: Callable[[Scalar, Scalar], list[Scalar]], least: int = 1, detail: bool = False
) -> Recipe:
    """A recipe that changes one upstream × local of a sum of at least so many."""

    def changed(terms: Terms, at: int, place: int) -> Scalar:
        return sum(
            change(upstream, local)[place] if at == index else upstream * local
            for index, (_, upstream, local) in enumerate(terms)
        )

    return total_recipe(changed, lambda: len(change(1.5, 2.5)), least, detail)


def whole_recipe(change: Callable[[Terms], list[Scalar]], least: int = 2) -> Recipe:
    """A recipe that adds the terms up in another way."""
    probe: Terms = [(None, 1.5, 2.5), (None, 0.5, 0.25)]  # type: ignore[list-item]
    return total_recipe(
        lambda terms, at, place: change(terms)[place] if at == 0 else total_of_terms(terms),
        lambda: len(change(probe)),
        least,
    )


def total_of_terms(terms: Terms) -> Scalar:
    """The sum of upstream × local."""
    return sum(upstream * local for _, upstream, local in terms)


def total_recipe(
    change: Callable[[Terms, int, int], Scalar],
    variants: Callable[[], int],
    least: int,
    detail: bool = False,
) -> Recipe:
    """A recipe that changes one sum over paths: change(terms, which term, which variant)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        if not case.is_chain:
            return
        for of, by, count in case.visited[2]:
            if count < least:
                continue
            users = [u for u in case.outline.users[by]
                     if u is of or case.outline.depends(of, u)]  # fmt: skip
            for at in range(count):
                for place in range(variants()):

                    def total(
                        o: Value, b: Value, terms: Terms,
                        here: tuple[Value, Value] = (of, by), at: int = at, place: int = place,
                    ) -> Scalar:  # fmt: skip
                        if (o, b) == here:
                            return change(terms, at, place)
                        return total_of(o, b, terms)

                    user = users[at] if at < len(users) else by
                    upper = f"∂{name_of(of)}/∂{name_of(user)}"
                    lower = f"∂{name_of(user)}/∂{name_of(by)}"
                    said = (lower, upper)[place] if detail and place < 2 else ""
                    yield case.derivative(Rules(total=total), case.key), said

    return recipe


def number_recipe(
    change: Callable[[Scalar], list[Scalar]], where: Callable[[Case], bool] = lambda case: True
) -> Recipe:
    """A recipe that changes the result."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for place in range(len(change(1.5))) if where(case) else ():

            def work(begin: Begin, place: int = place) -> Scalar:
                return change(begin(RULES).quantity(case.key))[place]

            yield work, ""

    return recipe


# Another number in place of an operand -----------------------------------------------------------


def swapped(case: Case, edges: Iterable[tuple[Value, Value]], swap: Swap) -> Work:
    """A line in which, at some edges, another number is taken for the operand."""
    return case.derivative(Rules(swaps=dict.fromkeys(edges, swap)), case.key)


def _times(factor: int, work: Work, begin: Begin) -> Scalar:
    return factor * work(begin)


def _value_of(node: Value, recomputation: Recomputation) -> Scalar:
    return recomputation.value(node)


def operand_recipe(
    change: Callable[[Value, float, Operations], list[Swap]], signs: Sequence[int] = (1,)
) -> Recipe:
    """A recipe that takes something else for one operand: change(it, its number, operations)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for of, source in dict.fromkeys(case.edges):
            operations = {node.op for node in case.outline.between(of)}
            for swap in change(source, to_float(source.data), operations):
                work = swapped(case, [(of, source)], swap)
                for sign in signs:
                    yield partial(_times, sign, work), ""

    return recipe


def in_place_of(near: bool) -> Recipe:
    """Another node in the place of an operand: one that is near in the graph, or any other."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for of, source in dict.fromkeys(case.edges):
            if of.op in _NO_PRODUCTS and len(case.outline.between(of)) == 1:
                continue
            seen = {round(to_float(source.data), 9), 0.0, 1.0, -1.0}
            close = list(_near(case.outline, of, source))
            rest = [node for node in case.outline.place if node not in close]
            for node in close if near else [*close, *rest]:
                size = round(to_float(node.data), 9)
                if node is source or (node is of and case.is_value):
                    continue
                is_next = of in case.outline.sources[node] and node is not case.of
                if case.outline.depends(node, of) and not is_next:
                    continue
                if size in seen or len(seen) > MOST_NODES:
                    continue
                seen.add(size)
                if near or node in rest:
                    said = f"{name_of(node)} stands where {name_of(source)} belongs"
                    yield swapped(case, [(of, source)], partial(_value_of, node)), said

    return recipe


# Their slopes hold no operand that could be taken for another: only where on a curve one is.
_NO_PRODUCTS = frozenset(row for row in OPERATIONS.values() if row.activation or row.kink) | {
    ops.exp,
    ops.log,
    ops.sin,
    ops.cos,
}


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
        found = re.fullmatch(r"(.*?)_?\{?([0-9])([0-9])\}?(.*)", canonical_label(node))
        if found:
            indexed[found[1] + found[4], found[2] + found[3]] = node
    swaps: dict[tuple[Value, Value], Swap] = {}
    for (letter, index), node in indexed.items():
        other = indexed.get((letter, index[::-1]))
        if other and other is not node:
            for of in case.outline.users[node]:
                swaps[of, node] = partial(_value_of, other)
    if swaps:
        yield case.derivative(Rules(swaps=swaps), case.key), ""


def factor_as_value(case: Case) -> Iterator[Candidate]:
    """The value of a node in the place of its derivative, in one factor of the chain."""
    if not case.is_chain:
        return
    of, by = case.key
    for user in (u for u in case.outline.users[by] if u is of or case.outline.depends(of, u)):
        for node in (user, by) if user.data != by.data else (user,):

            def total(
                o: Value, b: Value, terms: Terms, user: Value = user, node: Value = node
            ) -> Scalar:
                right = total_of(o, b, terms)
                for u, upstream, local in terms:
                    if (o, b, u) == (of, by, user):
                        right = right + upstream * (node.data - local)
                return right

            said = f"{name_of(node)} stands where ∂{name_of(user)}/∂{name_of(by)} belongs"
            yield case.derivative(Rules(total=total), case.key), said


def all_siblings(case: Case) -> Iterator[Candidate]:
    """The slopes of all weights of a sum of squares, in the place of one."""
    for of, by in dict.fromkeys((of, case.key[1]) for of, _ in case.edges if len(case.key) == 2):
        others = [s for s in siblings(case.outline, by) if s in case.outline.sources[of]]
        is_curved = any(node.op in (ops.square, ops.pow) for node in case.outline.between(of))
        if by not in case.outline.sources[of] or not (others and is_curved):
            continue

        def work(
            begin: Begin, of: Value = of, by: Value = by, others: list[Value] = others
        ) -> Scalar:
            first = begin(RULES)
            upstream = first.derivative(case.of, of) if of is not case.of else 1
            return first.quantity(case.key) + upstream * sum(first.factor(of, s) for s in others)

        yield work, ""


def denominator_without(case: Case) -> Iterator[Candidate]:
    """A share whose denominator is the sum of the others only."""
    if case.is_value and case.of.op is ops.div and len(case.of.parents) == 2:
        part, whole = case.of.parents
        if {part, whole} <= case.outline.place.keys() and case.outline.depends(whole, part):
            yield swapped(case, [(case.of, whole)], lambda r: r.value(whole) - r.value(part)), ""


def has_shut_gate(case: Case) -> bool:
    """Whether a derivative is asked for where a ReLU is shut somewhere."""
    return len(case.key) == 2 and any(
        node.op is ops.relu and not node.data for node in case.outline.place
    )


def value_for_derivative(case: Case) -> Iterator[Candidate]:
    """The value of a node where its derivative is asked for."""
    if case.is_chain or (case.is_edge and case.of.op not in (ops.sigmoid, ops.tanh)):
        yield (lambda begin: begin(RULES).value(case.of)), ""


# Gradients of others, updates, differences -------------------------------------------------------


def gradients_of_others(case: Case) -> Iterator[Candidate]:
    """The gradient of a sibling passed on in the place of the right one."""
    if not case.is_chain:
        return
    of, by = case.key
    for user in case.outline.users[by]:
        for other in siblings(case.outline, user):
            if not (other is of or case.outline.depends(of, other)):
                continue

            def work(begin: Begin, user: Value = user, other: Value = other) -> Scalar:
                first = begin(RULES)
                change = first.derivative(of, other) - first.derivative(of, user)
                return first.quantity(case.key) + change * first.factor(user, by)

            yield work, f"∂{name_of(of)}/∂{name_of(other)}"


RATES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001)


def _unchanged(number: Scalar, recomputation: Recomputation) -> Scalar:
    return number


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
        swaps: dict[tuple[Value, Value], Swap] = {}
        for node, gradient in gradients.items():
            number = to_float(node.data) - rate * to_float(gradient)
            for of in case.outline.users[node]:
                swaps[of, node] = partial(_unchanged, number)
        if swaps:
            yield case.derivative(Rules(swaps=swaps), case.key), ""


def update_recipe(change: Callable[[Scalar, Scalar, Scalar], list[Scalar]]) -> Recipe:
    """A recipe for a step of gradient descent: change(weight, rate, gradient)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        for place in range(len(change(1.5, 0.1, 2.0))) if case.is_update else ():

            def work(begin: Begin, place: int = place) -> Scalar:
                of, by, step = case.key
                first = begin(RULES)
                return change(first.value(by), step, first.derivative(of, by))[place]

            yield work, ""

    return recipe


_STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def finite_differences(case: Case) -> Iterator[Candidate]:
    """A finite difference in the place of a derivative; shows in answers of many figures."""
    if len(case.key) != 2 or not Fraction(1, 1000) > case.half / (abs(case.reading.middle) or 1):
        return
    of, by = case.key
    for step in (sign * size for size in _STEPS for sign in (1, -1)):

        def work(begin: Begin, step: float = step) -> Scalar:
            moved = recomputed(of, {by: to_float(by.data) + step})
            return (to_float(moved) - to_float(of.data)) / step

        yield work, ""


def in_float32(number: Scalar) -> list[Scalar]:
    """A number as a float of 32 bits."""
    return [struct.unpack("f", struct.pack("f", to_float(number)))[0]]


def has_many_digits(case: Case) -> bool:
    """Whether a line has the digits of a program's output."""
    return case.half < Fraction(1, 10**7) * abs(case.reading.middle)


# Quotients and softmax ---------------------------------------------------------------------------


def pair_recipe(
    operation: Operation, change: Callable[[Scalar, Scalar, Scalar, Scalar], list[Scalar]]
) -> Recipe:
    """A recipe for a product or quotient of two named nodes: change(u, v, u′, v′)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        if not case.is_chain or case.of.op is not operation or len(case.of.parents) != 2:
            return
        u, v = case.of.parents
        if not {u, v} <= case.outline.place.keys():
            return
        by = case.key[1]

        def slope(first: Recomputation, node: Value) -> Scalar:
            if node is by:
                return 1
            return first.derivative(node, by) if case.outline.depends(node, by) else 0

        for place in range(len(change(1.5, 2.5, 0.5, 0.25))):

            def work(begin: Begin, place: int = place) -> Scalar:
                first = begin(RULES)
                slopes = slope(first, u), slope(first, v)
                return change(first.value(u), first.value(v), *slopes)[place]

            yield work, ""

    return recipe


def softmax_recipe(change: Callable[[Scalar, Scalar, Scalar], list[Scalar]]) -> Recipe:
    """A recipe for ∂loss/∂score of a softmax that is written out: change(e, Z, right slope)."""

    def recipe(case: Case) -> Iterator[Candidate]:
        if not case.is_chain:
            return
        of, by = case.key
        powers = [user for user in case.outline.users[by] if user.op is ops.exp]
        sums = [
            node
            for node in case.outline.place
            if node.op in (ops.add, ops.total, ops.dot)
            and len(case.outline.sources[node]) > 1
            and all(source.op is ops.exp for source in case.outline.sources[node])
        ]
        for e in powers:
            for z in sums:
                if e not in case.outline.sources[z]:
                    continue
                for place in range(len(change(1.5, 2.5, 0.5))):

                    def work(
                        begin: Begin, e: Value = e, z: Value = z, place: int = place
                    ) -> Scalar:
                        first = begin(RULES)
                        right = first.quantity((of, by))
                        return change(first.value(e), first.value(z), right)[place]

                    yield work, ""

    return recipe
