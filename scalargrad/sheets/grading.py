"""Grading a class: each submission is marked in a worker, and no bad file stops the others."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import hashlib
import io
import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from scalargrad import __version__
from scalargrad.cells import defused
from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.precision import Precision
from scalargrad.checking.report import RIGHT, TOO_FEW
from scalargrad.engine.scalars import Scalar
from scalargrad.errors import FileError
from scalargrad.files import make_folder
from scalargrad.notation.words import printable
from scalargrad.sheets.keys import Job, Jobs, Paths, Rules, jobs_of, sheets_in, without_layout
from scalargrad.sheets.worksheet import (
    MOST_CHARACTERS,
    SheetError,
    program_in,
    read_sheet,
    save_all_new,
    sheet_text,
)

submissions_in = sheets_in
_BATCH = 8  # submissions in a task: handing over a task costs as much as marking one
_BATCH_CHARACTERS = 100_000
_IN_FLIGHT = 64  # tasks that another's executor is given at a time
_GRACE = 5.0  # seconds for starting a worker


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
        report: in Markdown.
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
    report: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Gradebook:
    """The results of a class, in the order of the submissions."""

    results: tuple[Result, ...]

    def csv(self) -> str:
        """A line for each submission; no cell is a spreadsheet's formula."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(map(_cells, self.results))
        return file.getvalue()

    def reports(self) -> dict[str, str]:
        """For each submission the name of a file, and the report to write there."""
        found: dict[str, str] = {}
        taken: set[str] = set()
        for result in self.results:
            base = re.sub(r"[^\w. -]+", "_", result.name).lstrip(". ")[:100] or "sheet"
            name, count = base, 1
            while name.casefold() in taken:  # some file systems do not tell A from a
                count += 1
                name = f"{base}-{count}"
            taken.add(name.casefold())
            title = result.name.replace("`", "'")
            found[f"{name}.report.md"] = f"# `{title}`\n\n{result.report or result.problem}\n"
        return found

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        reports: str | os.PathLike[str] | None = None,
        force: bool = False,
    ) -> list[Path]:
        """Write the gradebook, and each report into a folder: all files or none.

        Raises:
            SheetError: when one is there already, unless `force` is set.
            FileError: when one cannot be written.
        """
        files: list[tuple[str | os.PathLike[str], str]] = [(path, self.csv())]
        if reports is not None:
            folder = Path(reports)
            make_folder(folder)
            files += [(folder / name, text) for name, text in self.reports().items()]
        return save_all_new(files, force)


_COLUMNS = (
    "submission", "score", "score without follow-through", "right", "asked", "first wrong",
    "mistake", "problem",
)  # fmt: skip


def _cells(result: Result) -> list[str]:
    numbers = (result.score, result.strict_score, result.right, result.asked)
    shown = ["" if result.problem else f"{round(number, 4):g}" for number in numbers]
    mistake = " or ".join(result.mistakes)
    texts = [result.name, result.first_wrong, mistake, result.problem]
    name, *others = [defused(text) for text in texts]
    return [name, *shown, *others]


# Marking a class ---------------------------------------------------------------------------------


