"""Scenes as PowerPoint slides: native shapes and text boxes, formulas with fractions as pictures.

What a slide shows in words is the alternative text of the group that holds its shapes, and its
notes; its title stands above the slide, where PowerPoint puts a hidden title.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from unicodedata import combining, normalize

from scalargrad.view.export.library import library
from scalargrad.view.export.outlines import layer, legal, through
from scalargrad.view.export.painting import png
from scalargrad.view.glyphs import mathematics
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Shape, Text, measured

_EMU = 12_700  # English metric units in a point
_SLIDE = (960.0, 540.0)  # 16:9, in points
_MARGIN = 18.0
_DATE = datetime(2000, 1, 1)  # every file's, so that equal scenes give equal bytes
# Fonts that are wherever PowerPoint is: as wide as DejaVu Sans, and as STIX. With each, how far
# its baseline is below the top of a line, in sizes.
_FONT, _MATH_FONT = ("Verdana", 1.005), ("Times New Roman", 0.891)
_SLACK = 1.2  # how much wider the box of a text is
_PICTURE_DPI = 600
_FORMULA = re.compile(r"\\([dt]?frac|sqrt|binom)\b|\\over")
_DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_HEADS = ((2.5, "sm"), (4.0, "med"), (float("inf"), "lg"))  # 2, 3 and 5 times the line


@dataclass(frozen=True)
class _Place:
    """Where the scene is put on a slide: its top left corner and its scale."""

    left: float
    top: float
    scale: float

    def box(self, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
        """A box of the scene on the slide: left, top, width and height."""
        s = self.scale
        points = (self.left + s * x, self.top + s * y, s * width, s * height)
        left, top, wide, high = (round(_EMU * value) for value in points)
        return left, top, wide, high


def slides(scenes: Sequence[Scene]) -> bytes:
    """A presentation with a slide for each scene.

    Raises:
        LibraryMissing: where python-pptx is not installed.
    """
    show = _pptx("pptx").Presentation()
    show.slide_width, show.slide_height = (round(_EMU * points) for points in _SLIDE)
    title_only = show.slide_layouts[5]
    for scene in scenes:
        _fill(show.slides.add_slide(title_only), scene)
    about = show.core_properties
    about.author = about.last_modified_by = "scalargrad"
    about.title = _title(scenes[0]) if scenes else ""
    about.created = about.modified = _DATE
    about.revision = 1
    buffer = io.BytesIO()
    show.save(buffer)
    return _undated(buffer.getvalue())


def _pptx(module: str) -> Any:
    return library(module, "python-pptx", "a .pptx file")


def _undated(content: bytes) -> bytes:
    """The same archive with the date 1980 on every file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, source.read(name))
    return buffer.getvalue()


def _title(scene: Scene) -> str:
    return _one_line(scene.description.partition("\n")[0])[:200]


def _one_line(text: str) -> str:
    return " ".join(legal(text).split())


# Slides ------------------------------------------------------------------------------------------


def _fill(page: Any, scene: Scene) -> None:
    """Put a scene on an empty slide."""
    page.background.fill.solid()
    page.background.fill.fore_color.rgb = _colour(scene.paper)
    title = page.shapes.title
    title.left, title.top = 0, round(_EMU * -80)
    title.width, title.height = round(_EMU * _SLIDE[0]), round(_EMU * 40)
    title.text_frame.text = _title(scene)
    page.shapes.turbo_add_enabled = True  # else each shape looks at the numbers of all before it
    place = _place(scene)
    added = [_added(page.shapes, shape, place) for shape in sorted(scene.shapes, key=layer)]
    drawn = [shape for shape in added if shape is not None]
    if drawn:
        group = page.shapes.add_group_shape(drawn)
        group.name = "Picture"
        _describe(group, scene.description)
    page.notes_slide.notes_text_frame.text = legal(scene.description)


def _place(scene: Scene) -> _Place:
    """In the middle of the slide, as large as it fits."""
    width, height = max(scene.width, 1), max(scene.height, 1)
    room = (_SLIDE[0] - 2 * _MARGIN, _SLIDE[1] - 2 * _MARGIN)
    scale = min(room[0] / width, room[1] / height)
    return _Place((_SLIDE[0] - scale * width) / 2, (_SLIDE[1] - scale * height) / 2, scale)


