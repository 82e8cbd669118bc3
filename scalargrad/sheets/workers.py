"""Marking in worker processes: no bad file, and no worker that hangs or dies, stops the others."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.precision import Precision
from scalargrad.checking.report import NOT_ASKED, RIGHT, TOO_FEW
from scalargrad.engine.scalars import Scalar
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.keys import Job, hash_of, shows_another_program
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.worksheet import id_in, read_sheet

_IN_FLIGHT = 64  # tasks that another's executor is given at a time
_GRACE = 5.0  # seconds for starting a worker


@dataclass(frozen=True)
class Submission:
    """A sheet that is to be marked, with the place where its result belongs."""

    place: int
    job: Job
    text: str
    digest: str


Batch = tuple[Submission, ...]
Found = list[tuple[int, Result]]


class Crew:
    """The workers, and what they were given."""

    def __init__(self, limit: float, executor: Executor | int | None) -> None:
        self.limit = limit
        self.given: dict[Future[list[Result]], Batch] = {}
        self.executor: Executor | None = executor if isinstance(executor, Executor) else None
        self.is_ours = self.executor is None
        processes = executor if isinstance(executor, int) else os.cpu_count() or 1
        self.processes = max(1, min(processes, 61))  # as many as Windows can wait for
        self.most = 2 * self.processes if self.is_ours else _IN_FLIGHT

    @property
    def is_busy(self) -> bool:
        """Whether more would wait."""
        return len(self.given) >= self.most

    def give(self, batch: Batch) -> None:
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

    def take(self) -> Found:
        """The results that are there, at least those of one batch."""
        most = max(len(batch) for batch in self.given.values())
        patience = self.limit * most + (_GRACE if self.is_ours else 12 * _GRACE)
        finished = wait(self.given, min(patience, threading.TIMEOUT_MAX), FIRST_COMPLETED).done
        if not finished:
            return self._lost(f"it took longer than {self.limit:g} s")
        found: Found = []
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

    def _lost(self, problem: str) -> Found:
        """Start new workers; who was with the old ones is marked again, one by one."""
        suspects = [submission for batch in self.given.values() for submission in batch]
        self.close()
        if not self.is_ours or len(suspects) == 1:
            return _placed(suspects, [Result(problem=problem)] * len(suspects))
        self._probe()
        found: Found = []
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


def _placed(batch: Sequence[Submission], results: Sequence[Result]) -> Found:
    return [
        (submission.place, replace(result, digest=submission.digest if result.digest else ""))
        for submission, result in zip(batch, results, strict=True)
    ]


def _failed(error: BaseException) -> Result:
    return Result(problem=f"the checker failed: {type(error).__name__}: {sentence(error)}")


def sentence(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:300]


# In a worker -------------------------------------------------------------------------------------


class TimeUp(BaseException):
    """The time for a submission is over."""


def _marks(tasks: Sequence[tuple[Job, str]]) -> list[Result]:
    """The results of a batch."""
    return [_mark_in_time(job, text) for job, text in tasks]


def _mark_in_time(job: Job, text: str) -> Result:
    try:
        with time_limit(job.rules.limit):
            return _mark(job, text)
    except TimeUp:
        return Result(problem=f"it took longer than {job.rules.limit:g} s")
    except SheetError as error:
        return Result(problem=sentence(error), digest="kept")
    except Exception as error:  # one bad file never stops the run
        return _failed(error)


def _mark(job: Job, text: str) -> Result:
    sheet = read_sheet(text, job.program, job.asked)
    report = mark(
        _answer_key(job.program, job.slopes, job.precision),
        sheet.rows,
        at_kinks=job.rules.at_kinks,
        solutions=job.rules.solutions,
        asked=job.asked,
    )
    edited = shows_another_program(text, job)
    notes = [f"Marked against the key {job.key}."] if job.key else []
    notes += [
        "The sheet shows another program than the key; the key's is what was marked."
    ] * edited
    report = replace(report, notes=(*report.notes, *notes))
    worth = dict(zip(job.asked, job.points, strict=True))
    lines = [
        Marked(line.quantity, line.written, line.kind, float(line.credit), line.message,
               worth.get(line.quantity, 0.0))
        for line in report.lines if line.verdict != NOT_ASKED
    ]  # fmt: skip
    return Result(
        score=report.score,
        strict_score=report.strict_score,
        right=sum(line.verdict in (RIGHT, TOO_FEW) for line in report.asked),
        asked=len(report.asked),
        first_wrong=report.first_wrong or "",
        mistakes=report.mistakes,
        remarks=tuple(report.remarks),
        lines=tuple(lines),
        key=job.id,
        shown=id_in(text),
        edited=edited,
        content=hash_of(text),
        key_hash=job.hash,
        digest="kept",
    )


@lru_cache(maxsize=64)
def _answer_key(
    program: str, slopes: tuple[tuple[str, Scalar], ...], precision: Precision
) -> AnswerKey:
    return key_of(program, dict(slopes), precision)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeUp` here after some seconds, in whichever thread this is.

    A signal would reach the main thread only, and Dask marks in others.
    """
    thread = threading.get_ident()
    lock = threading.Lock()
    is_over = False

    def stop() -> None:
        with lock:
            if not is_over:
                _raise_in(thread, TimeUp)

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
