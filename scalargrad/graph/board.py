"""A program as it stands on a board: what it is given, then an equation for each name."""

from __future__ import annotations

from scalargrad.engine.backward import topological_order
from scalargrad.engine.value import Value
from scalargrad.graph.labels import name_of
from scalargrad.graph.model import expressions
from scalargrad.notation.printing import latex

MOST = 60  # names that are written
_IN_A_LINE = 6  # inputs


def board(*outputs: Value) -> str:
    r"""The equations of a graph in LaTeX, between double dollars.

    >>> x, w = Value(2, "x"), Value("0.8", "w1")
    >>> print(board((w * x).relu().named("h1")))
    $$
    \begin{aligned}
    x &= 2,\quad w_{1} = 0.8 \\
    h_{1} &= \mathrm{ReLU}(w_{1} x)
    \end{aligned}
    $$
    """
    named = [node for node in topological_order(*outputs) if node.label or node in outputs]
    expression = expressions({node: place for place, node in enumerate(named)})
    sides: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for place, node in enumerate(named[:MOST]):
        right = latex(expression(place), lambda name: name_of(name).math)
        sides[node.is_leaf].append((name_of(node.label).math, right))
    starts = range(0, len(sides[True]), _IN_A_LINE)
    rows = [sides[True][start : start + _IN_A_LINE] for start in starts]
    lines = [
        ",\\quad ".join(
            f"{left} {'=' if k else '&='} {right}" for k, (left, right) in enumerate(row)
        )
        for row in [*rows, *([side] for side in sides[False])]
    ]
    left_out = [r"&\ldots"] * (len(named) > MOST)
    inside = " \\\\\n".join(lines + left_out)
    return f"$$\n\\begin{{aligned}}\n{inside}\n\\end{{aligned}}\n$$"
