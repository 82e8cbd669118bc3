"""Elementary functions over any kind of scalar, and the registry of kinds.

The engine never asks what a scalar is. It adds and multiplies, and calls the functions of this
module, which look up the *kind* of their argument: a float, an exact number, a numpy array (one
element per lane), an mpmath or SymPy number, a `Value`. Kinds of other libraries are in kinds.py.
"""

from __future__ import annotations

import math
import operator
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_05UP, Context, Decimal, localcontext
from fractions import Fraction
from types import ModuleType
from typing import Any

Scalar = Any  # whatever can be added and multiplied; mypy cannot say more
Function = Callable[..., Any]


class Kind:
    """What the engine knows about one kind of scalar.

    Attributes:
        name: for messages, such as "exact number".
        rank: where two kinds meet, the operands become the one of higher rank.
        functions: implementations of the elementary functions, by name.
        whole: a whole number in this kind, like a given scalar (1 as a float is 1.0).
        data: the scalar as a node holds it (a numpy scalar becomes a Python number).
        convert: a scalar of lower rank, so that it can meet one of this kind.
        textbook: whether the formulas of the slide serve better than the careful ones, because
            this kind has no rounding to be careful about (SymPy) or chooses its own precision.
        apply: how an operation is applied to operands of this kind; None: its value is computed.
    """

    # No dataclass: importing dataclasses would nearly double the time of `import scalargrad`.
    def __init__(
        self,
        name: str,
        rank: int,
        functions: Mapping[str, Function],
        *,
        whole: Callable[[int, Scalar], Scalar] = lambda number, like: number,
        data: Callable[[Any], Scalar] = lambda scalar: scalar,
        convert: Callable[[Scalar], Scalar] = lambda scalar: scalar,
        textbook: bool = False,
        apply: Callable[..., Any] | None = None,
    ) -> None:
        self.name = name
        self.rank = rank
        self.functions = functions
        self.whole = whole
        self.data = data
        self.convert = convert
        self.textbook = textbook
        self.apply = apply


def kind_of(scalar: object) -> Kind:
    """The kind of a scalar.

    Raises:
        TypeError: for what is no scalar: None, bool, complex, a list, ….

    >>> kind_of(0.5).name, kind_of(2).name
    ('float', 'exact number')
    """
    try:
        return _KINDS[type(scalar)]
    except KeyError:
        return _adopted(type(scalar), scalar)


def register(cls: type, kind: Kind) -> None:
    """Let scalars of a class, and of its subclasses, be used as data of a `Value`."""
    _KINDS[cls] = kind


def register_later(library: str, cls: str, load: Loader) -> None:
    """Let scalars of a class of a library be used; the kind is made when the first one arrives."""
    _LOADERS[library, cls] = load


def scalar(written: object) -> Scalar:
    """The scalar that a user wrote, as a node holds it.

    int and Fraction stay exact; Decimal and text ("0.1", "-6/25") become exact Fractions; numpy
    scalars become Python numbers; numpy arrays become lanes (a copy, in double precision).

    Raises:
        TypeError: for None, bool, complex, lists, and text that is no number.

    >>> scalar("0.1"), scalar(2), scalar("-6/25")
    (Fraction(1, 10), 2, Fraction(-6, 25))
    """
    kind = _KINDS.get(type(written)) or _adopted(type(written), written)
    return kind.data(written)


def promoted(operands: Sequence[Scalar]) -> list[Scalar]:
    """The operands, each made able to meet the one of highest rank.

    >>> promoted([Fraction(1, 4), 0.5])
    [0.25, 0.5]
    """
    highest = highest_kind(operands)
    return [
        operand if kind_of(operand).rank == highest.rank else highest.convert(operand)
        for operand in operands
    ]


def paired(a: Scalar, b: Scalar) -> tuple[Scalar, Scalar]:
    """Two operands, the one of lower rank made able to meet the other."""
    kind, other = _KINDS.get(a.__class__) or kind_of(a), _KINDS.get(b.__class__) or kind_of(b)
    if kind.rank < other.rank:
        return other.convert(a), b
    if other.rank < kind.rank:
        return a, kind.convert(b)
    return a, b


def highest_kind(operands: Sequence[object]) -> Kind:
    """The kind that the operands become where they meet."""
    return max(map(kind_of, operands), key=operator.attrgetter("rank"))


def condition(written: Any) -> Scalar:
    """A condition as a scalar: True is 1 and False is 0; other scalars hold where they are not 0.

    >>> condition(2 > 3)
    0
    """
    if isinstance(written, bool):
        return int(written)
    if getattr(getattr(written, "dtype", None), "kind", "") == "b":
        return scalar(written.astype(float))
    return scalar(written)


