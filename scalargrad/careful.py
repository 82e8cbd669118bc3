"""Forms of the table's formulas that keep their digits in double precision.

Each is mathematically the formula of the slide, written so that nothing cancels, and nothing
overflows or leaves a domain, on the branches of `where` that are not taken either (on lanes both
are computed). The tests hold values and derivatives to 4 ulp over the whole double range.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce

from scalargrad import scalars
from scalargrad.scalars import (
    Scalar,
    divide,
    equal,
    erfc,
    exp,
    expm1,
    log,
    log1p,
    power,
    quotient,
    sqrt,
    where,
    whole,
)

Operands = tuple[Scalar, ...]

_ONE_OVER_ROOT_TWO = 0.7071067811865476
_TWO_OVER_ROOT_PI = 1.1283791670955126
_ONE_OVER_ROOT_TWO_PI = 0.3989422804014327


def positive(a: Scalar) -> Scalar:
    """a where it is positive, else 0; nan stays nan."""
    return where(a <= 0, 0, a)


def negative(a: Scalar) -> Scalar:
    """a where it is negative, else 0; nan stays nan."""
    return where(a >= 0, 0, a)


def clipped(a: Scalar, bound: float) -> Scalar:
    """a moved into [-bound, bound]; nan stays nan."""
    return where(a > bound, bound, where(a < -bound, -bound, a))


def square(a: Scalar) -> Scalar:
    """a·a."""
    return a * a


# Sums and products -------------------------------------------------------------------------------


def quotient_derivatives(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """1/b and -(a/b)/b, scaled where a/b is too small to keep its digits."""
    scale = 1 if scalars.is_exact(y) else where(abs(y) < 1e-290, 2.0**200, 1)
    return quotient(1, b), -(quotient(quotient(a * scale, b), b) / scale)


def power_derivatives(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """b·aᵇ⁻¹ and aᵇ·log a.

    The first is (b·aᵇ)/a where aᵇ kept its digits; elsewhere the rounding of b - 1 is made good.
    The second multiplies by aᵇ in two halves, which do not underflow before the product does.
    """
    base = where(a > 0, a, 1)
    half = power(base, divide(b, 2))
    by_exponent = where(a > 0, half * log(base) * half, where(a < 0, math.nan, 0))
    if scalars.is_exact(y):
        return (b * power(a, b - 1) if b else 0), by_exponent
    less = b - 1
    lost = (b - less) - 1
    at_zero = equal(a, 0)
    by_power = b * power(where(at_zero, where(less < 0, 1, 0), a), less) * (1 + lost * log(base))
    by_power = where(at_zero, where(less < 0, math.inf, by_power), by_power)
    by_value = quotient(b * y, where(at_zero, 1, a))
    return where(equal(b, 0), 0, where(abs(y) < 1e-290, by_power, by_value)), by_exponent


def total(*a: Scalar) -> Scalar:
    """The sum, added from the left."""
    return reduce(operator.add, a)


def dot(b: Scalar, *pairs: Scalar) -> Scalar:
    """b + w₁x₁ + w₂x₂ + …, added from the left.

    Raises:
        TypeError: when an operand has no partner.
    """
    if len(pairs) % 2:
        raise TypeError(f"dot takes b, w1, x1, w2, x2, …; got {len(pairs)} operands after b")
    return sum(map(operator.mul, pairs[::2], pairs[1::2]), b)


def dot_derivatives(y: Scalar, b: Scalar, *pairs: Scalar) -> Operands:
    """1 for b; for each of a pair the other."""
    swapped = list(pairs)
    swapped[::2], swapped[1::2] = pairs[1::2], pairs[::2]
    return (1, *swapped)


# Largest and smallest ----------------------------------------------------------------------------


def maximum(*a: Scalar) -> Scalar:
    """The largest; nan if there is a nan."""
    return reduce(lambda best, b: _better(operator.gt, best, b), a)


def minimum(*a: Scalar) -> Scalar:
    """The smallest; nan if there is a nan."""
    return reduce(lambda best, b: _better(operator.lt, best, b), a)


def _better(beats: Callable[[Scalar, Scalar], bool], a: Scalar, b: Scalar) -> Scalar:
    # Where neither beats the other they are equal, or one is nan. The sum is nan then, and is
    # formed of zeros elsewhere, so that two infinities or a huge pair raise no false alarm.
    unordered = where(equal(a, a), 0, a) + where(equal(b, b), 0, b)
    return where(beats(b, a), b, where(beats(a, b), a, where(equal(a, b), a, unordered)))


def shares(y: Scalar, *a: Scalar) -> Operands:
    """1 for the operand that is the extreme, split evenly among ties."""
    wins = [where(equal(b, y), whole(1, y), whole(0, y)) for b in a]
    winners = total(*wins)
    return tuple(divide(win, where(equal(winners, 0), 1, winners)) for win in wins)


def log_sum_exp(*a: Scalar) -> Scalar:
    """The largest plus the logarithm of the sum of the weights relative to it."""
    largest = maximum(*a)
    summed = total(*_weights(largest, a))
    return scalars.log_sum_exp(a, largest + log(where(summed >= 1, summed, 1)))


def softmax(y: Scalar, *a: Scalar) -> Operands:
    """The weights relative to the largest, over their sum."""
    weights = _weights(maximum(*a), a)
    summed = total(*weights)
    return tuple(weight / summed for weight in weights)


def _weights(largest: Scalar, a: Operands) -> list[Scalar]:
    """exp(aᵢ - largest); the rounding of the difference is made good to first order."""
    finite = abs(largest) < math.inf
    top = where(finite, largest, 0)
    weights = []
    for b in a:
        b = where(equal(b, largest), top, where(finite, where(b < -1e300, -1e300, b), -1e300))
        less = b - top
        back = less - b
        lost = (b - (less - back)) - (top + back)
        weights.append(exp(less) * (1 + lost))
    return weights


# The logistic function and its kin ---------------------------------------------------------------


def sigmoid(a: Scalar) -> Scalar:
    """1/(1 + e⁻ᵃ), as eᵃ/(1 + eᵃ) below zero."""
    e = exp(-abs(a))
    return where(a < 0, e, 1) / (1 + e)


def softplus(a: Scalar) -> Scalar:
    """log(1 + eᵃ)."""
    return positive(a) + log1p(exp(-abs(a)))


def silu(a: Scalar) -> Scalar:
    """a·σ(a); below zero as a product with eᵃ in two halves, which are not subnormal too early."""
    b = where(a < -1500, -1500, a)
    half = exp(-abs(b) / 2)
    scale = where(b < 0, half, 1)
    return b * scale * scale / (1 + half * half)


_SILU_ROOT, _SILU_ROOT_REST = -1.2784645427610737, -1.0946994183093437e-16
_E_TO_SILU_ROOT = 0.2784645427610738


def silu_derivative(a: Scalar) -> Scalar:
    """σ(a)(1 + aσ(-a)); below 0 as σ(a)σ(-a)(1 + a + eᵃ), whose bracket has a root at r.

    With 1 + r + eʳ = 0 the bracket is (a - r) + eʳ(eᵃ⁻ʳ - 1), a sum in which nothing cancels.
    """
    b = clipped(a, 1500)
    half = exp(-abs(b) / 2)
    e = half * half
    distance = (negative(b) - _SILU_ROOT) - _SILU_ROOT_REST
    bracket = distance + _E_TO_SILU_ROOT * expm1(distance)
    return where(b < 0, half * bracket * half, 1 + e + positive(b) * e) / square(1 + e)


# The normal distribution and its kin -------------------------------------------------------------

# Adding and taking away this rounds numbers up to 40 to multiples of 2⁻¹⁰, whose squares are exact.
_TO_GRID = 3 * 2.0**41
_E_TO_MINUS_64 = 1.603810890548638e-28


def _gaussian(a: Scalar, k: float, factor: Scalar) -> Scalar:
    """factor·exp(-k·a²) for k = 1 or 1/2.

    Rounding a² would cost hundreds of ulps in the tail, so a² is split into the exact square of a
    multiple of 2⁻¹⁰ and a rest. e⁶⁴ keeps subnormal numbers out until the last multiplication.
    """
    a = clipped(a, 40)
    grid = (a + _TO_GRID) - _TO_GRID
    rest = (a - grid) * (a + grid)
    return exp(64 - k * (grid * grid)) * exp(-k * rest) * factor * _E_TO_MINUS_64


def erf_derivative(a: Scalar) -> Scalar:
    """2/√π·exp(-a²)."""
    return _gaussian(a, 1, _TWO_OVER_ROOT_PI)


# 1/√2 as a sum whose first term has 30 bits: its product with a multiple of 2⁻¹⁰ is exact.
_ROOT_HALF_HIGH, _ROOT_HALF_LOW = 0.7071067811921239, -5.576365522251341e-12


def _lower_tail(a: Scalar) -> Scalar:
    """Φ(a), the normal distribution function, for -37 ≤ a ≤ 0.

    It is erfc(x)/2 at x = -a/√2. What rounding takes from x is made good to first order: the
    logarithmic slope of erfc lies between x + √(x² + 4/π) and x + √(x² + 2) (Abramowitz & Stegun
    7.1.13).
    """
    x = -a * _ONE_OVER_ROOT_TWO
    grid = (a + _TO_GRID) - _TO_GRID
    lost = -((grid * _ROOT_HALF_HIGH + x) + grid * _ROOT_HALF_LOW + (a - grid) * _ONE_OVER_ROOT_TWO)
    return erfc(x) * (1 - lost * (x + sqrt(x * x + 4 / math.pi))) / 2


def _mills_series(a: Scalar) -> Scalar:
    """|a|·Φ(a)/φ(a) for a ≤ -37: 1 - 1/a² + 3/a⁴ - 15/a⁶ + … (Abramowitz & Stegun 26.2.12)."""
    u = 1 / (a * a)
    return 1 - u * (1 - u * (3 - u * (15 - u * (105 - u * (945 - u * 10395)))))


def gelu(a: Scalar) -> Scalar:
    """a·Φ(a)."""
    far = where(a < -37, where(a < -50, -50, a), -37)
    near = where(a < -37, -37, negative(a))
    tail = -_gaussian(far, 0.5, _mills_series(far) * _ONE_OVER_ROOT_TWO_PI)
    upper = positive(a) * (erfc(-clipped(positive(a), 40) * _ONE_OVER_ROOT_TWO) / 2)
    return where(a < -37, tail, where(a < 0, near * _lower_tail(near), upper))


def gelu_derivative(a: Scalar) -> Scalar:
    """Φ(a) + a·φ(a); about its root as (a - root) times a polynomial, so that nothing cancels."""
    b = clipped(a, 50)
    high, low = positive(b), where(b < -37, -37, negative(b))
    far = where(b < -37, b, -37)
    upper = erfc(-high * _ONE_OVER_ROOT_TWO) / 2 + _times_density(high, high)
    lower = _lower_tail(low) + _times_density(low, low)
    tail = _times_density(far, far - _mills_series(far) / far)
    distance = (b - _GELU_ROOT) - _GELU_ROOT_REST
    middle = distance * _horner(_GELU_POLYNOMIAL, clipped(b + 1.375, 1.125))
    left = where(b < -37, tail, where(b < -2.5, lower, middle))
    return where(b < -0.25, left, where(b < 0, lower, upper))


def _times_density(a: Scalar, factor: Scalar) -> Scalar:
    """factor·φ(a), the normal density."""
    return _gaussian(a, 0.5, factor * _ONE_OVER_ROOT_TWO_PI)


def _horner(coefficients: Sequence[float], t: Scalar) -> Scalar:
    return reduce(lambda value, coefficient: value * t + coefficient, coefficients)


# Φ(a) + aφ(a) = (a - root)·p(a + 1.375) for -2.5 ≤ a ≤ -0.25: the Chebyshev interpolant of degree
# 24 of the left side over a - root, computed with mpmath in 60 digits; relative error below 1e-17.
_GELU_ROOT, _GELU_ROOT_REST = -0.7517915246935645, 1.4956759177009883e-17
_GELU_POLYNOMIAL = (
    8.452010903227827e-14,
    -1.986138782139019e-13,
    -2.9334118145991994e-12,
    2.900444809483697e-12,
    7.079813367010379e-11,
    2.724558379651461e-11,
    -1.390691148455782e-09,
    -2.3863383278887076e-09,
    2.1980738364182675e-08,
    7.052525992273082e-08,
    -2.594412013053212e-07,
    -1.4177537751727222e-06,
    1.7586901693232075e-06,
    2.1027385402484646e-05,
    6.955087009763508e-06,
    -0.00022576001343005138,
    -0.00037574189382982897,
    0.0015724681358857213,
    0.00522715123532844,
    -0.0043035021505936025,
    -0.038836571740131026,
    -0.031108969544180846,
    0.12683859291685765,
    0.303844946849351,
    0.20631321259004978,
)


def atan_derivative(a: Scalar) -> Scalar:
    """1/(1 + a²), or 1/a² where a² would overflow."""
    huge = abs(a) > 1e100
    return where(huge, square(1 / where(huge, a, 1)), 1 / (1 + square(where(huge, 1, a))))
