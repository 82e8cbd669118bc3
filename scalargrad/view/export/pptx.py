"""Scenes as PowerPoint slides, as somebody would have drawn them there, and can go on drawing.

A unit is one shape with its lines as its own text; connectors hang on to both of their units; a
formula is Office's own mathematics. Colours and fonts are those of the theme, so that a picture
that is pasted takes the looks of its deck. In steps equal things have equal names with !! in front,
by which Morph knows them. The package is written here: no library is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby, pairwise
from math import dist
from unicodedata import combining, normalize

from scalargrad.files import zipped
from scalargrad.view.export.formulas import Part, omml, read
from scalargrad.view.export.outlines import layer, legal, on_lines, through
from scalargrad.view.export.package import HEAD, SPACES, TREE, package
from scalargrad.view.export.units import Block, blocks, box
from scalargrad.view.glyphs import plain
from scalargrad.view.layout.layered import Point
from scalargrad.view.scene import THEMES, Arrow, Circle, Rectangle, Scene, Text, bounds, moved

_EMU = 12_700  # English metric units in a point
_BODY = (37.0, 100.0, 886.0, 403.0)  # of a slide under its title: left, top, width, height
_SLACK = 1.12  # how much wider the box of a text is: a reader's font may be
_ASCENT, _DESCENT = 1.005, 0.21  # of Verdana, as wide as DejaVu Sans, and wherever PowerPoint is
_HEADS = ((2.5, "sm"), (4.0, "med"), (float("inf"), "lg"))  # 2, 3 and 5 times the line
_MATH = "Cambria Math"
_SIDES = ((0.0, -1.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 0.0))  # sites of a rectangle, in order
_NEAR = 0.5  # points from a site to what ends there
_NAMES = {
    "ink": "tx1", "paper": "bg1", "muted": "tx2", "tint": "bg2", "value": "accent1",
    "gradient": "accent2", "accent": "accent3", "path": "accent4", "wire": "accent5",
    "frame": "accent6", "accent_tint": "folHlink",
}  # fmt: skip


def slides(scenes: Sequence[Scene]) -> bytes:
    """A presentation with a slide for each scene."""
    theme = (scenes[0].theme if scenes else None) or THEMES["light"]
    texts = [_Slide(scene, place, len(scenes)).xml for place, scene in enumerate(scenes)]
    notes = [escape(legal(scene.description)) for scene in scenes]
    title = _title(scenes[0], 0, 1) if scenes else ""
    files = package(theme, texts, notes, escape(title))
    return zipped({name: content.encode() for name, content in files.items()})


def _title(scene: Scene, place: int, count: int) -> str:
    """What stands above a slide: no more than its picture tells."""
    if scene.title:
        return _one_line(scene.title)
    if count > 1:
        return f"Step {place + 1} of {count}"
    derivations = [s.text for s in scene.shapes if isinstance(s, Text) and s.key == "derivation"]
    if derivations:
        return _one_line(derivations[0].partition(" = ")[0].partition(" ≈ ")[0])
    output = scene.description.splitlines()[-1:] or [""]
    return _one_line(output[0].partition(": ")[0].partition(" = ")[0])[:200] or "Graph"


def _one_line(text: str) -> str:
    return " ".join(legal(text).split())


@dataclass(frozen=True)
class _Run:
    """Letters of one kind."""

    text: str
    is_math: bool
    shift: int  # a thousandth of a percent up, or down


class _Slide:
    """A slide as it is written: shapes get numbers, and are found by their keys."""

    def __init__(self, scene: Scene, place: int, count: int) -> None:
        self.mark = "!!" if count > 1 else ""
        self.theme = scene.theme or THEMES["light"]
        self.numbers: dict[str, int] = {}
        self.next = 2  # 1 is the tree, 2 the title
        shapes = [moved(s, 0.0, -scene.head) for s in scene.shapes if _is_drawn(s)]
        width, height = max(scene.width, 1.0), max(scene.height - scene.head, 1.0)
        self.scale = min(1.0, _BODY[2] / width, _BODY[3] / height)
        self.left = _BODY[0] + (_BODY[2] - self.scale * width) / 2
        self.top = _BODY[1]
        scene = replace(scene, shapes=tuple(sorted(shapes, key=layer)))
        self.texts = {block.key: block for block in blocks(scene) if block.key}
        self.units = {s.key: s for s in scene.shapes if isinstance(s, Rectangle | Circle) and s.key}
        self.sites: dict[str, list[Point]] = {key: _corners(s) for key, s in self.units.items()}
        for arrow in (s for s in scene.shapes if isinstance(s, Arrow)):
            for key, point in zip(arrow.ends, (arrow.points[0], arrow.points[-1]), strict=True):
                if key in self.sites and self._site(key, point) is None:
                    self.sites[key].append(point)
        for key in self.units:
            self.numbers[key] = self._number()
        self.on_lines = on_lines(scene.shapes)
        drawn = [self._shape(shape) for shape in scene.shapes]
        drawn += [self._block(block) for block in blocks(scene) if block.key not in self.units]
        self.xml = _SLIDE.format(
            ground=self._ground(scene),
            title=escape(_title(scene, place, count)),
            shapes="".join(drawn),
            morph=_MORPH if self.mark else "",
        )

    def _number(self) -> int:
        self.next += 1
        return self.next

    def _ground(self, scene: Scene) -> str:
        """The background; the master's is the paper of the theme."""
        if scene.paper in ("", self.theme.paper):
            return ""
        return f"<p:bg><p:bgPr>{self._fill(scene.paper)}<a:effectLst/></p:bgPr></p:bg>"

    # Geometry and colours

    def _points(self, *points: float) -> list[int]:
        """Lengths of the scene on the slide."""
        return [round(_EMU * self.scale * length) for length in points]

    def _place(self, x: float, y: float, width: float, height: float, flips: str = "") -> str:
        left, top = (round(_EMU * at) for at in (self.left + self.scale * x,
                                                 self.top + self.scale * y))  # fmt: skip
        wide, high = self._points(width, height)
        return (
            f'<a:xfrm{flips}><a:off x="{left}" y="{top}"/>'
            f'<a:ext cx="{max(wide, 0)}" cy="{max(high, 0)}"/></a:xfrm>'
        )

    def _colour(self, colour: str) -> str:
        for name, scheme in _NAMES.items():
            if getattr(self.theme, name) == colour:
                return f'<a:schemeClr val="{scheme}"/>'
        return f'<a:srgbClr val="{colour[1:].upper()}"/>'

    def _fill(self, colour: str) -> str:
        if not colour.startswith("#"):
            return "<a:noFill/>"
        return f"<a:solidFill>{self._colour(colour)}</a:solidFill>"

    def _line(self, colour: str, width: float, dashed: bool, end: str = "") -> str:
        dash = '<a:prstDash val="dash"/>' if dashed else ""
        (wide,) = self._points(width)
        return f'<a:ln w="{wide}">{self._fill(colour)}{dash}<a:round/>{end}</a:ln>'

    # Shapes

    def _shape(self, shape: object) -> str:
        if isinstance(shape, Arrow):
            return self._connector(shape) if len(shape.points) > 1 else ""
        if isinstance(shape, Rectangle | Circle):
            return self._unit(shape)
        return ""

    def _unit(self, shape: Rectangle | Circle) -> str:
        """A unit with its text."""
        left, top, right, bottom = bounds(shape)
        width, height = right - left, bottom - top
        radius = min(shape.radius, width / 2, height / 2)
        if len(self.sites.get(shape.key, ())) > len(_SIDES):
            geometry = self._geometry(left, top, width, height, radius, self.sites[shape.key])
        elif isinstance(shape, Circle):
            geometry = '<a:prstGeom prst="ellipse"><a:avLst/></a:prstGeom>'
        else:
            round_ = round(100_000 * radius / max(min(width, height), 0.01))
            name = "roundRect" if round_ else "rect"
            guide = f'<a:gd name="adj" fmla="val {round_}"/>' if round_ else ""
            geometry = f'<a:prstGeom prst="{name}"><a:avLst>{guide}</a:avLst></a:prstGeom>'
        block = self.texts.get(shape.key) if shape.key else None
        return _SHAPE.format(
            number=self.numbers.get(shape.key) or self._number(),
            name=escape(self.mark + shape.key if shape.key else "mark", quote=True),
            words=escape(_said(block), quote=True) if block else "",
            kind="",
            properties=self._place(left, top, width, height)
            + geometry
            + self._fill(shape.fill)
            + self._line(shape.stroke, shape.line, shape.dashed),
            body=self._body(_narrowed(block, width), top, height, "ctr") if block else _EMPTY,
        )

    def _connector(self, shape: Arrow) -> str:
        """A connector that hangs on to both of its units.

        LibreOffice finds the way of a connector anew, through units: there a detour is a line.
        """
        (x0, y0), (x1, y1) = shape.points[0], shape.points[-1]
        end = ""
        if shape.head > 0:
            times = shape.head / max(shape.line, 0.1)
            size = next(name for most, name in _HEADS if times < most)
            end = f'<a:tailEnd type="triangle" w="med" len="{size}"/>'
        glue = ""
        for tag, key, point in zip(("stCxn", "endCxn"), shape.ends, ((x0, y0), (x1, y1)),
                                   strict=True):  # fmt: skip
            if key in self.numbers:
                site = self._site(key, point) or 0
                if isinstance(self.units[key], Circle) and len(self.sites[key]) == len(_SIDES):
                    site *= 2  # an ellipse has sites between its sides too
                glue += f'<a:{tag} id="{self.numbers[key]}" idx="{site}"/>'
        named = "-".join(shape.ends) if all(shape.ends) else "line"
        number, name = self._number(), escape(self.mark * bool(glue) + named, quote=True)
        ink = self._line(shape.colour, shape.line, shape.dashed, end)
        freeform, preset = self._freeform(shape) + ink, _preset(shape)
        flips = ' flipH="1"' * (x1 < x0) + ' flipV="1"' * (y1 < y0)
        place = self._place(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0), flips)
        own = f"{place}<a:prstGeom prst={preset}</a:avLst></a:prstGeom>{ink}"
        connector = _CONNECTOR.format(
            number=number, name=name, glue=glue, properties=own if preset else freeform
        )
        if preset == _STRAIGHT:
            return connector
        line = _SHAPE.format(
            number=number, name=name, words="", kind="", properties=freeform, body=_EMPTY
        )
        return _EITHER.format(new="p159", choice=connector, plain=line)

    def _site(self, key: str, point: Point) -> int | None:
        """The site of a unit that is where a line ends; None where none is."""
        away = [dist(point, site) for site in self.sites[key]]
        return away.index(min(away)) if min(away) <= _NEAR else None

    def _geometry(
        self, left: float, top: float, width: float, height: float, radius: float,
        sites: Sequence[Point],
    ) -> str:  # fmt: skip
        """A rectangle with round corners, or a circle, that lines can hang on to at its sites."""
        wide, high, r = self._points(width, height, radius)
        at = [self._points(x - left, y - top) for x, y in sites]
        places = "".join(
            f'<a:cxn ang="0"><a:pos x="{min(max(x, 0), wide)}" y="{min(max(y, 0), high)}"/></a:cxn>'
            for x, y in at
        )
        corners = ((wide - r, 0, 16_200_000), (wide, high - r, 0), (r, high, 5_400_000),
                   (0, r, 10_800_000))  # fmt: skip
        turns = "".join(
            f'<a:lnTo><a:pt x="{x}" y="{y}"/></a:lnTo>'
            f'<a:arcTo wR="{r}" hR="{r}" stAng="{angle}" swAng="5400000"/>'
            for x, y, angle in corners
        )
        return (
            f"<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst>{places}</a:cxnLst>"
            '<a:rect l="0" t="0" r="r" b="b"/>'
            f'<a:pathLst><a:path w="{wide}" h="{high}"><a:moveTo><a:pt x="{r}" y="0"/></a:moveTo>'
            f"{turns}<a:close/></a:path></a:pathLst></a:custGeom>"
        )

    def _freeform(self, shape: Arrow) -> str:
        """The place and the geometry of a line through several points."""
        segments = through(shape.points, shape.curved).segments
        xs = [x for _, numbers in segments for x in numbers[::2]]
        ys = [y for _, numbers in segments for y in numbers[1::2]]
        x, y, wide, high = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
        pieces = []
        for letter, numbers in segments:
            tag = {"M": "moveTo", "L": "lnTo", "C": "cubicBezTo"}[letter]
            points = "".join(
                '<a:pt x="{}" y="{}"/>'.format(*self._points(px - x, py - y))
                for px, py in zip(numbers[::2], numbers[1::2], strict=True)
            )
            pieces.append(f"<a:{tag}>{points}</a:{tag}>")
        width, height = self._points(wide, high)
        geometry = (
            "<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/>"
            '<a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
            f'<a:path w="{width}" h="{height}" fill="none">{"".join(pieces)}</a:path>'
            "</a:pathLst></a:custGeom>"
        )
        return self._place(x, y, wide, high) + geometry

    # Text

    def _block(self, block: Block) -> str:
        """A text box: a label, which hides the line under it, or a text by itself."""
        left, _, right, _ = block.area
        size = block.size
        top = block.baselines[0] - _ASCENT * size
        height = block.baselines[-1] + _DESCENT * size - top
        anchor = block.lines[0][0].anchor if len(block.lines[0]) == 1 else "middle"
        more = (_SLACK - 1) * (right - left)
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * more
        fill = self._fill(self.theme.paper if block.key in self.on_lines else "")
        first = block.lines[0][0]
        is_formula = (
            block.key in ("derivation", "caption") and first.text[:1] != "="
        )  # LibreOffice wants a side
        formula = read(first.math) if is_formula else None
        body = self._body(block, top, height, {"start": "l", "middle": "ctr", "end": "r"}[anchor])
        shape = _SHAPE.format(
            number=self._number(),
            name=escape(self.mark * bool(block.key) + (block.key or "text"), quote=True),
            words=escape(_said(block), quote=True),
            kind=' txBox="1"',
            properties=self._place(left - shift, top, right - left + more, height)
            + '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
            + fill,
            body=body,
        )
        if formula is None:
            return shape
        text = block.lines[0][0]
        style = self._style(text, "", f'<a:latin typeface="{_MATH}"/>')
        whole = (
            f'<a14:m><m:oMathPara><m:oMathParaPr><m:jc m:val="{_JUSTIFIED[anchor]}"/>'
            f"</m:oMathParaPr><m:oMath>{omml(formula, style)}</m:oMath></m:oMathPara></a14:m>"
        )
        x0, y0, x1, y1 = box(text)
        math = _SHAPE.format(
            number=self.next,
            name=escape(self.mark * bool(block.key) + (block.key or "formula"), quote=True),
            words=escape(_one_line(text.text), quote=True),
            kind=' txBox="1"',
            properties=self._place(x0 - shift, y0, x1 - x0 + more, y1 - y0)
            + '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/>',
            body=f"{_BODY_PROPERTIES.format(top=0, bottom=0)}<a:p>{whole}</a:p>",
        )
        return _EITHER.format(new="a14", choice=math, plain=shape)

    def _body(self, block: Block, top: float, height: float, align: str) -> str:
        """The lines of a block, as far from the top of its shape as they are."""
        lines = block.baselines
        gaps = [b - a for a, b in pairwise(lines)]
        first = gaps[0] if gaps else 1.22 * block.size
        middle = lines[0] - 0.8 * first + (first + sum(gaps)) / 2
        lower = 2 * (middle - top - height / 2)  # than the middle of the shape, twice
        above, below = self._points(max(lower, 0.0), max(-lower, 0.0))
        paragraphs = []
        for line, gap in zip(block.lines, [first, *gaps], strict=True):
            spacing = round(100 * gap * self.scale)
            paragraphs.append(
                f'<a:p><a:pPr algn="{align}"><a:lnSpc><a:spcPts val="{spacing}"/></a:lnSpc></a:pPr>'
                f"{self._runs(line)}</a:p>"
            )
        return _BODY_PROPERTIES.format(top=above, bottom=below) + "".join(paragraphs)

    def _runs(self, line: Sequence[Text]) -> str:
        runs = []
        for place, text in enumerate(line):
            if place:
                runs.append(f"<a:r>{self._style(text, '')}<a:t> </a:t></a:r>")
            for run in _runs_of(text):
                italic = ' i="1"' if run.is_math else ""
                shift = f' baseline="{run.shift}"' if run.shift else ""
                style = self._style(text, italic + shift)
                runs.append(f"<a:r>{style}<a:t>{escape(run.text)}</a:t></a:r>")
        return "".join(runs)

    def _style(self, text: Text, more: str, font: str = "") -> str:
        """The properties of a run."""
        size = round(100 * max(1.0, round(text.size * self.scale, 1)))
        bold = ' b="1"' if text.bold and not text.math else ""
        line = ' u="sng"' if text.underlined else ""
        return f'<a:rPr lang="en-US" sz="{size}"{bold}{line}{more}>{self._fill(text.colour)}{font}</a:rPr>'  # noqa: E501


