"""step: forward and backward through a graph, node by node, with inputs that can be edited."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scalargrad.checking.reading import read
from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.derivation import named_value
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal, exact_text
from scalargrad.notation.words import printable
from scalargrad.view.drawing import Drawing, Node, draw
from scalargrad.view.export.html import DARK_PAGE, controls, figures
from scalargrad.view.export.pdf import pdf
from scalargrad.view.export.svg import dark_rules
from scalargrad.view.frames import By
from scalargrad.view.picture import Frames

_ON_DARK = f"{DARK_PAGE} .scalargrad-stepper{{color-scheme:dark}}"
_NODES = ("wrt", "path")  # the options of `draw` that name nodes
_INSTALL = (
    "These inputs are fixed. To edit them: pip install anywidget, reload the page and run this "
    "cell again."
)
_RUN = "These inputs are fixed. To edit them, run this cell in a notebook."


@dataclass(frozen=True)
class Stepper:
    """The steps of a graph that was computed again from the data of its leaves.

    In a notebook with a kernel and anywidget it can be stepped and its inputs be edited; elsewhere
    (in exported pages, without trust, without anywidget) its frames are shown; in print, its last
    picture.

    Attributes:
        output: the node it was made of; neither it nor what is below it is ever changed.
        data: of every leaf, as it was then, or as it was edited since.
        by: "node" or "layer".
        options: of `draw`.
        refine: gives the Drawing of a Drawing that is shown; None for the very one.
    """

    output: Value
    data: Mapping[Value, Scalar]
    by: By = "node"
    options: Mapping[str, Any] = field(default_factory=dict)
    refine: Callable[[Drawing], Drawing] | None = None

    @cached_property
    def drawing(self) -> Drawing:
        """The picture after the last step."""
        twins = rebuilt(self.output, self.data)
        twins[self.output].backward()
        drawing = draw(twins[self.output], **_of_twins(self.options, twins))
        return self.refine(drawing) if self.refine else drawing

    @cached_property
    def frames(self) -> Frames:
        """One picture for each step."""
        return self.drawing.frames(self.by)

    def edited(self, leaf: Node, number: Any) -> Stepper:
        """The same steps with another number on a leaf, everything computed again.

        Args:
            leaf: a leaf, or its name.
            number: as `Value` takes it, so that text is exact: 0.9, "0.9" or "-6/25"; where the
                leaf was a float, it becomes one.

        Raises:
            TypeError: for text that is no number, or a leaf that is no Value.
            DomainError: where an operation has no value at that number.
            ValueError: for a name that no leaf has.

        >>> x, w = Value(2, "x"), Value("0.5", "w")
        >>> step((w * x).named("y")).edited("w", "-6/25")
        x: value 2, gradient −0.24
        w: value −0.24, gradient 2
        y = mul(w, x): value −0.48, gradient 1
        """
        if isinstance(leaf, str):
            leaf = named_value(self.output, leaf)
        if not isinstance(leaf, Value):
            raise TypeError(f"a leaf is a Value or its name; got {type(leaf).__name__}")
        if leaf not in self.data:
            called = repr(printable(leaf.label)) if leaf.label else "a node without a name"
            computed = "is computed" if leaf.op else "is not below the output"
            raise DrawingError(f"a stepper edits the leaves of its graph; {called} {computed}")
        new, _ = scalars.paired(scalars.scalar(number), self.data[leaf])
        return _drawn(replace(self, data={**self.data, leaf: new}))

    @cached_property
    def widget(self) -> Any:
        """The anywidget that a notebook shows, for whoever puts widgets together.

        Raises:
            DrawingError: where anywidget is not installed.
        """
        if not _has_anywidget():
            raise DrawingError(
                "a live stepper needs anywidget, which is not installed: pip install anywidget"
            )
        from scalargrad.view.stepper.live import Live

        return Live(Editing(self).reply)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write all steps to one file, in the format of its suffix; see `Frames.save`."""
        return self.frames.save(path)

    def __repr__(self) -> str:
        """The picture after the last step, in words."""
        return repr(self.drawing)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """The widget, where somebody can use it; behind it the frames, and the last picture."""
        note = _RUN if _has_anywidget() else _INSTALL
        still = {
            "text/html": f"<p>{escape(note)}</p>\n{self.frames._repr_html_()}",
            "application/pdf": pdf([self.drawing.scene]),
            "text/plain": repr(self),
        }
        if not (_has_anywidget() and _is_watched()):
            return still, {}
        live, metadata = self.widget._repr_mimebundle_()
        return {**live, **still}, metadata


