"""Gradebooks as Canvas and Moodle import them.

Canvas wants the columns Student, ID, SIS User ID, SIS Login ID and Section, then one for the
assignment, with its points in the second line. Moodle's grading worksheet wants Identifier, Grade
and Maximum grade; the grade import of a course goes by the ID number or the address of the mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scalargrad.cells import csv_of
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.results import Result
from scalargrad.sheets.roster import Roster, Student
from scalargrad.sheets.submissions import origin_of

_POSSIBLE = "    Points Possible"  # with its blanks, by which Canvas knows the line


def canvas(results: Iterable[Result], assignment: str, roster: Roster) -> str:
    """The marks of a class for Canvas: Grades → Import.

    Canvas finds a student by ID, its own number, which stands in the names of the files that it
    gives; else by SIS User ID, for which the id of the roster stands.
    """
    counting = _counting(results)
    rows: list[Sequence[str]] = [
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment),
        (_POSSIBLE, "", "", "", "", _most(counting)),
    ]
    for result in counting:
        origin, student = origin_of(result.name), roster.of(result.name) or Student("")
        number = origin.number if origin.system == "canvas" else ""
        rows.append((result.student, number, student.id, "", "", _points(result)))
    return csv_of(rows)


def moodle(results: Iterable[Result], assignment: str, roster: Roster) -> str:
    """The marks of a class for Moodle: Upload grading worksheet, or Grades → Import → CSV file."""
    rows: list[Sequence[str]] = [
        ("Identifier", "Full name", "ID number", "Email address", "Grade", "Maximum grade",
         "Feedback comments", "Assignment")
    ]  # fmt: skip
    counting = _counting(results)
    for result in counting:
        origin, student = origin_of(result.name), roster.of(result.name) or Student("")
        identifier = f"Participant {origin.number}" if origin.system == "moodle" else ""
        rows.append((
            identifier, result.student, student.id, student.email, _points(result),
            _most(counting), _feedback(result), assignment,
        ))  # fmt: skip
    return csv_of(rows)


FORMS = {"canvas": canvas, "moodle": moodle}


def _counting(results: Iterable[Result]) -> list[Result]:
    """The results that count, one for each student.

    Raises:
        SheetError: where they are anonymous, so that no system would find its students.
    """
    counting = [result for result in results if result.counts]
    if counting and all(result.name.startswith("submission ") for result in counting):
        raise SheetError("a gradebook for a system needs the names of the students")
    return counting


def _most(results: Iterable[Result]) -> str:
    return f"{max((result.most for result in results), default=0):g}"


def _points(result: Result) -> str:
    return "" if result.problem else f"{round(result.points, 4):g}"


def _feedback(result: Result) -> str:
    if result.problem:
        return result.problem
    first = f"; it first goes wrong at {result.first_wrong}" if result.first_wrong else ""
    return f"{result.right} of {result.asked} lines right{first}"
