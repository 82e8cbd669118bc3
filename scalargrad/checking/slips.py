"""The slips that can be named: a row each, with its sentence, its recipe and an example.

The sentence goes on from "It looks as if". The page "the slips, each with a wrong number" of the
documentation is made from the rows, and so is a test that each example is named by its row alone.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scalargrad.checking.recipes import (
    Case,
    Recipe,
    Terms,
    at_each,
    either,
    factor,
    factor_as_value,
    gradients_of_others,
    has_many_digits,
    has_shut_gate,
    in_place_of,
    is_label,
    is_target,
    itself,
    made_from,
    of_product,
    of_quotient,
    operand,
    part_and_whole,
    power_and_sum,
    slope,
    slopes,
    small_steps,
    term,
    total,
    transposed,
    updated_weights,
    value,
    value_of_node,
    weight_rate_gradient,
    with_siblings,
)
from scalargrad.engine import ops
from scalargrad.engine.ops import OPERATIONS, Operands
from scalargrad.engine.scalars import Scalar, divide, to_float
from scalargrad.engine.value import Value


@dataclass(frozen=True)
class Example:
    """A sheet whose last line holds the slip, and whose other lines are right.

    Attributes:
        program: its text.
        lines: what is written, as "dl/dh = 0.6; dl/dw = 1.2".
    """

    program: str
    lines: str

    @property
    def answers(self) -> dict[str, str]:
        """The lines of the sheet."""
        pairs = [line.rpartition("=") for line in self.lines.split(";")]
        return {name.strip(): text.strip() for name, _, text in pairs}


@dataclass(frozen=True)
class Slip:
    """A mistake with a name.

    Attributes:
        name: goes on from "It looks as if"; "" where the recipe says it of each operand.
        recipe: the ways in which it is made.
        example: a sheet with it.
        rank: slips of a higher one are looked for only where none of a lower one fits.
        hides: parts of the names of more general slips that give the same number.
        is_anywhere: whether it is looked for in steps too that are written on other lines.
        gives_nought: whether it is what a nought looks like; others give one by chance.
        is_weak: whether to look there though it fits, for it gives what many others do.
    """

    name: str
    recipe: Recipe
    example: Example
    rank: int = 0
    hides: tuple[str, ...] = ()
    is_anywhere: bool = False
    is_weak: bool = False
    gives_nought: bool = False


SLIDE = (
    "x = 2; y = 1; w1 = 0.3; w2 = 0.8; w3 = 0.4; w4 = 0.1; h1 = relu(w1*x); h2 = relu(w2*x); "
    "yhat = w3*h1 + w4*h2; loss = (yhat - y)^2"
)
SIGMOID = "x = 1.5; w = 0.7; b = -0.3; y = 1; z = w*x + b; h = sigmoid(z); loss = (h - y)^2"
TANH = SIGMOID.replace("sigmoid", "tanh")
SHUT = "x = 1.5; w = -0.7; y = 1; z = w*x; h = relu(z); v = 3; loss = (v*h - y)^2"
OPEN = SHUT.replace("-0.7", "0.7")
PATHS = "x = 1.3; a = 0.7*x; b = 5.1*x; loss = a*b"
CURVED = PATHS.replace("5.1*x", "5.1*x^2")
TWO = "x1 = 1.3; x2 = -0.4; w1 = 0.9; w2 = 1.7; b = 0.35; z = w1*x1 + w2*x2 + b; loss = z^3"
MEAN = "a = 1.7; b = 2.9; c = 0.6; m = mean(a, b, c); loss = 3*m"
PENALTY = "w = 0.9; y = 2; x = 1.2; lam = 0.15; D = (w*x - y)^2; R = lam*w^2; J = D + R"
THREE = CURVED.replace("loss = a*b", "c = 0.3*x; loss = a + b + c")
ANGLE = "t = 1.1; s = sin(t); loss = 2*s"
EXP = "x = 1.7; k = exp(x); loss = 3*k"
RATIO = "p = 0.7; q = 1.9; r = p/q; k = log(q); loss = r*k"
QUOTIENT = "x = 2; u = 3*x + 1; v = x^2 + 1; f = u/v"
PRODUCT = QUOTIENT.replace("u/v", "u*v")
SOFTMAX = (
    "a = 2; b = 1; c = 0.1; ea = exp(a); eb = exp(b); ec = exp(c); Z = ea + eb + ec; "
    "pb = eb/Z; L = -log(pb)"
)
CROSS = "x = 1.5; w = 0.7; y = 1; z = w*x; p = sigmoid(z); loss = -(y*log(p) + (1-y)*log(1-p))"
RIDGE = (
    "w1 = 0.6; w2 = -0.4; x = 1.5; y = 1.1; lam = 0.3; yh = w1*x; D = (yh - y)^2; "
    "R = lam/2*(w1^2 + w2^2); L = D + R"
)
MATRIX = (
    "x1 = 0.5; x2 = -1.5; w11 = 0.2; w12 = 0.7; w21 = -0.3; w22 = 0.9; z1 = w11*x1 + w12*x2; "
    "z2 = w21*x1 + w22*x2; loss = z1*z2 + z2"
)
GREATEST = "a = 1.3; b = 0.4; c = 2.7*a; m = max(c, b); loss = 1.9*m"
OTHERS = "p = 0.37; q = 1.9; s = p*q; x = 0.83; w = 2.3; z = w*x; y = z*s"
H = "z=0.75; h=0.67918; "
T = "z=0.75; h=0.63515; "
BACK = f"{H}dl/dh=-0.64164; "
UV = "u=7; v=5; du/dx=3; dv/dx=4; "
BY_E = "ea=7.38906; eb=2.71828; ec=1.10517; Z=11.21251; "
STEP = "dl/dw2=-0.24; w2_new = w2 - 0.1*dl/dw2 ="

_GATED = (ops.relu, ops.leaky_relu, ops.elu)
_SMOOTH = (ops.sigmoid, ops.tanh)
_ANGLES = (ops.sin, ops.cos, ops.tan)
_SUMS = (ops.add, ops.sub, ops.total, ops.dot)
_ACTIVATIONS = [row for row in OPERATIONS.values() if row.activation]


# Where a slip is looked for ----------------------------------------------------------------------


def _is_inner(case: Case, node: Value) -> bool:
    return case.is_edge and node is not case.of


def _is_outermost(case: Case, node: Value) -> bool:
    """Whether the node is the last operation of an edge; one before it is an inner one."""
    return case.is_edge and node is case.of


def _is_no_factor(case: Case, node: Value) -> bool:
    """Whether losing the slope of a node is another mistake than losing a factor of the chain."""
    outline = case.outline
    return case.is_edge or node not in outline.place or len(outline.between(node)) > 1


def _is_derivative(case: Case) -> bool:
    return len(case.key) == 2


# Wrong slopes of one operation: change(right, node, y, operands) ---------------------------------

Variants = Iterator[tuple[Scalar, ...]]


def _ones(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    yield (1,) * len(right)


def _at_output(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    """The slope of an activation at its result: σ′(σ(z))."""
    assert node.op is not None
    yield node.op.derivatives(node.op.value(y), y)


def _in_degrees(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    assert node.op is not None
    angle = math.radians(to_float(a[0]))
    yield node.op.derivatives(node.op.value(angle), angle)


def _is_constant(node: Value, depth: int = 3) -> bool:
    """Whether a node is a number of the program: 2, or 1/2."""
    inner = all(_is_constant(parent, depth - 1) for parent in node.parents) if depth else False
    return not node.label and inner


def _without_constant(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    """The slope without a constant that multiplies or divides: ½, 1/n, 2."""
    if len(node.parents) == 2:
        first, second = map(_is_constant, node.parents)
        if second and not first:
            yield 1, right[1]
        elif first and not second and node.op is ops.mul:
            yield right[0], 1
        front = node.parents[0]  # the 2 of λ/2·w²
        if front.op is ops.div and not front.label and _is_constant(front.parents[1]):
            yield right[0], right[1] * front.parents[1].data


def _without_leaf(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    """The slope without a named factor, as λ in λw², in front of what has no name."""
    first, second = node.parents
    if first.label and not first.parents and second.parents and not second.label:
        yield right[0], 1
    if second.label and not second.parents and first.parents and not first.label:
        yield 1, right[1]


def _with_target(times: int) -> Callable[..., Variants]:
    """The slope of (a − 0.5)² with another multiple of the number that is taken away."""

    def change(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
        inner = node.parents[0]
        if inner.op is ops.sub and _is_constant(inner.parents[1]):
            yield (2 * (a[0] + (1 - times) * inner.parents[1].data),)

    return change


def _with_constant_twice(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    for kept in _without_constant(right, node, y, a):
        yield tuple([r * r if k == 1 else r for r, k in zip(right, kept, strict=True)])


def _one_times(number: int) -> Callable[..., Variants]:
    """A change that multiplies one slope of several by a number."""

    def change(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
        for at in range(len(right)) if number or len(right) > 1 else ():
            yield tuple([number * r if i == at else r for i, r in enumerate(right)])

    return change


def _to_the_wrong(right: Operands, node: Value, y: Scalar, a: Operands) -> Variants:
    """The slopes of a maximum: to all operands, to none, and to the others."""
    yield from ((1,) * len(right), (0,) * len(right), tuple([1 - r for r in right]))


# Wrong values and sums ---------------------------------------------------------------------------


def _each_term(times: int) -> Recipe:
    """The value of a sum with one of its terms changed; the first of dot is its bias."""

    def change(right: Scalar, node: Value, a: Operands) -> Iterator[Scalar]:
        if node.op is ops.dot:
            terms = [a[0], *(w * x for w, x in zip(a[1::2], a[2::2], strict=True))]
        elif node.op in _SUMS:
            terms = [a[0], -a[1]] if node.op is ops.sub else list(a)
        else:
            return
        yield from (right + times * term for term in terms if len(terms) > 1)

    return at_each("value", change)


def _added(right: Scalar, node: Value, a: Operands) -> Iterator[Scalar]:
    if node.op is ops.mul:
        yield a[0] + a[1]
    if node.op is ops.dot:
        yield from (right - w * x + w + x for w, x in zip(a[1::2], a[2::2], strict=True))
        yield sum(a)


def _slope_for_value(right: Scalar, node: Value, a: Operands) -> Iterator[Scalar]:
    if node.op in _SMOOTH:
        yield node.op.derivatives(right, a[0])[0]


def _value_in_degrees(right: Scalar, node: Value, a: Operands) -> Iterator[Scalar]:
    if node.op in _ANGLES:
        yield node.op.value(math.radians(to_float(a[0])))


def _paths_minus(terms: Terms) -> list[Scalar]:
    products = [g * d for _, g, d in terms]
    return [sum(products) - 2 * one for one in products]


def _in_float32(number: Scalar) -> Scalar:
    return struct.unpack("f", struct.pack("f", to_float(number)))[0]


# The table ---------------------------------------------------------------------------------------

_SIGN, _SQUARE = "the sign of a term is wrong in the slope", "the square in the slope of a quotient"
_STANDS, _VALUE = "stands where", "the value is taken for the derivative"

# fmt: off
SLIPS: tuple[Slip, ...] = (
    Slip("the sign is wrong",
         made_from(itself, lambda y: -y), Example(SLIDE, "dl/dw2 = 0.24"),
         hides=(_SIGN, "the paths are subtracted", "the target is added", _STANDS)),
    # the slope of one operation
    Slip("the factor 2 of the square is lost",
         slope(ops.square, lambda y, a: a), Example(SIGMOID, f"{H}dl/dh = -0.32082"),
         hides=("a constant factor is taken twice",), is_anywhere=True),
    Slip("the base of the square is lost",
         slope(ops.square, lambda y, a: 2),
         Example(TWO.replace("z^3", "z^2"), "dl/dz = 2.00000")),
    Slip("the value of the square is taken for its slope",
         slope(ops.square, lambda y, a: y, lambda y, a: 2 * y),
         Example("u = 1.7; w = 0.6; R = 1.9*w^2; L = R*u", "dR/dw = 0.68400"), hides=(_VALUE,)),
    Slip("the exponent in front of the power is lost",
         slopes(ops.pow, lambda right, node, y, a: [(divide(right[0], a[1]), right[1])]),
         Example(TWO, "dl/dz = 0.70560")),
    Slip("the power rule is used on an exponential",
         slope(ops.exp, lambda y, a: a * ops.exp.value(a - 1)), Example(EXP, "dk/dx = 3.42338")),
    Slip("the exponential is forgotten",
         slope(ops.exp, lambda y, a: 1, lambda y, a: a), Example(EXP, "dk/dx = 1.70000")),
    Slip("the logarithm is taken for its slope",
         slope(ops.log, lambda y, a: y), Example(RATIO, "dk/dq = 0.64185"), hides=(_VALUE,)),
    Slip("the ReLU gate is ignored",
         slope(_GATED, lambda y, a: 1), Example(SHUT, "dh/dz = 1"), is_anywhere=True),
    Slip("the ReLU gate is forced shut",
         slope(_GATED, lambda y, a: 0), Example(OPEN, "z=1.05; h=1.05; dh/dz = 0"),
         hides=("a term of the slope is lost", _STANDS), is_anywhere=True, gives_nought=True),
    Slip("σ is taken for σ(1 − σ)",
         slope(ops.sigmoid, lambda y, a: y), Example(SIGMOID, f"{H}dh/dz = 0.67918")),
    Slip("1 − σ is taken for σ(1 − σ)",
         slope(ops.sigmoid, lambda y, a: 1 - y), Example(SIGMOID, f"{H}dh/dz = 0.32082")),
    Slip("σ² is taken for σ(1 − σ)",
         slope(ops.sigmoid, lambda y, a: y * y), Example(SIGMOID, f"{H}dh/dz = 0.46129")),
    Slip("tanh is taken for 1 − tanh²",
         slope(ops.tanh, lambda y, a: y), Example(TANH, "z=0.75; dh/dz = 0.63515")),
    Slip("the square in 1 − tanh² is lost",
         slope(ops.tanh, lambda y, a: 1 - y), Example(TANH, f"{T}dh/dz = 0.36485")),
    Slip("tanh² is taken for 1 − tanh²",
         slope(ops.tanh, lambda y, a: y * y), Example(TANH, f"{T}dh/dz = 0.40342")),
    Slip("the slope of another activation is taken",
         either(slope(ops.tanh, lambda y, a: y * (1 - y)),
                slope(ops.sigmoid, lambda y, a: 1 - y * y),
                slope(ops.relu, lambda y, a: -1 if a < 0 else 1)),
         Example(TANH, f"{T}dh/dz = 0.23173")),
    Slip("the slope is taken at the output of the activation",
         slopes(_SMOOTH, _at_output), Example(SIGMOID, f"{H}dh/dz = 0.22325")),
    Slip("what went into the activation is taken for what came out of it",
         either(slope(ops.tanh, lambda y, a: 1 - a * a),
                slope(ops.sigmoid, lambda y, a: a * (1 - a))),
         Example(SIGMOID, f"{H}dh/dz = 0.18750")),
    Slip("the slope of the activation is taken twice",
         slopes(_SMOOTH, lambda right, node, y, a: [(right[0] * right[0],)]),
         Example(SIGMOID, f"{BACK}dl/dz = -0.03046")),
    Slip("the slope of the activation is lost",
         slopes(_SMOOTH, _ones, _is_no_factor), Example(TANH, f"{T}dh/dz = 1.00000")),
    Slip("the inner derivative is lost",
         slopes((ops.mul, ops.dot), _ones, _is_inner), Example(SLIDE, "dh2/dw2 = 1")),
    Slip("a product is differentiated like a sum",
         slopes((ops.mul, ops.dot), _ones, _is_outermost),
         Example("x = 3; w = 5; z = w*x", "dz/dw = 1")),
    Slip("a constant factor is lost",
         slopes((ops.mul, ops.div), _without_constant),
         Example("a = 1.7; b = 2.9; S = a*b; L = S/4", "dL/dS = 1.00000"),
         hides=("differentiated like a sum", "inner derivative", "is doubled"), is_anywhere=True),
    Slip("a factor in front is lost",
         slopes(ops.mul, _without_leaf), Example(PENALTY, "D=0.8464; R=0.1215; dR/dw = 1.80000"),
         hides=("differentiated like a sum", "inner derivative")),
    Slip("a constant factor is taken twice",
         slopes((ops.mul, ops.div), _with_constant_twice),
         Example("a = 1.7; b = 2.9; S = a*b; L = 3*S", "dL/dS = 9.00000")),
    Slip(_SIGN,
         slopes((ops.add, ops.sub, ops.total, ops.neg), _one_times(-1)),
         Example("x = 3; u = 4.3*x; v = x^2 - 5*x; f = u/v", "u=12.9; v=-6; dv/dx = 11")),
    Slip("a term of the slope is lost",
         slopes((ops.add, ops.sub, ops.total), _one_times(0)),
         Example(QUOTIENT.replace("x^2 + 1", "x^2 - 5*x"), "dv/dx = 4")),
    Slip("the sum is taken for the mean",
         slopes(ops.mean, _ones), Example(MEAN, "dm/da = 1.00000"),
         hides=("only one side of each path",)),
    Slip("the maximum passes its gradient to the wrong operands",
         slopes((ops.maximum, ops.minimum), _to_the_wrong),
         Example(GREATEST, "c=3.51; m=3.51; dm/db = 1"), gives_nought=True),
    Slip(f"{_SQUARE} is forgotten",
         slopes(ops.div, lambda right, node, y, a: [(right[0], right[1] * a[1])]),
         Example(QUOTIENT, "u=7; v=5; df/dv = -1.4")),
    Slip("degrees are taken for radians",
         slopes(_ANGLES, _in_degrees), Example(ANGLE, "ds/dt = 0.99982")),
    # the chain rule
    Slip("a factor of the chain is lost",
         factor(lambda lost, kept: kept), Example(SIGMOID, f"{BACK}dl/dz = 0.21789")),
    Slip("a factor of the chain is inverted",
         factor(lambda one, other: divide(other, one)),
         Example(SIGMOID, f"{BACK}dl/dz = -2.94475")),
    Slip("factors of the chain are added, not multiplied",
         term(lambda g, d: g + d), Example(SIGMOID, f"{BACK}dl/dz = -0.42375")),
    Slip("one path is missed",
         term(lambda g, d: 0, least=2),
         Example(THREE.replace("a + b", "a*b"),
                 "a=0.91; b=8.619; c=0.39; dl/dx = 18.09990"),
         hides=("a term of the slope is lost", _STANDS), is_anywhere=True, gives_nought=True),
    Slip("all paths but one are missed",
         total(lambda terms: [g * d for _, g, d in terms] if len(terms) > 2 else []),
         Example(THREE, "a=0.91; b=8.619; c=0.39; dl/da=1; dl/db=1; dl/dc=1; dl/dx = 0.70000")),
    Slip("one path is counted twice",
         term(lambda g, d: 2 * g * d, least=2),
         Example(PATHS, "a=0.91; b=6.63; dl/dx = 13.92300")),
    Slip("the paths are subtracted, not added",
         total(_paths_minus), Example(CURVED, "a=0.91; b=8.619; dl/dx = -6.03330"), hides=(_SIGN,)),
    Slip("the paths are multiplied, not added",
         total(lambda terms: [math.prod(g * d for _, g, d in terms)]),
         Example(PATHS, "a=0.91; b=6.63; dl/dx = 21.53888")),
    Slip("the paths are averaged, not added",
         total(lambda terms: [divide(sum(g * d for _, g, d in terms), len(terms))]),
         Example(CURVED, "a=0.91; b=8.619; dl/dx = 9.04995"), is_weak=True),
    Slip("only one side of each path is taken",
         total(lambda terms: [sum(d for _, _, d in terms), sum(g for _, g, _ in terms)]),
         Example(PATHS, "a=0.91; b=6.63; dl/dx = 5.80000")),
    Slip("the gradient of another node is passed on",
         gradients_of_others, Example(SLIDE, "dl/dh1=-0.48; dl/dh2=-0.12; dl/dw2 = -0.96")),
    Slip(_VALUE,
         made_from(value_of_node, lambda y: y), Example(TWO, "dl/dz = 0.59270")),
    Slip("numerator and denominator are differentiated apart",
         made_from(of_quotient, lambda u, v, du, dv: divide(du, dv)),
         Example(QUOTIENT, f"{UV}df/dx = 0.75")),
    Slip("the terms of the quotient rule are added, not subtracted",
         made_from(of_quotient, lambda u, v, du, dv: divide(du * v + u * dv, v * v)),
         Example(QUOTIENT, f"{UV}df/dx = 1.72"), hides=("the paths are subtracted, not added",)),
    Slip("the denominator of the quotient rule is not squared",
         made_from(of_quotient, lambda u, v, du, dv: divide(du * v - u * dv, v),
                   lambda u, v, du, dv: du * v - u * dv),
         Example(QUOTIENT, f"{UV}df/dx = -2.6"), hides=(_STANDS,)),
    Slip("the derivatives of the two factors are multiplied",
         made_from(of_product, lambda u, v, du, dv: du * dv), Example(PRODUCT, f"{UV}df/dx = 12"),
         hides=("only one side of each path is taken",)),
    # softmax and targets
    Slip("the label is forgotten",
         made_from(power_and_sum, divide), Example(SOFTMAX, f"{BY_E}pb=0.24243; dL/db = 0.24243"),
         hides=("one path is missed", "another node is passed on", _VALUE)),
    Slip("the 1 is subtracted at the wrong class",
         made_from(power_and_sum, lambda e, z: divide(e, z) - 1),
         Example(SOFTMAX, f"{BY_E}pb=0.24243; dL/da = -0.34100")),
    Slip("the slope of a softmax is taken for that of its cross-entropy",
         made_from(power_and_sum, lambda e, z: divide(e, z) * (1 - divide(e, z))),
         Example(SOFTMAX, f"{BY_E}pb=0.24243; dL/da = 0.22472")),
    Slip("the division by the sum of a softmax is forgotten",
         made_from(power_and_sum, lambda e, z: e, lambda e, z: e - 1),
         Example(SOFTMAX, f"{BY_E}pb=0.24243; dL/da = 7.38906"),
         hides=(f"{_SQUARE} is forgotten", "a factor of the chain is lost")),
    Slip("its own term is missing in the sum of a softmax",
         made_from(power_and_sum, lambda e, z: divide(e, z - e), lambda e, z: divide(e, z - e) - 1),
         Example(SOFTMAX, f"{BY_E}pb=0.24243; dL/da = 1.93257")),
    Slip("the target is forgotten",
         either(operand(is_target, lambda y: 0), slopes(ops.square, _with_target(0))),
         Example(SIGMOID, f"{H}dl/dh = 1.35836"),
         is_anywhere=True),
    Slip("the target is added, not subtracted",
         either(operand(is_target, lambda y: -y), slopes(ops.square, _with_target(-1))),
         Example(SIGMOID, f"{H}dl/dh = 3.35836"),
         is_anywhere=True),
    Slip("the other branch of the cross-entropy is taken",
         operand(is_label, lambda y: 1 - y, signs=(1, -1)),
         Example(CROSS, "z=1.05; p=0.74077; dl/dp = 3.85761"),
         hides=("the target is forgotten", "the label is forgotten"), is_anywhere=True),
    Slip("the weights are not transposed",
         transposed,
         Example(MATRIX, "z1=-0.95; z2=-1.5; dl/dz1=-1.5; dl/dz2=0.05; dl/dx1 = -0.26500"),
         hides=(_STANDS,)),
    Slip("", in_place_of(near=True), Example(SLIDE, "dl/dh2=-0.12; dl/dw2 = -0.192")),
    Slip("", factor_as_value, Example(SIGMOID, f"{BACK}dl/dz=-0.13981; dl/db = 0.04194"), rank=1),
    Slip("the slopes of all its siblings are added",
         made_from(with_siblings, lambda y, g, *others: y + g * sum(others)),
         Example(RIDGE, "yh=0.9; D=0.04; R=0.078; dR/dw1 = 0.06"), hides=(_STANDS,)),
    Slip("its own term is missing in the denominator",
         made_from(part_and_whole, lambda u, v: divide(u, v - u)),
         Example(SOFTMAX, f"{BY_E}pb = 0.32001")),
    Slip("all behind a shut ReLU is taken for nought",
         made_from(itself, lambda y: 0, where=has_shut_gate),
         Example(SHUT, "z=-1.05; h=0; dl/dh = 0.00"),
         hides=(_STANDS, "the target is forgotten", "gate is forced shut", "the path", "a term"),
         gives_nought=True),
    # steps of gradient descent
    Slip("the step goes up the slope, not down",
         made_from(weight_rate_gradient, lambda w, r, g: w + r * g),
         Example(SLIDE, f"{STEP} 0.776")),
    Slip("the learning rate is forgotten",
         made_from(weight_rate_gradient, lambda w, r, g: w - g, lambda w, r, g: w + g),
         Example(SLIDE, f"{STEP} 1.04")),
    Slip("the gradient is taken for the new weight",
         made_from(weight_rate_gradient, lambda w, r, g: g), Example(SLIDE, f"{STEP} -0.24")),
    Slip("the step is taken for the new weight",
         made_from(weight_rate_gradient, lambda w, r, g: r * g, lambda w, r, g: -r * g),
         Example(SLIDE, f"{STEP} -0.024")),
    Slip("the step is made from a weight that was updated already",
         made_from(weight_rate_gradient, lambda w, r, g: w - 2 * r * g),
         Example(SLIDE, f"{STEP} 0.848")),
    # values
    Slip("factors are added, not multiplied",
         at_each("value", _added), Example(TWO, "z = 1.87000")),
    Slip("a term of the sum is lost", _each_term(-1), Example(TWO, "z = 0.49000")),
    Slip("a term of the sum is counted twice", _each_term(1), Example(TWO, "z = 1.19000")),
    Slip("the sign of a term is wrong", _each_term(-2), Example(TWO, "z = 0.14000")),
    Slip("the square is lost",
         value(ops.square, lambda a: a), Example(SIGMOID, f"{H}loss = -0.32082")),
    Slip("it is doubled, not squared",
         value(ops.square, lambda a: 2 * a), Example(SIGMOID, f"{H}loss = -0.64164")),
    Slip("the activation is left out",
         value(_ACTIVATIONS, lambda a, *rest: a), Example(TANH, "z=0.75; h = 0.75000")),
    Slip("the ReLU gate is forced shut in the value",
         value(_GATED, lambda a, *rest: 0), Example(OPEN, "h = 0.000"), gives_nought=True),
    Slip("another activation is taken",
         either(value(ops.sigmoid, ops.tanh.value), value(ops.tanh, ops.sigmoid.value),
                value(ops.relu, ops.abs.value)),
         Example(TANH, "z=0.75; h = 0.67918")),
    Slip("the derivative is taken for the value",
         at_each("value", _slope_for_value), Example(TANH, "z=0.75; h = 0.59659")),
    Slip("the sum is taken for the mean, or the mean for the sum",
         either(value(ops.mean, lambda *a: sum(a)),
                value(ops.total, lambda *a: divide(sum(a), len(a)))),
         Example(MEAN, "m = 5.20000")),
    Slip("degrees are taken for radians in the value",
         at_each("value", _value_in_degrees), Example(ANGLE, "s = 0.01920")),
    Slip("the logarithm to base 10 is taken",
         value(ops.log, lambda a: math.log10(to_float(a))), Example(RATIO, "k = 0.27875")),
    # looked for last: most numbers are near one of these
    Slip("the decimal point is misplaced",
         made_from(itself, lambda y: 10 * y, lambda y: y / 10,
                   lambda y: 100 * y, lambda y: y / 100),
         Example(SLIDE, "dl/dw4 = -19.2"), rank=2),
    Slip("the gradient is doubled, or halved",
         made_from(itself, lambda y: 2 * y, lambda y: y / 2, lambda y: 4 * y, lambda y: y / 4),
         Example("x = 1.3; w = 0.7; z = w*x + 0.4; k = tanh(z)", "dk/dw = 0.65787"), rank=2),
    Slip("it is inverted",
         made_from(itself, lambda y: divide(1, y), where=_is_derivative),
         Example(RATIO, "dr/dp = 1.9"), rank=2),
    Slip("it was rounded to float32",
         made_from(itself, _in_float32, where=has_many_digits),
         Example(SIGMOID, "h = 0.6791787147"), rank=2),
    Slip("a weight is used that was updated already",
         updated_weights, Example(SLIDE, "dl/dw4=-1.92; dl/dyhat=-1.2; dl/dh2 = -0.3504"), rank=2),
    Slip("a finite difference is taken for the derivative",
         made_from(small_steps, lambda y: y), Example(SIGMOID, "dl/dh = -0.64064"), rank=2),
    Slip("", in_place_of(near=False), Example(OTHERS, "dz/dw = 0.37"), rank=2),
)
# fmt: on
