import base64
import functools
import io
import operator
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from examples import mlp
from legible import nodes_of
from view.export.test_html import Parts

from scalargrad import (
    DrawingError,
    FileError,
    Value,
    draw,
    files,
    nudge,
    program,
    topological_order,
)
from scalargrad.lectures import LECTURES
from scalargrad.nn.layers import MLP
from scalargrad.view.drawing import STYLES
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.scene import LARGEST, MOST_BOXES, Text, measured, printable


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


@pytest.fixture(scope="module", params=[(n, s) for n in EXAMPLES for s in STYLES],
                ids=lambda param: "-".join(param))  # fmt: skip
def drawing(request):
    name, style = request.param
    return draw(EXAMPLES[name](), style=style)


def peer(name):
    """A program that some tests compare with; where it is required, its lack is a failure."""
    found = shutil.which(name)
    if not found:
        message = f"{name} is not installed"
        (pytest.fail if os.environ.get("SCALARGRAD_REQUIRE_PEERS") else pytest.skip)(message)
    return found


# Files


@pytest.mark.filterwarnings("ignore:no font of this machine:UserWarning")
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
    assert "\n\\documentclass[tikz]{standalone}\n" in saved[".tex"].decode()
    assert saved[".html"].decode().startswith("<!DOCTYPE html>")
    assert zipfile.is_zipfile(io.BytesIO(saved[".pptx"]))
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
        assert drawing.look.numbers.text(node.value) in texts
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".tex", ".html"])
def test_the_lecture_picture_is_the_golden_one(golden, suffix):
    golden(f"backprop{suffix}", draw(lecture(), wrt="w2").content(suffix))


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


def texts(drawing):
    return [shape.text for shape in drawing.scene.shapes if isinstance(shape, Text)]


def test_all_numbers_of_the_graph_stand_in_the_picture(drawing):
    shown = "\n".join(texts(drawing))
    cut = sum(map(int, re.findall(r"(\d+) more", shown)))  # units left out of a long column
    numbers = drawing.look.numbers
    missing = [
        node for node in drawing.graph.nodes
        if not node.is_constant
        and not (drawing.style is STYLES["circuit"] and node.symbol == "+" and not node.label)
        and (
            numbers.text(node.value) not in shown
            or (node.gradient is not None and numbers.text(node.gradient) not in shown)
        )
    ]  # fmt: skip
    assert missing == [] or len(drawing.graph.nodes) > cut >= len(missing)


def test_all_names_of_the_lecture_stand_in_the_picture():
    for style in STYLES:
        shown = " ".join(texts(draw(lecture(), style=style)))
        for name in ("x", "y", "w₁", "w₂", "w₃", "w₄", "h₁", "h₂", "ŷ", "ℓ"):
            assert name in shown


@pytest.mark.parametrize("style", STYLES)
def test_before_backward_the_places_of_gradients_are_empty(style):
    drawing = draw(program(LECTURES[0].text).output, style=style)
    theme = drawing.look.theme
    assert theme.gradient not in {getattr(s, "colour", "") for s in drawing.scene.shapes}
    assert not any("–" in text for text in texts(drawing))
    assert "∂" not in drawing.content(".dot").decode()


def test_the_drawing_stays_as_it_was_drawn():
    loss = program(LECTURES[0].text).output
    drawing = draw(loss)
    loss.backward()
    assert "∂" not in drawing.content(".dot").decode()
    assert "−0.24" not in texts(drawing)


# What is asked for


def test_weights_and_named_neurons_are_drawn_as_a_network_and_all_else_as_a_circuit():
    assert draw(lecture()).style is STYLES["network"]
    assert draw(micrograd_example()).style is STYLES["circuit"]
    assert draw(Value(1)).style is STYLES["circuit"]


def test_the_paths_from_a_node_are_highlighted_with_the_chain_rule_beneath():
    for wrt in ("w2", "w₂", next(v for v in topological_order(lecture()) if v.label == "w2")):
        loss = lecture()
        asked = wrt if isinstance(wrt, str) else next(
            v for v in topological_order(loss) if v.label == "w2"
        )  # fmt: skip
        drawing = draw(loss, wrt=asked)
        assert len(drawing.look.path) == 3
        line = "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂ = (−1.2) × (0.1) × (2) = −0.24"
        assert line in texts(drawing)
    both = draw(lecture(), wrt=["w1", "w2"])
    assert len(both.look.beneath) == 2
    circuit = draw(lecture(), wrt="w2", style="circuit")
    assert len(circuit.look.path) == 6  # ×, ReLU, ×, +, −, ( )²
    assert circuit.look.beneath[0].text.endswith("= −0.24")


