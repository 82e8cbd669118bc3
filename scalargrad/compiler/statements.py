"""A program as patterns: which statements are alike, and could be one loop or one operation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from scalargrad.compiler.listing import Listing
from scalargrad.compiler.program import Program
from scalargrad.compiler.source import LEAST, Ref

MARK, DOT = "\1", "dot "


class Statement(NamedTuple):
    """What a line computes.

    Attributes:
        pattern: its text, with a mark for each operand; that of a dot says where it begins.
        operands: in their order; of a dot where it begins, all factors, and all other factors.
        step: the step that it computes; None where it hands over an output.
        output: the place of that output.
    """

    pattern: str
    operands: tuple[Any, ...]
    step: Any
    output: Any = None

    @property
    def is_dot(self) -> bool:
        """Whether it adds up products."""
        return self.pattern.startswith(DOT)

    def filled(self, operands: Sequence[str]) -> str:
        """Its text."""
        says = self.pattern
        for operand in operands:
            says = says.replace(MARK, operand, 1)
        return says


Product = tuple[int, int, int]  # two factors, and the place of the output


def statements(
    program: Program,
    varying: Sequence[bool],
    summed: frozenset[int],
    listed: Callable[[Mapping[int, bool]], Listing],
    constant: Callable[[float], str],
) -> tuple[list[Statement], list[Product]]:
    """The lines of a program, and the products of its steps that are added up over the lanes.

    Args:
        program: the steps.
        varying: for each whether it differs from lane to lane.
        summed: the places of the outputs that are added up over the lanes.
        listed: the lines, where some steps get one of their own (True) or none (False).
        constant: the text of a constant.
    """
    steps, outputs, uses = program.steps, program.outputs, program.uses()
    others = dict(enumerate(outputs))
    products: dict[int, tuple[Any, ...]] = {
        place: steps[ref][1] for place, ref in others.items()
        if ref.__class__ is int and uses[ref] == 1 and steps[ref][0] == "*"
        and float not in map(type, steps[ref][1])
    }  # fmt: skip
    if len(products) < LEAST:
        products = {}
    for place in products:
        del others[place]
    dots = {index: args for index, (op, args) in enumerate(steps) if op == "dot"}
    apart: dict[Any, bool] = {outputs[place]: False for place in products}
    factors = chain(chain.from_iterable(products.values()), *dots.values(), dots)
    apart |= {ref: True for ref in factors if isinstance(ref, int)}
    found = []
    for line in listed(apart).lines(others):
        if line.step in dots:
            found.append(_dot(line.step, dots[line.step], varying, constant))
        else:
            found.append(Statement(line.says, line.uses, line.step, line.output))
    added = []
    for place, (a, b) in products.items():
        if place in summed and varying[a] and varying[b]:
            added.append((a, b, place))
        else:
            found.append(Statement(f"{MARK} * {MARK}", (a, b), None, place))
    return found, added


def _dot(
    index: int, args: Sequence[Ref], varying: Sequence[bool], constant: Callable[[float], str]
) -> Statement:
    """A dot: where it begins, and its factors, first those that no lane changes."""

    def is_wide(ref: Ref) -> bool:
        return isinstance(ref, int) and varying[ref]

    start, ws, xs = args[0], args[1::2], args[2::2]
    if any(map(is_wide, ws)):
        pairs = [(x, w) if is_wide(w) and not is_wide(x) else (w, x)
                 for w, x in zip(ws, xs, strict=True)]  # fmt: skip
        ws, xs = zip(*pairs, strict=True)
    begins = [start] if isinstance(start, int) else []
    pattern = DOT + (MARK if isinstance(start, int) else constant(start))
    return Statement(pattern, (*begins, *ws, *xs), index)


def rows(operands: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The operands of a dot: where it begins, if that is one of them, and both rows of factors."""
    begins = len(operands) % 2
    half = begins + len(operands) // 2
    return [operands[:1]] * begins + [operands[begins:half], operands[half:]]


def grouped(
    found: Sequence[Statement], count: int, key: Callable[[Statement], Hashable]
) -> list[list[Statement]]:
    """Groups of statements in an order in which they can be computed, each all at once.

    Args:
        found: the statements, in their order.
        count: how many steps there are.
        key: what those of a group have in common.
    """
    levels = [0] * count
    groups: dict[tuple[int, Hashable], list[Statement]] = {}
    for statement in found:
        level = 1 + max([levels[r] for r in statement.operands if r.__class__ is int], default=0)
        if statement.step is not None:
            levels[statement.step] = level
        groups.setdefault((level, key(statement)), []).append(statement)
    return [group for _, group in sorted(groups.items(), key=lambda item: item[0][0])]


def are_many(group: Sequence[Statement]) -> bool:
    """Whether statements that are alike are worth a loop: many are, and all dots."""
    return len(group) >= LEAST or group[0].is_dot
