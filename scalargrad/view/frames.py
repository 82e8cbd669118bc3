"""The forward and the backward build of a graph, one picture a step, and a nudged leaf in two."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal, TypeVar

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Edge, Graph, Node, contracted
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.view.scene import ASKED, Look, Scene, Step, Style, extent, name_of, title
from scalargrad.view.stepper.arithmetic import (
    equation,
    in_numbers,
    in_parentheses,
    joined,
    line,
    local_formula,
    number,
    symbols,
)

MOST_STEPS = 400
SECONDS = 1.5  # that a step is shown where it is played
_LONGEST = 96  # characters of a caption: it stays readable under a picture of a slide's width
_SHORTEST = 3  # of the caption of one of several nodes

By = Literal["node", "layer"]


def stepped(graph: Graph, look: Look, by: By = "node") -> list[Look]:
    """The look of each step of the build of a graph, all with the same places on the same canvas.

    Where there is a path, the backward pass goes only where the path's gradients need it.

    Raises:
        DrawingError: for a graph with more than 400 steps, or a look that shows no numbers.
    """
    if look.level == "names":
        raise DrawingError("names alone have no steps; show values, gradients or all")
    build = steps(graph, look.marking, path=look.path, by=by, asked=look.asked)
    if look.level == "values":
        forward = [step for step in build if not step.gradients]
        build = (*forward[:-1], replace(forward[-1], is_last=True))
    room = tuple(step.caption for step in build)
    return [replace(look, step=step, room=room) for step in build]


def steps(
    graph: Graph,
    numbers: Numbers,
    *,
    path: Collection[int] = (),
    by: By = "node",
    asked: Collection[int] = (),
) -> tuple[Step, ...]:
    """The steps of the forward pass, and of the backward pass where there was one.

    Args:
        graph: what is built.
        numbers: how its numbers are written.
        path: edges; where there are any, only the gradients along them are built, and those that
            they are made of.
        by: "node" gives every node a step, "layer" all that can be computed at the same time.
        asked: nodes whose numbers are not told, nor what they are used for.

    Raises:
        DrawingError: for more than 400 steps.

    >>> from scalargrad import Value
    >>> x, w = Value("2", "x"), Value("0.8", "w")
    >>> h = (w * x).relu().named("h")
    >>> h.backward()
    >>> for step in steps(contracted(h), Numbers()):
    ...     print(step.caption.text)
    x = 2,  w = 0.8
    h = ReLU(w x) = ReLU(0.8 × 2) = 1.6
    ∂h/∂h = 1
    ∂h/∂w = 1[w x > 0]x = 2
    ∂h/∂x = 1[w x > 0]w = 0.8
    """
    if by not in ("node", "layer"):
        raise DrawingError(f"frames are by 'node' or by 'layer'; got {by!r}")
    given = [index for index, node in enumerate(graph.nodes) if not graph.incoming[index]]
    forward = _groups(_levels(graph), by, skip=given)
    unknown = _without_gradient(graph, path)
    backward = _groups(_levels(graph, backward=True), by, skip=unknown, last_first=True)
    leaves = [index for index in given if not graph.nodes[index].is_constant]
    count = bool(leaves) + len(forward) + len(backward)
    if count > MOST_STEPS:
        other = "draw it by layer, or " if by == "node" else ""
        raise DrawingError(
            f"frames show up to {MOST_STEPS} steps; this graph takes {count:,}: "
            f"{other}draw a smaller example"
        )
    values, known = frozenset(given), frozenset[int]()
    build = []
    if leaves:
        captions = [_leaf_captions(graph, index, numbers, asked) for index in _few(leaves)]
        caption = _caption(captions, f"{len(leaves)} leaves")
        build.append(Step(values, known, frozenset(leaves), caption))
    for group in forward:
        values |= frozenset(group)
        captions = [_value_captions(graph, index, numbers, asked) for index in _few(group)]
        caption = _caption(captions, f"{len(group)} values")
        build.append(Step(values, known, frozenset(group), caption))
    for group in backward:
        known |= frozenset(group)
        alone = len(group) == 1
        captions = [
            _gradient_captions(graph, index, numbers, alone, asked) for index in _few(group)
        ]
        caption = _caption(captions, f"{len(group)} gradients")
        build.append(Step(values, known, frozenset(group), caption))
    return (*build[:-1], replace(build[-1], is_last=True))


# Which nodes, in which order ---------------------------------------------------------------------


def _levels(graph: Graph, backward: bool = False) -> list[int]:
    """For each node the most edges from a leaf to it, or from it to the output."""
    levels = [0] * len(graph.nodes)
    ends = [(edge.source, edge.target) for edge in graph.edges]
    if backward:
        ends = sorted(((target, source) for source, target in ends), reverse=True)
    for before, after in ends:
        levels[after] = max(levels[after], levels[before] + 1)
    return levels


def _groups(
    levels: list[int], by: By, *, skip: Collection[int], last_first: bool = False
) -> list[list[int]]:
    """The nodes of each step; the nodes of a layer from top to bottom of its list."""
    left_out = set(skip)
    order = [index for index in range(len(levels)) if index not in left_out]
    if by == "node":
        return [[index] for index in (reversed(order) if last_first else order)]
    layers: dict[int, list[int]] = {}
    for index in order:
        layers.setdefault(levels[index], []).append(index)
    return [layers[level] for level in sorted(layers)]


def _without_gradient(graph: Graph, path: Collection[int]) -> set[int]:
    """Nodes whose gradient is not built: it is not known, or it is not asked for."""
    nodes = graph.nodes
    if nodes[graph.output].gradient is None:
        return set(range(len(nodes)))
    asked = {graph.edges[edge].source for edge in path} | {graph.output} if path else None
    needed = [asked is None or index in asked for index in range(len(nodes))]
    for edge in graph.edges:  # the gradient of a node is made of those of its users
        needed[edge.target] |= needed[edge.source] and asked is not None
    return {
        index
        for index, node in enumerate(nodes)
        if node.is_constant or node.gradient is None or not needed[index]
    }


# What is written beneath them --------------------------------------------------------------------

# Captions of a node go from the longest to the shortest; the first that fits is taken.


def _few(group: list[int]) -> list[int]:
    """The nodes of a step; none where a line has no room for all of them."""
    return group if _SHORTEST * len(group) <= _LONGEST else []


def _caption(captions: list[list[Written]], otherwise: str) -> Written:
    """The captions of the nodes of a step in one line, as long as there is room for."""
    for length in range(max(map(len, captions), default=0)):
        chosen = (of_node[min(length, len(of_node) - 1)] for of_node in captions)
        found = joined(chosen, ",  ", r",\quad ")
        if len(found.text) <= _LONGEST:
            return found
    if len(captions) != 1:
        return Written(otherwise)
    text = captions[0][-1].text
    return Written(text[: _LONGEST - 1] + "…")


def _leaf_captions(
    graph: Graph, index: int, numbers: Numbers, asked: Collection[int]
) -> list[Written]:
    node = graph.nodes[index]
    if index in asked and node.gradient is None:
        return [_result([name_of(node)], None, numbers, asked=True)]
    value = number(node.value, numbers)
    return [_result([name_of(node)], node.value, numbers) if node.label else value]


def _value_captions(
    graph: Graph, index: int, numbers: Numbers, asked: Collection[int]
) -> list[Written]:
    """h₂ = ReLU(w₂ x) = ReLU(0.8 × 2) = 1.6; without numbers where some are asked for."""
    node = graph.nodes[index]
    if asked:
        known = [name_of(node)] if node.label else []
        known.append(symbols(graph, index))
        return [_result(known, node.value, numbers, asked=index in asked)]
    written, counted = symbols(graph, index), in_numbers(graph, index, numbers)
    if not node.label:
        short = Written(f"{title(node, numbers)} gives {number(node.value, numbers).text}")
        sides = [[written, counted], [counted]]
        return [*(_result(side, node.value, numbers) for side in sides), short]
    name = name_of(node)
    return [
        _result(sides, node.value, numbers)
        for sides in ([name, written, counted], [name, counted], [name])
        if "…" not in sides[-1].text or sides == [name]
    ]


def _gradient_captions(
    graph: Graph, index: int, numbers: Numbers, alone: bool, asked: Collection[int]
) -> list[Written]:
    """∂ℓ/∂h₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ = (−1.2) × (0.1) = −0.12; no numbers where some are asked for."""
    gradient = graph.nodes[index].gradient
    name = _gradient_name(graph, index)
    if asked:
        return [_result([name], gradient, numbers, asked=index in asked)]
    uses = [edge for edge in graph.outgoing[index] if graph.edges[edge].contribution is not None]
    if not uses or index == graph.output:
        return [_result([name], gradient, numbers)]
    terms = [_term(graph, edge, len(uses) > 1, numbers) for edge in uses]
    counted = joined([term for _, term in terms], " + ", " + ")
    if _was_added_to(graph, index, uses, numbers):
        counted = line("%s + what it held before", r"%s + \mathrm{what\ it\ held\ before}", counted)
    several = f"the sum of {len(uses)} products"
    shortest = [Written(several, rf"\mathrm{{{several}}}".replace(" ", r"\ "))]
    sides = [[name, counted], [name, *(shortest if alone and len(uses) > 1 else [])]]
    named = [term for term, _ in terms if term is not None]
    if len(named) == len(terms):
        sides.insert(0, [name, joined(named, " + ", " + "), counted])
    return [_result(side, gradient, numbers) for side in sides]


def _term(
    graph: Graph, index: int, is_summed: bool, numbers: Numbers
) -> tuple[Written | None, Written]:
    """What an edge contributes, in names and in numbers; no names where they would be too long.

    Directly under the output the factor 1 is left out, and the local derivative is its formula.
    """
    edge = graph.edges[index]
    local = in_parentheses(number(edge.local, numbers))
    if edge.target == graph.output and _starts_at_one(graph):
        return local_formula(graph, index), local if is_summed else number(edge.local, numbers)
    upstream = number(graph.nodes[edge.target].gradient, numbers)
    counted = line("(%s) × %s", r"(%s) \times %s", upstream, local)
    factor = _local_name(graph, index)
    if factor is None:
        return None, counted
    return line("%s × %s", r"%s \times %s", _gradient_name(graph, edge.target), factor), counted


def _local_name(graph: Graph, index: int) -> Written | None:
    """∂ŷ/∂h₂; of parallel edges the formulas, for they share this name."""
    edge = graph.edges[index]
    source, target = (_short_name(graph, node) for node in (edge.source, edge.target))
    parallel = [e for e in graph.incoming[edge.target] if graph.edges[e].source == edge.source]
    if len(parallel) > 1:
        written = local_formula(graph, index)
        return written and in_parentheses(written)
    return source and target and _derivative(target, source)


def _gradient_name(graph: Graph, index: int) -> Written:
    """∂ℓ/∂h₂; or, where the output was not the start of the backward pass, the gradient of h₂."""
    output, name = (_short_name(graph, node) for node in (graph.output, index))
    if name is None:
        name = Written(title(graph.nodes[index], Numbers()))
        return line("gradient of %s", "", name)
    if not _starts_at_one(graph):
        return line("gradient of %s", r"\mathrm{gradient\ of\ }%s", name)
    return _derivative(output or Written("output", r"\mathrm{output}"), name)


def _short_name(graph: Graph, index: int) -> Written | None:
    """The name of a node, or what made it where that is short; else None."""
    node = graph.nodes[index]
    if node.label:
        return name_of(node)
    written = symbols(graph, index)
    short = len(written.text) <= 12 and not node.is_leaf
    return in_parentheses(written) if short else None


def _derivative(of: Written, by: Written) -> Written:
    return line("∂%s/∂%s", r"\frac{\partial %s}{\partial %s}", of, by)


def _starts_at_one(graph: Graph) -> bool:
    """Whether the backward pass began at the output, as far as its gradient tells."""
    return bool(Numbers().text(graph.nodes[graph.output].gradient) == "1")


def _was_added_to(graph: Graph, index: int, uses: Sequence[int], numbers: Numbers) -> bool:
    """Whether the gradient of a leaf is more than this backward pass gave it."""
    node = graph.nodes[index]
    contributions: list[Any] = [graph.edges[edge].contribution for edge in reversed(uses)]
    total = sum(contributions[1:], contributions[0])
    return node.is_leaf and numbers.text(total) != numbers.text(node.gradient)


def _result(
    sides: Sequence[Written], value: Scalar | None, numbers: Numbers, *, asked: bool = False
) -> Written:
    """The sides of an equation and its result, behind a ≈ where that is not exact."""
    if asked:
        return equation([*sides, Written(ASKED, ASKED)])
    shown = number(value, numbers)
    if not numbers.is_approximate(value):
        return equation([*sides, shown])
    return line("%s ≈ %s", r"%s \approx %s", equation(sides), shown)


# Before and after --------------------------------------------------------------------------------


def before_after(
    output: Value,
    leaf: Value,
    change: Any,
    look: Look,
    style: Style,
    *,
    shown: Callable[[Value], Graph] = contracted,
) -> tuple[Scene, Scene]:
    """The graph as it is, and recomputed with another leaf: the same places on the same canvas.

    In the second picture the values that changed are highlighted. Where the first has gradients,
    the second has those of a backward pass of its own.

    Args:
        output: usually the loss.
        leaf: the node that is nudged.
        change: what is added to it: a number, or text for an exact one.
        look: how to draw; its step and its room are set here.
        style: what draws.
        shown: which graph of an output is drawn.

    Raises:
        DrawingError: when the leaf is none, or is not below the output.
    """
    delta = Value(change).data
    if not leaf.is_leaf or leaf not in topological_order(output):
        raise DrawingError(
            f"before and after need a leaf of the graph to nudge; {leaf.label or 'this node'!r} "
            f"{'is not below the output' if leaf.is_leaf else 'is computed'}"
        )
    graphs = shown(output), shown(nudged(output, leaf, delta))
    slope = gradients(output, scalars.whole(1, output.data)).get(leaf)
    captions = _nudge_captions(*graphs, Value(delta, leaf.label or "x"), slope, look.marking)
    everything = frozenset(range(len(graphs[0].nodes)))
    changed = frozenset(
        index
        for index in everything
        if look.numbers.text(graphs[0].nodes[index].value)
        != look.numbers.text(graphs[1].nodes[index].value)
    )
    widest = _widest(*graphs, look.numbers)
    scenes = []
    for graph, new, caption in zip(graphs, (frozenset[int](), changed), captions, strict=True):
        step = Step(everything, everything, new, caption, is_last=True)
        at = replace(look, step=step, room=captions, widest=widest)
        scenes.append(style(graph, at))
    return scenes[0], scenes[1]


def nudged(output: Value, leaf: Value, change: Scalar) -> Value:
    """The same graph on nodes of its own, a leaf changed, with gradients where the old one has."""
    twin = rebuilt(output, {leaf: (leaf + change).data})[output]
    if output.grad is not None:
        twin.backward()
    return twin


def _nudge_captions(
    before: Graph, after: Graph, change: Value, slope: Scalar | None, numbers: Numbers
) -> tuple[Written, Written]:
    """ℓ = 0.36, and ℓ: 0.36 → 0.3364 (Δw₂ = 0.1; first order: −0.024)."""
    node = before.nodes[before.output]
    name = name_of(node) if node.label else Written("output", r"\mathrm{output}")
    old, new = (number(g.nodes[g.output].value, numbers) for g in (before, after))
    leaf = name_of(Node(change.label, "", change.data, None))
    first_order = number(None if slope is None else slope * change.data, numbers)
    return equation([name, old]), line(
        "%s: %s → %s  (Δ%s = %s; first order: %s)",
        r"%s{:}\ %s \rightarrow %s\quad (\Delta %s = %s;\ \mathrm{first\ order{:}}\ {%s})",
        *(name, old, new, leaf, number(change.data, numbers), first_order),
    )


def _widest(a: Graph, b: Graph, numbers: Numbers) -> Graph:
    """A graph with the wider of the numbers of two graphs of one shape: it has room for both."""

    def wider(one: Scalar | None, other: Scalar | None) -> Scalar | None:
        return max(one, other, key=lambda scalar: extent(numbers.text(scalar), 12.0).width)

    def node(one: Node, other: Node) -> Node:
        gradient = wider(one.gradient, other.gradient)
        return replace(one, value=wider(one.value, other.value), gradient=gradient)

    def edge(one: Edge, other: Edge) -> Edge:
        contribution = wider(one.contribution, other.contribution)
        return replace(one, local=wider(one.local, other.local), contribution=contribution)

    nodes = tuple(map(node, a.nodes, b.nodes))
    return replace(a, nodes=nodes, edges=tuple(map(edge, a.edges, b.edges)))


# Progress ----------------------------------------------------------------------------------------

_Item = TypeVar("_Item")


def watched(items: Iterable[_Item], doing: str, *, total: int | None = None) -> Iterator[_Item]:
    """The items one by one; a terminal shows a progress bar after a second, where tqdm is there.

    Args:
        items: scenes, most often.
        doing: what is done with them, for the left of the bar.
        total: how many there are, where `items` does not say.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        with suppress(ImportError):
            from tqdm import tqdm

            items = tqdm(items, doing, total, delay=1, leave=False, unit="frame")
    yield from items
