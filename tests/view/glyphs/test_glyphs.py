"""Texts and formulas beside those of matplotlib, which sets the same fonts by its own code."""

import itertools
import random
import re
import subprocess
import sys
import unicodedata
import zlib
from dataclasses import replace

import glyph_table
import numpy as np
import pytest
from examples import EXAMPLES
from gallery import WRT, example
from matplotlib import ft2font
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.textpath import TextPath

from scalargrad import draw
from scalargrad.view import glyphs
from scalargrad.view.drawing import STYLES
from scalargrad.view.glyphs import boxes, by_matplotlib, faces, mathtext, symbols
from scalargrad.view.scene import Text

EM = 0.01  # how far a glyph may be from where matplotlib puts it, as a part of the font's size
MATHEMATICS = [
    "x", r"\hat{y}", r"w_{11}^{(2)}", r"\frac{\partial \ell}{\partial w_{2}} = -0.24",
    r"\sqrt{x_1}", r"\frac{10}{3}\,\hspace{2}x_7", r"\mathbf{1}[z_2 > 0]", "x^{12}_{34}",
    r"\overline{x}", r"\underline{x}", r"\dfrac{a}{b}+w_{2}", r"\sum_{i=1}^{n} x_i",
    r"\prod_i x", r"\int_0^1 f(x)\,dx", r"\oint^2_C", r"\left(\frac{a}{b}\right)^2",
    r"\left|x\right|", r"\left[\frac{1}{2}\right]", r"\left\{a,b\right\}",
    r"\left.\frac{a}{b}\right|_0",
    r"\log(x)", r"\log x", r"\log_2 x", r"\tanh^2 z", r"\max_i x_i", r"\lim_{x\to 0} f",
    r"\sqrt[3]{\frac{a}{b}}", r"\sqrt{\frac{a}{\frac{b}{c}}}", r"\text{a b–}", "f'(x)",
    "x'^2", "f''",
    "{x}^{2}", "{(a+b)}^{2}", r"{\frac{a}{b}}_{2}^{3}", r"\mathrm{leaky\ relu}(x)",
    r"\operatorname{relu}(x)", r"\hat y_1", r"\hat{y}_{1}^{(2)}", r"\bar{x}", r"\vec{v}",
    r"\tilde{\theta}", r"\ddot{x}", r"\widehat{xyz}", r"\hat{\mathbf{y}}",
    r"\mathbf{W}x + \mathbf{b}",
    "-x", r"a\times -b", r"a \leq -b", "(-1)(+2)", "x_{i+1}", "e^{-x^{2}}", r"a_{b_{c_d}}",
    r"\alpha\beta\Gamma\epsilon\phi\varphi", "1,000.5, x; y", "1{,}5", r"4.07\times 10^{17}",
    r"\frac{\frac{a}{b}}{c}", r"(1 - y)\log(1 - \hat{y})", r"\mathit{ab1}", r"x\;\mathrm{if}\;y",
    "f^2", "V_2", "^2", "_i x", r"a \to b \Rightarrow c", r"\{x \mid x \in S\}", r"\pm\infty",
]  # fmt: skip


def points(parts):
    """All points of outlines that are put in their places."""
    return np.array(
        [
            (x + dx, y + dy)
            for outline, dx, dy in parts
            for _, numbers in outline.segments
            for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]
    )


def font(bold=False):
    return FontProperties(
        family="DejaVu Sans", size=100, weight="bold" if bold else "normal",
        math_fontfamily="stix",
    )  # fmt: skip


def placed_by_matplotlib(math):
    """The lower left corners of all glyphs and bars at size 1, and the size of the whole.

    matplotlib rounds heights up to hundredths, and stands everything as much higher.
    """
    width, height, below, put, bars = MathTextParser("path").parse(f"${math}$", 72, font())
    corners = []
    for face, size, _, index, x, y in put:
        face.set_size(size, 72)
        glyph = face.load_glyph(index, flags=ft2font.LoadFlags.NO_HINTING)
        if glyph.width:
            corners.append((x + glyph.bbox[0] / 64, y + glyph.bbox[1] / 64, size))
    corners += [(x, y, w) for x, y, w, _ in bars]
    return np.array(corners) / 100, np.array((width, height - below, below)) / 100


