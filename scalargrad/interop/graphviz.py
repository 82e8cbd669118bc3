"""The picture of a graph for the graphviz package, which is loaded when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalargrad.engine.value import Value
from scalargrad.graph.model import graph
from scalargrad.notation.numbers import Numbers
from scalargrad.view.export.dot import digraph
from scalargrad.view.scene import THEMES, Look

if TYPE_CHECKING:
    from graphviz import Digraph


def to_graphviz(node: Value) -> Digraph:
    """The graph below a node as a `graphviz.Digraph`, whose attributes can still be changed.

    A notebook shows it where the programs of Graphviz are installed; `draw` needs none.

    Raises:
        TypeError: for what is no Value.

    >>> x = Value(3, "x")
    >>> to_graphviz(x * x).source.splitlines()[-3].strip()
    '0 -> 1'
    """
    if not isinstance(node, Value):
        raise TypeError(f"to_graphviz takes a Value; got {type(node).__name__} {node!r}")
    return digraph(graph(node), Look(THEMES["light"], Numbers(4)))
