import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from legible import LECTURE, PROGRAMS, drawn

from scalargrad.notation import tex
from scalargrad.notation.tex import escaped
from scalargrad.view.export import latex as module
from scalargrad.view.export.latex import math
from scalargrad.view.export.tikz import beamer, tikz
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Text

SCENE = Scene(
    300, 200,
    (
        Text(60, 45, "ŷ", 14, "#1e293b", math=r"\hat{y}"),
        Text(20, 120, "∂ℓ/∂w₂", 13, "#c1103a", anchor="start",
             math=r"\frac{\partial \ell}{\partial w_2}"),
        Text(290, 120, "h₁⁽²⁾ = −0.24", 11, "#000000", bold=True, anchor="end"),
        Rectangle(100, 20, 60, 30, "#f1f5f9", "#475569", radius=8, line=1.5, dashed=True),
        Circle(60, 40, 20, "#fff4ea", "", line=2.0),
        Arrow(((80, 40), (200, 90)), "#94a3b8"),
        Arrow(((200, 40), (220, 90), (280, 90)), "#94a3b8", curved="", head=0),
        Arrow(((200, 190), (220, 140)), "#b45309", line=3, curved="y", dashed=True),
    ),
    "#ffffff", "A scene\nof all shapes",
)  # fmt: skip
HOSTILE = [
    r"\input{/etc/passwd}", "$x$ $", "100% #1 a_b^c~d & {}", "{", "}", "\\", "^^M^^5c",
    "'\"`` ?` !`",
    "<script>alert(1)</script> |x| ---", "line\nbreak\n\nand\ttab", "ctl\x00\x01\x1b[31m", "\ud800",
    "emoji 🎉 שלום عربي 漢字 ﬁ", "w₁₁⁽²⁾ ≈ −0.24 × ∂ℓ/∂ŷ ∑ Σ σ θ̂ Α ½ 𝟙 ⁿ ₐ", "é ü ç ß Ł ı Ǘ \u0302",
    "…–—‘’“” ± ≤ ≥ ∞ √ · ÷ □ ″", "%", "]", "\\end{document}", "",
]  # fmt: skip
HOSTILE_MATH = [
    r"\input{x}", r"\hspace{2}x", "a%b", "a#b&c~d", "ŷ − 0.5 × ∂ℓ", r"\blacksquare", "x_ŷ",
    r"\mathrm{bias}_{3}^{(2)}", r"\sqrt[3]{x}\;\left(\frac{1}{2}\right)", "x'", r"\%\$\#\_", "é",
    r"\hat{\theta}", r"\dfrac{a}{b}", "漢", r"\text{a b}", r"\operatorname{f}x", r"\mathbb{R}",
    "a\n\nb",
]  # fmt: skip


