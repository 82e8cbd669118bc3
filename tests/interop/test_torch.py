"""PyTorch and SymPy: networks there and back, training on both sides, formulas of graphs."""

import copy
import itertools
import json
import math
import os
import pickle
import random
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import peer

from scalargrad import Value, from_torch, nn, to_torch
from scalargrad.engine import ops
from scalargrad.interop import torch as interop
from scalargrad.nn import losses
from scalargrad.train.data import gaussian_mixture, two_moons
from scalargrad.train.optim import SGD, clip_norm, clip_values, gradient, theta

F = Fraction
HERE = Path(__file__).parents[1] / "programs"


def numbers(rng, count, size=1.0):
    return [rng.uniform(-size, size) for _ in range(count)]


def tensor(rows):
    return peer("torch").tensor(rows, dtype=peer("torch").float64)


def close(found, expected, tolerance=1e-12):
    expected = np.array(expected, dtype=float)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(np.array(found, dtype=float), expected, tolerance, tolerance * scale)


# Random architectures ----------------------------------------------------------------------------

SMOOTH = [
    ops.tanh, ops.sigmoid, ops.softplus, ops.silu, ops.gelu, ops.elu, ops.sin, ops.erf, ops.atan,
    ops.relu, ops.leaky_relu, ops.log_sigmoid, Value.tanh, Value.relu, None,
    partial(ops.leaky_relu, slope=0.1), partial(Value.elu, alpha="0.5"),
]  # fmt: skip


def random_model(seed):
    """A network with any of the modules in any order."""
    rng = random.Random(seed)
    width = inputs = rng.randint(1, 4)
    layers = []
    for number in range(1, rng.randint(2, 4)):
        units = rng.randint(1, 4)
        make = partial(nn.Layer, activation=rng.choice(SMOOTH), random=rng, layer=number)
        layers.append(make(width, units, biases=rng.random() < 0.8))
        width = units
        after = rng.choice(["nothing", "norm", "dropout", "residual", "nested"])
        if after == "norm":
            layers += [nn.BatchNorm(units, layer=number), nn.Elementwise(ops.relu)]
        elif after == "dropout":
            layers.append(masked(rng, units))
        elif after == "residual":
            layers.append(nn.Residual(make(units, units)))
        elif after == "nested":
            layers.append(nn.Sequential(nn.BatchNorm(units, epsilon=1e-3, momentum=0.3)))
    model = nn.Sequential(*layers, nn.Layer(width, rng.randint(1, 3), layer=9, random=rng))
    for parameter in model.parameters():
        parameter.data += rng.uniform(-0.5, 0.5)
    return model, inputs, rng


def masked(rng, units):
    dropout = nn.Dropout(rng.choice([0.25, 0.5]), inverted=rng.random() < 0.7)
    dropout.mask = [rng.randint(0, 1) for _ in range(units)]
    return dropout


def outputs_of(model, rows):
    found = model.batch(rows)
    return [row if isinstance(row, list) else [row] for row in found]


def assert_twins(model, twin, rows, rng):
    """Equal outputs, and gradients of a random combination of them, by parameter and input."""
    inputs = [[Value(x) for x in row] for row in rows]
    xs = tensor(rows).requires_grad_()
    ours, theirs = outputs_of(model, inputs), twin(xs)
    close([[y.data for y in row] for row in ours], theirs.tolist())
    weights = [numbers(rng, len(row)) for row in ours]
    for parameter in model.parameters():
        parameter.grad = None
    twin.zero_grad()
    units, factors = itertools.chain(*ours), itertools.chain(*weights)
    ops.total(*[y * w for y, w in zip(units, factors, strict=True)]).backward()
    (theirs * tensor(weights)).sum().backward()
    close([[x.grad for x in row] for row in inputs], xs.grad.tolist())
    mine, again = gradient(model.parameters()), gradient(from_torch(twin).parameters())
    assert list(mine) == list(again)
    close(list(mine.values()), list(again.values()))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9), training=st.booleans())
