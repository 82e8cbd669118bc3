"""Derivation: the chain rule along one path or summed over all, in text, LaTeX and Markdown."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from textwrap import wrap
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.equations import (
    NOTHING,
    SIGNS,
    Digits,
    Line,
    Sum,
    chosen_digits,
    equation,
    flat,
    lines_of,
    on_one_line,
    written_number,
)  # fmt: skip
from scalargrad.graph.labels import MOST_PARTS, Names, derivative_of, name_of
from scalargrad.graph.lanes import Lanes, check, count, one_lane, reduced, said
from scalargrad.graph.layers import flattened, layer
from scalargrad.graph.model import Graph, contracted, outputs_of
from scalargrad.graph.paths import (
    MOST_PATHS,
    Path,
    check_path,
    derivative_along,
    nodes_between,
    path_counts,
    path_through,
    paths,
    total_derivatives,
)  # fmt: skip
from scalargrad.graph.remarks import remark
from scalargrad.graph.sums import (
    SUMMED,
    are_examples,
    gates,
    shortened,
    sum_over_paths,
    sum_over_users,
)  # fmt: skip
from scalargrad.language.vectors import spelled
from scalargrad.notation.formula import evaluated, parts_of
from scalargrad.notation.names import Written, joined, typeset
from scalargrad.notation.numbers import Numbers
from scalargrad.notation.numbers import numbers as written_alike
from scalargrad.notation.tex import quoted
from scalargrad.notation.words import nearest, printable

_FACTORS = 24  # on all the paths that are written as one sum
_EQUATIONS = 16  # in the recursive form: beyond them the middle is left out
_WIDE = 70  # letters in a line of a note


@dataclass(frozen=True)
class Derivation:
    r"""The chain rule for one derivative: in symbols, local formulas, numbers, and the result.

    Up to six paths are written as one sum. Beyond that there is one equation for each node, the
    nodes nearest to the output first.

    Attributes:
        paths: the paths that are written as one sum, each as the indices of its edges; empty where
            there is one equation for each node.
        count: how many paths there are.
        gradient: the sum over the paths; of several outputs a tuple, of a matrix its rows.
        lines: of the aligned equation.
        line: the whole on one line, as on the slide: symbols, numbers and result.
        gates: the conditions in the formulas and what they are, as in 1[w₂ x > 0] = 1.
        note: why the gradient is nan, or is not the slope of the function; "" where it is.

    >>> x, y = Value("2", "x"), Value("1", "y")
    >>> h = (Value("0.8", "w") * x).relu().named("h")
    >>> print(derive((h - y) ** 2, "w"))
    ∂output/∂w = ∂output/∂h × ∂h/∂w
               = 2(h − y) × 1[w x > 0]x
               = (1.2) × (2)
               = 2.4
    where 1[w x > 0] = 1
    """

    paths: tuple[Path, ...]
    count: int
    gradient: Scalar
    lines: tuple[Line, ...]
    line: Written
    gates: tuple[Written, ...] = ()
    note: str = ""

    @property
    def steps(self) -> tuple[Written, ...]:
        """The lines, each with its sign in front, for matplotlib."""
        return tuple(_settable(on_one_line([line])) for line in self.lines)

    @property
    def text(self) -> str:
        """The lines in Unicode, their signs below one another."""
        indent = 0
        written = []
        for line in self.lines:
            indent = _width(line.left.text) if line.left.text else indent
            left = line.left.text or " " * indent
            start = f"{left} {line.sign} " if line.sign else ""
            written.append(start + line.right.text)
        if self.gates:
            written.append("where " + ", ".join(gate.text for gate in self.gates))
        return "\n".join([*written, *filter(None, [self.note])])

    @property
    def latex(self) -> str:
        r"""An align* environment, which a plain LaTeX with amsmath sets."""
        return f"\\begin{{align*}}\n{self._aligned()}\n\\end{{align*}}"

    @property
    def markdown(self) -> str:
        """The same for Markdown, between double dollars."""
        return f"$$\n\\begin{{aligned}}\n{self._aligned()}\n\\end{{aligned}}\n$$"

    def _aligned(self) -> str:
        lines = [f"{a.left.math} &{SIGNS[a.sign]} {a.right.math}" for a in self.lines]
        if self.gates:
            lines.append(r"&\text{where } " + r",\; ".join(gate.math for gate in self.gates))
        for line in wrap(self.note, _WIDE):
            lines.append(f"&{quoted(line, _WIDE)}")
        return " \\\\\n".join(lines)

    def __repr__(self) -> str:
        """The text: a derivation is there to be read."""
        return self.text

    def _repr_latex_(self) -> str:
        return self.latex

    def _repr_markdown_(self) -> str:
        return self.markdown


def _settable(line: Written) -> Written:
    """The line as matplotlib takes it, without mathematics where a name is set as text."""
    is_settable = r"\text{" not in line.math and r"\begin{" not in line.math
    return line if is_settable else Written(line.text)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


# What a user asks --------------------------------------------------------------------------------


def derive(
    output: Value | Iterable[Value] | Mapping[str, Value],
    wrt: Value | str,
    *,
    path: str | Sequence[str] = (),
    digits: int | None = None,
    fractions: bool = False,
    lanes: Lanes = None,
    order: int = 1,
) -> Derivation:
    """The chain rule for the derivative of a node; no gradient is needed, and none is touched.

    Args:
        output: the node to differentiate, usually the loss; or several, or a program with its
            outputs, which are derived one after the other.
        wrt: by what: a node with a name, or a name in any of its spellings; of a program with one
            output also a vector or a matrix, as in ∂ℓ/∂W = δ xᵀ.
        path: names of nodes that single out one of several paths.
        digits: significant digits; by default 3, and more where what is printed would not
            multiply to what is printed.
        fractions: whether exact numbers are written as fractions.
        lanes: of a graph of lanes "mean", "sum" or the number of one; by default all are shown.
        order: 2 for the second derivative, in the names of leaves.

    Raises:
        ValueError: for a name that no node below the output has, or several have.
        DrawingError: when `path` does not single out one path.
        TypeError: when `output` is no Value and no program, or `wrt` is neither Value nor text.

    >>> x = Value("3", "x")
    >>> derive(x * x, "x").line.text
    '∂output/∂x = 2x = 6'
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2; got {order!r}")
    vectors = getattr(output, "vectors", {})
    output, *others = outputs_of(output, "derive takes")
    one = partial(derive, path=path, digits=digits, fractions=fractions, lanes=lanes, order=order)
    vector = vectors.get(_spelling(wrt)) if isinstance(wrt, str) else None
    if vector and not (others or path or lanes is not None or order == 2):
        whole = _of_layer(output, vectors, _spelling(str(wrt)), digits, fractions)
        if whole:
            return whole
    if vector or others:
        items = flattened(vector) if vector else [_named_below((output, *others), wrt)]
        return _one_by_one([(each, item) for each in (output, *others) for item in items], one)
    graph = contracted(output)
    source = _place(graph, wrt)
    node = next(v for v in topological_order(output) if graph.place(v) == source)
    if order == 2:
        return _second(output, node, digits, fractions)
    passed = [path] if isinstance(path, str) else path
    nodes = [named_node(graph, name) for name in passed if name]
    way = path_through(graph, source, nodes) if nodes else None
    found = count(node.value for node in graph.nodes)
    if lanes is not None:
        check(lanes, found)
    if isinstance(lanes, int):
        twins = one_lane(output, lanes)
        of_lane = derive(twins[output], twins[node], path=path, digits=digits, fractions=fractions)
        return _of_lanes(of_lane, lanes, found)
    derived = _derivation(graph, source, way, _choice(graph, digits, fractions))
    if lanes is not None:
        return _of_lanes(derived, lanes, found)
    return derived if way else replace(derived, note=remark(output, node, derived.gradient))


