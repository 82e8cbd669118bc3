"""The table of operations: a row states everything the project knows about one of them.

A row is callable, on numbers and on Values alike: `relu(-2.0)` is 0.0 and `relu(v)` is a node. The
graph's symbols, the program's vocabulary, the compiled code and the tests are read from the rows.
To add an operation, add a row here and a one-line method in value.py.

Values and derivatives are written with the functions of scalars.py, and so run on every kind of
scalar. Where the formula of the slide would lose digits in double precision, a row has a careful
form beside it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import zip_longest
from typing import Any

from scalargrad.engine import kinds, scalars, stable
from scalargrad.engine.scalars import Scalar, divide, equal, to_float, where, whole
from scalargrad.errors import DomainError

Operands = tuple[Scalar, ...]
Interval = tuple[Scalar, Scalar]


class Operation:
    """One row of the table.

    Attributes:
        name: how programs call it.
        symbol: what stands on its node, such as "×".
        value: the result y, computed from the operands.
        derivatives: the tuple (∂y/∂a₁, …), computed from y and the operands.
        points: operands at which the tests check the row.
        operands: their names, as messages write them; "b?" may be left out, "*a" is any number.
        textbook: the value as the slide writes it, where `value` is a careful form.
        formulas: the derivatives as the slide writes them, where `derivatives` is careful.
        domain: where it is defined, in words, operands in braces, a clause for each operand that
            may be left out; "" where it is everywhere.
        inside: whether operands lie in the domain; None where all do.
        kink: whether a local derivative jumps at operands; None where there is no such place.
        slope: at a kink, the slope of y along a direction d of the operands, as max(0, d) of relu.
        jump: whether y itself jumps at operands; None where there is no such place.
        beside: at a jump, what y is just beside the operands, along a direction d of these.
        convention: the value taken at the kink, and its source.
        defaults: scalars that stand for operands left out at the end.
        chooses: whether the first operand is a condition, which may be True or False.
        constants: the derivatives, where they are the same everywhere and are given as a tuple.
        commutes: whether the operands may change places, so that pictures may put them anywhere.
        arithmetic: whether formulas write it out, as w·x, and do not call it by its name.
        activation: whether it serves as the activation of a unit.
        torch: its name in PyTorch; of a module with the names of our options, in their order.
        ulps: how far values and derivatives may be off, in units of the last place.
        reach: the least and the largest size of operands for which that is held, 0 apart.
        cancels: whether terms may cancel, so that the places of their absolute sum count.
        because: the reason of another accuracy than 4 ulps everywhere.
        spellings: how else programs may write it.
        arity: the least and the most operands it takes; None is any number.
        count: how many operands every node of it captures, where that is always 1 or 2; else 0.
    """

    # No dataclass: importing dataclasses would nearly double the time of `import scalargrad`.
    def __init__(
        self,
        name: str,
        symbol: str,
        value: Callable[..., Scalar],
        derivatives: Callable[..., Operands] | Operands,
        points: tuple[Operands, ...],
        *,
        operands: str = "a",
        textbook: Callable[..., Scalar] | None = None,
        formulas: Callable[..., Operands] | None = None,
        domain: str = "",
        inside: Callable[..., bool] | None = None,
        kink: Callable[..., bool] | None = None,
        slope: Callable[..., Scalar] | None = None,
        jump: Callable[..., bool] | None = None,
        beside: Callable[..., Scalar] | None = None,
        convention: str = "",
        defaults: Operands = (),
        chooses: bool = False,
        commutes: bool = False,
        arithmetic: bool = False,
        activation: bool = False,
        torch: str = "",
        ulps: float = 4,
        reach: tuple[float, float] = (0, math.inf),
        cancels: bool = False,
        because: str = "",
        spellings: str = "",
    ) -> None:
        self.name = name
        self.symbol = symbol
        self.value = _either(value, textbook, self) if textbook else value
        constants = derivatives if isinstance(derivatives, tuple) else ()
        slopes = derivatives if callable(derivatives) else lambda *_: constants
        self.constants = tuple([ONE if c == 1 else float(c) for c in constants])
        self.derivatives = _either(slopes, formulas) if formulas else slopes
        self.points = points
        self.operands = tuple(operands.split())
        self.textbook = textbook
        self.formulas = formulas
        self.domain = domain
        self.inside = inside
        self.kink = kink
        self.slope = slope
        self.jump = jump
        self.beside = beside
        self.convention = convention
        self.defaults = defaults
        self.chooses = chooses
        self.commutes = commutes
        self.arithmetic = arithmetic
        self.activation = activation
        self.torch = torch
        self.ulps = ulps
        self.reach = reach
        self.cancels = cancels
        self.because = because
        self.spellings = tuple(spellings.split())
        self.arity = self._arity()
        least, most = self.arity
        self.count = most if most in (1, 2) and least == most else 0

    def _arity(self) -> tuple[int, int | None]:
        count = len(self.operands)
        if count and self.operands[-1].startswith("*"):
            return count, None
        return count - sum(operand.endswith("?") for operand in self.operands), count

    def __call__(self, *operands: Any, **named: Any) -> Any:
        """Apply it to numbers, which gives a number, or to Values, which gives a node.

        Operands that may be left out can be given by name: leaky_relu(a, slope=0.1).

        Raises:
            DomainError: outside the domain, for floats and exact numbers.
            TypeError: for operands that are no scalars, or too few or too many.
        """
        operands = self.in_order(operands, named)
        if self.chooses:
            operands = scalars.condition(operands[0]), *operands[1:]
        kind = scalars.highest_kind(operands)
        if kind.apply:
            return kind.apply(self, operands)
        return self.evaluated([scalars.scalar(operand) for operand in operands])[0]

    def evaluated(
        self, operands: Sequence[Scalar], names: Sequence[str] = ()
    ) -> tuple[Scalar, Operands]:
        """The result, and the operands it was computed from: of one kind, defaults filled in.

        Args:
            operands: scalars.
            names: what to call the operands in a message; "" for those without a name.

        Raises:
            DomainError: outside the domain, for floats and exact numbers.
        """
        captured = self.captured(operands)
        try:
            return self.value(*captured), captured
        except OverflowError:  # an exact number beyond the range of floats
            captured = tuple(map(scalars.to_float, captured))
            return self.value(*captured), captured
        except DomainError:
            raise
        except (ValueError, ZeroDivisionError) as error:
            lengths = sorted({len(lanes) for lanes in captured if getattr(lanes, "shape", ())})
            if len(lengths) > 1:
                raise ValueError(
                    f"{self.name} needs lanes of one length; got {' and '.join(map(str, lengths))}"
                ) from None
            if not self.domain:
                raise
            raise DomainError(self._complaint(operands, names)) from error

    def captured(self, operands: Sequence[Scalar]) -> Operands:
        """What a node keeps of some operands: they are of one kind, and defaults are filled in."""
        least, _ = self.arity
        missing = self.defaults[len(operands) - least :]
        if self.chooses and all(map(scalars.is_number, operands)):
            return tuple(operands)  # a branch that is not taken makes no float of the other
        return tuple(scalars.promoted([*operands, *missing]))

    def intervals(self, *operands: Scalar) -> tuple[Interval, ...] | None:
        """At a kink, for each operand between which slopes its local derivative jumps; else None.

        >>> relu.intervals(0), abs.intervals(0.0), relu.intervals(1)
        (((0, 1),), ((-1, 1),), None)
        """
        if not (self.kink and self.slope and self.kink(*operands)):
            return None
        found = []
        for index in range(len(operands)):
            direction = [0] * len(operands)
            direction[index] = 1
            right = self.slope(direction, *operands)
            direction[index] = -1
            left = -self.slope(direction, *operands)
            found.append((min(left, right), max(left, right)))
        return tuple(found)

    def in_order(self, operands: Operands, named: dict[str, Any]) -> Operands:
        """The operands, those given by name in their places, with defaults before them.

        Raises:
            TypeError: for too few or too many, or a name that no operand has.
        """
        placed = list(operands)
        least, _ = self.arity
        for place, operand in enumerate(self.operands):
            known = operand.removesuffix("?")
            if known in named and place >= len(placed):
                placed += self.defaults[len(placed) - least : place - least]
                if len(placed) == place:
                    placed.append(named.pop(known))
        if named:
            optional = ", ".join(o[:-1] for o in self.operands if o.endswith("?")) or "none"
            raise TypeError(
                f"{self.name} cannot take {', '.join(named)} by name here; its options: {optional}"
            )
        self.check_count(len(placed))
        return tuple(placed)

    def check_count(self, count: int) -> None:
        """Raise a TypeError where it does not take so many operands."""
        least, most = self.arity
        if least <= count and (most is None or count <= most):
            return
        wanted = f"{least} or more" if most is None else f"{least} to {most}"
        wanted = str(least) if least == most else wanted
        raise TypeError(
            f"{self.name} takes {wanted} operand{'s' * (wanted != '1')}; got {count}"
        )

    def _complaint(self, operands: Sequence[Scalar], names: Sequence[str]) -> str:
        known = [operand.removesuffix("?") for operand in self.operands[: len(operands)]]
        called = {o: name or o for o, name in zip_longest(known, names, fillvalue="")}
        got = ", ".join(
            f"{name} = {scalars.shown(operand)}"
            for name, operand in zip(called.values(), operands, strict=True)
        )
        clauses = self.domain.split("; ")[: len(operands)]
        return f"{self.name} needs {' and '.join(clauses).format(**called)}; got {got}"

    def __repr__(self) -> str:
        """The name; there is only one row of a name."""
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Rows are pickled, and copied, by name."""
        return _named, (self.name,)


