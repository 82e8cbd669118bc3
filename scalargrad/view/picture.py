"""Pictures, one or several in steps: a notebook shows them by themselves, a suffix saves them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from scalargrad.errors import DrawingError
from scalargrad.files import write_whole
from scalargrad.view.export import formats
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.export.library import LibraryMissing
from scalargrad.view.frames import SECONDS
from scalargrad.view.scene import Scene, Text, measured, moved, one_of, resized

_TITLE = 26.0  # size of a title, in points
_BAND = 1.7  # height of a title with its air, in sizes
_APART = 12.0  # points between pictures beside each other


class Saved:
    """Something with a file for each suffix that it knows."""

    suffixes: tuple[str, ...] = FRAME_SUFFIXES
    _what = "frames are"

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
        """Write it to a file, in the format of its suffix; see SUFFIXES and FRAME_SUFFIXES.

        The file is replaced whole or not at all. Steps are the pages of a .pdf, slides of a .pptx,
        overlays of a Beamer .tex, played by a .gif or an .html page, or side by side in one .svg
        or .png.

        Args:
            path: the file.
            dpi: dots an inch of a .png, 192 by default.

        Raises:
            DrawingError: for another suffix, or dots an inch that are not 10 to 2400 of a .png.
            FileError: when the place cannot be written to.
        """
        target = Path(path)
        write_whole(target, self.content(target.suffix, dpi=dpi))
        return target

    def content(self, suffix: str, *, dpi: float | None = None) -> bytes:
        """The bytes of a file with a suffix; a .png with so many dots an inch.

        Raises:
            DrawingError: for a suffix that stands for no format, or one that needs a library which
                is not installed, and for other dots an inch.
        """
        form = suffix.lower()
        if form not in self.suffixes:
            known, other = ", ".join(self.suffixes), repr(suffix) if suffix else "none"
            raise DrawingError(f"{self._what} saved by suffix as {known}; got {other}")
        if dpi is not None and form != ".png":
            raise DrawingError(f"dpi are the dots an inch of a .png; got {form!r}")
        if dpi is not None and not 10 <= dpi <= 2400:
            raise DrawingError(f"a picture has 10 to 2400 dots an inch; got dpi={dpi}")
        return self._written(form, dpi)

    def _written(self, form: str, dpi: float | None) -> bytes:
        raise NotImplementedError


class Picture(Saved):
    """Something to be seen.

    Args:
        scene: its shapes.
    """

    suffixes = tuple(suffix for suffix in SUFFIXES if suffix != ".dot")
    _what = "a picture is"

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    @property
    def scene(self) -> Scene:
        """The shapes and texts."""
        return self._scene

    def _written(self, form: str, dpi: float | None) -> bytes:
        return formats.written(form, [self.scene], dpi=dpi)

    def __repr__(self) -> str:
        """The picture in words."""
        return self.scene.description

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """An image in HTML, PNG, PDF and words: a notebook shows the first that it may.

        What cannot be made, as a PNG without matplotlib, is left out.
        """
        from scalargrad.view.export.html import following, image
        from scalargrad.view.export.painting import png
        from scalargrad.view.export.pdf import pdf

        data: dict[str, str | bytes] = {
            "text/html": following(self.scene) + image(self.scene),
            "application/pdf": pdf([self.scene]),
            "text/plain": repr(self),
        }
        with suppress(LibraryMissing):
            data["image/png"] = png(self.scene, dpi=96, colours=64)  # for who shows no HTML
        return data, {"image/png": {"alt": repr(self)}}


@dataclass(frozen=True, repr=False)
class Frames(Saved):
    """Pictures in steps; those of one graph have the same places.

    Attributes:
        pictures: one for each step.
        forward: how many of them are of the forward pass.
        pace: seconds that a step is shown where they are played.
    """

    pictures: tuple[Picture, ...]
    forward: int = 0
    pace: float = SECONDS

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The shapes of each step."""
        return tuple(picture.scene for picture in self.pictures)

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.pictures)

    def seconds(self, pace: float) -> Frames:
        """The same steps, each shown so long where they are played.

        Raises:
            DrawingError: for less than a twentieth of a second, or more than ten minutes.
        """
        if not 0.05 <= pace <= 600:
            raise DrawingError(f"seconds of a step are 0.05 to 600; got {pace}")
        return replace(self, pace=pace)

    def at(self, step: int) -> Picture:
        """One step as a picture; the first is 1, and −1 the last.

        Raises:
            DrawingError: where there is no such step.
        """
        if step == 0 or abs(step) > len(self):
            raise DrawingError(f"there are steps 1 to {len(self)}; got {step}")
        return self.pictures[step - 1 if step > 0 else step]

    def only(self, which: Literal["forward", "backward"]) -> Frames:
        """The steps of one pass.

        Raises:
            DrawingError: for another word, or a pass without steps.
        """
        one_of("only", which, ("forward", "backward"))
        forward, backward = self.pictures[: self.forward], self.pictures[self.forward :]
        chosen = forward if which == "forward" else backward
        if not chosen:
            raise DrawingError(f"there are no steps of a {which} pass")
        return replace(self, pictures=chosen, forward=len(chosen) if chosen is forward else 0)

    def handout(self, per_page: int = 4) -> Frames:
        """Pages of several steps each, for paper.

        Raises:
            DrawingError: for fewer than one a page, or more than twelve.
        """
        if not 1 <= per_page <= 12:
            raise DrawingError(f"a page of a handout has 1 to 12 steps; got {per_page}")
        starts = range(0, len(self), per_page)
        pages = [side_by_side(self.scenes[k : k + per_page], 2, per_page) for k in starts]
        return replace(self, pictures=tuple(map(Picture, pages)), forward=0)

    @staticmethod
    def compare(one: Frames, other: Frames) -> Frames:
        """Two runs beside each other, step by step; the shorter one waits at its end."""
        count = max(len(one), len(other))
        pairs = [
            side_by_side([f.scenes[min(k, len(f) - 1)] for f in (one, other)]) for k in range(count)
        ]
        return Frames(tuple(map(Picture, pairs)), 0, one.pace)

    def _written(self, form: str, dpi: float | None) -> bytes:
        if form in (".svg", ".png"):
            return formats.written(form, [side_by_side(self.scenes)], dpi=dpi)
        return formats.written(form, self.scenes, seconds=self.pace)

    def __repr__(self) -> str:
        """How many steps there are, and how to see them."""
        return f"<{len(self)} frames: save them as {', '.join(FRAME_SUFFIXES)}>"

    def _repr_html_(self) -> str:
        """The page that plays the steps, in a frame of its own; it needs no trust.

        A notebook that is not trusted takes the frame out and keeps what stands inside of it.
        """
        from scalargrad.view.export.html import following, page, stills

        width, height = self.scenes[0].width * 4 / 3 + 60, self.scenes[0].height * 4 / 3 + 190
        inside = page(self.scenes, title="", seconds=self.pace)
        inside = inside.replace("&", "&amp;").replace("'", "&#39;")  # all that single quotes need
        return (
            f"{following(self.scenes[0])}<iframe class=\"scalargrad\" srcdoc='{inside}' "
            'title="steps" '
            'sandbox="allow-scripts" style="border:0; max-width:100%" '
            f'width="{width:.0f}" height="{height:.0f}">{stills(self.scenes)}</iframe>'
        )