def whole(number: int, like: Scalar) -> Scalar:
    """A whole number of the same kind as another scalar: `whole(2, like=0.5)` is 2.0."""
    return kind_of(like).whole(number, like)


def is_exact(scalar: Scalar) -> bool:
    """Whether a scalar is an integer or a Fraction, and so without rounding."""
    return kind_of(scalar) is EXACT


def is_number(scalar: Scalar) -> bool:
    """Whether a scalar is one real number: a float or an exact number."""
    return kind_of(scalar).rank <= FLOAT.rank


def is_known(scalar: Scalar) -> bool:
    """Whether a scalar is one number, of mpmath too, so that a condition holds or does not."""
    return is_number(scalar) or kind_of(scalar).name == "mpmath number"


def is_finite(scalar: Scalar) -> bool:
    """Whether a scalar is neither infinite nor nan; lanes and symbols, which cannot tell, are.

    >>> is_finite(10**400), is_finite(math.inf)
    (True, False)
    """
    return not is_known(scalar) or bool(abs(scalar) < math.inf)


MOST_BITS = 20_000  # of an exact number, in programs and elsewhere
_MOST = 1 << MOST_BITS
_EXACT_CLASSES = frozenset({int, Fraction})


def bounded(scalar: Scalar) -> Scalar:
    """The scalar; an exact number beyond 20,000 bits as the nearest float, which is said once.

    >>> bounded(Fraction(1, 3)), bounded(0.5)
    (Fraction(1, 3), 0.5)
    """
    is_exact_class = scalar.__class__ in _EXACT_CLASSES  # every operation asks: no call for it
    if not is_exact_class:
        return scalar
    if -_MOST < scalar.numerator < _MOST and scalar.denominator < _MOST:
        return scalar
    _say_outgrown()
    return to_float(scalar)


def kept(scalar: Scalar) -> Scalar:
    """A result as a node keeps it: bounded where it is exact; lanes can no longer be changed."""
    if scalar.__class__ in _EXACT_CLASSES:
        return bounded(scalar)
    if getattr(scalar, "shape", ()):
        scalar.flags.writeable = False  # other nodes have captured them
    return scalar


def _say_outgrown() -> None:
    warnings.warn(
        f"an exact number grew beyond {MOST_BITS:,} bits and goes on as the nearest float; "
        "begin with floats, Value(0.1) or ~0.1 in a program, where many steps follow",
        stacklevel=1,  # one place, so that it is said once
    )


def shown(scalar: Scalar) -> str:
    """A scalar as text for a message, an exact number of very many digits as a float.

    >>> shown(Fraction(-6, 25)), shown(10**400)
    ('-6/25', '1e+400')
    """
    if is_exact(scalar) and max(abs(scalar.numerator), scalar.denominator) >= 10**60:
        rounded = to_float(scalar)
        if rounded and math.isfinite(rounded):
            return str(rounded)
        ratio = _WIDE.divide(Decimal(scalar.numerator), Decimal(scalar.denominator))
        return f"{ratio.normalize(_WIDE):e}"
    return str(scalar)


_WIDE = Context(prec=17, Emin=MIN_EMIN, Emax=MAX_EMAX)


def _adopted(cls: type, scalar: object) -> Kind:
    """Find the kind of a class met for the first time, and remember it."""
    if not issubclass(cls, bool | complex):
        for ancestor in cls.__mro__:
            if ancestor in _KINDS:
                _KINDS[cls] = _KINDS[ancestor]
                return _KINDS[cls]
            load = _LOADERS.get((ancestor.__module__.partition(".")[0], ancestor.__name__))
            if load:
                _KINDS[cls] = load(sys.modules[ancestor.__module__.partition(".")[0]])
                return _KINDS[cls]
    raise TypeError(
        "a scalar is an int, float, Fraction, Decimal, decimal or fraction text, numpy number or "
        f"array, SymPy expression or Value; got {cls.__name__} {shortened(scalar)}"
    )


def shortened(thing: object) -> str:
    """The repr of anything, at most 60 characters of it."""
    text = repr(thing)
    return text if len(text) <= 60 else text[:57] + "…"


# Elementary functions ----------------------------------------------------------------------------


def _elementary(name: str, summary: str) -> Function:
    """A function that looks up its implementation by the kind of its argument."""

    def function(a: Scalar) -> Scalar:
        return kind_of(a).functions[name](a)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    return function


