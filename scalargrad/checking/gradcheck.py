"""Gradients against what a person wrote, and against differences of the value."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any, Literal

from scalargrad.checking.answer_key import AnswerKey, AtKinks, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.quantities import UnknownQuantity, quantity
from scalargrad.checking.recomputing import recomputed
from scalargrad.checking.report import NOT_ASKED, RIGHT, UNKNOWN
from scalargrad.engine import scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying
from scalargrad.engine.one_sided import Slopes, is_among, is_smooth, slopes
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, GradientMismatch
from scalargrad.notation.numbers import both as both_ways
from scalargrad.notation.numbers import decimal
from scalargrad.notation.words import in_columns

Method = Literal["automatic", "floats", "exact", "mpmath"]

_TOLERANCE = 1e-6  # of a difference, relative to the gradient
_MOST_DIFFERENCES = 10  # in a message
_EPSILON = sys.float_info.epsilon
_DIGITS = 50  # of mpmath's numbers, to begin with
_MOST_DIGITS = 1000


# Against what a person wrote ---------------------------------------------------------------------


def assert_gradients(
    output: Value, written: Mapping[str, Any], *, at_kinks: AtKinks | Mapping[str, Any] = "any"
) -> None:
    """Check a computation that was done by hand; the gradients of the nodes are not touched.

    The failure prints the report of `check`, and finite differences for the lines at fault. A line
    that only follows from a wrong one is no more right here than the wrong one, and nothing is
    allowed for what rounding on the way carries. Where there is no slope, as at a jump, nothing is
    wrong, and a warning says why.

    Args:
        output: the node that was differentiated, usually the loss.
        written: by quantity, in any spelling, the text as a person writes it ("-0.24" accepts what
            rounds to it, "-6/25" and "2" are exact), or a number, which is compared to its last
            digits. A name alone means the gradient: "w2" is "dl/dw2".
        at_kinks: as in `check`.

    Raises:
        GradientMismatch: when a line is not right.
        ValueError: for a quantity that is unknown, or given twice, and where nothing is given.

    >>> x, w = Value("2", "x"), Value("0.8", "w")
    >>> h = (w * x).relu().named("h")
    >>> assert_gradients(h, {"w": "2", "dh/dx": "0.80"})
    >>> assert_gradients(h, {"w": "1"})
    Traceback (most recent call last):
    scalargrad.errors.GradientMismatch: 1 of 1 lines is not right:
    ✗ ∂h/∂w  1  ∂h/∂w: you wrote 1, it is 2 (= x). It looks as if the inner derivative is lost.
    0 of 1 line right; score 0 %
    finite difference: ∂h/∂w = 2
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    if not written:
        raise ValueError('nothing was written to check; name a quantity, as in {"w2": "-0.24"}')
    stated = {} if isinstance(at_kinks, str) else at_kinks
    key = key_of(output, {name: scalars.scalar(slope) for name, slope in stated.items()})
    answers = [(_gradient(name, key), answer) for name, answer in written.items()]
    choice = at_kinks if isinstance(at_kinks, str) else "any"
    report = mark(key, answers, at_kinks=choice, strict=True)
    for line in report.lines:
        if line.verdict in (NOT_ASKED, UNKNOWN):
            raise ValueError(f"{line.quantity}: {line.message}")
    for (asked, _), line in zip(answers, report.lines, strict=True):
        both = key.slopes(key.key(quantity(asked, key.names)))
        if both and both.outcome != "slopes":
            warnings.warn(f"{line.quantity} is not checked: {both.reason}", stacklevel=2)
    wrong = [
        (asked, line)
        for (asked, _), line in zip(answers, report.lines, strict=True)
        if line.verdict != RIGHT
    ]
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        head = f"{len(wrong)} of {len(answers)} lines {verb} not right:"
        differences = _differences_of([asked for asked, _ in wrong], key)
        raise GradientMismatch("\n".join([head, report.text, *differences]))


def _gradient(name: str, key: AnswerKey) -> str:
    """A quantity, and for a name alone that of its gradient."""
    try:
        found = quantity(f"{name}.grad", key.names)
    except UnknownQuantity:
        return name
    return f"{name}.grad" if found.kind == "derivative" and not found.of else name


