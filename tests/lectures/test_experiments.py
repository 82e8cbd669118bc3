"""The rows N19–N30 and N31–N45 of LECTURES.md."""

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from fractions import Fraction
from functools import partial

import pytest
from peers import needs_compiler

from scalargrad import nn
from scalargrad.engine import ops
from scalargrad.engine.value import Value
from scalargrad.lectures import experiments
from scalargrad.lectures.experiments import CLIPPED, NETWORKS
from scalargrad.train import optim
from scalargrad.train.monitor import HEALTHY

pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def layers():
    found = experiments.gradients_by_layer()
    return dict(zip(found.cases, found.sizes, strict=True))


@pytest.fixture(scope="module")
def decayed():
    return experiments.weight_decay()


# N19–N25: vanishing and exploding ----------------------------------------------------------------


def test_n19_a_hundred_factors_explode_or_vanish():
    up, down, _ = experiments.products().products
    assert up[-1] == pytest.approx(float(Fraction(3, 2) ** 100), rel=1e-12)
    assert down[-1] == pytest.approx(float(Fraction(4, 5) ** 100), rel=1e-12)
    assert f"{up[-1]:.0e}" == "4e+17"
    assert f"{down[-1]:.0e}" == "2e-10"


def test_n20_a_longer_chain_overflows_to_infinity_and_then_to_nan():
    (chain,) = experiments.products([1.5], count=2000).products
    assert chain[-1] == math.inf
    assert math.isnan(chain[-1] - chain[-1])


def test_n21_the_loss_of_one_network_depends_on_the_learning_rate():
    found = experiments.learning_rates()
    slow, *_, fast, wild = (losses[-1] for losses in found.losses)
    assert found.diverged == [False, False, False, True]
    assert fast < slow
    assert wild > 1e4 * fast


def test_n22_the_sigmoid_is_nowhere_steeper_than_a_quarter():
    top = experiments.steepest(ops.sigmoid)
    assert (top.z, top.slope) == (0.0, 0.25)
    z = Value(0)
    ops.sigmoid(z).backward()
    assert z.grad == Fraction(1, 4)
    assert experiments.steepest(ops.tanh).slope == 1.0


def test_n23_ten_sigmoids_leave_less_than_a_millionth():
    (chain,) = experiments.products([0.25], count=10).products
    assert chain[-1] == 0.25**10
    assert chain[-1] < 1e-6


def test_n24_the_bottom_layers_of_a_sigmoid_network_starve(layers):
    sizes = layers["sigmoid"]
    assert sizes == sorted(sizes)
    assert sizes[0] < 1e-6 < 1e-3 < sizes[-1]


def test_n25_small_weights_vanish_and_large_weights_explode(layers):
    low, high = HEALTHY
    assert (low, high) == (1e-6, 1e3)
    assert max(layers["tanh, small weights"]) < low
    assert min(layers["ReLU, large weights"]) > high


def test_the_gradient_of_the_first_layer_falls_by_the_depth():
    found = experiments.gradients_by_depth(["sigmoid", "ReLU"], depths=(2, 4, 8))
    sigmoid, relu = found.sizes
    assert sigmoid[0] > 5 * sigmoid[1] > 25 * sigmoid[2]
    assert all(1e-6 < size < 1e3 for size in relu)
    again = experiments.gradients_by_layer(["sigmoid"], depth=8)
    assert again.sizes[0][0] == sigmoid[2]


# N26–N30: the cures ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["ReLU", "sigmoid, residual", "sigmoid, batch norm", CLIPPED])
def test_n26_each_cure_keeps_every_layer_in_the_healthy_range(layers, case):
    low, high = HEALTHY
    assert all(low <= size <= high for size in layers[case])
    assert max(layers[case]) / min(layers[case]) < 1000


def test_n27_clipping_keeps_the_direction():
    model = NETWORKS["ReLU, large weights"](6, 4, 0)
    loss = model([0.5, -0.25])
    loss.backward()
    before = [float(p.grad) for p in model.parameters()]
    assert math.hypot(*before) > 1
    optim.clip_norm(model.parameters(), 1)
    after = [float(p.grad) for p in model.parameters()]
    assert math.hypot(*after) == pytest.approx(1)
    cosine = sum(a * b for a, b in zip(after, before, strict=True)) / math.hypot(*before)
    assert cosine == pytest.approx(1)


def test_n28_n29_the_sigmoid_network_vanishes_where_the_relu_network_does_not(layers):
    assert layers["sigmoid"][0] < 1e-6 < layers["ReLU"][0]


@pytest.mark.parametrize(("z", "slope"), [("-2", Fraction(1, 10)), ("0", 1), ("3", 1)])
def test_n30_leaky_relu_is_max_of_a_tenth_with_slope_1_at_0(z, slope):
    v = Value(z)
    y = ops.leaky_relu(v, slope=Fraction(1, 10), at_zero=1)
    y.backward()
    assert y.data == max(v.data / Fraction(10), v.data)
    assert v.grad == slope


