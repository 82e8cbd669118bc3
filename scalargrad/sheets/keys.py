"""The keys of a class: what each submission is marked against."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scalargrad.checking.answer_key import AtKinks, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.precision import UNSTATED, Precision
from scalargrad.checking.report import LAST_DIGIT, NOT_ASKED, UNKNOWN, UNREADABLE, WRONG
from scalargrad.engine.scalars import Scalar
from scalargrad.sheets.worksheet import Sheet, SheetError, program_in, read_sheet, sheet_text

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
    """

    program: str
    asked: tuple[str, ...]
    rules: Rules
    slopes: tuple[tuple[str, Scalar], ...] = ()
    key: str = ""
    precision: Precision = UNSTATED


@dataclass(frozen=True)
class Jobs:
    """The jobs of a class, by what tells their programs apart."""

    by_program: Mapping[str, Job] = field(default_factory=dict)

    def of(self, text: str) -> Job:
        """The job of a submission: that of the key with its program.

        One key alone marks every submission, whatever program it shows.

        Raises:
            SheetError: where it belongs to none of several keys.
        """
        if len(self.by_program) == 1:
            return next(iter(self.by_program.values()))
        shown = program_in(text)
        if shown is None:
            raise SheetError(
                f"the sheet has no program, which tells the {len(self.by_program)} keys apart: "
                "hand in the Markdown sheet"
            )
        job = self.by_program.get(without_layout(shown))
        if job is None:
            raise SheetError(
                f"its program is that of none of the {len(self.by_program)} keys; "
                "leave the program of the sheet as it is"
            )
        return job


def jobs_of(keys: Paths, rules: Rules) -> Jobs:
    """The jobs for one key, or for many: a folder of them, or key.md for key-1.md, key-2.md, ….

    Raises:
        SheetError: for a key that cannot be read, or that is wrong itself; for two that ask for
            different quantities of one program.
    """
    paths = keys_in(keys)
    found: dict[str, Job] = {}
    for path in paths:
        sheet = _checked(path, rules)
        asked = tuple(dict.fromkeys(sheet.answers))
        slopes = tuple(sheet.slopes.items())
        job = Job(sheet.text, asked, rules, slopes, path.name, sheet.precision)
        other = found.setdefault(without_layout(sheet.text), job)
        if set(other.asked) != set(asked) or other.slopes != job.slopes:
            raise SheetError(
                f"the keys {other.key} and {job.key} have one program and ask for different "
                "things; keep one of them"
            )
    if len(found) == 1:
        return Jobs({program: replace(job, key="") for program, job in found.items()})
    return Jobs(found)


def keys_in(keys: Paths) -> list[Path]:
    """The files of keys: of a folder all its sheets, and key-1.md, … for a key.md that is not."""
    if not isinstance(keys, str | os.PathLike):
        return [path for key in keys for path in keys_in(key)]
    key = Path(keys)
    if key.is_dir():
        found = sheets_in(key)
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


def sheets_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The sheets in a folder and the folders in it, in order; not the reports, nor hidden files."""
    root = Path(folder)
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not path.name.endswith(".report.md")
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
    )


def without_layout(program: str) -> str:
    """The text of a program without blanks, comments, and ways to write one letter."""
    code = "\n".join(line.partition("#")[0] for line in program.split("\n"))
    return unicodedata.normalize("NFC", "".join(code.split()))


def _checked(path: Path, rules: Rules) -> Sheet:
    """The sheet of a key; what it answers itself must be right."""
    sheet = read_sheet(sheet_text(path))
    report = mark(
        key_of(sheet.program, sheet.slopes, sheet.precision), sheet.rows, at_kinks=rules.at_kinks
    )
    for line in report.lines:
        if line.verdict in (WRONG, LAST_DIGIT, UNREADABLE, UNKNOWN, NOT_ASKED):
            place = sheet.lines[line.number - 1].place
            raise SheetError(f"the key is wrong itself: {path.name}, line {place}: {line.message}")
    return sheet
