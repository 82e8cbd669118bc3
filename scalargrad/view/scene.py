"""Scene: shapes and texts with coordinates, in the colours of a theme; every format is made of one.

Coordinates are in points, the origin at the top left, y downwards. Arrows are painted first, then
outlines (rectangles and circles), then texts.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from scalargrad.errors import DrawingError
from scalargrad.graph.model import Graph, Node
from scalargrad.notation.names import Written, mathtext, typeset
from scalargrad.notation.numbers import Numbers
from scalargrad.notation.words import did_you_mean, printable
from scalargrad.view import glyphs
from scalargrad.view.layout.layered import Point

MOST_BOXES = 2_000  # that are drawn unasked; beyond, the picture contracts to named nodes
LARGEST = 10_000  # that are drawn where every node was asked for

# Themes ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Theme:
    """The colours of a picture, as "#rrggbb".

    Every text stands out from what it stands on by 4.5:1 or more (WCAG 2.1, level AA).

    Attributes:
        name: as `theme=` takes it.
        paper: the background.
        ink: names, symbols and formulas.
        muted: headings and remarks; what is dropped out.
        frame: outlines of nodes.
        wire: edges.
        tint: the fill of leaves.
        value: forward values.
        gradient: backward gradients.
        accent: the factors of the path that is looked at, and the arithmetic of a frame.
        path: the lines of that path, and the outlines of what is new in a frame.
        accent_tint: the fill of nodes on that path.
        font: of names and numbers where a format holds text; "" for the one that it has.
        dark: the theme that it becomes where a page is dark; None where it stays as it is.
    """

    name: str
    paper: str
    ink: str
    muted: str
    frame: str
    wire: str
    tint: str
    value: str
    gradient: str
    accent: str
    path: str
    accent_tint: str
    font: str = ""
    dark: Theme | None = None

    def on_dark(self) -> dict[str, str]:
        """For each of its colours what that becomes on a dark page."""
        return {getattr(self, name): getattr(self.dark or self, name) for name in COLOURS}

    @staticmethod
    def like(theme: Theme | str, **changes: str) -> Theme:
        """A theme, or the one of a name, with other colours or another font.

        A text that stands out less than it should is said in a warning.

        Args:
            theme: or the name of one of ours.
            changes: attributes, such as value="#0a6b2d" or font="Fira Sans".

        Raises:
            DrawingError: for a theme or an attribute that there is not, or what is no colour.

        >>> Theme.like("light", value="#00529b").value
        '#00529b'
        """
        if not isinstance(theme, Theme):
            one_of("theme", theme, THEMES)
            theme = THEMES[theme]
        if not changes:
            return theme
        for name, given in changes.items():
            one_of("what a theme has", name, [*COLOURS, "font"])
            if name != "font" and not _COLOUR.fullmatch(given):
                raise DrawingError(f"a colour is written #rrggbb; got {given!r}")
        wanted: dict[str, Any] = {"name": f"like {theme.name}", **changes}
        changed = replace(theme, **wanted)
        for name in ("ink", "muted", "value", "gradient", "accent"):
            ratio = contrast(getattr(changed, name), changed.paper)
            if ratio < LEAST_CONTRAST:
                warnings.warn(
                    f"{name} {getattr(changed, name)} stands out from {changed.paper} by "
                    f"{ratio:.1f}:1; text that all can read needs {LEAST_CONTRAST}:1",
                    stacklevel=2,
                )
        return changed

    def colour(self, name: str) -> str:
        """A colour of the theme by its name, or one as "#rrggbb".

        Raises:
            DrawingError: for what is neither.
        """
        if name in COLOURS:
            return str(getattr(self, name))
        if not _COLOUR.fullmatch(str(name)):
            hint = did_you_mean(str(name), COLOURS)
            raise DrawingError(
                f"a colour is #rrggbb or one of {', '.join(COLOURS)}; got {name!r}{hint}"
            )
        return name.lower()


COLOURS = [one.name for one in fields(Theme) if one.name not in ("name", "font", "dark")]
LEAST_CONTRAST = 4.5  # of text: WCAG 2.1, level AA
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def one_of(option: str, given: str | None, allowed: Iterable[str]) -> None:
    """Raise DrawingError for a word that is not allowed."""
    if given is not None and given not in allowed:
        hint = did_you_mean(str(given), allowed, likeness=0.5)
        raise DrawingError(f"{option} is one of {', '.join(allowed)}; got {given!r}{hint}")


def contrast(one: str, other: str) -> float:
    """How far two colours stand out from each other, from 1 to 21.

    Source: WCAG 2.1, "contrast ratio" and "relative luminance".

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 2)


