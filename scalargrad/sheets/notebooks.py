"""Worksheets for nbgrader and otter-grader: what tests the answers there calls `Sheet.check`.

The student fills a dict, answers = {"∂ℓ/∂w": "0.5"}; scalargrad is installed where it is marked.
"""

from __future__ import annotations

import json
from typing import Any

from scalargrad.sheets.worksheet import Line, Sheet

_HOW = """Write your answers into the cell below, as in `"∂ℓ/∂w": "-0.5"`."""


def nbgrader(sheet: Sheet) -> str:
    """A notebook for nbgrader's source folder, with a test cell of its own points for each line.

    Release versions come without the tests, which are hidden. Half marks are partial credit.
    """
    template = "".join(f"    {line.name!r}: '',\n" for line in _asked(sheet))
    prose = "\n\n".join([*sheet.own_prose, f"```\n{sheet.text}\n```", _HOW])
    cells = [_cell("markdown", prose, "sheet"), _cell("code", f"answers = {{\n{template}}}")]
    for number, line in enumerate(_asked(sheet), 1):
        test = f"line = marks[{line.name!r}]\nassert line.credit, line.message\n"
        test += f"float(line.credit) * {line.points:g}"
        begin = "" if number > 1 else f"{_marks(sheet)}\n"
        source = f"# {line.name}\n### BEGIN HIDDEN TESTS\n{begin}{test}\n### END HIDDEN TESTS"
        cells.append(_cell("code", source, f"line-{number}", line.points))
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
        ensure_ascii=False, indent=1,
    ) + "\n"  # fmt: skip


def otter(sheet: Sheet, name: str) -> str:
    """A test file for otter-grader in its OK format: tests/NAME.py, a case for each line.

    A case passes or fails: half marks count nothing there.
    """
    cases = [
        f"{{'code': {_doctest(sheet, line)!r},\n             'hidden': False, 'locked': False}}"
        for line in _asked(sheet)
    ]
    points = [line.points for line in _asked(sheet)]
    listed = ",\n            ".join(cases)
    return f"""OK_FORMAT = True

test = {{
    'name': {name!r},
    'points': {points},
    'suites': [{{
        'cases': [
            {listed},
        ],
        'scored': True, 'setup': '', 'teardown': '', 'type': 'doctest',
    }}],
}}
"""


def _asked(sheet: Sheet) -> list[Line]:
    return [line for line in sheet.lines if line.quantity]


def _marks(sheet: Sheet) -> str:
    """Statements that mark the student's answers: the lines of the report, by quantity."""
    return (
        "from scalargrad.sheets.worksheet import read_sheet\n"
        f"report = read_sheet({sheet.markdown()!r}).check(answers, solutions=False)\n"
        "marks = {line.quantity: line for line in report.asked}"
    )


def _doctest(sheet: Sheet, line: Line) -> str:
    statements = f"{_marks(sheet)}\nfloat(marks[{line.name!r}].credit)"
    return "".join(f">>> {each}\n" for each in statements.split("\n")) + "1.0\n"


def _cell(kind: str, source: str, grade_id: str = "", points: float | None = None) -> Any:
    """A cell; one with an id is nbgrader's: read only, with points a test."""
    metadata = {
        "nbgrader": {
            "schema_version": 3, "grade_id": grade_id, "locked": True, "solution": False,
            "task": False, "grade": points is not None,
            **({"points": points} if points is not None else {}),
        }
    } if grade_id else {}  # fmt: skip
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": grade_id or "answers", "metadata": metadata,
            "source": source, **code}  # fmt: skip
