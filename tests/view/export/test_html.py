import base64
import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html import escape
from html.parser import HTMLParser

import pytest
from examples import frames, painted
from peers import program as installed

from scalargrad import DrawingError, Value, program
from scalargrad.graph.model import contracted
from scalargrad.lectures import LECTURES
from scalargrad.notation.numbers import Numbers
from scalargrad.view.export.html import page
from scalargrad.view.scene import THEMES, Look
from scalargrad.view.styles.network import network
from scalargrad.view.styles.record import record

LOOK = Look(THEMES["light"], Numbers())
HOSTILE = [
    "<script>document.title='hit'</script>", "</script><img src=x onerror=document.title='hit'>",
    '"><svg onload=document.title="hit">', "'quotes' & &lt;b&gt;", "\ud800\x00\x1b", "]]>", "-->",
    "</title></svg></figcaption>", "\u202eabc", "new\nline", "{0} %s ${1}", "javascript:alert(1)",
]  # fmt: skip


def lecture_frames(style=network):
    output = program(LECTURES[0].text).output
    output.backward()
    return frames(contracted(output), LOOK, style)


def hostile_frames():
    y = Value(1, "x")
    for index, label in enumerate(HOSTILE):
        y = (y + Value(index, label)).named(label + "!")
    y.backward()
    return frames(contracted(y), LOOK, record)


@pytest.fixture(scope="module")
def scenes():
    return lecture_frames()


@pytest.fixture(scope="module")
def document(scenes):
    return page(scenes, title="The lecture's network")


