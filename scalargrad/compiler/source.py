"""Source: a scalar that writes code.

The rows of the table, run on Sources in place of numbers, record what they would compute: every
sum, product and function call becomes a step on a tape, the derivatives of the backward pass too.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, and_, mul, or_
from pathlib import Path
from typing import Any

from scalargrad.engine import scalars, stable
from scalargrad.engine.scalars import Kind, Scalar

# What is known of every value that a step can take, nan aside. It says which foldings keep every
# bit: x + 0 is x unless x may be -0.0, and a divisor that is positive cannot be zero.
NO_MINUS_ZERO, FROM_ZERO, POSITIVE, FINITE = 1, 2, 4, 8

LEAST = 8  # products that are added up in one step, and statements that are worth a loop

CONDITIONS = frozenset(("<", "<=", ">", ">=", "==", "!=", "&", "|"))


class Tape:
    """The steps of a program, in the order in which they were recorded.

    A step that stands there already is not recorded again: common subexpressions are shared.

    Attributes:
        steps: an operation and its operands each, steps by their index.
        inputs: the names of those steps that are inputs.
        drawn: for inputs that are drawn at random, what draws a number.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.inputs: list[str] = []
        self.drawn: dict[str, Callable[[], Scalar]] = {}
        self._known: dict[Any, Source] = {}

    def input(self, name: str) -> Source:
        """A new input; inputs of one name are one."""
        if name not in self._known:
            self.inputs.append(name)
            self._known[name] = self._recorded(_INPUT, (name,))
        return self._known[name]

    def step(self, op: str, *args: Source | float) -> Source:
        """The step that applies an operation, new or known."""
        refs: Any = tuple([a.index if a.__class__ is Source else a for a in args])
        step: Step = op, refs
        key: Any = step
        if op in _COMMUTING and refs[1] < refs[0]:
            key = op, refs[::-1]
        if float in map(type, refs):  # by digits: 0.0 is not -0.0, and 1.0 is not the step 1
            key = op, repr(key[1])
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._recorded(step, args)
        return found

    def clear(self) -> None:
        """Forget all steps: a tape and its steps hold each other in memory."""
        self._known.clear()

    def _recorded(self, step: Step, args: tuple[Any, ...]) -> Source:
        self.steps.append(step)
        return Source(self, step[0], args, len(self.steps) - 1, _facts(step[0], args))


Ref = int | float  # a step by its index, or a constant
Step = tuple[str, tuple[Ref, ...]]
_INPUT: Step = ("input", ())
_COMMUTING = frozenset(("+", "*", "==", "!=", "&", "|"))