def _luminance(colour: str) -> float:
    shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * s for weight, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


THEMES = {
    theme.name: theme
    for theme in (
        Theme(
            "light", "#ffffff", "#1e293b", "#5b6779", "#475569", "#94a3b8", "#f1f5f9",
            value="#047a3b", gradient="#c1103a", accent="#b45309", path="#e2700f",
            accent_tint="#fff4ea",
        ),
        Theme(
            "dark", "#111827", "#e5e7eb", "#a3adbd", "#94a3b8", "#64748b", "#1f2937",
            value="#4ade80", gradient="#fb8ca0", accent="#fdba74", path="#f59e42",
            accent_tint="#3b2a17",
        ),
        Theme(
            "print", "#ffffff", "#000000", "#595959", "#404040", "#8c8c8c", "#f2f2f2",
            value="#333333", gradient="#595959", accent="#000000", path="#000000",
            accent_tint="#e6e6e6",
        ),
        Theme(  # hues of Okabe and Ito, "Color Universal Design" (2008), darkened to AA
            "colour-blind", "#ffffff", "#1a1a1a", "#595959", "#4d4d4d", "#999999", "#f2f2f2",
            value="#005a94", gradient="#a84300", accent="#8f3e76", path="#cc79a7",
            accent_tint="#f9eef5",
        ),
    )
}  # fmt: skip
THEMES = {"auto": replace(THEMES["light"], name="auto", dark=THEMES["dark"]), **THEMES}


# Shapes ------------------------------------------------------------------------------------------

Area = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Rectangle:
    """A rectangle with round corners; x and y are its top left corner.

    Its `key` is what formats with named shapes call it; what has none is no unit.
    """

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    radius: float = 5.0
    line: float = 1.0
    dashed: bool = False
    key: str = ""


@dataclass(frozen=True)
class Circle:
    """A circle around (x, y)."""

    x: float
    y: float
    radius: float
    fill: str
    stroke: str
    line: float = 1.0
    dashed: bool = False
    key: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text, its baseline at y.

    Attributes:
        x: where `anchor` is.
        y: of the baseline.
        text: in Unicode, for formats without mathematics and for people who cannot see it.
        size: of the font, in points.
        colour: "#rrggbb".
        bold: whether it is; mathematics is not.
        anchor: what stands at x: the start, the middle or the end of the text.
        math: the same in mathtext (a subset of TeX, without the dollars); "" for plain text.
        underlined: whether it is, with a line of its own colour.
        key: of the unit or the label that it is a part of: equal ones belong together.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "middle"
    math: str = ""
    underlined: bool = False
    key: str = ""


@dataclass(frozen=True)
class Arrow:
    """A line through points with a head at its end.

    Attributes:
        points: straight segments join them, or, where it is curved, cubics with level tangents.
        colour: "#rrggbb".
        line: its width in points.
        curved: "" for straight; "x" where tangents are level, "y" where they are upright.
        dashed: whether it is.
        head: length of the head in points; 0 for none.
        ends: the keys of the units that it joins.
        gaps: areas in which it is not drawn, as left, top, right and bottom: of labels on it.
    """

    points: tuple[Point, ...]
    colour: str
    line: float = 1.3
    curved: Literal["", "x", "y"] = "x"
    dashed: bool = False
    head: float = 7.0
    ends: tuple[str, str] = ("", "")
    gaps: tuple[Area, ...] = ()


Shape = Rectangle | Circle | Text | Arrow


