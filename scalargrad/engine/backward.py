"""Backpropagation: the chain rule, from an output back to everything it was computed from.

`gradients` is the whole of it, for every kind of scalar; `Value.backward` writes what it finds into
the nodes. A node is anything that has parents, an age and a closure for its local derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from scalargrad.engine import fast, scalars
from scalargrad.engine.branches import everywhere
from scalargrad.engine.scalars import Scalar

Pullback = Callable[[Scalar], Iterable[Scalar]]  # g ↦ (g·∂y/∂a₁, g·∂y/∂a₂, …); None is nothing


class Node(Protocol):
    """What the chain rule asks of a node; a Value is one.

    Attributes:
        index: its age: parents have a smaller one.
    """

    index: int

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands' nodes, in order."""

    @property
    def pullback(self) -> Pullback:
        """What each parent gets of a gradient of this node."""


N = TypeVar("N", bound=Node)


def topological_order(*outputs: N, until: Container[N] = ()) -> list[N]:
    """All nodes below some outputs, and these, oldest first: parents come before children.

    Below the nodes of `until` nothing is looked for.

    >>> from scalargrad import Value
    >>> x = Value(3, "x")
    >>> [node.data for node in topological_order((x + 1) * x)]
    [3, 1, 4, 12]
    """
    reached = set(outputs)
    waiting = list(reached)
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in reached:
                reached.add(parent)
                if parent not in until:
                    waiting.append(parent)
    return sorted(reached, key=_age)


def gradients(
    output: N,
    seed: Scalar,
    pullback: Callable[[N], Pullback] | None = None,
    until: Container[N] = (),
) -> dict[N, Scalar]:
    """The chain rule: the gradient of an output with respect to every node below it.

    From the newest node to the oldest, each hands its gradient to its pullback, and what comes back
    is added to the gradients of its parents.

    The seed is the gradient of the output, usually 1; nodes of `until` are taken for leaves. Where
    `pullback` does not give other closures, `fast` does the same sooner for floats and lanes.
    """
    if pullback is None and (seed.__class__ is float or hasattr(seed, "dtype")):
        try:
            return fast.gradients(output, seed, until)
        except (OverflowError, TypeError, fast.OutOfOrderError):
            pass
    closure = pullback or _own_pullback
    found = {output: seed}
    for node in reversed(topological_order(output, until=until)):
        if node not in found:
            found[node] = scalars.whole(0, seed)  # only branches that were not taken lead here
        elif node is output or node not in until:
            for parent, part in zip(node.parents, closure(node)(found[node]), strict=False):
                if part is not None:
                    found[parent] = scalars.plus(found[parent], part) if parent in found else part
    return {node: everywhere(gradient) for node, gradient in found.items()}


def multiplying(local_derivatives: Iterable[Scalar]) -> Pullback:
    """The pullback that multiplies a gradient by each of some local derivatives.

    >>> multiplying((2, 5))(10)
    (20, 50)
    """

    def parts(g: Scalar) -> tuple[Scalar, ...]:
        return tuple([scalars.times(g, local) for local in local_derivatives])

    return parts


_age = attrgetter("index")
_own_pullback: Callable[[Any], Pullback] = attrgetter("pullback")