def test_outputs_and_gradients_agree_for_random_architectures(seed, training):
    peer("torch")
    model, inputs, rng = random_model(seed)
    model.train(training)
    twin = to_torch(model)
    assert twin.training is training
    rows = [numbers(rng, inputs, 2) for _ in range(5)]
    assert_twins(model, twin, rows, rng)
    model.eval()
    twin.eval()
    assert_twins(model, twin, rows, rng)  # on the running statistics that training left


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9))
def test_a_model_comes_back_with_its_names_state_and_architecture(seed):
    peer("torch")
    model, inputs, rng = random_model(seed)
    model.batch([numbers(rng, inputs) for _ in range(3)])
    model.train(rng.random() < 0.5)
    again = from_torch(to_torch(model))
    assert theta(again.parameters()) == theta(model.parameters())
    assert [type(m) for m in again.modules()] == [type(m) for m in model.modules()]
    assert [m.training for m in again.modules()] == [m.training for m in model.modules()]
    statistics = [m.extra_state() for m in model.modules() if isinstance(m, nn.BatchNorm)]
    assert statistics == [m.extra_state() for m in again.modules() if isinstance(m, nn.BatchNorm)]
    model.eval()
    again.eval()
    row = numbers(rng, inputs)
    close([y.data for y in outputs_of(again, [row])[0]],
          [y.data for y in outputs_of(model, [row])[0]])  # fmt: skip


def test_the_state_of_an_mlp_goes_through_pytorch():
    peer("torch")
    net = nn.MLP(2, [3, 2], ops.relu, weight_name=nn.output_first, biases=False)
    again = from_torch(to_torch(net))
    assert isinstance(again, nn.MLP)
    assert again.state() == net.state()
    assert [y.label for y in again([1.0, 2.0])] == ["yhat1", "yhat2"]
    net.load_state(again.state())


def test_names_of_ones_own_come_back():
    peer("torch")
    neurons = [nn.Neuron([Value("0.3", "w1")], Value("0.7", "b1"), ops.relu, "h1"),
               nn.Neuron([Value("0.8", "w2")], Value("0.2", "b2"), ops.relu, "h2")]  # fmt: skip
    layer = nn.Layer(1, 2)
    layer.neurons = neurons
    again = from_torch(to_torch(layer))
    assert theta(again.parameters()) == {"w1": 0.3, "b1": 0.7, "w2": 0.8, "b2": 0.2}
    assert [h.label for h in again([2])] == ["h1", "h2"]
    assert theta(from_torch(to_torch(neurons[0])).parameters()) == {"w1": 0.3, "b1": 0.7}


def test_the_twin_is_made_of_ordinary_modules_in_double_precision():
    torch = peer("torch")
    net = nn.MLP(2, [3, 1], ops.tanh, ops.sigmoid)
    net.layers.insert(1, nn.Dropout(0.25))
    twin = to_torch(net)
    kinds = ["Linear", "Tanh", "Dropout", "Linear", "Sigmoid"]
    assert [type(part) for part in twin] == [getattr(torch.nn, kind) for kind in kinds]
    assert {p.dtype for p in twin.parameters()} == {torch.float64}
    assert twin[2].p == 0.25
    assert list(twin.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_twin_can_be_copied_and_pickled(copied):
    peer("torch")
    model = nn.Sequential(
        nn.Layer(2, 2, ops.atan), nn.Residual(nn.Layer(2, 2)), nn.Dropout(0.5, inverted=False)
    )
    twin = copied(to_torch(model))
    model.eval()
    twin.eval()
    close(twin(tensor([[0.5, -1.0]]))[0].tolist(), [y.data for y in model([0.5, -1.0])])
    assert repr(from_torch(twin)) == repr(model)


def test_masks_of_lanes_are_masks_of_rows():
    peer("torch")
    model = nn.Sequential(nn.Layer(1, 2), nn.Dropout(0.5))
    model.layers[1].mask = [np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])]
    twin = to_torch(model)
    xs = np.array([0.5, -1.0, 2.0])
    assert twin(tensor(xs[:, None])).T.tolist() == [y.data.tolist() for y in model([xs])]
    again = from_torch(twin)
    assert [y.data.tolist() for y in again([xs])] == [y.data.tolist() for y in model([xs])]


