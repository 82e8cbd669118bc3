import os
import re
import shutil
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from scalargrad import DrawingError, Value, draw, program
from scalargrad.lectures import LECTURES
from scalargrad.view.drawing import SUFFIXES
from scalargrad.view.export import files
from scalargrad.view.notation import decimal, typeset
from scalargrad.view.scene import MOST_BOXES, Arrow, Rectangle, Text, extent, printable


def lecture(index=0):
    output = program(LECTURES[index].text).output
    output.backward()
    return output


def micrograd_example():
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c, d = a + b, a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    f = (c - d) ** 2
    g = f / 2.0 + 10.0 / f
    g.backward()
    return g


def long_numbers():
    y = Value(-1.23456789e-300, "f") * Value(-1e300, "F") + Value(Fraction(10**1000 + 1, 7), "long")
    return y * Value(np.linspace(-1, 1, 50), "lanes")


HOSTILE = [
    "\"quotes'{braces}", "<script>alert(1)</script>", "&amp; & &#60;", "back\\slash\\n\\",
    "new\nline\ttab\r", "ctl\x00\x01\x1b[31m", "emoji 😀🚀", "שלום \u202eabc", "$x$ $\\frac{1}{2}$",
    "$", "x" * 10_000, "漢字", "e\u0301\u0302", "\ud800", "]]>", "-->", "%d {0}", "   ", "\u200b",
    "<BR/>", ">label=<b>", '"];evil[label="', "\ufffe", "\U000e0041", "_x^2_",
]  # fmt: skip


def hostile():
    values = [Value(index, label) for index, label in enumerate(HOSTILE)]
    return values[0].total(*values[1:]).named("</text><script>")


EXAMPLES = {
    "lecture": lecture, "biases": lambda: lecture(1), "micrograd": micrograd_example,
    "twice": lambda: Value(3, "a") + (a := Value(1, "b")) * a, "leaf": lambda: Value(2, "x"),
    "long": long_numbers, "hostile": hostile, "nan": lambda: Value(float("nan")) * float("inf"),
}  # fmt: skip


@pytest.fixture(scope="module", params=EXAMPLES)
def drawing(request):
    return draw(EXAMPLES[request.param]())


def peer(name):
    """A program that some tests compare with; where it is required, its lack is a failure."""
    found = shutil.which(name)
    if not found:
        message = f"{name} is not installed"
        (pytest.fail if os.environ.get("SCALARGRAD_REQUIRE_PEERS") else pytest.skip)(message)
    return found


# Files


def test_every_suffix_gives_a_valid_file(drawing, tmp_path):
    saved = {suffix: drawing.save(tmp_path / f"p{suffix}").read_bytes() for suffix in SUFFIXES}
    scene = drawing.scene
    svg = ElementTree.fromstring(saved[".svg"])
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(svg.get("width").removesuffix("pt")) == pytest.approx(scene.width, abs=0.01)
    png = saved[".png"]
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    for at, points in ((16, scene.width), (20, scene.height)):
        assert abs(int.from_bytes(png[at : at + 4], "big") - points * 192 / 72) <= 1
    assert saved[".pdf"].startswith(b"%PDF-")
    assert saved[".pdf"].rstrip().endswith(b"%%EOF")
    assert saved[".dot"].decode().startswith("digraph {")
    assert sorted(os.listdir(tmp_path)) == sorted(f"p{suffix}" for suffix in SUFFIXES)


def test_graphviz_reads_the_dot_file_as_it_is_meant(drawing):
    dot = peer("dot")
    source = drawing.content(".dot")
    done = subprocess.run([dot, "-Tsvg"], input=source, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    svg = ElementTree.fromstring(done.stdout)
    groups = svg.findall(".//{http://www.w3.org/2000/svg}g")
    classes = [group.get("class") for group in groups]
    assert classes.count("node") == len(drawing.graph.nodes)
    assert classes.count("edge") == len(drawing.graph.edges)
    texts = {t.text.strip() for t in svg.iter("{http://www.w3.org/2000/svg}text") if t.text}
    for node in drawing.graph.nodes:
        assert decimal(node.value) in texts
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))


