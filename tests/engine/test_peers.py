"""The engine against exact dual numbers, SymPy, PyTorch, micrograd, and the laws of calculus.

A program is a list of steps on numbered nodes; every peer runs it with functions of its own. The
comparisons are tested in turn: each must fail when a derivative in the table is 0.05 % wrong.
"""

import math
import random
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import peer

from scalargrad import DomainError, Value, partial, topological_order
from scalargrad.engine.backward import Pullback, gradients, multiplying
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operation

F = Fraction
Functions = Mapping[str, Callable[..., Any]]

# Floats of other libraries differ in the last place, and with them what hangs on a condition: there
# the examples are the same in every run. What is exact is tried on new examples every time.
ROUNDED = settings(derandomize=True, deadline=None, max_examples=100)
SLOW = settings(ROUNDED, max_examples=50)
EXACTLY = settings(deadline=None, max_examples=80)


def test_a_missing_peer_skips_unless_peers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALARGRAD_REQUIRE_PEERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_library"):
        peer("no_such_library")
    monkeypatch.setenv("SCALARGRAD_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="no_such_library"):
        peer("no_such_library")


# ---------------------------------------------------------------- programs


@dataclass(frozen=True)
class Program:
    """Steps on numbered nodes: the inputs come first, then the result of every step."""

    inputs: tuple[Any, ...]
    steps: tuple[tuple[str, tuple[int, ...]], ...]

    def run(self, functions: Functions, inputs: Sequence[Any]) -> Any:
        """Return the last node."""
        nodes = list(inputs)
        for name, operands in self.steps:
            nodes.append(functions[name](*[nodes[index] for index in operands]))
        return nodes[-1]


def of_row(row: Operation, point: Sequence[float], number: Callable[[float], Any]) -> Program:
    """Return the program that is one operation."""
    return Program(tuple(map(number, point)), ((row.name, tuple(range(len(point)))),))


OURS: Functions = {
    **OPERATIONS,
    "cube": lambda a: OPERATIONS["pow"](a, 3),
    "inverse": lambda a: OPERATIONS["pow"](a, -1),
    "power_of_two": lambda a: OPERATIONS["pow"](2, a),
}


def lengths(name: str) -> list[int]:
    """Return how many operands a function is given."""
    return sorted({len(point) for point in OPERATIONS[name].points}) if name in OPERATIONS else [1]


def is_acceptable(name: str, operands: Sequence[Any]) -> bool:
    """Return whether an operation is defined, stays small, and is on a kink or far from it.

    Near one, peers that differ in the last place may stand on different sides.
    """
    try:
        y = OURS[name](*operands)
    except (DomainError, ZeroDivisionError):
        return False
    if isinstance(y, int | Fraction):
        return F(y).numerator.bit_length() + F(y).denominator.bit_length() < 300
    if name in OPERATIONS:
        _, captured = OPERATIONS[name].evaluated(operands)
        if not all(abs(local) < 1e4 for local in OPERATIONS[name].derivatives(y, *captured)):
            return False
    differences = [abs(a - b) for a in operands for b in operands] + [abs(a) for a in operands]
    return all(number == 0 or number > 1e-4 for number in [*differences, abs(y)]) and abs(y) < 100


@st.composite
def programs(
    draw: st.DrawFn,
    functions: Sequence[str],
    number: Callable[[Fraction], Any] = F,
    size: int = 10,
    inputs: Sequence[Any] | None = None,
    examples: int = 1,
) -> Program:
    """Draw a program; its inputs are tuples of numbers where it is for several examples."""
    fractions = st.fractions(-4, 4, max_denominator=6).map(number)
    nodes: list[tuple[Any, ...]]
    if inputs is None:
        nodes = draw(st.lists(st.tuples(*[fractions] * examples), min_size=1, max_size=4))
    else:
        nodes = [(a,) for a in inputs]
    count = len(nodes)
    steps = []
    for _ in range(draw(st.integers(1, size))):
        name = draw(st.sampled_from(functions))
        length = draw(st.sampled_from(lengths(name)))
        back = draw(st.lists(st.integers(0, len(nodes) - 1), min_size=length, max_size=length))
        operands = tuple(len(nodes) - 1 - index for index in back)
        columns = list(zip(*[nodes[index] for index in operands], strict=True))
        if all(is_acceptable(name, column) for column in columns):
            steps.append((name, operands))
            nodes.append(tuple(OURS[name](*column) for column in columns))
    given_inputs = nodes[:count]
    return Program(
        tuple(given_inputs if examples > 1 else [a for (a,) in given_inputs]), tuple(steps)
    )


def gradient(leaf: Value) -> Any:
    """Return the gradient of a leaf, 0 if it was not reached."""
    return 0 if leaf.grad is None else leaf.grad


def assert_close(found: Any, expected: float, scale: float) -> None:
    """Assert that two gradients agree up to the rounding of terms of a certain size."""
    assert math.isnan(found) == math.isnan(expected)
    assert math.isnan(found) or abs(found - expected) <= 1e-8 * scale + 1e-12, (found, expected)


def scales(output: Value) -> dict[Value, float]:
    """Return for every node the sum of the absolute values of the terms of its gradient."""

    def sizes(node: Value) -> Pullback:
        # a derivative that does not exist (nan) says nothing about the size of others
        locals_ = node.local_derivatives()
        return multiplying([0.0 if local != local else abs(local) for local in locals_])

    return gradients(output, 1.0, sizes)


# ---------------------------------------------------------------- exact dual numbers


@dataclass(frozen=True)
class Dual:
    """A number and its derivative by one input, carried forward through the program."""

    value: Fraction
    slope: Fraction

    def __add__(self, other: "Dual") -> "Dual":
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: "Dual") -> "Dual":
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def scaled(self, factor: Fraction) -> "Dual":
        return Dual(self.value * factor, self.slope * factor)

    def inverse(self) -> "Dual":
        return Dual(1 / self.value, -self.slope / self.value**2)


