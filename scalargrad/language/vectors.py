"""Vectors and matrices of program text: names for scalars, and what may be done with them.

Nothing here is a tensor: `W x + b` makes the scalar nodes W₁₁x₁ + W₁₂x₂ + b₁ and so on, as if they
had been typed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product as pairs_of
from typing import Any

from scalargrad.engine import ops
from scalargrad.engine.ops import Operation
from scalargrad.engine.value import Value
from scalargrad.notation.names import canonical, parsed

MOST_PRODUCTS = 100_000  # of two matrices

Make = Callable[..., Value]  # an operation and its operands → the node


class ShapeError(ValueError):
    """Shapes that do not fit; the message says which."""


@dataclass(frozen=True, slots=True)
class Array:
    """A vector or a matrix.

    Attributes:
        shape: (n,) or (rows, columns).
        items: row by row.
        is_row: whether a vector was transposed.
    """

    shape: tuple[int, ...]
    items: tuple[Value, ...]
    is_row: bool = False

    def __getitem__(self, place: tuple[int, ...]) -> Value:
        """The element of some indices, from 1."""
        if len(self.shape) == 1:
            return self.items[place[0] - 1]
        return self.items[(place[0] - 1) * self.shape[1] + place[1] - 1]

    @property
    def places(self) -> Iterator[tuple[int, ...]]:
        """The indices of the items, in their order."""
        return pairs_of(*[range(1, n + 1) for n in self.shape])

    @property
    def rows(self) -> list[tuple[Value, ...]]:
        """The rows; of a vector one of each item, of a row itself."""
        if len(self.shape) == 1:
            return [self.items] if self.is_row else [(item,) for item in self.items]
        _, width = self.shape
        return [self.items[i : i + width] for i in range(0, len(self.items), width)]


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison: it stands in `where` and in an indicator, and nowhere else."""

    holds: Value | Array


Thing = Value | Array | Condition
_ELEMENT = re.compile(r"([^\[\]]*[^\[\]^])\[([1-9]\d{0,5}(?:, *[1-9]\d{0,5})?)\]", re.ASCII)
MISPLACED = "a condition stands in where(x > 0, a, b) and in 1[x > 0], and nowhere else"


def indexed(name: str, place: Sequence[int]) -> str:
    """The name of an element: indices stand side by side, above 9 with a comma between them.

    >>> indexed("x", [2]), indexed("W", [1, 2]), indexed("W", [1, 12]), indexed("h1", [2])
    ('x2', 'W12', 'W1__12', 'h1__2')
    """
    indices = ("".join(map(str, place)),) if max(place) < 10 else tuple(map(str, place))
    parts = parsed(name)
    if parts is None:
        return f"{name}_{'_'.join(indices)}"
    return parts._replace(indices=parts.indices + indices).plain


def spelled(name: str) -> str:
    """The one spelling of a name, also of an element by its place: W[1, 2] is W₁₂.

    Raises:
        NotAName: when it is no name.

    >>> spelled("W[1, 2]"), spelled("x[12]"), spelled("ŷ")
    ('W12', 'x12', 'yhat')
    """
    element = _ELEMENT.fullmatch(name)
    if element is None:
        return canonical(name)
    return indexed(canonical(element[1]), [int(index) for index in element[2].split(",")])


def words(thing: Thing) -> str:
    """What a thing is, with its shape."""
    if isinstance(thing, Condition):
        return "a condition"
    if not isinstance(thing, Array):
        return "a number"
    if len(thing.shape) == 1:
        return f"a {'row' if thing.is_row else 'vector'} of {thing.shape[0]}"
    return f"a {thing.shape[0]}×{thing.shape[1]} matrix"


# Element by element ------------------------------------------------------------------------------


def applied(make: Make, operation: Operation, operands: Sequence[Thing]) -> Thing:
    """An operation on numbers, or element by element; what takes any number reduces one vector."""
    arrays = [a for a in operands if isinstance(a, Array)]
    if not arrays:
        return make(operation, *operands)
    first = arrays[0]
    if operation in (ops.square, ops.pow) and first is operands[0] and len(first.shape) == 2:
        raise ShapeError(
            f"a power of {words(first)} has two readings: A A is the product, and A * A goes "
            "element by element"
        )
    if len(operands) == 1 and operation.operands[0].startswith("*"):
        return make(operation, *first.items)
    for other in arrays[1:]:
        if (other.shape, other.is_row) != (first.shape, first.is_row):
            hint = "; a product is written W x" if operation is ops.mul else ""
            raise ShapeError(
                f"{operation.name} goes element by element, over equal shapes; got {words(first)} "
                f"and {words(other)}{hint}"
            )
    columns = [a.items if isinstance(a, Array) else (a,) * len(first.items) for a in operands]
    items = [make(operation, *elements) for elements in zip(*columns, strict=True)]
    return Array(first.shape, tuple(items), first.is_row)


