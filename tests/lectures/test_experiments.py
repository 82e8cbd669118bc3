"""The experiments: what each seed gives, their middle and spread, and what backs the sentences."""

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from fractions import Fraction
from functools import partial

import pytest
from peers import needs_compiler

from scalargrad import nn
from scalargrad.engine.value import Value
from scalargrad.lectures import experiments
from scalargrad.lectures.experiments import CLIPPED, NETWORKS, TEST, TRAINING, Curves
from scalargrad.train import optim

np = pytest.importorskip("numpy")


def test_curves_have_a_median_and_quartiles_at_each_place():
    runs = [{"a": [float(n), 10.0 * n]} for n in (4, 1, 3, 2, 0)]
    found = Curves("x", "y", [1, 2], runs)
    assert found.cases == ["a"]
    assert found.median("a") == [2, 20]
    assert [found.quantile("a", share) for share in (0.25, 0.75)] == [[1, 10], [3, 30]]
    assert found.count(lambda run: run["a"][0] > 1) == 3


@pytest.mark.parametrize("run", [experiments.capacity, experiments.gradients_by_layer])
def test_no_seeds_are_refused(run):
    with pytest.raises(ValueError, match="one seed or more; got none"):
        run(seeds=())


def test_two_runs_that_diverged_have_no_middle_that_is_not_a_number():
    found = Curves("x", "y", [1], [{"a": [math.inf]}, {"a": [math.inf]}, {"a": [1.0]}])
    assert found.median("a") == [1e300]


@pytest.mark.parametrize(
    "run",
    [
        partial(experiments.gradients_by_layer, depth=3),
        partial(experiments.gradients_by_depth, ["ReLU"], (2, 3)),
        partial(experiments.learning_rates, (0.1,), steps=3),
        experiments.capacity,
        partial(experiments.double_descent, (5, 10)),
        experiments.more_data,
        lambda seeds: experiments.deep_training((0.1, 1.0), depth=3, steps=3, seeds=seeds)[0],
        lambda seeds: experiments.dropout((0.5,), 5, steps=4, every=2, seeds=seeds)[0],
    ],
)
def test_every_experiment_takes_seeds_and_one_seed_does_not_hang_on_the_others(run):
    both, second = run(seeds=(3, 5)), run(seeds=(5,))
    assert len(both.runs) == 2
    assert both.runs[1] == second.runs[0] != both.runs[0]
    assert all(len(curve) == len(both.places) for run in both.runs for curve in run.values())


# Gradients ---------------------------------------------------------------------------------------


def test_a_hundred_factors_explode_or_vanish():
    up, down, _ = experiments.products().runs[0].values()
    assert up[-1] == pytest.approx(float(Fraction(3, 2) ** 100), rel=1e-12)
    assert down[-1] == pytest.approx(float(Fraction(4, 5) ** 100), rel=1e-12)


def test_the_gradient_of_a_layer_is_the_mean_over_its_weights():
    found = experiments.gradients_by_layer(["ReLU"], depth=2, width=3, seeds=(1,))
    model = NETWORKS["ReLU"](2, 3, 1)
    examples = experiments.gradients.two_moons(16, seed=1)
    total = [0.0] * 9
    for (x1, x2), y in examples:
        w = [float(p.data) for p in model.parameters()]  # three units of (2 weights, a bias), …
        z = [w[3 * j] * x1 + w[3 * j + 1] * x2 + w[3 * j + 2] for j in range(3)]
        h = [max(0.0, number) for number in z]
        score = sum(w[9 + j] * h[j] for j in range(3)) + w[12]
        slope = 1 / (1 + math.exp(-score)) - y
        for j in range(3):
            back = slope * w[9 + j] * (z[j] > 0)
            total[2 * j] += back * x1 / 16
            total[2 * j + 1] += back * x2 / 16
            total[6 + j] += slope * h[j] / 16
    expected = [sum(map(abs, total[:6])) / 6, sum(map(abs, total[6:])) / 3]
    assert found.runs[0]["ReLU"] == pytest.approx(expected)