def _narrowed(block: Block, width: float) -> Block:
    """The block with smaller lines where names are wider in a reader's font than in ours."""
    lines = []
    for line in block.lines:
        wide = sum((plain(text.text).width + 0.3) * text.size for text in line)
        share = min(1.0, width / wide) if any(text.math for text in line) else 1.0
        lines.append(tuple(replace(text, size=share * text.size) for text in line))
    return replace(block, lines=tuple(lines))


def _corners(shape: Rectangle | Circle) -> list[Point]:
    """The sites that every unit has: the middles of its sides."""
    left, top, right, bottom = bounds(shape)
    x, y = (left + right) / 2, (top + bottom) / 2
    return [(x + a * (right - left) / 2, y + b * (bottom - top) / 2) for a, b in _SIDES]


def _is_drawn(shape: object) -> bool:
    """Whether a shape is on the slide by itself; its title is a title there."""
    return not (isinstance(shape, Text) and shape.key == "title")


def _said(block: Block) -> str:
    return "\n".join(" ".join(_one_line(text.text) for text in line) for line in block.lines)


_LOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+−=()", strict=True))
_HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾", "0123456789+−=()", strict=True))
_SPACED = frozenset("=≈×·")
_LOWERED, _RAISED = -25_000, 30_000


def _runs_of(text: Text) -> Iterable[_Run]:
    """A text in runs: as its mathematics says, where that stands on a line."""
    formula = read(text.math)
    runs = list(_on_a_line(formula, 0)) if formula else [None]
    if None in runs:
        return _split(_one_line(text.text), bool(text.math))
    return [run for run in runs if run and run.text]


