"""Chains: the factors of one local derivative, where the nodes between have no names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import NamedTuple

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import Operands
from scalargrad.engine.rebuild import taken
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.notation.formula import Formula, factored, formula

_OF_SUMS = (ops.mul, ops.add, ops.sub, ops.neg, ops.dot, ops.total, ops.mean)  # the product rule
MOST_WAYS, MOST_NODES = 200, 1000  # that are told apart


class Factor(NamedTuple):
    """A factor of a chain: its formula, its number, whether it is the slope of a function."""

    formula: Formula
    number: Scalar
    is_slope: bool = False


def ways(
    value: Value,
    source: Value,
    kept: Collection[Value],
    written: Callable[[Value], Operands],
) -> list[list[Factor]]:
    """The ways from a node down to another through nodes that are not kept, each as its factors.

    A factor is what a lecturer writes as one: (w x − y)² gives 2(w x − y) and x. Numbers join the
    factor that follows, and products of names each other.

    Args:
        value: the node that is differentiated.
        source: by what.
        kept: the nodes through which no way goes.
        written: the formulas of the local derivatives of a node.
    """
    order = topological_order(value, until=kept)
    if len(order) > MOST_NODES:
        return []
    counts: dict[Value, int] = {source: 1}
    for node in order:
        if node is value or node not in kept:
            counts[node] = sum(counts.get(parent, 0) for parent in node.parents)
    if not 0 < counts.get(value, 0) <= MOST_WAYS:
        return []
    return [
        _grouped(steps) if any(step.is_slope for step in steps) else [reduce(_product, steps)]
        for steps, is_taken in _walked(value, source, counts, written)
        if is_taken or all(scalars.is_finite(step.number) for step in steps)
    ]  # beyond a branch that is not taken there may be no value


def _walked(
    value: Value,
    source: Value,
    counts: dict[Value, int],
    written: Callable[[Value], Operands],
) -> Iterator[tuple[list[Factor], bool]]:
    """The local derivatives along each way, and whether its branches are taken."""
    local: dict[Value, list[Factor]] = {}
    walk: list[Factor] = []
    is_taken = [True]
    waiting = [(value, 0)]
    while waiting:
        node, operand = waiting.pop()
        if node not in local:
            pairs = zip(written(node), node.local_derivatives(), strict=False)
            local[node] = [Factor(formula(a), b, node.op not in _OF_SUMS) for a, b in pairs]
        if operand:
            walk.pop()
            is_taken.pop()
        while operand < len(node.parents) and not counts.get(node.parents[operand]):
            operand += 1
        if operand == len(node.parents):
            continue
        walk.append(local[node][operand])
        waiting.append((node, operand + 1))
        parent = node.parents[operand]
        is_taken.append(is_taken[-1] and parent in taken(node))
        if parent is source:
            yield list(walk), is_taken[-1]
        else:
            waiting.append((parent, 0))


def _grouped(steps: list[Factor]) -> list[Factor]:
    """The factors that are worth being told apart."""
    factors: list[Factor] = []
    number = Factor(formula(1), 1)
    for step in steps:
        if _is_constant(step.formula):
            number = _product(number, step)
        elif _is_monomial(step.formula):
            before = [factor for factor in factors if _is_monomial(factor.formula)]
            factors = [factor for factor in factors if not _is_monomial(factor.formula)]
            factors.append(reduce(_product, [*before, number, step]))
            number = Factor(formula(1), 1)
        else:
            factors.append(_product(number, step))
            number = Factor(formula(1), 1)
    if not factors:
        return [number]
    if not number.formula.is_number(1):
        factors[-1] = _product(number, factors[-1])
    return _with_signs_cancelled(factors)


def _with_signs_cancelled(factors: list[Factor]) -> list[Factor]:
    """The factors without minus signs of which two are one too many."""
    signed = [place for place, factor in enumerate(factors) if factor.formula.head == "neg"]
    for place in signed[: len(signed) // 2 * 2]:
        factors[place] = _product(Factor(formula(-1), -1), factors[place])
    return factors


def is_worth_telling(factors: list[Factor]) -> bool:
    """Whether factors say more than their product.

    They do not with a gate, as a fraction that joins them, where names of one cancel or join those
    of another, and behind a coefficient alone.
    """
    whole = formula(1)
    for factor in factors:
        whole = whole * factor.formula
    has_gate = any(factor.formula.head == "indicator" for factor in factors)
    unsigned = whole.parts[0] if whole.head == "neg" else whole
    is_joined = unsigned.head == "/" and unsigned.parts[1].head != "number"
    names = sum(_count_of_names(factor.formula) for factor in factors)
    is_shorter = _count_of_names(whole) < names
    is_coefficient = len(factors) == 2 and _is_monomial(factors[0].formula)
    return len(factors) > 1 and not (has_gate or is_joined or is_shorter or is_coefficient)


def _count_of_names(written: Formula) -> int:
    return int(written.head == "name") + sum(map(_count_of_names, written.inner))


def _product(a: Factor, b: Factor) -> Factor:
    return Factor(a.formula * b.formula, scalars.times(a.number, b.number))


def _is_constant(written: Formula) -> bool:
    """Whether it is a number, or a quotient of two, with a sign or without."""
    found = factored(written)
    return not (found.powers or found.powers_below)


def _is_monomial(written: Formula) -> bool:
    """Whether it is a product of numbers, names and their powers, with a sign or without."""
    found = factored(written)
    bases = [base.parts[0] if base.head == "^" else base for base, _ in found.powers]
    return not found.powers_below and all(base.head == "name" for base in bases)