def _differences_of(asked: Sequence[str], key: AnswerKey) -> Iterator[str]:
    """What finite differences say of derivatives, in one line."""
    found = []
    for text in asked[:_MOST_DIFFERENCES]:
        meant = quantity(text, key.names)
        of, *by = key.key(meant)
        if by and meant.kind != "second":
            derivative = key.shown(replace(meant, kind="derivative", step=None))
            found.append(f"{derivative} = {_difference(of, by[0])}")
    if found:
        more = ", …" if len(asked) > _MOST_DIFFERENCES else ""
        yield f"finite difference{'s' * (len(found) > 1)}: {', '.join(found)}{more}"


def _difference(output: Value, node: Value) -> str:
    try:
        measured = finite_difference(lambda data: recomputed(output, {node: data}), node.data)
    except (DomainError, OverflowError, TypeError):
        return "undefined"
    return both_ways(measured) if scalars.is_exact(measured) else decimal(measured, 6)


# Against differences of the value ----------------------------------------------------------------


def gradcheck(
    f: Callable[..., Value],
    *inputs: Any,
    tolerance: float = _TOLERANCE,
    method: Method = "automatic",
) -> None:
    """Check backward against central differences at some inputs.

    Floats are differenced with several steps by the fourth-order formula; exact numbers with a step
    of 10⁻²⁰ in exact arithmetic, as long as every result stays exact; mpmath's numbers with as
    many digits as it takes. At a kink every slope between those to the two sides is right.

    Args:
        f: takes a Value for each input and returns a Value.
        inputs: floats, exact numbers, text, or numbers of mpmath; or modules, which are handed to
            the function as they are, and whose parameters are checked.
        tolerance: allowed difference, relative to the gradient.
        method: of the differences: "floats", "exact" or "mpmath", whatever backward computes in;
            "automatic" goes by the inputs. Where floats cannot tell, as in the tail of tanh,
            mpmath can.

    Raises:
        GradientMismatch: when a derivative is wrong, or there is none; it lists backward's and the
            difference, or says why there is no slope.
        ValueError: when nothing is given that could be checked.
        DomainError: at an input so near a kink, or the end of the domain, that a step leaves it.

    >>> gradcheck(lambda a, b: (a * b).tanh(), 0.5, -1.25)
    >>> gradcheck(lambda a: a * a * a, "1/3")
    """
    if method not in ("automatic", "floats", "exact", "mpmath"):
        raise ValueError(f"method is automatic, floats, exact or mpmath; got {method!r}")
    arguments = [
        given if hasattr(given, "named_parameters") else Value(given, f"input {place}")
        for place, given in enumerate(inputs, 1)
    ]
    values = dict(_to_check(arguments))
    if not values:
        raise ValueError("gradcheck needs an input, or a module with parameters; got none")
    output = f(*arguments)
    if not isinstance(output, Value):
        got = f"{type(output).__name__} {output!r}"
        raise TypeError(f"gradcheck needs a function that returns a Value; got {got}")
    found = gradients(output, scalars.whole(1, output.data))
    is_kinked = scalars.is_number(output.data) and not is_smooth(output)
    sizes = gradients(output, scalars.whole(1, output.data), _pullback_of_sizes)
    scale = _scale(sizes)
    wrong = []
    for name, value in values.items():
        backward = found.get(value, 0)
        both = slopes(output, value) if is_kinked else Slopes(backward, backward)
        evaluated = partial(_evaluated, f, arguments, value)
        is_float = scalars.is_number(backward) and not scalars.is_exact(backward)
        rounding = 8 * _EPSILON * sizes.get(value, 0) if is_float else 0
        measured = _measured(evaluated, name, value, backward, scale, method)
        if both.outcome != "slopes":
            found_slope = f"none: {both.reason}"
            both = Slopes(backward, backward)
        elif not is_among(both.left, Slopes(both.right, both.right)):
            found_slope = f"kink: {both_ways(both.low)} to {both_ways(both.high)}"
        elif is_kinked and not is_among(backward, both):
            found_slope = f"{both_ways(both.left)}: at kinks, backward follows conventions"
        elif measured.is_settled:
            found_slope = both_ways(measured.slope)
        else:
            found_slope = "none: the differences do not settle"
        is_right = _agree(both, backward, measured, tolerance, rounding)
        if not (is_right and measured.is_settled):
            if both.left == both.right == backward:
                _refuse_kink(name, value, backward, measured)
            wrong.append((name, both_ways(backward), found_slope))
    if wrong:
        raise GradientMismatch(_table(wrong, len(values)))