def test_dropout_without_a_mask_drops_as_often_as_asked():
    torch = peer("torch")
    torch.manual_seed(0)
    for inverted, kept in ((True, 1 / 0.75), (False, 1.0)):
        twin = to_torch(nn.Dropout(0.25, inverted=inverted))
        found = twin(torch.ones(4000, 1, dtype=torch.float64)).flatten()
        assert set(found.tolist()) == {0.0, kept}
        assert (found == 0).double().mean().item() == pytest.approx(0.25, abs=0.03)
        twin.eval()
        assert twin(tensor([[1.0]])).item() == (1.0 if inverted else 0.75)


def test_a_layer_in_two_places_is_one_in_pytorch_too():
    peer("torch")
    layer = nn.Layer(2, 2, ops.tanh)
    model = nn.Sequential(layer, layer)
    twin = to_torch(model)
    assert twin[0] is twin[2]
    assert len(list(twin.parameters())) == 2
    assert_twins(model, twin, [[0.5, -0.25], [1.0, 2.0]], random.Random(0))
    again = from_torch(twin)
    assert again.layers[0] is again.layers[1]


# Activations -------------------------------------------------------------------------------------

UNARY = [row for row in ops.OPERATIONS.values() if row.arity[0] == 1 and row.arity[1]]


@pytest.mark.parametrize("row", UNARY, ids=lambda row: row.name)
def test_every_row_of_one_operand_is_an_activation_in_pytorch(row):
    torch = peer("torch")
    model = nn.Sequential(nn.Elementwise(row))
    twin = to_torch(model)
    points = [point[0] for point in row.points] + ([0.0] if not row.domain else [])
    points += [30.0, 25.0, -30.0] if row.name in ("softplus", "gelu", "silu", "log_sigmoid") else []
    for point in points:
        x, theirs = Value(point), torch.tensor([[point]], dtype=torch.float64, requires_grad=True)
        y, expected = model([x]), twin(theirs)
        y.backward()
        expected.sum().backward()
        close([y.data, x.grad], [expected.item(), theirs.grad.item()])
    assert from_torch(twin).layers[0].activation is row


def test_options_of_an_activation_are_kept_both_ways():
    torch = peer("torch")
    leaky = to_torch(nn.Layer(1, 1, partial(ops.leaky_relu, slope="0.1")))
    assert leaky[1].negative_slope == 0.1
    again = from_torch(torch.nn.Sequential(torch.nn.ELU(0.5), torch.nn.LeakyReLU(0.01)))
    assert again([Value(-1.0)]).data == pytest.approx(0.01 * 0.5 * math.expm1(-1))
    assert again.layers[1].activation is ops.leaky_relu
    softplus = to_torch(nn.Elementwise(ops.softplus))
    assert softplus.threshold == 40


def shape(a):
    return a * 2


class OfOnesOwn(nn.MLP):
    def __call__(self, inputs):
        return super().__call__(inputs)


def half_biased():
    layer = nn.Layer(1, 2)
    layer.neurons[0].bias = None
    return layer


def tied():
    w = Value(1, "w")
    layer = nn.Layer(1, 2)
    layer.neurons = [nn.Neuron([w]), nn.Neuron([w])]
    return layer


def on_lanes():
    layer = nn.Layer(1, 1)
    layer.assign({"w11_1": np.zeros(2)})
    return layer