def dual_sum(*a: Dual) -> Dual:
    """Return the sum."""
    return Dual(sum(b.value for b in a), sum(b.slope for b in a))


def dual_extreme(choose: Callable[..., Fraction]) -> Callable[..., Dual]:
    """Return max or min, where ties share evenly."""

    def extreme(*a: Dual) -> Dual:
        value = choose(b.value for b in a)
        slopes = [b.slope for b in a if b.value == value]
        return Dual(value, F(sum(slopes), len(slopes)))

    return extreme


HUNDREDTH = Dual(F(1, 100), F(0))


def dual_leaky_relu(a: Dual, slope: Dual = HUNDREDTH, at_zero: Dual | None = None) -> Dual:
    """Return a above zero and its multiple below; at zero the last operand is the derivative."""
    if a.value == 0:
        return a.scaled((at_zero or slope).value)
    return a if a.value > 0 else a * slope


ZERO = Dual(F(0), F(0))
DUALS: Functions = {
    "neg": lambda a: a.scaled(F(-1)),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a + b.scaled(F(-1)),
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a * b.inverse(),
    "inverse": lambda a: a.inverse(),
    "square": lambda a: a * a,
    "cube": lambda a: a * a * a,
    "abs": lambda a: ZERO if a.value == 0 else a.scaled(F(1 if a.value > 0 else -1)),
    "relu": lambda a: a if a.value > 0 else ZERO,
    "leaky_relu": dual_leaky_relu,
    "dot": lambda b, *p: dual_sum(b, *[w * x for w, x in zip(p[::2], p[1::2], strict=True)]),
    "total": dual_sum,
    "mean": lambda *a: dual_sum(*a).scaled(F(1, len(a))),
    "maximum": dual_extreme(max),
    "minimum": dual_extreme(min),
    "where": lambda c, a, b: a if c.value else b,
}
RATIONAL = sorted(DUALS)