def _named_below(outputs: Sequence[Value], wrt: Value | str) -> Value:
    return named_value(ops.total(*outputs), wrt) if isinstance(wrt, str) else wrt


def _of_layer(
    output: Value, vectors: Mapping[str, Any], name: str, digits: int | None, fractions: bool
) -> Derivation | None:
    """The derivative by a vector or a matrix of a program; None where it has no such form."""
    whole = layer(output, vectors, name, _choice(contracted(output), digits, fractions))
    if whole is None:
        return None
    line = on_one_line(whole.lines[:1])
    return Derivation((), 0, whole.rows, whole.lines, line, (whole.where,))


def _one_by_one(
    pairs: Sequence[tuple[Value, Value]], one: Callable[[Value, Value], Derivation]
) -> Derivation:
    """The derivations of some outputs by some nodes as one; 0 where nothing leads from it."""
    below = [node in topological_order(output) for output, node in pairs]
    if not any(below):
        return one(*pairs[0])  # which says so
    derived = [
        one(output, node)
        if is_below
        else _nothing(derivative_of(output.label or "output", node.label))
        for (output, node), is_below in zip(pairs, below, strict=True)
    ]
    return Derivation(
        (),
        sum(each.count for each in derived),
        tuple(each.gradient for each in derived),
        tuple(line for each in derived for line in each.lines),
        joined([each.line for each in derived], "; ", r", \quad "),
        tuple(dict.fromkeys(gate for each in derived for gate in each.gates)),
        "; ".join(each.note for each in derived if each.note),
    )  # fmt: skip


