"""Frames as an animated GIF."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scalargrad.errors import DrawingError
from scalargrad.view.export.library import library
from scalargrad.view.export.painting import png
from scalargrad.view.frames import SECONDS, watched
from scalargrad.view.scene import Scene

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 2_000  # pixels
_LAST = 3  # how many times as long the last frame stays
_COLOURS, _FREQUENT = 256, 48  # that a GIF holds; of these the most frequent of the frames
_SHORTEST, _LONGEST = 0.02, 600.0  # seconds a GIF can hold, and viewers keep to


def animation(scenes: Sequence[Scene], seconds: float = SECONDS) -> bytes:
    """A GIF that runs through frames again and again, the last of them three times as long.

    All frames have one palette, of colours that they have; nothing is dithered, so that text
    stays crisp. No side is longer than 2000 pixels.

    Args:
        scenes: the frames; smaller ones stand at the top left of the largest.
        seconds: that a frame is shown, 0.02 to 600.

    Raises:
        DrawingError: for no frames, or seconds out of range.
        LibraryMissing: without matplotlib and Pillow.
    """
    if not scenes:
        raise DrawingError("an animation needs at least one frame; got none")
    if not _SHORTEST <= seconds <= _LONGEST:
        raise DrawingError(f"a frame is shown for 0.02 to 600 seconds; got {seconds}")
    library("matplotlib", "matplotlib", "a .gif file")
    pngs = [png(scene) for scene in watched(scenes, "gif")]
    papers = [scene.paper or "#ffffff" for scene in scenes]
    size = tuple(max(sides) for sides in zip(*(_opened(png).size for png in pngs), strict=True))

    def frames() -> Iterator[Image]:  # made twice: all of them at once would fill the memory
        for content, paper in zip(pngs, papers, strict=True):
            yield _on_canvas(content, size, paper)

    first, *others = _reduced(frames)
    milliseconds = [round(1000 * seconds)] * (len(pngs) - 1) + [round(1000 * seconds * _LAST)]
    buffer = io.BytesIO()
    first.save(
        buffer, "gif", save_all=True, append_images=others, duration=milliseconds, loop=0,
        optimize=False, disposal=1,
    )  # fmt: skip
    return buffer.getvalue()


def _opened(png: bytes) -> Image:
    from PIL import Image

    return Image.open(io.BytesIO(png))


def _on_canvas(png: bytes, size: tuple[int, ...], paper: str) -> Image:
    """A frame on a canvas of a size, made smaller where that is longer than a GIF should be."""
    from PIL import Image

    canvas = Image.new("RGB", (size[0], size[1]), paper)
    canvas.paste(_opened(png), (0, 0))
    scale = LONGEST_SIDE / max(size)
    if scale >= 1:
        return canvas
    width, height = (max(1, round(side * scale)) for side in size)
    return canvas.resize((width, height), Image.Resampling.LANCZOS)


def _reduced(frames: Callable[[], Iterable[Image]]) -> Iterator[Image]:
    """The frames, each pixel in the nearest colour of one palette.

    (Pillow's own `quantize` looks colours up by their upper six bits: it moves white to #fcfcfc.)
    """
    import numpy as np
    from PIL import Image

    counts: Counter[tuple[int, ...]] = Counter()
    for frame in frames():
        for count, colour in frame.getcolors(frame.width * frame.height) or []:
            assert isinstance(colour, tuple)
            counts[colour] += count
    palette, nearest = _palette(sorted(counts, key=lambda colour: (-counts[colour], colour)))
    for frame in frames():
        levels = np.asarray(frame).astype(np.uint32)
        reduced = Image.fromarray(nearest[_places(levels)])
        reduced.putpalette([int(level) for level in palette.ravel()])
        yield reduced


def _palette(colours: list[tuple[int, ...]]) -> tuple[Any, Any]:
    """Up to 256 of the colours, and for each place of a colour which of them is nearest.

    The most frequent come first, for paper, ink and accents stay as they are; then, one by one,
    the colour that is farthest from all that were chosen (Gonzalez, "Clustering to minimize the
    maximum intercluster distance", 1985), for the edges of letters.
    """
    import numpy as np

    levels = np.array(colours, np.int64)
    distance = np.full(len(levels), np.iinfo(np.int64).max)
    index = np.zeros(len(levels), np.uint8)
    chosen: list[int] = []
    while len(chosen) < _COLOURS and distance.any():
        following = len(chosen) if len(chosen) < _FREQUENT else int(distance.argmax())
        from_it = ((levels - levels[following]) ** 2).sum(axis=1)
        index[from_it < distance] = len(chosen)
        distance = np.minimum(distance, from_it)
        chosen.append(following)
    nearest = np.zeros(1 << 24, np.uint8)
    nearest[_places(levels)] = index
    return levels[chosen], nearest


def _places(levels: Any) -> Any:
    """Red, green and blue, 0 to 255 each, as one number."""
    return (levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2]
