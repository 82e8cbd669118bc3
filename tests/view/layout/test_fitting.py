"""What a picture holds of a graph: contraction beyond a size, and leaves drawn once per use."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import Value
from scalargrad.errors import DrawingError
from scalargrad.graph.model import contracted, graph
from scalargrad.view.layout.engines import BOXES_ON_A_SLIDE, laid_out
from scalargrad.view.layout.fitting import MOST_USES, fitting, with_leaves_per_use
from scalargrad.view.layout.layered import Box


def shared(uses, named=False):
    """Return a sum of products that all use one leaf."""
    x = Value(2, "x")
    y = Value(0)
    for k in range(uses):
        product = x * Value(k, f"w{k}")
        y = y + (product.named(f"p{k}") if named else product)
    y = y.named("y")
    y.backward()
    return y


@st.composite
def outputs(draw):
    """Draw a program over few leaves, so that many of them are shared."""
    nodes = [Value(k + 1, f"x{k}" if k % 2 else "") for k in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(1, 12))):
        a, b = (nodes[draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        made = draw(st.sampled_from([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - 2]))
        nodes.append(made(a, b))
    if draw(st.booleans()):
        nodes[-1].backward()
    return nodes[-1]


# ---------------------------------------------------------------- leaves once per use


@given(outputs(), st.integers(0, 4), st.sampled_from([graph, contracted]))
def test_edges_and_what_they_join_stay_the_same(output, uses, made):
    whole = made(output)
    spread = with_leaves_per_use(whole, uses)
    assert len(spread.edges) == len(whole.edges)
    for index, (edge, was) in enumerate(zip(spread.edges, whole.edges, strict=True)):
        assert spread.nodes[edge.source] is whole.nodes[was.source]
        assert spread.nodes[edge.target] is whole.nodes[was.target]
        assert (edge.local, edge.contribution) == (was.local, was.contribution)
        assert edge.source < edge.target
        assert str(spread.formula(index)) == str(whole.formula(index))
    assert spread.nodes[spread.output] is whole.nodes[whole.output]


@given(outputs(), st.integers(0, 4))
def test_no_leaf_is_used_by_more_nodes_than_stated_and_only_leaves_are_copied(output, uses):
    whole = graph(output)
    spread = with_leaves_per_use(whole, uses)
    for index, node in enumerate(spread.nodes):
        users = {edge.target for edge in spread.edges if edge.source == index}
        if node.is_leaf or node.is_constant:
            assert len(users) <= max(uses, 1)
    inner = [node for node in whole.nodes if node.operation and not node.is_constant]
    assert [node for node in spread.nodes if node.operation and not node.is_constant] == inner


@given(outputs(), st.integers(0, 3), st.sampled_from([graph, contracted]))
def test_names_in_an_expression_lead_to_what_stands_beside_it(output, uses, made):
    whole = made(output)
    spread = with_leaves_per_use(whole, uses)

    def names(written):
        if written.head == "name":
            yield written.parts
        for part in written.parts:
            if hasattr(part, "head"):
                yield from names(part)

    origins = {index: [] for index in range(len(spread.nodes))}
    for edge in spread.edges:
        origins[edge.target].append(edge.source)
    for index, node in enumerate(spread.nodes):
        was = next(i for i, other in enumerate(whole.nodes) if other is node)
        written, before = spread.expression(index), whole.expression(was)
        assert str(written) == str(before)
        for (_, place), (_, old) in zip(names(written), names(before), strict=True):
            assert spread.nodes[place] is whole.nodes[old]
            assert place in origins[index] or place == index


def test_products_and_terms_of_a_contracted_graph_move_along():
    whole = contracted(shared(6, named=True))
    spread = with_leaves_per_use(whole)
    assert len(spread.nodes) == len(whole.nodes) + 5
    labels = [[tuple(g.nodes[i].label for i in row) for row in rows]
              for g in (whole, spread) for rows in (g.products, g.terms)]  # fmt: skip
    assert labels[:2] == labels[2:]
    ends = {(edge.source, edge.target) for edge in spread.edges}
    assert all((a, t) in ends and (b, t) in ends for a, b, t in spread.products)
    assert all(pair in ends for pair in spread.terms)


def test_contributions_of_the_copies_sum_to_the_gradient_that_each_shows():
    spread = with_leaves_per_use(graph(shared(9)))
    copies = [i for i, node in enumerate(spread.nodes) if node.label == "x"]
    assert len(copies) == 9
    total = sum(edge.contribution for edge in spread.edges if edge.source in copies)
    assert {spread.nodes[i].gradient for i in copies} == {total}


def test_a_node_that_uses_a_leaf_twice_gets_one_copy():
    x = Value(3, "x")
    spread = with_leaves_per_use(graph(x * x + x), uses=1)
    assert [node.label for node in spread.nodes].count("x") == 2


def test_few_uses_leave_the_graph_alone():
    whole = graph(shared(MOST_USES))
    assert with_leaves_per_use(whole) is whole


# ---------------------------------------------------------------- what fits


def test_what_fits_is_shown_whole_and_nothing_is_said():
    output = shared(30)
    shown, _, note = fitting(output, most=2_000)
    assert (shown.nodes, note) == (graph(output).nodes, "")


def test_beyond_a_slide_shared_leaves_are_drawn_per_use_and_the_note_says_so():
    shown, _, note = fitting(shared(60), most=2_000)
    assert [node.label for node in shown.nodes].count("x") == 60
    assert "are drawn at each" in note


def test_copies_that_do_not_fit_are_not_made():
    output = shared(100)
    shown, _, note = fitting(output, most=len(graph(output).nodes))
    assert (len(shown.nodes), note) == (len(graph(output).nodes), "")


def test_what_does_not_fit_contracts_to_its_named_nodes_and_the_note_says_so():
    output = shared(200)
    shown, _, note = fitting(output, most=300)
    assert {node.label for node in shown.nodes} == {"x", "y"} | {f"w{k}" for k in range(200)}
    assert note == "202 named nodes of 602"


@pytest.mark.parametrize("named", [True, False])
def test_what_cannot_be_contracted_is_refused_in_one_line_that_says_what_would_do(named):
    y = Value(1.0)
    for k in range(50):
        y = y.tanh()
        if named:
            y = y.named(f"h{k}")
    with pytest.raises(
        DrawingError, match="holds up to 20 boxes; this graph has 51 nodes"
    ) as error:
        fitting(y, most=20)
    assert "\n" not in str(error.value)
    assert "name only those" in str(error.value)


# ---------------------------------------------------------------- size


def network(*layers):
    """Return an MLP on one example, in operations."""
    state = random.Random(1)
    units = [Value(state.uniform(-1, 1), f"x{i}") for i in range(layers[0])]
    for depth, size in enumerate(layers[1:]):
        sums = []
        for j in range(size):
            total = Value(0.0, f"b{depth}_{j}")
            for i, unit in enumerate(units):
                total = total + Value(state.uniform(-1, 1), f"w{depth}_{i}_{j}") * unit
            sums.append(total.tanh().named(f"h{depth}_{j}"))
        units = sums
    return units[0]


def many(count):
    y = Value(0.5, "x")
    for k in range(count):
        y = y.tanh() if k % 100 else y.tanh().named(f"h{k}")
    return y


@pytest.mark.parametrize(("name", "seconds"), [("mlp", 3), ("shared", 5), ("chain", 10)])
def test_big_graphs_are_fitted_and_laid_out_in_time(name, seconds, monkeypatch):
    make = {"mlp": lambda: network(2, 16, 16, 1), "shared": lambda: shared(1_000),
            "chain": lambda: many(10_000)}  # fmt: skip
    output = make[name]()
    start = time.process_time()
    shown, _, _ = fitting(output, most=4_000)
    edges = [(edge.source, edge.target) for edge in shown.edges]
    boxes = [Box(60, 40)] * len(shown.nodes)
    assert len(boxes) > (BOXES_ON_A_SLIDE if name != "chain" else 100)
    for engine in (None, "own"):
        assert len(laid_out(boxes, edges, engine=engine).centers) == len(boxes)
    assert time.process_time() - start < seconds * 4  # a slow machine has the same growth