def assert_agrees_with_duals(program: Program) -> None:
    """Assert that value and gradients are those of exact dual numbers, to the last digit."""
    leaves = list(map(Value, program.inputs))
    y = program.run(OURS, leaves)
    y.backward()
    computed = [node for node in topological_order(y) if node.op is not CONSTANT]
    assert all(isinstance(node.grad, int | Fraction) for node in computed)
    for chosen in leaves:
        inputs = [Dual(F(leaf.data), F(leaf is chosen)) for leaf in leaves]
        expected = program.run(DUALS, inputs)
        assert y.data == expected.value
        assert gradient(chosen) == partial(y, chosen) == expected.slope


@EXACTLY
@given(programs(RATIONAL))
def test_random_programs_have_the_gradients_of_exact_dual_numbers(program: Program) -> None:
    assert_agrees_with_duals(program)


# ---------------------------------------------------------------- SymPy

SYMPY: Functions = {
    "neg": lambda a: -a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "inverse": lambda a: 1 / a,
    "square": lambda a: a**2,
    "cube": lambda a: a**3,
    "power_of_two": lambda a: 2**a,
    "dot": lambda b, *p: b + sum(w * x for w, x in zip(p[::2], p[1::2], strict=True)),
    "total": lambda *a: sum(a),
    "mean": lambda *a: sum(a) / len(a),
    "exp": sympy.exp,
    "expm1": lambda a: sympy.exp(a) - 1,
    "log": sympy.log,
    "log1p": lambda a: sympy.log(1 + a),
    "sqrt": sympy.sqrt,
    "logsumexp": lambda *a: sympy.log(sum(map(sympy.exp, a))),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "atan": sympy.atan,
    "erf": sympy.erf,
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "log_sigmoid": lambda a: -sympy.log(1 + sympy.exp(-a)),
    "softplus": lambda a: sympy.log(1 + sympy.exp(a)),
    "silu": lambda a: a / (1 + sympy.exp(-a)),
    "gelu": lambda a: a * (1 + sympy.erf(a / sympy.sqrt(2))) / 2,
}
SMOOTH = sorted(SYMPY)
RATIONAL_AND_SMOOTH = sorted(set(RATIONAL) & set(SMOOTH))


def formula_of(program: Program) -> tuple[Any, list[Any], dict[Any, Any]]:
    """Return a program as a formula, its symbols, and where to evaluate it."""
    symbols = list(sympy.symbols(f"a:{len(program.inputs)}", real=True))
    place = dict(zip(symbols, map(sympy.Rational, program.inputs), strict=True))
    return sympy.sympify(program.run(SYMPY, symbols)), symbols, place


def assert_agrees_with_sympy(program: Program) -> None:
    """Assert that the gradients are the derivatives of the formula, to the digit where exact."""
    formula, symbols, place = formula_of(program)
    leaves = list(map(Value, program.inputs))
    y = program.run(OURS, leaves)
    y.backward()
    scale = scales(y)
    for leaf, symbol in zip(leaves, symbols, strict=True):
        expected = formula.diff(symbol).subs(place)
        if isinstance(gradient(leaf), int | Fraction):
            assert sympy.Rational(gradient(leaf)) == expected
        else:
            assert_close(leaf.grad, float(expected.evalf(30)), scale[leaf])


@SLOW
@given(programs(RATIONAL_AND_SMOOTH, size=6))
def test_random_rational_programs_have_the_derivatives_of_their_formula_exactly(
    program: Program,
) -> None:
    assert_agrees_with_sympy(program)


@SLOW
@given(programs(SMOOTH, float, size=5))
def test_random_smooth_programs_have_the_derivatives_of_their_formula(program: Program) -> None:
    assert_agrees_with_sympy(program)


