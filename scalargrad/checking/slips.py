"""The slips that can be named: a row each, with its sentence, its recipe and an example.

The sentence goes on from "It looks as if". The page "the slips, each with a wrong number" of the
documentation is made from the rows, and so is a test that each example is named by its row alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scalargrad.checking.recipes import (
    Case,
    Operations,
    Recipe,
    Terms,
    all_siblings,
    denominator_without,
    factor_as_value,
    finite_differences,
    gradients_of_others,
    has_many_digits,
    has_shut_gate,
    in_float32,
    in_place_of,
    number_recipe,
    operand_recipe,
    pair_recipe,
    slope_recipe,
    softmax_recipe,
    term_recipe,
    total_of_terms,
    transposed,
    update_recipe,
    updated_weights,
    value_for_derivative,
    value_recipe,
    whole_recipe,
)
from scalargrad.checking.recomputing import Swap
from scalargrad.engine import ops, scalars
from scalargrad.engine.ops import OPERATIONS, Operands, Operation
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value


@dataclass(frozen=True)
class Example:
    """A sheet whose last line holds the slip.

    Attributes:
        program: its text.
        before: what is written on the lines before, rightly.
        asked: the quantity of the last line.
        written: the wrong number.
    """

    program: str
    before: str
    asked: str
    written: str

    @property
    def answers(self) -> dict[str, str]:
        """The lines of the sheet."""
        pairs = [pair.split("=") for pair in self.before.split("; ") if pair]
        return {**{name.strip(): text.strip() for name, text in pairs}, self.asked: self.written}


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
PATHS = "x = 1.3; a = 0.7*x; b = 5.1*x; loss = a*b"
TWO = "x1 = 1.3; x2 = -0.4; w1 = 0.9; w2 = 1.7; b = 0.35; z = w1*x1 + w2*x2 + b; loss = z^3"
MEAN = "a = 1.7; b = 2.9; c = 0.6; m = mean(a, b, c); loss = 3*m"
ANGLE = "t = 1.1; s = sin(t); loss = 2*s"
RATIO = "p = 0.7; q = 1.9; r = p/q; k = log(q); loss = r*k"
QUOTIENT = "x = 2; u = 3*x + 1; v = x^2 + 1; f = u/v"
PRODUCT = "x = 2; u = 3*x + 1; v = x^2 + 1; f = u*v"
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

_GATED = (ops.relu, ops.leaky_relu, ops.elu)
_SMOOTH = (ops.sigmoid, ops.tanh)
_ACTIVATIONS = tuple(row for row in OPERATIONS.values() if row.activation)


# Changes of slopes -------------------------------------------------------------------------------


def _of(row: Operation, *changes: Callable[[Scalar, Scalar], Scalar]) -> Recipe:
    """A recipe for the slope of an operation of one operand: change(y, a)."""

    def slopes(node: Value, y: Scalar, a: Operands, right: Operands) -> list[list[Scalar]]:
        if node.op is not row:
            return []
        return [[change(y, a[0]), *right[1:]] for change in changes]

    return slope_recipe(slopes)


def _gate(slope: int) -> Recipe:
    return slope_recipe(
        lambda node, y, a, right: [(slope, *right[1:])] if node.op in _GATED else []
    )


def _is_inner(case: Case, node: Value) -> bool:
    return case.is_edge and node is not case.of


def _is_outermost(case: Case, node: Value) -> bool:
    """Whether the node is the last operation of an edge; one before it is an inner one."""
    return case.is_edge and node is case.of


def _is_no_factor(case: Case, node: Value) -> bool:
    """Whether losing the slope of a node is another mistake than losing a factor of the chain."""
    outline = case.outline
    return case.is_edge or node not in outline.place or len(outline.between(node)) > 1


def _like_a_sum(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    return [(1,) * len(a)] if node.op in (ops.mul, ops.dot) else []


def _at_output(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    """The slope of an activation at its result: σ′(σ(z))."""
    assert node.op is not None
    if node.op not in _SMOOTH:
        return []
    return [node.op.derivatives(node.op.value(y), y)]


def _at_score(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    """The formula of the slope with what went in: z(1 − z)."""
    score = a[0]
    if node.op is ops.tanh:
        return [(1 - score * score,)]
    return [(score * (1 - score),)] if node.op is ops.sigmoid else []


def _twice(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    return [(right[0] * right[0],)] if node.op in _SMOOTH else []


def _other_slope(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    if node.op is ops.relu:
        return [(-1,)] if a[0] < 0 else []
    if node.op is ops.tanh:
        return [(y * (1 - y),)]
    return [(1 - y * y,)] if node.op is ops.sigmoid else []


def _in_degrees(node: Value, y: Scalar, a: Operands, right: Operands) -> list[Operands]:
    if node.op not in (ops.sin, ops.cos, ops.tan):
        return []
    angle = to_float(a[0]) * math.pi / 180
    row = node.op
    return [row.derivatives(row.value(angle), angle)]


def _is_constant(node: Value, depth: int = 3) -> bool:
    """Whether a node is a number of the program: 2, or 1/2."""
    inner = all(_is_constant(parent, depth - 1) for parent in node.parents) if depth else False
    return not node.label and inner


def _without_constant(node: Value, y: Scalar, a: Operands, right: Operands) -> list[list[Scalar]]:
    """The slope without a constant that multiplies or divides: ½, 1/n, 2."""
    if node.op not in (ops.mul, ops.div) or len(node.parents) != 2:
        return []
    first, second = map(_is_constant, node.parents)
    if node.op is ops.mul and first != second:
        return [[right[0], 1] if first else [1, right[1]]]
    return [[1, right[1]]] if second and not first else []


def _with_constant_twice(
    node: Value, y: Scalar, a: Operands, right: Operands
) -> list[list[Scalar]]:
    kept = _without_constant(node, y, a, right)
    return [[r * r if k == 1 else r for r, k in zip(right, kept[0], strict=True)]] if kept else []


def _signs(node: Value, y: Scalar, a: Operands, right: Operands) -> list[list[Scalar]]:
    """The slopes of a sum with one sign turned."""
    if node.op not in (ops.add, ops.sub, ops.total, ops.neg):
        return []
    return [[-r if i == at else r for i, r in enumerate(right)] for at in range(len(right))]


def _lost_terms(node: Value, y: Scalar, a: Operands, right: Operands) -> list[list[Scalar]]:
    if node.op not in (ops.add, ops.sub, ops.total) or len(right) < 2:
        return []
    return [[0 if i == at else r for i, r in enumerate(right)] for at in range(len(right))]


def _all_as_greatest(node: Value, y: Scalar, a: Operands, right: Operands) -> list[list[Scalar]]:
    if node.op not in (ops.maximum, ops.minimum):
        return []
    return [[1 for _ in right], [0 for _ in right], [1 - r for r in right]]


# Changes of values -------------------------------------------------------------------------------


def _terms(node: Value, a: Operands) -> list[Scalar]:
    """The terms of which an operation is the sum; the first of dot is its bias."""
    if node.op is ops.dot:
        return [a[0], *(w * x for w, x in zip(a[1::2], a[2::2], strict=True))]
    if node.op is ops.sub:
        return [a[0], -a[1]]
    return list(a) if node.op in (ops.add, ops.total) else []


def _with_terms(times: int) -> Recipe:
    def changed(node: Value, a: Operands) -> list[Scalar]:
        terms = _terms(node, a)
        return [sum(terms) + times * term for term in terms] if len(terms) > 1 else []

    return value_recipe(changed)


def _added(node: Value, a: Operands) -> list[Scalar]:
    if node.op is ops.mul:
        return [a[0] + a[1]]
    if node.op is not ops.dot:
        return []
    terms = _terms(node, a)
    one = [sum(terms) - term + w + x
           for term, w, x in zip(terms[1:], a[1::2], a[2::2], strict=True)]  # fmt: skip
    return [*one, sum(a)]


def _when(rows: Sequence[Operation], change: Callable[[Operands], Scalar]) -> Recipe:
    """A recipe for the value of some operations: change(a)."""
    return value_recipe(lambda node, a: [change(a)] if node.op in rows else [])


def _another_activation(node: Value, a: Operands) -> list[Scalar]:
    others = {ops.sigmoid: ops.tanh, ops.tanh: ops.sigmoid, ops.relu: ops.abs}
    return [others[node.op].value(a[0])] if node.op in others else []


def _slope_for_value(node: Value, a: Operands) -> list[Scalar]:
    if node.op not in _SMOOTH:
        return []
    row = node.op
    return [row.derivatives(row.value(a[0]), a[0])[0]]


def _value_in_degrees(node: Value, a: Operands) -> list[Scalar]:
    if node.op not in (ops.sin, ops.cos, ops.tan):
        return []
    return [node.op.value(to_float(a[0]) * math.pi / 180)]


def _other_mean(node: Value, a: Operands) -> list[Scalar]:
    if node.op is ops.mean:
        return [sum(a)]
    return [scalars.divide(sum(a), len(a))] if node.op is ops.total else []


# Operands ----------------------------------------------------------------------------------------


def _is_target(operand: Value) -> bool:
    return not operand.parents and operand.label[:1] in ("y", "t", "ŷ") and operand.label != "yhat"


def _forgotten(operand: Value, number: float, operations: Operations) -> list[Swap]:
    return [lambda r: 0] if _is_target(operand) else []


def _turned(operand: Value, number: float, operations: Operations) -> list[Swap]:
    return [lambda r: -r.value(operand)] if _is_target(operand) and number else []


def _other_label(operand: Value, number: float, operations: Operations) -> list[Swap]:
    is_label = _is_target(operand) and number in (0.0, 1.0) and ops.log in operations
    return [lambda r: 1 - r.value(operand)] if is_label else []


def _paths_minus(terms: Terms) -> list[Scalar]:
    products = [upstream * local for _, upstream, local in terms]
    return [sum(products) - 2 * one for one in products[:4]] + [0] * (4 - len(products[:4]))


def _paths_multiplied(terms: Terms) -> list[Scalar]:
    return [math.prod(up * local for _, up, local in terms)]


def _paths_averaged(terms: Terms) -> list[Scalar]:
    return [scalars.divide(total_of_terms(terms), len(terms))]


def _outer_lost(terms: Terms) -> list[Scalar]:
    return [sum(local for _, _, local in terms), sum(up for _, up, _ in terms)]


def _is_derivative(case: Case) -> bool:
    return len(case.key) == 2


BACK = "z=0.75; h=0.67918; dl/dh=-0.64164"
AB = "a=0.91; b=6.63"
BY_E = "ea=7.38906; eb=2.71828; ec=1.10517; Z=11.21251; pb=0.24243"

SLIPS: tuple[Slip, ...] = (
    Slip(
        "the sign is wrong",
        number_recipe(lambda y: [-y]),
        Example(SLIDE, "", "dl/dw2", "0.24"),
        hides=(
            "the sign of a term is wrong in the slope",
            "the paths are subtracted",
            "stands where",
        ),
    ),
    # the slope of one operation
    Slip(
        "the factor 2 of the square is lost",
        _of(ops.square, lambda y, a: a),
        Example(SIGMOID, "z=0.75; h=0.67918", "dl/dh", "-0.32082"),
        hides=("a constant factor is taken twice",),
        is_anywhere=True,
    ),
    Slip(
        "the base of the square is lost",
        _of(ops.square, lambda y, a: 2),
        Example(TWO.replace("z^3", "z^2"), "", "dl/dz", "2.00000"),
    ),
    Slip(
        "the value of the square is taken for its slope",
        _of(ops.square, lambda y, a: y, lambda y, a: 2 * y),
        Example("u = 1.7; w = 0.6; R = 1.9*w^2; L = R*u", "", "dR/dw", "0.68400"),
        hides=("the value is taken for the derivative",),
    ),
    Slip(
        "the exponent in front of the power is lost",
        slope_recipe(
            lambda node, y, a, right: (
                [(scalars.divide(right[0], a[1]), right[1])] if node.op is ops.pow else []
            )
        ),
        Example(TWO, "", "dl/dz", "0.70560"),
    ),
    Slip(
        "the power rule is used on an exponential",
        _of(ops.exp, lambda y, a: a * ops.exp.value(a - 1)),
        Example("x = 1.7; k = exp(x); loss = 3*k", "", "dk/dx", "3.42338"),
    ),
    Slip(
        "the exponential is forgotten",
        _of(ops.exp, lambda y, a: 1, lambda y, a: a),
        Example("x = 1.7; k = exp(x); loss = 3*k", "", "dk/dx", "1.70000"),
    ),
    Slip(
        "the logarithm is taken for its slope",
        _of(ops.log, lambda y, a: y),
        Example(RATIO, "", "dk/dq", "0.64185"),
        hides=("the value is taken for the derivative",),
    ),
    Slip(
        "the ReLU gate is ignored",
        _gate(1),
        Example(SHUT, "", "dh/dz", "1"),
        is_anywhere=True,
    ),
    Slip(
        "the ReLU gate is forced shut",
        _gate(0),
        Example(SHUT.replace("-0.7", "0.7"), "z=1.05; h=1.05", "dh/dz", "0"),
        hides=(
            "a term of the slope is lost",
            "stands where",
        ),
        is_anywhere=True,
        gives_nought=True,
    ),
    Slip(
        "σ is taken for σ(1 − σ)",
        _of(ops.sigmoid, lambda y, a: y),
        Example(SIGMOID, "z=0.75; h=0.67918", "dh/dz", "0.67918"),
    ),
    Slip(
        "1 − σ is taken for σ(1 − σ)",
        _of(ops.sigmoid, lambda y, a: 1 - y),
        Example(SIGMOID, "z=0.75; h=0.67918", "dh/dz", "0.32082"),
    ),
    Slip(
        "tanh is taken for 1 − tanh²",
        _of(ops.tanh, lambda y, a: y),
        Example(TANH, "z=0.75", "dh/dz", "0.63515"),
    ),
    Slip(
        "the square in 1 − tanh² is lost",
        _of(ops.tanh, lambda y, a: 1 - y),
        Example(TANH, "z=0.75; h=0.63515", "dh/dz", "0.36485"),
    ),
    Slip(
        "tanh² is taken for 1 − tanh²",
        _of(ops.tanh, lambda y, a: y * y),
        Example(TANH, "z=0.75; h=0.63515", "dh/dz", "0.40342"),
    ),
    Slip(
        "the slope of another activation is taken",
        slope_recipe(_other_slope),
        Example(TANH, "z=0.75; h=0.63515", "dh/dz", "0.23173"),
    ),
    Slip(
        "the slope is taken at the output of the activation",
        slope_recipe(_at_output),
        Example(SIGMOID, "z=0.75; h=0.67918", "dh/dz", "0.22325"),
    ),
    Slip(
        "what went into the activation is taken for what came out of it",
        slope_recipe(_at_score),
        Example(SIGMOID, "z=0.75; h=0.67918", "dh/dz", "0.18750"),
    ),
    Slip(
        "the slope of the activation is taken twice",
        slope_recipe(_twice),
        Example(SIGMOID, BACK, "dl/dz", "-0.03046"),
    ),
    Slip(
        "the slope of the activation is lost",
        slope_recipe(lambda node, y, a, right: [(1,)] if node.op in _SMOOTH else [], _is_no_factor),
        Example(TANH, "z=0.75; h=0.63515", "dh/dz", "1.00000"),
    ),
    Slip(
        "the inner derivative is lost",
        slope_recipe(_like_a_sum, _is_inner),
        Example(SLIDE, "", "dh2/dw2", "1"),
    ),
    Slip(
        "a product is differentiated like a sum",
        slope_recipe(_like_a_sum, _is_outermost),
        Example("x = 3; w = 5; z = w*x", "", "dz/dw", "1"),
    ),
    Slip(
        "a constant factor is lost",
        slope_recipe(_without_constant),
        Example("a = 1.7; b = 2.9; S = a*b; L = S/4", "", "dL/dS", "1.00000"),
        hides=("a product is differentiated like a sum", "is doubled"),
        is_anywhere=True,
    ),
    Slip(
        "a constant factor is taken twice",
        slope_recipe(_with_constant_twice),
        Example("a = 1.7; b = 2.9; S = a*b; L = 3*S", "", "dL/dS", "9.00000"),
    ),
    Slip(
        "the sign of a term is wrong in the slope",
        slope_recipe(_signs),
        Example("x = 3; u = 4.3*x; v = x^2 - 5*x; f = u/v", "u=12.9; v=-6", "dv/dx", "11"),
    ),
    Slip(
        "a term of the slope is lost",
        slope_recipe(_lost_terms),
        Example(QUOTIENT.replace("x^2 + 1", "x^2 - 5*x"), "", "dv/dx", "4"),
    ),
    Slip(
        "the sum is taken for the mean",
        slope_recipe(lambda node, y, a, right: [(1,) * len(a)] if node.op is ops.mean else []),
        Example(MEAN, "", "dm/da", "1.00000"),
        hides=("only one side of each path",),
    ),
    Slip(
        "the maximum passes its gradient to the wrong operands",
        slope_recipe(_all_as_greatest),
        Example(GREATEST, "c=3.51; m=3.51", "dm/db", "1"),
        gives_nought=True,
    ),
    Slip(
        "the square in the slope of a quotient is forgotten",
        slope_recipe(
            lambda node, y, a, right: [(right[0], right[1] * a[1])] if node.op is ops.div else []
        ),
        Example(QUOTIENT, "u=7; v=5", "df/dv", "-1.4"),
    ),
    Slip(
        "degrees are taken for radians",
        slope_recipe(_in_degrees),
        Example(ANGLE, "", "ds/dt", "0.99982"),
    ),
    # the chain rule
    Slip(
        "a factor of the chain is lost",
        term_recipe(lambda g, d: [g, d], detail=True),
        Example(SIGMOID, BACK, "dl/dz", "0.21789"),
    ),
    Slip(
        "a factor of the chain is inverted",
        term_recipe(lambda g, d: [scalars.divide(g, d), scalars.divide(d, g)], detail=True),
        Example(SIGMOID, BACK, "dl/dz", "-2.94475"),
    ),
    Slip(
        "factors of the chain are added, not multiplied",
        term_recipe(lambda g, d: [g + d]),
        Example(SIGMOID, BACK, "dl/dz", "-0.42375"),
    ),
    Slip(
        "one path is missed",
        term_recipe(lambda g, d: [0 * g], 2),
        Example(
            "x = 1.3; a = 0.7*x; b = 5.1*x^2; c = 0.3*x; loss = a*b + c",
            "a=0.91; b=8.619; c=0.39",
            "dl/dx",
            "18.09990",
        ),
        hides=("a term of the slope is lost",),
        gives_nought=True,
    ),
    Slip(
        "one path is counted twice",
        term_recipe(lambda g, d: [2 * g * d], 2),
        Example(PATHS, AB, "dl/dx", "13.92300"),
    ),
    Slip(
        "the paths are subtracted, not added",
        whole_recipe(_paths_minus),
        Example(PATHS.replace("5.1*x", "5.1*x^2"), "a=0.91; b=8.619", "dl/dx", "-6.03330"),
        hides=("the sign of a term is wrong in the slope",),
    ),
    Slip(
        "the paths are multiplied, not added",
        whole_recipe(_paths_multiplied),
        Example(PATHS, AB, "dl/dx", "21.53888"),
    ),
    Slip(
        "the paths are averaged, not added",
        whole_recipe(_paths_averaged),
        Example(PATHS.replace("5.1*x", "5.1*x^2"), "a=0.91; b=8.619", "dl/dx", "9.04995"),
        is_weak=True,
    ),
    Slip(
        "only one side of each path is taken",
        whole_recipe(_outer_lost),
        Example(PATHS, AB, "dl/dx", "5.80000"),
    ),
    Slip(
        "the gradient of another node is passed on",
        gradients_of_others,
        Example(SLIDE, "dl/dh1=-0.48; dl/dh2=-0.12", "dl/dw2", "-0.96"),
    ),
    Slip(
        "the value is taken for the derivative",
        value_for_derivative,
        Example(TWO, "", "dl/dz", "0.59270"),
    ),
    Slip(
        "numerator and denominator are differentiated apart",
        pair_recipe(ops.div, lambda u, v, du, dv: [scalars.divide(du, dv)]),
        Example(QUOTIENT, "u=7; v=5; du/dx=3; dv/dx=4", "df/dx", "0.75"),
    ),
    Slip(
        "the terms of the quotient rule are added, not subtracted",
        pair_recipe(ops.div, lambda u, v, du, dv: [scalars.divide(du * v + u * dv, v * v)]),
        Example(QUOTIENT, "u=7; v=5; du/dx=3; dv/dx=4", "df/dx", "1.72"),
        hides=("the paths are subtracted, not added",),
    ),
    Slip(
        "the denominator of the quotient rule is not squared",
        pair_recipe(
            ops.div, lambda u, v, du, dv: [scalars.divide(du * v - u * dv, v), du * v - u * dv]
        ),
        Example(QUOTIENT, "u=7; v=5; du/dx=3; dv/dx=4", "df/dx", "-2.6"),
        hides=("stands where",),
    ),
    Slip(
        "the derivatives of the two factors are multiplied",
        pair_recipe(ops.mul, lambda u, v, du, dv: [du * dv]),
        Example(PRODUCT, "u=7; v=5; du/dx=3; dv/dx=4", "df/dx", "12"),
        hides=("only one side of each path is taken",),
    ),
    # softmax and targets
    Slip(
        "the label is forgotten",
        softmax_recipe(lambda e, z, t: [scalars.divide(e, z)]),
        Example(SOFTMAX, BY_E, "dL/db", "0.24243"),
        hides=("one path is missed", "the value is taken for the derivative"),
    ),
    Slip(
        "the 1 is subtracted at the wrong class",
        softmax_recipe(lambda e, z, t: [scalars.divide(e, z) - 1]),
        Example(SOFTMAX, BY_E, "dL/da", "-0.34100"),
    ),
    Slip(
        "the slope of a softmax is taken for that of its cross-entropy",
        softmax_recipe(lambda e, z, t: [scalars.divide(e, z) * (1 - scalars.divide(e, z))]),
        Example(SOFTMAX, BY_E, "dL/da", "0.22472"),
    ),
    Slip(
        "the division by the sum of a softmax is forgotten",
        softmax_recipe(lambda e, z, t: [e, e - 1]),
        Example(SOFTMAX, BY_E, "dL/da", "7.38906"),
        hides=(
            "the square in the slope of a quotient is forgotten",
            "a factor of the chain is lost",
        ),
    ),
    Slip(
        "its own term is missing in the sum of a softmax",
        softmax_recipe(lambda e, z, t: [scalars.divide(e, z - e), scalars.divide(e, z - e) - 1]),
        Example(SOFTMAX, BY_E, "dL/da", "1.93257"),
    ),
    Slip(
        "the target is forgotten",
        operand_recipe(_forgotten),
        Example(SIGMOID, "z=0.75; h=0.67918", "dl/dh", "1.35836"),
        is_anywhere=True,
    ),
    Slip(
        "the target is added, not subtracted",
        operand_recipe(_turned),
        Example(SIGMOID, "z=0.75; h=0.67918", "dl/dh", "3.35836"),
        is_anywhere=True,
    ),
    Slip(
        "the other branch of the cross-entropy is taken",
        operand_recipe(_other_label, signs=(1, -1)),
        Example(CROSS, "z=1.05; p=0.74077", "dl/dp", "3.85761"),
        hides=("the target is forgotten", "the label is forgotten"),
        is_anywhere=True,
    ),
    Slip(
        "the weights are not transposed",
        transposed,
        Example(MATRIX, "z1=-0.95; z2=-1.5; dl/dz1=-1.5; dl/dz2=0.05", "dl/dx1", "-0.26500"),
        hides=("stands where",),
    ),
    Slip("", in_place_of(near=True), Example(SLIDE, "dl/dh2=-0.12", "dl/dw2", "-0.192")),
    Slip(
        "", factor_as_value, Example(SIGMOID, f"{BACK}; dl/dz=-0.13981", "dl/db", "0.04194"), rank=1
    ),
    Slip(
        "the slopes of all its siblings are added",
        all_siblings,
        Example(RIDGE, "yh=0.9; D=0.04; R=0.078", "dR/dw1", "0.06"),
        hides=("stands where",),
    ),
    Slip(
        "its own term is missing in the denominator",
        denominator_without,
        Example(SOFTMAX, "ea=7.38906; eb=2.71828; ec=1.10517; Z=11.21251", "pb", "0.32001"),
    ),
    Slip(
        "all behind a shut ReLU is taken for nought",
        number_recipe(lambda y: [0 * y], has_shut_gate),
        Example(SHUT, "z=-1.05; h=0", "dl/dh", "0.00"),
        hides=(
            "stands where",
            "the target is forgotten",
            "gate is forced shut",
            "the path",
            "a term",
        ),
        gives_nought=True,
    ),
    # steps of gradient descent
    Slip(
        "the step goes up the slope, not down",
        update_recipe(lambda w, r, g: [w + r * g]),
        Example(SLIDE, "dl/dw2=-0.24", "w2_new = w2 - 0.1*dl/dw2", "0.776"),
    ),
    Slip(
        "the learning rate is forgotten",
        update_recipe(lambda w, r, g: [w - g, w + g]),
        Example(SLIDE, "dl/dw2=-0.24", "w2_new = w2 - 0.1*dl/dw2", "1.04"),
    ),
    Slip(
        "the gradient is taken for the new weight",
        update_recipe(lambda w, r, g: [g]),
        Example(SLIDE, "dl/dw2=-0.24", "w2_new = w2 - 0.1*dl/dw2", "-0.24"),
    ),
    Slip(
        "the step is taken for the new weight",
        update_recipe(lambda w, r, g: [r * g, -r * g]),
        Example(SLIDE, "dl/dw2=-0.24", "w2_new = w2 - 0.1*dl/dw2", "-0.024"),
    ),
    Slip(
        "the step is made from a weight that was updated already",
        update_recipe(lambda w, r, g: [w - 2 * r * g]),
        Example(SLIDE, "dl/dw2=-0.24", "w2_new = w2 - 0.1*dl/dw2", "0.848"),
    ),
    # values
    Slip(
        "factors are added, not multiplied", value_recipe(_added), Example(TWO, "", "z", "1.87000")
    ),
    Slip("a term of the sum is lost", _with_terms(-1), Example(TWO, "", "z", "0.49000")),
    Slip("a term of the sum is counted twice", _with_terms(1), Example(TWO, "", "z", "1.19000")),
    Slip("the sign of a term is wrong", _with_terms(-2), Example(TWO, "", "z", "0.14000")),
    Slip(
        "the square is lost",
        _when((ops.square,), lambda a: a[0]),
        Example(SIGMOID, "z=0.75; h=0.67918", "loss", "-0.32082"),
    ),
    Slip(
        "it is doubled, not squared",
        _when((ops.square,), lambda a: 2 * a[0]),
        Example(SIGMOID, "z=0.75; h=0.67918", "loss", "-0.64164"),
    ),
    Slip(
        "the activation is left out",
        _when(_ACTIVATIONS, lambda a: a[0]),
        Example(TANH, "z=0.75", "h", "0.75000"),
    ),
    Slip(
        "the ReLU gate is forced shut in the value",
        _when(_GATED, lambda a: 0 * a[0]),
        Example(SHUT.replace("-0.7", "0.7"), "", "h", "0.000"),
        gives_nought=True,
    ),
    Slip(
        "another activation is taken",
        value_recipe(_another_activation),
        Example(TANH, "z=0.75", "h", "0.67918"),
    ),
    Slip(
        "the derivative is taken for the value",
        value_recipe(_slope_for_value),
        Example(TANH, "z=0.75", "h", "0.59659"),
    ),
    Slip(
        "the sum is taken for the mean, or the mean for the sum",
        value_recipe(_other_mean),
        Example(MEAN, "", "m", "5.20000"),
    ),
    Slip(
        "degrees are taken for radians in the value",
        value_recipe(_value_in_degrees),
        Example(ANGLE, "", "s", "0.01920"),
    ),
    Slip(
        "the logarithm to base 10 is taken",
        _when((ops.log,), lambda a: math.log10(to_float(a[0]))),
        Example(RATIO, "", "k", "0.27875"),
    ),
    # looked for last: most numbers are near one of these
    Slip(
        "the decimal point is misplaced",
        number_recipe(lambda y: [10 * y, y / 10, 100 * y, y / 100]),
        Example(SLIDE, "", "dl/dw4", "-19.2"),
        rank=2,
    ),
    Slip(
        "the gradient is doubled, or halved",
        number_recipe(lambda y: [2 * y, y / 2, 4 * y, y / 4]),
        Example("x = 1.3; w = 0.7; z = w*x + 0.4; k = tanh(z)", "", "dk/dw", "0.65787"),
        rank=2,
    ),
    Slip(
        "it is inverted",
        number_recipe(lambda y: [scalars.divide(1, y)], _is_derivative),
        Example(RATIO, "", "dr/dp", "1.9"),
        rank=2,
    ),
    Slip(
        "it was rounded to float32",
        number_recipe(in_float32, has_many_digits),
        Example(SIGMOID, "", "h", "0.6791787147"),
        rank=2,
    ),
    Slip(
        "a weight is used that was updated already",
        updated_weights,
        Example(SLIDE, "dl/dw4=-1.92; dl/dyhat=-1.2", "dl/dh2", "-0.3504"),
        rank=2,
    ),
    Slip(
        "a finite difference is taken for the derivative",
        finite_differences,
        Example(SIGMOID, "", "dl/dh", "-0.64064"),
        rank=2,
    ),
    Slip(
        "",
        in_place_of(near=False),
        Example(
            "p = 0.37; q = 1.9; s = p*q; x = 0.83; w = 2.3; z = w*x; y = z*s", "", "dz/dw", "0.37"
        ),
        rank=2,
    ),
)
