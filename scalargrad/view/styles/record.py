"""The record: a card for every node, constants and each single sum included."""

from __future__ import annotations

from scalargrad.graph.model import Graph
from scalargrad.view.scene import Look, Scene
from scalargrad.view.styles.circuit import Merged, drawn


def record(graph: Graph, look: Look) -> Scene:
    """The graph as a record."""
    return drawn(graph, look, Merged.nothing(graph))