def _named(name: str) -> Operation:
    return CONSTANT if name == CONSTANT.name else OPERATIONS[name]


def _either(
    careful: Callable[..., Any], textbook: Callable[..., Any], row: Operation | None = None
) -> Callable[..., Any]:
    """The careful form on floats and lanes, the slide's on kinds that ask for it.

    Where the operands are Values, for second derivatives, the row itself is applied: that makes
    one node, whose derivative is in the table.
    """

    def chosen(*operands: Scalar) -> Any:
        kind = scalars.highest_kind(operands)
        if kind.textbook:
            return textbook(*operands)
        if kind.apply and row:
            return row(*operands)
        return careful(*operands)

    return chosen


ONE = 1.0  # the local derivative by which nobody has to multiply
OPERATIONS: dict[str, Operation] = {}
kinds.register_kinds()
_BROUGHT: frozenset[str] = frozenset()  # the names of this file's rows, when all are there


def row(
    name: str,
    symbol: str,
    value: Callable[..., Scalar],
    derivatives: Callable[..., Operands] | Operands,
    points: tuple[Operands, ...],
    **more: Any,
) -> Operation:
    """Add a row to the table: an operation of one's own is drawn, derived, checked and compiled.

    Its value and derivatives are written with operators and the functions of
    `scalargrad.engine.scalars`, so that they run on every kind of scalar.

    Args:
        name: by which programs call it.
        symbol: on the node.
        value: y = f(a, …).
        derivatives: from y and the operands, one for each operand; (1, 1) where they are constant.
        points: operands at which `gradcheck` and the tests try it.
        more: what else a row states; see `Operation`.

    Raises:
        ValueError: for the name of an operation that scalargrad brings.

    >>> cube = row("cube", "( )³", lambda a: a * a * a, lambda y, a: (3 * a * a,), ((0.5,), (2.0,)))
    >>> cube
    <operation cube>
    >>> del OPERATIONS["cube"]
    """
    if name in _BROUGHT:
        raise ValueError(f"there is an operation {name} already; give yours another name")
    OPERATIONS[name] = Operation(name, symbol, value, derivatives, points, **more)
    return OPERATIONS[name]


