"""What the benchmark measures: each workload runs alone in a fresh process and prints JSON.

`python workloads.py NAME [ARGUMENT]…`; engine.py starts these processes and compares their numbers.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import pickle
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from time import process_time
from typing import Any

Times = dict[str, float]

_ENGINES = {"scalargrad": "scalargrad.engine.value", "micrograd": "micrograd.engine"}


def value_class(engine: str) -> Any:
    """The class Value of an engine."""
    return importlib.import_module(_ENGINES[engine]).Value


@contextmanager
def added_to(times: Times, name: str) -> Iterator[None]:
    """Add the processor time of a block, collector included, to an entry."""
    start = process_time()
    yield
    times[name] = times.get(name, 0.0) + process_time() - start


# micrograd's demo --------------------------------------------------------------------------------


def two_moons(pairs: int = 50) -> list[tuple[tuple[float, float], float]]:
    """Points on two half circles that reach into one another, and their classes -1 and 1."""
    examples = []
    for i in range(pairs):
        t = math.pi * i / (pairs - 1)
        examples.append(((math.cos(t), math.sin(t)), -1.0))
        examples.append(((1 - math.cos(t), 0.5 - math.sin(t)), 1.0))
    return examples


class Demo:
    """Network and loss of micrograd's demo, built by micrograd's nn on the Value of an engine."""

    def __init__(self, engine: str) -> None:
        import micrograd.nn

        self.value = micrograd.nn.Value = value_class(engine)
        random.seed(1337)
        self.model = micrograd.nn.MLP(2, [16, 16, 1])
        self.examples = two_moons()

    def loss(self) -> Any:
        """Hinge loss with L2, written as in the demo's notebook."""
        inputs = [list(map(self.value, point)) for point, _ in self.examples]
        scores = list(map(self.model, inputs))
        losses = [
            (1 + -y * score).relu() for (_, y), score in zip(self.examples, scores, strict=True)
        ]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + 1e-4 * sum(p * p for p in self.model.parameters())

    def step(self) -> Any:
        """Forward and backward; the loss is returned, and with it the graph is kept."""
        self.model.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss


def node_count(output: Any) -> int:
    """The nodes below an output, of either engine."""
    found = {output}
    waiting = [output]
    while waiting:
        node = waiting.pop()
        parents = node.parents if hasattr(node, "parents") else node._prev
        waiting += set(parents) - found
        found.update(parents)
    return len(found)


def demo_result(engine: str) -> dict[str, Any]:
    """What a step of the demo computes: to see that both engines do the same work."""
    demo = Demo(engine)
    loss = demo.step()
    gradients = [float(p.grad) for p in demo.model.parameters()]
    return {"nodes": node_count(loss), "loss": float(loss.data), "gradients": gradients}


def demo_time(engine: str, steps: str) -> Times:
    """Mean time of a step whose graph is dropped when it returns (a collector's run counts)."""
    demo = Demo(engine)
    demo.step()
    times: Times = {}
    with added_to(times, "step"):
        for _ in range(int(steps)):
            demo.step()
    return {"step": times["step"] / int(steps)}


def demo_time_kept(engine: str, steps: str) -> Times:
    """Mean time of a step while the graph of the step before is still alive."""
    demo = Demo(engine)
    kept = demo.step()
    times: Times = {}
    with added_to(times, "step"):
        for _ in range(int(steps)):
            kept = demo.step()
    del kept
    return {"step": times["step"] / int(steps)}


def demo_peak(engine: str) -> Times:
    """Peak memory of one step in bytes, by tracemalloc."""
    demo = Demo(engine)
    gc.collect()
    tracemalloc.start()
    demo.step()
    return {"peak": tracemalloc.get_traced_memory()[1]}


# Networks ----------------------------------------------------------------------------------------


