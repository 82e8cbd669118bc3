"""Every picture of a course is readable from the back row, and nothing in it needs retouching."""

import math
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legible import (
    LECTURE,
    PROGRAMS,
    box_of,
    doubts,
    drawn,
    flaws,
    gap,
    labels_of,
    legibility,
    links_of,
    meet,
    nodes_of,
    outline_of,
    texts_of,
    within,
)

from scalargrad import Value, draw, program
from scalargrad.errors import DrawingError
from scalargrad.view.drawing import STYLES
from scalargrad.view.layout import search
from scalargrad.view.scene import THEMES, Arrow, Rectangle
from scalargrad.view.styles import cards

SMALLEST_INDEX = {"A": 9, "B": 9, "C": 8.4, "D": 9, "E": 9, "F": 9, "G": 8}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_picture_of_a_course_is_large_and_clean(name):
    kind, text, options, least = PROGRAMS[name]
    seen = legibility(drawn(text, options))
    assert seen.flaws == ()
    assert seen.smallest >= least
    assert 0.7 * seen.smallest >= SMALLEST_INDEX[kind]
    assert seen.smallest == pytest.approx(28, abs=0.1) or seen.fill >= 0.07


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_theme_changes_no_place(name):
    def places(theme):
        scene = drawn(PROGRAMS[name][1], {**PROGRAMS[name][2], "theme": theme}).scene
        boxes = [box_of(text) for text in texts_of(scene)]
        return scene.size, boxes, [link.points for link in links_of(scene)]

    assert len(THEMES) == 5
    assert all(places(theme) == places("light") for theme in THEMES)


def test_weights_that_find_no_place_on_their_edges_are_counted_and_the_answer_says_what_does():
    drawing = drawn(*PROGRAMS["4-5-3"][1:3])
    with pytest.raises(DrawingError, match=r"of 35 labels find no place on their edges here: "):
        drawing.weights("edges").scene  # noqa: B018
    assert not flaws(drawing.weights("matrices").scene)


def test_what_alone_joins_two_cards_is_level():
    for name in ("lecture", "hinge", "logistic", "quotient"):
        scene = drawn(*PROGRAMS[name][1:3]).scene
        links = links_of(scene)
        sources, targets = ([link.ends[k] for link in links] for k in (0, 1))
        beside = {link.ends for link in links if link.points[0][0] == link.points[-1][0]}
        into = [target for source, target in zip(sources, targets, strict=True)
                if (source, target) not in beside]  # fmt: skip
        level = [link for link in links if sources.count(link.ends[0]) == 1
                 and into.count(link.ends[1]) == 1 and link.ends not in beside]  # fmt: skip
        assert level
        for link in level:
            assert abs(link.points[0][1] - link.points[-1][1]) < 0.02


NEWTON = "x0=1.5; f0=x0^2-2; d0=2x0; x1=x0-f0/d0; f1=x1^2-2; d1=2x1; x2=x1-f1/d1"
LONG = """
learning_rate=0.01; gradient_norm=3.5; momentum_coefficient=0.9; previous_update=-0.2; before=1.25
update=momentum_coefficient*previous_update - learning_rate*gradient_norm; after=before+update
loss_train=(after-1)^2; loss_validation=(after-1.1)^2; total_loss=loss_train+loss_validation
"""


@pytest.mark.parametrize(("text", "wrt"), [(NEWTON, "x0"), (LONG, "learning_rate")])
def test_operations_that_are_too_small_to_read_give_way_to_the_named_nodes(text, wrt):
    assert legibility(drawn(text, {"wrt": wrt, "style": "circuit"})).smallest < 14
    for sources in (wrt, iter([wrt])):
        seen = legibility(drawn(text, {"wrt": sources}))
        assert seen.smallest > 17
        assert seen.flaws == ()
    assert draw(program(text).output, detail="all").style is STYLES["circuit"]


def test_a_path_from_a_node_without_a_name_needs_the_operations():
    output = program(NEWTON).output
    assert draw(output, wrt=output.parents[1]).style is STYLES["circuit"]


