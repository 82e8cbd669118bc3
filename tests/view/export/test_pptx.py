import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from examples import EXAMPLES
from legible import LECTURE, PROGRAMS, drawn, links_of, way

from scalargrad.view.export.formulas import omml, read
from scalargrad.view.export.outlines import legal
from scalargrad.view.export.pptx import slides
from scalargrad.view.glyphs import plain
from scalargrad.view.scene import Circle, Rectangle, Scene, Text, Theme

if os.environ.get("SCALARGRAD_REQUIRE_PEERS"):
    import pptx
else:
    pptx = pytest.importorskip("pptx")

EMU = 12_700
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def opened(content):
    return pptx.Presentation(io.BytesIO(content))


@pytest.fixture(scope="module")
def lecture():
    return drawn(LECTURE, {"wrt": "w2"}).titled("Backpropagation")


@pytest.fixture(scope="module")
def page(lecture):
    return opened(lecture.content(".pptx")).slides[0]


def named(page):
    return {shape.name.removeprefix("!!"): shape for shape in page.shapes}


def source(page):
    return page._element.xml


def units(scene):
    return [s for s in scene.shapes if isinstance(s, Circle | Rectangle) and s.key]


@pytest.mark.parametrize("name", ["lecture", "attention", "chain of thirty", "3-4-2", "long names"])
def test_a_unit_is_one_shape_with_its_lines_as_its_own_text(name):
    _, text, options, _ = PROGRAMS[name]
    drawing = drawn(text, options)
    page = opened(drawing.content(".pptx")).slides[0]
    boxes = [s for s in page.shapes if s.shape_type != pptx.enum.shapes.MSO_SHAPE_TYPE.LINE]
    inside = {}
    for unit in units(drawing.scene):
        mine = [shape for shape in boxes if shape.name == unit.key]
        assert len(mine) == 1
        texts = [t for t in drawing.scene.shapes if isinstance(t, Text) and t.key == unit.key]
        lines = mine[0].text_frame.paragraphs
        assert len(lines) == len({t.y for t in texts})
        inside[unit.key] = mine[0].text_frame.text
    assert all(text.strip() for text in inside.values())


def test_a_unit_stands_where_it_is_in_the_picture(lecture, page):
    for unit in units(lecture.scene):
        shape = named(page)[unit.key]
        middle = (shape.left + shape.width / 2) / EMU, (shape.top + shape.height / 2) / EMU
        assert middle[0] == pytest.approx(37 + unit.x, abs=0.01)
        assert middle[1] == pytest.approx(100 + unit.y - lecture.scene.head, abs=0.01)


RENDERED = ["lecture", "attention", "lstm", "long names", "convolution", "residual chain"]
# The outline: a bounding box holds the text too, which may be wider in the fonts of a machine.
_OUTLINE = re.compile(
    r'<g class="com.sun.star.drawing.CustomShape">.*?<rect class="BoundingBox".*?<path [^>]*? '
    r'd="([^"]*)"', re.DOTALL
)  # fmt: skip


def box_of(outline):
    """Left, top, right and bottom of a path in hundredths of a millimetre, in points."""
    numbers = [int(number) * 72 / 2540 for number in re.findall(r"-?\d+", outline)]
    across, down = numbers[::2], numbers[1::2]
    return min(across), min(down), max(across), max(down)


OFFICE = shutil.which("soffice")