def side_by_side(scenes: Sequence[Scene], across: int = 0, room: int = 0) -> Scene:
    """One scene with all of them in the size of a single one.

    Args:
        scenes: not none.
        across: how many in a row; by default two or three.
        room: for how many there is a place.
    """
    wide = max(scene.width for scene in scenes) + _APART
    high = max(scene.height for scene in scenes) + _APART
    count = max(room, len(scenes))
    across = min(across or (2 if count in (2, 4) else 3), count)
    shapes = [
        moved(shape, k % across * wide, k // across * high)
        for k, scene in enumerate(scenes)
        for shape in scene.shapes
    ]
    down = -(-count // across)
    words = "\n\n".join(scene.description for scene in scenes)
    first = scenes[0]
    return replace(
        first,
        width=across * wide - _APART,
        height=down * high - _APART,
        shapes=tuple(shapes),
        description=words,
    )


def titled(scene: Scene, text: str, colour: str) -> Scene:
    """A scene under a title, which stands above its place as the title of a slide does."""
    band = _BAND * _TITLE
    title = Text(0.0, 0.0, text, _TITLE, colour, bold=True, key="title")
    size = min(_TITLE, _TITLE * scene.width / max(measured(title).width, 1.0))
    title = replace(title, x=scene.width / 2, y=_TITLE, size=round(size, 2))
    return replace(
        scene,
        height=scene.height + band,
        shapes=(title, *(moved(shape, 0.0, band) for shape in scene.shapes)),
        title=text,
        head=band,
    )


def scaled(scene: Scene, factor: float) -> Scene:
    """A scene so many times as large."""
    return replace(
        scene,
        width=scene.width * factor,
        height=scene.height * factor,
        head=scene.head * factor,
        size=scene.size * factor,
        shapes=tuple(resized(shape, factor) for shape in scene.shapes),
    )
