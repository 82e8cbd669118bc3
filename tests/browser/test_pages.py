"""A page of frames as a lecturer shows it: on a stage, on paper, on a phone, in a deck."""

import base64
import json
import re
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from browser.lab import Keys, until
from scalargrad import draw, program
from scalargrad.lectures import LECTURES
from scalargrad.view.stepper.live import Live
from scalargrad.view.stepper.stepper import Editing
from scalargrad.view.stepper.stepper import step as stepper

DARK = {"prefers-color-scheme": "dark"}
STILL = {"prefers-reduced-motion": "reduce"}


@pytest.fixture(scope="module")
def frames():
    loss = program(LECTURES[0].text).output
    loss.backward()
    return draw(loss, wrt="w2").frames()


@pytest.fixture(scope="module")
def page(frames, tmp_path_factory):
    return frames.save(tmp_path_factory.mktemp("page") / "frames.html")


@pytest.fixture
def stage(page, browser):
    """The page in a window of the size of a projector, as it is opened."""
    browser.media({})
    browser.driver.set_window_size(1280, 720)
    browser.complaints()
    browser.driver.get(page.as_uri())
    browser.one("figure.shown")
    yield browser
    assert browser.complaints() == []
    browser.media({})
    browser.desk()
    browser.driver.set_window_size(*browser.size)


def step(browser):
    return int(browser.said(".count")[0].split(" / ")[0])


def shown(browser):
    """Width and height of the picture and of the window, and how far the page is too wide."""
    return browser.driver.execute_script(
        "const {width, height} = document.querySelector('figure.shown svg')"
        ".getBoundingClientRect(); return [width, height, innerWidth, innerHeight,"
        "document.documentElement.scrollWidth - innerWidth]"
    )


def colour(browser, selector, what):
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    return browser.driver.execute_script(script, selector, what)


def test_a_presenter_s_keys_and_clicks_step_through_the_frames(stage):
    seen = [step(stage)]
    for act in (
        *(lambda key=key: stage.press(key)
          for key in (Keys.PAGE_DOWN, Keys.ENTER, Keys.ARROW_RIGHT, Keys.PAGE_UP, Keys.ARROW_LEFT)),
        lambda: stage.one("figure.shown").click(), lambda: stage.press(Keys.END),
        lambda: stage.press(Keys.PAGE_DOWN), lambda: stage.press(Keys.HOME),
    ):  # fmt: skip
        act()
        seen.append(step(stage))
    assert seen == [1, 2, 3, 4, 3, 2, 3, 9, 9, 1]
    assert [e.is_displayed() for e in stage.all("figure")] == [True] + [False] * 8


def test_f_fills_the_screen_with_the_picture_and_gives_it_back(stage):
    width, height, wide, high, over = shown(stage)
    assert max(width / wide, height / high) >= 0.9
    assert over <= 0
    stage.press("f")
    filled = "return document.fullscreenElement !== null"
    until(lambda: stage.driver.execute_script(filled), "the screen is filled")
    until(lambda: not stage.one(".controls").is_displayed(), "no controls")
    width, height, wide, high, over = shown(stage)
    assert max(width / wide, height / high) >= 0.9
    assert over <= 0
    stage.press(Keys.PAGE_DOWN)
    assert step(stage) == 2
    stage.keep("stage-full")
    corner = Image.open(BytesIO(stage.driver.get_screenshot_as_png())).convert("RGB")
    assert corner.getpixel((4, 4)) == (255, 255, 255), "bars beside the picture"
    stage.press("f")
    until(lambda: not stage.driver.execute_script(filled), "a window again")


def test_every_step_is_printed_on_a_page_of_its_own(stage, frames):
    stage.media(DARK)
    printed = base64.b64decode(stage.driver.print_page())
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(frames) == 9
    stage.keep("stage.pdf", printed)


def test_on_a_phone_nothing_is_cut_off(stage):
    stage.phone(390, 844)
    width, _, wide, _, over = shown(stage)
    assert (wide, over) == (390, 0)
    assert width >= 0.9 * wide
    for control in stage.all(".controls button, .controls input"):
        box = control.rect
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert min(box["width"], box["height"]) >= 44
    stage.keep("stage-390")


def test_a_dark_page_shows_a_dark_picture_without_a_slab(stage):
    ink, paper = "rgb(229, 231, 235)", "rgb(17, 24, 39)"
    assert colour(stage, "figure.shown rect", "fill") == "rgb(255, 255, 255)"
    stage.media(DARK)
    assert colour(stage, "body", "backgroundColor") == paper
    assert colour(stage, "figure.shown rect", "fill") == "rgba(0, 0, 0, 0)"
    assert colour(stage, '.defs [fill="#1e293b"], figure [fill="#1e293b"]', "fill") == ink
    stage.press(Keys.END)
    stage.keep("stage-dark")
    assert light_blocks(stage) == 0
    stage.media({})
    assert light_blocks(stage) > 500


