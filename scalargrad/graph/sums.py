"""The chain rule as sums of products: over paths, over the ways of one edge, over examples."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial, reduce
from typing import TypeVar

from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.scalars import Scalar
from scalargrad.graph.chains import Factor as Step
from scalargrad.graph.chains import is_worth_telling
from scalargrad.graph.equations import NOTHING, Factor, Line, Sum, on_one_line, written_number
from scalargrad.graph.labels import MOST_PARTS, Names
from scalargrad.graph.model import Graph
from scalargrad.graph.paths import Path, has_detour, product
from scalargrad.notation.formula import Formula, names_in, number_in_front, parts_of, renamed
from scalargrad.notation.names import Written, parsed
from scalargrad.notation.numbers import MINUS, Numbers, in_formula, read
from scalargrad.notation.printing import enclosed

SUMMED = 6  # paths that are written as one sum
_TERMS = 6  # of a sum over the users of a node: beyond them the middle is left out
_SHOWN = 3  # terms of a sum over examples

_T = TypeVar("_T")


def sum_over_paths(names: Names, chosen: Sequence[Path], left: Written, gradient: Scalar) -> Sum:
    """A term for each path; a path of one edge in the chains that its formula is made of."""
    if len(chosen) == 1 and len(chosen[0]) == 1:
        inner = _sum_over_ways(names, chosen[0][0], left, gradient)
        if inner:
            return inner
    graph = names.graph
    told = [
        path
        for path in chosen
        if scalars.is_finite(product([graph.edges[edge].local for edge in path]))
        or all(graph.edges[edge].is_taken for edge in path)
    ] or chosen[:1]  # beyond a branch that is not taken there may be no value
    short = _over_examples(names, _products(graph, told)) if len(told) >= _SHOWN else None
    shown = shortened(told) if short else told
    terms = [tuple(_local(names, edge) for edge in reversed(path)) for path in shown]
    return Sum(left, terms, gradient, len(told) - len(shown), short)


def are_examples(graph: Graph, every: Sequence[Path]) -> bool:
    """Whether the terms of some paths differ in the number of an example only."""
    is_long = len(every) >= _SHOWN
    return is_long and _over_examples(Names(graph), _products(graph, every)) is not None


def _products(graph: Graph, every: Iterable[Path]) -> list[Formula]:
    """The formulas of the derivatives along some paths."""
    return [reduce(operator.mul, map(graph.formula, reversed(path))) for path in every if path]


def shortened(terms: Sequence[_T]) -> Sequence[_T]:
    """The first terms and the last one; dots stand for those between."""
    return [*terms[: _SHOWN - 1], terms[-1]]


def _sum_over_ways(names: Names, edge: int, left: Written, gradient: Scalar) -> Sum | None:
    """The chain rule through nodes without a name; None where the formula says it in one piece."""
    pairs = [(way, _multiplied(way)) for way in names.graph.chains(edge)]
    ways = [way for way, whole in pairs if not whole.is_number(0)]
    products = [whole for _, whole in pairs if not whole.is_number(0)]
    if len(set(products)) < len(ways) or not (len(ways) > 1 or any(map(is_worth_telling, ways))):
        return None
    if any(sum(step.formula.size for step in way) > MOST_PARTS for way in ways):
        return None
    if any(parts_of(step.formula, MOST_PARTS) is None for way in ways for step in way):
        return None
    short = _over_examples(names, products) if len(ways) >= _SHOWN else None
    if len(ways) > SUMMED and not short:
        return None
    missing = len(ways) - _SHOWN if short else 0
    ways = list(shortened(ways)) if short else ways
    ways = [way if is_worth_telling(way) else [_as_one(way)] for way in ways]
    terms = [tuple(_inner(names, step) for step in way) for way in ways]
    return Sum(left, terms, gradient, missing, short)


def _multiplied(way: Iterable[Step]) -> Formula:
    return reduce(operator.mul, [step.formula for step in way])


def _as_one(way: Sequence[Step]) -> Step:
    return Step(_multiplied(way), product([step.number for step in way]))


def _inner(names: Names, step: Step) -> Factor:
    return _factor(names, Written("", ""), step.formula, step.number)


def _over_examples(names: Names, products: Sequence[Formula]) -> Written | None:
    """A sum whose terms differ in an index only, as (2/3) Σᵢ (w xᵢ − yᵢ)xᵢ."""
    labels = [set(names_in(term, MOST_PARTS)) for term in products]
    shared = set.intersection(*labels)
    alike = {
        renamed(term, partial(_with_index, str(place), shared))
        for place, term in enumerate(products, 1)
    }
    if len(alike) != 1:
        return None
    (term,) = alike
    if len(set(names_in(term, MOST_PARTS))) == len(shared):
        return None
    number, rest = number_in_front(term)
    front = names.formula(number) if not number.is_number(1) else NOTHING
    inner = names.formula(rest)
    inner = Written(f"({inner.text})", enclosed(inner.math)) if rest.head == "+" else inner
    if "/" in front.text:
        front = Written(f"({front.text}) ", f"{front.math} ")
    over = rf"\sum_{{i=1}}^{{{len(products)}}} "
    return Written(f"{front.text}Σᵢ {inner.text}", front.math + over + inner.math)


def _with_index(number: str, shared: set[str], label: str) -> str:
    """A name with i in place of the number of its example."""
    name = parsed(label)
    if label in shared or name is None or name.indices[-1:] != (number,) or name.below:
        return label
    return name._replace(indices=name.indices[:-1], below="i").text


def sum_over_users(names: Names, node: int, gradients: Sequence[Scalar]) -> Sum:
    """The chain rule for one node: a term for each of its users."""
    graph = names.graph
    edges = list(graph.outgoing[node])
    missing = max(0, len(edges) - _TERMS)
    if missing:
        edges = [*edges[: _TERMS - 1], edges[-1]]
    terms = []
    for edge in edges:
        user = graph.edges[edge].target
        symbol = names.derivative(graph.output, user)
        upstream = (Factor(symbol, symbol, gradients[user]),) if user != graph.output else ()
        terms.append((*upstream, _local(names, edge)))
    return Sum(names.derivative(graph.output, node), terms, gradients[node], missing)


def _local(names: Names, edge: int) -> Factor:
    """The local derivative along an edge."""
    graph = names.graph
    ends = graph.edges[edge]
    symbol = names.derivative(ends.target, ends.source)
    if has_detour(graph, edge):
        symbol = _direct(symbol)
    return _factor(names, symbol, graph.formula(edge), ends.local)


def _direct(symbol: Written) -> Written:
    """A derivative along one edge only, where other ways lead there too."""
    return Written(f"({symbol.text})_direct", enclosed(symbol.math) + r"_{\mathrm{direct}}")


def _factor(names: Names, symbol: Written, written: Formula, number: Scalar) -> Factor:
    parts = parts_of(written, MOST_PARTS)
    if parts is None:
        return Factor(symbol, symbol, number)
    return Factor(
        symbol,
        names.formula(written),
        number,
        is_one=written.is_number(1),
        is_sum=written.head == "+",
        is_rounded=any(map(_is_rounded_constant, parts)),
    )


def _is_rounded_constant(part: Formula) -> bool:
    """Whether a formula writes a number in fewer digits than it has."""
    if part.head != "number" or not scalars.is_number(part.parts[0]):
        return False
    number, written = part.parts[0], in_formula(part.parts[0])
    if not written.strip(MINUS)[:1].isdigit():  # e, π, ∞
        return written in ("nan", "∞")
    return read(written) != Fraction(str(number))


def gates(names: Names, edges: Iterable[int], numbers: Numbers) -> tuple[Written, ...]:
    """The conditions in the formulas of some edges and what they are, 1[w₂ x > 0] = 1; and ties."""
    found: dict[str, Written] = {}
    for edge in edges:
        target = names.graph.edges[edge].target
        node = names.graph.nodes[target]
        if node.is_at_kink and OPERATIONS[node.operation] in (ops.maximum, ops.minimum):
            tied = names.formula(names.graph.expression(target))
            said = "is a tie, shared alike"
            found[tied.text] = Written(f"{tied.text} {said}", rf"{tied.math} \text{{ {said}}}")
        for gate in parts_of(names.graph.formula(edge), MOST_PARTS) or ():
            value = names.value(gate) if gate.head == "indicator" else None
            if value is not None:
                left, right = names.formula(gate), written_number(value, numbers)
                found[left.text] = on_one_line([Line(left, "=", right)])
    return tuple(found.values())