def compiled(source, folder):
    """The number of pages that pdflatex makes of a document, and what it printed."""
    found = shutil.which("pdflatex")
    if not found:
        message = "pdflatex is not installed"
        (pytest.fail if os.environ.get("SCALARGRAD_REQUIRE_PEERS") else pytest.skip)(message)
    (folder / "p.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [found, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "p.tex"],
        cwd=folder, capture_output=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return int(re.search(r"\((\d+) pages?", log)[1]), log


def texts(*lines, **options):
    return tuple(Text(10, 20 + 20 * i, t, 12, "#000000", **options) for i, t in enumerate(lines))


def test_the_document_compiles(tmp_path):
    pages, log = compiled(tikz(SCENE), tmp_path)
    assert pages == 1
    assert "Overfull" not in log


def test_hostile_texts_compile_and_reach_no_file(tmp_path):
    shapes = texts(*HOSTILE, anchor="start") + texts(*HOSTILE, bold=True)
    shapes += tuple(Text(50, 50, "plain", 9, "#123456", math=formula) for formula in HOSTILE_MATH)
    scene = Scene(300, 500, shapes, "#ffffff", "\n".join(HOSTILE))
    pages, log = compiled(tikz(scene), tmp_path)
    assert pages == 1
    assert "passwd" not in log


def test_every_symbol_and_command_compiles(tmp_path):
    symbols = [*tex._SYMBOLS, *tex._WORDS, *tex._ASCII, *"αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΑΒ"]
    accents = [base + accent for base in "aθ∂" for accent in tex._ACCENTS]
    bare = sorted(
        command for command in module._COMMANDS
        if command not in {r"\left", r"\right", r"\frac", r"\dfrac", r"\tfrac", r"\binom"}
    )  # fmt: skip
    shapes = texts(*symbols, *accents) + texts(*symbols, bold=True)
    source = tikz(Scene(100, 100, shapes, "#ffffff", ""))
    formulas = "".join(f"${command}{{x}}$\n" for command in bare)
    compiled(source.replace("\\end{document}", f"\\sbox0{{{formulas}}}\\end{{document}}"), tmp_path)
    assert len(bare) > 150


def test_overlays_step_through_the_scenes(tmp_path):
    scenes = [replace(SCENE, shapes=SCENE.shapes[: count + 2]) for count in range(1, 6)]
    scenes[2] = replace(scenes[2], shapes=(*scenes[2].shapes, *texts("now")))
    source = beamer(scenes)
    pages, log = compiled(source, tmp_path)
    assert pages == 5
    assert "Overfull" not in log
    assert source.count(r"\frac{\partial") == 1
    assert re.search(r"^\\node\[.*\\hat\{y\}", source, re.M)
    assert re.search(r"^\\node<3>\[.*now\}\};$", source, re.M)
    assert re.search(r"^\\node<2->\[.*rounded corners", source, re.M)


def lecture(**options):
    return drawn(LECTURE, {"wrt": "w2", **options})


def test_a_unit_is_a_node_and_a_link_a_line_between_names():
    source = lecture().content(".tex").decode()
    assert all(line.isascii() for line in source.splitlines() if not line.startswith("%"))
    assert len(source.splitlines()) <= 60
    assert r"\node[sg unit] (h1) at (" in source
    for a, b in (("x", "h1"), ("x", "h2"), ("h1", "yhat"), ("h2", "yhat"), ("yhat", "loss")):
        assert re.search(rf"^\\draw\[sg edge.*\] \({a}\) -- \({b}\);$", source, re.M)
    assert source.count(r"\tikzset") == 1
    assert len(re.findall(r"^\\node", source, re.M)) == 6 + 5 + 4 + 1


def test_what_is_drawn_behind_it_by_name_compiles(tmp_path):
    source = lecture().content(".tex").decode()
    more = r"\draw[red, bend left] (h2) to (loss); \node[sg unit, above] at (x.north) {new};"
    pages, _ = compiled(source.replace(r"\end{tikzpicture}", more + r"\end{tikzpicture}"), tmp_path)
    assert pages == 1


def test_a_picture_to_input_takes_the_size_of_the_text_around_it(tmp_path):
    source = lecture().content(".tikz").decode()
    assert r"\documentclass" not in source
    assert source.startswith("% needs ")
    assert "fontsize" not in source
    (tmp_path / "net.tikz").write_text(source)
    document = (
        "\\documentclass[{size}pt]{{article}}\\usepackage{{amsmath,amssymb,tikz}}\\begin{{document}}"
        "\\sbox0{{\\input{{net.tikz}}}}\\typeout{{wide \\the\\wd0}}\\fbox{{\\usebox0}}"
        "\\end{{document}}"
    )
    wide = []
    for size in (10, 12):
        _, log = compiled(document.format(size=size), tmp_path)
        wide.append(float(re.search(r"wide ([\d.]+)pt", log)[1]))
    assert wide[1] / wide[0] == pytest.approx(11.75 / 10, abs=0.02)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_example_compiles_alone(name, tmp_path):
    _, text, options, _ = PROGRAMS[name]
    pages, log = compiled(drawn(text, options).content(".tex").decode(), tmp_path)
    assert pages == 1
    assert "Overfull" not in log


@pytest.mark.parametrize("name", ["lecture", "lecture with biases", "convolution"])
def test_the_steps_of_an_example_compile(name, tmp_path):
    _, text, options, _ = PROGRAMS[name]
    frames = drawn(text, options).frames("layer")
    pages, _ = compiled(frames.content(".tex").decode(), tmp_path)
    assert pages == len(frames)


def test_a_place_in_the_source_is_that_of_the_scene():
    drawing = lecture(style="circuit")
    source, scene = drawing.content(".tex").decode(), drawing.scene
    places = dict(re.findall(r"\((\S+)\) at (\([\d.,]+\))", source))
    units = [s for s in scene.shapes if isinstance(s, Rectangle) and s.key]
    assert len(units) == len(places) > 8
    for unit in units:
        x, y = map(float, places[unit.key][1:-1].split(","))
        assert x * scene.size == pytest.approx(unit.x + unit.width / 2, abs=0.2)
        assert y * scene.size == pytest.approx(unit.y + unit.height / 2, abs=0.2)


def test_what_pdflatex_has_no_letter_for_is_a_sign_for_other_engines(tmp_path):
    source = tikz(Scene(100, 100, texts("入 🍎 x"), "#ffffff", ""))
    assert source.isascii()
    assert r"\sgsign{5165} \sgsign{1F34E} x" in source
    assert "square" not in source
    compiled(source, tmp_path)


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_ascii_on_one_line_with_its_braces_in_pairs(text):
    written = escaped(text)
    assert written.isascii()
    assert written.isprintable() or not written
    bare = re.sub(r"\\[^A-Za-z]", "", written)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[#&%_](?!\{)", bare)
    assert not re.search(r"\\(input|end|script)", written)


@pytest.mark.parametrize(
    ("text", "written"),
    [("ŷ", r"\^{y}"), ("θ̂", r"$\hat{\theta}$"), ("w₁₁⁽²⁾", "w$_{11}$$^{(2)}$"), ("−1", "$-$1"),
     ("x²y³", "x$^{2}$y$^{3}$"), ("漢", tex.BOX), ("a\n b", "a b"), ("--", "{-}{-}")],
)  # fmt: skip
def test_unicode_is_written_in_commands(text, written):
    assert escaped(text) == written


@pytest.mark.parametrize(
    "formula",
    ["a%b", r"\nosuch", r"\input{x}", r"\hspace{2}x", r"\blacksquare", "{", "$x$", "漢", ""],
)
def test_mathematics_that_latex_might_not_know_is_left_to_the_text(formula):
    assert math(formula) in ("", r"a\%b")


def test_known_mathematics_is_given_as_it_is():
    formula = r"\frac{\partial \ell}{\partial w_{2}} = (-1.2) \times 0.1"
    assert math(formula) == formula