def test_an_unknown_case_is_refused():
    with pytest.raises(ValueError, match=r"a case is one of sigmoid, .* got cubic"):
        experiments.gradients_by_layer(["cubic"])


# N31–N37: capacity -------------------------------------------------------------------------------


def test_n31_n34_small_networks_underfit_and_large_ones_overfit():
    found = experiments.capacity()
    best = found.test.index(min(found.test))
    assert 0 < best < len(found.units) - 1
    assert found.test[0] > 1.3 * min(found.test)
    assert found.test[-1] > 1.2 * min(found.test)
    assert found.train[-1] < 0.3 * found.train[0]
    gaps = [test - train for train, test in zip(found.train, found.test, strict=True)]
    assert gaps[-1] > gaps[best]
    assert found.parameters == [3 * m + 1 for m in found.units]


def test_n35_double_descent_has_its_peak_at_the_interpolation_threshold():
    found = experiments.double_descent(draws=5)
    peak = found.features[found.test.index(max(found.test))]
    assert peak == found.threshold == 40
    before = [e for p, e in zip(found.features, found.test, strict=True) if p < 40]
    after = [e for p, e in zip(found.features, found.test, strict=True) if p > 40]
    assert before[0] > min(before) < max(found.test) / 10  # the classical U
    assert after[:6] == sorted(after[:6], reverse=True)  # and the second descent
    assert after[-1] < min(before)
    interpolates = [e < 1e-12 for e in found.train]
    assert interpolates == [p >= 40 for p in found.features]


def test_n35_twice_the_examples_move_the_peak():
    found = experiments.double_descent(features=(20, 40, 80, 160), count=80, draws=5)
    assert found.features[found.test.index(max(found.test))] == 80


def test_n35_trained_networks_descend_twice_too():
    found = experiments.trained_double_descent((2, 7, 10, 15, 60), draws=3)
    peak = found.test.index(max(found.test))
    assert found.threshold <= found.features[peak] == 15
    assert found.test[peak] > 3 * found.test[0]
    assert found.test[peak] > 1.2 * found.test[-1]
    assert found.train == sorted(found.train, reverse=True)
    assert found.what == "hidden units"


@pytest.mark.parametrize(
    ("d", "m", "k", "count"), [(1, 2, 1, 7), (2, 2, 1, 9), (784, 100, 10, 79_510)]
)
def test_n36_n37_parameters_are_counted(d, m, k, count):
    assert (d + 1) * m + (m + 1) * k == count
    assert len(nn.MLP(d, [m, k], initial=nn.zeros).parameters()) == count


# N38–N41: weight decay and constraints -----------------------------------------------------------


def test_n38_weight_decay_trades_training_error_for_test_error(decayed):
    assert decayed.settings == [0.0, 0.02]
    assert decayed.train_loss[0] < decayed.train_loss[1]
    assert decayed.test_loss[0] > 1.5 * decayed.test_loss[1]
    assert decayed.test[0] > decayed.test[1]
    assert decayed.train[0] <= decayed.train[1] < decayed.test[1]


def test_n38_weight_decay_shrinks_the_weights_of_the_same_ten_units(decayed):
    sizes = [math.hypot(*weights) for weights in decayed.weights]
    assert sizes[1] < sizes[0] / 1.2
    assert [len(weights) for weights in decayed.weights] == [30, 30]  # 2·10 + 10


def test_n38_the_grid_holds_the_scores_of_the_classes(decayed):
    for grid, error in zip(decayed.grids, decayed.train, strict=True):
        wrong = 0
        for (x, y), label in decayed.data:
            column = min(range(len(grid.xs)), key=lambda i: abs(grid.xs[i] - x))
            row = min(range(len(grid.ys)), key=lambda i: abs(grid.ys[i] - y))
            wrong += (grid.scores[row][column] > 0) != bool(label)
        assert abs(wrong / 200 - error) < 0.05


@pytest.mark.parametrize("a", [(3.0,), (2.0, 1.0), (-1.0, 4.0, 2.0)], ids=str)
@pytest.mark.parametrize("bound", [0.25, 1.0, 4.0])
def test_n39_n40_hard_and_soft_constraint_meet_at_the_matching_decay(a, bound):
    found = experiments.constraint(a, bound)
    size = math.hypot(*a)
    assert found.decay == pytest.approx(2 * size / math.sqrt(bound) - 2)
    nearest = [w * math.sqrt(bound) / size for w in a]  # of the ball to a
    assert found.hard == pytest.approx(nearest, abs=1e-9)
    assert found.soft == pytest.approx(nearest, abs=1e-9)
    assert sum(w * w for w in found.hard) == pytest.approx(bound)


@pytest.mark.parametrize("decay", [0, Fraction(1, 50), 4, 1000])
def test_n41_the_soft_optimum_is_2a_over_lambda_plus_2(decay):
    a = Fraction(7, 3)
    w = Value(experiments.soft_optimum(a, decay), "w")
    ((w - a) ** 2 + Fraction(decay) / 2 * w**2).backward()
    assert w.grad == 0
    assert w.data == 2 * a / (decay + 2)


