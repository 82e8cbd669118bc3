"""Arithmetic: formulas written out with names or with numbers, in Unicode and in mathtext."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby

from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.scalars import Scalar
from scalargrad.graph.model import Graph
from scalargrad.notation.formula import Formula, formula
from scalargrad.notation.names import Written, mathtext
from scalargrad.notation.numbers import MINUS, Numbers
from scalargrad.notation.words import printable
from scalargrad.view.scene import name_of

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 2, "^": 4}
_ATOM = 9
_SUPERSCRIPTS = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DEPTH, _LONGEST = 2, 12  # how far a node without a name is written out, and how long it may get


def line(text: str, math: str, *parts: Written) -> Written:
    r"""Parts put into the places "%s" of a text and of a formula, which all of them must have.

    >>> line("∂%s", r"\partial %s", Written("w₂", "w_2")).math
    '\\partial w_2'
    """
    has_math = math and all(part.math for part in parts)
    return Written(
        text % tuple(part.text for part in parts),
        math % tuple(part.math for part in parts) if has_math else "",
    )


def joined(parts: Iterable[Written], text: str, math: str) -> Written:
    """Parts with a separator between them."""
    whole, *others = parts
    for part in others:
        whole = line(f"%s{text}%s", f"%s{math}%s", whole, part)
    return whole


def equation(sides: Iterable[Written]) -> Written:
    """Sides joined by "=", of equal ones the first."""
    return joined([next(same) for _, same in groupby(sides, lambda side: side.text)], " = ", " = ")


def number(scalar: Scalar | None, numbers: Numbers) -> Written:
    """A number as it stands in arithmetic: without a ≈ in front."""
    plain = replace(numbers, approximate=False)
    text = plain.text(scalar)
    is_plain = all(c in "0123456789.,/[] –−∞×⁰¹²³⁴⁵⁶⁷⁸⁹⁻…" for c in text) or text == "nan"
    return Written(text, plain.math(scalar).replace("…", r"\ldots") if is_plain else "")


def in_parentheses(written: Written) -> Written:
    """The same between parentheses."""
    return line("(%s)", "(%s)", written)


def symbols(graph: Graph, index: int) -> Written:
    """The expression that made a node, in names: w₂x; without a name of its own, w₂ × x."""
    expression = _named(graph, graph.expression(index), _DEPTH)
    times = not graph.nodes[index].label

    def leaf(part: Formula) -> tuple[Written, int]:
        if part.head == "number":
            return _number(Written(str(part), str(part).replace(MINUS, "-")))
        return (name_of(graph.nodes[part.parts[1]]) if len(part.parts) > 1 else name(part)), _ATOM

    written = _set(expression, leaf, r" \times " if times else r"\,")[0]
    return written if times else Written(str(expression), written.math)


def in_numbers(graph: Graph, index: int, numbers: Numbers) -> Written:
    """The same expression with the values of the nodes: 0.8 × 2."""

    def leaf(part: Formula) -> tuple[Written, int]:
        if part.head == "number":
            return _number(number(part.parts[0], numbers))
        if len(part.parts) > 1:
            return _number(number(graph.nodes[part.parts[1]].value, numbers))
        return name(part), _ATOM

    return _set(_spoken(graph.expression(index)), leaf, r" \times ")[0]


def local_formula(graph: Graph, edge: int) -> Written | None:
    """The formula of a local derivative; None where it is too long."""
    written = graph.formula(edge)
    if written.size > _LONGEST:
        return None

    def leaf(part: Formula) -> tuple[Written, int]:
        if part.head == "number":
            return _number(Written(str(part), str(part).replace(MINUS, "-")))
        return name(part), _ATOM

    return Written(str(_spoken(written)), _set(_spoken(written), leaf, r"\,")[0].math)


def name(part: Formula) -> Written:
    """A name in a formula."""
    text = str(part.parts[0])
    return Written(printable(text.strip()), mathtext(text))


def _named(graph: Graph, written: Formula, depth: int) -> Formula:
    """A formula in which nodes without a name are written out, or are numbers."""
    if written.head == "name" and len(written.parts) > 1:
        index = written.parts[1]
        node = graph.nodes[index]
        if node.label:
            return Formula("name", (name_of(node).text, index))
        expression = graph.expression(index)
        if depth == 0 or node.is_leaf or expression.size > _LONGEST // 2:
            return formula(node.value)
        return _named(graph, expression, depth - 1)
    parts = [_named(graph, p, depth) if _is_formula(p) else p for p in _spoken(written).parts]
    return Formula(written.head, tuple(parts))


def _is_formula(part: object) -> bool:
    return isinstance(part, Formula)


def _spoken(written: Formula) -> Formula:
    """The formula as pictures write it: ReLU for relu, names cut where they are too long."""
    parts = [_spoken(part) if _is_formula(part) else part for part in written.parts]
    if written.head == "name":
        parts[0] = printable(str(parts[0]).strip())
    if written.head == "call" and parts[0] in OPERATIONS:
        symbol = OPERATIONS[parts[0]].symbol
        parts[0] = symbol if symbol.lower() == parts[0].replace("_", "") else parts[0]
    return Formula(written.head, tuple(parts))


_Leaf = Callable[[Formula], tuple[Written, int]]


def _number(written: Written) -> tuple[Written, int]:
    """A number and how tightly it binds."""
    loose = 1 if written.text.startswith(MINUS) else 2 if set(written.text) & set("/×") else _ATOM
    return written, loose


def _set(written: Formula, leaf: _Leaf, times: str) -> tuple[Written, int]:
    """A formula and how tightly it binds."""
    head, parts = written.head, written.parts
    if head in ("name", "number"):
        return leaf(written)

    def part(place: int, binding: int = 0) -> Written:
        inner, tightness = _set(parts[place], leaf, times)
        return in_parentheses(inner) if tightness < binding else inner

    tightness = _BINDING.get(head, _ATOM)
    if head == "neg":
        return line("−%s", "-%s", part(0, 2)), tightness
    if head == "+":
        return line("%s + %s", "%s + %s", part(0, 1), part(1, 2)), tightness
    if head == "-":
        return line("%s − %s", "%s - %s", part(0, 1), part(1, 2)), tightness
    if head == "*":
        return line("%s × %s", f"%s{times}%s", part(0, 2), part(1, 3)), tightness
    if head == "/":
        above, below = part(0), part(1)  # a fraction needs no parentheses
        text = f"{part(0, 2).text}/{part(1, 3).text}"
        return Written(text, line("%s%s", r"\frac{%s}{%s}", above, below).math), tightness
    if head == "^":
        exponent = part(1)
        if set(exponent.text) <= set("0123456789−"):
            exponent = Written(exponent.text.translate(_SUPERSCRIPTS), exponent.math)
            return line("%s%s", "%s^{%s}", part(0, 5), exponent), tightness
        return line("%s^%s", "%s^{%s}", part(0, 5), part(1, 5)), tightness
    if head == "abs":
        return line("|%s|", "|%s|", part(0)), tightness
    if head == "indicator":
        return line("1[%s]", r"\mathbf{1}[%s]", part(0)), tightness
    if head == "where":
        text, math = "(%s if %s else %s)", r"(%s\ \mathrm{if}\ %s\ \mathrm{else}\ %s)"
        return line(text, math, part(1), part(0), part(2)), tightness
    if head == "call":
        if parts[0] == "√":
            return line("√(%s)", r"\sqrt{%s}", part(1)), tightness
        operands = joined([part(place) for place in range(1, len(parts))], ", ", r",\,")
        return line(f"{parts[0]}(%s)", f"{_function(parts[0])}(%s)", operands), tightness
    relation = {"≤": r"\leq", "≥": r"\geq"}.get(head, head)
    return line(f"%s {head} %s", f"%s {relation} %s", part(0), part(1)), 0


def _function(called: str) -> str:
    return r"\sigma" if called == "σ" else rf"\mathrm{{{called}}}".replace("_", r"\_")