def test_flaws_are_seen():
    scene = drawn(LECTURE, {"wrt": "w2"}).scene
    assert flaws(scene) == []
    link = next(link for link in links_of(scene) if link.gaps)
    others = tuple(s for s in scene.shapes if s is not link)
    (x0, y0), (x1, y1) = link.points
    twin = replace(link, points=((x0, y0 + 1), (x1, y1 + 1)), gaps=())
    assert doubts(replace(scene, shapes=(*scene.shapes, twin)))
    moved = replace(link, gaps=(outline_of(nodes_of(scene)[0]),))
    assert "label on a node" in flaws(replace(scene, shapes=(*others, moved)))
    text = texts_of(scene)[0]
    assert flaws(replace(scene, shapes=(*scene.shapes, replace(text, x=text.x + 2))))


def test_equal_graphs_have_equal_pictures():
    first, second = (drawn(LECTURE, {"wrt": "w2"}) for _ in range(2))
    search.arranged.cache_clear()
    assert first.scene == second.scene


@pytest.mark.parametrize("size", [(886, 403), (600, 400), (300, 500), "column", "page", "400x300"])
def test_a_picture_has_the_size_that_is_asked_for(size):
    drawing = drawn(LECTURE, {"wrt": "w2", "size": size})
    wanted = {"column": (252, 200), "page": (480, 300), "400x300": (400, 300)}.get(size, size)
    assert (drawing.scene.width, drawing.scene.height) == wanted
    assert flaws(drawing.scene) == []
    assert labels_of(drawing.scene)


@pytest.mark.parametrize("name", ["lecture", "lecture with biases", "xor", "logistic"])
def test_labels_are_alike_and_stand_on_their_lines_where_the_text_stays_large(name):
    scene = drawn(*PROGRAMS[name][1:3]).scene
    labels = labels_of(scene)
    assert all(min(gap(label, link) for link in links_of(scene)) == 0 for label in labels)
    assert len({label[1] for label in labels if label[3] - label[1] > 40}) > 1 or len(labels) > 3


def test_more_than_three_labels_of_a_gap_that_have_no_place_on_their_lines_are_rows():
    for name in ("convolution", "gru"):
        drawing = drawn(*PROGRAMS[name][1:3])
        assert len(labels_of(drawing.scene)) < len(labels_of(drawing.weights("edges").scene))


def test_a_divisor_is_no_input_and_a_unit_into_the_loss_stays_a_unit():
    def headings(name):
        return {text.text for text in texts_of(drawn(*PROGRAMS[name][1:3]).scene)}

    assert "inputs" not in headings("softmax with temperature")
    steps = "h0=0; w=0.5; x=1; y=1\nh1 = tanh(w*h0 + x); h2 = tanh(w*h1); loss = (h2 - y)^2"
    scene = drawn(steps, {}).scene
    assert [text.text for text in texts_of(scene)].count("hidden (tanh)") == 2


def random_circuit(seed, count):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), chance.randint(1, 5)), f"x{i}") for i in range(3)]
    for step in range(count):
        a, b = chance.sample(made, 2)
        made.append(chance.choice([a + b, a * b, a - b, a.relu(), a * 3, a + 1]))
        if chance.random() < 0.5:
            made[-1].named(f"n{step}")
    output = made[-1].total(*made[-3:-1])
    output.backward()
    return output


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14), st.sampled_from(["LR", "TB"]))
def test_generated_circuits_have_no_flaws(seed, count, direction):
    drawing = draw(random_circuit(seed, count), direction=direction, detail="all")
    assert flaws(drawing.scene) == []


def test_the_refinements_are_drawings_of_their_own():
    drawing = drawn(LECTURE, {"wrt": "w2"})
    before = drawing.scene
    for refined in (
        drawing.weights("rows"), drawing.numbers(digits=2), drawing.numbers(fractions=True),
        drawing.numbers(decimal_comma=True),
        drawing.local(), drawing.edges(by="gradient"), drawing.fill(by="value"), drawing.legend(),
    ):  # fmt: skip
        assert refined.scene != before
        assert refined.graph is drawing.graph
        assert not flaws(refined.scene)
    assert drawing.scene == before
    assert "−6/25" in {t.text for t in texts_of(drawing.numbers(fractions=True).scene)}
    both = drawing.numbers(fractions=True).look.beneath[0].text
    assert both.endswith("= −6/25")


