"""The engine: one test for each sentence of "Semantics that do not move", and what surrounds them.

Nothing here names an operation that it need not name: what holds for all is asked of every row.
"""

import copy
import functools
import gc
import itertools
import math
import operator
import pickle
import random
import re
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from scalargrad import DomainError, Value, partial, topological_order
from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import gradients
from scalargrad.engine.ops import CONSTANT, OPERATIONS, Operation
from scalargrad.engine.value import constant

F = Fraction
ROWS = list(OPERATIONS.values())
AT_POINTS = [
    pytest.param(row, point, id=f"{row.name}-{','.join(map(str, point))}")
    for row in ROWS
    for point in row.points
]
MINUS = "\N{MINUS SIGN}"


def rows(*rows: Operation) -> list[Any]:
    """Return rows as the parameters of a test, by name."""
    return [pytest.param(row, id=row.name) for row in rows]


def is_exact(number: Any) -> bool:
    """Return whether it is an int or a Fraction."""
    return isinstance(number, int | Fraction)


def same(a: Any, b: Any, tolerance: float = 1e-13) -> bool:
    """Return whether two numbers or arrays are equal but for rounding; nan equals nan."""
    return np.allclose(a, b, rtol=tolerance, atol=tolerance * 1e-3, equal_nan=True)


def pickled(thing: Any, protocol: int = pickle.DEFAULT_PROTOCOL) -> Any:
    """Return a thing that went through a pickle."""
    return pickle.loads(pickle.dumps(thing, protocol))


# ---------------------------------------------------------------- data


class Money(Fraction):
    """A number of a user's own class."""


@pytest.mark.parametrize(
    ("written", "data"),
    [
        (3, 3),
        (-0.5, -0.5),
        (F(-6, 25), F(-6, 25)),
        (Decimal("0.1"), F(1, 10)),
        (Decimal("-2e-3"), F(-1, 500)),
        (Decimal("inf"), math.inf),
        ("0.1", F(1, 10)),
        ("-6/25", F(-6, 25)),
        (f"{MINUS}.24", F(-6, 25)),
        ("2e-3", F(1, 500)),
        ("7", 7),
        (" 7 ", 7),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.uint8(200), 200),
        (np.array(2.5), 2.5),
        (Money(1, 3), F(1, 3)),
        (10**400, 10**400),
    ],
    ids=repr,
)
def test_data_is_a_python_number_exact_where_the_input_is(written: Any, data: Any) -> None:
    value = Value(written)
    assert value.data == data
    assert type(value.data) is type(data)


def test_data_may_be_nan() -> None:
    assert math.isnan(Value(math.nan).data)
    assert math.isnan(Value(Decimal("nan")).data)


@pytest.mark.parametrize("dtype", [float, np.float32, int, np.uint8])
def test_an_array_is_copied_into_lanes_of_double_precision(dtype: Any) -> None:
    array = np.array([1, 2, 3], dtype=dtype)
    value = Value(array)
    array[0] = 9
    assert value.data.dtype == float
    assert value.data.tolist() == [1, 2, 3]


def test_data_may_be_a_sympy_expression_or_a_value() -> None:
    x = sympy.Symbol("x")
    inner = Value(2)
    assert Value(x).data is x
    assert Value(inner).data is inner


# ---------------------------------------------------------------- wrong operands

WRONG = [
    None,
    1 + 2j,
    [1, 2],
    (1,),
    {},
    "one",
    "",
    "1/0",
    "nan",
    b"1",
    object,
    np.True_,
    np.complex64(1),
]
WRONG_ARRAYS = [np.array([True]), np.array(["1"]), np.array([1j])]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


def named_in_message(wrong: Any) -> str:
    """Return a pattern for the text by which a message names an operand."""
    is_text = isinstance(wrong, str)
    return re.escape(repr(wrong) if is_text else f"{type(wrong).__name__} {wrong!r}")


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("operation", ARITHMETIC + COMPARISONS)
def test_a_wrong_operand_on_either_side_raises_a_type_error_that_names_it(
    operation: Callable[[Any, Any], Any], wrong: Any
) -> None:
    with pytest.raises(TypeError, match=named_in_message(wrong)):
        operation(Value(2.0, "x"), wrong)
    with pytest.raises(TypeError, match=named_in_message(wrong)):
        operation(wrong, Value(2.0, "x"))


@pytest.mark.parametrize("wrong", WRONG_ARRAYS, ids=repr)
@pytest.mark.parametrize("operation", ARITHMETIC)
def test_an_array_of_what_are_no_real_numbers_raises_a_type_error(
    operation: Callable[[Any, Any], Any], wrong: Any
) -> None:
    with pytest.raises(TypeError, match=rf"array of {wrong.dtype.name}"):
        operation(Value(2.0), wrong)
    with pytest.raises(TypeError, match=rf"array of {wrong.dtype.name}"):
        operation(wrong, Value(2.0))


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_wrong_data_and_a_wrong_seed_raise_a_type_error_that_names_them(wrong: Any) -> None:
    with pytest.raises(TypeError, match=named_in_message(wrong)):
        Value(wrong)
    if wrong is not None:
        x = Value(2.0)
        with pytest.raises(TypeError, match=named_in_message(wrong)):
            x.backward(seed=wrong)
        assert x.grad is None


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if row.arity[1] != 1]))
def test_a_wrong_operand_of_any_row_raises_a_type_error_that_names_it(row: Operation) -> None:
    point = list(map(Value, row.points[0]))
    for index in range(1, len(point)):
        operands = [*point[:index], None, *point[index + 1 :]]
        with pytest.raises(TypeError, match="NoneType None"):
            row(*operands)
        with pytest.raises(TypeError, match="NoneType None"):
            getattr(Value, row.name)(*operands)


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if row.arity[1] is not None]))
def test_one_operand_too_many_raises_a_type_error(row: Operation) -> None:
    operands = [Value(0.5)] * (row.arity[1] + 1)
    with pytest.raises(TypeError, match=rf"{row.name} takes .*; got {len(operands)}"):
        row(*operands)
    with pytest.raises(TypeError, match=rf"{row.name}\(?\)? takes"):
        getattr(Value, row.name)(*operands)


@pytest.mark.parametrize("operation", [operator.floordiv, operator.mod, operator.matmul])
def test_operators_that_have_no_derivative_raise_a_type_error(operation: Any) -> None:
    with pytest.raises(TypeError, match="'Value' and 'Value'"):
        operation(Value(3.0), Value(2.0))


# ---------------------------------------------------------------- operators and methods

OPERATORS = [
    pytest.param(operator.add, ops.add, id="+"),
    pytest.param(operator.sub, ops.sub, id="-"),
    pytest.param(operator.mul, ops.mul, id="*"),
    pytest.param(operator.truediv, ops.div, id="/"),
    pytest.param(operator.pow, ops.pow, id="**"),
]
NUMBERS = [
    3,
    0.5,
    F(1, 3),
    Decimal("0.5"),
    "1/2",
    np.float64(0.5),
    np.float32(0.5),
    np.int64(3),
    np.array([1.0, 0.5, 4.0]),
    np.array([1, 2, 3]),
    np.array(0.5),
]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("base", [2, 1.5, F(4, 9), np.array([3.0, 2.0, 1.0])], ids=repr)
@pytest.mark.parametrize(("operation", "row"), OPERATORS)
def test_an_operator_with_a_number_on_either_side_makes_one_node_of_its_row(
    operation: Callable[[Any, Any], Any], row: Operation, base: Any, number: Any
) -> None:
    value, other = Value(base), Value(number)
    made = [(operation(value, number), (value, other)), (operation(value, other), (value, other))]
    if row is not ops.pow or not isinstance(number, Fraction):
        made += [(operation(number, value), (other, value))]
    for node, operands in made:
        expected = row(*[operand.data for operand in operands])
        assert type(node) is Value
        assert node.op is row
        assert np.array_equal(node.data, expected)
        assert type(node.data) is type(expected)
        assert len(topological_order(node)) == 3
        for parent, operand in zip(node.parents, operands, strict=True):
            assert np.array_equal(parent.data, operand.data)


