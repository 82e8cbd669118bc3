import base64
import json
import re
from html.parser import HTMLParser

import pytest

from scalargrad import draw, program
from scalargrad.lectures import LECTURES
from scalargrad.page.build import _examples
from scalargrad.page.desk import answer, element

LECTURE = LECTURES[0].text
HOSTILE = "</script><img src=x onerror=document.title='hit'>"


def ask(do, **request):
    return json.loads(answer(json.dumps({"do": do, **request})))


def test_a_picture_is_the_one_that_draw_makes():
    loss = program(LECTURE).output
    loss.backward()
    drawn = ask("draw", program=LECTURE, options="--wrt w2 --style circuit")
    assert drawn["svg"].encode() == draw(loss, wrt="w2", style="circuit").content(".svg")
    assert drawn["names"][2] == {"name": "w1", "text": "w₁"}


def test_a_rule_a_report_and_what_is_asked():
    assert ask("derive", program=LECTURE, options="--wrt w2")["text"].endswith("1[w₂ x > 0] = 1")
    report = ask("check", program=LECTURE, answers="dl/dyhat = -1.2\n\ndl/dw2 = -0.12\nyhat =")
    assert [line["mark"] for line in report["lines"]] == ["✓", "✗", "–"]
    asked = ask("asked", program=LECTURE, options="path:w2")["quantities"]
    assert asked == ["∂ℓ/∂ŷ", "∂ŷ/∂h₂", "∂h₂/∂w₂", "∂ℓ/∂w₂"]


@pytest.mark.parametrize(
    ("request_", "error", "line"),
    [
        ({"do": "draw", "program": "x = 2\ny = tnah(x)", "options": ""}, "unknown function", 2),
        ({"do": "draw", "program": "x = 2", "options": "--stile a"}, "did you mean --style", None),
        ({"do": "draw", "program": "x = 2", "options": "--wrt 'a"}, "No closing quotation", None),
        ({"do": "draw", "program": "x = 0; y = 1/x", "options": ""}, "div needs x ≠ 0", None),
        ({"do": "derive", "program": "x = 2", "options": "--wrt z"}, "z", None),
        ({"do": "draw", "program": "", "options": "/etc/passwd"}, "the program stands in", None),
        ({"do": "file", "program": "x = 2", "options": "", "suffix": ".exe"}, ".exe", None),
        ({"do": "check", "program": "", "answers": "a = 1"}, "empty", 1),
    ],
)
def test_what_is_wrong_is_answered(request_, error, line):
    said = ask(**request_)
    assert error in said["error"]
    assert said.get("line") == line


def test_steps_are_edited_each_by_its_own_key():
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


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".tikz", ".pptx", ".html", ".element"])
def test_files_have_their_content(suffix):
    said = ask("file", program=LECTURE, options="--wrt w2", suffix=suffix)
    assert len(base64.b64decode(said["base64"])) > 1000


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


@pytest.mark.parametrize("example", list(_examples()), ids=lambda example: example["title"])
def test_each_example_of_the_page_is_drawn(example):
    assert ask("draw", program=example["program"], options="")["svg"].startswith("<")
