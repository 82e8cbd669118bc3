"""Expressions: tokens become steps in postfix order.

Dijkstra's shunting-yard, with what a board needs besides: products without a sign, functions
before an atom, bars, conditions, indices and sums. Where a spelling has two readings, it is refused
with both. Nothing recurses, nothing is handed to Python's own parser, and everything has a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import Operation
from scalargrad.engine.scalars import Scalar, is_exact
from scalargrad.language import answers, library
from scalargrad.language.indices import place_of, ranges_of, ranges_of_sum
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
from scalargrad.language.tokens import LocatedError, Token, is_one_of_indicator, number
from scalargrad.language.vectors import (
    CLOSE_PRODUCT,
    COMPARISONS,
    INDICATOR,
    INNER,
    LIST,
    MATRIX_PRODUCT,
    PRODUCT,
    SQUARED_NORM,
    TRANSPOSE,
    Function,
)
from scalargrad.notation.names import GREEK, typeset
from scalargrad.notation.names import parsed as name_parts
from scalargrad.notation.words import did_you_mean

MOST_OPERATIONS = 60_000
MOST_PARENTHESES = 1_000  # inside one another
CONSTANTS = ("e", "pi")

# How strongly operators bind. An open bracket waits under all of them; an atom is none.
_OPEN, _COMPARISON, _SUM, _REDUCED, _PRODUCT, _SIGN, _POWER, _APPLIED = range(8)
_OPERATORS: dict[str, tuple[int, Operation | Function]] = {
    "+": (_SUM, ops.add),
    "-": (_SUM, ops.sub),
    "*": (_PRODUCT, ops.mul),
    "·": (_PRODUCT, INNER),
    "@": (_PRODUCT, MATRIX_PRODUCT),
    "/": (_PRODUCT, ops.div),
    "^": (_POWER, ops.pow),
    **{sign: (_COMPARISON, compared) for sign, compared in COMPARISONS.items()},
}
_CLOSES = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖"}
_OPENS = {")": "(", "]": "[", "}": "{"}
_BRACKETS = ("(", "[", "{")

# What is called: a function of the program stands by its name, one of the library as it is written.
Called = Operation | Function | Statement | str


@dataclass
class Source:
    """A whole text in tokens, and what its names are."""

    tokens: list[Token]
    assigned: set[str] = field(default_factory=set)
    given: Collection[str] = ()
    bare: set[str] = field(default_factory=set)
    definitions: dict[str, int] = field(default_factory=dict)  # and how many parameters
    operations: int = 0
    of_library: Callable[[str], Statement] | None = None  # parses a function of the library

    def is_given(self, name: str) -> bool:
        """Whether a name stands for a node in any case."""
        return name in self.assigned or name in self.given

    def is_node(self, name: str) -> bool:
        """Whether a name stands for a node, and not for a function."""
        is_free = name not in answers.WORDS and name in self.bare
        return self.is_given(name) or (is_free and library.function(name) is None)

    def is_word(self, token: Token) -> bool:
        """Whether a token is a word that has no place in a program."""
        is_known = token.kind == "name" and token.text in answers.WORDS
        return is_known and not self.is_given(token.text)

    def called(self, name: str) -> Called | None:
        """What a name calls."""
        if name in self.definitions:
            return name
        found = library.function(name)
        if isinstance(found, str):
            assert self.of_library
            return self.of_library(found)
        return found


@dataclass(slots=True)
class _Pending:
    """An operator that waits for its right operand, or a bracket (_OPEN) for its end."""

    strength: int
    called: Called | None  # None for a bracket that only groups
    arity: int
    place: int  # of its token
    position: int  # in the text, of what is called
    begin: int  # of its steps
    power: Scalar | None = None  # sin² x
    ranges: tuple[Range, ...] = ()  # Σ_{i=1}^{3}


class Yard:
    """The yard for one expression: tokens go in, steps in postfix order come out."""

    def __init__(self, source: Source, start: int, stop: int, parameters: Collection[str]) -> None:
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
        while self._place < self._stop:
            token = self._tokens[self._place]
            if self._has_operand:
                self._continue(token)
            else:
                self._begin(token)
            self._place += 1
        if not self._has_operand:
            raise self._expected_operand(self._tokens[self._stop])
        self._write_pending(_COMPARISON)
        if self._pending:
            opened = self._tokens[self._pending[-1].place]
            message = f"'{opened.kind}' is not closed in its statement"
            if opened.kind == "[" and ";" in self._tokens[self._stop].text:
                message += "; elements are parted by , as in [1, 2]"
            raise opened.refused(message)
        self._join_fraction()
        return self._steps

    @property
    def _last(self) -> Token:
        return self._tokens[self._place - 1]

    @property
    def _following(self) -> Token:
        return self._tokens[self._place + 1]

    # Where an operand begins

    def _begin(self, token: Token) -> None:
        kind = token.kind
        if kind == "number":
            self._take_number(token)
        elif kind == "name":
            self._take_name(token)
        elif kind == "sum":
            called = "prod" if token.text[0] in "∏Π" or "prod" in token.text else "sum"
            self._wait(_REDUCED, library.function(called), 1)
            self._pending[-1].ranges = self._free(ranges_of_sum(token))
        elif kind in _CLOSES:
            self._open(token)
        elif kind == "-":
            self._wait(_SIGN, ops.neg, 1)
        elif kind == "+":
            self._count(token)  # it does nothing, but a million of them take time
        elif kind in _OPENS:
            self._close(token)
        else:
            raise self._expected_operand(token)

    def _take_number(self, token: Token) -> None:
        following = self._following
        is_indicator = following.kind in _BRACKETS and is_one_of_indicator(token)
        if is_indicator or self._is_indicator(token):
            if number(token) != 1:
                raise token.refused("an indicator is written 1[x > 0]")
            self._place += 1
            self._open(following, INDICATOR)
            return
        mantissa, e, exponent = token.text.partition("E" if "E" in token.text else "e")
        if e and self.source.is_given(e + exponent):
            raise _two_readings(f"{mantissa}*{e}{exponent}", f"{mantissa}*10^{exponent}", token)
        self._steps.append(Number(number(token), bare=True))
        self._has_operand = True

    def _is_indicator(self, token: Token) -> bool:
        """Whether a number stands close before a condition: 1[x > 0], 1{x > 0}."""
        following = self._following
        is_one = following.kind == "{" and token.text == "1"
        return (is_one or following.kind == "[") and not following.spaced

    def _take_name(self, token: Token) -> None:
        name, following = token.text, self._following
        source, is_called = self.source, following.kind == "("
        if name[0] == "d" and following.kind == "/" and self._is_derivative(token):
            raise token.refused(f"d/dx: {answers.FUNCTIONS['derivative']}")
        called, is_parameter = source.called(name), name in self._parameters
        if is_called and name in source.definitions:
            return  # _open takes it
        if following.kind == "[" and not following.spaced and self._is_unread(name):
            behind = {t.kind for t in self._tokens[self._place + 3 : self._place + 4]}
            if behind - {"]", ",", "+", "-"}:  # If[x > 0, …], and not the element d[1]
                raise self._unknown_function(token)
        if is_parameter or source.is_node(name):
            if is_called and called is not None and not is_parameter:
                raise token.refused(
                    f"'{name}' is a function, and here a node too: give the node another name, or "
                    f"write {name}*(…)"
                )
            self._take_node(token)
        elif name in CONSTANTS and not is_called and not source.is_given(name):
            self._steps.append(Name(name, token.position))
            self._has_operand = True
        elif called is not None:
            self._take_function(token, called)
        elif is_called or (following.kind == "{" and not following.spaced):
            raise self._unknown_function(token)
        elif source.is_word(token):
            raise token.refused(f"'{name}': {answers.WORDS[name]}")
        else:
            self._take_node(token)

    def _is_unread(self, name: str) -> bool:
        """Whether a name that stands for nothing here is a function that is not read."""
        is_known = name in self._parameters or self.source.is_given(name)
        return not is_known and answers.key(name) in answers.FUNCTIONS

    def _is_derivative(self, token: Token) -> bool:
        """Whether it is the d of d/dx or of dL/dx, where no such names are known."""
        below = self._tokens[self._place + 2]
        is_known = self.source.is_given(token.text) or self.source.is_given(below.text)
        return below.kind == "name" and below.text[0] == "d" and not is_known

    def _take_node(self, token: Token) -> None:
        following = self._following
        if following.kind == "[" and not following.spaced:
            place, self._place = place_of(self._tokens, self._place + 1)
            self._steps.append(Element(token.text, place, token.position))
        else:
            self._steps.append(self._named(token))
        self._has_operand = True

    def _named(self, token: Token) -> Step:
        """A name, or the element W₁₂ of a matrix that is written W_{1,2}."""
        parts = name_parts(token.text) if "__" in token.text else None
        if parts and len(parts.indices) == 2 and not self.source.is_given(token.text):
            matrix = parts._replace(indices=()).plain
            if matrix in self.source.assigned:
                place = tuple(("", int(index)) for index in parts.indices)
                return Element(matrix, place, token.position)
        return Name(token.text, token.position)

    def _take_function(self, token: Token, called: Called) -> None:
        """A name of a function: before a bracket, before an atom, or with a power."""
        name, place = token.text, self._place
        power = self._take_power()
        following = self._following
        if following.kind in _BRACKETS and power is None:
            return  # _open takes it
        is_sign = following.kind == "-" and not self._tokens[self._place + 2].spaced
        is_atom = following.kind in ("name", "number", "sum", "|", "‖") or is_sign
        if not is_atom and following.kind not in _BRACKETS:
            raise token.refused(f"'{name}' is a function: it is called as {name}(…)")
        if power == -1:  # tan⁻¹ x is atan x
            name = getattr(called, "name", name)
            inverse = self.source.called(library.INVERSES.get(name, ""))
            if inverse is None:
                raise token.refused(
                    f"{name}⁻¹ has two readings: write 1/{name}(x), or the inverse by its name"
                )
            called, power = inverse, None
        self._wait(_APPLIED, called, 1, place)
        self._pending[-1].power = power

    def _take_power(self) -> Scalar | None:
        """The number that stands raised behind a function: sin² x, sin^2 x, sin^-1 x."""
        following = self._following
        if following.kind == "power":
            self._place += 1
            return number(following)
        sign = self._tokens[self._place + 2].kind if following.kind == "^" else ""
        digits = self._tokens[self._place + (3 if sign == "-" else 2)] if sign else following
        if not sign or digits.kind != "number":
            return None
        self._place += 3 if sign == "-" else 2
        return -number(digits) if sign == "-" else number(digits)

    def _unknown_function(self, token: Token) -> LocatedError:
        name = token.text
        bare = name.replace("prime", "")
        about = answers.FUNCTIONS.get(answers.key(name))
        is_known = self.source.called(bare) is not None or self.source.is_given(bare)
        if bare and bare != name and is_known:
            message = f"{typeset(name)}(…): derivatives are derived, not typed"
        elif about:
            message = f"'{name}' is not read: {about}"
        else:
            known = [*library.names(), *self.source.definitions]
            is_word = len(name) > 2 and name not in GREEK
            hint = did_you_mean(name, known) if is_word else ""
            ways = f"; define it, as in {name}(z) = relu(z); a product is written {name}*(…)"
            message = f"unknown function '{name}'{hint or ways}"
        return token.refused(message)

    # After an operand

    def _continue(self, token: Token) -> None:
        kind = token.kind
        if kind in _OPERATORS:
            self._take_operator(token)
        elif kind == "power":
            self._refuse_power_of_applied(token)
            self._wait(_POWER, ops.pow, 2)
            self._steps.append(Number(number(token), bare=False))
            self._write_operator(self._pending.pop())
        elif kind == "ᵀ":
            self._transpose(token)
        elif kind == ",":
            self._take_comma(token)
        elif kind in _OPENS or (kind in ("|", "‖") and self._innermost() == kind):
            self._close(token)
        elif token.text == "for" and self.source.is_word(token):
            self._take_for(token)
        elif self.source.is_word(token):
            raise token.refused(f"'{token.text}': {answers.WORDS[token.text]}")
        elif kind in ("name", "sum") or (kind in _CLOSES and (kind != "[" or token.spaced)):
            self._take_product(token)
        elif kind == "%":
            raise self._about_percent(token)
        elif kind == "=":
            message = "one '=' follows the name that a statement begins with, and no other"
            if self._last.kind == "name" and self._place > self._start + 1:
                message += "; statements are parted by ; or a line's end"
            if self._innermost():
                message = "a sum goes over for i = 1..3, and reals are not compared for equality"
            raise token.refused(message)
        elif kind == "number":
            if not (self._is_indicator(token) or is_one_of_indicator(token)):
                raise self._missing_operator(token)
            self._take_product(token)  # w 1[x > 0]
        else:
            raise token.refused(answers.about_sign(token.text))

    def _take_operator(self, token: Token) -> None:
        strength, called = _OPERATORS[token.kind]
        if token.kind == "^":
            self._refuse_layer(token)
            self._refuse_power_of_applied(token)
            if self._following.text == "T" and not self.source.is_given("T"):
                self._place += 1
                self._transpose(token)
                return
        if token.kind == "/" and not token.spaced:
            self._refuse_low_fraction(token)
        self._write_pending(max(strength, _SUM) if strength < _POWER else _APPLIED)  # a^(b^c)
        before = self._pending[-1].strength if self._pending else _OPEN
        if strength == before == _COMPARISON:
            raise token.refused(
                "one comparison stands in a condition; write where(a < x, where(x < b, …), …)"
            )
        self._wait(strength, called, 2)
        self._has_operand = False

    def _refuse_layer(self, token: Token) -> None:
        """Refuse w^(2) where w⁽²⁾ exists."""
        digits = self._tokens[self._place + 1 : self._place + 4]
        parts = name_parts(self._last.text) if self._last.kind == "name" else None
        if parts is None or [t.kind for t in digits] != ["(", "number", ")"]:
            return
        other = parts._replace(layer=digits[1].text)
        if not parts.layer and other.layer.isdigit() and self.source.is_node(other.plain):
            raise token.refused(
                f"two readings: the power is written {parts.text}^{other.layer}, and the name "
                f"{other.text} is typed {parts.text}_({other.layer})"
            )

    def _refuse_low_fraction(self, token: Token) -> None:
        """Refuse x^1/2 and e^-x/2, where the quotient may be the exponent."""
        power = None
        for pending in reversed(self._pending):
            if pending.strength not in (_POWER, _SIGN):
                break
            power = pending if pending.strength == _POWER else power
        is_python = power is None or self._tokens[power.place].end > power.position + 1  # **
        if power is None or is_python or self._following.kind != "number":
            return
        exponent = [t.text for t in self._tokens[power.place + 1 : self._place]]
        is_signed_name = exponent[0] == "-" and not exponent[1][0].isdigit()
        if exponent in (["1"], ["-", "1"]) or is_signed_name:
            base, up = _shown(self._tokens[power.place - 1]), self._since(power.place)
            below = _shown(self._following)
            raise _two_readings(f"{base}^({up}/{below})", f"({base}^{up})/{below}", token)

    def _transpose(self, token: Token) -> None:
        self._refuse_power_of_applied(token)
        self._steps.append(Call(TRANSPOSE, 1, token.position))

    def _refuse_power_of_applied(self, token: Token) -> None:
        applied = self._waiting(_APPLIED)
        if applied:
            function, operand = self._tokens[applied.place].text, _shown(self._last)
            raised = token.text if token.kind == "power" else "^…"
            raise _two_readings(
                f"{function}({operand}{raised})", f"({function} {operand}){raised}", token
            )

    def _waiting(self, strength: int) -> _Pending | None:
        """The operator of a strength that waits for the last operand, or for its negative."""
        for pending in reversed(self._pending[-2:]):
            if pending.strength == strength:
                return pending
            if pending.strength != _SIGN:
                return None
        return None

    def _is_function(self, token: Token) -> bool:
        """Whether a name is that of a function, and of nothing else here."""
        name = token.text
        is_node = self.source.is_node(name) or name in self._parameters
        return token.kind == "name" and not is_node and self.source.called(name) is not None

    def _take_product(self, token: Token) -> None:
        """A product without a sign."""
        if self._last.kind == "number" and token.text.startswith("_"):
            raise self._missing_operator(token)
        is_indexed = bool(self._bracketed_integer(token)) and self._last.kind == "name"
        more = "(…)" if token.kind in _CLOSES else token.text
        applied, exponent = self._waiting(_APPLIED), self._waiting(_POWER)
        if applied and not self._is_function(token):
            function, operand = self._tokens[applied.place].text, _shown(self._last)
            raise _two_readings(
                f"{function}({operand}*{more})", f"{function}({operand})*{more}", token
            )
        if exponent and not token.spaced and self._last.kind not in _OPENS:
            base, up = _shown(self._tokens[exponent.place - 1]), self._since(exponent.place)
            raise _two_readings(f"{base}^({up}*{more})", f"{base}^{up} * {more}", token)
        self._write_pending(_SIGN)
        quotient = self._pending[-1] if self._pending else None
        is_quotient = quotient is not None and quotient.called is ops.div
        if quotient and is_quotient and not self._is_apart(token, quotient.place):
            above, below = _shown(self._tokens[quotient.place - 1]), self._since(quotient.place)
            raise _two_readings(f"{above}/({below}*{more})", f"({above}/{below})*{more}", token)
        self._write_pending(_PRODUCT)
        if is_quotient:
            self._join_fraction()
            self._seal()
        self._wait(_PRODUCT, CLOSE_PRODUCT if is_indexed and not token.spaced else PRODUCT, 2)
        self._has_operand = False
        self._begin(token)

    def _bracketed_integer(self, token: Token) -> str:
        """The digits of a whole number that stands alone in brackets; "" for anything else.

        Behind a space at the end of a statement it is refused: it may be the number of an equation.
        """
        digits, *after = [t.text for t in self._tokens[self._place + 1 : self._place + 4]]
        if token.kind != "(" or not digits.isdigit() or after[:1] != [")"]:
            return ""
        is_factor = self._last.kind == ")" and self._tokens[self._place - 2].kind == "number"
        is_last = self._tokens[self._place + 3].kind == "end"
        if token.spaced and is_last and not is_factor:
            comment = f"# ({digits}) for the number of an equation"
            raise _two_readings(f"*{digits}", comment, token)
        return digits

    def _is_apart(self, token: Token, sign: int) -> bool:
        """Whether a factor clearly stands behind a quotient: 1/2 x, 1/n sum(x), 1/(2n) x.

        A number ends with a space or a bracket; any other divisor stands close to its sign, and a
        space parts it from a function, a sum or a bracket, or it is a bracket itself.
        """
        tokens = self._tokens
        divisor = tokens[sign + 1 : self._place]
        if [part.kind for part in divisor] == ["number"]:
            return token.spaced or token.kind in _CLOSES
        is_close = token.spaced and not (tokens[sign].spaced or divisor[0].spaced)
        is_bracket = divisor[0].kind in ("(", "{")
        is_more = token.kind == "sum" or token.kind in _CLOSES or self._is_function(token)
        return is_close and (is_bracket or is_more)

    def _take_comma(self, token: Token) -> None:
        self._write_pending(_COMPARISON)
        opened = self._pending[-1] if self._pending else None
        if opened is None or opened.called is None or self._innermost() in ("|", "‖"):
            raise token.refused(
                "',' separates the operands of a function; 2,5 is written 2.5, and a vector [2, 5]"
            )
        if opened.called is LIST:
            self._join_fraction()
        opened.arity += 1
        self._has_operand = False

    def _about_percent(self, token: Token) -> LocatedError:
        last, behind = self._last, ("end", ",", ")", "]", "}", "+", "-", "*", "·", "/")
        if last.kind == "number" and self._following.kind in behind and is_exact(number(last)):
            shown = float(scalars.divide(number(last), 100))
            return token.refused(f"{last.text}% is written {shown:g}")
        return token.refused(answers.about_sign("%"))

    # Brackets

    def _innermost(self) -> str:
        """The sign of the innermost bracket that is open."""
        for pending in reversed(self._pending):
            if pending.strength == _OPEN:
                return self._tokens[pending.place].kind
        return ""

    def _open(self, token: Token, called: Called | None = None) -> None:
        self._depth += 1
        if self._depth > MOST_PARENTHESES:
            raise token.refused(f"at most {MOST_PARENTHESES} parentheses stand inside one another")
        before = self._last if self._place > self._start else token
        position = before.position if before.kind in ("name", "number") else token.position
        if token.kind in ("|", "‖"):
            if self._bars:
                raise token.refused("bars may not nest or touch; write abs(x) and norm(v)")
            self._bars += 1
            called = self.source.called({"|": "abs", "‖": "norm", "‖₁": "l1norm"}[token.text])
        elif called is None and self._is_function(before):
            called = self.source.called(before.text)
        if called is None and token.kind == "[":
            called = LIST
        self._wait(_OPEN, called, 1)
        self._pending[-1].position = position

    def _close(self, token: Token) -> None:
        sign = self._innermost()
        if not sign:
            wanted = _OPENS.get(token.kind, token.kind)
            raise token.refused(f"'{token.kind}' closes nothing: no '{wanted}' is open")
        if _CLOSES[sign] != token.kind:
            message = (
                f"'{sign}' is open, and closed with '{_CLOSES[sign]}', not with '{token.kind}'"
            )
            hint = "; a divergence is written kl(p, q)" if sign == "‖" else ""
            raise token.refused(message + hint)
        if self._has_operand:
            self._write_pending(_COMPARISON)
        elif self._pending[-1].called and self._last.kind in _BRACKETS:
            self._pending[-1].arity = 0
        else:
            raise self._expected_operand(token)
        opened = self._pending.pop()
        self._depth -= 1
        self._bars -= token.kind in ("|", "‖")
        self._has_operand = True
        called = opened.called
        if token.text == "‖₁":
            called = self.source.called("l1norm")
        if called is LIST and self._is_group(opened):
            called = None
        if called is None or called is LIST:
            self._join_fraction()
        if called is not LIST:
            self._seal()
        if called is not None:
            self._write_call(called, opened.arity, opened.position)

    def _is_group(self, opened: _Pending) -> bool:
        """Whether square brackets group, as in −[y ln a + …]: an operator stands beside them."""
        if opened.arity != 1:
            return False
        last = self._steps[-1]
        is_vector = isinstance(last, Number) or (isinstance(last, Call) and last.called is LIST)
        has_operator = self._following.kind in _OPERATORS or self._following.kind == "power"
        has_operator = has_operator or bool(self._pending and self._pending[-1].strength != _OPEN)
        return has_operator and not is_vector

    # Sums

    def _take_for(self, token: Token) -> None:
        """The indices of sum(body for i = 1..3, j = 1..2)."""
        self._write_pending(_COMPARISON)
        opened = self._pending.pop() if self._pending else None
        is_sum = opened and opened.strength == _OPEN and opened.arity == 1
        if not is_sum or opened is None or not isinstance(opened.called, Operation | Function):
            raise token.refused(f"'for': {answers.WORDS['for']}")
        sign = self._tokens[opened.place].kind
        opened.ranges, self._place = ranges_of(self._tokens, self._place + 1)
        closing = self._tokens[self._place]
        if closing.kind != _CLOSES[sign]:
            raise closing.refused("a sum goes over for i = 1..3, and ends there")
        self._free(opened.ranges)
        self._depth -= 1
        self._bars -= closing.kind in ("|", "‖")
        self._write_loop(opened)
        self._count(token)
        self._has_operand = True

    def _free(self, ranges: tuple[Range, ...]) -> tuple[Range, ...]:
        """The ranges, whose indices are no nodes."""
        for index in ranges:
            if self.source.is_given(index.name):
                message = f"'{typeset(index.name)}' is a node, and cannot be an index too"
                raise LocatedError(message, index.position)
        return ranges

    def _write_loop(self, opened: _Pending) -> None:
        """Make a sum of the steps since its sign."""
        self._seal()
        body = tuple(self._steps[opened.begin :])
        called = opened.called
        assert isinstance(called, Operation | Function)
        self._steps[opened.begin :] = [Loop(body, opened.ranges, called, opened.position)]

    # Writing steps

    def _wait(self, strength: int, called: Called | None, arity: int, place: int = -1) -> None:
        """Let an operator wait whose token stands at a place; by default at this one."""
        place = self._place if place < 0 else place
        token = self._tokens[place]
        if called is not None:
            self._count(token)
        begin = len(self._steps)
        self._pending.append(_Pending(strength, called, arity, place, token.position, begin))

    def _count(self, token: Token) -> None:
        self.source.operations += 1
        if self.source.operations > MOST_OPERATIONS:
            raise token.refused(f"a program has at most {MOST_OPERATIONS} operations")

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
        elif called is ops.pow and isinstance(last, Number):
            self._steps.pop()
            self._write_power(last, operator.position)
        elif operator.ranges:
            self._write_loop(operator)
        elif operator.strength == _APPLIED:
            assert called is not None
            self._seal()
            self._write_call(called, 1, operator.position)
            if operator.power is not None:
                self._write_power(Number(operator.power, bare=False), operator.position)
        else:
            assert isinstance(called, Operation | Function)
            self._steps.append(Call(called, operator.arity, operator.position))

    def _write_power(self, exponent: Number, position: int) -> None:
        """Write a power; 2 is a square, and that of a norm is a sum of squares."""
        last = self._steps[-1]
        if not (is_exact(exponent.scalar) and exponent.scalar == 2):
            self._steps += [exponent, Call(ops.pow, 2, position)]
        elif isinstance(last, Call) and last.called is library.function("norm"):
            self._steps[-1] = last._replace(called=SQUARED_NORM)
        else:
            self._steps.append(Call(ops.square, 1, position))

    def _write_call(self, called: Called, arity: int, position: int) -> None:
        if isinstance(called, Operation | Function):
            try:
                called.check_count(arity)
            except TypeError as error:
                raise LocatedError(str(error), position) from None
            self._steps.append(Call(called, arity, position))
            return
        if isinstance(called, Statement):
            name, count = called.names[0], len(called.parameters or ())
        else:
            name, count = called, self.source.definitions[called]
        if arity != count:
            message = f"{name} takes {count} operand{'s' * (count != 1)}; got {arity}"
            raise LocatedError(message, position)
        self._steps.append(Apply(called, arity, position))

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
        if answers.is_foreign(token.kind):
            return token.refused(answers.about_sign(token.text))
        if token.kind == "power":
            return token.refused("a power stands behind a name; a root is written x^(1/3) or x^0.5")
        if token.kind == "<":
            return token.refused("an inner product is written dot(w, x) or w · x")
        is_first = self._place == 0 or self._last.kind == "end"
        after = "" if is_first else f" after '{short(self._last.text)}'"
        got = f"got '{token.text}'" if token.kind != "end" else "the statement ends"
        return token.refused(f"expected a number, a name or '('{after}; {got}")

    def _missing_operator(self, token: Token) -> LocatedError:
        left, right = short(self._last.text), short(token.text)
        both = self._last.kind == token.kind == "number"
        product = "" if both or right[0] in "_≈~" else f"; a product is written {left}*{right}"
        product = "; elements are parted by ," if self._innermost() == "[" else product
        return token.refused(f"an operator is missing between '{left}' and '{right}'{product}")

    def _since(self, place: int) -> str:
        """The text from behind a sign to here."""
        return short(" ".join(token.text for token in self._tokens[place + 1 : self._place][:8]))


def _two_readings(one: str, other: str, token: Token) -> LocatedError:
    return token.refused(f"two readings: write {one} or {other}")


def _shown(token: Token) -> str:
    """A name or a number as it stands in a message."""
    return short(token.text if token.kind in ("name", "number") else "…")


def short(text: str, most: int = 30) -> str:
    """A piece of the text for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."
