"""Program text: read as a graph of Values, and a graph of Values written as program text.

    x = 2; w = -6/25        # a statement that is only a number makes a leaf
    h = relu(w*x + 0.1)     # in other places numbers are constants
    (h − 1)²                # the last statement may go without a name: it is `result`

Numbers are exact; `~0.1` is the float 0.1. `ŷ` and `yhat`, `w₂` and `w2` are the same name, `h = x`
is a second name for the same Value, and a name such as `_1` leaves its Value without a label.

The text becomes tokens, the tokens become steps in postfix order, and a stack machine takes the
steps. Nothing recurses, nothing is handed to Python's own parser, and everything has a limit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise
from math import lcm
from typing import Any, NamedTuple

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operation
from scalargrad.engine.scalars import Scalar, is_exact
from scalargrad.engine.value import Value, constant
from scalargrad.errors import DomainError, ProgramError, located
from scalargrad.notation import names
from scalargrad.notation.numbers import exact_text
from scalargrad.notation.words import did_you_mean

MOST_CHARACTERS = 1_000_000
MOST_OPERATIONS = 200_000
MOST_PARENTHESES = 1_000  # inside one another
MOST_LETTERS = 100  # of a name
MOST_DIGITS = 400  # of a number; its exponent is at most as large
MOST_BITS = 20_000  # of an exact result
MOST_BITS_IN_ALL = 50_000_000  # of all exact results of a program

_ALIASES = {"max": "maximum", "min": "minimum", "ln": "log"}

# How strongly operators bind. An open parenthesis waits under all of them; an atom is none.
_OPEN, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
_OPERATORS = {
    "+": (_SUM, ops.add),
    "-": (_SUM, ops.sub),
    "*": (_PRODUCT, ops.mul),
    "/": (_PRODUCT, ops.div),
    "^": (_POWER, ops.pow),
}


def program(text: str, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Program:
    """The Values that a program text describes, by name.

    Args:
        text: statements `name = expression`, on lines or separated by `;`.
        inputs: what the names stand for that the text uses and does not assign, and literals that
            shall be others: text ("2", exact), int, float, Fraction, Value, ….
        named: more inputs.

    Raises:
        ProgramError: for a text that cannot be read, and inputs that are missing or not used.
        DomainError: for an operation outside its domain.
        TypeError: for an input that is no scalar.

    >>> p = program("h = w*x; loss = (h - 1)^2", x="2", w="0.8")
    >>> p["loss"].data
    Fraction(9, 25)
    """
    try:
        given = _by_canonical_name([*(inputs or {}).items(), *named.items()])
        return _evaluated(_parsed(text), given)
    except _LocatedDomainError as error:
        raise DomainError(located(error.message, text, error.position)) from error.__cause__
    except _LocatedError as error:
        raise ProgramError(error.message, text, error.position) from None


def inputs_of(text: str) -> tuple[str, ...]:
    """The names that a program text uses and does not assign, in canonical spelling.

    Raises:
        ProgramError: for a text that cannot be read.

    >>> inputs_of("h = w*x; loss = (h - 1)^2")
    ('w', 'x')
    """
    try:
        return tuple(_needed(_parsed(text)))
    except _LocatedError as error:
        raise ProgramError(error.message, text, error.position) from None


class Program(Mapping[str, Value]):
    """The Values of a program by name: given inputs first, then the assignments as written.

    Attributes:
        inputs: the names of the leaves: inputs that were given, and literals.
        output: the Value of the last statement.

    >>> p = program("yhat = 3*x; yhat - 1", x=2)
    >>> list(p), p.inputs, p["ŷ"].data, p.output.data
    (['x', 'yhat', 'result'], ('x',), 6, 5)
    """

    __slots__ = ("_values", "inputs", "output")

    def __init__(self, values: Mapping[str, Value], inputs: Iterable[str]) -> None:
        self._values = dict(values)
        self.inputs = tuple(inputs)
        self.output = self._values[next(reversed(self._values))]

    def __getitem__(self, name: str) -> Value:
        """The Value of a name in any of its spellings."""
        with suppress(KeyError, ProgramError, TypeError):
            return self._values[canonical(name)]
        raise KeyError(f"{name!r} is no name in {self!r}{did_you_mean(str(name), self)}")

    def __iter__(self) -> Iterator[str]:
        """The canonical names, in order."""
        return iter(self._values)

    def __len__(self) -> int:
        """The number of names."""
        return len(self._values)

    def __repr__(self) -> str:
        """The first names and the last."""
        names = list(self)
        return f"<program {', '.join(names if len(names) < 9 else [*names[:7], '…', names[-1]])}>"


class _LocatedError(Exception):
    """A message and the index in the text that it is about; `program` adds the text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class _LocatedDomainError(_LocatedError):
    """An operation refused its operands."""


