"""Grading a class: each submission is marked in a worker, and no bad file stops the others."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from scalargrad import __version__
from scalargrad.cells import csv_of
from scalargrad.files import make_folder
from scalargrad.sheets.documents import MOST_CHARACTERS, SheetError, submission_text
from scalargrad.sheets.keys import Job, Jobs, Paths, Rules, jobs_of, keys_in
from scalargrad.sheets.results import Result, save_result, saved_results
from scalargrad.sheets.reviewing import Course, reviewed
from scalargrad.sheets.submissions import names_of
from scalargrad.sheets.tables import escaped, wide_rows
from scalargrad.sheets.workers import Crew, Submission, TimeUp, sentence, time_limit
from scalargrad.sheets.worksheet import save_all_new

_BATCH = 8  # submissions in a task: handing over a task costs as much as marking one
_BATCH_CHARACTERS = 100_000


@dataclass(frozen=True)
class Gradebook:
    """The results of a class, in the order of the submissions.

    Attributes:
        results: one for each submission.
        notes: what to tell beside them, as who handed in nothing.
        policy: how they were marked.
    """

    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    policy: str = field(default="", compare=False)

    def csv(self) -> str:
        """A line for each submission; no cell is a spreadsheet's formula."""
        rows = [(*_cells(result), self.policy, __version__) for result in self.results]
        return csv_of([_COLUMNS, *rows])

    def changes(self, before: str) -> list[str]:
        """Whose points are others than in an earlier gradebook, as CSV, and why."""
        rows = {row.get("submission"): row for row in csv.DictReader(io.StringIO(before))}
        found = []
        for now in csv.DictReader(io.StringIO(self.csv())):
            was = rows.get(now["submission"], now)
            if was.get("points", "") != now["points"]:
                reasons = [said for column, said in _REASONS.items()
                           if was.get(column, now[column]) != now[column]]  # fmt: skip
                why = " and ".join(reasons) or "time decided"
                was_points, points = was.get("points") or "none", now["points"] or "none"
                found.append(f"{now['submission']}: {was_points} → {points} points: {why}")
        return found

    def save(
        self,
        path: str | os.PathLike[str],
        beside: Iterable[tuple[Path, bytes]] = (),
        *,
        force: bool = False,
    ) -> list[Path]:
        """Write the gradebook and what stands beside it, as reports: all files or none.

        The gradebook comes last, so that all is there where it is.

        Raises:
            SheetError: when one is there already, unless `force` is set.
            FileError: when one cannot be written.
        """
        files = [*beside]
        for place, _ in files:
            make_folder(place.parent)
        return save_all_new([*files, (path, self.csv())], force)


_COLUMNS = (
    "submission", "score", "score without follow-through", "right", "asked", "first wrong",
    "mistake", "problem", "student", "id", "points", "of", "late", "counts", "look", "overridden",
    "key", "key hash", "content", "policy", "version",
)  # fmt: skip
_REASONS = {
    "content": "it was handed in again", "overridden": "you decided otherwise",
    "key hash": "the key is another", "policy": "the policy is another",
    "version": "the version is another",
}  # fmt: skip


def _cells(result: Result) -> list[str]:
    numbers = (result.score, result.strict_score, result.right, result.asked)
    shown = ["" if result.problem else f"{round(number, 4):g}" for number in numbers]
    points = "" if result.problem else f"{round(result.points, 4):g}"
    return [
        result.name, *shown, result.first_wrong, " or ".join(result.mistakes), result.problem,
        result.student, result.student_id, points, f"{result.most:g}", result.late,
        "yes" if result.counts else "no", "; ".join(result.look), "; ".join(result.overridden),
        result.key, result.key_hash, result.content,
    ]  # fmt: skip


# Marking a class ---------------------------------------------------------------------------------


def grade(
    key: Paths,
    submissions: Iterable[str | os.PathLike[str]],
    rules: Rules | None = None,
    course: Course | None = None,
    *,
    executor: Executor | int | None = None,
    done: Mapping[str, Result] | None = None,
    each: Callable[[Result], object] | None = None,
) -> Gradebook:
    """The results of a class.

    Every submission is marked against the program of the key, whatever program it shows. Of several
    keys it is that of the student's variant, as the roster has it, else that of the sheet's id,
    else the one with its program.

    Args:
        key: a sheet; its table says what is asked for. Of variants several sheets, a folder of
            them, or "key.md" for "key-1.md", "key-2.md", ….
        submissions: files; see `submissions_in` for those of a folder.
        rules: how to mark.
        course: what is known beside the sheets: the roster, and what a person decided.
        executor: any of `concurrent.futures`, or Dask's `client.get_executor()`; or the number of
            worker processes, by default one for each processor. A script that starts processes
            needs the usual line `if __name__ == "__main__":`.
        done: results by digest, which are not marked again; see `saved_results`.
        each: is called with each result as it comes.

    Raises:
        SheetError: for a key that cannot be read, or that is wrong itself.
    """
    rules = rules or Rules()
    if not rules.limit > 0:
        raise ValueError(f"the limit is a number of seconds above 0; got {rules.limit}")
    course = course or Course()
    jobs = jobs_of(key, rules, course.roster.variant_of)
    paths = [Path(path) for path in submissions]
    entries: list[_Entry] = []

    def handed_in() -> Iterator[_Entry]:
        for path, name in zip(paths, names_of(paths), strict=True):
            for entry in _entries(path, name, jobs, rules.limit):
                entries.append(entry)
                yield entry

    found: dict[int, Result] = {}
    with contextlib.closing(_marked(jobs, handed_in(), rules, executor, done or {})) as marked:
        for place, result in marked:
            entry = entries[place]
            found[place] = replace(result, name=entry.name, time=entry.time)
            if each is not None:
                each(found[place])
    marked_results = [found[place] for place in range(len(entries))]
    results, notes = reviewed(marked_results, jobs, course)
    counts = "best" if course.is_best else "latest"
    return Gradebook(results, (*jobs.notes, *notes), f"{rules.at_kinks} at kinks, {counts} counts")


