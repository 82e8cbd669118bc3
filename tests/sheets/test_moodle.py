"""Questions of Moodle, read back by a reader of its own after the documentation of the format.

A blank is {weight:NUMERICAL:answers}; answers are parted by ~, each is = or %percent% and a number,
a colon, its tolerance, # and the feedback; a backslash takes the meaning from the character behind.
"""

import html
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from handed_in import PROGRAM

from scalargrad import check
from scalargrad.sheets.moodle import moodle_xml
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import worksheet

SHEETS = [worksheet(text, ask="path:w").with_id(number)
          for number, text in enumerate(variants(PROGRAM, 30, 5), 1)]  # fmt: skip
THIRTY = moodle_xml(SHEETS, "Week 3/4")


def parted(text, sign):
    """A text at a sign that no backslash stands before."""
    parts, escaped = [""], False
    for character in text:
        if character == sign and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def bare(text):
    return re.sub(r"\\(.)", r"\1", text)


def blanks(text):
    """The blanks of a question, each as (percent, number, tolerance, feedback) of its answers."""
    found = []
    for _, *rest in [parted(text, "{")]:
        for part in rest:
            inside = parted(part, "}")[0]
            weight, kind, answers = re.fullmatch(r"(\d+):(\w+):(.*)", inside, re.DOTALL).groups()
            assert kind == "NUMERICAL"
            assert int(weight) >= 1
            read = []
            for answer in parted(answers, "~"):
                value, feedback = parted(answer, "#")
                share, number, tolerance = re.fullmatch(
                    r"(=|%\d+%)([^:]+):([^:]+)", value
                ).groups()  # fmt: skip
                percent = 100 if share == "=" else int(share.strip("%"))
                feedback = html.unescape(bare(feedback))
                read.append((percent, float(number), float(tolerance), feedback))
            found.append(read)
    return found


def questions(text):
    root = ElementTree.fromstring(text)
    assert root.tag == "quiz"
    return root.findall("question")


def test_all_variants_are_questions_in_one_category():
    category, *others = questions(THIRTY)
    assert category.get("type") == "category"
    assert category.findtext("category/text") == "$course$/top/Week 3//4"
    assert [each.get("type") for each in others] == ["cloze"] * 30
    assert len({each.findtext("name/text") for each in others}) == len(SHEETS)
    for sheet, question in zip(SHEETS, others, strict=True):
        text = question.findtext("questiontext/text")
        assert html.escape(sheet.text) in text
        assert sheet.id not in text
        assert len(blanks(text)) == len(sheet.lines)


@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_the_right_answer_is_right_and_a_named_slip_is_what_check_names(number):
    sheet = SHEETS[number]
    _, *others = questions(THIRTY)
    right = {line.name: answer for line, (_, answer) in zip(sheet.lines, sheet.key, strict=True)}
    lines = blanks(others[number].findtext("questiontext/text"))
    named = 0
    for line, answers in zip(sheet.lines, lines, strict=True):
        (best, *wrong) = answers
        assert best[0] == 100
        assert check(sheet.text, {line.name: repr(best[1])}).ok
        intervals = [(n - tolerance, n + tolerance) for _, n, tolerance, _ in answers]
        for percent, value, _, feedback in wrong:
            report = check(sheet.text, right | {line.name: f"{value:#.4g}"})
            (marked,) = (each for each in report.lines if each.quantity == line.name)
            assert percent == 0
            assert marked.credit == 0
            # `check` looks at what rounding on the way could do too, which Moodle does not see.
            assert feedback.removeprefix("It looks as if ").rstrip(".") in marked.message
            named += feedback in marked.message
        ordered = sorted(intervals)
        assert all(low < high for (_, low), (high, _) in pairwise(ordered))
    assert named >= 10
    assert named >= 0.9 * sum(len(answers) - 1 for answers in lines)


def test_what_a_lecturer_writes_neither_ends_nor_begins_an_answer():
    sheet = replace(SHEETS[0], prose="Take {1:NUMERICAL:=9} & <b>relu'(0) = 0</b>.")
    _, question = questions(moodle_xml([sheet], "x"))
    text = question.findtext("questiontext/text")
    assert len(blanks(text)) == len(sheet.lines)
    assert "&#123;1:NUMERICAL" in text
    assert "&lt;b&gt;" in text


def test_a_line_weighs_its_points():
    lines = [replace(line, points=points)
             for line, points in zip(SHEETS[0].lines, (1, 2, 0, 5), strict=True)]  # fmt: skip
    text = questions(moodle_xml([replace(SHEETS[0], lines=tuple(lines))], "x"))[1]
    assert re.findall(r"\{(\d+):", text.findtext("questiontext/text")) == ["1", "2", "1", "5"]