def _added(shapes: Any, shape: Shape, place: _Place) -> Any:
    """The shape of the slide that was added for one of the scene; None for nothing to see."""
    if isinstance(shape, Rectangle):
        return _rectangle(shapes, shape, place)
    if isinstance(shape, Circle):
        return _circle(shapes, shape, place)
    if isinstance(shape, Arrow):
        return _arrow(shapes, shape, place) if len(shape.points) > 1 else None
    if _FORMULA.search(shape.math) and mathematics(shape.math):
        return _formula(shapes, shape, place)
    return _text(shapes, shape, place)


def _describe(shape: Any, text: str) -> None:
    """Give a shape its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", legal(text))


def _colour(name: str) -> Any:
    return _pptx("pptx.dml.color").RGBColor.from_string(name[1:].upper())


# Shapes ------------------------------------------------------------------------------------------


def _rectangle(shapes: Any, shape: Rectangle, place: _Place) -> Any:
    kinds = _pptx("pptx.enum.shapes").MSO_SHAPE
    kind = kinds.ROUNDED_RECTANGLE if shape.radius > 0 else kinds.RECTANGLE
    box = shapes.add_shape(kind, *place.box(shape.x, shape.y, shape.width, shape.height))
    if shape.radius > 0:
        shorter = max(min(shape.width, shape.height), 0.01)
        box.adjustments[0] = min(shape.radius / shorter, 0.5)
    _paint(box, shape, place)
    return box


def _circle(shapes: Any, shape: Circle, place: _Place) -> Any:
    kind = _pptx("pptx.enum.shapes").MSO_SHAPE.OVAL
    r = shape.radius
    oval = shapes.add_shape(kind, *place.box(shape.x - r, shape.y - r, 2 * r, 2 * r))
    _paint(oval, shape, place)
    return oval


def _paint(box: Any, shape: Rectangle | Circle, place: _Place) -> None:
    _plain(box)
    if shape.fill.startswith("#"):
        box.fill.solid()
        box.fill.fore_color.rgb = _colour(shape.fill)
    else:
        box.fill.background()
    if shape.stroke.startswith("#"):
        _line(box.line, shape.stroke, shape.line * place.scale, shape.dashed)
    else:
        box.line.fill.background()


def _plain(shape: Any) -> None:
    """Take the style of the template off a shape: its shadow."""
    for style in shape._element.xpath("p:style"):
        shape._element.remove(style)


def _line(line: Any, colour: str, width: float, dashed: bool) -> None:
    line.color.rgb = _colour(colour)
    line.width = round(_EMU * width)
    if dashed:
        line.dash_style = _pptx("pptx.enum.dml").MSO_LINE_DASH_STYLE.DASH


def _arrow(shapes: Any, shape: Arrow, place: _Place) -> Any:
    """A connector where the line is straight, else a freeform; the head is its line's end."""
    (x0, y0), (x1, y1) = shape.points[0], shape.points[-1]
    is_flat = len({x for x, _ in shape.points}) == 1 or len({y for _, y in shape.points}) == 1
    if is_flat or (len(shape.points) == 2 and not shape.curved):
        kind = _pptx("pptx.enum.shapes").MSO_CONNECTOR.STRAIGHT
        left, top, width, height = place.box(x0, y0, x1 - x0, y1 - y0)
        drawn = shapes.add_connector(kind, left, top, left + width, top + height)
    else:
        drawn = _freeform(shapes, shape, place)
    _plain(drawn)
    _line(drawn.line, shape.colour, shape.line * place.scale, shape.dashed)
    if shape.head > 0:
        times = shape.head / max(shape.line, 0.1)
        size = next(name for most, name in _HEADS if times < most)
        end = f'<a:tailEnd {_DRAWING} type="triangle" w="med" len="{size}"/>'
        drawn.line._get_or_add_ln().append(_element(end))
    return drawn


