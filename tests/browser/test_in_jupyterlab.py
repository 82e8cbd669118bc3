"""Notebooks in JupyterLab and as exported pages, looked at in Chromium."""

import base64
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from peers import peer
from PIL import Image

from browser.lab import Browser, Keys, until

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
OUTPUT = ".jp-OutputArea-output"
FIELD = ".scalargrad-stepper input[type=text]"
HOSTILE = "</script><img src=x onerror=document.title='hit'>"

CELLS = (
    "from scalargrad import Value, derive, draw, nudge, program, step, table\n"
    "from scalargrad.lectures import LECTURES\n"
    "loss = program(LECTURES[0].text).output\n"
    "loss.backward()",
    "step(loss, wrt='w2')",
    "draw(loss, wrt='w2')",
    "draw(loss, theme='dark', style='circuit').frames()",
    "derive(loss, 'w2')",
    "loss",
    f"step((Value(2, \"{HOSTILE}\") * Value('0.5', 'w')).named(\"{HOSTILE}'\\\"\"))",
)
STEPPER, DRAWING, FRAMES, DERIVATION, VALUE, STRANGE = range(len(CELLS) - 1)


def notebook(path, cells=CELLS):
    nbformat = peer("nbformat")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    nbformat.write(made, path)
    return path


def errors(path):
    """What went wrong in a notebook that was saved."""
    return [
        f"{output.ename}: {output.evalue}"
        for cell in peer("nbformat").read(path, 4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


def outputs(path):
    """The data of the outputs that are shown, by what can show it."""
    return [
        output.data
        for cell in peer("nbformat").read(path, 4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]


def is_painted(element, colours=8):
    """Whether a picture of an element has more than a background in it."""
    image = Image.open(BytesIO(base64.b64decode(element.screenshot_as_base64))).convert("RGB")
    found = image.getcolors(1 << 24)
    return image.width > 40 and image.height > 10 and len(found) >= colours


# Every notebook, through the menu "Run All Cells"


def sources():
    return {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))} | {"own": None}


@pytest.mark.parametrize("name", sources())
def test_a_notebook_runs_without_an_error(name, lab, browser):
    source = sources()[name]
    path = lab.root / f"{name}.ipynb"
    if source:
        for beside in NOTEBOOKS.iterdir():  # what a notebook may read
            if beside.is_file() and beside.suffix not in (".ipynb", ".py"):
                shutil.copy(beside, lab.root)
        made = peer("nbformat").read(source, 4)
        for cell in made.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        peer("nbformat").write(made, path)
    else:
        notebook(path)
    browser.open_notebook(lab, path.name)
    browser.run_all()
    browser.save()
    assert errors(path) == []
    assert len(outputs(path)) > 0
    assert browser.complaints() == []
    browser.screenshot(f"notebook-{name}", whole=True)


def test_an_error_in_a_notebook_is_caught(lab, browser):
    path = notebook(lab.root / "wrong.ipynb", ["1 / 0", "2"])
    browser.open_notebook(lab, path.name)
    browser.run_all()
    browser.save()
    assert errors(path) == ["ZeroDivisionError: division by zero"]


# The stepper


@pytest.fixture(scope="module")
def stepping(lab, browser):
    """The test's own notebook, run, with the first stepper in sight."""
    path = notebook(lab.root / "stepper.ipynb")
    browser.open_notebook(lab, path.name)
    browser.run_all()
    browser.one(".scalargrad-stepper .caption")
    return browser


def caption(browser):
    return browser.said(".scalargrad-stepper .caption")[0]  # the picture shows it


def step(browser):
    return int(caption(browser).split()[1])


def edit(browser, index, text, *, submit=Keys.ENTER):
    field = browser.all(FIELD)[index]
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.NULL, text, submit)