exp = _elementary("exp", "e to the power a.")
expm1 = _elementary("expm1", "e to the power a, less 1, accurate near 0.")
log = _elementary("log", "Natural logarithm.")
log1p = _elementary("log1p", "Natural logarithm of 1 + a, accurate near 0.")
log2 = _elementary("log2", "Logarithm to base 2; exact for a power of it.")
log10 = _elementary("log10", "Logarithm to base 10; exact for a power of it.")
sqrt = _elementary("sqrt", "Square root; exact for the square of a fraction.")
sin = _elementary("sin", "Sine of an angle in radians.")
cos = _elementary("cos", "Cosine of an angle in radians.")
tan = _elementary("tan", "Tangent of an angle in radians.")
sinh = _elementary("sinh", "Hyperbolic sine.")
cosh = _elementary("cosh", "Hyperbolic cosine.")
tanh = _elementary("tanh", "Hyperbolic tangent.")
asin = _elementary("asin", "Angle in radians, between -π/2 and π/2, whose sine is a.")
acos = _elementary("acos", "Angle in radians, between 0 and π, whose cosine is a.")
asinh = _elementary("asinh", "Number whose hyperbolic sine is a.")
acosh = _elementary("acosh", "Number, 0 or more, whose hyperbolic cosine is a.")
atanh = _elementary("atanh", "Number whose hyperbolic tangent is a.")
atan = _elementary("atan", "Angle in radians, between -π/2 and π/2, whose tangent is a.")
erf = _elementary("erf", "Error function, 2/√π times the integral of exp(-t²) from 0 to a.")
erfc = _elementary("erfc", "1 - erf(a), accurate in the upper tail.")


def pi(like: Scalar) -> Scalar:
    """π, in the kind and precision of another scalar."""
    own = kind_of(like).functions.get("pi")
    return own(like) if own else 4 * atan(whole(1, like))


def divide(a: Scalar, b: Scalar) -> Scalar:
    """The quotient; exact for exact numbers.

    >>> divide(2, 3)
    Fraction(2, 3)
    """
    if kind_of(a) is kind_of(b) is EXACT:
        return Fraction(a) / b
    return a / b


def quotient(a: Scalar, b: Scalar) -> Scalar:
    """The quotient by the rules of IEEE arithmetic: division by zero gives inf or nan.

    >>> quotient(1, 0.0)
    inf
    """
    try:
        return divide(a, b)
    except (OverflowError, ZeroDivisionError):
        a, b = to_float(a), to_float(b)
        if b:
            return a / b
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def _combining(combine: Function, summary: str) -> Function:
    """A sum or product of scalars, whatever their kinds."""

    def combined(a: Scalar, b: Scalar) -> Scalar:
        if a.__class__ is not b.__class__:
            a, b = paired(a, b)
        try:
            result = combine(a, b)
        except OverflowError:  # an exact number beyond the range of floats meets these as inf
            return combine(to_float(a), to_float(b))
        return bounded(result) if result.__class__ in _EXACT_CLASSES else result

    combined.__doc__ = summary
    return combined


plus = _combining(operator.add, "a + b, whatever their kinds: plus(10**400, 0.5) is inf.")
times = _combining(operator.mul, "a·b, whatever their kinds: times(10**400, 0.5) is inf.")


def power(a: Scalar, b: Scalar) -> Scalar:
    """a to the power b; exact for an exact base and a whole exponent.

    Raises:
        ValueError: for a negative base with a fractional exponent.
        ZeroDivisionError: for zero with a negative exponent.
    """
    highest = highest_kind((a, b))
    return highest.functions["power"](*paired(a, b))


def where(condition: Any, a: Scalar, b: Scalar) -> Scalar:
    """a where the condition holds (is not zero) and b elsewhere, of the kind of a + b.

    >>> where(2 < 3, 1, 0.5)
    1.0
    """
    if condition is True:
        chosen, other = a, b
    elif condition is False:
        chosen, other = b, a
    else:
        return _chooser(condition, a, b)(condition, a, b)
    kept, left = type(chosen), type(other)
    if kept is left or (kept is float and left is int):
        return chosen
    if kept is int and left is float:
        return to_float(chosen)
    return paired(chosen, other)[0]


def equal(a: Scalar, b: Scalar) -> Any:
    """Whether two scalars are equal, as a condition for `where`."""
    same: Function = highest_kind((a, b)).functions.get("equal", operator.eq)
    return same(*paired(a, b))


def drawn(draw: Callable[[], Scalar], like: Scalar) -> Scalar:
    """A number that is drawn at random; for lanes one for each, in code one for each run."""
    own = kind_of(like).functions.get("drawn")
    return own(draw, like) if own else draw()