class Parts(HTMLParser):
    """What a browser makes of a page: elements with attributes, and the texts in them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def within(self, tag):
        return [text for where, text in self.texts if where == tag]

    def sources(self):
        return [attributes["srcdoc"] for _, attributes in self.elements if "srcdoc" in attributes]

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def shape_of(text):
    """The elements of a page and the names of their attributes, in order."""
    return [(tag, sorted(attributes)) for tag, attributes in Parts(text).elements]


def faults(text):
    """What must not be in a page."""
    parts = Parts(text)
    found = [
        tag
        for tag, _ in parts.elements
        if tag in ("img", "iframe", "object", "link", "base", "form", "a", "foreignobject")
    ]
    for tag, attributes in parts.elements:
        found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        found += [f"{tag} {name}" for name in attributes if name in ("style", "src", "action")]
        found += [f"{tag} {v}" for k, v in attributes.items() if k == "href" and v[0] != "#"]
    names = parts.ids()
    found += [name for name in set(names) if names.count(name) > 1]
    used = {a["href"][1:] for tag, a in parts.elements if tag == "use"}
    found += sorted(used - set(names))
    return found


def test_a_page_has_a_figure_for_each_frame_and_says_its_caption(document, scenes):
    parts = Parts(document)
    assert [tag for tag, _ in parts.elements].count("figure") == len(scenes) == 15
    assert parts.within("bdi")[2] == "h₂ = ReLU(w₂ x) = ReLU(0.8 × 2) = 1.6"
    assert parts.within("span")[2] == "Step 3 of 15:"
    assert parts.within("title") == ["The lecture's network"]
    live = [a for tag, a in parts.elements if a.get("aria-live")]
    assert [a["aria-live"] for a in live] == ["polite"]


def test_a_figure_is_named_by_its_step_and_told_line_by_line_to_who_cannot_see_it(document, scenes):
    parts = Parts(document)
    names = [a["aria-label"] for tag, a in parts.elements if tag == "svg" and "aria-label" in a]
    told = parts.within("pre")
    assert len(names) == len(told) == len(scenes)
    for place, (name, words, scene) in enumerate(zip(names, told, scenes, strict=True), start=1):
        caption, *lines = scene.description.splitlines()
        assert name == f"Step {place} of 15: {caption}"
        assert words.splitlines() == lines
    assert "w₂: value 0.8, gradient −0.24" in told[-1]


def test_a_page_refers_to_nothing_outside_and_has_no_fault(document):
    assert faults(document) == []
    assert re.findall(r"https?:|url\(|@import|src=", document) == []


def test_faults_are_caught(document):
    planted = {
        "img": "<img src=x>", "rect onload": '<rect onload="f()"/>', "p style": '<p style="">',
        "back": '<b id="back"><b id="back">', "use https://x": '<use href="https://x"/>',
        "p1": '<use href="#p1"/>',
    }  # fmt: skip
    for fault, html in planted.items():
        assert fault in faults(document.replace("</main>", html + "</main>"))


def test_the_policy_admits_the_page_s_own_script_and_style_only(document):
    policy = next(a["content"] for tag, a in Parts(document).elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for kind, tag in (("script", "script"), ("style", "style")):
        sources = re.findall(f"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in sources]
        assert re.findall(f"{kind}-src ([^;]*)", policy) == [f"'sha256-{d}'" for d in digests]


def test_every_frame_is_painted_as_it_is_alone(document, scenes):
    body = document.partition("<body>")[2].partition("<p ")[0]
    root = ElementTree.fromstring(f"<body>{body}</body>")
    shared = {e.attrib["id"]: e for e in root.find("main/svg/defs")}
    figures = root.findall("main/figure")
    for figure, scene in zip(figures, scenes, strict=True):
        inside = [part for e in figure.find("svg") for part in outlines(e, shared)]
        alone = [part for e in ElementTree.fromstring(painted(scene, "svg"))
                 for part in outlines(e, {})]  # fmt: skip
        assert len(inside) == len(alone) > 50
        for (x, y, *rest), (x0, y0, *rest0) in zip(
            sorted(inside, key=order), sorted(alone, key=order), strict=True
        ):
            assert (x, y) == pytest.approx((x0, y0), abs=0.011)
            assert rest == rest0


def order(part):
    """Of an outline: what it is first, for a place may differ in its last digit."""
    return (*part[2:], round(part[0]), round(part[1]), part[:2])


def outlines(element, shared, x=0.0, y=0.0, about=()):
    """Where each outline under an element of SVG starts, how it goes on, and how it is painted."""
    tag = element.tag.rpartition("}")[2]
    if tag in ("title", "desc", "style"):
        return
    about = tuple(sorted({**dict(about), **{
        name: value for name, value in element.attrib.items()
        if name.startswith(("fill", "stroke")) or (tag == "rect" and name != "id")
    }}.items()))  # fmt: skip
    if tag == "use":
        target = shared[element.attrib["href"][1:]]
        dx, dy = (float(element.attrib.get(name, 0)) for name in "xy")
        yield from outlines(target, shared, x + dx, y + dy, about)
    for start, over, rest in re.findall(r"M(-?[\d.]+) ?(-?[\d.]+)([^M]*)", element.get("d", "")):
        yield x + float(start), y + float(over), rest, about
    if tag == "rect":
        yield x, y, "", about
    for child in element:
        yield from outlines(child, shared, x, y, about)


def test_a_page_is_much_smaller_than_its_pictures(document, scenes):
    alone = sum(len(painted(scene, "svg")) for scene in scenes)
    assert len(document.encode()) < 0.3 * alone
    assert len(document.encode()) < 150_000


def test_pages_share_no_names(document):
    other = page(lecture_frames(record), title="another")
    shared = set(Parts(document).ids()) & set(Parts(other).ids())
    assert shared == set()
    assert len(Parts(other).ids()) > 10


def test_labels_are_text_and_nothing_else():
    made = hostile_frames()
    harmless = page(made, ["a"] * len(made), title="t")
    for place in (0, 1, 4):
        captions = [HOSTILE[(place + i) % len(HOSTILE)] for i in range(len(made))]
        text = page(made, captions, title=HOSTILE[place])
        text.encode()
        assert shape_of(text) == shape_of(harmless)
        assert faults(text) == []
    default = page(made)
    assert [tag for tag, _ in Parts(default).elements].count("script") == 1
    assert faults(default) == []


def test_a_label_that_is_not_escaped_is_caught(monkeypatch):
    from scalargrad.view.export import html

    made = lecture_frames(record)[:2]
    harmless = shape_of(page(made, ["a", "b"]))
    monkeypatch.setattr(html, "escape", lambda text: text)
    assert shape_of(page(made, ["a", HOSTILE[1]])) != harmless


def test_one_picture_needs_no_controls(scenes):
    text = page(scenes[-1:])
    assert "<button" not in text
    assert "<script" not in text
    assert "Step 1" not in text
    assert faults(text) == []


def test_a_page_needs_frames_and_as_many_captions(scenes):
    with pytest.raises(DrawingError, match="got 0 frames and 0 captions"):
        page([])
    with pytest.raises(DrawingError, match="got 15 frames and 1 captions"):
        page(scenes, ["one"])


def test_processes_with_other_hash_seeds_write_the_same_page(document):
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from view.export.test_html import lecture_frames, page\n"
        "print(page(lecture_frames(), title=\"The lecture's network\"), end='')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                          env=environment, timeout=60)  # fmt: skip
    assert done.stdout.decode() == document


# In a browser


def in_browser(text, script, tmp_path, window="1280,720"):
    """The title of a page after a script of the test's own has run in it, in headless Chromium.

    The script runs before the page's own policy is read, on timers, as a visitor's hands would.
    """
    found = installed("chromium", "chromium-browser", "google-chrome")
    path = tmp_path / "page.html"
    path.write_text(text.replace("<head>", f"<head>{script}", 1), encoding="utf-8")
    done = subprocess.run(
        [found, "--headless", "--no-sandbox", f"--window-size={window}", "--disable-gpu",
         "--virtual-time-budget=60000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return re.search("<output>(.*?)</output>", done.stdout.decode(), re.DOTALL)[1].split()


def visitor(*actions):
    """A script that acts on the page, one action after another, and notes the step it shows."""
    return (
        "<script>addEventListener('load', () => { const seen = [];"
        "const step = () => document.querySelector('.caption').textContent.match(/\\d+/)[0];"
        "const key = (k, at = document.body) => at.dispatchEvent("
        "new KeyboardEvent('keydown', {key: k, bubbles: true, cancelable: true}));"
        "const click = (name) => document.querySelector('.' + name).click();"
        "const press = () => document.querySelector('figure.shown svg').dispatchEvent("
        "new MouseEvent('click', {bubbles: true}));"
        "const slide = (n) => { const s = document.querySelector('input'); s.value = n;"
        "s.dispatchEvent(new Event('input')); };"
        "const visible = () => [...document.querySelectorAll('figure')]"
        ".filter(f => getComputedStyle(f).display !== 'none').length;"
        f"const actions = [{', '.join(f'() => {action}' for action in actions)}];"
        "const next = () => { if (!actions.length) { const o = document.createElement('output');"
        "o.textContent = seen.join(' '); document.body.append(o); return; }"
        "const wait = actions.shift()(); seen.push(step() + '/' + visible());"
        "setTimeout(next, typeof wait === 'number' ? wait : 10); }; next(); });</script>"
    )


def test_keys_buttons_and_slider_step_through_the_frames(document, tmp_path):
    actions = {
        "0": 1, "key('ArrowRight')": 2, "key('ArrowRight') ": 3, "key('ArrowLeft')": 2,
        "key('End')": 15, "key('ArrowRight')  ": 15, "key('Home')": 1, "key('ArrowLeft') ": 1,
        "key('PageDown')": 2, "key('Enter')": 3, "press()": 4, "key('PageUp')": 3,
        "key('Home') ": 1, "click('forward')": 2, "slide(9)": 9, "click('back')": 8, "key('x')": 8,
        "(key(' '), 3100)": 8, "0 ": 10, "(key(' '), 5000)": 10, "0  ": 10,
        "(click('play'), 9000)": 10, "0   ": 15, "(click('play'), 1600)": 1, "0    ": 2,
    }  # fmt: skip
    seen = in_browser(document, visitor(*actions), tmp_path)
    assert seen == [f"{step}/1" for step in actions.values()]


def test_without_javascript_all_frames_are_shown(document, tmp_path):
    script = visitor("0").replace("step()", "'-'")
    text = document.replace("sha256-", "sha256-x", 1)  # the page's own script is not admitted
    assert in_browser(text, script, tmp_path) == ["-/15"]


def test_in_a_browser_hostile_labels_execute_nothing(tmp_path):
    made = hostile_frames()
    text = page(made, title=HOSTILE[1])
    listening = (
        "<script>addEventListener('load', () => { const o = document.createElement('output');"
        "o.textContent = document.title === TITLE ? 'unharmed' : 'harmed';"
        "document.body.append(o); });</script>"
    ).replace("TITLE", '"' + HOSTILE[1].replace("</", "<\\/") + '"')
    assert in_browser(text, listening, tmp_path) == ["unharmed"]


def test_in_a_deck_the_remote_steps_through_the_frames_and_goes_on_behind_them(tmp_path, scenes):
    text = page(scenes[:3])
    inside = (
        "<script>addEventListener('message', (event) => { if (event.data[0] !== 'k') return;"
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: event.data.slice(1),"
        "bubbles: true, cancelable: true}));"
        "parent.postMessage(document.querySelector('.count').textContent[0], '*'); });</script>"
    )
    keys = ["PageUp", "PageDown", "PageDown", "PageDown", "PageUp"]
    deck = (
        f"<script>const told = [], keys = {keys};"
        "const press = () => { if (keys.length) frames[0].postMessage('k' + keys.shift(), '*');"
        "else { const o = document.createElement('output'); o.textContent = told.join(' ');"
        "document.body.append(o); } };"
        "addEventListener('message', (event) => { told.push(event.data);"
        "if (event.data[0] !== '{') press(); });"
        "addEventListener('load', () => { frames[0].postMessage('slide:start', '*'); press(); });"
        "</script>"
    )
    text = escape(text.replace("<head>", f"<head>{inside}", 1))
    slide = f'<!DOCTYPE html><head></head><iframe srcdoc="{text}"></iframe>'
    seen = in_browser(slide, deck, tmp_path)
    handed = [word if word[0] != "{" else word.split('"')[3] for word in seen]
    assert handed == ["prev", "1", "2", "3", "next", "3", "2"]


@pytest.mark.parametrize("window", ["1280,720", "1920,1080", "390,844"])
def test_the_picture_fills_the_window_and_nothing_is_cut_off(tmp_path, scenes, window):
    measuring = (
        "<script>addEventListener('load', () => { const o = document.createElement('output');"
        "const box = document.querySelector('figure.shown svg').getBoundingClientRect();"
        "const controls = document.querySelector('.controls').getBoundingClientRect();"
        "o.textContent = [box.width / innerWidth, box.height / innerHeight,"
        "document.documentElement.scrollWidth - innerWidth, controls.bottom <= innerHeight + 1]"
        ".join(' '); document.body.append(o); });</script>"
    )
    wide, high, over, below = in_browser(page(scenes), measuring, tmp_path, window=window)
    assert max(float(wide), float(high)) >= 0.9
    assert int(over) <= 0
    assert below == "true"
