"""A scene as the bytes of a PNG file; equal scenes give equal bytes."""

from __future__ import annotations

import io
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Any

from scalargrad.view.export.library import library
from scalargrad.view.export.outlines import DASHES, Mark, legal, marks, rounded
from scalargrad.view.glyphs import Outline
from scalargrad.view.scene import Rectangle, Scene

if TYPE_CHECKING:
    from matplotlib.path import Path

_PNG = "a .png file"
PNG_DOTS_PER_INCH = 192  # twice the 96 of a screen
MOST_PIXELS_A_SIDE = 30_000
MOST_PIXELS = 80_000_000  # readers take larger pictures for an attack


def png(
    scene: Scene,
    *,
    dpi: float = PNG_DOTS_PER_INCH,
    paper: bool = True,
    colours: int | None = None,
) -> bytes:
    """The scene as a PNG; without paper its background is transparent.

    It has 192 dots an inch, or fewer where it would exceed 30 000 pixels on a side or 80 million in
    all. On paper it may be given a palette of so many colours (2 to 256), to be a small file.

    Raises:
        LibraryMissing: without matplotlib and Pillow.
    """
    library("matplotlib", "matplotlib", _PNG)  # which brings Pillow
    image_of, files = (library(f"PIL.{m}", "pillow", _PNG) for m in ("Image", "PngImagePlugin"))
    scale = _scale(scene, dpi)
    size = (_pixels(scene.width, scale), _pixels(scene.height, scale))
    paper = paper and bool(scene.paper)
    pixels = _raster(scene, size, scale, scene.paper if paper else "")
    image = image_of.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1)
    about = files.PngInfo()
    about.add_itxt("Description", legal(scene.description))
    buffer = io.BytesIO()
    kept = image.convert("RGB") if paper else image
    effort = 3
    if paper and colours:
        kept, effort = kept.quantize(colours), 9
    kept.save(buffer, "png", pnginfo=about, dpi=(72 * scale, 72 * scale), compress_level=effort)
    return buffer.getvalue()


def _scale(scene: Scene, dpi: float) -> float:
    """Pixels a point: as asked for, or as many as a PNG holds."""
    width, height = max(scene.width, 1), max(scene.height, 1)
    longest = MOST_PIXELS_A_SIDE / max(width, height)
    return min(dpi / 72, longest, sqrt(MOST_PIXELS / (width * height)))


def _pixels(points: float, scale: float) -> int:
    return max(1, int(max(points, 1) * scale + 0.5))


def _raster(scene: Scene, size: tuple[int, int], scale: float, paper: str) -> Any:
    """The pixels of a scene: red, green, blue and opacity, row by row."""
    backend = library("matplotlib.backends.backend_agg", "matplotlib", _PNG)
    width, height = size
    renderer = backend.RendererAgg(width, height, 72 * scale)
    sheet = Rectangle(0, 0, width / scale, height / scale, paper, "", radius=0)
    background = Mark(((rounded(sheet), 0.0, 0.0),), fill=paper)
    for mark in (background, *marks(scene)):
        _paint(renderer, mark, scale, height)
    return renderer.buffer_rgba()


def _paint(renderer: Any, mark: Mark, scale: float, height: int) -> None:
    """Paint the parts of a mark one by one; a renderer counts y from the bottom."""
    from matplotlib.colors import to_rgba
    from matplotlib.transforms import Affine2D

    pen = renderer.new_gc()
    pen.set_snap(False)
    pen.set_foreground(mark.stroke or mark.fill or "#000000")
    pen.set_linewidth(mark.line if mark.stroke else 0.0)
    pen.set_dashes(0, list(DASHES) if mark.dashed else None)
    fill = to_rgba(mark.fill) if mark.fill else None
    if not (mark.fill or mark.stroke):
        return
    for outline, x, y in mark.parts:
        place = Affine2D.from_values(scale, 0, 0, -scale, scale * x, height - scale * y)
        renderer.draw_path(pen, _path(outline), place, fill)


@lru_cache(maxsize=20_000)
def _path(outline: Outline) -> Path:
    """An outline as matplotlib takes it."""
    from matplotlib.path import Path

    codes = {"M": [1], "L": [2], "Q": [3, 3], "C": [4, 4, 4], "Z": [79]}
    numbers = [n for _, places in outline.segments for n in places or (0.0, 0.0)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return Path(points, [code for letter, _ in outline.segments for code in codes[letter]])
