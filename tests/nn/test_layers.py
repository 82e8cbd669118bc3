"""Modules: names, counts, exact networks, states; PyTorch in double agrees on whole networks."""

import copy
import itertools
import json
import math
import pickle
import random
import re
from fractions import Fraction
from operator import attrgetter

import numpy as np
import pytest
from peers import peer

from scalargrad import Value, draw, partial, topological_order
from scalargrad.engine import ops, stable
from scalargrad.engine.backward import gradients
from scalargrad.engine.value import unique_names
from scalargrad.graph.model import contracted
from scalargrad.nn.initialisation import (
    given,
    he,
    input_first,
    output_first,
    uniform,
    xavier,
    zeros,
)
from scalargrad.nn.layers import MLP, Layer, Neuron, Sequential, softmax
from scalargrad.nn.losses import squared_error
from scalargrad.nn.module import Module
from scalargrad.nn.regularisation import BatchNorm, Dropout, Elementwise, Residual
from scalargrad.train.optim import theta
from scalargrad.view.roles import Roles
from scalargrad.view.styles.network import is_network, network

F = Fraction


def lecture(biases=None):
    """The deck's 1-2-1 network, exact."""
    rows = [given([["0.3"], ["0.8"]]), given([["0.4", "0.1"]])]
    net = MLP(1, [2, 1], Value.relu, initial=rows, biases=biases is not None)
    if biases:
        net.assign(biases)
    return net


# The lecture -------------------------------------------------------------------------------------


def test_the_lecture_network_gives_minus_six_twenty_fifths_exactly():
    net = lecture()
    loss = squared_error(net(["2"]), "1")
    loss.backward()
    assert loss.data == F(9, 25)
    assert {name: p.grad for name, p in net.named_parameters().items()} == {
        "w11_1": F(-24, 25), "w12_1": F(-6, 25), "w11_2": F(-18, 25), "w21_2": F(-48, 25),
    }  # fmt: skip


def test_the_lecture_network_with_biases_is_exact_too():
    net = lecture({"b1_1": "0.7", "b2_1": "0.2", "b1_2": "-0.3"})
    loss = squared_error(net(["2"]), "1")
    loss.backward()
    grads = {name: p.grad for name, p in net.named_parameters().items()}
    assert loss.data == F(9, 25)
    assert grads["w12_1"] == F(-6, 25)
    assert [grads[b] for b in ("b1_1", "b2_1", "b1_2")] == [F(-12, 25), F(-3, 25), F(-6, 5)]
    assert [grads[w] for w in ("w11_2", "w21_2")] == [F(-39, 25), F(-54, 25)]


def test_b8_theta_collects_the_parameters_in_order():
    net = MLP(2, [2, 1])
    assert list(theta(net.parameters())) == [
        "w11_1", "w21_1", "b1_1", "w12_1", "w22_1", "b2_1", "w11_2", "w21_2", "b1_2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "sizes", "count"), [(1, [2, 1], 7), (2, [2, 1], 9), (784, [100, 10], 79_510)]
)
def test_n31_n37_parameter_counts(inputs, sizes, count):
    hidden, outputs = sizes
    assert (inputs + 1) * hidden + (hidden + 1) * outputs == count
    assert len(MLP(inputs, sizes).parameters()) == count


def test_n6_n8_sigmoid_and_cross_entropy_gradient_is_yhat_minus_y_times_x():
    sympy = peer("sympy")
    w1, w2, b, x1, x2, y = sympy.symbols("w1 w2 b x1 x2 y")
    neuron = Neuron([Value(w1, "w1"), Value(w2, "w2")], Value(b, "b"), ops.sigmoid, "yhat")
    yhat = neuron([x1, x2])
    loss = -y * yhat.log() - (1 - y) * (1 - yhat).log()
    loss.backward()
    for weight, x in zip(neuron.weights, (x1, x2), strict=True):
        assert sympy.simplify(weight.grad - (yhat.data - y) * x) == 0


# Names -------------------------------------------------------------------------------------------


def test_both_index_orders():
    assert input_first("1", "2", 1) == "w12_1"
    assert output_first("1", "2", 1) == "w21_1"
    by_input, by_output = MLP(2, [3, 1]), MLP(2, [3, 1], weight_name=output_first)
    assert list(by_input.named_parameters())[:5] == ["w11_1", "w21_1", "b1_1", "w12_1", "w22_1"]
    assert list(by_output.named_parameters())[:5] == ["w11_1", "w12_1", "b1_1", "w21_1", "w22_1"]
    assert [p.data for p in by_input.parameters()] == [p.data for p in by_output.parameters()]


