"""Losses: PyTorch in double, exact fractions, SymPy, and labels that do not fit."""

import math
from fractions import Fraction

import numpy as np
import pytest
from peers import peer

from scalargrad import DomainError, Value, gradcheck
from scalargrad.engine import ops
from scalargrad.nn.layers import MLP
from scalargrad.nn.losses import (
    LOSSES,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    hinge,
    huber,
    kl_divergence,
    l2_penalty,
    softmax_cross_entropy,
    squared_error,
)

F = Fraction


def gradient(loss, *leaves):
    for leaf in leaves:
        leaf.grad = None
    loss.backward()
    return [leaf.grad for leaf in leaves]


# PyTorch -----------------------------------------------------------------------------------------

OURS = {
    "squared": lambda a, y: squared_error(a, y),
    "half squared": lambda a, y: squared_error(a, y, half=True),
    "probability": lambda a, y: binary_cross_entropy(a.sigmoid(), y),
    "logit": binary_cross_entropy_with_logits,
    "hinge": lambda a, y: hinge(a, 2 * y - 1),
}


def torchs(torch, name):
    f = torch.nn.functional
    return {
        "squared": lambda a, y: f.mse_loss(a, y),
        "half squared": lambda a, y: f.mse_loss(a, y) / 2,
        "probability": lambda a, y: f.binary_cross_entropy(torch.sigmoid(a), y),
        "logit": lambda a, y: f.binary_cross_entropy_with_logits(a, y),
        "hinge": lambda a, y: torch.clamp(1 - (2 * y - 1) * a, min=0),
    }[name]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("score", [-3.0, -0.4, 0.0, 0.25, 2.5])
def test_pytorch_agrees_on_value_and_gradient(name, y, score):
    torch = peer("torch")
    ours, theirs = Value(score), torch.tensor(score, dtype=torch.float64, requires_grad=True)
    loss = OURS[name](ours, y)
    expected = torchs(torch, name)(theirs, torch.tensor(y, dtype=torch.float64))
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-12, abs=1e-15)
    assert gradient(loss, ours) == pytest.approx([theirs.grad.item()], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("score", [-800.0, -40.0, 40.0, 800.0])
@pytest.mark.parametrize("y", [0, 1])
def test_b28_n4_the_stable_form_keeps_its_digits_at_saturation(score, y):
    mpmath = peer("mpmath")
    z = Value(score)
    loss = binary_cross_entropy_with_logits(z, y)
    with mpmath.workdps(800):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(score)))
        expected = -mpmath.log(p if y else 1 - p)
        slope = p - y
        assert loss.data == pytest.approx(float(expected), rel=1e-14, abs=0)
        assert gradient(loss, z) == [pytest.approx(float(slope), rel=1e-14, abs=0)]


@pytest.mark.parametrize("target", [0, 1, 2, [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]])
def test_pytorch_agrees_on_softmax_cross_entropy(target):
    torch = peer("torch")
    scores = [0.5, -1.25, 3.0]
    ours = [Value(s) for s in scores]
    theirs = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor(target, dtype=torch.float64 if isinstance(target, list) else torch.long)
    expected = torch.nn.functional.cross_entropy(theirs, wanted)
    expected.backward()
    loss = softmax_cross_entropy(ours, target)
    assert loss.data == pytest.approx(expected.item(), rel=1e-12)
    assert gradient(loss, *ours) == pytest.approx(theirs.grad.tolist(), rel=1e-12, abs=1e-15)


# The lectures ------------------------------------------------------------------------------------


def test_b6_the_squared_error_of_the_lecture_is_exact():
    yhat = Value("0.4", "yhat")
    assert squared_error(yhat, "1").data == F(9, 25)
    assert gradient(squared_error(yhat, 1), yhat) == [F(-6, 5)]
    assert gradient(squared_error(yhat, 1, half=True), yhat) == [F(-3, 5)]


def test_n7_cross_entropy_by_its_probability():
    sympy = peer("sympy")
    p, y = sympy.symbols("p y")
    yhat = Value(p, "yhat")
    (slope,) = gradient(binary_cross_entropy(yhat, y), yhat)
    assert sympy.simplify(slope - ((1 - y) / (1 - p) - y / p)) == 0


