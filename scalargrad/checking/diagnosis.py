"""Which mistake a wrong number looks like: recipes that change one thing in the computation.

Each recipe gives the numbers that a person would write who works from the same lines and makes that
one mistake. Where one recipe gives the written number, that is its name; where several do, nobody
can tell from the number alone.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from scalargrad.checking.reading import Reading, UnreadableNumber, read
from scalargrad.checking.recomputing import (
    FAILURES,
    RULES,
    Begin,
    Key,
    Outline,
    Recomputation,
    Rules,
    Strays,
    Way,
    Work,
    computed,
    expected,
    locals_of,
    recomputed,
    straight,
    term_of,
    value_of,
)
from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operands, Operation
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value

MOST_NODES = 200  # whose rules are changed one after the other
_RATES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001)
_STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


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
        return not self.is_value and not self.is_edge


def mistakes(case: Case) -> tuple[str, ...]:
    """The names of all recipes that give what was written.

    One name is the likely mistake; several mean that one cannot tell; none, that no recipe fits.
    """
    found: dict[str, None] = {}
    for name, recipe in RECIPES:
        works = recipe(case)
        if name not in found and any(_fits(case, work) for work in works):
            found[name] = None
    if _has_swapped_digits(case):
        found[_SWAPPED] = None
    return tuple(found)


def _fits(case: Case, work: Work) -> bool:
    """Whether a way with a mistake gives what was written, give or take the rounding."""
    way = Way(case.own)
    number = computed(case.outline, way, work)
    if number is None:
        return False
    written, half = to_float(case.reading.middle), to_float(case.half)
    distance = abs(to_float(number) - written)
    if not distance <= 50 * half + 0.5 * abs(written) + 1e-9 * abs(written):
        return False
    if distance <= half + 1e-10 * abs(written):
        return True
    if half > 0.1 * abs(written):  # with one figure nearly everything comes within reach
        return False
    if case.reading.places is None:  # a fraction or a float comes of numbers that were not rounded
        return False
    outcome = expected(case.outline, way, work, case.strays, case.unseen)
    return outcome is not None and outcome.low - half <= written <= outcome.high + half


# Where a rule can be changed ---------------------------------------------------------------------


def _visited(case: Case) -> tuple[list[Value], list[Value], list[tuple[Value, Value, Value]]]:
    """The nodes whose value, or whose slopes, are worked out on the way, and the terms summed."""
    values: dict[Value, None] = {}
    slopes: dict[Value, None] = {}
    terms: dict[tuple[Value, Value, Value], None] = {}

    def value(node: Value, operands: Operands) -> Scalar:
        values[node] = None
        return value_of(node, operands)

    def locals_(node: Value, y: Scalar, operands: Operands) -> Operands:
        slopes[node] = None
        return locals_of(node, y, operands)

    def term(of: Value, user: Value, by: Value, upstream: Scalar, factor: Scalar) -> Scalar:
        terms[of, user, by] = None
        return upstream * factor

    rules = Rules(value, locals_, term)
    computed(case.outline, Way(case.own), lambda begin: begin(rules).quantity(case.key))
    most = MOST_NODES
    return list(values)[:most], list(slopes)[:most], list(terms)[:most]


def _by(rules: Rules, case: Case) -> Work:
    return lambda begin: begin(rules).quantity(case.key)


Recipe = Callable[[Case], Iterable[Work]]


def _value_recipe(change: Callable[[Operation, Operands], list[Scalar]]) -> Recipe:
    """A recipe that changes the value of one node; for lines that ask for a value."""

    def recipe(case: Case) -> Iterator[Work]:
        if not case.is_value:
            return
        for node in _visited(case)[0]:
            for place in range(_count(partial(change, _op(node)), node)):

                def value(
                    other: Value, operands: Operands, node: Value = node, place: int = place
                ) -> Scalar:
                    if other is node:
                        return change(_op(node), operands)[place]
                    return value_of(other, operands)

                yield _by(Rules(value=value), case)

    return recipe


def _count(change: Callable[[Operands], list[Scalar]], node: Value) -> int:
    """How many variants a change of a value has."""
    try:
        return len(change(node.operands))
    except FAILURES:
        return 0


def _slope_recipe(
    change: Callable[[Operation, Scalar, Operands, Operands], Iterable[Iterable[Scalar]]],
    where: Callable[[Case, Value], bool] = lambda case, node: True,
) -> Recipe:
    """A recipe that changes the local derivatives of one node; for derivatives."""

    def recipe(case: Case) -> Iterator[Work]:
        if case.is_value:
            return
        for node in _visited(case)[1]:
            if not where(case, node):
                continue

            def variants(y: Scalar, operands: Operands, node: Value = node) -> list[Operands]:
                right = locals_of(node, y, operands)
                return [tuple(a) for a in change(_op(node), y, operands, right)]

            try:
                count = len(variants(node.data, node.operands))
            except FAILURES:
                continue
            for place in range(count):

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

                yield _by(Rules(locals=locals_), case)

    return recipe


def _term_recipe(
    change: Callable[[Scalar, Scalar], list[Scalar]],
    where: Callable[[Case, Value, Value, Value], bool] = lambda case, of, user, by: True,
) -> Recipe:
    """A recipe that changes one upstream × local; for derivatives through several nodes."""

    def recipe(case: Case) -> Iterator[Work]:
        if not case.is_chain:
            return
        for triple in _visited(case)[2]:
            if not where(case, *triple):
                continue
            for place in range(len(change(1.5, 2.5))):

                def term(
                    of: Value,
                    user: Value,
                    by: Value,
                    upstream: Scalar,
                    factor: Scalar,
                    triple: tuple[Value, Value, Value] = triple,
                    place: int = place,
                ) -> Scalar:
                    if (of, user, by) == triple:
                        return change(upstream, factor)[place]
                    return term_of(of, user, by, upstream, factor)

                yield _by(Rules(term=term), case)

    return recipe


def _has_branches(case: Case, of: Value, user: Value, by: Value) -> bool:
    """Whether the derivative is a sum over several users of a node."""
    users = case.outline.users[by]
    return sum(user is of or case.outline.depends(of, user) for user in users) > 1


def _number_recipe(
    change: Callable[[Scalar], list[Scalar]], where: Callable[[Case], bool] = lambda case: True
) -> Recipe:
    """A recipe that changes the result."""

    def recipe(case: Case) -> Iterator[Work]:
        if not where(case):
            return
        right = straight(case.key, Way(case.own))

        def changed(place: int, begin: Begin) -> Scalar:
            return change(right(begin))[place]

        for place in range(len(change(1.5))):
            yield partial(changed, place)

    return recipe


def _op(node: Value) -> Operation:
    return node.op or CONSTANT


# Slopes ------------------------------------------------------------------------------------------

_ACTIVATIONS = tuple(row for row in OPERATIONS.values() if row.activation)
_GATED = (ops.relu, ops.leaky_relu, ops.elu)
_SMOOTH = (ops.sigmoid, ops.tanh)


def _of(
    row: Operation, change: Callable[[Scalar, Operands, Operands], list[Iterable[Scalar]]]
) -> Recipe:
    """A recipe for the slopes of one operation: change(y, operands, right slopes)."""
    return _slope_recipe(lambda op, y, a, right: change(y, a, right) if op is row else [])


def _gate(slope: int) -> Recipe:
    return _slope_recipe(lambda op, y, a, right: [(slope, *right[1:])] if op in _GATED else [])


def _swapped_partners(op: Operation, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    if op is ops.mul:
        return [a]
    return [(right[0], *a[1:])] if op is ops.dot else []


def _like_a_sum(op: Operation, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    return [(1,) * len(a)] if op in (ops.mul, ops.dot) else []


def _is_outermost(case: Case, node: Value) -> bool:
    """Whether the node is the last operation of an edge; one before it is an inner one."""
    return case.is_edge and node is case.of


def _is_no_factor(case: Case, node: Value) -> bool:
    """Whether losing the slope of a node is another mistake than losing a factor of the chain."""
    outline = case.outline
    return case.is_edge or node not in outline.place or len(outline.between(node)) > 1


def _is_inner(case: Case, node: Value) -> bool:
    return case.is_edge and node is not case.of


def _other_slope(op: Operation, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    if op is ops.tanh:
        return [(y * (1 - y),)]
    return [(1 - y * y,)] if op is ops.sigmoid else []


def _in_degrees(op: Operation, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    if op not in (ops.sin, ops.cos, ops.tan):
        return []
    angle = to_float(a[0]) * math.pi / 180
    return [op.derivatives(op.value(angle), angle)]


# Values ------------------------------------------------------------------------------------------


def _terms(op: Operation, a: Operands) -> list[Scalar]:
    """The terms of which an operation is the sum; the first of dot is its bias."""
    if op is ops.dot:
        return [a[0], *(w * x for w, x in zip(a[1::2], a[2::2], strict=True))]
    if op is ops.sub:
        return [a[0], -a[1]]
    return list(a) if op in (ops.add, ops.total) else []


def _without_a_term(op: Operation, a: Operands) -> list[Scalar]:
    terms = _terms(op, a)
    return [sum(terms) - term for term in terms] if len(terms) > 1 else []


def _with_a_term_twice(op: Operation, a: Operands) -> list[Scalar]:
    terms = _terms(op, a)
    return [sum(terms) + term for term in terms] if len(terms) > 1 else []


def _with_a_sign(op: Operation, a: Operands) -> list[Scalar]:
    terms = _terms(op, a)
    return [sum(terms) - 2 * term for term in terms] if len(terms) > 1 else []


def _added(op: Operation, a: Operands) -> list[Scalar]:
    if op is ops.mul:
        return [a[0] + a[1]]
    if op is not ops.dot:
        return []
    terms = _terms(op, a)
    one = [sum(terms) - term + w + x
           for term, w, x in zip(terms[1:], a[1::2], a[2::2], strict=True)]  # fmt: skip
    return [*one, sum(a)]


def _another_activation(op: Operation, a: Operands) -> list[Scalar]:
    others = {ops.sigmoid: ops.tanh, ops.tanh: ops.sigmoid, ops.relu: ops.abs}
    return [others[op].value(a[0])] if op in others else []


def _slope_for_value(op: Operation, a: Operands) -> list[Scalar]:
    if op not in _SMOOTH:
        return []
    return [op.derivatives(op.value(a[0]), a[0])[0]]


def _value_in_degrees(op: Operation, a: Operands) -> list[Scalar]:
    if op not in (ops.sin, ops.cos, ops.tan):
        return []
    return [op.value(to_float(a[0]) * math.pi / 180)]


def _when(*rows: Operation) -> Callable[[Callable[[Operands], Scalar]], Recipe]:
    """A recipe for the value of some operations."""

    def made(change: Callable[[Operands], Scalar]) -> Recipe:
        return _value_recipe(lambda op, a: [change(a)] if op in rows else [])

    return made


# Numbers -----------------------------------------------------------------------------------------


def _is_derivative(case: Case) -> bool:
    return not case.is_value


def _in_float32(number: Scalar) -> list[Scalar]:
    return [struct.unpack("f", struct.pack("f", to_float(number)))[0]]


def _has_many_digits(case: Case) -> bool:
    return case.half < Fraction(1, 10**7) * abs(case.reading.middle)


def _values_for_derivatives(case: Case) -> Iterator[Work]:
    """The value of a node where its derivative is asked for."""
    if not (case.is_value or (case.is_edge and case.of.op in _SMOOTH)):  # those have their own
        yield lambda begin: begin(RULES).value(case.of)


def _wrong_inputs(case: Case) -> Iterator[Work]:
    """A node of the same letter in the place of another."""
    outline = case.outline
    targets = outline.users[case.key[1]] if case.is_chain else [case.of]
    for target in targets:
        for source in outline.sources[target]:
            for other in _siblings(outline, source):
                if outline.place[other] < outline.place[target]:
                    yield partial(_with_other, case.key, source, other)


def _with_other(key: Key, source: Value, other: Value, begin: Begin) -> Scalar:
    first = begin(RULES)
    value = first.value(other)
    return _beginning_with(first, {(source,): value}).quantity(key)


def _beginning_with(first: Recomputation, changed: Mapping[Key, Scalar]) -> Recomputation:
    """The same from other own numbers."""
    return Recomputation(
        first.outline, {**first.own, **changed}, first.carried, first.rules,
        from_result=first.from_result, at_kink=first.at_kink,
    )  # fmt: skip


def _siblings(outline: Outline, node: Value) -> list[Value]:
    """The other nodes whose names differ in their numbers only."""
    kind = re.sub(r"[0-9₀-₉]+", "#", node.label)
    if not kind:
        return []
    return [
        other
        for other in outline.place
        if other is not node and re.sub(r"[0-9₀-₉]+", "#", other.label) == kind
    ]


def _gradients_of_others(case: Case) -> Iterator[Work]:
    """The gradient of a sibling passed on in the place of the right one."""
    if len(case.key) != 2 or not case.is_chain:
        return
    of, by = case.key
    for user in case.outline.users[by]:
        for other in _siblings(case.outline, user):
            if (of, other) in case.own:
                yield partial(_passed_on, case.key, user, other)


def _passed_on(key: Key, user: Value, other: Value, begin: Begin) -> Scalar:
    of, by = key
    work = begin(RULES)
    right = work.derivative(of, by) if (of, by) not in work.own else work.quantity((of, by))
    change = work.derivative(of, other) - work.derivative(of, user)
    return right + change * work.factor(user, by)


def _updated_weights(case: Case) -> Iterator[Work]:
    """The weights after the step of gradient descent in the place of those before it."""
    if case.is_value:
        return
    of = case.of
    leaves = [node for node in case.outline.place if not node.parents]
    gradients = {node: case.written[of, node] for node in leaves if (of, node) in case.written}
    if not gradients:
        return
    for rate in _RATES:
        changed = {
            (node,): to_float(node.data) - rate * to_float(gradient)
            for node, gradient in gradients.items()
        }
        yield partial(_from_changed, case.key, changed)


def _from_changed(key: Key, changed: Mapping[Key, Scalar], begin: Begin) -> Scalar:
    return _beginning_with(begin(RULES), changed).quantity(key)


def _finite_differences(case: Case) -> Iterator[Work]:
    """A finite difference in the place of a derivative; shows in answers of many figures."""
    if len(case.key) != 2 or not Fraction(1, 1000) > case.half / (abs(case.reading.middle) or 1):
        return
    for step in _STEPS:
        yield partial(_difference_quotient, *case.key, step)
        yield partial(_difference_quotient, *case.key, -step)


def _difference_quotient(of: Value, by: Value, step: float, begin: Begin) -> Scalar:
    moved = recomputed(of, {by: to_float(by.data) + step})
    return (to_float(moved) - to_float(of.data)) / step


_SWAPPED = "two digits are swapped"


def _has_swapped_digits(case: Case) -> bool:
    """Whether exchanging two neighbouring digits makes the answer right."""
    text, wanted = case.reading.text, case.expected
    for i in range(min(len(text), 40) - 1):
        pair = text[i : i + 2]
        if not (pair.isdigit() and pair[0] != pair[1]):
            continue
        try:
            other = read(text[:i] + pair[::-1] + text[i + 2 :])
        except UnreadableNumber:
            continue
        if any(right is not None and other.is_rounding_of(right) for right in (wanted, case.exact)):
            return True
    return False


# The recipes -------------------------------------------------------------------------------------

RECIPES: tuple[tuple[str, Recipe], ...] = (
    ("the sign is wrong", _number_recipe(lambda y: [-y])),
    ("the decimal point is misplaced",
     _number_recipe(lambda y: [10 * y, y / 10, 100 * y, y / 100])),
    ("it is inverted", _number_recipe(lambda y: [scalars.divide(1, y)], _is_derivative)),
    ("it was rounded to float32", _number_recipe(_in_float32, _has_many_digits)),
    # the slope of one operation
    ("the factor 2 of the square is lost", _of(ops.square, lambda y, a, right: [a])),
    (
        "the exponent in front of the power is lost",
        _of(ops.pow, lambda y, a, right: [(scalars.divide(right[0], a[1]), right[1])]),
    ),
    ("the ReLU gate is ignored", _gate(1)),
    ("the ReLU gate is forced shut", _gate(0)),
    ("σ is taken for σ(1 − σ)", _of(ops.sigmoid, lambda y, a, right: [(y,)])),
    ("1 − σ is taken for σ(1 − σ)", _of(ops.sigmoid, lambda y, a, right: [(1 - y,)])),
    ("tanh is taken for 1 − tanh²", _of(ops.tanh, lambda y, a, right: [(y,)])),
    ("the square in 1 − tanh² is lost", _of(ops.tanh, lambda y, a, right: [(1 - y,)])),
    ("tanh² is taken for 1 − tanh²", _of(ops.tanh, lambda y, a, right: [(y * y,)])),
    ("the slope of another activation is taken", _slope_recipe(_other_slope)),
    (
        "the slope of the activation is lost",
        _slope_recipe(lambda op, y, a, right: [(1,)] if op in _SMOOTH else [], _is_no_factor),
    ),
    ("the inner derivative is lost", _slope_recipe(_like_a_sum, _is_inner)),
    ("a product is differentiated like a sum", _slope_recipe(_like_a_sum, _is_outermost)),
    (
        "a factor is taken for its partner",
        _slope_recipe(_swapped_partners, lambda case, node: case.is_edge),
    ),
    (
        "the sum is taken for the mean",
        _slope_recipe(lambda op, y, a, right: [(1,) * len(a)] if op is ops.mean else []),
    ),
    ("degrees are taken for radians", _slope_recipe(_in_degrees)),
    # the chain rule
    ("a factor of the chain is lost", _term_recipe(lambda g, d: [g, d])),
    ("a factor of the chain is inverted", _term_recipe(
        lambda g, d: [scalars.divide(g, d), scalars.divide(d, g)])),
    ("factors of the chain are added, not multiplied", _term_recipe(lambda g, d: [g + d])),
    (
        "one path is missed",
        _term_recipe(lambda g, d: [0 * g], _has_branches),
    ),
    (
        "one path is counted twice",
        _term_recipe(lambda g, d: [2 * g * d], _has_branches),
    ),
    ("the gradient of another node is passed on", _gradients_of_others),
    ("the value is taken for the derivative", _values_for_derivatives),
    ("a weight is used that was updated already", _updated_weights),
    ("a finite difference is taken for the derivative", _finite_differences),
    # values
    ("a wrong input is taken", _wrong_inputs),
    ("factors are added, not multiplied", _value_recipe(_added)),
    ("a term of the sum is lost", _value_recipe(_without_a_term)),
    ("a term of the sum is counted twice", _value_recipe(_with_a_term_twice)),
    ("the sign of a term is wrong", _value_recipe(_with_a_sign)),
    ("the square is lost", _when(ops.square)(lambda a: a[0])),
    ("it is doubled, not squared", _when(ops.square)(lambda a: 2 * a[0])),
    ("the activation is left out", _when(*_ACTIVATIONS)(lambda a: a[0])),
    ("the ReLU gate is forced shut in the value", _when(*_GATED)(lambda a: 0 * a[0])),
    ("another activation is taken", _value_recipe(_another_activation)),
    ("the derivative is taken for the value", _value_recipe(_slope_for_value)),
    ("the sum is taken for the mean, or the mean for the sum", _value_recipe(
        lambda op, a: [sum(a)] if op is ops.mean else
        [scalars.divide(sum(a), len(a))] if op is ops.total else [])),
    ("degrees are taken for radians in the value", _value_recipe(_value_in_degrees)),
    ("the logarithm to base 10 is taken",
     _when(ops.log)(lambda a: math.log10(to_float(a[0])))),
)  # fmt: skip