def grade(
    key: Paths,
    submissions: Iterable[str | os.PathLike[str]],
    rules: Rules | None = None,
    *,
    executor: Executor | int | None = None,
    done: Mapping[str, Result] | None = None,
    each: Callable[[Result], object] | None = None,
) -> Gradebook:
    """The results of a class.

    Every submission is marked against the program of the key, whatever program it shows. Of several
    keys it is the one with the program of the submission.

    Args:
        key: a sheet; its table says what is asked for. Of variants several sheets, a folder of
            them, or "key.md" for "key-1.md", "key-2.md", ….
        submissions: files; see `submissions_in` for those of a folder.
        rules: how to mark.
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
    jobs = jobs_of(key, rules)
    paths = [Path(path) for path in submissions]
    names = _names(paths)
    found: dict[int, Result] = {}
    with contextlib.closing(_marked(jobs, paths, rules, executor, done or {})) as marked:
        for place, result in marked:
            found[place] = replace(result, name=names[place])
            if each is not None:
                each(found[place])
    return Gradebook(tuple(found[place] for place in range(len(paths))))


def grade_to(
    path: str | os.PathLike[str],
    key: Paths,
    submissions: Iterable[str | os.PathLike[str]],
    rules: Rules | None = None,
    *,
    executor: Executor | int | None = None,
    reports: str | os.PathLike[str] | None = None,
    each: Callable[[Result], object] | None = None,
    force: bool = False,
) -> Gradebook:
    """The results of a class, saved as `grade` and `Gradebook.save` do.

    What is marked is kept in a file beside the gradebook, `gradebook.csv.marks.jsonl`: after an
    interrupt, or when late submissions come in, only those that are new or changed are marked.

    Raises:
        SheetError: for the key, and when the gradebook is there already and `force` is not set;
            then nothing is marked.
        FileError: when a file cannot be written.
    """
    target = Path(path)
    if not force and os.path.lexists(target):
        raise SheetError(f"{target} is there; choose another name, or replace it with --force")
    if reports is not None:
        make_folder(Path(reports))
    kept = target.with_name(target.name + ".marks.jsonl")
    done = saved_results(kept)

    def keep(result: Result) -> None:
        if result.digest and result.digest not in done:
            done[result.digest] = result
            save_result(kept, result)
        if each is not None:
            each(result)

    book = grade(key, submissions, rules, executor=executor, done=dict(done), each=keep)
    book.save(target, reports=reports, force=force)
    return book


def _names(paths: Sequence[Path]) -> list[str]:
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


# What is kept ------------------------------------------------------------------------------------


def saved_results(path: str | os.PathLike[str]) -> dict[str, Result]:
    """The results in a file of JSON lines, by digest; a line that was cut off is passed over."""
    found = {}
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        return {}
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
        result = Result(**{**data, "mistakes": tuple(data["mistakes"])})
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    like = asdict(Result())
    fits = all(type(value) is type(like[name]) for name, value in asdict(result).items())
    return result if fits and all(type(name) is str for name in result.mistakes) else None


def save_result(path: str | os.PathLike[str], result: Result) -> None:
    """Add a result to a file of JSON lines."""
    line = json.dumps(asdict(replace(result, name=""))).encode()
    try:
        with open(path, "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line  # one was cut off
            file.write(line + b"\n")
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from None


# The workers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Submission:
    place: int
    job: Job
    text: str
    digest: str


_Batch = tuple[_Submission, ...]
_Found = list[tuple[int, Result]]


def _digest(job: Job, text: str) -> str:
    rules = (job.rules.at_kinks, job.rules.solutions, str(job.slopes), str(job.precision))
    content = json.dumps([__version__, job.program, job.asked, job.key, rules, text])
    return hashlib.sha256(content.encode()).hexdigest()


def _marked(
    jobs: Jobs,
    paths: Sequence[Path],
    rules: Rules,
    executor: Executor | int | None,
    done: Mapping[str, Result],
) -> Generator[tuple[int, Result], None, None]:
    """The results as they come, with their places; files are read as workers get free."""
    crew = _Crew(rules.limit, executor)
    batch: list[_Submission] = []
    try:
        for place, path in enumerate(paths):
            try:
                text = sheet_text(path)
                if len(text) > MOST_CHARACTERS:
                    raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
                job = jobs.of(text)
            except SheetError as error:
                yield place, Result(problem=_sentence(error))
                continue
            digest = _digest(job, text)
            if digest in done:
                yield place, done[digest]
                continue
            batch.append(_Submission(place, job, text, digest))
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


class _Crew:
    """The workers, and what they were given."""

    def __init__(self, limit: float, executor: Executor | int | None) -> None:
        self.limit = limit
        self.given: dict[Future[list[Result]], _Batch] = {}
        self.executor: Executor | None = executor if isinstance(executor, Executor) else None
        self.is_ours = self.executor is None
        processes = executor if isinstance(executor, int) else os.cpu_count() or 1
        self.processes = max(1, min(processes, 61))  # as many as Windows can wait for
        self.most = 2 * self.processes if self.is_ours else _IN_FLIGHT

    @property
    def is_busy(self) -> bool:
        return len(self.given) >= self.most

    def give(self, batch: _Batch) -> None:
        """Hand submissions to a worker."""
        tasks = tuple((submission.job, submission.text) for submission in batch)
        if self.executor is None:
            self.executor = _pool(self.processes)
        try:
            future = self.executor.submit(_marks, tasks)
        except BrokenExecutor as error:  # it broke since the last one; `take` sees to it
            future = Future()
            future.set_exception(error)
        self.given[future] = batch

    def take(self) -> _Found:
        """The results that are there, at least those of one batch."""
        most = max(len(batch) for batch in self.given.values())
        patience = self.limit * most + (_GRACE if self.is_ours else 12 * _GRACE)
        finished = wait(self.given, min(patience, threading.TIMEOUT_MAX), FIRST_COMPLETED).done
        if not finished:
            return self._lost(f"it took longer than {self.limit:g} s")
        found: _Found = []
        broken = False
        for future in [future for future in self.given if future in finished]:  # in their order
            try:
                results = future.result()
            except BrokenExecutor:
                broken = True
                continue
            except Exception as error:  # whatever an executor may raise
                results = [_failed(error)] * len(self.given[future])
            found += _placed(self.given.pop(future), results)
        return found + self._lost("the worker that marked it ended") if broken else found

    def _lost(self, problem: str) -> _Found:
        """Start new workers; who was with the old ones is marked again, one by one."""
        suspects = [submission for batch in self.given.values() for submission in batch]
        self.close()
        if not self.is_ours or len(suspects) == 1:
            return _placed(suspects, [Result(problem=problem)] * len(suspects))
        self._probe()
        found: _Found = []
        for submission in suspects:
            self.give((submission,))
            found += self.take()
        return found

    def _probe(self) -> None:
        """Make sure that the loss is the fault of a submission."""
        self.executor = _pool(self.processes)
        try:
            self.executor.submit(os.getpid).result()
        except BrokenExecutor:
            raise RuntimeError(
                "no worker process starts: a script that grades needs the line "
                'if __name__ == "__main__":; or pass executor=ThreadPoolExecutor()'
            ) from None

    def close(self) -> None:
        """End what is under way, and the workers if they are ours."""
        under_way = list(self.given)
        self.given.clear()
        for future in under_way:
            future.cancel()
        if not self.is_ours or not isinstance(self.executor, ProcessPoolExecutor):
            return
        processes = list((self.executor._processes or {}).values()) if under_way else []
        self.executor.shutdown(wait=not under_way, cancel_futures=True)
        for process in processes:
            process.kill()  # one that hangs would not heed anything less
        for process in processes:
            process.join()
        self.executor = None


def _pool(processes: int) -> ProcessPoolExecutor:
    """Worker processes; spawned, as a process with threads cannot be forked safely."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us