def test_what_a_refinement_does_not_know_is_one_clear_line():
    drawing = drawn(LECTURE, {})
    for refine, message in (
        (lambda: drawing.weights("row"), "weights is one of edges, rows, matrices; got 'row'"),
        (lambda: drawing.edges(by="size"), "edges by is one of weight, gradient"),
        (lambda: drawing.fill(by="values"), "did you mean 'value'"),
        (lambda: drawing.numbers(digits=0), "digits are 1 to 17; got 0"),
        (lambda: draw(Value(1), size="poster"), "size is slide, column, page, or width and height"),
        (lambda: draw(Value(1), size=(3, 4)), "size is slide, column, page, or width and height"),
        (lambda: draw(Value(1), size="colum"), "got 'colum'; did you mean 'column'?"),
        (lambda: draw(Value(1), size="400x"), "got '400x'"),
    ):
        with pytest.raises(ValueError, match=r".") as caught:
            refine()
        assert message in str(caught.value)


def test_several_outputs_are_drawn_without_a_loss():
    parts = program("z1 = w1*x; z2 = w2*x; s = exp(z1) + exp(z2); p1 = exp(z1)/s; p2 = exp(z2)/s; "
                    "both = p1 + p2", x="1", w1="0.5", w2="-1")  # fmt: skip
    drawing = draw([parts["p1"], parts["p2"]], style="network")
    names = {node.label for node in drawing.graph.nodes}
    assert names == {"x", "w1", "w2", "z1", "z2", "s", "p1", "p2"}
    assert flaws(drawing.scene) == []
    circuit = draw([parts["p1"], parts["p2"]], style="circuit")
    assert {"p₁", "p₂"} <= {text.text for text in texts_of(circuit.scene)}
    assert "both" not in {text.text for text in texts_of(circuit.scene)}
    assert len([s for s in circuit.scene.shapes if isinstance(s, Arrow)]) > 6


def test_frames_stand_in_the_places_of_the_last_one():
    scenes = drawn(LECTURE, {"wrt": "w2"}).frames().scenes
    places = [[(n.x, n.y) for n in nodes_of(scene)] for scene in scenes]
    assert all(place == places[0] for place in places)
    result = "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂ = (−1.2) × (0.1) × (2) = −0.24"
    shown = [result in {text.text for text in texts_of(scene)} for scene in scenes]
    assert shown == [False] * (len(scenes) - 1) + [True]


def test_a_rounded_number_is_marked_in_words_each_time_and_once_in_the_picture():
    drawing = drawn("x=1; w=1/3; h=tanh(w*x); loss=(h-1)^2", {})
    assert f"value ≈ {math.tanh(1 / 3):.3g}" in repr(drawing)
    marked = [text.text for text in texts_of(drawing.scene) if "≈" in text.text]
    assert marked == ["≈ to 3 digits"]
    captions = [scene.description.partition("\n")[0] for scene in drawing.frames().scenes]
    assert any("≈" in caption for caption in captions)