@pytest.mark.parametrize("sizes", [(2, [3, 1]), (11, [12, 2]), (3, [100, 1])])
def test_every_parameter_has_a_name_of_its_own(sizes):
    net = MLP(*sizes)
    labels = [p.label for p in net.parameters()]
    assert len(set(labels)) == len(labels)
    assert not any("#" in name for name in net.named_parameters())


def test_equal_labels_are_numbered():
    net = Sequential(Layer(1, 1), Layer(1, 1))
    assert list(net.named_parameters()) == ["w11_1", "b1_1", "w11_1#2", "b1_1#2"]
    assert unique_names([Value(1)]) == ["p"]


@pytest.mark.parametrize("labels", [["w", "w", "w#2"], ["w#2", "w", "w"], ["w", "w#2", "w#2", "w"]])
def test_a_label_like_a_number_given_to_another_makes_no_two_equal(labels):
    found = unique_names([Value(1, label) for label in labels])
    assert len(set(found)) == len(labels)
    assert found[labels.index("w#2")] == "w#2"


def test_units_carry_the_names_of_the_slide():
    below = {node.label for node in _below(MLP(2, [2, 1])([1.0, 2.0]))}
    assert {"x1", "x2", "h1_1", "h2_1", "yhat"} <= below
    assert [y.label for y in MLP(2, [2, 3])([1.0, 2.0])] == ["yhat1", "yhat2", "yhat3"]


def _below(output):
    return topological_order(output)


def test_draw_shows_a_network_with_weights_on_its_edges():
    loss = squared_error(MLP(2, [3, 1])([1.0, -2.0]), 1)
    loss.backward()
    assert draw(loss).style is network
    graph = contracted(loss)
    assert is_network(graph)
    roles = Roles(graph)
    weights = {graph.nodes[i].label for found in roles.weighed.values() for i in found}
    biases = {graph.nodes[i].label for found in roles.biases.values() for i in found}
    assert len(weights) == 9
    assert biases == {"b1_1", "b2_1", "b3_1", "b1_2"}


def test_a_dropped_out_unit_is_one_circle_and_its_weights_stay_on_edges():
    net, dropout = MLP(2, [3, 1]), Dropout(0.5)
    net.layers.insert(1, dropout)
    dropout.mask = [1, 0, 1]
    loss = squared_error(net([1.0, -2.0]), 1)
    graph = contracted(loss)
    circles = [graph.nodes[i].label for i in Roles(graph).circles]
    assert sorted(circles) == ["h1_1", "h2_1", "h3_1", "loss", "x1", "x2", "y", "yhat"]
    assert partial(loss, net.named_parameters()["w12_1"]) == 0


# Calls -------------------------------------------------------------------------------------------


def test_a_pre_activation_is_one_node():
    y = Neuron([0.5, 2.0], 0.1)([1.0, 3.0])
    assert y.op is ops.dot
    assert y.data == 0.1 + 0.5 + 6.0


@pytest.mark.parametrize(
    "activation", [ops.tanh, Value.tanh, lambda z: z.tanh(), lambda z: ops.sigmoid(2 * z) * 2 - 1]
)
def test_an_activation_is_any_callable(activation):
    net = MLP(2, [3, 1], activation, seed=5)
    same = MLP(2, [3, 1], ops.tanh, seed=5)
    assert float(net([0.3, -0.7])) == pytest.approx(float(same([0.3, -0.7])), abs=1e-15)


def test_the_output_has_an_activation_of_its_own():
    plain, squashed = MLP(2, [3, 1], seed=2), MLP(2, [3, 1], output=ops.sigmoid, seed=2)
    z = float(plain([1.0, 2.0]))
    assert float(squashed([1.0, 2.0])) == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-15)


def test_lanes_give_each_example_its_own_output_and_gradient():
    rng = random.Random(0)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(7)]
    net = MLP(2, [4, 1], seed=1)
    y = net([np.array([p[0] for p in points]), np.array([p[1] for p in points])])
    y.backward()
    lanes = {name: p.grad for name, p in net.named_parameters().items()}
    for lane, point in enumerate(points):
        one = net(point)
        assert y.data[lane] == pytest.approx(one.data, rel=1e-14)
        for name, p in net.named_parameters().items():
            grad = np.broadcast_to(lanes[name], 7)[lane]
            assert grad == pytest.approx(partial(one, p), rel=1e-12, abs=1e-15)


