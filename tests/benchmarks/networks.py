"""Networks beside their peers: micrograd's demo written with scalargrad's own MLP.

`make bench` runs it after engine.py, which makes the table; `--quick` repeats less. Two moons, 100
points, 2-16-16-1 with ReLU, hinge loss and L2: a step is forward, loss and backward, equal in all
engines to 1e-9, from the same weights. Exit code 1 when a bound is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from engine import (
    MISSING,
    Row,
    child,
    difference,
    duration,
    faster,
    installed,
    medians,
    megabytes,
    report,
    within,
)

OURS = {"values": "eager Values", "lanes": "numpy lanes"}
BOUNDS = {"values": 40, "lanes": 200}
TORCH = {
    "torch scalars": "PyTorch, 0-dim. tensors",
    "torch": "PyTorch, matrices",
}


def equal_work() -> Iterator[Row]:
    """Whether all engines find the loss and the gradients that micrograd finds."""
    peer = child("network_result", "micrograd")
    engines = {**OURS, **(TORCH if installed("torch") else {})}
    for engine, name in engines.items():
        apart = difference(child("network_result", engine), peer)
        count = f"{len(peer['gradients'])} gradients"
        cells = (count, "micrograd", f"differ {apart:.0e}", "≤ 1e-9", apart < 1e-9)
        yield Row(f"demo by MLP, same result: {name}", *cells)


def steps(quick: bool) -> Iterator[Row]:
    """A step by MLP beside micrograd's own, and its memory."""
    *ours, peer = medians(
        3 if quick else 7,
        lambda: child("network_time", "values", 10)["step"],
        lambda: child("network_time", "lanes", 40)["step"],
        lambda: child("network_time", "micrograd", 2)["step"],
    )
    for engine, seconds in zip(OURS, ours, strict=True):
        yield faster(f"demo step by MLP, {OURS[engine]}", seconds, peer, BOUNDS[engine])
    peak = child("network_peak", "micrograd")["peak"]
    for engine, at_most in (("values", 0.1), ("lanes", None)):
        name = f"  its peak memory, {OURS[engine]} (tracemalloc)"
        yield within(name, child("network_peak", engine)["peak"], peak, at_most, megabytes)


def training(quick: bool) -> Iterator[Row]:
    """The demo's 100 steps of training, and the accuracy they end with."""
    found = {engine: child("network_training", engine, 100) for engine in OURS}
    for engine, name in OURS.items():
        accuracy = found[engine]["accuracy"]
        shown = f"{accuracy:.0%} right"
        yield Row(f"100 steps by MLP, {name}", shown, "", "", "> 97 %", accuracy > 0.97)
    if not installed("torch"):
        yield Row("100 steps by MLP | PyTorch", duration(found["values"]["training"]), MISSING)
        return
    for peer, name in TORCH.items():
        # A step of 30,000 tensors takes as long as the next, so a quick run times five of them.
        count = 5 if quick and peer == "torch scalars" else 100
        seconds = child("network_training", peer, count)["training"] * 100 / count
        for engine in OURS:
            what = f"  {OURS[engine]} | {name}"
            yield faster(what, found[engine]["training"], seconds)


def rows(quick: bool, folder: Path) -> Iterator[Row]:
    """All lines of the table, each as soon as it is measured."""
    yield from equal_work()
    yield from steps(quick)
    yield from training(quick)


if __name__ == "__main__":
    sys.exit(report("Networks beside their peers.", rows))