def _on_a_line(part: Part, shift: int) -> Iterator[_Run | None]:
    """Yield the runs of a formula; None for what needs more than a line."""
    if part.kind in ("sign", "words"):
        air = " " if part.text in _SPACED else ""
        text = f"{air}{part.text}{air}"
        yield _Run(text, part.kind == "sign" and part.text.isalpha(), shift)
    elif part.kind == "accent" and part.parts[0].text:
        yield _Run(normalize("NFC", part.parts[0].text + part.text), True, shift)
    elif part.kind == "row":
        for one in part.parts:
            yield from _on_a_line(one, shift)
    elif part.kind == "script" and not shift:
        nucleus, below, above = part.parts
        yield from _on_a_line(nucleus, 0)
        yield from _on_a_line(below, _LOWERED)
        yield from _on_a_line(above, _RAISED)
    else:
        yield None


_STRAIGHT = '"straightConnector1"><a:avLst>'


def _preset(arrow: Arrow) -> str:
    """The connector of PowerPoint that goes the way of an arrow; "" where none does."""
    (x0, y0), (x1, y1) = arrow.points[0], arrow.points[-1]
    if len(arrow.points) == 2 and (not arrow.curved or y0 == y1 or x0 == x1):
        return _STRAIGHT
    runs = [(b[0] - a[0], a[1]) for a, b in pairwise(arrow.points) if a[1] == b[1]]
    if arrow.curved != "x" or y0 == y1 or not runs:
        return ""
    first, last = arrow.points[1][0], arrow.points[-2][0]
    shares = ((first + x0) / 2 - x0, max(runs)[1] - y0, (last + x1) / 2 - x0)
    guides = "".join(
        f'<a:gd name="adj{k}" fmla="val {round(100_000 * share / whole)}"/>'
        for k, (share, whole) in enumerate(zip(shares, (x1 - x0, y1 - y0, x1 - x0), strict=True), 1)
    )
    return f'"curvedConnector5"><a:avLst>{guides}'