def test_the_lecture_picture_is_the_golden_one(golden):
    golden("lecture.dot", draw(lecture()).content(".dot"))
    golden("lecture.svg", draw(lecture()).content(".svg"))


def test_two_processes_write_the_same_bytes():
    code = (
        "import hashlib, sys; from scalargrad import *; from scalargrad.lectures import LECTURES;"
        "loss = program(LECTURES[1].text).output; loss.backward();"
        "[print(s, hashlib.sha256(draw(loss).content(s)).hexdigest())"
        " for s in ('.dot', '.svg', '.pdf', '.png')]"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60,
                       env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert len(runs[0].split()) == 8


def test_a_users_matplotlib_settings_change_nothing():
    plain = draw(lecture()).content(".svg")
    settings = {"text.usetex": True, "savefig.bbox": "tight", "font.family": "monospace",
                "axes.facecolor": "red", "path.sketch": (1, 100, 2)}  # fmt: skip
    with matplotlib.rc_context(settings):
        assert draw(lecture()).content(".svg") == plain
        assert matplotlib.rcParams["text.usetex"] is True


# What stands in the picture


def test_all_names_and_numbers_of_the_graph_stand_in_the_picture(drawing):
    texts = [shape.text for shape in drawing.scene.shapes if isinstance(shape, Text)]
    for node in drawing.graph.nodes:
        assert decimal(node.value) in texts
        if not node.is_constant:
            assert f"∂ {decimal(node.gradient)}" in texts
    for label in ("w2", "yhat", "loss"):
        if any(node.label == label for node in drawing.graph.nodes):
            assert any(text.split(" = ")[0] == typeset(label) for text in texts)
    assert sum(isinstance(s, Rectangle) for s in drawing.scene.shapes) == len(drawing.graph.nodes)
    assert sum(isinstance(s, Arrow) for s in drawing.scene.shapes) == len(drawing.graph.edges)


def extents(scene):
    for shape in scene.shapes:
        if isinstance(shape, Text):
            half = extent(shape.text, shape.size, shape.bold).width / 2
            yield shape.x - half, shape.y - 0.8 * shape.size, shape.x + half, shape.y + 3


def overlapping(boxes):
    boxes = sorted(boxes)
    return [
        (a, b)
        for index, a in enumerate(boxes)
        for b in boxes[index + 1 :]
        if b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


def test_no_two_texts_overlap_and_none_leaves_its_box_or_the_frame(drawing):
    scene = drawing.scene
    texts = list(extents(scene))
    boxes = [(r.x, r.y, r.x + r.width, r.y + r.height)
             for r in scene.shapes if isinstance(r, Rectangle)]  # fmt: skip
    assert overlapping(texts) == []
    assert overlapping(boxes) == []
    for left, top, right, bottom in texts:
        assert any(a <= left and b <= top and right <= c and bottom <= d for a, b, c, d in boxes)
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= scene.width
        assert bottom <= scene.height


def test_overlap_is_noticed():
    assert overlapping([(0, 0, 2, 2), (1, 1, 3, 3), (5, 5, 6, 6)]) == [((0, 0, 2, 2), (1, 1, 3, 3))]


def test_the_gradient_before_backward_is_a_dash():
    drawing = draw(program(LECTURES[0].text).output)
    texts = [shape.text for shape in drawing.scene.shapes if isinstance(shape, Text)]
    assert texts.count("∂ –") == len(drawing.graph.nodes)
    assert "∂ –" in drawing.content(".dot").decode()


def test_the_drawing_stays_as_it_was_drawn():
    loss = program(LECTURES[0].text).output
    drawing = draw(loss)
    loss.backward()
    assert "∂ –" in drawing.content(".dot").decode()


# Hostile labels


@pytest.mark.parametrize("label", HOSTILE, ids=lambda label: ascii(label)[:20])
def test_a_hostile_label_is_text_in_every_format_and_warns_of_nothing(label):
    y = (Value(1, label) * 2).named(label)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        contents = {suffix: draw(y).content(suffix) for suffix in (".svg", ".dot")}
    svg = ElementTree.fromstring(contents[".svg"])
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))
    assert b"<script" not in contents[".svg"].replace(b"&lt;", b"")
    dot = contents[".dot"].decode()
    assert "<script" not in dot
    assert len(re.findall(r"^\t\d \[label=<", dot, re.MULTILINE)) == 3
    assert len(dot) < 2_000
    shown = next(s.text for s in draw(y).scene.shapes if isinstance(s, Text))
    assert all(c.isprintable() for c in shown)
    assert len(shown) <= 45


