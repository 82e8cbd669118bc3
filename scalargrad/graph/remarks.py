"""What a reader is told of gradients at kinks, at jumps and where there is no slope."""

from __future__ import annotations

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.one_sided import is_among, is_smooth, slopes
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.rebuild import depended_on
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.graph.labels import name_of
from scalargrad.graph.model import Graph
from scalargrad.notation.numbers import both
from scalargrad.notation.words import listed, printable

_MOST, _MOST_WORK = 3, 30_000  # remarks; nodes that are looked at for all of them
KINK = "∠"  # on a node in a picture


def remark(output: Value, node: Value, gradient: Scalar) -> str:
    """Why a gradient is nan, or is not the slope of the function; "" where it is.

    >>> x = Value(0, "x")
    >>> y = (x.relu() - (-x).relu()).named("y")
    >>> y.backward()
    >>> remark(y, x, x.grad)
    'the slope is 1; backward gives 0, by its conventions at kinks'
    """
    if not scalars.is_number(output.data) or is_smooth(output):
        return ""
    found = slopes(output, node)
    if found.outcome != "slopes":
        return found.reason
    if is_among(gradient, found):
        return ""
    ends = list(dict.fromkeys([both(found.low), both(found.high)]))
    given = f"backward gives {both(gradient)}, by its conventions at kinks"
    return f"the slope is {' to '.join(ends)}; {given}"


def remarks(output: Value, graph: Graph) -> list[str]:
    """The first remarks on the gradients of an output by the nodes of a graph, which has names.

    >>> from scalargrad.graph.model import contracted
    >>> x = Value(0, "x")
    >>> y = (x.sqrt() + x).named("y")
    >>> remarks(y, contracted(y))
    ['∂y/∂x: sqrt has an infinite slope where x is 0']
    """
    if not scalars.is_number(output.data) or is_smooth(output):
        return []
    order = topological_order(output)
    needed = depended_on([output])
    found = gradients(output, scalars.whole(1, output.data))
    told: dict[str, str] = {}  # remarks, and the first derivative of which each is made
    named = [node for node in order if node.label and graph.place(node) is not None]
    for node in named[: _MOST_WORK // len(order)]:
        of, by = name_of(output.label or "output").text, name_of(node.label).text
        said = remark(output, node, found[node])
        if said:
            told.setdefault(said, f"∂{of}/∂{by}")
        elif node.op and node not in needed and node.data != node.data:
            told.setdefault(f"{node.op.name} has no value there; its branch is not taken", by)
        if len(told) == _MOST:
            break
    return [f"{derivative}: {said}" for said, derivative in told.items()]


def conventions(graph: Graph) -> list[str]:
    """For each operation that is on its kink, at which nodes, and what backward takes there.

    >>> from scalargrad.graph.model import contracted
    >>> conventions(contracted(Value(0, "x").relu().named("h")))
    ['∠ h at the kink of relu: 0 at 0, as PyTorch and TensorFlow']
    """
    names: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.is_at_kink:
            name = printable(name_of(node.label).text) if node.label else node.symbol
            names.setdefault(node.operation, []).append(name)
    return [
        f"{KINK} {listed(dict.fromkeys(at))} at the kink of {name}: {OPERATIONS[name].convention}"
        for name, at in names.items()
    ]