def test_a_fraction_to_the_power_of_a_value_is_a_node() -> None:
    # Fraction.__pow__ before Python 3.13 makes a float of the base before the Value is asked.
    x = Value(2)
    y = F(1, 3) ** x
    assert y.parents[1] is x
    assert same(float(y.data), 1 / 9)


def test_signs_and_the_square_are_operators_with_rows_of_their_own() -> None:
    x = Value(-3)
    assert (-x).op is ops.neg
    assert abs(x).op is ops.abs
    assert +x is x
    assert (x**2).op is ops.square
    assert (x**2).parents == (x,)
    assert (x**3).op is ops.pow


def test_an_augmented_assignment_makes_a_new_node() -> None:
    x = y = Value(3)
    y += 1
    y *= 2
    assert (x.data, y.data) == (3, 8)
    assert x.is_leaf
    assert partial(y, x) == 2


def test_sum_adds_values() -> None:
    values = [Value(1), Value("1/2"), Value("1/4")]
    loss = sum(values)
    loss.backward()
    assert loss.data == F(7, 4)
    assert [value.grad for value in values] == [1, 1, 1]


def test_a_numpy_array_times_a_value_is_one_node_not_an_array_of_objects() -> None:
    array, w = np.array([1.0, 2.0, 4.0]), Value(3.0, "w")
    for node in (array * w, array + w, array - w, array / w, array**w):
        assert type(node) is Value
        assert node.parents[1] is w
        assert node.data.dtype == float
    assert (np.float64(2) * w).parents[1] is w
    assert (np.array([1.0, 5.0]) < w).tolist() == [True, False]


@pytest.mark.parametrize(("operation", "row"), OPERATORS)
def test_a_sympy_expression_on_the_left_makes_a_node_not_an_expression(
    operation: Callable[[Any, Any], Any], row: Operation
) -> None:
    x = sympy.Symbol("x", positive=True)
    w = Value(3, "w")
    for left in (x, sympy.Integer(2), sympy.pi, 2 * x + 1):
        node = operation(left, w)
        assert node.op is row
        assert node.parents[1] is w
        assert node.data == operation(left, 3)
    assert x != w
    assert sympy.Integer(3) != w


@pytest.mark.parametrize("row", rows(*ROWS))
def test_every_row_has_a_method_of_its_name_that_makes_the_node_the_row_makes(
    row: Operation,
) -> None:
    method = getattr(Value, row.name)
    assert method.__name__ == row.name
    for point in row.points:
        operands = list(map(Value, point))
        by_row, by_method = row(*operands), method(*operands)
        mixed = method(operands[0], *point[1:])
        assert by_row.data == by_method.data == mixed.data == row(*point)
        assert by_row.op is by_method.op is mixed.op is row
        assert by_row.parents == by_method.parents == tuple(operands)
        assert by_row.local_derivatives() == by_method.local_derivatives()
        assert by_row.operands == by_method.operands == mixed.operands


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_a_method_takes_operands_of_mixed_kinds(row: Operation, point: tuple[float, ...]) -> None:
    expected = row(*point)
    kinds: list[Callable[[float], Any]] = [F, float, lambda a: np.array([a, a]), mpmath.mpf]
    for choice in itertools.product(kinds, repeat=min(len(point), 2)):
        if len({kind for kind in choice if kind not in (F, float)}) < 2:
            operands = [kind(a) for kind, a in zip(itertools.cycle(choice), point, strict=False)]
            node = getattr(Value, row.name)(Value(operands[0]), *operands[1:])
            assert same(np.asarray(node.data, dtype=float), expected)


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_a_method_takes_values_of_values_among_numbers(
    row: Operation, point: tuple[float, ...]
) -> None:
    for nested in itertools.product([False, True], repeat=len(point)):
        if row.chooses and nested[0]:
            continue  # see the next test
        operands = [
            Value(Value(a)) if deep else Value(F(a)) for a, deep in zip(point, nested, strict=True)
        ]
        assert same(float(row(*operands)), row(*point))


def test_a_value_of_values_chooses_as_its_number_does() -> None:
    chosen = Value(Value(0)).where(1, 2)
    assert chosen.data == 2


# ---------------------------------------------------------------- grad and zero_grad


def test_grad_is_none_until_a_backward_pass_has_reached_the_node() -> None:
    x, unused = Value(3), Value(4)
    y = x * 2
    above = y + unused
    assert [node.grad for node in (x, y, above, unused)] == [None] * 4
    y.backward()
    assert (x.grad, y.grad) == (2, 1)
    assert above.grad is None
    assert unused.grad is None


def test_zero_grad_sets_the_node_and_all_below_it_to_zero() -> None:
    x = Value(3)
    y = x * 2
    above = y + 1
    above.backward()
    y.zero_grad()
    assert (x.grad, y.grad, y.parents[1].grad) == (0, 0, 0)
    assert above.grad == 1
    y.backward()
    assert x.grad == 2


def test_zero_grad_reaches_nodes_without_a_gradient() -> None:
    x = Value(3)
    y = x * 2
    y.zero_grad()
    assert (x.grad, y.grad) == (0, 0)


def test_zero_grad_sets_a_zero_of_the_kind_of_the_data() -> None:
    number, lanes = Value(0.5), Value(np.array([1.0, 2.0]))
    (number * lanes).zero_grad()
    assert type(number.grad) is float
    assert lanes.grad.tolist() == [0.0, 0.0]


def test_backward_sets_interior_nodes_afresh_and_adds_to_leaves() -> None:
    x = Value(3)
    y = x * x
    z = y * 5
    z.backward()
    assert (x.grad, y.grad, z.grad) == (30, 5, 1)
    z.backward()
    assert (x.grad, y.grad, z.grad) == (60, 5, 1)
    z.backward()
    assert (x.grad, y.grad, z.grad) == (90, 5, 1)


def test_backward_adds_to_a_gradient_that_the_user_has_set() -> None:
    x = Value(3.0)
    x.grad = 10
    (x * 2).backward()
    assert x.grad == 12


def test_backward_from_a_leaf_adds_one_to_it() -> None:
    x = Value(3)
    x.backward()
    x.backward()
    assert x.grad == 2


def test_two_losses_that_share_a_subgraph_sum_their_gradients() -> None:
    x, w = Value(3), Value("1/2")
    h = (x * w).relu()
    first, second = h * h, 4 * h
    first.backward()
    second.backward()
    assert h.grad == 4
    assert x.grad == partial(first, x) + partial(second, x) == F(7, 2)
    assert w.grad == partial(first, w) + partial(second, w) == 21


def test_a_seed_scales_every_gradient() -> None:
    x = Value(3)
    y = x * x
    y.backward(seed="1/2")
    assert (x.grad, y.grad) == (3, F(1, 2))
    y.backward(seed=Value(10))
    assert (x.grad, y.grad) == (63, 10)
    y.backward(seed=0)
    assert (x.grad, y.grad) == (63, 0)


@pytest.mark.parametrize("seed", [2, 2.0, "2", Decimal(2), np.float32(2), np.array([2.0, 2.0])])
def test_a_seed_of_any_kind_gives_gradients_of_the_kind_of_the_data(seed: Any) -> None:
    x = Value(np.array([1.0, 3.0]))
    (x + 1).backward(seed)
    (x * "1/3" * 3).backward(seed)
    assert x.grad.dtype == float
    assert same(x.grad, [4, 4])
    s = sympy.Symbol("s")
    if not isinstance(seed, np.ndarray):
        assert partial(Value(s) * 3, Value(s)) == 0
        leaf = Value(s)
        (leaf * leaf).backward(seed)
        assert sympy.simplify(leaf.grad - 4 * s) == 0


def test_a_seed_may_be_one_number_per_lane() -> None:
    x = Value(np.array([1.0, 3.0]))
    (x * x).backward(seed=np.array([10.0, 100.0]))
    assert x.grad.tolist() == [20, 600]


