"""Arithmetic: formulas written out with names or with numbers, in Unicode and in mathtext."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby

from scalargrad.engine.scalars import Scalar
from scalargrad.graph.model import Graph
from scalargrad.notation.formula import MOST, Formula, formula, parts_of
from scalargrad.notation.names import Written, mathtext
from scalargrad.notation.numbers import Numbers, in_formula
from scalargrad.notation.printing import Printer, Tex
from scalargrad.notation.words import printable
from scalargrad.view.scene import name_of

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
    return Written(text, plain.math(scalar).replace("…", r"\ldots") if _is_plain(text) else "")


def in_parentheses(written: Written) -> Written:
    """The same between parentheses."""
    return line("(%s)", "(%s)", written)


def symbols(graph: Graph, index: int) -> Written:
    """The expression that made a node, in names: w₂ x; without a name of its own, w₂ × x."""
    expression = _named(graph, graph.expression(index), _DEPTH)
    times = not graph.nodes[index].label
    return _set(expression, " × " if times else "", r" \times " if times else r"\,")


def in_numbers(graph: Graph, index: int, numbers: Numbers) -> Written:
    """The same expression with the values of the nodes: 0.8 × 2."""
    expression = _valued(graph, graph.expression(index))
    return _set(expression, " × ", r" \times ", numbers.plain)


def local_formula(graph: Graph, edge: int) -> Written | None:
    """The formula of a local derivative; None where it is too long."""
    written = graph.formula(edge)
    return None if written.size > _LONGEST else _set(_cut(written), "", r"\,")


def _set(
    written: Formula, times: str, math: str, numeral: Callable[[Scalar], str] = in_formula
) -> Written:
    parts = parts_of(written, MOST) or []
    names = {part.parts[0]: part for part in parts if part.head == "name"}
    symbols = {label: _math(part) for label, part in names.items()}
    numerals = [numeral(part.parts[0]) for part in parts if part.head == "number"]
    text = Printer(number=numeral, times=times)(written)
    if not all(symbols.values()) or not all(map(_is_plain, numerals)) or not parts:
        return Written(text)
    tex = Tex(symbols.__getitem__, numeral, times=math)(written)
    return Written(text, tex.replace("…", r"\ldots"))


def _is_plain(numeral: str) -> bool:
    return set(numeral) <= set("0123456789.,/[] –−∞×⁰¹²³⁴⁵⁶⁷⁸⁹⁻…eπ") or numeral == "nan"


def _math(part: Formula) -> str:
    """A name in TeX."""
    return part.parts[2] if len(part.parts) > 2 else mathtext(part.parts[0])


def _named(graph: Graph, written: Formula, depth: int) -> Formula:
    """A formula in which nodes without a name are written out, or are numbers."""
    if written.head == "name" and len(written.parts) > 1:
        index = written.parts[1]
        node = graph.nodes[index]
        if node.label:
            named = name_of(node)
            return Formula("name", (named.text, index, named.math))
        expression = graph.expression(index)
        if depth == 0 or node.is_leaf or expression.size > _LONGEST // 2:
            return formula(node.value)
        return _named(graph, expression, depth - 1)
    parts = [_named(graph, p, depth) if _is_formula(p) else p for p in _cut(written).parts]
    return Formula(written.head, tuple(parts))


def _valued(graph: Graph, written: Formula) -> Formula:
    """A formula with the values of nodes in place of their names."""
    if written.head == "name" and len(written.parts) > 1:
        return Formula("number", (graph.nodes[written.parts[1]].value,))
    parts = (_valued(graph, p) if _is_formula(p) else p for p in _cut(written).parts)
    return Formula(written.head, tuple(parts))


def _is_formula(part: object) -> bool:
    return isinstance(part, Formula)


def _cut(written: Formula) -> Formula:
    """The formula, its names cut where they are too long."""
    parts = [_cut(part) if _is_formula(part) else part for part in written.parts]
    if written.head == "name":
        parts[0] = printable(str(parts[0]).strip())
    return Formula(written.head, tuple(parts))
