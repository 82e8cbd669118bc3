r"""Scenes as TikZ that somebody would have written: named nodes, edges between them, one \tikzset.

Lengths are in em, so that a picture takes the size of the text around it. In steps, Beamer's
overlay specifications stand at the nodes and at what is in them. Everything is ASCII and compiles
with pdflatex.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import hypot
from textwrap import wrap

from scalargrad.view.export.latex import SIGN, math, worded
from scalargrad.view.export.outlines import legal, on_lines, through
from scalargrad.view.export.units import Block, blocks
from scalargrad.view.layout.layered import Point
from scalargrad.view.scene import THEMES, Arrow, Circle, Rectangle, Scene, Shape, Text, bounds

_PACKAGES = r"\usepackage{amsmath,amssymb,tikz}"
_SLIDE = (36.0, 20.0)  # what a slide of Beamer has room for, 16:9, in em
_NEAR = 0.06  # em from where an edge would end by itself to where it ends
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
_INKS = {"value": "sgv", "gradient": "sgg", "accent": "sga", "muted": "sgm"}
_COLOURS = ("path", *_INKS, "ink", "frame", "wire", "tint", "accent_tint", "paper")
_SIGN = rf"\providecommand{SIGN}[1]{{\ifdefined\Umathchar\char\"#1\else U+#1\fi}}"
_STEPS = "onslide/.code args={<#1>#2}{\\only<#1>{\\pgfkeysalso{#2}}}, "


def tikz(scene: Scene, *, standalone: bool = True) -> str:
    r"""A document that holds the scene only, or the picture alone, for \input in your own."""
    picture = _Picture([scene])
    if not standalone:
        return f"% needs {_PACKAGES}\n{picture.looks}\n{picture.source}\n"
    body = [picture.looks, "\\begin{document}", picture.source, "\\end{document}\n"]
    return _document(r"\documentclass[tikz]{standalone}", scene, body)


def beamer(scenes: Sequence[Scene]) -> str:
    """A Beamer document of one frame, whose overlays are the scenes, one after the other."""
    if not scenes:
        return _document("\\documentclass{beamer}", None, ["\\begin{document}\\end{document}\n"])
    picture = _Picture(scenes)
    scale = min(1.0, _SLIDE[0] / picture.width, _SLIDE[1] / picture.height)
    title = f"\\frametitle{{{worded(scenes[0].title)}}}" if scenes[0].title else ""
    body = [
        picture.looks,
        "\\setbeamertemplate{navigation symbols}{}",
        "\\setbeamersize{text margin left=2mm,text margin right=2mm}",
        "\\begin{document}",
        f"\\begin{{frame}}{title}",
        f"\\centering\\scalebox{{{scale:.2f}}}{{%",
        f"{picture.source}}}",
        "\\end{frame}",
        "\\end{document}\n",
    ]
    return _document("\\documentclass[aspectratio=169]{beamer}", scenes[0], body)


def _document(head: str, scene: Scene | None, body: list[str]) -> str:
    words = legal(scene.description) if scene else ""
    about = [f"% {line}" for line in wrap("; ".join(words.splitlines()), 96)]
    title = (scene.title if scene else "") or words.partition("\n")[0]
    coded = title.encode("utf-16-be", "replace").hex()
    information = f"\\ifdefined\\pdfinfo\\pdfinfo{{/Title <feff{coded}>}}\\fi"
    return "\n".join([*about, head, _PACKAGES, information, *body])


class _Picture:
    """The picture of scenes that step through one another; of one scene, that one."""

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self.scenes = scenes
        first = scenes[0]
        self.em = first.size
        self.theme = first.theme or THEMES["light"]
        self.head = first.head
        self.width = max(max(scene.width for scene in scenes) / self.em, 0.1)
        self.height = max((max(s.height for s in scenes) - self.head) / self.em, 0.1)
        self.names = {getattr(self.theme, name): name for name in _COLOURS}
        self.units: dict[str, Rectangle | Circle] = {}
        self.steps: dict[Shape, list[int]] = {}
        for number, scene in enumerate(scenes, start=1):
            for shape in scene.shapes:
                numbers = self.steps.setdefault(shape, [])
                if number not in numbers[-1:]:
                    numbers.append(number)
                if isinstance(shape, Rectangle | Circle) and shape.key:
                    self.units.setdefault(shape.key, shape)
        sizes = Counter(self._size(unit) for unit in self.units.values())
        self.usual = sizes.most_common(1)[0][0] if sizes else ""
        self.own: dict[str, str] = {}  # colours that the theme does not have
        drawn = [*self._units(), *self._loose(), *self._edges(), *self._texts()]
        signs = [_SIGN] * any(SIGN in line for line in drawn)
        self.looks = "\n".join([*self._colours(), *self._styles(), *signs])
        self.source = "\n".join(
            [
                "\\begin{tikzpicture}[x=1em,y=-1em]",
                f"\\path[{self._ground()}use as bounding box] (0,0) rectangle"
                f" ({_number(self.width)},{_number(self.height)});",
                *drawn,
                "\\end{tikzpicture}",
            ]
        )

    # Lengths, colours, steps

    def _point(self, x: float, y: float) -> str:
        return f"({_number(x / self.em)},{_number((y - self.head) / self.em)})"

    def _length(self, points: float) -> str:
        return f"{_number(points / self.em)}em"

    def _colour(self, colour: str) -> str:
        if not colour.startswith("#"):
            return "none"
        if colour in self.names:
            return "sg" + self.names[colour].replace("_", "")
        return self.own.setdefault(colour, f"sg{colour[1:].lower()}")

    def _colours(self) -> list[str]:
        named = {self._colour(colour): colour for colour in self.names}
        defined = [
            f"\\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}"
            for name, colour in {**named, **{v: k for k, v in self.own.items()}}.items()
        ]
        return ["".join(defined[k : k + 2]) for k in range(0, len(defined), 2)]

    def _styles(self) -> list[str]:
        wire, frame = (self._length(points) for points in (0.06 * self.em, 0.06 * self.em))
        inks = "".join(
            f"\\def\\{name}#1{{\\textcolor{{sg{ink}}}{{{inside}}}}}"
            for ink, name in _INKS.items()
            for inside in ["\\underline{#1}" if ink == "gradient" else "#1"]
        )
        return [
            f"{inks}%",
            "\\tikzset{" + (_STEPS if len(self.scenes) > 1 else "") + "every node/.append style="
            "{align=center, inner sep=0pt, outer sep=0pt},",
            f"  sg unit/.style={{draw=sgframe, fill=sgpaper, line width={frame}, text=sgink"
            f"{self.usual and ', '}{self.usual}}},",
            "  sg leaf/.style={fill=sgtint}, sg new/.style={draw=sgpath, fill=sgaccenttint},",
            "  sg path/.style={draw=sgpath, line width=.1em},",
            "  sg gone/.style={draw=sgwire, dashed},",
            f"  sg edge/.style={{draw=sgwire, line width={wire}, -latex}},",
            "  sg label/.style={fill=sgpaper, text=sgink, inner sep=.1em},",
            "  sg text/.style={text=sgink}}",
        ]

    def _ground(self) -> str:
        paper = self.scenes[0].paper
        return f"fill={self._colour(paper)}," if paper else ""

    def _on(self, numbers: Sequence[int]) -> str:
        """An overlay specification; "" for what is always there."""
        return "" if len(numbers) == len(self.scenes) else f"<{_ranges(numbers, len(self.scenes))}>"

    def _looks(self, shapes: Iterable[Shape], usual: str) -> str:
        """The styles of one thing in all steps, behind the usual one."""
        written = [usual]
        for shape in shapes:
            look = self._look(shape)
            on = self._on(self.steps[shape])
            if look:
                written.append(f"onslide={{{on}{{{look}}}}}" if on else look)
        return ", ".join(filter(None, written))

    def _look(self, shape: Shape) -> str:
        """How a thing differs from the usual."""
        if isinstance(shape, Text):
            return ""
        stroke = self._colour(shape.colour if isinstance(shape, Arrow) else shape.stroke)
        fill = "none" if isinstance(shape, Arrow) else self._colour(shape.fill)
        looks = []
        if isinstance(shape, Arrow):
            if stroke == "sgpath":
                looks.append("sg path")
            elif stroke != "sgwire" or abs(shape.line - 0.06 * self.em) > 0.02 * self.em:
                looks.append(f"draw={stroke}, line width={self._length(shape.line)}")
            return ", ".join(looks + ["dashed"] * shape.dashed + ["-"] * (not shape.head))
        if shape.dashed:
            return f"sg gone, fill={fill}"
        if fill == "sgtint":
            looks.append("sg leaf")
        elif fill not in ("sgpaper", "sgaccenttint"):
            looks.append(f"fill={fill}")
        if stroke == "sgpath":
            looks.append("sg path")
            looks += ["sg new"] * (fill == "sgaccenttint")
        elif stroke != "sgframe":
            looks.append(f"draw={stroke}, line width={self._length(shape.line)}")
        return ", ".join(looks)

    # Units

    def _size(self, unit: Rectangle | Circle) -> str:
        if isinstance(unit, Circle):
            return f"circle, minimum size={self._length(2 * unit.radius)}"
        return (
            f"rounded corners={self._length(unit.radius)}, minimum width="
            f"{self._length(unit.width)}, minimum height={self._length(unit.height)}"
        )

    def _units(self) -> list[str]:
        """A node for each unit, with its lines."""
        texts: dict[str, list[Text]] = {}
        looks: dict[str, list[Shape]] = {}
        for shape in self.steps:
            if isinstance(shape, Text) and shape.key in self.units:
                texts.setdefault(shape.key, []).append(shape)
            elif isinstance(shape, Rectangle | Circle) and shape.key:
                looks.setdefault(shape.key, []).append(shape)
        found = []
        for key, unit in self.units.items():
            size = self._size(unit)
            usual = "sg unit" + (f", {size}" if size != self.usual else "")
            lines = [self._line(line) for block in self._blocks(texts.get(key, []))
                     for line in block.lines]  # fmt: skip
            inside = "\\\\".join(line or "\\strut" for line in lines)
            found.append(
                f"\\node[{self._looks(looks[key], usual)}] ({key}) at "
                f"{self._point(*_middle(unit))} {{{inside}}};"
            )
        return found

    def _blocks(self, texts: list[Text]) -> list[Block]:
        return blocks(Scene(0.0, 0.0, tuple(texts), "", ""))

    def _line(self, line: Sequence[Text]) -> str:
        """The texts of a line, each in its ink; those of some steps keep their places."""
        pieces = []
        for text in line:
            ink = next((name for name in _INKS if getattr(self.theme, name) == text.colour), "")
            words = _words(text)
            written = f"\\{_INKS[ink]}{{{words}}}" if ink else words
            if not ink and text.colour != self.theme.ink:
                written = f"\\textcolor{{{self._colour(text.colour)}}}{{{words}}}"
            on = self._on(self.steps[text])
            pieces.append(f"{{\\uncover{on}{{{written}}}}}" if on else written)  # TikZ wants braces
        return "\\ ".join(pieces)

    # Edges and what else is drawn

    def _edges(self) -> list[str]:
        """A line between the nodes for each link."""
        links: dict[tuple[tuple[str, str], tuple[Point, ...]], list[Shape]] = {}
        for shape in self.steps:
            if isinstance(shape, Arrow) and len(shape.points) > 1 and shape.ends[0] in self.units:
                links.setdefault((shape.ends, shape.points), []).append(shape)
        found = []
        for (ends, _), shapes in links.items():
            arrow = shapes[0]
            assert isinstance(arrow, Arrow)
            start, end = (self._end(ends[k], arrow.points, k) for k in (0, -1))
            numbers = sorted({k for shape in shapes for k in self.steps[shape]})
            way = "--"
            is_level = arrow.points[0][1] == arrow.points[-1][1]
            if len(arrow.points) > 2 or (arrow.curved and not is_level):
                way = self._way(arrow)
            looks = self._looks(shapes, "sg edge")
            found.append(f"\\draw{self._on(numbers)}[{looks}] {start} {way} {end};")
        return found

    def _end(self, key: str, points: Sequence[Point], which: int) -> str:
        """Where an edge leaves or reaches a unit: by itself, at a side, or beside that."""
        unit = self.units[key]
        point, other = points[which], points[1 if which == 0 else -2]
        x, y = _middle(unit)
        if isinstance(unit, Circle):
            return f"({key})" if _is_radial((x, y), point, other) else self._point(*point)
        sides = {"east": (x + unit.width / 2, y), "west": (x - unit.width / 2, y),
                 "north": (x, y - unit.height / 2), "south": (x, y + unit.height / 2)}  # fmt: skip
        name = min(sides, key=lambda side: _apart(sides[side], point, side in ("east", "west")))
        right, down = (point[k] - sides[name][k] for k in (0, 1))
        if max(abs(right), abs(down)) < _NEAR * self.em:
            return f"({key}.{name})"
        shift = f"yshift={self._length(-down)}" if name in ("east", "west") else (
            f"xshift={self._length(right)}"
        )  # fmt: skip
        return f"([{shift}]{key}.{name})"

    def _way(self, arrow: Arrow) -> str:
        """The way of a line between its ends."""
        pieces = []
        segments = through(arrow.points, arrow.curved).segments[1:]
        for place, (_, numbers) in enumerate(segments):
            points = [self._point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            last = "" if place == len(segments) - 1 else points[-1]
            if len(points) == 3:
                pieces.append(f".. controls {points[0]} and {points[1]} .. {last}")
            else:
                pieces.append(f"-- {last}")
        return " ".join(piece.strip() for piece in pieces)

    def _loose(self) -> list[str]:
        """What is drawn and is neither a unit nor an edge: brackets, crosses, boxes of groups."""
        found = []
        for shape, numbers in self.steps.items():
            on = self._on(numbers)
            if isinstance(shape, Arrow) and shape.ends[0] not in self.units:
                if len(shape.points) > 1:
                    width = self._length(shape.line)
                    looks = f"draw={self._colour(shape.colour)}, line width={width}"
                    looks += ", dashed" * shape.dashed + ", -latex" * bool(shape.head)
                    end = self._point(*shape.points[-1])
                    found.append(
                        f"\\draw{on}[{looks}] {self._point(*shape.points[0])} {self._way(shape)} "
                        f"{end};"
                    )
            elif isinstance(shape, Rectangle | Circle) and not shape.key:
                x, y = _middle(shape)
                looks = f"draw={self._colour(shape.stroke)}, fill={self._colour(shape.fill)}, "
                looks += f"line width={self._length(shape.line)}, " + "dashed, " * shape.dashed
                found.append(f"\\node{on}[{looks}{self._size(shape)}] at {self._point(x, y)} {{}};")
        return found

    # Texts

    def _texts(self) -> list[str]:
        """A node for each label, in steps for each line of it, and for each text by itself."""
        over = on_lines(self.steps)
        found = []
        texts = [s for s in self.steps if isinstance(s, Text) and s.key not in self.units]
        for block in self._blocks([text for text in texts if text.key != "title"]):
            style = "sg label" if block.key in over else "sg text"
            if block.key.startswith("label") and len(self.scenes) == 1:
                left, top, right, bottom = block.area
                middle = self._point((left + right) / 2, (top + bottom) / 2)
                inside = "\\\\".join(self._line(line) for line in block.lines)
                found.append(f"\\node[{style}] at {middle} {{{inside}}};")
            else:
                found += [self._alone(line, style) for line in block.lines]
        return found

    def _alone(self, line: Sequence[Text], style: str) -> str:
        """A line of text at its place."""
        numbers = sorted({k for text in line for k in self.steps[text]})
        first = line[0]
        anchor, x = _ANCHORS[first.anchor], first.x
        if len(line) > 1:
            (block,) = self._blocks(list(line))
            anchor, x = "base", (block.area[0] + block.area[2]) / 2
        on = self._on(numbers)
        scale = first.size / self.em
        size = f", scale={scale:.2f}" if (scale < 0.97 and not first.math) or scale < 0.8 else ""
        words = self._line(line) if len(line) > 1 else _strip(self._line(line), on)
        return (
            f"\\node{on}[{style}, anchor={anchor}{size}] at {self._point(x, first.y)} {{{words}}};"
        )


def _strip(written: str, on: str) -> str:
    """A piece without the overlay that its node has."""
    start = f"{{\\uncover{on}{{"
    return written[len(start) : -2] if on and written.startswith(start) else written


def _words(text: Text) -> str:
    formula = math(text.math)
    if formula:
        return f"${formula}$"
    return f"{{\\bfseries {worded(text.text)}}}" if text.bold else worded(text.text)


def _middle(unit: Rectangle | Circle) -> Point:
    left, top, right, bottom = bounds(unit)
    return (left + right) / 2, (top + bottom) / 2


def _is_radial(center: Point, point: Point, other: Point) -> bool:
    """Whether a line to another point leaves a circle there by itself."""
    ax, ay = point[0] - center[0], point[1] - center[1]
    bx, by = other[0] - center[0], other[1] - center[1]
    return abs(ax * by - ay * bx) <= 0.05 * hypot(ax, ay) * hypot(bx, by)


def _apart(side: Point, point: Point, is_upright: bool) -> float:
    """How far a point is from the line of a side of a box, its middle preferred."""
    right, down = abs(side[0] - point[0]), abs(side[1] - point[1])
    return right + 0.01 * down if is_upright else down + 0.01 * right


def _ranges(numbers: Sequence[int], last: int) -> str:
    """Ascending numbers as Beamer writes them: 1-3,5-."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    ends = [(a, "" if b == last else str(b)) for a, b in ranges]
    return ",".join(f"{a}" if b == str(a) else f"{a}-{b}" for a, b in ends)


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
