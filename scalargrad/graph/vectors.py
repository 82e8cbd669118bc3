"""Vectors and matrices of a graph: the parameters θ, the gradient ∇L, and Jacobians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.graph.derivation import named_value
from scalargrad.graph.equations import in_parentheses, pmatrix, written_number
from scalargrad.graph.labels import derivative, name_of
from scalargrad.notation.names import Written, joined, parsed
from scalargrad.notation.numbers import Numbers
from scalargrad.notation.numbers import numbers as numbers_alike

_NO_PARAMETERS = {"x", "y", "t", "xhat", "yhat", "target", "label", "input"}  # they are data
_NO_PARAMETERS |= {"lambda", "eta", "alpha", "epsilon"}  # and rates
_FOUR_DIGITS = Numbers()


@dataclass(frozen=True)
class Matrix:
    r"""A matrix with a name, entry by entry and in numbers.

    Attributes:
        name: how it is called: θ, ∇L, ∂(ŷ₁, ŷ₂)/∂(h₁, h₂).
        rows: the numbers.
        entries: what each number is, such as w₁; empty where the name says it.
        factors: the matrices of which it is the product, in the order of the chain.
        numbers: how the numbers are written.

    >>> x, w = Value(2, "x"), Value("0.5", "w")
    >>> print(gradient(((w * x - 1) ** 2).named("L"), ["w", "x"]))
    ∇L = ⎡∂L/∂w⎤ = ⎡0⎤
         ⎣∂L/∂x⎦   ⎣0⎦
    """

    name: Written
    rows: tuple[tuple[Scalar, ...], ...]
    entries: tuple[tuple[Written, ...], ...] = ()
    factors: tuple[Matrix, ...] = ()
    numbers: Numbers = _FOUR_DIGITS

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns."""
        return len(self.rows), len(self.rows[0])

    def __getitem__(self, place: tuple[int, int]) -> Scalar:
        """The number in a row and a column, counted from 0."""
        row, column = place
        return self.rows[row][column]

    def __matmul__(self, other: Matrix) -> Matrix:
        """The product; both keep their numbers as they are.

        Raises:
            ValueError: where the columns of one are not as many as the rows of the other.
        """
        (rows, inner), (same, columns) = self.shape, other.shape
        if inner != same:
            raise ValueError(f"a {rows}×{inner} matrix meets a {same}×{columns} one; reverse them")
        product = tuple(
            tuple(_sum_of_products(row, column) for column in zip(*other.rows, strict=True))
            for row in self.rows
        )
        name = Written(f"{self.name.text} {other.name.text}", f"{self.name.math} {other.name.math}")
        mine, others = self.factors or (self,), other.factors or (other,)
        return Matrix(name, product, factors=(*mine, *others), numbers=self.numbers)

    @property
    def text(self) -> str:
        """In Unicode, over as many lines as it has rows."""
        columns = [[self.name.text]]
        if self.factors:
            columns += [["="], *([factor.name.text] for factor in self.factors)]
            for place, factor in enumerate(self.factors):
                columns += [["=" if not place else ""], _framed(factor._written("text"))]
        if self.entries:
            columns += [["="], _framed([[entry.text for entry in row] for row in self.entries])]
        return _beside([*columns, ["="], _framed(self._written("text"))])

    @property
    def latex(self) -> str:
        r"""A formula for amsmath, without dollars."""
        parts = [self.name.math]
        if self.factors:
            parts.append(" ".join(factor.name.math for factor in self.factors))
            parts.append(" ".join(pmatrix(factor._written("math")) for factor in self.factors))
        if self.entries:
            parts.append(pmatrix([[entry.math for entry in row] for row in self.entries]))
        return " = ".join([*parts, pmatrix(self._written("math"))])

    def _written(self, way: str) -> list[list[str]]:
        return [
            [getattr(written_number(number, self.numbers), way) for number in row]
            for row in self.rows
        ]

    def __repr__(self) -> str:
        """The text: a matrix is there to be read."""
        return self.text

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"


def _sum_of_products(row: Iterable[Scalar], column: Iterable[Scalar]) -> Scalar:
    return reduce(scalars.plus, map(scalars.times, row, column))


