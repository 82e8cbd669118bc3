"""The definition of the chain rule, and the fast form of it: equal to the last bit."""

import math
from collections.abc import Callable
from fractions import Fraction
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import DomainError, Value
from scalargrad.engine import fast, stable
from scalargrad.engine.backward import gradients
from scalargrad.engine.fast import Row, dot_of
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.value import constant

F = Fraction
pullback = attrgetter("pullback")

# ---------------------------------------------------------------- random graphs

ROWS = [row for row in OPERATIONS.values() if row.name != "pow"]
PLAIN = st.one_of(st.floats(-4, 4), st.integers(-5, 5), st.fractions(-3, 3, max_denominator=7))
EXTREME = st.sampled_from([0.0, -0.0, 1e300, -1e-300, 1e16, math.inf, math.nan, 10**400])
NUMBERS = st.integers(0, 19).flatmap(lambda one: EXTREME if one == 0 else PLAIN)


@st.composite
def graphs(draw: Any, kinds: Any, numbers: Any) -> tuple[Value, list[Value]]:
    """Draw a graph of leaves, constants, rows of the table and neurons with shared rows."""
    nodes = [Value(number) for number in draw(st.lists(numbers, min_size=1, max_size=5))]
    nodes.append(constant(draw(numbers)))

    def pick() -> Value:
        return nodes[-draw(st.integers(1, len(nodes)))]

    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(kinds))
        if kind == "chain":
            for _ in range(draw(st.integers(1, 8))):
                nodes.append(nodes[-1] * pick() + draw(numbers))
        elif kind == "layer":
            nodes += layer(draw, pick)
        else:
            row = draw(st.sampled_from(ROWS))
            least, most = row.arity
            count = draw(st.integers(least, most or 3))
            count += row.name == "dot" and count % 2 == 0
            try:
                nodes.append(row(*[pick() for _ in range(count)]))
            except (DomainError, ValueError):
                continue
    return pick().total(*[pick() for _ in range(draw(st.integers(1, 6)))]), nodes


def layer(draw: Any, pick: Callable[[], Value]) -> list[Value]:
    """Return the outputs of neurons on several examples, other nodes being made in between."""
    width = draw(st.integers(1, 3))

    def rows() -> list[Row]:
        return [
            Row([pick() for _ in range(width)], draw(st.booleans()))
            for _ in range(draw(st.integers(1, 3)))
        ]

    inputs, weights = rows(), rows()
    made: list[Value] = []
    for x in inputs:
        for w in weights:
            made.append(dot_of(pick(), w, x))
            if draw(st.integers(0, 4)) == 0:
                made.append(pick() * pick())
    return made


def bits(found: dict[Value, Any]) -> dict[Value, tuple[Any, str]]:
    """Return gradients so that equality is that of every bit, and nan equals nan."""
    lists = {node: g.tolist() if isinstance(g, np.ndarray) else g for node, g in found.items()}
    return {node: (type(found[node]), repr(plain)) for node, plain in lists.items()}


def test_a_row_may_hold_a_node_twice() -> None:
    x, zero = Value(1.5), Value(0.0)
    twice = Row([x, x], True)
    weights = [Row([Value(0.25), Value(-3.0)]), Row([Value(-2.0), Value(5.0)])]
    y = dot_of(zero, weights[0], twice) * dot_of(zero, weights[1], twice)
    found = gradients(y, 1.0)
    assert bits(found) == bits(gradients(y, 1.0, pullback))
    assert found[x] == 2 * (0.25 - 3) * (5 - 2) * 1.5


@pytest.mark.parametrize("shared", ["weights", "inputs", "both"])
def test_a_node_may_stand_in_both_rows(shared: str) -> None:
    x, one, big = Value(1.0), Value(1.0), Value(-1e16)
    inputs = Row([x, big], shared != "weights")
    weights = Row([one, x], shared != "inputs")
    y = dot_of(Value(0.0), weights, inputs) + 1e16 * x  # 1e16 + 1 - 1e16, in this order
    definition = gradients(y, 1.0, pullback)
    assert definition[x] == 0.0 != 1e16 - 1e16 + 1
    assert bits(gradients(y, 1.0)) == bits(definition)


@pytest.mark.parametrize("added", dict.fromkeys([stable._added, stable._one_by_one]))
@pytest.mark.parametrize("start", [0.0, -0.0, None])
def test_products_are_rounded_one_by_one(
    added: Any, start: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stable, "_added", added)
    ones, big = (1.0,) * 4, (1e16, 1.0, 1.0, -1e16)
    assert stable.dot_of_rows(start, ones, big) == 0.0 != math.fsum(big)
    least = stable.dot_of_rows(start, (-0.0,), (1.0,))
    assert repr(least) == ("0.0" if repr(start) == "0.0" else "-0.0")


MIXED = graphs(["row", "row", "row", "layer", "chain"], NUMBERS)
NETWORKS = graphs(["layer", "layer", "row"], st.floats(-4, 4))
LANES = st.lists(st.floats(-4, 4), min_size=3, max_size=3).map(np.array)
ON_LANES = graphs(["row", "row", "layer", "chain"], st.one_of(LANES, LANES, NUMBERS))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", [MIXED, NETWORKS, ON_LANES], ids=["mixed", "networks", "lanes"])
@given(data=st.data(), seed=st.sampled_from([1.0, 1 / 3, -2.5]))
def test_the_fast_form_gives_what_the_definition_gives_to_the_last_bit(
    kind: Any, data: Any, seed: Any
) -> None:
    output, nodes = data.draw(kind)
    until = set(data.draw(st.lists(st.sampled_from(nodes), max_size=3)))
    seed = seed * np.ones(3) if isinstance(output.data, np.ndarray) else seed
    for stops in (set(), until):
        definition = gradients(output, seed, pullback, stops)
        assert bits(gradients(output, seed, None, stops)) == bits(definition)
        try:
            found = fast.gradients(output, seed, stops)
        except (OverflowError, TypeError, fast.OutOfOrderError):
            continue
        assert bits(found) == bits(definition)
