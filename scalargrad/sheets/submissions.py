"""What a class handed in: every file of a folder but the system's own, and whose it is.

The names are those that Canvas, Moodle, Gradescope and Blackboard give to files and folders. Links
are named and not followed, so that nothing outside the folder is read.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scalargrad.notation.words import printable

_OURS = re.compile(r".*(\.report\.\w+|\.marks\.jsonl)")  # what a run before has written
_SYSTEMS = {"thumbs.db", "desktop.ini", "__macosx", "submission_metadata.yml", "icon\r"}
_README = re.compile(r"(read[ _-]?me|license|liesmich)(\.\w+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Origin:
    """Whose a submission is, as its name says.

    Attributes:
        student: a name or a number.
        attempt: what orders several of one student, the later the larger.
        is_late: whether the system says so.
        system: "canvas", "moodle", "gradescope", "blackboard" or "".
        number: by which the system knows the student or the submission, "" for none.
        place: the path by which the system knows it, "" for none.
    """

    student: str
    attempt: str = ""
    is_late: bool = False
    system: str = ""
    number: str = ""
    place: str = ""


def submissions_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The files in a folder and the folders in it, in order; links too, which are not followed.

    Not the reports, nor what `passed_over` names.
    """
    return sorted(path for path, is_passed_over in _walk(Path(folder)) if not is_passed_over)


def passed_over(folder: str | os.PathLike[str]) -> list[Path]:
    """The files that are nobody's sheet: hidden ones, those of a system, and a README."""
    return sorted(path for path, is_passed_over in _walk(Path(folder)) if is_passed_over)


def _walk(root: Path) -> Iterator[tuple[Path, bool]]:
    for place, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        hidden = [name for name in folders if _is_nobodys(name) and name not in links]
        folders[:] = [name for name in folders if name not in links and name not in hidden]
        yield from ((Path(place, name), True) for name in hidden)
        for name in [*files, *links]:
            if not _OURS.fullmatch(name):
                yield Path(place, name), _is_nobodys(name)


def _is_nobodys(name: str) -> bool:
    return bool(name.startswith(".") or name.lower() in _SYSTEMS or _README.fullmatch(name))


def names_of(paths: Sequence[Path]) -> list[str]:
    """The paths below the folder that they share, so that the place of a class does not show."""
    absolute = [os.path.abspath(path) for path in paths]
    try:
        shared = os.path.commonpath([os.path.dirname(path) for path in absolute])
    except ValueError:  # no paths, or on several drives
        return [_printable(Path(path).as_posix()) for path in absolute]
    return [_printable(Path(os.path.relpath(path, shared)).as_posix()) for path in absolute]


def _printable(name: str) -> str:
    text = os.fsencode(name).decode("utf-8", "replace")
    return printable(text, 0, keep="\t")


# Whose it is -------------------------------------------------------------------------------------

_PATTERNS = {
    "canvas": re.compile(
        r"(?P<student>[^/_]+)_(?P<late>late_)?(?P<number>\d+)_(?P<submission>\d+)_"
        r".*?(?:-(?P<attempt>\d+))?(?:\.\w+)?",
        re.IGNORECASE | re.DOTALL,
    ),
    "moodle": re.compile(
        r"(?P<student>[^/]+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?:[/_.].*)?",
        re.DOTALL,
    ),
    "gradescope": re.compile(r"(?P<student>submission_(?P<number>\d+))/.*", re.DOTALL),
    "blackboard": re.compile(
        r".+?_(?P<student>[^/_]+)_attempt_(?P<attempt>\d{4}(?:-\d\d){5})(?:_.*)?(?:\.\w+)?",
        re.DOTALL,
    ),
}


def origins(names: Sequence[str]) -> list[Origin]:
    """For each of the names below a folder whose submission it is.

    Where no system's pattern fits, a folder with one file is a student, else each file is one.

    >>> [origin.student for origin in origins(["doejane_LATE_12_34_sheet-2.md", "eve/s.md"])]
    ['doejane', 'eve']
    """
    counts = Counter(PurePosixPath(name).parent for name in names)
    return [_origin(PurePosixPath(name), counts) for name in names]


def origin_of(name: str) -> Origin:
    """The same for one submission; of a line in a form's export the name behind the colon."""
    who = name.partition(": ")[2]
    return Origin(who) if who else origins([name])[0]


def _origin(name: PurePosixPath, counts: Mapping[PurePosixPath, int]) -> Origin:
    for system, pattern in _PATTERNS.items():
        for depth in range(len(name.parts)):  # a system's folder may lie in another
            place = "/".join(name.parts[depth:])
            match = pattern.fullmatch(place)
            if match:
                parts = match.groupdict()
                attempt = parts.get("attempt") or ""
                return Origin(
                    parts["student"], attempt.zfill(6), bool(parts.get("late")), system,
                    parts.get("number") or "", place,
                )  # fmt: skip
    folder = name.parent
    is_students = folder != PurePosixPath(".") and counts[folder] == 1
    return Origin(folder.name if is_students else str(name.with_suffix("")))


def person(name: str) -> str:
    """What two spellings of a person's name have in common: its words, in one order.

    >>> person("Müller, Änne") == person("anne muller")
    True
    """
    bare = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W_]+", "".join(c for c in bare if not unicodedata.combining(c)))
    return " ".join(sorted(words))
