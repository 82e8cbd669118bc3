"""Values → program text: a graph is written as the program that makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import NamedTuple

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operation
from scalargrad.engine.scalars import is_exact
from scalargrad.engine.value import Value
from scalargrad.language import library
from scalargrad.language.lifting import lifted
from scalargrad.language.reading import label_of
from scalargrad.language.vectors import COMPARISONS, Array
from scalargrad.notation.names import NotAName, canonical
from scalargrad.notation.numbers import exact_text
from scalargrad.notation.printing import ATOM, POWER, PRODUCT, SIGN, SUM

_WIDTH = 72  # a longer expression is a statement of its own
SIGNS = {
    ops.add: ("+", SUM), ops.sub: ("-", SUM), ops.mul: ("*", PRODUCT), ops.div: ("/", PRODUCT),
}  # fmt: skip


class _Written(NamedTuple):
    """An expression; a bare number would become one literal with a sign or `/` beside it."""

    text: str
    strength: int = ATOM
    bare: bool = False

    def within(self, strength: int) -> str:
        """The text, in parentheses if it binds less strongly than that."""
        return self.text if self.strength >= strength else self.sealed

    @property
    def sealed(self) -> str:
        """The text in parentheses."""
        return f"({self.text})"


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
    written: dict[Value, _Written] = {}
    lines: list[str] = []
    vectors = lifted(order, names, uses, _expression, _Written)
    heads = {array.items[0]: name for name, array in vectors.leaves.items()}
    heads |= {vectors.elements[name].items[-1]: name for name in vectors.texts}
    elements = {item for array in vectors.elements.values() for item in array.items}
    for node in order:
        if node in heads:
            name = heads[node]
            text = vectors.texts.get(name) or _numbers(vectors.elements[name])
            lines.append(f"{name} = {text}")
        if node in elements:
            written[node] = _Written(names[node])
        if node in elements or node in vectors.inside:
            continue
        operands = [
            written.pop(a) if uses[a] == 1 and a not in kept else written[a] for a in node.parents
        ]
        expression = _expression(node, operands)
        is_short = len(expression.text) <= _WIDTH or node.op is CONSTANT
        if node.op and is_short and uses[node] == 1 and node not in kept:
            written[node] = expression
            continue
        name = names.get(node) or next(fresh)
        text = expression.sealed if node.op and expression.bare else expression.text
        lines.append(f"{name} = {text}{'' if node in names else _comment(node.label)}")
        written[node] = _Written(name)
    several = tuple(dict.fromkeys(reversed(outputs)))[::-1]
    is_vector = any(several == array.items for array in vectors.elements.values())
    if len(several) > 1 and not (is_vector and lines[-1].startswith(f"{heads.get(several[-1])} =")):
        lines.append(", ".join(written[node].text for node in several))
    return "\n".join(lines)


def _numbers(array: Array) -> str:
    """A vector or a matrix of inputs."""
    rows = [", ".join(_literal(item).text for item in row) for row in array.rows]
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


def _expression(node: Value, operands: Sequence[_Written]) -> _Written:
    """A node as an expression of its operands."""
    operation = node.op
    if operation is None or operation is CONSTANT:
        return _literal(node)
    if OPERATIONS.get(operation.name) is not operation:
        raise ValueError(f"{operation.name} is not in the table, and a program cannot call it")
    if operation is ops.neg:
        (a,) = operands
        return _Written(f"-{a.sealed if a.bare else a.within(SIGN)}", SIGN)
    if operation.symbol in COMPARISONS:
        a, b = operands
        sign = operation.symbol.replace("≤", "<=").replace("≥", ">=")
        return _Written(f"1[{a.within(SUM)} {sign} {b.within(SUM)}]")
    if operation is ops.where_ and operands[0].text.startswith("1[") and not operands[0].bare:
        operands = [_Written(operands[0].text[2:-1]), *operands[1:]]
    if operation is ops.square:
        return _Written(f"{operands[0].within(ATOM)}^2", POWER)
    if operation is ops.pow and operands[1] != ("2", ATOM, True):  # which would read as square
        base, exponent = operands
        return _Written(f"{base.within(ATOM)}^{exponent.within(SIGN)}", POWER)
    if operation in SIGNS:
        return _infix(operation, *operands)
    return _Written(f"{operation.name}({', '.join(a.text for a in operands)})")


def _infix(operation: Operation, a: _Written, b: _Written) -> _Written:
    sign, strength = SIGNS[operation]
    is_fraction = operation is ops.div and a.bare and b.bare
    left, right = a.sealed if is_fraction else a.within(strength), b.within(strength + 1)
    return _Written(f"{left} {sign} {right}" if strength == SUM else left + sign + right, strength)


def _literal(node: Value) -> _Written:
    """A leaf or a constant."""
    if isinstance(node.data, float):
        text = f"~{float(node.data)!r}"
    elif is_exact(node.data):
        text = exact_text(node.data)
    else:
        name, kind = node.label or "a node without a label", scalars.kind_of(node.data).name
        raise ValueError(f"a program holds exact numbers and floats; {name} holds: {kind}")
    if "/" in text and node.op:
        return _Written(f"({text})")
    return _Written(text, SIGN if "-" in text[:2] else ATOM, bare=True)