def listed(elements: Sequence[Thing]) -> Array:
    """A vector of numbers, or a matrix of rows."""
    if not elements:
        raise ShapeError("a vector has at least one element, as in [1, 2]")
    first = elements[0]
    for element in elements:
        if isinstance(element, Condition):
            raise ShapeError("a vector holds numbers; a condition stands in where(x > 0, a, b)")
        if isinstance(element, Array) and len(element.shape) == 2:
            raise ShapeError(f"a matrix holds rows of numbers; got {words(element)} in it")
        if isinstance(element, Array) != isinstance(first, Array) or (
            isinstance(element, Array) and isinstance(first, Array) and element.shape != first.shape
        ):
            raise ShapeError(
                f"a matrix has rows of one length; got {words(first)} and {words(element)}"
            )
    if isinstance(first, Array):
        items = tuple(item for row in elements for item in row.items)  # type: ignore[union-attr]
        return Array((len(elements), first.shape[0]), items)
    return Array((len(elements),), tuple(elements))  # type: ignore[arg-type]


# Products ----------------------------------------------------------------------------------------


def _sum_of_products(make: Make, row: Sequence[Value], column: Sequence[Value]) -> Value:
    terms = [make(ops.mul, a, b) for a, b in zip(row, column, strict=True)]
    return reduce(lambda a, b: make(ops.add, a, b), terms)


def product(make: Make, a: Thing, b: Thing) -> Thing:
    """W x: the product of matrices and vectors; of numbers the usual one."""
    if not (isinstance(a, Array) and isinstance(b, Array)):
        return applied(make, ops.mul, (a, b))
    if len(a.shape) == len(b.shape) == 1 and a.is_row == b.is_row:
        raise ShapeError(
            f"a product of {words(a)} and {words(b)} has two readings: w · x is a number, and "
            "w * x goes element by element"
        )
    columns = _transposed(b).rows
    rows = a.rows
    if len(rows[0]) != len(columns[0]):
        raise ShapeError(
            f"a product needs as many columns on its left as rows on its right; got {words(a)} "
            f"and {words(b)}"
        )
    if len(rows) * len(columns) * len(rows[0]) > MOST_PRODUCTS:
        raise ShapeError(
            f"the product of {words(a)} and {words(b)} makes more than {MOST_PRODUCTS} products"
        )
    items = tuple(_sum_of_products(make, row, column) for row in rows for column in columns)
    if len(a.shape) == 1 and a.is_row:
        return items[0] if len(b.shape) == 1 else Array((len(items),), items, is_row=True)
    if len(b.shape) == 1 and not b.is_row:
        return Array((len(rows),), items)
    return Array((len(rows), len(columns)), items)


def inner_product(make: Make, a: Thing, b: Thing) -> Thing:
    """w · x: of two vectors a number."""
    if isinstance(a, Array) and isinstance(b, Array) and len(a.shape) == len(b.shape) == 1:
        if a.shape != b.shape:
            raise ShapeError(
                f"a product w · x needs vectors of one length; got {words(a)} and {words(b)}"
            )
        return _sum_of_products(make, a.items, b.items)
    return product(make, a, b)


def close_product(make: Make, a: Thing, b: Thing) -> Thing:
    """w(2), where w is a number."""
    if isinstance(a, Array):
        raise ShapeError(
            "two readings: x[2] is an element of a vector, and x*2 goes element by element"
        )
    return product(make, a, b)


def matrix_product(make: Make, a: Thing, b: Thing) -> Thing:
    """W @ x: of two vectors that stand alike a number."""
    is_inner = isinstance(a, Array) and isinstance(b, Array) and a.is_row == b.is_row
    return (inner_product if is_inner else product)(make, a, b)


def _transposed(array: Array) -> Array:
    if len(array.shape) == 1:
        return Array(array.shape, array.items, not array.is_row)
    columns = zip(*array.rows, strict=True)
    height, width = array.shape
    return Array((width, height), tuple(item for column in columns for item in column))


