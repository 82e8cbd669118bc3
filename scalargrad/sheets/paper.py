"""What is printed: a page of HTML that loads nothing, or pages of A4 as PDF."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from scalargrad.view.export import formats
from scalargrad.view.glyphs import plain
from scalargrad.view.picture import scaled
from scalargrad.view.scene import Scene, Shape, Text, moved

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 50.0
INNER = WIDTH - 2 * MARGIN
_PAPER, _INK = "#ffffff", "#1a1a1a"
_LEADING = 1.35
_APART = 5.0  # between rows
_STYLE = (
    "body { font: 16px sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }"
    " img { max-width: 100% } pre { white-space: pre-wrap } td:empty { min-width: 12em }"
    " table { border-collapse: collapse } td, th { border-bottom: 1px solid #ccc; padding: 4px 8px;"
    " text-align: left; vertical-align: top }"
)


def page(title: str, body: str) -> str:
    """A page of HTML with a body under a title."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n{body}</html>\n"
    )


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], inks: Sequence[str] = ()) -> str:
    """A table of HTML, its rows in these inks; "" is the usual one."""
    lines = ["".join(f"<th>{html.escape(title)}</th>" for title in titles)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    colours = [f' style="color: {ink}"' if ink else "" for ink in ("", *inks)]
    colours += [""] * (len(lines) - len(colours))
    written = (f"<tr{ink}>{line}</tr>\n" for ink, line in zip(colours, lines, strict=True))
    return f"<table>\n{''.join(written)}</table>\n"


class Cell(NamedTuple):
    """A text that is set in a column."""

    text: str
    left: float = MARGIN
    width: float = INNER
    colour: str = _INK
    size: float = 9.0
    is_bold: bool = False

    @property
    def lines(self) -> list[str]:
        """The text in lines that fit the column."""
        lines = [""]
        for word in self.text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self._fits(longer):
                lines[-1] = longer
                continue
            lines += [""] if lines[-1] else []
            for part in [word] if self._fits(word) else word:
                lines += [] if self._fits(lines[-1] + part) else [""]
                lines[-1] += part
        return lines

    @property
    def height(self) -> float:
        """What it takes of a page."""
        return _LEADING * self.size * len(self.lines)

    def shapes(self, y: float) -> list[Shape]:
        """Its lines, the first of them beneath a height."""
        return [
            Text(self.left, y + _LEADING * self.size * number, line, self.size, self.colour,
                 self.is_bold, "start")
            for number, line in enumerate(self.lines, 1)
        ]  # fmt: skip

    def _fits(self, text: str) -> bool:
        return plain(text, self.is_bold).width * self.size <= self.width


def columns(
    texts: Iterable[str], starts: Sequence[float], ink: str = "", size: float = 9.0,
    is_bold: bool = False,
) -> list[Cell]:  # fmt: skip
    """Texts in columns that start at shares of the width; the last share is where they end."""
    places = [(MARGIN + a * INNER, (b - a) * INNER - 6) for a, b in pairwise(starts)]
    return [
        Cell(text, *place, ink or _INK, size, is_bold)
        for text, place in zip(texts, places, strict=True)
    ]


def pdf(rows: Iterable[Sequence[Cell] | Scene], title: str) -> bytes:
    """Rows of cells, and pictures, set in outlines on pages that say in words what stands there."""
    return formats.written(".pdf", [
        Scene(WIDTH, HEIGHT, tuple(shapes), _PAPER, "\n".join(words), title=title)
        for shapes, words in pages(rows)
    ])  # fmt: skip


def pages(rows: Iterable[Sequence[Cell] | Scene]) -> list[tuple[list[Shape], list[str]]]:
    """The shapes of each page, and what it says."""
    found: list[tuple[list[Shape], list[str]]] = [([], [])]
    y = MARGIN
    for row in rows:
        if isinstance(row, Scene):
            row = scaled(row, min(1.0, INNER / row.width))
            height = row.height
        else:
            height = max(cell.height for cell in row)
        if y + height > HEIGHT - MARGIN and found[-1][0]:
            found.append(([], []))
            y = MARGIN
        shapes, words = found[-1]
        if isinstance(row, Scene):
            shapes += [moved(shape, MARGIN, y) for shape in row.shapes]
            words.append(row.description)
        else:
            shapes += [shape for cell in row for shape in cell.shapes(y)]
            words += [line for cell in row for line in cell.lines]
        y += height + _APART
    return found
