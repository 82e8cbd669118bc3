"""Lanes: what is shown of a graph whose scalars hold an example each, their mean, sum or one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value

Lanes = Literal["mean", "sum"] | int | None


def count(values: Iterable[Scalar]) -> int:
    """How many lanes some scalars have; 0 where none has any."""
    return max((len(value) for value in values if getattr(value, "shape", ())), default=0)


def check(lanes: Lanes, found: int) -> None:
    """Refuse a choice of lanes that is none.

    Raises:
        ValueError: for another word, and a lane that there is not.
    """
    if isinstance(lanes, int) and not isinstance(lanes, bool):
        if not 0 <= lanes < found:
            raise ValueError(f"lane {lanes} is asked for, and there are {found}; they begin at 0")
    elif lanes not in ("mean", "sum"):
        raise ValueError(f"lanes is 'mean', 'sum' or the number of one; got {lanes!r}")


def reduced(scalar: Scalar, lanes: Lanes) -> Scalar:
    """The mean, the sum or one lane of a scalar; one without lanes as it is."""
    if lanes is None or not getattr(scalar, "shape", ()):
        return scalar
    if isinstance(lanes, int):
        return float(scalar[lanes])
    total = sum(scalar.tolist())
    return total / len(scalar) if lanes == "mean" else total


def one_lane(output: Value, lane: int) -> dict[Value, Value]:
    """The graph below an output in one lane, on nodes of its own: for each node its twin."""
    leaves = [node for node in topological_order(output) if node.is_leaf]
    return rebuilt(output, {leaf: reduced(leaf.data, lane) for leaf in leaves})


def over_numbers(output: Value, lanes: Lanes) -> tuple[Value, str]:
    """An output over numbers, and what it is in words: of one lane, or the mean or sum over all.

    In a mean and a sum the leaves without lanes are shared, and keep their names, as the output
    does; what has another value in each lane has no name.

    Raises:
        ValueError: for lanes that there are not.
    """
    leaves = [node for node in topological_order(output) if node.is_leaf]
    in_lanes = {leaf for leaf in leaves if getattr(leaf.data, "shape", ())}
    found = count(leaf.data for leaf in leaves)
    check(lanes, found)
    if isinstance(lanes, int):
        return one_lane(output, lanes)[output], said(lanes, found)
    shared = {leaf: Value(leaf.data, leaf.label) for leaf in leaves if leaf not in in_lanes}
    each = [
        rebuilt(output, shared | {x: Value(reduced(x.data, lane)) for x in in_lanes})[output].data
        for lane in range(found)
    ]
    whole = ops.mean(*each) if lanes == "mean" else ops.total(*each)
    return whole.named(output.label or "output"), said(lanes, found)


def said(lanes: Lanes, found: int) -> str:
    """What is shown, in words: mean over 3 lanes.

    >>> said("mean", 3), said(0, 3)
    ('mean over 3 lanes', 'lane 0 of 3')
    """
    return f"lane {lanes} of {found}" if isinstance(lanes, int) else f"{lanes} over {found} lanes"
