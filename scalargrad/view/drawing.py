"""draw: a picture of a graph, shown in a notebook by itself and saved by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.files import write_whole
from scalargrad.graph.derivation import derivation, named_node, named_value
from scalargrad.graph.model import Graph, contracted, edges_between, graph
from scalargrad.graph.paths import path_through
from scalargrad.nn.module import Module
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import numbers
from scalargrad.notation.words import did_you_mean, printable
from scalargrad.view.export import formats
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.export.library import LibraryMissing
from scalargrad.view.frames import before_after, frames
from scalargrad.view.layout.fitting import fitting, together
from scalargrad.view.layout.search import SLIDE
from scalargrad.view.scene import (
    LARGEST,
    MOST_BOXES,
    THEMES,
    Look,
    Scene,
    Style,
    description,
    moved,
)
from scalargrad.view.styles.circuit import circuit
from scalargrad.view.styles.network import is_network, network
from scalargrad.view.styles.record import record

STYLES: Mapping[str, Style] = {"network": network, "circuit": circuit, "record": record}
DETAILS = ("named", "all", "layers")
DIRECTIONS = ("LR", "TB")
ENGINES = ("own", "dot")

Node = Value | str  # a node, or its name


def _nothing(look: Look) -> tuple[Written, ...]:
    """The chain rule of nothing."""
    return ()


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph as it was when it was drawn.

    Its methods give another Drawing, refined; this one stays as it is.

    Attributes:
        graph: what is drawn.
        look: how.
        style: makes the scene of both.
        shown: makes the graph of a Value.
        rule: writes the chain rule of what is highlighted, in numbers written in a way.
    """

    graph: Graph
    look: Look
    style: Style
    shown: Callable[[Value], Graph]
    rule: Callable[[Look], tuple[Written, ...]] = _nothing

    def _looking(self, **changes: Any) -> Drawing:
        look = replace(self.look, **changes)
        return replace(self, look=replace(look, beneath=self.rule(look)))

    def weights(self, how: Literal["edges", "rows", "matrices"]) -> Drawing:
        """The network with its weights on their edges, or as rows in the units, or in matrices.

        By itself a picture has them on the edges, and in rows where there is no room on those.

        >>> x, w = Value("0.5", "x"), Value(2, "w")
        >>> picture = draw((w * x).named("y"), style="network").weights("rows")

        Raises:
            DrawingError: for another way.
        """
        _one_of("weights", how, ("edges", "rows", "matrices"))
        return self._looking(weights=how)

    def numbers(
        self,
        *,
        digits: int | None = None,
        fractions: bool | None = None,
    ) -> Drawing:
        """The picture with its numbers written in another way.

        Args:
            digits: significant digits, 1 to 17.
            fractions: whether exact numbers are written as fractions.

        Raises:
            DrawingError: for digits out of range.
        """
        _check_digits(digits)
        written = self.look.numbers
        return self._looking(
            numbers=replace(
                written,
                digits=written.digits if digits is None else digits,
                fractions=written.fractions if fractions is None else fractions,
            )
        )

    def local(self) -> Drawing:
        """The picture with the local derivative on every edge, as a factor."""
        return self._looking(local=True)

    def highlight(self, source: Node, target: Node) -> Drawing:
        """The picture with the edges between two nodes highlighted, with their factors.

        >>> x = Value(2, "x")
        >>> h = (x * x).named("h")
        >>> picture = draw((h + 1).named("y")).highlight("x", "h")

        Raises:
            DrawingError: for a name that no node has, or where no path leads from one to the other.
        """
        end = _index(self.graph, target)
        ways = edges_between(self.graph, _index(self.graph, source), end)
        if not ways:
            raise DrawingError(f"no path leads from {_called(source)} to {_called(target)}")
        return self._looking(path=self.look.path | (ways - edges_between(self.graph, end)))

    def edges(self, by: Literal["weight", "gradient"]) -> Drawing:
        """The network with edges as wide as a weight, or its gradient, is large.

        A negative one is dashed, and has the colour of gradients.

        Raises:
            DrawingError: for something else.
        """
        _one_of("edges by", by, ("weight", "gradient"))
        return self._looking(edges_by=by)

    def fill(self, by: Literal["value", "gradient"]) -> Drawing:
        """The network with units filled the more, the larger their value, or gradient, is.

        Raises:
            DrawingError: for something else.
        """
        _one_of("fill by", by, ("value", "gradient"))
        return self._looking(fill_by=by)

    def legend(self) -> Drawing:
        """The picture with a line that tells what its numbers are."""
        return self._looking(legend=True)

    @cached_property
    def scene(self) -> Scene:
        """The shapes and texts.

        Raises:
            DrawingError: for more nodes than a picture can hold.
        """
        if len(self.graph.nodes) > LARGEST and self.style is not network:
            raise DrawingError(
                f"a picture holds up to {LARGEST:,} boxes; this graph has "
                f"{len(self.graph.nodes):,}: draw a smaller example, or save the graph as .dot"
            )
        return self.style(self.graph, self.look)

    def frames(self, by: Literal["node", "layer"] = "node") -> Frames:
        """The forward and the backward build: one picture for each node, or for each layer.

        >>> x = Value(2, "x")
        >>> y = (x * x).named("y")
        >>> y.backward()
        >>> len(draw(y).frames())
        4
        """
        return Frames(frames(self.graph, self.look, self.style, by=by))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, in the format of its suffix; see SUFFIXES.

        The file is replaced whole or not at all.

        Raises:
            DrawingError: for another suffix.
            FileError: when the place cannot be written to.
        """
        target = Path(path)
        write_whole(target, self.content(target.suffix))
        return target

    def content(self, suffix: str) -> bytes:
        """The bytes of a file with a suffix.

        Raises:
            DrawingError: for a suffix that stands for no format, or one that needs a library which
                is not installed.
        """
        form = formats.checked(suffix, SUFFIXES, "a picture is")
        if form == ".dot":
            return formats.dot(self.graph, self.look)
        return formats.written(form, [self.scene])

    def __repr__(self) -> str:
        """The picture in words."""
        return description(self.graph, self.look.marking)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """SVG, PNG, PDF and words: a notebook shows the richest that it may.

        What cannot be made, as a PNG without matplotlib, is left out.
        """
        width, height = (round(points * 4 / 3) for points in (self.scene.width, self.scene.height))
        alternative = {"alt": repr(self)}
        data = {
            "image/svg+xml": self.content(".svg").decode(),
            "application/pdf": self.content(".pdf"),
            "text/plain": repr(self),
        }
        with suppress(LibraryMissing):
            data["image/png"] = self.content(".png")
        metadata = {
            "image/png": {"width": width, "height": height, **alternative},
            "image/svg+xml": alternative,
        }
        return data, metadata


@dataclass(frozen=True)
class Frames:
    """Pictures of one graph, step by step; all have the same layout.

    Attributes:
        scenes: one for each step.
    """

    scenes: tuple[Scene, ...]

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.scenes)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write all steps to one file.

        They are the pages of a .pdf, slides of a .pptx, overlays of a Beamer .tex, played by a
        .gif or an .html page, or side by side in one .svg or .png.

        Raises:
            DrawingError: for another suffix.
            FileError: when the place cannot be written to.
        """
        target = Path(path)
        write_whole(target, self.content(target.suffix))
        return target

    def content(self, suffix: str) -> bytes:
        """The bytes of a file with a suffix.

        Raises:
            DrawingError: for a suffix that stands for no format, or one that needs a library which
                is not installed.
        """
        form = formats.checked(suffix, FRAME_SUFFIXES, "frames are")
        if form in (".svg", ".png"):
            return formats.written(form, [side_by_side(self.scenes)])
        return formats.written(form, self.scenes, stepped=True)

    def __repr__(self) -> str:
        """How many steps there are, and how to see them."""
        return f"<{len(self)} frames: save them as {', '.join(FRAME_SUFFIXES)}>"

    def _repr_html_(self) -> str:
        """The page that plays the steps, in a frame of its own; it needs no trust.

        A notebook that is not trusted takes the frame out and keeps what stands inside of it.
        """
        from scalargrad.view.export.html import page, stills

        width, height = self.scenes[0].width * 4 / 3 + 60, self.scenes[0].height * 4 / 3 + 190
        return (
            f'<iframe srcdoc="{escape(page(self.scenes, title=""))}" title="steps" '
            'sandbox="allow-scripts" style="border:0; max-width:100%" '
            f'width="{width:.0f}" height="{height:.0f}">{stills(self.scenes)}</iframe>'
        )


