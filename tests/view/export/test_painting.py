import io
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from examples import painted
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import style
from PIL import Image

from scalargrad import DrawingError
from scalargrad.view import glyphs
from scalargrad.view.export.html import page
from scalargrad.view.export.outlines import legal, marks
from scalargrad.view.export.painting import MOST_PIXELS, MOST_PIXELS_A_SIDE, png
from scalargrad.view.export.pdf import pdf
from scalargrad.view.glyphs import faces, system
from scalargrad.view.picture import Picture
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Text, extent, measured

FORMS = ("svg", "png", "pdf")
SCENE = Scene(
    300, 200,
    (
        Text(60, 45, "ŷ", 14, "#1e293b", math=r"\hat{y}"),
        Text(20, 120, "∂ℓ/∂w₂ = −0.24", 13, "#c1103a", anchor="start",
             math=r"\frac{\partial \ell}{\partial w_2} = -0.24"),
        Text(290, 120, "end of it", 11, "#000000", bold=True, anchor="end"),
        Rectangle(100, 20, 60, 30, "#f1f5f9", "#475569", radius=8, line=1.5, dashed=True),
        Rectangle(100, 60, 60, 30, "#ffffff", "#475569", radius=0),
        Circle(60, 40, 20, "#fff4ea", "#b45309", line=2.0),
        Arrow(((80, 40), (200, 90)), "#94a3b8"),
        Arrow(((200, 40), (220, 90), (280, 90)), "#94a3b8", curved="", head=0),
        Arrow(((200, 190), (220, 140)), "#b45309", line=3, curved="y", dashed=True),
    ),
    "#ffffff", "A scene\nof all shapes",
)  # fmt: skip
HOSTILE = [
    "", "ctl\x00\x01\x1b[31m", "]]>", "\ud800", "😀", "<script>alert(1)</script>", '"&amp;\'',
    "\ufffe\uffff", "-->", "(a) \\) /Title", "line\r\nline\ttab", "\x85\u2028",
]  # fmt: skip


def peer(name):
    """A program that a test compares with; where it is required, its lack is a failure."""
    found = shutil.which(name)
    if not found:
        message = f"{name} is not installed"
        (pytest.fail if os.environ.get("SCALARGRAD_REQUIRE_PEERS") else pytest.skip)(message)
    return found


def points(parts):
    """All points of outlines that are put in their places."""
    found = [
        (x + dx, y + dy)
        for outline, dx, dy in parts
        for letter, numbers in outline.segments
        for x, y in zip(numbers[::2], numbers[1::2], strict=True)
    ]
    return np.array(found)


# Texts


@pytest.mark.parametrize("math", [r"\nosuch", "{", "x^", r"\frac{1}", "$"])
def test_what_cannot_be_set_is_painted_as_plain_text(math):
    assert glyphs.mathematics(math) is None
    text = Text(10, 20, "plain", 12, "#000000", math=math)
    scene = Scene(100, 40, (text,), "#ffffff", "")
    assert painted(scene, "svg") == painted(replace(scene, shapes=(replace(text, math=""),)), "svg")


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
@pytest.mark.parametrize("math", ["", r"\frac{a}{b}+w_{2}"])
def test_a_text_is_as_large_as_it_was_measured(anchor, math):
    text = Text(100, 60, "Wide text", 20, "#000000", anchor=anchor, math=math)
    size = measured(text)
    left = 100 - size.width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    (mark,) = marks(Scene(200, 100, (text,), "#ffffff", ""))
    (x0, y0), (x1, y1) = points(mark.parts).min(axis=0), points(mark.parts).max(axis=0)
    assert left - 1 < x0 < left + 3
    assert left + size.width - 3 < x1 < left + size.width + 1
    assert y0 == pytest.approx(60 - size.above, abs=0.5)
    assert y1 == pytest.approx(60 + size.below, abs=0.5)


def test_a_character_that_cannot_be_shown_is_a_box():
    with_controls = Text(10, 20, "a\n\ud800", 12, "#000000")
    scene = Scene(100, 40, (with_controls,), "#ffffff", "")
    boxes = replace(scene, shapes=(replace(with_controls, text="a□□"),))
    assert painted(scene, "svg") == painted(boxes, "svg")


