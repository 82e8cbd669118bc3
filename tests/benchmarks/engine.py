"""The engine beside its peers: one table of times and sizes, and whether each bound is met.

`make bench` runs it; `--quick` repeats less. Exit code 1 when a bound is missed. Every number comes
from processes of its own (workloads.py), those to be compared started alternately. Times are
processor time (time.process_time), the collector on, except where a process as a whole is timed by
the wall clock; of the repeats the median counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
LECTURE = REPOSITORY / "scalargrad" / "lectures" / "backprop.sg"
ENGINES = ("scalargrad", "micrograd")
LONGEST = 300  # seconds that one process may take
MISSING = "not installed"


# Processes ---------------------------------------------------------------------------------------


def python(*arguments: str) -> str:
    """What a fresh process of this Python prints.

    Raises:
        subprocess.SubprocessError: when it fails or takes too long.
    """
    command = [sys.executable, *arguments]
    finished = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=LONGEST, cwd=REPOSITORY
    )
    return finished.stdout


def child(workload: str, *arguments: object) -> dict[str, Any]:
    """The numbers that a workload measures in a process of its own."""
    printed: dict[str, Any] = json.loads(
        python(str(HERE / "workloads.py"), workload, *map(str, arguments))
    )
    return printed


def seconds_to_import(module: str) -> float:
    """Wall-clock time of an import, without the start of Python."""
    timed = f"from time import perf_counter as now; t = now(); import {module}; print(now() - t)"
    return float(python("-c", timed))


def seconds_to_run(*arguments: str) -> float:
    """Wall-clock time of a whole process, from the start of Python to its end."""
    start = perf_counter()
    python(*arguments)
    return perf_counter() - start


def interleaved(repeats: int, *measurements: Callable[[], Any]) -> list[list[Any]]:
    """The results of each measurement, all of them repeated in turn: noise falls on all alike."""
    rounds = [[measure() for measure in measurements] for _ in range(repeats)]
    return [list(results) for results in zip(*rounds, strict=True)]


def medians(repeats: int, *measurements: Callable[[], float]) -> list[float]:
    """The median result of each measurement, all of them repeated in turn."""
    return [median(results) for results in interleaved(repeats, *measurements)]


def installed(package: str) -> bool:
    """Whether a peer is there to be compared with."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


# The table ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the table; `met` is None where there is no bound."""

    what: str
    ours: str
    peer: str
    ratio: str = ""
    bound: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The texts of the columns."""
        met = "" if self.met is None else "yes" if self.met else "NO"
        return self.what, self.ours, self.peer, self.ratio, self.bound, met


def faster(what: str, ours: float, peer: float, at_least: float | None = None) -> Row:
    """A row for two times: how many times as fast as the peer we are."""
    ratio = peer / ours
    bound, met = (f"≥ {at_least:g}×", ratio >= at_least) if at_least else ("", None)
    return Row(what, duration(ours), duration(peer), f"{ratio:.2f}× as fast", bound, met)


def within(
    what: str,
    ours: float,
    peer: float,
    at_most: float | None = None,
    show: Callable[[float], str] | None = None,
) -> Row:
    """A row for two costs: ours as a multiple of the peer's."""
    show = show or duration
    ratio = ours / peer
    bound, met = (f"≤ {at_most:g}×", ratio <= at_most) if at_most else ("", None)
    return Row(what, show(ours), show(peer), f"{ratio:.2f}×", bound, met)


