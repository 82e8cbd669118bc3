"""The deck Neural Networks III, row by row: lines that look like the slide, and what they show.

Source: CS 540, UW–Madison, Spring 2026. Its figures are lost: the numbers of networks and data sets
are reconstructed. The experiments are smaller than those of the slides, and say so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from scalargrad import nn, plots
from scalargrad.engine import ops
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.graph.derivation import derive
from scalargrad.language.reading import program
from scalargrad.lectures import experiments
from scalargrad.lectures.backpropagation import cross_entropy, two_layers
from scalargrad.lectures.experiments import CLIPPED, NETWORKS
from scalargrad.lectures.statements import (
    Picture,
    Row,
    Shown,
    at_random_points,
    fact,
    identity,
    number,
    same,
)
from scalargrad.nn import losses
from scalargrad.nn.layers import MLP
from scalargrad.nn.regularisation import Dropout
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.train import fit, optim
from scalargrad.train.data import DataSet, xor
from scalargrad.train.monitor import HEALTHY, first_outside
from scalargrad.train.optim import SGD
from scalargrad.view.drawing import draw

SOFTMAX = """
f1 = w11*x1 + w21*x2; f2 = w12*x1 + w22*x2; f3 = w13*x1 + w23*x2
s = exp(f1) + exp(f2) + exp(f3)
p1 = exp(f1)/s; p2 = exp(f2)/s; p3 = exp(f3)/s
loss = -log(p2)
"""
CIRCUIT = """
z1 = w11*x1 + w21*x2; z2 = w12*x1 + w22*x2
z3 = v1*sigmoid(z1); z4 = v2*sigmoid(z2)
z5 = z3 + z4; a = sigmoid(z5)
loss = -y*log(a) - (1 - y)*log(1 - a)
"""
CIRCUIT_NUMBERS = {"x1": "1", "x2": "2", "w11": "0.5", "w21": "-0.25", "w12": "0.3", "w22": "0.1",
                   "v1": "1", "v2": "-1", "y": "1"}  # fmt: skip
LOW, HIGH = HEALTHY


def minibatches() -> Iterator[Shown]:
    """Minibatch SGD: a step for each batch, along the mean gradient of its examples."""
    data = DataSet(((2,), (1,), (-1,), (3,), (0,), (4,)), (1, 0, 1, 2, -1, 3))
    w = Value("0.5", "w")

    def slope(batch: DataSet) -> Scalar:
        w.zero_grad()
        ops.mean(*[(w * x - y) ** 2 for (x,), y in batch]).backward()
        return w.grad

    batches = list(data.minibatches(2))
    covered = sorted(example for batch in batches for example in batch)
    yield fact("the batches of an epoch hold every example once", covered == sorted(data))
    slopes = [slope(batch) for batch in batches]
    yield f"gradients of the batches: {', '.join(map(fraction, slopes))}"
    mean = sum(slopes, Fraction(0)) / len(slopes)
    yield same("their mean and the full gradient", slope(data), mean)
    sgd = SGD([w], "0.1")
    before, slope_of_first = w.data, slope(batches[0])
    sgd.step()
    by_hand = before - Fraction(1, 10) * slope_of_first
    yield same("one step by hand and in code", by_hand, w.data)


def deep_network() -> Iterator[Shown]:
    """A deep net is a composition of h = σ(Wh + b), f, p = softmax(f).

    Variables and operations are separate nodes; ∂L/∂z₅ = ∂L/∂a · ∂a/∂z₅. The gradient of softmax
    with cross-entropy is p − onehot.
    """
    net = MLP(2, [3, 3, 2], ops.sigmoid, seed=3)
    w = net.named_parameters()
    h = [0.5, -1.0]
    for layer, units in enumerate((3, 3, 2), 1):
        f = [sum(float(w[f"w{i}{j}_{layer}"]) * x for i, x in enumerate(h, 1))
             + float(w[f"b{j}_{layer}"]) for j in range(1, units + 1)]  # fmt: skip
        h = [1 / (1 + math.exp(-z)) for z in f]
    outputs = [float(output) for output in net([0.5, -1.0])]
    yield fact("the net is the composition of its layers", _near(f, outputs), _numbers(outputs))
    yield SOFTMAX
    made = at_random_points(SOFTMAX)
    far = float(abs(made["p1"].data + made["p2"].data + made["p3"].data - 1).max())
    yield fact("Σp = 1", far < 1e-14, f"off by at most {far:.1g}")
    for asked, formula in (("∂ℓ/∂f1", "p1"), ("∂ℓ/∂f2", "p2 - 1"), ("∂ℓ/∂w12", "(p2 - 1)*x1")):
        yield identity(SOFTMAX, asked, formula)
    yield CIRCUIT
    yield identity(CIRCUIT, "∂ℓ/∂z5", "(-y/a + (1 - y)/(1 - a))*(a*(1 - a))")
    yield identity(CIRCUIT, "∂ℓ/∂z5", "a - y")
    example = program(CIRCUIT, CIRCUIT_NUMBERS)
    example.output.backward()
    yield derive(example.output, "z5")
    circuit = draw(example.output, style="circuit", wrt="z5")
    yield Picture("circuit", circuit)
    yield Picture("frames", draw(example.output, style="circuit").frames("layer"))


def training_loop() -> Iterator[Shown]:
    """The training loop as PyTorch writes it: zero_grad, outputs, loss, backward, step."""
    data = xor(8, noise=0.1)
    net = MLP(2, [4, 1], seed=7)
    criterion = losses.binary_cross_entropy_with_logits
    optimizer = SGD(net.parameters(), 0.5)
    running = []
    for epoch in range(30):  # loop over the dataset multiple times
        trainloader = data.minibatches(1, seed=0, epoch=epoch)
        running_loss = 0.0
        for (inputs,), (label,) in ((batch.inputs, batch.targets) for batch in trainloader):
            optimizer.zero_grad()  # zero the parameter gradients
            outputs = net(inputs)  # forward + backward + optimize
            loss = criterion(outputs, label)
            loss.backward()
            optimizer.step()
            running_loss += float(loss)
        running.append(running_loss / len(data))
    yield f"mean loss of the first epoch {running[0]:.4f}, of the last {running[-1]:.4f}"
    yield fact("the loss falls to less than a tenth", running[-1] < running[0] / 10)
    other = MLP(2, [4, 1], seed=7)
    sgd = SGD(other.parameters(), 0.5)
    run = fit(other, criterion, data, sgd, epochs=30, batch_size=1, monitor=False)
    ends = [[float(p) for p in model.parameters()] for model in (net, other)]
    seen = ", ".join(decimal(parameter, 12) for parameter in ends[0][:3])
    yield fact("fit gives the same parameters", _near(*ends), f"{seen}, …")
    yield Picture("history", plots.history(run))


def _near(a: list[float], b: list[float]) -> bool:
    return len(a) == len(b) and all(map(lambda x, y: abs(x - y) <= 1e-12 * (1 + abs(x)), a, b))


def _numbers(numbers: list[float]) -> str:
    return ", ".join(decimal(number, 4) for number in numbers)


@cache
def _layers() -> experiments.GradientSizes:
    return experiments.gradients_by_layer()


def _sizes(case: str) -> list[float]:
    found = _layers()
    return found.sizes[found.cases.index(case)]


def _ends(case: str) -> str:
    sizes = _sizes(case)
    first, last = decimal(sizes[0], 2), decimal(sizes[-1], 2)
    return f"{first} in the first of {len(sizes)} layers, {last} in the last"


def _is_healthy(case: str) -> bool:
    return all(LOW <= size <= HIGH for size in _sizes(case))


def vanishing_and_exploding() -> Iterator[Shown]:
    """A product of many Jacobians vanishes or explodes: 1.5¹⁰⁰ ≈ 4×10¹⁷, 0.8¹⁰⁰ ≈ 2×10⁻¹⁰.

    It overflows to infinity and NaN; the learning rate is sensitive; σ′ ≤ 1/4, so the bottom layers
    starve. Keep gradients in [1e−6, 1e3]. Networks here have 12 layers of 8 units.
    """
    up, down, quarter = experiments.products((1.5, 0.8, 0.25)).products
    yield number("1.5¹⁰⁰", "≈ 4×10^17", up[-1])
    yield number("0.8¹⁰⁰", "≈ 2×10^-10", down[-1])
    ((*_, infinite),) = experiments.products([1.5], 2000).products
    yield same("1.5²⁰⁰⁰, and its difference from itself", ["inf", "nan"],
               [str(infinite), str(infinite - infinite)])  # fmt: skip
    z = Value(0, "z")
    z.sigmoid().backward()
    yield number("σ′(0)", "1/4", z.grad)
    top = experiments.steepest(ops.sigmoid)
    yield fact("σ is nowhere steeper", top.slope == 0.25, f"σ′({top.z:g}) = {top.slope}")
    yield fact("0.25¹⁰ < 1e−6", quarter[9] < 1e-6, decimal(quarter[9], 4))
    sizes = _sizes("sigmoid")
    yield fact("the bottom layers of a sigmoid network starve",
               sizes[0] < LOW and sizes == sorted(sizes), _ends("sigmoid"))  # fmt: skip
    for case, is_so in (
        ("tanh, small weights", max(_sizes("tanh, small weights")) < LOW),
        ("ReLU, large weights", min(_sizes("ReLU, large weights")) > HIGH),
    ):
        yield fact(f"{case}: outside [1e−6, 1e3] in every layer", is_so, _ends(case))
    deep = NETWORKS["sigmoid"](12, 8, 0)
    loss = losses.binary_cross_entropy_with_logits(deep([0.5, -1.0]), 1)
    loss.backward()
    said = first_outside(loss, deep.parameters())
    yield fact("the monitor names the first node that leaves the range", bool(said), said)
    rates = experiments.learning_rates()
    ends = [loss[-1] for loss in rates.losses]
    seen = ", ".join(f"{rate:g}: {decimal(end, 3)}" for rate, end in zip(rates.rates, ends,
                                                                     strict=True))  # fmt: skip
    slow, _, best, wild = ends
    is_sensitive = best < slow and rates.diverged[-1] and wild > 1e4 * best
    yield fact("a rate is too small, good, or diverges", is_sensitive, f"last loss at {seen}")
    depths = experiments.gradients_by_depth(["sigmoid", "ReLU"], (2, 4, 8, 12))
    yield Picture("sigmoid", plots.activation(ops.sigmoid))
    yield Picture("layers", plots.gradient_sizes(_layers()))
    yield Picture("depths", plots.gradient_sizes(depths))
    yield Picture("rates", plots.learning_rates(rates))


def cures() -> Iterator[Shown]:
    """What helps: plus in place of a product (ResNet), batch normalisation, clipping, activations.

    Each is put into the network of 12 layers in which gradients vanished or exploded.
    """
    for sick in ("sigmoid", "ReLU, large weights"):
        yield fact(f"without a cure: {sick}", not _is_healthy(sick), _ends(sick))
    for case in ("ReLU", "sigmoid, residual", "sigmoid, batch norm", CLIPPED):
        yield fact(f"{case}: every layer in [1e−6, 1e3]", _is_healthy(case), _ends(case))
    model = NETWORKS["ReLU, large weights"](6, 4, 0)
    model([0.5, -0.25]).backward()
    before = [float(p.grad) for p in model.parameters() if p.grad is not None]
    optim.clip_norm(model.parameters(), 1)
    after = [float(p.grad) for p in model.parameters() if p.grad is not None]
    cosine = sum(map(lambda a, b: a * b, before, after)) / math.hypot(*before) / math.hypot(*after)
    kept = abs(cosine - 1) < 1e-12 and abs(math.hypot(*after) - 1) < 1e-12
    seen = f"norm {math.hypot(*before):.4g} becomes {math.hypot(*after):.4g}, cosine {cosine:.6f}"
    yield fact("clipping keeps the direction", kept, seen)
    for name, activation in (("ReLU", ops.relu), ("tanh", ops.tanh)):
        yield Picture(name, plots.activation(activation))


def quizzes() -> Iterator[Shown]:
    """Quizzes: vanishing gradients (A, B); sigmoid against ReLU (B); leaky ReLU max(0.1x, x) (yes).

    The texts of the options are lost; what decides them is run.
    """
    for case in ("sigmoid", "tanh, small weights"):
        yield fact(f"gradients vanish: {case}", _sizes(case)[0] < LOW, _ends(case))
    is_better = _sizes("ReLU")[0] > 1e3 * _sizes("sigmoid")[0]
    yield fact("gradients of ReLU are larger than those of sigmoid", is_better, _ends("ReLU"))

    def leaky(z: Value) -> Value:
        return z.leaky_relu(slope=Fraction(1, 10), at_zero=1)

    for written, value, slope in (("-2", "-0.2", "0.1"), ("0", "0", "1"), ("3", "3", "1")):
        z = Value(written, "z")
        f = leaky(z)
        f.backward()
        yield number(f"f({written}) = max(0.1·{written}, {written})", value, f.data)
        yield number(f"f′({written})", slope, z.grad)
    yield Picture("leaky", plots.activation(leaky, name="leaky ReLU"))


def capacity() -> Iterator[Shown]:
    """Training and generalisation error, under- and overfitting, capacity, double descent.

    A network of d inputs, m hidden units and k outputs has (d + 1)m + (m + 1)k parameters. Double
    descent (Belkin et al. 2019) is shown with random features. Here 400 steps on 14 points, and the
    median of 5 draws.
    """
    found = experiments.capacity(steps=400)
    best = found.test.index(min(found.test))
    tests = ", ".join(f"{m}: {decimal(e, 3)}" for m, e in zip(found.units, found.test, strict=True))
    yield fact("test error is least in between", 0 < best < len(found.units) - 1, tests)
    trains = ", ".join(decimal(error, 3) for error in found.train)
    falls = found.train[-1] < 0.3 * found.train[0]
    yield fact("training error falls with the number of units", falls, trains)
    gaps = [test - train for train, test in zip(found.train, found.test, strict=True)]
    yield fact("the largest network overfits", gaps[-1] > gaps[best], _numbers(gaps))
    double = experiments.double_descent(draws=5)
    peak = double.features[double.test.index(max(double.test))]
    yield same("the peak is where features equal examples", double.threshold, peak)
    least = min(e for p, e in zip(double.features, double.test, strict=True) if p < peak)
    seen = f"least before it {decimal(least, 3)}, last {decimal(double.test[-1], 3)}"
    yield fact("the second descent ends below the first", double.test[-1] < least, seen)
    for d, m, k, count in ((1, 2, 1, 7), (2, 2, 1, 9), (784, 100, 10, 79_510)):
        net = MLP(d, [m, k], initial=nn.zeros)
        yield same(f"parameters of a {d}-{m}-{k} network", count, len(net.parameters()))
        yield same(f"({d} + 1){m} + ({m} + 1){k}", count, (d + 1) * m + (m + 1) * k)
    yield Picture("capacity", plots.capacity(found))
    yield Picture("double_descent", plots.double_descent(double))


def weight_decay() -> Iterator[Shown]:
    """Weight decay 0 against 0.02 with 10 hidden units; hard ‖w‖² ≤ B and soft λ/2‖w‖² constraints.

    The bias is usually left out. λ = 0 changes nothing, λ → ∞ leaves no weights.
    """
    found = experiments.weight_decay()
    (train, train_decayed), (test, test_decayed) = found.train_loss, found.test_loss
    seen = f"{_numbers(found.train_loss)} in training, {_numbers(found.test_loss)} in testing"
    helps = train < train_decayed and test > test_decayed and found.test[0] > found.test[1]
    yield fact("0.02 costs training loss and saves test loss", helps, seen)
    sizes = [math.hypot(*weights) for weights in found.weights]
    yield fact("its weights are smaller", sizes[1] < sizes[0], f"‖w‖ {_numbers(sizes)}")
    a, bound = 3, 1
    w = Value(experiments.soft_optimum(a, 4), "w")
    ((w - a) ** 2 + Fraction(4, 2) * w**2).backward()
    yield same("the gradient at w* = 2a/(λ + 2), a = 3 and λ = 4", 0, w.grad)
    line = experiments.constraint((float(a),), float(bound))
    yield number("the λ that matches B = 1: 2a/√B − 2", "4", line.decay)
    yield number("w* of the soft constraint", "1.0000", line.soft[0])
    yield number("w* of the hard constraint", "1.0000", line.hard[0])
    plane = experiments.constraint()
    lengths = [math.hypot(*w) for w in plane.soft_path]
    ends = _near([lengths[0]], [math.hypot(*plane.a)]) and lengths[-1] < 0.02
    shrinks = lengths == sorted(lengths, reverse=True)
    yield fact("λ = 0 is the free optimum, a large λ leaves no weights", ends and shrinks,
               f"‖w‖ from {lengths[0]:.3g} to {lengths[-1]:.3g}")  # fmt: skip
    weights = [Value("0.5", "w"), Value("3", "b")]
    yield number("λ/2‖w‖² without the bias, λ = 1/50", "0.0025",
                 losses.l2_penalty(weights, "0.02").data)  # fmt: skip
    yield Picture("boundaries", plots.boundaries(found)[0])
    groups = {f"λ = {s:g}": w for s, w in zip(found.settings, found.weights, strict=True)}
    yield Picture("weights", plots.weight_histogram(groups))
    yield Picture("constraint", plots.constraint(plane))
    yield Picture("descent", plots.descent(experiments.descent()))


def dropout() -> Iterator[Shown]:
    """Dropout of hidden outputs: E[h′] = h gives h/(1 − p), with variance h²p/(1 − p).

    Or: present with probability p in training, weights times p in testing. Figure 4 has nets of
    1024 units and more; here it is 128 units and two moons with a fifth of the labels wrong.
    """
    units, drop = [Fraction(3), Fraction(-1, 2), Fraction(5)], Fraction(1, 5)
    found = experiments.dropout_moments(units, drop)
    yield same("E[h′] over all masks, kept units being h/(1 − p)", units, found.means)
    variances = [h**2 * drop / (1 - drop) for h in units]
    yield same("the variance is h²p/(1 − p)", variances, found.variances)
    present = 1 - drop
    other = experiments.dropout_moments(units, drop, inverted=False)
    testing = Dropout(float(drop), inverted=False)
    testing.eval()
    tested = [float(h) for h in testing([float(h) for h in units])]
    expected = [float(h) for h in other.means]
    yield same("units present with probability p have the mean p·h",
               [present * h for h in units], other.means)  # fmt: skip
    yield fact("testing multiplies by p", _near(tested, expected), _numbers(tested))
    runs = experiments.dropout()
    seen = ", ".join(
        f"{drop:g}: {train:.3f} in training, {test:.3f} in testing"
        for drop, train, test in zip(runs.settings, runs.train, runs.test, strict=True)
    )
    helps = runs.train[0] < runs.train[1] and runs.test[1] < runs.test[0]
    yield fact("dropout costs training error and saves test error", helps, seen)
    net = MLP(2, [3, 1], ops.tanh)
    layer = Dropout(0.5)
    layer.mask = [1, 0, 1]
    net.layers.insert(1, layer)
    loss = losses.squared_error(net([Value(1.0, "x1"), Value(-1.0, "x2")]), 1)
    loss.backward()
    gone = [f"h{unit}_1" for unit, kept in enumerate(layer.mask, 1) if not kept]
    grads = optim.gradient(net.layers[0].parameters())
    reached = [name for name, grad in grads.items() if grad]
    yield same("what a gradient reaches in layer 1, unit 2 being dropped",
               ["w11_1", "w21_1", "b1_1", "w13_1", "w23_1", "b3_1"], reached)  # fmt: skip
    yield Picture("network", draw(loss).dropped(*gone))
    yield Picture("boundaries", plots.boundaries(runs, name="p")[0])
    yield Picture("masks", plots.dropout_masks(experiments.dropout_masks()))


ROWS = (
    Row("N1-N3", minibatches),
    Row("N4-N8", cross_entropy),
    Row("N9-N10", two_layers),
    Row("N12-N16", deep_network),
    Row("N17", training_loop),
    Row("N19-N25", vanishing_and_exploding),
    Row("N26-N27", cures),
    Row("N28-N30", quizzes),
    Row("N31-N37", capacity),
    Row("N38-N41", weight_decay),
    Row("N42-N45", dropout),
)
