"""Optimisers: ten steps beside PyTorch in double, exact steps by hand, constraints, schedules."""

import json
import math
import random
import re
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from peers import peer

from scalargrad import Value
from scalargrad.engine import ops
from scalargrad.nn import losses
from scalargrad.nn.layers import MLP
from scalargrad.nn.losses import squared_error
from scalargrad.train.optim import (
    SGD,
    Adam,
    clip_norm,
    clip_values,
    constant,
    cosine,
    exponential,
    gradient,
    project,
    reduced,
    stepped,
    theta,
    warmed_up,
)

F = Fraction


def with_gradients(*grads, data=1):
    """Parameters w1, w2, … that a backward pass has reached."""
    parameters = [Value(data, f"w{k}") for k in range(1, len(grads) + 1)]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad
    return parameters


def line_loss(w, b, points):
    return ops.mean(*[squared_error(w * x + b, y) for x, y in points])


POINTS = [(F(1), F(2)), (F(-1), F(1)), (F(2), F(0)), (F(1, 2), F(3))]


# The lectures ------------------------------------------------------------------------------------


def test_b12_one_step_by_hand_equals_the_code():
    w, b = Value("0.5", "w"), Value("0.25", "b")
    optimizer = SGD([w, b], "0.1")
    line_loss(w, b, POINTS).backward()
    by_hand = [
        F(1, 2) - F(1, 10) * sum(2 * (x / 2 + F(1, 4) - y) * x for x, y in POINTS) / 4,
        F(1, 4) - F(1, 10) * sum(2 * (x / 2 + F(1, 4) - y) for x, y in POINTS) / 4,
    ]
    optimizer.step()
    assert [w.data, b.data] == by_hand
    assert all(isinstance(p.data, Fraction) for p in (w, b))


def test_b13_n2_the_mean_of_all_batch_gradients_is_the_full_gradient():
    def gradient_of(points):
        w, b = Value("0.5", "w"), Value("0.25", "b")
        line_loss(w, b, points).backward()
        return list(gradient([w, b]).values())

    batches = [gradient_of(POINTS[:2]), gradient_of(POINTS[2:])]
    assert [(p + q) / 2 for p, q in zip(*batches, strict=True)] == gradient_of(POINTS)


@pytest.mark.parametrize("kind", ["values", "lanes"])
def test_b14_n3_a_sum_steps_as_many_times_as_far_as_a_mean(kind):
    moved = {}
    for reduction, over in (("mean", ops.mean), ("sum", ops.total)):
        w = Value(0.5, "w")
        if kind == "values":
            loss = over(*[squared_error(w * float(x), float(y)) for x, y in POINTS])
        else:
            xs, ys = (np.array(column, dtype=float) for column in zip(*POINTS, strict=True))
            loss = squared_error(w * xs, ys)
        loss.backward()
        SGD([w], 0.1, reduction=reduction).step()
        moved[reduction] = w.data - 0.5
    assert moved["sum"] == pytest.approx(len(POINTS) * moved["mean"], rel=1e-14)


def test_b8_b11_theta_and_gradient_are_named_and_in_order():
    net = MLP(1, [2, 1])
    assert next(iter(gradient(net.parameters()).items())) == ("w11_1", None)
    net([1.0]).backward()
    assert list(theta(net.parameters())) == list(gradient(net.parameters()))
    assert list(theta(net.parameters())) == list(net.named_parameters())
    assert gradient(net.parameters())["b1_2"] == 1


def test_n17_the_training_loop_of_the_slide_gives_pytorchs_numbers():
    torch = peer("torch")
    rng = random.Random(2)
    data = [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.choice([0.0, 1.0])) for _ in range(6)]
    net = MLP(2, [3, 1], seed=7)
    start = [p.data for p in net.parameters()]
    optimizer = SGD(net.parameters(), 0.1)
    ours = []
    for inputs, label in data * 2:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = squared_error(outputs, label)
        loss.backward()
        optimizer.step()
        ours.append(loss.data)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
    ).double()
    with torch.no_grad():
        for j in range(3):
            theirs[0].weight[j] = torch.tensor(start[3 * j : 3 * j + 2], dtype=torch.float64)
            theirs[0].bias[j] = start[3 * j + 2]
        theirs[2].weight[0] = torch.tensor(start[9:12], dtype=torch.float64)
        theirs[2].bias[0] = start[12]
    peer_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1)
    expected = []
    for inputs, label in data * 2:
        peer_optimizer.zero_grad()
        outputs = theirs(torch.tensor(inputs, dtype=torch.float64))
        loss = ((outputs - label) ** 2).sum()
        loss.backward()
        peer_optimizer.step()
        expected.append(loss.item())
    assert ours == pytest.approx(expected, rel=1e-12)


