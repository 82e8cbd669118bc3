"""Worksheets as quizzes of Canvas: QTI 1.2 as Canvas imports it, a zip file with a quiz a sheet.

The first item shows the program; each line is a numerical question of its points, right within half
a percent. The feedback for a wrong number names the mistake that gives it. Canvas marks each line
for itself: what follows from an earlier mistake is wrong there.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from scalargrad.files import zipped
from scalargrad.sheets.moodle import HOW, answers_of
from scalargrad.sheets.worksheet import Sheet

_QUESTIONS = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"


def canvas_qti(sheets: Iterable[Sheet], title: str) -> bytes:
    """The quizzes for Canvas: Settings → Import Course Content → QTI .zip file.

    Args:
        sheets: the variants, each a quiz.
        title: of the quizzes, before their numbers.
    """
    manifest = Element("manifest", xmlns=_PACKAGE, identifier="worksheets")
    metadata = SubElement(manifest, "metadata")
    SubElement(metadata, "schema").text = "IMS Content"
    SubElement(metadata, "schemaversion").text = "1.1.3"
    SubElement(manifest, "organizations")
    resources = SubElement(manifest, "resources")
    files = {}
    for number, sheet in enumerate(sheets, 1):
        name = f"sheet{number:02}"
        path = f"{name}/{name}.xml"
        resource = SubElement(resources, "resource", identifier=name, type="imsqti_xmlv1p2")
        SubElement(resource, "file", href=path)
        files[path] = _written(_quiz(sheet, name, f"{title} {number:02}"))
    return zipped({"imsmanifest.xml": _written(manifest), **files})


def _written(tree: Element) -> bytes:
    ElementTree.indent(tree)
    return bytes(ElementTree.tostring(tree, "utf-8", xml_declaration=True))


def _quiz(sheet: Sheet, name: str, title: str) -> Element:
    """A sheet as an assessment."""
    quiz = Element("questestinterop", xmlns=_QUESTIONS)
    assessment = SubElement(quiz, "assessment", ident=name, title=title)
    section = SubElement(assessment, "section", ident="root_section")
    prose = "".join(f"<p>{html.escape(part)}</p>" for part in [*sheet.own_prose, HOW])
    _item(section, f"{name}_program", "text_only_question", 0,
          f"{prose}<pre>{html.escape(sheet.text)}</pre>")  # fmt: skip
    key = sheet.answer_key
    asked = [(line, key.key(line.quantity)) for line in sheet.lines if line.quantity]
    keys = [place for _, place in asked]
    for number, (line, place) in enumerate(asked, 1):
        ident = f"{name}_line{number:02}"
        item = _item(section, ident, "numerical_question", line.points,
                     f"<p>{html.escape(line.name)} =</p>")  # fmt: skip
        _answer(item, ident, answers_of(key, place, keys))
    return quiz


def _item(section: Element, ident: str, kind: str, points: float, text: str) -> Element:
    """A question with its metadata and its text, in HTML."""
    item = SubElement(section, "item", ident=ident, title=ident.partition("_")[2])
    fields = SubElement(SubElement(item, "itemmetadata"), "qtimetadata")
    for label, entry in (("question_type", kind), ("points_possible", f"{points:g}")):
        field = SubElement(fields, "qtimetadatafield")
        SubElement(field, "fieldlabel").text = label
        SubElement(field, "fieldentry").text = entry
    _material(SubElement(item, "presentation"), text)
    return item


def _material(place: Element, text: str) -> None:
    SubElement(SubElement(place, "material"), "mattext", texttype="text/html").text = text


def _answer(item: Element, ident: str, answers: Iterator[tuple[float, float, str]]) -> None:
    """The field of a question, and what is said and given for each number."""
    presentation = item[-1]
    response = SubElement(presentation, "response_str", ident="response1", rcardinality="Single")
    SubElement(SubElement(response, "render_fib", fibtype="Decimal"), "response_label",
               ident="answer1")  # fmt: skip
    processing = SubElement(item, "resprocessing")
    SubElement(SubElement(processing, "outcomes"), "decvar", varname="SCORE", vartype="Decimal",
               minvalue="0", maxvalue="100")  # fmt: skip
    for number, (value, tolerance, said) in enumerate(answers):
        condition = SubElement(processing, "respcondition", attrib={"continue": "No"})
        either = SubElement(SubElement(condition, "conditionvar"), "or")
        SubElement(either, "varequal", respident="response1").text = f"{value:.10g}"
        between = SubElement(either, "and")
        for bound, sign in (("vargte", -1), ("varlte", 1)):
            limit = SubElement(between, bound, respident="response1")
            limit.text = f"{value + sign * tolerance:.10g}"
        score = SubElement(condition, "setvar", action="Set", varname="SCORE")
        score.text = "0" if number else "100"
        feedback = f"{ident}_{number}_fb"
        SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=feedback)
        place = SubElement(SubElement(item, "itemfeedback", ident=feedback), "flow_mat")
        _material(place, f"<p>{html.escape(said)}</p>")