@dataclass(frozen=True)
class Scene:
    """What is drawn.

    Attributes:
        width: in points.
        height: in points.
        shapes: within (0, 0) to (width, height).
        paper: the colour of the background; "" for none.
        description: what the picture shows, for those who cannot see it.
        size: of the text, in points.
        title: what stands above it; "" for nothing.
        head: height of the band with the title.
        theme: its colours, for formats that name them.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    paper: str
    description: str
    size: float = 12.0
    title: str = ""
    head: float = 0.0
    theme: Theme | None = None


# What a style is asked for -----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What one frame shows of a graph; without one, everything is shown.

    Attributes:
        values: nodes whose value is known.
        gradients: nodes whose gradient is known.
        new: nodes that are highlighted.
        caption: the arithmetic of the step, beneath the picture.
        is_last: whether everything is known.
    """

    values: frozenset[int]
    gradients: frozenset[int]
    new: frozenset[int]
    caption: Written
    is_last: bool = False


Level = Literal["names", "values", "gradients", "all"]
LEVELS: tuple[Level, ...] = ("names", "values", "gradients", "all")
ASKED = "?"
_SIGNS = {"≈": r"\approx", "+": "+", "×": r"\times"}


@dataclass(frozen=True)
class Look:
    """How a graph is to be drawn; a style is a function of a Graph and a Look that gives a Scene.

    Attributes:
        theme: the colours.
        numbers: how numbers are written.
        direction: of the data: from left to right, or from top to bottom.
        path: edges of the graph that are highlighted, with their factors.
        beneath: lines under the picture, such as a derivation.
        dropped: nodes that are greyed, as dropout leaves them.
        after: for each part of the lines beneath the node whose gradient it comes with; -1 for
            what comes last.
        step: what of the graph is known; None shows everything.
        level: how much is shown: the "names", the "values" too, the "gradients" too, or "all".
        asked: nodes with a question mark in place of their numbers.
        hidden: nodes that are not shown; their places stay empty.
        without: what else is not shown: "headings", "derivation", "notes".
        refit: whether the places are made for what is shown only.
        moves: how far nodes are moved to the right and down.
        like: a scene whose places are kept for nodes of the same names.
        heads: for a node what the heading of its column says.
        colours: of nodes.
        ground: the colour behind all; "" for none, None for the paper of the theme.
        room: all captions that the place under the picture must hold, in any frame.
        biases: whether a network shows its biases.
        layers: "layers" where a network shows each layer as one shape, "matrices" where it shows
            its parameters so too.
        engine: of the layout; None chooses by size.
        note: what was left out of the picture, for under it.
        is_exact: whether all leaves are exact: then what is rounded is worth a ≈.
        size: width and height of the place in points; None for the body of a slide.
        widest: a graph with numbers at least as wide, that the places are made for.
        weights: how a network shows its weights; None chooses by how many there are.
        local: whether every edge has its local derivative.
        edges_by: what the width and the colour of edges show.
        fill_by: what the fill of units shows.
        legend: whether it is said what the numbers are.
        decimal_comma: whether a comma stands for the decimal point.
        groups: titles, each with the nodes that stand in a box under it.
    """

    theme: Theme
    numbers: Numbers
    direction: Literal["LR", "TB"] = "LR"
    path: frozenset[int] = frozenset()
    beneath: tuple[Written, ...] = ()
    after: tuple[int, ...] = ()
    dropped: frozenset[int] = frozenset()
    step: Step | None = None
    level: Level = "all"
    asked: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    without: frozenset[str] = frozenset()
    refit: bool = False
    moves: Mapping[int, Point] = field(default_factory=dict)
    like: Scene | None = None
    heads: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    ground: str | None = None
    room: tuple[Written, ...] = ()
    biases: bool = True
    layers: Literal["", "layers", "matrices"] = ""
    engine: Literal["own", "dot"] | None = None
    note: str = ""
    is_exact: bool = False
    size: tuple[float, float] | None = None
    widest: Graph | None = None
    weights: Literal["edges", "rows", "matrices"] | None = None
    local: bool = False
    edges_by: Literal["", "weight", "gradient"] = ""
    fill_by: Literal["", "value", "gradient"] = ""
    legend: bool = False
    decimal_comma: bool = False
    groups: tuple[tuple[str, frozenset[int]], ...] = ()

    @property
    def marking(self) -> Numbers:
        """How numbers are written in words: there what is rounded gets a ≈ each time."""
        return replace(self.numbers, approximate=self.is_exact)

    @property
    def basis(self) -> Look:
        """The look that the places are made for: it shows everything, or what this one will."""
        if self.refit:
            return replace(self, step=None)
        shown = replace(self, step=None, level="all", asked=frozenset(), hidden=frozenset())
        return replace(shown, without=frozenset(), biases=True)

    def value(self, graph: Graph, index: int) -> str:
        """The value of a node as text; "" while it is not known."""
        node = graph.nodes[index]
        if index in self.hidden or not (self.step is None or index in self.step.values):
            return ""
        has_more = node.gradient is not None  # of a leaf that is asked for: its value is given
        if index in self.asked and not (node.is_leaf and has_more):
            return ASKED
        return "" if self.level == "names" else self.numbers.text(node.value)

    def gradient(self, graph: Graph, index: int) -> str:
        """The gradient of a node as text; "" while it is not known."""
        scalar = graph.nodes[index].gradient
        if scalar is None or index in self.hidden or not self.has_reached(index):
            return ""
        if index in self.asked:
            return ASKED
        return self.numbers.text(scalar) if self.level in ("gradients", "all") else ""

    def factor(self, graph: Graph, index: int) -> str:
        """The local derivative of an edge as text; "" while it is not known.

        It comes with the gradient that is made with it.
        """
        edge = graph.edges[index]
        is_last = self.step is not None and self.step.is_last
        if self.level != "all" or not (is_last or self.has_reached(edge.source)):
            return ""
        if not self.hidden.isdisjoint((edge.source, edge.target)):
            return ""
        text = self.numbers.text(edge.local)
        return ASKED if text in self.secrets(graph) else text

    def contribution(self, graph: Graph, edges: Sequence[int]) -> str:
        """What uses of a node bring to its gradient, as text; "" while it is not known."""
        edge = graph.edges[edges[0]]
        if not self.gradient(graph, edge.source) or edge.contribution is None:
            return ""
        text = self.numbers.text(edge.contribution)
        return ASKED if edge.source in self.asked or text in self.secrets(graph) else text

    def has_reached(self, node: int) -> bool:
        """Whether the backward pass has reached a node."""
        return self.step is None or node in self.step.gradients

    def way(self, graph: Graph) -> frozenset[int]:
        """The edges of the path that the backward pass has gone."""
        return frozenset(e for e in self.path if self.has_reached(graph.edges[e].source))

    def secrets(self, graph: Graph) -> frozenset[str]:
        """The numbers that are asked for, as they would be written."""
        nodes = [graph.nodes[index] for index in self.asked]
        computed = [node.value for node in nodes if not node.is_leaf]
        slopes = [node.gradient for node in nodes if node.gradient is not None]
        return frozenset(map(self.numbers.text, (*computed, *slopes)))

    def parts(self, graph: Graph, written: Sequence[Written], start: int) -> list[Written | None]:
        """Parts of the lines beneath, from one on; None for what is not known yet."""
        step, secrets = self.step, self.secrets(graph)
        found: list[Written | None] = []
        after = [*self.after[start:], *(-1 for _ in written)]
        for part, node in zip(written, after, strict=False):
            is_known = step is None or step.is_last or node in step.gradients
            number = part.text.lstrip("=≈+× ").strip("()")
            if number in secrets:
                math = rf"{_SIGNS.get(part.text[:1], '=')} {ASKED}" if part.math else ""
                part = Written(f"{part.text[:1]} {ASKED}", math)
            found.append(part if is_known and self.level == "all" else None)
        return found

    def is_new(self, index: int) -> bool:
        """Whether the step highlights a node."""
        return self.step is not None and index in self.step.new


