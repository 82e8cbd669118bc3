"""Plots of training, of data and of the experiments, drawn with matplotlib.

Every function takes data and returns the Axes it drew on: those it was given, or those of a new
Figure. No state of pyplot is touched, and no setting of the caller's. Lines differ by dashes and
markers as well as by colour; the colours are those of Okabe and Ito.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scalargrad.engine.ops import Operation
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.lectures.experiments import (
    Comparison,
    Constraint,
    Curves,
    Descent,
    Grid,
)
from scalargrad.lectures.experiments.curves import FAR
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal
from scalargrad.notation.words import one_line
from scalargrad.sheets.reviewing import GROUPS, ItemCounts
from scalargrad.train.data import DataSet
from scalargrad.train.fit import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, in an order in which neighbours differ in lightness as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_GREY = "#555555"
_GROUP_FILLS = ("#009E73", "#56B4E9", "#D55E00", "#BBBBBB", "#CC79A7")  # of GROUPS
_HATCHES = ("", "..", "//", "", "xx")
_CLASS_FILLS = ("#9ECAE8", "#F5C9A6", "#A8DCC8", "#EBC9DA", "#F5DFA6")


# Training ----------------------------------------------------------------------------------------


def history(run: History, ax: Axes | None = None, *, quantity: str = "loss") -> Axes:
    """Axes with the loss of a run, or one of its metrics, epoch by epoch, in training and testing.

    Args:
        run: what `fit` returned.
        ax: where to draw; new Axes if left out.
        quantity: "loss" or the name of a metric.

    Raises:
        DrawingError: for a quantity that the run did not record.
    """
    known = ", ".join(run.train)
    if quantity not in run.train:
        raise DrawingError(f"the run recorded {known}; got {quantity!r}")
    if not run.train[quantity]:
        raise DrawingError("the run has no epochs to draw")
    ax = _axes(ax)
    for i, (name, recorded) in enumerate((("training", run.train), ("test", run.test))):
        values = recorded.get(quantity, [])
        if values:
            epochs = range(1, len(values) + 1)
            ax.plot(epochs, values, label=name, **_line(i, len(values)))
    values = run.train[quantity]
    if quantity == "loss" and min(values) > 0 and max(values) > 100 * min(values):
        ax.set_yscale("log")
    _whole_numbers(ax)
    return _finished(ax, "epoch", quantity)


def curves(found: Curves, ax: Axes | None = None) -> Axes:
    """Axes with the median of each case over the seeds, and the middle half of them as a band.

    What lies beyond the range that is shown, as 0 on a logarithmic axis, stands at its edge.
    """
    ax = _axes(ax)
    bottom, top = found.shown or _range(found)
    for i, case in enumerate(found.cases):
        low, middle, high = (found.quantile(case, share) for share in (0.25, 0.5, 0.75))
        line = _line(i, len(found.places))
        diverges = " (diverges)" if max(middle) >= FAR else ""
        shown = [min(max(y, bottom), top) if y < FAR else math.nan for y in middle]
        ax.plot(found.places, shown, label=f"{case}{diverges}", **line)
        if len(found.runs) > 1:
            low, high = ([min(max(y, bottom), top) for y in side] for side in (low, high))
            ax.fill_between(found.places, low, high, color=line["color"], alpha=0.18, lw=0)
    if found.band:
        ax.axhspan(
            *found.band,
            color="#DDEEDD",
            zorder=0,
            label=f"healthy: {' to '.join(map(_short, found.band))}",
        )
        for edge in found.band:
            ax.axhline(edge, color="#55885A", lw=0.8, zorder=1)
    if found.mark:
        ax.axvline(found.mark[0], color=_GREY, ls=":", lw=1)
        _note(ax, *found.mark)
    if "x" in found.logarithmic:
        ax.set_xscale("log")
    elif all(float(place).is_integer() for place in found.places):
        _whole_numbers(ax)
    if "y" in found.logarithmic:
        ax.set_yscale("log")
    ax.set_ylim(bottom, top)
    if "y" in found.logarithmic:
        _plain_logarithms(ax)
    if len(found.runs) > 1:
        ax.set_title(
            f"median and quartiles of {len(found.runs)} seeds", fontsize="small", loc="right"
        )
    return _finished(ax, found.x, found.y, outside=len(found.cases) > 2)


def _range(found: Curves) -> tuple[float, float]:
    """From the least to the greatest number of all medians, with some room beyond."""
    every = [*(found.band or ()), *(y for case in found.cases for y in found.median(case))]
    finite = [y for y in every if abs(y) < FAR]
    if "y" in found.logarithmic:
        return min(y for y in finite if y > 0) / 3, 3 * max(finite)
    room = 0.05 * (max(finite) - min(finite))
    return min(finite) - room, max(finite) + room


# The plane ---------------------------------------------------------------------------------------


def decision_boundary(
    grid: Grid, data: DataSet, ax: Axes | None = None, *, level: float = 0.0
) -> Axes:
    """Axes with the regions of two classes, the boundary between them, and the data.

    Args:
        grid: scores, higher for the second class.
        data: examples of two numbers, with classes.
        ax: where to draw; new Axes if left out.
        level: the score on the boundary.
    """
    ax = _axes(ax)
    scores = [score for row in grid.scores for score in row]
    ends = sorted([level, *scores])
    if ends[0] < level < ends[-1]:
        cuts = [ends[0], level, ends[-1]]
        ax.contourf(grid.xs, grid.ys, grid.scores, levels=cuts, colors=_CLASS_FILLS[:2])
        ax.contour(grid.xs, grid.ys, grid.scores, levels=[level], colors="black", linewidths=1.5)
    points(data, ax)
    ax.set_xlim(grid.xs[0], grid.xs[-1])
    ax.set_ylim(grid.ys[0], grid.ys[-1])
    return ax


def boundaries(
    found: Comparison, axes: Sequence[Axes] | None = None, *, name: str = "λ"
) -> list[Axes]:
    """Axes side by side, with the boundary that each setting leads to and its errors as the title.

    Args:
        found: what an experiment returned.
        axes: where to draw, one for each setting; those of a new figure if left out.
        name: what was varied.
    """
    if axes is None:
        from matplotlib.figure import Figure

        count = len(found.settings)
        figure = Figure(figsize=(3.4 * count + 1.2, 4.2), dpi=120, layout="compressed")
        axes = list(figure.subplots(1, count, squeeze=False)[0])
    for i, ax in enumerate(axes):
        decision_boundary(found.grids[i], found.data, ax)
        ax.set_title(
            f"{name} = {found.settings[i]:g}\nerror: training {found.train[i]:.1%}, "
            f"test {found.test[i]:.1%}",
            fontsize="medium",
        )
        legend = ax.get_legend()
        if legend and i < len(axes) - 1:  # one for all
            legend.remove()
    return list(axes)


def points(data: DataSet, ax: Axes | None = None) -> Axes:
    """Axes with the examples: a marker for each class, or the target over the only input."""
    ax = _axes(ax)
    if len(data.names) == 1:
        xs = [x for (x,) in data.inputs]
        ax.plot(xs, data.targets, "o", ms=4, color=_COLOURS[0])
        return _finished(ax, typeset(data.names[0]), "y")
    if len(data.names) != 2:
        raise DrawingError(f"a plane has two axes; the examples have {len(data.names)} numbers")
    for i, label in enumerate(data.classes or (None,)):
        of_class = [p for p, target in data if label in (None, target)]
        ax.plot(
            *zip(*of_class, strict=True) if of_class else ((), ()),
            linestyle="none", marker=_MARKERS[i % 7], ms=5, color=_COLOURS[i % 7],
            mec="white", mew=0.5, label=f"class {label}" if data.classes else None,
        )  # fmt: skip
    ax.set_aspect("equal")
    return _finished(ax, *map(typeset, data.names), outside=True)


def descent(found: Descent, ax: Axes | None = None) -> Axes:
    """Axes with the contours of a loss of two parameters and the path that descends it."""
    ax = _axes(ax)
    _contours(ax, found.grid.xs, found.grid.ys, found.grid.scores)
    xs, ys = zip(*found.path, strict=True)
    ax.plot(xs, ys, label=f"{len(xs) - 1} steps, η = {found.rate:g}", **_line(1, 1))
    ax.plot(*found.path[0], "o", ms=9, color="black", label="start", zorder=5)
    ax.plot(
        *found.path[-1], "s", ms=7, color="black", zorder=5,
        label=f"loss {_short(found.losses[-1])}",
    )  # fmt: skip
    return _finished(ax, typeset(found.names[0]), typeset(found.names[1]), outside=True)


def constraint(found: Constraint, ax: Axes | None = None) -> Axes:
    """Axes with the contours of a loss, the ball ‖w‖² ≤ B, and the optima w̃* and w*."""
    from matplotlib.patches import Circle

    if len(found.a) != 2:
        raise DrawingError(f"a plane has two axes; the optimum has {len(found.a)} numbers")
    ax = _axes(ax)
    radius = math.sqrt(found.bound)
    margin = 0.3 * math.hypot(*found.a)
    xs, ys = (_between(min(-radius, a) - margin, max(radius, a) + margin) for a in found.a)
    (a, b), (c, d) = found.a, found.curvatures
    losses = [[c * (x - a) ** 2 + d * (y - b) ** 2 for x in xs] for y in ys]
    _contours(ax, xs, ys, losses, numbers=False)  # they would lie under the path
    ball = Circle((0, 0), radius, fill=True, fc="#00000014", ec=_COLOURS[0], lw=2)
    ball.set_label(f"hard: ‖w‖² ≤ {found.bound:g}")
    ax.add_patch(ball)
    soft_x, soft_y = zip(*found.soft_path, strict=True)
    ax.plot(soft_x, soft_y, label="soft: λ from 0 to ∞", **_line(1, 100))
    ax.plot(*found.a, "*", ms=14, color="black", mec="white", label="w̃*, the free optimum")
    ax.plot(
        *found.hard,
        "o",
        ms=11,
        mfc="none",
        mew=2,
        color=_COLOURS[0],
        label="w* of the hard constraint",
    )
    ax.plot(*found.soft, "x", ms=9, mew=2.5, color=_COLOURS[1],
            label=f"w* of the soft one, λ = {found.decay:.3g}")  # fmt: skip
    ax.set_aspect("equal")
    return _finished(ax, "w₁", "w₂", outside=True)


# Functions, weights and masks --------------------------------------------------------------------


def activation(
    function: Callable[[Any], Any],
    ax: Axes | None = None,
    *,
    name: str = "",
    span: tuple[float, float] = (-5.0, 5.0),
) -> Axes:
    """Axes with an activation and its derivative.

    Args:
        function: a row of the table, as `ops.sigmoid`, or any function of a Value.
        ax: where to draw; new Axes if left out.
        name: what to call it; by default its own name.
        span: the ends of the z axis.
    """
    import numpy as np

    z = Value(np.linspace(*span, 401))
    y = function(z)
    y.backward()
    slopes = np.array(z.grad)
    jumps = np.abs(np.diff(slopes)) > 0.05 * max(np.ptp(slopes), 1e-9) + 0.02
    slopes[1:][jumps] = np.nan  # no line is drawn up a step
    called = name or (function.symbol if isinstance(function, Operation) else "")
    called = called or getattr(function, "__name__", "f")
    ax = _axes(ax)
    ax.axhline(0, color=_GREY, lw=0.6)
    ax.axvline(0, color=_GREY, lw=0.6)
    ax.plot(z.data, y.data, label=f"{called}(z)", **_line(0, 401))
    ax.plot(z.data, slopes, label=f"{called}′(z)", **_line(1, 401))
    return _finished(ax, "z", "f(z) and f′(z)")


def weight_histogram(
    weights: Mapping[str, Sequence[float]], ax: Axes | None = None, *, bins: int = 20
) -> Axes:
    """Axes with a histogram of the weights of each name, as of two runs or of two layers."""
    import numpy as np

    everything = [float(w) for group in weights.values() for w in group]
    if not everything or not all(map(math.isfinite, everything)):
        raise DrawingError("a histogram needs one finite weight or more")
    edges = np.histogram_bin_edges(everything, bins=bins).tolist()
    ax = _axes(ax)
    hatches = ("", "///", "...", "\\\\\\", "xxx")
    for i, (name, group) in enumerate(weights.items()):
        colour = _COLOURS[i % 7]
        spread = math.sqrt(sum(float(w) ** 2 for w in group) / max(len(group), 1))
        numbers = [float(w) for w in group]
        ax.hist(numbers, bins=edges, histtype="stepfilled", fc=colour + "40", ec="none")
        # By itself: in SVG a hatch is lost on a face that is half transparent.
        ax.hist(
            numbers, bins=edges, histtype="stepfilled", fc="none", ec=colour, lw=1.5,
            ls=_DASHES[i % 4], hatch=hatches[i % 5],
            label=f"{name} (root mean square {spread:.2g})",
        )  # fmt: skip
    _whole_numbers(ax, "y")
    return _finished(ax, "weight", "number of weights", above=True)


def dropout_masks(masks: Sequence[Sequence[float]], ax: Axes | None = None) -> Axes:
    """Axes with a row of units for each step: kept units filled, dropped ones crossed out.

    Args:
        masks: for each step a number for each unit; 0 where it is dropped.
        ax: where to draw; new Axes if left out.
    """
    if not masks or not masks[0]:
        raise DrawingError("masks are one row of units or more; got none")
    ax = _axes(ax)
    for kept, marker, colour, name in (
        (True, "o", _COLOURS[0], "kept"),
        (False, "x", "#999999", "dropped"),
    ):
        places = [
            (unit + 1, step + 1)
            for step, row in enumerate(masks)
            for unit, factor in enumerate(row)
            if bool(factor) == kept
        ]
        size = min(12.0, 220 / max(len(masks), len(masks[0])))
        ax.plot(*zip(*places, strict=True) if places else ((), ()), marker=marker, ms=size,
                color=colour, mew=2, linestyle="none", label=name)  # fmt: skip
    ax.set_xlim(0.25, len(masks[0]) + 0.75)
    ax.set_ylim(len(masks) + 0.75, 0.25)
    for axis in "xy":
        _whole_numbers(ax, axis)
    return _finished(ax, "hidden unit", "training step", above=True)


# A class -----------------------------------------------------------------------------------------


def items(found: Sequence[ItemCounts], ax: Axes | None = None) -> Axes:
    """Axes with a bar for each line of a worksheet: how many are right, follow, wrong, left out.

    Behind it stands the commonest wrong answer, with the name of the mistake where it has one.

    Raises:
        DrawingError: for a class that has no marked lines.
    """
    if not found:
        raise DrawingError("no line is marked that could be drawn")
    if ax is None:
        ax = _axes(None)
        ax.figure.set_size_inches(9, max(2.4, 0.9 + 0.28 * len(found)))  # type: ignore[union-attr]
    names = [item.quantity for item in found]
    ends = [0] * len(found)
    for group, colour, hatch in zip(GROUPS, _GROUP_FILLS, _HATCHES, strict=True):
        counts = [item.counts[group] for item in found]
        ax.barh(names, counts, left=ends, label=group, color=colour, hatch=hatch, edgecolor="white")
        ends = [end + count for end, count in zip(ends, counts, strict=True)]
    for place, (item, end) in enumerate(zip(found, ends, strict=True)):
        for written, count, slip in item.commonest[:1]:
            named = f": {slip}" if slip else ""
            said = one_line(f"{count} × {written}{named}", 60).replace("$", r"\$")
            ax.annotate(said, (end, place), (5, 0), textcoords="offset points", va="center",
                        fontsize="x-small", color=_GREY)  # fmt: skip
    ax.invert_yaxis()
    ax.set_xlim(0, 1.6 * max(ends))
    _whole_numbers(ax)
    return _finished(ax, "sheets", "line", above=True)


# Files -------------------------------------------------------------------------------------------


_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}


def svg(ax: Axes) -> bytes:
    """The figure of some Axes as an SVG file, its text outlined; equal plots give equal bytes."""
    return content(ax, ".svg")


def content(ax: Axes, suffix: str) -> bytes:
    """The same as ".svg", ".pdf" or ".png".

    Raises:
        DrawingError: for another suffix.
    """
    from io import BytesIO

    from matplotlib import rc_context

    if suffix not in _UNDATED:
        raise DrawingError(f"plots are written as {', '.join(_UNDATED)}; got {suffix!r}")
    file = BytesIO()
    with rc_context({"svg.hashsalt": "scalargrad", "svg.fonttype": "path"}):
        ax.figure.figure.savefig(file, format=suffix[1:], metadata=_UNDATED[suffix])
    return file.getvalue()


# What they share ---------------------------------------------------------------------------------


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    made: Axes = Figure(figsize=(6.4, 4.2), dpi=120, layout="compressed").add_subplot()
    return made


def _line(i: int, count: int) -> dict[str, Any]:
    """Colour, dashes and marker of the i-th line; about ten markers on a line of many points."""
    return {
        "color": _COLOURS[i % 7],
        "linestyle": _DASHES[i % 7],
        "marker": _MARKERS[i % 7],
        "markevery": (i * max(count // 40, 1) % max(count, 1), max(count // 10, 1)),
        "markersize": 5,
        "lw": 1.8,
    }


def _finished(ax: Axes, x: str, y: str, *, outside: bool = False, above: bool = False) -> Axes:
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    handles, labels = ax.get_legend_handles_labels()
    if outside and labels:
        ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    elif above and labels:
        ax.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0,
                  ncols=2)  # fmt: skip
    elif labels:
        ax.legend(handles, labels)
    return ax


def _note(ax: Axes, x: float, text: str) -> None:
    """A text above the frame, over a place on the x axis."""
    ax.text(x, 1.01, text, transform=ax.get_xaxis_transform(), ha="center", va="bottom",
            color=_GREY, fontsize="small")  # fmt: skip


def _whole_numbers(ax: Axes, axis: str = "x") -> None:
    from matplotlib.ticker import MaxNLocator

    (ax.xaxis if axis == "x" else ax.yaxis).set_major_locator(MaxNLocator(integer=True))


def _plain_logarithms(ax: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    low, high = ax.get_ylim()
    if high > 1000 * low:
        return
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())


def _contours(
    ax: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    losses: Sequence[Sequence[float]],
    *,
    numbers: bool = True,
) -> None:
    """Contours that lie closer where the loss is small, with their losses on some of them."""
    finite = [loss for row in losses for loss in row if math.isfinite(loss)]
    low, high = min(finite), max(finite)
    cuts = [low + (high - low) * (i / 11) ** 2 for i in range(1, 11)]
    lines = ax.contour(xs, ys, losses, levels=cuts, colors="#999999", linewidths=0.8)
    if numbers:
        ax.clabel(lines, cuts[1::3], fmt=_short, fontsize="x-small")


def _short(number: float) -> str:
    return decimal(number, 3)


def _between(low: float, high: float, steps: int = 100) -> list[float]:
    return [low + (high - low) * i / steps for i in range(steps + 1)]


__all__ = [
    "activation",
    "boundaries",
    "constraint",
    "curves",
    "decision_boundary",
    "descent",
    "dropout_masks",
    "history",
    "items",
    "points",
    "svg",
    "weight_histogram",
]