def test_gradients_use_the_operands_that_were_captured() -> None:
    x = Value(3)
    y = x * x
    x.data = 100
    y.backward()
    assert (y.data, x.grad) == (9, 6)


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_local_derivatives_are_taken_at_the_operands_that_were_captured(
    row: Operation, point: tuple[float, ...]
) -> None:
    operands = list(map(Value, point))
    y = row(*operands)
    before = y.local_derivatives()
    for operand in operands:
        operand.data = 0.375
    assert y.local_derivatives() == before
    assert y.operands[: len(point)] == point


def test_threads_that_add_to_one_leaf_lose_nothing() -> None:
    w, every = Value(1.0, "w"), sys.getswitchinterval()

    def work() -> None:
        for _ in range(2000):
            (w * 2.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(every)
    assert w.grad == 16_000


# ---------------------------------------------------------------- interrupts


def small_graph() -> tuple[Value, list[Value]]:
    """Return a loss, and its graph, in which leaves meet several times."""
    a, b, c = Value(2, "a"), Value(3, "b"), Value(5, "c")
    h = a * b
    loss = (h + h * c).square() + a
    return loss, topological_order(loss)


def test_an_interrupt_in_a_local_derivative_leaves_every_gradient_as_it_was() -> None:
    is_interrupted = False

    def derivatives(y: Any, a: Any) -> tuple[int]:
        if is_interrupted:
            raise KeyboardInterrupt
        return (1,)

    pause = Operation("pause", "!", lambda a: a, derivatives, points=())
    a, b = Value(2), Value(3)
    loss = a * pause(a * b) + b * (a + b)
    loss.backward()
    order = topological_order(loss)
    before = [node.grad for node in order]
    is_interrupted = True
    with pytest.raises(KeyboardInterrupt):
        loss.backward(seed=7)
    assert [node.grad for node in order] == before
    is_interrupted = False
    loss.backward()
    assert [a.grad, b.grad] == [2 * partial(loss, a), 2 * partial(loss, b)]


def completes(action: Callable[[], object], bytecodes: int) -> bool:
    """Return whether an action ends before the engine has run so many bytecodes.

    If it does not, it is interrupted there.
    """
    remaining = bytecodes

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal remaining
        if not frame.f_globals.get("__name__", "").startswith("scalargrad"):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            remaining -= 1
            if remaining < 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks at it when tracing begins
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return False
    finally:
        sys.settrace(before)
    return True


def test_an_interrupt_at_any_bytecode_of_backward_leaves_no_half_sums() -> None:
    outcomes = []
    for bytecodes in itertools.count():
        loss, order = small_graph()
        loss.backward()
        old = [node.grad for node in order]
        new = [4 * node.grad if node.is_leaf else 3 * node.grad for node in order]
        is_complete = completes(lambda loss=loss: loss.backward(seed=3), bytecodes)
        assert [node.grad for node in order] in (old, new)
        outcomes.append([node.grad for node in order] == new)
        if is_complete:
            break
    assert outcomes == sorted(outcomes)  # old up to some bytecode, and from there on new
    assert outcomes[-1]
    assert outcomes.count(False) > 100


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that raise a signal")
def test_a_signal_at_any_moment_of_backward_leaves_no_half_sums() -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    leaves = [Value(number) for number in range(1, 200)]
    loss = Value(1).total(*[leaf * leaf for leaf in leaves])
    start = time.perf_counter()
    loss.backward()
    duration = time.perf_counter() - start
    generator = random.Random(0)
    passes, interrupts = 1, 0
    handler = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # a collector's callback, as hypothesis has one, would swallow the interrupt
    try:
        for _ in range(5000):
            try:
                signal.setitimer(signal.ITIMER_REAL, generator.uniform(1e-6, 1.2 * duration))
                loss.backward()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupts += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            sums = {F(leaf.grad, 2 * leaf.data) for leaf in leaves}
            assert sums in ({passes}, {passes + 1})
            passes = int(sums.pop())
            if interrupts == 200:
                break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        gc.enable()
    assert interrupts > 0


def test_an_error_in_a_local_derivative_leaves_every_gradient_as_it_was() -> None:
    def derivatives(y: Any, a: Any) -> tuple[int]:
        raise ArithmeticError

    fails = Operation("fails", "!", lambda a: a, derivatives, points=())
    x = Value(2)
    loss = x * fails(x * 3)
    with pytest.raises(ArithmeticError):
        loss.backward()
    assert {node.grad for node in topological_order(loss)} == {None}


# ---------------------------------------------------------------- the graph


def test_parents_are_an_ordered_tuple_of_every_use() -> None:
    a, b = Value(2, "a"), Value(3, "b")
    assert (a + a).parents == (a, a)
    assert (a - b).parents == (a, b)
    assert (b - a).parents == (b, a)
    assert a.dot(b, b, a, b).parents == (a, b, b, a, b)
    assert a.parents == ()


def test_a_shared_parent_counts_twice() -> None:
    a = Value(3)
    assert partial(a + a, a) == 2
    assert partial(a - a, a) == 0
    assert partial(a * a, a) == 6
    assert partial(a / a, a) == 0
    assert partial(a.dot(a, a), a) == 7


def test_paths_of_different_lengths_to_a_node_are_summed_before_it_is_passed() -> None:
    x = Value(3)
    h = x * 2
    detour = ((h * 5) * 7) * 11
    assert partial(h + detour, x) == partial(detour + h, x) == 2 * (1 + 5 * 7 * 11)


def random_graph(seed: int, size: int = 60) -> Value:
    """Return a graph with many shared nodes."""
    generator = random.Random(seed)
    nodes = [Value(number, f"x{number}") for number in range(5)]
    while len(nodes) < size:
        a, b = generator.choices(nodes, k=2)
        nodes.append(generator.choice([a + b, a - b, -a, a * 2]))
    return nodes[0].total(*nodes[-3:])


@pytest.mark.parametrize("seed", range(10))
def test_the_topological_order_has_every_node_once_and_parents_first(seed: int) -> None:
    graph = random_graph(seed)
    for output in (graph, copy.copy(graph), copy.deepcopy(graph), pickled(graph)):
        order = topological_order(output)
        place = {node: index for index, node in enumerate(order)}
        assert len(place) == len(order)
        assert order[-1] is output
        edges = [(node, parent) for node in order for parent in node.parents]
        assert len(edges) > 10
        assert all(place[parent] < place[node] for node, parent in edges)


def test_the_topological_order_is_that_in_which_the_nodes_were_made() -> None:
    a, b = Value(1, "a"), Value(2, "b")
    late = (b * b).named("late")
    h = (late + a).named("h")
    assert [node.label for node in topological_order(h)] == ["a", "b", "late", "h"]
    assert topological_order(a) == [a]
    assert topological_order() == []
    assert topological_order(h, late, b, h) == [a, b, late, h]


def test_nodes_that_the_output_does_not_use_are_not_in_its_graph() -> None:
    a, b = Value(1), Value(2)
    y = a * 2
    above, beside = y + b, a + b
    assert not {above, beside, b} & set(topological_order(y))


def test_gradients_may_stop_at_nodes_taken_for_leaves() -> None:
    x, w = Value(3), Value(5)
    h = x * w
    y = h * x
    assert gradients(y, 1, until={h}) == {y: 1, h: 3, x: 15}
    assert gradients(h, 1, until={h}) == {h: 1, x: 5, w: 3}
    assert topological_order(y, until={h}) == [x, h, y]
    assert topological_order(h, until={h}) == [x, w, h]


def test_a_number_in_an_expression_is_a_constant_and_no_leaf() -> None:
    x = Value(3)
    y = 2 * x + "1/2"
    two, half = y.parents[0].parents[0], y.parents[1]
    assert (two.op, half.op) == (CONSTANT, CONSTANT)
    assert (two.data, half.data) == (2, F(1, 2))
    assert x.op is None
    assert x.is_leaf
    assert not any(node.is_leaf for node in (two, half, y, constant(5)))
    assert [node for node in topological_order(y) if node.is_leaf] == [x]


def test_backward_sets_the_gradient_of_a_constant_afresh() -> None:
    x = Value(3)
    y = x * 5
    y.backward()
    y.backward()
    assert y.parents[1].grad == 3
    assert x.grad == 10


# ---------------------------------------------------------------- a chain of a million nodes

LENGTH = 10**6


@pytest.fixture(scope="module")
def chain() -> Value:
    """Return the last of a million operations on one leaf, made at the default recursion limit."""
    assert sys.getrecursionlimit() <= 1000
    y = Value(1, "x")
    for _ in range(LENGTH):
        y = -y
    return y.named("y")


@pytest.mark.slow
def test_a_million_nodes_are_sorted_and_differentiated(chain: Value) -> None:
    order = topological_order(chain)
    assert len(order) == LENGTH + 1
    chain.backward()
    leaf = order[0]
    assert leaf.grad == 1
    assert order[1].grad == -1
    chain.zero_grad()
    assert leaf.grad == 0
    assert partial(chain, leaf) == 1


@pytest.mark.slow
def test_a_million_nodes_are_shown_and_copied(chain: Value) -> None:
    twin = copy.copy(chain)
    assert twin.parents == chain.parents
    assert len(repr(twin)) < 100


@pytest.mark.slow
def test_a_million_nodes_are_copied_deeply_and_freed(chain: Value) -> None:
    twin = copy.deepcopy(chain)
    order = topological_order(twin)
    assert len(order) == LENGTH + 1
    assert partial(twin, order[0]) == 1
    assert order[0] is not topological_order(chain)[0]
    leaf = weakref.ref(order[0])
    del order, twin
    assert leaf() is None


@pytest.mark.slow
def test_a_million_nodes_are_pickled_and_freed(chain: Value) -> None:
    twin = pickled(chain)
    order = topological_order(twin)
    assert len(order) == LENGTH + 1
    assert (order[0].label, twin.label) == ("x", "y")
    assert partial(twin, order[0]) == 1
    leaf = weakref.ref(order[0])
    del order, twin
    assert leaf() is None


# ---------------------------------------------------------------- growth and garbage


def calls(action: Callable[[], object]) -> int:
    """Return how many functions, of Python and of C, an action calls."""
    count = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.disable()  # a callback of the collector would be counted
    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def line(n: int) -> Value:
    """Return n operations, one after another."""
    y = Value(1)
    for _ in range(n):
        y = -y
    return y


def ladder(n: int) -> Value:
    """Return n operations with 2ⁿ paths."""
    y = Value(1)
    for _ in range(n):
        y = y + y
    return y


def fan(n: int) -> Value:
    """Return n operations on one leaf, and their sum."""
    x = Value(1)
    return x.total(*[-x for _ in range(n)])


@pytest.mark.parametrize("shape", [line, ladder, fan])
@pytest.mark.parametrize(
    "action",
    [
        Value.backward,
        Value.zero_grad,
        topological_order,
        copy.deepcopy,
        pickled,
    ],
    ids=["backward", "zero_grad", "topological_order", "deepcopy", "pickle"],
)
def test_work_grows_in_proportion_to_the_graph(
    shape: Callable[[int], Value], action: Callable[[Value], object]
) -> None:
    first, second, third = (calls(functools.partial(action, shape(n))) for n in (500, 1000, 1500))
    assert third - second <= 1.1 * (second - first)
    assert third <= 50 * 1500
    assert calls(lambda: shape(1000)) <= 10 * 1000


def test_every_local_derivative_is_computed_once() -> None:
    asked: list[Value] = []

    def counted(node: Value) -> Any:
        asked.append(node)
        return node.pullback

    y = ladder(200)
    found = gradients(y, 1, counted)
    assert asked == topological_order(y)[::-1]
    assert found[topological_order(y)[0]] == 2**200


def test_a_graph_is_freed_the_moment_it_goes_out_of_scope() -> None:
    gc.collect()
    gc.disable()
    try:
        x, w = Value("2", "x"), Value(np.array([1.0, 2.0]), "w")
        h = (w * x).sigmoid().named("h")
        loss = h.maximum(h * h, x) ** 3 / 7 + h.leaky_relu()
        loss.backward()
        loss.backward(seed=2)
        partial(loss, h)
        loss.zero_grad()
        repr(loss)
        twins = [copy.copy(loss), copy.deepcopy(loss), pickled(loss)]
        alive = [weakref.ref(node) for node in topological_order(loss, *twins)]
        assert len(alive) > 30
        del x, w, h, loss, twins
        assert [node() for node in alive if node() is not None] == []
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_second_derivatives_leave_no_garbage_either() -> None:
    gc.collect()
    gc.disable()
    try:
        x = Value(Value(0.5))
        y = (x.tanh() * x.gelu()).exp()
        gradient = partial(y, x)
        assert partial(gradient, x.data) != 0
        y.backward()
        alive = [weakref.ref(node) for node in topological_order(gradient, y)]
        del x, y, gradient
        assert [node() for node in alive if node() is not None] == []
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_node_that_is_kept_keeps_only_what_is_below_it() -> None:
    x = Value(3)
    h = x * 2
    above = weakref.ref(h + 1)
    y = h * h
    y.backward()
    del y
    assert above() is None
    assert (h.grad, x.grad) == (12, 24)


# ---------------------------------------------------------------- equality, order, float, text


def test_equality_and_hashing_are_identity() -> None:
    a, b = Value(2), Value(2)
    assert a == +a
    assert a != b
    assert a != 2
    assert 2 != a  # noqa: SIM300
    assert np.float64(2) != a
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    assert a not in [b, 2]
    hashed = hash(a)
    a.data = 5
    assert hash(a) == hashed


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("other", [1, 2, 2.5, F(2), "2", Decimal("1.5"), np.float64(2), 10**400])
def test_comparisons_compare_data(compare: Callable[[Any, Any], Any], other: Any) -> None:
    x = Value(2)
    assert compare(x, other) == compare(2, scalars.scalar(other))
    assert compare(other, x) == compare(scalars.scalar(other), 2)
    assert compare(x, Value(other)) == compare(2, scalars.scalar(other))


def test_comparisons_of_lanes_compare_each_lane() -> None:
    x = Value(np.array([1.0, 2.0, 3.0]))
    assert (x < 2).tolist() == [True, False, False]
    assert (x >= Value(np.array([0.0, 2.0, 4.0]))).tolist() == [True, True, False]
    assert (np.array([0.0, 2.0, 4.0]) <= x).tolist() == [True, True, False]


def test_values_are_sorted_by_their_data() -> None:
    values = [Value(0.5), Value("-1/3"), Value(2)]
    assert [value.data for value in sorted(values)] == [F(-1, 3), 0.5, 2]
    assert max(values) is values[2]
    assert min(values) is values[1]


@pytest.mark.parametrize(
    ("written", "number"),
    [("-6/25", -0.24), (2, 2.0), (0.1, 0.1), (10**400, math.inf), (-(10**400), -math.inf)],
)
def test_float_gives_the_data(written: Any, number: float) -> None:
    assert float(Value(written)) == number
    assert type(float(Value(written))) is float


def test_float_goes_through_a_value_and_a_sympy_number() -> None:
    assert float(Value(Value("1/2"))) == 0.5
    assert float(Value(sympy.Rational(1, 2))) == 0.5


@pytest.mark.parametrize("data", [np.array([1.0, 2.0]), sympy.Symbol("x")], ids=repr)
def test_float_of_what_is_not_one_number_raises_a_type_error(data: Any) -> None:
    with pytest.raises(TypeError):
        float(Value(data))


def test_a_format_is_that_of_the_data() -> None:
    x = Value("2/3", "x")
    assert f"{x:.3f}" == "0.667"
    assert f"{x:+.1e}" == "+6.7e-01"
    assert f"{x}" == str(x) == repr(x)


def test_the_repr_shows_data_gradient_and_label() -> None:
    x, y = Value("-0.24", "x"), Value(0.5)
    assert repr(x) == "Value(data=-6/25, grad=None, label='x')"
    (x * y).backward()
    assert repr(x) == "Value(data=-6/25, grad=0.5, label='x')"
    assert repr(y) == "Value(data=0.5, grad=-0.24)"
    assert repr(Value(np.array([1.0, 2.0]))) == "Value(data=[1. 2.], grad=None)"
    assert repr(Value(Value(2))) == "Value(data=Value(data=2, grad=None), grad=None)"
    assert repr(Value(sympy.Symbol("s"), "it's")) == """Value(data=s, grad=None, label="it's")"""


def test_named_labels_the_node_and_returns_it() -> None:
    x = Value(2, "x")
    y = x * 3
    assert (x.label, y.label) == ("x", "")
    assert y.named("y") is y
    assert y.label == "y"


# ---------------------------------------------------------------- domains and overflow


def outside(row: Operation) -> list[tuple[float, ...]]:
    """Return operands at which a row is not defined."""
    numbers = [-8.0, -1.0, 0.0, 0.5] + [math.inf, -math.inf] * (row.count == 1)
    assert row.inside
    return [
        point
        for point in itertools.product(numbers, repeat=len(row.points[0]))
        if not row.inside(*point)
    ]


WITH_DOMAIN = [row for row in ROWS if row.inside]
OUTSIDE = [
    pytest.param(row, point, id=f"{row.name}-{','.join(map(str, point))}")
    for row in WITH_DOMAIN
    for point in outside(row)
]


@pytest.mark.parametrize(("row", "point"), OUTSIDE)
def test_a_domain_error_names_the_node_the_operation_and_the_operand(
    row: Operation, point: tuple[float, ...]
) -> None:
    labels = ["left", "right"][: len(point)]
    for kind in (float, lambda a: F(a) if math.isfinite(a) else a):
        operands = [Value(kind(a), label) for a, label in zip(point, labels, strict=True)]
        with pytest.raises(DomainError) as caught:
            getattr(Value, row.name)(*operands)
        message = str(caught.value)
        assert message.startswith(f"{row.name} needs ")
        for operand in operands:
            assert f"{operand.label} = {operand.data}" in message
        with pytest.raises(ValueError, match=re.escape(message)):
            row(*operands)


def test_a_domain_error_calls_a_node_without_a_name_by_the_letter_of_the_formula() -> None:
    with pytest.raises(DomainError, match=r"^log needs a > 0; got a = -1$"):
        Value(-1).log()
    with pytest.raises(DomainError, match=r"^div needs v ≠ 0; got a = 1, v = 0$"):
        1 / Value(0, "v")
    with pytest.raises(DomainError, match=r"^div needs b ≠ 0; got u = 1, b = 0$"):
        Value(1, "u") / 0


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if not row.inside]))
def test_a_row_without_a_domain_is_defined_everywhere(row: Operation) -> None:
    for point in itertools.product([-1e308, -3.0, 0.0, 1e308], repeat=len(row.points[0])):
        y = getattr(Value, row.name)(*map(Value, point))
        assert isinstance(y.data, float)
        y.backward()


