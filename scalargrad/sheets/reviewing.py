"""What a teacher does with the marks of a class: whose they are, which count, what to look at."""

from __future__ import annotations

import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from scalargrad.cells import csv_of
from scalargrad.checking.report import (
    AT_KINK,
    BLANK,
    CONSISTENT,
    FOLLOWS,
    RIGHT,
    TOO_FEW,
    UNREADABLE,
)
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.flags import flagged
from scalargrad.sheets.keys import Jobs
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.roster import Roster, table
from scalargrad.sheets.submissions import Origin, origin_of, person

_COMMONEST = 3  # wrong answers that are listed for a line


@dataclass(frozen=True)
class Override:
    """What a person decided about a line.

    Attributes:
        student: id, name, or the name of the submission.
        line: the quantity in any spelling, or its number on the sheet.
        mark: the points of the line.
        note: why.
    """

    student: str
    line: str
    mark: float
    note: str = ""


@dataclass(frozen=True)
class Course:
    """What is known of a class beside its sheets.

    Attributes:
        roster: who has which variant.
        overrides: what a person decided.
        is_best: whether of several submissions the best counts, not the latest.
        is_anonymous: whether no name is written.
        due: when it had to be handed in, in local time; None for any time.
    """

    roster: Roster = field(default_factory=Roster)
    overrides: tuple[Override, ...] = ()
    is_best: bool = False
    is_anonymous: bool = False
    due: datetime | None = None


def read_overrides(path: str | os.PathLike[str]) -> tuple[Override, ...]:
    """The decisions in a CSV file with the columns student, line, mark and note.

    Raises:
        SheetError: for a mark that is no number from 0.
    """
    found = []
    for number, row in table(path, ("mark",)):
        written = row.get("mark", "")
        try:
            mark = float(written.replace(",", "."))
        except ValueError:
            mark = -1.0
        if not 0 <= mark < float("inf"):
            raise SheetError(
                f"{path}, line {number}: a mark is points from 0; got {written[:40]!r}"
            )
        student, line, note = (row.get(name, "") for name in ("student", "line", "note"))
        found.append(Override(student, line, mark, note))
    return tuple(found)