def _framed(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a matrix, its columns below one another, between tall brackets."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    if len(lines) == 1:
        return [f"[{lines[0]}]"]
    middle = len(lines) - 2
    left, right = ["⎡", *"⎢" * middle, "⎣"], ["⎤", *"⎥" * middle, "⎦"]
    return [a + line + b for a, line, b in zip(left, lines, right, strict=True)]


def _beside(blocks: Sequence[Sequence[str]]) -> str:
    """Blocks of lines side by side."""
    height = max(map(len, blocks))
    lines = [""] * height
    for block in blocks:
        width = max(map(len, block))
        shown = [*block, *[""] * (height - len(block))]
        lines = [f"{line}{part.ljust(width)} " for line, part in zip(lines, shown, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


# What a user asks --------------------------------------------------------------------------------


def theta(model: Value | Mapping[str, Value] | object, names: Sequence[str | Value] = ()) -> Matrix:
    """The parameters as one column vector θ, as the decks collect them.

    Args:
        model: a program, an output, or a module with parameters.
        names: which and in which order; by default all leaves but data, x and y, and rates.

    Raises:
        ValueError: where there are none, or a name is not known.

    >>> from scalargrad import program
    >>> theta(program("x = 2; w = 0.5; b = 1; h = w*x + b"))
    θ = ⎡w⎤ = ⎡0.5⎤
        ⎣b⎦   ⎣1  ⎦
    """
    chosen = _parameters(model, names)
    entries = [name_of(node.label) for node in chosen]
    return _column(Written("θ", r"\theta"), [node.data for node in chosen], entries)


def _column(name: Written, values: Sequence[Scalar], entries: Sequence[Written]) -> Matrix:
    rows, written = tuple((value,) for value in values), tuple((entry,) for entry in entries)
    return Matrix(name, rows, written, numbers=numbers_alike(values))


def gradient(loss: Value, names: Sequence[str | Value] = ()) -> Matrix:
    """The gradient of a loss as one column vector ∇L, in the order of θ; no `grad` is touched.

    Args:
        loss: a node, usually the loss.
        names: by what, and in which order; by default by the parameters.

    Raises:
        ValueError: where there are none, or a name is not known.

    >>> from scalargrad import program
    >>> p = program("x = 2; w = 0.5; b = 1; L = (w*x + b)^2")
    >>> gradient(p.output)
    ∇L = ⎡∂L/∂w⎤ = ⎡8⎤
         ⎣∂L/∂b⎦   ⎣4⎦
    """
    chosen = _parameters(loss, names)
    found = gradients(loss, scalars.whole(1, loss.data))
    values = [found.get(node, scalars.whole(0, loss.data)) for node in chosen]
    name = _called(loss)
    entries = [derivative(name, name_of(node.label)) for node in chosen]
    return _column(Written(f"∇{name.text}", rf"\nabla {name.math}"), values, entries)


def jacobian(
    outputs: Value | Sequence[Value],
    inputs: Value | Sequence[Value],
    through: Sequence[Any] = (),
) -> Matrix:
    """The derivatives of some nodes by others, exact for exact numbers: a row for each output.

    Args:
        outputs: the nodes that are differentiated.
        inputs: by what; they are taken for independent of one another.
        through: a layer of nodes between, or several, the nearest to the outputs first: the
            Jacobian is then shown as the product of those of the layers, in the order of the chain.

    Raises:
        ValueError: where a way from the outputs to the inputs passes by a layer.
        TypeError: for what is no Value.

    >>> x1, x2 = Value(2, "x1"), Value(3, "x2")
    >>> jacobian([(x1 * x2).named("p"), (x1 + x2).named("s")], [x1, x2])
    ∂(p, s)/∂(x₁, x₂) = ⎡3  2⎤
                        ⎣1  1⎦
    """
    rows, columns = _nodes(outputs), _nodes(inputs)
    whole = _jacobian(rows, columns)
    if not through:
        return whole
    first = through[0]
    layers = [_nodes(through)] if isinstance(first, Value) else [_nodes(x) for x in through]
    ends = [rows, *layers, columns]
    for place, (above, below) in enumerate(pairwise(ends)):
        reached = {*topological_order(*above, until=set(below))} - {*below}
        if any(node in reached for layer in ends[place + 2 :] for node in layer):
            raise ValueError("a way from the outputs to the inputs passes by a layer of `through`")
    factors = tuple(_jacobian(above, below) for above, below in pairwise(ends))
    return Matrix(whole.name, whole.rows, factors=factors, numbers=whole.numbers)


def _jacobian(outputs: Sequence[Value], inputs: Sequence[Value]) -> Matrix:
    until = set(inputs)
    rows = []
    for output in outputs:
        found = gradients(output, scalars.whole(1, output.data), until=until - {output})
        rows.append(tuple(found.get(node, scalars.whole(0, output.data)) for node in inputs))
    name = derivative(_side(outputs), _side(inputs))
    numbers = numbers_alike([number for row in rows for number in row])
    return Matrix(name, tuple(rows), numbers=numbers)


def _nodes(nodes: Value | Sequence[Value]) -> list[Value]:
    chosen = [nodes] if isinstance(nodes, Value) else list(nodes)
    for node in chosen:
        if not isinstance(node, Value):
            raise TypeError(f"jacobian takes Values; got {type(node).__name__} {node!r}")
    if not chosen:
        raise ValueError("jacobian needs one output and one input, or more")
    return chosen


def _side(nodes: Sequence[Value]) -> Written:
    """Names with commas between them, in parentheses where there are several."""
    names = joined([_called(node) for node in nodes], ", ", ", ")
    return names if len(nodes) == 1 else in_parentheses(names)


def _called(node: Value) -> Written:
    return name_of(node.label or "output")


def _parameters(model: object, names: Sequence[str | Value]) -> list[Value]:
    """The nodes of some names; by default the leaves that are parameters."""
    if names:
        return [_node(model, name) for name in names]
    if isinstance(model, Value):
        leaves = [node for node in topological_order(model) if node.is_leaf and node.label]
    elif isinstance(model, Mapping):
        leaves = [node for node in model.values() if node.is_leaf and node.label]
    elif hasattr(model, "parameters"):
        return list(model.parameters())
    else:
        raise TypeError(f"theta takes a program, a node or a module; got {type(model).__name__}")
    chosen = [node for node in dict.fromkeys(leaves) if _is_parameter(node.label)]
    if not chosen:
        raise ValueError('there are no parameters; name what they are, as in theta(p, ["w", "b"])')
    return chosen


def _node(model: object, name: str | Value) -> Value:
    if isinstance(name, Value):
        return name
    if isinstance(model, Mapping):
        node: Value = model[name]
        return node
    if isinstance(model, Value):
        return named_value(model, name)
    raise TypeError("names of the parameters of a module are those of its nodes: hand these over")


def _is_parameter(label: str) -> bool:
    name = parsed(label)
    return name is None or (name.letters + name.accent not in _NO_PARAMETERS)
