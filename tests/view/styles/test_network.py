"""The network style: what stands where, and that nothing covers anything."""

from collections import Counter
from dataclasses import replace
from re import findall

import examples
import legible
import pytest
from examples import mlp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from legible import (
    BIASES,
    LECTURE,
    box_of,
    dense,
    flaws,
    gap,
    labels_of,
    links_of,
    nodes_of,
    outline_of,
    texts_of,
    within,
)  # fmt: skip

from scalargrad import Value, draw, program
from scalargrad.graph.derivation import derive
from scalargrad.graph.model import contracted, edges_between
from scalargrad.nn import MLP
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers, numbers
from scalargrad.view.roles import Roles
from scalargrad.view.scene import THEMES, Arrow, Circle, Look, Step, Text, name_of
from scalargrad.view.styles.network import is_network, network

EXAMPLES = {name: example for name, example in examples.EXAMPLES.items() if name != "micrograd"} | {
    "2-3-1": lambda: mlp(2, 3, 1),
    "residual": lambda: program(
        "h1 = relu(w1*x); h2 = relu(w2*h1); h3 = h1 + h2; loss = (h3-y)^2",
        x="2", w1="0.5", w2="0.3", y="1",
    ).output,
    "one node": lambda: Value(3, "x"),
    "no names": lambda: Value(3) * Value(4) + 1,
    "tied": lambda: program("h = w*x; k = w*h; loss = (k-y)^2", w="2", x="3", y="1").output,
}  # fmt: skip


def drawn(name, direction="LR", wrt=None, **more):
    output = EXAMPLES[name]()
    output.backward()
    graph = contracted(output)
    written = [n for node in graph.nodes for n in (node.value, node.gradient)]
    look = Look(THEMES["light"], numbers(written), direction, **more)
    if wrt:
        source = next(i for i, node in enumerate(graph.nodes) if node.label == wrt)
        line = derive(output, wrt).line
        look = Look(
            THEMES["light"], numbers(written), direction,
            path=edges_between(graph, source), beneath=(line,), **more,
        )  # fmt: skip
    return graph, look, network(graph, look)


ALL = [(name, direction, wrt) for name in EXAMPLES for direction in ("LR", "TB")
       for wrt in (None, "w2" if name in ("lecture", "biases") else None)]  # fmt: skip


@pytest.mark.parametrize(("name", "direction", "wrt"), dict.fromkeys(ALL))
def test_nothing_touches_what_it_should_not(name, direction, wrt):
    _, _, scene = drawn(name, direction, wrt)
    assert flaws(scene) == []
    assert (scene.width, scene.height) == (886, 403)


@pytest.mark.parametrize("name", ["lecture", "biases", "cross-entropy", "deeper", "softmax"])
def test_all_numbers_of_the_graph_stand_in_the_picture(name):
    graph, look, scene = drawn(name)
    shown = [text.text for text in texts_of(scene)]
    for index, node in enumerate(graph.nodes):
        uses = [graph.edges[edge].contribution for edge in graph.outgoing[index]]
        is_shared = node.label[:1] in "wb" and len(uses) > 1
        for number in (node.value, *(uses if is_shared else ()), node.gradient):
            assert look.numbers.text(number) in shown


def test_the_target_picture_has_the_path_with_its_factors_and_the_chain_rule():
    _, look, scene = drawn("lecture", wrt="w2")
    shown = {text.text: text for text in texts_of(scene)}
    assert {"×2", "×0.1", "×(−1.2)"} <= set(shown)
    line = "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂ = (−1.2) × (0.1) × (2) = −0.24"
    assert r"\dfrac" in shown[line].math
    assert shown[line].colour == look.theme.accent
    for heading in ("input", "hidden (ReLU)", "output", "loss"):
        assert heading in shown
    assert len([a for a in links_of(scene) if a.colour == look.theme.path]) == len(look.path) == 3
    assert len([s for s in scene.shapes if isinstance(s, Circle)]) == 6  # neurons are circles
    assert min(text.size for text in texts_of(scene)) >= 22


@pytest.mark.parametrize("name", ["lecture", "biases", "deeper"])
def test_a_weight_stands_at_the_edge_that_it_weighs(name):
    graph, _, scene = drawn(name)
    nodes = {}
    for node in nodes_of(scene):
        for text in texts_of(scene):
            if within(box_of(text), outline_of(node), 0.5):
                nodes.setdefault(text.text, node)
    for weight, unit, target in products_of(graph):
        label = next(t for t in texts_of(scene) if t.text == weight and t.math)
        link = min(links_of(scene), key=lambda link: gap(box_of(label), link))
        for end, name_of_node in ((link.points[0], unit), (link.points[-1], target)):
            assert within((*end, *end), outline_of(nodes[name_of_node]), 0.1), (weight, end)


