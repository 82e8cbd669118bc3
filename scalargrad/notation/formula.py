"""Formula: a scalar that writes mathematics.

The rows of the table, run on Formulas in place of numbers, write the formulas of the slide: the
local derivative of ReLU becomes 1[z₂ > 0], that of a product w₄, that of tanh 1 − h₁².

Sums and products are kept in one form, in the order in which they were written: numbers are folded,
powers and like terms collected, equal factors above and below cancelled, signs in front.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any, NamedTuple

from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.engine.scalars import Kind, Scalar, is_exact
from scalargrad.notation.numbers import in_formula
from scalargrad.notation.printing import UNICODE, Expression

MOST = 300  # names and numbers in a formula; a longer one is …, whatever is done to it


@dataclass(frozen=True)
class Formula(Expression):
    """A formula: an operator (or "name", "number", "call", …) and its parts.

    >>> y, z = name("ŷ"), name("y")
    >>> str(2 * (y - z) * 1)
    '2(ŷ − y)'
    """

    def __add__(self, another: Any) -> Formula:
        """A sum, like terms collected."""
        return _sum(self, formula(another))

    def __sub__(self, another: Any) -> Formula:
        """A difference."""
        return _sum(self, -formula(another))

    def __mul__(self, another: Any) -> Formula:
        """A product, its number in front, powers collected."""
        return _product(factored(self), factored(formula(another)))

    def __truediv__(self, another: Any) -> Formula:
        """A quotient, what stands above and below cancelled."""
        other = formula(another)
        if other.is_number(0):
            return Formula("/", (self, other))
        return _product(factored(self), factored(other).inverse())

    def __pow__(self, another: Any) -> Formula:
        """A power."""
        other = formula(another)
        if other.is_number(1):
            return self
        if other.is_number(0):
            return formula(1)
        if self.head == "^" and _is_whole(self.parts[1]) and _is_whole(other):
            return self.parts[0] ** (self.parts[1].parts[0] * other.parts[0])  # type: ignore[no-any-return]
        if self.head == "neg" and _is_whole(other) and other.parts[0] % 2 == 0:
            return formula(self.parts[0] ** other)
        return _bounded("^", (self, other))

    def __neg__(self) -> Formula:
        """The formula with the other sign."""
        if self.head == "number":
            return formula(-self.parts[0])
        return formula(self.parts[0]) if self.head == "neg" else _bounded("neg", (self,))

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
        return _relation("<", self, formula(other))

    def __gt__(self, other: Any) -> Formula:
        """A condition."""
        return _relation(">", self, formula(other))

    def __le__(self, other: Any) -> Formula:
        """A condition."""
        return _relation("≤", self, formula(other))

    def __ge__(self, other: Any) -> Formula:
        """A condition."""
        return _relation("≥", self, formula(other))

    def __bool__(self) -> bool:
        """Formulas are neither true nor false."""
        raise TypeError("a formula has no truth value: use ops.where_(condition, a, b)")

    def is_number(self, number: int) -> bool:
        """Whether it is this number."""
        return self.head == "number" and bool(self.parts[0] == number)

    @property
    def inner(self) -> list[Formula]:
        """The formulas among its parts."""
        return [part for part in self.parts if isinstance(part, Formula)]

    def mapped(self, changed: Callable[[Formula], Formula]) -> Formula:
        """The same operator of other formulas; nothing is worked out."""
        parts = (changed(part) if isinstance(part, Formula) else part for part in self.parts)
        return Formula(self.head, tuple(parts))

    @cached_property
    def size(self) -> int:
        """How many names and numbers stand in it."""
        return sum(part.size for part in self.inner) or 1

    def __str__(self) -> str:
        """In Unicode, with as few parentheses as it takes."""
        return UNICODE(self)


def name(label: str) -> Formula:
    """A name, written as it is given."""
    return Formula("name", (label,))


LEFT_OUT = name("…")  # what is too long to be written


def formula(scalar: object) -> Formula:
    """A number as a Formula; a Formula as it is."""
    if getattr(scalar, "shape", ()):  # lanes are no one number
        return name("[…]")
    if isinstance(scalar, float) and scalar == math.pi:
        return name("π")
    return scalar if isinstance(scalar, Formula) else Formula("number", (scalar,))


def applied(op: Operation, operands: tuple[Formula, ...]) -> Formula:
    """An operation on Formulas, written out where that is arithmetic, else as a call.

    >>> from scalargrad.engine import ops
    >>> str(applied(ops.tanh, (name("z"),))), str(applied(ops.mul, (name("w"), name("x"))))
    ('tanh(z)', 'w x')
    """
    if op.arithmetic:
        return formula(op.value(*operands))
    if op is ops.where_:
        return _bounded("where", (_condition(operands[0]), *operands[1:]))
    return _bounded("call", (spoken(op), *operands))


def spoken(op: Operation) -> str:
    """How a formula calls an operation: ReLU, max, σ, √; by its name where the symbol is another.

    >>> spoken(OPERATIONS["relu"]), spoken(OPERATIONS["maximum"]), spoken(OPERATIONS["exp"])
    ('ReLU', 'max', 'exp')
    """
    is_word = (op.symbol.isascii() and op.symbol.isalpha()) or op.symbol in ("σ", "√")
    return op.symbol if is_word and _CALLED.get(op.symbol) is op else op.name


def _bounded(head: str, parts: tuple[Any, ...]) -> Formula:
    """A formula, or … where it would be too long, or holds that."""
    made = Formula(head, parts)
    return LEFT_OUT if LEFT_OUT in parts or made.size > MOST else made


# Products ----------------------------------------------------------------------------------------

_Powers = tuple[tuple[Formula, Scalar], ...]  # bases and their exponents


class _Factors(NamedTuple):
    """A product: a number and powers above the line, and below it."""

    number: Scalar
    powers: _Powers
    below: Scalar = 1
    powers_below: _Powers = ()

    def inverse(self) -> _Factors:
        return _Factors(self.below, self.powers_below, self.number, self.powers)


_NOTHING = _Factors(1, ())


def factored(written: Formula) -> _Factors:
    """A formula as a number and powers, above the line and below it."""
    head, parts = written.head, written.parts
    if head == "number":
        return _Factors(parts[0], ())
    if head == "neg":
        inner = factored(parts[0])
        return inner._replace(number=-inner.number)
    if head == "*":
        number, powers = (parts[0].parts[0], parts[1:]) if parts[0].head == "number" else (1, parts)
        return _Factors(number, tuple(map(_as_power, powers)))
    if head == "/" and not parts[1].is_number(0):
        above, below = factored(parts[0]), factored(parts[1])
        return _Factors(above.number, above.powers, below.number, below.powers)
    return _Factors(1, (_as_power(written),))


def number_in_front(term: Formula) -> tuple[Formula, Formula]:
    """A term as its number and the rest of it.

    >>> [str(part) for part in number_in_front(-2 * name("x") / 3)]
    ['−2/3', 'x']
    """
    found = factored(term)
    rest = _product(found._replace(number=1, below=1), _NOTHING)
    return formula(found.number) / formula(found.below), rest


def _as_power(factor: Formula) -> tuple[Formula, Scalar]:
    match factor:
        case Formula("^", (base, Formula("number", (exponent,)))) if is_exact(exponent):
            return base, exponent
    return factor, 1


def _product(a: _Factors, b: _Factors) -> Formula:
    powers, sign = _unsigned(_collected(a.powers + b.powers))
    below, sign_below = _unsigned(_collected(a.powers_below + b.powers_below))
    for base, exponent in list(below.items()):
        if base in powers and exponent > 0 < powers[base]:
            common = min(exponent, powers[base])
            powers[base] -= common
            below[base] -= common
    number, number_below = _reduced(
        _times(sign * sign_below * a.number, b.number), _times(a.below, b.below)
    )
    has_bracket = any(base.head == "+" for base in powers)
    if number not in (1, -1) and number_below != 1 and has_bracket and not any(below.values()):
        if "/" in in_formula(Fraction(number) / number_below):
            number, number_below = Fraction(number) / number_below, 1  # (2/3)(a + b)
    elif any(below.values()) and is_exact(number) and "/" in in_formula(number):
        number, number_below = number.numerator, number_below * number.denominator
    if scalars.is_number(number) and number == 0:
        return formula(0)
    is_negative = scalars.is_number(number) and number < 0
    above = _joined(-number if is_negative else number, powers, is_negative)
    beneath = _joined(number_below, below)
    quotient = above if beneath.is_number(1) else _bounded("/", (above, beneath))
    return -quotient if is_negative else quotient


def _collected(powers: _Powers) -> dict[Formula, Scalar]:
    found: dict[Formula, Scalar] = {}
    for base, exponent in powers:
        found[base] = found[base] + exponent if base in found else exponent
    return found


def _unsigned(powers: Mapping[Formula, Scalar]) -> tuple[dict[Formula, Scalar], int]:
    """Powers, and the sign that they leave: a sum of negative terms alone, −a − b, is −(a + b)."""
    found: dict[Formula, Scalar] = {}
    sign = 1
    for base, exponent in powers.items():
        is_negative = base.head == "+" and all(map(has_minus, base.parts)) and exponent % 2 == 1
        unsigned = Formula("+", tuple(-term for term in base.parts)) if is_negative else base
        sign = -sign if is_negative else sign
        found[unsigned] = found.get(unsigned, 0) + exponent
    return found, sign


def _times(a: Scalar, b: Scalar) -> Scalar:
    return math.prod(scalars.paired(a, b))


def _reduced(above: Scalar, below: Scalar) -> tuple[Scalar, Scalar]:
    """Numbers above and below a line, in lowest terms; a decimal stays one."""
    if not (is_exact(above) and is_exact(below)):
        return above, below
    ratio = Fraction(above) / below
    if ratio.denominator == 1:
        return int(ratio), 1
    is_decimal = above.denominator != 1 and "/" not in in_formula(ratio)
    return (ratio, 1) if below == 1 or is_decimal else (ratio.numerator, ratio.denominator)


def _joined(number: Scalar, powers: Mapping[Formula, Scalar], is_negative: bool = False) -> Formula:
    """A number times powers; a gate goes to the end where −1[…] or 2·1[…] would mislead."""
    factors = [base ** formula(e) for base, e in powers.items() if e]
    is_one = scalars.is_number(number) and number == 1
    if is_negative or not is_one:
        factors.sort(key=_is_gate)
    if not is_one or not factors:
        factors.insert(0, formula(number))
    return factors[0] if len(factors) == 1 else _bounded("*", tuple(factors))


def _is_gate(factor: Formula) -> bool:
    return factor.head == "indicator"


def _is_whole(written: Formula) -> bool:
    return (
        written.head == "number"
        and is_exact(written.parts[0])
        and written.parts[0].denominator == 1
    )


# Sums --------------------------------------------------------------------------------------------


_ONE = Formula("number", (1,))


def _sum(a: Formula, b: Formula) -> Formula:
    """A sum of the terms of both, like terms collected where the first of them stands."""
    found: dict[frozenset[Any], Formula] = {}
    for term in (*_terms(a), *_terms(b)):
        if term.is_number(0):
            continue
        factors = factored(term)
        is_plain = not factors.powers_below and is_exact(factors.number) and is_exact(factors.below)
        like = frozenset(_collected(factors.powers).items() if is_plain else [term])
        if term.head == "number" and not is_exact(term.parts[0]):
            like = frozenset()
        found[like] = _counted_together(found[like], term) if like in found else term
    terms = [term for term in found.values() if not term.is_number(0)]
    if not terms:
        return formula(0)
    if len(terms) == 2 and terms[0] == _ONE and _is_gate(-terms[1]):
        condition = (-terms[1]).parts[0]  # 1 − 1[x < 0] is 1[x ≥ 0]
        return _opposite(condition) if condition.head in _OPPOSITE else Formula("+", tuple(terms))
    return terms[0] if len(terms) == 1 else _bounded("+", tuple(terms))


def _terms(written: Formula) -> tuple[Formula, ...]:
    return written.parts if written.head == "+" else (written,)


def _counted_together(a: Formula, b: Formula) -> Formula:
    """Two like terms as one: 2x and x as 3x, numbers as their sum."""
    if a.head == b.head == "number":
        return formula(sum(scalars.paired(a.parts[0], b.parts[0])))
    first, second = factored(a), factored(b)
    if not (is_exact(first.number) and is_exact(second.number)) or first.powers_below:
        return 2 * a if a == b else _bounded("+", (a, b))
    number = Fraction(first.number) / first.below + Fraction(second.number) / second.below
    return _product(_Factors(number, first.powers), _NOTHING)


def collected(written: Formula) -> Formula:
    """A sum with the number that all its terms share in front; −(a − b) as b − a.

    >>> a, b = name("a"), name("b")
    >>> third = Fraction(2, 3)
    >>> str(collected(third * a + third * b)), str(collected(-(a - b))), str(collected(a - 1))
    ('(2/3)(a + b)', 'b − a', 'a − 1')
    """
    if written.head == "neg" and written.parts[0].head == "+":
        terms = written.parts[0].parts
        is_difference = [has_minus(term) for term in terms] == [False, True]
        return -terms[1] - terms[0] if is_difference else written
    if written.head != "+":
        return written
    first, *others = written.parts
    is_pair = len(others) == 1 or first.head == "number"
    if is_pair and has_minus(first) and not any(map(has_minus, others)):
        return collected(Formula("+", (*others, first)))
    factors = [factored(term) for term in written.parts]
    shared = {(abs(f.number), f.below) for f in factors if is_exact(f.number)}
    all_negative = all(map(has_minus, written.parts))
    if len(shared) != 1 or not all(f.powers for f in factors):
        return written
    ((number, below),) = shared
    if (number, below) == (1, 1) and not all_negative:
        return written
    sign = -1 if all_negative else 1
    terms = [f._replace(number=sign if f.number > 0 else -sign, below=1) for f in factors]
    whole = _bounded("+", tuple(_product(term, _NOTHING) for term in terms))
    return _product(_Factors(sign * number, ((whole, 1),), below), _NOTHING)


# Conditions --------------------------------------------------------------------------------------

_OPPOSITE = {"<": "≥", ">": "≤", "≤": ">", "≥": "<", "=": "≠"}
_TURNED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}


def _relation(sign: str, a: Formula, b: Formula) -> Formula:
    """A condition; a difference compared with 0 is a comparison: 1 − z > 0 as z < 1."""
    if a.head == "number":
        sign, a, b = _TURNED[sign], b, a
    if b.is_number(0) and a.head == "+" and len(a.parts) == 2:
        (first, second), is_taken = a.parts, [has_minus(part) for part in a.parts]
        if is_taken == [False, True]:
            a, b = first, -second
        elif is_taken == [True, False]:
            a, b = second, -first
    if a.head == "number":
        sign, a, b = _TURNED[sign], b, a
    return _bounded(sign, (a, b))


def has_minus(term: Formula) -> bool:
    """Whether a term has a minus sign in front."""
    return term.head == "neg" or (term.head == "number" and bool(term.parts[0] < 0))


def _condition(written: Formula) -> Formula:
    """A condition without the 1[…] of a comparison that is a node itself."""
    return formula(written.parts[0]) if written.head == "indicator" else written


def _where(condition: Formula, then: Any, otherwise: Any) -> Formula:
    condition = _condition(condition)
    if condition.head in _TURNED and all(part.head == "number" for part in condition.parts):
        return formula(then if evaluated(condition, {}) else otherwise)
    a, b = _given(formula(then), condition, 1), _given(formula(otherwise), condition, 2)
    if a == b:
        return a
    if a.is_number(1) and b.is_number(0):
        return _bounded("indicator", (condition,))
    if a.is_number(0) and b.is_number(1):
        return _opposite(condition)
    below = Formula("<", condition.parts)
    if (condition.head, a, b) == (">", _ONE, Formula("where", (below, -_ONE, 0 * _ONE))):
        return _bounded("call", ("sign", condition.parts[0] - condition.parts[1]))
    return _bounded("where", (condition, a, b))


def _given(written: Formula, condition: Formula, branch: int) -> Formula:
    """A formula where it is known whether a condition holds: of its choices one branch is left."""
    if written.head == "where" and written.parts[0] == condition:
        return _given(written.parts[branch], condition, branch)
    return written.mapped(lambda part: _given(part, condition, branch))


def _opposite(condition: Formula) -> Formula:
    """1 where a condition does not hold."""
    if condition.head not in _OPPOSITE:
        return 1 - _bounded("indicator", (condition,))
    return _bounded("indicator", (_bounded(_OPPOSITE[condition.head], condition.parts),))


def _shares(beats: Callable[[Any, Any], Any], *a: Formula) -> tuple[Formula, ...]:
    """The derivatives of the largest or the smallest of several: 1[a > b]."""
    called = "max" if beats(1, 0) else "min"
    shares = []
    for place, one in enumerate(a):
        others = (*a[:place], *a[place + 1 :])
        rest = others[0] if len(others) == 1 else _bounded("call", (called, *others))
        is_it = _bounded("indicator", (beats(one, rest),)) if others else formula(1)
        shares.append(is_it)
    return tuple(shares)


# Its parts ---------------------------------------------------------------------------------------


def parts_of(written: Formula, most: int) -> list[Formula] | None:
    """The formula and all formulas inside it; None where there are more than so many, or a ….

    >>> [part.head for part in parts_of(2 * name("z") + 1, most=10)]
    ['+', '*', 'number', 'name', 'number']
    """
    found = []
    waiting = [written]
    while waiting:
        part = waiting.pop()
        found.append(part)
        if len(found) > most or part == LEFT_OUT:
            return None
        waiting += reversed(part.inner)
    return found


def names_in(written: Formula, most: int) -> list[str]:
    """The names in a formula; none of one that is longer than so much.

    >>> names_in(2 * name("z") + name("x"), most=10)
    ['z', 'x']
    """
    return [part.parts[0] for part in parts_of(written, most) or () if part.head == "name"]


def renamed(written: Formula, text: Callable[[str], str]) -> Formula:
    """The formula with other names.

    >>> str(renamed(name("z") + name("x"), str.upper))
    'Z + X'
    """
    return substituted(written, lambda part: name(text(part.parts[0])))


def substituted(written: Formula, another: Callable[[Formula], Formula]) -> Formula:
    """The formula with another formula in the place of each name, and nothing worked out.

    >>> str(substituted(2 * name("x"), lambda part: Formula("number", (3,))))
    '2·3'
    """
    if written.head == "name":
        return another(written)
    return written.mapped(lambda part: substituted(part, another))


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
    if head == "where":
        condition = scalars.condition(evaluated(parts[0], names))
        if scalars.is_known(condition):  # the other branch may have no value
            return evaluated(parts[1] if condition else parts[2], names)
    operands = [evaluated(part, names) for part in written.inner]
    if head == "call":
        return (_CALLED.get(parts[0]) or getattr(scalars, parts[0]))(*operands)
    if head in ("indicator", "where"):
        return scalars.where(operands[0], *(operands[1:] or (1, 0)))
    return _MEANINGS[head](*scalars.promoted(operands))


def _added(*terms: Scalar) -> Scalar:
    return reduce(operator.add, terms)


def _multiplied(*factors: Scalar) -> Scalar:
    return reduce(operator.mul, factors)


_MEANINGS: dict[str, Callable[..., Scalar]] = {
    "+": _added, "*": _multiplied, "/": scalars.divide, "^": scalars.power,
    "neg": operator.neg, "abs": abs, "=": scalars.equal, "≠": operator.ne,
    "<": operator.lt, ">": operator.gt, "≤": operator.le, "≥": operator.ge,
}  # fmt: skip


# The kind ----------------------------------------------------------------------------------------


def _call(called: str) -> Callable[[Formula], Formula]:
    return lambda a: _bounded("call", (called, a))


def _log(a: Formula) -> Formula:
    """A logarithm; of e it is 1."""
    if a.head == "number" and a.parts[0] in (1, math.e):
        return formula(0 if a.parts[0] == 1 else 1)
    return _bounded("call", ("log", a))


def _sign(a: Scalar) -> Scalar:
    return scalars.where(a > 0, 1, scalars.where(a < 0, -1, 0))


_CALLED: dict[str, Callable[..., Scalar]] = {
    "sign": _sign, **{row.symbol: row for row in OPERATIONS.values()}, **OPERATIONS
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{called: _call(called) for called in scalars.FLOAT.functions},
    "sqrt": _call("√"),
    "log": _log,
    "pi": lambda a: name("π"),
    "power": lambda a, b: a**b,
    "where": _where,
    "equal": lambda a, b: _bounded("=", (a, b)),
    "shares": _shares,
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