def swapped(y: Scalar, a: Scalar, b: Scalar) -> Operands:
    """The local derivatives of a product: for each factor the other."""
    return b, a


def _normal(a: Scalar) -> Scalar:
    """Φ(a), as the slide writes it."""
    return scalars.erfc(-a / scalars.sqrt(whole(2, a))) / 2


def _are_tied(extreme: Callable[..., Scalar]) -> Callable[..., bool]:
    def kink(*a: Scalar) -> bool:
        best = extreme(*a)
        return sum(bool(b == best) for b in a) > 1

    return kink


def _among_ties(extreme: Callable[..., Scalar]) -> Callable[..., Scalar]:
    def slope(directions: Operands, *a: Scalar) -> Scalar:
        best = extreme(*a)
        return extreme(*[d for d, b in zip(directions, a, strict=True) if b == best])

    return slope


def _chosen(condition: Scalar, a: Scalar, b: Scalar) -> Scalar:
    """a or b; as it is where the other plays no part."""
    if scalars.is_known(condition):
        return a if condition else b
    return where(condition, a, b)


def _mish_gate(a: Scalar) -> Scalar:
    """tanh(log(1 + eᵃ)), as the slide writes it."""
    return scalars.tanh(scalars.log(1 + scalars.exp(a)))


# The table ---------------------------------------------------------------------------------------

