import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scalargrad import plots
from scalargrad.engine import ops
from scalargrad.errors import DrawingError
from scalargrad.lectures import experiments
from scalargrad.lectures.experiments import Curves, Grid
from scalargrad.nn.layers import MLP
from scalargrad.nn.regularisation import Dropout
from scalargrad.sheets.reviewing import GROUPS, ItemCounts
from scalargrad.train import data
from scalargrad.train.fit import History

pytest.importorskip("numpy")
matplotlib = pytest.importorskip("matplotlib")

RUN = History(
    train={"loss": [0.7, 0.4, 0.2], "accuracy": [0.5, 0.7, 0.9]},
    test={"loss": [0.8, 0.5, 0.4], "accuracy": [0.4, 0.6, 0.8]},
)
SIZES = Curves(
    "layer", "mean |∂L/∂w|", [1, 2, 3], [{"sigmoid": [1e-9, 1e-5, 0.1], "ReLU": [0.1, 0.0, 9.0]}],
    "y", (1e-6, 1e3),
)  # fmt: skip
SPREAD = Curves(
    "degree", "error", [0, 1, 2], [{"test": [n, n / 2, n * 2]} for n in (1.0, 2.0, 5.0)], "xy",
    mark=(1, "least"), shown=(0.1, 8.0),
)  # fmt: skip
RATES = Curves(
    "step", "loss", [1, 2, 3],
    [{"η = 0.1": [1.0, 0.5, 0.2], "η = 9": [1.0, 900.0, math.inf]}] * 2, "y", shown=(0.1, 10),
)  # fmt: skip
MOONS = data.two_moons(20)
GRID = experiments.score_grid(lambda xy: xy[0] - xy[1], MOONS, steps=12)

ITEMS = [
    ItemCounts(name, dict(zip(GROUPS, counts, strict=True)), commonest)
    for name, counts, commonest in (
        ("∂ℓ/∂ŷ", (20, 0, 6, 2, 2), (("-0.52", 4, "the factor 2 of the square is lost"),)),
        ("∂ŷ/∂h", (30, 0, 0, 0, 0), ()),
        ("∂ℓ/∂w", (11, 9, 7, 3, 0), (("$x_1^{", 2, ""), ("9", 1, ""))),
    )
]
DRAWN = {
    "history": lambda ax=None: plots.history(RUN, ax),
    "accuracy": lambda ax=None: plots.history(RUN, ax, quantity="accuracy"),
    "rates": lambda ax=None: plots.curves(RATES, ax),
    "sizes": lambda ax=None: plots.curves(SIZES, ax),
    "spread": lambda ax=None: plots.curves(SPREAD, ax),
    "decision_boundary": lambda ax=None: plots.decision_boundary(GRID, MOONS, ax),
    "points": lambda ax=None: plots.points(data.blobs(12), ax),
    "spirals": lambda ax=None: plots.points(data.spirals(120), ax),
    "sine": lambda ax=None: plots.points(data.noisy_sine(9), ax),
    "descent": lambda ax=None: plots.descent(experiments.descent(steps=5), ax),
    "constraint": lambda ax=None: plots.constraint(experiments.constraint(), ax),
    "items": lambda ax=None: plots.items(ITEMS, ax),
    "activation": lambda ax=None: plots.activation(ops.sigmoid, ax),
    "weight_histogram": lambda ax=None: plots.weight_histogram(
        {"λ = 0": [-3, 0, 1, 4], "λ = 0.02": [-1, 0, 0.5, 1]}, ax
    ),
    "dropout_masks": lambda ax=None: plots.dropout_masks([[1, 0, 1], [0, 0, 1]], ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_axes_go_in_and_come_out(name):
    from matplotlib.figure import Figure

    before = dict(matplotlib.rcParams)
    made = DRAWN[name]()
    ax = Figure().add_subplot()
    assert DRAWN[name](ax) is ax
    assert made is not ax
    assert dict(matplotlib.rcParams) == before
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


@pytest.mark.parametrize("name", DRAWN)
def test_axes_are_labelled_and_nothing_is_cut(name):
    ax = DRAWN[name]()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    figure = ax.figure
    figure.draw_without_rendering()  # lays it out, as savefig does
    ink, page = figure.get_tightbbox(), figure.bbox_inches
    assert ink.x0 >= page.x0 - 0.01
    assert ink.y0 >= page.y0 - 0.01
    assert ink.x1 <= page.x1 + 0.01
    assert ink.y1 <= page.y1 + 0.01
    assert ax.get_window_extent().width > 0.35 * figure.bbox.width


@pytest.mark.parametrize("name", DRAWN)
def test_lines_differ_without_colour(name):
    ax = DRAWN[name]()
    named = [line for line in ax.lines if not line.get_label().startswith("_")]
    looks = [(line.get_linestyle(), line.get_marker(), line.get_markerfacecolor() == "none")
             for line in named]  # fmt: skip
    assert len(looks) == len(set(looks))


def test_seven_lines_have_seven_dashes_and_markers():
    found = Curves("depth", "size", [1, 2], [{name: [0.1, 0.1] for name in "abcdefg"}], "y")
    ax = plots.curves(found)
    lines = [line for line in ax.lines if line.get_label() in set("abcdefg")]
    assert len({line.get_marker() for line in lines}) == 7
    assert len({line.get_color() for line in lines}) == 7
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 7


def luminance(colour):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722),
                                     matplotlib.colors.to_rgb(colour), strict=True))  # fmt: skip


