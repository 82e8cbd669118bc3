"""Steps → Values: a stack machine that knows the vectors, functions and sums of a program.

Calls and sums are expanded: each makes its own nodes. What is running waits in a list of frames,
so that nothing recurses, and everything that is expanded is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scalargrad.engine import ops
from scalargrad.engine.ops import Operation
from scalargrad.engine.rebuild import undefined
from scalargrad.engine.scalars import Scalar, is_exact
from scalargrad.engine.value import Value, constant
from scalargrad.errors import DomainError
from scalargrad.language.expressions import MOST_OPERATIONS
from scalargrad.language.indices import elements, elements_among
from scalargrad.language.steps import (
    Apply,
    Call,
    Element,
    Loop,
    Name,
    Number,
    Range,
    Statement,
    Step,
)
from scalargrad.language.tokens import LocatedError
from scalargrad.language.vectors import (
    INDICATOR,
    MISPLACED,
    Array,
    Condition,
    ShapeError,
    Thing,
    applied,
    indexed,
    words,
)
from scalargrad.notation.names import typeset

MOST_BITS_IN_ALL = 50_000_000  # of all exact results of a program
_CONSTANTS = {"e": math.e, "pi": math.pi}


class LocatedDomainError(LocatedError):
    """An operation refused its operands."""


@dataclass(slots=True)
class _Frame:
    """Steps that are being taken.

    Attributes:
        steps: those that are left.
        names: what parameters stand for.
        indices: where the indices of sums are.
        rounds: of a loop: the places that are left.
        loop: the loop.
        body: whose steps are taken at every place.
    """

    steps: Iterator[Step]
    names: dict[str, Thing]
    indices: dict[str, int]
    rounds: Iterator[dict[str, int]] | None = None
    loop: Loop | None = None
    results: int = 0


@dataclass
class Machine:
    """It takes steps, and knows what names stand for.

    Attributes:
        values: the Values by name.
        arrays: the vectors and matrices by name.
        definitions: the functions of the program.
        without_value: operations outside their domains, and what is said where they are needed.
    """

    values: dict[str, Value]
    arrays: dict[str, Array] = field(default_factory=dict)
    definitions: dict[str, Statement] = field(default_factory=dict)
    without_value: dict[Value, Exception] = field(default_factory=dict)
    _bits: int = 0
    _operations: int = 0

    def run(self, steps: Sequence[Step]) -> Thing:
        """What is left on the stack."""
        stack: list[Thing] = []
        frames = [_Frame(iter(steps), {}, {})]
        while frames:
            frame = frames[-1]
            opened = None
            for step in frame.steps:
                opened = self._take(step, stack, frame)
                if opened:
                    break
            if opened:
                frames.append(opened)
            elif frame.loop and self._next_round(frame):
                continue
            else:
                frames.pop()
                if frame.loop:
                    loop, first = frame.loop, len(stack) - frame.results
                    stack[first:] = [self._called(loop.called, stack[first:], loop.position)]
        return stack[0]

    def _take(self, step: Step, stack: list[Thing], frame: _Frame) -> _Frame | None:
        """Take a step; the frame that it opens, if it does."""
        kind = step.__class__
        if kind is Name:
            stack.append(self._named(step, frame))  # type: ignore[arg-type]
        elif kind is Call:
            called, arity, position = step  # type: ignore[misc]
            first = len(stack) - arity  # type: ignore[operator]
            stack[first:] = [self._called(called, stack[first:], position)]
        elif kind is Number:
            stack.append(constant(step.scalar))  # type: ignore[union-attr]
        elif isinstance(step, Element):
            place = [frame.indices.get(name, 0) + shift if name else shift
                     for name, shift in step.place]  # fmt: skip
            for name, _ in step.place:
                if name and name not in frame.indices:
                    raise LocatedError(
                        f"'{typeset(name)}' is not an index here; an element is written x[1], and "
                        f"x[i] in a sum for i = 1..3",
                        step.position,
                    )
            stack.append(self.element(step.name, place, step.position, frame))
        elif isinstance(step, Apply):
            return self._applied(step, stack, frame)
        elif isinstance(step, Loop):
            rounds = self._rounds(step, frame)
            return _Frame(iter(()), frame.names, frame.indices, rounds, step)
        return None

    # Names

    def _named(self, step: Name, frame: _Frame) -> Thing:
        name = step.name
        if name in frame.names:
            return frame.names[name]
        found = self.values.get(name)
        if found is not None:
            return found
        if name in self.arrays:
            return self.arrays[name]
        if name in frame.indices:
            return constant(frame.indices[name])
        found_at = elements_among(name, frame.indices)
        for base, place in found_at:
            if base in frame.names or base in self.arrays or (base, place) == found_at[-1]:
                numbers = [frame.indices.get(letter, 0) + shift for letter, shift in place]
                return self.element(base, numbers, step.position, frame)
        if name in _CONSTANTS:
            return constant(_CONSTANTS[name])
        raise LocatedError(f"'{typeset(name)}' is used before it is assigned", step.position)

    def element(self, name: str, place: Sequence[int], position: int, frame: _Frame) -> Thing:
        """The element of a vector, or the Value that has its name."""
        array = frame.names.get(name)
        if not isinstance(array, Array):
            array = self.arrays.get(name)
        if array is None:
            found = self.values.get(indexed(name, place)) if min(place) > 0 else None
            if found is not None:
                return found
            if name in self.values:
                raise LocatedError(f"'{typeset(name)}' is a number, and has no elements", position)
            what = typeset(indexed(name, place)) if min(place) > 0 else f"{typeset(name)}[0]"
            raise LocatedError(f"there is no {what}: indices begin at 1" if min(place) < 1 else
                               f"no value is given for {what}", position)  # fmt: skip
        shape = array.shape
        if len(place) != len(shape):
            why = f", whose elements have {'one index' if len(shape) == 1 else 'two indices'}"
        elif all(1 <= index <= size for index, size in zip(place, shape, strict=True)):
            return array[tuple(place)]
        else:
            why = f"; it has no element [{', '.join(map(str, place))}]"
        raise LocatedError(f"'{typeset(name)}' is {words(array)}{why}", position)

    # Calls

    def _called(self, called: Any, operands: list[Thing], position: int) -> Thing:
        if called.__class__ is Operation and all(a.__class__ is Value for a in operands):
            return self.make(called, operands, position)
        self._check_conditions(called, operands, position)
        plain = [a.holds if isinstance(a, Condition) and called is not INDICATOR else a
                 for a in operands]  # fmt: skip

        def make(operation: Operation, *values: Value) -> Value:
            return self.make(operation, values, position)

        try:
            if isinstance(called, Operation):
                return applied(make, called, plain)
            found: Thing = called.apply(make, plain)
            return found
        except ShapeError as error:
            raise LocatedError(str(error), position) from None

    def _check_conditions(self, called: Any, operands: list[Thing], position: int) -> None:
        allowed = (called is ops.where_, called is INDICATOR)
        for place, operand in enumerate(operands):
            if isinstance(operand, Condition) and not (any(allowed) and place == 0):
                raise LocatedError(MISPLACED, position)

    def make(self, operation: Operation, operands: Sequence[Any], position: int) -> Value:
        """The node of an operation on Values."""
        self.count(position)
        try:
            result: Value = operation(*operands)
        except DomainError as error:
            result = undefined(operation, tuple(operands))
            located = LocatedDomainError(str(error), position)
            located.__cause__ = error
            self.without_value[result] = located
        except (ArithmeticError, ValueError) as error:
            raise LocatedDomainError(str(error), position) from error
        except TypeError as error:
            raise LocatedError(str(error), position) from error
        self._bits += _bits(result.data)
        if self._bits > MOST_BITS_IN_ALL:
            raise LocatedError(
                "the exact numbers of a program have at most "
                f"{MOST_BITS_IN_ALL:,} bits in all; write a number as a float, like ~0.1",
                position,
            )
        return result

    def count(self, position: int, more: int = 1) -> None:
        """Count what is expanded."""
        self._operations += more
        if self._operations > MOST_OPERATIONS:
            raise LocatedError(
                f"a program has at most {MOST_OPERATIONS} operations, with those that its "
                "functions and sums make",
                position,
            )

    def _applied(self, step: Apply, stack: list[Thing], frame: _Frame) -> _Frame:
        definition = step.definition
        if isinstance(definition, str):
            name = definition
            if name not in self.definitions:
                message = f"'{typeset(name)}' is called before it is defined, or defined by itself"
                raise LocatedError(message, step.position)
            definition = self.definitions[name]
        first = len(stack) - step.arity
        names = dict(zip(definition.parameters or (), stack[first:], strict=True))
        del stack[first:]
        self.count(step.position, 1 + len(definition.steps) // 8)
        return _Frame(iter(definition.steps), names, {})

    # Sums

    def _rounds(self, loop: Loop, frame: _Frame) -> Iterator[dict[str, int]]:
        """The places of all indices, the last of them fastest."""
        for index in loop.indices:
            if index.name in frame.indices:
                raise LocatedError(f"'{index.name}' is an index already", index.position)
        place = dict(frame.indices)
        ahead = [self._places(loop.indices[0], loop.body, place, frame)]  # of the indices so far
        while ahead:
            value = next(ahead[-1], None)
            if value is None:
                ahead.pop()
                continue
            place[loop.indices[len(ahead) - 1].name] = value
            if len(ahead) < len(loop.indices):
                following = loop.indices[len(ahead)]
                ahead.append(self._places(following, loop.body, place, frame))
            else:
                self.count(loop.position, 1 + len(loop.body) // 8)
                yield dict(place)

    def _places(
        self, index: Range, body: Sequence[Step], place: dict[str, int], frame: _Frame
    ) -> Iterator[int]:
        """Where one index goes, when those before it stand at a place."""
        last = self._length(index, body, frame) if index.last is None else index.last
        bounds = [self._whole(index, bound, place, frame) for bound in (index.first, last)]
        if bounds[1] < bounds[0]:
            message = f"a sum goes upward; got {index.name} = {bounds[0]}..{bounds[1]}"
            raise LocatedError(message, index.position)
        return iter(range(bounds[0], bounds[1] + 1))

    def _next_round(self, frame: _Frame) -> bool:
        assert frame.loop
        assert frame.rounds
        place = next(frame.rounds, None)
        if place is None:
            return False
        frame.indices, frame.steps = place, iter(frame.loop.body)
        frame.results += 1
        return True

    def _length(self, index: Range, body: Sequence[Step], frame: _Frame) -> int:
        """How many elements the vectors have over which an index goes in a body."""
        lengths = set()
        waiting = list(body)
        while waiting:
            step = waiting.pop()
            if isinstance(step, Loop):
                waiting += step.body
            places = [(step.name, step.place)] if isinstance(step, Element) else []
            for name, place in elements(step.name) if isinstance(step, Name) else places:
                array = frame.names.get(name) or self.arrays.get(name)
                if isinstance(array, Array) and len(place) == len(array.shape):
                    pairs = zip(place, array.shape, strict=True)
                    lengths |= {size for (letter, _), size in pairs if letter == index.name}
        if len(lengths) == 1:
            return lengths.pop()
        name, sizes = index.name, " and of ".join(map(str, sorted(lengths)))
        why = f"{name} goes over vectors of {sizes}" if lengths else f"{name} is no index in it"
        message = f"the sum does not say how far: {why}; write Σ_{{{name}=1}}^{{3}}"
        raise LocatedError(message, index.position)

    def _whole(self, index: Range, bound: int | str, place: dict[str, int], frame: _Frame) -> int:
        if isinstance(bound, int):
            return bound
        if bound in place:
            return place[bound]
        found = frame.names.get(bound) or self.values.get(bound)
        if isinstance(found, Value) and is_exact(found.data) and found.data.denominator == 1:
            return int(found.data)
        raise LocatedError(
            f"a sum goes to a whole number; '{typeset(bound)}' is none", index.position
        )


def _bits(data: Scalar) -> int:
    if data.__class__ is float or not is_exact(data):
        return 0
    return max(int(data.numerator).bit_length(), int(data.denominator).bit_length())