def test_of_several_paths_one_is_chosen_by_a_node_on_it():
    every = draw(lecture(), wrt="x")
    one = draw(lecture(), wrt="x", path="h1")
    assert one.look.path < every.look.path
    assert "along x → h₁" in one.look.beneath[0].text


def test_detail_chooses_what_is_drawn():
    named, every = (draw(lecture(), style="record", detail=d) for d in ("named", "all"))
    assert len(named.graph.nodes) == 10
    assert len(every.graph.nodes) == 15
    layers = draw(lecture(), detail="layers")
    assert len(nodes_of(layers.scene)) == 4


def test_fractions_and_digits_are_those_asked_for():
    assert "−6/25" in texts(draw(lecture()).numbers(fractions=True))
    assert "0.333333" not in texts(draw(Value("1/3", "x")))
    assert {"0.333333", "≈ to 6 digits"} <= set(texts(draw(Value("1/3", "x")).numbers(digits=6)))
    assert not any("≈" in text for text in texts(draw(Value("1/4", "x"))))


def test_a_dropped_node_is_found_by_name():
    drawing = draw(lecture()).dropped("h2")
    assert [drawing.graph.nodes[index].label for index in drawing.look.dropped] == ["h2"]
    with pytest.raises(DrawingError, match="no node is named 'q'"):
        drawing.dropped("q")


