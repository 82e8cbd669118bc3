"""The chain rule once more, for plain numbers: what `backward.gradients` defines, in half the time.

The loop keeps the nodes that have a gradient and wait in a heap, so that no node is looked at
twice, reads the operands where a Value holds them, and writes one and two parents out. Neurons that
share a row of weights or of inputs hand their gradients to the row, which hands the sums on. The
tests hold all of it to the definition, bit for bit.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from functools import reduce
from heapq import heappop, heappush, heappushpop
from itertools import count
from operator import add, is_not, mul
from typing import Any

from scalargrad.engine import ops, stable
from scalargrad.engine.scalars import Scalar

Found = dict[Any, Any]  # gradients; for a row, what its members had before, and what has come
Waiting = list[tuple[int, Any]]  # the newest first

_new = object.__new__
_DOT = ops.dot
next_index = count().__next__  # parents are older than children: sorting by age sorts the graph


class OutOfOrderError(Exception):
    """Sums over a shared row would be added in another order than by the definition."""


class Row:
    """Values side by side, with their data: the weights, or the inputs, of the dots of neurons.

    The neurons of a layer share the row of their inputs, and the examples of a batch the rows of
    weights. The backward pass takes a shared row for a node above its members: it is younger than
    these, and older than the dots. What comes from the dots, pairs of a gradient and the local
    derivatives by the members, waits there until the last has come.

    Args:
        members: the Values.
        is_shared: whether it serves several dots.
    """

    __slots__ = ("data", "index", "is_shared", "p", "type")
    op, q = ops.CONSTANT, None  # as the loop below sees a node of any number of parents

    def __init__(self, members: Iterable[Any], is_shared: bool = False) -> None:
        self.p = tuple(members)
        self.data = tuple([member._data for member in self.p])
        types = set(map(type, self.data))
        self.type = types.pop() if len(types) == 1 else None
        self.is_shared = is_shared
        self.index = next_index()

    def __iter__(self) -> Iterator[Any]:
        """The members."""
        return iter(self.p)


class Pairs:
    """What a dot of two rows has for its operands, or for their nodes: b, w₁, x₁, w₂, x₂, ….

    Args:
        bias: b.
        weights: a row, or the data of one.
        inputs: the same.
    """

    __slots__ = ("bias", "inputs", "weights")

    def __init__(self, bias: Any, weights: Any, inputs: Any) -> None:
        self.bias = bias
        self.weights = weights
        self.inputs = inputs

    def __iter__(self) -> Iterator[Any]:
        """The operands in their order."""
        operands = [self.bias, *self.weights, *self.inputs]
        operands[1::2], operands[2::2] = self.weights, self.inputs
        return iter(operands)


def dot_of(bias: Any, weights: Row, inputs: Row) -> Any:
    """The node dot(b, w₁, x₁, w₂, x₂, …) of as many weights as inputs, which is not checked.

    It keeps the rows, where their data are of one kind and one of them is shared.
    """
    b = bias._data
    is_plain = weights.type is inputs.type is b.__class__
    if is_plain and (weights.is_shared or inputs.is_shared):
        try:
            y = stable.dot_of_rows(b, weights.data, inputs.data)
        except (ArithmeticError, ValueError):
            pass
        else:
            node = _new(bias.__class__)
            node._data = y
            node.grad = None
            node.label = ""
            node.op = _DOT
            node.p = Pairs(bias, weights, inputs)
            node.q = None
            node.a = Pairs(b, weights.data, inputs.data)
            node.index = next_index()
            return node
    return bias.dot(*tuple(Pairs(bias, weights, inputs))[1:])


def gradients(output: Any, seed: Scalar, until: Container[Any]) -> dict[Any, Scalar]:
    """The gradient of an output with respect to every node below it.

    Args:
        output: the node to differentiate.
        seed: its own gradient, a number.
        until: nodes that are taken for leaves.

    Raises:
        OverflowError: where an exact number is beyond the range of floats.
        OutOfOrderError: where a sum would be rounded otherwise than by the definition, or a branch
            is not taken.
    """
    found: Found = {output: seed}
    waiting: Waiting = []
    node = output if output.p is not None else None
    while node is not None:
        gradient = found[node]
        op, parent, second = node.op, node.p, node.q
        if second is not None:
            first, local = op.constants or op.derivatives(node._data, node.a, node.b)
            if parent in found:
                found[parent] += gradient * first
            else:
                found[parent] = gradient * first
                if parent.p is not None and parent not in until:
                    heappush(waiting, (-parent.index, parent))
            parent = second
        elif op.count:
            (local,) = op.constants or op.derivatives(node._data, node.a)
        else:
            _hand_on(node, found, waiting, until)
            node = heappop(waiting)[1] if waiting else None
            continue
        if parent in found:
            found[parent] += gradient * local
            node = heappop(waiting)[1] if waiting else None
        else:
            found[parent] = gradient * local
            if parent.p is not None and parent not in until:
                node = heappushpop(waiting, (-parent.index, parent))[1]
            else:
                node = heappop(waiting)[1] if waiting else None
    return found


def _hand_on(node: Any, found: Found, waiting: Waiting, until: Container[Any]) -> None:
    """Add what a node of any number of parents, or a row, contributes to the gradients of these."""
    if node.__class__ is Row:
        before, products = found.pop(node)
        _add_sums(node, before, products, found, waiting, until)
        return
    gradient, parents = found[node], node.p
    if parents.__class__ is not Pairs:
        if node.op.chooses:
            raise OutOfOrderError  # of the branches one gets nothing, which is not 0
        locals_ = node.op.constants or node.op.derivatives(node._data, *node.a)
        _add(parents, gradient, locals_, found, waiting, until)
        return
    captured = node.a
    by_bias, xs, ws = node.op.derivatives(
        node._data, captured.bias, captured.weights, captured.inputs
    )
    _add((parents.bias,), gradient, (by_bias,), found, waiting, until)
    rows = (parents.weights, xs), (parents.inputs, ws)
    for row, locals_ in rows:
        if not row.is_shared:
            continue
        if row not in found:
            found[row] = list(map(found.get, row.p)), []
            heappush(waiting, (-row.index, row))
        found[row][1].append((gradient, locals_))
    for row, locals_ in rows:
        if not row.is_shared:
            _add(row.p, gradient, locals_, found, waiting, until)


def _add(
    parents: Iterable[Any],
    gradient: Scalar,
    local_derivatives: Iterable[Scalar],
    found: Found,
    waiting: Waiting,
    until: Container[Any],
) -> None:
    """Add the products to the gradients of some parents; the new ones among these wait."""
    for parent, local in zip(parents, local_derivatives, strict=False):
        if parent in found:
            found[parent] += gradient * local
        else:
            found[parent] = gradient * local
            if parent.p is not None and parent not in until:
                heappush(waiting, (-parent.index, parent))


def _add_sums(
    row: Row,
    before: list[Scalar | None],
    products: list[tuple[Scalar, Iterable[Scalar]]],
    found: Found,
    waiting: Waiting,
    until: Container[Any],
) -> None:
    """Add what has reached a shared row to the gradients of its members, dot by dot.

    Raises:
        OutOfOrderError: where something else was added to a member between the dots.
    """
    members = row.p
    if any(map(is_not, before, map(found.get, members))) or len(set(members)) < len(members):
        raise OutOfOrderError
    multipliers, locals_by_dot = zip(*products, strict=True)
    columns = zip(*locals_by_dot, strict=True)
    for member, start, locals_ in zip(members, before, columns, strict=True):
        terms = map(mul, multipliers, locals_)
        if start is not None:
            found[member] = reduce(add, terms, start)
        else:
            found[member] = reduce(add, terms)
            if member.p is not None and member not in until:
                heappush(waiting, (-member.index, member))
