"""Derivation: the chain rule along one path or summed over all, in text, LaTeX and Markdown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from operator import attrgetter

from scalargrad.engine import scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying, topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.model import Graph, contracted
from scalargrad.notation.formula import Formula, evaluated, parts_of, renamed
from scalargrad.notation.names import Written, canonical, mathtext, typeset
from scalargrad.notation.numbers import MINUS, Numbers, decimal, fraction, in_formula, read
from scalargrad.notation.numbers import numbers as written_alike
from scalargrad.notation.printing import enclosed, latex, quoted
from scalargrad.notation.words import nearest, printable

Path = tuple[int, ...]  # indices of edges, from a node to the output

MOST_PATHS = 100  # that are listed
_SUMMED, _FACTORS = 6, 24  # paths, and factors on all of them, that are written as one sum
_EQUATIONS, _TERMS = 16, 6  # in the recursive form: beyond them the middle is left out
_PARTS = 80  # of a formula; a longer one is written as its symbol
_LANES = 6  # that are written
_LETTERS = 40  # of a name that are written


@dataclass(frozen=True)
class Line:
    r"""A line of an equation.

    Attributes:
        left: what stands on the left, or nothing where the line goes on with the one before.
        sign: "=", or "≈" where what follows is rounded.
        right: what follows; its `math` is LaTeX that amsmath sets, also for names in `\text`.
    """

    left: Written
    sign: str
    right: Written


@dataclass(frozen=True)
class Derivation:
    r"""The chain rule for one derivative: in symbols, local formulas, numbers, and the result.

    Up to six paths are written as one sum. Beyond that there is one equation for each node, the
    nodes nearest to the output first.

    Attributes:
        paths: the paths that are written as one sum, each as the indices of its edges; empty where
            there is one equation for each node.
        count: how many paths there are.
        gradient: the sum over the paths.
        lines: of the aligned equation.
        line: the whole on one line, as on the slide: symbols, numbers and result.
        gates: the conditions in the formulas and what they are, as in 1[w₂x > 0] = 1.

    >>> x, y = Value("2", "x"), Value("1", "y")
    >>> h = (Value("0.8", "w") * x).relu().named("h")
    >>> print(derive((h - y) ** 2, "w"))
    ∂output/∂w = ∂output/∂h × ∂h/∂w
               = 2(h − y) × 1[wx > 0]x
               = (1.2) × (2)
               = 2.4
    where 1[wx > 0] = 1
    """

    paths: tuple[Path, ...]
    count: int
    gradient: Scalar
    lines: tuple[Line, ...]
    line: Written
    gates: tuple[Written, ...] = ()

    @property
    def steps(self) -> tuple[Written, ...]:
        """The lines, each with its sign in front, for matplotlib."""
        return tuple(_settable(_on_one_line([line])) for line in self.lines)

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
        return "\n".join(written)

    @property
    def latex(self) -> str:
        r"""An align* environment, which a plain LaTeX with amsmath sets."""
        body = _UNUSUAL.sub(lambda c: f"U+{ord(c[0]):04X}", self._aligned())
        return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"

    @property
    def markdown(self) -> str:
        """The same for Markdown, between double dollars."""
        return f"$$\n\\begin{{aligned}}\n{self._aligned()}\n\\end{{aligned}}\n$$"

    def _aligned(self) -> str:
        lines = [f"{a.left.math} &{_SIGNS[a.sign]} {a.right.math}" for a in self.lines]
        if self.gates:
            lines.append(r"&\text{where } " + r",\; ".join(gate.math for gate in self.gates))
        return " \\\\\n".join(lines)

    def __repr__(self) -> str:
        """The text: a derivation is there to be read."""
        return self.text

    def _repr_latex_(self) -> str:
        return self.latex

    def _repr_markdown_(self) -> str:
        return self.markdown


_SIGNS = {"=": "=", "≈": r"\approx", "": ""}


def _on_one_line(lines: Iterable[Line]) -> Written:
    parts = [
        part
        for line in lines
        for part in (line.left, Written(line.sign, _SIGNS[line.sign]), line.right)
    ]
    return Written(
        " ".join(part.text for part in parts if part.text),
        " ".join(part.math for part in parts if part.math),
    )


def _settable(line: Written) -> Written:
    """The line as matplotlib takes it, without mathematics where a name is set as text."""
    is_settable = r"\text{" not in line.math and r"\begin{" not in line.math
    return line if is_settable else Written(line.text)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


# What a user asks --------------------------------------------------------------------------------


def derive(
    output: Value,
    wrt: Value | str,
    *,
    path: str | Sequence[str] = (),
    digits: int | None = None,
    fractions: bool = False,
) -> Derivation:
    """The chain rule for the derivative of a node; no gradient is needed, and none is touched.

    Args:
        output: the node to differentiate, usually the loss.
        wrt: by what: a node with a name, or a name in any of its spellings.
        path: names of nodes that single out one of several paths.
        digits: significant digits; by default as many as it takes, 3 to 6.
        fractions: whether exact numbers are written as fractions.

    Raises:
        ValueError: for a name that no node below the output has, or several have.
        DrawingError: when `path` does not single out one path.
        TypeError: when `output` is no Value, or `wrt` is neither Value nor text.

    >>> x = Value("3", "x")
    >>> derive(x * x, "x").line.text
    '∂output/∂x = 2x = 6'
    """
    if not isinstance(output, Value):
        raise TypeError(f"derive takes a Value, usually the loss; got {type(output).__name__}")
    graph = contracted(output)
    source = _place(graph, wrt)
    passed = [path] if isinstance(path, str) else path
    nodes = [named_node(graph, name) for name in passed if name]
    way = path_through(graph, source, nodes) if nodes else None
    return _derivation(graph, source, way, partial(_numbers, graph, digits, fractions))


def named_node(graph: Graph, name: str) -> int:
    """The index of the node that has a name, in any of its spellings.

    Raises:
        ValueError: when no node has it, or several have.
    """
    found = [i for i, node in enumerate(graph.nodes) if node.label and node.label == name]
    wanted = _spelling(name)
    found = found or [
        i for i, node in enumerate(graph.nodes) if node.label and _spelling(node.label) == wanted
    ]
    if len(found) == 1:
        return found[0]
    asked = repr(printable(name))
    if found:
        raise ValueError(f"{len(found)} nodes are named {asked}; hand over the node itself")
    known = list(dict.fromkeys(printable(_spelling(n.label)) for n in graph.nodes if n.label))
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


def path_through(graph: Graph, source: int, nodes: Sequence[int]) -> Path:
    """The one path from a node to the output that passes all these nodes.

    Raises:
        DrawingError: when no path does, or several do.
    """
    found = [
        path
        for path in paths(graph, source)
        if {source, *(graph.edges[edge].target for edge in path)}.issuperset(nodes)
    ]
    if len(found) == 1:
        return found[0]
    asked = ", ".join(_Names(graph)(node).text for node in nodes)
    count = f"{len(found)} paths pass" if found else "no path passes"
    raise DrawingError(f"{count} through {asked}; name the nodes of exactly one path")


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
        return canonical(label)
    except ValueError:
        return label


# Paths -------------------------------------------------------------------------------------------


def paths(graph: Graph, source: int, most: int = MOST_PATHS) -> list[Path]:
    """All paths from a node to the output, each as the indices of its edges, in a stable order.

    Raises:
        DrawingError: when there are more than so many.

    >>> x = Value(3, "x")
    >>> h, k = (2 * x).named("h"), (x + 1).named("k")
    >>> paths(contracted(h * k), 0)
    [(0, 2), (1, 3)]
    """
    counts = path_counts(graph)
    if counts[source] > most:
        raise DrawingError(
            f"{_Names(graph)(source).text} has {decimal(counts[source])} paths to the output; "
            f"up to {most} are listed: choose a node nearer to it"
        )
    found: list[Path] = []
    walk: list[int] = []
    waiting = [_onward(graph, counts, source)]
    if source == graph.output:
        return [()]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            del walk[-1:]
            continue
        edge = waiting[-1].pop()
        target = graph.edges[edge].target
        if target == graph.output:
            found.append((*walk, edge))
        else:
            walk.append(edge)
            waiting.append(_onward(graph, counts, target))
    return found


def _onward(graph: Graph, counts: Sequence[int], node: int) -> list[int]:
    """The edges from a node that lead to the output, the first one last."""
    return [e for e in reversed(graph.outgoing[node]) if counts[graph.edges[e].target]]


def path_counts(graph: Graph) -> list[int]:
    """For each node how many paths lead from it to the output.

    >>> x = Value(3, "x")
    >>> path_counts(contracted((2 * x).named("h") * (x + 1).named("k")))
    [2, 1, 1, 1]
    """
    counts = [0] * len(graph.nodes)
    counts[graph.output] = 1
    for node in range(graph.output - 1, -1, -1):  # users are made after what they use
        counts[node] = sum(counts[graph.edges[e].target] for e in graph.outgoing[node])
    return counts


def _gradients(graph: Graph) -> list[Scalar]:
    """For each node the sum over its paths of the products of local derivatives."""
    steps: list[_Step] = []
    for index in range(len(graph.nodes)):
        edges = [graph.edges[edge] for edge in graph.incoming[index]]
        parents = tuple([steps[edge.source] for edge in edges])
        steps.append(_Step(index, parents, multiplying([edge.local for edge in edges])))
    like = graph.nodes[graph.output].value
    found = gradients(steps[graph.output], scalars.whole(1, like), attrgetter("pullback"))
    return [found.get(step, scalars.whole(0, like)) for step in steps]


class _Step:
    """A node of a graph as the chain rule takes it."""

    def __init__(self, index: int, parents: tuple[_Step, ...], pullback: Pullback) -> None:
        self.index = index
        self.parents = parents
        self.pullback = pullback


def _product(factors: Iterable[Scalar]) -> Scalar:
    return reduce(scalars.times, factors, 1)


# Derivations -------------------------------------------------------------------------------------


def derivation(
    graph: Graph, source: int, numbers: Numbers | None = None, path: Path | None = None
) -> Derivation:
    """The chain rule for the derivative of the output of a graph by one of its nodes.

    Args:
        graph: contracted, so that its edges are the factors on the slide.
        source: index of the node.
        numbers: how numbers are written; by default in as few of 3 to 6 digits as it takes.
        path: indices of edges from the node to the output: only this path; by default all paths.

    Raises:
        DrawingError: when there is no such node, or `path` does not lead from it to the output.
    """
    choose = partial(_numbers, graph, None, False)
    return _derivation(graph, source, path, (lambda shown: numbers) if numbers else choose)


def _derivation(
    graph: Graph,
    source: int,
    path: Path | None,
    choose: Callable[[list[Scalar]], Numbers],
) -> Derivation:
    if not 0 <= source < len(graph.nodes):
        raise DrawingError(f"the graph has {len(graph.nodes)} nodes; there is no node {source}")
    count = path_counts(graph)[source]
    if path is not None:
        _check(graph, source, path)
        return _summed(graph, source, (path,), count, choose)
    if count <= _SUMMED:
        found = tuple(paths(graph, source))
        if sum(map(len, found)) <= _FACTORS:
            return _summed(graph, source, found, count, choose)
    return _node_by_node(graph, source, count, choose)


def _check(graph: Graph, source: int, path: Path) -> None:
    node = source
    for edge in path:
        if not 0 <= edge < len(graph.edges) or graph.edges[edge].source != node:
            raise DrawingError(f"edge {edge} of the path does not start where the path has come to")
        node = graph.edges[edge].target
    if node != graph.output:
        raise DrawingError("the path ends before the output; paths(graph, source) lists all")


def _summed(
    graph: Graph,
    source: int,
    chosen: tuple[Path, ...],
    count: int,
    choose: Callable[[list[Scalar]], Numbers],
) -> Derivation:
    """The derivation along some paths, or all, written as one sum."""
    names = _Names(graph)
    terms = [tuple(_local(names, edge) for edge in reversed(path)) for path in chosen]
    left = names.derivative(graph.output, source)
    if len(chosen) == count:
        gradient = _gradients(graph)[source]
    else:
        gradient = _product([factor.number for factor in terms[0]])
        left = _along(names, source, chosen[0], left)
    sum_ = _Sum(left, terms, gradient)
    numbers = choose(sum_.numbers())
    equation = _written(sum_, numbers)
    edges = [edge for path in chosen for edge in reversed(path)]
    return Derivation(
        chosen,
        count,
        gradient,
        _lines(left, equation),
        _settable(_on_one_line(_lines(left, equation.on_the_slide()))),
        _gates(names, edges, numbers),
    )


def _along(names: _Names, source: int, path: Path, left: Written) -> Written:
    """A derivative with the path that alone is followed."""
    passed = [names(source), *(names(names.graph.edges[e].target) for e in path)]
    text = " → ".join(name.text for name in passed)
    tex = r" \to ".join(name.math for name in passed)
    return Written(f"{left.text} along {text}", rf"{left.math}\;({tex})")


def _node_by_node(
    graph: Graph, source: int, count: int, choose: Callable[[list[Scalar]], Numbers]
) -> Derivation:
    """The derivation with one equation for each node between the source and the output."""
    names = _Names(graph)
    gradients = _gradients(graph)
    nodes = _between(graph, source)
    kept, half = nodes, _EQUATIONS // 2
    if len(nodes) > _EQUATIONS:
        kept = nodes[:half] + nodes[-half:]
    sums = [_sum_over_users(names, node, gradients) for node in kept]
    numbers = choose([number for sum_ in sums for number in sum_.numbers()])
    equations = [_written(sum_, numbers) for sum_ in sums]
    lines = [_flat(sum_.left, equation) for sum_, equation in zip(sums, equations, strict=True)]
    if kept is not nodes:
        missing = f"({len(nodes) - len(kept)} more equations like these)"
        rest = Written(f"⋮ {missing}", rf"\;\vdots \quad \text{{{missing}}}")
        lines.insert(half, Line(_NOTHING, "", rest))
    line = _on_one_line(_lines(sums[-1].left, equations[-1].on_the_slide()))
    return Derivation((), count, gradients[source], tuple(lines), _settable(line))


def _between(graph: Graph, source: int) -> list[int]:
    """The nodes on the paths from a node to the output, nearest to the output first, without it."""
    found = {source}
    for node in range(source, graph.output):
        if node in found:
            found.update(graph.edges[edge].target for edge in graph.outgoing[node])
    counts = path_counts(graph)
    nearest_first = range(graph.output - 1, source - 1, -1)
    return [node for node in nearest_first if node in found and counts[node]]


def _sum_over_users(names: _Names, node: int, gradients: Sequence[Scalar]) -> _Sum:
    """The chain rule for one node: a term for each of its users."""
    graph = names.graph
    edges = list(graph.outgoing[node])
    missing = max(0, len(edges) - _TERMS)
    if missing:
        edges = [*edges[: _TERMS - 1], edges[-1]]
    terms = []
    for edge in edges:
        user = graph.edges[edge].target
        symbol = names.derivative(graph.output, user)
        upstream = (_Factor(symbol, symbol, gradients[user]),) if user != graph.output else ()
        terms.append((*upstream, _local(names, edge)))
    return _Sum(names.derivative(graph.output, node), terms, gradients[node], missing)


@dataclass(frozen=True)
class _Factor:
    """A factor: its symbol, its formula, its number; whether it is 1 whatever the numbers are."""

    symbol: Written
    formula: Written
    number: Scalar
    is_one: bool = False
    is_sum: bool = False
    is_rounded: bool = False


_Term = tuple[_Factor, ...]


@dataclass(frozen=True)
class _Sum:
    """A derivative as a sum over paths, or over users, of products; some terms may be left out."""

    left: Written
    terms: Sequence[_Term]
    gradient: Scalar
    missing: int = 0

    def factors(self) -> list[list[Scalar]]:
        """The numbers of each term."""
        return [[f.number for f in term if not f.is_one] for term in self.terms]

    def products(self) -> list[list[Scalar]]:
        """The value of each term."""
        return [[_product(row)] for row in self.factors()]

    def numbers(self) -> list[Scalar]:
        """All that are written."""
        rows = self.factors() + (self.products() if len(self.terms) > 1 else [])
        return [number for row in rows for number in row] + [self.gradient]


def _local(names: _Names, edge: int) -> _Factor:
    """The local derivative along an edge."""
    graph = names.graph
    ends = graph.edges[edge]
    symbol = names.derivative(ends.target, ends.source)
    if _has_detour(graph, edge):
        symbol = _direct(symbol)
    try:
        formula = graph.formula(edge)
        parts = parts_of(formula, _PARTS)
    except RecursionError:  # thousands of unnamed nodes in a row
        parts = None
    if parts is None:
        return _Factor(symbol, symbol, ends.local)
    return _Factor(
        symbol,
        names.formula(formula),
        ends.local,
        is_one=formula.is_number(1),
        is_sum=formula.head in ("+", "-", "neg") or str(formula).startswith(MINUS),
        is_rounded=any(_is_rounded_constant(part) for part in parts),
    )


def _has_detour(graph: Graph, edge: int) -> bool:
    """Whether other ways lead from the source of an edge to its target.

    The local derivative is then not the whole of ∂target/∂source, and must not be called that.
    """
    source, target = graph.edges[edge].source, graph.edges[edge].target
    waiting = [graph.edges[e].target for e in graph.outgoing[source] if e != edge]
    found: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node == target:
            return True
        if node < target and node not in found:
            found.add(node)
            waiting += [graph.edges[e].target for e in graph.outgoing[node]]
    return False


def _direct(symbol: Written) -> Written:
    """A derivative along one edge only, where other ways lead there too."""
    return Written(f"({symbol.text})_direct", enclosed(symbol.math) + r"_{\mathrm{direct}}")


def _is_rounded_constant(part: Formula) -> bool:
    """Whether a formula writes a number in fewer digits than it has."""
    if part.head != "number" or not scalars.is_number(part.parts[0]):
        return False
    number = part.parts[0]
    return not _is_finite(number) or read(in_formula(number)) != Fraction(str(number))


# Equations ---------------------------------------------------------------------------------------

_NOTHING = Written("", "")
_Right = tuple[str, Written]  # a sign, and what follows it


@dataclass(frozen=True)
class _Equation:
    """What stands right of a derivative; None for what would only repeat its neighbour."""

    symbols: _Right | None
    formulas: _Right | None
    numbers: _Right | None
    products: _Right | None
    result: _Right

    def __iter__(self) -> Iterator[_Right]:
        given = (self.symbols, self.formulas, self.numbers, self.products, self.result)
        return (right for right in given if right)

    def on_the_slide(self) -> list[_Right]:
        """Symbols, numbers, result; a formula where there would be no symbols."""
        given = (self.symbols or self.formulas, self.numbers, self.result)
        return [right for right in given if right]


def _written(sum_: _Sum, numbers: Numbers) -> _Equation:
    """The steps of an equation, and how each follows from the one before."""
    writer = _Writer(numbers)
    terms, missing = sum_.terms, sum_.missing
    symbols = _joined([_times([f.symbol for f in term]) for term in terms], missing)
    formulas = _joined([_times(_bracketed(term, len(terms))) for term in terms], missing)
    factors, products, result = sum_.factors(), sum_.products(), [[sum_.gradient]]
    has_products = max(map(len, factors), default=0) > 1
    has_sum = len(factors) > 1
    chain = [(factors, has_products or has_sum), (products, has_products and has_sum)]
    rows = [row if is_written else None for row, is_written in chain]
    before: list[list[Scalar]] | None = None
    rights: list[_Right | None] = []
    for row, left_out in ((rows[0], missing), (rows[1], missing), (result, 0)):
        if row is None:
            rights.append(None)
            continue
        is_equal = writer.is_equal(row, before, missing)
        written = _joined([writer.product(term, len(row)) for term in row], left_out)
        rights.append(("=" if is_equal else "≈", written))
        before = row
    is_rounded = any(f.is_rounded for term in terms for f in term)
    last = rights[2]
    assert last is not None
    has_symbols = any(terms) and symbols.text != sum_.left.text
    has_formulas = any(terms) and formulas.text not in (symbols.text, last[1].text)
    return _Equation(
        ("=", symbols) if has_symbols else None,
        ("≈" if is_rounded else "=", formulas) if has_formulas else None,
        rights[0],
        rights[1],
        last,
    )


def _lines(left: Written, rights: Iterable[_Right]) -> tuple[Line, ...]:
    first, *others = (Line(_NOTHING, *right) for right in rights)
    return (replace(first, left=left), *others)


def _flat(left: Written, equation: _Equation) -> Line:
    """An equation on one line."""
    (sign, first), *others = equation
    rest = _on_one_line(Line(_NOTHING, *right) for right in others)
    return Line(left, sign, Written(f"{first.text} {rest.text}".strip(),
                                    f"{first.math} {rest.math}".strip()))  # fmt: skip


def _bracketed(term: _Term, count: int) -> list[Written]:
    """The formulas of a term, those of 1 left out, sums in parentheses where they need them."""
    shown = [factor for factor in term if not factor.is_one]
    alone = len(shown) == 1 and count == 1
    return [_in_parentheses(f.formula) if f.is_sum and not alone else f.formula for f in shown]


def _in_parentheses(written: Written) -> Written:
    return Written(f"({written.text})", enclosed(written.math))


def _times(factors: Sequence[Written]) -> Written:
    """A product; of nothing, 1."""
    if not factors:
        return Written("1", "1")
    return Written(
        " × ".join(factor.text for factor in factors),
        r" \times ".join(factor.math for factor in factors),
    )


def _joined(terms: Sequence[Written], missing: int) -> Written:
    """A sum, dots standing for the terms that are left out; of nothing, 0."""
    shown = list(terms) or [Written("0", "0")]
    if missing:
        shown.insert(len(shown) - 1, Written("⋯", r"\cdots"))
    return Written(" + ".join(a.text for a in shown), " + ".join(a.math for a in shown))


# Numbers -----------------------------------------------------------------------------------------


def _numbers(graph: Graph, digits: int | None, fractions: bool, shown: Sequence[Scalar]) -> Numbers:
    """How the numbers are written: in full where six digits are enough for all of them."""
    leaves = [node.value for node in graph.nodes if node.is_leaf]
    is_exact = all(map(scalars.is_exact, leaves))
    known = [number for number in map(_plain, shown) if scalars.is_number(number)]
    for enough in (3, 4, 5, 6):
        numbers = Numbers(enough, fractions, approximate=is_exact)
        if digits is None and all(map(_Writer(numbers).is_in_full, known)):
            return numbers
    finite = [number for number in known if math.isfinite(scalars.to_float(number))]
    return written_alike(finite, digits, fractions=fractions, approximate=is_exact)


def _plain(scalar: Scalar) -> Scalar:
    """A scalar as it is written: a Value by its data, a number of many digits as a float."""
    while isinstance(scalar, Value):
        scalar = scalar.data
    many = scalars.kind_of(scalar).name == "mpmath number"
    return scalars.to_float(scalar) if many else scalar


def _is_finite(number: Scalar) -> bool:
    return scalars.is_exact(number) or math.isfinite(number)


class _Writer:
    """Writes numbers, and knows which of them it has rounded."""

    def __init__(self, numbers: Numbers) -> None:
        self.approximate = numbers.approximate
        self.numbers = replace(numbers, approximate=False)  # ≈ stands between the lines

    def number(self, scalar: Scalar) -> Written:
        """A number, the first lanes, or an expression of another library's."""
        scalar = _plain(scalar)
        if lanes := _lanes(scalar):
            shown = [self.number(lane) for lane in lanes[:_LANES]]
            shown += [Written("…", r"\ldots")] * (len(lanes) > _LANES)
            return Written(f"[{', '.join(a.text for a in shown)}]",
                           enclosed(", ".join(a.math for a in shown), "[]"))  # fmt: skip
        if scalars.is_number(scalar):
            return Written(self.numbers.text(scalar), self.numbers.math(scalar))
        text = printable(str(scalar), 200).replace("-", MINUS)
        own = scalar._repr_latex_() if hasattr(scalar, "_repr_latex_") else ""
        return Written(text, own.strip("$").removeprefix(r"\displaystyle ") or quoted(text))

    def product(self, factors: Sequence[Scalar], count: int) -> Written:
        """Numbers in parentheses with × between them; one that is no negative term as it is."""
        written = [self.number(factor) for factor in factors]
        alone = len(written) == 1
        if alone and not (count > 1 and written[0].text.startswith(MINUS)):
            return written[0]
        return _times([_in_parentheses(factor) for factor in written])

    def is_in_full(self, scalar: Scalar) -> bool:
        """Whether what is written is the number itself; a float is taken for its 15 digits."""
        scalar = _plain(scalar)
        if lanes := _lanes(scalar):
            return len(lanes) <= _LANES and all(map(self.is_in_full, lanes))
        if not scalars.is_number(scalar) or not _is_finite(scalar):
            return True
        if scalars.is_exact(scalar):
            return bool(self.printed(scalar) == scalar)
        digits = self.numbers.digits
        return not self.approximate and decimal(scalar, digits) == decimal(scalar, 15)

    def printed(self, scalar: Scalar) -> Fraction:
        """The number that is read off what is written."""
        exact = self.numbers.fractions and scalars.is_exact(scalar)
        text = fraction(scalar) if exact else decimal(scalar, self.numbers.digits)
        return read(text)

    def is_equal(
        self, row: list[list[Scalar]], before: list[list[Scalar]] | None, missing: int
    ) -> bool:
        """Whether = is honest in front of a sum of products that follows another, as printed."""
        known = [_plain(number) for term in row + (before or []) for number in term]
        if not all(map(self.is_in_full, known)):
            return False
        if before is None or not all(scalars.is_number(a) and _is_finite(a) for a in known):
            return True
        if missing:
            return all(map(scalars.is_exact, known))
        return self.read(row) == self.read(before)

    def read(self, row: list[list[Scalar]]) -> Fraction:
        """The sum of products of the numbers as they are printed."""
        printed = ([self.printed(_plain(factor)) for factor in term] for term in row)
        return sum((math.prod(term, start=Fraction(1)) for term in printed), Fraction(0))


