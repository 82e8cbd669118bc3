"""The roster of a class: who has which variant, and whose a submission is."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from itertools import permutations

from scalargrad.cells import csv_of, undefused
from scalargrad.sheets.documents import SheetError, sheet_text
from scalargrad.sheets.submissions import Origin, origin_of, person
from scalargrad.sheets.tables import plain

_COLUMNS = ("id", "name", "variant", "email")
_MOST_NAMES = 4  # of a person whose order is tried


@dataclass(frozen=True)
class Student:
    """A line of the roster.

    Attributes:
        id: as the course counts, or the login.
        name: first and last name, in any order.
        variant: of the sheet that was handed out to them; "" for any.
        email: for systems that know people by it.
    """

    id: str
    name: str = ""
    variant: str = ""
    email: str = ""


@dataclass(frozen=True)
class Roster:
    """The students of a class.

    >>> roster = Roster((Student("al12", "Ada Lovelace", "3"),))
    >>> [roster.variant_of(name) for name in ("lovelaceada_47_98_sheet.md", "al12.md", "bob.md")]
    ['3', '3', '']
    """

    students: tuple[Student, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def of(self, name: str) -> Student | None:
        """Whose submission it is, by the name of its file or folder; None where that is not said.

        A name that two students share says nothing.
        """
        spellings = _spellings(origin_of(name))
        return next((self._known[each] for each in spellings if each in self._known), None)

    def variant_of(self, name: str) -> str:
        """The variant of whoever handed in a file; "" where the roster does not say."""
        student = self.of(name)
        return student.variant if student else ""

    @cached_property
    def _known(self) -> dict[str, Student]:
        """The students by every spelling that means one of them alone; an id before a name."""
        known: dict[str, Student] = {}
        for spelled in (_written, lambda student: [student.id.casefold()]):
            pairs = [(spelling, student) for student in self.students
                     for spelling in {*spelled(student)} - {""}]  # fmt: skip
            counts = Counter(spelling for spelling, _ in pairs)
            known |= {spelling: student for spelling, student in pairs if counts[spelling] == 1}
        return known

    def dealt(self, count: int) -> Roster:
        """The roster with a variant for everyone who has none: each of so many as often.

        >>> roster = Roster((Student("a"), Student("b", variant="1"), Student("c")))
        >>> [student.variant for student in roster.dealt(2).students]
        ['2', '1', '1']
        """
        numbers = [str(number) for number in range(1, count + 1)]
        taken = Counter(student.variant for student in self.students)
        students = []
        for student in self.students:
            variant = student.variant or min(numbers, key=taken.__getitem__)
            taken[variant] += not student.variant
            students.append(replace(student, variant=variant))
        return replace(self, students=tuple(students))

    def csv(self) -> str:
        """The roster as a table, which `read_roster` reads."""
        return csv_of([_COLUMNS, *map(astuple, self.students)])


def _written(student: Student) -> Iterator[str]:
    """How a student may be called: id, mail, name, and a name as Canvas runs it together."""
    yield student.id.casefold()
    yield student.email.casefold()
    yield student.email.partition("@")[0].casefold()
    words = person(student.name).split()
    yield " ".join(words)
    if len(words) <= _MOST_NAMES:
        yield from map("".join, permutations(words))


def _spellings(origin: Origin) -> Iterator[str]:
    """What an origin may be found by: its student, its number, and the parts of a plain name."""
    yield origin.student.casefold()
    yield person(origin.student)
    yield origin.number.casefold()
    words = person(origin.student).split()
    yield "".join(words)
    yield from (word for word in words if any(c.isdigit() for c in word))


def read_roster(path: str | os.PathLike[str]) -> Roster:
    """The roster in a CSV file with the columns id, name, variant and email, in any order.

    Of two lines with one id neither counts, and `notes` says so.

    Raises:
        SheetError: for a file without an id or a name.
    """
    rows = table(path, ("id", "name"))
    students = [Student(*(row.get(title, "") for title in _COLUMNS)) for _, row in rows]
    counts = Counter(each.id for each in students if each.id)
    doubled = [id_ for id_, count in counts.items() if count > 1]
    kept = tuple(each for each in students if each.id not in doubled)
    notes = tuple(f"the roster has the id {id_} twice: neither line counts" for id_ in doubled)
    return Roster(kept, notes)


def table(path: str | os.PathLike[str], any_of: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The lines of a CSV file with a header, each with its number, its cells by column.

    Raises:
        SheetError: where it has none of some columns.
    """
    text = plain(sheet_text(path))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise SheetError(f"{path}, line {reader.line_num}: {error}") from None
    header = [cell.strip().casefold() for cell in lines[0][1]] if lines else []
    if not set(any_of) & set(header):
        wanted = " or ".join(any_of)
        raise SheetError(
            f"{path} has no column {wanted}; its columns are {', '.join(header)[:200]}"
        )
    return [(number, dict(zip(header, map(undefused, cells), strict=False)))
            for number, cells in lines[1:]]  # fmt: skip
