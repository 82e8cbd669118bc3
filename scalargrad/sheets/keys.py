"""The keys of a class: what each submission is marked against."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from scalargrad.checking.answer_key import AtKinks
from scalargrad.checking.marking import mark
from scalargrad.checking.precision import UNSTATED, Precision
from scalargrad.checking.report import LAST_DIGIT, NOT_ASKED, UNKNOWN, UNREADABLE, WRONG
from scalargrad.engine.scalars import Scalar
from scalargrad.errors import DomainError, ProgramError
from scalargrad.language.reading import program
from scalargrad.language.writing import program_text
from scalargrad.sheets.documents import SheetError, sheet_text
from scalargrad.sheets.submissions import submissions_in
from scalargrad.sheets.tables import escaped
from scalargrad.sheets.worksheet import (
    Sheet,
    id_in,
    program_in,
    quantities_of,
    read_sheet,
    variant_in,
)

SUFFIXES = (".md", ".csv")  # of the sheets in a folder

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Rules:
    """How a class is marked.

    Attributes:
        at_kinks: "any" value of the subdifferential, but for what the key states, as relu′(0) = 0;
            or the "convention" of the table.
        solutions: whether the reports show true values.
        limit: seconds for a submission.
    """

    at_kinks: AtKinks = "any"
    solutions: bool = True
    limit: float = 10.0


@dataclass(frozen=True)
class Job:
    """What a worker has to know.

    Attributes:
        program: of the key.
        asked: the quantities that are asked for.
        rules: how to mark.
        slopes: at kinks, as the key states them, by name of the operation.
        key: its file, where there are several; else "".
        precision: how precise answers shall be, as the key says.
        id: of the key's sheet, "" where it has none.
        variant: its number, from the id or the name of the file; "" for none.
        points: for each quantity that is asked for, in their order.
    """

    program: str
    asked: tuple[str, ...]
    rules: Rules
    slopes: tuple[tuple[str, Scalar], ...] = ()
    key: str = ""
    precision: Precision = UNSTATED
    id: str = ""
    variant: str = ""
    points: tuple[float, ...] = ()

    @cached_property
    def hash(self) -> str:
        """A short hash of all that decides how a sheet is marked, but for the rules."""
        about = (self.program, self.asked, self.points, str(self.slopes), str(self.precision))
        return hash_of(repr(about))


def hash_of(text: str) -> str:
    """Eight digits that tell texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


Choice = Callable[[str], str]  # the variant of a person, by the name of a submission; "" for none


def any_variant(name: str) -> str:
    """What is known of a person without a roster."""
    return ""


@dataclass(frozen=True)
class Jobs:
    """The jobs of a class.

    Attributes:
        all: one for each key.
        variant_of: what the roster says.
        notes: what is wrong with some keys.
    """

    all: tuple[Job, ...]
    variant_of: Choice = any_variant
    notes: tuple[str, ...] = ()

    def of(self, text: str, name: str = "") -> Job:
        """The job of a submission: its roster's, else that of its id, else that of its program.

        One key alone marks every submission, whatever it shows. An id with another version belongs
        to a key that was corrected since.

        Raises:
            SheetError: where it belongs to none of several keys.
        """
        if not self.all[0].key:
            return self.all[0]
        variant = self.variant_of(name)
        if variant:
            return self._with(lambda job: job.variant == variant, f"variant {variant}")
        id_ = id_in(text)
        shown = program_in(text)
        tests: list[Callable[[Job], bool]] = [lambda job: bool(id_) and job.id == id_]
        if shown is not None:
            tests.append(lambda job: parsed(job.program) == parsed(shown))
        tests.append(lambda job: bool(id_) and job.variant == variant_in(id_))
        for test in tests:
            found = [job for job in self.all if test(job)]
            if found:
                return found[0]
        count = len(self.all)
        if shown is None:
            raise SheetError(
                f"the sheet has no program, which tells the {count} keys apart, and no id: "
                "hand in the Markdown sheet, or name the variants in a roster"
            )
        raise SheetError(
            f"its program is that of none of the {count} keys; "
            "leave the program of the sheet as it is"
        )

    def _with(self, test: Callable[[Job], bool], what: str) -> Job:
        found = next(filter(test, self.all), None)
        if found is None:
            raise SheetError(f"the roster says {what}, and no key is of that")
        return found

    def spelled(self, text: str) -> str:
        """A quantity as the sheets spell it; any other text as it is."""
        table = f"```sg\n{self.all[0].program}\n```\n| quantity | answer |\n| {escaped(text)} | |\n"
        return read_sheet(table).lines[0].name if text.strip() else ""

    def is_quantity(self, text: str) -> bool:
        """Whether a text names a quantity of any of the keys."""
        return any(is_quantity(text) for is_quantity in self._quantities)

    @cached_property
    def _quantities(self) -> list[Callable[[str], bool]]:
        makes = {parsed(job.program): job.program for job in self.all}
        return [quantities_of(program(text)) for text in makes.values()]


