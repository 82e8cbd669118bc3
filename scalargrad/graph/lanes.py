"""Lanes: what is shown of a graph whose scalars hold an example each, their mean, sum or one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from scalargrad.engine.scalars import Scalar
from scalargrad.graph.chains import Factor
from scalargrad.graph.model import Graph

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


def said(lanes: Lanes, found: int) -> str:
    """What is shown, in words: mean over 3 lanes.

    >>> said("mean", 3), said(0, 3)
    ('mean over 3 lanes', 'lane 0 of 3')
    """
    return f"lane {lanes} of {found}" if isinstance(lanes, int) else f"{lanes} over {found} lanes"


def lane_of(graph: Graph, lane: int) -> Graph:
    """The graph with one lane of all its scalars."""
    nodes = [
        replace(node, value=reduced(node.value, lane), gradient=reduced(node.gradient, lane))
        for node in graph.nodes
    ]
    edges = [
        replace(
            edge, local=reduced(edge.local, lane), contribution=reduced(edge.contribution, lane)
        )
        for edge in graph.edges
    ]

    def chains(index: int) -> list[list[Factor]]:
        return [
            [factor._replace(number=reduced(factor.number, lane)) for factor in way]
            for way in graph.chains(index)
        ]

    return replace(graph, nodes=tuple(nodes), edges=tuple(edges), chains=chains)
