"""The backpropagation deck, row by row: a few lines that look like the slide, and what they show.

Source: CS 540, UW–Madison, Fall 2025. w₁, w₂, w₃ and the biases of the worked network are
reconstructed, and so are the numbers of data sets and of the sigmoid networks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

from scalargrad.checking.gradcheck import finite_difference
from scalargrad.engine import ops
from scalargrad.engine.backward import partial
from scalargrad.engine.ops import Operation
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError
from scalargrad.graph.derivation import derive
from scalargrad.graph.model import contracted
from scalargrad.graph.table import table
from scalargrad.language.reading import Program, inputs_of, program
from scalargrad.lectures import LECTURES
from scalargrad.lectures.statements import Picture, Row, Shown, fact, identity, number, same
from scalargrad.nn import losses
from scalargrad.nn.initialisation import given
from scalargrad.nn.layers import MLP
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.train.optim import SGD, Reduction, gradient, theta
from scalargrad.view.drawing import draw, nudge

SLIDE, WITH_BIASES = (lecture.text for lecture in LECTURES)
WEIGHTS = ("w1", "w2", "w3", "w4")
ONE_LAYER = """
z = w11*x1 + w21*x2 + b
yhat = sigmoid(z)
loss = -y*log(yhat) - (1 - y)*log(1 - yhat)
"""
TWO_LAYERS = """
z11 = w11_1*x1 + w21_1*x2; a11 = sigmoid(z11)
z12 = w12_1*x1 + w22_1*x2; a12 = sigmoid(z12)
z = w11_2*a11 + w21_2*a12; yhat = sigmoid(z)
loss = -y*log(yhat) - (1 - y)*log(1 - yhat)
"""
NUMBERS = {"x1": "1", "x2": "2", "y": "1", "w11": "0.5", "w21": "-0.25", "b": "0.1",
           "w11_1": "0.5", "w21_1": "-0.25", "w12_1": "0.3", "w22_1": "0.1",
           "w11_2": "1", "w21_2": "-1"}  # fmt: skip


def _after_backward(text: str = SLIDE) -> Program:
    example = program(text)
    example.output.backward()
    return example


def _with_numbers(text: str) -> Program:
    example = program(text, {name: NUMBERS[name] for name in inputs_of(text)})
    example.output.backward()
    return example


def forward() -> Iterator[Shown]:
    """h = max{0, wx + b}; ŷ = w₃h₁ + w₄h₂ + b₃ without an activation. Compute ŷ on x = 2."""
    example = _after_backward(WITH_BIASES)
    x = example["x"].data
    yield table(example.output)
    for i in (1, 2):
        h, w, b = (example[f"{name}{i}"].data for name in "hwb")
        h_i, w_i, b_i = (typeset(f"{name}{i}") for name in "hwb")
        yield fact(f"{h_i} = max{{0, {w_i}x + {b_i}}}", h == max(0, w * x + b), fraction(h))
    yield number("ŷ", "0.4", example["yhat"].data)
    network = MLP(1, [2, 1], ops.relu, initial=[given([["0.3"], ["0.8"]]), given([["0.4", "0.1"]])])
    network.assign({"b1_1": "0.7", "b2_1": "0.2", "b1_2": "-0.3"})
    yield number("ŷ of MLP(1, [2, 1], relu)", "0.4", network(["2"]).data)
    yield Picture("forward", draw(program(WITH_BIASES).output))


def better_or_worse() -> Iterator[Shown]:
    """Increase w₂ a little: is the prediction better or worse? ŷ changes, and so does the loss."""
    example = _after_backward()
    w2 = example["w2"]
    for change, stated in (("0", "0.36"), ("0.1", "0.3364"), ("3", "0"), ("6", "0.36")):
        moved = program(SLIDE, w2=w2.data + Fraction(change))
        yield number(f"ℓ at w₂ + {change}", stated, moved.output.data)
        parabola = (Fraction("-0.6") + Fraction("0.2") * Fraction(change)) ** 2
        yield fact(f"it is (−0.6 + 0.2·{change})²", moved.output.data == parabola)
    slope = partial(example.output, w2)
    yield fact("increasing w₂ is better: ∂ℓ/∂w₂ < 0", slope < 0, fraction(slope))
    yield Picture("nudge", nudge(example.output, "w2", "0.1"))


def squared_loss() -> Iterator[Shown]:
    """ℓ = (y − ŷ)² = .36, and ∂ℓ/∂w₂ = −.24."""
    for text in (SLIDE, WITH_BIASES):
        example = _after_backward(text)
        yield number("ℓ", ".36", example.output.data)
        yield number("∂ℓ/∂w₂", "−.24", example["w2"].grad)
    floats = program(text, {name: float(example[name]) for name in example.inputs})
    floats.output.backward()
    yield number("∂ℓ/∂w₂ in floating point", "−.24", floats["w2"].grad)
    yield f"exactly {fraction(example['w2'].grad)}, in floating point {floats['w2'].grad}"


def gradient_vector() -> Iterator[Shown]:
    """θ collects the parameters, L = 1/n Σℓ, and ∇L is the vector of its partial derivatives."""
    example = _after_backward()
    parameters = [example[name] for name in WEIGHTS]
    yield same("θ, named", list(WEIGHTS), list(theta(parameters)))
    for name, stated in zip(WEIGHTS, ("-0.96", "-0.24", "-0.72", "-1.92"), strict=True):
        yield number(f"∂ℓ/∂{typeset(name)}", stated, gradient(parameters)[name])
    points = [("2", "1"), ("1", "0"), ("-1", "1")]
    each = [program(SLIDE, x=x, y=y) for x, y in points]
    w = {name: Value(example[name].data, name) for name in WEIGHTS}
    L = ops.mean(*[program(SLIDE, {**w, "x": x, "y": y}).output for x, y in points])  # noqa: N806
    L.backward()
    for name in WEIGHTS:
        mean = sum(Fraction(partial(p.output, p[name])) for p in each) / len(each)
        what = f"∂L/∂{typeset(name)} is the mean of the ∂ℓ/∂{typeset(name)}"
        yield fact(what, w[name].grad == mean, fraction(mean))


def gradient_descent() -> Iterator[Shown]:
    """w ← w − η ∂ℓ/∂w, on all examples or on minibatches; here the gradients of a batch are summed.

    The other deck averages them: the steps differ by the batch size.
    """
    example = _after_backward()
    sgd = SGD([example[name] for name in WEIGHTS], "0.1")
    slopes = gradient(sgd.parameters).values()
    by_hand = [w.data - Fraction(1, 10) * g for w, g in zip(sgd.parameters, slopes, strict=True)]
    sgd.step()
    yield same("one step by hand and in code", by_hand, [w.data for w in sgd.parameters])
    yield number("w₂ after it, η = 0.1", "0.824", example["w2"].data)
    after = program(SLIDE, theta(sgd.parameters)).output
    yield fact("the step lowers ℓ", after < example.output, f"0.36, then {after:.4f}")
    yield from _summed_or_averaged()


def _summed_or_averaged() -> Iterator[Shown]:
    import numpy as np

    points = ((2, 1), (1, 0), (-1, 1), (3, 2))
    ways: tuple[tuple[Reduction, Operation], ...] = (("sum", ops.total), ("mean", ops.mean))
    moved: dict[Reduction, Scalar] = {}
    for name, reduce in ways:
        w = Value("0.5", "w")
        reduce(*[(w * x - y) ** 2 for x, y in points]).backward()
        SGD([w], "0.1").step()
        moved[name] = w.data - Fraction("0.5")
    yield same("step of the sum over step of the mean", len(points), moved["sum"] / moved["mean"])
    for name, step in moved.items():
        w = Value(0.5, "w")
        x, y = np.array(points, dtype=float).T
        ((w * x - y) ** 2).backward()
        SGD([w], 0.1, reduction=name).step()
        what = f'reduction="{name}" makes that step on lanes'
        yield fact(what, abs(w.data - 0.5 - step) < 1e-12, decimal(w.data - 0.5, 6))


def layer_by_layer() -> Iterator[Shown]:
    """The forward pass goes layer by layer, and the backward pass goes back layer by layer."""
    example = _after_backward()
    steps = draw(example.output).frames("layer")
    captions = [scene.description.splitlines()[0] for scene in steps.scenes]
    yield "\n".join(captions)
    left = [" ".join(part.partition(" = ")[0] for part in caption.split(",  "))
            for caption in captions]  # fmt: skip
    yield same("forward", ["h₁ h₂", "ŷ", "ℓ"], left[1:4])
    yield same("backward", ["∂ℓ/∂ℓ", "∂ℓ/∂y ∂ℓ/∂ŷ", "∂ℓ/∂w₃ ∂ℓ/∂w₄ ∂ℓ/∂h₁ ∂ℓ/∂h₂",
                            "∂ℓ/∂x ∂ℓ/∂w₁ ∂ℓ/∂w₂"], left[4:])  # fmt: skip
    yield Picture("frames", steps)


def rules() -> Iterator[Shown]:
    """The rules for cx², cxᵖ, log, constants, sums, products and the chain; two examples."""
    for text, asked, formula in (
        ("f = c*x^2", "∂f/∂x", "2*c*x"),
        ("f = c*x^p", "∂f/∂x", "c*p*x^(p - 1)"),
        ("f = log(x)", "∂f/∂x", "1/x"),
        ("f = c + 0*x", "∂f/∂x", "0*x"),
        ("u = x^2; v = log(x); f = u + v", "∂f/∂x", "2*x + 1/x"),
        ("u = x^2; v = log(x); f = u*v", "∂f/∂x", "2*x*v + u/x"),
        ("u = x^2; f = log(u)", "∂f/∂x", "1/u*2*x"),
        ("f = log(x1) + log(x2)", "∂f/∂x1", "1/x1"),
        ("f = log(x1) + log(x2)", "∂f/∂x2", "1/x2"),
        ("f = x1*(x1 + x2)", "∂f/∂x1", "2*x1 + x2"),
        ("f = x1*(x1 + x2)", "∂f/∂x2", "x1"),
    ):
        yield text
        yield identity(text, asked, formula)
    for text, at, stated in (("f = log(x1) + log(x2)", 2.0, "0.500000"),
                             ("f = x1*(x1 + x2)", Fraction(2), "5")):  # fmt: skip
        nearby = functools.partial(_with_x1, text)
        yield number(f"∂f/∂x₁ of {text} at (2, 1), by finite differences", stated,
                     finite_difference(nearby, at))  # fmt: skip
    example = program("f = x1*(x1 + x2)", x1="2", x2="1")
    example.output.backward()
    yield derive(example.output, "x1")
    yield Picture("product", draw(example.output, wrt="x1"))


def _with_x1(text: str, x1: Scalar) -> Scalar:
    return program(text, x1=x1, x2=1).output.data


def one_path() -> Iterator[Shown]:
    """The path w₂ → h₂ → ŷ → ℓ: ∂ℓ/∂w₂ = ∂ℓ/∂ŷ · ∂ŷ/∂h₂ · ∂h₂/∂w₂ = (−1.2)(0.1)(2) = −.24."""
    example = _after_backward()
    loss = example.output
    chain = derive(loss, "w2")
    yield chain
    yield same("paths from w₂ to ℓ", 1, chain.count)
    edges = [contracted(loss).edges[edge] for edge in chain.paths[0]]
    factors = [edge.local for edge in reversed(edges)]
    yield same("factors", 3, len(factors))
    for what, stated, factor in zip(
        ("∂ℓ/∂ŷ", "∂ŷ/∂h₂", "∂h₂/∂w₂"), ("−1.2", "0.1", "2"), factors, strict=True
    ):
        yield number(what, stated, factor)
    yield number("∂ℓ/∂w₂", "−.24", example["w2"].grad)
    yield Picture("path", draw(loss, wrt="w2"))


def upstream_times_local() -> Iterator[Shown]:
    """At every edge the gradient that is passed on is the upstream gradient times the local one."""
    loss = _after_backward().output
    graph = contracted(loss)
    arriving: dict[int, Scalar] = {}
    for edge in graph.edges:
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        passed_on = (target.gradient or 0) * edge.local
        arriving[edge.source] = arriving.get(edge.source, 0) + passed_on
        yield (
            f"{typeset(target.label)} → {typeset(source.label)}: "
            f"{fraction(target.gradient)} × {fraction(edge.local)} = {fraction(passed_on)}"
        )
    for place, total in arriving.items():
        node = graph.nodes[place]
        yield fact(f"what arrives at {typeset(node.label)} sums to its gradient",
                   total == node.gradient, fraction(total))  # fmt: skip
    yield Picture("edges", draw(loss, style="circuit"))


def cross_entropy() -> Iterator[Shown]:
    """ŷ = σ(z) with the binary cross-entropy.

    ∂ℓ/∂ŷ = (1 − y)/(1 − ŷ) − y/ŷ, σ′ = σ(1 − σ), so ∂ℓ/∂w₁₁ = (ŷ − y)x₁, ∂ℓ/∂x₁ = (ŷ − y)w₁₁.
    """
    yield ONE_LAYER
    for asked, formula in (
        ("∂ŷ/∂z", "yhat*(1 - yhat)"),
        ("∂ℓ/∂z", "yhat - y"),
        ("∂ℓ/∂w11", "(yhat - y)*x1"),
        ("∂ℓ/∂w21", "(yhat - y)*x2"),
        ("∂ℓ/∂b", "yhat - y"),
        ("∂ℓ/∂x1", "(yhat - y)*w11"),
    ):
        yield identity(ONE_LAYER, asked, formula)
    at_yhat = "yhat = u/2; loss = -y*log(yhat) - (1 - y)*log(1 - yhat)"  # u/2 is below 1
    yield identity(at_yhat, "∂ℓ/∂ŷ", "(1 - y)/(1 - yhat) - y/yhat")
    example = _with_numbers(ONE_LAYER)
    yield derive(example.output, "w11")
    yield Picture("sigmoid", draw(example.output, wrt="w11"))
    yield from _at_saturation()


def _at_saturation() -> Iterator[Shown]:
    """The slide's form ends where ŷ rounds to 1; that of the logit goes on."""
    z = Value(800.0, "z")
    try:
        losses.binary_cross_entropy(z.sigmoid(), 0)
        said = ""
    except DomainError as error:
        said = str(error).splitlines()[0]
    yield fact("at z = 800 and y = 0 the slide's form takes the logarithm of 0", bool(said), said)
    stable = losses.binary_cross_entropy_with_logits(z, 0)
    stable.backward()
    yield same("the stable form's loss and gradient ŷ − y", [800.0, 1.0], [stable.data, z.grad])