_LINE: tuple[Operands, ...] = ((-2.5,), (-0.5,), (0.25,), (0.75,), (3.0,))
_POSITIVE: tuple[Operands, ...] = ((0.125,), (1.0,), (2.5,), (40.0,))
_UNIT: tuple[Operands, ...] = ((-0.75,), (-0.25,), (0.125,), (0.5,))
_PLANE: tuple[Operands, ...] = ((0.5, -1.25), (-3.0, 2.0), (1.5, 4.0))
_SPACE: tuple[Operands, ...] = ((0.5, -1.25, 2.0), (-3.0, 2.0, 0.25))

CONSTANT = Operation("constant", "", lambda: 0, lambda y: (), points=(), operands="")

# Arithmetic

_CANCELS = "terms that cancel leave the rounding of the larger ones"

neg = row(
    "neg", "−", operator.neg, (-1,), _LINE,
    arithmetic=True, torch="neg",
)
add = row(
    "add", "+", operator.add, (1, 1), _PLANE,
    operands="a b", commutes=True, arithmetic=True, torch="add",
)
sub = row(
    "sub", "−", operator.sub, (1, -1), _PLANE,
    operands="a b", arithmetic=True, torch="sub",
)
mul = row(
    "mul", "×", operator.mul, swapped, _PLANE,
    operands="a b", commutes=True, arithmetic=True, torch="mul",
)
div = row(
    "div", "÷", divide, stable.quotient_derivatives, _PLANE,
    formulas=lambda y, a, b: (1 / b, -a / stable.square(b)),
    domain="{b} ≠ 0", inside=lambda a, b: b != 0,
    operands="a b", arithmetic=True, torch="div",
)
pow = row(
    "pow", "^", scalars.power, stable.power_derivatives, ((2.0, 3.0), (0.5, -1.5), (-2.0, 3.0)),
    formulas=stable.power_formulas,
    domain="{a} > 0, or {a} = 0 and {b} ≥ 0, or a whole {b}",
    inside=lambda a, b: (
        a > 0 or (a == 0 and b >= 0)
        or (a < 0 and (b % 1 == 0 or any(math.isinf(to_float(c)) for c in (a, b))))
    ),
    convention="∂/∂a at a = 0 is its limit; ∂/∂b is 0 there, and nan for a < 0 (as PyTorch)",
    operands="a b", arithmetic=True, torch="pow",
    reach=(0, 50), because="aᵇ magnifies the rounding of log a by b log a",
)
square = row(
    "square", "( )²", stable.square, lambda y, a: (2 * a,), _LINE,
    arithmetic=True, torch="square",
)
abs = row(
    "abs", "|·|", operator.abs, lambda y, a: (where(a > 0, 1, where(a < 0, -1, 0)),), _LINE,
    kink=lambda a: a == 0, slope=lambda d, a: operator.abs(d[0]),
    convention="0 at 0, the middle of [-1, 1], as PyTorch and JAX",
    arithmetic=True, torch="abs", spellings="absolute",
)
dot = row(
    "dot", "w·x + b", stable.dot, stable.dot_derivatives,
    ((0.5, -1.25, 2.0), (1.0, 0.5, -2.0, 3.0, 0.25)),
    operands="b *pairs", arithmetic=True, cancels=True, because=_CANCELS,
)
total = row(
    "total", "Σ", stable.total, lambda y, *a: (1,) * len(a), _SPACE,
    operands="*a", commutes=True, arithmetic=True, cancels=True, because=_CANCELS,
    spellings="sum Σ",
)
prod = row(
    "prod", "Π", stable.product, lambda y, *a: stable.products_of_others(a), _SPACE,
    operands="*a", commutes=True, arithmetic=True, spellings="product Π",
    reach=(1e-100, 1e100), because="it is multiplied from the left, which may leave the range",
)
mean = row(
    "mean", "mean", lambda *a: divide(stable.total(*a), len(a)),
    lambda y, *a: (divide(whole(1, y), len(a)),) * len(a), _SPACE,
    operands="*a", commutes=True, arithmetic=True, cancels=True, because=_CANCELS,
    spellings="average",
)