def test_a_domain_error_is_a_value_error_and_makes_no_node() -> None:
    x = Value(-1.0)
    with pytest.raises(ValueError, match="sqrt"):
        x.sqrt()
    assert x.grad is None


def test_overflow_gives_infinity() -> None:
    assert (Value(1e308) * 10).data == math.inf
    assert (Value(-1e308) * 10).data == -math.inf
    assert (Value(1e308) + 1e308).data == math.inf
    assert (Value(1e308) / 1e-10).data == math.inf
    assert Value(1000).exp().data == math.inf
    assert (Value(10.0) ** 400).data == math.inf
    assert (Value(-10.0) ** 401).data == -math.inf
    assert (Value(1.5) ** 5000).data == math.inf
    assert Value(1e200).square().data == math.inf
    assert Value(-1000.0).sinh().data == -math.inf


def test_overflow_of_a_gradient_gives_infinity() -> None:
    x = Value(1e-200)
    y = (x * 1e200) * 1e200
    y.backward()
    assert x.grad == math.inf
    exploding = h = Value(1.0)
    for _ in range(2000):
        h = h * 1.5
    assert partial(h, exploding) == math.inf


@pytest.mark.parametrize(("operation", "row"), OPERATORS)
def test_an_exact_number_beyond_the_floats_meets_a_float_as_infinity(
    operation: Callable[[Any, Any], Any], row: Operation
) -> None:
    huge, small = 10**400, 0.5
    assert operation(Value(huge), small).data == operation(math.inf, small)
    assert operation(Value(small), huge).data == operation(small, math.inf)