# PyTorch -----------------------------------------------------------------------------------------


def quadratic(a, b, c):
    """A loss of three parameters, in any library."""
    return (a * b - 1) ** 2 + (b - c * c) ** 2 + 0.1 * a * c


@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("decay", [0, 0.02])
@pytest.mark.parametrize("clip", [None, "values", "norm"])
def test_ten_steps_are_pytorchs(momentum, decay, clip):
    torch = peer("torch")
    start = [0.5, -1.5, 2.0]
    ours = [Value(p, f"w{k}") for k, p in enumerate(start)]
    theirs = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in start]
    mine = SGD(ours, 0.01, momentum, decay)
    peers = torch.optim.SGD(theirs, lr=0.01, momentum=momentum, weight_decay=decay)
    for _ in range(10):
        mine.zero_grad()
        peers.zero_grad()
        quadratic(*ours).backward()
        quadratic(*theirs).backward()
        if clip == "values":
            clip_values(ours, 2.0)
            torch.nn.utils.clip_grad_value_(theirs, 2.0)
        elif clip == "norm":
            norm = clip_norm(ours, 3.0)
            assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, 3.0).item())
        mine.step()
        peers.step()
    # PyTorch divides by the norm + 1e-6, and so stays that much below the bound.
    tolerance = 1e-5 if clip == "norm" else 1e-13
    assert [p.data for p in ours] == pytest.approx([p.item() for p in theirs], rel=tolerance)