def side_by_side(scenes: Sequence[Scene]) -> Scene:
    """One scene with all of them, two or three in a row."""
    first = scenes[0]
    across = 2 if len(scenes) in (2, 4) else min(3, len(scenes))
    shapes = [
        moved(shape, k % across * first.width, k // across * first.height)
        for k, scene in enumerate(scenes)
        for shape in scene.shapes
    ]
    down = -(-len(scenes) // across)
    words = "\n\n".join(scene.description for scene in scenes)
    return Scene(across * first.width, down * first.height, tuple(shapes), first.paper, words)


def draw(
    output: Value | Module | Iterable[Value],
    inputs: Sequence[Any] = (),
    *,
    wrt: Node | Iterable[Node] | None = None,
    style: Literal["network", "circuit", "record"] | None = None,
    theme: Literal["light", "dark", "print", "colour-blind"] = "light",
    path: Node | None = None,
    detail: Literal["named", "all", "layers"] | None = None,
    size: tuple[float, float] | Literal["slide", "column", "page"] = "slide",
    direction: Literal["LR", "TB"] = "LR",
    digits: int | None = None,
    fractions: bool = False,
    biases: bool = True,
    dropped: Iterable[Node] = (),
    engine: Literal["own", "dot"] | None = None,
) -> Drawing:
    """A picture of the graph below a node, with value and gradient on every node.

    Args:
        output: usually the loss, after `backward`; or several outputs, or a network.
        inputs: of the network, one example: numbers, text or Values.
        wrt: one or several nodes, or their names: the paths from them are highlighted, with their
            factors, and the chain rule stands beneath.
        style: "network" has neurons in columns and weights on the edges, "circuit" operations and
            wires, "record" a box for every node; by default a network where there are weights and
            named neurons, else a circuit.
        theme: "light", "dark", "print" (greys) or "colour-blind".
        path: of several paths only those through this node.
        detail: "named" nodes only, "all", or "layers" as one shape each; by default named ones in
            a network and beyond 25 operations, else all.
        size: the place that the picture is made for: the body of a 16:9 "slide" under a title, a
            "column" or a "page" of a paper, or width and height in points. What is far too much
            for it takes the room that it needs.
        direction: "LR" from left to right, or "TB" from top to bottom.
        digits: significant digits of the numbers, 1 to 17; by default 3 or 4.
        fractions: exact numbers as fractions.
        biases: whether a network shows its biases.
        dropped: nodes that are greyed, as dropout leaves them.
        engine: of the layout: scalargrad's "own" columns, or Graphviz's "dot"; by default the own
            for what fits a slide, Graphviz beyond that where it is found.

    Returns:
        A Drawing: a notebook shows it, `.save("picture.svg")` writes it, `.frames()` steps it.

    Raises:
        TypeError: when `output` is no Value.
        DrawingError: for an option that there is not, a name that no node has, or digits out of
            range.

    >>> x, w = Value("0.5", "x"), Value(2, "w")
    >>> y = (w * x).named("y")
    >>> y.backward()
    >>> draw(y)
    x: value 0.5, gradient 2
    w: value 2, gradient 0.5
    y = mul(w, x): value 1, gradient 1
    """
    outputs = _outputs(output, inputs)
    _check_digits(digits)
    _one_of("style", style, STYLES)
    _one_of("theme", theme, THEMES)
    _one_of("detail", detail, DETAILS)
    _one_of("direction", direction, ("LR", "TB"))
    _one_of("engine", engine, ("own", "dot"))
    if style == "network" and detail == "all":
        raise DrawingError(
            'a network shows named nodes; detail="all" needs style="circuit" or "record"'
        )
    root, of_root = together(outputs)
    named = of_root(contracted)(root)
    if style is None and detail != "all":
        style = "network" if is_network(named) or _is_tangled(root, named) else None
    style = style or "circuit"
    shown: Callable[[Value], Graph] = of_root(partial(graph, expand=style == "circuit"))
    note = ""
    if detail == "all":
        drawn = shown(root)
    elif detail or style == "network":
        drawn, shown = named, of_root(contracted)
    else:
        drawn, shown, note = fitting(root, MOST_BOXES, shown)
    look = Look(
        THEMES[theme],
        numbers(islice(_written(drawn), _READ), digits, fractions=fractions),
        direction,
        dropped=frozenset(_index(drawn, node) for node in _nodes("dropped", dropped)),
        biases=biases,
        layers=detail == "layers",
        engine=engine,
        is_exact=_is_exact(drawn),
        note="; ".join(remark for remark in (note, _remark_on_sums(drawn)) if remark),
        size=_size(size),
    )
    sources = _nodes("wrt", wrt)
    if path is not None and not sources:
        raise DrawingError("path= chooses among the paths from wrt=; give wrt= too")
    if sources and len(outputs) > 1:
        raise DrawingError("wrt= needs one output: draw a loss, or one of the outputs")
    through = None if path is None else _index(drawn, path)
    ways = frozenset[int]().union(
        *(edges_between(drawn, _index(drawn, source), through) for source in sources)
    )
    if path is not None and sources and not ways:
        raise DrawingError(f"no path from wrt to the output passes {_called(path)}")

    def rule(look: Look) -> tuple[Written, ...]:
        return tuple(line for source in sources for line in _chain_rule(named, source, path, look))

    look = replace(look, path=ways)
    return Drawing(drawn, replace(look, beneath=rule(look)), STYLES[style], shown, rule)


def nudge(output: Value, leaf: Node, change: Any, **options: Any) -> Frames:
    """Two pictures in one layout: a graph before and after a change of one of its leaves.

    The graph itself is not changed. Beneath stands how the output changes, and what the gradient
    predicts.

    Args:
        output: usually the loss, after `backward`.
        leaf: the node to change, often a weight, or its name.
        change: what is added to it, as any scalar: 0.1, or "0.1" (exact).
        options: of `draw`.

    Raises:
        DrawingError: when the leaf is not below the output, or for a wrong option.

    >>> w = Value("0.8", "w")
    >>> loss = (w * 2 - 1) ** 2
    >>> loss.backward()
    >>> len(nudge(loss, w, "0.1"))
    2
    """
    drawing = draw(output, **{"digits": 4, **options})
    if isinstance(leaf, str):
        leaf = named_value(output, leaf)
    if not isinstance(leaf, Value):
        raise TypeError(f"nudge takes a leaf or its name; got {type(leaf).__name__}")
    return Frames(
        before_after(output, leaf, change, drawing.look, drawing.style, shown=drawing.shown)
    )


def _outputs(what: Any, inputs: Sequence[Any]) -> list[Value]:
    """The nodes that are drawn, with what is below them.

    Raises:
        TypeError: for what is no Value, no network and no list of Values.
    """
    made = what(inputs) if isinstance(what, Module) else what
    outputs = [made] if isinstance(made, Value) else made
    if isinstance(outputs, Iterable) and not isinstance(outputs, str | bytes):
        outputs = list(outputs)
        if outputs and all(isinstance(output, Value) for output in outputs):
            return list(dict.fromkeys(outputs))
    hint = ": draw its .output" if hasattr(what, "output") else ""
    raise TypeError(f"draw takes a Value, Values or a network; got {type(what).__name__}{hint}")


def _check_digits(digits: int | None) -> None:
    if digits is not None and not (isinstance(digits, int) and 1 <= digits <= 17):
        raise DrawingError(f"digits are 1 to 17; got {digits!r}")


_READ = 5_000  # numbers that are read to find out how many digits they need
PLACES = {"slide": SLIDE, "column": (252.0, 200.0), "page": (480.0, 300.0)}  # in points


def _size(given: Any) -> tuple[float, float]:
    """Width and height of a place in points.

    Raises:
        DrawingError: for a name that stands for no place, and for lengths that are none.
    """
    if isinstance(given, str):
        _one_of("size", given, PLACES)
        return PLACES[given]
    try:
        width, height = map(float, given)
    except (TypeError, ValueError):
        width = height = 0.0
    if not (20 <= width < 1e5 and 20 <= height < 1e5):
        raise DrawingError(
            f"size is {', '.join(PLACES)}, or width and height in points (20 or more); "
            f"got {given!r}"
        )
    return width, height


MOST_OPERATIONS = 16  # that are drawn unasked where there are named nodes


def _is_tangled(root: Value, named: Graph) -> bool:
    """Whether the operations are too many for a slide, and the named nodes tell enough."""
    operations = sum(1 for value in topological_order(root) if value.op and value.parents)
    computed = [i for i in range(len(named.nodes)) if named.incoming[i]]
    return operations > MOST_OPERATIONS and 4 <= len(computed) < 0.7 * operations


def _nodes(option: str, given: Node | Iterable[Node] | None) -> list[Node]:
    """The nodes, or names of nodes, that were given for an option."""
    if given is None:
        return []
    if isinstance(given, Value | str):
        return [given]
    nodes = list(given) if isinstance(given, Iterable) else [given]
    for node in nodes:
        if not isinstance(node, Value | str):
            raise TypeError(f"{option} takes nodes or their names; got {type(node).__name__}")
    return nodes


def _remark_on_sums(drawn: Graph) -> str:
    """What must be said where leaves hold the gradients of more than one backward pass."""
    for index, node in enumerate(drawn.nodes):
        parts = [drawn.edges[edge].contribution for edge in drawn.outgoing[index]]
        held_and_parts = [node.gradient, *parts]
        known = node.is_leaf and parts and all(part is not None for part in held_and_parts)
        if known and all(map(scalars.is_number, held_and_parts)):
            summed = sum(map(scalars.to_float, parts))
            held = scalars.to_float(node.gradient)
            if abs(summed - held) > 1e-9 * max(1.0, abs(summed), abs(held)):
                return "gradients of leaves are sums over several backward passes"
    return ""


def _one_of(option: str, given: str | None, allowed: Iterable[str]) -> None:
    if given is not None and given not in allowed:
        hint = did_you_mean(str(given), allowed, likeness=0.5)
        raise DrawingError(f"{option} is one of {', '.join(allowed)}; got {given!r}{hint}")


def _written(drawn: Graph) -> Iterable[Any]:
    """All numbers that may stand in a picture."""
    for node in drawn.nodes:
        yield node.value
        yield node.gradient
    for edge in drawn.edges:
        yield edge.local


def _is_exact(drawn: Graph) -> bool:
    """Whether all leaves are exact: then what is not is worth a mark."""
    return all(scalars.is_exact(node.value) for node in drawn.nodes if node.is_leaf)


def _index(drawn: Graph, node: Node) -> int:
    """The place of a node, or of the node of a name, in a graph.

    Raises:
        DrawingError: where there is none.
    """
    if isinstance(node, str):
        try:
            return named_node(drawn, node)
        except ValueError as error:
            raise DrawingError(str(error)) from None
    place = drawn.place(node)
    if place is None:
        raise DrawingError(
            f"{_called(node)} is not in the picture: give it a name, or draw all nodes"
        )
    return place


def _called(node: Node) -> str:
    label = node.label if isinstance(node, Value) else node
    return repr(printable(label)) if label else "a node without a name"


def _chain_rule(named: Graph, source: Node, path: Node | None, look: Look) -> list[Written]:
    """The chain rule along a path, on one line; nothing for a node without a name."""
    try:
        start = _index(named, source)
        way = path_through(named, start, [_index(named, path)]) if path else None
    except DrawingError:  # a node without a name has no derivative that could be written
        return []
    return [derivation(named, start, look.marking, way).line]