# Rows that several dots share --------------------------------------------------------------------


SHARING = {
    "mlp": lambda: MLP(2, [5, 4, 3], ops.relu, seed=2),
    "one neuron": lambda: MLP(2, [1], seed=2),
    "no biases": lambda: MLP(2, [3, 1], seed=2, biases=False),
    "residual": lambda: Sequential(Layer(2, 3), Residual(MLP(3, [3])), Layer(3, 1)),
    "dropout": lambda: Sequential(Layer(2, 4), Dropout(0.5, seed=3), Layer(4, 1)),
    "batch norm": lambda: Sequential(Layer(2, 3), BatchNorm(3), Layer(3, 1)),
}
POINTS = [[0.25, -1.5], [1.75, 0.3], [-0.1, 0.7], [0.9, 1.1]]


pullback = attrgetter("pullback")  # by which the chain rule is defined


def loss_of_batch(net, points, scalar=float):
    outputs = net.batch([list(map(scalar, point)) for point in points])
    flat = [y for ys in outputs for y in ([ys] if isinstance(ys, Value) else ys)]
    weights = net.parameters()
    return ops.mean(*[y.square() for y in flat]) + ops.dot(0, *weights, *weights[::-1]) * 0.01


@pytest.mark.parametrize("net", SHARING.values(), ids=SHARING)
def test_gradients_through_shared_rows_are_those_of_the_chain_rule_to_the_last_bit(net):
    net = net()
    loss = loss_of_batch(net, POINTS)
    fast = gradients(loss, 1.0)
    assert set(fast) == set(topological_order(loss))
    assert fast == gradients(loss, 1.0, pullback)


@pytest.mark.parametrize("net", SHARING.values(), ids=SHARING)
def test_a_copy_has_the_gradients_of_its_original_to_the_last_bit(net):
    loss = loss_of_batch(net(), POINTS)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        pairs = zip(topological_order(loss), topological_order(twin), strict=True)
        loss.zero_grad()
        twin.zero_grad()
        loss.backward()
        twin.backward()
        assert all(node.grad == other.grad for node, other in pairs)


def test_weights_in_several_rows_sum_what_reaches_them_through_each():
    net = MLP(2, [3, 3, 1], ops.tanh, seed=4)
    first, second, third = net.layers[0].neurons
    second.weights = [first.weights[0], first.weights[0]]
    third.weights = [first.weights[1], first.bias]
    loss = loss_of_batch(net, POINTS)
    fast, slow = gradients(loss, 1.0), gradients(loss, 1.0, pullback)
    assert fast == slow


def test_shared_rows_give_exact_gradients_of_exact_networks():
    net = MLP(2, [3, 1], ops.relu, initial=lambda random, inputs, units: [
        [F(random.randint(-9, 9), 7) for _ in range(inputs)] for _ in range(units)
    ])  # fmt: skip
    loss = loss_of_batch(net, POINTS, F)
    found = gradients(loss, 1)
    assert loss.data == F(loss.data)
    assert found == gradients(loss, 1, pullback)


def test_a_batch_gives_the_gradients_of_one_call_after_the_other():
    net = MLP(2, [5, 4, 1], ops.relu, seed=2)
    in_batch = gradients(ops.mean(*net.batch(POINTS)), 1.0)
    one_by_one = gradients(ops.mean(*map(net, POINTS)), 1.0)
    assert [in_batch[p] for p in net.parameters()] == [one_by_one[p] for p in net.parameters()]


def test_rows_may_end_at_nodes_taken_for_leaves():
    net = MLP(2, [3, 2, 1], seed=2)
    loss = ops.mean(*net.batch(POINTS))
    hidden = {node for node in topological_order(loss) if node.label.endswith("_2") and node.op}
    found = gradients(loss, 1.0, until=hidden)
    assert hidden <= set(found)
    assert all(found[h] == partial(loss, h) for h in hidden)
    assert not set(found) & set(net.layers[0].parameters())


def test_a_batch_captures_the_weights_when_it_runs():
    net = MLP(2, [3, 1], seed=2)
    loss = ops.mean(*net.batch(POINTS))
    before = gradients(loss, 1.0)
    net.assign([7.0] * 13)
    assert gradients(loss, 1.0) == before


