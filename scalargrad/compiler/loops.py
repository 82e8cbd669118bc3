"""Statements that are alike, as loops over places in memory: what a layer of a network becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from scalargrad.compiler.program import Program
from scalargrad.compiler.source import LEAST, Ref

_MOST = 32  # loops over statements that are alike, before their places are read from a table


# Sums of products --------------------------------------------------------------------------------


def with_dots(program: Program) -> Program:
    """The program with one step for each long sum of products that was recorded step by step.

    They are added and multiplied in the same order, so that no bit changes.
    """
    steps = list(program.steps)
    added = [
        index for index, (op, args) in enumerate(steps)
        if op == "+" and args[1].__class__ is int and steps[args[1]][0] == "*"
    ]  # fmt: skip
    if len(added) < LEAST - 1:
        return program
    uses = program.uses()

    def product(ref: Ref) -> tuple[Ref, ...]:
        if not isinstance(ref, int) or uses[ref] > 1 or program.steps[ref][0] != "*":
            return ()
        return program.steps[ref][1]

    sums: dict[int, list[Ref]] = {}
    for index in added:
        first, last = steps[index][1]
        if not product(last):
            continue
        if isinstance(first, int) and first in sums and uses[first] == 1:
            operands = sums.pop(first)
        else:
            operands = [-0.0, *product(first)] if product(first) else [first]
        operands.extend(product(last))
        sums[index] = operands
    long = {index: operands for index, operands in sums.items() if len(operands) > 2 * LEAST}
    if not long:
        return program
    for index, operands in long.items():
        steps[index] = ("dot", tuple(operands))
    return replace(program, steps=tuple(steps)).needed(program.outputs)


# Loops -------------------------------------------------------------------------------------------


class Nest(NamedTuple):
    """Statements one after the other whose places grow evenly: in one loop, or in two.

    Attributes:
        counts: how often each loop runs, the outer one first; none for a single statement.
        starts: the places in the first statement.
        strides: for each loop, by how much each place grows.
        tables: the places that grow otherwise, by their position, one for each statement.
    """

    counts: tuple[int, ...]
    starts: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]
    tables: dict[int, list[int]]


def nests(places: Sequence[Sequence[int]]) -> list[Nest]:
    """Loops over statements, of each of which the places are given.

    >>> [(nest.counts, nest.starts) for nest in nests([[0, 5], [1, 7], [2, 9], [9, 9]])]
    [((3,), (0, 5)), ((), (9, 9))]
    >>> nests([[0, 0], [0, 1], [4, 0], [4, 1], [8, 0], [8, 1]])[0].strides
    ((4, 0), (0, 1))
    """
    import numpy as np

    table = np.array(places)
    steps = np.diff(table, axis=0)
    found: list[Nest] = []
    row = 0
    while row < len(table):
        counts, strides = _evenly(steps[row:])
        found.append(Nest(counts, _row(table[row]), strides, {}))
        row += int(np.prod(counts)) if counts else 1
        if len(found) > _MOST:
            even = (steps == steps[0]).all(axis=0)
            tables = {k: table[:, k].tolist() for k in np.flatnonzero(~even).tolist()}
            return [Nest((len(table),), _row(table[0]), (_row(steps[0]),), tables)]
    return found


def _evenly(steps: Any) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """How often loops run before places grow otherwise than by the same steps; and these steps."""
    import numpy as np

    if not len(steps):
        return (), ()
    inner = steps[0]
    count = _alike(steps, inner) + 1
    rest = steps[count - 1 :]
    if len(rest) >= count:
        is_outer = np.arange(len(rest))[:, None] % count == 0
        times = _alike(rest, np.where(is_outer, rest[0], inner)) // count
        if times:
            return (times + 1, count), (_row(rest[0] + (count - 1) * inner), _row(inner))
    return (count,), (_row(inner),)


def _alike(steps: Any, expected: Any) -> int:
    """How many steps are the expected ones before the first that is not."""
    differs = (steps != expected).any(axis=1)
    return int(differs.argmax()) if differs.any() else len(steps)


def _row(numbers: Any) -> tuple[int, ...]:
    return tuple(numbers.tolist())
