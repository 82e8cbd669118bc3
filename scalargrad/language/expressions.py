"""Expressions: tokens become steps in postfix order.

Dijkstra's shunting-yard, with what a board needs besides: products without a sign, functions
before an atom, bars, conditions, indices and sums. Where a spelling has two readings, it is refused
with both. Nothing recurses, nothing is handed to Python's own parser, and everything has a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import Operation
from scalargrad.engine.scalars import Scalar, is_exact
from scalargrad.language import answers, library
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
from scalargrad.language.tokens import LocatedError, Token, number
from scalargrad.language.vectors import (
    COMPARISONS,
    INDICATOR,
    INNER,
    LIST,
    PRODUCT,
    SQUARED_NORM,
    TRANSPOSE,
    Function,
)
from scalargrad.notation.names import parsed as name_parts
from scalargrad.notation.names import typeset
from scalargrad.notation.words import did_you_mean

MOST_OPERATIONS = 60_000
MOST_PARENTHESES = 1_000  # inside one another
CONSTANTS = ("e", "pi")

# How strongly operators bind. An open bracket waits under all of them; an atom is none.
_OPEN, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _APPLIED, _ATOM = range(8)
_OPERATORS: dict[str, tuple[int, Operation | Function]] = {
    "+": (_SUM, ops.add),
    "-": (_SUM, ops.sub),
    "*": (_PRODUCT, ops.mul),
    "·": (_PRODUCT, INNER),
    "@": (_PRODUCT, PRODUCT),
    "/": (_PRODUCT, ops.div),
    "^": (_POWER, ops.pow),
    **{sign: (_COMPARISON, compared) for sign, compared in COMPARISONS.items()},
}
_CLOSES = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖"}


@dataclass
class Source:
    """A whole text in tokens, and what its names are."""

    tokens: list[Token]
    assigned: set[str] = field(default_factory=set)
    given: Collection[str] = ()
    bare: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    definitions: dict[str, int] = field(default_factory=dict)  # and how many parameters
    operations: int = 0
    of_library: Callable[[str], Statement] | None = None  # parses a function of the library

    def is_node(self, name: str) -> bool:
        """Whether a name stands for a node, and not for a function."""
        if name in self.assigned or name in self.given:
            return True
        if name in answers.WORDS:
            return False
        return name in self.bare and library.function(name) is None

    def is_constant(self, name: str) -> bool:
        """Whether a name is e or π."""
        return name in CONSTANTS and name not in self.assigned and name not in self.given


@dataclass(slots=True)
class _Pending:
    """An operator that waits for its right operand, or a bracket (_OPEN) for its end."""

    strength: int
    called: Operation | Function | str | None  # None for a bracket that only groups
    arity: int
    position: int
    sign: str = ""
    opening: int = 0
    begin: int = 0  # of its steps
    squared: Scalar | None = None  # sin² x


class Yard:
    """The yard for one expression: tokens go in, steps in postfix order come out."""

    def __init__(
        self, source: Source, start: int, stop: int, parameters: Collection[str] = ()
    ) -> None:
        self.source = source
        self._tokens = source.tokens
        self._start, self._place, self._stop = start, start, stop
        self._parameters = parameters
        self._steps: list[Step] = []
        self._pending: list[_Pending] = []
        self._depth = 0
        self._bars = 0
        self._has_operand = False  # so that an operator may come now

    def steps(self) -> list[Step]:
        """The steps of the whole expression."""
        tokens = self._tokens
        while self._place < self._stop:
            token = tokens[self._place]
            if self._has_operand:
                self._continue(token)
            else:
                self._begin(token)
            self._place += 1
        end = tokens[self._stop]
        if not self._has_operand:
            raise self._expected_operand(end)
        self._write_pending(_COMPARISON)
        if self._pending:
            opened = self._pending[-1]
            raise LocatedError(f"'{opened.sign}' is not closed in its statement", opened.opening)
        self._join_fraction()
        return self._steps

    # Where an operand begins

    def _begin(self, token: Token) -> None:
        kind = token.kind
        if kind == "number":
            self._take_number(token)
        elif kind == "name":
            self._take_name(token)
        elif kind in _CLOSES or kind == "frac":
            self._open(token)
        elif kind == "-":
            self._wait(_SIGN, ops.neg, 1, token)
        elif kind == "+":
            self._count(token)  # it does nothing, but a million of them take time
        elif kind in (")", "]", "}"):
            self._close(token)
        elif kind in ("//", "%") and self._place == self._start:
            raise LocatedError("a comment begins with #", token.position)
        else:
            raise self._expected_operand(token)

    def _take_number(self, token: Token) -> None:
        following = self._tokens[self._place + 1]
        if following.kind == "[" and not following.spaced:
            if number(token) != 1:
                raise LocatedError("an indicator is written 1[x > 0]", token.position)
            self._place += 1
            self._open(following, INDICATOR, token)
            return
        self._steps.append(Number(number(token), bare=True))
        self._has_operand = True

    def _take_name(self, token: Token) -> None:
        name, following = token.text, self._tokens[self._place + 1]
        source = self.source
        is_called = following.kind == "("
        is_node = name in self._parameters or source.is_node(name)
        if is_called and name in source.definitions:
            return  # _open takes it
        if is_node:
            if is_called and library.function(name) and name not in self._parameters:
                raise LocatedError(
                    f"'{name}' is a function, and here a node too: give the node another name, or "
                    f"write {name}*(…)",
                    token.position,
                )
            self._take_node(token)
            return
        if source.is_constant(name) and not is_called:
            self._steps.append(Name(name, token.position))
            self._has_operand = True
            return
        if library.function(name) is not None:
            self._take_function(token, following)
            return
        if is_called or (
            following.kind in ("[", "{")
            and not following.spaced
            and (following.kind == "{" or answers.key(name) in answers.FUNCTIONS)
        ):
            raise self._unknown_function(token)
        if name in answers.WORDS and not source.is_node(name):
            raise LocatedError(f"'{name}': {answers.WORDS[name]}", token.position)
        self._take_node(token)

    def _take_node(self, token: Token) -> None:
        following = self._tokens[self._place + 1]
        if following.kind == "[" and not following.spaced:
            place, self._place = place_of(self._tokens, self._place + 1)
            self._steps.append(Element(token.text, place, token.position))
        else:
            self._steps.append(Name(token.text, token.position))
        self._has_operand = True

    def _take_function(self, token: Token, following: Token) -> None:
        """A name of a function: before a bracket, before an atom, or with a power."""
        called = library.function(token.text)
        if following.kind in ("(", "[", "{"):
            return
        power: Scalar | None = None
        if following.kind == "power":
            power, behind = number(following), self._place + 1
        elif following.kind == "^" and self._tokens[self._place + 2].kind == "number":
            power, behind = number(self._tokens[self._place + 2]), self._place + 2
        elif following.kind == "^" and [
            t.kind for t in self._tokens[self._place + 2 : self._place + 4]
        ] == ["-", "number"]:
            power, behind = -number(self._tokens[self._place + 3]), self._place + 3
        elif following.kind == "^" and self._tokens[self._place + 2].kind == "{":
            inner = self._tokens[self._place + 3 : self._place + 6]
            kinds = [t.kind for t in inner]
            if kinds[:2] == ["number", "}"]:
                power, behind = number(inner[0]), self._place + 4
            elif kinds == ["-", "number", "}"]:
                power, behind = -number(inner[1]), self._place + 5
        if power is not None:
            self._raise_function(token, called, power)
            self._place = behind
            following = self._tokens[behind + 1]
            if following.kind in ("(", "[", "{"):
                return
        elif not self._begins_operand(following, token):
            raise LocatedError(
                f"'{token.text}' is a function: it is called as {token.text}(…)", token.position
            )
        else:
            self._wait(_APPLIED, called, 1, token)

    def _raise_function(self, token: Token, called: object, power: Scalar) -> None:
        """sin² x is (sin x)², and tan⁻¹ x is atan x."""
        name = getattr(called, "name", token.text)
        if power == -1:
            if name not in library.INVERSES:
                raise LocatedError(
                    f"{name}⁻¹ has two readings: write 1/{name}(x), or the inverse by its name",
                    token.position,
                )
            called = library.function(library.INVERSES[name])
            if called is None:
                raise LocatedError(f"the inverse of {name} is not read", token.position)
            self._wait(_APPLIED, called, 1, token)
            return
        self._wait(_APPLIED, called, 1, token)  # type: ignore[arg-type]
        self._pending[-1].squared = power

    def _begins_operand(self, token: Token, function: Token) -> bool:
        if token.kind in ("name", "number", "|", "‖", "frac"):
            return True
        behind = self._tokens[min(self._place + 2, len(self._tokens) - 1)]
        return token.kind == "-" and not behind.spaced

    def _unknown_function(self, token: Token) -> LocatedError:
        name = token.text
        bare = name.replace("prime", "")
        if "prime" in name and bare and library.function(bare) is not None:
            return LocatedError(
                f"{typeset(name)}(…): derivatives are derived, not typed", token.position
            )
        about = answers.FUNCTIONS.get(answers.key(name))
        if about:
            return LocatedError(f"'{name}' is not read: {about}", token.position)
        known = [*library.names(), *self.source.definitions]
        hint = did_you_mean(name, known) if len(name) > 2 else ""
        hint = hint or f"; a product is written {name}*(…)"
        return LocatedError(f"unknown function '{name}'{hint}", token.position)

    # After an operand

    def _continue(self, token: Token) -> None:
        kind = token.kind
        if kind in _OPERATORS:
            self._take_operator(token)
        elif kind == "power":
            self._refuse_power_of_applied(token)
            self._steps.append(Number(number(token), bare=False))
            self._wait(_POWER, ops.pow, 2, token)
            self._write_operator(self._pending.pop())
        elif kind == "ᵀ":
            self._transpose(token)
        elif kind == ",":
            self._take_comma(token)
        elif kind in (")", "]", "}") or (kind in ("|", "‖") and self._innermost() == kind):
            self._close(token)
        elif kind == "name" and token.text == "for" and not self.source.is_node("for"):
            self._take_for(token)
        elif kind == "name" and token.text in answers.WORDS and not self.source.is_node(token.text):
            raise LocatedError(f"'{token.text}': {answers.WORDS[token.text]}", token.position)
        elif kind in ("name", "frac") or (kind in _CLOSES and kind != "]"):
            self._take_product(token)
        elif kind == "%":
            raise self._about_percent(token)
        elif kind == "=":
            message = "one '=' follows the name that a statement begins with, and no other"
            if self._tokens[self._place - 1].kind == "name" and self._place > self._start + 1:
                message += "; statements are parted by ; or a line's end"
            raise LocatedError(message, token.position)
        elif kind == "number":
            following = self._tokens[self._place + 1]
            if following.kind != "[" or following.spaced:
                raise self._missing_operator(token)
            self._take_product(token)  # w 1[x > 0]
        else:
            raise LocatedError(answers.about_sign(token.text), token.position)

    def _take_operator(self, token: Token) -> None:
        strength, called = _OPERATORS[token.kind]
        if token.kind == "^":
            self._refuse_layer(token)
            self._refuse_power_of_applied(token)
            following = self._tokens[self._place + 1]
            if self._is_transposition(following):
                self._place += 1
                self._transpose(token)
                return
            if following.kind == "{":
                inner = self._tokens[self._place + 2 : self._place + 4]
                if [t.kind for t in inner][1:] == ["}"] and self._is_transposition(inner[0]):
                    self._place += 3
                    self._transpose(token)
                    return
        self._write_pending(max(strength, _SUM) if strength < _POWER else _APPLIED)  # a^(b^c)
        if (
            strength == _COMPARISON
            and self._pending
            and (self._pending[-1].strength == _COMPARISON)
        ):
            raise LocatedError(
                "one comparison stands in a condition; write where(a < x, where(x < b, …), …)",
                token.position,
            )
        self._wait(strength, called, 2, token)
        self._has_operand = False

    def _refuse_layer(self, token: Token) -> None:
        """Refuse w^(2) where w⁽²⁾ exists."""
        last = self._tokens[self._place - 1]
        digits = self._tokens[self._place + 1 : self._place + 4]
        if last.kind != "name" or [t.kind for t in digits] != ["(", "number", ")"]:
            return
        parts = name_parts(last.text)
        layer = digits[1].text
        if parts and not parts.layer and layer.isdigit():
            other = parts._replace(layer=layer)
            if self.source.is_node(other.plain):
                raise LocatedError(
                    f"two readings: the power is written {parts.text}^{layer}, and the name "
                    f"{other.text} is typed {parts.text}_({layer})",
                    token.position,
                )

    def _is_transposition(self, token: Token) -> bool:
        if token.kind == "ᵀ":
            return True
        is_name = token.kind == "name" and token.text == "T"
        return is_name and "T" not in self.source.assigned and "T" not in self.source.given

    def _transpose(self, token: Token) -> None:
        self._refuse_power_of_applied(token)
        self._steps.append(Call(TRANSPOSE, 1, token.position))

    def _refuse_power_of_applied(self, token: Token) -> None:
        applied = self._applied()
        if applied:
            function, operand = self._text(applied.opening), self._last_text()
            raise LocatedError(
                f"two readings: write {function}({operand}{_raised(token)}) or "
                f"({function} {operand}){_raised(token)}",
                token.position,
            )

    def _applied(self) -> _Pending | None:
        """The function before an atom that the last operand belongs to."""
        for pending in reversed(self._pending[-2:]):
            if pending.strength == _APPLIED:
                return pending
            if pending.strength != _SIGN:
                return None
        return None

    def _is_function(self, token: Token) -> bool:
        """Whether a name is that of a function, and of nothing else here."""
        return (
            token.kind == "name" and not self.source.is_node(token.text)
            and token.text not in self._parameters and library.function(token.text) is not None
        )  # fmt: skip

    def _take_product(self, token: Token) -> None:
        """A product without a sign."""
        last = self._tokens[self._place - 1]
        if last.kind == "number" and token.kind == "name" and token.text.startswith("_"):
            raise self._missing_operator(token)
        applied = self._applied()
        if applied and not self._is_function(token):
            function, operand = self._text(applied.opening), self._last_text()
            more = "(…)" if token.kind in _CLOSES else token.text
            raise LocatedError(
                f"two readings: write {function}({operand}*{more}) or {function}({operand})*{more}",
                token.position,
            )
        exponent = self._pending_above(_SIGN)
        if (
            exponent
            and exponent.sign == "^"
            and not token.spaced
            and last.kind not in (")", "}", "]")
        ):
            base, up = self._text_before(exponent.position), self._text_since(exponent.position + 1)
            more = "(…)" if token.kind in _CLOSES else token.text
            raise LocatedError(
                f"two readings: write {base}^({up}*{more}) or {base}^{up} * {more}", token.position
            )
        self._write_pending(_SIGN)
        divided = self._pending and self._pending[-1].sign == "/"
        if divided:
            is_number = last.kind == "number" and self._tokens[self._place - 2].kind == "/"
            if not (is_number and (token.spaced or token.kind in _CLOSES)):
                dividend = self._text_before(self._pending[-1].position)
                divisor = self._text_since(self._pending[-1].position + 1)
                more = "(…)" if token.kind in _CLOSES else token.text
                raise LocatedError(
                    f"two readings: write {dividend}/({divisor}*{more}) or "
                    f"({dividend}/{divisor})*{more}",
                    token.position,
                )
        self._write_pending(_PRODUCT)
        if divided:
            self._join_fraction()
            self._seal()
        self._wait(_PRODUCT, PRODUCT, 2, token)
        self._has_operand = False
        self._begin(token)

    def _pending_above(self, strength: int) -> _Pending | None:
        """The power that the last operand is the exponent of."""
        for pending in reversed(self._pending[-2:]):
            if pending.strength == _POWER:
                return pending
            if pending.strength != _SIGN:
                return None
        return None

    def _take_comma(self, token: Token) -> None:
        self._write_pending(_COMPARISON)
        if not self._pending or self._pending[-1].called is None or self._innermost() in ("|", "‖"):
            message = (
                "',' separates the operands of a function; 2,5 is written 2.5, and a vector [2, 5]"
            )
            raise LocatedError(message, token.position)
        if self._pending[-1].called is LIST:
            self._join_fraction()
        self._pending[-1].arity += 1
        self._has_operand = False

    def _about_percent(self, token: Token) -> LocatedError:
        last, following = self._tokens[self._place - 1], self._tokens[self._place + 1]
        is_percentage = following.kind in ("end", ",", ")", "]", "}", "+", "-", "*", "·", "/")
        if last.kind == "number" and is_percentage:
            scalar = number(last)
            if is_exact(scalar):
                shown = float(scalars.divide(scalar, 100))
                return LocatedError(f"{last.text}% is written {shown:g}", token.position)
        return LocatedError(answers.about_sign("%"), token.position)

    # Brackets

    def _innermost(self) -> str:
        """The sign of the innermost bracket that is open."""
        for pending in reversed(self._pending):
            if pending.strength == _OPEN:
                return pending.sign
        return ""

    def _open(
        self,
        token: Token,
        called: Operation | Function | str | None = None,
        name: Token | None = None,
    ) -> None:
        self._depth += 1
        if self._depth > MOST_PARENTHESES:
            message = f"at most {MOST_PARENTHESES} parentheses stand inside one another"
            raise LocatedError(message, token.position)
        last = self._tokens[self._place - 1] if self._place > self._start else None
        if token.kind in ("|", "‖"):
            if self._bars:
                raise LocatedError(
                    "bars may not nest or touch; write abs(x) and norm(v)", token.position
                )
            self._bars += 1
            called = ops.abs if token.kind == "|" else library.function("norm")
        elif token.kind == "frac":
            following = self._tokens[self._place + 1]
            if following.kind != "{":
                raise LocatedError(r"a fraction is written \frac{a}{b}", token.position)
            self._place += 1
            token, called = following, ops.div
            self._wait(_OPEN, called, 1, token, sign="{")
            self._pending[-1].squared = 2  # two groups
            return
        elif called is None and last and last.kind == "name" and not self._has_operand:
            called, name = self._called(last), last
        if called is None and token.kind == "[":
            called = LIST
        self._wait(_OPEN, called, 1, name or token, sign=token.kind)
        self._pending[-1].opening = token.position

    def _called(self, token: Token) -> Operation | Function | str | None:
        if token.text in self.source.definitions:
            return f"={token.text}"
        return library.function(token.text)

    def _close(self, token: Token) -> None:
        sign = self._innermost()
        if not sign:
            wanted = {")": "(", "]": "[", "}": "{"}.get(token.kind, token.kind)
            raise LocatedError(
                f"'{token.kind}' closes nothing: no '{wanted}' is open", token.position
            )
        if _CLOSES[sign] != token.kind:
            raise LocatedError(
                f"'{sign}' is open, and closed with '{_CLOSES[sign]}', not with '{token.kind}'",
                token.position,
            )
        if self._has_operand:
            self._write_pending(_COMPARISON)
        elif self._pending[-1].called and self._tokens[self._place - 1].kind in ("(", "[", "{"):
            self._pending[-1].arity = 0
        else:
            raise self._expected_operand(token)
        opened = self._pending[-1]
        if opened.called is ops.div and opened.squared == 2 and opened.arity == 1:
            self._next_of_fraction(token, opened)
            return
        self._depth -= 1
        self._bars -= token.kind in ("|", "‖")
        self._has_operand = True
        self._pending.pop()
        if opened.called is LIST:
            self._join_fraction()
            self._write_call(LIST, opened.arity, opened.position)
        elif opened.called is not None:
            self._seal()
            self._write_call(opened.called, opened.arity, opened.position)
        else:
            self._join_fraction()
            self._seal()

    def _next_of_fraction(self, token: Token, opened: _Pending) -> None:
        if self._tokens[self._place + 1].kind != "{":
            raise LocatedError(r"a fraction is written \frac{a}{b}", token.position)
        self._place += 1
        opened.arity, opened.opening = 2, self._tokens[self._place].position
        self._has_operand = False

    # Sums

    def _take_for(self, token: Token) -> None:
        """The indices of sum(body for i = 1..3, j = 1..2)."""
        self._write_pending(_COMPARISON)
        opened = self._pending[-1] if self._pending else None
        if (
            opened is None
            or opened.strength != _OPEN
            or opened.arity != 1
            or isinstance(opened.called, str)
            or opened.called is None
        ):
            raise LocatedError(f"'for': {answers.WORDS['for']}", token.position)
        self._seal()
        body = tuple(self._steps[opened.begin :])
        del self._steps[opened.begin :]
        ranges: list[Range] = []
        place = self._place + 1
        while True:
            found, place = self._range(place)
            ranges.append(found)
            if self._tokens[place].kind != ",":
                break
            place += 1
        closing = self._tokens[place]
        if closing.kind != _CLOSES[opened.sign]:
            raise LocatedError("a sum goes over for i = 1..3, and ends there", closing.position)
        self._pending.pop()
        self._depth -= 1
        self._bars -= closing.kind in ("|", "‖")
        called = opened.called
        assert isinstance(called, Operation | Function)
        self._steps.append(Loop(body, tuple(ranges), called, opened.position))
        self._count(token)
        self._has_operand = True
        self._place = place

    def _range(self, place: int) -> tuple[Range, int]:
        tokens = self._tokens
        name = tokens[place]
        how = "a sum goes over for i = 1..3"
        if name.kind != "name":
            raise LocatedError(how, name.position)
        if name.text in self.source.assigned or name.text in self.source.given:
            raise LocatedError(
                f"'{typeset(name.text)}' is a node, and cannot be an index too", name.position
            )
        between = tokens[place + 1]
        if not (between.kind in ("=", "∈") or (between.kind == "name" and between.text == "in")):
            raise LocatedError(how, between.position)
        first, to, last = tokens[place + 2 : place + 5] if place + 5 <= len(tokens) else (name,) * 3
        if to.kind != ".." and not (to.kind == "name" and to.text == "to"):
            raise LocatedError(how, first.position)
        return Range(name.text, _bound(first), _bound(last), name.position), place + 5

    # Writing steps

    def _wait(
        self,
        strength: int,
        called: Operation | Function | str | None,
        arity: int,
        token: Token,
        sign: str = "",
    ) -> None:
        if called is not None:
            self._count(token)
        self._pending.append(
            _Pending(
                strength, called, arity, token.position, sign or token.kind, token.position,
                len(self._steps),
            )
        )  # fmt: skip

    def _count(self, token: Token) -> None:
        self.source.operations += 1
        if self.source.operations > MOST_OPERATIONS:
            message = f"a program has at most {MOST_OPERATIONS} operations"
            raise LocatedError(message, token.position)

    def _write_pending(self, strength: int) -> None:
        """Write the pending operators that bind at least so strongly."""
        while self._pending and self._pending[-1].strength >= strength:
            self._write_operator(self._pending.pop())

    def _write_operator(self, operator: _Pending) -> None:
        """Write an operator; but a sign joins a bare number, and the power 2 is a square."""
        called, last = operator.called, self._steps[-1]
        if called is ops.neg and isinstance(last, Number) and last.bare:
            self._steps[-1] = Number(-last.scalar, bare=True)
            self.source.operations -= 1
        elif called is ops.pow and isinstance(last, Number) and _is_two(last.scalar):
            self._steps.pop()
            self._square(operator.position)
        elif operator.strength == _APPLIED:
            assert called is not None
            self._seal()
            self._write_call(called, 1, operator.position)
            if operator.squared is not None:
                if _is_two(operator.squared):
                    self._square(operator.position)
                else:
                    self._steps.append(Number(operator.squared, bare=False))
                    self._steps.append(Call(ops.pow, 2, operator.position))
        else:
            assert isinstance(called, Operation | Function)
            self._steps.append(Call(called, operator.arity, operator.position))

    def _square(self, position: int) -> None:
        """Write a square; that of a norm is a sum of squares."""
        last = self._steps[-1]
        if isinstance(last, Call) and last.called is library.function("norm"):
            self._steps[-1] = last._replace(called=SQUARED_NORM)
        else:
            self._steps.append(Call(ops.square, 1, position))

    def _write_call(self, called: Operation | Function | str, arity: int, position: int) -> None:
        if isinstance(called, str):
            self._write_application(called, arity, position)
            return
        try:
            called.check_count(arity)
        except TypeError as error:
            raise LocatedError(str(error), position) from None
        self._steps.append(Call(called, arity, position))

    def _write_application(self, called: str, arity: int, position: int) -> None:
        definition: str | Statement = called[1:] if called[0] == "=" else self._of_library(called)
        if isinstance(definition, str):
            name, count = definition, self.source.definitions[definition]
        else:
            name, count = definition.names[0], len(definition.parameters or ())
        if arity != count:
            raise LocatedError(
                f"{name} takes {count} operand{'s' * (count != 1)}; got {arity}", position
            )
        self._steps.append(Apply(definition, arity, position))

    def _of_library(self, text: str) -> Statement:
        assert self.source.of_library
        return self.source.of_library(text)

    def _join_fraction(self) -> None:
        """Make one number of number/number."""
        match self._steps[-3:]:
            case [Number(a, True), Number(b, True), Call(ops.div)] if is_exact(a) and is_exact(b):
                if b:
                    self._steps[-3:] = [Number(scalars.divide(a, b), bare=True)]
                    self.source.operations -= 1

    def _seal(self) -> None:
        """Keep the number just written from becoming part of a literal."""
        if self._steps and isinstance(self._steps[-1], Number):
            self._steps[-1] = self._steps[-1]._replace(bare=False)

    # Messages

    def _expected_operand(self, token: Token) -> LocatedError:
        if token.kind in ("←", "//", "||", "!", "∂", "∇", "∞", "≠", "..") or (
            len(token.kind) == 2 and token.kind[1] == "="
        ):
            return LocatedError(answers.about_sign(token.text), token.position)
        last = self._tokens[self._place - 1] if self._place > 0 else None
        is_first = last is None or last.kind == "end"
        after = "" if is_first or last is None else f" after '{short(last.text)}'"
        got = f"got '{token.text}'" if token.kind != "end" else "the statement ends"
        return LocatedError(f"expected a number, a name or '('{after}; {got}", token.position)

    def _missing_operator(self, token: Token) -> LocatedError:
        last = self._tokens[self._place - 1]
        left, right = short(last.text), short(token.text)
        both = last.kind == token.kind == "number"
        product = "" if both or right[0] == "_" else f"; a product is written {left}*{right}"
        message = f"an operator is missing between '{left}' and '{right}'{product}"
        return LocatedError(message, token.position)

    def _text(self, position: int) -> str:
        for token in reversed(self._tokens[: self._place]):
            if token.position == position:
                return token.text
        return "f"

    def _last_text(self) -> str:
        last = self._tokens[self._place - 1]
        return short(last.text if last.kind in ("name", "number") else "…")

    def _text_before(self, position: int) -> str:
        before = [t for t in self._tokens[self._start : self._place] if t.position < position]
        return short(before[-1].text) if before[-1].kind in ("name", "number") else "…"

    def _text_since(self, position: int) -> str:
        inside = [t.text for t in self._tokens[self._start : self._place] if t.position >= position]
        return short(" ".join(inside[:8]))


def _raised(token: Token) -> str:
    return token.text if token.kind == "power" else "^…"


def _is_two(scalar: Scalar) -> bool:
    return is_exact(scalar) and bool(scalar == 2)


def short(text: str, most: int = 30) -> str:
    """A piece of the text for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _bound(token: Token) -> int | str:
    """Where an index begins or ends."""
    if token.kind == "name":
        return token.text
    if token.kind == "number" and token.text.isdigit() and len(token.text) < 10:
        return int(token.text)
    raise LocatedError("an index goes over whole numbers, as in for i = 1..3", token.position)