Style = Callable[[Graph, Look], Scene]


# Text --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Extent:
    """The measured size of a text in points: its width, and its reach from the baseline."""

    width: float
    above: float
    below: float

    @property
    def height(self) -> float:
        """From the top to the bottom."""
        return self.above + self.below


def name_of(node: Node) -> Written:
    """The name of a node, set as mathematics where it is a name of the field."""
    text = drawable(printable(typeset(node.label).strip()))
    math = mathtext(node.label)
    return Written(text, math if len(math) <= 60 and glyphs.mathematics(math) else "")


def extent(text: str, size: float, bold: bool = False, math: str = "") -> Extent:
    """The size of a text in the fonts of the pictures (DejaVu Sans; STIX for mathematics)."""
    setting = glyphs.mathematics(math) if math else None
    if setting is None:
        setting = glyphs.plain(drawable(text), bold)
    return Extent(setting.width * size, setting.above * size, setting.below * size)


def measured(text: Text) -> Extent:
    """The size of a text of a scene."""
    return extent(text.text, text.size, text.bold, text.math)


def title(node: Node, numbers: Numbers) -> str:
    """What a node is called in a picture: its name, else its symbol, else its number."""
    name = printable(typeset(node.label).strip()) or node.symbol
    return name or numbers.text(node.value)