def placed_here(math):
    setting = glyphs.mathematics(math)
    corners = [
        (x + glyph.left * size, y + glyph.bottom * size, size)
        for glyph, x, y, size in setting.glyphs
        if glyph.segments
    ]
    corners += [(x, y, w) for x, y, w, _ in setting.bars]
    return np.array(corners), np.array((setting.width, setting.above, setting.below))


def in_braces(math):
    """Mathematics whose minus matplotlib sets without space behind a relation, as TeX does."""
    relation = "|".join(re.escape(name) for name in symbols.RELATIONS if name[1:].isalpha())
    return re.sub(rf"({relation}) -", r"\1 {-}", math)


def farthest(math):
    """How far the glyph that is farthest from its place in matplotlib is away, in ems."""
    (theirs, whole), (mine, size) = placed_by_matplotlib(in_braces(math)), placed_here(math)
    assert mine.shape == theirs.shape
    nearest = np.array([theirs[np.abs(theirs - corner).sum(axis=1).argmin()] for corner in mine])
    apart = mine - nearest
    apart[:, 1] += (whole[1] - size[1]) if abs(whole[1] - size[1]) < EM else 0
    return max(np.abs(apart).max(), *np.maximum(size - whole, whole - size - EM))


# Formulas


@pytest.mark.parametrize("math", MATHEMATICS)
def test_mathematics_is_where_matplotlib_puts_it(math):
    assert mathtext.read(math) is not None
    assert farthest(math) < EM


@pytest.fixture(scope="module")
def formulas():
    """All formulas of the gallery: of each example in each style, and of its frames."""
    scenes = []
    for name in EXAMPLES:
        output = example(name)
        scenes += [draw(output, style=style, wrt=WRT.get(name, ())).scene for style in STYLES]
        if len(scenes[-1].shapes) < 300:
            scenes += draw(output, wrt=WRT.get(name, ())).numbers(fractions=True).frames().scenes
    return sorted({s.math for scene in scenes for s in scene.shapes if isinstance(s, Text)} - {""})


def test_all_formulas_of_the_gallery_are_set_here_and_stand_as_in_matplotlib(formulas):
    assert len(formulas) > 300
    assert [math for math in formulas if mathtext.read(math) is None] == []
    assert {math: far for math in formulas if (far := farthest(math)) >= EM} == {}


@pytest.mark.parametrize("name", ["_SUB1", "_SUP1", "_DENOM1", "AXIS", "_BESIDE_SLANTED"])
def test_a_wrong_constant_is_found(name, monkeypatch):
    monkeypatch.setattr(boxes, name, getattr(boxes, name) + 0.05)
    glyphs.mathematics.cache_clear()
    assert any(farthest(math) >= EM for math in MATHEMATICS)
    glyphs.mathematics.cache_clear()


def test_a_letter_that_is_kerned_wrongly_is_found(monkeypatch):
    def too_wide(name, character, font, letter=boxes.letter):
        box = letter(name, character, font)
        return replace(box, width=box.width + 0.015) if box and character == "w" else box

    monkeypatch.setattr(boxes, "letter", too_wide)
    glyphs.mathematics.cache_clear()
    assert farthest(r"\frac{wx}{2} + w_{2}b") >= EM
    glyphs.mathematics.cache_clear()


IN_LATEX_ONLY = {r"\le", r"\ge", r"\&"}  # mathtext does not know them


@pytest.mark.parametrize("command", sorted(symbols.SYMBOLS.keys() - IN_LATEX_ONLY))
def test_a_command_is_the_symbol_that_matplotlib_takes_it_for(command):
    assert farthest(f"a {command} b") < EM


@pytest.mark.parametrize(
    "math",
    [r"\nosuch", "{", "}", "x^", "x^a^b", r"\frac{1}", r"\frac{}{2}", "$", "\\", "a\\", r"\left(x",
     r"\right)", r"\begin{matrix}1", "#", ""],
)  # fmt: skip
def test_what_is_no_mathematics_is_not_set(math):
    assert mathtext.read(math) is None
    assert glyphs.mathematics(math) is None