def _nothing(left: Written) -> Derivation:
    """A derivative that is 0, because nothing leads there."""
    line = Line(left, "=", Written("0", "0"))
    return Derivation((), 0, 0, (line,), on_one_line([line]))


def _second(output: Value, node: Value, digits: int | None, fractions: bool) -> Derivation:
    """The derivative of the derivative, in the names of the leaves."""
    twins = rebuilt(output, {node: node.data})
    leaves = [twin for twin in twins.values() if twin.is_leaf and twin.label]
    for twin in twins.values():
        twin.label = twin.label if twin.is_leaf else ""
    name, by = name_of(output.label or "output"), name_of(node.label)
    d, tex = ("d", "d") if len(leaves) == 1 else ("∂", r"\partial")
    math = rf"\frac{{{tex}^{{2}} {name.math}}}{{{tex} {{{by.math}}}^{{2}}}}"
    left = Written(f"{d}²{name.text}/{d}{by.text}²", math)
    first = _as_value(contracted(twins[output]), twins[node], leaves)
    graph = contracted(first) if isinstance(first, Value) else None
    source = graph.place(twins[node]) if graph else None
    if graph is None or source is None:  # a first derivative without the name
        return _nothing(left)
    derived = _derivation(graph, source, None, _choice(graph, digits, fractions))
    lines = (replace(derived.lines[0], left=left), *derived.lines[1:])
    shown = lines[:1] + lines[-1:] if len(lines) > 1 else lines
    return replace(derived, lines=lines, line=_settable(on_one_line(shown)))


def _as_value(graph: Graph, leaf: Value, leaves: Sequence[Value]) -> Any:
    """The formula of a derivative, computed on Values.

    Raises:
        DrawingError: where it is too long to be written, or two leaves have one name.
    """
    names = {typeset(one.label): one for one in leaves}
    source = graph.place(leaf)
    edge = next((e for e in graph.outgoing[source or 0] if graph.edges[e].source == source), None)
    if edge is None:
        return 0
    if len(names) < len(leaves) or parts_of(graph.formula(edge), 2 * MOST_PARTS) is None:
        raise DrawingError("the first derivative is too long, or its names are not told apart")
    return evaluated(graph.formula(edge), names)


def _of_lanes(derived: Derivation, lanes: Lanes, found: int) -> Derivation:
    """The derivation with a line that says what is shown of the lanes."""
    gradient = reduced(derived.gradient, lanes)
    numbers = written_alike([gradient])
    shown = said(lanes, found)
    tex = rf"\text{{{shown}}}"
    if isinstance(lanes, int):
        line = Line(NOTHING, "", Written(f"({shown})", rf"\text{{({shown})}}"))
    else:
        sign = "≈" if replace(numbers, approximate=True).is_approximate(gradient) else "="
        line = Line(Written(shown, tex), sign, written_number(gradient, numbers))
    end = on_one_line([line])
    whole = Written(f"{derived.line.text}; {end.text}", "")
    return replace(derived, gradient=gradient, lines=(*derived.lines, line), line=whole)


def named_node(graph: Graph, name: str) -> int:
    """The index of the node that has a name, in any of its spellings.

    Raises:
        ValueError: when no node has it, or several have.
    """
    wanted = _spelling(name)
    labels = [(place, node.label) for place, node in enumerate(graph.nodes) if node.label]
    found = [place for place, label in labels if label == name]
    found = found or [place for place, label in labels if _spelling(label) == wanted]
    if len(found) == 1:
        return found[0]
    asked = repr(printable(name))
    if found:
        raise ValueError(f"{len(found)} nodes are named {asked}; hand over the node itself")
    known = list(dict.fromkeys(printable(_spelling(label)) for _, label in labels))
    near = nearest(wanted, known, likeness=0.5)
    shown = ", ".join(near or known[:12]) + ("" if near or len(known) <= 12 else ", …")
    hint = f"near it are {shown}" if near else f"there are {shown or 'no names'}"
    raise ValueError(f"no node is named {asked}; {hint}")


def named_value(output: Value, name: str) -> Value:
    """The node below an output that has a name, in any of its spellings.

    Raises:
        ValueError: when no node has it, or several have.
    """
    graph = contracted(output)
    wanted = named_node(graph, name)
    return next(value for value in topological_order(output) if graph.place(value) == wanted)


def _place(graph: Graph, wrt: Value | str) -> int:
    if isinstance(wrt, str):
        return named_node(graph, wrt)
    if not isinstance(wrt, Value):
        raise TypeError(f"wrt is a node or its name; got {type(wrt).__name__}")
    place = graph.place(wrt)
    if place is not None:
        return place
    if not wrt.label:
        raise ValueError('the node has no name to write; give it one, as in w.named("w")')
    called = repr(printable(wrt.label))
    raise ValueError(f"{called} is not below the output: nothing there was computed from it")