# Powers of e, and logarithms

exp = row("exp", "exp", scalars.exp, lambda y, a: (y,), _LINE, torch="exp")
expm1 = row("expm1", "expm1", scalars.expm1, lambda y, a: (scalars.exp(a),), _LINE, torch="expm1")
log = row(
    "log", "log", stable.log, stable.log_derivatives,
    (*_POSITIVE, (2.5, 10.0), (0.125, 0.5)),
    formulas=lambda y, a, base=None: (
        (1 / a,) if base is None
        else (1 / (a * scalars.log(base)), -y / (base * scalars.log(base)))
    ),
    domain="{a} > 0; {base} > 0, but not 1",
    inside=lambda a, base=2: a > 0 and base > 0 and base != 1,
    operands="a base?", torch="log", spellings="ln",
)
log1p = row(
    "log1p", "log1p", scalars.log1p, lambda y, a: (stable.within(y, 1 / (1 + a)),),
    ((-0.5,), *_POSITIVE),
    formulas=lambda y, a: (1 / (1 + a),),
    domain="{a} > -1", inside=lambda a: a > -1, torch="log1p",
)


def _logarithm(base: int, symbol: str) -> Operation:
    value: Callable[[Scalar], Scalar] = getattr(scalars, f"log{base}")
    slope_at_1 = value(math.e)
    return row(
        f"log{base}", symbol, value,
        lambda y, a: (stable.within(y, scalars.quotient(slope_at_1, a)),), _POSITIVE,
        formulas=lambda y, a: (1 / (a * scalars.log(whole(base, a))),),
        domain="{a} > 0", inside=lambda a: a > 0, torch=f"log{base}",
    )


log2, log10 = _logarithm(2, "log₂"), _logarithm(10, "log₁₀")
sqrt = row(
    "sqrt", "√", scalars.sqrt,
    lambda y, a: (scalars.quotient(1, 2 * y + 0),),  # 0 makes 0.0 of -0.0, the root of -0.0
    _POSITIVE,
    domain="{a} ≥ 0", inside=lambda a: a >= 0,
    convention="inf at 0, the limit, as PyTorch",
    torch="sqrt", spellings="√",
)
norm = row(
    "norm", "‖·‖", stable.norm, stable.norm_derivatives, _SPACE,
    textbook=lambda *a: scalars.sqrt(stable.total(*map(stable.square, a))),
    formulas=lambda y, *a: tuple(b / y for b in a),
    kink=lambda *a: all(b == 0 for b in a), slope=lambda d, *a: stable.norm(*d),
    convention="0 where all are 0, the middle of [-1, 1], as PyTorch",
    operands="*a", commutes=True,
)
hypot = row(
    "hypot", "hypot", norm.value, norm.derivatives, _PLANE,
    kink=norm.kink, slope=norm.slope, convention=norm.convention,
    operands="a b", commutes=True, torch="hypot",
)
logsumexp = row(
    "logsumexp", "logΣexp", stable.log_sum_exp, stable.softmax, _SPACE,
    textbook=lambda *a: scalars.log(stable.total(*map(scalars.exp, a))),
    formulas=lambda y, *a: stable.softmax_as_written(*a),
    operands="*a", commutes=True,
    reach=(0, 50), because="exp of a difference magnifies its rounding by its size",
)
share: Operation = row(
    "share", "softmaxᵢ", lambda *a: stable.softmax(None, *a)[0],
    lambda y, *a: stable.share_derivatives(*a), _SPACE,
    textbook=lambda *a: scalars.exp(a[0]) / stable.total(*map(scalars.exp, a)),
    formulas=lambda y, a, *others: (
        y * (1 - y),
        *(-y * scalars.exp(b) / stable.total(*map(scalars.exp, (a, *others))) for b in others),
    ),
    operands="a *others",
    ulps=8, reach=(0, 50),
    because="a product of two shares; exp magnifies the rounding of a difference",
)

