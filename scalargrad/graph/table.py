"""The derivative table: name, value and gradient of every named node, as text or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scalargrad.engine.value import Value
from scalargrad.graph.lanes import Lanes, check, count, reduced, said
from scalargrad.graph.model import Graph, contracted, graph
from scalargrad.graph.remarks import remarks
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import both
from scalargrad.notation.words import printable

_HEADER = ("name", "value", "gradient")


@dataclass(frozen=True)
class Table:
    """Rows of three cells: name, value, and the gradient of the output with respect to it.

    Attributes:
        rows: the cells.
        note: what is shown of lanes, in words; of numbers, which gradients are nan, or are not
            the slope of the function, and why.
    """

    rows: tuple[tuple[str, str, str], ...]
    note: str = ""

    def __str__(self) -> str:
        """Plain text in columns."""
        widths = [max(map(len, column)) for column in zip(_HEADER, *self.rows, strict=True)]
        lines = [_HEADER, tuple("─" * width for width in widths), *self.rows]
        rows = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*rows, *filter(None, [self.note])])

    def __repr__(self) -> str:
        """The text: a table is there to be read."""
        return str(self)

    @property
    def markdown(self) -> str:
        """A Markdown table; what Markdown would take for markup is escaped."""
        lines = [_HEADER, ("---",) * 3, *(tuple(map(_escaped, row)) for row in self.rows)]
        rows = [f"| {' | '.join(line)} |" for line in lines]
        return "\n".join([*rows, *(["", self.note] if self.note else [])])

    def _repr_markdown_(self) -> str:
        return self.markdown


def table(
    output: Value, detail: Literal["named", "all"] | None = None, *, lanes: Lanes = None
) -> Table:
    """The values and gradients below a node, in the order in which they were computed.

    Args:
        output: the node that `backward` was called on.
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
    shown = contracted(output) if detail == "named" else graph(output)
    if detail is None and _names_more_than_the_output(shown):
        shown = contracted(output)
    found = count(node.value for node in shown.nodes)
    if lanes is not None:
        check(lanes, found)
    rows = tuple(
        (
            _title(shown, index),
            both(reduced(node.value, lanes)),
            both(reduced(node.gradient, lanes)),
        )
        for index, node in enumerate(shown.nodes)
    )
    if found or output.grad is None:
        return Table(rows, "" if lanes is None else said(lanes, found))
    return Table(rows, "\n".join(remarks(output, shown)))


def _names_more_than_the_output(shown: Graph) -> bool:
    return any(node.label for index, node in enumerate(shown.nodes) if index != shown.output)


def _title(shown: Graph, index: int) -> str:
    node = shown.nodes[index]
    return printable(typeset(node.label), 60) if node.label else f"({node.symbol or 'number'})"


def _escaped(cell: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>|$&~" else c for c in cell)