def jobs_of(keys: Paths, rules: Rules, variant_of: Choice = any_variant) -> Jobs:
    """The jobs for one key, or for many: a folder of them, or key.md for key-1.md, key-2.md, ….

    Of several keys one that is wrong itself is left out, of two with one program the first counts,
    and of two with one id neither has it; `notes` says so.

    Raises:
        SheetError: where none is left.
    """
    found: dict[str, Job] = {}
    errors: list[SheetError] = []
    notes: list[str] = []
    for path in keys_in(keys):
        try:
            job = _job(path, rules)
        except SheetError as error:
            name = "" if path.name in str(error) else f"{path.name}: "
            errors.append(SheetError(f"{name}{error}"))
            continue
        other = found.setdefault(parsed(job.program), job)
        if set(other.asked) != set(job.asked) or other.slopes != job.slopes:
            notes.append(
                f"the keys {other.key} and {job.key} have one program and ask for different "
                f"things: {other.key} counts"
            )
    if errors and not found:
        raise errors[0]
    jobs = list(found.values())
    for id_, count in Counter(job.id for job in jobs if job.id).items():
        if count > 1:
            those = " and ".join(job.key for job in jobs if job.id == id_)
            notes.append(f"the keys {those} have one id, {id_}: it tells nothing")
            jobs = [replace(job, id="", variant=_number(job.key)) if job.id == id_ else job
                    for job in jobs]  # fmt: skip
    if len(jobs) == 1 and not errors:  # else the sheets of the others are not for this one
        jobs = [replace(jobs[0], key="")]
    return Jobs(tuple(jobs), variant_of, (*map(str, errors), *notes))


def _job(path: Path, rules: Rules) -> Job:
    """What a key asks for.

    Raises:
        SheetError: where it cannot be read, or is wrong itself.
    """
    sheet = _checked(path, rules)
    asked = tuple(dict.fromkeys(sheet.answers))
    points = dict(reversed([(line.name, line.points) for line in sheet.lines]))
    return Job(
        sheet.text, asked, rules, tuple(sheet.slopes.items()), path.name, sheet.precision, sheet.id,
        variant_in(sheet.id) or _number(path.name), tuple(points[name] for name in asked),
    )  # fmt: skip


def _number(name: str) -> str:
    """The number at the end of a file's name, "" for none."""
    number = re.search(r"(\d+)$", Path(name).stem)
    return number[1] if number else ""


@lru_cache(maxsize=1024)
def parsed(text: str) -> str:
    r"""A program in one spelling, so that blanks, signs and names of letters tell nothing apart.

    >>> parsed("x = 3; w = 2; yhat = w*x - 1") == parsed("w=2\nx=3 # seen\nŷ = w x − 1")
    True
    """
    try:
        return "\n".join(sorted(program_text(program(text).output).split("\n")))
    except (DomainError, ProgramError, ValueError):  # one that cannot be read, by its letters
        code = "".join(line.partition("#")[0] for line in text.split("\n"))
        return unicodedata.normalize("NFC", "".join(code.split()))


def shows_another_program(text: str, job: Job) -> bool:
    """Whether a sheet shows a program, and not that of its key."""
    shown = program_in(text)
    return shown is not None and parsed(shown) != parsed(job.program)


def keys_in(keys: Paths) -> list[Path]:
    """The files of keys: of a folder all its sheets, and key-1.md, … for a key.md that is not."""
    if not isinstance(keys, str | os.PathLike):
        return [path for key in keys for path in keys_in(key)]
    key = Path(keys)
    if key.is_dir():
        found = [path for path in submissions_in(key) if path.suffix.lower() in SUFFIXES]
        if not found:
            raise SheetError(f"no key is in {key}; keys are .md or .csv files")
        return found
    if os.path.lexists(key):
        return [key]
    numbered = re.compile(rf"{re.escape(key.stem)}-([0-9]+){re.escape(key.suffix)}")
    folder = key.parent.iterdir() if key.parent.is_dir() else ()
    matches = ((numbered.fullmatch(path.name), path) for path in folder)
    variants = sorted((int(match[1]), path) for match, path in matches if match)
    return [path for _, path in variants] or [key]


def _checked(path: Path, rules: Rules) -> Sheet:
    """The sheet of a key; what it answers itself must be right."""
    sheet = read_sheet(sheet_text(path))
    report = mark(sheet.answer_key, sheet.rows, at_kinks=rules.at_kinks)
    for line in report.lines:
        if line.verdict in (WRONG, LAST_DIGIT, UNREADABLE, UNKNOWN, NOT_ASKED):
            place = sheet.lines[line.number - 1].place
            raise SheetError(f"the key is wrong itself: {path.name}, line {place}: {line.message}")
    return sheet
