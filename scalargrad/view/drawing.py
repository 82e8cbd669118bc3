"""draw: a picture of a graph, shown in a notebook by itself and saved by suffix."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scalargrad.errors import DrawingError
from scalargrad.value import Value
from scalargrad.view.export.dot import dot_source
from scalargrad.view.export.files import write_whole
from scalargrad.view.export.painting import painted
from scalargrad.view.graph import Graph, graph
from scalargrad.view.notation import Numbers
from scalargrad.view.scene import MOST_BOXES, THEMES, Look, Scene, description
from scalargrad.view.styles.record import record

SUFFIXES = (".svg", ".pdf", ".png", ".dot")


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph as it was when it was drawn.

    Attributes:
        graph: what is drawn.
        digits: significant digits of the numbers.
    """

    graph: Graph
    digits: int = 4

    @cached_property
    def scene(self) -> Scene:
        """The shapes and texts."""
        if len(self.graph.nodes) > MOST_BOXES:
            raise DrawingError(
                f"a picture holds up to {MOST_BOXES:,} boxes; this graph has "
                f"{len(self.graph.nodes):,}: draw a smaller example, or save the graph as .dot"
            )
        return record(self.graph, Look(THEMES["light"], Numbers(self.digits)))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, in the format of its suffix: .svg, .pdf, .png or .dot.

        The file is replaced whole or not at all.

        Raises:
            DrawingError: for another suffix, or a place that cannot be written to.
        """
        target = Path(path)
        write_whole(target, self.content(target.suffix))
        return target

    def content(self, suffix: str) -> bytes:
        """The bytes of a file with a suffix.

        Raises:
            DrawingError: for a suffix that stands for no format.
        """
        form = suffix.lower()
        if form == ".dot":
            return dot_source(self.graph, self.digits).encode()
        if form == ".svg":
            return painted(self.scene, "svg")
        if form == ".pdf":
            return painted(self.scene, "pdf")
        if form == ".png":
            return painted(self.scene, "png")
        raise DrawingError(
            f"a picture is saved by suffix as {', '.join(SUFFIXES)}; got {suffix or 'none'!r}"
        )

    def __repr__(self) -> str:
        """The picture in words."""
        return description(self.graph, Numbers(self.digits))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """SVG, PNG and words: a notebook shows the richest that it may."""
        return {
            "image/svg+xml": self.content(".svg").decode(),
            "image/png": self.content(".png"),
            "text/plain": repr(self),
        }


def draw(output: Value, *, digits: int = 4) -> Drawing:
    """A picture of the graph below a node, with value and gradient on every node.

    Args:
        output: usually the loss, after `backward`.
        digits: significant digits of the numbers, 1 to 17.

    Returns:
        A Drawing: a notebook shows it, `.save("picture.svg")` writes it.

    Raises:
        TypeError: when `output` is no Value.
        DrawingError: for digits out of range.

    >>> x = Value("0.5", "x")
    >>> y = (2 * x).named("y")
    >>> y.backward()
    >>> draw(y)
    x: value 0.5, gradient 2
    2: value 2
    y = mul(2, x): value 1, gradient 1
    """
    if not isinstance(output, Value):
        raise TypeError(f"draw takes a Value; got {type(output).__name__}")
    if not 1 <= digits <= 17:
        raise DrawingError(f"digits are 1 to 17; got {digits}")
    return Drawing(graph(output), digits)