@SLOW
@given(programs(RATIONAL_AND_SMOOTH, size=5))
def test_a_program_on_symbols_has_formulas_for_gradients(program: Program) -> None:
    formula, symbols, place = formula_of(program)
    leaves = list(map(Value, symbols))
    y = program.run(OURS, leaves)
    assert sympy.sympify(y.data).subs(place) == formula.subs(place)
    for leaf, symbol in zip(leaves, symbols, strict=True):
        slope = sympy.sympify(partial(y, leaf))
        assert slope.subs(place) == formula.diff(symbol).subs(place)


# ---------------------------------------------------------------- PyTorch


def torch_functions() -> Functions:
    """Return the rows as PyTorch computes them in double precision."""
    torch = peer("torch")
    functions = torch.nn.functional
    same_name = [
        "neg",
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "square",
        "abs",
        "exp",
        "expm1",
        "log1p",
        "log2",
        "log10",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "atan",
        "asinh",
        "acosh",
        "atanh",
        "hypot",
        "erf",
        "sigmoid",
    ]
    return {name: getattr(torch, name) for name in same_name} | {
        "dot": lambda b, *p: b + torch.stack(p[::2]) @ torch.stack(p[1::2]),
        "total": lambda *a: torch.stack(a).sum(),
        "mean": lambda *a: torch.stack(a).mean(),
        "prod": lambda *a: torch.stack(a).prod(),
        "norm": lambda *a: torch.linalg.vector_norm(torch.stack(a)),
        "log": lambda a, base=None: torch.log(a) / (1 if base is None else torch.log(base)),
        "mish": functions.mish,
        "logsumexp": lambda *a: torch.logsumexp(torch.stack(a), 0),
        "log_sigmoid": functions.logsigmoid,
        "softplus": lambda a: functions.softplus(a, threshold=100),
        "relu": functions.relu,
        "leaky_relu": lambda a, slope=0.01, at_zero=None: torch.where(
            a > 0, a, a * (slope if at_zero is None or a != 0 else at_zero.detach())
        ),
        "elu": lambda a, alpha=1.0: torch.where(a > 0, a, alpha * torch.expm1(a)),
        "silu": functions.silu,
        "gelu": functions.gelu,
        "maximum": lambda *a: torch.stack(a).amax(),
        "minimum": lambda *a: torch.stack(a).amin(),
        "where": lambda c, a, b: torch.where(c != 0, a, b),
    }


def assert_agrees_with_torch(program: Program) -> None:
    """Assert that value and gradients are PyTorch's."""
    functions = torch_functions()
    torch = peer("torch")
    tensors = [
        torch.tensor(float(a), dtype=torch.float64, requires_grad=True) for a in program.inputs
    ]
    expected = program.run(functions, tensors)
    if expected.requires_grad:
        expected.backward()
    leaves = [Value(float(a)) for a in program.inputs]
    y = program.run(OURS, leaves)
    y.backward()
    assert_close(y.data, expected.item(), 1 + abs(y.data))
    scale = scales(y)
    for leaf, tensor in zip(leaves, tensors, strict=True):
        if leaf.grad is not None or tensor.grad is not None:
            theirs = 0.0 if tensor.grad is None else tensor.grad.item()
            assert_close(gradient(leaf), theirs, scale.get(leaf, 0.0))


@ROUNDED
@given(st.data())
def test_random_programs_have_the_gradients_of_pytorch(data: st.DataObject) -> None:
    names = sorted(set(torch_functions()) & set(OPERATIONS))
    assert_agrees_with_torch(data.draw(programs(names, float, size=15)))


# ---------------------------------------------------------------- lanes