def products_of(graph):
    """Weight, unit and the unit that their product goes into, by name."""
    for a, b, target in graph.products:
        names = [name_of(graph.nodes[index]).text for index in (a, b, target)]
        yield names if names[0].startswith("w") else [names[1], names[0], names[2]]


def test_biases_stand_in_their_units():
    graph, _, scene = drawn("biases")
    assert len(nodes_of(scene)) == len(graph.nodes) - 4 - 3  # four weights and three biases
    without = drawn("biases", biases=False)[2]
    shown = {text.text for text in texts_of(scene)} - {text.text for text in texts_of(without)}
    assert {"b₁", "b₂", "b₃", "0.7", "0.2", "−0.3"} <= shown


def test_a_shared_weight_shows_its_part_at_each_use_and_the_sum_once():
    output = program(
        "h1 = tanh(w*h0 + u*x1); h2 = tanh(w*h1 + u*x2); loss = (h2 - y)^2",
        h0="1", w="0.5", u="0.8", x1="1", x2="0.5", y="1",
    ).output  # fmt: skip
    output.backward()
    graph = contracted(output)
    look = Look(THEMES["light"], Numbers(3))
    shown = Counter(text.text for text in texts_of(network(graph, look)))
    for name in ("w", "u"):
        index = next(i for i, node in enumerate(graph.nodes) if node.label == name)
        parts = [graph.edges[edge].contribution for edge in graph.outgoing[index]]
        assert len(parts) == 2
        for number in (*parts, graph.nodes[index].gradient):
            assert shown[look.numbers.text(number)] >= 1
    assert shown["Σ"] == 2


RECURRENT = "h0=0; w=0.5; u=0.8; b=0.1; x1=1; x2=0.5; y=1\n" + (
    "h1 = tanh(w*h0 + u*x1 + b); h2 = tanh(w*h1 + u*x2 + b); loss = (h2 - y)^2"
)


@pytest.mark.parametrize(("wrt", "others"), [("w", "ub"), ("u", "bw"), ("b", "uw"), ("x1", "ubw")])
def test_beside_a_derivation_stand_the_sums_of_the_other_shared_leaves(wrt, others):
    drawing = legible.drawn(RECURRENT, {"wrt": wrt})
    lines = {}
    for text in texts_of(drawing.scene):
        lines.setdefault(text.y, []).append(text.text)
    sums = {line[0]: line[2] for line in lines.values() if line[1:2] == ["Σ"]}
    gradients = {node.label: node.gradient for node in drawing.graph.nodes}
    assert sums == {name: drawing.look.numbers.text(gradients[name]) for name in others}
    assert flaws(drawing.scene) == []
    first = texts_of(drawing.frames().at(1).scene)
    assert Counter(text.text for text in first)["b"] == 2  # in its units only: no sum is known


@pytest.mark.parametrize(
    "text",
    [
        "w=2; x1=1; x2=3; h=relu(w*x1 + w*x2); loss=(h - 1)^2",
        "w=1; x1=2; x2=2; p=max(w*x1, w*x2); loss=p^2",
        "w=2; x1=1; x2=3; y1=1; y2=2; loss=(w*x1 - y1)^2 + (w*x2 - y2)^2",
    ],
)
def test_a_weight_of_two_edges_of_one_unit_is_a_node_with_the_gradient_of_both(text):
    drawing = legible.drawn(text, {"style": "network"})
    keys = [shape.key for shape in nodes_of(drawing.scene)]
    assert "w" in keys
    assert labels_of(drawing.scene) == []
    w = next(node for node in drawing.graph.nodes if node.label == "w")
    number = drawing.look.numbers.text(w.gradient)
    inside = outline_of(nodes_of(drawing.scene)[keys.index("w")])
    assert number in {text.text for text in texts_of(drawing.scene) if within(box_of(text), inside)}