def _to_check(arguments: Iterable[Any]) -> Iterator[tuple[str, Value]]:
    """What is differentiated by: the inputs, and the parameters of modules, by name."""
    for argument in arguments:
        if isinstance(argument, Value):
            yield argument.label, argument
        else:
            yield from argument.named_parameters().items()


def _pullback_of_sizes(node: Value) -> Pullback:
    return multiplying([abs(local) for local in node.local_derivatives()])


def _scale(sizes: Mapping[Value, Scalar]) -> float:
    """How much larger than an epsilon the rounding of the output is: Σ |value · ∂output/∂value|.

    1 − tanh(20) has the rounding of 1 − 1, though it is about 0.
    """
    terms = (abs(node.data) * size for node, size in sizes.items() if node.parents)
    scale = sum(map(scalars.to_float, terms))
    return scale if math.isfinite(scale) else 0.0


@dataclass(frozen=True)
class _Estimate:
    """A slope by the central formula.

    Attributes:
        slope: at the point.
        left: to its left.
        right: to its right.
        step: that was taken.
        noise: how far rounding may put it off.
        is_settled: whether smaller steps give about the same, as they do not at a jump.
    """

    slope: Scalar
    left: Scalar
    right: Scalar
    step: Scalar
    noise: Scalar
    is_settled: bool = True


def finite_difference(f: Callable[[Scalar], Scalar], at: Scalar) -> Scalar:
    """The derivative of a function of one number by the central formula of fourth order.

    f′(x) ≈ (8(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h (Abramowitz & Stegun 25.3.6)

    >>> finite_difference(lambda x: x * x, Fraction(3))
    Fraction(6, 1)
    """
    exact = _exact_estimate(f, at) if scalars.is_exact(at) else None
    return (exact or _float_estimate(f, scalars.to_float(at))).slope


def _measured(
    f: Callable[[Scalar], Scalar],
    name: str,
    value: Value,
    backward: Scalar,
    scale: float,
    method: Method,
) -> _Estimate:
    """The slope at an input.

    Raises:
        DomainError: where there is none.
    """
    at = value.data
    is_precise = scalars.kind_of(at).name == "mpmath number"
    found: _Estimate | None = None
    reason = "it is nan"
    try:
        if method == "mpmath" or (method == "automatic" and is_precise):
            found = _precise_estimate(f, at, backward, scale)
        elif method == "exact" or (method == "automatic" and scalars.is_exact(at)):
            found = _exact_estimate(f, Fraction(at))
            if method == "exact" and not found:
                raise DomainError("its values are not exact; try method='mpmath'")
        found = found or _float_estimate(f, scalars.to_float(at), scale)
        reason = f"it is {decimal(found.slope)}"
    except (DomainError, OverflowError) as error:
        reason = f"a step from there fails: {error}"
    if found and math.isfinite(scalars.to_float(found.slope)):
        return found
    raise DomainError(
        f"{name} = {decimal(at)} has no finite difference, {reason}; "
        "check at a point further inside the domain"
    )


def _exact_estimate(f: Callable[[Scalar], Scalar], at: Scalar) -> _Estimate | None:
    """The slope in exact arithmetic; None where that is left."""
    found = _estimate(f, at, Fraction(1, 10**20), 0)
    return found if scalars.is_exact(found.slope) else None


def _float_estimate(f: Callable[[Scalar], Scalar], at: float, scale: float = 0.0) -> _Estimate:
    """The slope in floats by the step at which the next smaller one changes it least."""
    if not math.isfinite(at):
        nan = math.nan
        return _Estimate(nan, nan, nan, nan, nan)

    def estimate(step: float) -> _Estimate:
        return _estimate(lambda x: scalars.to_float(f(x)), at, step, _EPSILON, scale)

    try:
        found = [estimate(_step(max(abs(at), 1e-3)))]
    except DomainError:  # a number close to the end of the domain, most often 0, has its own scale
        found = [estimate(_step(abs(at) or 1e-3))]
    for _ in range(_MOST_STEPS):
        found.append(estimate(found[-1].step / 8))
        if not found[-1].noise <= _NOISE * abs(found[-1].slope):
            break
    noisy = [
        replace(
            one,
            noise=one.noise + 2 * abs(one.slope - smaller.slope),
            is_settled=abs(one.slope - smaller.slope)
            <= _SETTLED * abs(one.slope) + 8 * (one.noise + smaller.noise),
        )
        for one, smaller in pairwise(found)
    ]
    return min(noisy, key=lambda one: one.noise)