# Trigonometric and hyperbolic functions

_FINITE: dict[str, Any] = {"domain": "a finite {a}", "inside": lambda a: math.isfinite(to_float(a))}

sin = row("sin", "sin", scalars.sin, lambda y, a: (scalars.cos(a),), _LINE, torch="sin", **_FINITE)
cos = row("cos", "cos", scalars.cos, lambda y, a: (-scalars.sin(a),), _LINE, torch="cos", **_FINITE)
tan = row(
    "tan", "tan", scalars.tan, lambda y, a: (1 / stable.square(scalars.cos(a)),), _LINE,
    formulas=lambda y, a: (1 + stable.square(y),), torch="tan", **_FINITE,
)
sinh = row("sinh", "sinh", scalars.sinh, lambda y, a: (scalars.cosh(a),), _LINE, torch="sinh")
cosh = row("cosh", "cosh", scalars.cosh, lambda y, a: (scalars.sinh(a),), _LINE, torch="cosh")
tanh = row(
    "tanh", "tanh", scalars.tanh, lambda y, a: (stable.tanh_derivative(a),), _LINE,
    formulas=lambda y, a: (1 - stable.square(y),),
    activation=True, torch="nn.Tanh",
)
asin = row(
    "asin", "asin", scalars.asin, lambda y, a: (stable.asin_derivative(a),), _UNIT,
    formulas=lambda y, a: (1 / scalars.sqrt(1 - stable.square(a)),),
    domain="{a} from -1 to 1", inside=lambda a: -1 <= a <= 1, torch="asin", spellings="arcsin",
)
acos = row(
    "acos", "acos", scalars.acos, lambda y, a: (-stable.asin_derivative(a),), _UNIT,
    formulas=lambda y, a: (-1 / scalars.sqrt(1 - stable.square(a)),),
    domain="{a} from -1 to 1", inside=lambda a: -1 <= a <= 1, torch="acos", spellings="arccos",
)
atan = row(
    "atan", "atan", scalars.atan, lambda y, a: (stable.atan_derivative(a),), _LINE,
    formulas=lambda y, a: (1 / (1 + stable.square(a)),),
    torch="atan", spellings="arctan",
)
asinh = row(
    "asinh", "asinh", scalars.asinh, lambda y, a: (stable.asinh_derivative(a),), _LINE,
    formulas=lambda y, a: (1 / scalars.sqrt(stable.square(a) + 1),),
    torch="asinh", spellings="arcsinh arsinh",
)
acosh = row(
    "acosh", "acosh", scalars.acosh, lambda y, a: (stable.acosh_derivative(a),),
    ((1.25,), (3.0,), (40.0,)),
    formulas=lambda y, a: (1 / scalars.sqrt(stable.square(a) - 1),),
    domain="{a} ≥ 1", inside=lambda a: a >= 1, torch="acosh", spellings="arccosh arcosh",
)
atanh = row(
    "atanh", "atanh", scalars.atanh, lambda y, a: (stable.within(y, 1 / ((1 - a) * (1 + a))),),
    _UNIT,
    formulas=lambda y, a: (1 / (1 - stable.square(a)),),
    domain="{a} between -1 and 1", inside=lambda a: -1 < a < 1,
    torch="atanh", spellings="arctanh artanh",
)
erf = row(
    "erf", "erf", scalars.erf, lambda y, a: (stable.erf_derivative(a),), _LINE,
    formulas=lambda y, a: (2 / scalars.sqrt(scalars.pi(a)) * scalars.exp(-stable.square(a)),),
    torch="erf",
)

