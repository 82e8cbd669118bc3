"""Functions of floats by the rules of IEEE arithmetic: nothing is raised, nan and inf are given.

Generated Python programs call these; a program that is saved to a file takes along those it uses.
"""

import math
from decimal import Context, Decimal, localcontext
from math import asinh, atan, erf, erfc, tanh

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "erfc", "exp", "expm1",
    "log", "log1p", "log2", "log10", "log_sum_exp", "power", "quotient", "sin", "sinh", "sqrt",
    "tan", "tanh",
]  # fmt: skip


def quotient(a: float, b: float) -> float:
    """a / b, where b may be zero."""
    if b:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def exp(a: float) -> float:
    """e to the power a."""
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def expm1(a: float) -> float:
    """e to the power a, less 1."""
    try:
        return math.expm1(a)
    except OverflowError:
        return math.inf


def log(a: float) -> float:
    """Natural logarithm."""
    return math.log(a) if a > 0 else -math.inf if a == 0 else math.nan


def log2(a: float) -> float:
    """Logarithm to base 2."""
    return math.log2(a) if a > 0 else -math.inf if a == 0 else math.nan


def log10(a: float) -> float:
    """Logarithm to base 10."""
    return math.log10(a) if a > 0 else -math.inf if a == 0 else math.nan


def asin(a: float) -> float:
    """Angle whose sine is a."""
    return math.asin(a) if -1 <= a <= 1 else math.nan


def acos(a: float) -> float:
    """Angle whose cosine is a."""
    return math.acos(a) if -1 <= a <= 1 else math.nan


def acosh(a: float) -> float:
    """Number whose hyperbolic cosine is a."""
    return math.acosh(a) if a >= 1 else math.nan


def atanh(a: float) -> float:
    """Number whose hyperbolic tangent is a."""
    if -1 < a < 1:
        return math.atanh(a)
    return math.copysign(math.inf, a) if a in (1, -1) else math.nan


def log1p(a: float) -> float:
    """Natural logarithm of 1 + a."""
    return math.log1p(a) if a > -1 else -math.inf if a == -1 else math.nan


def sqrt(a: float) -> float:
    """Square root."""
    return math.sqrt(a) if a >= 0 else math.nan


def sin(a: float) -> float:
    """Sine."""
    return math.sin(a) if math.isfinite(a) else math.nan


def cos(a: float) -> float:
    """Cosine."""
    return math.cos(a) if math.isfinite(a) else math.nan


def tan(a: float) -> float:
    """Tangent."""
    return math.tan(a) if math.isfinite(a) else math.nan


def sinh(a: float) -> float:
    """Hyperbolic sine."""
    try:
        return math.sinh(a)
    except OverflowError:
        return math.copysign(math.inf, a)


def cosh(a: float) -> float:
    """Hyperbolic cosine."""
    try:
        return math.cosh(a)
    except OverflowError:
        return math.inf


def power(a: float, b: float) -> float:
    """a to the power b."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and math.fmod(b, 2) else math.inf
    except ValueError:
        if a != 0:
            return math.nan
        return math.copysign(math.inf, a) if math.fmod(b, 2) in (1, -1) else math.inf


def log_sum_exp(rounded: float, *a: float) -> float:
    """log Σ exp(aᵢ), computed in 60 digits where the rounded value lost its own."""
    if not abs(rounded) < abs(max(a)) / 2:
        return rounded
    with localcontext(Context(prec=60, traps=[])):
        return float(sum((Decimal(b).exp() for b in a), Decimal(0)).ln())
