"""The texts of a scene that belong together: those of a unit, of a label, or one by itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from scalargrad.view.scene import Area, Scene, Text, measured

_LINE = 0.35  # of the size: what is nearer to each other stands on one line


@dataclass(frozen=True)
class Block:
    """Lines of text that are one thing.

    Attributes:
        key: of the unit or the label; "" for a text by itself.
        lines: from top to bottom, each from left to right.
    """

    key: str
    lines: tuple[tuple[Text, ...], ...]

    @property
    def baselines(self) -> list[float]:
        """Of the lines."""
        return [line[0].y for line in self.lines]

    @property
    def size(self) -> float:
        """Of the text that sets the distance of lines."""
        return max(text.size for line in self.lines for text in line)

    @property
    def area(self) -> Area:
        """What it covers."""
        boxes = [box(text) for line in self.lines for text in line]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


def box(text: Text) -> Area:
    """What a text covers."""
    extent = measured(text)
    left = text.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * extent.width
    return left, text.y - extent.above, left + extent.width, text.y + extent.below


def blocks(scene: Scene) -> list[Block]:
    """The texts of a scene, those of a unit or a label together."""
    own = ("", "title", "heading", "derivation", "caption")
    found: dict[tuple[str, int], list[Text]] = {}
    for place, text in enumerate(s for s in scene.shapes if isinstance(s, Text)):
        if text.text.strip():
            alone = place if text.key in own else -1
            found.setdefault((text.key, alone), []).append(text)
    return [Block(key, _lines(texts)) for (key, _), texts in found.items()]


def _lines(texts: list[Text]) -> tuple[tuple[Text, ...], ...]:
    """Texts in lines."""
    in_order = sorted(texts, key=lambda text: text.y)
    marks, y = [], in_order[0].y
    for text in in_order:
        if text.y - y > _LINE * text.size:
            y = text.y
        marks.append((y, text))
    return tuple(
        tuple(sorted((text for _, text in line), key=lambda text: box(text)[0]))
        for _, line in groupby(marks, key=lambda mark: mark[0])
    )