def to_float(exact: Scalar) -> float:
    """The nearest float; beyond the range of floats it is ±inf, as IEEE rounds.

    >>> to_float(10**400)
    inf
    """
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def log_sum_exp(operands: Sequence[Scalar], rounded: Scalar) -> Scalar:
    """log Σ exp(aᵢ), given a rounded value of it that may have lost its digits to cancellation.

    Where the sum of the exponentials is close to 1 its logarithm is close to 0, and no formula in
    double precision keeps its digits. Floats are then computed in 60 decimal places.
    """
    settle = kind_of(rounded).functions.get("log_sum_exp")
    return settle(operands, rounded) if settle else rounded


# Floats ------------------------------------------------------------------------------------------


def _never_raising(function: Callable[[float], float], overflow: Function) -> Function:
    def rounded(a: float) -> float:
        try:
            return function(a)
        except OverflowError:
            return overflow(a)  # type: ignore[no-any-return]

    return rounded


def _infinity(_: float) -> float:
    return math.inf


def _float_power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and math.fmod(b, 2) else math.inf


def float_log_sum_exp(operands: Sequence[Scalar], rounded: float) -> float:
    """log Σ exp(aᵢ) of floats, in 60 digits where the rounded value lost its own."""
    if not abs(rounded) < abs(max(operands)) / 2:
        return rounded
    with localcontext(Context(prec=60, traps=[])):
        return float(sum((_in_decimal(a).exp() for a in operands), Decimal(0)).ln())


def _in_decimal(a: Scalar) -> Decimal:
    return Decimal(a.numerator) / a.denominator if is_exact(a) else Decimal(a)


def whole_float(number: int, like: float) -> float:
    """A whole number as a float."""
    return float(number)


_FLOAT_FUNCTIONS: dict[str, Function] = {
    "exp": _never_raising(math.exp, _infinity),
    "expm1": _never_raising(math.expm1, _infinity),
    "log": math.log,
    "log1p": math.log1p,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": _never_raising(math.sinh, lambda a: math.copysign(math.inf, a)),
    "cosh": _never_raising(math.cosh, _infinity),
    "tanh": math.tanh,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "erf": math.erf,
    "erfc": math.erfc,
    "power": _float_power,
    "log_sum_exp": float_log_sum_exp,
}

AS_WRITTEN = frozenset({float, int, Fraction})  # what `scalar` would hand back, without a call
FLOAT = Kind("float", 1, _FLOAT_FUNCTIONS, whole=whole_float, data=float, convert=to_float)


# Exact numbers -----------------------------------------------------------------------------------


def _exact_sqrt(a: int | Fraction) -> Scalar:
    if a < 0:
        raise ValueError("square root of a negative number")
    top, bottom = math.isqrt(a.numerator), math.isqrt(a.denominator)
    if top * top == a.numerator and bottom * bottom == a.denominator:
        return Fraction(top, bottom)
    rounded = to_float(a)
    if rounded in (0.0, math.inf):
        return to_float(Fraction(math.isqrt(a.numerator * a.denominator), a.denominator))
    return math.sqrt(rounded)


def _exact_log(a: int | Fraction) -> float:
    rounded = to_float(a)
    if a > 0 and rounded in (0.0, math.inf):
        return math.log(a.numerator) - math.log(a.denominator)
    return math.log(rounded)


def exact_logarithm(a: Scalar, base: Scalar) -> int | None:
    """The whole exponent that makes an exact number of an exact base; None where there is none.

    >>> exact_logarithm(Fraction(1, 8), 2), exact_logarithm(1000, 10), exact_logarithm(7, 2)
    (-3, 3, None)
    """
    if not (is_exact(a) and is_exact(base) and a > 0 and base > 0 and base != 1):
        return None
    exponent = round(_exact_log(a) / _exact_log(base))
    return exponent if _exact_power(base, exponent) == a else None


def _exact_log_to(base: int, rounded: Function) -> Function:
    def logarithm(a: int | Fraction) -> Scalar:
        exponent = exact_logarithm(a, base)
        if exponent is not None:
            return exponent
        near = to_float(a)
        if a > 0 and near in (0.0, math.inf):
            return _exact_log(a) / math.log(base)
        return rounded(near)

    return logarithm


def _exact_power(a: int | Fraction, b: int | Fraction) -> Scalar:
    if b.denominator == 1:
        bits: int = max(abs(int(a.numerator)), int(a.denominator)).bit_length() - 1
        if bits * abs(int(b)) <= MOST_BITS:
            return Fraction(a) ** int(b)
        _say_outgrown()
    near = to_float(a)
    if a > 0 and near in (0.0, math.inf):
        root = _exact_root(a, b.denominator)
        if root is not None:
            return _exact_power(root, b.numerator)
        return exp(to_float(b) * _exact_log(a))
    return _float_power(near, to_float(b))


