"""The network style: what stands where, and that nothing covers anything."""

from itertools import combinations
from math import hypot

import examples
import pytest
from examples import mlp
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import Value, program
from scalargrad.graph.derivation import derive
from scalargrad.graph.model import contracted, edges_between
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers, numbers
from scalargrad.view.scene import THEMES, Arrow, Circle, Look, Rectangle, Step, Text, measured
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


def box(text):
    """Left, top, right, bottom of a text."""
    reach = measured(text)
    left = text.x - reach.width * {"start": 0, "middle": 0.5, "end": 1}[text.anchor]
    return left, text.y - reach.above, left + reach.width, text.y + reach.below


def overlapping(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5


def texts(scene):
    return [shape for shape in scene.shapes if isinstance(shape, Text)]


ALL = [(name, direction, wrt) for name in EXAMPLES for direction in ("LR", "TB")
       for wrt in (None, "w2" if name in ("lecture", "biases") else None)]  # fmt: skip


@pytest.mark.parametrize(("name", "direction", "wrt"), dict.fromkeys(ALL))
def test_no_two_texts_overlap_and_none_leaves_the_frame(name, direction, wrt):
    _, _, scene = drawn(name, direction, wrt)
    boxes = [(text, box(text)) for text in texts(scene)]
    covered = [(a.text, b.text) for (a, p), (b, q) in combinations(boxes, 2) if overlapping(p, q)]
    assert covered == []
    for text, (left, top, right, bottom) in boxes:
        assert left >= 0, text.text
        assert top >= 0, text.text
        assert right <= scene.width, text.text
        assert bottom <= scene.height, text.text


def test_an_overlap_is_seen():
    a, b = Text(10, 10, "abc", 12, "#000000"), Text(12, 12, "abc", 12, "#000000")
    assert overlapping(box(a), box(b))
    assert not overlapping(box(a), box(Text(10, 40, "abc", 12, "#000000")))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_arrow_ends_on_its_circles(name, direction):
    _, _, scene = drawn(name, direction)
    circles = [shape for shape in scene.shapes if isinstance(shape, Circle)]
    for arrow in (shape for shape in scene.shapes if isinstance(shape, Arrow)):
        for x, y in (arrow.points[0], arrow.points[-1]):
            assert min(abs(hypot(x - c.x, y - c.y) - c.radius) for c in circles) < 1e-6


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_text_beside_a_circle_reaches_into_it(name):
    _, _, scene = drawn(name)
    for circle in (shape for shape in scene.shapes if isinstance(shape, Circle)):
        for text in texts(scene):
            left, top, right, bottom = box(text)
            far = hypot(
                max(left - circle.x, circle.x - right, 0), max(top - circle.y, circle.y - bottom, 0)
            )
            inside = abs(text.x - circle.x) < 0.5 and top > circle.y - circle.radius
            assert inside or far >= circle.radius - 1.5, text.text


@pytest.mark.parametrize("name", ["lecture", "biases", "cross-entropy", "deeper", "softmax"])
def test_all_numbers_of_the_graph_stand_in_the_picture(name):
    graph, look, scene = drawn(name)
    shown = [text.text for text in texts(scene)]
    for node in graph.nodes:
        for number in (node.value, node.gradient):
            assert look.numbers.text(number) in shown


def test_the_target_picture_has_the_path_with_its_factors_and_the_chain_rule_beneath():
    _, look, scene = drawn("lecture", wrt="w2")
    shown = {text.text: text for text in texts(scene)}
    accent = {"∂h₂/∂w₂ = 2", "∂ŷ/∂h₂ = 0.1", "∂ℓ/∂ŷ = −1.2"}
    assert accent <= set(shown)
    assert all(shown[text].colour == look.theme.accent for text in accent)
    assert all(r"\dfrac" in shown[text].math for text in accent)
    line = "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂ = (−1.2) × (0.1) × (2) = −0.24"
    assert shown[line].y > max(c.y + c.radius for c in scene.shapes if isinstance(c, Circle))
    for heading in ("input", "hidden (ReLU)", "output", "loss"):
        assert heading in shown
    thick = [s for s in scene.shapes if isinstance(s, Arrow) and s.colour == look.theme.path]
    assert len(thick) == len(look.path) == 3


@pytest.mark.parametrize("name", ["lecture", "biases", "cross-entropy", "deeper", "softmax"])
def test_the_nets_of_the_deck_fit_a_slide(name):
    _, _, scene = drawn(name)
    scale = min(960 / scene.width, 540 / scene.height)
    smallest = min(text.size for text in texts(scene)) * scale
    assert smallest >= 10  # points on a slide of 16:9


def test_weights_stand_on_edges_and_biases_under_neurons():
    graph, _, scene = drawn("biases")
    circles = [shape for shape in scene.shapes if isinstance(shape, Circle)]
    assert len(circles) == len(graph.nodes) - 4 - 3  # four weights and three biases
    without = drawn("biases", biases=False)[2]
    shown = {text.text for text in texts(scene)} - {text.text for text in texts(without)}
    assert shown == {"b₁ = ", "b₂ = ", "b₃ = ", "0.7", "0.2", "−0.3"}


def test_a_wide_layer_is_cut_and_says_by_how_much():
    _, _, scene = drawn("2-16-16-1")
    circles = [shape for shape in scene.shapes if isinstance(shape, Circle)]
    assert len(circles) == 2 + 4 + 4 + 1 + 1 + 1
    assert [text.text for text in texts(scene)].count("12 more") == 2


def test_layers_show_units_and_ranges():
    graph, look, scene = drawn("2-16-16-1", layers=True)
    boxes = [shape for shape in scene.shapes if isinstance(shape, Rectangle)]
    assert len(boxes) == 5
    shown = [text.text for text in texts(scene)]
    assert shown.count("h × 16") == 2
    hidden = [n.value for n in graph.nodes if n.label.endswith("_1") and n.label.startswith("h")]
    assert any(text.startswith("0 … ") for text in shown)
    assert any(text.endswith(look.numbers.text(max(hidden))) for text in shown)


def test_a_dropped_unit_is_dashed_with_its_edges():
    output = EXAMPLES["lecture"]()
    output.backward()
    graph = contracted(output)
    h2 = next(i for i, node in enumerate(graph.nodes) if node.label == "h2")
    look = Look(THEMES["light"], Numbers(3), dropped=frozenset({h2}))
    scene = network(graph, look)
    dashed = [shape for shape in scene.shapes if getattr(shape, "dashed", False)]
    assert [type(shape) for shape in dashed] == [Arrow, Arrow, Circle]


@pytest.mark.parametrize("name", ["lecture", "biases", "deeper", "2-16-16-1", "residual"])
def test_what_is_not_known_is_empty_and_everything_else_stays_where_it_was(name):
    graph, look, whole = drawn(name)
    nothing = Step(frozenset(), frozenset(), frozenset(), Written(""))
    empty = network(graph, Look(look.theme, look.numbers, step=nothing))
    assert (empty.width, empty.height) == (whole.width, whole.height)
    assert set(empty.shapes) < set(whole.shapes)
    colours = {shape.colour for shape in set(whole.shapes) - set(empty.shapes)}
    assert colours == {look.theme.value, look.theme.gradient}


def test_what_is_a_network():
    assert is_network(contracted(EXAMPLES["lecture"]()))
    assert is_network(contracted(mlp(2, 3, 1)))
    for text in ("f = (x + y)*z", "f = (z*x - y)^2"):  # no weights; nothing between
        assert not is_network(contracted(program(text, x="1", y="2", z="3").output))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.sampled_from(["LR", "TB"]))
def test_any_small_network_is_drawn_without_overlaps(sizes, direction):
    output = mlp(*sizes)
    output.backward()
    graph = contracted(output)
    scene = network(graph, Look(THEMES["dark"], Numbers(3), direction))
    boxes = [box(text) for text in texts(scene)]
    assert sum(overlapping(a, b) for a, b in combinations(boxes, 2)) == 0
