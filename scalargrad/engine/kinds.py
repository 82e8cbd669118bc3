"""The kinds of scalar that other libraries bring: numpy's lanes, mpmath numbers, SymPy expressions.

A kind is made when the first scalar of it arrives, so nothing is imported that the user has not
imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Kind, Scalar, is_exact, to_float

Function = Callable[..., Any]

INVERSES = ("asin", "acos", "atan", "asinh", "acosh", "atanh")


def _numpy_array(numpy: ModuleType) -> Kind:
    """Lanes: IEEE arithmetic element by element, with numpy's own warnings."""

    def by_element(function: Function) -> Function:
        each = numpy.frompyfunc(function, 1, 1)
        return lambda a: numpy.asarray(each(a), dtype=float)[()]

    def lanes(array: Any) -> Any:
        if array.dtype.kind not in "fiu":
            raise TypeError(
                f"lanes are an array of real numbers; got an array of {array.dtype.name}"
            )
        if array.ndim == 0:
            return float(array)
        if array.ndim > 1:
            raise TypeError(
                "lanes are an array of one dimension, an element for each example; got one of "
                f"shape {array.shape}"
            )
        if hasattr(array, "mask"):  # a MaskedArray, whose module numpy imports when it is asked for
            raise TypeError(
                "lanes are plain arrays; got a masked array, whose mask would be lost: take "
                "array.compressed(), or array.filled(…)"
            )
        own = numpy.array(array, dtype=float)
        own.flags.writeable = False  # what operations have captured is not changed under them
        return own

    as_they_are = (numpy.ndarray, float)

    def lane(number: Scalar) -> Scalar:
        if number.__class__ in as_they_are:
            return number
        return to_float(number) if is_exact(number) else number

    def log_sum_exp(operands: Sequence[Any], rounded: Any) -> Any:
        *columns, near = map(numpy.array, numpy.broadcast_arrays(*operands, rounded))
        lost = abs(near) < abs(numpy.max(columns, axis=0)) / 2
        if lost.any():
            lanes = zip(near[lost], *[column[lost] for column in columns], strict=True)
            near[lost] = [scalars.float_log_sum_exp(a, wrong) for wrong, *a in lanes]
        return near[()]

    names = ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh",
             "cosh", "tanh")  # fmt: skip
    functions = {name: getattr(numpy, name) for name in names}
    functions |= {inverse: getattr(numpy, f"arc{inverse[1:]}") for inverse in INVERSES}
    functions |= {
        "where": lambda condition, a, b: numpy.where(condition, lane(a), lane(b)),
        "power": numpy.power,
        "erf": by_element(math.erf),
        "erfc": by_element(math.erfc),
        "log_sum_exp": log_sum_exp,
        "drawn": lambda draw, like: numpy.array([draw() for _ in like], dtype=float),
    }

    def whole(number: int, like: Any) -> Any:
        return numpy.full_like(like, number)

    return Kind("lanes", 2, functions, whole=whole, data=lanes, convert=lane)


def _numpy_float(numpy: ModuleType) -> Kind:
    return Kind(
        "float", 1, scalars.EXACT_FUNCTIONS,
        whole=scalars.whole_float, data=float, convert=to_float,
    )  # fmt: skip


def _numpy_integer(numpy: ModuleType) -> Kind:
    return scalars.INTEGER


def _mpmath(mpmath: ModuleType) -> Kind:
    def real(function: Function) -> Function:
        def checked(*a: Any) -> Any:
            result = function(*a)
            diverges = mpmath.isinf(result) and not any(map(mpmath.isinf, a))
            if isinstance(result, mpmath.mpc) or diverges:
                raise ValueError("outside the real domain")
            return result

        return checked

    def convert(number: Scalar) -> Any:
        if is_exact(number):
            return mpmath.mpf(number.numerator) / number.denominator
        return mpmath.mpf(number)

    def whole(number: int, like: Any) -> Any:
        return mpmath.mpf(number)

    names = ("exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc")
    partial = ("log", "log1p", "log10", "sqrt", "power", *INVERSES)
    functions = {name: getattr(mpmath, name) for name in names}
    functions |= {name: real(getattr(mpmath, name)) for name in partial}
    functions["log2"] = real(lambda a: mpmath.log(a, 2))
    return Kind("mpmath number", 3, functions, whole=whole, convert=convert, textbook=True)


def _sympy(sympy: ModuleType) -> Kind:
    def whole(number: int, like: Any) -> Any:
        return sympy.Integer(number)

    def piecewise(condition: Any, a: Scalar, b: Scalar) -> Any:
        if isinstance(condition, sympy.Expr):
            condition = sympy.Ne(condition, 0)
        return sympy.Piecewise((a, condition), (b, True))

    def hyperbolic(function: Function) -> Function:
        # SymPy looks for multiples of iπ in every part: tanh in tanh takes it exponential time.
        return lambda a: function(a, evaluate=a.is_number)

    names = ("exp", "log", "sqrt", "sin", "cos", "tan", "erf", "erfc", *INVERSES)
    functions: dict[str, Function] = {name: getattr(sympy, name) for name in names}
    functions |= {name: hyperbolic(getattr(sympy, name)) for name in ("sinh", "cosh", "tanh")}
    functions |= {
        "expm1": lambda a: sympy.exp(a) - 1,
        "log1p": lambda a: sympy.log(1 + a),
        "log2": lambda a: sympy.log(a, 2),
        "log10": lambda a: sympy.log(a, 10),
        "power": sympy.Pow,
        "equal": sympy.Eq,
        "where": piecewise,
    }
    return Kind("SymPy expression", 4, functions, whole=whole, convert=sympy.sympify, textbook=True)


def register_kinds() -> None:
    """Let scalars of other libraries be used, once they arrive."""
    scalars.register_later("numpy", "ndarray", _numpy_array)
    scalars.register_later("numpy", "floating", _numpy_float)
    scalars.register_later("numpy", "integer", _numpy_integer)
    scalars.register_later("mpmath", "mpf", _mpmath)
    scalars.register_later("sympy", "Expr", _sympy)
    scalars.register_later("sympy", "Boolean", _sympy)
