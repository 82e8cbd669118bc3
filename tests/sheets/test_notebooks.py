"""Worksheets for nbgrader and otter-grader, run as these run them."""

import doctest
import json
from dataclasses import replace

import pytest
from handed_in import PROGRAM
from peers import peer

from scalargrad.sheets.notebooks import nbgrader, otter
from scalargrad.sheets.worksheet import worksheet

EMPTY = worksheet(PROGRAM, ask="path:w")
POINTS = (1.0, 2.0, 0.5, 4.0)
SHEET = replace(
    EMPTY, prose="Mind 'quotes', \\n and relu'(0) = 0.\n\nGive numbers to 3 significant figures.",
    lines=tuple(replace(a, points=b) for a, b in zip(EMPTY.lines, POINTS, strict=True)),
)  # fmt: skip
NAMES = [line.name for line in SHEET.lines]
CASES = {
    "right": (("-1.04", "0.3", "2", "-0.624"), (1, 1, 1, 1)),
    "a slip that is carried on": (("-0.52", "0.3", "2", "-0.312"), (0, 1, 1, 1)),
    "commas and spellings": (("−1,04", "3/10", "2", "-1.04*0.3*2"), (1, 1, 1, 1)),
    "too few figures": (("-1.0", "0.3", "2", "-0.6"), (0.5, 1, 1, 0.5)),
    "nothing": (("", "", "", ""), (0, 0, 0, 0)),
    "nonsense": (("x?", "9", "8", "7"), (0, 0, 0, 0)),
}


def marked_by_nbgrader(notebook, answers):
    """The points of each test cell: its last expression is partial credit, an error is nought."""
    names = {"answers": answers}
    found = []
    for cell in notebook["cells"]:
        ours = cell["metadata"].get("nbgrader", {})
        if not ours.get("grade"):
            continue
        *statements, last = [line for line in cell["source"].split("\n") if line[:1] != "#"]
        try:
            exec("\n".join(statements), names)
            given = eval(last, names)
        except (AssertionError, KeyError, NameError):
            given = 0
        assert 0 <= given <= ours["points"]
        found.append(given)
    return found


@pytest.mark.parametrize("case", CASES)
def test_nbgrader_gives_what_check_gives(case):
    written, credits = CASES[case]
    notebook = json.loads(nbgrader(SHEET))
    given = marked_by_nbgrader(notebook, dict(zip(NAMES, written, strict=True)))
    assert given == [a * b for a, b in zip(credits, POINTS, strict=True)]


def test_a_notebook_of_nbgrader_is_valid_and_shows_no_answer():
    text = nbgrader(SHEET)
    nbformat = peer("nbformat")
    nbformat.validate(nbformat.reads(text, 4))
    cells = json.loads(text)["cells"]
    release = [cell["source"].partition("### BEGIN HIDDEN TESTS")[0] for cell in cells]
    assert "0.624" not in text
    assert "read_sheet" not in "".join(release)
    assert PROGRAM in release[0]
    assert eval(release[1].partition("=")[2]) == dict.fromkeys(NAMES, "")
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if cell["metadata"]]
    assert len(set(ids)) == len(ids) == 5


@pytest.mark.parametrize("case", CASES)
def test_otter_passes_the_lines_that_earn_full_marks(case):
    written, credits = CASES[case]
    names = {}
    exec(otter(SHEET, "sheet"), names)
    test = names["test"]
    assert names["OK_FORMAT"] is True
    assert (test["name"], test["points"]) == ("sheet", list(POINTS))
    (suite,) = test["suites"]
    passed = []
    for each in suite["cases"]:
        found = {"answers": dict(zip(NAMES, written, strict=True))}
        example = doctest.DocTestParser().get_doctest(each["code"], found, "case", None, 0)
        passed.append(doctest.DocTestRunner(verbose=False).run(example, out=len).failed == 0)
    assert passed == [credit == 1 for credit in credits]