@pytest.fixture
def no_fonts(monkeypatch):
    """A machine without fonts of its own."""
    monkeypatch.setattr("scalargrad.view.glyphs.system.folders", list)
    forget()
    yield
    forget()


def forget():
    for cached in (system._files, system.font_with, faces._glyph, glyphs.plain, glyphs.mathematics):
        cached.cache_clear()


def test_what_no_font_of_the_machine_has_is_text_in_svg_and_html(no_fonts):
    text = Text(10, 20, "w 入力 & 🍎<", 12, "#123456", anchor="start")
    scene = Scene(200, 40, (text,), "#ffffff", "")
    root = ElementTree.fromstring(painted(scene, "svg"))
    written = [e for e in root if e.tag.endswith("text")]
    assert [e.text for e in written] == ["入力", "🍎"]
    before = measured(replace(text, text="w ")).width
    assert float(written[0].attrib["x"]) == pytest.approx(10 + before, abs=0.01)
    assert {e.attrib["fill"] for e in written} == {"#123456"}
    document = page([scene])
    assert ">入力</text>" in document
    assert "🍎" in document
    with pytest.warns(UserWarning, match=r"has 入 力 🍎: a \.pdf shows boxes; \.svg"):
        assert painted(scene, "pdf")
    painted(replace(scene, shapes=(replace(text, text="w"),)), "pdf")  # without a warning
    assert len(np.unique(np.array(Image.open(io.BytesIO(png(scene)))), axis=0)) > 1


def test_a_font_of_the_machine_gives_its_outlines(tmp_path, monkeypatch):
    def square(size):
        pen = TTGlyphPen(None)
        for number, corner in enumerate([(0, 0), (0, size), (size, size), (size, 0)]):
            (pen.lineTo if number else pen.moveTo)(corner)
        pen.closePath()
        return pen.glyph()

    builder = FontBuilder(500)
    builder.setupGlyphOrder([".notdef", "enter"])
    builder.setupCharacterMap({ord("入"): "enter"})
    builder.setupGlyf({".notdef": square(100), "enter": square(450)})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "enter": (500, 0)})
    builder.setupHorizontalHeader(ascent=450, descent=0)
    builder.setupPost()
    builder.save(tmp_path / "Other.ttf")
    (tmp_path / "broken.otf").write_bytes(b"no font")
    monkeypatch.setattr("scalargrad.view.glyphs.system.folders", lambda: [tmp_path])
    forget()
    (glyph, _, _, _) = glyphs.plain("入").glyphs[0]
    assert (glyph.advance, glyph.right, glyph.top, glyph.stands_for) == (1.0, 0.9, 0.9, "")
    assert b"<text" not in painted(
        Scene(50, 40, (Text(10, 20, "入", 12, "#000000"),), "#fff", ""), "svg"
    )
    assert glyphs.plain("力").glyphs[0][0].stands_for == "力"
    forget()


def test_a_formula_that_no_font_can_set_is_text(no_fonts):
    assert glyphs.mathematics(r"\mathrm{入力}") is None
    assert glyphs.mathematics(r"\binom{入}{力}") is None


# Files


def svg_points(data):
    """The points of path data, absolute; a test's own reader of SVG."""
    found, x, y, start = [], 0.0, 0.0, (0.0, 0.0)
    for letter, numbers in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", data):
        values = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        pairs = list(zip(values[::2], values[1::2], strict=True))
        if letter == "z":
            x, y = start
            continue
        assert letter in "Mmlqc"
        absolute = pairs if letter == "M" else [(x + dx, y + dy) for dx, dy in pairs]
        found += absolute
        x, y = absolute[-1]
        if letter in "Mm":
            start = (x, y)
    return np.array(found)


def test_svg_holds_every_outline_in_its_place_and_colour():
    root = ElementTree.fromstring(painted(SCENE, "svg"))
    paths = root.findall("{http://www.w3.org/2000/svg}path")
    assert len(paths) == len(marks(SCENE))
    for path, mark in zip(paths, marks(SCENE), strict=True):
        assert path.get("fill") == (mark.fill or "none")
        assert path.get("stroke") == (mark.stroke or None)
        assert (path.get("stroke-dasharray") is not None) == mark.dashed
        assert np.abs(svg_points(path.get("d")) - points(mark.parts)).max() < 0.0151


