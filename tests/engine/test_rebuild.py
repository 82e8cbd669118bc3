"""Graphs computed again: twins of their own, from other data, on other kinds of scalars."""

from fractions import Fraction

import numpy as np
import pytest

from scalargrad import DomainError, Value, topological_order
from scalargrad.engine import ops, rebuild
from scalargrad.nn.layers import MLP


def rebuilt(output, data):
    twins = rebuild.rebuilt(output, data)
    assert not set(twins) & set(twins.values())
    return twins


def test_twins_have_the_names_the_data_and_the_edges_of_their_nodes():
    net = MLP(2, [3, 2], ops.relu, seed=1)
    output = ops.total(*net([Value(0.5, "x1"), Value(-1.0, "x2")])) * 3
    twins = rebuilt(output, {})
    assert list(twins) == topological_order(output)
    for node, twin in twins.items():
        assert (twin.label, twin.data, twin.op) == (node.label, node.data, node.op)
        assert twin.is_leaf == node.is_leaf
        assert list(twin.parents) == [twins[parent] for parent in node.parents]


def test_other_data_change_the_twins_and_nothing_else():
    w, x = Value("0.8", "w"), Value(2, "x")
    loss = (w * x - 1) ** 2
    loss.backward()
    twins = rebuilt(loss, {w: Fraction(1, 2)})
    assert twins[loss].data == 0
    assert twins[loss].grad is None
    assert (w.data, w.grad, loss.data) == (Fraction(4, 5), Fraction(12, 5), Fraction(9, 25))
    twins[loss].backward()
    assert (twins[w].grad, w.grad) == (0, Fraction(12, 5))


def test_what_was_computed_can_be_given_and_cuts_the_graph():
    x = Value(3, "x")
    h = (x * x).named("h")
    y = h + 1
    twins = rebuilt(y, {h: 5})
    assert twins[y].data == 6
    assert twins[h].is_leaf
    assert x not in twins
    assert rebuilt(y, {y: 7})[y].data == 7


def test_arguments_of_operations_and_repeated_operands_are_kept():
    x = Value(-2.0, "x")
    y = ops.leaky_relu(x, slope=0.1) * x
    assert rebuilt(y, {x: -3.0})[y].data == (-3.0 * 0.1) * -3.0


def test_lanes_take_the_place_of_numbers():
    x = Value(2.0, "x")
    y = x.square() + 1
    assert rebuilt(y, {x: np.array([1.0, 3.0])})[y].data.tolist() == [2.0, 10.0]


def test_an_operation_without_a_value_there_is_named():
    x = Value(2.0, "x")
    y = x.log()
    with pytest.raises(DomainError, match=r"log.*x"):
        rebuilt(y, {x: -1.0})


def test_a_long_chain_is_rebuilt():
    x = y = Value(1.0, "x")
    for _ in range(50_000):
        y = y + 1
    assert rebuilt(y, {x: 2.0})[y].data == 50_002