if OFFICE:

    @pytest.fixture(scope="module")
    def rendered(tmp_path_factory):
        """What LibreOffice makes of pictures: the box of each shape."""
        folder = tmp_path_factory.mktemp("office")
        drawings = {name: drawn(PROGRAMS[name][1], PROGRAMS[name][2]) for name in RENDERED}
        files = [drawing.save(folder / f"{name}.pptx") for name, drawing in drawings.items()]
        subprocess.run(
            [OFFICE, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
             "--convert-to", "svg", "--outdir", folder, *files],
            check=True, capture_output=True, timeout=200,
        )  # fmt: skip
        found = {name: (folder / f"{name}.svg").read_text(encoding="utf-8") for name in drawings}
        return {
            name: (
                drawing,
                list(map(box_of, _OUTLINE.findall(found[name]))),
                [box_of(path) for path in re.findall(r'<path [^>]*?d="([^"]*)"', found[name])],
            )
            for name, drawing in drawings.items()
        }

    @pytest.mark.parametrize("name", ["attention", "lstm", "residual chain"])
    def test_in_libreoffice_a_detour_goes_the_way_that_it_has_in_the_picture(name, rendered):
        drawing, _, paths = rendered[name]
        detours = [link for link in links_of(drawing.scene) if len(link.points) > 2]
        assert detours
        for link in detours:
            points = [(37 + x, 100 + y - drawing.scene.head) for x, y in way(link, 40)]
            across, down = zip(*points, strict=True)
            wanted = min(across), min(down), max(down)
            assert min(
                max(abs(a - b) for a, b in zip(wanted, (path[0], path[1], path[3]), strict=True))
                for path in paths
            ) <= 2  # fmt: skip

    @pytest.mark.parametrize("name", RENDERED)
    def test_in_libreoffice_every_unit_has_the_box_that_it_has_in_the_picture(name, rendered):
        drawing, boxes, _ = rendered[name]
        for unit in units(drawing.scene):
            x, y = 37 + unit.x, 100 + unit.y - drawing.scene.head
            if isinstance(unit, Circle):
                ours = x - unit.radius, y - unit.radius, x + unit.radius, y + unit.radius
            else:
                ours = x, y, x + unit.width, y + unit.height
            off = min(max(abs(a - b) for a, b in zip(ours, box, strict=True)) for box in boxes)
            assert off <= 2, unit.key


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_connector_hangs_on_to_both_of_its_units_where_it_ends(name):
    _, text, options, _ = PROGRAMS[name]
    drawing = drawn(text, options)
    page = opened(drawing.content(".pptx")).slides[0]
    by_number = {shape.shape_id: shape for shape in page.shapes}
    assert len(by_number) == len(list(page.shapes))
    every = page._element.iter(pptx.oxml.ns.qn("p:cxnSp"))  # also one that is a choice
    links = [link for link in (pptx.shapes.connector.Connector(e, None) for e in every)
             if link.name != "line"]  # fmt: skip
    assert len(links) == len(links_of(drawing.scene))
    for link in links:
        for tag, x, y in (("st", link.begin_x, link.begin_y), ("end", link.end_x, link.end_y)):
            (glue,) = link._element.xpath(f".//a:{tag}Cxn")
            unit = by_number[int(glue.get("id"))]
            at = site(unit, int(glue.get("idx")))
            if link._element.xpath(".//a:custGeom"):
                continue
            assert at[0] == pytest.approx(x, abs=EMU)
            assert at[1] == pytest.approx(y, abs=EMU)