_MOST_STEPS = 8
_SETTLED = 1e-5  # of a slope, by which the next smaller step may change it
_NOISE = 1e-5  # of a slope, relative, so that one that is 0.01 % off still shows


def _step(size: float) -> float:
    return 2.0 ** round(math.log2(size * 7e-4))


def _precise_estimate(
    f: Callable[[Scalar], Scalar], at: Scalar, backward: Scalar, scale: float
) -> _Estimate | None:
    """The slope in numbers of mpmath, of as many digits as it takes for twice as many to agree."""
    try:
        import mpmath
    except ImportError:
        raise ModuleNotFoundError("method='mpmath' needs pip install mpmath") from None
    digits = max(_DIGITS, mpmath.mp.dps)
    before = math.nan
    while True:
        with mpmath.workdps(digits):
            at = scalars.kind_of(mpmath.mpf(0)).convert(at)
            if not mpmath.isfinite(at):
                return None
            step = mpmath.mpf(10) ** (-digits // 5)
            try:
                size = max(abs(at), mpmath.mpf(1) / 1000)
                found = _estimate(f, at, step * size, mpmath.eps, scale)
            except DomainError:  # close to the end of the domain, as in floats
                found = _estimate(f, at, step * (abs(at) or 1), mpmath.eps, scale)
            is_steady = abs(found.slope - before) <= 1e-9 * abs(found.slope)
        is_lost = found.slope == 0 and backward != 0  # 1 − tanh(300) has no digit in common with 1
        if (is_steady and not is_lost) or digits > _MOST_DIGITS:
            return found
        before = found.slope
        digits *= 2


def _estimate(
    f: Callable[[Scalar], Scalar], at: Scalar, step: Scalar, epsilon: Scalar, scale: float = 0.0
) -> _Estimate:
    """The slope by one step.

    To the two sides it is (4f(x+h) − 3f(x) − f(x+2h)) / 2h.
    """
    middle, *ends = (f(at + k * step) for k in (0, 1, -1, 2, -2))
    right = (4 * ends[0] - 3 * middle - ends[2]) / (2 * step)
    left = -(4 * ends[1] - 3 * middle - ends[3]) / (2 * step)
    slope = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * step)
    noise = 4 * epsilon * max(scale, *map(abs, ends)) / step
    return _Estimate(slope, left, right, step, noise)


def _agree(
    bounds: Slopes,
    backward: Scalar,
    measured: _Estimate,
    tolerance: float,
    rounding: Scalar,
) -> bool:
    """Whether a gradient and a measured slope are among the values that are allowed."""

    def is_allowed(slope: Scalar, slack: Scalar) -> bool:
        low, slope, high = scalars.promoted([bounds.low, slope, bounds.high])
        return bool(low - slack <= slope <= high + slack)

    size = abs(scalars.to_float(backward))
    slack = tolerance * max(size, abs(measured.slope)) + measured.noise + rounding
    return is_allowed(backward, tolerance * size) and is_allowed(measured.slope, slack)


def _refuse_kink(name: str, value: Value, backward: Scalar, estimate: _Estimate) -> None:
    """Say that a kink is near where the slopes to the two sides differ, and no side is wrong.

    Raises:
        DomainError: there.
    """
    left, right, noise, slope = map(
        scalars.to_float, (estimate.left, estimate.right, estimate.noise, backward)
    )
    slack = 1e-3 * max(abs(left), abs(right)) + 8 * noise
    is_between = min(left, right) - slack <= slope <= max(left, right) + slack
    if abs(left - right) > 2 * slack and is_between:
        raise DomainError(
            f"{name} = {decimal(value.data)} is at a kink, or too near one: the slope is "
            f"{decimal(left, 4)} to the left and {decimal(right, 4)} to the right; "
            "check at a point further away"
        )


def _evaluated(
    f: Callable[..., Value], arguments: Iterable[Any], changed: Value, data: Scalar
) -> Scalar:
    """The value of a function where one number is another; a parameter is another meanwhile."""
    before = changed.data
    changed.data = data
    try:
        return f(*[Value(a.data) if isinstance(a, Value) else a for a in arguments]).data
    finally:
        changed.data = before


def _table(wrong: list[tuple[str, str, str]], count: int) -> str:
    rows = in_columns([("name", "backward", "finite difference"), *wrong])
    verb = "is" if len(wrong) == 1 else "are"
    head = f"{len(wrong)} of {count} gradients {verb} not the finite difference:"
    return "\n".join([head, *rows])
