"""What became of a submission, and the journal in which that is kept between runs."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from scalargrad.checking.report import NOT_CONFIRMED, UNKNOWN, UNREADABLE
from scalargrad.errors import FileError
from scalargrad.sheets.documents import SheetError


@dataclass(frozen=True)
class Marked:
    """A line of a submission, as it was marked.

    Attributes:
        quantity: as mathematics writes it.
        written: the answer.
        kind: the verdict without the number of another line.
        credit: 0 to 1.
        message: for the person.
        worth: the points of the line; 0 for a quantity that is unknown.
        mark: the points that a person gave instead; −1 for none.
        note: why.
    """

    quantity: str
    written: str
    kind: str
    credit: float
    message: str = ""
    worth: float = 1.0
    mark: float = -1.0
    note: str = ""

    @property
    def points(self) -> float:
        """What the line has earned."""
        return self.mark if self.mark >= 0 else self.credit * self.worth

    @property
    def is_asked(self) -> bool:
        """Whether the line counts."""
        return self.kind != UNKNOWN

    @property
    def slip(self) -> str:
        """The name of the mistake that explains the answer, "" for none."""
        return self.message.partition("It looks as if ")[2].rstrip(".")


@dataclass(frozen=True)
class Result:
    """What became of a submission.

    Attributes:
        name: of the file, below the folder that all submissions share.
        problem: why it could not be marked, in one line; "" for one that was.
        score: 0 to 1, with follow-through.
        strict_score: the same without.
        right: the number of lines that are right.
        asked: the number of lines that count.
        first_wrong: the quantity at which it first goes wrong, "" for none.
        mistakes: the names of those that fit there.
        remarks: on the whole sheet: the first mistake worked out, notes, the summary.
        lines: those that count, and those of unknown quantities.
        key: the id of the key, "" where it has none: its variant and its version.
        shown: the id that the sheet shows.
        edited: whether it shows another program than the key.
        student: whose it is, by the roster or by the name of the file.
        student_id: in the roster, else the number by which a system knows the student.
        time: when the file was last changed, in seconds since 1970; 0 where that says nothing.
        late: how late it is, or that the system says so; "" for in time.
        counts: whether it is the one of the student's submissions that counts.
        flags: what a person should look at: another's sheet, answers that are another's.
        content: a hash of the text that was handed in.
        key_hash: one of the key: program, what is asked for, points, conventions.
        digest: of the content, the key and the rules; "" for a result that shall not be kept.
    """

    name: str = ""
    problem: str = ""
    score: float = 0.0
    strict_score: float = 0.0
    right: int = 0
    asked: int = 0
    first_wrong: str = ""
    mistakes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    lines: tuple[Marked, ...] = ()
    key: str = ""
    shown: str = ""
    edited: bool = False
    student: str = ""
    student_id: str = ""
    time: float = 0.0
    late: str = ""
    counts: bool = True
    flags: tuple[str, ...] = ()
    content: str = ""
    key_hash: str = ""
    digest: str = ""

    @property
    def points(self) -> float:
        """What all lines have earned."""
        return sum(line.points for line in self.lines)

    @property
    def most(self) -> float:
        """What they could earn."""
        return sum(line.worth for line in self.lines)

    @property
    def overridden(self) -> tuple[str, ...]:
        """What a person decided: the lines, their points, and why."""
        return tuple(
            f"{line.quantity}: {line.mark:g}{f' ({line.note})' if line.note else ''}"
            for line in self.lines if line.mark >= 0
        )  # fmt: skip

    @property
    def look(self) -> tuple[str, ...]:
        """Why a person should look at it: problem, flags, and lines that only a person can mark."""
        kinds = [line.kind for line in self.lines if line.mark < 0 and line.kind in _FOR_A_PERSON]
        counted = (f"{kinds.count(kind)} {kind}" for kind in _FOR_A_PERSON if kind in kinds)
        return tuple(filter(None, (self.problem, *self.flags, *counted)))


_FOR_A_PERSON = (NOT_CONFIRMED, UNREADABLE, UNKNOWN)
_OF_CLASS = ("name", "student", "student_id", "time", "late", "counts", "flags")  # and not kept


# What is kept ------------------------------------------------------------------------------------


def saved_results(path: str | os.PathLike[str]) -> dict[str, Result]:
    """The results in a file of JSON lines, by digest; a line that was cut off is passed over."""
    found = {}
    try:
        if not _is_there(path):
            return {}
        content = Path(path).read_bytes()
    except OSError as error:
        raise SheetError(f"cannot read {path}: {error.strerror or error}") from None
    for line in content.split(b"\n"):
        result = _result(line)
        if result is not None and result.digest:
            found[result.digest] = result
    return found


def _result(line: bytes) -> Result | None:
    try:
        data = json.loads(line)
        lines = tuple(Marked(**line) for line in data["lines"])
        texts = {name: tuple(data[name]) for name in ("mistakes", "remarks")}
        result = Result(**{**data, **texts, "lines": lines})
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    texts_are = all(type(text) is str for text in (*result.mistakes, *result.remarks))
    fits = texts_are and _has_types_of(result, Result())
    like = Marked("", "", "", 0.0)
    return result if fits and all(_has_types_of(line, like) for line in result.lines) else None


def _has_types_of(read: object, like: object) -> bool:
    return all(type(value) is type(getattr(like, name)) for name, value in vars(read).items())


def save_result(path: str | os.PathLike[str], result: Result) -> None:
    """Add a result to a file of JSON lines."""
    kept = {name: value for name, value in asdict(result).items() if name not in _OF_CLASS}
    line = json.dumps(kept).encode()
    _is_there(path)
    try:
        with open(path, "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line  # one was cut off
            file.write(line + b"\n")
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from None


def _is_there(path: str | os.PathLike[str]) -> bool:
    """Whether the journal is there, as a file of its own.

    Raises:
        SheetError: for a link, which somebody else may have laid, and for a pipe.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        what = "a link" if stat.S_ISLNK(mode) else "no file"
        raise SheetError(f"{path} is {what}; it keeps what is marked: remove it")
    return True