def _exact_root(a: int | Fraction, degree: int) -> Fraction | None:
    """The root of a positive exact number, where it is exact too."""
    parts = []
    for whole_part in (a.numerator, a.denominator):
        size = math.log(whole_part) / degree
        root = round(math.exp(size)) if size < 36 else 0  # a root that a float holds exactly
        if root**degree != whole_part:
            return None
        parts.append(root)
    return Fraction(*parts)


def _through_float(function: Function) -> Function:
    return lambda a: function(to_float(a))


EXACT_FUNCTIONS = {name: _through_float(function) for name, function in _FLOAT_FUNCTIONS.items()}
EXACT_FUNCTIONS |= {"sqrt": _exact_sqrt, "log": _exact_log, "power": _exact_power}
EXACT_FUNCTIONS |= {"log2": _exact_log_to(2, math.log2), "log10": _exact_log_to(10, math.log10)}
del EXACT_FUNCTIONS["log_sum_exp"]


def _number(text: str) -> int | Fraction:
    written = text.replace("\N{MINUS SIGN}", "-")
    try:
        has_exponent = "e" in written.lower()
        if not written.isascii() or (has_exponent and abs(Decimal(written).adjusted()) > 999):
            raise ValueError
        number = Fraction(written)
    except (ArithmeticError, ValueError):
        raise TypeError(
            "text stands for a number when it reads like '0.1', '-6/25' or '2e-3' (exponents to "
            f"±999); got {shortened(text)}"
        ) from None
    return number.numerator if number.denominator == 1 else number


def _decimal(number: Decimal) -> Scalar:
    if not number.is_finite():
        return math.nan if number.is_nan() else float(number)
    if abs(number.adjusted()) > MOST_BITS // 4:
        _say_outgrown()
        return float(number)
    return Fraction(number)


EXACT = Kind("exact number", 0, EXACT_FUNCTIONS, data=operator.pos)

# The kind of text and decimals only matters until `data` has made numbers of them.
_TEXT = Kind("text", 0, {}, data=_number)
_DECIMAL = Kind("decimal", 0, {}, data=_decimal)
INTEGER = Kind("exact number", 0, EXACT_FUNCTIONS, data=int)


# The registry ------------------------------------------------------------------------------------

Loader = Callable[[ModuleType], Kind]
_LOADERS: dict[tuple[str, str], Loader] = {}

_KINDS: dict[type, Kind] = {
    float: FLOAT,
    int: EXACT,
    Fraction: EXACT,
    str: _TEXT,
    Decimal: _DECIMAL,
}


# Choosing by a condition -------------------------------------------------------------------------


def _choice(condition: Any, a: Scalar, b: Scalar) -> Scalar:
    return where(bool(condition), a, b)


def _chooser(condition: Any, a: Scalar, b: Scalar) -> Function:
    """What chooses: the kind of the condition, or that of the operands where it stands higher."""
    try:
        kind = kind_of(condition)
    except TypeError:  # a bool of numpy's, which is no scalar
        return _choice
    highest = highest_kind((a, b))
    own: Function | None = highest.functions.get("where") if highest.rank > kind.rank else None
    return own or kind.functions.get("where", _choice)


# Formatting exact numbers ------------------------------------------------------------------------


def formatted(exact: Fraction, spec: str) -> str:
    """A Fraction in a format such as ".4f", rounded once: what Python 3.12 brings.

    >>> formatted(Fraction(-6, 25), ".4f"), formatted(Fraction(1, 8), ".1e")
    ('-0.2400', '1.2e-01')
    """
    if not spec:
        return str(exact)
    wanted = spec.partition(".")[2].rstrip("aefgnoxAEFGX%_,")
    digits = exact.numerator.bit_length() // 3 + int(wanted if wanted.isdigit() else 6) + 60
    # A last digit that is no 0 or 5 unless exact: rounding it again is rounding once.
    context = Context(prec=digits, rounding=ROUND_05UP, Emin=MIN_EMIN, Emax=MAX_EMAX)
    text = format(context.divide(Decimal(exact.numerator), Decimal(exact.denominator)), spec)
    return re.sub(r"([eE][+-])(\d)(?!\d)", r"\g<1>0\2", text)  # as floats write exponents


if sys.version_info < (3, 12):  # f"{w.grad:.4f}" is what every notebook prints
    Fraction.__format__ = formatted  # type: ignore[assignment]
