"""Steps: what a stack machine does, in postfix order, and the statements that they belong to."""

from __future__ import annotations

from typing import NamedTuple

from scalargrad.engine.ops import Operation
from scalargrad.engine.scalars import Scalar
from scalargrad.language.vectors import Function


class Number(NamedTuple):
    """Put a constant on the stack. A bare one may yet become part of a literal: -2, 1/3."""

    scalar: Scalar
    bare: bool


class Name(NamedTuple):
    """Put what a name stands for on the stack."""

    name: str
    position: int


class Element(NamedTuple):
    """Put an element of a vector on the stack; an index is a whole number, or a name and one."""

    name: str
    place: tuple[tuple[str, int], ...]
    position: int


class Call(NamedTuple):
    """Take operands from the stack, and put the result there."""

    called: Operation | Function
    arity: int
    position: int


class Apply(NamedTuple):
    """The same of a function that the program, or the library, defines."""

    definition: str | Statement
    arity: int
    position: int


class Loop(NamedTuple):
    """Put the values of a body on the stack, for all values of some indices, and call."""

    body: tuple[Step, ...]
    indices: tuple[Range, ...]
    called: Operation | Function
    position: int


class Range(NamedTuple):
    """An index and where it goes from and to: whole numbers, names of them, or None for all."""

    name: str
    first: int | str
    last: int | str | None
    position: int


Step = Number | Name | Element | Call | Apply | Loop


class Statement(NamedTuple):
    """What a statement names, and the steps that make it.

    Attributes:
        names: one, or several that take a vector apart; none for a result without a name.
        position: of the statement.
        steps: in postfix order.
        parameters: of a function that the program calls; else None.
    """

    names: tuple[str, ...]
    position: int
    steps: list[Step]
    parameters: tuple[str, ...] | None = None

    @property
    def literal(self) -> Scalar | None:
        """The number that it assigns, if it does nothing else."""
        match self.steps:
            case [Number(scalar, bare=True)]:
                return scalar
        return None

    @property
    def is_alias(self) -> bool:
        """Whether it assigns another name, and does nothing else."""
        return len(self.steps) == 1 and isinstance(self.steps[0], Name | Element)
