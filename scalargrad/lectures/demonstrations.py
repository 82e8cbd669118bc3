"""What a slide states that is no number or formula of a program: algorithms, and what they do.

Each function takes the program of its row and the seeds of its experiments. What is called "by
hand" is computed by formulas of plain numbers, without the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from functools import partial as partial_of
from itertools import pairwise, product
from operator import mul
from random import Random
from types import SimpleNamespace
from typing import TypeVar

from scalargrad import nn, plots
from scalargrad.checking.gradcheck import finite_difference
from scalargrad.checking.marking import check
from scalargrad.checking.quantities import Quantity
from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.inplace import no_grad
from scalargrad.engine.rebuild import partial
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, ProgramError
from scalargrad.graph.model import contracted
from scalargrad.graph.vectors import gradient, jacobian, theta
from scalargrad.language.reading import program
from scalargrad.lectures import LECTURES, experiments
from scalargrad.lectures.experiments import CLIPPED, NETWORKS, TEST, TRAINING
from scalargrad.lectures.statements import FLAGGED, WRONG, Claim, Picture, fact, same
from scalargrad.nn import losses
from scalargrad.nn.initialisation import input_first, output_first
from scalargrad.nn.layers import MLP
from scalargrad.nn.regularisation import Dropout
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.sheets.worksheet import Line, Sheet
from scalargrad.train import optim
from scalargrad.train.data import DataSet
from scalargrad.train.monitor import HEALTHY, first_outside
from scalargrad.train.optim import SGD
from scalargrad.view.drawing import draw, nudge

Shown = Claim | Picture | str
Seeds = Sequence[int]
_Run = TypeVar("_Run")

# The backpropagation deck ------------------------------------------------------------------------


def blank_forward_pass(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The forward pass as a sheet to be filled in, and how it is marked."""
    sheet = Sheet(text, tuple(Line(Quantity("value", name)) for name in _FORWARD)).markdown()
    yield sheet[sheet.index("| quantity") :]
    yield fact("h₁ = 1.3, h₂ = 1.8, ŷ = 0.4, by hand, is right", check(text, _FORWARD).ok)
    yield fact("ŷ = 0.7, without b₃, is not", not check(text, {**_FORWARD, "yhat": "0.7"}).ok)


_FORWARD = {"h1": "1.3", "h2": "1.8", "yhat": "0.4"}


def parabola(text: str, seeds: Seeds) -> Iterator[Shown]:
    """ℓ(Δ) = (−0.6 + 0.2Δ)², computed by hand, at four Δ."""
    for change, loss in (("0", "0.36"), ("0.1", "0.3364"), ("3", "0"), ("6", "0.36")):
        by_hand = (Fraction("-0.6") + Fraction("0.2") * Fraction(change)) ** 2
        moved = program(text, Δ=change).output.data
        yield same(f"ℓ at Δ = {change}", [Fraction(loss), by_hand], [moved, moved])
    before = program(LECTURES[1].text).output
    before.backward()
    yield Picture("nudge", nudge(before, "w2", "0.1"))


def in_floating_point(text: str, seeds: Seeds) -> Iterator[Shown]:
    """−6/25 exactly, and what floats make of it."""
    example = program(text)
    floats = program(text, {name: float(example[name]) for name in example.inputs})
    slopes = [partial(made.output, made["w2"]) for made in (example, floats)]
    yield same("∂ℓ/∂w₂ exactly", Fraction(-6, 25), slopes[0])
    is_near = 0 < abs(slopes[1] + 0.24) < 1e-15
    yield fact("in floating point it is a little off", is_near, repr(slopes[1]))


_THETA = {
    "w1": "0.3", "w2": "0.8", "w3": "0.4", "w4": "0.1", "b1": "0.7", "b2": "0.2", "b3": "-0.3",
}  # fmt: skip
_EXAMPLES = (("2", "1"), ("1", "0"), ("-1", "0.5"))  # of dataset.sg


def theta_column(text: str, seeds: Seeds) -> Iterator[Shown]:
    """θ as a column with names."""
    column = theta(program(text), list(_THETA))
    yield str(column)
    by_hand = list(map(Fraction, _THETA.values()))
    yield same("θ has seven entries, in this order", by_hand, [entry for (entry,) in column.rows])


def gradient_column(text: str, seeds: Seeds) -> Iterator[Shown]:
    """∇L as a column in the order of θ, beside the mean of the gradients of the examples."""
    column = gradient(program(text).output, list(_THETA))
    yield str(column)
    by_hand = _gradient_by_hand(list(map(Fraction, _THETA.values())))
    yield same("the mean of three gradients by hand", by_hand, [e for (e,) in column.rows])


def _gradient_by_hand(theta: Sequence[Fraction]) -> list[Fraction]:
    """∇L on the data set, as one writes it on paper."""
    w1, w2, w3, w4, b1, b2, b3 = theta
    slopes = []
    for x, y in (map(Fraction, example) for example in _EXAMPLES):
        z1, z2 = w1 * x + b1, w2 * x + b2
        h1, h2 = max(Fraction(0), z1), max(Fraction(0), z2)
        slope = 2 * (w3 * h1 + w4 * h2 + b3 - y)
        back1, back2 = slope * w3 * (z1 > 0), slope * w4 * (z2 > 0)
        slopes.append((back1 * x, back2 * x, slope * h1, slope * h2, back1, back2, slope))
    return [sum(entry) / Fraction(3) for entry in zip(*slopes, strict=True)]