# Names -------------------------------------------------------------------------------------------

_ANONYMOUS = re.compile(r"_[0-9]+")


def canonical(name: str) -> str:
    """The one spelling of a name that may be written in several.

    Raises:
        ProgramError: when it is no name.

    >>> [canonical(name) for name in ("ŷ", "w₂", "ℓ", "Δθ", "w₁₁⁽²⁾")]
    ['yhat', 'w2', 'loss', 'Deltatheta', 'w11_2']
    """
    try:
        return names.canonical(name)
    except names.NotAName as error:
        raise ProgramError(error.message, name, error.position) from None


def _function(name: str) -> Operation | None:
    """The row of the table that programs call by a name."""
    return OPERATIONS.get(_ALIASES.get(name, name))


def _canonical(name: str, start: int) -> str:
    """The canonical spelling of a name that stands at a place in the text."""
    try:
        return names.canonical(name)
    except names.NotAName as error:
        raise _LocatedError(error.message, start + error.position) from None


def _refusal(character: str) -> str:
    """Why a character is refused, and what to write instead where that is known."""
    if character in _HINTS:
        return f"{character} has no place in a program; {_HINTS[character]}"
    return names.refusal(character)


_HINTS = {
    "~": "a float is written ~0.1",
    "≈": "a float is written ≈0.1",
    "⁽": "a raised index belongs to a name, as in w⁽²⁾",
    "'": "names and numbers go without quotes",
    '"': "names and numbers go without quotes",
    "%": "the operators are + - * / ^",
    "[": "group with ( and )",
    "{": "group with ( and )",
}


# Text → tokens -----------------------------------------------------------------------------------


class Token(NamedTuple):
    """A piece of the text: "number", "name", "power" (x²), "end" of a statement, or an operator."""

    kind: str
    text: str
    position: int