def test_the_stepper_is_stepped_by_keys_buttons_and_slider(stepping):
    forward, back = (stepping.one(f".scalargrad-stepper .{name}") for name in ("forward", "back"))
    slider = stepping.one(".scalargrad-stepper input[type=range]")
    assert step(stepping) == 1
    assert caption(stepping).startswith("Step 1 of 9: x = 2, y = 1, w₁ = 0.3, w₂ = 0.8")
    stepping.screenshot("stepper-first")
    seen = []
    for act in (
        forward.click, forward.click, back.click, back.click, back.click,
        lambda: back.send_keys(Keys.ARROW_RIGHT), lambda: back.send_keys(Keys.END),
        lambda: forward.send_keys(Keys.ARROW_RIGHT), lambda: forward.send_keys(Keys.ARROW_LEFT),
        lambda: slider.send_keys(Keys.HOME), lambda: slider.send_keys(Keys.ARROW_RIGHT),
    ):  # fmt: skip
        act()
        seen.append(step(stepping))
    assert seen == [2, 3, 2, 1, 1, 2, 9, 9, 8, 1, 2]
    assert caption(stepping) == "Step 2 of 9: h₁ = ReLU(w₁ x) = ReLU(0.3 × 2) = 0.6"
    shown = [e for e in stepping.all(".scalargrad-stepper figure") if e.is_displayed()]
    assert len(shown) == 2  # one of each stepper
    slider.send_keys(Keys.END)
    assert caption(stepping).endswith("∂ℓ/∂h₂ × ∂h₂/∂w₂ = (−0.12) × (2) = −0.24")


def test_an_input_is_edited_and_the_new_gradient_is_on_the_page(stepping):
    stepping.one(".scalargrad-stepper .back").send_keys(Keys.END)
    edit(stepping, 3, "0.9")
    until(lambda: caption(stepping).endswith("= −0.232"), "the new gradient")
    assert step(stepping) == 9
    assert "w₂: value 0.9, gradient −0.232" in stepping.said(".shown .words")[0]
    stepping.screenshot("stepper-edited")


def test_a_wrong_text_is_explained_beside_its_field_and_nothing_else_changes(stepping):
    before = caption(stepping)
    cells = len(stepping.all(".jp-Cell"))
    edit(stepping, 3, "abba", submit=Keys.TAB)  # a, b and dd are commands of JupyterLab's
    until(lambda: stepping.texts(".scalargrad-stepper .error")[3], "a message")
    assert stepping.texts(".scalargrad-stepper .error")[3].endswith("got 'abba'")
    field = stepping.all(FIELD)[3]
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("value") == "abba"
    described = field.get_attribute("aria-describedby")
    assert stepping.one(f"#{described}").text.endswith("got 'abba'")
    assert caption(stepping) == before
    assert len(stepping.all(".jp-Cell")) == cells
    stepping.screenshot("stepper-refused")
    stepping.one(".scalargrad-stepper .reset").click()
    until(lambda: caption(stepping).endswith("= −0.24"), "the first gradient again")
    assert [e.get_attribute("value") for e in stepping.all(FIELD)[:6]] == [
        "2", "1", "0.3", "0.8", "0.4", "0.1",
    ]  # fmt: skip
    assert stepping.texts(".scalargrad-stepper .error")[3] == ""


def test_the_focus_goes_through_controls_and_inputs_which_are_labelled(stepping):
    stepping.one(".scalargrad-stepper .back").send_keys(Keys.HOME)
    names = []
    for _ in range(12):
        focused = stepping.driver.switch_to.active_element
        names.append(focused.accessible_name)
        focused.send_keys(Keys.TAB)
    assert names == [
        "‹ Back", "Play", "Next ›", "Step", "Full", "x =", "y =", "w₁ =", "w₂ =", "w₃ =", "w₄ =",
        "Reset inputs",
    ]  # fmt: skip
    images = stepping.all(".scalargrad-stepper figure.shown svg")
    assert images[0].accessible_name.startswith("Step 1 of 9: x = 2")
    assert images[0].aria_role in ("img", "image")
    status = stepping.one(".scalargrad-stepper .caption")
    assert status.get_attribute("aria-live") == "polite"


def places(stepping):
    """Left, top, right and bottom in the window: of the picture, the controls and a field."""
    return stepping.driver.execute_script(
        "const stepper = document.querySelector('.scalargrad-stepper');"
        "stepper.scrollIntoView({block: 'center'});"
        "const found = ['figure.shown svg', '.controls', '.field:nth-child(4) input']"
        ".map(name => stepper.querySelector(name).getBoundingClientRect());"
        "return found.map(({left, top, right, bottom}) => [left, top, right, bottom]);"
    )


