"""The formula of a graph for SymPy, which is loaded when a function here first needs it."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from scalargrad.engine import scalars
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import partial, rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, unique_names

if TYPE_CHECKING:
    import sympy


def to_sympy(
    node: Value,
    wrt: Value | None = None,
    *,
    until: Container[Value] = (),
    symbol: Callable[[str], Any] | None = None,
) -> sympy.Expr:
    """The formula of a node, or of its derivative: the same rows and backward pass, on symbols.

    Leaves that have a name are symbols (the second w is w#2); those without, and the numbers of
    the expression, are numbers: fractions as fractions, floats as floats. Names are not read as
    formulas: E, I and lambda are symbols like others. How deep a formula can be is up to SymPy,
    whose functions recurse, and which needs minutes for ReLU within ReLU from four on: `until`
    cuts a graph.

    Args:
        node: any node of a graph.
        wrt: the node by which to differentiate; None for the formula itself.
        until: named nodes that are taken for symbols too.
        symbol: makes a symbol from a name; by default sympy.Symbol, without assumptions.

    Raises:
        TypeError: for a node that is no Value, or an unnamed leaf that is not one number.
        ValueError: for a node in `until` that has no name, or a formula too deep for SymPy.

    >>> w, x = Value(2, "w"), Value(3, "x")
    >>> to_sympy((w * x).sigmoid())
    1/(1 + exp(-w*x))
    >>> to_sympy((w * x + "0.1") ** 2, wrt=w)
    x*(2*w*x + 1/5)
    """
    for given in (node, *([] if wrt is None else [wrt])):
        if not isinstance(given, Value):
            raise TypeError(f"to_sympy takes Values; got {type(given).__name__} {given!r}")
    try:
        twins = _on_symbols(node, until, symbol)
        if wrt is None:
            return twins[node].data
        if wrt not in twins:
            return scalars.whole(0, twins[node].data)
        return partial(twins[node], twins[wrt])
    except RecursionError:
        raise ValueError(
            "SymPy cannot hold a formula as deep as this graph; take named nodes on the way for "
            "symbols, as in to_sympy(loss, until=[h1, h2])"
        ) from None


def _on_symbols(
    node: Value, until: Container[Value], symbol: Callable[[str], Any] | None
) -> dict[Value, Value]:
    """A graph once more, on SymPy's scalars: for each node its twin."""
    import sympy

    order = topological_order(node, until=until)
    ends = [n for n in order if not n.parents or (n in until and n is not node)]
    named = [n for n in ends if n.label]
    symbols = dict(zip(named, map(symbol or sympy.Symbol, unique_names(named)), strict=True))
    for end in ends:
        if end.parents and not end.label:
            raise ValueError(f"to_sympy needs a name for each node of `until`; got {end!r}")
    data = {end: symbols[end] if end in symbols else _exactly(end.data) for end in ends}
    return rebuilt(node, data)


def _exactly(data: Scalar) -> Any:
    import sympy

    try:
        number = sympy.sympify(data, strict=True)
    except sympy.SympifyError:
        number = None
    if not isinstance(number, sympy.Expr):
        raise TypeError(
            "to_sympy needs a name for each leaf that is not one number; got "
            f"{scalars.shown(data)} without"
        )
    return number