MOST_WORDS = 500  # nodes that are told in words


def description(graph: Graph, look: Look) -> str:
    """What is shown of a graph in words: the caption of a step, then one line a node."""
    look = replace(look, numbers=look.marking)
    lines = [look.step.caption.text] if look.step else []
    if len(graph.nodes) > MOST_WORDS:
        lines.append(f"{len(graph.nodes):,} nodes, the last {MOST_WORDS} of them:")
    for index in range(max(0, len(graph.nodes) - MOST_WORDS), len(graph.nodes)):
        node = graph.nodes[index]
        value, gradient = look.value(graph, index), look.gradient(graph, index)
        is_unknown = look.step is not None and index not in look.step.values
        if index in look.hidden or is_unknown or (look.step and node.is_constant):
            continue
        sources = [graph.nodes[graph.edges[e].source] for e in graph.incoming[index]]
        operands = ", ".join(title(source, look.numbers) for source in sources)
        made = f" = {node.operation}({operands})" if operands and not look.step else ""
        known = [f"value {value}"] * bool(value) + [f"gradient {gradient}"] * bool(gradient)
        told = f": {', '.join(known)}" if known else ""
        lines.append(f"{title(node, look.numbers)}{made}{told}")
    return "\n".join(lines)


def drawable(text: str) -> str:
    """The text with a box for each character that cannot be shown, such as a control."""
    return "".join(c if c.isprintable() or c in _JOINERS else "□" for c in text)


_JOINERS = "\u200c\u200d"  # which make one sign of several


def bounds(unit: Rectangle | Circle) -> Area:
    """Left, top, right and bottom of a unit."""
    if isinstance(unit, Circle):
        r = unit.radius
        return unit.x - r, unit.y - r, unit.x + r, unit.y + r
    return unit.x, unit.y, unit.x + unit.width, unit.y + unit.height


def moved(shape: Shape, right: float, down: float) -> Shape:
    """A shape at another place."""
    if isinstance(shape, Arrow):
        points = tuple((x + right, y + down) for x, y in shape.points)
        gaps = tuple((a + right, b + down, c + right, d + down) for a, b, c, d in shape.gaps)
        return replace(shape, points=points, gaps=gaps)
    return replace(shape, x=shape.x + right, y=shape.y + down)


_LENGTHS = ("x", "y", "width", "height", "radius", "size", "line", "head")


def resized(shape: Shape, factor: float) -> Shape:
    """A shape so many times as large, its distance from the origin too."""
    lengths: dict[str, Any] = {
        name: round(length * factor, 3) for name, length in vars(shape).items() if name in _LENGTHS
    }
    if isinstance(shape, Arrow):
        lengths["points"] = tuple((x * factor, y * factor) for x, y in shape.points)
        lengths["gaps"] = tuple(
            (a * factor, b * factor, c * factor, d * factor) for a, b, c, d in shape.gaps
        )
    return replace(shape, **lengths)
