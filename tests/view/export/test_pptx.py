import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from scalargrad import DrawingError
from scalargrad.view.export.outlines import legal
from scalargrad.view.export.pptx import slides
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Text

if os.environ.get("SCALARGRAD_REQUIRE_PEERS"):
    import pptx
else:
    pptx = pytest.importorskip("pptx")

PLAIN = ("w₂ = 0.8", "end", "−0.24")
FORMULA = "∂ℓ/∂w₂ = −0.24"
SCENE = Scene(
    300, 200,
    (
        Text(60, 45, "ŷ max(x₂)", 14, "#1e293b", math=r"\hat{y}\,\max(x_2)"),
        Text(20, 120, FORMULA, 13, "#c1103a", anchor="start",
             math=r"\frac{\partial \ell}{\partial w_2} = -0.24"),
        Text(150, 120, PLAIN[0], 11, "#000000", bold=True),
        Text(299, 140, PLAIN[1], 11, "#000000", anchor="end"),
        Text(1, 160, PLAIN[2], 11, "#047a3b", anchor="start"),
        Rectangle(100, 20, 60, 30, "#f1f5f9", "#475569", radius=8, line=1.5, dashed=True),
        Rectangle(100, 60, 60, 30, "#ffffff", "", radius=0),
        Circle(60, 40, 20, "#fff4ea", "#b45309", line=2.0),
        Arrow(((80, 40), (200, 90)), "#94a3b8"),
        Arrow(((80, 40), (100, 40)), "#94a3b8"),
        Arrow(((200, 40), (220, 90), (280, 90)), "#94a3b8", curved="", head=0),
        Arrow(((200, 190), (220, 140)), "#b45309", line=3, curved="y", dashed=True),
    ),
    "#fffffe", "A scene\nof all shapes",
)  # fmt: skip


def opened(content):
    return pptx.Presentation(io.BytesIO(content))


def drawn(page):
    """The shapes of the picture on a slide."""
    (group,) = [shape for shape in page.shapes if shape.name == "Picture"]
    return list(group.shapes)


def text_boxes(show):
    return [s for s in drawn(show.slides[0]) if s.has_text_frame and s.text_frame.text]


def words(shape):
    return shape._element.xpath(".//p:cNvPr")[0].get("descr")


@pytest.fixture(scope="module")
def show():
    return opened(slides([SCENE]))


def test_plain_texts_and_symbols_are_text_that_can_be_edited(show):
    assert [box.text_frame.text for box in text_boxes(show)] == ["ŷ max(x₂)", *PLAIN]


def test_letters_of_mathematics_are_italic_and_words_are_not(show):
    (paragraph,) = text_boxes(show)[0].text_frame.paragraphs
    runs = [(run.text, run.font.italic) for run in paragraph.runs]
    assert runs == [("ŷ", True), (" max(", False), ("x", True), ("₂)", False)]


def test_a_fraction_is_a_picture_that_says_what_it_shows(show):
    pictures = [shape for shape in drawn(show.slides[0]) if hasattr(shape, "image")]
    assert [words(picture) for picture in pictures] == [FORMULA]
    assert pictures[0].image.content_type == "image/png"


def test_every_shape_is_on_the_slide_in_its_place(show):
    scale, left, top = 504 / 200, (960 - 300 * 504 / 200) / 2, 18
    shapes = drawn(show.slides[0])
    for shape in shapes:
        assert 0 <= shape.left <= shape.left + shape.width <= show.slide_width
        assert 0 <= shape.top <= shape.top + shape.height <= show.slide_height
    boxes = [s for s in shapes if s.name.startswith(("Rounded", "Oval"))]
    assert [(s.left / 12700, s.top / 12700, s.width / 12700, s.height / 12700) for s in boxes] == [
        pytest.approx((left + scale * x, top + scale * y, scale * w, scale * h), abs=0.001)
        for x, y, w, h in ((100, 20, 60, 30), (40, 20, 40, 40))
    ]


def test_shapes_keep_their_kinds_colours_and_heads(show):
    shapes = drawn(show.slides[0])
    names = [shape.name.rstrip(" 0123456789") for shape in shapes]
    assert names[:7] == [
        "Freeform", "Connector", "Freeform", "Freeform", "Rounded Rectangle", "Rectangle", "Oval",
    ]  # fmt: skip
    fills = [str(shape.fill.fore_color.rgb) for shape in shapes[4:7]]
    assert fills == ["F1F5F9", "FFFFFF", "FFF4EA"]
    heads = [len(shape._element.xpath(".//a:tailEnd")) for shape in shapes[:4]]
    assert heads == [1, 1, 0, 1]
    curves = [len(shape._element.xpath(".//a:cubicBezTo")) for shape in shapes[:4]]
    assert curves == [1, 0, 0, 1]
    assert str(show.slides[0].background.fill.fore_color.rgb) == "FFFFFE"


def test_the_slide_has_a_title_alternative_text_and_notes(show):
    page = show.slides[0]
    assert page.shapes.title.text_frame.text == "A scene"
    assert page.shapes.title.top + page.shapes.title.height <= 0
    (group,) = [shape for shape in page.shapes if shape.name == "Picture"]
    assert words(group) == SCENE.description
    assert page.notes_slide.notes_text_frame.text == SCENE.description


def test_slides_are_16_to_9_and_one_for_each_scene():
    scenes = [SCENE, replace(SCENE, shapes=SCENE.shapes[:3]), replace(SCENE, shapes=())]
    show = opened(slides(scenes))
    assert len(show.slides) == 3
    assert show.slide_width * 9 == show.slide_height * 16
    assert [len(page.shapes) for page in show.slides] == [2, 2, 1]


@pytest.mark.parametrize(
    "label",
    ["\x00\x1b[31m", "\ud800", "<script>&amp;\"'", "line\nbreak\x0b", "😀 שלום", "\ufffe", "  ",
     "x" * 500],
)  # fmt: skip
def test_any_label_is_text_and_nothing_else(label):
    shapes = (Text(150, 50, label, 12, "#000000"), Text(0, 90, label, 12, "#000000", math="x"))
    show = opened(slides([replace(SCENE, shapes=shapes, description=label)]))
    expected = " ".join(legal(label).split())
    for shape in drawn(show.slides[0]):
        assert shape.text_frame.text == expected
        assert shape.left >= 0
        assert shape.left + shape.width <= show.slide_width


def test_processes_with_other_hash_seeds_write_the_same_bytes():
    code = (
        "import hashlib, time; from view.export.test_pptx import *;"
        "time.localtime = lambda *a: time.gmtime(1e9);"
        "print(hashlib.sha256(slides([SCENE, SCENE])).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", source],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "tests"},
        ).stdout
        for seed, source in (("1", code), ("2", code.replace("1e9", "1.5e9")))
    }
    assert len(told) == 1
    assert len(told.pop()) == 65


def test_without_python_pptx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(DrawingError, match=r"^a \.pptx .*: pip install python-pptx$"):
        slides([SCENE])