def duration(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> duration(0.25), duration(4.5e-5)
    ('250 ms', '45 µs')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def megabytes(size: float) -> str:
    """A size in bytes, in MB."""
    return f"{size / 1e6:.1f} MB"


WIDTHS = (49, 11, 18, 15, 8, 4)


def line(cells: Iterable[str]) -> str:
    """A line of the table."""
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


# The comparisons ---------------------------------------------------------------------------------


def demo(quick: bool) -> Iterator[Row]:
    """The identical node graph of micrograd's demo."""
    ours, peer = (child("demo_result", engine) for engine in ENGINES)
    yield same_work(ours, peer)
    repeats, steps = (3, 3) if quick else (5, 4)
    for workload, what, at_least in (
        ("demo_time", "demo step, forward + backward, graph dropped", 8),
        ("demo_time_kept", "  the same, the last graph still alive", None),
    ):
        ours, peer = medians(
            repeats if at_least else 3,
            *(lambda e=engine, w=workload: child(w, e, steps)["step"] for engine in ENGINES),
        )
        yield faster(what, ours, peer, at_least)
    ours, peer = (child("demo_peak", engine)["peak"] for engine in ENGINES)
    yield within("  its peak memory, one step (tracemalloc)", ours, peer, 0.4, megabytes)


def difference(ours: dict[str, Any], peer: dict[str, Any]) -> float:
    """The largest between the losses and gradients of two engines."""
    pairs = zip([ours["loss"], *ours["gradients"]], [peer["loss"], *peer["gradients"]], strict=True)
    return max(abs(a - b) for a, b in pairs)


def same_work(ours: dict[str, Any], peer: dict[str, Any]) -> Row:
    """Whether the two engines build as many nodes and find the same loss and gradients."""
    apart = difference(ours, peer)
    same = ours["nodes"] == peer["nodes"] and apart < 1e-9
    nodes = (f"{ours['nodes']} nodes", f"{peer['nodes']} nodes")
    return Row("demo: loss and gradients", *nodes, f"differ {apart:.0e}", "≤ 1e-9", same)


def lecture(quick: bool) -> Iterator[Row]:
    """The lecture example in floats."""
    repeats, examples = (3, 3000) if quick else (9, 10_000)
    ours, peer = medians(
        repeats,
        *(lambda e=engine: child("lecture_time", e, examples)["example"] for engine in ENGINES),
    )
    yield faster("lecture example, build + backward, floats", ours, peer, 2.2)
    what = "  built + assert_gradients | torch's gradcheck"
    engines = ["scalargrad"] + ["torch"] * installed("torch")
    times = medians(
        repeats,
        *(lambda e=engine: child("lecture_check_time", e, examples // 30)["check"]
          for engine in engines),
    )  # fmt: skip
    yield faster(what, *times, 1) if len(times) > 1 else Row(what, duration(times[0]), MISSING)


def long_chain(quick: bool) -> Iterator[Row]:
    """A chain of a million operations beside chains of ten thousand (there: the peer)."""
    long, short = (200_000, 10_000) if quick else (1_000_000, 10_000)
    by_length = interleaved(
        3, lambda: child("chain_times", long, long), lambda: child("chain_times", short, long)
    )
    yield within(
        f"chain of {long:,}, per node: all of the below",
        *(median(sum(times.values()) for times in results) for results in by_length),
        2.5,
    )
    for name in by_length[0][0]:
        ours, peer = (median(times[name] for times in results) for results in by_length)
        yield within(f"  {name}", ours, peer)
    garbage = child("chain_garbage", long)["garbage"]
    yield Row(f"chain of {long:,}: cyclic garbage", str(garbage), "", "", "0", garbage == 0)


def imports(quick: bool) -> Iterator[Row]:
    """Start-up beside that of the standard library's argparse, PyTorch and micrograd."""
    modules = ["scalargrad", "argparse", "micrograd.engine"] + ["torch"] * installed("torch")
    measurements = [lambda m=module: seconds_to_import(m) for module in modules]
    interleaved(1, *measurements)  # writes the bytecode
    times = dict(zip(modules, medians(3 if quick else 7, *measurements), strict=True))
    ours = times["scalargrad"]
    yield within("import scalargrad | import argparse", ours, times["argparse"], 3)
    yield within("import scalargrad | import micrograd.engine", ours, times["micrograd.engine"])
    if "torch" in times:
        yield faster("import scalargrad | import torch", ours, times["torch"])
    else:
        yield Row("import scalargrad | import torch", duration(ours), MISSING)


def starts(quick: bool, folder: Path) -> Iterator[Row]:
    """Whole processes beside one that only imports pyplot, which other libraries draw with."""
    picture = str(folder / "start.svg")

    def import_pyplot() -> float:
        return seconds_to_run("-c", "import matplotlib.pyplot")

    for what, at_most, command in (
        ("python -c pass", None, ("-c", "pass")),
        ("scalargrad --help", 0.2, ("-m", "scalargrad", "--help")),
        ("scalargrad draw --wrt w2 to .svg", 0.45,
         ("-m", "scalargrad", "draw", str(LECTURE), "--wrt", "w2", "-o", picture)),
    ):  # fmt: skip
        measurements = [lambda c=command: seconds_to_run(*c), import_pyplot]
        interleaved(1, *measurements)  # writes the bytecode
        ours, theirs = medians(3 if quick else 7, *measurements)
        yield within(f"{what}, cold | import matplotlib.pyplot", ours, theirs, at_most)


def drawing(quick: bool, folder: Path) -> Iterator[Row]:
    """The lecture example drawn by a cold process."""
    for suffix in (".svg", ".dot"):
        what = f"scalargrad draw, cold, to {suffix} | draw_dot"
        command = ("-m", "scalargrad", "draw", str(LECTURE), "-o", str(folder / f"ours{suffix}"))
        peer = str(HERE / "workloads.py"), "lecture_draw_dot", str(folder / f"peer{suffix}")
        measurements = [lambda c=command: seconds_to_run(*c)]
        missing = suffix == ".svg" and not shutil.which("dot")
        if not missing:
            measurements.append(lambda c=peer: seconds_to_run(*c))
        interleaved(1, *measurements)  # writes the bytecode and the fonts' list
        times = medians(3 if quick else 5, *measurements)
        if missing:
            yield Row(what, duration(times[0]), "dot not installed")
        else:
            yield within(what, *times)


def pictures(quick: bool) -> Iterator[Row]:
    """Pictures beside their bounds, and how their cost grows."""
    repeats = 1 if quick else 3
    (warm,) = medians(repeats, lambda: picture_seconds("lecture", "network", True))
    yield at_most("lecture picture to SVG, warm", warm, 0.3)
    for style in ("network", "circuit", "record"):
        (seconds,) = medians(repeats, lambda s=style: picture_seconds("2-16-16-1", s, False))
        yield at_most(f"MLP 2-16-16-1 to SVG, cold: {style}", seconds, 3)
    for style in ("circuit", "record"):
        counts = (100, 1000) if quick else (100, 1000, 9000)
        times = [picture_seconds(f"chain {count}", style, True) / count for count in counts]
        for count, per_node in zip(counts[1:], times[1:], strict=True):
            yield within(f"{style} of {count} boxes to SVG, per box | 100", per_node, times[0])


def picture_seconds(name: str, style: str, is_warm: bool) -> float:
    """Processor time of a picture."""
    return float(child("picture_time", name, style, int(is_warm))["picture"])


def at_most(what: str, ours: float, seconds: float) -> Row:
    """A row for a time that has a bound of its own."""
    return Row(what, duration(ours), "", "", f"≤ {duration(seconds)}", ours <= seconds)


FUNCTIONS = (
    "Value operations",
    "backward",
    "partial",
    "topological_order",
    "deepcopy",
    "pickle.dumps",
    "pickle.loads",
    "program",
    "program_text",
    "graph",
    "contracted",
    "table",
    "derive",
    "assert_gradients",
)


def public_functions(quick: bool) -> Iterator[Row]:
    """Time per node of what is public, and how it grows when there are ten times the nodes."""
    for name in FUNCTIONS:
        yield growth(name, 1000, 10_000, (10, 1) if quick else (30, 3))


def growth(name: str, few: int, many: int, calls: tuple[int, int]) -> Row:
    """The time per node of a function at two sizes."""
    what = f"{name}, per node at {many} | {few}"
    try:
        per_node = [
            child("public_time", name, count, repeats)["call"]
            for count, repeats in zip((few, many), calls, strict=True)
        ]
        return within(what, per_node[1], per_node[0])
    except subprocess.TimeoutExpired:
        return Row(what, f"> {LONGEST} s", "")


# The whole ---------------------------------------------------------------------------------------


def header() -> str:
    """The machine, the versions, and how the numbers were taken."""
    packages = ("micrograd", "torch", "matplotlib", "graphviz", "click")
    versions = [f"{name} {version(name) if installed(name) else MISSING}" for name in packages]
    load = f"load {os.getloadavg()[0]:.1f}"
    machine = ", ".join([processor(), f"{os.cpu_count()} cores", platform.system(), load])
    python_version = f"{platform.python_implementation()} {platform.python_version()}"
    return "\n".join([machine, ", ".join([python_version, *versions]), METHOD])


METHOD = """\
Processor time, collector on; import and draw: wall clock. Each number is the median of interleaved
repeats in fresh processes, for the functions of the last part the least of some calls in one.
The peer is micrograd; after a bar | it is named, and for long chains it is chains of 10,000."""


def processor() -> str:
    """The name of the CPU model."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (text.partition(":")[2].strip() for text in lines if text.startswith("model name"))
    return next(named, platform.machine())


def rows(quick: bool, folder: Path) -> Iterator[Row]:
    """All lines of the table, each as soon as it is measured."""
    yield from imports(quick)
    yield from starts(quick, folder)
    yield from drawing(quick, folder)
    yield from pictures(quick)
    yield from lecture(quick)
    yield from demo(quick)
    yield from long_chain(quick)
    yield from public_functions(quick)


def report(description: str, rows: Callable[[bool, Path], Iterable[Row]]) -> int:
    """Print the table, row by row; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller graphs")
    quick = parser.parse_args().quick
    print(header(), end="\n\n")
    print(line(("what", "ours", "peer", "ratio", "bound", "met?")))
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ["PYTHONPATH"] = str(REPOSITORY)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for row in rows(quick, Path(folder)):
            print(line(row.cells()), flush=True)
            missed += row.met is False
    print(f"\n{missed} bounds missed" if missed else "\nevery bound met")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(report("The engine beside its peers.", rows))