def test_a_gradient_beyond_the_floats_that_meets_a_float_is_infinite() -> None:
    x = Value(F(1, 10**400))
    y = (x * 10**400).exp()
    y.backward()
    y.backward()
    assert y.data == math.e
    assert x.grad == math.inf
    x = Value(2)
    x.grad = 10**400
    (x * 0.5).backward()
    assert x.grad == math.inf
    x = Value(F(1, 10**400), "x")
    assert partial(x.log() + x.log(), x) == math.inf


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if row.count == 1]))
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(10**400, id="huge"),
        pytest.param(-(10**400), id="-huge"),
        pytest.param(F(1, 10**400), id="tiny"),
    ],
)
def test_an_exact_number_beyond_the_floats_goes_through_every_row(
    row: Operation, number: Any
) -> None:
    if row.inside and not row.inside(number if abs(number) < 1 else scalars.to_float(number)):
        with pytest.raises(DomainError):
            row(Value(number))
    else:
        y = row(Value(number))
        y.backward()
        assert is_exact(y.data) or not math.isnan(y.data)


@pytest.mark.parametrize("row", rows(*ROWS))
def test_nan_goes_through_every_row_and_backward(row: Operation) -> None:
    for point in row.points:
        for index in range(int(row.chooses), len(point)):
            y = row(*map(Value, [*point[:index], math.nan, *point[index + 1 :]]))
            y.backward()
            assert isinstance(y.data, float)


# ---------------------------------------------------------------- lanes


@pytest.mark.parametrize("row", rows(*ROWS))
def test_a_row_on_lanes_is_the_row_on_each_example(row: Operation) -> None:
    for length in {len(point) for point in row.points}:
        points = [point for point in row.points if len(point) == length]
        lanes = [Value(np.array(column)) for column in zip(*points, strict=True)]
        with np.errstate(all="ignore"):
            y = row(*lanes)
            y.backward()
        for index, point in enumerate(points):
            operands = list(map(Value, point))
            alone = row(*operands)
            alone.backward()
            assert same(y.data[index], alone.data)
            for lane, operand in zip(lanes, operands, strict=True):
                assert lane.grad.shape == (len(points),)
                assert same(lane.grad[index], operand.grad)


def batch_loss(x: Any, target: Any, w: Value, b: Value) -> Value:
    """Return the squared error of a neuron."""
    return (w.dot(x, w, b, x).tanh() * w - target) ** 2


def test_grad_holds_gradients_per_example_whose_mean_is_that_of_the_mean_loss() -> None:
    generator = np.random.default_rng(0)
    xs, targets = generator.normal(size=(2, 32))
    w, b = Value(0.7, "w"), Value(-0.2, "b")
    batch_loss(Value(xs), Value(targets), w, b).backward()
    one_w, one_b = Value(0.7), Value(-0.2)
    losses = [batch_loss(*example, one_w, one_b) for example in zip(xs, targets, strict=True)]
    losses[0].mean(*losses[1:]).backward()
    assert w.grad.shape == b.grad.shape == (32,)
    assert same(w.grad, [partial(loss, one_w) for loss in losses])
    assert same(b.grad, [partial(loss, one_b) for loss in losses])
    assert same(w.grad.mean(), one_w.grad)
    assert same(b.grad.mean(), one_b.grad)


