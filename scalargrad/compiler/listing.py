"""A program as statements: which steps get a line of their own, and what each line says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scalargrad.compiler.program import Program
from scalargrad.compiler.source import CONDITIONS, Ref

_DEEPEST, _LONGEST = 4, 60  # of an expression that is written into another one

# How tightly an operator binds, in Python and in C alike.
CHOICE, COMPARED, SUM, PRODUCT, SIGNED, ATOM = 1, 3, 5, 6, 7, 9
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


class Text(NamedTuple):
    """An expression: what it says, how tightly its last operator binds, how deep it nests."""

    says: str
    binds: int = ATOM
    depth: int = 0

    def within(self, binding: int) -> str:
        """The expression as an operand of an operator."""
        return self.says if self.binds >= binding else f"({self.says})"


class Line(NamedTuple):
    """A statement.

    Attributes:
        says: what is computed, an expression.
        step: the step whose value it is; None where an output is handed over.
        output: the place of the output that is handed over here; None where it is a step.
        uses: the steps with lines of their own that stand in it.
    """

    says: str
    step: int | None
    output: int | None
    uses: tuple[int, ...]


Writer = Callable[[int, str, Sequence[Text]], Text]


class Listing:
    """The lines of a program.

    Args:
        program: what to write.
        write: the text of a step (by index) from its operation and the texts of its operands.
        constant: the text of a constant.
        names: whether a gradient with a name gets a line even where it is only handed over.
        apart: steps that get a line of their own (True), or none (False), in any case.
        leaf: how every variable is written, where each line is a pattern; else by its name.

    Attributes:
        variables: the names of the steps with lines of their own, and of the inputs.
    """

    def __init__(
        self,
        program: Program,
        write: Writer,
        constant: Callable[[float], str],
        names: bool = True,
        apart: Mapping[int, bool] | None = None,
        leaf: str = "",
    ) -> None:
        self.program = program
        self.variables: dict[int, str] = {}
        self._write = write
        self._constant = constant
        self._names = {} if leaf else program.names
        self._names_all = names
        self._apart = apart or {}
        self._leaf = Text(leaf)
        self._uses = _uses(program)
        self._texts: dict[int, Text] = {}
        self._parts: dict[int, tuple[int, ...]] = {}
        self._unnamed = 0
        for index in range(len(program.inputs)):
            self._give_a_line(index)

    def lines(self, outputs: Mapping[int, Ref]) -> Iterator[Line]:
        """All lines; an output is handed over as soon as it is known.

        Args:
            outputs: those to hand over, by place.
        """
        waiting: dict[int, list[int]] = {}
        for place, ref in outputs.items():
            if isinstance(ref, int) and ref >= len(self.program.inputs):
                waiting.setdefault(ref, []).append(place)
            else:
                yield Line(self.of(ref).says, None, place, self.parts(ref))
        texts, parts = self._texts, self._parts
        named = {index for index, name in self._names.items() if name}
        for index in range(len(self.program.inputs), len(self.program.steps)):
            if self._apart.get(index) is False:
                continue
            op, args = self.program.steps[index]
            text = self._write(index, op, list(map(self.of, args)))
            places = waiting.get(index, ())
            inner = self._uses[index] + len(places)
            is_named = (index in named and (self._names_all or not places)) or index in self._apart
            is_short = text.depth < _DEEPEST and len(text.says) < _LONGEST
            within = tuple([part for a in args if a.__class__ is int for part in parts[a]])
            if op in CONDITIONS or (inner == 1 and not is_named and (is_short or places)):
                texts[index], parts[index] = text, within
            else:
                self._give_a_line(index)
                yield Line(text.says, index, None, within)
            for place in places:
                yield Line(self.of(index).says, None, place, self.parts(index))

    def texts(self, assigned: str, comment: Callable[[str], str]) -> tuple[list[str], list[str]]:
        """All statements, and an expression for each output of the program.

        Args:
            assigned: how a variable gets its value, with a place for either.
            comment: the text of a comment; one stands behind a step with a label, and one where
                the backward pass begins.
        """
        statements: list[str] = []
        handed_over: dict[int, str] = {}
        is_forward = bool(self.program.gradients)
        for line in self.lines(dict(enumerate(self.program.outputs))):
            if line.step is None:
                assert line.output is not None
                handed_over[line.output] = line.says
                continue
            if is_forward and line.step >= self.program.forward:
                statements.append(comment("backward"))
                is_forward = False
            label = self.program.labels.get(line.step)
            says = assigned % (self.variables[line.step], line.says)
            statements.append(f"{says}  {comment(label)}" if label else says)
        return statements, [handed_over[place] for place in range(len(handed_over))]

    def _give_a_line(self, index: int) -> None:
        """Name a step: as the user did, or v1, v2, …, for gradients d1, d2, …."""
        self._parts[index] = (index,)
        self._texts[index] = self._leaf
        if self._leaf.says:
            return
        name = self._names.get(index)
        if not name:
            self._unnamed += 1
            name = f"{'v' if index < self.program.forward else 'd'}{self._unnamed}"
        self.variables[index] = name
        self._texts[index] = Text(name)

    def of(self, ref: Ref) -> Text:
        """The text of an operand."""
        if ref.__class__ is int:
            return self._texts[ref]
        text = self._constant(ref)
        return Text(text, SIGNED if text.startswith("-") else ATOM)

    def parts(self, ref: Ref) -> tuple[int, ...]:
        """The steps with lines of their own, or inputs, that stand in an operand."""
        return self._parts[ref] if isinstance(ref, int) else ()


def binary(op: str, a: Text, b: Text) -> Text:
    """Two operands with an operator between them."""
    binding = BINDING[op]
    left, left_binds, left_depth = a
    right, right_binds, right_depth = b
    if left_binds < binding:
        left = f"({left})"
    if right_binds <= binding:
        right = f"({right})"
    depth = left_depth if left_depth > right_depth else right_depth
    return Text(f"{left} {op} {right}", binding, depth + 1)


def call(name: str, operands: Sequence[Text]) -> Text:
    """A call."""
    depth = max(a.depth for a in operands)
    return Text(f"{name}({', '.join(a.says for a in operands)})", ATOM, depth + 1)


def negated(a: Text) -> Text:
    """A minus sign and an operand."""
    return Text(f"-{a.within(ATOM)}", SIGNED, a.depth)


def _uses(program: Program) -> list[int]:
    """How often the value of each step is read; a condition is written out wherever it is used."""
    uses = [0] * len(program.steps)
    for index in range(len(program.steps) - 1, -1, -1):
        op, args = program.steps[index]
        times = uses[index] if op in CONDITIONS else 1
        for a in args:
            if isinstance(a, int):
                uses[a] += times
    return uses
