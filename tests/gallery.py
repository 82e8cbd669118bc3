"""Every example in every style and theme, its frames and its exports, and every plot, on one page.

`make gallery` runs it; the page is gallery/index.html.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from examples import EXAMPLES, LARGE, WRT
from matplotlib.axes import Axes
from tqdm import tqdm

from scalargrad import Value, draw, nn, plots, train
from scalargrad.engine import ops
from scalargrad.files import write_all
from scalargrad.lectures import experiments
from scalargrad.nn import losses
from scalargrad.sheets.reviewing import GROUPS, ItemCounts
from scalargrad.train import data, optim
from scalargrad.view.drawing import STYLES, Drawing
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.scene import THEMES

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>scalargrad: gallery</title>
<style>
body {{ font: 16px/1.4 sans-serif; margin: 2rem; background: #f8fafc }}
figure {{ display: inline-block; margin: .5rem; padding: .5rem; background: #fff;
  border: 1px solid #cbd5e1; vertical-align: top; max-width: 95vw }}
img {{ max-width: 44rem; max-height: 40rem; width: 100% }}
figcaption {{ font-size: 14px }}
</style>
<h1>scalargrad: gallery</h1>
{figures}
</html>
"""


def example(name: str) -> Value:
    """An example after backward."""
    output = EXAMPLES[name]()
    output.backward()
    return output


def drawings() -> Iterator[tuple[str, Drawing]]:
    """A name for a file, and what is in it."""
    for name in EXAMPLES:
        output = example(name)
        for style in STYLES:
            for theme in THEMES:
                yield f"{name}-{style}-{theme}", draw(output, style=style, theme=theme)
            if name in WRT:
                yield f"{name}-{style}-wrt", draw(output, style=style, wrt=WRT[name])
            yield f"{name}-{style}-TB", draw(output, style=style, direction="TB")
        yield f"{name}-layers", draw(output, style="network", detail="layers")
    output = example("deeper")
    yield "deeper-path", draw(output, wrt="x1", path="a11_1")
    yield "lecture-fractions", draw(example("lecture"), wrt="w2").numbers(fractions=True)
    yield "lecture-dropped", draw(example("lecture")).dropped("h2")


def plotted() -> Iterator[tuple[str, Axes]]:
    """A name for a file, and the Axes of a plot, until all kinds of plots were there."""
    moons = data.two_moons(100)
    net = nn.MLP(2, [8, 1], ops.tanh)
    run = train.fit(
        net, losses.binary_cross_entropy_with_logits, moons, optim.SGD(net.parameters(), 0.5, 0.9),
        epochs=60, batch_size=20, test=data.two_moons(100, seed=1),
        metrics={"accuracy": train.accuracy},
    )  # fmt: skip
    yield "history", plots.history(run)
    yield "history-accuracy", plots.history(run, quantity="accuracy")
    yield "decision_boundary", plots.decision_boundary(experiments.score_grid(net, moons), moons)
    for name, make in SETS.items():
        yield f"points-{name}", plots.points(make(120))
    for name, found in (
        ("learning_rates", experiments.learning_rates()),
        ("gradients-layer", experiments.gradients_by_layer()),
        ("gradients-depth", experiments.gradients_by_depth(depths=(2, 4, 8))),
        ("capacity", experiments.capacity()),
        ("double_descent", experiments.double_descent()),
        ("products", experiments.products()),
    ):
        yield name, plots.curves(found)
    counts = {"∂ℓ/∂ŷ": (20, 0, 6, 2, 2), "∂ŷ/∂h": (29, 0, 1, 0, 0), "∂ℓ/∂w": (11, 9, 7, 3, 0)}
    wrong = (("-0.6", 4, "the factor 2 of the square is lost"),)
    lines = [
        ItemCounts(name, dict(zip(GROUPS, each, strict=True)), wrong)
        for name, each in counts.items()
    ]
    yield "items", plots.items(lines)
    yield "descent", plots.descent(experiments.descent())
    yield "descent-too-fast", plots.descent(experiments.descent(rate=0.13, steps=12))
    yield "constraint", plots.constraint(experiments.constraint())
    for row in ACTIVATIONS:
        yield f"activation-{row.name}", plots.activation(row)
    (compared,) = experiments.weight_decay(steps=500)
    yield "boundaries", plots.boundaries(compared)[0]
    named = zip(compared.settings, compared.weights, strict=True)
    yield "weight_histogram", plots.weight_histogram({f"λ = {s:g}": w for s, w in named})
    yield "dropout_masks", plots.dropout_masks(experiments.dropout_masks())


SETS: dict[str, Callable[[int], data.DataSet]] = {
    "two_moons": data.two_moons, "circles": data.circles, "spirals": data.spirals,
    "xor": lambda count: data.xor(count, noise=0.2), "blobs": data.blobs,
    "gaussian_mixture": data.gaussian_mixture, "noisy_sine": data.noisy_sine,
}  # fmt: skip
ACTIVATIONS = (ops.sigmoid, ops.tanh, ops.relu, ops.leaky_relu, ops.elu, ops.softplus)


def main(folder: Path) -> None:
    """Write the gallery into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = []
    every = list(drawings())
    for name, drawing in tqdm(every, disable=None, desc="pictures"):
        write_all([(folder / f"{name}.svg", drawing.content(".svg"))])
        figures.append(
            f'<figure><img src="{name}.svg" alt="{escape(repr(drawing))}">'
            f"<figcaption>{name}</figcaption></figure>"
        )
    for name in tqdm(EXAMPLES, disable=None, desc="exports"):
        drawing = draw(example(name), wrt=WRT.get(name, ()))
        files = [(folder / f"{name}{suffix}", drawing.content(suffix)) for suffix in SUFFIXES]
        frames = drawing.frames("layer" if name in LARGE else "node")
        files += [
            (folder / f"{name}-frames{suffix}", frames.content(suffix)) for suffix in FRAME_SUFFIXES
        ]
        write_all(files)
        figures.append(
            f'<figure><img src="{name}-frames.svg" alt="the frames of {name}">'
            f"<figcaption>{name}: frames</figcaption></figure>"
        )
        links = " ".join(f'<a href="{path.name}">{path.name}</a>' for path, _ in files)
        figures.append(f"<p>{name}: {links}</p>")
    drawn = [*plotted()]
    for name, axes in tqdm(drawn, disable=None, desc="plots"):
        write_all([(folder / f"plot-{name}.svg", plots.svg(axes))])
        figures.append(
            f'<figure><img src="plot-{name}.svg" alt="the plot {name}">'
            f"<figcaption>{name}</figcaption></figure>"
        )
    write_all([(folder / "index.html", PAGE.format(figures="\n".join(figures)).encode())])
    print(f"wrote {folder / 'index.html'}: {len(every)} pictures, {len(drawn)} plots")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "gallery"))
