"""A class of 1,000 marked by the command: `scalargrad grade -j 2` on generated submissions.

`make bench` runs it; `--quick` marks 200. Each submission is a sheet of its own, of 20 lines on one
program, by a simulated student of students.py; half of them make a mistake and carry it on.
"""

from __future__ import annotations

import csv
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from engine import Row, at_most, report, seconds_to_run
from students import Sheet, answers, sheet

LINES = 20


def exercise(draw: random.Random) -> Sheet:
    """A random network with 20 quantities."""
    while True:
        made = sheet(draw)
        if len(made.steps) == LINES:
            return made


def filled_in(asked: Sheet, written: dict[str, str]) -> str:
    """A worksheet as it is handed in."""
    rows = [f"| {quantity} | {text} |" for quantity, text in written.items()]
    return "\n".join(["```sg", asked.text, "```", "", "| quantity | answer |", "|---|---|", *rows])


def hand_in(folder: Path, count: int) -> Path:
    """Write the key and the submissions; returns the key."""
    draw = random.Random(4)
    asked = exercise(draw)
    (folder / "class").mkdir()
    for number in range(count):
        places, kind = draw.choice([2, 3, 4]), draw.choice(["rounder", "keeper", "mixer"])
        quantity = draw.choice(list(asked.steps))
        _, step = draw.choice(asked.wrong[quantity])
        off = draw.gauss(1, 0.05)  # so that no two mistakes are the same
        slip = (quantity, lambda n, step=step, off=off: off * step(n))
        written, _ = answers(asked, places, kind, draw, slip if number % 2 else None)
        text = f"By student {number}.\n\n{filled_in(asked, written)}"
        (folder / "class" / f"{number:04}.md").write_text(text, encoding="utf-8")
    key = folder / "key.md"
    key.write_text(filled_in(asked, dict.fromkeys(asked.steps, "")), encoding="utf-8")
    return key


def rows(quick: bool, folder: Path) -> Iterator[Row]:
    """How long the class takes, and how long a second run that finds all of it done."""
    count = 200 if quick else 1000
    key, book = hand_in(folder, count), folder / "gradebook.csv"
    command = ("-m", "scalargrad", "grade", str(key), str(folder / "class"), "-j", "2",
               "-o", str(book))  # fmt: skip
    before = _processor_seconds()
    elapsed = seconds_to_run(*command)
    used = _processor_seconds() - before
    what = f"grade -j 2, {count:,} sheets of {LINES} lines"
    yield at_most(f"{what}: wall clock", elapsed, 2 + 13 * count / 1000)  # 1,000 within 15 s
    yield at_most("  processor time of all its processes", used, 4 + 26 * count / 1000)
    yield at_most("  again, when all are marked: wall clock", seconds_to_run(*command, "--force"),
                  6 * count / 1000)  # fmt: skip
    with book.open(encoding="utf-8-sig", newline="") as file:
        marked = list(csv.DictReader(file))
    careful = marked[0::2]  # the others made a mistake
    flagged = sum(bool(line["first wrong"]) for line in careful)
    is_so = len(marked) == count and not flagged and all(line["asked"] == "20" for line in marked)
    found = f"{flagged} of {len(careful)}"
    yield Row("  careful sheets among them that are flagged", found, "", "", "0", is_so)


def _processor_seconds() -> float:
    """Of the processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(report("A class marked by the command.", rows))