def light_blocks(browser):
    """How many blocks of 16 × 16 pixels of what is seen are as good as white."""
    seen = Image.open(BytesIO(browser.driver.get_screenshot_as_png())).convert("L")
    pixels = np.asarray(seen)[: seen.height // 16 * 16, : seen.width // 16 * 16]
    blocks = pixels.reshape(seen.height // 16, 16, seen.width // 16, 16)
    return int((blocks.min(axis=(1, 3)) > 230).sum())


STEPPER = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>{css}</style></head>
<body data-jp-theme-light="{is_light}" style="background: {paper}; color: {ink}; margin: 0;
  --jp-ui-font-color1: {ink}; --jp-layout-color2: {face}; --jp-border-color0: {face}">
<div id="here"></div><script type="module">{code}
const state = {state};
const model = {{ get: (name) => state[name], on() {{}}, off() {{}}, send() {{}} }};
render({{ model, el: document.getElementById("here") }});
</script></body></html>"""


@pytest.mark.parametrize("is_light", [False, True])
def test_the_stepper_of_a_dark_notebook_has_no_white_slab(stage, is_light, tmp_path):
    state = Live(Editing(stepper(program(LECTURES[0].text).output)).reply).get_state()
    kept = {name: state[name] for name in ("figures", "controls", "fields", "milliseconds")}
    ink, paper, face = ("#111", "#fff", "#eee") if is_light else ("#eee", "#111", "#333")
    page = tmp_path / "stepper.html"
    page.write_text(STEPPER.format(
        css=Live._css, code=Live._esm, ink=ink, paper=paper, face=face,
        state=json.dumps({**kept, "answered": 0}).replace("<", "\\u003c"),
        is_light=str(is_light).lower(),
    ), "utf-8")  # fmt: skip
    stage.driver.get(page.as_uri())
    until(lambda: stage.all(".scalargrad-stepper figure.shown"), "the stepper")
    stage.one(".scalargrad-stepper .forward").click()
    stage.keep(f"stepper-{'light' if is_light else 'dark'}")
    assert (light_blocks(stage) > 500) == is_light


def test_a_picture_whose_theme_is_light_stays_so_on_a_dark_page(stage, tmp_path):
    loss = program(LECTURES[0].text).output
    light = draw(loss, theme="light").save(tmp_path / "light.html")
    stage.media(DARK)
    stage.driver.get(light.as_uri())
    assert colour(stage, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert colour(stage, "svg[role] rect", "fill") == "rgb(255, 255, 255)"


def test_nothing_fades_for_who_wants_no_motion(stage):
    assert colour(stage, "figure.shown", "animationName") == "appear"
    stage.media(STILL)
    assert colour(stage, "figure.shown", "animationName") == "none"


DECK = """<!DOCTYPE html><html><head><meta charset="utf-8">
<link rel="stylesheet" href="{reveal}/reveal.css"></head><body>
<div class="reveal"><div class="slides">
<section>before</section>
<section><iframe src="{page}" width="900" height="600"></iframe></section>
<section>after</section>
</div></div><script src="{reveal}/reveal.js"></script>
<script>Reveal.initialize({{transition: "none", width: 960, height: 700}});</script>
</body></html>"""


def test_in_a_deck_of_reveal_js_the_remote_goes_through_the_frames_and_on(stage, page, tmp_path):
    found = find_spec("sphinx_revealjs")
    if found is None:
        pytest.skip("sphinx-revealjs, which brings reveal.js, is not installed")
    reveal = Path(found.origin).parent / "_static" / "revealjs" / "dist"
    deck = tmp_path / "deck.html"
    deck.write_text(DECK.format(reveal=reveal.as_uri(), page=page.as_uri()), encoding="utf-8")
    stage.driver.get(deck.as_uri())
    until(lambda: stage.driver.execute_script("return Reveal.isReady()"), "the deck is there")
    slide = "return Reveal.getIndices().h"
    in_frame = "return document.activeElement.tagName === 'IFRAME'"

    def forward(key=Keys.PAGE_DOWN):
        """Press a key of the remote, and tell the slide and the step that are shown then."""
        stage.press(key)
        now = stage.driver.execute_script(slide)
        if now != 1:
            return now, None
        until(lambda: stage.driver.execute_script(in_frame), "the frames have the keys")
        stage.driver.switch_to.frame(stage.one("iframe"))
        at = step(stage)
        stage.driver.switch_to.default_content()
        return now, at

    assert forward() == (1, 1)
    assert [forward() for _ in range(8)] == [(1, at) for at in range(2, 10)]
    stage.keep("deck-last-step")
    stage.press(Keys.PAGE_DOWN)
    until(lambda: stage.driver.execute_script(slide) == 2, "the slide behind the frames")
    assert forward(Keys.PAGE_UP) == (1, 9)
    assert forward(Keys.PAGE_UP) == (1, 8)