class Network:
    """The demo once more, written as a user of each engine writes it, on the same numbers.

    Data of scalargrad.train.data.two_moons, 100 points; a 2-16-16-1 network with ReLU in the hidden
    layers; hinge loss, and 1e-4·Σp² over all parameters. Weights are those that micrograd draws.

    Attributes:
        parameters: weights of a neuron, then its bias, neuron by neuron, as micrograd lists them.
    """

    parameters: list[Any]

    def __init__(self) -> None:
        from scalargrad.train.data import two_moons

        data = two_moons(100, noise=0.1, seed=1337)
        self.points = [list(point) for point in data.inputs]
        self.labels = [2.0 * label - 1 for label in data.targets]

    def step(self) -> Any:
        """Forward, loss and backward; the loss is returned."""
        raise NotImplementedError

    def gradients(self) -> list[float]:
        """Of the mean loss."""
        return [float(p.grad) for p in self.parameters]

    def descend(self, rate: float) -> None:
        """Change the parameters against their gradients."""
        raise NotImplementedError

    def scores(self) -> list[float]:
        """The output for each point."""
        raise NotImplementedError

    def accuracy(self) -> float:
        """The share of points on the right side."""
        pairs = zip(self.scores(), self.labels, strict=True)
        return sum(score * y > 0 for score, y in pairs) / len(self.labels)


