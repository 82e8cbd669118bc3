"""One-sided slopes beside what the values of the function show, and the sentences where none are.

`python tests/engine/test_one_sided.py 10000` holds so many random graphs to their limits.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import pytest

from scalargrad import DomainError, Value, ops
from scalargrad.engine import scalars
from scalargrad.engine.one_sided import slopes
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.engine.rebuild import rebuilt

F = Fraction
NUMBERS = [-1, 0, 0, 1, 2, F(1, 2)]
NEAR = F(1, 10**40)


def is_exact(row: Operation) -> bool:
    """Return whether a row keeps fractions fractions."""
    thirds = [F(1, 3), F(2, 3), F(4, 3), F(5, 3), F(7, 3)]
    operands = thirds[: len(row.points[0])]
    inside = row.inside is None or row.inside(*operands)
    return inside and scalars.is_exact(row(*operands))


# pow is exact for some exponents only; what kinks or jumps is drawn more often
PIECEWISE = [row for row in OPERATIONS.values() if row.name != "pow" and is_exact(row)]
PIECEWISE += 3 * [row for row in PIECEWISE if row.kink or row.jump or row.chooses]


def random_graph(generator: random.Random) -> tuple[Value, Value]:
    """Return an output of exact numbers, and the leaf it depends on."""
    x = Value(generator.choice(NUMBERS), "x")
    nodes = [x, -x, Value(generator.choice(NUMBERS)), x + generator.choice(NUMBERS)]
    size = generator.randint(2, 9)
    while size:
        row = generator.choice(PIECEWISE)
        least, most = row.arity
        count = generator.randint(least, most or 3)
        if row.name == "dot":
            count = 3
        try:
            node = row(*[generator.choice(nodes[-4:]) for _ in range(count)])
        except DomainError:
            continue
        if abs(node.data) < 10**4 and scalars.is_exact(node.data):
            nodes.append(node)
            size -= 1
    return nodes[-1], x


def moved(output: Value, x: Value, step: Fraction) -> Fraction | None:
    """Return the output at another place; None outside the domain."""
    try:
        return F(rebuilt(output, {x: x.data + step})[output].data)
    except DomainError:
        return None


def outcome_of_one(generator: random.Random) -> str:
    """Hold the slopes of a random graph to the limits of its values, and return the outcome."""
    output, x = random_graph(generator)
    found = slopes(output, x)
    steps = [(side, moved(output, x, side * NEAR)) for side in (-1, 1)]
    ends = [(side, value) for side, value in steps if value is not None]
    is_smooth = all(abs(value - output.data) < F(1, 10**20) for _, value in ends)
    if found.outcome == "jump":
        assert not is_smooth, found
    elif found.outcome == "slopes":
        assert is_smooth, found
        for side, value in ends:
            expected = found.left if side < 0 else found.right
            measured = side * (value - output.data) / NEAR
            assert abs(measured - expected) < F(1, 10**20), (found, float(measured))
    else:
        assert found.reason
    return found.outcome


def outcomes(count: int, seed: int = 0) -> Counter[str]:
    """Return how often each outcome was met among so many graphs."""
    return Counter(outcome_of_one(random.Random(f"{seed} {index}")) for index in range(count))


def test_slopes_are_the_limits_of_the_values_of_random_piecewise_graphs() -> None:
    met = outcomes(600, random.randrange(10**6))
    assert met["slopes"] > 300
    assert met["undecided"] < 200


NONE = {
    "sqrt has an infinite slope where x is 0": (lambda x: x.sqrt(), "infinite"),
    "∞ × 0: sqrt has an infinite slope where its operand is 0": (
        lambda x: (x * x).sqrt(), "undecided",
    ),
    "and square has the slope 0 there": (lambda x: x.sqrt() ** 2, "undecided"),
    "the branches of where differ": (lambda x: ops.where_(x, x + 1, x), "jump"),
    "the condition of where is 0 with the slope 0": (
        lambda x: ops.where_(x * x, x, 2 * x), "undecided",
    ),
    "at y, pow leaves its domain": (lambda x: (Value(-2) ** (x + 3)).named("y"), "undecided"),
}  # fmt: skip


def test_slopes_that_differ_by_their_rounding_are_one():
    x = Value(0.0, "x")
    found = slopes(x.relu() - x * 0.3 + (1 + (-abs(x)).exp()).log() + abs(x * 0.1) - abs(x) / 10, x)
    assert found.left == found.right == pytest.approx(0.2)


@pytest.mark.parametrize(("reason", "f", "outcome"), [(r, *c) for r, c in NONE.items()], ids=NONE)
def test_where_there_are_no_slopes_the_node_and_the_rule_are_said(
    reason: str, f: Callable[[Value], Value], outcome: str
) -> None:
    x = Value(0, "x")
    found = slopes(f(x), x)
    assert found.outcome == outcome
    assert reason in found.reason


def test_where_a_function_ends_the_slope_is_that_of_its_one_side() -> None:
    x = Value(0, "x")
    found = slopes(x.sqrt() * 0 + 3 * x, x)
    assert found.outcome == "undecided"  # ∞ × 0
    found = slopes((x**2).relu() + x**3 * 0 + (1 - x).maximum(1), x)
    assert (found.left, found.right) == (-1, 0)


def test_a_branch_that_is_not_taken_is_not_looked_at() -> None:
    x = Value(0, "x")
    assert slopes(ops.where_(1, x, x.sqrt()), x) == slopes(x, x)
    assert slopes(ops.where_(0, x.sqrt(), 3 * x), x) == slopes(3 * x, x)


def test_the_slope_of_a_node_by_itself_is_one_and_by_a_stranger_nought() -> None:
    x, y = Value(2, "x"), Value(3, "y")
    assert (slopes(x, x).left, slopes(x, y).left) == (1, 0)


if __name__ == "__main__":
    print(dict(outcomes(int(sys.argv[1]))))