def loss_pairs(torch):
    """For each loss ours, PyTorch's on a vector of outputs, and the targets that it takes."""
    f = torch.nn.functional

    def vector(y):
        return torch.tensor([float(y)], dtype=torch.float64)

    return {
        "squared": (squared_error, lambda a, y: f.mse_loss(a, vector(y)), (0.5, -1.0)),
        "logit": (
            losses.binary_cross_entropy_with_logits,
            lambda a, y: f.binary_cross_entropy_with_logits(a, vector(y)), (0, 1),
        ),
        "probability": (
            lambda a, y: losses.binary_cross_entropy(a.sigmoid(), y),
            lambda a, y: f.binary_cross_entropy(torch.sigmoid(a), vector(y)), (0, 1),
        ),
        "hinge": (losses.hinge, lambda a, y: torch.relu(1 - y * a).sum(), (-1, 1)),
        "softmax": (
            losses.softmax_cross_entropy,
            lambda a, y: f.cross_entropy(a, torch.tensor(y)), (0, 1, 2),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["squared", "logit", "probability", "hinge", "softmax"])
def test_ten_steps_of_random_networks_are_pytorchs(name, seed):
    torch = peer("torch")
    ours, theirs, targets = loss_pairs(torch)[name]
    rng = random.Random(f"{name} {seed}")
    sizes = [rng.randint(1, 5) for _ in range(rng.randint(2, 4))]
    sizes.append(3 if name == "softmax" else 1)
    net = MLP(sizes[0], sizes[1:], ops.tanh, seed=seed)
    linears = []
    for layer in net.layers:
        linear = torch.nn.Linear(layer.inputs, len(layer.neurons), dtype=torch.float64)
        weights = [[w.data for w in neuron.weights] for neuron in layer.neurons]
        with torch.no_grad():
            linear.weight[:] = torch.tensor(weights, dtype=torch.float64)
            linear.bias[:] = 0.0
        linears += [linear, torch.nn.Tanh()]
    twin = torch.nn.Sequential(*linears[:-1])
    settings = {"momentum": rng.choice([0, 0.8]), "weight_decay": rng.choice([0, 0.05])}
    mine = SGD(net.parameters(), 0.05, **settings)
    peers = torch.optim.SGD(twin.parameters(), lr=0.05, **settings)
    data = [([rng.uniform(-1, 1) for _ in range(sizes[0])], rng.choice(targets)) for _ in range(4)]
    for _ in range(10):
        mine.zero_grad()
        peers.zero_grad()
        loss = ops.mean(*[ours(net(x), y) for x, y in data])
        outputs = [twin(torch.tensor(x, dtype=torch.float64)) for x, _ in data]
        expected = sum(theirs(a, y) for a, (_, y) in zip(outputs, data, strict=True)) / len(data)
        loss.backward()
        expected.backward()
        assert loss.data == pytest.approx(expected.item(), rel=1e-11)
        for layer, linear in zip(net.layers, linears[::2], strict=True):
            grads = [[w.grad for w in neuron.weights] for neuron in layer.neurons]
            assert np.array(grads) == pytest.approx(linear.weight.grad.numpy(), rel=1e-9, abs=1e-13)
        mine.step()
        peers.step()
    ends = [[w.data for w in neuron.weights] for neuron in net.layers[-1].neurons]
    assert np.array(ends) == pytest.approx(linears[-2].weight.detach().numpy(), rel=1e-10)


def test_a_parameter_that_no_gradient_reached_stays():
    reached, other = with_gradients(2, None)
    SGD([reached, other], F(1, 2), weight_decay=1).step()
    assert [reached.data, other.data] == [F(-1, 2), 1]


SCHEDULES = {
    "step": (partial(stepped, rate=0.4, every=3, factor=0.5),
             lambda s, o: s.StepLR(o, 3, 0.5)),
    "exponential": (partial(exponential, rate=0.4, factor=0.9),
                    lambda s, o: s.ExponentialLR(o, 0.9)),
    "cosine": (partial(cosine, rate=0.4, steps=12, least=0.05),
               lambda s, o: s.CosineAnnealingLR(o, 12, 0.05)),
    "warm-up": (partial(warmed_up, rate=0.4, steps=5),
                lambda s, o: s.LinearLR(o, 1 / 5, 1.0, 4)),
    "constant": (partial(constant, rate=0.4), lambda s, o: s.LambdaLR(o, lambda t: 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_pytorchs(name):
    torch = peer("torch")
    schedule, make = SCHEDULES[name]
    peers = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = make(torch.optim.lr_scheduler, peers)
    ours = SGD(with_gradients(0.0), schedule)
    for _ in range(12):
        assert ours.current_rate() == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12)
        ours.step()
        peers.step()
        scheduler.step()


def test_schedules_end_where_they_say():
    assert cosine(50, 0.4, 12, 0.05) == pytest.approx(0.05)
    after = partial(exponential, factor=0.5)
    assert [warmed_up(t, 1.0, 2, after) for t in range(5)] == [0.5, 1.0, 1.0, 0.5, 0.25]


# Constraints and clipping ------------------------------------------------------------------------


def test_n39_projected_descent_ends_at_the_nearest_point_of_the_ball():
    w, v = Value(0.0, "w1"), Value(0.0, "w2")
    optimizer = SGD([w, v], 0.1)
    for _ in range(200):
        optimizer.zero_grad()
        ((w - 3) ** 2 + (v - 4) ** 2).backward()
        optimizer.step()
        project([w, v], 1)
    assert [w.data, v.data] == pytest.approx([3 / 5, 4 / 5], rel=1e-9)


def test_a_point_within_the_ball_stays_and_the_square_of_the_norm_comes_back():
    inside, outside = [Value(F(3, 10)), Value(F(2, 5))], [Value(3.0), Value(-4.0)]
    assert project(inside, 1) == pytest.approx(0.25)
    assert [p.data for p in inside] == [F(3, 10), F(2, 5)]
    assert project(outside, 25) == 25
    assert [p.data for p in outside] == [3.0, -4.0]
    project(outside, 4)
    assert [p.data for p in outside] == pytest.approx([1.2, -1.6])


def test_n27_clipping_by_norm_keeps_the_direction():
    parameters = with_gradients(3.0, -4.0, 12.0)
    assert clip_norm(parameters, 6.5) == 13.0
    assert [p.grad for p in parameters] == [1.5, -2.0, 6.0]
    assert clip_norm(parameters, 100) == 6.5
    assert [p.grad for p in parameters] == [1.5, -2.0, 6.0]


def test_clipping_by_value_does_not_keep_it():
    parameters = with_gradients(3.0, -4.0, None, 0.5)
    clip_values(parameters, 1)
    assert [p.grad for p in parameters] == [1, -1, None, 0.5]


def test_a_norm_whose_square_overflows_is_clipped_too():
    parameters = with_gradients(3e200, 4e200)
    clip_norm(parameters, 5)
    assert [p.grad for p in parameters] == pytest.approx([3, 4])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_cannot_be_clipped(bad):
    parameters = with_gradients(1.0, bad)
    with pytest.raises(ValueError, match=f"finite gradients; got {bad} for w2"):
        clip_norm(parameters, 1)
    assert parameters[0].grad == 1.0


def test_lanes_are_reduced_before_they_are_clipped():
    parameters = with_gradients(np.array([8.0, -2.0]), np.array([4.0, 4.0]))
    assert clip_norm(parameters, 2.5) == 5.0
    assert [p.grad for p in parameters] == [1.5, 2.0]
    (one,) = with_gradients(np.array([8.0, -2.0]))
    clip_values([one], 2, reduction="sum")
    assert one.grad == 2


def test_reduced_is_the_mean_or_the_sum_over_lanes():
    lanes = np.array([1.0, 2.0, 6.0])
    assert (reduced(lanes), reduced(lanes, "sum"), reduced(F(1, 3)), reduced(None)) == (
        3.0, 9.0, F(1, 3), None,
    )  # fmt: skip


def test_lanes_step_as_the_examples_one_by_one():
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(2, 8)), rng.normal(size=8)
    nets = MLP(2, [3, 1], seed=1), MLP(2, [3, 1], seed=1)
    for _ in range(10):
        squared_error(nets[0](list(xs)), ys).backward()
        ops.mean(
            *[squared_error(nets[1](list(x)), y) for x, y in zip(xs.T, ys, strict=True)]
        ).backward()
        for net in nets:
            optimizer = SGD(net.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad()
    ours, theirs = (list(theta(net.parameters()).values()) for net in nets)
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert all(isinstance(p, float) for p in ours)


# States and errors -------------------------------------------------------------------------------


def test_a_state_goes_on_bit_for_bit():
    def steps(optimizer, count):
        for _ in range(count):
            optimizer.zero_grad()
            quadratic(*optimizer.parameters).backward()
            optimizer.step()

    def fresh(start):
        parameters = [Value(p, f"w{k}") for k, p in enumerate(start)]
        return SGD(parameters, partial(cosine, rate=0.01, steps=20), momentum=0.9)

    whole, first = fresh([0.5, -1.5, 2.0]), fresh([0.5, -1.5, 2.0])
    steps(whole, 10)
    steps(first, 4)
    second = fresh([p.data for p in first.parameters])
    second.load_state(json.loads(json.dumps(first.state())))
    steps(second, 6)
    assert [p.data for p in second.parameters] == [p.data for p in whole.parameters]


@pytest.mark.parametrize(
    "state", [{}, [], {"steps": 1, "velocity": {"v": None}}, {"steps": "x", "velocity": {}},
              {"steps": 1, "velocity": {"w0": "many"}}, None, "state",
              {"steps": 1, "velocity": [1]},
              *({"steps": 1, "velocity": {"w0": v}} for v in (math.nan, [1], math.inf)),
              *({"steps": n, "velocity": {"w0": 1.0}} for n in (-1, 1.5, "1", True, math.inf))]
)  # fmt: skip
def test_a_state_that_does_not_fit_changes_nothing(state):
    optimizer = SGD(with_gradients(1.0), 0.1, momentum=0.9)
    optimizer.step()
    before = optimizer.state()
    with pytest.raises(ValueError, match="the state") as caught:
        optimizer.load_state(state)
    assert not re.search("object|subscript|convert", str(caught.value))
    assert optimizer.state() == before


def test_a_step_that_fails_changes_nothing():
    good, bad = with_gradients(1.0, "grad")
    with pytest.raises(TypeError):
        SGD([good, bad], 0.1).step()
    assert [good.data, bad.data] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": -1}, "a rate is a number from 0; got -1"),
        ({"rate": math.nan}, "a rate is a number from 0; got nan"),
        ({"rate": 1, "momentum": -0.5}, "a momentum"),
        ({"rate": 1, "momentum": 1}, "a momentum is a number from 0 and below 1"),
        ({"rate": 1, "momentum": 1.5}, "below 1, or no step is ever forgotten; got 1.5"),
        ({"rate": 1, "weight_decay": -1}, "a weight decay"),
        ({"rate": 1, "reduction": "max"}, "'mean' or 'sum'; got 'max'"),
    ],
)
def test_bad_settings_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SGD(with_gradients(1), **arguments)


@pytest.mark.parametrize("rate", [-1, math.nan, "fast", None, True])
def test_a_schedule_that_gives_no_rate_is_named_with_its_step(rate):
    sgd = SGD(with_gradients(1), lambda t: 0.1 if t < 2 else rate)
    sgd.step(), sgd.step()
    before = sgd.parameters[0].data
    with pytest.raises(ValueError, match="at step 2"):
        sgd.step()
    assert (sgd.parameters[0].data, sgd.steps) == (before, 2)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (MLP(2, [1]), r"as in SGD\(model.parameters\(\), …\); got MLP\(Layer\(2, 1\)\)"),
        (MLP(2, [1]).named_parameters(), "as in .*; got 'w11_1'"),
        (Value(1.0, "w"), "as in .*; got Value"),
        ([1, 2], "as in .*; got 1"),
        ("w", "as in .*; got 'w'"),
        (None, "as in .*; got None"),
        ([Value(1.0, "w") * 2], "leaves of a graph; got a computed node, Value"),
    ],
)
def test_parameters_of_another_kind_are_named(parameters, message):
    with pytest.raises(TypeError, match=message) as caught:
        SGD(parameters, 0.1)
    assert "\n" not in str(caught.value)