class OnMicrograd(Network):
    """As in micrograd's notebook."""

    def __init__(self) -> None:
        from micrograd.nn import MLP

        super().__init__()
        random.seed(1337)
        self.model = MLP(2, [16, 16, 1])
        self.parameters = self.model.parameters()

    def step(self) -> Any:
        from micrograd.engine import Value

        inputs = [list(map(Value, point)) for point in self.points]
        scores = list(map(self.model, inputs))
        losses = [(1 + -y * s).relu() for y, s in zip(self.labels, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total_loss = data_loss + 1e-4 * sum(p * p for p in self.parameters)
        self.model.zero_grad()
        total_loss.backward()
        return total_loss


class OnValues(Network):
    """scalargrad on floats: a graph with every example in it."""

    def __init__(self) -> None:
        from scalargrad import nn
        from scalargrad.engine import ops
        from scalargrad.train import optim

        super().__init__()
        self.model = nn.MLP(2, [16, 16, 1], ops.relu, initial=nn.uniform, seed=1337)
        self.parameters = self.model.parameters()
        self.optimizer = optim.SGD(self.parameters, demo_rate)

    def step(self) -> Any:
        from scalargrad.engine import ops
        from scalargrad.nn import losses

        scores = self.model.batch(self.points)
        data_loss = ops.mean(*map(losses.hinge, scores, self.labels))
        loss = data_loss + losses.l2_penalty(self.parameters, 2e-4, biases=True)
        self.model.zero_grad()
        loss.backward()
        return loss

    def descend(self, rate: float) -> None:
        self.optimizer.step()

    def scores(self) -> list[float]:
        return [score.data for score in self.model.batch(self.points)]


class OnLanes(OnValues):
    """scalargrad on numpy lanes: a graph of one example, whose scalars are arrays over all."""

    def __init__(self) -> None:
        import numpy as np

        super().__init__()
        self.columns = [np.array(column) for column in zip(*self.points, strict=True)]
        self.targets = np.array(self.labels)

    def step(self) -> Any:
        from scalargrad.nn import losses

        data_loss = losses.hinge(self.model(self.columns), self.targets)
        loss = data_loss + losses.l2_penalty(self.parameters, 2e-4, biases=True)
        self.model.zero_grad()
        loss.backward()
        return loss

    def gradients(self) -> list[float]:
        from scalargrad.train import optim

        return [float(optim.reduced(p.grad)) for p in self.parameters]

    def scores(self) -> list[float]:
        return list(self.model(self.columns).data)


class OnTorchScalars(Network):
    """PyTorch with a tensor without dimensions for each number, as micrograd's code reads."""

    def __init__(self) -> None:
        import torch

        super().__init__()
        torch.set_num_threads(1)
        drawn = iter([p.data for p in OnMicrograd().parameters])
        self.parameters = []
        self.layers = []
        for inputs, units in ((2, 16), (16, 16), (16, 1)):
            layer = []
            for _ in range(units):
                numbers = [
                    torch.tensor(next(drawn), dtype=torch.double, requires_grad=True)
                    for _ in range(inputs + 1)
                ]
                layer.append((numbers[:-1], numbers[-1]))
                self.parameters += numbers
            self.layers.append(layer)

    def score(self, point: list[float]) -> Any:
        import torch

        outputs = [torch.tensor(x, dtype=torch.double) for x in point]
        for layer in self.layers:
            last = layer is self.layers[-1]
            sums = [
                sum((w * x for w, x in zip(weights, outputs, strict=True)), bias)
                for weights, bias in layer
            ]
            outputs = sums if last else [z.relu() for z in sums]
        return outputs[0]

    def step(self) -> Any:
        scores = map(self.score, self.points)
        losses = [(1 + -y * s).relu() for y, s in zip(self.labels, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in self.parameters)
        self.zero_grad()
        loss.backward()
        return loss

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def descend(self, rate: float) -> None:
        import torch

        with torch.no_grad():
            for parameter in self.parameters:
                parameter -= rate * parameter.grad

    def scores(self) -> list[float]:
        return [self.score(point).item() for point in self.points]


class OnTorchTensors(OnTorchScalars):
    """PyTorch as it is meant: a matrix for each layer."""

    def __init__(self) -> None:
        import torch

        super().__init__()
        matrices = []
        for layer in self.layers:
            rows = [[w.item() for w in weights] for weights, _ in layer]
            biases = [bias.item() for _, bias in layer]
            for numbers in (rows, biases):
                matrices.append(torch.tensor(numbers, dtype=torch.double, requires_grad=True))
        self.parameters = matrices
        self.inputs = torch.tensor(self.points, dtype=torch.double)
        self.targets = torch.tensor(self.labels, dtype=torch.double)

    def outputs(self) -> Any:
        w1, b1, w2, b2, w3, b3 = self.parameters
        hidden = (self.inputs @ w1.T + b1).relu()
        hidden = (hidden @ w2.T + b2).relu()
        return (hidden @ w3.T + b3).squeeze(1)

    def step(self) -> Any:
        penalty = sum((p * p).sum() for p in self.parameters)
        loss = (1 - self.targets * self.outputs()).relu().mean() + 1e-4 * penalty
        self.zero_grad()
        loss.backward()
        return loss

    def gradients(self) -> list[float]:
        layers = zip(self.parameters[::2], self.parameters[1::2], strict=True)
        return [
            float(number)
            for w, b in layers
            for row, bias in zip(w.grad, b.grad, strict=True)
            for number in (*row, bias)
        ]

    def scores(self) -> list[float]:
        return [float(score) for score in self.outputs()]


NETWORKS = {
    "micrograd": OnMicrograd,
    "values": OnValues,
    "lanes": OnLanes,
    "torch scalars": OnTorchScalars,
    "torch": OnTorchTensors,
}


def demo_rate(step: int) -> float:
    """The learning rate of micrograd's demo in its 100 steps."""
    return 1.0 - 0.9 * step / 100


def network_result(engine: str) -> dict[str, Any]:
    """Loss and gradients of the first step: to see that all engines do the same work."""
    network = NETWORKS[engine]()
    loss = network.step()
    mean = loss.data.mean() if engine == "lanes" else getattr(loss, "data", loss)
    return {"loss": float(mean), "gradients": network.gradients()}


def network_time(engine: str, steps: str) -> Times:
    """Mean time of forward, loss and backward; the graph is dropped after each step."""
    network = NETWORKS[engine]()
    network.step()
    times: Times = {}
    with added_to(times, "step"):
        for _ in range(int(steps)):
            network.step()
    return {"step": times["step"] / int(steps)}


def network_peak(engine: str) -> Times:
    """Peak memory of one step in bytes, by tracemalloc."""
    network = NETWORKS[engine]()
    gc.collect()
    tracemalloc.start()
    network.step()
    return {"peak": tracemalloc.get_traced_memory()[1]}


def network_training(engine: str, steps: str) -> dict[str, float]:
    """Time and accuracy of some steps of the demo's training."""
    network = NETWORKS[engine]()
    times: Times = {}
    with added_to(times, "training"):
        for step in range(int(steps)):
            network.step()
            network.descend(demo_rate(step))
    return {**times, "accuracy": network.accuracy()}


# The lecture example -----------------------------------------------------------------------------


def lecture_loss(value: Any) -> Any:
    """The 1-2-1 ReLU network of the lecture in floats."""
    x, y, w1, w2, w3, w4 = map(value, (2.0, 1.0, 0.3, 0.8, 0.4, 0.1))
    h1 = (w1 * x).relu()
    h2 = (w2 * x).relu()
    yhat = w3 * h1 + w4 * h2
    return (yhat - y) ** 2


def lecture_time(engine: str, repeats: str) -> Times:
    """Mean time to build the lecture example and run backward."""
    value = value_class(engine)
    times: Times = {}
    with added_to(times, "example"):
        for _ in range(int(repeats)):
            lecture_loss(value).backward()
    return {"example": times["example"] / int(repeats)}


def lecture_check_time(engine: str, repeats: str) -> Times:
    """Mean time to check the gradients of the lecture example, in floats: by torch or by us."""
    check = torch_check() if engine == "torch" else lecture_check()
    check()
    times: Times = {}
    with added_to(times, "check"):
        for _ in range(int(repeats)):
            check()
    return {"check": times["check"] / int(repeats)}


def lecture_check() -> Callable[[], object]:
    """What a unit test does: build the lecture example and check what was worked out by hand."""
    from scalargrad import Value, assert_gradients

    written = {"w1": "-0.96", "w2": "-0.24", "w3": "-0.72", "w4": "-1.92"}

    def check() -> None:
        x, y = Value(2.0, "x"), Value(1.0, "y")
        w1, w2, w3, w4 = (Value(n, f"w{i}") for i, n in enumerate((0.3, 0.8, 0.4, 0.1), 1))
        h1, h2 = (w1 * x).relu().named("h1"), (w2 * x).relu().named("h2")
        yhat = (w3 * h1 + w4 * h2).named("yhat")
        assert_gradients((yhat - y) ** 2, written)

    return check


def torch_check() -> Callable[[], object]:
    """The gradients of the same weights against finite differences, by PyTorch."""
    import torch

    def loss(w1: Any, w2: Any, w3: Any, w4: Any) -> Any:
        x, y = 2.0, 1.0
        return (w3 * torch.relu(w1 * x) + w4 * torch.relu(w2 * x) - y) ** 2

    weights = [torch.tensor(n, dtype=torch.float64, requires_grad=True)
               for n in (0.3, 0.8, 0.4, 0.1)]  # fmt: skip
    return lambda: torch.autograd.gradcheck(loss, weights)


def lecture_draw_dot(path: str) -> Times:
    """Draw the lecture example as micrograd's draw_dot does, to a file .svg or .dot."""
    loss = lecture_loss(value_class("micrograd"))
    loss.backward()
    drawing = micrograd_drawing(loss)
    target = Path(path)
    if target.suffix == ".dot":
        target.write_text(drawing.source)
    else:
        target.write_bytes(drawing.pipe())
    return {}


def micrograd_drawing(root: Any) -> Any:
    """A box with value and gradient for each Value and a small node for each operation."""
    from graphviz import Digraph

    drawing = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    found, waiting = {root}, [root]
    while waiting:
        node = waiting.pop()
        name = str(id(node))
        label = f"{{ data {node.data:.4f} | grad {node.grad:.4f} }}"
        drawing.node(name, label=label, shape="record")
        if node._op:
            drawing.node(name + node._op, label=node._op)
            drawing.edge(name + node._op, name)
        for parent in node._prev:
            drawing.edge(str(id(parent)), name + node._op)
        waiting += node._prev - found
        found |= node._prev
    return drawing


# A long chain ------------------------------------------------------------------------------------


def chain(count: int, name_every: int = 0) -> Any:
    """A chain of operations 1 - v, written -1·v + 1: nothing grows, and every gradient is ±1."""
    value = value_class("scalargrad")
    v, w, b = value(0.25, "x"), value(-1.0, "w"), value(1.0, "b")
    for index in range(count // 2):
        v = v * w + b
        if name_every and index % name_every == 0:
            v.named(f"h{index}")
    return v


def chain_times(count: str, total: str) -> Times:
    """Time per node of what is done with a chain, repeated up to a total of nodes."""
    times: Times = {}
    for _ in range(int(total) // int(count)):
        with added_to(times, "forward"):
            output = chain(int(count))
        with added_to(times, "backward"):
            output.backward()
        with added_to(times, "copy"):
            twin = deepcopy(output)
        del twin
        with added_to(times, "pickle + unpickle"):
            twin = pickle.loads(pickle.dumps(output))
        del twin
        with added_to(times, "free"):
            del output
    return {name: time / int(total) for name, time in times.items()}


def chain_garbage(count: str) -> Times:
    """Objects that only the cyclic collector could free, after all of the above."""
    pickle.loads(pickle.dumps(deepcopy(chain(2))))  # importing leaves garbage of its own
    gc.collect()
    gc.disable()
    output = chain(int(count))
    output.backward()
    copies = [deepcopy(output), pickle.loads(pickle.dumps(output))]
    del output, copies
    return {"garbage": gc.collect()}


# Pictures ----------------------------------------------------------------------------------------


def picture(name: str, style: str) -> Callable[[], bytes]:
    """An example of the gallery drawn to SVG in a style; "chain N" is a chain of N operations."""
    from scalargrad import draw

    if name.startswith("chain"):
        output = chain(int(name.split()[1]))
    else:
        sys.path.append(str(Path(__file__).parent.parent))
        output = importlib.import_module("examples").EXAMPLES[name]()
    output.backward()
    asked: Any = {"style": style, "detail": None if style == "network" else "all"}
    return lambda: draw(output, **asked).content(".svg")


def picture_time(name: str, style: str, is_warm: str) -> Times:
    """Processor time of one picture, in a process that has drawn the same before, or has not."""
    drawn = picture(name, style)
    if int(is_warm):
        drawn()
    times: Times = {}
    with added_to(times, "picture"):
        drawn()
    return times


# The public functions ----------------------------------------------------------------------------


def public_functions(count: int) -> dict[str, Callable[[], object]]:
    """What is public, each as a call without arguments, on a chain of so many operations."""
    from scalargrad import assert_gradients, derive, partial, program, program_text, table
    from scalargrad.engine.backward import topological_order
    from scalargrad.graph.model import contracted, graph

    output = chain(count, name_every=5)
    output.backward()
    leaf = next(node for node in topological_order(output) if node.label == "x")
    pickled = pickle.dumps(output)
    written = {"x": str(int(partial(output, leaf)))}
    text = program_text(output)
    functions: dict[str, Callable[[], object]] = {
        "Value operations": lambda: chain(count),
        "backward": output.backward,
        "partial": lambda: partial(output, leaf),
        "topological_order": lambda: topological_order(output),
        "deepcopy": lambda: deepcopy(output),
        "pickle.dumps": lambda: pickle.dumps(output),
        "pickle.loads": lambda: pickle.loads(pickled),
        "program": lambda: program(text),
        "program_text": lambda: program_text(output),
        "graph": lambda: graph(output),
        "contracted": lambda: contracted(output),
        "table": lambda: str(table(output)),
        "assert_gradients": lambda: assert_gradients(output, written),
        "derive": lambda: derive(output, leaf),
    }
    return functions


def public_time(name: str, count: str, repeats: str) -> Times:
    """Least time per node of a public function, over some calls."""
    function = public_functions(int(count))[name]
    measured = []
    for _ in range(int(repeats)):
        times: Times = {}
        with added_to(times, "call"):
            function()
        measured.append(times["call"] / int(count))
    return {"call": min(measured)}


WORKLOADS: tuple[Callable[..., dict[str, Any]], ...] = (
    demo_result,
    demo_time,
    demo_time_kept,
    demo_peak,
    network_result,
    network_time,
    network_peak,
    network_training,
    lecture_time,
    lecture_check_time,
    lecture_draw_dot,
    chain_times,
    chain_garbage,
    picture_time,
    public_time,
)


if __name__ == "__main__":
    named = {workload.__name__: workload for workload in WORKLOADS}
    print(json.dumps(named[sys.argv[1]](*sys.argv[2:])))