@pytest.mark.parametrize(
    ("text", "weights", "biases"),
    [
        ("h = tanh(U*x + W*h0); o = V*h; loss = (o - y)^2", "UWV", ""),
        ("h = tanh(E*x1); g = tanh(E*x2 + u*h); loss = g^2", "Eu", ""),
        ("h = w0 + w1*x; loss = (h - y)^2", ["w1"], ["w0"]),
        ("h = w0*x0 + w1*x1 + w2; loss = (h - y)^2", ["w0", "w1"], ["w2"]),
        ("c = relu(K11*X11 + K12*X12); loss = (c - y)^2", ["K11", "K12"], ""),
        ("h = x*t; o = w*h; loss = (o - y)^2", "w", ""),
    ],
)
def test_weights_and_biases_are_known_by_what_they_do(text, weights, biases):
    names = sorted(set(findall(r"[A-Za-z]\w*", text)) - {*findall(r"(\w+) =", text)})
    inputs = dict.fromkeys((n for n in names if n not in {"tanh", "relu"}), "0.5")
    graph = contracted(program(text, **inputs).output)
    roles = Roles(graph)
    assert {graph.nodes[i].label for i in roles.weights} == {*weights}
    added = (leaf for leaves in roles.biases.values() for leaf in leaves)
    assert {graph.nodes[i].label for i in added} == {*biases}


def test_a_label_that_has_less_room_among_kept_places_leaves_its_arrow_free():
    text = "h0=0; w=0.5; u=0.8; v=1; x1=1; x2=0.5; x3=-1; y=1\nh1 = tanh(w*h0 + u*x1)\n" + (
        "h2 = tanh(w*h1 + u*x2); h3 = tanh(w*h2 + u*x3); yhat = v*h3; loss = (yhat - y)^2"
    )
    scene = legible.drawn(text, {"wrt": "w"}).wrt("u").scene
    for link in links_of(scene):
        for label in link.gaps:
            assert all(not legible.holds(label, link.points[k], -4) for k in (0, -1))


def test_a_dense_network_shows_its_weights_in_matrices_of_the_right_numbers():
    output = program(dense(3, 4, 2)).output
    output.backward()
    graph = contracted(output)
    look = Look(THEMES["light"], Numbers(3), weights="matrices")
    scene = network(graph, look)
    texts = [text for text in texts_of(scene) if text.x > 0.5 * scene.width]
    numbers = [text for text in texts if text.colour == look.theme.value]
    rows = {}
    for text in numbers:
        rows.setdefault(round(text.y), []).append(text)
    made = [[t.text for t in sorted(row, key=lambda t: t.x)] for _, row in sorted(rows.items())]
    value = {node.label: look.numbers.text(node.value) for node in graph.nodes}
    first = [[value[f"w{i}{j}_1"] for i in (1, 2, 3)] for j in (1, 2, 3, 4)]
    second = [[value[f"w{i}{j}_2"] for i in (1, 2, 3, 4)] for j in (1, 2)]
    assert [row for row in made if row in first] == first
    assert [row for row in made if row in second] == second
    assert flaws(scene) == []


def test_an_edge_ends_at_the_row_of_its_weight():
    output = program(dense(3, 4, 2)).output
    output.backward()
    graph = contracted(output)
    scene = network(graph, Look(THEMES["light"], Numbers(3), weights="rows"))
    assert flaws(scene) == []
    for weight, unit, target in products_of(graph):
        text = next(t for t in texts_of(scene) if t.text == weight)
        middle = text.y - 0.36 * text.size
        at = [
            link
            for link in links_of(scene)
            if abs(link.points[-1][1] - middle) < 0.4 * text.size
            and 0 <= box_of(text)[0] - link.points[-1][0] < 6 * text.size
        ]
        assert len(at) == 1, (weight, unit, target)


def test_a_wide_layer_is_cut_and_says_by_how_much():
    _, _, scene = drawn("2-16-16-1")
    assert len(nodes_of(scene)) == 2 + 4 + 4 + 1 + 1 + 1
    assert [text.text for text in texts_of(scene)].count("12 more") == 2


def test_layers_show_units_and_ranges():
    graph, look, scene = drawn("2-16-16-1", layers=True)
    assert len(nodes_of(scene)) == 5
    shown = [text.text for text in texts_of(scene)]
    assert shown.count("∈ ℝ¹⁶") == 2
    hidden = [n.value for n in graph.nodes if n.label.endswith("_1") and n.label.startswith("h")]
    assert any(text.startswith("0 … ") for text in shown)
    assert any(text.endswith(look.numbers.text(max(hidden))) for text in shown)