# Activations

sigmoid: Operation = row(
    "sigmoid", "σ", stable.sigmoid, lambda y, a: (stable.sigmoid_derivative(a),), _LINE,
    textbook=lambda a: 1 / (1 + scalars.exp(-a)),
    formulas=lambda y, a: (y * (1 - y),),
    activation=True, torch="nn.Sigmoid", spellings="σ sigma logistic",
)
log_sigmoid = row(
    "log_sigmoid", "log σ", lambda a: -stable.softplus(-a), lambda y, a: (sigmoid(-a),), _LINE,
    textbook=lambda a: scalars.log(sigmoid(a)),
    formulas=lambda y, a: (1 - sigmoid(a),),
    activation=True, torch="nn.LogSigmoid", spellings="logsigmoid",
)
softplus = row(
    "softplus", "softplus", stable.softplus, lambda y, a: (sigmoid(a),), _LINE,
    textbook=lambda a: scalars.log(1 + scalars.exp(a)),
    activation=True, torch="nn.Softplus",
)
relu = row(
    "relu", "ReLU", stable.positive,
    lambda y, a: (stable.held(a > 0),), _LINE,
    kink=lambda a: a == 0, slope=lambda d, a: stable.positive(d[0]),
    convention="0 at 0, as PyTorch and TensorFlow",
    activation=True, torch="nn.ReLU",
)
leaky_relu = row(
    "leaky_relu", "LeakyReLU",
    lambda a, slope, at_zero=None: where(a > 0, a, slope * a),
    lambda y, a, slope, at_zero=None: (
        where(a > 0, 1, where(a < 0, slope, slope if at_zero is None else at_zero)),
        stable.negative(a),
        0,
    ),
    ((-2.5, 0.1), (3.0, 0.25), (-0.5,), (0.75, 0.1, 1.0)),
    defaults=(Fraction(1, 100),),
    kink=lambda a, slope, at_zero=None: a == 0,
    slope=lambda d, a, slope, at_zero=None: where(d[0] > 0, d[0], slope * d[0]),
    convention="at_zero at 0; by default the slope, as PyTorch; the lecture sets 1",
    operands="a slope? at_zero?", activation=True, torch="nn.LeakyReLU negative_slope",
)
elu = row(
    "elu", "ELU",
    lambda a, alpha: where(a > 0, a, alpha * scalars.expm1(stable.negative(a))),
    lambda y, a, alpha: (
        where(a > 0, 1, alpha * scalars.exp(stable.negative(a))),
        scalars.expm1(stable.negative(a)),
    ),
    ((-2.5, 1.0), (3.0, 0.5), (-0.5,)),
    defaults=(1,),
    kink=lambda a, alpha: a == 0 and alpha != 1,
    slope=lambda d, a, alpha: where(d[0] > 0, d[0], alpha * d[0]),
    convention="alpha at 0, the slope from below, as PyTorch",
    operands="a alpha?", activation=True, torch="nn.ELU alpha",
)
silu = row(
    "silu", "SiLU", stable.silu, lambda y, a: (stable.silu_derivative(a),), _LINE,
    textbook=lambda a: a / (1 + scalars.exp(-a)),
    formulas=lambda y, a: (sigmoid(a) * (1 + a * (1 - sigmoid(a))),),
    activation=True, torch="nn.SiLU", spellings="swish",
)
mish = row(
    "mish", "Mish", stable.mish, lambda y, a: (stable.mish_derivative(a),), _LINE,
    textbook=lambda a: a * _mish_gate(a),
    formulas=lambda y, a: (
        _mish_gate(a) + a * sigmoid(a) * (1 - stable.square(_mish_gate(a))),
    ),
    activation=True, torch="nn.Mish",
)
hardtanh = row(
    "hardtanh", "HardTanh", stable.clip, stable.hardtanh_derivatives,
    (*_LINE, (-2.5, -3.0, 0.5), (0.75, 0.0, 1.5)),
    kink=stable.clips_at_edge, slope=stable.clip_slope,
    convention="0 at the edges low and high, as PyTorch's hardtanh",
    defaults=(-1, 1), operands="a low? high?",
    activation=True, torch="nn.Hardtanh min_val max_val",
)
gelu = row(
    "gelu", "GELU", stable.gelu, lambda y, a: (stable.gelu_derivative(a),), _LINE,
    textbook=lambda a: a * _normal(a),
    formulas=lambda y, a: (
        _normal(a) + a * scalars.exp(-stable.square(a) / 2) / scalars.sqrt(2 * scalars.pi(a)),
    ),
    activation=True, torch="nn.GELU",
)