def test_plain_parts_of_a_label_are_kept_and_missing_glyphs_are_boxes():
    texts = [s.text for s in draw(Value(1, "go 🚀 漢 <b>&$x$")).scene.shapes if isinstance(s, Text)]
    assert texts[0] == "go □ □ <b>&$x$"
    assert printable("a\nb\x00c") == "a·b·c"
    assert printable("x" * 100) == "x" * 39 + "…"
    assert "🚀" in draw(Value(1, "go 🚀")).content(".dot").decode()


# Saving


def test_a_picture_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "p.svg"
    path.write_text("old")

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def write(self, _):
            raise OSError(28, "No space left on device")

    def full(handle, _):
        os.close(handle)
        return Full()

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(DrawingError, match=r"cannot write .*p\.svg: No space left") as caught:
        draw(lecture()).save(path)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["p.svg"]

    def no_rename(self, target):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", no_rename)
    with pytest.raises(DrawingError, match=r"cannot write .*p\.svg: Permission denied"):
        draw(lecture()).save(path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["p.svg"]
    draw(lecture()).save(path)
    assert path.read_bytes().startswith(b"<?xml")


def test_an_interrupt_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "p.dot"
    path.write_text("old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        draw(lecture()).save(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["p.dot"]


@pytest.mark.parametrize("place", ["missing/p.svg", "folder.svg", "file/p.svg", "x" * 300 + ".svg"])
def test_a_place_that_cannot_be_written_to_is_one_clear_line(tmp_path, place):
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(DrawingError, match="cannot write") as caught:
        draw(lecture()).save(tmp_path / place)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.svg"]


def test_of_several_files_none_is_written_where_one_cannot_be(tmp_path):
    with pytest.raises(DrawingError, match="missing"):
        files.write_all([(tmp_path / "a", b"1"), (tmp_path / "missing" / "b", b"2")])
    assert os.listdir(tmp_path) == []
    files.write_all([(tmp_path / "a", b"1"), (tmp_path / "b", b"2")])
    assert (tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes() == b"12"


def test_new_files_have_the_users_permissions_and_old_ones_keep_theirs(tmp_path):
    mask = os.umask(0o027)
    try:
        path = draw(lecture()).save(tmp_path / "p.dot")
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    assert draw(lecture()).save(path).stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize("name", ["p.jpg", "p", "p.svg.gz", ".svg", "p."])
def test_an_unknown_suffix_lists_the_known_ones(tmp_path, name):
    with pytest.raises(DrawingError, match=r"\.svg, \.pdf, \.png, \.dot; got"):
        draw(lecture()).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_suffixes_are_read_in_any_case(tmp_path):
    assert draw(lecture()).save(tmp_path / "P.SVG").read_bytes().startswith(b"<?xml")


def test_too_many_boxes_are_refused_in_one_line_but_not_in_dot():
    x = Value(1, "x")
    y = x
    for _ in range(MOST_BOXES):
        y = y + x
    with pytest.raises(DrawingError, match="2,000 boxes; this graph has 2,001") as caught:
        draw(y).content(".svg")
    assert "\n" not in str(caught.value)
    assert draw(y).content(".dot").decode().count("->") == 2 * MOST_BOXES


def test_draw_refuses_what_is_no_value_and_digits_out_of_range():
    with pytest.raises(TypeError, match="draw takes a Value; got float"):
        draw(1.0)
    for digits in (0, 18):
        with pytest.raises(DrawingError, match=f"1 to 17; got {digits}"):
            draw(Value(1), digits=digits)
    assert "0.3333333333" in draw(Value("1/3"), digits=10).content(".dot").decode()


# Notebooks


def test_a_notebook_is_given_svg_png_and_words():
    bundle = draw(lecture())._repr_mimebundle_()
    assert bundle.keys() == {"image/svg+xml", "image/png", "text/plain"}
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "w₂: value 0.8, gradient −0.24" in bundle["text/plain"].splitlines()
