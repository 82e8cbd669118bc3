import base64
import json
import re
from html.parser import HTMLParser

import pytest

from scalargrad import draw, program
from scalargrad.lectures import LECTURES
from scalargrad.page.build import examples
from scalargrad.page.desk import Desk, element
from scalargrad.sheets.worksheet import read_sheet

LECTURE = LECTURES[0].text
HOSTILE = "</script><img src=x onerror=document.title='hit'>"


@pytest.fixture
def ask():
    """Asks one desk."""
    desk = Desk()

    def asked(do, **request):
        return json.loads(desk.answer(json.dumps({"do": do, **request})))

    return asked


def test_a_picture_is_the_one_that_draw_makes(ask):
    loss = program(LECTURE).output
    loss.backward()
    drawn = ask("draw", program=LECTURE, options="--wrt w2 --style circuit")
    assert drawn["svg"].encode() == draw(loss, wrt="w2", style="circuit").content(".svg")
    assert drawn["names"][2] == {"name": "w1", "text": "w₁"}


def test_a_rule_is_derived(ask):
    assert ask("derive", program=LECTURE, options="--wrt w2")["text"].endswith("1[w₂ x > 0] = 1")


def test_a_worksheet_is_marked_in_its_order_and_what_else_is_answered_behind_it(ask):
    answers = {"dl/dw1": "-0.96", "dyhat/dh2": "0.1", "dl/dw2": "-0.12", "gone": "1"}
    marked = ask("sheet", program=LECTURE, ask="path:w2", answers=answers)
    assert [(line["quantity"], line["written"], line["mark"]) for line in marked["lines"]] == [
        ("∂ℓ/∂ŷ", "", "–"), ("∂ŷ/∂h₂", "0.1", "✓"), ("∂h₂/∂w₂", "", "–"), ("∂ℓ/∂w₂", "-0.12", "✗"),
        ("∂ℓ/∂w₁", "-0.96", "✓"),
    ]  # fmt: skip
    assert "-1.2" not in str(marked["lines"][0]), "nothing is told of what is blank"
    assert marked["summary"].startswith("2 of 5 lines right")


def test_a_worksheet_is_saved_with_its_answers(ask):
    said = ask("file", name="answers.sheet.md", program=LECTURE, options="", ask="path:w2",
               answers={"dl/dw2": "-6/25", "dl/dyhat": "-1,2"})  # fmt: skip
    sheet = read_sheet(base64.b64decode(said["base64"]).decode())
    assert sheet.rows[0] == ("∂ℓ/∂ŷ", "-1,2")
    assert sheet.rows[-1] == ("∂ℓ/∂w₂", "-6/25")
    assert [line.verdict for line in sheet.check(sheet.answers).lines][::3] == ["right"] * 2


FILE = {"do": "file", "program": "x = 2", "options": "", "ask": "all", "answers": {}}


@pytest.mark.parametrize(
    ("request_", "error", "line"),
    [
        ({"do": "draw", "program": "x = 2\ny = tnah(x)", "options": ""}, "unknown function", 2),
        ({"do": "draw", "program": "x = 2", "options": "--stile a"}, "did you mean --style", None),
        ({"do": "draw", "program": "x = 2", "options": "--wrt 'a"}, "No closing quotation", None),
        ({"do": "draw", "program": "x = 0; y = 1/x", "options": ""}, "div needs x ≠ 0", None),
        ({"do": "derive", "program": "x = 2", "options": "--wrt z"}, "z", None),
        ({"do": "draw", "program": "", "options": "/etc/passwd"}, "the program stands in", None),
        (FILE | {"name": "a.exe"}, ".exe", None),
        ({"do": "sheet", "program": "", "ask": "all", "answers": {}}, "empty", None),
        ({"do": "sheet", "program": "x = 2; y = x^2", "ask": "path:z", "answers": {}}, "z", None),
    ],
)
def test_what_is_wrong_is_answered(ask, request_, error, line):
    said = ask(**request_)
    assert error in said["error"]
    assert said.get("line") == line


def test_steps_are_edited_each_by_its_own_key(ask):
    for key in ("a", "b"):
        first = ask("steps", key=key, program=LECTURE, options="--wrt w2", request={})
        assert first["fields"][3] == {"name": "w₂", "text": "0.8", "error": ""}
    edited = {"index": 3, "text": "0.9"}
    said = ask("steps", key="a", program=LECTURE, options="--wrt w2", request=edited)
    assert "−0.232" in said["figures"]
    wrong = {"index": 3, "text": "zero"}
    said = ask("steps", key="b", program=LECTURE, options="--wrt w2", request=wrong)
    assert said["fields"][3]["error"]
    assert "−0.24" in said["figures"]


@pytest.mark.parametrize(
    "name", ["graph.svg", "graph.pdf", "graph.tikz", "graph.pptx", "steps.html",
             "steps.element.html", "answers.sheet.md"],
)  # fmt: skip
def test_files_have_their_content(ask, name):
    said = ask("file", name=name, program=LECTURE, options="--wrt w2", ask="all", answers={})
    assert len(base64.b64decode(said["base64"])) > 500


def test_an_element_holds_its_program_and_no_markup_of_a_label():
    made = element("x = 2; y = x^2", f"--refine '.titled(\"{HOSTILE}\")'".replace("='hit'", "=1"))
    tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    Tags().feed(made)
    assert tags[0][0] == "scalargrad-steps"
    assert tags[0][1]["program"] == "x = 2; y = x^2"
    assert "img" not in {tag for tag, _ in tags}
    data = re.search(r'<script type="application/json">(.*)</script>', made)[1]
    assert json.loads(data)["fields"][0]["text"] == "2"


PROGRAMS = {title: text for under in examples().values() for title, text in under.items()}


@pytest.mark.parametrize("title", PROGRAMS)
def test_each_example_of_the_page_is_drawn(ask, title):
    drawn = ask("draw", program=PROGRAMS[title], options="")
    assert drawn.get("svg", drawn).startswith("<")