def test_the_two_regions_of_a_boundary_and_their_points_contrast():
    import matplotlib.colors  # noqa: F401

    for fill, point in zip(plots._CLASS_FILLS[:2], plots._COLOURS[:2], strict=True):
        assert luminance(fill) > luminance(point) + 0.25


def test_drawing_loads_no_pyplot():
    code = (
        "import sys; from scalargrad import plots, ops; plots.activation(ops.tanh);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          timeout=60)  # fmt: skip
    assert done.stdout.strip() == "False"


# What is drawn is what was given -----------------------------------------------------------------


def line(ax, label):
    (found,) = [artist for artist in ax.lines if artist.get_label().startswith(label)]
    return list(found.get_xdata()), list(found.get_ydata())


def test_history_draws_training_and_test_over_the_epochs():
    ax = plots.history(RUN)
    assert line(ax, "training") == ([1, 2, 3], RUN.train["loss"])
    assert line(ax, "test") == ([1, 2, 3], RUN.test["loss"])
    assert ax.get_yscale() == "linear"
    steep = replace(RUN, train={"loss": [1.0, 1e-4]}, test={})
    assert plots.history(steep).get_yscale() == "log"


def test_gradients_stand_over_the_healthy_band_and_zero_at_its_lower_edge():
    ax = plots.curves(SIZES)
    assert line(ax, "sigmoid") == ([1, 2, 3], SIZES.runs[0]["sigmoid"])
    low, high = ax.get_ylim()
    assert low < 1e-9 < 1e3 < high
    assert line(ax, "ReLU")[1][1] == pytest.approx(low)
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert [band.y0, band.y1] == pytest.approx([1e-6, 1e3], rel=1e-6)


def test_the_median_stands_in_the_band_of_the_quartiles():
    ax = plots.curves(SPREAD)
    assert line(ax, "test") == ([0, 1, 2], [2, 1, 4])
    (band,) = ax.collections
    at_0 = sorted({y for x, y in band.get_paths()[0].vertices if x == 0})
    assert at_0 == [1.5, 3.5]
    assert ax.get_ylim() == (0.1, 8.0)
    assert [text.get_text() for text in ax.texts] == ["least"]
    assert "3 seeds" in ax.get_title(loc="right")


def test_an_activation_is_drawn_with_its_derivative():
    ax = plots.activation(ops.sigmoid)
    zs, ys = line(ax, "σ(z)")
    slopes = line(ax, "σ′(z)")[1]
    for z, y, slope in zip(zs[::50], ys[::50], slopes[::50], strict=True):
        assert y == pytest.approx(1 / (1 + math.exp(-z)))
        assert slope == pytest.approx(y * (1 - y))


def test_no_line_is_drawn_up_the_step_of_a_derivative():
    zs, slopes = line(plots.activation(ops.relu), "ReLU′")
    assert sum(map(math.isnan, slopes)) == 1
    assert abs(zs[[math.isnan(s) for s in slopes].index(True)]) < 0.05


def test_the_boundary_is_where_the_score_is_zero():
    ax = plots.decision_boundary(GRID, MOONS)
    paths = [path for drawn in ax.collections for path in drawn.get_paths()]
    boundary = paths[-1].vertices
    assert all(abs(x - y) < 1e-9 for x, y in boundary)
    for label in (0, 1):
        xs, ys = line(ax, f"class {label}")
        assert list(zip(xs, ys, strict=True)) == [p for p, t in MOONS if t == label]


def test_the_scores_of_a_network_are_those_of_testing_and_it_stays_as_it_was():
    model = MLP(2, [8, 1], seed=0)
    model.layers.insert(1, Dropout(0.5, seed=0))
    found = [experiments.score_grid(model, MOONS, steps=5).scores for _ in range(2)]
    assert model.training
    model.eval()
    assert found == [experiments.score_grid(model, MOONS, steps=5).scores] * 2
    assert not model.training


def test_a_grid_holds_the_score_at_its_points():
    assert GRID.scores[3][5] == pytest.approx(GRID.xs[5] - GRID.ys[3])
    assert GRID.xs[0] < min(x for x, _ in MOONS.inputs)
    assert GRID.ys[-1] > max(y for _, y in MOONS.inputs)


def test_scores_of_one_sign_draw_no_boundary():
    flat = Grid(GRID.xs, GRID.ys, [[1.0] * len(GRID.xs) for _ in GRID.ys])
    ax = plots.decision_boundary(flat, MOONS)
    assert len(ax.lines) == 2


def test_masks_show_what_was_kept():
    ax = plots.dropout_masks([[1, 0, 2.0], [0, 0, 1]])
    assert line(ax, "kept") == ([1, 3, 3], [1, 1, 2])
    assert line(ax, "dropped") == ([2, 1, 2], [1, 2, 2])


def test_a_histogram_counts_every_weight():
    ax = plots.weight_histogram({"w": [0.0, 0.1, 0.2, 5.0]}, bins=5)
    heights = [y for _, y in ax.patches[0].get_xy()]
    assert max(heights) == 3


def test_the_constraint_shows_where_both_optima_meet():
    ax = plots.constraint(experiments.constraint((2.0, 1.0), 1.0))
    (hx,), (hy,) = line(ax, "w* of the hard")
    (sx,), (sy,) = line(ax, "w* of the soft")
    assert (hx, hy) == pytest.approx((sx, sy))
    assert math.hypot(hx, hy) == pytest.approx(1)
    low, high = ax.get_xlim()
    assert low < -1 < 2 < high


def test_boundaries_stand_side_by_side_with_their_errors():
    (found,) = experiments.weight_decay((0.0, 5.0), steps=3)
    axes = plots.boundaries(found)
    assert [ax.get_title().split("\n")[0] for ax in axes] == ["λ = 0", "λ = 5"]
    assert f"test {found.test[1]:.1%}" in axes[1].get_title()
    figure = axes[0].figure
    figure.draw_without_rendering()
    left, right = (ax.get_tightbbox() for ax in axes)
    assert left.x1 < right.x0
    assert figure.get_tightbbox().x1 <= figure.bbox_inches.x1
    again = plots.boundaries(found, figure.axes)
    assert again == axes


def test_a_plot_is_the_same_svg_each_time_and_its_hatches_are_seen():
    made = [plots.svg(DRAWN["weight_histogram"]()) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].startswith(b"<?xml")
    hatched = re.findall(r'style="([^"]*url\(#h[^"]*)"', made[0].decode())
    assert hatched
    assert not any("fill-opacity" in style for style in hatched)  # matplotlib would lose them


def test_the_gallery_shows_every_plot():
    source = (Path(__file__).parent / "gallery.py").read_text(encoding="utf-8")
    assert [n for n in plots.__all__ if f"plots.{n}(" not in source] == []


def test_a_rate_that_diverges_is_said_to():
    ax = plots.curves(RATES)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["η = 0.1", "η = 9 (diverges)"]


def test_the_lines_of_a_class_are_bars_with_their_commonest_mistake():
    ax = plots.items(ITEMS)
    widths = [[round(bar.get_width()) for bar in group] for group in ax.containers]
    assert widths == [[20, 30, 11], [0, 0, 9], [6, 0, 7], [2, 0, 3], [2, 0, 0]]
    assert [text.get_text() for text in ax.texts] == [
        "4 × -0.52: the factor 2 of the square is lost", r"2 × \$x_1^{",
    ]  # fmt: skip
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["∂ℓ/∂ŷ", "∂ŷ/∂h", "∂ℓ/∂w"]
    for suffix, start in ((".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")):
        made = [plots.content(plots.items(ITEMS), suffix) for _ in range(2)]
        assert made[0] == made[1]
        assert made[0].startswith(start)


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.history(RUN, quantity="F1"), "recorded loss, accuracy; got 'F1'"),
        (lambda: plots.history(History(train={"loss": []})), "no epochs to draw"),
        (lambda: plots.items([]), "no line is marked"),
        (lambda: plots.content(plots.items(ITEMS), ".doc"), r"\.svg, \.pdf, \.png; got '\.doc'"),
        (lambda: plots.dropout_masks([]), "one row of units or more; got none"),
        (lambda: plots.weight_histogram({"w": []}), "one finite weight or more"),
        (lambda: plots.weight_histogram({"w": [math.nan]}), "one finite weight or more"),
        (lambda: plots.constraint(experiments.constraint((2.0,), 1.0)), "optimum has 1 numbers"),
    ],
)
def test_bad_input_gives_one_clear_line(call, message):
    with pytest.raises(DrawingError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