CANNOT = {
    "a lambda": (lambda: nn.MLP(2, [3, 1], lambda a: a), TypeError, "ops.tanh.*got <lambda>"),
    "a function": (lambda: nn.MLP(2, [3, 1], shape), TypeError, "one operation.*got shape"),
    "two operands": (lambda: nn.Elementwise(ops.mul), TypeError, "of one operand; got mul"),
    "any operands": (lambda: nn.Elementwise(ops.maximum), TypeError, "one operand; got maximum"),
    "an option": (lambda: nn.Elementwise(partial(ops.relu, a=1)), TypeError, "one operation"),
    "at zero": (
        lambda: nn.Elementwise(partial(ops.leaky_relu, slope=0.1, at_zero=1)), TypeError,
        "derivative at 0, the slope; got at_zero = 1",
    ),
    "a module": (nn.Module, ValueError, "Sequential, MLP, .*got Module"),
    "a subclass": (lambda: OfOnesOwn(1, [1]), ValueError, "got OfOnesOwn"),
    "biases": (half_biased, ValueError, "all biases or none"),
    "tied weights": (tied, ValueError, "one place each.*got w in two"),
    "lanes": (on_lanes, TypeError, r"one number each; got \[0. 0.\] for w11_1"),
}  # fmt: skip


@pytest.mark.parametrize("case", CANNOT)
def test_what_pytorch_cannot_have_is_named_in_one_line(case):
    peer("torch")
    make, kind, message = CANNOT[case]
    with pytest.raises(kind, match=message) as caught:
        to_torch(make())
    assert "\n" not in str(caught.value)


# From PyTorch ------------------------------------------------------------------------------------


def test_a_network_written_in_pytorch_is_read():
    torch = peer("torch")
    torch.manual_seed(1)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.ReLU(inplace=True),
        torch.nn.Dropout(0.5), torch.nn.Identity(),
        torch.nn.Sequential(torch.nn.Linear(3, 2, bias=False), torch.nn.Sigmoid()),
        torch.nn.Linear(2, 1),
    )  # fmt: skip
    theirs(torch.randn(8, 2))
    theirs.eval()
    ours = from_torch(theirs)
    assert repr(ours) == (
        "Sequential(Layer(2, 3), BatchNorm(3), Elementwise(relu), Dropout(0.5), "
        "Sequential(Layer(3, 2, sigmoid, biases=False)), Layer(2, 1))"
    )
    assert list(ours.named_parameters())[:4] == ["w11_1", "w21_1", "b1_1", "w12_1"]
    assert list(ours.named_parameters())[-3:] == ["w11_3", "w21_3", "b1_3"]
    y = ours([0.5, -1.0])
    assert y.label == "yhat"
    close(y.data, theirs.double()(tensor([[0.5, -1.0]])).item())


def test_gradients_come_along():
    torch = peer("torch")
    linear = torch.nn.Linear(2, 1).double()
    assert from_torch(linear).parameters()[0].grad is None
    linear(tensor([[3.0, 4.0]])).sum().backward()
    assert gradient(from_torch(linear).parameters()) == {"w11_1": 3.0, "w21_1": 4.0, "b1_1": 1.0}


