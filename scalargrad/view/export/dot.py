"""A graph as DOT text, for Graphviz."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scalargrad.graph.model import Graph
from scalargrad.view.export.library import library
from scalargrad.view.scene import Look, title

if TYPE_CHECKING:
    from graphviz import Digraph


def dot_source(graph: Graph, look: Look) -> str:
    """The graph in the DOT language.

    >>> from scalargrad import Value
    >>> from scalargrad.graph.model import graph
    >>> from scalargrad.notation.numbers import Numbers
    >>> from scalargrad.view.scene import THEMES
    >>> x = Value(3, "x")
    >>> look = Look(THEMES["light"], Numbers(4))
    >>> dot_source(graph(x + x), look).splitlines()[-3].strip()
    '0 -> 1'
    """
    return str(digraph(graph, look).source)


def digraph(graph: Graph, look: Look) -> Digraph:
    """The graph for the graphviz package: every node a box with name, value and gradient."""
    theme = look.theme
    picture = library("graphviz", "graphviz", "a .dot file").Digraph(
        graph_attr={"rankdir": look.direction, "ranksep": "0.5", "bgcolor": theme.paper},
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "color": theme.frame,
            "fontname": "DejaVu Sans",
            "fontsize": "12",
        },
        edge_attr={"color": theme.wire, "arrowsize": "0.7"},
    )
    for index, node in enumerate(graph.nodes):
        extra = {"fillcolor": theme.tint if node.is_leaf else theme.paper}
        if index in look.dropped:
            extra |= {"style": "rounded,filled,dashed"}
        picture.node(str(index), _label(graph, index, look), **extra)
    for index, edge in enumerate(graph.edges):
        on_path = {"color": theme.path, "penwidth": "2.5"} if index in look.path else {}
        picture.edge(str(edge.source), str(edge.target), **on_path)
    return picture


def _label(graph: Graph, index: int, look: Look) -> str:
    """An HTML-like label: the only kind in which text from users is text and nothing else."""
    node, theme = graph.nodes[index], look.theme
    name = title(node, look.numbers)
    heading = " = ".join(dict.fromkeys(part for part in (name, node.symbol) if part))
    lines = [_line(heading, theme.ink)] if node.label or node.symbol else []
    lines.append(_line(look.value(graph, index), theme.value))
    if gradient := look.gradient(graph, index):
        lines.append(_line(f"∂ {gradient}", theme.gradient))
    return f"<{'<BR/>'.join(lines)}>"


def _line(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{escape(text)}</FONT>'