def test_n41_no_decay_is_the_free_optimum_and_much_decay_is_0():
    found = experiments.constraint((2.0, 1.0), 1.0)
    assert found.soft_path[0] == pytest.approx((2, 1))
    assert math.hypot(*found.soft_path[-1]) < 0.02
    sizes = [math.hypot(*w) for w in found.soft_path]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("bound", [0, -1, 6])
def test_a_bound_that_does_not_bind_is_refused(bound):
    with pytest.raises(ValueError, match=f"between 0 and .* = 5; got {bound}"):
        experiments.constraint((2.0, 1.0), bound)


# N42–N45: dropout --------------------------------------------------------------------------------


@pytest.mark.parametrize("drop", [Fraction(1, 2), Fraction(1, 5)], ids=str)
def test_n42_n44_inverted_dropout_keeps_the_mean_and_has_variance_h2_p_over_1_minus_p(drop):
    units = [Fraction(3), Fraction(-1, 2), Fraction(5)]
    found = experiments.dropout_moments(units, drop)
    assert found.means == units
    assert found.variances == [h**2 * drop / (1 - drop) for h in units]


def test_n43_the_decks_form_has_the_mean_that_testing_multiplies_by():
    found = experiments.dropout_moments([4, 6], Fraction(1, 4), inverted=False)
    assert found.means == [3, Fraction(9, 2)]
    layer = nn.Dropout(Fraction(1, 4), inverted=False)
    layer.eval()
    assert [h.data for h in layer([4, 6])] == found.means


def test_n45_dropout_lowers_the_test_error_of_a_network_too_large_for_its_data():
    found = experiments.dropout(units=64, steps=800)
    assert found.settings == [0.0, 0.5]
    assert found.train[0] < found.train[1]  # of labels that are wrong for a fifth
    assert found.test[1] < 0.75 * found.test[0]


@pytest.mark.parametrize("backend", ["python", "numpy", pytest.param("c", marks=needs_compiler)])
@pytest.mark.parametrize(
    "run",
    [
        partial(experiments.capacity, (2,), steps=20),
        partial(experiments.trained_double_descent, (2,), draws=1, steps=20),
        partial(experiments.weight_decay, (0.1,), count=20, steps=20),
        partial(experiments.dropout, (0.5,), units=4, count=20, steps=20),
    ],
    ids=["capacity", "double descent", "weight decay", "dropout"],
)
def test_every_backend_gives_the_same_but_for_the_last_bits(run, backend):
    found, expected = run(backend=backend), run(backend=None)
    for name in ("train", "test"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9)


def test_wrong_labels_are_as_many_as_asked_for_and_only_for_training():
    right, wrong = (experiments.dropout((0.0,), 2, wrong=share, steps=1).data for share in (0, 0.2))
    assert right.inputs == wrong.inputs
    assert sum(a != b for a, b in zip(right.targets, wrong.targets, strict=True)) == 20


def test_masks_drop_the_share_that_they_say():
    masks = experiments.dropout_masks(units=50, steps=40, drop=0.3)
    assert [len(masks), len(masks[0])] == [40, 50]
    assert sum(map(sum, masks)) / 2000 == pytest.approx(0.7, abs=0.03)
    assert masks == experiments.dropout_masks(units=50, steps=40, drop=0.3)


# Descent, and what all have in common ------------------------------------------------------------


def test_descent_follows_the_gradient_of_the_valley():
    found = experiments.descent(rate=0.1, steps=5)
    x, y = -2.0, 1.5
    for point, loss in zip(found.path, found.losses, strict=True):
        assert point == pytest.approx((x, y))
        assert loss == pytest.approx((x - 1) ** 2 + 8 * (y + 0.5) ** 2)
        x, y = x - 0.1 * 2 * (x - 1), y - 0.1 * 16 * (y + 0.5)
    assert found.grid.scores[3][7] == pytest.approx(
        experiments.valley(found.grid.xs[7], found.grid.ys[3])
    )


def test_a_rate_beyond_the_curvature_climbs_out_of_the_valley():
    found = experiments.descent(rate=0.13, steps=20)  # 2/16 is the limit
    assert found.losses[-1] > found.losses[0]


def test_results_are_frozen_and_repeat():
    calls = [
        experiments.products,
        experiments.steepest,
        experiments.descent,
        experiments.constraint,
        lambda: experiments.double_descent(draws=2),
        lambda: experiments.learning_rates((0.1,), steps=3),
        lambda: experiments.gradients_by_layer(depth=3),
        lambda: experiments.capacity((2,), steps=3),
        lambda: experiments.weight_decay((0.1,), steps=3),
        lambda: experiments.dropout((0.5,), units=5, steps=3),
        lambda: experiments.trained_double_descent((3,), draws=2, steps=3),
    ]
    for call in calls:
        found = call()
        assert is_dataclass(found)
        assert found == call()
        name = fields(found)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(found, name, None)
