"""The worked examples that the pictures are tried on: each a function that gives an output."""

from __future__ import annotations

import random
from collections.abc import Callable

from scalargrad import Value, program
from scalargrad.graph.model import Graph
from scalargrad.lectures import LECTURES
from scalargrad.view.export import formats
from scalargrad.view.frames import By, stepped
from scalargrad.view.scene import Look, Scene, Style

CROSS_ENTROPY = """
z = w11*x1 + w21*x2 + b; yhat = sigmoid(z)
loss = -y*log(yhat) - (1-y)*log(1-yhat)
"""
DEEPER = """
z11_1 = w11_1*x1 + w21_1*x2; a11_1 = sigmoid(z11_1)
z12_1 = w12_1*x1 + w22_1*x2; a12_1 = sigmoid(z12_1)
z_2 = w11_2*a11_1 + w21_2*a12_1; yhat = sigmoid(z_2)
loss = -y*log(yhat) - (1-y)*log(1-yhat)
"""
DEEPER_INPUTS = {
    "x1": "1", "x2": "2", "w11_1": "0.5", "w21_1": "-0.25", "w12_1": "0.3", "w22_1": "0.1",
    "w11_2": "1", "w21_2": "-1", "y": "1",
}  # fmt: skip
SOFTMAX = """
f1 = w11*x1 + w21*x2; f2 = w12*x1 + w22*x2; f3 = w13*x1 + w23*x2
loss = logsumexp(f1, f2, f3) - f2
"""
SOFTMAX_INPUTS = {
    "x1": "1", "x2": "2", "w11": "0.5", "w21": "-0.25", "w12": "0.3", "w22": "0.1", "w13": "1",
    "w23": "-1",
}  # fmt: skip


def frames(graph: Graph, look: Look, style: Style, *, by: By = "node") -> tuple[Scene, ...]:
    """The scenes of the build of a graph."""
    return tuple(style(graph, at) for at in stepped(graph, look, by))


def painted(scene: Scene, form: str) -> bytes:
    """A scene as the bytes of a file, such as an svg."""
    return formats.written(f".{form}", [scene])


def mlp(*sizes: int) -> Value:
    """A ReLU network with named units, and its squared error on one example."""
    draw = random.Random(1)
    units = [Value(round(draw.uniform(-1, 1), 2), f"x{i + 1}") for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:], 1):
        last = layer == len(sizes) - 1
        made = []
        for j in range(size):
            z = Value(round(draw.uniform(-0.5, 0.5), 2), f"b{j + 1}_{layer}")
            for i, unit in enumerate(units):
                z = z + Value(round(draw.uniform(-1, 1), 2), f"w{i + 1}{j + 1}_{layer}") * unit
            made.append(z.named(f"yhat{j + 1}") if last else z.relu().named(f"h{j + 1}_{layer}"))
        units = made
    losses = [(unit - Value(1.0, f"y{k + 1}")) ** 2 for k, unit in enumerate(units)]
    return losses[0].total(*losses[1:]).named("loss")


def micrograd_example() -> Value:
    """The example of micrograd's README."""
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c, d = a + b, a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    f = (c - d) ** 2
    return (f / 2.0 + 10.0 / f).named("g")


def doubled() -> Value:
    """a + a: two edges."""
    a = Value(3, "a")
    return (a + a).named("b")


EXAMPLES: dict[str, Callable[[], Value]] = {
    "lecture": lambda: program(LECTURES[0].text).output,
    "biases": lambda: program(LECTURES[1].text).output,
    "cross-entropy": lambda: (
        program(CROSS_ENTROPY, x1="1", x2="2", w11="0.5", w21="-0.25", b="0.1", y="1").output
    ),
    "deeper": lambda: program(DEEPER, DEEPER_INPUTS).output,
    "softmax": lambda: program(SOFTMAX, SOFTMAX_INPUTS).output,
    "product": lambda: program("f = (x + y)*z", x="-2", y="5", z="-4").output,
    "doubled": doubled,
    "micrograd": micrograd_example,
    "2-16-16-1": lambda: mlp(2, 16, 16, 1),
}
WRT = {"lecture": "w2", "biases": "b2", "cross-entropy": "w11", "deeper": "x1", "softmax": "w12",
       "product": "x", "doubled": "a", "micrograd": "a"}  # fmt: skip
LARGE = ("2-16-16-1",)  # its frames are layers
