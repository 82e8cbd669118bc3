"""The chain rule once more, for floats: what `backward.gradients` defines, in half the time.

Nodes that have a gradient and wait are in a list whose last is the newest, and in a heap where they
are older than that; so no node is looked at twice, and most never see the heap. One and two parents
are written out. Neurons that share a row of weights or of inputs hand their gradients to the row,
which hands the sums on. The tests hold all of it to the definition, bit for bit.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import count
from operator import is_not
from typing import Any

from scalargrad.engine import ops, stable
from scalargrad.engine.scalars import Scalar

Found = dict[Any, Any]  # gradients; for a row, what its members had before, and what has come
Waiting = list[tuple[int, Any]]  # a heap, the newest first

_new = object.__new__
_DOT = ops.dot
next_index = count().__next__  # parents are older than children: sorting by age sorts the graph


class OutOfOrderError(Exception):
    """Sums over a shared row would be added in another order than by the definition."""


class Row:
    """Values side by side, with their data: the weights, or the inputs, of the dots of neurons.

    The neurons of a layer share the row of their inputs, and the examples of a batch the rows of
    weights. The backward pass takes a row for a node above its members: it is younger than these,
    and older than the dots. What comes from the dots, pairs of a gradient and the local derivatives
    by the members, waits there until the last has come.

    Args:
        members: the Values.
        is_shared: whether it serves several dots.
    """

    __slots__ = ("data", "index", "is_shared", "kind", "p")
    op = ops.CONSTANT  # as the loop below sees a node of any number of parents

    def __init__(self, members: Iterable[Any], is_shared: bool = False) -> None:
        self.p = tuple(members)
        self.data = tuple([member._data for member in self.p])
        kinds = set(map(type, self.data))
        self.kind = kinds.pop() if len(kinds) == 1 else None
        self.is_shared = is_shared
        self.index = next_index()


def dot_of(bias: Any, weights: Row, inputs: Row) -> Any:
    """The node dot(b, w₁, x₁, w₂, x₂, …) of as many weights as inputs, which is not checked.

    It keeps the rows, where their data are floats, or write code, and one of them is shared.
    """
    b, kind = bias._data, weights.kind
    is_plain = b.__class__ is kind is inputs.kind and (kind is float or kind in stable.DOTS)
    if not (is_plain and (weights.is_shared or inputs.is_shared)):
        return bias.dot(*_in_pairs(bias, weights.p, inputs.p)[1:])
    node = _new(bias.__class__)
    node._data = stable.dot_of_rows(b, weights.data, inputs.data)
    node.grad = None
    node.label = ""
    node.op = _DOT
    node.p = bias, weights, inputs
    node.q = None
    node.a = b
    node.index = next_index()
    return node


def parents_of(node: Any) -> tuple[Any, ...]:
    """The operands' nodes of a node of any number of them."""
    if node.p[-1].__class__ is not Row:
        return node.p  # type: ignore[no-any-return]
    bias, weights, inputs = node.p
    return _in_pairs(bias, weights.p, inputs.p)


def operands_of(node: Any) -> tuple[Any, ...]:
    """What such a node has captured."""
    if node.p[-1].__class__ is not Row:
        return node.a  # type: ignore[no-any-return]
    _, weights, inputs = node.p
    return _in_pairs(node.a, weights.data, inputs.data)


def _in_pairs(b: Any, ws: Sequence[Any], xs: Sequence[Any]) -> tuple[Any, ...]:
    """The operands of a dot in their order: b, w₁, x₁, w₂, x₂, …."""
    operands = [b, *ws, *xs]
    operands[1::2], operands[2::2] = ws, xs
    return tuple(operands)


def gradients(output: Any, seed: float, until: Container[Any]) -> dict[Any, Scalar]:
    """The gradient of an output with respect to every node below it.

    Args:
        output: the node to differentiate.
        seed: its own gradient.
        until: nodes that are taken for leaves.

    Raises:
        OverflowError: where an exact number is beyond the range of floats.
        OutOfOrderError: where a sum would be rounded otherwise than by the definition, or a branch
            is not taken.
    """
    found: Found = {output: seed}
    ahead = [output] if output.p is not None else []
    later: Waiting = []
    while ahead or later:
        node = ahead.pop() if ahead else heappop(later)[1]
        if later and later[0][0] < -node.index:
            node = heapreplace(later, (-node.index, node))[1]
        gradient = found[node]
        op = node.op
        if op.count == 2:
            parent = node.p
            first, local = op.constants or op.derivatives(node._data, node.a, node.b)
            if parent in found:
                found[parent] += gradient * first
            else:
                found[parent] = gradient * first
                if parent.p is not None and parent not in until:
                    if ahead and ahead[-1].index > parent.index:
                        heappush(later, (-parent.index, parent))
                    else:
                        ahead.append(parent)
            parent = node.q
        elif op.count:
            parent = node.p
            (local,) = op.constants or op.derivatives(node._data, node.a)
        else:
            _hand_on(node, found, later, until)
            continue
        if parent in found:
            found[parent] += gradient * local
        else:
            found[parent] = gradient * local
            if parent.p is not None and parent not in until:
                if ahead and ahead[-1].index > parent.index:
                    heappush(later, (-parent.index, parent))
                else:
                    ahead.append(parent)
    return found


def _hand_on(node: Any, found: Found, later: Waiting, until: Container[Any]) -> None:
    """Add what a node of any number of parents, or a row, contributes to the gradients of these."""
    if node.__class__ is Row:
        before, products = found.pop(node)
        _add_sums(node, before, products, found, later, until)
        return
    gradient, op, parents = found[node], node.op, node.p
    if op.chooses:
        raise OutOfOrderError  # of the branches one gets nothing, which is not 0
    if parents[-1].__class__ is not Row:
        locals_ = op.constants or op.derivatives(node._data, *node.a)
        _add(parents, gradient, locals_, found, later, until)
        return
    bias, weights, inputs = parents
    by_bias, xs, ws = op.derivatives(node._data, node.a, weights.data, inputs.data)
    if bias in found:
        found[bias] += gradient * by_bias
    else:
        _add((bias,), gradient, (by_bias,), found, later, until)
    handed = ((weights, xs), (inputs, ws)) if weights.is_shared else ((inputs, ws), (weights, xs))
    for row, locals_ in handed:  # first a shared one, to see what the other adds
        if row in found:
            found[row][1].append((gradient, locals_))
        elif row.is_shared:
            found[row] = list(map(found.get, row.p)), [(gradient, locals_)]
            heappush(later, (-row.index, row))
        else:
            _add(row.p, gradient, locals_, found, later, until)


def _add(
    parents: Iterable[Any],
    gradient: float,
    local_derivatives: Iterable[Scalar],
    found: Found,
    later: Waiting,
    until: Container[Any],
) -> None:
    """Add the products to the gradients of some parents; the new ones among these wait."""
    for parent, local in zip(parents, local_derivatives, strict=False):
        if parent in found:
            found[parent] += gradient * local
        else:
            found[parent] = gradient * local
            if parent.p is not None and parent not in until:
                heappush(later, (-parent.index, parent))


def _add_sums(
    row: Row,
    before: list[Scalar | None],
    products: list[tuple[float, Iterable[Scalar]]],
    found: Found,
    later: Waiting,
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
        found[member] = stable.dot_of_rows(start, multipliers, locals_)
        if start is None and member.p is not None and member not in until:
            heappush(later, (-member.index, member))