def test_an_interrupt_in_a_shared_row_leaves_every_gradient_as_it_was(monkeypatch):
    net = MLP(2, [3, 1], Value.relu, seed=2)
    loss = loss_of_batch(net, POINTS)
    loss.backward()
    order = topological_order(loss)
    before = [node.grad for node in order]
    sums = itertools.count()

    def interrupted(*operands):
        if next(sums) == 5:
            raise KeyboardInterrupt
        return dot_of_rows(*operands)

    dot_of_rows = stable.dot_of_rows
    monkeypatch.setattr(stable, "dot_of_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loss.backward()
    assert [node.grad for node in order] == before


def test_a_layer_that_computes_something_else_does_so_in_a_batch():
    class Doubled(Layer):
        def __call__(self, inputs):
            return [y * 2 for y in super().__call__(inputs)]

    net = Sequential(Doubled(2, 3), Layer(3, 1))
    assert [y.data for y in net.batch(POINTS)] == [net(point).data for point in POINTS]
    plain = Sequential(Layer(2, 3), Layer(3, 1))
    assert net(POINTS[0]).data != plain(POINTS[0]).data


def test_text_numbers_and_values_are_inputs():
    net = lecture()
    assert net(["2"]).data == net([2]).data == net([Value(2, "x")]).data == F(2, 5)


@pytest.mark.parametrize("inputs", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_wrong_number_of_inputs_is_named(inputs):
    with pytest.raises(ValueError, match=f"2 inputs was given a list of {len(inputs)}"):
        MLP(2, [3, 1])(inputs)


@pytest.mark.parametrize("inputs", [1.0, Value(1.0), "12", None])
def test_inputs_that_are_no_list_are_named(inputs):
    with pytest.raises(TypeError, match="needs a list of 2 inputs"):
        MLP(2, [3, 1])(inputs)


@pytest.mark.parametrize(("inputs", "sizes"), [(0, [1]), (2, [0, 1]), (2, ["3"]), (2, [True])])
def test_bad_sizes_are_named(inputs, sizes):
    with pytest.raises(ValueError, match="whole number of inputs and units from 1"):
        MLP(inputs, sizes)


@pytest.mark.parametrize("activation", ["tanh", 3])
def test_an_activation_that_cannot_be_called_is_named(activation):
    message = f"a function of a Value, such as ops.tanh; got {activation!r}"
    for make in (lambda: MLP(2, [2, 1], activation), lambda: Neuron([1], 0, activation),
                 lambda: Elementwise(activation)):  # fmt: skip
        with pytest.raises(TypeError, match=message):
            make()


@pytest.mark.parametrize(("make", "message"), [
    (lambda: MLP(2, 3), r"list of sizes, as in MLP\(2, \[16, 1\]\); got 3"),
    (lambda: MLP(2, None), "list of sizes, .* got None"),
    (lambda: MLP(2, "31"), "list of sizes, .* got '31'"),
    (lambda: MLP(2, [1], initial="he"), "such as nn.he, .*; got 'he'"),
    (lambda: MLP(2, [1], initial=None), "such as nn.he, .*; got None"),
    (lambda: MLP(2, [1], initial=[None]), "such as nn.he, .*; got None"),
    (lambda: Layer(2, 1, initial="he"), "such as nn.he, .*; got 'he'"),
    (lambda: Layer(2, 1, weight_name="w"), "such as nn.input_first as weight_name; got 'w'"),
    (lambda: Dropout("a"), "a probability of dropping; got 'a'"),
    (lambda: Dropout(None), "a probability of dropping; got None"),
    (lambda: Sequential([Layer(1, 1)]), r"as in Sequential\(a, b\); got \[Layer\(1, 1\)\]"),
    (lambda: Sequential(3), r"takes modules, as in Sequential\(a, b\); got 3"),
    (lambda: Residual(ops.tanh), "a module, f in x"),
    (lambda: MLP(2, [1]).compile(None), "a prediction and a target as loss; got None"),
    (lambda: Neuron(3), "list of weights; got 3"),
])  # fmt: skip
def test_arguments_of_another_kind_are_named(make, message):
    with pytest.raises(TypeError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_probability_may_be_written_to_be_exact():
    dropout = Dropout("1/5")
    dropout.mask = [1, 0]
    assert [h.data for h in dropout([4, 4])] == [5, 0]
    assert repr(dropout) == repr(Dropout(F(1, 5)))


def test_no_sizes_and_no_weights_are_named():
    with pytest.raises(ValueError, match="no sizes"):
        MLP(2, [])
    with pytest.raises(ValueError, match="at least one weight"):
        Neuron([])
    with pytest.raises(ValueError, match="2 inputs was given a list of 1"):
        Neuron([1, 2])([1])


# Initialisations ---------------------------------------------------------------------------------


@pytest.mark.parametrize("initial", [uniform, xavier, he, zeros])
def test_equal_seeds_give_equal_weights(initial):
    def weights(seed):
        return [p.data for p in MLP(5, [4, 3], initial=initial, seed=seed).parameters()]

    assert weights(3) == weights(3)
    assert (weights(3) == weights(4)) == (initial is zeros)


def test_uniform_draws_the_weights_of_micrograd():
    nn = peer("micrograd.nn")
    random.seed(1337)
    theirs = nn.MLP(2, [16, 16, 1]).parameters()
    ours = MLP(2, [16, 16, 1], initial=uniform, seed=1337).parameters()
    assert [p.data for p in ours] == [p.data for p in theirs]


@pytest.mark.parametrize(
    ("initial", "variance"), [(uniform, 1 / 3), (xavier, 2 / 130), (he, 2 / 100)]
)
def test_weights_have_the_variance_of_the_paper(initial, variance):
    rows = initial(random.Random(0), 100, 30)
    weights = [w for row in rows for w in row]
    assert np.var(weights) == pytest.approx(variance, rel=0.08)
    assert np.mean(weights) == pytest.approx(0, abs=4 * math.sqrt(variance / 3000))


@pytest.mark.parametrize("rows", [[["1"]], [["1", "2"], ["3"]], [["1", "2"]] * 3])
def test_given_weights_of_another_shape_are_named(rows):
    with pytest.raises(ValueError, match="2 units on 2 inputs needs 2 rows of 2 weights"):
        Layer(2, 2, initial=given(rows))


def test_a_list_of_initialisations_needs_one_for_each_layer():
    with pytest.raises(ValueError, match="2 layers need as many initialisations; got 1"):
        MLP(2, [2, 1], initial=[zeros])


def test_units_that_start_equal_stay_equal():
    net = MLP(2, [3, 1], initial=zeros)
    net.assign({p.label: 0.5 for p in net.parameters()})
    net([1.0, 2.0]).backward()
    grads = [[w.grad for w in neuron.weights] for neuron in net.layers[0].neurons]
    assert grads[0] == grads[1] == grads[2]


# PyTorch -----------------------------------------------------------------------------------------

ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid", "softplus": "softplus"}


def torch_parameters(torch, net):
    """Double tensors by name, with the values of a network."""
    return {
        name: torch.tensor(float(p.data), dtype=torch.float64, requires_grad=True)
        for name, p in net.named_parameters().items()
    }


def torch_forward(torch, parameters, sizes, activation, xs):
    """The network in matrices, from named scalars."""
    width = [len(str(max(pair))) for pair in itertools.pairwise(sizes)]
    h = torch.tensor(xs, dtype=torch.float64)
    for layer, (n, m) in enumerate(itertools.pairwise(sizes), 1):
        k = width[layer - 1]
        matrix = torch.stack([
            torch.stack([parameters[f"w{i:0{k}}{j:0{k}}_{layer}"] for i in range(1, n + 1)])
            for j in range(1, m + 1)
        ])  # fmt: skip
        bias = torch.stack([parameters[f"b{j}_{layer}"] for j in range(1, m + 1)])
        h = h @ matrix.T + bias
        if layer < len(sizes) - 1:
            h = activation(h)
    return h


@pytest.mark.parametrize("seed", range(8))
def test_pytorch_agrees_on_random_architectures(seed):
    torch = peer("torch")
    rng = random.Random(seed)
    sizes = [rng.randint(1, 12) for _ in range(rng.randint(2, 5))]
    name = rng.choice(sorted(ACTIVATIONS))
    net = MLP(sizes[0], sizes[1:], getattr(ops, name), seed=seed)
    net.assign([rng.uniform(-1, 1) for _ in net.parameters()])
    xs = [rng.uniform(-2, 2) for _ in range(sizes[0])]
    theirs = torch_parameters(torch, net)
    outputs = net(xs)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    loss = ops.total(*[y.square() for y in outputs])
    loss.backward()
    function = torch.nn.functional.softplus if name == "softplus" else getattr(torch, name)
    expected = (torch_forward(torch, theirs, sizes, function, xs) ** 2).sum()
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-12)
    for label, p in net.named_parameters().items():
        assert p.grad == pytest.approx(theirs[label].grad.item(), rel=1e-10, abs=1e-13), label


def test_pytorch_agrees_on_dropout_with_a_given_mask():
    torch = peer("torch")
    net = MLP(2, [4, 1], seed=3)
    dropout = Dropout(0.25)
    dropout.mask = [1, 0, 1, 1]
    net.layers.insert(1, dropout)
    theirs = torch_parameters(torch, net)
    net([0.5, -1.0]).backward()
    mask = torch.tensor(dropout.mask, dtype=torch.float64) / 0.75
    torch_forward(torch, theirs, [2, 4, 1], lambda z: torch.tanh(z) * mask, [0.5, -1.0]).backward()
    for label, p in net.named_parameters().items():
        assert p.grad == pytest.approx(theirs[label].grad.item(), rel=1e-12, abs=1e-15), label


@pytest.mark.parametrize("is_training", [True, False])
def test_pytorch_agrees_on_batch_norm(is_training):
    torch = peer("torch")
    rng = random.Random(4)
    rows = [[rng.uniform(-2, 3) for _ in range(3)] for _ in range(6)]
    norm, theirs = BatchNorm(3), torch.nn.BatchNorm1d(3, dtype=torch.float64)
    for _ in range(2):
        norm.batch(rows)
        theirs(torch.tensor(rows, dtype=torch.float64))
    norm.train(is_training)
    theirs.train(is_training)
    inputs = [[Value(x) for x in row] for row in rows]
    xs = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    ours = norm.batch(inputs)
    expected = theirs(xs)
    weights = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(6)]
    norm.zero_grad()
    ops.total(
        *[y * w for r, ws in zip(ours, weights, strict=True) for y, w in zip(r, ws, strict=True)]
    ).backward()
    (expected * torch.tensor(weights, dtype=torch.float64)).sum().backward()
    assert [[y.data for y in row] for row in ours] == [
        pytest.approx(row, rel=1e-12) for row in expected.tolist()
    ]
    assert [[x.grad for x in row] for row in inputs] == [
        pytest.approx(row, rel=1e-9, abs=1e-13) for row in xs.grad.tolist()
    ]
    assert [g.grad for g in norm.gamma] == pytest.approx(theirs.weight.grad.tolist(), rel=1e-10)
    assert [b.grad for b in norm.beta] == pytest.approx(theirs.bias.grad.tolist(), rel=1e-10)
    assert norm.means == pytest.approx(theirs.running_mean.tolist(), rel=1e-12)
    assert norm.variances == pytest.approx(theirs.running_var.tolist(), rel=1e-12)


# Dropout, batch norm, residual -------------------------------------------------------------------


@pytest.mark.parametrize("inverted", [True, False])
def test_n42_n45_expectation_over_all_masks_is_what_testing_gives(inverted):
    drop, units = F(1, 3), [F(3), F(-2), F(5, 7)]
    dropout = Dropout(drop, inverted=inverted)
    expected = [F(0)] * 3
    for mask in itertools.product([0, 1], repeat=3):
        dropout.mask = mask
        probability = math.prod([1 - drop if kept else drop for kept in mask])
        outputs = dropout(units)
        expected = [e + probability * h.data for e, h in zip(expected, outputs, strict=True)]
    dropout.eval()
    assert expected == [h.data for h in dropout(units)]
    assert expected == (units if inverted else [(1 - drop) * h for h in units])


def test_n45_variance_of_dropout():
    p, h = F(1, 4), F(6)
    dropout, outcomes = Dropout(p), []
    for kept, probability in ((1, 1 - p), (0, p)):
        dropout.mask = [kept]
        outcomes.append((probability, dropout([h])[0].data))
    mean = sum(q * y for q, y in outcomes)
    assert mean == h
    assert sum(q * (y - mean) ** 2 for q, y in outcomes) == h**2 * p / (1 - p)


def test_masks_are_seeded_and_drop_about_as_many_as_asked():
    def kept(seed):
        dropout = Dropout(0.3, seed=seed)
        return [h.data != 0 for h in dropout([1.0] * 2000)]

    assert kept(1) == kept(1) != kept(2)
    assert sum(kept(1)) / 2000 == pytest.approx(0.7, abs=0.04)


def test_every_lane_has_a_mask_of_its_own():
    (h,) = Dropout(0.5, seed=1)([Value(np.ones(400))])
    assert set(h.data) == {0.0, 2.0}
    assert np.mean(h.data) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("drop", [-0.1, 1, 1.5])
def test_a_probability_that_is_none_is_named(drop):
    with pytest.raises(ValueError, match=r"probability in \[0, 1\)"):
        Dropout(drop)


def test_a_mask_for_other_units_is_named():
    dropout = Dropout(0.5)
    dropout.mask = [1, 0]
    with pytest.raises(ValueError, match="a mask for 2 units was given to 3"):
        dropout([1, 2, 3])


def test_batch_norm_of_one_example_in_training_is_named():
    with pytest.raises(ValueError, match="needs a batch"):
        BatchNorm(2)([1.0, 2.0])
    with pytest.raises(ValueError, match="at least 2 examples"):
        BatchNorm(2).batch([[1.0, 2.0]])


def test_a_batch_goes_through_a_network_with_batch_norm():
    net = MLP(2, [3, 1])
    net.layers.insert(1, BatchNorm(3))
    outputs = net.batch([[0.1, 0.2], [0.5, -0.4], [1.0, 0.3]])
    assert len(outputs) == 3
    ops.mean(*outputs).backward()
    assert all(p.grad is not None for p in net.parameters())
    net.eval()
    assert isinstance(net([0.1, 0.2]), Value)


def test_batch_without_batch_norm_is_one_call_after_the_other():
    net, rows = MLP(2, [3, 2]), [[0.1, 0.2], [0.5, -0.4]]
    one_by_one = [[y.data for y in net(row)] for row in rows]
    assert [[y.data for y in outputs] for outputs in net.batch(rows)] == one_by_one


def test_residual_adds_its_inputs():
    block = Residual(Layer(2, 2, initial=given([["1", "2"], ["3", "4"]])))
    assert [y.data for y in block(["1", "10"])] == [1 + 21, 10 + 43]
    assert [[y.data for y in row] for row in block.batch([["1", "10"]])] == [[22, 53]]
    with pytest.raises(ValueError, match="as many outputs as inputs"):
        Residual(Layer(2, 3))([1, 2])


@pytest.mark.parametrize("inner", [Sequential(Layer(2, 1)), Neuron([1, 2]), MLP(2, [3, 1])])
def test_a_module_of_one_output_can_stand_within_a_network(inner):
    net = Sequential(inner, Layer(1, 2))
    assert [y.data for y in net([0.5, 2.0])] == [y.data for y in net.batch([[0.5, 2.0]])[0]]


def test_an_activation_can_stand_by_itself_and_takes_the_name_of_its_unit():
    net = Sequential(Layer(1, 2, initial=given([["-0.5"], ["2"]])), Elementwise(ops.relu))
    assert [(h.data, h.label) for h in net([1])] == [(0, "h1_1"), (2, "h2_1")]
    kept = Sequential(Layer(1, 1), Elementwise(lambda a: a))
    assert kept([1]).label == "h1_1"
    assert repr(net) == "Sequential(Layer(1, 2), Elementwise(relu))"


def test_train_and_eval_reach_modules_within_modules():
    net = Sequential(Residual(Sequential(Layer(2, 2), Dropout(0.5))))
    net.eval()
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())