def site(shape, index):
    """Where a site of a shape is on the slide."""
    made = shape._element.xpath(".//a:cxn/a:pos")
    if made:
        return shape.left + int(made[index].get("x")), shape.top + int(made[index].get("y"))
    step = 2 if shape._element.xpath(".//a:prstGeom")[0].get("prst") == "ellipse" else 1
    right, down = ((0, -1), (-1, 0), (0, 1), (1, 0))[index // step]
    return (
        shape.left + shape.width * (1 + right) / 2,
        shape.top + shape.height * (1 + down) / 2,
    )


def test_the_derivation_is_mathematics_of_office_and_no_picture(lecture, page):
    assert not [shape for shape in page.shapes if hasattr(shape, "image")]
    tree = ElementTree.fromstring(source(page))
    (formula,) = tree.iter(f"{MATH}oMath")
    fractions = [
        "/".join("".join(t.text for t in side.iter(f"{MATH}t")) for side in fraction)
        for fraction in formula.iter(f"{MATH}f")
    ]
    assert fractions == ["∂ℓ/∂w2", "∂ℓ/∂y", "∂y/∂h2", "∂h2/∂w2"]
    assert "−0.24" in "".join(t.text for t in formula.iter(f"{MATH}t"))
    with zipfile.ZipFile(io.BytesIO(lecture.content(".pptx"))) as package:
        assert not [name for name in package.namelist() if name.endswith((".png", ".jpg", ".emf"))]


def test_the_title_is_a_title_on_the_slide(page):
    assert page.shapes.title.text_frame.text == "Backpropagation"
    assert page.shapes.title.top >= 0
    assert page.shapes.title.top + page.shapes.title.height <= 100 * EMU
    untitled = opened(drawn(LECTURE, {"wrt": "w2"}).content(".pptx")).slides[0]
    assert untitled.shapes.title.text_frame.text == "∂ℓ/∂w₂"


def test_colours_and_fonts_are_those_of_the_theme(lecture):
    content = lecture.content(".pptx")
    page = opened(content).slides[0]
    assert "srgbClr" not in source(page)
    assert "latin" not in re.sub(r"Cambria Math", "", source(page)).replace(
        'a:latin typeface=""', ""
    )
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        theme = package.read("ppt/theme/theme1.xml").decode()
    assert lecture.look.theme.gradient[1:].upper() in theme
    own = lecture.themed(Theme.like("light", value="#00529b", font="Fira Sans"))
    with zipfile.ZipFile(io.BytesIO(own.content(".pptx"))) as package:
        theme = package.read("ppt/theme/theme1.xml").decode()
    assert "00529B" in theme
    assert "Fira Sans" in theme
    coloured = opened(lecture.colour("h2", "#7c3aed").content(".pptx")).slides[0]
    assert "7C3AED" in source(coloured)


def test_there_are_no_plates_and_a_label_covers_its_own_line_only(page):
    fills = [shape for shape in page.shapes if shape.name.startswith("label")]
    assert len(fills) == 5
    assert not [shape for shape in page.shapes if shape.name in ("mark", "line")]


def test_steps_have_names_that_morph_knows_and_notes_of_their_own():
    frames = drawn(LECTURE, {"wrt": "w2"}).frames()
    show = opened(frames.content(".pptx"))
    assert len(show.slides) == len(frames)
    assert show.slide_width * 9 == show.slide_height * 16
    names = [{shape.name for shape in page.shapes} for page in show.slides]
    assert all({"!!x", "!!h2", "!!loss", "!!x-h2"} <= found for found in names)
    for page, scene in zip(show.slides, frames.scenes, strict=True):
        assert page.notes_slide.notes_text_frame.text == scene.description
        assert "morph" in source(page)
    assert show.slides[2].shapes.title.text_frame.text == "Step 3 of 9"


def test_a_marked_gradient_is_underlined_and_an_index_lowered(page):
    runs = [run for p in named(page)["h2"].text_frame.paragraphs for run in p.runs]
    assert [(run.text, bool(run.font.underline)) for run in runs] == [
        ("h", False), ("2", False), ("1.6", False), ("−0.12", True),
    ]  # fmt: skip
    assert [run.font.italic for run in runs][:2] == [True, None]
    assert runs[1]._r.xpath("a:rPr")[0].get("baseline") == "-25000"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_part_of_the_package_is_xml_and_is_referred_to(name):
    output = EXAMPLES[name]()
    output.backward()
    from scalargrad import draw

    content = draw(output).content(".pptx")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = set(package.namelist())
        for part in names:
            ElementTree.fromstring(package.read(part))
        types = package.read("[Content_Types].xml").decode()
        for part in names - {"[Content_Types].xml"}:
            assert f'"/{part}"' in types or part.endswith(".rels")
    assert opened(content).slides[0].shapes.title


@pytest.mark.parametrize(
    "label",
    ["\x00\x1b[31m", "\ud800", "<script>&amp;\"'", "line\nbreak\x0b", "😀 שלום", "\ufffe",
     "入力 🍎", "x" * 500, "{braces}"],
)  # fmt: skip
def test_any_label_is_text_and_nothing_else(label):
    shapes = (Text(150, 50, label, 12, "#000000"), Text(0, 90, label, 12, "#000000", math="x"))
    show = opened(slides([Scene(300, 200, shapes, "#ffffff", label, title=label)]))
    expected = " ".join(legal(label).split())
    texts = [s.text_frame.text for s in show.slides[0].shapes if s.name == "text"]
    assert texts == [expected, "x"]
    assert show.slides[0].shapes.title.text_frame.text == expected


def test_a_picture_that_is_too_large_is_made_smaller_and_stays_on_the_slide(lecture):
    for factor in (0.5, 1, 3):
        show = opened(replace(lecture, factor=factor).content(".pptx"))
        for shape in show.slides[0].shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height


def test_processes_with_other_hash_seeds_write_the_same_bytes():
    code = (
        "import hashlib, time; from legible import LECTURE, drawn;"
        "time.localtime = lambda *a: time.gmtime(1e9);"
        "print(hashlib.sha256(drawn(LECTURE, {'wrt': 'w2'}).content('.pptx')).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", written],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "tests"},
        ).stdout
        for seed, written in (("1", code), ("2", code.replace("1e9", "1.5e9")))
    }
    assert len(told) == 1
    assert len(told.pop()) == 65


def test_formulas_are_read_in_parts_and_written_for_office():
    part = read(r"\frac{\partial \ell}{\partial w_{12}} = \sqrt{x^2} \times \hat{y}_1' - 0.5")
    written = omml(part, "")
    tree = ElementTree.fromstring(f'<r xmlns:m="{MATH[1:-1]}">{written}</r>')
    assert "".join(tree.itertext()).startswith("∂ℓ∂w12=")
    assert "<m:t>0.5</m:t>" in written
    assert read(r"\unknown{x}") is None
    assert read("") is None
    digits = read("x^23")
    assert omml(digits, "").count("<m:sup>") == 1
    assert '<m:sup><m:r><m:rPr><m:sty m:val="p"/></m:rPr><m:t>2</m:t>' in omml(digits, "")


def test_a_name_is_no_wider_than_its_unit_in_the_font_of_a_reader():
    text = "temperature = 2; learning_rate = 0.3; humidity = sigmoid(temperature * learning_rate)"
    drawing = drawn(text, {"style": "circuit"})
    shapes = named(opened(drawing.content(".pptx")).slides[0])
    checked = 0
    for unit in units(drawing.scene):
        shape = shapes[unit.key]
        for line in shape.text_frame.paragraphs:
            wide = sum(plain(run.text).width * run.font.size.pt for run in line.runs)
            assert wide <= shape.width / EMU, line.text
            checked += "temperature" in line.text
    assert checked == 1
