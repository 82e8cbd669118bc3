"""Gradients against what a person wrote, and against finite differences."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Literal

from scalargrad import scalars
from scalargrad.checking.reading import Reading, reading
from scalargrad.errors import DomainError, GradientMismatch
from scalargrad.expression import canonical
from scalargrad.ops import Operands
from scalargrad.scalars import Kind, Scalar
from scalargrad.value import Value, gradients, topological_order
from scalargrad.view.notation import both, decimal, fraction, typeset

_TOLERANCE = 1e-6  # of a finite difference in floats, relative to the gradient
_ROUNDING = 1e-12  # of a gradient computed in floats, relative


@dataclass(frozen=True)
class Interval:
    """A scalar that is anything between two bounds: a gradient that passes a kink."""

    low: Scalar
    high: Scalar

    def __add__(self, other: Any) -> Interval:
        """The sums."""
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Interval:
        """The products."""
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__


def _interval(scalar: Any) -> Interval:
    return scalar if isinstance(scalar, Interval) else Interval(scalar, scalar)


scalars.register(Interval, Kind("interval", 6, {}, convert=_interval))


def subdifferential(output: Value) -> dict[Value, Interval]:
    """The gradients of an output, at kinks every value that a convention could give them."""

    def local(node: Value) -> Operands:
        at_kink = node.local_intervals()
        if at_kink is None:
            return node.local_derivatives()
        return tuple(Interval(*bounds) for bounds in at_kink)

    return {
        node: _interval(gradient)
        for node, gradient in gradients(output, _interval(1), local).items()
    }


def assert_gradients(
    output: Value,
    written: Mapping[str, Any],
    *,
    at_kinks: Literal["any", "convention"] = "any",
) -> None:
    """Check gradients that were worked out by hand; the gradients of the nodes are not touched.

    Args:
        output: the node that was differentiated, usually the loss.
        written: for each name of a node below it, the gradient: text as a person writes it
            ("-0.24" accepts what rounds to it, "-6/25" is exact), or a number.
        at_kinks: "any" accepts every value of the subdifferential where a node sits on its kink,
            "convention" only the one of the table.

    Raises:
        GradientMismatch: when one is wrong; it lists written, backward's and finite difference.
        ValueError: for a name that no node has, or text that is no number.

    >>> x, w = Value("2", "x"), Value("0.8", "w")
    >>> h = (w * x).relu()
    >>> assert_gradients(h, {"w": "2", "x": "0.80"})
    >>> assert_gradients(h, {"w": "1"})
    Traceback (most recent call last):
    scalargrad.errors.GradientMismatch: 1 of 1 gradients is not what was written:
    name  written  backward  finite difference
    w     1        2         2
    """
    nodes: dict[str, list[Value]] = {}
    for node in topological_order(output):
        if node.label:
            nodes.setdefault(canonical_label(node), []).append(node)
    asked = {name: _node(nodes, name) for name in written}
    found = gradients(output, scalars.whole(1, output.data))
    allowed = subdifferential(output) if at_kinks == "any" and _has_kink(output) else {}
    wrong = []
    for name, node in asked.items():
        exact = found[node]
        bounds = allowed.get(node, Interval(exact, exact))
        if not _agrees(written[name], bounds):
            shown = written[name] if isinstance(written[name], str) else both(written[name])
            wrong.append((typeset(node.label), shown, both(exact), _difference(output, node)))
    if wrong:
        raise GradientMismatch(_report(wrong, len(asked), "what was written"))


def canonical_label(node: Value) -> str:
    """The label of a node in the spelling of programs; any other label as it is."""
    try:
        return canonical(node.label)
    except ValueError:
        return node.label


def gradcheck(f: Callable[..., Value], *inputs: Any, tolerance: float = _TOLERANCE) -> None:
    """Check backward against central differences at some inputs.

    Floats are differenced with a step of about ε^(1/5) and the fourth-order formula; exact numbers
    with a step of 10⁻²⁰ in exact arithmetic, as long as every result stays exact. At a kink every
    value of the subdifferential is right.

    Args:
        f: takes a Value for each input and returns a Value.
        inputs: floats, exact numbers or text.
        tolerance: allowed difference, relative to the larger of 1 and the gradient.

    Raises:
        GradientMismatch: when a derivative is wrong; it lists backward's and the difference.
        DomainError: at an input so near the end of the domain that a step leaves it.

    >>> gradcheck(lambda a, b: (a * b).tanh(), 0.5, -1.25)
    >>> gradcheck(lambda a: a * a * a, "1/3")
    """
    values = [Value(given, f"input {place + 1}") for place, given in enumerate(inputs)]
    output = f(*values)
    found = gradients(output, scalars.whole(1, output.data))
    allowed = subdifferential(output) if _has_kink(output) else {}
    wrong = []
    for value in values:
        backward = found.get(value, 0)
        measured = _measured(partial(_evaluated, f, values, value), value)
        bounds = allowed.get(value, Interval(backward, backward))
        slack = tolerance * max(1.0, abs(scalars.to_float(backward)))
        if not all(
            bounds.low - slack <= derivative <= bounds.high + slack
            for derivative in (backward, measured)
        ):
            wrong.append((value.label, "", both(backward), both(measured)))
    if wrong:
        raise GradientMismatch(_report(wrong, len(values), "the finite difference"))


def finite_difference(f: Callable[[Scalar], Scalar], at: Scalar) -> Scalar:
    """The derivative of a function of one number by the central formula of fourth order.

    f′(x) ≈ (8(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h (Abramowitz & Stegun 25.3.6)

    >>> finite_difference(lambda x: x * x, Fraction(3))
    Fraction(6, 1)
    """
    if scalars.is_exact(at):
        tiny = Fraction(1, 10**20)
        ends = [f(at + k * tiny) for k in (1, -1, 2, -2)]
        if all(map(scalars.is_exact, ends)):
            return (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * tiny)
    near = scalars.to_float(at)
    if not math.isfinite(near):
        return math.nan
    try:
        step = _step(max(abs(near), 1e-3))
        ends = [scalars.to_float(f(near + k * step)) for k in (1, -1, 2, -2)]
    except DomainError:  # a number close to the end of the domain, most often 0, has its own scale
        step = _step(abs(near) or 1e-3)
        ends = [scalars.to_float(f(near + k * step)) for k in (1, -1, 2, -2)]
    return (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * step)


def _measured(f: Callable[[Scalar], Scalar], value: Value) -> Scalar:
    """The finite difference at an input.

    Raises:
        DomainError: where there is none.
    """
    try:
        measured = finite_difference(f, value.data)
        reason = f"it is {measured}"
    except (DomainError, OverflowError) as error:
        measured, reason = math.nan, f"a step from there fails: {error}"
    if math.isfinite(scalars.to_float(measured)):
        return measured
    raise DomainError(
        f"{value.label} = {decimal(value.data)} has no finite difference, {reason}; "
        "check at a point further inside the domain"
    ) from None


def _step(size: float) -> float:
    return 2.0 ** round(math.log2(size * 7e-4))


def recomputed(output: Value, changes: Mapping[Value, Scalar]) -> Scalar:
    """The value that an output would have if some nodes below it had other values."""
    data: dict[Value, Scalar] = {}
    for node in topological_order(output):
        if node in changes:
            data[node] = changes[node]
        elif node.op is None or not node.parents:
            data[node] = node.data
        else:
            data[node] = node.op.evaluated([data[parent] for parent in node.parents])[0]
    return data[output]


def _evaluated(
    f: Callable[..., Value], values: list[Value], changed: Value, data: Scalar
) -> Scalar:
    return f(*[Value(data if value is changed else value.data) for value in values]).data


def _node(nodes: Mapping[str, list[Value]], name: str) -> Value:
    try:
        bearers = nodes[canonical(name)]
    except (KeyError, ValueError):
        bearers = nodes.get(name, [])
    if len(bearers) == 1:
        return bearers[0]
    if bearers:
        raise ValueError(f"{len(bearers)} nodes are named {name!r}; give them different names")
    near = difflib.get_close_matches(name, nodes, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(nodes) or 'none'}"
    raise ValueError(f"no node is named {name!r}; {hint}")


def _has_kink(output: Value) -> bool:
    return any(node.is_at_kink for node in topological_order(output))


def _agrees(written: Any, allowed: Interval) -> bool:
    if isinstance(written, str):
        read = reading(written)
    else:
        number = scalars.scalar(written)
        if not math.isfinite(scalars.to_float(number)):
            return bool(allowed.low == number == allowed.high)
        slack = 0 if scalars.is_exact(number) else abs(Fraction(number)) * Fraction(_TOLERANCE)
        read = Reading("", Fraction(number) - slack, Fraction(number) + slack)
    low, high = allowed.low, allowed.high
    if not (math.isfinite(scalars.to_float(low)) and math.isfinite(scalars.to_float(high))):
        return False
    slack = 0 if scalars.is_exact(low) and scalars.is_exact(high) else Fraction(_ROUNDING) * max(
        abs(Fraction(low)), abs(Fraction(high))
    )
    return bool(read.low <= Fraction(high) + slack and Fraction(low) - slack <= read.high)


def _difference(output: Value, node: Value) -> str:
    try:
        measured = finite_difference(lambda data: recomputed(output, {node: data}), node.data)
    except (DomainError, OverflowError, TypeError):
        return "undefined"
    return fraction(measured) if scalars.is_exact(measured) else decimal(measured, 6)


def _report(wrong: list[tuple[str, str, str, str]], asked: int, truth: str) -> str:
    header = ("name", "written", "backward", "finite difference")
    if not any(written for _, written, _, _ in wrong):
        header = ("name", "", "backward", "finite difference")
    lines = [header, *wrong]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True) if width
        ).rstrip()
        for line in lines
    ]
    verb = "is" if len(wrong) == 1 else "are"
    return f"{len(wrong)} of {asked} gradients {verb} not {truth}:\n" + "\n".join(table)