def boxes_of(scene):
    """The boxes of groups: outlines that are no node."""
    return [s for s in scene.shapes if isinstance(s, Rectangle) and s.stroke and not s.key]


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize(
    ("name", "groups", "inside"),
    [
        ("lecture", [("hidden layer", "h1", "h2")], [{"h1", "h2"}]),
        ("lstm", [("gates", "f", "i", "g", "o")], [{"f", "i", "g", "o"}]),
        ("rnn of five steps", [("step",)], [{f"h{k}", f"x{k}"} for k in range(1, 6)]),
        ("logistic", [("example",)], [{f"{n}{k}" for n in "xypl"} for k in range(1, 4)]),
        ("quotient", [("product", "n", "v")], [{"n", "v"}]),
    ],
)
def test_a_group_is_a_box_round_its_nodes_alone_under_its_title(name, groups, inside, direction):
    drawing = drawn(*PROGRAMS[name][1:3])
    if direction == "TB":
        drawing = drawn(PROGRAMS[name][1], {**PROGRAMS[name][2], "direction": "TB"})
    for title, *nodes in groups:
        drawing = drawing.group(title, *nodes)
    scene = drawing.scene
    assert flaws(scene) == []
    boxes = boxes_of(scene)
    held = [{n.key for n in nodes_of(scene) if within(outline_of(n), outline_of(b))} for b in boxes]
    assert held == inside
    for box in boxes:
        for node in nodes_of(scene):
            assert within(outline_of(node), outline_of(box)) != (
                not meet(outline_of(node), outline_of(box))
            )
    titles = [t for t in texts_of(scene) if t.text.startswith(groups[0][0])]
    assert len(titles) == len(boxes)
    for title, box in zip(titles, boxes, strict=True):
        assert within(box_of(title), outline_of(box))
    assert {text.text for text in texts_of(drawing.frames().scenes[0])} >= {t.text for t in titles}


def test_a_box_that_would_hold_a_stranger_is_refused_with_its_name():
    drawing = drawn(*PROGRAMS["lecture"][1:3])
    with pytest.raises(DrawingError, match="group 'ends' would hold y, h1, h2, yhat too"):
        drawing.group("ends", "x", "loss").scene  # noqa: B018
    with pytest.raises(DrawingError, match="nothing of the group 'weight' is a box of its own"):
        drawing.group("weight", "w1").scene  # noqa: B018
    with pytest.raises(DrawingError, match="no node is named 'q'"):
        drawing.group("cell", "q")
    with pytest.raises(TypeError, match="takes nodes or their names; got list"):
        drawing.group("layer", ["h1", "h2"])
    with pytest.raises(DrawingError, match="by the indices in the names"):
        draw((Value(1, "a") * Value(2, "b")).named("c")).group("step")


@pytest.mark.parametrize("style", ["network", "circuit", "record"])
def test_where_no_gradient_passes_the_edge_is_dashed_once_that_is_known(style):
    net = "x=1; w1=-2; w2=3; y=1\na=relu(w1*x); b=relu(w2*x); m=max(a, b); loss=(m-y)^2"
    drawing = drawn(net, {"style": style})

    def dashed(picture):
        return {(a.ends[0], a.ends[1]) for a in links_of(picture.scene) if a.dashed}

    ends = dashed(drawing)
    assert ("a", "m") in ends
    assert ("b", "m") not in ends
    assert any(target == "a" for _, target in ends)
    assert dashed(drawing.show("values")) == set()
    assert dashed(drawing.frames().at(1)) == set()
    assert dashed(drawing.frames().at(-1)) == ends
    assert "dashed: no gradient passes" in {t.text for t in texts_of(drawing.legend().scene)}


def largest_bound(drawing):
    """The size that widths and heights alone allow, whatever is chosen."""
    seen = []
    keep, cards.arranged = cards.arranged, lambda *given: seen.append(given) or keep(*given)
    try:
        drawing.scene  # noqa: B018  asks for its layout
    finally:
        cards.arranged = keep
    diagram, place = seen[-1]
    return max(choice.bound(place) for choice in search._choices(diagram))


@pytest.mark.parametrize("seed", range(30))
def test_any_circuit_fills_its_place_or_is_as_large_as_its_boxes_allow(seed):
    drawing = draw(random_circuit(seed, 2 + seed), detail="all")
    seen = legibility(drawing)
    assert seen.flaws == ()
    if seen.smallest < 27.9 and seen.fill < 0.11:
        drawing = replace(drawing)  # without the scene that it has
        assert seen.smallest >= 0.85 * largest_bound(drawing)


def test_groups_by_index_are_those_of_the_units_and_go_with_them():
    drawing = drawn(*PROGRAMS["lecture"][1:3]).group("unit")  # w3 and w4 are no boxes
    assert [t.text for t in texts_of(drawing.scene) if "unit" in t.text] == ["unit 1", "unit 2"]
    assert len(boxes_of(drawing.hide("h1").refit().scene)) == 1
    assert boxes_of(drawing.hide("h1", "h2").refit().scene) == []
