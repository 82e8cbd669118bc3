"""A compiled run with its numbers in arrays: gradients by a program, steps on whole vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from functools import cache, partial
from time import perf_counter
from typing import Any

from scalargrad.compiler.backends import CKernel
from scalargrad.compiler.compiled import Compiled
from scalargrad.compiler.steps import Steps
from scalargrad.engine import scalars
from scalargrad.engine.value import Value
from scalargrad.nn.module import Module
from scalargrad.train.data import DataSet
from scalargrad.train.optim import SGD, Adam, Optimizer

_CALL = 0.05  # seconds that one call of C takes at most, unless a step takes longer


class Arrays:
    """The parameters of a model, what the optimizer remembers of them, and the examples.

    Values and optimizer are written by `scatter`, when somebody looks, and read by `gather`.

    Args:
        model: whose parameters they are.
        loss: of a prediction and a target.
        optimizer: what moves them.
        data: the examples.
        layers: the parameters of each layer, whose gradients are measured together.
        backend: of the program.
        fast: C and numpy: multiplications and additions may be fused, or done in another order.
    """

    def __init__(
        self, model: Module, loss: Any, optimizer: Optimizer, data: DataSet,
        layers: Mapping[str, Sequence[Value]], backend: str, fast: bool,
    ) -> None:  # fmt: skip
        import numpy as np

        self.numpy = np
        self.model, self.parameters = model, model.parameters()
        self.optimizer = optimizer
        self.examples = data.matrix()  # a row each
        self.width = data.width
        self.seen: list[tuple[Any, Any]] = []
        self.before: tuple[Any, Any] = (None, None)  # θ and memory before the last step in C
        self.pace = _CALL  # seconds that a step takes in C
        self.testing: tuple[DataSet, Callable[..., Any], Any] | None = None

        def program(training: bool, wrt: Sequence[str] | None) -> Compiled:
            model.train(training)
            written: Compiled = model.compile(
                loss, len(data.names), targets=data.width, wrt=wrt, backend=backend,
                reduce=optimizer.reduction, fast=fast,
            )  # fmt: skip
            return written

        self.program = program
        learning = program(True, None)
        self.draws = list(learning.program.drawn.values())
        self.lanes = list(learning.inputs[: len(data.names) + data.width])
        columns = [*self.lanes, *learning.program.drawn]
        self.run = learning.vectors(columns)
        kernel: Any = learning.kernel(columns)
        self.is_in_c = (
            isinstance(kernel, CKernel) and type(optimizer) in (SGD, Adam) and not self.draws
        )
        places = {parameter: place for place, parameter in enumerate(self.parameters)}
        members = {layer: [places[p] for p in members] for layer, members in layers.items()}
        self.layers = {layer: _together(at) for layer, at in members.items()}
        self.steps_in_c = cache(
            partial(Steps, kernel, optimizer.moved, list(members.values()), fast=fast)
        )
        self.gradient: Any = None
        # The C library keeps the memory of a step for the next once it has seen a larger piece
        # come and go; otherwise it asks the system for it anew each time.
        np.empty(8 * len(self.parameters))
        self.sizes = np.empty(len(self.parameters))
        self.gather()

    def gather(self) -> None:
        """Read Values and optimizer, which may have changed."""
        np, optimizer = self.numpy, self.optimizer
        numbers = [p.data for p in self.parameters]
        self.theta = np.array(list(map(scalars.to_float, numbers)))
        fixed = [getattr(optimizer, name, 0) for name in ("weight_decay", "momentum")]
        kept = [tuple(numbers) for numbers in optimizer.memory.values()]
        is_uniform = all(set(map(type, each)) in ({float}, {type(None)}) for each in kept)
        # What is exact, or moves in a way of its own, moves Value by Value.
        self.moves = (
            type(optimizer).step is Optimizer.step
            and optimizer.parameters == self.parameters
            and is_uniform
            and set(map(type, numbers)) == {float}
            and set(map(type, fixed)) <= {int, float}
        )
        self.memory = [None if each[0] is None else np.array(each) for each in kept if is_uniform]

    def scatter(self) -> None:
        """Write Values, their gradients, and the optimizer."""
        gradient = [None] * len(self.theta) if self.gradient is None else self.gradient.tolist()
        for parameter, data, grad in zip(
            self.parameters, self.theta.tolist(), gradient, strict=True
        ):
            if data != parameter.data:  # what is exact stays exact until it moves
                parameter.data = data
            parameter.grad = grad
        if self.moves:
            for name, kept in zip(self.optimizer.memory, self.memory, strict=True):
                self.optimizer.memory[name] = (
                    [None] * len(self.theta) if kept is None else kept.tolist()
                )

    def measured(self, rows: Sequence[int]) -> tuple[float, dict[str, float]]:
        """The mean loss of some examples and each layer's mean |gradient|; the gradient is kept."""
        np = self.numpy
        examples = np.ascontiguousarray(self.examples[rows].T)
        masks = [[draw() for _ in rows] for draw in self.draws]
        columns = np.vstack([examples, masks]) if masks else examples
        value, outputs, gradient = self.run(self.theta, columns)
        self.seen.append((np.asarray(outputs), examples[-self.width :]))
        self.gradient = np.asarray(gradient, dtype=float)
        sizes = np.abs(self.gradient, out=self.sizes)
        by_layer = {layer: float(sizes[at].mean()) for layer, at in self.layers.items()}
        return self._mean(value, rows), by_layer

    def predicted(self) -> tuple[Any, Any]:
        """The predictions and the targets of the examples measured since this was last asked."""
        outputs, targets = zip(*self.seen, strict=True)
        self.seen = []
        return self._on_lanes(*map(self.numpy.hstack, (outputs, targets)))

    def tested(self, data: DataSet) -> tuple[float, Any, Any]:
        """The mean loss, predictions and targets of others, without what belongs to training."""
        if self.testing is None or self.testing[0] is not data:
            run = self.run
            if self.model.has_modes():
                run = self.program(False, ()).vectors(self.lanes, False)
            self.testing = data, run, data.matrix().T.copy()
        _, run, examples = self.testing
        value, outputs, _ = run(self.theta, examples)
        found = self._on_lanes(self.numpy.asarray(outputs), examples[-self.width :])
        return self._mean(value, data), *found

    def _mean(self, value: Any, examples: Sized) -> float:
        return float(value) / (len(examples) if self.optimizer.reduction == "sum" else 1)

    def _on_lanes(self, outputs: Any, targets: Any) -> tuple[Any, Any]:
        """What a loss is given: a Value, or a list of them; a row, or a list of rows."""
        predictions = [Value(row.astype(float)) for row in outputs]
        prediction = predictions[0] if len(predictions) == 1 else predictions
        return prediction, targets[0] if len(targets) == 1 else list(targets)

    def step(self) -> None:
        """Move all parameters at once."""
        rate = scalars.to_float(self.optimizer.current_rate())
        self.theta, *self.memory = self.optimizer.moved(
            rate, self.optimizer.steps, self.theta, self.gradient, *self.memory
        )
        self.optimizer.steps += 1

    def called(
        self, batches: Sequence[Sequence[int]], most: float, bounds: tuple[float, float]
    ) -> list[tuple[float, dict[str, float]]]:
        """What `measured` gives for each batch that C takes in one call, which makes their steps.

        It stops before a step whose loss is no finite number or beyond `most`, or where a layer's
        mean |gradient| is out of bounds. An interrupt leaves what was before the call.
        """
        optimizer = self.optimizer
        if not (self.is_in_c and self.moves):
            return []
        count = min(len(batches), max(1, int(_CALL / self.pace)))
        rates = list(_rates(optimizer, count))
        steps = self.steps_in_c(tuple([kept is not None for kept in self.memory]))
        start = perf_counter()
        made = steps(
            self.theta, self.memory, self.examples, batches[: len(rates)], rates, optimizer.steps,
            most, bounds, is_mean=optimizer.reduction == "mean",
        )  # fmt: skip
        self.pace = (perf_counter() - start) / len(rates)
        if made.steps:
            self.seen.append((made.outputs, self.examples[made.rows, -self.width :].T))
            self.before, (self.theta, self.memory), self.gradient, optimizer.steps = (
                made.before, made.after, made.gradient, optimizer.steps + made.steps
            )  # fmt: skip
        return [
            (value, dict(zip(self.layers, sizes, strict=True)))
            for value, sizes in zip(made.values, made.sizes, strict=True)
        ]


def _rates(optimizer: Optimizer, count: int) -> Iterator[float]:
    """The rates of the next steps, up to one where the schedule fails; its error if it is first."""
    for ahead in range(count):
        try:
            yield scalars.to_float(optimizer.current_rate(ahead))
        except Exception:
            if not ahead:
                raise
            return


def _together(places: list[int]) -> Any:
    """What picks places out of an array: a slice where they stand side by side."""
    first, last = places[0], places[-1]
    return slice(first, last + 1) if places == list(range(first, last + 1)) else places
