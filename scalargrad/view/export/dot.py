"""A graph as DOT text, for Graphviz."""

from __future__ import annotations

from html import escape

from scalargrad.view.graph import Graph, Node
from scalargrad.view.notation import Numbers, decimal
from scalargrad.view.scene import THEMES, title

_THEME = THEMES["light"]


def dot_source(graph: Graph, digits: int = 4) -> str:
    """The graph in the DOT language: every node a box with name, value and gradient.

    >>> from scalargrad import Value
    >>> from scalargrad.view.graph import graph
    >>> x = Value(3, "x")
    >>> dot_source(graph(x + x)).splitlines()[-3].strip()
    '0 -> 1'
    """
    from graphviz import Digraph

    picture = Digraph(
        graph_attr={"rankdir": "LR", "ranksep": "0.5"},
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "color": _THEME.frame,
            "fontname": "DejaVu Sans",
            "fontsize": "12",
        },
        edge_attr={"color": _THEME.wire, "arrowsize": "0.7"},
    )
    for index, node in enumerate(graph.nodes):
        fill = _THEME.tint if node.is_leaf else _THEME.paper
        picture.node(str(index), _label(node, digits), fillcolor=fill)
    for edge in graph.edges:
        picture.edge(str(edge.source), str(edge.target))
    return str(picture.source)


def _label(node: Node, digits: int) -> str:
    """An HTML-like label: the only kind in which text from users is text and nothing else."""
    name = title(node, Numbers(digits))
    heading = " = ".join(dict.fromkeys(part for part in (name, node.symbol) if part))
    lines = [_line(heading, _THEME.ink)] if node.label or node.symbol else []
    lines.append(_line(decimal(node.value, digits), _THEME.value))
    if not node.is_constant:
        lines.append(_line(f"∂ {decimal(node.gradient, digits)}", _THEME.gradient))
    return f"<{'<BR/>'.join(lines)}>"


def _line(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{escape(text)}</FONT>'