@pytest.mark.parametrize("row", rows(*ROWS))
@pytest.mark.parametrize("intruder", [0.0, -2.0, 1e300, math.inf, math.nan])
def test_lanes_never_mix(row: Operation, intruder: float) -> None:
    length = len(row.points[0])
    columns = [np.array([a, a, a]) for a in row.points[0]]
    for index in range(length):
        altered = [column.copy() for column in columns]
        altered[index][1] = intruder
        before, after = list(map(Value, columns)), list(map(Value, altered))
        with np.errstate(all="ignore"):
            y, z = row(*before), row(*after)
            y.backward()
            z.backward()
        old = [y.data, *[lane.grad for lane in before]]
        new = [z.data, *[lane.grad for lane in after]]
        for numbers, others in zip(old, new, strict=True):
            assert numbers[[0, 2]].tolist() == others[[0, 2]].tolist()


@pytest.mark.parametrize(("row", "point"), OUTSIDE)
def test_outside_the_domain_a_lane_is_nan_or_inf_and_its_neighbours_are_not(
    row: Operation, point: tuple[float, ...]
) -> None:
    inside = row.points[0]
    lanes = [Value(np.array(pair)) for pair in zip(point, inside, strict=True)]
    with np.errstate(all="ignore"):
        y = row(*lanes)
        y.backward()
    assert not math.isfinite(y.data[0])
    assert same(y.data[1], row(*inside))
    assert all(math.isfinite(lane.grad[1]) for lane in lanes)


def test_a_negative_number_has_no_logarithm_on_lanes() -> None:
    x = Value(np.array([-1.0, 0.0, 1.0]))
    with np.errstate(all="ignore"):
        y = x.log()
    assert np.isnan(y.data[0])
    assert y.data[1:].tolist() == [-math.inf, 0.0]


def test_exact_numbers_meet_lanes_as_floats() -> None:
    x, w = Value(np.array([1.0, 2.0])), Value("1/3", "w")
    y = (x * w + "1/7") * F(2, 5) - Decimal("0.5")
    y.backward()
    assert y.data.dtype == x.grad.dtype == w.grad.dtype == float
    assert same(w.grad, [0.4, 0.8])
    assert w.data == F(1, 3)
    w.grad = None
    (w * "2/3" * x).backward()  # in part exact, in part on lanes
    assert w.grad.dtype == float
    assert same(w.grad, [2 / 3, 4 / 3])


def test_every_node_has_a_gradient_array_of_its_own() -> None:
    x, w, seed = (Value(np.array([1.0, 2.0])) for _ in range(3))
    y = (x + w).total(x, x - w, -x)
    y.backward(seed=seed)
    arrays = [node.grad for node in topological_order(y)] + [seed.data]
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(arrays, 2))
    kept, before = x.grad, x.grad.tolist()
    y.backward()
    assert kept.tolist() == before


# ---------------------------------------------------------------- kinks


def kinks(row: Operation) -> list[tuple[float, ...]]:
    """Return operands at which a row says that it is on a kink."""
    tried = [
        point
        for first, *rest in row.points
        for point in [
            (0.0, *rest),
            (0.0,) * (1 + len(rest)),
            (first,) * (1 + len(rest)),
            (*(first, *rest)[:-1], first),
        ]
    ]
    return [point for point in dict.fromkeys(tried) if row(*map(Value, point)).is_at_kink]


AT_KINKS = [
    pytest.param(row, point, id=f"{row.name}-{','.join(map(str, point))}")
    for row in ROWS
    if row.kink
    for point in kinks(row)
]


def one_sided_slopes(row: Operation, point: tuple[float, ...], index: int) -> list[float]:
    """Return the slopes to the left and to the right of a point, in order of size."""
    h = 2.0**-20

    def value(step: float) -> float:
        return row(*[a + step * (i == index) for i, a in enumerate(point)])

    return sorted([(value(0) - value(-h)) / h, (value(h) - value(0)) / h])


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if row.kink]))
def test_every_row_with_a_kink_says_so_there(row: Operation) -> None:
    assert kinks(row)
    assert row.convention


@pytest.mark.parametrize(("row", "point"), AT_KINKS)
def test_at_a_kink_the_intervals_end_at_the_slopes_of_the_two_sides(
    row: Operation, point: tuple[float, ...]
) -> None:
    y = row(*map(Value, point))
    intervals = y.local_intervals()
    assert intervals
    assert len(intervals) >= len(point)
    for index, (low, high) in enumerate(intervals[: len(point)]):
        if low != high:
            assert same([float(low), float(high)], one_sided_slopes(row, point, index), 1e-5)
        assert low <= y.local_derivatives()[index] <= high
    assert any(low < high for low, high in intervals)


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_away_from_kinks_the_slopes_of_the_two_sides_agree(
    row: Operation, point: tuple[float, ...]
) -> None:
    y = row(*map(Value, point))
    assert not y.is_at_kink
    assert y.local_intervals() is None
    for index in range(int(row.chooses), len(point)):
        if row is not ops.pow or point[0] > 0 or index == 0:
            left, right = one_sided_slopes(row, point, index)
            assert same(left, right, 1e-3)


def test_a_leaf_and_a_constant_have_no_kink() -> None:
    assert not Value(0).is_at_kink
    assert not constant(0).is_at_kink
    assert Value(0).local_derivatives() == ()


def test_kinks_follow_the_stated_conventions() -> None:
    zero, one = Value(0), Value(1)
    assert zero.relu().local_derivatives() == (0,)
    assert abs(zero).local_derivatives() == (0,)
    assert one.maximum(Value(1)).local_derivatives() == (F(1, 2), F(1, 2))
    assert one.maximum(0, 1, 1).local_derivatives() == (F(1, 3), 0, F(1, 3), F(1, 3))
    assert one.minimum(Value(1), Value(2)).local_derivatives() == (F(1, 2), F(1, 2), 0)
    assert partial(one.maximum(one), one) == 1
    assert zero.leaky_relu("0.1").local_derivatives()[0] == F(1, 10)
    assert zero.leaky_relu("0.1", 1).local_derivatives()[0] == 1
    assert zero.leaky_relu("0.1", 1).data == 0
    assert Value(-2).leaky_relu("0.1", 1).local_derivatives()[0] == F(1, 10)


def test_lanes_and_second_derivatives_follow_the_same_conventions() -> None:
    lanes = Value(np.array([-1.0, 0.0, 2.0]))
    (lanes.relu() + abs(lanes)).backward()
    assert lanes.grad.tolist() == [-1, 0, 2]
    tied = Value(np.array([1.0, 3.0]))
    tied.maximum(np.array([1.0, 2.0])).backward()
    assert tied.grad.tolist() == [0.5, 1]
    nested = Value(Value(0))
    assert float(partial(nested.relu() + abs(nested), nested)) == 0


@pytest.mark.parametrize("row", rows(*[row for row in ROWS if row.kink]))
def test_only_numbers_are_asked_for_kinks(row: Operation) -> None:
    point = kinks(row)[0]
    for wrapped in (lambda a: np.array([a, 1.0]), Value, sympy.Symbol):
        y = row(
            *[Value(wrapped(a) if wrapped is not sympy.Symbol else wrapped("s")) for a in point]
        )
        assert not y.is_at_kink
        assert y.local_intervals() is None


# ---------------------------------------------------------------- exactness


def test_integers_fractions_and_decimal_text_stay_exact() -> None:
    assert (Value(2) / 3).data == F(2, 3)
    assert (2 / Value(3)).data == F(2, 3)
    assert (Value("0.1") + "0.2").data == F(3, 10)
    assert (Value(Decimal("0.1")) * 3).data == F(3, 10)
    assert (Value("1/3") - F(1, 3)).data == 0
    assert (Value("2/3") ** -3).data == F(27, 8)
    assert (Value(10) ** 30).data == 10**30
    assert (2 ** Value(-2)).data == F(1, 4)


