"""Every example in every style and theme, its frames and its exports, on one page to look at.

`make gallery` runs it; the page is gallery/index.html.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from examples import EXAMPLES
from tqdm import tqdm

from scalargrad import Value, draw
from scalargrad.view.drawing import FRAME_SUFFIXES, STYLES, SUFFIXES, Drawing
from scalargrad.view.export.files import write_all
from scalargrad.view.scene import THEMES

WRT = {"lecture": "w2", "biases": "b2", "cross-entropy": "w11", "deeper": "x1", "softmax": "w12",
       "product": "x", "doubled": "a", "micrograd": "a"}  # fmt: skip
LARGE = ("2-16-16-1",)  # its frames are layers
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
    yield "lecture-fractions", draw(example("lecture"), wrt="w2", fractions=True)
    yield "lecture-dropped", draw(example("lecture"), dropped=["h2"])


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
            (folder / f"{name}-frames{suffix}", frames.content(suffix))
            for suffix in FRAME_SUFFIXES
        ]
        write_all(files)
        figures.append(
            f'<figure><img src="{name}-frames.svg" alt="the frames of {name}">'
            f"<figcaption>{name}: frames</figcaption></figure>"
        )
        links = " ".join(f'<a href="{path.name}">{path.name}</a>' for path, _ in files)
        figures.append(f"<p>{name}: {links}</p>")
    write_all([(folder / "index.html", PAGE.format(figures="\n".join(figures)).encode())])
    print(f"wrote {folder / 'index.html'}: {len(every)} pictures")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "gallery"))