def _placed(batch: Sequence[_Submission], results: Sequence[Result]) -> _Found:
    return [
        (submission.place, replace(result, digest=submission.digest if result.digest else ""))
        for submission, result in zip(batch, results, strict=True)
    ]


def _failed(error: BaseException) -> Result:
    return Result(problem=f"the checker failed: {type(error).__name__}: {_sentence(error)}")


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


# In a worker -------------------------------------------------------------------------------------


class _TimeUp(BaseException):
    """The time for a submission is over."""


def _marks(tasks: Sequence[tuple[Job, str]]) -> list[Result]:
    """The results of a batch."""
    return [_mark_in_time(job, text) for job, text in tasks]


def _mark_in_time(job: Job, text: str) -> Result:
    try:
        with _time_limit(job.rules.limit):
            return _mark(job, text)
    except _TimeUp:
        return Result(problem=f"it took longer than {job.rules.limit:g} s")
    except SheetError as error:
        return Result(problem=_sentence(error), digest="kept")
    except Exception as error:  # one bad file never stops the run
        return _failed(error)


def _mark(job: Job, text: str) -> Result:
    sheet = read_sheet(text, job.program)
    report = mark(
        _answer_key(job.program, job.slopes, job.precision),
        sheet.rows,
        at_kinks=job.rules.at_kinks,
        solutions=job.rules.solutions,
        asked=job.asked,
    )
    if job.key:
        note = f"Marked against the key {job.key}, which has the program of the sheet."
        report = replace(report, notes=(*report.notes, note))
    elif _shows_another_program(text, job.program):
        note = "The sheet shows another program than the key; the key's is what was marked."
        report = replace(report, notes=(*report.notes, note))
    return Result(
        score=report.score,
        strict_score=report.strict_score,
        right=sum(line.verdict in (RIGHT, TOO_FEW) for line in report.asked),
        asked=len(report.asked),
        first_wrong=report.first_wrong or "",
        mistakes=report.mistakes,
        report=replace(report, drawn=None).markdown,  # a class has no room for pictures
        digest="kept",
    )


@lru_cache(maxsize=64)
def _answer_key(
    program: str, slopes: tuple[tuple[str, Scalar], ...], precision: Precision
) -> AnswerKey:
    return key_of(program, dict(slopes), precision)


def _shows_another_program(text: str, program: str) -> bool:
    shown = program_in(text)
    return shown is not None and without_layout(shown) != without_layout(program)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `_TimeUp` here after some seconds, in whichever thread this is.

    A signal would reach the main thread only, and Dask marks in others.
    """
    thread = threading.get_ident()
    lock = threading.Lock()
    is_over = False

    def stop() -> None:
        with lock:
            if not is_over:
                _raise_in(thread, _TimeUp)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            is_over = True
        timer.cancel()  # a call: what was raised just before the lock arrives here at the latest


def _raise_in(thread: int, exception: type[BaseException]) -> Any:
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    return raise_in(ctypes.c_ulong(thread), ctypes.py_object(exception))