class Source:
    """A step of a program, used in place of its value.

    >>> tape = Tape()
    >>> x = tape.input("x")
    >>> (x * 1 - 0) * x
    <step 1: * of steps 0 and 0>
    """

    __slots__ = ("args", "facts", "index", "op", "tape")
    __array_ufunc__ = None  # numpy leaves a binary operation with a Source to the Source

    def __init__(self, tape: Tape, op: str, args: tuple[Any, ...], index: int, facts: int) -> None:
        self.tape = tape
        self.op = op
        self.args = args
        self.index = index
        self.facts = facts

    # The other operand is a Source or a float: see `_among_operands`.

    def __add__(self, b: Any) -> Any:
        """A sum; adding a zero is left out where it changes no bit."""
        if b.__class__ is float and b == 0:
            if self.facts & NO_MINUS_ZERO or math.copysign(1, b) < 0:
                return self
        elif b.__class__ is Source and b.op == "neg":
            return self - b.args[0]
        elif self.op == "neg":
            return b - self.args[0]
        return self.tape.step("+", self, b)

    def __radd__(self, a: float) -> Any:
        """The same from the right."""
        if a == 0 and (self.facts & NO_MINUS_ZERO or math.copysign(1, a) < 0):
            return self
        return self.tape.step("+", a, self)

    def __sub__(self, b: Any) -> Any:
        """A difference."""
        if b.__class__ is float and b == 0:
            return self + -b
        if b.__class__ is Source and b.op == "neg":
            return self + b.args[0]
        return self.tape.step("-", self, b)

    def __rsub__(self, a: float) -> Source:
        """A difference from a number."""
        return self.tape.step("-", a, self)

    def __mul__(self, b: Any) -> Any:
        """A product; a factor of one is left out, and what is surely zero is zero."""
        if b.__class__ is float:
            if b == 1:
                return self
            if b == -1:
                return -self
            if b == 0 and self.facts & FINITE and self.facts & FROM_ZERO:
                return b
        return self.tape.step("*", self, b)

    def __rmul__(self, a: float) -> Any:
        """The same from the right."""
        if a in (1, -1) or a == 0:
            return self * a
        return self.tape.step("*", a, self)

    def __truediv__(self, b: Any) -> Any:
        """A quotient by the rules of IEEE arithmetic: nothing is raised."""
        if b.__class__ is float and b in (1, -1):
            return self * b
        return self.tape.step(_division(b), self, b)

    def __rtruediv__(self, a: float) -> Source:
        """A quotient of a number."""
        return self.tape.step(_division(self), a, self)

    def __rpow__(self, a: float) -> Source:
        """A power of a number."""
        return self.tape.step("power", a, self)

    def __neg__(self) -> Source:
        """The number with the other sign."""
        return self.args[0] if self.op == "neg" else self.tape.step("neg", self)

    def __abs__(self) -> Source:
        """The absolute value."""
        return self if self.facts & FROM_ZERO else self.tape.step("abs", self)

    def __eq__(self, other: object) -> Source:  # type: ignore[override]
        """A condition, as between arrays."""
        return _equal(self, other)

    def __ne__(self, other: object) -> Source:  # type: ignore[override]
        """A condition."""
        return self.tape.step("!=", self, _operand(other))

    __hash__ = object.__hash__

    def __and__(self, other: Any) -> Source:
        """Whether both conditions hold."""
        return self.tape.step("&", _condition(self), _condition(other))

    def __or__(self, other: Any) -> Source:
        """Whether one of the conditions holds."""
        return self.tape.step("|", _condition(self), _condition(other))

    def __bool__(self) -> bool:
        """Not known while the code is written."""
        raise TypeError(
            f"{_place()} branches on a number that compiled code does not know yet; "
            "use ops.where_(condition, a, b)"
        )

    def __float__(self) -> float:
        """Not known while the code is written."""
        raise TypeError(
            f"{_place()} asks for a number that compiled code does not know yet; "
            "it can be added, multiplied and given to the operations"
        )

    __int__ = __index__ = __float__

    def __repr__(self) -> str:
        """The step, without those that it uses."""
        if self.op == "input":
            return f"<step {self.index}: input {self.args[0]}>"
        used = " and ".join(str(a.index if isinstance(a, Source) else a) for a in self.args)
        return f"<step {self.index}: {self.op} of steps {used}>"


def _among_operands(method: Callable[[Source, Any], Any]) -> Callable[[Source, Any], Any]:
    """The method, whose operand becomes a Source or a float.

    One that is a node is left to the node, as for second derivatives.
    """

    def operator(self: Source, other: Any) -> Any:
        if other.__class__ is Source or other.__class__ is float:
            return method(self, other)
        return NotImplemented if hasattr(other, "pullback") else method(self, _operand(other))

    return operator


def _recorded_as(op: str) -> Callable[[Source, Any], Source]:
    return lambda self, b: self.tape.step(op, self, b)


for _name, _op in (("pow", "power"), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
    setattr(Source, f"__{_name}__", _recorded_as(_op))
for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow",
              "lt", "le", "gt", "ge"):  # fmt: skip
    setattr(Source, f"__{_name}__", _among_operands(getattr(Source, f"__{_name}__")))


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """A choice between two numbers, by a condition or a number that holds unless it is 0."""
    a, b = _operand(then), _operand(otherwise)
    if a is b or (a.__class__ is b.__class__ is float and repr(a) == repr(b)):
        return a
    if not isinstance(condition, Source):  # a number, which is known now
        return a if condition else b
    return condition.tape.step("where", _condition(condition), a, b)


def _division(divisor: Source | float) -> str:
    """A division that may be by zero is told apart, because Python raises there."""
    is_zero = divisor == 0 if divisor.__class__ is float else not facts_of(divisor) & POSITIVE
    return "quotient" if is_zero else "/"


def _condition(number: Any) -> Source:
    if isinstance(number, Source):
        return number if number.op in CONDITIONS else number.tape.step("!=", number, 0.0)
    raise TypeError(f"a condition of compiled code is a comparison; got {number!r}")


