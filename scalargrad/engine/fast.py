"""The chain rule for floats and lanes: what `backward.gradients` defines, in half the time.

No node is looked at twice: those that wait stand in the order of their age. One and two parents are
written out. Neurons that share a row of weights or of inputs hand their gradients to the row,
which hands the sums on. The tests hold all of it to the definition, bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import count
from operator import is_not
from typing import Any

from scalargrad.engine import ops, stable
from scalargrad.engine.ops import Operands, swapped
from scalargrad.engine.scalars import Scalar

Found = dict[Any, Any]  # gradients; for a row, what its members had before, and what has come

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


class Queue:
    """Nodes that wait for all of their gradient: the newest is the next.

    Most come in order of their age, and stand in `sorted`, the newest last; what comes between
    those is in a heap.
    """

    __slots__ = ("heap", "sorted")

    def __init__(self) -> None:
        self.sorted: deque[Any] = deque()
        self.heap: list[tuple[int, Any]] = []

    def add(self, node: Any) -> None:
        """Let a node wait."""
        if not self.sorted or self.sorted[-1].index < node.index:
            self.sorted.append(node)
        elif self.sorted[0].index > node.index:
            self.sorted.appendleft(node)
        else:
            heappush(self.heap, (-node.index, node))


def gradients(output: Any, seed: Scalar, until: Container[Any]) -> dict[Any, Scalar]:
    """The gradient of an output with respect to every node below it.

    Args:
        output: the node to differentiate.
        seed: its own gradient, a float or lanes.
        until: nodes that are taken for leaves.

    Raises:
        OverflowError: where an exact number is beyond the range of floats.
        OutOfOrderError: where a sum would be rounded otherwise than by the definition, a branch is
            not taken, or lanes have met exact numbers.
    """
    found: Found = {output: seed}
    one = ops.ONE if seed.__class__ is float else None  # arrays of their own are added to in place
    queue = Queue()
    waiting, heap = queue.sorted, queue.heap
    if output.p is not None:
        waiting.append(output)
    while waiting or heap:
        node = waiting.pop() if waiting else heappop(heap)[1]
        if heap and heap[0][0] < -node.index:
            node = heapreplace(heap, (-node.index, node))[1]
        op = node.op
        if not op.count:
            _hand_on(node, found, queue, until)
            continue
        gradient = found[node]
        parent = node.p
        if op.count == 1:
            (local,) = op.constants or op.derivatives(node._data, node.a)
        else:
            if op.derivatives is swapped:
                first, local = node.b, node.a
            else:
                first, local = op.constants or op.derivatives(node._data, node.a, node.b)
            part = gradient if first is one else gradient * first
            if parent in found:
                found[parent] += part
            else:
                found[parent] = part
                if parent.p is not None and parent not in until:
                    if not waiting or waiting[-1].index < parent.index:
                        waiting.append(parent)
                    elif waiting[0].index > parent.index:
                        waiting.appendleft(parent)
                    else:
                        heappush(heap, (-parent.index, parent))
            parent = node.q
        part = gradient if local is one else gradient * local
        if parent in found:
            found[parent] += part
        else:
            found[parent] = part
            if parent.p is not None and parent not in until:
                if not waiting or waiting[-1].index < parent.index:
                    waiting.append(parent)
                elif waiting[0].index > parent.index:
                    waiting.appendleft(parent)
                else:
                    heappush(heap, (-parent.index, parent))
    if seed.__class__ is not float and any(lanes.dtype == object for lanes in found.values()):
        raise OutOfOrderError
    return found


def _hand_on(node: Any, found: Found, queue: Queue, until: Container[Any]) -> None:
    """Add what a node of any number of parents, or a row, contributes to the gradients of these."""
    if node.__class__ is Row:
        before, multipliers, locals_by_dot = found.pop(node)
        _add_sums(node, before, multipliers, locals_by_dot, found, queue, until)
        return
    gradient, op, parents = found[node], node.op, node.p
    if op.chooses:
        raise OutOfOrderError  # of the branches one gets nothing, which is not 0
    if parents[-1].__class__ is not Row:
        locals_ = op.constants or op.derivatives(node._data, *node.a)
        _add(parents, gradient, locals_, found, queue, until)
        return
    bias, weights, inputs = parents
    if bias in found:
        found[bias] += gradient
    else:
        _add((bias,), gradient, (1,), found, queue, until)
    pairs = ((weights, inputs), (inputs, weights))  # the local derivative of one is the other
    for row, others in pairs if weights.is_shared else reversed(pairs):
        # First a shared one, to see what the other adds.
        if row.is_shared:
            if row not in found:
                found[row] = list(map(found.get, row.p)), [], []
                queue.add(row)
            _, multipliers, locals_by_dot = found[row]
            multipliers.append(gradient)  # no pair of the two: it would be the collector's
            locals_by_dot.append(others.data)
        else:
            _add(row.p, gradient, others.data, found, queue, until)


def _add(
    parents: Iterable[Any],
    gradient: Scalar,
    local_derivatives: Iterable[Scalar],
    found: Found,
    queue: Queue,
    until: Container[Any],
) -> None:
    """Add the products to the gradients of some parents; the new ones among these wait."""
    new = []
    for parent, local in zip(parents, local_derivatives, strict=False):
        if parent in found:
            found[parent] += gradient * local
        else:
            found[parent] = gradient * local
            new.append(parent)
    _let_wait(new, queue, until)


def _let_wait(new: list[Any], queue: Queue, until: Container[Any]) -> None:
    """Let those wait that have parents; the newest come first, as they mostly stand last."""
    for node in reversed(new):
        if node.p is not None and node not in until:
            queue.add(node)


def _add_sums(
    row: Row,
    before: list[Scalar | None],
    multipliers: Sequence[float],
    locals_by_dot: Sequence[Operands],
    found: Found,
    queue: Queue,
    until: Container[Any],
) -> None:
    """Add what has reached a shared row to the gradients of its members, dot by dot.

    Raises:
        OutOfOrderError: where something else was added to a member between the dots.
    """
    members = row.p
    if any(map(is_not, before, map(found.get, members))) or len(set(members)) < len(members):
        raise OutOfOrderError
    columns = zip(*locals_by_dot, strict=True)
    for member, start, locals_ in zip(members, before, columns, strict=True):
        found[member] = stable.dot_of_rows(start, multipliers, locals_)
    _let_wait([m for m, start in zip(members, before, strict=True) if start is None], queue, until)