def test_svg_is_one_figure_with_words_and_nothing_that_runs_or_refers():
    root = ElementTree.fromstring(painted(SCENE, "svg"))
    assert (root.get("role"), root.get("aria-label")) == ("img", SCENE.description)
    assert root.get("viewBox") == "0 0 300 200"
    assert (root.get("width"), root.get("height")) == ("300pt", "200pt")
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "desc", "rect", "path"}
    assert root[0].text == "A scene"
    assert root[1].text == SCENE.description


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("description", HOSTILE)
def test_any_description_is_words_in_every_format(form, description):
    content = painted(replace(SCENE, description=description), form)
    if form == "svg":
        root = ElementTree.fromstring(content)
        assert root.get("aria-label") == legal(description)
    elif form == "png":
        assert Image.open(io.BytesIO(content)).text["Description"] == legal(description)
    else:
        hexadecimal = re.search(rb"/Subject <feff([0-9a-f]*)>", content)[1].decode()
        told = bytes.fromhex(hexadecimal).decode("utf-16-be")
        assert told == description.replace("\ud800", "?")


def test_a_png_is_saved_with_the_dots_that_are_asked_for(tmp_path):
    picture = Picture(SCENE)
    for dpi in (72, 300):
        content = picture.save(tmp_path / "a.PNG", dpi=dpi).read_bytes()
        image = Image.open(io.BytesIO(content))
        assert image.size == (300 * dpi / 72, round(200 * dpi / 72))
        assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)
    with pytest.raises(DrawingError, match=r"dots an inch of a \.png; got '\.svg'"):
        picture.save(tmp_path / "a.svg", dpi=72)
    with pytest.raises(DrawingError, match="10 to 2400 dots an inch; got dpi=3"):
        picture.save(tmp_path / "b.png", dpi=3)
    assert os.listdir(tmp_path) == ["a.PNG"]


def test_png_is_painted_at_192_dots_an_inch():
    image = Image.open(io.BytesIO(painted(SCENE, "png")))
    assert image.size == (800, 533)
    assert image.info["dpi"] == pytest.approx((192, 192), abs=0.1)
    assert image.text == {"Description": SCENE.description}


def pixel(scene, x, y, **options):
    image = Image.open(io.BytesIO(png(scene, **options)))
    return image.getpixel((round(x * 192 / 72), round(y * 192 / 72)))


def test_texts_are_over_boxes_and_boxes_over_arrows():
    letter = Text(50, 60, "█", 30, "#0000ff")
    box = Rectangle(30, 30, 40, 40, "#00ff00", "")
    arrow = Arrow(((0, 50), (100, 50)), "#ff0000", line=60, curved="", head=0)
    scene = Scene(100, 100, (letter, box, arrow), "#ffffff", "")
    for x, colour in ((50, (0, 0, 255)), (33, (0, 255, 0)), (20, (255, 0, 0))):
        assert pixel(scene, x, 50) == colour
    assert pixel(scene, 50, 95) == (255, 255, 255)


def test_a_letter_has_its_hole_and_paper_may_be_left_out():
    scene = Scene(100, 100, (Text(50, 85, "O", 90, "#000000"),), "#ffeecc", "")
    assert pixel(scene, 50, 52) == (255, 238, 204)
    assert pixel(scene, 50, 52, paper=False)[3] == 0
    assert pixel(scene, 50, 20.5, paper=False) == (0, 0, 0, 255)


@pytest.mark.parametrize("size", [(1e6, 10), (2e4, 2e4), (0, 0), (1e-9, 5)])
def test_a_png_of_any_size_is_painted(size):
    image = Image.open(io.BytesIO(png(Scene(*size, (), "#ffffff", ""))))
    assert min(image.size) >= 1
    assert max(image.size) <= MOST_PIXELS_A_SIDE
    assert image.size[0] * image.size[1] <= MOST_PIXELS * 1.001


