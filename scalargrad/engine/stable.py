"""Forms of the table's formulas that keep their digits in double precision.

Each is mathematically the formula of the slide, written so that nothing cancels, and nothing
overflows or leaves a domain, on the branches of `where` that are not taken either (on lanes both
are computed). The tests hold values and derivatives to 4 ulp over the whole double range.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import accumulate
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.scalars import (
    Scalar,
    divide,
    equal,
    erf,
    exp,
    expm1,
    log1p,
    power,
    quotient,
    sqrt,
    where,
    whole,
)

Operands = tuple[Scalar, ...]
Condition = Callable[[Scalar, Scalar], Any]

_ONE_OVER_ROOT_TWO = 0.7071067811865476
_TWO_OVER_ROOT_PI = 1.1283791670955126
_ONE_OVER_ROOT_TWO_PI = 0.3989422804014327
_E_TO_MINUS_64 = 1.603810890548638e-28

# Adding and taking away these rounds to whole numbers, and numbers up to 40 to multiples of 2⁻¹⁰,
# whose squares are exact.
_TO_WHOLE = 3 * 2.0**51
_TO_GRID = 3 * 2.0**41


def positive(a: Scalar) -> Scalar:
    """a where it is positive, else 0; nan stays nan."""
    if a.__class__ is float:
        return a if a > 0 or a != a else 0.0
    return where(a <= 0, 0, a)


def held(condition: Any) -> Scalar:
    """1 where it holds, else 0."""
    return 1 if condition is True else 0 if condition is False else where(condition, 1, 0)


def negative(a: Scalar) -> Scalar:
    """a where it is negative, else 0; nan stays nan."""
    return where(a > 0, 0, a)


def clipped(a: Scalar, bound: float) -> Scalar:
    """a moved into [-bound, bound]; nan stays nan."""
    return where(a > bound, bound, where(a < -bound, -bound, a))


def square(a: Scalar) -> Scalar:
    """a·a."""
    return a * a


def _distance_below(a: Scalar) -> Scalar:
    """-|a|, whose derivative at 0 is that from above and not 0.

    A formula in it that holds for a ≥ 0 then has the right derivatives of every order at 0 too.
    """
    return where(a < 0, a, -a)


# Sums and products -------------------------------------------------------------------------------


def quotient_derivatives(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """1/b and -(a/b)/b, scaled where a/b is too small to keep its digits and a can be scaled."""
    small = 1 if scalars.is_exact(y) else where(abs(y) < 1e-290, 2.0**200, 1)
    scale = where(abs(a) < 1, small, 1)
    return quotient(1, b), -(quotient(quotient(a * scale, b), b) / scale)


def power_derivatives(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """b·aᵇ⁻¹ and aᵇ·log a.

    The first is (b·aᵇ)/a where aᵇ kept its digits; elsewhere it is multiplied in two halves, the
    second of them last, and the rounding of b - 1 is made good.
    """
    is_node = hasattr(y, "pullback")  # of the second order; it stays exact too
    if scalars.is_exact(y.data if is_node else y):
        near = y if is_node else scalars.to_float(y)
        by_log = near * scalars.log(a) if a > 0 else math.nan if a < 0 else 0
        return (b * power(a, b - 1) if b else 0), by_log
    (a, _), (b, _) = scalars.paired(a, y), scalars.paired(b, y)  # exact numbers beyond floats too
    base = where(a > 0, a, 1)
    half = power(base, divide(b, 2))
    by_exponent = where(a > 0, half * scalars.log(base) * half, where(a < 0, math.nan, 0))
    less = b - 1
    lost = (b - less) - 1
    at_zero = equal(a, 0)
    kept = where(abs(y) < 1e-290, 0, where(abs(y) > 1e290, 0, 1))
    root = where(kept, 1, where(at_zero, where(less < 0, 1, a), a))
    # Where b - 1 was rounded, b is even or not whole: b - 1 is odd where a may be negative.
    sign = where(equal(lost, 0), 1, where(a < 0, -1, 1))
    part = (less / 2 + _TO_WHOLE) - _TO_WHOLE  # whole, so that a may be negative
    made_good = 1 + where(equal(lost, 0), 0, lost * scalars.log(base))
    by_power = sign * b * power(root, part) * made_good * power(root, less - part)
    by_power = where(at_zero, where(less < 0, math.inf, by_power), by_power)
    by_value = quotient(b * y, where(at_zero, 1, a))
    return where(equal(b, 0), 0, where(kept, by_value, by_power)), by_exponent


def power_formulas(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """b·aᵇ⁻¹ and aᵇ·log a, as the slide writes them, and at the edges their limits.

    Symbols compare as neither True nor False, and have no edges.
    """
    if (b == 0) is True:
        by_power: Scalar = 0
    elif (a == 0) is True and (b < 1) is True:
        by_power = math.inf
    else:
        by_power = b * a ** (b - 1)
    if (a == 0) is True or (a < 0) is True:
        return by_power, 0 if (a == 0) is True else math.nan
    return by_power, a**b * scalars.log(a)


def within(y: Scalar, slope: Scalar) -> Scalar:
    """The slope, and nan where y is nan: outside a domain there is none."""
    return where(equal(y, y), slope, math.nan)


def total(*a: Scalar) -> Scalar:
    """The sum, added from the left."""
    return reduce(scalars.plus if scalars.is_exact(a[0]) else operator.add, a)


def dot(b: Scalar, *pairs: Scalar) -> Scalar:
    """b + w₁x₁ + w₂x₂ + …, added from the left.

    Raises:
        TypeError: when an operand has no partner.
    """
    if len(pairs) % 2:
        raise TypeError("dot takes b, w1, x1, w2, x2, …; got an operand without partner")
    if scalars.is_exact(b):
        return reduce(scalars.plus, map(scalars.times, pairs[::2], pairs[1::2]), b)
    return dot_of_rows(b, pairs[::2], pairs[1::2])


def dot_of_rows(b: Scalar | None, ws: Sequence[Scalar], xs: Sequence[Scalar]) -> Scalar:
    """The same of a row of weights and a row of inputs; of None and these the sum of products."""
    own = DOTS.get(ws[0].__class__)
    if own:
        return own(b, ws, xs)
    products = map(operator.mul, ws, xs)
    return _added(products, next(products) if b is None else b)


def _one_by_one(products: Iterator[Scalar], start: Scalar) -> Scalar:
    return reduce(operator.add, products, start)


# A loop in C, which from Python 3.12 on rounds otherwise.
_added: Callable[[Iterator[Scalar], Scalar], Scalar]
_added = sum if sys.version_info < (3, 12) else _one_by_one


# Kinds of scalars that take a sum of products as one operation.
DOTS: dict[type, Callable[[Scalar | None, Sequence[Scalar], Sequence[Scalar]], Scalar]] = {}


def dot_derivatives(y: Scalar, b: Scalar, *pairs: Scalar) -> Operands:
    """1 for b; for each of a pair the other."""
    swapped = list(pairs)
    swapped[::2], swapped[1::2] = pairs[1::2], pairs[::2]
    return (1, *swapped)


def product(*a: Scalar) -> Scalar:
    """The product, multiplied from the left."""
    return reduce(scalars.times if scalars.is_exact(a[0]) else operator.mul, a)


def products_of_others(a: Operands) -> Operands:
    """For each operand the product of the others: those before it times those after it."""
    before = list(accumulate(a[:-1], scalars.times, initial=1))
    after = list(accumulate(reversed(a[1:]), scalars.times, initial=1))
    return tuple(map(scalars.times, before, reversed(after)))


def _norm_and_scale(a: Operands) -> tuple[Scalar, Scalar]:
    """The norm times a power of two, and that power, which keeps the squares within range."""
    largest = maximum(*map(operator.abs, a))
    if scalars.is_exact(largest):
        return sqrt(total(*map(square, a))), 1
    scale = where(largest > 1e150, 2.0**-600, where(largest < 1e-150, 2.0**600, 1.0))
    return sqrt(total(*[square(b * scale) for b in a])), scale


def norm(*a: Scalar) -> Scalar:
    """The root of the sum of the squares."""
    scaled, scale = _norm_and_scale(a)
    return scaled / scale


def norm_derivatives(y: Scalar, *a: Scalar) -> Operands:
    """Each operand over the norm; 0 where that is 0."""
    scaled, scale = _norm_and_scale(a)
    divisor = where(equal(scaled, 0), 1, scaled)
    up, down = where(scale > 1, scale, 1), where(scale < 1, scale, 1)
    return tuple(divide(b * up, divisor) * down for b in a)


# Largest and smallest ----------------------------------------------------------------------------


def maximum(*a: Scalar) -> Scalar:
    """The largest; nan if there is a nan."""
    return reduce(lambda best, b: _better(operator.gt, best, b), a)


def minimum(*a: Scalar) -> Scalar:
    """The smallest; nan if there is a nan."""
    return reduce(lambda best, b: _better(operator.lt, best, b), a)


def _better(beats: Condition, a: Scalar, b: Scalar) -> Scalar:
    # Where neither beats the other they are equal, or one is nan. The sum is nan then, and is
    # formed of zeros elsewhere, so that two infinities or a huge pair raise no false alarm.
    unordered = where(equal(a, a), 0, a) + where(equal(b, b), 0, b)
    return where(beats(b, a), b, where(beats(a, b), a, where(equal(a, b), a, unordered)))


def shares(y: Scalar, *a: Scalar) -> Operands:
    """1 for the operand that is the extreme, split evenly among ties."""
    wins = [where(equal(b, y), whole(1, y), whole(0, y)) for b in a]
    winners = total(*wins)
    return tuple(divide(win, where(equal(winners, 0), 1, winners)) for win in wins)


def softmax_as_written(*a: Scalar) -> Operands:
    """exp(aᵢ) over the sum of all exp(aⱼ)."""
    weights = [scalars.exp(b) for b in a]
    summed = total(*weights)
    return tuple(divide(weight, summed) for weight in weights)


def shares_as_written(beats: Condition, y: Scalar, *a: Scalar) -> Operands:
    """The shares in the notation of a kind that has its own, as 1[a > b]."""
    own = scalars.highest_kind(a).functions.get("shares")
    return own(beats, *a) if own else shares(y, *a)


def log_sum_exp(*a: Scalar) -> Scalar:
    """The largest plus log(1 + r), where r is what the others weigh relative to it."""
    largest = maximum(*a)
    is_largest = [equal(b, largest) for b in a]
    ties = total(*[where(first, 1, 0) for first in is_largest]) - 1
    others = total(*map(where, is_largest, [0] * len(a), _weights(largest, a)))
    others = ties + others
    return scalars.log_sum_exp(a, largest + log1p(where(others > 0, others, 0)))


def softmax(y: Scalar, *a: Scalar) -> Operands:
    """The weights relative to the largest, over their sum."""
    weights = _weights(maximum(*a), a)
    summed = total(*weights)
    return tuple(quotient(weight, summed) for weight in weights)


def share_derivatives(*a: Scalar) -> Operands:
    """Of the first weight over their sum, p: p(1 - p), with 1 - p as the sum of the others."""
    first, *others = softmax(None, *a)
    rest = total(*others) if others else 0 * first
    return (first * rest, *(-first * other for other in others))


def _weights(largest: Scalar, a: Operands) -> list[Scalar]:
    """exp(aᵢ - largest); the rounding of the difference is made good to first order."""
    finite = abs(largest) < math.inf
    top = where(finite, largest, 0)
    weights = []
    for b in a:
        b = where(finite, b, where(equal(b, largest), 0, -1e300))
        is_far = b / 2 - top / 2 < -1e300  # where the difference itself may overflow
        b = where(is_far, top, b)
        less = b - top
        back = less - b
        lost = (b - (less - back)) - (top + back)
        weights.append(where(is_far, 0, exp(less) * (1 + lost)))
    return weights


# Steps and edges ---------------------------------------------------------------------------------


def sign(a: Scalar) -> Scalar:
    """1 above 0, -1 below it; 0 and nan as they are."""
    return where(a > 0, 1, where(a < 0, -1, a))


def step(a: Scalar, at_zero: Scalar) -> Scalar:
    """1 above 0, 0 below it, at_zero between; nan stays nan."""
    return where(a > 0, 1, where(a < 0, 0, where(equal(a, 0), at_zero, a)))


def clip(a: Scalar, low: Scalar, high: Scalar) -> Scalar:
    """The smaller of high and the larger of a and low; nan stays nan."""
    risen = where(a < low, low, a)
    return where(risen > high, high, risen)


def clip_derivatives(y: Scalar, a: Scalar, low: Scalar, high: Scalar) -> Operands:
    """1 for the operand that is the result; at an edge for a, where the edges meet for high."""
    return _by_ends(where(a < low, 1, 0), where(a > high, 1, 0), low, high)


def hardtanh_derivatives(y: Scalar, a: Scalar, low: Scalar, high: Scalar) -> Operands:
    """1 for the operand that is the result; at an edge for the edge."""
    return _by_ends(where(a > low, 0, 1), where(a < high, 0, 1), low, high)


def _by_ends(is_low: Scalar, is_high: Scalar, low: Scalar, high: Scalar) -> Operands:
    is_high = where(low < high, is_high, 1)
    return (1 - is_low) * (1 - is_high), is_low * (1 - is_high), is_high


def clips_at_edge(a: Scalar, low: Scalar, high: Scalar) -> bool:
    """Whether two operands could be the result."""
    risen = max(a, low)
    return bool(risen == high or (a == low and risen < high))


def clip_slope(directions: Operands, a: Scalar, low: Scalar, high: Scalar) -> Scalar:
    """The slope along a direction, where operands are tied the largest or the smallest."""
    by_a, by_low, by_high = directions
    risen = where(a > low, by_a, by_low) if a != low else maximum(by_a, by_low)
    return minimum(risen, by_high) if max(a, low) == high else risen


# Logarithms and inverse functions ----------------------------------------------------------------


def log(a: Scalar, base: Scalar | None = None) -> Scalar:
    """The natural logarithm, or that to a base."""
    if base is None:
        return scalars.log(a)
    exponent = scalars.exact_logarithm(a, base)
    return quotient_of_logs(a, base) if exponent is None else exponent


def quotient_of_logs(a: Scalar, base: Scalar) -> Scalar:
    """log a / log base."""
    return scalars.log(a) / scalars.log(base)


def log_derivatives(y: Scalar, a: Scalar, base: Scalar | None = None) -> Operands:
    """1/a, over log base where there is one, and -log a/(base·log² base)."""
    if base is None:
        return (within(y, quotient(1, a)),)
    by_a = quotient(1 / scalars.log(base), a)
    return within(y, by_a), -(y / scalars.log(base)) / base


def asin_derivative(a: Scalar) -> Scalar:
    """1/√(1 - a²)."""
    return quotient(1, sqrt((1 - a) * (1 + a)))


def asinh_derivative(a: Scalar) -> Scalar:
    """1/√(1 + a²), or 1/|a| where a² would overflow."""
    huge = abs(a) > 1e100
    return 1 / where(huge, abs(a), sqrt(1 + square(where(huge, 1, a))))


def acosh_derivative(a: Scalar) -> Scalar:
    """1/√(a² - 1), whose square would overflow."""
    return quotient(1, sqrt(a - 1) * sqrt(a + 1))


# The logistic function and its kin ---------------------------------------------------------------


def _exp_in_two(a: Scalar) -> tuple[Scalar, Scalar]:
    """Two factors of eᵃ for a ≤ 0: the first is never subnormal before the second is small too.

    What is large goes between them; the second comes last. Adding 64 below -600 rounds nothing.
    """
    low = a < -600
    return exp(where(low, a + 64, a)), where(low, _E_TO_MINUS_64, 1)


def sigmoid(a: Scalar) -> Scalar:
    """1/(1 + e⁻ᵃ), as eᵃ/(1 + eᵃ) below zero."""
    e = exp(_distance_below(a))
    return where(a < 0, e, 1) / (1 + e)


def sigmoid_derivative(a: Scalar) -> Scalar:
    """σ(a)σ(-a), as e/(1 + e)² with e = exp(-|a|)."""
    e = exp(_distance_below(a))
    return e / (1 + e * (2 + e))


def tanh_derivative(a: Scalar) -> Scalar:
    """1/cosh²(a), as 4e/(1 + e)² with e = exp(-2|a|)."""
    e, rest = _exp_in_two(2 * _distance_below(clipped(a, 500)))
    return 4 * e / (1 + e * (2 + e)) * rest


def softplus(a: Scalar) -> Scalar:
    """log(1 + eᵃ)."""
    return positive(a) + log1p(exp(_distance_below(a)))


def silu(a: Scalar) -> Scalar:
    """a·σ(a), as a·eᵃ/(1 + eᵃ) below zero."""
    b = where(a < -1000, -1000, a)
    e, rest = _exp_in_two(_distance_below(b))
    return where(b < 0, b * e / (1 + e) * rest, b / (1 + e))


_SILU_ROOT, _SILU_ROOT_REST = -1.2784645427610737, -1.0946994183093437e-16
_E_TO_SILU_ROOT = 0.2784645427610738


def silu_derivative(a: Scalar) -> Scalar:
    """σ(a)(1 + aσ(-a)), as σ(a)σ(-a)(1 + a + eᵃ) below zero; the bracket has a root at r.

    About r, where 1 + r + eʳ = 0, the bracket is (a - r) + eʳ(eᵃ⁻ʳ - 1): nothing cancels.
    """
    b = clipped(a, 1000)
    e, rest = _exp_in_two(_distance_below(b))
    distance = (clipped(b, 3) - _SILU_ROOT) - _SILU_ROOT_REST
    by_root = distance + _E_TO_SILU_ROOT * expm1(distance)
    bracket = where(abs(distance) < 0.6, by_root, (1 + b) + e)
    tail = e * rest
    divisor = 1 + tail * (2 + tail)
    return where(b < 0, e * bracket * rest / divisor, 1 + tail * ((b - 1) - tail) / divisor)


_MISH_ROOT, _MISH_ROOT_REST = -1.1924312145154952, -4.8484829848031044e-17
_E_TO_MISH_ROOT = 0.3034825352815289


def mish(a: Scalar) -> Scalar:
    """a·tanh(log(1 + eᵃ)), where the tanh is e(2 + e)/(e(2 + e) + 2) with e = eᵃ."""
    b = where(a < -1000, -1000, a)
    e, rest = _exp_in_two(_distance_below(b))
    return where(
        b < 0,
        b * (e * (2 + e) / (2 + e * (2 + e))) * rest,
        b * ((1 + 2 * e) / (1 + e * (2 + 2 * e))),
    )


def mish_derivative(a: Scalar) -> Scalar:
    """eᵃω/δ² with ω = 4(a + 1) + e(4a + 6) + 4e² + e³ and δ = 2 + e(2 + e), where e = eᵃ.

    Above 0 it is 1 + e²(4a - 2 + e(4a - 4 - 4e))/(1 + 2e + 2e²)², where e = e⁻ᵃ.

    About the root r of ω nothing cancels in its difference from ω(r), with m = eᵃ⁻ʳ - 1.
    """
    b = clipped(a, 1000)
    e, rest = _exp_in_two(_distance_below(b))
    d = (clipped(b, 3) - _MISH_ROOT) - _MISH_ROOT_REST
    m, r, s = expm1(d), _MISH_ROOT, _E_TO_MISH_ROOT
    by_root = (
        4 * d
        + s * (4 * d * (1 + m) + m * (4 * r + 6))
        + 4 * s**2 * m * (2 + m)
        + s**3 * m * (3 + m * (3 + m))
    )
    below = 4 * (b + 1) + e * (4 * b + 6 + e * (4 + e))
    omega = where(abs(d) < 0.6, by_root, below)
    above = square(e) * ((4 * b - 2) + e * ((4 * b - 4) - 4 * e))
    return where(
        b < 0,
        e * omega * rest / square(2 + e * (2 + e)),
        1 + above / square(1 + e * (2 + 2 * e)),
    )


# The normal distribution and its kin -------------------------------------------------------------


def _gaussian(a: Scalar, k: float, factor: Scalar) -> Scalar:
    """factor·exp(-k·a²) for k = 1 or 1/2 and |a| ≤ 40.

    Rounding a² would cost hundreds of ulps in the tail, so a² is split into the exact square of a
    multiple of 2⁻¹⁰ and a rest.
    """
    grid = (a + _TO_GRID) - _TO_GRID
    e, rest = _exp_in_two(-k * (grid * grid))
    near = e * factor
    return (near + near * expm1(-k * ((a - grid) * (a + grid)))) * rest


def erf_derivative(a: Scalar) -> Scalar:
    """2/√π·exp(-a²)."""
    return _gaussian(clipped(a, 40), 1, _TWO_OVER_ROOT_PI)


def gelu(a: Scalar) -> Scalar:
    """a·Φ(a), where Φ is the normal distribution function."""
    low, high = _below_and_above(a)
    tail = _horner(_TAIL, _mapped(low)) / (1 - low)
    return where(a < 0, _gaussian(low, 0.5, low * tail), where(a < 0, 1, a) * _upper(high))


def gelu_derivative(a: Scalar) -> Scalar:
    """Φ(a) + a·φ(a), where φ is the density; below zero (a - r)·exp(-a²/2)·q(a) with its root r."""
    low, high = _below_and_above(a)
    distance = (low - _GELU_ROOT) - _GELU_ROOT_REST
    lower = _gaussian(low, 0.5, distance * _horner(_GELU_SLOPE, _mapped(low)))
    return where(a < 0, lower, _upper(high) + _gaussian(high, 0.5, high * _ONE_OVER_ROOT_TWO_PI))


def _below_and_above(a: Scalar) -> tuple[Scalar, Scalar]:
    """The negative part of a and the positive; past 40 nothing changes in double precision."""
    b = clipped(a, 40)
    return where(b < 0, b, 0), where(b < 0, 0, b)


def _upper(a: Scalar) -> Scalar:
    """Φ(a) for a ≥ 0."""
    return (1 + erf(a * _ONE_OVER_ROOT_TWO)) / 2


def _mapped(a: Scalar) -> Scalar:
    """The variable t of the polynomials, which maps the half line a ≤ 0 to [-1, 1)."""
    return (-4 - a) / (4 - a)


def _horner(coefficients: Sequence[float], t: Scalar) -> Scalar:
    return reduce(lambda value, coefficient: value * t + coefficient, coefficients)


# Polynomials in t = (-4 - a)/(4 - a) for -40 ≤ a ≤ 0, after M. M. Shepherd and J. G. Laframboise,
# Mathematics of Computation 36 (1981) 249: Chebyshev interpolants computed with mpmath in 60
# digits. Against libm's erfc, which is off by 3 ulps, they keep their digits to 1 ulp.

# (1 - a)·Φ(a)·exp(a²/2)
_TAIL = (
    -8.021393100262695e-10, -1.576226490491662e-09, 6.268135725359487e-09, 1.776183188385037e-08,
    -1.9907797909474972e-08, -1.1116003136701888e-07, 1.42485002339593e-09, 5.521195332242644e-07,
    4.0453496074040365e-07, -2.6129632472369104e-06, -3.4322292663927294e-06,
    1.3626886779207572e-05, 2.1250059867512045e-05, -8.785318732035834e-05,
    -9.443025611294547e-05, 0.0006948971050647634, -0.0002856230976918773, -0.005002378591084706,
    0.017936097479653624, -0.032197837428084124, 0.028600364053551482, 0.013999634724425385,
    -0.09670347732652582, 0.47205320650984467,
)  # fmt: skip
_GELU_ROOT, _GELU_ROOT_REST = -0.7517915246935645, 1.4956759177009883e-17
# (Φ(a) + aφ(a))·exp(a²/2)/(a - root)
_GELU_SLOPE = (
    3.911453363846862e-10, 1.213334359373522e-09, -1.6636407417047213e-09,
    -1.0723708215048804e-08, -7.02574310052396e-10, 6.280417786488404e-08, 5.230646952793997e-08,
    -3.491719601883832e-07, -4.921166558668407e-07, 2.216688712916201e-06, 3.538885449014413e-06,
    -1.8034932222667726e-05, -1.7477211907540854e-05, 0.00018577577425585374,
    -0.00015461331303805558, -0.0017882605412418285, 0.009504950375105028, -0.02808335995304672,
    0.060462936767850986, -0.10336589852195696, 0.4622112440495753,
)  # fmt: skip


def atan_derivative(a: Scalar) -> Scalar:
    """1/(1 + a²), or 1/a² where a² would overflow."""
    huge = abs(a) > 1e100
    return where(huge, square(1 / where(huge, a, 1)), 1 / (1 + square(where(huge, 1, a))))
