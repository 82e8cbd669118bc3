"""Formula: a scalar that writes mathematics.

The rows of the table, run on Formulas in place of numbers, write the formulas of the slide: the
local derivative of ReLU becomes 1[z₂ > 0], that of a product w₄, that of tanh 1 − h₁².
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.engine.scalars import Kind, Scalar
from scalargrad.notation.printing import UNICODE, Expression


@dataclass(frozen=True)
class Formula(Expression):
    """A formula: an operator (or "name", "number", "call", …) and its parts.

    >>> y, z = name("ŷ"), name("y")
    >>> str(2 * (y - z) * 1)
    '2(ŷ − y)'
    """

    def __add__(self, another: Any) -> Formula:
        """A sum, without zeros."""
        other = formula(another)
        if self.is_number(0):
            return other
        if other.is_number(0):
            return self
        if other.head == "neg":
            return self - formula(other.parts[0])
        if self == other and self.head != "number":
            return 2 * self
        return _folded("+", self, other, lambda a, b: a + b)

    def __sub__(self, another: Any) -> Formula:
        """A difference, without zeros."""
        other = formula(another)
        if other.is_number(0):
            return self
        if self.is_number(0):
            return -other
        if other.head == "neg":
            return self + formula(other.parts[0])
        return _folded("-", self, other, lambda a, b: a - b)

    def __mul__(self, another: Any) -> Formula:
        """A product, without ones, its sign in front."""
        other = formula(another)
        if self.is_number(0) or other.is_number(0):
            return formula(0)
        for a, b in ((self, other), (other, self)):
            if a.is_number(1):
                return b
            if a.is_number(-1):
                return -b
        if self.head == "neg":
            return -formula(self.parts[0] * other)
        if other.head == "neg":
            return -(self * formula(other.parts[0]))
        if other.head == "number" and self.head != "number":
            return other * self
        for a, b in ((self, other), (other, self)):
            if b.head == "/" and b.parts[0].is_number(1):
                return formula(a / b.parts[1])
        if self == other and self.head != "number":
            return self**2
        return _folded("*", self, other, lambda a, b: a * b)

    def __truediv__(self, another: Any) -> Formula:
        """A quotient."""
        other = formula(another)
        if other.is_number(1) or self.is_number(0):
            return self
        if self.head == "neg":
            return -formula(self.parts[0] / other)
        return Formula("/", (self, other))

    def __pow__(self, another: Any) -> Formula:
        """A power."""
        other = formula(another)
        if other.is_number(1):
            return self
        return formula(1) if other.is_number(0) else Formula("^", (self, other))

    def __neg__(self) -> Formula:
        """The formula with the other sign."""
        if self.head == "number":
            return formula(-self.parts[0])
        return formula(self.parts[0]) if self.head == "neg" else Formula("neg", (self,))

    def __radd__(self, other: Any) -> Formula:
        """A sum with a number in front."""
        return formula(other) + self

    def __rsub__(self, other: Any) -> Formula:
        """A difference from a number."""
        return formula(other) - self

    def __rmul__(self, other: Any) -> Formula:
        """A product with a number in front."""
        return formula(other) * self

    def __rtruediv__(self, other: Any) -> Formula:
        """A quotient with a number on top."""
        return formula(other) / self

    def __rpow__(self, other: Any) -> Formula:
        """A power of a number."""
        return formula(other) ** self

    def __abs__(self) -> Formula:
        """The absolute value."""
        return Formula("abs", (self,))

    def __lt__(self, other: Any) -> Formula:
        """A condition."""
        return Formula("<", (self, formula(other)))

    def __gt__(self, other: Any) -> Formula:
        """A condition."""
        return Formula(">", (self, formula(other)))

    def __le__(self, other: Any) -> Formula:
        """A condition."""
        return Formula("≤", (self, formula(other)))

    def __ge__(self, other: Any) -> Formula:
        """A condition."""
        return Formula("≥", (self, formula(other)))

    def __bool__(self) -> bool:
        """Formulas are neither true nor false."""
        raise TypeError("a formula has no truth value: use ops.where_(condition, a, b)")

    def is_number(self, number: int) -> bool:
        """Whether it is this number."""
        return self.head == "number" and bool(self.parts[0] == number)

    @cached_property
    def size(self) -> int:
        """How many names and numbers stand in it."""
        return sum(part.size for part in self.parts if isinstance(part, Formula)) or 1

    def __str__(self) -> str:
        """In Unicode, with as few parentheses as it takes."""
        return UNICODE(self)


def name(label: str) -> Formula:
    """A name, written as it is given."""
    return Formula("name", (label,))


def formula(scalar: object) -> Formula:
    """A number as a Formula; a Formula as it is."""
    if getattr(scalar, "shape", ()):  # lanes are no one number
        return name("[…]")
    return scalar if isinstance(scalar, Formula) else Formula("number", (scalar,))


def applied(op: Operation, operands: tuple[Formula, ...]) -> Formula:
    """An operation on Formulas, written out where that is arithmetic, else as a call.

    >>> from scalargrad.engine import ops
    >>> str(applied(ops.tanh, (name("z"),))), str(applied(ops.mul, (name("w"), name("x"))))
    ('tanh(z)', 'wx')
    """
    if op.arithmetic:
        return formula(op.value(*operands))
    return Formula("call", (op.symbol if op.symbol in ("σ", "√") else op.name, *operands))


def _folded(
    head: str, a: Formula, b: Formula, operation: Callable[[Scalar, Scalar], Scalar]
) -> Formula:
    if a.head == b.head == "number":
        return formula(operation(a.parts[0], b.parts[0]))
    return Formula(head, (a, b))


def _where(condition: Formula, then: Any, otherwise: Any) -> Formula:
    a, b = formula(then), formula(otherwise)
    if a == b:
        return a
    if a.is_number(1) and b.is_number(0):
        return Formula("indicator", (condition,))
    if a.is_number(0) and b.is_number(1):
        return 1 - Formula("indicator", (condition,))
    return Formula("where", (condition, a, b))


# Its parts ---------------------------------------------------------------------------------------


def parts_of(written: Formula, most: int) -> list[Formula] | None:
    """The formula and all formulas inside it; None where there are more than so many.

    >>> [part.head for part in parts_of(2 * name("z") + 1, most=10)]
    ['+', '*', 'number', 'name', 'number']
    """
    found = []
    waiting = [written]
    while waiting:
        part = waiting.pop()
        found.append(part)
        if len(found) > most:
            return None
        waiting += [inner for inner in reversed(part.parts) if isinstance(inner, Formula)]
    return found


def renamed(written: Formula, text: Callable[[str], str]) -> Formula:
    """The formula with other names.

    >>> str(renamed(name("z") + name("x"), str.upper))
    'Z + X'
    """
    if written.head == "name":
        return name(text(written.parts[0]))
    parts = (renamed(a, text) if isinstance(a, Formula) else a for a in written.parts)
    return Formula(written.head, tuple(parts))


def evaluated(written: Formula, names: Mapping[str, Scalar]) -> Scalar:
    """The value of a formula; π need not be among the names.

    Raises:
        KeyError: for a name whose value is not given.

    >>> evaluated(name("w") * name("x") - 1, {"w": 3, "x": 2})
    5
    """
    head, parts = written.head, written.parts
    if head == "name":
        return math.pi if parts[0] == "π" and "π" not in names else names[parts[0]]
    if head == "number":
        return parts[0]
    operands = [evaluated(part, names) for part in parts if isinstance(part, Formula)]
    if head == "call":
        called = {"σ": "sigmoid", "√": "sqrt"}.get(parts[0], parts[0])
        return (OPERATIONS.get(called) or getattr(scalars, called))(*operands)
    if head in ("indicator", "where"):
        return scalars.where(operands[0], *(operands[1:] or (1, 0)))
    return _MEANINGS[head](*scalars.promoted(operands))


_MEANINGS: dict[str, Callable[..., Scalar]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": scalars.divide,
    "^": scalars.power, "neg": operator.neg, "abs": abs, "=": scalars.equal,
    "<": operator.lt, ">": operator.gt, "≤": operator.le, "≥": operator.ge,
}  # fmt: skip


def _call(called: str) -> Callable[[Formula], Formula]:
    return lambda a: Formula("call", (called, a))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    called: _call(called) for called in scalars.FLOAT.functions
}
_FUNCTIONS |= {
    "sqrt": _call("√"),
    "pi": lambda a: name("π"),
    "power": lambda a, b: a**b,
    "where": _where,
    "equal": lambda a, b: Formula("=", (a, b)),
}
del _FUNCTIONS["log_sum_exp"]

scalars.register(
    Formula,
    Kind(
        "formula",
        6,
        _FUNCTIONS,
        whole=lambda number, like: formula(number),
        convert=formula,
        textbook=True,
        apply=applied,
    ),
)
