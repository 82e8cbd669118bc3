"""What compiling.py measures, each workload alone in a fresh process: `python … NAME [ARG]…`."""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from workloads import NETWORKS, Network, OnMicrograd, OnTorchTensors, OnValues, demo_rate

LAYERS = ((2, 16), (16, 16), (16, 1))
PARAMETERS = sum((inputs + 1) * units for inputs, units in LAYERS)


# The demo's step, compiled -----------------------------------------------------------------------


class OnCompiled(OnValues):
    """scalargrad, compiled; called as a user calls it."""

    backend = ""

    def __init__(self) -> None:
        super().__init__()
        self.x1, self.x2 = np.array(self.points).T.copy()
        self.y = np.array(self.labels)
        self.program = self.compiled()
        self.found: dict[str, Any] = {}

    def compiled(self) -> Any:
        from scalargrad.nn.losses import hinge

        return self.model.compile(hinge, backend=self.backend)

    def step(self) -> Any:
        value, self.found = self.program(self.x1, self.x2, self.y)
        theta = np.array(list(map(attrgetter("data"), self.parameters)))
        return value + 1e-4 * float(theta @ theta)

    def gradients(self) -> list[float]:
        pairs = zip(self.found.values(), self.parameters, strict=True)
        return [float(g) + 2e-4 * p.data for g, p in pairs]


class OnPython(OnCompiled):
    backend = "python"


class OnNumpy(OnCompiled):
    backend = "numpy"


class OnC(OnCompiled):
    backend = "c"


class OnVectors(OnCompiled):
    """The compiled C program on arrays: what `fit` calls."""

    backend = "c"

    def __init__(self) -> None:
        super().__init__()
        self.run = self.program.vectors(["x1", "x2", "y"])
        self.theta = np.array([p.data for p in self.parameters])
        self.columns = np.array([self.x1, self.x2, self.y])

    def step(self) -> Any:
        value, _, self.gradient = self.run(self.theta, self.columns)
        return value + 1e-4 * float(self.theta @ self.theta)

    def gradients(self) -> list[float]:
        return [float(g) for g in self.gradient + 2e-4 * self.theta]


# Peers -------------------------------------------------------------------------------------------

NESTED = r"""
/* micrograd's demo as one writes it in C: loops over examples, layers, units and inputs. */
static const int sizes[] = {2, 16, 16, 1};

double step(const double *theta, const double *points, const double *labels, long n, double *grad)
{
    double h[4][16], d[4][16], total = 0;
    for (int k = 0; k < COUNT; k++) grad[k] = 0;
    for (long e = 0; e < n; e++) {
        h[0][0] = points[2 * e];
        h[0][1] = points[2 * e + 1];
        const double *p = theta;
        for (int l = 0; l < 3; l++)
            for (int j = 0; j < sizes[l + 1]; j++) {
                double z = p[sizes[l]];
                for (int i = 0; i < sizes[l]; i++) z += p[i] * h[l][i];
                h[l + 1][j] = l < 2 && z <= 0 ? 0 : z;
                p += sizes[l] + 1;
            }
        const double margin = 1 - labels[e] * h[3][0];
        if (margin <= 0) continue;
        total += margin;
        d[3][0] = -labels[e];
        for (int l = 2; l >= 0; l--) {
            p = theta + (l == 2 ? 320 : l == 1 ? 48 : 0);
            double *g = grad + (p - theta);
            for (int i = 0; i < sizes[l]; i++) d[l][i] = 0;
            for (int j = 0; j < sizes[l + 1]; j++) {
                const double dz = l < 2 && h[l + 1][j] <= 0 ? 0 : d[l + 1][j];
                for (int i = 0; i < sizes[l]; i++) {
                    g[i] += dz * h[l][i];
                    d[l][i] += dz * p[i];
                }
                g[sizes[l]] += dz;
                p += sizes[l] + 1;
                g += sizes[l] + 1;
            }
        }
    }
    for (int k = 0; k < COUNT; k++) grad[k] /= n;
    return total / n;
}
""".replace("COUNT", str(PARAMETERS))