# Functions that are no rows of the table ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """A function of things.

    Attributes:
        name: for messages.
        apply: from what makes nodes, and the operands, to the result.
        least: how many operands it takes at least.
        most: and at most; None for any number.
    """

    name: str
    apply: Callable[[Make, Sequence[Any]], Thing]
    least: int = 1
    most: int | None = 1

    def check_count(self, count: int) -> None:
        """Raise a TypeError where it does not take so many operands."""
        if count < self.least or (self.most is not None and count > self.most):
            wanted = f"{self.least}" if self.most == self.least else f"{self.least} or more"
            operands = "operand" if wanted == "1" else "operands"
            raise TypeError(f"{self.name} takes {wanted} {operands}; got {count}")


def _transpose(make: Make, operands: Sequence[Thing]) -> Thing:
    (a,) = operands
    return _transposed(a) if isinstance(a, Array) else a


def _dot(make: Make, operands: Sequence[Thing]) -> Thing:
    """dot(w, x) of vectors, dot(a, b) of numbers, and the row dot(b, w1, x1, w2, x2, …)."""
    if len(operands) == 2:
        a, b = (_upright(operand) for operand in operands)
        return inner_product(make, a, b)
    ops.dot.check_count(len(operands))
    return applied(make, ops.dot, operands)


def _upright(thing: Thing) -> Thing:
    return _transposed(thing) if isinstance(thing, Array) and thing.is_row else thing


def _items(operands: Sequence[Thing]) -> list[Thing]:
    return [i for a in operands for i in (a.items if isinstance(a, Array) else (a,))]


def _squared_norm(make: Make, operands: Sequence[Thing]) -> Thing:
    squares = [make(ops.square, item) for item in _items(operands)]
    return squares[0] if len(squares) == 1 else make(ops.total, *squares)


def _softmax(make: Make, operands: Sequence[Thing]) -> Thing:
    items = _items(operands)
    for matrix in operands:
        if isinstance(matrix, Array) and len(matrix.shape) == 2:
            raise ShapeError(
                f"the softmax of {words(matrix)} has two readings: softmax_rows(S) goes over each "
                "row, as attention does, and softmax_rows(Sᵀ)ᵀ over each column"
            )
    if len(items) < 2:
        raise ShapeError("softmax takes a vector, or two numbers or more; got a number")
    shares = [make(ops.share, item, *items[:k], *items[k + 1 :]) for k, item in enumerate(items)]
    return Array((len(shares),), tuple(shares))


def _softmax_rows(make: Make, operands: Sequence[Thing]) -> Thing:
    """The softmax of each row of a matrix."""
    (a,) = operands
    if not isinstance(a, Array) or len(a.shape) == 1:
        return _softmax(make, operands)
    items: list[Value] = []
    for row in a.rows:
        shares = _softmax(make, row)
        assert isinstance(shares, Array)
        items += shares.items
    return Array(a.shape, tuple(items))


def _pairwise(make: Make, operands: Sequence[Thing]) -> Thing:
    """Targets and what is said of them, element by element; a class's number is no target."""
    y, a = operands
    if words(y) != words(a):
        raise ShapeError(f"each class has a target, such as [0, 1]; got {words(y)} for {words(a)}")
    return applied(make, ops.mul, operands)


def _reduced(operation: Operation) -> Callable[[Make, Sequence[Thing]], Thing]:
    """The sum or the mean of a vector; of one number the number itself."""

    def apply(make: Make, operands: Sequence[Thing]) -> Thing:
        (a,) = operands
        return make(operation, *a.items) if isinstance(a, Array) else a

    return apply


def _indicator(make: Make, operands: Sequence[Thing]) -> Thing:
    (condition,) = operands
    if not isinstance(condition, Condition):
        raise ShapeError("an indicator holds a condition, as in 1[x > 0]")
    return condition.holds


def _compared(operation: Operation) -> Function:
    def apply(make: Make, operands: Sequence[Thing]) -> Thing:
        return Condition(applied(make, operation, operands))  # type: ignore[arg-type]

    return Function(operation.name, apply, 2, 2)


COMPARISONS = {
    row.symbol: _compared(row) for row in (ops.less, ops.less_equal, ops.greater, ops.greater_equal)
}
LIST = Function("a vector", lambda make, operands: listed(operands), 0, None)
TRANSPOSE = Function("transpose", _transpose)
PRODUCT = Function("product", lambda make, operands: product(make, *operands), 2, 2)
CLOSE_PRODUCT = Function("product", lambda make, operands: close_product(make, *operands), 2, 2)
MATRIX_PRODUCT = Function("product", lambda make, operands: matrix_product(make, *operands), 2, 2)
INNER = Function("inner product", lambda make, operands: inner_product(make, *operands), 2, 2)
INDICATOR = Function("1[…]", _indicator)
SQUARED_NORM = Function("norm", _squared_norm, 1, None)
FUNCTIONS = {
    "transpose": TRANSPOSE,
    "dot": Function("dot", _dot, 2, None),
    "softmax": Function("softmax", _softmax, 1, None),
    "softmax_rows": Function("softmax_rows", _softmax_rows),
    "pairwise": Function("pairwise", _pairwise, 2, 2),
    "sum_of": Function("sum_of", _reduced(ops.total)),
    "mean_of": Function("mean_of", _reduced(ops.mean)),
}
