"""What each node of a contracted graph is: decided once, from the graph and the names.

A leaf that is multiplied with another node is a weight and belongs to the edge that it weighs; a
leaf that is added is a bias and belongs to its unit. Every other named node is drawn by itself, and
so is a leaf that weighs two edges of one unit: of each nothing but their sum is known.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property

from scalargrad.graph.model import Graph

_WEIGHT = re.compile(r"([wWuvk]|[UVK](?![a-z])|theta|θ|weight)\W*\w*")
_BIAS = re.compile(r"(b[a-z]?|beta|β|bias|c)(\W|\d|_|[₀-₉]|$).*")
_STATE = re.compile(r"[hcs]_?[0₀]")  # what a cell starts from
_STATE_OR_UNIT = re.compile(r"h(\d|_|[₀-₉]|$).*")
_TARGET = re.compile(r"(y|t|target|label)(\d|_|[₀-₉]|$).*")
_LOSS = re.compile(r"(loss|l|L|ℓ|J|E|cost)(\W|\d|_|[₀-₉]|$).*")
_OUTPUT = re.compile(r"(yhat|ŷ|o|out|output|p|pred|prediction)(\d|_|[₀-₉]|$).*")
_INPUT = re.compile(r"([xX]|input)(\d|_|[₀-₉]|$).*")
_LOGIT = re.compile(r"(z|f|s|a|logit|score)(\d|_|[₀-₉]|$).*")


class Roles:
    """Which node of a contracted graph is drawn as what.

    Attributes:
        weighed: for an edge, as its source and target, the weights on it.
        biases: for a node, the leaves that are added in it.
        circles: the other nodes.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        partners = Counter(n for a, b, _ in set(graph.products) for n in (a, b))
        uses = []  # weight, partner and unit
        for a, b, target in dict.fromkeys(graph.products):
            weight = self._weight(a, b, partners)
            if weight is not None:
                uses.append((weight, b if weight == a else a, target))
        times = Counter((weight, target) for weight, _, target in set(uses))
        twice = {weight for (weight, _), count in times.items() if count > 1}
        self.weighed: dict[tuple[int, int], list[int]] = {}
        for weight, partner, target in uses:
            if weight not in twice:
                self.weighed.setdefault((partner, target), []).append(weight)
        weights = {weight for weight, _, _ in uses} - twice
        units = {target for _, target in self.weighed}
        self.biases: dict[int, list[int]] = {}
        added = set()
        for leaf, target in dict.fromkeys(graph.terms):
            is_weight = target in units and self._is_weight(leaf)  # w₀ + w₁x
            if (is_weight or self._is_bias(leaf)) and leaf not in weights:
                self.biases.setdefault(target, []).append(leaf)
                added.add(leaf)
        self.weights = frozenset(weights)
        beside = weights | added
        self.circles = [i for i in range(len(graph.nodes)) if i not in beside]

    def _weight(self, a: int, b: int, partners: Counter[int]) -> int | None:
        """Which of two factors is the weight, if one is."""
        nodes = self.graph.nodes
        leaves = [i for i in (a, b) if nodes[i].is_leaf and a != b]
        named = [i for i in leaves if self._is_weight(i)]
        if len(named) == 1:
            return named[0]
        others = [i for i in leaves if not _INPUT.fullmatch(nodes[i].label)]
        if len(leaves) == 2 and len(others) == 1 and not _TARGET.fullmatch(nodes[others[0]].label):
            return others[0]
        once = [i for i in leaves if partners[i] == 1 and len(self.graph.outgoing[i]) == 1]
        leaves = [i for i in leaves if not _STATE.fullmatch(nodes[i].label)]
        once = [i for i in once if i in leaves]
        if len(leaves) == 1 and leaves == once and not _TARGET.fullmatch(nodes[leaves[0]].label):
            return leaves[0]
        return once[0] if len(once) == 1 and len(leaves) == 2 else None

    def _is_weight(self, index: int) -> bool:
        node = self.graph.nodes[index]
        return node.is_leaf and bool(_WEIGHT.fullmatch(node.label))

    def _is_bias(self, index: int) -> bool:
        node = self.graph.nodes[index]
        return (
            node.is_leaf and bool(_BIAS.fullmatch(node.label)) and not _STATE.fullmatch(node.label)
        )

    @cached_property
    def edges(self) -> list[tuple[int, int]]:
        """Edges between circles; what goes into a weight or a bias goes into its edge or unit."""
        circles = set(self.circles)
        through = [
            (edge.source, edge.target)
            for edge in self.graph.edges
            if edge.source in circles and edge.target in circles
        ]
        return list(dict.fromkeys(through))

    @cached_property
    def columns(self) -> list[list[int]]:
        """The circles by depth; a leaf stands just before its first use."""
        depth = dict.fromkeys(self.circles, 0)
        for source, target in self.edges:
            depth[target] = max(depth[target], depth[source] + 1)
        first: dict[int, int] = {}
        for source, target in self.edges:
            first[source] = min(first.get(source, depth[target]), depth[target])
        for index, use in first.items():
            if not self.graph.incoming[index]:
                depth[index] = use - 1
        columns: list[list[int]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
        for index in self.circles:
            columns[depth[index]].append(index)
        return columns

    @property
    def is_network(self) -> bool:
        """Whether there are weights by name, and a named node between them and the output."""
        return any(map(self._is_weight, self.weights)) and any(
            self.graph.incoming[i] and i != self.graph.output for i in self.circles
        )

    @cached_property
    def _into_loss(self) -> frozenset[int]:
        """What the losses compare with targets."""
        into = {a for a, b in self.edges if self._is_loss(b)}
        return frozenset(index for index in into if not self._is_loss(index))

    def _is_loss(self, index: int) -> bool:
        label = self.graph.nodes[index].label
        return bool(_LOSS.fullmatch(label)) and bool(self.graph.incoming[index])

    def heading(self, index: int) -> str:
        """What a column of such nodes is called, one and several of them; "" for nothing sure."""
        node = self.graph.nodes[index]
        if node.is_leaf and _STATE.fullmatch(node.label):
            return "state|states"
        if node.is_leaf:
            is_input = any(edge in self.weighed for edge in self._edges_from.get(index, ()))
            return "input|inputs" if is_input or _INPUT.fullmatch(node.label) else ""
        if self._is_loss(index):
            return "loss|losses"
        is_last = index in self._into_loss or not self.graph.outgoing[index]
        if is_last and not (node.is_activation and _STATE_OR_UNIT.fullmatch(node.label)):
            is_weighed = index not in self._unweighed
            if _LOGIT.fullmatch(node.label) and is_weighed and not node.is_activation:
                return "logit|logits"
            return "output|outputs" if _OUTPUT.fullmatch(node.label) else ""
        if node.is_activation and index not in self._unweighed:
            return f"hidden ({node.symbol})"
        return ""

    @cached_property
    def _unweighed(self) -> frozenset[int]:
        """The circles that no weight goes into."""
        weighed = {target for _, target in self.weighed}
        return frozenset(i for i in self.circles if i not in weighed)

    @cached_property
    def _edges_from(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for edge in self.edges:
            found.setdefault(edge[0], []).append(edge)
        return found
