"""What scalargrad does without a single library: run with the folder to write to.

A second argument lets all libraries be found, to compare with.
"""

import sys
from pathlib import Path

LIBRARIES = (
    "matplotlib", "numpy", "PIL", "graphviz", "pygraphviz", "tqdm", "click", "typer",
    "platformdirs", "fontTools", "pptx", "sympy", "mpmath", "anywidget", "torch",
)  # fmt: skip


class Blocked:
    """A finder that finds none of the libraries."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)


if len(sys.argv) == 2:
    sys.meta_path.insert(0, Blocked())

sys.path.insert(0, str(Path(__file__).parents[1]))

from examples import EXAMPLES, LARGE, WRT  # noqa: E402

import scalargrad as sg  # noqa: E402
from scalargrad.lectures import LECTURES  # noqa: E402

SUFFIXES = (".svg", ".pdf", ".tex", ".html", ".pptx")


def outputs():
    """The examples of the gallery, and one with a formula that no other has."""
    for name, example in EXAMPLES.items():
        yield name, example(), WRT.get(name)
    yield "root", sg.program("y = sqrt(a**2 + b**2)", a="3", b="4").output, "a"


def main(folder):
    for name, output, wrt in outputs():
        output.backward()
        for style in ("network", "circuit", "record"):
            drawing = sg.draw(output, style=style, wrt=wrt)
            for suffix in SUFFIXES:
                drawing.save(folder / f"{name}-{style}{suffix}")
        by = "layer" if name in LARGE else "node"
        for suffix in SUFFIXES:
            sg.draw(output).frames(by).save(folder / f"{name}-frames{suffix}")
        if name not in LARGE:
            sg.step(output).save(folder / f"{name}-stepper.html")
        words = [repr(sg.table(output)), repr(sg.draw(output))]
        if wrt:
            words.append(repr(sg.derive(output, wrt)))
        (folder / f"{name}.txt").write_text("\n".join(words), encoding="utf-8")
    sheet = sg.worksheet(LECTURES[0].text)
    (folder / "sheet.txt").write_text(sheet.csv(answers=True) + repr(sheet), encoding="utf-8")
    loss = sg.program(LECTURES[0].text).output
    loss.backward()
    assert "1 of 1" in str(sg.check(LECTURES[0].text, {"dl/dw2": "-0.24"}))
    sg.gradcheck(lambda a, b: (a * b).tanh(), 0.5, -1.25)
    squared = sg.compile(lambda w, x, y: (w * x - y) ** 2, wrt=["w"], backend="python")
    assert squared(0.5, 2.0, 3.0) == (4.0, {"w": -8.0})
    assert len(sg.nn.MLP(2, [3, 1]).parameters()) == 13
    if len(sys.argv) == 2:
        refused(sg.draw(loss))
    print(len(list(folder.iterdir())), sorted({"matplotlib", "numpy", "PIL"} & set(sys.modules)))


def refused(drawing):
    """What needs a library says which, and a notebook gets what there is."""
    for make, package in (
        (lambda: drawing.content(".png"), "matplotlib"),
        (lambda: drawing.frames().content(".gif"), "matplotlib"),
        (lambda: drawing.content(".dot"), "graphviz"),
    ):
        try:
            make()
            said = "nothing"
        except sg.DrawingError as error:
            said = str(error)
        assert f"pip install {package}" in said, said
    data, _ = drawing._repr_mimebundle_()
    assert set(data) == {"text/html", "application/pdf", "text/plain"}
    assert "data:image/svg+xml" in drawing.frames()._repr_html_()


main(Path(sys.argv[1]))