def _lanes(scalar: Scalar) -> list[Scalar]:
    return list(scalar.ravel().tolist()) if getattr(scalar, "shape", ()) else []


# Names -------------------------------------------------------------------------------------------


class _Names:
    """The names of the nodes of a graph, and formulas in them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: dict[str, int] = {}
        self.values: dict[str, Scalar] = {}  # None for a name of several nodes
        for index, node in enumerate(graph.nodes):
            if node.label:
                name = typeset(node.label)
                self.values[name] = None if name in self.nodes else node.value
                self.nodes[name] = index

    def __call__(self, node: int) -> Written:
        """The name of a node; one without a name is the output, or has its number."""
        written = _name(self.graph.nodes[node].label)
        if written.text:
            return written
        if node == self.graph.output and "output" not in self.nodes:
            return _name("output")
        return Written(f"#{node}", rf"\#{node}")

    def derivative(self, of: int, by: int) -> Written:
        """∂a/∂b."""
        a, b = self(of), self(by)
        return Written(f"∂{a.text}/∂{b.text}", rf"\frac{{\partial {a.math}}}{{\partial {b.math}}}")

    def formula(self, formula: Formula) -> Written:
        """A formula in these names."""
        text = str(renamed(formula, lambda name: self._named(name).text))
        return Written(text, latex(formula, lambda name: self._named(name).math))

    def _named(self, name: str) -> Written:
        if name in self.nodes:
            return self(self.nodes[name])
        return _LEFT_OUT.get(name) or Written(name, mathtext(name) or quoted(name))

    def value(self, condition: Formula) -> Scalar | None:
        """The value of a formula; None where a name in it has none, or belongs to several nodes."""
        names = [part.parts[0] for part in parts_of(condition, _PARTS) or () if part.head == "name"]
        if any(self.values.get(name) is None for name in names):
            return None
        return evaluated(condition, self.values)


_LEFT_OUT = {"[…]": Written("[…]", r"[\ldots]"), "…": Written("…", r"\ldots")}


def _gates(names: _Names, edges: Iterable[int], numbers: Numbers) -> tuple[Written, ...]:
    """The conditions in the formulas of some edges, and what they are: 1[w₂x > 0] = 1."""
    writer = _Writer(numbers)
    found: dict[str, Written] = {}
    for edge in edges:
        try:
            parts = parts_of(names.graph.formula(edge), _PARTS)
        except RecursionError:
            continue
        for gate in parts or ():
            value = names.value(gate) if gate.head == "indicator" else None
            if value is not None:
                left, right = names.formula(gate), writer.number(value)
                found[left.text] = Written(
                    f"{left.text} = {right.text}", f"{left.math} = {right.math}"
                )
    return tuple(found.values())


def _name(label: str) -> Written:
    """A name in Unicode and in TeX; what is no name of the field is set as text."""
    text = printable(typeset(label))
    if re.search(r"[\s+*/×·=−-]", text):
        text = f"({text})"
    if label.startswith("$"):
        math_ = label[1:-1] if len(label) > 2 and _is_plain_tex(label[1:-1]) else ""
    else:
        math_ = mathtext(label) if len(label) <= _LETTERS else ""
    return Written(text, math_ or quoted(text))


_UNUSUAL = re.compile(r"[^\x00-\x7fÀ-ÏÑ-ÖØ-ÝßÀ-ïñ-öø-ýÿ]")  # what a plain LaTeX has no letter for

# A label between dollars is TeX that its author wrote. What this grammar does not know is text.
_COMMANDS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega "
    "ell partial nabla prime ast star cdot times infty"
).replace(" ", "|")
_TEX_ATOM = (
    r"(?:[A-Za-z0-9]|\0|\\(?:" + _COMMANDS + r")(?![A-Za-z])|"
    r"\\(?:hat|bar|tilde|dot|vec|mathbf|mathrm|mathcal) *\0|\\frac *\0 *\0)"
)
_TEX = re.compile(
    rf"(?: *(?:{_TEX_ATOM}(?: *_ *{_TEX_ATOM})?(?: *\^ *{_TEX_ATOM})?|[-+=,.()/!:;\[\]|'] *))+ *"
)


def _is_plain_tex(tex: str) -> bool:
    r"""Whether it is letters, indices, accents and fractions, which any TeX sets.

    >>> [_is_plain_tex(tex) for tex in (r"W_{h}^{(1)}", r"\hat{y}", r"\input{x}", "a_b_c", "{")]
    [True, True, False, False, False]
    """
    if len(tex) > 2 * _LETTERS or "\0" in tex or not tex.isascii():
        return False
    while group := re.search(r"\{([^{}]*)\}", tex):
        if not _TEX.fullmatch(group[1]):
            return False
        tex = f"{tex[: group.start()]}\0{tex[group.end() :]}"
    return _TEX.fullmatch(tex) is not None