@ROUNDED
@given(programs(sorted(OPERATIONS), float, examples=3))
def test_a_random_program_on_lanes_is_the_program_on_each_example(program: Program) -> None:
    if not program.steps:
        return
    lanes = [Value(np.array(column)) for column in program.inputs]
    with np.errstate(all="ignore"):  # numpy computes both branches of a condition
        y = program.run(OURS, lanes)
        y.backward()
    for index in range(3):
        leaves = [Value(column[index]) for column in program.inputs]
        alone = program.run(OURS, leaves)
        alone.backward()
        scale = scales(alone)
        assert_close(y.data[index], alone.data, 1 + abs(alone.data))
        for lane, leaf in zip(lanes, leaves, strict=True):
            if lane.grad is None:
                assert leaf.grad is None
            else:
                assert_close(lane.grad[index], leaf.grad, scale[leaf])


# ---------------------------------------------------------------- laws


@st.composite
def several(draw: st.DrawFn, count: int) -> list[Program]:
    """Draw programs on the same inputs."""
    first = draw(programs(RATIONAL, size=6))
    others = [draw(programs(RATIONAL, size=6, inputs=first.inputs)) for _ in range(count - 1)]
    return [first, *others]


SCALES = st.fractions(-3, 3, max_denominator=5)


@EXACTLY
@given(several(2), SCALES, SCALES)
def test_the_gradient_is_linear(pair: list[Program], alpha: Fraction, beta: Fraction) -> None:
    leaves = list(map(Value, pair[0].inputs))
    f, g = (program.run(OURS, leaves) for program in pair)
    mixed = alpha * f + beta * g
    for leaf in leaves:
        assert partial(mixed, leaf) == alpha * partial(f, leaf) + beta * partial(g, leaf)


@EXACTLY
@given(several(2))
def test_products_and_quotients_follow_their_rules(pair: list[Program]) -> None:
    leaves = list(map(Value, pair[0].inputs))
    f, g = (program.run(OURS, leaves) for program in pair)
    for leaf in leaves:
        df, dg = partial(f, leaf), partial(g, leaf)
        assert partial(f * g, leaf) == df * g.data + f.data * dg
        if g.data != 0:
            assert partial(f / g, leaf) == (df * g.data - f.data * dg) / F(g.data) ** 2


@EXACTLY
@given(several(3))
def test_losses_differentiated_one_by_one_sum_to_the_gradient_of_their_sum(
    three: list[Program],
) -> None:
    apart, together = (list(map(Value, three[0].inputs)) for _ in range(2))
    for program in three:
        program.run(OURS, apart).backward()
    f, g, h = (program.run(OURS, together) for program in three)
    (f + g + h).backward()
    assert [gradient(leaf) for leaf in apart] == [gradient(leaf) for leaf in together]


@EXACTLY
@given(several(1), SCALES)
def test_a_seed_scales_the_gradient(one: list[Program], seed: Fraction) -> None:
    leaves = list(map(Value, one[0].inputs))
    y = one[0].run(OURS, leaves)
    y.backward(seed)
    assert [gradient(leaf) for leaf in leaves] == [seed * partial(y, leaf) for leaf in leaves]


@EXACTLY
@given(st.data())
def test_the_chain_rule_holds_through_a_cut(data: st.DataObject) -> None:
    inner = data.draw(several(3))
    leaves = list(map(Value, inner[0].inputs))
    cut = [program.run(OURS, leaves) + 0 for program in inner]
    outer = data.draw(programs(RATIONAL, size=6, inputs=[node.data for node in cut]))
    y = outer.run(OURS, cut)
    for leaf in leaves:
        through = [partial(y, node) * partial(node, leaf) for node in cut]
        assert partial(y, leaf) == sum(through)


def sum_over_paths(y: Value, x: Value) -> Any:
    """Return the sum over all paths of the products of their local derivatives."""
    found = int(y is x)
    for parent, local in zip(y.parents, y.local_derivatives(), strict=False):
        below = sum_over_paths(parent, x)
        if below != 0:  # the derivative by a constant exponent may be nan
            found += local * below
    return found


