"""The derivative by a vector or a matrix of a layer, ∂ℓ/∂W = δ xᵀ, and its scalars beneath it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.graph.equations import (
    NOTHING,
    Digits,
    Factor,
    Line,
    Sum,
    equation,
    flat,
    in_parentheses,
    pmatrix,
    written_number,
)  # fmt: skip
from scalargrad.graph.labels import derivative, name_of
from scalargrad.graph.model import written
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.notation.printing import latex

_MOST_ELEMENTS = 12  # whose scalars are written
_WIDEST = 8  # rows or columns that are written in full
_T = TypeVar("_T")

Vectors = Mapping[str, Sequence[Any]]
Choice = Callable[[Sequence[Sum]], Digits]


class Layer(NamedTuple):
    """What is written of a derivative by a vector or a matrix.

    Attributes:
        lines: of the matrices, and of the scalars.
        where: what δ is.
        rows: the numbers; of a vector one in each row.
    """

    lines: tuple[Line, ...]
    where: Written
    rows: tuple[tuple[Scalar, ...], ...]


class _Use(NamedTuple):
    """Where an element goes: into a sum z, multiplied by a factor or by nothing."""

    z: Value
    factor: Value | None


class _Form(NamedTuple):
    """δ, δ x, δ xᵀ or Wᵀ δ.

    Attributes:
        zs: the sums by which δ is the derivative.
        name: of the vector or matrix beside δ; "" for none.
        turned: "ᵀ" where that is transposed.
        rows: of it, as it stands there.
        is_first: whether it stands in front.
    """

    zs: Sequence[Value]
    name: str = ""
    turned: str = ""
    rows: Sequence[Sequence[Value]] = ()
    is_first: bool = False


def layer(output: Value, vectors: Vectors, name: str, choose: Choice) -> Layer | None:
    """The derivative of an output by a vector of a program; None where it has no such form.

    Args:
        output: usually the loss.
        vectors: the vectors and matrices of the program.
        name: of one of them.
        choose: the digits in which sums are written.
    """
    rows = _rows(vectors[name])
    uses = _uses(output, flattened(vectors[name]))
    form = _form(list(uses.values()), vectors, name) if uses else None
    if uses is None or form is None:
        return None
    found = gradients(output, scalars.whole(1, output.data))
    of, several = name_of(output.label or "output"), len(form.zs) > 1
    deltas = {z: name_of(f"δ{place}" if several else "δ") for place, z in enumerate(form.zs, 1)}
    sums = [
        Sum(
            derivative(of, name_of(item.label)),
            [_term(deltas[use.z], found[use.z], use.factor) for use in used],
            found[item],
        )
        for item, used in uses.items()
    ]
    digits = choose(sums)
    delta = [[found[z]] for z in form.zs]
    result = [[found[item] for item in row] for row in rows]
    lines = [Line(derivative(of, name_of(name)), "=", _symbol(form))]
    if form.rows:
        other = [[x.data for x in row] for row in form.rows]
        is_row = bool(form.turned) and not form.is_first
        sides = [_matrix(delta, digits.factors), _matrix(other, digits.factors, is_row)]
        factors = _beside(*(reversed(sides) if form.is_first else sides))
        lines.append(Line(NOTHING, _sign([*delta, *other], digits.factors), factors))
    lines.append(Line(NOTHING, _sign(result, digits.result), _matrix(result, digits.result)))
    if form.rows:
        lines += [flat(one.left, equation(one, digits)) for one in sums[:_MOST_ELEMENTS]]
    where = _where(of, form.zs, deltas, vectors)
    return Layer(tuple(lines), where, tuple(map(tuple, result)))


# How a vector is used ----------------------------------------------------------------------------


def flattened(array: Sequence[Any]) -> list[Value]:
    """The elements of a vector, or of a matrix row by row."""
    return [item for row in _rows(array) for item in row]


def _rows(array: Sequence[Any]) -> list[list[Value]]:
    return [list(row) if isinstance(row, list | tuple) else [row] for row in array]


def _uses(output: Value, items: Sequence[Value]) -> dict[Value, list[_Use]] | None:
    """Where each element goes; None where one goes elsewhere than into products and sums."""
    users: dict[Value, list[tuple[Value, int]]] = defaultdict(list)
    order = topological_order(output)
    for node in order:
        for place, parent in enumerate(node.parents):
            users[parent].append((node, place))
    sums: dict[Value, Value] = {}  # for each node the whole sum that it is a term of
    for node in reversed(order):
        above = users[node][0][0] if len(users[node]) == 1 and not node.label else node
        sums[node] = sums[above] if above.op in (ops.add, ops.total) and above is not node else node
    found: dict[Value, list[_Use]] = {item: [] for item in items}
    for item in items:
        for user, place in users[item]:
            factor = None
            if user.op is ops.mul:
                factor = user.parents[1 - place]
            elif user.op is ops.dot and place:
                factor = user.parents[place + 1 if place % 2 else place - 1]
            elif user.op not in (ops.add, ops.total, ops.dot):
                return None
            found[item].append(_Use(sums[user], factor))
    return found


def _form(uses: Sequence[Sequence[_Use]], vectors: Vectors, name: str) -> _Form | None:
    """What stands beside δ; None where the elements are not used as those of a layer."""
    is_matrix = isinstance(vectors[name][0], list)
    names = {tuple(flattened(array)): called for called, array in vectors.items()}
    zs = list(dict.fromkeys(use.z for one in uses for use in one))
    if not is_matrix and all([use.z for use in one] == zs for one in uses):  # each goes into all
        turned = tuple(one[k].factor for k in range(len(zs)) for one in uses)
        other = names.get(turned, "")  # type: ignore[arg-type]
        rows = [[use.factor for use in one if use.factor] for one in uses]
        if other and isinstance(vectors[other][0], list):
            return _Form(zs, other, "ᵀ", rows, is_first=True)
        return _Form(zs, other, "", rows) if other and len(zs) == 1 else None
    if any(len(one) != 1 for one in uses) or len(uses) % len(zs):
        return None
    single = [one[0] for one in uses]
    factors = [use.factor for use in single[: len(single) // len(zs)]]
    if single != [_Use(z, factor) for z in zs for factor in factors]:
        return None
    if not is_matrix:
        return _Form(zs) if factors == [None] else None
    other = names.get(tuple(factors), "")  # type: ignore[arg-type]
    return _Form(zs, other, "ᵀ", [[x for x in factors if x]]) if other else None


# How it is written -------------------------------------------------------------------------------


def _symbol(form: _Form) -> Written:
    delta = name_of("δ")
    if not form.name:
        return delta
    name = name_of(form.name)
    other = Written(name.text + form.turned, name.math + (r"^{\top}" if form.turned else ""))
    return _beside(other, delta) if form.is_first else _beside(delta, other)


def _beside(a: Written, b: Written) -> Written:
    return Written(f"{a.text} {b.text}", f"{a.math} {b.math}")


def _term(delta: Written, number: Scalar, factor: Value | None) -> tuple[Factor, ...]:
    terms = (Factor(delta, delta, number),)
    if factor is None:
        return terms
    name = name_of(factor.label)
    return (*terms, Factor(name, name, factor.data))


def _matrix(rows: Sequence[Sequence[Scalar]], numbers: Numbers, is_row: bool = False) -> Written:
    """Numbers as a program has them, [[1, 2], [3, 4]] or [1, 2]ᵀ, and as a matrix of TeX."""
    cells = [[written_number(number, numbers) for number in _cut(row)] for row in _cut(rows)]
    if len(rows[0]) > _WIDEST:
        cells = [[*row[:-1], Written("…", r"\cdots"), row[-1]] for row in cells]
    if len(rows) > _WIDEST:
        cells.insert(-1, [Written("…", r"\vdots")] * len(cells[0]))
    if len(rows) == len(rows[0]) == 1:
        return in_parentheses(cells[0][0])
    inner = [", ".join(cell.text for cell in row) for row in cells]
    if len(rows[0]) > 1 and not is_row:
        inner = [f"[{row}]" for row in inner]
    text = f"[{', '.join(inner)}]{'ᵀ' * is_row}"
    return Written(text, pmatrix([[cell.math for cell in row] for row in cells]))


def _cut(parts: Sequence[_T]) -> Sequence[_T]:
    """The first and the last, where there are many."""
    return parts if len(parts) <= _WIDEST else [*parts[:3], parts[-1]]


def _sign(rows: Sequence[Sequence[Scalar]], numbers: Numbers) -> str:
    return "≈" if any(numbers.is_approximate(number) for row in rows for number in row) else "="


def _where(
    of: Written, zs: Sequence[Value], deltas: Mapping[Value, Written], vectors: Vectors
) -> Written:
    """By what δ is the derivative: a vector with a name, or its first sum."""
    called = next((name for name, array in vectors.items() if list(array) == list(zs)), "")
    called = called or (zs[0].label if len(zs) == 1 else "")
    if called:
        delta, by, more = name_of("δ"), name_of(called), NOTHING
    else:
        made = written(zs[0])
        delta, by = deltas[zs[0]], in_parentheses(Written(str(made), latex(made)))
        more = Written(", …", r",\; \ldots") if len(zs) > 1 else NOTHING
    whole = derivative(of, by)
    return Written(f"{delta.text} = {whole.text}{more.text}",
                   f"{delta.math} = {whole.math}{more.math}")  # fmt: skip
