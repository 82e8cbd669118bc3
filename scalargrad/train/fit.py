"""Training: `fit` runs minibatch gradient descent, records it and watches the gradients."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError
from scalargrad.files import write_whole
from scalargrad.nn.checkpoint import function_name
from scalargrad.nn.module import Module, loss_of, whole
from scalargrad.nn.regularisation import BatchNorm
from scalargrad.train.arrays import Arrays
from scalargrad.train.data import DataSet, check_batch_size
from scalargrad.train.monitor import (
    HEALTHY,
    first_not_finite,
    first_outside,
    nan_or_infinite,
    size_of,
)
from scalargrad.train.optim import Optimizer, Reduction, reduced
from scalargrad.train.resume import check_run, fingerprint, saved_state

RECORDED = ("train", "test", "gradients", "steps", "warning")  # of a history, in its state
_FAR = 1e8  # a loss that grew by so much is not coming back

Loss = Callable[[Any, Any], Value]
Metric = Callable[[Any, Any], Any]
Curves = dict[str, list[float]]


@dataclass(frozen=True)
class History:
    """What a run of `fit` recorded: numbers epoch by epoch, and how it ended.

    Attributes:
        train: under "loss" and the name of each metric, one number for each epoch.
        test: the same on the examples held out; empty without any.
        gradients: for each layer the mean |gradient| of its parameters, one for each epoch.
        steps: how many steps were made.
        stopped: why it ended before its time; "" where it did not.
        warning: what the monitor found first; "" where the gradients were healthy.
        final: what a later `fit` needs to go on, in plain lists and numbers that JSON can hold.
    """

    train: Curves = field(default_factory=dict)
    test: Curves = field(default_factory=dict)
    gradients: Curves = field(default_factory=dict)
    steps: int = 0
    stopped: str = ""
    warning: str = ""
    final: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def epochs(self) -> int:
        """How many epochs were run to their end."""
        return len(self.train.get("loss", ()))

    def state(self) -> dict[str, Any]:
        """A state from which `fit(…, resume=state)` goes on bit for bit; JSON can hold it."""
        recorded = {name: getattr(self, name) for name in RECORDED}
        return deepcopy({**self.final, **recorded})


def fit(
    model: Module,
    loss: Loss,
    data: DataSet,
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int | None = None,
    test: DataSet | None = None,
    seed: int = 0,
    metrics: Mapping[str, Metric] | None = None,
    patience: int | None = None,
    monitor: bool = True,
    lanes: bool = True,
    backend: str | None = None,
    fast: bool = False,
    before_step: Callable[[], object] | None = None,
    after_step: Callable[[], object] | None = None,
    resume: Mapping[str, Any] | None = None,
    checkpoint: str | Path | None = None,
) -> History:
    """The history of training a model; the model is left trained.

    Each step takes the gradient of the mean loss of a batch (of the total loss, where the
    reduction of the optimizer is "sum"). A run whose loss or gradient is no
    finite number, or whose loss grows 10⁸-fold, stops with the step and the reason, and the
    model goes back to what it was after the last good step.

    Args:
        model: predicts from one row of inputs.
        loss: of a prediction and a target.
        data: the examples to train on.
        optimizer: holds the parameters of the model.
        epochs: how often every example is used, those of a resumed run among them.
        batch_size: examples in a step; all of them if left out.
        test: examples held out, on which the model is tried after each epoch.
        seed: of the order of the examples.
        metrics: functions of a prediction and a target whose means are recorded.
        patience: after so many epochs without a lesser loss (on `test`, where given) training
            stops, and the model goes back to its best epoch.
        monitor: whether to warn, once, when the mean |gradient| of a layer leaves [1e-6, 1e3].
        lanes: whether a batch is one graph on numpy arrays, else one graph of all its examples.
        backend: compiles the step, for "python", "numpy", "c", "jax", "torch" or "auto"; the graph
            is not built then. Its results differ from the graph's in the last bits.
        fast: C and numpy: multiplications and additions may be fused, or done in another
            order, which changes last bits.
        before_step: called when the gradients are there, as for clipping them.
        after_step: called when the parameters have changed, as for projecting them.
        resume: the `state()` of an earlier History of the same model, data and arguments.
        checkpoint: a file for the state after each epoch, from which the same call goes on where
            the file is there: what is killed loses the epoch that it was in, and no bit.

    Raises:
        FileError: for a checkpoint that cannot be written.
        TypeError: for an argument of another kind.
        ValueError: for sizes that do not fit, a state of another run, or one that has run for as
            many epochs already.
    """
    _check_kinds(model, loss, optimizer, metrics, before_step=before_step, after_step=after_step)
    for name, given_data in (("data", data), ("test", test)):
        if not isinstance(given_data, DataSet) and (name, given_data) != ("test", None):
            raise TypeError(
                f"fit needs a DataSet(inputs, targets) as {name}; got {type(given_data).__name__}"
            )
    check_batch_size(len(data) if batch_size is None else batch_size, len(data))
    for name, given in (("epochs", epochs), ("patience", patience)):
        if given is not None and (whole(given) or 0) < 1:
            raise ValueError(f"{name} is a whole number from 1; got {given!r}")
    if test is not None and len(test.names) != len(data.names):
        raise ValueError(
            f"training examples have {len(data.names)} numbers each; "
            f"got test examples of {len(test.names)}"
        )
    if test is not None and test.width != data.width:
        raise ValueError(
            f"training examples have {data.width} targets each; got test examples with {test.width}"
        )
    trained = set(model.parameters()) & set(optimizer.parameters)
    is_mixing = any(isinstance(module, BatchNorm) for module in model.modules())
    for is_refused, message in (
        ("loss" in (metrics or {}), "a metric cannot be called loss, which is recorded already"),
        (not trained, "the optimizer holds none of the parameters of the model, so it would train "
                      "nothing; make it with SGD(model.parameters(), …)"),
        (lanes and is_mixing, "batch normalisation mixes the examples of a batch, and lanes never "
                              "mix; use fit(…, lanes=False)"),
        (fast and not backend, "fast=True is for the backends c and numpy; got no backend"),
        (backend and not lanes, f"backend={backend!r} compiles a step on lanes; got lanes=False"),
        (None not in (resume, checkpoint),
         "fit goes on from resume=… or from its checkpoint=…; got both"),
    ):  # fmt: skip
        if is_refused:
            raise ValueError(message)
    hooks = (before_step, after_step)
    run = _Run(model, loss, optimizer, metrics or {}, hooks, lanes=lanes, monitor=monitor)
    if lanes:
        model.eval()
        for examples in filter(None, (data, test)):
            check_targets(model, loss, examples)
    if backend:
        run.compile(data, backend, fast)
    identity = {
        "seed": seed, "batch_size": whole(batch_size), "data": fingerprint(data),
        "test_data": fingerprint(test), "loss_function": function_name(loss),
        "lanes": lanes, "backend": backend, "fast": fast, **optimizer.settings(),
    }  # fmt: skip
    steps = -(-len(data) // (batch_size or len(data)))
    if checkpoint is not None:
        resume = saved_state(checkpoint)
    if resume is not None:
        try:
            run.resume(resume, identity, epochs, steps, may_be_done=checkpoint is not None)
        except ValueError as error:
            raise ValueError(f"{checkpoint}: {error}" if checkpoint else str(error)) from None

    def keep() -> None:
        if checkpoint is not None:
            state = run.history("", identity).state()
            write_whole(Path(checkpoint), json.dumps(state).encode())

    stopped = ""
    try:
        keep()
        for epoch in _watched(range(run.epochs, epochs), steps, run):
            batches = data.orders(batch_size, seed, epoch)
            stopped = run.epoch(data, batches, test) or run.patience_lost(patience)
            if stopped:
                break
            keep()
    finally:
        model.eval()
        if run.compiled:
            run.compiled.scatter()
    return run.history(stopped, identity)


def _check_kinds(
    model: object, loss: object, optimizer: object, metrics: object, **hooks: object
) -> None:
    """Raise a TypeError for the first argument of `fit` that is of a wrong kind."""
    if not isinstance(model, Module):
        raise TypeError(f"fit needs a Module as model, such as MLP(2, [16, 1]); got {model!r}")
    if not callable(loss):
        raise TypeError(
            "fit needs a function of a prediction and a target as loss, such as "
            f"losses.squared_error; got {loss!r}"
        )
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"fit needs as optimizer SGD(model.parameters(), 0.1); got {optimizer!r}")
    wanted = 'fit needs metrics by name, as in metrics={"accuracy": accuracy}'
    if not isinstance(metrics, Mapping | None):
        raise TypeError(f"{wanted}; got {type(metrics).__name__}")
    for name, metric in (metrics or {}).items():
        if not callable(metric):
            raise TypeError(f"{wanted}; got {metric!r} for {name}")
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            raise TypeError(f"{name} is a function without arguments; got {hook!r}")


def accuracy(prediction: Any, target: Any) -> Any:
    """1 where a prediction from logits is right, else 0: the larger score, or the sign of one.

    With one score the labels are 0 and 1 or -1 and +1; with several they count from 0.

    >>> accuracy(Value(2.5), 1), accuracy([Value(0.1), Value(0.7)], 0)
    (1, 0)
    """
    if isinstance(prediction, Value):
        return scalars.where((prediction.data > 0) == (target > 0), 1, 0)
    scores = [score.data for score in prediction]
    best, highest = 0, scores[0]
    for label, score in enumerate(scores):
        is_higher = score > highest
        best = scalars.where(is_higher, label, best)
        highest = scalars.where(is_higher, score, highest)
    return scalars.where(best == target, 1, 0)


def losses_of(
    model: Module, loss: Loss, data: DataSet, *, lanes: bool = True
) -> tuple[list[Value], Any, Any]:
    """The losses of the examples in one graph, the predictions and the targets.

    On lanes it is one loss, an array with an element for each example.
    """
    if lanes:
        columns, targets = data.lanes()
        prediction = model(columns)
        return [loss_of(loss, prediction, targets)], prediction, targets
    predictions = model.batch(data.inputs)
    losses = [loss_of(loss, p, t) for p, t in zip(predictions, data.targets, strict=True)]
    return losses, predictions, data.targets


def check_targets(model: Module, loss: Loss, data: DataSet) -> None:
    """Raise what the loss says of targets that it cannot take, with one prediction for all."""
    loss_of(loss, model(list(map(float, data.inputs[0]))), data.target_lanes())


def _average(losses: list[Value]) -> float:
    """The mean loss of the examples."""
    return math.fsum(scalars.to_float(reduced(loss.data)) for loss in losses) / len(losses)


def _reduce(parameters: list[Value], reduction: Reduction) -> None:
    """Make one number of each gradient, as optim does, in one step for all those on lanes."""
    on_lanes = [p for p in parameters if getattr(p.grad, "shape", ())]
    if on_lanes:
        import numpy as np

        rows = np.stack([np.asarray(p.grad) for p in on_lanes])
        numbers = (rows.mean(axis=1) if reduction == "mean" else rows.sum(axis=1)).tolist()
        for parameter, number in zip(on_lanes, numbers, strict=True):
            parameter.grad = number


def _quiet(lanes: bool) -> AbstractContextManager[Any]:
    """No warnings of numpy's: what overflows is found, and explained, by us."""
    if not lanes:
        return nullcontext()
    import numpy as np

    return np.errstate(all="ignore")