@EXACTLY
@given(programs(RATIONAL, size=5))
def test_the_gradient_is_the_sum_over_all_paths(program: Program) -> None:
    leaves = list(map(Value, program.inputs))
    y = program.run(OURS, leaves)
    for node in topological_order(y):
        if node.op is not CONSTANT:
            assert partial(y, node) == sum_over_paths(y, node)


# ---------------------------------------------------------------- planted faults


@contextmanager
def planted(row: Operation, operand: int) -> Iterator[None]:
    """Make one derivative of a row wrong by a twentieth of a percent."""
    right = row.derivatives, row.constants

    def wrong(y: Any, *operands: Any) -> tuple[Any, ...]:
        locals_ = list(right[0](y, *operands))
        locals_[operand] *= F(2001, 2000)
        return tuple(locals_)

    try:
        row.derivatives, row.constants = wrong, ()
        yield
    finally:
        row.derivatives, row.constants = right


def assert_faults_are_found(
    row: Operation, agrees: Callable[[Program], None], number: Callable[[float], Any]
) -> None:
    """Assert that a comparison passes for a row, and fails for each wrong derivative."""
    plants = 0
    for point in row.points:
        program = of_row(row, point, number)
        agrees(program)
        local_derivatives = program.run(OURS, list(map(Value, program.inputs))).local_derivatives()
        for operand, local in enumerate(local_derivatives[: len(point)]):
            if row.chooses:  # the operand that is taken gets the gradient as it is
                continue
            if local not in (0, None) and not math.isnan(local):
                with planted(row, operand), pytest.raises(AssertionError):
                    agrees(program)
                plants += 1
        agrees(program)
    assert plants > 0 or row.chooses


def shared_rows(functions: Container[str]) -> list[Any]:
    """Return the rows that a peer has, as parameters of a test."""
    return [pytest.param(row, id=name) for name, row in OPERATIONS.items() if name in functions]


@pytest.mark.parametrize("row", shared_rows(DUALS))
def test_dual_numbers_find_a_wrong_derivative(row: Operation) -> None:
    assert_faults_are_found(row, assert_agrees_with_duals, F)


@pytest.mark.parametrize("row", shared_rows(SYMPY))
def test_sympy_finds_a_wrong_derivative(row: Operation) -> None:
    assert_faults_are_found(row, assert_agrees_with_sympy, float)


# PyTorch has no share and no comparison that is a node; at edges that meet its conventions differ.
NOT_WITH_PYTORCH = {
    "share", "hardtanh", "clip", "sign", "step", "less", "less_equal", "greater", "greater_equal",
}  # fmt: skip


@pytest.mark.parametrize("row", shared_rows(OPERATIONS.keys() - NOT_WITH_PYTORCH))
def test_pytorch_finds_a_wrong_derivative(row: Operation) -> None:
    peer("torch")
    assert_faults_are_found(row, assert_agrees_with_torch, float)


def test_all_other_rows_are_compared_with_pytorch() -> None:
    assert OPERATIONS.keys() - torch_functions().keys() == NOT_WITH_PYTORCH


def test_a_gradient_that_is_overwritten_instead_of_summed_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def last_only(output: Value, seed: Any, *_: Any) -> dict[Value, Any]:
        found: dict[Value, Any] = dict.fromkeys(reversed(topological_order(output)), 0)
        found[output] = seed
        for node, slope in found.items():
            for parent, local in zip(node.parents, node.local_derivatives(), strict=False):
                found[parent] = slope * local
        return found

    shared = Program((F(3),), (("mul", (0, 0)), ("add", (1, 0))))
    assert_agrees_with_duals(shared)
    monkeypatch.setattr("scalargrad.engine.value.gradients", last_only)
    with pytest.raises(AssertionError):
        assert_agrees_with_duals(shared)


# ---------------------------------------------------------------- micrograd


def published_example(a: Any, b: Any) -> Any:
    """Return g of the example in micrograd's README."""
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


