"""Nodes as expressions of program text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operation
from scalargrad.engine.scalars import is_exact
from scalargrad.engine.value import Value
from scalargrad.language.vectors import COMPARISONS
from scalargrad.notation.numbers import exact_text
from scalargrad.notation.printing import ATOM, POWER, PRODUCT, SIGN, SUM

SIGNS = {
    ops.add: ("+", SUM), ops.sub: ("-", SUM), ops.mul: ("*", PRODUCT), ops.div: ("/", PRODUCT),
}  # fmt: skip


class Piece(NamedTuple):
    """A piece of a program; a bare number would become one literal with a sign or `/` beside it."""

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


def expression(node: Value, operands: Sequence[Piece]) -> Piece:
    """A node as an expression of its operands."""
    operation = node.op
    if operation is None or operation is CONSTANT:
        return literal(node)
    if OPERATIONS.get(operation.name) is not operation:
        raise ValueError(f"{operation.name} is not in the table, and a program cannot call it")
    if operation is ops.neg:
        (a,) = operands
        return Piece(f"-{a.sealed if a.bare else a.within(SIGN)}", SIGN)
    if operation.symbol in COMPARISONS:
        a, b = operands
        sign = operation.symbol.replace("≤", "<=").replace("≥", ">=")
        return Piece(f"1[{a.within(SUM)} {sign} {b.within(SUM)}]")
    if operation is ops.where_ and operands[0].text.startswith("1[") and not operands[0].bare:
        operands = [Piece(operands[0].text[2:-1]), *operands[1:]]
    if operation is ops.square:
        return Piece(f"{operands[0].within(ATOM)}^2", POWER)
    if operation is ops.pow and operands[1] != ("2", ATOM, True):  # which would read as square
        base, exponent = operands
        return Piece(f"{base.within(ATOM)}^{exponent.within(SIGN)}", POWER)
    if operation in SIGNS:
        return _infix(operation, *operands)
    return Piece(f"{operation.name}({', '.join(a.text for a in operands)})")


def _infix(operation: Operation, a: Piece, b: Piece) -> Piece:
    sign, strength = SIGNS[operation]
    is_fraction = operation is ops.div and a.bare and b.bare
    left, right = a.sealed if is_fraction else a.within(strength), b.within(strength + 1)
    return Piece(f"{left} {sign} {right}" if strength == SUM else left + sign + right, strength)


def literal(node: Value) -> Piece:
    """A leaf or a constant."""
    if isinstance(node.data, float):
        text = f"~{float(node.data)!r}"
    elif is_exact(node.data):
        text = exact_text(node.data)
    else:
        name, kind = node.label or "a node without a label", scalars.kind_of(node.data).name
        raise ValueError(f"a program holds exact numbers and floats; {name} holds: {kind}")
    if "/" in text and node.op:
        return Piece(f"({text})")
    return Piece(text, SIGN if "-" in text[:2] else ATOM, bare=True)