def test_a_decimal_comma_stands_in_every_number_and_in_no_place_of_its_own():
    with_points = draw(lecture(), wrt="w2")
    with_commas = with_points.numbers(decimal_comma=True)
    assert "−0,24" in texts(with_commas)
    assert not any(re.search(r"\d\.\d", text) for text in texts(with_commas))
    assert [text.replace(",", ".") for text in texts(with_commas)] == texts(with_points)
    maths = [s.math for s in with_commas.scene.shapes if isinstance(s, Text)]
    assert any(r"0{,}1" in math for math in maths)
    assert "0,24" in with_commas.scene.description
    assert with_commas.numbers(digits=2).look.decimal_comma


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "networks"}, "style is one of network, circuit, record; got 'networks'; did"),
        ({"theme": "pink"}, "theme is one of auto, light, dark, print, colour-blind; got 'pink'"),
        ({"detail": "some"}, "detail is one of named, all, layers, matrices; got 'some'"),
        ({"direction": "RL"}, "direction is one of LR, TB; got 'RL'"),
        ({"engine": "neato"}, "engine is one of own, dot; got 'neato'"),
        ({"wrt": "w9"}, "no node is named 'w9'; near it are w"),
        ({"wrt": "w2", "path": "h1"}, "no path from wrt to the output passes 'h1'"),
    ],
)
def test_what_there_is_not_is_one_clear_line(options, message):
    with pytest.raises(DrawingError) as caught:
        draw(lecture(), **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gradients_of_two_backward_passes_are_remarked_on():
    loss = lecture()
    assert draw(loss).look.note == ""
    loss.backward()
    remark = "gradients of leaves are sums over several backward passes"
    for style in STYLES:
        assert remark in texts(draw(loss, style=style))


def test_a_sum_over_many_paths_is_broken_into_lines():
    output = mlp(2, 3, 2, 1)
    output.backward()
    drawing = draw(output, wrt="x1")
    accent = drawing.look.theme.accent
    lines = [t for t in drawing.scene.shapes if isinstance(t, Text) and t.colour == accent]
    lines = [line for line in lines if not line.text.startswith("×(") and len(line.text) > 20]
    assert len(lines) > 1
    assert all(line.x + measured(line).width <= drawing.scene.width for line in lines)
    assert all(line.math.count("{") == line.math.count("}") for line in lines)
    assert " ".join(line.text for line in lines) == drawing.look.beneath[0].text


def test_a_network_is_drawn_straight_from_its_module_and_one_example():
    drawing = draw(MLP(2, [3, 1]), ["0.5", -2])
    shown = texts(drawing)
    assert {"inputs", "hidden (tanh)", "output", "x₁", "h₃⁽¹⁾", "ŷ"} <= set(shown)
    assert len(nodes_of(drawing.scene)) == 2 + 3 + 1
    several = draw(MLP(2, [3, 2]), [1, 2])
    assert {"outputs", "ŷ₁", "ŷ₂"} <= set(texts(several))
    assert len(nodes_of(several.scene)) == 2 + 3 + 2


def test_wrong_types_are_named():
    for options in ({"wrt": 3}, {"wrt": [None]}):
        with pytest.raises(TypeError, match="takes nodes or their names; got"):
            draw(lecture(), **options)
    assert draw(lecture(), wrt=None).look.path == frozenset()
    with pytest.raises(DrawingError, match="give wrt= too"):
        draw(lecture(), path="h1")
    with pytest.raises(DrawingError, match="a network shows named nodes"):
        draw(lecture(), style="network", detail="all")
    assert draw(lecture(), detail="all").style is STYLES["circuit"]


# Frames


def test_frames_are_saved_in_every_format(tmp_path):
    frames = draw(lecture()).frames()
    for suffix in FRAME_SUFFIXES:
        assert frames.save(tmp_path / f"f{suffix}").stat().st_size > 1000
    with pytest.raises(DrawingError, match=r"frames are saved by suffix as \.html, .*got '.dot'"):
        frames.save(tmp_path / "f.dot")
    assert sorted(os.listdir(tmp_path)) == sorted(f"f{suffix}" for suffix in FRAME_SUFFIXES)
    assert "<iframe " in frames._repr_html_()
    assert repr(frames).startswith(f"<{len(frames)} frames")


@pytest.mark.parametrize("style", STYLES)
def test_frames_have_one_canvas_and_end_with_everything_known(style):
    drawing = draw(lecture(), style=style)
    frames = drawing.frames()
    assert len({(scene.width, scene.height) for scene in frames.scenes}) == 1
    last = [shape.text for shape in frames.scenes[-1].shapes if isinstance(shape, Text)]
    assert set(texts(drawing)) <= set(last)


def test_a_nudge_shows_the_loss_before_and_after():
    loss = lecture()
    w2 = next(value for value in topological_order(loss) if value.label == "w2")
    before, after = nudge(loss, w2, "0.1").scenes
    assert nudge(loss, "w₂", "0.1").scenes == (before, after)
    shown = [[s.text for s in scene.shapes if isinstance(s, Text)] for scene in (before, after)]
    assert "0.36" in shown[0]
    assert any("0.3364" in text for text in shown[1])
    assert (before.width, before.height) == (after.width, after.height)
    assert (loss.data, w2.data) == (Fraction(9, 25), Fraction(4, 5))


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
    html = draw(y).content(".html").decode()
    assert "<script" not in html.lower()
    tex = draw(Value(1, "\\input{/etc/passwd}")).content(".tex").decode()
    assert not any("\\input" in line for line in tex.splitlines() if not line.startswith("%"))
    assert len(dot) < 2_000
    shown = next(s.text for s in draw(y).scene.shapes if isinstance(s, Text))
    assert all(c.isprintable() for c in shown)
    assert len(shown) <= 45


def test_a_label_keeps_its_characters_whatever_fonts_there_are():
    assert "go 🚀 漢 <b>&$x$" in texts(draw(Value(1, "go 🚀 漢 <b>&$x$")))
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
    with pytest.raises(FileError, match=r"cannot write .*p\.svg: No space left") as caught:
        draw(lecture()).save(path)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["p.svg"]

    def no_rename(self, target):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", no_rename)
    with pytest.raises(FileError, match=r"cannot write .*p\.svg: Permission denied"):
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


def test_a_link_is_written_through_and_a_read_only_file_is_kept(tmp_path):
    real, link, kept = (tmp_path / name for name in ("real.svg", "link.svg", "kept.svg"))
    real.write_text("old")
    link.symlink_to(real)
    draw(lecture()).save(link)
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"<?xml")
    kept.write_text("old")
    kept.chmod(0o444)
    with pytest.raises(FileError, match=r"cannot write .*kept\.svg: it is read-only"):
        draw(lecture()).save(kept)
    assert kept.read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_clear_line(tmp_path):
    link = tmp_path / "full.svg"
    link.symlink_to("/dev/full")
    with pytest.raises(FileError, match=r"cannot write .*full\.svg: No space left"):
        draw(lecture()).save(link)


