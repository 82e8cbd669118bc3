"""Scalar nodes that are the elements of vectors and matrices, found again for `program_text`.

Nodes h₁, h₂, … are written as one vector where a product with a matrix, or a softmax, stands behind
them; other names with indices stay the scalars that they may have been typed as.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scalargrad.engine import ops
from scalargrad.engine.ops import CONSTANT
from scalargrad.engine.value import Value
from scalargrad.language import library
from scalargrad.language.unparsing import Piece, expression
from scalargrad.language.vectors import Array, indexed
from scalargrad.notation.names import parsed
from scalargrad.notation.printing import PRODUCT

_DEEPEST = 40  # operations of one statement inside one another

Elements = tuple[Value, ...]


@dataclass
class Lifted:
    """The vectors of a graph.

    Attributes:
        leaves: arrays of inputs that are written as such, by name.
        texts: what is written for vectors that are computed, by name.
        elements: all arrays that are written, by name.
        inside: the nodes between the elements of vectors, which are not written themselves.
    """

    leaves: dict[str, Array] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    elements: dict[str, Array] = field(default_factory=dict)
    inside: set[Value] = field(default_factory=set)


def lifted(order: Sequence[Value], names: Mapping[Value, str], uses: Mapping[Value, int]) -> Lifted:
    """The vectors of a graph.

    Args:
        order: its nodes, parents first.
        names: those that have a name, with it.
        uses: how often a node is a parent.
    """
    arrays = _arrays(order, names)
    lifter = _Lifter(arrays, names, uses)
    found = Lifted()
    place = {node: index for index, node in enumerate(order)}
    for name, array in arrays.items():
        if any(item.is_leaf for item in array.items):
            continue
        between = order[place[array.items[0]] : place[array.items[-1]]]
        if any(n in names and not n.is_leaf and n not in array.items for n in between):
            continue
        lifter.begin()
        is_vector = len(array.shape) == 1
        written = lifter.operation(array.items) if is_vector else lifter.softmax(array.items)
        if written is None or not (lifter.has_product or lifter.used & found.texts.keys()):
            continue
        found.texts[name] = written.text
        found.inside |= lifter.inside
        for other in (name, *lifter.used):
            found.elements[other] = arrays[other]
            if all(item.is_leaf for item in arrays[other].items):
                found.leaves[other] = arrays[other]
    is_whole = found.elements.keys() == found.leaves.keys() | found.texts.keys()
    return found if is_whole else Lifted()


def _arrays(order: Sequence[Value], names: Mapping[Value, str]) -> dict[str, Array]:
    """What the indices of names allow to be vectors and matrices, in the order of the graph."""
    bearers = {name: node for node, name in names.items()}
    arrays: dict[str, Array] = {}
    seen: set[str] = set()
    for node in order:
        parts = parsed(names[node]) if node in names else None
        if parts is None or not parts.indices:
            continue
        for kept in {len(parts.indices) - 1, max(0, len(parts.indices) - 2)}:
            base = parts._replace(indices=parts.indices[:kept]).plain
            if base in seen or base in bearers or library.function(base) is not None:
                continue
            seen.add(base)
            for shape in _shapes(base, bearers):
                places = list(Array(shape, ()).places)
                items = tuple(bearers[indexed(base, at)] for at in places)
                arrays.setdefault(base, Array(shape, items))
    return arrays


def _shapes(base: str, bearers: Mapping[str, Value]) -> list[tuple[int, ...]]:
    """The shape of a full matrix or vector of such a name; nothing for neither."""
    width = _length(lambda j: indexed(base, (1, j)), bearers)
    height = _length(lambda i: indexed(base, (i, 1)), bearers)
    if height and width:
        places = Array((height, width), ()).places
        if all(indexed(base, at) in bearers for at in places):
            return [(height, width)]
    length = _length(lambda i: indexed(base, (i,)), bearers)
    return [(length,)] if length else []


def _length(name: Callable[[int], str], bearers: Mapping[str, Value]) -> int:
    length = 0
    while name(length + 1) in bearers:
        length += 1
    return length


class _Lifter:
    """Columns of nodes → what is written for them."""

    def __init__(
        self, arrays: Mapping[str, Array], names: Mapping[Value, str], uses: Mapping[Value, int]
    ) -> None:
        self.arrays, self.names, self.uses = arrays, names, uses
        self.of_items = {array.items: name for name, array in arrays.items()}
        self.begin()

    def begin(self) -> None:
        """Forget what was found of the vector before."""
        self.used: set[str] = set()
        self.inside: set[Value] = set()
        self.has_product = False

    def _column(self, nodes: Elements, depth: int) -> Piece | None:
        """What is written for operands in the same place."""
        if nodes in self.of_items:
            name = self.of_items[nodes]
            self.used.add(name)
            return Piece(name)
        first = nodes[0]
        if all(node is first for node in nodes):
            if first in self.names:
                return Piece(self.names[first])
            if first.op is CONSTANT and self.uses[first] == len(nodes):
                self.inside.add(first)
                return expression(first, ())
            return None
        if any(node in self.names or self.uses[node] != 1 for node in nodes):
            return None
        return self.operation(nodes, depth + 1)

    def operation(self, nodes: Elements, depth: int = 0) -> Piece | None:
        """What is written for the elements of a vector that one operation makes."""
        operation, count = nodes[0].op, len(nodes[0].parents)
        if operation is None or operation is CONSTANT or depth > _DEEPEST:
            return None
        if any(node.op is not operation or len(node.parents) != count for node in nodes):
            return None
        written = self._product(nodes) or self.softmax(nodes)
        if written is None:
            is_reduction = count == 1 and operation.operands[0].startswith("*")
            if is_reduction or operation is ops.dot:
                return None
            operands: list[Piece] = []
            for column in zip(*[node.parents for node in nodes], strict=True):
                operand = self._column(column, depth)
                if operand is None:
                    return None
                operands.append(operand)
            written = expression(nodes[0], operands)
        self.inside.update(node for node in nodes if node not in self.names)
        return written

    def softmax(self, nodes: Elements) -> Piece | None:
        """The softmax of a vector, or of the rows of a matrix."""
        if nodes[0].op is not ops.share:
            return None
        logits = tuple(node.parents[0] for node in nodes)
        width = len(nodes[0].parents)
        for k, node in enumerate(nodes):
            first = k // width * width
            if node.parents[1:] != (*logits[first:k], *logits[k + 1 : first + width]):
                return None
        name = self.of_items.get(logits)
        if name is None or self.arrays[name].shape[-1] != width:
            return None
        self.has_product = True
        self.used.add(name)
        called = "softmax_rows" if len(self.arrays[name].shape) > 1 else "softmax"
        return Piece(f"{called}({name})")

    def _product(self, nodes: Elements) -> Piece | None:
        """W x, or Wᵀ x, for sums of products."""
        rows, inner = [], set()
        for node in nodes:
            terms: list[Value] = []
            while node.op is ops.add:
                terms.append(node.parents[1])
                inner.add(node)
                node = node.parents[0]
            terms.append(node)
            inner |= {*terms}
            if any(term.op is not ops.mul for term in terms):
                return None
            rows.append([term.parents for term in reversed(terms)])
        inner -= {*nodes}
        if any(node in self.names or self.uses[node] != 1 for node in inner):
            return None
        if len({len(row) for row in rows}) != 1:
            return None
        vector = tuple(x for _, x in rows[0])
        if vector not in self.of_items or any(tuple(x for _, x in row) != vector for row in rows):
            return None
        weights = [tuple(w for w, _ in row) for row in rows]
        straight = tuple(w for row in weights for w in row)
        turned = tuple(w for column in zip(*weights, strict=True) for w in column)
        height, width = len(rows), len(vector)
        for items, shape, mark in (
            (straight, (height, width), "{}"),
            (turned, (width, height), "transpose({})"),
        ):
            name = self.of_items.get(items)
            if name and self.arrays[name].shape == shape:
                self.used |= {name, self.of_items[vector]}
                self.inside |= inner
                self.has_product = True
                return Piece(f"{mark.format(name)} {self.of_items[vector]}", PRODUCT)
        return None
