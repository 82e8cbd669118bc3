"""Compiled programs beside their peers: micrograd's demo, growth, and a digits classifier.

`make bench` runs it after networks.py; `--quick` repeats less. Two moons, 100 points, 2-16-16-1
with ReLU, hinge loss: loss and gradients of one step, equal in all to 1e-9, from the same weights.
Steps are processor time; compiling, whose work is done by another process, is the wall clock's.
Exit code 1 when a bound is missed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from engine import (
    HERE,
    MISSING,
    Row,
    at_most,
    difference,
    duration,
    faster,
    installed,
    medians,
    megabytes,
    python,
    report,
    within,
)

OURS = {"python": "Python", "numpy": "numpy lanes", "c": "C", "c on arrays": "C, on arrays"}
PEERS = {
    "micrograd": "micrograd",
    "nested C": "nested loops in C, -O2",
    "straight-line C": "straight-line C, -O2",
    "nested C -O3 native": "nested loops in C, -O3 native",
    "casadi": "CasADi SX",
    "jax": "jax.jit of matrices",
    "torch": "PyTorch, matrices",
    "torch scalars": "PyTorch, 0-dim. tensors",
}
# Ours, the peer, and how many times as fast we must be.
BOUNDS = (
    ("python", "torch scalars", 150), ("python", "micrograd", 300),
    ("numpy", "torch scalars", 400), ("numpy", "micrograd", 800),
    ("c on arrays", "nested C", 1), ("c on arrays", "casadi", 20), ("c on arrays", "torch", 10),
    ("c on arrays", "micrograd", None), ("c on arrays", "torch scalars", None),
    ("c on arrays", "straight-line C", None), ("c on arrays", "nested C -O3 native", 1.2),
    ("c on arrays", "jax", None), ("c", "torch", None), ("c", "jax", 1),
)  # fmt: skip
STEPS = {"micrograd": 2, "torch scalars": 2, "python": 60, "numpy": 120, "torch": 300}
NEEDS = {"casadi": "casadi", "jax": "jax", "torch": "torch", "torch scalars": "torch"}


def child(workload: str, *arguments: object) -> dict[str, Any]:
    """The numbers that a workload measures in a process of its own."""
    script = str(HERE / "compiled_workloads.py")
    printed: dict[str, Any] = json.loads(python(script, workload, *map(str, arguments)))
    return printed


def is_here(engine: str) -> bool:
    """Whether what an engine needs is installed."""
    return engine not in NEEDS or installed(NEEDS[engine])


def equal_work(engines: list[str]) -> Iterator[Row]:
    """Whether all find the loss and the gradients that micrograd finds."""
    peer = child("result", "micrograd")
    apart = {engine: difference(child("result", engine), peer) for engine in engines}
    worst = max(apart, key=apart.__getitem__)
    count = f"{len(peer['gradients'])} gradients"
    cells = (count, f"{len(apart)} engines", f"differ {apart[worst]:.0e}", "≤ 1e-9")
    yield Row("demo: the same loss and gradients", *cells, apart[worst] < 1e-9)


def steps(quick: bool) -> Iterator[Row]:
    """A step of each, all of them in turn."""
    engines = [engine for engine in (*OURS, *PEERS) if is_here(engine)]
    yield from equal_work([engine for engine in engines if engine != "micrograd"])
    found = medians(
        3 if quick else 5,
        *(
            lambda e=engine: child("time_of_step", e, STEPS.get(e, 2000))["step"]
            for engine in engines
        ),
    )
    seconds = dict(zip(engines, found, strict=True))
    for ours, peer, bound in BOUNDS:
        what = f"step: {OURS[ours]} | {PEERS[peer]}"
        if peer in seconds:
            yield faster(what, seconds[ours], seconds[peer], bound)
        else:
            yield Row(what, duration(seconds[ours]), MISSING)


def compiling(quick: bool) -> Iterator[Row]:
    """Writing the program, and making it run: cold, and from the cache."""
    for backend in ("python", "numpy", "c"):
        times = [fresh(lambda b=backend: child("compile_time", b)) for _ in range(3)]
        found = {name: median(t[name] for t in times) for name in times[0]}
        written = found["trace"] + (found["compile"] if backend == "python" else 0)
        if backend == "python":
            yield at_most("trace + compile: Python", written, 0.05)
            continue
        yield Row(f"trace: {OURS[backend]}", duration(written), "")
        if backend == "c":
            yield at_most("compile: C, cold", found["compile"], 1.5)
            yield at_most("compile: C, cached", found["compile again"], 0.01)
        else:
            yield Row("compile: numpy lanes", duration(found["compile"]), "")


def fresh(measure: Any) -> Any:
    """A measurement with an empty cache of libraries."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCALARGRAD_CACHE"] = folder
        try:
            return measure()
        finally:
            del os.environ["SCALARGRAD_CACHE"]