def test_groups_within_groups_end_somewhere():
    assert mathtext.read("{" * 30 + "x" + "}" * 30) is not None
    assert mathtext.read("{" * 100_000 + "x" + "}" * 100_000) is None


def test_mathematics_beyond_the_grammar_is_set_by_matplotlib():
    math = r"\binom{n}{k}"
    assert mathtext.read(math) is None
    setting = glyphs.mathematics(math)
    theirs, whole = placed_by_matplotlib(math)
    assert len(setting.glyphs) + len(setting.bars) == len(theirs)
    assert setting.width == pytest.approx(whole[0])
    assert by_matplotlib.setting(math)[3] == setting.glyphs


def test_without_matplotlib_it_is_not_set(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.textpath", None)
    assert by_matplotlib.setting(r"\binom{n}{k}") is None


# Matrices, which mathtext has not


def corners(math):
    return sorted((round(x, 6), round(y, 6)) for _, x, y, _ in glyphs.mathematics(math).glyphs)


def test_a_matrix_has_rows_and_columns_around_the_axis():
    matrix = glyphs.mathematics(r"\begin{matrix}1&2\\3&4\end{matrix}")
    assert matrix.above - boxes.AXIS == pytest.approx(matrix.below + boxes.AXIS)
    places = [(x, y) for _, x, y, _ in matrix.glyphs]
    assert places[0][0] == places[2][0] < places[1][0] == places[3][0]
    assert places[0][1] == places[1][1] > places[2][1] == places[3][1]
    zero = [y + glyph.bottom for glyph, _, y, _ in matrix.glyphs[:2]]
    assert min(zero) > max(y + glyph.top for glyph, _, y, _ in matrix.glyphs[2:])


def test_brackets_are_as_tall_as_their_matrix():
    for name, count in (("bmatrix", 2), ("pmatrix", 2), ("cases", 1)):
        math = rf"\begin{{{name}}}1\\2\\3\\4\end{{{name}}}"
        setting = glyphs.mathematics(math)
        assert len(setting.glyphs) == 4 + count
        bracket, _, y, size = setting.glyphs[0]
        assert (bracket.top - bracket.bottom) * size >= 0.85 * (setting.above + setting.below)
        assert y + bracket.top * size == pytest.approx(setting.above, abs=0.2)


def test_a_line_end_at_the_end_begins_no_line():
    assert corners(r"\begin{matrix}1\\2\\\end{matrix}") == corners(
        r"\begin{matrix}1\\2\end{matrix}"
    )
    assert glyphs.mathematics(r"\begin{matrix}1\end{nomatrix}") is None


# Plain texts


def from_matplotlib(text, bold):
    path = TextPath((0, 0), text, size=100, prop=font(bold))
    return path.vertices[path.codes != path.CLOSEPOLY] * (0.01, -0.01)


@pytest.mark.parametrize(
    "text",
    ["AVA To −0.24", "h₁ = ReLU", "ŷ ℓ ∂ × ≈", "a", "Tα Yoga LT", "office fluff", "вес", "∑∫√"],
)  # fmt: skip
@pytest.mark.parametrize("bold", [False, True])
def test_plain_glyphs_are_where_matplotlib_puts_them(text, bold):
    mine, theirs = points(glyphs.plain(text, bold).parts(1)), from_matplotlib(text, bold)
    nearest = [np.abs(theirs - point).max(axis=1).min() for point in mine]
    assert max(nearest) < 5e-4
    assert len(theirs) - 5 <= len(mine) <= len(theirs)  # where an outline ends it may say so twice


@pytest.mark.parametrize("bold", [False, True])
def test_kerning_is_the_font_s_own(bold):
    face = faces.face("sans-bold" if bold else "sans")
    letters = [c for c in map(chr, range(0x21, 0x17F)) if c in face and c not in "fﬀ"]
    drawn = random.Random(1).sample(list(itertools.product(letters, repeat=2)), 150)
    for first, second in ["AV", "To", "LT", "Yo", "P.", *drawn]:
        (*_, put) = list(glyphs.plain(first + second, bold).glyphs)
        theirs = TextPath((0, 0), first + second, size=100, prop=font(bold))
        alone = TextPath((0, 0), second, size=100, prop=font(bold))
        shift = theirs.vertices[-2] - alone.vertices[-2]
        assert put[1] == pytest.approx(shift[0] / 100, abs=4e-4), first + second


def test_a_wrong_kerning_is_found(monkeypatch):
    monkeypatch.setattr(faces.Face, "kerning", lambda self, first, second: 0.0)
    glyphs.plain.cache_clear()
    with pytest.raises(AssertionError):
        test_kerning_is_the_font_s_own(False)
    glyphs.plain.cache_clear()


@pytest.mark.parametrize("text", ["x̂", "w̄", "Х̂", "ŵ̇"])
def test_an_accent_stands_above_the_middle_of_its_letter(text):
    (letter, x, _, _), *marks = glyphs.plain(text).glyphs
    middle = x + (letter.left + letter.right) / 2
    for mark, dx, dy, _ in marks:
        assert dx + (mark.left + mark.right) / 2 == pytest.approx(middle, abs=1e-9)
        assert dy + mark.bottom > letter.top
    assert glyphs.plain(text).width == glyphs.plain(unicodedata.normalize("NFC", text)[0]).width


def test_what_no_font_has_is_boxes_that_say_what_they_stand_for():
    box = glyphs.plain("□").width
    letter, unknown = glyphs.plain("a\U000f0000\u200d\U000f0001").glyphs
    assert unknown[0].stands_for == "\U000f0000\u200d\U000f0001"
    assert unknown[0].advance == 2 * box
    assert letter[0].stands_for == ""


# The table


@pytest.mark.parametrize("name", faces.FACES)
def test_the_table_is_what_the_fonts_say(name):
    stored = zlib.decompress((faces.TABLE / f"{name}.z").read_bytes()).decode()
    assert stored == glyph_table.table(name)


@pytest.mark.parametrize("name", faces.FACES)
def test_outlines_are_those_that_matplotlib_reads(name):
    face = faces.face(name)
    peer = ft2font.FT2Font(str(glyph_table.FONTS / f"{faces.FACES[name]}.ttf"))
    peer.set_size(face.units, 72)
    wanted = [c for c in glyph_table.characters(name) if c in face]
    for character in random.Random(1).sample(wanted, min(60, len(wanted))):
        glyph = peer.load_char(ord(character), flags=ft2font.LoadFlags.NO_HINTING)
        mine = face.glyph(character)
        assert mine.advance * face.units == pytest.approx(glyph.linearHoriAdvance / 65536, abs=0.5)
        vertices, codes = peer.get_path()
        theirs = {
            (round(x), round(y)) for (x, y), c in zip(vertices, codes, strict=True) if c != 79
        }
        numbers = [n * face.units for _, places in mine.segments for n in places]
        ours = {(round(x), round(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)}
        assert {p for p in ours ^ theirs if not near(p, ours) or not near(p, theirs)} == set()


def near(point, others):
    """Whether a point is among others, or beside one of them, as halves are rounded."""
    return any((point[0] + dx, point[1] + dy) in others for dx in (-1, 0, 1) for dy in (-1, 0, 1))


def test_the_table_is_small():
    assert sum(path.stat().st_size for path in faces.TABLE.glob("*.z")) <= 400_000


def test_the_licences_of_the_fonts_stand_beside_the_table():
    for name, words in (("DejaVu", "Bitstream"), ("STIX", "SIL OPEN FONT LICENSE")):
        text = (faces.TABLE / f"LICENSE-{name}.txt").read_text(encoding="utf-8")
        assert re.search(words, text, re.IGNORECASE)


def test_a_character_of_the_same_font_beyond_the_table_comes_from_matplotlib():
    armenian = "Ա"
    assert armenian not in faces.face("sans")
    assert points(glyphs.plain(armenian).parts(1)).max() == pytest.approx(
        from_matplotlib(armenian, False).max(), abs=4e-4
    )


def test_setting_a_text_loads_no_library():
    code = (
        "import sys; from scalargrad.view import glyphs;"
        r"glyphs.plain('w₂ ŷ'), glyphs.mathematics(r'\frac{\partial \ell}{\partial w_2} = -0.24');"
        "print({'matplotlib', 'numpy', 'fontTools'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "none"