def test_exact_numbers_have_exact_gradients() -> None:
    x = Value("0.1", "x")
    y = (x**3 / (x + 1) - x / 7).square().maximum(x, -x).mean(x, 3)
    y.backward()
    assert all(is_exact(node.data) for node in topological_order(y))
    assert isinstance(x.grad, Fraction)


def test_the_gradient_of_an_exact_power_is_exact() -> None:
    for base, exponent in itertools.product([F(3, 7), 10, -3], [3, 100, -100]):
        x = Value(base)
        (x**exponent).backward()
        assert x.grad == exponent * F(base) ** (exponent - 1)


def test_the_gradient_of_an_exact_power_beyond_the_floats_is_exact() -> None:
    for base, exponent in itertools.product([F(3, 7), 10], [1000, -1000]):
        x = Value(base)
        (x**exponent).backward()
        assert x.grad == exponent * F(base) ** (exponent - 1)


@pytest.mark.parametrize(  # a choice is as exact as what is chosen
    ("row", "point"), [each for each in AT_POINTS if each.values[0].name != "where"]
)
def test_a_float_makes_the_result_a_float(row: Operation, point: tuple[float, ...]) -> None:
    for index in range(len(point)):
        mixed = [Value(a if i == index else F(a)) for i, a in enumerate(point)]
        y = getattr(Value, row.name)(*mixed)
        assert type(y.data) is float
        assert same(y.data, row(*point))


@pytest.mark.parametrize("operation", ARITHMETIC)
@pytest.mark.parametrize("exact", [1, 2, F(1, 3), "0.1", Decimal("0.1")], ids=repr)
def test_a_float_on_either_side_of_an_operator_makes_the_result_a_float(
    operation: Callable[[Any, Any], Any], exact: Any
) -> None:
    for number in (0.5, 1.0, 2.0, np.float64(2), np.float32(2)):
        assert type(operation(Value(exact), number).data) is float
        assert type(operation(number, Value(exact)).data) is float
        assert type(operation(Value(exact), Value(number)).data) is float


def test_numbers_stay_exact_until_an_irrational_function_is_applied() -> None:
    x = Value("0.1")
    h = (x * 3).relu() + 1
    assert h.data == F(13, 10)
    assert type(h.exp().data) is float
    assert type((h.exp() * 0 + h).data) is float
    assert type((h ** F(1, 2)).data) is float
    assert Value("4/9").sqrt().data == F(2, 3)
    assert type(Value(2).sqrt().data) is float


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_exact_operands_give_what_floats_give(row: Operation, point: tuple[float, ...]) -> None:
    exact, floats = [Value(F(a)) for a in point], list(map(Value, point))
    y, z = row(*exact), row(*floats)
    y.backward()
    z.backward()
    assert same(float(y), z.data)
    for a, b in zip(exact, floats, strict=True):
        assert same(float(a.grad), b.grad)


def test_exact_operands_may_cancel_in_logsumexp() -> None:
    assert same(Value("-0.7").logsumexp("-0.69").data, math.log(math.exp(-0.7) + math.exp(-0.69)))


@pytest.mark.parametrize("base", [10**400, math.inf])
def test_the_gradient_of_a_root_beyond_the_floats_overflows_to_infinity(base: Any) -> None:
    x, exponent = Value(base), Value("1/2")
    (x**exponent).backward()
    assert exponent.grad == math.inf
    assert x.grad == 0


def test_lanes_of_two_lengths_are_refused_whatever_the_operation() -> None:
    three, two = Value(np.ones(3), "a"), Value(np.ones(2), "b")
    for row in (ops.add, ops.mul, ops.div, ops.pow, ops.maximum, ops.dot):
        operands = (three, two, two) if row is ops.dot else (three, two)
        with pytest.raises(ValueError, match=f"{row.name} needs lanes of one length; got 2 and 3"):
            row(*operands)


def test_an_array_of_two_dimensions_is_no_lanes() -> None:
    with pytest.raises(TypeError, match=r"one dimension.*shape \(3, 1\)"):
        Value(np.ones((3, 1)))


def test_numbers_too_large_to_write_out_become_floats_at_once() -> None:
    with pytest.warns(UserWarning, match="goes on as the nearest float"):
        assert (Value(2) ** Value(10**9)).data == math.inf
    with pytest.warns(UserWarning, match="goes on as the nearest float"):
        assert (Value("1/2") ** Value(10**9)).data == 0
    assert math.isnan(Value(Decimal("sNaN")).data)
    assert (Value(2) ** 10_000).data == 2**10_000


def test_operands_that_may_be_left_out_can_be_given_by_name() -> None:
    x = Value(-2.0)
    assert x.leaky_relu(slope=0.5).data == ops.leaky_relu(-2.0, slope=0.5) == -1
    kink = Value(0.0)
    kink.leaky_relu(at_zero=1).backward()
    assert kink.grad == 1
    with pytest.raises(TypeError, match="its options: slope, at_zero"):
        x.leaky_relu(0.1, slope=0.2)
    with pytest.raises(TypeError, match="leaky_relu cannot take steepness"):
        x.leaky_relu(steepness=0.2)


def test_the_lecture_slide_comes_out_exactly() -> None:
    x, y = Value("2", "x"), Value("1", "y")
    w1, w2, w3, w4 = (Value(text) for text in ("0.3", "0.8", "0.4", "0.1"))
    h1, h2 = (w1 * x).relu(), (w2 * x).relu()
    prediction = w3 * h1 + w4 * h2
    loss = (y - prediction) ** 2
    loss.backward()
    assert (prediction.data, loss.data) == (F(2, 5), F(9, 25))
    assert (partial(loss, prediction), partial(prediction, h2), partial(h2, w2)) == (
        F(-6, 5),
        F(1, 10),
        2,
    )
    assert w2.grad == F(-6, 25)
    assert [w1.grad, w3.grad, w4.grad] == [F("-0.96"), F("-0.72"), F("-1.92")]


# ---------------------------------------------------------------- partial and second derivatives


def test_partial_is_the_total_derivative_of_any_node_by_any_node() -> None:
    x, w = Value(3), Value(5)
    h = x * w
    y = h * h + x
    assert partial(y, h) == 30
    assert partial(y, x) == 151
    assert partial(y, w) == 90
    assert partial(h, x) == 5
    assert partial(y, y) == 1
    assert partial(x, x) == 1
    assert partial(y, y.parents[0]) == 1


def test_partial_by_a_node_that_is_not_below_is_zero() -> None:
    x, other = Value(3), Value(4.0)
    y = x * 2
    above = y + other
    assert partial(y, other) == 0
    assert partial(y, above) == 0
    assert partial(x, y) == 0


def test_partial_touches_no_gradient() -> None:
    x = Value(3)
    h = x * x
    y = h * 2
    partial(y, x)
    assert [node.grad for node in topological_order(y)] == [None] * 4
    h.backward()
    before = [node.grad for node in topological_order(y)]
    partial(y, x)
    assert [node.grad for node in topological_order(y)] == before


def test_partial_is_of_the_kind_of_the_output() -> None:
    lanes, s = Value(np.array([1.0, 2.0])), sympy.Symbol("s")
    assert partial(lanes, lanes).tolist() == [1, 1]
    assert partial(lanes, Value(3)).tolist() == [0, 0]
    assert partial(lanes + 1, lanes).tolist() == [1, 1]
    assert type(partial(Value(0.5), Value(1))) is float
    symbol = Value(s)
    assert partial(symbol**3, symbol) == 3 * s**2


