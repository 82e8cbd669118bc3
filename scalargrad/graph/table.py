"""The derivative table: name, value and gradient of every named node, as text or Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.value import Value
from scalargrad.graph.lanes import Lanes, check, count, reduced, said
from scalargrad.graph.model import contracted, outputs_of
from scalargrad.graph.remarks import remarks
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import both
from scalargrad.notation.words import in_columns, printable

_HEADER: tuple[str, ...] = ("name", "value", "gradient")


@dataclass(frozen=True)
class Table:
    """Rows of cells: name, value, and the gradient of each output with respect to it.

    Attributes:
        rows: the cells.
        note: what is shown of lanes, in words; of numbers, which gradients are nan, or are not
            the slope of the function, and why.
        header: what stands above the cells.
    """

    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    header: tuple[str, ...] = _HEADER

    def __str__(self) -> str:
        """Plain text in columns."""
        columns = zip(self.header, *self.rows, strict=True)
        rule = ["─" * max(map(len, column)) for column in columns]
        rows = in_columns([self.header, rule, *self.rows])
        return "\n".join([*rows, *filter(None, [self.note])])

    def __repr__(self) -> str:
        """The text: a table is there to be read."""
        return str(self)

    @property
    def markdown(self) -> str:
        """A Markdown table; what Markdown would take for markup is escaped."""
        cells = [map(_escaped, row) for row in self.rows]
        lines = [self.header, ["---"] * len(self.header), *cells]
        rows = [f"| {' | '.join(line)} |" for line in lines]
        return "\n".join([*rows, *(["", self.note] if self.note else [])])

    def _repr_markdown_(self) -> str:
        return self.markdown


def table(
    output: Value | Iterable[Value] | Mapping[str, Value],
    detail: Literal["named", "all"] | None = None,
    *,
    lanes: Lanes = None,
) -> Table:
    """The values and gradients below a node, in the order in which they were computed.

    Args:
        output: the node that `backward` was called on; or several, or a program with its outputs,
            of which each gets a column of derivatives.
        detail: "named" for the named nodes, "all" for all of them; by default the named ones
            where there are any besides the output.
        lanes: of a graph of lanes "mean", "sum" or the number of one; by default all are listed.

    Raises:
        ValueError: for lanes that there are not.

    >>> x, w = Value("2", "x"), Value("0.1", "w")
    >>> h = (w * x).named("h")
    >>> h.backward()
    >>> table(h)
    name  value       gradient
    ────  ──────────  ──────────
    x     2           1/10 = 0.1
    w     1/10 = 0.1  2
    h     1/5 = 0.2   1
    """
    outputs = outputs_of(output, "table takes")
    nodes = topological_order(*outputs)
    named = [node for node in nodes if node.label or node in outputs]
    if detail == "named" or (detail is None and any(n not in outputs for n in named)):
        nodes = named
    lane_count = count(node.data for node in nodes)
    if lanes is not None:
        check(lanes, lane_count)
    header, columns = _HEADER, [[node.grad for node in nodes]]
    if len(outputs) > 1:
        header = (*_HEADER[:2], *(f"∂{typeset(one.label or 'output')}/∂…" for one in outputs))
        columns = []
        for one in outputs:
            nought = scalars.whole(0, one.data)
            found = gradients(one, scalars.whole(1, one.data))
            columns.append([found.get(node, nought) for node in nodes])
    rows = [
        (_title(node), *(both(reduced(cell, lanes)) for cell in (node.data, *cells)))
        for node, *cells in zip(nodes, *columns, strict=True)
    ]
    note = "" if lanes is None else said(lanes, lane_count)
    if not lane_count:
        told = [one for one in outputs if len(outputs) > 1 or one.grad is not None]
        note = "\n".join(line for one in told for line in remarks(one, contracted(one)))
    return Table(tuple(rows), note, header)


def _title(node: Value) -> str:
    if node.label:
        return printable(typeset(node.label), 60)
    return f"({node.op.symbol if node.op and node.parents else 'number'})"


def _escaped(cell: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>|$&~" else c for c in cell)