def doubled(layers):
    class Doubled(layers.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    return Doubled(1, 1)


def used_twice(layers):
    two = layers.Linear(2, 2)
    return layers.Sequential(two, layers.ReLU(), two, layers.Tanh())


UNREADABLE = {  # made from torch.nn, which need not be there when the tests are collected
    "convolution": (lambda of: of.Conv1d(1, 1, 2), r"got Conv1d\(.*\) at module\[1\]"),
    "nested": (lambda of: of.Sequential(of.ReLU(), of.Flatten()), r"Flatten.*\[1\]\[1\]"),
    "subclass": (doubled, "got Doubled"),
    "gelu": (
        lambda of: of.GELU(approximate="tanh"), "GELU without approximation.*approximate='tanh'"
    ),
    "softplus": (lambda of: of.Softplus(beta=2), "Softplus with beta 1.*beta=2"),
    "norm": (lambda of: of.BatchNorm1d(2, affine=False), "affine=False"),
    "no statistics": (
        lambda of: of.BatchNorm1d(2, track_running_stats=False), "track_running_stats"
    ),
    "momentum": (lambda of: of.BatchNorm1d(2, momentum=None), "momentum=None"),
    "all dropped": (lambda of: of.Dropout(1.0), r"got Dropout\(p=1.0"),
    "used twice": (used_twice, "one activation after each"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_the_first_module_that_cannot_be_read_is_named(case):
    layers = peer("torch").nn
    make, message = UNREADABLE[case]
    with pytest.raises(ValueError, match=message) as caught:
        from_torch(layers.Sequential(layers.ReLU(), make(layers), layers.Conv2d(1, 1, 1)))
    assert "\n" not in str(caught.value)


def test_what_is_no_module_is_named():
    peer("torch")
    with pytest.raises(TypeError, match=r"from_torch takes a torch.nn.Module; got MLP"):
        from_torch(nn.MLP(1, [1]))
    with pytest.raises(TypeError, match=r"to_torch takes a module of scalargrad.nn; got int 3"):
        to_torch(3)


def test_there_is_nothing_else_in_the_file_of_the_classes():
    peer("torch")
    assert interop.Residual.__name__ == "Residual"
    with pytest.raises(AttributeError, match="no attribute 'Conv'"):
        _ = interop.Conv


# Training on both sides --------------------------------------------------------------------------


def loss_pairs(torch):
    """For each loss ours of an example, PyTorch's mean over a batch, and the targets it takes."""
    f = torch.nn.functional

    def of_one(name):
        return lambda a, y: getattr(f, name)(a[:, 0], y)

    def sigmoid_first(a, y):
        return losses.binary_cross_entropy(a.sigmoid(), y)

    return {
        "squared": (losses.squared_error, of_one("mse_loss"), (0.5, -1.0)),
        "half squared": (
            partial(losses.squared_error, half=True), lambda a, y: f.mse_loss(a[:, 0], y) / 2,
            (0.5, -1.0),
        ),
        "logit": (
            losses.binary_cross_entropy_with_logits, of_one("binary_cross_entropy_with_logits"),
            (0.0, 1.0),
        ),
        "probability": (
            sigmoid_first, lambda a, y: f.binary_cross_entropy(torch.sigmoid(a[:, 0]), y),
            (0.0, 1.0),
        ),
        "hinge": (
            losses.hinge, lambda a, y: torch.relu(1 - y * a[:, 0]).mean(), (-1.0, 1.0)
        ),
        "softmax": (
            losses.softmax_cross_entropy, lambda a, y: f.cross_entropy(a, y.long()), (0, 1, 2)
        ),
    }  # fmt: skip


def penalty(torch, twin):
    return sum((p**2).sum() for n, p in twin.named_parameters() if not n.endswith("bias"))


@settings(max_examples=8)
@given(seed=st.integers(0, 10**9))
@pytest.mark.parametrize(
    "name", ["squared", "half squared", "logit", "probability", "hinge", "softmax"]
)
def test_ten_steps_of_any_network_loss_and_optimiser_are_pytorchs(name, seed):
    torch = peer("torch")
    ours, theirs, targets = loss_pairs(torch)[name]
    model, inputs, rng = random_model(seed)
    width = len(outputs_of(model, [[0.0] * inputs] * 2)[0])
    model.layers.append(nn.Layer(width, 3 if name == "softmax" else 1, layer=10, random=rng))
    twin = to_torch(model)
    settings = {"momentum": rng.choice([0, 0.8]), "weight_decay": rng.choice([0, 0.05])}
    clip = rng.choice([None, "values", "norm"])
    strength = rng.choice([0, 0.1])  # of an L2 penalty; gamma of batch norm is a weight as well
    mine = SGD(model.parameters(), 0.05, **settings)
    peers = torch.optim.SGD(twin.parameters(), lr=0.05, **settings)
    rows = [numbers(rng, inputs) for _ in range(4)]
    labels = [rng.choice(targets) for _ in rows]
    for _ in range(10):
        mine.zero_grad()
        loss = ops.mean(*map(ours, model.batch(rows), labels))
        if strength:
            loss = loss + losses.l2_penalty(model.parameters(), strength)
        loss.backward()
        peers.zero_grad()
        expected = theirs(twin(tensor(rows)), tensor(labels))
        if strength:
            expected = expected + strength / 2 * penalty(torch, twin)
        expected.backward()
        close(loss.data, expected.item(), 1e-10)
        own, other = gradient(model.parameters()), gradient(from_torch(twin).parameters())
        close(list(own.values()), list(other.values()), 1e-9)
        if clip == "values":
            clip_values(mine.parameters, 0.1)
            torch.nn.utils.clip_grad_value_(twin.parameters(), 0.1)
        elif clip == "norm":
            clip_norm(mine.parameters, 0.5)
            grads = [p.grad for p in twin.parameters()]
            norm = torch.nn.utils.get_total_norm(grads)
            for g in grads:  # clip_grad_norm_ divides by the norm + 1e-6, which is no shortening
                g.mul_(min(1.0, 0.5 / norm.item()) if norm else 1.0)
        mine.step()
        peers.step()
    end, theirs_end = theta(model.parameters()), theta(from_torch(twin).parameters())
    assert list(end) == list(theirs_end)
    close(list(end.values()), list(theirs_end.values()), 1e-9)


def training_loop(net, criterion, optimizer, trainloader, epochs):
    """The loop of the slide, line for line; Values and tensors both run it."""
    running_loss = []
    for _epoch in range(epochs):
        for inputs, labels in trainloader:
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            running_loss.append(loss)
    return running_loss


@pytest.mark.parametrize("momentum", [0, 0.9])
def test_n17_the_loop_of_the_slide_runs_on_values_and_on_tensors_with_equal_numbers(momentum):
    torch = peer("torch")
    data = two_moons(20)
    net = nn.MLP(2, [6, 2], ops.relu, seed=3)
    twin = to_torch(net)
    batches = [batch.lanes() for batch in data.minibatches(5)]
    ours = training_loop(
        net, losses.softmax_cross_entropy, SGD(net.parameters(), 0.1, momentum), batches, 3
    )
    theirs = training_loop(
        twin, torch.nn.CrossEntropyLoss(),
        torch.optim.SGD(twin.parameters(), lr=0.1, momentum=momentum),
        [(tensor(np.stack(x, axis=1)), tensor(y).long()) for x, y in batches], 3,
    )  # fmt: skip
    assert len(ours) == 12
    close([loss.data.mean() for loss in ours], [loss.item() for loss in theirs])
    end, expected = theta(net.parameters()), theta(from_torch(twin).parameters())
    close(list(end.values()), list(expected.values()))
    epochs = [sum(loss.data.mean() for loss in ours[k : k + 4]) for k in (0, 4, 8)]
    assert epochs[2] < epochs[1] < epochs[0]


def test_n17_the_loop_on_single_examples_gives_the_same_numbers_too():
    torch = peer("torch")
    data = [([0.5, -1.0], 1.0), ([-0.25, 0.75], 0.0), ([1.5, 0.5], 1.0)]
    net = nn.MLP(2, [3, 1], seed=7)
    twin = to_torch(net)
    criterion = losses.binary_cross_entropy_with_logits
    ours = training_loop(net, criterion, SGD(net.parameters(), 0.1), data, 4)
    theirs = training_loop(
        twin, torch.nn.BCEWithLogitsLoss(), torch.optim.SGD(twin.parameters(), lr=0.1),
        [(tensor([x]), tensor([[y]])) for x, y in data], 4,
    )  # fmt: skip
    close([loss.data for loss in ours], [loss.item() for loss in theirs])


def test_n17_an_exact_network_trains_in_fractions_as_its_matrices_do():
    net = nn.MLP(2, [3, 1], ops.relu, seed=0)
    rng = random.Random(5)
    net.assign([F(rng.randint(-9, 9), 10) for _ in net.parameters()])
    data = [([F(1, 2), F(-1, 3)], F(1)), ([F(2), F(1, 5)], F(-1, 2))]
    hidden, last = ([[*[w.data for w in n.weights], n.bias.data] for n in layer.neurons]
                    for layer in net.layers)  # fmt: skip
    optimizer, rate = SGD(net.parameters(), F(1, 20)), F(1, 20)
    for _ in range(3):
        optimizer.zero_grad()
        ops.mean(*[losses.squared_error(net(x), y) for x, y in data]).backward()
        optimizer.step()
        slopes = [[[0] * 3 for _ in range(3)], [[0] * 4]]
        for x, y in data:  # by hand, in matrices
            z = [row[0] * x[0] + row[1] * x[1] + row[2] for row in hidden]
            h = [max(0, a) for a in z]
            error = 2 * (sum(w * a for w, a in zip(last[0], [*h, 1], strict=True)) - y) / len(data)
            for j, a in enumerate([*h, 1]):
                slopes[1][0][j] += error * a
            for j in range(3):
                for i, a in enumerate([*x, 1]):
                    slopes[0][j][i] += error * last[0][j] * (z[j] > 0) * a
        for weights, of in ((hidden, slopes[0]), (last, slopes[1])):
            for row, slope in zip(weights, of, strict=True):
                row[:] = [w - rate * g for w, g in zip(row, slope, strict=True)]
    found = [p.data for p in net.parameters()]
    assert found == [w for row in (*hidden, *last) for w in row]
    assert all(isinstance(p, int | F) for p in found)
    assert max(p.denominator for p in map(F, found)) > 10**9  # no float could have held it


# More than one machine ---------------------------------------------------------------------------


def test_two_processes_of_distributed_data_parallel_give_the_gradient_of_the_whole_batch(tmp_path):
    """PyTorch's DistributedDataParallel over gloo, on half of the batch in each process."""
    peer("torch")
    net = nn.MLP(2, [4, 1], seed=2)
    rows, labels = zip(*gaussian_mixture(8), strict=True)
    job = {"state": net.state(), "rows": rows, "labels": labels, "rate": 0.3, "steps": 3}
    (tmp_path / "job.json").write_text(json.dumps(job))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)}
    processes = [
        subprocess.Popen(
            [sys.executable, HERE / "distributed_step.py", str(tmp_path), str(rank)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    deadline = time.monotonic() + 120
    try:
        ends = [p.communicate(timeout=deadline - time.monotonic()) for p in processes]
    finally:
        for process in processes:
            process.kill()
    assert [p.returncode for p in processes] == [0, 0], ends
    first, second = (json.loads(out) for out, _ in ends)
    assert [first["examples"], second["examples"]] == [4, 4]
    assert (first["parameters"], first["gradients"]) == (second["parameters"], second["gradients"])
    optimizer, gradients = SGD(net.parameters(), job["rate"]), []
    for _ in range(job["steps"]):
        optimizer.zero_grad()
        criterion = losses.binary_cross_entropy_with_logits
        ops.mean(*[criterion(net(x), y) for x, y in zip(rows, labels, strict=True)]).backward()
        gradients.append(list(gradient(net.parameters()).values()))
        optimizer.step()
    close(first["gradients"], gradients)
    close(first["parameters"], list(theta(net.parameters()).values()))
    assert first["own gradients"] != second["own gradients"]  # each alone has another gradient