@pytest.mark.parametrize(("row", "point"), AT_POINTS)
def test_second_derivatives_are_those_of_sympy(row: Operation, point: tuple[float, ...]) -> None:
    symbols = sympy.symbols(f"a:{len(point)}", real=True)
    formula = row(*symbols)
    place = dict(zip(symbols, map(sympy.Rational, point), strict=True))
    operands = [Value(Value(a)) for a in point]
    y = row(*operands)
    for first, second in itertools.product(range(len(point)), repeat=2):
        expected = formula.diff(symbols[first], symbols[second]).subs(place).evalf(30)
        slope = partial(y, operands[first])
        found = partial(slope, operands[second].data) if isinstance(slope, Value) else 0
        if expected.is_real:  # it is complex for a negative base, by its exponent
            assert same(float(found), float(expected), 1e-12)


def test_third_derivatives_are_values_of_values_of_values() -> None:
    x = Value(Value(Value("1/2")))
    first = partial(x**5, x)
    second = partial(first, x.data)
    assert partial(second, x.data.data) == 60 * F(1, 4)


def test_backward_gives_gradients_that_can_be_differentiated() -> None:
    x, w = Value(Value(3)), Value(Value(5))
    y = x * x * w
    y.backward()
    assert (float(x.grad), float(w.grad)) == (30, 9)
    x.grad.backward()
    assert (x.data.grad, w.data.grad) == (10, 6)


# ---------------------------------------------------------------- copies and pickles


def labelled_graph() -> tuple[Value, Value, Value]:
    """Return a loss, an interior node and a leaf, with labels, gradients and every kind of data."""
    x, w, lanes = Value("0.1", "x"), Value(0.5, "w"), Value(np.array([1.0, 2.0]), "lanes")
    h = (x * w + 3).named("h")
    loss = (h.tanh() * lanes + h.maximum(w, x) ** 3).named("loss")
    loss.backward()
    return loss, h, w


def described(output: Value) -> list[Any]:
    """Return everything there is to know about a graph, but for the identity of its nodes."""
    order = topological_order(output)
    leaves_first = sorted(order, key=lambda node: not node.is_leaf)
    place = {node: index for index, node in enumerate(leaves_first)}
    return [
        (
            node.op,
            node.label,
            repr(node.data),
            type(node.data),
            repr(node.grad),
            repr(node.operands),
            [place[parent] for parent in node.parents],
        )
        for node in leaves_first
    ]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_keeps_data_gradients_labels_operations_and_order(protocol: int) -> None:
    loss, *_ = labelled_graph()
    twin = pickled(loss, protocol)
    assert described(twin) == described(loss)
    assert not set(topological_order(twin)) & set(topological_order(loss))


def test_a_deep_copy_keeps_data_gradients_labels_operations_and_order() -> None:
    loss, *_ = labelled_graph()
    twin = copy.deepcopy(loss)
    assert described(twin) == described(loss)
    assert not set(topological_order(twin)) & set(topological_order(loss))


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_a_copy_is_differentiated_without_its_original(copied: Callable[[Any], Any]) -> None:
    loss, _, w = labelled_graph()
    before = described(loss)
    twin, w_twin = copied((loss, w))
    twin.backward()
    twin.backward(seed=10)
    assert described(loss) == before
    assert same(w_twin.grad, 12 * w.grad)
    twin.zero_grad()
    assert described(loss) == before


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_a_leaf_copied_with_its_loss_stays_the_leaf_of_the_loss(
    copied: Callable[[Any], Any],
) -> None:
    loss, _, w = labelled_graph()
    for first, second in [copied((loss, w)), reversed(copied((w, loss)))]:
        assert second in topological_order(first)
        assert second.is_leaf
        assert second.label == "w"
    other = w * 2
    one, two, leaf = copied((loss, other, w))
    assert leaf in topological_order(one)
    assert leaf in topological_order(two)
    by_name = copied({"w": w, "again": w, "losses": [loss]})
    assert by_name["w"] is by_name["again"]
    assert by_name["w"] in topological_order(by_name["losses"][0])


def test_a_deep_copy_keeps_interior_nodes_shared() -> None:
    loss, h, _ = labelled_graph()
    other = h * 2
    loss_twin, other_twin, h_twin = copy.deepcopy([loss, other, h])
    assert h_twin in topological_order(loss_twin)
    assert other_twin.parents[0] is h_twin
    memo: dict[int, Any] = {}
    assert copy.deepcopy(h, memo) is copy.deepcopy(loss, memo).parents[0].parents[0].parents[0]


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_constants_stay_constants_and_leaves_leaves(copied: Callable[[Any], Any]) -> None:
    twin = copied(Value(3, "x") * 5 + 1)
    order = topological_order(twin)
    assert [node.data for node in order if node.is_leaf] == [3]
    assert sorted(node.data for node in order if node.op is CONSTANT) == [1, 5]


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_a_copy_keeps_the_operands_that_were_captured(copied: Callable[[Any], Any]) -> None:
    x = Value(3, "x")
    y = x * x
    x.data = 100
    twin = copied(y)
    leaf = topological_order(twin)[0]
    assert (leaf.data, twin.data, partial(twin, leaf)) == (100, 9, 6)


def test_a_deep_copy_has_lanes_of_its_own() -> None:
    x = Value(np.array([1.0, 2.0]))
    y = x * x
    twin = copy.deepcopy(y)
    assert not np.shares_memory(twin.parents[0].data, x.data)
    twin.backward()
    assert twin.parents[0].data.tolist() == [1, 2]
    assert twin.parents[0].grad.tolist() == [2, 4]


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_second_derivatives_are_taken_in_the_copy_alone(copied: Callable[[Any], Any]) -> None:
    x = Value(Value(3))
    y = x * x * x
    twin, leaf = copied((y, x))
    slope = partial(twin, leaf)
    assert float(slope) == 27
    assert partial(slope, leaf.data) == 18
    assert partial(slope, x.data) == 0


def test_a_copy_is_a_node_of_its_own_with_the_same_parents() -> None:
    loss, h, w = labelled_graph()
    twin = copy.copy(loss)
    assert twin is not loss
    assert twin.parents == loss.parents
    assert (twin.op, twin.label, twin.operands) == (loss.op, loss.label, loss.operands)
    assert twin.data is loss.data
    assert twin.grad is loss.grad
    assert same(partial(twin, h), partial(loss, h))
    leaf = copy.copy(w)
    assert leaf.is_leaf
    leaf.data, leaf.grad, leaf.label = 7, 0, "other"
    assert (w.data, w.label) == (0.5, "w")
    assert partial(loss, leaf).tolist() == [0, 0]


@pytest.mark.parametrize("row", rows(*ROWS, CONSTANT))
def test_a_row_is_copied_and_pickled_as_itself(row: Operation) -> None:
    assert pickled(row) is row
    assert copy.deepcopy(row) is row
    assert copy.copy(row) is row


@pytest.mark.parametrize("copied", [pickled, copy.deepcopy])
def test_outputs_in_one_copy_share_their_interior_nodes(copied: Callable[[Any], Any]) -> None:
    x = Value(3, "x")
    h = x * x
    first, second = h + 1, h * 5
    for order in ((first, second, h), (h, second, first)):
        twins = dict(zip(order, copied(list(order)), strict=True))
        assert partial(twins[second], twins[h]) == 5
        assert partial(twins[first], twins[h]) == 1


def test_the_outputs_of_a_long_chain_are_copied_in_one_walk_each() -> None:
    nodes = [Value(1.0)]
    for _ in range(2000):
        nodes.append(nodes[-1] + 1)
    seen = []

    class Counted(dict):  # type: ignore[type-arg]
        def __contains__(self, key: object) -> bool:
            seen.append(key)
            return super().__contains__(key)

    twins = copy.deepcopy(nodes, Counted())
    assert len(topological_order(twins[-1])) == len(topological_order(nodes[-1]))
    assert len(seen) < 20 * len(nodes)


def test_a_pickle_that_fails_leaves_the_next_one_whole() -> None:
    x = Value(2, "x")
    h = x * x
    h.label = lambda: None  # type: ignore[assignment]
    loss = h + 1
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(loss)
    h.label = "h"
    twin = pickled(loss)
    assert [node.data for node in topological_order(twin)] == [2, 4, 1, 5]