def test_clipped_gradients_have_norm_1_and_keep_their_direction():
    model = NETWORKS["ReLU, large weights"](6, 4, 0)
    model([0.5, -0.25]).backward()
    before = [float(p.grad) for p in model.parameters()]
    assert math.hypot(*before) > 1
    optim.clip_norm(model.parameters(), 1)
    after = [float(p.grad) for p in model.parameters()]
    assert math.hypot(*after) == pytest.approx(1)
    cosine = sum(a * b for a, b in zip(after, before, strict=True)) / math.hypot(*before)
    assert cosine == pytest.approx(1)
    assert CLIPPED in experiments.gradients_by_layer(depth=2, seeds=(0,)).cases


def test_an_unknown_case_is_refused():
    with pytest.raises(ValueError, match=r"a case is one of sigmoid, .* got cubic"):
        experiments.gradients_by_layer(["cubic"])


def test_a_run_that_diverges_is_infinite_to_its_end():
    (run,) = experiments.learning_rates((3.0,), steps=60, seeds=(0,)).runs
    curve = run["η = 3"]
    assert len(curve) == 60
    first = curve.index(math.inf)
    assert 1 < first < 60
    assert set(curve[first:]) == {math.inf}


# Generalisation ----------------------------------------------------------------------------------


def test_a_polynomial_with_as_many_coefficients_as_points_goes_through_all():
    found = experiments.capacity((0, 13), seeds=range(4))
    assert all(run[TRAINING][1] < 1e-9 < run[TRAINING][0] for run in found.runs)
    fitted, points = experiments.fits((13,), seed=0)
    (curve,) = fitted.runs[0].values()
    for (x,), y in points:
        nearest = min(range(len(curve)), key=lambda i: abs(fitted.places[i] - x))
        assert abs(curve[nearest] - y) < 1.5


def test_as_many_features_as_examples_interpolate_and_twice_the_examples_move_the_peak():
    found = experiments.double_descent(seeds=range(2))
    for run in found.runs:
        interpolates = [error < 1e-12 for error in run[TRAINING]]
        assert interpolates == [features >= 40 for features in found.places]
    more = experiments.double_descent((20, 40, 80, 160), count=80, seeds=range(5))
    assert more.places[int(np.argmax(more.median(TEST)))] == 80


@pytest.mark.parametrize(
    ("d", "m", "k", "count"), [(1, 2, 1, 7), (2, 2, 1, 9), (784, 100, 10, 79_510)]
)
def test_parameters_are_counted(d, m, k, count):
    assert (d + 1) * m + (m + 1) * k == count
    assert len(nn.MLP(d, [m, k], initial=nn.zeros).parameters()) == count


def test_a_larger_batch_is_nearer_the_best_loss_for_the_same_examples():
    alone, batch, all_ = (experiments.budget(size, seeds=range(3)) for size in (1, 32, 2000))
    for ratios in zip(batch, alone, all_, strict=True):
        assert list(ratios) == sorted(ratios)


@pytest.fixture(scope="module")
def decayed():
    (found,) = experiments.weight_decay(steps=300)
    return found


def test_the_grid_holds_the_scores_of_the_classes(decayed):
    for grid, error in zip(decayed.grids, decayed.train, strict=True):
        wrong = 0
        for (x, y), label in decayed.data:
            column = min(range(len(grid.xs)), key=lambda i: abs(grid.xs[i] - x))
            row = min(range(len(grid.ys)), key=lambda i: abs(grid.ys[i] - y))
            wrong += (grid.scores[row][column] > 0) != bool(label)
        assert abs(wrong / 200 - error) < 0.05
    assert [len(weights) for weights in decayed.weights] == [30, 30]  # 2·10 + 10


def test_the_penalty_of_a_sum_is_twice_its_share_as_the_decay_of_a_mean():
    lam, n, w, data = 0.02, 200, 1.7, [(0.3, 1.0), (-0.5, 0.2)]
    of_sum = sum(2 * (w * x - y) * x for x, y in data) * n / 2 + 2 * lam * w  # n losses, λw²
    of_mean = sum(2 * (w * x - y) * x for x, y in data) / 2 + (2 * lam / n) * w
    assert of_mean == pytest.approx(of_sum / n)