def grade_to(
    path: str | os.PathLike[str],
    key: Paths,
    submissions: Iterable[str | os.PathLike[str]],
    rules: Rules | None = None,
    course: Course | None = None,
    *,
    executor: Executor | int | None = None,
    beside: Callable[[Gradebook], Iterable[tuple[Path, bytes]]] | None = None,
    each: Callable[[Result], object] | None = None,
    force: bool = False,
) -> Gradebook:
    """The results of a class, saved as `grade` and `Gradebook.save` do.

    What is marked is kept in a file beside the gradebook, `gradebook.csv.marks.jsonl`: after an
    interrupt, or when late submissions come in, only those that are new or changed are marked.

    Args:
        path: of the gradebook.
        key: as `grade` takes it; and so on.
        submissions: files.
        rules: how to mark.
        course: what is known beside the sheets.
        executor: who marks.
        beside: gives what shall be written with the gradebook, as `feedback.reports` does.
        each: is called with each result as it comes.
        force: whether files may be replaced.

    Raises:
        SheetError: for the key, and when the gradebook is there already and `force` is not set;
            then nothing is marked.
        FileError: when a file cannot be written.
    """
    target = Path(path)
    submissions = list(submissions)
    for read in (*keys_in(key), *map(Path, submissions)):
        if target.exists() and read.exists() and target.samefile(read):
            raise SheetError(f"{target} is a key or a submission; choose another name")
    if not force and os.path.lexists(target):
        raise SheetError(f"{target} is there; choose another name, or replace it with --force")
    kept = target.with_name(target.name + ".marks.jsonl")
    done = saved_results(kept)

    def keep(result: Result) -> None:
        if result.digest and result.digest not in done:
            done[result.digest] = result
            save_result(kept, result)
        if each is not None:
            each(result)

    book = grade(key, submissions, rules, course, executor=executor, done=dict(done), each=keep)
    book.save(target, beside(book) if beside else (), force=force)
    return book


# The workers -------------------------------------------------------------------------------------


def _digest(job: Job, text: str) -> str:
    rules = (job.rules.at_kinks, job.rules.solutions)
    content = json.dumps([__version__, job.hash, job.key, job.id, rules, text])
    return hashlib.sha256(content.encode()).hexdigest()


class _Entry(NamedTuple):
    """What one person handed in: its text, or why there is none, and when."""

    name: str
    text: str = ""
    problem: str = ""
    time: float = 0.0


def _entries(path: Path, name: str, jobs: Jobs, limit: float) -> Iterator[_Entry]:
    """What is in a file: one sheet, or those of a class, a line for each."""
    time = _changed(path)
    try:
        with time_limit(limit):
            text = submission_text(path)
            if len(text) > MOST_CHARACTERS:
                raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
            answers = wide_rows(text, jobs.is_quantity)
    except TimeUp:
        yield _Entry(name, problem=f"it took longer than {limit:g} s to read", time=time)
        return
    except SheetError as error:
        yield _Entry(name, problem=sentence(error), time=time)
        return
    for number, each in enumerate(answers, 2):
        table = [f"| {escaped(row.quantity)} | {escaped(row.answer)} |" for row in each.rows]
        lines = "\n".join([each.rest, "", "| quantity | answer |", "|---|---|", *table, ""])
        yield _Entry(f"{name}: {each.who or f'line {number}'}", lines)
    if not answers:
        yield _Entry(name, text, time=time)


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except (OSError, ValueError):
        return 0.0


def _marked(
    jobs: Jobs,
    entries: Iterable[_Entry],
    rules: Rules,
    executor: Executor | int | None,
    done: Mapping[str, Result],
) -> Generator[tuple[int, Result], None, None]:
    """The results as they come, with their places; files are read as workers get free."""
    crew = Crew(rules.limit, executor)
    batch: list[Submission] = []
    try:
        for place, entry in enumerate(entries):
            try:
                if entry.problem:
                    raise SheetError(entry.problem)
                job = jobs.of(entry.text, entry.name)
            except SheetError as error:
                yield place, Result(problem=sentence(error))
                continue
            digest = _digest(job, entry.text)
            if digest in done:
                yield place, done[digest]
                continue
            batch.append(Submission(place, job, entry.text, digest))
            if len(batch) == _BATCH or sum(len(s.text) for s in batch) > _BATCH_CHARACTERS:
                crew.give(tuple(batch))
                batch = []
            while crew.is_busy:
                yield from crew.take()
        if batch:
            crew.give(tuple(batch))
        while crew.given:
            yield from crew.take()
    finally:
        crew.close()
