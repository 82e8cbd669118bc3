"""draw: a picture of a graph, shown in a notebook by itself and saved by suffix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any, Literal

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.derivation import named_node, named_value
from scalargrad.graph.model import Graph, contracted, edges_between, graph
from scalargrad.graph.remarks import conventions, remarks
from scalargrad.nn.module import Module
from scalargrad.notation.numbers import numbers
from scalargrad.notation.words import did_you_mean, one_line, printable
from scalargrad.view.beneath import Rule, renamed
from scalargrad.view.export.formats import SUFFIXES
from scalargrad.view.frames import before_after, stepped
from scalargrad.view.layout.fitting import fitting, together
from scalargrad.view.layout.search import SLIDE
from scalargrad.view.picture import Frames, Picture, scaled, titled
from scalargrad.view.roles import Roles
from scalargrad.view.scene import (
    LARGEST,
    LEVELS,
    MOST_BOXES,
    Look,
    Scene,
    Style,
    Text,
    Theme,
    description,
    one_of,
)
from scalargrad.view.styles.circuit import circuit
from scalargrad.view.styles.network import is_network, network
from scalargrad.view.styles.record import record

STYLES: Mapping[str, Style] = {"network": network, "circuit": circuit, "record": record}
DETAILS = ("named", "all", "layers", "matrices")
DIRECTIONS = ("LR", "TB")
ENGINES = ("own", "dot")

_FARTHEST = 1e5  # points that a node is moved

Node = Value | str  # a node, or its name


PARTS = ("headings", "derivation", "notes", "weights", "biases")  # what `hide` knows by name


@dataclass(frozen=True, repr=False)
class Drawing(Picture):
    """A picture of a graph as it was when it was drawn.

    Its methods give another Drawing, refined; this one stays as it is.

    Attributes:
        graph: what is drawn.
        look: how.
        style: makes the scene of both.
        shown: makes the graph of a Value.
        rule: the chain rule of what is highlighted.
        title: above the picture.
        factor: how many times as large the picture is made.
    """

    graph: Graph
    look: Look
    style: Style
    shown: Callable[[Value], Graph]
    rule: Rule
    title: str = ""
    factor: float = 1.0

    suffixes = SUFFIXES

    def _looking(self, **changes: Any) -> Drawing:
        look = replace(self.look, **changes)
        beneath, after = self.rule.lines(self.graph, look.marking)
        return replace(self, look=replace(look, beneath=beneath, after=after))

    def _indices(self, nodes: Iterable[Node]) -> frozenset[int]:
        given = _nodes("a refinement", nodes)
        return frozenset(_index(self.graph, node) for node in given)

    def _along(self, sources: Sequence[Node], path: Node | None = None, **changes: Any) -> Drawing:
        """The picture with the paths from some nodes, of several those through another."""
        named = self.rule.graph
        through = None if path is None else _index(self.graph, path)
        ways = frozenset[int]().union(
            *(edges_between(self.graph, _index(self.graph, node), through) for node in sources)
        )
        if path is not None and not ways:
            raise DrawingError(f"no path from wrt to the output passes {_called(path)}")
        starts = tuple(_index(named, n) for n in sources if isinstance(n, str) or n.label)
        rule = Rule(named, starts, None if path is None else _index(named, path))
        return replace(self, rule=rule)._looking(path=ways, **changes)

    # What is shown

    def wrt(self, *nodes: Node) -> Drawing:
        """The picture with the paths from other nodes, everything in its place.

        (One without a path has no room for factors; it is laid out anew.)

        >>> x, w = Value(2, "x"), Value(3, "w")
        >>> picture = draw((w * x).named("y"), wrt="w").wrt("x")

        Raises:
            DrawingError: for a name that no node has.
        """
        places = self.look.like
        if self.look.path and not places:
            places = self.style(self.graph, replace(self.look.basis, moves={}))
        return self._along(_nodes("a refinement", nodes), like=places)

    def show(self, level: Literal["names", "values", "gradients", "all"]) -> Drawing:
        """The picture with less in it, everything in its place.

        Args:
            level: the "names" only; the "values" too; the "gradients" too; or "all", with the
                factors and the derivation of a path.

        Raises:
            DrawingError: for another level.

        >>> x = Value(2, "x")
        >>> y = (x * x).named("y")
        >>> y.backward()
        >>> draw(y).show("values")
        x: value 2
        y = mul(x, x): value 4
        """
        one_of("show", level, LEVELS)
        return self._looking(level=level)

    def ask(self, *nodes: Node) -> Drawing:
        """The picture with a question mark where the numbers of some nodes stand.

        Of a leaf with a gradient that is what is asked for: its value is given.

        >>> x = Value(2, "x")
        >>> y = (x * x).named("y")
        >>> y.backward()
        >>> draw(y).ask("x")
        x: value 2, gradient ?
        y = mul(x, x): value 4, gradient 1

        Raises:
            DrawingError: for a name that no node has.
        """
        return self._looking(asked=self.look.asked | self._indices(nodes))

    def hide(self, *what: Node) -> Drawing:
        """The picture without some nodes, their places kept.

        Args:
            what: nodes, or their names; or "headings", "derivation", "notes", "weights", "biases".

        Raises:
            DrawingError: for a name that no node has.
        """
        labels = {node.label for node in self.graph.nodes}
        parts = {one for one in what if one in PARTS and one not in labels}
        hidden = self._indices(one for one in what if one not in parts)
        if parts & {"weights", "biases"}:
            roles = Roles(self.graph)
            biases = [leaf for leaves in roles.biases.values() for leaf in leaves]
            hidden |= {*(roles.weights if "weights" in parts else ())}
            hidden |= {*(biases if "biases" in parts else ())}
        return self._looking(
            hidden=self.look.hidden | hidden, without=self.look.without | frozenset(parts)
        )

    def refit(self) -> Drawing:
        """The picture made for what it shows only: a sparse one gets larger text, other places."""
        return self._looking(refit=True)

    # How it is called and where it stands

    def titled(self, title: str) -> Drawing:
        """The picture under a title, which is the title of a slide too; "" for none."""
        return replace(self, title=" ".join(printable(title, 0).split()))

    def rename(self, node: Node, name: str) -> Drawing:
        """The picture with another name for a node.

        >>> x = Value(2, "x")
        >>> y = (x * x).named("y")
        >>> draw(y).rename("y", "area").show("names")
        x
        area = mul(x, x)

        Raises:
            DrawingError: for a name that no node has.
        """
        index = _index(self.graph, node)
        old = self.graph.nodes[index].label
        drawing = replace(
            self, graph=renamed(self.graph, index, name), rule=self.rule.renamed(old, name)
        )
        return drawing._looking()

    def place(self, node: Node, right: float = 0.0, down: float = 0.0) -> Drawing:
        """The picture with a node moved by so many points; its edges follow.

        Raises:
            DrawingError: for a name that no node has, or a move that is no number.
        """
        index = _index(self.graph, node)
        if not all(isinstance(by, int | float) and abs(by) < _FARTHEST for by in (right, down)):
            raise DrawingError(f"place moves by points to the right and down; got {right}, {down}")
        x, y = self.look.moves.get(index, (0.0, 0.0))
        return self._looking(moves={**self.look.moves, index: (x + right, y + down)})

    def heading(self, node: Node, text: str) -> Drawing:
        """The network with another heading over the column of a node; "" for none.

        Raises:
            DrawingError: for a name that no node has, or a node in no column of a network.
        """
        index = _index(self.graph, node)
        if self.style is not network or index not in Roles(self.graph).circles:
            raise DrawingError(f"headings are over columns of a network; {_called(node)} has none")
        return self._looking(heads={**self.look.heads, index: text})

    # Colours and size

    def colour(self, node: Node, colour: str) -> Drawing:
        """The picture with a node in a colour.

        Args:
            node: or its name.
            colour: as "#rrggbb", or the name of a colour of the theme, such as "accent".

        Raises:
            DrawingError: for a name that no node has, or what is no colour.
        """
        index = _index(self.graph, node)
        return self._looking(colours={**self.look.colours, index: self.look.theme.colour(colour)})

    def themed(self, theme: Theme | str, **changes: str) -> Drawing:
        """The picture in the colours of a theme, or of the theme of a name.

        Args:
            theme: or its name.
            changes: what is other than in it, as `Theme.like` takes it.

        >>> x = Value(2, "x")
        >>> picture = draw((x * x).named("y")).themed("light", value="#00529b")

        Raises:
            DrawingError: for a name that no theme has, or a change that it does not take.
        """
        return self._looking(theme=Theme.like(theme, **changes))

    def on(self, ground: str) -> Drawing:
        """The picture on its "paper", "transparent", or on a colour such as "#fffbe6".

        Raises:
            DrawingError: for what is none of them.
        """
        paper = {"paper": None, "transparent": ""}
        ground_ = paper[ground] if ground in paper else self.look.theme.colour(ground)
        return self._looking(ground=ground_)

    def scaled(self, factor: float) -> Drawing:
        """The picture so many times as large, its text too.

        Raises:
            DrawingError: for a factor that is not between 0.05 and 20.
        """
        if not 0.05 <= factor <= 20:
            raise DrawingError(f"a picture is scaled by 0.05 to 20; got {factor}")
        return replace(self, factor=self.factor * factor)

    # How numbers and edges are written

    def weights(self, how: Literal["edges", "rows", "matrices"]) -> Drawing:
        """The network with its weights on their edges, or as rows in the units, or in matrices.

        By itself a picture has them on the edges, and in rows where there is no room on those.

        >>> x, w = Value("0.5", "x"), Value(2, "w")
        >>> picture = draw((w * x).named("y"), style="network").weights("rows")

        Raises:
            DrawingError: for another way.
        """
        one_of("weights", how, ("edges", "rows", "matrices"))
        return self._looking(weights=how)

    def numbers(
        self,
        *,
        digits: int | None = None,
        fractions: bool | None = None,
        decimal_comma: bool | None = None,
    ) -> Drawing:
        """The picture with its numbers written in another way; what is not given stays.

        Args:
            digits: significant digits, 1 to 17; at first 3, or 4 where those show more in full.
            fractions: whether exact numbers are written as fractions.
            decimal_comma: whether a comma stands for the decimal point: 0,24.

        Raises:
            DrawingError: for digits out of range.

        >>> x = Value("0.24", "x")
        >>> picture = draw((x * x).named("y")).numbers(digits=2, decimal_comma=True)
        """
        if digits is not None and not (isinstance(digits, int) and 1 <= digits <= 17):
            raise DrawingError(f"digits are 1 to 17; got {digits!r}")
        changes: dict[str, Any] = {"digits": digits, "fractions": fractions}
        wanted = {name: given for name, given in changes.items() if given is not None}
        comma = self.look.decimal_comma if decimal_comma is None else decimal_comma
        return self._looking(numbers=replace(self.look.numbers, **wanted), decimal_comma=comma)

    def biases(self, shown: bool) -> Drawing:
        """The network with its biases, as at first, or without them."""
        return self._looking(biases=shown)

    def dropped(self, *nodes: Node) -> Drawing:
        """The picture with some nodes crossed out, as dropout leaves them.

        Raises:
            DrawingError: for a name that no node has.
        """
        return self._looking(dropped=self._indices(nodes))

    def group(self, title: str, *nodes: Node) -> Drawing:
        """The picture with a box round some nodes, under a title: a layer, a cell, a time step.

        Args:
            title: above the box.
            nodes: those in it, or their names. Without any, each index in the names makes a group:
                "step" makes "step 1" of h1 and x1, and "step 2" of h2 and x2.

        Raises:
            DrawingError: for a name that no node has, or where no names have indices.

        >>> x, w1, w2 = Value(2, "x"), Value("0.5", "w1"), Value(3, "w2")
        >>> y = ((w1 * x).named("h1") * (w2 * x).named("h2")).named("y")
        >>> picture = draw(y, style="network").group("hidden layer", "h1", "h2")
        """
        text = one_line(title)
        if nodes:
            groups = [(text, self._indices(nodes))]
        else:
            roles = Roles(self.graph)
            groups = _by_index(self.graph, text, roles.circles if self.style is network else None)
        return self._looking(groups=(*self.look.groups, *groups))

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
        one_of("edges by", by, ("weight", "gradient"))
        return self._looking(edges_by=by)

    def fill(self, by: Literal["value", "gradient"]) -> Drawing:
        """The network with units filled the more, the larger their value, or gradient, is.

        Raises:
            DrawingError: for something else.
        """
        one_of("fill by", by, ("value", "gradient"))
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
        made = self.style(self.graph, self.look)
        if self.title:
            made = titled(made, self.title, self.look.theme.ink)
        return made if self.factor == 1 else scaled(made, self.factor)

    @property
    def _smallest(self) -> float:
        """The size of the smallest text in the place that the picture is made for, in points."""
        scene, (width, height) = self.scene, self.look.size or SLIDE
        scale = min(width / scene.width, height / scene.height, 1.0)
        return scale * min(shape.size for shape in scene.shapes if isinstance(shape, Text))

    def frames(self, by: Literal["node", "layer"] = "node") -> Frames:
        """The forward and the backward build: one picture for each node, or for each layer.

        >>> x = Value(2, "x")
        >>> y = (x * x).named("y")
        >>> y.backward()
        >>> len(draw(y).frames())
        4
        """
        looks = stepped(self.graph, self.look, by)
        pictures = tuple(replace(self, look=look) for look in looks)
        forward = sum(1 for look in looks if not (look.step and look.step.gradients))
        return Frames(pictures, forward)

    def _written(self, form: str, dpi: float | None) -> bytes:
        if form == ".dot":
            from scalargrad.view.export.dot import dot_source

            return dot_source(self.graph, self.look).encode()
        return super()._written(form, dpi)

    def __repr__(self) -> str:
        """The picture in words."""
        return description(self.graph, self.look)


def draw(
    output: Value | Module | Iterable[Value],
    inputs: Sequence[Any] = (),
    *,
    wrt: Node | Iterable[Node] | None = None,
    style: Literal["network", "circuit", "record"] | None = None,
    theme: Theme | Literal["auto", "light", "dark", "print", "colour-blind"] = "auto",
    path: Node | None = None,
    detail: Literal["named", "all", "layers", "matrices"] | None = None,
    size: tuple[float, float] | Literal["slide", "column", "page"] = "slide",
    direction: Literal["LR", "TB"] = "LR",
    engine: Literal["own", "dot"] | None = None,
    like: Drawing | None = None,
) -> Drawing:
    """A picture of the graph below a node, with value and gradient on every node.

    What else is to be changed, methods of the Drawing change: how numbers are written, where
    weights stand, which units are dropped.

    Args:
        output: usually the loss, after `backward`; or several outputs, or a network.
        inputs: of the network, one example: numbers, text or Values.
        wrt: one or several nodes, or their names: the paths from them are highlighted, with their
            factors, and the chain rule stands beneath.
        style: "network" has neurons in columns and weights on the edges, "circuit" operations and
            wires, "record" a box for every node; by default a network where there are weights and
            named neurons, and where a circuit is too small to be read; else a circuit.
        theme: "auto" (light, and dark where a notebook or a page that shows it is), "light",
            "dark", "print" (greys), "colour-blind", or a Theme.
        path: of several paths only those through this node.
        detail: "named" nodes only, "all", or "layers" as one shape each, or these
            with their "matrices" of weights: W x + b; by default named ones in
            a network and beyond 25 operations, else all.
        size: the place that the picture is made for: the body of a 16:9 "slide" under a title, a
            "column" or a "page" of a paper, or width and height in points, "400x300" too. What is
            far too much for it takes the room that it needs.
        direction: "LR" from left to right, or "TB" from top to bottom.
        engine: of the layout: scalargrad's "own" columns, or Graphviz's "dot"; by default the own
            for what fits a slide, Graphviz beyond that where it is found.
        like: a drawing whose places are kept for the nodes of the same names.

    Returns:
        A Drawing: a notebook shows it, `.save("picture.svg")` writes it, `.frames()` steps it.

    Raises:
        TypeError: when `output` is no Value.
        DrawingError: for an option that there is not, or a name that no node has.

    >>> x, w = Value("0.5", "x"), Value(2, "w")
    >>> y = (w * x).named("y")
    >>> y.backward()
    >>> draw(y)
    x: value 0.5, gradient 2
    w: value 2, gradient 0.5
    y = mul(w, x): value 1, gradient 1
    """
    outputs = _outputs(output, inputs)
    one_of("style", style, STYLES)
    one_of("detail", detail, DETAILS)
    one_of("direction", direction, ("LR", "TB"))
    one_of("engine", engine, ("own", "dot"))
    if style == "network" and detail == "all":
        raise DrawingError(
            'a network shows named nodes; detail="all" needs style="circuit" or "record"'
        )
    root, of_root = together(outputs)
    named = of_root(contracted)(root)
    is_told = False  # by the named nodes alone
    if style is None and detail != "all":
        operations = sum(1 for value in topological_order(root) if value.op and value.parents)
        is_told = _is_told(named, operations)
        is_tangled = is_told and operations > MOST_OPERATIONS
        style = "network" if is_tangled or is_network(named) else None
    style = style or "circuit"
    shown: Callable[[Value], Graph] = of_root(partial(graph, expand=style == "circuit"))
    note = ""
    if detail == "all":
        drawn = shown(root)
    elif detail or style == "network":
        drawn, shown = named, of_root(contracted)
    else:
        drawn, shown, note = fitting(root, MOST_BOXES, shown)
    slopes = remarks(root, drawn) if len(outputs) == 1 and root.grad is not None else []
    look = Look(
        Theme.like(theme),
        numbers(islice(_written(drawn), _READ)),
        direction,
        layers=detail if detail in ("layers", "matrices") else "",
        engine=engine,
        is_exact=all(scalars.is_exact(node.value) for node in drawn.nodes if node.is_leaf),
        note="; ".join(filter(None, [note, _remark_on_sums(drawn), *conventions(drawn), *slopes])),
        size=_size(size),
    )
    sources = _nodes("wrt", wrt)
    if path is not None and not sources:
        raise DrawingError("path= chooses among the paths from wrt=; give wrt= too")
    if sources and len(outputs) > 1:
        raise DrawingError("wrt= needs one output: draw a loss, or one of the outputs")
    places = like.style(like.graph, like.look.basis) if like else None
    drawing = Drawing(drawn, look, STYLES[style], shown, Rule(named, ()))
    drawing = drawing._along(sources, path, like=places)
    is_told = is_told and all(isinstance(n, str) or n.label for n in (*sources, path or ""))
    if like or not is_told or style == "network" or drawing._smallest >= READABLE:
        return drawing
    return draw(
        outputs, wrt=sources, style="network", theme=theme, path=path, detail=detail, size=size,
        direction=direction, engine=engine,
    )  # fmt: skip


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
    drawing = draw(output, **options).numbers(digits=4)
    if isinstance(leaf, str):
        leaf = named_value(output, leaf)
    if not isinstance(leaf, Value):
        raise TypeError(f"nudge takes a leaf or its name; got {type(leaf).__name__}")
    pair = before_after(output, leaf, change, drawing.look, drawing.style, shown=drawing.shown)
    return Frames(tuple(map(Picture, pair)))


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


_READ = 5_000  # numbers that are read to find out how many digits they need
PLACES = {"slide": SLIDE, "column": (252.0, 200.0), "page": (480.0, 300.0)}  # in points


def _size(given: Any) -> tuple[float, float]:
    """Width and height of a place in points.

    Raises:
        DrawingError: for a name that stands for no place, and for lengths that are none.
    """
    is_text = isinstance(given, str)
    lengths = PLACES.get(given, re.split("[x×,]", given)) if is_text else given
    try:
        width, height = map(float, lengths)
    except (TypeError, ValueError):
        width = height = 0.0
    if not (20 <= width < 1e5 and 20 <= height < 1e5):
        hint = did_you_mean(given, PLACES, likeness=0.5) if is_text else ""
        raise DrawingError(
            f"size is {', '.join(PLACES)}, or width and height in points (20 or more); "
            f"got {given!r}{hint}"
        )
    return width, height


MOST_OPERATIONS = 16  # that are drawn unasked where there are named nodes
READABLE = 14.0  # points: where texts of operations are smaller, named nodes alone are drawn


def _is_told(named: Graph, operations: int) -> bool:
    """Whether the named nodes tell enough of so many operations."""
    computed = [i for i in range(len(named.nodes)) if named.incoming[i]]
    return 4 <= len(computed) < 0.7 * operations


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


def _written(drawn: Graph) -> Iterable[Any]:
    """All numbers that may stand in a picture."""
    for node in drawn.nodes:
        yield node.value
        yield node.gradient
    for edge in drawn.edges:
        yield edge.local


def _by_index(
    drawn: Graph, title: str, boxes: Iterable[int] | None
) -> list[tuple[str, frozenset[int]]]:
    """A title and the nodes of each index in the names of a graph, or of those that are boxes.

    Raises:
        DrawingError: where there are fewer than two indices.
    """
    found: dict[int, set[int]] = {}
    for place in range(len(drawn.nodes)) if boxes is None else boxes:
        index = re.fullmatch(r"\D+?_?([1-9]\d{0,3})", drawn.nodes[place].label)
        if index:
            found.setdefault(int(index[1]), set()).add(place)
    if len(found) < 2:
        raise DrawingError("group makes groups by the indices in the names, h1 and h2; name nodes")
    return [(f"{title} {index}".strip(), frozenset(found[index])) for index in sorted(found)]


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