def two_layers() -> Iterator[Shown]:
    """One layer deeper: ∂ℓ/∂a₁₁ = (ŷ − y)w₁₁⁽²⁾, and four factors for ∂ℓ/∂w₁₁⁽¹⁾.

    ∂ℓ/∂w₁₁⁽¹⁾ = (ŷ − y)w₁₁⁽²⁾a₁₁(1 − a₁₁)x₁; ∂ℓ/∂x₁ is the sum over two paths.
    """
    yield TWO_LAYERS
    for asked, formula in (
        ("∂ℓ/∂a11", "(yhat - y)*w11_2"),
        ("∂ℓ/∂w11_2", "(yhat - y)*a11"),
        ("∂ℓ/∂w11_1", "(yhat - y)*w11_2*a11*(1 - a11)*x1"),
        ("∂ℓ/∂w22_1", "(yhat - y)*w21_2*a12*(1 - a12)*x2"),
        ("∂ℓ/∂x1",
         "(yhat - y)*w11_2*a11*(1 - a11)*w11_1 + (yhat - y)*w21_2*a12*(1 - a12)*w12_1"),
    ):  # fmt: skip
        yield identity(TWO_LAYERS, asked, formula)
    example = _with_numbers(TWO_LAYERS)
    loss = example.output
    chain = derive(loss, "x1")
    yield chain
    yield same("paths from x₁ to ℓ", 2, chain.count)
    edges = contracted(loss).edges
    terms = []
    for path in chain.paths:
        terms.append(math.prod(float(edges[edge].local) for edge in path))
    close = abs(sum(terms) - gradient([example["x1"]])["x1"]) < 1e-12
    seen = f"{' + '.join(decimal(term, 4) for term in terms)} = {decimal(sum(terms), 4)}"
    yield fact("the terms of the paths sum to the gradient", close, seen)
    yield Picture("two_paths", draw(loss, wrt="x1"))


ROWS = (
    Row("B1-B3", forward),
    Row("B4-B5", better_or_worse),
    Row("B6-B7", squared_loss),
    Row("B8-B11", gradient_vector),
    Row("B12-B14", gradient_descent),
    Row("B16", layer_by_layer),
    Row("B17-B19", rules),
    Row("B20-B25", one_path),
    Row("B26", upstream_times_local),
    Row("B28-B33", cross_entropy),
    Row("B34-B36", two_layers),
)