def test_a_shared_layer_counts_once():
    layer = Layer(2, 2)
    assert len(Sequential(layer, layer).parameters()) == 6


def test_a_module_of_ones_own_needs_parameters_and_a_call_only():
    class Line(Module):
        def __init__(self):
            self.slope, self.more = Value(2, "w"), [Value(3, "b")]

        def __call__(self, x):
            return self.slope * x + self.more[0]

    line = Line()
    line(5).backward()
    assert {name: p.grad for name, p in line.named_parameters().items()} == {"w": 5, "b": 1}
    line.zero_grad()
    assert [p.grad for p in line.parameters()] == [0, 0]
    with pytest.raises(NotImplementedError, match="Module does not say"):
        Module()([1])


# States ------------------------------------------------------------------------------------------


def complicated(seed):
    net = MLP(2, [3, 3, 1], seed=seed)
    net.layers[1:2] = [BatchNorm(3), Residual(net.layers[1]), Dropout(0.5, seed=seed)]
    return net


def test_a_state_goes_through_json_bit_for_bit():
    rows = [[0.1, 0.2], [0.5, -0.4], [1.0, 0.3]]
    net, other = complicated(1), complicated(2)
    net.batch(rows)
    other.load_state(json.loads(json.dumps(net.state())))
    assert other.state() == net.state()
    assert [y.data for y in net.batch(rows)] == [y.data for y in other.batch(rows)]