@pytest.mark.parametrize("number", [int, float, str, F, np.float64])
def test_the_published_example_of_micrograd_gives_its_numbers(
    number: Callable[[int], Any],
) -> None:
    a, b = Value(number(-4)), Value(number(2))
    g = published_example(a, b)
    g.backward()
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_the_published_example_of_micrograd_agrees_with_micrograd_and_pytorch() -> None:
    engine, torch = peer("micrograd.engine"), peer("torch")
    results = []
    for number in (
        Value,
        engine.Value,
        lambda a: torch.tensor(a, dtype=torch.float64, requires_grad=True),
    ):
        a, b = number(-4.0), number(2.0)
        g = published_example(a, b)
        g.backward()
        results.append([float(x) for x in (g.data, a.grad, b.grad)])
    ours, *theirs = results
    for expected in theirs:
        assert ours == pytest.approx(expected, rel=1e-13)


def two_moons(count: int) -> tuple[list[list[float]], list[int]]:
    """Return points on two interleaving half circles with a little noise, and their classes ±1."""
    generator = random.Random(0)
    points, classes = [], []
    for index in range(count):
        angle = math.pi * generator.random()
        is_upper = index % 2 == 0
        x = math.cos(angle) if is_upper else 1 - math.cos(angle)
        y = math.sin(angle) if is_upper else 0.5 - math.sin(angle)
        points.append([x + generator.gauss(0, 0.1), y + generator.gauss(0, 0.1)])
        classes.append(1 if is_upper else -1)
    return points, classes


@dataclass(frozen=True)
class Training:
    """What a training run leaves behind."""

    losses: list[float]
    gradients: list[list[float]]
    parameters: list[float]
    classes: set[type]


def trained(nn: ModuleType, value: type, steps: int = 5) -> Training:
    """Run the loop of micrograd's demo notebook: hinge loss, weight decay, gradient descent."""
    points, classes = two_moons(24)
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    losses, found = [], []
    for step in range(steps):
        inputs = [list(map(value, point)) for point in points]
        scores = list(map(model, inputs))
        hinges = [(1 + -y * score).relu() for y, score in zip(classes, scores, strict=True)]
        data_loss = sum(hinges) * (1.0 / len(hinges))
        regularisation = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + regularisation
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * step / 100
        losses.append(total_loss.data)
        found.append([p.grad for p in model.parameters()])
        for p in model.parameters():
            p.data -= learning_rate * p.grad
    parameters = [p.data for p in model.parameters()]
    return Training(losses, found, parameters, set(map(type, model.parameters())))


@pytest.mark.slow
def test_the_network_and_the_demo_of_micrograd_run_with_only_the_class_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nn, engine = peer("micrograd.nn"), peer("micrograd.engine")
    theirs = trained(nn, engine.Value)
    monkeypatch.setattr(nn, "Value", Value)
    ours = trained(nn, Value)
    assert (ours.classes, theirs.classes) == ({Value}, {engine.Value})
    assert ours.losses == pytest.approx(theirs.losses, rel=1e-9)
    for found, expected in zip(ours.gradients, theirs.gradients, strict=True):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-9, abs=1e-12)
    assert ours.losses[-1] < ours.losses[0] / 2
    assert len(ours.parameters) == 337


def test_the_network_of_micrograd_runs_a_whole_batch_on_lanes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nn = peer("micrograd.nn")
    monkeypatch.setattr(nn, "Value", Value)
    points, classes = two_moons(24)
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    hinges = [(1 + -y * model(point)).relu() for point, y in zip(points, classes, strict=True)]
    (sum(hinges) / len(hinges)).backward()
    expected = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    batch = (1 - np.array(classes) * model([Value(column) for column in np.array(points).T])).relu()
    batch.backward()
    assert batch.data.shape == (24,)
    means = [np.mean(p.grad) for p in model.parameters()]
    assert means == pytest.approx(expected, rel=1e-12, abs=1e-15)
