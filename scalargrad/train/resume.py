"""What the state of a run holds, and whether a run that goes on from it is the same run."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scalargrad.engine import scalars
from scalargrad.nn.checkpoint import check_state, from_json
from scalargrad.nn.module import whole
from scalargrad.train.data import DataSet, outputs

_PARTS = {
    "model": Mapping, "optimizer": Mapping, "train": Mapping, "test": Mapping,
    "gradients": Mapping, "best": Mapping, "steps": int, "warning": str,
}  # fmt: skip
_BEST = {"epoch": int, "loss": float | int, "model": Mapping, "optimizer": Mapping}


def fingerprint(data: DataSet | None) -> str:
    """Sixteen letters that tell examples from others, in every process; "" for none.

    >>> from scalargrad.train.data import xor
    >>> fingerprint(xor(4)) == fingerprint(xor(4)) != fingerprint(xor(8))
    True
    """
    if data is None:
        return ""
    held = hashlib.sha256(repr((len(data), data.names)).encode())
    packed = struct.Struct(f"<{len(data.names) + data.width}d").pack
    for row, target in data:
        held.update(packed(*row, *outputs(target)))
    return held.hexdigest()[:16]


def saved_state(path: str | Path) -> Any:
    """The state that a file holds; None where there is no file yet.

    Raises:
        ValueError: for a file that holds no state.
    """
    if not Path(path).exists():
        return None
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint of fit, which is JSON: {error}") from None


def check_run(
    state: Any, identity: Mapping[str, Any], curves: Mapping[str, set[str]], most_steps: int
) -> None:
    """Raise a ValueError, in one line, for the state of another run, or one that was changed.

    Args:
        state: what `History.state()` gave, perhaps by way of a file.
        identity: what tells the run that is to go on from others.
        curves: the names of the curves that it records under "train" and "gradients".
        most_steps: in one epoch.
    """
    check_state("a run", state)
    wanted = {*_PARTS, "start", *identity}
    if missing := sorted(wanted - set(state)):
        raise ValueError(
            "a run goes on from the state() of its History; "
            f"the one given lacks {', '.join(missing)}"
        )
    if strange := [name for name in state if name not in wanted]:
        raise ValueError(f"the state of a run has no {scalars.shortened(strange[0])}")
    for name, own in identity.items():
        if state[name] != own or isinstance(state[name], bool) != isinstance(own, bool):
            found = scalars.shortened(state[name])
            raise ValueError(f"the state is of a run with {name} = {found}; got {name} = {own!r}")
    check_state("a run", state, **_PARTS)
    for part, own in curves.items():
        if set(state[part]) != own:
            raise ValueError(
                f"the state is of a run with {part} curves of "
                f"{', '.join(map(str, state[part])) or 'nothing'}; got {', '.join(sorted(own))}"
            )
    if state["test"] and set(state["test"]) != set(state["train"]):
        raise ValueError("the state needs the same curves under test as under train")
    done = _epochs(state)
    first, last = done * most_steps, (done + 1) * most_steps
    steps = whole(state["steps"])
    if steps is None or not first <= steps < last:
        raise ValueError(
            f"the state of a run of {done} epochs has {first} to {last - 1} steps; "
            f"got {state['steps']!r}"
        )
    if state["start"] is not None or steps:
        _number(state["start"], "the loss at its start")
    if state["best"]:
        _check_best(state, done)


def _epochs(state: Mapping[str, Any]) -> int:
    """How many epochs were run: every curve has a number for each."""
    losses = state["train"]["loss"]
    for part in ("train", "test", "gradients"):
        for name, curve in state[part].items():
            if not isinstance(curve, list) or len(curve) != len(losses):
                raise ValueError(f"the state needs a number for each epoch in the {part} {name}")
            for number in curve:
                if name == "loss":
                    _number(number, f"each {part} loss")
                elif isinstance(number, bool) or not isinstance(number, float | int):
                    raise ValueError(f"the state needs numbers in the {part} curve {name}")
    return len(losses)


def _check_best(state: Mapping[str, Any], done: int) -> None:
    best = state["best"]
    check_state("the best epoch of a run", best, **_BEST)
    epoch = whole(best["epoch"])
    losses = state["test"].get("loss") or state["train"]["loss"]
    if epoch is None or not 1 <= epoch <= done or losses[epoch - 1] != best["loss"]:
        raise ValueError(
            f"the state of a run has as its best one of {done} epochs, with its loss; "
            f"got epoch {best['epoch']!r} with the loss {best['loss']!r}"
        )


def _number(written: Any, name: str) -> float:
    if isinstance(written, str):  # a Fraction that JSON holds as text is a parameter, no loss
        raise ValueError(f"the state needs a finite number for {name}; got {written!r}")
    number = scalars.to_float(from_json(written, name))
    assert math.isfinite(number)
    return number