def test_picture_controls_and_field_are_seen_together(stepping):
    stepping.driver.set_window_size(1280, 800)
    width, height = stepping.driver.execute_script("return [innerWidth, innerHeight]")
    picture, controls, field = places(stepping)
    for left, top, right, bottom in (picture, controls, field):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    assert field[0] > picture[2], "the inputs stand beside the picture"
    assert picture[2] - picture[0] > 560
    stepping.keep("stepper-1280-800")
    set_width = "document.querySelector('.scalargrad-stepper').style.width = arguments[0]"
    stepping.driver.execute_script(set_width, "500px")
    picture, controls, field = places(stepping)
    assert field[1] > controls[3] > picture[3], "one stands below the other"
    assert picture[2] - picture[0] > 480
    assert controls[2] - controls[0] < 501
    stepping.keep("stepper-500")
    stepping.driver.execute_script(set_width, "")
    stepping.driver.set_window_size(*stepping.size)


def test_a_decimal_comma_is_read_as_in_an_answer(stepping):
    edit(stepping, 3, "0,9")
    until(lambda: "w₂ = 0.9" in caption(stepping), "the first step with 0.9")
    stepping.one(".scalargrad-stepper .reset").click()
    until(lambda: "w₂ = 0.8" in caption(stepping), "the first inputs again")


def test_nothing_moves_by_itself(stepping):
    ours = (
        "return document.getAnimations()"
        ".filter(a => a.effect.target.closest('.scalargrad-stepper')).length"
    )
    assert stepping.driver.execute_script(ours) == 0
    assert step(stepping) == 1
    play = stepping.one(".scalargrad-stepper .play")
    play.click()
    until(lambda: step(stepping) == 3, "two steps on")
    play.click()
    assert play.text == "Play"


def test_a_hostile_name_is_a_text(stepping):
    label = stepping.texts(".scalargrad-stepper label")[6]
    assert label == "</script><img src=x onerror=document.ti… ="
    assert "hit" not in stepping.driver.title
    assert stepping.all(".scalargrad-stepper img") == []
    edit(stepping, 6, HOSTILE)
    until(lambda: stepping.texts(".scalargrad-stepper .error")[6], "a message")
    assert HOSTILE[:30] in stepping.texts(".scalargrad-stepper .error")[6]
    assert stepping.all(".scalargrad-stepper img") == []
    assert "hit" not in stepping.driver.title


def test_a_second_view_of_a_stepper_and_a_kernel_that_has_gone(lab, browser):
    path = notebook(lab.root / "gone.ipynb", [CELLS[0], "a = step(loss)\na", "a"])
    lab.set("apputils-extension/themes", {"theme": "JupyterLab Dark"})
    browser.open_notebook(lab, path.name)
    browser.run_all()
    until(lambda: len(browser.all(FIELD)) == 12, "two views")
    edit(browser, 3, "0.9")
    both = lambda: [e.get_attribute("value") for e in browser.all(FIELD)[3::6]]  # noqa: E731
    until(lambda: both() == ["0.9", "0.9"], "both views are changed")
    browser.screenshot("stepper-dark")
    fills = browser.driver.execute_script(
        "const stepper = document.querySelector('.scalargrad-stepper');"
        "return ['rect', '[fill=\"#1e293b\"]', 'path[fill=\"#ffffff\"]']"
        ".map(name => getComputedStyle(stepper.querySelector(name)).fill);"
    )
    assert fills == ["none", "rgb(229, 231, 235)", "rgb(17, 24, 39)"]
    lab.set("apputils-extension/themes", {"theme": "JupyterLab Light"})
    browser.choose("Kernel", "kernelmenu:shutdown")
    until(lambda: "No Kernel" in " ".join(browser.texts(".jp-Toolbar-kernelName")), "no kernel")
    edit(browser, 3, "0.7")
    until(lambda: browser.texts(".scalargrad-stepper .notice")[0], "a notice", seconds=30)
    assert "No answer from the kernel" in browser.texts(".scalargrad-stepper .notice")[0]


# What is there without a kernel


@pytest.fixture(scope="module")
def executed(lab, tmp_path_factory):
    """The test's own notebook, run as a whole without anybody there: as our notebooks are."""
    path = notebook(tmp_path_factory.mktemp("executed") / "executed.ipynb")
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", path],
        check=True, env=lab.environment, capture_output=True, timeout=300,
    )  # fmt: skip
    return path