def straight_line() -> str:
    """The same with every loop but that over the examples written out."""
    lines, place = [], 0
    names = [["x[0]", "x[1]"]]
    for layer, (inputs, units) in enumerate(LAYERS):
        names.append([])
        for j in range(units):
            terms = " + ".join(f"t[{place + i}] * {names[layer][i]}" for i in range(inputs))
            name = f"h{layer}_{j}"
            lines.append(f"const double z{layer}_{j} = t[{place + inputs}] + {terms};")
            relu = f"z{layer}_{j} <= 0 ? 0 : z{layer}_{j}" if layer < 2 else f"z{layer}_{j}"
            lines.append(f"const double {name} = {relu};")
            names[-1].append(name)
            place += inputs + 1
    lines += ["const double margin = 1 - y * h2_0;", "total += margin > 0 ? margin : 0;"]
    lines.append("const double d3_0 = margin > 0 ? -y : 0;")
    starts = [0, 48, 320]
    for layer in (2, 1, 0):
        inputs, units = LAYERS[layer]
        for j in range(units):
            gate = f"z{layer}_{j} > 0 ? d{layer + 1}_{j} : 0" if layer < 2 else "d3_0"
            lines.append(f"const double e{layer}_{j} = {gate};")
            start = starts[layer] + j * (inputs + 1)
            for i in range(inputs):
                lines.append(f"g[{start + i}] += e{layer}_{j} * {names[layer][i]};")
            lines.append(f"g[{start + inputs}] += e{layer}_{j};")
        for i in range(inputs if layer else 0):
            terms = " + ".join(
                f"e{layer}_{j} * t[{starts[layer] + j * (inputs + 1) + i}]" for j in range(units)
            )
            lines.append(f"const double d{layer}_{i} = {terms};")
    body = "\n        ".join(lines)
    return f"""
double step(const double *restrict t, const double *points, const double *labels, long n,
    double *restrict g)
{{
    double total = 0;
    for (int k = 0; k < {PARAMETERS}; k++) g[k] = 0;
    for (long e = 0; e < n; e++) {{
        const double *x = points + 2 * e, y = labels[e];
        {body}
    }}
    for (int k = 0; k < {PARAMETERS}; k++) g[k] /= n;
    return total / n;
}}
"""


class OnHandWrittenC(Network):
    """C written by hand, called through ctypes on arrays."""

    text, flags = NESTED, ("-O2",)

    def __init__(self) -> None:
        super().__init__()
        self.theta = np.array([p.data for p in OnMicrograd().parameters])
        self.inputs, self.targets = np.array(self.points), np.array(self.labels)
        self.grad = np.zeros(PARAMETERS)
        with tempfile.TemporaryDirectory() as folder:
            source, library = Path(folder, "step.c"), Path(folder, "step.so")
            source.write_text(self.text)
            command = ["cc", *self.flags, "-shared", "-fPIC", str(source), "-o", str(library)]
            subprocess.run(command, check=True)
            self.function = ctypes.CDLL(str(library)).step
        self.function.restype = ctypes.c_double
        self.function.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_long, ctypes.c_void_p]

    def step(self) -> Any:
        address = [a.__array_interface__["data"][0]
                   for a in (self.theta, self.inputs, self.targets, self.grad)]  # fmt: skip
        loss = self.function(*address[:3], len(self.targets), address[3])
        return loss + 1e-4 * float(self.theta @ self.theta)

    def gradients(self) -> list[float]:
        return [float(g) for g in self.grad + 2e-4 * self.theta]


class OnStraightLineC(OnHandWrittenC):
    text = straight_line()


class OnNativeC(OnHandWrittenC):
    flags = ("-O3", "-march=native")