def test_exact_parameters_stay_exact_in_a_state():
    net = lecture()
    net.assign([F(1, 3), 2, "-6/25", "0.1"])
    again = lecture()
    again.load_state(json.loads(json.dumps(net.state())))
    assert [p.data for p in again.parameters()] == [F(1, 3), 2, F(-6, 25), F(1, 10)]


def without(state, key):
    return {k: v for k, v in state.items() if k != key}


def with_statistics(state, statistics):
    return {**state, "extra": [statistics if e and len(e) == 2 else e for e in state["extra"]]}


BROKEN = {
    "architecture": lambda state: MLP(2, [4, 1]).state(),
    "activation": lambda state: {**state, "architecture": repr(MLP(2, [3, 1]))},
    "no parameters": lambda state: without(state, "parameters"),
    "a word": lambda state: {**state, "parameters": {**state["parameters"], "w11_1": "many"}},
    "other names": lambda state: {**state, "parameters": {"w": 1}},
    "a list": lambda state: [],
    "extra": lambda state: {**state, "extra": state["extra"][:-1]},
    "no number": lambda state: {**state, "parameters": {**state["parameters"], "w11_1": None}},
    "nan": lambda state: {**state, "parameters": {**state["parameters"], "w11_1": math.nan}},
    "infinity": lambda state: {**state, "parameters": {**state["parameters"], "w11_1": math.inf}},
    "parameters in a list": lambda state: {**state, "parameters": [1, 2]},
    "extra is no list": lambda state: {**state, "extra": None},
    "nan statistics": lambda state: with_statistics(state, [[math.nan] * 3, [1] * 3]),
    "a variance below 0": lambda state: with_statistics(state, [[0] * 3, [1, -1, 1]]),
    "None": lambda state: None,
    "text": lambda state: json.dumps(state),
    "a broken extra": lambda state: {**state, "extra": [[1]] * len(state["extra"])},
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_state_that_does_not_fit_leaves_the_module_untouched(case):
    net = complicated(1)
    net.batch([[0.1, 0.2], [0.5, -0.4]])
    before = json.dumps(net.state())
    with pytest.raises(ValueError, match="state") as caught:
        net.load_state(BROKEN[case](complicated(2).state()))
    assert not re.search("object|attribute|subscript|indices", str(caught.value))
    assert json.dumps(net.state()) == before


def test_assign_names_what_does_not_fit_and_sets_nothing():
    net = lecture()
    before = theta(net.parameters())
    with pytest.raises(ValueError, match="has no parameter w9"):
        net.assign({"w11_1": 5, "w9": 1})
    with pytest.raises(ValueError, match="has 4 parameters; got 2"):
        net.assign([1, 2])
    with pytest.raises(TypeError, match="text stands for a number"):
        net.assign({"w11_1": 5, "w12_1": "many"})
    assert theta(net.parameters()) == before


def test_lanes_and_formulas_do_not_go_into_a_state():
    net = lecture()
    net.assign({"w11_1": np.zeros(3)})
    with pytest.raises(TypeError, match="only numbers can be written"):
        net.state()


def test_the_architecture_is_readable():
    assert repr(MLP(2, [3, 1], ops.tanh, Value.sigmoid)) == (
        "MLP(Layer(2, 3, tanh), Layer(3, 1, sigmoid))"
    )
    assert repr(Layer(2, 1, biases=False)) == "Layer(2, 1, biases=False)"
    assert repr(Dropout(0.5, inverted=False)) == "Dropout(0.5, inverted=False)"
    assert repr(Neuron([1, 2], 0, ops.relu)) == "Neuron(2, relu)"


@pytest.mark.parametrize("activation", [ops.tanh, ops.relu, Value.sigmoid, None])
def test_a_network_is_pickled(activation):
    net = MLP(2, [3, 1], activation)
    twin = pickle.loads(pickle.dumps(net))
    assert repr(twin) == repr(net)
    assert twin([1.0, -2.0]).data == net([1.0, -2.0]).data
    assert not set(twin.parameters()) & set(net.parameters())


def test_softmax_is_the_output_of_a_network():
    net = MLP(2, [3, 3], output=softmax, seed=1)
    bare = MLP(2, [3, 3], seed=1)
    p, f = net([0.5, -1.0]), [float(z) for z in bare([0.5, -1.0])]
    whole = sum(map(math.exp, f))
    assert [float(share) for share in p] == pytest.approx([math.exp(z) / whole for z in f])
    assert [share.label for share in p] == ["yhat1", "yhat2", "yhat3"]
    (-p[1].log()).backward()
    slopes = [net.named_parameters()[f"b{k}_2"].grad for k in (1, 2, 3)]
    assert slopes == pytest.approx([float(p[0]), float(p[1]) - 1, float(p[2])])  # p − onehot
    with pytest.raises(ValueError, match="2 or more outputs"):
        MLP(2, [1], output=softmax)([1.0, 2.0])
