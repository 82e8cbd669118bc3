"""Scenes as LaTeX: TikZ pictures, alone or as the overlays of a Beamer frame.

Documents compile with pdflatex and the packages amsmath, amssymb and tikz. What a picture holds is
written in ASCII, so that neither fonts nor input encodings matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scalargrad.notation.tex import accented, escaped, mathematical
from scalargrad.view.export.outlines import DASHES, arrow, layer, legal
from scalargrad.view.glyphs import Outline, mathematics
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Shape, Text

_PACKAGES = r"\usepackage{amsmath,amssymb,tikz}"
_SLIDE = (430.0, 240.0)  # what a slide of Beamer has room for, 16:9, in points


def tikz(scene: Scene, *, standalone: bool = True) -> str:
    """A document that holds the scene only, or the tikzpicture alone for a document of your own."""
    picture = _picture([scene])
    if not standalone:
        return f"% needs {_PACKAGES}\n{picture}"
    head = r"\documentclass[tikz]{standalone}"
    return _document(head, scene.description, ["\\begin{document}", picture, "\\end{document}\n"])


def beamer(scenes: Sequence[Scene]) -> str:
    """A Beamer document of one frame, whose overlays are the scenes, one after the other."""
    width = max((scene.width for scene in scenes), default=1.0)
    height = max((scene.height for scene in scenes), default=1.0)
    scale = min(1.0, _SLIDE[0] / max(width, 1), _SLIDE[1] / max(height, 1))
    body = [
        "\\setbeamertemplate{navigation symbols}{}",
        "\\setbeamersize{text margin left=2mm,text margin right=2mm}",
        "\\begin{document}",
        "\\begin{frame}[plain]",
        f"\\makebox[\\linewidth][c]{{\\scalebox{{{scale:.4f}}}{{%",
        f"{_picture(scenes)}}}}}",
        "\\end{frame}",
        "\\end{document}\n",
    ]
    description = scenes[0].description if scenes else ""
    return _document("\\documentclass[aspectratio=169]{beamer}", description, body)


def _document(head: str, description: str, body: list[str]) -> str:
    about = [f"% {line}" for line in legal(description).splitlines()]
    title = description.partition("\n")[0].encode("utf-16-be", "replace").hex()
    information = f"\\ifdefined\\pdfinfo\\pdfinfo{{/Title <feff{title}>}}\\fi"
    return "\n".join([*about, head, _PACKAGES, information, *body])


def _picture(scenes: Sequence[Scene]) -> str:
    """The colours and the tikzpicture; what is not in all scenes is on the overlays it is on."""
    steps: dict[Shape, list[int]] = {}
    for number, scene in enumerate(scenes, start=1):
        for shape in scene.shapes:
            numbers = steps.setdefault(shape, [])
            if number not in numbers[-1:]:
                numbers.append(number)
    width = max((scene.width for scene in scenes), default=1.0)
    height = max((scene.height for scene in scenes), default=1.0)
    paper = scenes[0].paper if scenes else "#ffffff"
    lines = [
        *_colours([paper, *(c for shape in steps for c in _colours_of(shape))]),
        "\\begin{tikzpicture}[x=1bp,y=-1bp,line cap=butt,every node/.style={inner sep=0pt,",
        "  outer sep=0pt,font=\\fontsize{10}{12}\\selectfont\\sffamily}]",
        f"\\path[fill={_name(paper)},use as bounding box] (0,0) rectangle"
        f" ({_number(width)},{_number(height)});",
    ]
    for shape in sorted(steps, key=layer):
        painted = _shape(shape)
        everywhere = len(steps[shape]) == len(scenes)
        lines.append(painted if everywhere else f"\\only<{_ranges(steps[shape])}>{{{painted}}}")
    return "\n".join([*lines, "\\end{tikzpicture}"])


def _ranges(numbers: list[int]) -> str:
    """Ascending numbers as Beamer writes them: 1-3,5."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


# Colours -----------------------------------------------------------------------------------------


def _colours(used: Iterable[str]) -> list[str]:
    """The definitions of the colours, in the order of their first use."""
    return [
        f"\\definecolor{{{_name(colour)}}}{{HTML}}{{{colour[1:].upper()}}}"
        for colour in dict.fromkeys(used)
        if colour.startswith("#")
    ]


def _colours_of(shape: Shape) -> tuple[str, ...]:
    if isinstance(shape, Rectangle | Circle):
        return (shape.fill, shape.stroke)
    return (shape.colour,)


def _name(colour: str) -> str:
    return f"c{colour[1:].lower()}" if colour.startswith("#") else "none"


# Shapes ------------------------------------------------------------------------------------------