class OnCasadi(Network):
    """CasADi's SX graphs on its virtual machine, mapped over the examples."""

    def __init__(self) -> None:
        import casadi

        super().__init__()
        self.theta = np.array([p.data for p in OnMicrograd().parameters])
        t, x, y = casadi.SX.sym("t", PARAMETERS), casadi.SX.sym("x", 2), casadi.SX.sym("y")
        outputs, place = [x[0], x[1]], 0
        for layer, (inputs, units) in enumerate(LAYERS):
            sums = []
            for _ in range(units):
                z = t[place + inputs]
                for i in range(inputs):
                    z += t[place + i] * outputs[i]
                sums.append(casadi.fmax(z, 0) if layer < 2 else z)
                place += inputs + 1
            outputs = sums
        loss = casadi.fmax(1 - y * outputs[0], 0)
        one = casadi.Function("one", [t, x, y], [loss, casadi.gradient(loss, t)])
        count = len(self.labels)
        self.function = one.map("all", "serial", count, [0], [0, 1])
        self.inputs, self.targets = np.array(self.points).T, np.array(self.labels).reshape(1, -1)

    def step(self) -> Any:
        loss, gradient = self.function(self.theta, self.inputs, self.targets)
        self.gradient = np.array(gradient).ravel() / len(self.labels)
        return float(loss) / len(self.labels) + 1e-4 * float(self.theta @ self.theta)

    def gradients(self) -> list[float]:
        return [float(g) for g in self.gradient + 2e-4 * self.theta]


class OnJax(OnTorchTensors):
    """jax.jit of code on matrices."""

    def __init__(self) -> None:
        import jax
        from jax import numpy as jnp

        jax.config.update("jax_enable_x64", True)
        super().__init__()
        matrices = [jnp.array(m.detach().numpy()) for m in self.parameters]
        inputs, targets = jnp.array(self.points), jnp.array(self.labels)

        def loss(parameters: Any) -> Any:
            w1, b1, w2, b2, w3, b3 = parameters
            hidden = jax.nn.relu(inputs @ w1.T + b1)
            hidden = jax.nn.relu(hidden @ w2.T + b2)
            score = (hidden @ w3.T + b3)[:, 0]
            penalty = sum((p * p).sum() for p in parameters)
            return jax.nn.relu(1 - targets * score).mean() + 1e-4 * penalty

        self.matrices = matrices
        self.function = jax.jit(jax.value_and_grad(loss))
        self.block = jax.block_until_ready

    def step(self) -> Any:
        loss, self.grads = self.block(self.function(self.matrices))
        return loss

    def gradients(self) -> list[float]:
        pairs = zip(self.grads[::2], self.grads[1::2], strict=True)
        return [float(n) for w, b in pairs for row, bias in zip(w, b, strict=True)
                for n in (*row, bias)]  # fmt: skip


ALL = {
    **NETWORKS,
    "python": OnPython,
    "numpy": OnNumpy,
    "c": OnC,
    "c on arrays": OnVectors,
    "nested C": OnHandWrittenC,
    "straight-line C": OnStraightLineC,
    "nested C -O3 native": OnNativeC,
    "casadi": OnCasadi,
    "jax": OnJax,
}


def result(engine: str) -> dict[str, Any]:
    """Loss and gradients of the first step: to see that all do the same work."""
    network = ALL[engine]()
    loss = network.step()
    is_torch = engine.startswith("torch")
    number = loss.data if type(loss).__name__ == "Value" else loss.item() if is_torch else loss
    mean = np.mean(number) if engine == "lanes" else number
    return {"loss": float(mean), "gradients": network.gradients()}


def time_of_step(engine: str, steps: str) -> dict[str, float]:
    """Mean processor time of loss and gradients."""
    network = ALL[engine]()
    for _ in range(3 if engine in ("jax", "torch") else 1):
        network.step()
    start = process_time()
    for _ in range(int(steps)):
        network.step()
    return {"step": (process_time() - start) / int(steps)}


def compile_time(backend: str) -> dict[str, float]:
    """Wall-clock time to write the demo's program, and to make it run; then once more."""
    network = OnValues()
    columns = np.array([*np.array(network.points).T, network.labels])
    theta = np.array([p.data for p in network.parameters])
    from scalargrad.compiler import compiled, library  # imported before the clock starts
    from scalargrad.nn import losses

    assert compiled
    assert library
    times: dict[str, float] = {}
    for again in ("", " again"):
        start = perf_counter()
        program = network.model.compile(losses.hinge, backend=backend)
        written = perf_counter()
        run = program.vectors(["x1", "x2", "y"])
        made = perf_counter()
        run(theta, columns)
        times |= {f"trace{again}": written - start, f"compile{again}": made - written}
    return times