def test_a_dropped_unit_is_dashed_with_its_edges_and_crossed():
    output = EXAMPLES["lecture"]()
    output.backward()
    graph = contracted(output)
    h2 = next(i for i, node in enumerate(graph.nodes) if node.label == "h2")
    scene = network(graph, Look(THEMES["light"], Numbers(3), dropped=frozenset({h2})))
    dashed = [shape for shape in scene.shapes if getattr(shape, "dashed", False)]
    assert [type(shape) for shape in dashed] == [Arrow, Arrow, Circle]
    crossed = [s for s in scene.shapes if isinstance(s, Arrow) and not s.head]
    assert len(crossed) == 2


@pytest.mark.parametrize("name", ["lecture", "biases", "deeper", "2-16-16-1", "residual"])
def test_what_is_not_known_is_empty_and_everything_else_stays_where_it_was(name):
    graph, look, whole = drawn(name)
    nothing = Step(frozenset(), frozenset(), frozenset(), Written(""))
    empty = network(graph, Look(look.theme, look.numbers, step=nothing))
    assert (empty.width, empty.height) == (whole.width, whole.height)
    shapes = [
        {replace(s, gaps=(), dashed=False) if isinstance(s, Arrow) else s for s in scene.shapes}
        for scene in (whole, empty)
    ]
    gone = shapes[0] - shapes[1]
    assert shapes[1] < shapes[0]
    colours = {shape.colour if isinstance(shape, Text) else shape.fill for shape in gone}
    assert colours - {look.theme.muted} == {look.theme.value, look.theme.gradient}
    assert {t.text for t in gone if t.colour == look.theme.muted} <= {"=", "|", "Σ"}


@pytest.mark.parametrize("by", ["weight", "gradient"])
def test_edges_are_as_wide_as_their_weights_are_large(by):
    _, look, scene = drawn("lecture", edges_by=by)
    strong = {}
    for link in links_of(scene):
        strong.setdefault(link.colour, []).append(link)
    negative = strong.get(look.theme.gradient, [])
    assert all(link.dashed for link in negative)
    assert bool(negative) == (by == "gradient")  # all weights of the lecture are positive
    lines = sorted(link.line for link in links_of(scene))
    assert lines[0] < 0.3 * lines[-1]


def test_units_are_filled_by_their_values():
    _, _, scene = drawn("lecture", fill_by="value")
    plain = drawn("lecture")[2]
    fills = [{node.fill for node in nodes_of(s)} for s in (plain, scene)]
    assert len(fills[0]) == 2
    assert len(fills[1]) > 4


def test_the_legend_says_what_the_numbers_are():
    _, _, scene = drawn("lecture", legend=True)
    assert {"value", "gradient"} <= {text.text for text in texts_of(scene)}


def test_every_edge_has_its_local_derivative_where_it_is_asked_for():
    graph, look, scene = drawn("lecture", local=True)
    factors = [text for text in texts_of(scene) if text.colour == look.theme.accent]
    assert len(factors) == len(graph.edges)


def test_what_is_a_network():
    assert is_network(contracted(EXAMPLES["lecture"]()))
    assert is_network(contracted(mlp(2, 3, 1)))
    for text in ("f = (x + y)*z", "f = (z*x - y)^2"):  # no weights; nothing between
        assert not is_network(contracted(program(text, x="1", y="2", z="3").output))


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("h = relu(w1*x); yhat = w2*h; loss = (yhat - y)^2",
         ["input", "hidden (ReLU)", "output", "loss"]),
        ("z = w1*x + b; yhat = sigmoid(z); loss = (yhat - y)^2", ["input", "output", "loss"]),
        ("z1 = w1*x; z2 = w2*x; loss = logsumexp(z1, z2) - z1", ["input", "logits", "loss"]),
        ("f = (x + y)*t", []),  # f is no logit: no weight leads to it
        ("h = tanh(w1*x); a = sigmoid(w2*h)", ["input", "hidden (tanh)"]),  # a is σ of a logit
        ("h = tanh(w1*x1 + w2*x2); o = w3*h; E = (o - t)^2",
         ["inputs", "hidden (tanh)", "output", "loss"]),
    ],
)  # fmt: skip
def test_a_heading_stands_only_where_all_of_a_column_have_that_role(text, headings):
    names = ("x", "x1", "x2", "w1", "w2", "w3", "b", "y", "t")
    output = program(text, {name: "0.5" for name in names if name in findall(r"\w+", text)}).output
    scene = network(contracted(output), Look(THEMES["light"], Numbers(3)))
    top = [t for t in texts_of(scene) if t.colour == THEMES["light"].muted and len(t.text) > 3]
    assert [t.text for t in sorted(top, key=lambda t: t.x)] == headings


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.sampled_from(["LR", "TB"]))
@example([1, 1, 3, 4], "TB")  # long lines, on which labels stand by themselves
@example([4, 4, 4], "TB")  # no room for the weights on the edges
def test_any_small_network_is_drawn_without_flaws_and_with_all_numbers(sizes, direction):
    output = mlp(*sizes)
    output.backward()
    graph = contracted(output)
    look = Look(THEMES["dark"], Numbers(3), direction)
    scene = network(graph, look)
    assert flaws(scene) == []
    wanted = Counter(
        look.numbers.text(n) for node in graph.nodes for n in (node.value, node.gradient)
    )
    assert wanted <= Counter(text.text for text in texts_of(scene))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("sizes", [(5, 5), (5, 6), (6, 5), (9, 1), (9, 3, 9)])
