"""The health of gradients: where in a graph the first one vanishes, explodes or is no number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value

HEALTHY = (1e-6, 1e3)  # the lecture's bounds for a gradient that still trains


def first_outside(
    output: Value, leaves: Iterable[Value], bounds: tuple[float, float] = HEALTHY
) -> str:
    """The first node of a graph, from the loss backward, whose gradient leaves some bounds.

    Says the mean size of its gradient, and the operation through which most of it came; "" where
    all gradients lie within. Gradients of zero count only where there is no other culprit,
    because those of inactive ReLUs are zero by right.

    Args:
        output: the node that was differentiated.
        leaves: the parameters; only nodes on the way to them are looked at.
        bounds: the least and the greatest size.
    """
    on_the_way = set(leaves)
    for node in topological_order(output):
        if any(parent in on_the_way for parent in node.parents):
            on_the_way.add(node)
    order = [n for n in reversed(topological_order(output)) if n in on_the_way]
    sizes = {node: size_of(node.grad) for node in order if node.grad is not None}
    low, high = bounds
    outside = [node for node, size in sizes.items() if not (size == 0 or low <= size <= high)]
    for node in outside or [node for node, size in sizes.items() if size == 0]:
        shares = {child: _share(child, node) for child in order if node in child.parents}
        found = f"mean |gradient| {sizes[node]:.3g} at {_called(node, order)}"
        if not shares:
            return found
        return f"{found}, through {_called(max(shares, key=shares.__getitem__), order)}"
    return ""


def _share(child: Value, parent: Value) -> float:
    """The size of what the gradient of a node contributes to that of a parent."""
    pairs = zip(child.parents, child.local_derivatives(), strict=False)
    locals_ = [local for operand, local in pairs if operand is parent]
    share = sum(size_of(child.grad) * size_of(local) for local in locals_)
    return share if share == share else math.inf


def first_not_finite(outputs: Sequence[Value]) -> str:
    """The first node of a graph, in the order of computation, that is no finite number."""
    order = topological_order(*outputs)
    for node in order:
        if not math.isfinite(size_of(node.data)):
            return f"{_called(node, order)} is {nan_or_infinite(node.data)}"
    return ""


def _called(node: Value, order: Sequence[Value]) -> str:
    """A node by name and operation, as "h1 (tanh)", or by the next name after it: "dot in h1"."""
    op = node.op.name if node.op else "leaf"
    if node.label:
        return f"{node.label} ({op})"
    after: Value | None = node
    while after is not None and not after.label:
        parent = after
        after = next((child for child in order if parent in child.parents), None)
    return f"{op} in {after.label}" if after is not None else f"a {op} node"


def nan_or_infinite(data: Scalar) -> str:
    """Which of the two a number is that is not finite, in words."""
    size = size_of(data)
    return "nan" if size != size else "infinite"


def size_of(scalar: Scalar) -> float:
    """The mean of |a| over the lanes."""
    if getattr(scalar, "shape", ()):
        return float(abs(scalar).mean())
    return abs(scalars.to_float(scalar))