_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_SPACE = r"\ \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
_OTHER = r"\x00-@\[-^`{-\x7f" + _SPACE + "×−·⋅÷≈⁺⁻⁰¹²³⁴-⁹⁽⁾"  # what names do not begin with
_TOKEN = re.compile(
    rf"""
      (?P<name>     [^{_OTHER}] (?: (?:[^{_OTHER}]|[0-9])++ | ⁽[^⁽⁾\n]*+⁾ )*+ )
    | (?P<number>   {_NUMBER} | [~≈]\ *[-−]?(?:inf\b|nan\b|{_NUMBER}) )
    | (?P<operator> \*\* | [-+*/^(),=×−·⋅÷] )
    | (?P<end>      [\n\r;][\n\r;{_SPACE}]*+ )
    | (?P<power>    [⁺⁻]?[⁰¹²³⁴-⁹]++ )
    | [{_SPACE}]++ | \#[^\n\r]*+
    | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERATOR_SPELLINGS = {"**": "^", "−": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/"}
_DIGITS = str.maketrans("−⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-+-0123456789")


def _tokens(text: str) -> Iterator[Token]:
    """The tokens of a text; two "end"s close it, so that every other token has a follower."""
    if len(text) > MOST_CHARACTERS:
        raise _LocatedError(f"a program has at most {MOST_CHARACTERS} characters", MOST_CHARACTERS)
    for match in _TOKEN.finditer(text):
        kind, found, start = match.lastgroup, match.group(), match.start()
        if kind == "operator":
            found = kind = _OPERATOR_SPELLINGS.get(found, found)
        elif kind == "name":
            found = _canonical(found, start)
        elif kind == "other":
            raise _LocatedError(_refusal(found), start)
        if kind:
            yield Token(kind, found, start)
    yield Token("end", "", len(text))
    yield Token("end", "", len(text))


def _number(token: Token) -> Scalar:
    """The number that a token stands for."""
    text = token.text[: 3 * MOST_DIGITS].translate(_DIGITS).lower()
    mantissa, _, exponent = text.partition("e")
    if sum(map(str.isdigit, mantissa)) > MOST_DIGITS:
        raise _LocatedError(f"a number has at most {MOST_DIGITS} digits", token.position)
    if len(exponent) > 9 or abs(int(exponent or 0)) > MOST_DIGITS:
        raise _LocatedError(f"an exponent is at most {MOST_DIGITS}", token.position)
    return float(text[1:]) if text[0] in "~≈" else scalars.scalar(text)


# Tokens → steps in postfix order -----------------------------------------------------------------


class Number(NamedTuple):
    """Put a constant on the stack. A bare one may yet become part of a literal: -2, 1/3."""

    scalar: Scalar
    bare: bool


class Name(NamedTuple):
    """Put the Value of a name on the stack."""

    name: str
    position: int


class Call(NamedTuple):
    """Take operands from the stack, and put the result of an operation there."""

    operation: Operation
    arity: int
    position: int


Step = Number | Name | Call


class Statement(NamedTuple):
    """A name, "" where there is none, and the steps that make its Value."""

    name: str
    position: int
    steps: list[Step]

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
        return len(self.steps) == 1 and isinstance(self.steps[0], Name)


@dataclass(slots=True)
class _Pending:
    """An operator that waits for its right operand, or a parenthesis (_OPEN) for its end."""

    strength: int
    operation: Operation | None  # None for a parenthesis that only groups
    arity: int
    position: int
    opening: int = 0


class _Yard:
    """Dijkstra's shunting-yard for one statement: tokens go in, steps in postfix order come out.

    Args:
        operations: the number of operations in the statements before this one.
    """

    def __init__(self, operations: int = 0) -> None:
        self.operations = operations
        self.first: Token | None = None
        self._last: Token | None = None
        self._name = ""
        self._steps: list[Step] = []
        self._pending: list[_Pending] = []
        self._depth = 0
        self._has_operand = False  # so that an operator may come now

    def take(self, token: Token, following: Token) -> None:
        """Take the next token of the statement."""
        if token.kind == "=":
            self._assign(token)
        elif token.kind == ")":
            self._close(token)
        elif self._has_operand:
            self._continue(token)
        else:
            self._begin(token, following)
        self.first = self.first or token
        self._last = token

    def statement(self, end: Token) -> Statement:
        """The statement, when its last token has been taken."""
        assert self.first
        if not self._has_operand:
            raise self._expected_operand(end)
        self._write_pending(_SUM)
        if self._pending:
            raise _LocatedError("'(' is not closed in its statement", self._pending[-1].opening)
        self._join_fraction()
        return Statement(self._name, self.first.position, self._steps)

    def _assign(self, token: Token) -> None:
        if not self.first or self.first is not self._last or self.first.kind != "name":
            message = "one '=' follows the name that a statement begins with, and no other"
            raise _LocatedError(message, token.position)
        self._name = self.first.text
        self._steps.clear()
        self._has_operand = False

    def _begin(self, token: Token, following: Token) -> None:
        """Take a token where an operand begins."""
        if token.kind == "number":
            self._steps.append(Number(_number(token), bare=True))
            self._has_operand = True
        elif token.kind == "name":
            self._take_name(token, following)
        elif token.kind == "(":
            self._open(token)
        elif token.kind == "-":
            self._wait(_SIGN, ops.neg, 1, token)
        elif token.kind == "+":
            self._count(token)  # it does nothing, but a million of them take time
        else:
            raise self._expected_operand(token)

    def _take_name(self, token: Token, following: Token) -> None:
        name, is_called = token.text, following.kind == "("
        is_function = _function(name) is not None
        if is_function and not is_called:
            use = "cannot be assigned" if following.kind == "=" else f"is called as {name}(…)"
            raise _LocatedError(f"'{name}' is a function: it {use}", token.position)
        if is_called and not is_function:
            known = [*OPERATIONS, *_ALIASES]
            hint = did_you_mean(name, known) or f"; a product is written {name}*(…)"
            raise _LocatedError(f"unknown function '{name}'{hint}", token.position)
        if not is_function:
            self._steps.append(Name(name, token.position))
            self._has_operand = True

    def _continue(self, token: Token) -> None:
        """Take a token after an operand."""
        if token.kind in _OPERATORS:
            strength, operation = _OPERATORS[token.kind]
            self._write_pending(strength if strength < _POWER else _ATOM)  # a^b^c is a^(b^c)
            self._wait(strength, operation, 2, token)
            self._has_operand = False
        elif token.kind == "power":
            self._steps.append(Number(_number(token), bare=False))
            self._wait(_POWER, ops.pow, 2, token)
            self._write_operator(self._pending.pop())
        elif token.kind == ",":
            self._write_pending(_SUM)
            if not self._pending or not self._pending[-1].operation:
                message = "',' separates the operands of a function; 2,5 is written 2.5"
                raise _LocatedError(message, token.position)
            self._pending[-1].arity += 1
            self._has_operand = False
        else:
            raise self._missing_operator(token)

    def _open(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MOST_PARENTHESES:
            message = f"at most {MOST_PARENTHESES} parentheses stand inside one another"
            raise _LocatedError(message, token.position)
        if self._last and self._last.kind == "name":
            self._wait(_OPEN, _function(self._last.text), 1, self._last)
        else:
            self._wait(_OPEN, None, 1, token)
        self._pending[-1].opening = token.position

    def _close(self, token: Token) -> None:
        if not self._depth:
            raise _LocatedError("')' closes nothing: no '(' is open", token.position)
        if self._has_operand:
            self._write_pending(_SUM)
        elif self._pending[-1].operation and self._last and self._last.kind == "(":
            self._pending[-1].arity = 0
        else:
            raise self._expected_operand(token)
        self._depth -= 1
        self._has_operand = True
        opened = self._pending.pop()
        if opened.operation:
            self._seal()
            self._write_call(opened.operation, opened)
        else:
            self._join_fraction()
            self._seal()

    def _wait(self, strength: int, operation: Operation | None, arity: int, token: Token) -> None:
        if operation:
            self._count(token)
        self._pending.append(_Pending(strength, operation, arity, token.position))

    def _count(self, token: Token) -> None:
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            message = f"a program has at most {MOST_OPERATIONS} operations"
            raise _LocatedError(message, token.position)

    def _write_pending(self, strength: int) -> None:
        """Write the pending operators that bind at least so strongly."""
        while self._pending and self._pending[-1].strength >= strength:
            self._write_operator(self._pending.pop())

    def _write_operator(self, operator: _Pending) -> None:
        """Write an operator; but a sign joins a bare number, and the power 2 is a square."""
        match operator.operation, self._steps[-1]:
            case ops.neg, Number(scalar, bare=True):
                self._steps[-1] = Number(-scalar, bare=True)
                self.operations -= 1
            case ops.pow, Number(scalar) if is_exact(scalar) and scalar == 2:
                self._steps[-1] = Call(ops.square, 1, operator.position)
            case Operation() as operation, _:
                self._steps.append(Call(operation, operator.arity, operator.position))

    def _write_call(self, operation: Operation, opened: _Pending) -> None:
        try:
            operation.check_count(opened.arity)
        except TypeError as error:
            raise _LocatedError(str(error), opened.position) from None
        self._steps.append(Call(operation, opened.arity, opened.position))

    def _join_fraction(self) -> None:
        """Make one number of number/number."""
        match self._steps[-3:]:
            case [Number(a, True), Number(b, True), Call(ops.div)] if is_exact(a) and is_exact(b):
                if b:
                    self._steps[-3:] = [Number(scalars.divide(a, b), bare=True)]
                    self.operations -= 1

    def _seal(self) -> None:
        """Keep the number just written from becoming part of a literal."""
        if self._steps and isinstance(self._steps[-1], Number):
            self._steps[-1] = self._steps[-1]._replace(bare=False)

    def _expected_operand(self, token: Token) -> _LocatedError:
        after = f" after '{_short(self._last.text)}'" if self._last else ""
        got = f"got '{token.text}'" if token.kind != "end" else "the statement ends"
        return _LocatedError(f"expected a number, a name or '('{after}; {got}", token.position)

    def _missing_operator(self, token: Token) -> _LocatedError:
        assert self._last
        left, right = _short(self._last.text), _short(token.text)
        numbers = self._last.kind == "number" and not right[0].isalpha() and right != "("
        product = "" if numbers else f"; a product is written {left}*{right}"
        message = f"an operator is missing between '{left}' and '{right}'{product}"
        return _LocatedError(message, token.position)


def _parsed(text: str) -> list[Statement]:
    """The statements of a program; the last one has a name if no other has."""
    statements: list[Statement] = []
    yard = _Yard()
    for token, following in pairwise(_tokens(text)):
        if token.kind != "end":
            yard.take(token, following)
        elif yard.first:
            statements.append(yard.statement(token))
            yard = _Yard(yard.operations)
    if not statements:
        raise _LocatedError("the program is empty; write name = expression", 0)
    for statement in statements[:-1]:
        if not statement.name:
            message = "only the last statement may go without a name; write name = …"
            raise _LocatedError(message, statement.position)
    if not statements[-1].name:
        statements[-1] = statements[-1]._replace(name="result")
    return statements


def _short(text: str, most: int = 30) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


# Steps → Values ----------------------------------------------------------------------------------


def _by_canonical_name(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for written, value in items:
        name = canonical(written)
        if name in given:
            raise _LocatedError(f"the input '{name}' is given twice", 0)
        given[name] = value
    return given


def _evaluated(statements: Sequence[Statement], given: Mapping[str, Any]) -> Program:
    """Take the steps of all statements, from the inputs."""
    needed = _needed(statements)
    _check_given(given, needed, statements)
    machine = _Machine({name: _input(name, given[name]) for name in needed})
    leaves = list(needed)
    for statement in statements:
        name, literal = statement.name, statement.literal
        if literal is None:
            value = machine.run(statement.steps)
            machine.values[name] = value if statement.is_alias else value.named(_label(name))
        else:
            machine.values[name] = _input(name, given.get(name, literal))
            leaves.append(name)
    return Program(machine.values, leaves)


def _input(name: str, given: Any) -> Value:
    if isinstance(given, Value):
        return given
    try:
        return Value(given, _label(name))
    except TypeError as error:
        raise TypeError(f"the input '{name}': {error}") from None


def _label(name: str) -> str:
    return "" if _ANONYMOUS.fullmatch(name) else name


def _needed(statements: Iterable[Statement]) -> dict[str, int]:
    """The names that are used and not assigned, and where each is used first."""
    needed: dict[str, int] = {}
    assigned: set[str] = set()
    for name, position, steps in statements:
        for step in steps:
            if isinstance(step, Name) and step.name not in assigned:
                needed.setdefault(step.name, step.position)
        if name in assigned:
            raise _LocatedError(f"'{name}' is assigned twice", position)
        if name in needed:
            raise _LocatedError(f"'{name}' is used before it is assigned", needed[name])
        assigned.add(name)
    return needed


def _check_given(
    given: Mapping[str, Any], needed: Mapping[str, int], statements: Iterable[Statement]
) -> None:
    """Refuse an input that has no place, and list all that are missing."""
    assigned = {statement.name: statement for statement in statements}
    for name in given:
        if name in assigned and assigned[name].literal is None:
            message = f"'{name}' is computed here, and cannot be given as an input"
            raise _LocatedError(message, assigned[name].position)
        if name not in assigned and name not in needed:
            hint = did_you_mean(name, [*needed, *assigned])
            raise _LocatedError(f"the program has no input '{name}'{hint}", 0)
    missing = [name for name in needed if name not in given]
    if missing:
        more = f" and {len(missing) - 20} more" if len(missing) > 20 else ""
        hint = did_you_mean(missing[0], [*assigned, *given], likeness=0.7)
        message = f"no value is given for {', '.join(missing[:20])}{more}{hint}"
        raise _LocatedError(message, needed[missing[0]])


class _Machine:
    """A stack machine: it takes steps, and knows the Values of names."""

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values
        self._bits = 0

    def run(self, steps: Iterable[Step]) -> Value:
        """The Value that is left on the stack."""
        stack: list[Value] = []
        for step in steps:
            if isinstance(step, Call):
                first = len(stack) - step.arity
                stack[first:] = [self._called(step, stack[first:])]
            elif isinstance(step, Name):
                stack.append(self.values[step.name])
            else:
                stack.append(constant(step.scalar))
        return stack[0]

    def _called(self, call: Call, operands: Sequence[Value]) -> Value:
        too_large = "this exact number grows too large; write a number in it as a float, like ~0.1"
        if _will_be_large(call.operation, [operand.data for operand in operands]):
            raise _LocatedError(too_large, call.position)
        try:
            result: Value = call.operation(*operands)
        except (ArithmeticError, ValueError) as error:
            raise _LocatedDomainError(str(error), call.position) from error
        except TypeError as error:
            raise _LocatedError(str(error), call.position) from error
        bits = _bits(result.data)
        self._bits += bits
        if bits > MOST_BITS or self._bits > MOST_BITS_IN_ALL:
            raise _LocatedError(too_large, call.position)
        return result


def _bits(data: Scalar) -> int:
    if not is_exact(data):
        return 0
    return max(int(data.numerator).bit_length(), int(data.denominator).bit_length())


def _will_be_large(operation: Operation, data: Sequence[Scalar]) -> bool:
    """Whether an exact result, or a step on the way to it, is too large to be computed first."""
    if operation is ops.pow and all(map(is_exact, data)):
        base, exponent = data
        return bool((_bits(base) - 1) * abs(exponent) > MOST_BITS)
    if len(data) > 2 and all(map(is_exact, data)):
        common = 1  # denominator
        for number in data:
            common = lcm(common, number.denominator)
            if common.bit_length() > 2 * MOST_BITS:
                return True
    return False


# Values → program text ---------------------------------------------------------------------------

_WIDTH = 72  # a longer expression is a statement of its own
_SIGNS = {operation: (sign, strength) for sign, (strength, operation) in _OPERATORS.items()}


class _Written(NamedTuple):
    """An expression; a bare number would become one literal with a sign or `/` beside it."""

    text: str
    strength: int = _ATOM
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
        outputs: Values of exact numbers and floats; the last one becomes the program's output.

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
    output = ""
    for node in order:
        operands = [written.pop(a) if uses[a] == 1 else written[a] for a in node.parents]
        expression = _expression(node, operands)
        is_short = len(expression.text) <= _WIDTH or node.op is CONSTANT
        if node.op and is_short and uses[node] == 1 and node not in kept:
            written[node] = expression
            continue
        name = names.get(node) or next(fresh)
        text = expression.sealed if node.op and expression.bare else expression.text
        lines.append(f"{name} = {text}{'' if node in names else _comment(node.label)}")
        written[node] = _Written(name)
        output = name if node is outputs[-1] else output
    if order[-1] is not outputs[-1]:
        lines.append(f"{next(fresh)} = {output}")
    return "\n".join(lines)


def _names(order: Iterable[Value]) -> dict[Value, str]:
    """The nodes whose label can be a name in the program, with that name."""
    names: dict[Value, str] = {}
    for node in order:
        if node.label:
            with suppress(ProgramError):
                names[node] = canonical(node.label)
    bearers = Counter(names.values())
    return {
        node: name
        for node, name in names.items()
        if bearers[name] == 1 and not _function(name) and _label(name)
    }


def _comment(label: str) -> str:
    return f"  # {_short(ascii(label)[1:-1], 60)}" if label else ""


def _expression(node: Value, operands: Sequence[_Written]) -> _Written:
    """A node as an expression of its operands."""
    operation = node.op
    if operation is None or operation is CONSTANT:
        return _literal(node)
    if OPERATIONS.get(operation.name) is not operation:
        raise ValueError(f"{operation.name} is not in the table, and a program cannot call it")
    if operation is ops.neg:
        (a,) = operands
        return _Written(f"-{a.sealed if a.bare else a.within(_SIGN)}", _SIGN)
    if operation is ops.square:
        return _Written(f"{operands[0].within(_ATOM)}^2", _POWER)
    if operation is ops.pow and operands[1] != ("2", _ATOM, True):  # which would read as square
        base, exponent = operands
        return _Written(f"{base.within(_ATOM)}^{exponent.within(_SIGN)}", _POWER)
    if operation in _SIGNS and operation is not ops.pow:
        return _infix(operation, *operands)
    return _Written(f"{operation.name}({', '.join(a.text for a in operands)})")


def _infix(operation: Operation, a: _Written, b: _Written) -> _Written:
    sign, strength = _SIGNS[operation]
    is_fraction = operation is ops.div and a.bare and b.bare
    left, right = a.sealed if is_fraction else a.within(strength), b.within(strength + 1)
    return _Written(f"{left} {sign} {right}" if strength == _SUM else left + sign + right, strength)


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
    return _Written(text, _SIGN if "-" in text[:2] else _ATOM, bare=True)