def test_no_parameters_are_named():
    with pytest.raises(ValueError, match="at least one parameter"):
        SGD([], 0.1)
    with pytest.raises(ValueError, match="a bound is a number from 0"):
        project(with_gradients(1), -1)


# Adam --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.02}, {"betas": (0.5, 0.9)}])
def test_ten_steps_of_adam_are_pytorchs(options):
    torch = peer("torch")
    start = [0.5, -1.25, 3.0]
    ours = [Value(x, f"w{k}") for k, x in enumerate(start)]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    adam, other = Adam(ours, 0.1, **options), torch.optim.Adam(theirs, 0.1, **options)
    for step in range(10):
        for k, (w, v) in enumerate(zip(ours, theirs, strict=True)):
            w.grad = 0.0 if k == 2 and step < 3 else math.sin(step + k) * 10**k
            v.grad = torch.tensor(w.grad, dtype=torch.float64)
        adam.step()
        other.step()
    assert [w.data for w in ours] == pytest.approx([v.item() for v in theirs], rel=1e-12)


def test_adam_goes_on_from_its_state():
    def moved(steps, state=None):
        w = Value(1.0, "w")
        adam = Adam([w], 0.1)
        if state:
            w.data = state["w"]
            adam.load_state(json.loads(json.dumps(state["adam"])))
        for step in steps:
            w.grad = math.cos(step)
            adam.step()
        return {"w": w.data, "adam": adam.state()}

    assert moved(range(3, 6), moved(range(3))) == moved(range(6))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"betas": (0.9, 1.0)}, "from 0 and below 1"), ({"betas": (0.9,)}, "two betas"),
     ({"epsilon": 0}, "epsilon > 0"), ({"rate": -1}, "a rate is a number from 0; got -1")],
)  # fmt: skip
def test_adam_refuses_what_would_never_train(options, message):
    with pytest.raises(ValueError, match=message):
        Adam([Value(1.0)], **options)