def _operand(number: Any) -> Source | float:
    """A Source as it is; a number as the float that it is in compiled code."""
    if number.__class__ in (Source, float):
        return number
    if scalars.is_number(number):
        return scalars.to_float(number)
    raise TypeError(
        f"compiled code computes with single numbers; got {scalars.kind_of(number).name} "
        "(lanes are given to a compiled program when it is called)"
    )


def _place() -> str:
    """The line of the user's that is running."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("scalargrad."):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno},"


# What is known of a result -----------------------------------------------------------------------


def facts_of(number: Source | float) -> int:
    """What is known of a step, or of a constant."""
    if isinstance(number, Source):
        return number.facts
    is_minus_zero = number == 0 and math.copysign(1, number) < 0
    return (
        (0 if is_minus_zero else NO_MINUS_ZERO)
        | (FROM_ZERO if number >= 0 and not is_minus_zero else 0)
        | (POSITIVE if number > 0 else 0)
        | (FINITE if math.isfinite(number) else 0)
    )


_UNKNOWN = CONDITIONS | {"input", "dot"}


def _facts(op: str, args: tuple[Source | float, ...]) -> int:
    if op in _UNKNOWN:
        return 0
    if op == "*":  # most steps are
        known = FROM_ZERO if args[0] is args[1] else facts_of(args[0]) & facts_of(args[1])
        return NO_MINUS_ZERO | FROM_ZERO if known & FROM_ZERO else 0
    facts = list(map(facts_of, args[1:] if op == "where" else args))
    either, both = reduce(or_, facts), reduce(and_, facts)
    from_zero = NO_MINUS_ZERO | FROM_ZERO
    match op:
        case "where":
            return both
        case "+":
            positive = POSITIVE if both & FROM_ZERO and either & POSITIVE else 0
            return (either & NO_MINUS_ZERO) | (both & FROM_ZERO) | positive
        case "-":
            return facts[0] & NO_MINUS_ZERO
        case "/":
            return from_zero if facts[0] & FROM_ZERO and facts[1] & POSITIVE else 0
        case "exp" | "erfc":
            return from_zero
        case "cosh":
            return from_zero | POSITIVE
        case "abs":
            return from_zero | (both & FINITE)
        case "sqrt" | "log1p" | "expm1":
            return both & from_zero
    return both & FINITE if op == "neg" else 0


# The kind ----------------------------------------------------------------------------------------


def _dot(b: Any, ws: Sequence[Any], xs: Sequence[Any]) -> Any:
    """b + w₁x₁ + w₂x₂ + …: of few products a step each, of many one step."""
    if len(ws) < LEAST:
        return reduce(add, map(mul, ws, xs), *(() if b is None else (b,)))
    operands = [-0.0 if b is None else b, *ws, *xs]  # -0.0 changes no bit of what is added to it
    operands[1::2], operands[2::2] = ws, xs
    is_plain = set(map(type, operands)) <= {Source, float}
    return ws[0].tape.step("dot", *(operands if is_plain else map(_operand, operands)))


stable.DOTS[Source] = _dot


def _recording(name: str) -> Callable[..., Source]:
    return lambda a: a.tape.step(name, a)


def _power(a: Any, b: Any) -> Source:
    tape = (a if isinstance(a, Source) else b).tape
    return tape.step("power", _operand(a), _operand(b))


def _equal(a: Any, b: Any) -> Source:
    first, second = (a, b) if isinstance(a, Source) else (b, a)
    return first.tape.step("==", first, _operand(second))


def _log_sum_exp(operands: Any, rounded: Source) -> Source:
    return rounded.tape.step("log_sum_exp", rounded, *map(_operand, operands))


def _drawn(draw: Callable[[], Scalar], like: Source) -> Source:
    name = f"drawn{len(like.tape.drawn) + 1}"
    like.tape.drawn[name] = draw
    return like.tape.input(name)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: _recording(name) for name in scalars.FLOAT.functions
}
_FUNCTIONS |= {
    "power": _power,
    "equal": _equal,
    "where": where,
    "log_sum_exp": _log_sum_exp,
    "drawn": _drawn,
}

scalars.register(
    Source,
    Kind(
        "compiled scalar",
        3,
        _FUNCTIONS,
        whole=lambda number, like: float(number),
        convert=_operand,
    ),
)