def gradient_in_d_dimensions(text: str, seeds: Seeds) -> Iterator[Shown]:
    """∇f as a column of as many entries as x has."""
    column = gradient(program(text)["f"], ["x1", "x2", "x3"])
    yield str(column)
    by_hand = [2 * Fraction("-0.75") * Fraction(w) for w in ("0.5", "-1", "0.25")]
    yield same("∇f = 2 (w · x) w is in ℝ³, by hand", by_hand, [e for (e,) in column.rows])


def gradient_of_the_step_before(text: str, seeds: Seeds) -> Iterator[Shown]:
    """∇L(θ_{t−1}) for L = (θ − 1)²: the step from θ₀ = 3 uses 4, not the 3.2 at θ₁."""
    weight = Value(3, "theta")
    slopes = []
    sgd = SGD([weight], "0.1")
    for _ in range(2):
        sgd.zero_grad()
        ((weight - 1) ** 2).backward()
        slopes.append(weight.grad)
        sgd.step()
    yield same("g₁ and g₂ of L = (θ − 1)² from θ₀ = 3 with η = 0.1", [4, Fraction("3.2")], slopes)


def gradient_descent(text: str, seeds: Seeds) -> Iterator[Shown]:
    """T = 3 steps on the data set in code, and by the formulas of the network on paper."""
    parameters = {name: Value(number, name) for name, number in _THETA.items()}
    by_hand = list(map(Fraction, _THETA.values()))
    sgd = SGD(list(parameters.values()), "0.1")
    seen = []
    for _ in range(3):
        sgd.zero_grad()
        loss = program(text, parameters).output
        loss.backward()
        sgd.step()
        seen.append(f"{float(loss.data):.4f}")
        slopes = _gradient_by_hand(by_hand)
        by_hand = [number - slope / 10 for number, slope in zip(by_hand, slopes, strict=True)]
    ends = [node.data for node in parameters.values()]
    yield fact("T = 3 steps with η = 0.1 by hand give the same θ₃", ends == by_hand)
    yield fact("each step lowers L", seen == sorted(seen, reverse=True), ", ".join(seen))


_POINTS = ((2, 3), (1, 2), (-1, 1), (3, 1))  # of batch.sg