def step(
    output: Value,
    *,
    by: By = "node",
    refine: Callable[[Drawing], Drawing] | None = None,
    **options: Any,
) -> Stepper:
    """Step forward and backward through a graph, with the arithmetic of each step.

    The graph is computed again from the data of its leaves, with a backward pass of its own, so
    that editing an input changes nothing of yours.

    Args:
        output: usually the loss; it needs no backward pass.
        by: "node" gives every node a step, "layer" all that can be computed at the same time.
        refine: gives the Drawing of a Drawing that is shown: `lambda picture: picture.local()`.
        options: of `draw`: wrt, style, theme, ….

    Returns:
        A Stepper: a notebook shows it, `.edited("w2", "0.9")` is another with a new input, and
        `.save("steps.html")` writes it.

    Raises:
        TypeError: when `output` is no Value.
        DrawingError: for a wrong option, or more than 400 steps.

    >>> x, w = Value(2, "x"), Value("0.5", "w")
    >>> step((w * x).named("y"))
    x: value 2, gradient 0.5
    w: value 0.5, gradient 2
    y = mul(w, x): value 1, gradient 1
    """
    if not isinstance(output, Value):
        raise TypeError(f"step takes a Value; got {type(output).__name__}")
    leaves = {node: node.data for node in topological_order(output) if node.is_leaf}
    return _drawn(Stepper(output, leaves, by, options, refine))


def _drawn(stepper: Stepper) -> Stepper:
    """The stepper, after its pictures could be made."""
    assert len(stepper.frames)
    return stepper


def _of_twins(options: Mapping[str, Any], twins: Mapping[Value, Value]) -> dict[str, Any]:
    """Options of `draw` with the twins of the nodes that are named in them."""

    def translated(given: Any) -> Any:
        if isinstance(given, Value):
            return twins.get(given, given)
        if isinstance(given, Iterable) and not isinstance(given, str):
            return [translated(node) for node in given]
        return given

    return {name: translated(v) if name in _NODES else v for name, v in options.items()}


class Editing:
    """What a reader made of the inputs of a stepper: named leaves that are one number.

    Attributes:
        first: the stepper as it was given.
        stepper: as it is, with the last inputs that could be computed with.
        inputs: the leaves.
        texts: what stands in the field of each.
        errors: what is wrong with that, or "".
    """

    def __init__(self, stepper: Stepper) -> None:
        self.first = stepper
        self.inputs = [
            leaf for leaf, data in stepper.data.items() if leaf.label and scalars.is_number(data)
        ]
        self._reset()

    def reply(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be shown after a request: {"index": 2, "text": "0.9"}, or {} to reset."""
        if "index" not in request:
            self._reset()
        elif request["index"] in range(len(self.inputs)):
            self._edit(int(request["index"]), str(request.get("text", "")).strip())
        scenes = self.stepper.frames.scenes
        names = [printable(typeset(leaf.label)) for leaf in self.inputs]
        return {
            "figures": f"<style>{_ON_DARK}{dark_rules(scenes[0])}</style>{figures(scenes)}",
            "controls": controls(len(scenes)),
            "fields": [
                {"name": name, "text": text, "error": error}
                for name, text, error in zip(names, self.texts, self.errors, strict=True)
            ],
        }

    def _reset(self) -> None:
        self.stepper = self.first
        self.texts = [_text(self.first.data[leaf]) for leaf in self.inputs]
        self.errors = [""] * len(self.inputs)

    def _edit(self, index: int, text: str) -> None:
        self.texts[index] = text
        try:
            number = read(text).middle  # as in answers: 0,9 and −6/25 too
            self.stepper = self.stepper.edited(self.inputs[index], number)
            self.errors[index] = ""
        except (ArithmeticError, TypeError, ValueError) as error:
            self.errors[index] = str(error)


def _text(number: Scalar) -> str:
    """A number as a reader would type it."""
    if not scalars.is_exact(number):
        return repr(float(number))
    try:
        return exact_text(number)
    except ValueError:  # of very many digits
        return decimal(number, 12)


def _has_anywidget() -> bool:
    return find_spec("anywidget") is not None


def _is_watched() -> bool:
    """Whether somebody sits at the notebook that runs this.

    A kernel that nobody can be asked through runs a whole notebook at once (nbconvert, jupytext,
    papermill), and it has ended before the page is read: a widget would be an error there.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else None
    return bool((parent or {}).get("content", {}).get("allow_stdin", True))