def _watched(epochs: Sequence[int], steps: int, run: _Run) -> Iterator[int]:
    """The epochs; a terminal or notebook shows a bar of the steps, and the loss, after a second."""
    if not sys.stderr.isatty():  # the import takes as long as many a small run
        yield from epochs
        return
    from tqdm import tqdm

    total = len(epochs) * steps
    with tqdm(None, "training", total, delay=1, leave=False, unit="step") as bar:
        run.progress = bar.update
        for epoch in epochs:
            yield epoch
            if run.train.get("loss"):
                bar.set_postfix(loss=f"{run.train['loss'][-1]:.4g}", refresh=False)


@dataclass(frozen=True)
class _Snapshot:
    data: Any
    memory: Any
    steps: int
    extra: list[Any]


class _Run:
    """A run that is under way."""

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        metrics: Mapping[str, Metric],
        hooks: tuple[Callable[[], object] | None, Callable[[], object] | None],
        *,
        lanes: bool,
        monitor: bool,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.metrics = dict(metrics)
        self.hooks = hooks
        self.lanes, self.monitor = lanes, monitor
        self.parameters = model.parameters()
        self.layers = _layers(model.named_parameters())
        self.train: Curves = {name: [] for name in ("loss", *self.metrics)}
        self.test: Curves = {}
        self.gradients: Curves = {layer: [] for layer in self.layers}
        self.steps = 0
        self.warning = ""
        self.start: float | None = None  # the loss of the first step
        self.best: dict[str, Any] = {}
        self.remembering = [m for m in model.modules() if m.extra_state() is not None]
        self.compiled: Arrays | None = None
        self.good = self.snapshot()
        self.progress: Callable[[int], object] = int  # is told how many steps were made
        self.asked = -1  # the epoch in which the graph was last asked for the reason

    def compile(self, data: DataSet, backend: str, fast: bool) -> None:
        """Take the steps by a compiled program from here on."""
        self.compiled = Arrays(
            self.model, self.loss, self.optimizer, data, self.layers, backend, fast
        )
        self.good = self.snapshot()

    @property
    def epochs(self) -> int:
        return len(self.train["loss"])

    def state(self) -> dict[str, Any]:
        if self.compiled:
            self.compiled.scatter()
        return {"model": self.model.state(), "optimizer": self.optimizer.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        self.model.load_state(state["model"])
        self.optimizer.load_state(state["optimizer"])
        if self.compiled:
            self.compiled.gather()

    def snapshot(self) -> _Snapshot:
        """What `state` holds, at a tenth of the cost: one is taken before every step."""
        extra = [module.extra_state() for module in self.remembering]
        if self.compiled and self.compiled.moves:
            held = self.compiled.theta, self.compiled.memory
            return _Snapshot(*held, self.optimizer.steps, extra)
        numbers = [p.data for p in self.parameters]
        return _Snapshot(numbers, dict(self.optimizer.memory), self.optimizer.steps, extra)

    def restore(self, taken: _Snapshot) -> None:
        self.optimizer.steps = taken.steps
        if isinstance(taken.memory, dict):
            for parameter, data in zip(self.parameters, taken.data, strict=True):
                parameter.data = data
            self.optimizer.memory = dict(taken.memory)
            if self.compiled:
                self.compiled.gather()
        elif self.compiled:
            self.compiled.theta, self.compiled.memory = taken.data, taken.memory
            self.compiled.scatter()
        self.remember(taken.extra)

    def remember(self, extra: Sequence[Any]) -> None:
        """Take up what the modules that remember something gave as their `extra_state`."""
        for module, own in zip(self.remembering, extra, strict=True):
            module.load_extra_state(own)

    def resume(
        self, state: Mapping[str, Any], identity: Mapping[str, Any], epochs: int, steps: int, *,
        may_be_done: bool,
    ) -> None:  # fmt: skip
        """Go on from a state, or leave everything as it is; `steps` are made in an epoch."""
        curves = {"train": set(self.train), "gradients": set(self.gradients)}
        check_run(state, identity, curves, steps)
        done = len(state["train"]["loss"])
        if epochs < done + (not may_be_done):
            raise ValueError(
                f"a resumed run counts the epochs before it, {done}, and needs more; "
                f"got epochs={epochs}"
            )
        before = self.state()
        try:
            for whole_state in filter(None, (state["best"], state)):
                self.load(whole_state)
        except ValueError:
            self.load(before)
            raise
        for name in (*RECORDED, "start", "best"):
            setattr(self, name, deepcopy(state[name]))
        self.good = self.snapshot()

    def history(self, stopped: str, identity: Mapping[str, Any]) -> History:
        final = {**self.state(), **identity, "start": self.start, "best": self.best}
        return History(
            self.train, self.test, self.gradients, self.steps, stopped, self.warning,
            deepcopy(final),
        )  # fmt: skip

    def epoch(self, data: DataSet, batches: Sequence[Sequence[int]], test: DataSet | None) -> str:
        """Run over the rows of each batch and test; the reason to stop, if there is one."""
        sums = dict.fromkeys(self.train, 0.0)
        sizes = dict.fromkeys(self.layers, 0.0)
        count = seen = 0
        self.model.train()
        while count < len(batches):
            with _quiet(self.lanes):
                made = self.call(batches[count:]) or [self.step(data, batches[count])]
            for reason, found, batch_sizes in made:
                if reason:
                    self.restore(self.good)
                    return f"diverged at step {self.steps + 1}: {reason}"
                many = len(batches[count])
                count, self.steps = count + 1, self.steps + 1
                for name, value in found.items():
                    sums[name] += value * many
                seen += many * (found.keys() != sums.keys())
                for layer, size in batch_sizes.items():
                    sizes[layer] += size
            self.progress(len(made))
        if self.compiled and self.compiled.seen:  # metrics wait for the end of the epoch
            for name, value in self.measured(*self.compiled.predicted()).items():
                sums[name] += value * seen
        for name, value in sums.items():
            self.train[name].append(value / len(data))
        for layer, size in sizes.items():
            self.gradients[layer].append(size / count)
        if test is not None:
            for name, value in self.tested(test).items():
                self.test.setdefault(name, []).append(value)
        return ""

    def call(
        self, batches: Sequence[Sequence[int]]
    ) -> list[tuple[str, dict[str, float], dict[str, float]]]:
        """What `step` says of each of the next batches that C takes in one call; [] for none."""
        if not self.compiled or self.hooks != (None, None) or self.start is None:
            return []
        bounds = HEALTHY if self.is_watched else (-math.inf, math.inf)
        made = self.compiled.called(batches, _FAR * (abs(self.start) + 1), bounds)
        if made:
            extra = [module.extra_state() for module in self.remembering]
            self.good = _Snapshot(*self.compiled.before, self.optimizer.steps - 1, extra)
        return [("", {"loss": value}, sizes) for value, sizes in made]

    def step(
        self, data: DataSet, rows: Sequence[int]
    ) -> tuple[str, dict[str, float], dict[str, float]]:
        """One step: the reason why it was not made, what was measured, the layers' gradients."""
        if self.compiled:
            before = [module.extra_state() for module in self.remembering]
            value, sizes = self.compiled.measured(rows)
            if self.start is None:
                self.start = value
            if not self.is_questionable(value, sizes):
                self.good = self.snapshot()
                if self.compiled.moves and self.hooks == (None, None):
                    self.compiled.step()
                else:
                    self.compiled.scatter()
                    self.move()
                return "", {"loss": value}, sizes
            self.asked = self.epochs
            self.compiled.seen.pop()
            self.compiled.scatter()
            self.remember(before)  # the graph draws the same masks
        try:
            losses, prediction, targets = losses_of(
                self.model, self.loss, data.chosen(rows), lanes=self.lanes
            )
        except DomainError as error:
            if self.steps == 0:  # not the training, but the model or the data
                raise
            return str(error), {}, {}
        value = _average(losses)
        if self.start is None:
            self.start = value
        if not math.isfinite(value):
            return f"the loss is {nan_or_infinite(value)}; first {first_not_finite(losses)}", {}, {}
        if self.is_far(value):
            return f"the loss grew from {self.start:.3g} to {value:.3g}", {}, {}
        output = self.gradients_of(losses)
        sizes = self.layer_sizes()
        self.watch(output, prediction, sizes)
        if not math.isfinite(total := sum(sizes.values())):
            first = first_outside(output, self.parameters)
            return f"a gradient is {nan_or_infinite(total)}; first {first}", {}, {}
        self.good = self.snapshot()
        self.move()
        return "", {"loss": value, **self.measured(prediction, targets)}, sizes

    def move(self) -> None:
        """Change the parameters by their gradients, Value by Value."""
        before_step, after_step = self.hooks
        if before_step:
            before_step()
        self.optimizer.step()
        if after_step:
            after_step()
        if self.compiled:
            self.compiled.gather()

    def is_far(self, value: float) -> bool:
        """Whether a loss has grown so much that it is not coming back."""
        assert self.start is not None
        return abs(value) > _FAR * (abs(self.start) + 1)

    def is_questionable(self, value: float, sizes: Mapping[str, float]) -> bool:
        """Whether a compiled step needs the graph to say what is wrong; once an epoch is enough."""
        if not math.isfinite(value + sum(sizes.values())) or self.is_far(value):
            return True
        low, high = HEALTHY
        return self.is_watched and not all(low <= size <= high for size in sizes.values())

    @property
    def is_watched(self) -> bool:
        """Whether gradients out of bounds are still to be told."""
        return self.monitor and not self.warning and self.asked < self.epochs

    def gradients_of(self, losses: list[Value]) -> Value:
        """Set the gradients of the parameters, one number each; the node they are of."""
        reduction = self.optimizer.reduction
        gather = ops.mean if reduction == "mean" else ops.total
        output: Value = losses[0] if self.lanes else gather(*losses)
        for parameter in self.parameters:
            parameter.grad = None
        output.backward()
        _reduce(self.parameters, reduction)
        return output

    def measured(self, prediction: Any, targets: Any) -> dict[str, float]:
        found = {}
        for name, metric in self.metrics.items():
            if self.lanes:
                found[name] = float(reduced(metric(prediction, targets)))
            else:
                values = [float(metric(p, t)) for p, t in zip(prediction, targets, strict=True)]
                found[name] = sum(values) / len(values)
        return found

    def tested(self, test: DataSet) -> dict[str, float]:
        if self.compiled:
            loss, prediction, targets = self.compiled.tested(test)
            return {"loss": loss, **self.measured(prediction, targets)}
        self.model.eval()
        with _quiet(self.lanes):
            losses, prediction, targets = losses_of(self.model, self.loss, test, lanes=self.lanes)
            return {"loss": _average(losses), **self.measured(prediction, targets)}

    def layer_sizes(self) -> dict[str, float]:
        """For each layer the mean |gradient| of its parameters."""
        return {
            layer: sum(size_of(p.grad) for p in members if p.grad is not None) / len(members)
            for layer, members in self.layers.items()
        }

    def watch(self, output: Value, prediction: Any, sizes: Mapping[str, float]) -> None:
        """Warn the first time the gradient of a layer is outside, and say where it began.

        Small gradients are no news where the loss itself no longer asks for a change.
        """
        if self.warning or not self.monitor:
            return
        low, high = HEALTHY
        outside = [layer for layer, size in sizes.items() if not low <= size <= high]
        if not outside:
            return
        reached = [p.grad for p in _nodes(prediction) if p.grad is not None]
        wanted = max(map(size_of, reached), default=0.0)
        outside = [layer for layer in outside if not (sizes[layer] < low and wanted < low)]
        if outside:
            self.warning = (
                f"step {self.steps + 1}: the gradient of {outside[0]} left [1e-6, 1e3], its mean "
                f"size is {sizes[outside[0]]:.3g}; first {first_outside(output, self.parameters)}"
            )
            warnings.warn(self.warning, RuntimeWarning, stacklevel=5)

    def patience_lost(self, patience: int | None) -> str:
        """Remember the best epoch; go back to it when it was too long ago."""
        if patience is None:
            return ""
        losses = self.test.get("loss") or self.train["loss"]
        if not self.best or losses[-1] < self.best["loss"]:
            self.best = {"epoch": self.epochs, "loss": losses[-1], **deepcopy(self.state())}
        if self.epochs - self.best["epoch"] < patience:
            return ""
        self.load(self.best)
        return f"no lesser loss for {patience} epochs; went back to epoch {self.best['epoch']}"


def _nodes(prediction: Any) -> list[Value]:
    if isinstance(prediction, Value):
        return [prediction]
    return [node for part in prediction for node in _nodes(part)]


def _layers(parameters: Mapping[str, Value]) -> dict[str, Sequence[Value]]:
    """The parameters by the layer that their name begins with."""
    found: dict[str, list[Value]] = {}
    for name, parameter in parameters.items():
        found.setdefault(_layer(name), []).append(parameter)
    return dict(found)


def _layer(name: str) -> str:
    """The layer of a parameter called like w12_3, or its own name.

    >>> _layer("w12_3"), _layer("b1_3#2"), _layer("scale")
    ('layer 3', 'layer 3#2', 'scale')
    """
    label, _, again = name.partition("#")
    number = label.rpartition("_")[2]
    return f"layer {number}{'#' * bool(again)}{again}" if number.isdigit() else name