def place_of(tokens: Sequence[Token], opening: int) -> tuple[tuple[tuple[str, int], ...], int]:
    """The indices in brackets behind a name, and the place of the closing one.

    An index is a whole number, a name, or a name and a number: [1], [i], [t-1].
    """
    place = opening + 1
    indices: list[tuple[str, int]] = []
    while True:
        token = tokens[place]
        name, shift = "", 0
        if token.kind == "name":
            name, place = token.text, place + 1
            if tokens[place].kind in ("+", "-"):
                sign = tokens[place].kind
                token = tokens[place + 1]
                shift = _whole(token) * (-1 if sign == "-" else 1)
                place += 2
        else:
            shift, place = _whole(token), place + 1
            if shift == 0:
                raise LocatedError("indices begin at 1: the first element is [1]", token.position)
        indices.append((name, shift))
        if tokens[place].kind == ",":
            place += 1
        elif tokens[place].kind == "]":
            if tokens[place + 1].kind == "[" and not tokens[place + 1].spaced:
                place += 2  # W[1][2]
                continue
            break
        else:
            raise LocatedError(
                "an element is written x[1], W[1, 2] or x[i]", tokens[place].position
            )
    if len(indices) > 2:
        raise LocatedError(
            "an element has one index or two, as in x[1] and W[1, 2]", tokens[opening].position
        )
    return tuple(indices), place


def _whole(token: Token) -> int:
    if token.kind == "number" and token.text.isdigit() and len(token.text) < 10:
        return int(token.text)
    raise LocatedError("an element is written x[1], W[1, 2] or x[i]", token.position)
