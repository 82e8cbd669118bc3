"""A scene as SVG, PNG or PDF, painted by matplotlib; text in SVG is outlined, so needs no font."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from scalargrad.view.scene import Arrow, Rectangle, Scene, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

PNG_DOTS_PER_INCH = 192  # twice the 96 of a screen
_HEAD = 7.0  # length of an arrow's head, in points

# What would make two runs differ: dates, versions, and identifiers drawn at random.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_SETTINGS: Any = {
    "svg.hashsalt": "scalargrad",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "text.hinting": "no_hinting",  # so that text is as wide as it was measured
    "text.parse_math": False,
}


def painted(scene: Scene, form: Literal["svg", "png", "pdf"]) -> bytes:
    """The scene as the bytes of a file; equal scenes give equal bytes."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's settings, as of TeX or margins, must not shift the text
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(max(scene.width, 1) / 72, max(scene.height, 1) / 72))
        figure.patch.set_alpha(1.0)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, max(scene.width, 1)), ylim=(max(scene.height, 1), 0))
        axes.set_axis_off()
        for shape in scene.shapes:
            if isinstance(shape, Rectangle):
                _paint_rectangle(axes, shape)
            elif isinstance(shape, Text):
                _paint_text(axes, shape)
            elif isinstance(shape, Arrow):
                _paint_arrow(axes, shape)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=PNG_DOTS_PER_INCH, metadata=_METADATA[form])
    return buffer.getvalue()


def _paint_rectangle(axes: Axes, shape: Rectangle) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (shape.x, shape.y),
            shape.width,
            shape.height,
            boxstyle=f"round,pad=0,rounding_size={shape.radius}",
            facecolor=shape.fill,
            edgecolor=shape.stroke,
            linewidth=1.0,
        )
    )


def _paint_text(axes: Axes, shape: Text) -> None:
    axes.text(
        shape.x,
        shape.y,
        shape.text,
        fontsize=shape.size,
        color=shape.colour,
        weight="bold" if shape.bold else "normal",
        ha="center",
        va="baseline",
    )


def _paint_arrow(axes: Axes, shape: Arrow) -> None:
    from matplotlib.patches import PathPatch, Polygon

    x, y = shape.points[-1]
    line = _smooth((*shape.points[:-1], (x - _HEAD, y)))
    axes.add_patch(PathPatch(line, facecolor="none", edgecolor=shape.colour, linewidth=1.3))
    head = [(x, y), (x - _HEAD, y - _HEAD * 0.4), (x - _HEAD, y + _HEAD * 0.4)]
    axes.add_patch(Polygon(head, closed=True, color=shape.colour, linewidth=0))


def _smooth(points: tuple[tuple[float, float], ...]) -> Path:
    """Cubic segments that leave and reach every point level."""
    from matplotlib.path import Path

    vertices = [points[0]]
    codes = [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)