def _shape(shape: Shape) -> str:
    """A shape as commands of TikZ, one line."""
    if isinstance(shape, Text):
        return _node(shape)
    if isinstance(shape, Arrow):
        return _arrow(shape)
    options = [
        f"fill={_name(shape.fill)}", f"draw={_name(shape.stroke)}", *_pen(shape.line, shape.dashed),
    ]  # fmt: skip
    if isinstance(shape, Circle):
        around = f"{_point(shape.x, shape.y)} circle[radius={_number(shape.radius)}bp]"
        return f"\\path[{','.join(options)}] {around};"
    options.append(f"rounded corners={_number(shape.radius)}bp")
    corner = _point(shape.x + shape.width, shape.y + shape.height)
    return f"\\path[{','.join(options)}] {_point(shape.x, shape.y)} rectangle {corner};"


def _arrow(shape: Arrow) -> str:
    if len(shape.points) < 2:
        return "\\path;"
    shaft, head = arrow(shape)
    options = ",".join([f"draw={_name(shape.colour)}", *_pen(shape.line, shape.dashed)])
    drawn = f"\\path[{options}] {_path(shaft)};"
    return drawn + (f" \\path[fill={_name(shape.colour)}] {_path(head)};" if head.segments else "")


def _pen(line: float, dashed: bool) -> list[str]:
    dashes = [f"dash pattern=on {DASHES[0]:g}bp off {DASHES[1]:g}bp"] if dashed else []
    return [f"line width={_number(line)}bp", *dashes]


def _path(outline: Outline) -> str:
    pieces = []
    for letter, numbers in outline.segments:
        points = [_point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        if letter == "M":
            pieces.append(points[0])
        elif letter == "L":
            pieces.append(f"-- {points[0]}")
        elif letter == "C":
            pieces.append(f".. controls {points[0]} and {points[1]} .. {points[2]}")
        else:
            pieces.append("-- cycle")
    return " ".join(pieces)


def _node(text: Text) -> str:
    """A text; it is set at 10 pt and scaled, because the fonts of TeX come in a few sizes."""
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[text.anchor]
    scale = text.size / 10 * 72.27 / 72
    options = f"anchor={anchor},scale={scale:.4f},text={_name(text.colour)}"
    return f"\\node[{options}] at {_point(text.x, text.y)} {{{_words(text)}}};"


def _words(text: Text) -> str:
    formula = math(text.math)
    if formula:
        return f"${formula}$"
    return f"{{\\bfseries {escaped(text.text)}}}" if text.bold else escaped(text.text)


def _point(x: float, y: float) -> str:
    return f"({_number(x)},{_number(y)})"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# Mathematics -------------------------------------------------------------------------------------

# Commands of mathtext that LaTeX with amsmath and amssymb has too. A label may hold any other
# command; it must not reach TeX.
_COMMANDS = frozenset(
    re.findall(
        r"\\(?:[A-Za-z]+|\S)",
        r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda
    \mu \nu \xi \pi \varpi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi \psi \omega
    \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell \partial \nabla
    \infty \hbar \imath \jmath \Re \Im \aleph \emptyset \forall \exists \neg
    \hat \bar \tilde \dot \ddot \vec \acute \grave \check \breve \widehat \widetilde \overline
    \frac \dfrac \tfrac \binom \sqrt \left \right \sum \prod \int \oint
    \mathrm \mathbf \mathit \mathcal \mathbb \mathfrak \mathsf \mathtt \operatorname \text
    \boldsymbol
    \times \div \cdot \cdots \ldots \vdots \ddots \pm \mp \ast \star \circ \bullet \oplus \ominus
    \otimes \oslash \odot \wedge \vee \cap \cup \setminus \dagger
    \approx \equiv \sim \simeq \cong \propto \neq \ne \leq \le \geq \ge \ll \gg \in \notin \ni
    \subset \supset \subseteq \supseteq \perp \mid \parallel \to \rightarrow \leftarrow \Rightarrow
    \Leftarrow \leftrightarrow \Leftrightarrow \mapsto \uparrow \downarrow \longrightarrow
    \langle \rangle \lfloor \rfloor \lceil \rceil \vert \Vert \prime
    \sin \cos \tan \exp \log \ln \max \min \arg \det \dim \lim \sup \inf \tanh \sinh \cosh \Pr
    \quad \qquad \, \: \; \! \{ \} \| \% \$ \# \& \_
    """,
    )
) | {r"\ "}

_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def math(formula: str) -> str:
    """Mathtext as LaTeX takes it, in ASCII; "" where it holds what LaTeX might not know."""
    if not formula or mathematics(formula) is None:
        return ""
    pieces = [_math_token(token) for token in _TOKENS.findall(formula)]
    return "" if None in pieces else "".join(piece for piece in pieces if piece)


def _math_token(token: str) -> str | None:
    """A command or a character of mathtext in LaTeX, or None where there is no such thing."""
    if token.startswith("\\"):
        return token if token in _COMMANDS else None
    if token.isspace():
        return " "
    if token.isascii():
        return {"%": r"\%", "#": r"\#", "&": r"\&", "~": " ", '"': "''", "$": None}.get(
            token, token if token.isprintable() else None
        )
    symbol = "".join(mathematical(run) for run in accented(token))
    return (f"{{{symbol}}}" if "{" in symbol else f" {symbol} ") if symbol else None