def test_n4_sigmoid_then_cross_entropy_is_yhat_minus_y_in_both_forms():
    sympy = peer("sympy")
    s, y = sympy.symbols("s y")
    for loss in (
        lambda z: binary_cross_entropy(z.sigmoid(), y),
        lambda z: binary_cross_entropy_with_logits(z, y),
    ):
        z = Value(s, "z")
        (slope,) = gradient(loss(z), z)
        assert sympy.simplify(slope - (1 / (1 + sympy.exp(-s)) - y)) == 0


def test_n15_softmax_cross_entropy_gradient_is_p_minus_onehot():
    sympy = peer("sympy")
    symbols = sympy.symbols("f1 f2 f3")
    scores = [Value(f, str(f)) for f in symbols]
    slopes = gradient(softmax_cross_entropy(scores, 1), *scores)
    for k, (slope, f) in enumerate(zip(slopes, symbols, strict=True)):
        p = sympy.exp(f) / sum(map(sympy.exp, symbols))
        assert sympy.simplify(slope - (p - int(k == 1))) == 0


def test_b10_the_mean_of_losses_is_one_nth_of_their_total():
    w = Value("0.5", "w")
    losses = [squared_error(w * x, y) for x, y in [(1, 2), (3, 1), (-1, "0.5")]]
    (of_mean,) = gradient(ops.mean(*losses), w)
    (of_total,) = gradient(ops.total(*losses), w)
    assert of_total == 3 * of_mean == sum(2 * (F(x, 2) - y) * x for x, y in [(1, 2), (3, 1)]) + 2


# Shapes ------------------------------------------------------------------------------------------


def test_several_outputs_add_their_squares():
    assert squared_error([Value(1), Value(2)], [3, 5]).data == 4 + 9
    with pytest.raises(ValueError, match="a target for each output; got 1 for 2"):
        squared_error([Value(1), Value(2)], [3])


def test_targets_are_named_for_the_picture():
    def labels(loss):
        return {node.label for node in [*loss.parents, *loss.parents[0].parents]}

    assert "y" in labels(squared_error(Value(1), 3))
    assert {"loss"} == {
        loss.label
        for loss in (squared_error(Value(1), 3), hinge(1, 1), softmax_cross_entropy([1.0, 2.0], 0),
                     binary_cross_entropy(0.5, 1), binary_cross_entropy_with_logits(0.5, 1))
    }  # fmt: skip


def test_softmax_cross_entropy_has_one_logsumexp_node():
    loss = softmax_cross_entropy([Value(1.0), Value(2.0)], 0)
    assert [parent.op for parent in loss.parents] == [ops.logsumexp, None]


LANES = {
    "squared": (squared_error, [0.5, -1.0, 2.0]),
    "logit": (binary_cross_entropy_with_logits, [0.0, 1.0, 0.5]),
    "hinge": (hinge, [1.0, -1.0, 1.0]),
    "softmax": (lambda a, y: softmax_cross_entropy([a, 2 * a, 1.0], y), [0.0, 2.0, 1.0]),
}


@pytest.mark.parametrize("name", LANES)
def test_lanes_are_the_losses_of_single_examples(name):
    loss, targets = LANES[name]
    scores = Value(np.array([0.3, -0.7, 1.9]))
    lanes = loss(scores, np.array(targets))
    (slopes,) = gradient(lanes, scores)
    for lane, (score, y) in enumerate(zip(scores.data, targets, strict=True)):
        one = Value(score)
        expected = loss(one, int(y) if name == "softmax" else y)
        assert lanes.data[lane] == pytest.approx(expected.data, rel=1e-13)
        assert slopes[lane] == pytest.approx(*gradient(expected, one), rel=1e-13)


# Bad labels --------------------------------------------------------------------------------------