@pytest.mark.parametrize("place", ["missing/p.svg", "folder.svg", "file/p.svg", "x" * 300 + ".svg"])
def test_a_place_that_cannot_be_written_to_is_one_clear_line(tmp_path, place):
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot write") as caught:
        draw(lecture()).save(tmp_path / place)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.svg"]


def test_of_several_files_none_is_written_where_one_cannot_be(tmp_path):
    with pytest.raises(FileError, match="missing"):
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
    with pytest.raises(DrawingError, match=r"\.svg, \.pdf, \.png, .*; got"):
        draw(lecture()).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_suffixes_are_read_in_any_case(tmp_path):
    assert draw(lecture()).save(tmp_path / "P.SVG").read_bytes().startswith(b"<?xml")


def test_a_graph_too_large_for_a_picture_is_drawn_by_its_named_nodes_and_says_so():
    x = Value(1, "x")
    y = x
    for _ in range(MOST_BOXES):
        y = y + x
    drawing = draw(y)
    assert len(drawing.graph.nodes) == 2
    assert f"2 named nodes of {MOST_BOXES + 1:,}" in texts(drawing)
    assert len(draw(y, detail="all").graph.nodes) == MOST_BOXES + 1
    for _ in range(LARGEST - MOST_BOXES):
        y = y + x
    every = draw(y, detail="all")
    with pytest.raises(DrawingError, match="10,000 boxes; this graph has 10,001") as caught:
        every.content(".svg")
    assert "\n" not in str(caught.value)
    assert every.content(".dot").decode().count("->") == 2 * LARGEST


def test_a_network_of_too_many_units_is_refused_before_it_is_laid_out():
    unit = Value(1, "x")
    for index in range(MOST_BOXES):
        unit = (unit * 2 + 1).named(f"h{index}")
    for options in ({}, {"style": "network"}, {"wrt": "x"}):
        with pytest.raises(DrawingError, match="2,000 boxes; this network takes 2,001: name only"):
            draw(unit, **options)
    assert draw(MLP(3000, [2]), [1.0] * 3000).scene.shapes  # of which some units are left out


def test_ten_thousand_nodes_and_a_leaf_of_a_thousand_uses_end_soon():
    chain = Value(1.0)
    for index in range(10_000):
        chain = chain + 1
        if index % 50 == 0:
            chain.named(f"h{index}")
    start = time.process_time()
    draw(chain).content(".svg")
    x = Value(2, "x")
    draw(x.total(*(x * k for k in range(1, 600)))).content(".svg")
    assert time.process_time() - start < 40
    with pytest.raises(DrawingError, match=r"[01] of them named"):
        draw(functools.reduce(operator.add, [Value(1.0)] * 5000))


def test_draw_refuses_what_is_no_value_and_digits_out_of_range():
    with pytest.raises(TypeError, match="draw takes a Value, Values or a network; got float"):
        draw(1.0)
    for digits in (0, 18):
        with pytest.raises(DrawingError, match=f"1 to 17; got {digits}"):
            draw(Value(1)).numbers(digits=digits)
    assert "0.3333333333" in draw(Value("1/3")).numbers(digits=10).content(".dot").decode()


# Notebooks


def test_a_notebook_is_given_an_image_and_words():
    drawing = draw(lecture())
    bundle, metadata = drawing._repr_mimebundle_()
    assert list(bundle) == ["text/html", "application/pdf", "text/plain", "image/png"]
    assert metadata["image/png"]["alt"] == bundle["text/plain"]
    assert bundle["application/pdf"].startswith(b"%PDF")
    (_, _), (tag, image) = Parts(bundle["text/html"]).elements
    assert (tag, image["alt"]) == ("img", repr(drawing))
    assert "max-width:100%" in image["style"]
    shown = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,"))
    assert ElementTree.fromstring(shown).get("viewBox") == "0 0 886 403"
    assert sum(map(len, bundle.values())) < 120_000
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "w₂: value 0.8, gradient −0.24" in bundle["text/plain"].splitlines()


def test_lanes_are_drawn_after_the_backward_pass_too():
    x, lanes = Value("2", "x"), Value(np.array([1.0, 2.0]), "v")
    y = (x * lanes).named("y")
    y.backward()
    assert "v: value [1, 2], gradient [2, 2]" in repr(draw(y))
    assert len(draw(y).frames()) == 5


def test_a_program_in_place_of_its_output_is_one_clear_line():
    with pytest.raises(TypeError, match=r"draw takes .*; got Program: draw its \.output"):
        draw(program("x = 2; y = x^2"))
