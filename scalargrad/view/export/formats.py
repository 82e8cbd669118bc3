"""The formats of files by their suffixes; the code of each is loaded when one is written."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from scalargrad.view.frames import SECONDS
from scalargrad.view.scene import Scene

SUFFIXES = (".svg", ".pdf", ".png", ".tex", ".tikz", ".pptx", ".html", ".dot")  # of a picture
FRAME_SUFFIXES = (".html", ".pdf", ".pptx", ".tex", ".gif", ".svg", ".png")


def written(
    suffix: str,
    scenes: Sequence[Scene],
    *,
    seconds: float | None = None,
    dpi: float | None = None,
) -> bytes:
    """The bytes of a file of one scene or, where a format steps through scenes, of several.

    Args:
        suffix: of the file.
        scenes: what it shows.
        seconds: that a step is shown where they are played; None for what is no step.
        dpi: dots an inch of a .png.

    Raises:
        LibraryMissing: for a format that needs a library which is not installed.
    """
    if suffix in (".pdf", ".png", ".gif"):
        _say_what_is_boxes(suffix, scenes)
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
    from scalargrad.view.export.painting import PNG_DOTS_PER_INCH, png

    return png(scenes[0], dpi=dpi or PNG_DOTS_PER_INCH)


def _say_what_is_boxes(suffix: str, scenes: Sequence[Scene]) -> None:
    """Warn of characters that a format of outlines has none for."""
    from scalargrad.view.export.outlines import marks

    unknown = [mark.text for scene in scenes for mark in marks(scene) if mark.text]
    letters = " ".join(dict.fromkeys("".join(unknown)))
    if letters:
        warnings.warn(
            f"no font of this machine has {letters}: a {suffix} shows boxes; .svg, .pptx, .tex and "
            ".html keep the text",
            stacklevel=4,
        )