def _split(text: str, is_math: bool) -> Iterable[_Run]:
    """The text in runs: letters of mathematics are italic, words not, indices are lowered."""
    for shift, piece in groupby(text, key=_shift):
        written = "".join({**_LOW, **_HIGH}.get(c, c) for c in piece)
        if not is_math:
            yield _Run(written, False, shift)
            continue
        for is_letter, letters in groupby(written, key=lambda c: c.isalpha() or bool(combining(c))):
            run = "".join(letters)
            single = is_letter and len(normalize("NFC", run)) == 1
            yield _Run(run, single, shift)


def _shift(character: str) -> int:
    return _LOWERED if character in _LOW else _RAISED if character in _HIGH else 0


_JUSTIFIED = {"start": "left", "middle": "center", "end": "right"}
_BODY_PROPERTIES = (
    '<a:bodyPr wrap="none" lIns="0" tIns="{top}" rIns="0" bIns="{bottom}" anchor="ctr">'
    "<a:noAutofit/></a:bodyPr><a:lstStyle/>"
)
_EMPTY = f'{_BODY_PROPERTIES.format(top=0, bottom=0)}<a:p><a:endParaRPr lang="en-US"/></a:p>'
_SHAPE = (
    '<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}" descr="{words}"/><p:cNvSpPr{kind}/>'
    "<p:nvPr/></p:nvSpPr><p:spPr>{properties}</p:spPr><p:txBody>{body}</p:txBody></p:sp>"
)
_CONNECTOR = (
    '<p:cxnSp><p:nvCxnSpPr><p:cNvPr id="{number}" name="{name}"/><p:cNvCxnSpPr>{glue}'
    "</p:cNvCxnSpPr><p:nvPr/></p:nvCxnSpPr><p:spPr>{properties}</p:spPr></p:cxnSp>"
)
_EITHER = (  # LibreOffice knows a14; what asks for p159 it leaves, and takes what is plain
    '<mc:AlternateContent><mc:Choice Requires="{new}">{choice}</mc:Choice>'
    "<mc:Fallback>{plain}</mc:Fallback></mc:AlternateContent>"
)
_MORPH = (
    '<mc:AlternateContent><mc:Choice Requires="p159"><p:transition spd="med">'
    '<p159:morph option="byObject"/></p:transition></mc:Choice><mc:Fallback>'
    '<p:transition spd="med"><p:fade/></p:transition></mc:Fallback></mc:AlternateContent>'
)
_SPACES = (
    f'{SPACES} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:p159="http://schemas.microsoft.com/office/powerpoint/2015/09/main"'
)
_SLIDE = (
    f'{HEAD}<p:sld {_SPACES} mc:Ignorable="a14 p159"><p:cSld>{{ground}}<p:spTree>'
    f'{TREE}<p:sp><p:nvSpPr><p:cNvPr id="2" name="Title"/><p:cNvSpPr><a:spLocks noGrp="1"/>'
    '</p:cNvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
    '<a:lstStyle/><a:p><a:r><a:rPr lang="en-US"/><a:t>{title}</a:t></a:r></a:p></p:txBody></p:sp>'
    "{shapes}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>{morph}</p:sld>"
)