# Constraints -------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [(3.0,), (2.0, 1.0), (-1.0, 4.0, 2.0)], ids=str)
@pytest.mark.parametrize("bound", [0.25, 1.0, 4.0])
def test_hard_and_soft_constraint_meet_at_the_matching_decay(a, bound):
    found = experiments.constraint(a, bound)
    size = math.hypot(*a)
    assert found.decay == pytest.approx(2 * size / math.sqrt(bound) - 2)
    nearest = [w * math.sqrt(bound) / size for w in a]  # of the ball to a
    assert found.hard == pytest.approx(nearest, abs=1e-9)
    assert found.soft == pytest.approx(nearest, abs=1e-9)
    assert sum(w * w for w in found.hard) == pytest.approx(bound)


@pytest.mark.parametrize("decay", [0, Fraction(1, 50), 4, 1000])
def test_the_soft_optimum_is_2a_over_lambda_plus_2(decay):
    a = Fraction(7, 3)
    w = Value(experiments.soft_optimum(a, decay), "w")
    ((w - a) ** 2 + Fraction(decay) / 2 * w**2).backward()
    assert w.grad == 0
    assert w.data == 2 * a / (decay + 2)


def test_no_decay_is_the_free_optimum_and_much_decay_is_0():
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
def test_inverted_dropout_keeps_the_mean_and_has_variance_h2_p_over_1_minus_p(drop):
    units = [Fraction(3), Fraction(-1, 2), Fraction(5)]
    found = experiments.dropout_moments(units, drop)
    assert found.means == units
    assert found.variances == [h**2 * drop / (1 - drop) for h in units]


def test_the_decks_form_has_the_mean_that_testing_multiplies_by():
    found = experiments.dropout_moments([4, 6], Fraction(1, 4), inverted=False)
    assert found.means == [3, Fraction(9, 2)]
    layer = nn.Dropout(Fraction(1, 4), inverted=False)
    layer.eval()
    assert [h.data for h in layer([4, 6])] == found.means


@pytest.mark.parametrize("bound", [0.5, 1.0, 3.0])
def test_on_elliptic_contours_both_optima_are_the_same(bound):
    found = experiments.constraint((2.0, 1.0), bound, (1.0, 4.0))
    assert found.hard == pytest.approx(found.soft, abs=1e-6)
    assert sum(w * w for w in found.soft) == pytest.approx(bound)
    for w, a, c in zip(found.soft, (2, 1), (1, 4), strict=True):
        assert 2 * c * (w - a) + found.decay * w == pytest.approx(0, abs=1e-6)


# Dropout -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["python", "numpy", pytest.param("c", marks=needs_compiler)])
@pytest.mark.parametrize(
    "run",
    [
        lambda **how: [vars(c) for c in experiments.weight_decay(count=20, steps=20, **how)],
        lambda **how: (
            experiments.dropout((0.5,), 4, 20, steps=20, every=10, seeds=(0,), **how)[0].runs
        ),
        lambda **how: experiments.deep_training((0.1,), 3, 3, 20, 0.1, (0,), **how)[0].runs,
    ],
    ids=["weight decay", "dropout", "deep training"],
)
def test_every_backend_gives_the_same_but_for_the_last_bits(run, backend):
    (found,), (expected,) = run(backend=backend), run(backend=None)
    for name, numbers in expected.items():
        if name not in ("grids", "data"):
            assert np.ravel(found[name]) == pytest.approx(np.ravel(numbers), rel=1e-9)


def test_wrong_labels_are_as_many_as_asked_for_and_only_for_training():
    right, wrong = (
        experiments.dropout((0.0,), 2, wrong=share, steps=1, every=1, seeds=(0,))[1][0].data
        for share in (0, 0.2)
    )
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
        lambda: experiments.double_descent((3, 5), seeds=(1, 2)),
        lambda: experiments.learning_rates((0.1,), steps=3),
        lambda: experiments.weight_decay((0.1,), steps=3)[0],
    ]
    for call in calls:
        found = call()
        assert is_dataclass(found)
        assert found == call()
        name = fields(found)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(found, name, None)
