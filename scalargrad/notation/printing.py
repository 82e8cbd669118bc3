r"""The one printer of formulas: in Unicode for people, in TeX, and in ASCII for programs.

A formula is a tree of heads and parts. The ladder over the heads stands once, in `Printer`; what
differs between the three ways of writing is in their classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from scalargrad.notation.names import SUBSCRIPTS, mathtext, raised
from scalargrad.notation.numbers import MINUS, in_formula, powers_of_ten, tex

CONDITION, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how strongly things bind
_FUNCTION_LETTERS = ("f", "g")


@dataclass(frozen=True)
class Expression:
    """An operator (or "name", "number", "call", …) and its parts: what is printed."""

    head: str
    parts: tuple[Any, ...]


class Printed(NamedTuple):
    """A part of a formula, and how strongly it binds."""

    text: str
    strength: int = ATOM


class Printer:
    """Unicode, with as few parentheses as it takes; products without a sign where they can be read.

    Args:
        symbol: a name as it is written.
        number: a number as it is written.
        times: what stands between factors; by default what it takes to read them apart.
    """

    plus, minus, negative = " + ", " − ", "−"
    relations: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        symbol: Callable[[str], str] = str,
        number: Callable[[Any], str] = in_formula,
        times: str = "",
    ) -> None:
        self.symbol = symbol
        self.number = number
        self.times = times

    def __call__(self, written: Expression) -> str:
        """The formula, however deep it is."""
        done: dict[int, Printed] = {}
        waiting = [written]
        while waiting:
            part = waiting[-1]
            inner = [p for p in part.parts if isinstance(p, Expression)]
            missing = [p for p in inner if id(p) not in done]
            if missing:
                waiting += missing
            else:
                done[id(part)] = self._printed(part, [done[id(p)] for p in inner])
                waiting.pop()
        return done[id(written)].text

    def _printed(self, written: Expression, parts: Sequence[Printed]) -> Printed:
        head = written.head
        if head in ("name", "number"):
            return self.leaf(written)
        if head == "neg":
            return Printed(self.negative + self.within(parts[0], PRODUCT), SUM)
        if head == "+":
            return self.sum(written.parts, parts)
        if head == "*":
            return self.product(written.parts, parts)
        if head == "/":
            return self.fraction(*parts)
        if head == "^":
            return self.power(written.parts[1], *parts)
        if head == "abs":
            return self.bars(parts[0].text)
        if head == "call":
            return self.call(written, parts)
        if head == "indicator":
            return self.indicator(parts[0].text)
        if head == "where":
            return self.choice(*(part.text for part in parts))
        a, b = (part.text for part in parts)
        return Printed(f"{a} {self.relations.get(head, head)} {b}", CONDITION)

    def leaf(self, written: Expression) -> Printed:
        """A name or a number."""
        if written.head == "name":
            return Printed(self.symbol(written.parts[0]))
        return self.numeral(self.number(written.parts[0]))

    def within(self, part: Printed, strength: int) -> str:
        """A part, in parentheses where it binds less strongly than that."""
        return self.enclosed(part.text) if part.strength < strength else part.text

    def enclosed(self, text: str, brackets: str = "()") -> str:
        """Text in brackets."""
        return brackets[0] + text + brackets[1]

    def numeral(self, text: str) -> Printed:
        """A number: a negative one binds like a difference, a fraction like a product."""
        text = powers_of_ten(text)
        is_product = "/" in text or "×" in text
        return Printed(text, SUM if text.startswith(MINUS) else PRODUCT if is_product else ATOM)

    def sum(self, terms: Sequence[Expression], parts: Sequence[Printed]) -> Printed:
        """A sum; a term with a minus in front is taken away, a sum in it stands in parentheses."""
        texts = [
            self.enclosed(part.text) if term.head == "+" else self.within(part, SUM)
            for term, part in zip(terms, parts, strict=True)
        ]
        text = texts[0]
        for part, printed in zip(texts[1:], parts[1:], strict=True):
            if part.startswith(self.negative) and printed.strength == SUM:
                text += self.minus + part[len(self.negative) :]
            else:
                text += self.plus + part
        return Printed(text, SUM)

    def product(self, factors: Sequence[Expression], parts: Sequence[Printed]) -> Printed:
        """A product; a dot stands where the factors would run into each other."""
        texts = [
            self.within(part, self.tightness(factor))
            for factor, part in zip(factors, parts, strict=True)
        ]
        if "/" not in parts[0].text and texts[1].startswith(("(", r"\left(")):
            texts[0] = self.within(parts[0], PRODUCT)  # 2×10⁶(a − b)
        text = texts[0]
        for place in range(1, len(texts)):
            pair = factors[place - 1], factors[place]
            text += (self.times or self.between(*pair, texts[place])) + texts[place]
        return Printed(text, PRODUCT)

    def tightness(self, factor: Expression) -> int:
        """How strongly a factor must bind to stand without parentheses."""
        return SIGN if factor.head in ("/", "number") else PRODUCT

    def between(self, left: Expression, right: Expression, text: str) -> str:
        """What stands between two factors."""
        last, first = _factor(left, -1), _factor(right, 0)
        if first.head == "indicator":
            return " · "
        if text[:1].isdigit() or _is_word(last) or (_is_word(first) and last.head != "number"):
            return "·"
        if text.startswith("(") and last.head == "name" and last.parts[0] in _FUNCTION_LETTERS:
            return "·"  # f(x + 1) would be a call
        if last.head == "number" or text.startswith("("):
            return ""
        return "" if last.head in ("+", "indicator") and first.head == "name" else " "

    def fraction(self, top: Printed, bottom: Printed) -> Printed:
        """A quotient on one line."""
        return Printed(f"{self.within(top, PRODUCT)}/{self.within(bottom, SIGN)}", PRODUCT)

    def power(self, exponent: Expression, a: Printed, b: Printed) -> Printed:
        """A power; a whole exponent is raised."""
        base = self.within(a, ATOM)
        if exponent.head == "number" and b.text.lstrip(MINUS).isdecimal():
            return Printed(base + raised(b.text), POWER)
        return Printed(f"{base}^{self.within(b, ATOM)}", POWER)

    def bars(self, inner: str) -> Printed:
        """An absolute value."""
        return Printed(f"|{inner}|")

    def call(self, written: Expression, parts: Sequence[Printed]) -> Printed:
        """A function of its operands; e to a short power, and the natural logarithm of a number."""
        called, *operands = written.parts
        inner = ", ".join(part.text for part in parts)
        if called == "exp" and _is_short(operands[0]):
            return self.power(operands[0], Printed("e"), parts[0])
        if called == "log" and len(operands) == 1 and operands[0].head == "number":
            called = "ln"
        return self.function(called, inner)

    def function(self, called: str, inner: str) -> Printed:
        """A function and its operands."""
        return Printed(called + self.enclosed(inner))

    def indicator(self, condition: str) -> Printed:
        """1 where a condition holds, else 0."""
        return Printed(f"1[{condition}]")

    def choice(self, condition: str, then: str, otherwise: str) -> Printed:
        """One of two by a condition."""
        return Printed(f"where({condition}, {then}, {otherwise})")


def _factor(part: Expression, side: int) -> Expression:
    """The first (side 0) or last (side -1) factor of what may be a product."""
    while part.head == "*" or (part.head == "^" and side == 0):
        part = part.parts[side]
    return part


def _is_short(part: Expression) -> bool:
    """Whether it may stand as an exponent: a name or number, a product or power of two of them."""
    inner = part.parts[0] if part.head == "neg" else part
    heads = [p.head for p in inner.parts if isinstance(p, Expression)]
    return inner.head in ("name", "number") or (
        inner.head in ("*", "^") and len(heads) < 3 and set(heads) <= {"name", "number"}
    )


def _is_word(part: Expression) -> bool:
    """Whether it is a name of several letters, which would run into its neighbour."""
    return part.head == "name" and sum(map(str.isalpha, part.parts[0].strip(SUBSCRIPTS))) > 1


class Tex(Printer):
    r"""TeX, without dollars, of the subset that amsmath and matplotlib both set."""

    minus, negative = " - ", "-"
    relations: ClassVar[dict[str, str]] = {"≤": r"\leq", "≥": r"\geq", "≠": r"\neq"}

    def enclosed(self, text: str, brackets: str = "()") -> str:
        """TeX in brackets, which grow where it is tall."""
        return enclosed(text, brackets)

    def numeral(self, text: str) -> Printed:
        """A number; a fraction needs no parentheses."""
        math = tex(text)
        strength = PRODUCT if r"\times" in math else ATOM
        return Printed(math, SUM if math.startswith("-") else strength)

    def tightness(self, factor: Expression) -> int:
        """How strongly a factor must bind to stand without parentheses."""
        return SIGN if factor.head == "number" else PRODUCT

    def between(self, left: Expression, right: Expression, text: str) -> str:
        """What stands between two factors: a dot where Unicode has one."""
        is_bracket = text.startswith(("(", r"\left("))
        unicode = UNICODE.between(left, right, "(" if is_bracket else UNICODE(_factor(right, 0)))
        return {"·": r" \cdot ", " · ": r" \, "}.get(unicode, " ")

    def fraction(self, top: Printed, bottom: Printed) -> Printed:
        """A fraction."""
        return Printed(rf"\frac{{{top.text}}}{{{bottom.text}}}", SIGN)

    def power(self, exponent: Expression, a: Printed, b: Printed) -> Printed:
        """A power."""
        return Printed(f"{{{self.within(a, ATOM)}}}^{{{b.text}}}", POWER)

    def bars(self, inner: str) -> Printed:
        """An absolute value."""
        return Printed(rf"\left|{inner}\right|")

    def function(self, called: str, inner: str) -> Printed:
        """A function and its operands."""
        if called == "√":
            return Printed(rf"\sqrt{{{inner}}}")
        upright = rf"\mathrm{{{called}}}".replace("_", r"\ ")
        command = r"\sigma" if called == "σ" else f"\\{called}" if called in _FUNCTIONS else upright
        if called == "ln" and inner.isalnum():
            return Printed(rf"\ln {inner}", PRODUCT)
        return Printed(command + self.enclosed(inner))

    def indicator(self, condition: str) -> Printed:
        """1 where a condition holds, else 0."""
        return Printed(r"\mathbf{1}" + self.enclosed(condition, "[]"))

    def choice(self, condition: str, then: str, otherwise: str) -> Printed:
        """One of two by a condition."""
        first = rf"{then} & \mathrm{{if}}\; {condition}"
        last = rf"{otherwise} & \mathrm{{otherwise}}"
        if otherwise.startswith(_CASES):
            last = otherwise.removeprefix(_CASES).removesuffix(r" \end{cases}")
        return Printed(rf"{_CASES}{first} \\ {last} \end{{cases}}", CONDITION)


_CASES = r"\begin{cases} "
_FUNCTIONS = {"exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}


def enclosed(math: str, brackets: str = "()") -> str:
    r"""TeX in brackets, which grow where it is tall.

    >>> enclosed("-2"), enclosed(r"\frac{1}{2}", "[]")
    ('(-2)', '\\left[\\frac{1}{2}\\right]')
    """
    left, right = brackets[0], brackets[1]
    if r"\frac" in math or r"\left" in math or r"\begin" in math:
        return rf"\left{left}{math}\right{right}"
    return left + math + right


UNICODE = Printer()


def latex(written: Expression, symbol: Callable[[str], str] = mathtext) -> str:
    r"""A formula in TeX, without dollars.

    Args:
        written: the formula.
        symbol: a name in TeX.

    >>> latex(Expression("/", (Expression("name", ("w2",)), Expression("number", (3,)))))
    '\\frac{w_{2}}{3}'
    """
    return Tex(symbol)(written)