@pytest.mark.parametrize("curved", ["", "x", "y"])
@pytest.mark.parametrize("end", [(50, 20), (20, 50), (90, 80), (10, 20), (20, 20), (20, 21)])
def test_the_head_of_an_arrow_is_at_its_end_and_its_shaft_reaches_the_head(curved, end):
    arrow = Arrow(((20, 20), end), "#000000", curved=curved)
    shaft, *head = marks(Scene(100, 100, (arrow,), "#ffffff", ""))
    drawn = points(shaft.parts)
    assert tuple(drawn[0]) == (20, 20)
    if end == (20, 20):  # it goes nowhere: there is no head
        assert head == []
        return
    tip, left, right = points(head[0].parts)
    assert tuple(tip) == end
    assert drawn[-1] == pytest.approx((left + right) / 2)
    assert np.linalg.norm(tip - drawn[-1]) <= arrow.head + 1e-9


# PDF


def test_pdf_is_what_png_is(tmp_path):
    file = tmp_path / "p.pdf"
    file.write_bytes(pdf([SCENE, replace(SCENE, shapes=SCENE.shapes[3:])]))
    subprocess.run(
        [peer("pdftoppm"), "-r", "192", "-png", str(file), str(tmp_path / "page")], check=True
    )
    for number, shapes in ((1, SCENE.shapes), (2, SCENE.shapes[3:])):
        theirs = np.asarray(Image.open(tmp_path / f"page-{number}.png").convert("L"), float)
        mine = Image.open(io.BytesIO(png(replace(SCENE, shapes=shapes)))).convert("L")
        ours = np.asarray(mine, float)[: theirs.shape[0], : theirs.shape[1]]
        theirs = theirs[: ours.shape[0], : ours.shape[1]]
        assert np.abs(ours - theirs).mean() < 1.0
        assert (np.abs(ours - theirs) > 128).mean() < 0.001


def test_a_pdf_is_tagged_and_its_table_leads_to_every_object(tmp_path):
    content = pdf([SCENE, SCENE])
    assert content.count(b"/S /Figure") == 2
    assert b"/Lang (en)" in content
    assert b"Date" not in content
    start = int(re.search(rb"startxref\n(\d+)", content)[1])
    assert content[start:].startswith(b"xref")
    for number, place in enumerate(re.findall(rb"^(\d{10}) 00000 n ", content, re.M), start=1):
        assert content[int(place) :].startswith(b"%d 0 obj" % number)
    told = subprocess.run(
        [peer("pdfinfo"), "-"], input=content, capture_output=True, check=True
    ).stdout.decode()
    assert re.search(r"Title: +A scene", told)
    assert re.search(r"Tagged: +yes", told)
    assert re.search(r"Pages: +2", told)
    assert re.search(r"Page size: +300 x 200 pts", told)


def test_a_stream_of_a_pdf_paints_inside_its_page():
    (stream,) = re.findall(rb"stream\n(.*?)\nendstream", painted(SCENE, "pdf"), re.S)
    operators = zlib.decompress(stream).decode()
    assert operators.count(" Q") == sum(len(m.parts) for m in marks(SCENE) if m.parts[0][1])
    assert operators.endswith("EMC")
    assert not re.search(r"nan|inf|e-\d", operators)


# The same everywhere


def test_settings_of_a_user_neither_change_a_picture_nor_are_changed():
    plain = {form: painted(SCENE, form) for form in FORMS}
    for cached in (glyphs.plain, glyphs.mathematics):
        cached.cache_clear()
    with matplotlib.rc_context():
        style.use("classic")
        matplotlib.rcParams.update({"mathtext.default": "rm", "path.sketch": (9, 9, 9)})
        before = dict(matplotlib.rcParams)
        assert {form: painted(SCENE, form) for form in FORMS} == plain
        assert extent("AVA", 12, False, "w_1") == extent("AVA", 12, False, "w_1")
        assert dict(matplotlib.rcParams) == before
    for cached in (glyphs.plain, glyphs.mathematics):
        cached.cache_clear()


def test_processes_with_other_hash_seeds_write_the_same_bytes():
    code = (
        "import hashlib; from view.export.test_painting import *;"
        "print([hashlib.sha256(painted(SCENE, form)).hexdigest() for form in FORMS])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "tests"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop()) > 190