def training(backend: str, steps: str) -> dict[str, float]:
    """Wall-clock time of `fit`, compilation included, and the accuracy it ends with."""
    from scalargrad import nn, train
    from scalargrad.engine import ops
    from scalargrad.nn import losses
    from scalargrad.train import optim
    from scalargrad.train.data import two_moons

    model = nn.MLP(2, [16, 16, 1], ops.relu, initial=nn.uniform, seed=1337)
    moons = two_moons(100, noise=0.1, seed=1337).labelled(-1, 1)
    sgd = optim.SGD(model.parameters(), lambda step: max(demo_rate(step), 0.1), weight_decay=2e-4)
    start = perf_counter()
    history = train.fit(
        model, losses.hinge, moons, sgd, epochs=int(steps), backend=backend, monitor=False
    )
    seconds = perf_counter() - start
    right = [(float(model(row).data) > 0) == (label > 0) for row, label in moons]
    assert history.steps == int(steps)
    return {"training": seconds, "accuracy": sum(right) / len(right)}


# Growth ------------------------------------------------------------------------------------------


def grown(backend: str, operations: str) -> dict[str, float]:
    """Seconds to write and to make a program of so many operations, and peak memory in bytes."""
    from scalargrad import Value, compile

    draw = random.Random(0)
    nodes = [Value(draw.uniform(-1, 1), f"x{k}") for k in range(10)]
    count = int(operations) // 3
    while len(nodes) < count:
        a, b = draw.choice(nodes[-40:]), draw.choice(nodes[-40:])
        op: Callable[[Any, Any], Any] = draw.choice(
            [lambda a, b: a * b, lambda a, b: a + b, lambda a, b: (a - b).tanh()]
        )
        nodes.append(op(a, b))
    output = nodes[0]
    for node in nodes[-40:]:
        output = output + node
    before = _peak()
    start = perf_counter()
    program = compile(output, backend=backend)
    traced = perf_counter()
    program()
    made = perf_counter()
    return {
        "operations": program.program.size,
        "trace": traced - start,
        "compile": made - traced,
        "memory": max(_peak() - before, 0) + _peak(resource.RUSAGE_CHILDREN),
    }


def _peak(who: int = resource.RUSAGE_SELF) -> float:
    return resource.getrusage(who).ru_maxrss * 1024.0


# Classifiers -------------------------------------------------------------------------------------


def classified(task: str, engine: str) -> dict[str, float]:
    """Processor time of a network with ReLU and softmax, by `fit` or by PyTorch on matrices.

    The first run is cold, the time of the C compiler included; an epoch, with its test, is the
    median of the second.

    Args:
        task: "digits" (64-32-10, 30 epochs of 43 batches, momentum), or "wide 32" and "wide 8"
            (784-128-10 on 2 000 synthetic examples, in batches of as many).
        engine: "c", "c fast" (operations may be fused), or "torch".
    """
    from scalargrad import train
    from scalargrad.train.data import DataSet

    if task == "digits":
        examples = train.digits()
        setting = (64, 32, 10), 30, 32, 0.1, 0.9, engine
    else:
        draw = np.random.default_rng(0)
        pixels = draw.random((2400, 784)) * (draw.random((2400, 784)) < 0.2)
        labels = (pixels @ draw.normal(size=(784, 10))).argmax(axis=1)
        examples = DataSet(pixels, labels)
        setting = (784, 128, 10), 4, int(task.split()[1]), 0.05, 0.0, engine
    learned, held_out = examples.split(0.25, seed=0)
    trained = _by_torch if engine == "torch" else _by_fit

    found = {}
    for name in ("cold", "hot"):
        start, stamps = _own_and_children(), list[float]()
        found["accuracy"] = trained(learned, held_out, setting, stamps)
        found[name] = _own_and_children() - start
        found["epoch"] = median(later - stamp for stamp, later in pairwise(stamps))
    return found


def compiled_wide() -> dict[str, float]:
    """Processor time until a network 784-128-10 can take its first step, with an empty cache."""
    from scalargrad import nn
    from scalargrad.compiler import compiled, library
    from scalargrad.engine import ops
    from scalargrad.nn.losses import softmax_cross_entropy

    assert compiled
    assert library
    model = nn.MLP(784, [128, 10], ops.relu, initial=nn.he)
    start = _own_and_children()
    program = model.compile(softmax_cross_entropy, backend="c", fast=True)
    program.vectors(program.inputs[:785])
    return {"compile": _own_and_children() - start}


