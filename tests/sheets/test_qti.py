"""Quizzes of Canvas, read back and taken by a reader of its own after the specification of QTI."""

import io
import math
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from handed_in import PROGRAM

from scalargrad import check
from scalargrad.sheets.qti import canvas_qti
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import worksheet

QTI = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}
IMS = {"m": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"}
SHEETS = [worksheet(text, ask="path:w").with_id(number)
          for number, text in enumerate(variants(PROGRAM, 30, 5), 1)]  # fmt: skip


def opened(content):
    """The quizzes of an archive, in the order of its manifest."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
        resources = manifest.findall(".//m:resource", IMS)
        assert {each.get("type") for each in resources} == {"imsqti_xmlv1p2"}
        paths = [each.find("m:file", IMS).get("href") for each in resources]
        assert sorted([*paths, "imsmanifest.xml"]) == sorted(archive.namelist())
        return [ElementTree.fromstring(archive.read(path)) for path in paths]


QUIZZES = opened(canvas_qti(SHEETS, "Week 3"))


def field(item, label):
    entries = {
        each.findtext("q:fieldlabel", namespaces=QTI): each.findtext("q:fieldentry", namespaces=QTI)
        for each in item.findall(".//q:qtimetadatafield", QTI)
    }
    return entries[label]


def holds(condition, number):
    """Whether a number meets a condition."""
    kind, limit = condition.tag.rpartition("}")[2], condition.text or ""
    if kind in ("or", "and", "conditionvar"):
        return (any if kind == "or" else all)(holds(each, number) for each in condition)
    assert condition.get("respident") == "response1"
    return {"varequal": number == float(limit), "vargte": number >= float(limit),
            "varlte": number <= float(limit)}[kind]  # fmt: skip


def taken(item, number):
    """The share of the points that a number gets, and what is said."""
    for each in item.findall(".//q:respcondition", QTI):
        if holds(each.find("q:conditionvar", QTI), number):
            link = each.find("q:displayfeedback", QTI).get("linkrefid")
            (feedback,) = (
                other for other in item.findall("q:itemfeedback", QTI) if other.get("ident") == link
            )
            said = feedback.findtext(".//q:mattext", namespaces=QTI)
            return float(each.findtext("q:setvar", namespaces=QTI)) / 100, said
    return 0, ""


def test_each_sheet_is_a_quiz_that_begins_with_its_program():
    idents = []
    for number, (sheet, quiz) in enumerate(zip(SHEETS, QUIZZES, strict=True), 1):
        assessment = quiz.find("q:assessment", QTI)
        assert assessment.get("title") == f"Week 3 {number:02}"
        program, *lines = quiz.findall(".//q:item", QTI)
        assert field(program, "question_type") == "text_only_question"
        assert f"<pre>{sheet.text}</pre>" in program.findtext(".//q:mattext", namespaces=QTI)
        assert [field(line, "question_type") for line in lines] == ["numerical_question"] * len(
            sheet.lines
        )
        idents += [item.get("ident") for item in [program, *lines]]
    assert len(idents) == len(set(idents))


@pytest.mark.parametrize("number", range(0, len(SHEETS), 5))
def test_what_check_calls_right_is_right_and_a_slip_is_named(number):
    sheet, quiz = SHEETS[number], QUIZZES[number]
    _, *items = quiz.findall(".//q:item", QTI)
    named = 0
    for line, (_, answer), item in zip(sheet.lines, sheet.key, items, strict=True):
        assert check(sheet.text, {line.name: answer}).ok
        exact = float(check(sheet.text, {line.name: answer}).lines[0].exact)
        assert taken(item, exact) == (1, "<p>Right.</p>")
        assert taken(item, math.nextafter(exact * 1.004, exact))[0] == 1
        for wrong in (-exact, 2 * exact, exact / 2, exact * 1.01):
            assert taken(item, wrong)[0] == (not exact)
            named += "It looks as if" in taken(item, wrong)[1]
    assert named


def test_points_are_those_of_the_lines_and_a_lecturers_text_stays_text():
    lines = tuple(replace(line, points=2.5) for line in SHEETS[0].lines)
    sheet = replace(SHEETS[0], lines=lines, prose="Take <b>care</b> & think.")
    (quiz,) = opened(canvas_qti([sheet], "a & b"))
    program, *items = quiz.findall(".//q:item", QTI)
    assert "&lt;b&gt;care&lt;/b&gt; &amp; think" in program.findtext(".//q:mattext", namespaces=QTI)
    assert {field(item, "points_possible") for item in items} == {"2.5"}


def test_equal_sheets_give_equal_bytes():
    assert canvas_qti(SHEETS[:2], "x") == canvas_qti(SHEETS[:2], "x")