def _spelling(label: str) -> str:
    try:
        return spelled(label)
    except ValueError:
        return label


# Derivations -------------------------------------------------------------------------------------

_Choice = Callable[[Sequence[Sum]], Digits]


def derivation(
    graph: Graph, source: int, numbers: Numbers | None = None, path: Path | None = None
) -> Derivation:
    """The chain rule for the derivative of the output of a graph by one of its nodes.

    Args:
        graph: contracted, so that its edges are the factors on the slide.
        source: index of the node.
        numbers: how numbers are written; by default in as few digits as it takes.
        path: indices of edges from the node to the output: only this path; by default all paths.

    Raises:
        DrawingError: when there is no such node, or `path` does not lead from it to the output.
    """
    if numbers:
        digits = Digits(numbers, numbers, numbers)
        return _derivation(graph, source, path, lambda sums: digits)
    return _derivation(graph, source, path, _choice(graph, None, False))


def _choice(graph: Graph, digits: int | None, fractions: bool) -> _Choice:
    leaves = [node.value for node in graph.nodes if node.is_leaf]
    is_exact = all(map(scalars.is_exact, leaves))
    return partial(chosen_digits, digits=digits, fractions=fractions, is_exact=is_exact)


def _derivation(graph: Graph, source: int, path: Path | None, choose: _Choice) -> Derivation:
    if not 0 <= source < len(graph.nodes):
        raise DrawingError(f"the graph has {len(graph.nodes)} nodes; there is no node {source}")
    count = path_counts(graph)[source]
    if path is not None:
        check_path(graph, source, path)
        return _summed(graph, source, (path,), count, choose)
    if count <= MOST_PATHS:
        every = tuple(paths(graph, source))
        is_short = count <= SUMMED and sum(map(len, every)) <= _FACTORS
        if is_short or are_examples(graph, every):
            return _summed(graph, source, every, count, choose)
    return _node_by_node(graph, source, count, choose)


def _summed(
    graph: Graph, source: int, chosen: tuple[Path, ...], count: int, choose: _Choice
) -> Derivation:
    """The derivation along some paths, or all, written as one sum."""
    names = Names(graph)
    left = names.derivative(graph.output, source)
    if len(chosen) == count:
        gradient = total_derivatives(graph)[source]
    else:
        gradient = derivative_along(graph, chosen[0])
        left = _along(names, source, chosen[0], left)
    sum_ = sum_over_paths(names, chosen, left, gradient)
    digits = choose([sum_])
    steps = equation(sum_, digits)
    told = shortened(chosen) if sum_.missing else chosen
    edges = [edge for path in told for edge in reversed(path)]
    lines = lines_of(left, steps)
    repeated = " = ".join(line.right.text for line in lines[-2:])  # 1[x > 0] = 1
    return Derivation(
        chosen,
        count,
        gradient,
        lines,
        _settable(on_one_line(lines_of(left, steps.on_the_slide()))),
        tuple(gate for gate in gates(names, edges, digits.result) if gate.text != repeated),
    )


def _along(names: Names, source: int, path: Path, left: Written) -> Written:
    """A derivative with the path that alone is followed."""
    passed = [names(source), *(names(names.graph.edges[e].target) for e in path)]
    way = joined(passed, " → ", r" \to ")
    return Written(f"{left.text} along {way.text}", rf"{left.math}\;({way.math})")


def _node_by_node(graph: Graph, source: int, count: int, choose: _Choice) -> Derivation:
    """The derivation with one equation for each node between the source and the output."""
    names = Names(graph)
    gradients = total_derivatives(graph)
    nodes = nodes_between(graph, source)
    kept, half = nodes, _EQUATIONS // 2
    if len(nodes) > _EQUATIONS:
        kept = nodes[:half] + nodes[-half:]
    sums = [sum_over_users(names, node, gradients) for node in kept]
    equations = [equation(sum_, choose([sum_])) for sum_ in sums]
    lines = [flat(sum_.left, steps) for sum_, steps in zip(sums, equations, strict=True)]
    if kept is not nodes:
        missing = f"({len(nodes) - len(kept)} more equations like these)"
        rest = Written(f"⋮ {missing}", rf"\;\vdots \quad \text{{{missing}}}")
        lines.insert(half, Line(NOTHING, "", rest))
    line = on_one_line(lines_of(sums[-1].left, equations[-1].on_the_slide()))
    return Derivation((), count, gradients[source], tuple(lines), _settable(line))