def training(quick: bool) -> Iterator[Row]:
    """The demo's 100 steps by `fit`, compiled from a cold cache, beside micrograd's steps alone."""
    peer = 100 * median(child("time_of_step", "micrograd", 2)["step"] for _ in range(3))
    backends = ("python", "numpy", "c")
    lengths = (1, 100, 1000)
    seconds: dict[int, dict[str, float]] = {}
    for length in lengths:
        rounds = 3 if length < 1000 and not quick else 1
        seconds[length] = {
            backend: median(
                fresh(lambda b=backend, n=length: child("training", b, n))["training"]
                for _ in range(rounds)
            )
            for backend in backends
        }
    best = min(backends, key=seconds[100].__getitem__)
    name = f"100 steps, cold cache, best: {OURS[best]} | micrograd"
    yield faster(name, seconds[100][best], peer, 300)
    yield faster("100 steps, cold cache: C | micrograd", seconds[100]["c"], peer, 50)
    for length in lengths:
        winner = min(backends, key=seconds[length].__getitem__)
        every = ", ".join(f"{OURS[b]} {duration(seconds[length][b])}" for b in backends)
        yield Row(f"{length} steps, cold: {every}", "", f"{OURS[winner]} wins")


def growth(quick: bool) -> Iterator[Row]:
    """Seconds and memory per operation as programs grow tenfold."""
    counts = (1000, 10_000) if quick else (1000, 10_000, 100_000)
    for backend in ("python", "numpy", "c", "torch", "jax"):
        if backend in NEEDS and not installed(NEEDS[backend]):
            yield Row(f"growth: {backend}", "", MISSING)
            continue
        sizes = counts[:-1] if backend == "jax" and not quick else counts
        found = [fresh(lambda b=backend, n=count: child("grown", b, n)) for count in sizes]
        per = [(f["trace"] + f["compile"]) / f["operations"] for f in found]
        memory = [f["memory"] / f["operations"] for f in found]
        for count, this, before, m in zip(sizes[1:], per[1:], per, memory[1:], strict=False):
            what = f"{backend}: trace + compile, per operation at {count} | {count // 10}"
            bound = 2 if backend in ("python", "numpy", "c") else None
            yield within(what, this, before, bound)
            size = f"{m / 1e3:.2g} kB per operation"
            yield Row("  its peak memory", megabytes(m * count), size)


def classifiers(quick: bool) -> Iterator[Row]:
    """Networks that learn by `fit` in C, beside PyTorch's matrices on one thread."""
    with_torch = installed("torch")
    yield at_most(
        "784-128-10: trace + compile, C, cold", fresh(lambda: child("compiled_wide"))["compile"], 2
    )
    for task, engine, at_least in (("digits", "c", 1), ("wide 32", "c fast", 0.5),
                                   ("wide 8", "c fast", 1)):  # fmt: skip
        if quick and task != "digits":
            continue
        ours = fresh(lambda t=task, e=engine: child("classified", t, e))
        name = f"{task}: {ours['accuracy']:.1%} right"
        yield Row(f"{name}, first run", duration(ours["cold"]), "")
        if not with_torch:
            yield Row(f"{task}: C | PyTorch, matrices", duration(ours["hot"]), MISSING)
            continue
        theirs = child("classified", task, "torch")
        measured = "hot" if task == "digits" else "epoch"
        what = f"{task}, {measured}: C | PyTorch, matrices"
        yield faster(what, ours[measured], theirs[measured], at_least)
        if task == "digits":
            bound = 2.5 * theirs["hot"] + 0.5
            yield at_most("digits, cold, of 2.5 × PyTorch hot + 0.5 s", ours["cold"], bound)
            same = abs(ours["accuracy"] - theirs["accuracy"]) < 1e-12
            yield Row("digits: the accuracy is PyTorch's", f"{ours['accuracy']:.4f}",
                      f"{theirs['accuracy']:.4f}", "", "equal", same)  # fmt: skip


def memory(quick: bool) -> Iterator[Row]:
    """The peak of a fit in C, as the network and the batch grow."""
    small, wide, batch = (child("fit_memory", *size) for size in ((64, 32), (256, 32), (64, 4096)))
    per = [found["memory"] / found["parameters"] for found in (small, wide)]
    what = f"fit in C, memory per parameter: {wide['parameters']} | {small['parameters']}"
    yield within(what, per[1], per[0], 1.5, lambda size: f"{size / 1e3:.2g} kB")
    what = "fit in C, memory: batches of 4096 | 32"
    yield within(what, batch["memory"], small["memory"], 1.5, megabytes)


def rows(quick: bool, folder: Path) -> Iterator[Row]:
    """All lines of the table, each as soon as it is measured."""
    os.environ["OMP_NUM_THREADS"] = "1"
    one_thread = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = one_thread
    yield from steps(quick)
    yield from compiling(quick)
    yield from training(quick)
    yield from growth(quick)
    yield from classifiers(quick)
    yield from memory(quick)


if __name__ == "__main__":
    sys.exit(report("Compiled programs beside their peers.", rows))