# Choices

maximum = row(
    "maximum", "max", stable.maximum, stable.shares, _PLANE + _SPACE,
    formulas=partial(stable.shares_as_written, operator.gt),
    kink=_are_tied(stable.maximum), slope=_among_ties(stable.maximum),
    convention="ties share evenly, as PyTorch's amax",
    operands="*a", commutes=True, spellings="max",
)
minimum = row(
    "minimum", "min", stable.minimum, stable.shares, _PLANE + _SPACE,
    formulas=partial(stable.shares_as_written, operator.lt),
    kink=_are_tied(stable.minimum), slope=_among_ties(stable.minimum),
    convention="ties share evenly, as PyTorch's amin",
    operands="*a", commutes=True, spellings="min",
)
clip = row(
    "clip", "clip", stable.clip, stable.clip_derivatives, _SPACE,
    kink=stable.clips_at_edge, slope=stable.clip_slope,
    convention="1 for a at the edges, as PyTorch's clamp; high where low ≥ high",
    operands="a low high", torch="clamp", spellings="clamp",
)
sign = row(
    "sign", "sign", stable.sign, (0,), _LINE,
    jump=lambda a: a == 0, beside=lambda d, a: stable.sign(d[0]),
    convention="0 at 0, and its derivative is 0 everywhere, as PyTorch",
    torch="sign", spellings="sgn signum",
)
step = row(
    "step", "step", stable.step, lambda y, a, at_zero: (0, where(equal(a, 0), 1, 0)),
    (*((a,) for (a,) in _LINE), (-0.5, 0.5), (0.75, 1.0)),
    jump=lambda a, at_zero: a == 0,
    beside=lambda d, a, at_zero: stable.step(d[0], at_zero),
    convention="at_zero at 0, by default 0; its derivative is 0 everywhere, as PyTorch's heaviside",
    defaults=(0,), operands="a at_zero?", torch="heaviside", spellings="heaviside",
)
where_ = row(
    "where", "?:", _chosen, lambda y, c, a, b: (0, where(c, 1, 0), where(c, 0, 1)),
    ((1.0, 0.5, -1.25), (0.0, -3.0, 2.0)), chooses=True,
    operands="c a b",
)

# Comparisons, which are 1 where they hold and 0 elsewhere: indicators, and conditions of `where`


def _comparison(name: str, symbol: str, holds: Callable[..., Any], at_equal: int) -> Operation:
    """A row whose value jumps where its operands are equal, and is flat elsewhere."""
    rises = 1 if symbol[0] in ">≥" else -1
    return row(
        name, symbol, lambda a, b: where(holds(a, b), whole(1, a), whole(0, a)),
        (0, 0), _PLANE,
        operands="a b", arithmetic=True,
        jump=lambda a, b: a == b,
        beside=lambda d, a, b: where(
            rises * (d[0] - d[1]) > 0, 1, where(rises * (d[0] - d[1]) < 0, 0, at_equal)
        ),
        convention="its derivative is 0 everywhere",
    )


less = _comparison("less", "<", operator.lt, 0)
less_equal = _comparison("less_equal", "≤", operator.le, 1)
greater = _comparison("greater", ">", operator.gt, 0)
greater_equal = _comparison("greater_equal", "≥", operator.ge, 1)

_BROUGHT = frozenset(OPERATIONS)