def reviewed(
    results: Sequence[Result], jobs: Jobs, course: Course
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """The results with whose they are, what counts, flags and overrides; and what to tell."""
    known = _with_students(results, course)
    counting = _counting(known, course.is_best)
    decided, notes = _overridden(counting, course.overrides, jobs.spelled)
    done = flagged(decided, jobs, course.roster)
    if course.is_anonymous:
        return tuple(_without_names(done)), ()
    return tuple(done), (*course.roster.notes, *notes, *_missing(done, course.roster))


def _with_students(results: Sequence[Result], course: Course) -> list[Result]:
    found = []
    for result in results:
        origin, student = origin_of(result.name), course.roster.of(result.name)
        found.append(replace(
            result,
            student=(student.name or student.id) if student else origin.student,
            student_id=student.id if student else origin.number,
            late=_lateness(origin, result.time, course.due),
        ))  # fmt: skip
    return found


def _lateness(origin: Origin, time: float, due: datetime | None) -> str:
    """How late a submission is, by the system's time or that of its file; "" for in time."""
    with suppress(ValueError):  # other systems only count
        time = datetime.strptime(origin.attempt, "%Y-%m-%d-%H-%M-%S").timestamp()
    seconds = int(time - due.timestamp()) if due and time else 0
    if seconds <= 0:
        return "late" if origin.is_late else ""
    minutes = math.ceil(seconds / 60)
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h late" if days else f"{hours} h {minutes % 60} min late"


def _counting(results: Sequence[Result], is_best: bool) -> list[Result]:
    """Which of several submissions of a student counts: the latest that is marked, or the best."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, result in enumerate(results):
        places[result.student_id, person(result.student)].append(place)

    def rank(place: int) -> tuple[bool, float, str, int]:
        result = results[place]
        points = result.points if is_best else 0.0
        return (not result.problem, points, origin_of(result.name).attempt, place)

    chosen = {max(those, key=rank) for those in places.values()}
    return [replace(result, counts=place in chosen) for place, result in enumerate(results)]


def _overridden(
    results: Sequence[Result], overrides: Iterable[Override], spelled: Callable[[str], str]
) -> tuple[list[Result], list[str]]:
    """The results with what a person decided, and the decisions that fit nothing."""
    decided, notes = list(results), []
    for override in overrides:
        whose = {override.student.casefold(), person(override.student)} - {""}
        wanted = spelled(override.line)
        is_found = False
        for place, result in enumerate(decided):
            names = {result.student_id.casefold(), person(result.student), result.name.casefold()}
            lines = list(result.lines)
            for index, line in enumerate(lines):
                if whose & names and wanted in (line.quantity, str(index + 1)):
                    lines[index] = replace(line, mark=override.mark, note=override.note)
                    is_found = True
            decided[place] = replace(result, lines=tuple(lines))
        if not is_found:
            notes.append(f"no line {override.line!r} of {override.student!r} is there to override")
    return decided, notes


def _missing(results: Iterable[Result], roster: Roster) -> tuple[str, ...]:
    handed_in = {result.student_id for result in results}
    names = [each.name or each.id for each in roster.students if each.id not in handed_in]
    return (f"{len(names)} of the roster handed in nothing: {', '.join(names)}",) if names else ()


def _without_names(results: Iterable[Result]) -> list[Result]:
    numbers: dict[str, str] = {}
    found = []
    for place, result in enumerate(results, 1):
        student = numbers.setdefault(person(result.student), f"student {len(numbers) + 1}")
        flags = tuple(flag.partition(" as in ")[0] for flag in result.flags)
        found.append(replace(result, name=f"submission {place}", student=student, student_id="",
                             flags=flags))  # fmt: skip
    return found


# Items -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemCounts:
    """What became of one line in a class.

    Attributes:
        quantity: as mathematics writes it.
        counts: how many are right, follow, are wrong, blank and unreadable.
        commonest: wrong answers, how many gave each, and the name of the mistake, "" for none.
    """

    quantity: str
    counts: Mapping[str, int]
    commonest: tuple[tuple[str, int, str], ...] = ()


GROUPS = ("right", "follows", "wrong", "blank", "unreadable")
_GROUPS = {RIGHT: "right", TOO_FEW: "right", AT_KINK: "right", FOLLOWS: "follows",
           CONSISTENT: "follows", BLANK: "blank", UNREADABLE: "unreadable"}  # fmt: skip


def _group(line: Marked) -> str:
    return _GROUPS.get(line.kind, "wrong")


def items(results: Iterable[Result]) -> list[ItemCounts]:
    """The lines of a class, in the order of the first sheet that has them."""
    lines: dict[str, list[Marked]] = defaultdict(list)
    for result in results:
        for line in result.lines if result.counts else ():
            if line.is_asked:
                lines[line.quantity].append(line)
    found = []
    for name, those in lines.items():
        counts = Counter(map(_group, those))
        wrong = Counter((" ".join(line.written.split())[:40], line.slip)
                        for line in those if _group(line) == "wrong")  # fmt: skip
        commonest = [(text, count, slip) for (text, slip), count in wrong.most_common(_COMMONEST)]
        found.append(ItemCounts(name, {group: counts[group] for group in GROUPS}, tuple(commonest)))
    return found


def items_csv(results: Iterable[Result]) -> str:
    """The same as a table."""
    rows = [["quantity", *GROUPS,
             *(f"{n}. commonest wrong answer" for n in range(1, _COMMONEST + 1))]]  # fmt: skip
    for item in items(results):
        wrong = [f"{text} ({count}{': ' + slip if slip else ''})"
                 for text, count, slip in item.commonest]  # fmt: skip
        rows.append([item.quantity, *(str(item.counts[group]) for group in GROUPS), *wrong])
    return csv_of(rows)
