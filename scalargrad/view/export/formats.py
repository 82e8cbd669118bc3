"""The formats of files by their suffixes; the code of each is loaded when one is written."""

from __future__ import annotations

from collections.abc import Sequence

from scalargrad.errors import DrawingError
from scalargrad.graph.model import Graph
from scalargrad.view.frames import SECONDS
from scalargrad.view.scene import Look, Scene

SUFFIXES = (".svg", ".pdf", ".png", ".tex", ".tikz", ".pptx", ".html", ".dot")  # of a picture
FRAME_SUFFIXES = (".html", ".pdf", ".pptx", ".tex", ".gif", ".svg", ".png")


def checked(suffix: str, suffixes: Sequence[str], what: str) -> str:
    """The suffix in small letters.

    Raises:
        DrawingError: for a suffix that stands for no format.
    """
    if suffix.lower() not in suffixes:
        listed = ", ".join(suffixes)
        raise DrawingError(f"{what} saved by suffix as {listed}; got {suffix or 'none'!r}")
    return suffix.lower()


def dot(graph: Graph, look: Look) -> bytes:
    """The bytes of a .dot file, which holds no scene."""
    from scalargrad.view.export.dot import dot_source

    return dot_source(graph, look).encode()


def written(suffix: str, scenes: Sequence[Scene], *, seconds: float | None = None) -> bytes:
    """The bytes of a file of one scene or, where a format steps through scenes, of several.

    Args:
        suffix: of the file.
        scenes: what it shows.
        seconds: that a step is shown where they are played; None for what is no step.

    Raises:
        LibraryMissing: for a format that needs a library which is not installed.
    """
    if suffix == ".svg":
        from scalargrad.view.export.svg import svg

        return svg(scenes[0])
    if suffix == ".pdf":
        from scalargrad.view.export.pdf import pdf

        return pdf(scenes)
    if suffix == ".tikz":
        from scalargrad.view.export.tikz import tikz

        return tikz(scenes[0], standalone=False).encode()
    if suffix == ".tex":
        from scalargrad.view.export.tikz import beamer, tikz

        return (tikz(scenes[0]) if seconds is None else beamer(scenes)).encode()
    if suffix == ".html":
        from scalargrad.view.export.html import page

        if seconds is None:
            return page(scenes, [""]).encode()
        return page(scenes, seconds=seconds).encode()
    if suffix == ".pptx":
        from scalargrad.view.export.pptx import slides

        return slides(scenes)
    if suffix == ".gif":
        from scalargrad.view.export.gif import animation

        return animation(scenes, seconds or SECONDS)
    from scalargrad.view.export.painting import png

    return png(scenes[0])