def random_minibatches(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Batches of two of the four examples: over all of them the mean gradient is the full one."""
    x, y = map(list, zip(*_POINTS, strict=True))
    made = program(text, x=x, y=y)
    slopes = [partial(loss, made["w"]) for loss in made.vectors["loss"]]
    batches = [(i, j) for i in range(4) for j in range(i)]
    sums = [slopes[i] + slopes[j] for i, j in batches]
    yield same("twice the mean of the sums of all batches of 2: the full sum",
               Fraction(-5), 2 * sum(sums, Fraction(0)) / len(sums))  # fmt: skip
    drawn = [tuple(sorted(Random(seed).sample(range(4), 2))) for seed in range(100)]
    yield same("batches of 2 that a hundred draws bring up", 6, len(set(drawn)))


def stochastic_descent(text: str, seeds: Seeds) -> Iterator[Shown]:
    """T = 5 steps, each on two examples that are drawn at random, in code and on paper."""
    w = Value("0.5", "w")
    by_hand = Fraction("0.5")
    sgd = SGD([w], "0.01")
    random = Random(0)
    seen = []
    for _ in range(5):
        batch = random.sample(_POINTS, 2)
        sgd.zero_grad()
        x, y = map(list, zip(*batch, strict=True))
        program(text, w=w, x=x, y=y).output.backward()
        sgd.step()
        by_hand -= sum(2 * (by_hand * x - y) * x for x, y in batch) / Fraction(100)
        seen.append(" and ".join(map(str, batch)))
    yield same("w after T = 5 steps with η = 0.01, by hand", by_hand, w.data)
    yield "the examples (x, y) that were drawn: " + "; ".join(seen)


def loss_surface(text: str, seeds: Seeds) -> Iterator[Shown]:
    """ℓ over w₁ and w₂ with a descent on it; and the gradient by trying each weight in turn."""
    example = program(text)
    rest = {name: float(example[name]) for name in example.inputs if name not in ("w1", "w2")}

    def loss(w1: Value, w2: Value) -> Value:
        return program(text, {**rest, "w1": w1, "w2": w2}).output

    yield Picture("surface", plots.descent(experiments.descent(loss, (0.3, 0.8), 0.2, 12)))
    weights = [f"w{i}" for i in range(1, 5)]
    step = Fraction(1, 1000)
    tried = []
    for name in weights:
        ends = [program(text, {name: example[name].data + side}).output.data
                for side in (step, -step)]  # fmt: skip
        tried.append((ends[0] - ends[1]) / (2 * step))
    found = [partial(example.output, example[name]) for name in weights]
    yield same("by 8 forward passes, two a weight, and by one backward pass", tried, found)


def layer_by_layer(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The order in which the frames tell values and gradients."""
    example = program(text)
    example.output.backward()
    steps = draw(example.output).frames("layer")
    captions = [scene.description.splitlines()[0] for scene in steps.scenes]
    yield "\n".join(captions)
    left = [" ".join(part.partition(" = ")[0] for part in caption.split(",  "))
            for caption in captions]  # fmt: skip
    yield same("forward", ["h₁ h₂", "ŷ", "ℓ"], left[1:4])
    yield same("backward", ["∂ℓ/∂ℓ", "∂ℓ/∂y ∂ℓ/∂ŷ", "∂ℓ/∂w₃ ∂ℓ/∂w₄ ∂ℓ/∂h₁ ∂ℓ/∂h₂",
                            "∂ℓ/∂x ∂ℓ/∂w₁ ∂ℓ/∂w₂"], left[4:])  # fmt: skip
    slopes = [fraction(example[name].grad) for name in ("yhat", "h2", "w2")]
    yield same("what arrives at ŷ, h₂ and w₂", ["−6/5", "−3/25", "−6/25"], slopes)


def by_finite_differences(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Both examples, measured: a little to either side, the other variable held."""
    for name, by, at, slope in (("f", "x1", 2.0, 0.5), ("g", "x2", Fraction(1), 2)):

        def along(x: object, name: str = name, by: str = by) -> object:
            return program(text, {by: x})[name].data

        measured = finite_difference(along, at)
        what = f"∂{name}/∂{typeset(by)} at (2, 1) is {slope}, a little to either side"
        yield fact(what, abs(measured - slope) < 1e-7, decimal(measured, 7))


def upstream_times_local(text: str, seeds: Seeds) -> Iterator[Shown]:
    """On every edge what is passed on; at every node the sum of it, beside numbers by hand."""
    loss = program(text).output
    loss.backward()
    graph = contracted(loss)
    arriving: dict[str, Fraction] = {}
    for edge in graph.edges:
        source, target = (graph.nodes[place] for place in (edge.source, edge.target))
        upstream = Fraction(target.gradient or 0)
        passed_on = upstream * edge.local
        arriving[source.label] = arriving.get(source.label, Fraction(0)) + passed_on
        yield (f"{typeset(target.label)} → {typeset(source.label)}: {fraction(upstream)} × "
               f"{fraction(edge.local)} = {fraction(passed_on)}")  # fmt: skip
    by_hand = {"u": "0.6", "h2": "0.32", "w": "0.96", "h1": "0.16", "v": "0.32"}
    for name, number in by_hand.items():
        yield same(f"what arrives at {typeset(name)}", Fraction(number), arriving[name])


def saturation(text: str, seeds: Seeds) -> Iterator[Shown]:
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


def plot_of_sigmoid(text: str, seeds: Seeds) -> Iterator[Shown]:
    """σ and σ′, and where σ is steepest."""
    top = experiments.steepest(ops.sigmoid)
    yield same("σ is steepest at 0, where its slope is", [0.0, 0.25], [top.z, top.slope])
    yield Picture("plot", plots.activation(ops.sigmoid))


# The deck Neural Networks III --------------------------------------------------------------------


def descent_until_it_converges(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Steps of 0.1 in code and on paper; they end at the line of least squares."""
    weights = [Value(0.5, "w1"), Value(0.25, "w2")]
    slope, at_0 = 0.5, 0.25
    sgd = SGD(weights, 0.1)
    for _ in range(200):
        sgd.zero_grad()
        program(text, w=weights).output.backward()
        sgd.step()
        off = [(slope * x + at_0 - y, x) for x, y in _POINTS]
        slope -= 0.05 * sum(distance * x for distance, x in off)
        at_0 -= 0.05 * sum(distance for distance, _ in off)
    ends = [float(w.data) for w in weights]
    yield str(gradient(program(text).output, ["w1", "w2"]))
    yield fact("w after 200 steps is the same by hand", _near([slope, at_0], ends), _numbers(ends))
    close = max(abs(ends[0] - 1 / 7), abs(ends[1] - 11 / 7)) < 1e-6
    yield fact("it has converged to the line of least squares, 1/7 and 11/7", close)


def batches_of_an_epoch(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The batches of an epoch hold every example once, and average to the full gradient."""
    data = DataSet(tuple((x,) for x, _ in _POINTS), tuple(y for _, y in _POINTS))
    batches = list(data.minibatches(2, seed=0))
    drawn = sorted(example for batch in batches for example in batch)
    yield fact("the batches of an epoch hold every example once", drawn == sorted(data))
    slopes = []
    for batch in batches:
        xs, ys = [x for (x,) in batch.inputs], list(batch.targets)
        made = program(text, x=xs, y=ys)
        slopes.append(partial(made.output, made["w"]))
        by_hand = sum((Fraction("0.5") * x - y) * x for x, y in zip(xs, ys, strict=True))
        yield same(f"∂L/∂w on {xs[0]}, {xs[1]}, by hand", by_hand, slopes[-1])
    yield same("their mean is the full gradient", Fraction("-1.25"), sum(slopes) / 2)


def composition(text: str, seeds: Seeds) -> Iterator[Shown]:
    """p of the deep network, as four layers of plain numbers."""
    made = program(text)
    h = [float(x) for x in made.vectors["x"]]
    for layer in range(1, 5):
        rows, biases = made.vectors[f"W__{layer}"], made.vectors[f"b__{layer}"]
        z = [sum(float(w) * x for w, x in zip(row, h, strict=True)) + float(b)
             for row, b in zip(rows, biases, strict=True)]  # fmt: skip
        h = [1 / (1 + math.exp(-number)) for number in z]
    weights = [math.exp(f) for f in z]
    by_hand = [weight / sum(weights) for weight in weights]
    found = [float(p) for p in made.vectors["p"]]
    yield fact("p is the composition of its layers", _near(by_hand, found), _numbers(found))


def _near(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b) and all(map(lambda x, y: abs(x - y) <= 1e-12 * (1 + abs(x)), a, b))


def _numbers(numbers: Sequence[float]) -> str:
    return ", ".join(decimal(number, 4) for number in numbers)


def variables_and_operations(text: str, seeds: Seeds) -> Iterator[Shown]:
    """How many nodes are data, and how many compute."""
    nodes = topological_order(*program(text).outputs)
    leaves = [node for node in nodes if not node.parents]
    yield same("variables: x, W and b", 8, len(leaves))
    operations = [node.op.name for node in nodes if node.op and node.parents]
    counts = [operations.count(name) for name in ("mul", "add", "sigmoid")]
    yield same("operations: ×, +, σ", [4, 4, 2], counts)


def acyclic(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A directed graph runs where it has no cycle, and is refused where it has one."""
    yield fact("directed and acyclic", program(text).output.data == 38, "runs")
    yield _refused("v = 3 u; u = v + 1", "directed, with a cycle: u → v, v → u")


def _refused(text: str, what: str) -> Claim:
    """The claim that a program is refused, with what is said of it."""
    try:
        program(text)
        said = ""
    except ProgramError as error:
        said = error.message
    return Claim(what, "", said, FLAGGED if said else WRONG)


LOOP = """\
for t in range(2000):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 100 == 99:
        print(t, loss.item())
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in model.parameters():
            param -= learning_rate * param.grad
"""


def training_loop(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The lines of the slide, run on Values; and the same training in plain numbers."""
    yield LOOP
    printed: list[tuple[int, float]] = []
    names = {
        "torch": SimpleNamespace(no_grad=no_grad),
        "model": MLP(1, [1], seed=1), "xx": [2.0], "y": 1.0,
        "loss_fn": losses.squared_error, "learning_rate": 0.0005,
        "print": lambda t, loss: printed.append((t, loss)),
    }  # fmt: skip
    w, b = (float(p) for p in names["model"].parameters())  # type: ignore[attr-defined]
    exec(LOOP, names)
    by_hand = []
    for t in range(2000):
        off = w * 2 + b - 1
        if t % 100 == 99:
            by_hand.append((t, off * off))
        w, b = w - 0.0005 * 2 * off * 2, b - 0.0005 * 2 * off
    yield replace(same("steps in which it prints", 20, len(printed)), origin="follows")
    close = all(abs(a - c) <= 1e-12 + 1e-9 * c for (_, a), (_, c) in zip(printed, by_hand,
                                                                         strict=True))  # fmt: skip
    seen = ", ".join(f"{t}: {loss:.3g}" for t, loss in printed[::5])
    yield fact("it prints the losses of the same training by hand", close, seen)


def comes_near(text: str, seeds: Seeds, method: str) -> Iterator[Shown]:
    """Whether a method's loss is within 5 % of the best, when 20 000 examples have been used."""
    size = {"gradient": 2000, "stochastic": 1, "minibatches": 32}[method]
    found = experiments.budget(size, seeds=seeds)
    yield _on_seeds(f"examples a step: {size}", found, lambda ratio: ratio < 1.05)
    yield "loss over the best loss: " + _numbers(found)


def _on_seeds(what: str, runs: Sequence[_Run], is_so: Callable[[_Run], bool]) -> Claim:
    """The claim that something is so on nine tenths of the seeds, each of which gave a run."""
    count = sum(map(bool, map(is_so, runs)))
    return fact(what, count >= 0.9 * len(runs), f"on {count} of {len(runs)} seeds")


def a_graph_trains(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Nothing in a graph changes by being run forward and backward."""
    loss = program("w = 2; L = (w − 1)²").output
    before = loss.data
    loss.backward()
    yield fact("running a graph forward and backward lowers its loss", loss.data < before,
               "it stays the same")  # fmt: skip


def product_of_jacobians(text: str, seeds: Seeds) -> Iterator[Shown]:
    """∂ℓ/∂W⁽¹⁾ as the product of the Jacobians of the layers, the last layer's first."""
    made = program(text)
    weights = [w for row in made.vectors["W__1"] for w in row]
    whole = jacobian(made.output, weights, through=[made.vectors[f"h__{t}"] for t in (3, 2, 1)])
    yield str(whole)
    shapes = [f"{rows}×{columns}" for rows, columns in (factor.shape for factor in whole.factors)]
    yield same("the shapes of its factors", ["1×2", "2×2", "2×2", "2×4"], shapes)
    row = [Fraction(1), Fraction(1)]
    for matrix in ([[1, -1], [2, Fraction("0.5")]], [[5, 6], [7, 8]]):
        row = [sum(map(mul, row, column), Fraction(0)) for column in zip(*matrix, strict=True)]
    by_hand = [delta * x for delta in row for x in (1, 2)]
    yield same("∂ℓ/∂W⁽¹⁾, row by row, by hand", by_hand, list(whole.rows[0]))


def chains(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The derivative of a chain of a hundred equal factors, by backward."""
    found = experiments.products((1.5, 0.8))
    up, down = (chain[-1] for chain in found.runs[0].values())
    by_hand = [float(Fraction(3, 2) ** 100), float(Fraction(4, 5) ** 100)]
    close = all(abs(a / b - 1) < 1e-12 for a, b in zip((up, down), by_hand, strict=True))
    yield fact("a chain of a hundred layers has this derivative", close, f"{up:.3e}, {down:.3e}")
    yield Picture("products", plots.curves(found), "1.5, 0.8 and 100 are the slide's")


def overflow(text: str, seeds: Seeds) -> Iterator[Shown]:
    """1.5²⁰⁰⁰ as a float, and its difference from itself."""
    *_, last = experiments.products([1.5], 2000).runs[0]["1.5ⁿ"]
    yield same("1.5²⁰⁰⁰, and its difference from itself", ["inf", "nan"],
               [str(last), str(last - last)])  # fmt: skip


def learning_rates(text: str, seeds: Seeds) -> Iterator[Shown]:
    """One network at four rates."""
    found = experiments.learning_rates(seeds=seeds)
    slow, _, good, wild = found.cases
    yield _on_seeds("3 diverges", found.runs, lambda run: run[wild][-1] == math.inf)
    yield _on_seeds("100 steps of 0.001 do not reach what 11 steps of 0.3 do", found.runs,
                    lambda run: run[slow][-1] > run[good][10])  # fmt: skip
    yield Picture("rates", plots.curves(found))


LOW, HIGH = HEALTHY


# What several slides speak of is run once for them.
_layers = cache(experiments.gradients_by_layer)
_deep = cache(experiments.deep_training)
_capacity = cache(experiments.capacity)
_on_contours = cache(partial_of(experiments.constraint, (2.0, 1.0), 1.0, (1.0, 4.0)))


def vanishing_with_depth(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The first layer's gradient at growing depths, with σ and with ReLU."""
    found = experiments.gradients_by_depth(["sigmoid", "ReLU"], (2, 4, 8, 12), seeds=seeds)
    yield _on_seeds("with σ it falls fivefold or more from depth 2 to 4, 8 and 12", found.runs,
                    lambda run: all(a > 5 * b for a, b in pairwise(run["sigmoid"])))  # fmt: skip
    yield _on_seeds("at depth 12 it is below 1e−6", found.runs,
                    lambda run: run["sigmoid"][-1] < LOW)  # fmt: skip
    yield Picture("depths", plots.curves(found))


def no_progress(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A shallow, a deep and a deep residual sigmoid network at four rates."""
    found, moved, _ = _deep(seeds=seeds)
    shallow, deep, residual = found.cases
    (case,) = moved.cases
    yield _on_seeds("8 layers: no rate goes below the loss 0.69 of a coin", found.runs,
                    lambda run: min(run[deep]) > 0.69)  # log 2 = 0.693  # fmt: skip
    yield _on_seeds("weights of layer 1 move less than a tenth of the last's", moved.runs,
                    lambda run: run[case][0] < run[case][-1] / 10)  # fmt: skip
    yield _on_seeds("2 layers end at less than half of its loss", found.runs,
                    lambda run: min(run[shallow]) < min(run[deep]) / 2)  # fmt: skip
    yield _on_seeds("8 residual layers learn at 0.1 and 1", found.runs,
                    lambda run: max(run[residual][1:3]) < 0.6)  # fmt: skip
    yield Picture("rates", plots.curves(found))
    yield Picture("layers", plots.curves(moved))


def the_range(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The monitor has this range, and networks that leave it."""
    made = program(text)
    stated = [float(made[name].data) for name in ("low", "high")]
    yield same("the monitor's range", stated, [LOW, HIGH])
    found = _layers(seeds=seeds)
    yield _on_seeds("sigmoid: its first layer is below it", found.runs,
                    lambda run: run["sigmoid"][0] < LOW)  # fmt: skip
    yield _on_seeds("tanh, small weights: all layers are below it", found.runs,
                    lambda run: max(run["tanh, small weights"]) < LOW)  # fmt: skip
    yield _on_seeds("ReLU, large weights: a layer is above it", found.runs,
                    lambda run: max(run["ReLU, large weights"]) > HIGH)  # fmt: skip
    deep = NETWORKS["sigmoid"](12, 8, 0)
    loss = losses.binary_cross_entropy_with_logits(deep([0.5, -1.0]), 1)
    loss.backward()
    said = first_outside(loss, deep.parameters())
    yield fact("the monitor names the first node that leaves it", bool(said), said)
    yield Picture("layers", plots.curves(found), "the range is the slide's, the networks are ours")


def cures(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Each put into the network of 12 layers in which gradients vanished or exploded."""
    runs = _layers(seeds=seeds).runs
    for case in ("ReLU", "sigmoid, residual", "sigmoid, batch norm", CLIPPED):
        sizes = [run[case] for run in runs]
        yield _on_seeds(f"{case}: every layer in [1e−6, 1e3]", sizes,
                        lambda layers: all(LOW <= size <= HIGH for size in layers))  # fmt: skip
    weights = [Value(0.0, "a"), Value(0.0, "b")]
    (3 * weights[0] + 4 * weights[1]).backward()
    optim.clip_norm(weights, 1)
    clipped = list(optim.gradient(weights).values())
    yield fact("(3, 4) clipped to norm 1 is (0.6, 0.8)", _near([0.6, 0.8], clipped))
    yield Picture("ReLU", plots.activation(ops.relu))


def deeper_starves(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The first layer's gradient of σ networks of 2 and of 12 layers."""
    found = experiments.gradients_by_depth(["sigmoid"], (2, 12), seeds=seeds)
    yield _on_seeds("12 layers have less than a thousandth of the gradient of 2", found.runs,
                    lambda run: run["sigmoid"][1] < run["sigmoid"][0] / 1000)  # fmt: skip


def relu_helps(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The first layer's gradient of a ReLU network, over that of a σ network."""
    yield _on_seeds("of 12 layers, a thousandfold gradient", _layers(seeds=seeds).runs,
                    lambda run: run["ReLU"][0] > 1e3 * run["sigmoid"][0])  # fmt: skip


def cross_entropy_helps(text: str, seeds: Seeds) -> Iterator[Shown]:
    """σ networks of 12 layers that are trained with the cross-entropy."""
    yield _on_seeds("the first layer's gradient is 1e−6 or more", _layers(seeds=seeds).runs,
                    lambda run: run["sigmoid"][0] >= LOW)  # fmt: skip


def sigmoid_costs_more(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Operations of each, written out."""
    counts = [sum(bool(node.parents) for node in topological_order(program(written).output))
              for written in ("x = 2; s = 1/(1 + e^(-x))", "x = 2; r = max(0, x)")]  # fmt: skip
    yield fact("operations of 1/(1 + e⁻ˣ) are more than those of max(0, x)",
               counts[0] > counts[1], f"{counts[0]} against {counts[1]}")  # fmt: skip


def steepest_sigmoid(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The greatest slope of σ on [−10, 10]."""
    slope = experiments.steepest(ops.sigmoid).slope
    yield fact("the greatest slope is less than 0.3", slope < 0.3, decimal(slope, 3))


def plot_of_leaky_relu(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The function and its slope, with the convention of the slide."""

    def leaky(z: Value) -> Value:
        return z.leaky_relu(slope=Fraction(1, 10), at_zero=1)

    z = Value(0, "z")
    leaky(z).backward()
    yield same("f′(0) as agreed", 1, z.grad)
    yield Picture("plot", plots.activation(leaky, name="leaky ReLU"))


def training_and_generalisation(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The polynomial through all points."""
    ends = [(run[TRAINING][-1], run[TEST][-1] / min(run[TEST]))
            for run in _capacity(seeds=seeds).runs]  # fmt: skip
    yield _on_seeds("training error 0, and more than twice the least test error", ends,
                    lambda end: end[0] < 1e-9 and end[1] > 2)  # fmt: skip


def three_fits(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Degrees 1, 5 and 13 on 14 points."""
    found = _capacity(seeds=seeds)
    stiff, right, supple = (list(found.places).index(degree) for degree in (1, 5, 13))
    yield _on_seeds("degree 1 does not fit the training points: twice the error", found.runs,
                    lambda run: run[TRAINING][stiff] > 2 * run[TRAINING][right])  # fmt: skip
    yield _on_seeds("degree 13 fits nothing else: twice the test error of degree 5", found.runs,
                    lambda run: run[TEST][supple] > 2 * run[TEST][right])  # fmt: skip
    fitted, points = experiments.fits()
    ax = plots.curves(fitted)
    ax.plot([x for (x,) in points.inputs], points.targets, "ko", label="training points")
    ax.legend()
    yield Picture("fits", ax)


def classical_view(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Training and test error over the degree."""
    found = _capacity(seeds=seeds)
    last = len(found.places) - 1
    yield _on_seeds("the training error falls with the capacity", found.runs,
                    lambda run: all(a >= b for a, b in pairwise(run[TRAINING])))  # fmt: skip
    yield _on_seeds("the test error is least in between: a U", found.runs,
                    lambda run: 0 < run[TEST].index(min(run[TEST])) < last)  # fmt: skip
    yield Picture("capacity", plots.curves(found))


def double_descent(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Random features, fewer and more than the 40 examples."""
    found = experiments.double_descent(seeds=seeds)
    places = list(found.places)
    yield _on_seeds("the test error peaks at 38 to 42 features for 40 examples", found.runs,
                    lambda run: 38 <= places[run[TEST].index(max(run[TEST]))] <= 42)  # fmt: skip
    yield _on_seeds("it falls again, to less than a tenth of the peak", found.runs,
                    lambda run: run[TEST][-1] < max(run[TEST]) / 10)  # fmt: skip
    yield Picture("double_descent", plots.curves(found))


def counts(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Networks that are made, and counted by hand."""
    for d, m, k, count in ((1, 2, 1, 7), (2, 2, 1, 9), (784, 100, 10, 79_510)):
        made = len(MLP(d, [m, k], initial=nn.zeros).parameters())
        yield same(f"parameters of a {d}-{m}-{k} network", count, made)


def more_data(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Test errors of linear fits to few and many examples of few and many numbers."""
    found = experiments.more_data(seeds=seeds)
    few, many = found.cases
    yield _on_seeds("400 examples are better than 6", found.runs,
                    lambda run: all(run[case][-1] < run[case][0] for case in run))  # fmt: skip
    yield _on_seeds("of 12 examples, 8 numbers are harder than 2", found.runs,
                    lambda run: run[many][1] > run[few][1])  # fmt: skip
    yield Picture("data", plots.curves(found))


def overfit(text: str, seeds: Seeds, *pattern: str) -> Iterator[Shown]:
    """Whether the polynomial through all points has a training and a test error that are so.

    Low is less than half the best possible test error of all degrees, or at most twice it for the
    test error itself.
    """
    found = []
    for run in _capacity(seeds=seeds).runs:
        best = min(run[TEST])
        is_low = run[TRAINING][-1] < best / 2, run[TEST][-1] < 2 * best
        found.append(tuple("low" if low else "high" for low in is_low))
    if pattern == ("neither",):
        known = {*product(("low", "high"), repeat=2)}
        yield _on_seeds("none of the four", found, lambda seen: seen not in known)
    else:
        yield _on_seeds(f"training {pattern[0]}, test {pattern[1]}", found, pattern.__eq__)


def perceptron(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Rosenblatt's rule: an example on the wrong side is added to the weights, or taken away."""
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for name, of in (("OR", any), ("AND", all), ("XOR", lambda corner: sum(corner) == 1)):
        w, b, wrong = [0, 0], 0, 4
        for _ in range(20):
            wrong = 0
            for corner in corners:
                off = of(corner) - (w[0] * corner[0] + w[1] * corner[1] + b > 0)
                w, b = [w[0] + off * corner[0], w[1] + off * corner[1]], b + off
                wrong += off != 0
        yield same(f"{name} is learnt in 20 rounds", name != "XOR", wrong == 0)


def exclusive_or(text: str, seeds: Seeds) -> Iterator[Shown]:
    """XOR: two layers draw its boundary, one cannot."""
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    deep = [program("y = relu(a + b) - 2 relu(a + b - 1)", a=a, b=b).output.data
            for a, b in corners]  # fmt: skip
    yield same("relu(a + b) − 2 relu(a + b − 1) at the corners", [0, 1, 1, 0], deep)
    steps = [Fraction(n, 4) for n in range(-8, 9)]
    lines = [[(u * a + v * b + c > 0) == bool(a ^ b) for a, b in corners]
             for u in steps for v in steps for c in steps]  # fmt: skip
    yield same("corners that the best of 4913 straight lines gets right", 3, max(map(sum, lines)))


def a_layer_takes_away(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A layer of units that hand on what they get changes nothing."""
    plain = program("x = [1, 2]; h = relu(0.5 x); y = sum(h)").output.data
    deeper = program("x = [1, 2]; h = relu(0.5 x); I = [[1, 0], [0, 1]]; k = relu(I h); y = sum(k)")
    yield fact("with a layer that hands on its inputs another output", deeper.output.data != plain,
               "the same output: what was possible stays so")  # fmt: skip


def higher_test_loss(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The deep network of N24 beside the shallow one, on new points."""
    _, _, test = _deep(seeds=seeds)
    shallow, deep, _ = test.cases
    yield _on_seeds("8 layers of σ have a higher test loss than 2, at the rate 0.1", test.runs,
                    lambda run: run[deep][1] > run[shallow][1])  # fmt: skip


def none_of_depth(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A and D both hold."""
    harms = [c.is_met for run in (deeper_starves, higher_test_loss) for c in run(text, seeds)
             if isinstance(c, Claim)]  # fmt: skip
    yield fact("neither vanishing gradients nor a higher test loss", not any(harms), "both hold")


def weight_decay(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Ten hidden units on a mixture of Gaussians; the penalty beside the total loss."""
    found = experiments.weight_decay(seeds=seeds)
    yield _on_seeds("λ = 0.02 costs training loss", found,
                    lambda c: c.train_loss[0] < c.train_loss[1])  # fmt: skip
    yield _on_seeds("λ = 0.02 saves test loss", found,
                    lambda c: c.test_loss[0] > c.test_loss[1])  # fmt: skip
    yield _on_seeds("λ = 0.02 leaves smaller weights", found,
                    lambda c: math.hypot(*c.weights[0]) > math.hypot(*c.weights[1]))  # fmt: skip
    yield Picture("boundaries", plots.boundaries(found[0])[0],
                  "10 units and λ = 0.02 are the slide's, the examples are ours")  # fmt: skip


def projected_descent(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Each step is drawn back into the ball; a smaller B gives a smaller w."""
    ends = [experiments.constraint((3.0,), bound).hard[0] for bound in (4.0, 1.0, 0.25)]
    yield fact("(w − 3)² under w² ≤ 4, 1 and ¼ ends at √B", _near([2, 1, 0.5], ends),
               _numbers(ends))  # fmt: skip
    weights = [Value("0.5", "w"), Value("3", "b")]
    yield same("λ/2‖w‖² without the bias, λ = 1/50, w = ½", Fraction("0.0025"),
               losses.l2_penalty(weights, "0.02").data)  # fmt: skip
    yield Picture("contours", plots.constraint(_on_contours()))


def soft_optima(text: str, seeds: Seeds) -> Iterator[Shown]:
    """From λ = 0, without effect, to a large λ."""
    found = experiments.constraint()
    sizes = [math.hypot(*w) for w in found.soft_path]
    is_free = _near([sizes[0]], [math.hypot(*found.a)])
    yield fact("λ = 0 is the free optimum", is_free, f"‖w‖ = {sizes[0]:.4g}")
    falls = sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.02
    yield fact("w* goes to 0 as λ grows", falls, f"‖w‖ = {sizes[-1]:.2g} at λ = 316")


def optima_on_contours(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A loss (w₁ − 2)² + 4(w₂ − 1)²: both constraints, with the λ that matches B = 1."""
    found = _on_contours()
    yield fact("hard and soft optimum are the same w*",
               all(abs(a - b) < 1e-6 for a, b in zip(found.hard, found.soft, strict=True)),
               f"({_numbers(found.soft)}) at λ = {decimal(found.decay, 4)}")  # fmt: skip
    slopes = [2 * c * (w - a) for w, a, c in zip(found.hard, found.a, (1, 4), strict=True)]
    parallel = slopes[0] * found.hard[1] - slopes[1] * found.hard[0]
    yield fact("there the contour touches the ball: ∇L is along w*", abs(parallel) < 1e-6)
    yield Picture("contours", plots.constraint(found))


def a_dropped_unit(text: str, seeds: Seeds) -> Iterator[Shown]:
    """No gradient reaches the weights of a unit that is dropped."""
    made = program(text)
    loss = -made["p1"].log()
    loss.backward()
    reached = [name for name in ("W11_1", "W21_1", "W31_1", "W12_2") if made[name].grad != 0]
    yield same("a gradient reaches, of W₁₁⁽¹⁾, W₂₁⁽¹⁾, W₃₁⁽¹⁾ and W₁₂⁽²⁾,",
               ["W₁₁⁽¹⁾", "W₃₁⁽¹⁾"], list(map(typeset, reached)))  # fmt: skip
    units = MLP(2, [3, 2], ops.sigmoid)([Value(1, "x1"), Value(-1, "x2")])
    whole = draw(units, style="network").hide("weights", "biases").show("names").refit()
    for old, new in (("yhat1", "o1"), ("yhat2", "o2"), *((f"h{i}_1", f"h{i}") for i in (1, 2, 3))):
        whole = whole.rename(old, new)
    yield Picture("whole", whole.titled("N42: MLP with one hidden layer"))
    yield Picture("dropped", whole.dropped("h2").titled("N42: Hidden layer after dropout"))
    yield Picture("masks", plots.dropout_masks(experiments.dropout_masks()))


def present_with_probability(text: str, seeds: Seeds) -> Iterator[Shown]:
    """The mean over all masks, exactly, is what testing gives."""
    units, present = [Fraction(3), Fraction(-1, 2), Fraction(5)], Fraction(4, 5)
    found = experiments.dropout_moments(units, 1 - present, inverted=False)
    yield same("the mean over all masks is p h", [present * h for h in units], found.means)
    testing = Dropout(0.2, inverted=False)
    testing.eval()
    tested = [float(h) for h in testing([float(h) for h in units])]
    yield fact("testing gives p h", _near(tested, [2.4, -0.4, 4.0]), _numbers(tested))


def dropout_error(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Test error over updates, with and without dropout."""
    found, ends = experiments.dropout(seeds=seeds)
    yield _on_seeds("after 1000 updates the test error is lower with dropout", ends,
                    lambda c: c.test[1] < c.test[0])  # fmt: skip
    yield _on_seeds("its training loss, on labels partly wrong, is higher", ends,
                    lambda c: c.train_loss[1] > c.train_loss[0])  # fmt: skip
    yield Picture("updates", plots.curves(found), "its numbers are ours")
    yield Picture("boundaries", plots.boundaries(ends[0], name="p")[0], "its numbers are ours")


def moments(text: str, seeds: Seeds) -> Iterator[Shown]:
    """Mean and variance of h/(1 − p) over all masks, exactly."""
    units, drop = [Fraction(3), Fraction(-1, 2), Fraction(5)], Fraction(1, 5)
    found = experiments.dropout_moments(units, drop)
    yield same("E[h′] over all masks", units, found.means)
    yield same("the variance is h²p/(1 − p)", [h * h * drop / (1 - drop) for h in units],
               found.variances)  # fmt: skip


# Slips -------------------------------------------------------------------------------------------


def one_name_for_two(text: str, seeds: Seeds) -> Iterator[Shown]:
    """What a program says of p assigned as a probability and as the softmax."""
    yield _refused("p = 0.5; f = [1, 2]; p = softmax(f)", "p = 0.5, and p = softmax(f)")
    yield fact(
        "∂l/∂w is read where the loss is called ℓ", check("w = 3; ℓ = w²", {"∂l/∂w": "6"}).ok
    )


def both_orders(text: str, seeds: Seeds) -> Iterator[Shown]:
    """A network's names with the source first, and with the unit first."""
    ours, theirs = (list(MLP(2, [2, 1], weight_name=which).named_parameters())
                    for which in (input_first, output_first))  # fmt: skip
    yield same("w21_2, where the unit is first", "w12_2", theirs[ours.index("w21_2")])