def fit_memory(units: str, batch: str) -> dict[str, float]:
    """Bytes that `fit` of a network 784-units-10 in C takes at its peak, beyond the examples."""
    from scalargrad import nn, train
    from scalargrad.engine import ops
    from scalargrad.nn.losses import softmax_cross_entropy
    from scalargrad.train.data import DataSet

    draw = np.random.default_rng(0)
    examples = DataSet(draw.random((4096, 784)), draw.integers(0, 10, 4096))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is held from here on
    before = _peak()
    model = nn.MLP(784, [int(units), 10], ops.relu, initial=nn.he)
    sgd = train.SGD(model.parameters(), 0.01, momentum=0.9)
    train.fit(model, softmax_cross_entropy, examples, sgd, epochs=1, batch_size=int(batch),
              backend="c", monitor=False)  # fmt: skip
    return {"parameters": len(model.parameters()), "memory": _peak() - before}


def _own_and_children() -> float:
    """Processor time of this process and of those that it waited for, such as the C compiler."""
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + theirs.ru_utime + theirs.ru_stime


def _by_fit(learned: Any, held_out: Any, setting: Any, stamps: list[float]) -> float:
    from scalargrad import nn, train
    from scalargrad.engine import ops
    from scalargrad.nn.losses import softmax_cross_entropy

    sizes, epochs, batch, rate, momentum, engine = setting

    def stamped(step: int) -> float:
        if step % -(-len(learned) // batch) == 0:  # many steps are one call: an epoch begins
            stamps.append(process_time())
        return rate

    model = nn.MLP(sizes[0], sizes[1:], ops.relu, initial=nn.he, seed=0)
    sgd = train.SGD(model.parameters(), stamped, momentum=momentum)
    history = train.fit(
        model, softmax_cross_entropy, learned, sgd, epochs=epochs, batch_size=batch, backend="c",
        test=held_out, metrics={"accuracy": train.accuracy}, monitor=False,
        fast=engine == "c fast",
    )  # fmt: skip
    return history.test["accuracy"][-1]


def _by_torch(learned: Any, held_out: Any, setting: Any, stamps: list[float]) -> float:
    import torch

    from scalargrad import nn

    torch.set_num_threads(1)
    sizes, epochs, batch, rate, momentum, _ = setting
    first, second = (torch.nn.Linear(*pair).double() for pair in pairwise(sizes))
    start = iter([p.data for p in nn.MLP(sizes[0], sizes[1:], initial=nn.he, seed=0).parameters()])
    with torch.no_grad():  # the very weights of ours
        for layer in (first, second):
            for unit in range(layer.out_features):
                row = [next(start) for _ in range(layer.in_features)]
                layer.weight[unit] = torch.tensor(row, dtype=torch.float64)
                layer.bias[unit] = next(start)
    net = torch.nn.Sequential(first, torch.nn.ReLU(), second)
    sgd = torch.optim.SGD(net.parameters(), rate, momentum=momentum)
    (xs, ys), (held_xs, held_ys) = (
        (torch.tensor(part.inputs, dtype=torch.float64), torch.tensor(part.targets))
        for part in (learned, held_out)
    )
    for epoch in range(epochs):
        stamps.append(process_time())
        for rows in learned.orders(batch, 0, epoch):
            sgd.zero_grad()
            scores = net(xs[rows])
            loss = torch.nn.functional.cross_entropy(scores, ys[rows])
            loss.backward()
            sgd.step()
            loss.item(), (scores.argmax(1) == ys[rows]).sum().item()  # what `fit` records too
        with torch.no_grad():
            accuracy = (net(held_xs).argmax(1) == held_ys).double().mean().item()
    return accuracy


WORKLOADS: Sequence[Callable[..., dict[str, Any]]] = (
    result, time_of_step, compile_time, training, grown, classified, compiled_wide,
    fit_memory,
)  # fmt: skip

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    named = {workload.__name__: workload for workload in WORKLOADS}
    print(json.dumps(named[sys.argv[1]](*sys.argv[2:])))
