"""The working behind a line: its rule, in names and in a person's own numbers, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from scalargrad.checking.answer_key import AnswerKey
from scalargrad.checking.quantities import canonical_label
from scalargrad.checking.recomputing import FAILURES, Key, Recomputation
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, DrawingError
from scalargrad.graph.model import contracted
from scalargrad.notation.formula import Formula, evaluated, parts_of, substituted
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal
from scalargrad.notation.printing import Printer

if TYPE_CHECKING:
    from scalargrad.view.drawing import Drawing

_LONGEST = 12  # names and numbers in a rule that a message shows
_MOST_TERMS = 3  # of the chain rule
_MOST_NAMED = 20  # nodes of a program that is drawn whole
_MOST_BETWEEN = 6  # nodes of the part that is drawn of a longer one

_TIMES = Printer(times=" × ")
_IN_NUMBERS = Printer(number=partial(decimal, digits=6), times=" × ")


def rule(key: AnswerKey, asked: Key) -> Formula | None:
    """The formula of a value or a factor, or the chain rule; None where none would help.

    Where the conventions at kinks do not give the true slope, formulas do not either.
    """
    if key.truth(asked) != key.truth(asked, "convention"):
        return None
    if asked not in key.rules:
        try:
            key.rules[asked] = _rule(key, asked)
        except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError):
            key.rules[asked] = None
    return key.rules[asked]


def in_names(written: Formula) -> str:
    """A rule as a message says it.

    >>> from scalargrad.checking.answer_key import key_of
    >>> key = key_of("x = 2; w = 0.8; h = w*x; loss = (h - 1)^2")
    >>> h, loss, w = (key.names[name] for name in ("h", "loss", "w"))
    >>> print(in_names(rule(key, (loss, w))), in_names(rule(key, (loss, h))), sep=" | ")
    ∂ℓ/∂h × ∂h/∂w | 2(h − 1)
    """
    is_chain = any(len(part.parts) > 1 for part in parts_of(written, 4 * _LONGEST) or ()
                   if part.head == "name")  # fmt: skip
    return _TIMES(written) if is_chain else str(written)


def in_numbers(key: AnswerKey, asked: Key, own: Mapping[Key, Scalar]) -> str:
    """The rule in the numbers of a person's lines, and in those that follow from them; "" for none.

    >>> from scalargrad.checking.answer_key import key_of
    >>> key = key_of("x = 2; w = 0.8; h = w*x; loss = (h - 1)^2")
    >>> h, loss, w = (key.names[name] for name in ("h", "loss", "w"))
    >>> in_numbers(key, (loss, w), {(h,): 1.7, (loss, h): 0.6})
    '0.6 × 2'
    """
    written = rule(key, asked)
    if written is None:
        return ""
    first = Recomputation(key.outline, own)

    def number(part: Formula) -> Formula:
        label, *rest = part.parts
        source = rest[0] if rest else (_node(key, label),)
        taken = first.value(*source) if len(source) == 1 else first.derivative(*source)
        return Formula("number", (taken,))

    try:
        return _IN_NUMBERS(substituted(written, number))
    except (*FAILURES, KeyError):
        return ""


def _node(key: AnswerKey, label: str) -> Value:
    return next(node for node in key.outline.place if typeset(node.label) == label)


def _rule(key: AnswerKey, asked: Key) -> Formula | None:
    of, outline = asked[0], key.outline
    if len(asked) > 2:
        return None
    if len(asked) > 1 and not outline.is_edge(asked):
        by = asked[1]
        terms = [_quotient(of, user) * _quotient(user, by) for user in outline.ways(of, by)]
        return sum(terms[1:], terms[0]) if 0 < len(terms) <= _MOST_TERMS else None
    graph = contracted(of)
    if len(asked) == 1:
        written = graph.expression(graph.output)
    else:
        source, target = graph.place(asked[1]), graph.place(of)
        written = next(graph.formula(index) for index, edge in enumerate(graph.edges)
                       if (edge.source, edge.target) == (source, target))  # fmt: skip
        values = {typeset(node.label): node.data for node in outline.place if node.label}
        written = _opened(written, values)
    parts = parts_of(written, 4 * _LONGEST)
    if parts is None or written.size > _LONGEST or "…" in str(written):
        return None
    named = substituted(written, lambda part: Formula("name", part.parts[:1]))
    return named if any(part.head == "name" for part in parts) else None


def _quotient(of: Value, by: Value) -> Formula:
    """A derivative as one name, which carries the nodes."""
    return Formula("name", (f"∂{_name(of)}/∂{_name(by)}", (of, by)))


def _name(node: Value) -> str:
    return typeset(canonical_label(node)) if node.label else "result"


def _opened(written: Formula, values: Mapping[str, Scalar]) -> Formula:
    """A formula with the numbers that its conditions are: 1[z > 0]x as x."""
    if written.head == "indicator":
        return Formula("number", (evaluated(written, values),))
    parts = [_opened(a, values) if isinstance(a, Formula) else a for a in written.parts]
    if written.head == "*":
        product: Formula = parts[0] * parts[1]
        return product
    if written.head == "+":
        total: Formula = parts[0] + parts[1]
        return total
    return Formula(written.head, tuple(parts))


def picture(key: AnswerKey, asked: Key) -> Drawing | None:
    """The graph with the edges of a line highlighted; of a long program the part that matters.

    None where it cannot be drawn.
    """
    from scalargrad.view.drawing import draw

    of, outline = asked[0], key.outline
    is_below = of is key.output or outline.depends(key.output, of)
    root, cut = (key.output if is_below else of), dict[Value, Scalar]()
    slopes = key.gradients(root)
    if not is_below or len(outline.place) > _MOST_NAMED:
        root, between = _part(key, asked)
        cut = {node: node.data for node in outline.place if node not in between}
    try:
        twins = rebuilt(root, cut)
        for node, twin in twins.items():
            twin.grad = slopes.get(node, 0)
        drawing = draw(twins[root])
        for end in asked[1:2] or outline.sources[of]:
            drawing = drawing.highlight(twins[end], twins.get(of, twins[root]))
    except (ArithmeticError, DomainError, DrawingError, KeyError, TypeError, ValueError):
        return None
    return drawing


def _part(key: AnswerKey, asked: Key) -> tuple[Value, set[Value]]:
    """Of a long program the nodes that a line is about, and the last of them."""
    of, *by = asked[:2]
    outline = key.outline
    between = {of}
    for node in outline.place if by else ():
        is_on_way = node is of or outline.depends(of, node)
        between |= {node} if is_on_way and outline.depends(node, by[0]) else set()
    if len(between) > _MOST_BETWEEN:
        first = outline.ways(of, by[0])[0]
        return first, {first}
    return of, between