BAD = {
    "cross-entropy of -1": (binary_cross_entropy, 0.5, -1, "between 0 and 1; got -1"),
    "cross-entropy of nan": (binary_cross_entropy, 0.5, math.nan, "between 0 and 1; got nan"),
    "logit of 2": (binary_cross_entropy_with_logits, 0.5, 2, "between 0 and 1; got 2"),
    "logit of lanes": (binary_cross_entropy_with_logits, 0.5, np.array([0, 1, -1]), "between 0"),
    "hinge of 0": (hinge, 0.5, 0, "labels -1 or 1; got 0"),
    "hinge of lanes": (hinge, 0.5, np.array([1.0, 0.0]), "labels -1 or 1"),
    "class 3": (softmax_cross_entropy, [1.0, 2.0, 3.0], 3, "from 0 to 2; got 3"),
    "class -1": (softmax_cross_entropy, [1.0, 2.0, 3.0], -1, "from 0 to 2; got -1"),
    "class 1/2": (softmax_cross_entropy, [1.0, 2.0, 3.0], 0.5, "from 0 to 2; got 0.5"),
    "classes": (softmax_cross_entropy, [1.0, 2.0], np.array([0, 2]), "from 0 to 1"),
    "two hot": (softmax_cross_entropy, [1.0, 2.0], [1, 1], "2 probabilities that sum to 1"),
    "too few": (softmax_cross_entropy, [1.0, 2.0], [1], "2 probabilities"),
    "negative": (softmax_cross_entropy, [1.0, 2.0], [2, -1], "2 probabilities"),
    "no list": (softmax_cross_entropy, Value(1.0), 0, "a list of logits; got Value"),
    "one class": (softmax_cross_entropy, [1.0], 0, "2 or more logits; got 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_label_outside_the_domain_is_named(case):
    loss, score, target, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        loss(score, target)
    assert "\n" not in str(caught.value)


def test_a_probability_of_zero_is_outside_the_domain_of_the_log():
    with pytest.raises(DomainError, match="log needs"):
        binary_cross_entropy(Value(0.0, "yhat"), 1)


# L2 ----------------------------------------------------------------------------------------------


def test_n39_the_penalty_is_half_lambda_times_the_square_of_the_norm():
    net = MLP(2, [2, 1])
    net.assign([F(k, 7) for k in range(9)])
    named = net.named_parameters()
    without = l2_penalty(net.parameters(), "0.02")
    squares = {name: p.data**2 for name, p in named.items()}
    assert without.data == F(1, 100) * sum(s for n, s in squares.items() if n[0] == "w")
    without.backward()
    assert {n: p.grad for n, p in named.items()} == {
        n: F(1, 50) * p.data if n[0] == "w" else None for n, p in named.items()
    }
    assert l2_penalty(net.parameters(), "0.02", biases=True).data == sum(squares.values()) / 100


def test_a_penalty_on_nothing_is_named():
    with pytest.raises(ValueError, match="at least one weight"):
        l2_penalty([Value(1, "b1")], 0.1)


# The table ---------------------------------------------------------------------------------------

AT_POINTS = [
    pytest.param(loss, *point, id=f"{name}-{place}")
    for name, loss in LOSSES.items()
    for place, point in enumerate(loss.points)
]


def on_values(prediction):
    return list(map(Value, prediction)) if isinstance(prediction, list) else Value(prediction)


@pytest.mark.parametrize(("loss", "prediction", "target"), AT_POINTS)
def test_the_gradient_of_a_loss_is_that_of_differences(loss, prediction, target):
    numbers = prediction if isinstance(prediction, list) else [prediction]

    def of(*scores):
        return loss.function(list(scores) if isinstance(prediction, list) else scores[0], target)

    gradcheck(of, *numbers)
    assert of(*map(Value, numbers)).label == "loss"


# Their arguments in PyTorch, where they are not (prediction, target, reduction="sum").
THEIRS = {
    "half_squared_error": lambda f, a, y: f.mse_loss(a, y, reduction="sum") / 2,
    "softmax_cross_entropy": lambda f, a, y: f.cross_entropy(a[None], y[None]),
    "categorical_cross_entropy": lambda f, a, y: (
        f.nll_loss(a.log()[None], y[None]) if y.ndim == 0 else -(y * a.log()).sum()
    ),
    "kl_divergence": lambda f, a, y: f.kl_div(a.log(), y, reduction="sum"),
    "hinge": lambda f, a, y: f.margin_ranking_loss(a, 0 * a, y, margin=1),
}


@pytest.mark.parametrize(("loss", "prediction", "target"), AT_POINTS)
def test_the_name_in_pytorch_is_that_of_the_same_loss(loss, prediction, target):
    torch = peer("torch")
    f = torch.nn.functional
    assert callable(getattr(f, loss.torch))
    a = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    kind = torch.int64 if isinstance(target, int) else torch.float64
    y = torch.tensor(target, dtype=kind)
    usual = lambda f, a, y: getattr(f, loss.torch)(a, y, reduction="sum")  # noqa: E731
    expected = THEIRS.get(loss.name, usual)(f, a, y)
    expected.backward()
    ours = on_values(prediction)
    value = loss.function(ours, target)
    value.backward()
    assert value.data == pytest.approx(expected.item(), rel=1e-13)
    leaves = ours if isinstance(ours, list) else [ours]
    theirs = a.grad.reshape(-1).tolist()
    assert [float(leaf.grad) if leaf.grad is not None else 0.0 for leaf in leaves] == (
        pytest.approx(theirs, rel=1e-13, abs=1e-15)
    )


def test_cross_entropy_from_an_infinite_logit_is_no_nan():
    for z, y, expected in ((math.inf, 1, 0), (-math.inf, 0, 0), (math.inf, 0, math.inf)):
        logit = Value(z)
        loss = binary_cross_entropy_with_logits(logit, y)
        loss.backward()
        assert loss.data == expected
        assert logit.grad == (1 if expected else 0)


def test_huber_is_exact_and_its_bound_is_positive():
    assert huber(Value("1/2"), 0).data == F(1, 8)
    assert huber(Value(3), 0, delta=2).data == 4
    with pytest.raises(ValueError, match=r"huber needs delta > 0; got -1"):
        huber(1, 0, delta=-1)


def test_a_probability_of_0_adds_nothing_to_the_divergence():
    p = Value("0.5")
    assert kl_divergence([p, Value("0.5")], [0, 1]).data == pytest.approx(math.log(2))


@pytest.mark.parametrize("loss", [kl_divergence, categorical_cross_entropy])
def test_a_target_of_0_adds_nothing_in_a_lane_as_by_itself(loss):
    shares, targets = [(0.0, 1.0), (0.25, 0.75), (1.0, 0.0)], [(0, 1), (0.5, 0.5), (1, 0)]
    lanes = [Value(np.array(column)) for column in zip(*shares, strict=True)]
    with np.errstate(all="ignore"):
        together = loss(lanes, [np.array(column) for column in zip(*targets, strict=True)])
        together.backward()
    for k, (ps, ys) in enumerate(zip(shares, targets, strict=True)):
        apart = [Value(p) for p in ps]
        one = loss(apart, list(ys))
        one.backward()
        assert together.data[k] == one.data
        assert [lane.grad[k] for lane in lanes] == [p.grad or 0 for p in apart]


@pytest.mark.parametrize(
    ("loss", "labels", "said"),
    [
        (hinge, [1, -1, 0.5, 0], "-1 or 1; got 0.5 "),
        (binary_cross_entropy, [0, 1, -1, 3], "between 0 and 1; got -1.0 "),
        (softmax_cross_entropy, [0, 1, math.nan], "from 0 to 1; got nan$"),
        (categorical_cross_entropy, [1, 0.5] * 900, "from 0 to 1; got 0.5$"),
        (kl_divergence, [[1, 0.5], [0, 0.25]], r"sum to 1; got \[0.5, 0.25\]$"),
    ],
)
def test_the_first_wrong_label_among_lanes_is_named(loss, labels, said):
    target = list(map(np.array, labels)) if isinstance(labels[0], list) else np.array(labels)
    prediction = 0.5 if loss in (hinge, binary_cross_entropy) else [0.5, 0.5]
    with pytest.raises(ValueError, match=said):
        loss(prediction, target)
