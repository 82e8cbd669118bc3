import random
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import numpy as np
import pytest

from scalargrad import Value, program
from scalargrad.graph.model import contracted, graph
from scalargrad.lectures import LECTURES


def random_output(seed, named=0.5):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), chance.randint(1, 5)), f"x{i}") for i in range(4)]
    for step in range(25):
        a, b = chance.choice(made), chance.choice(made)
        made.append(chance.choice([a + b, a - b, a * b, a.relu(), -a, a.maximum(b), a + 3]))
        if chance.random() < named:
            made[-1].named(f"n{step}")
    output = made[0].total(*made[1:])
    output.backward()
    return output


def broken_sums(shown):
    """Nodes whose gradient is not the sum of the contributions of their uses."""
    return [
        index
        for index, node in enumerate(shown.nodes)
        if index != shown.output
        and node.gradient != sum(shown.edges[e].contribution for e in shown.outgoing[index])
    ]


def path_sums(shown):
    """For each node the sum over paths to the output of the products of local derivatives."""
    sums = [Fraction(0)] * len(shown.nodes)
    sums[shown.output] = Fraction(1)
    for edge in sorted(shown.edges, key=lambda edge: -edge.target):
        sums[edge.source] += edge.local * sums[edge.target]
    return sums


@pytest.mark.parametrize("make", [graph, contracted])
@pytest.mark.parametrize("seed", range(30))
def test_contributions_add_up_to_the_gradient(seed, make):
    shown = make(random_output(seed))
    assert len(shown.nodes) > 4
    assert broken_sums(shown) == []
    assert all(isinstance(edge.contribution, int | Fraction) for edge in shown.edges)


@pytest.mark.parametrize("named", [0.0, 0.2, 0.8])
@pytest.mark.parametrize("seed", range(20))
def test_contraction_keeps_total_derivatives(seed, named):
    output = random_output(seed, named)
    shown = contracted(output)
    assert all(node.label for index, node in enumerate(shown.nodes) if index != shown.output)
    assert path_sums(shown) == [node.gradient for node in shown.nodes]
    assert path_sums(graph(output)) == [node.gradient for node in graph(output).nodes]


def test_a_wrong_edge_is_caught():
    shown = graph(random_output(1))
    edge = next(i for i, edge in enumerate(shown.edges) if edge.contribution)
    wrong = [replace(e, contribution=e.contribution * Fraction(1001, 1000), local=e.local + 1)
             if i == edge else e for i, e in enumerate(shown.edges)]  # fmt: skip
    for faulty in (wrong, shown.edges[:edge] + shown.edges[edge + 1 :]):
        planted = replace(shown, edges=tuple(faulty))
        assert broken_sums(planted) == [shown.edges[edge].source]
        assert path_sums(planted) != [node.gradient for node in shown.nodes]


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_the_contracted_lecture_has_the_factors_of_its_slide(lecture):
    example = program(lecture.text)
    example.output.backward()
    shown = contracted(example.output)
    found = {(shown.nodes[e.source].label, shown.nodes[e.target].label): e for e in shown.edges}
    path = [found[step] for step in (("yhat", "loss"), ("h2", "yhat"), ("w2", "h2"))]
    assert [edge.local for edge in path] == [Fraction(-6, 5), Fraction(1, 10), 2]
    assert path[-1].contribution == Fraction(-6, 25)
    assert {node.label for node in shown.nodes} == set(example)


def test_a_shared_parent_has_an_edge_for_each_use():
    a = Value(3, "a")
    y = a + a
    y.backward()
    assert [(e.source, e.target, e.local, e.contribution) for e in graph(y).edges] == [
        (0, 1, 1, 1), (0, 1, 1, 1),
    ]  # fmt: skip
    assert [e.local for e in contracted(y).edges] == [2]


def test_edges_follow_the_order_of_the_operands():
    a, b = Value(5, "a"), Value(2, "b")
    for output, order in ((a - b, "ab"), (b - a, "ba"), (b.where(a, b), "bab"), (a / b, "ab")):
        shown = graph(output)
        incoming = shown.incoming[shown.output]
        assert "".join(shown.nodes[shown.edges[e].source].label for e in incoming) == order


def test_the_graph_is_frozen_as_it_was():
    x = Value(2, "x")
    y = x * x
    before = graph(y)
    y.backward()
    x.named("z")
    assert [node.gradient for node in before.nodes] == [None, None]
    assert [edge.contribution for edge in before.edges] == [None, None]
    assert before.nodes[0].label == "x"
    with pytest.raises(FrozenInstanceError):
        before.nodes[0].label = "w"


def test_leaves_constants_and_operations_are_told_apart():
    shown = graph((Value(2, "x") * 3).relu())
    assert [(n.is_leaf, n.is_constant, n.symbol) for n in shown.nodes] == [
        (True, False, ""), (False, True, ""), (False, False, "×"), (False, False, "ReLU"),
    ]  # fmt: skip


def test_a_node_on_its_kink_says_so():
    assert [node.is_at_kink for node in graph(Value(0, "x").relu()).nodes] == [False, True]
    assert not any(node.is_at_kink for node in graph(Value(1, "x").relu()).nodes)


def test_lanes_carry_a_contribution_each():
    x, w = Value(np.array([1.0, 2.0]), "x"), Value(np.array([3.0, -4.0]), "w")
    y = (x * w).relu()
    y.backward()
    shown = graph(y)
    assert [edge.contribution.tolist() for edge in shown.edges[:2]] == [[3.0, 0.0], [1.0, 0.0]]


def test_a_deep_graph_is_shown_without_recursion():
    x = y = Value(1, "x")
    for step in range(8_000):
        y = (y + x).named(f"n{step}") if step % 2_000 == 0 else y + x
    y.backward()
    assert len(graph(y).nodes) == 8_001
    shown = contracted(y)
    assert len(shown.nodes) == 6
    assert path_sums(shown) == [node.gradient for node in shown.nodes]
    assert max(len(str(shown.formula(index))) for index in range(len(shown.edges))) < 200
