"""An autograder for Gradescope: the zip file to upload there, and what runs in it.

    python -m scalargrad.sheets.gradescope /autograder

reads /autograder/submission and the keys beside this package, and writes results/results.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scalargrad.errors import FileError
from scalargrad.files import make_folder, write_whole, zipped
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.grading import grade
from scalargrad.sheets.keys import Rules
from scalargrad.sheets.results import Result
from scalargrad.sheets.submissions import submissions_in

_SETUP = """#!/usr/bin/env bash
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "scalargrad needs Python 3.11: choose a base image with Ubuntu 24.04 or newer" >&2; exit 1; }
# for .docx and .pdf
python3 -m pip install --break-system-packages python-docx pypdf
"""
_RUN = """#!/usr/bin/env bash
cd /autograder/source && python3 -m scalargrad.sheets.gradescope /autograder
"""
_SUFFIXES = (".py", ".txt", ".typed", ".sg")


def autograder(keys: Sequence[Path], solutions: bool = True) -> bytes:
    """The zip file for a programming assignment: the keys, this package, setup.sh, run_autograder.

    Args:
        keys: of all variants.
        solutions: whether students see true values.
    """
    root = Path(__file__).parent.parent
    files = {
        "setup.sh": _SETUP.encode(), "run_autograder": _RUN.encode(),
        "options.json": json.dumps({"solutions": solutions}).encode(),
    }  # fmt: skip
    files |= {f"keys/{path.name}": path.read_bytes() for path in keys}
    files |= {
        path.relative_to(root.parent).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.suffix in _SUFFIXES and path.is_file()
    }
    return zipped(files, executable=("setup.sh", "run_autograder"))


def results(result: Result) -> dict[str, Any]:
    """What Gradescope shows: a test for each line, with its points and the message."""
    if result.problem:
        return {"score": 0, "output": result.problem, "visibility": "visible", "tests": []}
    tests = [
        {
            "name": line.quantity,
            "score": round(line.points, 4),
            "max_score": line.worth,
            "output": f"you wrote {line.written or 'nothing'}: {line.kind}. {line.message}",
            "visibility": "visible",
        }
        for line in result.lines if line.is_asked
    ]  # fmt: skip
    return {
        "score": round(result.points, 4), "output": f"{result.right} of {result.asked} lines right",
        "visibility": "visible", "tests": tests,
    }  # fmt: skip


def run(folder: Path, source: Path) -> dict[str, Any]:
    """Mark the submission in a folder as Gradescope lays it out."""
    options = json.loads((source / "options.json").read_text())
    found = submissions_in(folder / "submission")
    if not found:
        return results(Result(problem="no file was handed in"))
    with ThreadPoolExecutor(1) as pool:
        rules = Rules(solutions=options["solutions"])
        book = grade(source / "keys", found, rules, executor=pool)
    return results(max(book.results, key=lambda result: (not result.problem, result.points)))


def main(arguments: Sequence[str]) -> None:
    """Run in the place that is given, /autograder."""
    folder = Path(arguments[0] if arguments else "/autograder")
    try:
        found = run(folder, Path.cwd())
    except (SheetError, FileError, OSError) as error:
        found = results(Result(problem=f"the autograder is set up wrongly: {error}"))
    make_folder(folder / "results")
    write_whole(folder / "results" / "results.json", json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
