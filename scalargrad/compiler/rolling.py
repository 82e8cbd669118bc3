"""Long sums of products as one step each, so that a layer is a loop and not a thousand lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from scalargrad.compiler.program import Program, Ref

LEAST = 8  # products in a sum, or gradients side by side, that are worth a loop


class Products(NamedTuple):
    """Outputs side by side, each the same step times another one.

    Attributes:
        place: of the first output.
        factor: what all of them share.
        others: the other factor of each.
    """

    place: int
    factor: int
    others: tuple[int, ...]


def rolled(
    program: Program, outputs: Iterable[Mapping[int, Ref]]
) -> tuple[Program, list[Products]]:
    """The program with steps ("dot", (b, w₁, x₁, w₂, x₂, …)), and outputs that are products.

    Both are added and multiplied in the order of the straight line; what no step needs any more
    is gone, and the outputs among the products stand as 0.0 in the program.

    Args:
        program: a straight line.
        outputs: those that may be products side by side, by place; only those of one mapping are.
    """
    uses = _uses(program)
    steps = list(program.steps)
    for index, operands in _sums(program, uses).items():
        steps[index] = ("dot", operands)
    products = [run for alike in outputs for run in _products(program, alike, uses)]
    gone = {place + k for place, _, others in products for k in range(len(others))}
    wanted = [ref for place, ref in enumerate(program.outputs) if place not in gone]
    wanted += [step for _, factor, others in products for step in (factor, *others)]
    shorter, places = replace(program, steps=tuple(steps)).needed(wanted)
    return shorter, [
        Products(place, places[factor], tuple([places[other] for other in others]))
        for place, factor, others in products
    ]


def _uses(program: Program) -> list[int]:
    """How often each step is read, the outputs counted."""
    uses = [0] * len(program.steps)
    for _, args in program.steps:
        for a in args:
            if a.__class__ is int:
                uses[a] += 1
    for ref in program.outputs:
        if ref.__class__ is int:
            uses[ref] += 1
    return uses


def _sums(program: Program, uses: Sequence[int]) -> dict[int, tuple[Ref, ...]]:
    """The operands b, w₁, x₁, … of each long sum, by its last step."""
    steps = program.steps

    def product(ref: Ref) -> tuple[Ref, ...]:
        if not isinstance(ref, int) or uses[ref] > 1 or steps[ref][0] != "*":
            return ()
        return steps[ref][1]

    sums: dict[int, list[Ref]] = {}
    for index, (op, args) in enumerate(steps):
        if op != "+" or not product(args[1]):
            continue
        first, last = args
        if first.__class__ is int and first in sums and uses[first] == 1:
            operands = sums.pop(first)
        else:  # -0.0 changes no bit of what is added to it
            operands = [-0.0, *product(first)] if product(first) else [first]
        operands.extend(product(last))
        sums[index] = operands
    return {k: tuple(operands) for k, operands in sums.items() if len(operands) > 2 * LEAST}


def _products(
    program: Program, outputs: Mapping[int, Ref], uses: Sequence[int]
) -> Iterator[Products]:
    """The longest runs of outputs side by side that are products of one step with others."""
    place = 0
    while place < len(program.outputs):
        shared: set[int] = set()
        pairs: list[tuple[int, ...]] = []
        for ref in map(outputs.get, range(place, len(program.outputs))):
            if not isinstance(ref, int) or uses[ref] > 1 or program.steps[ref][0] != "*":
                break
            operands = tuple([a for a in program.steps[ref][1] if isinstance(a, int)])
            common = {a for a in operands if not pairs or a in shared}
            if not common or len(operands) < 2:
                break
            shared = common
            pairs.append(operands)
        if len(pairs) >= LEAST:
            factor = min(shared)
            yield Products(place, factor, tuple([b if a == factor else a for a, b in pairs]))
        place += len(pairs) if len(pairs) >= LEAST else 1
