"""The lines under a picture: a derivation, and in a frame the arithmetic of its step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scalargrad.notation.names import Written
from scalargrad.view.scene import Arrow, Extent, Look, Scene, Shape, Text, measured, written

LARGEST, SMALLEST = 17.0, 9.0  # sizes of the lines, in points
_WIDEST = 600.0  # a picture is widened up to here before its lines are set smaller
_NOTE = 11.0
_MARGIN, _ABOVE, _BETWEEN, _BELOW = 12.0, 12.0, 7.0, 8.0


def with_lines_beneath(scene: Scene, look: Look) -> Scene:
    """The scene with the lines and the caption of a look under it, centred.

    The room is that of the widest and tallest of all lines in `look.beneath` and `look.room`, so
    that the frames of one picture have one size. Lines too wide for it widen the picture to 600
    points, are then set smaller, down to 9 points, and then widen it further.
    """
    captions = (*look.room, *((look.step.caption,) if look.step else ()))
    lines = _set_lines(look.beneath), _set_lines(captions)
    if not any(lines):
        return _with_note(scene, look)
    room = max(scene.width, _WIDEST) - 2 * _MARGIN
    sizes = [_size(group, room) for group in lines]
    widest = max(_extent(line, size).width for group, size in zip(lines, sizes, strict=True)
                 for line in group)  # fmt: skip
    width = max(scene.width, widest + 2 * _MARGIN)
    shapes = [moved(shape, (width - scene.width) / 2, 0.0) for shape in scene.shapes]
    y = scene.height + _ABOVE
    for line in lines[0]:
        reach = _extent(line, sizes[0])
        colour = look.theme.accent if look.path else look.theme.ink
        shapes.append(written(line, width / 2, y + reach.above, sizes[0], colour))
        y += reach.height + _BETWEEN
    if lines[1]:
        reaches = [_extent(line, sizes[1]) for line in lines[1]]
        above, below = max(r.above for r in reaches), max(r.below for r in reaches)
        if look.step:
            shapes += [
                written(line, width / 2, y + above, sizes[1], look.theme.accent)
                for line in _set_lines((look.step.caption,))
            ]
        y += above + below + _BETWEEN
    height = y - _BETWEEN + _BELOW
    return _with_note(replace(scene, width=width, height=height, shapes=tuple(shapes)), look)


def _with_note(scene: Scene, look: Look) -> Scene:
    """The scene with the remark of a look at its foot."""
    if not look.note:
        return scene
    remark = Text(0.0, 0.0, look.note, _NOTE, look.theme.muted)
    reach = measured(remark)
    width = max(scene.width, reach.width + 2 * _MARGIN)
    shapes = [moved(shape, (width - scene.width) / 2, 0.0) for shape in scene.shapes]
    shapes.append(replace(remark, x=width / 2, y=scene.height + reach.above))
    height = scene.height + reach.height + _BELOW
    return replace(scene, width=width, height=height, shapes=tuple(shapes))


def moved(shape: Shape, right: float, down: float) -> Shape:
    """A shape at another place."""
    if isinstance(shape, Arrow):
        return replace(shape, points=tuple((x + right, y + down) for x, y in shape.points))
    return replace(shape, x=shape.x + right, y=shape.y + down)


def _set_lines(lines: Sequence[Written]) -> list[Written]:
    """The lines that are not empty."""
    return [line for line in lines if line.text.strip()]


def _size(lines: Sequence[Written], room: float) -> float:
    """The largest size, in half points, at which all lines fit."""
    widest = max((_extent(line, LARGEST).width for line in lines), default=0.0)
    fitting = LARGEST if widest <= room else int(2 * LARGEST * room / widest) / 2
    return max(SMALLEST, fitting)


def _extent(line: Written, size: float) -> Extent:
    return measured(written(line, 0.0, 0.0, size, ""))
