"""Values → program text: a graph is written as the program that makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import CONSTANT
from scalargrad.engine.value import Value
from scalargrad.language import library
from scalargrad.language.lifting import lifted
from scalargrad.language.reading import label_of
from scalargrad.language.unparsing import SIGNS, Piece, expression, literal
from scalargrad.language.vectors import Array
from scalargrad.notation.names import NotAName, canonical

_WIDTH = 72  # a longer expression is a statement of its own


def program_text(*outputs: Value) -> str:
    """The graph below some Values as program text in ASCII; reading it gives the same graph.

    Leaves are statements, and so are nodes that have a name of their own. Other nodes stand where
    they are used, or, if that cannot be, are the statements `_1`, `_2`, ….

    Args:
        outputs: Values of exact numbers and floats, which become the program's outputs.

    Raises:
        ValueError: for data of other kinds, such as arrays.

    >>> x, w = Value("2", "x"), Value("-6/25", "w")
    >>> print(program_text(((w * x).tanh() - 1) ** 2))
    x = 2
    w = -0.24
    _1 = (tanh(w*x) - 1)^2
    """
    if not outputs:
        raise TypeError("program_text takes at least one Value")
    order = topological_order(*outputs)
    names = _names(order)
    kept = {*names, *outputs}
    uses = Counter(parent for node in order for parent in node.parents)
    fresh = map("_{}".format, count(1))
    written: dict[Value, Piece] = {}
    lines: list[str] = []
    vectors = lifted(order, names, uses)
    heads = {array.items[0]: name for name, array in vectors.leaves.items()}
    heads |= {vectors.elements[name].items[-1]: name for name in vectors.texts}
    elements = {item for array in vectors.elements.values() for item in array.items}
    for node in order:
        if node in heads:
            name = heads[node]
            text = vectors.texts.get(name) or _numbers(vectors.elements[name])
            lines.append(f"{name} = {text}")
        if node in elements:
            written[node] = Piece(names[node])
        if node in elements or node in vectors.inside:
            continue
        operands = [
            written.pop(a) if uses[a] == 1 and a not in kept else written[a] for a in node.parents
        ]
        made = expression(node, operands)
        is_short = len(made.text) <= _WIDTH or node.op is CONSTANT
        if node.op and is_short and uses[node] == 1 and node not in kept:
            written[node] = made
            continue
        name = names.get(node) or next(fresh)
        text = made.sealed if node.op and made.bare else made.text
        lines.append(f"{name} = {text}{'' if node in names else _comment(node.label)}")
        written[node] = Piece(name)
    several = tuple(dict.fromkeys(reversed(outputs)))[::-1]
    is_vector = any(several == array.items for array in vectors.elements.values())
    if len(several) > 1 and not (is_vector and lines[-1].startswith(f"{heads.get(several[-1])} =")):
        lines.append(", ".join(written[node].text for node in several))
    return "\n".join(lines)


def _numbers(array: Array) -> str:
    """A vector or a matrix of inputs."""
    rows = [", ".join(literal(item).text for item in row) for row in array.rows]
    if len(array.shape) == 1:
        return f"[{', '.join(rows)}]"
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def _names(order: Sequence[Value]) -> dict[Value, str]:
    """The nodes whose label can be a name in the program, with that name."""
    names: dict[Value, str] = {}
    for node in order:
        if node.label:
            with suppress(NotAName):
                names[node] = canonical(node.label)
    bearers = Counter(names.values())
    called = {node.op for node in order if node.op} - {*SIGNS, ops.neg, ops.square}
    return {
        node: name
        for node, name in names.items()
        if bearers[name] == 1 and library.function(name) not in called and label_of(name)
    }


def _comment(label: str) -> str:
    written = ascii(label)[1:-1]
    return f"  # {written if len(written) <= 60 else written[:57] + '...'}" if label else ""