def test_a_notebook_that_was_run_as_a_whole_holds_no_widget(executed):
    found = outputs(executed)
    assert [set(data) >= {"text/html", "text/plain"} for data in found][:1] == [True]
    assert not any("widget" in kind for data in found for kind in data)
    assert "widgets" not in peer("nbformat").read(executed, 4).metadata


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("trust", ["trusted", "untrusted"])
def test_outputs_are_visible_with_and_without_trust(trust, theme, lab, browser, executed):
    lab.set("apputils-extension/themes", {"theme": f"JupyterLab {theme}"})
    name = f"{trust}-{theme}.ipynb".lower()
    nbformat = peer("nbformat")
    made = nbformat.read(executed, 4)
    made.metadata["seen"] = name  # a signature is of the content: each has one of its own
    nbformat.write(made, lab.root / name)
    if trust == "trusted":
        lab.trust(name)
    browser.open_notebook(lab, name)
    until(lambda: len(browser.all(OUTPUT)) == len(CELLS) - 1, "all outputs")
    is_light = browser.one("body").get_attribute("data-jp-theme-light") == "true"
    assert is_light == (theme == "Light")
    found = browser.all(OUTPUT)
    for place in (STEPPER, FRAMES, STRANGE):
        inside = "iframe" if trust == "trusted" else "img"
        assert found[place].find_elements("css selector", inside)[0].is_displayed()
    if trust == "untrusted":
        assert found[STEPPER].find_elements("css selector", "iframe, script") == []
        assert "Step 1 of 9: x = 2" in found[STEPPER].text
        assert "Step 9 of 9: ∂ℓ/∂w₂" in found[STEPPER].text
    image = found[DRAWING].find_element("css selector", "img")
    assert image.accessible_name.startswith("x: value 2")
    for output in found:
        browser.show(output)
        until(lambda output=output: is_painted(output), f"{output.text[:60]!r} is painted", 20)
    browser.screenshot(f"{trust}-{theme}".lower(), whole=True)
    lab.set("apputils-extension/themes", {"theme": "JupyterLab Light"})


@pytest.fixture(scope="module")
def exported(executed):
    """The notebook as a page."""
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", executed],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return executed.with_suffix(".html")


def test_an_exported_page_is_stepped_without_a_server(exported, browser):
    browser.complaints()  # what was said of earlier pages
    browser.driver.get(exported.as_uri())
    frame = browser.one("iframe")
    browser.show(frame)
    browser.screenshot("exported", whole=True)
    browser.driver.switch_to.frame(frame)
    assert browser.said(".caption")[0].startswith("Step 1 of 9")  # the picture shows it
    assert browser.texts(".count") == ["1 / 9"]
    browser.one(".forward").send_keys(Keys.END)
    assert browser.said(".caption")[0].endswith("(−0.12) × (2) = −0.24")
    assert browser.texts(".count") == ["9 / 9"]
    assert [e.is_displayed() for e in browser.all("figure")] == [False] * 8 + [True]
    browser.driver.switch_to.default_content()
    assert browser.complaints() == []


def test_an_exported_page_shows_its_frames_without_javascript(exported, tmp_path):
    still = Browser(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        still.driver.get(exported.as_uri())
        still.screenshot("exported-without-javascript")
        frame = still.one("iframe")
        assert is_painted(frame)
        still.driver.switch_to.frame(frame)
        assert [e.is_displayed() for e in still.all("figure")] == [True] * 9
        assert still.texts(".controls") == [""]
        assert "= −0.24" in still.all("figcaption")[-1].text
    finally:
        still.close()


def test_a_notebook_that_was_run_by_hand_is_exported_with_its_frames(lab, stepping, tmp_path):
    stepping.open_notebook(lab, "own.ipynb")
    saved = outputs(lab.root / "own.ipynb")
    assert "application/vnd.jupyter.widget-view+json" in saved[STEPPER]
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", tmp_path,
         lab.root / "own.ipynb"], capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    stepping.driver.get((tmp_path / "own.html").as_uri())
    stepping.driver.switch_to.frame(stepping.one("iframe"))
    assert stepping.said(".caption")[0].startswith("Step 1 of 9")
    stepping.driver.switch_to.default_content()