def _freeform(shapes: Any, shape: Arrow, place: _Place) -> Any:
    """A line through the points of an arrow, curved where the arrow is."""
    segments = through(shape.points, shape.curved).segments
    xs = [x for _, numbers in segments for x in numbers[::2]]
    ys = [y for _, numbers in segments for y in numbers[1::2]]
    x, y = min(xs), min(ys)
    left, top, width, height = place.box(x, y, max(xs) - x, max(ys) - y)
    kind = _pptx("pptx.enum.shapes").MSO_SHAPE.RECTANGLE
    drawn = shapes.add_shape(kind, left, top, width, height)
    drawn.name = drawn.name.replace("Rectangle", "Freeform")
    drawn.fill.background()
    pieces = []
    for letter, numbers in segments:
        tag = {"M": "moveTo", "L": "lnTo", "C": "cubicBezTo"}[letter]
        points = "".join(
            f'<a:pt x="{round(_EMU * place.scale * (px - x))}"'
            f' y="{round(_EMU * place.scale * (py - y))}"/>'
            for px, py in zip(numbers[::2], numbers[1::2], strict=True)
        )
        pieces.append(f"<a:{tag}>{points}</a:{tag}>")
    geometry = (
        f"<a:custGeom {_DRAWING}><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/>"
        '<a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
        f'<a:path w="{width}" h="{height}" fill="none">{"".join(pieces)}</a:path>'
        "</a:pathLst></a:custGeom>"
    )
    preset = drawn._element.spPr.xpath("a:prstGeom")[0]
    preset.getparent().replace(preset, _element(geometry))
    return drawn


def _element(source: str) -> Any:
    return _pptx("pptx.oxml").parse_xml(source)


# Text --------------------------------------------------------------------------------------------


def _text(shapes: Any, text: Text, place: _Place) -> Any:
    """A text box; letters of mathematics are italic."""
    alignments = _pptx("pptx.enum.text").PP_ALIGN
    plain = replace(text, text=_one_line(text.text), math="")
    font, ascent = _MATH_FONT if text.math else _FONT
    box = shapes.add_textbox(*_text_box(plain, ascent, place))
    frame = box.text_frame
    frame.word_wrap = True  # without it LibreOffice centres what is aligned to the left
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    paragraph = frame.paragraphs[0]
    paragraph.alignment = {
        "start": alignments.LEFT, "middle": alignments.CENTER, "end": alignments.RIGHT,
    }[text.anchor]  # fmt: skip
    colour = _colour(text.colour)
    for piece, italic in _runs(plain.text, bool(text.math)):
        run = paragraph.add_run()
        run.text = piece
        run.font.name = font
        run.font.size = round(_EMU * max(1.0, round(text.size * place.scale, 1)))
        run.font.bold, run.font.italic = text.bold and not text.math, italic
        run.font.color.rgb = colour
    return box


def _text_box(text: Text, ascent: float, place: _Place) -> tuple[int, int, int, int]:
    """The box of a text, wider than it was measured in case a reader's font is, on the slide."""
    left, top, width, height = place.box(
        text.x, text.y - ascent * text.size, _SLACK * measured(text).width, 1.22 * text.size
    )
    left -= round(width * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor])
    slide = round(_EMU * _SLIDE[0])
    over = max(0, -left, left + width - slide)  # kept around its anchor, so that it stays there
    if text.anchor == "middle":
        return left + over, top, max(width - 2 * over, 1), height
    return max(left, 0), top, max(width - over, 1), height


def _runs(text: str, is_math: bool) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is italic: letters of mathematics are, words not."""
    if not is_math:
        yield text, False
        return
    pieces = ["".join(run) for _, run in groupby(text, key=_is_letter)]
    marked = [
        (piece, _is_letter(piece[0]) and len(normalize("NFC", piece)) == 1) for piece in pieces
    ]
    for italic, run in groupby(marked, key=lambda pair: pair[1]):
        yield "".join(piece for piece, _ in run), italic


def _is_letter(character: str) -> bool:
    return character.isalpha() or bool(combining(character))


def _formula(shapes: Any, text: Text, place: _Place) -> Any:
    """A picture of a formula, with its text in Unicode as the alternative."""
    extent = measured(text)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
    edge = 0.1 * text.size  # slanted letters reach out of their extent
    left, top = text.x - share * extent.width - edge, text.y - extent.above - edge
    width, height = extent.width + 2 * edge, extent.height + 2 * edge
    shown = replace(text, x=edge, y=extent.above + edge, anchor="start")
    picture = Scene(width, height, (shown,), "", text.text)
    content = io.BytesIO(png(picture, dpi=_PICTURE_DPI, paper=False))
    added = shapes.add_picture(content, *place.box(left, top, width, height))
    _describe(added, text.text)
    return added