def test_no_line_runs_through_another_unit(sizes, direction):
    assert flaws(draw(mlp(*sizes), direction=direction).scene) == []
    output = mlp(*sizes)
    output.backward()
    assert flaws(draw(output, direction=direction).scene) == []


@pytest.mark.parametrize(
    ("points", "far"),
    [
        (((-100, -3), (300, -3)), 3.0),  # above the area
        (((-990, -997), (1010, 1003)), 2.5 * 2**0.5),  # past its upper right corner
        (((5, 3), (400, 3)), 13**0.5),  # begins on its right
        (((-400, 0.5), (400, 0.6)), 0.0),
    ],
)
def test_the_distance_of_a_label_from_a_long_line_is_exact(points, far):
    line = Arrow(points, "#000000", curved="")
    assert gap((0, 0, 2, 1), line) == pytest.approx(far, abs=1e-6)


def test_with_matrices_a_layer_tells_its_weights_their_shape_and_what_is_made_of_them():
    scene = legible.drawn(LECTURE, {"detail": "matrices"}).scene
    shown = {text.text for text in texts_of(scene)}
    assert {"W⁽¹⁾", "∈ ℝ²ˣ¹", "W⁽²⁾", "∈ ℝ¹ˣ²", "ReLU(W⁽¹⁾ x)", "W⁽²⁾ h"} <= shown
    assert {"0.3 … 0.8", "−0.96 … −0.24", "0.1 … 0.4", "−1.92 … −0.72"} <= shown  # of the weights
    assert flaws(scene) == []
    assert len(nodes_of(scene)) == 4 + 2
    with_biases = legible.drawn(BIASES, {"detail": "matrices"}).scene
    shown = {text.text for text in texts_of(with_biases)}
    assert {"b⁽¹⁾", "∈ ℝ²", "b⁽²⁾", "∈ ℝ¹", "ReLU(W⁽¹⁾ x + b⁽¹⁾)", "W⁽²⁾ h + b⁽²⁾"} <= shown
    assert flaws(with_biases) == []


def test_with_matrices_a_vector_with_an_index_of_its_own_keeps_it():
    text = """x = [1, 2]; W⁽¹⁾ = [[1, 2], [3, 4]]; W⁽²⁾ = [[5, 6], [7, 8]]; b⁽²⁾ = [1, 2]
    h₁ = σ(W⁽¹⁾ x); h₂ = σ(W⁽²⁾ h₁ + b⁽²⁾)"""
    scene = draw(program(text).outputs, detail="matrices").scene
    shown = {written.text for written in texts_of(scene)}
    assert {"h₁", "h₂", "σ(W⁽¹⁾ x)", "σ(W⁽²⁾ h₁ + b⁽²⁾)"} <= shown


def test_matrices_of_a_large_network_are_as_quick_as_its_layers():
    net = MLP(784, [32, 10])
    drawing = draw(net, [0.5] * 784, detail="matrices")
    shown = {text.text for text in texts_of(drawing.scene)}
    assert {"∈ ℝ³²ˣ⁷⁸⁴", "∈ ℝ¹⁰ˣ³²", "∈ ℝ⁷⁸⁴", "tanh(W⁽¹⁾ x + b⁽¹⁾)"} <= shown
    assert {"h⁽¹⁾", "W⁽²⁾ h⁽¹⁾ + b⁽²⁾"} <= shown
    assert flaws(drawing.scene) == []


def test_a_deep_dense_network_shows_its_weights_in_the_larger_of_the_two_ways():
    drawing = legible.drawn(dense(4, 5, 5, 3), {})
    sizes = {how: drawing.weights(how).scene.size for how in ("rows", "matrices")}
    assert sizes["matrices"] > sizes["rows"]
    assert drawing.scene.size == sizes["matrices"] >= 10
